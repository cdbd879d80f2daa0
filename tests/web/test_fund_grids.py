"""Scoring grids: their versions, the one that a call uses; what is wrong in a file, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from django.urls import reverse
from django.utils.translation import override
from tests.factories.applications import CALL_AT, call_content
from tests.factories.instruction import Instructed, assigned, instructed
from tests.factories.workplaces import fund as workplace

from alliage.fund.applications.eligibility import RuleProblem
from alliage.fund.applications.form_specification import FormProblem
from alliage.fund.conditions import ConditionProblem
from alliage.fund.instruction.scoring import GridProblem
from alliage.values.yaml_files import Fault, FileProblem, InvalidFilesError, RecordProblem
from alliage_web.audit.queries import history
from alliage_web.fund.actions.calls import create_call
from alliage_web.fund.actions.grids import ReviewBegunError, add_grid, choose_grid
from alliage_web.fund.models import Call, ReviewGrid, ReviewPanel
from alliage_web.fund.queries.calls import default_form_text
from alliage_web.fund.queries.file_wording import (
    PROBLEMS,
    file_problems_in_words,
    place_in_words,
    problem_in_words,
)
from alliage_web.fund.queries.review_panels import GRID_FILE

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> Instructed:
    return instructed()


def page(name: str, *args: Any) -> str:
    return reverse(f"fund:{name}", args=["fonds", *args])


def grid_text(version: int = 2, **changes: Any) -> str:
    content = yaml.safe_load(GRID_FILE.read_text(encoding="utf-8"))
    content["criteria"][0]["weight"] = 40
    return yaml.safe_dump({**content, "version": version, **changes}, allow_unicode=True)


def next_grid(made: Instructed) -> ReviewGrid:
    return add_grid(fund=made.world.fund, text=grid_text(), by=made.officer, at=CALL_AT)


# Versions.


def test_an_officer_previews_then_adds_a_version(made: Instructed, client: Client) -> None:
    client.force_login(made.officer)
    seen = client.post(page("grid-new"), {"specification": grid_text(), "preview": "1"})
    assert "Rien n’est encore enregistré." in seen.text
    assert "version 2" in seen.text
    assert ReviewGrid.objects.count() == 1
    answer = client.post(page("grid-new"), {"specification": grid_text()}, follow=True)
    assert "Grille d’instruction, version 2" in answer.text
    assert "Besoin partagé" in answer.text
    listed = client.get(page("grids")).text
    assert "proposée aux nouveaux appels" in listed
    assert history(made.world.fund.stable_name)[0].kind == "grid.added"


def test_a_grid_that_differs_asks_for_a_number(made: Instructed, client: Client) -> None:
    client.force_login(made.officer)
    answer = client.post(page("grid-new"), {"specification": grid_text(version=1)})
    assert answer.status_code == 422
    assert "Donnez-lui le numéro 2." in answer.text
    assert "weight: 40" in answer.text


def test_the_same_grid_again_adds_nothing(made: Instructed) -> None:
    text = GRID_FILE.read_text(encoding="utf-8")
    add_grid(fund=made.world.fund, text=text, by=None, at=CALL_AT)
    assert ReviewGrid.objects.count() == 1


def test_who_manages_no_call_sees_no_grid(made: Instructed, client: Client) -> None:
    client.force_login(made.reviewers[0])
    for name, args in (
        ("grids", ()), ("grid-new", ()), ("grid-version", ("default", 1)), ("call-grid", ("essai",))
    ):  # fmt: skip
        assert client.get(page(name, *args)).status_code == 403


def test_the_list_of_grids_asks_a_constant_number_of_queries(
    made: Instructed, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for version in range(2, 9):
        add_grid(fund=made.world.fund, text=grid_text(version), by=None, at=CALL_AT)
    client.force_login(made.officer)
    with django_assert_max_num_queries(14):
        client.get(page("grids"))


# The grid of a call.


def test_a_call_says_its_grid_from_its_first_day(made: Instructed) -> None:
    assert made.world.call.grid == ReviewGrid.objects.get()
    assert history(made.world.call.stable_name)[-1].changes["grid"][1].endswith(", 1")


def test_the_form_of_a_call_asks_which_grid(made: Instructed, client: Client) -> None:
    newer = next_grid(made)
    client.force_login(made.officer)
    form = client.get(page("call-new")).context["form"]
    assert form["grid"].initial == newer
    older = made.world.call.grid
    content = call_content(made.world.fund)
    sent = {
        **content, "code": "suite", "form": content["form"].pk, "strand": content["strand"].pk,
        "grid": "", "max_amount": "15000",
    }  # fmt: skip
    assert "grid" in client.post(page("call-new"), sent).context["form"].errors
    assert older is not None
    client.post(page("call-new"), {**sent, "grid": older.pk})
    assert Call.objects.get(code="suite").grid == older


def test_a_fund_without_a_grid_takes_the_one_that_ships() -> None:
    fund = workplace()
    call = create_call(fund=fund, code="premier", content=call_content(fund), by=None, at=CALL_AT)
    assert call.grid is not None
    assert (call.grid.code, call.grid.version) == ("default", 1)


def test_reviewers_judge_by_the_grid_of_their_call(made: Instructed, client: Client) -> None:
    newer = next_grid(made)
    client.force_login(made.officer)
    assert "version 1" in client.get(made.world.call.get_absolute_url()).text
    answer = client.post(page("call-grid", "essai"), {"grid": newer.pk}, follow=True)
    assert "version 2" in answer.text
    assert history(made.world.call.stable_name)[0].kind == "call.grid"
    assigned(made)
    assert ReviewPanel.objects.get().grid == newer


def test_a_call_under_review_keeps_its_grid(made: Instructed, client: Client) -> None:
    assigned(made)
    older, newer = made.world.call.grid, next_grid(made)
    with pytest.raises(ReviewBegunError, match="under review"):
        choose_grid(call=made.world.call, grid=newer, by=made.officer, at=CALL_AT)
    client.force_login(made.officer)
    assert "Choisir la grille" not in client.get(made.world.call.get_absolute_url()).text
    answer = client.post(page("call-grid", "essai"), {"grid": newer.pk}, follow=True)
    assert "ils gardent sa grille" in answer.text
    made.world.call.refresh_from_db()
    assert made.world.call.grid == older
    assert ReviewPanel.objects.get().grid == older


def test_a_call_that_has_no_grid_is_not_announced(made: Instructed, client: Client) -> None:
    call = create_call(
        fund=made.world.fund, code="ancien", content=call_content(made.world.fund), by=None,
        at=CALL_AT,
    )  # fmt: skip
    # As a call that was prepared before calls named their grid.
    Call.objects.filter(pk=call.pk).update(grid=None)
    client.force_login(made.officer)
    answer = client.post(page("call-decision", "ancien", "announce"))
    assert answer.status_code == 422
    assert "la grille" in answer.text
    client.get(page("call-edit", "ancien"))
    assert "aucune encore" in client.get(call.get_absolute_url()).text


# What is wrong in a file, in the language of the page.


def test_every_problem_of_the_library_has_its_sentence() -> None:
    kinds = (RecordProblem, ConditionProblem, RuleProblem, FormProblem, GridProblem)
    assert set(PROBLEMS) == {problem for kind in kinds for problem in kind}


@pytest.mark.parametrize("problem", sorted(PROBLEMS), ids=str)
@pytest.mark.one_engine
def test_a_sentence_takes_the_values_that_the_library_gives(problem: Any) -> None:
    class _Any(dict[str, str]):
        def __missing__(self, name: str) -> str:
            used.add(name)
            return name

    used: set[str] = set()
    problem.sentence % _Any()
    given = frozenset(used)
    used.clear()
    assert str(PROBLEMS[problem]) % _Any()
    assert used <= given


@pytest.mark.one_engine
def test_problems_are_told_with_their_line_and_field_in_french(
    made: Instructed, client: Client
) -> None:
    client.force_login(made.officer)
    wrong = (
        default_form_text()
        .replace("kind: short_text", "kind: poem", 1)
        .replace("version: 1", "version: un", 1)
    )
    answer = client.post(page("form-new"), {"specification": wrong})
    assert answer.status_code == 422
    assert "« poem » n’est pas permis. Écrivez &#x27;short_text&#x27;" in answer.text
    assert "version : un nombre entier est attendu, sans guillemets." in answer.text
    assert "poem" in answer.context["form"]["specification"].value()
    assert "is not allowed" not in answer.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"disagreement": {"index": "0.4", "gap": 9}}, "un écart de 9 dépasse l’échelle (3)"),
        ({"criteria": []}, "la liste est trop courte (0) : 1 au moins."),
        ({"colour": "red"}, "ce champ n’existe pas dans ce format."),
        ({"title_en": ""}, "trop court"),
        ({"scale": 3}, "une liste est attendue"),
    ],
)
@pytest.mark.one_engine
def test_what_is_wrong_in_a_grid_is_told_in_french(
    made: Instructed, client: Client, wrong: dict[str, Any], said: str
) -> None:
    client.force_login(made.officer)
    answer = client.post(page("grid-new"), {"specification": grid_text(**wrong)})
    assert answer.status_code == 422
    assert said in answer.text
    assert "ligne " in answer.text
    assert ReviewGrid.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code: a\ncode: b\n", "ligne 2, colonne 1 : « code » est écrit deux fois. Gardez-en un."),
        ("code: a: b\n", "un « : » est de trop ici"),
        ("code: [a\n", "Ce n’est pas du YAML"),
        ("- a\n", "tout le fichier"),
    ],
)
@pytest.mark.one_engine
def test_a_text_that_is_no_yaml_is_told_in_french(
    made: Instructed, client: Client, text: str, said: str
) -> None:
    client.force_login(made.officer)
    answer = client.post(page("grid-new"), {"specification": text})
    assert answer.status_code == 422
    assert said in answer.text


def test_a_sentence_that_only_the_library_knows_is_kept() -> None:
    problem = FileProblem("a.yaml", "line 3 (theme), sections, entry 2", "is odd. Mend it.")
    assert problem_in_words(problem) == "is odd. Mend it."
    said = file_problems_in_words(InvalidFilesError([problem]))
    assert said == ["ligne 3 (theme), sections, élément 2 : is odd. Mend it."]
    fault = Fault(RecordProblem.UNSUITED, {"type": "new_type", "given": "x", "fact": "odd"})
    assert problem_in_words(FileProblem.of("a.yaml", "a", fault)).startswith(
        "« x » ne convient pas"
    )
    assert place_in_words("file") == "fichier"
    with override("en"):
        assert "x" in problem_in_words(FileProblem.of("a.yaml", "a", fault))
