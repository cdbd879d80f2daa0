"""Raking as ``weightipy`` does it; prints seconds as JSON."""

# mypy: ignore-errors

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import weightipy


def main(folder, times):
    frame = pd.read_parquet(folder / "survey.parquet")
    read = json.loads((folder / "margins.json").read_text(encoding="utf-8"))
    shares = {
        name: {int(level): 100 * total / sum(totals.values()) for level, total in totals.items()}
        for name, totals in read.items()
    }
    found = []
    for _ in range(times):
        scheme = weightipy.scheme_from_dict(
            shares, rim_params={"convcrit": 1e-10, "max_iterations": 1000}
        )
        start = time.perf_counter()
        weightipy.weight_dataframe(frame, scheme)
        found.append(time.perf_counter() - start)
    return {"seconds": min(found), "version": version("weightipy")}


if __name__ == "__main__":
    result = main(Path(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps(result))
