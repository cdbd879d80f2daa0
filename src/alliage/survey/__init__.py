"""Surveys: from a file of respondents to estimates with their errors.

Everything is computed from moments: respondents that nothing asked can tell apart are gathered in
one cell, and a respondent alone is a cell of one. See ``docs/adr/0020-survey-engine.md``.
"""

from __future__ import annotations

from alliage.survey.calibration import calibrate
from alliage.survey.ddi import read_ddi, write_ddi
from alliage.survey.design import Design, DfRule, LonelyUnit, ReplicateColumns, ReplicateKind
from alliage.survey.distribution import QuantileRule
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation import estimate
from alliage.survey.moments import Moments, moments
from alliage.survey.questionnaire import Questionnaire, read_questionnaire
from alliage.survey.reading import read
from alliage.survey.report import CalibrationReport, MarginLine, Method
from alliage.survey.requests import (
    Choices,
    Count,
    Gini,
    Mean,
    Proportion,
    Quantile,
    Ratio,
    Request,
    Scored,
    Total,
)
from alliage.survey.results import (
    BaseRule,
    Estimate,
    Estimates,
    Interval,
    Provenance,
    Reliability,
    StandardError,
    Statistic,
)
from alliage.survey.sample import Sample, sample
from alliage.survey.statistics import (
    choices,
    count,
    gini,
    mean,
    median,
    net_score,
    proportion,
    quantile,
    ratio,
    top_box,
    total,
)
from alliage.survey.table import Level, MultiResponse, Scale, Table, Variable

__all__ = [
    "BaseRule",
    "CalibrationReport",
    "Choices",
    "Count",
    "Design",
    "DfRule",
    "Estimate",
    "Estimates",
    "Gini",
    "Interval",
    "Level",
    "LonelyUnit",
    "MarginLine",
    "Mean",
    "Method",
    "Moments",
    "MultiResponse",
    "Proportion",
    "Provenance",
    "Quantile",
    "QuantileRule",
    "Questionnaire",
    "Ratio",
    "Reliability",
    "ReplicateColumns",
    "ReplicateKind",
    "Request",
    "Sample",
    "Scale",
    "Scored",
    "StandardError",
    "Statistic",
    "SurveyError",
    "SurveyProblem",
    "Table",
    "Total",
    "Variable",
    "calibrate",
    "choices",
    "count",
    "estimate",
    "gini",
    "mean",
    "median",
    "moments",
    "net_score",
    "proportion",
    "quantile",
    "ratio",
    "read",
    "read_ddi",
    "read_questionnaire",
    "sample",
    "top_box",
    "total",
    "write_ddi",
]
