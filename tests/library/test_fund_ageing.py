"""Stages of a file, and how long files stay there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.fund.follow_up.ageing import Stays, empirical_quantile, time_in_stage
from alliage.fund.follow_up.stages import (
    BY_AGREEMENT,
    BY_APPLICATION,
    FINAL,
    OPEN,
    STAGES,
    Stage,
    document,
    stage_of,
)
from alliage.fund.states import AGREEMENT, APPLICATION, AgreementState, ApplicationState

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "file-stages.md"


def test_the_page_of_the_stages_is_that_of_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), "See the head of the page."


def test_every_state_leads_to_a_stage_and_every_stage_is_reached() -> None:
    assert set(BY_APPLICATION) == set(APPLICATION.states)
    assert set(BY_AGREEMENT) == set(AGREEMENT.states)
    reached = {*BY_APPLICATION.values(), *BY_AGREEMENT.values(), Stage.TO_CLOSE} - {None}
    assert reached == set(Stage) == set(STAGES) == {*OPEN, *FINAL}


def test_the_agreement_speaks_only_once_the_application_is_accepted() -> None:
    for state in ApplicationState:
        found = stage_of(state, AgreementState.SIGNED)
        expected = Stage.TO_PAY if state is ApplicationState.ACCEPTED else BY_APPLICATION[state]
        assert found is expected


def test_an_abandoned_agreement_gives_the_application_back() -> None:
    assert stage_of(ApplicationState.ACCEPTED, AgreementState.ABANDONED) is Stage.TO_AGREE
    assert stage_of(None, AgreementState.ABANDONED) is Stage.ABANDONED
    assert stage_of(None, None) is None


def test_paid_changes_only_what_is_in_force() -> None:
    changed = {
        state for state in AgreementState if stage_of(None, state, is_paid=True) is Stage.TO_CLOSE
    }
    assert changed == {AgreementState.SIGNED, AgreementState.AMENDED}


def test_the_estimator_gives_the_table_of_its_authors() -> None:
    # Kaplan & Meier 1958, section 2: deaths at 0.8, 3.1, 5.4, 9.2, losses at 1.0, 2.7, 7.0, 12.1;
    # the estimate is 7/8 from 0.8, 7/10 from 3.1, 21/40 from 5.4, 21/80 from 9.2 on.
    ends, losses = (8, 31, 54, 92), (10, 27, 70, 121)
    stays = {days: Stays(ended=1) for days in ends} | {days: Stays(0, 1) for days in losses}
    found = time_in_stage(stays)
    assert (found.lower_quartile, found.median, found.upper_quartile) == (31, 92, None)
    assert (found.ended, found.going_on, found.base) == (4, 4, 8)
    assert (found.age_median, found.age_largest) == (27, 121)


def test_nothing_observed_gives_no_figure() -> None:
    found = time_in_stage({})
    assert found.base == 0
    assert found.median is found.age_median is found.age_largest is None


@pytest.mark.parametrize("stays", [{-1: Stays(1, 0)}, {1: Stays(-1, 0)}, {1: Stays(0, -2)}])
def test_what_is_below_zero_is_refused(stays: dict[int, Stays]) -> None:
    with pytest.raises(ValueError, match="zero or more"):
        time_in_stage(stays)


@pytest.mark.parametrize("share", [0, -0.5, 1.01])
def test_a_share_out_of_its_bounds_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="above 0, up to 1"):
        empirical_quantile([1], share)


LENGTHS = st.lists(st.integers(0, 400), min_size=1, max_size=60)


@given(LENGTHS)
def test_when_every_stay_ended_the_quartiles_are_the_empirical_ones(lengths: list[int]) -> None:
    found = time_in_stage({days: Stays(ended=n) for days, n in Counter(lengths).items()})
    assert found.lower_quartile == empirical_quantile(lengths, 0.25)
    assert found.median == empirical_quantile(lengths, 0.5)
    assert found.upper_quartile == empirical_quantile(lengths, 0.75)
    assert found.age_median is None


@given(LENGTHS)
def test_ages_are_the_empirical_quantiles_of_the_stays_that_go_on(lengths: list[int]) -> None:
    found = time_in_stage({days: Stays(going_on=n) for days, n in Counter(lengths).items()})
    assert found.median is None
    assert found.age_median == empirical_quantile(lengths, 0.5)
    assert found.age_largest == max(lengths)


@given(LENGTHS, LENGTHS)
def test_files_that_stay_on_never_shorten_the_median(ended: list[int], still: list[int]) -> None:
    """Leaving them out would: that is why they count."""
    gone, there = Counter(ended), Counter(still)
    alone = time_in_stage({days: Stays(ended=n) for days, n in gone.items()}).median
    together = time_in_stage({days: Stays(gone[days], there[days]) for days in gone | there}).median
    assert alone is not None
    assert together is None or together >= alone
