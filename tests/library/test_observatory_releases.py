"""A release is cut in parts, put together again, and known by its fingerprint."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.observatory.releases.parts import (
    Part,
    PartKind,
    UnreadablePartError,
    assembled,
    covariance_of,
    fingerprint,
    parts_of,
    table_of,
)
from alliage.observatory.releases.values import (
    Breakdown,
    Cell,
    CellStatus,
    Covariance,
    Group,
    Head,
    Measure,
    Network,
    Provenance,
    Question,
    RankedItem,
    Ranking,
    Release,
    Table,
    Tie,
    Unit,
    Weighting,
)

SHOWN = Cell(CellStatus.SHOWN, 0.5, 0.01, 0.48, 0.52, 1200, 1043.5, "Ab")
HEAD = Head(
    study="impact_citizens",
    wave="demo",
    population="citizen",
    synthetic=True,
    provenance=Provenance(
        file_sha256="a" * 64,
        specification_sha256="b" * 64,
        version="0.5",
        standard_error="linearised, residuals of the calibration",
        degrees_rule="units less strata",
        level=0.95,
        loose=0.9,
        adjustment="holm",
        least=11,
        least_effective=None,
        base_rule=(30, 60),
    ),
    weighting=Weighting("raking", 2400, 51.9e6, 1.4, 1714.0, 0.3, 3.0, 4, 5, 1e-13, ()),
    breakdowns=(Breakdown("", ("Ensemble", "All"), (Group("", ("Ensemble", "All")),)),),
    questions=(
        Question(
            code="health",
            theme="territory_health",
            labels=("Santé", "Health"),
            wording=("Comment va votre territoire ?", ""),
            kind="levels",
            ordered=True,
            universe=("", ""),
            measures=(
                Measure(
                    "dynamic",
                    "",
                    "proportion",
                    "dynamic",
                    ("Dynamique", "Dynamic"),
                    Unit.SHARE,
                    (0, 1),
                ),
            ),
        ),
    ),
)
RELEASE = Release(
    head=HEAD,
    tables=(Table("health", "", ((SHOWN, Cell(CellStatus.HIDDEN)),), (3, None), 0.03),),
    covariances=(
        Covariance("health", "", ((0, 0), (0, 1)), np.array([[1.0, 0.5], [0.5, 2.0]]), 2388.0),
    ),
    rankings=(Ranking("fragility", "", "", (RankedItem("health", 5.7, 1, 1, 3, 0.99),), 0.95),),
    networks=(
        Network(
            "fragility",
            "",
            "",
            "polychoric",
            (Tie(("health", "security"), 0.4, 0.02, 0.36, 0.44, 0.97),),
            2300,
        ),
    ),
)


def stored(part: Part) -> Part:
    """Return a part as a database gives it back."""
    return dataclasses.replace(part, content=json.loads(part.canonical()))


def test_a_release_comes_back_whole() -> None:
    back = assembled([stored(part) for part in parts_of(RELEASE)])
    assert back.head == RELEASE.head
    assert back.tables == RELEASE.tables
    assert back.rankings == RELEASE.rankings
    assert back.networks == RELEASE.networks
    assert back.covariances[0].places == ((0, 0), (0, 1))
    np.testing.assert_array_equal(back.covariances[0].values, [[1.0, 0.5], [0.5, 2.0]])


def test_each_part_of_an_invented_wave_says_that_it_is() -> None:
    assert all(part.content["synthetic"] is True for part in parts_of(RELEASE))
    real = dataclasses.replace(RELEASE, head=dataclasses.replace(HEAD, synthetic=False))
    assert not any(part.content.get("synthetic") for part in parts_of(real))


def test_a_figure_kept_back_leaves_no_number() -> None:
    (part,) = (one for one in parts_of(RELEASE) if one.kind is PartKind.TABLE)
    assert part.content["rows"][0][1] == {"status": "hidden"}


@given(st.permutations(range(5)))
def test_the_fingerprint_does_not_depend_on_the_order(order: list[int]) -> None:
    parts = parts_of(RELEASE)
    assert fingerprint(parts[place] for place in order) == fingerprint(map(stored, parts))


@given(st.floats(-1e6, 1e6).filter(lambda value: value != 0.5))
def test_the_fingerprint_tells_any_change_of_a_figure(value: float) -> None:
    cell = dataclasses.replace(SHOWN, value=value)
    other = dataclasses.replace(RELEASE, tables=(Table("health", "", ((cell,),), (3,)),))
    assert fingerprint(parts_of(other)) != fingerprint(parts_of(RELEASE))


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_covariances_are_kept_with_seven_digits(size: int, seed: int) -> None:
    root = np.random.Generator(np.random.PCG64(seed)).normal(size=(size, size))
    places = tuple((place, 0) for place in range(size))
    one = Covariance("q", "region", places, root @ root.T, 10.0)
    (part,) = (
        part
        for part in parts_of(dataclasses.replace(RELEASE, covariances=(one,)))
        if part.kind is PartKind.COVARIANCE
    )
    back = covariance_of(stored(part).content)
    np.testing.assert_allclose(back.values, one.values, rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(back.values, back.values.T)


def test_a_damaged_part_is_refused() -> None:
    with pytest.raises(UnreadablePartError, match="rows"):
        table_of({"question": "health", "breakdown": "", "missing": []})
    with pytest.raises(UnreadablePartError, match="Covariances"):
        covariance_of({"question": "q", "breakdown": "", "places": [[0, 0]], "values": "AAAA"})


def test_without_its_head_a_release_is_refused() -> None:
    with pytest.raises(UnreadablePartError, match="no head"):
        assembled(part for part in parts_of(RELEASE) if part.kind is not PartKind.HEAD)


def test_another_format_is_refused() -> None:
    head = parts_of(RELEASE)[0]
    newer = dataclasses.replace(head, content={**head.content, "format": 2})
    with pytest.raises(UnreadablePartError, match="format 2"):
        assembled([newer])
