"""Which request is being answered, for the trail and for the logs."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

#: Where a request keeps its number: the logs may tell of it once it is answered.
NUMBER = "alliage.request_id"
_LONGEST_LINE = 250


@dataclass(frozen=True, slots=True)
class RequestIdentity:
    """A request, known by a number drawn at random: never by the address it came from."""

    id: str
    request: HttpRequest

    @property
    def line(self) -> str:
        """The method and the pattern of the address.

        Neither the query nor what stands in the place of a parameter: a link that signs somebody
        in carries its secret there.
        """
        match = self.request.resolver_match
        if match is None:
            return self.request.method or ""
        # An address written as a regular expression is better known by its name.
        place = match.view_name if "(?P" in match.route else f"/{match.route}"
        return f"{self.request.method} {place}"[:_LONGEST_LINE]


_current: ContextVar[RequestIdentity | None] = ContextVar("current_request", default=None)


@contextmanager
def answering(request: HttpRequest) -> Iterator[RequestIdentity]:
    """Give a request its number; what is written meanwhile is known to come from it."""
    identity = RequestIdentity(secrets.token_hex(8), request)
    request.META[NUMBER] = identity.id
    token = _current.set(identity)
    try:
        yield identity
    finally:
        _current.reset(token)


def current_request() -> RequestIdentity | None:
    """Return the request being answered; None in a command."""
    return _current.get()
