"""« Comparable mais différent »."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from alliage.knowledge.comparable import (
    Comparable,
    Difference,
    DifferenceCode,
    Reason,
    ReasonCode,
    Situation,
    comparable_examples,
)

if TYPE_CHECKING:
    from random import Random


def situation(
    key: str,
    domains: str = "education",
    sizes: str = "large",
    objectives: str = "",
    worlds: str = "",
    stage: str | None = None,
) -> Situation:
    return Situation(
        key,
        frozenset(domains.split()),
        frozenset(objectives.split()),
        frozenset(sizes.split()),
        frozenset(worlds.split()),
        stage,
    )


SITUATIONS = st.builds(
    Situation,
    key=st.sampled_from("abcdefgh"),
    domains=st.frozensets(st.sampled_from(["education", "health", "mobility"])),
    objectives=st.frozensets(st.sampled_from(["innovate", "co_construct_locally"])),
    sizes=st.frozensets(st.sampled_from(["tpt", "pmt", "tti", "large"]), max_size=2),
    worlds=st.frozensets(st.sampled_from(["company", "association"])),
    stage=st.sampled_from([None, "emergence", "deployment"]),
)


def keys(found: tuple[Comparable, ...]) -> list[str]:
    return [one.key for one in found]


def test_reasons_and_differences_are_told_as_codes_and_values() -> None:
    here = situation("a", "education employment", "large", "innovate", "company", "emergence")
    there = situation(
        "b", "employment education", "tpt pmt", "innovate", "association", "deployment"
    )
    (found,) = comparable_examples(here, [here, there])
    assert found.reasons == (
        Reason(ReasonCode.SHARED_DOMAINS, ("education", "employment")),
        Reason(ReasonCode.SHARED_OBJECTIVES, ("innovate",)),
        Reason(ReasonCode.OTHER_SIZE, ("pmt", "tpt"), here=("large",)),
    )
    assert found.differences == (
        Difference(DifferenceCode.WORLDS_ADDED, ("association",)),
        Difference(DifferenceCode.WORLDS_MISSING, ("company",)),
        Difference(DifferenceCode.STAGE, ("deployment",), here=("emergence",)),
    )
    assert found.score == 1.0


def test_the_same_size_another_need_or_an_unknown_size_is_not_comparable() -> None:
    here = situation("a", sizes="large")
    others = [
        situation("same_size", sizes="large"),
        situation("other_need", domains="health", sizes="tpt"),
        situation("unknown_size", sizes=""),
    ]
    assert comparable_examples(here, others) == ()
    assert comparable_examples(situation("a", sizes=""), [situation("b", sizes="tpt")]) == ()


def test_parts_of_one_alliance_are_not_examples_of_each_other() -> None:
    here = replace(situation("a"), family="whole")
    others = [
        replace(situation("b", sizes="tpt"), family="whole"),
        replace(situation("c", sizes="tpt"), family="c"),
        situation("d", sizes="tpt"),
    ]
    assert keys(comparable_examples(here, others)) == ["c", "d"]
    assert keys(comparable_examples(situation("a"), [situation("d", sizes="tpt")])) == ["d"]


def test_one_more_size_is_enough() -> None:
    (found,) = comparable_examples(situation("a", sizes="tti"), [situation("b", sizes="tti large")])
    assert found.reasons[-1] == Reason(ReasonCode.OTHER_SIZE, ("large",), here=("tti",))


def test_the_closest_need_comes_first() -> None:
    here = situation("a", "education employment", objectives="innovate")
    others = [
        situation("half", "education", "tpt"),
        situation("wider", "education employment health mobility", "tpt"),
        situation("same", "education employment", "tpt"),
        situation("same_aim", "education employment", "tpt", "innovate"),
    ]
    assert keys(comparable_examples(here, others, limit=4)) == ["same_aim", "same", "half", "wider"]
    assert keys(comparable_examples(here, others, limit=1)) == ["same_aim"]


def test_texts_decide_between_equal_needs() -> None:
    here = situation("a")
    others = [situation(key, sizes="tpt") for key in "bcd"]
    resemblances = {"a": 1.0, "b": 0.1, "c": 0.3, "d": 0.2}
    found = comparable_examples(here, others, resemblances=resemblances)
    assert keys(found) == ["c", "d", "b"]
    assert Reason(ReasonCode.CLOSE_TEXT, ("100",)) in found[0].reasons
    assert keys(comparable_examples(here, others)) == ["b", "c", "d"]


def test_a_very_close_text_makes_up_for_domains_not_told() -> None:
    here = situation("a", domains="")
    others = [situation(key, "", "tpt") for key in "bcdefghijklm"]
    resemblances = {other.key: rank / 20 for rank, other in enumerate(others)}
    found = comparable_examples(here, others, resemblances=resemblances)
    assert keys(found) == ["m", "l"]
    assert found[1].reasons[0] == Reason(ReasonCode.CLOSE_TEXT, ("90",))


@given(SITUATIONS, st.lists(SITUATIONS, unique_by=lambda one: one.key), st.randoms())
def test_the_order_of_the_others_changes_nothing_and_scores_are_shares(
    here: Situation, others: list[Situation], random: Random
) -> None:
    found = comparable_examples(here, others, limit=9)
    shuffled = list(others)
    random.shuffle(shuffled)
    assert comparable_examples(here, shuffled, limit=9) == found
    assert all(0 <= one.score <= 1 for one in found)
    assert here.key not in keys(found)
    for one in found:
        assert one.reasons[-1].code is ReasonCode.OTHER_SIZE
        assert not set(one.reasons[-1].values) & here.sizes


def test_an_example_of_every_size_may_be_compared_whatever_the_size() -> None:
    here = situation("h", sizes="tpt pmt tti large")
    there = situation("t", sizes="large")
    assert comparable_examples(here, [there]) == ()
    (found,) = comparable_examples(here, [there], any_size=True)
    assert [reason.code for reason in found.reasons] == [ReasonCode.SHARED_DOMAINS]
