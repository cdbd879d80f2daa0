"""Pages of visitors who are not signed in, kept until something is written.

Every write records an audit event, and the search index has a version of its own: together they say
whether a page may have changed, so that a kept page is never older than the data. See
``docs/adr/0010-kept-pages.md``.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, TypeGuard

from django.conf import settings
from django.core.cache import caches
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language_from_request

from alliage_web.knowledge.queries import state_of_the_data

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

#: A page that carries one of these is a person's own.
_PERSONAL_COOKIES = (settings.SESSION_COOKIE_NAME, "messages")
_LONGEST_ADDRESS = 500
_LARGEST_PAGE = 500_000


class KeptPages:
    """Middleware: answer with a kept page, or keep the page that was made."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        state = state_of_the_data() if _is_common(request) else None
        if state is None:
            return self.get_response(request)
        pages = caches["pages"]
        key = _key(request, state)
        kept = pages.get(key)
        if kept is not None:
            content, headers = kept
            return HttpResponse(content, headers=headers)
        response = self.get_response(request)
        if _may_be_kept(response):
            pages.set(key, (response.content, dict(response.items())))
        return response


def _is_common(request: HttpRequest) -> bool:
    """Tell whether every visitor who asks this gets the same page."""
    return (
        request.method == "GET"
        and "HX-Request" not in request.headers
        and len(request.get_full_path()) <= _LONGEST_ADDRESS
        and not any(cookie in request.COOKIES for cookie in _PERSONAL_COOKIES)
    )


def _key(request: HttpRequest, state: tuple[UUID, int | None]) -> str:
    said = (
        state,
        timezone.localdate(),
        request.scheme,
        request.META.get("HTTP_HOST"),
        request.get_full_path(),
        get_language_from_request(request),
        request.COOKIES.get("theme"),
        "gzip" in request.headers.get("Accept-Encoding", ""),
    )
    return sha256(repr(said).encode()).hexdigest()


def _may_be_kept(response: HttpResponseBase) -> TypeGuard[HttpResponse]:
    """Tell whether a page is whole, the same for all, and not too large.

    A page with a form that is protected sets a cookie: it is never kept.
    """
    return (
        isinstance(response, HttpResponse)
        and response.status_code == 200
        and not response.cookies
        and response.get("Content-Type", "").startswith("text/html")
        and len(response.content) <= _LARGEST_PAGE
    )
