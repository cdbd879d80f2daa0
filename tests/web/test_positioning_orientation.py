"""Orientation: each line says why, nothing near widens the circle, what is unknown is told."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories.actors import catalyst, geography, organisation
from tests.factories.alliances import AT, alliance, party, place, term, world
from tests.factories.fund import fund_with_strands, support
from tests.factories.knowledge import published

from alliage.alliances.vocabulary import World
from alliage.positioning.doors import Preference
from alliage.positioning.questionnaire import questionnaire
from alliage.positioning.scoring import Answers, score
from alliage.positioning.support_sites import Site
from alliage.territories.distance import great_circle_km
from alliage_web.audit.models import Event
from alliage_web.knowledge import actions as knowledge
from alliage_web.positioning.actions.support import load_sites
from alliage_web.positioning.models import SupportSite
from alliage_web.positioning.queries.orientation import nearest_sites, orientation, oriented
from alliage_web.territories.models import Snapshot, Territory
from alliage_web.vocabulary.models import Term

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django.fixtures import Settings

    from alliage_web.positioning.queries.orientation import Orientation
    from alliage_web.positioning.queries.orientation_words import Line

pytestmark = pytest.mark.django_db
DAY = dt.date(2024, 8, 1)
HEAD = "identifier,name,address,commune,postal_code,town,latitude,longitude\n"


@pytest.fixture(autouse=True)
def _by_words(settings: Settings) -> None:
    settings.ALLIAGE_SEMANTIC = False


def site(identifier: str, latitude: float, longitude: float, **more: Any) -> Site:
    told = {
        "identifier": identifier, "name": f"Site {identifier}", "address": "1 rue du Pont",
        "commune": "94080", "postal_code": "94300", "town": "Vincennes", **more,
    }  # fmt: skip
    return Site(latitude=latitude, longitude=longitude, **told)


def load(*sites: Site, network: str = "France services") -> Any:
    return load_sites(network=network, sites=sites, as_of=DAY, source="Essai", at=AT)


def commune(code: str = "94080") -> Territory:
    return Territory.objects.get(level="commune", code=code)


def sized(code: str, size_class: str) -> None:
    Snapshot.objects.filter(territory__code=code).update(size_class=size_class)


def example(title: str, code: str, **more: Any) -> None:
    told = alliance(
        title,
        terms=[term("objective", "innovate"), term("domain", "education")],
        territories=[place(code)],
        parties=[party("Lycée", world="academic"), party("Une asso")],
        **more,
    )
    published(title, alliance=told.code, body="")


def found(**more: Any) -> Orientation:
    knowledge.refresh()
    return oriented(**{"doors": ("innovate",), "step": 1, **more})


def titles(lines: tuple[Line, ...]) -> list[str]:
    return [line.title for line in lines]


# Examples and resources


def test_examples_of_the_same_size_come_first_and_say_why_and_what_to_check() -> None:
    world()
    sized("94080", "large")
    sized("45208", "pmt")
    sized("93048", "large")
    example("Loin", "45208")
    example("Pareil", "93048", stage="deployment")
    told = found(territory=commune(), world=World.ASSOCIATION).examples
    assert titles(told.lines) == ["Pareil", "Loin"]
    same, other = told.lines
    assert same.why == (
        "Il avance par « Innovation sociétale », son territoire a la taille du vôtre (50 000 "
        "habitants et plus) et votre monde y prend part (association)."
    )
    assert "L’étape : il en est plus loin que vous (déploiement)." in same.checks
    assert (
        "L’échelle : son territoire est d’une autre taille (de 2 000 à 19 999 habitants)."
        in other.checks
    )
    assert "le cercle a été élargi" in told.told


@pytest.mark.parametrize(
    ("needs", "sentence", "first"),
    [
        (["health", "health"], "Même besoin que le vôtre : santé.", "Un"),
        (["education", "health"], "Un seul répond à votre besoin (santé)", "Deux"),
        (["education", "education"], "ne répond à votre besoin (santé)", "Un"),
    ],
)
def test_examples_of_the_same_need_come_before_those_of_the_same_size(
    needs: list[str], sentence: str, first: str
) -> None:
    world()
    sized("94080", "large")
    sized("93048", "large")
    sized("45208", "pmt")
    for title, code, need in (("Un", "93048", needs[0]), ("Deux", "45208", needs[1])):
        told = alliance(
            title,
            terms=[term("objective", "innovate"), term("domain", need)],
            territories=[place(code)],
        )
        published(title, alliance=told.code, body="")
    knowledge.refresh()
    asked = questionnaire()
    won = {
        pair: Preference.FIRST if pair[0] == "innovate" else Preference.SECOND
        for pair in asked.comparisons
        if "innovate" in pair
    }
    told_part = orientation(
        score(Answers(won, {}), asked), territory=commune(), domain="health"
    ).examples
    assert titles(told_part.lines)[0] == first
    assert sentence in told_part.told


def test_without_a_door_nothing_is_drawn_and_those_who_guide_are_named() -> None:
    world()
    example("Ici", "94080")
    asked = questionnaire()
    ties = dict.fromkeys(asked.comparisons, Preference.AS_MUCH)
    knowledge.refresh()
    told = orientation(score(Answers(ties, {}), asked))
    assert told.examples.lines == told.resources.lines == ()
    assert "un exemple pris au hasard" in told.examples.told
    assert told.bodies.lines
    assert all("orientation" in line.tags for line in told.bodies.lines)


def test_a_positioning_gives_its_doors_and_its_step() -> None:
    world()
    asked = questionnaire()
    first = {
        pair: Preference.FIRST if pair[0] == "innovate" else Preference.SECOND
        for pair in asked.comparisons
        if "innovate" in pair
    }
    example("Ici", "94080")
    knowledge.refresh()
    said = score(Answers(first, {one.code: 1 for one in asked.of_door("innovate")}), asked)
    assert "innovate" in {one.door for one in said.recommendations}
    assert titles(orientation(said).examples.lines) == ["Ici"]


def test_who_acts_reads_tools_first_and_who_discovers_publications() -> None:
    world()
    for kind in ("publication", "tool"):
        published(f"Un {kind}", kind=kind, body="", terms=("objective/innovate",))
    assert titles(found(step=1).resources.lines) == ["Un tool", "Un publication"]
    assert titles(found(step=0).resources.lines) == ["Un publication", "Un tool"]
    assert titles(found(step=None).resources.lines) == ["Un publication", "Un tool"]
    assert "Un outil classé sous « Innovation sociétale »." in {
        line.why for line in found().resources.lines
    }


def test_an_empty_base_says_so() -> None:
    world()
    told = found()
    assert "Aucun exemple publié n’est classé sous « Innovation sociétale »" in told.examples.told
    assert "Aucun outil ni publication" in told.resources.told


# Near the commune


def test_nothing_near_gives_the_next_wider_circle() -> None:
    world()
    load(site("a", 48.85, 3.0), site("b", 48.85, 3.02), site("far", 43.3, 5.4))
    catalyst("Loin d’ici", seat="commune/45208")
    told = found(territory=commune())
    assert titles(told.sites.lines) == ["Site a", "Site b"]
    assert "Aucun à moins de 25 km : le cercle a été élargi à 50 km" in told.sites.told
    assert titles(told.catalysts.lines) == ["Loin d’ici"]
    assert "Aucun à moins de 50 km : le cercle a été élargi à 100 km" in told.catalysts.told


def test_beyond_the_last_circle_the_nearest_is_told_with_its_distance() -> None:
    world()
    load(site("far", 43.3, 5.4))
    told = found(territory=commune()).sites
    assert re.fullmatch(r"Aucun à moins de 50 km : le plus proche est à 6\d\d km.", told.told)
    assert titles(told.lines) == ["Site far"]


def test_a_site_of_the_commune_says_so_with_the_day_of_its_list() -> None:
    world()
    load(site("here", 48.85, 2.44), site("there", 48.86, 2.45, commune="93048"))
    here, there = found(territory=commune()).sites.lines
    assert here.why == "Dans votre commune, un site de « France services » reçoit et oriente."
    assert there.why.startswith("À 2 km, un site")
    assert here.summary == "1 rue du Pont, 94300 Vincennes"
    assert "1er août 2024" in here.checks[0].replace("\xa0", " ")


def test_catalysts_whose_functions_serve_the_door_come_first_in_a_circle() -> None:
    world()
    support_function = {"functions": ("support",), "functions_reading": "stated"}
    Term.objects.create(
        scheme="catalyst_function", code="support", label_fr="Accompagnement", label_en="Support"
    )
    catalyst("Tout près", seat="commune/94067")
    catalyst("Utile", seat="commune/93048", **support_function)
    useful, near = found(territory=commune()).catalysts.lines
    assert (useful.title, near.title) == ("Utile", "Tout près")
    assert "ce qu’il fait sert votre porte (accompagnement)" in useful.why
    assert near.checks == ("Ce qu’il fait : ses fonctions ne sont pas renseignées.",)


def test_a_theme_that_no_catalyst_has_is_told() -> None:
    world()
    catalyst("Tout près", seat="commune/94067")
    told = found(territory=commune(), domains=frozenset({"health"})).catalysts
    assert told.told.startswith("Près de vous, aucun catalyseur ne dit travailler sur ce thème")
    assert titles(told.lines) == ["Tout près"]


def test_a_theme_in_common_is_said_and_far_away_does_not_outweigh_near() -> None:
    world()
    catalyst("Tout près", seat="commune/94067")
    catalyst("Au thème", seat="commune/93048", catalyst_domains=("education",))
    told = found(territory=commune(), domains=frozenset({"education"})).catalysts
    assert titles(told.lines) == ["Au thème"]
    assert "il travaille sur votre besoin (éducation)" in told.lines[0].why
    Snapshot.objects.filter(territory__code="93048").update(latitude=43.3, longitude=5.4)
    told = found(territory=commune(), domains=frozenset({"education"})).catalysts
    assert titles(told.lines) == ["Tout près"]
    assert told.told.startswith("Près de vous, aucun")


def test_without_a_commune_distances_are_not_told() -> None:
    world()
    load(site("here", 48.85, 2.44))
    told = found()
    assert "Sans commune connue" in told.place_told
    assert told.sites.lines == told.catalysts.lines == ()
    assert "Dites votre commune" in told.sites.told


def test_a_commune_that_the_vintage_no_longer_has_is_told() -> None:
    world()
    former = Territory.objects.create(level="commune", code="45999", name="Ancienne")
    told = found(territory=former)
    assert "La position de « Ancienne » n’est pas connue" in told.place_told


def test_nearest_sites_are_those_of_all_measured_one_by_one() -> None:
    places = [(41 + 10 * (n * 0.618 % 1), -4 + 12 * (n * 0.754 % 1)) for n in range(200)]
    load(*(site(str(n), *where) for n, where in enumerate(places)))
    for here in [(48.85, 2.44), (42.0, 9.0), (51.0, -4.5), (-21.1, 55.5)]:
        every = sorted(great_circle_km(*here, *where) for where in places)[:3]
        assert [distance for distance, _site in nearest_sites(*here)] == every


# Support bodies and funders


def test_bodies_say_what_is_not_stated_and_what_is_to_be_verified() -> None:
    world()
    told = found(world=World.ASSOCIATION)
    (one,) = [line for line in told.funders.lines if line.title.startswith("Fonds i")]
    assert ("Pour qui", "non précisé") in one.facts
    assert [publisher for _fact, publisher, _url in one.unverified] == ["La Fonda"]
    assert one.checks == (
        "Ce qui est « non précisé » : demandez-le avant de vous engager.",
        "Ce qui vient d’une source extérieure, que personne n’a vérifié.",
    )
    assert "La Ruche" in titles(told.bodies.lines)
    assert "DLA" not in " ".join(titles(found(world=World.COMPANY).bodies.lines))


def test_givers_of_public_supports_are_named_with_their_levers() -> None:
    world()
    fund = fund_with_strands()
    told = alliance("Soutenue", terms=[term("objective", "innovate")])
    giver = organisation("Fondation d’ici", world="foundation", profile="foundation")
    support(fund, alliance_id=told.pk, giver_id=giver.pk, receiver_id=None)
    lines = {line.title: line for line in found().funders.lines}
    assert lines["Fondation d’ici"].facts[0][1].startswith("1 soutien rapporté")
    others = oriented(doors=("co_construct_locally",)).funders.lines
    assert "Fondation d’ici" not in titles(others)


# Loading


def write(folder: Path, *lines: str) -> Path:
    file = folder / "sites.csv"
    file.write_text(HEAD + "\n".join(lines), encoding="utf-8")
    return file


def command(file: Path, **more: str) -> None:
    told = {"network": "France services", "as_of": "2024-08-01", "source": "ANCT", **more}
    call_command("load_support_sites", str(file), verbosity=0, **told)


def test_a_file_replaces_the_sites_of_its_network_alone(tmp_path: Path) -> None:
    load(site("old", 48.85, 2.44))
    load(site("kept", 48.85, 2.44), network="Autre réseau")
    file = write(tmp_path, "new,Maison,,94080,94300,Vincennes,48.8,2.4")
    command(file)
    names = SupportSite.objects.order_by("network", "identifier").values_list("identifier")
    assert [name for (name,) in names] == ["kept", "new"]
    events = Event.objects.filter(kind="support_sites.loaded").count()
    keys = set(SupportSite.objects.values_list("pk", flat=True))
    command(file)
    assert set(SupportSite.objects.values_list("pk", flat=True)) == keys
    assert Event.objects.filter(kind="support_sites.loaded").count() == events


def test_a_faulty_file_loads_nothing_and_says_its_lines(tmp_path: Path) -> None:
    load(site("old", 48.85, 2.44))
    file = write(tmp_path, "1,Maison,,94080,,,48.8,2.4", "2,Maison,,94080,,,north,2.4")
    with pytest.raises(CommandError, match="line 3: « north » is no latitude"):
        command(file)
    assert SupportSite.objects.get().identifier == "old"


@pytest.mark.parametrize(
    ("more", "told"),
    [({"as_of": "hier"}, "is no day"), ({"network": " "}, "0 characters"), ({"source": ""}, "0")],
)
def test_what_a_command_needs_is_told(tmp_path: Path, more: dict[str, str], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        command(write(tmp_path, "1,Maison,,94080,,,48.8,2.4"), **more)


@pytest.mark.parametrize(
    "wrong",
    [{"latitude": 91.0}, {"longitude": -181.0}, {"name": ""}, {"network": ""}, {"source": ""}],
)
def test_the_database_keeps_sites_on_earth_and_named(wrong: dict[str, Any]) -> None:
    load(site("a", 48.85, 2.44))
    with pytest.raises(IntegrityError), transaction.atomic():
        SupportSite.objects.update(**wrong)


def test_the_database_keeps_one_site_of_an_identifier() -> None:
    load(site("a", 48.85, 2.44), site("b", 48.85, 2.44))
    with pytest.raises(IntegrityError), transaction.atomic():
        SupportSite.objects.update(identifier="a")


# The page


def page(client: Client, **query: str) -> str:
    answer = client.get(reverse("positioning:support"), query, headers={"accept-language": "fr"})
    assert answer.status_code == 200
    text = re.sub(r"<[^>]+>", " ", answer.content.decode()).replace("\xa0", " ")
    return " ".join(text.replace("&#x27;", "’").split())


def test_the_page_lists_every_body_then_what_is_asked(client: Client) -> None:
    geography()
    told = page(client)
    assert "Tous les dispositifs cités par les documents" in told
    assert "Guid’Asso" in told
    assert "source extérieure, à vérifier" in told
    asked = page(client, door="innovate", world="company", territory="commune/94080")
    assert "Pour avancer, autour de Vincennes" in asked
    assert "Guid’Asso" not in asked
    assert "La Ruche" in asked


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "query",
    [
        {"territory": "Nulle-Part-sur-Rien"}, {"door": "nowhere"}, {"world": "martian"},
        {"domain": "x"}, {"territory": "\x00"},
    ],
)  # fmt: skip
def test_what_is_not_known_is_told_beside_its_field(client: Client, query: dict[str, str]) -> None:
    geography()
    told = page(client, **query)
    assert "Pour avancer" in told
    assert "Sans commune connue" in told


@pytest.mark.one_engine
def test_the_queries_of_an_orientation_do_not_grow(client: Client) -> None:
    world()
    for code in ("94080", "93048"):
        sized(code, "large")
    example("Un", "94080")
    load(*(site(str(n), 48.85, 2.44 + n / 1000) for n in range(3)))
    catalyst("A", seat="commune/94067")
    where = {"door": "innovate", "territory": "commune/94080"}
    knowledge.refresh()
    page(client, **where)
    with CaptureQueriesContext(
        connection,
    ) as few:
        page(client, **where)
    for number in range(4):
        example(f"Encore {number}", "93048")
        catalyst(f"Autre {number}", seat="commune/93048")
    load(*(site(str(n), 48.85, 2.44 + n / 1000) for n in range(40)))
    knowledge.refresh()
    page(client, **where)
    with CaptureQueriesContext(connection) as many:
        page(client, **where)
    assert len(many) <= len(few)
