"""Places: where a role is held, whatever app owns them.

The apps that own places stand above this one: each registers its kind when it starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere a role is held."""

    name: str
    """The stable name, such as ``alliance:pemb``."""
    title: str
    url: str
    object: Any
    """What the permissions of this kind of place are asked about."""

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]

    @property
    def stable_name(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class PlaceKind:
    """A kind of place.

    ``find`` receives what follows the colon of a stable name, and gives None for what does not
    exist. ``see`` and ``write`` are the permissions to see the workspace and to add to it.
    Administrators give every role everywhere; ``give`` tells who else gives ``given``.
    """

    code: str
    label: str | _StrPromise
    find: Callable[[str], Place | None]
    see: str
    write: str
    give: str = ""
    """The permission to invite to this kind of place; empty where only administrators do."""
    given: tuple[str, ...] = ()
    """What those who hold it may give: codes of roles, and ``MEMBER`` for belonging."""
    organisations: Callable[[Any], Sequence[Place]] | None = None
    """The organisations for which a role may be held there, for roles that act for one."""


#: Belonging to an organisation, where it is given like a role.
MEMBER: Final = ""

_KINDS: dict[str, PlaceKind] = {}


def register_kind(kind: PlaceKind) -> None:
    """Make a kind of place known; an app does it when it starts."""
    _KINDS[kind.code] = kind


def place_kinds() -> tuple[PlaceKind, ...]:
    return tuple(_KINDS.values())


def kind_of(name: str) -> PlaceKind | None:
    """Return the kind of a place from its stable name."""
    return _KINDS.get(name.partition(":")[0])


def place(name: str) -> Place | None:
    """Find a place by its stable name."""
    kind = kind_of(name)
    return kind.find(name.partition(":")[2]) if kind else None
