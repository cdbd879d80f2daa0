"""SCDL « Subventions »: what is written is accepted by its schema, and read back the same.

The official schema is not part of the project. Where the variable ``ALLIAGE_OFFICIAL_SCHEMAS``
names a folder that holds it, the columns are compared with it one by one.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.fund.open_data.grants import (
    Grant,
    GrantFault,
    Individual,
    Nature,
    Organisation,
    Period,
    Preview,
    Recipient,
    part_of,
)
from alliage.fund.open_data.scdl_subventions import (
    COLUMNS,
    IN_INSTALMENTS,
    NATURES,
    ONE_PAYMENT,
    VERSION,
    Subvention,
    read_subventions,
    write_subventions,
)
from alliage.values.money import euros, total

FUND = Organisation("Fondation Exemple", siret="21750001600019")
CLUB = Organisation("Club", siret="73282932000074")
CHOIR = Organisation("Chorale", rna="W751234567")
DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1))


def make(**changes: Any) -> Grant:
    fields: dict[str, Any] = {
        "id": "2026-014",
        "title": "Passerelles",
        "description": "Vers l’emploi",
        "funder": FUND,
        "amount": euros("17000.50"),
        "awarded_on": dt.date(2026, 3, 2),
        "recipients": (Recipient(CLUB),),
        "agreed_on": dt.date(2026, 3, 14),
        "decision_reference": "CA-2026-3",
        "natures": frozenset({Nature.CASH}),
        "payment_conditions": ONE_PAYMENT,
        "payment_period": Period(dt.date(2026, 4, 1)),
        "de_minimis": False,
        **changes,
    }
    return Grant(**fields)


def cells_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def read(text: str) -> Preview[Subvention]:
    return read_subventions(text.encode())


def rewritten(**cells: str) -> str:
    """A file with one good row, some of whose cells are changed."""
    header, row = csv.reader(io.StringIO(write_subventions([make()]).text), delimiter=";")
    values = dict(zip(header, row, strict=True)) | cells
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([list(values), list(values.values())])
    return out.getvalue()


def test_a_grant_is_a_row_with_the_columns_in_order() -> None:
    file = write_subventions([make()])
    assert file.left_out == ()
    header, row = file.text.splitlines()
    assert header == (
        "nomAttribuant;idAttribuant;dateConvention;referenceDecision;nomBeneficiaire;"
        "idBeneficiaire;rnaBeneficiaire;objet;montant;nature;conditionsVersement;"
        "datesPeriodeVersement;idRAE;notificationUE;pourcentageSubvention;dispositifAide"
    )
    assert row == (
        "Fondation Exemple;21750001600019;2026-03-14;CA-2026-3;Club;73282932000074;;Passerelles;"
        "17000.50;aide en numéraire;unique;2026-04-01;;non;1.00;"
    )


def test_recipients_share_the_amount_to_the_cent() -> None:
    thirds = [euros("333.33"), euros("333.33"), euros("333.34")]
    organisations = [CLUB, CHOIR, Organisation("Orchestre", rna="W941234567")]
    grant = make(
        amount=euros(1000),
        recipients=tuple(map(Recipient, organisations, thirds)),
        payment_conditions=IN_INSTALMENTS,
        payment_period=Period(dt.date(2026, 4, 1), dt.date(2027, 4, 1)),
        natures=frozenset(Nature),
    )
    rows = cells_of(write_subventions([grant]).text)
    assert [row["montant"] for row in rows] == ["1000.00"] * 3
    assert [row["idBeneficiaire"] + row["rnaBeneficiaire"] for row in rows] == [
        "73282932000074", "W751234567", "W941234567",
    ]  # fmt: skip
    parts = [part_of(Decimal(row["pourcentageSubvention"]), euros(1000)) for row in rows]
    assert parts == thirds
    assert rows[0]["nature"] == "aide en numéraire;aide en nature"
    assert rows[0]["datesPeriodeVersement"] == "2026-04-01/2027-04-01"


def test_what_is_unknown_is_left_out_and_never_filled_in() -> None:
    unknown: dict[str, tuple[dict[str, Any], GrantFault]] = {
        "idAttribuant": (
            {"funder": Organisation("Fonds", siren="217500016")}, GrantFault.MISSING
        ),
        "dateConvention": ({"agreed_on": None}, GrantFault.MISSING),
        "nature": ({"natures": frozenset()}, GrantFault.MISSING),
        "conditionsVersement": ({"payment_conditions": ""}, GrantFault.MISSING),
        "datesPeriodeVersement": ({"payment_period": None}, GrantFault.MISSING),
        "notificationUE": ({"de_minimis": None}, GrantFault.MISSING),
        "pourcentageSubvention": (
            {"recipients": (Recipient(CLUB), Recipient(CHOIR))}, GrantFault.MISSING
        ),
        "idBeneficiaire": (
            {"recipients": (Recipient(Organisation("Club", siren="732829320")),)},
            GrantFault.IDENTIFIER,
        ),
        "nomBeneficiaire": (
            {"recipients": (), "individual": Individual("q7x")}, GrantFault.INDIVIDUAL
        ),
        "objet": ({"title": "x" * 257}, GrantFault.TOO_LONG),
    }  # fmt: skip
    for field, (changes, fault) in unknown.items():
        file = write_subventions([make(id="good"), make(**changes)])
        found = [(left.grant, left.problem.field, left.problem.fault) for left in file.left_out]
        assert found == [("2026-014", field, fault)]
        assert file.left_out[0].problem.index == 2
        assert len(file.rows) == 1


def test_a_part_below_one_hundredth_cannot_be_written() -> None:
    parts = (Recipient(CLUB, euros(999)), Recipient(CHOIR, euros(1)))
    file = write_subventions([make(amount=euros(1000), recipients=parts)])
    assert [left.problem.fault for left in file.left_out] == [GrantFault.SHARE]
    assert file.rows == ()


def test_letters_of_overseas_numbers_are_left_out_when_a_siret_says_who_it_is() -> None:
    both = Organisation("Club", siret="73282932000074", rna="W2A1000123")
    file = write_subventions([make(recipients=(Recipient(both),))])
    assert (file.rows[0].recipient_siret, file.rows[0].recipient_rna) == ("73282932000074", None)
    alone = Organisation("Club", rna="W2A1000123")
    file = write_subventions([make(recipients=(Recipient(alone),))])
    assert [left.problem.field for left in file.left_out] == ["rnaBeneficiaire"]


TEXTS = st.text(min_size=1, max_size=120).filter(
    # A title of control characters alone is empty once written.
    lambda text: bool(re.sub(r"[\x00-\x1f\x7f\s]", "", text))
)
PARTS = st.lists(st.integers(1, 10**10), min_size=1, max_size=5)


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    cents = draw(PARTS)
    amounts = [euros(Decimal(part) / 100) for part in cents]
    alone = len(amounts) == 1
    recipients = tuple(
        Recipient(
            draw(st.sampled_from([CLUB, CHOIR, Organisation(draw(TEXTS), rna="W941234567")])),
            None if alone and draw(st.booleans()) else amount,
        )
        for amount in amounts
    )
    first = draw(DAYS)
    last = draw(st.none() | DAYS.filter(lambda day: day >= first))
    return make(
        title=draw(TEXTS),
        amount=total(amounts),
        recipients=recipients,
        decision_reference=draw(st.just("") | TEXTS),
        payment_conditions=draw(st.sampled_from([ONE_PAYMENT, IN_INSTALMENTS]) | TEXTS),
        payment_period=Period(first, last),
        natures=draw(st.sampled_from(list(NATURES.values()))),
        de_minimis=draw(st.booleans()),
        agreed_on=draw(DAYS),
    )


@given(st.lists(grants(), max_size=3))
def test_what_is_written_is_read_back(drawn: list[Grant]) -> None:
    file = write_subventions(drawn)
    preview = read(file.text) if file.rows else None
    if preview is not None:
        assert preview.problems == ()
        assert preview.ignored == ()
        assert tuple(item.value for item in preview.accepted) == file.rows
    faults = {left.problem.fault for left in file.left_out}
    # Parts below one hundredth, and texts too long once neutralised.
    assert faults <= {GrantFault.SHARE, GrantFault.TOO_LONG}


@given(st.lists(grants(), max_size=3))
def test_what_is_written_follows_the_constraints_of_the_columns(drawn: list[Grant]) -> None:
    rows = cells_of(write_subventions(drawn).text)
    for row in rows:
        for column in COLUMNS:
            text = row[column.name]
            assert text or not column.required
            if text:
                assert column.max_length is None or len(text) <= column.max_length
                assert not column.allowed or text in column.allowed
                assert column.pattern is None or re.search(column.pattern, text, re.ASCII)


def test_a_text_that_a_spreadsheet_would_run_is_neutralised_and_comes_back() -> None:
    file = write_subventions([make(title="=1+2", payment_conditions="@SUM(A1)")])
    cells = cells_of(file.text)[0]
    assert (cells["objet"], cells["conditionsVersement"]) == ("'=1+2", "'@SUM(A1)")
    row = read(file.text).accepted[0].value
    assert (row.purpose, row.payment_conditions) == ("=1+2", "@SUM(A1)")
    # The apostrophe counts: 256 characters that begin as a formula make 257.
    long = write_subventions([make(title="=" + "x" * 255)])
    assert [left.problem.fault for left in long.left_out] == [GrantFault.TOO_LONG]


@pytest.mark.parametrize(
    ("column", "text", "fault"),
    [
        ("nomAttribuant", "", GrantFault.MISSING),
        ("idAttribuant", "21750001600018", GrantFault.IDENTIFIER),
        ("idAttribuant", "217 500 016 00019", GrantFault.IDENTIFIER),
        ("idAttribuant", "٢١٧٥٠٠٠١٦٠٠٠١٩", GrantFault.IDENTIFIER),
        ("idBeneficiaire", "732829320", GrantFault.IDENTIFIER),
        ("rnaBeneficiaire", "W75123456", GrantFault.IDENTIFIER),
        ("dateConvention", "14/03/2026", GrantFault.DATE),
        ("dateConvention", "2026-02-30", GrantFault.DATE),
        ("dateConvention", "2026-W10-1", GrantFault.DATE),
        ("montant", "17 000", GrantFault.AMOUNT),
        ("montant", "17000,50", GrantFault.AMOUNT),
        ("montant", "17000.505", GrantFault.AMOUNT),
        ("montant", "-5", GrantFault.AMOUNT),
        ("montant", "NaN", GrantFault.AMOUNT),
        ("nature", "Aide en numéraire", GrantFault.NOT_ALLOWED),
        ("nature", "numéraire", GrantFault.NOT_ALLOWED),
        ("objet", "x" * 257, GrantFault.TOO_LONG),
        ("idRAE", "123456", GrantFault.TOO_LONG),
        ("datesPeriodeVersement", "2026", GrantFault.DATE),
        ("datesPeriodeVersement", "2026-03-14/2026-02-30", GrantFault.DATE),
        ("datesPeriodeVersement", "2026-03-14/2026-03-13", GrantFault.PERIOD),
        ("notificationUE", "true", GrantFault.NOT_ALLOWED),
        ("pourcentageSubvention", "0", GrantFault.SHARE),
        ("pourcentageSubvention", "1.01", GrantFault.SHARE),
        ("pourcentageSubvention", "45%", GrantFault.SHARE),
    ],
)
def test_what_is_wrong_is_named_by_row_column_value_and_remedy(
    column: str, text: str, fault: GrantFault
) -> None:
    preview = read(rewritten(**{column: text}))
    assert preview.accepted == ()
    assert [(p.index, p.field, p.fault) for p in preview.problems] == [(2, column, fault)]
    problem = preview.problems[0]
    assert problem.value.rstrip("…") in text
    assert problem.remedy.endswith(".")
    assert "{" not in str(problem)


def test_every_problem_of_a_row_is_named_and_the_others_are_read() -> None:
    text = rewritten(montant="x", nature="y") + rewritten().splitlines()[1] + "\n"
    preview = read(text)
    assert [problem.field for problem in preview.problems] == ["montant", "nature"]
    assert [item.index for item in preview.accepted] == [3]


def test_a_recipient_needs_one_number() -> None:
    preview = read(rewritten(idBeneficiaire=""))
    assert [(p.field, p.fault) for p in preview.problems] == [
        ("idBeneficiaire", GrantFault.IDENTIFIER)
    ]
    assert read(rewritten(idBeneficiaire="", rnaBeneficiaire="W751234567")).problems == ()


def test_columns_come_in_any_order_and_others_are_named() -> None:
    rows = [line.split(";") for line in rewritten(commentaire="x").splitlines()]
    turned = "\n".join(";".join(reversed(row)) for row in rows)
    preview = read(turned)
    assert preview.problems == ()
    assert preview.ignored == ("commentaire",)
    assert preview.accepted[0].value == write_subventions([make()]).rows[0]


def test_a_missing_or_repeated_column_is_said_once_and_nothing_is_read() -> None:
    rows = [line.split(";") for line in rewritten().splitlines()]
    without = "\n".join(";".join(row[:8] + row[9:]) for row in [*rows, rows[1]])
    preview = read(without)
    assert [(p.index, p.field, p.fault) for p in preview.problems] == [
        (1, "montant", GrantFault.MISSING_COLUMN)
    ]
    assert preview.accepted == ()
    twice = "\n".join(";".join([*row, row[8]]) for row in rows)
    preview = read(twice)
    assert [(p.field, p.fault) for p in preview.problems] == [("montant", GrantFault.REPEATED)]
    assert preview.accepted == ()


def test_what_stands_outside_the_columns_is_refused() -> None:
    header, row = rewritten().splitlines()
    preview = read(f"{header}\n{row};en trop\n")
    assert [(p.fault, p.value) for p in preview.problems] == [(GrantFault.BEYOND, "en trop")]
    assert preview.accepted == ()


SCHEMAS = os.environ.get("ALLIAGE_OFFICIAL_SCHEMAS", "")


@pytest.mark.skipif(not SCHEMAS, reason="ALLIAGE_OFFICIAL_SCHEMAS names no folder")
def test_the_columns_are_those_of_the_official_schema() -> None:
    path = Path(SCHEMAS) / f"scdl-subventions-{VERSION}.tableschema.json"
    official = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    assert official["version"] == VERSION
    expected = []
    for field in official["fields"]:
        limits = field.get("constraints", {})
        words = [*field.get("trueValues", []), *field.get("falseValues", [])]
        expected.append(
            (
                field["name"], field["type"], limits.get("required", False), limits.get("pattern"),
                limits.get("maxLength"), tuple(limits.get("enum", words)), limits.get("minimum"),
                limits.get("maximum"),
            )
        )  # fmt: skip
    assert [
        (c.name, c.type, c.required, c.pattern, c.max_length, c.allowed, c.minimum, c.maximum)
        for c in COLUMNS
    ] == expected
    # The rules that the fields cannot say: the keys of SIRET, and one number for the recipient.
    checks = {(check["name"], *check["params"].values()) for check in official["custom_checks"]}
    assert checks == {
        ("french-siret-value", "idAttribuant"),
        ("french-siret-value", "idBeneficiaire"),
        ("one-of-required", "idBeneficiaire", "rnaBeneficiaire"),
    }


def test_the_page_names_every_column_and_every_fault() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "open-data.md"
    sections = page.read_text(encoding="utf-8").split("\n## ")
    named = {
        section.partition("\n")[0]: re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
        for section in sections
    }
    assert named["Reading: a preview"] == list(GrantFault)
    assert named["SCDL « Subventions »"] == [column.name for column in COLUMNS]
