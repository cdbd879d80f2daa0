"""Texts written for spreadsheets."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.values.cells import (
    FORMULA_STARTS,
    neutralise,
    neutralise_csv,
    restore,
    restore_csv,
    write_csv,
)

#: Texts that are likely to hold what spreadsheets take for a formula.
TRAPS = st.text(st.sampled_from("=+-@'\"\t\r\n;,|＝ a1é.")) | st.text()
#: A number, and the separator that a program which expects another one takes for its end.
NUMBER = re.compile(r"-\d+([.,]\d+)?(?=\Z|[;,|\t\r\n])")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_what_begins_like_a_formula_becomes_a_text(start: str) -> None:
    assert neutralise(f"{start}1+2") == f"'{start}1+2"


@pytest.mark.parametrize("number", ["-5", "-12,5", "-0.25", "12", "3,5"])
def test_a_number_stays_a_number(number: str) -> None:
    assert neutralise(number) == neutralise_csv(number) == number


@pytest.mark.parametrize("text", ["-5+cmd", "-1 = 2", "+33612345678", "-5\n=1", "--5"])
def test_what_only_begins_like_a_number_does_not(text: str) -> None:
    assert neutralise(text) == f"'{text}"


@given(TRAPS)
def test_nothing_begins_like_a_formula(text: str) -> None:
    for safe in (neutralise(text), neutralise_csv(text)):
        assert not safe.startswith(FORMULA_STARTS) or NUMBER.fullmatch(safe)


@given(TRAPS)
def test_every_text_is_given_back(text: str) -> None:
    assert restore(neutralise(text)) == text
    assert restore_csv(neutralise_csv(text)) == text


@given(st.lists(st.lists(TRAPS, min_size=1, max_size=3), min_size=1, max_size=3))
def test_no_program_finds_a_formula_in_a_csv_whatever_its_separator(rows: list[list[str]]) -> None:
    written = write_csv(rows)
    cells = re.split(r"[;,|\t\r\n\"]", written)
    for separator in ";,\t|":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            lines = io.StringIO(written, newline="")
            reader = csv.reader(lines, delimiter=separator, quoting=quoting)
            cells += [cell for row in reader for cell in row]
    for cell in cells:
        bare = cell.strip(" \u00a0")
        begins = bare.startswith(("=", "+", "-", "@", "＝"))
        assert not begins or NUMBER.match(bare), (cell, written)


def test_other_texts_are_left_alone() -> None:
    for text in (
        "Ville de Vincennes (94)",
        "",
        "l’eau, l’air ; la terre",
        "Saint-Mandé, Vincennes",
    ):
        assert neutralise(text) == neutralise_csv(text) == text
