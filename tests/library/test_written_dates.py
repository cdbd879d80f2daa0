"""Dates as people write them, in French and in English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.values.dates import PartialDate, PartialDateError, Precision, parse_words
from alliage.values.french import partial_date


@pytest.mark.parametrize(
    ("text", "date", "precision"),
    [
        ("2014", "2014", "year"),
        (" 2014-09 ", "2014-09", "month"),
        ("septembre 2014", "2014-09", "month"),
        ("Sept. 2014", "2014-09", "month"),
        ("AOÛT 2020", "2020-08", "month"),
        ("en février 2021", "2021-02", "month"),
        ("09/2014", "2014-09", "month"),
        ("3/11/2022", "2022-11-03", "day"),
        ("1er mai 2022", "2022-05-01", "day"),
        ("le 3 novembre 2022", "2022-11-03", "day"),
        ("3 November 2022", "2022-11-03", "day"),
        ("été 2020", "2020-06", "season"),
        ("l’hiver 2020", "2020-12", "season"),
        ("spring 2020", "2020-03", "season"),
        ("vers 2018", "2018", "approximate"),
        ("about June 2018", "2018-06", "approximate"),
        ("vers septembre 2014", "2014-09", "approximate"),
    ],
)
def test_a_date_is_read_with_the_precision_it_is_given(
    text: str, date: str, precision: str
) -> None:
    found, how = parse_words(text)
    assert (str(found), how.value) == (date, precision)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hier",
        "14",
        "2014-13",
        "2014-9",
        "31 février 2020",
        "30/02/2020",
        "13/2014",
        "jui 2020",
        "ma 2020",
        "3 été 2020",
        "vers",
        "2014 2015",
    ],
)
def test_what_is_no_date_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(PartialDateError, match=r"calendar|Write a year"):
        parse_words(text)


def test_a_short_month_that_means_two_is_refused_and_one_that_means_one_is_read() -> None:
    assert parse_words("juil. 2020")[0].month == 7
    with pytest.raises(PartialDateError, match="« jui 2020 »"):
        parse_words("jui 2020")


DATES = st.dates().map(lambda day: PartialDate(day.year, day.month, day.day))


@given(DATES.filter(lambda date: date.year >= 1000), st.sampled_from(["fr", "en"]))
def test_what_is_written_in_words_is_read_back(date: PartialDate, language: str) -> None:
    month, year = PartialDate(date.year, date.month), PartialDate(date.year)
    for known in (date, month, year):
        assert parse_words(partial_date(known, language=language)) == (known, known.precision)
    season, precision = parse_words(partial_date(month, "season", language=language))
    assert precision is Precision.SEASON
    assert partial_date(season, "season", language=language) == partial_date(
        month, "season", language=language
    )
    assert parse_words(partial_date(year, "approximate", language=language)) == (
        year,
        Precision.APPROXIMATE,
    )
