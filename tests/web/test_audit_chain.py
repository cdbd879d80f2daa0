"""The trail: what is recorded, how it is sealed, and who cannot rewrite it."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import rfc8785
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, models, transaction
from django.test import RequestFactory
from django.urls import resolve, reverse
from tests.factories.actors import editor, person

from alliage.safekeeping.chain import Fault, digest_of, verify
from alliage_web.audit import actions, queries
from alliage_web.audit.models import Event, PersonalValue
from alliage_web.config.logs import RequestNumber
from alliage_web.vocabulary.models import Term

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoCaptureOnCommitCallbacks

pytestmark = pytest.mark.django_db
REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "audit-trail.md"
NOW = dt.datetime(2026, 11, 1, 8, 30, 15, 250, tzinfo=dt.UTC)


def write(target: str = "alliance:pemb", **more: Any) -> Event:
    said = {"kind": "alliance.updated", "by": None, "at": NOW, "changes": {"title": ["a", "b"]}}
    return actions.record(target=target, **{**said, **more})


def invite(email: str = "lou@example.org", key: int = 12) -> Event:
    about = f"person:{key}"
    return write(about, kind="person.invited", personal={"email": [None, email]}, about=about)


@pytest.fixture
def chain() -> list[Event]:
    """Five sealed events, the third of which has a personal value."""
    written = [write(), write("entry:jardin"), invite(), write("fund:demain"), write()]
    actions.seal()
    return written


def forge(sql: str, *parameters: Any) -> None:
    """Write behind the back of the triggers, as whoever holds the database could."""
    table = "audit_personalvalue" if "audit_personalvalue" in sql else "audit_event"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The checks of keys wait for the end of the transaction, which the table may not.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(sql, parameters)
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = [(name, text) for name, text in cursor.fetchall() if name.startswith(table)]
        for name, _text in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(sql, parameters)
        for _name, text in triggers:
            cursor.execute(text)


def run(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("audit", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        err.write(f"exit code {error.returncode}: {error}")
    return out.getvalue(), err.getvalue()


# Recording


def test_what_is_written_is_sealed_once_it_is_committed(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        write()
        write()
        assert not Event.objects.exclude(position=None).exists()
    assert callbacks.count(actions.seal) == 1
    assert set(Event.objects.values_list("position", flat=True)) == {1, 2}


def test_an_event_of_a_savepoint_that_was_undone_does_not_keep_the_next_from_being_sealed(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            write()
            transaction.set_rollback(True)
        write("entry:jardin")
    assert list(Event.objects.values_list("target", "position")) == [("entry:jardin", 1)]


@pytest.mark.parametrize("amount", [2**53, float("inf")])
def test_a_number_that_could_not_be_verified_is_refused_at_once(amount: float) -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        write(changes={"amount": [None, amount]})
    assert not Event.objects.exists()


def test_a_personal_value_about_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="so that they can be erased"):
        write(personal={"email": [None, "lou@example.org"]})
    assert not Event.objects.exists()


# The triggers

FIELDS = [
    ("audit_event", field.column) for field in Event._meta.concrete_fields if not field.generated
] + [("audit_personalvalue", field.column) for field in PersonalValue._meta.concrete_fields]


def _other_value(column: str, table: str) -> str:
    numeric = {"id", "event_id", "position"}
    if column in numeric:
        return "id + 1000"
    if column == "at":
        return "'2020-01-01 00:00:00+00'"
    if column == "submission":
        return "'00000000-0000-0000-0000-000000000001'"
    return """'["x"]'""" if column in {"changes", "value"} else f"'{table}'"


@pytest.mark.parametrize(("table", "column"), FIELDS)
@pytest.mark.parametrize("sealed", [True, False])
def test_no_field_of_the_trail_can_be_rewritten(
    chain: list[Event], table: str, column: str, *, sealed: bool
) -> None:
    assert chain
    if not sealed:
        invite("other@example.org", 13)
    last = f"(SELECT MAX(id) FROM {table})"  # noqa: S608
    other = _other_value(column, table)
    before = list(queries.records())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {other} WHERE id = {last}")  # noqa: S608
    assert list(queries.records()) == before


@pytest.mark.parametrize("table", ["audit_event", "audit_personalvalue"])
def test_no_row_of_the_trail_can_be_removed(chain: list[Event], table: str) -> None:
    statements = [f"DELETE FROM {table}"]  # noqa: S608
    if connection.vendor == "postgresql":
        # The checks of keys wait for the end of the transaction, and emptying waits for them.
        statements.append(f"SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE {table} CASCADE")
    else:
        columns = (
            "event_id, field, about, commitment"
            if table != "audit_event"
            else ("at, by, on_behalf_of, kind, target, changes, request_id, request_line")
        )
        replaced = f"SELECT id, {columns} FROM {table} LIMIT 1"  # noqa: S608
        statements.append(f"REPLACE INTO {table} (id, {columns}) {replaced}")
    for statement in statements:
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert Event.objects.count() == len(chain)
    assert PersonalValue.objects.count() == 1


@pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="only SQLite replaces what is in the way"
)
@pytest.mark.parametrize("column", ["position", "submission"])
def test_no_row_can_be_replaced_by_one_that_takes_its_place(
    chain: list[Event], column: str
) -> None:
    taken = write(submission=uuid4())
    actions.seal()
    columns = "at, by, on_behalf_of, kind, target, changes, request_id, request_line"
    more = {"position": "position, previous, digest", "submission": "submission"}[column]
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"REPLACE INTO audit_event ({columns}, {more}) SELECT {columns}, {more} "  # noqa: S608
            "FROM audit_event WHERE id = %s",
            [taken.pk],
        )
    write()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE OR REPLACE audit_event SET position = 1, previous = 'a', digest = 'b' "
            "WHERE position IS NULL"
        )
    assert Event.objects.count() == len(chain) + 2


# Personal values


def test_personal_values_are_sealed_by_a_commitment_only(chain: list[Event]) -> None:
    (record,) = [found for found in queries.records() if found["personal"]]
    kept = record["personal"]["email"]
    assert kept["about"] == "person:12"
    assert kept["value"] == [None, "lou@example.org"]
    without = {"about": kept["about"], "commitment": kept["commitment"]}
    assert digest_of({**record, "personal": {"email": without}}) == chain_digest(chain[2])
    assert "lou@" not in json.dumps({**record, "personal": {"email": without}})


def chain_digest(event: Event) -> str:
    event.refresh_from_db()
    assert event.digest
    return event.digest


def test_erasing_a_person_removes_values_and_salts_and_the_chain_holds(chain: list[Event]) -> None:
    invite("other@example.org", 13)
    actions.seal()
    head = queries.state().head
    assert actions.erase_personal(about="person:12") == 1
    assert actions.erase_personal(about="person:12") == 0
    kept = PersonalValue.objects.get(event=chain[2])
    assert (kept.salt, kept.value) == (None, None)
    assert PersonalValue.objects.get(about="person:13").value == [None, "other@example.org"]
    assert verify(queries.records(), expect=head).is_whole


def test_what_is_erased_before_it_is_sealed_is_sealed_all_the_same() -> None:
    invite()
    actions.erase_personal(about="person:12")
    actions.seal()
    assert verify(queries.records()).is_whole
    assert queries.state().count == 1


def test_the_history_says_what_was_erased_and_shows_persons_only_when_asked() -> None:
    lou, alix = person("Lou"), person("Alix")
    about = f"person:{lou.pk}"
    write(about, by=lou, on_behalf_of=alix, personal={"email": [None, "a@b.fr"]}, about=about)
    (discreet,) = queries.history(about)
    assert discreet.personal == {}
    (line,) = queries.history(about, with_personal=True)
    assert (line.by, line.on_behalf_of) == ("Lou", "Alix")
    assert line.personal == {"email": [None, "a@b.fr"]}
    actions.erase_personal(about=about)
    lines = queries.history(about, with_personal=True)
    (told,) = queries.readable(lines, kinds={}, fields={"email": "Adresse"})
    assert told.changes[-1] == queries.ReadableChange("Adresse", "", "", is_erased=True)


# Sealing and verifying


def test_a_sealed_chain_is_whole(chain: list[Event]) -> None:
    out, err = run("verify")
    assert f"Events: {len(chain)}" in out
    assert queries.state().head in out
    assert "The chain is whole." in out
    assert err == ""


def test_verifying_seals_what_a_crash_left(chain: list[Event]) -> None:
    write()
    out, _ = run("verify")
    assert f"Events: {len(chain) + 1}" in out
    assert queries.state().waiting == 0


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE audit_event SET target = 'alliance:x' WHERE position = 2", "altered: position 2"),
        ("UPDATE audit_event SET changes = '{}' WHERE position = 4", "altered: position 4"),
        ("UPDATE audit_event SET at = '2020-01-01 00:00:00' WHERE position = 1",
         "altered: position 1"),
        ("UPDATE audit_event SET by = 'user:1' WHERE position = 5", "altered: position 5"),
        ("UPDATE audit_event SET request_line = 'GET /' WHERE position = 5", "altered: position 5"),
        ("DELETE FROM audit_event WHERE position = 2", "the positions 2 to 2 are missing"),
        ("UPDATE audit_event SET position = 99 WHERE position = 2", "altered: position 99"),
        ("UPDATE audit_event SET previous = 'f' WHERE position = 2", "previous: position 2"),
        (
            """UPDATE audit_personalvalue SET value = '[null, "x@example.org"]'""",
            "the personal value « email » is not the one",
        ),
        ("DELETE FROM audit_personalvalue", "altered: position 3"),
        ("UPDATE audit_personalvalue SET about = 'person:1'", "altered: position 3"),
    ],
)  # fmt: skip
def test_a_chain_that_was_tampered_with_is_told_where_it_breaks(
    chain: list[Event], sql: str, said: str
) -> None:
    assert chain
    forge(sql)
    out, err = run("verify")
    assert "whole" not in out
    assert said in err
    assert "exit code 1: The chain is broken" in err


def test_the_database_may_have_lost_its_rules(chain: list[Event]) -> None:
    """A position that stands twice is read twice, whatever the size of the batches."""
    first, *_others = queries.records()
    verdict = verify([first, *queries.records()])
    assert Fault.REPEATED in {found.fault for found in verdict.breaks}
    assert chain


def test_a_tail_that_was_cut_is_found_by_the_digest_noted_before(chain: list[Event]) -> None:
    noted = queries.state().head
    middle = chain_digest(chain[1])
    forge("DELETE FROM audit_event WHERE position = 5")
    out, err = run("verify")
    assert (err, "whole" in out) == ("", True)
    _, err = run("verify", "--expect", noted)
    assert "nowhere in the chain" in err
    out, err = run("verify", "--expect", middle.upper())
    assert "The expected digest is at position 2." in out
    assert err == ""


@pytest.mark.parametrize("wrong", ["abc", "g" * 64, "0" * 63])
def test_what_is_no_digest_is_refused(wrong: str) -> None:
    assert "is no digest" in run("verify", "--expect", wrong)[1]


def test_an_event_that_cannot_be_sealed_is_told_and_the_next_ones_are_sealed(
    chain: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    Event.objects.create(at=NOW, by="x", kind="x", target="x", changes={"n": 10**30})
    write()
    with caplog.at_level(logging.ERROR):
        out, err = run("verify")
    assert f"Events: {len(chain) + 1}" in out
    assert "events that are not in the chain: 1" in err
    assert "has no canonical form" in caplog.text


def test_sealing_goes_on_by_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alliage_web.audit.actions.sealing._BATCH", 3)
    monkeypatch.setattr("alliage_web.audit.queries.sealed._BATCH", 2)
    for _ in range(10):
        write()
    assert actions.seal() == 10
    assert actions.seal() == 0
    assert [record["position"] for record in queries.records()] == list(range(1, 11))
    assert verify(queries.records()).is_whole


# Exporting


def test_an_exported_trail_is_verified_without_the_database(
    chain: list[Event], tmp_path: Path
) -> None:
    whole, discreet = tmp_path / "trail.jsonl", tmp_path / "discreet.jsonl"
    run("export", str(whole))
    run("export", str(discreet), "--without-personal")
    assert "lou@example.org" in whole.read_text(encoding="utf-8")
    assert "lou@example.org" not in discreet.read_text(encoding="utf-8")
    for file in (whole, discreet):
        out, err = run("verify", "--file", str(file), "--expect", queries.state().head)
        assert f"Events: {len(chain)}" in out
        assert err == ""


def test_an_exported_trail_that_was_changed_is_told(chain: list[Event], tmp_path: Path) -> None:
    file = tmp_path / "trail.jsonl"
    run("export", str(file))
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(chain)
    lines[1] = lines[1].replace("entry:jardin", "entry:verger")
    del lines[3]
    file.write_text("\n".join([*lines, "{"]), encoding="utf-8")
    _, err = run("verify", "--file", str(file))
    assert "altered: position 2" in err
    assert "the positions 4 to 4 are missing" in err
    assert "unreadable: line 5" in err
    _, err = run("verify", "--file", str(file), "--extract")
    assert "missing" not in err


def test_an_export_to_the_terminal_holds_records_only(chain: list[Event]) -> None:
    out, _ = run("export")
    assert [json.loads(line)["position"] for line in out.splitlines()] == [
        event.pk - chain[0].pk + 1 for event in chain
    ]


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "trail.jsonl"
    file.write_text("mine", encoding="utf-8")
    assert "is already there" in run("export", str(file))[1]
    assert file.read_text(encoding="utf-8") == "mine"
    assert "cannot be written" in run("export", str(tmp_path / "none" / "trail.jsonl"))[1]
    assert "cannot be read" in run("verify", "--file", str(tmp_path / "none"))[1]
    assert "give --file too" in run("verify", "--extract")[1]


def test_the_documented_form_is_that_of_the_exports(chain: list[Event]) -> None:
    page = REFERENCE.read_text(encoding="utf-8").partition("## The digest")[0]
    line, _between, personal = page.partition("Each member of `personal`")
    invited = [record for record in queries.records() if record["personal"]]
    assert set(re.findall(r"^\| `(\w+)` \|", line, re.MULTILINE)) == set(invited[0])
    kept = invited[0]["personal"]["email"]
    assert set(re.findall(r"^\| `(\w+)` \|", personal, re.MULTILINE)) == set(kept)
    assert chain


def test_the_verifier_of_the_documentation_agrees(chain: list[Event], tmp_path: Path) -> None:
    (program,) = re.findall(
        r"^```python\n(import.*?)^```", REFERENCE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    file = tmp_path / "trail.jsonl"
    run("export", str(file))
    command = [sys.executable, "-c", program, str(file)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout.split() == [str(len(chain)), queries.state().head]
    file.write_text(file.read_text("utf-8").replace("entry:jardin", "entry:verger"), "utf-8")
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "2 was altered" in found.stderr


# Requests


def test_a_request_has_a_number_that_the_trail_keeps(client: Client) -> None:
    first, second = client.get("/"), client.get("/")
    assert re.fullmatch("[0-9a-f]{16}", first["X-Request-ID"])
    assert first["X-Request-ID"] != second["X-Request-ID"]
    Term.objects.create(scheme="catalyst_function", code="support", label_fr="A", label_en="A")
    client.force_login(editor())
    page = reverse("vocabulary:edit", args=["catalyst_function", "support"])
    response = client.post(f"{page}?secret=1", {"label_fr": "Appui", "label_en": "Support"})
    event = Event.objects.get(kind="term.changed")
    assert event.request_id == response["X-Request-ID"]
    assert event.request_line == f"POST /{resolve(page).route}"
    assert "support" not in event.request_line


def test_a_secret_of_an_address_is_not_kept() -> None:
    request = RequestFactory().post("/compte/cle/s3cret/?next=s3cret")
    request.resolver_match = type(
        "Match", (), {"route": "^cle/(?P<key>.+)/$", "view_name": "accounts:key"}
    )()
    with actions.answering(request):
        event = write()
    assert event.request_line == "POST accounts:key"
    assert write().request_line == ""


def test_the_logs_say_the_number_of_the_request() -> None:
    line = logging.makeLogRecord({"msg": "x"})
    RequestNumber().filter(line)
    assert vars(line)["request_id"] == "-"
    request = RequestFactory().get("/")
    with actions.answering(request) as identity:
        RequestNumber().filter(line)
    assert vars(line)["request_id"] == identity.id
    afterwards = logging.makeLogRecord({"msg": "Not Found", "request": request})
    RequestNumber().filter(afterwards)
    assert vars(afterwards)["request_id"] == identity.id


# What renews the pages of visitors


def number_of_the_last_write() -> int:
    found = PersonalValue.objects.values_list(queries.last_event(), flat=True).first()
    assert isinstance(found, int)
    return found


def test_a_write_renews_the_pages_of_visitors_and_a_sign_in_does_not() -> None:
    invite()
    start = number_of_the_last_write()
    invite("other@example.org", 13)
    write("invitation:4", kind="invitation.sent")
    assert number_of_the_last_write() == start
    write()
    written = number_of_the_last_write()
    assert written > start
    actions.seal()
    sealed = number_of_the_last_write()
    assert sealed >= written
    invite("third@example.org", 14)
    actions.seal()
    assert number_of_the_last_write() == sealed
    write()
    assert number_of_the_last_write() > sealed


def test_every_model_of_the_trail_is_guarded() -> None:
    guarded = {table for table, _column in FIELDS}
    ours = {
        model._meta.db_table
        for model in (Event, *[related.related_model for related in Event._meta.related_objects])
        if isinstance(model, type) and issubclass(model, models.Model)
    }
    assert guarded == ours
