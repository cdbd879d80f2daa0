"""The ``alliage-web`` command: Django's manage under a name that a newcomer remembers."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

INTRODUCTION = """\
alliage-web: run and feed the Alliage platform.

  alliage-web migrate            create or update the tables
  alliage-web load-reference     load the referentials, the sources and the organisations
  alliage-web load-territories   load a vintage of the official French geography
  alliage-web load-funds         load the funds that support alliances
  alliage-web load-supports      load what the funds gave to alliances (after import-cases)
  alliage-web import-cases       load the alliances and publish them as inspiring examples
  alliage-web rebuild-search     index everything again for the search
  alliage-web create-administrator EMAIL   create the first administrator
  alliage-web invite EMAIL --role ROLE     invite somebody to a role
  alliage-web audit verify       check that nothing in the trail was changed or removed
  alliage-web fund-calendar      take the decisions of the funds that dates take (every day)
  alliage-web send-reminders     send each person what is due, once a week (every day)
  alliage-web form-positioning-packets     count together those who agreed to it (every day)
  alliage-web create-demo        create the demonstration accounts
  alliage-web serve              serve the platform on http://127.0.0.1:8000
  alliage-web backup FILE        save the database and the files in one file, checked and restorable
  alliage-web verify-backup FILE check a backup without restoring it
  alliage-web apply-retention    remove what has been kept long enough (--dry-run to see it)
  alliage-web my-data EMAIL      print everything that is kept about a person
  alliage-web erase-person EMAIL say what erasing a person would do; with --yes, do it
  alliage-web restore FILE       restore a backup in an empty database and an empty folder

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
    if name == "migrate":
        _make_folder()
    execute_from_command_line(["alliage-web", name, *arguments[1:]])


def _make_folder() -> None:
    """Make the folder of the platform: SQLite makes a file, and no folder to put it in."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    # What is wrong in the settings is told by the command itself.
    with suppress(ImproperlyConfigured):
        try:
            settings.VAR.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            sys.exit(
                f"The folder {settings.VAR} cannot be made: {error.strerror}. "
                "Give another one with ALLIAGE_VAR."
            )


if __name__ == "__main__":
    main()
