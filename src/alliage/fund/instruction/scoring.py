"""Reviews of applications: the grid, what each may see, the summary, agreement and ranks.

A missing note is never a zero. Scores are exact fractions, so that a tie is a tie; only the
agreement over a panel is a statistic. See ``docs/algorithms/scoring.md``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from alliage.alliances.records import CODE, Part, ShortText, Text
from alliage.values.yaml_files import (
    Fault,
    FaultyRecordError,
    InvalidFilesError,
    Problem,
    read_record,
)
from alliage.values.yaml_lines import with_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    _Counts: TypeAlias = NDArray[np.float64]

#: With fewer applications, the interval of an agreement would say more than is known.
FEWEST_UNITS = 10


class Anchor(Part):
    """A level of the scale, and what an application has to show to reach it."""

    points: int
    text_fr: Text
    text_en: Text


class Level(Part):
    """A level of the scale, the same for all criteria."""

    points: int
    label_fr: ShortText
    label_en: ShortText


class Criterion(Part):
    """What is judged.

    Attributes
    ----------
    weight
        Its share in the score, once divided by the sum of the weights.
    minimum
        The mean below which the application does not reach what the fund asks for here.
    knock_out
        The note at or below which a reviewer holds that nothing else can make up for it.
    """

    code: Annotated[str, Field(pattern=CODE, max_length=60)]
    label_fr: ShortText
    label_en: ShortText
    question_fr: Text
    question_en: Text
    weight: Annotated[int, Field(ge=1, le=100)]
    minimum: Decimal | None = None
    knock_out: int | None = None
    anchors: tuple[Anchor, ...]


class DisagreementRule(Part):
    """When two reviews disagree too much to be summed up.

    Attributes
    ----------
    index
        The disagreement index, from 0 to 1, from which another review is asked for.
    gap
        The difference of notes from which a criterion is said to be in disagreement.
    """

    index: Annotated[Decimal, Field(gt=0, le=1)]
    gap: Annotated[int, Field(ge=1)]


class GridProblem(Problem):
    """What can be wrong in a grid, beside what can be in any record."""

    SCALE_BROKEN = (
        "scale_broken",
        "%(points)s do not follow one another. Write each level, from the low.",
    )
    GAP_TOO_WIDE = (
        "gap_too_wide",
        "a gap of %(gap)s is wider than the scale (%(width)s). Write %(width)s or less.",
    )
    CRITERION_REPEATED = (
        "criterion_repeated",
        "names « %(code)s » %(times)s times. Keep one.",
    )
    ANCHORS_INCOMPLETE = (
        "anchors_incomplete",
        "%(criterion)s: anchors do not describe each level, %(low)s to %(high)s, in order.",
    )
    NEVER_TELLS_APART = (
        "never_tells_apart",
        (
            "%(criterion)s: %(setting)s always or never holds on a scale %(low)s to %(high)s. "
            "Correct it."
        ),
    )


class Grid(Part):
    """A grid of criteria, read from a file. A change of grid is a new version."""

    code: Annotated[str, Field(pattern=CODE, max_length=60)]
    version: Annotated[int, Field(ge=1)]
    title_fr: ShortText
    title_en: ShortText
    scale: Annotated[tuple[Level, ...], Field(min_length=2)]
    disagreement: DisagreementRule
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _holds_together(self) -> Grid:
        faults = [*_scale_faults(self.points)]
        if self.disagreement.gap > self.width:
            values = {"gap": str(self.disagreement.gap), "width": str(self.width)}
            faults.append(Fault(GridProblem.GAP_TOO_WIDE, values, ("disagreement", "gap")))
        for code, times in Counter(one.code for one in self.criteria).items():
            if times > 1:
                values = {"code": code, "times": str(times)}
                faults.append(Fault(GridProblem.CRITERION_REPEATED, values, ("criteria",)))
        for rank, one in enumerate(self.criteria):
            faults += _criterion_faults(rank, one, self.points)
        if faults:
            raise FaultyRecordError(*faults)
        return self

    @property
    def points(self) -> tuple[int, ...]:
        """The notes that may be given, the lowest first."""
        return tuple(level.points for level in self.scale)

    @property
    def width(self) -> int:
        """How far the highest note is from the lowest."""
        return self.points[-1] - self.points[0]


def _scale_faults(points: Sequence[int]) -> list[Fault]:
    if list(points) != list(range(points[0], points[0] + len(points))):
        shown = ", ".join(map(str, points))
        return [Fault(GridProblem.SCALE_BROKEN, {"points": shown}, ("scale",))]
    return []


def _criterion_faults(rank: int, criterion: Criterion, points: Sequence[int]) -> list[Fault]:
    faults = []
    values = {"criterion": criterion.code, "low": str(points[0]), "high": str(points[-1])}
    if [anchor.points for anchor in criterion.anchors] != list(points):
        where = ("criteria", rank, "anchors")
        faults.append(Fault(GridProblem.ANCHORS_INCOMPLETE, values, where))
    useful = {
        "minimum": criterion.minimum is None or points[0] < criterion.minimum <= points[-1],
        "knock_out": criterion.knock_out is None or points[0] <= criterion.knock_out < points[-1],
    }
    faults += [
        Fault(
            GridProblem.NEVER_TELLS_APART,
            {**values, "setting": name},
            ("criteria", rank, name),
        )
        for name, holds in useful.items()
        if not holds
    ]
    return faults


def load_grid(path: Path) -> Grid:
    """Read a grid, or refuse it with every problem named.

    Parameters
    ----------
    path : Path
        A YAML file; see ``docs/algorithms/scoring.md``.

    Returns
    -------
    Grid
        The checked grid.

    Raises
    ------
    alliage.values.yaml_files.InvalidFilesError
        If the file is not a grid. Each problem tells the line and the criterion.
    """
    try:
        return read_record(path, Grid)
    except InvalidFilesError as error:
        raise InvalidFilesError(with_lines(path, error.problems)) from error


class GridVersionError(ValueError):
    """Two grids have the same code, differ, and do not follow one another.

    Attributes
    ----------
    expected
        The lowest version number that the newer grid may have.
    """

    def __init__(self, old: Grid, new: Grid) -> None:
        self.expected = old.version + 1
        super().__init__(
            f"Version {new.version} of « {new.code} » differs from version {old.version}, by which "
            f"applications may be under review. Give it version {self.expected}."
        )


def check_grid_follows(old: Grid, new: Grid) -> None:
    """Check that a grid may follow the last version of the same code.

    Parameters
    ----------
    old : Grid
        The last version; applications under review keep it.
    new : Grid
        A grid of the same code.

    Raises
    ------
    GridVersionError
        If it differs without a higher version number.

    Examples
    --------
    >>> check_grid_follows(default_grid(), default_grid())
    """
    if old != new and new.version <= old.version:
        raise GridVersionError(old, new)


def default_grid() -> Grid:
    """Return the grid that ships with Alliage, for a fund that has none yet.

    Examples
    --------
    >>> [one.code for one in default_grid().criteria][:3]
    ['shared_need', 'acting_together', 'effect']
    """
    return load_grid(Path(__file__).resolve().parent / "grids" / "default.yaml")


class Opinion(StrEnum):
    """What a reviewer concludes, beside the notes."""

    FAVOURABLE = "favourable"
    RESERVED = "reserved"
    UNFAVOURABLE = "unfavourable"


@dataclass(frozen=True, slots=True)
class Note:
    """A note and its comment. ``points`` is None when the reviewer cannot tell, and says why."""

    points: int | None
    comment: str


@dataclass(frozen=True, slots=True)
class Review:
    """What one person says of one application. Once sent, it no longer changes."""

    application: str
    reviewer: str
    notes: Mapping[str, Note] = field(default_factory=dict)
    opinion: Opinion | None = None
    sent: bool = False


class ReviewProblemCode(StrEnum):
    """What keeps a review from being sent."""

    NOTE_MISSING = "note_missing"
    COMMENT_MISSING = "comment_missing"
    OUT_OF_SCALE = "out_of_scale"
    NOT_IN_GRID = "not_in_grid"
    OPINION_MISSING = "opinion_missing"


@dataclass(frozen=True, slots=True)
class ReviewProblem:
    """A problem; ``allowed`` gives the notes of the scale, or the opinions."""

    code: ReviewProblemCode
    criterion: str | None = None
    allowed: tuple[str, ...] = ()


class InvalidReviewError(ValueError):
    """A review cannot be sent or counted; ``problems`` lists everything."""

    def __init__(self, review: Review, problems: Iterable[ReviewProblem]) -> None:
        self.review, self.problems = review, tuple(problems)
        listed = "; ".join(
            f"{one.criterion or 'opinion'}: {one.code.replace('_', ' ')}"
            + (f" (allowed: {', '.join(one.allowed)})" if one.allowed else "")
            for one in self.problems
        )
        super().__init__(
            f"The review of {review.application} by {review.reviewer} is not complete: {listed}. "
            "Note each criterion with a comment; where you cannot tell, leave the note empty and "
            "say why."
        )


class AlreadySentError(ValueError):
    """The review was sent: others may have read it, or be about to."""

    def __init__(self, review: Review) -> None:
        self.review = review
        super().__init__(
            f"The review of {review.application} by {review.reviewer} was sent and no longer "
            "changes. Say what is new to the committee, where it is written in the minutes."
        )


def review_problems(review: Review, grid: Grid) -> tuple[ReviewProblem, ...]:
    """List what keeps a review from being sent.

    Parameters
    ----------
    review : Review
        A draft.
    grid : Grid
        The grid of its call.

    Returns
    -------
    tuple of ReviewProblem
        In the order of the grid; empty when the review is complete.

    Examples
    --------
    >>> draft = Review("A-7", "ana", opinion=Opinion.FAVOURABLE)
    >>> {one.code.value for one in review_problems(draft, default_grid())}
    {'note_missing'}
    """
    problems = [
        problem
        for criterion in grid.criteria
        if (problem := _note_problem(criterion.code, review.notes.get(criterion.code), grid))
    ]
    known = {criterion.code for criterion in grid.criteria}
    problems += [
        ReviewProblem(ReviewProblemCode.NOT_IN_GRID, code)
        for code in sorted(review.notes.keys() - known)
    ]
    if review.opinion is None:
        problems.append(
            ReviewProblem(ReviewProblemCode.OPINION_MISSING, allowed=tuple(map(str, Opinion)))
        )
    return tuple(problems)


def _note_problem(code: str, note: Note | None, grid: Grid) -> ReviewProblem | None:
    if note is None or (note.points is None and not note.comment.strip()):
        return ReviewProblem(ReviewProblemCode.NOTE_MISSING, code)
    if note.points is not None and note.points not in grid.points:
        allowed = tuple(map(str, grid.points))
        return ReviewProblem(ReviewProblemCode.OUT_OF_SCALE, code, allowed)
    if not note.comment.strip():
        return ReviewProblem(ReviewProblemCode.COMMENT_MISSING, code)
    return None


def send(review: Review, grid: Grid) -> Review:
    """Send a review: it no longer changes, and counts.

    Parameters
    ----------
    review : Review
        A draft.
    grid : Grid
        The grid of its call.

    Returns
    -------
    Review
        The same, sent.

    Raises
    ------
    AlreadySentError
        If it was sent before.
    InvalidReviewError
        If it is not complete; every problem is listed.

    Examples
    --------
    >>> send(Review("A-7", "ana", sent=True), default_grid())
    Traceback (most recent call last):
        ...
    alliage.fund.instruction.scoring.AlreadySentError: The review of A-7 by ana was sent...
    """
    if review.sent:
        raise AlreadySentError(review)
    problems = review_problems(review, grid)
    if problems:
        raise InvalidReviewError(review, problems)
    return replace(review, sent=True)


class Viewpoint(StrEnum):
    """As whom a person asks to read the reviews."""

    REVIEWER = "reviewer"
    OFFICER = "officer"
    COMMITTEE = "committee"
    APPLICANT = "applicant"


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person who asks. ``recused``: barred by a conflict, or stepped back."""

    person: str
    viewpoint: Viewpoint
    recused: bool = False


@dataclass(frozen=True, slots=True)
class Seat:
    """A review that is expected. ``round`` 2 is for the one asked after a disagreement."""

    reviewer: str
    round: int = 1


class ReviewState(StrEnum):
    """How far a review is."""

    NOT_STARTED = "not_started"
    DRAFT = "draft"
    SENT = "sent"


class Hidden(StrEnum):
    """Why the content of a review is not shown."""

    NOT_SENT = "not_sent"
    """Its author is still writing."""
    OWN_PENDING = "own_pending"
    """The one who asks has a review to send first."""
    OTHERS_PENDING = "others_pending"
    """Reviews are read together, once all are in."""


@dataclass(frozen=True, slots=True)
class SeenReview:
    """A review as a person may see it: its content, or why it is not shown."""

    seat: Seat
    state: ReviewState
    review: Review | None = None
    hidden: Hidden | None = None


def visible_reviews(
    viewer: Viewer, seats: Sequence[Seat], reviews: Iterable[Review]
) -> tuple[SeenReview, ...]:
    """Give what a person may see of the reviews of one application.

    Reviews are blind until all of a round are in, for everybody; and whoever has a review to send
    sees that of nobody else before. Applicants and persons who are recused see nothing, not even
    who reviews.

    Parameters
    ----------
    viewer : Viewer
        Who asks.
    seats : sequence of Seat
        The reviews that are expected.
    reviews : iterable of Review
        Those that exist, drafts included.

    Returns
    -------
    tuple of SeenReview
        One a seat, in their order; empty for those who may see nothing.

    Raises
    ------
    ValueError
        If a person has two seats, or if reviews are of several applications.

    Examples
    --------
    >>> seats = [Seat("ana"), Seat("bob")]
    >>> sent = Review("A-7", "ana", sent=True)
    >>> seen = visible_reviews(Viewer("eve", Viewpoint.OFFICER), seats, [sent])
    >>> [(one.state.value, one.review, one.hidden.value) for one in seen]
    [('sent', None, 'others_pending'), ('not_started', None, 'not_sent')]
    """
    written = _one_application(reviews)
    if len({seat.reviewer for seat in seats}) < len(seats):
        msg = "A person has two seats on one application. Two reviews are by two persons."
        raise ValueError(msg)
    if viewer.recused or viewer.viewpoint is Viewpoint.APPLICANT:
        return ()
    pending = [seat for seat in seats if _state(written, seat) is not ReviewState.SENT]
    return tuple(_seen(viewer, seat, written, pending) for seat in seats)


def _one_application(reviews: Iterable[Review]) -> dict[str, Review]:
    chosen = list(reviews)
    applications = sorted({one.application for one in chosen})
    if len(applications) > 1:
        msg = f"These reviews are of several applications ({', '.join(applications)}). Give one."
        raise ValueError(msg)
    written = {one.reviewer: one for one in chosen}
    if len(written) < len(chosen):
        msg = "A person gave two reviews of one application. Give the last one alone."
        raise ValueError(msg)
    return written


def _state(written: Mapping[str, Review], seat: Seat) -> ReviewState:
    if seat.reviewer not in written:
        return ReviewState.NOT_STARTED
    return ReviewState.SENT if written[seat.reviewer].sent else ReviewState.DRAFT


def _seen(
    viewer: Viewer, seat: Seat, written: Mapping[str, Review], pending: Sequence[Seat]
) -> SeenReview:
    state = _state(written, seat)
    if seat.reviewer == viewer.person:
        return SeenReview(seat, state, written.get(seat.reviewer))
    hidden = None
    if state is not ReviewState.SENT:
        hidden = Hidden.NOT_SENT
    elif any(one.reviewer == viewer.person for one in pending):
        hidden = Hidden.OWN_PENDING
    elif any(one.round <= seat.round for one in pending):
        hidden = Hidden.OTHERS_PENDING
    return SeenReview(seat, state, None if hidden else written[seat.reviewer], hidden)


class KnockOut(StrEnum):
    """What reviewers hold of a criterion that can decide alone."""

    NO = "no"
    DISPUTED = "disputed"
    """Some reviewers hold it, others do not."""
    YES = "yes"
    UNKNOWN = "unknown"
    """Nobody gave a note."""


class Verdict(StrEnum):
    """Whether an application reaches what the grid asks for."""

    REACHES = "reaches"
    BELOW = "below"
    DISPUTED = "disputed"
    UNKNOWN = "unknown"


class ThirdReviewReason(StrEnum):
    """Why another review is asked for."""

    INDEX = "index"
    KNOCK_OUT = "knock_out"
    OPINIONS = "opinions"


@dataclass(frozen=True, slots=True)
class CriterionSummary:
    """The notes of one criterion, together.

    Attributes
    ----------
    notes
        Each reviewer with the note, None where the reviewer could not tell.
    mean, lowest, highest
        On the scale; None without a note.
    in_disagreement
        Two notes are as far apart as the gap of the grid, or further.
    below_minimum
        None where no note is known or where the grid asks for no minimum.
    knock_out
        None where the criterion cannot decide alone.
    """

    criterion: str
    notes: tuple[tuple[str, int | None], ...]
    mean: Fraction | None
    lowest: int | None
    highest: int | None
    in_disagreement: bool
    below_minimum: bool | None
    knock_out: KnockOut | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What the reviews of an application say together.

    Attributes
    ----------
    reviewers
        Whose reviews are counted.
    score
        From 0 (every note the lowest) to 100 (every note the highest); None without a note.
    covered
        Share of the weights that have at least one note; the score speaks of these only.
    lowest, highest
        Scores by the severest and by the most generous reviewer.
    disagreement
        Index from 0 to 1; None where no criterion has two notes.
    verdict
        Whether the minima are reached.
    third_review
        Why another review is asked for; empty where none is.
    """

    application: str
    reviewers: tuple[str, ...]
    score: Fraction | None
    covered: Fraction
    lowest: Fraction | None
    highest: Fraction | None
    disagreement: Fraction | None
    criteria: tuple[CriterionSummary, ...]
    verdict: Verdict
    third_review: tuple[ThirdReviewReason, ...]


def summarise(grid: Grid, reviews: Iterable[Review]) -> Summary:
    """Sum up the reviews of one application.

    Parameters
    ----------
    grid : Grid
        The grid of its call.
    reviews : iterable of Review
        Reviews of one application. Drafts do not count.

    Returns
    -------
    Summary
        Score, spread, disagreement, and what each criterion shows.

    Raises
    ------
    InvalidReviewError
        If a sent review does not follow the grid.
    ValueError
        If reviews are of several applications, or if there is none.

    Notes
    -----
    The disagreement index is the mean, over pairs of reviewers then over criteria by weight, of
    the difference of notes divided by the width of the scale.

    Examples
    --------
    >>> grid = default_grid()
    >>> high, low = (
    ...     Review(
    ...         "A-7", name, {one.code: Note(points, "…") for one in grid.criteria}, opinion, True
    ...     )
    ...     for name, points, opinion in [
    ...         ("ana", 4, Opinion.FAVOURABLE),
    ...         ("bob", 2, Opinion.RESERVED),
    ...     ]
    ... )
    >>> found = summarise(grid, [high, low])
    >>> str(found.score), str(found.disagreement), found.third_review[0].value
    ('200/3', '2/3', 'index')
    """
    written = _one_application(reviews)
    if not written:
        msg = "There is no review to sum up. Give at least one, draft or sent."
        raise ValueError(msg)
    application = next(iter(written.values())).application
    sent = [one for _, one in sorted(written.items()) if one.sent]
    for review in sent:
        if problems := review_problems(review, grid):
            raise InvalidReviewError(review, problems)
    criteria = tuple(_criterion_summary(grid, criterion, sent) for criterion in grid.criteria)
    own = [
        score
        for review in sent
        if (score := _score(grid, {code: note.points for code, note in review.notes.items()}))
        is not None
    ]
    index = _disagreement(grid, criteria)
    return Summary(
        application,
        tuple(review.reviewer for review in sent),
        _score(grid, {one.criterion: one.mean for one in criteria}),
        _covered(grid, criteria),
        min(own, default=None),
        max(own, default=None),
        index,
        criteria,
        _verdict(criteria),
        _third_review(grid, index, criteria, sent),
    )


def _criterion_summary(
    grid: Grid, criterion: Criterion, reviews: Sequence[Review]
) -> CriterionSummary:
    notes = tuple((one.reviewer, one.notes[criterion.code].points) for one in reviews)
    given = [points for _, points in notes if points is not None]
    mean = Fraction(sum(given), len(given)) if given else None
    below = None
    if mean is not None and criterion.minimum is not None:
        below = mean < Fraction(criterion.minimum)
    return CriterionSummary(
        criterion.code,
        notes,
        mean,
        min(given, default=None),
        max(given, default=None),
        bool(given) and max(given) - min(given) >= grid.disagreement.gap,
        below,
        _knock_out(criterion, given),
    )


def _knock_out(criterion: Criterion, given: Sequence[int]) -> KnockOut | None:
    if criterion.knock_out is None:
        return None
    held = [points <= criterion.knock_out for points in given]
    if not held:
        return KnockOut.UNKNOWN
    if any(held):
        return KnockOut.YES if all(held) else KnockOut.DISPUTED
    return KnockOut.NO


def _score(grid: Grid, notes: Mapping[str, Fraction | int | None]) -> Fraction | None:
    """Weigh the notes that are known, on a scale from 0 to 100."""
    weighed = [
        (criterion.weight, Fraction(points - grid.points[0], grid.width))
        for criterion in grid.criteria
        if (points := notes.get(criterion.code)) is not None
    ]
    if not weighed:
        return None
    return 100 * _mean(weighed)


def _mean(weighed: Sequence[tuple[int, Fraction]]) -> Fraction:
    return sum((weight * value for weight, value in weighed), Fraction(0)) / sum(
        weight for weight, _ in weighed
    )


def _covered(grid: Grid, criteria: Sequence[CriterionSummary]) -> Fraction:
    return _mean(
        [
            (criterion.weight, Fraction(summary.mean is not None))
            for criterion, summary in zip(grid.criteria, criteria, strict=True)
        ]
    )


def _disagreement(grid: Grid, criteria: Sequence[CriterionSummary]) -> Fraction | None:
    weighed = []
    for criterion, summary in zip(grid.criteria, criteria, strict=True):
        given = [points for _, points in summary.notes if points is not None]
        gaps = [abs(a - b) for rank, a in enumerate(given) for b in given[:rank]]
        if gaps:
            weighed.append((criterion.weight, Fraction(sum(gaps), len(gaps) * grid.width)))
    return _mean(weighed) if weighed else None


def _verdict(criteria: Sequence[CriterionSummary]) -> Verdict:
    knocked = {one.knock_out for one in criteria}
    if KnockOut.YES in knocked or any(one.below_minimum for one in criteria):
        return Verdict.BELOW
    if KnockOut.DISPUTED in knocked:
        return Verdict.DISPUTED
    if any(one.mean is None for one in criteria):
        return Verdict.UNKNOWN
    return Verdict.REACHES


def _third_review(
    grid: Grid,
    index: Fraction | None,
    criteria: Sequence[CriterionSummary],
    reviews: Sequence[Review],
) -> tuple[ThirdReviewReason, ...]:
    # With three reviews the committee has what it needs: it reads them and decides.
    if len(reviews) != 2:
        return ()
    opinions = {review.opinion for review in reviews}
    found = {
        ThirdReviewReason.INDEX: index is not None and index >= Fraction(grid.disagreement.index),
        ThirdReviewReason.KNOCK_OUT: any(one.knock_out is KnockOut.DISPUTED for one in criteria),
        ThirdReviewReason.OPINIONS: opinions >= {Opinion.FAVOURABLE, Opinion.UNFAVOURABLE},
    }
    return tuple(reason for reason, holds in found.items() if holds)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far reviewers agree over a panel of applications.

    Attributes
    ----------
    alpha
        Krippendorff's alpha, 1 for full agreement, 0 for chance; None where it cannot be told:
        no application with two notes, or one same note everywhere.
    low, high
        95 % bootstrap interval; None with fewer than ``FEWEST_UNITS`` applications, or where some
        draw shows one same note everywhere.
    units
        Applications that have two notes or more.
    ratings
        Their notes.
    """

    alpha: float | None
    low: float | None
    high: float | None
    units: int
    ratings: int


def agreement(
    notes: Iterable[Mapping[str, int | None]], *, seed: int = 0, draws: int = 1000
) -> Agreement:
    """Measure the agreement of reviewers on ordered notes: Krippendorff's alpha.

    Parameters
    ----------
    notes : iterable of mappings
        For each application, the note by reviewer; None where there is none. Reviewers need not
        be the same for all applications.
    seed : int
        Of the generator PCG64 that draws the bootstrap samples.
    draws : int
        Number of samples.

    Returns
    -------
    Agreement
        Alpha with its base and, where the panel is large enough, its interval.

    Notes
    -----
    Source: Krippendorff 2011, « Computing Krippendorff's Alpha-Reliability », ordinal metric. The
    interval is the percentile one over applications drawn with replacement (Efron 1979).

    Examples
    --------
    >>> found = agreement([{"ana": 1, "bob": 1}, {"ana": 2, "bob": 3}, {"ana": 4, "bob": 4}])
    >>> round(found.alpha, 3), found.units, found.low
    (0.949, 3, None)
    """
    units = [
        given
        for unit in notes
        if len(given := [points for points in unit.values() if points is not None]) >= 2
    ]
    levels = sorted({points for given in units for points in given})
    tables = np.array([_coincidences(given, levels) for given in units])
    if not len(levels) > 1:
        return Agreement(None, None, None, len(units), sum(map(len, units)))
    alpha = _alpha(tables.sum(axis=0))
    low, high = _interval(tables, np.random.Generator(np.random.PCG64(seed)), draws)
    return Agreement(alpha, low, high, len(units), sum(map(len, units)))


def _coincidences(given: Sequence[int], levels: Sequence[int]) -> _Counts:
    counts = np.array([given.count(level) for level in levels], dtype=float)
    return (np.outer(counts, counts) - np.diag(counts)) / (len(given) - 1)


def _alpha(table: _Counts) -> float | None:
    totals = table.sum(axis=1)
    count = totals.sum()
    # The ordinal metric: how many notes lie from one level to the other, ends counted by half.
    middle = np.cumsum(totals) - totals / 2
    distances = np.subtract.outer(middle, middle) ** 2
    expected = (np.outer(totals, totals) - np.diag(totals)) * distances / (count - 1)
    if not expected.sum():
        return None
    return float(1 - (table * distances).sum() / expected.sum())


def _interval(
    tables: _Counts, generator: np.random.Generator, draws: int
) -> tuple[float | None, float | None]:
    if len(tables) < FEWEST_UNITS:
        return None, None
    picks = generator.integers(len(tables), size=(draws, len(tables)))
    drawn = [_alpha(tables[pick].sum(axis=0)) for pick in picks]
    told = [alpha for alpha in drawn if alpha is not None]
    if len(told) < draws:
        return None, None
    low, high = np.quantile(told, [0.025, 0.975])
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an application among others.

    Attributes
    ----------
    first, last
        Places that it shares with those of the same score; alike when it is alone.
    best, worst
        Places that it could have if each score were anywhere between the severest and the most
        generous reviewer: an order inside these bounds rests on who reviewed.
    """

    application: str
    score: Fraction
    first: int
    last: int
    best: int
    worst: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """Places, the highest score first; and the applications that have no score."""

    places: tuple[Place, ...]
    not_scored: tuple[str, ...]


def rank(summaries: Iterable[Summary]) -> Ranking:
    """Order applications by score, with ties shown as ties.

    Parameters
    ----------
    summaries : iterable of Summary
        One an application.

    Returns
    -------
    Ranking
        Places by score then identifier; an application without a score has no place.

    Examples
    --------
    >>> from fractions import Fraction
    >>> def of(name, score):
    ...     return Summary(
    ...         name, (), score, Fraction(1), score, score, None, (), Verdict.REACHES, ()
    ...     )
    >>> found = rank([of("A", Fraction(60)), of("B", Fraction(60)), of("C", None)])
    >>> [(one.application, one.first, one.last) for one in found.places], found.not_scored
    ([('A', 1, 2), ('B', 1, 2)], ('C',))
    """
    chosen = sorted(summaries, key=lambda one: one.application)
    scored = [
        _Scored(one.application, one.score, *_bounds(one, one.score))
        for one in chosen
        if one.score is not None
    ]
    scored.sort(key=lambda one: one.score, reverse=True)
    places = tuple(
        Place(
            one.application,
            one.score,
            1 + sum(other.score > one.score for other in scored),
            sum(other.score >= one.score for other in scored),
            1 + sum(other.lowest > one.highest for other in scored),
            sum(other.highest >= one.lowest for other in scored),
        )
        for one in scored
    )
    return Ranking(places, tuple(one.application for one in chosen if one.score is None))


@dataclass(frozen=True, slots=True)
class _Scored:
    application: str
    score: Fraction
    lowest: Fraction
    highest: Fraction


def _bounds(summary: Summary, score: Fraction) -> tuple[Fraction, Fraction]:
    # Where notes are missing, the score of all may lie outside those of each.
    known = [one for one in (score, summary.lowest, summary.highest) if one is not None]
    return min(known), max(known)
