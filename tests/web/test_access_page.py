"""« Who may see or do what here, and why »: everybody, exactly, with the true reasons."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories import workplaces
from tests.factories.pages import read
from tests.factories.people import SINCE, entrust, fresh, give, somebody

from alliage_web.accounts.models import HELD_AT, PLATFORM, Membership, Role, User
from alliage_web.accounts.permissions import (
    asked_at,
    enabling_roles,
    people_who_give,
    reasons_of,
    who_may,
)
from alliage_web.accounts.queries import MEMBER, place
from alliage_web.accounts.views.words import day

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.accounts.queries import Place

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
#: Each kind of place, here and elsewhere.
PLACES = {
    "platform": (PLATFORM,),
    "observatory": ("observatory",),
    "fund": (workplaces.FUND, "fund:autre"),
    "alliance": (workplaces.ALLIANCE, "alliance:autre"),
    "organisation": (workplaces.ORGANISATION, "organisation:autre"),
    "territory": (workplaces.TERRITORY, "territory:department/45"),
}
HOLDINGS = tuple((role, name) for role in Role for kind in HELD_AT[role] for name in PLACES[kind])


def _where(name: str) -> Place:
    found = place(name)
    assert found
    return found


def _everything(author: User | None = None) -> list[Place]:
    """Write one place of each kind, made by the author."""
    organisation = workplaces.organisation(by=author)
    workplaces.alliance(by=author, party=organisation)
    workplaces.fund()
    return [_where(names[0]) for names in PLACES.values()]


_people = st.lists(
    st.fixed_dictionaries(
        {
            "holdings": st.lists(
                st.tuples(st.sampled_from(HOLDINGS), st.sampled_from([None, -1, 1])),
                max_size=3,
                unique_by=lambda held: held[0],
            ),
            "member_of": st.sets(st.sampled_from(PLACES["organisation"])),
            "replaces": st.booleans(),
            "closed": st.booleans(),
        }
    ),
    min_size=1,
    max_size=4,
)


def _write(people: list[dict[str, Any]]) -> list[User]:
    written: list[User] = []
    for number, wanted in enumerate(people):
        person = somebody(f"P{number}", member_of=sorted(wanted["member_of"]))
        for (role, name), days in wanted["holdings"]:
            organisation = workplaces.ORGANISATION if role == Role.PARTY_MEMBER else ""
            until = None if days is None else NOW + days * DAY
            give(person, role, name, organisation, until=until)
        if wanted["replaces"] and written:
            for holding in written[-1].role_holdings.all():
                entrust(holding, person)
        written.append(person)
    for person, wanted in zip(written, people, strict=True):
        if wanted["closed"]:
            User.objects.filter(pk=person.pk).update(is_active=False)
    return written


@given(people=_people)
@settings(max_examples=30)
def test_the_page_says_yes_exactly_when_the_permission_does(people: list[dict[str, Any]]) -> None:
    with transaction.atomic(), time_machine.travel(NOW, tick=False):
        author, newcomer = somebody("Author"), somebody("Newcomer")
        places = _everything(author)
        # Each is loaded once, as in a request, and asked for every place.
        everybody: list[User | AnonymousUser] = [AnonymousUser()]
        everybody += [fresh(one) for one in (*_write(people), author, newcomer)]
        for where in places:
            for one in who_may(where, NOW):
                permission = one.granted.permission
                for asked in everybody:
                    assert one.says_yes(asked) is asked.has_perm(permission, where.object)
                listed = [has.person.pk for has in one.people]
                assert len(set(listed)) == len(listed)
                for has in one.people:
                    assert has.reasons
        transaction.set_rollback(True)


@given(people=_people)
@settings(max_examples=15)
def test_the_reasons_are_enough_and_nothing_else_is_one(people: list[dict[str, Any]]) -> None:
    """What a reason names is held now, and would be enough by itself."""
    with transaction.atomic(), time_machine.travel(NOW, tick=False):
        author = somebody("Author")
        places = _everything(author)
        _write(people)
        for where in places:
            for one in who_may(where, NOW):
                for has in one.people:
                    person = fresh(has.person)
                    assert reasons_of(person, one.granted, where) == has.reasons
                    for reason in has.reasons:
                        for held in reason.held:
                            assert held.until is None or held.until > NOW
                            assert held.since <= NOW
                        if not reason.held and not reason.memberships:
                            assert person == author
        transaction.set_rollback(True)


@pytest.mark.parametrize("kind", PLACES)
def test_what_is_said_to_be_enough_is_enough(kind: str) -> None:
    _everything()
    where = _where(PLACES[kind][0])
    for granted in asked_at(where):
        for role in enabling_roles(granted, where):
            person = somebody(f"{granted.permission} {role or 'member'}"[:60].replace("@", ""))
            if role == MEMBER:
                Membership.objects.create(user=person, organisation=where.name, since=NOW)
            else:
                here = where.name if where.kind in HELD_AT[Role(role)] else PLATFORM
                organisation = workplaces.ORGANISATION if role == Role.PARTY_MEMBER else ""
                give(person, Role(role), here, organisation)
            assert fresh(person).has_perm(granted.permission, where.object)


def test_the_page_names_who_gave_the_role_until_when_and_who_is_replaced(client: Client) -> None:
    workplaces.fund()
    sacha = somebody("Sacha")
    holding = give(sacha, Role.FUND_OFFICER, workplaces.FUND, until=NOW + 30 * DAY)
    holding.granted_by = somebody("Alix", (Role.ADMINISTRATOR, PLATFORM))
    holding.save()
    lou = somebody("Lou")
    entrust(holding, lou)
    address = reverse("workspaces:access", args=[workplaces.FUND])
    with time_machine.travel(NOW, tick=False):
        client.force_login(lou)
        by_permission = read(client.get(address))
        by_person = read(client.get(address, {"par": "personne"}))
    for page in (by_permission, by_person):
        assert f"donné par Alix, depuis le {day(SINCE)}, jusqu’au 21 décembre 2026" in page
        assert "en remplaçant Sacha" in page
        assert "Gère le fonds" in page
        assert "Administre la plateforme" in page


def test_what_everyone_may_is_said_once_and_nobody_is_listed_for_it(client: Client) -> None:
    client.force_login(somebody("Alix", (Role.ADMINISTRATOR, PLATFORM)))
    address = reverse("workspaces:access", args=[PLATFORM])
    page = read(client.get(address))
    assert "Toute personne connectée à son compte." in page
    by_person = read(client.get(address, {"par": "personne"}))
    assert "<h3>Tout le monde</h3>" in by_person


def _ask(client: Client, name: str, who: object, permission: str) -> str:
    response = client.get(
        reverse("workspaces:access", args=[name]), {"qui": str(who), "droit": permission}
    )
    assert response.status_code == 200
    return read(response)


def test_the_question_is_answered_with_the_reason_or_with_what_would_be_needed(
    client: Client,
) -> None:
    workplaces.fund()
    somebody("Alix", (Role.ADMINISTRATOR, PLATFORM))
    sacha = somebody("Sacha", (Role.FUND_OFFICER, workplaces.FUND))
    claude = somebody("Claude", (Role.FUND_AUDITOR, workplaces.FUND))
    client.force_login(sacha)
    yes = _ask(client, workplaces.FUND, sacha.pk, "fund.write_workspace")
    assert "Oui. Sacha" in yes
    assert "Gère le fonds" in yes
    no = _ask(client, workplaces.FUND, claude.pk, "fund.write_workspace")
    assert "Non. Claude ne peut pas" in no
    assert "Gestion du fonds : ce rôle est donné par Alix." in no
    visitor = _ask(client, workplaces.FUND, "visiteur", "fund.see_workspace")
    assert "Lecture : ce rôle est donné par Alix, Sacha." in visitor


def test_a_question_about_nobody_or_nothing_is_not_answered(client: Client) -> None:
    workplaces.fund()
    client.force_login(somebody("Sacha", (Role.FUND_OFFICER, workplaces.FUND)))
    response = client.get(
        reverse("workspaces:access", args=[workplaces.FUND]), {"qui": "999", "droit": "x"}
    )
    assert response.status_code == 422


def test_only_who_sees_the_workspace_reads_the_page(client: Client) -> None:
    workplaces.fund()
    client.force_login(somebody("Lou"))
    address = reverse("workspaces:access", args=[workplaces.FUND])
    assert client.get(address).status_code == 404


def test_those_who_give_a_role_are_found_among_everybody() -> None:
    author = somebody("Ana")
    workplaces.alliance(by=author)
    camille = somebody("Camille", (Role.CATALYST, workplaces.TERRITORY))
    alix = somebody("Alix", (Role.ADMINISTRATOR, PLATFORM))
    somebody("Max", (Role.CATALYST, "territory:department/45"))
    givers = people_who_give(Role.READER, _where(workplaces.ALLIANCE), NOW)
    assert givers == [alix, author, camille]


@pytest.mark.parametrize("count", [2, 12])
def test_the_number_of_queries_does_not_grow_with_people(
    client: Client, django_assert_max_num_queries: Any, count: int
) -> None:
    workplaces.fund()
    client.force_login(somebody("Sacha", (Role.FUND_OFFICER, workplaces.FUND)))
    for number in range(count):
        somebody(f"P{number}", (Role.READER, workplaces.FUND), (Role.EDITOR, PLATFORM))
    with django_assert_max_num_queries(20):
        client.get(reverse("workspaces:access", args=[workplaces.FUND]))
