"""Load the sites of a network from a CSV file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alliage.positioning.support_sites import read_sites
from alliage.values.yaml_files import InvalidFilesError
from alliage_web.positioning.actions.support import load_sites

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

_LONGEST = {"network": 80, "source": 300}


class Command(BaseCommand):
    help = (
        "Load the sites of a network (such as France services) from a CSV file: they replace those "
        "that the network had. Everything is loaded or nothing is; a second run changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="CSV file in UTF-8, or the same with .gz")
        parser.add_argument(
            "--network", required=True, help="name of the network, as pages show it"
        )
        parser.add_argument("--as-of", required=True, help="day of the file, such as 2024-08-01")
        parser.add_argument("--source", required=True, help="who publishes the file, its licence")

    def handle(self, *_args: Any, **options: Any) -> None:
        texts = {name: options[name].strip() for name in _LONGEST}
        for name, text in texts.items():
            if not 0 < len(text) <= _LONGEST[name]:
                msg = f"--{name} has {len(text)} characters. Give 1 to {_LONGEST[name]}."
                raise CommandError(msg)
        try:
            as_of = dt.date.fromisoformat(options["as_of"])
        except ValueError as error:
            msg = f"--as-of « {options['as_of']} » is no day. Write it as 2024-08-01."
            raise CommandError(msg) from error
        try:
            sites = read_sites(options["file"])
        except InvalidFilesError as error:
            raise CommandError(str(error)) from error
        loaded = load_sites(sites=sites, as_of=as_of, at=timezone.now(), **texts)
        if options["verbosity"]:
            told = f"{loaded.before} before" if loaded.changed else "nothing changed"
            self.stdout.write(f"{texts['network']}: {loaded.after} sites ({told}).")
