"""What the reference data of the repository must satisfy, whoever edits it."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import yaml
from stdnum.fr import siren, siret

from alliage.alliances.vocabulary import (
    Lever,
    OrganisationRole,
    OrganisationSize,
    Profile,
    Reading,
    World,
)
from alliage.values.dates import PartialDate
from alliage.values.text import fold, slug

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[2] / "data"
FILES = ("library", "organisations", "sdg", "sources", "terms")
LABEL_LIMIT = 90

# Counts of numbered targets then of lettered ones, goal by goal (A/RES/71/313).
TARGETS = {
    1: (5, 2),
    2: (5, 3),
    3: (9, 4),
    4: (7, 3),
    5: (6, 3),
    6: (6, 2),
    7: (3, 2),
    8: (10, 2),
    9: (5, 3),
    10: (7, 3),
    11: (7, 3),
    12: (8, 3),
    13: (3, 2),
    14: (7, 3),
    15: (9, 3),
    16: (10, 2),
    17: (19, 0),
}


@cache
def content(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load((DATA / "reference" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def schemes() -> dict[str, dict[str, Any]]:
    every = [*content("terms")["schemes"], *content("sdg")["schemes"]]
    return {scheme["code"]: scheme for scheme in every}


def codes(scheme: str) -> list[str]:
    return [item["code"] for item in schemes()[scheme]["items"]]


def organisations() -> list[dict[str, Any]]:
    return list(content("organisations")["organisations"])


def entries() -> list[dict[str, Any]]:
    return list(content("library")["entries"])


def walk(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Every scalar of a file with the key that holds it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, key)
    else:
        yield key, value


@cache
def official(level: str) -> dict[str, str | None]:
    """Codes of a level in the shipped geography, with the SIREN where it gives one."""
    folder = DATA / "territories" / "2026"
    if level == "country":
        return {"FR": None}
    if level == "commune":
        frame = pl.read_parquet(folder / "communes.parquet").select("code", siren="siren")
    elif level in {"epci", "ept"}:
        bodies = pl.read_parquet(folder / "epci.parquet")
        kept = bodies.filter((pl.col("type") == "EPT") == (level == "ept"))
        frame = kept.select(code="siren", siren="siren")
    else:
        name = {"department": "departements", "region": "regions"}[level]
        frame = pl.read_parquet(folder / f"{name}.parquet").select("code", siren=pl.lit(None))
    return dict(frame.iter_rows())


@pytest.mark.parametrize("name", FILES)
def test_file_says_its_licence_and_attribution(name: str) -> None:
    assert content(name)["licence"] == "Licence Ouverte 2.0"
    assert content(name)["attribution"].strip()


@pytest.mark.parametrize("name", FILES)
def test_french_texts_follow_french_typography(name: str) -> None:
    """A curly apostrophe, and no breaking space where French sets a non-breaking one."""
    wrong = [
        value
        for key, value in walk(content(name))
        if isinstance(value, str)
        and (key.endswith("_fr") or key in {"title", "name", "place", "publisher"})
        and re.search(r"'|« | »| [:;?!%€]|\d \d{3}\b", value)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", FILES)
def test_every_citation_names_a_described_document(name: str) -> None:
    documents = {document["code"] for document in content("sources")["sources"]}
    cited = {
        part.split(" l.")[0].strip()
        for key, value in walk(content(name))
        if key == "source" and isinstance(value, str)
        for part in value.split(" ; ")
    }
    assert cited <= documents


def test_the_five_documents_and_the_eighteen_complements_are_described() -> None:
    found = content("sources")["sources"]
    counted = Counter(document["code"] for document in found)
    expected = {
        *("sheet_pemb", "sheet_mureaux", "sheet_romainville"),
        *("proceedings_2022", "launch_deck_2020", "un_71_313"),
        *(f"X{number:02}" for number in range(1, 19)),
    }
    assert counted == Counter(expected)
    for document in found:
        external = document["code"].startswith("X")
        assert (document["kind"] == "external") is external, document["code"]
        assert document["title_fr"], document["code"]
        assert document["title_en"], document["code"]
        assert document["publisher"], document["code"]
        if document["published"] is not None:
            PartialDate.parse(document["published"])


def test_the_goals_and_targets_have_the_official_codes() -> None:
    expected = [
        code
        for goal, (numbered, lettered) in TARGETS.items()
        for code in (
            *(f"{goal}.{number}" for number in range(1, numbered + 1)),
            *(f"{goal}.{letter}" for letter in "abcd"[:lettered]),
        )
    ]
    assert codes("sdg") == [str(goal) for goal in range(1, 18)]
    assert codes("sdg_target") == expected
    assert len(expected) == 169


def test_each_target_belongs_to_the_goal_of_its_code() -> None:
    for target in schemes()["sdg_target"]["items"]:
        assert target["parent"] == target["code"].split(".")[0]


def test_vocabularies_have_the_sizes_that_the_documents_announce() -> None:
    sizes = {code: len(scheme["items"]) for code, scheme in schemes().items()}
    assert sizes == {
        "objective": 4,
        "impact_nature": 3,
        "domain": 16,
        "catalyst_function": 4,
        "fund_strand": 3,
        "support_lever": 7,
        "sdg": 17,
        "sdg_target": 169,
    }


def test_support_levers_are_those_of_the_library_in_the_same_order() -> None:
    assert codes("support_lever") == [lever.value for lever in Lever]


def test_functions_of_catalysts_are_marked_external() -> None:
    items = schemes()["catalyst_function"]["items"]
    assert {(item["reading"], item["source"]) for item in items} == {("external", "X01")}


@pytest.mark.parametrize("scheme", sorted(schemes()))
def test_terms_are_unique_ordered_and_labelled_in_both_languages(scheme: str) -> None:
    items = schemes()[scheme]["items"]
    for field in ("code", "label_fr", "label_en"):
        values = [item[field] for item in items]
        assert len(set(values)) == len(values), field
    assert [item["order"] for item in items] == list(range(1, len(items) + 1))
    for item in items:
        assert Reading(item["reading"])
        for field in ("label_fr", "label_en"):
            assert 0 < len(item[field].strip()) <= LABEL_LIMIT, (item["code"], field)
        if scheme != "sdg_target":
            assert item["definition_fr"].strip().endswith("."), item["code"]
            assert item["definition_en"].strip().endswith("."), item["code"]


def test_organisations_have_distinct_addresses_and_names() -> None:
    slugs = [organisation["slug"] for organisation in organisations()]
    assert len(set(slugs)) == len(slugs)
    assert [slug(text, limit=90) for text in slugs] == slugs
    names = Counter(
        folded
        for organisation in organisations()
        for folded in {
            fold(text)
            for text in (organisation["name"], *organisation["aliases"], organisation["acronym"])
            if text
        }
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_organisations_use_the_vocabulary_of_the_library() -> None:
    for organisation in organisations():
        World(organisation["world"])
        Profile(organisation["profile"])
        assert Reading(organisation["world_reading"]) is not Reading.EXTERNAL
        for role in organisation["roles"]:
            OrganisationRole(role)
        if organisation["size"] is not None:
            OrganisationSize(organisation["size"])
        assert isinstance(organisation["active_in_alliance"], bool)
        assert organisation["summary_fr"].strip(), organisation["slug"]
        assert organisation["summary_en"].strip(), organisation["slug"]
        assert set(organisation["domains"]) <= set(codes("domain")), organisation["slug"]


def test_parent_organisations_exist_and_make_no_loop() -> None:
    parents = {organisation["slug"]: organisation["parent"] for organisation in organisations()}
    assert {parent for parent in parents.values() if parent} <= set(parents)
    for start in parents:
        seen = [start]
        while (above := parents[seen[-1]]) is not None:
            assert above not in seen, seen
            seen.append(above)


def test_organisations_stand_in_territories_of_the_official_geography() -> None:
    for organisation in organisations():
        places = [organisation["seat"]] if organisation["seat"] else []
        places += organisation["territories"]
        places += organisation["catalyst"]["territories"] if organisation["catalyst"] else []
        for place in places:
            assert place["code"] in official(place["level"]), (organisation["slug"], place)


def test_identifiers_are_valid_and_come_from_the_official_geography() -> None:
    """Only a commune, an EPCI or an EPT has an official identifier in the shipped data."""
    for organisation in organisations():
        if organisation["siren"] is not None:
            assert siren.is_valid(organisation["siren"]), organisation["slug"]
            seat = organisation["seat"]
            assert official(seat["level"])[seat["code"]] == organisation["siren"]
        if organisation["siret"] is not None:
            assert siret.is_valid(organisation["siret"]), organisation["slug"]
    given = [item["siren"] for item in organisations() if item["siren"] is not None]
    assert len(set(given)) == len(given)
    assert len(given) > 0


def test_catalysts_have_the_role_and_functions_of_the_referential() -> None:
    known = set(codes("catalyst_function"))
    for organisation in organisations():
        catalyst = organisation["catalyst"]
        assert (catalyst is not None) is ("catalyst" in organisation["roles"]), organisation["slug"]
        if organisation["profile"] == "catalyst":
            assert catalyst is not None, organisation["slug"]
        if catalyst is None:
            continue
        assert set(catalyst["functions"]) <= known
        assert catalyst["functions_reading"] == "derived"
        assert set(catalyst["domains"]) <= set(codes("domain"))
        assert catalyst["territories"], organisation["slug"]


def test_library_entries_are_typed_dated_and_told_in_both_languages() -> None:
    slugs = [entry["slug"] for entry in entries()]
    assert len(set(slugs)) == len(slugs)
    assert [slug(text, limit=90) for text in slugs] == slugs
    for entry in entries():
        assert entry["kind"] in {"tool", "publication", "event"}, entry["slug"]
        for field in ("title", "title_en", "summary_fr", "summary_en", "source"):
            assert entry[field].strip(), (entry["slug"], field)
        assert set(entry["domains"]) <= set(codes("domain")), entry["slug"]
        assert set(entry["objectives"]) <= set(codes("objective")), entry["slug"]
        assert entry["url"] is None or entry["url"].startswith(("http://", "https://"))


def test_library_dates_are_partial_dates_in_order() -> None:
    for entry in entries():
        if entry["kind"] == "event":
            assert entry["date"] is not None, entry["slug"]
        if entry["date_end"] is not None:
            start, end = PartialDate.parse(entry["date"]), PartialDate.parse(entry["date_end"])
            assert start.first_day < end.first_day, entry["slug"]
        elif entry["date"] is not None:
            PartialDate.parse(entry["date"])
