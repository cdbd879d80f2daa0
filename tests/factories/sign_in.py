"""People who can sign in, and codes that only their telephone would know."""

from __future__ import annotations

import base64
import re
import secrets
import struct
import time
from hashlib import sha1
from hmac import new as hmac
from typing import TYPE_CHECKING

from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail

from alliage_web.accounts.actions.addresses import vouch_for_address
from alliage_web.accounts.models import User

if TYPE_CHECKING:
    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

PASSWORD = "quatre mots au hasard"


def person(email: str = "lou@example.org", name: str = "Lou Martin") -> User:
    """Make a person whose address is verified."""
    user = User.objects.create_user(email, PASSWORD, name=name)
    vouch_for_address(user=user)
    return user


def sign_in(client: Client, email: str = "lou@example.org", **more: str) -> Response:
    return client.post("/compte/connexion/", {"login": email, "password": PASSWORD, **more})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def with_totp(user: User) -> str:
    """Protect an account with an application of codes; return the secret of the application."""
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    TOTP.activate(user, secret)
    return secret


def code(secret: str, *, steps: int = 0) -> str:
    """Return the code that an application shows, some periods of 30 seconds away from now."""
    counter = int(time.time()) // 30 + steps
    digest = hmac(base64.b32decode(secret), struct.pack(">Q", counter), sha1).digest()
    start = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def link_in_mail(number: int = -1) -> str:
    """Return the path of the link of a message that was sent."""
    found = re.search(r"https?://[^/\s]+(/\S+)", str(mail.outbox[number].body))
    assert found
    return found.group(1)
