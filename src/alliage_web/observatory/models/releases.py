"""Releases: what waves publish, in parts that never change once they are public."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alliage.observatory.releases.parts import PartKind
from alliage.observatory.states import ReleaseState

_PUBLIC = [ReleaseState.PUBLISHED.value, ReleaseState.WITHDRAWN.value]


class Release(models.Model):
    """A release of a wave, from its draft to its publication; its figures are in its parts.

    Once published, the database refuses to change or remove what it holds.
    """

    STATES = [
        (ReleaseState.DRAFT.value, _("Brouillon")),
        (ReleaseState.IN_REVIEW.value, _("En relecture")),
        (ReleaseState.PUBLISHED.value, _("Publiée")),
        (ReleaseState.WITHDRAWN.value, _("Retirée")),
        (ReleaseState.DISCARDED.value, _("Abandonnée")),
    ]

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    wave = models.ForeignKey(
        "observatory.Wave", models.PROTECT, related_name="releases", verbose_name=_("vague")
    )
    file = models.ForeignKey(
        "observatory.RespondentFile",
        models.PROTECT,
        related_name="releases",
        verbose_name=_("fichier de répondants"),
        null=True,
        blank=True,
    )
    state = models.CharField(
        _("état"), max_length=12, choices=STATES, default=ReleaseState.DRAFT.value
    )
    number = models.PositiveSmallIntegerField(
        _("numéro"), null=True, blank=True, help_text=_("dans la vague, donné à la publication")
    )
    follows = models.PositiveSmallIntegerField(
        _("suit le numéro"),
        default=0,
        help_text=_("la dernière publication de la vague contre laquelle celle-ci est protégée"),
    )
    synthetic = models.BooleanField(_("données synthétiques"))
    fingerprint = models.CharField(_("empreinte SHA-256"), max_length=64)
    specification = models.TextField(_("spécification"), blank=True)
    report = models.JSONField(
        _("rapport"),
        default=dict,
        blank=True,
        help_text=_("anomalies trouvées et ce qui en a été fait"),
    )
    computed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    computed_at = models.DateTimeField(_("calculée le"))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    submitted_at = models.DateTimeField(_("soumise le"), null=True, blank=True)
    sent_back_for = models.TextField(_("motif du renvoi"), blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(_("publiée le"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(_("retirée le"), null=True, blank=True)
    withdrawn_for = models.TextField(_("motif du retrait"), blank=True)

    class Meta:
        verbose_name = _("publication d’une vague")
        verbose_name_plural = _("publications des vagues")
        ordering = ("wave_id", "-number", "-computed_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["wave", "number"],
                condition=~Q(number=None),
                name="observatory_release_number_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in ReleaseState]),
                name="observatory_release_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_PUBLIC, number__gt=0, published_at__isnull=False)
                | (~Q(state__in=_PUBLIC) & Q(number=None, published_at=None)),
                name="observatory_release_numbered_when_public",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state=ReleaseState.WITHDRAWN.value, withdrawn_at__isnull=False)
                    & ~Q(withdrawn_for="")
                )
                | (~Q(state=ReleaseState.WITHDRAWN.value) & Q(withdrawn_at=None, withdrawn_for="")),
                name="observatory_release_withdrawn_why",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReleaseState.IN_REVIEW.value) | Q(submitted_at__isnull=False),
                name="observatory_release_review_after_submission",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wave} · {self.number or self.get_state_display()}"

    @property
    def is_public(self) -> bool:
        """Whether anybody may read of it: published, or withdrawn since."""
        return self.state in _PUBLIC

    @property
    def stable_name(self) -> str:
        return f"release:{self.uuid}"


class ReleasePart(models.Model):
    """A part of a release, as canonical JSON: what its fingerprint is of."""

    KINDS = [
        (PartKind.HEAD.value, _("En-tête")),
        (PartKind.TABLE.value, _("Tableau")),
        (PartKind.COVARIANCE.value, _("Covariances")),
        (PartKind.RANKING.value, _("Classement")),
        (PartKind.NETWORK.value, _("Liens entre éléments")),
    ]

    release = models.ForeignKey(Release, models.CASCADE, related_name="parts")
    kind = models.CharField(_("sorte"), max_length=12, choices=KINDS)
    question = models.CharField(_("question"), max_length=120, blank=True)
    breakdown = models.CharField(_("croisement"), max_length=120, blank=True)
    group = models.CharField(_("groupe"), max_length=200, blank=True)
    content = models.TextField(_("contenu"), help_text=_("JSON canonique (RFC 8785)"))
    sha256 = models.CharField(_("empreinte SHA-256"), max_length=64)

    class Meta:
        verbose_name = _("partie d’une publication")
        verbose_name_plural = _("parties des publications")
        ordering = ("release_id", "kind", "question", "breakdown", "group", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["release", "kind", "question", "breakdown", "group"],
                name="observatory_part_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in PartKind]),
                name="observatory_part_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return " · ".join(
            one for one in (self.kind, self.question, self.breakdown, self.group) if one
        )
