"""« Connexion et sécurité »: everything by which a person signs in, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, EditWebAuthnView, RemoveWebAuthnView
from allauth.socialaccount.adapter import get_adapter as get_providers_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.views import ConnectionsView
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse, reverse_lazy

from alliage_web.accounts.queries.devices import device_name
from alliage_web.accounts.queries.second_factor import (
    lacks_second_factor,
    must_hold_second_factor,
)
from alliage_web.accounts.refusals import report

from .sign_in import can_use_passkeys

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class Security(IndexView):
    template_name = "accounts/security.html"

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**more)
        person = self.request.user
        codes = context["authenticators"].get(Authenticator.Type.RECOVERY_CODES)
        accounts = list(SocialAccount.objects.filter(user=person).order_by("pk"))
        providers = {
            provider.sub_id: provider
            for provider in get_providers_adapter().list_providers(self.request)
        }
        connected = {account.provider for account in accounts}
        return context | {
            "must_set_up": lacks_second_factor(person),
            "is_required": must_hold_second_factor(person),
            "passkeys": Authenticator.objects.filter(
                user=person, type=Authenticator.Type.WEBAUTHN
            ).order_by("pk"),
            "has_totp": Authenticator.Type.TOTP in context["authenticators"],
            "has_codes": codes is not None,
            "codes_left": len(codes.get_unused_codes()) if codes else 0,
            "can_use_passkeys": can_use_passkeys(self.request),
            "new_address": EmailAddress.objects.get_new(person),
            "accounts": [
                (account, providers[account.provider].name)
                if account.provider in providers
                else (account, account.provider)
                for account in accounts
            ],
            "providers_left": [
                provider for code, provider in providers.items() if code not in connected
            ],
            "sessions": [
                (session, device_name(session.user_agent))
                for session in sorted(
                    UserSession.objects.purge_and_list(person),
                    key=lambda session: (not session.is_current(), session.created_at),
                )
            ],
        }


class _ActsFromSecurity:
    """Act on what the page of security sent; there is no page of its own."""

    request: HttpRequest
    success_url = reverse_lazy("mfa_index")

    def get(self, *_args: Any, **_kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("mfa_index"))

    def form_invalid(self, form: Any) -> HttpResponse:
        for errors in form.errors.values():
            for error in errors:
                messages.error(self.request, error)
        return HttpResponseRedirect(reverse("mfa_index"))


class SignOutElsewhere(_ActsFromSecurity, ListUserSessionsView):
    pass


class Disconnect(_ActsFromSecurity, ConnectionsView):
    pass


class ActivateTotp(ActivateTOTPView):
    def get_context_data(self, **more: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**more)
        secret = context["form"].secret
        groups = [secret[start : start + 4] for start in range(0, len(secret), 4)]
        return context | {"readable_secret": " ".join(groups)}


class AddPasskey(AddWebAuthnView):
    def get_context_data(self, **more: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**more)
        return context | {"can_use_passkeys": can_use_passkeys(self.request)}


class RenamePasskey(EditWebAuthnView):
    success_url = reverse_lazy("mfa_index")


class RemovePasskey(RemoveWebAuthnView):
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        """Refuse to remove the last factor while a role asks for one; allauth does not check."""
        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.object):
            report(self.request, "last second factor kept", person=self.request.user)
            messages.error(self.request, str(adapter.error_messages["cannot_delete_authenticator"]))
            return HttpResponseRedirect(reverse("mfa_index"))
        response: HttpResponse = super().form_valid(form)
        return response
