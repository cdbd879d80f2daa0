"""Each request has a number: in the trail, in the logs (`logs`) and in the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliage_web.audit.actions import answering

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

HEADER = "X-Request-ID"


class NumberedRequests:
    """Middleware: draw the number of the request and send it back.

    It stands first, so that a kept page is sent with the number of its own request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with answering(request) as identity:
            response = self.get_response(request)
        response[HEADER] = identity.id
        return response
