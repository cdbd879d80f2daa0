"""The ``alliage`` command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from alliage.cli import app

if TYPE_CHECKING:
    from pathlib import Path

runner = CliRunner()


def test_codes_are_checked_and_a_wrong_key_is_named() -> None:
    result = runner.invoke(app, ["check-code", "200057941", "200057942"])
    assert result.exit_code == 1
    assert "200057941: valid SIREN" in result.stdout
    assert "200057942" in result.stderr
    assert "check digit" in " ".join(result.stderr.split())


@pytest.mark.parametrize("text", ["st mande", "94160", "Saint-Mandé", "94067"])
def test_a_territory_is_found_by_name_postal_or_insee_code(text: str) -> None:
    result = runner.invoke(app, ["territory", text], env={"COLUMNS": "160"})
    assert result.exit_code == 0
    assert "Saint-Mandé" in result.stdout


def test_a_former_code_names_its_successor() -> None:
    result = runner.invoke(app, ["territory", "01340"])
    assert result.exit_code == 0
    assert "01015" in result.stdout


def test_an_unknown_territory_is_refused() -> None:
    result = runner.invoke(app, ["territory", "Trifouillis"])
    assert result.exit_code == 1
    assert "in no territory" in result.stderr


def test_the_shipped_alliances_are_sound_and_total_what_the_documents_say() -> None:
    result = runner.invoke(app, ["check-alliances"])
    assert result.exit_code == 0
    assert "34 alliances" in result.stdout
    figures = result.stdout.replace("\u202f", "").replace("\u00a0", "").replace(" ", "")
    assert "42000€" in figures
    assert "10000€" in figures


def test_a_wrong_file_is_named_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "seule.yaml").write_text("id: seule\ntitle: Seule\n", encoding="utf-8")
    result = runner.invoke(app, ["check-alliances", str(tmp_path)])
    assert result.exit_code == 1
    assert "seule.yaml" in result.stderr
    assert "summary" in result.stderr


def test_search_answers_a_need_and_says_when_it_finds_nothing() -> None:
    found = runner.invoke(app, ["search", "décrochage scolaire", "--limit", "3"])
    assert found.exit_code == 0
    assert "vitawin" in found.stdout
    nothing = runner.invoke(app, ["search", "xylophone"])
    assert nothing.exit_code == 1
    assert "Nothing found" in nothing.stderr
