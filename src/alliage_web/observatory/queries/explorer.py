"""What a reader of the explorer chose, brought back to what exists: one address is one state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from alliage.observatory.reading.differences import (
    IncomparableError,
    Obstacle,
    difference,
    placed,
)
from alliage.observatory.releases.values import Unit
from alliage_web.observatory.models import Comparability

from . import catalogue, releases

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage.observatory.reading.differences import Difference, PlacedCell
    from alliage.observatory.releases.values import (
        Breakdown,
        Cell,
        Covariance,
        Group,
        Head,
        Measure,
        Question,
        Ranking,
        Table,
    )

    from .releases import PublishedRelease


class _HasCode(Protocol):
    @property
    def code(self) -> str: ...


_Coded = TypeVar("_Coded", bound=_HasCode)
_BETWEEN = "~"
_PICK_PARTS = 5


@dataclass(frozen=True, slots=True)
class Pick:
    """A figure that was chosen, to be quoted or compared, wherever it stands."""

    wave: str
    question: str
    breakdown: str
    measure: str
    group: str

    @property
    def code(self) -> str:
        """The figure as an address writes it."""
        return _BETWEEN.join((self.wave, self.question, self.breakdown, self.measure, self.group))


def pick_of(code: str) -> Pick | None:
    """Read a figure from an address; none for what is not one."""
    parts = code.split(_BETWEEN)
    return Pick(*parts) if len(parts) == _PICK_PARTS else None


def wave_key(release: PublishedRelease) -> str:
    """Return the name of a wave in addresses."""
    return f"{release.study}:{release.wave}"


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows that are read together: the answers of a question, or one statistic of a battery."""

    statistic: str
    level: str

    @property
    def code(self) -> str:
        """The rows as an address writes them."""
        return ":".join(part for part in (self.statistic.replace(" ", "_"), self.level) if part)


def has_marks(question: Question) -> bool:
    """Tell a question of marks, which have a mean, from one of answers."""
    return any(one.unit is Unit.SCORE for one in question.measures)


def kinds_of(question: Question) -> tuple[Kind, ...]:
    """Return the ways to read a question, the first one being shown unless told."""
    found = dict.fromkeys(kind_of(question, one) for one in question.measures)
    if question.kind != "battery":
        return tuple(found)
    order = ("mean", "top box") if has_marks(question) else ("proportion", "top box")
    rank = {name: place for place, name in enumerate(order)}
    return tuple(sorted(found, key=lambda kind: rank.get(kind.statistic, len(rank))))


def kind_of(question: Question, measure: Measure) -> Kind:
    """Return the rows that a measure is read with.

    The answers to a question, or to each item of a battery, are read together; the marks of a
    battery are read one at a time, over all its items.
    """
    together = not measure.item or (measure.statistic == "proportion" and not has_marks(question))
    return Kind(measure.statistic, "" if together else measure.level)


@dataclass(frozen=True, slots=True)
class WavePair:
    """A figure in the wave shown and in the other; no difference where they are not compared."""

    measure: Measure
    here: Cell
    there: Cell
    difference: Difference | None

    def is_established(self, together: int) -> bool:
        """Tell whether the change is, among so many that are read together."""
        found = self.difference
        return found is not None and found.p_value * together <= 1 - found.level


@dataclass(frozen=True)
class Explored:
    """A state of the explorer: everything in it exists.

    Attributes
    ----------
    waves
        Every wave that has a release that may be read.
    release, head, question, breakdown, table
        What is shown.
    kind, measure, group
        The rows shown, then the row and the column that a chart may be about.
    chart
        The chart that was asked; empty for the one that fits.
    other
        Another wave, whose figures are shown beside.
    first, second
        Figures chosen to be quoted or compared.
    """

    waves: tuple[PublishedRelease, ...]
    release: PublishedRelease
    head: Head
    question: Question
    breakdown: Breakdown
    table: Table
    kind: Kind
    measure: Measure
    group: Group
    chart: str
    other: PublishedRelease | None
    first: Pick | None
    second: Pick | None

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The ways to read the question."""
        return kinds_of(self.question)

    @cached_property
    def rows(self) -> tuple[tuple[Measure, tuple[Cell, ...]], ...]:
        """The rows shown, with their cells."""
        return tuple(
            (measure, cells)
            for measure, cells in zip(self.question.measures, self.table.rows, strict=True)
            if kind_of(self.question, measure) == self.kind
        )

    @cached_property
    def broken(self) -> str:
        """Why the other wave cannot be compared with this one; empty if it can, or is not there."""
        if self.other is None:
            return ""
        return series_break(self.question.code, (wave_key(self.release), wave_key(self.other)))

    @cached_property
    def pairs(self) -> tuple[WavePair, ...]:
        """The rows of the group that was chosen, in this wave and in the other."""
        return _pairs(self)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the row that a chart may be about."""
        return next(cells for measure, cells in self.rows if measure.code == self.measure.code)

    @property
    def column(self) -> int:
        """The place of the column that a chart may be about."""
        return self.breakdown.groups.index(self.group)

    @cached_property
    def ranking(self) -> Ranking | None:
        """The order of the items, for the group that was chosen."""
        if self.question.kind != "battery" or self.measure.unit is not Unit.SCORE:
            return None
        breakdown = self.breakdown.code if self.group.code else ""
        return releases.ranking(self.release.uuid, self.question.code, breakdown, self.group.code)

    @cached_property
    def others(self) -> tuple[PublishedRelease, ...]:
        """The other waves of the study that asked the question of people of the same kind."""
        return tuple(
            one
            for one in self.waves
            if one.study == self.release.study
            and one.uuid != self.release.uuid
            and one.synthetic is self.release.synthetic
            and any(asked.code == self.question.code for asked in releases.head(one.uuid).questions)
        )

    def pick(self, measure: Measure, group: Group) -> Pick:
        """Return the name of a cell of the table."""
        return Pick(
            wave_key(self.release), self.question.code, self.breakdown.code, measure.code,
            group.code,
        )  # fmt: skip

    def query(self, **changes: str) -> str:
        """Return the address of this state, or of one near it, after its « ? »."""
        state = {
            "vague": wave_key(self.release),
            "question": self.question.code,
            "par": self.breakdown.code,
            "grandeur": self.kind.code,
            "mesure": self.measure.code,
            "groupe": self.group.code,
            "graphique": self.chart,
            "avec": wave_key(self.other) if self.other else "",
            "a": self.first.code if self.first else "",
            "b": self.second.code if self.second else "",
        } | changes
        return urlencode({name: value for name, value in state.items() if value})


def explored(given: Mapping[str, str]) -> Explored | None:
    """Return the state that an address asks for; none where nothing was published yet.

    What does not exist is brought back to what does, so that an old address still shows a table.
    """
    waves = releases.published(current=True)
    if not waves:
        return None
    release = next((one for one in waves if wave_key(one) == given.get("vague")), waves[0])
    head = releases.head(release.uuid)
    question = _chosen(head.questions, given.get("question", ""))
    table, breakdown = _table(release, head, question, given.get("par", ""))
    kinds = kinds_of(question)
    kind = next((one for one in kinds if one.code == given.get("grandeur")), kinds[0])
    of_kind = [one for one in question.measures if kind_of(question, one) == kind]
    state = Explored(
        waves=waves,
        release=release,
        head=head,
        question=question,
        breakdown=breakdown,
        table=table,
        kind=kind,
        measure=_chosen(of_kind, given.get("mesure", "")),
        group=_chosen(breakdown.groups, given.get("groupe", "")),
        chart=given.get("graphique", ""),
        other=None,
        first=pick_of(given.get("a", "")),
        second=pick_of(given.get("b", "")),
    )
    other = next((one for one in state.others if wave_key(one) == given.get("avec")), None)
    return replace(state, other=other)


def _chosen(items: Sequence[_Coded], code: str) -> _Coded:
    return next((one for one in items if one.code == code), items[0])


def _table(
    release: PublishedRelease, head: Head, question: Question, code: str
) -> tuple[Table, Breakdown]:
    """Return the table that was asked, or the first that the release holds of the question."""
    asked = [one for one in head.breakdowns if one.code == code]
    for breakdown in (*asked, *head.breakdowns):
        table = releases.table(release.uuid, question.code, breakdown.code)
        if table is not None:
            return table, breakdown
    msg = f"The release {release.uuid} has no table of « {question.code} ». Publish it again."
    raise LookupError(msg)


def cell_of(state: Explored, pick: Pick) -> PlacedCell:
    """Find a figure that was chosen.

    Raises
    ------
    IncomparableError
        ``NO_FIGURE`` where it is not, or no longer, published.
    """
    release = release_of_pick(state, pick)
    table = None
    if release is not None:
        table = releases.table(release.uuid, pick.question, pick.breakdown)
    if release is None or table is None:
        msg = f"There is no figure « {pick.code} ». Choose one of those shown."
        raise IncomparableError(Obstacle.NO_FIGURE, msg, measure=pick.measure, group=pick.group)
    return placed(releases.head(release.uuid), table, pick.measure, pick.group)


def release_of_pick(state: Explored, pick: Pick) -> PublishedRelease | None:
    """Return the release that a figure is read in."""
    return next((one for one in state.waves if wave_key(one) == pick.wave), None)


def compared(state: Explored, first: Pick, second: Pick) -> Difference:
    """Compare two figures that were chosen.

    Raises
    ------
    IncomparableError
        If they cannot be.
    """
    if first.wave == second.wave:
        return _difference(state, first, second, "")
    broken = series_break(first.question, (first.wave, second.wave))
    return _difference(state, first, second, broken)


def _difference(state: Explored, first: Pick, second: Pick, broken: str) -> Difference:
    return difference(
        cell_of(state, first),
        cell_of(state, second),
        covariances=(_covariance(state, first), _covariance(state, second)),
        broken=broken,
    )


def _pairs(state: Explored) -> tuple[WavePair, ...]:
    if state.other is None:
        return ()
    pairs = []
    for measure, cells in state.rows:
        here = state.pick(measure, state.group)
        there = Pick(wave_key(state.other), here.question, here.breakdown, here.measure, here.group)
        try:
            other = cell_of(state, there).cell
        except IncomparableError:
            # The other wave did not ask it, or not by this breakdown.
            continue
        try:
            gap = _difference(state, here, there, state.broken)
        except IncomparableError:
            gap = None
        pairs.append(WavePair(measure, cells[state.column], other, gap))
    return tuple(pairs)


def _covariance(state: Explored, pick: Pick) -> Covariance | None:
    release = release_of_pick(state, pick)
    if release is None:
        return None
    return releases.covariance(release.uuid, pick.question, pick.breakdown)


def series_break(question: str, waves: tuple[str, str]) -> str:
    """Return why the series of a question breaks between two waves of a study, or "".

    Each wave says whether it can be compared with the one before that asked the question of the
    same people, in this study or another: the series holds if each one after the first, up to the
    second, says that it can. What nobody said is not taken for granted.
    """
    # Invented waves come last: none is a step between two waves of real people.
    asked = catalogue.asked_of(question)
    names = [f"{one.wave.study}:{one.wave.code}" for one in asked]
    if not {*waves} <= {*names}:
        return _("rien ne dit que la question a été posée de la même façon dans les deux vagues.")
    first, last = sorted(map(names.index, waves))
    for one in asked[first + 1 : last + 1]:
        if one.comparability != Comparability.COMPARABLE:
            return one.reason or one.comparability_label
    return ""
