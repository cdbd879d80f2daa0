"""A claim holds what a sentence needs, and never more than the data establish."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.observatory_release_values import REGIONS, release_values

from alliage.observatory.reading.claims import (
    Evidence,
    UnquotableError,
    difference_claim,
    figure_claim,
    rank_claim,
)
from alliage.observatory.reading.differences import Verdict, difference, placed
from alliage.observatory.releases.values import CellStatus

if TYPE_CHECKING:
    from alliage.observatory.reading.differences import Difference, PlacedCell
    from alliage.observatory.releases.values import Release


@cache
def release() -> Release:
    return release_values(hidden=("bretagne",))


def cell(group: str, measure: str = "dynamic") -> PlacedCell:
    table = next(
        one for one in release().tables if (one.question, one.breakdown) == ("health", "region")
    )
    return placed(release().head, table, measure, group)


def compared(first: str, second: str) -> Difference:
    held = next(
        one
        for one in release().covariances
        if (one.question, one.breakdown) == ("health", "region")
    )
    return difference(cell(first), cell(second), covariances=(held, held))


def test_a_figure_is_quoted_with_its_margin_and_its_base() -> None:
    found = figure_claim(cell("occitanie"))
    assert found.respondents == 200
    assert found.margin == pytest.approx(1.96 * (cell("occitanie").cell.error or 0), rel=1e-6)
    assert found.context.synthetic
    assert (found.context.population, found.context.wave) == ("citizen", "demo")


def test_the_margin_is_the_longer_half_of_the_interval() -> None:
    here = cell("occitanie")
    lopsided = replace(here, cell=replace(here.cell, low=0.0, high=(here.cell.value or 0) + 0.01))
    assert figure_claim(lopsided).margin == here.cell.value


def without(here: PlacedCell, missing: str) -> PlacedCell:
    gone: Any = {missing: None}
    return replace(here, cell=replace(here.cell, **gone))


@pytest.mark.parametrize("missing", ["low", "high", "respondents"])
def test_a_figure_without_margin_or_base_is_not_quoted(missing: str) -> None:
    here = cell("occitanie")
    with pytest.raises(UnquotableError):
        figure_claim(without(here, missing))


def test_a_figure_that_is_kept_back_is_not_quoted() -> None:
    with pytest.raises(UnquotableError) as caught:
        figure_claim(cell("bretagne"))
    assert caught.value.status is CellStatus.HIDDEN


regions = st.sampled_from([code for code in REGIONS if code != "bretagne"])


@given(first=regions, second=regions)
def test_evidence_is_never_stronger_than_the_test(first: str, second: str) -> None:
    if first == second:
        return
    found = compared(first, second)
    claim = difference_claim(found)
    if found.verdict is Verdict.NOT_ESTABLISHED:
        assert claim.evidence is Evidence.NOT_ESTABLISHED
    elif claim.evidence is Evidence.ESTABLISHED:
        assert found.p_value * found.picked_from <= 0.05
    if claim.evidence is not Evidence.NOT_ESTABLISHED:
        assert claim.first.value > claim.second.value
        assert claim.value > claim.margin


def test_a_small_base_is_carried() -> None:
    here = cell("occitanie")
    small = replace(here, cell=replace(here.cell, status=CellStatus.CAUTION))
    assert figure_claim(small).caution


def test_a_rank_is_established_when_no_other_is_possible() -> None:
    ranking = release().rankings[0]
    first = ranking.items[0]
    claim = rank_claim(release().head, ranking, first.item, respondents=2400)
    assert (claim.rank, claim.best, claim.worst, claim.count) == (1, first.best, first.worst, 16)
    assert claim.evidence is Evidence.NOT_ESTABLISHED
    sure = replace(ranking, items=(replace(first, best=1, worst=1), *ranking.items[1:]))
    claim = rank_claim(release().head, sure, first.item, respondents=2400)
    assert claim.evidence is Evidence.ESTABLISHED


def test_a_ranked_item_is_named_by_itself_whatever_its_rows() -> None:
    head, ranking = release().head, release().rankings[0]
    first = ranking.items[0].item
    battery = next(one for one in head.questions if one.code == ranking.question)
    own = next(one for one in battery.measures if one.item == first)
    answer = replace(
        own,
        code="mark",
        level="1",
        labels=("Elle : pas une fragilité", ""),
        item_labels=("Elle", "It"),
    )
    changed = replace(battery, measures=(answer, *battery.measures))
    told = replace(
        head, questions=tuple(changed if one is battery else one for one in head.questions)
    )
    assert rank_claim(told, ranking, first, respondents=2400).item == ("Elle", "It")


def test_a_rank_without_items_or_base_is_not_quoted() -> None:
    ranking = release().rankings[0]
    with pytest.raises(UnquotableError, match="culture"):
        rank_claim(release().head, replace(ranking, items=()), "culture", respondents=10)
    with pytest.raises(UnquotableError):
        rank_claim(release().head, ranking, ranking.items[0].item, respondents=None)
