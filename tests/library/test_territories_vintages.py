"""Vintages, size classes, perimeters and names."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.territories import COMMUNES, SHIPPED, edit_table, write_vintage

from alliage.territories.comparison import class_profiles, density, distribution
from alliage.territories.levels import Level
from alliage.territories.names import name_keys
from alliage.territories.perimeters import Commune, compose
from alliage.territories.size_classes import SizeClass, size_class
from alliage.territories.vintages import (
    TerritoryRecord,
    Vintage,
    VintageError,
    fingerprint,
    read_vintage,
    year_of,
)

if TYPE_CHECKING:
    from pathlib import Path

POPULATIONS = st.integers(0, 3_000_000)


@pytest.fixture(scope="module")
def shipped() -> Vintage:
    return read_vintage(SHIPPED)


@pytest.fixture(scope="module")
def records(shipped: Vintage) -> dict[tuple[str, str], TerritoryRecord]:
    return {(record.level, record.code): record for record in shipped.territories}


# Size classes


@pytest.mark.parametrize(
    ("population", "expected"),
    [
        (0, SizeClass.VERY_SMALL),
        (1_999, SizeClass.VERY_SMALL),
        (2_000, SizeClass.SMALL_MEDIUM),
        (19_999, SizeClass.SMALL_MEDIUM),
        (20_000, SizeClass.INTERMEDIATE),
        (49_999, SizeClass.INTERMEDIATE),
        (50_000, SizeClass.LARGE),
    ],
)
def test_the_lower_bound_belongs_to_the_class(population: int, expected: SizeClass) -> None:
    assert size_class(population) is expected


def test_a_negative_population_is_refused() -> None:
    with pytest.raises(ValueError, match="Give 0 or more"):
        size_class(-1)


@given(POPULATIONS, POPULATIONS)
def test_a_larger_territory_is_never_in_a_smaller_class(one: int, other: int) -> None:
    order = list(SizeClass)
    low, high = sorted((one, other))
    assert order.index(size_class(low)) <= order.index(size_class(high))


# The shipped vintage


def test_the_shipped_vintage_is_whole(shipped: Vintage) -> None:
    assert Counter(record.level for record in shipped.territories) == {
        Level.COUNTRY: 1,
        Level.REGION: 18,
        Level.DEPARTMENT: 109,
        Level.EPCI: 1_253,
        Level.EPT: 11,
        Level.COMMUNE: 34_969,
        Level.ARRONDISSEMENT: 45,
    }
    assert len({former.code for former in shipped.successions}) == 4_240
    assert year_of(SHIPPED) == shipped.year == 2026


def test_populations_of_groupings_are_those_of_their_communes(shipped: Vintage) -> None:
    sums: Counter[tuple[str, str | None]] = Counter()
    for record in shipped.territories:
        if record.level is Level.COMMUNE and record.population:
            for level, code in (
                (Level.EPCI, record.epci),
                (Level.EPT, record.ept),
                (Level.DEPARTMENT, record.department),
                (Level.REGION, record.region),
            ):
                sums[level, code] += record.population
    groupings = {Level.EPCI, Level.EPT, Level.DEPARTMENT, Level.REGION}
    compared = [
        (record.code, record.population, sums[record.level, record.code])
        for record in shipped.territories
        if record.level in groupings and record.population is not None
    ]
    assert len(compared) == 1_253 + 11 + 107 + 18
    assert [line for line in compared if line[1] != line[2]] == []


def test_what_is_not_known_is_never_zero(
    records: dict[tuple[str, str], TerritoryRecord],
) -> None:
    nothing = records[Level.COMMUNE, "98411"]
    assert (nothing.population, nothing.population_year, nothing.size_class) == (None, None, None)
    # The tables of the pack give 0 for the collectivity, whose communes are all unknown.
    assert records[Level.DEPARTMENT, "984"].population is None
    assert records[Level.COMMUNE, "98818"].population_year is None
    # Villages destroyed in 1916 have no inhabitant: that is known.
    assert records[Level.COMMUNE, "55039"].population == 0


def test_each_population_has_its_year(records: dict[tuple[str, str], TerritoryRecord]) -> None:
    assert records[Level.COMMUNE, "94080"].population_year == 2023
    for key in ((Level.COMMUNE, "97608"), (Level.DEPARTMENT, "976"), (Level.REGION, "06")):
        assert records[key].population_year == 2017


def test_a_grouping_is_in_what_contains_it_wholly(
    records: dict[tuple[str, str], TerritoryRecord],
) -> None:
    metropolis = records[Level.EPCI, "200054781"]
    assert (metropolis.department, metropolis.region) == (None, "11")
    public_body = records[Level.EPT, "200057941"]
    assert (public_body.epci, public_body.department) == ("200054781", "94")
    arrondissement = records[Level.ARRONDISSEMENT, "75112"]
    assert (arrondissement.commune, arrondissement.epci) == ("75056", "200054781")
    assert arrondissement.x == pytest.approx(638.4)


def test_collectivities_overseas_are_in_no_region(
    records: dict[tuple[str, str], TerritoryRecord],
) -> None:
    assert (Level.REGION, "987") not in records
    assert records[Level.DEPARTMENT, "987"].region is None
    assert records[Level.COMMUNE, "98735"].region is None
    assert records[Level.COUNTRY, "FR"].communes_count == 34_875


def test_a_delegated_commune_that_kept_its_code_is_not_a_former_one(shipped: Vintage) -> None:
    current = {record.code for record in shipped.territories if record.level is Level.COMMUNE}
    assert not current & {former.code for former in shipped.successions}
    ambiguous = [former for former in shipped.successions if former.code == "55273"]
    assert {former.successor for former in ambiguous} == {"55245", "55386"}
    (fourqueux,) = (former for former in shipped.successions if former.code == "78251")
    assert (fourqueux.name, fourqueux.successor) == ("Fourqueux", "78551")


def test_class_profiles_are_those_that_the_pack_publishes(shipped: Vintage) -> None:
    published = json.loads((SHIPPED / "classes_taille.json").read_text(encoding="utf-8"))
    names = dict(zip(("<2000", "2000-20000", "20000-50000", ">=50000"), SizeClass, strict=True))
    profiles = {(item.level, item.size_class): item for item in class_profiles(shipped.territories)}
    for level, key in ((Level.COMMUNE, "communes"), (Level.EPCI, "epci_fiscalite_propre")):
        for name, size in names.items():
            expected = published["france_metro_drom"][key][name]
            profile = profiles.get((level, size))
            found = (profile.count, profile.population) if profile else (0, 0)
            assert found == (expected["nombre"], expected["population"])


# Reading a folder


def test_a_cut_out_vintage_is_read(tmp_path: Path) -> None:
    vintage = read_vintage(write_vintage(tmp_path / "2026"))
    communes = [record for record in vintage.territories if record.level is Level.COMMUNE]
    assert [record.code for record in communes] == sorted(COMMUNES)


def _drop(column: str) -> Any:
    return lambda frame: frame.drop(column)


def _set(at: str, /, **values: Any) -> Any:
    return lambda frame: frame.with_columns(
        pl.when(pl.col("code") == at).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


@pytest.mark.parametrize(
    ("table", "edit", "fact"),
    [
        ("communes", _drop("nom"), "lacks the columns nom"),
        ("communes", _set("94080", departement="99"), "is in department 99, which does not exist"),
        ("communes", _set("94080", epci="123456789"), "is in epci 123456789"),
        ("communes", _set("94080", code="20080"), "« 20080 » is not the INSEE code of a commune"),
        ("communes", lambda frame: pl.concat([frame, frame.head(1)]), "11339 is given twice"),
        ("arrondissements_municipaux", _set("75112", commune="75999"), "in commune 75999"),
        ("codes_historiques", _set("78251", commune_actuelle="78999"), "78251 leads to commune"),
    ],
)
def test_a_folder_that_contradicts_itself_is_refused(
    tmp_path: Path, table: str, edit: Any, fact: str
) -> None:
    folder = write_vintage(tmp_path / "2026")
    edit_table(folder, table, edit)
    with pytest.raises(VintageError, match=fact):
        read_vintage(folder)


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("vintage.yaml", "does not describe a vintage"),
        ("communes.parquet", "communes.parquet cannot be read"),
        ("carte_affine.json", "The plane of the maps"),
    ],
)
def test_a_folder_that_lacks_a_file_is_refused(tmp_path: Path, name: str, fact: str) -> None:
    folder = write_vintage(tmp_path / "2026")
    (folder / name).unlink()
    with pytest.raises(VintageError, match=fact):
        read_vintage(folder)


def test_a_description_with_an_unknown_field_is_refused(tmp_path: Path) -> None:
    folder = write_vintage(tmp_path / "2026")
    with (folder / "vintage.yaml").open("a", encoding="utf-8") as file:
        file.write("colour: blue\n")
    with pytest.raises(VintageError, match="colour: is not a field"):
        year_of(folder)


def test_the_fingerprint_changes_with_the_files(tmp_path: Path) -> None:
    folder = write_vintage(tmp_path / "2026")
    before = fingerprint(folder)
    assert fingerprint(write_vintage(tmp_path / "copy")) == before
    edit_table(folder, "communes", _set("94080", population=1))
    assert fingerprint(folder) != before


# Perimeters and comparisons


@given(st.lists(POPULATIONS, min_size=1))
def test_a_perimeter_has_the_people_of_its_communes(populations: list[int]) -> None:
    whole = compose(Commune(population=value, population_year=2023) for value in populations)
    assert whole.population == sum(populations)
    assert whole.size_class is size_class(sum(populations))
    assert sum(whole.by_size_class.values()) == whole.communes_count == len(populations)
    assert whole.population_years == (2023,)


@given(st.lists(POPULATIONS), st.integers(0, 5))
def test_one_unknown_makes_the_sum_unknown(populations: list[int], place: int) -> None:
    members = [Commune(population=value, surface_km2=1.0) for value in populations]
    members.insert(place, Commune())
    whole = compose(members)
    assert (whole.population, whole.size_class, whole.surface_km2) == (None, None, None)
    assert whole.by_size_class[None] == 1


def test_the_middle_is_weighted_by_surface() -> None:
    small = Commune(surface_km2=1, latitude=40, longitude=0, x=0, y=0)
    large = Commune(surface_km2=3, latitude=44, longitude=4, x=8, y=4)
    whole = compose([small, large])
    assert (whole.latitude, whole.longitude, whole.x, whole.y) == (43, 3, 6, 3)
    assert compose([small, Commune(x=8, y=4)]).x == 4
    assert compose([Commune()]).x is None


def test_an_empty_perimeter_has_no_figure() -> None:
    whole = compose([])
    assert (whole.communes_count, whole.population, whole.surface_km2) == (0, None, None)


def test_quartiles_interpolate() -> None:
    # Hyndman and Fan (1996), type 7, on ten values.
    spread = distribution([*range(1, 11), None])
    assert spread is not None
    assert (spread.count, spread.minimum, spread.maximum) == (10, 1, 10)
    assert (spread.lower_quartile, spread.median, spread.upper_quartile) == (3.25, 5.5, 7.75)
    assert distribution([None]) is None


def test_a_density_needs_both_figures() -> None:
    assert density(10, 4) == 2.5
    assert density(0, 4) == 0
    assert [density(None, 4), density(10, None), density(10, 0)] == [None, None, None]


# Names


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Saint-Mandé", ("saint mande", "mande")),
        ("L'Haÿ-les-Roses", ("l hay les roses", "hay les roses", "roses")),
        ("Y", ("y",)),
        ("Œting", ("oeting",)),
        ("", ("",)),
    ],
)
def test_a_name_may_be_begun_at_any_word(name: str, keys: tuple[str, ...]) -> None:
    assert name_keys(name) == keys
