"""Loading the reference files: all or nothing, as often as one likes, people's words kept."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from tests.factories.actors import AT, editor, geography, organisation

from alliage.alliances.reference import Reference, TerritoryCode, load_reference
from alliage.territories.levels import Level
from alliage_web.actors import actions
from alliage_web.actors.models import Organisation
from alliage_web.actors.queries import describe
from alliage_web.audit.models import Event
from alliage_web.vocabulary.actions import change_term
from alliage_web.vocabulary.models import SchemeNote, SourceDocument, Term

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.django_db

HEAD = {"licence": "Licence Ouverte 2.0", "attribution": "Alliage"}


def _term(code: str, label: str, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "label_fr": label,
        "label_en": label,
        "order": 1,
        "reading": "stated",
        "source": "sheet_pemb l.1",
    } | more


def _organisation(slug: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "slug": slug,
        "name": name,
        "world": "association",
        "profile": "association",
        "world_reading": "stated",
        "source": "sheet_pemb l.2",
        "active_in_alliance": True,
    } | more


CONTENT: dict[str, dict[str, Any]] = {
    "sources.yaml": {
        "sources": [
            {
                "code": "sheet_pemb",
                "title_fr": "Fiche",
                "title_en": "Sheet",
                "publisher": "Fonds",
                "published": "2022",
                "kind": "case_sheet",
            }
        ]
    },
    "terms.yaml": {
        "schemes": [
            {
                "code": "domain",
                "label_fr": "Domaines",
                "label_en": "Domains",
                "source": "sheet_pemb l.1",
                "items": [_term("health", "Santé"), _term("education", "Éducation")],
            },
            {
                "code": "catalyst_function",
                "label_fr": "Fonctions",
                "label_en": "Functions",
                "source": "sheet_pemb l.1",
                "items": [_term("support", "Accompagnement", reading="external")],
            },
        ]
    },
    "sdg.yaml": {
        "schemes": [
            # Targets before goals: the order of the lists does not matter.
            {
                "code": "sdg_target",
                "label_fr": "Cibles",
                "label_en": "Targets",
                "source": "sheet_pemb l.1",
                "items": [_term("17.17", "Partenariats efficaces", parent="17")],
            },
            {
                "code": "sdg",
                "label_fr": "Objectifs",
                "label_en": "Goals",
                "source": "sheet_pemb l.1",
                "items": [_term("17", "Partenariats")],
            },
        ]
    },
    "organisations.yaml": {
        "organisations": [
            # A child before its parent.
            _organisation(
                "ccas-de-vincennes",
                "CCAS de Vincennes",
                parent="ville-de-vincennes",
                roles=["catalyst", "expert"],
                domains=["health"],
                catalyst={
                    "functions": ["support"],
                    "functions_reading": "derived",
                    "territories": [{"level": "ept", "code": "200057941"}],
                    "domains": ["education"],
                },
            ),
            _organisation(
                "ville-de-vincennes",
                "Ville de Vincennes",
                world="local_authority",
                profile="local_authority",
                siren="219400801",
                aliases=["Mairie de Vincennes"],
                seat={"level": "commune", "code": "94080"},
                territories=[{"level": "commune", "code": "94080"}],
            ),
        ]
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in CONTENT.items():
        text = yaml.safe_dump(HEAD | content, allow_unicode=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def reference(folder: Path) -> Reference:
    return load_reference(folder)


def load(reference: Reference) -> actions.ReferenceReport:
    return actions.load_reference(reference=reference, by=None, at=AT)


def changed_organisation(reference: Reference, slug: str, **fields: Any) -> Reference:
    return replace(
        reference,
        organisations=tuple(
            item.model_copy(update=fields) if item.slug == slug else item
            for item in reference.organisations
        ),
    )


def command(folder: Path, **options: Any) -> str:
    said = io.StringIO()
    call_command("load_reference", folder, stdout=said, **options)
    return said.getvalue()


def test_everything_is_loaded_and_linked(reference: Reference) -> None:
    geography()
    report = load(reference)
    assert [part.created for part in report.parts.values()] == [1, 5, 2]
    told = describe(Organisation.objects.get(slug="ccas-de-vincennes"))
    assert told.parent == "ville-de-vincennes"
    assert told.roles == ("catalyst", "expert")
    assert (told.functions, told.functions_reading) == (("support",), "derived")
    assert told.catalyst_territories == ("ept/200057941",)
    assert told.catalyst_domains == ("education",)
    town = describe(Organisation.objects.get(slug="ville-de-vincennes"))
    assert (town.seat, town.siren) == ("commune/94080", "219400801")
    target = Term.objects.get(code="17.17")
    assert target.broader is not None
    assert target.broader.code == "17"
    assert SchemeNote.objects.get(scheme="domain").label_fr == "Domaines"
    assert SourceDocument.objects.get().label == "Fiche"


def test_one_event_tells_the_load(reference: Reference) -> None:
    geography()
    load(reference)
    event = Event.objects.get()
    assert (event.kind, event.target, event.by) == ("reference.loaded", "reference", "command")
    assert event.changes["organisations"][1] == {"created": 2, "updated": 0}


def test_a_second_load_writes_nothing_and_says_so(folder: Path) -> None:
    geography()
    assert "organisations: 2 created, 0 updated, 0 unchanged" in command(folder)
    before = list(Organisation.objects.order_by("pk").values())
    said = command(folder)
    assert "organisations: 0 created, 0 updated, 2 unchanged" in said
    assert "terms: 0 created, 0 updated, 5 unchanged" in said
    assert "nothing was written" in said
    assert list(Organisation.objects.order_by("pk").values()) == before
    assert Event.objects.count() == 1


def test_a_quiet_load_says_nothing(folder: Path) -> None:
    geography()
    assert command(folder, verbosity=0) == ""


def test_a_file_that_changed_updates_what_it_says(reference: Reference) -> None:
    geography()
    load(reference)
    report = load(
        changed_organisation(reference, "ville-de-vincennes", name="Commune de Vincennes")
    )
    assert (report.organisations.updated, report.organisations.unchanged) == (1, 1)
    assert Organisation.objects.get(slug="ville-de-vincennes").search_key.startswith("commune de")


@pytest.mark.parametrize("field", ["website", "summary_fr", "aliases", "territories", "roles"])
def test_what_a_person_wrote_is_kept_field_by_field(reference: Reference, field: str) -> None:
    geography()
    load(reference)
    row = Organisation.objects.get(slug="ville-de-vincennes")
    written: Any = {
        "website": "https://vincennes.example",
        "summary_fr": "Écrit par une personne.",
        "aliases": ("Vincennes",),
        "territories": ("commune/94067",),
        "roles": ("funder",),
    }[field]
    actions.change_organisation(
        organisation=row,
        description=replace(describe(row), **{field: written}),
        by=editor(),
        at=AT,
    )
    report = load(changed_organisation(reference, "ville-de-vincennes", legal_form="commune"))
    told = describe(row)
    assert getattr(told, field) == written
    assert told.legal_form == "commune"
    assert report.organisations.kept == [f"organisation:ville-de-vincennes {field}"]
    assert load(reference).organisations.kept == report.organisations.kept


def test_a_term_that_a_person_changed_is_kept(reference: Reference) -> None:
    geography()
    load(reference)
    term = Term.objects.get(code="support")
    change_term(term=term, values={"label_fr": "Appui"}, by=editor(), at=AT)
    report = load(reference)
    assert Term.objects.get(code="support").label_fr == "Appui"
    assert report.terms.kept == ["term:catalyst_function/support label_fr"]
    assert report.changed_nothing


def test_a_merged_organisation_stays_merged(reference: Reference) -> None:
    geography()
    load(reference)
    town = Organisation.objects.get(slug="ville-de-vincennes")
    other = organisation("Vincennes collectivité")
    actions.merge_organisations(kept=other, merged=town, choices={}, by=editor(), at=AT)
    report = load(reference)
    town.refresh_from_db()
    assert town.merged_into == other
    assert report.changed_nothing
    child = Organisation.objects.get(slug="ccas-de-vincennes")
    assert child.parent == other


def test_territories_come_first(folder: Path) -> None:
    with pytest.raises(CommandError) as caught:
        command(folder)
    told = str(caught.value)
    assert "commune/94080" in told
    assert "ept/200057941" in told
    assert "alliage-web load-territories" in told
    assert not Term.objects.exists()
    assert not SourceDocument.objects.exists()


def test_one_missing_territory_is_enough_to_load_nothing(reference: Reference) -> None:
    geography()
    seat = TerritoryCode(level=Level.COMMUNE, code="01999")
    with pytest.raises(actions.UnknownReferenceError, match="commune/01999"):
        load(changed_organisation(reference, "ville-de-vincennes", seat=seat))
    assert not Organisation.objects.exists()
    assert not Term.objects.exists()
    assert not Event.objects.exists()


def test_an_identifier_that_another_organisation_has_is_refused(folder: Path) -> None:
    geography()
    organisation("Mairie", siren="219400801")
    with pytest.raises(CommandError, match="SIREN 219400801 of « ville-de-vincennes » is already"):
        command(folder)
    assert Organisation.objects.count() == 1


@pytest.mark.parametrize(
    ("break_file", "told"),
    [
        (lambda folder: (folder / "sdg.yaml").unlink(), "sdg.yaml: file: cannot be read"),
        (
            lambda folder: (folder / "terms.yaml").write_text("schemes: [", encoding="utf-8"),
            r"terms.yaml: line \d+, column \d+: not YAML",
        ),
    ],
)
def test_a_wrong_file_is_named_and_nothing_is_loaded(
    folder: Path, break_file: Callable[[Path], object], told: str
) -> None:
    geography()
    break_file(folder)
    with pytest.raises(CommandError, match=told):
        command(folder)
    assert not SourceDocument.objects.exists()
