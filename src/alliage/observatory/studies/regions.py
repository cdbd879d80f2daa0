"""The regions of the studies, and the official regions that each of them covers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from alliage.values.yaml_files import read_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class StudyRegion:
    """A region as the studies cut the country.

    Attributes
    ----------
    code
        That of the studies.
    labels
        French and English.
    official
        The codes of the official regions that it covers.
    notes
        What is to be known of it, French and English; empty where there is nothing.
    """

    code: str
    labels: tuple[str, str]
    official: tuple[str, ...]
    notes: tuple[str, str]


@dataclass(frozen=True, slots=True)
class StudyRegions:
    """The regions of the studies and those that no study asked.

    Attributes
    ----------
    surveyed
        In the order of the file.
    not_surveyed
        Names of official regions, French and English, by their code.
    not_surveyed_notes
        Why nothing is said of them.
    """

    surveyed: tuple[StudyRegion, ...]
    not_surveyed: Mapping[str, tuple[str, str]]
    not_surveyed_notes: tuple[str, str]

    def of_official(self, code: str) -> StudyRegion | None:
        """Return the region of the studies that covers an official one, if there is one.

        Examples
        --------
        >>> south = StudyRegion("paca_corse", ("Sud", "South"), ("93", "94"), ("", ""))
        >>> regions = StudyRegions((south,), {"06": ("Mayotte", "Mayotte")}, ("", ""))
        >>> regions.of_official("94").code, regions.of_official("06")
        ('paca_corse', None)
        """
        return next((one for one in self.surveyed if code in one.official), None)

    def of_code(self, code: str) -> StudyRegion | None:
        """Return a region of the studies by its own code, if there is one."""
        return next((one for one in self.surveyed if one.code == code), None)


def read_regions(path: Path) -> StudyRegions:
    """Read ``data/observatory/regions.yaml``.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    InvalidFilesError
        If it does not follow its format.
    """
    record = read_record(path, _Regions)
    return StudyRegions(
        tuple(
            StudyRegion(
                one.code,
                (one.label_fr, one.label_en),
                one.official,
                (one.note_fr, one.note_en),
            )
            for one in record.regions
        ),
        {one.official: (one.label_fr, one.label_en) for one in record.not_surveyed.regions},
        (record.not_surveyed.note_fr, record.not_surveyed.note_en),
    )


class _Part(BaseModel):
    # The file also holds its licence and its sources.
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Surveyed(_Part):
    code: str
    label_fr: str
    label_en: str
    official: Annotated[tuple[str, ...], Field(min_length=1)]
    note_fr: str = ""
    note_en: str = ""


class _Outside(_Part):
    official: str
    label_fr: str
    label_en: str


class _NotSurveyed(_Part):
    note_fr: str
    note_en: str
    regions: tuple[_Outside, ...]


class _Regions(_Part):
    regions: Annotated[tuple[_Surveyed, ...], Field(min_length=1)]
    not_surveyed: _NotSurveyed
