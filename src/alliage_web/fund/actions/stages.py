"""Files that pass from a stage to the next one, and the delays that a fund sets for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from alliage.fund.follow_up.stages import Stage, stage_of
from alliage.fund.states import AgreementState, ApplicationState
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import (
    Agreement,
    AgreementMovement,
    Application,
    FileStay,
    StageTarget,
)
from alliage_web.fund.queries.agreements import kept_of, version_in_force

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from uuid import UUID

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Fund

#: What changes the stage of a file when it is written.
FOLLOWED = ("fund.Application", "fund.Agreement", "fund.AgreementMovement")
_PAYING = frozenset({AgreementState.SIGNED, AgreementState.AMENDED})


def follow_stage(
    instance: Application | Agreement | AgreementMovement, *, raw: bool = False, **_more: Any
) -> None:
    """Note the stage of the file of what was just written, if it is another one."""
    if raw:
        return
    if isinstance(instance, Application):
        # A draft that was never sent is no file of the fund: typing costs nothing here.
        if instance.sent_at is not None:
            _follow(instance, _agreement_of(instance), instance.updated_at)
    elif isinstance(instance, Agreement):
        _follow_agreement(instance, instance.updated_at)
    else:
        _follow_agreement(instance.agreement, instance.recorded_at)


def _follow_agreement(agreement: Agreement, at: dt.datetime) -> None:
    application = agreement.application
    if application is not None and agreement.state == AgreementState.ABANDONED.value:
        _follow(application, _agreement_of(application), at)
    else:
        _follow(application, agreement, at)


def _agreement_of(application: Application) -> Agreement | None:
    if application.state != ApplicationState.ACCEPTED.value:
        return None
    rows = Agreement.objects.filter(application=application)
    return rows.exclude(state=AgreementState.ABANDONED.value).first()


# Rows may be written in no transaction; inside one, no savepoint is needed.
@transaction.atomic(savepoint=False)
def _follow(application: Application | None, agreement: Agreement | None, at: dt.datetime) -> None:
    file = application or agreement
    assert file is not None
    name, fund = file.reference, file.fund_id
    stage = stage_of(
        ApplicationState(application.state) if application else None,
        AgreementState(agreement.state) if agreement else None,
        is_paid=agreement is not None and _is_paid(agreement),
    )
    # With its lock: two writers of one file follow one another.
    stay = FileStay.objects.select_for_update().filter(fund=fund, file=name, left_at=None).first()
    if stay is not None and stay.stage == stage:
        if stay.agreement_id != (agreement.pk if agreement else None):
            stay.agreement = agreement
            stay.save(update_fields=["agreement"])
        return
    if stay is not None:
        # What is written for a day before the last one, in a history, ends the stay on its day.
        stay.left_at = max(at, stay.entered_at)
        stay.days = (stay.left_at - stay.entered_at).days
        stay.save(update_fields=["left_at", "days"])
        at = stay.left_at
    if stage is not None:
        FileStay.objects.create(
            fund_id=fund,
            file=name,
            application=application,
            agreement=agreement,
            stage=stage.value,
            entered_at=at,
        )


def _is_paid(agreement: Agreement) -> bool:
    if AgreementState(agreement.state) not in _PAYING:
        return False
    version = version_in_force(agreement)
    return version is not None and kept_of(agreement) >= version.eur


@transaction.atomic
def set_targets(
    *,
    fund: Fund,
    days: Mapping[Stage, int | None],
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> None:
    """Write the delays that a fund sets for itself, in days; None takes one away.

    Raises
    ------
    AlreadyDoneError
        If the form was received before.
    """
    refuse_repeat(submission)
    rows = StageTarget.objects.select_for_update().filter(fund=fund)
    before = {Stage(row.stage): row.days for row in rows}
    changed = {stage: wanted for stage, wanted in days.items() if before.get(stage) != wanted}
    if not changed:
        return
    for stage, wanted in changed.items():
        if wanted is None:
            rows.filter(stage=stage.value).delete()
        else:
            StageTarget.objects.update_or_create(
                fund=fund, stage=stage.value, defaults={"days": wanted}
            )
    record(
        kind="fund.delays-set",
        target=fund.stable_name,
        by=by,
        at=at,
        changes={f"delay_{stage.value}": [before.get(stage), changed[stage]] for stage in changed},
        submission=submission,
    )
