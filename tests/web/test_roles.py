"""Giving a role, changing its end, taking it back: what it gives, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from tests.factories import workplaces
from tests.factories.people import entrust, fresh, give, somebody

from alliage_web.accounts import actions
from alliage_web.accounts.actions import LastAdministratorError, RoleRefusedError
from alliage_web.accounts.models import PLATFORM, Delegation, Membership, Role, RoleHolding, User
from alliage_web.accounts.permissions import may_give, may_see_place
from alliage_web.accounts.queries import holdings_of
from alliage_web.audit.models import Event

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def _administrator(name: str = "Alix") -> User:
    return somebody(name, (Role.ADMINISTRATOR, PLATFORM))


def _page(client: Client, user: User, name: str, *arguments: Any) -> str:
    client.force_login(user)
    response = client.get(reverse(name, args=arguments), follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_an_administrator_gives_a_role_to_an_account_and_it_counts_at_once(client: Client) -> None:
    workplaces.fund()
    alix, lou = _administrator(), somebody("Lou")
    client.force_login(alix)
    response = client.post(
        reverse("workspaces:give", args=[workplaces.FUND]),
        {"email": "LOU@example.org", "role": "reviewer", "last_day": ""},
        follow=True,
    )
    assert "Lou : « Instruction des dossiers », c’est fait." in response.content.decode()
    assert may_see_place(fresh(lou), workplaces.FUND)
    event = Event.objects.get(kind="role.given")
    assert (event.target, event.by) == (workplaces.FUND, f"user:{alix.pk}")
    assert event.changes["person"] == [None, lou.stable_name]
    assert "Lou" not in str(event.changes)


def test_what_is_wrong_in_the_form_is_said_beside_the_field(client: Client) -> None:
    workplaces.fund()
    client.force_login(_administrator())
    response = client.post(
        reverse("workspaces:give", args=[workplaces.FUND]),
        {"email": "nobody@example.org", "role": "reviewer", "last_day": "2020-01-01"},
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "Aucun compte ouvert n’a cette adresse" in page
    assert "Cette date est passée" in page


def test_a_role_is_held_until_the_end_of_its_last_day_in_paris(client: Client) -> None:
    workplaces.fund()
    lou = somebody("Lou")
    client.force_login(_administrator())
    with time_machine.travel(NOW, tick=False):
        client.post(
            reverse("workspaces:give", args=[workplaces.FUND]),
            {"email": lou.email, "role": "reader", "last_day": "2026-12-31"},
        )
    workspace = reverse("workspaces:detail", args=[workplaces.FUND])
    client.force_login(lou)
    with time_machine.travel(dt.datetime(2026, 12, 31, 22, 59, 59, tzinfo=dt.UTC), tick=False):
        client.force_login(lou)
        assert "jusqu’au 31 décembre 2026" in client.get(workspace).content.decode()
    with time_machine.travel(dt.datetime(2026, 12, 31, 23, 0, 0, tzinfo=dt.UTC), tick=False):
        client.force_login(lou)
        assert client.get(workspace).status_code == 404


def test_a_role_that_expired_a_second_ago_gives_nothing(client: Client) -> None:
    workplaces.fund()
    lou = somebody("Lou", (Role.FUND_OFFICER, workplaces.FUND), until=NOW)
    invite = reverse("workspaces:invite", args=[workplaces.FUND])
    sent = {"emails": "max@example.org", "role": "reader", "last_day": "", "message": ""}
    with time_machine.travel(NOW - dt.timedelta(seconds=1), tick=False):
        client.force_login(lou)
        assert client.get(invite).status_code == 200
    with time_machine.travel(NOW + dt.timedelta(seconds=1), tick=False):
        client.force_login(lou)
        assert client.get(invite).status_code == 404
        assert client.post(invite, sent).status_code == 404
    assert not Event.objects.filter(kind="invitation.sent").exists()


def test_the_rights_of_whoever_gives_are_read_when_it_is_written() -> None:
    workplaces.fund()
    officer, lou = somebody("Sacha", (Role.FUND_OFFICER, workplaces.FUND)), somebody("Lou")
    assert holdings_of(officer)  # read at the beginning of the request, and kept
    RoleHolding.objects.filter(user=officer).delete()
    with pytest.raises(PermissionDenied):
        actions.give_role(user=lou, role=Role.REVIEWER, place=workplaces.FUND, by=officer, at=NOW)
    assert not RoleHolding.objects.filter(user=lou).exists()


@pytest.mark.parametrize("role", [Role.FUND_OFFICER, Role.FUND_AUDITOR])
def test_an_officer_gives_neither_its_own_role_nor_the_audit(role: Role) -> None:
    workplaces.fund()
    officer, lou = somebody("Sacha", (Role.FUND_OFFICER, workplaces.FUND)), somebody("Lou")
    with pytest.raises(PermissionDenied):
        actions.give_role(user=lou, role=role, place=workplaces.FUND, by=officer, at=NOW)


def test_who_created_an_alliance_and_its_catalyst_give_there_what_the_kind_says() -> None:
    author = somebody("Ana")
    workplaces.alliance(by=author)
    catalyst = somebody("Camille", (Role.CATALYST, workplaces.TERRITORY))
    elsewhere = somebody("Max", (Role.CATALYST, "territory:department/45"))
    member = somebody("Lou", (Role.PARTY_MEMBER, workplaces.ALLIANCE, workplaces.ORGANISATION))
    for person, may in ((author, True), (catalyst, True), (elsewhere, False), (member, False)):
        for role in (Role.PARTY_MEMBER, Role.READER):
            assert may_give(person, role, workplaces.ALLIANCE) is may
        assert not may_give(person, Role.ADMINISTRATOR, PLATFORM)


def test_acting_for_an_organisation_does_not_open_its_own_workspace() -> None:
    author, lou = somebody("Ana"), somebody("Lou")
    workplaces.alliance(by=author)
    actions.give_role(
        user=lou,
        role=Role.PARTY_MEMBER,
        place=workplaces.ALLIANCE,
        organisation=workplaces.ORGANISATION,
        by=author,
        at=NOW,
    )
    assert may_see_place(fresh(lou), workplaces.ALLIANCE)
    assert not may_see_place(fresh(lou), workplaces.ORGANISATION)
    assert not Membership.objects.exists()


def test_the_end_of_a_role_is_changed_and_what_was_entrusted_ends_with_it() -> None:
    workplaces.fund()
    alix, lou, max_ = _administrator(), somebody("Lou"), somebody("Max")
    holding = give(lou, Role.REVIEWER, workplaces.FUND)
    delegation = entrust(holding, max_)
    actions.change_role_end(holding=holding, expires_at=NOW + 10 * DAY, by=alix, at=NOW)
    delegation.refresh_from_db()
    assert delegation.ends_at == NOW + 10 * DAY
    actions.change_role_end(holding=holding, expires_at=None, by=alix, at=NOW + DAY)
    delegation.refresh_from_db()
    assert delegation.ends_at == NOW + 10 * DAY
    ends = [event.changes["expires_at"] for event in Event.objects.order_by("pk")]
    assert ends == [
        [None, (NOW + 10 * DAY).isoformat()],
        [(NOW + 10 * DAY).isoformat(), None],
    ]


def test_an_end_that_is_past_is_refused_by_the_action_too() -> None:
    workplaces.fund()
    holding = give(somebody("Lou"), Role.REVIEWER, workplaces.FUND)
    with pytest.raises(RoleRefusedError, match="past"):
        actions.change_role_end(holding=holding, expires_at=NOW, by=None, at=NOW)


def test_a_role_is_taken_back_after_a_page_that_says_what_follows(client: Client) -> None:
    workplaces.fund()
    alix, lou = _administrator(), somebody("Lou")
    holding = give(lou, Role.REVIEWER, workplaces.FUND)
    entrust(holding, somebody("Max"))
    asked = _page(client, alix, "workspaces:take", workplaces.FUND, holding.pk)
    assert "Dès maintenant, cette personne ne pourra plus" in asked
    assert RoleHolding.objects.filter(pk=holding.pk).exists()
    take = reverse("workspaces:take", args=[workplaces.FUND, holding.pk])
    page = client.post(take, follow=True).content.decode()
    assert "Le rôle est retiré." in page
    assert not may_see_place(fresh(lou), workplaces.FUND)
    assert not Delegation.objects.exists()
    # Sent twice: the second finds nothing any more, and says so by the address.
    assert client.post(take).status_code == 404


def test_two_people_who_take_the_same_role_back_record_it_once() -> None:
    workplaces.fund()
    holding = give(somebody("Lou"), Role.REVIEWER, workplaces.FUND)
    again = RoleHolding.objects.select_related("user").get()
    assert actions.take_role(holding=holding, by=None, at=NOW)
    assert not actions.take_role(holding=again, by=None, at=NOW)
    assert Event.objects.filter(kind="role.taken").count() == 1


def test_a_role_of_another_place_is_not_found_under_this_one(client: Client) -> None:
    workplaces.fund()
    officer = somebody("Sacha", (Role.FUND_OFFICER, workplaces.FUND))
    administrator = give(_administrator(), Role.EDITOR)
    client.force_login(officer)
    take = reverse("workspaces:take", args=[workplaces.FUND, administrator.pk])
    assert client.post(take).status_code == 404
    assert RoleHolding.objects.filter(pk=administrator.pk).exists()


def test_whoever_may_not_give_a_role_may_not_take_it_back(client: Client) -> None:
    workplaces.fund()
    officer = somebody("Sacha", (Role.FUND_OFFICER, workplaces.FUND))
    auditor = give(somebody("Claude"), Role.FUND_AUDITOR, workplaces.FUND)
    client.force_login(officer)
    for name in ("workspaces:take", "workspaces:change-end"):
        address = reverse(name, args=[workplaces.FUND, auditor.pk])
        assert client.post(address, {"last_day": "2030-01-01"}).status_code == 403
    auditor.refresh_from_db()
    assert auditor.expires_at is None


def test_a_person_leaves_a_role_by_themselves(client: Client) -> None:
    workplaces.fund()
    lou = somebody("Lou", (Role.READER, workplaces.FUND))
    holding = lou.role_holdings.get()
    assert "Pour le retrouver" in _page(client, lou, "accounts:leave-role", holding.pk)
    response = client.post(reverse("accounts:leave-role", args=[holding.pk]), follow=True)
    assert "Vous avez quitté ce rôle." in response.content.decode()
    assert Event.objects.get(kind="role.left").by == f"user:{lou.pk}"


def test_nobody_leaves_a_role_for_somebody_else(client: Client) -> None:
    workplaces.fund()
    holding = give(somebody("Lou"), Role.READER, workplaces.FUND)
    client.force_login(somebody("Max"))
    assert client.post(reverse("accounts:leave-role", args=[holding.pk])).status_code == 404


def test_leaving_an_organisation_ends_what_was_done_in_its_name(client: Client) -> None:
    workplaces.alliance()
    lou = somebody(
        "Lou",
        (Role.PARTY_MEMBER, workplaces.ALLIANCE, workplaces.ORGANISATION),
        (Role.READER, workplaces.ALLIANCE),
        member_of=[workplaces.ORGANISATION],
    )
    client.force_login(lou)
    membership = lou.memberships.get()
    client.post(reverse("accounts:leave-organisation", args=[membership.pk]))
    assert [holding.role for holding in lou.role_holdings.all()] == [Role.READER]
    assert not lou.memberships.exists()
    kinds = list(Event.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["role.left", "member.left"]


def test_a_member_removes_another_from_the_organisation(client: Client) -> None:
    workplaces.organisation()
    ana = somebody("Ana", member_of=[workplaces.ORGANISATION])
    lou = somebody("Lou", member_of=[workplaces.ORGANISATION])
    address = reverse(
        "workspaces:remove-member", args=[workplaces.ORGANISATION, lou.memberships.get().pk]
    )
    client.force_login(somebody("Max", (Role.READER, workplaces.ORGANISATION)))
    assert client.post(address).status_code == 403
    client.force_login(ana)
    client.post(address)
    assert not lou.memberships.exists()


# The last administrator -----------------------------------------------------------------------


def test_the_last_administrator_cannot_be_removed_nor_leave_nor_be_given_an_end(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    alix = _administrator()
    dated = somebody("Lou", (Role.ADMINISTRATOR, PLATFORM), until=timezone.now() + 9 * DAY)
    holding = alix.role_holdings.get()
    client.force_login(dated)
    take = client.post(reverse("workspaces:take", args=[PLATFORM, holding.pk]), follow=True)
    end = client.post(
        reverse("workspaces:change-end", args=[PLATFORM, holding.pk]),
        {"last_day": "2999-01-01"},
        follow=True,
    )
    client.force_login(alix)
    leave = client.post(reverse("accounts:leave-role", args=[holding.pk]), follow=True)
    for response in (take, end, leave):
        assert "la dernière personne qui administre" in response.content.decode()
    holding.refresh_from_db()
    assert holding.expires_at is None
    assert "last administrator" in caplog.text
    assert not Event.objects.exists()


def test_an_administrator_whose_account_is_closed_does_not_count() -> None:
    alix, lou = _administrator(), _administrator("Lou")
    User.objects.filter(pk=lou.pk).update(is_active=False)
    with pytest.raises(LastAdministratorError):
        actions.take_role(holding=alix.role_holdings.get(), by=None, at=NOW)


# Commands --------------------------------------------------------------------------------------


def test_the_first_administrator_is_created_with_a_link_that_sets_a_password(
    client: Client, capsys: pytest.CaptureFixture[str], mailoutbox: list[Any]
) -> None:
    call_command("create_administrator", "Alix@Example.org", "--name", "Alix")
    printed = capsys.readouterr().out
    link = next(word for word in printed.split() if word.startswith("http"))
    assert link in mailoutbox[0].body
    path = link.split(":8000", maxsplit=1)[1]
    page = client.get(path, follow=True)
    address = page.redirect_chain[-1][0]
    secret = "une longue phrase de passe"
    client.post(address, {"password1": secret, "password2": secret}, follow=True)
    alix = User.objects.get(email="alix@example.org")
    assert alix.check_password(secret)
    assert Role.ADMINISTRATOR in {held.role for held in holdings_of(alix)}
    assert Event.objects.filter(kind="person.created", target=alix.stable_name).exists()
    # Used once: the link opens nothing any more.
    again = client.get(path, follow=True)
    assert "password1" not in again.content.decode()


def test_an_account_that_exists_keeps_its_password(capsys: pytest.CaptureFixture[str]) -> None:
    lou = User.objects.create_user("lou@example.org", "une phrase", name="Lou")
    call_command("create_administrator", "lou@example.org")
    assert "administers the platform from now on" in capsys.readouterr().out
    lou.refresh_from_db()
    assert lou.check_password("une phrase")
    assert holdings_of(lou)[0].role == Role.ADMINISTRATOR


def test_creating_an_administrator_says_what_is_missing() -> None:
    with pytest.raises(CommandError, match="not an e-mail address"):
        call_command("create_administrator", "alix")
    with pytest.raises(CommandError, match="give --name"):
        call_command("create_administrator", "alix@example.org")
    assert not User.objects.exists()


def test_the_superuser_of_django_is_replaced_and_says_by_what() -> None:
    with pytest.raises(CommandError, match="create-administrator"):
        call_command(
            "createsuperuser", "--noinput", "--email", "alix@example.org", "--name", "Alix"
        )
    assert not User.objects.exists()
