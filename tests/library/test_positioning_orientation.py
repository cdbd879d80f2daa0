"""Whom to see and what to read: choices, reasons, what to check, circles, files of sites."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alliage.alliances.vocabulary import World
from alliage.knowledge.comparable import Situation
from alliage.positioning.orientation import (
    FUNCTIONS_OF_DOORS,
    Check,
    Help,
    Perimeter,
    SupportBody,
    SupportProblem,
    Why,
    Wish,
    nearest,
    read_support_bodies,
    suited_bodies,
    suited_examples,
)
from alliage.positioning.questionnaire import questionnaire
from alliage.positioning.support_sites import SiteProblem, read_sites
from alliage.territories.levels import Level
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from pathlib import Path

DOORS = [door.code for door in questionnaire().doors]
HEAD = "identifier,name,address,commune,postal_code,town,latitude,longitude"
FRANCE_SERVICES = (
    "id_fs,insee_dep,lib_fs,adresse,insee_com,code_postal,lib_com,latitude,longitude,format_fs"
)


def body(code: str, **more: object) -> SupportBody:
    told = {
        "code": code, "name_fr": code, "name_en": code, "helps": ["guidance"], "does_fr": "Aide.",
        "does_en": "Helps.", "doors": ["innovate"], "worlds": None, "perimeter": None,
        "conditions_fr": None, "conditions_en": None, "url": None, "source": "essai",
    }  # fmt: skip
    return SupportBody.model_validate(told | more)


def example(key: str, doors: str = "innovate", **more: object) -> Situation:
    told = {name: frozenset(str(more.pop(name, "")).split()) for name in
            ("domains", "sizes", "worlds")}  # fmt: skip
    return Situation(key, objectives=frozenset(doors.split()), **told, **more)  # type: ignore[arg-type]


# Support bodies


def test_the_shipped_bodies_serve_every_door_and_say_what_they_do_not_know() -> None:
    bodies = read_support_bodies()
    assert {door for one in bodies for door in one.doors} == set(DOORS)
    assert {"dla", "guid_asso", "france_active", "fonds_i", "avise", "la_ruche"} <= {
        one.code for one in bodies
    }
    for choice in suited_bodies(bodies, Wish()):
        codes = {one.code for one in choice.checks}
        assert (Check.AUDIENCE_NOT_STATED in codes) == (choice.item.worlds is None)
        assert (Check.PERIMETER_NOT_STATED in codes) == (choice.item.perimeter is None)
        assert (Check.CONDITIONS_NOT_STATED in codes) == (choice.item.conditions_fr is None)
        assert (Check.TO_VERIFY in codes) == bool(choice.item.complements)


def test_organisations_of_the_shipped_bodies_are_in_the_directory() -> None:
    directory = (data_directory() / "reference" / "organisations.yaml").read_text("utf-8")
    known = {one["slug"] for one in yaml.safe_load(directory)["organisations"]}
    assert {slug for one in read_support_bodies() for slug in one.organisations} <= known


def test_another_world_another_place_and_another_door_are_left_out() -> None:
    bodies = [
        body("for_all"),
        body("associations", worlds=["association"]),
        body("bretagne", perimeter={"level": "region", "codes": ["53"]}),
        body("everywhere", perimeter={"level": "country"}),
        body("other_door", doors=["co_construct_locally"]),
    ]
    here = frozenset({("commune", "94080"), ("region", "11")})
    wish = Wish(doors=("innovate",), world=World.COMPANY, places=here)
    assert {one.item.code for one in suited_bodies(bodies, wish)} == {"for_all", "everywhere"}


def test_an_unknown_world_or_place_leaves_nobody_out() -> None:
    bodies = [
        body("associations", worlds=["association"]),
        body("bretagne", perimeter={"level": "region", "codes": ["53"]}),
    ]
    assert len(suited_bodies(bodies, Wish(doors=("innovate",)))) == 2


def test_a_body_says_why_it_fits() -> None:
    one = body(
        "here", worlds=["association"], doors=["innovate", "performance_engagement"],
        perimeter={"level": "department", "codes": ["94", "93"]},
    )  # fmt: skip
    wish = Wish(
        doors=("performance_engagement", "innovate"),
        world=World.ASSOCIATION,
        places=frozenset({("commune", "94080"), ("department", "94")}),
    )
    (found,) = suited_bodies([one], wish)
    assert [(each.code, each.values) for each in found.why] == [
        (Why.DOOR, ("performance_engagement", "innovate")),
        (Why.WORLD, ("association",)),
        (Why.HERE, ("department/94",)),
    ]


def test_who_serves_more_doors_comes_first() -> None:
    bodies = [body("a"), body("b", doors=["innovate", "co_construct_locally"])]
    wish = Wish(doors=("innovate", "co_construct_locally"))
    assert [one.item.code for one in suited_bodies(bodies, wish)] == ["b", "a"]


def test_a_file_of_bodies_tells_every_problem(tmp_path: Path) -> None:
    one = body("twice", doors=["nowhere"]).model_dump(mode="json")
    file = tmp_path / "bodies.yaml"
    file.write_text(yaml.safe_dump({"licence": "L", "attribution": "A", "bodies": [one, one]}))
    with pytest.raises(InvalidFilesError) as refusal:
        read_support_bodies(file)
    kinds = [each.fault.problem for each in refusal.value.problems if each.fault]
    assert kinds.count(SupportProblem.UNKNOWN_DOOR) == 2
    assert kinds.count(SupportProblem.REPEATED) == 1


@pytest.mark.parametrize(("level", "codes"), [("region", ()), ("country", ("FR",))])
def test_a_perimeter_names_codes_but_for_the_country(level: str, codes: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="Name codes, but for the country"):
        Perimeter(level=Level(level), codes=codes)


def test_every_door_has_functions_of_catalysts_that_exist() -> None:
    assert list(FUNCTIONS_OF_DOORS) == DOORS
    terms = yaml.safe_load((data_directory() / "reference" / "terms.yaml").read_text("utf-8"))
    (scheme,) = [one for one in terms["schemes"] if one["code"] == "catalyst_function"]
    known = {one["code"] for one in scheme["items"]}
    assert {code for codes in FUNCTIONS_OF_DOORS.values() for code in codes} <= known


# Examples


def test_the_same_size_comes_first_then_other_sizes_are_told() -> None:
    examples = [example("a", sizes="large"), example("b", sizes="tpt"), example("c", "other")]
    found = suited_examples(examples, Wish(doors=("innovate",), size="tpt"), limit=5)
    assert [one.item.key for one in found] == ["b", "a"]
    assert Why.SAME_SIZE in {one.code for one in found[0].why}
    (told,) = [one for one in found[1].checks if one.code is Check.OTHER_SIZE]
    assert told.values == ("large",)


def test_without_a_door_no_example_is_drawn() -> None:
    assert suited_examples([example("a"), example("b")], Wish(size="tpt")) == ()


def test_an_example_says_what_to_check() -> None:
    one = example("a", worlds="company other", stage="deployment")
    (found,) = suited_examples(
        [one], Wish(doors=("innovate",), world=World.ASSOCIATION, step=1, size="tpt")
    )
    assert [(each.code, each.values) for each in found.checks] == [
        (Check.SIZE_UNKNOWN, ()),
        (Check.WORLD_ABSENT, ("company", "other")),
        (Check.FURTHER, ("deployment",)),
    ]
    (alone,) = suited_examples([example("b")], Wish(doors=("innovate",), world=World.COMPANY))
    assert [each.code for each in alone.checks] == [Check.SIZE_UNKNOWN, Check.WORLDS_UNKNOWN]


@pytest.mark.parametrize(("stage", "step", "further"), [
    ("emergence", 0, False), ("modelling", 1, True), ("modelling", 2, False),
    ("deployment", 2, True), ("deployment", 3, False),
])  # fmt: skip
def test_an_example_is_further_than_the_step(stage: str, step: int, further: bool) -> None:
    (found,) = suited_examples([example("a", stage=stage)], Wish(doors=("innovate",), step=step))
    assert (Check.FURTHER in {one.code for one in found.checks}) == further


def test_a_world_that_nobody_knows_is_not_asked_for() -> None:
    one = example("a", worlds="company association other")
    (found,) = suited_examples([one], Wish(doors=("innovate",), world=World.COMPANY))
    (beside,) = [each for each in found.checks if each.code is Check.WORLDS_BESIDE]
    assert beside.values == ("association",)


def test_the_theme_comes_before_the_size_and_its_absence_is_told() -> None:
    examples = [example("a", domains="health", sizes="tpt"), example("b", domains="education")]
    wish = Wish(doors=("innovate",), size="tpt", domains=frozenset({"education"}))
    found = suited_examples(examples, wish)
    assert [one.item.key for one in found] == ["b", "a"]
    told = [Check.OTHER_DOMAIN in {each.code for each in one.checks} for one in found]
    assert told == [False, True]
    assert (Why.DOMAIN, ("education",)) in {(each.code, each.values) for each in found[0].why}


def test_two_parts_of_one_alliance_are_one_example() -> None:
    examples = [example("a", family="one"), example("b", family="one"), example("c", family="two")]
    found = suited_examples(examples, Wish(doors=("innovate",)))
    assert [one.item.key for one in found] == ["a", "c"]


@given(st.lists(st.tuples(st.sampled_from(DOORS), st.sampled_from(["", "tpt", "large"]))))
def test_every_example_shares_a_door_and_the_size_never_goes_back(
    drawn: list[tuple[str, str]],
) -> None:
    examples = [
        example(f"{place:02}", door, sizes=size) for place, (door, size) in enumerate(drawn)
    ]
    wish = Wish(doors=("innovate", "co_construct_locally"), size="tpt")
    found = suited_examples(examples, wish, limit=50)
    assert len(found) == sum(bool(one.objectives & set(wish.doors)) for one in examples)
    same = ["tpt" in one.item.sizes for one in found]
    assert same == sorted(same, reverse=True)


# Distances


@given(st.lists(st.floats(0, 500)), st.integers(1, 4))
def test_the_first_circle_that_is_not_empty_is_taken(distances: list[float], limit: int) -> None:
    measured = [(distance, str(distance)) for distance in sorted(distances)]
    found = nearest(measured, (10, 25, 50), limit=limit)
    assert [pair in measured for pair in found.found] == [True] * len(found.found)
    if found.circle is None:
        assert all(distance > 50 for distance in distances)
        assert found.empty == 50
    else:
        assert all(distance <= found.circle for distance, _ in found.found)
        assert not any(distance <= (found.empty or -1) for distance in distances)


# Sites


def sites_file(folder: Path, *lines: str, head: str = HEAD, name: str = "sites.csv") -> Path:
    file = folder / name
    file.write_text("\n".join([head, *lines]), encoding="utf-8")
    return file


def problems(file: Path) -> list[tuple[str, object]]:
    with pytest.raises(InvalidFilesError) as refusal:
        read_sites(file)
    return [(one.place, one.fault and one.fault.problem) for one in refusal.value.problems]


def test_the_columns_of_france_services_are_read_too(tmp_path: Path) -> None:
    line = "7,01,Maison,1 rue du Pont,01033,01200,Valserhône,46.1,5.8,Fixe"
    (site,) = read_sites(sites_file(tmp_path, line, head=FRANCE_SERVICES))
    assert (site.identifier, site.name, site.commune, site.kind) == ("7", "Maison", "01033", "Fixe")
    assert (site.latitude, site.longitude) == (46.1, 5.8)


def test_a_compressed_file_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    file = tmp_path / "sites.csv.gz"
    with gzip.open(file, "wt", encoding="utf-8-sig") as out:
        out.write(f"{HEAD}\n1,Maison,,2A004,,Ajaccio,41.9,8.7\n\n")
    assert [site.commune for site in read_sites(file)] == ["2A004"]


def test_every_problem_is_told_by_its_line(tmp_path: Path) -> None:
    file = sites_file(
        tmp_path,
        "1,Maison,,01033,,,46.1,5.8",
        "1,,,01033,,,46.1,5.8",
        "2,Maison,,1033,,,46.1,5.8",
        '3,Maison,,01033,,,"46,1",5.8',
        "4,Maison,,01033,,,96.1,nan",
        f"5,{'x' * 201},,01033,,,46.1,5.8",
        "6,Maison,,01033",
        "7,Mai\x00son,,01033,,,46.1,5.8",
    )
    assert problems(file) == [
        ("line 3", SiteProblem.EMPTY),
        ("line 3", SiteProblem.REPEATED),
        ("line 4", SiteProblem.NOT_COMMUNE),
        ("line 5", SiteProblem.NOT_DEGREES),
        ("line 6", SiteProblem.NOT_DEGREES),
        ("line 6", SiteProblem.NOT_DEGREES),
        ("line 7", SiteProblem.TOO_LONG),
        ("line 8", SiteProblem.EMPTY),
        ("line 8", SiteProblem.EMPTY),
        ("line 9", SiteProblem.NOT_SHOWN),
    ]


def test_a_file_of_another_format_is_told_once(tmp_path: Path) -> None:
    found = problems(sites_file(tmp_path, "a;b", head="x;y"))
    assert {kind for _place, kind in found} == {SiteProblem.NO_COLUMN}
    many = sites_file(tmp_path, *["1,,,,,,,"] * 60)
    assert problems(many)[-1][1] is SiteProblem.OTHERS


def test_an_absent_an_empty_and_an_unreadable_file_are_refused(tmp_path: Path) -> None:
    assert problems(tmp_path / "absent.csv") == [("file", SiteProblem.UNREADABLE)]
    assert problems(sites_file(tmp_path)) == [("file", SiteProblem.NO_SITE)]
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    assert problems(binary) == [("file", SiteProblem.UNREADABLE)]
    false = tmp_path / "false.csv.gz"
    false.write_text(HEAD)
    assert problems(false) == [("file", SiteProblem.UNREADABLE)]


def test_what_brings_money_is_told_apart() -> None:
    funders = {one.code for one in read_support_bodies() if Help.FUNDING in one.helps}
    assert funders == {"france_active", "fonds_i", "cercle_investisseurs", "fonds_odd17"}
