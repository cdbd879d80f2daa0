"""Cells of a table written for a spreadsheet."""

from __future__ import annotations

#: A spreadsheet reads a cell that begins so as a formula, the wide forms included.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutralise(cell: str) -> str:
    """Keep a spreadsheet from running a text as a formula.

    A text that begins like a formula gets an apostrophe before it, which spreadsheets read as
    « this is text ».

    Parameters
    ----------
    cell : str
        The text of a cell. Numbers are not texts: write them as numbers.

    Returns
    -------
    str
        The same text, or the text after an apostrophe.

    Examples
    --------
    >>> print(neutralise("=1+2"))
    '=1+2
    >>> neutralise("Ville de Vincennes")
    'Ville de Vincennes'
    """
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def restore(cell: str) -> str:
    """Give back the text that `neutralise` received.

    Parameters
    ----------
    cell : str
        The text of a cell of a file that comes back.

    Returns
    -------
    str
        The text without the apostrophe that kept it from being a formula.

    Examples
    --------
    >>> restore("'=1+2"), restore("'quoted'")
    ('=1+2', "'quoted'")
    """
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell
