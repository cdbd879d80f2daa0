from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def territory(request: HttpRequest, level: str, code: str) -> HttpResponse:
    return render(request, "site/territory.html")
