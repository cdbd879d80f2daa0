"""The shape of a 360Giving file of somebody else, field by field.

A type, a date or an amount that the standard does not allow is refused here; what only the whole
grant can tell is checked when its value is made. Null stands for what is not known.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from alliage.fund.open_data.grants import (
    DAY_FORM,
    PERIOD_FORMS,
    GrantError,
    GrantFault,
    Nature,
    Period,
    Problem,
    is_web_address,
    parse_day,
)
from alliage.fund.open_data.scdl_subventions import NATURES
from alliage.values.dates import PartialDate, PartialDateError
from alliage.values.money import ZERO, Euros, MoneyError, euros
from alliage.values.yaml_files import place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

CURRENCY: Final = "EUR"

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
INSTANT_FORM = "an instant with its zone, as 2026-03-14T12:00:00Z"
_DAY_FORMS = (DAY_FORM, INSTANT_FORM)
_PARTIAL_FORMS = ("2026", "2026-03", *_DAY_FORMS)


def _refuse(fault: GrantFault, *allowed: str) -> NoReturn:
    raise PydanticCustomError(fault.value, "refused", {"allowed": allowed})


def _text_of(value: object) -> str:
    if not isinstance(value, str):
        _refuse(GrantFault.TYPE, "a text")
    return value


def _filled(text: str) -> str:
    if not text.strip():
        _refuse(GrantFault.MISSING)
    return text


def _instant(value: object) -> dt.datetime:
    text = _text_of(value).upper()
    if _INSTANT.fullmatch(text):
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            pass
    return _refuse(GrantFault.DATE, INSTANT_FORM)


def _day(value: object) -> dt.date:
    text = _text_of(value)
    if "T" in text.upper():
        return _instant(text).date()
    try:
        return parse_day(text)
    except GrantError:
        _refuse(GrantFault.DATE, *_DAY_FORMS)


def _partial(value: object) -> PartialDate:
    text = _text_of(value)
    if "T" in text.upper():
        text = _instant(text).date().isoformat()
    try:
        return PartialDate.parse(text)
    except PartialDateError:
        _refuse(GrantFault.DATE, *_PARTIAL_FORMS)


def _money(value: object) -> Euros:
    if not isinstance(value, Decimal):
        _refuse(GrantFault.TYPE, "a number")
    try:
        return euros(value)
    except MoneyError:
        _refuse(GrantFault.AMOUNT)


def _not_negative(amount: Euros) -> Euros:
    if amount < ZERO:
        _refuse(GrantFault.AMOUNT)
    return amount


def _euro_only(text: str) -> str:
    if text != CURRENCY:
        _refuse(GrantFault.CURRENCY)
    return text


def _web_address(text: str) -> str:
    if not is_web_address(text):
        _refuse(GrantFault.URL)
    return text


def _country(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", text):
        _refuse(GrantFault.NOT_ALLOWED, "the two capital letters of a country, as FR")
    return text


def _word(words: Mapping[str, Any]) -> PlainValidator:
    def read(value: object) -> Any:
        text = _text_of(value)
        if text not in words:
            _refuse(GrantFault.NOT_ALLOWED, *(f"« {word} »" for word in words))
        return words[text]

    return PlainValidator(read)


def _period(value: object) -> Period:
    try:
        return Period.parse(_text_of(value))
    except GrantError as error:
        _refuse(error.fault, *PERIOD_FORMS)


def _share(value: object) -> Decimal:
    text = _text_of(value)
    share = Decimal(text) if re.fullmatch(r"[01]\.[0-9]{1,40}", text) else None
    if share is None or share > 1:
        _refuse(GrantFault.SHARE, "a text from 0.00 to 1.00")
    return share


def _forget(value: object) -> str:
    _text_of(value)
    return ""


_Filled = Annotated[str, AfterValidator(_filled)]
_Day = Annotated[dt.date, PlainValidator(_day)]
_PartialDay = Annotated[PartialDate, PlainValidator(_partial)]
_Amount = Annotated[Decimal, PlainValidator(_money), AfterValidator(_not_negative)]
_Movement = Annotated[Decimal, PlainValidator(_money)]
_Currency = Annotated[str, AfterValidator(_euro_only)]


class Entry(BaseModel):
    """A part of a foreign file: types are strict, and fields that are not read may be there."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, alias_generator=to_camel)


class OrganisationScdlEntry(Entry):
    siret: str | None = None
    rna: str | None = None
    share: Annotated[Decimal, PlainValidator(_share)] | None = Field(
        default=None, alias="pourcentageSubvention"
    )


class OrganizationEntry(Entry):
    id: _Filled
    name: _Filled
    scdl: OrganisationScdlEntry = OrganisationScdlEntry()


class PersonEntry(Entry):
    id: _Filled
    name: Annotated[str, PlainValidator(_forget)]


class EventEntry(Entry):
    start_date: _PartialDay | None = None
    end_date: _PartialDay | None = None


class LocationEntry(Entry):
    name: str | None = None
    country_code: Annotated[str, AfterValidator(_country)] | None = None
    geo_code: str | None = None
    geo_code_type: str | None = None


class ProgrammeEntry(Entry):
    code: str = ""
    title: str | None = None


class ClassificationEntry(Entry):
    vocabulary: str = ""
    code: str = ""


class CommitmentEntry(Entry):
    id: str = ""
    transaction_date: _Day | None = None
    currency: _Currency = CURRENCY
    value: _Amount | None = None


class DisbursementEntry(Entry):
    id: str = ""
    transaction_date: _Day
    currency: _Currency = CURRENCY
    value: _Movement


class ScdlEntry(Entry):
    decision_reference: str = Field(default="", alias="referenceDecision")
    natures: Annotated[frozenset[Nature], _word(NATURES)] = Field(
        default=frozenset(), alias="nature"
    )
    payment_conditions: str = Field(default="", alias="conditionsVersement")
    payment_period: Annotated[Period, PlainValidator(_period)] | None = Field(
        default=None, alias="datesPeriodeVersement"
    )
    de_minimis: Annotated[bool, _word({"oui": True, "non": False})] | None = Field(
        default=None, alias="notificationUE"
    )


class GrantEntry(Entry):
    id: _Filled
    title: _Filled
    description: _Filled
    currency: _Currency
    amount_awarded: _Amount
    amount_disbursed: _Movement | None = None
    award_date: _Day
    url: Annotated[str, AfterValidator(_web_address)] | None = None
    planned_dates: list[EventEntry] = Field(default_factory=list)
    recipient_organization: list[OrganizationEntry] | None = None
    recipient_individual: PersonEntry | None = None
    funding_organization: list[OrganizationEntry]
    beneficiary_location: list[LocationEntry] = Field(default_factory=list)
    grant_programme: list[ProgrammeEntry] = Field(default_factory=list)
    from_open_call: Annotated[bool, _word({"Yes": True, "No": False})] | None = None
    classifications: list[ClassificationEntry] = Field(default_factory=list)
    commitment_transaction: list[CommitmentEntry] = Field(default_factory=list)
    disbursement_transaction: list[DisbursementEntry] | None = None
    scdl: ScdlEntry = ScdlEntry()
    date_modified: Annotated[dt.datetime, PlainValidator(_instant)] | None = None


_OF_PYDANTIC: Mapping[str, tuple[GrantFault, tuple[str, ...]]] = {
    "missing": (GrantFault.MISSING, ()),
    "string_type": (GrantFault.TYPE, ("a text",)),
    "list_type": (GrantFault.TYPE, ("a list",)),
    "model_type": (GrantFault.TYPE, ("an object",)),
}
_PERSON = "recipientIndividual"


def problem_of(index: int, details: ErrorDetails) -> Problem:
    location = details["loc"]
    kind = details["type"]
    if kind in _OF_PYDANTIC:
        fault, allowed = _OF_PYDANTIC[kind]
    else:
        fault, allowed = GrantFault(kind), tuple(details["ctx"]["allowed"])
    given = details["input"]
    # What is written of a person is not repeated.
    shown = isinstance(given, str | Decimal | bool) and _PERSON not in location
    field = place(location) if location else "grant"
    return Problem(index, field, fault, str(given) if shown else "", allowed)
