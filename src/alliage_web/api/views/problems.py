"""One shape for every refusal: what, where, how to mend (RFC 9457)."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from django.http import JsonResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse
    from ninja import NinjaAPI
    from ninja.errors import ValidationError

MEDIA_TYPE = "application/problem+json"
_DOCUMENTATION = "The description of every route is at /api/v1/openapi.json, and readable at /api/."
logger = logging.getLogger("django.request")


class NotThereError(Exception):
    """What an address names does not exist, or may not be seen by this person: both answer 404."""

    def __init__(self, *, detail: str, fix: str) -> None:
        self.detail = detail
        self.fix = fix
        super().__init__(detail)


class SignInRequiredError(Exception):
    """The route answers a person who is signed in."""


def problem(
    status: int, title: str, detail: str, fix: str, errors: Iterable[dict[str, Any]] = ()
) -> HttpResponse:
    """Answer with a problem."""
    return JsonResponse(
        {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
            "fix": fix,
            "errors": list(errors),
        },
        status=status,
        content_type=MEDIA_TYPE,
    )


def not_found(detail: str, fix: str = _DOCUMENTATION) -> HttpResponse:
    return problem(404, "Not found", detail, fix)


def refused(errors: list[dict[str, Any]]) -> HttpResponse:
    """Answer that some values cannot be read, each with what is allowed."""
    fields = ", ".join(dict.fromkeys(error["field"] for error in errors))
    return problem(
        422,
        "Wrong value",
        f"These values cannot be read: {fields}.",
        "Correct each of the values listed in « errors ».",
        errors,
    )


def method_not_allowed(method: str) -> HttpResponse:
    response = problem(
        405,
        "Method not allowed",
        f"{method} does not exist here: the API is read-only.",
        "Use GET or HEAD. Writing is done on the pages of the platform.",
    )
    response["Allow"] = "GET, HEAD"
    return response


def install(api: NinjaAPI) -> None:
    """Answer every exception of a route in this shape."""

    @api.exception_handler(NotThereError)
    def not_there(_request: HttpRequest, error: NotThereError) -> HttpResponse:
        return not_found(error.detail, error.fix)

    @api.exception_handler(SignInRequiredError)
    def sign_in(_request: HttpRequest, _error: SignInRequiredError) -> HttpResponse:
        return problem(
            401,
            "Sign in first",
            "This route says who is signed in, and nobody is.",
            "Sign in at /compte/connexion/ and send the session cookie with the request.",
        )

    @api.exception_handler(_validation_error())
    def wrong(_request: HttpRequest, error: ValidationError) -> HttpResponse:
        return refused([_in_words(item) for item in error.errors])

    @api.exception_handler(Exception)
    def failed(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.error("The API failed on %s", request.path, exc_info=error)
        return problem(
            500,
            "The platform failed",
            "An error that is ours prevented the answer. It was recorded.",
            "Try again in a few minutes; if it persists, write to the platform.",
        )


def _validation_error() -> type[ValidationError]:
    from ninja.errors import ValidationError

    return ValidationError


def _in_words(error: dict[str, Any]) -> dict[str, Any]:
    """Say what a field holds that cannot be read, and what it may hold."""
    _source, *place = error["loc"]
    names = [str(part) for part in place if not isinstance(part, int)]
    context = error.get("ctx", {})
    return {
        "field": context.get("field") or names[-1],
        "detail": str(error["msg"]),
        "allowed": context.get("allowed") or _allowed(context.get("expected", "")),
    }


def _allowed(expected: str) -> list[str] | None:
    """Read the list that the checks write as « 'a', 'b' or 'c' »."""
    return re.findall(r"'([^']*)'", expected) or None
