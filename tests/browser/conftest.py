"""A real server with the real data, and a real Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError

import pytest
from filelock import FileLock
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, str(ROOT / "manage.py")]
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """Prepare the demonstration as ``make demo`` does, serve it; give address and passwords.

    It is prepared once for all the processes of tests; each serves a copy of its own.
    """
    folder = tmp_path_factory.mktemp("demo")
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    shared = folder / "first" if alone else tmp_path_factory.getbasetemp().parent / "demo"
    with FileLock(shared.with_suffix(".lock")):
        told = shared / "prepared.txt"
        if not told.exists():
            _prepare(shared, told)
    shutil.copytree(shared, folder, dirs_exist_ok=True)
    environment = _environment(folder)
    passwords = {
        line.split()[0]: line.split()[-1]
        for line in told.read_text(encoding="utf-8").splitlines()
        if "  password: " in line
    }
    port = _free_port()
    server = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(port)],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server)
        yield address, passwords
    finally:
        server.terminate()
        server.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path) -> dict[str, str]:
    return os.environ | {
        "ALLIAGE_MODE": "demo",
        "ALLIAGE_VAR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'alliage.sqlite3'}",
    }


def _prepare(folder: Path, told: Path) -> None:
    """Make the demonstration in a folder, and write what the command tells."""
    prepared = subprocess.run(
        [*COMMAND, "start-demo", "--no-serve"],
        env=_environment(folder),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert prepared.returncode == 0, prepared.stdout + prepared.stderr
    told.write_text(prepared.stdout, encoding="utf-8")


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    # Far longer than it takes: the other processes of tests leave it little.
    for _ in range(3000):
        assert server.poll() is None, "the server stopped"
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310
                return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail("the server did not answer")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium for a file of tests, and stop it with the loop of Playwright.

    Where a loop runs, Django refuses to read: files of other tests follow in the same process.
    """
    executable = os.environ.get("ALLIAGE_CHROMIUM") or shutil.which("chromium")
    assert executable, "Chromium is missing: run sh scripts/require-chromium.sh"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, demo: tuple[str, dict[str, str]]) -> Iterator[Page]:
    """A page on the demonstration that fails the test on a script error or a refused resource."""
    context = browser.new_context(base_url=demo[0], locale="fr-FR")
    context.set_default_timeout(20_000)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    yield opened
    context.close()
    expected = "the server responded with a status of 404"
    assert [problem for problem in problems if expected not in problem] == []
