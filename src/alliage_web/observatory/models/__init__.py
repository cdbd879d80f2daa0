"""The tables of the observatory. None has a row for a respondent."""

from __future__ import annotations

from .catalogue import (
    AskedQuestion,
    BreakKind,
    Comparability,
    DatePrecision,
    Population,
    Programme,
    Question,
    QuestionKind,
    Study,
    Theme,
    Wave,
)
from .debates import Contribution, ContributionReport, Debate
from .figures import (
    Disagreement,
    FigureUnit,
    Operator,
    PublishedFigure,
    Reading,
    Statistic,
    Withheld,
)
from .releases import Release, ReleasePart
from .respondent_files import RespondentFile

__all__ = [
    "AskedQuestion",
    "BreakKind",
    "Comparability",
    "Contribution",
    "ContributionReport",
    "DatePrecision",
    "Debate",
    "Disagreement",
    "FigureUnit",
    "Operator",
    "Population",
    "Programme",
    "PublishedFigure",
    "Question",
    "QuestionKind",
    "Reading",
    "Release",
    "ReleasePart",
    "RespondentFile",
    "Statistic",
    "Study",
    "Theme",
    "Wave",
    "Withheld",
]
