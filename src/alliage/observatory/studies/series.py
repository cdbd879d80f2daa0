"""A figure from wave to wave: segments that may be joined by a line, and why others may not.

A line between two figures says that they are comparable. None is drawn between a figure of a
document and one computed here, nor to invented respondents, nor where the question changed, nor
where nobody can tell whether it did, nor over a wave whose figure is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from alliage.observatory.studies.catalogue import Comparability

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alliage.observatory.studies.catalogue import BreakKind


class Origin(StrEnum):
    """Where a figure comes from."""

    #: A document states it; it has no margin of error.
    DOCUMENT = "document"
    #: It was computed here from respondents.
    RELEASE = "release"
    #: It was computed here from respondents whom a generator invented.
    SYNTHETIC = "synthetic"


class Gap(StrEnum):
    """Why a line stops between two waves."""

    #: The question changed: its wording, its scale, its context.
    BROKEN = "broken"
    #: Nobody can tell whether it changed.
    UNKNOWN = "unknown"
    #: The wave asked the question, and its figure is not known.
    NO_FIGURE = "no_figure"


@dataclass(frozen=True, slots=True)
class AskedIn:
    """A wave that asked the question.

    Attributes
    ----------
    wave
        A name of the wave, unique in the series.
    label
        How the wave is called.
    comparability
        Against the wave before that asked it.
    breaks, reason
        What changed, and why in one sentence.
    synthetic
        Whether its respondents are invented: such a wave is compared with no other.
    """

    wave: str
    label: str
    comparability: Comparability
    breaks: tuple[BreakKind, ...] = ()
    reason: str = ""
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A figure of one wave.

    Attributes
    ----------
    wave
        The name of the wave.
    origin
        Where it comes from.
    value
        ``None`` where only bounds are known.
    low, high
        Bounds: of the confidence interval for a release, of what is deduced for a document.
    name
        What the caller knows it by: the code of a published figure, for example.
    """

    wave: str
    origin: Origin
    value: float | None
    low: float | None = None
    high: float | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """Points of consecutive waves that are comparable, in order; one point alone has no line."""

    origin: Origin
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Interruption:
    """Between two consecutive waves, why no line joins them."""

    before: AskedIn
    after: AskedIn
    gap: Gap


@dataclass(frozen=True, slots=True)
class Series:
    """A figure from wave to wave.

    Attributes
    ----------
    asked
        The waves that asked the question, in order, those with invented respondents last.
    segments
        Every point is in exactly one.
    interruptions
        Where lines stop, in order.
    """

    asked: tuple[AskedIn, ...]
    segments: tuple[Segment, ...]
    interruptions: tuple[Interruption, ...]


class UnknownWaveError(ValueError):
    """A point is of a wave that did not ask the question."""

    def __init__(self, wave: str, known: Iterable[str]) -> None:
        self.wave = wave
        self.known = tuple(known)
        super().__init__(
            f"A point is of the wave « {wave} », which did not ask the question. "
            f"Waves that did: {', '.join(self.known) or 'none'}. Declare that it was asked."
        )


def series(asked: Sequence[AskedIn], points: Iterable[Point]) -> Series:
    """Cut a figure into what may be joined by a line.

    Parameters
    ----------
    asked
        The waves that asked the question of one population, in the order of time.
    points
        At most one figure for each wave and origin, in any order.

    Returns
    -------
    Series
        Segments and interruptions.

    Raises
    ------
    UnknownWaveError
        If a point is of a wave that did not ask the question.
    ValueError
        If a wave is given twice, or two points are of one wave and origin.

    Examples
    --------
    >>> waves = [
    ...     AskedIn("2019", "2019", Comparability.FIRST),
    ...     AskedIn("2022", "2022", Comparability.COMPARABLE),
    ... ]
    >>> found = [Point("2019", Origin.DOCUMENT, 6.3), Point("2022", Origin.DOCUMENT, 5.7)]
    >>> [len(one.points) for one in series(waves, found).segments]
    [2]

    The same figures with a question that changed are two segments of one point:

    >>> changed = [waves[0], AskedIn("2022", "2022", Comparability.BROKEN, reason="New wording.")]
    >>> cut = series(changed, found)
    >>> [len(one.points) for one in cut.segments]
    [1, 1]
    >>> cut.interruptions[0].after.reason
    'New wording.'
    """
    real = [one for one in asked if not one.synthetic]
    invented = [one for one in asked if one.synthetic]
    names = [one.wave for one in asked]
    if len(set(names)) < len(names):
        msg = f"A wave is given twice among {', '.join(names)}. Give each one once."
        raise ValueError(msg)
    placed: dict[tuple[str, Origin], Point] = {}
    for point in points:
        if point.wave not in names:
            raise UnknownWaveError(point.wave, names)
        if (point.wave, point.origin) in placed:
            msg = f"Two points of {point.origin.value} are of the wave « {point.wave} ». Keep one."
            raise ValueError(msg)
        placed[point.wave, point.origin] = point
    segments = [
        segment
        for origin in (Origin.DOCUMENT, Origin.RELEASE)
        for segment in _segments(real, origin, placed)
    ]
    # What is said of invented respondents, under whatever name, stands alone.
    segments += [
        Segment(point.origin, (point,))
        for (wave, origin), point in sorted(
            placed.items(), key=lambda each: names.index(each[0][0])
        )
        if origin is Origin.SYNTHETIC or wave in {one.wave for one in invented}
    ]
    return Series(
        (*real, *invented),
        tuple(segments),
        tuple(_interruptions(real, {wave for wave, _ in placed})),
    )


def _segments(
    asked: Sequence[AskedIn], origin: Origin, placed: dict[tuple[str, Origin], Point]
) -> list[Segment]:
    runs: list[list[Point]] = []
    joined = False
    for one in asked:
        point = placed.get((one.wave, origin))
        if point is None:
            joined = False
            continue
        if joined and one.comparability is Comparability.COMPARABLE:
            runs[-1].append(point)
        else:
            runs.append([point])
        joined = True
    return [Segment(origin, tuple(run)) for run in runs]


def _interruptions(asked: Sequence[AskedIn], known: set[str]) -> Iterable[Interruption]:
    for before, after in pairwise(asked):
        if after.comparability is Comparability.COMPARABLE:
            if not {before.wave, after.wave} <= known:
                yield Interruption(before, after, Gap.NO_FIGURE)
        elif after.comparability is Comparability.BROKEN:
            yield Interruption(before, after, Gap.BROKEN)
        else:
            yield Interruption(before, after, Gap.UNKNOWN)
