"""A study written by people as YAML: the data, the design, the weights, and what is wanted of them.

The format is described in ``docs/reference/survey-specification.md``.
"""

from __future__ import annotations

import codecs
import difflib
import math
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    field_validator,
    model_validator,
)

from alliage.survey.comparison.comparisons import Adjustment
from alliage.survey.data.questionnaire import Question, SeveralAnswers
from alliage.survey.data.reading import NO_ANSWER
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation.results import Interval
from alliage.survey.sampling.calibration import check_options
from alliage.survey.sampling.design import DfRule, LonelyUnit, ReplicateKind
from alliage.survey.sampling.report import Method
from alliage.survey.tables.questions import Answers
from alliage.values.yaml_files import (
    Fault,
    FaultyRecordError,
    InvalidFilesError,
    Problem,
    read_record,
)
from alliage.values.yaml_lines import with_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What stands between variables, or levels, that are crossed: « region * sex ».
CROSSED = " * "
#: The name of the weights that were not calibrated.
DESIGN_WEIGHTS = "design"


class SpecificationProblem(Problem):
    """What can be wrong with a specification, by itself or against the data."""

    UNKNOWN_KEY = "unknown_key", "« %(given)s » is no key here%(near)s. The keys are: %(allowed)s."
    TWICE = "twice", "the name « %(given)s » is given twice. Give each its own."
    REFERENCE = (
        "reference",
        "« %(given)s » names none of the %(kind)s%(near)s. They are: %(allowed)s.",
    )
    NOT_LEVEL = "not_level", "« %(given)s » is no level. Write a word, a number, true or false."
    NOT_NUMBER = "not_number", "« %(given)s » is no number. Write one, with a point for decimals."
    ENCODING = "encoding", "« %(given)s » is no encoding. Write utf-8, or windows-1252."
    DEGREES = (
        "degrees",
        "« %(given)s » is no rule. Write psu-strata, design, infinite, or a number above 0.",
    )
    MARGINS = "margins", "margins are given %(given)s. Write `margins`, or `margins_file`."
    KEYS = "keys", "« %(statistic)s » %(fact)s `%(key)s`. %(remedy)s."
    COLUMN = (
        "column",
        "there is no column « %(given)s » in the data%(near)s. The columns are: %(allowed)s.",
    )
    LEVEL = (
        "level",
        "« %(given)s » is no level of « %(column)s »%(near)s. The levels are: %(allowed)s.",
    )
    REFUSED = "refused", "%(fact)s"
    FILE = "file", "« %(given)s » cannot be used: %(fact)s"
    MARGIN_COLUMNS = (
        "margin_columns",
        "« %(given)s » has the columns %(found)s. Give it the columns %(expected)s.",
    )
    MARGIN_ROW = "margin_row", "%(place)s has no %(fact)s. Complete it."
    MARGIN_TWICE = (
        "margin_twice",
        (
            "%(place)s gives « %(given)s », which lines above give already. Keep one total of each "
            "level, or of the variable."
        ),
    )
    REPLICATE_NAMES = (
        "replicate_names",
        "no column of the data is called like « %(given)s ». The columns are: %(allowed)s.",
    )


def near(given: object, allowed: Iterable[object]) -> str:
    """Write the nearest of the names allowed, for a sentence; nothing where none is near.

    Examples
    --------
    >>> near("statum", ["stratum", "weights"]), near("x", ["stratum"])
    (' (did you mean « stratum »?)', '')
    """
    names = {str(name).casefold(): str(name) for name in allowed}
    found = difflib.get_close_matches(str(given).casefold(), names, n=1, cutoff=0.6)
    return f" (did you mean « {names[found[0]]} »?)" if found else ""


def _frozen(content: Any) -> Any:
    """Make tuples of lists: what is read never changes."""
    if isinstance(content, list | tuple):
        return tuple(_frozen(item) for item in content)
    if isinstance(content, dict):
        return {name: _frozen(item) for name, item in content.items()}
    return content


class Section(BaseModel):
    """A part of a specification: no unknown key, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, content: Any) -> Any:
        if isinstance(content, dict):
            unknown = [key for key in content if key not in cls.model_fields]
            if unknown:
                allowed = tuple(cls.model_fields)
                raise FaultyRecordError(
                    *(
                        Fault(
                            SpecificationProblem.UNKNOWN_KEY,
                            {"given": key, "near": near(key, allowed), "allowed": _list(allowed)},
                            (key,),
                        )
                        for key in unknown
                    )
                )
        return _frozen(content)


def _list(items: Iterable[object]) -> str:
    return ", ".join(map(str, items)) or "none"


def _one_or_several(content: Any) -> Any:
    return (content,) if isinstance(content, str | int | float) else content


def _level(content: Any) -> str | int | float | bool:
    if isinstance(content, str | int | float):
        return content
    raise FaultyRecordError(Fault(SpecificationProblem.NOT_LEVEL, {"given": str(content)}))


def _encoding(content: Any) -> str:
    try:
        return codecs.lookup(str(content)).name
    except LookupError:
        given = {"given": str(content)}
        raise FaultyRecordError(Fault(SpecificationProblem.ENCODING, given)) from None


def _degrees(content: Any) -> DfRule | float:
    if isinstance(content, str) and content in tuple(DfRule):
        return DfRule(content)
    if content == "infinite":
        return math.inf
    if isinstance(content, int | float) and not isinstance(content, bool) and content > 0:
        return float(content)
    raise FaultyRecordError(Fault(SpecificationProblem.DEGREES, {"given": str(content)}))


def _numbers(content: Any) -> Any:
    """Check that what is given is a number, or mappings that end in numbers."""
    wrong = list(_not_numbers(content, ()))
    if wrong:
        raise FaultyRecordError(*wrong)
    return content


def _not_numbers(content: Any, within: tuple[str | int, ...]) -> Iterator[Fault]:
    if isinstance(content, Mapping) and content:
        for key, item in content.items():
            yield from _not_numbers(item, (*within, key))
    elif isinstance(content, bool) or not isinstance(content, int | float):
        yield Fault(SpecificationProblem.NOT_NUMBER, {"given": str(content)}, within)


Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
FileLevel = Annotated[str | int | float | bool, PlainValidator(_level)]
Levels = Annotated[tuple[FileLevel, ...], BeforeValidator(_one_or_several), Field(min_length=1)]
Numbers = Annotated[Any, PlainValidator(_numbers)]
Confidence = Annotated[float, Field(gt=0, lt=1)]


class Named(Section):
    """A part that others, and the command line, refer to by its name.

    Attributes
    ----------
    name
        Its name, which no other part of the kind has.
    """

    name: Text


class Data(Section):
    """What is known of the file of respondents, besides what it says itself.

    Attributes
    ----------
    questionnaire
        A file beside the specification: a questionnaire as YAML, or DDI-Codebook (``.xml``).
    encoding
        Of the texts of CSV, SPSS and Stata files.
    no_answer
        Texts of CSV and XLSX cells that stand for no answer.
    variables
        The questions by column, as in a questionnaire: label, levels, missing, scale, universe.
    sets
        The questions with several answers: label, variables, counted.
    """

    questionnaire: Text | None = None
    encoding: Annotated[str, PlainValidator(_encoding)] = "utf-8"
    no_answer: tuple[str, ...] = NO_ANSWER
    variables: dict[str, Question] = Field(default_factory=dict)
    sets: dict[str, SeveralAnswers] = Field(default_factory=dict)


class Replicates(Section):
    """Replicate weights of the data.

    Attributes
    ----------
    columns
        Their columns; « rep* » is all those whose name begins with rep.
    kind
        How they were made.
    combined
        Whether they are whole weights; else they multiply the weight of the respondent.
    scale
        The factor of the sum of squares, where it does not follow from the kind.
    rscales
        The factor of each replicate.
    fay
        The coefficient of Fay.
    mse
        Whether squares are taken around the estimate.
    """

    columns: Annotated[tuple[Text, ...], Field(min_length=1)]
    kind: ReplicateKind
    combined: bool = True
    scale: float | None = None
    rscales: tuple[float, ...] = ()
    fay: float = 0.0
    mse: bool = False

    _short = field_validator("columns", mode="before")(_one_or_several)


class Drawn(Section):
    """How the sample was drawn.

    Attributes
    ----------
    weights
        The column of design weights; everybody counts for 1 without it.
    strata
        The column of strata, or one for each stage.
    clusters
        The column of the units drawn, or one for each stage.
    fpc
        The column of population sizes or sampling fractions, or one for each stage.
    nested
        Whether identifiers of clusters start again in each stratum.
    replicates
        Replicate weights, in the place of strata, clusters and fpc.
    lonely
        What to do with a stratum where a single unit was drawn.
    df
        Degrees of freedom: a rule, a number, or « infinite ».
    """

    weights: Text | None = None
    strata: tuple[Text | None, ...] = ()
    clusters: tuple[Text | None, ...] = ()
    fpc: tuple[Text | None, ...] = ()
    nested: bool = False
    replicates: Replicates | None = None
    lonely: LonelyUnit = LonelyUnit.FAIL
    df: Annotated[DfRule | float, PlainValidator(_degrees)] = DfRule.DOMAIN

    _short = field_validator("strata", "clusters", "fpc", mode="before")(_one_or_several)


class Calibrated(Named):
    """Weights that give back known totals.

    Attributes
    ----------
    name
        The name of the weights, and of their column in the file that is written.
    method
        The distance between weights.
    margins
        Totals by variable and level, or the total of a numeric variable; variables are crossed
        with « * ». With ``per``, all this by wave.
    margins_file
        The same as a CSV or XLSX file beside the specification, with the columns variable, level
        and total (and that of ``per``).
    per
        The variable whose levels are waves with margins of their own.
    shares
        Whether margins are shares, and numeric totals means.
    population
        How many people there are; by wave with ``per``.
    bounds
        The smallest and largest ratio of calibrated to design weight.
    bounds_on
        What the bounds are those of.
    max_design_effect
        Kish's design effect not to exceed.
    tolerance
        Largest relative error of a margin.
    max_iterations
        Steps of Newton's method.
    """

    name: Text = "weight"
    method: Method = Method.RAKING
    margins: Annotated[dict[str, Any], PlainValidator(_numbers)] = Field(default_factory=dict)
    margins_file: Text | None = None
    per: Text | None = None
    shares: bool = False
    population: Numbers = None
    bounds: tuple[float, float] | None = None
    bounds_on: Literal["ratio", "weight"] = "ratio"
    max_design_effect: float | None = None
    tolerance: Annotated[float, Field(gt=0)] = 1e-10
    max_iterations: Annotated[int, Field(ge=1)] = 100

    @model_validator(mode="after")
    def _margins_are_given_once(self) -> Calibrated:
        if bool(self.margins) == (self.margins_file is not None):
            given = "twice" if self.margins else "nowhere"
            raise FaultyRecordError(Fault(SpecificationProblem.MARGINS, {"given": given}))
        return self

    @model_validator(mode="after")
    def _weights_can_be_within_bounds(self) -> Calibrated:
        try:
            check_options(self.method, self.bounds, self.max_design_effect)
        except SurveyError as error:
            key = "bounds" if error.problem is SurveyProblem.BOUNDS else "max_design_effect"
            fault = Fault(SpecificationProblem.REFUSED, {"fact": str(error)}, (key,))
            raise FaultyRecordError(fault) from error
        return self


class Bases(Section):
    """When a figure may be shown: as `alliage.survey.BaseRule`.

    Attributes
    ----------
    suppress_below
        Respondents, and effective respondents, under which a figure is not shown.
    caution_below
        The same under which it is shown with a warning.
    largest_variation
        Coefficient of variation above which it is shown with a warning.
    """

    suppress_below: Annotated[float, Field(ge=0)] = 30
    caution_below: Annotated[float, Field(ge=0)] = 60
    largest_variation: Annotated[float, Field(gt=0)] = 0.33


class Asked(Section):
    """A question of a table; a name alone is a question.

    Attributes
    ----------
    variable
        A column, or the name of a set of columns for several answers.
    answers
        What it holds. If not given, choices for a set, number for a numeric scale or for numbers
        that nothing describes as levels (decimals, more than 40 values), else levels; levels too
        where there are boxes or points.
    boxes
        Groups of levels with a row of their own, by label.
    points
        The score of each level, for a row of their mean.
    responses
        For several answers: shares of all the answers given, else of those who answered.
    """

    variable: Text
    answers: Answers | None = None
    boxes: dict[str, Levels] = Field(default_factory=dict)
    points: dict[str, float] = Field(default_factory=dict)
    responses: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short(cls, content: Any) -> Any:
        return {"variable": content} if isinstance(content, str) else content


class Weighted(Named):
    """What is computed with weights.

    Attributes
    ----------
    name
        Its name.
    weights
        The name of the calibration, or « design » for the weights of the design; the first
        calibration if not given.
    over
        The levels that the domain keeps, by variable.
    variance
        Whether the error knows of the calibration.
    level
        Confidence level.
    """

    weights: Text | None = None
    over: dict[str, Levels] = Field(default_factory=dict)
    variance: Literal["calibrated", "fixed"] = "calibrated"
    level: Confidence = 0.95


class Tabulated(Weighted):
    """A banner table.

    Attributes
    ----------
    level
        Confidence of the letters in capitals.
    questions
        The questions.
    breakdowns
        Variables, or sets of columns; those crossed are joined by « * ».
    loose
        Confidence of the small letters; there are none if not given.
    adjustment
        How the tests made together are taken into account.
    base_rule
        When a figure is shown; that of the specification if not given.
    """

    questions: Annotated[tuple[Asked, ...], Field(min_length=1)]
    breakdowns: tuple[Text, ...] = ()
    loose: Confidence | None = None
    adjustment: Adjustment = Adjustment.HOLM
    base_rule: Bases | None = None

    _short = field_validator("questions", "breakdowns", mode="before")(_one_or_several)


class Figure(StrEnum):
    """What may be estimated, by the name of its function."""

    MEAN = "mean"
    TOTAL = "total"
    COUNT = "count"
    PROPORTION = "proportion"
    CHOICES = "choices"
    RATIO = "ratio"
    QUANTILE = "quantile"
    TOP_BOX = "top_box"
    NET_SCORE = "net_score"
    GINI = "gini"


#: The keys that a statistic needs, and those that it may have.
_NEEDS: Mapping[Figure, tuple[str, ...]] = {
    Figure.RATIO: ("denominator",),
    Figure.QUANTILE: ("probabilities",),
    Figure.TOP_BOX: ("levels",),
    Figure.NET_SCORE: ("positive", "negative"),
}
_MAY: Mapping[Figure, tuple[str, ...]] = {
    Figure.PROPORTION: ("interval", "base"),
    Figure.CHOICES: ("interval", "base"),
    Figure.TOP_BOX: ("interval",),
}


class Estimated(Weighted):
    """A statistic of one variable or of several, estimated together.

    Attributes
    ----------
    statistic
        What is estimated.
    variables
        The variables, each giving its figures.
    by
        The variables of the breakdown; their levels are crossed. Those of a set are its columns:
        who chose several is in several groups.
    denominator
        Of a ratio.
    probabilities
        Of quantiles.
    levels
        Of a top box.
    positive, negative
        Levels of a net score.
    interval
        Of a proportion; logit if not given.
    base
        Of a proportion: answered or everybody. Of choices: respondents or responses.
    """

    statistic: Figure
    variables: Annotated[tuple[Text, ...], Field(min_length=1)]
    by: tuple[Text, ...] = ()
    denominator: Text | None = None
    probabilities: tuple[Confidence, ...] = ()
    levels: tuple[FileLevel, ...] = ()
    positive: tuple[FileLevel, ...] = ()
    negative: tuple[FileLevel, ...] = ()
    interval: Literal[Interval.LOGIT, Interval.WILSON, Interval.BETA, Interval.WALD] | None = None
    base: Literal["answered", "everybody", "respondents", "responses"] | None = None

    _short = field_validator(
        "variables", "by", "probabilities", "levels", "positive", "negative", mode="before"
    )(_one_or_several)

    @model_validator(mode="after")
    def _keys_go_with_the_statistic(self) -> Estimated:
        needed, allowed = _NEEDS.get(self.statistic, ()), _MAY.get(self.statistic, ())
        special = {key for keys in (*_NEEDS.values(), *_MAY.values()) for key in keys}
        faults = [
            _key_fault(self.statistic, key, "needs", "Add it")
            for key in needed
            if not getattr(self, key)
        ]
        faults += [
            _key_fault(self.statistic, key, "does not take", "Remove it", (key,))
            for key in sorted(special - {*needed, *allowed})
            if getattr(self, key)
        ]
        bases = {Figure.PROPORTION: ("answered", "everybody")}.get(
            self.statistic, ("respondents", "responses")
        )
        if not faults and self.base is not None and self.base not in bases:
            remedy = f"Write {' or '.join(bases)}"
            faults.append(
                _key_fault(self.statistic, f"base: {self.base}", "does not take", remedy, ("base",))
            )
        if faults:
            raise FaultyRecordError(*faults)
        return self


def _key_fault(
    statistic: Figure, key: str, fact: str, remedy: str, within: tuple[str, ...] = ()
) -> Fault:
    values = {"statistic": statistic.value, "key": key, "fact": fact, "remedy": remedy}
    return Fault(SpecificationProblem.KEYS, values, within)


class OfEstimate(Named):
    """What is made of estimates.

    Attributes
    ----------
    name
        Its name.
    estimate
        The name of the estimates.
    """

    estimate: Text


class Compared(OfEstimate):
    """Differences between estimates.

    Attributes
    ----------
    across
        The variable of the breakdown whose levels are compared, all else being the same; without
        it every estimate is compared with every other.
    reference
        The level, or the variable, that the others are compared with; without it, all pairs.
    adjustment
        How the tests made together are taken into account.
    """

    across: Text | None = None
    reference: FileLevel | None = None
    adjustment: Adjustment = Adjustment.HOLM


class Followed(OfEstimate):
    """What became of estimates from wave to wave.

    Attributes
    ----------
    wave
        The variable of the breakdown whose levels are waves.
    years
        The time of each wave in years, where levels are not years themselves.
    breaks
        The wave at which the series starts anew, and why.
    adjustment
        How the tests made together are taken into account.
    """

    wave: Text
    years: dict[str, float] = Field(default_factory=dict)
    breaks: dict[str, Text] = Field(default_factory=dict)
    adjustment: Adjustment = Adjustment.HOLM


class Ranked(OfEstimate):
    """The order of estimates, with what is not known of it.

    Attributes
    ----------
    first
        k: asks for the probability of being among the first k.
    level
        Confidence that every set of ranks holds at once.
    """

    first: Annotated[int, Field(ge=1)] | None = None
    level: Annotated[float, Field(ge=0.5, lt=1)] = 0.95


class Protection(Section):
    """When a cell of the tables says too much of too few.

    Attributes
    ----------
    least
        Fewest respondents of a published cell.
    least_effective
        Smallest effective size of a published cell.
    dominance
        Largest share of a cell that its greatest contributor may hold.
    rounding
        Counts are rounded to a multiple of it, sums kept, instead of hidden.
    applies_to
        base: a column of too few respondents is hidden whole; answer: so is each answer that too
        few people gave.
    distance
        Share of its value by which a reader's bounds must lie away from a hidden cell.
    """

    least: Annotated[int, Field(ge=1)] = 11
    least_effective: Annotated[float, Field(gt=0)] | None = None
    dominance: Annotated[float, Field(gt=0, le=1)] | None = None
    rounding: Annotated[int, Field(ge=2)] | None = None
    applies_to: Literal["base", "answer"] = "base"
    distance: Annotated[float, Field(ge=0)] = 0.2


class Specification(Section):
    """A whole study.

    Attributes
    ----------
    title
        The name of the survey.
    language
        That of what people read.
    data
        What is known of the file.
    design
        How the sample was drawn.
    calibrations
        The weights, several where the study has several.
    base_rule
        When a figure is shown: of tables, of estimates, and of what is made of these.
    tables
        Questions by breakdowns.
    estimates
        Figures, by name.
    comparisons, trends, ranks
        What is made of these figures.
    protection
        When a cell of the tables may not be published.
    """

    title: Text
    language: Literal["fr", "en"] = "fr"
    data: Data = Field(default_factory=Data)
    design: Drawn = Field(default_factory=Drawn)
    calibrations: tuple[Calibrated, ...] = ()
    base_rule: Bases = Field(default_factory=Bases)
    tables: tuple[Tabulated, ...] = ()
    estimates: tuple[Estimated, ...] = ()
    comparisons: tuple[Compared, ...] = ()
    trends: tuple[Followed, ...] = ()
    ranks: tuple[Ranked, ...] = ()
    protection: Protection = Field(default_factory=Protection)

    @model_validator(mode="after")
    def _names_lead_somewhere(self) -> Specification:
        faults = [*self._twice(), *self._lost()]
        if faults:
            raise FaultyRecordError(*faults)
        return self

    def _twice(self) -> Iterator[Fault]:
        for kind in ("calibrations", "tables", "estimates", "comparisons", "trends", "ranks"):
            parts: tuple[Named, ...] = getattr(self, kind)
            counts = Counter(part.name for part in parts)
            for place, part in enumerate(parts):
                reserved = kind == "calibrations" and part.name == DESIGN_WEIGHTS
                if counts[part.name] > 1 or reserved:
                    yield Fault(
                        SpecificationProblem.TWICE, {"given": part.name}, (kind, place, "name")
                    )

    def _lost(self) -> Iterator[Fault]:
        weights = (*(one.name for one in self.calibrations), DESIGN_WEIGHTS)
        for kind, weighted in (("tables", self.tables), ("estimates", self.estimates)):
            for place, one in enumerate(weighted):
                if one.weights is not None and one.weights not in weights:
                    yield _lost(one.weights, "weights", weights, (kind, place, "weights"))
        estimates = tuple(one.name for one in self.estimates)
        made: dict[str, tuple[OfEstimate, ...]] = {
            "comparisons": self.comparisons,
            "trends": self.trends,
            "ranks": self.ranks,
        }
        for kind, parts in made.items():
            for place, part in enumerate(parts):
                if part.estimate not in estimates:
                    yield _lost(part.estimate, "estimates", estimates, (kind, place, "estimate"))

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it names, which stand beside it."""
        named = (self.data.questionnaire, *(one.margins_file for one in self.calibrations))
        return tuple(name for name in named if name is not None)

    def estimated(self, name: str) -> Estimated:
        """Return the estimates of a name, which the specification is known to hold."""
        return next(one for one in self.estimates if one.name == name)


def _lost(given: str, kind: str, allowed: tuple[str, ...], within: tuple[str | int, ...]) -> Fault:
    values = {"given": given, "kind": kind, "near": near(given, allowed), "allowed": _list(allowed)}
    return Fault(SpecificationProblem.REFERENCE, values, within)


def read_specification(path: str | Path) -> Specification:
    """Read a specification.

    Parameters
    ----------
    path : str or Path
        A YAML file.

    Returns
    -------
    Specification
        What is asked, sound in itself; names are looked up in the data by
        `alliage.survey.open_study`.

    Raises
    ------
    alliage.values.yaml_files.InvalidFilesError
        With every problem of the file and its line.
    """
    path = Path(path)
    try:
        return read_record(path, Specification)
    except InvalidFilesError as error:
        raise InvalidFilesError(with_lines(path, error.problems)) from error
