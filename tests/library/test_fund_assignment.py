"""Reviewers assigned to applications."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import combinations, product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage.fund.instruction.assignment import (
    Assignment,
    Dimension,
    Refusal,
    Reviewer,
    ToReview,
    WhyNot,
    assign,
)
from alliage.fund.instruction.interests import Disclosure, Standing

if TYPE_CHECKING:
    from collections.abc import Iterable

DAY = dt.date(2026, 5, 1)
DATA = {Dimension.LEVER: frozenset({"data"})}
DATA_HERE = {**DATA, Dimension.TERRITORY: frozenset({"78"})}


def seen(
    applications: Iterable[ToReview],
    reviewers: Iterable[Reviewer],
    standings: dict[tuple[str, str], Standing] | None = None,
) -> list[Disclosure]:
    found = standings or {}
    return [
        Disclosure(
            reviewer.person,
            file.application,
            DAY,
            found.get((file.application, reviewer.person), Standing.NONE_FOUND),
        )
        for file, reviewer in product(list(applications), list(reviewers))
    ]


def run(
    applications: list[ToReview],
    reviewers: list[Reviewer],
    standings: dict[tuple[str, str], Standing] | None = None,
) -> Assignment:
    return assign(applications, reviewers, seen(applications, reviewers, standings))


def pairs(found: Assignment) -> list[tuple[str, str]]:
    return [(one.application, one.person) for one in found.proposals]


def person(name: str, capacity: int = 5, load: int = 0, *orgs: str) -> Reviewer:
    return Reviewer(name, capacity, load, DATA, frozenset(orgs))


def test_the_more_competent_come_first_and_the_proposal_says_why() -> None:
    local = Reviewer("loc", 5, competences=DATA_HERE)
    found = run([ToReview("A", DATA_HERE, reviews=1)], [person("ana"), local])
    (proposal,) = found.proposals
    assert (proposal.person, proposal.points, proposal.load) == ("loc", 5, 1)
    assert proposal.shared == DATA_HERE


def test_the_load_is_shared() -> None:
    files = [ToReview(f"A{rank}", DATA) for rank in range(3)]
    found = run(files, [person(name) for name in ("a", "b", "c")])
    assert set(Counter(one.person for one in found.proposals).values()) == {2}
    # A person who has much already comes after the others.
    found = run([ToReview("A", DATA)], [person("a", 9, 4), person("b", 9, 1), person("c", 9, 3)])
    assert pairs(found) == [("A", "b"), ("A", "c")]


def test_a_person_in_conflict_is_never_proposed() -> None:
    found = run(
        [ToReview("A", DATA)],
        [person("a"), person("b"), person("c")],
        {("A", "a"): Standing.BARRED},
    )
    assert pairs(found) == [("A", "b"), ("A", "c")]


def test_an_interest_to_declare_and_an_unknown_person_come_last_and_are_said() -> None:
    standings = {("A", "a"): Standing.TO_DECLARE, ("A", "b"): Standing.NOTHING_KNOWN}
    people = [person("a"), person("b"), person("c")]
    found = run([ToReview("A", DATA)], people, standings)
    assert pairs(found) == [("A", "b"), ("A", "c")]
    assert [one.nothing_known for one in found.proposals] == [True, False]
    assert pairs(run([ToReview("A", DATA, reviews=3)], people, standings)) == [
        ("A", "a"),
        ("A", "b"),
        ("A", "c"),
    ]


def test_what_is_lacking_is_said_with_a_reason_for_each_person() -> None:
    people = [
        person("barred"),
        person("chosen", 5, 0, "org"),
        person("colleague", 5, 9, "org"),
        person("full", 2, 2),
        Reviewer("other", 5, competences={Dimension.WORLD: frozenset({"company"})}),
        person("unseen"),
    ]
    file = ToReview("A", DATA)
    disclosures = [
        one
        for one in seen([file], people, {("A", "barred"): Standing.BARRED})
        if one.person != "unseen"
    ]
    found = assign([file], people, disclosures)
    assert pairs(found) == [("A", "chosen")]
    (shortage,) = found.shortages
    assert (shortage.application, shortage.lacking) == ("A", 1)
    assert shortage.refusals == (
        Refusal("barred", WhyNot.BARRED),
        Refusal("colleague", WhyNot.NOT_INDEPENDENT, "chosen"),
        Refusal("full", WhyNot.AT_CAPACITY),
        Refusal("other", WhyNot.NO_COMPETENCE),
        Refusal("unseen", WhyNot.NOT_EXAMINED),
    )


def test_nobody_at_all() -> None:
    found = run([ToReview("A", DATA)], [])
    assert found.proposals == ()
    assert [(one.application, one.lacking, one.refusals) for one in found.shortages] == [
        ("A", 2, ())
    ]
    assert run([], [person("a")]) == Assignment((), ())


@pytest.mark.parametrize(
    "rivals",
    [
        (person("a", 5, 0, "org"), person("b", 5, 0, "org")),
        (Reviewer("a", 5, competences=DATA, acts_for=frozenset({"b"})), person("b")),
        (
            Reviewer("a", 5, competences=DATA, acts_for=frozenset({"z"})),
            Reviewer("b", 5, competences=DATA, acts_for=frozenset({"z"})),
        ),
    ],
)
def test_two_reviewers_are_independent(rivals: tuple[Reviewer, Reviewer]) -> None:
    found = run([ToReview("A", DATA)], [*rivals, person("c", 9, 7)])
    assert ("A", "c") in pairs(found)
    assert len(found.proposals) == 2


def test_a_whole_application_comes_before_two_halves() -> None:
    files = [ToReview("A", DATA), ToReview("B", DATA)]
    found = run(files, [person("a", 1), person("b", 1)])
    assert len({one.application for one in found.proposals}) == 1
    assert [one.lacking for one in found.shortages] == [2]


def test_a_third_review_keeps_the_first_two() -> None:
    people = [person("a", 1, 1), person("b", 1, 1, "org"), person("c", 9, 0, "org"), person("d")]
    found = run([ToReview("A", DATA, reviews=3, kept=("b", "a"))], people)
    assert [(one.person, one.kept, one.load) for one in found.proposals] == [
        ("a", True, 1),
        ("b", True, 1),
        ("d", False, 1),
    ]


def test_a_kept_reviewer_does_not_count_twice() -> None:
    found = run([ToReview("A", DATA, kept=("a",))], [person("a", 9, 1)])
    assert pairs(found) == [("A", "a")]
    assert found.shortages[0].lacking == 1
    with pytest.raises(ValueError, match="A keeps a person twice"):
        ToReview("A", DATA, kept=("a", "a"))


def test_a_kept_reviewer_who_is_barred_since_is_withdrawn_and_replaced() -> None:
    people = [person("a", 1, 1), person("b", 5, 1), person("c")]
    found = run(
        [ToReview("A", DATA, kept=("a", "b")), ToReview("B", DATA, reviews=1)],
        people,
        {("A", "a"): Standing.BARRED},
    )
    assert [(one.application, one.refusal) for one in found.withdrawals] == [
        ("A", Refusal("a", WhyNot.BARRED))
    ]
    # The review that is withdrawn leaves room for another one.
    assert pairs(found) == [("A", "b"), ("A", "c"), ("B", "a")]
    assert found.shortages == ()


def test_of_two_kept_reviewers_who_depend_on_each_other_the_first_stays() -> None:
    people = [person("a", 5, 1, "org"), person("b", 5, 1, "org"), person("c")]
    found = run([ToReview("A", DATA, kept=("b", "a"))], people)
    assert found.withdrawals[0].refusal == Refusal("a", WhyNot.NOT_INDEPENDENT, "b")
    assert pairs(found) == [("A", "b"), ("A", "c")]


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(ValueError, match="« a » comes twice"):
        run([], [person("a"), person("a")])
    with pytest.raises(ValueError, match="« A » comes twice"):
        run([ToReview("A"), ToReview("A")], [])
    with pytest.raises(ValueError, match="A keeps « z »"):
        run([ToReview("A", kept=("z",))], [])
    with pytest.raises(ValueError, match="asks for 0 reviews"):
        ToReview("A", reviews=0)
    with pytest.raises(ValueError, match="capacity of -1"):
        Reviewer("a", -1)


CODES = st.fixed_dictionaries(
    {
        Dimension.LEVER: st.frozensets(st.sampled_from(["data", "networks"]), max_size=2),
        Dimension.TERRITORY: st.frozensets(st.sampled_from(["78", "93"]), max_size=2),
    }
)


@st.composite
def panels(
    draw: st.DrawFn,
) -> tuple[list[ToReview], list[Reviewer], dict[tuple[str, str], Standing]]:
    files = [
        ToReview(f"A{rank}", draw(CODES), reviews=draw(st.integers(1, 2)))
        for rank in range(draw(st.integers(1, 3)))
    ]
    people = [
        Reviewer(
            f"p{rank}",
            draw(st.integers(0, 3)),
            draw(st.integers(0, 1)),
            draw(CODES),
            draw(st.frozensets(st.sampled_from(["x", "y"]), max_size=1)),
            draw(st.frozensets(st.sampled_from(["p0", "p1"]), max_size=1)) - {f"p{rank}"},
        )
        for rank in range(draw(st.integers(1, 4)))
    ]
    standings = {
        (file.application, one.person): draw(st.sampled_from(Standing))
        for file in files
        for one in people
    }
    return files, people, standings


def independent(first: Reviewer, second: Reviewer) -> bool:
    return not (
        first.organisations & second.organisations
        or first.acts_for & second.acts_for
        or first.person in second.acts_for
        or second.person in first.acts_for
    )


def possible_sets(
    file: ToReview, people: list[Reviewer], standings: dict[tuple[str, str], Standing]
) -> list[tuple[Reviewer, ...]]:
    able = [
        one
        for one in people
        if standings[file.application, one.person] is not Standing.BARRED
        and any(file.subjects[key] & one.competences[key] for key in file.subjects)
    ]
    return [
        chosen
        for size in range(file.reviews + 1)
        for chosen in combinations(able, size)
        if all(independent(*two) for two in combinations(chosen, 2))
    ]


def value(
    files: list[ToReview],
    choice: tuple[tuple[Reviewer, ...], ...],
    standings: dict[tuple[str, str], Standing],
) -> tuple[int, int, int]:
    weights = {Dimension.LEVER: 3, Dimension.TERRITORY: 2}
    lost = {Standing.TO_DECLARE: 4, Standing.NOTHING_KNOWN: 1}
    count = points = 0
    new: Counter[str] = Counter()
    for file, chosen in zip(files, choice, strict=True):
        for one in chosen:
            count += 1
            points += sum(
                weight
                for key, weight in weights.items()
                if file.subjects[key] & one.competences[key]
            )
            points -= lost.get(standings[file.application, one.person], 0)
            points -= one.load + new[one.person]
            new[one.person] += 1
    whole = sum(len(chosen) == file.reviews for file, chosen in zip(files, choice, strict=True))
    return count, whole, points


@given(panels(), st.randoms())
@settings(max_examples=60, deadline=None)
def test_no_allowed_choice_is_better_and_order_changes_nothing(
    panel: tuple[list[ToReview], list[Reviewer], dict[tuple[str, str], Standing]],
    random: st.DataObject,
) -> None:
    files, people, standings = panel
    by_name = {one.person: one for one in people}
    every = product(*(possible_sets(file, people, standings) for file in files))
    best = max(
        value(files, choice, standings)
        for choice in every
        if all(
            sum(one in chosen for chosen in choice) <= max(0, one.capacity - one.load)
            for one in people
        )
    )
    found = run(files, people, standings)
    mine = tuple(
        tuple(by_name[who] for at, who in pairs(found) if at == file.application) for file in files
    )
    for file, chosen in zip(files, mine, strict=True):
        assert chosen in possible_sets(file, people, standings)
    assert value(files, mine, standings) == best
    lacking = sum(one.lacking for one in found.shortages)
    assert lacking == sum(file.reviews for file in files) - best[0]
    for shortage in found.shortages:
        told = {refusal.person for refusal in shortage.refusals}
        chosen_names = {who for at, who in pairs(found) if at == shortage.application}
        assert told == by_name.keys() - chosen_names
    random.shuffle(files)  # type: ignore[attr-defined]
    random.shuffle(people)  # type: ignore[attr-defined]
    assert run(files, people, standings) == found
