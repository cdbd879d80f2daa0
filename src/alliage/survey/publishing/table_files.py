"""Banner tables as files: a workbook as market researchers expect it, a page, data."""

from __future__ import annotations

import html
import itertools
import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.hyperlink import Hyperlink

from alliage.survey.publishing.words import (
    NOTHING,
    calibration_name,
    name_of,
    number,
    p_value,
    quantity,
    share,
    shares,
    word,
)
from alliage.survey.tables.blocks import Showing, beside
from alliage.values.cells import neutralise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray
    from openpyxl.worksheet.worksheet import Worksheet

    from alliage.survey.publishing.words import Language
    from alliage.survey.tables.banners import Banner
    from alliage.survey.tables.blocks import Block, Column, RowHead
    from alliage.survey.tables.independence import Independence


def notes(table: Banner, language: Language = "fr") -> list[str]:
    """Return the sentences that must go with a table, in French or in English."""
    how = table.provenance
    return [
        *_letters(table, language),
        word("caution", language),
        word("hidden", language),
        *([word("unproven", language)] if table.unproven else []),
        *([word("rounded", language, base=table.rounding)] if table.rounding else []),
        *(
            []
            if table.rounding
            else [word("error", language, value=name_of(how.standard_error, language))]
        ),
        word("weights", language, value=how.weights or word("everybody counts for 1", language)),
        word("calibration", language, value=calibration_name(how.calibration, language)),
        f"Alliage {how.version}.",
    ]


def _letters(table: Banner, language: Language) -> list[str]:
    """Return the sentences that say what letters mean, how surely, and after which adjustment.

    A rounded table has no letters.
    """
    if table.rounding:
        return []
    level = _confidence(table.level, language)
    if table.loose is None:
        meaning = word("letters", language, level=level)
    else:
        loose = _confidence(table.loose, language)
        meaning = word("capitals and small letters", language, level=level, loose=loose)
    return [meaning, word("letter tests", language, value=name_of(table.adjustment, language))]


def _confidence(level: float, language: Language) -> str:
    """Write a level with all its decimals: 99.9 % is not 100 %."""
    return share(level, language, len(f"{100 * level:g}".partition(".")[2]))


def as_json(table: Banner) -> str:
    """Return a table as JSON: how it was computed, its tests and its figures."""
    content = {
        "provenance": asdict(table.provenance),
        "over": dict(table.over),
        "questions": [
            {
                "variable": block.question.variable,
                "answers": block.question.answers.value,
                "boxes": {name: list(held) for name, held in block.question.boxes.items()},
                "responses": block.question.responses,
            }
            for block in table.blocks
        ],
        "breakdowns": list(dict.fromkeys(one.breakdown for one in table.columns if one.breakdown)),
        "rounding": table.rounding,
        "unproven": table.unproven,
        "adjustment": table.adjustment.value,
        "level": table.level,
        "loose": table.loose,
        "letters": " ".join(_letters(table, "en")),
        "tests": [
            {
                "question": block.question.variable,
                "breakdown": " × ".join(names),
                **asdict(test),
                "degrees": [None if math.isinf(one) else one for one in test.degrees],
            }
            for block in table.blocks
            for names, test in block.tests.items()
        ],
        "figures": table.frame().to_dicts(),
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False, default=str)


def as_html(
    table: Banner, *, language: Language = "fr", titles: Mapping[str, str] | None = None
) -> str:
    """Return a table as accessible HTML, a ``table`` for each question, then its notes.

    Parameters
    ----------
    table
        A banner.
    language
        ``fr`` or ``en``.
    titles
        What stands above the columns of a variable, by its name; the name where there is none.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, sample
    >>> from alliage.survey.tables.banners import banner
    >>> rows = pl.DataFrame({"likes": ["yes", "no"] * 50, "sex": ["w"] * 50 + ["m"] * 50})
    >>> page = as_html(banner(sample(rows, Design()), ["likes"], ["sex"]), language="en")
    >>> page.count("<table"), "50.0%" in page
    (1, True)
    """
    named = {**table.titles, **(titles or {})}
    heads = _heads_html(table.columns, language, named)
    showing = Showing(tuple(table.blocks))
    rows = iter(_rows_html(showing, language))
    bases = base_lines(showing, language)
    blocks = "".join(
        _block_html(block, heads, own, rows, language, named)
        for block, own in zip(showing.blocks, bases, strict=True)
    )
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in notes(table, language))
    return (
        f'<div lang="{language}" class="survey-tables" style="--columns: {len(table.columns)}">'
        f'{blocks}<ul class="notes">{lines}</ul></div>'
    )


def _heads_html(columns: Sequence[Column], language: Language, titles: Mapping[str, str]) -> str:
    """Return what all the blocks have above their rows."""
    groups = banner_heads(columns, titles)
    cut = "".join(f'<colgroup span="{size}"></colgroup>' for _, size in [("", 1), *groups])
    above = "".join(
        f'<th scope="colgroup" colspan="{size}">{html.escape(title)}</th>' for title, size in groups
    )
    heads = "".join(
        f'<th scope="col">{html.escape(column_head(column, language))}'
        f"{f' <b>{column.letter}</b>' if column.letter else ''}</th>"
        for column in columns
    )
    return f"{cut}<thead><tr><td></td>{above}</tr><tr><td></td>{heads}</tr></thead>"


def _block_html(
    block: Block,
    heads: str,
    bases: Iterable[tuple[str, list[str]]],
    rows: Iterator[str],
    language: Language,
    titles: Mapping[str, str],
) -> str:
    """Return a block; its rows are the next ones."""
    lines = [
        f'<tr class="base"><th scope="row">{html.escape(label)}</th>{_cells_html(values)}</tr>'
        for label, values in bases
    ]
    lines += [
        f'<tr><th scope="row">{html.escape(row_head(head, language))}</th>{next(rows)}</tr>'
        for head in block.heads
    ]
    tests = "".join(
        f'<p class="test">{html.escape(line)}</p>'
        for line in independence_lines(block, language, titles)
    )
    label = html.escape(block.label)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
        f"<table><caption><span>{label}</span></caption>{heads}<tbody>{''.join(lines)}</tbody>"
        f"</table></div>{tests}"
    )


def _rows_html(showing: Showing, language: Language) -> list[str]:
    """Return the cells of each row of blocks."""
    texts, weak, letters = figure_texts(showing, language), showing.weak, showing.letters
    texts[weak] = "<i>" + texts[weak] + "</i>"
    marked = letters.astype(np.bool_)
    texts[marked] += " <small>" + letters[marked] + "</small>"
    return [_cells_html(row) for row in texts.T.tolist()]


def _cells_html(texts: Iterable[str]) -> str:
    # Numbers and letters hold nothing to escape.
    return f"<td>{'</td><td>'.join(texts)}</td>"


def figure_texts(showing: Showing, language: Language) -> NDArray[np.object_]:
    """Write the figures of blocks side by side, shape (C, K).

    A share is a percentage, else it is a number; a figure that may not be shown is a dash.
    """
    values = beside(block.figures.values for block in showing.blocks)
    of_shares = np.array([head.is_share for block in showing.blocks for head in block.heads])
    percentages, others = showing.figures & of_shares, showing.figures & ~of_shares
    texts = np.empty(values.shape, dtype=object)
    texts[~showing.figures] = NOTHING
    texts[percentages] = shares(values[percentages], language)
    texts[others] = [quantity(value, language) for value in values[others].tolist()]
    return texts


def column_head(column: Column, language: Language) -> str:
    """Return what stands above a column."""
    return " × ".join(column.labels) or word("everybody", language)


def row_head(head: RowHead, language: Language) -> str:
    """Return what stands before a row."""
    return head.label or word("mean", language)


def title_of(breakdown: Sequence[str], titles: Mapping[str, str]) -> str:
    """Return what stands above the columns of a breakdown."""
    return " × ".join(titles.get(name) or name for name in breakdown)


def banner_heads(columns: Sequence[Column], titles: Mapping[str, str]) -> list[tuple[str, int]]:
    """Return the title of each breakdown, with the number of its columns."""
    groups = itertools.groupby(columns, key=lambda column: column.breakdown)
    return [(title_of(breakdown, titles), len(list(held))) for breakdown, held in groups]


def base_lines(showing: Showing, language: Language) -> Iterator[list[tuple[str, list[str]]]]:
    """Return the lines of the bases of each block as texts; nobody is a dash, not a zero."""
    for lines in _bases(showing):
        yield [
            (word(name, language), _base_texts(name, values, language))
            for name, values in lines.items()
        ]


def _base_texts(name: str, values: Iterable[float | None], language: Language) -> list[str]:
    write = quantity if name == "weighted" else _whole
    return [NOTHING if value is None else write(value, language) for value in values]


def _whole(value: float, language: Language) -> str:
    return number(value, 0, language)


def _bases(showing: Showing) -> Iterator[dict[str, list[float | None]]]:
    """Return the bases of each block that may be shown; those missing only where there are some."""
    told = {}
    for name in ("respondents", "weighted", "missing"):
        own = [getattr(block.figures.bases, name)[:, 0] for block in showing.blocks]
        values = np.stack(own).astype(object)
        values[~showing.bases] = None
        told[name] = values.tolist()
    for lines in zip(*told.values(), strict=True):
        made = dict(zip(told, lines, strict=True))
        if not any(made["missing"]):
            del made["missing"]
        yield made


def independence_lines(block: Block, language: Language, titles: Mapping[str, str]) -> list[str]:
    """Return a line for each test of independence."""
    return [
        f"{title_of(names, titles)} · " + word("test", language, value=_test(test, language))
        for names, test in block.tests.items()
    ]


def _test(test: Independence, language: Language) -> str:
    text = p_value(test.p_value, language)
    return text if text.startswith("<") else f"= {text}"


_BOLD, _GREY = Font(bold=True), Font(color="00666666", size=9)
_LINK = Font(color="000563C1", underline="single")
_FILL = PatternFill("solid", fgColor="00E8EEF4")
_LINE = Border(top=Side(style="thin", color="00999999"))
_CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_RIGHT = Alignment(horizontal="right", vertical="top")
_FIRST_ROW = 4


class Link(NamedTuple):
    """What the contents of a workbook lead to: a sheet from its first row, or a question in it."""

    label: str
    sheet: str
    row: int = 1
    base: float | str = ""


def fill_sheet(
    sheet: Worksheet, table: Banner, language: Language, titles: Mapping[str, str]
) -> list[Link]:
    """Write a table in a sheet of a workbook, and return where its questions are.

    Each figure is a number with its format, its letters stand under it, the header stays in sight.
    """
    titles = {**table.titles, **titles}
    _write_heads(sheet, table, language, titles)
    row, links = _FIRST_ROW, []
    for block in table.blocks:
        everybody = next(_bases(Showing([block])))["respondents"][0]
        base = NOTHING if everybody is None else everybody
        links.append(Link(block.label, sheet.title, row, base))
        row = _write_block(sheet, block, row, language, titles)
    sheet.freeze_panes = f"B{_FIRST_ROW}"
    sheet.column_dimensions["A"].width = 44
    for place in range(2, len(table.columns) + 2):
        sheet.column_dimensions[get_column_letter(place)].width = 13
    sheet.sheet_view.showGridLines = False
    return links


def fill_contents(sheet: Worksheet, links: Sequence[Link], language: Language) -> None:
    """Write the list of what a workbook holds, with links."""
    sheet.append([word("question", language), word("respondents", language)])
    for cell in sheet[1]:
        cell.font, cell.fill = _BOLD, _FILL
    for row, link in enumerate(links, start=2):
        cell = sheet.cell(row, 1, neutralise(link.label))
        place = f"{quote_sheetname(link.sheet)}!A{link.row}"
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=place)
        cell.font, cell.alignment = _BOLD if link.row == 1 else _LINK, _WRAPPED
        base = sheet.cell(row, 2, link.base)
        base.number_format, base.alignment = "#,##0", _RIGHT
    sheet.freeze_panes = "A2"
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 110, 20


def fill_notes(sheet: Worksheet, lines: Sequence[str]) -> None:
    """Write sentences in a sheet, one in a row."""
    for line in lines:
        sheet.append([neutralise(line)])
        sheet.cell(sheet.max_row, 1).alignment = _WRAPPED
    sheet.column_dimensions["A"].width = 110


def fill_data(sheet: Worksheet, frame: pl.DataFrame) -> None:
    """Write a frame in a sheet, with a filter on its header."""
    sheet.append([neutralise(name) for name in frame.columns])
    for cell in sheet[1]:
        cell.font, cell.fill = _BOLD, _FILL
    for values in frame.iter_rows():
        sheet.append([neutralise(value) if isinstance(value, str) else value for value in values])
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    for place, name in enumerate(frame.columns, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = max(12, len(name) + 3)


def _write_heads(
    sheet: Worksheet, table: Banner, language: Language, titles: Mapping[str, str]
) -> None:
    place = 2
    for title, size in banner_heads(table.columns, titles):
        for at in range(place, place + size):
            sheet.cell(1, at).fill = _FILL
        cell = sheet.cell(1, place, neutralise(title))
        cell.font, cell.alignment = _BOLD, _CENTRE
        if size > 1:
            sheet.merge_cells(
                start_row=1, start_column=place, end_row=1, end_column=place + size - 1
            )
        place += size
    for place, column in enumerate(table.columns, start=2):
        head = sheet.cell(2, place, neutralise(column_head(column, language)))
        head.font, head.alignment = _BOLD, _CENTRE
        letter = sheet.cell(3, place, column.letter)
        letter.font, letter.alignment = _GREY, _CENTRE


def _write_block(
    sheet: Worksheet, block: Block, row: int, language: Language, titles: Mapping[str, str]
) -> int:
    """Write a question from a row on, and return the row after it."""
    title = sheet.cell(row, 1, neutralise(block.label))
    title.font, title.alignment = _BOLD, _WRAPPED
    for place in range(1, len(block.bases) + 2):
        sheet.cell(row, place).border = _LINE
    row += 1
    showing = Showing([block])
    for name, values in next(_bases(showing)).items():
        form = "#,##0.0" if name == "weighted" else "#,##0"
        sheet.cell(row, 1, word(name, language)).font = _GREY
        for place, value in enumerate(values, start=2):
            cell = sheet.cell(row, place, NOTHING if value is None else value)
            cell.font, cell.number_format, cell.alignment = _GREY, form, _CENTRE
        row += 1
    lines = (block.figures.values, showing.figures, showing.letters, showing.weak)
    figures = zip(*(each.T.tolist() for each in lines), strict=True)
    for head, own in zip(block.heads, figures, strict=True):
        row = _write_row(sheet, head, list(zip(*own, strict=True)), row, language)
    for line in independence_lines(block, language, titles):
        sheet.cell(row, 1, neutralise(line)).font = _GREY
        row += 1
    return row + 1


def _write_row(
    sheet: Worksheet,
    head: RowHead,
    figures: Sequence[tuple[float, bool, str, bool]],
    row: int,
    language: Language,
) -> int:
    """Write a row: each figure, whether it is shown, its letters, whether to take caution."""
    sheet.cell(row, 1, neutralise(row_head(head, language))).alignment = _WRAPPED
    for place, (value, is_shown, letters, is_weak) in enumerate(figures, start=2):
        target = sheet.cell(row, place, value if is_shown else NOTHING)
        target.alignment = _CENTRE
        target.number_format = "0.0%" if head.is_share else "#,##0.00"
        if is_weak:
            target.font = Font(italic=True)
        if letters:
            mark = sheet.cell(row + 1, place, letters)
            mark.font, mark.alignment = _GREY, _CENTRE
    return row + 1 + any(letters for _, _, letters, _ in figures)
