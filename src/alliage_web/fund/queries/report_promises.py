"""What an agreement promised: by the application that was sent, and by its terms."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from alliage.fund.applications.answer_values import AnswerError, read_answer
from alliage.fund.applications.application_budget import BudgetError, amounts
from alliage.fund.applications.form_specification import QuestionKind
from alliage.fund.money.instalments import ConditionKind
from alliage.fund.reporting.promises import Promise, PromiseKind, promise_key
from alliage.values.dates import PartialDate

from .agreements import version_in_force
from .application_wording import told
from .applications import Content, last_sent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alliage_web.actors.models import Organisation
    from alliage_web.fund.models import Agreement, AgreementVersion

#: The questions of a form that promise something, by their codes and kinds.
_STEPS = ("steps", QuestionKind.TABLE)
_LEVERS = ("levers", QuestionKind.SEVERAL_CHOICES)
_DECEMBER = 12


def last_day(date: PartialDate) -> dt.date:
    """Return the latest day that a date may mean."""
    month = date.month or _DECEMBER
    day = date.day or calendar.monthrange(date.year, month)[1]
    return dt.date(date.year, month, day)


def promises_of(agreement: Agreement) -> list[Promise]:
    """Return what an agreement in force promised, each under its stable name."""
    version = version_in_force(agreement)
    if version is None:
        return []
    return [*_terms(agreement, version), *_application(agreement), *_indicators(agreement)]


def who_reports(agreement: Agreement) -> list[Organisation]:
    """Return who receives, then who applied with it: each tells of its part."""
    found = {agreement.receiver_id: agreement.receiver}
    if agreement.application is not None:
        for part in agreement.application.everyone:
            found.setdefault(part.organisation_id, part.organisation)
    return list(found.values())


def known_ends(agreement: Agreement) -> list[dt.date]:
    """Return the last days of the steps that were promised, as far as they are known."""
    days = (each.by_when for each in _application(agreement) if each.kind is PromiseKind.STEP)
    return [day for day in days if day is not None]


def _terms(agreement: Agreement, version: AgreementVersion) -> Iterator[Promise]:
    asked = frozenset({agreement.stable_name})
    words = " ".join(version.objective.split())
    yield Promise(
        promise_key(PromiseKind.OBJECTIVE, words), PromiseKind.OBJECTIVE, words, agreements=asked
    )
    rows = {
        row.pk: row
        for instalment in version.instalments.prefetch_related("conditions")
        for row in instalment.conditions.all()
    } | {row.pk: row for row in version.release.all()}
    for row in rows.values():
        # A report is not a promise to report on.
        if row.kind == ConditionKind.REPORT_ACCEPTED.value:
            continue
        key = promise_key(PromiseKind.CONDITION, row.label)
        yield Promise(key, PromiseKind.CONDITION, row.label, agreements=asked)


def _indicators(agreement: Agreement) -> Iterator[Promise]:
    asked = frozenset({agreement.stable_name})
    for row in agreement.indicators.filter(agreed_at__isnull=False).order_by("pk"):
        text = _("%(label)s (%(unit)s)") % {"label": row.label, "unit": row.unit}
        yield Promise(row.key, PromiseKind.INDICATOR, text, by_when=row.target_on, agreements=asked)


def indicator_key(label: str, unit: str) -> str:
    """Make the key of an indicator: two agreements that ask for the same one share its measures."""
    return promise_key(PromiseKind.INDICATOR, label, unit)


def _application(agreement: Agreement) -> Iterator[Promise]:
    application = agreement.application
    sent = last_sent(application) if application else None
    if application is None or sent is None:
        return
    content = Content(application, sent)
    asked = frozenset({agreement.stable_name})
    lead = content.applicants.lead
    visible = content.visible(lead)
    for _section, question in content.form.questions():
        if question.code not in visible:
            continue
        if (question.code, question.kind) == _STEPS:
            for row in _read(question, content.answers.shared.get(question.code)):
                yield from _step(row, asked)
        elif (question.code, question.kind) == _LEVERS:
            options = {option.code: told(option, "label") for option in question.options}
            for code in _read(question, content.answers.shared.get(question.code)):
                key = promise_key(PromiseKind.LEVER, str(code))
                text = options.get(str(code), str(code))
                yield Promise(key, PromiseKind.LEVER, text, agreements=asked)
    yield from _budget(content, asked)


def _read(question: Any, raw: object) -> tuple[Any, ...]:
    try:
        answer = read_answer(question, raw)
    except AnswerError:
        return ()
    return answer if isinstance(answer, tuple) else ()


def _step(row: object, asked: frozenset[str]) -> Iterator[Promise]:
    if not isinstance(row, Mapping) or not row.get("what"):
        return
    text, day = str(row["what"]), row.get("by_when")
    yield Promise(
        promise_key(PromiseKind.STEP, text),
        PromiseKind.STEP,
        text,
        by_when=last_day(day) if isinstance(day, PartialDate) else None,
        sign=str(row.get("sign") or ""),
        agreements=asked,
    )


def _budget(content: Content, asked: frozenset[str]) -> Iterator[Promise]:
    budget = content.budget
    if budget is None:
        return
    try:
        planned = amounts(budget)
    except BudgetError:
        planned = {}
    for line in budget.expenses:
        party = content.names.get(line.party, line.party)
        key = promise_key(PromiseKind.BUDGET, line.label, line.nature.value, party)
        yield Promise(
            key,
            PromiseKind.BUDGET,
            _("%(label)s, %(party)s") % {"label": line.label, "party": party},
            planned=planned.get(line.code),
            nature=line.nature.value,
            agreements=asked,
        )
