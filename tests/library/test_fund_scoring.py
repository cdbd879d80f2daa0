"""Reviews, their summary, agreement and ranks."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from alliage.fund.instruction import scoring
from alliage.fund.instruction.scoring import (
    Agreement,
    AlreadySentError,
    Grid,
    GridProblem,
    GridVersionError,
    Hidden,
    InvalidReviewError,
    KnockOut,
    Note,
    Opinion,
    Review,
    ReviewProblemCode,
    ReviewState,
    Seat,
    Summary,
    ThirdReviewReason,
    Verdict,
    Viewer,
    Viewpoint,
    agreement,
    check_grid_follows,
    default_grid,
    load_grid,
    rank,
    review_problems,
    send,
    summarise,
    visible_reviews,
)
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCALE = [{"points": rank, "label_fr": f"n{rank}", "label_en": f"l{rank}"} for rank in range(5)]


def grid(**changes: object) -> Grid:
    """Need weighs 3 and has a minimum; means weighs 1 and can decide alone. Notes: 0 to 4."""
    criteria = [
        {
            "code": code,
            "label_fr": code,
            "label_en": code,
            "question_fr": "?",
            "question_en": "?",
            "weight": weight,
            "anchors": [{"points": at, "text_fr": "f", "text_en": "e"} for at in range(5)],
            **more,
        }
        for code, weight, more in (("need", 3, {"minimum": "2"}), ("means", 1, {"knock_out": 0}))
    ]
    content: dict[str, Any] = {
        "code": "test",
        "version": 1,
        "title_fr": "Grille",
        "title_en": "Grid",
        "scale": SCALE,
        "disagreement": {"index": "0.5", "gap": 2},
        "criteria": criteria,
    }
    return Grid.model_validate(content | changes)


def review(
    reviewer: str,
    need: int | None,
    means: int | None,
    opinion: Opinion = Opinion.RESERVED,
    application: str = "A",
) -> Review:
    notes = {"need": Note(need, "because"), "means": Note(means, "because")}
    return Review(application, reviewer, notes, opinion, sent=True)


def test_the_default_grid_describes_every_level_in_both_languages() -> None:
    found = default_grid()
    assert sum(criterion.weight for criterion in found.criteria) == 100
    assert [criterion.code for criterion in found.criteria if criterion.knock_out] == [
        "acting_together"
    ]
    texts = [anchor.text_fr for criterion in found.criteria for anchor in criterion.anchors]
    assert len(set(texts)) == 24


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": SCALE[:1] + SCALE[2:]}, "do not follow one another"),
        ({"disagreement": {"index": "0.5", "gap": 5}}, "a gap of 5 is wider than the scale"),
        ({"criteria": [*grid().model_dump()["criteria"]] * 2}, "names « need » 2 times"),
        ({"scale": SCALE[:3]}, "need: anchors do not describe each level, 0 to 2"),
    ],
)
def test_a_grid_that_does_not_hold_together_is_refused(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        grid(**change)


@pytest.mark.parametrize(
    ("name", "value"), [("minimum", "0"), ("minimum", "4.5"), ("knock_out", 4), ("knock_out", -1)]
)
def test_a_threshold_that_never_matters_is_refused(name: str, value: object) -> None:
    criteria = grid().model_dump()["criteria"]
    criteria[0][name] = value
    with pytest.raises(ValidationError, match=f"need: {name} always or never holds"):
        grid(criteria=criteria)


def test_a_grid_file_names_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    content = default_grid().model_dump(mode="json") | {"version": 0, "colour": "red"}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(InvalidFilesError) as caught:
        load_grid(path)
    places = {problem.place.partition(", ")[::2] for problem in caught.value.problems}
    assert {place for _line, place in places} == {"version", "colour"}
    assert ("line 2", "colour") in places


def test_a_grid_that_does_not_hold_together_names_each_place(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    content = default_grid().model_dump(mode="json")
    content["disagreement"]["gap"] = 9
    content["criteria"][1]["anchors"].pop()
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(InvalidFilesError) as caught:
        load_grid(path)
    found = {problem.fault.problem: problem for problem in caught.value.problems if problem.fault}
    assert set(found) == {GridProblem.GAP_TOO_WIDE, GridProblem.ANCHORS_INCOMPLETE}
    assert found[GridProblem.GAP_TOO_WIDE].place.endswith("disagreement, gap")
    assert found[GridProblem.ANCHORS_INCOMPLETE].place.endswith("criteria, entry 2, anchors")
    assert all(problem.place.startswith("line ") for problem in found.values())


def test_a_grid_that_differs_is_a_higher_version() -> None:
    old, heavier = grid(), [{**one, "weight": 9} for one in grid().model_dump()["criteria"]]
    with pytest.raises(GridVersionError, match="Give it version") as caught:
        check_grid_follows(old, grid(criteria=heavier))
    assert caught.value.expected == old.version + 1
    check_grid_follows(old, grid(criteria=heavier, version=old.version + 1))


# ---------------------------------------------------------------- writing a review


def test_a_review_is_sent_once_complete_and_no_longer_changes() -> None:
    draft = replace(review("ana", 3, None), sent=False)
    sent = send(draft, grid())
    assert sent == replace(draft, sent=True)
    with pytest.raises(AlreadySentError, match="no longer changes"):
        send(sent, grid())


def test_everything_that_lacks_is_listed_at_once() -> None:
    draft = Review("A", "ana", {"need": Note(7, "x"), "colour": Note(1, "x")})
    problems = review_problems(draft, grid())
    assert [(one.code, one.criterion) for one in problems] == [
        (ReviewProblemCode.OUT_OF_SCALE, "need"),
        (ReviewProblemCode.NOTE_MISSING, "means"),
        (ReviewProblemCode.NOT_IN_GRID, "colour"),
        (ReviewProblemCode.OPINION_MISSING, None),
    ]
    assert problems[0].allowed == ("0", "1", "2", "3", "4")
    with pytest.raises(InvalidReviewError, match=r"need: out of scale \(allowed: 0, 1, 2, 3, 4\)"):
        send(draft, grid())


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (Note(3, "  "), ReviewProblemCode.COMMENT_MISSING),
        (Note(None, ""), ReviewProblemCode.NOTE_MISSING),
    ],
)
def test_a_note_comes_with_a_comment(note: Note, code: ReviewProblemCode) -> None:
    draft = Review("A", "ana", {"need": note, "means": Note(None, "No budget.")}, Opinion.RESERVED)
    assert [(one.code, one.criterion) for one in review_problems(draft, grid())] == [(code, "need")]


# ---------------------------------------------------------------- who sees what

SEATS = [Seat("ana"), Seat("bob")]
ANA, BOB = review("ana", 3, 3), review("bob", 1, 2)
DRAFT = replace(BOB, sent=False)


def shown(viewer: Viewer, seats: list[Seat], *reviews: Review) -> dict[str, Review | Hidden | None]:
    return {
        one.seat.reviewer: one.review or one.hidden
        for one in visible_reviews(viewer, seats, reviews)
    }


@pytest.mark.parametrize("viewpoint", [Viewpoint.OFFICER, Viewpoint.COMMITTEE, Viewpoint.REVIEWER])
def test_nobody_reads_a_review_before_both_are_in(viewpoint: Viewpoint) -> None:
    viewer = Viewer("eve", viewpoint)
    assert shown(viewer, SEATS, ANA, DRAFT) == {
        "ana": Hidden.OTHERS_PENDING,
        "bob": Hidden.NOT_SENT,
    }
    assert shown(viewer, SEATS, ANA, BOB) == {"ana": ANA, "bob": BOB}


def test_a_reviewer_sees_her_own_and_nothing_else_before_sending() -> None:
    bob = Viewer("bob", Viewpoint.REVIEWER)
    assert shown(bob, SEATS, ANA, DRAFT) == {"ana": Hidden.OWN_PENDING, "bob": DRAFT}
    assert shown(bob, SEATS, ANA) == {"ana": Hidden.OWN_PENDING, "bob": None}
    ana = Viewer("ana", Viewpoint.REVIEWER)
    assert shown(ana, SEATS, ANA, DRAFT) == {"ana": ANA, "bob": Hidden.NOT_SENT}


def test_being_an_officer_too_does_not_lift_the_blind() -> None:
    bob = Viewer("bob", Viewpoint.OFFICER)
    assert shown(bob, SEATS, ANA)["ana"] is Hidden.OWN_PENDING


def test_a_third_reviewer_is_blind_to_the_first_two() -> None:
    seats = [*SEATS, Seat("cyd", 2)]
    cyd = review("cyd", 2, 2)
    assert shown(Viewer("cyd", Viewpoint.REVIEWER), seats, ANA, BOB) == {
        "ana": Hidden.OWN_PENDING,
        "bob": Hidden.OWN_PENDING,
        "cyd": None,
    }
    # The others have read the first round already: it is not taken back from them.
    committee = Viewer("eve", Viewpoint.COMMITTEE)
    assert shown(committee, seats, ANA, BOB) == {"ana": ANA, "bob": BOB, "cyd": Hidden.NOT_SENT}
    assert shown(committee, seats, ANA, BOB, cyd)["cyd"] == cyd
    assert shown(committee, seats, ANA, cyd) == {
        "ana": Hidden.OTHERS_PENDING,
        "bob": Hidden.NOT_SENT,
        "cyd": Hidden.OTHERS_PENDING,
    }


@pytest.mark.parametrize(
    "viewer",
    [
        Viewer("eve", Viewpoint.APPLICANT),
        Viewer("eve", Viewpoint.COMMITTEE, recused=True),
        Viewer("ana", Viewpoint.REVIEWER, recused=True),
    ],
)
def test_applicants_and_the_recused_see_nothing(viewer: Viewer) -> None:
    assert visible_reviews(viewer, SEATS, [ANA, BOB]) == ()


def test_the_state_of_each_review_is_told() -> None:
    found = visible_reviews(Viewer("eve", Viewpoint.OFFICER), [*SEATS, Seat("cyd")], [ANA, DRAFT])
    assert [one.state for one in found] == [
        ReviewState.SENT,
        ReviewState.DRAFT,
        ReviewState.NOT_STARTED,
    ]


def test_reviews_of_several_applications_or_twice_by_one_person_are_refused() -> None:
    viewer = Viewer("eve", Viewpoint.OFFICER)
    with pytest.raises(ValueError, match=r"several applications \(A, B\)"):
        visible_reviews(viewer, SEATS, [ANA, review("bob", 1, 1, application="B")])
    with pytest.raises(ValueError, match="two reviews"):
        visible_reviews(viewer, SEATS, [ANA, ANA])
    with pytest.raises(ValueError, match="two seats"):
        visible_reviews(viewer, [Seat("ana"), Seat("ana", 2)], [ANA])


@given(
    st.sets(st.sampled_from(["a", "b", "c"])),
    st.sets(st.sampled_from(["a", "b", "c"])),
    st.sampled_from(["a", "b", "c", "eve"]),
    st.sampled_from(Viewpoint),
)
def test_no_unsent_review_is_read_by_another_and_no_writer_is_influenced(
    started: set[str], sent: set[str], who: str, viewpoint: Viewpoint
) -> None:
    seats = [Seat("a"), Seat("b"), Seat("c", 2)]
    reviews = [replace(review(name, 1, 1), sent=name in sent) for name in sorted(started | sent)]
    for one in visible_reviews(Viewer(who, viewpoint), seats, reviews):
        if one.review is not None and one.seat.reviewer != who:
            assert one.review.sent
            assert who not in {"a", "b", "c"} - sent
            assert {"a", "b"} <= sent


# ---------------------------------------------------------------- summary


def test_a_summary_by_hand() -> None:
    found = summarise(grid(), [review("ana", 4, 2), review("bob", 3, 4)])
    # Need: mean 3.5 of 4, weight 3. Means: mean 3 of 4, weight 1.
    assert found.score == 100 * (3 * Fraction(7, 8) + Fraction(3, 4)) / 4
    assert (found.lowest, found.highest) == (Fraction(325, 4), Fraction(175, 2))
    # Differences: 1 of 4 with weight 3, 2 of 4 with weight 1.
    assert found.disagreement == (3 * Fraction(1, 4) + Fraction(1, 2)) / 4
    need, means = found.criteria
    assert (need.mean, need.lowest, need.highest) == (Fraction(7, 2), 3, 4)
    assert (need.in_disagreement, means.in_disagreement) == (False, True)
    assert found.reviewers == ("ana", "bob")
    assert found.covered == 1
    assert (found.verdict, found.third_review) == (Verdict.REACHES, ())


def test_a_missing_note_is_not_a_zero() -> None:
    found = summarise(grid(), [review("ana", 4, None), review("bob", 4, None)])
    assert found.score == 100
    assert found.covered == Fraction(3, 4)
    assert found.verdict is Verdict.UNKNOWN
    assert found.criteria[1].knock_out is KnockOut.UNKNOWN
    nothing = summarise(grid(), [review("ana", None, None)])
    assert (nothing.score, nothing.lowest, nothing.disagreement) == (None, None, None)
    assert nothing.covered == 0


def test_drafts_do_not_count() -> None:
    found = summarise(grid(), [ANA, DRAFT])
    assert found == summarise(grid(), [ANA])
    assert found.disagreement is None
    assert summarise(grid(), [DRAFT]).score is None
    with pytest.raises(ValueError, match="no review"):
        summarise(grid(), [])


def test_a_sent_review_that_does_not_follow_the_grid_is_refused() -> None:
    with pytest.raises(InvalidReviewError, match="need: out of scale"):
        summarise(grid(), [review("ana", 9, 1)])


@pytest.mark.parametrize(
    ("notes", "verdict", "knock_out"),
    [
        (((2, 1), (2, 1)), Verdict.REACHES, KnockOut.NO),
        (((1, 1), (2, 1)), Verdict.BELOW, KnockOut.NO),
        (((4, 0), (4, 0)), Verdict.BELOW, KnockOut.YES),
        (((4, 0), (4, 1)), Verdict.DISPUTED, KnockOut.DISPUTED),
        (((4, 0), (4, None)), Verdict.BELOW, KnockOut.YES),
    ],
)
def test_minima_and_knock_out(
    notes: tuple[tuple[int, int], tuple[int, int]], verdict: Verdict, knock_out: KnockOut
) -> None:
    found = summarise(
        grid(), [review(name, *given) for name, given in zip("ab", notes, strict=True)]
    )
    assert found.verdict is verdict
    assert found.criteria[1].knock_out is knock_out


@pytest.mark.parametrize(
    ("first", "second", "reasons"),
    [
        (review("a", 4, 4), review("b", 2, 2), (ThirdReviewReason.INDEX,)),
        (review("a", 4, 4), review("b", 3, 2), ()),
        (review("a", 4, 1), review("b", 4, 0), (ThirdReviewReason.KNOCK_OUT,)),
        (
            review("a", 3, 3, Opinion.FAVOURABLE),
            review("b", 3, 3, Opinion.UNFAVOURABLE),
            (ThirdReviewReason.OPINIONS,),
        ),
        (review("a", 3, 3, Opinion.FAVOURABLE), review("b", 3, 3, Opinion.RESERVED), ()),
    ],
)
def test_a_third_review_is_asked_for_when_two_disagree(
    first: Review, second: Review, reasons: tuple[ThirdReviewReason, ...]
) -> None:
    assert summarise(grid(), [first, second]).third_review == reasons
    # One review tells nothing of a disagreement; a third one ends the question.
    assert summarise(grid(), [first]).third_review == ()
    assert summarise(grid(), [first, second, review("c", 0, 0)]).third_review == ()


NOTES = st.none() | st.integers(0, 4)


@given(st.lists(st.tuples(NOTES, NOTES), min_size=1, max_size=4), st.randoms())
def test_invariants_of_a_summary(
    notes: list[tuple[int | None, int | None]], random: st.DataObject
) -> None:
    reviews = [review(f"r{at}", *given) for at, given in enumerate(notes)]
    found = summarise(grid(), reviews)
    assert found.score is None or 0 <= found.score <= 100
    assert (found.score is None) == (found.covered == 0)
    assert found.disagreement is None or 0 <= found.disagreement <= 1
    if all(None not in given for given in notes):
        assert found.lowest is not None
        assert found.score is not None
        assert found.highest is not None
        assert found.lowest <= found.score <= found.highest
        assert found.covered == 1
    if len(set(notes)) == 1 and found.disagreement is not None:
        assert found.disagreement == 0
    random.shuffle(reviews)  # type: ignore[attr-defined]
    assert summarise(grid(), reviews) == found


# ---------------------------------------------------------------- agreement

#: Krippendorff 2011, section D: four observers, twelve units. He gives 0.815 for ordinal data.
A = "1 2 3 3 2 1 4 1 2 . . ."
B = "1 2 3 3 2 2 4 1 2 5 . ."
C = ". 3 3 3 2 3 4 2 2 5 1 3"
D = "1 2 3 3 2 4 4 1 2 5 1 ."


def published() -> list[Mapping[str, int | None]]:
    rows = {name: row.split() for name, row in zip("ABCD", (A, B, C, D), strict=True)}
    return [
        {name: None if row[at] == "." else int(row[at]) for name, row in rows.items()}
        for at in range(12)
    ]


def test_alpha_is_the_published_one() -> None:
    found = agreement(published())
    assert found.alpha == pytest.approx(0.815, abs=0.0005)
    # The twelfth unit has one note: it is paired with nothing.
    assert (found.units, found.ratings) == (11, 40)
    assert found.alpha is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.alpha < found.high <= 1
    assert agreement(published()) == found
    assert agreement(published(), seed=1).low != found.low


def test_alpha_knows_its_bounds() -> None:
    same: list[Mapping[str, int | None]] = [{"a": at % 3, "b": at % 3} for at in range(12)]
    assert agreement(same).alpha == 1
    opposite: list[Mapping[str, int | None]] = [{"a": 0, "b": 3}, {"a": 3, "b": 0}]
    found = agreement(opposite).alpha
    assert found is not None
    assert found < 0


def test_alpha_is_not_told_where_it_cannot_be() -> None:
    assert agreement([]) == Agreement(None, None, None, 0, 0)
    assert agreement([{"a": 1}, {"a": 2, "b": None}]) == Agreement(None, None, None, 0, 0)
    assert agreement([{"a": 1, "b": 1}] * 3) == Agreement(None, None, None, 3, 6)
    few = agreement([{"a": 1, "b": 2}, {"a": 3, "b": 3}])
    assert few.alpha is not None
    assert few.low is None
    # One application alone varies: a draw without it has nothing to compare.
    lone = agreement([{"a": 1, "b": 1}] * 11 + [{"a": 2, "b": 3}])
    assert (lone.low, lone.high) == (None, None)


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(1, 4), max_size=3),
        max_size=6,
    ),
    st.integers(-5, 5),
)
@settings(deadline=None)
def test_alpha_depends_on_the_order_of_levels_alone(
    units: list[Mapping[str, int | None]], shift: int
) -> None:
    moved: list[Mapping[str, int | None]] = [
        {name: None if points is None else 7 * points + shift for name, points in unit.items()}
        for unit in units
    ]
    found, other = agreement(units), agreement(moved)
    assert found == other
    assert found.alpha is None or found.alpha <= 1


# ---------------------------------------------------------------- ranks


def scored(name: str, low: int | None, score: int | None, high: int | None) -> Summary:
    def exact(value: int | None) -> Fraction | None:
        return None if value is None else Fraction(value)

    return Summary(
        name, (), exact(score), Fraction(1), exact(low), exact(high), None, (), Verdict.REACHES, ()
    )


def test_ties_share_their_places_and_spread_shows_how_far_an_order_holds() -> None:
    found = rank(
        [
            scored("D", 10, 20, 30),
            scored("B", 60, 70, 80),
            scored("C", 50, 70, 90),
            scored("E", None, None, None),
            scored("A", 85, 90, 95),
        ]
    )
    assert [
        (one.application, one.first, one.last, one.best, one.worst) for one in found.places
    ] == [
        ("A", 1, 1, 1, 2),
        ("B", 2, 3, 2, 3),
        ("C", 2, 3, 1, 3),
        ("D", 4, 4, 4, 4),
    ]
    assert found.not_scored == ("E",)


@given(
    st.lists(st.tuples(*[st.integers(0, 5)] * 3).map(sorted), max_size=6),
    st.randoms(),
)
def test_invariants_of_a_ranking(scores: list[list[int]], random: st.DataObject) -> None:
    summaries = [scored(f"A{at}", *three) for at, three in enumerate(scores)]
    found = rank(summaries)
    assert [one.first for one in found.places] == sorted(one.first for one in found.places)
    for one in found.places:
        assert 1 <= one.best <= one.first <= one.last <= one.worst <= len(scores)
        assert one.last - one.first + 1 == sum(o.score == one.score for o in found.places)
    random.shuffle(summaries)  # type: ignore[attr-defined]
    assert rank(summaries) == found


def test_the_interval_needs_as_many_applications_as_it_says() -> None:
    units = published()[: scoring.FEWEST_UNITS]
    assert agreement(units).low is not None
    assert agreement(units[:-1]).low is None
