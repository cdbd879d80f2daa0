"""Around every page: a second factor where a role asks for it, and messages that cannot leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect, render
from django.urls import reverse

from .queries.second_factor import lacks_second_factor
from .refusals import MessageNotSentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

#: What such a person may open: setting up a factor, proving who they are for it, signing out.
_OPEN = frozenset(
    {
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "account_reauthenticate",
        "account_logout",
        "account_confirm_email",
    }
)
_OPEN_SPACES = frozenset({"ui"})
#: Seconds before it is worth asking again for a message that could not leave.
_RETRY_AFTER = 300


class RequireSecondFactor:
    """Lead to the page of the second factor until there is one.

    It looks at the address that was resolved, never at its text.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.ALLIAGE_MFA_ROLES:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.view_name in _OPEN or match.app_name in _OPEN_SPACES:
            return None
        if not request.user.is_authenticated or not lacks_second_factor(request.user):
            return None
        page = reverse("mfa_index")
        if "HX-Request" in request.headers:
            return HttpResponse(headers={"HX-Redirect": page})
        if not request.accepts("text/html"):
            return HttpResponseForbidden(
                "A role of yours asks for a second factor. Set it up in the account pages first."
            )
        return redirect(page)


class TellMessagesNotSent:
    """Say that a message could not leave, and that what was asked for was therefore not done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, MessageNotSentError):
            return None
        response = render(request, "503.html", status=503)
        response["Retry-After"] = str(_RETRY_AFTER)
        return response
