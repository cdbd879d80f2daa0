"""What the environment says of mail, of sign-up and of the providers of identity.

Each function takes the text of a variable and answers typed values, or says what is wrong, what is
allowed and how to mend it. Nothing here reads the environment: the settings do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

if TYPE_CHECKING:
    from collections.abc import Collection

#: The roles of ``accounts.models.Role``, which cannot be read before the settings are.
ROLES = frozenset(
    {
        "administrator",
        "fund_officer",
        "reviewer",
        "committee_member",
        "fund_auditor",
        "catalyst",
        "party_member",
        "researcher",
        "editor",
        "reader",
    }
)
_NOWHERE = "Alliage <alliage@localhost>"
_SCHEMES = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
_MAIL_HELP = (
    "Use smtps://user:password@host:465 (encrypted from the start), smtp://user:password@host:587 "
    "(encrypted after STARTTLS) or smtp+plain://localhost:25 (a relay on this machine)."
)


@dataclass(frozen=True, slots=True)
class Mail:
    """How messages leave."""

    backend: str
    sender: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    ssl: bool = False
    starttls: bool = False


def mail(url: str, sender: str, *, production: bool) -> Mail:
    """Read ``ALLIAGE_MAIL_URL`` and ``ALLIAGE_MAIL_FROM``; without a server, files are written.

    Production needs both: sign-in links, new passwords and invitations leave by mail.
    """
    if not url:
        if production:
            msg = f"ALLIAGE_MAIL_URL is empty: nobody could sign in by mail. {_MAIL_HELP}"
            raise ImproperlyConfigured(msg)
        return Mail(backend="alliage_web.config.mail.ReadableFiles", sender=sender or _NOWHERE)
    if "@" not in sender:
        msg = (
            f"ALLIAGE_MAIL_FROM is « {sender} ». Give the address that signs the messages, such as "
            "Alliage <alliage@example.org>."
        )
        raise ImproperlyConfigured(msg)
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in _SCHEMES or not parts.hostname or port == -1:
        # The address holds a password: it is not repeated.
        msg = f"ALLIAGE_MAIL_URL begins with « {parts.scheme} » and cannot be read. {_MAIL_HELP}"
        raise ImproperlyConfigured(msg)
    return Mail(
        backend="django.core.mail.backends.smtp.EmailBackend",
        sender=sender,
        host=parts.hostname,
        port=port or _SCHEMES[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ssl=parts.scheme == "smtps",
        starttls=parts.scheme == "smtp",
    )


def choice(name: str, value: str, allowed: Collection[str]) -> str:
    """Return the value of a variable that knows a few words only."""
    if value not in allowed:
        msg = f"{name} is « {value} ». Use {' or '.join(sorted(allowed))}."
        raise ImproperlyConfigured(msg)
    return value


def whole_number(name: str, value: str) -> int:
    """Return a variable that counts something."""
    if not value.isascii() or not value.isdigit():
        msg = f"{name} is « {value} ». Use a whole number, 0 or more."
        raise ImproperlyConfigured(msg)
    return int(value)


def words(name: str, value: str, allowed: Collection[str]) -> frozenset[str]:
    """Return the words of a list separated by commas."""
    found = frozenset(word.strip() for word in value.split(",") if word.strip())
    if unknown := found - set(allowed):
        msg = (
            f"{name} holds « {', '.join(sorted(unknown))} ». The words it knows: "
            f"{', '.join(sorted(allowed))}."
        )
        raise ImproperlyConfigured(msg)
    return found


class IdentityProvider(BaseModel):
    """A provider of identity that speaks OpenID Connect: an element of ``ALLIAGE_OIDC``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    """Part of the addresses to declare to the provider: never changed afterwards."""
    name: Annotated[str, Field(min_length=1, max_length=40)]
    server: Annotated[
        str, Field(pattern=r"^(https://[^\s]+|http://(localhost|127\.0\.0\.1)[:/].*)$")
    ]
    """The issuer; its configuration is read at ``/.well-known/openid-configuration``."""
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Annotated[str, Field(min_length=1)]
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    parameters: dict[str, str] = {}
    """Added to the request of authorisation, such as ``acr_values``."""
    pkce: bool = True
    signature: Literal["RS256", "ES256", "PS256", "HS256"] = "RS256"
    """The only algorithm accepted; HS256 signs with the client secret."""
    authentication: Literal["post", "basic"] = "post"
    """How the client proves who it is: its secret in the form, or in the header."""
    vouches_for_addresses: bool = False
    """Its addresses are verified even where it does not say so in ``email_verified``."""
    joins_accounts: bool = False
    """A verified address from it opens the account that already has this address."""
    sign_out: bool = True
    """Signing out here also asks to sign out there."""


_PROVIDERS = TypeAdapter(tuple[IdentityProvider, ...])


def identity_providers(text: str) -> tuple[IdentityProvider, ...]:
    """Read ``ALLIAGE_OIDC``, a JSON list."""
    if not text.strip():
        return ()
    try:
        found = _PROVIDERS.validate_json(text)
    except ValidationError as error:
        # The input holds secrets: only the place and the fault are told.
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        msg = f"ALLIAGE_OIDC cannot be read: {faults}. See docs/how-to/connecter-proconnect.md."
        raise ImproperlyConfigured(msg) from None
    if len({provider.id for provider in found}) < len(found):
        msg = "ALLIAGE_OIDC names two providers with the same id. Give each its own."
        raise ImproperlyConfigured(msg)
    return found


def as_allauth_app(provider: IdentityProvider) -> dict[str, Any]:
    """Return a provider as an element of ``SOCIALACCOUNT_PROVIDERS``."""
    return {
        "provider_id": provider.id,
        "name": provider.name,
        "client_id": provider.client_id,
        "secret": provider.client_secret,
        "settings": {
            "server_url": provider.server.rstrip("/"),
            "scope": list(provider.scopes),
            "auth_params": dict(provider.parameters),
            "oauth_pkce_enabled": provider.pkce,
            "token_auth_method": f"client_secret_{provider.authentication}",
            "signature": provider.signature,
            "verified_email": provider.vouches_for_addresses,
            "email_authentication": provider.joins_accounts,
            "sign_out": provider.sign_out,
        },
    }
