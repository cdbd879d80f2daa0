"""Reading debates: lists, what everybody reads, what waits for moderators."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q

from alliage.observatory.debate_states import ContributionState
from alliage.observatory.states import ReleaseState
from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import holdings_of, organisations_of
from alliage_web.actors.queries import names_by_slug
from alliage_web.audit.queries import history, readable
from alliage_web.observatory.models import Contribution, ContributionReport, Debate
from alliage_web.observatory.models.debates import WORLDS
from alliage_web.ui.rows import only

from .debates_wording import EVENTS, FIELDS

if TYPE_CHECKING:
    from uuid import UUID

    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from alliage_web.accounts.models import User
    from alliage_web.audit.queries import ReadableLine

_SHOWN = Q(contributions__state=ContributionState.PUBLISHED.value)


@dataclass(frozen=True, slots=True)
class WorldCount:
    """How many published contributions come from a world."""

    world: str
    label: str
    count: int


def debates() -> QuerySet[Debate]:
    """Return the debates that everybody reads, the latest first, with what a line shows."""
    return (
        Debate.objects.exclude(release__state=ReleaseState.DISCARDED.value)
        .select_related("territory", "release__wave__study")
        .annotate(published=Count("contributions", filter=_SHOWN))
        .order_by("-opens_on", "-pk")
    )


def debates_on(release: UUID) -> QuerySet[Debate]:
    """Return the debates on a release, for its page."""
    return debates().filter(release__uuid=release)


def find_debate(uuid: UUID) -> Debate | None:
    return only(debates().filter(uuid=uuid))


def published_contributions(debate: Debate) -> QuerySet[Contribution]:
    """Return what everybody reads: by question, then as received. Authors are not read."""
    return (
        debate.contributions.filter(state=ContributionState.PUBLISHED.value)
        .select_related("organisation", "debate")
        .defer("author")
        .order_by("question", "received_at", "pk")
    )


def own_contributions(debate: Debate, user: User | AnonymousUser) -> list[Contribution]:
    """Return what a person sent to a debate, whatever became of it."""
    if not user.is_authenticated:
        return []
    rows = debate.contributions.filter(author=user.pk).select_related("organisation", "debate")
    return list(rows.order_by("-received_at", "-pk"))


def counts_by_world(debate: Debate) -> tuple[WorldCount, ...]:
    """Return how many published contributions come from each world, those with none included."""
    rows = debate.contributions.filter(state=ContributionState.PUBLISHED.value)
    found = Counter(rows.values_list("world", flat=True))
    return tuple(WorldCount(code, str(label), found[code]) for code, label in WORLDS)


def find_contribution(debate: Debate, uuid: UUID) -> Contribution | None:
    rows = Contribution.objects.select_related("debate__territory", "debate__release")
    return rows.filter(debate=debate, uuid=uuid).first()


def waiting(debate: Debate) -> QuerySet[Contribution]:
    """Return what moderators are to read: what was received, and what was reported."""
    reported = ContributionReport.objects.filter(contribution=OuterRef("pk"), settled_at=None)
    return (
        debate.contributions.annotate(is_reported=Exists(reported))
        .filter(Q(state=ContributionState.RECEIVED.value) | Q(is_reported=True))
        .select_related("organisation", "author", "debate__territory")
        .prefetch_related("reports")
        .order_by("received_at", "pk")
    )


def set_aside(debate: Debate) -> QuerySet[Contribution]:
    """Return what moderators refused, to be published if it was a mistake."""
    rows = debate.contributions.filter(state=ContributionState.REFUSED.value)
    return rows.select_related("organisation", "author", "debate__territory").order_by(
        "-decided_at", "-pk"
    )


def waiting_by_debate(debates: list[Debate]) -> dict[int, int]:
    """Return how many contributions wait for moderators, by the key of the debate."""
    reported = ContributionReport.objects.filter(contribution=OuterRef("pk"), settled_at=None)
    rows = (
        Contribution.objects.filter(debate__in=debates)
        .filter(Q(state=ContributionState.RECEIVED.value) | Exists(reported))
        .values_list("debate_id", flat=True)
        .order_by()
    )
    return Counter(rows)


def catalyses_somewhere(user: User | AnonymousUser) -> bool:
    """Tell whether a person is the catalyst of some territory, where they may open a debate."""
    return any(held.role == Role.CATALYST for held in holdings_of(user))


def history_of_debate(debate: Debate) -> list[ReadableLine]:
    return readable(history(debate.stable_name), kinds=EVENTS, fields=FIELDS)


def own_organisations(user: User | AnonymousUser) -> dict[str, str]:
    """Return the names of the organisations to which a person belongs, by their addresses."""
    return names_by_slug(name.partition(":")[2] for name in organisations_of(user))
