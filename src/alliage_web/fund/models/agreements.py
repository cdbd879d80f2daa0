"""Agreements: their versions, what each pays and when, who signed, what was ordered and paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from alliage.alliances.vocabulary import Lever
from alliage.fund.money.instalments import ConditionKind, ReturnCause
from alliage.fund.states import AGREEMENT, AgreementState
from alliage_web.fund.models.ledger import euros_of

if TYPE_CHECKING:
    from decimal import Decimal


class AgreementStateChoices(models.TextChoices):
    """The states of the library, in the words of the pages."""

    PREPARED = AgreementState.PREPARED.value, _("préparée")
    OUT_FOR_SIGNATURE = AgreementState.OUT_FOR_SIGNATURE.value, _("à la signature")
    SIGNED = AgreementState.SIGNED.value, _("signée")
    AMENDED = AgreementState.AMENDED.value, _("modifiée par avenant")
    SUSPENDED = AgreementState.SUSPENDED.value, _("suspendue")
    ENDED = AgreementState.ENDED.value, _("terminée")
    TERMINATED = AgreementState.TERMINATED.value, _("résiliée")
    ABANDONED = AgreementState.ABANDONED.value, _("abandonnée avant signature")


class AgreementKind(models.TextChoices):
    """What is paid: a grant, or an advance that is repaid if the mission succeeds."""

    GRANT = "grant", _("Subvention ou prestation")
    ADVANCE = "advance", _("Avance remboursable")


class AgreementLever(models.TextChoices):
    """The levers that money can be: what it pays decides, not who receives."""

    DIRECT_FUNDING = Lever.DIRECT_FUNDING.value, _("Financement de l’action")
    ENGINEERING_INPUT = Lever.ENGINEERING_INPUT.value, _("Ingénierie de l’alliance")


class ConditionKindChoices(models.TextChoices):
    """What an instalment may wait for, besides a date."""

    REPORT_ACCEPTED = ConditionKind.REPORT_ACCEPTED.value, _("rapport accepté")
    MILESTONE_REACHED = ConditionKind.MILESTONE_REACHED.value, _("étape atteinte")
    DOCUMENT_RECEIVED = ConditionKind.DOCUMENT_RECEIVED.value, _("pièce reçue")


class SignatoryChoices(models.TextChoices):
    """The two parties of an agreement."""

    PAYER = "payer", _("pour le payeur")
    RECEIVER = "receiver", _("pour le bénéficiaire")


class OrderState(models.TextChoices):
    """Where an order to pay stands."""

    ORDERED = "ordered", _("ordonné")
    PAID = "paid", _("payé")
    PARTLY_PAID = "partly_paid", _("payé en partie")
    REJECTED = "rejected", _("rejeté par la banque")


class MovementKind(models.TextChoices):
    """Money that went out, or came back and why."""

    PAYMENT = "payment", _("versement")
    BANK_REJECTION = ReturnCause.BANK_REJECTION.value, _("retour après rejet de la banque")
    UNDUE = ReturnCause.UNDUE.value, _("restitution")


class Agreement(models.Model):
    """What a fund signs with who receives its money. The legal facts are those that were stated.

    A fact that nobody stated is None: it is neither yes nor no.
    """

    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="agreements")
    reference = models.SlugField(_("numéro"), max_length=60)
    kind = models.CharField(_("nature"), max_length=10, choices=AgreementKind.choices)
    application = models.ForeignKey(
        "fund.Application", models.PROTECT, null=True, blank=True, related_name="agreements"
    )
    alliance = models.ForeignKey(
        "alliances.Alliance", models.PROTECT, null=True, blank=True, related_name="agreements"
    )
    strand = models.ForeignKey("fund.Strand", models.PROTECT, verbose_name=_("volet"))
    year = models.PositiveSmallIntegerField(_("année de l’enveloppe"))
    payer = models.ForeignKey(
        "actors.Organisation", models.PROTECT, verbose_name=_("payeur"), related_name="+"
    )
    payer_kind = models.CharField(_("nature juridique du payeur"), max_length=60)
    receiver = models.ForeignKey(
        "actors.Organisation",
        models.PROTECT,
        verbose_name=_("bénéficiaire"),
        related_name="agreements_received",
    )
    receiver_kind = models.CharField(_("nature juridique du bénéficiaire"), max_length=60)
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
    legal_path = models.JSONField(_("chemin juridique à l’envoi"), null=True, blank=True)
    state = models.CharField(
        _("état"),
        max_length=20,
        choices=AgreementStateChoices.choices,
        default=AGREEMENT.initial.value,
    )
    reason = models.TextField(_("motif du dernier changement d’état"), blank=True)
    notice_given_on = models.DateField(_("préavis donné le"), null=True, blank=True)
    activity_checked_on = models.DateField(
        _("activité du bénéficiaire vérifiée le"), null=True, blank=True
    )
    activity_source = models.CharField(_("source de la vérification"), max_length=300, blank=True)
    ceased_on = models.DateField(_("activité cessée le"), null=True, blank=True)
    lever = models.CharField(
        _("levier"),
        max_length=20,
        choices=AgreementLever.choices,
        default=Lever.DIRECT_FUNDING.value,
    )
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="agreements_prepared"
    )
    created_at = models.DateTimeField(_("préparée le"))
    updated_at = models.DateTimeField(_("modifiée le"))

    class Meta:
        verbose_name = _("convention")
        verbose_name_plural = _("conventions")
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["fund", "reference"], name="fund_agreement_reference_once"
            ),
            models.UniqueConstraint(
                fields=["application"],
                condition=~Q(state=AgreementState.ABANDONED.value),
                name="fund_agreement_one_of_an_application",
            ),
            models.CheckConstraint(
                condition=Q(state__in=AgreementStateChoices.values),
                name="fund_agreement_state_known",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=AgreementKind.values), name="fund_agreement_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(lever__in=AgreementLever.values), name="fund_agreement_lever_known"
            ),
            models.CheckConstraint(
                condition=Q(activity_checked_on=None, activity_source="", ceased_on=None)
                | (Q(activity_checked_on__isnull=False) & ~Q(activity_source="")),
                name="fund_agreement_activity_checked_somewhere",
            ),
            models.CheckConstraint(
                condition=~Q(payer=F("receiver")), name="fund_agreement_between_two"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[AgreementState.PREPARED.value, AgreementState.ABANDONED.value]
                )
                | Q(legal_path__isnull=False),
                name="fund_agreement_sent_after_its_legal_path",
            ),
        ]
        indexes = [models.Index(fields=["fund", "state"], name="fund_agreement_of_fund")]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("fund:agreement", args=[self.fund.code, self.reference])

    @property
    def stable_name(self) -> str:
        """The name of this agreement in the trail, and the place of its documents."""
        return f"agreement:{self.fund.code}:{self.reference}"

    @property
    def file(self) -> str:
        """The file of the ledger: that of its application, or its own."""
        return self.application.reference if self.application else self.reference

    @property
    def is_advance(self) -> bool:
        return self.kind == AgreementKind.ADVANCE


class AgreementCondition(models.Model):
    """A report, a milestone or a document that instalments wait for, and how it was met."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="conditions")
    kind = models.CharField(_("nature"), max_length=20, choices=ConditionKindChoices.choices)
    code = models.SlugField(_("identifiant"), max_length=60)
    label = models.CharField(_("condition"), max_length=200)
    met_on = models.DateField(_("remplie le"), null=True, blank=True)
    evidence = models.CharField(_("preuve"), max_length=500, blank=True)
    document = models.UUIDField(_("document"), null=True, blank=True)
    recorded_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField(_("constatée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("condition d’une convention")
        verbose_name_plural = _("conditions de conventions")
        ordering = ("agreement", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "kind", "code"], name="fund_condition_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ConditionKindChoices.values), name="fund_condition_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(met_on=None, evidence="", recorded_at=None)
                | (Q(met_on__isnull=False, recorded_at__isnull=False) & ~Q(evidence="")),
                name="fund_condition_met_with_evidence",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class AgreementVersion(models.Model):
    """The terms of an agreement, in one version; frozen from the day they go to signature."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    objective = models.TextField(_("objet"))
    clauses = models.TextField(_("engagements et conditions"), blank=True)
    cents = models.PositiveBigIntegerField(_("montant en centimes"))
    reason = models.TextField(_("motif de l’avenant"), blank=True)
    ends_on = models.DateField(_("fin de l’action"), null=True, blank=True)
    release = models.ManyToManyField(
        AgreementCondition, verbose_name=_("libère la retenue"), related_name="releases"
    )
    frozen_at = models.DateTimeField(_("figée le"), null=True, blank=True)
    digest = models.CharField(_("empreinte SHA-256"), max_length=64, blank=True)
    in_force_on = models.DateField(_("en vigueur depuis le"), null=True, blank=True)

    class Meta:
        verbose_name = _("version d’une convention")
        verbose_name_plural = _("versions de conventions")
        ordering = ("agreement", "number")
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "number"], name="fund_agreement_version_once"
            ),
            models.CheckConstraint(
                condition=Q(number=1) | (Q(number__gt=1) & ~Q(reason="")),
                name="fund_agreement_amendment_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(cents__gt=0), name="fund_agreement_amount_above_zero"
            ),
            models.CheckConstraint(
                condition=Q(frozen_at=None, digest="", in_force_on=None)
                | (Q(frozen_at__isnull=False) & ~Q(digest="")),
                name="fund_agreement_version_frozen_with_its_digest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} v{self.number}"

    @property
    def eur(self) -> Decimal:
        return euros_of(self.cents)


class AgreementInstalment(models.Model):
    """A part of the money of a version; its code is the same in every version."""

    version = models.ForeignKey(AgreementVersion, models.CASCADE, related_name="instalments")
    rank = models.PositiveSmallIntegerField(_("rang"))
    code = models.SlugField(_("identifiant"), max_length=20)
    title = models.CharField(_("échéance"), max_length=120)
    cents = models.PositiveBigIntegerField(_("montant en centimes"))
    held_back_cents = models.PositiveBigIntegerField(_("retenue en centimes"), default=0)
    due_on = models.DateField(_("à partir du"), null=True, blank=True)
    conditions = models.ManyToManyField(
        AgreementCondition, verbose_name=_("conditions"), related_name="instalments"
    )

    class Meta:
        verbose_name = _("échéance")
        verbose_name_plural = _("échéances")
        ordering = ("version", "rank")
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="fund_instalment_code_once"),
            models.UniqueConstraint(fields=["version", "rank"], name="fund_instalment_rank_once"),
            models.CheckConstraint(
                condition=Q(cents__gt=0, held_back_cents__lte=F("cents")),
                name="fund_instalment_amounts",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def eur(self) -> Decimal:
        return euros_of(self.cents)

    @property
    def held_back(self) -> Decimal:
        return euros_of(self.held_back_cents)


class AgreementSignature(models.Model):
    """Who signed a version for one of the parties, and the signed document, by its digest."""

    PERSONAL: ClassVar[tuple[str, ...]] = ("signatory", "function")

    version = models.ForeignKey(AgreementVersion, models.PROTECT, related_name="signatures")
    party = models.CharField(_("partie"), max_length=10, choices=SignatoryChoices.choices)
    signatory = models.CharField(_("signataire"), max_length=120)
    function = models.CharField(_("qualité"), max_length=120, blank=True)
    signed_on = models.DateField(_("signée le"))
    document = models.UUIDField(_("document signé"))
    sha256 = models.CharField(_("empreinte du document signé"), max_length=64)
    recorded_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    recorded_at = models.DateTimeField(_("enregistrée le"))

    class Meta:
        verbose_name = _("signature d’une convention")
        verbose_name_plural = _("signatures de conventions")
        ordering = ("version", "party")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "party"], name="fund_agreement_signed_once_a_party"
            ),
            models.CheckConstraint(
                condition=Q(party__in=SignatoryChoices.values), name="fund_signature_party_known"
            ),
            models.CheckConstraint(condition=~Q(sha256=""), name="fund_signature_has_its_document"),
        ]

    def __str__(self) -> str:
        return f"{self.version} · {self.get_party_display()}"


class PaymentOrder(models.Model):
    """An order to pay, with the key that its payment will have: made once, paid once."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="orders")
    instalment = models.SlugField(_("échéance"), max_length=20)
    key = models.CharField(_("clé"), max_length=60, unique=True)
    cents = models.PositiveBigIntegerField(_("montant en centimes"))
    execute_on = models.DateField(_("à exécuter le"))
    reason = models.CharField(_("motif lu sur le relevé"), max_length=140)
    state = models.CharField(
        _("état"), max_length=12, choices=OrderState.choices, default=OrderState.ORDERED
    )
    ordered_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="payments_ordered"
    )
    ordered_at = models.DateTimeField(_("ordonné le"))
    settled_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="payments_settled"
    )
    settled_at = models.DateTimeField(_("réglé le"), null=True, blank=True)

    class Meta:
        verbose_name = _("ordre de paiement")
        verbose_name_plural = _("ordres de paiement")
        ordering = ("execute_on", "pk")
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0), name="fund_order_amount_above_zero"),
            models.CheckConstraint(
                condition=Q(state=OrderState.ORDERED, settled_at=None)
                | (~Q(state=OrderState.ORDERED) & Q(settled_at__isnull=False)),
                name="fund_order_settled_at",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OrderState.values), name="fund_order_state_known"
            ),
            models.CheckConstraint(
                condition=Q(settled_by=None) | Q(ordered_by=None) | ~Q(settled_by=F("ordered_by")),
                name="fund_order_paid_by_another",
            ),
            models.UniqueConstraint(
                fields=["agreement", "instalment"],
                condition=Q(state=OrderState.ORDERED),
                name="fund_order_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def eur(self) -> Decimal:
        return euros_of(self.cents)


class AgreementMovement(models.Model):
    """Money paid under an agreement, or that came back; its posting has the same key."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="movements")
    instalment = models.SlugField(_("échéance"), max_length=20)
    kind = models.CharField(_("nature"), max_length=20, choices=MovementKind.choices)
    key = models.CharField(_("clé"), max_length=60)
    cents = models.PositiveBigIntegerField(_("montant en centimes"))
    on = models.DateField(_("le"))
    order = models.OneToOneField(
        PaymentOrder, models.PROTECT, null=True, blank=True, related_name="movement"
    )
    recorded_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+")
    recorded_at = models.DateTimeField(_("enregistré le"))

    class Meta:
        verbose_name = _("mouvement d’une convention")
        verbose_name_plural = _("mouvements de conventions")
        ordering = ("agreement", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "key"], name="fund_agreement_movement_once"
            ),
            models.CheckConstraint(
                condition=Q(cents__gt=0), name="fund_agreement_movement_above_zero"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=MovementKind.values), name="fund_agreement_movement_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(kind=MovementKind.PAYMENT, order__isnull=False)
                | (~Q(kind=MovementKind.PAYMENT) & Q(order=None)),
                name="fund_agreement_payment_was_ordered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}"

    @property
    def eur(self) -> Decimal:
        return euros_of(self.cents)
