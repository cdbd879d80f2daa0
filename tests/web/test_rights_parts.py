"""Party members write the part of their organisation in an alliance, and nothing else of it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from tests.factories.actors import organisation
from tests.factories.alliances import alliance, party, place, world
from tests.factories.people import entrust, fresh, give, somebody

from alliage_web.accounts.models import Role
from alliage_web.accounts.permissions import may_see_place, may_write_place
from alliage_web.actors.actions import merge_organisations
from alliage_web.alliances import actions
from alliage_web.alliances.models import Alliance
from alliage_web.alliances.queries import Content, content, part_of, rows_of_part
from alliage_web.audit.queries import history

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.accounts.models import User
    from alliage_web.actors.models import Organisation

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def ours() -> Organisation:
    world()
    return organisation("Maison des projets")


@pytest.fixture
def here(ours: Organisation) -> Alliance:
    organisation("Mairie")
    return alliance(
        "Passerelles",
        territories=[place("94080")],
        parties=[
            party("Mairie", "local_authority", organisation="mairie", role="pilote"),
            party(ours.name, organisation=ours.slug, role="appui", brings="du temps"),
            party("Associations locales"),
        ],
    )


@pytest.fixture
def member(here: Alliance, ours: Organisation) -> User:
    return somebody("Camille", (Role.PARTY_MEMBER, here.stable_name, ours.stable_name))


def _page(here: Alliance, slug: str) -> str:
    return reverse("alliances:part", args=[here.slug, slug])


def _sent(here: Alliance, ours: Organisation, **said: str) -> dict[str, str]:
    rows = rows_of_part(part_of(here, ours.slug))
    values = {"role": "appui", "brings": "du temps", "entered": "", "left": "", "source": ""}
    sent = {f"part-0-{name}": value for name, value in (values | said).items()}
    return {"version": actions.version_of_part(rows), **sent}


def test_a_member_changes_the_part_of_the_organisation_and_nothing_else(
    client: Client, here: Alliance, ours: Organisation, member: User
) -> None:
    before = content(here)
    client.force_login(member)
    assert "du temps" in client.get(_page(here, ours.slug)).content.decode()
    response = client.post(
        _page(here, ours.slug),
        _sent(here, ours, brings="un lieu et du temps", entered="mars 2021", role="hôte"),
    )
    assert response["Location"] == here.get_absolute_url()
    after = content(Alliance.objects.get())
    others = [row for row in before.sections["parties"] if row["organisation"] != ours.slug]
    assert [row for row in after.sections["parties"] if row["organisation"] != ours.slug] == others
    (row,) = (row for row in after.sections["parties"] if row["organisation"] == ours.slug)
    assert (row["brings"], row["entered"]) == ("un lieu et du temps", "2021-03")
    assert (row["role"], row["name"], row["world"]) == ("hôte", ours.name, "association")
    assert after.fields == before.fields
    assert {**after.sections, "parties": 0} == {**before.sections, "parties": 0}
    line = history(here.stable_name)[0]
    assert (line.by, set(line.changes)) == ("Camille", {"parties"})


def test_fields_that_the_form_does_not_show_cannot_be_sent(
    client: Client, here: Alliance, ours: Organisation, member: User
) -> None:
    client.force_login(member)
    more = {"part-0-name": "Autre nom", "part-0-world": "company", "title": "Autre"}
    client.post(_page(here, ours.slug), _sent(here, ours, brings="un lieu") | more)
    (row,) = rows_of_part(part_of(here, ours.slug))
    assert (row["name"], row["world"], row["brings"]) == (ours.name, "association", "un lieu")
    assert Alliance.objects.get().title == "Passerelles"


def test_a_member_writes_for_one_organisation_in_one_alliance(
    client: Client, here: Alliance, ours: Organisation, member: User
) -> None:
    elsewhere = alliance("Ailleurs", parties=[party(ours.name, organisation=ours.slug)])
    client.force_login(member)
    assert client.get(_page(here, "mairie")).status_code == 403
    assert client.post(_page(here, "mairie"), _sent(here, ours)).status_code == 403
    assert client.get(_page(elsewhere, ours.slug)).status_code == 403
    assert client.get(reverse("alliances:edit", args=[here.slug])).status_code == 403
    assert client.get(_page(here, "inconnue")).status_code == 404


def test_an_organisation_that_takes_no_part_has_no_part(client: Client, here: Alliance) -> None:
    absent = organisation("Absente")
    client.force_login(somebody("Alix", (Role.ADMINISTRATOR, "platform")))
    response = client.get(_page(here, absent.slug))
    assert response.status_code == 404
    assert "n’est plus, partie prenante" in response.content.decode()


def test_the_page_of_the_alliance_shows_the_way_to_whom_may_only(
    client: Client, here: Alliance, ours: Organisation, member: User
) -> None:
    page = here.get_absolute_url()
    assert "Dire sa part" not in client.get(page).content.decode()
    client.force_login(member)
    text = client.get(page).content.decode()
    assert text.count("Dire sa part") == 1
    assert _page(here, ours.slug) in text
    assert reverse("alliances:edit", args=[here.slug]) not in text
    client.force_login(somebody("Lou"))
    assert "Dire sa part" not in client.get(page).content.decode()


def test_a_wrong_date_is_told_and_nothing_is_lost(
    client: Client, here: Alliance, ours: Organisation, member: User
) -> None:
    client.force_login(member)
    response = client.post(
        _page(here, ours.slug),
        _sent(here, ours, brings="ce que j’écris", entered="2022", left="2019"),
    )
    text = response.content.decode()
    assert response.status_code == 422
    assert "avant l’autre" in text
    assert "ce que j’écris" in text
    assert rows_of_part(part_of(here, ours.slug))[0]["brings"] == "du temps"


def test_two_people_who_write_the_same_part_see_both_versions(
    client: Client, here: Alliance, ours: Organisation, member: User
) -> None:
    client.force_login(member)
    opened = _sent(here, ours, brings="ma version")
    client.post(_page(here, ours.slug), _sent(here, ours, brings="l’autre version"))
    response = client.post(_page(here, ours.slug), opened)
    text = response.content.decode()
    assert response.status_code == 409
    assert "ma version" in text
    assert "l’autre version" in text
    assert rows_of_part(part_of(here, ours.slug))[0]["brings"] == "l’autre version"
    again = _sent(here, ours, brings="les deux versions")
    assert again["version"] in text
    assert client.post(_page(here, ours.slug), again).status_code == 302
    assert rows_of_part(part_of(here, ours.slug))[0]["brings"] == "les deux versions"


def test_what_others_change_elsewhere_in_the_alliance_is_no_conflict(
    client: Client, here: Alliance, ours: Organisation, member: User
) -> None:
    client.force_login(member)
    opened = _sent(here, ours, brings="ma version")
    actions.update_alliance(
        alliance=here,
        content=Content({"why": "Parce que."}, {}),
        version=actions.version_of(here),
        by=somebody("Alix"),
        at=AT + dt.timedelta(days=1),
    )
    assert client.post(_page(here, ours.slug), opened).status_code == 302
    assert Alliance.objects.get().why == "Parce que."


def test_an_organisation_under_two_names_writes_both(client: Client, ours: Organisation) -> None:
    here = alliance(
        "Deux noms",
        parties=[
            party("Le réseau", organisation=ours.slug, brings="un réseau"),
            party("Le lieu", organisation=ours.slug, brings="un lieu"),
        ],
    )
    client.force_login(somebody("Camille", (Role.PARTY_MEMBER, here.stable_name, ours.stable_name)))
    sent = _sent(here, ours, brings="un grand réseau")
    second = {"role": "", "brings": "un grand lieu", "entered": "", "left": "", "source": ""}
    sent |= {f"part-1-{name}": value for name, value in second.items()}
    client.post(_page(here, ours.slug), sent)
    said = [row["brings"] for row in rows_of_part(part_of(here, ours.slug))]
    assert said == ["un grand réseau", "un grand lieu"]


def test_a_member_sees_the_workspace_and_adds_to_it(here: Alliance, member: User) -> None:
    assert may_see_place(member, here.stable_name)
    assert may_write_place(member, here.stable_name)
    reader = somebody("Lou", (Role.READER, here.stable_name))
    assert may_see_place(reader, here.stable_name)
    assert not may_write_place(reader, here.stable_name)
    assert not may_see_place(somebody("Nobody"), here.stable_name)


def test_the_part_follows_an_organisation_that_is_merged(
    client: Client, here: Alliance, ours: Organisation, member: User
) -> None:
    kept = organisation("Maison du projet")
    merge_organisations(kept=kept, merged=ours, choices={}, by=None, at=AT)
    client.force_login(fresh(member))
    response = client.get(_page(here, ours.slug))
    assert (response.status_code, response["Location"]) == (301, _page(here, kept.slug))
    assert client.get(_page(here, kept.slug)).status_code == 200


def test_who_replaces_a_member_writes_the_part_too(
    client: Client, here: Alliance, ours: Organisation
) -> None:
    holder, replacing = somebody("Camille"), somebody("Lou")
    entrust(give(holder, Role.PARTY_MEMBER, here.stable_name, ours.stable_name), replacing)
    client.force_login(replacing)
    assert client.get(_page(here, ours.slug)).status_code == 200
