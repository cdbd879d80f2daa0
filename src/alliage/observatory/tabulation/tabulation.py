"""From a study to its release: every question by every breakdown, with what may be shown of it.

See ``docs/algorithms/observatory-releases.md``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import numpy as np

from alliage import __version__
from alliage.observatory.releases.values import (
    Breakdown,
    Cell,
    CellStatus,
    Covariance,
    Group,
    Head,
    MarginFit,
    Network,
    Provenance,
    RankedItem,
    Ranking,
    Release,
    Screened,
    Table,
    Weighting,
)
from alliage.observatory.studies.catalogue import Theme
from alliage.observatory.tabulation import collisions
from alliage.observatory.tabulation.differencing import (
    EVERYBODY,
    Answered,
    Key,
    Known,
    Limits,
    Population,
    kept_back,
    key_of,
)
from alliage.observatory.tabulation.questions import laid_out
from alliage.survey import (
    Answers,
    Choices,
    Mean,
    Proportion,
    Reliability,
    Scored,
    Statistic,
    SurveyError,
    SurveyProblem,
    estimate,
)
from alliage.survey.comparison.ranking import joint_ranks
from alliage.survey.study.lookup import base_rule
from alliage.survey.tables.letters import alphabet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alliage.observatory.respondents.wave_files import BreakdownRecord
    from alliage.observatory.studies.catalogue import AskedRecord, QuestionRecord
    from alliage.observatory.tabulation.questions import LaidOut, Row
    from alliage.survey import Banner, Estimates, Sample, Study
    from alliage.survey import Question as Tabulated
    from alliage.survey.arrays import Booleans, Floats, Ints
    from alliage.survey.estimation.requests import Quotient
    from alliage.survey.study.specification import Tabulated as Asked
    from alliage.survey.tables.blocks import Block, Column, TableCell

#: Says what is being made, how many are done, and of how many.
Told: TypeAlias = Callable[[str, int, int], None]

#: What stands between variables that are crossed, and between their levels, in the release.
CROSSED, LEVELS = " × ", " / "
#: Most cells whose covariances are kept, a table: 2 MB as 32-bit numbers.
MOST_CELLS = 1000
#: Most products that the covariances of a battery may take: half a second; ten times as much for
#: the means, without which items have no ranks.
_MOST_WORK, _MOST_WORK_OF_MEANS = 1.2e8, 1.2e9
#: The first items whose probability is told.
_FIRST = 3
#: A mean of so few marks is that of scores of levels.
_MOST_MARKS = 40
#: Two values closer than this are the same.
_SAME = 1e-9
_RANK_LEVEL = 0.95
#: Draws of the joint distribution of the means: the error of a probability is under 0.5 points.
_DRAWS = 10_000
#: The breakdown by which the ties between items are told, besides everybody.
_NETWORK_BREAKDOWN = "region"
#: Two items have one tie: there is none to tell it from.
_FEWEST_TIED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a release is about.

    Attributes
    ----------
    study, wave, population
        Their codes.
    synthetic
        Whether respondents were invented by a generator.
    file_sha256, specification_sha256
        Fingerprints of the file of respondents and of the specification.
    questions, asked
        What the catalogue knows of the questions, and what this wave asked.
    breakdowns
        What breakdowns are called, by column; else as the questionnaire says.
    screening
        What was found in the file before, and what was done with it.
    """

    study: str
    wave: str
    population: str
    file_sha256: str
    specification_sha256: str
    synthetic: bool = False
    questions: Sequence[QuestionRecord] = ()
    asked: Sequence[AskedRecord] = ()
    breakdowns: Mapping[str, BreakdownRecord] = field(default_factory=dict)
    screening: Sequence[Screened] = ()


def tabulate(
    study: Study,
    *,
    about: About,
    former: Sequence[Release] = (),
    told: Told | None = None,
) -> Release:
    r"""Compute a release: all the tables of a specification, weighted, compared and protected.

    Parameters
    ----------
    study : Study
        Respondents and their specification. Its tables share weights, and are about everybody.
    about : About
        What the release is about.
    former : sequence of Release
        Releases of the same wave that were published: what they show is known.
    told : callable, optional
        Told of each table that is done.

    Returns
    -------
    Release
        Without any figure that is kept back.

    Raises
    ------
    SurveyError
        ``REQUEST`` if tables cannot be one release, or if former releases leave nothing to show;
        else as the weighting and the tables of `alliage.survey`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import polars as pl
    >>> from alliage.survey import Table, open_study
    >>> text = "title: A wave\ntables: [{name: t, questions: [q], breakdowns: sex}]\n"
    >>> rows = {"sex": ["w", "m"] * 100, "q": ["yes", "no", "no", "no"] * 50}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "wave.yaml"
    ...     _ = file.write_text(text)
    ...     study = open_study(Table.of(pl.DataFrame(rows)), file)
    ...     about = About(
    ...         study="s",
    ...         wave="2026",
    ...         population="citizen",
    ...         file_sha256="",
    ...         specification_sha256="",
    ...     )
    ...     release = tabulate(study, about=about)
    >>> [(table.question, table.breakdown) for table in release.tables]
    [('q', ''), ('q', 'sex')]
    >>> [group.code for group in release.head.breakdowns[1].groups]
    ['', 'm', 'w']
    >>> [cell.value for cell in release.tables[1].rows[1]]
    [0.25, 0.0, 0.5]

    Notes
    -----
    What is kept back is a whole column of a question: the base, the people who did not answer,
    every figure, its letters and covariances, its ranking and its network; and the test of a
    breakdown of which a column is kept back. See
    :mod:`alliage.observatory.tabulation.differencing`.
    """
    tables = _checked(study, about, former)
    wave = _Wave.of(study, about, former, tables)
    made = [_Asked(wave, laid, banner) for laid, banner in wave.questions()]
    parts = _Parts()
    for done, one in enumerate(made, start=1):
        one.fill(parts)
        if told is not None:
            told(one.laid.question.code, done, len(made))
    if former and not any(c.is_shown for t in parts.tables for row in t.rows for c in row):
        _refuse(
            "The respondents of this release differ too little from those of a former one: every "
            "figure would tell of a few people by difference. Publish nothing, or a release of "
            "the same respondents."
        )
    return Release(
        head=wave.head([one.laid for one in made]),
        tables=tuple(parts.tables),
        covariances=tuple(parts.covariances),
        rankings=tuple(parts.rankings),
        networks=tuple(parts.networks),
    )


def _refuse(message: str) -> NoReturn:
    raise SurveyError(SurveyProblem.REQUEST, message)


def _checked(study: Study, about: About, former: Sequence[Release]) -> Sequence[Asked]:
    """Refuse tables that cannot be one release."""
    tables = study.specification.tables
    if not tables:
        _refuse("The specification asks for no table. Add some under `tables`.")
    alike = {
        (study.basis(one)[0], one.variance, one.level, one.loose, one.adjustment) for one in tables
    }
    rules = [one.base_rule or study.specification.base_rule for one in tables]
    if len(alike) > 1 or any(one != rules[0] for one in rules):
        _refuse(
            "The tables of a release share their weights, levels, tests and base rule. Give all "
            "of them the same, or make several releases."
        )
    if any(one.over for one in tables):
        _refuse(
            "A table is about a part of the people only (`over`), which a reader could subtract. "
            "Make that part a breakdown."
        )
    if study.specification.protection.applies_to != "base":
        _refuse("A release keeps whole columns back. Write `applies_to: base` under `protection`.")
    for one in former:
        told = one.head.study, one.head.wave
        if told != (about.study, about.wave):
            _refuse(
                f"The former release is about {told[0]}, {told[1]}, and this one about "
                f"{about.study}, {about.wave}. Give releases of the same wave."
            )
    return tables


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a release is made of, while it is made."""

    tables: list[Table] = field(default_factory=list)
    covariances: list[Covariance] = field(default_factory=list)
    rankings: list[Ranking] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class _Wave:
    """What all the questions of a release share.

    Attributes
    ----------
    sample
        The respondents with their weights.
    population
        The same, gathered by every breakdown, those of former releases included.
    banners
        The tables of the specification.
    """

    study: Study
    about: About
    former: Sequence[Release]
    tables: Sequence[Asked]
    sample: Sample
    population: Population
    banners: Sequence[Banner]

    @classmethod
    def of(
        cls, study: Study, about: About, former: Sequence[Release], tables: Sequence[Asked]
    ) -> _Wave:
        sample = study.sample(tables[0].weights)
        banners = [study.banner(one.name) for one in tables]
        breakdowns = list(
            dict.fromkeys(
                column.breakdown for one in banners for column in one.columns if column.breakdown
            )
        )
        known = study.table.frame.columns
        for release in former:
            for breakdown in release.head.breakdowns:
                names = _variables(breakdown.code)
                lost = [name for name in names if name not in known]
                if lost:
                    _refuse(
                        f"A former release is broken down by « {lost[0]} », which is no column of "
                        "this file: what it showed cannot be taken into account. Add the column."
                    )
                # The same variables crossed in another order are the same groups.
                if names and not any(set(names) == set(one) for one in breakdowns):
                    breakdowns.append(names)
        variables = dict.fromkeys(itertools.chain.from_iterable(breakdowns))
        codes: dict[str, Ints] = {name: sample.codes(name) for name in variables}
        if not codes:
            codes = {"": np.zeros(len(sample.place), dtype=np.int64)}
        levels = {name: sample.levels(name) for name in variables}
        population = Population.of(codes, levels, breakdowns)
        return cls(study, about, former, tables, sample, population, banners)

    @property
    def limits(self) -> Limits:
        asked = self.study.specification.protection
        bases = self.bases
        return Limits(
            least=asked.least,
            least_base=bases[0],
            least_effective=max(bases[0], asked.least_effective or 0.0),
            distance=asked.distance,
        )

    @property
    def bases(self) -> tuple[float, float]:
        """Bases under which a figure is kept back, and is shown with a warning."""
        rule = base_rule(self.tables[0].base_rule or self.study.specification.base_rule)
        return rule.suppress_below, rule.caution_below

    def questions(self) -> Iterator[tuple[LaidOut, Banner]]:
        """Return each question with the table that holds it."""
        met: set[str] = set()
        for banner in self.banners:
            asked = [block.question for block in banner.blocks]
            for laid in laid_out(asked, self.study.table, self.about.questions, self.about.asked):
                if laid.question.code in met:
                    _refuse(
                        f"« {laid.question.code} » is in two tables. Ask each question in one "
                        "table, with all its items and breakdowns."
                    )
                met.add(laid.question.code)
                yield laid, banner

    def breakdown(self, names: tuple[str, ...], columns: Sequence[Column]) -> Breakdown:
        """Name a breakdown and its groups, everybody first."""
        letters = alphabet(len(columns))
        everybody = Group("", ("Ensemble", "Everybody"))
        groups = tuple(
            Group(_group_code(one), self._group_labels(names, one), next(letters))
            for one in columns
        )
        if not names:
            return Breakdown("", everybody.labels, (everybody,))
        labels = [self._title(name) for name in names]
        return Breakdown(CROSSED.join(names), _joined(labels, CROSSED), (everybody, *groups))

    def _title(self, name: str) -> tuple[str, str]:
        known = self.about.breakdowns.get(name)
        if known is not None:
            return known.label_fr, known.label_en
        described = self.study.table.variables.get(name)
        return (described.label if described and described.label else name), ""

    def _group_labels(self, names: tuple[str, ...], column: Column) -> tuple[str, str]:
        found = []
        for name, label in zip(names, column.labels, strict=True):
            known = self.about.breakdowns.get(name)
            level = known.levels.get(str(column.group[name])) if known else None
            found.append((label, "") if level is None else (level.label_fr, level.label_en))
        return _joined(found, LEVELS)

    def head(self, laid: Sequence[LaidOut]) -> Head:
        about = self.about
        breakdowns: dict[str, Breakdown] = {}
        for banner in self.banners:
            for names, columns in _by_breakdown(banner):
                one = self.breakdown(names, [banner.columns[place] for place in columns])
                breakdowns.setdefault(one.code, one)
        return Head(
            study=about.study,
            wave=about.wave,
            population=about.population,
            synthetic=about.synthetic,
            provenance=self._provenance(),
            weighting=weighting(self.sample),
            breakdowns=tuple(breakdowns.values()),
            questions=tuple(one.question for one in laid),
        )

    def _provenance(self) -> Provenance:
        table, asked = self.tables[0], self.study.specification.protection
        told = self.banners[0].provenance
        return Provenance(
            file_sha256=self.about.file_sha256,
            specification_sha256=self.about.specification_sha256,
            version=__version__,
            standard_error=told.standard_error.value,
            degrees_rule=told.degrees_rule,
            level=table.level,
            loose=table.loose or table.level,
            adjustment=table.adjustment.value,
            least=asked.least,
            least_effective=asked.least_effective,
            base_rule=self.bases,
            screening=tuple(self.about.screening),
        )


def weighting(sample: Sample) -> Weighting:
    """Return the report of the weights of a sample, calibrated or not.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, sample
    >>> drawn = sample(pl.DataFrame({"w": [1.0, 3.0]}), Design(weights="w"))
    >>> found = weighting(drawn)
    >>> found.population, found.design_effect, found.effective
    (4.0, 1.25, 1.6)
    """
    weights = sample.weights
    total, squares = float(weights.sum()), float((weights**2).sum())
    effective = total**2 / squares
    mean = total / len(weights)
    report = None if sample.calibration is None else sample.report
    lines = () if report is None else report.lines
    return Weighting(
        method="" if report is None else report.method.value,
        respondents=len(weights),
        population=total,
        design_effect=len(weights) / effective,
        effective=effective,
        smallest=float(weights.min()) / mean,
        largest=float(weights.max()) / mean,
        trimmed=0 if report is None else report.at_bounds,
        iterations=None if report is None else report.iterations,
        largest_error=None if report is None else report.largest_error,
        margins=tuple(
            MarginFit(one.margin, one.level, one.target, one.after, one.before) for one in lines
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """A column by atom.

    Attributes
    ----------
    answered
        Who answered.
    tops
        For each of its rows, the sum of weights times scores, shape (R, A).
    """

    answered: Answered
    tops: Floats


class _Asked:
    """A question of a release."""

    def __init__(self, wave: _Wave, laid: LaidOut, banner: Banner) -> None:
        self.wave, self.laid, self.banner = wave, laid, banner
        blocks = {block.question.variable: block for block in banner.blocks}
        self.blocks: tuple[Block, ...] = tuple(blocks[one.variable] for one in laid.columns)
        population = wave.population
        someone = np.zeros(len(wave.sample.place), dtype=bool)
        self.counted = [
            self._counted(place, one, someone) for place, one in enumerate(laid.columns)
        ]
        members = population.members.astype(float)
        everybody = members @ population.counted(np.ones(len(someone)))
        silent = everybody - members @ population.counted(someone)
        self.missing = dict(zip(population.groups, np.rint(silent).astype(int), strict=True))
        self.published = {key_of(one.breakdown, one.group.values()): one for one in banner.columns}
        self.hidden = kept_back(
            population,
            [one.answered for one in self.counted],
            set(self.published),
            wave.limits,
            self._known(members),
        )

    def _counted(self, place: int, asked: Tabulated, someone: Booleans) -> _Counted:
        """Count a column, and add who answered it to those who answered something."""
        sample, population = self.wave.sample, self.wave.population
        weights = sample.weights
        rows = [row for row in self.laid.rows if row.column == place]
        levels: list[Floats] = []
        tops: list[Floats] = []
        if asked.answers is Answers.NUMBER:
            numbers = sample.table.numbers(asked.variable)
            given = ~np.isnan(numbers)
            tops.append(population.counted(weights * np.where(given, numbers, 0.0)))
        elif asked.answers is Answers.CHOICES:
            several = sample.sets[asked.variable]
            given = np.zeros(len(weights), dtype=bool)
            chosen: list[Booleans] = []
            for name in several.variables:
                coded = sample.coded(name)
                known = coded.levels
                given |= coded.codes >= 0
                rank = known.index(several.counted) if several.counted in known else len(known)
                chosen.append(coded.codes == rank)
            for one in chosen:
                tops.append(population.counted(weights * one))
                levels += [tops[-1], population.counted(weights * (given & ~one))]
        else:
            coded = sample.coded(asked.variable)
            codes, known = coded.codes, coded.levels
            given = codes >= 0
            size = population.members.shape[1]
            by_level = np.bincount(
                population.atom[given] * len(known) + codes[given],
                weights=weights[given],
                minlength=size * len(known),
            )
            levels = list(by_level.reshape(size, len(known)).T)
            scores = np.array([_scores(asked, row.statistic, row.level, known) for row in rows])
            tops = list(scores @ np.array(levels))
        someone |= given
        answered = Answered(
            people=population.counted(given),
            weight=population.counted(weights * given),
            squares=population.counted(weights**2 * given),
            levels=np.array(levels).reshape(len(levels), -1),
        )
        return _Counted(answered, np.array(tops))

    def _known(self, members: Floats) -> Known:
        """Compare what former releases showed of the question with what it would be here."""
        shown: set[Key] = set()
        changed: set[Key] = set()
        place = {key: rank for rank, key in enumerate(self.wave.population.groups)}
        people = np.array([members @ one.answered.people for one in self.counted])
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.concatenate(
                [members @ one.tops.T / (members @ one.answered.weight)[:, None]
                 for one in self.counted], axis=1,
            )  # fmt: skip
        rows = {row.measure.code: (rank, row) for rank, row in enumerate(self.laid.rows)}
        for release in self.wave.former:
            same_file = release.head.provenance.file_sha256 == self.wave.about.file_sha256
            told: set[Key] = set()
            compared: set[Key] = set()
            others: set[Key] = set()
            for key, code, cell in _shown_cells(release, self.laid.question.code):
                told.add(key)
                if code not in rows or key not in place:
                    continue
                compared.add(key)
                rank, row = rows[code]
                apart = abs(people[row.column, place[key]] - (cell.respondents or 0))
                value = values[place[key], rank]
                moved = not same_file and not abs(value - (cell.value or 0.0)) <= _SAME
                if 0 < apart < self.wave.limits.least or (apart == 0 and moved):
                    changed.add(key)
                elif apart:
                    # Other people: what was shown tells nothing of these.
                    others.add(key)
            shown |= told & place.keys() - others
            if not same_file:
                # Nothing says whether these figures would be the same.
                changed |= told - compared
        return Known(frozenset(shown), frozenset(changed))

    def fill(self, parts: _Parts) -> None:
        """Add the tables of the question, and what goes with them."""
        for names, places in _by_breakdown(self.banner):
            columns = [0, *places]
            breakdown = self.wave.breakdown(names, [self.banner.columns[at] for at in places])
            parts.tables.append(self._table(breakdown, columns))
            found = self._estimated(names, columns)
            if found is not None and found.shown:
                parts.covariances.append(found.covariance(self.laid.question.code, breakdown.code))
            if self.laid.question.kind == "battery" and len(names) < 2:
                parts.rankings.extend(self._rankings(breakdown, columns, found))
            if self.laid.question.theme == Theme.FRAGILITY and names in {
                (),
                (_NETWORK_BREAKDOWN,),
            }:
                parts.networks.extend(self._networks(breakdown, columns))

    def _key(self, place: int) -> Key:
        column = self.banner.columns[place]
        return key_of(column.breakdown, column.group.values())

    def _table(self, breakdown: Breakdown, columns: Sequence[int]) -> Table:
        hidden = [self._key(place) in self.hidden for place in columns]
        letters = {
            self.banner.columns[place].letter: "" if closed else group.letter
            for place, group, closed in zip(columns, breakdown.groups, hidden, strict=True)
            if group.letter
        }
        rows = []
        for row in self.laid.rows:
            block = self.blocks[row.column]
            told = next(
                one
                for one in block.rows
                if (one.statistic, one.level) == (row.statistic, row.level)
            )
            rows.append(
                tuple(
                    _cell(told.cells[place], letters, closed=closed)
                    for place, closed in zip(columns, hidden, strict=True)
                )
            )
        p_value = None
        if len(self.blocks) == 1 and not any(hidden):
            test = self.blocks[0].tests.get(self.banner.columns[columns[-1]].breakdown)
            p_value = None if test is None else test.p_value
        missing = tuple(
            None if closed or any(self.laid.question.universe) else self._silent(place)
            for place, closed in zip(columns, hidden, strict=True)
        )
        return Table(self.laid.question.code, breakdown.code, tuple(rows), missing, p_value)

    def _silent(self, place: int) -> int:
        return int(self.missing[self._key(place)])

    def _estimated(self, names: tuple[str, ...], columns: Sequence[int]) -> _Joint | None:
        """Estimate the shown cells of a table together, as many rows of it as there is room for."""
        shown = [place for place in columns if self._key(place) not in self.hidden]
        rows = self._rows_kept(len(shown))
        if not rows or not shown:
            return None
        requests = [
            replace(request, by=by)
            for request in _requests([self.laid.rows[at] for at in rows], self.laid, self.wave)
            for by in dict.fromkeys([(), names])
        ]
        variance = self.wave.tables[0].variance
        found = estimate(self.wave.sample, *requests, variance=variance)
        if found.covariance is None:
            return None
        at = {
            (one.variable, one.statistic, one.level, key_of(one.group, one.group.values())): rank
            for rank, one in enumerate(found)
        }
        cells: dict[tuple[int, int], int] = {}
        for rank in rows:
            row = self.laid.rows[rank]
            name = self.laid.columns[row.column].variable
            for order, place in enumerate(columns):
                cell = at.get((name, row.statistic, row.level, self._key(place)))
                if cell is not None and place in shown:
                    cells[rank, order] = cell
        return _Joint(found, cells)

    def _rows_kept(self, groups: int) -> list[int]:
        """Return the rows whose covariances are kept: means first, then boxes, then answers."""
        order = (Statistic.MEAN, Statistic.TOP_BOX, Statistic.PROPORTION)
        kept: list[int] = []
        for statistic in order:
            more = [rank for rank, row in enumerate(self.laid.rows) if row.statistic is statistic]
            count = len(kept) + len(more)
            # A respondent of a battery is a cell alone, in everybody and in one group.
            work = (2 * count) ** 2 * len(self.wave.sample.place) if len(self.blocks) > 1 else 0
            most = _MOST_WORK_OF_MEANS if statistic is Statistic.MEAN else _MOST_WORK
            if count * groups > MOST_CELLS or work > most:
                break
            kept += more
        return sorted(kept)

    def _rankings(
        self, breakdown: Breakdown, columns: Sequence[int], found: _Joint | None
    ) -> Iterator[Ranking]:
        """Rank the items of a battery by their mean, else by their first box, in each group."""
        wanted = [
            [rank for rank, row in enumerate(self.laid.rows) if row.statistic is statistic]
            for statistic in (Statistic.MEAN, Statistic.TOP_BOX)
        ]
        of_items: dict[str, int] = {}
        for rank in next((ranks for ranks in wanted if ranks), []):
            of_items.setdefault(self.laid.rows[rank].measure.item, rank)
        if len(of_items) < 2:
            return
        groups = list(zip(range(len(columns)), breakdown.groups, strict=True))
        for order, group in groups if not breakdown.code else groups[1:]:
            cells = None if found is None else found.of(of_items, order)
            items = () if cells is None or found is None else found.ranked(cells)
            code = self.laid.question.code
            yield Ranking(code, breakdown.code, group.code, items, _RANK_LEVEL)

    def _networks(self, breakdown: Breakdown, columns: Sequence[int]) -> Iterator[Network]:
        of_items = {
            item: one.variable
            for item, one in zip(self.laid.items, self.laid.columns, strict=True)
            if item and one.answers is not Answers.CHOICES
        }
        groups = list(zip(columns, breakdown.groups, strict=True))
        if len(of_items) < _FEWEST_TIED:
            return
        code = self.laid.question.code
        for place, group in groups if not breakdown.code else groups[1:]:
            if self._key(place) in self.hidden:
                yield Network(code, breakdown.code, group.code, "", (), None)
                continue
            yield collisions.network(
                self.wave.sample,
                of_items,
                question=code,
                breakdown=breakdown.code,
                group=group.code,
                over=dict(self.banner.columns[place].group) or None,
            )


@dataclass(frozen=True, slots=True, eq=False)
class _Joint:
    """Estimates made together, and which of them each cell of a table is."""

    found: Estimates
    cells: Mapping[tuple[int, int], int]

    @property
    def shown(self) -> bool:
        return bool(self.cells)

    @property
    def _degrees(self) -> float:
        return min(self.found[at].degrees for at in self.cells.values())

    def _covariance(self, cells: Sequence[int]) -> Floats:
        # The covariance is there: without it there would be no such value.
        whole = self.found.covariance
        return np.zeros((0, 0)) if whole is None else whole[np.ix_(cells, cells)]

    def covariance(self, question: str, breakdown: str) -> Covariance:
        """Return the covariances of the cells."""
        return Covariance(
            question,
            breakdown,
            tuple(self.cells),
            self._covariance(list(self.cells.values())),
            self._degrees,
        )

    def of(self, items: Mapping[str, int], order: int) -> dict[str, int] | None:
        """Return the cell of each item in a group; ``None`` if one is missing."""
        found = {item: self.cells.get((rank, order)) for item, rank in items.items()}
        cells = {item: at for item, at in found.items() if at is not None}
        return cells if len(cells) == len(items) else None

    def ranked(self, cells: Mapping[str, int]) -> tuple[RankedItem, ...]:
        """Rank items, with the ranks that remain possible."""
        made = joint_ranks(
            {item: self.found[at].value for item, at in cells.items()},
            self._covariance(list(cells.values())),
            level=_RANK_LEVEL,
            first=_FIRST if len(cells) > _FIRST else None,
            degrees=min(self.found[at].degrees for at in cells.values()),
            draws=_DRAWS,
        )
        return tuple(
            RankedItem(
                one.name,
                one.estimate,
                one.rank,
                one.lowest,
                one.highest,
                1.0 if one.top is None else one.top,
            )
            for one in made.items
        )


def _cell(cell: TableCell | None, letters: Mapping[str, str], *, closed: bool) -> Cell:
    if cell is None:
        return Cell(CellStatus.NOBODY)
    if closed:
        return Cell(CellStatus.HIDDEN)
    told = cell.estimate
    careful = cell.reliability is not Reliability.RELIABLE
    return Cell(
        CellStatus.CAUTION if careful else CellStatus.SHOWN,
        value=told.value,
        error=told.standard_error,
        low=told.low,
        high=told.high,
        respondents=told.respondents,
        effective=told.effective_size,
        above=_letters(cell.above, letters),
    )


def _letters(above: str, letters: Mapping[str, str]) -> str:
    """Write letters of the whole table as those of one breakdown; those kept back have none.

    Examples
    --------
    >>> _letters("Z aa", {"Z": "A", "AA": "B"}), _letters("Cd", {"C": "A", "D": ""})
    ('Ab', 'A')
    >>> _letters("AA", {"A": "A", "AA": ""})
    ''
    """
    marks = above.split() if " " in above or above.upper() in letters else list(above)
    kept = [(letters[mark.upper()], mark.isupper()) for mark in marks if letters[mark.upper()]]
    between = " " if max(map(len, letters.values()), default=0) > 1 else ""
    return between.join(mark if capital else mark.lower() for mark, capital in kept)


def _by_breakdown(banner: Banner) -> list[tuple[tuple[str, ...], list[int]]]:
    """Return each breakdown with the places of its columns; everybody is first, and has none."""
    found: dict[tuple[str, ...], list[int]] = {(): []}
    for place, column in enumerate(banner.columns):
        if column.breakdown:
            found.setdefault(column.breakdown, []).append(place)
    return list(found.items())


def _group_code(column: Column) -> str:
    return LEVELS.join(map(str, column.group.values()))


def _variables(code: str) -> tuple[str, ...]:
    return tuple(code.split(CROSSED)) if code else ()


def _joined(labels: Sequence[tuple[str, str]], between: str) -> tuple[str, str]:
    english = [one for _, one in labels]
    return between.join(one for one, _ in labels), between.join(english) if all(english) else ""


def _shown_cells(release: Release, question: str) -> Iterator[tuple[Key, str, Cell]]:
    """Yield the cells of a question that a release shows, with their group and their measure."""
    groups = {one.code: one.groups for one in release.head.breakdowns}
    measures = {one.code: one.measures for one in release.head.questions}
    for table in release.tables:
        if table.question != question:
            continue
        names = _variables(table.breakdown)
        for measure, row in zip(measures[question], table.rows, strict=True):
            for group, cell in zip(groups[table.breakdown], row, strict=True):
                if cell.is_shown:
                    levels = group.code.split(LEVELS) if len(names) > 1 else [group.code]
                    own = key_of(names, levels) if group.code else EVERYBODY
                    yield own, measure.code, cell


def _scores(
    asked: Tabulated, statistic: Statistic, level: str, known: Sequence[object]
) -> list[float]:
    """Return the score of each level for a row."""
    if statistic is Statistic.MEAN:
        return [float(asked.points.get(one, 0.0)) for one in known]
    if statistic is Statistic.TOP_BOX:
        return [float(one in asked.boxes[level]) for one in known]
    return [float(str(one) == level) for one in known]


def _requests(rows: Sequence[Row], laid: LaidOut, wave: _Wave) -> Iterator[Quotient]:
    """Return what is asked of the engine for some rows, shares of a column once."""
    asked: set[tuple[str, Statistic]] = set()
    for row in rows:
        one = laid.columns[row.column]
        if row.statistic is Statistic.TOP_BOX:
            points = dict.fromkeys(one.boxes[row.level], 1.0)
            yield Scored(variable=one.variable, points=points, label=row.level)
        elif row.statistic is Statistic.MEAN and one.points:
            yield Scored(variable=one.variable, points=one.points, statistic=Statistic.MEAN)
        elif row.statistic is Statistic.MEAN:
            yield _mean(one.variable, wave.sample)
        elif (one.variable, row.statistic) not in asked:
            asked.add((one.variable, row.statistic))
            if one.answers is Answers.CHOICES:
                several = wave.sample.sets[one.variable]
                yield Choices(
                    variable=one.variable,
                    columns=several.variables,
                    counted=several.counted,
                    responses=one.responses,
                )
            else:
                yield Proportion(variable=one.variable)


def _mean(name: str, sample: Sample) -> Mean | Scored:
    """Ask for a mean: of a few marks, as the score of levels, which gathers respondents."""
    if sample.table.frame.schema[name].is_integer():
        levels = sample.levels(name)
        if len(levels) <= _MOST_MARKS:
            points = {one: float(one) for one in levels if isinstance(one, int)}
            return Scored(variable=name, points=points, statistic=Statistic.MEAN)
    return Mean(variable=name)
