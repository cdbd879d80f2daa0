"""Importing alliances: every problem before anything is written, then all or nothing, once."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import openpyxl
import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.factories.actors import organisation
from tests.factories.alliances import (
    AT,
    LATER,
    alliance,
    editor,
    event,
    party,
    person,
    place,
    shipped,
    shipped_world,
    term,
    world,
)

from alliage.alliances.import_cells import CellFault
from alliage.alliances.tabular import COLUMNS, Existing
from alliage.values.tables import MAX_BYTES, TableFault, read_table
from alliage_web.alliances import actions, documents, queries
from alliage_web.alliances.actions import ImportChangedError, ImportRefusedError
from alliage_web.alliances.models import Alliance
from alliage_web.alliances.queries.tabular import plan_import
from alliage_web.alliances.views.wording import CELL_FAULTS, TABLE_FAULTS
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.models import Event

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
URL = "/alliances/importer/"
CONFIRM = "/alliances/importer/confirmer/"
HEADER = "identifiant;titre;resume;sources"
ROWS = f"{HEADER}\nune;Première;Ensemble.;entretien\ndeux;Deuxième;Ensemble.;entretien\n"


def upload(
    client: Client, content: str | bytes, *, name: str = "a.csv", existing: str = "refuse"
) -> Any:
    data = content.encode() if isinstance(content, str) else content
    return client.post(URL, {"file": SimpleUploadedFile(name, data), "existing": existing})


def problems(response: Any) -> list[tuple[int, str, str]]:
    assert response.status_code == 422
    return [
        (problem.row, problem.column, words.replace("\xa0", " "))
        for problem, words in response.context["problems"]
    ]


def kept_files() -> list[str]:
    folder = Path(settings.MEDIA_ROOT) / "imports"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_every_problem_is_shown_by_row_and_column_and_nothing_is_written(client: Client) -> None:
    world()
    client.force_login(person("Lou"))
    content = (
        f"{HEADER};debut;territoires;domaines\n"
        "Un Id;Titre;Résumé;moi;demain;94080 | 45999;cuisine\n"
        "une;;Résumé;moi;2014;;\n"
    )
    response = upload(client, content)
    found = problems(response)
    assert [(row, column) for row, column, _ in found] == [
        (2, "identifiant"),
        (2, "debut"),
        (2, "domaines"),
        (2, "territoires"),
        (3, "titre"),
    ]
    assert found[1][2] == "« demain » n’est pas une date. Écrivez 2014, 2014-09, 2014-09-01."
    assert found[3][2] == "« 45999 » est un code retiré. Écrivez commune:45208 (Montargis)."
    page = response.content.decode().replace("\xa0", " ")
    assert "ligne 2" in page
    assert "colonne « debut »" in page
    assert "5 problèmes sont à corriger" in page
    assert not Alliance.objects.exists()
    assert kept_files() == []


def test_the_preview_writes_nothing_and_the_confirmation_writes_everything(client: Client) -> None:
    world()
    organisation("Le RAMEAU", world="other")
    author = person("Lou")
    client.force_login(author)
    content = (
        f"{HEADER};parties;territoires;objectifs;fait_partie_de\n"
        "une;Première;Ensemble.;entretien;Le RAMEAU [autre] appui;94080;innovate;deux\n"
        "deux;Deuxième;Ensemble.;p. 4;;;;\n"
    )
    preview = upload(client, content)
    assert preview.status_code == 200
    assert (preview.context["plan"].created, preview.context["plan"].updated) == (2, 0)
    assert not Alliance.objects.exists()
    assert len(kept_files()) == 1

    with time_machine.travel(LATER, tick=False):
        response = client.post(CONFIRM, {"token": preview.context["token"]}, follow=True)
    assert "Import terminé : 2 alliances créées, 0 mise à jour, 0 inchangée." in (
        response.content.decode().replace("\xa0", " ")
    )
    story = queries.story(slug="premiere")
    assert story is not None
    assert (story.created_by_id, story.created_at) == (author.pk, LATER)
    assert story.parent is not None
    assert story.parent.code == "deux"
    assert (story.parties[0].organisation_slug, story.parties[0].source) == (
        "le-rameau",
        "entretien",
    )
    assert story.objectives[0].source == "entretien"
    assert kept_files() == []
    kinds = list(Event.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds[-3:] == ["alliance.created", "alliance.created", "alliances.imported"]


def test_a_confirmation_sent_twice_imports_once(client: Client) -> None:
    world()
    client.force_login(person("Lou"))
    token = upload(client, ROWS).context["token"]
    client.post(CONFIRM, {"token": token})
    again = client.post(CONFIRM, {"token": token}, follow=True)
    assert "Cet import a déjà été fait" in again.content.decode()
    assert Alliance.objects.count() == 2
    assert Event.objects.filter(kind="alliances.imported").count() == 1


def test_the_action_itself_refuses_a_second_import() -> None:
    world()
    author, token = person("Lou"), uuid4()
    table = read_table(ROWS.encode())
    seen = plan_import(table, existing=Existing.REFUSE, user=author).fingerprint
    arguments: dict[str, Any] = {
        "table": table, "existing": Existing.REFUSE, "seen": seen, "by": author, "at": AT,
        "submission": token,
    }  # fmt: skip
    actions.import_alliances(**arguments)
    with pytest.raises(AlreadyDoneError):
        actions.import_alliances(**arguments)


def test_an_import_that_fails_in_the_middle_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world()
    author = person("Lou")
    table = read_table(ROWS.encode())
    seen = plan_import(table, existing=Existing.REFUSE, user=author).fingerprint
    written: list[str] = []

    def fail(**event_: Any) -> None:
        written.append(event_["target"])
        if len(written) == 2:
            raise RuntimeError

    monkeypatch.setattr("alliage_web.alliances.actions.writing.record", fail)
    with pytest.raises(RuntimeError):
        actions.import_alliances(
            table=table, existing=Existing.REFUSE, seen=seen, by=author, at=AT, submission=uuid4()
        )
    assert len(written) == 2
    assert not Alliance.objects.exists()


def test_a_known_identifier_is_refused_unless_the_person_asks_to_update(client: Client) -> None:
    world()
    author = person("Lou")
    alliance("Une", by=author)
    client.force_login(author)
    found = problems(upload(client, ROWS))
    assert [(row, column) for row, column, _ in found] == [(2, "identifiant")]
    preview = upload(client, ROWS, existing="update")
    assert (preview.context["plan"].created, preview.context["plan"].updated) == (1, 1)
    ((item, labels), _new) = preview.context["rows"]
    assert (item.code, labels) == ("une", ["Titre", "Résumé"])


def test_nobody_updates_by_a_file_what_they_may_not_change(client: Client) -> None:
    world()
    alliance("Une", by=person("Autre"))
    client.force_login(person("Lou"))
    found = problems(upload(client, ROWS, existing="update"))
    assert [(row, column) for row, column, _ in found] == [(2, "identifiant")]
    assert "que vous ne pouvez pas modifier" in found[0][2]
    client.force_login(editor())
    assert upload(client, ROWS, existing="update").status_code == 200


def test_an_update_keeps_what_the_file_does_not_carry(client: Client) -> None:
    world()
    author = person("Lou")
    made = alliance(
        "Une", by=author, kind="pôle", stage="emergence", stage_reading="derived",
        stage_reason="début",
        parties=[party("Le RAMEAU", "other", brings="la méthode", source="p. 1"), party("Club")],
        timeline=[event("2018", "Un début", source="p. 2", boxed=True)],
        territories=[place("94080", note="départ")],
        terms=[term("domain", "education", reading="derived", reason="l’école"),
               term("sdg", "4")],
        lessons=[{"text": "Se connaître", "source": "p. 3"}],
    )  # fmt: skip
    client.force_login(author)
    content = (
        f"{HEADER};parties;chronologie;territoires;domaines;enseignements;etape\n"
        "une;Une;Une réunit des acteurs.;entretien;"
        "le rameau [autre] pilote | Neuf [entreprise];2019 : Un début;94080;education | health;"
        "Se connaître | Agir;émergence\n"
    )
    preview = upload(client, content, existing="update")
    assert preview.status_code == 200
    client.post(CONFIRM, {"token": preview.context["token"]})
    found = queries.content(Alliance.objects.get(pk=made.pk))
    assert found.fields["kind"] == "pôle"
    assert found.fields["stage_reason"] == "début"
    assert found.sections["parties"] == [
        party("le rameau", "other", role="pilote", brings="la méthode", source="p. 1"),
        party("Neuf", "company", source="entretien"),
    ]
    assert found.sections["timeline"] == [event("2019", "Un début", source="p. 2", boxed=True)]
    assert found.sections["territories"] == [place("94080", note="départ")]
    assert found.sections["lessons"] == [
        {"text": "Se connaître", "source": "p. 3"},
        {"text": "Agir", "source": "entretien"},
    ]
    assert found.sections["terms"] == [
        term("domain", "education", reading="derived", reason="l’école"),
        term("domain", "health", source="entretien"),
        term("sdg", "4"),
    ]


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_an_export_of_every_shipped_alliance_comes_back_without_a_change(
    client: Client, extension: str
) -> None:
    shipped_world()
    actions.load_records(shipped(), by=None, at=AT)
    client.force_login(editor())
    exported = client.get(f"/alliances/exporter/alliances.{extension}").content
    response = upload(client, exported, name=f"x.{extension}", existing="update")
    assert response.status_code == 200, response.context["problems"]
    plan = response.context["plan"]
    assert [(item.code, item.changed) for item in plan.alliances if item.changed] == []
    assert plan.unchanged == len(shipped())
    assert "il n’y a rien à écrire" in response.content.decode()


def test_texts_that_look_like_formulas_and_rows_with_bars_and_brackets_come_back(
    client: Client,
) -> None:
    world()
    author = person("Lou")
    alliance(
        "=1+1", by=author, kind="- tiret", source="@moi",
        parties=[party("A [b] | c", "company", role="x | [y]")],
        timeline=[event("2020", "un : deux | trois\nquatre")],
        outcomes=[
            {"text": "a = b [c]", "value": None, "qualifier": "", "unit": "", "status": "planned",
             "as_of": "", "source": ""}
        ],
        lessons=[{"text": "deux\nlignes", "source": ""}],
    )  # fmt: skip
    client.force_login(author)
    exported = client.get("/alliances/exporter/alliances.csv").content
    assert upload(client, exported, existing="update").context["plan"].unchanged == 1


# The file itself


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"%PDF-1.7", "a.csv", "ni un CSV ni un classeur XLSX"),
        (b"\xd0\xcf\x11\xe0", "a.xlsx", "ni un CSV ni un classeur XLSX"),
        (b'id;"jamais', "a.csv", "un guillemet n’est pas fermé"),
        (b"id\n\x81", "a.csv", "ni en UTF-8 ni en Windows-1252"),
        (b"PK\x03\x04 abime", "a.xlsx", "Le classeur est abîmé"),
        (b"", "a.csv", "Ce fichier est vide"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    client: Client, content: bytes, name: str, message: str
) -> None:
    world()
    client.force_login(person("Lou"))
    response = upload(client, content, name=name)
    assert response.status_code == 422
    assert message in response.content.decode().replace("\xa0", " ")
    assert kept_files() == []


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    world()
    client.force_login(person("Lou"))

    def never(_content: bytes) -> None:
        raise AssertionError

    monkeypatch.setattr("alliage_web.alliances.views.imports.read_table", never)
    response = upload(client, b"x" * (MAX_BYTES + 1))
    assert response.status_code == 422
    assert "5 Mo au plus" in response.content.decode().replace("\xa0", " ")


def test_a_windows_file_with_commas_is_read_and_the_type_is_not_told_by_the_name(
    client: Client,
) -> None:
    world()
    client.force_login(person("Lou"))
    content = ROWS.replace(";", ",").encode("cp1252")
    assert upload(client, content, name="tableau.xlsx").context["plan"].created == 2


def test_a_form_without_file_says_so(client: Client) -> None:
    world()
    client.force_login(person("Lou"))
    response = client.post(URL, {"existing": "refuse"})
    assert response.status_code == 422
    assert 'href="#id_file"' in response.content.decode()


# Between the preview and the confirmation


def test_what_changed_since_the_preview_is_shown_again_before_anything_is_written(
    client: Client,
) -> None:
    world()
    author = person("Lou")
    made = alliance("Une", by=author)
    client.force_login(author)
    token = upload(client, ROWS, existing="update").context["token"]
    actions.update_alliance(
        alliance=made,
        content=queries.Content({"title": "Entre-temps"}),
        version=actions.version_of(made),
        by=author,
        at=LATER,
    )
    response = client.post(CONFIRM, {"token": token})
    assert response.status_code == 200
    assert "La base a changé depuis votre aperçu" in response.content.decode()
    made.refresh_from_db()
    assert made.title == "Entre-temps"
    assert Alliance.objects.count() == 1
    # Seen again, it may be confirmed.
    assert client.post(CONFIRM, {"token": response.context["token"]}).status_code == 302
    made.refresh_from_db()
    assert made.title == "Première"


def test_a_problem_that_appears_since_the_preview_is_shown(client: Client) -> None:
    world()
    author = person("Lou")
    client.force_login(author)
    token = upload(client, ROWS).context["token"]
    alliance("Une", by=author)
    response = client.post(CONFIRM, {"token": token})
    assert [(row, column) for row, column, _ in problems(response)] == [(2, "identifiant")]
    assert Alliance.objects.count() == 1


def test_the_actions_refuse_a_plan_that_was_not_seen() -> None:
    world()
    author = person("Lou")
    arguments: dict[str, Any] = {
        "existing": Existing.REFUSE, "by": author, "at": AT, "submission": uuid4(),
    }  # fmt: skip
    with pytest.raises(ImportChangedError):
        actions.import_alliances(table=read_table(ROWS.encode()), seen="other", **arguments)
    wrong = read_table(f"{HEADER}\nune;;x;y".encode())
    with pytest.raises(ImportRefusedError) as caught:
        actions.import_alliances(table=wrong, seen="", **arguments)
    assert caught.value.plan.problems[0].fault is CellFault.REQUIRED
    assert not Alliance.objects.exists()


def test_a_preview_is_confirmed_by_its_own_reader_only(client: Client) -> None:
    world()
    client.force_login(person("Lou"))
    token = upload(client, ROWS).context["token"]
    client.force_login(person("Autre"))
    assert client.post(CONFIRM, {"token": token}).status_code == 403
    assert not Alliance.objects.exists()


@pytest.mark.parametrize("token", ["", "abc", "a:b:c"])
def test_a_token_that_was_not_signed_here_is_refused(client: Client, token: str) -> None:
    world()
    client.force_login(person("Lou"))
    response = client.post(CONFIRM, {"token": token})
    assert response["Location"] == URL
    assert not Alliance.objects.exists()


def test_an_upload_that_nobody_confirmed_is_discarded_after_a_day(client: Client) -> None:
    world()
    client.force_login(person("Lou"))
    old = upload(client, ROWS).context["token"]
    (name,) = kept_files()
    path = Path(settings.MEDIA_ROOT) / "imports" / name
    yesterday = (path.stat().st_mtime) - dt.timedelta(hours=25).total_seconds()
    os.utime(path, (yesterday, yesterday))
    upload(client, ROWS)
    assert name not in kept_files()
    assert len(kept_files()) == 1
    response = client.post(CONFIRM, {"token": old}, follow=True)
    assert "Ce fichier n’est plus gardé" in response.content.decode()
    assert not Alliance.objects.exists()


def test_a_kept_upload_is_found_by_a_name_of_its_kind_only() -> None:
    name = documents.keep(b"x")
    assert UUID(name).version == 4
    assert documents.kept(name) == b"x"
    for trick in ("../imports/" + name, "", "0" * 32, name.upper() + "/"):
        assert documents.kept(trick) is None


# The template


@pytest.mark.one_engine
@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_the_template_has_every_column_and_an_example_that_must_be_replaced(
    client: Client, extension: str
) -> None:
    world()
    response = client.get(f"/alliances/importer/modele.{extension}")
    assert response["Content-Disposition"] == (
        f'attachment; filename="modele-alliances.{extension}"'
    )
    table = read_table(response.content)
    assert table.columns == tuple(column.name for column in COLUMNS)
    plan = plan_import(table, existing=Existing.REFUSE, user=person("Lou"))
    assert [problem.fault for problem in plan.problems] == [CellFault.EXAMPLE]


def test_the_workbook_describes_each_column(client: Client) -> None:
    content = client.get("/alliances/importer/modele.xlsx").content
    book = openpyxl.load_workbook(io.BytesIO(content))
    described = {row[0].value: row for row in book.worksheets[1].iter_rows(min_row=2)}
    assert set(described) == {column.name for column in COLUMNS}
    assert described["titre"][1].value == "oui"
    assert client.get("/alliances/importer/modele.pdf").status_code == 404


def test_the_words_of_the_interface_cover_all_that_the_library_says() -> None:
    assert set(CELL_FAULTS) == set(CellFault)
    assert set(TABLE_FAULTS) == set(TableFault)
    assert set(documents.MEANINGS) == {column.name for column in COLUMNS}


@pytest.mark.one_engine
def test_a_thousand_rows_are_planned_in_a_constant_number_of_queries(
    django_assert_max_num_queries: Any,
) -> None:
    world()
    author = person("Lou")
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";")
    writer.writerow([*HEADER.split(";"), "territoires", "parties"])
    for rank in range(1000):
        writer.writerow([f"a_{rank}", f"Titre {rank}", "x", "y", "94080", f"Asso {rank} [autre]"])
    table = read_table(stream.getvalue().encode())
    with django_assert_max_num_queries(25):
        plan = plan_import(table, existing=Existing.REFUSE, user=author)
    assert plan.created == 1000
