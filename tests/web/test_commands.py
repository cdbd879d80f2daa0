"""The command that runs the platform."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.one_engine


def _migrate(folder: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", "alliage_web.config.cli", "migrate", "--plan"],
        env=kept | {"ALLIAGE_MODE": "development", "ALLIAGE_VAR": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_first_command_makes_the_folder_of_the_platform(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    done = _migrate(folder)
    assert done.returncode == 0, done.stderr
    assert folder.is_dir()


def test_a_folder_that_cannot_be_made_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = _migrate(tmp_path / "file" / "var")
    assert done.returncode == 1
    assert "cannot be made" in done.stderr
    assert "ALLIAGE_VAR" in done.stderr
    assert "Traceback" not in done.stderr
