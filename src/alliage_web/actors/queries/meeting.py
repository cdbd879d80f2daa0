"""What stands between two organisations when they meet in one document of another app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alliage_web.actors.models import Organisation


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A document in which both stand as two, and what can be done about it."""

    where: str
    remedy: str


_FINDERS: list[Callable[[Organisation, Organisation], Iterable[Obstacle]]] = []


def register_obstacles(
    find: Callable[[Organisation, Organisation], Iterable[Obstacle]],
) -> None:
    """Say how an app finds what keeps two organisations from being merged."""
    _FINDERS.append(find)


def obstacles(kept: Organisation, merged: Organisation) -> list[Obstacle]:
    """Return what keeps two organisations from being merged, for every app."""
    return [obstacle for find in _FINDERS for obstacle in find(kept, merged)]
