"""Give a person everything that is kept about them, as a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from alliage_web.accounts.models import User
from alliage_web.accounts.queries.my_data import data_document

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = (
        "Print everything that is kept about a person as JSON, for a request made in writing. It "
        "is what the person finds on their page « Mes données ». Check who asks before sending it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address of the account")
        parser.add_argument(
            "--language", choices=("fr", "en"), default="fr", help="language of the explanations"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"], erased_at=None).first()
        if user is None:
            msg = f"No account has the address {options['email']}. Check how it is written."
            raise CommandError(msg)
        with translation.override(options["language"]):
            document = data_document(user, at=timezone.now())
        self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
