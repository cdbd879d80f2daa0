"""The stages through which files pass, and the delays that a fund set for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alliage.fund.follow_up.stages import OPEN, Stage

if TYPE_CHECKING:
    import datetime as dt


class StageChoices(models.TextChoices):
    """The stages of the library, in the words of the pages."""

    RECEIVED = Stage.RECEIVED.value, _("reçu")
    TO_COMPLETE = Stage.TO_COMPLETE.value, _("à compléter")
    REVIEW = Stage.REVIEW.value, _("en instruction")
    COMMITTEE = Stage.COMMITTEE.value, _("au comité")
    ADJOURNED = Stage.ADJOURNED.value, _("ajourné")
    DOCUMENTS = Stage.DOCUMENTS.value, _("pièces attendues")
    TO_AGREE = Stage.TO_AGREE.value, _("convention à préparer")
    TO_SIGN = Stage.TO_SIGN.value, _("à signer")
    TO_PAY = Stage.TO_PAY.value, _("à verser")
    SUSPENDED = Stage.SUSPENDED.value, _("suspendu")
    TO_CLOSE = Stage.TO_CLOSE.value, _("versé, à clore")
    CLOSED = Stage.CLOSED.value, _("clos")
    REFUSED = Stage.REFUSED.value, _("refusé")
    INELIGIBLE = Stage.INELIGIBLE.value, _("inéligible")
    WITHDRAWN = Stage.WITHDRAWN.value, _("retiré")
    LAPSED = Stage.LAPSED.value, _("caduc")
    TERMINATED = Stage.TERMINATED.value, _("résilié")
    ABANDONED = Stage.ABANDONED.value, _("abandonné")


class FileStay(models.Model):
    """The stay of a file in a stage; the one without an end says where the file stands.

    ``file`` is the name of the file in the ledger. ``days`` are whole days, once the stay ended.
    """

    # Found by the constraint and the indexes below, which begin with it.
    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="stays", db_index=False)
    file = models.CharField(_("dossier"), max_length=80)
    application = models.ForeignKey(
        "fund.Application", models.CASCADE, null=True, blank=True, related_name="stays"
    )
    agreement = models.ForeignKey(
        "fund.Agreement", models.CASCADE, null=True, blank=True, related_name="stays"
    )
    stage = models.CharField(_("étape"), max_length=20, choices=StageChoices.choices)
    entered_at = models.DateTimeField(_("depuis le"))
    left_at = models.DateTimeField(_("jusqu’au"), null=True, blank=True)
    days = models.PositiveIntegerField(_("durée en jours"), null=True, blank=True)

    class Meta:
        verbose_name = _("passage d’un dossier par une étape")
        verbose_name_plural = _("passages de dossiers par des étapes")
        ordering = ("entered_at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["fund", "file"], condition=Q(left_at=None), name="fund_file_stands_once"
            ),
            models.CheckConstraint(
                condition=Q(stage__in=StageChoices.values), name="fund_stay_stage_known"
            ),
            models.CheckConstraint(
                condition=Q(application__isnull=False) | Q(agreement__isnull=False),
                name="fund_stay_of_a_file",
            ),
            models.CheckConstraint(
                condition=Q(left_at=None, days=None)
                | Q(left_at__isnull=False, left_at__gte=F("entered_at"), days__isnull=False),
                name="fund_stay_ends_after_it_began",
            ),
        ]
        indexes = [
            models.Index(
                fields=["fund", "stage", "entered_at"],
                name="fund_stay_going_on",
                condition=Q(left_at=None),
            ),
            models.Index(
                fields=["fund", "stage", "days"],
                name="fund_stay_ended",
                condition=Q(left_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file} · {self.get_stage_display()}"

    def age(self, at: dt.datetime) -> int:
        """Return for how many whole days the file has been there."""
        return max((at - self.entered_at).days, 0)


class StageTarget(models.Model):
    """The delay that a fund set for itself in a stage, in days."""

    fund = models.ForeignKey("fund.Fund", models.CASCADE, related_name="stage_targets")
    stage = models.CharField(
        _("étape"),
        max_length=20,
        choices=[(each.value, StageChoices(each.value).label) for each in OPEN],
    )
    days = models.PositiveSmallIntegerField(_("jours"))

    class Meta:
        verbose_name = _("délai que le fonds se donne")
        verbose_name_plural = _("délais que le fonds se donne")
        ordering = ("fund", "pk")
        constraints = [
            models.UniqueConstraint(fields=["fund", "stage"], name="fund_target_once_a_stage"),
            models.CheckConstraint(
                condition=Q(stage__in=[each.value for each in OPEN]), name="fund_target_stage_open"
            ),
            models.CheckConstraint(condition=Q(days__gt=0), name="fund_target_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.get_stage_display()} · {self.days}"
