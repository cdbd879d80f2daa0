"""Loading vintages: once, again, corrected, one beside the other."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import polars as pl
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from tests.factories.loaded_territories import load, territory
from tests.factories.territories import COMMUNES, edit_table, write_vintage

from alliage.territories.vintages import VintageError
from alliage_web.audit.models import Event
from alliage_web.territories import queries
from alliage_web.territories.models import (
    Outline,
    SearchKey,
    Snapshot,
    Succession,
    Territory,
    Vintage,
)

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

pytestmark = pytest.mark.django_db


def _run(*arguments: object) -> str:
    out = StringIO()
    call_command("load_territories", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_vintage(tmp_path / "2026")


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The next vintage, where Vincennes has absorbed Saint-Mandé."""
    return write_vintage(tmp_path / "2027", year=2027, merged={"94067": "94080"})


def test_without_data_the_entry_page_says_what_to_do(client: Client) -> None:
    assert "alliage-web load-territories" in client.get("/territoires/").content.decode()


def test_a_load_writes_every_level_and_says_so(folder: Path) -> None:
    said = _run("--folder", folder)
    communes = Snapshot.objects.filter(territory__level="commune")
    assert communes.count() == len(COMMUNES)
    assert f"{Territory.objects.count():,} territories ({Territory.objects.count():,} new)" in said
    assert "It is now the current one." in said
    vincennes = communes.get(territory__code="94080")
    assert (vincennes.population, vincennes.population_year) == (48_193, 2023)
    assert (vincennes.size_class, vincennes.postal_codes) == ("tti", "94300")
    assert vincennes.ept == territory("ept", "200057941")
    assert vincennes.region == territory("region", "11")
    unknown = communes.get(territory__code="98411")
    assert (unknown.population, unknown.size_class, unknown.x) == (None, "", None)
    assert Event.objects.get().target == "vintage:2026"


def test_neighbours_are_those_of_the_shapes(folder: Path) -> None:
    load(folder)
    outline = Outline.objects.get(snapshot__territory__code="94080")
    names = outline.neighbours.order_by("territory__code").values_list("name", flat=True)
    assert list(names) == ["Paris", "Montreuil", "Fontenay-sous-Bois", "Saint-Mandé"]
    assert outline.x_min < outline.x_max
    # New Caledonia is drawn nowhere.
    assert not Outline.objects.filter(snapshot__territory__code="98818").exists()


def test_a_second_load_changes_nothing(folder: Path) -> None:
    _run("--folder", folder)
    before = list(Snapshot.objects.order_by("pk").values_list("pk", flat=True))
    assert _run("--folder", folder) == (
        "Vintage 2026: the files were loaded before, nothing changed.\n"
    )
    assert list(Snapshot.objects.order_by("pk").values_list("pk", flat=True)) == before
    assert Event.objects.count() == 1


def test_corrected_files_replace_the_vintage_and_keep_identities(folder: Path) -> None:
    load(folder)
    counts = [model.objects.count() for model in (Territory, Snapshot, SearchKey, Succession)]
    key = territory("commune", "94080").pk
    edit_table(
        folder,
        "communes",
        lambda frame: frame.with_columns(
            population=pl.when(pl.col("code") == "94080").then(50_000).otherwise("population")
        ),
    )
    assert "territories (0 new)" in _run("--folder", folder)
    assert [
        model.objects.count() for model in (Territory, Snapshot, SearchKey, Succession)
    ] == counts
    assert territory("commune", "94080").pk == key
    assert Snapshot.objects.get(territory=key).size_class == "large"


def test_a_newer_vintage_stands_beside_and_becomes_the_current_one(
    folder: Path, newer: Path
) -> None:
    load(folder)
    identities = dict(Territory.objects.values_list("code", "pk"))
    assert "It is now the current one." in _run("--folder", newer)
    assert [vintage.year for vintage in Vintage.objects.filter(is_current=True)] == [2027]
    assert dict(Territory.objects.values_list("code", "pk")) == identities
    assert Snapshot.objects.filter(territory__code="94067").count() == 1
    assert Snapshot.objects.filter(territory__code="94080").count() == 2
    (succession,) = queries.successors("94067")
    assert succession.successor == territory("commune", "94080")


def test_the_current_vintage_may_be_kept(folder: Path, newer: Path) -> None:
    load(folder)
    assert "current" not in _run("--folder", newer, "--keep-current")
    assert queries.current_vintage() == Vintage.objects.get(year=2026)
    # Later, the same command without the option moves it, and loads nothing again.
    assert _run("--folder", newer) == (
        "Vintage 2027: the files were loaded before, nothing changed. It is now the current one.\n"
    )
    assert queries.current_vintage() == Vintage.objects.get(year=2027)


def test_an_older_vintage_never_becomes_current_nor_renames(folder: Path, newer: Path) -> None:
    edit_table(
        newer,
        "communes",
        lambda frame: frame.with_columns(
            nom=pl.when(pl.col("code") == "94080")
            .then(pl.lit("Vincennes-Saint-Mandé"))
            .otherwise("nom")
        ),
    )
    load(newer)
    load(folder)
    assert queries.current_vintage() == Vintage.objects.get(year=2027)
    assert territory("commune", "94080").name == "Vincennes-Saint-Mandé"


def test_a_newer_vintage_renames(folder: Path, newer: Path) -> None:
    test_an_older_vintage_never_becomes_current_nor_renames(folder, newer)
    Vintage.objects.all().delete()
    load(folder)
    assert territory("commune", "94080").name == "Vincennes"
    edit_table(newer, "communes", lambda frame: frame)
    load(newer)
    assert territory("commune", "94080").name == "Vincennes-Saint-Mandé"


def test_a_folder_that_contradicts_itself_leaves_nothing(folder: Path) -> None:
    edit_table(folder, "communes", lambda frame: pl.concat([frame, frame.head(1)]))
    with pytest.raises(CommandError, match="11339 is given twice"):
        _run("--folder", folder)
    assert not Vintage.objects.exists()
    assert not Territory.objects.exists()


def test_a_failure_half_way_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise VintageError

    monkeypatch.setattr("alliage_web.territories.actions._write_outlines", fail)
    with pytest.raises(VintageError):
        load(folder)
    assert not Territory.objects.exists()


def test_a_vintage_may_come_without_outlines(folder: Path) -> None:
    (folder / "communes.topo.json.gz").unlink()
    assert "0 outlines" in _run("--folder", folder)


@pytest.mark.parametrize(
    ("arguments", "fact"),
    [
        (("--folder", "/nowhere"), "does not describe a vintage"),
        (("--year", "1999"), "No vintage 1999 ships with Alliage"),
    ],
)
def test_what_cannot_be_loaded_is_named(arguments: tuple[str, ...], fact: str) -> None:
    with pytest.raises(CommandError, match=fact):
        _run(*arguments)


def test_the_year_of_a_folder_is_checked(folder: Path) -> None:
    with pytest.raises(CommandError, match="holds the vintage 2026, not 2027"):
        _run("--folder", folder, "--year", 2027)
