"""What a release says of a group or of an item, all its comparisons being taken together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories.observatory_release_values import ITEMS, REGIONS, release_values

from alliage.observatory.reading.differences import Basis, Verdict
from alliage.observatory.reading.profiles import (
    Gap,
    Source,
    across,
    answers,
    are_settled,
    candidates,
    gaps,
    standings,
)
from alliage.observatory.releases.values import (
    Breakdown,
    Cell,
    CellStatus,
    Covariance,
    Group,
    Head,
    Measure,
    Question,
    RankedItem,
    Ranking,
    Release,
    Table,
    Unit,
)
from alliage.observatory.studies.regions import read_regions
from alliage.values.datafiles import data_directory

RELEASE = release_values(hidden=("bretagne",))


def source_of(question: str, breakdown: str = "region", release: Release = RELEASE) -> Source:
    """Return a table of a release with its covariance, and that of everybody."""
    about = (question, breakdown)
    tables = {(one.question, one.breakdown): one for one in release.tables}
    covariances = {(one.question, one.breakdown): one for one in release.covariances}
    return Source(release.head, tables[about], covariances.get(about), tables.get((question, "")))


def ranking_of(group: str) -> Ranking:
    return next(one for one in RELEASE.rankings if one.group == group)


def two_groups(
    value: float, *, error: float = 0.02, shared: float = 0.0, rows: int = 1, everybody: bool = True
) -> Source:
    """Return shares of a group and of everybody, whose errors are equal."""
    measures = tuple(
        Measure(f"m{row}", "", "proportion", f"m{row}", ("M", "M"), Unit.SHARE, (0.0, 1.0))
        for row in range(rows)
    )
    question = Question("q", "theme", ("Q", "Q"), ("", ""), "levels", False, ("", ""), measures)
    whole = Group("", ("Ensemble", "Everybody"))
    own = Group("a", ("A", "A"), "A")
    groups = (whole, own) if everybody else (own,)
    head = replace(
        RELEASE.head,
        questions=(question,),
        breakdowns=(
            Breakdown("", ("", ""), (whole,)),
            Breakdown("side", ("Côté", "Side"), groups),
        ),
    )
    assert isinstance(head, Head)

    def cell(of: float) -> Cell:
        return Cell(CellStatus.SHOWN, of, error, of - 2 * error, of + 2 * error, 400, 400.0)

    cells = (cell(0.5), cell(value)) if everybody else (cell(value),)
    table = Table("q", "side", (cells,) * rows, (0,) * len(groups))
    block = np.array([[1.0, shared], [shared, 1.0]]) if everybody else np.ones((1, 1))
    covariance = Covariance(
        "q",
        "side",
        tuple((row, column) for row in range(rows) for column in range(len(groups))),
        np.kron(np.eye(rows), block) * error**2,
        1e9,
    )
    return Source(head, table, covariance, Table("q", "", ((cell(0.5),),) * rows, (0,)))


def test_a_gap_is_paired_with_everybody() -> None:
    (paired,) = gaps(two_groups(0.56, shared=0.5), [("m0", "a")])
    assert paired is not None
    assert paired.value == pytest.approx(0.06)
    assert paired.error == pytest.approx(0.02)
    assert (paired.low, paired.high) == pytest.approx((0.06 - 0.0392, 0.06 + 0.0392), abs=1e-4)
    assert paired.verdict is Verdict.HIGHER
    assert paired.basis is Basis.COVARIANCE


def test_without_covariance_the_widest_error_is_taken() -> None:
    (widest,) = gaps(two_groups(0.56, everybody=False), [("m0", "a")])
    assert widest is not None
    assert widest.error == pytest.approx(0.04)
    assert widest.basis is Basis.WIDEST
    assert widest.verdict is Verdict.NOT_ESTABLISHED
    (lost,) = gaps(replace(two_groups(0.56), covariance=None), [("m0", "a")])
    assert lost is not None
    assert lost.error == pytest.approx(0.04)


def test_what_is_compared_together_is_held_together() -> None:
    source = two_groups(0.56, shared=0.5, rows=16)
    (alone,) = gaps(source, [("m0", "a")])
    together = gaps(source, [(f"m{row}", "a") for row in range(16)])
    assert alone is not None
    assert alone.verdict is Verdict.HIGHER
    for gap in together:
        assert gap is not None
        # Student's quantile for 1 - 0.05 / 32.
        assert gap.high - gap.value == pytest.approx(2.955 * 0.02, rel=1e-3)
        assert gap.low > 0
    lower = gaps(two_groups(0.45, shared=0.5, rows=16), [(f"m{row}", "a") for row in range(16)])
    assert {gap.verdict for gap in lower if gap} == {Verdict.NOT_ESTABLISHED}
    assert gaps(two_groups(0.45, shared=0.5), [("m0", "a")])[0].verdict is Verdict.LOWER  # type: ignore[union-attr]


@settings(max_examples=80, deadline=None)
@given(
    value=st.floats(0.05, 0.95),
    error=st.floats(0.001, 0.2),
    shared=st.floats(0.0, 0.95),
    rows=st.integers(1, 20),
)
def test_a_verdict_says_what_the_interval_says(
    value: float, error: float, shared: float, rows: int
) -> None:
    source = two_groups(value, error=error, shared=shared, rows=rows)
    for gap in gaps(source, [(f"m{row}", "a") for row in range(rows)]):
        assert gap is not None
        assert gap.low < gap.value < gap.high
        assert (gap.verdict is Verdict.NOT_ESTABLISHED) == (gap.low <= 0 <= gap.high)
        assert gap.error <= 2 * error + 1e-12


def test_standings_follow_the_ranking() -> None:
    ranking = ranking_of("occitanie")
    found = standings(source_of("fragility"), "occitanie", ranking)
    assert [one.item for one in found] == [one.item for one in ranking.items]
    assert {one.item for one in found} == set(ITEMS)
    assert all(one.gap and one.top and one.mean.is_shown for one in found)
    assert [one.mean.value for one in found] == sorted(
        (one.mean.value for one in found), key=lambda value: -(value or 0)
    )


def test_everybody_has_no_gap_to_itself() -> None:
    found = standings(source_of("fragility", ""), "", ranking_of(""))
    assert len(found) == 16
    assert {one.gap for one in found} == {None}


def test_a_group_kept_back_shows_nothing() -> None:
    found = standings(source_of("fragility"), "bretagne", ranking_of("bretagne"))
    assert {one.mean.status for one in found} == {CellStatus.HIDDEN}
    assert {one.mean.value for one in found} == {None}
    assert {one.gap for one in found} == {None}
    assert {one.rank for one in found} == {None}
    assert [one.item for one in found] == list(ITEMS)
    assert answers(source_of("health"), "bretagne")[0].gap is None


def test_a_group_or_an_item_that_is_not_there_has_no_figure() -> None:
    source = source_of("fragility")
    assert standings(source, "mayotte", None) == ()
    assert answers(source_of("health"), "mayotte") == ()
    assert gaps(source, [("gold:mean", "occitanie")]) == (None,)


def test_an_item_is_compared_in_every_region_at_once() -> None:
    found = across(source_of("fragility"), "security:mean")
    assert [one.group.code for one in found] == list(REGIONS)
    told = [one for one in found if one.gap]
    assert len(told) == 11
    # The same figure, beside one comparison only, has a narrower interval.
    (alone,) = gaps(source_of("fragility"), [("security:mean", "occitanie")])
    beside = next(one.gap for one in told if one.group.code == "occitanie")
    assert isinstance(alone, Gap)
    assert beside is not None
    assert beside.error == alone.error
    assert beside.high - beside.low > 1.3 * (alone.high - alone.low)


def test_answers_of_a_question_are_all_told() -> None:
    found = answers(source_of("health"), "occitanie")
    assert [one.measure.code for one in found] == ["dynamic", "in_difficulty", "stricken"]
    assert sum(one.cell.value or 0 for one in found) == pytest.approx(1)
    assert all(one.gap for one in found)


def test_the_first_items_are_settled_only_when_no_other_may_be_one() -> None:
    def ranking(*best: int) -> Ranking:
        items = tuple(
            RankedItem(f"i{rank}", 6 - rank / 10, rank, one, 5, 0.5)
            for rank, one in enumerate(best, start=1)
        )
        return Ranking("q", "", "", items, 0.95)

    assert are_settled(ranking(1, 1, 2, 4, 4))
    assert not are_settled(ranking(1, 1, 2, 3, 4))
    assert len(candidates(ranking(1, 1, 2, 3, 4))) == 4
    assert not are_settled(Ranking("q", "", "", (), 0.95))


def test_regions_of_the_study_cover_official_ones() -> None:
    regions = read_regions(data_directory() / "observatory" / "regions.yaml")
    assert len(regions.surveyed) == 12
    official = [code for one in regions.surveyed for code in one.official]
    assert len(official) == len(set(official)) == 13
    assert len(regions.not_surveyed) == 5
    assert not set(official) & set(regions.not_surveyed)
    corsica = regions.of_official("94")
    assert corsica is not None
    assert corsica.code == "paca_corse"
    assert "Corse" in corsica.notes[0]
    assert regions.of_code("bretagne") is not None
    assert regions.of_official("06") is None
    assert regions.of_code("mayotte") is None
