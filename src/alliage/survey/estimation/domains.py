"""Parts of a population: groups of one breakdown, and the domain an estimate is about.

Respondents outside keep their place in the sample with a weight of 0: they are never removed.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from alliage.survey.data.coding import NO_LEVEL, Level
from alliage.survey.errors import SurveyError, SurveyProblem, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from alliage.survey.arrays import Booleans, Ints
    from alliage.survey.sampling.cells import Cells

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
    domain = np.broadcast_to(within(cells.keys, cells.levels, over), cells.count)
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
        raise nobody(by, over)
    rank = np.cumsum(held) - 1
    left = inside & ~answered
    missing = np.bincount(code[left], weights=cells.respondents[left], minlength=size)
    labels = labels_of(cells.levels, by)
    return Groups(
        np.where(base, rank[code], NO_LEVEL),
        tuple(label for label, carried in zip(labels, held, strict=True) if carried),
        missing[held].astype(np.int64),
        tuple(label for label, carried in zip(labels, held, strict=True) if not carried),
        round(cells.respondents[domain & ~inside].sum()),
    )


def within(
    keys: Mapping[str, Ints], levels: Mapping[str, tuple[Level, ...]], over: Kept
) -> Booleans | np.bool_:
    """Tell which cells are in a domain, from their codes; everybody if it keeps no variable.

    Raises
    ------
    SurveyError
        ``LEVEL`` for a level of the domain that does not exist.
    """
    inside: Booleans | np.bool_ = np.True_
    for name, asked in over:
        known = levels[name]
        unknown = [level for level in asked if level not in known]
        if unknown:
            msg = (
                f"The domain keeps « {listed(unknown)} » of « {name} », whose levels are: "
                f"{listed(known, most=20)}. Name levels among these."
            )
            raise SurveyError(SurveyProblem.LEVEL, msg, column=name, value=listed(unknown))
        inside = inside & np.isin(keys[name], [known.index(level) for level in asked])
    return inside


def labels_of(levels: Mapping[str, tuple[Level, ...]], by: Sequence[str]) -> list[dict[str, Level]]:
    """Return every group of a breakdown, the last variable varying first.

    Examples
    --------
    >>> labels_of({"region": ("N", "S"), "sex": ("m",)}, ["region", "sex"])
    [{'region': 'N', 'sex': 'm'}, {'region': 'S', 'sex': 'm'}]
    """
    crossed = itertools.product(*(levels[name] for name in by))
    return [dict(zip(by, group, strict=True)) for group in crossed]


def nobody(by: Sequence[str], over: Kept) -> SurveyError:
    """Return the refusal of a domain without anybody."""
    domain = "; ".join(f"{name}: {listed(levels)}" for name, levels in over) or "everybody"
    among = f" with an answer to {listed(by)}" if by else ""
    msg = (
        f"Nobody is in the domain ({domain}){among}. Widen the domain, or check that its levels "
        "go together."
    )
    return SurveyError(SurveyProblem.EMPTY_DOMAIN, msg, domain=domain)
