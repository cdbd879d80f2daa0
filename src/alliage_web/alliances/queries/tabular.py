"""Alliances as rows of a file: what an export writes, and what an import would write."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from alliage.alliances import import_cells as cells
from alliage.alliances.import_cells import EventCell, OutcomeCell, PartyCell, PlaceCell
from alliage.alliances.tabular import (
    COLUMNS,
    STAGE_WORDS,
    Existing,
    Import,
    Known,
    check_import,
    named_codes,
)
from alliage.alliances.vocabulary import OutcomeStatus, Stage, World
from alliage.territories.levels import Level
from alliage.values.dates import PartialDate, Precision
from alliage.values.text import fold, slug
from alliage_web.actors.queries import ids_by_slug
from alliage_web.alliances.models import Alliance
from alliage_web.territories.queries import by_codes, read_commune_codes
from alliage_web.vocabulary.queries import by_scheme

from .contents import Content, contents, differences

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from alliage.alliances.tabular import CellProblem, ImportedAlliance, NamedCodes
    from alliage.values.tables import Table
    from alliage_web.accounts.models import User

    from .contents import Row

_BATCH = 500
_SOURCE_LIMIT = 300
_TERMS = {
    "objectifs": "objective",
    "natures_impact": "impact_nature",
    "domaines": "domain",
    "odd": "sdg",
    "cibles_odd": "sdg_target",
}
_TEXTS = {
    "titre": "title",
    "titre_en": "title_en",
    "forme": "kind",
    "resume": "summary",
    "resume_en": "summary_en",
    "pourquoi": "why",
    "a_reprendre": "reusable",
    "etape": "stage",
    "debut": "started",
    "fin": "ended",
    "fait_partie_de": "part_of",
    "precision_territoire": "territory_note",
    "sources": "source",
}
_LISTS = {
    "territoires": "territories",
    "parties": "parties",
    "chronologie": "timeline",
    "resultats": "outcomes",
    "enseignements": "lessons",
}


@dataclass(frozen=True, slots=True)
class PlannedAlliance:
    """What a row of the file would write. ``changed`` names the fields and lists that differ."""

    row: int
    code: str
    title: str
    exists: bool
    changed: tuple[str, ...]
    version: str
    content: Content


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What a file would write, or why it cannot be."""

    alliances: tuple[PlannedAlliance, ...]
    problems: tuple[CellProblem, ...]

    @property
    def fingerprint(self) -> str:
        """Tell whether two plans would do the same."""
        told = [f"{item.code} {item.version} {item.changed}" for item in self.alliances]
        return sha256("\n".join(told).encode()).hexdigest()

    @property
    def created(self) -> int:
        return sum(not item.exists for item in self.alliances)

    @property
    def updated(self) -> int:
        return sum(item.exists and bool(item.changed) for item in self.alliances)

    @property
    def unchanged(self) -> int:
        return sum(item.exists and not item.changed for item in self.alliances)


# Writing rows


def export_rows(ids: Iterable[int]) -> Iterator[list[str]]:
    """Give the header, then a row for each alliance in the order given."""
    yield [column.name for column in COLUMNS]
    wanted = list(ids)
    for start in range(0, len(wanted), _BATCH):
        keys = wanted[start : start + _BATCH]
        codes = dict(Alliance.objects.filter(pk__in=keys).values_list("pk", "code"))
        found = contents(keys, sections=("terms", *_LISTS.values()))
        for key in keys:
            row = {"identifiant": codes[key], **_cells(found[key])}
            yield [row[column.name] for column in COLUMNS]


def _cells(content: Content) -> dict[str, str]:
    texts = {name: content.fields[field] for name, field in _TEXTS.items()}
    texts["etape"] = STAGE_WORDS[Stage(texts["etape"])] if texts["etape"] else ""
    terms = {
        name: cells.join_list(
            row["code"] for row in content.sections["terms"] if row["scheme"] == scheme
        )
        for name, scheme in _TERMS.items()
    }
    lists = {
        name: cells.join_list(
            _KINDS[section].write(_KINDS[section].cell(row)) for row in content.sections[section]
        )
        for name, section in _LISTS.items()
    }
    return {**texts, **terms, **lists}


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the rows of a section travel in a cell, and how those that come back are known."""

    cell: Callable[[Row], Any]
    write: Callable[[Any], str]
    read: Callable[[str], Any]
    key: Callable[[Any], Any]
    row: Callable[[Any], Row]


def _event_row(event: EventCell) -> Row:
    return {
        "start": str(event.start),
        "end": str(event.end) if event.end else "",
        "precision": event.precision.value,
        "planned": event.planned,
        "text": event.text,
    }


def _event_cell(row: Row) -> EventCell:
    return EventCell(
        PartialDate.parse(row["start"]),
        Precision(row["precision"]),
        row["text"],
        PartialDate.parse(row["end"]) if row["end"] else None,
        row["planned"],
    )


def _outcome_row(outcome: OutcomeCell) -> Row:
    return {
        "text": outcome.text,
        "value": outcome.value,
        "qualifier": outcome.qualifier,
        "unit": outcome.unit,
        "status": outcome.status.value,
    }


def _outcome_cell(row: Row) -> OutcomeCell:
    status = OutcomeStatus(row["status"])
    return OutcomeCell(row["text"], status, row["value"], row["qualifier"], row["unit"])


_KINDS: Mapping[str, _Kind] = {
    "territories": _Kind(
        cell=lambda row: PlaceCell(Level(row["level"]), row["code"]),
        write=cells.write_place,
        read=cells.read_place,
        key=lambda place: place,
        row=lambda place: {"level": place.level.value, "code": place.code},
    ),
    "parties": _Kind(
        cell=lambda row: PartyCell(row["name"], World(row["world"]), row["role"]),
        write=cells.write_party,
        read=cells.read_party,
        key=lambda party: fold(party.name),
        row=lambda party: {"name": party.name, "world": party.world.value, "role": party.role},
    ),
    "timeline": _Kind(
        cell=_event_cell,
        write=cells.write_event,
        read=cells.read_event,
        key=lambda event: fold(event.text),
        row=_event_row,
    ),
    "outcomes": _Kind(
        cell=_outcome_cell,
        write=cells.write_outcome,
        read=cells.read_outcome,
        key=lambda outcome: fold(outcome.text),
        row=_outcome_row,
    ),
    "lessons": _Kind(
        cell=lambda row: row["text"],
        write=str,
        read=str,
        key=fold,
        row=lambda text: {"text": text},
    ),
}
_BLANK: Mapping[str, Row] = {
    "territories": {"note": ""},
    "parties": {"organisation": "", "profile": "", "brings": "", "entered": "", "left": ""},
    "timeline": {"boxed": False},
    "outcomes": {"as_of": ""},
    "lessons": {},
}


# Reading rows


def plan_import(table: Table, *, existing: Existing, user: User) -> ImportPlan:
    """Check a file against the base: what it would create and update, or every problem."""
    named = named_codes(table)
    there = {
        item.code: item
        for item in Alliance.objects.filter(code__in=named.alliances).select_related("part_of")
    }
    check = check_import(table, known=_known(named, there, user), existing=existing)
    organisations = ids_by_slug(named.organisations) if named.organisations else {}
    return ImportPlan(_planned(check, there, organisations), check.problems)


def _known(named: NamedCodes, there: Mapping[str, Alliance], user: User) -> Known:
    communes = {code for level, code in named.territories if level == Level.COMMUNE}
    retired = {
        code: [(place.code, place.name) for place in reading.successors]
        for code, reading in read_commune_codes(communes).items()
        if reading.successors
    }
    # An earlier vintage may have left the territory there: its code is retired all the same.
    territories = set(by_codes(named.territories)) - {(Level.COMMUNE, code) for code in retired}
    return Known(
        terms={
            scheme: {term.code: (term.label_fr, term.label_en) for term in terms}
            for scheme, terms in by_scheme(*_TERMS.values()).items()
        },
        territories=territories,
        successors=retired,
        alliances={
            code: user.has_perm("alliances.change_alliance", item) for code, item in there.items()
        },
        parents={item.code: item.part_of.code for item in there.values() if item.part_of},
    )


def _planned(
    check: Import, there: Mapping[str, Alliance], organisations: Mapping[str, int]
) -> tuple[PlannedAlliance, ...]:
    known = {item.id: there[item.id].pk for item in check.alliances if item.exists}
    before = contents(known.values())
    planned = []
    for item in check.alliances:
        present = before[known[item.id]] if item.exists else None
        content = _content(item, present, organisations)
        planned.append(
            PlannedAlliance(
                row=item.row,
                code=item.id,
                title=item.values["titre"],
                exists=item.exists,
                changed=tuple(differences(present, content)) if present else (),
                version=there[item.id].updated_at.isoformat() if item.exists else "",
                content=content,
            )
        )
    return tuple(planned)


def _content(
    item: ImportedAlliance, present: Content | None, organisations: Collection[str]
) -> Content:
    """Give what the row holds; what an existing alliance has beside it is kept."""
    values = item.values
    fields = {field: values[name] for name, field in _TEXTS.items() if name in values}
    if present is None or present.fields["stage"] != fields.get("stage", ""):
        # The file says the stage: what was derived before holds no more.
        fields |= {"stage_reading": "stated", "stage_reason": ""} if "stage" in fields else {}
    source = values["sources"][:_SOURCE_LIMIT]
    sections: dict[str, list[Row]] = {}
    for name, section in _LISTS.items():
        if name in values:
            rows = present.sections[section] if present else []
            sections[section] = _merged(section, values[name], rows, source)
    for row in sections.get("parties", ()):
        if not row["organisation"] and slug(row["name"]) in organisations:
            row["organisation"] = slug(row["name"])
    if any(name in values for name in _TERMS):
        sections["terms"] = _merged_terms(
            values, present.sections["terms"] if present else [], source
        )
    return Content(fields, sections)


def _merged(section: str, items: Sequence[Any], rows: Sequence[Row], source: str) -> list[Row]:
    """Keep the rows that come back as they went; give the others what the file says of them."""
    kind = _KINDS[section]
    exact: dict[Any, list[Row]] = defaultdict(list)
    near: dict[Any, Row] = {}
    for row in rows:
        cell = kind.cell(row)
        exact[_travelled(kind, cell)].append(row)
        near.setdefault(kind.key(cell), row)
    blank = dict(_BLANK[section])
    if section != "territories":
        blank["source"] = source
    return [
        exact[item].pop(0)
        if exact.get(item)
        else {**blank, **near.get(kind.key(item), {}), **kind.row(item)}
        for item in items
    ]


def _travelled(kind: _Kind, cell: Any) -> Any:
    """Give what a file would bring back of a cell: its spaces and brackets may differ."""
    try:
        return kind.read(cells.split_list(cells.join_list([kind.write(cell)]))[0])
    except cells.CellError:
        return None


def _merged_terms(values: Mapping[str, Any], rows: Sequence[Row], source: str) -> list[Row]:
    written = {scheme: values[name] for name, scheme in _TERMS.items() if name in values}
    there = {(row["scheme"], row["code"]): row for row in rows}
    kept = [row for row in rows if row["scheme"] not in written]
    new = {"reading": "stated", "reason": "", "source": source}
    return kept + [
        there.get((scheme, code), {"scheme": scheme, "code": code, **new})
        for scheme, codes in written.items()
        for code in codes
    ]
