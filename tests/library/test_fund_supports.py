"""The book of supports: natures, statuses and years are never mixed; nothing is lost."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alliage.alliances.vocabulary import AmountStatus, Lever
from alliage.fund.support.supports import (
    Book,
    Cash,
    InKind,
    NotValued,
    NotValuedReason,
    Period,
    Receiver,
    Split,
    Support,
    SupportError,
    SupportProblem,
    Time,
    Totals,
    Value,
    by_giver,
    by_lever,
    by_receiver,
    by_year,
    reciprocity,
    totals,
)
from alliage.fund.support.valuation import (
    InKindMethod,
    UnknownRateError,
    ValuationParameters,
    hourly_rate,
    valuation_parameters,
)
from alliage.values.dates import PartialDate
from alliage.values.money import MoneyError, euros, total

UNKNOWN = NotValued(NotValuedReason.NOT_STATED)


def support(**changes: Any) -> Support:
    plain = Support(
        "s1",
        "fund",
        Receiver("aet", "ept"),
        Lever.DIRECT_FUNDING,
        "frais d’instruction",
        Cash(euros(10_000)),
        period=Period(PartialDate(2021), PartialDate(2022)),
        evidence="sheet",
    )
    return dataclasses.replace(plain, **changes)


def refused(make: Any, problem: SupportProblem) -> dict[str, str]:
    with pytest.raises(SupportError) as found:
        make()
    assert found.value.problem is problem
    return found.value.values


# The real portfolios.


@functools.cache
def portfolios() -> dict[str, Any]:
    path = Path(__file__).parents[1] / "cases" / "fund_portfolios.yaml"
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def real_book() -> Book:
    case = portfolios()
    return Book(
        tuple(
            Support(
                id=line["id"],
                giver=case["giver"],
                receiver=Receiver(line["alliance"]),
                lever=Lever(line["lever"]),
                description=line["description"],
                value=Cash(euros(line["cash"])) if "cash" in line else UNKNOWN,
                status=AmountStatus(line.get("status", "granted")),
                period=Period(*map(PartialDate, line["years"])) if "years" in line else None,
                evidence=line["evidence"],
                part_of=line.get("part_of"),
            )
            for line in case["supports"]
        )
    )


def test_the_real_portfolios_add_up_to_the_euro() -> None:
    expected = portfolios()["expected"]
    found = totals(real_book().counted)
    assert found.granted.cash == euros(expected["granted_cash"])
    assert found.conditional == Split(cash=euros(expected["conditional_cash"]), valued=1)
    assert [found.granted.in_kind, found.granted.time] == [0, 0]
    assert found.granted.not_valued == expected["not_valued"]
    assert not found.granted.complete


def test_the_real_portfolios_by_lever_beneficiary_and_giver() -> None:
    expected, book = portfolios()["expected"], real_book()
    levers = by_lever(book)
    assert list(levers) == list(Lever)
    cash = {lever.value: found.granted.cash for lever, found in levers.items()}
    assert {lever: amount for lever, amount in cash.items() if amount} == {
        lever: euros(amount) for lever, amount in expected["by_lever"].items()
    }
    receivers = by_receiver(book, part_of=portfolios()["part_of_alliance"])
    assert {code: found.granted.cash for code, found in receivers.items()} == {
        code: euros(amount) for code, amount in expected["by_beneficiary"].items()
    }
    assert receivers["ptce_vivre_les_mureaux"].conditional.cash == euros(10_000)
    assert by_giver(book) == {"fonds-odd17": totals(book.counted)}
    # On its own, the farm received its study, and the details of the fees are in their whole.
    alone = by_receiver(book)
    assert alone["ferme_110_cultures"].granted.cash == euros(5_000)
    assert "urgence_etudiante" not in alone


def test_the_real_portfolios_are_not_divided_by_year() -> None:
    expected = portfolios()["expected"]
    view = by_year(real_book().counted)
    assert {year: found.granted.cash for year, found in view.years.items()} == {
        year: euros(amount) for year, amount in expected["known_year"].items()
    }
    assert {span: found.granted.cash for span, found in view.not_split.items()} == {
        tuple(line["years"]): euros(line["cash"]) for line in expected["not_split_by_year"]
    }
    assert view.undated.conditional.cash == euros(10_000)
    assert view.undated.granted == Split(not_valued=expected["not_valued"])
    assert view.possibly(2021).granted.cash == euros(27_000)
    assert view.possibly(2020).granted.cash == euros(17_000)
    assert view.possibly(2019) == Totals()


# Values and splits.


def test_each_nature_stays_apart() -> None:
    found = totals(
        [
            support(id="cash"),
            support(id="kind", value=InKind(euros(300), InKindMethod.MARKET_PRICE)),
            support(id="time", value=Time(Decimal("7.5"), euros("10.57"), "SMIC 2022")),
            support(id="none", value=UNKNOWN),
        ]
    ).granted
    assert found == Split(
        cash=euros(10_000),
        in_kind=euros(300),
        time=euros("79.28"),
        hours=Decimal("7.5"),
        valued=3,
        not_valued=1,
    )


def test_a_split_has_no_bare_sum() -> None:
    split: Any = Split(cash=euros(1), in_kind=euros(2))
    assert not any(hasattr(split, name) for name in ("total", "sum", "amount", "__iter__"))
    for conversion in (float, int, Decimal, sum):
        with pytest.raises(TypeError):
            conversion(split)
    with pytest.raises((TypeError, AttributeError)):
        split + euros(1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cash(euros(0)),
        lambda: InKind(euros(-1), InKindMethod.DECLARED),
        lambda: Time(Decimal(0), euros(10), "SMIC"),
        lambda: Time(Decimal("NaN"), euros(10), "SMIC"),
        lambda: Time(Decimal(1), euros(0), "SMIC"),
    ],
)
def test_a_value_is_above_zero(make: Any) -> None:
    refused(make, SupportProblem.AMOUNT)


def test_an_amount_is_never_a_binary_float() -> None:
    with pytest.raises(MoneyError):
        Cash(10.5)  # type: ignore[arg-type]


def test_texts_that_a_reader_needs_are_asked_for() -> None:
    assert refused(lambda: Time(Decimal(1), euros(10), " "), SupportProblem.TEXT) == {
        "name": "rate_source"
    }
    assert refused(lambda: support(description=""), SupportProblem.TEXT) == {"name": "description"}
    refused(lambda: support(giver="ept"), SupportProblem.SELF)
    refused(lambda: Period(PartialDate(2022), PartialDate(2021, 12)), SupportProblem.PERIOD)


# The book.


def test_a_support_is_in_the_book_once() -> None:
    refused(lambda: Book((support(), support())), SupportProblem.DUPLICATE)


def test_a_detail_is_counted_in_its_whole() -> None:
    detail = support(id="s2", value=Cash(euros(3_000)), part_of="s1")
    assert totals(Book((support(), detail)).counted).granted.cash == euros(10_000)


@pytest.mark.parametrize(
    ("detail", "problem"),
    [
        ({"part_of": "s9"}, SupportProblem.UNKNOWN_WHOLE),
        ({"value": Cash(euros("10000.01"))}, SupportProblem.PARTS_EXCEED),
        ({"value": InKind(euros(1), InKindMethod.DECLARED)}, SupportProblem.PART_DIFFERS),
        ({"giver": "other"}, SupportProblem.PART_DIFFERS),
        ({"lever": Lever.DATA}, SupportProblem.PART_DIFFERS),
        ({"status": AmountStatus.CONDITIONAL}, SupportProblem.PART_DIFFERS),
    ],
)
def test_a_detail_fits_in_its_whole(detail: dict[str, Any], problem: SupportProblem) -> None:
    part = support(**({"id": "s2", "part_of": "s1", "value": Cash(euros(1))} | detail))
    refused(lambda: Book((part, support())), problem)


def test_a_detail_has_no_details() -> None:
    detail = support(id="s2", value=Cash(euros(2)), part_of="s1")
    deeper = support(id="s3", value=Cash(euros(1)), part_of="s2")
    refused(lambda: Book((support(), detail, deeper)), SupportProblem.NESTED)


def test_a_circle_of_alliances_ends() -> None:
    book = Book((support(),))
    assert list(by_receiver(book, part_of={"aet": "b", "b": "c", "c": "aet"})) == ["c"]


# Years.


def test_a_support_without_known_end_may_touch_every_later_year() -> None:
    open_ended = support(period=Period(PartialDate(2021, 9), None))
    view = by_year([open_ended])
    assert dict(view.years) == {}
    assert list(view.not_split) == [(2021, None)]
    assert view.possibly(2030).granted.cash == euros(10_000)
    assert view.possibly(2020).granted.valued == 0


def test_dates_of_one_year_are_that_year() -> None:
    autumn = support(period=Period(PartialDate(2021, 9), PartialDate(2021, 12, 1)))
    assert list(by_year([autumn]).years) == [2021]


AMOUNTS = st.decimals("0.01", "99999.99", places=2)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.builds(Cash, AMOUNTS),
    st.builds(InKind, AMOUNTS, st.sampled_from(InKindMethod)),
    st.builds(Time, st.decimals("0.25", 500, places=2), st.decimals(1, 99, places=2), st.just("x")),
    st.builds(NotValued, st.sampled_from(NotValuedReason)),
)
YEARS = st.integers(2018, 2024)
PERIODS = st.one_of(
    st.none(),
    st.builds(
        lambda first, more: Period(
            PartialDate(first), None if more is None else PartialDate(first + more)
        ),
        YEARS,
        st.one_of(st.none(), st.integers(0, 3)),
    ),
)
PEOPLE = ("a", "b", "c")


@st.composite
def books(draw: st.DrawFn) -> Book:
    lines = []
    for rank in range(draw(st.integers(0, 12))):
        giver = draw(st.sampled_from(PEOPLE))
        party = draw(st.sampled_from([*(code for code in PEOPLE if code != giver), None]))
        lines.append(
            Support(
                id=str(rank),
                giver=giver,
                receiver=Receiver(draw(st.sampled_from(["x", "y"])), party),
                lever=draw(st.sampled_from(Lever)),
                description="d",
                value=draw(VALUES),
                status=draw(st.sampled_from(AmountStatus)),
                period=draw(PERIODS),
            )
        )
    return Book(tuple(lines))


@given(books())
def test_every_view_adds_up_to_the_book(book: Book) -> None:
    whole = totals(book.counted)
    view = by_year(book.counted)
    for found in (
        by_giver(book).values(),
        by_receiver(book).values(),
        by_receiver(book, part_of={"x": "y"}).values(),
        by_lever(book).values(),
        [*view.years.values(), *view.not_split.values(), view.undated],
    ):
        assert sum(found, Totals()) == whole
    amounts = [item.value.amount for item in book.counted if not isinstance(item.value, NotValued)]
    split = whole.granted + whole.conditional
    assert split.cash + split.in_kind + split.time == total(amounts)
    assert split.valued == len(amounts)
    assert split.valued + split.not_valued == len(book.supports)


@given(books())
def test_reciprocity_shows_every_granted_support_once(book: Book) -> None:
    view = reciprocity(book)
    both = [way for pair in view.pairs for way in (pair.given, pair.received)]
    assert sum([*both, *view.to_alliances.values()], Split()) == totals(book.counted).granted
    assert len({(pair.first, pair.second) for pair in view.pairs}) == len(view.pairs)
    for pair in view.pairs:
        assert pair.first < pair.second
        years = pair.given_by_year
        over_time = [*years.years.values(), *years.not_split.values(), years.undated]
        assert sum(over_time, Totals()).granted == pair.given
        assert pair.balance.cash == pair.given.cash - pair.received.cash


def test_a_balance_says_when_it_is_not_complete() -> None:
    given = support(id="1", value=Cash(euros(500)))
    back = {"giver": "ept", "receiver": Receiver("aet", "fund")}
    room = support(id="2", value=InKind(euros(300), InKindMethod.MARKET_PRICE), **back)
    hours = support(id="3", value=Time(Decimal(10), euros(20), "convention"), **back)
    promised = support(id="4", status=AmountStatus.CONDITIONAL)
    (pair,) = reciprocity(Book((given, room, hours, promised))).pairs
    assert (pair.first, pair.second) == ("ept", "fund")
    balance = pair.balance
    assert [balance.cash, balance.in_kind, balance.time] == [euros(-500), euros(300), euros(200)]
    assert balance.hours == 10
    assert balance.complete
    advice = support(id="5", value=UNKNOWN, **back)
    (pair,) = reciprocity(Book((given, room, advice))).pairs
    assert (pair.balance.not_valued_given, pair.balance.not_valued_received) == (1, 0)
    assert not pair.balance.complete


def test_what_is_only_conditional_makes_no_pair() -> None:
    promised = support(status=AmountStatus.CONDITIONAL)
    assert reciprocity(Book((promised,))).pairs == ()


def test_what_went_to_an_alliance_as_a_whole_is_in_no_pair() -> None:
    view = reciprocity(Book((support(receiver=Receiver("aet")),)))
    assert view.pairs == ()
    assert view.to_alliances["fund", "aet"].cash == euros(10_000)


# The parameters of valuation.


@pytest.fixture(scope="module")
def parameters() -> ValuationParameters:
    return valuation_parameters()


@pytest.mark.parametrize(
    ("on", "eur"),
    [
        (dt.date(2020, 1, 1), "10.15"),
        (dt.date(2021, 9, 30), "10.25"),
        (dt.date(2021, 10, 1), "10.48"),
        (dt.date(2022, 8, 1), "11.07"),
        (dt.date(2025, 7, 1), "11.88"),
        (dt.date(2026, 6, 1), "12.31"),
    ],
)
def test_an_hourly_rate_is_that_of_the_day(
    parameters: ValuationParameters, on: dt.date, eur: str
) -> None:
    found = hourly_rate(parameters, "smic", on)
    assert found.eur == Decimal(eur)
    assert found.since <= on
    assert found.checked


def test_a_rate_after_the_last_check_says_so(parameters: ValuationParameters) -> None:
    last = parameters.checked_on
    assert hourly_rate(parameters, "smic", last).checked
    assert not hourly_rate(parameters, "smic", last + dt.timedelta(days=1)).checked


def test_an_unknown_rate_is_never_guessed(parameters: ValuationParameters) -> None:
    with pytest.raises(UnknownRateError) as early:
        hourly_rate(parameters, "smic", dt.date(2019, 12, 31))
    assert early.value.known_since == dt.date(2020, 1, 1)
    with pytest.raises(UnknownRateError) as other:
        hourly_rate(parameters, "expert", dt.date(2022, 1, 1))
    assert other.value.known_since is None
    assert "smic" in str(other.value)


def test_parameters_out_of_order_or_incomplete_are_refused(
    parameters: ValuationParameters,
) -> None:
    content = parameters.model_dump()
    content["hourly_rates"][0]["values"] = content["hourly_rates"][0]["values"][::-1]
    with pytest.raises(ValueError, match="in the order"):
        ValuationParameters.model_validate(content)
    content = parameters.model_dump()
    content["in_kind_methods"] = content["in_kind_methods"][1:]
    with pytest.raises(ValueError, match="name once each"):
        ValuationParameters.model_validate(content)
