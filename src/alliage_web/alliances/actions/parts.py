"""Changing what one organisation says of its part in an alliance, and nothing else."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import transaction

from alliage_web.alliances.models import Alliance
from alliage_web.alliances.queries.contents import Content
from alliage_web.alliances.queries.contents import content as content_of

from .writing import write

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from alliage_web.accounts.models import User
    from alliage_web.alliances.queries import Part, Row

#: What an organisation says of itself; its name and its world are those of the alliance.
SAID = ("role", "brings", "entered", "left", "source")


class PartConflictError(Exception):
    """Somebody else changed this part; ``present`` is what it holds now."""

    def __init__(self, part: Part, present: list[Row]) -> None:
        self.present = present
        super().__init__(f"{part.organisation} in {part.stable_name} was changed meanwhile.")


@transaction.atomic
def update_part(
    *, part: Part, rows: Sequence[Row], version: str, by: User, at: dt.datetime
) -> None:
    """Change the part of an organisation as the person saw it.

    ``rows`` has one row for each of those of the organisation, in their order, with the keys of
    ``SAID``. ``version`` is what `version_of_part` gave when they were shown: what others change
    elsewhere in the alliance is no conflict.

    Raises
    ------
    PartConflictError
        The rows of the organisation are no longer those that were shown.
    """
    alliance = Alliance.objects.select_for_update().get(pk=part.id)
    parties = content_of(alliance).sections["parties"]
    present = [row for row in parties if row["organisation"] == part.slug]
    if version_of_part(present) != version:
        raise PartConflictError(part, present)
    said = iter(rows)
    wanted = [
        {**row, **{name: value for name, value in next(said).items() if name in SAID}}
        if row["organisation"] == part.slug
        else row
        for row in parties
    ]
    write({alliance.code: Content({}, {"parties": wanted})}, by=by, at=at)


def version_of_part(rows: Sequence[Row]) -> str:
    """Name what the rows of an organisation hold."""
    return sha256(json.dumps(list(rows), sort_keys=True).encode()).hexdigest()
