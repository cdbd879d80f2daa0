"""The page for what is not there: it says what the view knows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    # Django's own resolver raises with a dictionary: only a sentence is meant for a reader.
    message = exception.args[0] if exception.args else ""
    return render(
        request, "404.html", {"message": message if isinstance(message, str) else ""}, status=404
    )
