"""Books of supports as files: one YAML record per fund, with what each source says.

The format is described in ``data/fund/supports/README.md``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from alliage.alliances.records import (
    CODE,
    SLUG,
    Euros,
    FilePartialDate,
    Part,
    Remark,
    Text,
)
from alliage.alliances.vocabulary import AmountStatus, Lever, Reading
from alliage.fund.support.supports import (
    Book,
    Cash,
    InKind,
    NotValued,
    NotValuedReason,
    Period,
    Receiver,
    Support,
    SupportError,
    Time,
)
from alliage.fund.support.valuation import InKindMethod
from alliage.values.money import euros
from alliage.values.yaml_files import FileProblem, InvalidFilesError, read_record

if TYPE_CHECKING:
    from pathlib import Path

    from alliage.fund.support.supports import Value

Code = Annotated[str, Field(pattern=CODE, max_length=60)]
Slug = Annotated[str, Field(pattern=SLUG, max_length=90)]
Hours = Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=2)]


class ValueRecord(Part):
    """One of money, kind, time, or the reason why there is no amount."""

    cash: Euros | None = None
    in_kind: Euros | None = None
    method: InKindMethod | None = None
    hours: Hours | None = None
    rate: Euros | None = None
    rate_source: Remark | None = None
    not_valued: NotValuedReason | None = None

    @model_validator(mode="after")
    def _one_nature(self) -> ValueRecord:
        natures = ("cash", "in_kind", "hours", "not_valued")
        given = [name for name in natures if getattr(self, name) is not None]
        if len(given) != 1:
            msg = f"value has {', '.join(given) or 'nothing'}. Give one of: {', '.join(natures)}."
            raise ValueError(msg)
        (nature,) = given
        beside = {"in_kind": ("method",), "hours": ("rate", "rate_source")}
        for names in beside.values():
            for name in names:
                if (getattr(self, name) is not None) is not (name in beside.get(nature, ())):
                    verb = "Remove" if getattr(self, name) is not None else "Add"
                    msg = f"value of {nature}: {verb} `{name}:`."
                    raise ValueError(msg)
        return self

    @property
    def value(self) -> Value:
        if self.cash is not None:
            return Cash(euros(self.cash))
        if self.in_kind is not None and self.method is not None:
            return InKind(euros(self.in_kind), self.method)
        if self.hours is not None and self.rate is not None:
            return Time(self.hours, euros(self.rate), self.rate_source or "")
        return NotValued(self.not_valued or NotValuedReason.NOT_STATED)


class SupportRecord(Part):
    """One support. Organisations and alliances are named by their addresses and identifiers."""

    code: Code
    giver: Slug
    alliance: Code | None = None
    receiver: Slug | None = None
    lever: Lever
    description: Text
    value: ValueRecord
    status: AmountStatus = AmountStatus.GRANTED
    reading: Reading
    first: FilePartialDate | None = None
    last: FilePartialDate | None = None
    part_of: Code | None = None
    note: Text | None = None
    source: Remark

    @model_validator(mode="after")
    def _dated_from_its_start(self) -> SupportRecord:
        if self.last is not None and self.first is None:
            msg = "`last:` without `first:`. Give when it began, or neither."
            raise ValueError(msg)
        return self

    @property
    def support(self) -> Support:
        """The same as a value of the book; a refusal names this support."""
        return Support(
            id=self.code,
            giver=self.giver,
            receiver=Receiver(self.alliance, self.receiver),
            lever=self.lever,
            description=self.description,
            value=self.value.value,
            status=self.status,
            period=Period(self.first, self.last) if self.first else None,
            evidence=self.source,
            part_of=self.part_of,
        )


class RaisedRecord(Part):
    """Resources that others gave an alliance, beside what the fund gave: never an effect of it."""

    code: Code
    alliance: Code
    eur: Euros
    description: Remark
    nature: Literal["cash", "in_kind", "time"] = "cash"
    status: AmountStatus = AmountStatus.GRANTED
    year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    reading: Reading
    note: Text | None = None
    source: Remark


class BookRecord(Part):
    """The book of a fund: its supports, and what else its alliances raised."""

    fund: Slug
    supports: tuple[SupportRecord, ...]
    raised: tuple[RaisedRecord, ...] = ()


def load_books(folder: Path) -> tuple[BookRecord, ...]:
    """Read every book of a folder, or refuse the folder with every problem named.

    Parameters
    ----------
    folder : Path
        A folder of YAML files, one a fund.

    Returns
    -------
    tuple[BookRecord, ...]
        In the order of the names of the files. The supports of each hold together: see ``Book``.

    Raises
    ------
    InvalidFilesError
        If a file does not follow the format, or its supports do not hold together.

    Examples
    --------
    >>> from alliage.fund.support.supports import totals
    >>> from alliage.values.datafiles import data_directory
    >>> (book,) = load_books(data_directory() / "fund" / "supports")
    >>> totals(Book(tuple(one.support for one in book.supports)).counted).granted.cash
    Decimal('42000.00')
    """
    records: list[BookRecord] = []
    problems: list[FileProblem] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            record = read_record(path, BookRecord)
            Book(tuple(one.support for one in record.supports))
        except InvalidFilesError as error:
            problems += error.problems
        except SupportError as error:
            problems.append(FileProblem(path.name, "supports", str(error)))
        else:
            records.append(record)
    if problems:
        raise InvalidFilesError(problems)
    return tuple(records)
