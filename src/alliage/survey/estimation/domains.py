"""Parts of a population: groups of one breakdown, and the domain an estimate is about.

Respondents outside keep their place in the sample with a weight of 0: they are never removed.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from alliage.survey.data.coding import NO_LEVEL, Level
from alliage.survey.data.table import chosen
from alliage.survey.errors import SurveyError, SurveyProblem, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alliage.survey.arrays import Booleans, Ints
    from alliage.survey.data.table import MultiResponse
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
        (
            name,
            tuple(levels)
            if isinstance(levels, Collection) and not isinstance(levels, str)
            else (levels,),
        )
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
    outside: int = 0

    @property
    def count(self) -> int:
        """How many groups hold somebody."""
        return len(self.labels)


def columns_of(by: Sequence[str], sets: Mapping[str, MultiResponse]) -> tuple[str, ...]:
    """Return the columns that a breakdown is read from.

    Examples
    --------
    >>> from alliage.survey.data.table import MultiResponse
    >>> columns_of(["sex", "uses"], {"uses": MultiResponse(variables=("bus", "car"))})
    ('sex', 'bus', 'car')
    """
    of_each = (sets[name].variables if name in sets else (name,) for name in by)
    return tuple(itertools.chain.from_iterable(of_each))


def groups(
    cells: Cells,
    by: Sequence[str],
    sets: Mapping[str, MultiResponse],
    over: Kept,
    answered: Booleans,
    question: str,
) -> list[tuple[Kept, Groups]]:
    """Find the groups of a breakdown inside a domain, among those who answered a question.

    Parameters
    ----------
    by : sequence of str
        Variables; and sets of columns, whose levels are their columns.
    sets : mapping
        The sets, by name.

    Returns
    -------
    list of tuple
        The groups, with their domain. Those who chose a column of a set are a domain each: who
        chose two is in two of them, who chose none in none. What is empty or outside in all of
        them stands with the first.

    Raises
    ------
    SurveyError
        ``EMPTY_DOMAIN`` if nobody is left; ``LEVEL`` for a level of the domain that does not exist,
        or a set that counts what none of its columns holds.
    """
    several = {name: sets[name] for name in by if name in sets}
    others = [name for name in by if name not in several]
    domain = np.broadcast_to(within(cells.keys, cells.levels, over), cells.count)
    known = np.ones(cells.count, dtype=bool)
    chose: dict[tuple[str, str], Booleans] = {}
    for name in others:
        known &= cells.carried(name)
    for name, one in several.items():
        ranks = chosen(name, one.counted, {each: cells.levels[each] for each in one.variables})
        for option, rank in zip(one.variables, ranks, strict=True):
            chose[name, option] = cells.keys[option] == rank
        known &= np.any([cells.carried(option) for option in one.variables], axis=0)
    found: list[tuple[Kept, Groups]] = []
    empty: list[Mapping[str, Level]] = []
    for options in itertools.product(*(one.variables for one in several.values())):
        named = dict(zip(several, options, strict=True))
        inside = domain & known
        for each in named.items():
            inside &= chose[each]
        own = _groups(cells, others, inside, answered)
        whole = [{name: {**named, **label}[name] for name in by} for label in own.labels]
        empty += ({name: {**named, **label}[name] for name in by} for label in own.empty)
        if own.count:
            counted = ((option, (several[name].counted,)) for name, option in named.items())
            found.append(((*over, *counted), replace(own, labels=tuple(whole), empty=())))
    if not found:
        asked = domain & known
        is_answered = not asked.any() or (asked & answered).any()
        raise nobody(by if is_answered else (question, *by), over)
    first_over, first = found[0]
    outside = round(cells.respondents[domain & ~known].sum())
    return [(first_over, replace(first, empty=tuple(empty), outside=outside)), *found[1:]]


def _groups(cells: Cells, by: Sequence[str], inside: Booleans, answered: Booleans) -> Groups:
    """Find the groups of a breakdown by variables, whose levels are known of those inside."""
    code = np.zeros(cells.count, dtype=np.int64)
    size = 1
    for name in by:
        code = code * len(cells.levels[name]) + np.maximum(cells.keys[name], 0)
        size *= len(cells.levels[name])
    base = inside & answered
    held = np.bincount(code[base], minlength=size) > 0
    rank = np.cumsum(held) - 1
    of_cells = np.full(cells.count, NO_LEVEL, dtype=np.int64)
    of_cells[base] = rank[code[base]]
    left = inside & ~answered
    missing = np.bincount(code[left], weights=cells.respondents[left], minlength=size)
    labels = labels_of(cells.levels, by)
    return Groups(
        of_cells,
        tuple(label for label, carried in zip(labels, held, strict=True) if carried),
        missing[held].astype(np.int64),
        tuple(label for label, carried in zip(labels, held, strict=True) if not carried),
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


def nobody(asked: Sequence[str], over: Kept) -> SurveyError:
    """Return the refusal of a domain where nobody has an answer to what is asked."""
    domain = "; ".join(f"{name}: {listed(levels)}" for name, levels in over) or "everybody"
    among = f" with an answer to {listed(asked)}" if asked else ""
    msg = (
        f"Nobody is in the domain ({domain}){among}. Widen the domain, leave out what nobody "
        "answered, or check that its levels go together."
    )
    return SurveyError(SurveyProblem.EMPTY_DOMAIN, msg, domain=domain)
