"""Remove what has been kept long enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from alliage_web.accounts.actions.erasure_list import UnreadableListError, to_erase_again
from alliage_web.accounts.actions.retention import apply_retention, erase_again
from alliage_web.accounts.queries.register import retention_rules
from alliage_web.accounts.queries.retention import everything_due

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.core.management.base import CommandParser

    from alliage_web.accounts.queries.retention import Due


class Command(BaseCommand):
    help = (
        "Remove what the register of processing says has been kept long enough, and erase again "
        "the people whom a restored backup brought back (the list ALLIAGE_ERASURES). With "
        "--dry-run, say what would go and write nothing. To be run every day."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="list each thing that would go, write nothing"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        at = timezone.now()
        with translation.override("en"):
            self._sentences = {rule.code: rule.sentence for rule in retention_rules()}
        try:
            if options["dry_run"]:
                self._say_what_would_go(at)
            else:
                self._apply(at)
        except UnreadableListError as error:
            raise CommandError(str(error)) from error

    def _say_what_would_go(self, at: Any) -> None:
        people = to_erase_again()
        for person in people:
            self.stdout.write(f"would erase again: {person.stable_name}, named by the list")
        total = len(people)
        for rule, found in everything_due(at=at):
            self._say(rule.code, found, would=True)
            total += len(found)
        self.stdout.write(f"Dry run: {total} would be done. Nothing was written.")

    def _apply(self, at: Any) -> None:
        again = erase_again(at=at)
        for person, why in again:
            self.stdout.write(f"{'NOT erased' if why else 'erased'} again: {person} {why}".strip())
        total = sum(not why for _person, why in again)
        refused = any(why for _person, why in again)
        for applied in apply_retention(at=at):
            self._say(applied.rule, applied.done, would=False)
            for item, why in applied.refused:
                self.stdout.write(f"  NOT done: {item.what}. {why}")
            total += len(applied.done)
            refused = refused or bool(applied.refused)
        self.stdout.write(f"{total} done.")
        if refused:
            msg = "Some people could not be erased: read the lines above."
            raise CommandError(msg)

    def _say(self, rule: str, found: Iterable[Due], *, would: bool) -> None:
        items = list(found)
        self.stdout.write(f"{rule}: {len(items)}. {self._sentences[rule]}")
        for item in items:
            done = (
                ("would warn" if would else "warned")
                if item.warns
                else ("would go" if would else "gone")
            )
            since = f", since {item.since:%Y-%m-%d %H:%M}" if item.since else ""
            self.stdout.write(f"  {done}: {item.what}{since}")
