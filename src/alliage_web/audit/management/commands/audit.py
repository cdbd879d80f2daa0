"""Verify and export the trail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from alliage.safekeeping.chain import Fault, read_lines, verify
from alliage_web.audit.actions import seal
from alliage_web.audit.documents import json_lines
from alliage_web.audit.queries import records, state

if TYPE_CHECKING:
    from alliage.safekeeping.chain import Verdict

_SHOWN = 20
_DIGEST_LENGTH = 64


class Command(BaseCommand):
    help = "Verify the chain of the audit trail, or export it as JSON Lines."

    def add_arguments(self, parser: Any) -> None:
        todo = parser.add_subparsers(dest="todo", required=True, metavar="verify|export")
        check = todo.add_parser(
            "verify", help="walk the chain and say where it breaks; exit code 1 if it does"
        )
        check.add_argument(
            "--expect",
            metavar="DIGEST",
            default="",
            help="a digest noted earlier: proves that nothing was cut since",
        )
        check.add_argument("--file", type=Path, help="an exported file instead of the database")
        check.add_argument(
            "--extract",
            action="store_true",
            help="with --file: the file holds chosen events, positions may be missing",
        )
        export = todo.add_parser("export", help="write the sealed events as JSON Lines")
        export.add_argument("file", nargs="?", type=Path, help="standard output if not given")
        export.add_argument(
            "--without-personal",
            action="store_true",
            help="leave personal values out; the chain can still be verified",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["todo"] == "verify":
            self._verify(**options)
        else:
            self._export(**options)

    def _verify(self, *, expect: str, file: Path | None, extract: bool, **_others: Any) -> None:
        expect = expect.strip().lower()
        if expect and (len(expect) != _DIGEST_LENGTH or set(expect) - set("0123456789abcdef")):
            msg = (
                f"« {expect} » is no digest: it takes {_DIGEST_LENGTH} signs among 0-9 and a-f. "
                "Copy the one that an earlier verification printed."
            )
            raise CommandError(msg)
        if extract and not file:
            msg = "--extract tells of a file: give --file too. The database holds the whole chain."
            raise CommandError(msg)
        if file:
            verdict = _verified_file(file, expect, extract=extract)
        else:
            verdict = self._verified_database(expect)
        self._tell(verdict)

    def _verified_database(self, expect: str) -> Verdict:
        try:
            seal()
        except DatabaseError as error:
            self.stderr.write(f"What is not sealed yet could not be: {error}")
        verdict = verify(records(), expect=expect)
        if waiting := state().waiting:
            verdict.add(Fault.UNSEALED, None, f"events that are not in the chain: {waiting}")
        return verdict

    def _tell(self, verdict: Verdict) -> None:
        self.stdout.write(f"Events: {verdict.count}")
        self.stdout.write(f"Head:   {verdict.head}")
        if verdict.anchor is not None:
            self.stdout.write(f"The expected digest is at position {verdict.anchor}.")
        if verdict.is_whole:
            self.stdout.write(self.style.SUCCESS("The chain is whole."))
            return
        for found in verdict.breaks[:_SHOWN]:
            self.stderr.write(f"{found.fault.value}: {found}")
        if verdict.faults > _SHOWN:
            self.stderr.write(f"… and {verdict.faults - _SHOWN} more")
        msg = (
            f"The chain is broken ({verdict.faults}). Keep everything as it is and compare it with "
            "a backup."
        )
        raise CommandError(msg)

    def _export(self, *, file: Path | None, without_personal: bool, **_others: Any) -> None:
        seal()
        lines = json_lines(records(without_personal=without_personal))
        if file is None:
            for line in lines:
                self.stdout.write(line, ending="")
            return
        try:
            with file.open("x", encoding="utf-8", newline="\n") as written:
                written.writelines(lines)
        except FileExistsError as error:
            msg = f"{file} is already there. Choose another name, or remove it first."
            raise CommandError(msg) from error
        except OSError as error:
            msg = f"{file} cannot be written: {error.strerror}. Choose another place."
            raise CommandError(msg) from error
        self.stdout.write(f"Written: {file}")


def _verified_file(file: Path, expect: str, *, extract: bool) -> Verdict:
    try:
        with file.open("rb") as lines:
            return verify(read_lines(lines), expect=expect, extract=extract)
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}. Give a file that « audit export » wrote."
        raise CommandError(msg) from error
