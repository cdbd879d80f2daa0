"""Bank details: what is well formed, what is wrong if not, and how little of it is shown.

No message, no ``repr`` and no attribute of an error holds a whole account number: they end up in
logs, in reports of errors and on screens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from stdnum import bic as stdnum_bic
from stdnum import numdb
from stdnum.exceptions import InvalidComponent
from stdnum.iso7064 import mod_97_10

_SEPARATORS = re.compile(r"[\s.\u00a0\u202f-]+")
_IBAN_FORM = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+")
_STRUCTURE_PART = re.compile(r"([0-9]+)!([nac])")
_CLASSES = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}
_BIC_FORM = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_BIC_LENGTHS = (8, 11)
_SHOWN_END = 4
_LONG_ENOUGH_TO_SHOW = 12


class BankDetail(StrEnum):
    """The codes that are checked here."""

    IBAN = "IBAN"
    BIC = "BIC"


class BankDetailProblem(StrEnum):
    """What is wrong with a code."""

    FORM = "form"
    COUNTRY = "country"
    LENGTH = "length"
    STRUCTURE = "structure"
    KEY = "key"
    HOLDER = "holder"


class InvalidBankDetailError(ValueError):
    """The text is not a well formed bank detail.

    Attributes
    ----------
    kind
        The code that was expected.
    problem
        What is wrong with it.
    masked
        The country and the last characters of what was given, or less.
    country
        The two letters of the country, where they are letters.
    length, expected
        How many characters it has, and those that it may have.
    """

    def __init__(
        self,
        kind: BankDetail,
        problem: BankDetailProblem,
        message: str,
        *,
        masked: str = "",
        country: str = "",
        length: int = 0,
        expected: tuple[int, ...] = (),
    ) -> None:
        self.kind = kind
        self.problem = problem
        self.masked = masked
        self.country = country
        self.length = length
        self.expected = expected
        super().__init__(message)


def mask(text: str) -> str:
    """Show of an account number what lets its owner recognise it, and nobody use it.

    Parameters
    ----------
    text : str
        An account number, well formed or not.

    Returns
    -------
    str
        The country and the last four characters; only dots if the text is short.

    Examples
    --------
    >>> mask("FR14 2004 1010 0505 0001 3M02 606"), mask("12345")
    ('FR…2606', '…')
    """
    value = _bare(text)
    if len(value) < _LONG_ENOUGH_TO_SHOW:
        return "…"
    country = value[:2] if value[:2].isascii() and value[:2].isalpha() else ""
    return f"{country}…{value[-_SHOWN_END:]}"


def iban(text: str) -> str:
    """Check an IBAN: characters, country, length, national structure and key.

    Parameters
    ----------
    text : str
        The number; spaces, points, hyphens and lower case are accepted.

    Returns
    -------
    str
        The number without separators, in upper case.

    Raises
    ------
    InvalidBankDetailError
        If something is wrong; the first of the five checks that fails is named.

    Notes
    -----
    A well formed number may belong to nobody: only the bank can tell. Accounts of the overseas
    departments of France have a number that starts with FR.

    Source: ISO 13616-1:2020; key of ISO/IEC 7064, MOD 97-10. Lengths and structures are those of
    the register of SWIFT that python-stdnum ships.

    Examples
    --------
    >>> iban("FR14 2004 1010 0505 0001 3m02 606")
    'FR1420041010050500013M02606'
    >>> iban("FR15 2004 1010 0505 0001 3M02 606")
    Traceback (most recent call last):
        ...
    alliage.fund.money.bank_details.InvalidBankDetailError: FR…2606 is not an IBAN: its key...
    """
    value = _bare(text)
    shown = mask(value)
    if not _IBAN_FORM.fullmatch(value):
        fact = (
            "it takes two letters of a country, two digits of a key, then digits and letters. "
            "Copy it from the bank details (RIB) that the bank gives."
        )
        raise _wrong_iban(BankDetailProblem.FORM, shown, fact)
    country = value[:2]
    structure = _structure(country)
    if structure is None:
        fact = f"no country of the register of IBAN has the letters « {country} ». Correct them."
        raise _wrong_iban(BankDetailProblem.COUNTRY, shown, fact, country=country)
    _check_structure(value, structure)
    if not mod_97_10.is_valid(value[4:] + value[:4]):
        fact = (
            "its key is wrong, so at least one character differs from that of the bank. "
            "Copy it again."
        )
        raise _wrong_iban(BankDetailProblem.KEY, shown, fact, country=country)
    return value


def bic(text: str) -> str:
    """Check the form of a BIC, the code of a bank.

    Parameters
    ----------
    text : str
        Eight or eleven characters; spaces, hyphens and lower case are accepted.

    Returns
    -------
    str
        The code in upper case.

    Raises
    ------
    InvalidBankDetailError
        If its length, its form or its country is wrong. There is no key.

    Source: ISO 9362, with the letters that banks have in the first four places.

    Examples
    --------
    >>> bic("psst frpp par"), bic("AGRIFRPP")
    ('PSSTFRPPPAR', 'AGRIFRPP')
    >>> bic("AGRIFRP")
    Traceback (most recent call last):
        ...
    alliage.fund.money.bank_details.InvalidBankDetailError: The BIC has 7 characters; it tak...
    """
    value = _bare(text)
    if len(value) not in _BIC_LENGTHS:
        message = (
            f"The BIC has {len(value)} characters; it takes 8 or 11. Copy it from the bank details "
            "(RIB), or leave it out: the IBAN is enough inside the European Economic Area."
        )
        raise InvalidBankDetailError(
            BankDetail.BIC,
            BankDetailProblem.LENGTH,
            message,
            length=len(value),
            expected=_BIC_LENGTHS,
        )
    if not _BIC_FORM.fullmatch(value):
        message = (
            "The BIC takes four letters of a bank, two letters of a country, then two or five "
            "letters and digits. Copy it from the bank details (RIB)."
        )
        raise InvalidBankDetailError(BankDetail.BIC, BankDetailProblem.FORM, message)
    try:
        stdnum_bic.validate(value)
    except InvalidComponent:
        country = value[4:6]
        message = f"No country has the letters « {country} » of the BIC. Correct them."
        raise InvalidBankDetailError(
            BankDetail.BIC, BankDetailProblem.COUNTRY, message, country=country
        ) from None
    return value


@dataclass(frozen=True, slots=True, repr=False)
class BankAccount:
    """The account of somebody, checked when it is made and masked when it is shown.

    Attributes
    ----------
    holder
        The name that the bank knows, which it compares with that of an order.
    iban, bic
        The account and, where it is known, the bank.

    Examples
    --------
    >>> BankAccount("Association Exemple", "FR14 2004 1010 0505 0001 3M02 606")
    BankAccount(FR…2606)
    """

    holder: str
    iban: str
    bic: str | None = None

    def __post_init__(self) -> None:
        if not self.holder.strip():
            message = "The account has no holder. Give the name that the bank knows."
            raise InvalidBankDetailError(BankDetail.IBAN, BankDetailProblem.HOLDER, message)
        object.__setattr__(self, "iban", iban(self.iban))
        object.__setattr__(self, "bic", bic(self.bic) if self.bic else None)

    def __repr__(self) -> str:
        return f"BankAccount({mask(self.iban)})"


def _bare(text: str) -> str:
    return _SEPARATORS.sub("", text).upper()


def _structure(country: str) -> str | None:
    """Return the national part as the register writes it: « 5!n5!n11!c2!n » for France."""
    found: dict[str, str] = numdb.get("iban").info(country)[0][1]
    return found.get("bban")


def _check_structure(value: str, structure: str) -> None:
    country = value[:2]
    parts = _STRUCTURE_PART.findall(structure)
    expected = 4 + sum(int(count) for count, _ in parts)
    if len(value) != expected:
        fact = (
            f"it has {len(value)} characters, and those of « {country} » have {expected}. "
            "Copy it again, whole."
        )
        raise _wrong_iban(
            BankDetailProblem.LENGTH,
            mask(value),
            fact,
            country=country,
            length=len(value),
            expected=(expected,),
        )
    pattern = "".join(f"{_CLASSES[kind]}{{{count}}}" for count, kind in parts)
    if not re.fullmatch(pattern, value[4:]):
        fact = (
            f"letters stand where those of « {country} » have digits, or the reverse. "
            "Look for O and 0, I and 1."
        )
        raise _wrong_iban(BankDetailProblem.STRUCTURE, mask(value), fact, country=country)


def _wrong_iban(
    problem: BankDetailProblem,
    shown: str,
    fact: str,
    *,
    country: str = "",
    length: int = 0,
    expected: tuple[int, ...] = (),
) -> InvalidBankDetailError:
    return InvalidBankDetailError(
        BankDetail.IBAN,
        problem,
        f"{shown} is not an IBAN: {fact}",
        masked=shown,
        country=country,
        length=length,
        expected=expected,
    )
