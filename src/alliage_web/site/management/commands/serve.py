"""Serve the platform."""

from __future__ import annotations

import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Serve the platform with Granian, a production web server. Ctrl+C stops it."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on")
        parser.add_argument("--workers", type=int, default=1, help="number of processes")

    def handle(self, *_args: Any, **options: Any) -> None:
        from granian import Granian
        from granian.constants import Interfaces

        # Production says what is unsafe, and refuses the database of a demonstration.
        self.check(include_deployment_checks=settings.PRODUCTION, databases=["default"])
        host, port = options["host"], options["port"]
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                msg = (
                    f"Cannot listen on {host}:{port}: {error.strerror}. Another program may use "
                    f"the port; choose another one, for example --port {port + 1} "
                    f"(make demo PORT={port + 1})."
                )
                raise CommandError(msg) from error
        Granian(
            "alliage_web.config.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=options["workers"],
            blocking_threads=4,
            log_access=False,
            websockets=False,
        ).serve()
