"""The estimates of a survey, one function for each statistic.

All of them take a sample or its moments, a breakdown (``by``), a domain (``over``: the levels to
keep, by variable), a confidence level and the variance, as `alliage.survey.estimate`
documents them. Respondents without an answer are left out of the base, and counted in ``missing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from alliage.survey.errors import SurveyError, SurveyProblem, listed
from alliage.survey.estimation.distribution import QuantileRule
from alliage.survey.estimation.domains import kept
from alliage.survey.estimation.estimates import Variance, estimate
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
from alliage.survey.estimation.results import Estimates, Interval, Statistic
from alliage.survey.sampling.sample import check_source

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from alliage.survey.data.coding import Level
    from alliage.survey.estimation.domains import Domain, Kept
    from alliage.survey.sampling.sample import Source


class Asked(TypedDict, total=False):
    """What every statistic may be asked with.

    Attributes
    ----------
    by
        A variable or several, whose levels are crossed. The levels of a set of columns are its
        columns: those who chose each, who may be in several groups.
    over
        The levels that the domain keeps, by variable.
    level
        Confidence level, 0.95 if not given.
    variance
        « calibrated » (if not given) or « fixed ».
    """

    by: str | Sequence[str]
    over: Domain | None
    level: float
    variance: Variance


class _Where(TypedDict):
    by: tuple[str, ...]
    over: Kept


class _How(TypedDict):
    level: float
    variance: Variance


def _where(asked: Asked) -> _Where:
    unknown = sorted(set(asked) - Asked.__annotations__.keys())
    if unknown:
        msg = (
            f"« {listed(unknown)} » cannot be given. A statistic may be asked with: "
            f"{listed(Asked.__annotations__)}."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, given=listed(unknown))
    by = asked.get("by", ())
    return {"by": (by,) if isinstance(by, str) else tuple(by), "over": kept(asked.get("over"))}


def _how(asked: Asked) -> _How:
    return {"level": asked.get("level", 0.95), "variance": asked.get("variance", "calibrated")}


def mean(
    source: Source,
    variable: str,
    **asked: Unpack[Asked],
) -> Estimates:
    """Estimate the mean of a numeric variable.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    variable : str
        A numeric column.
    **asked
        The breakdown, the domain, the level and the variance; see `Asked`.

    Returns
    -------
    Estimates
        By group.

    Examples
    --------
    >>> from alliage.survey import Design, sample
    >>> import polars as pl
    >>> rows = {"kind": ["E", "E", "H"], "pupils": [300, 500, 1000], "d": [10, 10, 5]}
    >>> schools = sample(pl.DataFrame(rows), Design(weights="d"))
    >>> mean(schools, "pupils").one().value
    520.0
    """
    return estimate(source, Mean(variable=variable, **_where(asked)), **_how(asked))


def total(
    source: Source,
    variable: str,
    **asked: Unpack[Asked],
) -> Estimates:
    """Estimate the total of a numeric variable.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    variable : str
        A numeric column.
    **asked
        The breakdown, the domain, the level and the variance; see `Asked`.

    Returns
    -------
    Estimates
        By group.

    Examples
    --------
    >>> from alliage.survey import Design, sample
    >>> import polars as pl
    >>> rows = {"kind": ["E", "E", "H"], "pupils": [300, 500, 1000], "d": [10, 10, 5]}
    >>> schools = sample(pl.DataFrame(rows), Design(weights="d"))
    >>> total(schools, "pupils").one().value
    13000.0
    """
    return estimate(source, Total(variable=variable, **_where(asked)), **_how(asked))


def count(
    source: Source,
    variable: str,
    **asked: Unpack[Asked],
) -> Estimates:
    """Estimate how many of the population carry each level.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    variable : str
        A categorical column.
    **asked
        The breakdown, the domain, the level and the variance; see `Asked`.

    Returns
    -------
    Estimates
        By group, then by level.

    Examples
    --------
    >>> from alliage.survey import Design, sample
    >>> import polars as pl
    >>> rows = {"kind": ["E", "E", "H"], "pupils": [300, 500, 1000], "d": [10, 10, 5]}
    >>> schools = sample(pl.DataFrame(rows), Design(weights="d"))
    >>> count(schools, "kind").one("H").value
    5.0
    """
    return estimate(source, Count(variable=variable, **_where(asked)), **_how(asked))


def ratio(
    source: Source,
    numerator: str,
    denominator: str,
    **asked: Unpack[Asked],
) -> Estimates:
    """Estimate the total of a numeric variable over that of another.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    numerator, denominator : str
        Numeric columns. Respondents who miss one are left out.
    **asked
        The breakdown, the domain, the level and the variance; see `Asked`.

    Returns
    -------
    Estimates
        By group.

    Examples
    --------
    >>> from alliage.survey import Design, sample
    >>> import polars as pl
    >>> rows = {"kind": ["E", "E", "H"], "pupils": [300, 500, 1000], "d": [10, 10, 5]}
    >>> schools = sample(pl.DataFrame(rows), Design(weights="d"))
    >>> ratio(schools, "pupils", "d").one().value
    57.77777777777778
    """
    request = Ratio(variable=numerator, denominator=denominator, **_where(asked))
    return estimate(source, request, **_how(asked))


def proportion(
    source: Source,
    variable: str,
    *,
    interval: Interval | str = Interval.LOGIT,
    base: Literal["answered", "everybody"] = "answered",
    **asked: Unpack[Asked],
) -> Estimates:
    """Estimate the share of each level of a variable.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    variable : str
        A categorical column.
    interval : Interval or str
        « logit », « wilson », « beta » (Korn–Graubard) or « wald ».
    base : str
        « answered », or « everybody » to keep those who did not answer in the base.
    **asked
        The breakdown, the domain, the level and the variance; see `Asked`.

    Returns
    -------
    Estimates
        By group, then by level.

    Examples
    --------
    >>> from alliage.survey import Design, sample
    >>> import polars as pl
    >>> rows = {"kind": ["E", "E", "H"], "pupils": [300, 500, 1000], "d": [10, 10, 5]}
    >>> schools = sample(pl.DataFrame(rows), Design(weights="d"))
    >>> proportion(schools, "kind").one("E").value
    0.8
    """
    request = Proportion(
        variable=variable,
        interval=_of_proportion(interval),
        everybody=_among(base, ("answered", "everybody")) == "everybody",
        **_where(asked),
    )
    return estimate(source, request, **_how(asked))


def choices(
    source: Source,
    name: str,
    *,
    interval: Interval | str = Interval.LOGIT,
    base: Literal["respondents", "responses"] = "respondents",
    **asked: Unpack[Asked],
) -> Estimates:
    """Estimate the share of each answer of a question with several answers.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    name : str
        The question, as the table describes it.
    interval : Interval or str
        As for `proportion`.
    base : str
        « respondents » who answered (shares add up to more than 1), or « responses » given.
    **asked
        The breakdown, the domain, the level and the variance; see `Asked`.

    Returns
    -------
    Estimates
        By group, then by answer.

    Examples
    --------
    >>> from alliage.survey import Design, sample
    >>> import polars as pl
    >>> rows = {"kind": ["E", "E", "H"], "pupils": [300, 500, 1000], "d": [10, 10, 5]}
    >>> schools = sample(pl.DataFrame(rows), Design(weights="d"))
    >>> choices(schools, "services")
    Traceback (most recent call last):
        ...
    alliage.survey.errors.SurveyError: There is no question « services » with several answers. ...
    """
    check_source(source)
    sets = source.sets
    if name not in sets:
        msg = (
            f"There is no question « {name} » with several answers. Those described are: "
            f"{listed(sets) or 'none'}. Describe its columns with MultiResponse."
        )
        raise SurveyError(SurveyProblem.COLUMN, msg, column=name)
    request = Choices(
        variable=name,
        columns=sets[name].variables,
        counted=sets[name].counted,
        responses=_among(base, ("respondents", "responses")) == "responses",
        interval=_of_proportion(interval),
        **_where(asked),
    )
    return estimate(source, request, **_how(asked))


def top_box(
    source: Source,
    variable: str,
    levels: Collection[Level],
    *,
    interval: Interval | str = Interval.LOGIT,
    **asked: Unpack[Asked],
) -> Estimates:
    """Estimate the share of some levels together: a top box, a bottom box.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    variable : str
        A categorical column.
    levels : collection of levels
        Those that count.
    interval : Interval or str
        As for `proportion`.
    **asked
        The breakdown, the domain, the level and the variance; see `Asked`.

    Returns
    -------
    Estimates
        By group.

    Examples
    --------
    >>> from alliage.survey import Design, sample
    >>> import polars as pl
    >>> rows = {"kind": ["E", "E", "H"], "pupils": [300, 500, 1000], "d": [10, 10, 5]}
    >>> schools = sample(pl.DataFrame(rows), Design(weights="d"))
    >>> round(top_box(schools, "kind", ["E"]).one().value, 9)
    0.8
    """
    request = Scored(
        variable=variable,
        points=dict.fromkeys(levels, 1.0),
        label=" + ".join(map(str, levels)),
        interval=_of_proportion(interval),
        statistic=Statistic.TOP_BOX,
        **_where(asked),
    )
    return estimate(source, request, **_how(asked))


def net_score(
    source: Source,
    variable: str,
    positive: Collection[Level],
    negative: Collection[Level],
    **asked: Unpack[Asked],
) -> Estimates:
    """Estimate the share of positive levels minus that of negative levels.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    variable : str
        A categorical column.
    positive, negative : collection of levels
        Those that count for 1, and for -1.
    **asked
        The breakdown, the domain, the level and the variance; see `Asked`.

    Returns
    -------
    Estimates
        By group.

    Examples
    --------
    >>> from alliage.survey import Design, sample
    >>> import polars as pl
    >>> rows = {"kind": ["E", "E", "H"], "pupils": [300, 500, 1000], "d": [10, 10, 5]}
    >>> schools = sample(pl.DataFrame(rows), Design(weights="d"))
    >>> round(net_score(schools, "kind", ["E"], ["H"]).one().value, 9)
    0.6
    """
    both = set(positive) & set(negative)
    if both:
        msg = f"« {listed(both)} » is both positive and negative. Keep it on one side."
        raise SurveyError(SurveyProblem.LEVEL, msg, value=listed(both))
    points: Mapping[Level, float] = {
        **dict.fromkeys(positive, 1.0),
        **dict.fromkeys(negative, -1.0),
    }
    request = Scored(
        variable=variable,
        points=points,
        label=f"{' + '.join(map(str, positive))} - {' - '.join(map(str, negative))}",
        statistic=Statistic.NET_SCORE,
        **_where(asked),
    )
    return estimate(source, request, **_how(asked))


def quantile(
    source: Source,
    variable: str,
    probabilities: float | Sequence[float],
    *,
    rule: QuantileRule | str = QuantileRule.MATH,
    **asked: Unpack[Asked],
) -> Estimates:
    """Estimate quantiles of a numeric variable, with Woodruff's intervals.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    variable : str
        A numeric column.
    probabilities : float or sequence of float
        Between 0 and 1.
    rule : QuantileRule or str
        « math » or « school »: which value is taken where a probability is reached exactly.
    **asked
        The breakdown, the domain, the level and the variance; see `Asked`.

    Returns
    -------
    Estimates
        By group, then by probability.

    Examples
    --------
    >>> from alliage.survey import Design, sample
    >>> import polars as pl
    >>> rows = {"kind": ["E", "E", "H"], "pupils": [300, 500, 1000], "d": [10, 10, 5]}
    >>> schools = sample(pl.DataFrame(rows), Design(weights="d"))
    >>> quantile(schools, "pupils", [0.25, 0.75]).frame()["value"].to_list()
    [300.0, 500.0]
    """
    asked_for = (probabilities,) if isinstance(probabilities, int | float) else probabilities
    request = Quantile(
        variable=variable,
        probabilities=tuple(asked_for),
        rule=QuantileRule(_among(rule, tuple(QuantileRule))),
        **_where(asked),
    )
    return estimate(source, request, **_how(asked))


def median(
    source: Source,
    variable: str,
    *,
    rule: QuantileRule | str = QuantileRule.MATH,
    **asked: Unpack[Asked],
) -> Estimates:
    """Estimate the median of a numeric variable.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    variable : str
        A numeric column.
    rule : QuantileRule or str
        As for `quantile`.
    **asked
        The breakdown, the domain, the level and the variance; see `Asked`.

    Returns
    -------
    Estimates
        By group.

    Examples
    --------
    >>> from alliage.survey import Design, sample
    >>> import polars as pl
    >>> rows = {"kind": ["E", "E", "H"], "pupils": [300, 500, 1000], "d": [10, 10, 5]}
    >>> schools = sample(pl.DataFrame(rows), Design(weights="d"))
    >>> median(schools, "pupils").one().value
    500.0
    """
    return quantile(source, variable, 0.5, rule=rule, **asked)


def gini(
    source: Source,
    variable: str,
    **asked: Unpack[Asked],
) -> Estimates:
    """Estimate the Gini coefficient of a numeric variable that is never negative.

    Parameters
    ----------
    source : Sample or Moments
        What to estimate from.
    variable : str
        A numeric column.
    **asked
        The breakdown, the domain, the level and the variance; see `Asked`.

    Returns
    -------
    Estimates
        By group.

    Examples
    --------
    >>> from alliage.survey import Design, sample
    >>> import polars as pl
    >>> rows = {"kind": ["E", "E", "H"], "pupils": [300, 500, 1000], "d": [10, 10, 5]}
    >>> schools = sample(pl.DataFrame(rows), Design(weights="d"))
    >>> round(gini(schools, "pupils").one().value, 6)
    0.246154
    """
    return estimate(source, Gini(variable=variable, **_where(asked)), **_how(asked))


def _of_proportion(interval: Interval | str) -> Interval:
    allowed = (Interval.LOGIT, Interval.WILSON, Interval.BETA, Interval.WALD)
    return Interval(_among(interval, allowed))


def _among(given: str, allowed: Sequence[str]) -> str:
    if given not in allowed:
        msg = f"« {given} » cannot be asked. Ask for {listed(allowed)}."
        raise SurveyError(SurveyProblem.REQUEST, msg, given=given)
    return given
