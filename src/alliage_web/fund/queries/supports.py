"""The book of supports of a fund: its rows, and what they add up to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import get_language

from alliage.alliances.vocabulary import AmountStatus, Lever
from alliage.fund.support.supports import (
    Book,
    Cash,
    InKind,
    NotValued,
    NotValuedReason,
    Period,
    Receiver,
    Time,
    by_lever,
    by_year,
    reciprocity,
    totals,
)
from alliage.fund.support.supports import Support as SupportValue
from alliage.fund.support.valuation import InKindMethod
from alliage.values.dates import PartialDate
from alliage.values.text import fold
from alliage_web.actors.models import INVENTED
from alliage_web.fund.models import AnswerChoices, Fund, NatureChoices, OriginChoices, Support
from alliage_web.ui.rows import only

from .acting import organisations_acted_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from uuid import UUID

    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from alliage.fund.support.supports import Totals, Value, YearView
    from alliage_web.accounts.models import User

#: What begins the code of a party that the directory does not hold.
UNLISTED = "~"
_BOTH_AGREE = Q(giver_answer=AnswerChoices.CONFIRMED, receiver_answer=AnswerChoices.CONFIRMED)
_DECLARED = (OriginChoices.GIVER, OriginChoices.RECEIVER)
#: What a demonstration makes up: it stands apart, and adds to no sum.
MADE_UP = Q(alliance__source=INVENTED) | Q(receiver__source=INVENTED)
#: What documents or the fund say, and what both sides say.
SAID = ~Q(origin__in=_DECLARED) | _BOTH_AGREE
#: Shown to everyone.
PUBLIC = SAID & ~MADE_UP


def all_supports() -> QuerySet[Support]:
    """Return the supports of every book with all that a line shows, in one query."""
    return Support.objects.select_related(
        "fund", "giver", "alliance", "receiver", "part_of", "document"
    ).order_by("fund", "-first", "alliance__text_key", "pk")


def visible(user: User | AnonymousUser, *, sees_all: bool = False) -> Q:
    """Say which supports a person may see: those of their organisations, and the public ones."""
    if sees_all:
        return Q()
    slugs = {name.removeprefix("organisation:") for name in organisations_acted_for(user)}
    if not slugs:
        return PUBLIC
    return PUBLIC | Q(giver__slug__in=slugs) | Q(receiver__slug__in=slugs)


def is_public(support: Support) -> bool:
    said = support.origin not in _DECLARED or (
        support.giver_answer == AnswerChoices.CONFIRMED
        and support.receiver_answer == AnswerChoices.CONFIRMED
    )
    return said and not is_made_up(support)


def is_made_up(support: Support) -> bool:
    """Tell whether a demonstration made a support up, with those that it names."""
    return any(
        side is not None and side.source == INVENTED
        for side in (support.alliance, support.receiver)
    )


def find_support(fund: Fund, uuid: UUID) -> Support | None:
    return only(all_supports().filter(fund=fund, uuid=uuid))


def supports_named(names: Collection[str]) -> QuerySet[Support]:
    """Return supports by the ends of their stable names: the code of their fund, then their own."""
    uuids = [name.rpartition(":")[2] for name in names]
    return Support.objects.select_related("fund").filter(uuid__in=uuids)


def value_of(row: Support) -> Value:
    """Give the value of a row as the library knows it."""
    if row.nature == NatureChoices.CASH and row.amount is not None:
        return Cash(row.amount)
    if row.nature == NatureChoices.IN_KIND and row.amount is not None:
        return InKind(row.amount, InKindMethod(row.method))
    if row.nature == NatureChoices.TIME and row.hours is not None and row.rate is not None:
        return Time(row.hours, row.rate, row.rate_source)
    return NotValued(NotValuedReason(row.reason or NotValuedReason.NOT_STATED))


def as_value(row: Support) -> SupportValue:
    """Give a row as a value of the book; its sides by their addresses in the directory."""
    return SupportValue(
        id=str(row.uuid),
        giver=_side(row.giver, row.giver_name, row.giver_identifier) or UNLISTED,
        receiver=Receiver(
            row.alliance.code if row.alliance else None,
            _side(row.receiver, row.receiver_name, row.receiver_identifier),
        ),
        lever=Lever(row.lever),
        description=row.description,
        value=value_of(row),
        status=AmountStatus(row.status),
        period=_period(row.first, row.last),
        evidence=row.source or None,
        part_of=str(row.part_of.uuid) if row.part_of else None,
    )


def _period(first: str, last: str) -> Period | None:
    if not first:
        return None
    return Period(PartialDate.parse(first), PartialDate.parse(last) if last else None)


def _side(organisation: Any, name: str, identifier: str) -> str | None:
    return _code(organisation.slug if organisation else None, name, identifier)


def _code(slug: str | None, name: str, identifier: str) -> str | None:
    """Name a side: its address in the directory, else its official identifier, else its name."""
    return slug or (f"{UNLISTED}{identifier or name}" if name else None)


def book_of(rows: Iterable[Support]) -> Book:
    """Make the book of some rows: a detail whose whole is not among them counts by itself."""
    return Book.of_selection(as_value(row) for row in rows)


@dataclass(frozen=True, slots=True)
class SupportFilters:
    """What is looked for in a book; an empty choice keeps everything."""

    lever: str = ""
    nature: str = ""
    status: str = ""
    giver: str = ""
    receiver: str = ""
    """An organisation, or an alliance written « alliance:<identifier> » with its components."""
    year: int | None = None
    origin: str = ""

    @property
    def is_empty(self) -> bool:
        return self == SupportFilters()

    def applied(self, rows: QuerySet[Support], *, parents: Mapping[str, str]) -> QuerySet[Support]:
        """Keep the rows that were asked for."""
        plain = {"lever": self.lever, "nature": self.nature, "status": self.status}
        rows = rows.filter(**{name: value for name, value in plain.items() if value})
        if self.origin:
            rows = rows.filter(origin=self.origin)
        if self.giver:
            rows = rows.filter(_is_side("giver", self.giver))
        kind, colon, code = self.receiver.partition(":")
        if colon and kind == "alliance":
            rows = rows.filter(alliance__code__in=components(code, parents))
        elif self.receiver:
            rows = rows.filter(_is_side("receiver", self.receiver))
        if self.year is not None:
            # What has no end known may still be given that year; what is undated may not be told.
            year = str(self.year)
            begun = Q(first__lt=f"{self.year + 1}") & ~Q(first="")
            rows = rows.filter(begun, Q(last__gte=year) | Q(last=""))
        return rows


def _is_side(side: str, code: str) -> Q:
    if not code.startswith(UNLISTED):
        return Q(**{f"{side}__slug": code})
    name = code.removeprefix(UNLISTED)
    return Q(**{side: None}) & (
        Q(**{f"{side}_identifier": name}) | Q(**{f"{side}_identifier": "", f"{side}_name": name})
    )


def components(code: str, parents: Mapping[str, str]) -> set[str]:
    """Return an alliance and all those that are a part of it, near or far."""
    return {code} | {one for one in parents if top_of(one, parents, until=code) == code}


def top_of(code: str, parents: Mapping[str, str], *, until: str = "") -> str:
    """Return the alliance at the top of those that hold one, or the one to stop at."""
    seen = {code}
    while code != until and (above := parents.get(code)) is not None and above not in seen:
        seen.add(above)
        code = above
    return code


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a filter may take."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class BookChoices:
    """The givers, receivers and years that a book has."""

    givers: tuple[Choice, ...]
    receivers: tuple[Choice, ...]
    years: tuple[int, ...]


def choices_of(rows: QuerySet[Support]) -> BookChoices:
    """Return what the filters of a book may take, in one query."""
    givers: dict[str, str] = {}
    alliances: dict[str, str] = {}
    parties: dict[str, str] = {}
    years: set[int] = set()
    english = (get_language() or "").startswith("en")
    for row in rows.order_by().values_list(*_CHOSEN, named=True).distinct():
        for found, slug, listed, name, identifier in (
            (givers, row.giver__slug, row.giver__name, row.giver_name, row.giver_identifier),
            (parties, row.receiver__slug, row.receiver__name, row.receiver_name,
             row.receiver_identifier),
        ):  # fmt: skip
            if code := _code(slug, name, identifier):
                found[code] = listed or name
        if row.alliance__code:
            title = (english and row.alliance__title_en) or row.alliance__title
            alliances[f"alliance:{row.alliance__code}"] = title
        years |= {int(date[:4]) for date in (row.first, row.last) if date}
    return BookChoices(
        givers=_sorted(givers),
        receivers=_sorted(alliances) + _sorted(parties),
        years=tuple(sorted(years, reverse=True)),
    )


_CHOSEN = (
    "giver__slug", "giver__name", "giver_name", "giver_identifier", "receiver__slug",
    "receiver__name", "receiver_name", "receiver_identifier", "alliance__code", "alliance__title",
    "alliance__title_en", "first", "last",
)  # fmt: skip


def _sorted(found: Mapping[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(*pair) for pair in sorted(found.items(), key=lambda pair: fold(pair[1])))


@dataclass(frozen=True, slots=True)
class Sums:
    """What some supports add up to, each nature apart, and how it spreads over the years."""

    totals: Totals
    levers: Mapping[Lever, Totals]
    years: YearView
    details: int
    """Supports whose amount is in that of another one."""


def sums_of(rows: Iterable[Support]) -> Sums:
    """Add up rows by the rules of the library."""
    book = book_of(rows)
    return Sums(
        totals=totals(book.counted),
        levers=by_lever(book),
        years=by_year(book.counted),
        details=len(book.supports) - len(book.counted),
    )


@dataclass(frozen=True, slots=True)
class Party:
    """A side of supports, with its page if the directory has it."""

    code: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """What two parties gave each other."""

    first: Party
    second: Party
    pair: Any


@dataclass(frozen=True, slots=True)
class ReciprocityTable:
    """Who gave what to whom, both ways; granted supports alone.

    ``matrix`` has one row a giver, one column a receiver, alliances that name no party included.
    """

    exchanges: tuple[Exchange, ...]
    receivers: tuple[Party, ...]
    matrix: tuple[tuple[Party, tuple[Any, ...]], ...]


def reciprocity_of(rows: Iterable[Support]) -> ReciprocityTable:
    """Show the book both ways."""
    rows = list(rows)
    book = book_of(rows)
    names: dict[str, Party] = {}
    for row, value in zip(rows, book.supports, strict=True):
        names[value.giver] = _party(value.giver, row.giver, row.giver_label)
        if value.receiver.party:
            party = value.receiver.party
            names[party] = _party(party, row.receiver, row.party_label)
        elif row.alliance:
            code = f"alliance:{row.alliance.code}"
            url = row.alliance.get_absolute_url()
            names[code] = Party(code, row.alliance.display_title, url)
    view = reciprocity(book)
    cells: dict[tuple[str, str], Any] = {}
    for pair in view.pairs:
        cells[pair.first, pair.second] = pair.given
        cells[pair.second, pair.first] = pair.received
    for (giver, alliance), split in view.to_alliances.items():
        cells[giver, f"alliance:{alliance}"] = split
    filled = {key: split for key, split in cells.items() if split.valued or split.not_valued}
    givers = _named({giver for giver, _receiver in filled}, names)
    receivers = _named({receiver for _giver, receiver in filled}, names)
    return ReciprocityTable(
        exchanges=tuple(
            Exchange(names[pair.first], names[pair.second], pair) for pair in view.pairs
        ),
        receivers=receivers,
        matrix=tuple(
            (giver, tuple(filled.get((giver.code, receiver.code)) for receiver in receivers))
            for giver in givers
        ),
    )


def _party(code: str, organisation: Any, name: str) -> Party:
    return Party(code, name, organisation.get_absolute_url() if organisation else "")


def _named(codes: Iterable[str], names: Mapping[str, Party]) -> tuple[Party, ...]:
    return tuple(sorted((names[code] for code in codes), key=lambda one: fold(one.name)))


def supports_of_organisation(organisation_id: int, user: User | AnonymousUser) -> list[Support]:
    """Return what an organisation gave and received, that a person may see."""
    sides = Q(giver=organisation_id) | Q(receiver=organisation_id)
    return list(all_supports().filter(sides, visible(user)))


def supports_of_alliance(alliance_id: int, user: User | AnonymousUser) -> list[Support]:
    """Return what an alliance received, that a person may see."""
    return list(all_supports().filter(visible(user), alliance=alliance_id))
