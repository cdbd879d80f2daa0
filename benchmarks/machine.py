"""A sentence that says on what machine a benchmark ran."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def describe() -> str:
    """Return cores, processor, memory and versions, for the head of a table of results."""
    cpuinfo = Path("/proc/cpuinfo")
    model = platform.processor() or "unknown processor"
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0].split(":", 1)[1].strip() if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {model}, {memory:.0f} GiB of memory, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )
