"""The synonym list of the field, and what it adds to a query."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alliage.knowledge.synonyms import (
    Concept,
    SynonymGroup,
    Synonyms,
    read_synonyms,
)
from alliage.knowledge.text import parse_query
from alliage.values.yaml_files import InvalidFilesError

FILE = Path(__file__).parents[2] / "data" / "reference" / "synonyms.yaml"
SYNONYMS = read_synonyms(FILE)


def others(asked: str, synonyms: Synonyms = SYNONYMS) -> dict[str, list[str]]:
    expanded = synonyms.expand(parse_query(asked))
    return {
        concept.spelling: [term.spelling for term in concept.synonyms]
        for concept in expanded.explained
    }


def test_the_list_is_large_enough_and_says_where_it_comes_from() -> None:
    content = yaml.safe_load(FILE.read_text("utf-8"))
    assert len(content["groups"]) >= 60
    assert "Own work" in content["attribution"]
    assert content["licence"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("déserts médicaux", "accès aux soins"),
        ("acces aux soins", "désert médical"),
        ("décrochage", "décrocheur"),
        ("fracture numérique", "illectronisme"),
        ("ESS", "économie sociale et solidaire"),
        ("économie sociale et solidaire", "ESS"),
        ("e.s.s.", "économie sociale et solidaire"),
        ("PTCE", "pôle territorial de coopération économique"),
        ("QPV", "quartier prioritaire"),
        ("tzcld", "territoire zéro chômeur de longue durée"),
        ("CCAS", "centre communal d’action sociale"),
        ("EPCI", "intercommunalité"),
        ("aidants", "proche aidant"),
        ("mobilités", "transport"),
        ("IAE", "insertion par l’activité économique"),
        ("RSE", "responsabilité sociétale des entreprises"),
        ("mal-logement", "habitat indigne"),
        ("précarité énergétique", "passoire thermique"),
        ("isolement", "lien social"),
        ("grand âge", "vieillissement"),
        ("handicap", "situation de handicap"),
        ("illettrisme", "savoirs de base"),
        ("circuits courts", "alimentation locale"),
        ("réemploi", "économie circulaire"),
        ("tiers-lieux", "lieu partagé"),
        ("ODD", "objectifs de développement durable"),
        ("mécénat", "philanthropie"),
        ("catalyseur", "tiers de confiance"),
    ],
)
def test_words_of_the_field_lead_to_each_other(asked: str, found: str) -> None:
    assert found in next(iter(others(asked).values()))


def test_a_narrow_word_leads_to_a_wider_one_and_not_the_reverse() -> None:
    synonyms = Synonyms([SynonymGroup(terms=("ressourcerie",), also=("réemploi",))])
    assert others("ressourcerie", synonyms) == {"ressourcerie": ["réemploi"]}
    assert others("réemploi", synonyms) == {}


def test_the_longest_expression_wins() -> None:
    synonyms = Synonyms(
        [
            SynonymGroup(terms=("précarité", "pauvreté")),
            SynonymGroup(terms=("précarité énergétique", "passoire thermique")),
        ]
    )
    assert others("précarité énergétique", synonyms) == {
        "précarité énergétique": ["passoire thermique"]
    }
    assert others("précarité et énergie", synonyms) == {"précarité": ["pauvreté"]}


def test_a_quoted_phrase_is_searched_as_it_is() -> None:
    expanded = SYNONYMS.expand(parse_query("« désert médical » -handicap"))
    assert expanded.explained == ()
    assert [term.spelling for term in expanded.terms] == ["désert médical"]


@given(st.text(max_size=120))
def test_expansion_keeps_every_word_asked_once_and_in_order(text: str) -> None:
    query = parse_query(text)
    expanded = SYNONYMS.expand(query)
    assert tuple(term for concept in expanded.concepts for term in concept.terms) == query.words
    assert expanded.terms[: len(query.terms)] == query.terms


def test_a_word_outside_the_list_is_a_concept_of_its_own() -> None:
    (concept,) = SYNONYMS.expand(parse_query("zèbre")).concepts
    assert concept == Concept(parse_query("zèbre").words)


@pytest.mark.parametrize(
    ("groups", "problem"),
    [
        ("- terms: [le la]", "too common to search by"),
        ("- terms: [lycée, lycées]", "already there as « lycée »"),
        ("- terms: [lycée]", "is alone"),
        ("- terms: []", "groups, entry 1, terms"),
        ("- terms: [ESS, ' ']", "groups, entry 1, terms, entry 2"),
        ("- termes: [a, b]", "is not a field of this record"),
        ("- terms: [a, 12]", "cannot be used"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_with_its_place(
    tmp_path: Path, groups: str, problem: str
) -> None:
    file = tmp_path / "synonyms.yaml"
    file.write_text(f"licence: L\nattribution: A\ngroups:\n{groups}\n", encoding="utf-8")
    with pytest.raises(InvalidFilesError, match=problem) as caught:
        read_synonyms(file)
    assert caught.value.problems[0].place.startswith("groups, entry 1")
