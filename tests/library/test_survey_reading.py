"""Files of respondents and questionnaires: what is read, and what is refused with its place."""

from __future__ import annotations

import datetime as dt
import re
import struct
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pyreadstat
import pytest

from alliage import survey
from alliage.survey import Design, MultiResponse, Scale, SurveyError, SurveyProblem, Table, Variable
from alliage.survey.data.questionnaire import Questionnaire, SeveralAnswers, described
from alliage.survey.publishing import description
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FRAME = pl.DataFrame(
    {
        "q1": [1, 2, 9, None],
        "scale": [0, 10, 5, 99],
        "city": ["Évry", "Ivry", None, "Nîmes"],
        "x": [0.5, 1.5, 2.5, -9.0],
    }
)
LABELS: dict[str, dict[int | float, str]] = {
    "q1": {1: "Oui", 2: "Non", 3: "Peut-être", 9: "Refus"},
    "scale": {0: "pas du tout", 10: "tout à fait"},
}
QUESTIONNAIRE = """
title: Vague 1
variables:
  q1:
    label: Êtes-vous engagé ?
    scale: nominal
    universe: Tous
    levels: {2: Non, 1: Oui}
    missing: {9: Refus}
  x: {label: Dépense, scale: numeric, missing: {-9.0: inconnu}}
sets:
  places: {label: Lieux, variables: [q1, scale], counted: 2}
"""


def refused(problem: SurveyProblem, says: str, path: Path, **options: Any) -> SurveyError:
    with pytest.raises(SurveyError, match=says) as found:
        survey.read(path, **options)
    assert found.value.problem is problem
    return found.value


def write_sav(path: Path) -> Path:
    pyreadstat.write_sav(
        FRAME,
        str(path),
        column_labels={"q1": "Êtes-vous engagé ?"},
        variable_value_labels=LABELS,
        missing_ranges={"q1": [9], "scale": [99], "x": [{"lo": -9, "hi": -1}]},
        variable_measure={"q1": "nominal", "scale": "ordinal", "x": "scale"},
    )
    return path


def write_xlsx(path: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


# What is read.


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_csv(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "wave.csv"
    mark = "," if separator == ";" else "."
    text = f'q1|city|x\n1|Évry|0{mark}5\nNA|"Ivry | sur\nSeine"|\n2||1\n'.replace("|", separator)
    path.write_text(text, encoding="utf-8-sig")
    table = survey.read(path)
    assert table.source == "wave.csv"
    assert table.frame.rows() == [
        (1, "Évry", 0.5),
        (None, f"Ivry {separator} sur\nSeine", None),
        (2, None, 1.0),
    ]


def test_xlsx_and_parquet(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["q1", "city", None],
        [1, "Évry", None],
        [None, "NA", None],
        [None] * 3,
        [2, "Ivry", None],
    ]
    table = survey.read(write_xlsx(tmp_path / "wave.xlsx", rows))
    assert table.frame.rows() == [(1, "Évry"), (None, None), (2, "Ivry")]
    assert table.frame.schema["q1"] == pl.Int64
    FRAME.write_parquet(tmp_path / "wave.parquet")
    assert survey.read(tmp_path / "wave.parquet").frame.equals(FRAME)


def test_spss(tmp_path: Path) -> None:
    table = survey.read(write_sav(tmp_path / "wave.sav"))
    assert table.frame.equals(FRAME)
    q1 = table.variables["q1"]
    assert (q1.label, q1.missing, q1.scale) == ("Êtes-vous engagé ?", {9: "Refus"}, Scale.NOMINAL)
    # A level that nobody chose is there; a code for no answer is not.
    assert table.levels("q1") == (1, 2, 3)
    assert table.codes("q1").tolist() == [0, 1, -1, -1]
    # Ends of a scale are labelled, its middle is not.
    assert dict(table.variables["scale"].labels) == {0: "pas du tout", 5: "5", 10: "tout à fait"}
    assert tuple(table.variables["x"].missing) == (-9.0,)
    mean = survey.mean(survey.sample(table, Design()), "x").one()
    assert (mean.value, mean.missing) == (1.5, 1)


def test_stata(tmp_path: Path) -> None:
    path = tmp_path / "wave.dta"
    frame = FRAME.with_columns(pl.col("q1", "scale").cast(pl.Int32), pl.col("city").fill_null(""))
    pyreadstat.write_dta(
        frame,
        str(path),
        variable_value_labels={"q1": LABELS["q1"]},
    )
    table = survey.read(path)
    assert table.frame.equals(FRAME)
    assert table.levels("q1") == (1, 2, 3, 9)


def test_a_questionnaire_gives_labels_levels_and_missing_codes(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "wave.parquet")
    (tmp_path / "wave.yaml").write_text(QUESTIONNAIRE, encoding="utf-8")
    table = survey.read(tmp_path / "wave.parquet", tmp_path / "wave.yaml")
    q1 = table.variables["q1"]
    assert (q1.label, dict(q1.labels), q1.universe) == (
        "Êtes-vous engagé ?",
        {2: "Non", 1: "Oui"},
        "Tous",
    )
    assert table.levels("q1") == (2, 1)
    assert table.codes("q1").tolist() == [1, 0, -1, -1]
    assert table.sets["places"].counted == 2
    assert survey.mean(survey.sample(table, Design()), "x").one().missing == 1


def test_no_and_yes_in_quotes_are_texts(tmp_path: Path) -> None:
    pl.DataFrame({"a": ["Yes", "No"]}).write_csv(tmp_path / "w.csv")
    ask = tmp_path / "w.yaml"
    ask.write_text(
        "title: t\nvariables: {a: {label: A, levels: {'No': no, 'Yes': yes}}}\n".replace(
            "no,", "'no',"
        ).replace("yes}", "'yes'}"),
        encoding="utf-8",
    )
    assert survey.read(tmp_path / "w.csv", ask).levels("a") == ("No", "Yes")
    ask.write_text(
        "title: t\nvariables: {a: {label: A, levels: {No: n, Yes: y}}}\n", encoding="utf-8"
    )
    refused(SurveyProblem.TYPE, "words such as No in quotes", tmp_path / "w.csv", questionnaire=ask)


def test_frames_of_arrow_are_tables() -> None:
    table = survey.Table.of(FRAME.to_arrow())
    assert table.frame.get_column("q1").to_list() == [1, 2, 9, None]
    categories = pl.DataFrame({"c": pl.Series(["b", "a", "b"], dtype=pl.Enum(["c", "b", "a"]))})
    kept = survey.Table.of(categories)
    assert kept.levels("c") == ("c", "b", "a")
    assert kept.codes("c").tolist() == [1, 2, 1]
    loose = survey.Table.of(categories.with_columns(pl.col("c").cast(pl.Categorical)))
    assert loose.levels("c") == ("a", "b")
    assert loose.codes("c").tolist() == [1, 0, 1]


# What is refused.


def test_files_that_are_none(tmp_path: Path) -> None:
    refused(SurveyProblem.FORMAT, "There is no file « no.csv »", tmp_path / "no.csv")
    (tmp_path / "wave.doc").write_bytes(b"x")
    refused(SurveyProblem.FORMAT, "no known kind", tmp_path / "wave.doc")
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("" if name == "a.csv" else "q1;q2\n", encoding="utf-8")
        refused(SurveyProblem.EMPTY, "no row", tmp_path / name)
    write_xlsx(tmp_path / "empty.xlsx", [])
    refused(SurveyProblem.EMPTY, "no row", tmp_path / "empty.xlsx")
    (tmp_path / "text.xlsx").write_text("not a workbook", encoding="utf-8")
    refused(SurveyProblem.FORMAT, "damaged", tmp_path / "text.xlsx")


def test_files_cut_in_the_middle(tmp_path: Path) -> None:
    text = "q1,city,x\n" + "1,Paris,0.5\n" * 50
    (tmp_path / "wave.csv").write_text(text[: text.rindex(",")], encoding="utf-8")
    error = refused(
        SurveyProblem.TRUNCATED, r"its last line \(51\) has 2 cells", tmp_path / "wave.csv"
    )
    assert error.values["line"] == "51"
    whole = write_sav(tmp_path / "whole.sav").read_bytes()
    for part in (len(whole) // 2, len(whole) - 20, 10):
        (tmp_path / "wave.sav").write_bytes(whole[:part])
        refused(SurveyProblem.TRUNCATED, "cut or damaged", tmp_path / "wave.sav")
    FRAME.write_parquet(tmp_path / "whole.parquet")
    content = (tmp_path / "whole.parquet").read_bytes()
    (tmp_path / "wave.parquet").write_bytes(content[:-30])
    refused(SurveyProblem.TRUNCATED, "cut or damaged", tmp_path / "wave.parquet")
    frame = pl.DataFrame({"q": [1, 2]})
    pyreadstat.write_dta(frame, str(tmp_path / "whole.dta"), variable_value_labels={"q": {1: "a"}})
    content = (tmp_path / "whole.dta").read_bytes()
    (tmp_path / "wave.dta").write_bytes(content + b"\n")
    assert survey.read(tmp_path / "wave.dta").levels("q") == (1, 2)
    (tmp_path / "wave.dta").write_bytes(content[:-60])
    refused(SurveyProblem.TRUNCATED, "cut or damaged", tmp_path / "wave.dta")
    book = write_xlsx(tmp_path / "whole.xlsx", [["a"], [1]]).read_bytes()
    (tmp_path / "wave.xlsx").write_bytes(book[: len(book) // 2])
    refused(SurveyProblem.FORMAT, "damaged", tmp_path / "wave.xlsx")


def test_texts_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "wave.csv"
    path.write_bytes("city;q\nParis;1\nÉvry;2\n".encode("windows-1252"))
    error = refused(SurveyProblem.ENCODING, "Line 3 .* not in utf-8", path)
    assert error.values["line"] == "3"
    assert survey.read(path, encoding="windows-1252").frame.row(1) == ("Évry", 2)
    content = write_sav(tmp_path / "whole.sav").read_bytes()
    for text, says in [
        ("Êtes", "the label of « q1 »"),
        ("Peut-être", "a label of the answers of « q1 »"),
        ("Évry", "the text of row 1 of « city »"),
    ]:
        # A byte that UTF-8 never holds, and Latin-1 letters: readers do not treat them alike.
        for wrong in (text.encode().replace(b"\xc3", b"\xff"), text.encode("latin-1") + b" "):
            (tmp_path / "wave.sav").write_bytes(content.replace(text.encode(), wrong))
            refused(SurveyProblem.ENCODING, says, tmp_path / "wave.sav")


@pytest.mark.parametrize(
    ("text", "problem", "says"),
    [
        ("a;a\n1;2\n", SurveyProblem.COLUMN, "names a twice"),
        ("a;;b\n1;2;3\n", SurveyProblem.COLUMN, "no name for column 2"),
        ("a,b\n1,2\n3,4,5\n6,7\n", SurveyProblem.FORMAT, "Line 3 .* has 3 cells for 2 columns"),
        ("a,b\n1,2\n3\n6,7\n", SurveyProblem.FORMAT, "Line 3 .* has 1 cells"),
        ('a,b\n1,2\n"3,4\n6,7\n', SurveyProblem.TRUNCATED, r"its last line \(3\)"),
        (
            'a,b\n"x\ny",2\n5" pipe,4\n6,7\n',
            SurveyProblem.FORMAT,
            "Line 4 .* has a quote inside a cell that is not in quotes",
        ),
        ('a,b\n"x" y,2\n6,7\n', SurveyProblem.FORMAT, "Line 2 .* has a quote inside"),
    ],
)
def test_csv_that_cannot_be_used(
    tmp_path: Path, text: str, problem: SurveyProblem, says: str
) -> None:
    (tmp_path / "wave.csv").write_text(text, encoding="utf-8")
    refused(problem, says, tmp_path / "wave.csv")


def test_a_text_among_numbers_is_named(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "wave.xlsx", [["age"], [31], [42], ["trente"], [18]])
    error = refused(
        SurveyProblem.TYPE, "In « age », line 4 of « wave.xlsx » holds « trente », a text", path
    )
    assert (error.values["line"], error.values["value"]) == ("4", "trente")
    path.unlink()
    path = write_xlsx(tmp_path / "wave.xlsx", [["q"], ["a"], ["b"], [3]])
    refused(SurveyProblem.TYPE, "In « q », line 4 .* a number in texts", path)


def test_an_answer_that_is_not_foreseen_is_named(tmp_path: Path) -> None:
    pl.DataFrame({"q1": [1, 2, 7], "x": [1.0, 2, 3], "scale": [1, 1, 1]}).write_csv(
        tmp_path / "wave.csv"
    )
    ask = tmp_path / "wave.yaml"
    ask.write_text(QUESTIONNAIRE, encoding="utf-8")
    error = refused(
        SurveyProblem.LEVEL,
        "In « q1 », line 4 of « wave.csv » holds « 7 »",
        tmp_path / "wave.csv",
        questionnaire=ask,
    )
    assert error.values["allowed"] == "2, 1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title: t\nvariables: {zz: {label: Z}}\n", "no column « zz »"),
        ("title: t\nvariables: {q1: {label: Q, levels: {a: A}}}\n", "« a » of « q1 »"),
        (
            "title: t\nvariables: {}\nsets: {s: {label: S, variables: [q1, other]}}\n",
            "the column « other »",
        ),
        (
            "title: t\nvariables: {q1: {label: Q, levels: {2: A, 1: B, '2.0': C}}}\n",
            "The code « 2.0 » of « q1 » is that of another line",
        ),
        (
            "title: t\nvariables: {}\nsets: {s: {label: S, variables: [q1, q1], counted: 2}}\n",
            "names q1 twice",
        ),
    ],
)
def test_questionnaires_that_the_table_contradicts(tmp_path: Path, text: str, says: str) -> None:
    FRAME.write_parquet(tmp_path / "wave.parquet")
    ask = tmp_path / "wave.yaml"
    ask.write_text(text, encoding="utf-8")
    with pytest.raises(SurveyError, match=says):
        survey.read(tmp_path / "wave.parquet", ask)


def test_a_questionnaire_that_is_not_one_lists_every_problem(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "wave.parquet")
    ask = tmp_path / "wave.yaml"
    ask.write_text("variables: {q1: {label: Q, scale: metric, color: red}}\n", encoding="utf-8")
    with pytest.raises(InvalidFilesError) as found:
        survey.read(tmp_path / "wave.parquet", ask)
    places = {problem.place for problem in found.value.problems}
    assert places == {"title", "variables, q1, scale", "variables, q1, color"}


# DDI-Codebook.


def test_ddi_gives_the_description_back(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "wave.parquet")
    (tmp_path / "wave.yaml").write_text(QUESTIONNAIRE, encoding="utf-8")
    table = survey.read(tmp_path / "wave.parquet", tmp_path / "wave.yaml")
    path = tmp_path / "wave.xml"
    path.write_text(survey.write_ddi(table, "Vague 1 & suite"), encoding="utf-8")
    found = survey.read_ddi(path)
    assert found.title == "Vague 1 & suite"
    again = survey.read(tmp_path / "wave.parquet", found)
    for name in ("q1", "x"):
        mine, theirs = again.variables[name], table.variables[name]
        assert (mine.label, dict(mine.labels), mine.missing, mine.scale, mine.universe) == (
            theirs.label,
            dict(theirs.labels),
            theirs.missing,
            theirs.scale,
            theirs.universe,
        )
    assert again.sets["places"] == table.sets["places"]
    assert again.levels("q1") == (2, 1)


def test_ddi_of_another_producer(tmp_path: Path) -> None:
    path = tmp_path / "study.xml"
    path.write_text(
        """<codeBook xmlns="http://www.icpsr.umich.edu/DDI"><dataDscr>
        <var name="V1" intrvl="discrete"><labl> Sex of
        respondent </labl><catgry><catValu>1</catValu><labl>Male</labl></catgry>
        <catgry><catValu>2</catValu></catgry>
        <catgry missing="Y"><catValu>9</catValu><labl>No answer</labl></catgry></var>
        </dataDscr></codeBook>""",
        encoding="utf-8",
    )
    question = survey.read_ddi(path).variables["V1"]
    assert question.label == "Sex of respondent"
    assert question.levels == {"1": "Male", "2": "2"}
    assert question.missing == {"9": "No answer"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<codeBook>", "is not a DDI document"),
        ("<codeBook/>", "describes no variable"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><codeBook>&b;</codeBook>', "is not a DDI document"),
    ],
)
def test_ddi_that_is_none(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "study.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SurveyError, match=says) as found:
        survey.read_ddi(path)
    assert found.value.problem is SurveyProblem.FORMAT


# Reasons for no answer, and questions with several answers.


def test_reasons_for_no_answer_go_through_files(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "wave.parquet")
    (tmp_path / "wave.yaml").write_text(QUESTIONNAIRE, encoding="utf-8")
    table = survey.read(tmp_path / "wave.parquet", tmp_path / "wave.yaml")
    assert table.variables["q1"].missing == {9: "Refus"}
    survey.write_respondents(table, tmp_path / "again.sav")
    (tmp_path / "again.xml").write_text(survey.write_ddi(table, "Vague 1"), encoding="utf-8")
    of_ddi = survey.read(tmp_path / "wave.parquet", survey.read_ddi(tmp_path / "again.xml"))
    for again in (survey.read(tmp_path / "again.sav"), of_ddi):
        assert again.variables["q1"].missing == {9: "Refus"}
        assert again.variables["x"].missing == {-9.0: "inconnu"}
        assert again.levels("q1") == (2, 1)
        assert survey.mean(survey.sample(again, Design()), "x").one().missing == 1


def test_codes_without_reasons_take_those_of_the_labels() -> None:
    assert Variable(missing=(8, 9)).reasons == {8: "", 9: ""}
    assert Variable(labels={1: "Oui", 9: "Refus"}, missing=[9]).reasons == {9: "Refus"}
    both = Variable(labels={1: "Oui", 9: "Refus"}, missing=(9,))
    table = survey.Table.of(pl.DataFrame({"q": [1, 9]})).describe({"q": both})
    assert survey.write_ddi(table, "t").count("<catValu>9</catValu>") == 1


def test_a_range_of_codes_holds_those_that_nobody_gave(tmp_path: Path) -> None:
    path = tmp_path / "wave.sav"
    codes: dict[int | float, str] = {
        96: "Pas concerné",
        97: "Refus",
        98: "Ne sait pas",
        99: "Sans réponse",
    }
    pyreadstat.write_sav(
        pl.DataFrame({"q": [1, 2, 97, 99]}),
        str(path),
        variable_value_labels={"q": {1: "Oui", 2: "Non", **codes}},
        missing_ranges={"q": [{"lo": 96, "hi": 99}]},
    )
    table = survey.read(path)
    assert table.variables["q"].missing == codes
    assert table.levels("q") == (1, 2)
    # SPSS holds three codes at most, or a range of them.
    survey.write_respondents(table, tmp_path / "again.sav")
    assert survey.read(tmp_path / "again.sav").variables["q"].missing == codes
    between = {"q": Variable(missing=(1, 96, 97, 99))}
    with pytest.raises(SurveyError, match="max 3"):
        survey.write_respondents(table.describe(between), tmp_path / "no.sav")


def with_sets(path: Path, *sets: str) -> Path:
    """Add sets of answers to an SPSS file as SPSS does; pyreadstat writes none."""
    text = "".join(f"${one}\n" for one in sets).encode()
    record = struct.pack("<4i", 7, 7, 1, len(text)) + text
    end = struct.pack("<2i", 999, 0)
    before, found, after = path.read_bytes().partition(end)
    assert found
    path.write_bytes(before + record + end + after)
    return path


def test_sets_of_spss(tmp_path: Path) -> None:
    path = tmp_path / "wave.sav"
    frame = pl.DataFrame(
        {
            "a": [1, 0, 1, None],
            "b": [0, 0, 1, None],
            "s": ["1", "0", "1", ""],
            "t": ["0", "0", "1", ""],
            "c1": [1, 2, None, 3],
            "c2": [2, None, 9, 9],
            "c_1": [5, 6, 7, 8],
            "e1": pl.Series([None] * 4, dtype=pl.Float64),
        }
    )
    transports: dict[int | float, str] = {1: "Bus", 2: "Car", 3: "Bike", 4: "Foot", 9: "NSP"}
    pyreadstat.write_sav(
        frame,
        str(path),
        variable_value_labels={"c1": transports, "c2": transports},
        missing_ranges={"c1": [9], "c2": [9]},
    )
    with_sets(
        path,
        "d=D1 1 4 Both a b",
        "e=D1 0 4 None a b",
        "f=D1 1 4 Text s t",
        "c=C 9 Transport c1 c2",
        "n=C 6 Nobody e1 e1",
    )
    table = survey.read(path)
    assert {name: one.counted for name, one in table.sets.items()} == {
        "d": 1, "e": 0, "f": "1", "c": 1,
    }  # fmt: skip
    # One column for each option, beside a column that has its name already.
    several = table.sets["c"]
    assert (several.label, several.variables) == ("Transport", ("c_1_", "c_2", "c_3", "c_4"))
    labels = [table.variables[name].label for name in several.variables]
    assert labels == ["Bus", "Car", "Bike", "Foot"]
    assert table.frame.get_column("c_1").to_list() == [5, 6, 7, 8]
    people = survey.sample(table, Design())
    found = {name: list(survey.choices(people, name)) for name in table.sets}
    assert [one.value for one in found["e"]] == pytest.approx([1 / 3, 2 / 3])
    assert [one.value for one in found["f"]] == pytest.approx([2 / 3, 1 / 3])
    # Nobody goes on foot; who only said that they do not know did not answer.
    assert [one.value for one in found["c"]] == pytest.approx([1 / 3, 2 / 3, 1 / 3, 0])
    assert {(one.respondents, one.missing) for one in found["c"]} == {(3, 1)}


@pytest.mark.parametrize(
    ("values", "counted", "holds"),
    [([0, 1], "5", "0, 1"), (["oui", "non"], "Oui", "'non', 'oui'"), ([1, 2], "'no'", "1, 2")],
)
def test_a_counted_value_that_nobody_carries_is_refused(
    tmp_path: Path, values: list[Any], counted: str, holds: str
) -> None:
    frame = pl.DataFrame({"u1": values * 10, "u2": values[::-1] * 10, "sex": ["w", "m"] * 10})
    frame.write_csv(tmp_path / "wave.csv")
    ask = tmp_path / "wave.yaml"
    several = f"{{label: S, variables: [u1, u2], counted: {counted}}}"
    ask.write_text(f"title: t\nvariables: {{}}\nsets: {{s: {several}}}\n", encoding="utf-8")
    refused(SurveyProblem.LEVEL, f"they hold {holds}", tmp_path / "wave.csv", questionnaire=ask)
    said = {"s": MultiResponse(variables=("u1", "u2"), counted=counted.strip("'"))}
    people = survey.sample(survey.Table(frame, {}, said), Design())
    clusters = frame.with_columns(c=pl.int_range(pl.len()) // 2)
    clustered = survey.sample(survey.Table(clusters, {}, said), Design(clusters="c"))
    for asked in (
        lambda: survey.choices(people, "s"),
        lambda: survey.banner(people, ["s"], ["sex"]),
        lambda: survey.banner(clustered, ["s"], ["sex"]),
    ):
        with pytest.raises(SurveyError, match=f"they hold {holds}"):
            asked()


@pytest.mark.parametrize(
    ("values", "written", "counted"),
    [
        (["1", "0"], 1, "1"),
        ([True, False], "true", True),
        ([1, 0], True, 1),
        ([1.0, 0.0], "1", 1.0),
    ],
)
def test_a_counted_value_is_written_as_the_answers(
    values: list[Any], written: str | bool, counted: object
) -> None:
    several = SeveralAnswers(label="S", variables=("u", "v"), counted=written)
    ask = Questionnaire(title="t", variables={}, sets={"s": several})
    table = described(survey.Table.of(pl.DataFrame({"u": values, "v": values[::-1]})), ask)
    found = table.sets["s"].counted
    assert (type(found), found) == (type(counted), counted)
    shares = survey.choices(survey.sample(table, Design()), "s")
    assert [one.value for one in shares] == [0.5, 0.5]


def test_a_counted_value_may_be_a_level_that_nobody_chose() -> None:
    several = SeveralAnswers(label="S", variables=("u", "v"), counted="yes")
    ask = Questionnaire(title="t", variables={}, sets={"s": several})
    table = survey.Table.of(pl.DataFrame({"u": ["no", "no"], "v": ["no", "no"]}))
    with pytest.raises(SurveyError, match="or describe the levels"):
        described(table, ask)
    known = described(table.describe({"u": Variable(labels={"no": "No", "yes": "Yes"})}), ask)
    # Of 0 and 1, 0 alone says enough.
    none = survey.Table(
        pl.DataFrame({"u": [0, 0], "v": [0, 0]}), sets={"s": MultiResponse(variables=("u", "v"))}
    )
    for each in (known, none):
        shares = survey.choices(survey.sample(each, Design()), "s")
        assert [one.value for one in shares] == [0, 0]


def test_ddi_says_what_is_counted_in_a_note_of_this_type(tmp_path: Path) -> None:
    frame = pl.DataFrame({"u1": [0, 2], "u2": [2, 2]})
    sets = {"s": MultiResponse(variables=("u1", "u2"), counted=2)}
    text = survey.write_ddi(survey.Table(frame, {}, sets), "t")
    note = '<notes type="counted">2</notes>'
    assert note in text
    for written, counted in [
        (f"<notes>Asked of all</notes>{note}", 2),
        ("<notes>Asked of all</notes>", 1),
    ]:
        path = tmp_path / "study.xml"
        path.write_text(text.replace(note, written), encoding="utf-8")
        assert survey.read_ddi(path).sets["s"].counted == counted


INVALID = """<codeBook xmlns="ddi:codebook:2_5"><dataDscr><var ID="V1" name="q">
    <invalrng>{}</invalrng>
    <catgry><catValu>1</catValu><labl>Yes</labl></catgry>
    <catgry><catValu>9.0</catValu><labl>Refused</labl></catgry>
    <catgry missing="Y"><catValu>.</catValu><labl>Sysmiss</labl></catgry>
    <catgry missing="Y"><catValu>.a</catValu></catgry>
    </var></dataDscr></codeBook>"""


@pytest.mark.parametrize(
    ("invalid", "missing"),
    [
        ('<item VALUE="9"/><item VALUE="."/>', {"9": "Refused"}),
        ('<range min="8" max="9.0"/>', {"8": "8", "9": "Refused"}),
        ("", {}),
    ],
)
def test_invalid_values_of_ddi_are_missing(
    tmp_path: Path, invalid: str, missing: dict[str, str]
) -> None:
    path = tmp_path / "study.xml"
    path.write_text(INVALID.format(invalid), encoding="utf-8")
    question = survey.read_ddi(path).variables["q"]
    assert question.missing == missing
    assert list(question.levels) == (["1"] if missing else ["1", "9.0"])
    pl.DataFrame({"q": [1, 9, None]}).write_parquet(tmp_path / "wave.parquet")
    table = survey.read(tmp_path / "wave.parquet", survey.read_ddi(path))
    assert table.codes("q").tolist() == [0, -1 if missing else 1, -1]


@pytest.mark.parametrize(
    ("place", "span"),
    [
        ("invalrng", 'min="9" max="8"'),
        ("invalrng", 'max="abc"'),
        ("invalrng", 'min="-inf"'),
        ("valrng", 'min="2010-01-01"'),
    ],
)
def test_ranges_of_ddi_that_hold_no_number(tmp_path: Path, place: str, span: str) -> None:
    path = tmp_path / "study.xml"
    text = INVALID.format(f"<range {span}/>").replace("invalrng", place)
    path.write_text(text, encoding="utf-8")
    says = rf"« q » has a range of values that holds no number: m.* take it out of its `{place}`"
    with pytest.raises(SurveyError, match=says) as found:
        survey.read_ddi(path)
    assert found.value.problem is SurveyProblem.FORMAT
    assert found.value.values["column"] == "q"


def test_letters_of_stata_are_missing_and_their_reasons_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "wave.dta"
    frame = pl.DataFrame(
        {"q": [1, 2, "a", "z", None], "x": [1.5, "b", 0.1 + 0.2, 3.0, 4.0]},
        schema={"q": pl.Object, "x": pl.Object},
    )
    labels: dict[str, dict[Any, str]] = {"q": {1: "oui", 2: "non", "a": "NSP"}}
    for version in (8, 10, 12, 15):
        pyreadstat.write_dta(
            frame,
            str(path),
            version=version,
            variable_value_labels=labels,
            missing_user_values={"q": ["a", "z"], "x": ["b"]},
        )
        table = survey.read(path)
        assert table.column("q").to_list() == [1, 2, None, None, None]
        assert table.column("x").to_list() == [1.5, None, 0.1 + 0.2, 3.0, 4.0]
        assert table.levels("q") == (1, 2)
        assert table.variables["q"].labels == {1: "oui", 2: "non"}
        assert table.variables["q"].letters == {".a": "NSP"}
        shown = description.describe(table).listing("en").rows[0]
        assert shown[-1] == "1 oui, 2 non, .a NSP"
        assert survey.mean(survey.sample(table, Design()), "x").one().value == pytest.approx(2.2)


@pytest.mark.parametrize("version", [8, 10, 12])
def test_an_old_stata_file_cut_in_its_labels_is_refused(tmp_path: Path, version: int) -> None:
    path = tmp_path / "wave.dta"
    labels: dict[str, dict[int | float, str]] = {"q": {1: "oui", 2: "non"}, "r": {1: "yes"}}
    frame = pl.DataFrame({"q": [1, 2], "city": ["Évry", "Lille"], "r": [1, 1], "x": [0.5, 1.5]})
    pyreadstat.write_dta(frame, str(path), version=version, variable_value_labels=labels)
    whole = path.read_bytes()
    assert survey.read(path).levels("q") == (1, 2)
    path.write_bytes(whole + bytes(100))
    assert survey.read(path).levels("r") == (1,)
    for lost in (1, 10, 30, 59, 61, 100, len(whole) - 150):
        path.write_bytes(whole[:-lost])
        refused(SurveyProblem.TRUNCATED, "cut or damaged", path)


def test_a_last_line_without_an_end_is_told_and_refused_where_it_ends_on_a_separator(
    tmp_path: Path,
) -> None:
    path = tmp_path / "wave.csv"
    whole = "q,sex,w\n1,F,25\n2,M,26\n"
    path.write_text(whole, encoding="utf-8")
    assert survey.read(path).findings == ()
    path.write_text(whole[:-2], encoding="utf-8")
    table = survey.read(path)
    assert table.frame["w"].to_list() == [25, 2]
    (found,) = description.describe(table).findings
    assert found.startswith("The last line of « wave.csv » (3) has no end")
    path.write_text(whole[:-3], encoding="utf-8")
    error = refused(SurveyProblem.TRUNCATED, r"its last line \(3\) ends with a separator", path)
    assert error.values == {"file": "wave.csv", "line": "3"}
    with pytest.raises(SurveyError, match="ends with a separator"):
        survey.moments(path, Design(), [survey.Mean(variable="q")])
    # Somebody who did not answer, in a line that is ended.
    path.write_text(whole[:-3] + "\n", encoding="utf-8")
    assert survey.read(path).frame["w"].to_list() == [25, None]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("q,w\n1,1\n2,2\n", [2, 3]),
        ("q,w\r\n1,1\r\n\r\n2,2\r\n", [2, 4]),
        ('q,w\n"1\n1",1\n\n\n2,"2"\n', [2, 6]),
        ("q\n1\n\n2\n", [2, 3, 4]),
        ('"the\nquestion",w\n1,1\n', [3]),
    ],
)
def test_rows_stand_where_they_are_in_the_file(tmp_path: Path, text: str, lines: list[int]) -> None:
    path = tmp_path / "wave.csv"
    path.write_bytes(text.encode())
    table = survey.read(path)
    assert [table.place(row).values["line"] for row in range(table.frame.height)] == lines
    assert table.place(0).words == f"line {lines[0]} of « wave.csv »"
    # Rows that were left out afterwards have no line any more.
    assert survey.Table(table.frame[:0], source="wave.csv", lines=table.lines).places.lines == ()


def test_every_refusal_of_an_answer_names_the_line_of_its_file(tmp_path: Path) -> None:
    """Of a CSV file, in memory or in parts, and of a sheet; a blank line is counted."""
    rows: list[list[Any]] = [["q", "w", "t"], [1, 1, 1], [None] * 3, [7, -2, "x"], [1, None, 1]]
    csv = tmp_path / "wave.csv"
    written = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    csv.write_text("\n".join([*written[:2], "", *written[3:], ""]), encoding="utf-8")
    sheet = write_xlsx(tmp_path / "wave.xlsx", [row[:2] for row in rows])
    described = {"q": survey.Variable(labels={1: "one"})}
    acts: list[tuple[Callable[[survey.Table], object], SurveyProblem, str]] = [
        (lambda t: t.describe(described).codes("q"), SurveyProblem.LEVEL, "4"),
        (lambda t: survey.sample(t, Design(weights="w")), SurveyProblem.WEIGHT_MISSING, "5"),
        (lambda t: survey.sample(t, Design(strata="w")), SurveyProblem.DESIGN_MISSING, "5"),
        (
            lambda t: survey.calibrate(survey.sample(t, Design()), {"w": 3.0}),
            SurveyProblem.MARGIN_MISSING,
            "5",
        ),
    ]
    for file in (csv, sheet):
        table = survey.read(file)
        for act, problem, line in acts:
            with pytest.raises(SurveyError, match=rf"line {line} of « {file.name} »") as found:
                act(table)
            assert found.value.problem is problem
            assert (found.value.values["line"], found.value.values["file"]) == (line, file.name)
            assert "row" not in found.value.values
    for design, request in [
        (Design(weights="t"), survey.Mean(variable="q")),
        (Design(), survey.Mean(variable="t")),
    ]:
        with pytest.raises(SurveyError, match=r"line 4 of « wave\.csv » holds « x »") as found:
            survey.moments(csv, design, [request])
        assert (found.value.values["line"], found.value.values["value"]) == ("4", "x")
    with pytest.raises(SurveyError, match=r"the first in line 5 of « wave\.csv »"):
        survey.moments(csv, Design(weights="w"), [survey.Mean(variable="q")])


@pytest.mark.parametrize("rows_at_once", [1, 3, 500])
def test_lines_are_those_of_the_whole_file_where_it_is_read_in_parts(
    tmp_path: Path, rows_at_once: int
) -> None:
    path = tmp_path / "wave.csv"
    blocks = ['"a\nb",1\n\nc,2\n'] * 60
    path.write_text("t,w\n" + "".join(blocks) + "d,-3\n" + "".join(blocks), encoding="utf-8")
    for design, request, says in [
        (Design(weights="w"), survey.Proportion(variable="t"), "line 242 of « wave.csv », which"),
        (Design(), survey.Proportion(variable="t"), "60 respondents, the first in line 2 of"),
    ]:
        described = {} if design.weights else {"t": survey.Variable(labels={"c": "C", "d": "D"})}
        with pytest.raises(SurveyError) as found:
            survey.moments(path, design, [request], variables=described, rows_at_once=rows_at_once)
        said = re.sub(r"\d+ respondents", "60 respondents", str(found.value))
        assert says in said


def test_files_may_be_named_by_a_text(tmp_path: Path) -> None:
    table = survey.Table.of(FRAME)
    folder = str(tmp_path)
    survey.write_respondents(table, f"{folder}/rows.parquet")
    assert survey.read(f"{folder}/rows.parquet").frame.equals(FRAME)
    (tmp_path / "wave.xml").write_text(survey.write_ddi(table, "Wave 1"), encoding="utf-8")
    assert survey.read_ddi(f"{folder}/wave.xml").title == "Wave 1"
    (tmp_path / "wave.yaml").write_text(QUESTIONNAIRE, encoding="utf-8")
    assert survey.read_questionnaire(f"{folder}/wave.yaml").title == "Vague 1"
    (tmp_path / "spec.yaml").write_text("title: Wave 1\n", encoding="utf-8")
    assert survey.read_specification(f"{folder}/spec.yaml").title == "Wave 1"


@pytest.mark.parametrize("version", [8, 10, 12, 15])
def test_labels_that_an_old_stata_file_names_and_does_not_hold_are_told(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "wave.dta"
    labels: dict[str, dict[int | float, str]] = {"q": {1: "oui"}, "r": {1: "yes"}, "s": {1: "si"}}
    frame = pl.DataFrame({"q": [1, 2], "r": [1, 1], "s": [1, 1], "x": [0.5, 1.5]})
    pyreadstat.write_dta(frame, str(path), version=version, variable_value_labels=labels)
    whole = path.read_bytes()
    assert survey.read(path).findings == ()
    # Each set of labels begins with its length, and then has its name.
    for name, lost in [(b"s2\0", "s"), (b"r1\0", "r, s"), (b"q0\0", "q, r, s")]:
        path.write_bytes(whole[: whole.rindex(name) - 4])
        if version == 15:
            refused(SurveyProblem.TRUNCATED, "cut or damaged", path)
            continue
        table = survey.read(path)
        assert table.frame.equals(frame)
        (found,) = description.describe(table).findings
        assert found.startswith(f"« wave.dta » names labels for the answers of {lost}, and does")
    if version == 15:
        # This format says where it ends: labels that are dropped are no sign of a cut.
        path.write_bytes(whole.replace(b"s2\0", b"t2\0", 1))
        assert survey.read(path).findings == ()


@pytest.mark.parametrize(
    ("span", "answers", "missing"),
    [
        ('max="-1"', [1, -1, -7, 0, 9], [-7, -1]),
        ('min="9"', [1, 9, 97, 8, -1], [9, 97]),
        ('minExclusive="8"', [1, 8, 9, 97, 8.5], [8.5, 9, 97]),
        ('maxExclusive="-1"', [1, -1, -2, 0, 9], [-2]),
        ('min="0.5" max="0.75"', [0.25, 0.5, 0.6, 0.75, 1], [0.5, 0.6, 0.75]),
        ('min="2000" max="99999"', [1, 2000, 99999, 1999, 1e5], [2000, 99999]),
    ],
)
def test_open_ranges_of_ddi_are_missing(
    tmp_path: Path, span: str, answers: list[float], missing: list[float]
) -> None:
    text = f"""<codeBook xmlns="ddi:codebook:2_5"><dataDscr><var name="q">
        <invalrng><range {span}/></invalrng>
        <catgry><catValu>{missing[0]}</catValu><labl>Refused</labl></catgry>
        </var></dataDscr></codeBook>"""
    ddi = tmp_path / "study.xml"
    ddi.write_text(text, encoding="utf-8")
    path = tmp_path / "wave.csv"
    path.write_text("q\n" + "".join(f"{one:g}\n" for one in answers), encoding="utf-8")
    table = survey.read(path, survey.read_ddi(ddi))
    kept = [None if one in missing else one for one in answers]
    assert table.column("q").to_list() == kept
    reasons = dict.fromkeys(missing, "") | {missing[0]: "Refused"}
    assert table.variables["q"].reasons == reasons


RANGES = """
title: Vague 1
variables:
  age: {label: Age, valid_ranges: [{min: 18, max: 99}, {min: 777, max: 777}]}
  w: {label: Weight, missing_ranges: [{max: -1}], valid_ranges: [{min: 0}]}
  q: {label: Q, levels: {1: a, -2: Refus}, missing: {8: NSP}, missing_ranges: [{max: -1}]}
"""


def test_ranges_of_a_questionnaire_say_what_is_missing_and_what_is_valid(tmp_path: Path) -> None:
    path, asked = tmp_path / "wave.csv", tmp_path / "wave.yaml"
    asked.write_text(RANGES, encoding="utf-8")
    path.write_text("age,w,q\n18,0.5,1\n777,-2.5,-9\n,-1,8\n", encoding="utf-8")
    table = survey.read(path, asked)
    assert table.column("w").to_list() == [0.5, None, None]
    assert table.variables["q"].reasons == {-9: "", -2: "Refus", 8: "NSP"}
    assert table.levels("q") == (1,)
    path.write_text("age,w,q\n18,0.5,1\n100,1,1\n17,1,1\n", encoding="utf-8")
    says = r"line 3 of « wave.csv » holds « 100 » \(and 1 more rows\), .*: from 18 to 99, 777\."
    error = refused(SurveyProblem.LEVEL, says, path, questionnaire=asked)
    assert (error.values["line"], error.values["allowed"]) == ("3", "from 18 to 99, 777")
    path.write_text("age,w,q\n18,0.5,1\n19,-0.5,1\n", encoding="utf-8")
    refused(
        SurveyProblem.LEVEL, "« -0.5 », which is not among .*: from 0", path, questionnaire=asked
    )
    path.write_text("age,w,q\n18,1,1\n19,many,1\n", encoding="utf-8")
    says = "« w » has ranges of numbers, and line 3 of « wave.csv » holds « many »"
    refused(SurveyProblem.TYPE, says, path, questionnaire=asked)
    # Nobody was asked: there is nothing to compare.
    path.write_text("age,w,q\n,,1\n,,1\n", encoding="utf-8")
    assert survey.read(path, asked).variables["w"].missing == {}


def test_a_range_that_is_none_is_refused_with_its_place(tmp_path: Path) -> None:
    asked = tmp_path / "wave.yaml"
    text = RANGES.replace("{min: 0}", "{}").replace("{min: 18, max: 99}", "{min: 18, max: 9}")
    asked.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFilesError) as found:
        survey.read_questionnaire(asked)
    for says in ("age, valid_ranges, entry 1: No number is between 18 and 9", "w, valid_ranges, e"):
        assert says in str(found.value)
    assert "No end is given" in str(found.value)


def test_an_open_range_of_texts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.xml"
    text = INVALID.format('<range min="97"/>').replace(
        "</var>", '<varFormat type="character"/></var>'
    )
    path.write_text(text, encoding="utf-8")
    says = "« q », which holds texts, go from 97: .* Write each of them"
    with pytest.raises(SurveyError, match=says) as found:
        survey.read_ddi(path)
    assert found.value.problem is SurveyProblem.FORMAT
    # A list of codes has a meaning, and what is valid is not read.
    text = text.replace('min="97"', 'min="97" max="98"')
    text = text.replace("<invalrng>", '<valrng><range min="a"/></valrng><invalrng>')
    path.write_text(text, encoding="utf-8")
    assert list(survey.read_ddi(path).variables["q"].missing)[:2] == ["97", "98"]


def test_valid_values_of_ddi_are_those_that_may_be_answered(tmp_path: Path) -> None:
    ddi, path = tmp_path / "study.xml", tmp_path / "wave.csv"
    ddi.write_text(
        """<codeBook xmlns="ddi:codebook:2_5"><dataDscr>
        <var name="age"><valrng><range UNITS="INT" min="18"/><item VALUE="0"/><key>0: no</key>
        </valrng><valrng><range min="." max="."/></valrng></var>
        <var name="q"><valrng><range min="1" max="1"/></valrng>
        <catgry><catValu>1</catValu></catgry><catgry><catValu>2</catValu></catgry></var>
        </dataDscr></codeBook>""",
        encoding="utf-8",
    )
    asked = survey.read_ddi(ddi)
    path.write_text("age,q\n18,1\n0,2\n120,2\n,1\n", encoding="utf-8")
    # A variable with levels has those, whatever range was seen.
    assert survey.read(path, asked).codes("q").tolist() == [0, 1, 1, 0]
    path.write_text("age,q\n18,1\n17,2\n", encoding="utf-8")
    refused(SurveyProblem.LEVEL, "line 3 .* « 17 », .*: from 18, 0", path, questionnaire=asked)


def test_a_question_of_the_header_may_hold_separators(tmp_path: Path) -> None:
    path = tmp_path / "wave.csv"
    path.write_text('"Sex; age; town","Tired,\nor not?"\nx,1\n', encoding="utf-8")
    assert survey.read(path).frame.row(0, named=True) == {
        "Sex; age; town": "x",
        "Tired,\nor not?": 1,
    }


@pytest.mark.parametrize("late", ["2.5", "many"])
def test_codes_with_zeros_and_types_told_late_are_read(tmp_path: Path, late: str) -> None:
    rows = [f"{row},{row % 90:02},1\n" for row in range(1_500)]
    path = tmp_path / "wave.csv"
    path.write_text(f"id,code,q\n{''.join(rows)}1500,01,{late}\n", encoding="utf-8")
    frame = survey.read(path).frame
    assert frame.row(7) == (7, "07", 1.0 if late == "2.5" else "1")
    assert frame.row(1_500) == (1_500, "01", 2.5 if late == "2.5" else "many")


def test_an_encoding_has_several_names_or_does_not_exist(tmp_path: Path) -> None:
    content = write_sav(tmp_path / "whole.sav").read_bytes()
    path = tmp_path / "wave.sav"
    path.write_bytes(content.replace("Évry".encode(), "Évry".encode("latin-1") + b" "))
    for name in ("latin-1", "latin_1", "ISO-8859-1", "windows-1252"):
        assert survey.read(path, encoding=name).frame.get_column("city")[0] == "Évry"
    with pytest.raises(SurveyError, match="cannot be read in mac-roman"):
        survey.read(path, encoding="mac-roman")
    (tmp_path / "wave.csv").write_text("q\n1\n", encoding="utf-8")
    for file in ("wave.csv", "wave.sav"):
        with pytest.raises(SurveyError, match="« ansi » is no encoding"):
            survey.read(tmp_path / file, encoding="ansi")


def test_a_label_of_stata_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "wave.dta"
    pyreadstat.write_dta(pl.DataFrame({"q": [1.0]}), path, column_labels={"q": "Été ?"})
    path.write_bytes(path.read_bytes().replace("É".encode(), b"\xc9 "))
    refused(SurveyProblem.ENCODING, "the label of « q » is not in UTF-8", path)


def test_sentences_of_texts_go_through_spss(tmp_path: Path) -> None:
    people = Table.of(pl.DataFrame({"sex": ["H", "F", None]}))
    labels = {"H": "Hommes", "F": "Femmes", "a level of many letters": "Autre"}
    people = people.describe({"sex": Variable(label="Sexe", labels=labels)})
    survey.write_respondents(people, tmp_path / "wave.sav")
    again = survey.read(tmp_path / "wave.sav")
    assert again.variables["sex"].labels == labels
    assert again.levels("sex") == tuple(labels)
    survey.write_respondents(people, tmp_path / "wave.dta")
    assert survey.read(tmp_path / "wave.dta").frame.equals(again.frame)


@pytest.mark.parametrize(
    ("column", "kinds", "says"),
    [
        ([2**53 + 1, 1], (".xlsx", ".sav", ".dta"), "« v » holds whole numbers beyond"),
        ([1, -(2**53) - 1], (".xlsx", ".sav", ".dta"), "« v » holds whole numbers beyond"),
        ([[1], [2]], (".csv", ".xlsx", ".sav", ".dta"), "« v » holds values of the type List"),
        ([b"a", b"b"], (".csv", ".xlsx", ".sav", ".dta"), "« v » holds values of the type Binary"),
        ([dt.timedelta(1), None], (".csv", ".sav", ".dta"), "« v » holds values of the type Dur"),
        (["a\x0bb", "c"], (".xlsx",), "cannot hold these columns"),
    ],
)
def test_what_a_file_does_not_hold_is_refused(
    tmp_path: Path, column: list[object], kinds: tuple[str, ...], says: str
) -> None:
    table = Table.of(pl.DataFrame({"v": column, "w": [1, 2]}))
    for kind in (".csv", ".parquet", ".xlsx", ".sav", ".dta"):
        path = tmp_path / f"wave{kind}"
        if kind in kinds:
            with pytest.raises(SurveyError, match=says):
                survey.write_respondents(table, path)
            assert not path.exists()
        else:
            survey.write_respondents(table, path)
            assert survey.read(path).frame.get_column("v").to_list() == column


def test_identifiers_of_many_digits_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "wave.csv"
    first = 12_345_678_901_234_567_890
    rows = "".join(f"{first + row // 3},{row}\n" for row in range(30))
    path.write_text(f"household,x\n{rows}", encoding="utf-8")
    people = survey.read(path)
    found = survey.mean(survey.sample(people, Design(clusters="household")), "x").one()
    small = people.frame.with_columns(pl.col("household") - first)
    same = survey.mean(survey.sample(small.cast(pl.Int64), Design(clusters="household")), "x").one()
    assert found.standard_error == same.standard_error
    assert found.degrees == 9


def test_the_other_sheets_of_a_workbook_are_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Lisez-moi"
    answers = book.create_sheet("Réponses")
    for sheet in book.worksheets:
        for row in (("q",), (1,)):
            sheet.append(row)
    book.save(tmp_path / "wave.xlsx")
    (told,) = survey.read(tmp_path / "wave.xlsx").findings
    assert "other sheets (Réponses)" in told
    assert "the first one, « Lisez-moi », was read alone" in told
    book.remove(answers)
    book.save(tmp_path / "alone.xlsx")
    assert survey.read(tmp_path / "alone.xlsx").findings == ()
