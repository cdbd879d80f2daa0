"""What a file of respondents holds, how it was drawn, and what is wrong with it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from alliage.survey.data.questionnaire import described, one_by_one
from alliage.survey.data.table import LARGEST, Scale
from alliage.survey.errors import SurveyError, listed
from alliage.survey.publishing.listing import Heading, Kind, Listing, written
from alliage.survey.publishing.words import word
from alliage.survey.sampling.design import LonelyUnit, per_stage
from alliage.survey.sampling.sample import sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alliage.survey.data.coding import Level
    from alliage.survey.data.questionnaire import Questionnaire
    from alliage.survey.data.table import Table, Variable
    from alliage.survey.publishing.words import Language
    from alliage.survey.sampling.design import Design

_MOST_LEVELS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableSummary:
    """What a column holds.

    Attributes
    ----------
    name, label
        The column, and the question.
    kind
        The type of its values.
    answered, missing
        Respondents with an answer, and without.
    levels
        The levels, where they are few; else empty.
    low, high
        The extremes of numbers.
    whole
        Whether all of these numbers are whole.
    reasons
        Why there is no answer, where the file says it apart from the numbers.
    """

    name: str
    label: str
    kind: str
    answered: int
    missing: int
    levels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    whole: bool = False
    reasons: tuple[str, ...] = ()


#: What is told of a design: the name of a word, a number, and what it is.
Fact: TypeAlias = tuple[str, float, Kind]


@dataclass(frozen=True, slots=True)
class Description:
    """A file of respondents.

    Attributes
    ----------
    variables
        Its columns.
    facts
        What is known of how the sample was drawn.
    findings
        What is wrong, and what to do about it.
    """

    variables: tuple[VariableSummary, ...]
    facts: tuple[Fact, ...]
    findings: tuple[str, ...]

    def listing(self, language: Language = "fr") -> Listing:
        """Return the columns as rows, then the findings as notes."""
        headings = (
            Heading(word("variable", language)),
            Heading(word("label", language)),
            Heading(word("type", language), minor=True),
            Heading(word("answered", language), Kind.COUNT),
            Heading(word("missing", language), Kind.COUNT),
            Heading(word("levels", language)),
        )
        rows = tuple(
            (one.name, one.label, one.kind, one.answered, one.missing, _values(one, language))
            for one in self.variables
        )
        notes = (
            word("title", language, text=word(name, language), value=written(value, kind, language))
            for name, value, kind in self.facts
        )
        return Listing(headings, rows, (*notes, *self.findings))


def _values(one: VariableSummary, language: Language) -> str:
    if one.levels or one.reasons:
        return ", ".join((*one.levels, *one.reasons))
    if one.low is None or one.high is None:
        return ""
    kind = Kind.COUNT if one.whole else Kind.QUANTITY
    return f"{written(one.low, kind, language)} – {written(one.high, kind, language)}"


def checked_answers(table: Table, questionnaire: Questionnaire) -> tuple[Table, list[str]]:
    """Describe a table by a questionnaire, question by question.

    Returns
    -------
    Table
        With the questions that its answers agree with.
    list of str
        What is wrong with the others.
    """
    findings: list[str] = []
    for _, _, part in one_by_one(questionnaire):
        try:
            table = described(table, part)
        except SurveyError as error:
            findings.append(str(error))
    return table, findings


def describe(table: Table, design: Design | None = None) -> Description:
    """Describe a table of respondents and how it was drawn.

    Parameters
    ----------
    table : Table
        The respondents.
    design : Design, optional
        How they were drawn.

    Returns
    -------
    Description
        Every column, the design, and what is wrong.

    Examples
    --------
    >>> import polars as pl
    >>> from alliage.survey import Design, Table
    >>> rows = pl.DataFrame({"q": ["y", "n", None], "s": ["a", "a", "b"], "d": [1.0, 2.0, 3.0]})
    >>> found = describe(Table.of(rows), Design(weights="d", strata="s"))
    >>> found.variables[0].answered, found.variables[0].levels
    (2, ('n', 'y'))
    >>> print(found.findings[0])
    One unit was drawn in the strata b: errors cannot be computed. Join strata, or say ...
    """
    variables = tuple(_summary(table, name) for name in table.frame.columns)
    findings = list(table.findings)
    findings += [
        f"« {one.name} » holds no answer. Remove the column, or complete it."
        for one in variables
        if not one.answered
    ]
    findings += _unusable(table)
    facts: list[Fact] = [("rows", float(table.frame.height), Kind.COUNT)]
    if design is not None:
        found, wrong = _drawn(table, design)
        facts += found
        findings += wrong
    return Description(variables, tuple(facts), tuple(dict.fromkeys(findings)))


def _unusable(table: Table) -> Iterator[str]:
    """Say where numbers are infinite, or so large that nothing can be computed."""
    for column in table.frame.get_columns():
        if column.dtype.is_numeric():
            try:
                table.numbers(column.name)
            except SurveyError as error:
                yield str(error)


def _summary(table: Table, name: str) -> VariableSummary:
    column = table.column(name)
    known = table.variables.get(name)
    answered = len(column) - column.null_count()
    numeric = column.dtype.is_numeric() and not (known is not None and known.levels)
    measured = known is not None and known.scale is Scale.NUMERIC
    measured = measured or column.dtype.is_float()
    levels: tuple[str, ...] = ()
    if answered and not (numeric and measured) and _is_short(column, numeric=numeric):
        labels = known.labels if known is not None else {}
        found = table.levels(name)
        if len(found) <= _MOST_LEVELS:
            levels = tuple(_level(level, labels.get(level, "")) for level in found)
    numbers = column.cast(pl.Float64).to_numpy() if numeric else np.empty(0)
    usable = numbers[np.abs(numbers) <= LARGEST]
    return VariableSummary(
        name=name,
        label="" if known is None else known.label,
        kind=str(column.dtype),
        answered=answered,
        missing=column.null_count(),
        levels=levels,
        low=float(usable.min()) if usable.size else None,
        high=float(usable.max()) if usable.size else None,
        whole=column.dtype.is_integer(),
        reasons=() if known is None else tuple(itertools.starmap(_level, _reasons(known).items())),
    )


def _is_short(column: pl.Series, *, numeric: bool) -> bool:
    """Whether its values may be listed: lists and records are no levels."""
    if column.dtype.is_nested():
        return False
    return not numeric or column.n_unique() <= _MOST_LEVELS


def _reasons(known: Variable) -> dict[Level, str]:
    """Return why there may be no answer, by code or by letter of Stata."""
    return known.reasons | dict(known.letters)


def _level(level: object, label: str) -> str:
    return str(level) if label in {"", str(level)} else f"{level} {label}"


def _drawn(table: Table, design: Design) -> tuple[list[Fact], list[str]]:
    try:
        drawn = sample(table, design)
    except SurveyError as error:
        return [], [str(error)]
    weights = drawn.design_weights
    facts: list[Fact] = [
        ("sum of weights", float(weights.sum()), Kind.QUANTITY),
        ("smallest weight", float(weights.min()), Kind.QUANTITY),
        ("largest weight", float(weights.max()), Kind.QUANTITY),
        (
            "kish effect",
            float(len(weights) * (weights**2).sum() / weights.sum() ** 2),
            Kind.QUANTITY,
        ),
    ]
    strata, units = per_stage(design.strata), per_stage(design.clusters)
    stratum = strata[0] if strata else None
    unit = units[0] if units else None
    rows = table.frame.select(
        stratum=pl.lit("") if stratum is None else pl.col(stratum),
        unit=pl.int_range(pl.len()) if unit is None else pl.col(unit),
    )
    of_stratum = rows.group_by("stratum").agg(pl.col("unit").n_unique()).sort("stratum")
    facts += [
        ("strata", float(of_stratum.height), Kind.COUNT),
        ("units", float(of_stratum["unit"].sum()), Kind.COUNT),
    ]
    lonely = of_stratum.filter(pl.col("unit") == 1)["stratum"].to_list()
    if lonely and design.lonely is LonelyUnit.FAIL and design.replicates is None:
        return facts, [
            (
                f"One unit was drawn in the strata {listed(lonely)}: errors cannot be computed. "
                "Join strata, or say what to do with `lonely`."
            )
        ]
    return facts, []
