"""A section of an application as a form: what is typed is kept as it is, then read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.html import escape
from django.utils.translation import gettext as _

from alliage.fund.applications.answers import Answers, check_answers
from alliage.fund.applications.budget_rows import FIGURES, SIDES, is_blank
from alliage.fund.applications.form_specification import FilledBy, Question, QuestionKind
from alliage_web.actors.forms.fields import OrganisationWidget, TerritoryWidget, territory_named
from alliage_web.actors.queries import identify as identify_organisation
from alliage_web.fund.actions.applications import digest_of_answer
from alliage_web.fund.queries.application_reading import files_of
from alliage_web.fund.queries.application_wording import fault_in_words, told
from alliage_web.fund.queries.prefilled import prefilled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from django.http import QueryDict

    from alliage.fund.applications.form_specification import Section
    from alliage_web.fund.queries.application_reading import AttachedDocument
    from alliage_web.fund.queries.applications import Content

_BLANK_ROWS = 1
_MOST_ROWS = 200
_LONG = 400


def clean_text(text: str) -> str:
    """Drop what no database keeps: the null character, and halves of a character."""
    kept = text.encode("utf-8", "ignore").decode().replace("\x00", "")
    return kept.replace("\r\n", "\n")


class _RawField(forms.Field):
    """A field that gives back what was typed: the library reads it."""

    def clean(self, value: Any) -> Any:
        return value


def _choices(question: Question) -> list[tuple[str, str]]:
    if question.kind is QuestionKind.YES_NO:
        return [("yes", _("Oui")), ("no", _("Non"))]
    return [(option.code, told(option, "label")) for option in question.options]


def _widget(question: Question) -> forms.Widget:
    match question.kind:
        case QuestionKind.CHOICE | QuestionKind.YES_NO:
            return forms.RadioSelect(choices=_choices(question))
        case QuestionKind.SEVERAL_CHOICES:
            return forms.CheckboxSelectMultiple(choices=_choices(question))
        case QuestionKind.DECLARATION:
            return forms.CheckboxInput(check_test=lambda value: value == "yes")
        case QuestionKind.LONG_TEXT:
            rows = 4 if (question.max_length or 0) <= 4 * _LONG else 8
            return forms.Textarea(attrs={"rows": rows})
        case QuestionKind.TERRITORY:
            return TerritoryWidget()
        case QuestionKind.ORGANISATION:
            return OrganisationWidget()
        case QuestionKind.NUMBER | QuestionKind.EUROS:
            return forms.TextInput(attrs={"inputmode": "decimal"})
        case _:
            return forms.TextInput()


def _field(question: Question) -> forms.Field:
    help_text = told(question, "help")
    if question.kind is QuestionKind.LONG_TEXT:
        limit = _("%(count)s caractères au plus.") % {"count": question.max_length}
        help_text = f"{help_text} {limit}".strip()
    elif question.kind is QuestionKind.PARTIAL_DATE and not help_text:
        help_text = _("Une année, un mois ou un jour.")
    return _RawField(
        label=told(question, "label"),
        help_text=escape(help_text),
        required=question.required,
        widget=_widget(question),
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table of answers."""

    name: str
    label: str
    value: str
    kind: str
    options: tuple[tuple[str, str], ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A question as the page shows it; one that is hidden keeps its place, empty."""

    question: Question
    is_shown: bool
    is_conditional: bool
    is_taken_over: bool
    base: str
    field: Any = None
    rows: tuple[tuple[Cell, ...], ...] = ()
    errors: tuple[str, ...] = ()
    files: tuple[AttachedDocument, ...] = ()
    swaps: bool = False
    """Whether it has just appeared or gone, so that the page has to be told."""

    @property
    def code(self) -> str:
        return self.question.code

    @property
    def label(self) -> str:
        return told(self.question, "label")

    @property
    def help(self) -> str:
        return told(self.question, "help")

    @property
    def kind(self) -> str:
        return self.question.kind.value


class SectionForm(forms.Form):
    """The questions of a section that a party sees.

    ``typed`` says what each question holds: what is kept, or what was just typed and could not be.
    """

    use_required_attribute = False

    def __init__(
        self,
        content: Content,
        section: Section,
        party: str,
        *,
        typed: Mapping[str, Any] | None = None,
        base: Mapping[str, str] | None = None,
        adding: str = "",
        takes_over: bool = True,
        was_shown: Collection[str] | None = None,
    ) -> None:
        self.takes_over, self.was_shown = takes_over, was_shown
        self.content, self.section, self.party = content, section, party
        self.raw = {**content.raw(section, party), **(typed or {})}
        self.base = base or {}
        self.adding = adding
        self.shown = content.visible(party)
        initial = {
            f"q-{question.code}": _shown(question, self.raw.get(question.code))
            for question in section.questions
        }
        super().__init__(initial=initial)
        for question in section.questions:
            if question.code in self.shown and question.kind not in _APART:
                self.fields[f"q-{question.code}"] = _field(question)
        self.told_problems = self._problems()
        for code, sentences in self.told_problems.items():
            if f"q-{code}" in self.fields:
                self.fields[f"q-{code}"].widget.attrs["aria-invalid"] = "true"
                self.errors.setdefault(f"q-{code}", self.error_class(sentences))

    def _problems(self) -> dict[str, list[str]]:
        owner = self.party if self.section.filled_by is FilledBy.EACH_PARTY else None
        questions = {question.code: question for question in self.section.questions}
        found: dict[str, list[str]] = {}
        for problem in check_answers(
            self.content.form, self.content.answers, self.content.applicants, sending=False
        ):
            own = problem.party == owner or owner is None
            if problem.section == self.section.code and own and problem.question in questions:
                sentence = fault_in_words(problem.fault, questions[problem.question])
                found.setdefault(problem.question, []).append(sentence)
        return found

    def items(self) -> Iterator[Item]:
        """Give the questions in their order, the files and the budget among them."""
        known = prefilled(self.content) if self.takes_over else Answers()
        own = known.by_party.get(self.party, {})
        source = own if self.section.filled_by is FilledBy.EACH_PARTY else known.shared
        for question in self.section.questions:
            code = question.code
            raw = self.raw.get(code)
            shown = code in self.shown
            yield Item(
                question,
                is_shown=shown,
                is_conditional=question.shown_if is not None,
                is_taken_over=raw is not None and raw == source.get(code),
                base=self.base.get(code) or digest_of_answer(raw),
                field=self[f"q-{code}"] if f"q-{code}" in self.fields else None,
                rows=tuple(self._rows(question)) if shown else (),
                errors=tuple(self.told_problems.get(code, ())),
                files=tuple(files_of(raw)) if question.kind is QuestionKind.ATTACHMENT else (),
                swaps=self.was_shown is not None and (code in self.was_shown) != shown,
            )

    def _rows(self, question: Question) -> Iterator[tuple[Cell, ...]]:
        if question.kind is not QuestionKind.TABLE:
            return
        given = self.raw.get(question.code) or []
        blanks = _BLANK_ROWS + (self.adding == question.code)
        rows = [row for row in given if isinstance(row, dict)] if isinstance(given, list) else []
        for rank, row in enumerate([*rows, *({} for _n in range(blanks))]):
            yield tuple(
                Cell(
                    name=f"q-{question.code}-{rank}-{column.code}",
                    label=told(column, "label"),
                    value=str(row.get(column.code, "")),
                    kind=column.kind.value,
                    options=tuple(_choices(column)),
                    required=column.required,
                )
                for column in question.columns
            )


_APART = frozenset({QuestionKind.ATTACHMENT, QuestionKind.BUDGET, QuestionKind.TABLE})


def _shown(question: Question, raw: Any) -> Any:
    """Return a value as its widget shows it: a territory is a key with a slash there."""
    if question.kind is QuestionKind.TERRITORY and isinstance(raw, str):
        return raw.replace(":", "/", 1)
    return raw


def typed_answers(data: QueryDict, section: Section) -> dict[str, Any]:
    """Read what a page sent: the questions that it showed, each as typed."""
    found: dict[str, Any] = {}
    for question in section.questions:
        if f"base-{question.code}" not in data or question.kind in {
            QuestionKind.ATTACHMENT,
            QuestionKind.BUDGET,
        }:
            continue
        found[question.code] = _typed(question, data)
    return found


def bases(data: QueryDict) -> dict[str, str]:
    """Read what each question held when the page was shown."""
    return {
        name.removeprefix("base-"): str(data[name]) for name in data if name.startswith("base-")
    }


def _typed(question: Question, data: QueryDict) -> Any:
    name = f"q-{question.code}"
    if question.kind is QuestionKind.SEVERAL_CHOICES:
        return [clean_text(item) for item in data.getlist(name)]
    if question.kind is QuestionKind.DECLARATION:
        return "yes" if data.get(name) else ""
    if question.kind is QuestionKind.TABLE:
        return _typed_table(question, data)
    if question.kind in {QuestionKind.TERRITORY, QuestionKind.ORGANISATION}:
        text = _widget(question).value_from_datadict(data, MultiValueDict(), name)
        text = clean_text(str(text or "")).strip()
        if question.kind is QuestionKind.TERRITORY:
            return _territory(text)
        return _organisation(text)
    return clean_text(str(data.get(name, "")))


def _territory(text: str) -> str:
    if not text:
        return ""
    try:
        return territory_named(text).value.replace("/", ":", 1)
    except ValidationError:
        return text


def _organisation(text: str) -> str:
    found = identify_organisation(text) if text else []
    return found[0].value if len(found) == 1 else text


def _typed_table(question: Question, data: QueryDict) -> list[dict[str, str]]:
    rows = []
    for rank in range(_MOST_ROWS):
        names = {
            column.code: f"q-{question.code}-{rank}-{column.code}" for column in question.columns
        }
        if not any(name in data for name in names.values()):
            break
        row = {code: clean_text(str(data.get(name, ""))) for code, name in names.items()}
        if any(value.strip() for value in row.values()):
            rows.append({code: value for code, value in row.items() if value})
    return rows


#: The cells of a line of the budget, by side.
CELLS: Mapping[str, tuple[str, ...]] = {
    "expenses": ("label", "party", "category", "nature", *FIGURES),
    "resources": ("label", "party", "origin", "nature", *FIGURES),
}
_LETTER = {"expenses": "D", "resources": "R"}


def typed_budget(data: QueryDict) -> dict[str, list[dict[str, str]]]:
    """Read the lines of a budget as they were typed; each line keeps its number."""
    return {side: list(_typed_side(data, side)) for side in SIDES}


def _typed_side(data: QueryDict, side: str) -> Iterator[dict[str, str]]:
    taken = {clean_text(data.get(f"{side}-{rank}-code", "")) for rank in range(_MOST_ROWS)}
    for rank in range(_MOST_ROWS):
        if f"{side}-{rank}-label" not in data or data.get(f"{side}-{rank}-drop"):
            continue
        row = {
            name: clean_text(data.get(f"{side}-{rank}-{name}", "")).strip()
            for name in ("code", *CELLS[side])
        }
        if is_blank(row):
            continue
        if not row["code"]:
            row["code"] = _free(_LETTER[side], taken)
            taken.add(row["code"])
        yield {name: value for name, value in row.items() if value}


def _free(letter: str, taken: set[str]) -> str:
    number = 1
    while f"{letter}{number}" in taken:
        number += 1
    return f"{letter}{number}"
