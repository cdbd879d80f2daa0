"""Where allauth asks what Alliage wants: addresses, messages, sign-up, providers, factors."""

from __future__ import annotations

import base64
import hashlib
import logging
from typing import TYPE_CHECKING, Any

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from qrcode.image.svg import SvgPathFillImage

from .queries.invitations import invited_address
from .queries.second_factor import must_hold_second_factor, second_factors
from .refusals import MessageNotSentError, report

if TYPE_CHECKING:
    from django.forms import BaseForm
    from django.http import HttpRequest

    from .models import User

logger = logging.getLogger("alliage_web.mail")

_LONGEST_NAME = 120

#: What is said at the top of the page after something was done.
_SENTENCES = {
    "account/messages/logged_out.txt": _("Vous avez quitté votre compte."),
    "account/messages/email_confirmation_sent.txt": _("Un message a été envoyé à %(email)s."),
    "account/messages/email_confirmed.txt": _("%(email)s est maintenant votre adresse."),
    "account/messages/email_confirmation_failed.txt": _(
        "%(email)s est l’adresse d’un autre compte : elle n’a pas été ajoutée au vôtre."
    ),
    "account/messages/email_deleted.txt": _("Le changement d’adresse est annulé."),
    "account/messages/password_changed.txt": _("Votre mot de passe est changé."),
    "account/messages/password_set.txt": _("Votre mot de passe est enregistré."),
    "mfa/messages/totp_activated.txt": _("Votre application de codes est activée."),
    "mfa/messages/totp_deactivated.txt": _("Votre application de codes est retirée."),
    "mfa/messages/webauthn_added.txt": _("Votre clé d’accès est ajoutée."),
    "mfa/messages/webauthn_removed.txt": _("La clé d’accès est retirée."),
    "socialaccount/messages/account_connected.txt": _("Ce compte est maintenant relié au vôtre."),
    "socialaccount/messages/account_connected_updated.txt": _("Ce compte est déjà relié au vôtre."),
    "socialaccount/messages/account_connected_other.txt": _(
        "Ce compte est déjà relié à une autre personne."
    ),
    "socialaccount/messages/account_disconnected.txt": _("Ce compte n’est plus relié au vôtre."),
    "usersessions/messages/sessions_logged_out.txt": _("Vos autres appareils sont déconnectés."),
}
#: What is written to the person whose way of signing in changed.
_NOTICES = {
    "account/email/email_changed": _(
        "L’adresse de votre compte est maintenant %(to_email)s au lieu de %(from_email)s."
    ),
    "account/email/password_changed": _("Le mot de passe de votre compte a été changé."),
    "account/email/password_reset": _("Le mot de passe de votre compte a été changé."),
    "account/email/password_set": _("Un mot de passe a été choisi pour votre compte."),
    "mfa/email/totp_activated": _("Une application de codes protège maintenant votre compte."),
    "mfa/email/totp_deactivated": _("L’application de codes ne protège plus votre compte."),
    "mfa/email/webauthn_added": _("Une clé d’accès a été ajoutée à votre compte."),
    "mfa/email/webauthn_removed": _("Une clé d’accès a été retirée de votre compte."),
    "mfa/email/recovery_codes_generated": _("De nouveaux codes de secours remplacent les anciens."),
    "socialaccount/email/account_connected": _(
        "%(provider)s permet maintenant de se connecter à votre compte."
    ),
    "socialaccount/email/account_disconnected": _(
        "%(provider)s ne permet plus de se connecter à votre compte."
    ),
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _(
            "Ce compte est fermé. Écrivez à la personne qui administre la plateforme."
        ),
        "email_password_mismatch": _(
            "Cette adresse et ce mot de passe ne vont pas ensemble. Vérifiez l’adresse, puis les "
            "majuscules du mot de passe."
        ),
        "too_many_login_attempts": _(
            "Trop d’essais de suite : le compte est protégé pour quelques minutes. Attendez cinq "
            "minutes, puis recommencez ou demandez un nouveau mot de passe."
        ),
        "email_taken": _("Cette adresse est déjà celle d’un compte. Donnez-en une autre."),
        "duplicate_email": _("Cette adresse est déjà la vôtre. Donnez-en une autre."),
        "same_as_current": _("C’est déjà la valeur actuelle. Donnez-en une autre."),
        "enter_current_password": _("Ce n’est pas votre mot de passe actuel."),
        "incorrect_password": _("Ce n’est pas votre mot de passe."),
        "incorrect_code": _(
            "Ce code n’est pas le bon, ou il a changé entre-temps. Saisissez celui qui s’affiche "
            "maintenant."
        ),
        "invalid_password_reset": _("Ce lien n’est plus valable. Demandez-en un nouveau."),
        "rate_limited": _("Trop de demandes en peu de temps. Attendez une minute."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accept new accounts where the settings open them, and from an invitation that waits."""
        if settings.ALLIAGE_SIGN_UP == "open" or invited_address(request.session, timezone.now()):
            return True
        report(request, "sign-up without an invitation")
        return False

    def save_user(
        self,
        request: HttpRequest,
        user: User,
        form: BaseForm,
        commit: bool = True,  # noqa: FBT001, FBT002
    ) -> User:
        user.name = form.cleaned_data["name"]
        saved: User = super().save_user(request, user, form, commit=commit)
        return saved

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Show our sentence for what allauth names by a template; no sentence, no message."""
        text = message or _SENTENCES.get(message_template or "")
        if text:
            messages.add_message(
                request, level, str(text) % (message_context or {}), extra_tags=extra_tags
            )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a message, or say that it could not leave, for a page to tell the person."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:
            logger.exception("The message %s could not be sent", template_prefix)
            raise MessageNotSentError(template_prefix) from error

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell a person what changed in their way of signing in.

        What was done stays done when the message cannot leave.
        """
        sentence = _NOTICES.get(template_prefix)
        if sentence is None or not user.email:
            return
        said = {
            "sentence": str(sentence) % (context or {}),
            "at": timezone.localtime(),
            "security_url": self.request.build_absolute_uri(reverse("mfa_index")),
        }
        try:
            self.send_mail("account/email/notice", email or user.email, said)
        except MessageNotSentError:
            logger.warning("person:%s was not told of a change", user.pk)

    def is_safe_url(self, url: str | None) -> bool:
        """Lead to this site only, whatever other names it answers to."""
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            report(request, "too many attempts", address=str(credentials.get("email", "")))
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        report(request, "wrong password", address=str(credentials.get("email", "")))


class ProvidersAdapter(DefaultSocialAccountAdapter):
    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "email_taken": _(
            "Un compte existe déjà avec cette adresse. Connectez-vous à ce compte, puis ajoutez %s "
            "dans « Connexion et sécurité »."
        ),
        "invalid_token": _("La réponse reçue n’est pas valable. Recommencez la connexion."),
        "no_password": _(
            "C’est votre seul moyen de vous connecter. Choisissez d’abord un mot de passe."
        ),
        "no_verified_email": _("Confirmez d’abord votre adresse électronique."),
        "connected_other": _("Ce compte est déjà relié à une autre personne."),
    }

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Let an invitation make the account of whom it was sent to, as the provider vouches."""
        if settings.ALLIAGE_SIGN_UP == "open":
            return True
        proven = {known.email.lower() for known in sociallogin.email_addresses if known.verified}
        if invited_address(request.session, timezone.now()).lower() in proven:
            return True
        report(request, "sign-up by a provider without an invitation to that address")
        return False

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: Any) -> Any:
        user = super().populate_user(request, sociallogin, data)
        user.name = (data.get("name") or "")[:_LONGEST_NAME]
        return user

    def authenticate_by_email(self, sociallogin: Any) -> tuple[User, str] | None:
        """Open the account whose address this is, never one where it only waits to be confirmed."""
        found: tuple[User, str] | None = super().authenticate_by_email(sociallogin)
        if found is None or found[0].email.lower() != found[1].lower():
            return None
        return found

    def get_signup_form_initial_data(self, sociallogin: Any) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_signup_form_initial_data(sociallogin)
        return initial | {"name": sociallogin.user.name}

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Ask for the name when the provider gave none."""
        allowed: bool = super().is_auto_signup_allowed(request, sociallogin)
        return allowed and bool(sociallogin.user.name)

    def generate_state_param(self, state: Any) -> str:
        """Return a state of 43 characters: ProConnect asks for 32 at least."""
        _ = state
        return get_random_string(43)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        _ = error, extra_context
        reason = type(exception).__name__ if exception else "cancelled or out of date"
        report(request, f"sign-in by {provider.sub_id}: {reason} {exception or ''}".strip()[:300])


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _(
            "Un de vos rôles demande un second facteur, et c’est le dernier qui vous reste. "
            "Ajoutez-en un autre avant de retirer celui-ci."
        ),
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
        "unverified_email": _("Confirmez d’abord votre adresse électronique."),
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        if authenticator.type == Authenticator.Type.RECOVERY_CODES:
            return True
        user = authenticator.user
        return not must_hold_second_factor(user) or second_factors(user) > 1

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        if not count:
            return gettext("Ma clé d’accès")
        return gettext("Ma clé d’accès n° %(n)s") % {"n": count + 1}

    def build_totp_svg(self, url: str) -> str:
        """Draw the code on white: on a dark page a telephone could not read it."""
        drawing = qrcode.make(url, image_factory=SvgPathFillImage)
        return drawing.to_string(encoding="unicode")  # type: ignore[no-any-return]

    def encrypt(self, text: str) -> str:
        """Hide the secret of a second factor: a stolen database is not enough to use it."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet() -> MultiFernet:
    keys = [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
    return MultiFernet(
        Fernet(
            base64.urlsafe_b64encode(hashlib.sha256(b"alliage.second_factor" + k.encode()).digest())
        )
        for k in keys
    )
