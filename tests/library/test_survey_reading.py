"""Files of respondents and questionnaires: what is read, and what is refused with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pyreadstat
import pytest

from alliage import survey
from alliage.survey import Design, Scale, SurveyError, SurveyProblem
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
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
    assert (q1.label, q1.missing, q1.scale) == ("Êtes-vous engagé ?", (9,), Scale.NOMINAL)
    # A level that nobody chose is there; a code for no answer is not.
    assert table.levels("q1") == (1, 2, 3)
    assert table.codes("q1").tolist() == [0, 1, -1, -1]
    # Ends of a scale are labelled, its middle is not.
    assert dict(table.variables["scale"].labels) == {0: "pas du tout", 5: "5", 10: "tout à fait"}
    assert table.variables["x"].missing == (-9.0,)
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
        SurveyProblem.TRUNCATED, r"its last row \(51\) has 2 cells", tmp_path / "wave.csv"
    )
    assert error.values["row"] == "51"
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
    (tmp_path / "wave.dta").write_bytes(content[:-60])
    refused(SurveyProblem.TRUNCATED, "cut or damaged", tmp_path / "wave.dta")
    book = write_xlsx(tmp_path / "whole.xlsx", [["a"], [1]]).read_bytes()
    (tmp_path / "wave.xlsx").write_bytes(book[: len(book) // 2])
    refused(SurveyProblem.FORMAT, "damaged", tmp_path / "wave.xlsx")


def test_texts_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "wave.csv"
    path.write_bytes("city;q\nParis;1\nÉvry;2\n".encode("windows-1252"))
    error = refused(SurveyProblem.ENCODING, "Line 3 .* not in utf-8", path)
    assert error.values["row"] == "3"
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
        ("a,b\n1,2\n3,4,5\n6,7\n", SurveyProblem.FORMAT, "Row 3 .* has 3 cells for 2 columns"),
        ("a,b\n1,2\n3\n6,7\n", SurveyProblem.FORMAT, "Row 3 .* has 1 cells"),
        ('a,b\n1,2\n"3,4\n6,7\n', SurveyProblem.TRUNCATED, "its last row"),
    ],
)
def test_csv_that_cannot_be_used(
    tmp_path: Path, text: str, problem: SurveyProblem, says: str
) -> None:
    (tmp_path / "wave.csv").write_text(text, encoding="utf-8")
    refused(problem, says, tmp_path / "wave.csv")


def test_a_text_among_numbers_is_named(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "wave.xlsx", [["age"], [31], [42], ["trente"], [18]])
    error = refused(SurveyProblem.TYPE, "Row 4 of « age » .* holds « trente », a text", path)
    assert (error.values["row"], error.values["value"]) == ("4", "trente")
    path.unlink()
    path = write_xlsx(tmp_path / "wave.xlsx", [["q"], ["a"], ["b"], [3]])
    refused(SurveyProblem.TYPE, "Row 4 of « q » .* a number in texts", path)


def test_an_answer_that_is_not_foreseen_is_named(tmp_path: Path) -> None:
    pl.DataFrame({"q1": [1, 2, 7], "x": [1.0, 2, 3], "scale": [1, 1, 1]}).write_csv(
        tmp_path / "wave.csv"
    )
    ask = tmp_path / "wave.yaml"
    ask.write_text(QUESTIONNAIRE, encoding="utf-8")
    error = refused(
        SurveyProblem.LEVEL, "Row 3 of « q1 » holds « 7 »", tmp_path / "wave.csv", questionnaire=ask
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
