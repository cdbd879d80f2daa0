"""The seven levers in one book: who gave what to whom, money and the rest never mixed.

A total is a ``Split``: money, kind and time side by side, with the number of supports that have
no value. It has no bare sum, and none can be had by accident.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from alliage.alliances.vocabulary import AmountStatus, Lever
from alliage.values.money import ZERO, Euros, euros, round_half_up_to_cents, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from alliage.fund.support.valuation import InKindMethod
    from alliage.values.dates import PartialDate

KeyT = TypeVar("KeyT")

#: First and last year of a support; the last one is ``None`` while no end is known.
Span: TypeAlias = tuple[int, int | None]


class SupportProblem(StrEnum):
    """Why a support cannot be written in the book."""

    AMOUNT = "amount"
    TEXT = "text"
    PERIOD = "period"
    RECEIVER = "receiver"
    SELF = "self"
    DUPLICATE = "duplicate"
    UNKNOWN_WHOLE = "unknown_whole"
    NESTED = "nested"
    PART_DIFFERS = "part_differs"
    PARTS_EXCEED = "parts_exceed"


class SupportError(ValueError):
    """A support cannot be written in the book.

    Attributes
    ----------
    problem
        What is wrong.
    values
        The facts of the refusal, by name, as text.
    """

    def __init__(self, problem: SupportProblem, message: str, **values: object) -> None:
        self.problem = problem
        self.values = {name: str(value) for name, value in values.items()}
        super().__init__(message)


class NotValuedReason(StrEnum):
    """Why a support has no amount. It is not worth zero for all that."""

    NOT_STATED = "not_stated"
    NOT_MEASURABLE = "not_measurable"
    TO_BE_VALUED = "to_be_valued"


@dataclass(frozen=True, slots=True)
class Cash:
    """Money, in euros above zero."""

    amount: Euros

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", _above_zero(self.amount))


@dataclass(frozen=True, slots=True)
class InKind:
    """Goods or a service brought free of charge, in euros above zero, by a named method.

    Source: *contribution volontaire en nature*, règlement n° 2018-06 of the Autorité des normes
    comptables, article 211-1.
    """

    amount: Euros
    method: InKindMethod

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", _above_zero(self.amount))


@dataclass(frozen=True, slots=True)
class Time:
    """Hours of work brought free of charge, at an hourly rate that has a source.

    Attributes
    ----------
    hours
        Hours, above zero.
    rate
        Euros an hour.
    rate_source
        Where the rate comes from, such as the text that sets it.
    """

    hours: Decimal
    rate: Euros
    rate_source: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", _above_zero(self.rate))
        if not (self.hours.is_finite() and self.hours > 0):
            msg = f"{self.hours} hours. Give a decimal number of hours above 0."
            raise SupportError(SupportProblem.AMOUNT, msg, hours=self.hours)
        _check_text("rate_source", self.rate_source)

    @property
    def amount(self) -> Euros:
        """Hours times the rate, rounded half up to the cent."""
        return round_half_up_to_cents(self.hours * self.rate)


@dataclass(frozen=True, slots=True)
class NotValued:
    """A support whose value is not known."""

    reason: NotValuedReason


Value: TypeAlias = Cash | InKind | Time | NotValued


def _above_zero(amount: Euros) -> Euros:
    checked = euros(amount)
    if checked <= 0:
        msg = (
            f"A support of {checked} €. Give an amount above 0; where none is known, say that the "
            "support is not valued, and why."
        )
        raise SupportError(SupportProblem.AMOUNT, msg, amount=checked)
    return checked


def _check_text(name: str, text: str) -> None:
    if not text.strip():
        msg = f"{name} is empty. Write it."
        raise SupportError(SupportProblem.TEXT, msg, name=name)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who received: an alliance, a party, or the party of an alliance that it went to."""

    alliance: str | None = None
    party: str | None = None

    def __post_init__(self) -> None:
        if not self.alliance and not self.party:
            msg = "A support to nobody. Name the alliance, the party that received it, or both."
            raise SupportError(SupportProblem.RECEIVER, msg)


@dataclass(frozen=True, slots=True)
class Period:
    """When a support was given, as precisely as its source says.

    Attributes
    ----------
    first
        When it began.
    last
        When it ended; ``None`` while no end is known.
    """

    first: PartialDate
    last: PartialDate | None

    def __post_init__(self) -> None:
        if self.last is not None and self.last.year < self.first.year:
            msg = f"The support ends in {self.last}, before it begins in {self.first}. Correct it."
            raise SupportError(SupportProblem.PERIOD, msg, first=self.first, last=self.last)

    @property
    def span(self) -> Span:
        """The first and the last year."""
        return self.first.year, self.last.year if self.last else None


@dataclass(frozen=True, slots=True)
class Support:
    """One support: who gave what to whom, when, and how we know.

    Attributes
    ----------
    id
        Unique in the book.
    giver, receiver
        Who gave and who received, by their codes.
    lever
        One of the seven.
    description
        What was given, for people.
    value
        Money, kind, time, or not valued.
    status
        Granted or conditional: both are never added together.
    period
        When; ``None`` where no source says it.
    evidence
        The document that shows it; ``None`` where there is none.
    part_of
        The support of which this one is a detail: its amount is in the amount of that one. Where
        a split by year is known, write one support a year instead.
    """

    id: str
    giver: str
    receiver: Receiver
    lever: Lever
    description: str
    value: Value
    status: AmountStatus = AmountStatus.GRANTED
    period: Period | None = None
    evidence: str | None = None
    part_of: str | None = None

    def __post_init__(self) -> None:
        for name in ("id", "giver", "description"):
            _check_text(name, getattr(self, name))
        if self.giver == self.receiver.party:
            msg = f"« {self.giver} » gives to itself in « {self.id} ». Correct the giver."
            raise SupportError(SupportProblem.SELF, msg, id=self.id, giver=self.giver)


@dataclass(frozen=True, slots=True)
class Split:
    """What supports add up to, each nature apart. There is no bare total, on purpose.

    Attributes
    ----------
    cash, in_kind, time
        Euros of each nature.
    hours
        The hours behind ``time``.
    valued, not_valued
        How many supports have an amount, and how many have none: where ``not_valued`` is above
        zero, the amounts are a minimum.
    """

    cash: Euros = ZERO
    in_kind: Euros = ZERO
    time: Euros = ZERO
    hours: Decimal = Decimal(0)
    valued: int = 0
    not_valued: int = 0

    @classmethod
    def of(cls, value: Value) -> Split:
        """Write one value as a split."""
        match value:
            case Cash():
                return cls(cash=value.amount, valued=1)
            case InKind():
                return cls(in_kind=value.amount, valued=1)
            case Time():
                return cls(time=value.amount, hours=value.hours, valued=1)
            case NotValued():
                return cls(not_valued=1)

    def __add__(self, other: Split) -> Split:
        return Split(
            cash=self.cash + other.cash,
            in_kind=self.in_kind + other.in_kind,
            time=self.time + other.time,
            hours=self.hours + other.hours,
            valued=self.valued + other.valued,
            not_valued=self.not_valued + other.not_valued,
        )

    @property
    def complete(self) -> bool:
        """Whether every support has an amount."""
        return not self.not_valued


@dataclass(frozen=True, slots=True)
class Totals:
    """What is granted apart from what is conditional, which may never be given."""

    granted: Split = field(default_factory=Split)
    conditional: Split = field(default_factory=Split)

    def __add__(self, other: Totals) -> Totals:
        return Totals(self.granted + other.granted, self.conditional + other.conditional)


@dataclass(frozen=True, slots=True)
class Book:
    """Supports that hold together: each one once, each detail inside its whole.

    Raises
    ------
    SupportError
        If two supports have one id, or a detail names no whole of the book, is a detail of a
        detail, differs from its whole (giver, lever, status, nature) or exceeds it.
    """

    supports: tuple[Support, ...]

    def __post_init__(self) -> None:
        by_id: dict[str, Support] = {}
        for support in self.supports:
            if support.id in by_id:
                msg = f"« {support.id} » is in the book twice. Keep one."
                raise SupportError(SupportProblem.DUPLICATE, msg, id=support.id)
            by_id[support.id] = support
        details: dict[str, list[Support]] = defaultdict(list)
        for support in self.supports:
            if support.part_of is not None:
                details[support.part_of].append(support)
        for whole, parts in details.items():
            _check_parts(by_id.get(whole), parts)

    @classmethod
    def of_selection(cls, supports: Iterable[Support]) -> Book:
        """Make the book of some supports of another: a detail without its whole is whole there."""
        chosen = tuple(supports)
        ids = {support.id for support in chosen}
        return cls(
            tuple(
                support if support.part_of in ids else replace(support, part_of=None)
                for support in chosen
            )
        )

    @property
    def counted(self) -> tuple[Support, ...]:
        """The supports that make the totals: a detail is counted in its whole."""
        return tuple(support for support in self.supports if support.part_of is None)


def _check_parts(whole: Support | None, parts: Sequence[Support]) -> None:
    if whole is None:
        msg = f"« {parts[0].id} » is part of « {parts[0].part_of} », which is not in the book."
        raise SupportError(
            SupportProblem.UNKNOWN_WHOLE, f"{msg} Add it.", id=parts[0].id, whole=parts[0].part_of
        )
    if whole.part_of is not None:
        msg = f"« {whole.id} » is itself a detail. Attach its details to « {whole.part_of} »."
        raise SupportError(SupportProblem.NESTED, msg, id=whole.id, whole=whole.part_of)
    for part in parts:
        _check_same(whole, part)
    inside = total(_amount(part.value) for part in parts)
    if inside > _amount(whole.value):
        limit = _amount(whole.value)
        msg = f"The details of « {whole.id} » reach {inside} €, and it has {limit} €. Correct one."
        raise SupportError(
            SupportProblem.PARTS_EXCEED, msg, id=whole.id, inside=inside, whole=limit
        )


def _check_same(whole: Support, part: Support) -> None:
    differing = [
        name for name in ("giver", "lever", "status") if getattr(whole, name) != getattr(part, name)
    ]
    if not isinstance(part.value, NotValued) and type(part.value) is not type(whole.value):
        differing.append("value")
    if differing:
        names = ", ".join(differing)
        msg = (
            f"« {part.id} » differs from its whole « {whole.id} » by its {names}. "
            "Write them alike, or write a support of its own."
        )
        raise SupportError(SupportProblem.PART_DIFFERS, msg, id=part.id, whole=whole.id, by=names)


def _amount(value: Value) -> Euros:
    return ZERO if isinstance(value, NotValued) else value.amount


def totals(supports: Iterable[Support]) -> Totals:
    """Add up supports, each nature and each status apart.

    Parameters
    ----------
    supports : iterable of Support
        Usually ``book.counted``, or some of them.

    Returns
    -------
    Totals
        Granted and conditional.

    Examples
    --------
    >>> funding = Support(
    ...     "cga", "fund", Receiver("absr"), Lever.DIRECT_FUNDING, "interviews", Cash(euros(15_000))
    ... )
    >>> totals([funding]).granted.cash
    Decimal('15000.00')
    """
    splits = {status: Split() for status in AmountStatus}
    for support in supports:
        splits[support.status] += Split.of(support.value)
    return Totals(splits[AmountStatus.GRANTED], splits[AmountStatus.CONDITIONAL])


def _grouped(
    supports: Iterable[Support], key: Callable[[Support], KeyT]
) -> dict[KeyT, list[Support]]:
    groups: dict[KeyT, list[Support]] = defaultdict(list)
    for support in supports:
        groups[key(support)].append(support)
    return groups


def by_giver(book: Book) -> dict[str, Totals]:
    """Add up the book by who gave.

    Parameters
    ----------
    book : Book
        The supports.

    Returns
    -------
    dict[str, Totals]
        In the order of the codes of the givers.

    Examples
    --------
    >>> by_giver(Book(()))
    {}
    """
    groups = _grouped(book.counted, lambda support: support.giver)
    return {giver: totals(groups[giver]) for giver in sorted(groups)}


def by_receiver(book: Book, *, part_of: Mapping[str, str] | None = None) -> dict[str, Totals]:
    """Add up the book by the alliance that received.

    Parameters
    ----------
    book : Book
        The supports.
    part_of : Mapping[str, str], optional
        The alliance that an alliance is part of: what the part received is then counted in the
        whole. Left out, every alliance stands on its own.

    Returns
    -------
    dict[str, Totals]
        In the order of the codes of the alliances. What names no alliance is in none of them.

    Examples
    --------
    >>> study = Support(
    ...     "s", "fund", Receiver("farm"), Lever.ENGINEERING_INPUT, "study", Cash(euros(5_000))
    ... )
    >>> list(by_receiver(Book((study,)), part_of={"farm": "cluster"}))
    ['cluster']
    """
    groups: dict[str, list[Support]] = defaultdict(list)
    for support in book.counted:
        if support.receiver.alliance:
            groups[_top(support.receiver.alliance, part_of or {})].append(support)
    return {alliance: totals(groups[alliance]) for alliance in sorted(groups)}


def _top(alliance: str, part_of: Mapping[str, str]) -> str:
    seen = {alliance}
    # A circle in the links would be followed for ever: it stops where it comes back.
    while (whole := part_of.get(alliance)) is not None and whole not in seen:
        seen.add(whole)
        alliance = whole
    return alliance


def by_lever(book: Book) -> dict[Lever, Totals]:
    """Add up the book by lever.

    Parameters
    ----------
    book : Book
        The supports.

    Returns
    -------
    dict[Lever, Totals]
        All seven levers in their fixed order. One without any support has nothing in the book,
        which does not say that nothing was given.

    Examples
    --------
    >>> len(by_lever(Book(())))
    7
    """
    groups = _grouped(book.counted, lambda support: support.lever)
    return {lever: totals(groups.get(lever, ())) for lever in Lever}


@dataclass(frozen=True, slots=True)
class YearView:
    """What was given each year, as far as the sources say.

    An amount over several years is never divided: no source says how it was spread.

    Attributes
    ----------
    years
        What is known of a single year.
    not_split
        What was given over several years, by first and last year (``None``: no end is known).
    undated
        What no source dates.
    """

    years: Mapping[int, Totals]
    not_split: Mapping[Span, Totals]
    undated: Totals

    def possibly(self, year: int) -> Totals:
        """Add up what may have been given that year besides, wholly or in part.

        Parameters
        ----------
        year : int
            The year.

        Returns
        -------
        Totals
            The supports over several years of which it is one; undated ones are left out.
        """
        covering = (
            found
            for (first, last), found in self.not_split.items()
            if first <= year and (last is None or year <= last)
        )
        return sum(covering, Totals())


def by_year(supports: Iterable[Support]) -> YearView:
    """Add up supports by year, without dividing what the sources do not divide.

    Parameters
    ----------
    supports : iterable of Support
        Usually ``book.counted``.

    Returns
    -------
    YearView
        Single years, spans of years, and what is undated. Their sum is the sum of the supports.

    Examples
    --------
    >>> from alliage.values.dates import PartialDate
    >>> over_two_years = Support(
    ...     "fees",
    ...     "fund",
    ...     Receiver("aet"),
    ...     Lever.DIRECT_FUNDING,
    ...     "fees",
    ...     Cash(euros(10_000)),
    ...     period=Period(PartialDate(2021), PartialDate(2022)),
    ... )
    >>> view = by_year([over_two_years])
    >>> dict(view.years), view.not_split[2021, 2022].granted.cash
    ({}, Decimal('10000.00'))
    """
    groups = _grouped(supports, lambda support: support.period.span if support.period else None)
    undated = totals(groups.pop(None, ()))
    years: dict[int, Totals] = {}
    not_split: dict[Span, Totals] = {}
    dated = {span: found for span, found in groups.items() if span is not None}
    for first, last in sorted(dated, key=lambda span: (span[0], span[1] or span[0], not span[1])):
        found = totals(dated[first, last])
        if first == last:
            years[first] = found
        else:
            not_split[first, last] = found
    return YearView(years, not_split, undated)


@dataclass(frozen=True, slots=True)
class Balance:
    """What one gave less what it received, in each nature.

    Attributes
    ----------
    cash, in_kind, time, hours
        Above zero where more was given than received.
    not_valued_given, not_valued_received
        How many supports have no amount, each way.
    """

    cash: Euros
    in_kind: Euros
    time: Euros
    hours: Decimal
    not_valued_given: int
    not_valued_received: int

    @property
    def complete(self) -> bool:
        """Whether every support has an amount: without that, the balance says nothing sure."""
        return not (self.not_valued_given or self.not_valued_received)


@dataclass(frozen=True, slots=True)
class Reciprocity:
    """What two parties gave each other; granted supports only.

    Attributes
    ----------
    first, second
        The two parties, in the order of their codes.
    given, received
        From the first to the second, and back.
    given_by_year, received_by_year
        The same over the years.
    """

    first: str
    second: str
    given: Split
    received: Split
    given_by_year: YearView
    received_by_year: YearView

    @property
    def balance(self) -> Balance:
        """What the first gave less what it received."""
        return Balance(
            cash=self.given.cash - self.received.cash,
            in_kind=self.given.in_kind - self.received.in_kind,
            time=self.given.time - self.received.time,
            hours=self.given.hours - self.received.hours,
            not_valued_given=self.given.not_valued,
            not_valued_received=self.received.not_valued,
        )


@dataclass(frozen=True, slots=True)
class ReciprocityView:
    """Who gave what to whom, both ways.

    Attributes
    ----------
    pairs
        Every two parties between which something was given.
    to_alliances
        What went to an alliance without naming a party, by giver and alliance: it belongs to no
        pair.
    """

    pairs: tuple[Reciprocity, ...]
    to_alliances: Mapping[tuple[str, str], Split]


def reciprocity(book: Book) -> ReciprocityView:
    """Show who gave what to whom over the years, both ways.

    Parameters
    ----------
    book : Book
        The supports; what is conditional was not given, and is left out.

    Returns
    -------
    ReciprocityView
        The pairs in the order of their codes, and what names no party.

    Examples
    --------
    >>> from alliage.fund.support.valuation import InKindMethod
    >>> room, figures = (
    ...     InKind(euros(300), InKindMethod.MARKET_PRICE),
    ...     NotValued(NotValuedReason.NOT_STATED),
    ... )
    >>> lent = Support("1", "ept", Receiver("aet", "fund"), Lever.NETWORKS, "a room", room)
    >>> given = Support("2", "fund", Receiver("aet", "ept"), Lever.DATA, "figures", figures)
    >>> book = Book((lent, given))
    >>> (pair,) = reciprocity(book).pairs
    >>> pair.first, pair.balance.in_kind, pair.balance.complete
    ('ept', Decimal('300.00'), False)
    """
    granted = [item for item in book.counted if item.status is AmountStatus.GRANTED]
    ways = _grouped(granted, lambda support: (support.giver, support.receiver.party))
    pairs = {tuple(sorted((giver, party))) for giver, party in ways if party is not None}
    unnamed: dict[tuple[str, str], list[Support]] = defaultdict(list)
    for support in granted:
        if support.receiver.party is None and support.receiver.alliance:
            unnamed[support.giver, support.receiver.alliance].append(support)
    return ReciprocityView(
        pairs=tuple(
            _pair(first, second, ways.get((first, second), ()), ways.get((second, first), ()))
            for first, second in sorted(pairs)
        ),
        to_alliances={key: totals(unnamed[key]).granted for key in sorted(unnamed)},
    )


def _pair(
    first: str, second: str, given: Sequence[Support], received: Sequence[Support]
) -> Reciprocity:
    return Reciprocity(
        first=first,
        second=second,
        given=totals(given).granted,
        received=totals(received).granted,
        given_by_year=by_year(given),
        received_by_year=by_year(received),
    )
