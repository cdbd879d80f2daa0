"""A study: a file of respondents with its specification, and everything that is asked of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alliage.survey.comparison.comparisons import Comparisons, compare
from alliage.survey.comparison.ranking import Ranking, rank
from alliage.survey.comparison.trends import Trends, trend
from alliage.survey.data.ddi import read_ddi
from alliage.survey.data.questionnaire import (
    Questionnaire,
    described,
    one_by_one,
    read_questionnaire,
)
from alliage.survey.data.reading import read
from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.estimates import estimate
from alliage.survey.protection.differencing import (
    Differences,
    DifferencingError,
    Told,
    differences,
)
from alliage.survey.protection.disclosure import Rules
from alliage.survey.protection.protected_tables import (
    Protected,
    hidden_elsewhere,
    protect,
    without_errors,
)
from alliage.survey.sampling.calibration import calibrate
from alliage.survey.sampling.sample import Sample, sample
from alliage.survey.study.lookup import Lookup, base_rule
from alliage.survey.study.releases import published
from alliage.survey.study.specification import DESIGN_WEIGHTS, read_specification
from alliage.survey.tables.banners import Banner, banner
from alliage.values.yaml_files import InvalidFilesError, place
from alliage.values.yaml_lines import with_lines, written_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from alliage.survey.data.coding import Level
    from alliage.survey.data.table import Table
    from alliage.survey.estimation.requests import Request
    from alliage.survey.estimation.results import Estimates
    from alliage.survey.sampling.design import Design
    from alliage.survey.study.specification import (
        Calibrated,
        Specification,
        Tabulated,
        Weighted,
    )
    from alliage.survey.tables.questions import Breakdown, Question


@dataclass(frozen=True, slots=True)
class _Found:
    """What a specification asks, every name found in the data."""

    design: Design
    margins: Mapping[str, dict[Any, Any]]
    populations: Mapping[str, Any]
    questions: Mapping[str, Sequence[Question]]
    breakdowns: Mapping[str, Sequence[Breakdown]]
    domains: Mapping[str, Any]
    requests: Mapping[str, Sequence[Request]]
    references: Mapping[str, Level | None]


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """Respondents and what is asked of them; weights are computed once.

    Attributes
    ----------
    table
        The respondents.
    specification
        What is asked.
    file
        The specification's file.
    """

    table: Table
    specification: Specification
    file: Path
    _found: _Found
    _samples: dict[str, Sample] = field(default_factory=dict, repr=False)
    _estimates: dict[str, Estimates] = field(default_factory=dict, repr=False)

    @property
    def design(self) -> Design:
        """How the sample was drawn."""
        return self._found.design

    @property
    def weights(self) -> tuple[str, ...]:
        """The names of the weights: the calibrations, or « design » where there is none."""
        return tuple(one.name for one in self.specification.calibrations) or (DESIGN_WEIGHTS,)

    def sample(self, weights: str | None = None) -> Sample:
        """Return the sample with its weights.

        Parameters
        ----------
        weights
            The name of a calibration, or « design »; the first calibration if not given.

        Raises
        ------
        SurveyError
            With the line of the specification as a note.
        """
        name = weights or self.weights[0]
        if name not in self._samples:
            self._samples[name] = self._weighted(name)
        return self._samples[name]

    def _weighted(self, name: str) -> Sample:
        if name == DESIGN_WEIGHTS:
            with self._at("design"):
                return sample(self.table, self._found.design)
        rank_of, asked = self._part(self.specification.calibrations, name)
        drawn = self.sample(DESIGN_WEIGHTS)
        with self._at("calibrations", rank_of):
            return _calibrated(
                drawn, asked, self._found.margins[name], self._found.populations[name]
            )

    def banner(self, name: str) -> Banner:
        """Return a table."""
        rank_of, asked = self._part(self.specification.tables, name)
        with self._at("tables", rank_of):
            return banner(
                self.sample(asked.weights),
                self._found.questions[name],
                self._found.breakdowns[name],
                variables=self.table.variables,
                over=dict(self._found.domains[name]),
                variance=asked.variance,
                level=asked.level,
                loose=asked.loose,
                adjustment=asked.adjustment,
                rule=base_rule(asked.base_rule or self.specification.base_rule),
            )

    def estimates(self, name: str) -> Estimates:
        """Return estimates, computed once."""
        if name not in self._estimates:
            rank_of, asked = self._part(self.specification.estimates, name)
            with self._at("estimates", rank_of):
                found = estimate(
                    self.sample(asked.weights),
                    *self._found.requests[name],
                    level=asked.level,
                    variance=asked.variance,
                )
            rule = base_rule(self.specification.base_rule)
            self._estimates[name] = replace(found, rule=rule)
        return self._estimates[name]

    def comparisons(self, name: str) -> Comparisons:
        """Return differences between estimates."""
        rank_of, asked = self._part(self.specification.comparisons, name)
        found = self.estimates(asked.estimate)
        with self._at("comparisons", rank_of):
            return compare(
                found,
                across=asked.across,
                reference=self._found.references[name],
                adjustment=asked.adjustment,
                level=self.specification.estimated(asked.estimate).level,
            )

    def trends(self, name: str) -> Trends:
        """Return what became of estimates from wave to wave."""
        rank_of, asked = self._part(self.specification.trends, name)
        found = self.estimates(asked.estimate)
        with self._at("trends", rank_of):
            return trend(
                found,
                wave=asked.wave,
                years=asked.years,
                breaks=asked.breaks,
                adjustment=asked.adjustment,
                level=self.specification.estimated(asked.estimate).level,
            )

    def ranking(self, name: str) -> Ranking:
        """Return the order of estimates."""
        rank_of, asked = self._part(self.specification.ranks, name)
        found = self.estimates(asked.estimate)
        with self._at("ranks", rank_of):
            return rank(found, first=asked.first, level=asked.level)

    def protected(
        self, former: Sequence[Path] = (), *, unproven: bool = False
    ) -> dict[str, Protected]:
        """Return every table with what may not be published kept back.

        Tables are protected together: a reader has them all, and what was published before.

        Parameters
        ----------
        former
            Earlier releases of the same respondents: the JSON files of ``alliage survey protect``.
        unproven
            Whether to return tables protected one by one where they cannot be together, marked so.

        Raises
        ------
        alliage.survey.protection.differencing.DifferencingError
            If tables together may give away what each keeps back, unless ``unproven``.
        """
        asked = self.specification.protection
        rules = Rules(
            least=asked.least, least_effective=asked.least_effective, dominance=asked.dominance
        )
        alone = partial(
            protect,
            rules=rules,
            on=asked.applies_to,
            protection=asked.distance,
            rounding=asked.rounding,
        )
        tables: dict[str, Banner] = {}
        found: dict[str, Protected] = {}
        for rank_of, one in enumerate(self.specification.tables):
            tables[one.name] = self.banner(one.name)
            with self._at("tables", rank_of):
                found[one.name] = alone(tables[one.name])
        if asked.rounding is not None:
            # Each count is known within the base: so is a difference, within twice as much.
            return found
        told = [
            self._told(one.name, found[one.name], one.weights or self.weights[0])
            for one in self.specification.tables
        ]
        try:
            for file in former:
                for name, (weights, table) in published(file, self._by_weights()).items():
                    shown = replace(alone(table), table=table)
                    told.append(self._told(f"{file.name}: {name}", shown, weights, is_public=True))
            if len(told) == 1:
                return found
            apart = differences(
                self.table, told, rules, on=asked.applies_to, protection=asked.distance
            )
        except DifferencingError:
            if not unproven:
                raise
            return {
                name: replace(one, table=replace(one.table, unproven=True))
                for name, one in found.items()
            }
        return _linked(tables, apart, alone)

    def _by_weights(self) -> dict[str, Sample]:
        """Return the sample by the name of its weights, calibrated first."""
        return {name: self.sample(name) for name in dict.fromkeys((*self.weights, DESIGN_WEIGHTS))}

    def _told(self, name: str, made: Protected, weights: str, *, is_public: bool = False) -> Told:
        return Told(name, made, weights, float(self.sample(weights).weights.max()), is_public)

    def basis(self, asked: Weighted) -> tuple[object, ...]:
        """Return the weights and the domain of a part: what makes its figures add up."""
        return asked.weights or self.weights[0], self._found.domains.get(asked.name, ())

    def with_weights(self) -> Table:
        """Return the respondents with a column for each of the weights.

        Raises
        ------
        SurveyError
            ``COLUMN`` if the respondents have a column of that name.
        """
        table = self.table
        for rank_of, name in enumerate(self.weights):
            column = "weight" if name == DESIGN_WEIGHTS else name
            if column in table.frame.columns:
                msg = (
                    f"The data have a column « {column} », which these weights would replace. Give "
                    "the calibration another `name`."
                )
                with self._at("calibrations", rank_of, "name"):
                    raise SurveyError(SurveyProblem.COLUMN, msg, column=column)
            table = table.with_column(column, self.sample(name).weights)
        return table

    @staticmethod
    def _part(parts: Sequence[Any], name: str) -> tuple[int, Any]:
        for rank_of, one in enumerate(parts):
            if one.name == name:
                return rank_of, one
        msg = (
            f"The specification asks for no « {name} » of this kind. It asks for: "
            f"{listed(one.name for one in parts) or 'nothing'}."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, name=name)

    @contextmanager
    def _at(self, *within: str | int) -> Iterator[None]:
        """Say in which part of the specification a refusal arose."""
        try:
            yield
        except SurveyError as error:
            if not getattr(error, "__notes__", ()):
                error.add_note(f"{self.file.name}: {written_at(self.file, place(within))}")
            raise


def _linked(
    tables: Mapping[str, Banner], apart: Differences, alone: Callable[..., Protected]
) -> dict[str, Protected]:
    """Hide what other tables would give away, and what is equal to it, until nothing is shown."""
    also = [dict(hidden) for hidden in apart.hidden[: len(tables)]]
    while True:
        made = [
            alone(table, also=hidden) for table, hidden in zip(tables.values(), also, strict=True)
        ]
        more = hidden_elsewhere([one.table for one in made])
        if not any(more):
            break
        for hidden, cells in zip(also, more, strict=True):
            for question, keys in cells.items():
                hidden[question] = hidden.get(question, frozenset()) | keys
    kept = without_errors([one.table for one in made])
    return {
        name: Protected(table, {**one.patterns, **patterns})
        for name, one, table, patterns in zip(
            tables, made, kept, apart.patterns[: len(tables)], strict=True
        )
    }


def _calibrated(
    drawn: Sample, asked: Calibrated, margins: dict[Any, Any], population: Any
) -> Sample:
    return calibrate(
        drawn,
        margins,
        method=asked.method,
        bounds=asked.bounds,
        bounds_on=asked.bounds_on,
        population=population,
        shares=asked.shares,
        per=asked.per,
        max_design_effect=asked.max_design_effect,
        tolerance=asked.tolerance,
        max_iterations=asked.max_iterations,
    )


def open_study(data: str | Path | Table, specification: str | Path) -> Study:
    r"""Read a file of respondents and the specification of what is asked of it.

    Parameters
    ----------
    data : str, Path or Table
        The respondents.
    specification : str or Path
        A YAML file; see ``docs/reference/survey-specification.md``.

    Returns
    -------
    Study
        Nothing is computed yet; every name of the specification was found in the data.

    Raises
    ------
    alliage.values.yaml_files.InvalidFilesError
        With every problem of the specification and its line.
    SurveyError
        For data that cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> import polars as pl
    >>> from alliage.survey import Table
    >>> text = (
    ...     "title: All of them\n"
    ...     "calibrations: [{name: w, margins: {sex: {f: 60, m: 40}}}]\n"
    ...     "estimates: [{name: trust, statistic: mean, variables: q, by: sex}]\n"
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "survey.yaml"
    ...     _ = file.write_text(text)
    ...     study = open_study(Table.of(pl.DataFrame({"sex": ["f", "m"], "q": [3, 4]})), file)
    >>> study.sample().weights.round(6).tolist(), study.weights
    ([60.0, 40.0], ('w',))
    """
    file = Path(specification)
    asked = read_specification(file)
    table = data if not isinstance(data, str | Path) else _read(Path(data), asked, file)
    lookup = Lookup(table, file)
    found = _found(lookup, asked)
    if lookup.problems:
        raise InvalidFilesError(with_lines(file, lookup.problems))
    return Study(table, asked, file, found)


def _read(data: Path, asked: Specification, file: Path) -> Table:
    table = read(data, encoding=asked.data.encoding, no_answer=asked.data.no_answer)
    for questionnaire, of, *within in questionnaires(asked, file):
        table = _described(table, questionnaire, of, within)
    return table


def questionnaires(
    asked: Specification, file: Path
) -> Iterator[tuple[Questionnaire, Path, *tuple[str, ...]]]:
    """Return what a specification says of variables: the file that it names, then its own.

    Each comes with the file that holds it, and where.
    """
    known = asked.data
    if known.questionnaire is not None:
        beside = file.parent / known.questionnaire
        is_ddi = beside.suffix.lower() == ".xml"
        yield read_ddi(beside) if is_ddi else read_questionnaire(beside), beside
    if known.variables or known.sets:
        inline = Questionnaire(title=asked.title, variables=known.variables, sets=known.sets)
        yield inline, file, "data"


def _described(
    table: Table, questionnaire: Questionnaire, file: Path, within: Sequence[str]
) -> Table:
    """Describe a table, telling what the questionnaire has wrong by line."""
    lookup = Lookup(table, file)
    for part, name, question in one_by_one(questionnaire):
        try:
            table = described(table, question)
        except SurveyError as error:
            if error.problem is SurveyProblem.LEVEL:
                where = written_at(file, place((*within, part, name)))
                error.add_note(f"{file.name}: {where}")
                raise
            lookup.refused(error, *within, part, name)
    if lookup.problems:
        raise InvalidFilesError(with_lines(file, lookup.problems))
    return table


def _found(lookup: Lookup, asked: Specification) -> _Found:
    calibrations = tuple(enumerate(asked.calibrations))
    tables = tuple(enumerate(asked.tables))
    estimates = tuple(enumerate(asked.estimates))
    return _Found(
        design=lookup.design(asked.design),
        margins={one.name: lookup.margins(one, rank_of) for rank_of, one in calibrations},
        populations={one.name: lookup.population(one, rank_of) for rank_of, one in calibrations},
        questions={
            one.name: [
                lookup.asked(question, "tables", rank_of, "questions", place_of)
                for place_of, question in enumerate(one.questions)
            ]
            for rank_of, one in tables
        },
        breakdowns={one.name: _breakdowns(lookup, one, rank_of) for rank_of, one in tables},
        domains={
            one.name: lookup.over(one.over, "tables", rank_of, "over") for rank_of, one in tables
        },
        requests={
            one.name: lookup.requests(one, "estimates", rank_of) for rank_of, one in estimates
        },
        references=_of_estimates(lookup, asked),
    )


def _breakdowns(lookup: Lookup, asked: Tabulated, rank_of: int) -> list[Breakdown]:
    return [
        lookup.crossed(names, "tables", rank_of, "breakdowns", place_of, sets=True)
        for place_of, names in enumerate(asked.breakdowns)
    ]


def _of_estimates(lookup: Lookup, asked: Specification) -> dict[str, Level | None]:
    """Look up what comparisons and trends name, and return the reference of each comparison."""
    references: dict[str, Level | None] = {}
    for rank_of, one in enumerate(asked.comparisons):
        of = asked.estimated(one.estimate)
        references[one.name] = one.reference
        if one.across is not None:
            lookup.breakdown(one.across, of.by, "comparisons", rank_of, "across")
            if one.reference is not None:
                references[one.name] = lookup.group(
                    one.across, one.reference, "comparisons", rank_of, "reference"
                )
    for rank_of, each in enumerate(asked.trends):
        of = asked.estimated(each.estimate)
        lookup.breakdown(each.wave, of.by, "trends", rank_of, "wave")
        for key in ("years", "breaks"):
            for wave in getattr(each, key):
                lookup.level(each.wave, wave, "trends", rank_of, key, wave)
    return references
