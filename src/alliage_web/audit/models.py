"""The trail of what was written, by whom and when: a chain that can only grow."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

#: What is written on these shows on no page of a visitor.
PRIVATE_TARGETS = ("person:", "invitation:")

_SEALED = Q(position__isnull=False, previous__isnull=False, digest__isnull=False)
_NOT_YET = Q(position__isnull=True, previous__isnull=True, digest__isnull=True)


def _about_something_public() -> Q:
    private = Q()
    for prefix in PRIVATE_TARGETS:
        private |= Q(target__startswith=prefix)
    return ~private


class Event(models.Model):
    """Something was written.

    The object is known by a stable name, never by a foreign key: the trail outlives what it tells.
    Rows are only added: triggers of the database refuse everything else, but for the position and
    the two digests, which are filled once. See ``docs/adr/0013-audit-chain.md``.
    """

    at = models.DateTimeField(_("moment"))
    by = models.CharField(
        _("auteur"), max_length=150, help_text=_("« commande » hors de l’interface")
    )
    on_behalf_of = models.CharField(_("au nom de"), max_length=150, blank=True)
    kind = models.CharField(_("nature"), max_length=80)
    target = models.CharField(_("objet"), max_length=150)
    submission = models.UUIDField(
        _("envoi"),
        null=True,
        unique=True,
        help_text=_("jeton du formulaire: un envoi compte une fois"),
    )
    changes = models.JSONField(_("champs modifiés"), default=dict, blank=True)
    request_id = models.CharField(_("requête"), max_length=32, blank=True)
    request_line = models.CharField(_("méthode et adresse"), max_length=250, blank=True)
    position = models.PositiveBigIntegerField(_("rang dans la chaîne"), null=True, unique=True)
    previous = models.CharField(_("empreinte précédente"), max_length=64, null=True)
    digest = models.CharField(_("empreinte"), max_length=64, null=True)
    renews_pages = models.GeneratedField(
        verbose_name=_("renouvelle les pages gardées"),
        expression=models.ExpressionWrapper(_about_something_public(), models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("événement")
        verbose_name_plural = _("journal")
        ordering = ("-at", "-pk")
        indexes = [
            models.Index(fields=["target", "-at"], name="audit_event_target"),
            models.Index(fields=["by", "-id"], name="audit_event_by"),
            # Asked by every page of a visitor: neither many sign-ins nor a long trail slow it.
            models.Index(
                fields=["position"], name="audit_event_renewing", condition=Q(renews_pages=True)
            ),
            # Nearly empty at all times: what is to be sealed is found without reading the rest.
            models.Index(
                fields=["id"], name="audit_event_unsealed", condition=Q(position__isnull=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=_SEALED | _NOT_YET, name="audit_event_sealed_whole")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"


class PersonalValue(models.Model):
    """What a field told of a person, kept apart from what is sealed so that it can be erased.

    The seal covers the commitment. Without the salt nobody can find the value by trying.
    """

    event = models.ForeignKey(
        Event, models.PROTECT, related_name="personal_values", verbose_name=_("événement")
    )
    field = models.CharField(_("champ"), max_length=80)
    about = models.CharField(_("personne concernée"), max_length=150, db_index=True)
    commitment = models.CharField(_("engagement"), max_length=64)
    salt = models.CharField(_("sel"), max_length=32, null=True)
    value = models.JSONField(_("avant et après"), null=True)

    class Meta:
        verbose_name = _("valeur personnelle")
        verbose_name_plural = _("valeurs personnelles")
        ordering = ("event", "field", "pk")
        constraints = [
            models.UniqueConstraint(fields=["event", "field"], name="audit_personal_field_once"),
            models.CheckConstraint(
                condition=Q(salt__isnull=True, value__isnull=True)
                | Q(salt__isnull=False, value__isnull=False),
                name="audit_personal_erased_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} · {self.about}"
