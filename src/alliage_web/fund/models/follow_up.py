"""Life after the first payment: visits, what they ask for, and warnings that are set aside."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from alliage.fund.states import VISIT, VisitState


class VisitManner(models.TextChoices):
    """How people met."""

    ON_SITE = "on_site", _("sur place")
    PHONE = "phone", _("au téléphone")
    VIDEO = "video", _("en visioconférence")


class VisitStateChoices(models.TextChoices):
    """The states of the library, in the words of the pages."""

    PLANNED = VisitState.PLANNED.value, _("prévue")
    MADE = VisitState.MADE.value, _("faite")
    CANCELLED = VisitState.CANCELLED.value, _("annulée")


class OwedByChoices(models.TextChoices):
    """Who does what a visit asks for."""

    FUND = "fund", _("le fonds")
    RECEIVER = "receiver", _("le bénéficiaire")


class Visit(models.Model):
    """A meeting of the fund with who receives. The notes are never shown outside the fund."""

    PERSONAL: ClassVar[tuple[str, ...]] = ("participants",)

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    agreement = models.ForeignKey("fund.Agreement", models.PROTECT, related_name="visits")
    manner = models.CharField(_("comment"), max_length=10, choices=VisitManner.choices)
    state = models.CharField(
        _("état"), max_length=10, choices=VisitStateChoices.choices, default=VISIT.initial.value
    )
    planned_on = models.DateField(_("prévue le"))
    made_on = models.DateField(_("faite le"), null=True, blank=True)
    participants = models.TextField(_("qui a pris part"), blank=True)
    account = models.TextField(_("compte rendu partagé"), blank=True)
    notes = models.TextField(_("notes du fonds"), blank=True)
    shared_at = models.DateTimeField(_("partagé le"), null=True, blank=True)
    reason = models.TextField(_("motif de l’annulation"), blank=True)
    recorded_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="visits_recorded"
    )
    created_at = models.DateTimeField(_("inscrite le"))
    updated_at = models.DateTimeField(_("modifiée le"))

    class Meta:
        verbose_name = _("visite")
        verbose_name_plural = _("visites")
        ordering = ("agreement", "-planned_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(state=VisitState.MADE.value, made_on__isnull=False)
                | (~Q(state=VisitState.MADE.value) & Q(made_on=None)),
                name="fund_visit_made_has_a_day",
            ),
            models.CheckConstraint(
                condition=Q(shared_at=None) | (Q(state=VisitState.MADE.value) & ~Q(account="")),
                name="fund_visit_shared_says_something",
            ),
            models.CheckConstraint(
                condition=(Q(state=VisitState.CANCELLED.value) & ~Q(reason=""))
                | (~Q(state=VisitState.CANCELLED.value) & Q(reason="")),
                name="fund_visit_cancelled_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=VisitStateChoices.values, manner__in=VisitManner.values),
                name="fund_visit_words_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} {self.planned_on}"

    def get_absolute_url(self) -> str:
        agreement = self.agreement
        return reverse("fund:visit", args=[agreement.fund.code, agreement.reference, self.uuid])

    @property
    def stable_name(self) -> str:
        """The name of this visit in the trail, and the place of the documents that are shared."""
        return f"visit:{self.agreement.fund.code}:{self.uuid}"

    @property
    def private_place(self) -> str:
        """The place of the documents that the fund keeps for itself."""
        return f"visit-notes:{self.agreement.fund.code}:{self.uuid}"

    @property
    def is_shared(self) -> bool:
        return self.shared_at is not None


class VisitFollowUp(models.Model):
    """Something that a visit asks for: by when, of whom, and whether it is done."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="follow_ups")
    what = models.CharField(_("quoi"), max_length=300)
    due_on = models.DateField(_("pour le"))
    owed_by = models.CharField(_("qui"), max_length=10, choices=OwedByChoices.choices)
    done_on = models.DateField(_("fait le"), null=True, blank=True)
    done_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="follow_ups_done"
    )

    class Meta:
        verbose_name = _("suite d’une visite")
        verbose_name_plural = _("suites de visites")
        ordering = ("visit", "due_on", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(owed_by__in=OwedByChoices.values) & ~Q(what=""),
                name="fund_follow_up_said",
            ),
            models.CheckConstraint(
                condition=Q(done_by=None) | Q(done_on__isnull=False), name="fund_follow_up_done_on"
            ),
        ]

    def __str__(self) -> str:
        return self.what


class WarningSetAside(models.Model):
    """A warning that an officer sets aside until a day, and why: never changed, the last counts."""

    agreement = models.ForeignKey("fund.Agreement", models.PROTECT, related_name="set_aside")
    rule = models.SlugField(_("alerte"), max_length=60)
    reason = models.TextField(_("motif"))
    until = models.DateField(_("jusqu’au"))
    by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="warnings_set_aside"
    )
    at = models.DateTimeField(_("écartée le"))

    class Meta:
        verbose_name = _("alerte écartée")
        verbose_name_plural = _("alertes écartées")
        ordering = ("agreement", "rule", "pk")
        constraints = [
            models.CheckConstraint(
                condition=~Q(rule="") & ~Q(reason=""), name="fund_set_aside_with_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} {self.rule}"
