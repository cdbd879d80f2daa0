"""Which columns of a release are kept back, so that no difference of figures tells of too few.

Groups are sets of respondents: two of them, in one release or in two, whose difference is a few
people, tell what these people answered. See ``docs/algorithms/observatory-releases.md``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.protection.disclosure import Cause, Sum, attack, suppress

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from alliage.survey.arrays import Booleans, Floats, Ints

#: A group by its levels, as « variable=level » in the order of the variables; empty: everybody.
Key: TypeAlias = tuple[str, ...]

EVERYBODY: Key = ()
#: Shares of a residual under which a group is a combination of others.
_NOTHING = 1e-9


def key_of(breakdown: Iterable[str], levels: Iterable[object]) -> Key:
    """Return the key of a group.

    Examples
    --------
    >>> key_of(["sex", "age"], ["woman", "18_24"])
    ('age=18_24', 'sex=woman')
    """
    return tuple(sorted(f"{name}={level}" for name, level in zip(breakdown, levels, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Respondents gathered by everything that breaks them down.

    Attributes
    ----------
    atom
        The atom of each respondent: those of one atom are in the same groups, shape (n,).
    groups
        The groups, everybody first.
    members
        Which atoms are in each group, shape (G, A).
    sums
        For each breakdown inside another, the group, its parts, and the atoms of the group that
        are in no part.
    """

    atom: Ints
    groups: tuple[Key, ...]
    members: Booleans
    sums: tuple[tuple[Key, tuple[Key, ...], Booleans], ...]

    @classmethod
    def of(
        cls,
        codes: Mapping[str, Ints],
        levels: Mapping[str, Sequence[object]],
        breakdowns: Sequence[tuple[str, ...]],
    ) -> Population:
        """Gather respondents.

        Parameters
        ----------
        codes : mapping
            The rank of the level of each respondent by variable, -1 where unknown, shape (n,).
        levels : mapping
            The levels of each variable.
        breakdowns : sequence
            Variables, or variables crossed; everybody is always there.
        """
        names = tuple(dict.fromkeys(itertools.chain.from_iterable(breakdowns)))
        size = len(next(iter(codes.values()))) if codes else 0
        place = np.zeros(size, dtype=np.int64)
        for name in names:
            place = place * (len(levels[name]) + 1) + codes[name] + 1
        kept, atom = np.unique(place, return_inverse=True)
        of_atoms: dict[str, Ints] = {}
        rest = kept
        for name in reversed(names):
            rest, code = np.divmod(rest, len(levels[name]) + 1)
            of_atoms[name] = code - 1
        found: dict[Key, Booleans] = {EVERYBODY: np.ones(len(kept), dtype=bool)}
        by_breakdown: dict[tuple[str, ...], list[Key]] = {(): [EVERYBODY]}
        for breakdown in breakdowns:
            own = by_breakdown.setdefault(breakdown, [])
            for ranks in itertools.product(*(range(len(levels[name])) for name in breakdown)):
                inside = np.ones(len(kept), dtype=bool)
                for name, rank in zip(breakdown, ranks, strict=True):
                    inside &= of_atoms[name] == rank
                key = key_of(
                    breakdown,
                    (levels[name][rank] for name, rank in zip(breakdown, ranks, strict=True)),
                )
                found[key] = inside
                own.append(key)
        sums = tuple(_sums(by_breakdown, found))
        return cls(atom, tuple(found), np.stack(list(found.values())), sums)

    def counted(self, weights: Floats | Booleans) -> Floats:
        """Sum numbers of respondents by atom, shape (A,)."""
        found = np.bincount(self.atom, weights=weights, minlength=self.members.shape[1])
        return found.astype(np.float64)


def _sums(
    by_breakdown: Mapping[tuple[str, ...], Sequence[Key]], members: Mapping[Key, Booleans]
) -> Iterator[tuple[Key, tuple[Key, ...], Booleans]]:
    for wide, fine in itertools.permutations(by_breakdown, 2):
        if not set(wide) < set(fine):
            continue
        for key in by_breakdown[wide]:
            parts = tuple(one for one in by_breakdown[fine] if set(key) <= set(one))
            inside = members[key].copy()
            for part in parts:
                inside &= ~members[part]
            yield key, parts, inside


@dataclass(frozen=True, slots=True)
class Limits:
    """When a column is kept back.

    Attributes
    ----------
    least
        Fewest respondents that a figure, or the difference of two, may tell of.
    least_base, least_effective
        Fewest respondents, and smallest effective size by Kish, of a figure that is shown.
    distance
        As ``protection`` of :func:`alliage.survey.protection.disclosure.suppress`.

    Examples
    --------
    >>> Limits(least=11, least_base=30)
    Limits(least=11, least_base=30, least_effective=0.0, distance=0.2)
    """

    least: int = 11
    least_base: float = 0.0
    least_effective: float = 0.0
    distance: float = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """Who answered a column, by atom, each of shape (A,).

    Attributes
    ----------
    people, weight, squares
        Their number, the sum of their weights and of the squares.
    levels
        For each level, the sum of the weights of those who gave it, shape (L, A).
    """

    people: Floats
    weight: Floats
    squares: Floats
    levels: Floats


@dataclass(frozen=True, slots=True)
class Known:
    """What former releases showed of a question.

    Attributes
    ----------
    shown
        The groups whose figures were shown, and would be the same: they are known.
    changed
        The groups whose figures were shown, and would now be those of a few people more or less:
        the difference would tell of these people.
    """

    shown: frozenset[Key] = frozenset()
    changed: frozenset[Key] = frozenset()


class _Question:
    """The groups of a question while what is kept back is found."""

    def __init__(
        self,
        population: Population,
        columns: Sequence[Answered],
        published: Collection[Key],
        limits: Limits,
        known: Known,
    ) -> None:
        self.population, self.columns = population, columns
        self.published, self.limits, self.known = published, limits, known
        self.hidden: set[Key] = set()
        self.place = {key: rank for rank, key in enumerate(population.groups)}
        members = population.members.astype(float)
        self.people = np.stack([members @ one.people for one in columns])
        self.weight = np.stack([members @ one.weight for one in columns])
        squares = np.stack([members @ one.squares for one in columns])
        with np.errstate(divide="ignore", invalid="ignore"):
            self.effective = np.where(squares > 0, self.weight**2 / squares, 0.0)

    def small(self) -> set[Key]:
        """Return the groups that have too few respondents, of one column at least.

        Those of former releases too: what is shown here could give them away.
        """
        limit = max(self.limits.least, self.limits.least_base)
        few = (self.people < limit) | (self.effective < self.limits.least_effective)
        secret = self.people < self.limits.least
        return {
            key
            for key, rank in self.place.items()
            if (
                (self.people[:, rank] > 0) & (few if key in self.published else secret)[:, rank]
            ).any()
        }

    def twins(self, shown: Collection[Key]) -> set[Key]:
        """Return one of each pair of groups that differ by a few people."""
        keys = [key for key in self.population.groups if key in shown]
        members = self.population.members[[self.place[key] for key in keys]].astype(float)
        found: set[Key] = set()
        for column in self.columns:
            both = (members * column.people) @ members.T
            alone = np.diag(both)
            apart = alone[:, None] + alone[None, :] - 2 * both
            near = np.triu((apart > 0.5) & (apart < self.limits.least - 0.5), 1)
            for one, other in np.argwhere(near).tolist():
                if keys[one] in found or keys[other] in found:
                    continue
                # The one told of in more detail goes, unless it is known already.
                pair = [key for key in (keys[other], keys[one]) if key not in self.known.shown]
                found.update(pair[:1])
        return found

    def system(self) -> tuple[dict[Key, float], list[Sum], dict[Key, float], set[Key]]:
        """Return weights by group, the sums that bind them, costs, and small remainders.

        A remainder is never published: it is known by difference only, and hiding it is free.
        """
        column = int(self.people.sum(axis=1).argmax())
        values = {key: float(self.weight[column, rank]) for key, rank in self.place.items()}
        costs = {key: 1.0 + abs(value) for key, value in values.items()}
        costs[EVERYBODY] *= 1e3
        told: list[Sum] = []
        small: set[Key] = set()
        for rank, (key, parts, rest) in enumerate(self.population.sums):
            people = [float(one.people[rest].sum()) for one in self.columns]
            if not any(people):
                told.append(Sum(key, parts))
                continue
            name = (*key, f"rest {rank}")
            values[name] = float(self.columns[column].weight[rest].sum())
            costs[name] = 0.0
            told.append(Sum(key, (*parts, name)))
            if any(0 < one < self.limits.least for one in people):
                small.add(name)
        return values, told, costs, small

    def solve(self) -> frozenset[Key]:
        """Find what is kept back; everything, where changes cannot be told apart otherwise."""
        try:
            return self._solved()
        except SurveyError:
            if not self.known.changed:
                raise
            return frozenset(self.published)

    def _solved(self) -> frozenset[Key]:
        # A group that only a former release showed counts too: another name, or a combination of
        # groups, could give its new figures.
        own = self.small() | (self.known.changed & self.place.keys())
        own |= self.twins((set(self.published) | self.known.shown) - own)
        values, sums, costs, remainders = self.system()
        sensitive = own | remainders
        # What a former release showed is no secret any more, and cannot be hidden.
        never = self.known.shown - self.known.changed
        secret = sensitive - never
        self.hidden = ({key for key in self.place if key not in self.published} | own) - never
        if not secret:
            return frozenset(own & set(self.published))
        unpublished = dict.fromkeys(self.hidden - own, 0.0)
        pattern = suppress(
            values,
            dict.fromkeys(secret, Cause.FEW),
            sums,
            protection=self.limits.distance,
            never=never - secret,
            costs={**costs, **unpublished},
        )
        self.hidden |= pattern.hidden
        self._combinations(secret, never)
        self._levels(secret & own, sums, never)
        return frozenset((self.hidden | own) & set(self.published))

    def _shown(self) -> list[Key]:
        return [
            key
            for key in self.place
            if key not in self.hidden and (key in self.published or key in self.known.shown)
        ]

    def _cheapest(self, among: Iterable[Key], never: Collection[Key]) -> Key | None:
        ranked = [
            (key == EVERYBODY, float(self.weight[:, self.place[key]].max()), key)
            for key in among
            if key not in never
        ]
        return min(ranked)[2] if ranked else None

    def _combinations(self, secret: Collection[Key], never: Collection[Key]) -> None:
        """Hide more while a secret is a combination of what is shown, whatever the sums."""
        members = self.population.members
        remainders = {
            (*key, f"rest {rank}"): rest for rank, (key, _, rest) in enumerate(self.population.sums)
        }
        for column in self.columns:
            there = column.people > 0
            for key in sorted(secret):
                inside = remainders[key] if key in remainders else members[self.place[key]]
                target = inside[there].astype(float)
                if not target.any():
                    continue
                while (used := self._combined(target, there)) is not None:
                    more = self._cheapest(used, never)
                    if more is None:
                        raise _given_away(key)
                    self.hidden.add(more)

    def _combined(self, target: Floats, there: Booleans) -> list[Key] | None:
        """Return the groups of which a set is a combination; ``None`` if it is none."""
        shown = self._shown()
        if not shown:
            return None
        matrix = self.population.members[[self.place[key] for key in shown]][:, there].T
        weights, *_ = np.linalg.lstsq(matrix.astype(float), target, rcond=None)
        gap = np.abs(matrix @ weights - target).max()
        if gap > _NOTHING * len(target):
            return None
        return [key for key, weight in zip(shown, weights, strict=True) if abs(weight) > _NOTHING]

    def _levels(self, secret: Collection[Key], sums: Sequence[Sum], never: Collection[Key]) -> None:
        """Hide more while the number of those who gave an answer follows, as a 0 often does."""
        members = self.population.members.astype(float)
        rests = {
            (*key, f"rest {rank}"): rest for rank, (key, _, rest) in enumerate(self.population.sums)
        }
        for column in self.columns:
            for level in column.levels:
                if not level.any():
                    # Nobody at all gave this answer: that is no secret of a group.
                    continue
                values = dict(zip(self.population.groups, (members @ level).tolist(), strict=True))
                values |= {key: float(level[rest].sum()) for key, rest in rests.items()}
                for key in sorted(secret):
                    self._level(key, values, sums, never)

    def _level(
        self, key: Key, values: Mapping[Key, float], sums: Sequence[Sum], never: Collection[Key]
    ) -> None:
        while True:
            bound = {one for each in sums for one in (each.total, *each.parts)}
            hidden = (self.hidden | {one for one in values if one not in self.place}) & bound
            if key not in hidden or not attack(values, hidden, sums, targets=[key]).recovered:
                return
            near = {
                one
                for each in sums
                if key in (each.total, *each.parts)
                for one in (each.total, *each.parts)
            }
            shown = set(self._shown())
            more = self._cheapest((one for one in near & shown if values[one] > 0), never)
            if more is None:
                return
            self.hidden.add(more)


def kept_back(
    population: Population,
    columns: Sequence[Answered],
    published: Collection[Key],
    limits: Limits,
    known: Known = Known(),
) -> frozenset[Key]:
    """Say which groups of a question are kept back, whole.

    Parameters
    ----------
    population : Population
        Respondents and all the groups, those of former releases included.
    columns : sequence of Answered
        Who answered: a question, or each item of a battery.
    published : collection of Key
        The groups that the release would show.
    limits : Limits
        When a column is kept back.
    known : Known
        What former releases showed of the question.

    Returns
    -------
    frozenset of Key
        Groups that are too small; one of two groups that differ by too few people; those whose
        figures differ from a former release by too few; and those that would give one of these
        away, by a sum, by any combination of groups, or because nobody gave an answer.

    Raises
    ------
    SurveyError
        ``REQUEST`` if former releases give away what should be kept back.

    Examples
    --------
    Four people of 44 are of the group « o »: the smallest other group goes with it.

    >>> codes = {"sex": np.repeat([0, 1, 2], [22, 18, 4])}
    >>> everybody = Population.of(codes, {"sex": ["w", "m", "o"]}, [("sex",)])
    >>> people = everybody.counted(np.ones(44))
    >>> asked = Answered(people, people, people, np.zeros((0, 3)))
    >>> sorted(kept_back(everybody, [asked], everybody.groups, Limits()))
    [('sex=m',), ('sex=o',)]

    Notes
    -----
    Source: Denning, Denning and Schwartz (1979), « The tracker: a threat to statistical database
    security », ACM Transactions on Database Systems 4, for differences of queries; Fischetti and
    Salazar (2001), Management Science 47, for sums.
    """
    return _Question(population, columns, published, limits, known).solve()


def _given_away(key: Key) -> SurveyError:
    message = (
        f"The group {listed(key) or 'everybody'} must be kept back, and former releases give it "
        "away. Publish fewer breakdowns, or correct the former release."
    )
    return SurveyError(SurveyProblem.REQUEST, message, cell=key)
