"""The small vintage in the database, loaded as the command does."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from alliage.territories.outlines import read_outlines
from alliage.territories.projection import Plane
from alliage.territories.vintages import fingerprint, read_vintage
from alliage_web.territories import actions
from alliage_web.territories.models import Territory

if TYPE_CHECKING:
    from pathlib import Path

    from alliage_web.accounts.models import User
    from alliage_web.territories.actions import LoadReport
    from alliage_web.territories.models import Perimeter

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def load(folder: Path, *, keep_current: bool = False) -> LoadReport:
    """Load the vintage of a folder."""
    return actions.load_vintage(
        vintage=read_vintage(folder),
        outlines=read_outlines(
            folder / "communes.topo.json.gz", Plane.read(folder / "carte_affine.json")
        ),
        fingerprint=fingerprint(folder),
        keep_current=keep_current,
        by=None,
        at=AT,
    )


def territory(level: str, code: str) -> Territory:
    return Territory.objects.get(level=level, code=code)


def perimeter(name: str, *codes: str, by: User) -> Perimeter:
    """Draw a perimeter of communes."""
    return actions.create_perimeter(
        name=name,
        kind="basin",
        description="",
        communes=[territory("commune", code) for code in codes],
        by=by,
        at=AT,
    )
