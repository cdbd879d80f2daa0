"""Studies, questions and figures of documents on the pages, and how researchers write them."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import override
from tests.factories import observatory as factory
from tests.factories.observatory_release_values import release_values
from tests.factories.observatory_releases import published_release
from tests.factories.people import SINCE, somebody

from alliage.observatory.releases.values import Cell, CellStatus, Unit
from alliage_web.accounts.models import Role
from alliage_web.audit.models import Event
from alliage_web.audit.queries import history
from alliage_web.observatory.actions import load_observatory
from alliage_web.observatory.models import (
    AskedQuestion,
    Disagreement,
    Programme,
    PublishedFigure,
    Question,
    Study,
    Wave,
)
from alliage_web.observatory.queries import catalogue, figures, series
from alliage_web.observatory.queries.catalogue_wording import EVENTS, FIELDS, history_in_words
from alliage_web.observatory.queries.respondent_files import targets

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

    from alliage.observatory.releases.values import Release
    from alliage_web.accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.long]


@pytest.fixture
def noa() -> User:
    return somebody("Noa", (Role.RESEARCHER, "observatory"))


def page(name: str, *args: str) -> str:
    return reverse(f"observatory:{name}", args=args)


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


# What ships, loaded.


@pytest.mark.one_engine
def test_every_public_page_shows_what_ships(client: Client) -> None:
    factory.loaded()
    for name, *args in (
        ("studies",),
        ("study", "impact_citizens"),
        ("wave", "arpea_citizens", "2008"),
        ("wave", "impact_companies", "undated"),
        ("questions",),
        *(("question", one.code) for one in catalogue.questions()),
    ):
        assert "<h1>" in text_of(client, page(name, *args))
    home = text_of(client, page("index"))
    assert "74" in home
    assert "n/a" in home
    wave = text_of(client, page("wave", "impact_citizens", "2022"))
    assert "de septembre 2022 à octobre 2022" in wave
    assert "rupture" in wave
    assert "Données synthétiques" not in wave
    assert "Données synthétiques" in text_of(client, page("wave", "impact_citizens", "demo"))


def test_loading_again_writes_nothing_and_keeps_what_a_person_wrote(
    client: Client, noa: User
) -> None:
    factory.loaded()
    told, stated = factory.shipped()
    again = load_observatory(catalogue=told, figures=stated, at=SINCE)
    assert (again.catalogue, again.figures) == (0, 0)
    client.force_login(noa)
    form = _initial(client, page("wave-edit", "impact_citizens", "2022"))
    response = client.post(
        page("wave-edit", "impact_citizens", "2022"), {**form, "institute": "Un autre"}
    )
    assert response.status_code == 302
    again = load_observatory(catalogue=told, figures=stated, at=SINCE)
    assert again.catalogue == 0
    assert Wave.objects.get(study__code="impact_citizens", code="2022").institute == "Un autre"
    changed = Event.objects.get(kind="observatory.wave_changed")
    assert changed.changes == {"institute": ["Comisis, OpinionWay", "Un autre"]}


def test_the_command_loads_the_files_and_refuses_wrong_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("load_observatory")
    assert "203 figures of 241 are published" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"studies\.yaml"):
        call_command("load_observatory", tmp_path)


# Figures.


def test_figures_are_found_and_each_has_its_address(client: Client) -> None:
    factory.loaded()
    found = text_of(client, page("figures") + "?population=company&theme=acting_together")
    assert page("figure", "act_together_company") in found
    assert page("figure", "s030") not in found
    one = text_of(client, page("figure", "s036"))
    assert "81" in one
    assert "n/a" in one
    # Both statements stand there, with what we make of them.
    assert "74 % en 2022" in one.replace("\N{NO-BREAK SPACE}", " ")
    assert "Notre lecture" in one
    assert "c20" in text_of(client, page("disagreements"))


def test_what_is_withheld_is_counted_for_all_and_read_by_researchers(
    client: Client, noa: User
) -> None:
    factory.loaded()
    public = text_of(client, page("figures"))
    assert "38 chiffres ne sont pas publiés" in public
    assert page("figure", "s044") not in public
    assert client.get(page("figure", "s044")).status_code == 404
    exported = client.get(page("figures-export", "json")).content.decode()
    assert '"s044"' not in exported
    client.force_login(noa)
    assert page("figure", "s044") in text_of(client, page("figures"))
    assert "tiennent pas ensemble" in text_of(client, page("figure", "s044"))
    # A file leaves the platform: nothing that is withheld goes with it, whoever asks.
    assert '"s044"' not in client.get(page("figures-export", "json")).content.decode()


def test_figures_as_files(client: Client) -> None:
    factory.loaded()
    sent = client.get(page("figures-export", "csv") + "?theme=fragility")
    rows = list(csv.DictReader(io.StringIO(sent.content.decode("utf-8-sig")), delimiter=";"))
    assert {row["theme"] for row in rows} == {"fragility"}
    assert {row["margin"] for row in rows} == {"n/a"}
    bounds = next(row for row in rows if row["code"] == "fragility_mean_2022_poverty")
    assert (bounds["value"], bounds["low"], bounds["high"]) == ("", "5.30", "5.50")
    told = json.loads(client.get(page("figures-export", "json")).content)
    assert len(told["figures"]) == 203
    health = next(one for one in told["figures"] if one["code"] == "s004")
    assert health["group"] == {"region": "paca_corse"}
    assert health["value"] == 7
    assert health["disagreements"][0]["code"] == "c15"
    assert client.get(page("figures-export", "xml")).status_code == 404


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("code", "french", "english"),
    [
        ("s001", "50 %", "50%"),
        ("s005", "presque 10 %", "10%"),
        ("s010", "0,8 / 10", "0.8 / 10"),
        ("s015", "1er", ""),
        ("s062", "Vision partagée des enjeux et des fragilités puis programme d’actions", ""),
        ("fragility_mean_2022_poverty", "entre 5,3 et 5,5 / 10", "5.5 / 10"),
    ],
)
def test_a_figure_is_written_as_the_language_does(code: str, french: str, english: str) -> None:
    factory.loaded()
    found = figures.figure(code)
    assert found is not None
    assert french in found.text.replace("\N{NO-BREAK SPACE}", " ")
    with override("en"):
        found = figures.figure(code)
        assert found is not None
        assert english in found.text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.one_engine
def test_lists_ask_as_many_questions_whatever_they_hold(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    factory.loaded()
    client.get(page("figures"))
    with django_assert_max_num_queries(16):
        client.get(page("figures"))
    with django_assert_max_num_queries(8):
        client.get(page("studies"))
    with django_assert_max_num_queries(12):
        client.get(page("question", "fragility"))


# Series.


def test_a_series_breaks_where_the_question_changed(client: Client) -> None:
    factory.loaded()
    question = catalogue.question("act_together")
    assert question is not None
    citizens = series.followed(question)[0]
    assert [one.wave.code for one in citizens.asked] == ["2020", "2022"]
    assert citizens.breaks[0].kinds == ("contexte", "formulation")
    both = next(row for row in citizens.rows if row.level == "indispensable+useful")
    assert both.label == "Incontournable ou utile"
    assert [len(one.points) for one in both.series.segments] == [1, 1]
    shown = text_of(client, page("question", "act_together"))
    assert "sortir de la crise sanitaire" in shown


def _with_every_mark(release: Release) -> Release:
    """Add the share of each mark of two items, one of them kept back."""
    question = release.head.questions[0]
    assert question.code == "fragility"
    marks = tuple(
        replace(
            question.measures[0],
            code=f"{item}:{mark}",
            item=item,
            statistic="top box",
            level=str(mark),
            unit=Unit.SHARE,
            bounds=(0.0, 1.0),
        )
        for item in ("health", "poverty")
        for mark in range(1, 11)
    )
    hidden, nobody = Cell(CellStatus.HIDDEN), Cell(CellStatus.NOBODY)
    known = Cell(CellStatus.SHOWN, value=0.1, error=0.01, low=0.08, high=0.12, respondents=2400)
    tables = [
        replace(
            table,
            rows=(
                *table.rows,
                *(
                    (
                        (known if mark.item == "poverty" else hidden)
                        if mark.level == "1"
                        else nobody,
                    )
                    * len(table.rows[0])
                    for mark in marks
                ),
            ),
        )
        if table.question == "fragility"
        else table
        for table in release.tables
    ]
    asked = replace(question, measures=(*question.measures, *marks))
    head = replace(release.head, questions=(asked, *release.head.questions[1:]))
    return replace(release, head=head, tables=tuple(tables), covariances=())


@pytest.mark.one_engine
def test_every_mark_of_a_battery_is_folded_in_one_table(client: Client) -> None:
    factory.loaded()
    study = Study.objects.get(code="impact_citizens")
    wave = Wave.objects.get(study=study, code="2022")
    published_release(wave, _with_every_mark(release_values(synthetic=False, wave="2022")))
    question = catalogue.question("fragility")
    assert question is not None
    citizens = series.followed(question)[0]
    assert not [row for row in citizens.rows if row.level.isdecimal()]
    (every,) = citizens.marks
    assert every.asked.wave.code == "2022"
    assert list(map(int, every.marks)) == list(range(1, 11))
    labels = {one.code: one.label for one in question.items}
    assert [row.label for row in every.items] == [labels["health"], labels["poverty"]]
    assert [row.shares[0] for row in every.items] == [
        ("s", ""),
        ("10\N{NO-BREAK SPACE}%", "de 8 à 12"),
    ]
    assert [row.shares[1] for row in every.items] == [("n/a", ""), ("n/a", "")]
    shown = text_of(client, page("question", "fragility"))
    assert "Part des réponses à chaque note, Vague 2022" in shown
    assert "de 8 à 12" in shown


def test_a_comparable_question_is_joined() -> None:
    factory.loaded()
    question = catalogue.question("fragility")
    assert question is not None
    rows = {row.item: row for row in series.followed(question)[0].rows if row.statistic == "mean"}
    assert [len(one.points) for one in rows["employment"].series.segments] == [2]
    # The mean of 2019 cannot be read: nothing is drawn to it.
    assert [len(one.points) for one in rows["ageing"].series.segments] == [1]


# Researchers.


def _initial(client: Client, address: str) -> dict[str, Any]:
    """Return what a form holds when it is shown, as a browser would send it."""
    form = client.get(address).context["form"]
    sent = {name: form[name].value() for name in form.fields}
    shown = {
        name: form.fields[name].prepare_value(value) if hasattr(value, "keys") else value
        for name, value in sent.items()
    }
    return {name: value for name, value in shown.items() if value not in (None, [], False)}


NEW_STUDY = {
    "code": "suite_citoyens",
    "population": "citizen",
    "label_fr": "La suite",
    "source": "proceedings_2022 l.2433",
}
NEW_WAVE = {"code": "2027", "year": "2027", "label_fr": "Vague 2027", "source": "à venir"}
NEW_QUESTION = {
    "code": "confiance",
    "theme": "engagement",
    "kind": "levels",
    "ordered": "on",
    "label_fr": "Confiance",
    "answers": "yes | Oui | Yes\nno | Non",
    "no_answer": "dont_know | Ne sait pas",
    "complete": "on",
    "source": "à venir",
}


def test_a_researcher_describes_a_study_from_its_name_to_its_questions(
    client: Client, noa: User
) -> None:
    programme = factory.study().programme
    client.force_login(noa)
    sent = {**NEW_STUDY, "programme": programme.pk, "submission": uuid4()}
    assert client.post(page("study-new"), sent).status_code == 302
    # A form that is sent twice counts once.
    assert client.post(page("study-new"), sent).status_code == 302
    assert Study.objects.filter(code="suite_citoyens").count() == 1
    client.post(page("wave-new", "suite_citoyens"), {**NEW_WAVE, "submission": uuid4()})
    client.post(page("question-new"), {**NEW_QUESTION, "submission": uuid4()})
    question = Question.objects.get(code="confiance")
    assert question.answers == [
        {"code": "yes", "label_fr": "Oui", "label_en": "Yes"},
        {"code": "no", "label_fr": "Non", "label_en": ""},
    ]
    asked = {
        "question": "confiance",
        "comparability": "first",
        "source": "à venir",
        "submission": uuid4(),
    }
    address = page("asked-new", "suite_citoyens", "2027")
    assert client.post(address, asked).status_code == 302
    shown = text_of(client, page("wave", "suite_citoyens", "2027"))
    assert "Confiance" in shown
    assert page("asked-edit", "suite_citoyens", "2027", "confiance") in shown
    told = Event.objects.filter(by=f"user:{noa.pk}").order_by("pk").values_list("kind", flat=True)
    assert list(told) == [
        "observatory.study_added",
        "observatory.wave_added",
        "observatory.question_added",
        "observatory.asked_added",
    ]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"code": "ajouter"}, "code"),
        ({"code": "É"}, "code"),
        ({"code": "etude"}, "code"),
        ({"label_fr": ""}, "label_fr"),
        ({"programme": "0"}, "programme"),
    ],
)
def test_a_wrong_study_is_told_at_its_field(
    client: Client, noa: User, changed: dict[str, str], field: str
) -> None:
    programme = factory.study().programme
    client.force_login(noa)
    sent = {**NEW_STUDY, "programme": programme.pk, **changed}
    response = client.post(page("study-new"), sent)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert Study.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"fieldwork_first": "2027-01-01"}, "fieldwork_precision"),
        (
            {
                "fieldwork_first": "2027-02-01",
                "fieldwork_last": "2027-01-01",
                "fieldwork_precision": "day",
            },
            "fieldwork_last",
        ),
        ({"sample_size": "0"}, "sample_size"),
        ({"code": "2022"}, "code"),
    ],
)
def test_a_wrong_wave_is_told_at_its_field(
    client: Client, noa: User, changed: dict[str, str], field: str
) -> None:
    factory.wave()
    client.force_login(noa)
    response = client.post(page("wave-new", "etude"), {**NEW_WAVE, **changed})
    assert response.status_code == 422
    assert field in response.context["form"].errors


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"answers": "Oui"}, "answers"),
        ({"answers": "yes | Oui\nyes | Encore"}, "answers"),
        ({"answers": "oui et non | Oui"}, "answers"),
        ({"kind": "battery"}, "items"),
        ({"lowest": "1"}, "highest"),
        ({"lowest": "5", "highest": "5"}, "highest"),
    ],
)
def test_a_wrong_question_is_told_at_its_field(
    client: Client, noa: User, changed: dict[str, str], field: str
) -> None:
    client.force_login(noa)
    response = client.post(page("question-new"), {**NEW_QUESTION, **changed})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Question.objects.exists()


def test_answers_may_have_the_codes_of_the_files_of_institutes(client: Client, noa: User) -> None:
    client.force_login(noa)
    told = {**NEW_QUESTION, "no_answer": "NSP | Ne sait pas\n-9 | Refus", "submission": uuid4()}
    assert client.post(page("question-new"), told).status_code == 302
    assert [one["code"] for one in Question.objects.get().no_answer] == ["NSP", "-9"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"comparability": "broken", "reason_fr": "L’échelle a changé."}, "breaks"),
        ({"comparability": "broken", "breaks": ["scale"]}, "reason_fr"),
        ({"comparability": "comparable", "breaks": ["scale"]}, "comparability"),
    ],
)
def test_a_break_says_what_changed_and_why(
    client: Client, noa: User, changed: dict[str, Any], field: str
) -> None:
    factory.ask(factory.wave(), factory.question())
    client.force_login(noa)
    address = page("asked-edit", "etude", "2022", "utilite")
    response = client.post(address, {"source": "x", **changed})
    assert field in response.context["form"].errors
    whole = {
        "source": "x",
        "comparability": "broken",
        "breaks": ["scale"],
        "reason_fr": "L’échelle a changé.",
    }
    assert client.post(address, whole).status_code == 302
    assert AskedQuestion.objects.get().breaks == ["scale"]


@pytest.mark.one_engine
def test_editing_pages_show_what_is_there_and_its_history(client: Client, noa: User) -> None:
    factory.loaded()
    client.force_login(noa)
    for name, *args in (
        ("study-edit", "impact_citizens"),
        ("question-edit", "fragility"),
        ("asked-edit", "impact_citizens", "2022", "act_together"),
    ):
        address = page(name, *args)
        assert "chargée d’un fichier" in text_of(client, address)
        before = Event.objects.count()
        assert client.post(address, _initial(client, address)).status_code == 302
        # Nothing was changed: nothing is written.
        assert Event.objects.count() == before


def test_only_researchers_write(client: Client) -> None:
    factory.ask(factory.wave(), factory.question())
    addresses = [
        page("study-new"),
        page("study-edit", "etude"),
        page("wave-new", "etude"),
        page("wave-edit", "etude", "2022"),
        page("question-new"),
        page("question-edit", "utilite"),
        page("asked-new", "etude", "2022"),
        page("asked-edit", "etude", "2022", "utilite"),
        page("questionnaire-import", "etude", "2022"),
    ]
    assert {client.get(address).status_code for address in addresses} == {302}
    client.force_login(somebody("Ada"))
    assert {client.get(address).status_code for address in addresses} == {404}
    shown = text_of(client, page("wave", "etude", "2022"))
    assert not any(address in shown for address in addresses)


def test_what_does_not_exist_is_not_found(client: Client, noa: User) -> None:
    factory.wave()
    client.force_login(noa)
    for name, *args in (
        ("study", "absente"),
        ("wave", "etude", "1900"),
        ("question", "absente"),
        ("figure", "absent"),
        ("study-edit", "absente"),
        ("question-edit", "absente"),
        ("asked-edit", "etude", "2022", "absente"),
        # Nothing is known of its questions.
        ("questionnaire", "etude", "2022"),
    ):
        assert client.get(page(name, *args)).status_code == 404


# Questionnaires.


def _upload(content: bytes) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("q.xml", content, content_type="application/xml")}


def test_a_questionnaire_goes_from_a_wave_to_another(client: Client, noa: User) -> None:
    factory.loaded()
    later = factory.wave(Study.objects.get(code="impact_citizens"), "2027", year=2027)
    client.force_login(noa)
    sent = client.get(page("questionnaire", "impact_citizens", "2022"))
    assert sent["Content-Type"].startswith("application/xml")
    assert "répondants inventés" not in sent.content.decode()
    invented = client.get(page("questionnaire", "impact_citizens", "demo"))
    assert "répondants inventés" in invented.content.decode()
    address = page("questionnaire-import", "impact_citizens", "2027")
    preview = client.post(address, _upload(sent.content))
    assert preview.status_code == 200
    assert "ajoutée à la vague" in preview.content.decode()
    # Nothing is written before it is confirmed.
    assert not later.asked.exists()
    form = preview.context["form"]
    confirmed = {
        "content": form["content"].value(),
        "theme": "study",
        "source": "à venir",
        "submission": uuid4(),
    }
    assert client.post(address, confirmed).status_code == 302
    assert client.post(address, confirmed).status_code == 302
    asked = {one.question.code: one for one in later.asked.select_related("question")}
    assert len(asked) == 11
    # An earlier wave asked them: whether they compare is for a researcher to say.
    assert asked["fragility"].comparability == "unknown"
    assert asked["fragility"].items == []
    assert Question.objects.count() == 11
    again = client.post(address, _upload(sent.content)).content.decode()
    assert "rien ne change" in again
    imported = Event.objects.filter(kind="observatory.questionnaire_imported")
    assert imported.count() == 1


def test_the_codes_of_an_institute_are_those_of_the_pipeline(client: Client, noa: User) -> None:
    """« -9 » and « NSP » are codes of files: what the wave asks is read with them."""
    wave = factory.wave()
    client.force_login(noa)
    content = """<codeBook xmlns="ddi:codebook:2_5"><dataDscr>
      <var ID="V1" name="Q1" nature="nominal"><labl>Engagé ?</labl><universe>%s</universe>
      <catgry><catValu>Oui</catValu><labl>Oui</labl></catgry>
      <catgry missing="Y"><catValu>-9</catValu><labl>NSP</labl></catgry>
    </var></dataDscr></codeBook>"""
    content = content.replace("%s", "personnes interrogées " * 20)
    confirmed = {"content": content, "theme": "engagement", "source": "DDI"}
    address = page("questionnaire-import", "etude", "2022")
    assert client.post(address, confirmed).status_code == 302
    (target,) = targets(wave)
    assert target.codes == ("Oui", "-9")
    assert len(target.universe) == 300
    assert target.universe.endswith("…")


def test_a_new_question_of_a_file_enters_the_catalogue(client: Client, noa: User) -> None:
    wave = factory.wave()
    client.force_login(noa)
    content = """<codeBook xmlns="ddi:codebook:2_5"><dataDscr>
      <var ID="V1" name="Q1" nature="nominal">
      <labl>Êtes-vous engagé ?</labl><universe>Tous</universe>
      <catgry><catValu>1</catValu><labl>Oui</labl></catgry>
      <catgry><catValu>2</catValu><labl>Non</labl></catgry>
    </var></dataDscr></codeBook>"""
    address = page("questionnaire-import", "etude", "2022")
    assert "question nouvelle" in client.post(address, _upload(content.encode())).content.decode()
    confirmed = {"content": content, "theme": "engagement", "source": "DDI"}
    assert client.post(address, confirmed).status_code == 302
    question = Question.objects.get()
    assert (question.code, question.theme, question.label_fr) == (
        "q1",
        "engagement",
        "Êtes-vous engagé ?",
    )
    assert wave.asked.get().comparability == "first"
    assert wave.asked.get().universe_fr == "Tous"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not xml", "DDI-Codebook lisible"),
        (b"<codeBook/>", "DDI-Codebook lisible"),
        (
            b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>",
            "DDI-Codebook lisible",
        ),
        (b"x" * 1_000_001, "1\xa0Mo|1 Mo"),
    ],
)
def test_a_file_that_is_no_questionnaire_is_refused(
    client: Client, noa: User, content: bytes, words: str
) -> None:
    factory.wave()
    client.force_login(noa)
    response = client.post(page("questionnaire-import", "etude", "2022"), _upload(content))
    assert response.status_code == 422
    assert re.search(words, response.content.decode())


def test_a_variable_that_cannot_be_taken_stops_everything(client: Client, noa: User) -> None:
    wave = factory.wave()
    client.force_login(noa)
    content = """<codeBook><dataDscr><var name="A 1"/><var name="a-1"/></dataDscr></codeBook>"""
    address = page("questionnaire-import", "etude", "2022")
    preview = client.post(address, _upload(content.encode()))
    assert "a-1" in preview.content.decode()
    assert "renommez" in preview.content.decode()
    forced = {"content": content, "theme": "impact", "source": "DDI"}
    assert client.post(address, forced).status_code == 422
    assert not wave.asked.exists()


# What the database holds.


@pytest.mark.parametrize(
    ("model", "changed"),
    [
        (Programme, {"last_year": 2000}),
        (Study, {"population": "robots"}),
        (Wave, {"sample_size": 0}),
        (Wave, {"fieldwork_precision": "month"}),
        (Wave, {"fieldwork_first": "2022-02-01", "fieldwork_last": "2022-01-01"}),
        (Question, {"theme": "autre"}),
        (Question, {"kind": "autre"}),
        (Question, {"lowest": 5, "highest": 5}),
        (Question, {"lowest": 5}),
        (AskedQuestion, {"comparability": "broken"}),
        (AskedQuestion, {"breaks": ["scale"]}),
        (AskedQuestion, {"comparability": "autre"}),
        (PublishedFigure, {"low": 6, "high": 5}),
        (PublishedFigure, {"low": 6}),
        (PublishedFigure, {"reading": "doubtful"}),
        (PublishedFigure, {"value": None}),
        (PublishedFigure, {"withheld": "doubtful"}),
        (PublishedFigure, {"withheld_reason_fr": "Parce que."}),
    ],
)
def test_the_database_refuses_what_makes_no_sense(model: Any, changed: dict[str, Any]) -> None:
    factory.ask(factory.wave(), factory.question())
    factory.figure()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**changed)


def test_codes_are_unique() -> None:
    asked = factory.ask(factory.wave(), factory.question())
    for row in (asked, asked.wave, asked.wave.study, asked.question, asked.wave.study.programme):
        row.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)


def test_names_are_stable() -> None:
    asked = factory.ask(factory.wave(), factory.question())
    assert asked.stable_name == "wave:etude:2022:utilite"
    assert asked.wave.stable_name == "wave:etude:2022"
    assert asked.wave.study.stable_name == "study:etude"
    assert asked.question.stable_name == "survey-question:utilite"
    assert asked.wave.study.programme.stable_name == "programme:programme"
    assert Disagreement(code="c1").stable_name == "disagreement:c1"
    assert PublishedFigure(code="f").stable_name == "published-figure:f"
    assert [str(row) for row in (asked, asked.wave, asked.question)] == [
        "Utilité (Étude, Vague 2022)",
        "Étude, Vague 2022",
        "Utilité",
    ]


@pytest.mark.one_engine
def test_every_event_of_the_catalogue_has_its_words() -> None:
    factory.loaded()
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert kinds <= EVENTS.keys()
    fields = {name for told in Event.objects.values_list("changes", flat=True) for name in told}
    assert fields <= FIELDS.keys()
    assert [line.label for line in history_in_words(history("study:impact_citizens"))] == [
        "Étude chargée d’un fichier"
    ]
