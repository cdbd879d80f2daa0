"""The addresses of sign-in: allauth's names, our words, and nothing that we do not show.

allauth finds its pages by these names, so they have no namespace.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as social
from django.db.transaction import atomic
from django.urls import path, re_path

from .views import sign_in, sign_in_link, sign_in_providers, sign_in_security

urlpatterns = [
    path("connexion/", sign_in.SignIn.as_view(), name="account_login"),
    path("connexion/second-facteur/", second_factor.authenticate, name="mfa_authenticate"),
    path("connexion/cle/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("connexion/lien/", sign_in_link.RequestLink.as_view(), name="account_request_link"),
    path("connexion/lien/envoye/", sign_in_link.LinkSent.as_view(), name="account_link_sent"),
    path(
        "connexion/lien/<str:token>/",
        sign_in_link.OpenLink.as_view(),
        name="account_sign_in_link",
    ),
    path("connexion/annulee/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path(
        "connexion/avec/<slug:provider_id>/", sign_in_providers.leave, name="openid_connect_login"
    ),
    path(
        "connexion/avec/<slug:provider_id>/retour/",
        sign_in_providers.come_back,
        name="openid_connect_callback",
    ),
    path("deconnexion/", sign_in.SignOut.as_view(), name="account_logout"),
    # Without the message that confirms the address there is no account.
    path("inscription/", atomic(account.signup), name="account_signup"),
    path("inscription/avec/", atomic(social.signup), name="socialaccount_signup"),
    path("ferme/", account.account_inactive, name="account_inactive"),
    path("adresse/", atomic(account.email), name="account_email"),
    path(
        "adresse/a-confirmer/",
        account.email_verification_sent,
        name="account_email_verification_sent",
    ),
    path(
        "adresse/confirmer/<str:key>/",
        sign_in.ConfirmAddress.as_view(),
        name="account_confirm_email",
    ),
    path("mot-de-passe/", account.password_change, name="account_change_password"),
    path("mot-de-passe/choisir/", account.password_set, name="account_set_password"),
    path("mot-de-passe/oublie/", account.password_reset, name="account_reset_password"),
    path(
        "mot-de-passe/oublie/envoye/",
        account.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^mot-de-passe/oublie/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "mot-de-passe/change/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("confirmer/", account.reauthenticate, name="account_reauthenticate"),
    path("confirmer/code/", second_factor.reauthenticate, name="mfa_reauthenticate"),
    path("confirmer/cle/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("securite/", sign_in_security.Security.as_view(), name="mfa_index"),
    path(
        "securite/application/", sign_in_security.ActivateTotp.as_view(), name="mfa_activate_totp"
    ),
    path("securite/application/retirer/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("securite/codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "securite/codes/nouveaux/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path("securite/cles/ajouter/", sign_in_security.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path(
        "securite/cles/<int:pk>/nommer/",
        sign_in_security.RenamePasskey.as_view(),
        name="mfa_edit_webauthn",
    ),
    path(
        "securite/cles/<int:pk>/retirer/",
        sign_in_security.RemovePasskey.as_view(),
        name="mfa_remove_webauthn",
    ),
    path(
        "securite/appareils/",
        sign_in_security.SignOutElsewhere.as_view(),
        name="usersessions_list",
    ),
    path(
        "securite/comptes-relies/",
        sign_in_security.Disconnect.as_view(),
        name="socialaccount_connections",
    ),
]
