"""Decisions of the committee, and their minutes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.fund.instruction.committee import (
    MANDATORY,
    AgendaItem,
    CastingVote,
    CommitteeRules,
    Decision,
    DecisionKind,
    DecisionNotPossible,
    DecisionProblem,
    DecisionProblemCode,
    Deliberation,
    Field,
    IncompleteMinutesError,
    MajorityBase,
    Meeting,
    Mode,
    Motion,
    Quorum,
    QuorumBase,
    QuorumRule,
    Vote,
    close_minutes,
    decide,
    document,
    quorum,
    tally,
)
from alliage.fund.instruction.interests import (
    Conflict,
    ConflictKind,
    Disclosure,
    FactKind,
    Severity,
    Standing,
    Step,
    record_recusal,
)
from alliage.values.money import MoneyError, euros

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "committee-rules.md"
DAY = dt.date(2026, 5, 1)
LATER = dt.date(2026, 6, 1)
MEMBERS = frozenset({"ana", "bob", "cyd"})
MEETING = Meeting(
    "M1",
    DAY,
    frozenset({*MEMBERS, "dan", "eve"}),
    MEMBERS,
    "ana",
    (AgendaItem("A", euros(8000)), AgendaItem("B", euros(3000))),
    frozenset({"guest"}),
)
ALL_FOR = dict.fromkeys(sorted(MEMBERS), Vote.FOR)
ACCEPT = Motion(DecisionKind.ACCEPT, "Well founded.", euros(8000), ())
REFUSE = Motion(DecisionKind.REFUSE, "No common governance.")
TIE = Conflict(
    ConflictKind.PARTY, Severity.BARS, (Step(FactKind.MEMBER_OF, "cyd", "town"),), None, True
)


def disclosure(
    person: str, standing: Standing = Standing.NONE_FOUND, application: str = "A"
) -> Disclosure:
    conflicts = (TIE,) if standing in {Standing.BARRED, Standing.TO_DECLARE} else ()
    return Disclosure(person, application, DAY, standing, conflicts)


CLEAR = tuple(disclosure(person) for person in sorted(MEMBERS))


def deliberation(motion: Motion = REFUSE, **changes: object) -> Deliberation:
    base = Deliberation("A", motion, ALL_FOR, euros(10000), disclosures=CLEAR)
    return replace(base, **changes)  # type: ignore[arg-type]


def changed(motion: Motion, field: Field, value: object) -> Motion:
    fields: dict[str, Any] = {field.value: value}
    return replace(motion, **fields)


def problems(
    about: Deliberation,
    meeting: Meeting = MEETING,
    rules: CommitteeRules = CommitteeRules(),  # noqa: B008 - frozen
) -> tuple[DecisionProblem, ...]:
    with pytest.raises(DecisionNotPossible) as caught:
        decide(meeting, rules, about)
    assert about.application in str(caught.value)
    return caught.value.problems


# ---------------------------------------------------------------- what a decision says

FULL = {
    DecisionKind.ACCEPT: ACCEPT,
    DecisionKind.ACCEPT_REDUCED: Motion(
        DecisionKind.ACCEPT_REDUCED, "Part of it.", euros("7999.99"), ("Report in June.",)
    ),
    DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS: Motion(
        DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS,
        "Well founded.",
        euros(8000),
        (),
        ("Statutes",),
        LATER,
    ),
    DecisionKind.ADJOURN: Motion(
        DecisionKind.ADJOURN, "Unclear.", questions=("Who pays the rest?",), resume_on=LATER
    ),
    DecisionKind.REFUSE: REFUSE,
}


@pytest.mark.parametrize("kind", DecisionKind)
def test_a_complete_decision_is_taken(kind: DecisionKind) -> None:
    found = decide(MEETING, CommitteeRules(), deliberation(FULL[kind]))
    assert (found.motion, found.meeting, found.decided_on) == (FULL[kind], "M1", DAY)
    assert (found.quorum, found.tally.in_favour) == (Quorum(3, 5, 3), 3)


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind in DecisionKind for field in MANDATORY[kind]]
)
def test_no_decision_while_a_mandatory_field_is_missing(kind: DecisionKind, field: Field) -> None:
    motion = changed(FULL[kind], field, None)
    missing = DecisionProblem(DecisionProblemCode.FIELD_MISSING, field)
    assert problems(deliberation(motion)) == (missing,)


@pytest.mark.parametrize(
    ("kind", "field"),
    [(kind, field) for kind in DecisionKind for field in set(Field) - set(MANDATORY[kind])],
)
def test_a_decision_says_nothing_that_is_not_its_own(kind: DecisionKind, field: Field) -> None:
    other = next(one for one in FULL.values() if getattr(one, field.value) is not None)
    motion = changed(FULL[kind], field, getattr(other, field.value))
    (problem,) = problems(deliberation(motion))
    assert problem.code is DecisionProblemCode.FIELD_NOT_ALLOWED
    assert problem.subject == field
    assert problem.allowed == MANDATORY[kind]


@pytest.mark.parametrize(
    "motion",
    [
        replace(REFUSE, reasons="  "),
        replace(FULL[DecisionKind.ADJOURN], questions=()),
        replace(FULL[DecisionKind.ADJOURN], questions=(" ",)),
        replace(ACCEPT, conditions=("",)),
        replace(FULL[DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS], documents=()),
    ],
)
def test_blank_words_fill_nothing(motion: Motion) -> None:
    assert [one.code for one in problems(deliberation(motion))] == [
        DecisionProblemCode.FIELD_MISSING
    ]


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        (DecisionKind.ACCEPT, "7999.99"),
        (DecisionKind.ACCEPT, "8000.01"),
        (DecisionKind.ACCEPT_REDUCED, "8000"),
        (DecisionKind.ACCEPT_REDUCED, "0"),
        (DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS, "8000.01"),
        (DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS, "-1"),
    ],
)
def test_the_amount_is_the_one_of_the_decision(kind: DecisionKind, amount: str) -> None:
    (problem,) = problems(deliberation(replace(FULL[kind], amount=euros(amount))))
    assert problem.code is DecisionProblemCode.AMOUNT_OUT_OF_BOUNDS
    assert "8000.00" in problem.allowed[0]


def test_no_decision_beyond_what_the_envelope_has() -> None:
    assert problems(deliberation(ACCEPT, available=euros("7999.99"))) == (
        DecisionProblem(DecisionProblemCode.AMOUNT_ABOVE_AVAILABLE, "8000.00", ("7999.99",)),
    )
    found = decide(MEETING, CommitteeRules(), deliberation(ACCEPT, available=euros(8000)))
    assert found.motion == ACCEPT


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (DecisionKind.ADJOURN, Field.RESUME_ON),
        (DecisionKind.ACCEPT_SUBJECT_TO_DOCUMENTS, Field.DOCUMENTS_DUE_ON),
    ],
)
def test_a_day_that_is_due_comes_after_the_meeting(kind: DecisionKind, field: Field) -> None:
    motion = changed(FULL[kind], field, DAY)
    assert problems(deliberation(motion)) == (
        DecisionProblem(DecisionProblemCode.DATE_NOT_AFTER_MEETING, field, ("after 2026-05-01",)),
    )


def test_everything_that_stands_in_the_way_is_told_at_once() -> None:
    found = problems(
        Deliberation("A", Motion(DecisionKind.ACCEPT), {"eve": Vote.FOR}, euros(0)),
        replace(MEETING, present=frozenset({"ana"})),
    )
    assert [one.code for one in found] == [
        DecisionProblemCode.FIELD_MISSING,
        DecisionProblemCode.FIELD_MISSING,
        DecisionProblemCode.FIELD_MISSING,
        DecisionProblemCode.NO_QUORUM,
        DecisionProblemCode.NOT_EXAMINED,
        DecisionProblemCode.VOTER_NOT_PRESENT,
        DecisionProblemCode.VOTE_MISSING,
    ]


def test_only_what_is_on_the_agenda_is_decided() -> None:
    assert problems(deliberation(application="Z")) == (
        DecisionProblem(DecisionProblemCode.NOT_ON_AGENDA, "", ("A", "B")),
    )


# ---------------------------------------------------------------- quorum


@pytest.mark.parametrize(
    ("rule", "required"),
    [
        (QuorumRule(), 3),
        (QuorumRule(strictly_more=True), 3),
        (QuorumRule(Fraction(2, 5)), 2),
        (QuorumRule(Fraction(2, 5), strictly_more=True), 3),
        (QuorumRule(Fraction(0), 2), 2),
        (QuorumRule(Fraction(1, 2), 4), 4),
        (QuorumRule(Fraction(0)), 1),
        (QuorumRule(Fraction(1)), 5),
    ],
)
def test_how_many_members_it_takes(rule: QuorumRule, required: int) -> None:
    assert quorum(rule, MEETING) == Quorum(required, 5, 3)


def test_those_who_step_back_are_not_counted_and_leave_the_base_if_the_rule_says_so() -> None:
    assert quorum(QuorumRule(), MEETING, {"cyd"}) == Quorum(3, 5, 2)
    less = QuorumRule(base=QuorumBase.ENTITLED_LESS_RECUSED)
    assert quorum(less, MEETING, {"cyd"}) == Quorum(2, 4, 2)
    # An absent member steps back too.
    assert quorum(less, MEETING, {"cyd", "dan"}) == Quorum(2, 3, 2)
    assert quorum(less, MEETING, MEETING.entitled) == Quorum(1, 0, 0)


def test_no_decision_without_a_quorum_and_it_says_how_many_it_takes() -> None:
    recusals = (record_recusal(disclosure("cyd", Standing.BARRED)),)
    votes = {"ana": Vote.FOR, "bob": Vote.FOR}
    about = deliberation(recusals=recusals, votes=votes)
    assert problems(about) == (DecisionProblem(DecisionProblemCode.NO_QUORUM, "2", ("3",)),)
    rules = CommitteeRules(QuorumRule(base=QuorumBase.ENTITLED_LESS_RECUSED))
    assert decide(MEETING, rules, about).quorum.is_met


@pytest.mark.parametrize(
    "fields",
    [{"share": Fraction(3, 2)}, {"number": -1}, {"share": Fraction(1), "strictly_more": True}],
)
def test_a_quorum_that_means_nothing_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Give a share between"):
        QuorumRule(**fields)  # type: ignore[arg-type]


# ---------------------------------------------------------------- conflicts

SOLO = CommitteeRules(QuorumRule(Fraction(0)))


def test_a_member_who_stepped_back_neither_votes_nor_counts() -> None:
    recusals = (record_recusal(disclosure("cyd"), explanation="A friend."),)
    about = deliberation(recusals=recusals)
    assert problems(about, rules=SOLO) == (
        DecisionProblem(DecisionProblemCode.RECUSED_VOTED, "cyd"),
    )
    without = deliberation(recusals=recusals, votes={"ana": Vote.FOR, "bob": Vote.FOR})
    found = decide(MEETING, SOLO, without)
    assert found.recusals == recusals
    assert found.quorum.counted == 2


def test_a_barred_member_has_to_step_back_and_everyone_is_examined() -> None:
    seen = (disclosure("ana"), disclosure("cyd", Standing.BARRED))
    assert problems(deliberation(disclosures=seen)) == (
        DecisionProblem(DecisionProblemCode.NOT_EXAMINED, "bob"),
        DecisionProblem(DecisionProblemCode.BARRED_NOT_RECUSED, "cyd"),
    )


def test_what_was_found_on_another_day_is_looked_for_again() -> None:
    before = replace(CLEAR[0], on=DAY - dt.timedelta(1))
    assert problems(deliberation(disclosures=(before, *CLEAR[1:]))) == (
        DecisionProblem(DecisionProblemCode.NOT_EXAMINED, "ana"),
    )


def test_what_has_to_be_declared_or_is_not_known_goes_into_the_decision() -> None:
    seen = (
        disclosure("cyd", Standing.TO_DECLARE),
        disclosure("bob", Standing.NOTHING_KNOWN),
        disclosure("ana"),
        disclosure("dan", Standing.BARRED),
    )
    found = decide(MEETING, CommitteeRules(), deliberation(disclosures=seen))
    assert [one.person for one in found.disclosures] == ["bob", "cyd"]


def test_who_presides_is_there_and_does_not_step_back() -> None:
    recusals = (record_recusal(disclosure("ana", Standing.BARRED)),)
    votes = {"bob": Vote.FOR, "cyd": Vote.AGAINST}
    about = deliberation(recusals=recusals, votes=votes)
    assert problems(about, rules=SOLO) == (
        DecisionProblem(DecisionProblemCode.NOBODY_PRESIDES, "ana", ("bob", "cyd")),
    )
    found = decide(MEETING, SOLO, replace(about, presiding="bob"))
    assert (found.presiding, found.tally.casting_vote) == ("bob", "bob")


def test_facts_about_another_application_are_refused() -> None:
    with pytest.raises(ValueError, match=r"cyd is about B, not about A"):
        decide(
            MEETING,
            CommitteeRules(),
            deliberation(disclosures=(disclosure("cyd", application="B"),)),
        )


# ---------------------------------------------------------------- votes


def votes(in_favour: int, against: int, blank: int = 0) -> dict[str, Vote]:
    said = [Vote.FOR] * in_favour + [Vote.AGAINST] * against + [Vote.ABSTAIN] * blank
    return {f"m{at}": vote for at, vote in enumerate(said)}


@pytest.mark.parametrize(
    ("rules", "cast", "adopted"),
    [
        (CommitteeRules(), votes(2, 1, 4), True),
        (CommitteeRules(), votes(0, 0, 4), False),
        (CommitteeRules(majority_base=MajorityBase.ALL_VOTERS), votes(2, 1, 4), False),
        (CommitteeRules(majority_base=MajorityBase.ALL_VOTERS), votes(4, 1, 2), True),
        (CommitteeRules(majority=Fraction(2, 3)), votes(2, 1), True),
        (CommitteeRules(majority=Fraction(2, 3)), votes(3, 2), False),
        (CommitteeRules(majority=Fraction(2, 3)), votes(0, 0, 3), False),
        (CommitteeRules(mode=Mode.CONSENSUS), votes(1, 0, 6), True),
        (CommitteeRules(mode=Mode.CONSENSUS), votes(6, 1), False),
        (CommitteeRules(mode=Mode.CONSENSUS), votes(0, 0, 6), False),
    ],
)
def test_votes_are_counted_by_the_rules(
    rules: CommitteeRules, cast: dict[str, Vote], adopted: bool
) -> None:
    assert tally(rules, cast, "nobody").adopted is adopted


def test_the_vote_of_who_presides_settles_a_tie_where_the_rules_say_so() -> None:
    cast = votes(1, 1, 1)
    rules = CommitteeRules()
    outcomes = {who: tally(rules, cast, who) for who in ("m0", "m1", "m2")}
    assert [one.adopted for one in outcomes.values()] == [True, False, False]
    assert [one.casting_vote for one in outcomes.values()] == ["m0", "m1", None]
    assert [(one.in_favour, one.against) for one in outcomes.values()] == [(1, 1)] * 3
    assert not tally(CommitteeRules(casting_vote=CastingVote.NONE), cast, "m0").adopted


@pytest.mark.parametrize("share", [Fraction(1, 3), Fraction(4, 3)])
def test_a_majority_is_one(share: Fraction) -> None:
    with pytest.raises(ValueError, match="is no majority"):
        CommitteeRules(majority=share)


def test_a_motion_that_is_not_adopted_decides_nothing() -> None:
    cast = {"ana": Vote.AGAINST, "bob": Vote.FOR, "cyd": Vote.AGAINST}
    assert problems(deliberation(votes=cast)) == (
        DecisionProblem(DecisionProblemCode.NOT_ADOPTED, "1", ("2",)),
    )


def test_every_member_present_says_something() -> None:
    assert problems(deliberation(votes={"ana": Vote.FOR, "bob": Vote.FOR})) == (
        DecisionProblem(DecisionProblemCode.VOTE_MISSING, "cyd"),
    )
    assert problems(deliberation(votes=ALL_FOR | {"guest": Vote.FOR})) == (
        DecisionProblem(DecisionProblemCode.VOTER_NOT_PRESENT, "guest"),
    )


RULES = st.builds(
    CommitteeRules,
    mode=st.sampled_from(Mode),
    majority=st.fractions(Fraction(1, 2), 1, max_denominator=6),
    majority_base=st.sampled_from(MajorityBase),
    casting_vote=st.sampled_from(CastingVote),
)


@given(
    RULES,
    st.dictionaries(st.sampled_from("abcdefg"), st.sampled_from(Vote), min_size=1),
    st.sampled_from("abcdefg"),
)
def test_one_more_voice_in_favour_never_defeats_a_motion(
    rules: CommitteeRules, cast: dict[str, Vote], chair: str
) -> None:
    before = tally(rules, cast, chair)
    assert before.in_favour + before.against + before.abstentions == len(cast)
    if before.adopted:
        assert before.in_favour >= before.against
        for person in cast:
            assert tally(rules, cast | {person: Vote.FOR}, chair).adopted


# ---------------------------------------------------------------- meeting and minutes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"present": MEMBERS | {"zoe"}}, "zoe is present and is no member"),
        ({"guests": frozenset({"dan"})}, "dan is a guest and a member"),
        ({"chair": "dan"}, "dan presides and is not present"),
        ({"agenda": MEETING.agenda * 2}, "A is on the agenda 2 times"),
    ],
)
def test_a_meeting_that_does_not_hold_together_is_refused(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(MEETING, **changes)  # type: ignore[arg-type]


def decided(rules: CommitteeRules = CommitteeRules()) -> Decision:  # noqa: B008 - frozen
    return decide(MEETING, rules, deliberation(ACCEPT))


def test_minutes_say_something_of_each_item_in_the_order_of_the_agenda() -> None:
    second = decide(
        MEETING,
        CommitteeRules(),
        Deliberation(
            "B",
            REFUSE,
            ALL_FOR,
            euros(0),
            disclosures=tuple(disclosure(one, application="B") for one in MEMBERS),
        ),
    )
    minutes = close_minutes(MEETING, CommitteeRules(), [second, decided()], {})
    assert [one.application for one in minutes.decisions] == ["A", "B"]
    assert (
        minutes.digest == close_minutes(MEETING, CommitteeRules(), [decided(), second], {}).digest
    )


@pytest.mark.parametrize(
    ("without", "unsettled", "foreign"),
    [
        ({}, ("B",), ()),
        ({"B": " "}, ("B",), ()),
        ({"B": "No time.", "Z": "?"}, (), ("Z",)),
        ({"B": "No time.", "A": "?"}, (), ("A",)),
    ],
)
def test_minutes_that_leave_something_unsaid_are_not_closed(
    without: dict[str, str], unsettled: tuple[str, ...], foreign: tuple[str, ...]
) -> None:
    with pytest.raises(IncompleteMinutesError) as caught:
        close_minutes(MEETING, CommitteeRules(), [decided()], without)
    assert (caught.value.unsettled, caught.value.foreign) == (unsettled, foreign)


def test_a_decision_of_another_meeting_is_not_of_these_minutes() -> None:
    other = replace(decided(), meeting="M0")
    with pytest.raises(IncompleteMinutesError, match="what is said of A is not of this agenda"):
        close_minutes(MEETING, CommitteeRules(), [other], {"B": "No time."})


def test_the_digest_changes_with_every_word() -> None:
    base = close_minutes(MEETING, CommitteeRules(), [decided()], {"B": "No time."})
    named = CommitteeRules(names_votes=True)
    others = [
        close_minutes(MEETING, CommitteeRules(), [decided()], {"B": "No  time."}),
        close_minutes(MEETING, named, [decided()], {"B": "No time."}),
        close_minutes(MEETING, named, [decided(named)], {"B": "No time."}),
        replace(base, meeting=replace(MEETING, guests=frozenset())),
        replace(base, decisions=(replace(decided(), motion=replace(ACCEPT, reasons="Yes.")),)),
        replace(base, decisions=(replace(decided(), presiding="bob"),)),
    ]
    assert len({one.digest for one in (base, *others)}) == 7


def test_the_same_amount_written_otherwise_has_the_same_digest() -> None:
    item = AgendaItem("A", Decimal(8000))
    meeting = replace(MEETING, agenda=(item, MEETING.agenda[1]))
    motion = replace(ACCEPT, amount=Decimal("8000.0"))
    other = decide(meeting, CommitteeRules(), deliberation(motion))
    assert (
        close_minutes(meeting, CommitteeRules(), [other], {"B": "?"}).digest
        == close_minutes(MEETING, CommitteeRules(), [decided()], {"B": "?"}).digest
    )


def test_amounts_are_in_cents() -> None:
    with pytest.raises(MoneyError):
        AgendaItem("A", Decimal("0.001"))
    with pytest.raises(MoneyError):
        replace(ACCEPT, amount=8000.0)  # type: ignore[arg-type]


def test_votes_are_named_only_where_the_rules_say_so_and_facts_of_conflicts_never() -> None:
    recusals = (record_recusal(disclosure("cyd", Standing.BARRED)),)
    about = deliberation(recusals=recusals, votes={"ana": Vote.FOR, "bob": Vote.FOR})
    named = replace(SOLO, names_votes=True)
    secret = close_minutes(MEETING, SOLO, [decide(MEETING, SOLO, about)], {"B": "?"}).content()
    told = close_minutes(MEETING, named, [decide(MEETING, named, about)], {"B": "?"}).content()
    assert secret["decisions"][0]["votes"] == {}
    assert told["decisions"][0]["votes"] == {"ana": "for", "bob": "for"}
    assert secret["decisions"][0]["recusals"][0]["conflicts"] == ["party"]
    assert "town" not in str(secret)


def test_the_documentation_is_that_of_the_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), (
        "Write it again: python -m alliage.fund.instruction.committee > " + str(PAGE)
    )


def test_the_quorums_of_the_documentation_are_those_of_the_rules() -> None:
    seven = frozenset("abcdefg")
    meeting = Meeting("M", DAY, seven, seven, "a", ())
    for base in QuorumBase:
        found = quorum(QuorumRule(base=base), meeting, {"g"})
        assert f"| `{base}` | {found.required}, taken of {found.base} |" in document()
