"""Distances, projections and outlines."""

from __future__ import annotations

import gzip
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.territories import SHIPPED

from alliage.territories.distance import EARTH_RADIUS_KM, great_circle_km
from alliage.territories.outlines import OutlinesError, read_outlines
from alliage.territories.projection import (
    LAMBERT_93,
    Plane,
    UniversalTransverseMercator,
    zone_of,
)

if TYPE_CHECKING:
    from pathlib import Path

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)


# Distance


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_a_distance_is_the_same_both_ways_and_at_most_half_round(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> None:
    there = great_circle_km(latitude, longitude, other_latitude, other_longitude)
    back = great_circle_km(other_latitude, other_longitude, latitude, longitude)
    assert there == pytest.approx(back)
    assert 0 <= there <= math.pi * EARTH_RADIUS_KM + 1e-6


@pytest.mark.parametrize(
    ("there", "kilometres"),
    [
        ((0, 0, 0, 0), 0),
        ((0, 0, 0, 1), 111.195),
        ((0, 0, 90, 0), 10_007.557),
        ((0, 0, 0, 180), 20_015.115),
        ((48.8474, 2.4376, 48.8474, 2.4376), 0),
    ],
)
def test_known_distances(there: tuple[float, float, float, float], kilometres: float) -> None:
    assert great_circle_km(*there) == pytest.approx(kilometres, abs=0.001)


def test_a_latitude_beyond_the_pole_is_refused() -> None:
    with pytest.raises(ValueError, match="Give -90 to 90"):
        great_circle_km(91, 0, 0, 0)


# Projection


def test_lambert_93_has_the_constants_that_ign_publishes() -> None:
    # At the pole the northing is that of the top of the cone, ys of the tables of IGN.
    with np.errstate(divide="ignore"):
        easting, northing = LAMBERT_93.project(np.array([3.0]), np.array([90.0]))
    assert easting[0] == pytest.approx(700_000, abs=0.001)
    assert northing[0] == pytest.approx(12_655_612.050, abs=0.001)


def test_transverse_mercator_follows_the_meridian() -> None:
    # The arc of meridian of GRS 80 from the equator to 45° is 4,984,944.378 m.
    projection = UniversalTransverseMercator(20)
    easting, northing = projection.project(np.array([-63.0]), np.array([45.0]))
    assert easting[0] == pytest.approx(500_000, abs=0.001)
    assert northing[0] == pytest.approx(0.9996 * 4_984_944.378, abs=0.001)


@given(st.floats(-80, 80), st.floats(-3, 3))
def test_transverse_mercator_is_symmetrical(latitude: float, from_middle: float) -> None:
    north, south = UniversalTransverseMercator(38), UniversalTransverseMercator(38, south=True)
    east = north.project(np.array([45 + from_middle]), np.array([latitude]))
    west = north.project(np.array([45 - from_middle]), np.array([-latitude]))
    assert east[0][0] - 500_000 == pytest.approx(500_000 - west[0][0], abs=1e-6)
    assert east[1][0] == pytest.approx(-west[1][0], abs=1e-6)
    shifted = south.project(np.array([45 + from_middle]), np.array([latitude]))
    assert shifted[1][0] - east[1][0] == pytest.approx(10_000_000)


def test_every_commune_falls_where_the_data_draw_it() -> None:
    plane = Plane.read(SHIPPED / "carte_affine.json")
    communes = pl.read_parquet(SHIPPED / "communes.parquet").filter(pl.col("x").is_not_null())
    zones = np.array([zone_of(code) for code in communes["code"]])
    assert set(zones) == set(plane.zones)
    for zone in plane.zones:
        here = communes.filter(pl.Series(zones == zone))
        x, y = plane.place(zone, here["lon"].to_numpy(), here["lat"].to_numpy())
        # The data are rounded to a tenth.
        assert np.abs(x - here["x"].to_numpy()).max() <= 0.05 + 1e-6
        assert np.abs(y - here["y"].to_numpy()).max() <= 0.05 + 1e-6


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"epsg": {"metropole": 2154}, "affine": {}},
        {"epsg": {"metropole": 3857}, "affine": {"metropole": [1, 2, 3]}},
        {"epsg": {"metropole": 2154}, "affine": {"metropole": [1, 2]}},
    ],
)
def test_a_plane_that_is_not_described_is_refused(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "plane.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ValueError, match="is not the description of a plane"):
        Plane.read(path)


# Outlines


def _topology(**more: Any) -> dict[str, Any]:
    """Draw two squares of a hundredth of a degree that share a side, and an island."""
    return {
        "type": "Topology",
        "transform": {"scale": [0.01, 0.01], "translate": [3.0, 46.5]},
        "objects": {
            "communes": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "id": "03001", "arcs": [[0, 1]]},
                    {"type": "MultiPolygon", "id": "03002", "arcs": [[[-1, 2]]]},
                    {"type": "Polygon", "id": "03003", "arcs": [[3]]},
                ],
            }
        },
        "arcs": [
            [[10, 0], [0, 10]],
            [[10, 10], [-10, 0], [0, -10], [10, 0]],
            [[10, 0], [10, 0], [0, 10], [-10, 0]],
            [[50, 0], [5, 0], [0, 5], [-5, 0], [0, -5]],
        ],
    } | more


def _write(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "communes.topo.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def plane() -> Plane:
    return Plane.read(SHIPPED / "carte_affine.json")


def _points(path: str) -> list[tuple[float, float]]:
    """Read the points of a path of one ring."""
    x, y = 0.0, 0.0
    points = []
    for pair in path.removeprefix("M").removesuffix("z").replace("l", " ").split():
        dx, dy = map(float, pair.split(","))
        x, y = round(x + dx, 2), round(y + dy, 2)
        points.append((x, y))
    return points


def test_communes_that_share_an_arc_are_neighbours(tmp_path: Path, plane: Plane) -> None:
    outlines = read_outlines(_write(tmp_path, _topology()), plane)
    assert {code: outline.neighbours for code, outline in outlines.items()} == {
        "03001": ("03002",),
        "03002": ("03001",),
        "03003": (),
    }


def test_a_shared_border_is_drawn_the_same_on_both_sides(tmp_path: Path, plane: Plane) -> None:
    outlines = read_outlines(_write(tmp_path, _topology()), plane)
    one, other = (set(_points(outlines[code].path)) for code in ("03001", "03002"))
    assert len(one & other) == 2
    assert len(one) == len(other) == 4


def test_an_outline_is_in_the_plane_and_in_its_box(tmp_path: Path, plane: Plane) -> None:
    outline = read_outlines(_write(tmp_path, _topology()), plane)["03001"]
    corners = [(3.0, 46.5), (3.1, 46.5), (3.0, 46.6), (3.1, 46.6)]
    x, y = plane.place("metropole", *(np.array(values) for values in zip(*corners, strict=True)))
    expected = {(round(float(a), 2), round(float(b), 2)) for a, b in zip(x, y, strict=True)}
    assert set(_points(outline.path)) == expected
    assert (outline.x_min, outline.x_max) == (
        min(a for a, _ in expected),
        max(a for a, _ in expected),
    )
    assert (outline.y_min, outline.y_max) == (
        min(b for _, b in expected),
        max(b for _, b in expected),
    )


def test_the_real_outlines_hold_the_points_of_their_communes(plane: Plane) -> None:
    outlines = read_outlines(SHIPPED / "communes.topo.json.gz", plane)
    communes = pl.read_parquet(SHIPPED / "communes.parquet").filter(pl.col("x").is_not_null())
    assert set(outlines) == set(communes["code"])
    assert outlines["94080"].neighbours == ("75056", "93048", "94033", "94067")
    assert outlines["22016"].neighbours == ()
    for code, x, y in communes.select("code", "x", "y").rows():
        outline = outlines[code]
        # A point is rounded to a tenth; the simplified shape may pass a little beside it.
        assert outline.x_min - 0.1 <= x <= outline.x_max + 0.1
        assert outline.y_min - 0.1 <= y <= outline.y_max + 0.1
        assert all(code in outlines[other].neighbours for other in outline.neighbours)


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        ([], "not TopoJSON"),
        ({"type": "FeatureCollection"}, "not TopoJSON"),
        (_topology(objects={}), "not a topology of communes"),
        (_topology(arcs=[]), "not a topology of communes"),
        (_topology(transform=None), "not a topology of communes"),
    ],
)
def test_what_is_not_a_topology_is_refused(
    tmp_path: Path, plane: Plane, content: Any, fact: str
) -> None:
    with pytest.raises(OutlinesError, match=fact):
        read_outlines(_write(tmp_path, content), plane)


def test_a_truncated_file_is_refused(tmp_path: Path, plane: Plane) -> None:
    path = tmp_path / "communes.topo.json.gz"
    path.write_bytes(gzip.compress(b"{}" * 1000)[:-20])
    with pytest.raises(OutlinesError, match="cannot be read"):
        read_outlines(path, plane)
