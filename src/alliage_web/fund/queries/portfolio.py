"""The portfolio of a fund: what it gave, its leverage, and whether the alliances say the same."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.alliances.vocabulary import AmountStatus, Lever
from alliage.economics.leverage import (
    AllianceResources,
    AmountRange,
    Envelope,
    break_even_uplift,
    budget_rules,
    check_budget,
    leverage,
    portfolio_leverage,
)
from alliage.fund.support.supports import Book, Cash, Totals, by_receiver, totals
from alliage.values.money import ZERO, euros, total
from alliage.values.text import fold
from alliage_web.alliances.queries import map_points, parents, supported_with
from alliage_web.fund.models import EndowmentStatement, RaisedResource
from alliage_web.territories.queries import facts_of

from .raised import COUNTED, is_compared
from .supports import PUBLIC, Party, all_supports, as_value, book_of, sums_of, top_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from alliage.economics.leverage import BudgetCheck, BudgetRule, Leverage, PortfolioLeverage
    from alliage.fund.support.supports import Support as SupportValue
    from alliage.values.money import Euros
    from alliage_web.alliances.queries import AlliancePoint, SupportedAlliance
    from alliage_web.fund.models import Fund, Support
    from alliage_web.territories.queries import TerritoryFacts

    from .supports import Sums

#: The seed of the draws of the interval, told beside it.
_SEED = 17


@dataclass(frozen=True, slots=True)
class PortfolioLine:
    """What an alliance received, those that are a part of it included."""

    party: Party
    totals: Totals
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """What was granted beside one statement on the endowment."""

    statement: EndowmentStatement
    share: Decimal


@dataclass(frozen=True, slots=True)
class RaisedBeside:
    """The engineering of an alliance, and the other resources that it raised."""

    alliance: Party
    resources: tuple[RaisedResource, ...]
    engineering: Euros | None
    leverage: Leverage | None
    checks: tuple[BudgetCheck, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the book and the page of an alliance say of the same money."""

    alliance: Party
    status: AmountStatus
    in_book: Euros
    told: Euros

    @property
    def agrees(self) -> bool:
        return self.in_book == self.told


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All that a fund gave, from its book, with what it stands beside."""

    rows: tuple[Support, ...]
    sums: Sums
    alliances: tuple[PortfolioLine, ...]
    parties: tuple[PortfolioLine, ...]
    unnamed: Totals
    """What names no party that received it."""
    shares: tuple[Share, ...]
    raised: tuple[RaisedBeside, ...]
    not_compared: tuple[Party, ...]
    """Alliances of which it is not known what else they raised."""
    rules: tuple[tuple[BudgetRule, Decimal], ...]
    """Each budget rule with the gain on the rest that makes up for its share."""
    points: tuple[AlliancePoint, ...]
    places: Mapping[str, tuple[TerritoryFacts, ...]]
    comparisons: tuple[Comparison, ...]

    @property
    def disagreements(self) -> tuple[Comparison, ...]:
        return tuple(one for one in self.comparisons if not one.agrees)


def given_by(fund: Fund) -> list[Support]:
    """Return what a fund itself gave, that everyone may see."""
    rows = all_supports().filter(PUBLIC, fund=fund, giver=fund.organisation_id)
    return list(rows.select_related("alliance__part_of").prefetch_related("alliance__places"))


def portfolio(fund: Fund) -> Portfolio:
    """Read the portfolio of a fund in a constant number of queries."""
    rows = given_by(fund)
    book = book_of(rows)
    sums = sums_of(rows)
    above = parents()
    names = _names(rows)
    received = by_receiver(book, part_of=above)
    codes = {row.alliance.code for row in rows if row.alliance}
    resources = _resources(fund)
    keys = {row.alliance.code: row.alliance.pk for row in rows if row.alliance}
    points = map_points(keys.values())
    granted = sums.totals.granted.cash
    compared = {top_of(code, above) for code in resources}
    return Portfolio(
        rows=tuple(rows),
        sums=sums,
        alliances=_by_name(
            PortfolioLine(
                names.get(code) or Party(code, code, ""),
                found,
                tuple(
                    sorted(names[one].name for one in codes if top_of(one, above) == code != one)
                ),
            )
            for code, found in received.items()
        ),
        parties=_parties(rows, book),
        unnamed=_unnamed(book),
        shares=tuple(
            Share(said, granted / said.eur) for said in fund.endowment.order_by("order", "pk")
        ),
        raised=_raised(resources, book, above, names),
        not_compared=tuple(
            sorted(
                (names[code] for code in received if code in names and code not in compared),
                key=lambda one: fold(one.name),
            )
        ),
        rules=tuple((rule, break_even_uplift(rule.share)) for rule in budget_rules()),
        points=tuple(points),
        places=_places(rows),
        comparisons=_comparisons(
            supported_with(fund.organisation_id), received, above=above, names=names
        ),
    )


@dataclass(frozen=True, slots=True)
class FundLeverage:
    """The engineering that a fund paid and what else was raised, over all that can be compared.

    ``not_compared`` counts the alliances that received engineering of which nothing else is known.
    """

    raised: tuple[RaisedBeside, ...]
    together: PortfolioLeverage
    checks: tuple[BudgetCheck, ...]
    not_compared: int


def leverage_of(fund: Fund) -> FundLeverage:
    """Compare engineering with what was raised over the whole fund, in a few queries."""
    rows = list(
        all_supports()
        .filter(
            PUBLIC,
            fund=fund,
            giver=fund.organisation_id,
            lever=Lever.ENGINEERING_INPUT.value,
            status=AmountStatus.GRANTED.value,
        )
        .select_related("alliance__part_of")
    )
    above = parents()
    raised = _raised(_resources(fund), book_of(rows), above, _names(rows))
    compared = {one.alliance.code for one in raised}
    received = {top_of(row.alliance.code, above) for row in rows if row.alliance}
    known = [(one, total(euros(row.eur) for row in one.resources)) for one in raised]
    return FundLeverage(
        raised=raised,
        together=portfolio_leverage(
            [AllianceResources(one.alliance.code, one.engineering, sum_) for one, sum_ in known],
            seed=_SEED,
        ),
        checks=check_budget(
            [
                Envelope(
                    one.alliance.name,
                    None if one.engineering is None else sum_ + one.engineering,
                    one.engineering,
                )
                for one, sum_ in known
            ],
            budget_rules(),
        ),
        not_compared=len(received - compared),
    )


def _names(rows: Iterable[Support]) -> dict[str, Party]:
    found = {}
    for row in rows:
        # The whole of which an alliance is a part may receive nothing by itself.
        for alliance in filter(None, (row.alliance, row.alliance and row.alliance.part_of)):
            url = alliance.get_absolute_url()
            found[alliance.code] = Party(alliance.code, alliance.display_title, url)
    return found


def _by_name(lines: Iterable[PortfolioLine]) -> tuple[PortfolioLine, ...]:
    return tuple(sorted(lines, key=lambda line: fold(line.party.name)))


def _parties(rows: Sequence[Support], book: Book) -> tuple[PortfolioLine, ...]:
    named = {
        value.receiver.party: row for row, value in zip(rows, map(as_value, rows), strict=True)
    }
    lines = []
    for code, row in named.items():
        if code is None:
            continue
        own = [one for one in book.supports if one.receiver.party == code]
        url = row.receiver.get_absolute_url() if row.receiver else ""
        lines.append(PortfolioLine(Party(code, row.party_label, url), _added(own), ()))
    return _by_name(lines)


def _added(supports: Iterable[SupportValue]) -> Totals:
    return totals(Book.of_selection(supports).counted)


def _unnamed(book: Book) -> Totals:
    return _added(one for one in book.supports if one.receiver.party is None)


def _resources(fund: Fund) -> dict[str, list[RaisedResource]]:
    found: dict[str, list[RaisedResource]] = defaultdict(list)
    rows = RaisedResource.objects.filter(COUNTED, fund=fund).select_related("fund", "alliance")
    for row in rows.order_by("year", "code", "pk"):
        found[row.alliance.code].append(row)
    return found


def _raised(
    resources: Mapping[str, Sequence[RaisedResource]],
    book: Book,
    above: Mapping[str, str],
    names: Mapping[str, Party],
) -> tuple[RaisedBeside, ...]:
    """Compare engineering with what else was raised, alliance by alliance.

    Money that was granted is compared with money that was granted; the rest is told, not counted.
    """
    spent: dict[str, list[Euros]] = defaultdict(list)
    for one in book.counted:
        if (
            one.lever is Lever.ENGINEERING_INPUT
            and one.status is AmountStatus.GRANTED
            and one.receiver.alliance
            and isinstance(one.value, Cash)
        ):
            spent[top_of(one.receiver.alliance, above)].append(one.value.amount)
    found = []
    for code, rows in resources.items():
        top = top_of(code, above)
        alliance = rows[0].alliance
        party = names.get(top) or Party(
            alliance.code, alliance.display_title, alliance.get_absolute_url()
        )
        counted = [euros(row.eur) for row in rows if is_compared(row)]
        engineering = total(spent[top]) if top in spent else None
        raised = total(counted) if counted and engineering is not None else None
        envelope = Envelope(
            party.name,
            None if raised is None or engineering is None else raised + engineering,
            engineering,
        )
        found.append(
            RaisedBeside(
                alliance=party,
                resources=tuple(rows),
                engineering=engineering,
                leverage=None
                if engineering is None or raised is None
                else leverage(AmountRange.exactly(engineering), AmountRange.exactly(raised)),
                checks=check_budget([envelope], budget_rules()),
            )
        )
    return tuple(found)


def _places(rows: Iterable[Support]) -> dict[str, tuple[TerritoryFacts, ...]]:
    """Give the territories of each alliance, with their sizes."""
    pairs: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.alliance and row.alliance.code not in pairs:
            pairs[row.alliance.code] = [place.territory_id for place in row.alliance.places.all()]
    facts = facts_of(key for keys in pairs.values() for key in keys)
    return {code: tuple(facts[key] for key in keys if key in facts) for code, keys in pairs.items()}


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the book of a fund says it gave, held against the pages of the alliances.

    ``totals`` is None while the book has nothing of this fund: the pages alone tell then.
    """

    totals: Totals | None
    comparisons: tuple[Comparison, ...]

    @property
    def disagreements(self) -> tuple[Comparison, ...]:
        return tuple(one for one in self.comparisons if not one.agrees)


def reconciled(fund: Fund, alliances: Sequence[SupportedAlliance]) -> Reconciled:
    """Hold the book of a fund against the pages of the alliances, in two queries."""
    rows = list(
        all_supports()
        .filter(PUBLIC, fund=fund, giver=fund.organisation_id)
        .select_related("alliance__part_of")
    )
    if not rows:
        return Reconciled(None, ())
    book, above = book_of(rows), parents()
    received = by_receiver(book, part_of=above)
    compared = _comparisons(alliances, received, above=above, names=_names(rows))
    return Reconciled(totals(book.counted), compared)


def _comparisons(
    alliances: Sequence[SupportedAlliance],
    received: Mapping[str, Totals],
    *,
    above: Mapping[str, str],
    names: Mapping[str, Party],
) -> tuple[Comparison, ...]:
    """Hold the book against what the pages of the alliances tell, alliance by alliance."""
    told: dict[tuple[str, AmountStatus], Euros] = defaultdict(lambda: ZERO)
    pages = dict(names)
    shown = {item.id for item in alliances}
    for item in alliances:
        top = top_of(item.code, above)
        pages.setdefault(item.code, Party(item.code, item.title, item.url))
        for amount in item.amounts:
            if not (amount.part_of_parent and item.parent_id in shown):
                told[top, AmountStatus(amount.status)] += euros(amount.eur)
    kept = {
        (code, status): split.cash
        for code, found in received.items()
        for status, split in (
            (AmountStatus.GRANTED, found.granted),
            (AmountStatus.CONDITIONAL, found.conditional),
        )
    }
    keys = {key for key, eur in (*told.items(), *kept.items()) if eur}
    return tuple(
        Comparison(
            pages.get(code) or Party(code, code, ""),
            status,
            kept.get((code, status), ZERO),
            told.get((code, status), ZERO),
        )
        for code, status in sorted(keys, key=lambda key: (fold(_name(pages, key[0])), key[1]))
    )


def _name(pages: Mapping[str, Party], code: str) -> str:
    return pages[code].name if code in pages else code
