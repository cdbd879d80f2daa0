"""Reading the reference files: what is refused, and where the problem is said to be."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alliage.alliances.reference import load_reference
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Files = dict[str, dict[str, Any]]
HEAD = {"licence": "Licence Ouverte 2.0", "attribution": "Alliage"}


def term(code: str, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "label_fr": code,
        "label_en": code,
        "order": 1,
        "reading": "stated",
    } | more


def scheme(code: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": code,
        "label_fr": code,
        "label_en": code,
        "source": "sheet_pemb l.1",
        "items": list(items),
    }


def organisation(slug: str, **more: Any) -> dict[str, Any]:
    return {
        "slug": slug,
        "name": slug,
        "world": "association",
        "profile": "association",
        "world_reading": "stated",
        "source": "sheet_pemb l.2-3",
        "active_in_alliance": True,
    } | more


@pytest.fixture
def files() -> Files:
    source = {
        "code": "sheet_pemb",
        "title_fr": "Fiche",
        "title_en": "Sheet",
        "publisher": "Fonds",
        "published": "2022",
        "kind": "case_sheet",
    }
    return {
        "sources.yaml": HEAD | {"sources": [source]},
        "terms.yaml": HEAD
        | {
            "schemes": [
                scheme("domain", term("health"), term("care", parent="health")),
                scheme("catalyst_function", term("support")),
            ]
        },
        "sdg.yaml": HEAD
        | {"schemes": [scheme("sdg", term("1")), scheme("sdg_target", term("1.a", parent="1"))]},
        "organisations.yaml": HEAD
        | {
            "organisations": [
                organisation("mere", seat={"level": "commune", "code": "94080"}),
                organisation(
                    "fille",
                    parent="mere",
                    domains=["health"],
                    roles=["catalyst"],
                    catalyst={
                        "functions": ["support"],
                        "functions_reading": "derived",
                        "territories": [{"level": "country", "code": "FR"}],
                    },
                ),
            ]
        },
    }


def write(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        (folder / name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


def problems(folder: Path, files: Files) -> list[str]:
    with pytest.raises(InvalidFilesError) as caught:
        load_reference(write(folder, files))
    return [str(problem) for problem in caught.value.problems]


def test_files_that_agree_are_read(tmp_path: Path, files: Files) -> None:
    reference = load_reference(write(tmp_path, files))
    assert [item.slug for item in reference.organisations] == ["mere", "fille"]
    assert [item.key for item in reference.territories] == ["commune/94080", "country/FR"]
    assert str(reference.sources[0].published) == "2022"


def test_the_shipped_files_agree() -> None:
    reference = load_reference(data_directory() / "reference")
    codes = {scheme.code.value: len(scheme.items) for scheme in reference.schemes}
    assert (codes["sdg"], codes["sdg_target"], codes["domain"]) == (17, 169, 16)
    assert codes["catalyst_function"] == codes["objective"] == 4
    assert len(reference.organisations) >= 60


def _organisation(files: Files, rank: int) -> dict[str, Any]:
    found: dict[str, Any] = files["organisations.yaml"]["organisations"][rank]
    return found


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda files: _organisation(files, 0).update(siren="219400802"),
            "organisations.yaml: organisations, entry 1, siren: « 219400802 » is not a SIREN",
        ),
        (
            lambda files: _organisation(files, 0).update(siren="217500016", siret="73282932000074"),
            "SIRET 73282932000074 does not begin with SIREN 217500016",
        ),
        (
            lambda files: _organisation(files, 1).update(parent="absente"),
            "organisations.yaml: organisations, entry 2, parent: « absente » is no organisation",
        ),
        (
            lambda files: _organisation(files, 0).update(parent="fille"),
            "the organisation is above itself",
        ),
        (
            lambda files: _organisation(files, 1).update(slug="mere", parent=None),
            "« mere » is the slug of several organisations",
        ),
        (
            lambda files: _organisation(files, 1).update(domains=["magic"]),
            "entry 2, domains: « magic » is no term of domain",
        ),
        (
            lambda files: _organisation(files, 1)["catalyst"].update(functions=["magic"]),
            "entry 2, catalyst, functions: « magic » is no term of catalyst_function",
        ),
        (
            lambda files: _organisation(files, 1)["catalyst"].update(functions_reading=None),
            "names functions and not how they were read",
        ),
        (
            lambda files: _organisation(files, 1).update(roles=[]),
            "the role « catalyst » and `catalyst:` go together",
        ),
        (
            lambda files: _organisation(files, 0).update(source="sheet_lost l.4"),
            "entry 1, source: cites « sheet_lost », which sources.yaml does not hold",
        ),
        (
            lambda files: _organisation(files, 0).update(world="martian"),
            "entry 1, world: « martian » is not allowed",
        ),
        (
            lambda files: _organisation(files, 0).update(colour="blue"),
            "entry 1, colour: is not a field",
        ),
        (
            lambda files: _organisation(files, 0).update(siret=73282932000074),
            "entry 1, siret",
        ),
        (
            lambda files: files["sdg.yaml"]["schemes"][1]["items"][0].update(parent="2"),
            "sdg.yaml: schemes, entry 2, items, entry 1, parent: « 2 » is no term of sdg",
        ),
        (
            lambda files: files["terms.yaml"]["schemes"][0]["items"][0].update(parent="care"),
            "« health » is broader than itself",
        ),
        (
            lambda files: files["terms.yaml"]["schemes"][0]["items"].append(term("health")),
            "terms.yaml: schemes, entry 1, items: « health » is given to several terms",
        ),
        (
            lambda files: files["sources.yaml"]["sources"].append(
                files["sources.yaml"]["sources"][0]
            ),
            "« sheet_pemb » is given to several documents",
        ),
        (
            lambda files: files["sources.yaml"].pop("licence"),
            "sources.yaml: licence: is missing",
        ),
    ],
)
def test_a_problem_names_its_file_and_its_place(
    tmp_path: Path, files: Files, change: Callable[[Files], object], told: str
) -> None:
    changed = copy.deepcopy(files)
    change(changed)
    assert any(told in line for line in problems(tmp_path, changed)), problems(tmp_path, changed)


def test_every_problem_is_told_at_once(tmp_path: Path, files: Files) -> None:
    _organisation(files, 0).update(siren="219400802")
    files["terms.yaml"].pop("attribution")
    told = problems(tmp_path, files)
    assert len(told) == 2
    assert {line.split(":")[0] for line in told} == {"organisations.yaml", "terms.yaml"}
