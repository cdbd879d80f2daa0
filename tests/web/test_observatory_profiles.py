"""Profiles: what is told of a region, a population, a fragility, and what is refused."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from defusedxml import ElementTree
from django.urls import reverse
from pypdf import PdfReader
from tests.factories.loaded_territories import load
from tests.factories.observatory import loaded, study, wave
from tests.factories.observatory_release_values import ITEMS, REGIONS, release_values
from tests.factories.observatory_releases import published_release
from tests.factories.pages import read
from tests.factories.territories import write_vintage

from alliage.observatory.tabulation.collisions import network
from alliage.survey import Design, sample
from alliage_web.observatory.documents.networks import network_drawing, network_for_document
from alliage_web.observatory.models import Question
from alliage_web.observatory.queries import profiles as found

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from alliage.observatory.releases.values import Network, Release

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine, pytest.mark.long]

HIDDEN = "bretagne"
SAID = "Données synthétiques : répondants inventés"


@cache
def networks() -> tuple[Network, ...]:
    """Return the networks of everybody and of two regions, one of them kept back."""
    random = np.random.default_rng(4)
    trait, misery = random.normal(size=(2, 900))
    columns = {}
    for item in ITEMS:
        own = trait + random.normal(size=900) + (misery if item in {"poverty", "isolation"} else 0)
        columns[item] = np.clip(np.round(5.5 + 1.5 * own), 1, 10)
    source = sample(pl.DataFrame(columns), Design())
    named = {item: item for item in ITEMS}
    whole = network(source, named, question="fragility", resamples=200)
    assert whole.ties
    region = replace(whole, breakdown="region", group="occitanie")
    kept = replace(whole, breakdown="region", group=HIDDEN, ties=(), respondents=None)
    return whole, region, kept


@cache
def values_of(*, synthetic: bool) -> Release:
    values = release_values(hidden=(HIDDEN,), synthetic=synthetic)
    return replace(values, networks=networks())


def publish(*, synthetic: bool = True) -> Release:
    values = values_of(synthetic=synthetic)
    of = study("impact_citizens")
    published_release(wave(of, "demo", synthetic=synthetic, label_fr="Démonstration"), values)
    return values


@pytest.fixture
def released() -> Release:
    return publish()


@pytest.fixture
def ground(tmp_path: Path) -> None:
    load(write_vintage(tmp_path / "vintage"))


def page(client: Client, name: str, *args: object, status: int = 200) -> str:
    answer = client.get(reverse(f"observatory:{name}", args=args))
    assert answer.status_code == status
    return read(answer)


def words(client: Client, name: str, *args: object) -> tuple[list[str], PdfReader]:
    """Return the text of each page of a printed profile."""
    answer = client.get(reverse(f"observatory:{name}", args=args))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith('inline; filename="profil-')
    reader = PdfReader(BytesIO(answer.content))
    return [
        re.sub(r"\s+", " ", one.extract_text()).replace("\N{NO-BREAK SPACE}", " ")
        for one in reader.pages
    ], reader


# Lists


@pytest.mark.usefixtures("released")
def test_the_list_names_every_profile(client: Client) -> None:
    shown = page(client, "profiles")
    for name in [*REGIONS.values(), "Fondations", *ITEMS.values(), "Mayotte"]:
        assert name.replace("’", "&#x27;") in shown or name in shown
    for code in REGIONS:
        assert reverse("observatory:profile-region", args=[code]) in shown
    assert "Non enquêtée" in shown


def test_without_a_release_the_list_says_so(client: Client) -> None:
    loaded()
    shown = page(client, "profiles")
    assert "Aucune vague n’est encore publiée ici" in shown
    assert "Mal-logement" in shown
    assert SAID not in shown


# A region


@pytest.mark.usefixtures("released")
def test_a_region_says_what_is_sure_and_what_is_not(client: Client) -> None:
    shown = page(client, "profile-region", "occitanie")
    ranking = found.profile_of(found.release_for("citizen"), "region", "occitanie").ranking  # type: ignore[union-attr, arg-type]
    assert ranking is not None
    possible = sum(one.best <= 3 for one in ranking.items)
    assert possible > 3
    assert "ne permet pas de désigner les trois premières fragilités" in shown
    assert f"{possible} des 16 peuvent en être" in shown
    assert "Probabilité d’être dans les trois premières" in shown
    assert "non établi" in shown
    assert "tient compte de ce que le groupe fait partie de l’ensemble" in shown
    assert "Santé du territoire" in shown
    assert "Jouer collectif" in shown
    quoted = re.search(r"<textarea[^>]*>([^<]*)", shown)
    assert quoted is not None
    assert "Occitanie" in quoted[1]
    assert "synthétique" in quoted[1]
    assert reverse("observatory:collisions-group", args=["occitanie"]) in shown


@pytest.mark.usefixtures("released")
def test_a_region_kept_back_shows_no_figure(client: Client) -> None:
    shown = page(client, "profile-region", HIDDEN)
    assert "Les chiffres de ce groupe ne sont pas montrés" in shown
    assert "La publication ne montre pas le classement" in shown
    cells = re.findall(r'<td class="table__num">([^<]*)</td>', shown)
    assert not [cell for cell in cells if re.search(r"\d", cell)]
    assert "s" in cells


@pytest.mark.usefixtures("released")
def test_invented_respondents_are_told_everywhere(client: Client) -> None:
    for name, *args in (
        ("profiles",),
        ("profile-region", "occitanie"),
        ("profile-population", "citizen"),
        ("profile-fragility", "poverty"),
        ("collisions",),
        ("collisions-group", "occitanie"),
    ):
        shown = page(client, name, *args)
        assert "synthétique" in shown, name
        (described,) = re.findall('name="description" content="([^"]*)"', shown)
        assert SAID in described, name
        for drawing in re.findall(r"<svg class=\"drawing__svg\".*?</title>", shown, re.DOTALL):
            assert SAID in drawing, name
    for name, code in (
        ("profile-region-sheet", "occitanie"),
        ("profile-population-sheet", "citizen"),
        ("profile-fragility-sheet", "poverty"),
    ):
        for text in words(client, name, code)[0]:
            assert SAID in text, name


def test_real_respondents_are_not_called_invented(client: Client) -> None:
    publish(synthetic=False)
    assert "synthétique" not in page(client, "profile-region", "occitanie")
    assert "synthétique" not in page(client, "profile-population", "citizen")
    assert "synthétique" not in " ".join(words(client, "profile-region-sheet", "occitanie")[0])


def test_real_respondents_come_first(client: Client) -> None:
    publish()
    of = study("impact_next")
    published_release(
        wave(of, "2021", year=2021, label_fr="Vague 2021"),
        release_values(study="impact_next", wave="2021", synthetic=False),
    )
    chosen = found.release_for("citizen")
    assert chosen is not None
    assert chosen.study == "impact_next"
    assert "Vague 2021" in page(client, "profile-region", "occitanie")


def test_documents_are_told_apart_and_have_no_margin(client: Client) -> None:
    loaded()
    shown = page(client, "profile-region", "pays_de_la_loire")
    assert "Aucune publication ne porte sur cette région" in shown
    assert "Chiffres lus dans des documents" in shown
    assert "83 %" in shown
    # As other pages write it: the name of the document, where it is known, then the lines.
    assert re.search(r"proceedings_2022 l\.\s\d", shown)
    assert "n/a" in shown
    # What is kept inside is not told.
    assert "Aucun chiffre assez sûr" in page(client, "profile-region", "grand_est")


# Official regions


def test_corsica_leads_to_the_region_it_was_surveyed_with(client: Client) -> None:
    answer = client.get(reverse("observatory:profile-official-region", args=["94"]), follow=True)
    assert answer.redirect_chain == [
        (reverse("observatory:profile-region", args=["paca_corse"]), 302)
    ]
    assert "La Corse est interrogée avec" in read(answer)


@pytest.mark.parametrize("code", ["01", "02", "03", "04", "06"])
def test_an_overseas_region_was_not_surveyed(client: Client, code: str) -> None:
    shown = page(client, "profile-official-region", code)
    assert "Non enquêtée par l’étude de 2022" in shown
    assert "France métropolitaine" in shown


def test_all_official_regions_have_an_answer(client: Client) -> None:
    codes = ["11", "24", "27", "28", "32", "44", "52", "53", "75", "76", "84", "93", "94"]
    for code in codes:
        answer = client.get(reverse("observatory:profile-official-region", args=[code]))
        assert answer.status_code == 302


# Populations


@pytest.mark.usefixtures("released")
def test_citizens_have_a_release_and_documents(client: Client) -> None:
    loaded_beside()
    shown = page(client, "profile-population", "citizen")
    assert "Rangs possibles" in shown
    profile = found.profile_of(found.release_for("citizen"))  # type: ignore[arg-type]
    assert profile is not None
    assert profile.ranking is not None
    first = [one.item for one in profile.ranking.items if one.best <= 3]
    assert ("Ce sont" in shown) is (3 < len(first) <= 6)
    assert "Les 177 chiffres publiés sur cette population" in shown
    assert "Chiffres lus dans des documents" in shown
    assert "Écart à l’ensemble" not in shown


@pytest.mark.parametrize(
    "code", ["local_elected", "company", "association", "foundation", "academic"]
)
def test_other_populations_have_documents_alone(client: Client, code: str) -> None:
    loaded()
    shown = page(client, "profile-population", code)
    assert "que ce que des documents en disent" in shown
    assert "n/a" in shown
    texts, reader = words(client, "profile-population-sheet", code)
    assert len(texts) == 2
    assert "n/a" in texts[0]
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]  # type: ignore[index]


# Fragilities


@pytest.mark.usefixtures("released")
def test_a_fragility_colours_only_what_is_established(client: Client) -> None:
    for item in ("health", "mobility", "culture_leisure"):
        shown = page(client, "profile-fragility", item)
        profile = found.fragility_profile(found.release_for("citizen"), item)  # type: ignore[arg-type]
        assert profile is not None
        codes = {one.group.code: one.gap for one in profile.regions}
        assert codes[HIDDEN] is None
        told = sum(gap is not None for gap in codes.values())
        # Provence-Alpes-Côte d'Azur and Corsica are two shapes.
        areas = re.findall(r'class="map__area [^"]*', shown)
        assert len(areas) == told + 1
        undecided = sum(
            gap is not None and gap.verdict == "not_established" for gap in codes.values()
        )
        assert shown.count("-hachures)") >= undecided > 0


@pytest.mark.usefixtures("released")
def test_a_fragility_without_established_gap_says_so(client: Client) -> None:
    profile = found.fragility_profile(found.release_for("citizen"), "culture_leisure")  # type: ignore[arg-type]
    assert profile is not None
    shown = page(client, "profile-fragility", "culture_leisure")
    established = any(one.gap and one.gap.verdict != "not_established" for one in profile.regions)
    assert ("Aucune région ne la note plus haut ou plus bas" in shown) is not established


# What does not exist


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("profile-region", ["mayotte"]),
        ("profile-region-sheet", ["occitanie"]),
        ("profile-official-region", ["99"]),
        ("profile-population", ["martians"]),
        ("profile-population-sheet", ["academic"]),
        ("profile-fragility", ["gold"]),
        ("profile-fragility-sheet", ["gold"]),
        ("collisions-group", ["mayotte"]),
        ("commune", ["99999"]),
        ("place", ["planet", "1"]),
    ],
)
def test_what_is_unknown_is_not_found(client: Client, name: str, args: list[str]) -> None:
    page(client, name, *args, status=404)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("profiles", []),
        ("profile-region", ["occitanie"]),
        ("profile-region-sheet", ["occitanie"]),
        ("profile-official-region", ["76"]),
        ("profile-population", ["citizen"]),
        ("profile-population-sheet", ["citizen"]),
        ("profile-fragility", ["poverty"]),
        ("profile-fragility-sheet", ["poverty"]),
        ("collisions", []),
        ("commune", ["94080"]),
        ("place", ["epci", "200054781"]),
    ],
)
def test_pages_that_change_nothing_take_no_post(client: Client, name: str, args: list[str]) -> None:
    assert client.post(reverse(f"observatory:{name}", args=args)).status_code == 405


# Printed profiles


@pytest.mark.usefixtures("released")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("profile-region-sheet", "occitanie"),
        ("profile-region-sheet", "paca_corse"),
        ("profile-region-sheet", HIDDEN),
        ("profile-population-sheet", "citizen"),
        ("profile-fragility-sheet", "poverty"),
    ],
)
def test_a_profile_is_printed_on_two_tagged_pages(client: Client, name: str, code: str) -> None:
    texts, reader = words(client, name, code)
    assert len(texts) == 2
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert root["/Lang"].startswith("fr")  # type: ignore[index]
    assert "empreinte" in texts[0]
    assert "Intervalles à 95 %" in texts[1]
    drawn = code in {"occitanie", "citizen"}
    assert ("répondants pour chaque paire" in texts[1]) is drawn


# Collisions


@pytest.mark.usefixtures("released")
def test_ties_are_drawn_with_their_table(client: Client) -> None:
    shown = page(client, "collisions")
    assert "Sur 120 paires de fragilités, une est liée plus que la moyenne" in shown
    assert "Pauvreté et Isolement" in shown
    assert "ni que l’une cause l’autre" in shown
    assert "qui note haut une fragilité tend à noter haut les autres" in shown
    # One tie, in the wide drawing and in the narrow one.
    assert len(re.findall(r'<path d="M[^"]*Q', shown)) == 2
    assert "Répondants, au moins" in shown
    # Every sentence has its base, and each pair is told from the next.
    assert "Base : au moins 900 répondants pour chaque paire" in shown
    assert "« Pauvreté et Isolement »" in shown.replace("\N{NO-BREAK SPACE}", " ")
    assert '<strong aria-current="page">Ensemble</strong>' in shown
    region = page(client, "collisions-group", "occitanie")
    assert '<strong aria-current="page">Occitanie</strong>' in region


@pytest.mark.usefixtures("released")
def test_too_few_answers_draw_no_tie(client: Client) -> None:
    shown = page(client, "collisions-group", HIDDEN)
    assert "trop peu de réponses pour dire quelles fragilités vont ensemble" in shown
    assert "drawing__svg" not in shown


def test_without_a_release_nothing_is_said_of_ties(client: Client) -> None:
    shown = page(client, "collisions")
    assert "Aucune publication ne permet encore de le dire" in shown
    assert "n’interroge les autres populations" not in shown


@pytest.mark.usefixtures("released")
def test_each_population_has_its_own_ties(client: Client) -> None:
    alone = page(client, "collisions")
    assert "Citoyens · Ensemble des régions" in alone
    assert "n’interroge les autres populations sur les fragilités (élus locaux, " in alone
    values = values_of(synthetic=False)
    elected = replace(values, head=replace(values.head, population="local_elected", study="elus"))
    of = study("elus", population="local_elected", label_fr="Élus")
    published_release(wave(of, "demo", label_fr="Vague des élus"), elected)
    address = reverse("observatory:collisions-group", args=["occitanie"])
    shown = read(client.get(f"{address}?population=local_elected"))
    assert "Élus locaux · Occitanie" in shown
    assert "Vague des élus" in shown
    assert "synthétique" not in shown
    assert f'href="{address}"' in shown
    assert "(élus locaux, " not in shown
    # The profile of a population leads to its own ties.
    profile = page(client, "profile-population", "local_elected")
    assert f'href="{reverse("observatory:collisions")}?population=local_elected"' in profile
    assert "Démonstration" in read(client.get(f"{address}?population=nobody"))


@pytest.mark.usefixtures("released")
def test_a_circle_is_the_same_for_every_region() -> None:
    release = found.release_for("citizen")
    assert release is not None
    every = found.networks_of(release)
    assert list(every) == ["", HIDDEN, "occitanie"]
    order = found.circle_of(every, found.items_of(release))
    assert sorted(order) == sorted(ITEMS)
    assert abs(order.index("poverty") - order.index("isolation")) in {1, 15}


# Smaller places


@pytest.mark.usefixtures("released", "ground")
def test_a_commune_has_no_figure_but_the_reason(client: Client) -> None:
    shown = page(client, "commune", "94080")
    assert "L’observatoire ne donne aucun chiffre de ce territoire" in shown
    assert reverse("observatory:profile-region", args=["ile_de_france"]) in shown
    assert "Combien de personnes il faudrait interroger ici" in shown
    assert "effet de plan de 1,25" in shown
    assert "± 5 points" in shown
    assert "on en attend" in shown
    # Those of the small vintage.
    assert re.search(r"dans chacune des \d communes de la région, il faudrait interroger", shown)


@pytest.mark.usefixtures("ground")
def test_every_smaller_place_leads_to_its_region(client: Client) -> None:
    for level, code in (("department", "94"), ("commune", "2A004")):
        shown = page(client, "place", level, code)
        assert "L’observatoire ne donne aucun chiffre de ce territoire" in shown
        assert reverse("observatory:profile-region", args=["ile_de_france"]) in shown or (
            reverse("observatory:profile-region", args=["paca_corse"]) in shown
        )
        # Without a release, nothing is said of who would be expected among its respondents.
        assert "on en attend" not in shown
    overseas = page(client, "commune", "97411")
    assert "Non enquêtée par l’étude de 2022" in overseas
    assert "Profil de région" not in overseas
    unknown = page(client, "commune", "98411")
    assert "le nombre de répondants qu’il faudrait ne se calcule pas" in unknown


@pytest.mark.usefixtures("ground")
def test_a_region_leads_to_its_profile(client: Client) -> None:
    answer = client.get(reverse("observatory:place", args=["region", "11"]))
    assert answer.headers["Location"].endswith("/regions-officielles/11/")
    country = client.get(reverse("observatory:place", args=["country", "FR"]))
    assert country.headers["Location"].endswith("/populations/citizen/")


# Cost


def test_pages_ask_the_database_little(
    client: Client, released: Release, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    assert released.rankings
    for name, *args in (("profiles",), ("profile-region", "occitanie"), ("collisions",)):
        page(client, name, *args)
        with django_assert_max_num_queries(8):
            page(client, name, *args)


def loaded_beside() -> None:
    """Load what ships beside a release that is already there."""
    from tests.factories.observatory import shipped

    from alliage_web.observatory import actions

    catalogue, figures = shipped()
    actions.load_observatory(
        catalogue=catalogue, figures=figures, at=dt.datetime(2026, 3, 3, tzinfo=dt.UTC)
    )
    assert Question.objects.exists()


def test_a_network_takes_the_colours_of_the_page_and_those_of_the_day_on_paper() -> None:
    whole = networks()[0]
    circle = tuple(ITEMS)
    printed = network_for_document(whole, circle, ITEMS)
    ElementTree.fromstring(printed)
    assert "var(" not in printed
    assert "Source Sans" in printed
    # The ink of the design system by day; nothing of the colours that stand for others.
    assert "#1b2330" in printed
    assert "#0ff0" not in printed
    publish()
    release = found.release_for("citizen")
    assert release is not None
    shown = network_drawing(whole, circle, ITEMS, release=release, title="Fragilités")
    for svg in (shown.wide, shown.narrow):
        ElementTree.fromstring(svg)
        assert "var(--accent-2)" in svg
        assert not re.search(r"#[0-9a-f]{6}\b", svg)
        assert "font-family" not in svg
        assert SAID in svg
