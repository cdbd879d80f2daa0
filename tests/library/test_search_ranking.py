"""Order of the documents found: words, synonyms, meaning, and what is left out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alliage.knowledge.ranking import SYNONYM_WORTH, Collection, rank, standardised
from alliage.knowledge.synonyms import ExpandedQuery, SynonymGroup, Synonyms
from alliage.knowledge.text import analyse, parse_query

SYNONYMS = Synonyms([SynonymGroup(terms=("désert médical", "accès aux soins"))])
TEXTS = (
    "Ferme urbaine sur un toit",
    "Accès aux soins dans un désert rural",
    "Aux soins, un accès ; des fermes en ville",
    "Des médecins pour une ville en désert médical",
    "",
)
COLLECTION = Collection([analyse(text) for text in TEXTS])
WORDS = st.lists(
    st.sampled_from(["ferme", "soins", "désert", "ville", "toit", "zèbre"]), max_size=5
)


def asked(text: str) -> ExpandedQuery:
    return SYNONYMS.expand(parse_query(text))


def rarity(holders: int) -> float:
    return math.log(1 + (len(TEXTS) - holders + 0.5) / (holders + 0.5))


def positions(text: str, **options: object) -> list[int]:
    return [found.position for found in rank(COLLECTION, asked(text), **options)]  # type: ignore[arg-type]


def test_coverage_is_the_share_of_the_rarity_asked() -> None:
    expected = rarity(2) / (rarity(2) + rarity(1))  # « ferme » in two texts, « toit » in one
    assert COLLECTION.coverage(asked("toit ferme")).tolist() == pytest.approx(
        [1.0, 0.0, expected, 0.0, 0.0]
    )


def test_a_word_that_no_document_holds_weighs_the_most() -> None:
    expected = rarity(1) / (rarity(1) + rarity(0))
    assert COLLECTION.coverage(asked("toit zèbre"))[0] == pytest.approx(expected)


def test_a_word_asked_twice_counts_once() -> None:
    once, twice = (COLLECTION.coverage(asked(text)) for text in ("toit ferme", "toit ferme fermes"))
    assert twice.tolist() == once.tolist()


def test_a_synonym_is_worth_a_little_less_than_the_word_and_needs_its_words_together() -> None:
    coverage = COLLECTION.coverage(asked("désert médical"))
    assert coverage[1] == pytest.approx(SYNONYM_WORTH)  # « accès aux soins »
    assert coverage[2] == 0  # « soins » and « accès » are there, not « accès aux soins »
    assert coverage[3] == 1


def test_a_phrase_must_be_found_and_an_excluded_word_must_not() -> None:
    assert positions("« accès aux soins »") == [1]
    assert positions("« accès aux soins » ferme") == [1]
    assert positions("soins") == [2, 1]  # it comes first in the text of the third document
    assert positions("soins -ferme") == [1]
    assert positions("soins -« désert rural »") == [2]


def test_exclusions_alone_leave_the_others() -> None:
    assert positions("-ferme") == [1, 3, 4]


@pytest.mark.parametrize("text", ["", "le la", "zèbre", "« zèbre » ferme"])
def test_nothing_found_is_an_empty_ranking(text: str) -> None:
    assert positions(text) == []


def test_equal_documents_are_ordered_by_where_the_word_comes_first_then_as_given() -> None:
    texts = ["Une ville et une ferme", "Ferme et ville", "Une ferme, une ville"]
    collection = Collection([analyse(text) for text in texts])
    assert [found.position for found in rank(collection, asked("ferme"))] == [1, 2, 0]


def test_meaning_and_words_add_up() -> None:
    similarities = np.array([0.9, 0.8, 0.7, 0.8, 0.8], dtype=np.float32)
    ranking = rank(COLLECTION, asked("toit ferme"), similarities=similarities, weight=2.0)
    coverage = COLLECTION.coverage(asked("toit ferme"))
    meaning = standardised(similarities)
    assert [found.position for found in ranking] == [0, 2]
    for found in ranking:
        assert found.lexical == pytest.approx(coverage[found.position])
        assert found.meaning == pytest.approx(meaning[found.position])
        assert found.score == pytest.approx(
            meaning[found.position] + 2.0 * coverage[found.position]
        )


def test_a_close_meaning_is_shown_without_any_word() -> None:
    similarities = np.array([0.7, 0.7, 0.7, 0.7, 0.95], dtype=np.float32)
    assert positions("zèbre", similarities=similarities) == [4]
    assert positions("zèbre", similarities=similarities, close=2.5) == []
    assert positions("zèbre", similarities=similarities, most=0) == []
    assert positions("« zèbre »", similarities=similarities) == []


def test_only_the_closest_are_shown_by_meaning_alone() -> None:
    similarities = np.array([0.5, 0.6, 0.7, 0.8, 0.9], dtype=np.float32)
    assert positions("zèbre", similarities=similarities, close=-np.inf, most=2) == [4, 3]
    assert len(positions("zèbre", similarities=similarities, close=-np.inf, most=5)) == len(TEXTS)


def test_equal_similarities_say_nothing() -> None:
    flat = np.full(len(TEXTS), 0.8, dtype=np.float32)
    assert positions("toit ferme", similarities=flat) == positions("toit ferme")


def test_one_similarity_per_document_is_due() -> None:
    with pytest.raises(ValueError, match=r"5 documents. Give one for each"):
        rank(COLLECTION, asked("ferme"), similarities=np.zeros(3))


def test_an_empty_collection_finds_nothing() -> None:
    empty = Collection([])
    assert len(rank(empty, asked("ferme"))) == 0
    assert len(rank(empty, asked("ferme"), similarities=np.empty(0))) == 0
    assert empty.coverage(asked("ferme")).tolist() == []


def test_a_ranking_is_a_sequence() -> None:
    ranking = rank(COLLECTION, asked("ferme ville"))
    assert ranking.positions.tolist() == [found.position for found in ranking]
    assert ranking[0] == next(iter(ranking))
    assert ranking[:2] == list(ranking)[:2]
    assert ranking[-1].position == ranking.positions[-1]
    with pytest.raises(IndexError):
        ranking[len(ranking)]


@given(WORDS, WORDS)
def test_coverage_is_a_share_and_more_words_found_never_lower_it(
    text: list[str], more: list[str]
) -> None:
    query = asked("ferme soins désert toit zèbre")
    collection = Collection([analyse(" ".join(text)), analyse(" ".join(text + more)), "autr"])
    coverage = collection.coverage(query)
    assert ((coverage >= 0) & (coverage <= 1)).all()
    assert coverage[1] >= coverage[0] - 1e-12


@given(st.permutations(range(len(TEXTS))), st.text(max_size=40))
def test_the_order_of_the_documents_changes_no_score(order: list[int], text: str) -> None:
    query = asked(f"ferme soins désert médical {text}")
    shuffled = Collection([analyse(TEXTS[position]) for position in order])
    expected = COLLECTION.coverage(query)[order]
    assert shuffled.coverage(query).tolist() == pytest.approx(expected.tolist())


@given(arrays(np.float32, st.integers(0, 30), elements=st.floats(-1, 1, width=32)))
def test_standardised_values_are_finite_with_mean_0_and_deviation_1(
    values: np.typing.NDArray[np.float32],
) -> None:
    result = standardised(values)
    assert np.isfinite(result).all()
    if result.any():
        assert result.mean() == pytest.approx(0, abs=1e-6)
        assert result.std() == pytest.approx(1)


def test_resemblance_is_symmetrical_and_full_with_itself() -> None:
    table = np.array([COLLECTION.resemblances(position) for position in range(len(TEXTS))])
    assert np.allclose(table, table.T)
    assert np.diag(table).tolist() == pytest.approx([1, 1, 1, 1, 0])
    assert 0 < table[1, 3] < 1
    assert table[0, 1] == 0


def test_rarities_of_a_larger_collection_replace_those_of_the_candidates() -> None:
    candidates = Collection(["ferm toit", "ferm vill"], rarities={"ferm": 0.5, "toit": 3.5})
    assert candidates.coverage(asked("ferme toit")).tolist() == pytest.approx([1.0, 0.125])
    assert candidates.resemblances(0)[0] == pytest.approx(1.0)
    assert 0 < candidates.resemblances(0)[1] < 1
