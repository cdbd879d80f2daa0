"""From a file to what a wave asks: states, identifiers, columns and first specifications."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.observatory.respondents.coding import (
    CodingError,
    CodingProblem,
    Column,
    Target,
    coded,
    descriptions,
    guessed,
    questionnaire_of,
    restored,
    targets_of,
)
from alliage.observatory.respondents.identifiers import (
    IdentifierKind,
    direct_identifiers,
    without_columns,
)
from alliage.observatory.respondents.specification_drafts import drafted, standalone
from alliage.observatory.states import (
    FILE,
    LIVES,
    RELEASE,
    FileDecision,
    FileState,
    ReleaseDecision,
    ReleaseState,
    SamePersonError,
    check_second_person,
)
from alliage.observatory.studies.catalogue import AskedRecord, QuestionRecord
from alliage.survey import (
    Design,
    MultiResponse,
    SurveyError,
    Table,
    Variable,
    open_study,
    read,
    read_specification,
    sample,
)
from alliage.values.lives import DecisionRefusedError

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


# States.


@pytest.mark.parametrize("name", LIVES)
def test_the_page_of_states_is_that_of_the_table(name: str) -> None:
    page = REFERENCE / LIVES[name].page
    assert page.read_text(encoding="utf-8") == LIVES[name].document(), (
        f"Run python -m {LIVES[name].written_by} > docs/reference/{page.name}"
    )


def test_every_state_leads_somewhere_that_the_table_knows() -> None:
    for life in LIVES.values():
        reached = {life.begins[0]}
        for possible in life.transitions.values():
            reached |= set(possible.values())
            assert set(possible) <= set(life.taken_by)
        assert reached == set(life.transitions)


def test_what_is_public_never_becomes_a_draft_again() -> None:
    public, seen = {ReleaseState.PUBLISHED}, set()
    while public:
        state = public.pop()
        seen.add(state)
        public |= set(RELEASE.transitions[state].values()) - seen
    assert seen == {ReleaseState.PUBLISHED, ReleaseState.WITHDRAWN}


def test_a_refusal_says_what_may_be_decided() -> None:
    with pytest.raises(DecisionRefusedError) as refused:
        FILE.after(FileState.RECEIVED, FileDecision.COMPUTE)
    assert (refused.value.state, refused.value.decision) == ("received", "compute")
    assert refused.value.allowed == ("map", "treat", "describe", "destroy")
    assert not RELEASE.allows(ReleaseState.DRAFT, ReleaseDecision.APPROVE)


@given(st.integers(1, 9), st.lists(st.one_of(st.none(), st.integers(1, 9)), max_size=3))
def test_a_second_person_is_none_of_the_makers(reviewer: int, makers: list[int | None]) -> None:
    if reviewer in makers:
        with pytest.raises(SamePersonError):
            check_second_person(reviewer, tuple(makers))
    else:
        check_second_person(reviewer, tuple(makers))


# Identifiers.


@pytest.mark.parametrize(
    ("column", "values", "kind", "row"),
    [
        ("NOM", ["a", "b"], IdentifierKind.NAME, None),
        ("nom_de_famille", ["a", "b"], IdentifierKind.NAME, None),
        ("lastName", ["a", "b"], IdentifierKind.NAME, None),
        ("E-mail", ["a", "b"], IdentifierKind.EMAIL, None),
        ("tel", ["a", "b"], IdentifierKind.PHONE, None),
        ("Q9", ["rien", "jo@example.org"], IdentifierKind.EMAIL, 2),
        ("Q9", [None, "06 12 34 56 78"], IdentifierKind.PHONE, 2),
        ("Q9", ["+33612345678", None], IdentifierKind.PHONE, 1),
        ("Q9", ["12 bis rue des Lilas", "x"], IdentifierKind.ADDRESS, 1),
        ("Q9", ["192.168.1.20", "10.0.0.1"], IdentifierKind.NETWORK, 1),
        ("Q9", ["2 55 08 14 168 025 38", None], IdentifierKind.NUMBER, 1),
        ("Q9", ["FR76 3000 6000 0112 3456 7890 189", None], IdentifierKind.NUMBER, 1),
        ("Q9", [612345678, 687654321], IdentifierKind.PHONE, 1),
        ("Q9", [None, 612345678.0, 687654321.0, float("nan")], IdentifierKind.PHONE, 2),
    ],
)
def test_what_names_people_is_recognised(
    column: str, values: list[object], kind: IdentifierKind, row: int | None
) -> None:
    (found,) = direct_identifiers(Table.of(pl.DataFrame({column: values})))
    assert (found.column, found.kind, found.row) == (column, kind, row)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("nombre", [1, 2]),
        ("nom_region", ["Bretagne", "Normandie"]),
        ("mobility", [1, 2]),
        ("fragility_mobility", [1, 2]),
        ("isolation", ["oui", "non"]),
        ("weight", [1.25, 0.5]),
        ("id", ["SYN-0001", "SYN-0002"]),
        ("id", [100000001, 5]),
        ("duration_seconds", [612, 900]),
        ("date", ["2022-03-01", "2022-03-02"]),
        ("version", ["1.2.3", "1.2"]),
    ],
)
def test_what_names_nobody_is_left_alone(column: str, values: list[object]) -> None:
    assert direct_identifiers(Table.of(pl.DataFrame({column: values}))) == ()


def test_a_label_gives_a_column_away() -> None:
    table = Table.of(pl.DataFrame({"V7": ["a"]})).describe(
        {"V7": Variable(label="Votre adresse électronique, pour le tirage")}
    )
    assert direct_identifiers(table)[0].kind is IdentifierKind.EMAIL


def test_a_few_addresses_in_a_long_comment_are_enough() -> None:
    answers = ["rien à dire"] * 995 + ["écrivez à jo@example.org"] * 5
    (found,) = direct_identifiers(Table.of(pl.DataFrame({"comment": answers})))
    assert (found.kind, found.row) == (IdentifierKind.EMAIL, 996)


def test_a_column_goes_with_its_description_and_its_sets() -> None:
    table = Table(
        pl.DataFrame({"a": [1], "b": [1], "nom": ["x"]}),
        {"nom": Variable(label="Nom")},
        {"set": MultiResponse(variables=("a", "nom"))},
    )
    left = without_columns(table, ["nom"])
    assert (left.frame.columns, dict(left.variables), dict(left.sets)) == (["a", "b"], {}, {})


# Columns and questions.

HEALTH = Target("health", "health", "Santé", {"good": "Bonne", "bad": "Mauvaise"}, {"dk": "NSP"})
JOBS = Target("fragility_jobs", "fragility", "Emploi", no_answer={"dk": "NSP"}, marks=(1, 10))
WATER = Target("acts_water", "acts", "Eau", is_choice=True)
ENERGY = Target("acts_energy", "acts", "Énergie", is_choice=True)
TARGETS = (HEALTH, JOBS, WATER, ENERGY)


def question(**told: object) -> QuestionRecord:
    said = {
        "code": "q",
        "theme": "fragility",
        "kind": "levels",
        "ordered": True,
        "label_fr": "Question",
        "label_en": "Question",
        "complete": True,
        "source": "s",
        **told,
    }
    return QuestionRecord.model_validate(said)


def test_targets_are_those_of_the_wave() -> None:
    answers = [{"code": "a", "label_fr": "A"}, {"code": "b", "label_fr": "B"}]
    known = [
        question(code="one", answers=answers),
        question(code="marks", kind="battery", items=answers, lowest=0, highest=3),
        question(code="some", kind="choices", answers=answers),
        question(code="unasked", answers=answers),
    ]
    asked = [
        AskedRecord.model_validate({"question": code, "comparability": "first", "source": "s"})
        for code in ("some", "one")
    ]
    asked.append(
        AskedRecord.model_validate(
            {
                "question": "marks",
                "comparability": "first",
                "source": "s",
                "items": [{"code": "own", "label_fr": "Propre"}],
            }
        )
    )
    found = targets_of(known, asked)
    assert [one.name for one in found] == ["some_a", "some_b", "one", "marks_own"]
    assert found[3].marks == (0, 3)
    assert found[3].codes == ("0", "1", "2", "3")


def test_a_file_of_spss_is_written_in_the_codes_of_the_wave() -> None:
    table = Table.of(
        pl.DataFrame({"q1": [1.0, 2.0, 9.0], "q2": [10.0, None, 99.0], "q3": [1, 0, 1]})
    )
    found = coded(
        table,
        [
            Column("q1", "health", answers={"1": "good", "2": "bad", "9": "dk"}),
            Column("q2", "fragility_jobs", answers={"99": "dk"}),
            Column("q3", "acts_water"),
        ],
        TARGETS,
    )
    assert found.frame.to_dict(as_series=False) == {
        "health": ["good", "bad", "dk"],
        "fragility_jobs": [10, None, None],
        "acts_water": [1, 0, 1],
    }
    assert found.codes("health").tolist() == [0, 1, -1]
    assert found.sets["acts"].variables == ("acts_water",)
    # A mark out of the scale is for the screening to tell.
    wild = coded(Table.of(pl.DataFrame({"q2": [11]})), [Column("q2", "fragility_jobs")], TARGETS)
    assert wild.frame["fragility_jobs"].to_list() == [11]


def test_no_number_is_no_answer_and_no_mark() -> None:
    missing = Table.of(pl.DataFrame({"q1": [1.0, float("nan")], "q2": [float("nan"), 3.0]}))
    columns = [
        Column("q1", "health", answers={"1": "good"}),
        Column("q2", "fragility_jobs"),
    ]
    assert coded(missing, columns, TARGETS).frame.to_dict(as_series=False) == {
        "health": ["good", None],
        "fragility_jobs": [None, 3],
    }
    written = Table.of(pl.DataFrame({"q2": ["3", "inf", "nan"]}))
    with pytest.raises(CodingError) as refused:
        coded(written, [Column("q2", "fragility_jobs")], TARGETS)
    assert [one.values["value"] for one in refused.value.faults] == ["inf", "nan"]


def test_every_fault_is_told_with_its_row() -> None:
    table = Table.of(pl.DataFrame({"q1": [None, "bonne", "pire"], "q2": [1, 2, 3]}))
    with pytest.raises(CodingError) as refused:
        coded(table, [Column("q1", "health"), Column("q2", "acts_water")], TARGETS)
    told = [(one.problem, one.values["row"], one.values["value"]) for one in refused.value.faults]
    assert told == [
        (CodingProblem.VALUE, "2", "bonne"),
        (CodingProblem.VALUE, "3", "pire"),
        (CodingProblem.VALUE, "2", "2"),
        (CodingProblem.VALUE, "3", "3"),
    ]


def test_a_fault_names_the_line_of_its_file_before_and_after_coding(tmp_path: Path) -> None:
    file = tmp_path / "wave.csv"
    file.write_text("q1,weight\ngood,1\n\nworse,0\n", encoding="utf-8")
    columns = [Column("q1", "health"), Column("weight", keep_as="weight")]
    with pytest.raises(CodingError, match=r"In « q1 », line 4 of « wave\.csv » holds « worse »"):
        coded(read(file), columns, TARGETS)
    columns[0] = Column("q1", "health", answers={"worse": "bad"})
    table = coded(read(file), columns, TARGETS)
    with pytest.raises(SurveyError, match=r"line 4 of « wave\.csv »"):
        sample(table, Design(weights="weight"))


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ([], CodingProblem.EMPTY),
        ([Column("q1", keep_as="q1")], CodingProblem.EMPTY),
        ([Column("q9", "health")], CodingProblem.COLUMN),
        ([Column("q1", "helth")], CodingProblem.TARGET),
        ([Column("q1", "health"), Column("q2", "health")], CodingProblem.TWICE),
        ([Column("q1", "health", answers={"1": "fine"})], CodingProblem.ANSWER),
        ([Column("q1", "health"), Column("q2", keep_as="Q 2")], CodingProblem.NAME),
        ([Column("q1", "health"), Column("q2", keep_as="acts_water")], CodingProblem.NAME),
    ],
)
def test_columns_that_cannot_be_used_are_told(
    columns: list[Column], problem: CodingProblem
) -> None:
    table = Table.of(pl.DataFrame({"q1": ["good"], "q2": [1]}))
    with pytest.raises(CodingError) as refused:
        coded(table, columns, TARGETS)
    assert problem in {one.problem for one in refused.value.faults}
    assert all(str(one) for one in refused.value.faults)


def test_a_guess_goes_by_name_then_by_label_and_is_never_taken_twice() -> None:
    table = Table.of(
        pl.DataFrame({"Health": [1], "q7": [1], "ACTS-WATER": [1], "health": [2], "Région": ["x"]})
    ).describe(
        {
            "Health": Variable(label="?", labels={1: "Bonne", 2: "Pire", 9: "NSP"}),
            "q7": Variable(label="Emploi"),
        }
    )
    found = {one.name: one for one in guessed(table, TARGETS)}
    assert found["Health"].target == "health"
    assert found["Health"].answers == {"1": "good", "9": "dk"}
    assert found["q7"].target == "fragility_jobs"
    assert found["ACTS-WATER"].target == "acts_water"
    assert (found["health"].target, found["Région"].keep_as) == ("", "region")


@given(st.lists(st.sampled_from(["good", "bad", "dk", None]), min_size=1))
def test_coding_what_is_coded_changes_nothing(answers: list[str | None]) -> None:
    table = Table.of(pl.DataFrame({"health": pl.Series(answers, dtype=pl.String)}))
    once = coded(table, guessed(table, TARGETS), TARGETS)
    assert once.frame["health"].to_list() == answers
    assert coded(once, guessed(once, TARGETS), TARGETS).frame.equals(once.frame)


def test_descriptions_survive_a_file_that_has_none() -> None:
    table = Table.of(pl.DataFrame({"q": [1, 9], "r": ["a", "b"]})).describe(
        {"q": Variable(label="Q", labels={1: "oui", 9: "refus"}, missing=(9,), universe="tous")}
    )
    again = restored(table.frame, descriptions(table))
    assert again.variables["q"] == table.variables["q"]
    assert again.codes("q").tolist() == [0, -1]


def test_the_questionnaire_of_a_coded_table_knows_its_answers() -> None:
    table = coded(
        Table.of(pl.DataFrame({"q1": ["good", "dk"], "a": [1, 0], "b": [0, 1]})),
        [Column("q1", "health"), Column("a", "acts_water"), Column("b", "acts_energy")],
        TARGETS,
    )
    found = questionnaire_of("Vague", table)
    assert found.variables["health"].missing == {"dk": "NSP"}
    assert found.sets["acts"].variables == ("acts_water", "acts_energy")


# Specifications.


def test_a_first_specification_computes_as_it_is(tmp_path: Path) -> None:
    table = coded(
        Table.of(
            pl.DataFrame(
                {
                    "q1": ["good", "bad"] * 20,
                    "q2": list(range(1, 11)) * 4,
                    "a": [1, 0] * 20,
                    "b": [0, 1] * 20,
                    "sex": ["w", "m"] * 20,
                }
            )
        ),
        [
            Column("q1", "health"),
            Column("q2", "fragility_jobs"),
            Column("a", "acts_water"),
            Column("b", "acts_energy"),
            Column("sex", keep_as="sex"),
        ],
        TARGETS,
    )
    path = tmp_path / "spec.yaml"
    path.write_text(
        drafted(
            title="Vague",
            targets=TARGETS,
            strata="sex",
            breakdowns=["sex"],
            margins={"sex": {"w": 0.5, "m": 0.5}},
            population=1000,
        ),
        encoding="utf-8",
    )
    study = open_study(table, path)
    assert study.sample().weights.sum() == pytest.approx(1000)
    asked = study.specification.tables[0].questions
    assert [one.variable for one in asked] == ["health", "fragility_jobs", "acts"]
    assert set(asked[1].boxes) == {"1-5", "6-7", "8-10"}
    assert study.banner("release").blocks


def test_a_specification_travels_alone(tmp_path: Path) -> None:
    (tmp_path / "margins.csv").write_text(
        "variable,level,total\nsex,w,520\nsex,m,480\nsex * age,w * 1,3\nincome,,9000\n"
    )
    (tmp_path / "questions.yaml").write_text(
        "title: Q\nvariables:\n  q: {label: Q, levels: {'1': oui}}\n  r: {label: R}\n"
    )
    path = tmp_path / "spec.yaml"
    path.write_text(
        "title: V\n"
        "data: {questionnaire: questions.yaml, variables: {r: {label: Mieux}}}\n"
        "calibrations: [{name: w, margins_file: margins.csv}]\n"
    )
    alone = tmp_path / "elsewhere" / "spec.yaml"
    alone.parent.mkdir()
    alone.write_text(standalone(path), encoding="utf-8")
    found = read_specification(alone)
    assert found.calibrations[0].margins == {
        "sex": {"w": 520, "m": 480},
        "sex * age": {"w * 1": 3},
        "income": 9000,
    }
    assert found.data.questionnaire is None
    assert found.data.variables["q"].levels == {"1": "oui"}
    assert found.data.variables["r"].label == "Mieux"


def test_a_specification_that_names_no_file_stays_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("# Écrit à la main.\ntitle: V\n", encoding="utf-8")
    assert standalone(path) == "# Écrit à la main.\ntitle: V\n"
