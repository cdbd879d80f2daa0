"""Surveys: from a file of respondents to estimates with their errors, and to what is published.

Everything is computed from moments: respondents that nothing asked can tell apart are gathered in
one cell, and a respondent alone is a cell of one. See ``docs/adr/0020-survey-engine.md``.
"""

from __future__ import annotations

from alliage.survey.areas.area_models import (
    Area,
    AreaModel,
    benchmarked,
    fay_herriot,
    small_areas,
    supported_areas,
)
from alliage.survey.areas.multilevel_models import MultilevelModel, multilevel
from alliage.survey.comparison.comparisons import Adjustment, Comparison, Comparisons, compare
from alliage.survey.comparison.correlation import Correlation, Correlations, correlations
from alliage.survey.comparison.ranking import Ranking, rank
from alliage.survey.comparison.trends import Trend, Trends, WavePoint, trend
from alliage.survey.data.coding import Level
from alliage.survey.data.ddi import read_ddi, write_ddi
from alliage.survey.data.questionnaire import Questionnaire, read_questionnaire
from alliage.survey.data.reading import read
from alliage.survey.data.table import MultiResponse, Scale, Table, Variable
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation.distribution import QuantileRule
from alliage.survey.estimation.estimates import estimate
from alliage.survey.estimation.requests import (
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
from alliage.survey.estimation.results import (
    BaseRule,
    Estimate,
    Estimates,
    Interval,
    Provenance,
    Reliability,
    StandardError,
    Statistic,
)
from alliage.survey.estimation.statistics import (
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
from alliage.survey.protection.differencing import DifferencingError
from alliage.survey.protection.disclosure import (
    ORGANISATIONS,
    PERSONS,
    Audit,
    Bounded,
    Cause,
    CellFacts,
    Pattern,
    Rules,
    Sum,
    attack,
    controlled_rounding,
    primary,
    sums_of,
    suppress,
)
from alliage.survey.protection.protected_tables import Protected, protect
from alliage.survey.publishing.description import Description, describe
from alliage.survey.publishing.respondent_files import write_respondents
from alliage.survey.publishing.result_files import as_html, as_json, write
from alliage.survey.sampling.calibration import calibrate
from alliage.survey.sampling.design import (
    Design,
    DfRule,
    LonelyUnit,
    ReplicateColumns,
    ReplicateKind,
)
from alliage.survey.sampling.report import CalibrationReport, MarginLine, Method
from alliage.survey.sampling.sample import Sample, sample
from alliage.survey.scale.moments import Moments, moments
from alliage.survey.scale.plans import banner_requests
from alliage.survey.study.specification import Specification, read_specification
from alliage.survey.study.study import Study, open_study
from alliage.survey.tables.banners import Banner, banner
from alliage.survey.tables.independence import Independence, rao_scott
from alliage.survey.tables.questions import Answers, Question

__all__ = [
    "ORGANISATIONS",
    "PERSONS",
    "Adjustment",
    "Answers",
    "Area",
    "AreaModel",
    "Audit",
    "Banner",
    "BaseRule",
    "Bounded",
    "CalibrationReport",
    "Cause",
    "CellFacts",
    "Choices",
    "Comparison",
    "Comparisons",
    "Correlation",
    "Correlations",
    "Count",
    "Description",
    "Design",
    "DfRule",
    "DifferencingError",
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
    "Pattern",
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
    "Sum",
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
    "attack",
    "banner",
    "banner_requests",
    "benchmarked",
    "calibrate",
    "choices",
    "compare",
    "controlled_rounding",
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
    "primary",
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
    "sums_of",
    "supported_areas",
    "suppress",
    "top_box",
    "total",
    "trend",
    "write",
    "write_ddi",
    "write_respondents",
]
