"""Invent the demonstration wave, compute it as any other wave, and publish it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from alliage.observatory.respondents.specification_drafts import standalone
from alliage.observatory.synthetic.files import write_wave
from alliage.observatory.synthetic.wave import ROWS, SEED, demo_folder, demo_wave
from alliage_web.accounts.models import User
from alliage_web.observatory.actions import releases, respondent_files
from alliage_web.observatory.models import Wave
from alliage_web.observatory.queries.respondent_files import guess

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.core.management.base import CommandParser

    from alliage.observatory.respondents.coding import Column
    from alliage.survey import Table
    from alliage_web.observatory.models import Release

_STUDY, _WAVE = "impact_citizens", "demo"
#: Who computes, and who reads again and publishes.
_AUTHOR, _READER = "jessy@demo.example", "noa@demo.example"
_NAME = "vague-synthetique-repondants-inventes.parquet"


class Command(BaseCommand):
    help = (
        "Invent the respondents of the demonstration wave, compute its release and publish it. "
        "Everything says that it is synthetic. Refused outside a demonstration. A second run "
        "changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=SEED, help="another seed, other people")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.ALLIAGE_DEMO or settings.PRODUCTION:
            msg = "Invented respondents are refused outside a demonstration. Set ALLIAGE_MODE=demo."
            raise CommandError(msg)
        wave = Wave.objects.filter(code=_WAVE, study__code=_STUDY, synthetic=True).first()
        author = User.objects.filter(email=_AUTHOR).first()
        reader = User.objects.filter(email=_READER).first()
        if wave is None or author is None or reader is None:
            msg = "The demonstration wave or its researchers are not there. Run start-demo first."
            raise CommandError(msg)
        if wave.releases.exists():
            self.stdout.write(f"{_STUDY}/{_WAVE}: already has a release, left as it is")
            return
        with transaction.atomic():
            release = _published(wave, author, reader, options["seed"])
        self.stdout.write(
            f"{_STUDY}/{_WAVE}: {ROWS} respondents invented, release {release.number} published "
            "(SYNTHETIC)"
        )


def _published(wave: Wave, author: User, reader: User, seed: int) -> Release:
    """Take the invented file through the same steps as that of an institute, by two people."""
    at = timezone.now()
    with TemporaryDirectory() as folder:
        path = Path(folder) / _NAME
        table = demo_wave(seed=seed)
        write_wave(table, path)
        file = respondent_files.receive_file(wave=wave, path=path, by=author, at=at)
    columns = tuple(_with_no_mark(guess(file), table))
    file = respondent_files.map_columns(file=file, columns=columns, by=author, at=at)
    specification = standalone(demo_folder() / "specification.yaml")
    file = respondent_files.describe_file(file=file, specification=specification, by=author, at=at)
    release = releases.compute(file=file, by=author, at=at)
    release = releases.submit(release=release, by=author, at=at)
    return releases.approve(release=release, by=reader, at=at)


def _with_no_mark(columns: Iterable[Column], table: Table) -> Iterable[Column]:
    """Say which number stands for « does not know » among marks: a Parquet file does not."""
    for column in columns:
        known = table.variables.get(column.target)
        if known is not None and known.missing and table.frame.schema[column.target].is_numeric():
            yield replace(column, answers={str(code): "dont_know" for code in known.missing})
        else:
            yield column
