"""The register of what may be permitted, in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import AnonymousUser
    from django.utils.functional import _StrPromise

    from alliage_web.accounts.models import User


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason for which a person may: a predicate, and the sentence that says it.

    The sentence follows the name of the person: « tient la rédaction de la plateforme ».

    A predicate looks at what the person holds, belongs to or created, and at being signed in, and
    at nothing else: the page that names everybody who may asks only those who hold, belong or
    created something, and one visitor and one newcomer who stand for all the others.
    """

    predicate: Any
    sentence: str | _StrPromise


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission in words, and the grounds of which any one is enough."""

    permission: str
    label: str | _StrPromise
    about: str
    """The kind of place, or of object, that the permission is asked about."""
    grounds: tuple[Ground, ...]


_GRANTS: dict[str, Grant] = {}


def grant(
    permission: str, *, label: str | _StrPromise, about: str, grounds: Sequence[Ground]
) -> None:
    """Let people do something on any one of these grounds.

    Raises
    ------
    KeyError
        The permission was granted before: each is written once.
    """
    rules.add_perm(permission, reduce(or_, (ground.predicate for ground in grounds)))
    _GRANTS[permission] = Grant(permission, label, about, tuple(grounds))


def grants(about: str | None = None) -> tuple[Grant, ...]:
    """Return what may be permitted, about one kind of object or about all."""
    return tuple(granted for granted in _GRANTS.values() if about is None or granted.about == about)


def reasons(user: User | AnonymousUser, permission: str, target: Any = None) -> tuple[Ground, ...]:
    """Return the grounds on which a person may; none when they may not."""
    return tuple(
        ground for ground in _GRANTS[permission].grounds if ground.predicate.test(user, target)
    )
