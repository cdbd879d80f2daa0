"""Erase a person who asked for it in writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from alliage_web.accounts.actions.erasing import erase_person
from alliage_web.accounts.actions.roles import LastAdministratorError
from alliage_web.accounts.models import User
from alliage_web.accounts.queries.erasure import preview_of

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from alliage_web.accounts.queries.erasure import ErasurePreview


class Command(BaseCommand):
    help = (
        "Say what erasing a person would delete, replace and keep; with --yes, do it. There is no "
        "way back. A message confirms it to the person."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address of the account")
        parser.add_argument("--yes", action="store_true", help="erase, instead of only saying")

    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"], erased_at=None).first()
        if user is None:
            msg = f"No account has the address {options['email']}. Check how it is written."
            raise CommandError(msg)
        with translation.override("en"):
            self._say(preview_of(user))
        if not options["yes"]:
            self.stdout.write("Nothing was written. Add --yes to erase.")
            return
        try:
            erasure = erase_person(user=user, by=None, at=timezone.now())
        except LastAdministratorError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{erasure.person} is erased: {erasure.rows} rows deleted or emptied, {erasure.texts} "
            f"texts corrected, {erasure.trail} values removed from the trail."
        )

    def _say(self, preview: ErasurePreview) -> None:
        for line in preview.lines:
            self.stdout.write(f"{line.count:>6}  {line.table.label}: {line.fate}")
        self.stdout.write(f"{len(preview.addresses):>6}  texts with an address, replaced")
        self.stdout.write(f"{len(preview.names):>6}  texts with the name, for a person to read")
        for trace in preview.names:
            self.stdout.write(f"        {trace.kind} « {trace.owner} », {trace.label}")
