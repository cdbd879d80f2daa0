"""Calls of a fund, and the versions of the forms by which alliances apply."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alliage.fund.states import CALL, CallState

#: A date and a time of day as clocks show them, without zone; empty is none.
CLOCK = r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})?$"


class CallKind(models.TextChoices):
    ROLLING = "rolling", _("au fil de l’eau")
    DATED = "dated", _("à date limite")


class CallStateChoices(models.TextChoices):
    """The states of the library, in the words of the pages."""

    DRAFT = CallState.DRAFT.value, _("en préparation")
    ANNOUNCED = CallState.ANNOUNCED.value, _("annoncé")
    OPEN = CallState.OPEN.value, _("ouvert")
    CLOSED = CallState.CLOSED.value, _("clos")
    COMPLETED = CallState.COMPLETED.value, _("achevé")
    CANCELLED = CallState.CANCELLED.value, _("annulé")


def _english() -> bool:
    return (get_language() or "").startswith("en")


class FormVersion(models.Model):
    """A version of a form, as its file was written: never changed once it is there."""

    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="form_versions")
    code = models.CharField(_("identifiant"), max_length=60)
    version = models.PositiveIntegerField(_("version"))
    title_fr = models.CharField(_("titre"), max_length=200)
    title_en = models.CharField(_("titre en anglais"), max_length=200)
    text = models.TextField(_("fichier"))
    digest = models.CharField(_("empreinte SHA-256"), max_length=64)
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="form_versions"
    )
    created_at = models.DateTimeField(_("ajoutée le"))

    class Meta:
        verbose_name = _("version de formulaire")
        verbose_name_plural = _("versions de formulaires")
        ordering = ("fund", "code", "-version", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["fund", "code", "version"], name="fund_form_version_once"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="fund_form_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.version}"

    @property
    def title(self) -> str:
        return (_english() and self.title_en) or self.title_fr

    @property
    def stable_name(self) -> str:
        return f"form:{self.fund.code}:{self.code}:{self.version}"


class Call(models.Model):
    """What a fund asks for: who may apply, by when, with which form, for how much.

    The state is the last one that somebody decided or that the calendar was seen to bring: read
    `alliage_web.fund.queries.state_of`, which also looks at the clock.
    """

    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="calls")
    code = models.SlugField(_("identifiant"), max_length=60)
    title_fr = models.CharField(_("titre"), max_length=200)
    title_en = models.CharField(_("titre en anglais"), max_length=200, blank=True)
    summary_fr = models.TextField(_("présentation"))
    summary_en = models.TextField(_("présentation en anglais"), blank=True)
    is_demonstration = models.BooleanField(_("démonstration"), default=False)
    state = models.CharField(
        _("état"), max_length=10, choices=CallStateChoices.choices, default=CALL.initial.value
    )
    kind = models.CharField(_("rythme"), max_length=8, choices=CallKind.choices)
    zone = models.CharField(_("fuseau horaire"), max_length=60, default="Europe/Paris")
    opens = models.CharField(_("ouverture"), max_length=16, blank=True)
    closes = models.CharField(_("date limite"), max_length=16, blank=True)
    grace_minutes = models.PositiveIntegerField(_("tolérance en minutes"), null=True, blank=True)
    grace_reason_fr = models.CharField(_("motif de la tolérance"), max_length=300, blank=True)
    grace_reason_en = models.CharField(
        _("motif de la tolérance en anglais"), max_length=300, blank=True
    )
    strand = models.ForeignKey(
        "fund.Strand",
        models.PROTECT,
        verbose_name=_("volet"),
        null=True,
        blank=True,
        related_name="calls",
    )
    max_amount = models.DecimalField(
        _("montant le plus élevé"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    min_amount = models.DecimalField(
        _("montant le plus faible"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    max_share = models.DecimalField(
        _("part la plus élevée"), max_digits=5, decimal_places=4, null=True, blank=True
    )
    min_own_share = models.DecimalField(
        _("part propre la plus faible"), max_digits=5, decimal_places=4, null=True, blank=True
    )
    categories = models.JSONField(_("catégories de dépenses admises"), default=list, blank=True)
    rules = models.TextField(_("règles d’éligibilité"), blank=True)
    form = models.ForeignKey(
        FormVersion, models.PROTECT, verbose_name=_("formulaire"), related_name="calls"
    )
    grid = models.ForeignKey(
        "fund.ReviewGrid",
        models.PROTECT,
        verbose_name=_("grille d’instruction"),
        null=True,
        blank=True,
        related_name="calls",
    )
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="calls_created"
    )
    created_at = models.DateTimeField(_("créé le"))
    updated_at = models.DateTimeField(_("modifié le"))

    class Meta:
        verbose_name = _("appel")
        verbose_name_plural = _("appels")
        ordering = ("fund", "-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["fund", "code"], name="fund_call_once"),
            models.CheckConstraint(
                condition=Q(state__in=CallStateChoices.values), name="fund_call_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind=CallKind.ROLLING.value, closes="")
                | (Q(kind=CallKind.DATED.value) & ~Q(closes="")),
                name="fund_call_dated_has_a_deadline",
            ),
            models.CheckConstraint(
                condition=Q(opens__regex=CLOCK, closes__regex=CLOCK), name="fund_call_clocks"
            ),
            models.CheckConstraint(
                condition=Q(opens="") | Q(closes="") | Q(closes__gt=F("opens")),
                name="fund_call_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=Q(grace_minutes=None)
                | (Q(grace_minutes__gt=0) & ~Q(closes="") & ~Q(grace_reason_fr="")
                   & ~Q(grace_reason_en="")),
                name="fund_call_grace_explained",
            ),
            models.CheckConstraint(
                condition=(Q(max_share=None) | Q(max_share__gte=0, max_share__lte=1))
                & (Q(min_own_share=None) | Q(min_own_share__gte=0, min_own_share__lte=1)),
                name="fund_call_shares",
            ),
            models.CheckConstraint(
                condition=(Q(max_amount=None) | Q(max_amount__gt=0))
                & (Q(min_amount=None) | Q(min_amount__gt=0))
                & (Q(max_amount=None) | Q(min_amount=None) | Q(max_amount__gte=F("min_amount"))),
                name="fund_call_amounts",
            ),
            models.CheckConstraint(
                condition=~Q(title_fr="") & ~Q(summary_fr="") & ~Q(zone=""),
                name="fund_call_described",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("fund:call", args=[self.fund.code, self.code])

    @property
    def stable_name(self) -> str:
        """The name of this call in the trail."""
        return f"call:{self.fund.code}:{self.code}"

    @property
    def title(self) -> str:
        return (_english() and self.title_en) or self.title_fr

    @property
    def summary(self) -> str:
        return (_english() and self.summary_en) or self.summary_fr
