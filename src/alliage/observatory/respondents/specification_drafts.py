"""The first writing of a specification, from the columns of a wave; a person goes on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from alliage.survey import read, read_ddi, read_questionnaire, read_specification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from alliage.observatory.respondents.coding import Target
    from alliage.survey import Questionnaire

#: The groups of marks that the documents of the Observatoire print, for a scale from 1 to 10.
_BOXES = {"1-5": [1, 2, 3, 4, 5], "6-7": [6, 7], "8-10": [8, 9, 10]}


def drafted(
    *,
    title: str,
    targets: Sequence[Target],
    weights: str = "",
    strata: str = "",
    breakdowns: Sequence[str] = (),
    margins: Mapping[str, Mapping[Any, float]] | None = None,
    population: float | None = None,
) -> str:
    """Write a specification that asks every question by every breakdown.

    Parameters
    ----------
    title : str
        The name of the wave.
    targets : sequence of Target
        What the file answers, by the names of the coded table.
    weights, strata : str
        Columns of the design; empty without them.
    breakdowns : sequence of str
        Columns, crossed with « * ».
    margins : mapping, optional
        Totals by variable and level.
    population : float, optional
        How many people there are, where margins are shares.

    Returns
    -------
    str
        YAML, as ``docs/reference/survey-specification.md`` describes it.

    Examples
    --------
    >>> from alliage.observatory.respondents.coding import Target
    >>> target = Target("health", "health", "Health", {"good": "Good", "bad": "Bad"})
    >>> print(drafted(title="Wave", targets=[target], strata="region", breakdowns=["age"]))
    title: Wave
    design:
      strata: region
    tables:
    - name: release
      level: 0.95
      loose: 0.9
      questions:
      - health
      breakdowns:
      - age
    <BLANKLINE>
    """
    written: dict[str, Any] = {"title": title}
    design = {name: value for name, value in (("weights", weights), ("strata", strata)) if value}
    if design:
        written["design"] = design
    if margins:
        fit: dict[str, Any] = {"name": "weight", "method": "raking"}
        if population is not None:
            fit |= {"shares": True, "population": population}
        fit["margins"] = {name: dict(levels) for name, levels in margins.items()}
        written["calibrations"] = [fit]
    table: dict[str, Any] = {
        "name": "release",
        "level": 0.95,
        "loose": 0.9,
        "questions": list(_asked(targets)),
    }
    if breakdowns:
        table["breakdowns"] = list(breakdowns)
    written["tables"] = [table]
    return yaml.safe_dump(written, allow_unicode=True, sort_keys=False, width=100)


def _asked(targets: Sequence[Target]) -> list[Any]:
    found: list[Any] = []
    for one in targets:
        if one.is_choice:
            if one.question not in found:
                found.append(one.question)
        elif one.marks is not None:
            marks = list(range(one.marks[0], one.marks[1] + 1))
            entry: dict[str, Any] = {
                "variable": one.name,
                "points": {mark: float(mark) for mark in marks},
            }
            if marks == list(range(1, 11)):
                entry["boxes"] = {name: list(levels) for name, levels in _BOXES.items()}
            found.append(entry)
        else:
            found.append(one.name)
    return found


def standalone(path: Path) -> str:
    """Return a specification with the content of the files that it names: it can travel alone.

    Parameters
    ----------
    path : Path
        A specification; its questionnaire and its margins stand beside it.

    Returns
    -------
    str
        The text of the file where it names no other; else the same as YAML, without its comments.

    Raises
    ------
    alliage.values.yaml_files.InvalidFilesError
        With every problem of the specification or of its questionnaire.
    alliage.survey.SurveyError
        If margins cannot be read.
    """
    specification = read_specification(path)
    text = path.read_text(encoding="utf-8")
    named = [one.margins_file for one in specification.calibrations]
    if specification.data.questionnaire is None and not any(named):
        return text
    content = yaml.safe_load(text)
    if specification.data.questionnaire is not None:
        beside = path.parent / specification.data.questionnaire
        is_ddi = beside.suffix.lower() == ".xml"
        _inline(content["data"], read_ddi(beside) if is_ddi else read_questionnaire(beside))
    for one, name in zip(content.get("calibrations", ()), named, strict=True):
        if name is not None:
            del one["margins_file"]
            one["margins"] = _margins(path.parent / name, one.get("per"))
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)


def _inline(data: dict[str, Any], questionnaire: Questionnaire) -> None:
    """Write a questionnaire where the specification has its own, which has the last word."""
    del data["questionnaire"]
    for part in ("variables", "sets"):
        told = {
            name: one.model_dump(mode="json", exclude_defaults=True)
            for name, one in getattr(questionnaire, part).items()
        }
        data[part] = {**told, **(data.get(part) or {})}


def _margins(path: Path, per: str | None) -> dict[str, Any]:
    """Write a file of margins as the specification writes them."""
    margins: dict[str, Any] = {}
    for row in read(path).frame.iter_rows(named=True):
        into = margins.setdefault(row[per], {}) if per else margins
        if row["level"] is None:
            into[row["variable"]] = row["total"]
        else:
            into.setdefault(row["variable"], {})[row["level"]] = row["total"]
    return margins
