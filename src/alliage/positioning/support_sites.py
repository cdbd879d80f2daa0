"""Sites where somebody receives people, read from a CSV file: every problem is told by its line."""

from __future__ import annotations

import csv
import gzip
import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from alliage.values.yaml_files import Fault, FileProblem, InvalidFilesError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: The columns, each with its name in the file of France services.
COLUMNS: Mapping[str, str] = {
    "identifier": "id_fs",
    "name": "lib_fs",
    "address": "adresse",
    "commune": "insee_com",
    "postal_code": "code_postal",
    "town": "lib_com",
    "latitude": "latitude",
    "longitude": "longitude",
}
#: Columns that may be left out.
OPTIONAL: Mapping[str, str] = {"kind": "format_fs"}

_LONGEST = {
    "identifier": 60,
    "name": 200,
    "address": 300,
    "postal_code": 10,
    "town": 120,
    "kind": 60,
}
_NEEDED = ("identifier", "name", "commune", "latitude", "longitude")
_COMMUNE_LENGTH = 5
#: Problems are told until this many: a file of another format has one on each line.
_MOST_TOLD = 100


class SiteProblem(Problem):
    """What can be wrong in a file of sites."""

    UNREADABLE = "unreadable", "cannot be read: %(fact)s. Give a CSV file in UTF-8."
    NO_COLUMN = (
        "no_column",
        "the column « %(column)s » is missing; « %(other)s » is read as well. Add it.",
    )
    EMPTY = "empty", "« %(column)s » is empty. Fill it, or remove the line."
    TOO_LONG = "too_long", "« %(column)s » has %(length)s characters. Write %(most)s at most."
    NOT_SHOWN = "not_shown", "« %(column)s » holds a character that is not shown. Remove it."
    NOT_COMMUNE = (
        "not_commune",
        "« %(given)s » is no INSEE code of a commune. Write its 5 characters, with a leading 0.",
    )
    NOT_DEGREES = (
        "not_degrees",
        "« %(given)s » is no %(column)s. Write decimal degrees, from -%(most)s to %(most)s.",
    )
    REPEATED = "repeated", "« %(given)s » is already on line %(line)s. Give each site its own."
    NO_SITE = "no_site", "holds no site. Give one line at least."
    OTHERS = "others", "has %(count)s more problems. Correct those above first."


@dataclass(frozen=True, slots=True)
class Site:
    """A site where somebody receives people. Degrees north and east; empty texts are unknown."""

    FIELDS: ClassVar[tuple[str, ...]] = (*COLUMNS, *OPTIONAL)

    identifier: str
    name: str
    address: str
    commune: str
    postal_code: str
    town: str
    latitude: float
    longitude: float
    kind: str = ""


def read_sites(path: Path) -> tuple[Site, ...]:
    r"""Read the sites of a CSV file, which may be compressed by gzip.

    Parameters
    ----------
    path
        A file in UTF-8 with a line of headings: the names of :data:`COLUMNS`, or those of the file
        of France services. Other columns are not read.

    Returns
    -------
    tuple[Site, ...]
        In the order of the file.

    Raises
    ------
    InvalidFilesError
        With every problem and its line; nothing is then read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> text = "identifier,name,address,commune,postal_code,town,latitude,longitude\n"
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "sites.csv"
    ...     _ = file.write_text(text + "1,Maison,1 rue du Pont,01033,01200,Valserhône,46.1,5.8\n")
    ...     read_sites(file)[0].commune
    '01033'
    """
    try:
        rows = _rows(path)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        fault = Fault(SiteProblem.UNREADABLE, {"fact": str(error)})
        raise InvalidFilesError([FileProblem.of(path.name, "file", fault)]) from error
    headings = _headings(rows[0] if rows else [])
    missing = [
        Fault(SiteProblem.NO_COLUMN, {"column": column, "other": other})
        for column, other in COLUMNS.items()
        if column not in headings
    ]
    if missing:
        raise InvalidFilesError(FileProblem.of(path.name, "line 1", one) for one in missing)
    return _sites(path, rows, headings)


def _rows(path: Path) -> list[list[str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, strict=True))


def _headings(row: list[str]) -> dict[str, int]:
    """Return the place of each column that the file has, under either of its names."""
    places = {name.strip(): place for place, name in enumerate(row)}
    known = {**COLUMNS, **OPTIONAL}
    return {
        column: places[name]
        for column, other in known.items()
        for name in (column, other)
        if name in places
    }


def _sites(path: Path, rows: list[list[str]], headings: Mapping[str, int]) -> tuple[Site, ...]:
    problems: list[FileProblem] = []
    found: list[Site] = []
    lines: dict[str, int] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        cells = {
            column: row[place].strip() if place < len(row) else ""
            for column, place in headings.items()
        }
        faults = [*_faults(cells)]
        if before := lines.get(cells["identifier"]):
            given = {"given": cells["identifier"], "line": str(before)}
            faults.append(Fault(SiteProblem.REPEATED, given))
        lines.setdefault(cells["identifier"], number)
        problems += [FileProblem.of(path.name, f"line {number}", fault) for fault in faults]
        if not faults:
            found.append(_site(cells))
    if not found and not problems:
        problems = [FileProblem.of(path.name, "file", Fault(SiteProblem.NO_SITE))]
    if problems:
        raise InvalidFilesError(_told(path, problems))
    return tuple(found)


def _told(path: Path, problems: list[FileProblem]) -> list[FileProblem]:
    left = len(problems) - _MOST_TOLD
    if left <= 0:
        return problems
    others = Fault(SiteProblem.OTHERS, {"count": str(left)})
    return [*problems[:_MOST_TOLD], FileProblem.of(path.name, "file", others)]


def _faults(cells: Mapping[str, str]) -> Iterator[Fault]:
    empty = {column for column in _NEEDED if not cells[column]}
    yield from (Fault(SiteProblem.EMPTY, {"column": one}) for one in _NEEDED if one in empty)
    for column, most in _LONGEST.items():
        if (length := len(cells.get(column, ""))) > most:
            values = {"column": column, "length": str(length), "most": str(most)}
            yield Fault(SiteProblem.TOO_LONG, values)
    for column, text in cells.items():
        if not text.isprintable():
            yield Fault(SiteProblem.NOT_SHOWN, {"column": column})
    commune = cells["commune"]
    if commune and not (
        len(commune) == _COMMUNE_LENGTH and commune.isascii() and commune.isalnum()
    ):
        yield Fault(SiteProblem.NOT_COMMUNE, {"given": commune[:60]})
    for column, most in (("latitude", 90), ("longitude", 180)):
        if column not in empty and _degrees(cells[column], most) is None:
            values = {"given": cells[column][:60], "column": column, "most": str(most)}
            yield Fault(SiteProblem.NOT_DEGREES, values)


def _degrees(text: str, most: int) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= most else None


def _site(cells: Mapping[str, str]) -> Site:
    texts = {name: cells.get(name, "") for name in Site.FIELDS}
    return Site(
        identifier=texts["identifier"],
        name=texts["name"],
        address=texts["address"],
        commune=texts["commune"],
        postal_code=texts["postal_code"],
        town=texts["town"],
        latitude=float(texts["latitude"]),
        longitude=float(texts["longitude"]),
        kind=texts["kind"],
    )
