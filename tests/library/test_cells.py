"""Texts written for spreadsheets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliage.values.cells import FORMULA_STARTS, neutralise


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_what_begins_like_a_formula_becomes_a_text(start: str) -> None:
    assert neutralise(f"{start}1+2") == f"'{start}1+2"


@given(st.text())
def test_nothing_begins_like_a_formula_and_nothing_is_lost(text: str) -> None:
    safe = neutralise(text)
    assert not safe.startswith(FORMULA_STARTS)
    assert safe in (text, f"'{text}")


def test_other_texts_are_left_alone() -> None:
    assert neutralise("Ville de Vincennes (94)") == "Ville de Vincennes (94)"
    assert neutralise("") == ""
