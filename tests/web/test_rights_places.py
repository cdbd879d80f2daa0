"""Catalysts and their perimeters; places of every kind; organisations that become one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from tests.factories.actors import organisation
from tests.factories.alliances import alliance, place, world
from tests.factories.people import SINCE, entrust, fresh, give, somebody

from alliage_web.accounts.models import Invitation, Membership, Role, RoleHolding
from alliage_web.accounts.permissions import may_see_place
from alliage_web.accounts.queries import place as place_named
from alliage_web.actors.actions import merge_organisations
from alliage_web.alliances.models import Alliance
from alliage_web.alliances.queries import facilitated_by
from alliage_web.audit.queries import events, lines_of
from alliage_web.files.models import StoredFile
from alliage_web.territories.actions import create_perimeter
from alliage_web.territories.models import Territory

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def _catalyst_of(*addresses: str) -> frozenset[str]:
    """Name the alliances that the catalyst of some territories facilitates."""
    held = [(Role.CATALYST, f"territory:{address}") for address in addresses]
    name = " ".join(addresses).replace("/", "-")
    person = somebody(f"Catalyst of {name}", *held)
    return frozenset(
        Alliance.objects.filter(pk__in=facilitated_by(person)).values_list("slug", flat=True)
    )


@pytest.fixture
def alliances() -> None:
    world()
    by = somebody("Auteur")
    communes = list(Territory.objects.filter(code__in=("94080", "93048")))
    drawn = create_perimeter(
        name="Bassin", kind="basin", description="", communes=communes, by=by, at=AT
    )
    for title, places in {
        "Vincennes": [place("94080")],
        "Montargis": [place("45208")],
        "Val-de-Marne": [place("94", "department")],
        "Bassin": [place(drawn.territory.code, "perimeter")],
        "Deux": [place("94080"), place("45208")],
        "Nulle part": [],
    }.items():
        alliance(title, by=by, territories=places)


@pytest.mark.usefixtures("alliances")
def test_a_catalyst_facilitates_the_alliances_of_which_a_territory_lies_within() -> None:
    assert _catalyst_of("department/94") == {"vincennes", "val-de-marne", "deux"}
    assert _catalyst_of("commune/94080") == {"vincennes", "deux"}
    assert _catalyst_of("ept/200057941") == {"vincennes", "deux"}
    assert _catalyst_of("department/93") == frozenset()
    assert _catalyst_of("department/45") == {"montargis", "deux"}
    assert _catalyst_of("region/11") == {"vincennes", "val-de-marne", "bassin", "deux"}
    assert _catalyst_of("perimeter/bassin") == {"vincennes", "bassin", "deux"}
    everywhere = {"vincennes", "montargis", "val-de-marne", "bassin", "deux"}
    assert _catalyst_of("country/FR") == everywhere
    assert _catalyst_of("commune/94080", "department/45") == {"vincennes", "deux", "montargis"}
    assert _catalyst_of("commune/00000") == frozenset()


@pytest.mark.usefixtures("alliances")
def test_the_alliances_of_a_catalyst_are_read_once(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    person = fresh(somebody("Camille", (Role.CATALYST, "territory:department/94")))
    listed = list(Alliance.objects.all())
    with django_assert_num_queries(4):
        # What is held, what is lent, the territory, its alliances; then nothing for each alliance.
        may = [item.slug for item in listed if person.has_perm("alliances.change_alliance", item)]
    assert len(may) == 3


@pytest.mark.usefixtures("alliances")
def test_a_catalyst_changes_an_alliance_of_the_perimeter_and_no_other(client: Client) -> None:
    client.force_login(somebody("Camille", (Role.CATALYST, "territory:department/94")))
    assert client.get(reverse("alliances:edit", args=["vincennes"])).status_code == 200
    assert client.get(reverse("alliances:edit", args=["montargis"])).status_code == 403
    assert (
        reverse("alliances:edit", args=["vincennes"])
        in client.get(reverse("site:alliance", args=["vincennes"])).content.decode()
    )


@pytest.mark.usefixtures("alliances")
def test_places_are_found_by_their_stable_names() -> None:
    kept, merged = organisation("Gardée"), organisation("Fondue")
    merge_organisations(kept=kept, merged=merged, choices={}, by=None, at=AT)
    for name, title in {
        "alliance:vincennes": "Vincennes",
        "territory:department/94": "Val-de-Marne",
        "territory:perimeter/bassin": "Bassin",
        kept.stable_name: "Gardée",
        merged.stable_name: "Gardée",
    }.items():
        found = place_named(name)
        assert found is not None, name
        assert found.title == title
    for name in ("alliance:", "alliance:rien", "territory:commune", "territory:94", "autre:x",
                 "territory:commune/\x00", "organisation:rien", "fund:rien", ""):  # fmt: skip
        assert place_named(name) is None, name


def test_the_people_and_the_documents_of_a_merged_organisation_follow() -> None:
    world()
    kept, merged = organisation("Gardée"), organisation("Fondue")
    both, one, reader, party = (somebody(name) for name in ("Both", "One", "Reader", "Party"))
    for person, actor in ((both, kept), (both, merged), (one, merged)):
        Membership.objects.create(user=person, organisation=actor.stable_name, since=SINCE)
    here = alliance("Passerelles")
    short, long = SINCE + dt.timedelta(days=40_000), SINCE + dt.timedelta(days=50_000)
    give(reader, Role.READER, kept.stable_name, until=short)
    lent = entrust(give(reader, Role.READER, merged.stable_name, until=long), one)
    give(party, Role.PARTY_MEMBER, here.stable_name, merged.stable_name)
    Invitation.objects.create(
        email="lou@example.org", place=merged.stable_name, token_digest="0" * 64,
        created_at=SINCE, expires_at=long,
    )  # fmt: skip
    file = StoredFile.objects.create(
        place=merged.stable_name, name="note.txt", media_type="text/plain", size=4,
        sha256="0" * 64, added_at=SINCE,
    )  # fmt: skip

    merge_organisations(kept=kept, merged=merged, choices={}, by=None, at=AT)

    assert not Membership.objects.filter(organisation=merged.stable_name).exists()
    assert {row.user.name for row in Membership.objects.all()} == {"Both", "One"}
    held = RoleHolding.objects.get(user=reader)
    assert (held.place, held.expires_at) == (kept.stable_name, long)
    lent.refresh_from_db()
    assert lent.holding == held
    assert RoleHolding.objects.get(user=party).organisation == kept.stable_name
    assert Invitation.objects.get().place == kept.stable_name
    file.refresh_from_db()
    assert file.place == kept.stable_name
    assert may_see_place(fresh(one), kept.stable_name)
    lines = {line.kind: line for line in lines_of(events(targets=[kept.stable_name]))}
    moved = lines["place.people-moved"]
    assert moved.changes["place"] == [merged.stable_name, kept.stable_name]
    assert len(moved.changes["people"][1]) == 4


def test_merging_organisations_without_people_tells_of_nobody() -> None:
    world()
    kept, merged = organisation("Gardée"), organisation("Fondue")
    merge_organisations(kept=kept, merged=merged, choices={}, by=None, at=AT)
    kinds = {line.kind for line in lines_of(events(targets=[kept.stable_name]))}
    assert "organisation.merged" in kinds
    assert "place.people-moved" not in kinds
