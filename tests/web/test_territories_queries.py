"""Finding territories, and what other apps ask of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.factories.actors import person
from tests.factories.loaded_territories import AT, load, perimeter, territory
from tests.factories.territories import write_vintage

from alliage_web.alliances.models import Alliance, AllianceTerritory
from alliage_web.territories import queries
from alliage_web.territories.models import Territory

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from pytest_django.fixtures import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_vintage(tmp_path_factory.mktemp("vintage"))


@pytest.fixture(scope="module", autouse=True)
def _loaded(written_once: None, folder: Path) -> None:  # noqa: ARG001 - keeps the rows
    load(folder)


def _found(text: str, **more: Collection[str]) -> list[tuple[str, str]]:
    return [(item.code, item.context) for item in queries.suggest(text, levels=more.get("levels"))]


@pytest.mark.parametrize(
    "text",
    [
        "st mande", "Saint-Mandé", "SAINT MANDE", "saint mand", "mandé", "94160", "9416", "94067",
        "st-mandé (94)", "saint mande 94067",
    ],
)  # fmt: skip
def test_a_commune_is_found_however_it_is_typed(text: str) -> None:
    assert ("94067", "Val-de-Marne (94)") in _found(text)


def test_namesakes_are_told_apart_by_their_department() -> None:
    found = _found("Saint-Denis")
    assert found[:4] == [
        ("97411", "La Réunion (974)"),
        ("93066", "Seine-Saint-Denis (93)"),
        ("11339", "Aude (11)"),
        ("30247", "Gard (30)"),
    ]
    # The department whose name holds the words comes after those that have the whole name.
    assert found[4:] == [("93", "Île-de-France")]
    assert _found("saint denis 974")[0] == ("97411", "La Réunion (974)")


def test_of_equal_answers_the_commune_comes_first() -> None:
    levels = [item.level for item in queries.suggest("paris")]
    assert levels[:3] == ["commune", "department", "epci"]


def test_other_levels_are_found_too() -> None:
    levels = {(item.level, item.code) for text in ("94", "grand paris", "paris 12", "france")
              for item in queries.suggest(text)}  # fmt: skip
    assert {
        ("department", "94"),
        ("epci", "200054781"),
        ("arrondissement", "75112"),
        ("country", "FR"),
    } <= levels


def test_levels_narrow_the_answers() -> None:
    assert _found("paris", levels=["department"]) == [("75", "Île-de-France")]


def test_a_former_commune_leads_to_the_one_that_replaced_it() -> None:
    assert _found("Fourqueux") == [("78551", "Yvelines (78)")]
    assert _found("78251") == [("78551", "Yvelines (78)")]


@pytest.mark.parametrize("text", ["", "  ", "-", "zzz", "%", "_", "'"])
def test_nothing_is_found_of_nothing(text: str) -> None:
    assert queries.suggest(text) == []


def test_one_letter_is_a_whole_name() -> None:
    assert _found("y") == [("80829", "Somme (80)")]


def test_an_answer_is_given_once() -> None:
    found = [item.territory_id for item in queries.suggest("s", limit=50)]
    found += [item.territory_id for item in queries.suggest("saint", limit=50)]
    assert len(found) == len(set(found))
    assert len(queries.suggest("saint", limit=3)) == 3


def test_suggestions_take_two_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(2):
        queries.suggest("saint")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("commune/94080", ["94080"]),
        ("commune/99999", []),
        ("department/94", []),
        ("Vincennes", ["94080"]),
        ("94080", ["94080"]),
        ("saint denis 93", ["93066"]),
        ("Saint-Denis (93)", ["93066"]),
        ("saint-denis", ["97411", "93066", "11339", "30247"]),
        ("zzz", []),
    ],
)
def test_a_form_field_means_one_territory_or_several(text: str, codes: list[str]) -> None:
    assert [item.code for item in queries.identify(text, levels=["commune"])] == codes


def test_the_value_that_a_form_sends_back_is_understood() -> None:
    (item,) = queries.identify("Vincennes", levels=["commune"])
    assert queries.identify(item.value) == [item]


def _codes(ids: Iterable[Any]) -> set[str]:
    return set(Territory.objects.filter(pk__in=ids).values_list("code", flat=True))


def test_what_lies_within_a_territory() -> None:
    assert _codes(queries.inside_ids(territory("ept", "200057941"))) == {
        "200057941", "94080", "94067", "94033", "94018",
    }  # fmt: skip
    assert _codes(queries.inside_ids(territory("commune", "75056"))) == {"75056", "75101", "75112"}
    assert _codes(queries.inside_ids(territory("arrondissement", "75112"))) == {"75112"}
    # The Métropole straddles departments: it is in the region, not in Paris.
    assert "200054781" not in _codes(queries.inside_ids(territory("department", "75")))
    assert "200054781" in _codes(queries.inside_ids(territory("region", "11")))
    everything = queries.inside_ids(territory("country", "FR"))
    assert len(_codes(everything)) == len(set(Territory.objects.values_list("code", flat=True)))


def test_perimeters_are_within_what_holds_all_their_communes() -> None:
    inner = perimeter("Bois", "94080", "94067", by=person()).territory
    across = perimeter("Bois et Paris", "94080", "75056", by=person("Ana")).territory
    within = _codes(queries.inside_ids(territory("department", "94")))
    assert inner.code in within
    assert across.code not in within
    assert across.code in _codes(queries.inside_ids(territory("region", "11")))
    assert _codes(queries.inside_ids(inner)) == {inner.code, "94080", "94067"}


def test_what_contains_a_territory() -> None:
    inner = perimeter("Bois", "94080", "94067", by=person()).territory
    assert _codes(queries.containing_ids(territory("commune", "94080"))) == {
        "200057941", "200054781", "94", "11", inner.code,
    }  # fmt: skip
    assert _codes(queries.containing_ids(territory("arrondissement", "75112"))) == {
        "75056", "200054781", "75", "11",
    }  # fmt: skip
    assert _codes(queries.containing_ids(inner)) == {"200057941", "200054781", "94", "11"}
    assert queries.containing_ids(territory("country", "FR")) == set()


def test_facts_of_many_territories(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    inner = perimeter("Bois", "94080", "94067", by=person()).territory
    asked = [inner.pk, territory("commune", "94080").pk, territory("commune", "98818").pk, 0]
    with django_assert_num_queries(4):
        facts = queries.facts_of(asked)
    assert list(facts) == asked[:3]
    bois, vincennes, noumea = facts.values()
    assert bois.population == 48_193 + facts_population("94067")
    assert (bois.level, bois.population_year, bois.size_class) == ("perimeter", 2023, "large")
    assert (vincennes.context, vincennes.size_class) == ("Val-de-Marne (94)", "tti")
    assert (noumea.population, noumea.population_year, noumea.latitude) == (85_976, None, None)


def facts_population(code: str) -> int:
    pk = territory("commune", code).pk
    population = queries.facts_of([pk])[pk].population
    assert population is not None
    return population


def test_a_size_class_holds_communes_and_bodies_only() -> None:
    levels = Territory.objects.filter(pk__in=queries.ids_of_size_class("large")).values_list(
        "level", flat=True
    )
    assert set(levels) == {"commune", "epci", "ept", "arrondissement"}


def test_codes_are_resolved_in_bulk(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        found = queries.by_codes(
            [("commune", "94080"), ("department", "94"), ("commune", "00000"), ("region", "11")]
        )
    assert {key: item.name for key, item in found.items()} == {
        ("commune", "94080"): "Vincennes",
        ("department", "94"): "Val-de-Marne",
        ("region", "11"): "Île-de-France",
    }
    assert queries.by_codes([]) == {}


def test_alliances_are_counted_once_in_each_department(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:

    for slug, places in (
        ("un", [("commune", "94080"), ("commune", "94067"), ("commune", "93048")]),
        ("deux", [("department", "94")]),
        ("trois", [("region", "11"), ("country", "FR")]),
    ):
        alliance = Alliance.objects.create(
            code=slug, slug=slug, title=slug, kind="essai", created_at=AT, updated_at=AT
        )
        for level, code in places:
            AllianceTerritory.objects.create(alliance=alliance, territory=territory(level, code))
    with django_assert_num_queries(1):
        assert queries.alliances_by_department() == {"94": 2, "93": 1}


def test_the_comparison_stays_within_a_level_and_class() -> None:
    place = queries.place("commune", "94080")
    assert place is not None
    profile = queries.profile_of(place)
    assert profile is not None
    assert profile.populations is not None
    members = [facts_population(code) for code in ("78551", "94018", "94067", "94080")]
    assert (profile.count, profile.population) == (4, sum(members))
    assert profile.populations.minimum == min(members)
    nothing = queries.place("commune", "98411")
    assert nothing is not None
    assert queries.profile_of(nothing) is None
