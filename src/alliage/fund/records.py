"""Funds as files: one YAML record per fund, as public documents describe it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from alliage.alliances.records import (
    SLUG,
    Euros,
    FilePartialDate,
    Part,
    Remark,
    ShortText,
    Text,
)
from alliage.alliances.vocabulary import Reading
from alliage.values.yaml_files import FileProblem, InvalidFilesError, read_record

if TYPE_CHECKING:
    from pathlib import Path

Slug = Annotated[str, Field(pattern=SLUG, max_length=90)]


class EndowmentStatement(Part):
    """What one document says of the endowment: euros, over ``years`` years where it says so.

    Statements of several documents are never added together.
    """

    claim_fr: Remark
    claim_en: Remark
    eur: Euros
    years: Annotated[int, Field(ge=1, le=100)] | None = None
    stated_on: FilePartialDate
    status: Literal["announced", "declared"]
    reading: Reading
    source: Remark


class StrandRecord(Part):
    """A strand of investment of a fund (« volet »); postings name it by its code for ever."""

    code: Annotated[str, Field(pattern=SLUG, max_length=60)]
    name_fr: ShortText
    name_en: ShortText
    source: Remark


class FundRecord(Part):
    """A fund. Organisations are named by their addresses in the directory."""

    code: Annotated[str, Field(pattern=SLUG, max_length=60)]
    name: ShortText
    organisation: Slug
    founded: FilePartialDate
    founders: tuple[Slug, ...]
    summary_fr: Text
    summary_en: Text
    source: Remark
    endowment: tuple[EndowmentStatement, ...]
    strands: tuple[StrandRecord, ...] = ()


def load_funds(folder: Path) -> tuple[FundRecord, ...]:
    """Read every fund of a folder, or refuse the folder with every problem named.

    Parameters
    ----------
    folder : Path
        A folder of YAML files, one a fund.

    Returns
    -------
    tuple[FundRecord, ...]
        In the order of the names of the files.

    Raises
    ------
    InvalidFilesError
        If a file does not follow the format; every problem of every file is listed.

    Examples
    --------
    >>> from alliage.values.datafiles import data_directory
    >>> [fund.code for fund in load_funds(data_directory() / "fund")]
    ['odd17']
    """
    records: list[FundRecord] = []
    problems: list[FileProblem] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            records.append(read_record(path, FundRecord))
        except InvalidFilesError as error:
            problems += error.problems
    if problems:
        raise InvalidFilesError(problems)
    return tuple(records)
