"""Tools, publications and events of the field as a file, checked whole before any use."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from alliage.alliances.records import CODE, SLUG, FilePartialDate, Part, ShortText, Text
from alliage.values.yaml_files import FileProblem, InvalidFilesError, place, read_record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

Code = Annotated[str, Field(pattern=CODE, max_length=60)]


class LibraryRecord(Part):
    """A tool, a publication or an event; what is unknown is null."""

    slug: Annotated[str, Field(pattern=SLUG, max_length=90)]
    kind: Literal["tool", "publication", "event"]
    title: ShortText
    title_en: ShortText
    date: FilePartialDate | None = None
    date_end: FilePartialDate | None = None
    place: ShortText | None = None
    publisher: ShortText | None = None
    url: Annotated[str, Field(pattern=r"^https?://\S+$", max_length=400)] | None = None
    summary_fr: Text
    summary_en: Text
    domains: tuple[Code, ...] = ()
    objectives: tuple[Code, ...] = ()
    source: Text
    note_fr: Text | None = None

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> LibraryRecord:
        if self.date_end and (self.date is None or self.date_end.first_day < self.date.first_day):
            msg = f"ends in {self.date_end}, before its start ({self.date}). Correct a date."
            raise ValueError(msg)
        return self


class LibraryFile(Part):
    """The file ``data/reference/library.yaml``."""

    licence: Text
    attribution: Text
    entries: tuple[LibraryRecord, ...]


def load_library(
    path: Path, *, codes: Mapping[str, Collection[str]] | None = None
) -> tuple[LibraryRecord, ...]:
    """Read every entry of a library file, or refuse it with every problem named.

    Parameters
    ----------
    path : Path
        A YAML file such as ``data/reference/library.yaml``.
    codes : Mapping[str, Collection[str]] | None, default: None
        The codes allowed in ``domains`` and ``objectives``. A list that is left out is not
        checked.

    Returns
    -------
    tuple[LibraryRecord, ...]
        In the order of the file.

    Raises
    ------
    InvalidFilesError
        If the file is missing or not of the format, if two entries have the same address, or if
        a code is not known; every problem is listed.

    Examples
    --------
    >>> from alliage.values.datafiles import data_directory
    >>> entries = load_library(data_directory() / "reference" / "library.yaml")
    >>> sorted({entry.kind for entry in entries})
    ['event', 'publication', 'tool']
    """
    entries = read_record(path, LibraryFile).entries
    problems = [
        FileProblem(path.name, where, message) for where, message in _faults(entries, codes or {})
    ]
    if problems:
        raise InvalidFilesError(problems)
    return entries


def _faults(
    entries: tuple[LibraryRecord, ...], codes: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, str]]:
    times = Counter(entry.slug for entry in entries)
    for rank, entry in enumerate(entries):
        if times[entry.slug] > 1:
            message = f"« {entry.slug} » is written {times[entry.slug]} times. Choose another."
            yield place(("entries", rank, "slug")), message
        for field in ("domains", "objectives"):
            for code in getattr(entry, field):
                if field in codes and code not in codes[field]:
                    message = f"« {code} » is not a known code of {field}. Correct it."
                    yield place(("entries", rank, field)), message
