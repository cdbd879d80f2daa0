"""Cells of a table written for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A spreadsheet reads a cell that begins so as a formula, the wide forms included.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

_STARTS = "".join(FORMULA_STARTS).replace("-", r"\-")
_NUMBER = re.compile(r"-[0-9]+(?:[.,][0-9]+)?")
# Where a cell begins, and the apostrophes that already stand before what would be a formula.
_WHOLE = re.compile(rf"(\A)('*)(?=[{_STARTS}])")
# A program that expects another separator, or that ignores the quotes, begins a cell there too.
_ANYWHERE = re.compile(rf"(\A[ \u00a0]*|[;,|\t\r\n\"][ \u00a0]*)('*)(?=[{_STARTS}])")


def neutralise(cell: str) -> str:
    """Keep a spreadsheet from running a text as a formula.

    A text that begins like a formula gets an apostrophe before it, which spreadsheets read as
    « this is text ». A negative number is left alone: it stays a number.

    Parameters
    ----------
    cell : str
        The text of a cell.

    Returns
    -------
    str
        The same text, or the text after an apostrophe.

    Examples
    --------
    >>> print(neutralise("=1+2"))
    '=1+2
    >>> neutralise("Ville de Vincennes"), neutralise("-12,5")
    ('Ville de Vincennes', '-12,5')
    """
    return cell if _NUMBER.fullmatch(cell) else _WHOLE.sub(_one_more, cell)


def restore(cell: str) -> str:
    """Give back the text that `neutralise` received.

    Parameters
    ----------
    cell : str
        The text of a cell of a workbook that comes back.

    Returns
    -------
    str
        The text without the apostrophe that kept it from being a formula.

    Examples
    --------
    >>> restore("'=1+2"), restore("'quoted'")
    ('=1+2', "'quoted'")
    """
    return _WHOLE.sub(_one_less, cell)


def neutralise_csv(cell: str) -> str:
    r"""Keep a spreadsheet from running any part of a text of a CSV file as a formula.

    A CSV file does not say its separator: a program that expects another one, or that does not
    read quotes, begins a cell in the middle of a text. What follows a separator, a quote or the
    end of a line is neutralised as a beginning is.

    Parameters
    ----------
    cell : str
        The text of a cell.

    Returns
    -------
    str
        The text with an apostrophe before each beginning of a formula.

    Examples
    --------
    >>> print(neutralise_csv("Vincennes,=1+2"))
    Vincennes,'=1+2
    >>> neutralise_csv("Vincennes, Saint-Mandé"), neutralise_csv("-12,5")
    ('Vincennes, Saint-Mandé', '-12,5')
    """
    return cell if _NUMBER.fullmatch(cell) else _ANYWHERE.sub(_one_more, cell)


def restore_csv(cell: str) -> str:
    """Give back the text that `neutralise_csv` received.

    Parameters
    ----------
    cell : str
        The text of a cell of a CSV file that comes back.

    Returns
    -------
    str
        The text without the apostrophes that kept it from being a formula.

    Examples
    --------
    >>> restore_csv("Vincennes,'=1+2"), restore_csv("dit 'autre'")
    ('Vincennes,=1+2', "dit 'autre'")
    """
    return _ANYWHERE.sub(_one_less, cell)


def _one_more(found: re.Match[str]) -> str:
    # Apostrophes that were there get one more, so that taking one away gives the text back.
    return f"{found[1]}'{found[2]}"


def _one_less(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2][1:]}"


def write_csv(rows: Iterable[Iterable[str]]) -> str:
    r"""Write a table as CSV that spreadsheets open without running anything of it.

    The separator is « ; », which French spreadsheets expect.

    Parameters
    ----------
    rows
        The rows, each a text for each column.

    Returns
    -------
    str
        The text of the file.

    Examples
    --------
    >>> write_csv([["nom", "total"], ["=A1", "-3"]])
    "nom;total\r\n'=A1;-3\r\n"
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerows([neutralise_csv(cell) for cell in row] for row in rows)
    return text.getvalue()
