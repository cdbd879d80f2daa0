"""Banner tables as files: a workbook as market researchers expect it, a page, data."""

from __future__ import annotations

import html
import itertools
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Literal, TypeAlias

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from alliage.survey.results import Reliability, Statistic
from alliage.values.cells import neutralise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from alliage.survey.tables import Banner, Block, Column, TableCell, TableRow

Language: TypeAlias = Literal["fr", "en"]

_WORDS: Mapping[str, Mapping[Language, str]] = {
    "everybody": {"fr": "Ensemble", "en": "Everybody"},
    "respondents": {"fr": "Base (répondants)", "en": "Base (respondents)"},
    "weighted": {"fr": "Base pondérée", "en": "Weighted base"},
    "missing": {"fr": "Sans réponse", "en": "No answer"},
    "mean": {"fr": "Moyenne", "en": "Mean"},
    "tables": {"fr": "Tableaux", "en": "Tables"},
    "method": {"fr": "Méthode", "en": "Method"},
    "data": {"fr": "Données", "en": "Data"},
    "small": {"fr": "base trop petite", "en": "base too small"},
    "hidden": {
        "fr": "« – » : base trop petite pour être montrée ou vide.",
        "en": "« – »: base too small to be shown, or empty.",
    },
    "letters": {
        "fr": "Une lettre sous un chiffre nomme une colonne de la même ventilation qu’il dépasse "
        "nettement, compte tenu de tous les tests de la ligne ({adjustment}, {level:.0%}).",
        "en": "A letter under a figure names a column of the same breakdown that it surely "
        "exceeds, all the tests of the row taken into account ({adjustment}, {level:.0%}).",
    },
    "caution": {
        "fr": "En italique : base ou précision faible, à lire avec prudence.",
        "en": "In italics: small base or low precision, to be read with caution.",
    },
    "error": {"fr": "Erreur type : {value}.", "en": "Standard error: {value}."},
    "weights": {"fr": "Poids : {value}.", "en": "Weights: {value}."},
    "calibration": {"fr": "Calage : {value}.", "en": "Calibration: {value}."},
    "none": {"fr": "aucun", "en": "none"},
    "test": {"fr": "Indépendance : p = {value}", "en": "Independence: p = {value}"},
}
_NOTHING = "–"


def _word(name: str, language: Language, **values: object) -> str:
    return _WORDS[name][language].format(**values)


def notes(table: Banner, language: Language = "fr") -> list[str]:
    """Return the sentences that must go with a table, in French or in English."""
    how = table.provenance
    return [
        _word("letters", language, adjustment=table.adjustment.value, level=table.level),
        _word("caution", language),
        _word("hidden", language),
        _word("error", language, value=how.standard_error.value),
        _word("weights", language, value=how.weights or _word("none", language)),
        _word("calibration", language, value=how.calibration or _word("none", language)),
        f"Alliage {how.version}.",
    ]


def as_json(table: Banner) -> str:
    """Return a table as JSON: how it was computed, its tests and its figures."""
    content = {
        "provenance": asdict(table.provenance),
        "adjustment": table.adjustment.value,
        "level": table.level,
        "tests": [
            {"question": block.question.variable, "breakdown": " × ".join(names), **asdict(test)}
            for block in table.blocks
            for names, test in block.tests.items()
        ],
        "figures": table.frame().to_dicts(),
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False)


def as_html(table: Banner, *, language: Language = "fr") -> str:
    """Return a table as accessible HTML, a ``table`` for each question, then its notes.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, sample
    >>> from alliage.survey.tables import banner
    >>> rows = pl.DataFrame({"likes": ["yes", "no"] * 50, "sex": ["w"] * 50 + ["m"] * 50})
    >>> page = as_html(banner(sample(rows, Design()), ["likes"], ["sex"]), language="en")
    >>> page.count("<table"), "50.0%" in page
    (1, True)
    """
    blocks = "".join(_block_html(table, block, language) for block in table.blocks)
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in notes(table, language))
    return (
        f'<div lang="{language}" class="survey-tables">{blocks}<ul class="notes">{lines}</ul></div>'
    )


def _block_html(table: Banner, block: Block, language: Language) -> str:
    groups = "".join(
        f'<th scope="colgroup" colspan="{size}">{html.escape(title)}</th>'
        for title, size in _banner_heads(table.columns)
    )
    heads = "".join(
        f'<th scope="col">{html.escape(_head(column, language))}'
        f"{f' <b>{column.letter}</b>' if column.letter else ''}</th>"
        for column in table.columns
    )
    bases = "".join(
        f'<tr class="base"><th scope="row">{html.escape(label)}</th>'
        + "".join(f"<td>{html.escape(value)}</td>" for value in values)
        + "</tr>"
        for label, values in _base_lines(block, language)
    )
    rows = "".join(
        f'<tr><th scope="row">{html.escape(_row_head(row, language))}</th>'
        + "".join(f"<td>{_cell_html(row, cell, language)}</td>" for cell in row.cells)
        + "</tr>"
        for row in block.rows
    )
    return (
        f"<table><caption>{html.escape(block.label)}</caption><thead><tr><td></td>{groups}</tr>"
        f"<tr><td></td>{heads}</tr></thead><tbody>{bases}{rows}</tbody></table>"
    )


def _cell_html(row: TableRow, cell: TableCell | None, language: Language) -> str:
    if cell is None or not cell.is_shown:
        return _NOTHING
    text = html.escape(_figure(row, cell, language))
    if cell.reliability is Reliability.CAUTION:
        text = f"<i>{text}</i>"
    return f"{text} <small>{cell.above}</small>" if cell.above else text


def _figure(row: TableRow, cell: TableCell, language: Language) -> str:
    value = cell.estimate.value
    if _is_share(row):
        return _number(value * 100, 1, language) + ("\u00a0%" if language == "fr" else "%")
    return _number(value, 2, language)


def _number(value: float, places: int, language: Language) -> str:
    text = f"{value:.{places}f}"
    return text.replace(".", ",") if language == "fr" else text


def _is_share(row: TableRow) -> bool:
    return row.statistic in {Statistic.PROPORTION, Statistic.TOP_BOX, Statistic.NET_SCORE}


def _head(column: Column, language: Language) -> str:
    return " × ".join(column.labels) or _word("everybody", language)


def _row_head(row: TableRow, language: Language) -> str:
    return row.label or _word("mean", language)


def _banner_heads(columns: Sequence[Column]) -> list[tuple[str, int]]:
    groups = itertools.groupby(columns, key=lambda column: column.breakdown)
    return [(" × ".join(breakdown), len(list(held))) for breakdown, held in groups]


def _base_lines(block: Block, language: Language) -> Iterator[tuple[str, list[str]]]:
    """Return the lines of the bases as texts; nobody is a dash, not a zero."""
    bases = [None if base is None or base.hidden else base for base in block.bases]
    yield (
        _word("respondents", language),
        [_NOTHING if base is None else f"{base.respondents}" for base in bases],
    )
    yield (
        _word("weighted", language),
        [_NOTHING if base is None else _number(base.weighted, 1, language) for base in bases],
    )
    if any(base is not None and base.missing for base in bases):
        yield (
            _word("missing", language),
            [_NOTHING if base is None else f"{base.missing}" for base in bases],
        )


_BOLD, _GREY = Font(bold=True), Font(color="00666666", size=9)
_FILL = PatternFill("solid", fgColor="00E8EEF4")
_LINE = Border(top=Side(style="thin", color="00999999"))
_CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)


def write_xlsx(table: Banner, path: Path, *, language: Language = "fr") -> None:
    """Write a table as a workbook: the tables, how they were made, the figures as data.

    Each figure is a number with its format, its letters stand under it, the header stays in sight.
    """
    book = Workbook()
    sheet: Worksheet = book.active  # type: ignore[assignment]
    sheet.title = _word("tables", language)
    _write_heads(sheet, table, language)
    row = 4
    for block in table.blocks:
        row = _write_block(sheet, block, row, language)
    sheet.freeze_panes = "B4"
    sheet.column_dimensions["A"].width = 44
    for place in range(2, len(table.columns) + 2):
        sheet.column_dimensions[get_column_letter(place)].width = 13
    about = book.create_sheet(_word("method", language))
    for line in notes(table, language):
        about.append([line])
    about.column_dimensions["A"].width = 110
    data = book.create_sheet(_word("data", language))
    frame = table.frame()
    data.append(frame.columns)
    for values in frame.iter_rows():
        data.append([neutralise(value) if isinstance(value, str) else value for value in values])
    book.save(path)


def _write_heads(sheet: Worksheet, table: Banner, language: Language) -> None:
    place = 2
    for title, size in _banner_heads(table.columns):
        cell = sheet.cell(1, place, neutralise(title))
        cell.font, cell.fill, cell.alignment = _BOLD, _FILL, _CENTRE
        if size > 1:
            sheet.merge_cells(
                start_row=1, start_column=place, end_row=1, end_column=place + size - 1
            )
        place += size
    for place, column in enumerate(table.columns, start=2):
        head = sheet.cell(2, place, neutralise(_head(column, language)))
        head.font, head.alignment = _BOLD, _CENTRE
        letter = sheet.cell(3, place, column.letter)
        letter.font, letter.alignment = _GREY, _CENTRE


def _write_block(sheet: Worksheet, block: Block, row: int, language: Language) -> int:
    """Write a question from a row on, and return the row after it."""
    title = sheet.cell(row, 1, neutralise(block.label))
    title.font, title.alignment = _BOLD, Alignment(wrap_text=True)
    for place in range(1, len(block.bases) + 2):
        sheet.cell(row, place).border = _LINE
    row += 1
    bases = [None if base is None or base.hidden else base for base in block.bases]
    respondents = [None if base is None else base.respondents for base in bases]
    weighted = [None if base is None else base.weighted for base in bases]
    for label, values, form in (
        ("respondents", respondents, "#,##0"),
        ("weighted", weighted, "#,##0.0"),
    ):
        sheet.cell(row, 1, _word(label, language)).font = _GREY
        for place, value in enumerate(values, start=2):
            cell = sheet.cell(row, place, _NOTHING if value is None else value)
            cell.font, cell.number_format, cell.alignment = _GREY, form, _CENTRE
        row += 1
    for one in block.rows:
        row = _write_row(sheet, one, row, language)
    for names, test in block.tests.items():
        line = f"{' × '.join(names)} · " + _word("test", language, value=f"{test.p_value:.4f}")
        sheet.cell(row, 1, line).font = _GREY
        row += 1
    return row + 1


def _write_row(sheet: Worksheet, one: TableRow, row: int, language: Language) -> int:
    sheet.cell(row, 1, neutralise(_row_head(one, language))).alignment = Alignment(wrap_text=True)
    lettered = any(cell is not None and cell.is_shown and cell.above for cell in one.cells)
    for place, cell in enumerate(one.cells, start=2):
        shown = cell is not None and cell.is_shown
        target = sheet.cell(row, place, cell.estimate.value if cell and shown else _NOTHING)
        target.alignment = _CENTRE
        target.number_format = "0.0%" if _is_share(one) else "0.00"
        if cell is not None and cell.reliability is Reliability.CAUTION:
            target.font = Font(italic=True)
        if cell is not None and shown and cell.above:
            mark = sheet.cell(row + 1, place, cell.above)
            mark.font, mark.alignment = _GREY, _CENTRE
    return row + 1 + lettered
