"""The journal of the platform: who reads it, what it tells, how it is narrowed and exported."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.factories.actors import organisation, person

from alliage.safekeeping.chain import verify
from alliage_web.accounts.models import Role
from alliage_web.audit import actions, queries
from alliage_web.audit.models import Event
from alliage_web.site.views.journal_words import kind_choices

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from alliage_web.accounts.models import User

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 1, 8, tzinfo=dt.UTC)
SOURCES = Path(__file__).resolve().parents[2] / "src" / "alliage_web"


def write(target: str = "alliance:pemb", **more: Any) -> Event:
    said = {"kind": "alliance.updated", "by": None, "at": NOW, "changes": {"title": ["a", "b"]}}
    return actions.record(target=target, **{**said, **more})


@pytest.fixture
def alix(client: Client) -> User:
    alix = person("Alix", Role.ADMINISTRATOR)
    client.force_login(alix)
    return alix


def text_of(client: Client, **query: str) -> str:
    response = client.get(reverse("site:journal"), query)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def exported(client: Client, **query: str) -> list[dict[str, Any]]:
    response = client.get(reverse("site:journal-export"), query)
    assert response["Content-Type"] == "application/x-ndjson"
    assert "attachment" in response["Content-Disposition"]
    lines = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    return [json.loads(line) for line in lines.splitlines()]


# Who


@pytest.mark.one_engine
@pytest.mark.parametrize("page", ["site:journal", "site:journal-export"])
def test_only_those_who_administer_read_the_journal(client: Client, page: str) -> None:
    assert client.get(reverse(page)).status_code == 302
    for reader in (person("Lou"), person("Dominique", Role.EDITOR)):
        client.force_login(reader)
        assert client.get(reverse(page)).status_code == 403
    client.force_login(person("alix", Role.ADMINISTRATOR))
    assert client.get(reverse(page)).status_code == 200


# What


@pytest.mark.one_engine
def test_the_journal_names_people_and_objects_and_links_those_that_are_there(
    client: Client, alix: User
) -> None:
    gerbe = organisation("La Gerbe", by=alix)
    write("alliance:partie", by=alix)
    page = text_of(client)
    assert f'<a href="{gerbe.get_absolute_url()}">La Gerbe</a>' in page
    assert "<li>alliance:partie</li>" in page
    assert page.count("Alix") > 2
    assert "bientôt scellé" in page
    actions.seal()
    assert "n° 1" in text_of(client)
    assert queries.state().head in text_of(client)


def test_a_personal_value_is_shown_until_it_is_erased(client: Client, alix: User) -> None:
    about = alix.stable_name
    write(
        about,
        kind="person.signed-up",
        changes={},
        personal={"email": [None, "lou@example.org"]},
        about=about,
    )
    page = text_of(client)
    assert "Compte créé" in page
    assert "Adresse électronique" in page
    assert "lou@example.org" in page
    actions.erase_personal(about=about)
    page = text_of(client)
    assert "lou@example.org" not in page
    assert '<span class="muted">effacé</span>' in page


def test_a_role_that_was_entrusted_is_told(client: Client, alix: User) -> None:
    write("fund:x", kind="fund.loaded", changes={}, by=alix, on_behalf_of=person("Lou"))
    assert "Alix, au nom de Lou" in text_of(client)


@pytest.mark.one_engine
def test_every_kind_of_event_that_the_platform_writes_has_a_name() -> None:
    """The kinds are read in the sources: one that is added without a name fails here."""
    named = {kind for _app, kinds in kind_choices() for kind, _label in kinds}
    written: set[str] = set()
    for file in SOURCES.rglob("*.py"):
        if "actions" in file.parts or file.stem in {"actions", "signals"}:
            text = file.read_text(encoding="utf-8")
            written |= set(
                re.findall(r'(?:kind=|_write\(\s*|_record\(\s*)"([a-z.-]+\.[a-z_-]+)"', text)
            )
    assert "alliances.imported" in written
    assert written - named == set()


def test_an_unknown_kind_and_a_strange_object_are_shown_as_they_are(
    client: Client, alix: User
) -> None:
    for target in (
        "alliance",
        "territory:x",
        "person:lou",
        "term:a/b",
        "entry:<b>",
        "x:" + "y" * 140,
    ):
        write(target, kind="strange.thing", changes={"odd": [None, {"a": [1]}]}, by=alix)
    page = text_of(client)
    assert "strange.thing" in page
    assert "entry:&lt;b&gt;" in page


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "changes",
    [
        {"unknown_field": ["a", "b"]},
        {"supports": [None, [{"lever": "x", "eur": 12}]]},
        {"stage": [None, "growth"]},
    ],
)
def test_fields_that_are_no_more_are_told_by_their_codes(
    client: Client, alix: User, changes: dict[str, Any]
) -> None:
    for kind in ("alliance.updated", "entry.changed", "organisation.changed", "role.given"):
        write(kind=kind, changes=changes, by=alix)
    assert text_of(client)


@pytest.mark.one_engine
def test_a_page_of_the_journal_costs_the_same_whatever_it_shows(
    client: Client, alix: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for rank in range(60):
        organisation(f"Acteur {rank}", by=alix)
        write(f"alliance:a{rank}", by=alix)
    text_of(client)
    with django_assert_max_num_queries(18):
        page = text_of(client)
    assert page.count('class="timeline__event"') == 50
    assert "Suivante" in page
    assert "120 écritures" in page


# Narrowing


def test_the_journal_is_narrowed_by_person_object_kind_and_day(client: Client, alix: User) -> None:
    lou = person("Lou")
    write("alliance:un", by=lou)
    write("alliance:deux", by=alix, at=NOW + dt.timedelta(days=1))
    write("entry:un", kind="entry.changed", at=NOW - dt.timedelta(days=1))
    actions.seal()

    def found(**query: str) -> set[str]:
        listed = {line["target"] for line in exported(client, **query)}
        page = text_of(client, **query)
        assert all((f"<li>{target}</li>" in page) == (target in listed) for target in every)
        return listed

    every = {"alliance:un", "alliance:deux", "entry:un"}
    assert found() == every
    assert found(person="lou") == {"alliance:un"}
    assert found(person="ALIX@example") == {"alliance:deux"}
    assert found(person="Commande") == {"entry:un"}
    assert found(person="personne") == set()
    assert found(family="alliance") == {"alliance:un", "alliance:deux"}
    assert found(target="un") == {"alliance:un", "entry:un"}
    assert found(kind="entry.changed") == {"entry:un"}
    assert found(first="2026-11-01", last="2026-11-01") == {"alliance:un"}
    assert found(first="2026-11-02") == {"alliance:deux"}
    assert found(family="alliance", person="lou", last="2026-11-30") == {"alliance:un"}


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"first": "hier"}, "date"),
        ({"first": "9999-12-31"}, "2999"),
        ({"last": "0001-01-01"}, "2000"),
        ({"first": "2026-11-02", "last": "2026-11-01"}, "vient avant"),
        ({"kind": "no.such"}, "no.such"),
        ({"target": "x\x00"}, ""),
    ],
)
def test_a_choice_that_means_nothing_is_told_and_shows_nothing(
    client: Client, alix: User, query: dict[str, str], said: str
) -> None:
    write("alliance:un", by=alix)
    for page in ("site:journal", "site:journal-export"):
        response = client.get(reverse(page), query)
        assert response.status_code == 422
        assert said in response.content.decode()
        assert "<li>alliance:un</li>" not in response.content.decode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.dictionaries(
        st.sampled_from(
            ["person", "family", "target", "kind", "first", "last", "page", "personal"]
        ),
        st.text(max_size=12) | st.dates().map(str) | st.integers().map(str),
    )
)
def test_any_address_of_the_journal_is_answered(
    client: Client, alix: User, query: dict[str, str]
) -> None:
    client.force_login(alix)
    sent = {name: text.encode(errors="replace").decode() for name, text in query.items()}
    for page in ("site:journal", "site:journal-export"):
        assert client.get(reverse(page), sent).status_code in {200, 422}


# Exporting


def test_the_whole_export_is_a_chain_and_a_part_of_it_an_extract(
    client: Client, alix: User
) -> None:
    about = "person:12"
    write(about, kind="person.signed-up", personal={"name": [None, "Lou"]}, about=about, by=alix)
    write()
    write(about, kind="person.signed-in")
    actions.seal()
    whole = exported(client)
    assert verify(whole, expect=queries.state().head).is_whole
    assert whole[0]["personal"]["name"]["value"] == [None, "Lou"]
    discreet = exported(client, personal="no")
    assert "value" not in discreet[0]["personal"]["name"]
    assert verify(discreet, expect=queries.state().head).is_whole
    part = exported(client, family="person")
    assert [line["position"] for line in part] == [1, 3]
    assert not verify(part).is_whole
    assert verify(part, extract=True).is_whole


# What may be read at all


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    targets=st.none() | st.sets(st.sampled_from(["fund:a", "fund:ab", "alliance:a"])),
    prefixes=st.none() | st.sets(st.sampled_from(["fund:", "fund:a", "alliance:", "person:"])),
    filters=st.builds(
        queries.Filters, target=st.sampled_from(["", "a", "fund", "person"]), kind=st.just("")
    ),
)
def test_no_filter_reads_beyond_the_bounds(
    targets: set[str] | None, prefixes: set[str] | None, filters: queries.Filters
) -> None:
    every = ("fund:a", "fund:ab", "alliance:a", "person:1", "organisation:fund")
    if not Event.objects.exists():
        for target in every:
            write(target, kind="x")
    found = set(
        queries.events(filters, targets=targets, prefixes=prefixes).values_list("target", flat=True)
    )
    allowed = {
        target
        for target in every
        if (targets is None and prefixes is None)
        or target in (targets or ())
        or target.startswith(tuple(prefixes or ()))
    }
    assert found == {target for target in allowed if filters.target in target}


def test_the_trail_has_no_foreign_key_to_what_it_tells_of() -> None:
    related = {
        field.related_model
        for model in apps.get_app_config("audit").get_models()
        for field in model._meta.concrete_fields
        if field.related_model
    }
    assert related == {Event}
