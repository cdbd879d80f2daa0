"""The cache that all processes share: it counts the attempts to sign in.

It is a table of the database, so that what one process counted is known to the others.
"""

from __future__ import annotations

from django.utils.crypto import salted_hmac


def private_key(key: str, prefix: str, version: int) -> str:
    """Return the key under which something is kept: network addresses are not readable in it."""
    return salted_hmac(
        "alliage.shared_cache", f"{prefix}:{version}:{key}", algorithm="sha256"
    ).hexdigest()
