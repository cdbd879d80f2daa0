"""Maps of France and of a place: views build their content, SVG draws it, no outside service."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from django.templatetags.static import static
from django.utils.translation import gettext as _

from alliage_web.ui.worlds import WorldSign, sign_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from alliage_web.ui.components import DataTable, Text

FRANCE_VIEW_BOX = (0.0, 0.0, 1160.0, 945.0)
SIGN_SIZE = 23.0
"""The side of a sign in the plane of France."""
SHADES = 7
"""How many shades the stylesheet has, from q0 to q6."""


def tip(label: Text, text: Text) -> str:
    """Put a name and its data on one line."""
    return _("%(label)s : %(text)s") % {"label": label, "text": text} if text else str(label)


@dataclass(frozen=True, slots=True)
class Inset:
    """The frame of an overseas territory, drawn at another scale."""

    name: str
    x: float
    y: float
    width: float
    height: float

    @property
    def label_x(self) -> float:
        """Where the name starts."""
        return self.x + 2

    @property
    def label_y(self) -> float:
        """The base line of the name, below the frame."""
        return self.y + self.height + 17


INSETS = (
    Inset("Guadeloupe", 5, 20, 120, 120),
    Inset("Martinique", 5, 200, 120, 120),
    Inset("Guyane", 5, 380, 120, 130),
    Inset("La Réunion", 5, 570, 120, 120),
    Inset("Mayotte", 5, 750, 120, 120),
)


@dataclass(frozen=True, slots=True)
class MapArea:
    """A shape that carries data: known by its level and code, or given as a path."""

    code: str
    label: Text
    level: str = ""
    href: str = ""
    text: Text = ""
    css_class: str = ""
    path: str = ""
    highlighted: bool = False
    x: float | None = None
    y: float | None = None

    @property
    def tip(self) -> str:
        """What is said of the area when one points at it."""
        return tip(self.label, self.text)

    @property
    def shape(self) -> str:
        """The address of the shape in the outlines."""
        return f"{static(f'ui/maps/{self.level}.svg')}#{self.level[:1]}-{self.code}"

    @property
    def label_x(self) -> float:
        """Where the name is written."""
        return self.x if self.x is not None else path_middle(self.path)[0]

    @property
    def label_y(self) -> float:
        """Where the name is written."""
        return self.y if self.y is not None else path_middle(self.path)[1]


@dataclass(frozen=True, slots=True)
class MapName:
    """The name of an area; a wide one is shown only where the map has room."""

    text: Text
    x: float
    y: float
    here: bool
    wide: bool


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A point of the plane: the sign of a world, or a disc when it has none."""

    x: float
    y: float
    label: Text
    href: str = ""
    text: Text = ""
    world: str = ""
    size: float = 1
    css_class: str = ""

    @property
    def tip(self) -> str:
        """What is said of the point when one points at it."""
        return tip(self.label, self.text)

    @property
    def sign(self) -> WorldSign | None:
        """The sign of the world."""
        return sign_of(self.world) if self.world else None

    @property
    def transform(self) -> str:
        """Where and how large the sign is drawn, centred on the point."""
        scale = SIGN_SIZE / 20 * self.size
        return f"translate({self.x - 10 * scale:.1f} {self.y - 10 * scale:.1f}) scale({scale:.2f})"


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A colour or a sign and what it means."""

    label: Text
    css_class: str = ""
    world: str = ""


@dataclass(frozen=True, slots=True)
class MapLegend:
    """The key of a map."""

    title: Text
    entries: tuple[LegendEntry, ...]


@dataclass(frozen=True, slots=True)
class FranceMap:
    """A map of France with its overseas insets, and the table that says the same."""

    id: str
    title: Text
    description: Text
    table: DataTable
    base: str = "regions"
    areas: tuple[MapArea, ...] = ()
    points: tuple[MapPoint, ...] = ()
    legend: MapLegend | None = None
    source: Text = ""

    @property
    def is_local(self) -> bool:
        """Tell the country from a place."""
        return False

    @property
    def insets(self) -> tuple[Inset, ...]:
        """The frames of the overseas territories."""
        return INSETS

    @property
    def drawn_areas(self) -> tuple[MapArea, ...]:
        """The areas in the order they are drawn: the highlighted last, above its neighbours."""
        return above(self.areas)

    @property
    def base_file(self) -> str:
        """The address of the outlines below the data."""
        return static(f"ui/maps/{self.base}.svg")

    @property
    def lines_file(self) -> str:
        """The address of the outlines above the data."""
        return static("ui/maps/regions.svg")

    @property
    def view_box(self) -> str:
        """The frame of the drawing."""
        return " ".join(f"{side:g}" for side in FRANCE_VIEW_BOX)


@dataclass(frozen=True, slots=True)
class LocalMap:
    """A place among its neighbours, and the table that says the same."""

    id: str
    title: Text
    description: Text
    table: DataTable
    areas: tuple[MapArea, ...]
    points: tuple[MapPoint, ...] = ()
    legend: MapLegend | None = None
    source: Text = ""
    margin: float = 0.35

    @property
    def is_local(self) -> bool:
        """Tell the country from a place."""
        return True

    @property
    def base(self) -> str:
        """A place has no outline below it."""
        return ""

    @property
    def drawn_areas(self) -> tuple[MapArea, ...]:
        """The areas in the order they are drawn: the highlighted last, above its neighbours."""
        return above(self.areas)

    @property
    def names(self) -> tuple[MapName, ...]:
        """The names that fit in the frame without covering one another, the place's own first."""
        order = sorted(self.areas, key=lambda area: (not area.highlighted, -extent(area.path)))
        placed = {2: [], 1: []}  # type: dict[int, list[tuple[float, float, float, float]]]
        names = []
        frame_of_map, text_size = self.bounds, self.text_size
        for area in order:
            # On a phone the names are twice as large in the plane: only those that still fit show.
            fits = {
                size: self._fits(area, size * text_size, frame_of_map, placed[size])
                for size in placed
            }
            if fits[1]:
                names.append(
                    MapName(area.label, area.label_x, area.label_y, area.highlighted, not fits[2])
                )
        return tuple(names)

    def _fits(
        self,
        area: MapArea,
        text_size: float,
        frame_of_map: tuple[float, float, float, float],
        placed: list[tuple[float, float, float, float]],
    ) -> bool:
        half_width = 0.27 * text_size * len(str(area.label))
        half_height = 0.6 * text_size
        box = (
            area.label_x - half_width,
            area.label_y - half_height,
            area.label_x + half_width,
            area.label_y + half_height,
        )
        left, top, width, height = frame_of_map
        inside = left < box[0] and top < box[1] and box[2] < left + width and box[3] < top + height
        if not inside or any(overlap(box, other) for other in placed):
            return False
        placed.append(box)
        return True

    @property
    def text_size(self) -> float:
        """The size of the names, in units of the plane."""
        return round(self.bounds[2] / 50, 3)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The frame: the highlighted areas and a margin around them."""
        shown = [area for area in self.areas if area.highlighted] or list(self.areas)
        return frame((path_bounds(area.path) for area in shown), margin=self.margin)

    @property
    def view_box(self) -> str:
        """The frame of the drawing."""
        return " ".join(f"{side:.2f}".rstrip("0").rstrip(".") for side in self.bounds)


def above(areas: tuple[MapArea, ...]) -> tuple[MapArea, ...]:
    """Put the highlighted areas last."""
    return tuple(sorted(areas, key=lambda area: area.highlighted))


_TOKEN = re.compile(r"[A-Za-z]|-?\d*\.?\d+(?:e-?\d+)?")


@lru_cache(maxsize=4096)
def path_bounds(path: str) -> tuple[float, float, float, float]:
    """Give the left, top, right and bottom of a path of moves and straight lines.

    Examples
    --------
    >>> path_bounds("M1,2l3,4 -1,2z")
    (1.0, 2.0, 4.0, 8.0)
    """
    points = list(path_points(path))
    if not points:
        msg = f"The path « {path[:40]} » has no point. A path starts with M x,y."
        raise ValueError(msg)
    abscissas, ordinates = zip(*points, strict=True)
    return min(abscissas), min(ordinates), max(abscissas), max(ordinates)


def extent(path: str) -> float:
    """Give the surface of the bounds of a path."""
    left, top, right, bottom = path_bounds(path)
    return (right - left) * (bottom - top)


def overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    """Tell whether two boxes (left, top, right, bottom) share a point."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def path_middle(path: str) -> tuple[float, float]:
    """Give the middle of the bounds of a path."""
    left, top, right, bottom = path_bounds(path)
    return (left + right) / 2, (top + bottom) / 2


def path_points(path: str) -> Iterable[tuple[float, float]]:
    """Give the points of a path of moves and straight lines (M, m, L, l, H, h, V, v, Z)."""
    command, x, y, start = "M", 0.0, 0.0, (0.0, 0.0)
    numbers: list[float] = []
    for piece in _TOKEN.findall(path):
        if piece.isalpha():
            command = piece
            numbers = []
            if piece in "Zz":
                x, y = start
            continue
        numbers.append(float(piece))
        if command in "HhVv":
            x, y = _step(command, numbers.pop(), x, y)
        elif len(numbers) == 2:
            x = numbers[0] + (x if command in "ml" else 0)
            y = numbers[1] + (y if command in "ml" else 0)
            numbers = []
            if command in "Mm":
                start, command = (x, y), "L" if command == "M" else "l"
        else:
            continue
        yield x, y


def _step(command: str, value: float, x: float, y: float) -> tuple[float, float]:
    if command in "Hh":
        return value + (x if command == "h" else 0), y
    return x, value + (y if command == "v" else 0)


def frame(
    bounds: Iterable[tuple[float, float, float, float]], *, margin: float, ratio: float = 4 / 3
) -> tuple[float, float, float, float]:
    """Give the view box around some bounds: a margin on each side, in a fixed proportion."""
    boxes = list(bounds)
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    width = max(right - left, 1e-6) * (1 + 2 * margin)
    height = max(bottom - top, 1e-6) * (1 + 2 * margin)
    width, height = max(width, height * ratio), max(height, width / ratio)
    return (left + right - width) / 2, (top + bottom - height) / 2, width, height


@dataclass(frozen=True, slots=True)
class Classes:
    """The bounds of classes of values: a class holds its upper bound."""

    bounds: tuple[float, ...]

    def css_class(self, value: float | None) -> str:
        """Give the class of a value, or that of the unknown."""
        if value is None:
            return "na"
        return self._shade(sum(value > bound for bound in self.bounds[1:-1]))

    def _shade(self, rank: int) -> str:
        # Few classes are spread over all the shades, so that they stay apart.
        last = max(len(self.bounds) - 2, 1)
        return f"q{round(rank * (SHADES - 1) / last)}"

    def entries(self, write: Callable[[float], str], unknown: Text = "") -> tuple[LegendEntry, ...]:
        """Give the entries of the legend; ``unknown`` is the label of the hatch, if it is used."""
        entries = [
            LegendEntry(f"{write(low)} – {write(high)}", self._shade(rank))
            for rank, (low, high) in enumerate(pairwise(self.bounds))
        ]
        if unknown:
            entries.append(LegendEntry(unknown, "na"))
        return tuple(entries)


def classes(values: Sequence[float | None], count: int = 5) -> Classes:
    """Cut values into classes of about as many; equal values are never parted.

    Examples
    --------
    >>> classes([1, 2, 3, 4, None], count=2).bounds
    (1, 2, 4)
    """
    known = sorted(value for value in values if value is not None)
    if not known:
        return Classes(())
    cuts = [known[max(round(len(known) * rank / count) - 1, 0)] for rank in range(1, count)]
    inner = sorted({cut for cut in cuts if known[0] <= cut < known[-1]})
    return Classes((known[0], *inner, known[-1]))


def apart(points: Sequence[MapPoint], gap: float = SIGN_SIZE) -> tuple[MapPoint, ...]:
    """Move signs that cover one another a little apart, the same way each time.

    Points of a same town are set around it; the others stay where they are.

    Examples
    --------
    >>> here, there = apart([MapPoint(10, 10, "A"), MapPoint(10, 10, "B")])
    >>> round(math.dist((here.x, here.y), (there.x, there.y)))
    23
    """
    places = [(point.x, point.y) for point in points]
    for _round in range(60):
        pushed = False
        for i, j in combinations(range(len(places)), 2):
            (x1, y1), (x2, y2) = places[i], places[j]
            distance = math.dist(places[i], places[j])
            if distance >= gap - 0.01:
                continue
            pushed = True
            # Equal points part along an angle that depends on their ranks alone.
            angle = math.atan2(y2 - y1, x2 - x1) if distance > 1e-6 else 2.4 * (i + j)
            push = (gap - distance) / 2
            dx, dy = push * math.cos(angle), push * math.sin(angle)
            places[i], places[j] = (x1 - dx, y1 - dy), (x2 + dx, y2 + dy)
        if not pushed:
            break
    return tuple(
        replace(point, x=round(x, 1), y=round(y, 1))
        for point, (x, y) in zip(points, places, strict=True)
    )
