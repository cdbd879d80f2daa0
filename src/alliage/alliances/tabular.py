"""An import of alliances, checked row by row before anything is written.

The rules are here and know no database: the caller says what is `Known` (terms, territories,
organisations, alliances) and gets the rows as values, or every problem by row and column.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from alliage.alliances.import_cells import (
    CellError,
    CellFault,
    PartyCell,
    PlaceCell,
    read_date,
    read_event,
    read_outcome,
    read_party,
    read_place,
    split_list,
)
from alliage.alliances.records import CODE
from alliage.alliances.vocabulary import Stage
from alliage.territories.levels import Level
from alliage.values.text import fold, slug

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from alliage.values.tables import Row, Table

EXAMPLE_ID = "exemple_a_remplacer"

_STAGES: Mapping[str, Stage] = {
    **{stage.value: stage for stage in Stage},
    "modelisation": Stage.MODELLING,
    "deploiement": Stage.DEPLOYMENT,
}
STAGE_WORDS: Mapping[Stage, str] = {
    Stage.EMERGENCE: "émergence",
    Stage.MODELLING: "modélisation",
    Stage.DEPLOYMENT: "déploiement",
}
_NEAR = 0.6


class Existing(StrEnum):
    """What to do with an alliance that is already known."""

    REFUSE = "refuse"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Known:
    """What the caller knows, against which the codes of a file are checked.

    Attributes
    ----------
    terms
        For each scheme, the codes with their labels.
    territories
        The official territories and perimeters among those that the file names.
    successors
        For a retired commune code, the codes and names of the communes that took its place.
    alliances
        The identifiers in use; true where the person may change the alliance.
    parents
        For a known alliance that is a part of another, the identifier of the other.
    """

    terms: Mapping[str, Mapping[str, Collection[str]]] = field(default_factory=dict)
    territories: Collection[tuple[str, str]] = ()
    successors: Mapping[str, Collection[tuple[str, str]]] = field(default_factory=dict)
    alliances: Mapping[str, bool] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NamedCodes:
    """What a file names, for the caller to look up before the check."""

    territories: frozenset[tuple[str, str]]
    organisations: frozenset[str]
    alliances: frozenset[str]


@dataclass(frozen=True, slots=True)
class CellProblem:
    """What is wrong, where, and what may be written instead."""

    row: int
    column: str
    fault: CellFault
    value: str = ""
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"row {self.row}, column « {self.column} »: {message(self)}"


@dataclass(frozen=True, slots=True)
class ImportedAlliance:
    """A row that holds. ``values`` has the columns of the file, by their names."""

    row: int
    id: str
    exists: bool
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Import:
    """What a file would write if nothing is wrong."""

    alliances: tuple[ImportedAlliance, ...]
    problems: tuple[CellProblem, ...]


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """A column of the file.

    Attributes
    ----------
    name, alias
        Its French and its English name; accents, capitals and spaces do not count.
    meaning
        What it holds.
    example
        A cell that is right.
    read
        How its text becomes a value.
    required
        Each row needs it.
    limit
        The longest text.
    several
        The cell may hold several texts separated by « | ».
    """

    name: str
    alias: str
    meaning: str
    example: str
    read: Callable[[str, Known], Any]
    required: bool = False
    limit: int = 20_000
    several: bool = False


class _CellErrors(Exception):
    def __init__(self, errors: Iterable[CellError]) -> None:
        self.errors = tuple(errors)
        super().__init__()


def _text(text: str, _known: Known) -> str:
    return text


def _id(text: str, _known: Known) -> str:
    if text == EXAMPLE_ID:
        raise CellError(CellFault.EXAMPLE, text)
    if not re.fullmatch(CODE, text):
        raise CellError(CellFault.BAD_ID, text, [slug(text).replace("-", "_")])
    return text


def _optional_date(text: str, _known: Known) -> str:
    return str(read_date(text)) if text else ""


def _stage(text: str, _known: Known) -> str:
    if not text:
        return ""
    stage = _STAGES.get(fold(text))
    if stage is None:
        raise CellError(CellFault.UNKNOWN_WORD, text, STAGE_WORDS.values())
    return stage.value


def _each(text: str, read: Callable[[str], Any]) -> tuple[Any, ...]:
    """Read each item of a cell; every wrong item is named, not the first alone."""
    found: list[Any] = []
    errors: list[CellError] = []
    for item in split_list(text):
        try:
            value = read(item)
        except CellError as error:
            errors.append(error)
            continue
        if value in found:
            errors.append(CellError(CellFault.REPEATED, item))
        found.append(value)
    if errors:
        raise _CellErrors(errors)
    return tuple(found)


def _terms(scheme: str) -> Callable[[str, Known], tuple[str, ...]]:
    def read(text: str, known: Known) -> tuple[str, ...]:
        codes = known.terms.get(scheme, {})
        named = {fold(name): code for code, names in codes.items() for name in (code, *names)}

        def one(item: str) -> str:
            code = item if item in codes else named.get(fold(item))
            if code is None:
                raise CellError(CellFault.UNKNOWN_TERM, item, _nearest(item, codes))
            return code

        return _each(text, one)

    return read


_SHORT_LIST = 20


def _nearest(text: str, codes: Collection[str]) -> Collection[str]:
    """Offer every code of a short list, else those that look like the text."""
    if len(codes) <= _SHORT_LIST:
        return tuple(codes)
    return difflib.get_close_matches(text, codes, n=5, cutoff=_NEAR)


def _places(text: str, known: Known) -> tuple[PlaceCell, ...]:
    return _each(text, lambda item: _place(item, known))


def _place(item: str, known: Known) -> PlaceCell:
    place = read_place(item)
    if (place.level, place.code) in known.territories:
        return place
    if place.level is Level.COMMUNE:
        # The arrondissements of Paris, Lyon and Marseille have codes like those of communes.
        if (Level.ARRONDISSEMENT, place.code) in known.territories:
            return PlaceCell(Level.ARRONDISSEMENT, place.code)
        successors = known.successors.get(place.code)
        if successors:
            allowed = [f"commune:{code} ({name})" for code, name in successors]
            raise CellError(CellFault.RETIRED_TERRITORY, item, allowed)
    raise CellError(CellFault.UNKNOWN_TERRITORY, item)


def _parties(text: str, _known: Known) -> tuple[PartyCell, ...]:
    parties = _each(text, read_party)
    names = [fold(party.name) for party in parties]
    repeated = [party.name for party in parties if names.count(fold(party.name)) > 1]
    if repeated:
        raise CellError(CellFault.REPEATED, repeated[0])
    long = [part for party in parties for part in (party.name, party.role) if len(part) > _SHORT]
    if long:
        raise CellError(CellFault.TOO_LONG, long[0], [str(_SHORT)])
    return parties


def _timeline(text: str, _known: Known) -> tuple[Any, ...]:
    return _each(text, read_event)


def _outcomes(text: str, _known: Known) -> tuple[Any, ...]:
    outcomes = _each(text, read_outcome)
    for outcome in outcomes:
        for part, limit in ((outcome.text, 300), (outcome.unit, 60), (outcome.qualifier, 60)):
            if len(part) > limit:
                raise CellError(CellFault.TOO_LONG, part, [str(limit)])
    return outcomes


def _lessons(text: str, _known: Known) -> tuple[str, ...]:
    return _each(text, str)


_SHORT = 200

COLUMNS: tuple[ImportColumn, ...] = (
    ImportColumn(
        "identifiant", "id",
        "Lasting identifier: small letters, digits and `_`. It tells an update from a creation.",
        "passerelles_emploi_vincennes", _id, required=True, limit=90,
    ),
    ImportColumn("titre", "title", "Title.", "Passerelles pour l’emploi", _text, required=True,
                 limit=_SHORT),
    ImportColumn("titre_en", "title_en", "Title in English.", "Bridges to work", _text,
                 limit=_SHORT),
    ImportColumn("forme", "kind", "Form of the alliance, in a few words.", "pôle territorial",
                 _text, limit=80),
    ImportColumn(
        "resume", "summary", "What it is, in two or three sentences.",
        "Des entreprises et des associations accueillent ensemble des jeunes sans emploi.",
        _text, required=True,
    ),
    ImportColumn(
        "resume_en", "summary_en", "The same in English.",
        "Companies and associations welcome young people out of work together.", _text,
    ),
    ImportColumn("pourquoi", "why", "The need and the starting point.",
                 "Un jeune sur cinq était sans emploi.", _text),
    ImportColumn("a_reprendre", "reusable", "What others can reuse.",
                 "Le parcours d’accueil en trois rendez-vous.", _text),
    ImportColumn("etape", "stage", "Stage: émergence, modélisation or déploiement.", "émergence",
                 _stage),
    ImportColumn("debut", "started", "First year, month or day.", "2024-09", _optional_date),
    ImportColumn("fin", "ended", "Last year, month or day, once it has ended.", "",
                 _optional_date),
    ImportColumn("fait_partie_de", "part_of", "Identifier of the alliance it is a part of.", "",
                 _text, limit=90),
    ImportColumn("objectifs", "objectives", "Codes or labels of the four objectives.",
                 "co_construct_locally", _terms("objective"), several=True),
    ImportColumn("natures_impact", "impact_natures", "Codes or labels of the natures of impact.",
                 "confidence", _terms("impact_nature"), several=True),
    ImportColumn("domaines", "domains", "Codes or labels of the domains.",
                 "employment | education", _terms("domain"), several=True),
    ImportColumn("odd", "sdgs", "Numbers of the Sustainable Development Goals.", "8 | 17",
                 _terms("sdg"), several=True),
    ImportColumn("cibles_odd", "sdg_targets", "Official codes of their targets.", "17.17",
                 _terms("sdg_target"), several=True),
    ImportColumn(
        "territoires", "territories",
        "Territories, by level and code; a five-character code alone is a commune.",
        "commune:94080 | departement:94", _places, several=True,
    ),
    ImportColumn("precision_territoire", "territory_note",
                 "Where, when no official territory fits.", "", _text, limit=_SHORT),
    ImportColumn(
        "parties", "parties", "Parties: name, world between brackets, role.",
        "Ville de Vincennes [collectivité] pilote | Club des entreprises [entreprise] accueil",
        _parties, several=True,
    ),
    ImportColumn(
        "chronologie", "timeline", "Dates: when, a colon, what happened.",
        "2024-09 : premiers rendez-vous | été 2027 (prévu) : extension à trois villes",
        _timeline, several=True,
    ),
    ImportColumn(
        "resultats", "outcomes",
        "Outcomes: what, the figure and its unit, what is known of it between brackets.",
        "jeunes accueillis = environ 40 jeunes [déclaré]", _outcomes, several=True,
    ),
    ImportColumn("enseignements", "lessons", "What was learnt.",
                 "Fixer un référent par entreprise dès le départ", _lessons, several=True),
    ImportColumn("sources", "sources", "Where this comes from: document, page, interview.",
                 "bilan 2025, p. 4", _text, required=True),
)  # fmt: skip

_BY_HEADER: Mapping[str, ImportColumn] = {
    name: column for column in COLUMNS for name in (column.name, column.alias)
}


def _header_key(header: str) -> str:
    return fold(header).replace(" ", "_")


def named_codes(table: Table) -> NamedCodes:
    """List what a file names, wrong cells left aside.

    Parameters
    ----------
    table
        The table of the file.

    Returns
    -------
    NamedCodes
        Territories as pairs of level and code, organisations as the addresses that their names
        make, alliances as identifiers.
    """
    territories: set[tuple[str, str]] = set()
    organisations: set[str] = set()
    alliances: set[str] = set()
    for name, text in _named_cells(table):
        if name == "territoires":
            territories.update(_territories_named(text))
        elif name == "parties":
            organisations.update(slug(party.name) for party in _read_all(text, read_party))
        elif name in {"identifiant", "fait_partie_de"}:
            alliances.add(text)
    return NamedCodes(frozenset(territories), frozenset(organisations), frozenset(alliances))


def _named_cells(table: Table) -> Iterator[tuple[str, str]]:
    columns = [_BY_HEADER.get(_header_key(header)) for header in table.columns]
    for row in table.rows:
        for column, text in zip(columns, row.cells, strict=True):
            if column is not None and text:
                yield column.name, text


def _territories_named(text: str) -> Iterator[tuple[str, str]]:
    for place in _read_all(text, read_place):
        yield place.level, place.code
        if place.level is Level.COMMUNE:
            yield Level.ARRONDISSEMENT, place.code


def _read_all(text: str, read: Callable[[str], Any]) -> Iterator[Any]:
    for item in split_list(text):
        try:
            yield read(item)
        except CellError:
            continue


def check_import(table: Table, *, known: Known, existing: Existing = Existing.REFUSE) -> Import:
    """Check a table of alliances whole.

    Parameters
    ----------
    table
        The table of the file.
    known
        What the codes of the file are checked against.
    existing
        Whether a known identifier is a mistake, or an alliance to update.

    Returns
    -------
    Import
        The rows that hold, and every problem in the order of the file. A file with one problem
        is not to be written, in part or whole.
    """
    problems = list(_column_problems(table))
    columns = [_BY_HEADER.get(_header_key(header)) for header in table.columns]
    alliances: list[ImportedAlliance] = []
    for row in table.rows:
        values, faults = _read_row(row, columns, known)
        faults += _row_problems(row.number, values)
        problems += faults
        if not faults and "identifiant" in values:
            key = values["identifiant"]
            alliances.append(ImportedAlliance(row.number, key, key in known.alliances, values))
    problems += _identity_problems(table, known, existing)
    problems += _family_problems(alliances, known)
    order = {column.name: rank for rank, column in enumerate(COLUMNS)}
    problems.sort(key=lambda problem: (problem.row, order.get(problem.column, -1)))
    return Import(tuple(alliances), tuple(problems))


def _column_problems(table: Table) -> Iterator[CellProblem]:
    row = table.header_row
    seen: dict[str, str] = {}
    for rank, header in enumerate(table.columns):
        column = _BY_HEADER.get(_header_key(header))
        if not header and not any(line.cells[rank] for line in table.rows):
            continue
        if column is None:
            near = difflib.get_close_matches(_header_key(header), _BY_HEADER, n=1, cutoff=_NEAR)
            yield CellProblem(row, header, CellFault.UNKNOWN_COLUMN, header, tuple(near))
        elif column.name in seen:
            yield CellProblem(row, header, CellFault.REPEATED_COLUMN, header)
        else:
            seen[column.name] = header
    for column in COLUMNS:
        if column.required and column.name not in seen:
            yield CellProblem(row, column.name, CellFault.MISSING_COLUMN, column.name)
    if not table.rows:
        yield CellProblem(row, "", CellFault.NO_ROW)


def _read_row(
    row: Row, columns: Iterable[ImportColumn | None], known: Known
) -> tuple[dict[str, Any], list[CellProblem]]:
    values: dict[str, Any] = {}
    problems: list[CellProblem] = []
    for column, text in zip(columns, row.cells, strict=True):
        if column is None:
            continue
        try:
            values[column.name] = _read_cell(column, text, known)
        except _CellErrors as failure:
            problems += [
                CellProblem(row.number, column.name, error.fault, error.value, error.allowed)
                for error in failure.errors
            ]
    problems += [CellProblem(row.number, "", CellFault.BEYOND, text) for text in row.beyond]
    return values, problems


def _read_cell(column: ImportColumn, text: str, known: Known) -> Any:
    if column.required and not text:
        raise _CellErrors([CellError(CellFault.REQUIRED, "", [column.example])])
    if len(text) > column.limit:
        raise _CellErrors([CellError(CellFault.TOO_LONG, text, [str(column.limit)])])
    try:
        return column.read(text, known)
    except CellError as error:
        raise _CellErrors([error]) from error


def _row_problems(row: int, values: Mapping[str, Any]) -> list[CellProblem]:
    started, ended = values.get("debut"), values.get("fin")
    # The shorter of two partial dates is compared as far as it goes: 2014 does not end 2014-09.
    if started and ended and ended < started[: len(ended)]:
        return [CellProblem(row, "fin", CellFault.REVERSED_DATES, ended, (started,))]
    return []


def _identity_problems(table: Table, known: Known, existing: Existing) -> Iterator[CellProblem]:
    """Find identifiers that are written twice, or that belong to an alliance already known."""
    headers = [_BY_HEADER.get(_header_key(header)) for header in table.columns]
    place = next((i for i, column in enumerate(headers) if column and column.name == "identifiant"),
                 None)  # fmt: skip
    if place is None:
        return
    first: dict[str, int] = {}
    for row in table.rows:
        key = row.cells[place]
        if not key:
            continue
        if key in first:
            where = (str(first[key]),)
            yield CellProblem(row.number, "identifiant", CellFault.REPEATED_ID, key, where)
        elif key in known.alliances and existing is Existing.REFUSE:
            yield CellProblem(row.number, "identifiant", CellFault.EXISTING_ID, key)
        elif not known.alliances.get(key, True):
            yield CellProblem(row.number, "identifiant", CellFault.NOT_YOURS, key)
        first.setdefault(key, row.number)


def _family_problems(alliances: Iterable[ImportedAlliance], known: Known) -> Iterator[CellProblem]:
    chosen = list(alliances)
    stated = {item.id: item.values["fait_partie_de"] for item in chosen
              if "fait_partie_de" in item.values}  # fmt: skip
    parents = {**known.parents, **stated}
    identifiers = {*known.alliances, *(item.id for item in chosen)}
    for item in chosen:
        parent = stated.get(item.id)
        if parent and parent not in identifiers:
            near = difflib.get_close_matches(parent, identifiers, n=3)
            yield CellProblem(
                item.row, "fait_partie_de", CellFault.UNKNOWN_PARENT, parent, tuple(near)
            )
        elif parent and _circles(item.id, parents):
            yield CellProblem(item.row, "fait_partie_de", CellFault.CIRCLE, parent)


def _circles(start: str, parents: Mapping[str, str]) -> bool:
    seen: set[str] = set()
    current = start
    while current in parents and current not in seen:
        seen.add(current)
        current = parents[current]
    return current == start


_MESSAGES: Mapping[CellFault, str] = {
    CellFault.MISSING_COLUMN: "the column is missing. Add it.",
    CellFault.UNKNOWN_COLUMN: "no column has this name. Correct it{near}, or remove the column.",
    CellFault.REPEATED_COLUMN: "the column is there twice. Keep one.",
    CellFault.NO_ROW: "no row stands under the header. Add one for each alliance.",
    CellFault.BEYOND: "« {value} » stands at the right of the last column. Remove it, or name it.",
    CellFault.REQUIRED: "the cell is empty. Fill it, for example: {allowed}.",
    CellFault.TOO_LONG: "« {value} » is too long. Write {allowed} characters at most.",
    CellFault.BAD_ID: "« {value} » is not an identifier. Write for example {allowed}.",
    CellFault.EXAMPLE: "this is the example row. Remove it.",
    CellFault.REPEATED_ID: "« {value} » is already on row {allowed}. Keep one.",
    CellFault.EXISTING_ID: (
        "« {value} » is already an alliance. Choose another identifier, or allow updates."
    ),
    CellFault.NOT_YOURS: "« {value} » is an alliance that you may not change. Remove the row.",
    CellFault.BAD_DATE: "« {value} » is not a date. Write {allowed}.",
    CellFault.LOOSE_DATE: "« {value} » is not precise enough here. Write for example {allowed}.",
    CellFault.REVERSED_DATES: "« {value} » ends before it starts{than}. Correct a date.",
    CellFault.UNKNOWN_WORD: "« {value} » is not a known word. Write one of: {allowed}.",
    CellFault.UNKNOWN_TERM: "« {value} » is not a known code. Write one of: {allowed}.",
    CellFault.REPEATED: "« {value} » is there twice. Keep one.",
    CellFault.BAD_PLACE: "« {value} » names no territory. Write for example {allowed}.",
    CellFault.UNKNOWN_TERRITORY: "« {value} » is not a known territory. Check its level and code.",
    CellFault.RETIRED_TERRITORY: "« {value} » is a retired code. Write {allowed}.",
    CellFault.BAD_PARTY: "« {value} » names no world. Write for example {allowed}.",
    CellFault.BAD_EVENT: "« {value} » has no date. Write for example {allowed}.",
    CellFault.BAD_OUTCOME: "« {value} » is not an outcome. Write for example {allowed}.",
    CellFault.UNKNOWN_PARENT: "« {value} » is no known alliance. Correct it, or empty the cell.",
    CellFault.CIRCLE: "the alliance is a part of itself. Empty one cell of the circle.",
}
_SHOWN = 80


def message(problem: CellProblem) -> str:
    """Say a problem in English: the fact, the value, what is allowed.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    str
        One or two sentences.

    Examples
    --------
    >>> message(CellProblem(2, "debut", CellFault.BAD_DATE, "hier", ("2014", "2014-09")))
    '« hier » is not a date. Write 2014, 2014-09.'
    """
    allowed = ", ".join(problem.allowed)
    value = problem.value
    return _MESSAGES[problem.fault].format(
        value=value if len(value) <= _SHOWN else value[:_SHOWN] + "…",
        allowed=allowed,
        near=f" (« {allowed} »?)" if allowed else "",
        than=f" ({allowed})" if allowed else "",
    )
