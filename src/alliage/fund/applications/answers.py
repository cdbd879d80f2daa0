"""Answers to a form: checked, completed, signed by each party, carried to a newer version.

What a person typed is kept as it is; reading it gives a value, or says why there is none.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import rfc8785

from alliage.alliances.import_cells import PlaceCell, write_place
from alliage.fund.applications.answer_values import (
    Answer,
    AnswerError,
    AnswerFault,
    Fault,
    is_empty,
    read_answer,
)
from alliage.fund.applications.application_budget import Budget, check_budget
from alliage.fund.applications.form_specification import (
    FilledBy,
    Form,
    Question,
    QuestionKind,
    Section,
)
from alliage.fund.conditions import Truth, Value, evaluate
from alliage.values.dates import PartialDate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alliage.fund.applications.application_budget import Ceilings

#: What is only not there yet: said when the application is sent, not while it is written.
INCOMPLETE = frozenset(
    {
        AnswerFault.REQUIRED,
        AnswerFault.TOO_FEW,
        AnswerFault.NOT_DECLARED,
        AnswerFault.BUDGET,
    }
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What was typed, as it was typed.

    Attributes
    ----------
    shared
        By code of question: sections filled by the lead and those filled together.
    by_party
        By code of party, then of question: sections that each party fills for itself.
    """

    shared: Mapping[str, object] = field(default_factory=dict)
    by_party: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Applicants:
    """Who applies: the lead, and those who apply with it."""

    lead: str
    co_applicants: tuple[str, ...] = ()

    @property
    def everyone(self) -> tuple[str, ...]:
        return (self.lead, *self.co_applicants)


@dataclass(frozen=True, slots=True)
class AnswerProblem:
    """What is wrong with the answer to a question; ``party`` is None where all answer together."""

    section: str
    question: str
    party: str | None
    fault: Fault


@dataclass(frozen=True, slots=True)
class _Reading:
    """A visible question, and what its answer gives."""

    section: Section
    question: Question
    value: Answer | None
    faults: tuple[Fault, ...]
    raw: object


def _readings(form: Form, answers: Answers, party: str) -> Iterator[_Reading]:
    """Read the questions that a party sees, in order; hidden ones do not appear.

    A condition on an answer that is hidden, missing or unreadable is unknown: it shows nothing.
    """
    facts: dict[str, Value] = {}
    own = answers.by_party.get(party, {})
    for section, question in form.questions():
        if question.shown_if and evaluate(question.shown_if, facts) is not Truth.TRUE:
            continue
        source = own if section.filled_by is FilledBy.EACH_PARTY else answers.shared
        raw = source.get(question.code)
        value: Answer | None = None
        faults: tuple[Fault, ...] = ()
        try:
            value = read_answer(question, raw)
        except AnswerError as error:
            faults = error.faults
        facts[question.code] = _fact(question, value, faults)
        yield _Reading(section, question, value, faults, raw)


def _fact(question: Question, value: Answer | None, faults: tuple[Fault, ...]) -> Value:
    if question.kind is QuestionKind.DECLARATION and faults:
        # Not ticking what must be ticked is an answer that a condition may use.
        return False if faults[0].fault is AnswerFault.NOT_DECLARED else None
    if question.kind in {QuestionKind.TABLE, QuestionKind.ATTACHMENT}:
        return len(value) if isinstance(value, tuple) else None
    if question.kind is QuestionKind.SEVERAL_CHOICES and isinstance(value, tuple):
        return tuple(code for code in value if isinstance(code, str))
    return value if isinstance(value, bool | Decimal | str) else None


def visible_questions(form: Form, answers: Answers, party: str) -> tuple[str, ...]:
    """List the questions that are shown to a party.

    Parameters
    ----------
    form : Form
        The version of the draft.
    answers : Answers
        What was typed so far.
    party : str
        Code of the party that looks: its own sections count, not those of others.

    Returns
    -------
    tuple of str
        Codes, in the order of the form.

    Examples
    --------
    >>> from alliage.fund.applications.form_specification import DEFAULT_FORM, read_form
    >>> form = read_form(DEFAULT_FORM)
    >>> "started" in visible_questions(form, Answers({"stage": "modelling"}), "holder")
    True
    """
    return tuple(reading.question.code for reading in _readings(form, answers, party))


def _owners(section: Section, applicants: Applicants) -> tuple[str | None, ...]:
    if section.filled_by is FilledBy.EACH_PARTY:
        return applicants.everyone
    return (applicants.lead,) if section.filled_by is FilledBy.LEAD else (None,)


def _all_readings(
    form: Form, answers: Answers, applicants: Applicants
) -> Iterator[tuple[str | None, _Reading]]:
    """Go through the readings of everyone, those of shared sections once, in the form's order."""
    by_party = {
        party: {reading.question.code: reading for reading in _readings(form, answers, party)}
        for party in applicants.everyone
    }
    for section in form.sections:
        for owner in _owners(section, applicants):
            readings = by_party[owner or applicants.lead]
            for question in section.questions:
                if question.code in readings:
                    yield owner, readings[question.code]


def check_answers(
    form: Form,
    answers: Answers,
    applicants: Applicants,
    *,
    sending: bool,
    ceilings: Ceilings | None = None,
) -> tuple[AnswerProblem, ...]:
    """List what is wrong with answers, while they are written or when they are to be sent.

    Parameters
    ----------
    form : Form
        The version of the draft.
    answers : Answers
        What was typed.
    applicants : Applicants
        Who applies.
    sending : bool
        True to require what is required; False to say only what was typed and cannot be read.
    ceilings : Ceilings, optional
        What the call allows of a budget; used when sending.

    Returns
    -------
    tuple of AnswerProblem
        In the order of the form. Hidden questions are never at fault.

    Examples
    --------
    >>> from alliage.fund.applications.form_specification import DEFAULT_FORM, read_form
    >>> form, holder = read_form(DEFAULT_FORM), Applicants("holder")
    >>> check_answers(form, Answers(), holder, sending=False)
    ()
    >>> check_answers(form, Answers(), holder, sending=True)[0].question
    'project_title'
    """
    found = []
    for owner, reading in _all_readings(form, answers, applicants):
        faults = list(reading.faults)
        if sending:
            faults += _missing(reading, ceilings)
        else:
            faults = [fault for fault in faults if fault.fault not in INCOMPLETE]
        found += [
            AnswerProblem(reading.section.code, reading.question.code, owner, fault)
            for fault in faults
        ]
    return tuple(found)


def _missing(reading: _Reading, ceilings: Ceilings | None) -> Iterator[Fault]:
    if reading.value is None and not reading.faults and reading.question.required:
        declaration = reading.question.kind is QuestionKind.DECLARATION
        fault = AnswerFault.NOT_DECLARED if declaration else AnswerFault.REQUIRED
        remedy = "Tick it." if declaration else "Answer it."
        yield Fault(fault, f"« {reading.question.code} » has no answer. {remedy}")
    if isinstance(reading.value, Budget):
        for problem in check_budget(reading.value, ceilings):
            yield Fault(
                AnswerFault.BUDGET, problem.message, problem.fault.value, column=problem.line
            )


@dataclass(frozen=True, slots=True)
class SectionCompletion:
    """How far a section is filled, for one party or for all together (None).

    Attributes
    ----------
    required
        Number of questions shown that must be answered.
    answered
        How many of them have an answer without fault.
    faulty
        Number of questions shown, required or not, whose answer is at fault.
    """

    section: str
    party: str | None
    required: int
    answered: int
    faulty: int

    @property
    def is_complete(self) -> bool:
        return self.answered == self.required and not self.faulty


def completion(
    form: Form, answers: Answers, applicants: Applicants, ceilings: Ceilings | None = None
) -> tuple[SectionCompletion, ...]:
    """Say how far each section is filled.

    Parameters
    ----------
    form : Form
        The version of the draft.
    answers : Answers
        What was typed.
    applicants : Applicants
        Who applies.
    ceilings : Ceilings, optional
        What the call allows of a budget.

    Returns
    -------
    tuple of SectionCompletion
        One entry a section, or a section and a party where each fills its own. The count changes
        as answers show or hide questions.

    Examples
    --------
    >>> from alliage.fund.applications.form_specification import DEFAULT_FORM, read_form
    >>> first = completion(read_form(DEFAULT_FORM), Answers(), Applicants("holder"))[0]
    >>> first.section, first.answered, first.is_complete
    ('alliance', 0, False)
    """
    counted: dict[tuple[str, str | None], list[int]] = {
        (section.code, owner): [0, 0, 0]
        for section in form.sections
        for owner in _owners(section, applicants)
    }
    for owner, reading in _all_readings(form, answers, applicants):
        counts = counted[reading.section.code, owner]
        faulty = bool(reading.faults) or (
            isinstance(reading.value, Budget) and bool(check_budget(reading.value, ceilings))
        )
        counts[0] += reading.question.required
        counts[1] += reading.question.required and reading.value is not None and not faulty
        counts[2] += faulty
    return tuple(
        SectionCompletion(section, owner, *counts) for (section, owner), counts in counted.items()
    )


def answers_to_send(form: Form, answers: Answers, applicants: Applicants) -> Answers:
    """Keep what is sent: answers to visible questions, of the parties that apply.

    The draft itself keeps the rest: an answer that is hidden comes back when it is shown again.

    Parameters
    ----------
    form : Form
        The version of the draft.
    answers : Answers
        What was typed.
    applicants : Applicants
        Who applies.

    Returns
    -------
    Answers
        As typed, without what is hidden, empty or asked by no question.

    Examples
    --------
    >>> from alliage.fund.applications.form_specification import DEFAULT_FORM, read_form
    >>> draft = Answers({"stage": "emergence", "started": "2020"})
    >>> dict(answers_to_send(read_form(DEFAULT_FORM), draft, Applicants("holder")).shared)
    {'stage': 'emergence'}
    """
    shared: dict[str, object] = {}
    by_party: dict[str, dict[str, object]] = {party: {} for party in applicants.everyone}
    for owner, reading in _all_readings(form, answers, applicants):
        if is_empty(reading.raw):
            continue
        own = reading.section.filled_by is FilledBy.EACH_PARTY and owner is not None
        target = by_party[owner] if own and owner else shared
        target[reading.question.code] = reading.raw
    return Answers(shared, by_party)


def part_digest(form: Form, answers: Answers, applicants: Applicants, party: str) -> str:
    """Fingerprint the part that a party signs.

    A party answers for its own sections and for those filled together; the lead for its sections
    too. Who applies is a part of what each signs. Two ways to write one value (``1 234,50`` and
    ``1234.5``) have one fingerprint, and what is hidden has none.

    Parameters
    ----------
    form : Form
        The version of the draft: another version is another text to sign.
    answers : Answers
        What was typed.
    applicants : Applicants
        Who applies.
    party : str
        Code of the party.

    Returns
    -------
    str
        SHA-256, in hexadecimal.

    Raises
    ------
    SignatureError
        If the party does not apply.

    Source: JSON Canonicalization Scheme, RFC 8785 (2020); SHA-256, FIPS 180-4 (2015).

    Examples
    --------
    >>> from alliage.fund.applications.form_specification import DEFAULT_FORM, read_form
    >>> form, holder = read_form(DEFAULT_FORM), Applicants("holder")
    >>> first, second = (
    ...     part_digest(
    ...         form, Answers({"levers": ["data", "networks"], "stage": stage}), holder, "holder"
    ...     )
    ...     for stage in ("emergence", "modelling")
    ... )
    >>> first == second
    False
    """
    _check_applies(applicants, party)
    part: dict[str, _Json] = {
        f"{reading.section.code}.{reading.question.code}": (
            {"unreadable": str(reading.raw)} if reading.faults else _canonical(reading.value)
        )
        for owner, reading in _all_readings(form, answers, applicants)
        if owner in {None, party} and not is_empty(reading.raw)
    }
    text: dict[str, _Json] = {
        "form": form.code,
        "version": form.version,
        "lead": applicants.lead,
        "co_applicants": [*sorted(applicants.co_applicants)],
        "party": party,
        "answers": part,
    }
    return hashlib.sha256(rfc8785.dumps(text)).hexdigest()


_Json: TypeAlias = (
    "str | bool | int | list[_Json] | tuple[_Json, ...] | dict[str, _Json] | float | None"
)


def _canonical(value: object) -> _Json:
    """Write a value in the one form that its equals have."""
    match value:
        case None | bool() | str() | int():
            return value
        case Decimal():
            return f"{value.normalize():f}"
        case dt.date() | PartialDate():
            return str(value)
        case tuple():
            return [_canonical(each) for each in value]
        case Mapping():
            return {str(key): _canonical(each) for key, each in value.items()}
        case PlaceCell():
            return write_place(value)
    fields = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}  # type: ignore[arg-type]
    return {"type": type(value).__name__, "fields": _canonical(fields)}


class SignatureState(StrEnum):
    """Where the signature of a party stands."""

    MISSING = "missing"
    CANCELLED = "cancelled"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Signature:
    """The agreement of a party with the part that it answers for."""

    party: str
    digest: str
    by: str
    at: dt.datetime


class SignatureError(ValueError):
    """A part cannot be signed.

    Attributes
    ----------
    party
        Whose part.
    problems
        What is to be completed first; empty when the party does not apply.
    """

    def __init__(self, party: str, message: str, problems: Iterable[AnswerProblem] = ()) -> None:
        self.party = party
        self.problems = tuple(problems)
        super().__init__(message)


def _check_applies(applicants: Applicants, party: str) -> None:
    if party not in applicants.everyone:
        msg = f"« {party} » does not apply. Applicants: {', '.join(applicants.everyone)}."
        raise SignatureError(party, msg)


def sign_part(
    form: Form,
    answers: Answers,
    applicants: Applicants,
    party: str,
    *,
    by: str,
    at: dt.datetime,
    ceilings: Ceilings | None = None,
) -> Signature:
    """Sign the part of a party.

    Parameters
    ----------
    form : Form
        The version of the draft.
    answers : Answers
        What was typed.
    applicants : Applicants
        Who applies.
    party : str
        The party that signs.
    by : str
        Identifier of the person who signs for it.
    at : datetime
        When, with its zone.
    ceilings : Ceilings, optional
        What the call allows of a budget.

    Returns
    -------
    Signature
        It holds as long as the part has the same fingerprint.

    Raises
    ------
    SignatureError
        If the party does not apply, or its part is not complete.

    Examples
    --------
    >>> from alliage.fund.applications.form_specification import DEFAULT_FORM, read_form
    >>> now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    >>> sign_part(read_form(DEFAULT_FORM), Answers(), Applicants("a"), "a", by="ada", at=now)
    Traceback (most recent call last):
        ...
    alliage.fund.applications.answers.SignatureError: The part of « a » is not complete: pro...
    """
    _check_applies(applicants, party)
    problems = [
        problem
        for problem in check_answers(form, answers, applicants, sending=True, ceilings=ceilings)
        if problem.party in {None, party}
    ]
    if problems:
        names = ", ".join(dict.fromkeys(problem.question for problem in problems))
        msg = f"The part of « {party} » is not complete: {names}. Complete it, then sign."
        raise SignatureError(party, msg, problems)
    return Signature(party, part_digest(form, answers, applicants, party), by, at)


def signature_states(
    form: Form, answers: Answers, applicants: Applicants, signatures: Iterable[Signature]
) -> Mapping[str, SignatureState]:
    """Say where the signature of each party stands.

    Parameters
    ----------
    form : Form
        The version of the draft.
    answers : Answers
        What is typed now.
    applicants : Applicants
        Who applies.
    signatures : iterable of Signature
        All that were given.

    Returns
    -------
    Mapping[str, SignatureState]
        By party. A signature is cancelled by a later change of the part, and holds again if the
        part becomes again what was signed.

    Examples
    --------
    >>> from alliage.fund.applications.form_specification import DEFAULT_FORM, read_form
    >>> signature_states(read_form(DEFAULT_FORM), Answers(), Applicants("a"), [])["a"].value
    'missing'
    """
    digests: dict[str, set[str]] = {party: set() for party in applicants.everyone}
    for signature in signatures:
        digests.setdefault(signature.party, set()).add(signature.digest)
    states = {}
    for party in applicants.everyone:
        if part_digest(form, answers, applicants, party) in digests[party]:
            states[party] = SignatureState.SIGNED
        else:
            states[party] = SignatureState.CANCELLED if digests[party] else SignatureState.MISSING
    return states


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether an application may be sent, as far as its content is concerned.

    Attributes
    ----------
    problems
        What is to be corrected or completed.
    unsigned
        Parties that have not signed, or whose signature a change has cancelled.
    """

    problems: tuple[AnswerProblem, ...]
    unsigned: Mapping[str, SignatureState]

    @property
    def is_ready(self) -> bool:
        return not self.problems and not self.unsigned


def readiness(
    form: Form,
    answers: Answers,
    applicants: Applicants,
    signatures: Iterable[Signature],
    ceilings: Ceilings | None = None,
) -> Readiness:
    """Say whether an application may be sent, and what it still needs.

    Parameters
    ----------
    form : Form
        The version of the draft.
    answers : Answers
        What was typed.
    applicants : Applicants
        Who applies; every one of them signs.
    signatures : iterable of Signature
        All that were given.
    ceilings : Ceilings, optional
        What the call allows of a budget.

    Returns
    -------
    Readiness
        The deadline is judged apart, by `alliage.fund.applications.deadlines.admission`.

    Examples
    --------
    >>> from alliage.fund.applications.form_specification import DEFAULT_FORM, read_form
    >>> readiness(read_form(DEFAULT_FORM), Answers(), Applicants("a"), []).is_ready
    False
    """
    states = signature_states(form, answers, applicants, signatures)
    return Readiness(
        check_answers(form, answers, applicants, sending=True, ceilings=ceilings),
        {party: state for party, state in states.items() if state is not SignatureState.SIGNED},
    )


@dataclass(frozen=True, slots=True)
class CarriedAnswers:
    """A draft taken to a newer version of its form.

    Attributes
    ----------
    answers
        What finds its question in the new version, as typed.
    set_aside
        What does not: kept with the draft, shown beside it, never sent.
    to_check
        Questions whose answer was good and no longer is, or whose sense may have changed.
    """

    answers: Answers
    set_aside: Answers
    to_check: tuple[str, ...]


def carry_over(answers: Answers, old: Form, new: Form) -> CarriedAnswers:
    """Take a draft to a newer version of its form, when its authors ask for it.

    A draft keeps its version until then. Nothing is lost: what the new version does not ask is
    set aside.

    Parameters
    ----------
    answers : Answers
        What was typed.
    old : Form
        The version of the draft.
    new : Form
        The version to take it to.

    Returns
    -------
    CarriedAnswers
        ``answers`` and ``set_aside`` together hold every entry of the draft, once.

    Examples
    --------
    >>> from alliage.fund.applications.form_specification import DEFAULT_FORM, read_form
    >>> form = read_form(DEFAULT_FORM)
    >>> carried = carry_over(Answers({"stage": "emergence", "gone": "text"}), form, form)
    >>> dict(carried.answers.shared), dict(carried.set_aside.shared)
    ({'stage': 'emergence'}, {'gone': 'text'})
    """
    before = {question.code: (section, question) for section, question in old.questions()}
    shared: dict[str, Question] = {}
    by_each: dict[str, Question] = {}
    for section, question in new.questions():
        own = section.filled_by is FilledBy.EACH_PARTY
        (by_each if own else shared)[question.code] = question
    kept = Answers(
        _only(answers.shared, shared, inside=True),
        {party: _only(own, by_each, inside=True) for party, own in answers.by_party.items()},
    )
    aside = Answers(
        _only(answers.shared, shared, inside=False),
        {party: _only(own, by_each, inside=False) for party, own in answers.by_party.items()},
    )
    to_check: dict[str, None] = {}
    for source, questions in [
        (kept.shared, shared),
        *((own, by_each) for own in kept.by_party.values()),
    ]:
        for code, raw in source.items():
            if code in before and _needs_a_look(before[code][1], questions[code], raw):
                to_check[code] = None
    return CarriedAnswers(kept, aside, tuple(to_check))


def _only(
    source: Mapping[str, object], known: Mapping[str, Question], *, inside: bool
) -> dict[str, object]:
    return {code: raw for code, raw in source.items() if (code in known) is inside}


def _needs_a_look(before: Question, after: Question, raw: object) -> bool:
    labels = {"label_fr", "label_en"}
    if before.kind is not after.kind or any(
        getattr(before, name) != getattr(after, name) for name in labels
    ):
        return True
    return _is_readable(before, raw) and not _is_readable(after, raw)


def _is_readable(question: Question, raw: object) -> bool:
    try:
        read_answer(question, raw)
    except AnswerError:
        return False
    return True
