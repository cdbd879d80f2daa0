"""The page of perceived and recorded dynamics: what is counted, what is told, what is not."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from tests.factories.debates import demo_release, place
from tests.factories.observatory_release_values import release_values
from tests.factories.people import SINCE

from alliage.observatory.reading.dynamics import Perceived, Recorded, gaps
from alliage_web.actors.models import INVENTED
from alliage_web.alliances.models import Alliance, AllianceTerritory, Outcome, Party, TimelineEvent
from alliage_web.alliances.queries.activity import activity_of_all
from alliage_web.observatory.documents.dynamics import row_of
from alliage_web.observatory.queries.dynamics import RegionLine, regional_dynamics
from alliage_web.observatory.queries.regions import study_regions
from alliage_web.territories.models import Perimeter, Snapshot, Territory
from alliage_web.territories.queries import regions_of

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

    from alliage.observatory.releases.values import Release

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 22)
OFFICIAL = ("11", "24", "27", "28", "32", "44", "52", "53", "75", "76", "84", "93", "94")
_LEVELS = {"indispensable": "anchored", "useful": "growing", "secondary": "emerging"}


def maturity(study: str = "impact_citizens", *, synthetic: bool = True, **more: Any) -> Release:
    """Return a release whose question is the maturity of alliances."""
    values = release_values(study=study, synthetic=synthetic, **more)
    head = replace(
        values.head,
        questions=tuple(
            replace(
                one,
                code="maturity",
                measures=tuple(
                    replace(measure, level=_LEVELS.get(measure.level, measure.level))
                    for measure in one.measures
                ),
            )
            for one in values.head.questions
            if one.code == "act_together"
        ),
    )
    return replace(
        values,
        head=head,
        tables=tuple(
            replace(one, question="maturity")
            for one in values.tables
            if one.question == "act_together"
        ),
        covariances=tuple(
            replace(one, question="maturity")
            for one in values.covariances
            if one.question == "act_together"
        ),
        rankings=(),
    )


@pytest.fixture
def regions() -> dict[str, Territory]:
    return {
        code: place(
            "region", code, f"Région {code}", population=340_000 if code == "94" else 5_000_000
        )
        for code in OFFICIAL
    }


def alliance(
    slug: str,
    *territories: Territory,
    worlds: tuple[str, ...] = ("association", "company"),
    **more: Any,
) -> Alliance:
    row = Alliance.objects.create(
        code=slug, slug=slug, title=slug, text_key=slug, summary="x", created_at=SINCE,
        updated_at=SINCE, **more,
    )  # fmt: skip
    for world in worlds:
        Party.objects.create(alliance=row, name=world, world=world)
    for territory in territories:
        AllianceTerritory.objects.create(alliance=row, territory=territory)
    return row


def happened(of: Alliance, start: str, **more: Any) -> None:
    TimelineEvent.objects.create(alliance=of, start=start, precision="year", text="x", **more)


# ---- What is recorded --------------------------------------------------------------------------


def test_an_alliance_is_active_when_something_of_it_is_recent(
    regions: dict[str, Territory],
) -> None:
    region = regions["53"]
    happened(alliance("recente", region), "2025-03")
    happened(alliance("annee", region), "2024")
    happened(alliance("ancienne", region), "2023-11")
    happened(alliance("prevue", region), "2026", planned=True)
    happened(alliance("a-venir", region), "2027")
    happened(alliance("longue", region), "2018", end="2026-01")
    alliance("commencee", region, started="2026-02")
    Outcome.objects.create(
        alliance=alliance("resultat", region), text="x", status="observed", as_of="2025-12"
    )
    alliance("muette", region)
    found = {one.alliance: one.is_active for one in activity_of_all(TODAY)}
    active = {row.slug for row in Alliance.objects.all() if found[row.pk]}
    assert active == {"recente", "annee", "longue", "commencee", "resultat"}


def test_who_is_alone_or_ended_or_invented_is_not_recorded(regions: dict[str, Territory]) -> None:
    alliance("seule", regions["53"], worlds=("association", "association"), started="2026")
    alliance("finie", regions["53"], ended="2025", started="2020")
    alliance("inventee", regions["53"], source=INVENTED, started="2026")
    alliance("finira", regions["53"], ended="2027", started="2026")
    slugs = set(
        Alliance.objects.filter(
            pk__in=[one.alliance for one in activity_of_all(TODAY)]
        ).values_list("slug", flat=True)
    )
    assert slugs == {"finira"}


def test_territories_are_placed_in_their_regions(
    regions: dict[str, Territory], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    body = place("epci", "200000001", "Deux rives")
    for code, region in (("56001", "53"), ("44001", "52")):
        commune = place("commune", code, code, region=regions[region])
        Snapshot.objects.filter(territory=commune).update(epci=body)
    drawn = Territory.objects.create(level="perimeter", code="bassin", name="Bassin")
    perimeter = Perimeter.objects.create(territory=drawn, kind="basin")
    perimeter.communes.set(Territory.objects.filter(code="56001"))
    country = place("country", "FR", "France")
    commune = Territory.objects.get(code="56001")
    with django_assert_num_queries(3):
        found = regions_of([body.pk, drawn.pk, country.pk, commune.pk, regions["11"].pk])
    assert found == {
        body.pk: {"53", "52"},
        drawn.pk: {"53"},
        commune.pk: {"53"},
        regions["11"].pk: {"11"},
    }


# ---- The page ----------------------------------------------------------------------------------


def page(client: Client) -> str:
    text = client.get(reverse("observatory:dynamics")).text
    return " ".join(text.replace("\u202f", " ").replace("\xa0", " ").split())


def test_without_a_release_nothing_is_compared(
    client: Client, regions: dict[str, Territory]
) -> None:
    alliance("une", regions["53"], started="2026")
    shown = page(client)
    assert "ne permet encore de comparer" in shown
    assert "se contredisent" in shown
    assert "non comparée" in shown
    assert "1 (1)" in shown
    assert "Données synthétiques" not in shown


def test_few_alliances_leave_every_region_undecided(
    client: Client, regions: dict[str, Territory]
) -> None:
    demo_release(maturity())
    alliance("une", regions["53"], regions["52"], started="2026")
    alliance("vieille", regions["94"], started="2015")
    outside = place("region", "04", "La Réunion", population=900_000)
    alliance("ailleurs", outside, started="2026")
    alliance("nationale", started="2026")
    found = regional_dynamics(TODAY)
    assert (found.active, found.known, found.elsewhere, found.nowhere) == (2, 3, 1, 1)
    by_code = {line.region.code: line for line in found.lines}
    south = by_code["paca_corse"]
    assert (south.known, south.active, south.population) == (1, 0, 5_340_000)
    assert len(found.lines) == 12
    assert all(line.gap and line.gap.surveyed for line in found.lines)
    shown = page(client)
    assert "toutes sont indécises" in shown
    assert "Données synthétiques" in shown
    assert "dynamics-undecided" in shown
    assert "aucun ne suffit" in shown
    # What would tell the sign, and what would give an interval of a useful width.
    assert "Avis qu’il faudrait pour trancher" in shown
    assert "largeur 0,5 : aucun ne suffit" in shown
    assert "leur écart n’est pas calculé" in shown


def test_a_region_kept_back_is_neither_zero_nor_unsurveyed(
    client: Client, regions: dict[str, Territory]
) -> None:
    assert regions
    demo_release(maturity(hidden=("bretagne",)))
    line = next(line for line in regional_dynamics(TODAY).lines if line.region.code == "bretagne")
    assert line.gap is not None
    assert not line.gap.surveyed
    assert line.needed is None
    assert "masquée" in page(client)


def test_two_worlds_of_the_same_regions_are_compared(
    client: Client, regions: dict[str, Territory]
) -> None:
    assert regions
    demo_release(maturity())
    assert regional_dynamics(TODAY).worlds == ()
    elected = maturity("impact_local_elected", seed=7)
    demo_release(replace(elected, head=replace(elected.head, population="local_elected")))
    found = regional_dynamics(TODAY).worlds
    assert len(found) == 12
    assert {one.world for one in found} == {"élus locaux"}
    assert "Ce qu’un monde perçoit" in page(client)


@pytest.mark.one_engine
def test_the_file_says_what_is_synthetic_and_leaves_empty_what_is_unknown(
    client: Client, regions: dict[str, Territory]
) -> None:
    assert regions
    demo_release(maturity(hidden=("bretagne",)))
    answer = client.get(reverse("observatory:dynamics-file"))
    assert "-synthetique-" in answer["Content-Disposition"]
    text = answer.content.decode("utf-8-sig")
    rows = {row["region"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")}
    assert len(rows) == 12
    assert {row["synthetic"] for row in rows.values()} == {"yes"}
    hidden = rows["bretagne"]
    assert (hidden["surveyed"], hidden["perceived_share"], hidden["respondents"]) == ("no", "", "")
    assert rows["normandie"]["respondents"] == "200"
    assert rows["normandie"]["alliances_active"] == "0"
    assert "respondents_to_decide" in rows["normandie"]


def test_a_sample_that_would_decide_is_written() -> None:
    line = RegionLine(
        region=study_regions().surveyed[0], name="Ici", known=1, active=1, population=1_000_000,
        perception=None, gap=None, needed=None, deciding=None,
    )  # fmt: skip
    asked = [Perceived(code, 0.1 + 0.07 * rank, 60) for rank, code in enumerate("abcdef")]
    known = [
        Recorded(code, 900 - 60 * rank, 1_000_000, (1, 1)) for rank, code in enumerate("abcdef")
    ]
    told = row_of(replace(line, gap=gaps(asked, known)[0], needed=1234, deciding=56))
    assert (told.deciding, told.needed) == ("56", "1\N{NARROW NO-BREAK SPACE}234")


@pytest.mark.one_engine
def test_the_page_asks_as_much_for_many_alliances_as_for_few(
    client: Client,
    regions: dict[str, Territory],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    demo_release(maturity())
    for rank in range(10):
        happened(alliance(f"a{rank}", regions["53"]), "2026")
    with django_assert_max_num_queries(20):
        client.get(reverse("observatory:dynamics"))
