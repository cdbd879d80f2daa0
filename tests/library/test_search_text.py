"""What the search sees of a text, and how it shows what it found."""

from __future__ import annotations

import itertools
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alliage.knowledge.extracts import extracts, found_words, highlight
from alliage.knowledge.text import (
    LONGEST_QUERY,
    STOP_WORDS,
    Term,
    analyse,
    parse_query,
    stems,
    tokens,
)

DATA = Path(__file__).parents[2] / "data"
FRENCH = st.text(
    alphabet="abcdefghijklmnopqrstuvwxyzàâçéèêëîïôùûüÿœæÉÀÇ0123456789 -'’«»\".,!?\n\u00a0",
    max_size=120,
)
ANYTHING = st.text(max_size=200)


def spellings(terms: tuple[Term, ...]) -> list[str]:
    return [term.spelling for term in terms]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L’école d'à côté, jusqu’au lycée", "ecol cot lyc"),
        ("aujourd’hui", "aujourdhui"),
        ("aujourd'hui", "aujourdhui"),
        ("entr’aide et entraide", "entraid entraid"),
        ("l’E.S.S. et l’ESS", "ess ess"),
        ("Qu’est-ce que c’est ?", ""),
        ("Guid’Asso", "guid asso"),
        ("Q2ER, 3e, 11 400 m²", "q2er 3e 11 400 m2"),
        ("cœur", "coeur"),
        ("Привет 123", "123"),
        ("sans abri", "san abri"),
    ],
)
def test_words_are_read_as_a_person_reads_them(text: str, expected: str) -> None:
    assert analyse(text) == expected


@given(ANYTHING)
def test_analysis_gives_nothing_that_an_index_could_take_for_an_operator(text: str) -> None:
    assert re.fullmatch(r"(?:[a-z0-9]+(?: [a-z0-9]+)*)?", analyse(text))


@given(FRENCH)
def test_accents_case_and_kind_of_apostrophe_change_nothing(text: str) -> None:
    bare = "".join(
        char
        for char in unicodedata.normalize("NFD", text.replace("œ", "oe").replace("æ", "ae"))
        if not unicodedata.combining(char)
    )
    expected = analyse(text)
    assert analyse(bare) == expected
    assert analyse(unicodedata.normalize("NFD", text)) == expected
    assert analyse(text.upper()) == expected
    assert analyse(text.replace("’", "'")) == expected


@pytest.mark.parametrize("elided", ["l’", "d’", "qu’", "jusqu’", "lorsqu'", "s'", "n’"])
def test_an_elision_is_not_part_of_the_word(elided: str) -> None:
    assert analyse(f"{elided}inclusion") == analyse("inclusion")


@given(ANYTHING)
def test_words_stand_where_they_say_and_in_order(text: str) -> None:
    found = list(tokens(text))
    assert all(0 <= token.start < token.end <= len(text) for token in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    assert all(analyse(text[token.start : token.end]) in {token.stem, ""} for token in found)


@given(ANYTHING)
def test_a_stem_is_one_word_that_analysis_never_splits(text: str) -> None:
    for stem in stems(text):
        assert [token.folded for token in tokens(stem)] == [stem]


def test_stop_words_are_written_folded() -> None:
    assert all(re.fullmatch("[a-z]+", word) for word in STOP_WORDS)
    assert analyse(" ".join(STOP_WORDS)) == ""


def test_forms_of_a_word_meet_and_other_words_stay_apart() -> None:
    content = yaml.safe_load((DATA / "evaluation" / "word_families.yaml").read_text("utf-8"))
    pairs = [pair for forms in content["together"] for pair in itertools.combinations(forms, 2)]
    missed = [pair for pair in pairs if analyse(pair[0]) != analyse(pair[1])]
    confused = [pair for pair in content["apart"] if analyse(pair[0]) == analyse(pair[1])]
    # The figures of benchmarks/results/search_quality.md: a change of method has to say so there.
    assert (len(missed), len(confused)) == (23, 6)


def test_the_stemmer_can_be_shared_by_threads() -> None:
    words = [f"collectivité{number} réinsérées{number} médicaux" for number in range(2000)]
    expected = [analyse(word) for word in words]
    fresh = [word.replace("collectivité", "intercommunalité") for word in words]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(analyse, words)) == expected
        threaded = list(pool.map(analyse, fresh))
    assert threaded == [analyse(word) for word in fresh]


class TestQueries:
    def test_words_phrases_and_exclusions(self) -> None:
        query = parse_query('l’emploi des "jeunes mères" -Paris -« grand âge » « insertion »')
        assert spellings(query.words) == ["emploi"]
        assert spellings(query.phrases) == ["jeunes mères", "insertion"]
        assert spellings(query.excluded) == ["Paris", "grand âge"]
        assert query.plain == "l’emploi des jeunes mères insertion"

    @pytest.mark.parametrize("text", ["mal-logement", "2010-2012", "a - b", "lien social -", "-"])
    def test_a_hyphen_inside_or_alone_excludes_nothing(self, text: str) -> None:
        assert parse_query(text).excluded == ()

    def test_an_excluded_compound_is_excluded_whole(self) -> None:
        assert parse_query("emploi -mal-logement").excluded == (
            Term("mal-logement", stems("mal logement")),
        )

    def test_an_open_quotation_mark_is_ignored(self) -> None:
        query = parse_query("« lien social")
        assert (spellings(query.words), query.phrases) == (["lien", "social"], ())

    @pytest.mark.parametrize("text", ["", "   ", "le la les", "« »", '""', "-", "…", "\0", "-le"])
    def test_nothing_to_look_for_is_an_empty_query(self, text: str) -> None:
        assert parse_query(text).is_empty

    @given(ANYTHING)
    def test_a_query_never_fails(self, text: str) -> None:
        query = parse_query(text)
        assert all(
            re.fullmatch("[a-z0-9]+", stem)
            for term in (*query.terms, *query.excluded)
            for stem in term.stems
        )
        assert all(term.stems for term in (*query.terms, *query.excluded))

    def test_a_very_long_query_is_cut(self) -> None:
        assert len(parse_query("mot " * 100_000).words) == LONGEST_QUERY // len("mot ")


class TestExtracts:
    @given(FRENCH, st.lists(FRENCH, max_size=3))
    def test_segments_put_end_to_end_give_the_text(self, text: str, asked: list[str]) -> None:
        terms = parse_query(" ".join(asked)).terms
        segments = highlight(text, terms)
        assert "".join(segment.text for segment in segments) == text
        assert all(segment.text for segment in segments)

    @given(FRENCH, FRENCH)
    def test_what_is_marked_is_what_was_asked(self, text: str, asked: str) -> None:
        terms = parse_query(asked.replace('"', " ").replace("«", " ")).words
        wanted = {term.stems[0] for term in terms}
        for segment in highlight(text, terms):
            assert (analyse(segment.text) in wanted) if segment.is_match else True
            if not segment.is_match:
                assert not wanted.intersection(stems(segment.text))

    @given(FRENCH, FRENCH, st.integers(10, 60))
    def test_extracts_are_parts_of_the_text_in_order(
        self, text: str, asked: str, length: int
    ) -> None:
        here = 0
        for extract in extracts(text, parse_query(asked).terms, length=length):
            part = "".join(segment.text for segment in extract.segments)
            place = text.index(part, here)
            assert extract.cut_before == bool(text[:place].strip()) or text.count(part) > 1
            here = place + len(part)

    def test_a_phrase_is_marked_with_the_small_words_inside_it(self) -> None:
        segments = highlight("Ouvrir l’accès aux soins ici", parse_query("« accès soin »").terms)
        assert [segment.text for segment in segments if segment.is_match] == ["accès aux soins"]

    def test_the_window_shows_the_most_terms(self) -> None:
        text = (
            "Une école. " + "Rien ici. " * 40 + "Une école, un lycée et un atelier. " + "Fin. " * 40
        )
        (extract,) = extracts(text, parse_query("école lycée atelier").terms, length=60)
        shown = [segment.text for segment in extract.segments if segment.is_match]
        assert shown == ["école", "lycée", "atelier"]
        assert extract.cut_before
        assert extract.cut_after

    def test_a_second_window_shows_what_the_first_does_not(self) -> None:
        text = "Une école. " + "Rien. " * 60 + "Un lycée. " + "Rien. " * 60
        terms = parse_query("école lycée").terms
        first, second = extracts(text, terms, length=40)
        assert [segment.text for segment in first.segments if segment.is_match] == ["école"]
        assert [segment.text for segment in second.segments if segment.is_match] == ["lycée"]
        assert len(extracts("école " * 100, terms, length=40)) == 1

    def test_without_a_match_the_beginning_is_shown(self) -> None:
        (extract,) = extracts(
            "Un atelier de soudure ouvre.", parse_query("piscine").terms, length=12
        )
        assert [segment.text for segment in extract.segments] == ["Un atelier"]
        assert (extract.cut_before, extract.cut_after) == (False, True)

    def test_words_found_are_told_in_the_spelling_of_the_reader(self) -> None:
        terms = parse_query("ecole « jeune mere » piscine école").terms
        found = found_words("Écoles, école ; les jeunes mères", terms)
        assert [(one.term.spelling, one.spellings) for one in found] == [
            ("ecole", ("Écoles", "école")),
            ("jeune mere", ("jeunes mères",)),
        ]

    def test_a_text_full_of_matches_stays_quick(self) -> None:
        text = "école lycée atelier " * 20_000
        assert len(extracts(text, parse_query("école lycée atelier").terms)) == 1
