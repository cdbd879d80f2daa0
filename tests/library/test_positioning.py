"""Doors by comparison, steps by facts: what a questionnaire says, and what it does not."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.alliances.vocabulary import World
from alliage.positioning.doors import (
    PAIRS,
    Preference,
    circular_triads,
    preferences,
    probabilities_of,
)
from alliage.positioning.questionnaire import (
    DEFAULT_QUESTIONNAIRE,
    questionnaire,
    read_questionnaire,
)
from alliage.positioning.scoring import Answers, Doubt, InvalidAnswersError, gaps, score
from alliage.positioning.steps import UNKNOWN, reach, steps_of
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ASKED = questionnaire()
FIRST, TIE, SECOND, NONE = Preference
COMPARISONS = st.lists(st.sampled_from(Preference), min_size=6, max_size=6)
LEVELS = st.dictionaries(st.sampled_from([one.code for one in ASKED.behaviours]), st.integers(0, 3))


def answers(compared: Sequence[Preference] = (), **levels: int) -> Answers:
    return Answers(dict(zip(ASKED.comparisons, compared, strict=False)), levels)


def permuted(compared: Sequence[Preference], order: Sequence[int]) -> list[Preference]:
    """Return the same answers where door ``order[k]`` takes the place of door k."""
    by_pair = dict(zip(PAIRS, compared, strict=True))
    turned = []
    for a, b in PAIRS:
        first, second = order[a], order[b]
        if first < second:
            turned.append(by_pair[first, second])
        else:
            answer = by_pair[second, first]
            turned.append({FIRST: SECOND, SECOND: FIRST}.get(answer, answer))
    return turned


class TestDoors:
    @given(COMPARISONS)
    def test_probabilities_add_up_to_one(self, compared: list[Preference]) -> None:
        found = preferences(compared)
        assert sum(found.probabilities) == pytest.approx(1)
        assert all(0 < one < 1 for one in found.probabilities)

    @given(COMPARISONS, st.permutations(range(4)))
    def test_no_door_is_favoured_by_its_place(
        self, compared: list[Preference], order: list[int]
    ) -> None:
        before, after = preferences(compared), preferences(permuted(compared, order))
        for place, door in enumerate(order):
            assert after.probabilities[place] == pytest.approx(before.probabilities[door])
        assert after.circular == before.circular
        assert {order[place] for place in after.named} == set(before.named)

    @given(COMPARISONS, st.integers(0, 5))
    def test_a_door_gains_by_winning(self, compared: list[Preference], place: int) -> None:
        first, _ = PAIRS[place]
        by_answer = [
            preferences([*compared[:place], one, *compared[place + 1 :]]).probabilities[first]
            for one in (SECOND, TIE, FIRST)
        ]
        assert by_answer == sorted(by_answer)

    @pytest.mark.parametrize("compared", [[TIE] * 6, [NONE] * 6, [TIE, NONE] * 3])
    def test_nothing_said_names_no_door(self, compared: list[Preference]) -> None:
        assert preferences(compared).named == ()

    def test_a_circle_of_four_names_no_door(self) -> None:
        # P over M, M over I, I over T, T over P: two of the triads turn round.
        turning = [FIRST, FIRST, SECOND, FIRST, FIRST, FIRST]
        found = preferences(turning)
        assert (found.circular, found.consistency, found.named) == (2, 0, ())

    def test_circular_triads_are_at_most_two(self) -> None:
        counts = {
            circular_triads(one) for one in itertools.product((FIRST, SECOND), repeat=len(PAIRS))
        }
        assert counts == {0, 1, 2}

    def test_one_door_only_if_it_won_everything(self) -> None:
        for compared in itertools.product((FIRST, TIE, SECOND), repeat=6):
            found = preferences(compared)
            if len(found.named) == 1:
                assert found.scores[found.named[0]] == 1
                assert found.probabilities[found.named[0]] >= 0.6

    def test_equal_doors_are_shown_together(self) -> None:
        # P is first; M, I and T tie for the second place.
        found = preferences([FIRST, FIRST, TIE, TIE, TIE, TIE])
        assert found.named == ()
        found = preferences([FIRST, TIE, FIRST, SECOND, TIE, FIRST])
        assert len(found.named) >= 2

    @given(st.lists(COMPARISONS, min_size=1, max_size=20))
    def test_many_questionnaires_are_scored_like_one(self, many: list[list[Preference]]) -> None:
        found = probabilities_of(many)
        for row, compared in zip(found, many, strict=True):
            assert tuple(row) == preferences(compared).probabilities

    @pytest.mark.parametrize("wrong", [[[0] * 5], [[4] + [0] * 5], [[-1] + [0] * 5]])
    def test_other_answers_are_refused(self, wrong: list[list[int]]) -> None:
        with pytest.raises(ValueError, match="Give"):
            probabilities_of(wrong)


class TestSteps:
    @given(st.lists(st.integers(0, 3), min_size=4, max_size=4))
    def test_three_of_four_have_the_step_and_no_higher(self, levels: list[int]) -> None:
        (found,) = steps_of([levels])
        assert sum(level >= found for level in levels) >= 3
        assert sum(level >= found + 1 for level in levels) < 3

    @given(st.lists(st.integers(0, 3), min_size=3, max_size=3), st.integers(0, 3))
    def test_two_of_three_where_one_is_unknown(self, levels: list[int], place: int) -> None:
        given_levels = [*levels[:place], UNKNOWN, *levels[place:]]
        (found,) = steps_of([given_levels])
        assert sum(level >= found for level in levels) >= 2
        assert sum(level >= found + 1 for level in levels) < 2

    @given(st.lists(st.integers(-1, 3), min_size=4, max_size=4), st.integers(0, 3))
    def test_a_step_never_falls_by_doing_more(self, levels: list[int], place: int) -> None:
        if levels[place] in {UNKNOWN, 3}:
            return
        more = [*levels]
        more[place] += 1
        assert steps_of([more])[0] >= steps_of([levels])[0]

    def test_a_person_has_the_step_that_they_have_among_many(self) -> None:
        four = ASKED.of_door("innovate")
        every = list(itertools.product((UNKNOWN, 0, 1, 2, 3), repeat=4))
        alone = [
            reach(four, {one.code: at for one, at in zip(four, levels, strict=True) if at >= 0})
            for levels in every
        ]
        found = [UNKNOWN if one.level is None else one.level for one in alone]
        assert found == steps_of(every).tolist()
        assert [one.known for one in alone] == [4 - levels.count(UNKNOWN) for levels in every]

    def test_with_two_unknown_there_is_no_step(self) -> None:
        four = ASKED.of_door("innovate")
        found = reach(four, {four[0].code: 3, four[1].code: 3})
        assert (found.level, found.blocking) == (None, None)

    @given(st.dictionaries(st.sampled_from(range(4)), st.integers(0, 3)))
    def test_the_blocking_behaviour_is_below_the_next_step(self, levels: dict[int, int]) -> None:
        four = ASKED.of_door("co_construct_locally")
        known = {four[place].code: level for place, level in levels.items()}
        found = reach(four, known)
        if found.level in {None, 3}:
            assert found.blocking is None
        else:
            assert found.blocking is not None
            assert found.level is not None
            assert known[found.blocking.code] <= found.level
            assert found.next_action(known) is not None


class TestScoring:
    @given(COMPARISONS, LEVELS)
    def test_any_answers_give_a_result(
        self, compared: list[Preference], levels: dict[str, int]
    ) -> None:
        found = score(answers(compared, **levels), ASKED)
        assert set(found.reaches) == {door.code for door in ASKED.doors}
        assert found.answered <= found.asked
        if not found.recommendations:
            assert found.doubts & {Doubt.CIRCULAR, Doubt.HESITANT}

    def test_an_empty_questionnaire_picks_no_door(self) -> None:
        found = score(answers(), ASKED)
        assert found.recommendations == ()
        assert found.doubts == {Doubt.HESITANT}
        assert all(one.level is None for one in found.reaches.values())

    def test_a_newcomer_warms_up_and_keeps_the_door_preferred(self) -> None:
        # T won everything; no action with another world yet.
        prefers_t = [TIE, TIE, SECOND, TIE, SECOND, SECOND]
        found = score(answers(prefers_t, other_worlds=0), ASKED)
        assert [one.door for one in found.recommendations] == ["co_construct_locally"]
        assert found.warm_up is not None
        assert score(answers(prefers_t, other_worlds=1), ASKED).warm_up is None
        assert score(answers(prefers_t), ASKED).warm_up is None

    def test_facts_that_cannot_both_be_are_told(self) -> None:
        found = score(answers([FIRST] * 6, designed_together=3, other_worlds=0), ASKED)
        assert Doubt.CONTRADICTION in found.doubts
        assert [one.code for one in found.contradictions] == ["designed_without_acting"]
        assert not found.is_clear

    def test_unknown_is_no_contradiction(self) -> None:
        assert not score(answers([FIRST] * 6, designed_together=3), ASKED).contradictions

    @pytest.mark.parametrize(
        ("wrong", "match"),
        [
            (Answers({}, {"nothing": 1}), "one of: .*other_worlds"),
            (Answers({}, {"full_cost": 4}), "0, 1, 2 or 3"),
            (Answers({("a", "b"): FIRST}, {}), "one of"),
        ],
    )
    def test_what_was_not_asked_is_refused(self, wrong: Answers, match: str) -> None:
        with pytest.raises(InvalidAnswersError, match=match):
            score(wrong, ASKED)

    @given(st.lists(LEVELS, min_size=2, max_size=4))
    def test_differences_come_first(self, people: list[dict[str, int]]) -> None:
        found = gaps([Answers({}, levels) for levels in people], ASKED)
        widths = [gap.width for gap in found]
        assert widths == sorted(widths, reverse=True)
        assert {gap.behaviour.code for gap in found} == {one.code for one in ASKED.behaviours}


class TestQuestionnaire:
    def test_every_text_is_written_in_both_languages(self) -> None:
        for one in ASKED.behaviours:
            assert len(set(one.anchors_fr)) == len(set(one.anchors_en)) == 4

    def test_a_world_reads_its_words_with_the_same_anchors(self) -> None:
        first = ASKED.behaviours[0]
        assert first.wording(World.CITIZEN) != first.wording(None)
        assert (first.variant(World.CITIZEN), first.variant(World.COMPANY)) == ("citizen", "")

    @pytest.mark.parametrize(
        ("before", "after", "match"),
        [
            ("door: innovate", "door: innovation", "no door"),
            ("code: full_cost", "code: shared_resource", "stands twice"),
            ("level: 1,", "level: 2,", "Write 0, 1, 2 and 3"),
            ("at_most: {failed_trial: 0}", "at_most: {failed: 0}", "no behaviour"),
            ("anchors_fr: [nous n’essayons pas, ", "anchors_fr: [", "anchors_fr"),
        ],
    )
    def test_a_questionnaire_that_does_not_hold_together_is_refused(
        self, tmp_path: Path, before: str, after: str, match: str
    ) -> None:
        text = DEFAULT_QUESTIONNAIRE.read_text(encoding="utf-8")
        assert before in text
        file = tmp_path / "questionnaire.yaml"
        file.write_text(text.replace(before, after, 1), encoding="utf-8")
        with pytest.raises(InvalidFilesError, match=match):
            read_questionnaire(file)

    def test_the_version_is_kept_with_the_result(self) -> None:
        newer = ASKED.model_copy(update={"version": 2})
        assert score(answers(), newer).version == 2


def test_a_result_does_not_change(recwarn: pytest.WarningsRecorder) -> None:
    found = score(answers([FIRST] * 6), ASKED)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.version = 3  # type: ignore[misc]
    assert not recwarn.list
    assert np.isfinite(found.preferences.probabilities).all()
