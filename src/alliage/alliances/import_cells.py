"""The cells of an import file of alliances that hold more than a word: read, and written back.

Several things in one cell are separated by « | ». Each has a small grammar that a person can type:
``commune:94080``, ``Le RAMEAU [autre] appui``, ``été 2020 : animation des villes``,
``acteurs réunis = environ 140 acteurs [déclaré]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING

from alliage.alliances.vocabulary import OutcomeStatus, World
from alliage.territories.levels import Level
from alliage.values.dates import PartialDate, PartialDateError, Precision, parse_words
from alliage.values.french import partial_date
from alliage.values.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SEPARATOR = " | "


class CellFault(StrEnum):
    """What is wrong with a cell, or with a column."""

    MISSING_COLUMN = "missing_column"
    UNKNOWN_COLUMN = "unknown_column"
    REPEATED_COLUMN = "repeated_column"
    NO_ROW = "no_row"
    BEYOND = "beyond"
    REQUIRED = "required"
    TOO_LONG = "too_long"
    BAD_ID = "bad_id"
    EXAMPLE = "example"
    REPEATED_ID = "repeated_id"
    EXISTING_ID = "existing_id"
    NOT_YOURS = "not_yours"
    BAD_DATE = "bad_date"
    LOOSE_DATE = "loose_date"
    REVERSED_DATES = "reversed_dates"
    UNKNOWN_WORD = "unknown_word"
    UNKNOWN_TERM = "unknown_term"
    REPEATED = "repeated"
    BAD_PLACE = "bad_place"
    UNKNOWN_TERRITORY = "unknown_territory"
    RETIRED_TERRITORY = "retired_territory"
    BAD_PARTY = "bad_party"
    BAD_EVENT = "bad_event"
    BAD_OUTCOME = "bad_outcome"
    UNKNOWN_PARENT = "unknown_parent"
    CIRCLE = "circle"


class CellError(ValueError):
    """A text of a cell cannot be used.

    Attributes
    ----------
    fault
        Why.
    value
        The text at fault.
    allowed
        What may be written instead.
    """

    def __init__(self, fault: CellFault, value: str, allowed: Iterable[str] = ()) -> None:
        self.fault = fault
        self.value = value
        self.allowed = tuple(allowed)
        super().__init__(f"{fault}: « {value} »")


@dataclass(frozen=True, slots=True)
class PlaceCell:
    level: Level
    code: str


@dataclass(frozen=True, slots=True)
class PartyCell:
    name: str
    world: World
    role: str = ""


@dataclass(frozen=True, slots=True)
class EventCell:
    start: PartialDate
    precision: Precision
    text: str
    end: PartialDate | None = None
    planned: bool = False


@dataclass(frozen=True, slots=True)
class OutcomeCell:
    text: str
    status: OutcomeStatus
    value: Decimal | None = None
    qualifier: str = ""
    unit: str = ""


_LEVELS: Mapping[str, Level] = {
    **{level.value: level for level in Level},
    "intercommunalite": Level.EPCI,
    "departement": Level.DEPARTMENT,
    "pays": Level.COUNTRY,
    "perimetre": Level.PERIMETER,
}
#: The words of the files that we write; other words are read too.
LEVEL_WORDS: Mapping[Level, str] = {
    **{level: level.value for level in Level},
    Level.DEPARTMENT: "departement",
    Level.COUNTRY: "pays",
    Level.PERIMETER: "perimetre",
}
WORLD_WORDS: Mapping[World, str] = {
    World.LOCAL_AUTHORITY: "collectivité",
    World.COMPANY: "entreprise",
    World.ASSOCIATION: "association",
    World.FOUNDATION: "fondation",
    World.ACADEMIC: "académique",
    World.STATE_SERVICE: "État",
    World.CITIZEN: "citoyens",
    World.OTHER: "autre",
}
_WORLDS: Mapping[str, World] = {
    **{fold(world.value): world for world in World},
    **{fold(word): world for world, word in WORLD_WORDS.items()},
    "monde academique": World.ACADEMIC,
    "service de l etat": World.STATE_SERVICE,
    "citoyen": World.CITIZEN,
    "autre monde": World.OTHER,
}
STATUS_WORDS: Mapping[OutcomeStatus, str] = {
    OutcomeStatus.OBSERVED: "observé",
    OutcomeStatus.DECLARED: "déclaré",
    OutcomeStatus.ESTIMATED: "estimé",
    OutcomeStatus.IN_PROGRESS: "en cours",
    OutcomeStatus.PLANNED: "prévu",
    OutcomeStatus.ANNOUNCED: "annoncé",
    OutcomeStatus.CONDITIONAL: "sous condition",
}
_STATUSES: Mapping[str, OutcomeStatus] = {
    **{fold(status.value): status for status in OutcomeStatus},
    **{fold(word): status for status, word in STATUS_WORDS.items()},
}

_BAR = re.compile(r"(?<!\\)\|")


def split_list(text: str) -> tuple[str, ...]:
    r"""Split a cell at its bars; a bar that belongs to a text is written ``\|``.

    Parameters
    ----------
    text
        The text of the cell.

    Returns
    -------
    tuple of str
        The items that are not empty.

    Examples
    --------
    >>> split_list("education | employment |")
    ('education', 'employment')
    """
    parts = (part.replace("\\|", "|").strip() for part in _BAR.split(text))
    return tuple(part for part in parts if part)


def join_list(items: Iterable[str]) -> str:
    """Write several texts in one cell.

    Parameters
    ----------
    items
        The texts.

    Returns
    -------
    str
        The cell, on one line.

    Examples
    --------
    >>> join_list(["education", "employment"])
    'education | employment'
    """
    return SEPARATOR.join(" ".join(item.split()).replace("|", "\\|") for item in items)


_BARE_COMMUNE = re.compile(r"(?i)\d{5}|2[ab]\d{3}")
# Excel removes the zero that begins a code of the first nine departments.
_LOST_ZERO = re.compile(r"\d{4}")


def read_place(text: str) -> PlaceCell:
    """Read ``commune:94080`` or, for a commune, its code alone.

    Parameters
    ----------
    text
        One item of the cell.

    Returns
    -------
    PlaceCell
        The level and the code; whether the territory exists is not checked here.

    Raises
    ------
    CellError
        If the text has another form.

    Examples
    --------
    >>> read_place("94080") == read_place("commune:94080")
    True
    """
    word, colon, code = text.partition(":")
    level = _LEVELS.get(fold(word).replace(" ", "_"))
    if colon and level and code.strip():
        return PlaceCell(level, _code(level, code.strip()))
    if _BARE_COMMUNE.fullmatch(text):
        return PlaceCell(Level.COMMUNE, text.upper())
    allowed = [f"commune:0{text}"] if _LOST_ZERO.fullmatch(text) else ["commune:94080"]
    raise CellError(CellFault.BAD_PLACE, text, allowed)


def _code(level: Level, code: str) -> str:
    return code.lower() if level is Level.PERIMETER else code.upper()


def write_place(place: PlaceCell) -> str:
    """Write a place as `read_place` reads it.

    Examples
    --------
    >>> write_place(PlaceCell(Level.DEPARTMENT, "94"))
    'departement:94'
    """
    return f"{LEVEL_WORDS[place.level]}:{place.code}"


_PARTY = re.compile(r"(?P<name>[^\[\]]+)\[(?P<world>[^\[\]]+)\](?P<role>[^\[\]]*)")


def read_party(text: str) -> PartyCell:
    """Read ``Le RAMEAU [autre] appui``: the name, the world between brackets, the role.

    Parameters
    ----------
    text
        One item of the cell.

    Returns
    -------
    PartyCell
        The party.

    Raises
    ------
    CellError
        If the text has another form, or names no known world.

    Examples
    --------
    >>> read_party("Ville de Vincennes [collectivité] pilote").role
    'pilote'
    """
    match = _PARTY.fullmatch(text)
    if match is None:
        raise CellError(CellFault.BAD_PARTY, text, ["Le RAMEAU [autre] appui"])
    world = _WORLDS.get(fold(match["world"]))
    if world is None:
        raise CellError(CellFault.UNKNOWN_WORD, match["world"].strip(), WORLD_WORDS.values())
    return PartyCell(match["name"].strip(), world, match["role"].strip())


def write_party(party: PartyCell) -> str:
    """Write a party as `read_party` reads it; brackets of its name become parentheses.

    Examples
    --------
    >>> write_party(PartyCell("Le RAMEAU", World.OTHER, "appui"))
    'Le RAMEAU [autre] appui'
    """
    name, role = _round(party.name), _round(party.role)
    return f"{name} [{WORLD_WORDS[party.world]}] {role}".strip()


def _round(text: str) -> str:
    return text.replace("[", "(").replace("]", ")")


def read_date(text: str) -> PartialDate:
    """Read a date that must be exact: a year, a month or a day.

    Parameters
    ----------
    text
        The date as people write it.

    Returns
    -------
    PartialDate
        The date.

    Raises
    ------
    CellError
        If the text is no date, or is a season or an approximate date.

    Examples
    --------
    >>> str(read_date("septembre 2014"))
    '2014-09'
    """
    date, precision = _date(text)
    if precision is not date.precision:
        raise CellError(CellFault.LOOSE_DATE, text, [str(date.year)])
    return date


def _date(text: str) -> tuple[PartialDate, Precision]:
    try:
        return parse_words(text)
    except PartialDateError as error:
        allowed = ["2014", "2014-09", "2014-09-01"]
        raise CellError(CellFault.BAD_DATE, text, allowed) from error


_EVENT = re.compile(r"(?P<when>[^:]+):(?P<text>.+)", re.DOTALL)
_PLANNED = re.compile(r"(?i)\s*\((?:prévu|prevu|planned)\)\s*$")
_SPAN = re.compile(r"\s*(?:→|->|\bà\b|\bto\b)\s*|(?<=\d{4})\s*[-–]\s*(?=\d{4}$)|\s+[-–]\s+")


def read_event(text: str) -> EventCell:
    """Read ``2018 → 2019 : dialogue``: when, and what happened.

    Parameters
    ----------
    text
        One item of the cell. The date is one that `parse_words` reads; « (prévu) » after it says
        that the source announces it.

    Returns
    -------
    EventCell
        The event.

    Raises
    ------
    CellError
        If the text has another form, or its end is before its start.

    Examples
    --------
    >>> event = read_event("été 2027 (prévu) : second programme")
    >>> str(event.start), str(event.precision), event.planned
    ('2027-06', 'season', True)
    """
    match = _EVENT.fullmatch(text)
    if match is None:
        raise CellError(CellFault.BAD_EVENT, text, ["2014-09 : première promotion"])
    when = _PLANNED.sub("", match["when"]).strip()
    first, *rest = _SPAN.split(when, maxsplit=1)
    start, precision = _date(first)
    end = _date(rest[0])[0] if rest else None
    if end and end.first_day < start.first_day:
        raise CellError(CellFault.REVERSED_DATES, when)
    planned = _PLANNED.search(match["when"]) is not None
    return EventCell(start, precision, match["text"].strip(), end, planned)


def write_event(event: EventCell) -> str:
    """Write an event as `read_event` reads it.

    Examples
    --------
    >>> write_event(EventCell(PartialDate(2018), Precision.APPROXIMATE, "premiers échanges"))
    'vers 2018 : premiers échanges'
    """
    when = _when(event.start, event.precision)
    if event.end:
        when += f" → {event.end}"
    if event.planned:
        when += " (prévu)"
    return f"{when} : {event.text}"


def _when(date: PartialDate, precision: Precision) -> str:
    """Write a moment so that `parse_words` reads it back with its precision."""
    if precision is Precision.APPROXIMATE:
        return f"vers {date}"
    return partial_date(date, precision) if precision is Precision.SEASON else str(date)


_OUTCOME = re.compile(
    r"(?P<text>.+?)"
    r"(?:\s=\s*(?P<qualifier>[^\d=\[\]]*?)\s*(?P<value>\d[\d\s.,]*)\s*(?P<unit>[^\d\s\[\]=][^\[\]=]*?))?"
    r"\s*(?:\[(?P<status>[^\[\]]+)\])?",
    re.DOTALL,
)


def read_outcome(text: str) -> OutcomeCell:
    """Read ``acteurs réunis = environ 140 acteurs [déclaré]``.

    Parameters
    ----------
    text
        One item of the cell: what came of it, then a figure with its unit if there is one, then
        what is known of it between brackets. Without brackets it is « déclaré ».

    Returns
    -------
    OutcomeCell
        The outcome.

    Raises
    ------
    CellError
        If the text has another form, a figure has no unit, or the status is unknown.

    Examples
    --------
    >>> outcome = read_outcome("acteurs réunis = environ 140 acteurs [déclaré]")
    >>> outcome.value, outcome.unit, outcome.qualifier
    (Decimal('140'), 'acteurs', 'environ')
    """
    match = _OUTCOME.fullmatch(text)
    if match is None or (match["value"] is None and " = " in text):
        raise CellError(CellFault.BAD_OUTCOME, text, ["acteurs réunis = 140 acteurs [déclaré]"])
    status = OutcomeStatus.DECLARED
    if match["status"]:
        known = _STATUSES.get(fold(match["status"]))
        if known is None:
            raise CellError(CellFault.UNKNOWN_WORD, match["status"], STATUS_WORDS.values())
        status = known
    return OutcomeCell(
        match["text"].strip(),
        status,
        read_number(match["value"]) if match["value"] else None,
        match["qualifier"] or "",
        match["unit"] or "",
    )


def read_number(text: str) -> Decimal:
    """Read a number as people write it in French: ``1 200,5``.

    Parameters
    ----------
    text
        The number.

    Returns
    -------
    Decimal
        Its value.

    Raises
    ------
    CellError
        If the text is no number.

    Examples
    --------
    >>> read_number("520 000"), read_number("1,5")
    (Decimal('520000'), Decimal('1.5'))
    """
    try:
        value = Decimal(re.sub(r"\s", "", text).replace(",", "."))
    except InvalidOperation as error:
        raise CellError(CellFault.BAD_OUTCOME, text, ["140", "1,5"]) from error
    return value


def write_outcome(outcome: OutcomeCell) -> str:
    """Write an outcome as `read_outcome` reads it.

    Examples
    --------
    >>> write_outcome(OutcomeCell("villes", OutcomeStatus.DECLARED, Decimal("13.00"), "", "villes"))
    'villes = 13 villes [déclaré]'
    """
    text = _round(outcome.text).replace(" = ", " : ")
    if outcome.value is not None:
        figure = f"{outcome.value.normalize():f}".replace(".", ",")
        text += " = " + " ".join(filter(None, [outcome.qualifier, figure, outcome.unit]))
    return f"{text} [{STATUS_WORDS[outcome.status]}]"
