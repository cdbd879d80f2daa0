"""Official codes: what is well formed, and what is said when it is not."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.territories import SHIPPED

from alliage.values import codes
from alliage.values.codes import CodeKind, CodeProblem, InvalidCodeError

DIGITS = st.text("0123456789", min_size=8, max_size=8)


def test_every_official_code_is_well_formed() -> None:
    communes = pl.read_parquet(SHIPPED / "communes.parquet")
    assert [codes.commune_code(code) for code in communes["code"]] == list(communes["code"])
    assert [codes.department_of_commune(code) for code in communes["code"]] == list(
        communes["departement"]
    )
    sirens = [*communes["siren"].drop_nulls(), *pl.read_parquet(SHIPPED / "epci.parquet")["siren"]]
    assert len(sirens) > 36_000
    assert [codes.siren(siren) for siren in sirens] == sirens
    departments = pl.read_parquet(SHIPPED / "departements.parquet")["code"]
    assert [codes.department_code(code) for code in departments] == list(departments)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("20004", CodeProblem.FORM),
        ("00001", CodeProblem.FORM),
        ("96001", CodeProblem.FORM),
        ("94000", CodeProblem.FORM),
        ("97900", CodeProblem.FORM),
        ("98501", CodeProblem.FORM),
        ("2C004", CodeProblem.FORM),
        ("9408", CodeProblem.LENGTH),
        ("", CodeProblem.LENGTH),
        ("940800", CodeProblem.LENGTH),
    ],
)
def test_a_malformed_commune_code_is_refused(text: str, problem: CodeProblem) -> None:
    with pytest.raises(InvalidCodeError, match="Write for example 94080") as caught:
        codes.commune_code(text)
    assert (caught.value.kind, caught.value.problem) == (CodeKind.COMMUNE, problem)


def test_codes_are_written_as_insee_does() -> None:
    assert codes.commune_code(" 2a 004\u00a0") == "2A004"
    assert codes.department_code("2b") == "2B"
    with pytest.raises(InvalidCodeError, match="01 to 95"):
        codes.department_code("20")


@given(DIGITS)
def test_of_ten_check_digits_one_makes_a_siren(stem: str) -> None:
    assert sum(_is_siren(stem + digit) for digit in "0123456789") == 1


def _is_siren(text: str) -> bool:
    try:
        return codes.siren(text) == text
    except InvalidCodeError:
        return False


@pytest.mark.parametrize("text", ["732 829 320", "732.829.320", "732829320"])
def test_a_siren_is_read_with_its_separators(text: str) -> None:
    assert codes.siren(text) == "732829320"


@pytest.mark.parametrize(
    ("text", "problem", "fact"),
    [
        ("73282932", CodeProblem.LENGTH, "it has 8 digits"),
        ("73282932O", CodeProblem.FORM, "not digits"),
        ("٧٣٢٨٢٩٣٢٠", CodeProblem.FORM, "not digits"),
        ("732829321", CodeProblem.CHECKSUM, "check digit is wrong"),
    ],
)
def test_a_wrong_siren_is_refused(text: str, problem: CodeProblem, fact: str) -> None:
    with pytest.raises(InvalidCodeError, match=fact) as caught:
        codes.siren(text)
    assert caught.value.problem is problem


def test_a_siret_holds_a_siren() -> None:
    assert codes.siret("732 829 320 00074") == "73282932000074"
    for wrong in ("73282932000075", "73282932100074"):
        with pytest.raises(InvalidCodeError, match="check digit"):
            codes.siret(wrong)


def test_the_places_of_la_poste_have_their_own_rule() -> None:
    # The sum of the digits is a multiple of five; only the head office follows Luhn's rule.
    assert codes.siret("356 000 000 49837") == "35600000049837"
    assert codes.siret("356 000 000 00048") == "35600000000048"
    with pytest.raises(InvalidCodeError, match="check digit"):
        codes.siret("35600000049838")


@pytest.mark.parametrize("text", ["W751234567", "w 751 234 567", "W2A1000123", "W9R1001234"])
def test_an_rna_number_is_read(text: str) -> None:
    assert codes.rna(text) == text.replace(" ", "").upper()


@pytest.mark.parametrize(
    "text", ["W75123456", "751234567", "X751234567", "W7512345678", "WA51234567"]
)
def test_what_is_not_an_rna_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidCodeError, match="Alsace or Moselle has none"):
        codes.rna(text)
