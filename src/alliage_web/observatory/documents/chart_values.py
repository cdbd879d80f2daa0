"""What a chart of the observatory shows: plain figures and their words, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Texts: TypeAlias = tuple[str, ...]


class Scale(StrEnum):
    """How the axis is written."""

    #: Values between 0 and 1, written in hundredths.
    SHARE = "share"
    NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What every chart says of itself.

    Attributes
    ----------
    title, subtitle
        What is shown, of whom and when.
    description
        What the drawing shows in a sentence, for who does not see it.
    source, address, fingerprint
        Where the figures come from, the page that shows them and the release that holds them.
    synthetic
        Whether respondents were invented; it is then written in every drawing and file.
    """

    title: str
    description: str
    synthetic: bool
    subtitle: str = ""
    source: str = ""
    address: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A figure and its interval. A value of None is not shown: it is hatched, never zero.

    Attributes
    ----------
    text
        The figure as it is written, or why it is not shown.
    caution
        Drawn hollow: the base is small.
    strong
        Drawn as a diamond, in the colour that stands out.
    """

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    text: str = ""
    caution: bool = False
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Points, or bars that start at zero, with their intervals.

    Attributes
    ----------
    domain
        Ends of the axis. Bars start at zero.
    reference
        A value that all are read against and its name, drawn as a line.
    """

    about: About
    marks: tuple[Mark, ...]
    domain: tuple[float, float]
    scale: Scale = Scale.SHARE
    reference: tuple[float, str] | None = None
    bars: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The shares of the levels of an answer, for a group; None where they are not shown."""

    label: str
    shares: tuple[float, ...] | None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverging:
    """Ordered answers on both sides of their middle.

    Attributes
    ----------
    levels
        Names of the levels, in their order. An odd one is cut by the middle.
    apart
        How many of the last ones are no opinion: drawn at the right, off the scale.
    """

    about: About
    levels: Texts
    rows: tuple[Answers, ...]
    apart: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RankBar:
    """The rank of an item and the ranks that remain possible."""

    label: str
    rank: int
    best: int
    worst: int
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """Ranks with their intervals, from the first."""

    about: About
    bars: tuple[RankBar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure in two waves, and whether its change is established."""

    label: str
    before: Mark
    after: Mark
    established: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Slopes:
    """Figures of two waves that may be compared, joined by lines."""

    about: About
    waves: tuple[str, str]
    changes: tuple[Change, ...]
    scale: Scale = Scale.SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A figure of a year; ``published`` is one that a document states, without a margin."""

    year: float
    value: float
    text: str
    low: float | None = None
    high: float | None = None
    published: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A series: points of a segment are joined, segments never are.

    Attributes
    ----------
    breaks
        Years where the series starts anew, and why in a few words.
    """

    label: str
    segments: tuple[tuple[Point, ...], ...]
    breaks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Series over the years, each in its panel, on the same axes."""

    about: About
    panels: tuple[Panel, ...]
    domain: tuple[float, float]
    scale: Scale = Scale.SHARE


Drawable: TypeAlias = Intervals | Diverging | Ranks | Slopes | Lines
