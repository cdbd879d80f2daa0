"""Application forms as data: what is read, what is refused and where, what a version changes."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alliage.fund.applications.form_specification import (
    COMPARISONS,
    DEFAULT_FORM,
    SETTINGS,
    Change,
    FilledBy,
    Form,
    FormVersionError,
    QuestionChange,
    QuestionKind,
    compare_forms,
    read_form,
)
from alliage.fund.conditions import COMPARISON_WORDS, AnyOf, Equals, OneOf
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "application-form.md"
HEAD = """\
code: trial
version: 1
title_fr: Essai
title_en: Trial
sections:
"""
SECTION = """\
  - code: {code}
    title_fr: Partie
    title_en: Section
    filled_by: {filled_by}
    questions:
"""
YES_NO = "      - {{code: {code}, kind: yes_no, label_fr: Question, label_en: Question{more}}}\n"
STAGE = """\
      - code: stage
        kind: choice
        label_fr: Étape
        label_en: Stage
        options:
          - {code: early, label_fr: Début, label_en: Early}
          - {code: late, label_fr: Fin, label_en: Late}
"""
TABLE = """\
      - code: t
        kind: table
        label_fr: Tableau
        label_en: Table
        columns:
          - """


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Form]:
    def read_text(text: str) -> Form:
        path = tmp_path / "trial.yaml"
        path.write_text(text, encoding="utf-8")
        return read_form(path)

    return read_text


def section(code: str = "one", filled_by: str = "lead") -> str:
    return SECTION.format(code=code, filled_by=filled_by)


def yes_no(code: str, more: str = "") -> str:
    return YES_NO.format(code=code, more=f", {more}" if more else "")


def refusal(read: Callable[[str], Form], text: str) -> str:
    with pytest.raises(InvalidFilesError) as caught:
        read(text)
    return str(caught.value)


def test_the_form_that_ships_uses_who_fills_and_conditions() -> None:
    form = read_form(DEFAULT_FORM)
    assert {each.filled_by for each in form.sections} == set(FilledBy)
    questions = {question.code: question for _, question in form.questions()}
    assert questions["started"].shown_if == OneOf("stage", ("modelling", "deployment"))
    assert questions["aids"].columns[2].kind is QuestionKind.EUROS
    assert questions["project_title"].max_length == 120


def test_the_form_that_ships_is_in_two_languages() -> None:
    for _, question in read_form(DEFAULT_FORM).questions():
        assert question.label_fr != question.label_en or question.kind is QuestionKind.ORGANISATION
        assert bool(question.help_fr) is bool(question.help_en)


def test_conditions_compose(read: Callable[[str], Form]) -> None:
    condition = "shown_if: {any: [{question: a, equals: true}, {question: b, equals: false}]}"
    form = read(HEAD + section() + yes_no("a") + yes_no("b") + yes_no("c", condition))
    assert form.sections[0].questions[2].shown_if == AnyOf(
        (Equals("a", value=True), Equals("b", value=False))
    )


def test_a_problem_tells_the_file_the_line_the_question_and_the_remedy(
    read: Callable[[str], Form],
) -> None:
    text = HEAD + section() + yes_no("a") + yes_no("b", "max_length: 3")
    message = refusal(read, text)
    assert "trial.yaml: line 12 (one › b), sections, entry 1, questions, entry 2" in message
    assert "« max_length » is not a setting of a yes_no, which takes no setting. Remove" in message


def test_a_missing_field_is_located_in_what_should_hold_it(read: Callable[[str], Form]) -> None:
    text = HEAD + section() + "      - {code: a, kind: yes_no, label_fr: Question}\n"
    message = refusal(read, text)
    assert "line 11 (one › a), " in message
    assert "label_en: is missing. Add it." in message


@pytest.mark.parametrize(
    ("questions", "expected"),
    [
        (
            yes_no("a", "shown_if: {question: b, equals: true}") + yes_no("b"),
            "« b » comes later, or goes round in a circle. Move it before « a »",
        ),
        (
            yes_no("a", "shown_if: {question: b, equals: true}")
            + yes_no("b", "shown_if: {question: a, equals: true}"),
            "goes round in a circle",
        ),
        (yes_no("a", "shown_if: {question: a, equals: true}"), "depends on itself"),
        (
            yes_no("a") + yes_no("b", "shown_if: {question: z, equals: true}"),
            "« z » is no question of this form. Earlier questions: a.",
        ),
        (
            STAGE + yes_no("b", "shown_if: {question: stage, equals: middle}"),
            "« middle » is no option of « stage ». Write one of early, late.",
        ),
        (
            STAGE + yes_no("b", "shown_if: {question: stage, at_least: 2}"),
            "« at_least » does not suit « stage », a choice: a condition may ask equals, one_of",
        ),
        (
            yes_no("a") + yes_no("b", "shown_if: {question: a, equals: oui}"),
            "« oui » is no answer to « a ». Write true or false.",
        ),
        (
            "      - {code: n, kind: number, label_fr: Nombre, label_en: Number}\n"
            + yes_no("b", "shown_if: {question: n, equals: many}"),
            "« many » is not the number that « n » asks",
        ),
        (
            "      - {code: t, kind: short_text, label_fr: Texte, label_en: Text}\n"
            + yes_no("b", "shown_if: {question: t, equals: word}"),
            "a condition may ask nothing of it",
        ),
        (yes_no("a") + yes_no("a"), "« a » is the code of another question"),
        ("      - {code: a, kind: choice, label_fr: C, label_en: C}\n", "has no options"),
        ("      - {code: a, kind: table, label_fr: T, label_en: T}\n", "has no columns"),
        ("      - {code: a, kind: long_text, label_fr: T, label_en: T}\n", "has no max_length"),
        (yes_no("a", "help_fr: Aide"), "has its help in one language"),
        (
            "      - {code: n, kind: number, label_fr: N, label_en: N, minimum: 2, maximum: 1}\n",
            "minimum 2 is above maximum 1",
        ),
        (
            TABLE + "{code: c, kind: attachment, label_fr: C, label_en: C, extensions: [pdf]}",
            "Remove",
        ),
        (TABLE + "{code: c, kind: budget, label_fr: C, label_en: C}", "does not fit a cell"),
    ],
)
def test_a_form_that_cannot_work_is_refused(
    read: Callable[[str], Form], questions: str, expected: str
) -> None:
    assert expected in refusal(read, HEAD + section() + questions)


def test_a_key_written_twice_is_told_by_its_line(read: Callable[[str], Form]) -> None:
    message = refusal(read, HEAD.replace("version: 1", "version: 1\nversion: 2"))
    assert "trial.yaml: line 3, column 1: not YAML: « version » is written twice" in message


def test_every_problem_is_told_at_once(read: Callable[[str], Form]) -> None:
    late = "shown_if: {question: c, equals: true}"
    text = HEAD + section() + yes_no("a", late) + yes_no("b", late) + yes_no("c")
    assert refusal(read, text).startswith("2 problems found")


def test_sections_have_codes_of_their_own(read: Callable[[str], Form]) -> None:
    text = HEAD + section() + yes_no("a") + section() + yes_no("b")
    assert "« one » is the code of another section" in refusal(read, text)


def test_one_condition_needs_one_answer(read: Callable[[str], Form]) -> None:
    each = section("each", "each_party") + yes_no("a")
    condition = "shown_if: {question: a, equals: true}"
    assert "has one answer for each party" in refusal(
        read, HEAD + each + section("lead") + yes_no("b", condition)
    )
    # A party's own answers may decide what it is asked next.
    form = read(HEAD + each + section("more", "each_party") + yes_no("b", condition))
    assert form.sections[1].questions[0].shown_if == Equals("a", value=True)


@pytest.mark.parametrize("text", ["code: [", "- 1\n- 2\n", "", "\x00"])
def test_a_file_that_is_no_form_is_refused(read: Callable[[str], Form], text: str) -> None:
    assert "trial.yaml" in refusal(read, text)


def test_a_version_tells_what_it_changes(read: Callable[[str], Form]) -> None:
    old = read(HEAD + section() + yes_no("a") + yes_no("b") + yes_no("c"))
    new = read(
        HEAD.replace("version: 1", "version: 2")
        + section()
        + yes_no("b", "required: true")
        + yes_no("d")
        + section("two", "together")
        + yes_no("c")
    )
    assert compare_forms(old, new) == (
        QuestionChange("b", Change.CHANGED, ("required",)),
        QuestionChange("d", Change.ADDED),
        QuestionChange("c", Change.CHANGED, ("section", "filled_by")),
        QuestionChange("a", Change.REMOVED),
    )


def test_a_version_that_drafts_hold_is_not_rewritten() -> None:
    form = read_form(DEFAULT_FORM)
    changed = dataclasses.replace(form, sections=form.sections[:1])
    with pytest.raises(FormVersionError, match="Give it version 2") as caught:
        compare_forms(form, changed)
    assert caught.value.expected == 2
    assert len(compare_forms(form, dataclasses.replace(changed, version=2))) > 5


def test_another_form_is_not_a_version() -> None:
    form = read_form(DEFAULT_FORM)
    with pytest.raises(FormVersionError, match="not a version"):
        compare_forms(form, dataclasses.replace(form, code="other", version=2))


def test_the_example_of_the_documentation_is_read(read: Callable[[str], Form]) -> None:
    example = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    assert read(example).code == "small_grants"


def test_the_documentation_tells_every_kind_with_its_settings_and_its_conditions() -> None:
    rows = [
        [re.findall(r"`(\w+)`", cell) for cell in line.strip("|").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    settings = {row[0][0]: tuple(row[2]) for row in rows if len(row) == 3}
    assert settings == {kind.value: SETTINGS.get(kind, ()) for kind in QuestionKind}
    conditions = {row[0][0]: row[1] for row in rows if len(row) == 2}
    assert conditions == {
        kind.value: [COMPARISON_WORDS[comparison] for comparison in allowed]
        for kind, allowed in COMPARISONS.items()
    }
