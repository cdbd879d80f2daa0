"""Verify the ledger of a fund."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from alliage_web.fund import queries
from alliage_web.fund.queries.ledger import verify

if TYPE_CHECKING:
    from alliage_web.fund.models import Fund

_SHOWN = 20


class Command(BaseCommand):
    help = "Verify the ledger of a fund: replay its postings and compare with the database."

    def add_arguments(self, parser: Any) -> None:
        todo = parser.add_subparsers(dest="todo", required=True, metavar="verify")
        check = todo.add_parser(
            "verify",
            help="replay every posting, compare movements and balances; exit code 1 if they differ",
        )
        check.add_argument("fund", nargs="?", help="code of the fund (default: every fund)")

    def handle(self, *_args: Any, **options: Any) -> None:
        code = options["fund"]
        found = queries.find(code) if code else None
        if code and found is None:
            codes = ", ".join(fund.code for fund in queries.all_funds()) or "none yet"
            msg = f"No fund has the code « {code} ». Choose among: {codes}."
            raise CommandError(msg)
        funds = [found] if found else list(queries.all_funds())
        wrong = [fund.code for fund in funds if not self._is_right(fund)]
        if wrong:
            msg = (
                f"The ledger of {', '.join(wrong)} is not what its postings make. Keep everything "
                "as it is and compare it with a backup."
            )
            raise CommandError(msg)

    def _is_right(self, fund: Fund) -> bool:
        # Everything is read as it was at one moment, while others write; SQLite does so by itself.
        asks = connection.vendor == "postgresql" and not connection.in_atomic_block
        with transaction.atomic():
            if asks:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            verdict = verify(fund)
        self.stdout.write(
            f"{fund.code}: {verdict.postings} postings, {verdict.movements} movements, "
            f"{verdict.accounts} accounts"
        )
        if verdict.is_right:
            self.stdout.write(self.style.SUCCESS(f"{fund.code}: every figure adds up."))
            return True
        for difference in verdict.differences[:_SHOWN]:
            self.stderr.write(f"{fund.code}: {difference}")
        if len(verdict.differences) > _SHOWN:
            self.stderr.write(f"… and {len(verdict.differences) - _SHOWN} more")
        return False
