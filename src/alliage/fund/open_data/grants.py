"""A grant as it is published: one plain value, whatever the format it is written in or read from.

What is not known is None, an empty text or an empty tuple, and stays so in every format: nothing is
filled in so that a file may be valid. A grant that a format cannot hold is left out, and said so.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Generic, TypeVar
from urllib.parse import urlsplit

from alliage.values.codes import InvalidCodeError, department_of_commune, rna, siren, siret
from alliage.values.money import ZERO, Euros, MoneyError, euros, round_half_up_to_cents, total

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alliage.values.dates import PartialDate

ValueT = TypeVar("ValueT")

#: Types of codes of places, with the abbreviations of the official geographic code of INSEE.
COMMUNE: Final = "COM"
DEPARTMENT: Final = "DEP"
REGION: Final = "REG"

DAY_FORM: Final = "a day, as 2026-03-14"
PERIOD_FORMS: Final = (DAY_FORM, "a period, as 2026-03-14/2027-03-14")

# Those that name no one, even in a small place.
_WIDE_TYPES = (DEPARTMENT, REGION)
_TITLE_WITHOUT_IDENTITY = "Aide à une personne"
_URL = re.compile(
    r"https?://(?:[A-Za-z0-9:/?@!$&'()*+,;=._~-]|%[0-9A-Fa-f]{2})+(?:#[A-Za-z0-9._/?=-]*)?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_DECIMALS = 17


class Nature(StrEnum):
    """What is given."""

    CASH = "cash"
    IN_KIND = "in_kind"


class GrantStatus(StrEnum):
    """How far a published grant is."""

    AWARDED = "awarded"
    AGREED = "agreed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class GrantFault(StrEnum):
    """Why a grant cannot be what it says, be written in a format, or be read from it."""

    MISSING = "missing"
    MISSING_COLUMN = "missing_column"
    TYPE = "type"
    DATE = "date"
    PERIOD = "period"
    AMOUNT = "amount"
    CURRENCY = "currency"
    IDENTIFIER = "identifier"
    RECIPIENT = "recipient"
    INDIVIDUAL = "individual"
    SHARE = "share"
    NOT_ALLOWED = "not_allowed"
    TOO_LONG = "too_long"
    REPEATED = "repeated"
    URL = "url"
    SEVERAL = "several"
    BEYOND = "beyond"


_REMEDIES: Mapping[GrantFault, str] = {
    GrantFault.MISSING: "it is missing. Give it.",
    GrantFault.MISSING_COLUMN: "the column is missing. Add it, with this very name.",
    GrantFault.TYPE: "it is of another type than {allowed}. Write {allowed}.",
    GrantFault.DATE: "it is not a date of the calendar. Write {allowed}.",
    GrantFault.PERIOD: "it ends before it begins, or is not a period. Write {allowed}.",
    GrantFault.AMOUNT: (
        "it is not an amount in euros, from zero, with at most two decimals after a point. "
        "Write for example 1234.50."
    ),
    GrantFault.CURRENCY: "amounts are read in euros alone. Leave out this grant, or write EUR.",
    GrantFault.IDENTIFIER: "the identifier is not well formed, or is missing. Write {allowed}.",
    GrantFault.RECIPIENT: (
        "a grant goes either to organisations or to a person. Give one of them, not both."
    ),
    GrantFault.INDIVIDUAL: (
        "it goes to a person, and what tells of a person is not published here. Leave it out."
    ),
    GrantFault.SHARE: "the parts of the recipients do not hold. Write {allowed}.",
    GrantFault.NOT_ALLOWED: "it is not one of the words of the format. Write {allowed}.",
    GrantFault.TOO_LONG: "it is too long. Write {allowed} characters at most.",
    GrantFault.REPEATED: "it is there twice. Keep one, or give each its own.",
    GrantFault.URL: "it is not a web address. Write it whole, from https:// on, in ASCII.",
    GrantFault.SEVERAL: "one at most is read here. Write one, or leave out this grant.",
    GrantFault.BEYOND: "it stands outside the columns of the header. Remove it.",
}
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file, where, and what to do about it.

    Attributes
    ----------
    index
        The grant, counted from 1, or the row as a spreadsheet numbers it.
    field
        The field or the column, as the format names it.
    fault
        Why.
    value
        What is written there, cut if it is long.
    allowed
        What may be written instead.

    Examples
    --------
    >>> str(Problem(3, "currency", GrantFault.CURRENCY, "GBP"))
    '3, currency, « GBP »: amounts are read in euros alone. Leave out this grant, or write EUR.'
    """

    index: int
    field: str
    fault: GrantFault
    value: str = ""
    allowed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.value) > _SHOWN:
            object.__setattr__(self, "value", self.value[:_SHOWN] + "…")

    @property
    def remedy(self) -> str:
        """What is wrong and what to do, in English."""
        return _REMEDIES[self.fault].format(allowed=" or ".join(self.allowed))

    def __str__(self) -> str:
        shown = f", « {self.value} »" if self.value else ""
        return f"{self.index}, {self.field}{shown}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class Accepted(Generic[ValueT]):
    """What was read whole from one entry of a file."""

    index: int
    value: ValueT


@dataclass(frozen=True, slots=True)
class Preview(Generic[ValueT]):
    """What a file would bring, before anything is written.

    Attributes
    ----------
    accepted
        The entries that hold; one with a problem is never among them, even in part.
    problems
        Everything that is wrong, in the order of the file.
    ignored
        The fields of the entries that hold which are not read here.
    """

    accepted: tuple[Accepted[ValueT], ...]
    problems: tuple[Problem, ...]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A grant that a format cannot hold, and why."""

    grant: str
    problem: Problem


class GrantError(ValueError):
    """The value contradicts itself, or cannot be.

    Attributes
    ----------
    fault
        Why.
    field
        The attribute at fault.
    value, allowed
        What was given, and what may be given instead.
    """

    def __init__(
        self, fault: GrantFault, field: str, value: object = "", allowed: tuple[str, ...] = ()
    ) -> None:
        self.fault = fault
        self.field = field
        self.value = str(value)
        self.allowed = allowed
        problem = Problem(0, field, fault, self.value, allowed)
        shown = f" « {problem.value} »" if problem.value else ""
        super().__init__(f"{field}{shown}: {problem.remedy}")


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who gives or receives. A SIRET gives the SIREN that it starts with.

    Attributes
    ----------
    name
        Its official name.
    siren, siret, rna
        Its official numbers.
    own_id
        Its identifier where the publisher keeps its records; it is published only for an
        organisation that has no official number.
    other_id
        Its identifier in a register of another country or of another publisher, with the prefix
        of the register.

    Raises
    ------
    GrantError
        If the name is empty, a number is not well formed, or the SIRET is that of another SIREN.

    Examples
    --------
    >>> Organisation("Ville de Paris", siret="217 500 016 00019").siren
    '217500016'
    """

    name: str
    siren: str | None = None
    siret: str | None = None
    rna: str | None = None
    own_id: str = ""
    other_id: str = ""

    def __post_init__(self) -> None:
        _require("name", self.name)
        for field, check in (("siren", siren), ("siret", siret), ("rna", rna)):
            text = getattr(self, field)
            try:
                object.__setattr__(self, field, check(text) if text else None)
            except InvalidCodeError as error:
                allowed = (f"a {error.kind} that is well formed",)
                raise GrantError(GrantFault.IDENTIFIER, field, error.value, allowed) from error
        if self.siret:
            start = self.siret[:9]
            if self.siren not in {None, start}:
                raise GrantError(GrantFault.IDENTIFIER, "siret", self.siret, (f"{self.siren}…",))
            object.__setattr__(self, "siren", start)


@dataclass(frozen=True, slots=True)
class Recipient:
    """An organisation that receives a grant, and its part of it where it is known."""

    organisation: Organisation
    amount: Euros | None = None

    def __post_init__(self) -> None:
        if self.amount is not None:
            object.__setattr__(self, "amount", _amount("recipients", self.amount))


@dataclass(frozen=True, slots=True)
class Individual:
    """A person who receives a grant.

    There is no name here, on purpose. The pseudonym is a code drawn by chance and kept where the
    grant is managed: a name, a date of birth or anything made from them is not one.
    """

    pseudonym: str

    def __post_init__(self) -> None:
        _require("individual", self.pseudonym)


@dataclass(frozen=True, slots=True)
class Place:
    """Where those who benefit are: a name, or an official code and its type (COM, DEP, REG…)."""

    name: str = ""
    code: str = ""
    code_type: str = ""
    country: str = "FR"

    def __post_init__(self) -> None:
        _require("places", self.name + self.code)


@dataclass(frozen=True, slots=True)
class Programme:
    """The programme or the call under which a grant is awarded."""

    code: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        _require("programmes", self.code + self.title)


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that was paid. An amount below zero came back."""

    paid_on: dt.date
    amount: Euros
    reference: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", euros(self.amount))


@dataclass(frozen=True, slots=True)
class Period:
    """From a day to a day, or a single day.

    Examples
    --------
    >>> str(Period.parse("2026-03-14/2027-03-14"))
    '2026-03-14/2027-03-14'
    """

    first: dt.date
    last: dt.date | None = None

    def __post_init__(self) -> None:
        if self.last is not None and self.last < self.first:
            raise GrantError(
                GrantFault.PERIOD, "payment_period", str(self), ("the earlier day first",)
            )

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read ``2026-03-14`` or ``2026-03-14/2027-03-14``.

        Raises
        ------
        GrantError
            If the text has another form, names no day of the calendar, or ends before it begins.
        """
        first, slash, last = text.partition("/")
        try:
            return cls(parse_day(first), parse_day(last) if slash else None)
        except GrantError as error:
            raise GrantError(error.fault, "payment_period", text, PERIOD_FORMS) from error

    def __str__(self) -> str:
        return "/".join(day.isoformat() for day in (self.first, self.last) if day is not None)


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant, with what is known of it.

    Attributes
    ----------
    id
        Its reference where it is managed, or a whole identifier that starts with « 360G- ».
    title, description
        What it is for.
    funder
        Who gives.
    amount
        Euros awarded, from zero.
    awarded_on
        The day of the decision.
    recipients, individual
        Who receives: organisations, or one person.
    starts, ends
        When the activity is planned.
    places
        Where those who benefit are.
    programmes, from_open_call
        Under what it was awarded, and whether anybody could apply.
    natures
        Cash, in kind or both; none when it is not known.
    decision_reference
        The act that awards it.
    agreement_reference, agreed_on
        The agreement that was signed, and when.
    payments
        What was paid; None when it is not known, empty when nothing was.
    payment_conditions, payment_period
        How it is to be paid (« unique », « échelonné » or other words), and when.
    de_minimis
        Whether it is a *de minimis* aid under European rules on State aid.
    url, status, modified_at
        Its page, how far it is, and the instant when this was last changed.

    Raises
    ------
    GrantError
        If a needed text is empty, the amount or a date cannot be, the recipients are both or
        neither of organisations and a person, or their parts do not make the amount.

    Examples
    --------
    >>> import datetime as dt
    >>> fund = Organisation("Fonds", siren="217500016")
    >>> club = Recipient(Organisation("Club", rna="W751234567"))
    >>> grant = Grant(
    ...     id="2026-014",
    ...     title="Passerelles",
    ...     description="Vers l’emploi",
    ...     funder=fund,
    ...     amount=euros(17000),
    ...     awarded_on=dt.date(2026, 3, 2),
    ...     recipients=(club,),
    ... )
    >>> grant.amount, grant.payments is None
    (Decimal('17000.00'), True)
    """

    id: str
    title: str
    description: str
    funder: Organisation
    amount: Euros
    awarded_on: dt.date
    recipients: tuple[Recipient, ...] = ()
    individual: Individual | None = None
    starts: PartialDate | None = None
    ends: PartialDate | None = None
    places: tuple[Place, ...] = ()
    programmes: tuple[Programme, ...] = ()
    from_open_call: bool | None = None
    natures: frozenset[Nature] = frozenset()
    decision_reference: str = ""
    agreement_reference: str = ""
    agreed_on: dt.date | None = None
    payments: tuple[Payment, ...] | None = None
    payment_conditions: str = ""
    payment_period: Period | None = None
    de_minimis: bool | None = None
    url: str = ""
    status: GrantStatus | None = None
    modified_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        for field in ("id", "title", "description"):
            _require(field, getattr(self, field))
        object.__setattr__(self, "amount", _amount("amount", self.amount))
        if bool(self.recipients) == (self.individual is not None):
            raise GrantError(GrantFault.RECIPIENT, "recipients")
        self._check_parts()
        # 2014 does not end before 2014-09: the longer date is compared as far as the other goes.
        if self.starts and self.ends and str(self.ends) < str(self.starts)[: len(str(self.ends))]:
            allowed = ("the earlier date first",)
            raise GrantError(GrantFault.PERIOD, "ends", self.ends, allowed)
        if self.url and not is_web_address(self.url):
            raise GrantError(GrantFault.URL, "url", self.url)
        if self.modified_at is not None and self.modified_at.tzinfo is None:
            allowed = ("an instant with its time zone",)
            raise GrantError(GrantFault.DATE, "modified_at", self.modified_at, allowed)

    def _check_parts(self) -> None:
        known = [part.amount for part in self.recipients if part.amount is not None]
        whole = total(known)
        complete = len(known) == len(self.recipients)
        if known and (whole > self.amount or (complete and whole != self.amount)):
            allowed = (f"parts that make {self.amount}",)
            raise GrantError(GrantFault.SHARE, "recipients", whole, allowed)


def parse_day(text: str) -> dt.date:
    """Read a day written as ISO 8601 writes it with hyphens, and in no other way.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    date
        The day.

    Raises
    ------
    GrantError
        If the text has another form, or names no day of the calendar.

    Examples
    --------
    >>> parse_day("2026-03-14").year
    2026
    """
    # Python also reads days written by weeks, or without hyphens.
    if _DAY.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass
    raise GrantError(GrantFault.DATE, "day", text, (DAY_FORM,))


def is_web_address(text: str) -> bool:
    """Tell whether a text is a whole web address that any format can hold.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    bool
        True for an ``http`` or ``https`` address with a host, in ASCII.

    Examples
    --------
    >>> is_web_address("https://example.org/fonds?id=1"), is_web_address("example.org")
    (True, False)
    """
    if not _URL.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def share_of(amount: Euros, whole: Euros) -> Decimal:
    """Write a part of an amount as a share, with the decimals that give the part back.

    Parameters
    ----------
    amount : Decimal
        The part, in euros, from zero to the whole.
    whole : Decimal
        The whole, in euros, above zero.

    Returns
    -------
    Decimal
        From 0 to 1, with two decimals or as many as `part_of` needs to give the same part, to the
        cent.

    Examples
    --------
    >>> share_of(euros(45), euros(100)), share_of(euros("333.33"), euros(1000))
    (Decimal('0.45'), Decimal('0.33333'))
    """
    with localcontext(prec=40):
        for decimals in range(2, _MOST_DECIMALS):
            share = (amount / whole).quantize(Decimal(1).scaleb(-decimals))
            if part_of(share, whole) == amount:
                return share
    msg = f"{amount} is not a part of {whole}. Give a part from zero to the whole."
    raise ValueError(msg)


def part_of(share: Decimal, whole: Euros) -> Euros:
    """Give the part of an amount that a share makes, rounded half up to the cent.

    Parameters
    ----------
    share : Decimal
        From 0 to 1.
    whole : Decimal
        Euros.

    Returns
    -------
    Decimal
        Euros.

    Examples
    --------
    >>> part_of(Decimal("0.33333"), euros(1000))
    Decimal('333.33')
    """
    with localcontext(prec=60):
        return round_half_up_to_cents(share * whole)


def without_identity(grant: Grant) -> Grant:
    """Keep of a grant to a person what does not tell who it is.

    The title and the description become general, places become departments or wider, and what
    leads to the file or to the person (page, acts, agreement, payments) is dropped. A grant to
    organisations is returned as it is.

    Parameters
    ----------
    grant : Grant
        Any grant.

    Returns
    -------
    Grant
        The same, fit to be published.

    Notes
    -----
    The amount, the day and the programme stay. Where few persons were helped they may still tell
    who: the default of every format is to leave the grant out.

    Examples
    --------
    >>> import datetime as dt
    >>> grant = Grant(
    ...     id="1",
    ...     title="Permis de Lou Martin",
    ...     description="Permis de conduire",
    ...     funder=Organisation("Fonds"),
    ...     amount=euros(800),
    ...     awarded_on=dt.date(2026, 3, 2),
    ...     individual=Individual("q7x"),
    ...     places=(Place("Vincennes", "94080", "COM"),),
    ... )
    >>> safe = without_identity(grant)
    >>> safe.title, safe.places[0].code
    ('Aide à une personne', '94')
    """
    if grant.individual is None:
        return grant
    wide = [place for place in map(_widened, grant.places) if place is not None]
    titles = [programme.title for programme in grant.programmes if programme.title]
    return replace(
        grant,
        title=_TITLE_WITHOUT_IDENTITY,
        description=", ".join(titles) or _TITLE_WITHOUT_IDENTITY,
        places=tuple(dict.fromkeys(wide)),
        decision_reference="",
        agreement_reference="",
        agreed_on=None,
        payments=None,
        payment_conditions="",
        payment_period=None,
        url="",
    )


def _widened(place: Place) -> Place | None:
    if place.code_type in _WIDE_TYPES:
        return place
    if place.code_type != COMMUNE:
        return None
    try:
        return Place(code=department_of_commune(place.code), code_type=DEPARTMENT)
    except InvalidCodeError:
        return None


def _require(field: str, text: str) -> None:
    if not text.strip():
        raise GrantError(GrantFault.MISSING, field)


def _amount(field: str, amount: Euros) -> Euros:
    try:
        checked = euros(amount)
    except MoneyError as error:
        raise GrantError(GrantFault.AMOUNT, field, error.value) from error
    if checked < ZERO:
        raise GrantError(GrantFault.AMOUNT, field, checked)
    return checked
