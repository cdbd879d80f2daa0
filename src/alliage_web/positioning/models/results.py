"""Results that people asked to keep, and the groups that set some side by side.

Nothing names who answered: whoever holds the private link holds the result. Only the digest of a
link is kept, so that a copy of the table opens none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alliage_web.actors.models import SizeChoices, WorldChoices

if TYPE_CHECKING:
    import datetime as dt

#: The worlds of those who answer: « other » is for organisations whose world is not known.
WORLDS = [choice for choice in WorldChoices.choices if choice[0] != WorldChoices.OTHER.value]


class ResultGroup(models.Model):
    """People of one organisation who set their results side by side."""

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    name = models.CharField(_("nom"), max_length=120)
    token_sha256 = models.CharField(_("empreinte du lien"), max_length=64, unique=True)
    created_at = models.DateTimeField(_("ouvert le"))
    expires_on = models.DateField(_("effacé le"))

    class Meta:
        verbose_name = _("groupe de réponses")
        verbose_name_plural = _("groupes de réponses")
        ordering = ("created_at", "pk")
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="positioning_group_named"),
            models.CheckConstraint(
                condition=Q(("token_sha256__regex", r"^[0-9a-f]{64}$")),
                name="positioning_group_digest",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stable_name(self) -> str:
        return f"result-group:{self.uuid}"


class SavedResult(models.Model):
    """A filled questionnaire that somebody asked to keep.

    ``answers`` holds ``comparisons`` (six numbers from 0 to 3, in the order of the pairs of the
    questionnaire), ``levels`` (those known, by the code of the behaviour) and ``variants`` (the
    words that were read, by the code of the behaviour, where they are those of a world), ``proofs``
    (the behaviours of which something written can be shown) and ``domain`` (the need in mind, by
    its code, or nothing).
    """

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    token_sha256 = models.CharField(_("empreinte du lien"), max_length=64, unique=True)
    questionnaire_version = models.PositiveSmallIntegerField(_("version du questionnaire"))
    answers = models.JSONField(_("réponses"))
    world = models.CharField(_("monde"), max_length=20, choices=WORLDS)
    size = models.CharField(_("taille"), max_length=10, choices=SizeChoices.choices, blank=True)
    territory = models.ForeignKey(
        "territories.Territory",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="positionings",
        verbose_name=_("commune"),
    )
    organisation = models.ForeignKey(
        "actors.Organisation",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="positionings",
        verbose_name=_("organisation"),
        help_text=_("seulement si la personne connectée agit pour elle et l’a choisi"),
    )
    hours = models.PositiveSmallIntegerField(_("heures par mois"), null=True, blank=True)
    wished_partner = models.CharField(_("partenaire souhaité"), max_length=600, blank=True)
    label = models.CharField(_("repère dans le groupe"), max_length=60, blank=True)
    group = models.ForeignKey(
        ResultGroup,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="results",
        verbose_name=_("groupe"),
    )
    consent_collective = models.BooleanField(_("compté dans les vues d’ensemble"), default=False)
    consented_at = models.DateTimeField(_("accord donné le"), null=True, blank=True)
    created_at = models.DateTimeField(_("gardé le"))
    expires_on = models.DateField(_("effacé le"))
    earlier = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="later",
        verbose_name=_("réponses d’avant"),
    )
    invented = models.BooleanField(_("inventé pour une démonstration"), default=False)
    packet = models.ForeignKey(
        "positioning.Packet",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("paquet"),
        help_text=_("le dernier où il a été compté"),
    )

    class Meta:
        verbose_name = _("positionnement gardé")
        verbose_name_plural = _("positionnements gardés")
        ordering = ("created_at", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(world__in=[code for code, _label in WORLDS]),
                name="positioning_result_world_known",
            ),
            models.CheckConstraint(
                condition=Q(size__in=["", *SizeChoices.values]),
                name="positioning_result_size_known",
            ),
            models.CheckConstraint(
                condition=Q(("token_sha256__regex", r"^[0-9a-f]{64}$")),
                name="positioning_result_digest",
            ),
            models.CheckConstraint(
                condition=Q(consent_collective=True, consented_at__isnull=False)
                | Q(consent_collective=False, consented_at=None),
                name="positioning_result_consent_dated",
            ),
            models.CheckConstraint(
                condition=Q(hours=None) | Q(hours__lte=744),
                name="positioning_result_hours_of_a_month",
            ),
            models.CheckConstraint(
                condition=Q(earlier=None) | ~Q(earlier=F("pk")),
                name="positioning_result_earlier_is_another",
            ),
        ]
        indexes = [models.Index(fields=["expires_on"], name="positioning_result_expiry")]

    def __str__(self) -> str:
        return self.label or str(self.uuid)

    @property
    def stable_name(self) -> str:
        return f"positioning:{self.uuid}"

    def is_over(self, day: dt.date) -> bool:
        """Tell whether the time to keep it has passed."""
        return self.expires_on <= day
