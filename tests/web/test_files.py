"""Documents of a workspace: who reads and adds them, and what is refused before it is kept."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tests.factories import documents as samples
from tests.factories.people import fresh, somebody

from alliage.safekeeping.uploads import EXTENSIONS, check_upload
from alliage_web.accounts.models import Role
from alliage_web.alliances.models import Alliance
from alliage_web.audit.models import Event
from alliage_web.audit.queries import history
from alliage_web.files import actions
from alliage_web.files.forms import FAULTS
from alliage_web.files.models import StoredFile
from alliage_web.files.queries import documents_of, trail_of

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoCaptureOnCommitCallbacks
    from pytest_django.fixtures import Settings

    from alliage_web.accounts.models import User

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 1, 12, 0, tzinfo=dt.UTC)
PLACE, OTHER = "alliance:pemb", "alliance:autre"
PAGE = "/espaces/alliance/pemb/documents/"


@pytest.fixture(autouse=True)
def _alliances() -> None:
    for slug in ("pemb", "autre"):
        Alliance.objects.create(
            code=slug, slug=slug, title=slug.title(), summary="Une alliance.",
            created_at=NOW, updated_at=NOW,
        )  # fmt: skip


@pytest.fixture
def writer() -> User:
    return somebody("Lou", (Role.PARTY_MEMBER, PLACE, "organisation:acteur"))


@pytest.fixture
def reader() -> User:
    return somebody("Sam", (Role.READER, PLACE))


def sent(client: Client, name: str, content: bytes, **more: str) -> Any:
    file = SimpleUploadedFile(name, content, content_type="text/html")
    return client.post(PAGE, {"file": file, **more})


def kept(by: User, *, name: str = "compte rendu.pdf", at: dt.datetime = NOW) -> StoredFile:
    content = io.BytesIO(samples.pdf())
    return actions.add_file(
        place=PLACE,
        title="",
        upload=check_upload(name, content, max_bytes=10_000),
        content=SimpleUploadedFile(name, content.getvalue()),
        by=by,
        at=at,
    )


def contents() -> list[str]:
    return default_storage.listdir("files")[1] if default_storage.exists("files") else []


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


# Adding and reading


def test_a_document_is_added_then_read_by_the_people_of_the_workspace(
    client: Client, writer: User, reader: User
) -> None:
    client.force_login(writer)
    assert sent(client, "Bilan 2026.pdf", samples.pdf(), title="Le bilan").status_code == 302
    page = client.get(PAGE).content.decode()
    assert "Le bilan" in page
    assert "Bilan 2026.pdf" in page
    assert "Lou" in page

    client.force_login(reader)
    page = client.get(PAGE).content.decode()
    link = re.search(r'href="([^"]*/documents/[0-9a-f-]{36}/)"', page)
    assert link
    assert "Ajouter un document" not in page
    answer = client.get(link[1])
    assert body(answer) == samples.pdf()
    assert answer["Content-Type"] == "application/pdf"


def test_a_document_is_served_to_be_saved_and_never_to_be_run(client: Client, writer: User) -> None:
    file = kept(writer, name="Été « 2026 ».pdf")
    client.force_login(writer)
    answer = client.get(reverse("files:download", args=[PLACE, file.uuid]))
    body(answer)
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''%C3%89t")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.one_engine
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_each_type_is_served_as_what_its_content_is(
    client: Client, writer: User, extension: str
) -> None:
    client.force_login(writer)
    sent(client, f"a.{extension}", samples.ACCEPTED[extension])
    file = StoredFile.objects.get()
    answer = client.get(reverse("files:download", args=[PLACE, file.uuid]))
    assert body(answer) == samples.ACCEPTED[extension]
    assert answer["Content-Type"] == file.media_type
    assert "html" not in file.media_type


def test_the_content_is_private_and_its_name_says_nothing(client: Client, writer: User) -> None:
    client.force_login(writer)
    sent(client, "Salaires.pdf", samples.pdf())
    file = StoredFile.objects.get()
    path = Path(default_storage.path(file.path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.name == file.uuid.hex
    client.logout()
    for address in (f"/media/{file.path}", f"/{file.path}", f"/static/{file.path}"):
        assert client.get(address).status_code == 404


def test_an_empty_list_says_what_to_do(client: Client, writer: User, reader: User) -> None:
    client.force_login(writer)
    assert "Ajoutez un compte rendu" in client.get(PAGE).content.decode()
    client.force_login(reader)
    assert "Les personnes qui écrivent" in client.get(PAGE).content.decode()


def test_a_form_sent_twice_adds_one_document(client: Client, writer: User) -> None:
    client.force_login(writer)
    token = str(uuid4())
    for _ in range(2):
        sent(client, "a.pdf", samples.pdf(), submission=token)
    assert StoredFile.objects.count() == len(contents()) == 1


# Who may


def test_nobody_else_learns_that_a_workspace_or_a_document_exists(
    client: Client, writer: User
) -> None:
    file = kept(writer)
    addresses = [
        PAGE,
        reverse("files:download", args=[PLACE, file.uuid]),
        reverse("files:remove", args=[PLACE, file.uuid]),
    ]
    for address in addresses:
        assert client.get(address)["Location"].startswith("/compte/connexion/")
    client.force_login(somebody("Nul", (Role.READER, OTHER)))
    for address in addresses:
        assert client.get(address).status_code == 404
        assert client.post(address).status_code in {404, 405}
    assert client.get("/espaces/alliance/inconnue/documents/").status_code == 404
    assert client.get("/espaces/inconnu/pemb/documents/").status_code == 404


def test_a_document_is_not_reached_through_a_place_that_one_may_see(
    client: Client, writer: User
) -> None:
    file = kept(writer)
    client.force_login(somebody("Nul", (Role.READER, OTHER)))
    assert client.get(reverse("files:download", args=[OTHER, file.uuid])).status_code == 404
    assert client.get(reverse("files:remove", args=[OTHER, file.uuid])).status_code in {403, 404}
    assert documents_of(PLACE)


def test_a_reader_neither_adds_nor_removes(client: Client, writer: User, reader: User) -> None:
    file = kept(writer)
    client.force_login(reader)
    assert sent(client, "a.pdf", samples.pdf()).status_code == 403
    assert client.post(reverse("files:remove", args=[PLACE, file.uuid])).status_code == 403
    assert len(documents_of(PLACE)) == 1


@pytest.mark.parametrize("path", ["../../etc/passwd", "..%2f..%2fsettings.py", "%00", "x" * 40])
def test_an_address_that_climbs_reaches_nothing(client: Client, writer: User, path: str) -> None:
    kept(writer)
    client.force_login(writer)
    assert client.get(f"{PAGE}{path}/").status_code == 404


# Refusals


TRAPS = [
    ("facture.pdf.exe", samples.pdf(), "n’est pas d’un type accepté"),
    ("facture.exe.pdf", samples.pdf(), "deux extensions"),
    ("page.html", b"<script>alert(1)</script>", "n’est pas d’un type accepté"),
    ("dessin.svg", b"<svg onload='alert(1)'/>", "n’est pas d’un type accepté"),
    ("page.txt", b"<!doctype html><script>", "n’est pas celui d’un fichier"),
    ("CON.pdf", samples.pdf(), "certains ordinateurs refusent"),
    ("x" * 151 + ".pdf", samples.pdf(), "Raccourcissez-le"),
    ("a.pdf", b"", "est vide"),
    ("a.pdf", samples.png(), "n’est pas celui d’un fichier « .pdf »"),
    ("a.pdf", samples.pdf()[:60], "abîmé ou incomplet"),
    ("a.xlsx", samples.LAUGHS, "déclarations XML"),
    (
        "a.docx",
        samples.with_parts(samples.docx(), {"word/vbaProject.bin": b"x"}),
        "contient un programme",
    ),
    (
        "a.docx",
        samples.with_parts(samples.docx(), {"zeros": bytes(25_000_000)}),
        "serait démesuré",
    ),
]


@pytest.mark.one_engine
@pytest.mark.parametrize(("name", "content", "said"), TRAPS)
def test_a_trap_is_refused_with_its_reason_and_nothing_is_kept(
    client: Client, writer: User, name: str, content: bytes, said: str
) -> None:
    client.force_login(writer)
    before = Event.objects.count()
    answer = sent(client, name, content, title="Mon titre")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert "Mon titre" in page
    assert not StoredFile.objects.exists()
    assert not contents()
    assert Event.objects.count() == before


def test_every_fault_has_its_words() -> None:
    for fault, text in FAULTS.items():
        said = str(text) % {"name": "n", "value": "v", "limit": "l"}
        assert said.endswith("."), fault


def test_a_missing_file_is_asked_for(client: Client, writer: User) -> None:
    client.force_login(writer)
    answer = client.post(PAGE, {"title": "Sans fichier"})
    assert answer.status_code == 422
    assert "Choisissez un fichier" in answer.content.decode()


@pytest.mark.parametrize("path", ["../../a.pdf", "..\\..\\a.pdf", "C:\\fakepath\\a.pdf"])
def test_the_folders_that_a_browser_tells_are_forgotten(
    client: Client, writer: User, path: str
) -> None:
    client.force_login(writer)
    boundary = "----frontier"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path}"\r\n'
        "Content-Type: application/pdf\r\n\r\n"
    )
    data = head.encode() + samples.pdf() + f"\r\n--{boundary}--\r\n".encode()
    client.post(PAGE, data, content_type=f"multipart/form-data; boundary={boundary}")
    file = StoredFile.objects.get()
    assert file.name == "a.pdf"
    assert contents() == [file.uuid.hex]


def test_a_file_beyond_the_limit_is_refused_on_the_page_with_the_rest_of_the_form(
    client: Client, writer: User, settings: Settings
) -> None:
    settings.ALLIAGE_FILE_MAX_BYTES = 1024 * 1024
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1024
    client.force_login(writer)
    answer = sent(client, "gros.pdf", bytes(2 * 1024 * 1024), title="Mon titre")
    page = answer.content.decode()
    assert answer.status_code == 413
    assert "« gros.pdf » pèse 2 Mo ; 1 Mo au plus" in page
    assert "Mon titre" in page
    assert not contents()


def test_a_file_within_the_limit_is_kept_whole_when_it_is_not_held_in_memory(
    client: Client, writer: User, settings: Settings
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    client.force_login(writer)
    text = ("é" * 200_000).encode()
    assert sent(client, "a.txt", text).status_code == 302
    file = StoredFile.objects.get()
    with default_storage.open(file.path) as content:
        assert content.read() == text
    assert stat.S_IMODE(Path(default_storage.path(file.path)).stat().st_mode) == 0o600


def test_a_request_far_beyond_the_limit_is_refused_unread_with_a_page(
    client: Client, writer: User, settings: Settings
) -> None:
    settings.ALLIAGE_FILE_MAX_BYTES = 1024
    client.force_login(writer)
    answer = sent(client, "enorme.pdf", bytes(10_000))
    assert answer.status_code == 413
    assert "trop volumineux" in answer.content.decode()


# Removing


def test_a_removed_document_is_out_of_reach_at_once_and_erased_after_a_day(
    client: Client,
    writer: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    file = kept(writer, name="CV de Jeanne.pdf")
    client.force_login(writer)
    confirmation = reverse("files:remove", args=[PLACE, file.uuid])
    assert "CV de Jeanne" in client.get(confirmation).content.decode()
    client.post(confirmation)
    assert client.get(reverse("files:download", args=[PLACE, file.uuid])).status_code == 404
    assert not documents_of(PLACE)
    assert contents(), "a backup in progress needs it"

    removed_at = StoredFile.objects.get().removed_at
    assert removed_at
    for hours, remains in ((23, True), (25, False)):
        with django_capture_on_commit_callbacks(execute=True):
            actions.discard(now=removed_at + dt.timedelta(hours=hours))
        assert bool(contents()) is remains
    assert not contents()
    assert not StoredFile.objects.exists()
    lines = history(trail_of(PLACE), with_personal=True)
    assert [line.kind for line in lines] == ["file.removed", "file.added"]
    assert "Jeanne" not in str(lines)


def test_removing_twice_says_so(client: Client, writer: User) -> None:
    file = kept(writer)
    client.force_login(writer)
    address = reverse("files:remove", args=[PLACE, file.uuid])
    client.post(address)
    answer = client.post(address, follow=True)
    assert "avait déjà été retiré" in answer.content.decode()
    assert Event.objects.filter(kind="file.removed").count() == 1


def test_the_trail_names_the_document_apart_from_what_is_sealed(writer: User) -> None:
    file = kept(writer, name="CV de Jeanne.pdf")
    event = Event.objects.get(kind="file.added")
    assert event.target == f"documents:{PLACE}"
    assert "Jeanne" not in str(event.changes)
    assert event.changes["sha256"] == [None, file.sha256]
    (line,) = history(trail_of(PLACE), with_personal=True)
    assert line.personal["name"] == [None, "CV de Jeanne.pdf"]


def test_documents_follow_a_place_into_the_one_that_replaces_it(writer: User) -> None:
    kept(writer)
    assert actions.move_files(before=PLACE, after=OTHER, by=None, at=NOW) == 1
    assert not documents_of(PLACE)
    assert len(documents_of(OTHER)) == 1
    assert Event.objects.get(kind="file.moved").changes == {"place": [PLACE, OTHER]}
    assert actions.move_files(before=PLACE, after=OTHER, by=None, at=NOW) == 0


# Nothing half-stored


def test_a_failure_between_the_bytes_and_the_row_leaves_nothing(
    writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(actions, "record", broken)
    with pytest.raises(KeyboardInterrupt):
        kept(writer)
    assert not StoredFile.objects.exists()
    assert not contents()


def _age(name: str, moment: dt.datetime) -> None:
    os.utime(default_storage.path(f"files/{name}"), (moment.timestamp(),) * 2)


def test_what_a_killed_process_left_is_swept_and_nothing_else(
    writer: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    file = kept(writer)
    whole, partial, recent = file.uuid.hex, "a" * 32, "b" * 32
    for name in (partial, recent):
        default_storage.save(f"files/{name}", SimpleUploadedFile("x", b"half"))
    for name in (whole, partial):
        _age(name, NOW - dt.timedelta(days=3))
    _age(recent, NOW - dt.timedelta(hours=1))
    with django_capture_on_commit_callbacks(execute=True):
        found = actions.discard(now=NOW)
    assert found.orphans == (partial,)
    assert sorted(contents()) == sorted([whole, recent])


def test_the_daily_job_lists_before_it_deletes(
    writer: User,
    capsys: pytest.CaptureFixture[str],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    file = kept(writer)
    actions.remove_file(place=PLACE, uuid=file.uuid, by=writer, at=NOW)
    call_command("apply_retention", "--dry-run")
    assert file.stable_name in capsys.readouterr().out
    assert StoredFile.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        call_command("apply_retention")
    assert file.stable_name in capsys.readouterr().out
    assert not StoredFile.objects.exists()
    assert not contents()


def test_a_job_that_fails_deletes_no_content(writer: User) -> None:
    file = kept(writer)
    actions.remove_file(place=PLACE, uuid=file.uuid, by=writer, at=NOW)
    with transaction.atomic():
        actions.discard(now=NOW + dt.timedelta(days=2))
        transaction.set_rollback(True)
    assert StoredFile.objects.get().uuid == file.uuid
    assert contents() == [file.uuid.hex]


def test_a_document_whose_content_is_lost_says_whom_to_tell(client: Client, writer: User) -> None:
    file = kept(writer)
    default_storage.delete(file.path)
    client.force_login(writer)
    answer = client.get(reverse("files:download", args=[PLACE, file.uuid]))
    assert answer.status_code == 404
    assert "Prévenez l’administration" in answer.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 0},
        {"name": ""},
        {"place": ""},
        {"removed_at": NOW - dt.timedelta(seconds=1)},
    ],
)
def test_the_database_refuses_a_row_that_makes_no_sense(
    writer: User, wrong: dict[str, object]
) -> None:
    file = kept(writer)
    with pytest.raises(IntegrityError), transaction.atomic():
        StoredFile.objects.filter(pk=file.pk).update(**wrong)


class AnybodyTest(TestCase):
    """Whatever a person holds, and wherever, a document answers to the people of its place."""

    @given(
        holdings=st.lists(
            st.tuples(
                st.sampled_from([Role.READER, Role.PARTY_MEMBER]), st.sampled_from([PLACE, OTHER])
            ),
            unique_by=lambda held: held,
            max_size=4,
        )
    )
    @settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
    @pytest.mark.one_engine
    def test_only_the_people_of_the_place(self, holdings: list[tuple[Role, str]]) -> None:
        organisation = {Role.PARTY_MEMBER: "organisation:acteur"}
        owner = somebody("Propriétaire", (Role.PARTY_MEMBER, PLACE, "organisation:acteur"))
        file = kept(owner)
        person = somebody(
            "Quelqu un", *((role, place, organisation.get(role, "")) for role, place in holdings)
        )
        self.client.force_login(fresh(person))
        here = [role for role, place in holdings if place == PLACE]
        answer = self.client.get(reverse("files:download", args=[PLACE, file.uuid]))
        assert answer.status_code == (200 if here else 404)
        if here:
            assert body(answer) == samples.pdf()
        refused = self.client.post(reverse("files:remove", args=[PLACE, file.uuid]))
        expected = 302 if Role.PARTY_MEMBER in here else 403 if here else 404
        assert refused.status_code == expected
        default_storage.delete(file.path)


def test_addresses_name_places_as_the_trail_does() -> None:
    uuid = UUID(int=1)
    assert reverse("files:documents", args=["platform"]) == "/espaces/platform/documents/"
    assert reverse("files:download", args=["territory:commune/94080", uuid]) == (
        f"/espaces/territory/commune/94080/documents/{uuid}/"
    )
