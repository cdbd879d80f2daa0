"""Signing in, out and up: allauth's views, where ours differ."""

from __future__ import annotations

import ipaddress
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from allauth.account import views as account
from allauth.socialaccount.adapter import get_adapter as get_providers_adapter
from django.conf import settings
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from alliage_web.accounts.models import User
from alliage_web.accounts.oidc import SESSION_KEY
from alliage_web.accounts.refusals import report

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def can_use_passkeys(request: HttpRequest) -> bool:
    """Tell whether a browser accepts passkeys here: they belong to a name, never to a number."""
    host = request.get_host().rpartition("@")[2]
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return True
    return False


class SignIn(account.LoginView):
    def get_context_data(self, **more: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**more)
        return context | {
            "can_use_passkeys": can_use_passkeys(self.request),
            "providers": get_providers_adapter().list_providers(self.request),
            "is_open": settings.ALLIAGE_SIGN_UP == "open",
        }


class SignOut(account.LogoutView):
    """Sign out here, then at the provider that signed the person in."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        provider = self.request.session.get(SESSION_KEY)
        response: HttpResponse = super().post(*args, **kwargs)
        if not provider:
            return response
        query = urlencode(
            {
                "id_token_hint": provider["id_token"],
                "state": secrets.token_urlsafe(32),
                "post_logout_redirect_uri": self.request.build_absolute_uri(
                    reverse("account_logout")
                ),
            }
        )
        return leave_for(self.request, f"{provider['address']}?{query}")


def leave_for(request: HttpRequest, address: str) -> HttpResponse:
    """Lead to another site by a page: the policy of the forms forbids to do it by redirection.

    A browser holds ``form-action`` against every redirection that follows a form, and a provider of
    identity redirects to others that no setting could list.
    """
    return render(request, "socialaccount/leaving.html", {"address": address})


class ConfirmAddress(account.ConfirmEmailView):
    """Confirm an address, unless it became somebody else's in the meantime."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        address = self.get_object().email_address
        others = User.objects.filter(email__iexact=address.email).exclude(pk=address.user_id)
        if others.exists():
            report(self.request, "address of another account", person=address.user)
            return HttpResponseRedirect(self.request.path)
        response: HttpResponse = super().post(*args, **kwargs)
        return response

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**more)
        if self.object:
            address = self.object.email_address
            others = User.objects.filter(email__iexact=address.email).exclude(pk=address.user_id)
            context["can_confirm"] = context["can_confirm"] and not others.exists()
        return context


@never_cache
def too_many_requests(request: HttpRequest, _exception: Exception | None = None) -> HttpResponse:
    report(request, f"too many requests at {getattr(request.resolver_match, 'view_name', '?')}")
    return render(request, "429.html", status=429)
