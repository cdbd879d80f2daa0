"""How alike two names of organisations are."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alliage.alliances.duplicates import (
    THRESHOLD,
    Known,
    Reason,
    comparable_words,
    likely_duplicates,
    resemblance,
)

PAIRS = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "duplicate_names.yaml").read_text(encoding="utf-8")
)

names = st.text(
    alphabet=st.sampled_from("abcdefghijklmnopqrstuvwxyzéèàçœ 0123-'’&ABCDEÉ"), max_size=40
)
words = st.lists(
    st.sampled_from(
        ["ville", "de", "Vincennes", "Mureaux", "club", "les", "Saint", "Mandé", "CCAS", "SAS", "2"]
    ),
    min_size=1,
    max_size=5,
)


def test_the_scores_on_labelled_pairs_are_those_of_the_documentation() -> None:
    found = sum(resemblance(*pair).score >= THRESHOLD for pair in PAIRS["same"])
    wrong = sum(resemblance(*pair).score >= THRESHOLD for pair in PAIRS["different"])
    assert (found, len(PAIRS["same"])) == (40, 40)
    assert (wrong, len(PAIRS["different"])) == (3, 40)


@given(names, names)
def test_the_order_of_the_names_does_not_matter(first: str, second: str) -> None:
    assert resemblance(first, second) == resemblance(second, first)


@given(words, words)
def test_the_order_does_not_matter_for_usual_words(first: list[str], second: list[str]) -> None:
    one, other = " ".join(first), " ".join(second)
    assert resemblance(one, other) == resemblance(other, one)


@given(names, names)
def test_scores_go_from_zero_to_one(first: str, second: str) -> None:
    assert 0 <= resemblance(first, second).score <= 1


@given(names)
def test_a_name_is_like_itself_whatever_its_writing(name: str) -> None:
    score = resemblance(name, name.upper().replace("-", " ")).score
    assert score == (1 if comparable_words(name) else 0)


@given(words)
def test_the_order_of_the_words_does_not_matter(told: list[str]) -> None:
    assert resemblance(" ".join(told), " ".join(reversed(told))).score == 1


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ("Ville de Vincennes", "Commune de Vincennes", Reason.SAME_NAME),
        ("Le RAMEAU", "Laboratoire Le RAMEAU", Reason.SHARED_WORDS),
        ("Unis-Cité", "Uniscité", Reason.CLOSE_SPELLING),
        ("ORSE", "Observatoire de la responsabilité sociétale des entreprises", Reason.INITIALS),
    ],
)
def test_the_reason_is_the_reading_that_gives_the_score(
    first: str, second: str, reason: Reason
) -> None:
    assert resemblance(first, second).reason is reason


def test_a_name_without_letters_resembles_none() -> None:
    assert resemblance("&", "&").score == 0


def test_names_with_other_numbers_are_of_two_organisations() -> None:
    assert resemblance("Lycée Jean Moulin 1", "Lycée Jean Moulin 2").score == 0
    assert resemblance("Fonds ODD 17", "Fonds ODD17").score >= THRESHOLD


def test_duplicates_come_best_first_under_the_name_that_matches() -> None:
    known = [
        Known(1, ("Secours catholique",)),
        Known(2, ("Ville des Mureaux", "Mairie des Mureaux")),
        Known(3, ("PTCE Vivre Les Mureaux", "Vivre Les Mureaux")),
    ]
    found = likely_duplicates(["Vivre les Mureaux"], known)
    assert [(match.key, match.name) for match in found] == [(3, "Vivre Les Mureaux")]
    assert likely_duplicates([], known) == []


def test_equal_duplicates_come_in_the_order_of_their_keys_up_to_the_limit() -> None:
    known = [Known(key, ("La Gerbe",)) for key in (5, 3, 9, 1)]
    assert [match.key for match in likely_duplicates(["Gerbe"], known, limit=3)] == [1, 3, 5]
