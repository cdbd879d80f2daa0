"""The book of supports of a fund: who gave what to whom, by which lever, and how we know."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from alliage.fund.support.supports import NotValuedReason
from alliage.fund.support.valuation import InKindMethod
from alliage_web.alliances.models import PARTIAL_DATE, AmountStatusChoices, LeverChoices
from alliage_web.vocabulary.models import ReadingChoices


class NatureChoices(models.TextChoices):
    """What a support is made of; natures are never added together."""

    CASH = "cash", _("Argent")
    IN_KIND = "in_kind", _("Nature")
    TIME = "time", _("Temps")
    NOT_VALUED = "not_valued", _("Non valorisé")


class InKindMethodChoices(models.TextChoices):
    MARKET_PRICE = InKindMethod.MARKET_PRICE.value, _("Prix du marché d’un équivalent")
    REPLACEMENT_COST = (
        InKindMethod.REPLACEMENT_COST.value,
        _("Ce que celui qui reçoit aurait payé autrement"),
    )
    COST_TO_GIVER = InKindMethod.COST_TO_GIVER.value, _("Coût de revient pour celui qui donne")
    DECLARED = InKindMethod.DECLARED.value, _("Montant déclaré, sans méthode connue")


class NotValuedReasonChoices(models.TextChoices):
    NOT_STATED = NotValuedReason.NOT_STATED.value, _("aucune source ne donne de montant")
    NOT_MEASURABLE = NotValuedReason.NOT_MEASURABLE.value, _("ne se mesure pas en euros")
    TO_BE_VALUED = NotValuedReason.TO_BE_VALUED.value, _("reste à valoriser")


class OriginChoices(models.TextChoices):
    """Who wrote a support: what one side alone declares is shown once the other agrees."""

    HISTORY = "history", _("documents publics")
    OFFICER = "officer", _("saisi par le fonds")
    GIVER = "giver", _("déclaré par qui donne")
    RECEIVER = "receiver", _("déclaré par qui reçoit")
    THREE_SIXTY = "360giving", _("fichier 360Giving")
    SCDL = "scdl", _("fichier SCDL")
    AGREEMENT = "agreement", _("convention signée")


class AnswerChoices(models.TextChoices):
    """What a side says of a support that names it."""

    NONE = "none", _("sans réponse")
    CONFIRMED = "confirmed", _("confirmé")
    DISPUTED = "disputed", _("contesté")


# A comparison with NULL is neither true nor false, and a constraint lets it pass.
_AMOUNT = Q(amount__isnull=False, amount__gt=0)
_NOTHING_IN_KIND = Q(method="")
_NO_TIME = Q(hours=None, rate=None, rate_source="")


class Support(models.Model):
    """One support. Its amount is in euros; that of time is the hours times the rate.

    A side that the directory does not hold is known by its name and its official identifier, as
    the file that names it gives them.
    """

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="supports")
    code = models.CharField(_("référence dans sa source"), max_length=300)
    origin = models.CharField(_("origine"), max_length=10, choices=OriginChoices.choices)
    giver = models.ForeignKey(
        "actors.Organisation", models.PROTECT, null=True, blank=True,
        verbose_name=_("qui donne"), related_name="supports_given",
    )  # fmt: skip
    giver_name = models.CharField(_("nom de qui donne"), max_length=200, blank=True)
    giver_identifier = models.CharField(max_length=100, blank=True)
    alliance = models.ForeignKey(
        "alliances.Alliance", models.PROTECT, null=True, blank=True,
        verbose_name=_("alliance"), related_name="supports_received",
    )  # fmt: skip
    receiver = models.ForeignKey(
        "actors.Organisation", models.PROTECT, null=True, blank=True,
        verbose_name=_("qui reçoit"), related_name="supports_received",
    )  # fmt: skip
    receiver_name = models.CharField(_("nom de qui reçoit"), max_length=200, blank=True)
    receiver_identifier = models.CharField(max_length=100, blank=True)
    lever = models.CharField(_("levier"), max_length=20, choices=LeverChoices.choices)
    description = models.TextField(_("ce qui est donné"))
    status = models.CharField(_("statut"), max_length=15, choices=AmountStatusChoices.choices)
    reading = models.CharField(_("lecture"), max_length=10, choices=ReadingChoices.choices)
    first = models.CharField(_("début"), max_length=10, blank=True)
    last = models.CharField(_("fin"), max_length=10, blank=True)
    nature = models.CharField(_("nature"), max_length=10, choices=NatureChoices.choices)
    amount = models.DecimalField(
        _("montant en euros"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    method = models.CharField(
        _("méthode"), max_length=20, choices=InKindMethodChoices.choices, blank=True
    )
    hours = models.DecimalField(_("heures"), max_digits=9, decimal_places=2, null=True, blank=True)
    rate = models.DecimalField(
        _("taux horaire"), max_digits=8, decimal_places=2, null=True, blank=True
    )
    rate_source = models.CharField(_("source du taux"), max_length=300, blank=True)
    reason = models.CharField(
        _("pourquoi sans montant"),
        max_length=20,
        choices=NotValuedReasonChoices.choices,
        blank=True,
    )
    source = models.CharField(_("source"), max_length=300, blank=True)
    note = models.TextField(_("à savoir"), blank=True)
    document = models.ForeignKey(
        "files.StoredFile", models.SET_NULL, null=True, blank=True,
        verbose_name=_("pièce"), related_name="+",
    )  # fmt: skip
    part_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True,
        verbose_name=_("détail de"), related_name="details",
    )  # fmt: skip
    giver_answer = models.CharField(
        _("réponse de qui donne"), max_length=10, choices=AnswerChoices.choices, default="none"
    )
    giver_remark = models.TextField(_("remarque de qui donne"), blank=True)
    receiver_answer = models.CharField(
        _("réponse de qui reçoit"), max_length=10, choices=AnswerChoices.choices, default="none"
    )
    receiver_remark = models.TextField(_("remarque de qui reçoit"), blank=True)
    # What the open data of grants ask for besides; empty is not known.
    awarded_on = models.DateField(_("décision du"), null=True, blank=True)
    decision_reference = models.CharField(_("référence de la décision"), max_length=100, blank=True)
    agreed_on = models.DateField(_("convention du"), null=True, blank=True)
    payment_conditions = models.CharField(_("conditions de versement"), max_length=256, blank=True)
    paid_from = models.DateField(_("versé du"), null=True, blank=True)
    paid_until = models.DateField(_("versé jusqu’au"), null=True, blank=True)
    de_minimis = models.BooleanField(_("aide « de minimis »"), null=True, blank=True)
    created_at = models.DateTimeField(_("inscrit le"))
    updated_at = models.DateTimeField(_("modifié le"))

    class Meta:
        verbose_name = _("soutien du livre")
        verbose_name_plural = _("livre des soutiens")
        ordering = ("fund", "-first", "pk")
        constraints = [
            models.UniqueConstraint(fields=["fund", "code"], name="fund_support_once"),
            models.CheckConstraint(
                condition=~Q(code="") & ~Q(description=""), name="fund_support_said"
            ),
            models.CheckConstraint(
                condition=Q(giver__isnull=False, giver_name="", giver_identifier="")
                | (Q(giver=None) & ~Q(giver_name="")),
                name="fund_support_one_giver",
            ),
            models.CheckConstraint(
                condition=Q(receiver__isnull=False, receiver_name="", receiver_identifier="")
                | (Q(receiver=None) & (~Q(receiver_name="") | Q(alliance__isnull=False))),
                name="fund_support_receiver",
            ),
            models.CheckConstraint(
                condition=Q(giver=None) | Q(receiver=None) | ~Q(giver=F("receiver")),
                name="fund_support_not_to_oneself",
            ),
            models.CheckConstraint(
                condition=Q(
                    lever__in=LeverChoices.values,
                    status__in=AmountStatusChoices.values,
                    reading__in=ReadingChoices.values,
                    origin__in=OriginChoices.values,
                    giver_answer__in=AnswerChoices.values,
                    receiver_answer__in=AnswerChoices.values,
                ),
                name="fund_support_words_known",
            ),
            models.CheckConstraint(
                condition=Q(first__regex=PARTIAL_DATE, last__regex=PARTIAL_DATE),
                name="fund_support_dates",
            ),
            models.CheckConstraint(
                condition=Q(last="") | (~Q(first="") & Q(last__gte=Left(F("first"), 4))),
                name="fund_support_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=(Q(nature="cash", reason="") & _AMOUNT & _NOTHING_IN_KIND & _NO_TIME)
                | (
                    Q(nature="in_kind", reason="")
                    & _AMOUNT
                    & Q(method__in=InKindMethodChoices.values)
                    & _NO_TIME
                )
                | (
                    Q(nature="time", hours__gt=0, rate__gt=0, reason="")
                    & Q(hours__isnull=False, rate__isnull=False)
                    & _AMOUNT
                    & ~Q(rate_source="")
                    & _NOTHING_IN_KIND
                )
                | (
                    Q(nature="not_valued", amount=None)
                    & Q(reason__in=NotValuedReasonChoices.values)
                    & _NOTHING_IN_KIND
                    & _NO_TIME
                ),
                name="fund_support_valued_as_its_nature",
            ),
            models.CheckConstraint(
                condition=Q(part_of=None) | ~Q(part_of=F("pk")), name="fund_support_not_in_itself"
            ),
            models.CheckConstraint(
                condition=Q(paid_until=None)
                | Q(paid_from__isnull=False, paid_until__gte=F("paid_from")),
                name="fund_support_payment_period",
            ),
        ]
        indexes = [
            models.Index(fields=["fund", "lever"], name="fund_support_lever"),
            models.Index(fields=["fund", "giver"], name="fund_support_giver"),
        ]

    def __str__(self) -> str:
        return self.description

    def get_absolute_url(self) -> str:
        return reverse("fund:support", args=[self.fund.code, self.uuid])

    @property
    def stable_name(self) -> str:
        """The name of this support in the trail, where those of one fund begin alike."""
        return f"support:{self.fund.code}:{self.uuid}"

    @property
    def giver_label(self) -> str:
        return self.giver.name if self.giver else self.giver_name

    @property
    def party_label(self) -> str:
        """The party that received; empty where none is named."""
        return self.receiver.name if self.receiver else self.receiver_name

    @property
    def receiver_label(self) -> str:
        """The party that received, or the alliance where none is named."""
        if self.party_label:
            return self.party_label
        return self.alliance.display_title if self.alliance else ""


#: Natures that come with an amount.
VALUED = (NatureChoices.CASH.value, NatureChoices.IN_KIND.value, NatureChoices.TIME.value)
#: Who may write what an alliance raised; the alliance itself is the one that receives.
RAISED_ORIGINS = (
    OriginChoices.HISTORY.value, OriginChoices.OFFICER.value, OriginChoices.RECEIVER.value
)  # fmt: skip


class RaisedResource(models.Model):
    """What others gave an alliance beside the fund: compared with engineering, never its effect.

    What a party of the alliance declares counts once an officer confirms it. A row that is removed
    stays, with the day: a file that is loaded again does not bring it back.
    """

    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="raised_resources")
    code = models.CharField(_("référence"), max_length=60)
    alliance = models.ForeignKey(
        "alliances.Alliance", models.PROTECT, verbose_name=_("alliance"),
        related_name="raised_resources",
    )  # fmt: skip
    eur = models.DecimalField(_("montant en euros"), max_digits=14, decimal_places=2)
    description = models.CharField(_("ce qui est levé"), max_length=300)
    nature = models.CharField(
        _("nature"),
        max_length=10,
        choices=[choice for choice in NatureChoices.choices if choice[0] in VALUED],
        default=NatureChoices.CASH,
    )
    status = models.CharField(
        _("statut"),
        max_length=15,
        choices=AmountStatusChoices.choices,
        default=AmountStatusChoices.GRANTED,
    )
    year = models.PositiveSmallIntegerField(_("année"), null=True, blank=True)
    reading = models.CharField(_("lecture"), max_length=10, choices=ReadingChoices.choices)
    note = models.TextField(_("à savoir"), blank=True)
    source = models.CharField(_("source"), max_length=300)
    origin = models.CharField(
        _("origine"), max_length=10, choices=OriginChoices.choices, default=OriginChoices.HISTORY
    )
    answer = models.CharField(
        _("réponse du fonds"),
        max_length=10,
        choices=AnswerChoices.choices,
        default=AnswerChoices.CONFIRMED,
    )
    remark = models.TextField(_("remarque du fonds"), blank=True)
    removed_at = models.DateTimeField(_("retirée le"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1)

    class Meta:
        verbose_name = _("ressource levée")
        verbose_name_plural = _("ressources levées")
        ordering = ("fund", "code", "pk")
        constraints = [
            models.UniqueConstraint(fields=["fund", "code"], name="fund_raised_once"),
            models.CheckConstraint(condition=Q(eur__gt=0), name="fund_raised_positive"),
            models.CheckConstraint(
                condition=Q(
                    nature__in=VALUED,
                    status__in=AmountStatusChoices.values,
                    reading__in=ReadingChoices.values,
                    origin__in=RAISED_ORIGINS,
                    answer__in=AnswerChoices.values,
                ),
                name="fund_raised_words_known",
            ),
            models.CheckConstraint(
                condition=Q(year=None) | Q(year__gte=1900, year__lte=2200), name="fund_raised_year"
            ),
            models.CheckConstraint(
                condition=Q(origin=OriginChoices.RECEIVER.value) | Q(answer="confirmed"),
                name="fund_raised_own_is_confirmed",
            ),
            models.CheckConstraint(
                condition=~Q(code="") & ~Q(description="") & ~Q(source=""),
                name="fund_raised_said",
            ),
            models.CheckConstraint(
                condition=~Q(answer="disputed") | ~Q(remark=""), name="fund_raised_dispute_said"
            ),
        ]

    def __str__(self) -> str:
        return self.description

    def get_absolute_url(self) -> str:
        return reverse("fund:raised-resource", args=[self.fund.code, self.code])

    @property
    def stable_name(self) -> str:
        """The name of this resource in the trail, where those of one fund begin alike."""
        return f"raised:{self.fund.code}:{self.code}"
