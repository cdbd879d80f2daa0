"""The forms of sign-in: allauth's fields, in our words.

The classes are named by the settings ``ACCOUNT_FORMS``, ``MFA_FORMS`` and ``SOCIALACCOUNT_FORMS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account import forms as account
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as second_factor
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from allauth.socialaccount import forms as providers
from cryptography.exceptions import InvalidSignature
from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.queries.addresses import person_at
from alliage_web.accounts.queries.invitations import invited_address
from alliage_web.accounts.refusals import report

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Words = str | _StrPromise

_ADDRESS: Words = _("Adresse électronique")
_PASSWORD: Words = _("Mot de passe")
_NEW_PASSWORD: Words = _("Nouveau mot de passe")
_GOOD_PASSWORD: Words = _(
    "12 caractères au moins. Plusieurs mots que personne d’autre n’associerait sont plus sûrs, et "
    "plus simples à retenir, qu’un mot compliqué."
)


class _OurWords:
    """Give the fields labels and hints instead of allauth's placeholders."""

    words: dict[str, tuple[Words, Words]] = {}
    """The label and the hint of each field."""
    without: tuple[str, ...] = ()
    """Fields that we do not ask."""
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.without:
            self.fields.pop(name, None)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in self.words:
                field.label, field.help_text = self.words[name]


class SignInForm(_OurWords, account.LoginForm):
    words = {"login": (_ADDRESS, ""), "password": (_PASSWORD, "")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Password managers look for the name of the account.
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class _Named(_OurWords):
    """An account is the account of somebody, known to others by a name."""

    words = {
        "email": (_ADDRESS, _("Un message y sera envoyé pour vérifier qu’elle est à vous.")),
        "password1": (_PASSWORD, _GOOD_PASSWORD),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = forms.CharField(
            label=_("Nom affiché"),
            help_text=_("Votre prénom et votre nom : ils signent ce que vous écrivez."),
            max_length=120,
            widget=forms.TextInput(attrs={"autocomplete": "name"}),
        )
        self.fields = {"name": name, **self.fields}


class SignUpForm(_Named, account.SignupForm):
    """Where accounts are made on invitation, the address is the one that was invited."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invited = invited_address(context.request.session, timezone.now())
        if self.invited:
            self.initial["email"] = self.invited

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if settings.ALLIAGE_SIGN_UP != "open" and email.lower() != self.invited.lower():
            report(context.request, "sign-up with another address than the invited one")
            raise forms.ValidationError(
                _(
                    "L’invitation a été envoyée à %(email)s : créez le compte avec cette adresse. "
                    "Vous pourrez changer d’adresse ensuite, dans votre compte."
                )
                % {"email": self.invited}
            )
        return email


class ProviderSignUpForm(_Named, providers.SignupForm):
    pass


class ChangeAddressForm(_OurWords, account.AddEmailForm):
    words = {
        "email": (
            _("Nouvelle adresse électronique"),
            _(
                "Un message y sera envoyé. L’ancienne reste la vôtre jusqu’à ce que vous y "
                "répondiez."
            ),
        )
    }


class ChangePasswordForm(_OurWords, account.ChangePasswordForm):
    words = {
        "oldpassword": (_("Mot de passe actuel"), ""),
        "password1": (_NEW_PASSWORD, _GOOD_PASSWORD),
    }
    without = ("password2",)


class SetPasswordForm(_OurWords, account.SetPasswordForm):
    words = {"password1": (_PASSWORD, _GOOD_PASSWORD)}
    without = ("password2",)


class ForgottenPasswordForm(_OurWords, account.ResetPasswordForm):
    words = {"email": (_ADDRESS, "")}

    def clean_email(self) -> str:
        email: str = super().clean_email()
        # An address that somebody wrote and nobody confirmed opens nothing.
        person = person_at(email)
        self.users = [person] if person else []
        return email


class NewPasswordForm(_OurWords, account.ResetPasswordKeyForm):
    words = {"password1": (_NEW_PASSWORD, _GOOD_PASSWORD)}
    without = ("password2",)


class ConfirmByPasswordForm(_OurWords, account.ReauthenticateForm):
    words = {"password": (_PASSWORD, "")}


class LinkRequestForm(forms.Form):
    """Where to send a link that signs in."""

    email = forms.EmailField(
        label=_ADDRESS, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


_CODE: tuple[Words, Words] = (
    _("Code à 6 chiffres"),
    _("Celui qui s’affiche dans votre application."),
)
_NUMERIC = {"inputmode": "numeric", "autocomplete": "one-time-code"}


class ActivateTotpForm(_OurWords, totp.ActivateTOTPForm):
    words = {"code": _CODE}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= _NUMERIC


class SecondFactorForm(_OurWords, second_factor.AuthenticateForm):
    words = {
        "code": (
            _("Code"),
            _("Les 6 chiffres de votre application, ou un de vos codes de secours."),
        )
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= _NUMERIC


class ConfirmByCodeForm(_OurWords, second_factor.ReauthenticateForm):
    words = SecondFactorForm.words


_LONGEST_NAME = 60
_KEY_NAME: tuple[Words, Words] = (
    _("Nom de la clé"),
    _("Pour la reconnaître : « téléphone », « ordinateur du bureau »…"),
)


class _Verified:
    """Refuse the answer of a browser that is not one; allauth stops on some of them."""

    def full_clean(self) -> None:
        try:
            super().full_clean()  # type: ignore[misc]
        except (AttributeError, InvalidSignature, LookupError, TypeError, ValueError) as error:
            report(context.request, f"passkey answer: {type(error).__name__}", person=self.user)
            self.add_error(  # type: ignore[attr-defined]
                "credential", get_adapter().validation_error("incorrect_code")
            )

    user: Any


class SignInByPasskeyForm(_Verified, passkeys.LoginWebAuthnForm):
    pass


class SecondFactorByPasskeyForm(_Verified, passkeys.AuthenticateWebAuthnForm):
    pass


class ConfirmByPasskeyForm(_Verified, passkeys.ReauthenticateWebAuthnForm):
    pass


class AddPasskeyForm(_Verified, _OurWords, passkeys.AddWebAuthnForm):
    words = {
        "name": _KEY_NAME,
        "passwordless": (
            _("Me connecter avec cette clé seule, sans mot de passe"),
            _("Décochez pour une clé de sécurité qui ne fait que compléter le mot de passe."),
        ),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"passwordless": True, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["maxlength"] = _LONGEST_NAME

    def clean_name(self) -> str:
        return str(super().clean_name())[:_LONGEST_NAME]


class RenamePasskeyForm(_OurWords, passkeys.EditWebAuthnForm):
    words = {"name": _KEY_NAME}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["maxlength"] = _LONGEST_NAME

    def clean_name(self) -> str:
        return str(self.cleaned_data["name"])[:_LONGEST_NAME]
