"""Providers of identity that speak OpenID Connect, ProConnect among them.

allauth drives the exchange; here is what it leaves out: a nonce, the signature of the identity
token always verified with the one algorithm that the settings name, a user-information answer that
is a signed token (ProConnect) as well as JSON, and nothing of it kept but the address.
See ``docs/adr/0012-sign-in.md``.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import jwt
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from requests import RequestException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

#: Seconds by which two clocks may differ.
_LEEWAY = 60
#: What a provider must publish of itself.
_NEEDED = (
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
)
#: Where the session keeps what signing out at the provider needs.
SESSION_KEY = "identity_provider"


class ProviderAdapter(OpenIDConnectOAuth2Adapter):
    """One exchange with one provider."""

    state: dict[str, Any]
    """What was kept in the session when the person left for the provider."""

    @property
    def openid_config(self) -> dict[str, Any]:
        if not hasattr(self, "_openid_config"):
            config = self._get_json(self.get_provider().server_url)
            if missing := [name for name in _NEEDED if not isinstance(config.get(name), str)]:
                msg = f"The configuration of the provider lacks {', '.join(missing)}."
                raise OAuth2Error(msg)
            self._openid_config = config
        return self._openid_config

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Return who signed in, once both answers of the provider are verified and agree."""
        identity = self._verified(app, str(kwargs["response"].get("id_token", "")))
        if not secrets.compare_digest(
            str(identity.get("nonce", "")).encode(), str(self.state.get("nonce", "")).encode()
        ):
            msg = "The nonce of the identity token is not the one that was sent."
            raise OAuth2Error(msg)
        person = self._user_information(app, token.token)
        if not identity.get("sub") or person.get("sub") != identity["sub"]:
            msg = "The identity token and the user information tell of two people."
            raise OAuth2Error(msg)
        if app.settings["sign_out"] and (end := self.openid_config.get("end_session_endpoint")):
            self.state["sign_out"] = {"address": end, "id_token": kwargs["response"]["id_token"]}
        return self.get_provider().sociallogin_from_response(
            request, {"userinfo": identity | person}
        )

    def _user_information(self, app: Any, access_token: str) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            answer = session.get(
                self.profile_url, headers={"Authorization": f"Bearer {access_token}"}
            )
            answer.raise_for_status()
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "application/jwt":
            return self._verified(app, answer.text.strip())
        return _mapping(answer)

    def _verified(self, app: Any, token: str) -> dict[str, Any]:
        """Return what a signed token says; its own header never chooses the algorithm."""
        algorithm = app.settings["signature"]
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key=app.secret if algorithm == "HS256" else self._public_key(token, algorithm),
                algorithms=[algorithm],
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=_LEEWAY,
                options={"require": ["aud", "exp", "iss", "sub"]},
            )
        except jwt.PyJWTError as error:
            msg = f"A token of the provider is refused: {error}"
            raise OAuth2Error(msg) from error
        return claims

    def _public_key(self, token: str, algorithm: str) -> Any:
        wanted = jwt.get_unverified_header(token).get("kid")
        keys = jwt.PyJWKSet.from_dict(self._get_json(self.openid_config["jwks_uri"])).keys
        family = "EC" if algorithm.startswith("ES") else "RSA"
        fitting = [key for key in keys if key.key_type == family and wanted in {None, key.key_id}]
        if len(fitting) != 1:
            msg = f"the provider publishes {len(fitting)} keys « {wanted} » for {algorithm}"
            raise jwt.InvalidKeyError(msg)
        return fitting[0].key

    @staticmethod
    def _get_json(address: str) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            answer = session.get(address)
            answer.raise_for_status()
        return _mapping(answer)


def _mapping(answer: Any) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError as error:
        msg = f"The provider does not answer JSON at {answer.url}."
        raise OAuth2Error(msg) from error
    if not isinstance(said, dict):
        msg = f"The provider does not answer a JSON object at {answer.url}."
        raise OAuth2Error(msg)
    return said


class Provider(OpenIDConnectProvider):
    """A provider of the settings; ``SOCIALACCOUNT_PROVIDERS`` names this class."""

    oauth2_adapter_class = ProviderAdapter

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """Ask for what the settings say: an address never asks for more."""
        _ = request
        scope: list[str] = self.get_scope()
        return scope

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:
        _ = request, action
        parameters: dict[str, str] = self.get_auth_params()
        return parameters

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Send the person to the provider, with a nonce that the session keeps."""
        nonce = secrets.token_urlsafe(32)
        kwargs["auth_params"] = {**(kwargs.get("auth_params") or {}), "nonce": nonce}
        answer: HttpResponse = super().redirect(
            request, process, next_url=next_url, data=data, nonce=nonce, **kwargs
        )
        return answer

    def extract_common_fields(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the name and the address; ProConnect calls the family name ``usual_name``."""
        said = data["userinfo"]
        family = said.get("usual_name") or said.get("family_name") or ""
        parts = (str(said.get("given_name") or ""), str(family))
        name = " ".join(part.strip() for part in parts if part.strip())
        return {"email": said.get("email"), "name": name or str(said.get("name") or "")}

    def extract_email_addresses(self, data: Mapping[str, Any]) -> list[Any]:
        said = data["userinfo"]
        # Some providers write a text, of which « false » would be true.
        verified = said.get("email_verified") in (True, "true")
        address = said.get("email")
        return [EmailAddress(email=address, verified=verified, primary=True)] if address else []

    def extract_extra_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Keep the address only, to show which account was connected."""
        return {"email": data["userinfo"].get("email")}


class Callback(OAuth2CallbackView):
    """The return from the provider."""

    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[Any, Any]:
        state, response = super()._get_state(request, provider)
        self.adapter.state = state or {}
        return state, response


#: What may go wrong while talking to a provider.
EXCHANGE_ERRORS = (OAuth2Error, RequestException)
