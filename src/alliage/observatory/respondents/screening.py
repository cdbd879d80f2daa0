"""What is odd in a file of respondents, before anything is computed, and what is done about it.

See ``docs/algorithms/observatory-screening.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from alliage.observatory.respondents.anomalies import Anomaly, AnomalyKind, Screening, Treatment
from alliage.observatory.respondents.wave_files import ScreeningRules
from alliage.observatory.studies.regions import read_regions
from alliage.survey import Scale, SurveyError, SurveyProblem, open_study, read, read_specification
from alliage.survey.data.questionnaire import codes_within, described, level_of
from alliage.survey.errors import listed
from alliage.survey.study.specification import CROSSED
from alliage.survey.study.study import questionnaires
from alliage.values.datafiles import data_directory
from alliage.values.text import name_key
from alliage.values.yaml_files import read_record

if TYPE_CHECKING:
    from pathlib import Path

    from alliage.observatory.releases.values import Screened
    from alliage.observatory.respondents.wave_files import Level as WrittenLevel
    from alliage.survey import Questionnaire, Specification, Study, Table
    from alliage.survey.arrays import Booleans, Floats, Ints
    from alliage.survey.data.coding import Level
    from alliage.survey.data.questionnaire import Question

#: Beyond so many respondents, those whose answers are nearly the same are not looked for: every
#: two of them would have to be compared.
MOST_COMPARED = 10_000
#: Sums of margins that differ by less, relatively, are rounded differently.
_ROUNDING = 1e-6
_BLOCK = 500
#: What is looked for where nothing is said.
NO_RULES = ScreeningRules()


class FormerRegion(BaseModel):
    """A region before 2016, and the one that it is part of now, by their official codes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    name: Annotated[str, Field(min_length=1)]
    successor: str
    successor_name: Annotated[str, Field(min_length=1)]


class _FormerRegions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    licence: str
    attribution: str
    source: str
    regions: tuple[FormerRegion, ...]


def former_regions() -> tuple[FormerRegion, ...]:
    """Return the regions before 2016 whose code changed.

    Examples
    --------
    >>> [one.name for one in former_regions() if one.successor_name == "Normandie"]
    ['Haute-Normandie', 'Basse-Normandie']
    """
    path = data_directory() / "observatory" / "former_regions.yaml"
    return read_record(path, _FormerRegions).regions


def _codes_of_today() -> set[str]:
    regions = read_regions(data_directory() / "observatory" / "regions.yaml")
    return {code for one in regions.surveyed for code in one.official} | {*regions.not_surveyed}


def screen(
    table: Table,
    asked: Sequence[Questionnaire] = (),
    *,
    rules: ScreeningRules = NO_RULES,
    specification: Specification | None = None,
    margins: Sequence[Mapping[str, Mapping[str, float]]] = (),
) -> Screening:
    """Look for what is odd in a file of respondents.

    Parameters
    ----------
    table : Table
        The respondents, as they were read.
    asked : sequence of Questionnaire
        What the answers may be.
    rules : ScreeningRules
        What else is looked for.
    specification : Specification, optional
        The column of weights, and the totals of populations.
    margins : sequence of mapping
        For each calibration: totals by margin (variables joined by « * ») and level.

    Returns
    -------
    Screening
        Every anomaly, with its rows.

    Raises
    ------
    SurveyError
        ``COLUMN`` if a rule names a column that is not there.

    Examples
    --------
    >>> from alliage.survey import Questionnaire, Table
    >>> ask = Questionnaire.model_validate(
    ...     {"title": "T", "variables": {"q": {"label": "Q?", "levels": {"1": "a", "2": "b"}}}}
    ... )
    >>> found = screen(Table.of(pl.DataFrame({"q": [1, 2, 9, 9]})), [ask])
    >>> print(found.anomalies[0].message)
    « q » holds « 9 » in row 3 (2 in all), which is none of its answers: 1, 2. Correct it, exclude \
the rows, or make the answer missing.
    >>> cleaned, done = found.treated({AnomalyKind.CODE: Treatment.EXCLUDE})
    >>> cleaned.frame["q"].to_list(), done
    ([1, 2], (Screened(kind='code', rows=2, treatment='exclude'),))

    Notes
    -----
    Sources: Schonlau and Toepoel (2015), « Straightlining in web survey panels over time », Survey
    Research Methods 9; Kuriakose and Robbins (2016), « Don't get duped: fraud through duplication
    in public opinion surveys », Statistical Journal of the IAOS 32; Greszki, Meyer and Schoen
    (2015), « Exploring the effects of removing too fast responses and respondents from web
    surveys », Public Opinion Quarterly 79.
    """
    work = _Screen(table, tuple(asked), rules)
    work.check_rules()
    found: list[Anomaly] = [
        *work.codes(),
        *work.impossible(),
        *work.universes(),
        *work.straight_lines(),
        *work.identifiers(),
        *work.near_duplicates(),
        *work.speeders(),
    ]
    if specification is not None and specification.design.weights is not None:
        found += work.weights(specification.design.weights)
    populations = [
        one.population if isinstance(one.population, int | float) else None
        for one in (specification.calibrations if specification else ())
    ]
    for rank, one in enumerate(margins):
        shares = bool(specification and specification.calibrations[rank].shares)
        expected = 1.0 if shares else populations[rank] if rank < len(populations) else None
        found += work.margins(one, expected, shares=shares)
    order = list(AnomalyKind)
    skipped = (AnomalyKind.NEAR_DUPLICATE,) if table.frame.height > MOST_COMPARED else ()
    return Screening(table, tuple(sorted(found, key=lambda one: order.index(one.kind))), skipped)


def screen_file(file: Path, specification: Path, rules: ScreeningRules = NO_RULES) -> Screening:
    """Read a file of respondents and look for what is odd in it.

    Parameters
    ----------
    file, specification : Path
        The respondents, and the specification of the wave.
    rules : ScreeningRules
        What else is looked for.

    Raises
    ------
    SurveyError
        As `alliage.survey.read`: an unreadable file, another encoding, a cell of another type.
    alliage.values.yaml_files.InvalidFilesError
        With every problem of the specification or of its questionnaire, and its line.
    """
    asked = read_specification(specification)
    table = read(file, encoding=asked.data.encoding, no_answer=asked.data.no_answer)
    return screen(
        table,
        [one for one, *_ in questionnaires(asked, specification)],
        rules=rules,
        specification=asked,
        margins=_margins_of(asked, specification),
    )


def opened(
    screening: Screening,
    specification: Path,
    treatments: Mapping[AnomalyKind, Treatment] = {},
) -> tuple[Study, tuple[Screened, ...]]:
    """Treat a screened file and open it as a study.

    Returns
    -------
    Study
        The respondents that are left and their specification.
    tuple of Screened
        What was found and done, for :class:`alliage.observatory.tabulation.tabulation.About`.

    Raises
    ------
    UntreatedError
        If an anomaly that cannot be kept has no treatment.
    SurveyError, alliage.values.yaml_files.InvalidFilesError
        As `alliage.survey.open_study`.
    """
    table, done = screening.treated(treatments)
    for questionnaire, *_ in questionnaires(read_specification(specification), specification):
        table = described(table, questionnaire)
    return open_study(table, specification), done


def _margins_of(asked: Specification, file: Path) -> list[dict[str, dict[str, float]]]:
    """Return the totals of categories of each calibration; none of those that go by wave."""
    found: list[dict[str, dict[str, float]]] = []
    for one in asked.calibrations:
        found.append({})
        if one.per is None and one.margins_file is not None:
            found[-1] = _margins_of_file(file.parent / one.margins_file)
        elif one.per is None:
            found[-1] = {
                name: {_text(level): float(total) for level, total in totals.items()}
                for name, totals in one.margins.items()
                if isinstance(totals, Mapping)
            }
    return found


def _margins_of_file(file: Path) -> dict[str, dict[str, float]]:
    margins: dict[str, dict[str, float]] = {}
    rows = read(file).frame
    # What is wrong with the file itself is told when the study is opened.
    if {"variable", "level", "total"} <= set(rows.columns):
        for name, level, total in rows.select("variable", "level", "total").iter_rows():
            if None not in (level, total) and not isinstance(total, str):
                margins.setdefault(str(name), {})[_text(level)] = float(total)
    return margins


@dataclass(frozen=True, slots=True)
class _Screen:
    table: Table
    asked: tuple[Questionnaire, ...]
    rules: ScreeningRules

    @property
    def frame(self) -> pl.DataFrame:
        return self.table.frame

    def check_rules(self) -> None:
        """Refuse rules about columns that are not there."""
        rules = self.rules
        named = [rules.identifier, rules.duration, rules.region, *rules.universes]
        named += [name for columns in rules.batteries.values() for name in columns]
        named += [name for asked in rules.universes.values() for name in asked]
        named += [name for one in rules.impossible for name in (*one.when, *one.never)]
        for name in named:
            if name is not None and name not in self.frame.columns:
                columns = listed(self.frame.columns, most=40)
                msg = f"A check names « {name} », which is no column. The columns are: {columns}."
                raise SurveyError(SurveyProblem.COLUMN, msg, column=name)

    def questions(self) -> Iterator[tuple[str, Question]]:
        for one in self.asked:
            for name, question in one.variables.items():
                if name in self.frame.columns:
                    yield name, question

    def codes(self) -> Iterator[Anomaly]:
        """Find answers that are not foreseen, by the questionnaire or by the file's own labels."""
        known = {name: question for name, question in self.questions() if question.levels}
        for name, question in known.items():
            kind = self.frame.schema[name]
            allowed = [level_of(kind, code) for code in question.levels]
            missing = self._missing(name, question)
            # A scale of marks may label its ends only.
            yield from self._unknown(
                name, allowed, missing, numeric=question.scale is Scale.NUMERIC
            )
        for name, question in self.questions():
            if question.valid_ranges and name not in known:
                yield from self._beyond(name, question)
        for name, described_as in self.table.variables.items():
            if name in known or described_as.scale is Scale.NUMERIC:
                continue
            # Where the file gives no label, its reader puts the code.
            named = [one for one, label in described_as.labels.items() if label != str(one)]
            bare = len(described_as.labels) - len(named)
            # A scale may label its ends only: then most of its marks have no label.
            if 0 < bare < len(named):
                missing = list(described_as.missing)
                yield from self._unknown(name, named, missing, numeric=False, labelled=True)
        region = self.rules.region
        if region is not None and region not in known and not self._labels_of(region):
            yield from self._vintages(region)

    def _labels_of(self, name: str) -> Mapping[Any, str]:
        described_as = self.table.variables.get(name)
        return {} if described_as is None else described_as.labels

    def _vintages(self, name: str) -> Iterator[Anomaly]:
        """Find regions before 2016 in a column of which nobody said what its answers are."""
        series = self.frame.get_column(name)
        present = series.drop_nulls().unique().sort().to_list()
        former = {value: self._former(name, value) for value in present}
        # An institute may count its regions from 1: codes are official where all of them are.
        today = _codes_of_today()
        are_codes = all(_text(value).zfill(2) in today or former[value] for value in present)
        for value, one in former.items():
            if one is not None and (are_codes or _text(value).strip() != one.code):
                yield self._of_vintage(name, value, one)

    def _of_vintage(
        self, name: str, value: object, former: FormerRegion, told: Sequence[str] = ()
    ) -> Anomaly:
        return _anomaly(
            AnomalyKind.REGION_VINTAGE,
            name,
            self._where(self.frame.get_column(name) == value),
            told,
            (name,),
            value=value,
            former=former.name,
            successor=former.successor_name,
            code=former.successor,
        )

    def _unknown(
        self,
        name: str,
        allowed: Sequence[Any],
        missing: Sequence[Any],
        *,
        numeric: bool,
        labelled: bool = False,
    ) -> Iterator[Anomaly]:
        series = self.frame.get_column(name)
        present = series.drop_nulls().unique().sort()
        levels = [one for one in allowed if one is not None]
        marks = [one for one in levels if isinstance(one, int | float)]
        told = tuple(str(one) for one in levels if one not in missing)
        for value in present.to_list():
            if value in levels or value in missing or value != value:
                continue
            inside = (
                bool(marks)
                and isinstance(value, int | float)
                and (min(marks) <= value <= max(marks))
            )
            if inside and numeric:
                continue
            former = self._former(name, value)
            if former is not None:
                yield self._of_vintage(name, value, former, told)
                continue
            rows = self._where(series == value)
            kind = AnomalyKind.NO_LABEL if inside or labelled else AnomalyKind.CODE
            yield _anomaly(kind, name, rows, told, (name,), value=value)

    def _beyond(self, name: str, question: Question) -> Iterator[Anomaly]:
        """Find numbers that are not among those that may be answered."""
        series = self.frame.get_column(name)
        present = series.drop_nulls().unique().sort().to_list() if series.dtype.is_numeric() else []
        known = {*codes_within(question.valid_ranges, present), *self._missing(name, question)}
        told = tuple(map(str, question.valid_ranges))
        for value in present:
            if value not in known and value == value:
                rows = self._where(series == value)
                yield _anomaly(AnomalyKind.CODE, name, rows, told, (name,), value=value)

    def _missing(self, name: str, question: Question) -> list[Level | None]:
        """Return the codes that stand for no answer."""
        series = self.frame.get_column(name)
        codes = [level_of(series.dtype, code) for code in question.missing]
        if not series.dtype.is_numeric():
            return codes
        return [*codes, *codes_within(question.missing_ranges, series.unique())]

    def _former(self, name: str, value: object) -> FormerRegion | None:
        if name != self.rules.region:
            return None
        text = _text(value)
        for one in former_regions():
            if text.strip() == one.code or name_key(text) == name_key(one.name):
                return one
        return None

    @staticmethod
    def _where(found: pl.Series) -> Ints:
        return np.flatnonzero(found.fill_null(value=False).to_numpy())

    def _among(self, levels: Mapping[str, Sequence[WrittenLevel]]) -> Booleans:
        """Tell who has one of the levels of each column."""
        inside = np.ones(self.frame.height, dtype=bool)
        for name, wanted in levels.items():
            series = self.frame.get_column(name)
            typed = [level_of(series.dtype, _text(one)) for one in wanted]
            kept = [one for one in typed if one is not None]
            inside &= series.is_in(kept).fill_null(value=False).to_numpy()
        return inside

    def impossible(self) -> Iterator[Anomaly]:
        for rule in self.rules.impossible:
            rows = np.flatnonzero(self._among(rule.when) & self._among(rule.never))
            if rows.size:
                yield _anomaly(
                    AnomalyKind.IMPOSSIBLE,
                    "",
                    rows,
                    (),
                    tuple(rule.never),
                    when=_levels(rule.when),
                    never=_levels(rule.never),
                    reason=f" ({rule.reason})" if rule.reason else "",
                )

    def universes(self) -> Iterator[Anomaly]:
        for name, levels in self.rules.universes.items():
            asked = self._among(levels)
            answered = self.frame.get_column(name).is_not_null().to_numpy()
            for kind, found in (
                (AnomalyKind.NOT_ASKED, answered & ~asked),
                (AnomalyKind.NOT_ANSWERED, asked & ~answered),
            ):
                rows = np.flatnonzero(found)
                if rows.size:
                    yield _anomaly(kind, name, rows, (), (name,), asked=_levels(levels))

    def _codes_of(self, names: Sequence[str]) -> Ints:
        """Return answers as numbers that are the same where answers are; -1 without, (n, k)."""
        # The items of a battery share their answers: they are numbered together.
        columns = [self.frame.get_column(name).cast(pl.String) for name in names]
        words = pl.concat([one.unique() for one in columns]).drop_nulls().unique().sort()
        numbers = {word: rank for rank, word in enumerate(words.to_list())}
        found = np.empty((self.frame.height, len(columns)), dtype=np.int64)
        for place, one in enumerate(columns):
            coded = one.replace_strict(numbers, default=-1, return_dtype=pl.Int32)
            found[:, place] = coded.fill_null(-1).to_numpy()
        return found

    def straight_lines(self) -> Iterator[Anomaly]:
        for battery, names in self.rules.batteries.items():
            codes = self._codes_of(names)
            answered = (codes >= 0).sum(axis=1)
            most = np.zeros(len(codes), dtype=np.int64)
            for level in range(int(codes.max(initial=-1)) + 1):
                np.maximum(most, (codes == level).sum(axis=1), out=most)
            enough = answered >= self.rules.straight_items
            rows = np.flatnonzero(enough & (most >= self.rules.straight * answered - 1e-9))
            if rows.size:
                longest = int(_longest(codes[rows]).max())
                yield _anomaly(
                    AnomalyKind.STRAIGHT_LINE,
                    battery,
                    rows,
                    (),
                    tuple(names),
                    share=_percent(self.rules.straight),
                    longest=longest,
                )

    def identifiers(self) -> Iterator[Anomaly]:
        name = self.rules.identifier
        if name is None:
            return
        twice = (
            self.frame.with_row_index("row number")
            .select("row number", name)
            .drop_nulls(name)
            .group_by(name, maintain_order=True)
            .agg("row number")
            .filter(pl.col("row number").list.len() > 1)
        )
        for value, rows in twice.iter_rows():
            yield _anomaly(
                AnomalyKind.DUPLICATE_IDENTIFIER, name, np.array(rows), (), (), value=value
            )

    def near_duplicates(self) -> Iterator[Anomaly]:
        """Find pairs of respondents that answered nearly everything alike; told by the later."""
        aside = {self.rules.identifier, self.rules.duration}
        names = [name for name, _ in self.questions() if name not in aside]
        several = [name for one in self.asked for of in one.sets.values() for name in of.variables]
        names = [one for one in dict.fromkeys([*names, *several]) if one in self.frame.columns]
        height = self.frame.height
        if len(names) < self.rules.match_questions or height > MOST_COMPARED:
            return
        codes = self._codes_of(names).T
        # Short numbers are compared twice as fast.
        short = np.int16 if codes.max(initial=0) <= np.iinfo(np.int16).max else np.int32
        codes = np.ascontiguousarray(codes.astype(short))
        first = np.full(height, -1, dtype=np.int64)
        for start in range(0, height, _BLOCK):
            end = min(start + _BLOCK, height)
            alike = np.zeros((end - start, end), dtype=np.int16)
            both = np.zeros_like(alike)
            for column in codes:
                mine, others = column[start:end, None], column[None, :end]
                known = (mine >= 0) & (others >= 0)
                both += known
                alike += known & (mine == others)
            near = (both >= self.rules.match_questions) & (alike >= self.rules.match * both - 1e-9)
            near &= np.arange(end)[None, :] < np.arange(start, end)[:, None]
            found = near.any(axis=1)
            first[start:end] = np.where(found, near.argmax(axis=1), -1)
        rows = np.flatnonzero(first >= 0)
        if rows.size:
            yield _anomaly(
                AnomalyKind.NEAR_DUPLICATE,
                "",
                rows,
                (),
                (),
                other=int(first[rows[0]]) + 1,
                share=_percent(self.rules.match),
                questions=len(names),
            )

    def speeders(self) -> Iterator[Anomaly]:
        name = self.rules.duration
        if name is None:
            return
        times = self.table.numbers(name)
        known = times[~np.isnan(times)]
        if not known.size:
            return
        limit = self.rules.speed * float(np.median(known))
        rows = np.flatnonzero(times < limit)
        if rows.size:
            yield _anomaly(
                AnomalyKind.SPEEDER,
                name,
                rows,
                (),
                (),
                value=f"{times[rows[0]]:g}",
                limit=f"{limit:g}",
                share=_percent(self.rules.speed),
            )

    def weights(self, name: str) -> Iterator[Anomaly]:
        """Find weights that are no number above 0."""
        if name not in self.frame.columns:
            # `open_study` says so, with the line of the specification.
            return
        series = self.frame.get_column(name)
        numbers: Floats = series.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
        wrong = ~(numbers > 0) | ~np.isfinite(numbers)
        texts = series.cast(pl.String).fill_null("missing")
        rows = np.flatnonzero(wrong)
        for value in dict.fromkeys(texts.gather(rows).to_list()):
            own = rows[(texts.gather(rows) == value).to_numpy()]
            yield _anomaly(AnomalyKind.WEIGHT, name, own, (), (), value=value)

    def margins(
        self, margins: Mapping[str, Mapping[str, float]], expected: float | None, *, shares: bool
    ) -> Iterator[Anomaly]:
        """Compare the categories of margins with those of respondents, and their sums."""
        first: tuple[str, float] | None = None
        for margin, totals in margins.items():
            total = sum(totals.values())
            if expected is not None:
                first = ("shares" if shares else "the population", expected)
            if first is not None and abs(total - first[1]) > _ROUNDING * abs(first[1]):
                yield _anomaly(
                    AnomalyKind.MARGIN_SUM,
                    margin,
                    np.zeros(0, dtype=np.int64),
                    (),
                    (),
                    total=f"{total:.10g}",
                    other=first[0] if expected is not None else f"« {first[0]} »",
                    expected=f"{first[1]:.10g}",
                )
            first = first or (margin, total)
            yield from self._categories(margin, totals)

    def _categories(self, margin: str, totals: Mapping[str, float]) -> Iterator[Anomaly]:
        names = [margin] if margin in self.frame.columns else margin.split(CROSSED)
        if any(name not in self.frame.columns for name in names):
            return
        given = {_parts(level, len(names)): level for level in totals}
        found: dict[tuple[str, ...], list[int]] = {}
        rows = (
            self.frame.select(pl.col(name).alias(f"v{at}") for at, name in enumerate(names))
            .with_row_index("row number")
            .group_by([f"v{at}" for at in range(len(names))], maintain_order=True)
            .agg("row number")
        )
        for *levels, places in rows.iter_rows():
            if None not in levels:
                found.setdefault(tuple(map(_text, levels)), []).extend(places)
        for key, level in given.items():
            if key not in found and totals[level] > 0:
                yield _anomaly(
                    AnomalyKind.MARGIN_EMPTY,
                    margin,
                    np.zeros(0, dtype=np.int64),
                    (),
                    (),
                    value=level,
                    total=f"{totals[level]:.10g}",
                )
        for key, places in found.items():
            if key not in given:
                yield _anomaly(
                    AnomalyKind.MARGIN_UNKNOWN,
                    margin,
                    np.sort(np.array(places)),
                    tuple(totals),
                    (),
                    value=CROSSED.join(key),
                )


def _anomaly(
    kind: AnomalyKind,
    column: str,
    rows: Ints,
    allowed: Sequence[str],
    columns: tuple[str, ...],
    **values: object,
) -> Anomaly:
    told = {name: str(value) for name, value in values.items()}
    told |= {"column": column, "rows": str(len(rows)), "allowed": listed(allowed, most=20)}
    if len(rows):
        told["row"] = str(int(rows[0]) + 1)
    return Anomaly(kind, column, rows, told, tuple(allowed), columns)


def _longest(codes: Ints) -> Ints:
    """Return the longest run of the same answer of each row."""
    run = (codes[:, 0] >= 0).astype(np.int64)
    longest = run.copy()
    for place in range(1, codes.shape[1]):
        same = (codes[:, place] == codes[:, place - 1]) & (codes[:, place] >= 0)
        run = np.where(same, run + 1, (codes[:, place] >= 0).astype(np.int64))
        np.maximum(longest, run, out=longest)
    return longest


def _parts(level: str, count: int) -> tuple[str, ...]:
    return tuple(part.strip() for part in level.split(CROSSED)) if count > 1 else (level,)


def _text(level: object) -> str:
    """Write a level as people do in a file."""
    if isinstance(level, bool):
        return str(level).lower()
    if isinstance(level, float) and level.is_integer():
        return str(int(level))
    return str(level)


def _levels(levels: Mapping[str, Sequence[WrittenLevel]]) -> str:
    return " and ".join(f"{name} {listed(wanted)}" for name, wanted in levels.items())


def _percent(share: float) -> str:
    return f"{100 * share:g} %"
