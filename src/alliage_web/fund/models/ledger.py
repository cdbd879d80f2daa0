"""The ledger of a fund: what was written, what it moved, and what each account holds.

Rows are only added. Triggers of the database refuse the rest, keep the balances, and hold the rules
that no code may break: see ``docs/adr/0019-ledger-of-a-fund.md``. Amounts are whole numbers of
cents, which both databases add exactly.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from alliage.fund.money.ledger import CHART, MAY_BE_NEGATIVE, AccountCode, Dimension, PostingKind

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Of what was paid to a file, the sum over the years of a strand may not be below zero: a trigger
#: holds it. The order is that of the migration.
_MAY_BE_NEGATIVE = tuple(code.value for code in AccountCode if code in MAY_BE_NEGATIVE)


class PostingKindChoices(models.TextChoices):
    """The operations of the library, in the words of the pages."""

    ENDOWMENT_INCREASE = PostingKind.ENDOWMENT_INCREASE.value, _("Hausse de la dotation en vigueur")
    ENDOWMENT_DECREASE = PostingKind.ENDOWMENT_DECREASE.value, _("Baisse de la dotation en vigueur")
    PROMISE = PostingKind.PROMISE.value, _("Contribution promise")
    PROMISE_DECREASE = PostingKind.PROMISE_DECREASE.value, _("Promesse réduite")
    CALL = PostingKind.CALL.value, _("Appel de fonds")
    RECEIPT = PostingKind.RECEIPT.value, _("Contribution reçue")
    ALLOTMENT = PostingKind.ALLOTMENT.value, _("Dotation d’une enveloppe")
    ALLOTMENT_WITHDRAWAL = PostingKind.ALLOTMENT_WITHDRAWAL.value, _("Retrait d’une enveloppe")
    TRANSFER = PostingKind.TRANSFER.value, _("Virement entre enveloppes")
    AWARD = PostingKind.AWARD.value, _("Attribution")
    AWARD_RELEASE = PostingKind.AWARD_RELEASE.value, _("Attribution levée")
    COMMITMENT = PostingKind.COMMITMENT.value, _("Engagement")
    DECOMMITMENT = PostingKind.DECOMMITMENT.value, _("Désengagement")
    PAYMENT = PostingKind.PAYMENT.value, _("Versement")
    RETURN = PostingKind.RETURN.value, _("Trop-perçu rendu")
    ADVANCE_PAYMENT = PostingKind.ADVANCE_PAYMENT.value, _("Versement d’une avance")
    REPAYMENT = PostingKind.REPAYMENT.value, _("Remboursement d’une avance")
    WAIVER = PostingKind.WAIVER.value, _("Remise d’une avance")
    WRITE_OFF = PostingKind.WRITE_OFF.value, _("Avance perdue")
    CARRY_AVAILABLE = PostingKind.CARRY_AVAILABLE.value, _("Report du disponible")
    CARRY_RESERVED = PostingKind.CARRY_RESERVED.value, _("Report du réservé")
    CARRY_COMMITTED = PostingKind.CARRY_COMMITTED.value, _("Report de l’engagé")
    YEAR_CLOSING = PostingKind.YEAR_CLOSING.value, _("Clôture d’une année")


class AccountChoices(models.TextChoices):
    """The accounts of the library, in the words of the pages."""

    ENDOWMENT = AccountCode.ENDOWMENT.value, _("Dotation en vigueur")
    RECYCLED = AccountCode.RECYCLED.value, _("Avances revenues")
    UNALLOTTED = AccountCode.UNALLOTTED.value, _("Hors enveloppe")
    AVAILABLE = AccountCode.AVAILABLE.value, _("Disponible")
    RESERVED = AccountCode.RESERVED.value, _("Réservé")
    COMMITTED = AccountCode.COMMITTED.value, _("Engagé, reste à verser")
    PAID = AccountCode.PAID.value, _("Versé")
    CONTRIBUTIONS = AccountCode.CONTRIBUTIONS.value, _("Contributions promises")
    TO_CALL = AccountCode.TO_CALL.value, _("Contributions à appeler")
    TO_RECEIVE = AccountCode.TO_RECEIVE.value, _("Contributions à recevoir")
    CASH = AccountCode.CASH.value, _("Banque")
    GRANTS = AccountCode.GRANTS.value, _("Subventions versées")
    ADVANCES = AccountCode.ADVANCES.value, _("Avances à recouvrer")
    WAIVED = AccountCode.WAIVED.value, _("Avances remises")
    WRITTEN_OFF = AccountCode.WRITTEN_OFF.value, _("Avances perdues")


def euros_of(cents: int) -> Decimal:
    """Give an amount in euros, with its two decimals."""
    return Decimal(cents).scaleb(-2)


def _kept_by_what_the_chart_says() -> Q:
    condition = Q(pk__in=())
    for code, account in CHART.items():
        kept = Q(code=code.value)
        for dimension in Dimension:
            name, wanted = dimension.value, dimension in account.dimensions
            if dimension in {Dimension.ENVELOPE, Dimension.FUNDER}:
                kept &= Q(**{f"{name}__isnull": not wanted})
            else:
                kept &= ~Q(**{name: ""}) if wanted else Q(**{name: ""})
        condition |= kept
    return condition


def _values(choices: Iterable[Any]) -> list[str]:
    return [str(choice) for choice in choices]


class Posting(models.Model):
    """An operation that was written: never changed nor removed, corrected by a reversal."""

    # Found by the indexes below, which begin with it.
    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="postings", db_index=False)
    number = models.PositiveIntegerField(_("numéro"))
    key = models.CharField(_("clé"), max_length=150)
    kind = models.CharField(_("opération"), max_length=30, choices=PostingKindChoices.choices)
    booked_on = models.DateField(_("date"))
    reason = models.CharField(_("motif"), max_length=500)
    reference = models.CharField(_("pièce"), max_length=300, blank=True)
    cents = models.PositiveBigIntegerField(_("montant en centimes"))
    envelope = models.ForeignKey(
        "fund.Envelope", models.PROTECT, verbose_name=_("enveloppe"), null=True, related_name="+"
    )
    to_envelope = models.ForeignKey(
        "fund.Envelope",
        models.PROTECT,
        verbose_name=_("enveloppe qui reçoit"),
        null=True,
        related_name="+",
    )
    file = models.CharField(_("dossier"), max_length=80, blank=True)
    advance = models.CharField(_("avance"), max_length=80, blank=True)
    funder = models.ForeignKey(
        "fund.Funder", models.PROTECT, verbose_name=_("financeur"), null=True, related_name="+"
    )
    year = models.PositiveSmallIntegerField(_("année close"), null=True)
    reverses = models.OneToOneField(
        "self", models.PROTECT, verbose_name=_("annule"), null=True, related_name="reversal"
    )
    written_at = models.DateTimeField(_("écrite le"))

    class Meta:
        verbose_name = _("écriture")
        verbose_name_plural = _("écritures")
        ordering = ("fund_id", "number")
        constraints = [
            models.UniqueConstraint(fields=["fund", "number"], name="fund_posting_number_once"),
            models.UniqueConstraint(fields=["fund", "key"], name="fund_posting_key_once"),
            models.CheckConstraint(
                condition=Q(kind__in=_values(PostingKind)), name="fund_posting_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(kind=PostingKind.YEAR_CLOSING.value, cents=0, year__isnull=False)
                | (~Q(kind=PostingKind.YEAR_CLOSING.value) & Q(cents__gt=0, year__isnull=True)),
                name="fund_posting_has_an_amount",
            ),
            models.CheckConstraint(
                condition=~Q(key="") & ~Q(reason=""), name="fund_posting_has_a_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["fund", "year"],
                name="fund_posting_closings",
                condition=Q(year__isnull=False),
            ),
            models.Index(fields=["fund", "file", "number"], name="fund_posting_file"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("fund:posting", args=[self.fund.code, self.number])

    @property
    def stable_name(self) -> str:
        """The name of this posting in the trail."""
        return f"posting:{self.fund.code}:{self.number}"

    @property
    def eur(self) -> Decimal:
        """The amount, in euros."""
        return euros_of(self.cents)


class Movement(models.Model):
    """An amount debited to an account and credited to another: it balances by construction."""

    posting = models.ForeignKey(Posting, models.PROTECT, related_name="movements")
    rank = models.PositiveSmallIntegerField(_("rang"))
    debit = models.ForeignKey(
        "fund.RunningBalance", models.PROTECT, verbose_name=_("débit"), related_name="debits"
    )
    credit = models.ForeignKey(
        "fund.RunningBalance", models.PROTECT, verbose_name=_("crédit"), related_name="credits"
    )
    cents = models.PositiveBigIntegerField(_("montant en centimes"))

    class Meta:
        verbose_name = _("mouvement")
        verbose_name_plural = _("mouvements")
        ordering = ("posting_id", "rank")
        constraints = [
            models.UniqueConstraint(fields=["posting", "rank"], name="fund_movement_once"),
            models.CheckConstraint(condition=Q(cents__gt=0), name="fund_movement_above_zero"),
            models.CheckConstraint(
                condition=~Q(debit=F("credit")), name="fund_movement_between_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.posting_id}/{self.rank}"

    @property
    def eur(self) -> Decimal:
        """The amount, in euros."""
        return euros_of(self.cents)


class RunningBalance(models.Model):
    """An account and what it holds, on its normal side. Only the triggers write the amount.

    ``last_movement`` is the key of the last movement that it counts.
    """

    # Found by the indexes below, which begin with it.
    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="balances", db_index=False)
    code = models.CharField(_("compte"), max_length=20, choices=AccountChoices.choices)
    envelope = models.ForeignKey(
        "fund.Envelope", models.PROTECT, verbose_name=_("enveloppe"), null=True, related_name="+"
    )
    file = models.CharField(_("dossier"), max_length=80, blank=True)
    advance = models.CharField(_("avance"), max_length=80, blank=True)
    funder = models.ForeignKey(
        "fund.Funder", models.PROTECT, verbose_name=_("financeur"), null=True, related_name="+"
    )
    cents = models.BigIntegerField(_("solde en centimes"), default=0)
    last_movement = models.PositiveBigIntegerField(_("dernier mouvement"), default=0)

    class Meta:
        verbose_name = _("solde")
        verbose_name_plural = _("soldes")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                F("fund"),
                F("code"),
                Coalesce(F("envelope"), Value(0)),
                F("file"),
                F("advance"),
                Coalesce(F("funder"), Value(0)),
                name="fund_balance_once",
            ),
            models.CheckConstraint(
                condition=Q(cents__gte=0) | Q(code__in=_MAY_BE_NEGATIVE),
                name="fund_balance_not_below_zero",
            ),
            models.CheckConstraint(
                condition=_kept_by_what_the_chart_says(), name="fund_balance_follows_the_chart"
            ),
        ]
        indexes = [models.Index(fields=["fund", "file", "code"], name="fund_balance_file")]

    def __str__(self) -> str:
        return self.get_code_display()

    @property
    def eur(self) -> Decimal:
        """The balance on the normal side of the account, in euros."""
        return euros_of(self.cents)
