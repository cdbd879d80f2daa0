"""The book of supports follows the agreements: each signed euro is in it once.

A support is written on signature, not on payment: what was agreed binds the fund from that day, and
the history of the book counts what was granted. When an agreement is over, what was kept of its
payments is what was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliage.alliances.vocabulary import AmountStatus
from alliage.fund.states import AgreementState
from alliage.values.money import ZERO
from alliage_web.audit.actions import record
from alliage_web.fund.actions.supports import add_support, change_support, version_of
from alliage_web.fund.models import NatureChoices, OriginChoices, Support
from alliage_web.fund.queries.agreements import kept_of, version_in_force
from alliage_web.fund.queries.support_values import SupportValues
from alliage_web.fund.queries.supports import all_supports
from alliage_web.ui.rows import only

if TYPE_CHECKING:
    import datetime as dt

    from alliage.values.money import Euros
    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Agreement, AgreementVersion

_OVER = frozenset({AgreementState.ENDED, AgreementState.TERMINATED})


def support_of(agreement: Agreement) -> Support | None:
    """Return the support that an agreement wrote in the book of its fund."""
    return only(all_supports().filter(fund=agreement.fund_id, code=agreement.stable_name))


def follow_agreement(*, agreement: Agreement, by: User | None, at: dt.datetime) -> None:
    """Write in the book what an agreement gives now; a second call changes nothing.

    An agreement in force gives its amount, one that is over what was paid and not given back: if
    that is nothing, the book holds nothing of it any more.
    """
    version = version_in_force(agreement)
    if version is None:
        return
    over = AgreementState(agreement.state) in _OVER
    amount = kept_of(agreement) if over else version.eur
    present = support_of(agreement)
    if amount <= ZERO:
        if present is not None:
            _remove(present, agreement, by=by, at=at)
        return
    values = _values(agreement, version, amount)
    if present is None:
        add_support(
            fund=agreement.fund,
            values=values,
            origin=OriginChoices.AGREEMENT,
            by=by,
            at=at,
            code=agreement.stable_name,
        )
    else:
        change_support(
            support=present,
            values=values,
            version=version_of(present),
            origin=OriginChoices.AGREEMENT,
            by=by,
            at=at,
        )


def _values(agreement: Agreement, version: AgreementVersion, amount: Euros) -> SupportValues:
    first = agreement.versions.get(number=1).in_force_on
    ends = version.ends_on
    application = agreement.application
    invented = application is not None and application.call.is_demonstration
    # The fund gives what its ledger pays, even where somebody else holds the purse for it.
    giver, source = agreement.fund.organisation_id, f"Convention {agreement.reference}"
    if giver == agreement.receiver_id:
        giver = agreement.payer_id
    if giver != agreement.payer_id:
        source += f", versée par {agreement.payer.name}"
    return SupportValues(
        giver_id=giver,
        alliance_id=agreement.alliance_id,
        receiver_id=agreement.receiver_id,
        lever=agreement.lever,
        description=version.objective,
        # What may have to be repaid is not given for good.
        status=(AmountStatus.CONDITIONAL if agreement.is_advance else AmountStatus.GRANTED).value,
        first=first.isoformat() if first else "",
        last=ends.isoformat() if ends and first and ends >= first else "",
        nature=NatureChoices.CASH.value,
        amount=amount,
        source=f"{source}, version {version.number}",
        note="Exemple inventé pour la démonstration." if invented else "",
        agreed_on=first,
    )


def _remove(present: Support, agreement: Agreement, *, by: User | None, at: dt.datetime) -> None:
    record(
        kind="support.removed",
        target=present.stable_name,
        by=by,
        at=at,
        changes={
            "amount": [str(present.amount), None],
            "source": [present.source, agreement.reference],
        },
    )
    present.delete()
