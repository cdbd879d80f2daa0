"""What an officer established of a payment before the legal rules can be told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LegalStatement(models.Model):
    """The facts of paying an applicant, on the day they were stated: never changed.

    The latest statement counts, and the earlier ones stay. A fact that nobody established is None
    or empty: it is neither yes nor no.
    """

    applicant = models.ForeignKey("fund.Applicant", models.CASCADE, related_name="legal_statements")
    receiver_kind = models.CharField(_("nature juridique"), max_length=60, blank=True)
    beneficiary_kind = models.CharField(_("pour qui l’action est menée"), max_length=60, blank=True)
    passed_on = models.BooleanField(_("l’argent est reversé"), null=True)
    general_interest = models.BooleanField(_("intérêt général"), null=True)
    public_resources = models.BooleanField(_("argent public"), null=True)
    economic_activity = models.BooleanField(_("activité économique"), null=True)
    ministerial_derogation = models.BooleanField(_("dérogation ministérielle"), null=True)
    granted_before_cents = models.PositiveBigIntegerField(
        _("déjà accordé pour l’année, en centimes"), null=True, blank=True
    )
    de_minimis = models.JSONField(_("aides « de minimis » déclarées"), null=True, blank=True)
    source = models.TextField(_("d’où on le tient"))
    stated_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="legal_statements"
    )
    stated_at = models.DateTimeField(_("établi le"))

    class Meta:
        verbose_name = _("constat juridique sur un dossier")
        verbose_name_plural = _("constats juridiques sur des dossiers")
        ordering = ("applicant", "pk")
        constraints = [
            models.CheckConstraint(condition=~Q(source=""), name="fund_legal_has_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.applicant} · {self.stated_at:%Y-%m-%d}"
