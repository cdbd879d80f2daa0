"""Perceived and recorded dynamics, by region of the studies."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from alliage.observatory.reading.dynamics import (
    FEWEST,
    Gap,
    Perceived,
    Recorded,
    deciding_width,
    gaps,
    gaps_between_worlds,
    sample_needed,
)
from alliage.observatory.reading.perceptions import Perception, perceptions
from alliage.territories.levels import Level
from alliage_web.alliances.queries.activity import activity_of_all
from alliage_web.observatory.models import Population
from alliage_web.observatory.models.catalogue import in_language
from alliage_web.territories.queries import figures, regions_of

from .profiles import REGION
from .regions import study_regions
from .releases import covariance, head, published, table

if TYPE_CHECKING:
    import datetime as dt

    from alliage.observatory.studies.regions import StudyRegion

    from .releases import PublishedRelease

QUESTION: Final = "maturity"
#: The answers that say that dynamics are established or growing.
LEVELS: Final = ("anchored", "growing")
#: What is known of the share of active alliances that the platform records: next to nothing.
DETECTION: Final = (0.1, 1.0)
#: The width of the interval of a gap that would be useful.
USEFUL: Final = 0.5


@dataclass(frozen=True, slots=True)
class RegionLine:
    """A region of the studies, both sides of it.

    Attributes
    ----------
    region
        The region.
    name
        In the language of the page.
    known, active
        Alliances of two worlds or more that are not ended, and those of them of which something
        dates from the last two years.
    population
        Inhabitants; ``None`` where the geography gives none.
    perception
        What a release says; ``None`` without a release.
    gap
        The comparison; ``None`` where it cannot be made.
    needed, deciding
        People with an opinion who would bring the interval to a useful width, and who would tell
        the sign of the gap were it what it seems; ``None`` where no sample would.
    """

    region: StudyRegion
    name: str
    known: int
    active: int
    population: int | None
    perception: Perception | None
    gap: Gap | None
    needed: int | None
    deciding: int | None


@dataclass(frozen=True, slots=True)
class WorldGap:
    """What a world perceives less what citizens do, in a region."""

    world: str
    name: str
    gap: Gap


@dataclass(frozen=True, slots=True)
class RegionalDynamics:
    """The page: where perceptions come from, and the regions.

    Attributes
    ----------
    release
        The release of the perceived side; ``None`` where no release asked the question.
    lines
        The regions of the studies.
    elsewhere, nowhere
        Known alliances of regions that are not surveyed, and those of no region in particular.
    worlds
        Gaps between worlds, where two populations were asked.
    """

    release: PublishedRelease | None
    lines: tuple[RegionLine, ...]
    elsewhere: int
    nowhere: int
    worlds: tuple[WorldGap, ...]

    @property
    def active(self) -> int:
        """Active alliances of the regions; one that acts in two counts in each."""
        return sum(line.active for line in self.lines)

    @property
    def known(self) -> int:
        return sum(line.known for line in self.lines)


def regional_dynamics(today: dt.date) -> RegionalDynamics:
    """Compare both sides in the regions of the studies, as known on a day."""
    known, active, elsewhere, nowhere = _recorded(today)
    inhabitants = _inhabitants()
    release = _release(Population.CITIZEN)
    asked = _asked(release)
    found = _gaps(tuple(asked.values()), active, inhabitants) if asked else {}
    lines = []
    for region in study_regions().surveyed:
        one, gap = asked.get(region.code), found.get(region.code)
        effect = one.design_effect if one else None
        needed = deciding = None
        if gap is not None and one is not None and effect is not None:
            effective = one.perceived.effective
            needed = sample_needed(gap, effective, width=USEFUL, design_effect=effect)
            width = deciding_width(gap)
            if width > 0:
                deciding = sample_needed(gap, effective, width=width, design_effect=effect)
        lines.append(
            RegionLine(
                region,
                in_language(*region.labels),
                known.get(region.code, 0),
                active.get(region.code, 0),
                inhabitants.get(region.code),
                one,
                gap,
                needed,
                deciding,
            )
        )
    return RegionalDynamics(release, tuple(lines), elsewhere, nowhere, _worlds(release, asked))


def _release(population: str) -> PublishedRelease | None:
    """Return the release to read: of real respondents before invented ones, then the latest."""
    asked = [
        one
        for one in published(current=True)
        if one.population == population and table(one.uuid, QUESTION, REGION) is not None
    ]
    return min(asked, key=lambda one: (one.synthetic, -(one.year or 0)), default=None)


def _asked(release: PublishedRelease | None) -> dict[str, Perception]:
    if release is None:
        return {}
    cut = table(release.uuid, QUESTION, REGION)
    if cut is None:
        return {}
    found = perceptions(head(release.uuid), cut, covariance(release.uuid, QUESTION, REGION), LEVELS)
    return {one.perceived.code: one for one in found}


def _gaps(
    asked: tuple[Perception, ...], active: dict[str, int], inhabitants: dict[str, int]
) -> dict[str, Gap]:
    codes = [region.code for region in study_regions().surveyed if region.code in inhabitants]
    by_code = {one.perceived.code: one.perceived for one in asked}
    perceived = tuple(by_code.get(code, Perceived(code, None, 0.0)) for code in codes)
    recorded = tuple(
        Recorded(code, active.get(code, 0), inhabitants[code], DETECTION) for code in codes
    )
    if sum(one.effective > 0 for one in perceived) < FEWEST:
        return {}
    return {gap.code: gap for gap in _computed(perceived, recorded)}


@lru_cache(maxsize=8)
def _computed(perceived: tuple[Perceived, ...], recorded: tuple[Recorded, ...]) -> tuple[Gap, ...]:
    return gaps(perceived, recorded)


def _worlds(
    release: PublishedRelease | None, citizens: dict[str, Perception]
) -> tuple[WorldGap, ...]:
    """Compare each other population with citizens: invented respondents with invented ones only."""
    found = []
    for code, label in Population.choices:
        other = _release(code) if code != Population.CITIZEN else None
        if release is None or other is None or other.synthetic != release.synthetic:
            continue
        actors = _asked(other)
        both = [
            one for one in study_regions().surveyed if one.code in actors and one.code in citizens
        ]
        surveyed = [
            sum(side[one.code].perceived.effective > 0 for one in both)
            for side in (actors, citizens)
        ]
        if min(surveyed) < FEWEST:
            continue
        compared = _compared(
            tuple(actors[one.code].perceived for one in both),
            tuple(citizens[one.code].perceived for one in both),
        )
        found += [
            WorldGap(str(label), in_language(*one.labels), gap)
            for one, gap in zip(both, compared, strict=True)
            if actors[one.code].perceived.effective > 0
            and citizens[one.code].perceived.effective > 0
        ]
    return tuple(found)


@lru_cache(maxsize=8)
def _compared(first: tuple[Perceived, ...], second: tuple[Perceived, ...]) -> tuple[Gap, ...]:
    return gaps_between_worlds(first, second)


def _recorded(today: dt.date) -> tuple[dict[str, int], dict[str, int], int, int]:
    """Count known and active alliances by region; an alliance of two regions counts in each."""
    found = activity_of_all(today)
    official = regions_of({place for one in found for place in one.territories})
    known: dict[str, int] = defaultdict(int)
    active: dict[str, int] = defaultdict(int)
    elsewhere = nowhere = 0
    for one in found:
        codes = {code for place in one.territories for code in official.get(place, ())}
        studied = {region.code for code in codes if (region := study_regions().of_official(code))}
        for place in studied:
            known[place] += 1
            active[place] += one.is_active
        if not studied:
            elsewhere += bool(codes)
            nowhere += not codes
    return dict(known), dict(active), elsewhere, nowhere


def _inhabitants() -> dict[str, int]:
    """Return the population of the regions of the studies that the geography wholly knows."""
    of_official = {row.territory.code: row.population for row in figures(level=Level.REGION)}
    found = {}
    for region in study_regions().surveyed:
        parts = [of_official.get(code) for code in region.official]
        if all(parts):
            found[region.code] = sum(part for part in parts if part)
    return found
