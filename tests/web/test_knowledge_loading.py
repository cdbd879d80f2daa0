"""Loading the shipped alliances as examples, their sheets and the library."""

from __future__ import annotations

import shutil
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from tests.factories.actors import person
from tests.factories.alliances import LATER, shipped, shipped_world
from tests.factories.knowledge import titles

from alliage.alliances.reference import SchemeCode, load_reference
from alliage.knowledge.library import load_library
from alliage.values.datafiles import data_directory
from alliage_web.alliances.models import Alliance
from alliage_web.audit.models import Event
from alliage_web.knowledge import actions, documents
from alliage_web.knowledge.models import CaseSheet, Entry, SearchDocument
from alliage_web.knowledge.queries import content_of
from alliage_web.vocabulary.models import Term

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db
RESOURCES = load_library(data_directory() / "reference" / "library.yaml")


@pytest.fixture(autouse=True)
def _by_words(settings: Settings) -> None:
    settings.ALLIAGE_SEMANTIC = False


@pytest.fixture
def shipped_references() -> None:
    """Write what the shipped files name: territories, terms and organisations."""
    shipped_world()
    known = set(Term.objects.values_list("scheme", "code"))
    reference = load_reference(data_directory() / "reference")
    Term.objects.bulk_create(
        Term(scheme=found.code, code=term.code, label_fr=term.label_fr, label_en=term.label_en)
        for found in reference.schemes
        for term in found.items
        if (found.code, term.code) not in known and found.code != SchemeCode.SDG_TARGET
    )


def load(**options: Any) -> str:
    output = StringIO()
    call_command("import_cases", stdout=output, **options)
    return output.getvalue()


@pytest.mark.usefixtures("shipped_references")
def test_the_shipped_cases_are_published_found_and_loaded_once() -> None:
    said = load()
    assert f"alliances: {len(shipped())} created" in said
    assert f"entries: {len(shipped()) + len(RESOURCES)} created" in said
    assert "sheets: 3 created" in said
    examples = Entry.objects.filter(kind="example", state="published")
    assert examples.count() == len(shipped()) == 34
    assert not examples.filter(alliance=None).exists()
    assert set(Entry.objects.exclude(kind="example").values_list("kind", flat=True)) == {
        "tool",
        "publication",
        "event",
    }
    assert "VitaWin – rapprocher écoles, élèves et entreprises dans treize villes" in titles(
        "décrochage", ("example",)
    )
    version = SearchDocument.objects.order_by("-pk").first()
    events = Event.objects.count()
    again = load()
    assert "0 created, 0 updated, 34 unchanged" in again
    assert "nothing was written" in again
    assert "search: 0 documents indexed" in again
    assert Event.objects.count() == events
    assert SearchDocument.objects.order_by("-pk").first() == version


@pytest.mark.one_engine
@pytest.mark.usefixtures("shipped_references")
def test_every_shipped_example_has_its_sheet(client: Client) -> None:
    load()
    for slug in Entry.objects.filter(kind="example").values_list("slug", flat=True):
        assert client.get(f"/exemples/{slug}/fiche/").status_code == 200
    full = CaseSheet.objects.get(alliance__code="pemb_aet")
    sheet = documents.sheet_of(full.alliance.slug)
    assert sheet is not None
    assert len(sheet.pages) == 4


@pytest.mark.usefixtures("shipped_references")
def test_what_a_person_changed_stays_as_the_person_wrote_it() -> None:
    load()
    entry = Entry.objects.get(alliance__code="vitawin")
    editor = person("Dominique")
    written = content_of(entry).replaced({"title": "Un autre titre"})
    actions.update_entry(
        entry=entry, content=written, version=actions.version_of(entry), by=editor, at=LATER
    )
    Entry.objects.filter(pk=entry.pk).update(summary="Abîmé hors de l’interface.")
    entry.refresh_from_db()
    actions.unpublish_entry(entry=entry, note="À revoir.", by=editor, at=LATER)
    said = load()
    entry.refresh_from_db()
    assert (entry.title, entry.state) == ("Un autre titre", "draft")
    assert entry.summary.startswith("VitaWin")
    assert f"kept as a person wrote it: entry:{entry.slug} title" in said
    assert "1 updated" in said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the shipped files, to damage them."""
    for part in ("alliances", "sheets"):
        shutil.copytree(data_directory() / part, tmp_path / part)
    (tmp_path / "reference").mkdir()
    shutil.copy(data_directory() / "reference" / "library.yaml", tmp_path / "reference")
    return tmp_path


def change(path: Path, **values: Any) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(content | values, allow_unicode=True), encoding="utf-8")


@pytest.mark.usefixtures("shipped_references")
def test_a_corrected_file_changes_what_it_says_and_nothing_else(folder: Path) -> None:
    load(folder=folder)
    change(folder / "alliances" / "vitawin.yaml", summary="Un résumé corrigé.")
    said = load(folder=folder)
    assert "alliances: 0 created, 1 updated, 33 unchanged" in said
    assert f"entries: 0 created, 1 updated, {33 + len(RESOURCES)} unchanged" in said
    assert Entry.objects.get(alliance__code="vitawin").summary == "Un résumé corrigé."
    assert titles("« résumé corrigé »", ("example",)) == [
        Entry.objects.get(alliance__code="vitawin").title
    ]


@pytest.mark.usefixtures("shipped_references")
def test_one_wrong_file_and_nothing_is_loaded(folder: Path) -> None:
    change(folder / "alliances" / "vitawin.yaml", domains=[
        {"code": "nowhere", "reading": "stated", "source": "X01"}
    ])  # fmt: skip
    (folder / "sheets" / "zorglub.yaml").write_text("a: 1", encoding="utf-8")
    with pytest.raises(CommandError, match="« nowhere » is not a known code of domains"):
        load(folder=folder)
    change(folder / "alliances" / "vitawin.yaml", domains=[])
    with pytest.raises(CommandError, match=r"zorglub\.yaml: file: « zorglub » is no alliance"):
        load(folder=folder)
    (folder / "sheets" / "zorglub.yaml").unlink()
    (folder / "reference" / "library.yaml").write_text("entries: [", encoding="utf-8")
    with pytest.raises(CommandError, match=r"library\.yaml: line"):
        load(folder=folder)
    assert not Alliance.objects.exists()
    assert not Entry.objects.exists()


def test_without_the_referentials_the_command_says_what_is_missing() -> None:
    with pytest.raises(CommandError, match="is not a known code"):
        load()
    assert not Alliance.objects.exists()


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("import_cases", "rebuild_search"):
        with pytest.raises(SystemExit):
            call_command(command, "--help")
    # The help is wrapped to the width of the terminal, at hyphens too.
    shown = "".join(capsys.readouterr().out.split())
    assert "alliage-webload-territories" in shown
    assert "--without-meaning" in shown
