"""Anomalies of a file of respondents, and what may be done about each kind.

Nothing is dropped by itself: a person chooses a treatment for each kind, and the release tells it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from alliage.observatory.releases.values import Screened
from alliage.survey import SurveyError, SurveyProblem
from alliage.values.yaml_files import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage.survey import Table
    from alliage.survey.arrays import Booleans, Ints


class AnomalyKind(Problem):
    """A kind of anomaly, and its sentence."""

    CODE = (
        "code",
        (
            "« %(column)s » holds « %(value)s » in row %(row)s (%(rows)s in all), which is "
            "none of its answers: %(allowed)s. Correct it, exclude the rows, or make the "
            "answer missing."
        ),
    )
    NO_LABEL = (
        "no_label",
        (
            "« %(column)s » holds « %(value)s » in row %(row)s (%(rows)s in all), which has"
            " no label; those with one are: %(allowed)s. Label it, exclude the rows, or "
            "make it missing."
        ),
    )
    REGION_VINTAGE = (
        "region_vintage",
        (
            "« %(column)s » holds « %(value)s » in row %(row)s (%(rows)s in all): "
            "%(former)s before 2016, now part of %(successor)s (%(code)s). Recode it, "
            "exclude the rows, or make it missing."
        ),
    )
    IMPOSSIBLE = (
        "impossible",
        ("row %(row)s (%(rows)s in all) has %(when)s, which cannot go with %(never)s%(reason)s."),
    )
    NOT_ASKED = (
        "not_asked",
        (
            "« %(column)s » has an answer in row %(row)s (%(rows)s in all), though only "
            "%(asked)s were asked."
        ),
    )
    NOT_ANSWERED = (
        "not_answered",
        ("« %(column)s » is empty in row %(row)s (%(rows)s in all), though %(asked)s were asked."),
    )
    STRAIGHT_LINE = (
        "straight_line",
        (
            "row %(row)s (%(rows)s in all) gives the same answer to %(share)s or more of "
            "the items of « %(column)s »; the longest run is of %(longest)s."
        ),
    )
    DUPLICATE_IDENTIFIER = (
        "duplicate_identifier",
        (
            "« %(column)s » is « %(value)s » in row %(row)s and %(rows)s rows in all. "
            "Correct it, or exclude all but the first."
        ),
    )
    NEAR_DUPLICATE = (
        "near_duplicate",
        (
            "row %(row)s (%(rows)s in all) gives the same answers as row %(other)s to "
            "%(share)s or more of %(questions)s questions."
        ),
    )
    SPEEDER = (
        "speeder",
        (
            "« %(column)s » is %(value)s in row %(row)s (%(rows)s in all), under %(limit)s:"
            " %(share)s of the median."
        ),
    )
    WEIGHT = (
        "weight",
        (
            "the weight « %(column)s » is %(value)s in row %(row)s (%(rows)s in all). "
            "Weights are numbers above 0: correct it, or exclude the rows."
        ),
    )
    MARGIN_EMPTY = (
        "margin_empty",
        (
            "the margin of « %(column)s » has %(total)s people in « %(value)s », and no "
            "respondent is there. Join it with another category."
        ),
    )
    MARGIN_UNKNOWN = (
        "margin_unknown",
        (
            "« %(column)s » holds « %(value)s » in row %(row)s (%(rows)s in all), which its"
            " margin does not have: %(allowed)s. Give its total, or recode it."
        ),
    )
    MARGIN_SUM = (
        "margin_sum",
        (
            "the margin of « %(column)s » adds up to %(total)s, and %(other)s to "
            "%(expected)s. Correct one of them."
        ),
    )


class Treatment(StrEnum):
    """What is done with the rows of an anomaly."""

    KEEP = "keep"
    #: Respondents leave the sample; of duplicates, all but the first.
    EXCLUDE = "exclude"
    #: The answer becomes missing.
    SET_MISSING = "set_missing"


_ALL = (Treatment.KEEP, Treatment.EXCLUDE, Treatment.SET_MISSING)
#: What may be done with each kind; nothing can, besides correcting the file, where there is none.
TREATMENTS: Mapping[AnomalyKind, tuple[Treatment, ...]] = {
    AnomalyKind.CODE: (Treatment.EXCLUDE, Treatment.SET_MISSING),
    AnomalyKind.NO_LABEL: (Treatment.EXCLUDE, Treatment.SET_MISSING),
    AnomalyKind.REGION_VINTAGE: (Treatment.EXCLUDE, Treatment.SET_MISSING),
    AnomalyKind.IMPOSSIBLE: _ALL,
    AnomalyKind.NOT_ASKED: _ALL,
    AnomalyKind.NOT_ANSWERED: (Treatment.KEEP, Treatment.EXCLUDE),
    AnomalyKind.STRAIGHT_LINE: _ALL,
    AnomalyKind.DUPLICATE_IDENTIFIER: (Treatment.KEEP, Treatment.EXCLUDE),
    AnomalyKind.NEAR_DUPLICATE: (Treatment.KEEP, Treatment.EXCLUDE),
    AnomalyKind.SPEEDER: (Treatment.KEEP, Treatment.EXCLUDE),
    AnomalyKind.WEIGHT: (Treatment.EXCLUDE,),
    AnomalyKind.MARGIN_EMPTY: (),
    AnomalyKind.MARGIN_UNKNOWN: (Treatment.EXCLUDE,),
    AnomalyKind.MARGIN_SUM: (),
}


@dataclass(frozen=True, slots=True, eq=False)
class Anomaly:
    """Something odd in a file.

    Attributes
    ----------
    kind
        What is odd.
    column
        The column or the question; empty where it is about whole rows.
    rows
        The respondents, counted from 0; in order.
    values
        The facts, by name, as text: ``row`` is counted from 1.
    allowed
        The answers that would not be odd.
    columns
        The columns that a treatment makes missing.
    """

    kind: AnomalyKind
    column: str
    rows: Ints
    values: Mapping[str, str]
    allowed: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def treatments(self) -> tuple[Treatment, ...]:
        """What may be done about it."""
        return TREATMENTS[self.kind]

    @property
    def is_blocking(self) -> bool:
        """Whether nothing is published while it stays."""
        return Treatment.KEEP not in self.treatments

    @property
    def message(self) -> str:
        """The sentence, in English."""
        return self.kind.sentence % self.values


class UntreatedError(ValueError):
    """Anomalies have no treatment, or one that their kind does not admit.

    Attributes
    ----------
    anomalies
        Those of the kinds in question.
    """

    def __init__(self, anomalies: Sequence[Anomaly]) -> None:
        self.anomalies = tuple(anomalies)
        lines = []
        for one in self.anomalies:
            choices = " or ".join(one.treatments) or "correct the file"
            lines.append(f"- {one.kind.value} ({choices}): {one.message}")
        super().__init__("These anomalies keep anything from being computed:\n" + "\n".join(lines))


@dataclass(frozen=True, slots=True, eq=False)
class Screening:
    """What was found in a file.

    Attributes
    ----------
    table
        The file, as it is.
    anomalies
        In the order of their kinds.
    not_looked_for
        Kinds that were not looked for, the file being too large.
    """

    table: Table
    anomalies: tuple[Anomaly, ...]
    not_looked_for: tuple[AnomalyKind, ...] = ()

    def of(self, kind: AnomalyKind) -> tuple[Anomaly, ...]:
        """Return the anomalies of a kind."""
        return tuple(one for one in self.anomalies if one.kind is kind)

    def treated(
        self, treatments: Mapping[AnomalyKind, Treatment]
    ) -> tuple[Table, tuple[Screened, ...]]:
        """Treat the file, kind by kind; a kind without a treatment is kept as it is.

        Parameters
        ----------
        treatments : mapping
            The treatment of each kind.

        Returns
        -------
        Table
            The file, with what was chosen.
        tuple of Screened
            What was found and done, for the release.

        Raises
        ------
        UntreatedError
            If a kind that cannot be kept has no treatment, or one that it does not admit.
        SurveyError
            ``EMPTY`` if nobody is left.
        """
        chosen = {
            kind: treatments.get(kind, Treatment.KEEP)
            for kind in dict.fromkeys(one.kind for one in self.anomalies)
        }
        refused = [one for one in self.anomalies if chosen[one.kind] not in one.treatments]
        if refused:
            raise UntreatedError(refused)
        frame = self.table.frame
        kept = np.ones(frame.height, dtype=bool)
        missing: dict[str, Booleans] = {}
        for one in self.anomalies:
            if chosen[one.kind] is Treatment.EXCLUDE:
                kept[_excluded(one)] = False
            elif chosen[one.kind] is Treatment.SET_MISSING:
                for name in one.columns:
                    missing.setdefault(name, np.zeros(frame.height, dtype=bool))[one.rows] = True
        if not kept.any():
            msg = "Every respondent is excluded. Choose other treatments, or correct the file."
            raise SurveyError(SurveyProblem.EMPTY, msg)
        frame = frame.with_columns(
            pl.when(pl.Series(rows)).then(None).otherwise(pl.col(name)).alias(name)
            for name, rows in missing.items()
        ).filter(pl.Series(kept))
        done = tuple(
            Screened(
                kind.value,
                len(np.unique(np.concatenate([one.rows for one in self.of(kind)]))),
                treatment.value,
            )
            for kind, treatment in chosen.items()
        )
        return replace(self.table, frame=frame), done


def _excluded(one: Anomaly) -> Ints:
    return one.rows[1:] if one.kind is AnomalyKind.DUPLICATE_IDENTIFIER else one.rows
