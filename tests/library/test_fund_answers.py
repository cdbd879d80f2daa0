"""Answers to a form: read, hidden, completed, signed, carried to a newer version."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.alliances.import_cells import PlaceCell
from alliage.fund.applications.answer_values import (
    AnswerError,
    AnswerFault,
    AttachedFile,
    read_answer,
    read_decimal,
)
from alliage.fund.applications.answers import (
    Answers,
    Applicants,
    Signature,
    SignatureError,
    SignatureState,
    answers_to_send,
    carry_over,
    check_answers,
    completion,
    part_digest,
    readiness,
    sign_part,
    signature_states,
    visible_questions,
)
from alliage.fund.applications.application_budget import (
    Budget,
    Ceilings,
    Expense,
    Fixed,
    Nature,
    Resource,
)
from alliage.fund.applications.form_specification import (
    DEFAULT_FORM,
    Form,
    Option,
    Question,
    QuestionKind,
    read_form,
)
from alliage.territories.levels import Level
from alliage.values.dates import PartialDate
from alliage.values.money import euros

FORM = read_form(DEFAULT_FORM)
PAIR = Applicants("holder", ("town",))
NOW = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)
BUDGET = Budget(
    ("holder", "town"),
    (Expense("study", "Study", "holder", "services", Nature.CASH, Fixed(euros(12000))),),
    (
        Resource("fund", "Fund", "holder", Nature.CASH, Fixed(euros(9000)), asked=True),
        Resource("own", "Own", "town", Nature.CASH, Fixed(euros(3000)), own=True),
    ),
)
PARTY = {
    "organisation": "ptce-vivre-les-mureaux",
    "brings": "Un lieu.",
    "receives_money": "non",
    "accurate": True,
}
COMPLETE = Answers(
    {
        "project_title": "Ferme",
        "summary": "Une ferme en ville.",
        "stage": "emergence",
        "need": "L’isolement.",
        "why_together": "Chacun tient un bout.",
        "steps": [{"what": "Étude", "by_when": "juin 2026"}],
        "levers": ["direct_funding", "data"],
        "amount_asked": "9 000",
        "plan": BUDGET,
        "without_support": "Rien.",
        "where": "78440",
    },
    {"holder": PARTY, "town": {**PARTY, "organisation": "ville-des-mureaux"}},
)


def question(kind: QuestionKind, **settings: object) -> Question:
    return Question("q", kind, "Question", "Question", **settings)  # type: ignore[arg-type]


def faults(asked: Question, raw: object) -> list[AnswerFault]:
    with pytest.raises(AnswerError) as caught:
        read_answer(asked, raw)
    return [fault.fault for fault in caught.value.faults]


def changed(answers: Answers, **shared: object) -> Answers:
    return dataclasses.replace(answers, shared={**answers.shared, **shared})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 234,50", "1234.50"),
        ("1\u202f234\u00a0567,5 €", "1234567.5"),
        ("12.5", "12.5"),
        ("−3", "-3"),
        ("0", "0"),
        ("1234", "1234"),
    ],
)
def test_numbers_are_read_as_the_french_write_them(text: str, value: str) -> None:
    assert read_decimal(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["1.234,50", "1,234.50", "12 34", "1e3", "NaN", "Infinity", "٣", "", "€", "12 €€", "--1"],
)
def test_what_would_have_to_be_guessed_is_refused(text: str) -> None:
    with pytest.raises(AnswerError, match="1 234,50"):
        read_decimal(text)


OPTIONS = (Option("a", "A", "A"), Option("b", "B", "B"))


@pytest.mark.parametrize(
    ("asked", "raw", "value"),
    [
        (question(QuestionKind.SHORT_TEXT), "  e\u0301te\u0301\r\n ", "été"),
        (question(QuestionKind.CHOICE, options=OPTIONS), "a", "a"),
        (question(QuestionKind.SEVERAL_CHOICES, options=OPTIONS), ["b", "a", "b"], ("a", "b")),
        (question(QuestionKind.YES_NO), "oui", True),
        (question(QuestionKind.YES_NO), False, False),
        (question(QuestionKind.EUROS), Decimal("12.30"), Decimal("12.30")),
        (question(QuestionKind.NUMBER), 3, Decimal(3)),
        (question(QuestionKind.DATE), "31/03/2026", dt.date(2026, 3, 31)),
        (question(QuestionKind.DATE), "1er mai 2026", dt.date(2026, 5, 1)),
        (question(QuestionKind.PARTIAL_DATE), "09/2014", PartialDate(2014, 9)),
        (question(QuestionKind.TERRITORY), "94080", PlaceCell(Level.COMMUNE, "94080")),
        (question(QuestionKind.DECLARATION), False, False),
        (question(QuestionKind.SHORT_TEXT), "   ", None),
        (question(QuestionKind.TABLE), [], None),
    ],
)
def test_values_are_read(asked: Question, raw: object, value: object) -> None:
    assert read_answer(asked, raw) == value


@pytest.mark.parametrize(
    ("asked", "raw", "fault"),
    [
        (question(QuestionKind.SHORT_TEXT, max_length=3), "four", AnswerFault.TOO_LONG),
        (question(QuestionKind.SHORT_TEXT), 3, AnswerFault.TYPE),
        (question(QuestionKind.CHOICE, options=OPTIONS), "c", AnswerFault.NOT_AN_OPTION),
        (question(QuestionKind.SEVERAL_CHOICES, options=OPTIONS), "a", AnswerFault.TYPE),
        (
            question(QuestionKind.SEVERAL_CHOICES, options=OPTIONS, minimum=Decimal(2)),
            ["a", "a"],
            AnswerFault.TOO_FEW,
        ),
        (question(QuestionKind.YES_NO), "peut-être", AnswerFault.TYPE),
        (question(QuestionKind.EUROS), "1,234", AnswerFault.TOO_MANY_DECIMALS),
        (question(QuestionKind.EUROS), 1.5, AnswerFault.TYPE),
        (question(QuestionKind.NUMBER), True, AnswerFault.TYPE),
        (question(QuestionKind.EUROS, minimum=Decimal(1)), "0,99", AnswerFault.TOO_SMALL),
        (question(QuestionKind.EUROS), "9" * 20, AnswerFault.TOO_LARGE),
        (question(QuestionKind.EUROS), "-" + "9" * 20, AnswerFault.TOO_LARGE),
        (question(QuestionKind.DATE), "mars 2026", AnswerFault.LOOSE_DATE),
        (question(QuestionKind.DATE), "31/02/2026", AnswerFault.NOT_A_DATE),
        (question(QuestionKind.PARTIAL_DATE), "été 2020", AnswerFault.LOOSE_DATE),
        (question(QuestionKind.TERRITORY), "Vincennes", AnswerFault.NOT_A_PLACE),
        (question(QuestionKind.DECLARATION, required=True), False, AnswerFault.NOT_DECLARED),
        (question(QuestionKind.BUDGET), "12 000", AnswerFault.TYPE),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_code(
    asked: Question, raw: object, fault: AnswerFault
) -> None:
    assert faults(asked, raw) == [fault]


TABLE = question(
    QuestionKind.TABLE,
    columns=(
        Question("what", QuestionKind.SHORT_TEXT, "Quoi", "What", required=True),
        Question("cost", QuestionKind.EUROS, "Coût", "Cost"),
    ),
    maximum=Decimal(2),
)


def test_a_table_names_the_row_and_the_column_and_drops_empty_rows() -> None:
    rows = read_answer(TABLE, [{"what": "Étude", "cost": "12,5"}, {"what": " ", "cost": ""}])
    assert rows == ({"what": "Étude", "cost": Decimal("12.5")},)
    with pytest.raises(AnswerError) as caught:
        read_answer(TABLE, [{"cost": "x"}, {"what": "a", "colour": "red"}, "text"])
    assert [(fault.fault, fault.row, fault.column) for fault in caught.value.faults] == [
        (AnswerFault.REQUIRED, 1, "what"),
        (AnswerFault.NOT_A_NUMBER, 1, "cost"),
        (AnswerFault.UNKNOWN_COLUMN, 2, ""),
        (AnswerFault.TYPE, 3, ""),
    ]
    assert faults(TABLE, [{"what": str(rank)} for rank in range(3)]) == [AnswerFault.TOO_MANY]


def test_attachments_are_of_the_kind_and_size_that_are_asked() -> None:
    asked = question(
        QuestionKind.ATTACHMENT, extensions=("pdf",), max_megabytes=1, maximum=Decimal(1)
    )
    good = AttachedFile("Budget.PDF", 1_000_000, "0" * 64)
    assert read_answer(asked, [dataclasses.asdict(good)]) == (good,)
    assert faults(asked, [dataclasses.replace(good, name="a.exe")]) == [AnswerFault.FILE_KIND]
    assert faults(asked, [dataclasses.replace(good, size=1_000_001)]) == [AnswerFault.FILE_SIZE]
    assert faults(asked, [good, good]) == [AnswerFault.TOO_MANY]
    assert faults(asked, ["budget.pdf", {"name": "a.pdf"}]) == [AnswerFault.TYPE] * 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
EVERY_QUESTION = [*(asked for _, asked in FORM.questions()), TABLE]


@given(st.sampled_from(EVERY_QUESTION), JSON)
def test_whatever_is_received_is_read_or_refused(asked: Question, raw: object) -> None:
    # Any other error than a refusal fails the test.
    with contextlib.suppress(AnswerError):
        read_answer(asked, raw)


def test_a_complete_application_has_no_problem() -> None:
    assert check_answers(FORM, COMPLETE, PAIR, sending=True) == ()
    assert all(each.is_complete for each in completion(FORM, COMPLETE, PAIR))


def test_a_draft_is_told_of_what_cannot_be_read_and_not_of_what_is_missing() -> None:
    draft = Answers({"amount_asked": "beaucoup", "levers": ["direct_funding"]})
    problems = check_answers(FORM, draft, PAIR, sending=False)
    assert [(each.section, each.question, each.party) for each in problems] == [
        ("support", "amount_asked", "holder")
    ]
    assert len(check_answers(FORM, draft, PAIR, sending=True)) > 10


def test_a_hidden_answer_is_neither_required_nor_checked_nor_sent_and_comes_back() -> None:
    hidden = changed(COMPLETE, levers=["data"], amount_asked="beaucoup", plan=None)
    assert "amount_asked" not in visible_questions(FORM, hidden, "holder")
    assert check_answers(FORM, hidden, PAIR, sending=True) == ()
    assert "amount_asked" not in answers_to_send(FORM, hidden, PAIR).shared
    shown = changed(hidden, levers=["direct_funding"])
    assert answers_to_send(FORM, shown, PAIR).shared["amount_asked"] == "beaucoup"


def test_what_depends_on_a_hidden_answer_is_hidden() -> None:
    party = {**PARTY, "other_public_aid": True, "aids": [{"granted_by": "x"}]}
    draft = Answers(by_party={"holder": party})
    assert "aids" not in visible_questions(FORM, draft, "holder")
    asked = Answers(by_party={"holder": {**party, "receives_money": True}})
    assert "aids" in visible_questions(FORM, asked, "holder")
    assert "aids" not in visible_questions(FORM, asked, "town")


def test_a_condition_on_an_unreadable_answer_shows_nothing() -> None:
    assert "started" not in visible_questions(FORM, Answers({"stage": "unheard of"}), "holder")


def test_only_parties_that_apply_are_sent() -> None:
    answers = dataclasses.replace(COMPLETE, by_party={**COMPLETE.by_party, "gone": PARTY})
    assert set(answers_to_send(FORM, answers, PAIR).by_party) == {"holder", "town"}


def test_the_budget_is_held_to_the_ceilings_of_the_call() -> None:
    ceilings = Ceilings(max_share=Decimal("0.5"))
    (problem,) = check_answers(FORM, COMPLETE, PAIR, sending=True, ceilings=ceilings)
    assert (problem.question, problem.fault.fault, problem.fault.value) == (
        "plan",
        AnswerFault.BUDGET,
        "above_share",
    )
    assert check_answers(FORM, COMPLETE, PAIR, sending=False, ceilings=ceilings) == ()
    faulty = [each for each in completion(FORM, COMPLETE, PAIR, ceilings) if not each.is_complete]
    assert [(each.section, each.faulty) for each in faulty] == [("support", 1)]


def test_completion_counts_each_party_by_itself() -> None:
    draft = Answers(by_party={"town": {"organisation": "ville", "accurate": False}})
    found = {(each.section, each.party): each for each in completion(FORM, draft, PAIR)}
    assert (found["party", "town"].answered, found["party", "holder"].answered) == (1, 0)
    assert found["party", "town"].required == 4
    assert found["alliance", None].answered == 0


def signed(answers: Answers, *parties: str) -> list[Signature]:
    return [sign_part(FORM, answers, PAIR, party, by=f"{party}-1", at=NOW) for party in parties]


def test_an_application_is_ready_only_when_everyone_has_signed() -> None:
    first = readiness(FORM, COMPLETE, PAIR, signed(COMPLETE, "holder"))
    assert not first.is_ready
    assert first.unsigned == {"town": SignatureState.MISSING}
    assert readiness(FORM, COMPLETE, PAIR, signed(COMPLETE, "holder", "town")).is_ready
    unfinished = changed(COMPLETE, summary="")
    assert not readiness(FORM, unfinished, PAIR, signed(COMPLETE, "holder", "town")).is_ready


@pytest.mark.parametrize(
    ("shared", "town", "cancelled"),
    [
        ({}, {}, set()),
        ({"amount_asked": "9000.00"}, {}, set()),
        ({"amount_asked": "9001"}, {}, {"holder"}),
        ({"levers": ["data", "direct_funding"]}, {}, set()),
        ({"summary": "Autre."}, {}, {"holder", "town"}),
        ({}, {"brings": "Autre."}, {"town"}),
        ({"started": "2020"}, {}, set()),
        (
            {"plan": dataclasses.replace(BUDGET, resources=BUDGET.resources[::-1])},
            {},
            {"holder"},
        ),
    ],
)
def test_a_later_change_cancels_the_signatures_of_those_who_answer_for_it(
    shared: dict[str, object], town: dict[str, object], cancelled: set[str]
) -> None:
    signatures = signed(COMPLETE, "holder", "town")
    later = Answers(
        {**COMPLETE.shared, **shared},
        {**COMPLETE.by_party, "town": {**COMPLETE.by_party["town"], **town}},
    )
    states = signature_states(FORM, later, PAIR, signatures)
    found = {party for party, state in states.items() if state is SignatureState.CANCELLED}
    assert found == cancelled
    assert set(signature_states(FORM, COMPLETE, PAIR, signatures).values()) == {
        SignatureState.SIGNED
    }


def test_an_unfinished_part_is_not_signed_and_that_of_another_does_not_prevent_it() -> None:
    unfinished = changed(COMPLETE, without_support="")
    with pytest.raises(SignatureError, match="without_support") as caught:
        sign_part(FORM, unfinished, PAIR, "holder", by="h", at=NOW)
    assert [problem.question for problem in caught.value.problems] == ["without_support"]
    assert sign_part(FORM, unfinished, PAIR, "town", by="t", at=NOW).party == "town"


def test_who_does_not_apply_does_not_sign() -> None:
    with pytest.raises(SignatureError, match="Applicants: holder, town"):
        sign_part(FORM, COMPLETE, PAIR, "stranger", by="s", at=NOW)


def test_who_applies_is_a_part_of_what_each_signs() -> None:
    wider = Applicants("holder", ("town", "school"))
    states = signature_states(FORM, COMPLETE, wider, signed(COMPLETE, "holder", "town"))
    assert states == {
        "holder": SignatureState.CANCELLED,
        "town": SignatureState.CANCELLED,
        "school": SignatureState.MISSING,
    }


def test_a_signature_is_of_a_version_of_the_form() -> None:
    newer = dataclasses.replace(FORM, version=2)
    assert part_digest(FORM, COMPLETE, PAIR, "town") != part_digest(newer, COMPLETE, PAIR, "town")


def test_a_draft_that_is_carried_over_says_what_to_look_at() -> None:
    def amend(asked: Question) -> Question:
        return dataclasses.replace(asked, max_length=5) if asked.code == "summary" else asked

    sections = tuple(
        dataclasses.replace(
            section,
            questions=tuple(amend(asked) for asked in section.questions if asked.code != "need"),
        )
        for section in FORM.sections
    )
    newer = dataclasses.replace(FORM, version=2, sections=sections)
    carried = carry_over(COMPLETE, FORM, newer)
    assert carried.to_check == ("summary",)
    assert carried.set_aside.shared == {"need": COMPLETE.shared["need"]}


CODES = [asked.code for _, asked in FORM.questions()]


@given(
    st.sets(st.sampled_from(CODES)),
    st.dictionaries(st.sampled_from([*CODES, "unknown"]), st.text(max_size=5), max_size=8),
    st.dictionaries(st.sampled_from([*CODES, "unknown"]), st.text(max_size=5), max_size=8),
)
def test_nothing_is_lost_from_one_version_to_the_next(
    removed: set[str], shared: dict[str, object], own: dict[str, object]
) -> None:
    newer: Form = dataclasses.replace(
        FORM,
        version=2,
        sections=tuple(
            dataclasses.replace(
                section,
                questions=tuple(asked for asked in section.questions if asked.code not in removed),
            )
            for section in FORM.sections
        ),
    )
    carried = carry_over(Answers(shared, {"town": own}), FORM, newer)
    assert {**carried.answers.shared, **carried.set_aside.shared} == shared
    assert not carried.answers.shared.keys() & carried.set_aside.shared.keys()
    kept, aside = carried.answers.by_party["town"], carried.set_aside.by_party["town"]
    assert {**kept, **aside} == own
    assert not kept.keys() & aside.keys()
    assert not (carried.answers.shared.keys() | kept.keys()) & removed
