"""Applications under review and before the committee: reviewers, members, reviews, meetings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.factories.applications import CALL_AT, Applying, applying, sent
from tests.factories.people import somebody

from alliage.fund.instruction.scoring import default_grid
from alliage.fund.money.ledger import Envelope, Posting, PostingKind
from alliage.values.money import euros
from alliage_web.accounts.models import Role
from alliage_web.fund import actions as fund_actions
from alliage_web.fund.actions import committee, reviews
from alliage_web.fund.actions.application_handling import decide
from alliage_web.fund.models import AgendaItem, Application, Meeting
from alliage_web.territories.models import Snapshot, Territory, Vintage

if TYPE_CHECKING:
    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Fund, Review

AT = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
HELD_ON = dt.date(2026, 3, 20)


@dataclass(frozen=True, slots=True)
class Instructed:
    """A sent application, three reviewers and three members of the committee."""

    world: Applying
    application: Application
    reviewers: tuple[User, User, User]
    members: tuple[User, User, User]

    @property
    def officer(self) -> User:
        return self.world.officer


def geography() -> None:
    """Write Vincennes in the Val-de-Marne, where the application acts."""
    vintage = Vintage.objects.create(year=2026, is_current=True)
    department = Territory.objects.create(level="department", code="94", name="Val-de-Marne")
    commune = Territory.objects.create(level="commune", code="94080", name="Vincennes")
    for place, above in ((department, None), (commune, department)):
        Snapshot.objects.create(
            vintage=vintage, territory=place, name=place.name, name_key="x", department=above
        )


def instructed(amount: Any = 20_000) -> Instructed:
    """Write a fund with money, an application that was sent, and the people who judge it."""
    geography()
    return judged(applying(), amount)


def judged(world: Applying, amount: Any = 20_000) -> Instructed:
    """Give money to the fund of a call, send an application to it, and name who judges it."""
    place = world.fund.stable_name
    reviewers = tuple(somebody(name, (Role.REVIEWER, place)) for name in ("Ana", "Bob", "Cyd"))
    members = tuple(
        somebody(name, (Role.COMMITTEE_MEMBER, place)) for name in ("Max", "Nour", "Omar")
    )
    assert world.call.strand is not None
    envelope = Envelope(world.call.strand.code, 2026)
    fund_actions.post(
        fund=world.fund,
        postings=[
            Posting(
                key=f"essai:{kind}", fund=world.fund.code, kind=kind, booked_on=dt.date(2026, 1, 2),
                reason="Essai", amount=euros(amount), envelope=place_of,
            )
            for kind, place_of in (
                (PostingKind.ENDOWMENT_INCREASE, None), (PostingKind.ALLOTMENT, envelope),
            )
        ],
        by=None,
        at=CALL_AT,
    )  # fmt: skip
    return Instructed(world, sent(world), reviewers, members)  # type: ignore[arg-type]


def notes(points: int | None = 3) -> dict[str, dict[str, Any]]:
    """Note every criterion alike."""
    return {
        one.code: {"points": points, "comment": "Des faits précis."}
        for one in default_grid().criteria
    }


def assigned(made: Instructed, *people: User) -> list[Review]:
    """Give the application to people, the first two reviewers unless told."""
    return [
        reviews.assign_reviewer(
            application=made.application, reviewer=person, by=made.officer, at=AT
        )
        for person in people or made.reviewers[:2]
    ]


def under_review(made: Instructed) -> list[Review]:
    """Give the application to two reviewers and begin its review."""
    rows = assigned(made)
    decide(application=made.application, verb="start_review", by=made.officer, at=AT)
    made.application.refresh_from_db()
    return rows


def send_review(
    row: Review, points: int | None = 3, opinion: str = "favourable", *, at: dt.datetime = AT
) -> Review:
    return reviews.send_review(
        review=row, notes=notes(points), opinion=opinion,
        base=reviews.version_of_review(row), at=at,
    )  # fmt: skip


def before_committee(made: Instructed) -> Application:
    """Send two reviews that agree, and bring the application before the committee."""
    for row in under_review(made):
        send_review(row)
    decide(application=made.application, verb="present", by=made.officer, at=AT)
    made.application.refresh_from_db()
    return made.application


def meeting(made: Instructed, *present: User) -> Meeting:
    """Plan a meeting with the application on its agenda; the first person present presides."""
    there = present or made.members
    planned = committee.plan_meeting(
        fund=made.world.fund, held_on=HELD_ON, place="Paris", by=made.officer, at=AT
    )
    committee.put_on_agenda(meeting=planned, chosen=[made.application], by=made.officer, at=AT)
    return committee.record_attendance(
        meeting=planned, present=[person.pk for person in there], chair=there[0], guests="",
        by=made.officer, at=AT,
    )  # fmt: skip


def write_meeting(fund: Fund) -> None:
    """Give a fund a meeting with its application on the agenda: what the sample of routes names."""
    held = Meeting.objects.create(
        fund=fund, number=1, held_on=HELD_ON, created_at=CALL_AT, updated_at=CALL_AT
    )
    AgendaItem.objects.create(
        meeting=held, application=Application.objects.get(fund=fund), rank=1, asked=5000
    )
