"""The referentials shared by actors, alliances and the knowledge base, and the documents cited."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alliage.alliances.reference import EXTERNAL_KIND, SchemeCode
from alliage.alliances.vocabulary import Reading


class ReadingChoices(models.TextChoices):
    """How a fact was read in its source."""

    STATED = Reading.STATED.value, _("dit par la source")
    DERIVED = Reading.DERIVED.value, _("déduit")
    EXTERNAL = Reading.EXTERNAL.value, _("complément extérieur")


class Bilingual(models.Model):
    """Labels in both languages of the interface."""

    label_fr = models.CharField(_("libellé français"), max_length=200)
    label_en = models.CharField(_("libellé anglais"), max_length=200)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return self.label_en if (get_language() or "").startswith("en") else self.label_fr


class Scheme(models.TextChoices):
    """The lists that terms belong to."""

    OBJECTIVE = SchemeCode.OBJECTIVE.value, _("Objectifs")
    IMPACT_NATURE = SchemeCode.IMPACT_NATURE.value, _("Natures d’impact")
    DOMAIN = SchemeCode.DOMAIN.value, _("Domaines")
    CATALYST_FUNCTION = SchemeCode.CATALYST_FUNCTION.value, _("Fonctions de catalyse")
    FUND_STRAND = SchemeCode.FUND_STRAND.value, _("Volets du Fonds")
    SUPPORT_LEVER = SchemeCode.SUPPORT_LEVER.value, _("Leviers de soutien")
    SDG = SchemeCode.SDG.value, _("Objectifs de développement durable")
    SDG_TARGET = SchemeCode.SDG_TARGET.value, _("Cibles de développement durable")


class SchemeNote(Bilingual):
    """What a reader must know of a list: its name, where it comes from, how it is to be read."""

    scheme = models.CharField(_("référentiel"), max_length=30, choices=Scheme.choices, unique=True)
    source = models.CharField(_("source"), max_length=300)
    note_fr = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("présentation d’un référentiel")
        verbose_name_plural = _("présentations des référentiels")
        ordering = ("scheme", "pk")


class Term(Bilingual):
    """An entry of a referential, as in a SKOS concept scheme: notation, labels, definition."""

    scheme = models.CharField(_("référentiel"), max_length=30, choices=Scheme.choices)
    code = models.CharField(_("code"), max_length=60)
    definition_fr = models.TextField(_("définition française"), blank=True)
    definition_en = models.TextField(_("définition anglaise"), blank=True)
    order = models.PositiveSmallIntegerField(_("ordre"), default=0)
    broader = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="narrower"
    )
    reading = models.CharField(
        _("lecture"), max_length=10, choices=ReadingChoices.choices, default=ReadingChoices.STATED
    )
    source = models.CharField(_("source"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("terme")
        verbose_name_plural = _("référentiels")
        ordering = ("scheme", "order", "pk")
        constraints = [
            models.UniqueConstraint(fields=["scheme", "code"], name="vocabulary_term_unique"),
            models.CheckConstraint(
                condition=models.Q(scheme__in=Scheme.values), name="vocabulary_scheme_known"
            ),
        ]

    @property
    def definition(self) -> str:
        english = (get_language() or "").startswith("en")
        return self.definition_en if english else self.definition_fr

    @property
    def stable_name(self) -> str:
        """The name of this term in the trail."""
        return f"term:{self.scheme}/{self.code}"


class SourceDocument(Bilingual):
    """A document that facts are cited from."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    short_fr = models.CharField(_("nom court"), max_length=60, blank=True)
    short_en = models.CharField(_("nom court anglais"), max_length=60, blank=True)
    publisher = models.CharField(_("éditeur"), max_length=200, blank=True)
    published = models.CharField(_("date de publication"), max_length=10, blank=True)
    kind = models.CharField(_("nature"), max_length=40)
    url = models.URLField(_("adresse"), max_length=400, blank=True)
    note_fr = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("document source")
        verbose_name_plural = _("documents sources")
        ordering = ("code", "pk")

    @property
    def is_external(self) -> bool:
        """Whether it completes the documents that the platform was built from."""
        return self.kind == EXTERNAL_KIND

    @property
    def short(self) -> str:
        """The name of the document in a reference: its own, else its publisher and year."""
        english = (get_language() or "").startswith("en")
        named = self.short_en if english else self.short_fr
        return named or ", ".join(filter(None, (self.publisher, self.published[:4])))
