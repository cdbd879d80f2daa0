"""What a release says of a region, a population or a fragility, and what documents state of it.

The two are never joined: a release has margins, a document's figure has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.observatory.reading import profiles
from alliage.observatory.tabulation import collisions
from alliage_web.observatory.models import Population, Question
from alliage_web.observatory.models.catalogue import in_language

from . import figures, releases

if TYPE_CHECKING:
    from uuid import UUID

    from alliage.observatory.reading.profiles import Answer, GroupAnswer, Standing
    from alliage.observatory.releases.values import (
        Breakdown,
        Cell,
        Group,
        Head,
        Measure,
        Network,
        RankedItem,
        Ranking,
    )
    from alliage.observatory.releases.values import Question as AskedQuestion

    from .figures import FigureRow
    from .releases import PublishedRelease

#: The breakdown of the profiles of regions.
REGION = "region"
#: The battery that profiles are about.
FRAGILITY = "fragility"
#: What a profile tells beside the fragilities, in this order, where the release has it.
BESIDE = ("health", "act_together", "alliance_effect", "levers")


@dataclass(frozen=True, slots=True)
class QuestionAnswers:
    """A question in a group."""

    question: AskedQuestion
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class GroupProfile:
    """What a release says of a group, or of everybody.

    Attributes
    ----------
    release, head
        The release.
    breakdown
        The code of the breakdown that the group belongs to; empty for everybody.
    group
        The group; its code is empty for everybody.
    standings
        The fragilities, by rank.
    ranking
        Their ranks; ``None`` where there is none.
    beside
        The other questions of a profile.
    network
        Which fragilities go together; ``None`` where the release has none.
    """

    release: PublishedRelease
    head: Head
    breakdown: str
    group: Group
    standings: tuple[Standing, ...]
    ranking: Ranking | None
    beside: tuple[QuestionAnswers, ...]
    network: Network | None

    @property
    def is_shown(self) -> bool:
        """Whether a mark of the group is shown."""
        return any(one.mean.is_shown for one in self.standings)

    @property
    def respondents(self) -> int | None:
        """The greatest base of its marks; ``None`` where none is shown."""
        bases = [one.mean.respondents for one in self.standings if one.mean.respondents]
        return max(bases, default=None)


@dataclass(frozen=True, slots=True)
class FragilityProfile:
    """What a release says of one fragility.

    Attributes
    ----------
    release, head
        The release.
    measure
        Its mean mark.
    everybody, rank
        Its mean and its rank for everybody.
    regions
        Its mean in each region, with the gap to everybody.
    ranks
        Its rank in each region, by code.
    """

    release: PublishedRelease
    head: Head
    measure: Measure
    everybody: Cell
    rank: RankedItem | None
    regions: tuple[GroupAnswer, ...]
    ranks: dict[str, RankedItem]


def release_for(population: str) -> PublishedRelease | None:
    """Return the release that profiles of a population are read in.

    Real respondents come before invented ones, then the last wave.
    """
    found = [
        one
        for one in releases.published(current=True)
        if one.population == population and _battery(releases.head(one.uuid)) is not None
    ]
    return min(found, key=lambda one: (one.synthetic, -(one.year or 0), one.study), default=None)


def profile_of(
    release: PublishedRelease, breakdown: str = "", group: str = ""
) -> GroupProfile | None:
    """Return the profile of a group in a release; none where the release has no such group."""
    head = releases.head(release.uuid)
    cut = breakdown_of(head, breakdown)
    found = next((one for one in cut.groups if one.code == group), None) if cut else None
    if found is None:
        return None
    source = source_of(release.uuid, head, FRAGILITY, breakdown)
    ranking = releases.ranking(release.uuid, FRAGILITY, breakdown, group)
    beside = [
        (code, source_of(release.uuid, head, code, breakdown))
        for code in BESIDE
        if any(one.code == code for one in head.questions)
    ]
    return GroupProfile(
        release=release,
        head=head,
        breakdown=breakdown,
        group=found,
        standings=profiles.standings(source, group, ranking) if source else (),
        ranking=ranking,
        beside=tuple(
            QuestionAnswers(one.question, profiles.answers(one, group))
            for _code, one in beside
            if one is not None
        ),
        network=releases.network(release.uuid, FRAGILITY, breakdown, group),
    )


def fragility_profile(release: PublishedRelease, item: str) -> FragilityProfile | None:
    """Return what a release says of a fragility; none where it did not ask about it."""
    head = releases.head(release.uuid)
    battery = _battery(head)
    measure = next(
        (
            one
            for one in (battery.measures if battery else ())
            if one.item == item and one.statistic == profiles.MEAN
        ),
        None,
    )
    whole = source_of(release.uuid, head, FRAGILITY, "")
    if measure is None or whole is None:
        return None
    everybody = whole.cell(measure.code, "")
    by_region = source_of(release.uuid, head, FRAGILITY, REGION)
    answered = profiles.across(by_region, measure.code) if by_region else ()
    ranks = {one.group.code: _ranked(release.uuid, item, one.group.code) for one in answered}
    return (
        None
        if everybody is None
        else FragilityProfile(
            release,
            head,
            measure,
            everybody,
            _ranked(release.uuid, item, ""),
            answered,
            {code: rank for code, rank in ranks.items() if rank is not None},
        )
    )


def head_of(release: PublishedRelease) -> Head:
    """Return what a release is about and how it was made."""
    return releases.head(release.uuid)


def items_of(release: PublishedRelease) -> tuple[Measure, ...]:
    """Return the fragilities that a release asked about, as their mean marks."""
    battery = _battery(releases.head(release.uuid))
    measures = battery.measures if battery else ()
    return tuple(one for one in measures if one.item and one.statistic == profiles.MEAN)


def known_items() -> dict[str, str]:
    """Return the fragilities of the catalogue, each with its name in the language of the page."""
    row = Question.objects.filter(code=FRAGILITY).first()
    items = row.items if row else []
    return {one["code"]: in_language(one["label_fr"], one.get("label_en", "")) for one in items}


def source_of(uuid: UUID, head: Head, question: str, breakdown: str) -> profiles.Source | None:
    """Return a table of a release with what its comparisons need."""
    table = releases.table(uuid, question, breakdown)
    if table is None:
        return None
    return profiles.Source(
        head,
        table,
        releases.covariance(uuid, question, breakdown),
        releases.table(uuid, question, "") if breakdown else None,
    )


def breakdown_of(head: Head, code: str) -> Breakdown | None:
    """Return a breakdown of a release by its code."""
    return next((one for one in head.breakdowns if one.code == code), None)


def networks_of(release: PublishedRelease) -> dict[str, Network]:
    """Return the networks of the fragilities by region, everybody under an empty code first."""
    head = releases.head(release.uuid)
    cut = breakdown_of(head, REGION)
    codes = [one.code for one in cut.groups if one.code] if cut else []
    whole = releases.network(release.uuid, FRAGILITY, "", "")
    found = {code: releases.network(release.uuid, FRAGILITY, REGION, code) for code in codes}
    every = {"": whole, **found}
    return {code: one for code, one in every.items() if one is not None}


def circle_of(networks: dict[str, Network], items: tuple[Measure, ...]) -> tuple[str, ...]:
    """Return the order of the fragilities around the circle: the same for every group."""
    whole = networks.get("")
    order = collisions.circle(whole) if whole is not None and whole.ties else ()
    return order or tuple(one.item for one in items)


def documents_on(
    *, population: str, region: str | None = None, item: str | None = None
) -> tuple[FigureRow, ...]:
    """Return what documents state of a population, of a region or of a fragility, if it is public.

    Parameters
    ----------
    population
        The code of the people asked.
    region
        The code of a region of the studies; else figures of everybody or of other groups.
    item
        The code of a fragility.
    """
    found = figures.figures(figures.Selection(population=population))
    return tuple(
        one
        for one in found
        if (item is None or (one.question == FRAGILITY and one.item == item))
        and (region is None or region in _regions_named(one))
    )


def populations() -> tuple[tuple[str, str], ...]:
    """Return the populations of the studies with their names."""
    return tuple((code, str(label)) for code, label in Population.choices)


def labelled(labels: tuple[str, str]) -> str:
    """Return a text in the language of the page."""
    return in_language(*labels)


def _regions_named(figure: FigureRow) -> list[str]:
    """Return the regions that a figure is about; one may be about several together."""
    group = dict(figure.group)
    return [
        code.strip()
        for name in (REGION, "region_group")
        for code in str(group.get(name, "")).split(",")
    ]


def _battery(head: Head) -> AskedQuestion | None:
    return next((one for one in head.questions if one.code == FRAGILITY), None)


def _ranked(uuid: UUID, item: str, group: str) -> RankedItem | None:
    ranking = releases.ranking(uuid, FRAGILITY, REGION if group else "", group)
    return next((one for one in ranking.items if one.item == item), None) if ranking else None
