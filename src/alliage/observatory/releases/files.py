"""A release as files: its parts with their fingerprints, and its tables as people read them."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from alliage.observatory.releases.parts import (
    Part,
    PartKind,
    UnreadablePartError,
    assembled,
    fingerprint,
    parts_of,
)
from alliage.observatory.releases.values import CellStatus, Unit
from alliage.survey import SurveyError, SurveyProblem, write
from alliage.survey.publishing.listing import Heading, Kind, Listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Literal

    from alliage.observatory.releases.values import Question, Release
    from alliage.survey.publishing.listing import Value

    Language = Literal["fr", "en"]

#: The name of the file that holds the parts.
PARTS_FILE = "release.json"
TABLE_FILES = ("tables.xlsx", "tables.html")
_WORDS: Mapping[str, tuple[str, str]] = {
    "breakdown": ("Croisement", "Breakdown"),
    "group": ("Groupe", "Group"),
    "row": ("Ligne", "Row"),
    "value": ("Valeur", "Value"),
    "low": ("De", "From"),
    "high": ("À", "To"),
    "above": ("Dépasse", "Exceeds"),
    "respondents": ("Répondants", "Respondents"),
    "status": ("Statut", "Status"),
    "synthetic": (
        "Données synthétiques : les répondants sont inventés par un générateur.",
        "Synthetic data: respondents are invented by a generator.",
    ),
    "shown": ("", ""),
    "caution": ("à lire avec prudence", "read with caution"),
    "hidden": ("s : gardé secret", "s: kept secret"),
    "nobody": ("n/a : personne", "n/a: nobody"),
    "level": (
        "Bornes à {level} % de confiance ; fichier {sha}.",
        "Bounds at {level} % confidence; file {sha}.",
    ),
}
_KINDS = {Unit.SHARE: Kind.SHARE, Unit.SCORE: Kind.QUANTITY, Unit.POINTS: Kind.POINTS}


def _word(name: str, language: Language) -> str:
    return _WORDS[name][language == "en"]


def write_release(
    release: Release, folder: Path, *, language: Language = "fr", overwrite: bool = False
) -> str:
    """Write a release in a folder of its own, which appears whole or not at all.

    Parameters
    ----------
    release : Release
        What to write.
    folder : Path
        Holds ``release.json``, ``tables.xlsx`` and ``tables.html`` afterwards.
    language
        Of the tables.
    overwrite
        Whether a folder of this name may be replaced.

    Returns
    -------
    str
        The fingerprint of the release.

    Raises
    ------
    SurveyError
        ``REQUEST`` if the folder exists, or that it would stand in does not.
    """
    check_folder(folder, overwrite=overwrite)
    parts = parts_of(release)
    told = fingerprint(parts)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        partial.mkdir()
        text = json.dumps(
            {"fingerprint": told, "parts": [_written(one) for one in parts]}, ensure_ascii=False
        )
        (partial / PARTS_FILE).write_text(text, encoding="utf-8")
        tables = {
            one.labels[0] or one.code: _listing(release, one, language)
            for one in release.head.questions
        }
        for name in TABLE_FILES:
            title = f"{release.head.study} · {release.head.wave}"
            if release.head.synthetic:
                title = f"{title} · {_word('synthetic', language)}"
            write(tables, partial / name, language=language, title=title)
        if folder.exists():
            shutil.rmtree(folder)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return told


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder that cannot be written, before anything is computed.

    Raises
    ------
    SurveyError
        ``REQUEST``.
    """
    if not folder.parent.is_dir():
        message = f"There is no folder « {folder.parent} ». Create it, or name another."
    elif folder.exists() and not folder.is_dir():
        message = f"« {folder.name} » is a file. Name a folder."
    elif folder.exists() and not overwrite:
        message = f"« {folder.name} » exists already. Name another folder, or ask to replace it."
    elif folder.exists() and any(
        one.name not in {PARTS_FILE, *TABLE_FILES} for one in folder.iterdir()
    ):
        message = f"« {folder.name} » holds other files than a release. Name another folder."
    else:
        return
    raise SurveyError(SurveyProblem.REQUEST, message, file=folder.name)


def read_release(file: Path) -> Release:
    """Read a release and check that it is what was written.

    Parameters
    ----------
    file : Path
        ``release.json``, or the folder that holds it.

    Raises
    ------
    UnreadablePartError
        If the file cannot be read, or was changed.
    """
    path = file / PARTS_FILE if file.is_dir() else file
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        parts = [_part(one) for one in content["parts"]]
        told, found = content["fingerprint"], fingerprint(parts)
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"« {file.name} » is no release: {error}. Give the file that was written."
        raise UnreadablePartError(msg) from error
    if found != told:
        msg = (
            f"« {file.name} » was changed: its fingerprint is not {told}. Give the file as it was."
        )
        raise UnreadablePartError(msg)
    return assembled(parts)


def _written(one: Part) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "question": one.question,
        "breakdown": one.breakdown,
        "group": one.group,
        "sha256": one.sha256,
        "content": one.content,
    }


def _part(one: Mapping[str, Any]) -> Part:
    return Part(
        PartKind(one["kind"]), one["question"], one["breakdown"], one["group"], one["content"]
    )


def _listing(release: Release, question: Question, language: Language) -> Listing:
    """Return the figures of a question as rows."""
    names = ("breakdown", "group", "row", "value", "low", "high", "above", "respondents", "status")
    kinds = {"value": Kind.SHARE, "low": Kind.SHARE, "high": Kind.SHARE, "respondents": Kind.COUNT}
    headings = tuple(Heading(_word(name, language), kinds.get(name, Kind.TEXT)) for name in names)
    made = list(_rows(release, question, language))
    head = release.head
    facts = {"level": f"{100 * head.provenance.level:g}", "sha": head.provenance.file_sha256}
    notes = [_word("synthetic", language)] if head.synthetic else []
    notes.append(_word("level", language).format(**facts))
    return Listing(
        headings,
        tuple(row for row, _ in made),
        tuple(notes),
        tuple(kinds_of for _, kinds_of in made),
    )


def _rows(
    release: Release, question: Question, language: Language
) -> Iterator[tuple[tuple[Value, ...], tuple[Kind, ...]]]:
    breakdowns = {one.code: one for one in release.head.breakdowns}

    def said(labels: tuple[str, str]) -> str:
        return labels[1] if language == "en" and labels[1] else labels[0]

    for table in release.tables:
        if table.question != question.code:
            continue
        breakdown = breakdowns[table.breakdown]
        for place, group in enumerate(breakdown.groups):
            if breakdown.code and not group.code:
                # Everybody stands under no breakdown, once.
                continue
            for measure, cells in zip(question.measures, table.rows, strict=True):
                cell = cells[place]
                of_figure = _KINDS[measure.unit]
                letter = f" ({group.letter})" if group.letter else ""
                caution = cell.status is CellStatus.CAUTION
                yield (
                    (
                        said(breakdown.labels),
                        f"{said(group.labels)}{letter}",
                        said(measure.labels),
                        cell.value,
                        cell.low,
                        cell.high,
                        cell.above,
                        cell.respondents,
                        _word(cell.status.value, language) if caution or not cell.is_shown else "",
                    ),
                    (
                        Kind.TEXT, Kind.TEXT, Kind.TEXT, of_figure, of_figure, of_figure,
                        Kind.TEXT, Kind.COUNT, Kind.TEXT,
                    ),
                )  # fmt: skip
