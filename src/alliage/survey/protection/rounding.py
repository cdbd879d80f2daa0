"""The counts of a banner rounded so that its sums still hold.

See ``docs/algorithms/survey-disclosure.md``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.estimation.intervals import Ends
from alliage.survey.estimation.results import Interval, Statistic
from alliage.survey.protection.disclosure import controlled_rounding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from alliage.survey.protection.disclosure import Key, Sum
    from alliage.survey.tables.blocks import Block


def rounded(
    block: Block,
    places: Sequence[Sequence[Key]],
    values: Mapping[Key, float],
    sums: Iterable[Sum],
    base: int,
) -> Block:
    """Round the weighted counts and the respondents of a question to multiples of ``base``.

    Parameters
    ----------
    block
        The question.
    places
        For each column, the key of its base, then of each row.
    values
        The weighted count of every cell.
    sums
        What binds them.
    base
        What counts become multiples of.

    Returns
    -------
    Block
        Shares are those of the rounded counts. Errors, letters and tests, which would tell of the
        true ones, are left out; so are means, which are no counts.

    Raises
    ------
    SurveyError
        If no rounding keeps the sums, or if so small a base hides nobody behind such weights.
    """
    figures, bases = block.figures, block.figures.bases
    respondents, weighted = bases.respondents[:, 0], bases.weighted[:, 0]
    everybody = np.flatnonzero(respondents == respondents.max())[0]
    mean_weight = float(weighted[everybody] / respondents[everybody])
    if base < 2 * mean_weight:
        msg = (
            f"Counts are rounded to multiples of {base}, and a respondent of « "
            f"{block.question.variable} » counts for {mean_weight:.4g} on average: nobody would be "
            f"hidden. Round to {int(np.ceil(2 * mean_weight))} at least, or use weights whose mean "
            "is 1."
        )
        raise SurveyError(SurveyProblem.REQUEST, msg, base=base)
    told = tuple(sums)
    counts = controlled_rounding(values, told, base=base)

    def of_columns(numbers: Sequence[float]) -> NDArray[np.float64]:
        held = {own[0]: number for own, number in zip(places, numbers, strict=True)}
        sums = [one for one in told if held.keys() >= {one.total, *one.parts}]
        made = controlled_rounding(held, sums, base=base)
        return np.array([made[own[0]] for own in places], dtype=float)[:, None]

    whole = of_columns(respondents.tolist()).astype(np.int64)
    size = np.array([counts[own[0]] for own in places], dtype=float)[:, None]
    # Shares of the answers given are told beside the weight of people.
    shown = of_columns(np.nan_to_num(weighted).tolist()) if block.question.responses else size
    found = np.array([[counts.get(key, np.nan) for key in own[1:]] for own in places])
    is_mean = np.array([head.statistic is Statistic.MEAN for head in block.heads])
    shape = figures.values.shape
    unknown = np.full(shape, np.nan)
    return replace(
        block,
        figures=replace(
            figures,
            values=found / np.where(size > 0, size, np.nan),
            errors=unknown,
            ends=Ends(np.full(shape, Interval.NONE, dtype=object), unknown, unknown),
            bases=replace(
                bases,
                respondents=np.broadcast_to(whole, shape),
                missing=np.rint(bases.missing / base).astype(np.int64) * base,
                weighted=np.broadcast_to(shown, shape),
                squares=unknown,
            ),
        ),
        people=unknown,
        above=np.full(shape, "", dtype=object),
        hidden=(size == 0) | is_mean,
        tests={},
    )
