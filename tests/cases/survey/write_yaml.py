"""Write the reference values that R gave in JSON as YAML, one case after another."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

HEADER = "# What R survey gives. Made by reference.R and write_yaml.py: do not edit.\n"


class Dumper(yaml.SafeDumper):
    """Long numbers on one line."""


def without_nothing(case: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in case.items() if value is not None}
    ask = dict(kept["ask"])
    kept["ask"] = {"statistic": ask.pop("1"), **ask}
    return kept


def main(source: str, target: str) -> None:
    content = json.loads(Path(source).read_text(encoding="utf-8"))
    content["cases"] = [without_nothing(case) for case in content["cases"]]
    parts = [HEADER, yaml.dump({name: content[name] for name in ("r", "survey")}), "cases:\n"]
    parts += [
        yaml.dump(
            [case],
            Dumper=Dumper,
            sort_keys=False,
            width=10_000,
            default_flow_style=None,
            allow_unicode=True,
        )
        for case in content["cases"]
    ]
    Path(target).write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
