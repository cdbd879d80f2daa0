"""People who write about the same roles at the same moment."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import PermissionDenied
from tests.factories import workplaces
from tests.factories.people import entrust, fresh, give, somebody
from tests.factories.threads import alone, database_on_disk, together

from alliage_web.accounts import actions
from alliage_web.accounts.actions import (
    DelegationFault,
    DelegationRefusedError,
    InvitationFault,
    InvitationRefusedError,
    LastAdministratorError,
    TooManyInvitationsError,
)
from alliage_web.accounts.models import PLATFORM, Delegation, Invitation, Role, RoleHolding, User
from alliage_web.audit.models import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.django_db(transaction=True)
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ROUNDS = 5


@pytest.fixture(autouse=True)
def _on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database_on_disk(tmp_path, monkeypatch)


def _administrators(*names: str) -> list[User]:
    def write() -> list[User]:
        RoleHolding.objects.all().delete()
        return [somebody(name, (Role.ADMINISTRATOR, PLATFORM)) for name in names]

    return alone(write)


def _removes(by: User, whom: User) -> Callable[[], bool]:
    def remove() -> bool:
        holding = RoleHolding.objects.select_related("user").get(user=whom)
        return actions.take_role(holding=holding, by=by, at=NOW)

    return remove


def _how_many(role: Role) -> int:
    return alone(lambda: RoleHolding.objects.filter(role=role).count())


def test_two_administrators_who_remove_each_other_leave_one() -> None:
    for number in range(ROUNDS):
        alix, lou = _administrators(f"Alix {number}", f"Lou {number}")
        results = together(_removes(alix, lou), _removes(lou, alix))
        refused = [one for one in results if one is not True]
        assert len(refused) == 1
        # The second is refused, whichever of the two reasons it meets first; or it came after.
        assert isinstance(
            refused[0], (PermissionDenied, LastAdministratorError, RoleHolding.DoesNotExist)
        )
        assert _how_many(Role.ADMINISTRATOR) == 1


def test_of_three_administrators_one_who_was_removed_meanwhile_removes_nobody() -> None:
    for number in range(ROUNDS):
        alix, lou, _third = _administrators(f"Alix {number}", f"Lou {number}", f"Max {number}")
        together(_removes(alix, lou), _removes(lou, alix))
        assert _how_many(Role.ADMINISTRATOR) == 2


def test_a_role_given_twice_at_once_is_held_once() -> None:
    lou = alone(lambda: somebody("Lou"))

    def give_it() -> None:
        actions.give_role(user=lou, role=Role.EDITOR, place=PLATFORM, by=None, at=NOW)

    assert together(give_it, give_it) == [None, None]
    assert _how_many(Role.EDITOR) == 1
    assert alone(lambda: Event.objects.filter(kind="role.given").count()) == 1


def test_an_invitation_accepted_twice_at_once_is_accepted_once() -> None:
    def write() -> tuple[Invitation, User]:
        issued = actions.invite(
            emails=["lou@example.org"], role=Role.EDITOR, place=PLATFORM, by=None, at=NOW
        )
        return issued[0].invitation, somebody("Lou")

    invitation, lou = alone(write)

    def accept() -> Invitation:
        return actions.accept_invitation(invitation=invitation, by=lou, at=NOW)

    assert together(accept, accept, accept) == [invitation] * 3
    assert _how_many(Role.EDITOR) == 1
    assert alone(lambda: Event.objects.filter(kind="invitation.accepted").count()) == 1


def test_an_invitation_cancelled_while_it_is_accepted_ends_one_way_only() -> None:
    for number in range(ROUNDS):

        def write(number: int = number) -> tuple[Invitation, User, User]:
            alix = somebody(f"Alix {number}", (Role.ADMINISTRATOR, PLATFORM))
            lou = somebody(f"Lou {number}")
            issued = actions.invite(
                emails=[lou.email], role=Role.EDITOR, place=PLATFORM, by=alix, at=NOW
            )
            return issued[0].invitation, alix, lou

        invitation, alix, lou = alone(write)

        def accept(invitation: Invitation = invitation, lou: User = lou) -> str:
            try:
                actions.accept_invitation(invitation=invitation, by=lou, at=NOW)
            except InvitationRefusedError as refusal:
                return refusal.why
            return "accepted"

        def cancel(invitation: Invitation = invitation, alix: User = alix) -> bool:
            return actions.cancel_invitation(invitation=invitation, by=alix, at=NOW)

        accepted, cancelled = together(accept, cancel)
        assert (accepted, cancelled) in {("accepted", False), (InvitationFault.CANCELLED, True)}
        held = alone(lambda lou=lou: RoleHolding.objects.filter(user=lou).exists())  # type: ignore[misc]
        assert held is (accepted == "accepted")


def test_forms_sent_together_do_not_pass_the_limit_of_a_day() -> None:
    def write() -> User:
        workplaces.fund()
        return somebody("Alix", (Role.ADMINISTRATOR, PLATFORM))

    alix = alone(write)

    def invite(half: str) -> Callable[[], int]:
        def send() -> int:
            emails = [f"{half}{number}@example.org" for number in range(30)]
            try:
                actions.invite(
                    emails=emails, role=Role.READER, place=workplaces.FUND, by=alix, at=NOW
                )
            except TooManyInvitationsError as refusal:
                return -refusal.left
            return len(emails)

        return send

    assert sorted(together(invite("a"), invite("b"))) == [-20, 30]
    assert alone(Invitation.objects.count) == 30


def test_a_role_entrusted_twice_at_once_to_one_person_is_entrusted_once() -> None:
    def write() -> tuple[RoleHolding, User]:
        workplaces.fund()
        return give(somebody("Lou"), Role.REVIEWER, workplaces.FUND), somebody("Max")

    holding, max_ = alone(write)

    def delegate() -> str:
        try:
            actions.delegate_role(
                holding=holding, delegate=max_, starts_at=NOW, ends_at=NOW + DAY,
                by=holding.user, at=NOW,
            )  # fmt: skip
        except DelegationRefusedError as refusal:
            return refusal.why
        return "done"

    assert sorted(together(delegate, delegate)) == ["done", DelegationFault.TWICE]
    assert alone(Delegation.objects.count) == 1


def test_a_role_taken_back_while_it_is_entrusted_leaves_nothing_entrusted() -> None:
    def write() -> tuple[RoleHolding, User]:
        workplaces.fund()
        return give(somebody("Lou"), Role.REVIEWER, workplaces.FUND), somebody("Max")

    holding, max_ = alone(write)
    together(
        lambda: actions.take_role(holding=holding, by=None, at=NOW),
        lambda: actions.delegate_role(
            holding=holding, delegate=max_, starts_at=NOW, ends_at=NOW + DAY,
            by=holding.user, at=NOW,
        ),
    )  # fmt: skip
    assert alone(lambda: (RoleHolding.objects.count(), Delegation.objects.count())) == (0, 0)


def test_a_replacement_ended_by_both_at_once_is_ended_once() -> None:
    def write() -> tuple[Delegation, User, User]:
        workplaces.fund()
        lou, max_ = somebody("Lou"), somebody("Max")
        return entrust(give(lou, Role.REVIEWER, workplaces.FUND), max_), lou, max_

    delegation, lou, max_ = alone(write)
    ended = together(
        lambda: actions.end_delegation(delegation=delegation, by=lou, at=NOW),
        lambda: actions.end_delegation(delegation=delegation, by=max_, at=NOW),
    )
    assert sorted(ended) == [False, True]
    assert alone(lambda: fresh(max_).delegations_received) == ()
