"""Signing in by e-mail address."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _(
            "Cette adresse et ce mot de passe ne vont pas ensemble. Vérifiez l’adresse, puis les "
            "majuscules du mot de passe."
        ),
        "inactive": _("Ce compte est fermé. Écrivez à la personne qui administre la plateforme."),
    }
