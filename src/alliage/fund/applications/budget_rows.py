"""Reading the budget of an application as people type it, line by line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from alliage.fund.applications.answer_values import (
    AnswerError,
    AnswerFault,
    Fault,
    is_empty,
    read_decimal,
)
from alliage.fund.applications.application_budget import (
    Budget,
    Expense,
    Fixed,
    Nature,
    Product,
    Resource,
    ShareOf,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage.fund.applications.application_budget import Figure

#: The sides of a budget, by the key that holds their rows.
SIDES = ("expenses", "resources")
#: Where a resource comes from: the fund, the means of the party, or somebody else.
ORIGINS = ("asked", "own", "other")
#: The cells of a row that say how much, in the three ways there are.
FIGURES = ("amount", "quantity", "unit_price", "share", "of")
_PERCENT = Decimal(100)


def read_budget(raw: Mapping[str, object], parties: Sequence[str]) -> Budget:
    """Read a budget from the rows that people typed.

    Parameters
    ----------
    raw : Mapping
        ``expenses`` and ``resources``, lists of rows. A row holds texts: ``code``, ``label``,
        ``party``, ``nature`` and, of an expense, ``category``; of a resource, ``origin``. It says
        how much by ``amount``, by ``quantity`` and ``unit_price``, or by ``share`` (in percent)
        and ``of`` (codes of lines). A row in which only the code is written is no line.
    parties : sequence of str
        Codes of those who apply.

    Returns
    -------
    Budget
        The lines. A line in which nothing says how much is not valued.

    Raises
    ------
    AnswerError
        If a cell cannot be read. Each fault has its row, counted from 1 on its side, and in
        ``column`` the side and the cell, as ``expenses.amount``.

    Examples
    --------
    >>> row = {
    ...     "code": "D1",
    ...     "label": "Study",
    ...     "party": "town",
    ...     "nature": "cash",
    ...     "category": "services",
    ...     "amount": "12 000,50",
    ... }
    >>> read_budget({"expenses": [row]}, ["town"]).expenses[0].figure
    Fixed(amount=Decimal('12000.50'))
    """
    faults: list[Fault] = []
    expenses: list[Expense] = []
    resources: list[Resource] = []
    for side in SIDES:
        given = raw.get(side) or ()
        rows = given if isinstance(given, Sequence) and not isinstance(given, str) else ()
        for rank, row in enumerate(rows, start=1):
            if not isinstance(row, Mapping) or is_blank(row):
                continue
            cells = {str(name): str(value).strip() for name, value in row.items()}
            reading = _Reading(side, rank, cells, faults)
            code, label = cells.get("code", ""), reading.text("label")
            party, nature = reading.text("party"), reading.nature()
            figure = reading.figure()
            if side == "expenses":
                category = cells.get("category", "")
                expenses.append(Expense(code, label, party, category, nature, figure))
            else:
                origin = reading.one_of("origin", ORIGINS)
                own, asked = origin == "own", origin == "asked"
                resources.append(Resource(code, label, party, nature, figure, own, asked))
    if faults:
        raise AnswerError(faults)
    return Budget(tuple(parties), tuple(expenses), tuple(resources))


def is_blank(row: Mapping[str, object]) -> bool:
    """Say whether a row says nothing: choices that a form proposes do not make it a line."""
    return all(is_empty(row.get(name)) for name in ("label", *FIGURES))


class _Reading:
    """A row that is being read; what is wrong in it is added to the faults."""

    def __init__(self, side: str, rank: int, cells: Mapping[str, str], faults: list[Fault]) -> None:
        self.side, self.rank, self.cells, self.faults = side, rank, cells, faults

    def _refuse(
        self, fault: AnswerFault, name: str, message: str, allowed: Iterable[str] = ()
    ) -> None:
        column = f"{self.side}.{name}"
        value = self.cells.get(name, "")
        self.faults.append(Fault(fault, message, value, tuple(allowed), self.rank, column))

    def text(self, name: str) -> str:
        if not self.cells.get(name):
            self._refuse(AnswerFault.REQUIRED, name, f"« {name} » is empty. Fill it.")
        return self.cells.get(name, "")

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        value = self.cells.get(name, "")
        if value not in allowed:
            message = f"« {value} » is not an option. Choose among {', '.join(allowed)}."
            self._refuse(AnswerFault.NOT_AN_OPTION, name, message, allowed)
        return value

    def nature(self) -> Nature:
        value = self.one_of("nature", [nature.value for nature in Nature])
        return Nature(value) if value in {nature.value for nature in Nature} else Nature.CASH

    def figure(self) -> Figure:
        told = {name for name in FIGURES if self.cells.get(name)}
        ways = [
            way for way in ({"amount"}, {"quantity", "unit_price"}, {"share", "of"}) if way & told
        ]
        if not ways:
            return Fixed(None)
        if len(ways) > 1 or ways[0] - told:
            message = (
                "Write an amount, or a quantity and its price, or a share and the lines that it "
                "is of: one of the three, whole."
            )
            self._refuse(AnswerFault.TYPE, min(told), message)
            return Fixed(None)
        if told == {"amount"}:
            return Fixed(self.number("amount"))
        if "quantity" in told:
            return Product(self.number("quantity"), self.number("unit_price"))
        codes = tuple(filter(None, re.split(r"[\s,;]+", self.cells["of"])))
        return ShareOf(self.number("share") / _PERCENT, codes)

    def number(self, name: str) -> Decimal:
        try:
            return read_decimal(self.cells[name].removesuffix("%"))
        except AnswerError as error:
            for fault in error.faults:
                self._refuse(fault.fault, name, fault.message, fault.allowed)
            return Decimal(0)
