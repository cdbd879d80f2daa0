"""What the columns of a table tell of each other, read from the respondents.

Two breakdowns are a graph: their columns are its nodes, and two columns that share somebody are
tied. Where the graph falls into parts without a column, whom that column shares with each part
follows from the others: they are the columns of the part, of one breakdown less the other.
See ``docs/algorithms/survey-disclosure.md``.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from alliage.survey.estimation.domains import within

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alliage.survey.arrays import Ints
    from alliage.survey.data.coding import Level
    from alliage.survey.estimation.domains import Kept
    from alliage.survey.sampling.cells import Cells
    from alliage.survey.sampling.sample import Source
    from alliage.survey.tables.blocks import Column

#: The name of a group of people.
Name: TypeAlias = tuple[str, ...]


class Group(NamedTuple):
    """People that columns make, some added and others taken away: a sign for each column."""

    name: Name
    signs: Ints


class Split(NamedTuple):
    """A group and those that make it, which come from another breakdown."""

    total: Group
    parts: tuple[Group, ...]
    beside: str


def name_of(group: Mapping[str, Level]) -> Name:
    """Return the name of a column."""
    return tuple(f"{name}={value}" for name, value in sorted(group.items()))


def splits(source: Source, over: Kept, columns: Sequence[Column]) -> Iterator[Split]:
    """Find what columns make of each other, whatever their variables are called.

    Parameters
    ----------
    source
        The respondents. Of moments, every two breakdowns must be in the plan together.
    over
        The domain of the table.
    columns
        The columns, each once, everybody among them.

    Raises
    ------
    SurveyError
        ``MOMENTS`` if two breakdowns are not in the plan together.

    Notes
    -----
    Source: Gusfield (1988), « A graph theoretic approach to statistical data security », SIAM
    Journal on Computing 17: of a table with its margins, the cells that can be computed are the
    bridges of the graph of those that are not known. Here the sums of the ties of a column too.
    """
    breakdowns: dict[tuple[str, ...], list[int]] = {}
    for place, column in enumerate(columns):
        breakdowns.setdefault(_apart(source, column), []).append(place)
    unit = np.eye(len(columns), dtype=np.int64)
    everybody = unit[breakdowns[()][0]]
    for one, other in itertools.combinations(breakdowns, 2):
        both = [[columns[place] for place in breakdowns[each]] for each in (one, other)]
        held = dict.fromkeys(name for own in both for name in _variables(source, own[0]))
        names = (*held, *(name for name, _ in over if name not in held))
        cells = source.cells(names, ())
        inside = np.broadcast_to(within(cells.keys, cells.levels, over), cells.count)
        places: list[Ints] = []
        nodes: list[list[Group]] = []
        for breakdown, own in zip((one, other), both, strict=True):
            signs = unit[breakdowns[breakdown]]
            places.append(_places(source, cells, own)[inside])
            nodes.append(
                [
                    Group(name_of(column.group), sign)
                    for column, sign in zip(own, signs, strict=True)
                ]
            )
            nodes[-1].append(Group((f"no {_title(breakdown)}",), everybody - signs.sum(axis=0)))
        met = np.zeros([len(own) for own in nodes], dtype=np.bool_)
        met[tuple(places)] = True
        first = len(nodes[0])
        ties = np.add(np.argwhere(met), (0, first))
        titles = (_title(one), _title(other))
        yield from _Graph([*nodes[0], *nodes[1]], first, ties, titles).splits()


def _title(breakdown: tuple[str, ...]) -> str:
    return " × ".join(breakdown)


def _apart(source: Source, column: Column) -> tuple[str, ...]:
    """Return the breakdown of a column; each option of a set of several answers has its own."""
    options = (str(column.group[name]) for name in column.breakdown if name in source.sets)
    return (*column.breakdown, *options)


def _variables(source: Source, column: Column) -> list[str]:
    """Return the columns of the respondents that tell who is in a column of the table."""
    return [str(column.group[name]) if name in source.sets else name for name in column.breakdown]


def _places(source: Source, cells: Cells, columns: Sequence[Column]) -> Ints:
    """Return the column of each cell, past the last one for who is in none, shape (C,)."""
    found = np.full(cells.count, len(columns))
    for place, column in enumerate(columns):
        own = np.ones(cells.count, dtype=np.bool_)
        for name, variable in zip(column.breakdown, _variables(source, column), strict=True):
            several = source.sets.get(name)
            level = column.group[name] if several is None else several.counted
            ranks = {known: rank for rank, known in enumerate(cells.levels[variable])}
            own &= cells.keys[variable] == ranks.get(level, len(ranks))
        found[own] = place
    return found


class _Graph(NamedTuple):
    """The columns of two breakdowns, those of the first before the others.

    Attributes
    ----------
    nodes
        The columns, and who is in none of them.
    first
        How many are of the first breakdown.
    ties
        Pairs of nodes that share somebody, shape (E, 2).
    titles
        The two breakdowns.
    """

    nodes: list[Group]
    first: int
    ties: Ints
    titles: tuple[str, str]

    def splits(self) -> Iterator[Split]:
        """Return how each column is cut, then what ties the pieces of several columns."""
        pieces: list[tuple[int, int, Group]] = []
        links: list[tuple[int, int]] = []
        for node in np.unique(self.ties).tolist():
            own = np.flatnonzero((self.ties == node).any(axis=1))
            far = self.ties[own].sum(axis=1) - node
            parts = _parts(self.ties[(self.ties != node).all(axis=1)], len(self.nodes))
            alike = [parts[far] == part for part in np.unique(parts[far])]
            cut = [
                self._piece(node, far[some], parts) if len(alike) > 1 else self.nodes[node]
                for some in alike
            ]
            if len(cut) > 1:
                yield Split(self.nodes[node], tuple(cut), self.titles[node < self.first])
            for some, piece in zip(alike, cut, strict=True):
                ties = own[some].tolist()
                links += ((ties[0], tie) for tie in ties)
                pieces.append((node, ties[0], piece))
        blocks = _parts(np.array(links), len(self.ties))
        for block, ties in enumerate(np.bincount(blocks).tolist()):
            one, other = (
                tuple(
                    piece
                    for node, tie, piece in pieces
                    if blocks[tie] == block and (node < self.first) == is_first
                )
                for is_first in (True, False)
            )
            if ties == 1 and one[0].name != other[0].name:
                yield Split(one[0], other, self.titles[1])
            # Of a graph in one piece, both breakdowns make everybody.
            if 1 < ties < len(self.ties):
                name = (" or ".join(" ".join(piece.name) for piece in one),)
                whole = Group(name, np.sum([piece.signs for piece in one], axis=0))
                yield Split(whole, one, self.titles[0])
                yield Split(whole, other, self.titles[1])

    def _piece(self, node: int, far: Ints, parts: Ints) -> Group:
        """Return whom a column shares with some others, all that are in one part without it."""
        if len(far) == 1 and (self.ties == far[0]).sum() == 1:
            return self.nodes[int(far[0])]
        inside = np.flatnonzero(parts == parts[far[0]]).tolist()
        opposite = {place: (place < self.first) != (node < self.first) for place in inside}
        signs = [(1 if is_far else -1) * self.nodes[at].signs for at, is_far in opposite.items()]
        others = " or ".join(" ".join(self.nodes[place].name) for place in far.tolist())
        return Group(tuple(sorted((*self.nodes[node].name, others))), np.sum(signs, axis=0))


def _parts(ties: Ints, size: int) -> Ints:
    """Return the part of a graph where each node is."""
    ends = tuple(ties.reshape(-1, 2).T)
    graph = coo_array((np.ones(len(ties)), ends), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1])
