"""The figures of a project's own perimeter, derived from its communes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from alliage.territories.size_classes import SizeClass, size_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FigureT = TypeVar("FigureT", int, float)


class Member(Protocol):
    """What is known of a commune of a perimeter; None is unknown."""

    @property
    def population(self) -> int | None: ...
    @property
    def population_year(self) -> int | None: ...
    @property
    def surface_km2(self) -> float | None: ...
    @property
    def latitude(self) -> float | None: ...
    @property
    def longitude(self) -> float | None: ...
    @property
    def x(self) -> float | None: ...
    @property
    def y(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Commune:
    """A plain member of a perimeter, for those who compose one without a database."""

    population: int | None = None
    population_year: int | None = None
    surface_km2: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    x: float | None = None
    y: float | None = None


@dataclass(frozen=True, slots=True)
class Composition:
    """The figures of a perimeter. None is unknown.

    Attributes
    ----------
    communes_count
        Number of communes.
    population
        Inhabitants; unknown as soon as that of one commune is.
    population_years
        Years of the populations that are known, ascending.
    surface_km2
        Surface in square kilometres; unknown as soon as that of one commune is.
    size_class
        Size class of the whole; unknown when the population is.
    by_size_class
        Number of communes per size class; those of unknown population are under None.
    latitude, longitude, x, y
        A point in the middle; unknown when no commune has a position.
    """

    communes_count: int
    population: int | None
    population_years: tuple[int, ...]
    surface_km2: float | None
    size_class: SizeClass | None
    by_size_class: Mapping[SizeClass | None, int]
    latitude: float | None
    longitude: float | None
    x: float | None
    y: float | None


def compose(communes: Iterable[Member]) -> Composition:
    """Derive the figures of a perimeter from its communes.

    Parameters
    ----------
    communes : iterable of Member
        The communes, each once.

    Returns
    -------
    Composition
        Sums and counts. What is unknown of one commune makes the sum unknown: a partial sum would
        pass for the whole.

    Notes
    -----
    The middle is the mean of the communes' own points, weighted by surface when every surface is
    known. It serves to place the perimeter on a map and to look for what is near.

    Examples
    --------
    >>> whole = compose([Commune(population=1_500), Commune(population=48_193)])
    >>> whole.population, whole.size_class
    (49693, <SizeClass.INTERMEDIATE: 'tti'>)
    >>> compose([Commune(population=1_500), Commune()]).population is None
    True
    """
    members = tuple(communes)
    populations = [member.population for member in members]
    population = _total(populations)
    surface = _total([member.surface_km2 for member in members])
    return Composition(
        communes_count=len(members),
        population=population,
        population_years=tuple(
            sorted({member.population_year for member in members if member.population_year})
        ),
        surface_km2=surface,
        size_class=None if population is None else size_class(population),
        by_size_class=dict(
            Counter(None if known is None else size_class(known) for known in populations)
        ),
        latitude=_middle([(member.latitude, member.surface_km2) for member in members]),
        longitude=_middle([(member.longitude, member.surface_km2) for member in members]),
        x=_middle([(member.x, member.surface_km2) for member in members]),
        y=_middle([(member.y, member.surface_km2) for member in members]),
    )


def _total(values: Sequence[FigureT | None]) -> FigureT | None:
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def _middle(points: Sequence[tuple[float | None, float | None]]) -> float | None:
    placed = [(value, weight) for value, weight in points if value is not None]
    if not placed:
        return None
    weights = [weight for _, weight in placed if weight]
    if len(weights) < len(placed):
        return sum(value for value, _ in placed) / len(placed)
    return sum(value * weight for (value, _), weight in zip(placed, weights, strict=True)) / sum(
        weights
    )
