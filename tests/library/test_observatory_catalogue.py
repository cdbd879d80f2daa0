"""The catalogue of studies, the figures of documents, series and questionnaires."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.observatory.studies.catalogue import (
    BreakKind,
    CatalogueProblem,
    Comparability,
    QuestionKind,
    read_catalogue,
)
from alliage.observatory.studies.figures import (
    PUBLISHABLE,
    FigureProblem,
    FigureRecord,
    Reading,
    Withheld,
    faults_of,
    read_figures,
)
from alliage.observatory.studies.questionnaires import (
    AskedQuestion,
    Aspect,
    DescriptionProblem,
    ddi_of,
    proposal_of,
)
from alliage.observatory.studies.series import (
    AskedIn,
    Gap,
    Origin,
    Point,
    UnknownWaveError,
    series,
)
from alliage.survey import read_ddi
from alliage.survey.data.questionnaire import Question, Questionnaire, SeveralAnswers
from alliage.values.citations import parse_citations
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from pathlib import Path

    from alliage.values.yaml_files import Problem

FOLDER = data_directory() / "observatory"
CATALOGUE = read_catalogue(FOLDER)
FIGURES = read_figures(FOLDER / "figures.yaml", CATALOGUE)
BY_CODE = {one.code: one for one in FIGURES.figures}
IMPACTS = [item.code for item in CATALOGUE.question("impact").items]
FRAGILITIES = [item.code for item in CATALOGUE.question("fragility").items]


def value(code: str) -> Decimal:
    found = BY_CODE[code].value
    assert found is not None
    return found


# What ships.


def test_the_waves_of_citizens_are_those_of_the_documents_and_2020_stands_apart() -> None:
    years = {
        (study.code, wave.code)
        for study in CATALOGUE.studies
        for wave in study.waves
        if study.population == "citizen" and not wave.synthetic
    }
    assert years == {
        ("arpea_citizens", "2008"),
        ("arpea_citizens", "2012"),
        ("phare_citizens", "2015"),
        ("impact_citizens", "2019"),
        ("impact_citizens", "2022"),
        ("recovery_citizens", "2020"),
    }


def test_every_population_has_a_study() -> None:
    assert {study.population.value for study in CATALOGUE.studies} == {
        *("citizen", "local_elected", "company", "association", "foundation", "academic"),
    }


def test_only_the_demonstration_wave_is_synthetic() -> None:
    told = [wave.code for study in CATALOGUE.studies for wave in study.waves if wave.synthetic]
    assert told == ["demo"]


def test_the_eighty_three_results_are_there() -> None:
    assert {f"s{rank:03d}" for rank in range(1, 84)} <= BY_CODE.keys()


def test_what_is_not_published_says_why_in_both_languages() -> None:
    kept = {one.code for one in FIGURES.figures if one.withheld}
    assert {"s025", "s027", "s066", *(f"s{rank:03d}" for rank in range(44, 51))} <= kept
    assert all(
        one.withheld.reason_fr and one.withheld.reason_en for one in FIGURES.figures if one.withheld
    )
    assert sum(FIGURES.withheld().values()) == len(kept)
    assert FIGURES.withheld()[Withheld.ILLEGIBLE] == 22


def test_nothing_doubtful_is_published() -> None:
    assert {one.reading for one in FIGURES.published} == PUBLISHABLE


def test_every_figure_has_a_source_with_its_lines() -> None:
    sources = [one.source for one in FIGURES.figures]
    sources += [said.source for one in FIGURES.disagreements for said in one.statements]
    cited = [parse_citations(source)[0] for source in sources]
    assert all(one.code for one in cited)
    assert {one.code for one in cited} <= {"proceedings_2022", "X03", "X04", "X05"}


def test_documents_that_disagree_are_both_quoted() -> None:
    codes = [one.code for one in FIGURES.disagreements]
    assert codes == [f"c{rank:02d}" for rank in range(8, 24)]
    assert all(len(one.statements) >= 2 for one in FIGURES.disagreements)


@pytest.mark.parametrize("item", IMPACTS)
def test_strong_and_moderate_make_what_is_printed_for_both(item: str) -> None:
    both = value(f"impact_strong_2022_{item}") + value(f"impact_moderate_2022_{item}")
    # One row is rounded, which its disagreement tells.
    rounded = 1 if "c17" in BY_CODE[f"impact_both_2022_{item}"].disagreements else 0
    assert both - value(f"impact_both_2022_{item}") == rounded


@pytest.mark.parametrize("item", FRAGILITIES)
def test_the_marks_of_a_domain_make_at_most_a_hundred(item: str) -> None:
    shares = [BY_CODE[f"fragility_{band}_2022_{item}"] for band in ("1_5", "6_7", "8_10")]
    least = [one.low if one.value is None else one.value for one in shares]
    most = [one.high if one.value is None else one.value for one in shares]
    if all(each is not None for each in least):
        assert sum(each for each in least if each is not None) <= 100
        assert sum(each for each in most if each is not None) >= 97


def test_means_go_down_the_chart() -> None:
    ranked = sorted(FRAGILITIES, key=lambda item: value(f"fragility_rank_2022_{item}"))
    assert [value(f"fragility_rank_2022_{item}") for item in ranked] == list(range(1, 17))
    rows = [BY_CODE[f"fragility_mean_2022_{item}"] for item in ranked]
    means = [one.value for one in rows if one.value is not None]
    assert means == sorted(means, reverse=True)
    assert means[0] - means[-1] == value("s010")


def test_the_answers_on_acting_together_add_up() -> None:
    assert value("s031") + value("s032") == value("s030")
    assert value("s001") + value("s002") + value("s003") == 100
    assert value("s064") - value("s065") == 3


def test_what_is_derived_says_how_or_gives_bounds() -> None:
    derived = [one for one in FIGURES.published if one.reading is Reading.DERIVED]
    assert derived
    assert all(one.note_fr and one.note_en for one in derived)


def test_two_measures_of_acting_together_are_a_break() -> None:
    study = next(one for one in CATALOGUE.studies if one.code == "impact_citizens")
    wave = next(one for one in study.waves if one.code == "2022")
    asked = {one.question: one for one in wave.asked}
    assert asked["act_together"].comparability is Comparability.BROKEN
    assert BreakKind.CONTEXT in asked["act_together"].breaks
    assert asked["impact"].breaks == (BreakKind.WAVE,)
    assert asked["fragility"].comparability is Comparability.COMPARABLE


# Files that are wrong.

STUDIES = """
programmes:
  - {code: p, label_fr: P, label_en: P, first_year: 2018, last_year: 2022, aim_fr: A, aim_en: A,
     source: x}
studies:
  - code: s
    programme: p
    population: citizen
    label_fr: S
    label_en: S
    source: x
    waves:
      - code: w
        label_fr: W
        label_en: W
        source: x
        fieldwork: {first: 2022-09-01, last: 2022-09-30, precision: month}
        asked: [{question: q, comparability: first, source: x}]
"""
QUESTIONS = """
questions:
  - {code: q, theme: impact, kind: levels, ordered: false, label_fr: Q, label_en: Q, complete: true,
     source: x}
"""
FIGURE = """
disagreements: []
figures:
  - {code: f, theme: impact, question: q, study: s, wave: w, population: citizen, label_fr: F,
     label_en: F, statistic: mean, value: '5.7', unit: mark, reading: sure, source: x}
"""


def written(folder: Path, studies: str = STUDIES, questions: str = QUESTIONS) -> Path:
    (folder / "studies.yaml").write_text(studies, encoding="utf-8")
    (folder / "questions.yaml").write_text(questions, encoding="utf-8")
    return folder


def problems(error: InvalidFilesError) -> list[Problem | None]:
    return [one.fault.problem if one.fault else None for one in error.problems]


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("programme: p", "programme: z", CatalogueProblem.UNKNOWN),
        ("question: q", "question: z", CatalogueProblem.UNKNOWN),
        ("comparability: first", "comparability: broken", CatalogueProblem.NO_REASON),
        (
            "comparability: first",
            "comparability: first, breaks: [scale]",
            CatalogueProblem.NO_BREAK,
        ),
        ("last: 2022-09-30", "last: 2022-08-30", CatalogueProblem.DATES),
        (", precision: month", "", CatalogueProblem.PRECISION),
        (
            "asked: [{",
            "asked: [{question: q, comparability: first, source: x}, {",
            CatalogueProblem.TWICE,
        ),
    ],
)
def test_a_wrong_study_is_named(
    tmp_path: Path, before: str, after: str, problem: CatalogueProblem
) -> None:
    assert read_catalogue(written(tmp_path)).studies
    assert before in STUDIES
    with pytest.raises(InvalidFilesError) as refused:
        read_catalogue(written(tmp_path, STUDIES.replace(before, after)))
    assert problems(refused.value) == [problem]


def test_a_battery_without_items_is_refused(tmp_path: Path) -> None:
    questions = QUESTIONS.replace("kind: levels", "kind: battery")
    with pytest.raises(InvalidFilesError) as refused:
        read_catalogue(written(tmp_path, questions=questions))
    assert problems(refused.value) == [CatalogueProblem.ITEMS]


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("question: q", "question: z", FigureProblem.UNKNOWN),
        ("wave: w", "wave: z", FigureProblem.UNKNOWN),
        ("population: citizen", "population: company", FigureProblem.POPULATION),
        ("reading: sure", "reading: doubtful", FigureProblem.POORLY_READ),
        ("value: '5.7', ", "", FigureProblem.NOTHING),
        ("value: '5.7'", "low: '5.7', high: '5.3'", FigureProblem.NUMBERS),
        ("value: '5.7'", "value: '5.7', answer: yes_indeed", FigureProblem.NUMBERS),
        ("source: x", "source: x, disagreements: [z]", FigureProblem.UNKNOWN),
    ],
)
def test_a_wrong_figure_is_named(
    tmp_path: Path, before: str, after: str, problem: FigureProblem
) -> None:
    catalogue = read_catalogue(written(tmp_path))
    path = tmp_path / "figures.yaml"
    path.write_text(FIGURE, encoding="utf-8")
    assert read_figures(path, catalogue).figures[0].value == Decimal("5.7")
    assert before in FIGURE
    path.write_text(FIGURE.replace(before, after), encoding="utf-8")
    with pytest.raises(InvalidFilesError) as refused:
        read_figures(path, catalogue)
    assert problems(refused.value) == [problem]


@pytest.mark.parametrize("number", ["5.7", "'nan'", "'inf'", "'five'"])
def test_a_number_is_written_exactly(tmp_path: Path, number: str) -> None:
    catalogue = read_catalogue(written(tmp_path))
    path = tmp_path / "figures.yaml"
    path.write_text(FIGURE.replace("'5.7'", number), encoding="utf-8")
    with pytest.raises(InvalidFilesError, match="value"):
        read_figures(path, catalogue)


def test_a_figure_that_is_withheld_may_state_nothing() -> None:
    withheld = BY_CODE["fragility_1_5_2022_health"]
    assert withheld.value is None
    assert not list(faults_of(withheld))
    assert [one.problem for one in faults_of(withheld.model_copy(update={"withheld": None}))] == [
        FigureProblem.NOTHING,
        FigureProblem.POORLY_READ,
    ]
    assert isinstance(withheld, FigureRecord)


# Series.

WAVES = st.lists(
    st.tuples(st.sampled_from(list(Comparability)), st.booleans()), min_size=1, max_size=8
)
KNOWN = st.lists(st.tuples(st.integers(0, 7), st.sampled_from(list(Origin))), unique=True)


@given(WAVES, KNOWN)
def test_a_line_joins_only_what_is_comparable(
    told: list[tuple[Comparability, bool]], known: list[tuple[int, Origin]]
) -> None:
    asked = [
        AskedIn(str(rank), str(rank), comparability, synthetic=synthetic)
        for rank, (comparability, synthetic) in enumerate(told)
    ]
    points = [Point(str(rank), origin, 1.0) for rank, origin in known if rank < len(told)]
    made = series(asked, points)
    placed = [point for segment in made.segments for point in segment.points]
    assert sorted(placed, key=str) == sorted(points, key=str)
    real = [one for one in asked if not one.synthetic]
    places = {one.wave: rank for rank, one in enumerate(real)}
    for segment in made.segments:
        assert {point.origin for point in segment.points} == {segment.origin}
        if len(segment.points) > 1:
            assert segment.origin is not Origin.SYNTHETIC
            ranks = [places[point.wave] for point in segment.points]
            assert ranks == list(range(ranks[0], ranks[0] + len(ranks)))
            assert {real[rank].comparability for rank in ranks[1:]} == {Comparability.COMPARABLE}


def test_an_unknown_figure_between_two_stops_the_line() -> None:
    asked = [
        AskedIn("a", "a", Comparability.FIRST),
        AskedIn("b", "b", Comparability.COMPARABLE),
        AskedIn("c", "c", Comparability.COMPARABLE),
    ]
    made = series(asked, [Point("a", Origin.DOCUMENT, 1.0), Point("c", Origin.DOCUMENT, 2.0)])
    assert [len(one.points) for one in made.segments] == [1, 1]
    assert [one.gap for one in made.interruptions] == [Gap.NO_FIGURE, Gap.NO_FIGURE]


def test_a_document_and_a_release_are_never_joined() -> None:
    asked = [AskedIn("a", "a", Comparability.FIRST), AskedIn("b", "b", Comparability.COMPARABLE)]
    made = series(asked, [Point("a", Origin.DOCUMENT, 1.0), Point("b", Origin.RELEASE, 1.0)])
    assert [one.origin for one in made.segments] == [Origin.DOCUMENT, Origin.RELEASE]


def test_a_series_refuses_what_it_cannot_place() -> None:
    asked = [AskedIn("a", "a", Comparability.FIRST)]
    with pytest.raises(UnknownWaveError, match="did not ask"):
        series(asked, [Point("b", Origin.DOCUMENT, 1.0)])
    with pytest.raises(ValueError, match="given twice"):
        series([*asked, *asked], [])
    twice = [Point("a", Origin.DOCUMENT, 1.0), Point("a", Origin.DOCUMENT, 2.0)]
    with pytest.raises(ValueError, match="Keep one"):
        series(asked, twice)


# Questionnaires.

HEALTH = AskedQuestion(
    code="health",
    wording="Comment va votre territoire ?",
    kind=QuestionKind.LEVELS,
    ordered=True,
    answers=(("dynamic", "Dynamique"), ("stricken", "Sinistré")),
    no_answer=(("dont_know", "Ne sait pas"),),
    universe="Tous",
)
MARKS = AskedQuestion(
    code="marks",
    wording="Quelle note ?",
    kind=QuestionKind.BATTERY,
    ordered=True,
    items=(("jobs", "Emploi"), ("health", "Santé")),
)
ROLES = AskedQuestion(
    code="roles",
    wording="À quel titre ?",
    kind=QuestionKind.CHOICES,
    answers=(("citizen", "Citoyen"), ("elected", "Élu")),
)
ALL = (HEALTH, MARKS, ROLES)


def sent_and_read(folder: Path, *asked: AskedQuestion) -> Questionnaire:
    path = folder / "questionnaire.xml"
    path.write_text(ddi_of("Vague", asked), encoding="utf-8")
    return read_ddi(path)


def test_a_questionnaire_comes_back_as_it_left(tmp_path: Path) -> None:
    proposal = proposal_of(sent_and_read(tmp_path, *ALL), ALL)
    assert proposal.title == "Vague"
    assert not proposal.refused
    assert {one.question for one in proposal.questions} == {*ALL}
    assert not any(one.is_new or one.differs for one in proposal.questions)


def test_the_shipped_questions_can_be_sent(tmp_path: Path) -> None:
    asked = [
        AskedQuestion(
            code=one.code,
            wording=one.label_fr,
            kind=one.kind,
            ordered=one.ordered,
            items=tuple((item.code, item.label_fr) for item in one.items),
            answers=tuple((item.code, item.label_fr) for item in one.answers),
            no_answer=tuple((item.code, item.label_fr) for item in one.no_answer),
        )
        for one in CATALOGUE.questions
    ]
    proposal = proposal_of(sent_and_read(tmp_path, *asked), asked)
    assert not proposal.refused
    assert {one.question.code for one in proposal.questions} == {one.code for one in asked}
    assert not any(one.differs for one in proposal.questions)


def test_what_a_file_says_otherwise_is_named(tmp_path: Path) -> None:
    told = AskedQuestion(
        code="health",
        wording="Et votre territoire ?",
        kind=QuestionKind.LEVELS,
        ordered=True,
        answers=(("dynamic", "Dynamique"),),
        universe="Les élus",
    )
    fewer = AskedQuestion(
        code="marks",
        wording="Quelle note ?",
        kind=QuestionKind.BATTERY,
        items=(("jobs", "Emploi"),),
    )
    proposal = proposal_of(sent_and_read(tmp_path, told, fewer), ALL)
    assert {one.question.code: set(one.differs) for one in proposal.questions} == {
        "health": {Aspect.WORDING, Aspect.UNIVERSE, Aspect.ANSWERS},
        "marks": {Aspect.ITEMS},
    }


def test_unknown_variables_are_new_questions(tmp_path: Path) -> None:
    proposal = proposal_of(sent_and_read(tmp_path, HEALTH, ROLES), ())
    assert {one.question.code: one.is_new for one in proposal.questions} == {
        "health": True,
        "roles": True,
    }


def test_an_item_goes_with_the_longest_battery_that_its_name_begins_with(tmp_path: Path) -> None:
    longer = replace(MARKS, code="marks_now")
    proposal = proposal_of(sent_and_read(tmp_path, longer), (MARKS, longer))
    assert [one.question.code for one in proposal.questions] == ["marks_now"]


def question(**told: str) -> Question:
    return Question(label="?", levels=told)


@pytest.mark.parametrize(
    ("variables", "sets", "problem"),
    [
        ({"é": question()}, {}, DescriptionProblem.NAME),
        ({"Q 1": question(), "q-1": question()}, {}, DescriptionProblem.TWICE),
        (
            {"marks_jobs": question(a="A"), "marks_health": question(b="B")},
            {},
            DescriptionProblem.UNEVEN,
        ),
        ({"roles": question()}, {}, DescriptionProblem.KIND),
        (
            {"x1": question(), "x2": question()},
            {"health": SeveralAnswers(label="?", variables=("x1", "x2"))},
            DescriptionProblem.KIND,
        ),
        ({"q1": Question(label="?", levels={"oui ou non": "?"})}, {}, DescriptionProblem.ANSWER),
        (
            {"marks_jobs": Question(label="?", levels={"1": "A"}, missing={"n/a": "?"})},
            {},
            DescriptionProblem.ANSWER,
        ),
        (
            {"q_x 1": question(), "q_x-1": question()},
            {"q": SeveralAnswers(label="?", variables=("q_x 1", "q_x-1"))},
            DescriptionProblem.ANSWER,
        ),
    ],
)
def test_a_variable_that_cannot_be_taken_is_named(
    variables: dict[str, Question],
    sets: dict[str, SeveralAnswers],
    problem: DescriptionProblem,
) -> None:
    told = Questionnaire(title="Vague", variables=variables, sets=sets)
    proposal = proposal_of(told, ALL)
    assert [one.problem for one in proposal.refused] == [problem]
