"""Estimates against those of R survey: 1e-9 on estimates, 1e-6 on errors."""

from __future__ import annotations

import pytest
from tests.cases.survey.agreement import Case, data, distance, reference

from alliage import survey


@pytest.mark.parametrize("case", reference("r_survey")["cases"], ids=lambda case: case["id"])
def test_like_r_survey(case: Case) -> None:
    far = distance(case)
    assert far.estimate <= 1e-9
    assert far.error <= 1e-6


def test_values_of_the_specification() -> None:
    """The figures printed in the specification, R survey 4.5."""
    stratified = survey.sample(
        data("apistrat"), survey.Design(weights="pw", strata="stype", fpc="fpc")
    )
    one = survey.mean(stratified, "api00").one()
    assert (round(one.value, 6), round(one.standard_error or 0, 6)) == (662.287363, 9.408941)
    assert round(one.design_effect or 0, 6) == 1.204457
    one = survey.total(stratified, "enroll").one()
    assert (round(one.value, 2), round(one.standard_error or 0, 3)) == (3687177.53, 114641.716)
    middle = survey.median(stratified, "api00").one()
    assert (middle.value, middle.low, middle.high) == (668, 642, 694)
    by = survey.mean(stratified, "api00", by="stype")
    assert [round(item.value, 2) for item in by] == [674.43, 625.82, 636.60]
    assert [round(item.standard_error or 0, 6) for item in by] == [12.382480, 14.937129, 16.214707]
    clusters = survey.sample(
        data("apiclus1"), survey.Design(weights="pw", clusters="dnum", fpc="fpc")
    )
    one = survey.mean(clusters, "api00").one()
    assert (round(one.value, 6), round(one.standard_error or 0, 6)) == (644.169399, 23.542241)
    kinds = {"E": 4421, "H": 755, "M": 1018}
    raked = survey.calibrate(clusters, {"stype": kinds, "sch.wide": {"No": 1072, "Yes": 5122}})
    one = survey.mean(raked, "api00").one()
    assert (round(one.value, 6), round(one.standard_error or 0, 6)) == (641.230321, 23.703617)
    linear = survey.calibrate(clusters, {"stype": kinds, "api99": 3_914_069}, method="linear")
    one = survey.mean(linear, "api00").one()
    assert (round(one.value, 6), round(one.standard_error or 0, 6)) == (665.309071, 3.441753)
    stages = survey.Design(clusters=("dnum", "snum"), fpc=("fpc1", "fpc2"))
    one = survey.mean(survey.sample(data("apiclus2"), stages), "api00").one()
    assert (round(one.value, 6), round(one.standard_error or 0, 6)) == (670.811808, 30.099027)
