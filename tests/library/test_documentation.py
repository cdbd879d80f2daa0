"""The examples of the documentation run as they stand, and its links lead somewhere."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page for folder in ("docs", "benchmarks", "data") for page in (ROOT / folder).rglob("*.md")
) + sorted(ROOT.glob("*.md"))
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def test_the_tutorial_of_the_library_runs() -> None:
    page = ROOT / "docs" / "tutorials" / "library.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried > 10
    assert failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_every_command_of_the_platform_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    commands = {
        file.stem.replace("_", "-")
        for file in (ROOT / "src" / "alliage_web").glob("*/management/commands/[!_]*.py")
    }
    assert len(commands) > 10
    missing = [name for name in sorted(commands) if f"`alliage-web {name}" not in page]
    assert missing == []
