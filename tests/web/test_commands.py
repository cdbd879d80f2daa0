"""The command that runs the platform."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

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


def test_a_server_prints_whatever_its_parent_did_before(tmp_path: Path) -> None:
    """The server of a demonstration is started by the process that has just prepared it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.factories.printing_site", str(port)],
        env=os.environ | {"ALLIAGE_MODE": "development", "ALLIAGE_VAR": str(tmp_path)},
        stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        try:
            assert _answer_of(f"http://127.0.0.1:{port}/imprime.pdf", server).startswith(b"%PDF")
        finally:
            server.terminate()


def _answer_of(address: str, server: subprocess.Popen[str]) -> bytes:
    """Ask a server that is starting until it answers; a request that it takes has one minute."""
    while server.poll() is None:
        try:
            with urlopen(address, timeout=60) as answer:  # noqa: S310 - the server is ours
                return bytes(answer.read())
        except URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.2)
    pytest.fail(f"The server stopped: {server.stderr and server.stderr.read()}")
