"""The ``alliage-web`` command: Django's manage under a name that a newcomer remembers."""

from __future__ import annotations

import os
import sys

INTRODUCTION = """\
alliage-web: run and feed the Alliage platform.

  alliage-web migrate            create or update the tables
  alliage-web load-reference     load the referentials, the sources and the organisations
  alliage-web load-territories   load a vintage of the official French geography
  alliage-web import-cases       load the alliances and publish them as inspiring examples
  alliage-web rebuild-search     index everything again for the search
  alliage-web create-demo        create the demonstration accounts
  alliage-web serve              serve the platform on http://127.0.0.1:8000

Each has its own help: alliage-web load-territories --help
All the other commands of Django are here too: alliage-web help --commands
"""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliage_web.config.settings")
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in {"-h", "--help"}:
        sys.stdout.write(INTRODUCTION)
        return
    from django.core.management import execute_from_command_line

    # Django finds a command by the name of its module, where a hyphen cannot stand.
    name = arguments[0].replace("-", "_")
    execute_from_command_line(["alliage-web", name, *arguments[1:]])


if __name__ == "__main__":
    main()
