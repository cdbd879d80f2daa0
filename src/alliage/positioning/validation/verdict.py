"""What the answers received so far show of the questionnaire, and what they do not yet.

See ``docs/algorithms/positioning-validation.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from alliage.positioning.questionnaire import LEVELS
from alliage.positioning.validation.agreement import one_way_icc, weighted_kappa
from alliage.positioning.validation.bias import FLAGGED, item_bias
from alliage.positioning.validation.criterion import discrimination, item_content_validity
from alliage.positioning.validation.reliability import omega, polychoric_matrix
from alliage.positioning.validation.scalability import reproducibility, scalability

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.positioning.questionnaire import Questionnaire

    Ints: TypeAlias = NDArray[np.int64]

#: Fewest people of the pilot, of the retest, organisations with two informants, and experts.
PILOT, RETEST, INFORMANTS, EXPERTS, FOLLOWED = 300, 50, 30, 6, 100


class Check(StrEnum):
    """What is asked of the questionnaire before it claims to measure."""

    CONTENT = "content"
    SCALE = "scale"
    ITEMS = "items"
    REPRODUCIBILITY = "reproducibility"
    OMEGA = "omega"
    BIAS = "bias"
    RETEST = "retest"
    INFORMANTS = "informants"
    CRITERION = "criterion"


class Outcome(StrEnum):
    """How a check ended."""

    PASSES = "passes"
    FAILS = "fails"
    #: Too few people answered, or their answers do not allow the figure.
    NOT_YET = "not_yet"


#: What each check has to reach; for ``BIAS``, what it may not exceed.
THRESHOLDS: Mapping[Check, float] = {
    Check.CONTENT: 0.78,
    Check.SCALE: 0.40,
    Check.ITEMS: 0.30,
    Check.REPRODUCIBILITY: 0.90,
    Check.OMEGA: 0.75,
    Check.BIAS: FLAGGED,
    Check.RETEST: 0.60,
    Check.INFORMANTS: 0.60,
    Check.CRITERION: 0.70,
}

#: How many people each check needs.
NEEDED: Mapping[Check, int] = {
    Check.CONTENT: EXPERTS,
    Check.SCALE: PILOT,
    Check.ITEMS: PILOT,
    Check.REPRODUCIBILITY: PILOT,
    Check.OMEGA: PILOT,
    Check.BIAS: PILOT,
    Check.RETEST: RETEST,
    Check.INFORMANTS: INFORMANTS,
    Check.CRITERION: FOLLOWED,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A check of a door.

    Attributes
    ----------
    check, door
        What was asked, of which door.
    value
        The figure: the worst of the items, where the check is of each; ``None`` if it is not yet
        to be had.
    people
        How many are in it.
    outcome
        How it ended.
    worst
        The behaviour that has this figure; empty where the check is of the whole door.
    """

    check: Check
    door: str
    value: float | None
    people: int
    outcome: Outcome
    worst: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was gathered so far; -1 is a level that is not known.

    Attributes
    ----------
    levels
        Shape (N, 16): the first answers of each person, behaviours in the questionnaire's order.
    groups
        For each way to group people (world, size): shape (N,).
    retests
        Shape (M, 2, 16): the answers of people who answered twice, two to four weeks apart.
    informants
        Shape (O, 2, 16): the answers of two people of each organisation.
    relevance
        For each behaviour, the marks of the experts, from 1 to 4.
    alliances
        Shape (N,): 1 if an alliance was verified in the twelve months after, 0 if none, -1 if not
        known.
    """

    levels: Ints
    groups: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    retests: Ints | None = None
    informants: Ints | None = None
    relevance: Mapping[str, Sequence[int]] = field(default_factory=dict)
    alliances: Ints | None = None


def findings(evidence: Evidence, asked: Questionnaire) -> tuple[Finding, ...]:
    """Check each door.

    Parameters
    ----------
    evidence
        What was gathered.
    asked
        The questionnaire.

    Returns
    -------
    tuple of Finding
        One for each check and door.

    Raises
    ------
    ValueError
        If there is not one column of levels for each behaviour.

    Source: thresholds of Mokken (1971), Guttman (1944), McDonald (1999), Jodoin & Gierl (2001),
    Lynn (1986), Cicchetti (1994) for κ and the intraclass correlation, Hosmer & Lemeshow (2000)
    for the area.
    """
    if evidence.levels.ndim != 2 or evidence.levels.shape[1] != len(asked.behaviours):
        msg = (
            f"The levels have the shape {evidence.levels.shape}. Give (N, {len(asked.behaviours)})."
        )
        raise ValueError(msg)
    return tuple(
        finding
        for door in asked.doors
        for finding in _Door(
            door.code,
            tuple(one.code for one in asked.of_door(door.code)),
            [place for place, one in enumerate(asked.behaviours) if one.door == door.code],
            evidence,
        ).findings()
    )


def is_validated(found: Sequence[Finding]) -> bool:
    """Tell whether every check of every door passes: until then, it is a tool for dialogue.

    Examples
    --------
    >>> is_validated([Finding(Check.OMEGA, "innovate", None, 12, Outcome.NOT_YET)])
    False
    """
    return bool(found) and all(one.outcome is Outcome.PASSES for one in found)


@dataclass(frozen=True, slots=True)
class _Door:
    """The evidence on a door."""

    code: str
    items: tuple[str, ...]
    places: list[int]
    evidence: Evidence

    @property
    def levels(self) -> Ints:
        return self.evidence.levels[:, self.places]

    @property
    def complete(self) -> Ints:
        given = self.levels
        found: Ints = given[(given >= 0).all(axis=1)]
        return found

    def findings(self) -> Iterator[Finding]:
        people = len(self.complete)
        yield self._content()
        yield self._checked(Check.SCALE, people, lambda: (scalability(self.levels).scale, ""))
        yield self._checked(Check.ITEMS, people, self._lowest_item)
        yield self._checked(
            Check.REPRODUCIBILITY, people, lambda: (reproducibility(self.levels), "")
        )
        yield self._checked(
            Check.OMEGA, people, lambda: (omega(polychoric_matrix(self.levels)), "")
        )
        yield self._checked(Check.BIAS, people, self._largest_bias)
        twice = self._pairs(self.evidence.retests)
        yield self._checked(Check.RETEST, len(twice), lambda: self._lowest_kappa(twice))
        both = self._pairs(self.evidence.informants)
        yield self._checked(
            Check.INFORMANTS, len(both), lambda: (one_way_icc(both.mean(axis=2)).value, "")
        )
        yield self._criterion()

    def _checked(
        self, check: Check, people: int, figure: Callable[[], tuple[float, str]]
    ) -> Finding:
        if people < NEEDED[check]:
            return Finding(check, self.code, None, people, Outcome.NOT_YET)
        try:
            value, worst = figure()
        except ValueError:
            # Nothing varies in an item: the figure cannot be had from these answers.
            return Finding(check, self.code, None, people, Outcome.NOT_YET)
        threshold = THRESHOLDS[check]
        good = value <= threshold if check is Check.BIAS else value >= threshold
        return Finding(
            check, self.code, value, people, Outcome.PASSES if good else Outcome.FAILS, worst
        )

    def _content(self) -> Finding:
        marks = [tuple(self.evidence.relevance.get(item, ())) for item in self.items]
        return self._checked(
            Check.CONTENT,
            min(map(len, marks)),
            lambda: min(
                (item_content_validity(mark), item)
                for mark, item in zip(marks, self.items, strict=True)
            ),
        )

    def _lowest_item(self) -> tuple[float, str]:
        return min(zip(scalability(self.levels, resamples=0).items, self.items, strict=True))

    def _largest_bias(self) -> tuple[float, str]:
        known = (self.levels >= 0).all(axis=1)
        given = self.levels[known]
        found = [
            (
                item_bias(given[:, place], given.sum(axis=1) - given[:, place], group[known]).gain,
                item,
            )
            for group in self.evidence.groups.values()
            for place, item in enumerate(self.items)
        ]
        if not found:
            msg = "No group is known: nothing tells whether an item means the same to everybody."
            raise ValueError(msg)
        return max(found)

    def _pairs(self, several: Ints | None) -> Ints:
        """Return the complete pairs: shape (M, 2, 4)."""
        if several is None:
            return np.empty((0, 2, len(self.items)), dtype=np.int64)
        given = several[:, :, self.places]
        found: Ints = given[(given >= 0).all(axis=(1, 2))]
        return found

    def _lowest_kappa(self, twice: Ints) -> tuple[float, str]:
        found = []
        for place, item in enumerate(self.items):
            counts = np.zeros((LEVELS, LEVELS))
            np.add.at(counts, (twice[:, 0, place], twice[:, 1, place]), 1)
            found.append((weighted_kappa(counts).value, item))
        return min(found)

    def _criterion(self) -> Finding:
        made = self.evidence.alliances
        if made is None:
            return Finding(Check.CRITERION, self.code, None, 0, Outcome.NOT_YET)
        known = (self.levels >= 0).all(axis=1) & (made >= 0)
        sums = self.levels[known].sum(axis=1)
        return self._checked(
            Check.CRITERION,
            int(known.sum()),
            lambda: (discrimination(sums, made[known]).area, ""),
        )
