"""The values of answers: what a person typed, read as the question asks, or refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from alliage.alliances.import_cells import CellError, PlaceCell, read_place
from alliage.fund.applications.application_budget import Budget
from alliage.fund.applications.form_specification import Question, QuestionKind
from alliage.values.dates import PartialDate, PartialDateError, Precision, parse_words
from alliage.values.money import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SHOWN = 60
_MEGABYTE = 1_000_000
EURO_DECIMALS = 2
LONGEST_NAME = 200


class AnswerFault(StrEnum):
    """What is wrong with an answer."""

    REQUIRED = "required"
    TYPE = "type"
    TOO_LONG = "too_long"
    NOT_AN_OPTION = "not_an_option"
    NOT_A_NUMBER = "not_a_number"
    TOO_MANY_DECIMALS = "too_many_decimals"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    TOO_FEW = "too_few"
    TOO_MANY = "too_many"
    NOT_A_DATE = "not_a_date"
    LOOSE_DATE = "loose_date"
    NOT_A_PLACE = "not_a_place"
    UNKNOWN_COLUMN = "unknown_column"
    FILE_KIND = "file_kind"
    FILE_SIZE = "file_size"
    NOT_DECLARED = "not_declared"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a text gives no value.

    Attributes
    ----------
    value
        What was written, cut to a line.
    allowed
        What may be written instead.
    row, column
        Where in a table or a list, rows counted from 1; of a budget, ``column`` is the code of the
        line. None and empty elsewhere.
    """

    fault: AnswerFault
    message: str
    value: str = ""
    allowed: tuple[str, ...] = ()
    row: int | None = None
    column: str = ""


class AnswerError(ValueError):
    """An answer cannot be read; ``faults`` says all that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(" ".join(fault.message for fault in self.faults))


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that was received: its content is known by its SHA-256."""

    name: str
    size: int
    digest: str


Row: TypeAlias = Mapping[str, "Answer"]
Answer: TypeAlias = (
    str
    | bool
    | Decimal
    | dt.date
    | PartialDate
    | PlaceCell
    | Budget
    | tuple[str, ...]
    | tuple[AttachedFile, ...]
    | tuple[Row, ...]
)


_GROUPED = re.compile(r"-?(?:\d{1,3}(?: \d{3})+|\d+)(?:[.,]\d+)?")
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009']+")


def read_decimal(text: str) -> Decimal:
    """Read a number as people write it in French.

    Parameters
    ----------
    text : str
        Digits, spaces between thousands, a comma or a point before the decimals; a final euro sign
        is read.

    Returns
    -------
    Decimal
        The exact number.

    Raises
    ------
    AnswerError
        If it is no such number. ``1.234,50`` and ``1,234.50`` are refused: one of the two marks
        would have to be guessed.

    Examples
    --------
    >>> read_decimal("1 234,50 €"), read_decimal("12.5"), read_decimal("−3")
    (Decimal('1234.50'), Decimal('12.5'), Decimal('-3'))
    """
    plain = _SPACES.sub(" ", text.replace("\N{MINUS SIGN}", "-")).strip().removesuffix("€").strip()
    if not _GROUPED.fullmatch(plain) or not plain.isascii():
        message = f"« {_cut(text)} » is not a number. Write it as 1 234,50."
        raise AnswerError([Fault(AnswerFault.NOT_A_NUMBER, message, _cut(text), ("1 234,50",))])
    return Decimal(plain.replace(" ", "").replace(",", "."))


def read_answer(question: Question, raw: object) -> Answer | None:
    """Read what was typed as an answer to a question.

    Parameters
    ----------
    question : Question
        What is asked, with its limits.
    raw : object
        A text, or what a file of answers holds: true or false, a number that is not a float, a
        list of codes, of rows or of files, a `Budget`.

    Returns
    -------
    Answer or None
        The value; None when nothing was answered.

    Raises
    ------
    AnswerError
        If it cannot be read, or passes a limit. Every fault is listed.

    Examples
    --------
    >>> amount = Question("amount", QuestionKind.EUROS, "Montant", "Amount")
    >>> read_answer(amount, "12 000,5")
    Decimal('12000.5')
    >>> read_answer(Question("since", QuestionKind.PARTIAL_DATE, "Depuis", "Since"), "mai 2022")
    PartialDate(year=2022, month=5, day=None)
    """
    if is_empty(raw):
        return None
    return _READERS[question.kind](question, raw)


def is_empty(raw: object) -> bool:
    """Say whether nothing was answered: no text, no item, no tick."""
    if isinstance(raw, str):
        return not raw.strip()
    return raw is None or (isinstance(raw, Sequence | Mapping) and not raw)


def _cut(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _refusal(
    fault: AnswerFault, value: object, rest: str, allowed: Iterable[object] = ()
) -> AnswerError:
    shown = _cut(value)
    found = Fault(fault, f"« {shown} » {rest}", shown, tuple(str(each) for each in allowed))
    return AnswerError([found])


def _text(question: Question, raw: object) -> str:
    if not isinstance(raw, str):
        raise _refusal(AnswerFault.TYPE, raw, "is not a text. Write one.")
    # One way to write each letter and each end of line: the same text is signed the same.
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n")).strip()
    limit = question.max_length or LONGEST_NAME
    if len(text) > limit:
        rest = f"has {len(text)} characters and {limit} are allowed. Cut {len(text) - limit}."
        raise _refusal(AnswerFault.TOO_LONG, text, rest, [limit])
    return text


def _choice(question: Question, raw: object) -> str:
    if raw not in question.option_codes:
        options = ", ".join(question.option_codes)
        rest = f"is not an option. Choose among {options}."
        raise _refusal(AnswerFault.NOT_AN_OPTION, raw, rest, question.option_codes)
    return str(raw)


def _several(question: Question, raw: object) -> tuple[str, ...]:
    chosen = {_choice(question, item) for item in _items(raw)}
    _check_count(question, len(chosen))
    return tuple(code for code in question.option_codes if code in chosen)


def _items(raw: object) -> Sequence[object]:
    if isinstance(raw, str) or not isinstance(raw, Sequence):
        raise _refusal(AnswerFault.TYPE, raw, "is not a list. Give one.")
    return raw


def _check_count(question: Question, count: int) -> None:
    if question.minimum is not None and count < question.minimum:
        rest = f"is the number given and {question.minimum} are needed. Add some."
        raise _refusal(AnswerFault.TOO_FEW, count, rest, [question.minimum])
    if question.maximum is not None and count > question.maximum:
        rest = f"is the number given and {question.maximum} are allowed. Remove some."
        raise _refusal(AnswerFault.TOO_MANY, count, rest, [question.maximum])


_YES_NO = {"yes": True, "oui": True, "true": True, "no": False, "non": False, "false": False}


def _yes_no(_question: Question, raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    word = raw.strip().casefold() if isinstance(raw, str) else ""
    if word not in _YES_NO:
        raise _refusal(AnswerFault.TYPE, raw, "is neither yes nor no. Choose one.", ("yes", "no"))
    return _YES_NO[word]


def _declaration(question: Question, raw: object) -> bool:
    ticked = _yes_no(question, raw)
    if question.required and not ticked:
        raise _refusal(AnswerFault.NOT_DECLARED, question.code, "is to be declared. Tick it.")
    return ticked


def _number(question: Question, raw: object) -> Decimal:
    decimals = EURO_DECIMALS if question.kind is QuestionKind.EUROS else question.decimals
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise _refusal(AnswerFault.TYPE, raw, "is not a number. Write one, as a text.")
    value = read_decimal(f"{raw:f}" if isinstance(raw, Decimal) else str(raw))
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > decimals:
        rest = f"has more than {decimals} decimals. Round it."
        raise _refusal(AnswerFault.TOO_MANY_DECIMALS, raw, rest, [decimals])
    if question.minimum is not None and value < question.minimum:
        rest = f"is below {question.minimum}. Write {question.minimum} or more."
        raise _refusal(AnswerFault.TOO_SMALL, raw, rest, [question.minimum])
    largest = LARGEST if question.maximum is None else question.maximum
    if value > largest or (question.minimum is None and value < -LARGEST):
        rest = f"is beyond {largest}. Check its digits, or write less."
        raise _refusal(AnswerFault.TOO_LARGE, raw, rest, [largest])
    return value


def _partial_date(_question: Question, raw: object) -> PartialDate:
    date, precision = _written_date(raw)
    if precision is not date.precision:
        rest = f"is not exact. Write the year ({date.year}), the month or the day."
        raise _refusal(AnswerFault.LOOSE_DATE, raw, rest, [date.year])
    return date


def _date(_question: Question, raw: object) -> dt.date:
    date, precision = _written_date(raw)
    if precision is not Precision.DAY:
        rest = "is not a day. Write it as 31/03/2026 or 2026-03-31."
        raise _refusal(AnswerFault.LOOSE_DATE, raw, rest, ["31/03/2026", "2026-03-31"])
    return date.first_day


def _written_date(raw: object) -> tuple[PartialDate, Precision]:
    try:
        return parse_words(raw.isoformat() if isinstance(raw, dt.date) else str(raw))
    except PartialDateError as error:
        rest = "is not a date. Write it as 31/03/2026, 2026-03-31, 2026-03 or 2026."
        raise _refusal(AnswerFault.NOT_A_DATE, raw, rest, ["31/03/2026", "2026"]) from error


def _territory(_question: Question, raw: object) -> PlaceCell:
    try:
        return read_place(str(raw).strip())
    except CellError as error:
        rest = f"is not a territory. Write it as {error.allowed[0]}."
        raise _refusal(AnswerFault.NOT_A_PLACE, raw, rest, error.allowed) from error


def _table(question: Question, raw: object) -> tuple[Row, ...]:
    rows: list[Row] = []
    faults: list[Fault] = []
    for rank, given in enumerate(_items(raw), start=1):
        if not isinstance(given, Mapping):
            faults += [
                _in_row(fault, rank) for fault in _refusal(AnswerFault.TYPE, given, _NO_ROW).faults
            ]
            continue
        row, found = _row(question, given)
        faults += [_in_row(fault, rank) for fault in found]
        if row or found:
            rows.append(row)
    try:
        _check_count(question, len(rows))
    except AnswerError as error:
        faults += error.faults
    if faults:
        raise AnswerError(faults)
    return tuple(rows)


_NO_ROW = "is not a row. Give a value by column."


def _in_row(fault: Fault, rank: int) -> Fault:
    return dataclasses.replace(fault, row=rank)


def _row(question: Question, given: Mapping[str, object]) -> tuple[Row, list[Fault]]:
    """Read a row; one in which nothing is written is no row."""
    columns = {column.code: column for column in question.columns}
    if all(is_empty(value) for value in given.values()):
        return {}, []
    row: dict[str, Answer] = {}
    faults: list[Fault] = []
    for code in given:
        if code not in columns:
            rest = f"is no column. Columns: {', '.join(columns)}."
            faults += _refusal(AnswerFault.UNKNOWN_COLUMN, code, rest, columns).faults
    for code, column in columns.items():
        try:
            value = read_answer(column, given.get(code))
        except AnswerError as error:
            faults += [dataclasses.replace(fault, column=code) for fault in error.faults]
            continue
        if value is not None:
            row[code] = value
        elif column.required:
            faults.append(
                Fault(AnswerFault.REQUIRED, f"« {code} » is empty. Fill it.", column=code)
            )
    return row, faults


def _attachment(question: Question, raw: object) -> tuple[AttachedFile, ...]:
    files = []
    faults: list[Fault] = []
    for rank, given in enumerate(_items(raw), start=1):
        try:
            files.append(_file(question, given))
        except AnswerError as error:
            faults += [_in_row(fault, rank) for fault in error.faults]
    if faults:
        raise AnswerError(faults)
    _check_count(question, len(files))
    return tuple(files)


def _file(question: Question, given: object) -> AttachedFile:
    try:
        found = given if isinstance(given, AttachedFile) else _received(given)
    except (KeyError, TypeError) as error:
        rest = "is not a file that was received. Send it again."
        raise _refusal(AnswerFault.TYPE, given, rest) from error
    extension = found.name.rpartition(".")[2].casefold()
    if extension not in question.extensions:
        rest = f"is not of an accepted kind. Send {', '.join(question.extensions)}."
        raise _refusal(AnswerFault.FILE_KIND, found.name, rest, question.extensions)
    limit = question.max_megabytes
    if limit is not None and found.size > limit * _MEGABYTE:
        rest = f"has {found.size} bytes and {limit} MB are allowed. Send a smaller file."
        raise _refusal(AnswerFault.FILE_SIZE, found.name, rest, [limit])
    return found


def _received(given: object) -> AttachedFile:
    if not isinstance(given, Mapping):
        raise TypeError
    name, size, digest = (given[key] for key in ("name", "size", "digest"))
    if not (isinstance(name, str) and isinstance(size, int) and isinstance(digest, str)):
        raise TypeError
    return AttachedFile(name, size, digest)


def _budget(_question: Question, raw: object) -> Budget:
    if not isinstance(raw, Budget):
        raise _refusal(AnswerFault.TYPE, raw, "is not a budget. Fill its lines.")
    return raw


_READERS: Mapping[QuestionKind, Callable[[Question, object], Answer]] = {
    QuestionKind.SHORT_TEXT: _text,
    QuestionKind.LONG_TEXT: _text,
    QuestionKind.CHOICE: _choice,
    QuestionKind.SEVERAL_CHOICES: _several,
    QuestionKind.YES_NO: _yes_no,
    QuestionKind.NUMBER: _number,
    QuestionKind.EUROS: _number,
    QuestionKind.DATE: _date,
    QuestionKind.PARTIAL_DATE: _partial_date,
    QuestionKind.ORGANISATION: _text,
    QuestionKind.TERRITORY: _territory,
    QuestionKind.TABLE: _table,
    QuestionKind.ATTACHMENT: _attachment,
    QuestionKind.BUDGET: _budget,
    QuestionKind.DECLARATION: _declaration,
}
