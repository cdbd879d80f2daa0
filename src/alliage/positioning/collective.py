"""Answers of many people, gathered so that nobody's own can be told from any of the figures.

People are counted by packets of twelve: a packet comes in whole and goes out whole, so that two
readings, of two places or of two days, differ by whole packets. See
``docs/algorithms/positioning-collective.md``.
"""

from __future__ import annotations

import functools
import hashlib
import heapq
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from alliage.positioning.doors import Preference, preferences
from alliage.positioning.questionnaire import LEVELS
from alliage.positioning.steps import UNKNOWN, steps_of
from alliage.survey.protection.disclosure import PERSONS, TOTAL, CellFacts, primary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike

    from alliage.positioning.questionnaire import Questionnaire
    from alliage.survey.protection.disclosure import Key

    #: How many people gave each answer of a question.
    Counts: TypeAlias = Mapping[str, int]

#: People of a packet: the first multiple of the base that is not under eleven.
PACKET: Final = 12
#: People of a packet who were in no packet before, at least.
NEW: Final = 11
#: Published counts are multiples of it in each packet.
BASE: Final = 3


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of everybody in a packet, and the same for all; « » is not told.

    Attributes
    ----------
    level, place
        The territory: its level (``epci``, ``department``, ``region``, or « » for the country),
        and its key.
    world, size
        Of their organisation.
    """

    level: str = ""
    place: str = ""
    world: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who agreed to be counted.

    Attributes
    ----------
    key
        What names their answers.
    places
        The key of their territory by level; those that are not known are absent.
    world, size
        Of their organisation; « » if not known.
    was_counted
        Whether they were in a packet that is not whole any more.
    """

    key: str
    places: Mapping[str, str]
    world: str = ""
    size: str = ""
    was_counted: bool = False

    def told(self, level: str, *, world: bool, size: bool) -> Told | None:
        """Return what would be told of the person; None where it is not known."""
        place = self.places.get(level, "") if level else ""
        if (level and not place) or (world and not self.world) or (size and not self.size):
            return None
        return Told(level, place, self.world if world else "", self.size if size else "")


@dataclass(frozen=True, slots=True)
class Packet:
    """Twelve people who are counted together, and what is told of them."""

    told: Told
    people: tuple[str, ...]


#: What is told, from the most to the least: the first that gathers twelve people is kept.
_TOLD: Final = (
    ("epci", True, True),
    ("epci", True, False),
    ("department", True, True),
    ("department", True, False),
    ("epci", False, False),
    ("region", True, True),
    ("region", True, False),
    ("department", False, False),
    ("", True, True),
    ("region", False, False),
    ("", True, False),
    ("", False, False),
)


def packets(people: Iterable[Person], *, seed: str) -> list[Packet]:
    """Gather people by twelve, telling of each packet as much as its twelve people share.

    At least eleven of the twelve were in no packet before. So, whatever packets are added and
    taken away, now and in the past, what is left is at least eleven people: the latest packet of
    the calculation has eleven people whom no other holds.

    Parameters
    ----------
    people
        Those who agreed and are in no whole packet.
    seed
        Draws who is with whom among people of whom the same is told: nobody is to foresee it.

    Returns
    -------
    list of Packet
        Those who are left are too few: they wait.

    Source: the rule is Alliage's; Sweeney (2002), « Achieving k-anonymity privacy protection using
    generalization and suppression », IJUFKS 10, 571, for telling less of those who are few.

    Examples
    --------
    >>> people = [Person(str(rank), {"region": "53"}, "company") for rank in range(30)]
    >>> found = packets(people, seed="a")
    >>> len(found), found[0].told
    (2, Told(level='region', place='53', world='company', size=''))
    >>> packets(people[:11], seed="a")
    []
    """
    waiting = sorted(people, key=lambda one: _drawn(seed, one.key))
    found: list[Packet] = []
    for level, world, size in _TOLD:
        classes: dict[Told, list[Person]] = defaultdict(list)
        for person in waiting:
            told = person.told(level, world=world, size=size)
            if told is not None:
                classes[told].append(person)
        for told, members in classes.items():
            found += (Packet(told, keys) for keys in _twelves(members))
        taken = {key for packet in found for key in packet.people}
        waiting = [person for person in waiting if person.key not in taken]
    return found


def _twelves(members: Sequence[Person]) -> Iterator[tuple[str, ...]]:
    """Gather by twelve; one of the twelve at most was counted before."""
    new = [one.key for one in members if not one.was_counted]
    back = [one.key for one in members if one.was_counted]
    while len(new) >= PACKET or (back and len(new) >= NEW):
        last = [back.pop()] if back else [new.pop()]
        yield (*last, *(new.pop() for _ in range(NEW)))


# What each person answered


class Answer(StrEnum):
    """Answers that are no door, step or behaviour."""

    #: Two doors or more are as probable.
    SEVERAL = "several"
    #: The comparisons turn round or hesitate too much: to be cleared up in an interview.
    UNCLEAR = "unclear"
    #: Not answered, or « do not know ».
    UNKNOWN = "unknown"
    #: The last step is reached: nothing keeps from the next.
    NOTHING = "nothing"
    #: Two facts cannot both be: to be cleared up in an interview.
    CONTRADICTION = "contradiction"
    #: No two facts contradict each other.
    NO_CONTRADICTION = "no_contradiction"


class Topic(StrEnum):
    """What a table is about."""

    DOOR = "door"
    STEP = "step"
    BLOCKING = "blocking"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is counted: its topic, its door where it has one, and its answers."""

    topic: Topic
    door: str
    answers: tuple[str, ...]

    @property
    def code(self) -> str:
        return f"{self.topic}:{self.door}" if self.door else str(self.topic)


def counted(asked: Questionnaire) -> tuple[Asked, ...]:
    """Return what is counted of a questionnaire.

    Examples
    --------
    >>> from alliage.positioning.questionnaire import questionnaire
    >>> [one.code for one in counted(questionnaire())][:3]
    ['door', 'doubt', 'step:performance_engagement']
    """
    doors = tuple(door.code for door in asked.doors)
    return (
        Asked(Topic.DOOR, "", (*doors, Answer.SEVERAL, Answer.UNCLEAR, Answer.UNKNOWN)),
        Asked(Topic.DOUBT, "", (Answer.NO_CONTRADICTION, Answer.CONTRADICTION)),
        *(Asked(Topic.STEP, door, (*map(str, range(LEVELS)), Answer.UNKNOWN)) for door in doors),
        *(
            Asked(
                Topic.BLOCKING,
                door,
                (*(one.code for one in asked.of_door(door)), Answer.NOTHING, Answer.UNKNOWN),
            )
            for door in doors
        ),
    )


def answers_given(
    comparisons: ArrayLike, levels: ArrayLike, asked: Questionnaire
) -> dict[str, list[str]]:
    """Return what each person answered to each question that is counted.

    Parameters
    ----------
    comparisons
        Shape (N, 6), values of :class:`alliage.positioning.doors.Preference`.
    levels
        Shape (N, 16), from 0 to 3, -1 for unknown, in the order of the behaviours.
    asked
        The questionnaire.

    Returns
    -------
    dict
        For each code of :func:`counted`, one answer a person.

    Examples
    --------
    >>> from alliage.positioning.questionnaire import questionnaire
    >>> found = answers_given([[0] * 6], [[1, 1, 1, 0] + [-1] * 12], questionnaire())
    >>> found["door"], found["step:performance_engagement"], found["step:innovate"]
    (['performance_engagement'], ['1'], ['unknown'])
    >>> found["blocking:performance_engagement"]
    ['other_worlds']
    """
    compared = np.asarray(comparisons, dtype=np.int64)
    known = np.asarray(levels, dtype=np.int64)
    codes = tuple(door.code for door in asked.doors)
    found = {str(Topic.DOOR): [_door(tuple(row), codes) for row in compared.tolist()]}
    place = {one.code: rank for rank, one in enumerate(asked.behaviours)}
    contradicts = np.zeros(len(known), dtype=bool)
    for rule in asked.contradictions:
        holds = np.ones(len(known), dtype=bool)
        for code, least in rule.at_least.items():
            holds &= known[:, place[code]] >= least
        for code, most in rule.at_most.items():
            holds &= (known[:, place[code]] != UNKNOWN) & (known[:, place[code]] <= most)
        contradicts |= holds
    found[str(Topic.DOUBT)] = [
        str(Answer.CONTRADICTION if one else Answer.NO_CONTRADICTION) for one in contradicts
    ]
    for door in codes:
        behaviours = [one.code for one in asked.of_door(door)]
        own = known[:, [place[code] for code in behaviours]]
        steps = steps_of(own)
        below = (own > UNKNOWN) & (own <= steps[:, None])
        first = below.argmax(axis=1)
        found[f"{Topic.STEP}:{door}"] = [
            str(Answer.UNKNOWN) if step == UNKNOWN else str(step) for step in steps.tolist()
        ]
        found[f"{Topic.BLOCKING}:{door}"] = [
            str(Answer.UNKNOWN)
            if step == UNKNOWN
            else str(Answer.NOTHING)
            if step == LEVELS - 1
            else behaviours[rank]
            for step, rank in zip(steps.tolist(), first.tolist(), strict=True)
        ]
    return found


@functools.cache
def _door(compared: tuple[int, ...], codes: tuple[str, ...]) -> str:
    """Return the door that comparisons name; there are 4,096 ways to answer."""
    found = preferences([Preference(one) for one in compared])
    if found.missing == len(compared):
        return str(Answer.UNKNOWN)
    if not found.named:
        return str(Answer.UNCLEAR)
    return codes[found.named[0]] if len(found.named) == 1 else str(Answer.SEVERAL)


# What is published


@dataclass(frozen=True, slots=True)
class PacketCounts:
    """What the twelve people of a packet answered.

    Attributes
    ----------
    true, published
        By question, how many gave each answer; published ones are multiples of :data:`BASE` that
        add up to twelve.
    """

    true: Mapping[str, Counts]
    published: Mapping[str, Counts]

    @classmethod
    def of(
        cls, given: Mapping[str, Sequence[str]], asked: Questionnaire, *, seed: str
    ) -> PacketCounts:
        """Count the answers of twelve people.

        Parameters
        ----------
        given
            As :func:`answers_given` returns them, for the people of the packet.
        asked
            The questionnaire.
        seed
            Belongs to the packet, the same for ever, and is not published.

        Raises
        ------
        ValueError
            If there are not twelve people.
        """
        true, published = {}, {}
        for question in counted(asked):
            people = Counter(given[question.code])
            if people.total() != PACKET:
                msg = f"{people.total()} people are in the packet. Give the answers of {PACKET}."
                raise ValueError(msg)
            true[question.code] = {answer: people[answer] for answer in question.answers}
            published[question.code] = rounded(true[question.code], seed=f"{seed}/{question.code}")
        return cls(true, published)


def rounded(counts: Counts, *, seed: str, base: int = BASE) -> dict[str, int]:
    """Round counts to multiples of a base, keeping their sum and, on average, each of them.

    Parameters
    ----------
    counts
        Whose sum is a multiple of the base.
    seed
        Draws the order of the answers and the start: the same counts are always rounded alike.
    base
        What each becomes a multiple of.

    Raises
    ------
    ValueError
        If the sum is no multiple of the base.

    Source: Cox (1987), « A constructive procedure for unbiased controlled rounding », JASA 82, 520,
    in one dimension: systematic sampling of the remainders.

    Examples
    --------
    >>> found = rounded({"a": 7, "b": 4, "c": 1, "d": 0}, seed="x")
    >>> sum(found.values()), {value % 3 for value in found.values()}, found["d"]
    (12, {0}, 0)
    """
    if sum(counts.values()) % base:
        msg = f"The counts add up to {sum(counts.values())}. Give a multiple of {base}."
        raise ValueError(msg)
    drawn = random.Random(seed)  # noqa: S311 - not for secrecy: the seed itself is not published
    names = list(counts)
    drawn.shuffle(names)
    start = drawn.randrange(base)
    edges, reached = [0], 0
    for name in names:
        reached += counts[name]
        edges.append((reached + start) // base * base)
    return dict(zip(names, (b - a for a, b in pairwise(edges)), strict=True))


@dataclass(frozen=True, slots=True)
class Line:
    """A group of a table.

    Attributes
    ----------
    group
        Its code; :data:`alliage.survey.protection.disclosure.TOTAL` for everybody.
    people
        How many are in it: twelve by packet.
    counts
        By answer, how many gave it; None where it is masked.
    """

    group: str
    people: int
    counts: Mapping[str, int | None]

    @property
    def margin(self) -> int:
        """How far the rounding may take a count, 19 times in 20."""
        return margin_of(self.people // PACKET)


def margin_of(packet_count: int) -> int:
    """Return the 95 % margin of the rounding of a count over some packets.

    A count of a packet is rounded with a variance of 2 at most (for a base of 3).

    Examples
    --------
    >>> margin_of(1), margin_of(100)
    (3, 28)
    """
    return int(np.ceil(1.96 * np.sqrt((BASE**2 // 4) * packet_count)))


@dataclass(frozen=True, slots=True)
class Table:
    """A question by a breakdown: everybody first, then each group."""

    question: Asked
    lines: tuple[Line, ...]

    @property
    def masked(self) -> int:
        """How many counts are masked."""
        return sum(value is None for line in self.lines for value in line.counts.values())


def table(question: Asked, groups: Mapping[str, Sequence[PacketCounts]]) -> Table:
    """Count a question by groups of packets, and mask what too few people answered.

    A count that stands for one to ten people is masked, and so are those from which it would be
    found by subtraction in the table.

    Parameters
    ----------
    question
        What is counted.
    groups
        The packets of each group; a packet is in one group. Groups of no packet are left out.

    Returns
    -------
    Table
        Everybody, then the groups in their order. Without any packet, no line.

    Examples
    --------
    >>> from alliage.positioning.questionnaire import questionnaire
    >>> given = answers_given([[0] * 6] * 12, [[1] * 16] * 12, questionnaire())
    >>> one = PacketCounts.of(given, questionnaire(), seed="a")
    >>> found = table(counted(questionnaire())[0], {"53": [one, one]})
    >>> [(line.group, line.people, line.counts["performance_engagement"]) for line in found.lines]
    [('total', 24, 24), ('53', 24, 24)]
    """
    kept = {group: found for group, found in groups.items() if found}
    code = question.code
    hidden = masked(
        {
            group: {
                answer: sum(one.true[code][answer] for one in found) for answer in question.answers
            }
            for group, found in kept.items()
        }
    )
    lines = []
    everybody = [one for found in kept.values() for one in found]
    for group, found in ((TOTAL, everybody), *kept.items()) if kept else ():
        counts: dict[str, int | None] = {}
        for answer in question.answers:
            value = sum(one.published[code][answer] for one in found)
            # One that was rounded under eleven would look like few people: it is masked as well.
            few = 0 < value < PERSONS.least
            counts[answer] = None if few or (group, answer) in hidden else value
        lines.append(Line(group, len(found) * PACKET, counts))
    return Table(question, tuple(lines))


def masked(counts: Mapping[str, Mapping[str, int]]) -> frozenset[Key]:
    """Tell which counts of a table are not shown, everybody's included.

    A count of one to ten people is masked, with enough others for it to lie on a closed path of
    masked counts, going from line to line by one answer and from answer to answer by one line. All
    of them could then be one more or one less in turn: no sum of the table gives it.

    Parameters
    ----------
    counts
        By group, how many people gave each answer. How many are in each group is known.

    Returns
    -------
    frozenset
        Pairs of a group, or :data:`alliage.survey.protection.disclosure.TOTAL`, and an answer.

    Source: Gusfield (1988), « A graph theoretic approach to statistical data security », SIAM
    Journal on Computing 17, 552: in a table of two dimensions, the cells that sums give away are
    those on no closed path. The path that hides least is looked for, cell after cell.

    Examples
    --------
    >>> sorted(masked({"a": {"yes": 4, "no": 20}, "b": {"yes": 30, "no": 18}}))
    [('a', 'no'), ('a', 'yes'), ('b', 'no'), ('b', 'yes')]
    >>> masked({"a": {"yes": 14, "no": 20}, "b": {"yes": 30, "no": 0}})
    frozenset()
    """
    every = dict(counts)
    every[TOTAL] = dict(sum((Counter(row) for row in counts.values()), Counter()))
    cells: dict[Key, int] = {
        (group, answer): value
        for group, row in every.items()
        for answer, value in row.items()
        if value
    }
    few = primary({key: CellFacts(value) for key, value in cells.items()}, PERSONS)
    hidden = set(few)
    for key in sorted(few, key=lambda one: (-cells[one], one)):
        hidden |= _closing(key, cells, hidden)
    return frozenset(hidden)


def _closing(key: Key, cells: Mapping[Key, int], hidden: set[Key]) -> set[Key]:
    """Return the cells of the cheapest path that leads from the line of a cell to its answer.

    People of a group are twelve at least: where ten gave an answer, others gave another.
    """
    beside: dict[tuple[bool, str], list[Key]] = defaultdict(list)
    for one in cells:
        if one != key:
            beside[True, one[0]].append(one)
            beside[False, one[1]].append(one)
    start, end = (True, key[0]), (False, key[1])
    reached: dict[tuple[bool, str], set[Key]] = {}
    waiting: list[tuple[int, int, tuple[bool, str], set[Key]]] = [(0, 0, start, set())]
    ties = count(1)
    while waiting:
        cost, _tie, node, path = heapq.heappop(waiting)
        if node == end:
            return path
        if node in reached:
            continue
        reached[node] = path
        for one in beside[node]:
            other = (False, one[1]) if node[0] else (True, one[0])
            if other not in reached:
                more = 0 if one in hidden else cells[one]
                heapq.heappush(waiting, (cost + more, next(ties), other, {*path, one}))
    msg = f"Everybody in {key[0]} gave the same answer: {cells[key]} people cannot be masked."
    raise ValueError(msg)


def _drawn(seed: str, key: str) -> str:
    return hashlib.sha256(f"{seed}/{key}".encode()).hexdigest()
