"""The instruction of applications: grids, who reviews, reviews, interests that people state."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alliage.fund.instruction.interests import Severity
from alliage.fund.instruction.scoring import Opinion


class OpinionChoices(models.TextChoices):
    """What a reviewer concludes, in the words of the pages."""

    FAVOURABLE = Opinion.FAVOURABLE.value, _("favorable")
    RESERVED = Opinion.RESERVED.value, _("réservé")
    UNFAVOURABLE = Opinion.UNFAVOURABLE.value, _("défavorable")


class SeverityChoices(models.TextChoices):
    BARS = Severity.BARS.value, _("Cet intérêt m’empêche d’instruire, de débattre et de voter")
    TO_DECLARE = Severity.TO_DECLARE.value, _("À écrire au procès-verbal, sans m’empêcher")


class LeavingReason(models.TextChoices):
    """Why a person no longer reviews an application."""

    CONFLICT = "conflict", _("déport après un intérêt connu")
    CHOICE = "choice", _("déport volontaire")
    RELEASED = "released", _("désignation retirée par le fonds")


class ReviewGrid(models.Model):
    """A version of the grid of a fund, as its file was written: never changed once it is there."""

    fund = models.ForeignKey("fund.Fund", models.PROTECT, related_name="review_grids")
    code = models.CharField(_("identifiant"), max_length=60)
    version = models.PositiveIntegerField(_("version"))
    title_fr = models.CharField(_("titre"), max_length=200)
    title_en = models.CharField(_("titre en anglais"), max_length=200)
    text = models.TextField(_("fichier"))
    digest = models.CharField(_("empreinte SHA-256"), max_length=64)
    created_at = models.DateTimeField(_("ajoutée le"))

    class Meta:
        verbose_name = _("grille d’instruction")
        verbose_name_plural = _("grilles d’instruction")
        ordering = ("fund", "code", "-version", "pk")
        constraints = [
            models.UniqueConstraint(fields=["fund", "code", "version"], name="fund_grid_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="fund_grid_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.version}"

    @property
    def title(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.title_en) or self.title_fr


class ReviewerProfile(models.Model):
    """What a reviewer of a fund knows, and how many reviews the person can have at once.

    ``competences`` gives codes by dimension of ``alliage.fund.instruction.assignment``.
    """

    fund = models.ForeignKey("fund.Fund", models.CASCADE, related_name="reviewer_profiles")
    person = models.ForeignKey(
        "accounts.User",
        models.CASCADE,
        verbose_name=_("personne"),
        related_name="reviewer_profiles",
    )
    capacity = models.PositiveSmallIntegerField(_("avis à la fois"), default=4)
    competences = models.JSONField(_("compétences"), default=dict, blank=True)
    updated_at = models.DateTimeField(_("modifié le"))

    class Meta:
        verbose_name = _("profil d’instruction")
        verbose_name_plural = _("profils d’instruction")
        ordering = ("fund", "person", "pk")
        constraints = [
            models.UniqueConstraint(fields=["fund", "person"], name="fund_reviewer_profile_once")
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.fund}"


class ReviewPanel(models.Model):
    """Who reviews an application, and by which version of the grid.

    An application that is reviewed again after an adjournment has another panel.
    """

    application = models.ForeignKey(
        "fund.Application", models.PROTECT, related_name="review_panels"
    )
    number = models.PositiveSmallIntegerField(_("rang"), default=1)
    grid = models.ForeignKey(ReviewGrid, models.PROTECT, related_name="panels")
    opened_at = models.DateTimeField(_("ouverte le"))

    class Meta:
        verbose_name = _("instruction")
        verbose_name_plural = _("instructions")
        ordering = ("application", "number")
        constraints = [
            models.UniqueConstraint(fields=["application", "number"], name="fund_panel_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="fund_panel_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.application} · {self.number}"


class Review(models.Model):
    """What one person writes of one application. Once sent, it no longer changes.

    ``notes`` gives, by criterion, what was typed: ``points`` (None where the person cannot tell)
    and ``comment``. ``disclosure`` is what was found of conflicts when the person was chosen.
    """

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    panel = models.ForeignKey(ReviewPanel, models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(
        "accounts.User", models.PROTECT, verbose_name=_("instruit par"), related_name="reviews"
    )
    round = models.PositiveSmallIntegerField(_("tour"), default=1)
    assigned_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="reviews_assigned"
    )
    assigned_at = models.DateTimeField(_("confié le"))
    disclosure = models.JSONField(_("intérêts constatés"), default=dict)
    notes = models.JSONField(_("notes"), default=dict, blank=True)
    opinion = models.CharField(_("avis"), max_length=12, choices=OpinionChoices.choices, blank=True)
    saved_at = models.DateTimeField(_("enregistré le"), null=True, blank=True)
    sent_at = models.DateTimeField(_("remis le"), null=True, blank=True)
    digest = models.CharField(_("empreinte SHA-256"), max_length=64, blank=True)
    left_at = models.DateTimeField(_("quitté le"), null=True, blank=True)
    left_why = models.CharField(
        _("pourquoi"), max_length=10, choices=LeavingReason.choices, blank=True
    )
    left_explanation = models.TextField(_("explication"), blank=True)

    class Meta:
        verbose_name = _("avis d’instruction")
        verbose_name_plural = _("avis d’instruction")
        ordering = ("panel", "round", "assigned_at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["panel", "reviewer"],
                condition=Q(left_at=None),
                name="fund_review_once",
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None, digest="")
                | (Q(sent_at__isnull=False) & ~Q(digest="") & ~Q(opinion="")),
                name="fund_review_sent_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(left_at=None, left_why="")
                | Q(left_at__isnull=False, left_why__in=LeavingReason.values),
                name="fund_review_left_says_why",
            ),
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(sent_at=None), name="fund_review_sent_stays"
            ),
            models.CheckConstraint(
                condition=Q(opinion="") | Q(opinion__in=OpinionChoices.values),
                name="fund_review_opinion_known",
            ),
            models.CheckConstraint(
                condition=Q(round__gte=1) & Q(round__lte=2), name="fund_review_round"
            ),
            models.CheckConstraint(
                condition=Q(saved_at=None) | Q(saved_at__gte=F("assigned_at")),
                name="fund_review_saved_after_assigned",
            ),
        ]
        indexes = [
            models.Index(fields=["reviewer", "sent_at"], name="fund_review_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.panel} · {self.reviewer_id}"

    def get_absolute_url(self) -> str:
        return reverse("fund:review", args=[self.uuid])

    @property
    def stable_name(self) -> str:
        """The name of this review in the trail: it tells neither of whom nor of what it is."""
        return f"review:{self.uuid}"


class InterestStatement(models.Model):
    """What a person states of an application: an interest, or that there is none.

    Statements are added to facts and never erase one.
    """

    application = models.ForeignKey(
        "fund.Application", models.PROTECT, related_name="interest_statements"
    )
    person = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        verbose_name=_("personne"),
        related_name="interest_statements",
    )
    severity = models.CharField(
        _("ce que l’intérêt demande"),
        max_length=12,
        choices=SeverityChoices.choices,
        blank=True,
        help_text=_("vide: la personne déclare n’avoir aucun intérêt"),
    )
    explanation = models.TextField(_("explication"), blank=True)
    made_at = models.DateTimeField(_("déclaré le"))

    class Meta:
        verbose_name = _("déclaration d’intérêt")
        verbose_name_plural = _("déclarations d’intérêt")
        ordering = ("application", "made_at", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(severity="") | (Q(severity__in=SeverityChoices.values)
                                            & ~Q(explanation="")),
                name="fund_interest_is_explained",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.application} · {self.person_id}"
