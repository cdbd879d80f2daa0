"""The shapes of communes: TopoJSON in, SVG paths in the plane of the maps and neighbours out.

TopoJSON keeps each stretch of border once, as an arc that the shapes on both sides point to. So two
communes are neighbours when they point to the same arc, and their drawn borders meet exactly.
Source: the TopoJSON Format Specification, version 1 (Bostock and Metcalf, 2013).
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from alliage.territories.projection import Plane, zone_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Point = tuple[int, int]

# Paths are written in hundredths of a unit, about 11 m in mainland France: finer than the shapes.
_FINENESS = 100


@dataclass(frozen=True, slots=True)
class Outline:
    """The shape of a commune as an SVG path, its box in the same plane, and who touches it."""

    path: str
    x_min: float
    y_min: float
    x_max: float
    y_max: float
    neighbours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Shape:
    code: str
    rings: tuple[tuple[int, ...], ...]


class OutlinesError(ValueError):
    """The file is not a TopoJSON topology of communes."""


def read_outlines(path: Path, plane: Plane) -> dict[str, Outline]:
    """Read the shapes of communes.

    Parameters
    ----------
    path : Path
        A quantised TopoJSON file of one object, compressed by gzip if its name ends with ``.gz``.
        The ``id`` of a geometry is the INSEE code of the commune; coordinates are in degrees.
    plane : Plane
        The plane of the maps.

    Returns
    -------
    dict of str to Outline
        The outline of each commune, by INSEE code, in the order of the file.

    Raises
    ------
    OutlinesError
        If the file is not such a topology.

    Examples
    --------
    >>> from alliage.values.datafiles import data_directory
    >>> folder = data_directory() / "territories" / "2026"
    >>> outlines = read_outlines(
    ...     folder / "communes.topo.json.gz", Plane.read(folder / "carte_affine.json")
    ... )
    >>> outlines["94080"].neighbours
    ('75056', '93048', '94033', '94067')
    """
    topology = _load(path)
    try:
        shapes = tuple(_shapes(topology))
        places = _places(topology, shapes, plane)
    except (KeyError, TypeError, IndexError, ValueError) as error:
        msg = (
            f"{path.name} is not a topology of communes ({error!r}). Give a quantised TopoJSON "
            "file with one object, whose geometries are polygons with the INSEE code as id."
        )
        raise OutlinesError(msg) from error
    neighbours = _neighbours(shapes)
    return {shape.code: _outline(shape, places, neighbours[shape.code]) for shape in shapes}


def _load(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        content = json.loads(data)
    except (OSError, EOFError, ValueError) as error:
        msg = f"{path.name} cannot be read as JSON: {error}. Give the file as it was published."
        raise OutlinesError(msg) from error
    if not isinstance(content, dict) or content.get("type") != "Topology":
        msg = f"{path.name} is not TopoJSON: its « type » is not « Topology »."
        raise OutlinesError(msg)
    return content


def _shapes(topology: dict[str, Any]) -> Iterator[_Shape]:
    (collection,) = topology["objects"].values()
    for geometry in collection["geometries"]:
        polygons = geometry["arcs"]
        if geometry["type"] == "Polygon":
            polygons = [polygons]
        rings = tuple(tuple(ring) for polygon in polygons for ring in polygon)
        yield _Shape(str(geometry["id"]), rings)


def _arc(reference: int) -> int:
    """Give the index of an arc; a complement means that the arc is followed backwards."""
    return reference if reference >= 0 else ~reference


def _places(topology: dict[str, Any], shapes: Sequence[_Shape], plane: Plane) -> list[list[Point]]:
    """Give the points of each arc in the plane, in hundredths of a unit."""
    arcs = topology["arcs"]
    lengths = np.array([len(arc) for arc in arcs])
    degrees = _degrees(topology, lengths)
    zone_of_arc = np.full(len(arcs), -1)
    zones = sorted({zone_of(shape.code) for shape in shapes})
    for shape in shapes:
        rank = zones.index(zone_of(shape.code))
        for ring in shape.rings:
            zone_of_arc[[_arc(reference) for reference in ring]] = rank
    zone_of_point = np.repeat(zone_of_arc, lengths)
    placed = np.zeros((len(degrees), 2), dtype=np.int64)
    for rank, zone in enumerate(zones):
        here = zone_of_point == rank
        x, y = plane.place(zone, degrees[here, 0], degrees[here, 1])
        placed[here] = np.rint(np.column_stack((x, y)) * _FINENESS)
    points: list[Point] = [(x, y) for x, y in placed.tolist()]
    ends = np.cumsum(lengths).tolist()
    return [points[end - length : end] for end, length in zip(ends, lengths.tolist(), strict=True)]


def _degrees(topology: dict[str, Any], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Undo the quantisation and the differences between the points of each arc."""
    steps = np.array([point for arc in topology["arcs"] for point in arc], dtype=np.int64)
    sums = np.cumsum(steps, axis=0)
    starts = np.cumsum(lengths) - lengths
    before = sums[starts] - steps[starts]
    quantised = sums - np.repeat(before, lengths, axis=0)
    scale, translate = topology["transform"]["scale"], topology["transform"]["translate"]
    degrees: NDArray[np.float64] = quantised * np.array(scale) + np.array(translate)
    return degrees


def _neighbours(shapes: Sequence[_Shape]) -> Mapping[str, tuple[str, ...]]:
    sides: dict[int, set[str]] = defaultdict(set)
    for shape in shapes:
        for ring in shape.rings:
            for reference in ring:
                sides[_arc(reference)].add(shape.code)
    found: dict[str, set[str]] = {shape.code: set() for shape in shapes}
    for codes in sides.values():
        for code in codes:
            found[code] |= codes
    return {code: tuple(sorted(codes - {code})) for code, codes in found.items()}


def _outline(
    shape: _Shape, arcs: Sequence[Sequence[Point]], neighbours: tuple[str, ...]
) -> Outline:
    rings = [_ring_points(ring, arcs) for ring in shape.rings]
    # An islet smaller than the fineness of the plane is not drawn, unless nothing else is left.
    drawn = [ring for ring in rings if len(ring) > 2] or rings[:1]
    abscissas = [x for ring in drawn for x, _ in ring]
    ordinates = [y for ring in drawn for _, y in ring]
    return Outline(
        path="".join(map(_ring_path, drawn)),
        x_min=min(abscissas) / _FINENESS,
        y_min=min(ordinates) / _FINENESS,
        x_max=max(abscissas) / _FINENESS,
        y_max=max(ordinates) / _FINENESS,
        neighbours=neighbours,
    )


def _ring_points(ring: Sequence[int], arcs: Sequence[Sequence[Point]]) -> list[Point]:
    """Chain the arcs of a ring, without the points that repeat the one before or the first."""
    points: list[Point] = []
    for reference in ring:
        arc = arcs[_arc(reference)]
        for point in arc if reference >= 0 else reversed(arc):
            if not points or point != points[-1]:
                points.append(point)
    while len(points) > 1 and points[-1] == points[0]:
        points.pop()
    return points


_TEXTS: dict[int, str] = {}


def _text(hundredths: int) -> str:
    """Write a number of hundredths as short as can be. Steps are small: most come again."""
    text = _TEXTS.get(hundredths)
    if text is None:
        text = f"{hundredths / _FINENESS:.2f}".rstrip("0").rstrip(".")
        if abs(hundredths) < 1_000:
            _TEXTS[hundredths] = text
    return text


def _ring_path(points: Sequence[Point]) -> str:
    (x, y), *others = points
    start = f"M{_text(x)},{_text(y)}"
    steps = []
    for next_x, next_y in others:
        steps.append(f"{_text(next_x - x)},{_text(next_y - y)}")
        x, y = next_x, next_y
    return f"{start}l{' '.join(steps)}z" if steps else f"{start}z"
