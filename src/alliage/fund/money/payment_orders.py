"""Payment orders: the file that a bank executes, and the list that a person reads.

The file is a SEPA credit transfer initiation, ISO 20022 `pain.001.001.09`. The same orders give the
same bytes: its identifiers come from the caller and from the keys of the ledger, never from chance,
so that a bank refuses as a duplicate what is sent twice.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Final

from alliage.values.cells import write_csv
from alliage.values.money import Euros, euros, total

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from alliage.fund.money.bank_details import BankAccount

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"

#: What one SEPA credit transfer may carry.
SMALLEST: Final = Decimal("0.01")
LARGEST: Final = Decimal("999999999.99")

_NAME_LENGTH = 70
_REASON_LENGTH = 140
_IDENTIFIER_LENGTH = 35
# « -1 » to « -9999 » follows for each payment information.
_MESSAGE_ID_LENGTH = 30
_ALLOWED = re.compile(r"[A-Za-z0-9/?:().,'+ -]")
_IDENTIFIER = re.compile(r"(?!/)(?!.*//)[A-Za-z0-9/?:().,'+-]+(?<!/)")
# What no decomposition of Unicode gives.
_REPLACED = str.maketrans(
    {
        "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l",
        "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i",
        "€": "E", "&": "+", "@": "(at)", "_": "-", ";": ",", "*": ".", "#": ".",
        "‘": "'", "’": "'", "`": "'", '"': "'", "“": "'", "”": "'", "«": "'", "»": "'",
        "–": "-", "—": "-", "[": "(", "]": ")", "{": "(", "}": ")",
    }
)  # fmt: skip

COLUMNS: Final = (
    "cle", "reference_bout_en_bout", "date_execution", "beneficiaire", "montant_eur", "motif",
)  # fmt: skip


class PaymentFault(StrEnum):
    """Why orders cannot be written."""

    NO_ORDER = "no_order"
    MESSAGE_ID = "message_id"
    INSTANT = "instant"
    KEY = "key"
    REPEATED_KEY = "repeated_key"
    AMOUNT = "amount"
    NAME = "name"
    REASON = "reason"
    DATE = "date"
    NO_ACCOUNT = "no_account"


class PaymentOrderError(ValueError):
    """A payment order, or a file of them, cannot be written.

    Attributes
    ----------
    fault
        Why.
    key
        The idempotency key of the order; empty when the whole file is at fault.
    value, limit
        What was found, and what is allowed.
    """

    def __init__(
        self, fault: PaymentFault, message: str, *, key: str = "", value: str = "", limit: str = ""
    ) -> None:
        self.fault = fault
        self.key = key
        self.value = value
        self.limit = limit
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """One payment to make.

    Attributes
    ----------
    key
        The idempotency key of the posting of the ledger that this order pays.
    beneficiary
        Who is paid.
    amount
        Euros, from one cent to 999,999,999.99.
    execute_on
        The day when the bank of the payer moves the money.
    reason
        What the beneficiary reads on the statement.
    account
        Where the money goes; None where bank details are not kept.

    Raises
    ------
    PaymentOrderError
        If the key, the beneficiary, the amount or the reason cannot be written in an order.
    """

    key: str
    beneficiary: str
    amount: Euros
    execute_on: dt.date
    reason: str
    account: BankAccount | None = None

    def __post_init__(self) -> None:
        if not self.key.strip():
            message = "The order has no key. Give that of the posting that it pays."
            raise PaymentOrderError(PaymentFault.KEY, message)
        object.__setattr__(self, "amount", euros(self.amount))
        if not SMALLEST <= self.amount <= LARGEST:
            message = (
                f"The order « {self.key} » is of {self.amount} euros; a SEPA credit transfer takes "
                f"{SMALLEST} to {LARGEST}. Correct the amount, or split it into several orders."
            )
            limit = f"{SMALLEST}-{LARGEST}"
            raise PaymentOrderError(
                PaymentFault.AMOUNT, message, key=self.key, value=str(self.amount), limit=limit
            )
        if not self.beneficiary.strip():
            message = f"The order « {self.key} » names no beneficiary. Say who is paid."
            raise PaymentOrderError(PaymentFault.NAME, message, key=self.key)
        written = sepa_text(self.reason)
        if not _has_letters(written) or len(written) > _REASON_LENGTH:
            message = (
                f"The reason of the order « {self.key} » is written with {len(written)} "
                f"characters; it takes 1 to {_REASON_LENGTH}, letters among them. Correct it."
            )
            limit = str(_REASON_LENGTH)
            raise PaymentOrderError(PaymentFault.REASON, message, key=self.key, limit=limit)

    @property
    def end_to_end_id(self) -> str:
        """The identifier that comes back on statements; see `end_to_end_id`."""
        return end_to_end_id(self.key)


@dataclass(frozen=True, slots=True)
class Batch:
    """The orders that one account pays."""

    debtor: BankAccount
    orders: tuple[PaymentOrder, ...]


def sepa_text(text: str) -> str:
    """Write a text with the characters that every bank of SEPA takes.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Latin letters, digits, spaces and ``/ - ? : ( ) . , ' +``. Accents are dropped, ligatures
        are written in full, other signs take their nearest neighbour, and what has none becomes
        a point. Runs of spaces become one.

    Notes
    -----
    A name in another alphabet becomes points: the bank could not read it. Ask for the name in
    Latin letters.

    Source: European Payments Council, EPC217-08, *SEPA requirements for an extended character
    set (UNICODE subset): best practices*.

    Examples
    --------
    >>> sepa_text("Fédération « Les Œuvres d’Ici » & Cie")
    "Federation 'Les OEuvres d'Ici' + Cie"
    """
    spaced = re.sub(r"«\s+", "«", re.sub(r"\s+»", "»", text))
    decomposed = unicodedata.normalize("NFKD", spaced.translate(_REPLACED))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    # A second time: a decomposition may give a sign that has a neighbour, as « ﹠ » gives « & ».
    flat = " ".join(bare.translate(_REPLACED).split())
    return "".join(char if _ALLOWED.fullmatch(char) else "." for char in flat)


def end_to_end_id(key: str) -> str:
    """Derive the end-to-end identifier of an order from its idempotency key.

    Parameters
    ----------
    key : str
        The idempotency key of the posting.

    Returns
    -------
    str
        The key itself if SEPA can carry it: 35 characters at most of its alphabet, without space,
        without a slash at an end nor two in a row. Otherwise 35 characters that the key alone
        decides (the beginning of its SHA-256).

    Source: European Payments Council, EPC132-08, *SEPA Credit Transfer Scheme customer-to-PSP
    implementation guidelines*, on the slashes of identifiers.

    Examples
    --------
    >>> end_to_end_id("pay-2026-014-1")
    'pay-2026-014-1'
    >>> end_to_end_id("versement n° 1 du dossier 2026-014")
    'Kd1693cfed86dbc9054e877a83bb22000de'
    """
    if len(key) <= _IDENTIFIER_LENGTH and _IDENTIFIER.fullmatch(key):
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return "K" + digest[: _IDENTIFIER_LENGTH - 1]


def credit_transfers(
    batches: Iterable[Batch], *, initiator: str, message_id: str, created_at: dt.datetime
) -> bytes:
    """Write orders as the XML file that banks execute.

    There is one payment information for each debtor and each day of execution, by day, then in
    the order of the batches; inside it, orders keep the order in which they come.

    Parameters
    ----------
    batches : iterable of Batch
        The orders of each account that pays.
    initiator : str
        Who sends the file.
    message_id : str
        What identifies the file, 30 characters at most of the alphabet of identifiers. The same
        identifier lets the bank refuse a file that is sent twice.
    created_at : datetime
        When the file is made, with its time zone.

    Returns
    -------
    bytes
        UTF-8, all of it ASCII.

    Raises
    ------
    PaymentOrderError
        If there is no order, two orders have the same key, an order has no account or is to be
        executed before the file is made, or if a name, the identifier or the instant cannot be
        written.

    Source: ISO 20022, `pain.001.001.09`; European Payments Council, EPC132-08.

    Examples
    --------
    >>> import datetime as dt
    >>> from alliage.fund.money.bank_details import BankAccount
    >>> fund = BankAccount("Fonds Exemple", "FR14 2004 1010 0505 0001 3M02 606")
    >>> paid = BankAccount("Club", "DE89 3704 0044 0532 0130 00")
    >>> order = PaymentOrder("k1", "Club", euros(1200), dt.date(2026, 3, 2), "Tranche 1", paid)
    >>> noon = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    >>> data = credit_transfers(
    ...     [Batch(fund, (order,))], initiator="Fonds", message_id="M1", created_at=noon
    ... )
    >>> b'<InstdAmt Ccy="EUR">1200.00</InstdAmt>' in data
    True
    """
    kept = [batch for batch in batches if batch.orders]
    orders = [order for batch in kept for order in batch.orders]
    _check_file(orders, message_id, created_at)
    root = ET.Element("Document", xmlns=NAMESPACE)
    initiation = _add(root, "CstmrCdtTrfInitn")
    header = _add(initiation, "GrpHdr")
    _add(header, "MsgId", message_id)
    _add(header, "CreDtTm", created_at.isoformat(timespec="seconds"))
    _add_totals(header, orders)
    _add(_add(header, "InitgPty"), "Nm", _name(initiator))
    for rank, (debtor, day, of_day) in enumerate(_by_debtor_and_day(kept), start=1):
        _add_payment_information(initiation, f"{message_id}-{rank}", debtor, day, of_day)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def payment_list(orders: Iterable[PaymentOrder]) -> str:
    r"""Write orders as a CSV table without any bank detail.

    It serves those who type the orders at their bank, or reconcile its statement.

    Parameters
    ----------
    orders : iterable of PaymentOrder
        The orders, with or without accounts.

    Returns
    -------
    str
        A table separated by « ; », with amounts written with a comma as French spreadsheets
        read them, and nothing that a spreadsheet could run.

    Examples
    --------
    >>> import datetime as dt
    >>> order = PaymentOrder("k1", "Club", euros("1200.50"), dt.date(2026, 3, 2), "Tranche 1")
    >>> payment_list([order]).splitlines()[1]
    'k1;k1;2026-03-02;Club;1200,50;Tranche 1'
    """
    rows = [
        (
            order.key,
            order.end_to_end_id,
            order.execute_on.isoformat(),
            order.beneficiary,
            str(order.amount).replace(".", ","),
            order.reason,
        )
        for order in orders
    ]
    return write_csv([COLUMNS, *rows])


def _has_letters(text: str) -> bool:
    return any(char.isalnum() for char in text)


def _check_file(orders: Sequence[PaymentOrder], message_id: str, created_at: dt.datetime) -> None:
    if not orders:
        message = "There is no order to write. Choose at least one payment that is due."
        raise PaymentOrderError(PaymentFault.NO_ORDER, message)
    if len(message_id) > _MESSAGE_ID_LENGTH or not _IDENTIFIER.fullmatch(message_id):
        message = (
            f"« {message_id} » cannot identify a file of payments: it takes 1 to "
            f"{_MESSAGE_ID_LENGTH} letters without accents, digits or / - ? : ( ) . , ' +, with no "
            "slash at an end nor two in a row."
        )
        limit = str(_MESSAGE_ID_LENGTH)
        raise PaymentOrderError(PaymentFault.MESSAGE_ID, message, value=message_id, limit=limit)
    if created_at.tzinfo is None:
        message = "The instant when the file is made has no time zone. Give one that has."
        raise PaymentOrderError(PaymentFault.INSTANT, message, value=str(created_at))
    seen: set[str] = set()
    for order in orders:
        if order.end_to_end_id in seen:
            message = f"Two orders have the key « {order.key} ». Keep one: it would be paid twice."
            raise PaymentOrderError(PaymentFault.REPEATED_KEY, message, key=order.key)
        seen.add(order.end_to_end_id)
        if order.execute_on < created_at.date():
            message = (
                f"The order « {order.key} » is to be executed on {order.execute_on}, before the "
                f"file is made. Choose {created_at.date()} or later."
            )
            raise PaymentOrderError(
                PaymentFault.DATE,
                message,
                key=order.key,
                value=str(order.execute_on),
                limit=str(created_at.date()),
            )


def _by_debtor_and_day(
    batches: Iterable[Batch],
) -> Iterator[tuple[BankAccount, dt.date, list[PaymentOrder]]]:
    places: dict[str, int] = {}
    sorted_orders = sorted(
        (
            (order.execute_on, places.setdefault(batch.debtor.iban, len(places)), batch, order)
            for batch in batches
            for order in batch.orders
        ),
        # The sort is stable: inside a debtor and a day, orders stay as they came.
        key=lambda item: item[:2],
    )
    for (day, _), items in groupby(sorted_orders, key=lambda item: item[:2]):
        of_day = list(items)
        yield of_day[0][2].debtor, day, [order for *_, order in of_day]


def _add_payment_information(
    parent: ET.Element,
    identifier: str,
    debtor: BankAccount,
    day: dt.date,
    orders: Sequence[PaymentOrder],
) -> None:
    information = _add(parent, "PmtInf")
    _add(information, "PmtInfId", identifier)
    _add(information, "PmtMtd", "TRF")
    # Each payment has its line on the statement: it is reconciled with its posting.
    _add(information, "BtchBookg", "false")
    _add_totals(information, orders)
    _add(_add(_add(information, "PmtTpInf"), "SvcLvl"), "Cd", "SEPA")
    _add(_add(information, "ReqdExctnDt"), "Dt", day.isoformat())
    _add(_add(information, "Dbtr"), "Nm", _name(debtor.holder))
    _add_account(information, "DbtrAcct", debtor)
    bank = _add(_add(information, "DbtrAgt"), "FinInstnId")
    if debtor.bic:
        _add(bank, "BICFI", debtor.bic)
    else:
        # The message requires the bank; the guidelines say what to write when it is not known.
        _add(_add(bank, "Othr"), "Id", "NOTPROVIDED")
    _add(information, "ChrgBr", "SLEV")
    for order in orders:
        _add_transfer(information, order)


def _add_transfer(parent: ET.Element, order: PaymentOrder) -> None:
    if order.account is None:
        message = (
            f"The order « {order.key} » has no account to pay. Enter the bank details of "
            f"{order.beneficiary}, or use the list of payments, which needs none."
        )
        raise PaymentOrderError(PaymentFault.NO_ACCOUNT, message, key=order.key)
    transfer = _add(parent, "CdtTrfTxInf")
    identifiers = _add(transfer, "PmtId")
    _add(identifiers, "InstrId", order.end_to_end_id)
    _add(identifiers, "EndToEndId", order.end_to_end_id)
    amount = _add(_add(transfer, "Amt"), "InstdAmt", str(order.amount))
    amount.set("Ccy", "EUR")
    if order.account.bic:
        _add(_add(_add(transfer, "CdtrAgt"), "FinInstnId"), "BICFI", order.account.bic)
    # Banks compare the name of the order with that of the account: the holder is written.
    _add(_add(transfer, "Cdtr"), "Nm", _name(order.account.holder))
    _add_account(transfer, "CdtrAcct", order.account)
    _add(_add(transfer, "RmtInf"), "Ustrd", sepa_text(order.reason))


def _add_account(parent: ET.Element, tag: str, account: BankAccount) -> None:
    _add(_add(_add(parent, tag), "Id"), "IBAN", account.iban)


def _add_totals(parent: ET.Element, orders: Sequence[PaymentOrder]) -> None:
    _add(parent, "NbOfTxs", str(len(orders)))
    _add(parent, "CtrlSum", str(total(order.amount for order in orders)))


def _name(text: str) -> str:
    written = sepa_text(text)[:_NAME_LENGTH].rstrip()
    if not _has_letters(written):
        message = (
            f"« {text} » cannot be written as a name in a SEPA order: it has no letter from A to Z "
            "and no digit. Give the name in Latin letters."
        )
        raise PaymentOrderError(PaymentFault.NAME, message, value=text)
    return written


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = text
    return child
