"""Sites where somebody receives people, loaded from a file of the operator's choice."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SupportSite(models.Model):
    """A site of a network. Degrees north and east; empty texts are unknown."""

    network = models.CharField(_("réseau"), max_length=80)
    identifier = models.CharField(_("identifiant dans le réseau"), max_length=60)
    name = models.CharField(_("nom du site"), max_length=200)
    address = models.CharField(_("adresse du site"), max_length=300, blank=True)
    commune_code = models.CharField(_("code de la commune"), max_length=5)
    postal_code = models.CharField(_("code postal"), max_length=10, blank=True)
    town = models.CharField(_("commune"), max_length=120, blank=True)
    kind = models.CharField(_("format"), max_length=60, blank=True)
    latitude = models.FloatField()
    longitude = models.FloatField()
    as_of = models.DateField(_("à jour au"))
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        verbose_name = _("point de contact")
        verbose_name_plural = _("points de contact")
        ordering = ("network", "identifier", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["network", "identifier"], name="positioning_site_unique"
            ),
            models.CheckConstraint(
                condition=~Q(network="") & ~Q(identifier="") & ~Q(name="") & ~Q(source=""),
                name="positioning_site_named",
            ),
            models.CheckConstraint(
                condition=Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="positioning_site_on_earth",
            ),
        ]
        indexes = [
            models.Index(fields=["latitude", "longitude"], name="positioning_site_place"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stable_name(self) -> str:
        return f"support-site:{self.network}:{self.identifier}"
