"""Parts of a population: groups of one breakdown, and the domain an estimate is about.

Respondents outside keep their place in the sample with a weight of 0: they are never removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.table import NO_LEVEL, Level

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from alliage.survey.arrays import Booleans, Ints
    from alliage.survey.cells import Cells

#: The levels that a domain keeps, by variable; one level, or several.
Domain: TypeAlias = Mapping[str, "Level | Collection[Level]"]

#: The same, with the levels of each variable in a tuple.
Kept: TypeAlias = tuple[tuple[str, tuple[Level, ...]], ...]


def kept(over: Domain | None) -> Kept:
    """Read the domain that was asked.

    Examples
    --------
    >>> kept({"region": ["N", "S"], "urban": True})
    (('region', ('N', 'S')), ('urban', (True,)))
    """
    return tuple(
        (name, (levels,) if isinstance(levels, str | int | float) else tuple(levels))
        for name, levels in (over or {}).items()
    )


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups of a breakdown inside a domain.

    Attributes
    ----------
    of_cells
        The group of each cell, -1 outside the domain, shape (C,).
    labels
        The level of each variable of the breakdown, by group.
    missing
        How many respondents of each group are not in the base, for want of an answer.
    empty
        Combinations of levels that nobody of the base carries.
    outside
        Respondents of the domain who are in no group, for want of an answer to the breakdown.
    """

    of_cells: Ints
    labels: tuple[Mapping[str, Level], ...]
    missing: Ints
    empty: tuple[Mapping[str, Level], ...]
    outside: int

    @property
    def count(self) -> int:
        """How many groups hold somebody."""
        return len(self.labels)


def groups(cells: Cells, by: Sequence[str], over: Kept, answered: Booleans) -> Groups:
    """Find the groups of a breakdown inside a domain, among those who answered.

    Raises
    ------
    SurveyError
        ``EMPTY_DOMAIN`` if nobody is left; ``LEVEL`` for a level of the domain that does not exist.
    """
    domain = _inside(cells, over)
    inside = domain.copy()
    code = np.zeros(cells.count, dtype=np.int64)
    size = 1
    for name in by:
        of_name = cells.keys[name]
        inside &= of_name != NO_LEVEL
        code = code * len(cells.levels[name]) + np.maximum(of_name, 0)
        size *= len(cells.levels[name])
    base = inside & answered
    held = np.bincount(code[base], minlength=size) > 0
    if not held.any():
        raise _empty(by, over)
    rank = np.cumsum(held) - 1
    left = inside & ~answered
    missing = np.bincount(code[left], weights=cells.respondents[left], minlength=size)
    labels = _labels(cells, by, size)
    return Groups(
        np.where(base, rank[code], NO_LEVEL),
        tuple(label for label, carried in zip(labels, held, strict=True) if carried),
        missing[held].astype(np.int64),
        tuple(label for label, carried in zip(labels, held, strict=True) if not carried),
        round(cells.respondents[domain & ~inside].sum()),
    )


def _inside(cells: Cells, over: Kept) -> Booleans:
    inside = np.ones(cells.count, dtype=bool)
    for name, levels in over:
        known = cells.levels[name]
        unknown = [level for level in levels if level not in known]
        if unknown:
            msg = (
                f"The domain keeps « {listed(unknown)} » of « {name} », whose levels are: "
                f"{listed(known, most=20)}. Name levels among these."
            )
            raise SurveyError(SurveyProblem.LEVEL, msg, column=name, value=listed(unknown))
        inside &= np.isin(cells.keys[name], [known.index(level) for level in levels])
    return inside


def _labels(cells: Cells, by: Sequence[str], size: int) -> list[dict[str, Level]]:
    labels: list[dict[str, Level]] = []
    for code in range(size):
        label: dict[str, Level] = {}
        left = code
        for name in reversed(by):
            left, place = divmod(left, len(cells.levels[name]))
            label[name] = cells.levels[name][place]
        labels.append({name: label[name] for name in by})
    return labels


def _empty(by: Sequence[str], over: Kept) -> SurveyError:
    domain = "; ".join(f"{name}: {listed(levels)}" for name, levels in over) or "everybody"
    among = f" with an answer to {listed(by)}" if by else ""
    msg = (
        f"Nobody is in the domain ({domain}){among}. Widen the domain, or check that its levels "
        "go together."
    )
    return SurveyError(SurveyProblem.EMPTY_DOMAIN, msg, domain=domain)
