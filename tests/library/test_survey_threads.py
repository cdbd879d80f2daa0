"""The cores that a survey takes, and gives back."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.threads import small_products, together

if TYPE_CHECKING:
    from collections.abc import Iterator


def _cores() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def _two_cores() -> Iterator[None]:
    """Begin with two, whatever the machine: from a thread that ends, which holds no limit then."""

    def set_to(cores: int) -> None:
        thread = Thread(target=threadpool_limits, args=(cores, "blas"))
        thread.start()
        thread.join()

    (before,) = _cores()
    set_to(2)
    yield
    set_to(before)


def test_small_products_stay_on_one_core_until_the_last_of_them() -> None:
    @small_products
    def outer() -> list[set[int]]:
        return [_cores(), inner(), _cores()]

    @small_products
    def inner() -> set[int]:
        return _cores()

    assert outer() == [{1}, {1}, {1}]
    assert _cores() == {2}


def test_a_refusal_gives_the_cores_back() -> None:
    @small_products
    def refuse() -> None:
        raise SurveyError(SurveyProblem.REQUEST, "Ask something else.")

    with pytest.raises(SurveyError):
        refuse()
    assert _cores() == {2}


def test_whoever_ends_first_leaves_one_core_to_the_other_and_the_last_gives_back() -> None:
    both_in, first_out = Barrier(2), Barrier(2)
    seen: list[set[int]] = []

    @small_products
    def first() -> None:
        both_in.wait(10)

    @small_products
    def second() -> None:
        both_in.wait(10)
        first_out.wait(10)
        seen.append(_cores())

    def begin() -> None:
        first()
        first_out.wait(10)

    threads = [Thread(target=begin), Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert seen == [{1}]
    assert _cores() == {2}


@pytest.mark.parametrize("rows", [10, 1_000_000])
def test_two_works_at_once_give_both_results_and_the_refusal_of_either(rows: int) -> None:
    def refuse() -> None:
        raise SurveyError(SurveyProblem.REQUEST, "Ask something else.")

    assert together(lambda: 1, lambda: "a", rows=rows) == (1, "a")
    for works in ((refuse, lambda: 1), (lambda: 1, refuse)):
        with pytest.raises(SurveyError):
            together(*works, rows=rows)
