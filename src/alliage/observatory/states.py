"""Lives of a file of respondents and of a release: which decision may be taken in which state.

The tables are the specification; ``docs/reference/respondent-file-states.md`` and
``docs/reference/release-states.md`` are generated from them.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from alliage.values.lives import Life

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Where the permissions of the observatory stand.
HELD_BY: Final = "src/alliage_web/observatory/permissions.py"


class FileState(StrEnum):
    """Where a file of respondents stands."""

    #: Read and kept; what it answers, or what is wanted of it, remains to be told.
    RECEIVED = "received"
    #: Columns and specification are told: a release can be computed.
    DESCRIBED = "described"
    #: Its bytes are gone; what was computed from it stays.
    DESTROYED = "destroyed"


class FileDecision(StrEnum):
    """What a person may decide about a file of respondents."""

    #: Tell which column answers which question.
    MAP = "map"
    #: Tell what is done with each kind of anomaly.
    TREAT = "treat"
    #: Tell the design, the margins and the tables.
    DESCRIBE = "describe"
    COMPUTE = "compute"
    DESTROY = "destroy"


class ReleaseState(StrEnum):
    """Where a release stands between who computed it and the public."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    #: Its figures are no longer shown; what it held stays recorded.
    WITHDRAWN = "withdrawn"
    #: It was given up before it was published.
    DISCARDED = "discarded"


class ReleaseDecision(StrEnum):
    """What a person may decide about a release."""

    SUBMIT = "submit"
    TAKE_BACK = "take_back"
    SEND_BACK = "send_back"
    APPROVE = "approve"
    WITHDRAW = "withdraw"
    DISCARD = "discard"


class SamePersonError(ValueError):
    """A release is approved or sent back by a second person."""

    def __init__(self) -> None:
        super().__init__(
            "Who computed or submitted a release does not review it. Ask another researcher."
        )


FILE: Life[FileState, FileDecision] = Life(
    subject="a file of respondents",
    begins=(FileState.RECEIVED, "receive"),
    transitions={
        FileState.RECEIVED: {
            FileDecision.MAP: FileState.RECEIVED,
            FileDecision.TREAT: FileState.RECEIVED,
            FileDecision.DESCRIBE: FileState.DESCRIBED,
            FileDecision.DESTROY: FileState.DESTROYED,
        },
        FileState.DESCRIBED: {
            FileDecision.MAP: FileState.RECEIVED,
            FileDecision.TREAT: FileState.DESCRIBED,
            FileDecision.DESCRIBE: FileState.DESCRIBED,
            FileDecision.COMPUTE: FileState.DESCRIBED,
            FileDecision.DESTROY: FileState.DESTROYED,
        },
        FileState.DESTROYED: {},
    },
    taken_by={
        FileDecision.MAP: "a researcher",
        FileDecision.TREAT: "a researcher",
        FileDecision.DESCRIBE: "a researcher",
        FileDecision.COMPUTE: "a researcher",
        FileDecision.DESTROY: "a researcher; the platform once its date is past",
    },
    page="respondent-file-states.md",
    written_by="alliage.observatory.states respondent-file",
    held_by=HELD_BY,
)

RELEASE: Life[ReleaseState, ReleaseDecision] = Life(
    subject="a release",
    begins=(ReleaseState.DRAFT, "compute"),
    transitions={
        ReleaseState.DRAFT: {
            ReleaseDecision.SUBMIT: ReleaseState.IN_REVIEW,
            ReleaseDecision.DISCARD: ReleaseState.DISCARDED,
        },
        ReleaseState.IN_REVIEW: {
            ReleaseDecision.TAKE_BACK: ReleaseState.DRAFT,
            ReleaseDecision.SEND_BACK: ReleaseState.DRAFT,
            ReleaseDecision.APPROVE: ReleaseState.PUBLISHED,
        },
        ReleaseState.PUBLISHED: {ReleaseDecision.WITHDRAW: ReleaseState.WITHDRAWN},
        ReleaseState.WITHDRAWN: {},
        ReleaseState.DISCARDED: {},
    },
    taken_by={
        ReleaseDecision.SUBMIT: "a researcher",
        ReleaseDecision.TAKE_BACK: "a researcher",
        ReleaseDecision.SEND_BACK: "a researcher who neither computed nor submitted it",
        ReleaseDecision.APPROVE: "a researcher who neither computed nor submitted it",
        ReleaseDecision.WITHDRAW: "a researcher",
        ReleaseDecision.DISCARD: "a researcher",
    },
    page="release-states.md",
    written_by="alliage.observatory.states release",
    held_by=HELD_BY,
)

LIVES: Mapping[str, Life[Any, Any]] = {"respondent-file": FILE, "release": RELEASE}


def check_second_person(reviewer: int, makers: tuple[int | None, ...]) -> None:
    """Refuse a review by who made what is reviewed.

    Parameters
    ----------
    reviewer : int
        The person who approves or sends back.
    makers : tuple of int or None
        Who computed and who submitted; ``None`` where their account was erased.

    Raises
    ------
    SamePersonError
        If the reviewer is one of them.

    Examples
    --------
    >>> check_second_person(2, (1, 1))
    >>> check_second_person(1, (1, None))
    Traceback (most recent call last):
        ...
    alliage.observatory.states.SamePersonError: Who computed or submitted a release does not \
review it. Ask another researcher.
    """
    if reviewer in makers:
        raise SamePersonError


if __name__ == "__main__":
    sys.stdout.write(LIVES[sys.argv[1]].document())
