"""« Comparable mais différent »: the same need, met on a territory of another size.

Reasons and differences are codes with values, which the page turns into one sentence each, in the
language of the reader. See ``docs/algorithms/comparable-examples.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Parts of the score. Chosen, not fitted: nobody has judged pairs of examples yet.
DOMAINS_WEIGHT = 0.5
OBJECTIVES_WEIGHT = 0.2
RESEMBLANCE_WEIGHT = 0.3

#: Without a domain in common, a text has to be closer than this share of the others.
CLOSE_TEXT = 0.9


class ReasonCode(StrEnum):
    """Why an example is comparable, and why it is different."""

    #: values: domains that both have.
    SHARED_DOMAINS = "shared_domains"
    #: values: objectives that both have.
    SHARED_OBJECTIVES = "shared_objectives"
    #: values: whole percentage of the other examples whose text is less close.
    CLOSE_TEXT = "close_text"
    #: values: size classes that it has and the example read has not; ``here``: those of the latter.
    OTHER_SIZE = "other_size"


class DifferenceCode(StrEnum):
    """What to check before copying: the context is not the same."""

    #: values: worlds of actors that took part there and not here.
    WORLDS_ADDED = "worlds_added"
    #: values: worlds of actors that took part here and not there.
    WORLDS_MISSING = "worlds_missing"
    #: values: stage there; ``here``: stage of the example read.
    STAGE = "stage"


@dataclass(frozen=True, slots=True)
class Situation:
    """What is compared of an example. Codes are those of the vocabularies."""

    key: str
    domains: frozenset[str]
    objectives: frozenset[str]
    #: Size classes of its widest territories (an intercommunality, not also its communes); empty
    #: if it has none, or covers a department or more.
    sizes: frozenset[str]
    worlds: frozenset[str] = frozenset()
    stage: str | None = None
    #: Key of the alliance that it is a part of, or its own: parts of one alliance are not examples
    #: of each other.
    family: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason: a code and the values to put in its sentence."""

    code: ReasonCode
    values: tuple[str, ...]
    here: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of context: a code and the values to put in its sentence."""

    code: DifferenceCode
    values: tuple[str, ...]
    here: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparable:
    """An example that met the same need elsewhere, why, and what differs."""

    key: str
    score: float
    reasons: tuple[Reason, ...]
    differences: tuple[Difference, ...]


def comparable_examples(
    example: Situation,
    others: Iterable[Situation],
    *,
    resemblances: Mapping[str, float] | None = None,
    any_size: bool = False,
    limit: int = 3,
) -> tuple[Comparable, ...]:
    """Return examples of the same need on territories of another size, the closest need first.

    Parameters
    ----------
    example : Situation
        The example being read. Without a known size, nothing can be of another size: the answer
        is empty.
    others : Iterable[Situation]
        Every other published example; the example itself is left out if it is among them.
    resemblances : Mapping[str, float] | None, default: None
        How close the text of each other example is, by key: cosine of meanings, or
        ``Collection.resemblances``. Only their order counts. None compares without the texts.
    any_size : bool, default: False
        Also examples of the same size: for an example that covers the whole country, or every
        size, none is of another one.
    limit : int, default: 3
        Examples at most.

    Returns
    -------
    tuple[Comparable, ...]
        Examples of another family, with a size that ``example`` has not (unless ``any_size``), and
        a domain in common or a text among the closest. Equal scores are ordered by key.

    Examples
    --------
    >>> here = Situation("a", frozenset({"education"}), frozenset(), frozenset({"large"}))
    >>> there = Situation("b", frozenset({"education"}), frozenset(), frozenset({"tpt"}))
    >>> (found,) = comparable_examples(here, [there])
    >>> found.key, found.reasons[0].values, found.reasons[-1].values
    ('b', ('education',), ('tpt',))
    """
    candidates = [
        other
        for other in others
        if other.key != example.key
        and not (other.family and other.family == example.family)
        and (any_size or (example.sizes and other.sizes - example.sizes))
    ]
    closeness = _closeness(resemblances or {}, example.key)
    found = [
        Comparable(
            key=other.key,
            score=_score(example, other, closeness),
            reasons=tuple(_reasons(example, other, closeness)),
            differences=tuple(_differences(example, other)),
        )
        for other in candidates
        if example.domains & other.domains or closeness.get(other.key, 0) >= CLOSE_TEXT
    ]
    return tuple(sorted(found, key=lambda one: (-one.score, one.key))[:limit])


def _closeness(resemblances: Mapping[str, float], example: str) -> dict[str, float]:
    """Turn resemblances into the share of the other examples that are less close."""
    values = {key: value for key, value in resemblances.items() if key != example}
    rivals = len(values) - 1
    if rivals < 1:
        return {}
    ordered = sorted(values.values())
    below: dict[float, int] = {}
    for rank, value in enumerate(ordered):
        below.setdefault(value, rank)
    return {key: below[value] / rivals for key, value in values.items()}


def _score(example: Situation, other: Situation, closeness: Mapping[str, float]) -> float:
    parts = [
        (DOMAINS_WEIGHT, _overlap(example.domains, other.domains)),
        (OBJECTIVES_WEIGHT, _overlap(example.objectives, other.objectives)),
    ]
    if other.key in closeness:
        parts.append((RESEMBLANCE_WEIGHT, closeness[other.key]))
    # Without texts the other parts keep their proportions.
    return sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)


def _overlap(some: frozenset[str], others: frozenset[str]) -> float:
    together = some | others
    return len(some & others) / len(together) if together else 0.0


def _reasons(
    example: Situation, other: Situation, closeness: Mapping[str, float]
) -> Iterator[Reason]:
    domains = example.domains & other.domains
    if domains:
        yield Reason(ReasonCode.SHARED_DOMAINS, _sorted(domains))
    objectives = example.objectives & other.objectives
    if objectives:
        yield Reason(ReasonCode.SHARED_OBJECTIVES, _sorted(objectives))
    close = closeness.get(other.key, 0.0)
    if close >= CLOSE_TEXT:
        yield Reason(ReasonCode.CLOSE_TEXT, (str(int(close * 100)),))
    sizes = _sorted(other.sizes - example.sizes)
    if example.sizes and sizes:
        yield Reason(ReasonCode.OTHER_SIZE, sizes, here=_sorted(example.sizes))


def _differences(example: Situation, other: Situation) -> Iterator[Difference]:
    if example.worlds and other.worlds:
        added, missing = other.worlds - example.worlds, example.worlds - other.worlds
        if added:
            yield Difference(DifferenceCode.WORLDS_ADDED, _sorted(added))
        if missing:
            yield Difference(DifferenceCode.WORLDS_MISSING, _sorted(missing))
    if example.stage and other.stage and example.stage != other.stage:
        yield Difference(DifferenceCode.STAGE, (other.stage,), here=(example.stage,))


def _sorted(codes: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(codes))
