"""Places where people work: an organisation, an alliance, a territory and a fund."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.factories.people import SINCE

from alliage_web.actors.models import Organisation
from alliage_web.alliances.models import Alliance, AllianceTerritory, Party
from alliage_web.fund.models import Fund
from alliage_web.territories.models import Snapshot, Territory, Vintage

if TYPE_CHECKING:
    from alliage_web.accounts.models import User

ORGANISATION = "organisation:acteur"
ALLIANCE = "alliance:alliance"
FUND = "fund:fonds"
TERRITORY = "territory:department/94"


def organisation(slug: str = "acteur", by: User | None = None) -> Organisation:
    return Organisation.objects.create(
        slug=slug, name=f"L’{slug}", name_key=slug, world="association", profile="association",
        created_by=by, created_at=SINCE, updated_at=SINCE,
    )  # fmt: skip


def alliance(by: User | None = None, party: Organisation | None = None) -> Alliance:
    """Write an alliance of one commune of the Val-de-Marne, with one known party."""
    vintage = Vintage.objects.create(year=2026, is_current=True)
    department = Territory.objects.create(level="department", code="94", name="Val-de-Marne")
    commune = Territory.objects.create(level="commune", code="94080", name="Vincennes")
    for territory, above in ((department, None), (commune, department)):
        Snapshot.objects.create(
            vintage=vintage, territory=territory, name=territory.name, name_key="x",
            population=1, department=above,
        )  # fmt: skip
    made = Alliance.objects.create(
        code="alliance", slug="alliance", title="L’alliance", summary="Une alliance.",
        created_by=by, created_at=SINCE, updated_at=SINCE,
    )  # fmt: skip
    AllianceTerritory.objects.create(alliance=made, territory=commune)
    acting = party or organisation()
    Party.objects.create(alliance=made, organisation=acting, name=acting.name, world="association")
    return made


def fund() -> Fund:
    acting = Organisation.objects.filter(slug="gestionnaire").first() or organisation(
        "gestionnaire"
    )
    return Fund.objects.create(
        code="fonds", name="Le fonds", organisation=acting, created_at=SINCE, updated_at=SINCE
    )
