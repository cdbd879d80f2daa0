"""A questionnaire that is being filled: it lives on the device of who answers, in a signed cookie.

The server keeps nothing of it. A cookie that was altered, that is too old, or that answers another
version of the questionnaire is refused with its reason, and one starts again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.core import signing

from alliage.alliances.vocabulary import World
from alliage.positioning.doors import Preference
from alliage.positioning.questionnaire import LEVELS, NumberAsked, questionnaire
from alliage.positioning.scoring import Answers
from alliage_web.actors.models import SizeChoices
from alliage_web.positioning.models import WORLDS

if TYPE_CHECKING:
    from alliage.positioning.questionnaire import Behaviour, TextAsked

#: How long answers stay on a device after the last of them.
DAYS_ON_DEVICE = 30
#: What stands for each question: not seen yet; « do not know, does not apply », or passed.
UNSEEN, PASSED = "-", "x"
#: An answer of context: its value is kept apart.
GIVEN = "v"

_SALT = "alliage.positioning.device"
_COMPARED = {
    "0": Preference.FIRST,
    "1": Preference.AS_MUCH,
    "2": Preference.SECOND,
}
_LEVELS = {str(level): level for level in range(LEVELS)}
_LONGEST_TERRITORY = 40
_LONGEST_DOMAIN = 60
_LONGEST_GROUP = 64
_WORLDS = {code for code, _label in WORLDS}


class Unreadable(StrEnum):
    """Why what the device holds is not read."""

    ABSENT = "absent"
    ALTERED = "altered"
    EXPIRED = "expired"
    OTHER_VERSION = "other_version"


class UnreadableFillingError(Exception):
    """The device holds no answers that may be read; ``why`` tells the reason."""

    def __init__(self, why: Unreadable) -> None:
        self.why = why
        super().__init__(f"The answers on the device are not read: {why}. Start again.")


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is asked: ``number`` from 1, ``place`` in the questionnaire from 0.

    One of ``doors``, ``behaviour`` and ``context`` is set.
    """

    number: int
    place: int
    doors: tuple[str, str] | None = None
    """The codes of the two doors to compare, in the order of the questionnaire."""
    turned: bool = False
    """Whether the second of the two doors is shown first."""
    behaviour: Behaviour | None = None
    context: NumberAsked | TextAsked | None = None


@dataclass(frozen=True, slots=True)
class Filling:
    """What somebody answered so far.

    Attributes
    ----------
    version
        That of the questionnaire.
    seed
        From which the order of the comparisons is drawn.
    world
        The world of who answers.
    size
        The size of their organisation; empty if not said.
    territory
        Their commune, as ``commune/94080``; empty if not said.
    domain
        The need that they have in mind, by its code; empty if not said.
    marks
        One character for each question, in the order of the questionnaire.
    proofs
        The behaviours of which they can show something written, by their codes.
    hours, partner
        The answers of context.
    group
        The secret of the link of a group, for whoever came by it.
    """

    version: int
    seed: int
    world: World
    size: str
    territory: str
    marks: str
    domain: str = ""
    proofs: frozenset[str] = frozenset()
    hours: int | None = None
    partner: str = ""
    group: str = ""

    @property
    def next_number(self) -> int | None:
        """The number of the first question that was not seen; None when all were."""
        unseen = (q.number for q in questions(self.seed) if self.marks[q.place] == UNSEEN)
        return next(unseen, None)

    @property
    def begun(self) -> bool:
        """Whether a question was answered or passed."""
        return set(self.marks) != {UNSEEN}

    def marked(self, question: Question, mark: str) -> Filling:
        """Return the same with the answer to a question."""
        before, after = self.marks[: question.place], self.marks[question.place + 1 :]
        return replace(self, marks=before + mark + after)

    def proved(self, behaviour: Behaviour, *, proved: bool) -> Filling:
        """Return the same with, or without, something written to show of a behaviour."""
        others = self.proofs - {behaviour.code}
        return replace(self, proofs=others | {behaviour.code} if proved else others)


def asked_count() -> int:
    """Count the questions: comparisons, behaviours and context."""
    asked = questionnaire()
    return len(asked.comparisons) + len(asked.behaviours) + len(asked.context)


def start(
    *, world: World, size: str = "", territory: str = "", domain: str = "", group: str = ""
) -> Filling:
    """Begin a questionnaire, with an order of the comparisons drawn for this person."""
    return Filling(
        version=questionnaire().version,
        seed=secrets.randbelow(1 << 32),
        world=world,
        size=size,
        territory=territory,
        marks=UNSEEN * asked_count(),
        domain=domain,
        group=group,
    )


def questions(seed: int) -> tuple[Question, ...]:
    """Return the questions in the order in which a person is asked them."""
    asked = questionnaire()
    pairs = asked.comparisons
    order = sorted(range(len(pairs)), key=lambda place: _drawn(seed, place))
    compared = [
        # The last bit of another draw says which of the two doors is read first.
        Question(rank, place, doors=pairs[place], turned=_drawn(seed, place + 100) % 2 == 1)
        for rank, place in enumerate(order, start=1)
    ]
    behaviours = [
        Question(place + 1, place, behaviour=one)
        for place, one in enumerate(asked.behaviours, start=len(pairs))
    ]
    first = len(pairs) + len(asked.behaviours)
    context = [
        Question(place + 1, place, context=one)
        for place, one in enumerate(asked.context, start=first)
    ]
    return (*compared, *behaviours, *context)


def allowed_marks(question: Question) -> frozenset[str]:
    """Return what may stand for the answer to a question."""
    if question.doors:
        return frozenset({*_COMPARED, PASSED})
    if question.behaviour:
        return frozenset({*_LEVELS, PASSED})
    return frozenset({GIVEN, PASSED})


def answers(filling: Filling) -> Answers:
    """Return what was answered, as it is scored."""
    asked = questionnaire()
    pairs, behaviours = asked.comparisons, asked.behaviours
    marks = filling.marks
    levels = {
        one.code: _LEVELS[mark]
        for one, mark in zip(behaviours, marks[len(pairs) :], strict=False)
        if mark in _LEVELS
    }
    return Answers(
        comparisons={
            pair: _COMPARED[mark]
            for pair, mark in zip(pairs, marks, strict=False)
            if mark in _COMPARED
        },
        levels=levels,
        # What is not done has no proof, whatever was ticked before the answer was changed.
        proofs=frozenset(code for code in filling.proofs if levels.get(code)),
    )


def as_cookie(filling: Filling) -> str:
    """Write what the device keeps: signed, and dated."""
    told = {
        "v": filling.version,
        "s": filling.seed,
        "w": filling.world.value,
        "z": filling.size,
        "t": filling.territory,
        "d": filling.domain,
        "a": filling.marks,
        "e": [
            place
            for place, one in enumerate(questionnaire().behaviours)
            if one.code in filling.proofs
        ],
        "h": filling.hours,
        "p": filling.partner,
        "g": filling.group,
    }
    return signing.dumps(told, salt=_SALT, serializer=_Compact, compress=True)


def from_cookie(text: str | None) -> Filling:
    """Read what the device kept.

    Raises
    ------
    UnreadableFillingError
        There is nothing, or it was altered, or it is too old, or of another version.
    """
    if not text:
        raise UnreadableFillingError(Unreadable.ABSENT)
    try:
        told = signing.loads(
            text, salt=_SALT, serializer=_Compact, max_age=DAYS_ON_DEVICE * 24 * 3600
        )
    except signing.SignatureExpired as error:
        raise UnreadableFillingError(Unreadable.EXPIRED) from error
    except (signing.BadSignature, ValueError) as error:
        raise UnreadableFillingError(Unreadable.ALTERED) from error
    if not isinstance(told, dict) or told.get("v") != questionnaire().version:
        raise UnreadableFillingError(Unreadable.OTHER_VERSION)
    return _checked(told)


class _Compact:
    """JSON in which accents weigh what they weigh in UTF-8: a cookie holds 4,096 bytes."""

    def dumps(self, obj: Any) -> bytes:
        return json.dumps(obj, separators=(",", ":"), ensure_ascii=False).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


def _checked(told: dict[str, Any]) -> Filling:
    """Read the parts; what this server signed before a change of its code may no longer fit."""
    try:
        filling = Filling(
            version=told["v"],
            seed=int(told["s"]),
            world=World(told["w"]),
            size=str(told["z"]),
            territory=str(told["t"])[:_LONGEST_TERRITORY],
            domain=str(told["d"])[:_LONGEST_DOMAIN],
            marks=str(told["a"]),
            proofs=frozenset(questionnaire().behaviours[place].code for place in told["e"]),
            hours=None if told["h"] is None else int(told["h"]),
            partner=str(told["p"]),
            group=str(told["g"])[:_LONGEST_GROUP],
        )
    except (LookupError, TypeError, ValueError) as error:
        raise UnreadableFillingError(Unreadable.OTHER_VERSION) from error
    asked = questions(filling.seed)
    fits = (
        len(filling.marks) == len(asked)
        and all(filling.marks[q.place] in {UNSEEN, *allowed_marks(q)} for q in asked)
        and filling.world.value in _WORLDS
        and filling.size in {"", *SizeChoices.values}
    )
    if not fits:
        raise UnreadableFillingError(Unreadable.OTHER_VERSION)
    return filling


def _drawn(seed: int, place: int) -> int:
    """Draw a number from a seed, the same on every machine and in every version of Python."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{place}".encode()).digest()[:8])
