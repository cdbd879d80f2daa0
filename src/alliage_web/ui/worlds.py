"""How each world of actors is drawn: a colour, a shape and a letter, the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from alliage.alliances.vocabulary import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class WorldSign:
    """The sign of a world. The path is drawn in a square of 20 units."""

    code: World
    letter: str
    path: str
    label: _StrPromise


WORLD_SIGNS: Mapping[World, WorldSign] = {
    sign.code: sign
    for sign in (
        WorldSign(World.LOCAL_AUTHORITY, "T", "M2 2h16v16H2z", _("Collectivité")),
        WorldSign(World.COMPANY, "E", "M10 0l10 10-10 10L0 10z", _("Entreprise")),
        WorldSign(
            World.ASSOCIATION, "A", "M10 1a9 9 0 0 1 0 18a9 9 0 0 1 0-18z", _("Association")
        ),
        WorldSign(
            World.FOUNDATION, "F", "M5 1.3h10L20 10l-5 8.7H5L0 10z", _("Fondation")
        ),
        WorldSign(World.ACADEMIC, "U", "M10 0l10 18.5H0z", _("Académique")),
        WorldSign(
            World.STATE_SERVICE, "S", "M1.5 1.5h17v9.5L10 19.5 1.5 11z", _("Service de l’État")
        ),
        WorldSign(
            World.CITIZEN, "C", "M1.5 18.5V10a8.5 8.5 0 0 1 17 0v8.5z", _("Citoyens")
        ),
        WorldSign(
            World.OTHER, "+", "M6 1h8l5 5v8l-5 5H6l-5-5V6z", _("Autre")
        ),
    )
}  # fmt: skip


def sign_of(world: str) -> WorldSign:
    """Return the sign of a world; an unknown code has that of the others."""
    try:
        return WORLD_SIGNS[World(world)]
    except ValueError:
        return WORLD_SIGNS[World.OTHER]
