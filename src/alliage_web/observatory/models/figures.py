"""Figures that documents state: none is computed from respondents, and none has a margin."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from alliage.observatory.studies import figures

from .catalogue import CODE, Population, Question, Theme, Wave, in_language


class Statistic(models.TextChoices):
    PROPORTION = figures.Statistic.PROPORTION.value, _("part des réponses")
    MEAN = figures.Statistic.MEAN.value, _("note moyenne")
    RANK = figures.Statistic.RANK.value, _("rang")
    GAP = figures.Statistic.GAP.value, _("écart de notes")
    CHANGE = figures.Statistic.CHANGE.value, _("évolution")
    WEIGHT = figures.Statistic.WEIGHT.value, _("poids dans la population")
    REGIONS = figures.Statistic.REGIONS.value, _("nombre de régions")
    ORDER = figures.Statistic.ORDER.value, _("ordre des réponses")
    COUNT = figures.Statistic.COUNT.value, _("dénombrement")


class FigureUnit(models.TextChoices):
    PERCENT = figures.FigureUnit.PERCENT.value, "%"
    MARK = figures.FigureUnit.MARK.value, _("sur 10")
    POINTS = figures.FigureUnit.POINTS.value, _("points")
    RANK = figures.FigureUnit.RANK.value, _("rang")
    REGIONS = figures.FigureUnit.REGIONS.value, _("régions")
    CODE = figures.FigureUnit.CODE.value, _("réponse")
    PEOPLE = figures.FigureUnit.PEOPLE.value, _("répondants")
    MILLIONS = figures.FigureUnit.MILLIONS.value, _("millions de personnes")
    PAGES = figures.FigureUnit.PAGES.value, _("pages")
    STUDIES = figures.FigureUnit.STUDIES.value, _("études")
    EXAMPLES = figures.FigureUnit.EXAMPLES.value, _("exemples")
    DEBATES = figures.FigureUnit.DEBATES.value, _("débats")
    NETWORKS = figures.FigureUnit.NETWORKS.value, _("réseaux")


class Operator(models.TextChoices):
    EXACT = figures.Operator.EXACT.value, _("exactement")
    ABOUT = figures.Operator.ABOUT.value, _("environ")
    MORE_THAN = figures.Operator.MORE_THAN.value, _("plus de")
    AT_LEAST = figures.Operator.AT_LEAST.value, _("au moins")
    AT_MOST = figures.Operator.AT_MOST.value, _("jusqu’à")
    ALMOST = figures.Operator.ALMOST.value, _("presque")


class Reading(models.TextChoices):
    SURE = figures.Reading.SURE.value, _("lecture sûre")
    PROBABLE = figures.Reading.PROBABLE.value, _("lecture probable")
    DERIVED = figures.Reading.DERIVED.value, _("déduit")
    DOUBTFUL = figures.Reading.DOUBTFUL.value, _("lecture douteuse")
    ILLEGIBLE = figures.Reading.ILLEGIBLE.value, _("illisible")


class Withheld(models.TextChoices):
    ILLEGIBLE = figures.Withheld.ILLEGIBLE.value, _("illisible dans les documents")
    DOUBTFUL = figures.Withheld.DOUBTFUL.value, _("lecture trop incertaine")
    CONTRADICTORY = figures.Withheld.CONTRADICTORY.value, _("documents contradictoires")
    AMBIGUOUS = figures.Withheld.AMBIGUOUS.value, _("sujet ou population incertains")


class Disagreement(models.Model):
    """What documents say of one thing and do not say alike; both statements are shown.

    ``statements`` is a list of ``{text_fr, text_en, source}``.
    """

    code = models.CharField(_("identifiant"), max_length=40, unique=True, validators=[CODE])
    order = models.PositiveSmallIntegerField(_("rang"), default=0)
    title_fr = models.CharField(_("titre"), max_length=200)
    title_en = models.CharField(_("titre en anglais"), max_length=200)
    statements = models.JSONField(_("énoncés"))
    reading_fr = models.TextField(_("notre lecture"))
    reading_en = models.TextField(_("notre lecture, en anglais"))

    class Meta:
        verbose_name = _("désaccord entre documents")
        verbose_name_plural = _("désaccords entre documents")
        ordering = ("order", "code")

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return in_language(self.title_fr, self.title_en)

    @property
    def reading_text(self) -> str:
        return in_language(self.reading_fr, self.reading_en)

    @property
    def stable_name(self) -> str:
        return f"disagreement:{self.code}"


class PublishedFigure(models.Model):
    """A figure as a document states it.

    ``group`` maps a breakdown to one of its codes: ``{"region": "bretagne"}``; empty is everybody.
    """

    code = models.CharField(_("identifiant"), max_length=60, unique=True, validators=[CODE])
    order = models.PositiveSmallIntegerField(_("rang"), default=0)
    theme = models.CharField(_("thème"), max_length=20, choices=Theme.choices)
    question = models.ForeignKey(
        Question, models.PROTECT, null=True, blank=True, related_name="figures"
    )
    #: Empty where the document does not say of which wave the figure is.
    wave = models.ForeignKey(Wave, models.PROTECT, null=True, blank=True, related_name="figures")
    #: Empty for figures on the programme itself.
    population = models.CharField(
        _("population"), max_length=20, choices=Population.choices, blank=True
    )
    label_fr = models.CharField(_("intitulé"), max_length=300)
    label_en = models.CharField(_("intitulé en anglais"), max_length=300)
    statistic = models.CharField(_("grandeur"), max_length=10, choices=Statistic.choices)
    item = models.CharField(_("point de la question"), max_length=60, blank=True)
    level = models.CharField(_("réponse"), max_length=60, blank=True)
    group = models.JSONField(_("groupe"), default=dict, blank=True)
    value = models.DecimalField(_("valeur"), max_digits=12, decimal_places=2, null=True, blank=True)
    low = models.DecimalField(
        _("borne basse"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    high = models.DecimalField(
        _("borne haute"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    #: The answers in their order, for a figure that is no number: ``shared_vision``.
    answer = models.CharField(_("réponses dans l’ordre"), max_length=200, blank=True)
    unit = models.CharField(_("unité"), max_length=10, choices=FigureUnit.choices)
    operator = models.CharField(
        _("précision de l’énoncé"), max_length=10, choices=Operator.choices, default=Operator.EXACT
    )
    reading = models.CharField(_("qualité de la lecture"), max_length=10, choices=Reading.choices)
    note_fr = models.TextField(_("remarque"), blank=True)
    note_en = models.TextField(_("remarque en anglais"), blank=True)
    source = models.CharField(_("source"), max_length=300)
    #: Why the figure is kept inside; empty when it is published.
    withheld = models.CharField(
        _("motif de non-publication"), max_length=15, choices=Withheld.choices, blank=True
    )
    withheld_reason_fr = models.TextField(_("pourquoi il n’est pas publié"), blank=True)
    withheld_reason_en = models.TextField(_("pourquoi il n’est pas publié, en anglais"), blank=True)
    disagreements = models.ManyToManyField(
        Disagreement, verbose_name=_("désaccords"), related_name="figures", blank=True
    )

    class Meta:
        verbose_name = _("chiffre publié")
        verbose_name_plural = _("chiffres publiés")
        ordering = ("order", "code")
        constraints = [
            models.CheckConstraint(
                condition=Q(low__isnull=True, high__isnull=True)
                | Q(low__isnull=False, high__isnull=False, high__gte=F("low")),
                name="observatory_figure_range",
            ),
            models.CheckConstraint(
                condition=~Q(withheld="")
                | (
                    Q(reading__in=["sure", "probable", "derived"])
                    & (Q(value__isnull=False) | Q(low__isnull=False) | ~Q(answer=""))
                ),
                name="observatory_figure_published",
            ),
            models.CheckConstraint(
                condition=Q(withheld="", withheld_reason_fr="")
                | (Q(withheld__in=Withheld.values) & ~Q(withheld_reason_fr="")),
                name="observatory_figure_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("observatory:figure", args=[self.code])

    @property
    def label(self) -> str:
        return in_language(self.label_fr, self.label_en)

    @property
    def note(self) -> str:
        return in_language(self.note_fr, self.note_en)

    @property
    def withheld_reason(self) -> str:
        return in_language(self.withheld_reason_fr, self.withheld_reason_en)

    @property
    def is_published(self) -> bool:
        return not self.withheld

    @property
    def stable_name(self) -> str:
        return f"published-figure:{self.code}"
