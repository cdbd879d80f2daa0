"""Histories of roles drawn at random, compared with a simple model of what each person holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories import workplaces
from tests.factories.people import fresh, give, somebody

from alliage_web.accounts import actions
from alliage_web.accounts.models import (
    PLATFORM,
    Delegation,
    Invitation,
    Role,
    RoleHolding,
)
from alliage_web.accounts.queries import holdings_of

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 11, 1, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
PEOPLE = 4
#: What is given, where, and who gives it besides administrators.
THINGS = (
    (Role.ADMINISTRATOR, PLATFORM),
    (Role.EDITOR, PLATFORM),
    (Role.FUND_OFFICER, workplaces.FUND),
    (Role.REVIEWER, workplaces.FUND),
)
_BY_OFFICER = {Role.REVIEWER}


@dataclass
class Model:
    """Who holds what until when, who replaces whom, and what waits: no database, no Django."""

    now: int = 0
    held: dict[tuple[int, int], int | None] = field(default_factory=dict)
    lent: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)

    def own(self, person: int) -> set[int]:
        return {
            thing
            for (who, thing), end in self.held.items()
            if who == person and (end is None or end > self.now)
        }

    def received(self, person: int) -> set[int]:
        return {
            thing
            for holder, thing, to, start, end in self.lent
            if to == person and start <= self.now < end and thing in self.own(holder)
        }

    def all_of(self, person: int) -> list[int]:
        lent = [
            thing
            for holder, thing, to, start, end in self.lent
            if to == person and start <= self.now < end and thing in self.own(holder)
        ]
        return sorted([*self.own(person), *lent])

    def may_give(self, person: int, thing: int) -> bool:
        has = self.own(person) | self.received(person)
        return 0 in has or (2 in has and THINGS[thing][0] in _BY_OFFICER)

    def others_administer(self, person: int) -> bool:
        return any(
            thing == 0 and end is None and who != person for (who, thing), end in self.held.items()
        )

    def trim(self, person: int, thing: int, end: int | None) -> None:
        """What was entrusted ends with the role at the latest; for ever when it is gone."""
        if end is None:
            return
        self.lent = [
            (who, what, to, start, min(until, end) if (who, what) == (person, thing) else until)
            for who, what, to, start, until in self.lent
            if (who, what) != (person, thing) or start < end
        ]


_person = st.integers(0, PEOPLE - 1)
_thing = st.integers(0, len(THINGS) - 1)
_hours = st.one_of(st.none(), st.integers(1, 40))
_step = st.one_of(
    st.tuples(st.just("give"), _person, _person, _thing, _hours),
    st.tuples(st.just("end"), _person, _person, _thing, _hours),
    st.tuples(st.just("take"), _person, _person, _thing),
    st.tuples(st.just("delegate"), _person, _person, _thing, st.integers(0, 5), _hours),
    st.tuples(st.just("invite"), _person, _person, _thing, _hours),
    st.tuples(st.just("accept"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.integers(1, 20)),
)


class World:
    """The same history in the platform and in the model."""

    def __init__(self) -> None:
        workplaces.fund()
        self.people = [somebody(f"P{number}") for number in range(PEOPLE)]
        give(self.people[0], *THINGS[0])
        self.model = Model(held={(0, 0): None})
        self.invitations: list[Invitation] = []

    @property
    def at(self) -> dt.datetime:
        return START + self.model.now * HOUR

    def moment(self, hours: int | None) -> dt.datetime | None:
        return None if hours is None else self.at + hours * HOUR

    def holding(self, person: int, thing: int) -> RoleHolding | None:
        role, place = THINGS[thing]
        found = RoleHolding.objects.filter(user=self.people[person], role=role, place=place)
        return found.select_related("user").first()

    def later(self, hours: int | None) -> int | None:
        return None if hours is None else self.model.now + hours

    # What people try, and what the model expects of it.

    def give(self, by: int, to: int, thing: int, hours: int | None) -> None:
        model, (role, place) = self.model, THINGS[thing]
        refused = not model.may_give(by, thing) or (
            thing == 0 and hours is not None and not model.others_administer(to)
        )
        with _expecting(refused):
            actions.give_role(
                user=self.people[to], role=role, place=place, by=self.people[by], at=self.at,
                expires_at=self.moment(hours),
            )  # fmt: skip
            model.held[to, thing] = self.later(hours)
            model.trim(to, thing, self.later(hours))

    def end(self, by: int, to: int, thing: int, hours: int | None) -> None:
        model, holding = self.model, self.holding(to, thing)
        if holding is None:
            return
        refused = not model.may_give(by, thing) or (
            thing == 0 and hours is not None and not model.others_administer(to)
        )
        with _expecting(refused):
            actions.change_role_end(
                holding=holding, expires_at=self.moment(hours), by=self.people[by], at=self.at
            )
            model.held[to, thing] = self.later(hours)
            model.trim(to, thing, self.later(hours))

    def take(self, by: int, to: int, thing: int) -> None:
        model, holding = self.model, self.holding(to, thing)
        if holding is None:
            return
        refused = (by != to and not model.may_give(by, thing)) or (
            thing == 0 and not model.others_administer(to)
        )
        with _expecting(refused):
            actions.take_role(holding=holding, by=self.people[by], at=self.at)
            del model.held[to, thing]
            model.lent = [lent for lent in model.lent if lent[:2] != (to, thing)]

    def delegate(self, by: int, to: int, thing: int, wait: int, hours: int | None) -> None:
        model, holding = self.model, self.holding(by, thing)
        if holding is None:
            return
        start, end = model.now + wait, model.now + wait + (hours or 10)
        until = model.held[by, thing]
        overlaps = any(
            lent[:3] == (by, thing, to) and lent[3] < end and lent[4] > start for lent in model.lent
        )
        refused = (
            thing not in model.own(by)
            or thing == 0
            or by == to
            or thing in model.own(to)
            or (until is not None and end > until)
            or overlaps
        )
        with _expecting(refused):
            actions.delegate_role(
                holding=holding, delegate=self.people[to], starts_at=START + start * HOUR,
                ends_at=START + end * HOUR, by=self.people[by], at=self.at,
            )  # fmt: skip
            model.lent.append((by, thing, to, start, end))

    def invite(self, by: int, to: int, thing: int, hours: int | None) -> None:
        model, (role, place) = self.model, THINGS[thing]
        waits = any(
            one["to"] == to and one["thing"] == thing and not one["done"] for one in model.waiting
        )
        refused = not model.may_give(by, thing) or thing in model.own(to) or waits
        with _expecting(refused):
            issued = actions.invite(
                emails=[self.people[to].email], role=role, place=place, by=self.people[by],
                at=self.at, role_expires_at=self.moment(hours),
            )  # fmt: skip
            self.invitations.append(issued[0].invitation)
            model.waiting.append(
                {"by": by, "to": to, "thing": thing, "end": self.later(hours), "done": False}
            )

    def accept(self, number: int) -> None:
        model = self.model
        if number >= len(self.invitations):
            return
        one = model.waiting[number]
        to, thing, end = one["to"], one["thing"], one["end"]
        held = model.held.get((to, thing), 0)
        if thing in model.own(to):
            end = None if end is None or held is None else max(end, held)
        refused = not one["done"] and (
            (one["end"] is not None and one["end"] <= model.now)
            or not model.may_give(one["by"], thing)
            or (thing == 0 and end is not None and not model.others_administer(to))
        )
        with _expecting(refused):
            actions.accept_invitation(
                invitation=self.invitations[number], by=self.people[to], at=self.at
            )
            if not one["done"]:
                model.held[to, thing] = end
                model.trim(to, thing, end)
                one["done"] = True

    def wait(self, hours: int) -> None:
        self.model.now += hours

    def check(self) -> None:
        for number, person in enumerate(self.people):
            held = sorted(
                THINGS.index((Role(one.role), one.place)) for one in holdings_of(fresh(person))
            )
            assert held == self.model.all_of(number)
        assert any(0 in self.model.own(number) for number in range(PEOPLE))
        # A role that was taken back leaves nothing behind.
        assert Delegation.objects.count() <= len(self.model.lent)


class _expecting:  # noqa: N801 - read as a sentence
    """Do what follows, which is refused exactly when the model says so."""

    def __init__(self, refused: bool) -> None:
        self.refused = refused

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, _trace: Any) -> bool:
        refusals = (
            PermissionDenied,
            actions.LastAdministratorError,
            actions.RoleRefusedError,
            actions.DelegationRefusedError,
            actions.InvitationsRefusedError,
            actions.InvitationRefusedError,
        )
        if kind is not None and not issubclass(kind, refusals):
            return False
        assert (kind is not None) is self.refused, error
        return True


@given(steps=st.lists(_step, max_size=14))
@settings(max_examples=50)
def test_what_is_held_is_what_somebody_who_could_gave_and_nothing_took_back(
    steps: list[Any],
) -> None:
    with transaction.atomic():
        world = World()
        for name, *values in steps:
            with time_machine.travel(world.at, tick=False):
                getattr(world, name)(*values)
            with time_machine.travel(world.at, tick=False):
                world.check()
        transaction.set_rollback(True)
