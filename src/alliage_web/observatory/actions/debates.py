"""Debates from their opening to their synthesis, and the contributions that people write.

The trail keeps what was decided, never what a person wrote: a text of a debate may be withdrawn.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from alliage.observatory.debate_states import (
    CONTRIBUTION,
    ContributionDecision,
    ContributionState,
)
from alliage.observatory.states import ReleaseState
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.observatory.models import Contribution, ContributionReport, Debate, Release

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from alliage_web.accounts.models import User

#: What a person may send to a debate in a day: enough to answer every question, too few to flood.
DAILY_LIMIT: Final = 10


@dataclass(frozen=True, slots=True)
class DebateValues:
    """What is told of a debate; the names are those of its columns."""

    title: str
    presentation: str
    questions: list[str]
    opens_on: dt.date
    closes_on: dt.date


@dataclass(frozen=True, slots=True)
class ContributionValues:
    """What a person writes; the names are those of its columns."""

    world: str
    organisation_id: int | None
    question: int | None
    text: str


class DebateChangedError(Exception):
    """Somebody else changed the debate since it was shown; ``debate`` is what it is now."""

    def __init__(self, debate: Debate) -> None:
        self.debate = debate
        super().__init__(f"{debate.stable_name} was changed since it was shown.")


class NotPublicError(Exception):
    """A debate is about a release that may be read: it neither opens nor goes on without."""

    def __init__(self, release: Release) -> None:
        self.release = release
        super().__init__(f"{release.stable_name} is {release.state}. Debate one that is published.")


class QuestionsAnsweredError(Exception):
    """A question that contributions answer keeps its place: ``fixed`` first ones do not change."""

    def __init__(self, fixed: int) -> None:
        self.fixed = fixed
        super().__init__(f"Contributions answer questions up to {fixed}. Add others after them.")


class DebateClosedError(Exception):
    """Contributions are received between the dates of the debate."""

    def __init__(self, debate: Debate) -> None:
        self.debate = debate
        super().__init__(
            f"{debate.stable_name} receives contributions from {debate.opens_on} to "
            f"{debate.closes_on}."
        )


class TooManyContributionsError(Exception):
    """The person sent as many as a day allows."""

    def __init__(self) -> None:
        super().__init__(f"{DAILY_LIMIT} contributions were sent today. Wait until tomorrow.")


@transaction.atomic
def open_debate(
    *,
    release: UUID,
    territory_id: int,
    values: DebateValues,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
    invented: bool = False,
) -> Debate:
    """Put a release to discussion in a territory.

    Raises
    ------
    AlreadyDoneError
        The form was received before.
    NotPublicError
        The release is not published, or was withdrawn.
    """
    refuse_repeat(submission)
    found = Release.objects.select_for_update().get(uuid=release)
    if found.state != ReleaseState.PUBLISHED.value:
        raise NotPublicError(found)
    debate = Debate.objects.create(
        release=found,
        territory_id=territory_id,
        invented=invented,
        created_by=by,
        created_at=at,
        **asdict(values),
    )
    record(
        kind="debate.opened",
        target=debate.stable_name,
        by=by,
        at=at,
        changes={
            "release": [None, found.stable_name],
            "territory": [None, debate.territory.stable_name],
            **{name: [None, value] for name, value in _plain(debate).items() if value},
        },
        submission=submission,
    )
    return debate


@transaction.atomic
def change_debate(
    *, debate: Debate, values: DebateValues, version: int, by: User, at: dt.datetime
) -> Debate:
    """Correct what is told of a debate, or its dates.

    Raises
    ------
    DebateChangedError
        Somebody else changed it meanwhile.
    QuestionsAnsweredError
        A question that was answered is no longer the same.
    """
    present = _as_seen(debate, version)
    fixed = _last_answered(present)
    if values.questions[:fixed] != present.questions[:fixed]:
        raise QuestionsAnsweredError(fixed)
    before = _plain(present)
    for name, value in asdict(values).items():
        setattr(present, name, value)
    _keep(present, "debate.changed", before, by=by, at=at)
    return present


@transaction.atomic
def write_synthesis(
    *, debate: Debate, text: str, version: int, by: User, at: dt.datetime
) -> Debate:
    """Write, correct or remove what came out of a debate.

    Raises
    ------
    DebateChangedError
        Somebody else changed it meanwhile.
    """
    present = _as_seen(debate, version)
    before = _plain(present)
    present.synthesis = text
    present.synthesised_at = at if text else None
    _keep(present, "debate.synthesised", before, by=by, at=at)
    return present


@transaction.atomic
def contribute(
    *,
    debate: Debate,
    values: ContributionValues,
    by: User | None,
    at: dt.datetime,
    day: dt.date,
    submission: UUID | None = None,
) -> Contribution:
    """Send a contribution, which a moderator reads before it is published.

    Parameters
    ----------
    day
        The day it is in France: that of the dates of the debate.

    Raises
    ------
    AlreadyDoneError
        The form was received before.
    NotPublicError
        The release was withdrawn.
    DebateClosedError
        The debate is not open on that day.
    DebateChangedError
        The question that it answers was removed meanwhile.
    TooManyContributionsError
        The person sent as many as a day allows.
    """
    refuse_repeat(submission)
    # The release is locked too: nothing is received once it is withdrawn.
    present = Debate.objects.select_for_update().select_related("release").get(pk=debate.pk)
    if present.has_lost_its_release:
        raise NotPublicError(present.release)
    if present.phase(day) != "open":
        raise DebateClosedError(present)
    if (values.question or 0) > len(present.questions):
        raise DebateChangedError(present)
    sent = Contribution.objects.filter(debate=present, author=by, received_at__date=day)
    if by is not None and sent.count() >= DAILY_LIMIT:
        raise TooManyContributionsError
    row = Contribution.objects.create(debate=present, author=by, received_at=at, **asdict(values))
    record(
        kind="contribution.received",
        target=row.stable_name,
        by=by,
        at=at,
        changes={"debate": [None, present.stable_name]},
        submission=submission,
    )
    return row


@transaction.atomic
def decide_contribution(
    *,
    contribution: Contribution,
    decision: ContributionDecision,
    reason: str = "",
    by: User | None,
    at: dt.datetime,
) -> Contribution:
    """Publish, refuse or remove a contribution, or withdraw one's own.

    A contribution that leaves the page, or is published again, has its reports settled; one that
    its author withdraws loses its text.

    Raises
    ------
    DecisionRefusedError
        If the decision may not be taken in its state.
    """
    rows = Contribution.objects.select_for_update(of=("self",)).select_related("debate")
    row = rows.get(pk=contribution.pk)
    before = row.state
    state = CONTRIBUTION.after(ContributionState(before), decision)
    row.state, row.decided_at = state.value, at
    row.reason = reason if state is ContributionState.REFUSED else ""
    aside = state in {ContributionState.REFUSED, ContributionState.WITHDRAWN}
    row.set_aside_at = at if aside else None
    if state is ContributionState.WITHDRAWN:
        row.text = ""
    row.save()
    row.reports.filter(settled_at=None).update(settled_at=at)
    record(
        kind=f"contribution.{_PAST[decision]}",
        target=row.stable_name,
        by=by,
        at=at,
        changes={"state": [before, row.state]},
    )
    return row


@transaction.atomic
def report_contribution(
    *, contribution: Contribution, reason: str, by: User, at: dt.datetime
) -> ContributionReport:
    """Ask moderators to read a published contribution again; said twice, it counts once.

    Raises
    ------
    DecisionRefusedError
        If it is not published.
    """
    row = Contribution.objects.select_for_update().get(pk=contribution.pk)
    CONTRIBUTION.after(ContributionState(row.state), ContributionDecision.REMOVE)
    report, is_new = ContributionReport.objects.get_or_create(
        contribution=row,
        person=by,
        settled_at=None,
        defaults={"reason": reason, "reported_at": at},
    )
    if is_new:
        record(kind="contribution.reported", target=row.stable_name, by=by, at=at)
    return report


@transaction.atomic
def keep_contribution(*, contribution: Contribution, by: User, at: dt.datetime) -> None:
    """Settle the reports of a contribution that stays published."""
    row = Contribution.objects.select_for_update().get(pk=contribution.pk)
    if row.reports.filter(settled_at=None).update(settled_at=at):
        record(kind="contribution.kept", target=row.stable_name, by=by, at=at)


_PAST = {
    ContributionDecision.PUBLISH: "published",
    ContributionDecision.REFUSE: "refused",
    ContributionDecision.REMOVE: "removed",
    ContributionDecision.WITHDRAW: "withdrawn",
}


def _as_seen(debate: Debate, version: int) -> Debate:
    rows = Debate.objects.select_for_update(of=("self",)).select_related("territory", "release")
    present = rows.get(pk=debate.pk)
    if present.version != version:
        raise DebateChangedError(present)
    return present


def _last_answered(debate: Debate) -> int:
    answered = debate.contributions.exclude(question=None).order_by("-question")
    return answered.values_list("question", flat=True).first() or 0


def _keep(debate: Debate, kind: str, before: dict[str, Any], *, by: User, at: dt.datetime) -> None:
    after = _plain(debate)
    changes = {
        name: [before[name], value] for name, value in after.items() if before[name] != value
    }
    if not changes:
        return
    debate.version += 1
    debate.save()
    record(kind=kind, target=debate.stable_name, by=by, at=at, changes=changes)


def _plain(debate: Debate) -> dict[str, Any]:
    """Give a debate as the trail holds it."""
    return {
        "title": debate.title,
        "presentation": debate.presentation,
        "questions": list(debate.questions),
        "opens_on": debate.opens_on.isoformat(),
        "closes_on": debate.closes_on.isoformat(),
        "synthesis": debate.synthesis,
    }
