"""The trail of what was written, by whom and when."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """Something was written.

    The object is known by a stable name, never by a foreign key: the trail outlives what it tells.
    """

    at = models.DateTimeField(_("moment"))
    by = models.CharField(
        _("auteur"), max_length=150, help_text=_("« commande » hors de l’interface")
    )
    kind = models.CharField(_("nature"), max_length=80)
    target = models.CharField(_("objet"), max_length=150)
    submission = models.UUIDField(
        _("envoi"),
        null=True,
        unique=True,
        help_text=_("jeton du formulaire: un envoi compte une fois"),
    )
    changes = models.JSONField(_("champs modifiés"), default=dict, blank=True)

    class Meta:
        verbose_name = _("événement")
        verbose_name_plural = _("journal")
        ordering = ("-at", "-pk")
        indexes = [models.Index(fields=["target", "-at"], name="audit_event_target")]

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"
