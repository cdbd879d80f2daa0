"""The charter of an alliance: its guide, its fingerprint, who still holds to it, its life.

The guide is ``charter.yaml``. The table of states is the specification:
``docs/reference/charter-states.md`` is generated from it.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import sys
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import rfc8785
from pydantic import Field, model_validator

from alliage.alliances.records import CODE, Part
from alliage.alliances.vocabulary import World
from alliage.values.lives import Life
from alliage.values.yaml_files import Fault, FaultyRecordError, Problem, read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The guide that ships with Alliage.
DEFAULT_GUIDE: Final = Path(__file__).parent / "charter.yaml"
#: An alliance joins several worlds, and so does its charter.
LEAST_WORLDS: Final = 2
#: A notice is told at most a year ahead: longer, nobody could leave.
LONGEST_NOTICE: Final = 365
#: What a fingerprint is of: a change of the shape of a frozen text changes this number.
FORMAT: Final = 1

_Code = Annotated[str, Field(pattern=CODE)]
_Sentence = Annotated[str, Field(min_length=1, max_length=400)]
_Sentences = Annotated[tuple[_Sentence, ...], Field(min_length=1)]


# ---- The guide ----------------------------------------------------------------------------------


class Asked(StrEnum):
    """What a section asks besides its text."""

    #: In how many days whoever leaves has left.
    NOTICE_DAYS = "notice_days"
    #: The day on which the parties read the charter again.
    REVIEW_ON = "review_on"


class GuideProblem(Problem):
    """What is wrong in a guide."""

    REPEATED = "repeated", "« %(code)s » stands twice. Give each section its own code."
    UNEVEN = (
        "uneven",
        "section « %(code)s » has not as many sentences in English as in French. Translate each.",
    )
    NOT_ASKED = (
        "not_asked",
        "« %(asked)s » is asked by %(count)s required sections. Ask it in exactly one.",
    )


class Section(Part):
    """A part of the charter: why it matters, what to decide, and how others might word it."""

    code: _Code
    required: bool
    asks: Asked | None = None
    title_fr: _Sentence
    title_en: _Sentence
    why_fr: _Sentence
    why_en: _Sentence
    decide_fr: _Sentences
    decide_en: _Sentences
    examples_fr: _Sentences
    examples_en: _Sentences


class Guide(Part):
    """The sections, in the order in which they are written and printed."""

    version: Annotated[int, Field(gt=0)]
    title_fr: _Sentence
    title_en: _Sentence
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _holds_together(self) -> Guide:
        counted = Counter(one.code for one in self.sections)
        faults = [
            Fault(GuideProblem.REPEATED, {"code": code}) for code, n in counted.items() if n > 1
        ]
        faults += [
            Fault(GuideProblem.UNEVEN, {"code": one.code})
            for one in self.sections
            if len(one.decide_fr) != len(one.decide_en)
            or len(one.examples_fr) != len(one.examples_en)
        ]
        asked = Counter(one.asks for one in self.sections if one.required)
        faults += [
            Fault(GuideProblem.NOT_ASKED, {"asked": one, "count": str(asked[one])})
            for one in Asked
            if asked[one] != 1
        ]
        if faults:
            raise FaultyRecordError(*faults)
        return self

    def section(self, code: str) -> Section | None:
        """Return a section by its code."""
        return next((one for one in self.sections if one.code == code), None)


@functools.cache
def guide() -> Guide:
    """Return the guide that ships with Alliage.

    Examples
    --------
    >>> [one.code for one in guide().sections if one.required]
    ['purpose', 'commitments', 'governance', 'decision', 'exit', 'review']
    """
    return read_guide(DEFAULT_GUIDE)


def read_guide(path: Path) -> Guide:
    """Read a guide.

    Parameters
    ----------
    path : Path
        A YAML file in the form of ``charter.yaml``.

    Returns
    -------
    Guide
        The guide, checked.

    Raises
    ------
    InvalidFilesError
        With every problem of the file at once.
    """
    return read_record(path, Guide)


# ---- The text -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation that is to sign, as the text names it."""

    code: str
    name: str
    world: World


@dataclass(frozen=True, slots=True)
class CharterText:
    """All that the parties agree on.

    ``charter`` and ``number`` name the charter and its version, so that two charters with the same
    words have not the same fingerprint. ``sections`` gives texts by the codes of the guide.
    """

    charter: str
    number: int
    title: str
    parties: tuple[Party, ...]
    sections: Mapping[str, str]
    notice_days: int | None = None
    review_on: dt.date | None = None


class Lack(StrEnum):
    """What keeps a text from being signed."""

    #: A required section has no text; ``section`` says which.
    EMPTY_SECTION = "empty_section"
    #: The section on leaving gives no notice.
    NO_NOTICE = "no_notice"
    #: The section on reading it again gives no day.
    NO_REVIEW = "no_review"
    #: That day has come already.
    REVIEW_PAST = "review_past"
    #: The parties come from fewer than two known worlds.
    ONE_WORLD = "one_world"


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that a text lacks, and the section where it is written, if it is one."""

    lack: Lack
    section: str = ""


def missing(text: CharterText, guide: Guide, *, on: dt.date) -> tuple[Missing, ...]:
    """Return what keeps a text from being signed; nothing if it may be.

    Parameters
    ----------
    text : CharterText
        What is written so far.
    guide : Guide
        Which sections are required.
    on : date
        The day it is: the charter is to be read again later.

    Returns
    -------
    tuple of Missing
        In the order of the guide, the worlds last.

    Examples
    --------
    >>> alone = CharterText("c", 1, "Ensemble", (Party("a", "A", World.COMPANY),), {})
    >>> found = missing(alone, guide(), on=dt.date(2026, 1, 1))
    >>> [f"{one.lack} {one.section}" for one in found][-3:]
    ['empty_section review', 'no_review review', 'one_world ']
    """
    found = []
    for section in guide.sections:
        if section.required and not text.sections.get(section.code, "").strip():
            found.append(Missing(Lack.EMPTY_SECTION, section.code))
        if section.asks is Asked.NOTICE_DAYS and text.notice_days is None:
            found.append(Missing(Lack.NO_NOTICE, section.code))
        if section.asks is Asked.REVIEW_ON:
            if text.review_on is None:
                found.append(Missing(Lack.NO_REVIEW, section.code))
            elif text.review_on <= on:
                found.append(Missing(Lack.REVIEW_PAST, section.code))
    if len(worlds(one.world for one in text.parties)) < LEAST_WORLDS:
        found.append(Missing(Lack.ONE_WORLD))
    return tuple(found)


def worlds(several: Iterable[World]) -> frozenset[World]:
    """Return the known worlds among some; « other » is a world that is not known.

    Examples
    --------
    >>> sorted(worlds([World.COMPANY, World.OTHER, World.COMPANY]))
    [<World.COMPANY: 'company'>]
    """
    return frozenset(several) - {World.OTHER}


def frozen(text: CharterText, guide: Guide) -> dict[str, Any]:
    """Return a text as it is signed: a JSON object that no later change of names reaches.

    Parameters
    ----------
    text : CharterText
        What the parties wrote.
    guide : Guide
        The titles and the order of the sections; those without text are left out.

    Returns
    -------
    dict
        JSON values only: what `fingerprint` is of, and what pages and the PDF show.

    Examples
    --------
    >>> text = CharterText("c", 1, "Ensemble", (), {"decision": "À l’unanimité."})
    >>> frozen(text, guide())["sections"]
    [{'code': 'decision', 'title': 'Comment nous décidons', 'text': 'À l’unanimité.'}]
    """
    return {
        "format": FORMAT,
        "guide": guide.version,
        "charter": text.charter,
        "version": text.number,
        "title": text.title,
        "parties": [
            {"code": one.code, "name": one.name, "world": one.world.value}
            for one in sorted(text.parties, key=lambda party: party.code)
        ],
        "sections": [
            {"code": one.code, "title": one.title_fr, "text": words}
            for one in guide.sections
            if (words := text.sections.get(one.code, "").strip())
        ],
        "notice_days": text.notice_days,
        "review_on": text.review_on.isoformat() if text.review_on else None,
    }


def fingerprint(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a frozen text in its canonical form (RFC 8785), in hexadecimal.

    Examples
    --------
    >>> fingerprint({"b": 1, "a": "é"}) == fingerprint({"a": "é", "b": 1})
    True
    >>> len(fingerprint({}))
    64
    """
    return hashlib.sha256(rfc8785.dumps(dict(content))).hexdigest()


# ---- Leaving ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Member:
    """A party of a charter in force, and the day from which it is none, once it said so."""

    world: World
    leaves_on: dt.date | None = None

    def holds(self, on: dt.date) -> bool:
        """Tell whether it is still bound on a day."""
        return self.leaves_on is None or on < self.leaves_on


def leaves_on(told_on: dt.date, notice_days: int) -> dt.date:
    """Return the day from which a party that gave notice is bound no more.

    Examples
    --------
    >>> leaves_on(dt.date(2026, 1, 31), 60)
    datetime.date(2026, 4, 1)
    """
    return told_on + dt.timedelta(days=notice_days)


def ends_on(members: Iterable[Member]) -> dt.date | None:
    """Return the day on which fewer than two worlds are left; None while none is foreseen.

    Parameters
    ----------
    members : iterable of Member
        All who signed, those who left included.

    Examples
    --------
    >>> stays, goes = Member(World.COMPANY), Member(World.CITIZEN, dt.date(2026, 4, 1))
    >>> ends_on([stays, goes])
    datetime.date(2026, 4, 1)
    >>> ends_on([stays, goes, Member(World.ASSOCIATION)]) is None
    True
    """
    everybody = list(members)
    days = sorted({one.leaves_on for one in everybody if one.leaves_on is not None})
    for day in days:
        if len(worlds(one.world for one in everybody if one.holds(day))) < LEAST_WORLDS:
            return day
    return None


# ---- States -------------------------------------------------------------------------------------


class CharterState(StrEnum):
    """Where a version of a charter stands."""

    #: Its parties write it.
    DRAFT = "draft"
    #: It is frozen, and its parties sign it.
    SIGNING = "signing"
    IN_FORCE = "in_force"
    #: A later version, which all signed, came in its place.
    REPLACED = "replaced"
    #: Fewer than two worlds are left.
    ENDED = "ended"
    #: It was given up before all signed.
    ABANDONED = "abandoned"


class CharterDecision(StrEnum):
    """What happens to a version."""

    WRITE = "write"
    OPEN_FOR_SIGNATURE = "open_for_signature"
    CHANGE_TEXT = "change_text"
    SIGN = "sign"
    SIGN_LAST = "sign_last"
    LEAVE = "leave"
    REPLACE = "replace"
    END = "end"
    ABANDON = "abandon"


CHARTER: Life[CharterState, CharterDecision] = Life(
    subject="a version of a charter",
    begins=(CharterState.DRAFT, "begin"),
    transitions={
        CharterState.DRAFT: {
            CharterDecision.WRITE: CharterState.DRAFT,
            CharterDecision.OPEN_FOR_SIGNATURE: CharterState.SIGNING,
            CharterDecision.ABANDON: CharterState.ABANDONED,
        },
        CharterState.SIGNING: {
            CharterDecision.SIGN: CharterState.SIGNING,
            CharterDecision.SIGN_LAST: CharterState.IN_FORCE,
            CharterDecision.CHANGE_TEXT: CharterState.DRAFT,
            CharterDecision.ABANDON: CharterState.ABANDONED,
        },
        CharterState.IN_FORCE: {
            CharterDecision.LEAVE: CharterState.IN_FORCE,
            CharterDecision.REPLACE: CharterState.REPLACED,
            CharterDecision.END: CharterState.ENDED,
        },
        CharterState.REPLACED: {},
        CharterState.ENDED: {},
        CharterState.ABANDONED: {},
    },
    taken_by={
        CharterDecision.WRITE: "whoever acts for a party",
        CharterDecision.OPEN_FOR_SIGNATURE: (
            "whoever acts for a party, once every required section is filled and two worlds are "
            "there"
        ),
        CharterDecision.CHANGE_TEXT: (
            "whoever acts for a party, by changing a section, the title or the parties; or a party "
            "that declines: signatures already given are cancelled, and all are told"
        ),
        CharterDecision.SIGN: "whoever acts for a party that has not signed",
        CharterDecision.SIGN_LAST: "the last party to sign",
        CharterDecision.LEAVE: "whoever acts for a party, with the notice of the charter",
        CharterDecision.REPLACE: "the last signature of a later version",
        CharterDecision.END: "the calendar, on the day a departure leaves fewer than two worlds",
        CharterDecision.ABANDON: "whoever acts for a party",
    },
    page="charter-states.md",
    written_by="alliage.positioning.charter",
    held_by="src/alliage_web/positioning/permissions/charters.py",
    note=(
        "An amendment is a new version: the former stays in force until all have signed it.\n"
        "A charter that has ended is amended no more. What is signed is a JSON object, and its\n"
        "fingerprint is the SHA-256 of its canonical form (RFC 8785)."
    ),
)


if __name__ == "__main__":
    sys.stdout.write(CHARTER.document())
