"""Application forms as data: sections, questions, who answers and when a question is shown.

The format is described in ``docs/reference/application-form.md``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from alliage.alliances.records import CODE, Part, Remark, ShortText, Text
from alliage.fund.conditions import (
    COMPARISON_WORDS,
    Comparison,
    Condition,
    ConditionRecord,
    Equals,
    Maximum,
    Minimum,
    OneOf,
    Within,
    compared_values,
    comparisons,
)
from alliage.values.yaml_files import (
    Fault,
    FaultyRecordError,
    FileProblem,
    InvalidFilesError,
    Problem,
    place,
    read_record,
)
from alliage.values.yaml_lines import with_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The form that a fund may start from.
DEFAULT_FORM = Path(__file__).parent / "forms" / "alliance_application.yaml"


class QuestionKind(StrEnum):
    """What an answer is made of."""

    SHORT_TEXT = "short_text"
    LONG_TEXT = "long_text"
    CHOICE = "choice"
    SEVERAL_CHOICES = "several_choices"
    YES_NO = "yes_no"
    NUMBER = "number"
    EUROS = "euros"
    DATE = "date"
    PARTIAL_DATE = "partial_date"
    ORGANISATION = "organisation"
    TERRITORY = "territory"
    TABLE = "table"
    ATTACHMENT = "attachment"
    BUDGET = "budget"
    DECLARATION = "declaration"


class FilledBy(StrEnum):
    """Who answers a section."""

    LEAD = "lead"
    EACH_PARTY = "each_party"
    TOGETHER = "together"


#: What a cell of a table cannot be.
NOT_IN_TABLES = frozenset(
    {
        QuestionKind.TABLE,
        QuestionKind.ATTACHMENT,
        QuestionKind.BUDGET,
        QuestionKind.DECLARATION,
        QuestionKind.SEVERAL_CHOICES,
    }
)

#: The settings that each kind takes beside its labels; a kind that is absent takes none.
SETTINGS: Mapping[QuestionKind, tuple[str, ...]] = {
    QuestionKind.SHORT_TEXT: ("max_length",),
    QuestionKind.LONG_TEXT: ("max_length",),
    QuestionKind.CHOICE: ("options",),
    QuestionKind.SEVERAL_CHOICES: ("options", "minimum", "maximum"),
    QuestionKind.NUMBER: ("minimum", "maximum", "decimals"),
    QuestionKind.EUROS: ("minimum", "maximum"),
    QuestionKind.TABLE: ("columns", "minimum", "maximum"),
    QuestionKind.ATTACHMENT: ("extensions", "max_megabytes", "maximum"),
}
_NEEDED: Mapping[QuestionKind, str] = {
    QuestionKind.LONG_TEXT: "max_length",
    QuestionKind.CHOICE: "options",
    QuestionKind.SEVERAL_CHOICES: "options",
    QuestionKind.TABLE: "columns",
    QuestionKind.ATTACHMENT: "extensions",
}
_CHOICES = (Equals, OneOf)
_COUNTS = (Minimum, Maximum)
_NUMBERS = (Equals, Minimum, Maximum)
#: What a condition may ask of each kind of answer; nothing of a kind that is absent.
COMPARISONS: Mapping[QuestionKind, tuple[type[Comparison], ...]] = {
    QuestionKind.CHOICE: _CHOICES,
    QuestionKind.SEVERAL_CHOICES: (Equals, OneOf, Within, Minimum, Maximum),
    QuestionKind.YES_NO: (Equals,),
    QuestionKind.DECLARATION: (Equals,),
    QuestionKind.NUMBER: _NUMBERS,
    QuestionKind.EUROS: _NUMBERS,
    QuestionKind.TABLE: _COUNTS,
    QuestionKind.ATTACHMENT: _COUNTS,
}
SHORTEST_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    label_fr: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question, or a column of a table.

    Attributes
    ----------
    minimum, maximum
        Bounds of a number or of an amount in euros; of a list, bounds of its length.
    max_length
        Characters of a text.
    decimals
        Digits after the mark that a number may have.
    shown_if
        The condition under which it is asked; None is always.
    """

    code: str
    kind: QuestionKind
    label_fr: str
    label_en: str
    help_fr: str = ""
    help_en: str = ""
    required: bool = False
    shown_if: Condition | None = None
    max_length: int | None = None
    options: tuple[Option, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    decimals: int = 0
    columns: tuple[Question, ...] = ()
    extensions: tuple[str, ...] = ()
    max_megabytes: int | None = None

    @property
    def option_codes(self) -> tuple[str, ...]:
        return tuple(option.code for option in self.options)


@dataclass(frozen=True, slots=True)
class Section:
    code: str
    title_fr: str
    title_en: str
    filled_by: FilledBy
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """One version of a form. A draft keeps the version with which it was begun."""

    code: str
    version: int
    title_fr: str
    title_en: str
    sections: tuple[Section, ...]

    def questions(self) -> Iterator[tuple[Section, Question]]:
        """Go through the questions in the order of the form, each with its section."""
        for section in self.sections:
            for question in section.questions:
                yield section, question


class FormProblem(Problem):
    """What can be wrong in a form, beside what can be in any record or condition."""

    SETTING_OF_ANOTHER_KIND = (
        "setting_of_another_kind",
        "« %(setting)s » is not a setting of a %(kind)s, which takes %(takes)s. Remove it.",
    )
    TAKES_NO_SETTING = (
        "takes_no_setting",
        "« %(setting)s » is not a setting of a %(kind)s, which takes no setting. Remove it.",
    )
    SETTING_MISSING = (
        "setting_missing",
        "is a %(kind)s and has no %(setting)s. Add `%(setting)s:`.",
    )
    BOUNDS_REVERSED = (
        "bounds_reversed",
        "minimum %(minimum)s is above maximum %(maximum)s. Correct one.",
    )
    OPTION_REPEATED = (
        "option_repeated",
        "options %(codes)s: a code is written twice. Keep each once.",
    )
    COLUMN_REPEATED = (
        "column_repeated",
        "columns %(codes)s: a code is written twice. Keep each once.",
    )
    NOT_IN_A_CELL = "not_in_a_cell", "a %(kind)s does not fit a cell. Ask it outside the table."
    HELP_IN_ONE_LANGUAGE = (
        "help_in_one_language",
        "has its help in one language. Add the other, or remove it.",
    )
    SECTION_REPEATED = (
        "section_repeated",
        "« %(code)s » is the code of another section. Choose another.",
    )
    QUESTION_REPEATED = (
        "question_repeated",
        "« %(code)s » is the code of another question. Choose another.",
    )
    DEPENDS_ON_ITSELF = (
        "depends_on_itself",
        "« %(asked)s » depends on itself. Name an earlier question.",
    )
    COMES_LATER = (
        "comes_later",
        (
            "« %(asked)s » comes later, or goes round in a circle. Move it before "
            "« %(question)s », or remove the condition."
        ),
    )
    NO_QUESTION = (
        "no_question",
        "« %(asked)s » is no question of this form. Earlier questions: %(earlier)s.",
    )
    NO_EARLIER_QUESTION = (
        "no_earlier_question",
        "« %(asked)s » is no question of this form. Earlier questions: none.",
    )
    SEVERAL_ANSWERS = (
        "several_answers",
        (
            "« %(asked)s » has one answer for each party, and a condition needs one answer. Name a "
            f"question of a section that is filled by {FilledBy.LEAD} or {FilledBy.TOGETHER}."
        ),
    )
    UNSUITED_QUESTION_TEST = (
        "unsuited_question_test",
        (
            "« %(test)s » does not suit « %(question)s », a %(kind)s: a condition may ask "
            "%(allowed)s of it."
        ),
    )
    NO_TEST_SUITS = (
        "no_test_suits",
        (
            "« %(test)s » does not suit « %(question)s », a %(kind)s: a condition may ask nothing "
            "of it."
        ),
    )
    NO_OPTION = (
        "no_option",
        "« %(value)s » is no option of « %(question)s ». Write one of %(options)s.",
    )
    NO_YES_OR_NO = (
        "no_yes_or_no",
        "« %(value)s » is no answer to « %(question)s ». Write true or false.",
    )
    NO_NUMBER = (
        "no_number",
        "« %(value)s » is not the number that « %(question)s » asks. Write a number.",
    )


Code = Annotated[str, Field(pattern=CODE, max_length=60)]


class OptionRecord(Part):
    code: Code
    label_fr: ShortText
    label_en: ShortText


class ColumnRecord(Part):
    """What a question and a column of a table have in common."""

    code: Code
    kind: QuestionKind
    label_fr: Remark
    label_en: Remark
    required: bool = False
    max_length: Annotated[int, Field(ge=1, le=50_000)] | None = None
    options: Annotated[tuple[OptionRecord, ...], Field(min_length=2)] | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    decimals: Annotated[int, Field(ge=0, le=6)] | None = None

    @model_validator(mode="after")
    def _settings_are_those_of_the_kind(self) -> ColumnRecord:
        allowed = SETTINGS.get(self.kind, ())
        known = {name for names in SETTINGS.values() for name in names}
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        for name in given:
            if name in known and name not in allowed:
                problem = (
                    FormProblem.SETTING_OF_ANOTHER_KIND if allowed else FormProblem.TAKES_NO_SETTING
                )
                raise _faulty(problem, setting=name, kind=self.kind, takes=", ".join(allowed))
        needed = _NEEDED.get(self.kind)
        if needed and needed not in given:
            raise _faulty(FormProblem.SETTING_MISSING, kind=self.kind, setting=needed)
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise _faulty(
                FormProblem.BOUNDS_REVERSED, minimum=str(self.minimum), maximum=str(self.maximum)
            )
        codes = [option.code for option in self.options or ()]
        if len(codes) != len(set(codes)):
            raise _faulty(FormProblem.OPTION_REPEATED, codes=", ".join(codes))
        return self


def _faulty(problem: FormProblem, **values: str) -> FaultyRecordError:
    return FaultyRecordError(Fault(problem, values))


class TableColumnRecord(ColumnRecord):
    @model_validator(mode="after")
    def _fits_a_cell(self) -> TableColumnRecord:
        if self.kind in NOT_IN_TABLES:
            raise _faulty(FormProblem.NOT_IN_A_CELL, kind=self.kind)
        return self


class QuestionRecord(ColumnRecord):
    """A question as a file writes it."""

    help_fr: Text | None = None
    help_en: Text | None = None
    shown_if: ConditionRecord | None = None
    columns: Annotated[tuple[TableColumnRecord, ...], Field(min_length=1)] | None = None
    extensions: (
        Annotated[
            tuple[Annotated[str, Field(pattern=r"^[a-z0-9]{1,8}$")], ...], Field(min_length=1)
        ]
        | None
    ) = None
    max_megabytes: Annotated[int, Field(ge=1, le=200)] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> QuestionRecord:
        if (self.help_fr is None) != (self.help_en is None):
            raise _faulty(FormProblem.HELP_IN_ONE_LANGUAGE)
        codes = [column.code for column in self.columns or ()]
        if len(codes) != len(set(codes)):
            raise _faulty(FormProblem.COLUMN_REPEATED, codes=", ".join(codes))
        return self


class SectionRecord(Part):
    code: Code
    title_fr: ShortText
    title_en: ShortText
    filled_by: FilledBy
    questions: Annotated[tuple[QuestionRecord, ...], Field(min_length=1)]


class FormRecord(Part):
    """A version of a form as a file writes it."""

    code: Code
    version: Annotated[int, Field(ge=1)]
    title_fr: ShortText
    title_en: ShortText
    sections: Annotated[tuple[SectionRecord, ...], Field(min_length=1)]


def read_form(path: Path) -> Form:
    """Read a version of a form, or refuse it with every problem named.

    Parameters
    ----------
    path : Path
        A YAML file in the format of ``docs/reference/application-form.md``.

    Returns
    -------
    Form
        The form.

    Raises
    ------
    InvalidFilesError
        If the file is not YAML, does not follow the format, or has a condition on a question that
        does not come before, that another party answers, or that cannot have the value asked.
        Each problem tells the line, the section and the question.

    Examples
    --------
    >>> form = read_form(DEFAULT_FORM)
    >>> form.code, form.version
    ('alliance_application', 1)
    """
    try:
        record = read_record(path, FormRecord)
    except InvalidFilesError as error:
        raise InvalidFilesError(with_lines(path, error.problems)) from error
    form = form_value(record)
    problems = [FileProblem.of(path.name, place(where), fault) for where, fault in _problems(form)]
    if problems:
        raise InvalidFilesError(with_lines(path, problems))
    return form


def form_value(record: FormRecord) -> Form:
    """Return a record as a value; conditions are not checked against other questions."""
    sections = tuple(
        Section(
            section.code,
            section.title_fr,
            section.title_en,
            section.filled_by,
            tuple(_question(question) for question in section.questions),
        )
        for section in record.sections
    )
    return Form(record.code, record.version, record.title_fr, record.title_en, sections)


def _question(record: QuestionRecord) -> Question:
    return dataclasses.replace(
        _column(record),
        help_fr=record.help_fr or "",
        help_en=record.help_en or "",
        shown_if=record.shown_if.value() if record.shown_if else None,
        columns=tuple(_column(column) for column in record.columns or ()),
        extensions=record.extensions or (),
        max_megabytes=record.max_megabytes,
    )


def _column(record: ColumnRecord) -> Question:
    max_length = record.max_length
    if record.kind is QuestionKind.SHORT_TEXT and max_length is None:
        max_length = SHORTEST_LIMIT
    return Question(
        record.code,
        record.kind,
        record.label_fr,
        record.label_en,
        required=record.required,
        max_length=max_length,
        options=tuple(
            Option(option.code, option.label_fr, option.label_en) for option in record.options or ()
        ),
        minimum=record.minimum,
        maximum=record.maximum,
        decimals=record.decimals or 0,
    )


_Where = tuple[str | int, ...]


def _problems(form: Form) -> Iterator[tuple[_Where, Fault]]:
    places = {
        question.code: (rank, index)
        for rank, section in enumerate(form.sections)
        for index, question in enumerate(section.questions)
    }
    seen_sections: set[str] = set()
    seen: dict[str, tuple[Section, Question]] = {}
    for rank, section in enumerate(form.sections):
        if section.code in seen_sections:
            fault = Fault(FormProblem.SECTION_REPEATED, {"code": section.code})
            yield ("sections", rank, "code"), fault
        seen_sections.add(section.code)
        for index, question in enumerate(section.questions):
            where: _Where = ("sections", rank, "questions", index)
            if question.code in seen:
                fault = Fault(FormProblem.QUESTION_REPEATED, {"code": question.code})
                yield (*where, "code"), fault
            for comparison in comparisons(question.shown_if) if question.shown_if else ():
                found = _condition_problem(comparison, section, question, seen, places)
                if found:
                    yield (*where, "shown_if"), found
            seen.setdefault(question.code, (section, question))


def _condition_problem(
    comparison: Comparison,
    section: Section,
    question: Question,
    seen: Mapping[str, tuple[Section, Question]],
    places: Mapping[str, tuple[int, int]],
) -> Fault | None:
    asked = comparison.fact
    if asked not in seen:
        if asked == question.code:
            return Fault(FormProblem.DEPENDS_ON_ITSELF, {"asked": asked})
        if asked in places:
            return Fault(FormProblem.COMES_LATER, {"asked": asked, "question": question.code})
        problem = FormProblem.NO_QUESTION if seen else FormProblem.NO_EARLIER_QUESTION
        return Fault(problem, {"asked": asked, "earlier": ", ".join(seen)})
    asked_section, target = seen[asked]
    if FilledBy.EACH_PARTY is asked_section.filled_by is not section.filled_by:
        return Fault(FormProblem.SEVERAL_ANSWERS, {"asked": asked})
    return _comparison_problem(comparison, target)


def _comparison_problem(comparison: Comparison, target: Question) -> Fault | None:
    allowed = COMPARISONS.get(target.kind, ())
    if type(comparison) not in allowed:
        return Fault(
            FormProblem.UNSUITED_QUESTION_TEST if allowed else FormProblem.NO_TEST_SUITS,
            {
                "test": COMPARISON_WORDS[type(comparison)],
                "question": target.code,
                "kind": target.kind,
                "allowed": ", ".join(COMPARISON_WORDS[kind] for kind in allowed),
            },
        )
    found = (_value_problem(value, target) for value in compared_values(comparison))
    return next(filter(None, found), None)


def _value_problem(value: object, target: Question) -> Fault | None:
    values = {"value": str(value), "question": target.code}
    if target.options and value not in target.option_codes:
        options = ", ".join(target.option_codes)
        return Fault(FormProblem.NO_OPTION, {**values, "options": options})
    if target.kind in {QuestionKind.YES_NO, QuestionKind.DECLARATION}:
        if not isinstance(value, bool):
            return Fault(FormProblem.NO_YES_OR_NO, values)
    elif not target.options and not isinstance(value, Decimal):
        return Fault(FormProblem.NO_NUMBER, values)
    return None


class Change(StrEnum):
    """What became of a question from one version to the next."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class QuestionChange:
    """A question that two versions do not have alike.

    Attributes
    ----------
    details
        Names of what changed: fields of `Question`, ``section`` and ``filled_by``.
    """

    question: str
    change: Change
    details: tuple[str, ...] = ()


class FormVersionError(ValueError):
    """Two forms are not successive versions of one.

    Attributes
    ----------
    expected
        The lowest version number that the newer form may have; None when it is another form.
    """

    def __init__(self, expected: int | None, message: str) -> None:
        self.expected = expected
        super().__init__(message)


def compare_forms(old: Form, new: Form) -> tuple[QuestionChange, ...]:
    """List what changes between two versions of a form.

    Parameters
    ----------
    old : Form
        The version in use; drafts that were begun with it keep it.
    new : Form
        The version that is to follow.

    Returns
    -------
    tuple of QuestionChange
        In the order of the new form, removed questions last; empty when nothing changes for those
        who answer.

    Raises
    ------
    FormVersionError
        If the forms have different codes, or differ without a higher version number.

    Examples
    --------
    >>> form = read_form(DEFAULT_FORM)
    >>> compare_forms(form, form)
    ()
    """
    if old.code != new.code:
        msg = f"« {new.code} » is not a version of « {old.code} ». Keep the code of the form."
        raise FormVersionError(None, msg)
    if old != new and new.version <= old.version:
        msg = (
            f"Version {new.version} of « {new.code} » differs from version {old.version}, which "
            f"drafts may hold. Give it version {old.version + 1}."
        )
        raise FormVersionError(old.version + 1, msg)
    before = {question.code: (section, question) for section, question in old.questions()}
    after = {question.code: (section, question) for section, question in new.questions()}
    changes = []
    for code, found in after.items():
        if code not in before:
            changes.append(QuestionChange(code, Change.ADDED))
        elif details := _details(before[code], found):
            changes.append(QuestionChange(code, Change.CHANGED, details))
    changes += [QuestionChange(code, Change.REMOVED) for code in before if code not in after]
    return tuple(changes)


def _details(before: tuple[Section, Question], after: tuple[Section, Question]) -> tuple[str, ...]:
    names = [
        field.name
        for field in dataclasses.fields(Question)
        if getattr(before[1], field.name) != getattr(after[1], field.name)
    ]
    if before[0].code != after[0].code:
        names.append("section")
    if before[0].filled_by is not after[0].filled_by:
        names.append("filled_by")
    return tuple(names)
