"""Indicators that an agreement promises, and what is measured of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from alliage.fund.reporting import indicators as library
from alliage_web.audit.actions import AlreadyDoneError, record, refuse_repeat
from alliage_web.fund.models import Agreement, Indicator, IndicatorMeasurement
from alliage_web.fund.queries.report_promises import indicator_key

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal
    from uuid import UUID

    from alliage_web.accounts.models import User


class SameSideError(Exception):
    """An indicator is a promise once the other party agreed to it."""


class AgreedIndicatorError(Exception):
    """What both parties agreed to is not removed."""


@dataclass(frozen=True, slots=True)
class IndicatorValues:
    """An indicator as a person wrote it."""

    label: str
    unit: str
    direction: str
    target: Decimal
    target_on: dt.date
    baseline: Decimal | None = None
    baseline_on: dt.date | None = None
    baseline_source: str = ""


@transaction.atomic
def propose_indicator(
    *,
    agreement: Agreement,
    values: IndicatorValues,
    side: str,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Indicator:
    """Propose an indicator for one party; the other agrees to it, or removes it.

    Raises
    ------
    IndicatorError
        If the library finds that it is none.
    AlreadyDoneError
        If the agreement has it, or the form was received before.
    """
    refuse_repeat(submission)
    Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    library.Indicator(
        library.Direction(values.direction),
        values.target,
        values.target_on,
        values.baseline,
        values.baseline_on,
    )
    key = indicator_key(values.label, values.unit)
    if twin := Indicator.objects.filter(agreement=agreement, key=key).first():
        raise AlreadyDoneError(twin.stable_name)
    row = Indicator.objects.create(
        agreement=agreement,
        key=key,
        label=values.label.strip(),
        unit=values.unit.strip(),
        direction=values.direction,
        target=values.target,
        target_on=values.target_on,
        baseline=values.baseline,
        baseline_on=values.baseline_on,
        baseline_source=values.baseline_source.strip(),
        proposed_side=side,
        proposed_by=by,
        proposed_at=at,
    )
    record(
        kind="indicator.proposed",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={
            "indicator": [None, row.label],
            "unit": [None, row.unit],
            "target": [None, str(row.target)],
            "target_on": [None, row.target_on.isoformat()],
            "baseline": [None, None if row.baseline is None else str(row.baseline)],
        },
        submission=submission,
    )
    return row


@transaction.atomic
def agree_to_indicator(
    *, indicator: Indicator, side: str, by: User | None, at: dt.datetime
) -> bool:
    """Agree to what the other party proposed; False when it was agreed before.

    Raises
    ------
    SameSideError
        If the same party proposed it.
    """
    row = Indicator.objects.select_for_update().get(pk=indicator.pk)
    if row.agreed_at is not None:
        return False
    if row.proposed_side == side:
        raise SameSideError
    row.agreed_by, row.agreed_at = by, at
    row.save()
    record(
        kind="indicator.agreed",
        target=row.agreement.stable_name,
        by=by,
        at=at,
        changes={"indicator": [None, row.label]},
    )
    return True


@transaction.atomic
def remove_indicator(*, indicator: Indicator, by: User, at: dt.datetime) -> None:
    """Remove a proposal that nobody agreed to.

    Raises
    ------
    AgreedIndicatorError
        If it is a promise.
    """
    row = Indicator.objects.select_for_update().filter(pk=indicator.pk).first()
    if row is None:
        return
    if row.agreed_at is not None:
        raise AgreedIndicatorError
    record(
        kind="indicator.removed",
        target=row.agreement.stable_name,
        by=by,
        at=at,
        changes={"indicator": [row.label, None]},
    )
    row.delete()


@transaction.atomic
def measure(
    *,
    indicator: Indicator,
    on: dt.date,
    value: Decimal,
    status: str,
    source: str,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
) -> IndicatorMeasurement:
    """Write what was measured on a day, or correct it: the trail keeps the former value."""
    refuse_repeat(submission)
    Indicator.objects.select_for_update().get(pk=indicator.pk)
    row = IndicatorMeasurement.objects.filter(indicator=indicator, on=on).first()
    before = None if row is None else [str(row.value), row.status, row.source]
    row = row or IndicatorMeasurement(indicator=indicator, on=on)
    row.value, row.status, row.source = value, status, source.strip()
    row.recorded_by, row.recorded_at = by, at
    row.save()
    record(
        kind="indicator.measured" if before is None else "indicator.corrected",
        target=indicator.agreement.stable_name,
        by=by,
        at=at,
        changes={
            "indicator": [None, indicator.label],
            "on": [None, on.isoformat()],
            "measure": [before, [str(value), status, row.source]],
        },
        submission=submission,
    )
    return row
