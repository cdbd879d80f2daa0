"""Programmes, studies, waves and what each wave asked."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alliage.observatory.studies import catalogue

#: How codes are written, in the files and here.
CODE = RegexValidator(
    r"^[a-z0-9][a-z0-9_]*\Z", _("Écrivez des minuscules sans accent, des chiffres et « _ ».")
)


class Population(models.TextChoices):
    CITIZEN = catalogue.Population.CITIZEN.value, _("citoyens")
    LOCAL_ELECTED = catalogue.Population.LOCAL_ELECTED.value, _("élus locaux")
    COMPANY = catalogue.Population.COMPANY.value, _("entreprises")
    ASSOCIATION = catalogue.Population.ASSOCIATION.value, _("associations")
    FOUNDATION = catalogue.Population.FOUNDATION.value, _("fondations")
    ACADEMIC = catalogue.Population.ACADEMIC.value, _("acteurs académiques")


class Theme(models.TextChoices):
    TERRITORY_HEALTH = catalogue.Theme.TERRITORY_HEALTH.value, _("santé du territoire")
    FRAGILITY = catalogue.Theme.FRAGILITY.value, _("fragilités")
    ACTING_TOGETHER = catalogue.Theme.ACTING_TOGETHER.value, _("jouer collectif")
    ALLIANCE_EFFECT = catalogue.Theme.ALLIANCE_EFFECT.value, _("effets des alliances")
    IMPACT = catalogue.Theme.IMPACT.value, _("impacts du travail ensemble")
    MATURITY = catalogue.Theme.MATURITY.value, _("maturité des alliances")
    LEVERS = catalogue.Theme.LEVERS.value, _("leviers à activer")
    ENGAGEMENT = catalogue.Theme.ENGAGEMENT.value, _("engagement")
    SDG = catalogue.Theme.SDG.value, _("objectifs de développement durable")
    TERRITORY = catalogue.Theme.TERRITORY.value, _("ce qu’est un territoire")
    STUDY = catalogue.Theme.STUDY.value, _("l’étude elle-même")


class QuestionKind(models.TextChoices):
    LEVELS = catalogue.QuestionKind.LEVELS.value, _("une réponse")
    CHOICES = catalogue.QuestionKind.CHOICES.value, _("plusieurs réponses")
    BATTERY = catalogue.QuestionKind.BATTERY.value, _("plusieurs points, une même échelle")


class DatePrecision(models.TextChoices):
    DAY = catalogue.DatePrecision.DAY.value, _("au jour près")
    MONTH = catalogue.DatePrecision.MONTH.value, _("au mois près")
    YEAR = catalogue.DatePrecision.YEAR.value, _("à l’année près")


class Comparability(models.TextChoices):
    FIRST = catalogue.Comparability.FIRST.value, _("première vague connue qui la pose")
    COMPARABLE = catalogue.Comparability.COMPARABLE.value, _("comparable à la vague précédente")
    BROKEN = catalogue.Comparability.BROKEN.value, _("la série est rompue")
    UNKNOWN = catalogue.Comparability.UNKNOWN.value, _("comparaison impossible à établir")


class BreakKind(models.TextChoices):
    WORDING = catalogue.BreakKind.WORDING.value, _("formulation")
    SCALE = catalogue.BreakKind.SCALE.value, _("échelle")
    ITEMS = catalogue.BreakKind.ITEMS.value, _("points proposés")
    UNIVERSE = catalogue.BreakKind.UNIVERSE.value, _("personnes interrogées")
    CONTEXT = catalogue.BreakKind.CONTEXT.value, _("contexte")
    WAVE = catalogue.BreakKind.WAVE.value, _("vague incertaine")


def in_language(french: str, english: str) -> str:
    """Return the English text to who reads English, where there is one."""
    return (english if (get_language() or "").startswith("en") else "") or french


class Programme(models.Model):
    """Some years of studies led together."""

    code = models.CharField(_("identifiant"), max_length=40, unique=True, validators=[CODE])
    label_fr = models.CharField(_("nom"), max_length=200)
    label_en = models.CharField(_("nom en anglais"), max_length=200)
    first_year = models.PositiveSmallIntegerField(_("première année"))
    last_year = models.PositiveSmallIntegerField(_("dernière année"))
    aim_fr = models.TextField(_("objet"))
    aim_en = models.TextField(_("objet en anglais"))
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        verbose_name = _("programme d’études")
        verbose_name_plural = _("programmes d’études")
        ordering = ("first_year", "code")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_year__gte=F("first_year")), name="observatory_programme_years"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return in_language(self.label_fr, self.label_en)

    @property
    def aim(self) -> str:
        return in_language(self.aim_fr, self.aim_en)

    @property
    def stable_name(self) -> str:
        return f"programme:{self.code}"


class Study(models.Model):
    """What a programme asks a population, wave after wave."""

    programme = models.ForeignKey(
        Programme, models.PROTECT, verbose_name=_("programme"), related_name="studies"
    )
    code = models.CharField(_("identifiant"), max_length=40, unique=True, validators=[CODE])
    population = models.CharField(_("population"), max_length=20, choices=Population.choices)
    label_fr = models.CharField(_("nom"), max_length=200)
    label_en = models.CharField(_("nom en anglais"), max_length=200, blank=True)
    summary_fr = models.TextField(_("présentation"), blank=True)
    summary_en = models.TextField(_("présentation en anglais"), blank=True)
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        verbose_name = _("étude")
        verbose_name_plural = _("études")
        ordering = ("programme__first_year", "code")
        constraints = [
            models.CheckConstraint(
                condition=Q(population__in=Population.values), name="observatory_study_population"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("observatory:study", args=[self.code])

    @property
    def label(self) -> str:
        return in_language(self.label_fr, self.label_en)

    @property
    def summary(self) -> str:
        return in_language(self.summary_fr, self.summary_en)

    @property
    def stable_name(self) -> str:
        return f"study:{self.code}"


class Wave(models.Model):
    """A study carried out once; what is not known stays empty."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="waves")
    code = models.CharField(_("identifiant"), max_length=40, validators=[CODE])
    #: Empty where documents do not date the wave.
    year = models.PositiveSmallIntegerField(_("année"), null=True, blank=True)
    label_fr = models.CharField(_("nom"), max_length=200)
    label_en = models.CharField(_("nom en anglais"), max_length=200, blank=True)
    synthetic = models.BooleanField(_("répondants inventés"), default=False)
    fieldwork_first = models.DateField(_("début du terrain"), null=True, blank=True)
    fieldwork_last = models.DateField(_("fin du terrain"), null=True, blank=True)
    fieldwork_precision = models.CharField(
        _("précision des dates"), max_length=5, choices=DatePrecision.choices, blank=True
    )
    fieldwork_said_fr = models.TextField(_("ce que les documents en disent"), blank=True)
    fieldwork_said_en = models.TextField(
        _("ce que les documents en disent, en anglais"), blank=True
    )
    sample_size = models.PositiveIntegerField(_("personnes interrogées"), null=True, blank=True)
    design_fr = models.TextField(_("plan de sondage"), blank=True)
    design_en = models.TextField(_("plan de sondage en anglais"), blank=True)
    weighting_fr = models.TextField(_("redressement"), blank=True)
    weighting_en = models.TextField(_("redressement en anglais"), blank=True)
    institute = models.CharField(_("institut"), max_length=200, blank=True)
    note_fr = models.TextField(_("remarques"), blank=True)
    note_en = models.TextField(_("remarques en anglais"), blank=True)
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        verbose_name = _("vague")
        verbose_name_plural = _("vagues")
        ordering = ("study", "year", "synthetic", "code")
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="observatory_wave_once"),
            models.CheckConstraint(
                condition=Q(sample_size__isnull=True) | Q(sample_size__gte=1),
                name="observatory_wave_sample",
            ),
            models.CheckConstraint(
                condition=Q(
                    fieldwork_first__isnull=True,
                    fieldwork_last__isnull=True,
                    fieldwork_precision="",
                )
                | Q(
                    # A comparison with nothing is neither true nor false, and would pass.
                    fieldwork_first__isnull=False,
                    fieldwork_last__isnull=False,
                    fieldwork_precision__in=DatePrecision.values,
                    fieldwork_last__gte=F("fieldwork_first"),
                ),
                name="observatory_wave_fieldwork",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study}, {self.label}"

    def get_absolute_url(self) -> str:
        return reverse("observatory:wave", args=[self.study.code, self.code])

    @property
    def label(self) -> str:
        return in_language(self.label_fr, self.label_en)

    @property
    def fieldwork_said(self) -> str:
        return in_language(self.fieldwork_said_fr, self.fieldwork_said_en)

    @property
    def design(self) -> str:
        return in_language(self.design_fr, self.design_en)

    @property
    def weighting(self) -> str:
        return in_language(self.weighting_fr, self.weighting_en)

    @property
    def note(self) -> str:
        return in_language(self.note_fr, self.note_en)

    @property
    def stable_name(self) -> str:
        return f"wave:{self.study.code}:{self.code}"


class Question(models.Model):
    """A question that keeps its code from wave to wave.

    ``items``, ``answers`` and ``no_answer`` are lists of ``{code, label_fr, label_en}``.
    """

    code = models.CharField(_("identifiant"), max_length=40, unique=True, validators=[CODE])
    theme = models.CharField(_("thème"), max_length=20, choices=Theme.choices)
    kind = models.CharField(_("forme"), max_length=8, choices=QuestionKind.choices)
    ordered = models.BooleanField(_("réponses ordonnées"), default=False)
    label_fr = models.CharField(_("nom court"), max_length=200)
    label_en = models.CharField(_("nom court en anglais"), max_length=200, blank=True)
    about_fr = models.TextField(_("présentation"), blank=True)
    about_en = models.TextField(_("présentation en anglais"), blank=True)
    lowest = models.SmallIntegerField(_("note la plus basse"), null=True, blank=True)
    highest = models.SmallIntegerField(_("note la plus haute"), null=True, blank=True)
    items = models.JSONField(_("points de la question"), default=list, blank=True)
    answers = models.JSONField(_("réponses"), default=list, blank=True)
    no_answer = models.JSONField(_("réponses qui n’en sont pas"), default=list, blank=True)
    complete = models.BooleanField(_("questionnaire connu en entier"), default=True)
    source = models.CharField(_("source"), max_length=300)
    order = models.PositiveSmallIntegerField(_("rang"), default=0)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ("order", "code")
        constraints = [
            models.CheckConstraint(
                condition=Q(theme__in=Theme.values), name="observatory_question_theme"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=QuestionKind.values), name="observatory_question_kind"
            ),
            models.CheckConstraint(
                condition=Q(lowest__isnull=True, highest__isnull=True)
                | Q(lowest__isnull=False, highest__isnull=False, highest__gt=F("lowest")),
                name="observatory_question_scale",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("observatory:question", args=[self.code])

    @property
    def label(self) -> str:
        return in_language(self.label_fr, self.label_en)

    @property
    def about(self) -> str:
        return in_language(self.about_fr, self.about_en)

    @property
    def stable_name(self) -> str:
        return f"survey-question:{self.code}"


class AskedQuestion(models.Model):
    """A question in one wave: what was asked there, and whether it can be compared."""

    wave = models.ForeignKey(Wave, models.PROTECT, related_name="asked")
    question = models.ForeignKey(
        Question, models.PROTECT, verbose_name=_("question"), related_name="asked"
    )
    order = models.PositiveSmallIntegerField(_("rang"), default=0)
    number = models.CharField(_("numéro dans le questionnaire"), max_length=20, blank=True)
    wording_fr = models.TextField(_("formulation"), blank=True)
    wording_en = models.TextField(_("formulation en anglais"), blank=True)
    universe_fr = models.CharField(_("personnes interrogées"), max_length=300, blank=True)
    universe_en = models.CharField(
        _("personnes interrogées, en anglais"), max_length=300, blank=True
    )
    #: Those of this wave, where they differ from those of the question; empty otherwise.
    items = models.JSONField(_("points propres à cette vague"), default=list, blank=True)
    answers = models.JSONField(_("réponses propres à cette vague"), default=list, blank=True)
    comparability = models.CharField(
        _("comparaison avec la vague précédente"), max_length=10, choices=Comparability.choices
    )
    breaks = models.JSONField(_("ce qui a changé"), default=list, blank=True)
    reason_fr = models.TextField(_("explication"), blank=True)
    reason_en = models.TextField(_("explication en anglais"), blank=True)
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        verbose_name = _("question posée")
        verbose_name_plural = _("questions posées")
        ordering = ("wave", "order", "question__order", "pk")
        constraints = [
            models.UniqueConstraint(fields=["wave", "question"], name="observatory_asked_once"),
            models.CheckConstraint(
                condition=(Q(comparability="broken") & ~Q(breaks=[]) & ~Q(reason_fr=""))
                | (Q(comparability__in=["first", "comparable", "unknown"]) & Q(breaks=[])),
                name="observatory_asked_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question} ({self.wave})"

    @property
    def wording(self) -> str:
        return in_language(self.wording_fr, self.wording_en)

    @property
    def universe(self) -> str:
        return in_language(self.universe_fr, self.universe_en)

    @property
    def reason(self) -> str:
        return in_language(self.reason_fr, self.reason_en)

    @property
    def stable_name(self) -> str:
        return f"{self.wave.stable_name}:{self.question.code}"
