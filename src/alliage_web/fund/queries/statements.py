"""The statements on the endowment of a fund, each under a code of its own.

The code is the date of the statement. Where two documents speak of one date, what each says is a
part of its code: rows are loaded again from files, and keep no number.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

from alliage_web.fund.models.ledger import euros_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from alliage_web.fund.models import EndowmentChoice, EndowmentStatement, Fund

_DIGITS = 8


def coded_statements(fund: Fund) -> dict[str, EndowmentStatement]:
    """Return the dated statements of a fund by code, in the order of its file."""
    rows = [row for row in fund.endowment.order_by("order", "pk") if row.stated_on]
    dates = Counter(row.stated_on for row in rows)
    found: dict[str, EndowmentStatement] = {}
    for row in rows:
        alone = dates[row.stated_on] == 1
        code = row.stated_on if alone else _code(row.stated_on, row.eur, row.source)
        found.setdefault(code, row)
    return found


def code_of(choice: EndowmentChoice, statements: Mapping[str, EndowmentStatement]) -> str:
    """Return the code of the statement that was declared in force, as the file tells it now.

    A statement that the file no longer has keeps a code that no other one has.
    """
    eur = euros_of(choice.cents)
    same_day = {code: row for code, row in statements.items() if row.stated_on == choice.statement}
    for code, row in same_day.items():
        if (row.eur, row.source) == (eur, choice.source):
            return code
    if len(same_day) == 1:
        # The file corrected what this document says.
        return next(iter(same_day))
    return _code(choice.statement, eur, choice.source) if same_day else choice.statement


def _code(stated_on: str, eur: Decimal, source: str) -> str:
    said = f"{eur:.2f}\n{source}".encode()
    return f"{stated_on}-{sha256(said).hexdigest()[:_DIGITS]}"
