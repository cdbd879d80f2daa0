"""Headers that neither Django nor its security middlewares write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


class Headers:
    """Middleware: pages of people who signed in are kept nowhere, and nothing is drawn elsewhere.

    A page asked with a session, or that gives a cookie, is somebody's own: neither a shared proxy
    nor the browser of a shared computer keeps it. No other site may embed a file of this one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        personal = settings.SESSION_COOKIE_NAME in request.COOKIES or response.cookies
        if personal and "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-store"
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # Otherwise the server that runs us writes its own name.
        response.headers.setdefault("Server", "Alliage")
        return response
