"""The pages about surveys that hold examples run as they stand, and R gave the same."""

from __future__ import annotations

import doctest
import itertools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FROM_R = ROOT / "docs" / "reference" / "from-r-survey.md"
PAGES = [ROOT / "docs" / "tutorials" / "survey.md", FROM_R]
BLOCK = re.compile(r"```(r|python)\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_run(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried > 30
    assert failed == 0


def test_each_number_is_the_one_that_r_printed() -> None:
    blocks = BLOCK.findall(FROM_R.read_text(encoding="utf-8"))
    parser = doctest.DocTestParser()
    pairs = []
    for (language, of_r), (other, ours) in itertools.pairwise(blocks):
        if (language, other) != ("r", "python"):
            continue
        printed = [line[3:] for line in of_r.splitlines() if line.startswith("#>")]
        given = [line for one in parser.get_examples(ours) for line in one.want.splitlines()]
        assert printed == given
        pairs.append(printed)
    assert sum(map(len, pairs)) > 20
