"""Workspaces, « my roles » and « my space »: what each person finds there."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.urls import reverse
from tests.factories import workplaces
from tests.factories.pages import read
from tests.factories.people import SINCE, entrust, give, somebody

from alliage_web.accounts import actions
from alliage_web.accounts.models import PLATFORM, Role, User
from alliage_web.accounts.views.words import day

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def _get(client: Client, user: User, name: str, *arguments: str) -> str:
    client.force_login(user)
    response = client.get(reverse(name, args=arguments))
    assert response.status_code == 200
    return read(response)


def test_a_visitor_signs_in_first_and_a_stranger_finds_nothing(client: Client) -> None:
    workplaces.fund()
    for name in (workplaces.FUND, "fund:none", "alliance:none", PLATFORM, "observatory"):
        address = reverse("workspaces:detail", args=[name])
        client.logout()
        assert client.get(address).status_code == 302
        client.force_login(User.objects.filter(name="Lou").first() or somebody("Lou"))
        assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/espaces/fund/",
        "/espaces/fund/a/b/",
        "/espaces/unknown/x/",
        "/espaces/territory/department/",
        "/espaces/platform/x/",
        "/espaces/fund/%00/",
        "/espaces/territory/department/%00/",
    ],
)
def test_an_address_that_names_no_place_is_not_found(client: Client, address: str) -> None:
    client.force_login(somebody("Alix", (Role.ADMINISTRATOR, PLATFORM)))
    assert client.get(address).status_code == 404


def test_a_workspace_tells_who_holds_what_and_offers_what_the_reader_may_do(
    client: Client,
) -> None:
    workplaces.fund()
    sacha = somebody("Sacha", (Role.FUND_OFFICER, workplaces.FUND))
    holding = give(somebody("Noa"), Role.REVIEWER, workplaces.FUND)
    give(somebody("Ended"), Role.REVIEWER, workplaces.FUND, until=NOW - 100 * DAY)
    page = _get(client, sacha, "workspaces:detail", workplaces.FUND)
    assert "Noa" in page
    assert "Ended" not in page
    assert reverse("workspaces:take", args=[workplaces.FUND, holding.pk]) in page
    assert reverse("workspaces:invite", args=[workplaces.FUND]) in page
    assert reverse("workspaces:give", args=[workplaces.FUND]) not in page
    reader = somebody("Lou", (Role.READER, workplaces.FUND))
    page = _get(client, reader, "workspaces:detail", workplaces.FUND)
    assert reverse("workspaces:take", args=[workplaces.FUND, holding.pk]) not in page
    assert reverse("workspaces:invite", args=[workplaces.FUND]) not in page
    assert reverse("accounts:leave-role", args=[reader.role_holdings.get().pk]) in page


def test_the_story_of_a_workspace_names_people_and_days(client: Client) -> None:
    workplaces.fund()
    sacha, noa = somebody("Sacha", (Role.FUND_OFFICER, workplaces.FUND)), somebody("Noa")
    actions.give_role(
        user=noa, role=Role.REVIEWER, place=workplaces.FUND, by=sacha, at=NOW,
        expires_at=dt.datetime(2999, 12, 31, 23, 0, tzinfo=dt.UTC),
    )  # fmt: skip
    page = _get(client, sacha, "workspaces:detail", workplaces.FUND)
    assert "Rôle donné" in page
    assert '<ins><span class="visually-hidden">Après : </span>Noa</ins>' in page
    assert "Instruction des dossiers</ins>" in page
    assert "31 décembre 2999" in page


def test_the_members_of_an_organisation_are_named_to_its_members(client: Client) -> None:
    workplaces.organisation()
    ana = somebody("Ana", member_of=[workplaces.ORGANISATION])
    somebody("Lou", member_of=[workplaces.ORGANISATION])
    page = _get(client, ana, "workspaces:detail", workplaces.ORGANISATION)
    assert f"Membre depuis le {day(SINCE)}" in page
    assert "Lou" in page
    assert "Quitter" in page


@pytest.mark.one_engine
def test_each_kind_of_place_has_a_workspace(client: Client) -> None:
    workplaces.alliance()
    workplaces.fund()
    alix = somebody("Alix", (Role.ADMINISTRATOR, PLATFORM))
    for name in (
        PLATFORM, "observatory", workplaces.FUND, workplaces.ALLIANCE, workplaces.ORGANISATION,
        workplaces.TERRITORY,
    ):  # fmt: skip
        assert "Espace de travail" in _get(client, alix, "workspaces:detail", name)
        _get(client, alix, "workspaces:access", name)
        _get(client, alix, "workspaces:invite", name)
        _get(client, alix, "workspaces:give", name)


def test_the_observatory_leads_to_its_public_page(client: Client) -> None:
    noa = somebody("Noa", (Role.RESEARCHER, "observatory"))
    page = _get(client, noa, "workspaces:detail", "observatory")
    assert "n’a pas encore de page" not in page
    assert 'href="/observatoire/">Page publique' in page


def test_my_spaces_are_those_where_i_have_a_place(client: Client) -> None:
    workplaces.alliance()
    workplaces.fund()
    lou = somebody("Lou", (Role.READER, workplaces.FUND), member_of=[workplaces.ORGANISATION])
    page = _get(client, lou, "workspaces:index")
    assert reverse("workspaces:detail", args=[workplaces.FUND]) in page
    assert reverse("workspaces:detail", args=[workplaces.ORGANISATION]) in page
    assert reverse("workspaces:detail", args=[workplaces.ALLIANCE]) not in page
    alix = somebody("Alix", (Role.ADMINISTRATOR, PLATFORM))
    page = _get(client, alix, "workspaces:index")
    assert "Les autres espaces" in page
    assert reverse("workspaces:detail", args=[workplaces.FUND]) in page
    assert "Aucun espace ne vous est ouvert" in _get(client, somebody("Max"), "workspaces:index")


def test_my_roles_tell_where_until_when_and_why(client: Client) -> None:
    workplaces.alliance()
    workplaces.fund()
    lou = somebody("Lou", member_of=[workplaces.ORGANISATION])
    holding = give(lou, Role.REVIEWER, workplaces.FUND, until=NOW + 30 * DAY)
    holding.granted_by = somebody("Sacha")
    holding.save()
    give(lou, Role.PARTY_MEMBER, workplaces.ALLIANCE, workplaces.ORGANISATION)
    entrust(holding, somebody("Ana"))
    with time_machine.travel(NOW, tick=False):
        page = _get(client, lou, "accounts:roles")
    assert "donné par Sacha" in page
    assert "jusqu’au 21 décembre 2026" in page
    assert "pour L’acteur" in page
    assert "Ana vous remplace" in page
    assert "Membre depuis le" in page


def test_a_newcomer_finds_what_to_do_in_an_empty_space(client: Client) -> None:
    page = _get(client, somebody("Lou"), "accounts:home")
    assert "Bonjour Lou." in page
    assert "demandez une invitation" in page
    assert "Ce qui vous attend" not in page
    assert "Vous ne tenez aucun rôle" in _get(client, User.objects.get(), "accounts:roles")


def test_my_space_tells_what_waits_for_me(client: Client) -> None:
    workplaces.fund()
    lou, sacha = somebody("Lou"), somebody("Sacha", (Role.FUND_OFFICER, workplaces.FUND))
    give(lou, Role.COMMITTEE_MEMBER, workplaces.FUND, until=NOW + 10 * DAY)
    give(lou, Role.READER, workplaces.FUND, until=NOW + 100 * DAY)
    entrust(sacha.role_holdings.get(), lou)
    actions.invite(emails=[lou.email], role=Role.REVIEWER, place=workplaces.FUND, by=sacha, at=NOW)
    with time_machine.travel(NOW + DAY, tick=False):
        page = _get(client, lou, "accounts:home")
    assert "Sacha vous invite : « Instruction des dossiers », Le fonds." in page
    assert "Votre rôle « Membre du comité », Le fonds, finit le" in page
    assert "Votre rôle « Lecture »" not in page
    assert "Vous remplacez Sacha" in page


@pytest.mark.parametrize("count", [2, 12])
def test_a_workspace_asks_the_same_number_of_queries_whoever_is_in_it(
    client: Client, django_assert_max_num_queries: Any, count: int
) -> None:
    workplaces.fund()
    client.force_login(somebody("Sacha", (Role.FUND_OFFICER, workplaces.FUND)))
    for number in range(count):
        holding = give(somebody(f"P{number}"), Role.REVIEWER, workplaces.FUND)
        entrust(holding, somebody(f"Q{number}"))
        actions.invite(
            emails=[f"a{number}@example.org"], role=Role.READER, place=workplaces.FUND, by=None,
            at=NOW,
        )  # fmt: skip
    with django_assert_max_num_queries(24):
        client.get(reverse("workspaces:detail", args=[workplaces.FUND]))
