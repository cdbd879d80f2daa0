"""Create the demonstration accounts."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from alliage_web.accounts.actions import set_up_account
from alliage_web.accounts.models import Role, User

ACCOUNTS: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("camille@demo.example", "Camille, catalyseuse (démonstration)", ()),
    ("dominique@demo.example", "Dominique, rédaction (démonstration)", (Role.EDITOR,)),
    (
        "alix@demo.example",
        "Alix, administration (démonstration)",
        (Role.ADMINISTRATOR, Role.EDITOR),
    ),
)


class Command(BaseCommand):
    help = (
        "Create the demonstration accounts with passwords drawn at random, printed once. Refused "
        "in production. With --renew, existing accounts get new passwords."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--renew", action="store_true", help="draw new passwords for existing accounts"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            msg = "Demonstration accounts are refused in production. Set ALLIAGE_MODE=demo."
            raise CommandError(msg)
        existing = set(
            User.objects.filter(email__in=[email for email, _, _ in ACCOUNTS]).values_list(
                "email", flat=True
            )
        )
        for email, name, roles in ACCOUNTS:
            if email in existing and not options["renew"]:
                self.stdout.write(f"{email}: exists, password unchanged (--renew draws a new one)")
                continue
            password = secrets.token_urlsafe(9)
            set_up_account(email=email, name=name, password=password, roles=roles)
            self.stdout.write(f"{email}  password: {password}")
