"""The evaluation set, and the part of its scores that needs no model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.search_quality import Bench, EvaluationSet, leave_one_out, measure, read_evaluation

from alliage.knowledge.synonyms import read_synonyms

DATA = Path(__file__).parents[2] / "data"
REAL_CASES = 34


@pytest.fixture(scope="module")
def data() -> EvaluationSet:
    return read_evaluation(DATA / "evaluation")


def test_the_set_is_as_large_as_it_has_to_be(data: EvaluationSet) -> None:
    assert len(data.needs) >= 40
    assert len(data.identifiers) >= 60
    assert len(data.synthetic) >= 30
    assert len(data.identifiers) - len(data.synthetic) == REAL_CASES


def test_every_need_has_a_right_answer_that_exists(data: EvaluationSet) -> None:
    assert len(set(data.identifiers)) == len(data.identifiers)
    assert len({need.text for need in data.needs}) == len(data.needs)
    for need in data.needs:
        assert set(need.grades) <= set(data.identifiers)
        assert set(need.grades.values()) <= {1, 2, 3}
        assert 1 <= sum(grade >= 2 for grade in need.grades.values()) <= 3
        assert need.kind in {"far", "usual"}


def test_invented_descriptions_are_named_as_such(data: EvaluationSet) -> None:
    assert all(
        identifier.startswith("s_") == (identifier in data.synthetic)
        for identifier in data.identifiers
    )


def test_measures_are_those_of_the_textbooks() -> None:
    grades = {"a": 3, "b": 2, "c": 1}
    assert measure(["a", "b", "c"], grades) == pytest.approx((1.0, 1.0, 1.0))
    recall, gain, first = measure(["x", "b", "y", "a"], grades)
    # 3 / log2(3) + 7 / log2(5) over 7 + 3 / log2(3) + 1 / log2(4)
    assert (recall, gain, first) == pytest.approx((0.5, 0.522478, 0.5), abs=1e-5)
    assert measure(["x", "y"], grades) == (0.0, 0.0, 0.0)


def test_the_weight_of_a_need_is_chosen_without_it() -> None:
    # The first weight is best for the first need alone, which must be measured with the second.
    by_weight = {0.0: np.array([[1.0] * 3, [0.0] * 3]), 1.0: np.array([[0.0] * 3, [0.9] * 3])}
    measures, chosen = leave_one_out(by_weight)
    assert chosen == [1.0, 0.0]
    assert measures.tolist() == [[0.0] * 3, [0.0] * 3]


def test_the_search_by_words_finds_what_its_results_say(data: EvaluationSet) -> None:
    bench = Bench(data, read_synonyms(DATA / "reference" / "synonyms.yaml"))
    usual = [need.kind == "usual" for need in data.needs]
    words = bench.by_words(bench.plain)[usual].mean(axis=0)
    synonyms = bench.by_words(bench.expanded)[usual].mean(axis=0)
    # recall@3 of benchmarks/results/search_quality.md, less one need.
    assert words[0] >= 0.66
    assert synonyms[0] >= 0.78
    assert (synonyms > words).all()
