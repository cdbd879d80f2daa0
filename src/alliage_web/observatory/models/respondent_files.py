"""Files of respondents: what is known of each. Its rows are in no table, but in private storage."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alliage.observatory.states import FileState

#: The folder of the contents, in the private media folder, which nothing serves.
FOLDER = "respondents"


class RespondentFile(models.Model):
    """A file of respondents of a wave.

    Two contents stand in the media folder under a name drawn at random: the file as it was
    received, unless columns had to be dropped from it, and its copy as Parquet, from which
    everything is computed. They are destroyed together.
    """

    STATES = [
        (FileState.RECEIVED.value, _("Reçu")),
        (FileState.DESCRIBED.value, _("Décrit")),
        (FileState.DESTROYED.value, _("Détruit")),
    ]

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    wave = models.ForeignKey(
        "observatory.Wave", models.PROTECT, related_name="respondent_files", verbose_name=_("vague")
    )
    state = models.CharField(
        _("état"), max_length=12, choices=STATES, default=FileState.RECEIVED.value
    )
    name = models.CharField(_("nom du fichier"), max_length=150)
    encoding = models.CharField(_("encodage"), max_length=30, default="utf-8")
    size = models.PositiveBigIntegerField(_("taille en octets"))
    sha256 = models.CharField(_("empreinte SHA-256"), max_length=64)
    keeps_received = models.BooleanField(
        _("fichier d’origine gardé"),
        help_text=_("non quand des colonnes en ont été écartées"),
    )
    rows = models.PositiveIntegerField(_("répondants"))
    columns = models.JSONField(
        _("colonnes"),
        help_text=_("nom, libellé, réponses prévues de chaque colonne ; aucune réponse"),
    )
    dropped = models.JSONField(_("colonnes écartées"), default=list, blank=True)
    mapping = models.JSONField(
        _("correspondance"),
        default=dict,
        blank=True,
        help_text=_("pour chaque colonne, la question à laquelle elle répond"),
    )
    treatments = models.JSONField(
        _("traitements"),
        default=dict,
        blank=True,
        help_text=_("pour chaque sorte d’anomalie, ce qui en est fait"),
    )
    specification = models.TextField(_("spécification"), blank=True)
    checks = models.TextField(
        _("libellés et contrôles"),
        blank=True,
        help_text=_("noms des croisements en deux langues, et ce qui est cherché dans le fichier"),
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    added_at = models.DateTimeField(_("reçu le"))
    destroy_on = models.DateField(_("à détruire le"))
    destroyed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    destroyed_at = models.DateTimeField(_("détruit le"), null=True, blank=True)

    class Meta:
        verbose_name = _("fichier de répondants")
        verbose_name_plural = _("fichiers de répondants")
        ordering = ("-added_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(size__gt=0, rows__gt=0), name="observatory_file_not_empty"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="observatory_file_named"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in FileState]),
                name="observatory_file_state_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=FileState.DESTROYED.value,
                    destroyed_at__isnull=False,
                    destroyed_at__gte=F("added_at"),
                )
                | (~Q(state=FileState.DESTROYED.value) & Q(destroyed_at=None)),
                name="observatory_file_destroyed_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=FileState.DESCRIBED.value) | ~Q(specification=""),
                name="observatory_file_described_by",
            ),
        ]
        indexes = [
            models.Index(
                fields=["destroy_on"],
                condition=~Q(state=FileState.DESTROYED.value),
                name="observatory_file_to_destroy",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def received_path(self) -> str:
        """Where the file as received stands in the media folder."""
        return f"{FOLDER}/{self.uuid.hex}"

    @property
    def coded_path(self) -> str:
        """Where its copy as Parquet stands."""
        return f"{FOLDER}/{self.uuid.hex}.parquet"

    @property
    def stable_name(self) -> str:
        return f"respondents:{self.uuid}"
