"""Funds that support alliances, and what documents say of their endowment."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alliage_web.alliances.models import PARTIAL_DATE
from alliage_web.vocabulary.models import ReadingChoices


class StatementStatus(models.TextChoices):
    """How far a statement on the endowment commits: what was said is not what was paid."""

    ANNOUNCED = "announced", _("annoncée")
    DECLARED = "declared", _("déclarée")


class Fund(models.Model):
    """A fund that pays for the engineering of alliances."""

    code = models.SlugField(_("identifiant"), max_length=60, unique=True)
    name = models.CharField(_("nom"), max_length=200)
    organisation = models.ForeignKey(
        "actors.Organisation", models.PROTECT, verbose_name=_("organisation"), related_name="funds"
    )
    founded = models.CharField(_("création"), max_length=10, blank=True)
    founders = models.ManyToManyField(
        "actors.Organisation", verbose_name=_("fondateurs"), related_name="founded_funds"
    )
    summary_fr = models.TextField(_("présentation"), blank=True)
    summary_en = models.TextField(_("présentation en anglais"), blank=True)
    source = models.CharField(_("source"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("créé le"))
    updated_at = models.DateTimeField(_("modifié le"))

    class Meta:
        verbose_name = _("fonds")
        verbose_name_plural = _("fonds")
        ordering = ("name", "pk")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(founded__regex=PARTIAL_DATE), name="fund_founded_is_a_date"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("fund:detail", args=[self.code])

    @property
    def stable_name(self) -> str:
        """The name of this fund in the trail and in the roles held there."""
        return f"fund:{self.code}"

    @property
    def summary(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.summary_en) or self.summary_fr


class EndowmentStatement(models.Model):
    """What one document says of the endowment; statements are never added together."""

    fund = models.ForeignKey(Fund, models.CASCADE, related_name="endowment")
    order = models.PositiveSmallIntegerField(default=0)
    claim_fr = models.CharField(_("énoncé"), max_length=300)
    claim_en = models.CharField(_("énoncé en anglais"), max_length=300, blank=True)
    eur = models.DecimalField(_("montant en euros"), max_digits=14, decimal_places=2)
    years = models.PositiveSmallIntegerField(_("durée en années"), null=True, blank=True)
    stated_on = models.CharField(_("dit le"), max_length=10, blank=True)
    status = models.CharField(_("statut"), max_length=10, choices=StatementStatus.choices)
    reading = models.CharField(_("lecture"), max_length=10, choices=ReadingChoices.choices)
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        verbose_name = _("énoncé sur la dotation")
        verbose_name_plural = _("énoncés sur la dotation")
        ordering = ("fund", "order", "pk")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(eur__gt=0), name="fund_endowment_is_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(stated_on__regex=PARTIAL_DATE), name="fund_endowment_date"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=StatementStatus.values),
                name="fund_endowment_status_known",
            ),
        ]

    def __str__(self) -> str:
        return self.claim

    @property
    def claim(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.claim_en) or self.claim_fr
