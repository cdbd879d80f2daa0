"""A vintage of the official French geography, read from its folder.

The folder holds ``vintage.yaml`` (year and sources), one Parquet file per level, the historic codes
and the description of the plane of the maps. What is unknown stays unknown: a sum over communes of
which one is unknown is unknown too.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict

from alliage.territories.levels import Level
from alliage.territories.projection import Plane, zone_of
from alliage.territories.size_classes import SizeClass, size_class
from alliage.values.codes import InvalidCodeError, commune_code
from alliage.values.yaml_files import InvalidFilesError, read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

COUNTRY_CODE = "FR"
OVERSEAS_DEPARTMENT = "DROM"
OVERSEAS_COLLECTIVITY = "COM"
OUTLINES_FILE = "communes.topo.json.gz"
PLANE_FILE = "carte_affine.json"

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "communes": (
        "code", "nom", "departement", "region", "epci", "ept", "siren", "population",
        "surface_km2", "lat", "lon", "codes_postaux", "zone", "x", "y",
    ),
    "epci": (
        "siren", "nom", "type", "parent", "population", "nb_communes", "departements", "regions",
        "surface_km2", "lat", "lon", "x", "y",
    ),
    "departements": (
        "code", "nom", "population", "nb_communes", "surface_km2", "lat", "lon", "zone", "region",
        "x", "y",
    ),
    "regions": (
        "code", "nom", "population", "nb_communes", "surface_km2", "lat", "lon", "zone", "x", "y",
    ),
    "arrondissements_municipaux": (
        "code", "nom", "commune", "population", "codes_postaux", "surface_km2", "lat", "lon",
    ),
    "codes_historiques": ("code", "nom", "nature", "commune_actuelle"),
}  # fmt: skip
_SHOWN = 5
_COLLECTIVITY = "com"

Row = dict[str, Any]


class VintageError(ValueError):
    """A folder is not a vintage that can be loaded."""


@dataclass(frozen=True, slots=True)
class TerritoryRecord:
    """A territory as one vintage describes it; None and the empty text are unknown.

    Attributes
    ----------
    level, code, name
        Its identity; the code of an intercommunal body is its SIREN.
    kind
        Nature of an intercommunal body (CC, CA, CU, METRO, MET69, EPT); DROM or COM overseas.
    population, population_year
        Municipal population and its year; the year may be unknown.
    commune, epci, ept, department, region
        Codes of what contains it wholly.
    """

    level: Level
    code: str
    name: str
    kind: str = ""
    postal_codes: tuple[str, ...] = ()
    siren: str = ""
    population: int | None = None
    population_year: int | None = None
    surface_km2: float | None = None
    communes_count: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    x: float | None = None
    y: float | None = None
    commune: str | None = None
    epci: str | None = None
    ept: str | None = None
    department: str | None = None
    region: str | None = None

    @property
    def size_class(self) -> SizeClass | None:
        """The size class, when the population is known."""
        return None if self.population is None else size_class(self.population)


@dataclass(frozen=True, slots=True)
class SuccessionRecord:
    """A code that is no longer that of a commune, and the commune to go to.

    ``kind`` is ``ancien-code``, ``commune-deleguee`` or ``commune-associee``.
    """

    code: str
    name: str
    kind: str
    successor: str


@dataclass(frozen=True, slots=True)
class Vintage:
    """A whole vintage."""

    year: int
    geography_source: str
    population_source: str
    attribution: str
    territories: tuple[TerritoryRecord, ...]
    successions: tuple[SuccessionRecord, ...]


class _Description(BaseModel):
    """The content of ``vintage.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    year: int
    geography_source: str
    population_source: str
    population_year: int
    population_year_by_department: dict[str, int | None] = {}
    attribution: str

    def year_in(self, department: str | None) -> int | None:
        """Give the year of the populations of a department."""
        return self.population_year_by_department.get(department or "", self.population_year)


def fingerprint(folder: Path) -> str:
    """Return a text that changes when a file of a vintage changes.

    Parameters
    ----------
    folder : Path
        Folder of a vintage.

    Returns
    -------
    str
        SHA-256 over the names and contents of the files that a vintage is read from.

    Examples
    --------
    >>> from alliage.values.datafiles import data_directory
    >>> len(fingerprint(data_directory() / "territories" / "2026"))
    64
    """
    digest = hashlib.sha256()
    names = ["vintage.yaml", PLANE_FILE, OUTLINES_FILE, *(f"{table}.parquet" for table in _COLUMNS)]
    for name in names:
        path = folder / name
        if path.is_file():
            digest.update(name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def year_of(folder: Path) -> int:
    """Return the year of the vintage that a folder holds.

    Parameters
    ----------
    folder : Path
        Folder of a vintage.

    Returns
    -------
    int
        The year that ``vintage.yaml`` gives.

    Raises
    ------
    VintageError
        If the folder describes no vintage.

    Examples
    --------
    >>> from alliage.values.datafiles import data_directory
    >>> year_of(data_directory() / "territories" / "2026")
    2026
    """
    return _describe(folder).year


def read_vintage(folder: Path) -> Vintage:
    """Read a vintage from its folder.

    Parameters
    ----------
    folder : Path
        Folder with ``vintage.yaml`` and the Parquet files of ``data/territories/<year>``.

    Returns
    -------
    Vintage
        Territories from the country down to the municipal arrondissements, and successions.

    Raises
    ------
    VintageError
        If a file or a column is missing, a code is malformed or given twice, or a territory is said
        to be in one that does not exist.

    Examples
    --------
    >>> from alliage.values.datafiles import data_directory
    >>> vintage = read_vintage(data_directory() / "territories" / "2026")
    >>> vintage.territories[0].name, vintage.territories[0].population
    ('France', 68350798)
    """
    description = _describe(folder)
    tables = {name: _table(folder, name) for name in _COLUMNS}
    plane = _plane(folder)
    communes = [_commune(row, description) for row in tables["communes"]]
    territories = (
        _country(communes, tables["departements"], description),
        *(_region(row, description) for row in tables["regions"] if not _is_collectivity(row)),
        *_departments(tables["departements"], communes, description),
        *(_epci(row, description) for row in tables["epci"]),
        *communes,
        *_arrondissements(tables["arrondissements_municipaux"], communes, description, plane),
    )
    vintage = Vintage(
        year=description.year,
        geography_source=description.geography_source,
        population_source=description.population_source,
        attribution=description.attribution,
        territories=territories,
        successions=tuple(_successions(tables["codes_historiques"], communes)),
    )
    _check(vintage)
    return vintage


def _describe(folder: Path) -> _Description:
    try:
        return read_record(folder / "vintage.yaml", _Description)
    except InvalidFilesError as error:
        msg = f"The folder {folder} does not describe a vintage. {error}"
        raise VintageError(msg) from error


def _plane(folder: Path) -> Plane:
    try:
        return Plane.read(folder / PLANE_FILE)
    except (OSError, ValueError) as error:
        msg = f"The plane of the maps of {folder} cannot be read: {error}"
        raise VintageError(msg) from error


def _table(folder: Path, name: str) -> list[Row]:
    path = folder / f"{name}.parquet"
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        msg = f"{path} cannot be read: {error}. Give the folder of a whole vintage."
        raise VintageError(msg) from error
    missing = [column for column in _COLUMNS[name] if column not in frame.columns]
    if missing:
        msg = (
            f"{path} lacks the columns {', '.join(missing)}. It has: {', '.join(frame.columns)}. "
            "Name them as data/territories/README.md says."
        )
        raise VintageError(msg)
    return frame.select(_COLUMNS[name]).to_dicts()


def _is_collectivity(row: Row) -> bool:
    return bool(row["zone"] == _COLLECTIVITY)


def _kind_of_zone(zone: str) -> str:
    return {"drom": OVERSEAS_DEPARTMENT, _COLLECTIVITY: OVERSEAS_COLLECTIVITY}.get(zone, "")


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(part for part in (text or "").split("|") if part)


def _only(codes: str | None) -> str | None:
    """Give the one territory that contains a grouping; a grouping that straddles two is in none."""
    parts = _split(codes)
    return parts[0] if len(parts) == 1 else None


def _figures(row: Row) -> dict[str, Any]:
    return {
        "population": row["population"],
        "surface_km2": row["surface_km2"],
        "latitude": row["lat"],
        "longitude": row["lon"],
    }


def _commune(row: Row, description: _Description) -> TerritoryRecord:
    collectivity = _is_collectivity(row)
    known = row["population"] is not None
    return TerritoryRecord(
        level=Level.COMMUNE,
        code=row["code"],
        name=row["nom"],
        kind=OVERSEAS_COLLECTIVITY if collectivity else "",
        postal_codes=_split(row["codes_postaux"]),
        siren=row["siren"] or "",
        population_year=description.year_in(row["departement"]) if known else None,
        x=row["x"],
        y=row["y"],
        epci=row["epci"] or None,
        ept=row["ept"] or None,
        department=row["departement"],
        region=None if collectivity else row["region"],
        **_figures(row),
    )


def _country(
    communes: Iterable[TerritoryRecord], departments: Iterable[Row], description: _Description
) -> TerritoryRecord:
    """Sum mainland France and the overseas departments, as the totals of INSEE do."""
    counted = [commune for commune in communes if commune.kind != OVERSEAS_COLLECTIVITY]
    surfaces = [row["surface_km2"] for row in departments if not _is_collectivity(row)]
    return TerritoryRecord(
        level=Level.COUNTRY,
        code=COUNTRY_CODE,
        name="France",
        population=_sum_of(commune.population for commune in counted),
        population_year=description.population_year,
        surface_km2=None if None in surfaces else round(sum(surfaces), 1),
        communes_count=len(counted),
    )


def _sum_of(populations: Iterable[int | None]) -> int | None:
    total = 0
    for population in populations:
        if population is None:
            return None
        total += population
    return total


def _region(row: Row, description: _Description) -> TerritoryRecord:
    # A region of one department overseas has the population, hence the year, of that department.
    overseas = {"01": "971", "02": "972", "03": "973", "04": "974", "06": "976"}
    return TerritoryRecord(
        level=Level.REGION,
        code=row["code"],
        name=row["nom"],
        kind=_kind_of_zone(row["zone"]),
        population_year=description.year_in(overseas.get(row["code"])),
        communes_count=row["nb_communes"],
        x=row["x"],
        y=row["y"],
        **_figures(row),
    )


def _departments(
    rows: Iterable[Row], communes: Iterable[TerritoryRecord], description: _Description
) -> Iterator[TerritoryRecord]:
    with_unknown = {commune.department for commune in communes if commune.population is None}
    for row in rows:
        # The tables sum what they know: 0 where no commune is known would pass for a figure.
        unknown = row["code"] in with_unknown
        figures = _figures(row) | ({"population": None} if unknown else {})
        yield TerritoryRecord(
            level=Level.DEPARTMENT,
            code=row["code"],
            name=row["nom"],
            kind=_kind_of_zone(row["zone"]),
            population_year=None if unknown else description.year_in(row["code"]),
            communes_count=row["nb_communes"],
            x=row["x"],
            y=row["y"],
            region=None if _is_collectivity(row) else row["region"],
            **figures,
        )


def _epci(row: Row, description: _Description) -> TerritoryRecord:
    department = _only(row["departements"])
    return TerritoryRecord(
        level=Level.EPT if row["type"] == "EPT" else Level.EPCI,
        code=row["siren"],
        name=row["nom"],
        kind=row["type"],
        siren=row["siren"],
        population_year=description.year_in(department),
        communes_count=row["nb_communes"],
        x=row["x"],
        y=row["y"],
        epci=row["parent"] or None,
        department=department,
        region=_only(row["regions"]),
        **_figures(row),
    )


def _arrondissements(
    rows: Sequence[Row],
    communes: Iterable[TerritoryRecord],
    description: _Description,
    plane: Plane,
) -> Iterator[TerritoryRecord]:
    cities = {commune.code: commune for commune in communes}
    for row in rows:
        city = cities.get(row["commune"])
        if city is None:
            msg = (
                f"The arrondissement {row['code']} is said to be in commune {row['commune']}, "
                "which communes.parquet lacks. Correct arrondissements_municipaux.parquet."
            )
            raise VintageError(msg)
        x, y = plane.place(zone_of(city.code), np.array([row["lon"]]), np.array([row["lat"]]))
        yield TerritoryRecord(
            level=Level.ARRONDISSEMENT,
            code=row["code"],
            name=row["nom"],
            postal_codes=_split(row["codes_postaux"]),
            population_year=description.year_in(city.department),
            x=round(float(x[0]), 1),
            y=round(float(y[0]), 1),
            commune=city.code,
            epci=city.epci,
            ept=city.ept,
            department=city.department,
            region=city.region,
            **_figures(row),
        )


def _successions(
    rows: Iterable[Row], communes: Iterable[TerritoryRecord]
) -> Iterator[SuccessionRecord]:
    """Keep one row per former code and successor, that with the name if there is one.

    A delegated commune that kept the code of the whole is not a former code: it is left out.
    """
    current = {commune.code for commune in communes}
    named: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (row["code"], row["commune_actuelle"])
        if row["code"] not in current and (key not in named or row["nom"]):
            named[key] = row
    for (code, successor), row in sorted(named.items()):
        yield SuccessionRecord(code, row["nom"] or "", row["nature"], successor)


def _check(vintage: Vintage) -> None:
    problems = [*_problems_of_codes(vintage), *_problems_of_references(vintage)]
    if problems:
        more = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        msg = (
            f"The vintage {vintage.year} contradicts itself: {'; '.join(problems[:_SHOWN])}{more}. "
            "Correct the files, then load again."
        )
        raise VintageError(msg)


def _problems_of_codes(vintage: Vintage) -> Iterator[str]:
    seen: set[tuple[Level, str]] = set()
    for record in vintage.territories:
        if (record.level, record.code) in seen:
            yield f"{record.level} {record.code} is given twice"
        seen.add((record.level, record.code))
        if record.level is Level.COMMUNE:
            try:
                commune_code(record.code)
            except InvalidCodeError as error:
                yield str(error)


def _problems_of_references(vintage: Vintage) -> Iterator[str]:
    codes: dict[Level, set[str]] = defaultdict(set)
    for record in vintage.territories:
        codes[record.level].add(record.code)
    for record in vintage.territories:
        for level, code in (
            (Level.EPCI, record.epci),
            (Level.EPT, record.ept),
            (Level.DEPARTMENT, record.department),
            (Level.REGION, record.region),
        ):
            if code is not None and code not in codes[level]:
                yield f"{record.level} {record.code} is in {level} {code}, which does not exist"
    for succession in vintage.successions:
        if succession.successor not in codes[Level.COMMUNE]:
            yield (
                f"the former code {succession.code} leads to commune {succession.successor}, which "
                "does not exist"
            )
