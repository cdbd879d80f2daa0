"""Decisions on the budget of a fund: the endowment in force and who gives to the fund."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction

from alliage.fund.money.endowment import Declaration, declare
from alliage.fund.money.ledger import Posting as PostingRecord
from alliage.fund.money.ledger import PostingKind
from alliage_web.audit.actions import record
from alliage_web.fund.models import EndowmentChoice, Funder
from alliage_web.fund.queries.budget import choices_of, endowment_of
from alliage_web.fund.queries.ledger import memory
from alliage_web.fund.queries.statements import coded_statements

from .ledger import begin, bring_endowment_to, cents_of, write

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from alliage.values.money import Euros
    from alliage_web.accounts.models import User
    from alliage_web.actors.models import Organisation
    from alliage_web.fund.models import Fund, Posting


@transaction.atomic
def declare_in_force(
    *,
    fund: Fund,
    statement: str,
    decided_by: str,
    key: str,
    booked_on: dt.date,
    reason: str,
    by: User | None,
    at: dt.datetime,
    reference: str = "",
    submission: UUID | None = None,
) -> EndowmentChoice:
    """Declare a statement in force, by its code, and bring the endowment to what it says.

    Statements are never added together: each is a reading of the same money.

    Raises
    ------
    BudgetRefused
        If there is no such statement, it is already in force, or the declaration is incomplete.
    PostingRefused
        If this amount is already in force, or if more than it is allotted.
    AlreadyDoneError
        If the token of the form was used for something else.
    """
    begin(fund)
    if earlier := memory(fund, (key,)).recorded.get(key):
        # Sent again: the library tells whether it says the same.
        again = replace(earlier, booked_on=booked_on, reason=reason, reference=reference)
        row = write(fund, (again,), by=by, at=at)[0]
        return EndowmentChoice.objects.get(posting=row)
    stated = endowment_of(fund, choices_of(fund))
    declared = declare(stated, Declaration(statement, booked_on, decided_by, reason)).in_force
    assert declared is not None
    posting = bring_endowment_to(
        fund, declared.amount, key=key, booked_on=booked_on, reason=reason, reference=reference
    )
    row = write(fund, (posting,), by=by, at=at, submission=submission)[0]
    said = coded_statements(fund).get(statement)
    return EndowmentChoice.objects.create(
        posting=row,
        statement=str(declared.stated_on),
        decided_by=decided_by,
        claim_fr=said.claim_fr if said else "",
        claim_en=said.claim_en if said else "",
        cents=cents_of(declared.amount),
        source=declared.source,
    )


@transaction.atomic
def promise(
    *,
    fund: Fund,
    organisation: Organisation,
    amount: Euros,
    key: str,
    booked_on: dt.date,
    reason: str,
    by: User | None,
    at: dt.datetime,
    reference: str = "",
    submission: UUID | None = None,
) -> Posting:
    """Write what an organisation promises to the fund, of which it becomes a funder.

    Raises
    ------
    PostingRefused
        If the library refuses the posting.
    AlreadyDoneError
        If the token of the form was used for something else.
    """
    begin(fund)
    funder = _funder(fund, organisation, by=by, at=at)
    posting = PostingRecord(
        key=key,
        fund=fund.code,
        kind=PostingKind.PROMISE,
        booked_on=booked_on,
        reason=reason,
        amount=amount,
        reference=reference,
        funder=funder.code,
    )
    return write(fund, (posting,), by=by, at=at, submission=submission)[0]


def _funder(fund: Fund, organisation: Organisation, *, by: User | None, at: dt.datetime) -> Funder:
    found = Funder.objects.filter(fund=fund, organisation=organisation).order_by("pk").first()
    if found is not None:
        return found
    made = Funder.objects.create(fund=fund, code=organisation.slug, organisation=organisation)
    record(
        kind="fund.funder-added",
        target=fund.stable_name,
        by=by,
        at=at,
        changes={"funder": [None, made.code]},
    )
    return made
