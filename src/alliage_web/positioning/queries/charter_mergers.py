"""Organisations that stand as two in a charter, and so are not merged into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from alliage.positioning.charter import CharterState
from alliage_web.actors.queries import Obstacle
from alliage_web.positioning.models import CharterVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alliage_web.actors.models import Organisation


def obstacles(kept: Organisation, merged: Organisation) -> Iterator[Obstacle]:
    """Give the charters that both sign, each in its own name.

    What it says may be read of no party: it names no charter that is not public.
    """
    both = CharterVersion.objects.filter(parties__organisation=kept)
    both = both.filter(parties__organisation=merged)
    both = both.exclude(state=CharterState.ABANDONED.value)
    written = signed = False
    for version in both.order_by("pk"):
        written, signed = written or version.is_open, signed or not version.is_open
    if written:
        yield Obstacle(
            _("Un projet de charte : toutes deux y sont parties."),
            _("Demandez à l’une des deux de sortir du projet, puis fusionnez."),
        )
    if signed:
        yield Obstacle(
            _("Une charte : chacune y figure en son nom."),
            _("Elle ne change plus. Gardez les deux fiches."),
        )
