"""Debates on a release in a territory, what people write in them, and what others report."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from alliage.observatory.debate_states import ContributionState
from alliage.observatory.states import ReleaseState
from alliage_web.actors.models import WorldChoices

if TYPE_CHECKING:
    import datetime as dt

#: The worlds of those who contribute: « other » is for organisations whose world is not known.
WORLDS = [choice for choice in WorldChoices.choices if choice[0] != WorldChoices.OTHER.value]


class Debate(models.Model):
    """A release put to discussion in a territory, between two dates."""

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    release = models.ForeignKey(
        "observatory.Release", models.PROTECT, related_name="debates", verbose_name=_("publication")
    )
    territory = models.ForeignKey(
        "territories.Territory",
        models.PROTECT,
        related_name="debates",
        verbose_name=_("territoire"),
    )
    title = models.CharField(_("titre"), max_length=200)
    presentation = models.TextField(_("présentation"), blank=True)
    questions = models.JSONField(_("questions mises en débat"), default=list)
    opens_on = models.DateField(_("ouvert du"))
    closes_on = models.DateField(_("au"), help_text=_("jour compris"))
    synthesis = models.TextField(_("synthèse"), blank=True)
    synthesised_at = models.DateTimeField(_("synthèse écrite le"), null=True, blank=True)
    invented = models.BooleanField(_("inventé pour une démonstration"), default=False)
    version = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="debates_opened"
    )
    created_at = models.DateTimeField(_("préparé le"))

    class Meta:
        verbose_name = _("débat")
        verbose_name_plural = _("débats")
        ordering = ("-opens_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_on__gte=F("opens_on")), name="observatory_debate_dates"
            ),
            models.CheckConstraint(
                condition=Q(synthesis="", synthesised_at=None)
                | (~Q(synthesis="") & Q(synthesised_at__isnull=False)),
                name="observatory_debate_synthesis_dated",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("observatory:debate", args=[self.uuid])

    @property
    def stable_name(self) -> str:
        return f"debate:{self.uuid}"

    @property
    def has_lost_its_release(self) -> bool:
        """Whether the release that it is about was withdrawn."""
        return self.release.state == ReleaseState.WITHDRAWN.value

    def phase(self, day: dt.date) -> str:
        """Tell where the debate is on a day: ``upcoming``, ``open``, ``closed`` or ``stopped``.

        It receives contributions while it is open; a release that is withdrawn stops it.
        """
        if day > self.closes_on:
            return "closed"
        if self.has_lost_its_release:
            return "stopped"
        return "upcoming" if day < self.opens_on else "open"


class Contribution(models.Model):
    """What a person writes in a debate. Its author is never shown to the public."""

    STATES = [
        (ContributionState.RECEIVED.value, _("En attente de modération")),
        (ContributionState.PUBLISHED.value, _("Publiée")),
        (ContributionState.REFUSED.value, _("Non publiée")),
        (ContributionState.WITHDRAWN.value, _("Retirée par son auteur")),
    ]

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    debate = models.ForeignKey(Debate, models.PROTECT, related_name="contributions")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="contributions"
    )
    world = models.CharField(_("monde"), max_length=20, choices=WORLDS)
    organisation = models.ForeignKey(
        "actors.Organisation", models.PROTECT, null=True, blank=True, related_name="contributions"
    )
    question = models.PositiveSmallIntegerField(
        _("question"), null=True, blank=True, help_text=_("son rang, de 1 ; vide pour aucune")
    )
    text = models.TextField(_("texte"), blank=True)
    state = models.CharField(
        _("état"), max_length=12, choices=STATES, default=ContributionState.RECEIVED.value
    )
    reason = models.TextField(_("motif du refus"), blank=True)
    received_at = models.DateTimeField(_("reçue le"))
    decided_at = models.DateTimeField(_("décidée le"), null=True, blank=True)
    #: When it ceased to be of use: refused or withdrawn. The retention job counts from it.
    set_aside_at = models.DateTimeField(_("écartée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("contribution à un débat")
        verbose_name_plural = _("contributions aux débats")
        ordering = ("debate", "received_at", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in ContributionState]),
                name="observatory_contribution_state_known",
            ),
            models.CheckConstraint(
                condition=Q(world__in=[code for code, _label in WORLDS]),
                name="observatory_contribution_world_known",
            ),
            models.CheckConstraint(
                condition=Q(state=ContributionState.WITHDRAWN.value, text="")
                | (~Q(state=ContributionState.WITHDRAWN.value) & ~Q(text="")),
                name="observatory_contribution_text_unless_withdrawn",
            ),
            models.CheckConstraint(
                condition=(Q(state=ContributionState.REFUSED.value) & ~Q(reason=""))
                | (~Q(state=ContributionState.REFUSED.value) & Q(reason="")),
                name="observatory_contribution_refused_why",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        ContributionState.REFUSED.value,
                        ContributionState.WITHDRAWN.value,
                    ],
                    set_aside_at__isnull=False,
                )
                | Q(
                    state__in=[
                        ContributionState.RECEIVED.value,
                        ContributionState.PUBLISHED.value,
                    ],
                    set_aside_at=None,
                ),
                name="observatory_contribution_set_aside_when",
            ),
            models.CheckConstraint(
                condition=Q(question=None) | Q(question__gte=1),
                name="observatory_contribution_question_from_one",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60] or str(self.get_state_display())

    def get_absolute_url(self) -> str:
        return f"{self.debate.get_absolute_url()}#contribution-{self.uuid}"

    @property
    def stable_name(self) -> str:
        return f"contribution:{self.uuid}"

    @property
    def is_withdrawable(self) -> bool:
        """Whether its author may still take it back."""
        return self.state != ContributionState.WITHDRAWN.value


class ContributionReport(models.Model):
    """A person says that a published contribution should be read again."""

    contribution = models.ForeignKey(Contribution, models.CASCADE, related_name="reports")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="contribution_reports"
    )
    reason = models.TextField(_("motif"))
    reported_at = models.DateTimeField(_("signalée le"))
    settled_at = models.DateTimeField(_("traitée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("signalement d’une contribution")
        verbose_name_plural = _("signalements de contributions")
        ordering = ("contribution", "reported_at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["contribution", "person"],
                condition=Q(settled_at=None),
                name="observatory_report_once_while_open",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="observatory_report_says_why"),
        ]

    def __str__(self) -> str:
        return self.reason[:60]

    @property
    def stable_name(self) -> str:
        return f"contribution-report:{self.pk}"
