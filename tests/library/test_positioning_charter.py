"""The charter: its guide, what a text lacks, its fingerprint, departures, and its life."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.alliances.vocabulary import World
from alliage.positioning.charter import (
    CHARTER,
    DEFAULT_GUIDE,
    LEAST_WORLDS,
    Asked,
    CharterDecision,
    CharterState,
    CharterText,
    Lack,
    Member,
    Missing,
    Party,
    ends_on,
    fingerprint,
    frozen,
    guide,
    leaves_on,
    missing,
    read_guide,
    worlds,
)
from alliage.values.lives import DecisionRefusedError
from alliage.values.yaml_files import InvalidFilesError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "charter-states.md"
TODAY = dt.date(2026, 11, 22)
PARTIES = (
    Party("ville", "La ville", World.LOCAL_AUTHORITY),
    Party("club", "Le club", World.ASSOCIATION),
)
WHOLE = CharterText(
    "c",
    1,
    "Ensemble",
    PARTIES,
    {one.code: f"Nous disons {one.code}." for one in guide().sections if one.required},
    notice_days=30,
    review_on=dt.date(2027, 11, 22),
)


# ---- The guide


def test_the_guide_asks_for_what_makes_a_charter() -> None:
    asked = {one.code: one for one in guide().sections}
    for code in ("commitments", "governance", "decision", "exit", "review"):
        assert asked[code].required
    assert asked["exit"].asks is Asked.NOTICE_DAYS
    assert asked["review"].asks is Asked.REVIEW_ON
    assert guide().section("exit") is asked["exit"]
    assert guide().section("nothing") is None


def changed(tmp_path: Path, before: str, after: str) -> Path:
    text = DEFAULT_GUIDE.read_text(encoding="utf-8")
    assert before in text
    file = tmp_path / "charter.yaml"
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("code: commitments", "code: purpose", "stands twice"),
        ("    asks: notice_days\n", "", "asked by 0 required sections"),
        ("      - Who prepares this reading.\n", "", "Translate each"),
        ("asks: notice_days", "asks: a_party", "not allowed"),
    ],
)
def test_a_guide_that_does_not_hold_together_is_refused(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    with pytest.raises(InvalidFilesError, match=told):
        read_guide(changed(tmp_path, before, after))


# ---- What a text lacks


def test_a_whole_text_lacks_nothing() -> None:
    assert missing(WHOLE, guide(), on=TODAY) == ()


@pytest.mark.parametrize("code", [one.code for one in guide().sections if one.required])
def test_each_required_section_is_asked_for(code: str) -> None:
    without = replace(WHOLE, sections={**WHOLE.sections, code: " \n "})
    assert Missing(Lack.EMPTY_SECTION, code) in missing(without, guide(), on=TODAY)


def test_optional_sections_are_not_asked_for() -> None:
    assert not any(one.required for one in guide().sections if one.code not in WHOLE.sections)


def test_the_notice_and_the_day_are_asked_for_and_zero_is_a_notice() -> None:
    assert missing(replace(WHOLE, notice_days=0), guide(), on=TODAY) == ()
    lacks = missing(replace(WHOLE, notice_days=None, review_on=None), guide(), on=TODAY)
    assert lacks == (Missing(Lack.NO_NOTICE, "exit"), Missing(Lack.NO_REVIEW, "review"))
    late = missing(replace(WHOLE, review_on=TODAY), guide(), on=TODAY)
    assert late == (Missing(Lack.REVIEW_PAST, "review"),)


@pytest.mark.parametrize(
    ("several", "enough"),
    [
        ([World.COMPANY, World.COMPANY], False),
        ([World.COMPANY, World.OTHER], False),
        ([World.OTHER, World.OTHER], False),
        ([], False),
        ([World.COMPANY, World.CITIZEN], True),
    ],
)
def test_a_charter_joins_two_known_worlds(several: list[World], enough: bool) -> None:
    parties = tuple(Party(str(rank), "x", world) for rank, world in enumerate(several))
    lacks = missing(replace(WHOLE, parties=parties), guide(), on=TODAY)
    assert (Missing(Lack.ONE_WORLD) not in lacks) is enough


# ---- The fingerprint


def test_the_fingerprint_is_that_of_what_is_signed() -> None:
    whole = fingerprint(frozen(WHOLE, guide()))
    assert fingerprint(frozen(replace(WHOLE, parties=PARTIES[::-1]), guide())) == whole
    spaced = {code: f"  {text}\n" for code, text in WHOLE.sections.items()}
    assert fingerprint(frozen(replace(WHOLE, sections=spaced), guide())) == whole
    for other in (
        replace(WHOLE, charter="d"),
        replace(WHOLE, number=2),
        replace(WHOLE, title="Autre"),
        replace(WHOLE, parties=PARTIES[:1]),
        replace(WHOLE, notice_days=31),
        replace(WHOLE, review_on=dt.date(2027, 11, 23)),
        replace(WHOLE, sections={**WHOLE.sections, "decision": "Autrement."}),
        replace(WHOLE, sections={**WHOLE.sections, "openness": "Tout est public."}),
    ):
        assert fingerprint(frozen(other, guide())) != whole


# ---- Departures

_DAYS = st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2026, 2, 1))


@given(st.lists(st.builds(Member, st.sampled_from(World), _DAYS), max_size=6))
def test_a_charter_ends_on_the_first_day_without_two_worlds(members: list[Member]) -> None:
    def left(day: dt.date) -> int:
        return len(worlds(one.world for one in members if one.holds(day)))

    found = ends_on(members)
    days = sorted({one.leaves_on for one in members if one.leaves_on})
    if found is None:
        assert all(left(day) >= LEAST_WORLDS for day in days)
    else:
        assert left(found) < LEAST_WORLDS
        assert all(left(day) >= LEAST_WORLDS for day in days if day < found)


def test_whoever_leaves_is_bound_until_the_last_day_of_notice() -> None:
    day = leaves_on(TODAY, 30)
    assert day == dt.date(2026, 12, 22)
    assert leaves_on(TODAY, 0) == TODAY
    member = Member(World.COMPANY, day)
    assert member.holds(day - dt.timedelta(days=1))
    assert not member.holds(day)


# ---- States


@pytest.mark.parametrize("state", CharterState)
def test_what_is_not_in_the_table_is_refused_with_what_is(state: CharterState) -> None:
    for decision in set(CharterDecision) - CHARTER.transitions[state].keys():
        with pytest.raises(DecisionRefusedError) as caught:
            CHARTER.after(state, decision)
        assert f"Cannot {decision} what is {state}" in str(caught.value)
        assert all(allowed in str(caught.value) for allowed in CHARTER.transitions[state])


def test_what_is_signed_by_all_is_never_written_again() -> None:
    seen, waiting = set(), [CharterState.IN_FORCE]
    while waiting:
        state = waiting.pop()
        seen.add(state)
        waiting += [after for after in CHARTER.transitions[state].values() if after not in seen]
    assert seen.isdisjoint({CharterState.DRAFT, CharterState.SIGNING})


def test_every_decision_can_be_taken_somewhere_and_by_someone() -> None:
    possible = {decision for moves in CHARTER.transitions.values() for decision in moves}
    assert possible == set(CharterDecision) == CHARTER.taken_by.keys()
    assert CHARTER.transitions.keys() == set(CharterState)


def test_the_documentation_is_that_of_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == CHARTER.document(), (
        "Write it again: python -m alliage.positioning.charter > " + str(PAGE)
    )
