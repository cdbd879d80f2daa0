"""The official geography by vintage, and the perimeters that projects draw for themselves.

A ``Territory`` is an identity that lasts (level and code): what other apps point to. What is true
of it in one vintage of the official geography is a ``Snapshot``.
"""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from alliage.territories.levels import Level
from alliage.territories.size_classes import SizeClass
from alliage.values.codes import is_overseas_collectivity


class LevelChoices(models.TextChoices):
    COUNTRY = Level.COUNTRY.value, _("Pays")
    REGION = Level.REGION.value, _("Région")
    DEPARTMENT = Level.DEPARTMENT.value, _("Département")
    EPCI = Level.EPCI.value, _("Intercommunalité")
    EPT = Level.EPT.value, _("Établissement public territorial")
    COMMUNE = Level.COMMUNE.value, _("Commune")
    ARRONDISSEMENT = Level.ARRONDISSEMENT.value, _("Arrondissement municipal")
    PERIMETER = Level.PERIMETER.value, _("Périmètre de projet")


class SizeClassChoices(models.TextChoices):
    """Very small, small and medium, intermediate, large; the lower bound belongs to the class."""

    VERY_SMALL = SizeClass.VERY_SMALL.value, _("moins de 2 000 habitants")
    SMALL_MEDIUM = SizeClass.SMALL_MEDIUM.value, _("de 2 000 à 19 999 habitants")
    INTERMEDIATE = SizeClass.INTERMEDIATE.value, _("de 20 000 à 49 999 habitants")
    LARGE = SizeClass.LARGE.value, _("50 000 habitants et plus")


class KindChoices(models.TextChoices):
    """The nature of an intercommunal body, or of a place overseas."""

    CC = "CC", _("Communauté de communes")
    CA = "CA", _("Communauté d’agglomération")
    CU = "CU", _("Communauté urbaine")
    METRO = "METRO", _("Métropole")
    MET69 = "MET69", _("Métropole à statut particulier")
    EPT = "EPT", _("Établissement public territorial")
    DROM = "DROM", _("Département ou région d’outre-mer")
    COM = "COM", _("Collectivité d’outre-mer")


class Vintage(models.Model):
    """An edition of the official geography."""

    year = models.PositiveSmallIntegerField(_("millésime"), unique=True)
    is_current = models.BooleanField(_("en vigueur"), default=False)
    geography_source = models.CharField(_("source de la géographie"), max_length=300)
    population_source = models.CharField(_("source des populations"), max_length=300)
    attribution = models.TextField(_("attribution"))
    fingerprint = models.CharField(
        _("empreinte des fichiers"),
        max_length=64,
        help_text=_("change quand les fichiers changent"),
    )
    # Beside the year rather than in a table: a page that compares reads it with the vintage.
    profiles = models.JSONField(_("profils des classes de taille"), default=list)

    class Meta:
        verbose_name = _("millésime")
        verbose_name_plural = _("millésimes")
        ordering = ("-year", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"],
                condition=models.Q(is_current=True),
                name="territories_one_current_vintage",
            )
        ]

    def __str__(self) -> str:
        return str(self.year)


class Territory(models.Model):
    """A territory that others point to, whatever the vintage."""

    level = models.CharField(_("niveau"), max_length=15, choices=LevelChoices.choices)
    code = models.CharField(_("code"), max_length=60)
    name = models.CharField(_("nom"), max_length=200, help_text=_("nom au dernier millésime connu"))

    class Meta:
        verbose_name = _("territoire")
        verbose_name_plural = _("territoires")
        ordering = ("level", "code", "pk")
        constraints = [
            models.UniqueConstraint(fields=["level", "code"], name="territories_territory_unique"),
            models.CheckConstraint(
                condition=models.Q(level__in=LevelChoices.values), name="territories_level_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("site:territory", args=[self.level, self.code])

    @property
    def stable_name(self) -> str:
        """The name of this territory in the trail and in the roles held there."""
        return f"territory:{self.level}/{self.code}"

    @property
    def nature(self) -> str:
        """The level in words; an overseas collectivity only takes the place of a department."""
        if self.level == Level.DEPARTMENT and is_overseas_collectivity(self.code):
            return str(KindChoices.COM.label)
        return str(self.get_level_display())


class Snapshot(models.Model):
    """A territory as one vintage describes it. Populations in inhabitants, surfaces in km²."""

    vintage = models.ForeignKey(Vintage, models.CASCADE, related_name="snapshots")
    territory = models.ForeignKey(Territory, models.CASCADE, related_name="snapshots")
    name = models.CharField(_("nom"), max_length=200)
    kind = models.CharField(_("nature"), max_length=10, choices=KindChoices.choices, blank=True)
    name_key = models.CharField(_("nom plié"), max_length=200)
    postal_codes = models.CharField(_("codes postaux"), max_length=400, blank=True)
    # Written here too, so that the page of a commune need not look for them.
    former_codes = models.TextField(
        _("anciens codes"), blank=True, help_text=_("suivis de leur nom, séparés par |")
    )
    siren = models.CharField(_("SIREN"), max_length=9, blank=True)
    population = models.PositiveIntegerField(_("population"), null=True)
    population_year = models.PositiveSmallIntegerField(_("année de la population"), null=True)
    surface_km2 = models.FloatField(_("surface en km²"), null=True)
    size_class = models.CharField(
        _("classe de taille"), max_length=10, choices=SizeClassChoices.choices, blank=True
    )
    communes_count = models.PositiveIntegerField(_("nombre de communes"), null=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    x = models.FloatField(_("abscisse sur la carte"), null=True)
    y = models.FloatField(_("ordonnée sur la carte"), null=True)
    commune = models.ForeignKey(
        Territory, models.PROTECT, null=True, related_name="+", help_text=_("d’un arrondissement")
    )
    epci = models.ForeignKey(Territory, models.PROTECT, null=True, related_name="+")
    ept = models.ForeignKey(Territory, models.PROTECT, null=True, related_name="+")
    department = models.ForeignKey(Territory, models.PROTECT, null=True, related_name="+")
    region = models.ForeignKey(Territory, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("territoire à un millésime")
        verbose_name_plural = _("territoires à un millésime")
        ordering = ("vintage", "territory", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["vintage", "territory"], name="territories_snapshot_unique"
            )
        ]
        indexes = [
            models.Index(fields=["vintage", "size_class"], name="territories_snapshot_size"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.vintage})"


class SearchKey(models.Model):
    """A text that a person may begin to type to find a territory: an end of its name, a code.

    Keys are folded. Those of the official territories belong to a vintage; those of the perimeters
    to none.
    """

    vintage = models.ForeignKey(Vintage, models.CASCADE, null=True, related_name="search_keys")
    territory = models.ForeignKey(Territory, models.CASCADE, related_name="search_keys")
    # The level of the territory, once more: a search among the communes reads this table alone.
    level = models.CharField(_("niveau"), max_length=15, choices=LevelChoices.choices)
    key = models.CharField(_("clé"), max_length=200)
    is_whole = models.BooleanField(_("nom entier ou code"))
    population = models.PositiveIntegerField(_("population"), null=True)

    class Meta:
        verbose_name = _("clé de recherche")
        verbose_name_plural = _("clés de recherche")
        ordering = ("key", "pk")
        # The operator class lets PostgreSQL look for a beginning whatever its collation.
        indexes = [
            models.Index(
                fields=["key"], opclasses=["varchar_pattern_ops"], name="territories_search_key"
            )
        ]

    def __str__(self) -> str:
        return self.key


class Outline(models.Model):
    """The shape of a territory in the plane of the maps, as an SVG path with its box."""

    snapshot = models.OneToOneField(Snapshot, models.CASCADE, related_name="outline")
    path = models.TextField(_("tracé"))
    x_min = models.FloatField()
    y_min = models.FloatField()
    x_max = models.FloatField()
    y_max = models.FloatField()
    neighbours = models.ManyToManyField(Snapshot, related_name="+", blank=True)

    class Meta:
        verbose_name = _("contour")
        verbose_name_plural = _("contours")
        ordering = ("pk",)
        indexes = [
            models.Index(
                fields=["x_min", "x_max", "y_min", "y_max"], name="territories_outline_box"
            )
        ]

    def __str__(self) -> str:
        return str(self.snapshot)


class Succession(models.Model):
    """A code that is no longer a commune's, and the commune that took its place."""

    vintage = models.ForeignKey(Vintage, models.CASCADE, related_name="successions")
    code = models.CharField(_("code"), max_length=5)
    name = models.CharField(_("nom"), max_length=200, blank=True)
    kind = models.CharField(_("nature"), max_length=30)
    successor = models.ForeignKey(Territory, models.CASCADE, related_name="predecessors")

    class Meta:
        verbose_name = _("code historique")
        verbose_name_plural = _("codes historiques")
        ordering = ("code", "successor", "kind", "pk")
        indexes = [models.Index(fields=["vintage", "code"], name="territories_succession_code")]

    def __str__(self) -> str:
        return f"{self.code} → {self.successor}"


class Perimeter(models.Model):
    """A project's own perimeter: any set of communes. Its figures are derived from them."""

    class Kind(models.TextChoices):
        TERRITORY_PROJECT = "territory_project", _("Projet de territoire")
        PTCE = "ptce", _("Pôle territorial de coopération économique")
        BASIN = "basin", _("Bassin de vie ou d’emploi")
        OTHER = "other", _("Autre périmètre")

    territory = models.OneToOneField(Territory, models.CASCADE, related_name="perimeter")
    kind = models.CharField(_("nature"), max_length=20, choices=Kind.choices)
    description = models.TextField(_("description"), blank=True)
    communes = models.ManyToManyField(Territory, related_name="perimeters")
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="perimeters"
    )

    class Meta:
        verbose_name = _("périmètre de projet")
        verbose_name_plural = _("périmètres de projet")
        ordering = ("territory__name", "pk")

    def __str__(self) -> str:
        return self.territory.name

    @property
    def stable_name(self) -> str:
        """The name of the territory that was drawn."""
        return self.territory.stable_name
