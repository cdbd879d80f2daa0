"""Reviews: who may review what, what each person may see, what they say together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext_lazy

from alliage.fund.instruction.assignment import (
    Assignment,
    Dimension,
    Reviewer,
    ToReview,
    WhyNot,
    assign,
)
from alliage.fund.instruction.scoring import (
    Grid,
    Hidden,
    ReviewState,
    Seat,
    Viewer,
    Viewpoint,
    visible_reviews,
)
from alliage.fund.states import ApplicationState
from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import (
    holdings_of,
    organisations_of,
    people_who_hold,
    roles_at,
    roles_of,
)
from alliage_web.fund.models import (
    Application,
    CommitteeRecusal,
    Fund,
    LeavingReason,
    Review,
    ReviewerProfile,
    ReviewPanel,
)
from alliage_web.ui.rows import only

from .application_facts import facts_of
from .application_wording import told
from .applications import Content
from .interests import Interests, is_barred, person_id
from .review_panels import grid_of, library_review, seated, wanted_reviews

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from django.contrib.auth.models import AnonymousUser
    from django.utils.functional import _StrPromise

    from alliage.fund.instruction import scoring
    from alliage_web.accounts.models import User

#: Reviews that a person can have at once, unless the profile says otherwise.
CAPACITY = 4
#: States in which reviewers are chosen.
ASSIGNED_IN = frozenset(
    {ApplicationState.SENT, ApplicationState.UNDER_REVIEW, ApplicationState.ADJOURNED}
)
#: States from which the committee reads what reviewers wrote.
BEFORE_COMMITTEE = frozenset(
    {
        ApplicationState.TO_COMMITTEE,
        ApplicationState.ADJOURNED,
        ApplicationState.ACCEPTED,
        ApplicationState.ACCEPTED_SUBJECT_TO_DOCUMENTS,
        ApplicationState.REFUSED,
    }
)

WHY_NOT: Mapping[WhyNot, _StrPromise] = {
    WhyNot.BARRED: gettext_lazy("un intérêt l’empêche"),
    WhyNot.NOT_EXAMINED: gettext_lazy("ses intérêts n’ont pas été examinés"),
    WhyNot.NO_COMPETENCE: gettext_lazy("aucune compétence connue en commun avec le dossier"),
    WhyNot.NOT_INDEPENDENT: gettext_lazy(
        "pas indépendant·e d’une personne déjà choisie : même organisation, ou remplacement"
    ),
    WhyNot.AT_CAPACITY: gettext_lazy("autant d’avis en cours que son profil en admet"),
}
_HIDDEN: Mapping[Hidden, _StrPromise] = {
    Hidden.NOT_SENT: gettext_lazy("Avis en cours d’écriture : personne d’autre ne le lit."),
    Hidden.OWN_PENDING: gettext_lazy("Vous le lirez une fois votre propre avis remis."),
    Hidden.OTHERS_PENDING: gettext_lazy(
        "Remis. Les avis se lisent ensemble, quand tous sont remis."
    ),
}
_STATES: Mapping[ReviewState, _StrPromise] = {
    ReviewState.NOT_STARTED: gettext_lazy("pas commencé"),
    ReviewState.DRAFT: gettext_lazy("en cours"),
    ReviewState.SENT: gettext_lazy("remis"),
}


# Who may review what.


def reviewers_of(fund: Fund, at: dt.datetime) -> list[User]:
    """Return who reviews for a fund now, in their own name or for somebody who is away."""
    return [
        person
        for person in people_who_hold(at)
        if Role.REVIEWER in roles_at(person, fund.stable_name)
    ]


def loads_of(people: Iterable[User]) -> Counter[int]:
    """Count the reviews that people have and have not sent."""
    rows = Review.objects.filter(
        reviewer__in=[person.pk for person in people], sent_at=None, left_at=None
    )
    return Counter(rows.order_by().values_list("reviewer", flat=True))


def profiles_of(fund: Fund) -> dict[int, ReviewerProfile]:
    """Return the profiles of the reviewers of a fund, by person."""
    return {row.person_id: row for row in ReviewerProfile.objects.filter(fund=fund)}


def subjects_of(content: Content, on: dt.date) -> dict[Dimension, frozenset[str]]:
    """Return what an application is about, in the dimensions in which reviewers are competent."""
    facts = facts_of(content, on)
    return {
        Dimension.LEVER: frozenset(lever.value for lever in facts.levers or ()),
        Dimension.THEME: frozenset(facts.domains or ()),
        Dimension.TERRITORY: frozenset().union(*(facts.territories or ())),
        Dimension.WORLD: frozenset(world.value for world in facts.worlds or ()),
    }


class Panels:
    """The reviewers of a fund before some of its applications: what the library needs to choose."""

    def __init__(self, fund: Fund, applications: Sequence[Application], at: dt.datetime) -> None:
        self.on = timezone.localdate(at)
        self.reviewers = reviewers_of(fund, at)
        self.applications = {one.reference: one for one in applications}
        self.panels = _latest_panels(applications)
        self.seats = {
            reference: list(panel.active) if panel else []
            for reference, panel in self.panels.items()
        }
        kept = {row.reviewer for rows in self.seats.values() for row in rows}
        self.people = {
            person.pk: person
            for person in [
                *self.reviewers,
                *sorted(kept - set(self.reviewers), key=lambda person: person.pk),
            ]
        }
        self.interests = Interests(self.people.values(), applications)
        self.loads = loads_of(self.people.values())
        self.profiles = profiles_of(fund)
        self._disclosures = {
            (reference, key): self.interests.disclosure(person, one, on=self.on)
            for reference, one in self.applications.items()
            for key, person in self.people.items()
        }

    def proposal(self) -> Assignment:
        """Ask the library who should review what is not reviewed enough."""
        return assign(
            [
                self._to_review(reference, self.wanted(reference), self._kept(reference))
                for reference in self.applications
            ],
            [self._reviewer(person) for person in self.people.values()],
            self._disclosures.values(),
        )

    def wanted(self, reference: str) -> int:
        return wanted_reviews(self.panels[reference], self.seats[reference])

    def refusal(self, reference: str, person: User) -> WhyNot | None:
        """Say why a person chosen by hand cannot review; a person decides of the competence."""
        kept = (*self._kept(reference), person_id(person))
        if len(set(kept)) < len(kept):
            return WhyNot.NOT_INDEPENDENT
        found = assign(
            [self._to_review(reference, len(kept), kept)],
            [self._reviewer(one) for one in self.people.values()],
            self._disclosures.values(),
        )
        chosen = [
            one.refusal.why for one in found.withdrawals if one.refusal.person == person_id(person)
        ]
        return chosen[0] if chosen else None

    def _kept(self, reference: str) -> tuple[str, ...]:
        return tuple(person_id(row.reviewer) for row in self.seats[reference])

    def _to_review(self, reference: str, reviews: int, kept: tuple[str, ...]) -> ToReview:
        subjects = subjects_of(Content(self.applications[reference]), self.on)
        return ToReview(reference, subjects, max(reviews, 1), kept)

    def _reviewer(self, person: User) -> Reviewer:
        profile = self.profiles.get(person.pk)
        capacity = profile.capacity if profile else CAPACITY
        return Reviewer(
            person_id(person),
            capacity if person in self.reviewers else 0,
            self.loads[person.pk],
            {
                dimension: frozenset(profile.competences.get(dimension.value, ()))
                for dimension in Dimension
            }
            if profile
            else {},
            organisations_of(person)
            | {
                one.organisation
                for one in self.interests.ties.belongings
                if one.person == person.pk and self._holds(one.since, one.until)
            },
            frozenset(
                f"user:{one.principal}"
                for one in self.interests.ties.replacements
                if one.delegate == person.pk
                and one.principal in self.people
                and self._holds(one.since, one.until)
            ),
        )

    def _holds(self, since: dt.datetime, until: dt.datetime | None) -> bool:
        return timezone.localdate(since) <= self.on and (
            until is None or self.on <= timezone.localdate(until)
        )


def _latest_panels(applications: Sequence[Application]) -> dict[str, Any]:
    active = Review.objects.filter(left_at=None).select_related("reviewer")
    rows = (
        ReviewPanel.objects.filter(application__in=applications)
        .select_related("grid", "application")
        .prefetch_related(
            Prefetch("reviews", active.order_by("round", "assigned_at", "pk"), to_attr="active")
        )
        .order_by("number")
    )
    found: dict[str, Any] = {one.reference: None for one in applications}
    found |= {panel.application.reference: panel for panel in rows}
    return found


# What each person may see.


@dataclass(frozen=True, slots=True)
class SeenNote:
    criterion: str
    points: int | None
    level: str
    comment: str


@dataclass(frozen=True, slots=True)
class SeenSeat:
    """A review as a person may see it."""

    row: Review
    reviewer: str
    is_third: bool
    state: str
    is_sent: bool
    hidden: str
    opinion: str
    notes: tuple[SeenNote, ...]


def is_recused(user: User, application: Application, *, barred: bool) -> bool:
    """Tell whether a person may see nothing: a conflict bars them, or they stepped back."""
    return (
        barred
        or Review.objects.filter(
            panel__application=application,
            reviewer=user,
            left_why__in=[LeavingReason.CONFLICT, LeavingReason.CHOICE],
        ).exists()
        or CommitteeRecusal.objects.filter(item__application=application, person=user).exists()
    )


def viewpoint_of(
    user: User | AnonymousUser, application: Application, rows: Sequence[Review]
) -> Viewpoint:
    """Say as whom a person reads the reviews of an application."""
    if any(row.reviewer_id == user.pk for row in rows):
        return Viewpoint.REVIEWER
    roles = roles_at(user, application.fund.stable_name)
    if {Role.FUND_OFFICER, Role.FUND_AUDITOR} & roles or Role.ADMINISTRATOR in roles_of(user):
        return Viewpoint.OFFICER
    if Role.COMMITTEE_MEMBER in roles:
        return Viewpoint.COMMITTEE
    return Viewpoint.APPLICANT


def seen_by(
    user: User, application: Application, panel: ReviewPanel | None, *, recused: bool
) -> tuple[SeenSeat, ...]:
    """Return what a person may see of the reviews of an application: the library decides."""
    rows = seated(panel)
    if panel is None or not rows:
        return ()
    found = visible_reviews(
        Viewer(person_id(user), viewpoint_of(user, application, rows), recused=recused),
        [Seat(person_id(row.reviewer), row.round) for row in rows],
        [library_review(row, application.reference) for row in rows if row.saved_at or row.sent_at],
    )
    grid = grid_of(panel)
    return tuple(_seen(one, row, grid) for one, row in zip(found, rows, strict=False))


def _seen(one: scoring.SeenReview, row: Review, grid: Grid) -> SeenSeat:
    levels = {level.points: told(level, "label") for level in grid.scale}
    content = one.review
    return SeenSeat(
        row,
        str(row.reviewer),
        one.seat.round > 1,
        str(_STATES[one.state]),
        one.state is ReviewState.SENT,
        str(_HIDDEN[one.hidden]) if one.hidden else "",
        row.get_opinion_display() if content and row.opinion else "",
        tuple(
            SeenNote(
                told(criterion, "label"),
                note.points,
                levels.get(note.points, "") if note.points is not None else "",
                note.comment,
            )
            for criterion in grid.criteria
            if (note := content.notes.get(criterion.code)) is not None
        )
        if content
        else (),
    )


def reads_as_reviewer(user: User | AnonymousUser, application: Application) -> bool:
    """Tell whether a person has an application to review, and still reviews for its fund."""
    return (
        Role.REVIEWER in roles_at(user, application.fund.stable_name)
        and Review.objects.filter(
            panel__application=application, reviewer=user.pk, left_at=None
        ).exists()
    )


def reads_as_member(user: User | AnonymousUser, application: Application) -> bool:
    """Tell whether a member of the committee may read an application brought before it.

    Who stepped back, or is barred by a conflict, reads nothing.
    """
    if (
        not user.is_authenticated
        or Role.COMMITTEE_MEMBER not in roles_at(user, application.fund.stable_name)
        or ApplicationState(application.state) not in BEFORE_COMMITTEE
    ):
        return False
    found: dict[str, bool] = user.read_once.setdefault("sits_on", {})
    if application.reference not in found:
        barred = is_barred(user, application, on=timezone.localdate())
        found[application.reference] = not is_recused(user, application, barred=barred)
    return found[application.reference]


# Lists.


@dataclass(frozen=True, slots=True)
class InstructionLine:
    """An application in the list of what a fund instructs."""

    application: Application
    lead: str
    seats: int
    sent: int
    wanted: int

    @property
    def is_short(self) -> bool:
        return self.seats < self.wanted


def under_instruction(fund: Fund) -> list[Application]:
    """Return the applications of a fund whose reviewers are chosen or at work."""
    rows = Application.objects.filter(
        fund=fund,
        sent_at__isnull=False,
        state__in=[*(state.value for state in ASSIGNED_IN), ApplicationState.TO_COMMITTEE.value],
    )
    return list(
        rows.select_related(
            "fund", "fund__organisation", "call", "call__fund", "call__strand", "form", "alliance"
        )
        .prefetch_related("applicants__organisation")
        .order_by("sent_at", "pk")
    )


def instruction_lines(applications: Sequence[Application]) -> list[InstructionLine]:
    """Say how far each application is."""
    panels = _latest_panels(applications)
    lines = []
    for one in applications:
        panel = panels[one.reference]
        rows = list(panel.active) if panel else []
        everyone = sorted(one.applicants.all(), key=lambda part: (not part.is_lead, part.pk))
        lines.append(
            InstructionLine(
                one,
                everyone[0].organisation.name if everyone else "",
                len(rows),
                sum(row.sent_at is not None for row in rows),
                wanted_reviews(panel, rows),
            )
        )
    return lines


def reviews_of(user: User) -> list[Review]:
    """Return the reviews that a person has to give or gave, those to give first."""
    rows = Review.objects.filter(reviewer=user, left_at=None).select_related(
        "panel__application__alliance", "panel__application__fund", "panel__application__call"
    )
    found = list(rows.order_by("assigned_at", "pk"))
    return sorted(found, key=lambda row: row.sent_at is not None)


def funds_reviewed_by(user: User) -> list[Fund]:
    """Return the funds for which a person reviews now."""
    places = {held.place for held in holdings_of(user) if held.role == Role.REVIEWER}
    codes = [place.partition(":")[2] for place in places]
    return list(Fund.objects.filter(code__in=codes).order_by("name", "pk"))


def find_review(uuid: Any) -> Review | None:
    """Read a review with all that its pages and its permissions need."""
    rows = Review.objects.select_related(
        "reviewer",
        "panel__grid",
        "panel__application__fund__organisation",
        "panel__application__alliance",
        "panel__application__call__fund",
        "panel__application__form",
    )
    return only(rows.filter(uuid=uuid))
