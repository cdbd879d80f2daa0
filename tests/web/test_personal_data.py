"""The register of processing, what a person is given, and the page that publishes it."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.urls import reverse
from django.utils import translation
from tests.factories.actors import geography, organisation
from tests.factories.people import somebody

from alliage_web.accounts.models import Invitation, Role, User
from alliage_web.accounts.queries import processing_register
from alliage_web.accounts.queries.my_data import data_about, data_document
from alliage_web.accounts.queries.register import (
    derived_tables,
    personal_tables,
    retention_rules,
)
from alliage_web.accounts.queries.retention import duty_of
from alliage_web.actors.actions.contacts import ContactDetails, add_contact
from alliage_web.audit.actions import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "personal-data.md"
#: Names that fields about people have, in our tables and in those of the packages.
_TELLING = frozenset(
    {"email", "first_name", "ip", "ip_address", "last_name", "phone", "session_data",
     "session_key", "user_agent", "username"}
)  # fmt: skip


def personal_fields() -> Iterator[str]:
    """Give every field that names or tells of a person, ours or those of the packages."""
    for model in apps.get_models(include_auto_created=True):
        declared = frozenset(getattr(model, "PERSONAL", ()))
        for field in model._meta.concrete_fields:
            if (
                isinstance(field, models.EmailField | models.GenericIPAddressField)
                or (field.is_relation and field.related_model is User)
                or field.name in _TELLING | declared
            ):
                yield f"{model._meta.label}.{field.name}"


#: Tables of the framework that stay empty: a person has roles, and nothing else.
_EMPTY = ("accounts.User_groups.", "accounts.User_user_permissions.")


def test_every_field_that_tells_of_a_person_is_in_the_register() -> None:
    registered = {field for line in processing_register() for field in line.fields}
    missing = {field for field in personal_fields() if not field.startswith(_EMPTY)} - registered
    assert not missing, "add them to data/governance/processing.yaml"


def test_what_the_register_names_exists() -> None:
    for table in personal_tables():
        names = {field.name for field in table.model._meta.get_fields()}
        assert set(table.fields) <= names, table.name
        assert table.hidden <= set(table.fates)
    for derived in derived_tables():
        apps.get_model(derived.name)
    for rule in retention_rules():
        if rule.action == "delete":
            apps.get_model(rule.name)._meta.get_field(rule.since)
        elif rule.action == "app":
            duty_of(rule)


def test_the_register_says_what_becomes_of_each_field() -> None:
    for table in personal_tables():
        fates = set(table.fates.values())
        if table.deletes:
            assert fates == {"delete"}, table.name
        else:
            assert "delete" not in fates, table.name
            assert table.why, f"{table.name} is kept: say why"


def test_secrets_are_never_given() -> None:
    secrets = ("password", "token", "secret", "session_key", "session_data", "salt", "key")
    for table in personal_tables():
        telling = {name for name in table.shown if name in secrets or name.endswith("_digest")}
        assert not telling, f"{table.name} would show {telling}"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_text_of_the_register_is_in_both_languages(language: str) -> None:
    with translation.override(language):
        for line in processing_register():
            for name in line.__slots__:
                assert getattr(line, name) != "", f"{line.code}.{name}"
        assert all(table.label for table in personal_tables())


def test_the_reference_page_is_that_of_the_register() -> None:
    with translation.override("en"):
        written = _reference()
    if os.environ.get("ALLIAGE_WRITE_DOCS"):
        REFERENCE.write_text(written, encoding="utf-8")
    assert REFERENCE.read_text(encoding="utf-8") == written


def _reference() -> str:
    head = """# Personal data

The register of processing is data: `data/governance/processing.yaml`. The platform publishes it
(`/donnees-personnelles/`, also as CSV and JSON), gives a person what it lists
(`/compte/mes-donnees/`), erases by it and removes by its rules. This page is generated from it
(`ALLIAGE_WRITE_DOCS=1 pytest tests/web/test_personal_data.py`); a test compares. A field that names
or tells of a person and has no line fails another test. See
[ADR 0017](../adr/0017-personal-data-and-erasure.md).

What becomes of a field when the person is erased: `delete` (the row goes), `blank` (emptied),
`pseudonym` (replaced), `trail` (removed by the trail itself, without breaking the chain), `keep`
(with the reason). A model declares fields that are personal without being an e-mail address or a
link to a person by a class attribute, `PERSONAL = ("name", "phone")`.

"""
    parts = [head]
    for line in processing_register():
        parts.append(f"## {line.name}\n\n- Purpose: {line.purpose}\n- Kept: {line.retention}.\n")
        parts.append("\n| rows | known by | when erased | fields | never shown |\n")
        parts.append("| --- | --- | --- | --- | --- |\n")
        parts.extend(_reference_line(table) for table in line.tables)
        parts.append("\n")
    parts.append("## Rules of the retention job\n\n| rule | what | days |\n| --- | --- | --- |\n")
    parts.extend(
        f"| `{rule.code}` | {rule.sentence} | {rule.days} |\n" for rule in retention_rules()
    )
    return "".join(parts)


def _reference_line(table: Any) -> str:
    fates: dict[str, list[str]] = {}
    for name, fate in table.fates.items():
        fates.setdefault(fate, []).append(f"`{name}`")
    told = "; ".join(f"{fate}: {', '.join(names)}" for fate, names in fates.items())
    erased = "row deleted" if table.deletes else f"row kept: {table.why}"
    hidden = ", ".join(f"`{name}`" for name in sorted(table.hidden)) or "–"
    known = f"{table.link.kind} `{table.link.field}`"
    return f"| {table.label} (`{table.name}`) | {known} | {erased} | {told} | {hidden} |\n"


def test_the_register_is_published_in_both_languages(client: Client) -> None:
    page = reverse("site:personal-data")
    french = client.get(page).content.decode()
    english = client.get(page, headers={"accept-language": "en"}).content.decode()
    with translation.override("fr"):
        for line in processing_register():
            assert line.name in french
    with translation.override("en"):
        for line in processing_register():
            assert line.name in english
    assert "Finalité" in french


def test_the_register_is_given_as_data(client: Client) -> None:
    told = client.get(reverse("site:personal-data-file", args=["json"])).json()
    assert [line["code"] for line in told["processing"]] == [
        line.code for line in processing_register()
    ]
    table = client.get(reverse("site:personal-data-file", args=["csv"]))
    assert table["Content-Type"].startswith("text/csv")
    assert len(table.content.decode("utf-8-sig").splitlines()) == len(processing_register()) + 1
    assert client.get(reverse("site:personal-data-file", args=["exe"])).status_code == 404


@pytest.fixture
def lou() -> User:
    person = somebody("Lou Martin", (Role.EDITOR, "platform"), member_of=["organisation:epicerie"])
    geography()
    shop = organisation("Épicerie", by=person)
    add_contact(
        organisation=shop,
        details=ContactDetails("Lou Martin", email=person.email, phone="01 23 45 67 89"),
        consents={"listed": "writing"},
        account=None,
        by=None,
        at=AT,
    )
    Invitation.objects.create(
        email=person.email,
        role=Role.READER,
        place="fund:odd17",
        token_digest="d" * 64,
        created_at=AT,
        expires_at=AT + dt.timedelta(days=14),
    )
    record(
        kind="person.renamed",
        target=person.stable_name,
        by=person,
        at=AT,
        personal={"name": ["Lu", "Lou Martin"]},
        about=person.stable_name,
    )
    return person


def test_a_person_finds_everything_on_one_page(client: Client, lou: User) -> None:
    client.force_login(lou)
    page = client.get(reverse("accounts:my-data")).content.decode()
    for told in ("Lou Martin", lou.email, "01 23 45 67 89", "Rédaction et publication", "Épicerie"):
        assert told in page
    assert reverse("site:organisation", args=["epicerie"]) in page


def test_the_file_holds_the_same_as_values(client: Client, lou: User) -> None:
    client.force_login(lou)
    response = client.get(reverse("accounts:my-data-file"))
    assert "attachment" in response["Content-Disposition"]
    told = response.json()
    assert told["person"] == lou.stable_name
    tables = {
        (line["code"], table["label"]): table["rows"]
        for line in told["processing"]
        for table in line["tables"]
    }
    assert tables["accounts", "Votre compte"][0]["email"] == lou.email
    assert tables["roles", "Vos rôles"][0]["role"] == "editor"
    assert tables["contacts", "Fiches de contact à votre adresse"][0]["phone"] == "01 23 45 67 89"
    assert tables["invitations", "Invitations que vous avez reçues"][0]["place"] == "fund:odd17"
    assert tables["audit", "Valeurs du journal qui vous nomment"][0]["value"] == [
        "Lu",
        "Lou Martin",
    ]
    assert "d" * 64 not in json.dumps(told)
    assert lou.password not in json.dumps(told)


def test_nothing_of_another_person_is_given(lou: User) -> None:
    other = somebody("Zoé Ailleurs")
    told = json.dumps(data_document(other, at=AT))
    assert lou.email not in told
    assert "Lou Martin" not in told
    assert "01 23 45 67 89" not in told


def test_an_address_that_is_not_confirmed_gives_nothing(lou: User) -> None:
    from allauth.account.models import EmailAddress

    other = somebody("Zoé Ailleurs")
    EmailAddress.objects.create(user=other, email=lou.email, verified=False, primary=False)
    told = json.dumps(data_document(other, at=AT))
    assert "01 23 45 67 89" not in told
    assert "fund:odd17" not in told


def test_long_lists_are_bounded_on_the_page_and_whole_in_the_file(lou: User) -> None:
    for number in range(25):
        record(kind="person.signed-in", target=f"person:{number}", by=lou, at=AT)
    written = {found.table.label: found for line in data_about(lou) for found in line.tables}[
        "Ce que vous avez écrit"
    ]
    assert len(written.rows) == 20
    assert written.more == written.count - 20
    whole = data_document(lou, at=AT)
    rows = [
        len(table["rows"])
        for line in whole["processing"]
        for table in line["tables"]
        if table["label"] == "Ce que vous avez écrit"
    ]
    assert rows == [written.count]


def test_a_name_is_corrected_and_the_trail_keeps_it_apart(client: Client, lou: User) -> None:
    client.force_login(lou)
    assert client.post(reverse("accounts:rename"), {"name": "  "}).status_code == 422
    response = client.post(reverse("accounts:rename"), {"name": "Lou Durand"}, follow=True)
    assert "Lou Durand" in response.content.decode()
    lou.refresh_from_db()
    assert lou.name == "Lou Durand"


def test_the_command_gives_the_same_to_who_asks_in_writing(
    capsys: pytest.CaptureFixture[str], lou: User
) -> None:
    call_command("my_data", "LOU-martin@example.org")
    told = json.loads(capsys.readouterr().out)
    assert told["person"] == lou.stable_name
    with pytest.raises(CommandError, match="Check how it is written"):
        call_command("my_data", "nobody@example.org")
