"""The stages of a file: one road from the application received to the agreement closed.

A file is an application with what followed, or an agreement that was made from none. The states of
both say where it stands on the road; ``docs/reference/file-stages.md`` is generated from this
table.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from alliage.fund.states import AGREEMENT, APPLICATION, AgreementState, ApplicationState, Label

if TYPE_CHECKING:
    from collections.abc import Mapping


class Stage(StrEnum):
    """Where a file stands, in the order of the road."""

    RECEIVED = "received"
    TO_COMPLETE = "to_complete"
    REVIEW = "review"
    COMMITTEE = "committee"
    ADJOURNED = "adjourned"
    DOCUMENTS = "documents"
    TO_AGREE = "to_agree"
    TO_SIGN = "to_sign"
    TO_PAY = "to_pay"
    SUSPENDED = "suspended"
    TO_CLOSE = "to_close"
    CLOSED = "closed"
    REFUSED = "refused"
    INELIGIBLE = "ineligible"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    TERMINATED = "terminated"
    ABANDONED = "abandoned"


STAGES: Final[Mapping[Stage, Label]] = {
    Stage.RECEIVED: Label("reçu", "received"),
    Stage.TO_COMPLETE: Label("à compléter", "to complete"),
    Stage.REVIEW: Label("en instruction", "under review"),
    Stage.COMMITTEE: Label("au comité", "before the committee"),
    Stage.ADJOURNED: Label("ajourné", "adjourned"),
    Stage.DOCUMENTS: Label("pièces attendues", "documents expected"),
    Stage.TO_AGREE: Label("convention à préparer", "agreement to prepare"),
    Stage.TO_SIGN: Label("à signer", "to sign"),
    Stage.TO_PAY: Label("à verser", "to pay"),
    Stage.SUSPENDED: Label("suspendu", "suspended"),
    Stage.TO_CLOSE: Label("versé, à clore", "paid, to close"),
    Stage.CLOSED: Label("clos", "closed"),
    Stage.REFUSED: Label("refusé", "refused"),
    Stage.INELIGIBLE: Label("inéligible", "ineligible"),
    Stage.WITHDRAWN: Label("retiré", "withdrawn"),
    Stage.LAPSED: Label("caduc", "lapsed"),
    Stage.TERMINATED: Label("résilié", "terminated"),
    Stage.ABANDONED: Label("abandonné", "abandoned"),
}

#: Stages from which the fund or the applicants are expected to act.
OPEN: Final = (
    Stage.RECEIVED,
    Stage.TO_COMPLETE,
    Stage.REVIEW,
    Stage.COMMITTEE,
    Stage.ADJOURNED,
    Stage.DOCUMENTS,
    Stage.TO_AGREE,
    Stage.TO_SIGN,
    Stage.TO_PAY,
    Stage.SUSPENDED,
    Stage.TO_CLOSE,
)
#: Stages where a file stays, unless somebody reopens it.
FINAL: Final = tuple(stage for stage in Stage if stage not in OPEN)

_A, _G, _S = ApplicationState, AgreementState, Stage

#: Where the state of the application puts a file; a draft is its authors': the fund has no file.
BY_APPLICATION: Final[Mapping[ApplicationState, Stage | None]] = {
    _A.DRAFT: None,
    _A.SENT: _S.RECEIVED,
    _A.TO_COMPLETE: _S.TO_COMPLETE,
    _A.UNDER_REVIEW: _S.REVIEW,
    _A.TO_COMMITTEE: _S.COMMITTEE,
    _A.ADJOURNED: _S.ADJOURNED,
    _A.ACCEPTED_SUBJECT_TO_DOCUMENTS: _S.DOCUMENTS,
    _A.ACCEPTED: _S.TO_AGREE,
    _A.REFUSED: _S.REFUSED,
    _A.INELIGIBLE: _S.INELIGIBLE,
    _A.WITHDRAWN: _S.WITHDRAWN,
    _A.LAPSED: _S.LAPSED,
}
#: Where the state of its agreement puts an accepted file; in force, what is paid counts too.
BY_AGREEMENT: Final[Mapping[AgreementState, Stage]] = {
    _G.PREPARED: _S.TO_AGREE,
    _G.OUT_FOR_SIGNATURE: _S.TO_SIGN,
    _G.SIGNED: _S.TO_PAY,
    _G.AMENDED: _S.TO_PAY,
    _G.SUSPENDED: _S.SUSPENDED,
    _G.ENDED: _S.CLOSED,
    _G.TERMINATED: _S.TERMINATED,
    _G.ABANDONED: _S.ABANDONED,
}


def stage_of(
    application: ApplicationState | None,
    agreement: AgreementState | None = None,
    *,
    is_paid: bool = False,
) -> Stage | None:
    """Say where a file stands.

    Parameters
    ----------
    application : ApplicationState, optional
        The state of its application; None for an agreement that was made from none.
    agreement : AgreementState, optional
        The state of its agreement, if it has one.
    is_paid : bool
        Whether all that the agreement in force promises is paid.

    Returns
    -------
    Stage or None
        None for a draft, which the fund does not have, and for what is neither.

    Notes
    -----
    An agreement that was abandoned gives an accepted application back: another is to be prepared.

    Examples
    --------
    >>> stage_of(ApplicationState.UNDER_REVIEW)
    <Stage.REVIEW: 'review'>
    >>> stage_of(ApplicationState.ACCEPTED, AgreementState.SIGNED)
    <Stage.TO_PAY: 'to_pay'>
    >>> stage_of(ApplicationState.ACCEPTED, AgreementState.AMENDED, is_paid=True)
    <Stage.TO_CLOSE: 'to_close'>
    >>> stage_of(ApplicationState.DRAFT) is None
    True
    """
    if application is not None:
        stands = BY_APPLICATION[application]
        gone_back = agreement is None or agreement is AgreementState.ABANDONED
        if stands is not Stage.TO_AGREE or gone_back:
            return stands
    if agreement is None:
        return None
    stage = BY_AGREEMENT[agreement]
    return Stage.TO_CLOSE if stage is Stage.TO_PAY and is_paid else stage


def document() -> str:
    """Write the page of the documentation that shows the table.

    Returns
    -------
    str
        Markdown with a table of the stages and of the states that lead to each.

    Examples
    --------
    >>> print(document().splitlines()[0])
    # Stages of a file
    """
    lines = [
        "# Stages of a file",
        "",
        "Generated from `src/alliage/fund/follow_up/stages.py` by",
        "`python -m alliage.fund.follow_up.stages > docs/reference/file-stages.md`;",
        "a test fails when this page is stale.",
        "",
        "A file is an application with what followed, or an agreement that was made from none. The",
        "states of both ([States of the fund](fund-states.md)) say where it stands. A draft is no",
        "file yet. Once an application is accepted, its agreement says the stage, unless it was",
        "abandoned: another is then to be prepared. An agreement in force of which all is paid is",
        "`to_close`.",
        "",
        "| stage | in French | in English | open | application | agreement |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for stage, label in STAGES.items():
        applications = [APPLICATION.states[a].en for a, s in BY_APPLICATION.items() if s is stage]
        agreements = [AGREEMENT.states[g].en for g, s in BY_AGREEMENT.items() if s is stage]
        if stage is Stage.TO_CLOSE:
            agreements = ["signed or amended, all paid"]
        lines.append(
            f"| `{stage}` | {label.fr} | {label.en} | {'yes' if stage in OPEN else 'no'} "
            f"| {', '.join(applications) or '—'} | {', '.join(agreements) or '—'} |"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(document())
