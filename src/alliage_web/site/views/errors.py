"""The pages for what goes wrong: they say what happened, what is kept and what to do.

Each is written in the language that the request asks for: some requests are refused before any
language is chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import get_language_from_request

from alliage_web.audit.actions import current_request
from alliage_web.ui.context import chrome

if TYPE_CHECKING:
    from django.http import HttpRequest

_TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, _TOO_LARGE):
        return _page(request, "413.html", 413)
    return _page(request, "400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "403.html", 403, message=_sentence(exception))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "404.html", 404, message=_sentence(exception))


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something broke, without the database nor the session, which may be what broke."""
    identity = current_request()
    language = get_language_from_request(request)
    context = {
        **chrome(request),
        "language": language,
        "reference": identity.id if identity else "",
    }
    with translation.override(language):
        return HttpResponse(render_to_string("500.html", context), status=500)


def _page(request: HttpRequest, template: str, status: int, **context: Any) -> HttpResponse:
    with translation.override(get_language_from_request(request)):
        return render(request, template, context, status=status)


def _sentence(exception: Exception) -> str:
    """Return what the view said; Django's own resolver raises with a dictionary."""
    said = exception.args[0] if exception.args else ""
    return said if isinstance(said, str) else ""
