"""Textbook cases: against what is printed, against R, and the page that says how near."""

from __future__ import annotations

import polars as pl
import pytest
from tests.cases.survey import agreement
from tests.cases.survey.agreement import Case, bound, cases, distance, misprinted, reference

from alliage import survey

TEXTBOOK = reference("textbook")["cases"]


@pytest.mark.parametrize("case", TEXTBOOK, ids=lambda case: case["id"])
def test_like_the_reference(case: Case) -> None:
    far = distance(case)
    assert far.estimate <= case.get("within", 1e-9)
    assert far.error <= 1e-6


@pytest.mark.parametrize(
    "case", [case for case in TEXTBOOK if "printed" in case], ids=lambda case: case["id"]
)
def test_rounds_to_what_the_source_prints(case: Case) -> None:
    assert misprinted(case) == []


def test_a_figure_that_is_not_the_printed_one_is_told() -> None:
    case = {**TEXTBOOK[0], "printed": [{"value": "1130.4", "se": "65.467"}]}
    assert [line.partition(":")[0] for line in misprinted(case)] == ["se"]


def test_the_page_counts_every_case_and_no_difference_has_grown() -> None:
    told = {
        cells[0]: (cells[2], cells[3], float(cells[4]), float(cells[5]))
        for line in agreement.told()[2:]
        for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
    }
    found = agreement.measured()
    assert {name: row[:2] for name, row in told.items()} == {
        name: (str(number), str(printed or "")) for name, (number, printed, *_) in found.items()
    }
    # Another machine rounds otherwise: a power of ten is left to it.
    for name, (*_, estimate, error) in found.items():
        assert bound(estimate) <= 10.001 * told[name][2], name
        assert bound(error) <= 10.001 * told[name][3], name


def test_every_source_of_the_page_has_cases() -> None:
    assert {case["source"] for case in cases()} == set(agreement.TOLD)


def test_a_share_below_the_first_weight_is_the_first_value() -> None:
    """R survey 4.1.1 takes the second value here; the definition says the first."""
    values = [414, 443, 469, 495, 551, 562, 593, 648, 668, 687, 693, 696, 706, 715]
    source = survey.sample(pl.DataFrame({"y": values}), survey.Design())
    assert survey.quantile(source, "y", 0.01).one().value == 414
    assert survey.quantile(source, "y", 1 / 14 + 0.01).one().value == 443


def test_a_share_reached_to_rounding_is_reached() -> None:
    source = survey.sample(pl.DataFrame({"y": range(1, 61)}), survey.Design())
    assert survey.quantile(source, "y", 0.4).one().value == 24
    assert survey.quantile(source, "y", 0.4, rule="school").one().value == 24.5


def test_with_unequal_weights_the_error_is_that_of_calibrate_and_not_of_rake() -> None:
    """Why `rake` is a reference with equal design weights only: its regression forgets them."""
    rows = agreement.data("apistrat")
    design = survey.Design(weights="pw", strata="stype", fpc="fpc")
    margins = {"sch.wide": {"No": 1072, "Yes": 5122}, "awards": {"No": 2027, "Yes": 4167}}
    raked = survey.calibrate(survey.sample(rows, design), margins)
    one = survey.mean(raked, "api00").one()
    calibrated, of_rake = 9.285571590812586, 9.292177616698314
    assert one.value == pytest.approx(662.489761450317133, rel=1e-12)
    assert one.standard_error == pytest.approx(calibrated, rel=1e-12)
    assert one.standard_error != pytest.approx(of_rake, rel=1e-4)
