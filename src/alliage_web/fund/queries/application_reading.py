"""An application as people read it: every question that is shown, with its answer in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from alliage.alliances.import_cells import PlaceCell
from alliage.fund.applications.answer_values import AnswerError, read_answer
from alliage.fund.applications.application_budget import (
    Budget,
    BudgetError,
    ByNature,
    Nature,
    amounts,
    check_budget,
    largest_request,
    totals,
)
from alliage.fund.applications.form_specification import FilledBy, Question, QuestionKind
from alliage.values.dates import PartialDate
from alliage.values.french import number, partial_date
from alliage_web.actors.queries import identify as identify_organisation
from alliage_web.territories.queries import place

from .application_wording import (
    CATEGORIES,
    NATURES,
    ORIGINS,
    budget_problem_in_words,
    is_english,
    money,
    share_in_words,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alliage.fund.applications.application_budget import Ceilings
    from alliage.fund.applications.form_specification import Section

    from .applications import Content


@dataclass(frozen=True, slots=True)
class AttachedDocument:
    name: str
    uuid: UUID | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A question and its answer. ``text`` is empty where nothing was answered."""

    code: str
    label: str
    kind: str
    text: str = ""
    is_readable: bool = True
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    files: tuple[AttachedDocument, ...] = ()
    budget: BudgetTable | None = None


@dataclass(frozen=True, slots=True)
class ReadSection:
    """A section as it is read; ``party`` is the name of who filled it, where each fills its own."""

    code: str
    title: str
    party: str
    entries: tuple[Entry, ...]


def sections_read(content: Content) -> list[ReadSection]:
    """Return the application whole, as its applicants see it."""
    found = []
    for section in content.form.sections:
        each = section.filled_by is FilledBy.EACH_PARTY
        for party in content.applicants.everyone if each else (content.applicants.lead,):
            entries = tuple(_entries(content, section, party))
            name = content.names[party] if each else ""
            found.append(ReadSection(section.code, told(section, "title"), name, entries))
    return found


def _entries(content: Content, section: Section, party: str) -> Sequence[Entry]:
    visible = content.visible(party)
    raw = content.raw(section, party)
    each = section.filled_by is FilledBy.EACH_PARTY
    values = content.answers.by_party.get(party, {}) if each else content.answers.shared
    return [
        _entry(content, question, raw.get(question.code), values.get(question.code))
        for question in section.questions
        if question.code in visible
    ]


def _entry(content: Content, question: Question, raw: Any, value: object) -> Entry:
    code, label, kind = question.code, told(question, "label"), question.kind.value
    if question.kind is QuestionKind.ATTACHMENT:
        return Entry(code, label, kind, files=tuple(files_of(raw)))
    if question.kind is QuestionKind.BUDGET:
        if isinstance(value, Budget):
            return Entry(code, label, kind, budget=budget_table(content, value))
        return Entry(code, label, kind, is_readable=value is None)
    try:
        answer = read_answer(question, value)
    except AnswerError:
        return Entry(code, label, kind, text=_as_typed(raw), is_readable=False)
    if question.kind is QuestionKind.TABLE:
        columns = tuple(told(column, "label") for column in question.columns)
        rows = answer if isinstance(answer, tuple) else ()
        cells = tuple(
            tuple(in_words(column, row.get(column.code)) for column in question.columns)
            for row in rows
            if isinstance(row, Mapping)
        )
        return Entry(code, label, kind, columns=columns, rows=cells)
    return Entry(code, label, kind, text=in_words(question, answer))


def _as_typed(raw: Any) -> str:
    if isinstance(raw, list):
        return _(", ").join(
            _(", ").join(str(cell) for cell in item.values())
            if isinstance(item, Mapping)
            else str(item)
            for item in raw
        )
    return str(raw)


def files_of(raw: Any) -> list[AttachedDocument]:
    """Return the documents that an answer holds."""
    return [
        AttachedDocument(str(item.get("name", "")), UUID(str(item["uuid"])))
        for item in (raw if isinstance(raw, list) else ())
        if isinstance(item, Mapping) and "uuid" in item
    ]


def in_words(question: Question, answer: Any) -> str:
    """Write an answer as people read it; empty when there is none."""
    match answer:
        case None:
            return ""
        case bool():
            return _("Oui") if answer else _("Non")
        case Decimal():
            return money(answer) if question.kind is QuestionKind.EUROS else number(answer)
        case PartialDate():
            return partial_date(str(answer), language="en" if is_english() else "fr")
        case dt.date():
            return date_format(answer, "j F Y")
        case PlaceCell():
            here = place(answer.level.value, answer.code)
            return here.name if here else answer.code
    return _chosen(question, answer)


def _chosen(question: Question, answer: Any) -> str:
    labels = {option.code: told(option, "label") for option in question.options}
    if isinstance(answer, tuple):
        return _(", ").join(labels.get(str(code), str(code)) for code in answer)
    if question.kind is QuestionKind.ORGANISATION:
        found = identify_organisation(str(answer))
        return found[0].name if len(found) == 1 else str(answer)
    return labels.get(str(answer), str(answer))


@dataclass(frozen=True, slots=True)
class BudgetLine:
    code: str
    label: str
    party: str
    what: str
    nature: str
    amount: str


@dataclass(frozen=True, slots=True)
class BudgetTable:
    """A budget computed line by line, its totals by nature, and what is wrong with it."""

    expenses: tuple[BudgetLine, ...]
    resources: tuple[BudgetLine, ...]
    totals: tuple[tuple[str, str, str], ...]
    asked: str
    share_asked: str
    own_share: str
    largest: str
    problems: tuple[str, ...]


def budget_table(content: Content, budget: Budget) -> BudgetTable:
    """Compute a budget as a page shows it; lines that cannot be computed have no amount."""
    return table_of(budget, content.ceilings, content.names)


def table_of(budget: Budget, ceilings: Ceilings, names: Mapping[str, str]) -> BudgetTable:
    problems = tuple(budget_problem_in_words(problem) for problem in check_budget(budget, ceilings))
    try:
        found = amounts(budget)
        sums = totals(budget)
        largest = largest_request(budget, ceilings)
    except BudgetError:
        found, sums, largest = {}, None, None
    lines = {
        line.code: BudgetLine(
            line.code,
            line.label,
            names.get(line.party, line.party),
            _what(line),
            str(NATURES[line.nature.value]),
            _amount(found, line.code),
        )
        for line in budget.lines()
    }
    return BudgetTable(
        expenses=tuple(lines[line.code] for line in budget.expenses),
        resources=tuple(lines[line.code] for line in budget.resources),
        totals=_by_nature(sums.expenses, sums.resources) if sums else (),
        asked=money(sums.asked) if sums else "",
        share_asked=_percent(sums.share_asked) if sums else "",
        own_share=_percent(sums.own_share) if sums else "",
        largest=money(largest) if largest is not None else "",
        problems=problems,
    )


def _what(line: Any) -> str:
    if hasattr(line, "category"):
        return str(CATEGORIES.get(line.category, line.category))
    return str(ORIGINS["asked" if line.asked else "own" if line.own else "other"])


def _amount(found: Mapping[str, Decimal | None], code: str) -> str:
    if code not in found:
        return _("à corriger")
    amount = found[code]
    return _("non chiffré") if amount is None else money(amount)


def _by_nature(expenses: ByNature, resources: ByNature) -> tuple[tuple[str, str, str], ...]:
    """Give the totals of each nature that is used; they are never added together."""
    return tuple(
        (str(label), _side_total(expenses, nature), _side_total(resources, nature))
        for nature, label in NATURES.items()
        if any(
            side.of(Nature(nature)) or nature in side.not_valued for side in (expenses, resources)
        )
    )


def _side_total(side: ByNature, nature: str) -> str:
    """Write a total; lines that nobody valued are told, and are never zero."""
    amount, unvalued = side.of(Nature(nature)), side.not_valued.count(Nature(nature))
    if not unvalued:
        return money(amount)
    if not amount:
        return _("non chiffré")
    return _("%(amount)s et des lignes non chiffrées") % {"amount": money(amount)}


def _percent(share: Decimal | None) -> str:
    return _("non connu") if share is None else share_in_words(share)
