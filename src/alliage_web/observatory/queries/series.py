"""A question from wave to wave: what documents state and what was computed here, told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from alliage.observatory.releases.values import CellStatus, Unit
from alliage.observatory.studies.catalogue import BreakKind, Comparability
from alliage.observatory.studies.series import AskedIn, Gap, Origin, Point, Series, series
from alliage_web.observatory.models import FigureUnit, Statistic
from alliage_web.observatory.models.catalogue import in_language

from . import catalogue, figures, releases

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage.observatory.releases.values import Cell, Measure

    from .catalogue import AskedRow, QuestionRow
    from .figures import FigureRow
    from .releases import PublishedRelease

#: How many times a share of one goes into what documents print.
_HUNDRED = 100.0
#: What stands for a figure that is kept back.
HIDDEN = "s"


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure of one wave.

    Attributes
    ----------
    origin
        ``document``, ``release`` or ``synthetic``.
    text
        The figure, or why there is none.
    margin
        The interval in words, or « n/a ».
    """

    origin: Origin
    text: str
    margin: str
    url: str
    quality: str


@dataclass(frozen=True, slots=True)
class Row:
    """What is followed: an item, an answer, a mean; the cells are those of the waves."""

    label: str
    item: str
    level: str
    statistic: str
    unit: str
    cells: tuple[tuple[Shown, ...], ...]
    series: Series


@dataclass(frozen=True, slots=True)
class MarksOfItem:
    """The shares of every mark of an item, each with its interval, or why there is none."""

    label: str
    shares: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """Every mark of every item, computed in one wave: too much to stand among other figures."""

    asked: AskedRow
    url: str
    marks: tuple[str, ...]
    items: tuple[MarksOfItem, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """Between two waves, why they are not compared."""

    before: str
    after: str
    gap: Gap
    kinds: tuple[str, ...]
    reason: str

    @property
    def text(self) -> str:
        """The sentence of the page."""
        if self.reason:
            return self.reason
        return {
            Gap.BROKEN: _("La question a changé."),
            Gap.UNKNOWN: _("Rien ne permet de dire si la question est restée la même."),
            Gap.NO_FIGURE: _("Le chiffre de l’une des deux vagues n’est pas connu."),
        }[self.gap]


@dataclass(frozen=True, slots=True)
class Followed:
    """A question asked of one population, from wave to wave.

    Attributes
    ----------
    rows
        What is followed from wave to wave: means, answers, and classes of marks.
    marks
        The shares of each mark by itself, wave by wave, unless a document states one.
    """

    population: str
    population_label: str
    asked: tuple[AskedRow, ...]
    breaks: tuple[Break, ...]
    rows: tuple[Row, ...]
    marks: tuple[Marks, ...]

    @property
    def has_synthetic(self) -> bool:
        """Whether a wave has invented respondents."""
        return any(one.wave.synthetic for one in self.asked)


_Key = tuple[str, str, str]


def followed(question: QuestionRow) -> tuple[Followed, ...]:
    """Return a question by population, with its figures in every wave that asked it."""
    asked = catalogue.asked_of(question.code)
    stated = [one for one in figures.figures_of_question(question.code) if not one.group]
    computed = {(one.study, one.wave): one for one in releases.published(current=True) if asked}
    # A wave of invented respondents has nothing to say before it is computed.
    asked = tuple(
        one
        for one in asked
        if not one.wave.synthetic or (one.wave.study, one.wave.code) in computed
    )
    populations = dict.fromkeys(one.wave.population for one in asked)
    return tuple(
        _followed(
            question,
            tuple(one for one in asked if one.wave.population == population),
            [one for one in stated if one.population == population],
            computed,
        )
        for population in populations
    )


def _followed(
    question: QuestionRow,
    asked: tuple[AskedRow, ...],
    stated: Iterable[FigureRow],
    computed: dict[tuple[str, str], PublishedRelease],
) -> Followed:
    waves = [
        AskedIn(
            wave=name_of(one),
            label=one.wave.label,
            comparability=Comparability(one.comparability),
            breaks=tuple(BreakKind(code) for code in one.break_codes),
            reason=one.reason,
            synthetic=one.wave.synthetic,
        )
        for one in asked
    ]
    found = _documents(stated, {one.wave for one in waves})
    for one in asked:
        release = computed.get((one.wave.study, one.wave.code))
        if release is not None:
            _add_release(found, question, one, release)
    every = [_row(key, cells, waves, question) for key, cells in found.items()]
    rows = [row for row in every if not _is_one_mark(row, question)]
    return Followed(
        population=asked[0].wave.population,
        population_label=asked[0].wave.population_label,
        asked=asked,
        breaks=_breaks(waves, asked),
        rows=tuple(sorted(rows, key=lambda row: _place(row, question))),
        marks=_marks([row for row in every if _is_one_mark(row, question)], asked, question),
    )


def _is_one_mark(row: Row, question: QuestionRow) -> bool:
    """Tell the computed share of one mark of a scale from that of a class of marks."""
    stated = any(one.origin is Origin.DOCUMENT for cell in row.cells for one in cell)
    return question.lowest is not None and row.level.isdecimal() and not stated


def _marks(
    rows: list[Row], asked: tuple[AskedRow, ...], question: QuestionRow
) -> tuple[Marks, ...]:
    labels = {one.code: one.label for one in question.items} or {"": question.label}
    found = []
    for place, one in enumerate(asked):
        shown = {(row.item, row.level): row.cells[place][0] for row in rows if row.cells[place]}
        marks = sorted({level for _item, level in shown}, key=int)
        items = tuple(
            MarksOfItem(label, tuple(_share(shown.get((item, mark))) for mark in marks))
            for item, label in labels.items()
            if any((item, mark) in shown for mark in marks)
        )
        if items:
            url = next(iter(shown.values())).url
            found.append(Marks(one, url, tuple(marks), items))
    return tuple(found)


def _share(shown: Shown | None) -> tuple[str, str]:
    if shown is None:
        return "", ""
    return shown.text, "" if shown.text in {HIDDEN, figures.NO_MARGIN} else shown.margin


def name_of(asked: AskedRow) -> str:
    """Name a wave in a series."""
    return f"{asked.wave.study}:{asked.wave.code}"


@dataclass(frozen=True, slots=True)
class _Cell:
    label: str
    unit: str
    point: Point
    shown: Shown


def _documents(stated: Iterable[FigureRow], waves: set[str]) -> dict[_Key, list[_Cell]]:
    found: dict[_Key, list[_Cell]] = {}
    for one in stated:
        wave = f"{one.study}:{one.wave}"
        if one.statistic not in {Statistic.PROPORTION, Statistic.MEAN} or wave not in waves:
            continue
        key = (one.item, one.level, one.statistic)
        point = Point(
            wave,
            Origin.DOCUMENT,
            _float(one.value),
            _float(one.low),
            _float(one.high),
            name=one.code,
        )
        shown = Shown(Origin.DOCUMENT, one.text, one.margin, one.url, one.reading_label)
        found.setdefault(key, []).append(_Cell(one.label, one.unit, point, shown))
    return found


def _add_release(
    found: dict[_Key, list[_Cell]],
    question: QuestionRow,
    asked: AskedRow,
    release: PublishedRelease,
) -> None:
    table = releases.table(release.uuid, question.code)
    about = next(
        (one for one in releases.head(release.uuid).questions if one.code == question.code), None
    )
    if table is None or about is None:
        return
    origin = Origin.SYNTHETIC if release.synthetic else Origin.RELEASE
    for measure, row in zip(about.measures, table.rows, strict=True):
        if measure.unit is Unit.POINTS:
            continue
        key = (measure.item, measure.level, _statistic(measure))
        unit = FigureUnit.PERCENT if measure.unit is Unit.SHARE else FigureUnit.MARK
        cell = row[0]
        found.setdefault(key, []).append(
            _Cell(
                in_language(*measure.labels),
                unit,
                _point(name_of(asked), origin, cell, measure.unit),
                Shown(origin, *_words(cell, measure.unit), release.url, ""),
            )
        )


def _statistic(measure: Measure) -> str:
    return Statistic.MEAN if measure.unit is Unit.SCORE else Statistic.PROPORTION


def _scale(unit: Unit) -> float:
    return _HUNDRED if unit is Unit.SHARE else 1.0


def _point(wave: str, origin: Origin, cell: Cell, unit: Unit) -> Point:
    if cell.value is None:
        return Point(wave, origin, None)
    times = _scale(unit)
    low = None if cell.low is None else cell.low * times
    high = None if cell.high is None else cell.high * times
    return Point(wave, origin, cell.value * times, low, high)


def _words(cell: Cell, unit: Unit) -> tuple[str, str]:
    """Write a cell of a release and its interval."""
    if cell.status is CellStatus.HIDDEN:
        return HIDDEN, _("gardé : trop peu de réponses, ou un autre chiffre s’en déduirait")
    if cell.value is None:
        return figures.NO_MARGIN, _("personne n’a été interrogé")
    times = _scale(unit)
    decimals = 0 if unit is Unit.SHARE else 1
    name = FigureUnit.PERCENT if unit is Unit.SHARE else FigureUnit.MARK
    text = figures.with_unit(round(cell.value * times, decimals), name)
    if cell.low is None or cell.high is None:
        return text, figures.NO_MARGIN
    interval = _("de %(low)s à %(high)s") % {
        "low": figures.plain(round(cell.low * times, decimals)),
        "high": figures.plain(round(cell.high * times, decimals)),
    }
    return text, interval


def _row(key: _Key, cells: list[_Cell], waves: list[AskedIn], question: QuestionRow) -> Row:
    item, level, statistic = key
    unique = {(cell.point.wave, cell.point.origin): cell for cell in reversed(cells)}
    by_wave = {
        wave.wave: tuple(cell.shown for cell in unique.values() if cell.point.wave == wave.wave)
        for wave in waves
    }
    told = series(waves, [cell.point for cell in unique.values()])
    return Row(
        label=_label(key, question) or cells[0].label,
        item=item,
        level=level,
        statistic=statistic,
        unit=cells[0].unit,
        cells=tuple(by_wave[one.wave] for one in told.asked),
        series=told,
    )


def _label(key: _Key, question: QuestionRow) -> str:
    """Name a row by the item and the answers of the catalogue, where it knows them."""
    item, level, statistic = key
    items = {one.code: one.label for one in question.items}
    answers = {one.code: one.label for one in (*question.answers, *question.no_answer)}
    parts = level.split("+") if level else []
    told = _("moyenne") if statistic == Statistic.MEAN else ""
    if parts and all(part in answers for part in parts):
        joint = _(" ou ")
        told = joint.join(
            answers[part] if rank == 0 else answers[part].lower() for rank, part in enumerate(parts)
        )
    elif level and question.lowest is not None:
        told = _("notes %(marks)s") % {"marks": level.replace("-", "\N{EN DASH}")}
    elif level:
        return ""
    if not (item and told):
        return told or items.get(item, item)
    return _("%(item)s : %(told)s") % {"item": items.get(item, item), "told": told}


def _place(row: Row, question: QuestionRow) -> tuple[int, bool, int, str]:
    """Order rows as the question does: items, the mean first, then answers."""
    items = [one.code for one in question.items]
    answers = [one.code for one in question.answers]
    item = items.index(row.item) if row.item in items else len(items)
    first = row.level.split("+")[0]
    answer = answers.index(first) if first in answers else len(answers)
    return item, row.statistic != Statistic.MEAN, answer, row.level


def _breaks(waves: list[AskedIn], asked: tuple[AskedRow, ...]) -> tuple[Break, ...]:
    """Tell where the question itself cannot be followed, whatever figures are known."""
    kinds = {name_of(one): one.breaks for one in asked}
    return tuple(
        Break(one.before.label, one.after.label, one.gap, kinds[one.after.wave], one.after.reason)
        for one in series(waves, ()).interruptions
        if one.gap is not Gap.NO_FIGURE
    )


def _float(value: object) -> float | None:
    return None if value is None else float(str(value))
