"""Being replaced while away: what it gives, when, and what cannot be entrusted."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from tests.factories import workplaces
from tests.factories.people import entrust, fresh, give, somebody

from alliage_web.accounts import actions
from alliage_web.accounts.actions import DelegationFault, DelegationRefusedError
from alliage_web.accounts.models import PLATFORM, Delegation, Role, RoleHolding, User
from alliage_web.accounts.permissions import may_see_place
from alliage_web.accounts.queries import holdings_of
from alliage_web.audit.models import Event

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def holding() -> RoleHolding:
    workplaces.fund()
    return give(somebody("Sacha"), Role.FUND_OFFICER, workplaces.FUND)


def _delegate(holding: RoleHolding, to: User, **more: Any) -> Delegation:
    wanted: dict[str, Any] = {
        "starts_at": NOW,
        "ends_at": NOW + 10 * DAY,
        "by": holding.user,
    } | more
    return actions.delegate_role(holding=holding, delegate=to, at=NOW, **wanted)


def _held_at(moment: dt.datetime, person: User) -> list[str]:
    with time_machine.travel(moment, tick=False):
        return [held.role for held in holdings_of(fresh(person))]


def test_a_person_chooses_a_role_somebody_and_two_days(
    client: Client, holding: RoleHolding
) -> None:
    lou = somebody("Lou", (Role.READER, workplaces.FUND))
    with time_machine.travel(NOW, tick=False):
        client.force_login(holding.user)
        page = client.get(reverse("accounts:delegate")).content.decode()
        assert "Lou" in page
        response = client.post(
            reverse("accounts:delegate"),
            {
                "holding": holding.pk, "person": lou.pk, "email": "",
                "first_day": "2026-11-23", "last_day": "2026-11-30",
            },
            follow=True,
        )  # fmt: skip
    said = response.content.decode()
    assert "Lou vous remplace du 23 novembre 2026 au 30 novembre 2026" in said
    midnight = dt.datetime(2026, 11, 22, 23, 0, tzinfo=dt.UTC)
    last = dt.datetime(2026, 11, 30, 23, 0, tzinfo=dt.UTC)
    second = dt.timedelta(seconds=1)
    assert _held_at(midnight - second, lou) == [Role.READER]
    assert _held_at(midnight, lou) == [Role.READER, Role.FUND_OFFICER]
    assert _held_at(last - second, lou) == [Role.READER, Role.FUND_OFFICER]
    assert _held_at(last, lou) == [Role.READER]
    with time_machine.travel(midnight, tick=False):
        client.force_login(lou)
        mine = client.get(reverse("accounts:roles")).content.decode()
    assert "Vous remplacez Sacha du 23 novembre 2026 au 30 novembre 2026" in mine


def test_what_is_written_in_a_replacement_is_in_the_name_of_who_is_away(
    client: Client, holding: RoleHolding
) -> None:
    lou = somebody("Lou")
    _delegate(holding, lou)
    with time_machine.travel(NOW + DAY, tick=False):
        client.force_login(lou)
        client.post(
            reverse("workspaces:invite", args=[workplaces.FUND]),
            {"emails": "max@example.org", "role": "reader", "last_day": "", "message": ""},
        )
        workspace = client.get(reverse("workspaces:detail", args=[workplaces.FUND]))
    event = Event.objects.get(kind="invitation.sent")
    assert event.by == f"user:{lou.pk}"
    assert event.on_behalf_of == f"user:{holding.user.pk}"
    said = workspace.content.decode()
    assert "Remplacement par Lou du 21 novembre 2026 au 1er décembre 2026, 13:00" in said


def test_an_officer_who_gives_in_their_own_name_stands_in_for_nobody() -> None:
    workplaces.fund()
    lou = somebody("Lou", (Role.FUND_OFFICER, workplaces.FUND))
    max_ = somebody("Max", (Role.FUND_OFFICER, workplaces.FUND))
    entrust(max_.role_holdings.get(), lou)
    with time_machine.travel(NOW, tick=False):
        actions.give_role(
            user=somebody("Ana"), role=Role.READER, place=workplaces.FUND, by=fresh(lou), at=NOW
        )
    assert Event.objects.get(kind="role.given").on_behalf_of == ""


def test_the_end_of_the_role_the_account_or_the_replacement_ends_it(holding: RoleHolding) -> None:
    lou = somebody("Lou")
    delegation = _delegate(holding, lou)
    assert _held_at(NOW + DAY, lou) == [Role.FUND_OFFICER]
    User.objects.filter(pk=holding.user.pk).update(is_active=False)
    assert _held_at(NOW + DAY, lou) == []
    User.objects.filter(pk=holding.user.pk).update(is_active=True)
    RoleHolding.objects.filter(pk=holding.pk).update(expires_at=NOW + 2 * DAY)
    assert _held_at(NOW + 2 * DAY, lou) == []
    RoleHolding.objects.filter(pk=holding.pk).update(expires_at=None)
    assert actions.end_delegation(delegation=delegation, by=holding.user, at=NOW + DAY)
    assert _held_at(NOW + DAY, lou) == []
    assert not actions.end_delegation(delegation=delegation, by=lou, at=NOW + DAY)


def test_what_was_received_is_not_passed_on(client: Client, holding: RoleHolding) -> None:
    lou, max_ = somebody("Lou"), somebody("Max")
    _delegate(holding, lou)
    with pytest.raises(PermissionDenied):
        _delegate(holding, max_, by=lou)
    with time_machine.travel(NOW + DAY, tick=False):
        client.force_login(lou)
        page = client.get(reverse("accounts:delegate")).content.decode()
    assert "Aucun rôle à confier" in page


@pytest.mark.parametrize(
    ("why", "more"),
    [
        (DelegationFault.DATES, {"ends_at": NOW}),
        (DelegationFault.DATES, {"starts_at": NOW - 9 * DAY, "ends_at": NOW - DAY}),
        (DelegationFault.LONG, {"ends_at": NOW + 93 * DAY}),
        (DelegationFault.BEYOND, {"ends_at": NOW + 51 * DAY}),
    ],
)
def test_dates_that_cannot_be_are_refused(
    holding: RoleHolding, why: DelegationFault, more: dict[str, Any]
) -> None:
    holding.expires_at = NOW + 50 * DAY
    holding.save()
    with pytest.raises(DelegationRefusedError) as refusal:
        _delegate(holding, somebody("Lou"), **more)
    assert refusal.value.why == why


def test_somebody_who_cannot_replace_is_refused(holding: RoleHolding) -> None:
    closed, same = somebody("Lou"), somebody("Max", (Role.FUND_OFFICER, workplaces.FUND))
    User.objects.filter(pk=closed.pk).update(is_active=False)
    twice = somebody("Ana")
    _delegate(holding, twice)
    for person, why in (
        (closed, DelegationFault.CLOSED),
        (same, DelegationFault.HOLDS),
        (holding.user, DelegationFault.SELF),
        (twice, DelegationFault.TWICE),
    ):
        with pytest.raises(DelegationRefusedError) as refusal:
            _delegate(holding, person)
        assert refusal.value.why == why
    holding.expires_at = NOW
    holding.save()
    with pytest.raises(DelegationRefusedError) as refusal:
        _delegate(holding, somebody("Noa"))
    assert refusal.value.why == DelegationFault.ENDED


@pytest.mark.parametrize(
    ("role", "place"), [(Role.ADMINISTRATOR, PLATFORM), (Role.RESEARCHER, "observatory")]
)
def test_administration_and_research_are_not_entrusted(role: Role, place: str) -> None:
    holding = give(somebody("Alix"), role, place)
    with pytest.raises(DelegationRefusedError) as refusal:
        _delegate(holding, somebody("Lou"))
    assert refusal.value.why == DelegationFault.NOT_DELEGATED


def test_a_party_member_is_replaced_by_somebody_of_the_same_organisation() -> None:
    workplaces.alliance()
    holding = give(somebody("Lou"), Role.PARTY_MEMBER, workplaces.ALLIANCE, workplaces.ORGANISATION)
    with pytest.raises(DelegationRefusedError) as refusal:
        _delegate(holding, somebody("Max"))
    assert refusal.value.why == DelegationFault.ORGANISATION
    ana = somebody("Ana", member_of=[workplaces.ORGANISATION])
    _delegate(holding, ana)
    assert _held_at(NOW + DAY, ana) == [Role.PARTY_MEMBER]
    actions.leave_organisation(membership=ana.memberships.get(), by=ana, at=NOW + DAY)
    assert _held_at(NOW + DAY, ana) == []


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"email": "none@example.org"}, "Aucun compte ouvert n’a cette adresse"),
        ({}, "Choisissez qui vous remplace"),
        ({"email": "lou@example.org", "last_day": "2026-11-01"}, "La fin doit venir après"),
        ({"email": "lou@example.org", "last_day": "2027-11-01"}, "Trois mois au plus"),
        ({"email": "lou@example.org", "first_day": "2026-11-01"}, "Cette date est passée"),
        ({"email": "sacha@example.org"}, "C’est vous."),
    ],
)
def test_the_form_says_what_to_change(
    client: Client, holding: RoleHolding, sent: dict[str, str], said: str
) -> None:
    somebody("Lou")
    whole = {
        "holding": str(holding.pk), "person": "", "email": "", "first_day": "2026-11-21",
        "last_day": "2026-11-25",
    } | sent  # fmt: skip
    with time_machine.travel(NOW, tick=False):
        client.force_login(holding.user)
        response = client.post(reverse("accounts:delegate"), whole)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Delegation.objects.exists()


def test_both_may_end_it_and_nobody_else_finds_it(client: Client, holding: RoleHolding) -> None:
    lou = somebody("Lou")
    delegation = entrust(holding, lou)
    address = reverse("accounts:end-delegation", args=[delegation.pk])
    client.force_login(somebody("Max"))
    assert client.post(address).status_code == 404
    client.force_login(lou)
    assert "Lou ne remplacera plus Sacha" in client.get(address).content.decode()
    assert "Le remplacement est arrêté." in client.post(address, follow=True).content.decode()
    assert not may_see_place(fresh(lou), workplaces.FUND)
    with pytest.raises(PermissionDenied):
        actions.end_delegation(delegation=entrust(holding, somebody("Ana")), by=lou, at=NOW)


def test_a_replacement_that_has_not_begun_is_called_off(holding: RoleHolding) -> None:
    delegation = _delegate(holding, somebody("Lou"), starts_at=NOW + 5 * DAY)
    assert actions.end_delegation(delegation=delegation, by=holding.user, at=NOW + DAY)
    assert not Delegation.objects.exists()
