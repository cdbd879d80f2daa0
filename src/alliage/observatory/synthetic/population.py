"""The adults of the regions of the study: by sex and age, and by size of their commune.

Sources are named in ``data/observatory/README.md``.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from alliage.observatory.studies.regions import read_regions
from alliage.territories.levels import Level
from alliage.territories.size_classes import SizeClass
from alliage.territories.vintages import read_vintage
from alliage.values.yaml_files import read_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: The margins of the design, as a specification names them.
SEX_AND_AGE = ("region", "sex", "age")
TOWN_SIZE = ("region", "town_size")

SEXES = ("woman", "man")
AGES = ("18_24", "25_34", "35_49", "50_64", "65_plus")
TOWN_SIZES: Mapping[SizeClass, str] = {
    SizeClass.VERY_SMALL: "lt_2000",
    SizeClass.SMALL_MEDIUM: "2000_20000",
    SizeClass.INTERMEDIATE: "20000_50000",
    SizeClass.LARGE: "gt_50000",
}

#: The share of people of 15-19 who are adults, were the five ages equally many.
_ADULTS_OF_15_19 = 2 / 5

_CROSSED = " * "


@dataclass(frozen=True, slots=True)
class Adults:
    """How many adults there are, cut in the two ways that the design calibrates on.

    Attributes
    ----------
    by_sex_and_age
        People by (region, sex, age).
    by_town_size
        People by (region, size of the commune); in each region as many as by sex and age.
    """

    by_sex_and_age: Mapping[tuple[str, str, str], int]
    by_town_size: Mapping[tuple[str, str], int]

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions, in their order."""
        return tuple(dict.fromkeys(region for region, _ in self.by_town_size))

    def margins(self) -> dict[tuple[str, ...], dict[tuple[str, ...], float]]:
        """Return them as `alliage.survey.calibrate` takes them."""
        return {
            SEX_AND_AGE: {cell: float(people) for cell, people in self.by_sex_and_age.items()},
            TOWN_SIZE: {cell: float(people) for cell, people in self.by_town_size.items()},
        }


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Counted(_Part):
    code: str
    men: tuple[int, ...]
    women: tuple[int, ...]


class _Population(_Part):
    age_groups: tuple[str, ...]
    regions: tuple[_Counted, ...]


def count_adults(observatory: Path, vintage: Path) -> Adults:
    """Count the adults of the regions of the study from the sources.

    Parameters
    ----------
    observatory : Path
        The folder of ``population.yaml`` and ``regions.yaml``.
    vintage : Path
        The folder of a vintage of territories, for the populations of communes.

    Returns
    -------
    Adults
        Whole people. Two fifths of those of 15-19 are taken for adults. The sizes of communes
        count people of all ages: in each region their shares are brought to its adults.

    Raises
    ------
    InvalidFilesError
        If a file does not follow its format.
    alliage.territories.vintages.VintageError
        If the folder is not a vintage.
    """
    regions = read_regions(observatory / "regions.yaml").surveyed
    study_region = {official: one.code for one in regions for official in one.official}
    aged = _by_sex_and_age(read_record(observatory / "population.yaml", _Population), study_region)
    people = _by_town_size(vintage, study_region)
    codes = tuple(one.code for one in regions)
    by_sex_and_age = {
        (region, sex, age): aged[region, sex, age]
        for region in codes
        for sex in SEXES
        for age in AGES
    }
    by_town_size: dict[tuple[str, str], int] = {}
    for region in codes:
        adults = sum(aged[region, sex, age] for sex in SEXES for age in AGES)
        shared = largest_remainder(adults, [people[region, size] for size in TOWN_SIZES.values()])
        for size, count in zip(TOWN_SIZES.values(), shared, strict=True):
            by_town_size[region, size] = count
    return Adults(by_sex_and_age, by_town_size)


def _by_sex_and_age(
    population: _Population, study_region: Mapping[str, str]
) -> dict[tuple[str, str, str], int]:
    found: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    for region in population.regions:
        code = study_region[region.code]
        for sex, counts in (("man", region.men), ("woman", region.women)):
            for group, count in zip(population.age_groups, counts, strict=True):
                age, share = _age(group)
                if age is not None:
                    found[code, sex, age] += share * count
    return {cell: round(count) for cell, count in found.items()}


def _age(group: str) -> tuple[str | None, float]:
    """Return the age of the study that a five-year group belongs to, and which share of it."""
    first = int(group.rstrip("+").partition("-")[0])
    if first < 15:
        return None, 0.0
    if first == 15:
        return "18_24", _ADULTS_OF_15_19
    for age, last in (("18_24", 24), ("25_34", 34), ("35_49", 49), ("50_64", 64)):
        if first <= last:
            return age, 1.0
    return "65_plus", 1.0


def _by_town_size(vintage: Path, study_region: Mapping[str, str]) -> dict[tuple[str, str], int]:
    territories = read_vintage(vintage).territories
    # A commune names its department, and the department its region.
    regions = {one.code: one.region for one in territories if one.level is Level.DEPARTMENT}
    found: defaultdict[tuple[str, str], int] = defaultdict(int)
    for one in territories:
        if one.level is not Level.COMMUNE or one.size_class is None or one.population is None:
            continue
        region = study_region.get(one.region or regions.get(one.department or "") or "")
        if region is not None:
            found[region, TOWN_SIZES[one.size_class]] += one.population
    return dict(found)


def largest_remainder(total: int, weights: Sequence[float], least: int = 0) -> list[int]:
    """Share a whole number by weights: the largest remainders get what rounding down leaves.

    Parameters
    ----------
    total : int
        What is shared.
    weights : sequence of float
        Not negative, not all 0.
    least : int
        What every part gets first.

    Returns
    -------
    list of int
        They add up to the total.

    Examples
    --------
    >>> largest_remainder(10, [1, 1, 1]), largest_remainder(10, [98, 1, 1], least=1)
    ([4, 3, 3], [8, 1, 1])
    """
    free = total - least * len(weights)
    exact = [free * weight / sum(weights) for weight in weights]
    shares = [int(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda place: shares[place] - exact[place])
    for place in order[: free - sum(shares)]:
        shares[place] += 1
    return [least + share for share in shares]


def write_margins(adults: Adults, path: Path) -> None:
    """Write margins as the file that a specification reads."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("variable", "level", "total"))
        for names, totals in adults.margins().items():
            writer.writerows(
                (_CROSSED.join(names), _CROSSED.join(level), int(total))
                for level, total in totals.items()
            )


def read_margins(path: Path) -> Adults:
    """Read the margins that `write_margins` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["variable"], row["level"], row["total"]) for row in csv.DictReader(file)]
    return Adults(
        {
            _three(level): int(total)
            for variable, level, total in rows
            if variable == _CROSSED.join(SEX_AND_AGE)
        },
        {
            _two(level): int(total)
            for variable, level, total in rows
            if variable == _CROSSED.join(TOWN_SIZE)
        },
    )


def _three(level: str) -> tuple[str, str, str]:
    region, sex, age = level.split(_CROSSED)
    return region, sex, age


def _two(level: str) -> tuple[str, str]:
    region, size = level.split(_CROSSED)
    return region, size
