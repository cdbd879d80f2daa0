from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.values import french
from alliage.values.dates import PartialDate, PartialDateError
from alliage.values.french import NARROW, NO_BREAK


def plain(text: str) -> str:
    """The text with ordinary spaces, to be read in a test."""
    return text.replace(NO_BREAK, " ").replace(NARROW, " ")


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=2))
def test_a_number_can_be_read_back(value: Decimal) -> None:
    text = french.number(value, 2)
    assert Decimal(plain(text).replace(" ", "").replace(",", ".").replace("−", "-")) == value
    assert " " not in text


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (0, None, "0"),
        (999, None, "999"),
        (1000, None, "1 000"),
        (1234567, None, "1 234 567"),
        (0.5, None, "0,5"),
        (2.50, None, "2,5"),
        (2.5, 2, "2,50"),
        (0.125, 2, "0,13"),
        (-0.5, 0, "−1"),
        (0.1 + 0.2, None, "0,3"),
    ],
)
def test_numbers(value: float, decimals: int | None, expected: str) -> None:
    assert plain(french.number(value, decimals)) == expected


def test_a_number_that_rounds_to_zero_has_no_sign() -> None:
    assert french.number(-0.4, 0) == "0"


@pytest.mark.parametrize(
    ("amount", "expected", "english"),
    [
        (0, "0 €", "€0"),
        (9999, "9 999 €", "€9,999"),
        (10_000, "10 k€", "€10k"),
        (12_340, "12,3 k€", "€12.3k"),
        (999_949, "999,9 k€", "€999.9k"),
        (999_960, "1 M€", "€1m"),
        (1_500_000, "1,5 M€", "€1.5m"),
        (2_000_000_000, "2 Md€", "€2bn"),
        (-12_000, "−12 k€", "−€12k"),
        (Decimal("12.5"), "12,50 €", "€12.50"),
    ],
)
def test_euros(amount: int | Decimal, expected: str, english: str) -> None:
    assert plain(french.euros(amount)) == expected
    assert french.euros(amount, language="en") == english


def test_euros_in_full_keep_every_euro() -> None:
    assert plain(french.euros(1_234_567, full=True)) == "1 234 567 €"


def test_an_amount_never_breaks_at_the_end_of_a_line() -> None:
    assert " " not in french.euros(1_234_567, full=True) + french.percent(0.5) + french.surface(3)


@pytest.mark.parametrize(
    ("date", "precision", "expected", "english"),
    [
        ("2014", None, "2014", "2014"),
        ("2014-09", None, "septembre 2014", "September 2014"),
        ("2014-09-01", None, "1er septembre 2014", "1 September 2014"),
        ("2014-09-02", "month", "septembre 2014", "September 2014"),
        ("2020-12", "season", "hiver 2020", "winter 2020"),
        ("2020-03", "season", "printemps 2020", "spring 2020"),
        ("2020", "season", "2020", "2020"),
        ("2018-05", "approximate", "vers 2018", "about 2018"),
        ("2018", "day", "2018", "2018"),
    ],
)
def test_partial_dates(date: str, precision: str | None, expected: str, english: str) -> None:
    assert french.partial_date(date, precision) == expected
    assert french.partial_date(date, precision, language="en") == english


def test_a_date_of_the_calendar_is_a_day() -> None:
    assert french.partial_date(dt.date(2022, 5, 2)) == "2 mai 2022"
    assert french.partial_date(PartialDate(2022)) == "2022"


def test_a_text_that_is_no_date_is_refused() -> None:
    with pytest.raises(PartialDateError, match="septembre"):
        french.partial_date("septembre")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (("2018", ""), ("2019", ""), "2018-2019"),
        (("2018", ""), ("2018", ""), "2018"),
        (("2018", ""), (None, ""), "depuis 2018"),
        ((None, ""), ("2018", ""), "jusqu’à 2018"),
        ((None, ""), (None, ""), ""),
        (("2014-09", ""), ("2015", ""), "de septembre 2014 à 2015"),
        (("2014-08", ""), ("2014-10", ""), "d’août 2014 à octobre 2014"),
        (("2014-08-03", ""), ("2014-10-01", ""), "du 3 août 2014 au 1er octobre 2014"),
        (("2020-07", "season"), ("2021-04", "season"), "de l’été 2020 au printemps 2021"),
        (("2020-07", "season"), (None, ""), "depuis l’été 2020"),
        (("2018", "approximate"), ("2019", ""), "vers 2018 – 2019"),
        (("2018", "approximate"), (None, ""), "depuis 2018 environ"),
    ],
)
def test_periods(start: tuple[str | None, str], end: tuple[str | None, str], expected: str) -> None:
    assert french.period(start[0], end[0], start[1] or None, end[1] or None) == expected


def test_periods_in_english() -> None:
    assert french.period("2018", "2019", language="en") == "2018–2019"
    assert french.period("2014-09", "2015", language="en") == "from September 2014 to 2015"
    assert french.period("2018", None, language="en") == "since 2018"
    assert french.period(None, "2018", language="en") == "until 2018"


@given(st.text(alphabet="abc «»:;!?%€k0123456789 \u00a0\u202f", max_size=40))
def test_non_breaking_spaces_change_spaces_only(text: str) -> None:
    spaced = french.no_break(text)
    assert [c for c in spaced if not c.isspace()] == [c for c in text if not c.isspace()]
    assert french.no_break(spaced) == spaced
