"""A question from wave to wave: where it changed is drawn between the figures, and named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.factories import observatory

from alliage_web.observatory.documents.series_charts import chart_of
from alliage_web.observatory.queries import catalogue, series

if TYPE_CHECKING:
    from alliage_web.observatory.documents.charts import Lines

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


def drawn(code: str) -> Lines:
    """Return the chart of the citizens' answers to a question that ships with the platform."""
    observatory.loaded()
    question = catalogue.question(code)
    assert question is not None
    chart = chart_of(question, series.followed(question)[0])
    assert chart is not None
    return chart


def test_a_break_stands_between_the_two_figures_that_it_parts() -> None:
    (panel,) = drawn("act_together").panels
    assert [[point.year for point in part] for part in panel.segments] == [[2020], [2022]]
    assert panel.breaks == ((2021.0, "rupture"),)


def test_no_break_is_drawn_before_the_first_figure() -> None:
    # The wave of 2015 asked the question too, and no document gives its figures.
    for panel in drawn("fragility").panels:
        assert [[point.year for point in part] for part in panel.segments] == [[2019, 2022]]
        assert panel.breaks == ()
