"""Writing the territories: loading a vintage, drawing a perimeter."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from alliage.territories.comparison import class_profiles
from alliage.territories.levels import Level
from alliage.territories.names import name_keys
from alliage.territories.perimeters import compose
from alliage.values.text import fold, name_key, slug
from alliage_web.audit import actions as audit

from .models import (
    Outline,
    Perimeter,
    SearchKey,
    Snapshot,
    Succession,
    Territory,
    Vintage,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from django.db.models import Model

    from alliage.territories import outlines as shapes
    from alliage.territories import vintages
    from alliage_web.accounts.models import User

# The primary key of the lasting row of each territory, by level and code.
Identities = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load wrote. ``changed`` is false when the files were loaded before."""

    year: int
    changed: bool
    became_current: bool
    territories: int = 0
    created: int = 0
    successions: int = 0
    outlines: int = 0
    neighbours: int = 0


def _silent(_step: str) -> None:
    """Tell nobody."""


@transaction.atomic
def load_vintage(
    *,
    vintage: vintages.Vintage,
    outlines: Mapping[str, shapes.Outline],
    fingerprint: str,
    by: User | None,
    at: dt.datetime,
    keep_current: bool = False,
    tell: Callable[[str], None] = _silent,
) -> LoadReport:
    """Load a vintage beside those that are there, or replace it if its files have changed.

    Identities last: a territory keeps its row from one vintage to the next, so that what points to
    it still does. The newest vintage becomes the current one unless ``keep_current``.
    """
    tell("territories")
    row, _ = Vintage.objects.update_or_create(
        year=vintage.year,
        defaults={
            "geography_source": vintage.geography_source,
            "population_source": vintage.population_source,
            "attribution": vintage.attribution,
            "fingerprint": fingerprint,
            "profiles": [asdict(profile) for profile in class_profiles(vintage.territories)],
        },
    )
    _forget(row)
    identities, created = _identify(vintage)
    _insert(Snapshot, _SNAPSHOT_FIELDS, _snapshot_rows(row, vintage, identities))
    tell("search keys")
    _insert(SearchKey, _KEY_FIELDS, _key_rows(row, vintage, identities))
    Succession.objects.bulk_create(
        [
            Succession(
                vintage=row,
                code=former.code,
                name=former.name,
                kind=former.kind,
                successor_id=identities[Level.COMMUNE, former.successor],
            )
            for former in vintage.successions
        ]
    )
    tell("outlines")
    neighbours = _write_outlines(row, outlines)
    became_current = make_current(year=vintage.year, keep_current=keep_current)
    _analyse()
    report = LoadReport(
        year=vintage.year,
        changed=True,
        became_current=became_current,
        territories=len(vintage.territories),
        created=created,
        successions=len(vintage.successions),
        outlines=len(outlines),
        neighbours=neighbours,
    )
    audit.record(
        kind="territories.vintage.loaded",
        target=f"vintage:{vintage.year}",
        by=by,
        at=at,
        changes={"territories": [None, report.territories], "outlines": [None, report.outlines]},
    )
    return report


@transaction.atomic
def make_current(*, year: int, keep_current: bool = False) -> bool:
    """Make a vintage the current one if it is the newest; tell whether that changed something."""
    in_force = Vintage.objects.filter(is_current=True).first()
    if in_force and (keep_current or in_force.year >= year):
        return False
    Vintage.objects.filter(is_current=True).update(is_current=False)
    Vintage.objects.filter(year=year).update(is_current=True)
    return True


def _analyse() -> None:
    """Tell the database how its rows are spread: it then looks for territories by the right index.

    PostgreSQL would do it by itself later, SQLite never.
    """
    tables = (Territory, Snapshot, Outline, Outline.neighbours.through, SearchKey, Succession)
    with connection.cursor() as cursor:
        for table in tables:
            name = connection.ops.quote_name(table._meta.db_table)  # noqa: SLF001
            cursor.execute(f"ANALYZE {name}")


def _forget(vintage: Vintage) -> None:
    """Remove what an earlier version of the files said of this vintage, territories excepted."""
    Outline.neighbours.through.objects.filter(outline__snapshot__vintage=vintage).delete()
    Outline.objects.filter(snapshot__vintage=vintage).delete()
    Snapshot.objects.filter(vintage=vintage).delete()
    Succession.objects.filter(vintage=vintage).delete()
    SearchKey.objects.filter(vintage=vintage).delete()


def _insert(model: type[Model], fields: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Write many plain rows: objects of the ORM would take most of the time of a load."""
    meta = model._meta  # noqa: SLF001 - Django's documented way to the names of the columns
    quote = connection.ops.quote_name
    names = {field.name: quote(str(field.column)) for field in meta.concrete_fields}
    columns = ", ".join(names[field] for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({marks})",  # noqa: S608
            list(rows),
        )


def _identify(vintage: vintages.Vintage) -> tuple[Identities, int]:
    """Give the lasting row of each territory and how many were made.

    Names are those of the newest vintage.
    """
    known = _identities()
    new = [record for record in vintage.territories if (record.level, record.code) not in known]
    _insert(
        Territory,
        ("level", "code", "name"),
        [(str(record.level), record.code, record.name) for record in new],
    )
    if known and not Vintage.objects.filter(year__gt=vintage.year).exists():
        _rename(vintage.territories)
    return _identities(), len(new)


def _identities() -> Identities:
    rows = Territory.objects.order_by("pk").values_list("level", "code", "pk")
    return {(level, code): pk for level, code, pk in rows}


def _rename(records: Iterable[vintages.TerritoryRecord]) -> None:
    names = {(str(record.level), record.code): record.name for record in records}
    renamed = []
    for territory in Territory.objects.order_by("pk"):
        name = names.get((territory.level, territory.code), territory.name)
        if name != territory.name:
            territory.name = name
            renamed.append(territory)
    Territory.objects.bulk_update(renamed, ["name"], batch_size=500)


_SNAPSHOT_FIELDS = (
    "vintage", "territory", "name", "kind", "name_key", "postal_codes", "former_codes", "siren",
    "population", "population_year", "surface_km2", "size_class", "communes_count", "latitude",
    "longitude", "x", "y", "commune", "epci", "ept", "department", "region",
)  # fmt: skip


def _snapshot_rows(
    row: Vintage, vintage: vintages.Vintage, identities: Identities
) -> Iterator[tuple[Any, ...]]:
    former = _former_by_successor(vintage)

    def of(level: Level, code: str | None) -> int | None:
        return None if code is None else identities[level, code]

    for record in vintage.territories:
        predecessors = former.get(record.code, ()) if record.level is Level.COMMUNE else ()
        yield (
            row.pk,
            identities[record.level, record.code],
            record.name,
            record.kind,
            name_key(record.name),
            "|".join(record.postal_codes),
            "|".join(f"{item.code} {item.name}".strip() for item in predecessors),
            record.siren,
            record.population,
            record.population_year,
            record.surface_km2,
            str(record.size_class or ""),
            record.communes_count,
            record.latitude,
            record.longitude,
            record.x,
            record.y,
            of(Level.COMMUNE, record.commune),
            of(Level.EPCI, record.epci),
            of(Level.EPT, record.ept),
            of(Level.DEPARTMENT, record.department),
            of(Level.REGION, record.region),
        )


_KEY_FIELDS = ("vintage", "territory", "level", "key", "is_whole", "population")


def _key_rows(
    row: Vintage, vintage: vintages.Vintage, identities: Identities
) -> Iterator[tuple[Any, ...]]:
    for record in vintage.territories:
        pk, level = identities[record.level, record.code], str(record.level)
        whole, *ends = name_keys(record.name)
        for key in dict.fromkeys((whole, fold(record.code), *record.postal_codes)):
            yield row.pk, pk, level, key, True, record.population
        for key in ends:
            yield row.pk, pk, level, key, False, record.population

    # A commune is found by the names and codes of those that it replaced, after its own.
    populations = {
        record.code: record.population
        for record in vintage.territories
        if record.level is Level.COMMUNE
    }
    for former in vintage.successions:
        pk = identities[Level.COMMUNE, former.successor]
        for key in dict.fromkeys((former.code.lower(), *name_keys(former.name))):
            if key:
                yield row.pk, pk, str(Level.COMMUNE), key, False, populations[former.successor]


def _former_by_successor(
    vintage: vintages.Vintage,
) -> Mapping[str, Sequence[vintages.SuccessionRecord]]:
    former: dict[str, list[vintages.SuccessionRecord]] = defaultdict(list)
    for item in vintage.successions:
        former[item.successor].append(item)
    return former


def _write_outlines(vintage: Vintage, outlines: Mapping[str, shapes.Outline]) -> int:
    """Write the shapes and who touches whom; give the number of links, each counted both ways."""
    snapshots = dict(
        Snapshot.objects.filter(vintage=vintage, territory__level=Level.COMMUNE)
        .order_by("pk")
        .values_list("territory__code", "pk")
    )
    drawn = [code for code in outlines if code in snapshots]
    _insert(
        Outline,
        ("snapshot", "path", "x_min", "y_min", "x_max", "y_max"),
        [
            (snapshots[code], shape.path, shape.x_min, shape.y_min, shape.x_max, shape.y_max)
            for code, shape in ((code, outlines[code]) for code in drawn)
        ],
    )
    written = dict(
        Outline.objects.filter(snapshot__vintage=vintage)
        .order_by("pk")
        .values_list("snapshot_id", "pk")
    )
    links = [
        (written[snapshots[code]], snapshots[other])
        for code in drawn
        for other in outlines[code].neighbours
        if other in snapshots
    ]
    _insert(Outline.neighbours.through, ("outline", "snapshot"), links)
    return len(links)


@transaction.atomic
def create_perimeter(
    *,
    name: str,
    kind: str,
    description: str,
    communes: Sequence[Territory],
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> Perimeter:
    """Draw a project's own perimeter. Its address comes from its name and then never changes."""
    audit.refuse_repeat(submission)
    _require_communes(name, communes)
    territory = Territory.objects.create(
        level=Level.PERIMETER, code=_free_code(name), name=name.strip()
    )
    perimeter = Perimeter.objects.create(
        territory=territory, kind=kind, description=description, created_by=by
    )
    perimeter.communes.set(communes)
    _write_perimeter_keys(territory, communes)
    audit.record(
        kind="territories.perimeter.created",
        target=territory.stable_name,
        by=by,
        at=at,
        changes={"name": [None, name], "communes": [None, _codes(communes)]},
        submission=submission,
    )
    return perimeter


@transaction.atomic
def edit_perimeter(
    *,
    perimeter: Perimeter,
    name: str,
    kind: str,
    description: str,
    communes: Sequence[Territory],
    by: User,
    at: dt.datetime,
) -> Perimeter:
    """Change a perimeter; what did not change is not recorded."""
    _require_communes(name, communes)
    perimeter = (
        Perimeter.objects.select_for_update().select_related("territory").get(pk=perimeter.pk)
    )
    territory = perimeter.territory
    before = {
        "name": territory.name,
        "kind": perimeter.kind,
        "description": perimeter.description,
        "communes": _codes(perimeter.communes.all()),
    }
    after = {
        "name": name.strip(),
        "kind": kind,
        "description": description,
        "communes": _codes(communes),
    }
    changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    if not changes:
        return perimeter
    territory.name = name.strip()
    territory.save(update_fields=["name"])
    perimeter.kind, perimeter.description = kind, description
    perimeter.save(update_fields=["kind", "description"])
    perimeter.communes.set(communes)
    _write_perimeter_keys(territory, communes)
    audit.record(
        kind="territories.perimeter.edited",
        target=territory.stable_name,
        by=by,
        at=at,
        changes=changes,
    )
    return perimeter


def _require_communes(name: str, communes: Sequence[Territory]) -> None:
    others = [commune for commune in communes if commune.level != Level.COMMUNE]
    if not communes or others:
        fact = f"{others[0].level} {others[0].code} is not a commune" if others else "no commune"
        msg = f"The perimeter « {name} » cannot be drawn: {fact}. Give at least one commune."
        raise ValueError(msg)


def _codes(communes: Iterable[Territory]) -> list[str]:
    return sorted(commune.code for commune in communes)


def _free_code(name: str) -> str:
    """Make the address of a perimeter from its name, with a number if another has the same."""
    stem = slug(name, limit=50) or "perimetre"
    taken = set(
        Territory.objects.filter(level=Level.PERIMETER, code__startswith=stem)
        .order_by("pk")
        .values_list("code", flat=True)
    )
    rank, code = 1, stem
    while code in taken:
        rank += 1
        code = f"{stem}-{rank}"
    return code


def _write_perimeter_keys(territory: Territory, communes: Sequence[Territory]) -> None:
    """Let a perimeter be found by name. Its population only ranks it among the answers."""
    known = Snapshot.objects.filter(vintage__is_current=True, territory__in=communes)
    SearchKey.objects.filter(territory=territory).delete()
    SearchKey.objects.bulk_create(
        SearchKey(
            vintage=None,
            territory=territory,
            level=Level.PERIMETER,
            key=key,
            is_whole=rank == 0,
            population=compose(known).population,
        )
        for rank, key in enumerate(name_keys(territory.name))
    )
