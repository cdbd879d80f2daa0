"""How what is not money is given a value in euros: methods, and hourly rates by date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from alliage.alliances.records import CODE, Euros, Part, Remark, ShortText, Text
from alliage.values import money
from alliage.values.yaml_files import read_record


class InKindMethod(StrEnum):
    """How an amount in kind was found. The regulation leaves the choice."""

    MARKET_PRICE = "market_price"
    REPLACEMENT_COST = "replacement_cost"
    COST_TO_GIVER = "cost_to_giver"
    DECLARED = "declared"


class Article(Part):
    """What an article of a text says, in a sentence of ours."""

    article: ShortText
    summary_fr: Text
    summary_en: Text


class Framework(Part):
    """The text under which contributions in kind are valued."""

    text: ShortText
    since: dt.date
    articles: Annotated[tuple[Article, ...], Field(min_length=1)]


class MethodRecord(Part):
    code: InKindMethod
    label_fr: ShortText
    label_en: ShortText


class DatedAmount(Part):
    """Euros in force from a day, until the next one of its list."""

    since: dt.date
    eur: Euros
    source: Remark


class RateRecord(Part):
    """An hourly rate and its values, oldest first."""

    code: Annotated[str, Field(pattern=CODE)]
    label_fr: ShortText
    label_en: ShortText
    note_fr: Text
    note_en: Text
    values: Annotated[tuple[DatedAmount, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> RateRecord:
        days = [value.since for value in self.values]
        if days != sorted(set(days)):
            msg = "values are not in the order of `since`, each day once. Sort them."
            raise ValueError(msg)
        return self


class ValuationParameters(Part):
    """The parameters of valuation, with the day when their sources were last checked."""

    checked_on: dt.date
    framework: Framework
    in_kind_methods: tuple[MethodRecord, ...]
    hourly_rates: tuple[RateRecord, ...]

    @model_validator(mode="after")
    def _each_method_once(self) -> ValuationParameters:
        if sorted(record.code for record in self.in_kind_methods) != sorted(InKindMethod):
            msg = f"in_kind_methods has to name once each of {', '.join(InKindMethod)}."
            raise ValueError(msg)
        return self


def valuation_parameters() -> ValuationParameters:
    """Read the parameters of valuation that ship with the library.

    Returns
    -------
    ValuationParameters
        The methods in kind and the hourly rates.

    Examples
    --------
    >>> [rate.code for rate in valuation_parameters().hourly_rates]
    ['smic']
    """
    return read_record(Path(__file__).parent / "parameters" / "valuation.yaml", ValuationParameters)


class UnknownRateError(LookupError):
    """No value of the rate is known on that day.

    Attributes
    ----------
    code, on
        What was asked.
    known_since
        The first day of the rate; ``None`` if no rate has this code.
    """

    def __init__(self, code: str, on: dt.date, known_since: dt.date | None, message: str) -> None:
        self.code, self.on, self.known_since = code, on, known_since
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class KnownRate:
    """The value of an hourly rate on a day.

    Attributes
    ----------
    eur
        Euros an hour.
    source
        The text that sets it.
    since
        The day from which it holds.
    checked
        Whether the sources were checked on that day or later: if not, a newer text may exist.
    """

    eur: money.Euros
    source: str
    since: dt.date
    checked: bool


def hourly_rate(parameters: ValuationParameters, code: str, on: dt.date) -> KnownRate:
    """Find the value of an hourly rate on a day.

    Parameters
    ----------
    parameters : ValuationParameters
        See ``valuation_parameters``.
    code : str
        The rate.
    on : datetime.date
        The day of the work.

    Returns
    -------
    KnownRate
        The value in force, with the text that sets it.

    Raises
    ------
    UnknownRateError
        If no rate has this code, or none of its values is so old.

    Examples
    --------
    >>> found = hourly_rate(valuation_parameters(), "smic", dt.date(2022, 3, 1))
    >>> found.eur, found.source
    (Decimal('10.57'), 'Décret n° 2021-1741 du 22 décembre 2021')
    """
    rates = {rate.code: rate for rate in parameters.hourly_rates}
    if code not in rates:
        msg = f"« {code} » is no hourly rate. Choose one of: {', '.join(sorted(rates))}."
        raise UnknownRateError(code, on, None, msg)
    values = rates[code].values
    in_force = [value for value in values if value.since <= on]
    if not in_force:
        first = values[0].since
        msg = (
            f"The rate « {code} » is known since {first}, not on {on}. "
            "Give the rate and its source yourself."
        )
        raise UnknownRateError(code, on, first, msg)
    found = in_force[-1]
    return KnownRate(
        money.euros(found.eur), found.source, found.since, checked=on <= parameters.checked_on
    )
