"""The regions of the studies, as the file of the observatory tells them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from alliage.observatory.studies.regions import read_regions
from alliage.values.datafiles import data_directory
from alliage_web.observatory.models.catalogue import in_language

if TYPE_CHECKING:
    from alliage.observatory.studies.regions import StudyRegion, StudyRegions


@cache
def study_regions() -> StudyRegions:
    """Return the regions of the studies."""
    return read_regions(data_directory() / "observatory" / "regions.yaml")


def region_label(region: StudyRegion) -> str:
    """Return the name of a region in the language of the page."""
    return in_language(*region.labels)
