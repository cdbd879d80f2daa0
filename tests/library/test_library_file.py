"""Tools, publications and events as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alliage.knowledge.library import load_library
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = {
    "slug": "un-guide",
    "kind": "tool",
    "title": "Un guide",
    "title_en": "A guide",
    "summary_fr": "Un guide.",
    "summary_en": "A guide.",
    "source": "X01",
}


def write(folder: Path, *entries: dict[str, Any]) -> Path:
    path = folder / "library.yaml"
    content = {"licence": "LO 2.0", "attribution": "essai", "entries": list(entries)}
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def problems(path: Path, **codes: set[str]) -> list[str]:
    with pytest.raises(InvalidFilesError) as caught:
        load_library(path, codes=codes)
    return [str(problem) for problem in caught.value.problems]


def test_what_is_unknown_is_absent(tmp_path: Path) -> None:
    (entry,) = load_library(write(tmp_path, ENTRY))
    assert (entry.date, entry.publisher, entry.url, entry.domains) == (None, None, None, ())


def test_every_problem_is_named_by_its_place(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        ENTRY | {"domains": ["health", "nowhere"]},
        ENTRY | {"objectives": ["innovate"]},
    )
    found = problems(path, domains={"health"}, objectives=set())
    assert found == [
        "library.yaml: entries, entry 1, slug: « un-guide » is written 2 times. Choose another.",
        (
            "library.yaml: entries, entry 1, domains: « nowhere » is not a known code of domains. "
            "Correct it."
        ),
        "library.yaml: entries, entry 2, slug: « un-guide » is written 2 times. Choose another.",
        (
            "library.yaml: entries, entry 2, objectives: « innovate » is not a known code of "
            "objectives. Correct it."
        ),
    ]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"kind": "film"}, "kind"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"date": "2022-13"}, "date"),
        ({"summary_fr": " "}, "summary_fr"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_value_is_refused(tmp_path: Path, change: dict[str, str], place: str) -> None:
    (problem,) = problems(write(tmp_path, ENTRY | change))
    assert f"entries, entry 1, {place}:" in problem


@pytest.mark.parametrize("dates", [("2022-03", "2022-01"), (None, "2022")])
def test_an_end_needs_a_start_before_it(tmp_path: Path, dates: tuple[str | None, str]) -> None:
    (problem,) = problems(write(tmp_path, ENTRY | {"date": dates[0], "date_end": dates[1]}))
    assert "before its start" in problem
