"""The chart of a question from wave to wave: real people only, nothing joined that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from alliage.observatory.studies.series import Gap, Origin
from alliage_web.observatory.models import FigureUnit
from alliage_web.observatory.queries.figures import with_unit

from .charts import About, Lines, Panel, Point, Scale

if TYPE_CHECKING:
    from alliage.observatory.studies.series import Point as SeriesPoint
    from alliage_web.observatory.queries.catalogue import QuestionRow
    from alliage_web.observatory.queries.series import Followed, Row

#: Panels that one drawing holds; the table beside it has the rest.
_PANELS = 8
_HUNDRED = 100.0
_TEN = 10.0


def chart_of(question: QuestionRow, followed: Followed) -> Lines | None:
    """Draw the rows that have figures of two dated waves, or nothing where none has.

    A battery of marks is drawn by its means. Invented respondents are in the table, not here.
    """
    years = {
        f"{one.wave.study}:{one.wave.code}": one.wave.year
        for one in followed.asked
        if one.wave.year is not None and not one.wave.synthetic
    }
    rows = [row for row in followed.rows if len(_dated(row, years)) > 1][:_PANELS]
    if not rows:
        return None
    # Rows of one unit share their axis: those of the first row are drawn.
    unit = rows[0].unit
    rows = [row for row in rows if row.unit == unit]
    share = unit == FigureUnit.PERCENT
    return Lines(
        about=About(
            title=question.label,
            subtitle=_("%(population)s, %(first)s-%(last)s")
            % {
                "population": followed.population_label,
                "first": min(years.values()),
                "last": max(years.values()),
            },
            description=_(
                "%(count)s séries sur les années des vagues. Un trait ne joint que deux chiffres "
                "comparables de même nature."
            )
            % {"count": len(rows)},
            source=_(
                "Carré : chiffre d’un document, cité dans le tableau, marge n/a. Rond : calculé "
                "ici, avec son intervalle."
            ),
            synthetic=False,
        ),
        panels=tuple(
            Panel(
                label=row.label,
                segments=_segments(row, years, share=share),
                breaks=_breaks(row, years),
            )
            for row in rows
        ),
        domain=(0.0, 1.0) if share else (float(question.lowest or 0), _TEN),
        scale=Scale.SHARE if share else Scale.NUMBER,
    )


def _dated(row: Row, years: dict[str, int]) -> set[str]:
    return {
        point.wave
        for segment in row.series.segments
        if segment.origin is not Origin.SYNTHETIC
        for point in segment.points
        if point.value is not None and point.wave in years
    }


def _breaks(row: Row, years: dict[str, int]) -> tuple[tuple[float, str], ...]:
    """Say where the question changed, or may have, halfway from the figure drawn before."""
    drawn = {years[wave] for wave in _dated(row, years)}
    words = {Gap.BROKEN: _("rupture"), Gap.UNKNOWN: _("comparaison inconnue")}
    found = []
    for one in row.series.interruptions:
        after = years.get(one.after.wave)
        before = [year for year in drawn if after is not None and year < after]
        if one.gap in words and before and after is not None:
            found.append(((max(before) + after) / 2, words[one.gap]))
    return tuple(found)


def _segments(row: Row, years: dict[str, int], *, share: bool) -> tuple[tuple[Point, ...], ...]:
    drawn = [
        tuple(
            _point(point, years[point.wave], row.unit, share=share)
            for point in segment.points
            if point.value is not None and point.wave in years
        )
        for segment in row.series.segments
        if segment.origin is not Origin.SYNTHETIC
    ]
    return tuple(points for points in drawn if points)


def _point(point: SeriesPoint, year: int, unit: str, *, share: bool) -> Point:
    times = 1 / _HUNDRED if share else 1.0
    value = point.value or 0.0
    stated = point.origin is Origin.DOCUMENT
    return Point(
        year=float(year),
        value=value * times,
        text=with_unit(round(value, 1), unit),
        low=None if point.low is None or stated else point.low * times,
        high=None if point.high is None or stated else point.high * times,
        published=stated,
    )
