"""Payment files: valid by the schema of ISO 20022, exact to the cent, and always the same."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import xmlschema
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage.fund.money.bank_details import BankAccount
from alliage.fund.money.payment_orders import (
    COLUMNS,
    LARGEST,
    NAMESPACE,
    Batch,
    PaymentFault,
    PaymentOrder,
    PaymentOrderError,
    credit_transfers,
    end_to_end_id,
    payment_list,
    sepa_text,
)
from alliage.values.money import euros

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FUND = BankAccount("Fonds « Alliances d’Ici »", "FR14 2004 1010 0505 0001 3M02 606", "PSSTFRPPPAR")
OTHER_FUND = BankAccount("Autre fonds", "BE68 5390 0754 7034")
CLUB = BankAccount("Club des Œuvres", "DE89 3704 0044 0532 0130 00", "DEUTDEFF")
CITY = BankAccount("Ville de Vincennes", "MC58 1122 2000 0101 2345 6789 030")
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=1)))
DAY = dt.date(2026, 3, 2)
ALPHABET = re.compile(r"[A-Za-z0-9/?:().,'+ -]*")


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(files("sepaxml") / "schemas" / "pain.001.001.09.xsd"))


def order(key: str = "k1", amount: str = "1200.00", **fields: object) -> PaymentOrder:
    given_fields: dict[str, object] = {
        "beneficiary": "Club", "execute_on": DAY, "reason": "Tranche 1", "account": CLUB, **fields,
    }  # fmt: skip
    return PaymentOrder(key=key, amount=euros(amount), **given_fields)  # type: ignore[arg-type]


def write(*batches: Batch, message_id: str = "M1") -> bytes:
    return credit_transfers(batches, initiator="Le Pari", message_id=message_id, created_at=NOON)


def texts(root: Element, path: str) -> list[str]:
    steps = "/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/"))
    return [found.text or "" for found in root.iterfind(f".//{steps}")]


def test_a_file_is_valid_and_its_sums_add_up(schema: xmlschema.XMLSchema) -> None:
    data = write(
        Batch(FUND, (order("a", "0.10"), order("b", "0.20", account=CITY))),
        Batch(OTHER_FUND, (order("c", "17000"),)),
        Batch(FUND, (order("d", "5.05", execute_on=DAY + dt.timedelta(days=1)), order("e", "1"))),
    )
    schema.validate(data.decode())
    root = ElementTree.fromstring(data)
    assert texts(root, "GrpHdr/NbOfTxs") == ["5"]
    assert texts(root, "GrpHdr/CtrlSum") == ["17006.35"]
    assert texts(root, "GrpHdr/CreDtTm") == ["2026-03-01T12:00:00+01:00"]
    # One payment information for each debtor and day; two batches of a debtor are one.
    assert texts(root, "PmtInf/PmtInfId") == ["M1-1", "M1-2", "M1-3"]
    assert texts(root, "DbtrAcct/Id/IBAN") == [FUND.iban, OTHER_FUND.iban, FUND.iban]
    assert texts(root, "ReqdExctnDt/Dt") == ["2026-03-02", "2026-03-02", "2026-03-03"]
    assert texts(root, "PmtInf/NbOfTxs") == ["3", "1", "1"]
    assert texts(root, "PmtInf/CtrlSum") == ["1.30", "17000.00", "5.05"]
    assert texts(root, "PmtId/EndToEndId") == ["a", "b", "e", "c", "d"]
    assert texts(root, "Amt/InstdAmt") == ["0.10", "0.20", "1.00", "17000.00", "5.05"]
    assert {found.get("Ccy") for found in root.iter(f"{{{NAMESPACE}}}InstdAmt")} == {"EUR"}


def test_an_unknown_bank_is_said_not_provided(schema: xmlschema.XMLSchema) -> None:
    data = write(Batch(OTHER_FUND, (order(account=CITY),)))
    schema.validate(data.decode())
    root = ElementTree.fromstring(data)
    assert texts(root, "DbtrAgt/FinInstnId/Othr/Id") == ["NOTPROVIDED"]
    assert texts(root, "BICFI") == []


def test_names_and_reasons_are_written_with_the_letters_of_sepa() -> None:
    root = ElementTree.fromstring(write(Batch(FUND, (order(reason="Été <2026> & suite"),))))
    assert texts(root, "Dbtr/Nm") == ["Fonds 'Alliances d'Ici'"]
    assert texts(root, "Cdtr/Nm") == ["Club des OEuvres"]
    assert texts(root, "RmtInf/Ustrd") == ["Ete .2026. + suite"]


def test_the_same_orders_give_the_same_bytes() -> None:
    batch = Batch(FUND, (order("a"), order("b")))
    assert write(batch) == write(batch)
    assert b"<!" not in write(batch)


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.text(min_size=1, max_size=50).filter(str.strip),
            st.decimals("0.01", LARGEST, places=2),
            st.integers(0, 3),
            # Beyond these letters, one character may be written with many.
            st.text(st.characters(max_codepoint=0x17F), max_size=40),
            st.sampled_from([CLUB, CITY]),
            st.sampled_from([FUND, OTHER_FUND]),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda item: item[0],
    )
)
def test_any_orders_make_a_valid_file_that_adds_up(
    schema: xmlschema.XMLSchema,
    drawn: list[tuple[str, Decimal, int, str, BankAccount, BankAccount]],
) -> None:
    batches = [
        Batch(
            debtor,
            (
                PaymentOrder(
                    key, "Club", amount, DAY + dt.timedelta(days=days), f"Tranche {text}", account
                ),
            ),
        )
        for key, amount, days, text, account, debtor in drawn
    ]
    data = write(*batches)
    schema.validate(data.decode())
    root = ElementTree.fromstring(data)
    whole = sum((amount for _, amount, *_ in drawn), Decimal(0))
    assert [Decimal(text) for text in texts(root, "GrpHdr/CtrlSum")] == [whole]
    assert sum(map(Decimal, texts(root, "PmtInf/CtrlSum"))) == whole
    assert sum(map(Decimal, texts(root, "InstdAmt"))) == whole
    written = texts(root, "EndToEndId")
    assert sorted(written) == sorted(end_to_end_id(key) for key, *_ in drawn)
    for text in (*written, *texts(root, "Nm"), *texts(root, "Ustrd")):
        assert ALPHABET.fullmatch(text)


@given(st.text(max_size=80))
def test_what_is_written_for_sepa_is_written_once_for_all(text: str) -> None:
    written = sepa_text(text)
    assert ALPHABET.fullmatch(written)
    assert sepa_text(written) == written


@given(st.text(max_size=60))
def test_an_end_to_end_identifier_is_one_that_banks_take(key: str) -> None:
    identifier = end_to_end_id(key)
    assert 1 <= len(identifier) <= 35
    assert ALPHABET.fullmatch(identifier)
    assert not identifier.startswith("/")
    assert not identifier.endswith("/")
    assert "//" not in identifier
    assert " " not in identifier
    assert end_to_end_id(key) == identifier


@pytest.mark.parametrize(
    "key", ["/a", "a/", "a//b", "a b", "é", "x" * 36, "", "versement:1\n", "a_b"]
)
def test_a_key_that_banks_refuse_is_replaced(key: str) -> None:
    assert end_to_end_id(key) != key
    assert len({end_to_end_id(key), end_to_end_id(key + "x")}) == 2


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"key": " "}, PaymentFault.KEY),
        ({"amount": "0"}, PaymentFault.AMOUNT),
        ({"amount": "-5"}, PaymentFault.AMOUNT),
        ({"amount": "1000000000"}, PaymentFault.AMOUNT),
        ({"beneficiary": " "}, PaymentFault.NAME),
        ({"reason": " – "}, PaymentFault.REASON),
        ({"reason": "x" * 141}, PaymentFault.REASON),
        # Seventy-one ligatures are one hundred and forty-two letters.
        ({"reason": "œ" * 71}, PaymentFault.REASON),
    ],
)
def test_an_order_that_no_bank_would_take_is_refused(
    fields: dict[str, str], fault: PaymentFault
) -> None:
    with pytest.raises(PaymentOrderError) as caught:
        order(**fields)
    assert caught.value.fault is fault


def refused(*batches: Batch, message_id: str = "M1", created_at: dt.datetime = NOON) -> str:
    with pytest.raises(PaymentOrderError) as caught:
        credit_transfers(batches, initiator="Le Pari", message_id=message_id, created_at=created_at)
    return caught.value.fault


def test_a_file_that_no_bank_would_take_is_refused() -> None:
    good = Batch(FUND, (order(),))
    assert refused() == PaymentFault.NO_ORDER
    assert refused(Batch(FUND, ())) == PaymentFault.NO_ORDER
    for message_id in ("", "x" * 31, "a b", "/a", "a//b", "é"):
        assert refused(good, message_id=message_id) == PaymentFault.MESSAGE_ID
    assert refused(good, created_at=NOON.replace(tzinfo=None)) == PaymentFault.INSTANT
    assert refused(good, good) == PaymentFault.REPEATED_KEY
    assert refused(Batch(FUND, (order(account=None),))) == PaymentFault.NO_ACCOUNT
    yesterday = NOON.date() - dt.timedelta(days=1)
    assert refused(Batch(FUND, (order(execute_on=yesterday),))) == PaymentFault.DATE
    greek = BankAccount("Ομάδα", CLUB.iban)
    assert refused(Batch(FUND, (order(account=greek),))) == PaymentFault.NAME
    assert refused(Batch(greek, (order(),))) == PaymentFault.NAME


def test_the_day_of_the_file_is_soon_enough() -> None:
    data = write(Batch(FUND, (order(execute_on=NOON.date()),)))
    assert texts(ElementTree.fromstring(data), "ReqdExctnDt/Dt") == ["2026-03-01"]


def test_the_list_holds_no_bank_detail_and_runs_nothing() -> None:
    text = payment_list([order("k1", "1200.50", reason="=HYPERLINK(1)"), order("k2", account=None)])
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert tuple(rows[0]) == COLUMNS
    assert rows[1] == ["k1", "k1", "2026-03-02", "Club", "1200,50", "'=HYPERLINK(1)"]
    assert rows[2][0] == "k2"
    for secret in (CLUB.iban, CLUB.iban[4:], "DEUTDEFF"):
        assert secret not in text
    assert CLUB.iban not in repr(order())


def test_the_page_names_every_column_and_every_refusal() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "payment-orders.md"
    named = re.findall(r"^\| `(\w+)` \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert named == [*COLUMNS, *PaymentFault]
