"""Bring the respondents of a wave in, and compute a draft of its release."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alliage.observatory.respondents.anomalies import AnomalyKind, Treatment, UntreatedError
from alliage.observatory.respondents.coding import CodingError
from alliage.observatory.respondents.specification_drafts import standalone
from alliage.survey import SurveyError
from alliage.values.yaml_files import InvalidFilesError
from alliage_web.accounts.models import User
from alliage_web.accounts.queries import place
from alliage_web.accounts.queries.own_places import OBSERVATORY
from alliage_web.observatory.actions import releases as release_actions
from alliage_web.observatory.actions import respondent_files as actions
from alliage_web.observatory.models import Wave
from alliage_web.observatory.permissions import READ_RESPONDENTS, WRITE_RELEASES
from alliage_web.observatory.queries import respondent_files as queries

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from alliage_web.observatory.models import Release, RespondentFile


class Command(BaseCommand):
    help = (
        "Bring a file of respondents in on a wave, as the pages do but of any size: it is kept in "
        "private storage, described by a specification, and a draft of a release is computed. "
        "Another researcher then reviews the draft. A column answers the question of its name."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file and what is known of it."""
        parser.add_argument("file", type=Path, help="SPSS, Stata, CSV, XLSX or Parquet")
        parser.add_argument("--wave", required=True, help="codes of the study and the wave: a/b")
        parser.add_argument("--spec", required=True, type=Path, help="the specification, as YAML")
        parser.add_argument("--checks", type=Path, help="names of breakdowns and checks, as YAML")
        parser.add_argument("--by", required=True, help="e-mail address of a researcher")
        parser.add_argument("--encoding", default="utf-8", help="of texts; utf-8 if not given")
        parser.add_argument("--drop", nargs="*", default=[], help="columns that name people")
        parser.add_argument(
            "--destroy-on",
            type=dt.date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="when the respondents are destroyed; as late as the register allows if not given",
        )
        parser.add_argument(
            "--treat",
            nargs="*",
            default=[],
            metavar="KIND=TREATMENT",
            help="what is done with a kind of anomaly: keep, exclude or set_missing",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        user, wave = _researcher(options["by"]), _wave(options["wave"])
        treatments = _treatments(options["treat"])
        try:
            file = actions.receive_file(
                wave=wave,
                path=options["file"],
                encoding=options["encoding"],
                drop=options["drop"],
                destroy_on=options["destroy_on"],
                by=user,
                at=timezone.now(),
            )
        except OSError as error:
            msg = f"{options['file']} cannot be read: {error.strerror}. Check its path."
            raise CommandError(msg) from error
        except (SurveyError, actions.DestructionDateError, actions.IdentifiersError) as error:
            raise CommandError(str(error)) from error
        try:
            release = self._computed(file, user, treatments, options)
        except (
            CodingError,
            InvalidFilesError,
            OSError,
            SurveyError,
            UntreatedError,
            queries.MissingRowsError,
            queries.OtherFileError,
            release_actions.OutdatedError,
        ) as error:
            # What was asked is a whole: a file that cannot be used does not stay behind.
            actions.destroy_file(file=file, by=user, at=timezone.now())
            raise CommandError(str(error)) from error
        self.stdout.write(f"respondents: {file.rows}, to destroy on {file.destroy_on:%Y-%m-%d}")
        self.stdout.write(f"draft: {release.uuid}, fingerprint {release.fingerprint}")

    def _computed(
        self,
        file: RespondentFile,
        user: User,
        treatments: dict[AnomalyKind, Treatment],
        options: dict[str, Any],
    ) -> Release:
        at = timezone.now()
        checks = options["checks"].read_text(encoding="utf-8") if options["checks"] else ""
        file = actions.map_columns(file=file, columns=queries.guess(file), by=user, at=at)
        text = standalone(options["spec"])
        file = actions.describe_file(file=file, specification=text, checks=checks, by=user, at=at)
        if treatments:
            file = actions.treat_anomalies(file=file, treatments=treatments, by=user, at=at)
        return release_actions.compute(file=file, by=user, at=at)


def _researcher(email: str) -> User:
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    here = place(OBSERVATORY)
    assert here is not None
    if user is None or not all(
        user.has_perm(permission, here.object) for permission in (READ_RESPONDENTS, WRITE_RELEASES)
    ):
        msg = f"« {email} » is not the address of a researcher of the observatory."
        raise CommandError(msg)
    return user


def _wave(written: str) -> Wave:
    study, _slash, code = written.partition("/")
    found = Wave.objects.filter(study__code=study, code=code).select_related("study").first()
    if found is None:
        known = ", ".join(
            f"{one.study.code}/{one.code}" for one in Wave.objects.select_related("study")
        )
        msg = f"There is no wave « {written} ». The waves are: {known or 'none'}."
        raise CommandError(msg)
    return found


def _treatments(written: list[str]) -> dict[AnomalyKind, Treatment]:
    kinds = {kind.value: kind for kind in AnomalyKind}
    done = {one.value: one for one in Treatment}
    found = {}
    for text in written:
        kind, _equal, treatment = text.partition("=")
        if kind not in kinds or treatment not in done:
            msg = (
                f"« {text} » is no treatment. Write KIND=TREATMENT; kinds: {', '.join(kinds)}; "
                f"treatments: {', '.join(done)}."
            )
            raise CommandError(msg)
        found[kinds[kind]] = done[treatment]
    return found
