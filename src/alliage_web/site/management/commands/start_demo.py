"""Everything ``make demo`` does once the packages are installed."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Create the tables, load the real data, create the demonstration accounts and serve. What "
        "is already there is kept: the second start takes seconds."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on")
        parser.add_argument(
            "--no-serve", action="store_true", help="prepare everything and stop there"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.ALLIAGE_DEMO:
            msg = "This command runs the demonstration only. Set ALLIAGE_MODE=demo, or use serve."
            raise CommandError(msg)
        settings.VAR.mkdir(parents=True, exist_ok=True)
        for title, command in (
            ("Tables", ["migrate", "--verbosity=0"]),
            ("Territories", ["load_territories"]),
            ("Referentials and organisations", ["load_reference"]),
            ("Funds", ["load_funds"]),
            ("Alliances and inspiring examples", ["import_cases"]),
            ("Books of supports", ["load_supports"]),
            ("Studies and published figures", ["load_observatory"]),
            ("Static files", ["collectstatic", "--noinput", "--verbosity=0"]),
            ("Demonstration accounts", ["create_demo"]),
            ("Demonstration budget", ["create_demo_budget"]),
            ("Demonstration call and applications", ["create_demo_applications"]),
            ("Demonstration instruction and committee", ["create_demo_instruction"]),
            ("Demonstration agreements and payments", ["create_demo_agreements"]),
            ("Demonstration reports and visits", ["create_demo_follow_up"]),
            ("Demonstration sheet", ["create_demo_sheet"]),
            ("Demonstration wave", ["create_demo_wave"]),
            ("Demonstration debate", ["create_demo_debate"]),
            ("Demonstration charter", ["create_demo_charter"]),
            ("Demonstration self-positioning", ["create_demo_positioning"]),
        ):
            self.stdout.write(self.style.MIGRATE_HEADING(title))
            call_command(*command)
        address = f"http://{options['host']}:{options['port']}"
        self.stdout.write(
            f"""
{self.style.SUCCESS("Alliage is ready: open " + address)}

  {address}/                                  the map of alliances and catalysts
  {address}/territoires/commune/94080/        a territory: Vincennes
  {address}/fonds/odd17/                      a fund: its portfolio, its calls, its budget
  {address}/observatoire/                     the observatory: figures, waves, profiles
  {address}/se-situer/                        where do I start? a questionnaire
  {address}/alliances/                        the alliances
  {address}/exemples/                         the inspiring examples
  {address}/compte/connexion/                 sign in with an account printed above

Ctrl+C stops the server. `make demo` starts it again with the same data.
"""
        )
        if not _is_this_machine(options["host"]):
            self.stdout.write(
                self.style.WARNING(
                    f"Whoever reaches {options['host']} can open this demonstration. Stop it when "
                    "you have finished, and put nothing real in it."
                )
            )
        if not options["no_serve"]:
            self.stdout.flush()
            become_server(options["host"], options["port"])


def become_server(host: str, port: int) -> NoReturn:
    """Let a fresh interpreter take the place of this process, and serve.

    The server forks its workers: they would wait for ever for threads that preparing has started,
    those of Typst and of Polars, and that stay behind.
    """
    asked = ["serve", "--host", host, "--port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", "alliage_web.config.cli", *asked])  # noqa: S606


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
