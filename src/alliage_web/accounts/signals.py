"""What people do to their way of signing in goes to the trail; what fails goes to the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as providers
from django.dispatch import receiver
from django.utils import timezone

from alliage_web.audit.actions import record

from .oidc import SESSION_KEY
from .refusals import report

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .models import User


def _write(kind: str, user: User, **more: Any) -> None:
    record(kind=kind, target=user.stable_name, by=user, at=timezone.now(), **more)


@receiver(account.user_logged_in)
def signed_in(request: HttpRequest, user: User, **more: Any) -> None:
    steps = [
        "passkey" if step.get("passwordless") else str(step.get("type") or step["method"])
        for step in get_authentication_records(request, user)
    ]
    _write("person.signed-in", user, changes={"by": [None, steps]})
    login = more.get("sociallogin")
    if login is not None and "sign_out" in login.state:
        request.session[SESSION_KEY] = login.state["sign_out"]


@receiver(account.user_signed_up)
def signed_up(user: User, **_more: Any) -> None:
    _write(
        "person.signed-up",
        user,
        personal={"name": [None, user.name], "email": [None, user.email]},
        about=user.stable_name,
    )


@receiver(account.password_set)
@receiver(account.password_changed)
@receiver(account.password_reset)
def password_changed(user: User, **_more: Any) -> None:
    _write("person.password-changed", user)


@receiver(account.email_changed)
def address_changed(
    user: User, from_email_address: Any, to_email_address: Any, **_more: Any
) -> None:
    before = from_email_address.email if from_email_address else None
    _write(
        "person.address-changed",
        user,
        personal={"email": [before, to_email_address.email]},
        about=user.stable_name,
    )


@receiver(mfa.authenticator_added)
def factor_added(user: User, authenticator: Any, **_more: Any) -> None:
    _write("person.factor-added", user, changes={"factor": [None, authenticator.type]})


@receiver(mfa.authenticator_removed)
def factor_removed(user: User, authenticator: Any, **_more: Any) -> None:
    _write("person.factor-removed", user, changes={"factor": [authenticator.type, None]})


@receiver(mfa.authenticator_reset)
def codes_renewed(user: User, **_more: Any) -> None:
    _write("person.recovery-codes-renewed", user)


@receiver(providers.social_account_added)
def provider_added(sociallogin: Any, **_more: Any) -> None:
    _write(
        "person.provider-added",
        sociallogin.user,
        changes={"provider": [None, sociallogin.account.provider]},
    )


@receiver(providers.social_account_removed)
def provider_removed(socialaccount: Any, **_more: Any) -> None:
    _write(
        "person.provider-removed",
        socialaccount.user,
        changes={"provider": [socialaccount.provider, None]},
    )


@receiver(mfa.authentication_failed)
def factor_refused(request: HttpRequest, user: User, authenticator: Any, **_more: Any) -> None:
    report(request, f"wrong {authenticator.type}", person=user)
