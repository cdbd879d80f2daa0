"""Bank details are checked, and never shown whole."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.fund.money.bank_details import (
    BankAccount,
    BankDetailProblem,
    InvalidBankDetailError,
    bic,
    iban,
    mask,
)

# Examples of the register of IBAN, which belong to nobody.
FRENCH = "FR1420041010050500013M02606"
GOOD = [
    FRENCH,
    "DE89370400440532013000",
    "BE68539007547034",
    "MC5811222000010123456789030",
    "GB29NWBK60161331926819",
    "LU280019400644750000",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S",
]


@pytest.mark.parametrize("number", GOOD)
def test_examples_of_the_register_hold(number: str) -> None:
    spaced = " ".join(number[start : start + 4] for start in range(0, len(number), 4)).lower()
    assert iban(spaced) == number


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", BankDetailProblem.FORM),
        ("1420041010050500013M02606", BankDetailProblem.FORM),
        ("FRXX20041010050500013M02606", BankDetailProblem.FORM),
        ("ZZ1420041010050500013M02606", BankDetailProblem.COUNTRY),
        # Overseas departments are part of FR.
        ("RE1420041010050500013M02606", BankDetailProblem.COUNTRY),
        ("FR1420041010050500013M0260", BankDetailProblem.LENGTH),
        ("FR1420041010050500013M026066", BankDetailProblem.LENGTH),
        ("FR14A0041010050500013M02606", BankDetailProblem.STRUCTURE),
        ("FR1520041010050500013M02606", BankDetailProblem.KEY),
        ("FR1420041010050500013M02607", BankDetailProblem.KEY),
    ],
)
def test_what_is_wrong_with_an_iban_is_named(text: str, problem: BankDetailProblem) -> None:
    with pytest.raises(InvalidBankDetailError) as caught:
        iban(text)
    assert caught.value.problem is problem


def test_a_wrong_length_says_which_is_right() -> None:
    with pytest.raises(InvalidBankDetailError, match="has 26 characters") as caught:
        iban(FRENCH[:-1])
    error = caught.value
    assert (error.country, error.length, error.expected) == ("FR", 26, (27,))


@given(st.integers(0, 26), st.sampled_from("0123456789"))
def test_one_changed_digit_is_always_found(place: int, digit: str) -> None:
    changed = FRENCH[:place] + digit + FRENCH[place + 1 :]
    if changed == FRENCH:
        assert iban(changed) == FRENCH
        return
    with pytest.raises(InvalidBankDetailError):
        iban(changed)


@given(st.integers(4, 25))
def test_two_swapped_neighbours_are_always_found(place: int) -> None:
    swapped = FRENCH[:place] + FRENCH[place + 1] + FRENCH[place] + FRENCH[place + 2 :]
    if swapped == FRENCH:
        return
    with pytest.raises(InvalidBankDetailError):
        iban(swapped)


@given(st.text(max_size=40) | st.sampled_from(GOOD).flatmap(lambda n: st.sampled_from(
    [n[:-1], n + "1", n[:2] + "00" + n[4:], "Q" + n[1:]])))  # fmt: skip
def test_no_error_tells_more_than_a_few_characters(text: str) -> None:
    told = _told(text)
    # The national part: six of its characters in a row would already tell whose it is.
    bare = "".join(char for char in text.upper() if char.isalnum())[4:]
    windows = [bare[start : start + 6] for start in range(len(bare) - 5)]
    assert not any(window in told for window in windows if not window.isalpha())


def _told(text: str) -> str:
    try:
        iban(text)
    except InvalidBankDetailError as error:
        return "".join(traceback.format_exception(error)) + repr(vars(error))
    return ""


def test_a_mask_keeps_the_country_and_four_characters() -> None:
    assert mask(FRENCH) == "FR…2606"
    assert mask("12345678901234") == "…1234"
    assert mask("FR14200") == "…"


@pytest.mark.parametrize("code", ["AGRIFRPP", "AGRIFRPP882", "PSSTFRPPPAR", "DEUTDEFF"])
def test_a_bic_that_is_well_formed_holds(code: str) -> None:
    assert bic(f" {code.lower()} ") == code


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("", BankDetailProblem.LENGTH),
        ("AGRIFRPP8", BankDetailProblem.LENGTH),
        ("AGRI2RPP", BankDetailProblem.FORM),
        ("AGR1FRPP", BankDetailProblem.FORM),
        ("AGRIZZPP", BankDetailProblem.COUNTRY),
    ],
)
def test_what_is_wrong_with_a_bic_is_named(code: str, problem: BankDetailProblem) -> None:
    with pytest.raises(InvalidBankDetailError) as caught:
        bic(code)
    assert caught.value.problem is problem


def test_an_account_is_checked_when_made_and_masked_when_shown() -> None:
    account = BankAccount("Le Pari", "fr14 2004 1010 0505 0001 3m02 606", "psstfrpppar")
    assert (account.iban, account.bic) == (FRENCH, "PSSTFRPPPAR")
    assert "20041010" not in f"{account} {account!r} {[account]}"
    assert BankAccount("Le Pari", FRENCH, "").bic is None


def test_an_account_needs_a_holder() -> None:
    with pytest.raises(InvalidBankDetailError) as caught:
        BankAccount(" ", FRENCH)
    assert caught.value.problem is BankDetailProblem.HOLDER
