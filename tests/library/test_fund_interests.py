"""Conflicts of interest, derived from facts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage.fund.instruction.interests import (
    Affiliation,
    CatalystOf,
    ConflictKind,
    DeclaredInterest,
    Delegation,
    Disclosure,
    FactKind,
    Facts,
    Funding,
    InterestRegister,
    InterestRules,
    LinkKind,
    Matter,
    Membership,
    NoInterestStatement,
    PartyTo,
    Period,
    RecusalReason,
    Severity,
    Standing,
    UnexplainedRecusal,
    Unknown,
    UnknownCode,
    record_recusal,
)
from alliage.values.dates import PartialDate

DAY = dt.date(2026, 5, 1)
MATTER = Matter("A-7", "mureaux", applicants=frozenset({"ptce"}), funders=frozenset({"fund"}))
PARTIES = (PartyTo("p1", "mureaux", "ptce"), PartyTo("p2", "mureaux", "town"))


def examine(facts: Facts, person: str = "ana", on: dt.date = DAY) -> Disclosure:
    return InterestRegister(replace(facts, parties=facts.parties or PARTIES)).examine(
        person, MATTER, on=on
    )


def member(organisation: str, period: Period = Period(), person: str = "ana") -> Membership:  # noqa: B008 - frozen
    return Membership(f"m-{person}-{organisation}", person, organisation, period)


def kinds(found: Disclosure) -> set[tuple[ConflictKind, Severity]]:
    return {(one.kind, one.severity) for one in found.conflicts}


def test_a_member_of_a_party_is_barred_and_the_facts_say_why() -> None:
    found = examine(Facts(memberships=(member("town"),)))
    assert found.standing is Standing.BARRED
    (conflict,) = found.conflicts
    assert conflict.kind is ConflictKind.PARTY
    assert [(step.subject, step.kind, step.object, step.fact) for step in conflict.chain] == [
        ("ana", FactKind.MEMBER_OF, "town", "m-ana-town"),
        ("town", FactKind.PARTY_TO, "mureaux", "p2"),
    ]


def test_a_member_of_the_applicant_has_both_ties() -> None:
    found = examine(Facts(memberships=(member("ptce"),)))
    assert kinds(found) == {
        (ConflictKind.APPLICANT, Severity.BARS),
        (ConflictKind.PARTY, Severity.BARS),
    }


def test_an_author_is_barred_without_any_membership() -> None:
    matter = replace(MATTER, authors=frozenset({"ana"}))
    found = InterestRegister(Facts(parties=PARTIES)).examine("ana", matter, on=DAY)
    assert found.standing is Standing.BARRED
    assert found.conflicts[0].kind is ConflictKind.AUTHOR


def test_a_known_person_without_a_tie_is_clear() -> None:
    found = examine(Facts(memberships=(member("elsewhere"),)))
    assert (found.standing, found.conflicts, found.unknown) == (Standing.NONE_FOUND, (), ())


def test_a_person_of_whom_nothing_is_known_is_not_clear() -> None:
    found = examine(Facts())
    assert found.standing is Standing.NOTHING_KNOWN
    assert found.unknown == (Unknown(UnknownCode.NO_MEMBERSHIP, "ana"),)


@pytest.mark.parametrize(
    ("made_on", "standing"),
    [(DAY, Standing.NONE_FOUND), (DAY + dt.timedelta(1), Standing.NOTHING_KNOWN)],
)
def test_a_statement_makes_known_what_no_membership_told(
    made_on: dt.date, standing: Standing
) -> None:
    stated = NoInterestStatement("s1", "ana", "A-7", made_on)
    assert examine(Facts(statements=(stated,))).standing is standing


def test_the_first_of_several_statements_counts() -> None:
    later = NoInterestStatement("s1", "ana", "A-7", DAY + dt.timedelta(5))
    before = NoInterestStatement("s2", "ana", "A-7", DAY - dt.timedelta(5))
    for statements in ((later, before), (before, later)):
        assert examine(Facts(statements=statements)).standing is Standing.NONE_FOUND


def test_a_statement_erases_no_fact() -> None:
    stated = NoInterestStatement("s1", "ana", "A-7", DAY)
    found = examine(Facts(memberships=(member("town"),), statements=(stated,)))
    assert found.standing is Standing.BARRED


def test_an_application_of_which_nobody_is_known_clears_nobody() -> None:
    register = InterestRegister(Facts(memberships=(member("town"),)))
    found = register.examine("ana", Matter("A-8"), on=DAY)
    assert found.standing is Standing.NOTHING_KNOWN
    assert found.unknown == (Unknown(UnknownCode.NO_ALLIANCE, "A-8"),)
    found = register.examine("ana", Matter("A-8", "new"), on=DAY)
    assert found.standing is Standing.NOTHING_KNOWN
    assert found.unknown == (Unknown(UnknownCode.NO_PARTY, "new"),)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (DAY, {(ConflictKind.PARTY, Severity.BARS)}),
        (DAY - dt.timedelta(1), {(ConflictKind.PARTY, Severity.TO_DECLARE)}),
        (dt.date(2021, 5, 1), {(ConflictKind.PARTY, Severity.TO_DECLARE)}),
        (dt.date(2021, 4, 30), set()),
    ],
)
def test_a_membership_that_is_over_is_declared_for_five_years(
    end: dt.date, expected: set[tuple[ConflictKind, Severity]]
) -> None:
    assert kinds(examine(Facts(memberships=(member("town", Period(end=end)),)))) == expected


def test_a_membership_that_is_to_come_is_declared() -> None:
    coming = member("town", Period(start=DAY + dt.timedelta(30)))
    found = examine(Facts(memberships=(coming,)))
    assert kinds(found) == {(ConflictKind.PARTY, Severity.TO_DECLARE)}
    assert not found.conflicts[0].in_force


def test_the_period_of_a_conflict_is_that_of_all_its_facts() -> None:
    facts = Facts(
        memberships=(member("town", Period(dt.date(2022, 1, 1), dt.date(2027, 1, 1))),),
        parties=(PartyTo("p", "mureaux", "town", Period(dt.date(2024, 1, 1))),),
    )
    assert examine(facts).conflicts[0].period == Period(dt.date(2024, 1, 1), dt.date(2027, 1, 1))
    left = replace(facts, memberships=(member("town", Period(end=dt.date(2023, 6, 1))),))
    assert examine(left).conflicts[0].period is None


def test_a_fact_without_a_date_counts_and_is_named() -> None:
    found = examine(Facts(memberships=(member("town"),)))
    assert {one.subject for one in found.unknown} == {"m-ana-town", "p2"}
    dated = Period(dt.date(2020, 1, 1))
    found = examine(
        Facts(
            memberships=(member("town", dated),), parties=(PartyTo("p", "mureaux", "town", dated),)
        )
    )
    assert found.unknown == ()


def test_the_catalyst_is_barred_as_a_person_or_through_an_organisation() -> None:
    facts = Facts(
        memberships=(member("house"), member("elsewhere", person="bob")),
        catalysts=(CatalystOf("c1", "mureaux", "house"), CatalystOf("c2", "mureaux", "bob")),
    )
    assert kinds(examine(facts)) == {(ConflictKind.CATALYST, Severity.BARS)}
    (conflict,) = examine(facts, "bob").conflicts
    assert [step.fact for step in conflict.chain] == ["c2"]


def belongs(
    lower: str,
    upper: str,
    kind: LinkKind,
    period: Period = Period(),  # noqa: B008 - frozen
) -> Affiliation:
    return Affiliation(f"{lower}-{upper}", lower, upper, kind, period)


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([belongs("mine", "town", LinkKind.PARENT)], ConflictKind.SAME_GROUP),
        ([belongs("town", "mine", LinkKind.PARENT)], ConflictKind.SAME_GROUP),
        (
            [belongs("mine", "g", LinkKind.PARENT), belongs("town", "g", LinkKind.PARENT)],
            ConflictKind.SAME_GROUP,
        ),
        (
            [belongs("mine", "g", LinkKind.PARENT), belongs("town", "g", LinkKind.NETWORK)],
            ConflictKind.SAME_NETWORK,
        ),
        (
            [
                belongs("mine", "a", LinkKind.NETWORK),
                belongs("a", "top", LinkKind.NETWORK),
                belongs("town", "top", LinkKind.NETWORK),
            ],
            ConflictKind.SAME_NETWORK,
        ),
    ],
)
def test_a_group_bars_and_a_network_is_declared(
    links: list[Affiliation], expected: ConflictKind
) -> None:
    found = examine(Facts(memberships=(member("mine"),), affiliations=tuple(links)))
    (conflict,) = found.conflicts
    assert conflict.kind is expected
    assert conflict.severity is InterestRules().severities[expected]
    # Each step shares an organisation with the next: the chain can be read aloud.
    for first, second in zip(conflict.chain, conflict.chain[1:], strict=False):
        assert {first.subject, first.object} & {second.subject, second.object}


def test_a_tie_that_is_over_never_hides_one_that_holds() -> None:
    over = Period(end=dt.date(2025, 1, 1))
    links = (
        belongs("mine", "town", LinkKind.PARENT, over),
        belongs("mine", "group", LinkKind.PARENT),
        belongs("group", "town", LinkKind.PARENT),
    )
    found = examine(Facts(memberships=(member("mine"),), affiliations=links))
    assert found.standing is Standing.BARRED
    assert found.conflicts[0].in_force


def test_the_same_group_is_not_told_again_as_the_network_that_the_group_is_in() -> None:
    links = (
        belongs("mine", "mine", LinkKind.NETWORK),
        belongs("mine", "group", LinkKind.PARENT),
        belongs("town", "group", LinkKind.PARENT),
        belongs("group", "federation", LinkKind.NETWORK),
    )
    found = examine(Facts(memberships=(member("mine"),), affiliations=links))
    assert kinds(found) == {(ConflictKind.SAME_GROUP, Severity.BARS)}


def test_of_several_ways_the_one_in_force_is_shown_then_the_shortest() -> None:
    links = (
        belongs("mine", "a", LinkKind.NETWORK),
        belongs("a", "b", LinkKind.NETWORK),
        belongs("town", "b", LinkKind.NETWORK),
    )
    found = examine(Facts(memberships=(member("mine"),), affiliations=links))
    assert [step.fact for step in found.conflicts[0].chain[1:-1]] == ["mine-a", "a-b", "town-b"]
    short = (*links, belongs("mine", "z", LinkKind.NETWORK), belongs("town", "z", LinkKind.NETWORK))
    found = examine(Facts(memberships=(member("mine"),), affiliations=short))
    assert [step.fact for step in found.conflicts[0].chain[1:-1]] == ["mine-z", "town-z"]
    over = Period(end=dt.date(2025, 1, 1))
    past = (*links, belongs("mine", "town", LinkKind.NETWORK, over))
    found = examine(Facts(memberships=(member("mine"),), affiliations=past))
    assert [one.in_force for one in found.conflicts] == [True]


def test_a_circle_of_affiliations_ends() -> None:
    links = (
        belongs("mine", "a", LinkKind.NETWORK),
        belongs("a", "mine", LinkKind.NETWORK),
        belongs("town", "a", LinkKind.NETWORK),
    )
    found = examine(Facts(memberships=(member("mine"),), affiliations=links))
    assert kinds(found) == {(ConflictKind.SAME_NETWORK, Severity.TO_DECLARE)}


def test_money_that_went_either_way_is_declared_and_forgotten_in_time() -> None:
    then = Period(dt.date(2023, 1, 1), dt.date(2023, 12, 31))
    facts = Facts(
        memberships=(member("mine"),),
        fundings=(Funding("f1", "mine", "town", then), Funding("f2", "ptce", "mine", then)),
    )
    assert kinds(examine(facts)) == {
        (ConflictKind.FUNDING_GIVEN, Severity.TO_DECLARE),
        (ConflictKind.FUNDING_RECEIVED, Severity.TO_DECLARE),
    }
    assert all(conflict.in_force for conflict in examine(facts).conflicts)
    assert examine(facts, on=dt.date(2029, 1, 1)).conflicts == ()


def test_what_the_fund_gave_before_is_no_conflict_of_its_members() -> None:
    gift = Funding("f1", "fund", "ptce", Period(dt.date(2025, 1, 1)))
    facts = Facts(memberships=(member("fund"),), fundings=(gift,))
    assert examine(facts).conflicts == ()
    # What the fund received from a party, or being a party, is another matter.
    endowed = replace(gift, id="f2", giver="ptce", receiver="fund")
    assert kinds(examine(replace(facts, fundings=(gift, endowed)))) == {
        (ConflictKind.FUNDING_RECEIVED, Severity.TO_DECLARE)
    }
    assert (
        examine(replace(facts, parties=(PartyTo("p", "mureaux", "fund"),))).standing
        is Standing.BARRED
    )


def test_a_delegate_inherits_and_keeps_her_own() -> None:
    facts = Facts(
        memberships=(member("town"), member("ptce", person="zoe")),
        delegations=(Delegation("d1", "zoe", "ana"),),
    )
    found = examine(facts, "zoe")
    assert {(one.kind, one.on_behalf_of) for one in found.conflicts} == {
        (ConflictKind.APPLICANT, None),
        (ConflictKind.PARTY, None),
        (ConflictKind.PARTY, "ana"),
    }
    inherited = next(one for one in found.conflicts if one.on_behalf_of)
    assert [step.fact for step in inherited.chain] == ["d1", "m-ana-town", "p2"]
    # The principal does not inherit from the delegate.
    assert all(one.chain[-1].subject == "town" for one in examine(facts).conflicts)


def test_a_delegation_that_is_over_passes_nothing_on() -> None:
    over = Delegation("d1", "zoe", "ana", Period(end=DAY - dt.timedelta(1)))
    facts = Facts(
        memberships=(member("town"), member("elsewhere", person="zoe")), delegations=(over,)
    )
    assert examine(facts, "zoe").standing is Standing.NONE_FOUND


def test_delegations_in_a_circle_and_an_unknown_principal() -> None:
    facts = Facts(
        memberships=(member("elsewhere", person="zoe"),),
        delegations=(Delegation("d1", "zoe", "ana"), Delegation("d2", "ana", "zoe")),
    )
    found = examine(facts, "zoe")
    assert found.standing is Standing.NOTHING_KNOWN
    assert found.unknown == (Unknown(UnknownCode.NO_MEMBERSHIP, "ana"),)


@pytest.mark.parametrize("subject", ["A-7", "mureaux", "town", "ptce"])
@pytest.mark.parametrize("severity", Severity)
def test_a_declared_interest_has_the_severity_that_was_declared(
    subject: str, severity: Severity
) -> None:
    declared = DeclaredInterest("i1", "ana", subject, severity)
    found = examine(Facts(memberships=(member("elsewhere"),), declared=(declared,)))
    assert kinds(found) == {(ConflictKind.DECLARED, severity)}
    elsewhere = replace(declared, subject="other")
    assert not examine(Facts(declared=(elsewhere,))).conflicts


def test_the_rules_of_a_fund_say_something_of_each_kind() -> None:
    softer = dict.fromkeys(ConflictKind, Severity.TO_DECLARE)
    register = InterestRegister(
        Facts(memberships=(member("town"),), parties=PARTIES), InterestRules(softer)
    )
    assert register.examine("ana", MATTER, on=DAY).standing is Standing.TO_DECLARE
    with pytest.raises(ValueError, match=r"says nothing of applicant, .* Give bars"):
        InterestRules({ConflictKind.AUTHOR: Severity.BARS})
    with pytest.raises(ValueError, match="look_back_years is -1"):
        InterestRules(look_back_years=-1)


def test_a_period_is_in_order_and_partial_dates_are_taken_widely() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        Period(DAY, DAY - dt.timedelta(1))
    assert Period.between(PartialDate(2020, 2), PartialDate(2020, 2)) == Period(
        dt.date(2020, 2, 1), dt.date(2020, 2, 29)
    )
    assert Period.between(None, None) == Period()


def test_a_recusal_says_who_why_and_when() -> None:
    found = examine(Facts(memberships=(member("town"),)))
    recusal = record_recusal(found)
    assert (recusal.person, recusal.application, recusal.on) == ("ana", "A-7", DAY)
    assert recusal.reason is RecusalReason.CONFLICT
    assert recusal.conflicts == found.conflicts
    clear = examine(Facts(memberships=(member("elsewhere"),)))
    assert record_recusal(clear, explanation=" A friend. ").explanation == "A friend."
    with pytest.raises(UnexplainedRecusal):
        record_recusal(clear, explanation="  ")


ORGANISATIONS = st.sampled_from(["town", "ptce", "a", "b", "c"])
PERSONS = st.sampled_from(["ana", "zoe", "bob"])
PERIODS = st.builds(
    lambda start, length: Period(
        start, start + dt.timedelta(length) if start and length is not None else None
    ),
    st.none() | st.dates(dt.date(2015, 1, 1), dt.date(2030, 1, 1)),
    st.none() | st.integers(0, 3000),
)
FACTS = st.builds(
    Facts,
    memberships=st.lists(
        st.builds(Membership, st.uuids().map(str), PERSONS, ORGANISATIONS, PERIODS), max_size=4
    ).map(tuple),
    affiliations=st.lists(
        st.builds(
            Affiliation,
            st.uuids().map(str),
            ORGANISATIONS,
            ORGANISATIONS,
            st.sampled_from(LinkKind),
            PERIODS,
        ),
        max_size=4,
    ).map(tuple),
    parties=st.just(PARTIES),
    fundings=st.lists(
        st.builds(Funding, st.uuids().map(str), ORGANISATIONS, ORGANISATIONS, PERIODS), max_size=2
    ).map(tuple),
    delegations=st.lists(
        st.builds(Delegation, st.uuids().map(str), PERSONS, PERSONS, PERIODS), max_size=2
    ).map(tuple),
)


@given(FACTS, st.randoms())
@settings(max_examples=80, deadline=None)
def test_the_order_of_the_facts_changes_nothing(facts: Facts, random: st.DataObject) -> None:
    def shuffled(those: tuple) -> tuple:  # type: ignore[type-arg]
        return tuple(random.sample(those, len(those)))  # type: ignore[attr-defined]

    other = Facts(
        memberships=shuffled(facts.memberships),
        affiliations=shuffled(facts.affiliations),
        parties=shuffled(facts.parties),
        fundings=shuffled(facts.fundings),
        delegations=shuffled(facts.delegations),
    )
    assert InterestRegister(facts).examine("ana", MATTER, on=DAY) == InterestRegister(
        other
    ).examine("ana", MATTER, on=DAY)


@given(FACTS, st.builds(Membership, st.just("new"), st.just("ana"), ORGANISATIONS, PERIODS))
@settings(max_examples=80, deadline=None)
def test_one_more_membership_never_lifts_a_bar(facts: Facts, more: Membership) -> None:
    before = InterestRegister(facts).examine("ana", MATTER, on=DAY)
    after = InterestRegister(replace(facts, memberships=(*facts.memberships, more))).examine(
        "ana", MATTER, on=DAY
    )
    assert set(kinds(before)) <= set(kinds(after))
    if before.standing is Standing.BARRED:
        assert after.standing is Standing.BARRED


@given(FACTS)
@settings(max_examples=80, deadline=None)
def test_every_conflict_shows_facts_that_were_given(facts: Facts) -> None:
    given_ids = {
        one.id
        for those in (
            facts.memberships,
            facts.affiliations,
            facts.parties,
            facts.fundings,
            facts.delegations,
        )
        for one in those
    }
    for conflict in InterestRegister(facts).examine("ana", MATTER, on=DAY).conflicts:
        assert conflict.chain[0].subject == "ana"
        assert {step.fact for step in conflict.chain if step.fact} <= given_ids
        assert conflict.in_force == all(
            step.period.contains(DAY) for step in conflict.chain if step.kind is not FactKind.FUNDED
        )
