from __future__ import annotations

import math
from itertools import combinations, pairwise

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from alliage_web.ui.components import Cell, Column, DataTable
from alliage_web.ui.maps import (
    SIGN_SIZE,
    FranceMap,
    LegendEntry,
    LocalMap,
    MapArea,
    MapLegend,
    MapPoint,
    apart,
    classes,
    path_bounds,
)

pytestmark = pytest.mark.one_engine

TABLE = DataTable(
    "Alliances",
    (Column("Lieu"), Column("Nombre", numeric=True)),
    ((Cell("Vincennes", "/v/"), "3"),),
)
coordinates = st.integers(-5000, 5000).map(lambda value: value / 10)


@given(st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=12))
def test_the_bounds_of_a_path_hold_its_points(points: list[tuple[float, float]]) -> None:
    steps = [(round(x2 - x1, 1), round(y2 - y1, 1)) for (x1, y1), (x2, y2) in pairwise(points)]
    absolute = "M" + "L".join(f"{x},{y}" for x, y in points) + "z"
    relative = f"M{points[0][0]},{points[0][1]}l" + " ".join(f"{x},{y}" for x, y in steps) + "z"
    expected = (
        min(x for x, _ in points),
        min(y for _, y in points),
        max(x for x, _ in points),
        max(y for _, y in points),
    )
    assert path_bounds(absolute) == pytest.approx(expected)
    assert path_bounds(relative) == pytest.approx(expected, abs=1e-6)


def test_a_second_ring_starts_where_it_says() -> None:
    assert path_bounds("M0,0h10v10z m20,20l1,1z") == (0, 0, 21, 21)


def test_an_empty_path_is_refused() -> None:
    with pytest.raises(ValueError, match="no point"):
        path_bounds("")


@given(st.lists(st.none() | st.integers(0, 50), max_size=60), st.integers(2, 7))
def test_classes_keep_the_order_and_tell_the_unknown(values: list[int | None], count: int) -> None:
    cut = classes(values, count)
    assert cut.css_class(None) == "na"
    known = sorted(value for value in values if value is not None)
    ranks = [int(cut.css_class(value)[1:]) for value in known]
    assert ranks == sorted(ranks)
    assert all(0 <= rank <= 6 for rank in ranks)
    assert {f"q{rank}" for rank in ranks} <= {entry.css_class for entry in cut.entries(str)} | {
        "q0"
    }


def test_classes_use_the_whole_palette() -> None:
    cut = classes([1, 2, 3, 4, 5, None], count=3)
    assert [entry.css_class for entry in cut.entries(str, unknown="non connu")] == [
        "q0",
        "q3",
        "q6",
        "na",
    ]


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=12))
def test_signs_that_overlap_are_set_apart(places: list[tuple[int, int]]) -> None:
    points = [MapPoint(x, y, "…") for x, y in places]
    moved = apart(points)
    assert moved == apart(points)
    for one, other in combinations(moved, 2):
        assert math.dist((one.x, one.y), (other.x, other.y)) > 0.8 * SIGN_SIZE
    alone = len(places) == 1
    assert not alone or moved == (points[0],)


def render(the_map: FranceMap | LocalMap) -> str:
    with translation.override("fr"):
        return render_to_string("ui/components/map.html", {"map": the_map})


def test_a_map_of_france_draws_its_data_and_writes_its_table() -> None:
    text = render(
        FranceMap(
            id="carte",
            title="Alliances",
            description="Où elles sont.",
            table=TABLE,
            areas=(
                MapArea("94", "Val-de-Marne", level="departements", href="/d/94/", css_class="q3"),
                MapArea("2A", "Corse <du Sud>", level="departements", css_class="na"),
            ),
            points=(MapPoint(655.12, 236.5, "Vincennes", "/v/", "3 alliances", "association"),),
            legend=MapLegend(
                "Nombre", (LegendEntry("1 – 3", "q3"), LegendEntry("non connu", "na"))
            ),
        )
    )
    assert 'href="/d/94/"' in text
    assert "departements.svg#d-94" in text
    assert 'fill="url(#carte-hachures)"' in text
    assert "Corse &lt;du Sud&gt;" in text
    assert "translate(643.6 225.0) scale(1.15)" in text
    assert "<title>Vincennes : 3 alliances</title>" in text
    assert 'id="carte-donnees"' in text
    assert "La Réunion" in text
    assert ">Vincennes</a></th>" in text


def test_numbers_of_a_drawing_keep_their_point_in_french() -> None:
    text = render(local_map())
    assert 'viewBox="' in text
    box = text.split('viewBox="', 1)[1].split('"', 1)[0]
    assert len([float(side) for side in box.split(" ")]) == 4


def local_map() -> LocalMap:
    return LocalMap(
        id="ici",
        title="Vincennes et ses voisines",
        description="",
        table=TABLE,
        margin=1,
        areas=(
            MapArea("1", "Vincennes", path="M10,10h30v20h-30z", highlighted=True),
            MapArea("2", "Saint-Mandé", path="M-20,10h30v20h-30z", href="/s/"),
            MapArea("3", "Cachée sous Vincennes", path="M20,15h10v10h-10z"),
            MapArea("4", "Loin", path="M900,900h10v10h-10z"),
        ),
    )


def test_a_local_map_frames_its_place_and_names_what_fits() -> None:
    the_map = local_map()
    left, top, width, height = the_map.bounds
    assert width / height == pytest.approx(4 / 3)
    assert left < 10
    assert left + width > 40
    assert top < 10
    assert top + height > 30
    names = {str(name.text): name for name in the_map.names}
    assert names["Vincennes"].here
    assert set(names) == {"Vincennes", "Saint-Mandé"}
    assert the_map.drawn_areas[-1].label == "Vincennes"
