"""Suggestions for words typed with a slip."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.knowledge.spelling import Correction, Vocabulary

TEXTS = (
    "L’illettrisme, la mobilité et la santé à Saint-Mandé",
    "mobilité, Mobilité, MOBILITÉ ; mobilier",
    "mobiliser la ville, des villes ; vile",
)
VOCABULARY = Vocabulary(TEXTS)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("illetrisme", "illettrisme"),  # one letter less
        ("ilettirsme", "illettrisme"),  # two slips, one of them letters swapped
        ("santte", "santé"),
        ("sanét", "santé"),  # letters swapped
        ("mandet", "mandé"),
    ],
)
def test_a_slip_is_understood(typed: str, expected: str) -> None:
    assert VOCABULARY.suggest(typed)[0] == expected


@pytest.mark.parametrize(
    "typed",
    [
        "illettrisme",
        "Illettrisme",
        "mobilités",
        "sant",
        "abc",
        "le",
        "3e",
        "zzzzzzzz",
        "",
        "…",
        "snt",
    ],
)
def test_known_short_and_far_words_get_no_suggestion(typed: str) -> None:
    assert VOCABULARY.suggest(typed) == ()


def test_a_short_word_allows_one_slip_only() -> None:
    assert Vocabulary(["santé"]).suggest("sonta") == ()
    assert Vocabulary(["santé"]).suggest("sonte") == ("santé",)


def test_fewer_slips_come_first_then_more_frequent_words() -> None:
    assert VOCABULARY.suggest("mobilitr") == ("mobilité", "mobilier", "mobiliser")
    assert Vocabulary(["ferme forme forme"]).suggest("furme") == ("forme", "ferme")
    assert VOCABULARY.suggest("mobilitr", limit=1) == ("mobilité",)


def test_the_most_frequent_spelling_is_suggested() -> None:
    assert Vocabulary(["ecole école école"]).suggest("ecoole") == ("école",)


def test_a_query_is_corrected_in_place() -> None:
    assert VOCABULARY.correct("« mobilte » -santé ILLETRISME") == Correction(
        "« mobilité » -santé illettrisme", (("mobilte", "mobilité"), ("ILLETRISME", "illettrisme"))
    )
    assert VOCABULARY.correct("mobilité santé") is None
    assert VOCABULARY.correct("") is None


@given(st.text(max_size=60))
def test_correction_never_fails_and_only_suggests_known_words(text: str) -> None:
    correction = VOCABULARY.correct(text)
    for _, suggested in correction.changes if correction else ():
        assert VOCABULARY.suggest(suggested) == ()


def test_an_empty_vocabulary_suggests_nothing() -> None:
    assert Vocabulary([]).suggest("illetrisme") == ()
    assert len(Vocabulary([])) == 0
