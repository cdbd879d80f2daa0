"""Answers counted together: what may be told of a packet, and what an attack finds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage.positioning.collective import (
    BASE,
    NEW,
    PACKET,
    Answer,
    Line,
    PacketCounts,
    Person,
    Topic,
    answers_given,
    counted,
    margin_of,
    masked,
    packets,
    rounded,
    table,
)
from alliage.positioning.doors import PAIRS, Preference
from alliage.positioning.questionnaire import questionnaire
from alliage.positioning.scoring import Answers, Doubt, score
from alliage.positioning.validation.fieldwork import Fieldwork, fieldwork
from alliage.survey.protection.disclosure import TOTAL, Sum, attack

ASKED = questionnaire()
DOOR = counted(ASKED)[0]

_PLACES: tuple[dict[str, str], ...] = (
    {"epci": "e1", "department": "d1", "region": "r1"},
    {"epci": "e2", "department": "d1", "region": "r1"},
    {"department": "d2", "region": "r1"},
    {"region": "r2"},
    {},
)
_PEOPLE = st.lists(
    st.builds(
        Person,
        key=st.just(""),
        places=st.sampled_from(_PLACES),
        world=st.sampled_from(["company", "association", ""]),
        size=st.sampled_from(["tpo", "pmo", ""]),
        was_counted=st.booleans(),
    ),
    max_size=150,
).map(lambda people: [_named(one, str(rank)) for rank, one in enumerate(people)])


def _named(one: Person, key: str) -> Person:
    return Person(key, one.places, one.world, one.size, was_counted=one.was_counted)


# Packets


@given(_PEOPLE, st.text(max_size=3))
def test_a_packet_has_twelve_people_eleven_new_and_tells_what_they_all_share(
    people: list[Person], seed: str
) -> None:
    known = {one.key: one for one in people}
    found = packets(people, seed=seed)
    held = [key for packet in found for key in packet.people]
    assert len(held) == len(set(held))
    for packet in found:
        members = [known[key] for key in packet.people]
        assert len(members) == PACKET
        assert sum(one.was_counted for one in members) <= PACKET - NEW
        told = packet.told
        for one in members:
            assert not told.level or one.places[told.level] == told.place
            assert not told.world or one.world == told.world
            assert not told.size or one.size == told.size
    # Twelve new people always make a packet: of the country, if they share nothing.
    assert sum(not one.was_counted for key, one in known.items() if key not in held) < PACKET


def test_as_much_is_told_as_twelve_people_share() -> None:
    here = {"epci": "e1", "department": "d1", "region": "r1"}
    people = [Person(f"a{rank}", here, "company", "tpo") for rank in range(12)]
    people += [Person(f"b{rank}", here, "company", "pmo") for rank in range(6)]
    people += [Person(f"c{rank}", here, "citizen", "") for rank in range(6)]
    first, second = packets(people, seed="x")
    assert (first.told.level, first.told.world, first.told.size) == ("epci", "company", "tpo")
    assert (second.told.level, second.told.world, second.told.size) == ("epci", "", "")


def test_nobody_foresees_who_is_with_whom() -> None:
    people = [Person(str(rank), {}) for rank in range(24)]
    made = {frozenset(packets(people, seed=str(seed))[0].people) for seed in range(20)}
    assert len(made) == 20


class _Life:
    """A few quarters: people arrive, withdraw, change their minds, and every reading is kept."""

    def __init__(self, seed: int) -> None:
        self.drawn = np.random.Generator(np.random.PCG64(seed))
        self.seed = str(seed)
        self.everybody: dict[str, Person] = {}
        self.agreed: set[str] = set()
        self.last: dict[str, int] = {}
        self.formed: list[tuple[str, frozenset[str]]] = []
        self.readings: set[frozenset[str]] = set()

    def pass_a_quarter(self) -> None:
        for _one in range(int(self.drawn.integers(0, 40))):
            key = str(len(self.everybody))
            world = str(self.drawn.choice(["company", "association"]))
            self.everybody[key] = Person(key, {}, world)
            self.agreed.add(key)
        self.form()
        self.read()
        for key in self.drawn.choice(list(self.everybody) or ["nobody"], 3):
            # Who agreed withdraws; who withdrew agrees again.
            self.agreed ^= {str(key)} & self.everybody.keys()
            self.read()

    def form(self) -> None:
        counted_now = {key for _world, held in self.whole() for key in held}
        waiting = [
            Person(key, {}, self.everybody[key].world, was_counted=key in self.last)
            for key in self.agreed - counted_now
        ]
        for packet in packets(waiting, seed=self.seed):
            self.last |= dict.fromkeys(packet.people, len(self.formed))
            self.formed.append((packet.told.world, frozenset(packet.people)))

    def whole(self) -> list[tuple[str, frozenset[str]]]:
        return [
            (world, held)
            for number, (world, held) in enumerate(self.formed)
            if held <= self.agreed and {self.last[key] for key in held} == {number}
        ]

    def read(self) -> None:
        for world in ("company", "association", None):
            shown = [held for told, held in self.whole() if world in {told, None}]
            self.readings.add(frozenset().union(*shown))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_no_calculation_on_readings_of_any_days_isolates_fewer_than_eleven_people(
    seed: int,
) -> None:
    life = _Life(seed)
    for _quarter in range(5):
        life.pass_a_quarter()
    for one, other in itertools.combinations(life.readings, 2):
        assert len(one ^ other) >= NEW
    rows = np.array([[key in one for key in life.everybody] for one in life.readings], dtype=int)
    for _trial in range(200):
        combined = life.drawn.integers(-3, 4, len(rows)) @ rows
        assert np.count_nonzero(combined) == 0 or np.count_nonzero(combined) >= NEW


def test_without_the_rule_of_eleven_new_people_a_withdrawal_would_be_read() -> None:
    """Eleven who come back with one who is new differ from before by two people."""
    before = {*map(str, range(11)), "leaver"}
    back = [Person(str(rank), {}, was_counted=True) for rank in range(11)]
    assert packets([*back, Person("new", {})], seed="x") == []
    assert len(before ^ {*map(str, range(11)), "new"}) == 2


# Answers


_COMPARED = st.lists(st.integers(0, 3), min_size=6, max_size=6)
_LEVELS = st.lists(st.integers(-1, 3), min_size=16, max_size=16)


@settings(max_examples=200)
@given(_COMPARED, _LEVELS)
def test_many_answers_are_read_as_one_by_one(compared: list[int], levels: list[int]) -> None:
    told = {code: found[0] for code, found in answers_given([compared], [levels], ASKED).items()}
    given_answers = Answers(
        {
            pair: Preference(one)
            for pair, one in zip(ASKED.comparisons, compared, strict=True)
            if one != Preference.NOT_ANSWERED
        },
        {
            one.code: level
            for one, level in zip(ASKED.behaviours, levels, strict=True)
            if level >= 0
        },
    )
    found = score(given_answers, ASKED)
    names = [one.door for one in found.recommendations]
    if not given_answers.comparisons:
        assert told["door"] == Answer.UNKNOWN
    elif not names:
        assert told["door"] == Answer.UNCLEAR
    else:
        assert told["door"] == (names[0] if len(names) == 1 else Answer.SEVERAL)
    assert (told["doubt"] == Answer.CONTRADICTION) == (Doubt.CONTRADICTION in found.doubts)
    for door, reach in found.reaches.items():
        level = Answer.UNKNOWN if reach.level is None else str(reach.level)
        assert told[f"step:{door}"] == level
        expected = (
            Answer.UNKNOWN
            if reach.level is None
            else Answer.NOTHING
            if reach.blocking is None
            else reach.blocking.code
        )
        assert told[f"blocking:{door}"] == expected
    assert all(told[one.code] in one.answers for one in counted(ASKED))


# Rounding


_COUNTS = st.lists(st.integers(0, 6), min_size=PACKET, max_size=PACKET).map(
    lambda given_ones: {str(one): given_ones.count(one) for one in range(7)}
)


@given(_COUNTS, st.text(max_size=4))
def test_rounding_keeps_the_sum_the_zeros_and_stays_near(counts: dict[str, int], seed: str) -> None:
    found = rounded(counts, seed=seed)
    assert sum(found.values()) == PACKET
    assert set(found) == set(counts)
    for answer, value in counts.items():
        assert found[answer] % BASE == 0
        assert abs(found[answer] - value) < BASE
        assert found[answer] == 0 if value == 0 else True
    assert rounded(counts, seed=seed) == found


def test_rounding_favours_no_count_and_its_margin_holds() -> None:
    counts = {"a": 7, "b": 4, "c": 1}
    drawn = [rounded(counts, seed=str(seed)) for seed in range(3000)]
    for answer, value in counts.items():
        assert np.mean([one[answer] for one in drawn]) == pytest.approx(value, abs=0.12)
    sums = np.array([one["b"] for one in drawn]).reshape(100, 30).sum(axis=1)
    assert np.mean(np.abs(sums - 30 * 4) <= margin_of(30)) >= 0.9


def test_counts_that_are_not_a_multiple_of_the_base_are_refused() -> None:
    with pytest.raises(ValueError, match=r"add up to 10\. Give a multiple of 3"):
        rounded({"a": 10}, seed="x")


def test_a_packet_of_another_size_is_refused() -> None:
    eleven = answers_given([[0] * 6] * 11, [[1] * 16] * 11, ASKED)
    with pytest.raises(ValueError, match="11 people are in the packet"):
        PacketCounts.of(eleven, ASKED, seed="x")


# What is masked


_ROW = st.lists(_COUNTS, min_size=1, max_size=8).map(
    lambda found: {str(one): sum(row[str(one)] for row in found) for one in range(7)}
)
_TABLES = st.dictionaries(st.sampled_from("abcde"), _ROW, min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(_TABLES)
def test_an_attack_recovers_no_count_of_few_people(counts: dict[str, dict[str, int]]) -> None:
    hidden = masked(counts)
    answers = list(next(iter(counts.values())))
    everybody = {answer: sum(row[answer] for row in counts.values()) for answer in answers}
    every = {**counts, TOTAL: everybody}
    values: dict[tuple[str, ...], float] = {
        (answer, group): row[answer] for group, row in every.items() for answer in answers
    }
    for group, row in every.items():
        values["people", group] = sum(row.values())
    sums = [
        *(Sum(("people", group), tuple((one, group) for one in answers)) for group in every),
        *(
            Sum((one, TOTAL), tuple((one, group) for group in counts))
            for one in (*answers, "people")
        ),
    ]
    few = {(a, g) for (a, g), value in values.items() if a != "people" and 0 < value < 11}
    assert {(group, answer) for answer, group in few} <= hidden
    found = attack(values, {(answer, group) for group, answer in hidden}, sums, targets=few)
    assert len(found.bounded) == len(few)
    assert not found.recovered
    for one in found.bounded:
        assert one.low <= one.value - 1 + 1e-6
        assert one.high >= one.value + 1 - 1e-6


def test_nothing_is_masked_where_nobody_is_few() -> None:
    assert masked({"a": {"x": 12, "y": 24}, "b": {"x": 0, "y": 36}}) == frozenset()


def _packet(compared: list[list[int]], seed: str) -> PacketCounts:
    return PacketCounts.of(answers_given(compared, [[1] * 16] * PACKET, ASKED), ASKED, seed=seed)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([[0] * 6, [2] * 6, [1] * 6, [3] * 6]), min_size=12, max_size=12),
        min_size=1,
        max_size=6,
    )
)
def test_a_shown_count_stands_for_eleven_people_at_least_or_for_nobody(
    people: list[list[list[int]]],
) -> None:
    made = [_packet(one, str(rank)) for rank, one in enumerate(people)]
    found = table(DOOR, {"a": made[::2], "b": made[1::2], "c": []})
    assert [line.group for line in found.lines] == [TOTAL, "a", *(["b"] if made[1::2] else [])]
    for line in found.lines:
        held = {TOTAL: made, "a": made[::2], "b": made[1::2]}[line.group]
        assert line.people == PACKET * len(held)
        for answer, shown in line.counts.items():
            true = sum(one.true["door"][answer] for one in held)
            if shown is not None:
                assert true == shown == 0 or (true >= 11 and shown >= 12)
                assert abs(shown - true) < BASE * len(held)
    assert found.masked == sum(
        value is None for line in found.lines for value in line.counts.values()
    )


def test_without_packets_there_is_no_line() -> None:
    assert table(DOOR, {"a": []}).lines == ()


def test_the_margin_is_that_of_the_packets() -> None:
    assert Line("a", 24, {}).margin == margin_of(2) == 4
    assert margin_of(0) == 0


def test_every_question_is_counted_and_answers_are_known() -> None:
    found = counted(ASKED)
    assert [one.topic for one in found].count(Topic.STEP) == 4
    assert len({one.code for one in found}) == len(found) == 10
    assert len(PAIRS) == 6


# Field work


def test_nothing_of_the_field_work_is_done_yet() -> None:
    assert fieldwork().is_about(ASKED)
    assert fieldwork().relevance == {}
    assert not fieldwork().has_interviews


def test_interviews_are_enough_when_each_world_has_ten() -> None:
    worlds = ("local_authority", "company", "association", "foundation", "academic")
    ten = dict.fromkeys((*worlds, "state_service", "citizen"), 10)
    done = Fieldwork.model_validate({"version": 1, "relevance": {}, "interviews": ten})
    assert done.has_interviews
    less = Fieldwork.model_validate(
        {"version": 1, "relevance": {}, "interviews": ten | {"citizen": 9}}
    )
    assert not less.has_interviews


def test_a_line_of_few_people_who_all_answer_alike_is_refused() -> None:
    with pytest.raises(ValueError, match="5 people cannot be masked"):
        masked({"a": {"x": 5, "y": 0}})
