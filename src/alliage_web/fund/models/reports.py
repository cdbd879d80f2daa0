"""Reports: what agreements ask, what is written once, what each funder received; indicators."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from alliage.fund.reporting.indicators import Direction, MeasurementStatus
from alliage.fund.reporting.obligations import DateBasis, ReportKind
from alliage.fund.reporting.promises import Outcome
from alliage.fund.states import REPORT, ReportState
from alliage_web.fund.models.ledger import euros_of

if TYPE_CHECKING:
    from decimal import Decimal


class ReportStateChoices(models.TextChoices):
    """The states of the library, in the words of the pages."""

    TO_DO = ReportState.TO_DO.value, _("à faire")
    DELIVERED = ReportState.DELIVERED.value, _("remis, à lire")
    TO_COMPLETE = ReportState.TO_COMPLETE.value, _("à compléter")
    ACCEPTED = ReportState.ACCEPTED.value, _("accepté")
    WAIVED = ReportState.WAIVED.value, _("n’est plus demandé")


class ReportKindChoices(models.TextChoices):
    """Which report it is."""

    INTERMEDIATE = ReportKind.INTERMEDIATE.value, _("rapport d’étape")
    FINAL = ReportKind.FINAL.value, _("rapport final")


class DateBasisChoices(models.TextChoices):
    """What the date of a report comes from."""

    INSTALMENT = DateBasis.INSTALMENT.value, _("date de l’échéance qui l’attend")
    END_OF_ACTION = DateBasis.END_OF_ACTION.value, _("six mois après l’année où l’action finit")
    DECIDED = DateBasis.DECIDED.value, _("fixée par le fonds")
    UNKNOWN = DateBasis.UNKNOWN.value, _("à fixer")


class OutcomeChoices(models.TextChoices):
    """What became of a promise."""

    DONE = Outcome.DONE.value, _("fait")
    PARTLY = Outcome.PARTLY.value, _("fait en partie")
    NOT_DONE = Outcome.NOT_DONE.value, _("pas fait")
    NOT_KNOWN = Outcome.NOT_KNOWN.value, _("pas encore connu")


class DirectionChoices(models.TextChoices):
    """Which way is better."""

    HIGHER = Direction.HIGHER.value, _("plus haut est mieux")
    LOWER = Direction.LOWER.value, _("plus bas est mieux")


class MeasurementStatusChoices(models.TextChoices):
    """How a value is known."""

    MEASURED = MeasurementStatus.MEASURED.value, _("mesuré")
    DECLARED = MeasurementStatus.DECLARED.value, _("déclaré")
    ESTIMATED = MeasurementStatus.ESTIMATED.value, _("estimé")


class SideChoices(models.TextChoices):
    """Which party of the agreement proposed an indicator."""

    FUND = "fund", _("le fonds")
    RECEIVER = "receiver", _("le bénéficiaire")


class Report(models.Model):
    """What the parties of an action write once of a period, for all who ask.

    Without alliance, it is that of the organisation alone.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    alliance = models.ForeignKey(
        "alliances.Alliance", models.PROTECT, null=True, blank=True, related_name="reports"
    )
    organisation = models.ForeignKey(
        "actors.Organisation",
        models.PROTECT,
        verbose_name=_("qui rend compte"),
        related_name="reports",
    )
    title = models.CharField(_("titre"), max_length=200)
    period_first = models.DateField(_("du"))
    period_last = models.DateField(_("au"))
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="reports_begun"
    )
    created_at = models.DateTimeField(_("commencé le"))
    updated_at = models.DateTimeField(_("modifié le"))

    class Meta:
        verbose_name = _("rapport")
        verbose_name_plural = _("rapports")
        ordering = ("-period_last", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["alliance", "period_first", "period_last"],
                name="fund_report_once_a_period",
            ),
            models.CheckConstraint(
                condition=Q(period_first__lte=F("period_last")), name="fund_report_period_in_order"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="fund_report_has_a_title"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("fund:report", args=[self.uuid])

    @property
    def stable_name(self) -> str:
        """The name of this report in the trail, and the place of its documents."""
        return f"report:{self.uuid}"


class ReportPart(models.Model):
    """An organisation that answers for its part of a report, and what it signed, by its digest."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="parts")
    code = models.SlugField(_("identifiant"), max_length=90)
    organisation = models.ForeignKey(
        "actors.Organisation", models.PROTECT, related_name="report_parts"
    )
    text = models.TextField(_("ce que l’organisation a fait"), blank=True)
    signed_digest = models.CharField(_("empreinte signée"), max_length=64, blank=True)
    signed_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="report_parts_signed"
    )
    signed_at = models.DateTimeField(_("signée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("part d’un rapport")
        verbose_name_plural = _("parts de rapports")
        ordering = ("report", "pk")
        constraints = [
            models.UniqueConstraint(fields=["report", "code"], name="fund_report_part_once"),
            models.UniqueConstraint(
                fields=["report", "organisation"], name="fund_report_part_of_organisation_once"
            ),
            models.CheckConstraint(
                condition=Q(signed_digest="", signed_at=None)
                | (~Q(signed_digest="") & Q(signed_at__isnull=False)),
                name="fund_report_part_signed_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report} · {self.organisation}"


class ReportAnswer(models.Model):
    """What a report says of a promise, or one of its texts; documents by their names."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="answers")
    key = models.CharField(_("promesse"), max_length=60)
    outcome = models.CharField(
        _("ce qu’il en est"), max_length=10, choices=OutcomeChoices.choices, blank=True
    )
    text = models.TextField(_("ce qu’on en dit"), blank=True)
    spent_cents = models.PositiveBigIntegerField(_("dépensé, en centimes"), null=True, blank=True)
    files = models.JSONField(_("preuves"), default=list, blank=True)
    updated_at = models.DateTimeField(_("modifiée le"))

    class Meta:
        verbose_name = _("réponse d’un rapport")
        verbose_name_plural = _("réponses de rapports")
        ordering = ("report", "pk")
        constraints = [
            models.UniqueConstraint(fields=["report", "key"], name="fund_report_answer_once"),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(outcome__in=OutcomeChoices.values),
                name="fund_report_outcome_known",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def spent(self) -> Decimal | None:
        return None if self.spent_cents is None else euros_of(self.spent_cents)


class ReportObligation(models.Model):
    """A report that an agreement asks for, with its own life, whatever others say of the report."""

    agreement = models.ForeignKey("fund.Agreement", models.PROTECT, related_name="obligations")
    code = models.SlugField(_("identifiant"), max_length=70)
    kind = models.CharField(_("nature"), max_length=12, choices=ReportKindChoices.choices)
    label = models.CharField(_("rapport"), max_length=200, blank=True)
    condition = models.OneToOneField(
        "fund.AgreementCondition",
        models.PROTECT,
        verbose_name=_("condition que son acceptation remplit"),
        null=True,
        blank=True,
        related_name="obligation",
    )
    period_first = models.DateField(_("du"), null=True, blank=True)
    period_last = models.DateField(_("au"), null=True, blank=True)
    due_on = models.DateField(_("attendu avant la fin du"), null=True, blank=True)
    basis = models.CharField(
        _("d’où vient la date"), max_length=14, choices=DateBasisChoices.choices
    )
    state = models.CharField(
        _("état"),
        max_length=12,
        choices=ReportStateChoices.choices,
        default=REPORT.initial.value,
    )
    report = models.ForeignKey(
        Report, models.SET_NULL, null=True, blank=True, related_name="obligations"
    )
    reason = models.TextField(_("motif de la dernière décision"), blank=True)
    decided_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="reports_decided"
    )
    decided_at = models.DateTimeField(_("décidé le"), null=True, blank=True)
    created_at = models.DateTimeField(_("demandé depuis le"))

    class Meta:
        verbose_name = _("rapport demandé")
        verbose_name_plural = _("rapports demandés")
        ordering = (F("due_on").asc(nulls_last=True), "pk")
        constraints = [
            models.UniqueConstraint(fields=["agreement", "code"], name="fund_obligation_once"),
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(kind=ReportKind.FINAL.value),
                name="fund_obligation_one_final_report",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ReportStateChoices.values), name="fund_obligation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ReportKindChoices.values), name="fund_obligation_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(basis__in=DateBasisChoices.values), name="fund_obligation_basis_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[ReportState.TO_DO.value, ReportState.WAIVED.value],
                )
                | Q(report__isnull=False),
                name="fund_obligation_delivered_has_a_report",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ReportState.TO_COMPLETE.value, ReportState.WAIVED.value])
                | ~Q(reason=""),
                name="fund_obligation_decided_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(period_first=None)
                | Q(period_last=None)
                | Q(period_first__lte=F("period_last")),
                name="fund_obligation_period_in_order",
            ),
            models.CheckConstraint(
                condition=Q(due_on=None, basis=DateBasis.UNKNOWN.value)
                | (Q(due_on__isnull=False) & ~Q(basis=DateBasis.UNKNOWN.value)),
                name="fund_obligation_date_has_a_basis",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="fund_obligation_waiting")]

    def __str__(self) -> str:
        return self.label or str(self.get_kind_display()).capitalize()

    @property
    def title(self) -> str:
        return str(self)


class ReportDelivery(models.Model):
    """What a funder received: frozen, with its digest. A new delivery never changes it."""

    obligation = models.ForeignKey(ReportObligation, models.PROTECT, related_name="deliveries")
    number = models.PositiveSmallIntegerField(_("remise"))
    report = models.ForeignKey(Report, models.PROTECT, related_name="deliveries")
    content = models.JSONField(_("contenu"))
    digest = models.CharField(_("empreinte SHA-256"), max_length=64)
    by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="reports_delivered"
    )
    at = models.DateTimeField(_("remis le"))

    class Meta:
        verbose_name = _("remise d’un rapport")
        verbose_name_plural = _("remises de rapports")
        ordering = ("obligation", "number")
        constraints = [
            models.UniqueConstraint(
                fields=["obligation", "number"], name="fund_report_delivery_once"
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1) & ~Q(digest=""), name="fund_report_delivery_is_frozen"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.obligation} · {self.number}"


class Indicator(models.Model):
    """What an agreement promises to measure; a promise once both parties agreed to it."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    agreement = models.ForeignKey("fund.Agreement", models.PROTECT, related_name="indicators")
    key = models.CharField(_("identifiant"), max_length=60)
    label = models.CharField(_("indicateur"), max_length=200)
    unit = models.CharField(_("unité"), max_length=60)
    direction = models.CharField(_("sens"), max_length=6, choices=DirectionChoices.choices)
    baseline = models.DecimalField(
        _("valeur de départ"), max_digits=18, decimal_places=4, null=True, blank=True
    )
    baseline_on = models.DateField(_("date du départ"), null=True, blank=True)
    baseline_source = models.CharField(_("source du départ"), max_length=300, blank=True)
    target = models.DecimalField(_("cible"), max_digits=18, decimal_places=4)
    target_on = models.DateField(_("date de la cible"))
    proposed_side = models.CharField(_("proposé par"), max_length=8, choices=SideChoices.choices)
    proposed_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="indicators_proposed"
    )
    proposed_at = models.DateTimeField(_("proposé le"))
    agreed_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="indicators_agreed"
    )
    agreed_at = models.DateTimeField(_("convenu le"), null=True, blank=True)

    class Meta:
        verbose_name = _("indicateur")
        verbose_name_plural = _("indicateurs")
        ordering = ("agreement", "pk")
        constraints = [
            models.UniqueConstraint(fields=["agreement", "key"], name="fund_indicator_once"),
            models.CheckConstraint(
                condition=Q(direction__in=DirectionChoices.values),
                name="fund_indicator_direction_known",
            ),
            models.CheckConstraint(
                condition=Q(proposed_side__in=SideChoices.values), name="fund_indicator_side_known"
            ),
            models.CheckConstraint(
                condition=Q(baseline=None, baseline_on=None)
                | (
                    Q(baseline__isnull=False, baseline_on__isnull=False)
                    & ~Q(baseline_source="")
                    & Q(target_on__gt=F("baseline_on"))
                ),
                name="fund_indicator_baseline_with_date_and_source",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def stable_name(self) -> str:
        return f"indicator:{self.uuid}"


class IndicatorMeasurement(models.Model):
    """A value on a day, with its source; a correction leaves the former value in the trail."""

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="measurements")
    on = models.DateField(_("le"))
    value = models.DecimalField(_("valeur"), max_digits=18, decimal_places=4)
    status = models.CharField(_("statut"), max_length=10, choices=MeasurementStatusChoices.choices)
    source = models.CharField(_("source"), max_length=300)
    recorded_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="indicator_measurements"
    )
    recorded_at = models.DateTimeField(_("enregistrée le"))

    class Meta:
        verbose_name = _("mesure d’un indicateur")
        verbose_name_plural = _("mesures d’indicateurs")
        ordering = ("indicator", "on", "pk")
        constraints = [
            models.UniqueConstraint(fields=["indicator", "on"], name="fund_measurement_once_a_day"),
            models.CheckConstraint(
                condition=Q(status__in=MeasurementStatusChoices.values) & ~Q(source=""),
                name="fund_measurement_has_status_and_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} · {self.on}"


class ReminderLetter(models.Model):
    """That a person was reminded in a week: once, and only marked when the message left."""

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="reminder_letters")
    week = models.CharField(_("semaine"), max_length=8)
    duties = models.PositiveIntegerField(_("rappels"))
    taken_at = models.DateTimeField(_("prise en charge le"), null=True, blank=True)
    left_at = models.DateTimeField(_("partie le"), null=True, blank=True)

    class Meta:
        verbose_name = _("lettre de rappel")
        verbose_name_plural = _("lettres de rappel")
        ordering = ("-week", "pk")
        constraints = [
            models.UniqueConstraint(fields=["user", "week"], name="fund_reminder_once_a_week"),
        ]

    def __str__(self) -> str:
        return self.week


class ReminderChoice(models.Model):
    """Whether a person wants the weekly reminder, and in which language."""

    LANGUAGES = (("fr", _("français")), ("en", _("anglais")))

    user = models.OneToOneField("accounts.User", models.CASCADE, related_name="reminder_choice")
    wanted = models.BooleanField(_("recevoir le rappel de la semaine"), default=True)
    language = models.CharField(_("langue"), max_length=2, choices=LANGUAGES, default="fr")
    chosen_at = models.DateTimeField(_("choisi le"))

    class Meta:
        verbose_name = _("choix de rappel")
        verbose_name_plural = _("choix de rappel")
        ordering = ("user",)
        constraints = [
            models.CheckConstraint(
                condition=Q(language__in=["fr", "en"]), name="fund_reminder_language_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)
