"""What was promised, and what a report says of it: nothing is asked twice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from alliage.values.money import Euros, total
from alliage.values.text import fold

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

_KEY_LENGTH = 16


class PromiseKind(StrEnum):
    """What was promised, in the order in which a report tells of it."""

    OBJECTIVE = "objective"
    STEP = "step"
    LEVER = "lever"
    CONDITION = "condition"
    INDICATOR = "indicator"
    BUDGET = "budget"


class Outcome(StrEnum):
    """What became of a promise. « Not known yet » is an answer; no answer is none of these."""

    DONE = "done"
    PARTLY = "partly"
    NOT_DONE = "not_done"
    NOT_KNOWN = "not_known"


#: The outcomes that a later report does not ask again.
SETTLED = frozenset({Outcome.DONE, Outcome.NOT_DONE})


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that was promised to one funder or to several, in the same words.

    Attributes
    ----------
    key
        The same for the same words, whoever asked: it is answered once.
    sign
        What will show that it is done; empty where nothing was said.
    by_when
        The last day by which it was to be done; None where nothing was said.
    planned
        Euros, of a line of a budget; None where nobody valued it, or of another promise.
    nature
        Nature of a line of a budget, such as cash or in_kind; empty of another promise.
    agreements
        Those whose funders were promised it.
    """

    key: str
    kind: PromiseKind
    text: str
    by_when: dt.date | None = None
    sign: str = ""
    planned: Euros | None = None
    nature: str = ""
    agreements: frozenset[str] = frozenset()


def promise_key(kind: PromiseKind, *words: str) -> str:
    """Make the key of a promise from its words.

    Parameters
    ----------
    kind : PromiseKind
        What was promised.
    *words : str
        What tells it from the others: its text, and for a line of a budget its nature and party.

    Returns
    -------
    str
        The kind, then a digest of the words without case, accents or punctuation.

    Examples
    --------
    >>> promise_key(PromiseKind.STEP, "Un atelier") == promise_key(PromiseKind.STEP, "un  Atelier.")
    True
    >>> promise_key(PromiseKind.STEP, "Un atelier") == promise_key(PromiseKind.LEVER, "Un atelier")
    False
    """
    said = "\n".join(fold(word) or word for word in words)
    return f"{kind}:{sha256(said.encode()).hexdigest()[:_KEY_LENGTH]}"


def joined(promises: Iterable[Promise]) -> tuple[Promise, ...]:
    """Join what was promised to several funders in the same words.

    Parameters
    ----------
    promises : iterable of Promise
        Those of each agreement.

    Returns
    -------
    tuple of Promise
        Each key once, in the order of kinds, then as they came. The earliest date is kept, the
        first sign that is written, and the first amount that is valued.

    Examples
    --------
    >>> one = Promise("step:1", PromiseKind.STEP, "An atelier", agreements=frozenset({"a"}))
    >>> two = Promise("step:1", PromiseKind.STEP, "An atelier", agreements=frozenset({"b"}))
    >>> [sorted(each.agreements) for each in joined([one, two])]
    [['a', 'b']]
    """
    found: dict[str, Promise] = {}
    for each in promises:
        found[each.key] = _both(found[each.key], each) if each.key in found else each
    order = list(PromiseKind)
    return tuple(sorted(found.values(), key=lambda each: order.index(each.kind)))


def _both(first: Promise, second: Promise) -> Promise:
    days = [day for day in (first.by_when, second.by_when) if day is not None]
    return Promise(
        first.key,
        first.kind,
        first.text,
        min(days, default=None),
        first.sign or second.sign,
        first.planned if first.planned is not None else second.planned,
        first.nature,
        first.agreements | second.agreements,
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a report says of a promise.

    Attributes
    ----------
    outcome
        None for a line of a budget, which is answered by an amount, or by « not known ».
    spent
        Euros; None when nobody knows.
    measured
        Whether an indicator was measured in the period: it is then answered.
    """

    outcome: Outcome | None = None
    text: str = ""
    spent: Euros | None = None
    measured: bool = False

    @property
    def says_something(self) -> bool:
        """Whether it answers, be it by « not known yet ».

        Examples
        --------
        >>> [Answer().says_something, Answer(Outcome.NOT_KNOWN).says_something]
        [False, True]
        """
        return self.outcome is not None or self.spent is not None or self.measured


@dataclass(frozen=True, slots=True)
class Question:
    """A promise as a report asks it. ``settled`` is the earlier answer that closes it."""

    promise: Promise
    settled: Answer | None = None
    earlier: Answer | None = None


def questions(
    promises: Sequence[Promise], earlier: Sequence[Mapping[str, Answer]] = ()
) -> tuple[Question, ...]:
    """Say what a report asks, and what earlier reports settled.

    Parameters
    ----------
    promises : sequence of Promise
        What was promised.
    earlier : sequence of mappings
        Answers of the reports that were delivered before, by key, the oldest first.

    Returns
    -------
    tuple of Question
        One for each promise. What a report said to be done or not done is settled and carried
        over; what was partly done or not known is asked again, beside what was said. A line of a
        budget is asked in every report: it is spent little by little.

    Examples
    --------
    >>> atelier = Promise("step:1", PromiseKind.STEP, "An atelier")
    >>> questions([atelier], [{"step:1": Answer(Outcome.DONE)}])[0].settled
    Answer(outcome=<Outcome.DONE: 'done'>, text='', spent=None, measured=False)
    """
    last: dict[str, Answer] = {}
    for report in earlier:
        last |= {key: answer for key, answer in report.items() if answer.says_something}
    return tuple(_question(promise, last.get(promise.key)) for promise in promises)


def _question(promise: Promise, earlier: Answer | None) -> Question:
    if (
        earlier is not None
        and earlier.outcome in SETTLED
        and promise.kind is not PromiseKind.BUDGET
    ):
        return Question(promise, settled=earlier)
    return Question(promise, earlier=earlier)


def unanswered(
    asked: Iterable[Question], answers: Mapping[str, Answer], agreement: str | None = None
) -> tuple[Promise, ...]:
    """List the promises to which nothing is answered.

    Parameters
    ----------
    asked : iterable of Question
        What the report asks.
    answers : mapping
        What is written in it, by key.
    agreement : str, optional
        Keep what was promised under this agreement alone.

    Returns
    -------
    tuple of Promise
        Those without an answer, settled ones left out.

    Examples
    --------
    >>> atelier = Promise("step:1", PromiseKind.STEP, "An atelier", agreements=frozenset({"a"}))
    >>> len(unanswered([Question(atelier)], {}, "a")), len(unanswered([Question(atelier)], {}, "b"))
    (1, 0)
    """
    nothing = Answer()
    return tuple(
        each.promise
        for each in asked
        if each.settled is None
        and (agreement is None or agreement in each.promise.agreements)
        and not answers.get(each.promise.key, nothing).says_something
    )


@dataclass(frozen=True, slots=True)
class NatureSpent:
    """A nature of a budget: planned and spent in euros, and how many lines nobody knows.

    ``spent`` is None as long as no line of the nature is known: it is not zero.
    """

    nature: str
    planned: Euros | None
    spent: Euros | None
    not_valued: int
    not_known: int


def spending(promises: Iterable[Promise], answers: Mapping[str, Answer]) -> tuple[NatureSpent, ...]:
    """Add up what was planned and spent, nature by nature; natures are never added together.

    Parameters
    ----------
    promises : iterable of Promise
        Lines of a budget; the others are left out.
    answers : mapping
        What was spent since the beginning, by key.

    Returns
    -------
    tuple of NatureSpent
        In the order in which the natures come.

    Examples
    --------
    >>> from alliage.values.money import euros
    >>> line = Promise("budget:1", PromiseKind.BUDGET, "Study", planned=euros(500), nature="cash")
    >>> spending([line], {})
    (NatureSpent(nature='cash', planned=Decimal('500.00'), spent=None, not_valued=0, not_known=1),)
    """
    by_nature: dict[str, list[Promise]] = {}
    for each in promises:
        if each.kind is PromiseKind.BUDGET:
            by_nature.setdefault(each.nature, []).append(each)
    nothing = Answer()
    found = []
    for nature, lines in by_nature.items():
        spent = [answers.get(each.key, nothing).spent for each in lines]
        planned = [each.planned for each in lines]
        found.append(
            NatureSpent(
                nature,
                _sum(planned),
                _sum(spent),
                sum(amount is None for amount in planned),
                sum(amount is None for amount in spent),
            )
        )
    return tuple(found)


def _sum(amounts: Iterable[Euros | None]) -> Euros | None:
    known = [amount for amount in amounts if amount is not None]
    return total(known) if known else None
