"""The trail as a file: JSON Lines, one event a line, that another program can verify."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alliage.safekeeping.chain import Record


def json_lines(records: Iterable[Record]) -> Iterator[str]:
    """Write records one by one; the form is that of ``docs/reference/audit-trail.md``."""
    for record in records:
        yield json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
