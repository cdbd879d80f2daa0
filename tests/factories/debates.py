"""Debates of the observatory, for tests."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from tests.factories.observatory_release_values import release_values
from tests.factories.observatory_releases import PUBLISHED_AT, published_release
from tests.factories.people import SINCE

from alliage_web.observatory.models import (
    Contribution,
    Debate,
    Programme,
    Release,
    Study,
    Wave,
)
from alliage_web.territories.models import Snapshot, Territory, Vintage

if TYPE_CHECKING:
    from alliage.observatory.releases.values import Release as LibraryRelease
    from alliage_web.accounts.models import User

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def demo_release(values: LibraryRelease | None = None) -> Release:
    """Publish an invented release of citizens, or the one given."""
    values = values or release_values()
    programme, _made = Programme.objects.get_or_create(
        code="essai",
        defaults={
            "label_fr": "Essai", "label_en": "Trial", "first_year": 2022, "last_year": 2026,
            "aim_fr": "x", "aim_en": "x", "source": "x",
        },
    )  # fmt: skip
    study, _made = Study.objects.get_or_create(
        code=values.head.study,
        defaults={
            "programme": programme, "population": values.head.population, "label_fr": "Citoyens",
            "source": "x",
        },
    )  # fmt: skip
    wave = Wave.objects.create(
        study=study, code=values.head.wave, year=2022, label_fr="Vague de démonstration",
        synthetic=values.head.synthetic, source="x",
    )  # fmt: skip
    return published_release(wave, values, at=PUBLISHED_AT)


def place(
    level: str = "department",
    code: str = "94",
    name: str = "Val-de-Marne",
    *,
    region: Territory | None = None,
    population: int | None = None,
) -> Territory:
    """Write a territory that the current vintage knows."""
    vintage, _made = Vintage.objects.get_or_create(
        year=2026,
        defaults={
            "is_current": True, "geography_source": "x", "population_source": "x",
            "attribution": "x", "fingerprint": "x",
        },
    )  # fmt: skip
    found, _made = Territory.objects.get_or_create(level=level, code=code, defaults={"name": name})
    Snapshot.objects.get_or_create(
        vintage=vintage,
        territory=found,
        defaults={
            "name": name,
            "name_key": name.lower(),
            "region": region,
            "population": population,
        },
    )
    return found


def write_debate(release: Release, territory: Territory, **more: Any) -> Debate:
    """Write a debate that is open today, unless told otherwise."""
    today = timezone.localdate()
    values = {
        "title": "Le Val-de-Marne en débat",
        "questions": ["Que voyez-vous ?", "Que faire ensemble ?"],
        "opens_on": today - dt.timedelta(days=3),
        "closes_on": today + dt.timedelta(days=3),
        "created_at": AT,
    }
    return Debate.objects.create(release=release, territory=territory, **{**values, **more})


def write_contribution(debate: Debate, by: User | None = None, **more: Any) -> Contribution:
    """Write a contribution that waits, unless told otherwise."""
    values = {"world": "citizen", "text": "Les transports manquent.", "received_at": SINCE}
    return Contribution.objects.create(debate=debate, author=by, **{**values, **more})
