"""Let a person in who lost the telephone, the key and the recovery codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from alliage_web.accounts.actions.second_factor import forget_second_factors
from alliage_web.accounts.queries.addresses import person_at

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = (
        "Remove the second factors and the recovery codes of a person who lost them, and sign them "
        "out everywhere. Make sure by another way that it is them. A message tells the person."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address of the account")

    def handle(self, *_args: Any, **options: Any) -> None:
        user = person_at(options["email"])
        if user is None:
            msg = f"No open account has the address {options['email']}. Check how it is written."
            raise CommandError(msg)
        count = forget_second_factors(user=user, by=None, at=timezone.now())
        if not count:
            self.stdout.write("This account has no second factor: nothing was written.")
            return
        with override("fr"):
            send_mail(
                _("[Alliage] La sécurité de votre compte a changé"),
                _(
                    "Bonjour,\n\nVos seconds facteurs et vos codes de secours ont été retirés à "
                    "votre demande. Connectez-vous, puis ajoutez-en un autre dans « Connexion et "
                    "sécurité ».\n\nSi vous n’avez rien demandé, prévenez tout de suite la "
                    "personne qui administre la plateforme."
                ),
                None,
                [user.email],
            )
        self.stdout.write(f"{user.stable_name}: {count} removed, signed out everywhere.")
