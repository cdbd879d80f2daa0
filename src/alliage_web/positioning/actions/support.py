"""Loading the sites of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from alliage_web.audit.actions import record
from alliage_web.positioning.models import SupportSite

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from alliage.positioning.support_sites import Site

_AT_ONCE = 1000
_COLUMNS = (
    "identifier", "name", "address", "commune_code", "postal_code", "town", "kind", "latitude",
    "longitude", "as_of", "source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoadedSites:
    """How many sites a network has, and had."""

    before: int
    after: int
    changed: bool


@transaction.atomic
def load_sites(
    *, network: str, sites: Sequence[Site], as_of: dt.date, source: str, at: dt.datetime
) -> LoadedSites:
    """Replace the sites of a network by those of a file; the same file changes nothing."""
    rows = [
        SupportSite(
            network=network,
            identifier=site.identifier,
            name=site.name,
            address=site.address,
            commune_code=site.commune,
            postal_code=site.postal_code,
            town=site.town,
            kind=site.kind,
            latitude=site.latitude,
            longitude=site.longitude,
            as_of=as_of,
            source=source,
        )
        for site in sites
    ]
    held = SupportSite.objects.select_for_update().filter(network=network).order_by()
    before = set(held.values_list(*_COLUMNS))
    after = {tuple(getattr(row, column) for column in _COLUMNS) for row in rows}
    if before == after:
        return LoadedSites(len(before), len(after), changed=False)
    held.delete()
    SupportSite.objects.bulk_create(rows, batch_size=_AT_ONCE)
    record(
        kind="support_sites.loaded",
        target=f"support-sites:{network}",
        by=None,
        at=at,
        changes={
            "count": [len(before), len(after)],
            "as_of": [None, as_of.isoformat()],
            "source": [None, source],
        },
    )
    return LoadedSites(len(before), len(after), changed=True)
