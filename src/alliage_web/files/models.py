"""Documents attached to a place, reserved to those who may see its workspace."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

#: The folder of the contents, in the private media folder, which nothing serves.
FOLDER = "files"


class StoredFile(models.Model):
    """A document as it was received: never changed, then removed.

    The content stands in the media folder under a name drawn at random. Its row goes first and its
    bytes after: see ``docs/adr/0015-files.md``.
    """

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    place = models.CharField(_("lieu"), max_length=150, help_text=_("nom stable du lieu"))
    name = models.CharField(_("nom du fichier"), max_length=150)
    title = models.CharField(_("titre"), max_length=200, blank=True)
    media_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveBigIntegerField(_("taille en octets"))
    sha256 = models.CharField(_("empreinte SHA-256"), max_length=64)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    added_at = models.DateTimeField(_("ajouté le"))
    removed_at = models.DateTimeField(_("retiré le"), null=True, blank=True)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ("-added_at", "-pk")
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="files_file_not_empty"),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(place=""), name="files_file_named_and_placed"
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) | Q(removed_at__gte=F("added_at")),
                name="files_file_removed_after_added",
            ),
        ]
        indexes = [
            models.Index(
                fields=["place", "-added_at"],
                condition=Q(removed_at=None),
                name="files_file_of_place",
            )
        ]

    def __str__(self) -> str:
        return self.title or self.name

    @property
    def path(self) -> str:
        """Where the content stands in the media folder."""
        return f"{FOLDER}/{self.uuid.hex}"

    @property
    def stable_name(self) -> str:
        return f"file:{self.uuid}"
