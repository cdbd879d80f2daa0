"""Money that comes back to its envelope: what was awarded and will not be paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliage.fund.money import ledger
from alliage.fund.money.ledger import PostingKind
from alliage.values.money import total
from alliage_web.fund.actions import ledger as books
from alliage_web.fund.queries.agreements import reserved_for

if TYPE_CHECKING:
    import datetime as dt

    from alliage.values.money import Euros
    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Fund


def release_award(
    *,
    fund: Fund,
    file: str,
    key: str,
    reason: str,
    reference: str,
    by: User | None,
    at: dt.datetime,
    on: dt.date,
) -> Euros:
    """Give what is still reserved for a file back to its envelopes; the caller has begun.

    Returns
    -------
    Decimal
        The euros that came back; zero where nothing was reserved.
    """
    held = reserved_for(fund, file)
    postings = [
        ledger.Posting(
            key=f"{key}:release:{rank}",
            fund=fund.code,
            kind=PostingKind.AWARD_RELEASE,
            booked_on=on,
            reason=reason,
            reference=reference,
            amount=amount,
            envelope=envelope,
            file=file,
        )
        for rank, (envelope, amount) in enumerate(held, start=1)
    ]
    if postings:
        books.write(fund, postings, by=by, at=at)
    return total(amount for _envelope, amount in held)
