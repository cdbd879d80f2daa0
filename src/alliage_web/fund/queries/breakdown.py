"""The portfolio of a fund by world, objective, territory, size: each group leads to its records.

An alliance of several objectives or territories counts whole in each: those groups overlap, and say
so. What is not known is a group of its own, never left out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import Sum
from django.urls import reverse

from alliage.fund.money.ledger import AccountCode
from alliage.fund.support.supports import Totals, totals
from alliage.values.money import ZERO, Euros
from alliage_web.actors.models import WorldChoices
from alliage_web.alliances.models import Alliance
from alliage_web.alliances.queries.cards import terms_of, territories_of
from alliage_web.fund.models import FileStay, RunningBalance, euros_of
from alliage_web.territories.models import SizeClassChoices
from alliage_web.territories.queries import facts_of
from alliage_web.territories.queries.containment import departments_and_regions

from .supports import book_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alliage_web.fund.models import Fund, Support

#: The group of what is not known.
UNKNOWN = "inconnu"


class Dimension(StrEnum):
    """How a portfolio may be broken down, as addresses say it."""

    WORLD = "monde"
    OBJECTIVE = "objectif"
    SDG = "odd"
    STRAND = "volet"
    REGION = "region"
    DEPARTMENT = "departement"
    SIZE = "taille"


_SCHEMES = {
    Dimension.OBJECTIVE: "objective",
    Dimension.SDG: "sdg",
    Dimension.STRAND: "fund_strand",
}
_PLACES = (Dimension.REGION, Dimension.DEPARTMENT, Dimension.SIZE)
_AWARDED = (AccountCode.RESERVED, AccountCode.COMMITTED, AccountCode.PAID)


@dataclass(frozen=True, slots=True)
class FileMoney:
    """What the ledger says of some files, in euros: paid is a part of committed, of awarded."""

    files: int = 0
    awarded: Euros = ZERO
    committed: Euros = ZERO
    paid: Euros = ZERO

    def __add__(self, other: FileMoney) -> FileMoney:
        return FileMoney(
            self.files + other.files,
            self.awarded + other.awarded,
            self.committed + other.committed,
            self.paid + other.paid,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the portfolio: the alliances, what they received, and what the ledger says.

    ``money`` is None for who may not see the budget.
    """

    value: str
    label: str
    alliances: int
    totals: Totals
    money: FileMoney | None
    href: str


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The groups of a dimension, the unknown one last; ``overlaps`` when their sum is too much."""

    dimension: Dimension
    groups: tuple[Group, ...]
    overlaps: bool


@dataclass(frozen=True, slots=True)
class FileOfLedger:
    """A file with its alliance and what the ledger says of it."""

    file: str
    alliance: int | None
    """The identifier of its alliance."""
    world: str
    """The world of the party of its agreement; empty before there is one."""
    money: FileMoney


class _Keys:
    """The groups of alliances, read at once; empty when nothing is known."""

    def __init__(self, alliances: Iterable[int]) -> None:
        keys = sorted(set(alliances))
        self._terms = terms_of(keys, tuple(_SCHEMES.values()))
        self.labels: dict[tuple[Dimension, str], str] = {}
        self._places: dict[int, dict[Dimension, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._read_places(keys)

    def _read_places(self, keys: Sequence[int]) -> None:
        pairs = territories_of(keys)
        above = departments_and_regions(territory for _, territory in pairs)
        facts = facts_of(territory for _, territory in pairs)
        for alliance, territory in pairs:
            found = self._places[alliance]
            department, region = above.get(territory, (None, None))
            for dimension, place in (
                (Dimension.DEPARTMENT, department), (Dimension.REGION, region),
            ):  # fmt: skip
                if place is not None:
                    found[dimension].add(place.code)
                    self.labels[dimension, place.code] = place.name
            size = facts[territory].size_class if territory in facts else ""
            if size:
                found[Dimension.SIZE].add(size)

    def of(self, dimension: Dimension, alliance: int | None, world: str = "") -> set[str]:
        """Return the groups of something; the unknown one when nothing is known."""
        if dimension is Dimension.WORLD:
            return {world or UNKNOWN}
        if alliance is None:
            return {UNKNOWN}
        if dimension in _PLACES:
            return self._places[alliance][dimension] or {UNKNOWN}
        terms = self._terms.get(alliance, {}).get(_SCHEMES[dimension], ())
        for code, label in terms:
            self.labels[dimension, code] = label
        return {code for code, _label in terms} or {UNKNOWN}

    def label(self, dimension: Dimension, value: str) -> str:
        if dimension is Dimension.WORLD:
            return str(WorldChoices(value).label)
        if dimension is Dimension.SIZE:
            return str(SizeClassChoices(value).label)
        return self.labels.get((dimension, value), value)


@dataclass(frozen=True, slots=True)
class Records:
    """The supports and the files of a group."""

    supports: tuple[Support, ...]
    files: tuple[FileOfLedger, ...]


def files_of(fund: Fund) -> list[FileOfLedger]:
    """Return the files of a fund that its ledger knows, in two queries."""
    balances = RunningBalance.objects.filter(
        fund=fund, code__in=[code.value for code in _AWARDED]
    ).exclude(file="")
    held: dict[str, dict[str, int]] = defaultdict(dict)
    for file, code, cents in (
        balances.order_by().values_list("file", "code").annotate(s=Sum("cents"))
    ):
        held[file][code] = cents
    # Of thousands of files, only what groups them is read.
    rows = FileStay.objects.filter(fund=fund, left_at=None).order_by()
    known = {
        file: (applies or agrees, world or "")
        for file, applies, agrees, world in rows.values_list(
            "file",
            "application__alliance_id",
            "agreement__alliance_id",
            "agreement__receiver__world",
        )
    }
    found = []
    for file in sorted(held):
        reserved, committed, paid = (held[file].get(code.value, 0) for code in _AWARDED)
        money = FileMoney(
            1,
            euros_of(reserved + committed + paid),
            euros_of(committed + paid),
            euros_of(paid),
        )
        alliance, world = known.get(file, (None, ""))
        found.append(FileOfLedger(file, alliance, world, money))
    return found


def breakdowns(
    fund: Fund, rows: Sequence[Support], files: Sequence[FileOfLedger] | None
) -> tuple[Breakdown, ...]:
    """Break a portfolio down by every dimension, in a constant number of queries.

    Parameters
    ----------
    rows : sequence of Support
        What the fund gave.
    files : sequence of FileOfLedger, optional
        What its ledger knows; None for who may not see it.
    """
    keys = _keys(rows, files or ())
    return tuple(_breakdown(fund, dimension, rows, files, keys) for dimension in Dimension)


def _keys(rows: Sequence[Support], files: Sequence[FileOfLedger]) -> _Keys:
    return _Keys(
        [row.alliance_id for row in rows if row.alliance_id]
        + [file.alliance for file in files if file.alliance]
    )


def _of_support(keys: _Keys, dimension: Dimension, row: Support) -> set[str]:
    return keys.of(dimension, row.alliance_id, row.receiver.world if row.receiver else "")


def _of_file(keys: _Keys, dimension: Dimension, file: FileOfLedger) -> set[str]:
    return keys.of(dimension, file.alliance, file.world)


def _breakdown(
    fund: Fund,
    dimension: Dimension,
    rows: Sequence[Support],
    files: Sequence[FileOfLedger] | None,
    keys: _Keys,
) -> Breakdown:
    counted = {one.id: one for one in book_of(rows).counted}
    values: dict[str, list[Support]] = defaultdict(list)
    money: dict[str, FileMoney] = defaultdict(FileMoney)
    overlaps = False
    for row in rows:
        groups = _of_support(keys, dimension, row)
        overlaps |= len(groups) > 1
        for value in groups:
            values[value].append(row)
    for file in files or ():
        groups = _of_file(keys, dimension, file)
        overlaps |= len(groups) > 1
        for value in groups:
            money[value] += file.money

    def group(value: str) -> Group:
        kept = values.get(value, [])
        return Group(
            value=value,
            label="" if value == UNKNOWN else keys.label(dimension, value),
            alliances=len({row.alliance_id for row in kept if row.alliance_id}),
            totals=totals(counted[key] for row in kept if (key := str(row.uuid)) in counted),
            money=None if files is None else money.get(value, FileMoney()),
            href=reverse("fund:portfolio-group", args=[fund.code, dimension.value, value]),
        )

    found = [group(value) for value in {*values, *money}]
    found.sort(key=lambda one: (one.value == UNKNOWN, -one.totals.granted.cash, one.label))
    return Breakdown(dimension, tuple(found), overlaps)


def records_of(
    dimension: Dimension,
    value: str,
    rows: Sequence[Support],
    files: Sequence[FileOfLedger] | None,
) -> tuple[str, Records]:
    """Return the name of a group and what makes it: the same rows that its line counts."""
    keys = _keys(rows, files or ())
    supports = tuple(row for row in rows if value in _of_support(keys, dimension, row))
    kept = tuple(file for file in files or () if value in _of_file(keys, dimension, file))
    known = bool(supports or kept) and value != UNKNOWN
    return (keys.label(dimension, value) if known else ""), Records(supports, kept)


def alliances_named(keys: Iterable[int]) -> dict[int, Alliance]:
    return Alliance.objects.in_bulk(set(keys))


def totals_of(rows: Iterable[Support], whole: Iterable[Support]) -> Totals:
    """Add supports up; a detail counts in its whole, as in the book that holds both."""
    kept = {str(row.uuid) for row in rows}
    return totals(one for one in book_of(whole).counted if one.id in kept)
