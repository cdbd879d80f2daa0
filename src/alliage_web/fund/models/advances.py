"""Repayable advances: the facts that say whether one is due, and what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alliage.fund.money.advances import Fact
from alliage.fund.states import ADVANCE, AdvanceState
from alliage_web.fund.models.ledger import euros_of

if TYPE_CHECKING:
    from decimal import Decimal


class AdvanceStateChoices(models.TextChoices):
    """The states of the library, in the words of the pages."""

    PREPARED = AdvanceState.PREPARED.value, _("préparée")
    CRITERIA_FIXED = AdvanceState.CRITERIA_FIXED.value, _("critères de succès fixés d’avance")
    ROADMAP_TO_APPROVE = AdvanceState.ROADMAP_TO_APPROVE.value, _("feuille de route à approuver")
    ROADMAP_APPROVED = AdvanceState.ROADMAP_APPROVED.value, _("feuille de route approuvée")
    SUCCESS_DECLARED = AdvanceState.SUCCESS_DECLARED.value, _("succès déclaré des deux côtés")
    CHECKED = AdvanceState.CHECKED.value, _("succès vérifié à douze mois")
    DUE = AdvanceState.DUE.value, _("remboursement dû")
    REPAID = AdvanceState.REPAID.value, _("remboursée")
    WAIVED = AdvanceState.WAIVED.value, _("remboursement non dû")
    WRITTEN_OFF = AdvanceState.WRITTEN_OFF.value, _("passée en perte")
    ABANDONED = AdvanceState.ABANDONED.value, _("abandonnée avant versement")


class FactChoices(models.TextChoices):
    """The facts on which the library decides."""

    CRITERIA = Fact.CRITERIA.value, _("critères de succès fixés")
    ROADMAP = Fact.ROADMAP.value, _("feuille de route approuvée par le porteur")
    HOLDER_DECLARATION = Fact.HOLDER_DECLARATION.value, _("déclaration du porteur")
    FUND_DECLARATION = Fact.FUND_DECLARATION.value, _("déclaration du fonds")
    CHECK = Fact.CHECK.value, _("vérification à douze mois")
    RULING = Fact.RULING.value, _("décision du comité")


class RepaymentKind(models.TextChoices):
    """What becomes of an advance in the ledger."""

    REPAYMENT = "repayment", _("remboursement")
    WAIVER = "waiver", _("remboursement non dû")
    WRITE_OFF = "write_off", _("perte")


class RepayableAdvance(models.Model):
    """The advance that an agreement pays: its criteria of success are written before it is."""

    agreement = models.OneToOneField("fund.Agreement", models.CASCADE, related_name="advance")
    criteria = models.TextField(_("critères de succès"))
    check_after_months = models.PositiveSmallIntegerField(
        _("mois avant la vérification"), default=12
    )
    state = models.CharField(
        _("état"),
        max_length=20,
        choices=AdvanceStateChoices.choices,
        default=ADVANCE.initial.value,
    )

    class Meta:
        verbose_name = _("avance remboursable")
        verbose_name_plural = _("avances remboursables")
        ordering = ("agreement",)
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=AdvanceStateChoices.values), name="fund_advance_state_known"
            ),
            models.CheckConstraint(
                condition=Q(check_after_months__gte=1, check_after_months__lte=60),
                name="fund_advance_check_within_five_years",
            ),
        ]

    def __str__(self) -> str:
        return str(self.agreement)

    @property
    def stable_name(self) -> str:
        """The name of this advance in the trail: that of its agreement."""
        return self.agreement.stable_name


class AdvanceStatement(models.Model):
    """What somebody stated of an advance, yes or no, with its proof: never changed."""

    advance = models.ForeignKey(RepayableAdvance, models.CASCADE, related_name="statements")
    fact = models.CharField(_("fait"), max_length=20, choices=FactChoices.choices)
    yes = models.BooleanField(_("oui"))
    on = models.DateField(_("le"))
    evidence = models.CharField(_("preuve ou motif"), max_length=500)
    document = models.UUIDField(_("document"), null=True, blank=True)
    recorded_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    recorded_at = models.DateTimeField(_("enregistré le"))

    class Meta:
        verbose_name = _("déclaration sur une avance")
        verbose_name_plural = _("déclarations sur des avances")
        ordering = ("advance", "recorded_at", "pk")
        constraints = [
            models.UniqueConstraint(fields=["advance", "fact"], name="fund_advance_fact_once"),
            models.CheckConstraint(
                condition=Q(fact__in=FactChoices.values), name="fund_advance_fact_known"
            ),
            models.CheckConstraint(
                condition=~Q(evidence=""), name="fund_advance_fact_has_evidence"
            ),
        ]

    def __str__(self) -> str:
        return self.get_fact_display()


class AdvanceInstalment(models.Model):
    """A repayment that is expected."""

    advance = models.ForeignKey(RepayableAdvance, models.CASCADE, related_name="schedule")
    rank = models.PositiveSmallIntegerField(_("rang"))
    due_on = models.DateField(_("attendu le"))
    cents = models.PositiveBigIntegerField(_("montant en centimes"))

    class Meta:
        verbose_name = _("échéance de remboursement")
        verbose_name_plural = _("échéances de remboursement")
        ordering = ("advance", "rank")
        constraints = [
            models.UniqueConstraint(fields=["advance", "rank"], name="fund_repayment_rank_once"),
            models.CheckConstraint(
                condition=Q(cents__gt=0), name="fund_repayment_amount_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.due_on:%Y-%m-%d}"

    @property
    def eur(self) -> Decimal:
        return euros_of(self.cents)


class AdvanceSettlement(models.Model):
    """What was repaid, waived or lost of an advance; its posting has the same key."""

    advance = models.ForeignKey(RepayableAdvance, models.PROTECT, related_name="settlements")
    kind = models.CharField(_("nature"), max_length=10, choices=RepaymentKind.choices)
    key = models.CharField(_("clé"), max_length=60)
    cents = models.PositiveBigIntegerField(_("montant en centimes"))
    on = models.DateField(_("le"))
    reason = models.CharField(_("motif"), max_length=500)
    recorded_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    recorded_at = models.DateTimeField(_("enregistré le"))

    class Meta:
        verbose_name = _("règlement d’une avance")
        verbose_name_plural = _("règlements d’avances")
        ordering = ("advance", "pk")
        constraints = [
            models.UniqueConstraint(fields=["advance", "key"], name="fund_settlement_once"),
            models.CheckConstraint(
                condition=Q(kind__in=RepaymentKind.values), name="fund_settlement_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(cents__gt=0) & ~Q(reason=""), name="fund_settlement_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}"

    @property
    def eur(self) -> Decimal:
        return euros_of(self.cents)
