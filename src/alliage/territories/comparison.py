"""Where a territory stands among those of its size class."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alliage.territories.levels import Level
from alliage.territories.size_classes import SizeClass
from alliage.territories.vintages import OVERSEAS_COLLECTIVITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alliage.territories.vintages import TerritoryRecord


@dataclass(frozen=True, slots=True)
class Distribution:
    """How known values spread: extremes, quartiles and median, in the unit of the values."""

    count: int
    minimum: float
    lower_quartile: float
    median: float
    upper_quartile: float
    maximum: float


def distribution(values: Iterable[float | None]) -> Distribution | None:
    """Summarise values by their extremes and quartiles.

    Parameters
    ----------
    values : iterable of float or None
        One value a territory; None is unknown and does not count.

    Returns
    -------
    Distribution or None
        The summary of the known values; None when no value is known.

    Notes
    -----
    Quantiles interpolate linearly between the ordered values: type 7 of Hyndman and Fan (1996).

    Examples
    --------
    >>> distribution([1, 2, 3, 4, None]).median
    2.5
    """
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    if known.size == 0:
        return None
    low, first, middle, third, high = np.quantile(known, (0, 0.25, 0.5, 0.75, 1)).tolist()
    return Distribution(known.size, low, first, middle, third, high)


def density(population: int | None, surface_km2: float | None) -> float | None:
    """Return inhabitants per square kilometre, or None when it cannot be known.

    Parameters
    ----------
    population : int or None
        Inhabitants.
    surface_km2 : float or None
        Surface in square kilometres.

    Returns
    -------
    float or None
        Inhabitants per square kilometre; None if a figure is unknown or the surface is zero.

    Examples
    --------
    >>> density(2_000, 4.0)
    500.0
    >>> density(None, 12.0) is None
    True
    """
    if population is None or not surface_km2:
        return None
    return population / surface_km2


@dataclass(frozen=True, slots=True)
class ClassProfile:
    """The territories of one level and one size class, taken together."""

    level: Level
    size_class: SizeClass
    count: int
    population: int
    populations: Distribution | None
    densities: Distribution | None


def class_profiles(territories: Iterable[TerritoryRecord]) -> tuple[ClassProfile, ...]:
    """Profile each size class of each level.

    Parameters
    ----------
    territories : iterable of TerritoryRecord
        Territories of one vintage. Those of unknown population have no class. The overseas
        collectivities are left out, as they are from the totals of France.

    Returns
    -------
    tuple of ClassProfile
        In the order of the levels, then of the classes from the smallest; empty ones are absent.

    Examples
    --------
    >>> from alliage.territories.vintages import TerritoryRecord
    >>> (profile,) = class_profiles(
    ...     TerritoryRecord(Level.COMMUNE, code, code, population=people)
    ...     for code, people in (("01001", 860), ("01002", 260), ("01003", None))
    ... )
    >>> profile.size_class.value, profile.count, profile.population
    ('tpt', 2, 1120)
    """
    members: dict[tuple[Level, SizeClass], list[TerritoryRecord]] = defaultdict(list)
    for territory in territories:
        if territory.size_class is not None and territory.kind != OVERSEAS_COLLECTIVITY:
            members[territory.level, territory.size_class].append(territory)
    return tuple(
        _profile(level, size, members[level, size])
        for level in Level
        for size in SizeClass
        if (level, size) in members
    )


def _profile(level: Level, size: SizeClass, territories: Sequence[TerritoryRecord]) -> ClassProfile:
    populations = distribution(territory.population for territory in territories)
    return ClassProfile(
        level=level,
        size_class=size,
        count=len(territories),
        population=sum(territory.population or 0 for territory in territories),
        populations=populations,
        densities=distribution(
            density(territory.population, territory.surface_km2) for territory in territories
        ),
    )
