"""Applications: their content as the library reads it, and what it says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Q

from alliage.fund.applications.answer_values import AnswerError
from alliage.fund.applications.answers import (
    Answers,
    Applicants,
    Readiness,
    SectionCompletion,
    Signature,
    completion,
    readiness,
    signature_states,
    visible_questions,
)
from alliage.fund.applications.application_budget import Budget
from alliage.fund.applications.budget_rows import read_budget
from alliage.fund.applications.deadlines import Admission, Phase, admission, phase
from alliage.fund.applications.eligibility import (
    Eligibility,
    RuleResult,
    Verdict,
    check_eligibility,
)
from alliage.fund.applications.form_specification import (
    FilledBy,
    Form,
    Question,
    QuestionKind,
    Section,
)
from alliage.fund.conditions import Truth
from alliage.fund.states import ApplicationState, CallState, Guard
from alliage_web.alliances.queries import contents
from alliage_web.fund.models import Applicant, Application, RuleJudgement, SignOff
from alliage_web.ui.rows import only

from .agreements import has_signed_agreement
from .application_facts import facts_of
from .calls import (
    NOT_REVIEWED,
    ceilings_of,
    form_of,
    newer_version,
    period_of,
    rules_of,
    state_of,
)
from .legal_facts import latest_of
from .review_panels import review_guards

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from alliage.fund.applications.application_budget import Ceilings
    from alliage_web.accounts.models import User
    from alliage_web.alliances.models import Alliance
    from alliage_web.alliances.queries import AllianceStory
    from alliage_web.fund.models import Call, FormVersion, Fund, LegalStatement, SentVersion

#: States in which applicants may write.
WRITTEN_IN = frozenset({ApplicationState.DRAFT, ApplicationState.TO_COMPLETE})
#: States in which money is reserved for an application.
AWARDED = frozenset({ApplicationState.ACCEPTED_SUBJECT_TO_DOCUMENTS, ApplicationState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Part:
    """What one applicant answers for: its own sections; permissions are asked about it."""

    application: Application
    applicant: Applicant

    @property
    def stable_name(self) -> str:
        return self.application.stable_name


class Content:
    """An application with its form, its answers and its signatures, read once.

    With ``sent``, the answers are those of that sending, whatever was written since.
    """

    def __init__(self, application: Application, sent: SentVersion | None = None) -> None:
        self.application = application
        self.sent = sent
        self.call: Call = application.call
        self.form: Form = form_of(application.form)
        self.parts: tuple[Applicant, ...] = application.everyone

    @cached_property
    def applicants(self) -> Applicants:
        lead, *others = [part.code for part in self.parts]
        return Applicants(lead, tuple(others))

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Names of organisations, by code of applicant."""
        return {part.code: part.organisation.name for part in self.parts}

    def part(self, code: str) -> Applicant | None:
        return next((part for part in self.parts if part.code == code), None)

    @property
    def lead(self) -> Applicant:
        return self.parts[0]

    @cached_property
    def sign_offs(self) -> tuple[SignOff, ...]:
        rows = SignOff.objects.filter(application=self.application).select_related("by")
        return tuple(rows.order_by("at", "pk"))

    @cached_property
    def answers(self) -> Answers:
        """What was typed; a budget that can be read is one."""
        return Answers(
            self._typed(self._shared),
            {part.code: self._typed(self._own(part)) for part in self.parts},
        )

    @property
    def _shared(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = (
            self.sent.content["answers"] if self.sent else self.application.shared
        )
        return found

    def _own(self, part: Applicant) -> Mapping[str, Any]:
        found: Mapping[str, Any] = (
            self.sent.content["answers_by_party"].get(part.code, {}) if self.sent else part.answers
        )
        return found

    def _typed(self, raw: Mapping[str, Any]) -> dict[str, object]:
        return {code: self._value(code, value) for code, value in raw.items()}

    def _value(self, code: str, raw: Any) -> object:
        if code not in self._budgets or not isinstance(raw, Mapping):
            return raw
        try:
            budget = read_budget(raw, self.applicants.everyone)
        except AnswerError:
            return raw
        return budget if budget.lines() else None

    @cached_property
    def _budgets(self) -> frozenset[str]:
        return frozenset(
            question.code
            for _section, question in self.form.questions()
            if question.kind is QuestionKind.BUDGET
        )

    @cached_property
    def ceilings(self) -> Ceilings:
        return ceilings_of(self.call)

    @cached_property
    def signatures(self) -> tuple[Signature, ...]:
        return tuple(
            Signature(row.party, row.digest, f"user:{row.by_id}", row.at) for row in self.sign_offs
        )

    @cached_property
    def readiness(self) -> Readiness:
        return readiness(self.form, self.answers, self.applicants, self.signatures, self.ceilings)

    @cached_property
    def signature_states(self) -> Mapping[str, Any]:
        return signature_states(self.form, self.answers, self.applicants, self.signatures)

    @cached_property
    def completion(self) -> tuple[SectionCompletion, ...]:
        return completion(self.form, self.answers, self.applicants, self.ceilings)

    def visible(self, party: str) -> frozenset[str]:
        return frozenset(visible_questions(self.form, self.answers, party))

    def section(self, code: str) -> Section | None:
        return next((section for section in self.form.sections if section.code == code), None)

    def raw(self, section: Section, party: str) -> Mapping[str, Any]:
        """Return what was typed in a section; ``party`` counts where each fills its own."""
        if section.filled_by is FilledBy.EACH_PARTY:
            part = self.part(party)
            return self._own(part) if part else {}
        return self._shared

    @cached_property
    def budget(self) -> Budget | None:
        """The budget that the applicants see; None when there is none, or it cannot be read."""
        visible = self.visible(self.applicants.lead)
        return next(
            (
                value
                for code, value in self.answers.shared.items()
                if isinstance(value, Budget) and code in visible
            ),
            None,
        )

    @cached_property
    def judgements(self) -> Mapping[str, RuleJudgement]:
        rows = RuleJudgement.objects.filter(application=self.application).select_related("by")
        return {row.rule: row for row in rows}

    @cached_property
    def legal_statements(self) -> Mapping[int, LegalStatement]:
        """What officers established of paying each applicant, by its key."""
        return latest_of(self.parts)

    def eligibility(self, on: dt.date) -> Eligibility | None:
        """Apply the rules of the call; what an officer found replaces what cannot be told."""
        rules = rules_of(self.call)
        if rules is None:
            return None
        found = check_eligibility(rules, facts_of(self, on))
        return Eligibility(tuple(self._judged(result) for result in found.results))

    def _judged(self, result: RuleResult) -> RuleResult:
        judgement = self.judgements.get(result.rule.id)
        if result.truth is not Truth.UNKNOWN or judgement is None:
            return result
        truth = Truth.TRUE if judgement.is_met else Truth.FALSE
        return replace(result, truth=truth, missing=())

    @property
    def is_written(self) -> bool:
        """Whether applicants may still write; the deadline takes nothing from them."""
        return ApplicationState(self.application.state) in WRITTEN_IN

    def admission(self, at: dt.datetime) -> Admission:
        return admission(period_of(self.call), at=at, begun_at=self.application.begun_at)

    def newer_form(self) -> FormVersion | None:
        """Return a later version of the form, for a draft that may move to it."""
        return newer_version(self.application.form) if self.is_written else None

    def guards(self, at: dt.datetime) -> set[Guard]:
        """Return what holds of an application, apart from what a decision brings with it."""
        application, today = self.application, at.date()
        state = ApplicationState(application.state)
        holds = set()
        if state_of(self.call, at) not in {CallState.CANCELLED, CallState.COMPLETED} and (
            self.admission(at).may_send
        ):
            holds.add(Guard.CALL_OPEN)
        if phase(period_of(self.call), at) is Phase.CLOSED:
            holds.add(Guard.CALL_CLOSED)
        if not self.readiness.problems:
            holds.add(Guard.FORM_COMPLETE)
        if not self.readiness.unsigned:
            holds.add(Guard.PARTS_SIGNED)
        if state in NOT_REVIEWED:
            holds.add(Guard.REVIEW_NOT_STARTED)
        if application.complete_by is not None and today > application.complete_by:
            holds.add(Guard.COMPLETION_DATE_PASSED)
        holds |= review_guards(application, today) | self._signature_guards(today)
        return holds | self._rule_guards(today) | self._document_guards(today)

    def _signature_guards(self, today: dt.date) -> set[Guard]:
        application = self.application
        holds = set()
        if ApplicationState(application.state) in AWARDED:
            if not has_signed_agreement(application):
                holds.add(Guard.NO_SIGNED_AGREEMENT)
            if application.sign_by is not None and today > application.sign_by:
                holds.add(Guard.SIGNATURE_DATE_PASSED)
        return holds

    def _rule_guards(self, today: dt.date) -> set[Guard]:
        found = self.eligibility(today)
        if found is None or found.verdict is Verdict.ELIGIBLE:
            return {Guard.RULES_MET}
        return {Guard.RULE_NOT_MET} if found.verdict is Verdict.NOT_ELIGIBLE else set()

    def _document_guards(self, today: dt.date) -> set[Guard]:
        documents = list(self.application.requested_documents.all())
        missing = [row for row in documents if row.received_at is None]
        if not documents:
            return set()
        if not missing:
            return {Guard.DOCUMENTS_RECEIVED}
        late = any(today > row.due_on for row in missing)
        return {Guard.DOCUMENTS_DATE_PASSED} if late else set()


def find_application(reference: str) -> Application | None:
    """Read an application with all that its pages and its permissions need."""
    rows = Application.objects.select_related(
        "fund", "call", "call__fund", "call__strand", "form", "alliance", "begun_by"
    )
    return only(rows.filter(reference=reference))


@dataclass(frozen=True, slots=True)
class ApplicationLine:
    """An application in a list."""

    application: Application
    lead: str
    others: int


def applications_of(
    user: User, organisations: Sequence[str], alliances: Sequence[str]
) -> list[ApplicationLine]:
    """Return the applications of organisations, known by their addresses, the latest first.

    ``alliances`` are those, by address, for which the person acts or that they facilitate.
    """
    mine = Q(applicants__organisation__slug__in=organisations) | Q(alliance__slug__in=alliances)
    rows = Application.objects.filter(mine | Q(begun_by=user.pk)).distinct()
    return _lines(rows)


def sent_to(fund: Fund, call: Call | None = None) -> list[ApplicationLine]:
    """Return the applications that were sent to a fund, the latest sent first."""
    rows = Application.objects.filter(fund=fund, sent_at__isnull=False).exclude(
        state=ApplicationState.DRAFT.value
    )
    if call is not None:
        rows = rows.filter(call=call)
    return _lines(rows.order_by("-sent_at", "-pk"))


def _lines(rows: Any) -> list[ApplicationLine]:
    found = rows.select_related("call", "call__fund", "alliance", "fund").prefetch_related(
        "applicants__organisation"
    )
    lines = []
    for row in found:
        everyone = sorted(row.applicants.all(), key=lambda part: (not part.is_lead, part.pk))
        lead = everyone[0].organisation.name if everyone else ""
        lines.append(ApplicationLine(row, lead, max(len(everyone) - 1, 0)))
    return lines


def last_sent(application: Application) -> SentVersion | None:
    """Return the application as it was last sent."""
    rows = application.sent_versions.select_related("by")
    return rows.order_by("-number").first()


def attached_to(application: Application) -> Mapping[UUID, tuple[str, str]]:
    """Return the documents that answers hold: question and applicant, by identifier."""
    found = {}
    places = [("", application.shared)]
    places += [(part.code, part.answers) for part in application.everyone]
    for party, raw in places:
        for code, value in raw.items():
            for item in value if isinstance(value, list) else ():
                if isinstance(item, Mapping) and "uuid" in item:
                    found[UUID(str(item["uuid"]))] = (code, party)
    return found


def questions_in(section: Section) -> tuple[Question, ...]:
    """Return the questions of a section that a form of the page asks, without files and budget."""
    apart = {QuestionKind.ATTACHMENT, QuestionKind.BUDGET}
    return tuple(question for question in section.questions if question.kind not in apart)


def party_names(alliance: Alliance | AllianceStory) -> frozenset[str]:
    """Return the stable names of the organisations that are parties of an alliance now."""
    rows = contents([alliance.id], sections=("parties",))[alliance.id].sections["parties"]
    return frozenset(
        f"organisation:{row['organisation']}"
        for row in rows
        if row["organisation"] and not row["left"]
    )
