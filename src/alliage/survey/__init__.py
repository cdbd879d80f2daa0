"""Surveys: from a file of respondents to estimates with their errors, and to what is published.

Everything is computed from moments: respondents that nothing asked can tell apart are gathered in
one cell, and a respondent alone is a cell of one. See ``docs/adr/0020-survey-engine.md``.
"""

from __future__ import annotations

from alliage.survey.area_models import (
    Area,
    AreaModel,
    benchmarked,
    fay_herriot,
    small_areas,
    supported_areas,
)
from alliage.survey.calibration import calibrate
from alliage.survey.coding import Level
from alliage.survey.comparisons import Adjustment, Comparison, Comparisons, compare
from alliage.survey.correlation import Correlation, Correlations, correlations
from alliage.survey.ddi import read_ddi, write_ddi
from alliage.survey.description import Description, describe
from alliage.survey.design import Design, DfRule, LonelyUnit, ReplicateColumns, ReplicateKind
from alliage.survey.disclosure import ORGANISATIONS, PERSONS, Rules
from alliage.survey.distribution import QuantileRule
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation import estimate
from alliage.survey.independence import Independence, rao_scott
from alliage.survey.moments import Moments, moments
from alliage.survey.multilevel_models import MultilevelModel, multilevel
from alliage.survey.plans import banner_requests
from alliage.survey.protection import Protected, protect
from alliage.survey.questionnaire import Questionnaire, read_questionnaire
from alliage.survey.ranking import Ranking, rank
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
from alliage.survey.respondent_files import write_respondents
from alliage.survey.result_files import as_html, as_json, write
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
from alliage.survey.specification import Specification, read_specification
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
from alliage.survey.study import Study, open_study
from alliage.survey.table import MultiResponse, Scale, Table, Variable
from alliage.survey.tables import Answers, Banner, Question, banner
from alliage.survey.trends import Trend, Trends, WavePoint, trend

__all__ = [
    "ORGANISATIONS",
    "PERSONS",
    "Adjustment",
    "Answers",
    "Area",
    "AreaModel",
    "Banner",
    "BaseRule",
    "CalibrationReport",
    "Choices",
    "Comparison",
    "Comparisons",
    "Correlation",
    "Correlations",
    "Count",
    "Description",
    "Design",
    "DfRule",
    "Estimate",
    "Estimates",
    "Gini",
    "Independence",
    "Interval",
    "Level",
    "LonelyUnit",
    "MarginLine",
    "Mean",
    "Method",
    "Moments",
    "MultiResponse",
    "MultilevelModel",
    "Proportion",
    "Protected",
    "Provenance",
    "Quantile",
    "QuantileRule",
    "Question",
    "Questionnaire",
    "Ranking",
    "Ratio",
    "Reliability",
    "ReplicateColumns",
    "ReplicateKind",
    "Request",
    "Rules",
    "Sample",
    "Scale",
    "Scored",
    "Specification",
    "StandardError",
    "Statistic",
    "Study",
    "SurveyError",
    "SurveyProblem",
    "Table",
    "Total",
    "Trend",
    "Trends",
    "Variable",
    "WavePoint",
    "as_html",
    "as_json",
    "banner",
    "banner_requests",
    "benchmarked",
    "calibrate",
    "choices",
    "compare",
    "correlations",
    "count",
    "describe",
    "estimate",
    "fay_herriot",
    "gini",
    "mean",
    "median",
    "moments",
    "multilevel",
    "net_score",
    "open_study",
    "proportion",
    "protect",
    "quantile",
    "rank",
    "rao_scott",
    "ratio",
    "read",
    "read_ddi",
    "read_questionnaire",
    "read_specification",
    "sample",
    "small_areas",
    "supported_areas",
    "top_box",
    "total",
    "trend",
    "write",
    "write_ddi",
    "write_respondents",
]
