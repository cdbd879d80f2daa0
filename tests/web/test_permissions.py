"""Who may open what: every route, every role, compared with the published table.

``docs/reference/permissions.md`` is the table. ``ALLIAGE_WRITE_DOCS=1 pytest`` writes what is
observed, for a person to read before it is committed; without it the test compares.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from alliage_web.accounts.models import Role, RoleHolding, User
from alliage_web.actors.models import Organisation
from alliage_web.alliances.models import Alliance
from alliage_web.knowledge.models import Entry, EntryState
from alliage_web.territories.models import Perimeter, Snapshot, Territory, Vintage
from alliage_web.vocabulary.models import Scheme, Term

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "permissions.md"
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
ROLES = ("visitor", "member", "author", "editor", "administrator")
HEAD = """# Who may open what

Every address of the platform asked with GET by a visitor who is not signed in, a signed-in
member, the author of the object asked for, an editor and an administrator. A test asks them all
and compares with this table, so that a new address without a line here fails the check.

- **yes**: the page or file opens (or sends to another page that does).
- **sign in**: sent to the sign-in page, then back.
- **no**: refused, said so (403).
- **hidden**: answers as if the object did not exist (404).

An address marked *(sent)* takes a form only: it is asked with POST, and what it writes is undone.
Elsewhere writing follows the same rule as opening the form: what a person may not open, they may
not send.

"""


def _routes(patterns: list[Any], namespace: str = "") -> Iterator[tuple[str, list[str]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, pattern.namespace or namespace)
        elif isinstance(pattern, URLPattern):
            assert pattern.name, f"{pattern.pattern} has no name"
            yield f"{namespace}:{pattern.name}", list(pattern.pattern.converters)


@pytest.fixture
def people(db: None) -> dict[str, User | None]:  # noqa: ARG001 - opens the database
    found: dict[str, User | None] = {"visitor": None}
    for role in ROLES[1:]:
        found[role] = User.objects.create_user(f"{role}@example.org", "x", name=role)
    for role in (Role.EDITOR, Role.ADMINISTRATOR):
        person = found[role.value]
        assert person
        RoleHolding.objects.create(user=person, role=role)
    return found


@pytest.fixture
def arguments(people: dict[str, User | None]) -> dict[str, dict[str, Any]]:
    """Objects of the author, and how each route names them."""
    author = people["author"]
    vintage = Vintage.objects.create(year=2026, is_current=True)
    commune = Territory.objects.create(level="commune", code="94080", name="Vincennes")
    department = Territory.objects.create(level="department", code="94", name="Val-de-Marne")
    for territory in (commune, department):
        Snapshot.objects.create(
            vintage=vintage, territory=territory, name=territory.name, name_key="x", population=1
        )
    drawn = Territory.objects.create(level="perimeter", code="bassin", name="Bassin")
    perimeter = Perimeter.objects.create(territory=drawn, kind="basin", created_by=author)
    perimeter.communes.add(commune)
    Term.objects.create(
        scheme=Scheme.CATALYST_FUNCTION, code="dialogue", label_fr="Dialogue", label_en="Dialogue"
    )
    Organisation.objects.create(
        slug="acteur", name="Acteur", name_key="acteur", world="association", profile="association",
        created_by=author, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    Alliance.objects.create(
        code="alliance", slug="alliance", title="Alliance", summary="Une alliance.",
        created_by=author, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    Entry.objects.create(
        kind="example", slug="exemple", title="Exemple", summary="Un exemple.", author=author,
        alliance=Alliance.objects.get(), state=EntryState.PUBLISHED, created_at=NOW,
        updated_at=NOW, published_at=NOW,
    )  # fmt: skip
    Entry.objects.create(
        kind="tool", slug="brouillon", title="Brouillon", summary="Un brouillon.", author=author,
        state=EntryState.DRAFT, created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    return {
        "slug": {"site": "alliance", "actors": "acteur", "alliances": "alliance"},
        "level": {"": "commune", "territories": "department"},
        "code": {
            "": "94080",
            "territories": "94",
            "vocabulary": "dialogue",
            "territories:perimeter-edit": "bassin",
        },
        "scheme": {"": "catalyst_function"},
        "extension": {"": "csv"},
    }


def _cases(arguments: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Give a title and an address for each route; routes of entries are asked twice."""
    for name, parameters in sorted(_routes(get_resolver().url_patterns)):
        namespace = name.split(":", maxsplit=1)[0]
        if namespace == "knowledge" and "slug" in parameters:
            for title, slug in (("published", "exemple"), ("draft", "brouillon")):
                yield f"{name} ({title})", reverse(name, kwargs={"slug": slug})
            continue
        chosen = {
            parameter: arguments[parameter].get(name)
            or arguments[parameter].get(namespace)
            or arguments[parameter].get("")
            for parameter in parameters
        }
        if name == "site:organisation":
            chosen["slug"] = "acteur"
        yield name, reverse(name, kwargs=chosen)


def _observed(user: User | None, address: str) -> tuple[str, bool]:
    """Say how an address answers, and whether it takes a form only."""
    client = Client()
    if user:
        client.force_login(user)
    response = client.get(address)
    sent = response.status_code == 405
    if sent:
        with transaction.atomic():
            response = client.post(address)
            transaction.set_rollback(True)
    if response.status_code == 302 and response["Location"].startswith(reverse("accounts:login")):
        return "sign in", sent
    answers = {
        200: "yes",
        301: "yes",
        302: "yes",
        400: "yes",
        409: "yes",
        422: "yes",
        403: "no",
        404: "hidden",
    }
    return answers[response.status_code], sent


def test_every_route_opens_for_whom_the_table_says(
    people: dict[str, User | None], arguments: dict[str, dict[str, Any]]
) -> None:
    lines = [
        "| address | " + " | ".join(ROLES) + " |",
        "| --- |" + " --- |" * len(ROLES),
    ]
    for title, address in _cases(arguments):
        observed = [_observed(people[role], address) for role in ROLES]
        name = f"`{title}`" + (" *(sent)*" if observed[-1][1] else "")
        lines.append(f"| {name} | " + " | ".join(cell for cell, _ in observed) + " |")
    written = HEAD + "\n".join(lines) + "\n"
    if os.environ.get("ALLIAGE_WRITE_DOCS"):
        TABLE.write_text(written, encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == written
