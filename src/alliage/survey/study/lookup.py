"""The names of a specification, looked up in the data: every one that is not there is told."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from alliage.survey.data.questionnaire import level_of
from alliage.survey.data.reading import read
from alliage.survey.data.table import first_that_is_no_number
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.requests import (
    Choices,
    Count,
    Gini,
    Mean,
    Proportion,
    Quantile,
    Ratio,
    Scored,
    Total,
)
from alliage.survey.estimation.results import BaseRule, Interval, Statistic
from alliage.survey.sampling.design import Design, ReplicateColumns
from alliage.survey.study.specification import CROSSED, Figure, SpecificationProblem, near
from alliage.survey.tables.questions import Answers, Question, answers_of
from alliage.values.yaml_files import Fault, FileProblem, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from alliage.survey.data.coding import Level
    from alliage.survey.data.table import Table
    from alliage.survey.estimation.domains import Kept
    from alliage.survey.estimation.requests import Request
    from alliage.survey.study.specification import (
        Asked,
        Bases,
        Calibrated,
        Drawn,
        Estimated,
        Replicates,
    )

_MOST_NAMES = 30


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table, the place of its specification, and what was not found.

    Attributes
    ----------
    table
        The respondents.
    file
        The specification; files that it names stand beside it.
    problems
        What was not found, in the order of the search.
    """

    table: Table
    file: Path
    problems: list[FileProblem] = field(default_factory=list)
    _levels: dict[str, tuple[Level, ...]] = field(default_factory=dict, repr=False)

    def column(self, name: str, *within: str | int) -> str:
        """Look a column up."""
        self._among(name, self.table.frame.columns, within)
        return name

    def question(self, name: str, *within: str | int) -> str:
        """Look up a column, or a set of columns."""
        self._among(name, [*self.table.frame.columns, *self.table.sets], within)
        return name

    def crossed(self, names: str, *within: str | int, sets: bool = False) -> tuple[str, ...]:
        """Look up columns that are crossed, or sets of columns where there may be some."""
        known = [*self.table.frame.columns, *(self.table.sets if sets else ())]
        if names in known:
            return (names,)
        found = tuple(name.strip() for name in names.split(CROSSED))
        for name in found:
            self._among(name, known, within)
        return found

    def breakdown(self, name: str, by: Sequence[str], *within: str | int) -> None:
        """Look up a variable of the breakdown of estimates."""
        if name not in by:
            self._fault(
                SpecificationProblem.REFERENCE,
                within,
                given=name,
                kind="variables by which they are broken down (`by`)",
                near=near(name, by),
                allowed=listed(by) or "none",
            )

    def columns(
        self, names: Sequence[str | None], *within: str | int
    ) -> str | tuple[str | None, ...] | None:
        """Look up one column for each stage."""
        found = tuple(
            name if name is None else self.column(name, *within, rank)
            for rank, name in enumerate(names)
        )
        return None if not found else found[0] if len(found) == 1 else found

    def level(self, column: str, written: Level, *within: str | int) -> Level:
        """Look up a level of a column, in the type of the column."""
        if column not in self.table.frame.columns:
            return written
        if column not in self._levels:
            self._levels[column] = self.table.levels(column)
        known = self._levels[column]
        # A level with a label and no respondent is a level all the same.
        kind = self.table.frame.schema[column]
        text = str(written).lower() if isinstance(written, bool) else str(written)
        found = level_of(kind, text)
        if found is not None and found in known:
            return found
        self._fault(
            SpecificationProblem.LEVEL,
            within,
            given=text,
            column=column,
            near=near(text, known),
            allowed=listed(known, most=_MOST_NAMES),
        )
        return written

    def group(self, of: str, written: Level, *within: str | int) -> Level:
        """Look up a level of a variable of a breakdown, or a column of a set."""
        if of not in self.table.sets:
            return self.level(of, written, *within)
        self._among(str(written), self.table.sets[of].variables, within)
        return str(written)

    def refused(self, error: SurveyError, *within: str | int) -> None:
        """Take note of what cannot be, a column that is not there with the nearest one."""
        name = error.values.get("column", "")
        if error.problem is SurveyProblem.COLUMN and name:
            self.column(name, *within)
        else:
            self._fault(SpecificationProblem.REFUSED, within, fact=str(error))

    def over(self, domain: Mapping[str, Sequence[Level]], *within: str | int) -> Kept:
        """Look up the levels that a domain keeps."""
        return tuple(
            (
                self.column(name, *within, name),
                tuple(
                    self.level(name, one, *within, name, rank) for rank, one in enumerate(levels)
                ),
            )
            for name, levels in domain.items()
        )

    def design(self, drawn: Drawn) -> Design:
        """Look up the columns of a design."""
        try:
            return self._design(drawn)
        except SurveyError as error:
            self.refused(error, "design")
            return Design()

    def _design(self, drawn: Drawn) -> Design:
        return Design(
            weights=None
            if drawn.weights is None
            else self.column(drawn.weights, "design", "weights"),
            strata=self.columns(drawn.strata, "design", "strata"),
            clusters=self.columns(drawn.clusters, "design", "clusters"),
            fpc=self.columns(drawn.fpc, "design", "fpc"),
            nested=drawn.nested,
            replicates=None if drawn.replicates is None else self._replicates(drawn.replicates),
            lonely=drawn.lonely,
            df=drawn.df,
        )

    def _replicates(self, asked: Replicates) -> ReplicateColumns | None:
        known = self.table.frame.columns
        names: list[str] = []
        for rank, name in enumerate(asked.columns):
            found = [one for one in known if fnmatch.fnmatchcase(one, name)]
            if not found:
                self._fault(
                    SpecificationProblem.REPLICATE_NAMES,
                    ("design", "replicates", "columns", rank),
                    given=name,
                    allowed=listed(known, most=_MOST_NAMES),
                )
            names += found
        if self.problems:
            return None
        return ReplicateColumns(
            columns=tuple(dict.fromkeys(names)),
            kind=asked.kind,
            combined=asked.combined,
            scale=asked.scale,
            rscales=asked.rscales,
            fay=asked.fay,
            mse=asked.mse,
        )

    def margins(self, asked: Calibrated, rank: int) -> dict[Any, Any]:
        """Look up the variables and the levels of margins."""
        within = ("calibrations", rank)
        if asked.per is not None:
            self.column(asked.per, *within, "per")
        if asked.margins_file is not None:
            return self._margins_of_file(asked, asked.margins_file, (*within, "margins_file"))
        inside = (*within, "margins")
        if asked.per is None:
            return self._margins(asked.margins, inside)
        return {
            self.level(asked.per, wave, *inside, wave): self._margins(margins, (*inside, wave))
            for wave, margins in asked.margins.items()
        }

    def population(self, asked: Calibrated, rank: int) -> Any:
        """Look up the waves of populations."""
        if asked.per is None or not isinstance(asked.population, Mapping):
            return asked.population
        return {
            self.level(asked.per, wave, "calibrations", rank, "population", wave): size
            for wave, size in asked.population.items()
        }

    def _margins(self, asked: Any, within: tuple[str | int, ...]) -> dict[Any, Any]:
        if not isinstance(asked, Mapping):
            self._fault(SpecificationProblem.NOT_LEVEL, within, given=str(asked))
            return {}
        found: dict[Any, Any] = {}
        for written, totals in asked.items():
            names = self.crossed(written, *within, written)
            if not isinstance(totals, Mapping):
                found[names[0] if len(names) == 1 else names] = totals
                continue
            found[names[0] if len(names) == 1 else names] = {
                self._crossed_level(names, level, (*within, written, level)): total
                for level, total in totals.items()
            }
        return found

    def _crossed_level(
        self, names: tuple[str, ...], written: Level, within: tuple[str | int, ...]
    ) -> Level | tuple[Level, ...]:
        if len(names) == 1:
            return self.level(names[0], written, *within)
        parts = [part.strip() for part in str(written).split(CROSSED)]
        if len(parts) != len(names):
            self._fault(
                SpecificationProblem.LEVEL,
                within,
                given=str(written),
                column=CROSSED.join(names),
                near="",
                allowed=CROSSED.join(f"a level of {name}" for name in names),
            )
            return tuple(parts)
        return tuple(
            self.level(name, part, *within) for name, part in zip(names, parts, strict=True)
        )

    def _margins_of_file(
        self, asked: Calibrated, name: str, within: tuple[str | int, ...]
    ) -> dict[Any, Any]:
        try:
            table = read(self.file.parent / name)
        except SurveyError as error:
            self._fault(SpecificationProblem.FILE, within, given=name, fact=str(error))
            return {}
        frame = table.frame
        expected = (*((asked.per,) if asked.per else ()), "variable", "level", "total")
        if set(frame.columns) != set(expected):
            self._fault(
                SpecificationProblem.MARGIN_COLUMNS,
                within,
                given=name,
                found=listed(frame.columns, most=_MOST_NAMES),
                expected=listed(expected),
            )
            return {}
        totals = frame.get_column("total")
        text = first_that_is_no_number(totals)[0] if totals.dtype == pl.String else None
        read_margins: dict[Any, Any] = {}
        for row, line in enumerate(frame.select(expected).iter_rows()):
            *waves, variable, level, total = line
            absent = [
                key
                for key, value in zip(expected, line, strict=True)
                if value is None and key != "level"
            ]
            if absent or row == text:
                self._fault(
                    SpecificationProblem.MARGIN_ROW,
                    within,
                    place=table.place(row).words,
                    fact=listed(absent) or "number as a total",
                )
                continue
            names = self.crossed(str(variable), *within)
            held = read_margins
            for wave in waves:
                held = held.setdefault(self.level(str(asked.per), wave, *within), {})
            key = names[0] if len(names) == 1 else names
            of = None if level is None else self._crossed_level(names, level, within)
            if not _added(held, key, of, total):
                self._fault(
                    SpecificationProblem.MARGIN_TWICE,
                    within,
                    place=table.place(row).words,
                    given=str(variable if level is None else f"{variable}: {level}"),
                )
        return read_margins

    def asked(self, asked: Asked, *within: str | int) -> Question:
        """Look up a question of a table, and the levels of its boxes and points."""
        name = self.question(asked.variable, *within, "variable")
        return Question(
            variable=name,
            answers=asked.answers or self._answers(asked),
            boxes={
                label: tuple(
                    self.level(name, one, *within, "boxes", label, rank)
                    for rank, one in enumerate(levels)
                )
                for label, levels in asked.boxes.items()
            },
            points={
                self.level(name, level, *within, "points", level): score
                for level, score in asked.points.items()
            },
            responses=asked.responses,
        )

    def _answers(self, asked: Asked) -> Answers:
        known = {*self.table.sets, *self.table.frame.columns}
        if asked.boxes or asked.points or asked.variable not in known:
            return Answers.LEVELS
        return answers_of(self.table, asked.variable)

    def requests(self, asked: Estimated, *within: str | int) -> tuple[Request, ...]:
        """Look up what is estimated, one request for each variable."""
        is_set = asked.statistic is Figure.CHOICES
        if is_set:
            for rank, name in enumerate(asked.variables):
                self._among(name, list(self.table.sets), (*within, "variables", rank))
        else:
            for rank, name in enumerate(asked.variables):
                self.column(name, *within, "variables", rank)
        by = tuple(self.question(name, *within, "by", rank) for rank, name in enumerate(asked.by))
        over = self.over(asked.over, *within, "over")
        if asked.denominator is not None:
            self.column(asked.denominator, *within, "denominator")
        levels = {
            key: {
                name: tuple(
                    self.level(name, one, *within, key, rank)
                    for rank, one in enumerate(getattr(asked, key))
                )
                for name in asked.variables
            }
            for key in ("levels", "positive", "negative")
        }
        for name in asked.variables:
            both = [one for one in levels["positive"][name] if one in levels["negative"][name]]
            if both:
                self._fault(
                    SpecificationProblem.KEYS,
                    (*within, "negative"),
                    statistic=asked.statistic.value,
                    fact="has on both sides",
                    key=listed(both),
                    remedy="Keep each level on one side",
                )
        if self.problems:
            return ()
        return tuple(
            _request(asked, name, by, over, {key: of[name] for key, of in levels.items()}, self)
            for name in asked.variables
        )

    def _among(self, name: str, known: Sequence[str], within: tuple[str | int, ...]) -> None:
        if name not in known:
            self._fault(
                SpecificationProblem.COLUMN,
                within,
                given=name,
                near=near(name, known),
                allowed=listed(known, most=_MOST_NAMES),
            )

    def _fault(
        self, problem: SpecificationProblem, within: Iterable[str | int], **values: str
    ) -> None:
        told = FileProblem.of(self.file.name, place(tuple(within)), Fault(problem, values))
        if told not in self.problems:
            self.problems.append(told)


def _added(margins: dict[Any, Any], key: object, level: object, total: object) -> bool:
    """Add the total of a variable, or of a level of it; not where it has one already."""
    of = margins if level is None else margins.setdefault(key, {})
    at = key if level is None else level
    if not isinstance(of, dict) or at in of:
        return False
    of[at] = total
    return True


def _request(
    asked: Estimated,
    name: str,
    by: tuple[str, ...],
    over: Kept,
    levels: Mapping[str, tuple[Level, ...]],
    lookup: Lookup,
) -> Request:
    figure = asked.statistic
    shares = asked.interval or Interval.LOGIT
    if figure is Figure.RATIO:
        return Ratio(variable=name, by=by, over=over, denominator=str(asked.denominator))
    if figure is Figure.QUANTILE:
        return Quantile(variable=name, by=by, over=over, probabilities=asked.probabilities)
    if figure is Figure.PROPORTION:
        everybody = asked.base == "everybody"
        return Proportion(variable=name, by=by, over=over, everybody=everybody, interval=shares)
    if figure is Figure.CHOICES:
        several = lookup.table.sets[name]
        return Choices(
            variable=name,
            by=by,
            over=over,
            columns=several.variables,
            counted=several.counted,
            responses=asked.base == "responses",
            interval=shares,
        )
    if figure in {Figure.TOP_BOX, Figure.NET_SCORE}:
        return _scored(asked, name, by, over, levels, shares)
    if figure is Figure.MEAN:
        return Mean(variable=name, by=by, over=over)
    if figure is Figure.TOTAL:
        return Total(variable=name, by=by, over=over)
    simple = Count if figure is Figure.COUNT else Gini
    return simple(variable=name, by=by, over=over)


def _scored(
    asked: Estimated,
    name: str,
    by: tuple[str, ...],
    over: Kept,
    levels: Mapping[str, tuple[Level, ...]],
    interval: Interval,
) -> Request:
    if asked.statistic is Figure.TOP_BOX:
        return Scored(
            variable=name,
            by=by,
            over=over,
            points=dict.fromkeys(levels["levels"], 1.0),
            label=" + ".join(map(str, levels["levels"])),
            interval=interval,
        )
    positive, negative = levels["positive"], levels["negative"]
    return Scored(
        variable=name,
        by=by,
        over=over,
        points={**dict.fromkeys(positive, 1.0), **dict.fromkeys(negative, -1.0)},
        label=f"{' + '.join(map(str, positive))} - {' - '.join(map(str, negative))}",
        statistic=Statistic.NET_SCORE,
    )


def base_rule(asked: Bases) -> BaseRule:
    """Return the rule of a specification."""
    return BaseRule(
        suppress_below=asked.suppress_below,
        caution_below=asked.caution_below,
        largest_variation=asked.largest_variation,
    )
