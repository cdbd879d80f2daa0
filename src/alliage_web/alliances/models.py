"""Alliances: who, why, when, with what effect, and how we know."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alliage.alliances.vocabulary import AmountStatus, Lever, OutcomeStatus, Stage
from alliage.values.dates import Precision
from alliage.values.text import fold
from alliage_web.actors.models import INVENTED, ProfileChoices, WorldChoices
from alliage_web.vocabulary.models import ReadingChoices

PARTIAL_DATE = r"^(\d{4}(-\d{2}(-\d{2})?)?)?$"


class StageChoices(models.TextChoices):
    EMERGENCE = Stage.EMERGENCE.value, _("Émergence")
    MODELLING = Stage.MODELLING.value, _("Modélisation")
    DEPLOYMENT = Stage.DEPLOYMENT.value, _("Déploiement")


class PrecisionChoices(models.TextChoices):
    DAY = Precision.DAY.value, _("au jour près")
    MONTH = Precision.MONTH.value, _("au mois près")
    SEASON = Precision.SEASON.value, _("à la saison près")
    YEAR = Precision.YEAR.value, _("à l’année près")
    APPROXIMATE = Precision.APPROXIMATE.value, _("approximative")


class OutcomeStatusChoices(models.TextChoices):
    OBSERVED = OutcomeStatus.OBSERVED.value, _("observé")
    DECLARED = OutcomeStatus.DECLARED.value, _("déclaré")
    ESTIMATED = OutcomeStatus.ESTIMATED.value, _("estimé")
    IN_PROGRESS = OutcomeStatus.IN_PROGRESS.value, _("en cours")
    PLANNED = OutcomeStatus.PLANNED.value, _("prévu")
    ANNOUNCED = OutcomeStatus.ANNOUNCED.value, _("annoncé")
    CONDITIONAL = OutcomeStatus.CONDITIONAL.value, _("sous condition")


class LeverChoices(models.TextChoices):
    DATA = Lever.DATA.value, _("Données")
    TOOLS_RESOURCES = Lever.TOOLS_RESOURCES.value, _("Outils & Ressources")
    NETWORKS = Lever.NETWORKS.value, _("Réseaux")
    ENGINEERING_INPUT = Lever.ENGINEERING_INPUT.value, _("Apport en ingénierie")
    GOVERNANCE_DIALOGUE = Lever.GOVERNANCE_DIALOGUE.value, _("Dialogue de gouvernance")
    DIRECT_FUNDING = Lever.DIRECT_FUNDING.value, _("Financement direct")
    PROMOTION = Lever.PROMOTION.value, _("Valorisation")


class AmountStatusChoices(models.TextChoices):
    GRANTED = AmountStatus.GRANTED.value, _("accordé")
    CONDITIONAL = AmountStatus.CONDITIONAL.value, _("sous condition")


class PerspectiveLevel(models.TextChoices):
    PROJECT = "project", _("Pour le projet")
    LOCAL = "local", _("Sur le territoire")
    OTHER_TERRITORIES = "other_territories", _("Sur d’autres territoires")


class Alliance(models.Model):
    """Actors of several worlds who act together on a territory."""

    code = models.SlugField(_("identifiant"), max_length=90, unique=True, allow_unicode=False)
    slug = models.SlugField(_("adresse"), max_length=90, unique=True)
    title = models.CharField(_("titre"), max_length=200)
    title_en = models.CharField(_("titre anglais"), max_length=200, blank=True)
    kind = models.CharField(_("forme"), max_length=80, blank=True)
    kind_en = models.CharField(_("forme en anglais"), max_length=80, blank=True)
    part_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="components"
    )
    stage = models.CharField(_("étape"), max_length=20, choices=StageChoices.choices, blank=True)
    stage_reading = models.CharField(
        max_length=10, choices=ReadingChoices.choices, default=ReadingChoices.STATED
    )
    stage_reason = models.CharField(max_length=300, blank=True)
    started = models.CharField(_("début"), max_length=10, blank=True)
    ended = models.CharField(_("fin"), max_length=10, blank=True)
    text_key = models.TextField(_("texte plié"), editable=False)
    summary = models.TextField(_("résumé"))
    summary_en = models.TextField(_("résumé anglais"), blank=True)
    why = models.TextField(_("pourquoi"), blank=True)
    reusable = models.TextField(_("ce que d’autres peuvent reprendre"), blank=True)
    territories = models.ManyToManyField(
        "territories.Territory", through="AllianceTerritory", related_name="alliances"
    )
    territory_note = models.CharField(_("précision sur le territoire"), max_length=200, blank=True)
    terms = models.ManyToManyField(
        "vocabulary.Term", through="AllianceTerm", related_name="alliances"
    )
    private_fund_to_public_authority = models.BooleanField(default=False)
    notes = models.JSONField(_("notes"), default=list, blank=True)
    source = models.TextField(_("sources"), blank=True)
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="alliances"
    )
    created_at = models.DateTimeField(_("créée le"))
    updated_at = models.DateTimeField(_("modifiée le"))

    class Meta:
        verbose_name = _("alliance")
        verbose_name_plural = _("alliances")
        ordering = ("title", "pk")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(started__regex=PARTIAL_DATE), name="alliances_started_is_a_date"
            ),
            models.CheckConstraint(
                condition=models.Q(ended__regex=PARTIAL_DATE), name="alliances_ended_is_a_date"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("site:alliance", args=[self.slug])

    @property
    def stable_name(self) -> str:
        """The name of this alliance in the trail and in the roles held there."""
        return f"alliance:{self.slug}"

    @property
    def is_invented(self) -> bool:
        """Whether a demonstration made it up."""
        return self.source == INVENTED

    def fold_text(self) -> str:
        """Give the text that the list searches and sorts by, the title first."""
        texts = (self.title, self.kind, self.summary, self.title_en, self.kind_en, self.summary_en)
        return " / ".join(fold(text) for text in texts if text)

    @property
    def display_title(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.title_en) or self.title

    @property
    def display_kind(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.kind_en) or self.kind

    @property
    def display_summary(self) -> str:
        english = (get_language() or "").startswith("en")
        return (english and self.summary_en) or self.summary


class AllianceTerm(models.Model):
    """An alliance is classified under a term, as its source states or as we derive."""

    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="classifications")
    term = models.ForeignKey("vocabulary.Term", models.PROTECT, related_name="classifications")
    reading = models.CharField(
        max_length=10, choices=ReadingChoices.choices, default=ReadingChoices.STATED
    )
    reason = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("classement")
        verbose_name_plural = _("classements")
        ordering = ("alliance", "term__scheme", "term__order", "pk")
        constraints = [
            models.UniqueConstraint(fields=["alliance", "term"], name="alliances_term_once")
        ]

    def __str__(self) -> str:
        return f"{self.alliance} · {self.term}"


class AllianceTerritory(models.Model):
    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="places")
    territory = models.ForeignKey(
        "territories.Territory", models.PROTECT, related_name="alliance_places"
    )
    note = models.CharField(_("précision"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("territoire d’une alliance")
        verbose_name_plural = _("territoires d’une alliance")
        ordering = ("alliance", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["alliance", "territory"], name="alliances_territory_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.territory)


class Party(models.Model):
    """Someone takes part: a known organisation, or a group that the source names as such."""

    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="parties")
    order = models.PositiveSmallIntegerField(default=0)
    organisation = models.ForeignKey(
        "actors.Organisation", models.PROTECT, null=True, blank=True, related_name="parties"
    )
    name = models.CharField(_("nom dans l’alliance"), max_length=200)
    world = models.CharField(_("monde"), max_length=20, choices=WorldChoices.choices)
    profile = models.CharField(
        _("profil"), max_length=30, choices=ProfileChoices.choices, blank=True
    )
    role = models.CharField(_("rôle"), max_length=200, blank=True)
    brings = models.TextField(_("apport"), blank=True)
    entered = models.CharField(_("entrée"), max_length=10, blank=True)
    left = models.CharField(_("sortie"), max_length=10, blank=True)
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("partie prenante")
        verbose_name_plural = _("parties prenantes")
        ordering = ("alliance", "order", "pk")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(world__in=WorldChoices.values), name="alliances_party_world"
            ),
            models.CheckConstraint(
                condition=models.Q(entered__regex=PARTIAL_DATE, left__regex=PARTIAL_DATE),
                name="alliances_party_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TimelineEvent(models.Model):
    """A moment of the alliance, as precisely as it is known."""

    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="timeline")
    start = models.CharField(_("début"), max_length=10)
    end = models.CharField(_("fin"), max_length=10, blank=True)
    precision = models.CharField(_("précision"), max_length=12, choices=PrecisionChoices.choices)
    planned = models.BooleanField(_("prévu à la date de la source"), default=False)
    text = models.TextField(_("fait"))
    boxed = models.BooleanField(_("mis en avant"), default=False)
    source = models.CharField(max_length=300, blank=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("date de l’alliance")
        verbose_name_plural = _("dates de l’alliance")
        ordering = ("alliance", "start", "order", "pk")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(start__regex=PARTIAL_DATE, end__regex=PARTIAL_DATE)
                & ~models.Q(start=""),
                name="alliances_event_dates",
            )
        ]

    def __str__(self) -> str:
        return f"{self.start} {self.text[:40]}"


class Outcome(models.Model):
    """What came of it, with what is known of the figure."""

    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="outcomes")
    order = models.PositiveSmallIntegerField(default=0)
    text = models.CharField(_("résultat"), max_length=300)
    value = models.DecimalField(_("valeur"), max_digits=16, decimal_places=2, null=True, blank=True)
    qualifier = models.CharField(_("réserve"), max_length=60, blank=True)
    unit = models.CharField(_("unité"), max_length=60, blank=True)
    status = models.CharField(_("statut"), max_length=15, choices=OutcomeStatusChoices.choices)
    as_of = models.CharField(_("à la date de"), max_length=10, blank=True)
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("résultat")
        verbose_name_plural = _("résultats")
        ordering = ("alliance", "order", "pk")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(as_of__regex=PARTIAL_DATE), name="alliances_outcome_date"
            )
        ]

    def __str__(self) -> str:
        return self.text


class Support(models.Model):
    """What one of the seven levers brought; not available (``na``) is said, not left empty."""

    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="supports")
    lever = models.CharField(_("levier"), max_length=20, choices=LeverChoices.choices)
    text = models.TextField(_("soutien"), blank=True)
    na = models.BooleanField(_("levier non mobilisé"), default=False)
    na_text = models.CharField(_("précision"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("soutien")
        verbose_name_plural = _("soutiens")
        ordering = ("alliance", "pk")
        constraints = [
            models.UniqueConstraint(fields=["alliance", "lever"], name="alliances_lever_once")
        ]

    def __str__(self) -> str:
        return self.get_lever_display()


class SupportAmount(models.Model):
    """Money behind a support, in euros."""

    support = models.ForeignKey(Support, models.CASCADE, related_name="amounts")
    eur = models.DecimalField(_("montant en euros"), max_digits=14, decimal_places=2)
    first_year = models.PositiveSmallIntegerField(_("première année"), null=True, blank=True)
    last_year = models.PositiveSmallIntegerField(_("dernière année"), null=True, blank=True)
    purpose = models.CharField(_("objet"), max_length=200)
    status = models.CharField(_("statut"), max_length=15, choices=AmountStatusChoices.choices)
    reading = models.CharField(max_length=10, choices=ReadingChoices.choices)
    part_of_parent = models.BooleanField(_("déjà compté dans l’alliance d’ensemble"), default=False)
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("montant")
        verbose_name_plural = _("montants")
        ordering = ("support", "pk")
        constraints = [
            models.CheckConstraint(condition=models.Q(eur__gt=0), name="alliances_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(status=AmountStatus.CONDITIONAL.value)
                | models.Q(first_year__isnull=False, last_year__isnull=False),
                name="alliances_granted_amount_has_years",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.eur} €"


class Lesson(models.Model):
    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="lessons")
    order = models.PositiveSmallIntegerField(default=0)
    text = models.TextField(_("enseignement"))
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("enseignement")
        verbose_name_plural = _("enseignements")
        ordering = ("alliance", "order", "pk")

    def __str__(self) -> str:
        return self.text[:60]


class Perspective(models.Model):
    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="perspectives")
    order = models.PositiveSmallIntegerField(default=0)
    level = models.CharField(_("portée"), max_length=20, choices=PerspectiveLevel.choices)
    text = models.TextField(_("perspective"))
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("perspective")
        verbose_name_plural = _("perspectives")
        ordering = ("alliance", "order", "pk")

    def __str__(self) -> str:
        return self.text[:60]


class Divergence(models.Model):
    """Sources disagree: their statements stand side by side, the platform does not choose."""

    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="divergences")
    code = models.CharField(max_length=10)
    subject = models.CharField(_("sujet"), max_length=200)
    reading = models.TextField(_("lecture proposée"), blank=True)

    class Meta:
        verbose_name = _("divergence")
        verbose_name_plural = _("divergences")
        ordering = ("alliance", "code", "pk")
        constraints = [
            models.UniqueConstraint(fields=["alliance", "code"], name="alliances_divergence_once")
        ]

    def __str__(self) -> str:
        return self.subject


class Assertion(models.Model):
    """What one source says of a divergent fact."""

    divergence = models.ForeignKey(Divergence, models.CASCADE, related_name="assertions")
    order = models.PositiveSmallIntegerField(default=0)
    claim = models.TextField(_("énoncé"))
    value = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    unit = models.CharField(max_length=60, blank=True)
    stated_on = models.CharField(max_length=10, blank=True)
    source = models.CharField(max_length=300)

    class Meta:
        verbose_name = _("énoncé")
        verbose_name_plural = _("énoncés")
        ordering = ("divergence", "order", "pk")

    def __str__(self) -> str:
        return self.claim[:60]
