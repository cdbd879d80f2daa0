"""Packets of twelve people who are counted together in the views of the whole.

A packet holds no answer: those of its members are read each time. One that loses a member, who
erased a result or withdrew an agreement, is counted no more, and its other members wait.
"""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alliage_web.actors.models import SizeChoices

from .results import WORLDS


class Packet(models.Model):
    """Twelve people, and what is told of all of them; what is not told is empty."""

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    questionnaire_version = models.PositiveSmallIntegerField(_("version du questionnaire"))
    formed_on = models.DateField(_("formé le"))
    territory = models.ForeignKey(
        "territories.Territory",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="positioning_packets",
        verbose_name=_("territoire"),
    )
    world = models.CharField(_("monde"), max_length=20, choices=WORLDS, blank=True)
    size = models.CharField(_("taille"), max_length=10, choices=SizeChoices.choices, blank=True)
    invented = models.BooleanField(_("inventé pour une démonstration"), default=False)

    class Meta:
        verbose_name = _("paquet de réponses")
        verbose_name_plural = _("paquets de réponses")
        ordering = ("formed_on", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(world__in=["", *(code for code, _label in WORLDS)]),
                name="positioning_packet_world_known",
            ),
            models.CheckConstraint(
                condition=Q(size__in=["", *SizeChoices.values]),
                name="positioning_packet_size_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def stable_name(self) -> str:
        return f"positioning-packet:{self.uuid}"
