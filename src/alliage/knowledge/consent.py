"""Life of a sheet made from a live file, and of the consent of those whom it names.

Two tables are the specification: what may be decided of a proposed sheet, and what a party may
answer. ``docs/reference/sheet-consent-states.md`` is generated from them. Consent is given to one
content, known by its digest: silence is not consent, and a changed sheet asks everybody again.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

StateT = TypeVar("StateT", bound=StrEnum)
DecisionT = TypeVar("DecisionT", bound=StrEnum)


class ProposalState(StrEnum):
    """Where a proposed sheet stands."""

    DRAFT = "draft"
    ASKED = "asked"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    REPLACED = "replaced"
    ABANDONED = "abandoned"


class ProposalDecision(StrEnum):
    """What happens to a proposed sheet."""

    EDIT = "edit"
    ASK = "ask"
    SUBMIT = "submit"
    SEND_BACK = "send_back"
    PUBLISH = "publish"
    UNPUBLISH = "unpublish"
    LOSE_CONSENT = "lose_consent"
    REPLACE = "replace"
    ABANDON = "abandon"


class ConsentState(StrEnum):
    """What a party says of the sheet that names it."""

    WAITING = "waiting"
    GIVEN = "given"
    REFUSED = "refused"
    CHANGE_ASKED = "change_asked"
    WITHDRAWN = "withdrawn"
    REMOVED = "removed"


class ConsentDecision(StrEnum):
    """What happens to the consent of a party."""

    GIVE = "give"
    REFUSE = "refuse"
    ASK_CHANGE = "ask_change"
    WITHDRAW = "withdraw"
    OUTDATE = "outdate"
    REMOVE = "remove"


_P, _PD = ProposalState, ProposalDecision
_C, _CD = ConsentState, ConsentDecision

#: In each state of a proposed sheet, what may be decided and the state that follows.
PROPOSAL: Mapping[ProposalState, Mapping[ProposalDecision, ProposalState]] = {
    _P.DRAFT: {_PD.EDIT: _P.DRAFT, _PD.ASK: _P.ASKED, _PD.ABANDON: _P.ABANDONED},
    _P.ASKED: {
        _PD.EDIT: _P.DRAFT,
        _PD.ASK: _P.ASKED,
        _PD.SUBMIT: _P.IN_REVIEW,
        _PD.ABANDON: _P.ABANDONED,
    },
    _P.IN_REVIEW: {
        _PD.EDIT: _P.DRAFT,
        _PD.SEND_BACK: _P.ASKED,
        _PD.LOSE_CONSENT: _P.ASKED,
        _PD.PUBLISH: _P.PUBLISHED,
    },
    _P.PUBLISHED: {
        _PD.UNPUBLISH: _P.ASKED,
        _PD.LOSE_CONSENT: _P.ASKED,
        _PD.REPLACE: _P.REPLACED,
    },
    _P.REPLACED: {},
    _P.ABANDONED: {},
}

#: In each state of a consent, what may happen and the state that follows.
CONSENT: Mapping[ConsentState, Mapping[ConsentDecision, ConsentState]] = {
    _C.WAITING: {
        _CD.GIVE: _C.GIVEN,
        _CD.REFUSE: _C.REFUSED,
        _CD.ASK_CHANGE: _C.CHANGE_ASKED,
        _CD.REMOVE: _C.REMOVED,
    },
    _C.GIVEN: {_CD.WITHDRAW: _C.WITHDRAWN, _CD.OUTDATE: _C.WAITING, _CD.REMOVE: _C.REMOVED},
    _C.REFUSED: {_CD.GIVE: _C.GIVEN, _CD.OUTDATE: _C.WAITING, _CD.REMOVE: _C.REMOVED},
    _C.CHANGE_ASKED: {
        _CD.GIVE: _C.GIVEN,
        _CD.REFUSE: _C.REFUSED,
        _CD.ASK_CHANGE: _C.CHANGE_ASKED,
        _CD.OUTDATE: _C.WAITING,
        _CD.REMOVE: _C.REMOVED,
    },
    _C.WITHDRAWN: {_CD.GIVE: _C.GIVEN, _CD.OUTDATE: _C.WAITING, _CD.REMOVE: _C.REMOVED},
    _C.REMOVED: {},
}

#: Who decides, for the documentation: the platform's permissions say it in code.
PROPOSAL_BY: Mapping[ProposalDecision, str] = {
    _PD.EDIT: "who prepares the sheet; every consent is then asked again",
    _PD.ASK: "who prepares the sheet",
    _PD.SUBMIT: "who prepares the sheet, once every party named consented",
    _PD.SEND_BACK: "an editor",
    _PD.PUBLISH: "an editor who did not prepare it; an administrator",
    _PD.UNPUBLISH: "an editor",
    _PD.LOSE_CONSENT: "nobody: it follows when a party withdraws its consent",
    _PD.REPLACE: "nobody: it follows when a later sheet of the alliance is published",
    _PD.ABANDON: "who prepares the sheet",
}
CONSENT_BY: Mapping[ConsentDecision, str] = {
    _CD.GIVE: "who acts for the party",
    _CD.REFUSE: "who acts for the party, with a reason",
    _CD.ASK_CHANGE: "who acts for the party, with a remark on a passage",
    _CD.WITHDRAW: "who acts for the party, at any time",
    _CD.OUTDATE: "nobody: it follows when the sheet changes",
    _CD.REMOVE: "who prepares the sheet, by taking the name of the party out of it",
}


class ConsentProblem(StrEnum):
    """Why a decision is refused."""

    NOT_IN_THIS_STATE = "not_in_this_state"
    CONSENT_MISSING = "consent_missing"
    OTHER_CONTENT = "other_content"


class ConsentRefused(ValueError):
    """A decision may not be taken; ``parties`` are those whose consent is missing."""

    def __init__(
        self, problem: ConsentProblem, message: str, *, state: str = "", parties: Iterable[str] = ()
    ) -> None:
        self.problem, self.state, self.parties = problem, state, tuple(parties)
        super().__init__(message)


def next_proposal_state(current: ProposalState, decision: ProposalDecision) -> ProposalState:
    """Return the state of a proposed sheet after a decision.

    Parameters
    ----------
    current
        Where the sheet stands.
    decision
        What is decided.

    Returns
    -------
    ProposalState
        Where the sheet goes.

    Raises
    ------
    ConsentRefused
        If the decision may not be taken in this state; the message says which may.

    Examples
    --------
    >>> next_proposal_state(ProposalState.DRAFT, ProposalDecision.ASK)
    <ProposalState.ASKED: 'asked'>
    >>> next_proposal_state(ProposalState.DRAFT, ProposalDecision.PUBLISH)
    Traceback (most recent call last):
        ...
    alliage.knowledge.consent.ConsentRefused: Cannot publish a sheet that is draft. Possible: \
abandon, ask, edit.
    """
    possible = PROPOSAL[current]
    if decision not in possible:
        raise _not_in_this_state(decision, "a sheet", current, possible)
    return possible[decision]


def next_consent_state(current: ConsentState, decision: ConsentDecision) -> ConsentState:
    """Return the state of a consent after what happens to it.

    Parameters
    ----------
    current
        What the party said until now.
    decision
        What happens.

    Returns
    -------
    ConsentState
        What the party says now.

    Raises
    ------
    ConsentRefused
        If it may not happen in this state; the message says what may.

    Examples
    --------
    >>> next_consent_state(ConsentState.GIVEN, ConsentDecision.WITHDRAW)
    <ConsentState.WITHDRAWN: 'withdrawn'>
    """
    possible = CONSENT[current]
    if decision not in possible:
        raise _not_in_this_state(decision, "a consent", current, possible)
    return possible[decision]


def _not_in_this_state(
    decision: str, what: str, current: str, possible: Iterable[str]
) -> ConsentRefused:
    allowed = ", ".join(sorted(possible)) or "nothing"
    message = f"Cannot {decision} {what} that is {current}. Possible: {allowed}."
    return ConsentRefused(ConsentProblem.NOT_IN_THIS_STATE, message, state=current)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a party answered, and the digest of the content that it was answering about."""

    party: str
    state: ConsentState
    digest: str = ""


def missing_consents(
    named: Iterable[str], consents: Iterable[Consent], digest: str
) -> tuple[str, ...]:
    """Return the parties named by a content that did not consent to this very content.

    Parameters
    ----------
    named
        The parties that the content names.
    consents
        What was answered; a party that answered nothing may be absent.
    digest
        The digest of the content.

    Returns
    -------
    tuple of str
        Parties whose consent is missing, in the order in which they are named.

    Examples
    --------
    >>> given = Consent("ville", ConsentState.GIVEN, "abc")
    >>> missing_consents(["ville", "club"], [given], "abc")
    ('club',)
    >>> missing_consents(["ville"], [given], "other")
    ('ville',)
    """
    there = {
        each.party
        for each in consents
        if each.state is ConsentState.GIVEN and each.digest == digest
    }
    return tuple(dict.fromkeys(party for party in named if party not in there))


def check_all_consent(named: Iterable[str], consents: Iterable[Consent], digest: str) -> None:
    """Let a sheet go on only when all those that it names consented to this very content.

    Parameters
    ----------
    named, consents, digest
        As in :func:`missing_consents`.

    Raises
    ------
    ConsentRefused
        If a consent is missing, or if nobody is named: a sheet of nobody was consented by nobody.

    Examples
    --------
    >>> check_all_consent(["ville"], [], "abc")
    Traceback (most recent call last):
        ...
    alliage.knowledge.consent.ConsentRefused: 1 of 1 parties did not consent to this content: \
ville. Wait for their answer, or take their name out of the sheet.
    """
    parties = tuple(dict.fromkeys(named))
    missing = missing_consents(parties, consents, digest)
    if missing or not parties:
        message = (
            f"{len(missing)} of {len(parties)} parties did not consent to this content: "
            f"{', '.join(missing) or 'nobody is named'}. Wait for their answer, or take their "
            "name out of the sheet."
        )
        raise ConsentRefused(ConsentProblem.CONSENT_MISSING, message, parties=missing)


def check_same_content(read: str, digest: str) -> None:
    """Let a party answer only about the content that it read.

    Parameters
    ----------
    read
        The digest of what the party had before its eyes.
    digest
        The digest of the content now.

    Raises
    ------
    ConsentRefused
        If they differ.

    Examples
    --------
    >>> check_same_content("abc", "abc")
    """
    if read != digest:
        message = (
            f"The answer is about the content {read[:12]}, and the sheet is now {digest[:12]}. "
            "Read it again, then answer."
        )
        raise ConsentRefused(ConsentProblem.OTHER_CONTENT, message)


def document() -> str:
    """Write the page of the documentation that shows both tables.

    Returns
    -------
    str
        Markdown with two Mermaid diagrams.

    Examples
    --------
    >>> print(document().splitlines()[0])
    # States of a proposed case sheet and of the consents to it
    """
    return "\n".join(
        [
            "# States of a proposed case sheet and of the consents to it",
            "",
            "Generated from `src/alliage/knowledge/consent.py` by",
            "`python -m alliage.knowledge.consent > docs/reference/sheet-consent-states.md`;",
            "a test fails when this page is stale.",
            "",
            "## The proposed sheet",
            "",
            *_table(PROPOSAL, PROPOSAL_BY, ProposalState.DRAFT, "prepare"),
            "",
            "To submit and to publish, every party that the sheet names must have consented to",
            "this very content, known by its digest. Consent replaces nothing: a second person",
            "still reviews the sheet, as any entry of the base (`publication-states.md`).",
            "",
            "## The consent of a party",
            "",
            *_table(CONSENT, CONSENT_BY, ConsentState.WAITING, "ask"),
            "",
            "No decision follows from the passing of time: a party that does not answer stays",
            "`waiting`, and the sheet with it.",
            "",
        ]
    )


def _table(
    table: Mapping[StateT, Mapping[DecisionT, StateT]],
    by: Mapping[DecisionT, str],
    first: StateT,
    begins: str,
) -> list[str]:
    moves = [
        (before, decision, after)
        for before, possible in table.items()
        for decision, after in possible.items()
    ]
    ends = [state for state, possible in table.items() if not possible]
    return [
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {first}: {begins}",
        *(f"    {before} --> {after}: {decision}" for before, decision, after in moves),
        *(f"    {state} --> [*]" for state in ends),
        "```",
        "",
        "| in state | what happens | decided by | then |",
        "| --- | --- | --- | --- |",
        *(
            f"| `{before}` | `{decision}` | {by[decision]} | `{after}` |"
            for before, decision, after in moves
        ),
    ]


if __name__ == "__main__":
    sys.stdout.write(document())
