"""The French open data of grants: SCDL « Subventions » 2.1.1, one row for each recipient.

``COLUMNS`` holds the rules of the table schema, and both directions follow it: a row is checked by
the same code whether it is written or read.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from alliage.fund.open_data.grants import (
    DAY_FORM,
    PERIOD_FORMS,
    Accepted,
    GrantError,
    GrantFault,
    LeftOut,
    Nature,
    Period,
    Preview,
    Problem,
    parse_day,
    share_of,
)
from alliage.values.cells import neutralise_csv, write_csv
from alliage.values.codes import siret
from alliage.values.money import ZERO, Euros, euros
from alliage.values.tables import read_table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping

    from alliage.fund.open_data.grants import Grant, Organisation, Recipient

VERSION: Final = "2.1.1"

#: Words of ``conditionsVersement`` that the schema names; any other text says « autre ».
ONE_PAYMENT: Final = "unique"
IN_INSTALMENTS: Final = "échelonné"

NATURES: Final[Mapping[str, frozenset[Nature]]] = {
    "aide en numéraire": frozenset({Nature.CASH}),
    "aide en nature": frozenset({Nature.IN_KIND}),
    "aide en numéraire;aide en nature": frozenset({Nature.CASH, Nature.IN_KIND}),
    "aide en nature;aide en numéraire": frozenset({Nature.CASH, Nature.IN_KIND}),
}
#: The word of each; that of both is the first of the two that the schema has.
NATURE_WORDS: Final[Mapping[frozenset[Nature], str]] = {
    natures: word for word, natures in reversed(tuple(NATURES.items()))
}
_YES_NO: Mapping[str, bool] = {"oui": True, "non": False}
_ALONE = Decimal("1.00")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class ColumnType(StrEnum):
    """The types of the table schema that the columns have."""

    STRING = "string"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Column:
    """A column, with the constraints of the table schema.

    Attributes
    ----------
    name, type
        Those of the schema.
    attribute
        That of `Subvention`.
    required, pattern, max_length, allowed, minimum, maximum
        The constraints of the schema; for a boolean, ``allowed`` holds the words for true and
        for false.
    """

    name: str
    type: ColumnType
    attribute: str
    required: bool = False
    pattern: str | None = None
    max_length: int | None = None
    allowed: tuple[str, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None


_STRING, _NUMBER_TYPE = ColumnType.STRING, ColumnType.NUMBER
_DATE, _BOOLEAN = ColumnType.DATE, ColumnType.BOOLEAN

COLUMNS: Final = (
    Column("nomAttribuant", _STRING, "grantor_name", required=True),
    Column("idAttribuant", _STRING, "grantor_siret", required=True, pattern=r"^\d{14}$"),
    Column("dateConvention", _DATE, "agreed_on", required=True),
    Column("referenceDecision", _STRING, "decision_reference"),
    Column("nomBeneficiaire", _STRING, "recipient_name", required=True),
    Column("idBeneficiaire", _STRING, "recipient_siret"),
    Column("rnaBeneficiaire", _STRING, "recipient_rna", pattern=r"^W\d{9}$"),
    Column("objet", _STRING, "purpose", required=True, max_length=256),
    Column("montant", _NUMBER_TYPE, "amount", required=True),
    Column("nature", _STRING, "natures", required=True, allowed=tuple(NATURES)),
    Column("conditionsVersement", _STRING, "payment_conditions", required=True, max_length=256),
    Column(
        "datesPeriodeVersement",
        _STRING,
        "payment_period",
        required=True,
        pattern=r"^[0-9]{4}\-[0-9]{2}\-[0-9]{2}(\/[0-9]{4}\-[0-9]{2}\-[0-9]{2})?$",
    ),
    Column("idRAE", _STRING, "rae_id", max_length=5),
    Column("notificationUE", _BOOLEAN, "de_minimis", required=True, allowed=("oui", "non")),
    Column(
        "pourcentageSubvention",
        _NUMBER_TYPE,
        "share",
        required=True,
        minimum=Decimal("0.01"),
        maximum=Decimal(1),
    ),
    Column("dispositifAide", _STRING, "aid_scheme_id"),
)


@dataclass(frozen=True, slots=True)
class Subvention:
    """A row: the part of one recipient in a grant.

    Attributes
    ----------
    grantor_name, grantor_siret
        Who gives.
    agreed_on
        The day of the agreement.
    recipient_name, recipient_siret, recipient_rna
        Who receives; one of the numbers at least.
    purpose
        What the grant is for.
    amount
        Euros of the whole grant, before it is split between recipients.
    natures
        Cash, in kind or both.
    payment_conditions, payment_period
        How and when it is paid.
    de_minimis
        Whether it is a *de minimis* aid (the schema says « notificationUE »).
    share
        The part of this recipient, from 0.01 to 1.
    decision_reference, rae_id, aid_scheme_id
        The act, and the identifiers of the aid in the two national lists.
    """

    grantor_name: str
    grantor_siret: str
    agreed_on: dt.date
    recipient_name: str
    purpose: str
    amount: Euros
    natures: frozenset[Nature]
    payment_conditions: str
    payment_period: Period
    de_minimis: bool
    share: Decimal = _ALONE
    recipient_siret: str | None = None
    recipient_rna: str | None = None
    decision_reference: str = ""
    rae_id: str = ""
    aid_scheme_id: str = ""


@dataclass(frozen=True, slots=True)
class SubventionsFile:
    """A file to publish: its text, its rows, and the grants that the format cannot hold."""

    text: str
    rows: tuple[Subvention, ...]
    left_out: tuple[LeftOut, ...]


class _CellError(ValueError):
    def __init__(self, fault: GrantFault, allowed: tuple[str, ...] = ()) -> None:
        self.fault = fault
        self.allowed = allowed
        super().__init__(fault)


def write_subventions(grants: Iterable[Grant]) -> SubventionsFile:
    """Write grants as a CSV file that the table schema accepts.

    A grant is written whole, with all its recipients, or left out with what it lacks. Grants to
    persons are always left out: the decree is about organisations.

    Parameters
    ----------
    grants : iterable of Grant
        The grants to publish.

    Returns
    -------
    SubventionsFile
        The text, separated by « ; », to be encoded in UTF-8.

    Source: table schema SCDL « Subventions » 2.1.1, OpenDataFrance; décret n° 2017-779 of 5 May
    2017, and arrêté of 17 November 2017.

    Examples
    --------
    >>> import datetime as dt
    >>> from alliage.fund.open_data.grants import Grant, Organisation, Recipient
    >>> club = Recipient(Organisation("Club", siret="73282932000074"))
    >>> grant = Grant(
    ...     id="2026-014",
    ...     title="Passerelles",
    ...     description="Vers l’emploi",
    ...     funder=Organisation("Fonds", siret="21750001600019"),
    ...     amount=euros(17000),
    ...     awarded_on=dt.date(2026, 3, 2),
    ...     recipients=(club,),
    ...     agreed_on=dt.date(2026, 3, 14),
    ...     natures=frozenset({Nature.CASH}),
    ...     payment_conditions=ONE_PAYMENT,
    ...     payment_period=Period(dt.date(2026, 4, 1)),
    ... )
    >>> [str(left.problem) for left in write_subventions([grant]).left_out]
    ['1, notificationUE: it is missing. Give it.']
    """
    rows: list[Subvention] = []
    left_out: list[LeftOut] = []
    for index, grant in enumerate(grants, start=1):
        of_grant, problems = _rows_of(grant, index)
        if problems:
            left_out += [LeftOut(grant.id, problem) for problem in problems]
        else:
            rows += of_grant
    header = [column.name for column in COLUMNS]
    text = write_csv([header, *map(_cells, rows)])
    return SubventionsFile(text, tuple(rows), tuple(left_out))


def read_subventions(data: bytes) -> Preview[Subvention]:
    r"""Read a file of subventions, and say what it would bring.

    Parameters
    ----------
    data : bytes
        A CSV file, or an XLSX workbook with one row for each recipient.

    Returns
    -------
    Preview
        The rows that hold, numbered as a spreadsheet does, and every problem. Columns may come
        in any order; those that the schema does not have are ignored, and named.

    Raises
    ------
    TableError
        If the file as a whole is not a table that can be read.

    Source: table schema SCDL « Subventions » 2.1.1, its custom checks included (key of the SIRET,
    a SIRET or an RNA number for the recipient).

    Examples
    --------
    >>> preview = read_subventions(b"nomAttribuant;montant\nFonds;12,5\n")
    >>> preview.accepted, str(preview.problems[0])
    ((), '1, idAttribuant: the column is missing. Add it, with this very name.')
    """
    table = read_table(data)
    known = {column.name for column in COLUMNS}
    counted = Counter(table.columns)
    heads = [
        Problem(table.header_row, column.name, GrantFault.MISSING_COLUMN)
        for column in COLUMNS
        if column.required and column.name not in counted
    ]
    heads += [
        Problem(table.header_row, name, GrantFault.REPEATED)
        for name, count in counted.items()
        if name in known and count > 1
    ]
    accepted: list[Accepted[Subvention]] = []
    problems: list[Problem] = []
    for row in table.rows:
        cells = dict(zip(table.columns, row.cells, strict=True))
        value, of_row = _checked(cells, row.number)
        of_row += [Problem(row.number, "", GrantFault.BEYOND, text) for text in row.beyond]
        # A missing column is said once, not on every row.
        problems += [problem for problem in of_row if problem.field in {"", *counted}]
        if value is not None and not of_row and not heads:
            accepted.append(Accepted(row.number, value))
    ignored = tuple(dict.fromkeys(name for name in table.columns if name and name not in known))
    return Preview(tuple(accepted), (*heads, *problems), ignored)


def _rows_of(grant: Grant, index: int) -> tuple[list[Subvention], list[Problem]]:
    """Check the rows of a grant as if they were read: what is written is what would be accepted."""
    if grant.individual is not None:
        return [], [Problem(index, "nomBeneficiaire", GrantFault.INDIVIDUAL)]
    rows: list[Subvention] = []
    problems: dict[Problem, None] = {}
    for recipient in grant.recipients:
        row, faults = _checked(_cells_of(grant, recipient), index)
        problems.update(dict.fromkeys(faults))
        if row is not None:
            rows.append(row)
    return rows, list(problems)


def _cells_of(grant: Grant, recipient: Recipient) -> dict[str, str]:
    organisation = recipient.organisation
    texts = {
        "nomAttribuant": grant.funder.name,
        "idAttribuant": grant.funder.siret,
        "dateConvention": grant.agreed_on,
        "referenceDecision": grant.decision_reference,
        "nomBeneficiaire": organisation.name,
        "idBeneficiaire": organisation.siret,
        "rnaBeneficiaire": _rna_of(organisation),
        "objet": grant.title,
        "montant": grant.amount,
        "nature": grant.natures,
        "conditionsVersement": grant.payment_conditions,
        "datesPeriodeVersement": grant.payment_period,
        "notificationUE": grant.de_minimis,
        "pourcentageSubvention": _share(grant, recipient),
    }
    return {name: _clean(_written(value)) for name, value in texts.items()}


def _rna_of(organisation: Organisation) -> str | None:
    """Leave out the numbers of Corsica and overseas, whose letters the schema does not foresee.

    The SIRET alone then says who it is; without one, the number is written and refused.
    """
    number = organisation.rna
    if number and organisation.siret and not number[1:].isdigit():
        return None
    return number


def _share(grant: Grant, recipient: Recipient) -> Decimal | None:
    if len(grant.recipients) == 1:
        return _ALONE
    if recipient.amount is None or grant.amount == ZERO:
        return None
    return share_of(recipient.amount, grant.amount)


def _cells(row: Subvention) -> tuple[str, ...]:
    return tuple(_written(getattr(row, column.attribute)) for column in COLUMNS)


def _clean(text: str) -> str:
    plain = _CONTROL.sub(" ", unicodedata.normalize("NFC", text))
    return " ".join(plain.split())


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, frozenset):
        return NATURE_WORDS.get(value, "")
    return "" if value is None else str(value)


def _checked(cells: Mapping[str, str], index: int) -> tuple[Subvention | None, list[Problem]]:
    """Read the cells of a row, and name everything that is wrong with them."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for column in COLUMNS:
        text = cells.get(column.name, "")
        try:
            value = _read_cell(column, text)
        except _CellError as error:
            problems.append(Problem(index, column.name, error.fault, text, error.allowed))
            continue
        if value is not None:
            values[column.attribute] = value
    if not cells.get("idBeneficiaire") and not cells.get("rnaBeneficiaire"):
        allowed = ("the SIRET here", "the RNA number in rnaBeneficiaire")
        problems.append(Problem(index, "idBeneficiaire", GrantFault.IDENTIFIER, "", allowed))
    return (None if problems else Subvention(**values)), problems


def _read_cell(column: Column, text: str) -> Any:
    if not text:
        if column.required:
            raise _CellError(GrantFault.MISSING)
        return None
    _check_text(column, text)
    if column.name not in _FORMS:
        return text
    read, fault, hints = _FORMS[column.name]
    if column.pattern and not re.fullmatch(column.pattern, text, re.ASCII):
        raise _CellError(fault, hints)
    try:
        value = read(text)
    except GrantError as error:
        raise _CellError(error.fault, error.allowed) from error
    except ValueError as error:
        raise _CellError(fault, hints) from error
    if column.minimum is not None and not column.minimum <= value <= (column.maximum or value):
        raise _CellError(fault, hints)
    return value


def _check_text(column: Column, text: str) -> None:
    limit = column.max_length
    # The apostrophes that keep a spreadsheet from running a text count among its characters.
    if limit is not None and len(neutralise_csv(text)) > limit:
        raise _CellError(GrantFault.TOO_LONG, (str(limit),))
    if column.allowed and text not in column.allowed:
        raise _CellError(GrantFault.NOT_ALLOWED, tuple(f"« {word} »" for word in column.allowed))


def _read_siret(text: str) -> str:
    number = siret(text)
    if number != text:
        msg = f"« {text} » is {number} with something between its digits. Write {number}."
        raise ValueError(msg)
    return number


def _read_amount(text: str) -> Euros:
    amount = euros(text)
    if amount < ZERO:
        msg = f"« {text} » is below zero. Write what was awarded."
        raise ValueError(msg)
    return amount


def _read_share(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        msg = f"« {text} » is not a number with a point. Write for example 0.45."
        raise ValueError(msg)
    return Decimal(text)


_SIRET = (_read_siret, GrantFault.IDENTIFIER, ("the 14 digits of a SIRET, without spaces",))

# How the text of a column becomes a value, and what to say of one that does not.
_FORMS: Mapping[str, tuple[Callable[[str], Any], GrantFault, tuple[str, ...]]] = {
    "idAttribuant": _SIRET,
    "idBeneficiaire": _SIRET,
    "rnaBeneficiaire": (
        str,
        GrantFault.IDENTIFIER,
        ("W and nine digits, as W751234567", "the SIRET alone"),
    ),
    "dateConvention": (parse_day, GrantFault.DATE, (DAY_FORM,)),
    "montant": (_read_amount, GrantFault.AMOUNT, ()),
    "nature": (NATURES.__getitem__, GrantFault.NOT_ALLOWED, ()),
    "datesPeriodeVersement": (Period.parse, GrantFault.DATE, PERIOD_FORMS),
    "notificationUE": (_YES_NO.__getitem__, GrantFault.NOT_ALLOWED, ()),
    "pourcentageSubvention": (
        _read_share,
        GrantFault.SHARE,
        ("a number from 0.01 to 1, with a point",),
    ),
}
