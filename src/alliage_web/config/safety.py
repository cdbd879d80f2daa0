"""What the environment says of safety: the mode, the secret, the names served.

Each function takes the text of a variable and answers a value, or says what is wrong and how to
mend it. Nothing here reads the environment: the settings do.
"""

from __future__ import annotations

import secrets
from typing import Final

from django.core.exceptions import ImproperlyConfigured

#: Signs the sessions of a developer's machine, and nothing else.
DEVELOPMENT_KEY: Final = "development-only-key-that-protects-nothing-and-signs-only-local-sessions"
SHORTEST_KEY: Final = 50
_FEWEST_CHARACTERS: Final = 10
_LOCAL: Final = "localhost,127.0.0.1,[::1]"
_NO: Final = frozenset({"0", "false", "no", "off"})
_DRAW: Final = "python -c 'import secrets; print(secrets.token_urlsafe(64))'"


def refuse_real_demonstration(mode: str, *, debug: str) -> None:
    """Refuse the demonstration where somebody asked for the behaviour of production.

    ``DEBUG=false`` is how a host says that what it serves is real. The demonstration publishes its
    passwords and loses its data: it must not be taken for it.

    Raises
    ------
    ImproperlyConfigured
        With the mode to use instead.
    """
    if mode == "demo" and debug.strip().casefold() in _NO:
        msg = (
            f"ALLIAGE_MODE is demo and DEBUG is « {debug} »: a demonstration is never production. "
            "Use ALLIAGE_MODE=production for a real service (docs/how-to/deploy.md), or remove "
            "DEBUG to show the demonstration."
        )
        raise ImproperlyConfigured(msg)


def secret_key(given: str, *, mode: str) -> str:
    """Return the secret of the signatures.

    Production needs its own. A demonstration draws one at each start, so that what one signed is
    worth nothing to the next. Development has a known one, so that a restart keeps the session.

    Raises
    ------
    ImproperlyConfigured
        In production, when the key is missing, known or easily guessed. The key is not repeated.
    """
    if mode == "development":
        return given or DEVELOPMENT_KEY
    if mode == "demo":
        return given or secrets.token_urlsafe(64)
    if not given:
        msg = f"ALLIAGE_SECRET_KEY is empty. Draw one with {_DRAW} and keep it secret."
        raise ImproperlyConfigured(msg)
    if given == DEVELOPMENT_KEY or given.startswith("django-insecure-"):
        msg = f"ALLIAGE_SECRET_KEY is a key that everybody knows. Draw one with {_DRAW}."
        raise ImproperlyConfigured(msg)
    if len(given) < SHORTEST_KEY or len(set(given)) < _FEWEST_CHARACTERS:
        msg = (
            f"ALLIAGE_SECRET_KEY has {len(given)} characters, {len(set(given))} of them different: "
            f"{SHORTEST_KEY} random ones are needed. Draw one with {_DRAW}."
        )
        raise ImproperlyConfigured(msg)
    return given


def hosts(given: str, *, production: bool) -> list[str]:
    """Return the names that are served; this machine by default, save in production.

    Raises
    ------
    ImproperlyConfigured
        In production, when no name is given, or one that stands for any.
    """
    names = [name.strip() for name in given.split(",") if name.strip()]
    if not production:
        return names or _LOCAL.split(",")
    if not names:
        msg = (
            "ALLIAGE_HOSTS is empty. Give the names under which the platform is served, separated "
            "by commas, such as alliage.example.org."
        )
        raise ImproperlyConfigured(msg)
    for name in names:
        if "*" in name or name.startswith("."):
            msg = (
                f"ALLIAGE_HOSTS holds « {name} », which stands for any name: links sent by mail "
                "could lead elsewhere. Write each name in full."
            )
            raise ImproperlyConfigured(msg)
    return names
