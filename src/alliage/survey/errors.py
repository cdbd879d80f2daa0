"""The refusals of the survey engine: one error, one code for each reason."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class SurveyProblem(StrEnum):
    """Why a survey cannot be read, weighted or estimated as asked."""

    COLUMN = "column"
    FRAME = "frame"
    EMPTY = "empty"
    TYPE = "type"
    VALUE = "value"
    LEVEL = "level"
    ENCODING = "encoding"
    TRUNCATED = "truncated"
    FORMAT = "format"
    WEIGHT_MISSING = "weight_missing"
    WEIGHT_NOT_NUMBER = "weight_not_number"
    WEIGHT_NOT_POSITIVE = "weight_not_positive"
    DESIGN_MISSING = "design_missing"
    CLUSTERS_NOT_NESTED = "clusters_not_nested"
    POPULATION_SIZE = "population_size"
    LONELY_UNIT = "lonely_unit"
    REPLICATES = "replicates"
    DEGREES_OF_FREEDOM = "degrees_of_freedom"
    MARGIN_MISSING = "margin_missing"
    MARGIN_ABSENT = "margin_absent"
    MARGIN_UNKNOWN = "margin_unknown"
    MARGIN_TOTAL = "margin_total"
    MARGIN_SUMS = "margin_sums"
    BOUNDS = "bounds"
    NOT_CONVERGED = "not_converged"
    DESIGN_EFFECT = "design_effect"
    EMPTY_DOMAIN = "empty_domain"
    REQUEST = "request"
    ZERO_DENOMINATOR = "zero_denominator"
    MOMENTS = "moments"


class SurveyError(ValueError):
    """A survey cannot be read, weighted or estimated as asked.

    Attributes
    ----------
    problem
        What is wrong.
    values
        The facts of the refusal, by name, as text.

    Examples
    --------
    >>> error = SurveyError(SurveyProblem.COLUMN, "There is no column « q9 ».", column="q9")
    >>> error.problem.value, error.values
    ('column', {'column': 'q9'})
    """

    def __init__(self, problem: SurveyProblem, message: str, **values: object) -> None:
        self.problem = problem
        self.values = {name: str(value) for name, value in values.items()}
        super().__init__(message)


def listed(items: Iterable[object], *, most: int = 8) -> str:
    """Write a list for a sentence, cut after ``most`` items.

    Examples
    --------
    >>> listed(["a", "b"]), listed(range(12), most=3)
    ('a, b', '0, 1, 2 and 9 more')
    """
    texts = [str(item) for item in items]
    if len(texts) <= most:
        return ", ".join(texts)
    return f"{', '.join(texts[:most])} and {len(texts) - most} more"
