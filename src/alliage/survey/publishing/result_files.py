"""Results as files: a workbook, a page, data; one result, or all those of a study."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import coordinate_to_tuple, get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from alliage.survey.areas.area_models import AreaModel
from alliage.survey.comparison.comparisons import Comparisons
from alliage.survey.comparison.correlation import Correlations
from alliage.survey.comparison.ranking import Ranking
from alliage.survey.comparison.trends import Trends
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.results import Estimates, columns_of
from alliage.survey.protection.protected_tables import Protected
from alliage.survey.publishing import table_files
from alliage.survey.publishing.listing import Kind, Listing, listing
from alliage.survey.publishing.table_files import Link
from alliage.survey.publishing.words import UNKNOWN, word
from alliage.survey.sampling.report import CalibrationReport
from alliage.survey.tables.banners import Banner
from alliage.values.cells import neutralise, neutralise_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from alliage.survey.publishing.words import Language

#: What may be written.
Result: TypeAlias = (
    Banner
    | Estimates
    | Comparisons
    | Trends
    | Ranking
    | Correlations
    | AreaModel
    | CalibrationReport
    | Protected
    | Listing
)

#: The kinds of file, by the end of their name.
KINDS = (".xlsx", ".html", ".json", ".parquet", ".csv")

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
.scroll { container-type: inline-size; overflow-x: auto; margin-top: 1.5rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; font-size: 1rem; padding: 0 0 .5rem; }
caption span { display: inline-block; position: sticky; left: 0; max-width: 100cqi; }
th, td { padding: .3rem .6rem; text-align: right; vertical-align: top; }
th[scope=row], td.text, th.text { text-align: left; }
th[scope=row] { font-weight: 400; min-width: 10em; max-width: min(20em, 45cqi); }
th[scope=row], thead td { position: sticky; left: 0; z-index: 1; background: Canvas; }
colgroup + colgroup + colgroup { border-left: 1px solid var(--line); }
thead th { border-bottom: 1px solid var(--line); vertical-align: bottom; max-width: 9rem; }
thead th[scope=colgroup] { text-align: left; background: var(--soft); }
thead th[scope=colgroup]:empty { background: none; border: 0; }
thead b { display: block; font-weight: 400; font-size: .9em; opacity: .7; }
tbody tr { border-bottom: 1px solid var(--soft); }
tr.base { font-size: .9em; opacity: .75; }
td small { display: block; font-size: .85em; opacity: .75; }
.test, .notes { font-size: .85rem; opacity: .8; } .test { margin: .3rem 0 0; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  :root { font-size: 11px; } body { margin: 0; max-width: none; }
  .scroll { overflow: visible; break-inside: avoid; }
  table { font-size: min(.9rem, 100cqi / (14 + 6.5 * var(--columns, 1))); }
  th, td { padding: .2em .4em; }
}
""".strip()


def write(
    results: Result | Mapping[str, Result],
    path: str | Path,
    *,
    language: Language = "fr",
    title: str = "",
    titles: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a result, or several by name, in one file; its kind follows from its name.

    Parameters
    ----------
    results
        What to write. Figures kept back are written by no kind of file; but what `protect` returns
        is written as the report of its producer, with true values: publish its ``table``.
    path
        ``.xlsx``, ``.html``, ``.json``, ``.parquet`` or ``.csv``. The file appears whole, or not
        at all.
    language
        Of what people read: ``fr`` or ``en``. Names of data are English.
    title
        Of the page, and at the head of the printed sheets of a workbook.
    titles
        What stands above the columns of a variable in a banner, by its name.
    overwrite
        Whether a file of this name may be replaced.

    Raises
    ------
    SurveyError
        ``REQUEST`` for another kind of file, or one that is there already.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, mean, sample
    >>> rows = sample(pl.DataFrame({"y": [1, 2, 3] * 9}), Design())
    >>> write(mean(rows, "y"), "means.docx")
    Traceback (most recent call last):
        ...
    alliage.survey.errors.SurveyError: « means.docx » is of no kind that can be written. Name ...
    """
    file = Path(path)
    writers: dict[str, Callable[[Path, Mapping[str, Result]], None]] = {
        ".xlsx": lambda to, parts: _write_xlsx(to, parts, language, title, titles or {}),
        ".html": lambda to, parts: _write_text(to, _page(parts, language, title, titles or {})),
        ".json": lambda to, parts: _write_text(to, as_json(parts, title)),
        ".parquet": lambda to, parts: write_at_once(to, frame_of(parts).write_parquet),
        ".csv": lambda to, parts: _write_csv(to, frame_of(parts)),
    }
    check_output(file, KINDS, overwrite=overwrite)
    parts = results if isinstance(results, Mapping) else {"": results}
    with whole_file(file) as to:
        writers[file.suffix.lower()](to, parts)


def check_output(file: Path, kinds: Sequence[str], *, overwrite: bool) -> None:
    """Refuse a file that cannot be written, before anything is computed.

    Raises
    ------
    SurveyError
        ``REQUEST``.
    """
    if file.suffix.lower() not in kinds:
        msg = (
            f"« {file.name} » is of no kind that can be written. Name it with one of: "
            f"{listed(kinds, most=20)}."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, file=file.name)
    if file.exists() and not overwrite:
        msg = f"« {file.name} » exists already. Give another name, or ask to replace it."
        raise SurveyError(SurveyProblem.REQUEST, msg, file=file.name)
    if not file.parent.is_dir():
        msg = f"There is no folder « {file.parent} ». Create it, or name another."
        raise SurveyError(SurveyProblem.REQUEST, msg, file=file.name)


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Give a place to write to, which takes the name of the file once everything is written."""
    part = file.with_name(f".{file.stem}.{os.getpid()}.part{file.suffix}")
    try:
        yield part
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def write_at_once(path: Path, save: Callable[[BytesIO], object]) -> None:
    """Write what is made in memory: Polars and openpyxl do not say that a disk is full."""
    content = BytesIO()
    save(content)
    path.write_bytes(content.getbuffer())


def frame_of(results: Mapping[str, Result]) -> pl.DataFrame:
    """Return the rows of results one under another, with their names where there are several."""
    frames = [
        frame if not name else frame.select(pl.lit(name).alias("result"), pl.all())
        for name, result in results.items()
        if (frame := _frame(result)).height
    ]
    return pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame()


def _frame(result: Result) -> pl.DataFrame:
    if isinstance(result, Estimates):
        return _frame_of_estimates(result)
    if isinstance(result, Protected):
        return _audit(result)
    if isinstance(result, Listing):
        return _frame_of_listing(result)
    return result.frame()


def _frame_of_estimates(result: Estimates) -> pl.DataFrame:
    """Return the estimates, and a row of nobody for each group without an answer."""
    nobody = [
        {**columns_of(group), "variable": variable, "respondents": 0}
        for variable, group in result.without_anybody()
    ]
    return pl.DataFrame([*result.records(), *nobody], infer_schema_length=None)


def _audit(result: Protected) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "question": question,
                "cell": " · ".join(filter(None, one.key)),
                "cause": pattern.causes[one.key].value,
                "value": one.value,
                "low": one.low,
                "high": None if one.high == float("inf") else one.high,
                "recovered": one.is_exact,
            }
            for question, pattern in result.patterns.items()
            for one in pattern.audit.bounded
        ],
        infer_schema_length=None,
    )


def _frame_of_listing(result: Listing) -> pl.DataFrame:
    names = [heading.title for heading in result.headings]
    return pl.DataFrame(
        [dict(zip(names, row, strict=True)) for row in result.rows], infer_schema_length=None
    )


def as_json(results: Result | Mapping[str, Result], title: str = "") -> str:
    """Return a result, or several by name, as JSON, each with how it was computed.

    Examples
    --------
    >>> import json
    >>> import polars as pl
    >>> from alliage.survey import Design, mean, sample
    >>> found = mean(sample(pl.DataFrame({"y": [1, 2, 3] * 9}), Design()), "y")
    >>> json.loads(as_json({"y": found}))["results"]["y"]["estimates"][0]["value"]
    2.0
    """
    parts = results if isinstance(results, Mapping) else {"": results}
    content = {"title": title, "results": {name: _plain(one) for name, one in parts.items()}}
    return json.dumps(content, ensure_ascii=False, allow_nan=False, default=str, indent=1) + "\n"


def _plain(result: Result) -> Any:
    if isinstance(result, Banner):
        return json.loads(table_files.as_json(result))
    if isinstance(result, Estimates):
        return json.loads(result.json())
    return {**_about(result), "rows": _frame(result).to_dicts()}


#: What a result says besides its rows.
_FACTS = (
    "adjustment",
    "level",
    "first",
    "true_first",
    "coefficients",
    "variance",
    "synthetic",
    "smoothed",
)


def _about(result: Result) -> dict[str, Any]:
    content: dict[str, Any] = {}
    how = getattr(result, "provenance", None)
    if how is not None:
        content["provenance"] = how.record()
    if isinstance(result, CalibrationReport):
        content["report"] = {
            name: None if value in {float("inf"), float("-inf")} else value
            for name, value in asdict(result).items()
            if name not in {"lines", "bounds"}
        }
    return content | {name: getattr(result, name) for name in _FACTS if hasattr(result, name)}


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _write_csv(path: Path, frame: pl.DataFrame) -> None:
    texts = [
        pl.col(name).map_elements(neutralise_csv, return_dtype=pl.String)
        for name, kind in frame.schema.items()
        if kind == pl.String
    ]
    frame.with_columns(texts).write_csv(path)


# Pages


def _page(
    results: Mapping[str, Result], language: Language, title: str, titles: Mapping[str, str]
) -> str:
    sections = "".join(
        (f"<h2>{html.escape(name)}</h2>" if name else "") + as_html(one, language, titles)
        for name, one in results.items()
    )
    head = html.escape(title or word("tables", language))
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{head}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{head}</h1>{sections}</main></body></html>\n"
    )


def as_html(
    result: Result, language: Language = "fr", titles: Mapping[str, str] | None = None
) -> str:
    """Return a result as a part of a page."""
    if isinstance(result, Banner):
        return table_files.as_html(result, language=language, titles=titles)
    made = rows_of(result, language, titles or {})
    heads = "".join(
        f'<th scope="col"{_class(heading.kind)}>{html.escape(heading.title)}</th>'
        for heading in made.headings
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{_class(made.kind(row, column))}>"
            f"{html.escape(made.text(row, column, language))}</td>"
            for column in range(len(made.headings))
        )
        + "</tr>"
        for row in range(len(made.rows))
    )
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in made.notes)
    return (
        f'<div lang="{language}"><div class="scroll" role="region" tabindex="0" aria-label="'
        f'{html.escape(made.headings[0].title)}"><table><thead><tr>{heads}</tr></thead>'
        f'<tbody>{rows}</tbody></table></div><ul class="notes">{lines}</ul></div>'
    )


def rows_of(result: Result, language: Language, titles: Mapping[str, str]) -> Listing:
    """Return a result as rows, with the titles of its variables."""
    made = result if isinstance(result, Listing) else listing(result, language)
    return made.titled(titles)


def _class(kind: Kind) -> str:
    return ' class="text"' if kind is Kind.TEXT else ""


# Workbooks

_BOLD = Font(bold=True)
_FILL = PatternFill("solid", fgColor="00E8EEF4")
_FORMATS: Mapping[Kind, str] = {
    Kind.COUNT: "#,##0",
    Kind.QUANTITY: "#,##0.00",
    Kind.SHARE: "0.0%",
    Kind.POINTS: '0.0"\u00a0pt"',
    Kind.P_VALUE: "0.0000",
    Kind.RELATIVE: "0.0E+00",
}
_LONGEST_NAME = 31


def _write_xlsx(
    path: Path,
    results: Mapping[str, Result],
    language: Language,
    title: str,
    titles: Mapping[str, str],
) -> None:
    book = Workbook()
    del book["Sheet"]
    about: list[str] = []
    links: list[Link] = []
    for name, result in results.items():
        sheet: Worksheet = book.create_sheet(_sheet_name(name, result, language, book.sheetnames))
        links += [Link(name, sheet.title)] if name else []
        if isinstance(result, Banner):
            links += table_files.fill_sheet(sheet, result, language, titles)
            lines = table_files.notes(result, language)
        else:
            made = rows_of(result, language, titles)
            _fill_listing(sheet, made)
            lines = list(made.notes)
        about += ([name] if name else []) + lines + [""]
    table_files.fill_notes(book.create_sheet(word("method", language)), about[:-1])
    banners = {name: one for name, one in results.items() if isinstance(one, Banner)}
    if banners:
        table_files.fill_data(book.create_sheet(word("data", language)), frame_of(banners))
    if len(links) > 1:
        contents = book.create_sheet(word("contents", language), 0)
        table_files.fill_contents(contents, links, language)
    for sheet in book.worksheets:
        _lay_out(sheet, title)
    write_at_once(path, book.save)


def _lay_out(sheet: Worksheet, title: str) -> None:
    """Have a sheet printed on A4, as wide as the page, what is frozen on screen on every page."""
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    row, column = coordinate_to_tuple(sheet.freeze_panes or "A1")
    if row > 1:
        sheet.print_title_rows = f"1:{row - 1}"
    if column > 1:
        sheet.print_title_cols = f"A:{get_column_letter(column - 1)}"
    # Excel takes 255 characters there, and reads « & » as the beginning of a code.
    sheet.oddHeader.center.text = title[:120].replace("&", "&&") or None  # type: ignore[union-attr]
    sheet.oddFooter.center.text = "&A — &P / &N"  # type: ignore[union-attr]


def _sheet_name(name: str, result: Result, language: Language, taken: Sequence[str]) -> str:
    """Return a name that Excel takes: 31 characters at most, some of them never, each once."""
    default = word("tables" if isinstance(result, Banner) else "data", language)
    plain = "".join(" " if mark in "[]:*?/\\" else mark for mark in name).strip("' ") or default
    kept = (word(each, language) for each in ("contents", "method", "data"))
    used = {other.casefold() for other in (*taken, *kept)}
    found, number = plain[:_LONGEST_NAME], 2
    while found.casefold() in used:
        found = f"{plain[: _LONGEST_NAME - 4]} {number}"
        number += 1
    return found


def _fill_listing(sheet: Worksheet, made: Listing) -> None:
    sheet.append([neutralise(heading.title) for heading in made.headings])
    for cell in sheet[1]:
        cell.font, cell.fill = _BOLD, _FILL
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for row, values in enumerate(made.rows):
        for place, value in enumerate(values):
            kind = made.kind(row, place)
            cell = sheet.cell(row + 2, place + 1, _cell_value(value, kind))
            if kind in _FORMATS:
                cell.number_format = _FORMATS[kind]
                cell.alignment = Alignment(horizontal="right")
    sheet.freeze_panes = "A2"
    for place, heading in enumerate(made.headings):
        kinds = {made.kind(row, place) for row in range(len(made.rows))}
        if kinds == {Kind.POINTS}:
            head = sheet.cell(1, place + 1)
            head.value = f"{head.value} (pt)"
        texts = [len(text) for row in made.rows if isinstance(text := row[place], str)]
        width = max([len(heading.title), 9, *texts]) + 2
        sheet.column_dimensions[get_column_letter(place + 1)].width = min(width, 48)


def _cell_value(value: object, kind: Kind) -> Any:
    if value is None or value == float("inf"):
        return UNKNOWN
    if isinstance(value, str):
        return neutralise(value)
    return 100 * value if kind is Kind.POINTS and isinstance(value, float) else value
