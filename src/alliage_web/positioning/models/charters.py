"""Charters: their versions, the organisations that sign them, their signatures and comments.

Names of parties are those of the day on which they entered: a text that is signed does not change
when a record of the directory does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alliage.positioning.charter import LONGEST_NOTICE, CharterState
from alliage_web.actors.models import WorldChoices

if TYPE_CHECKING:
    import datetime as dt

_DIGEST = r"^[0-9a-f]{64}$"
#: The states in which a version is written or signed: a charter has one such version at most.
OPEN = [CharterState.DRAFT.value, CharterState.SIGNING.value]
_FROZEN = [
    *(CharterState.SIGNING.value, CharterState.IN_FORCE.value, CharterState.REPLACED.value),
]
_WAS_IN_FORCE = [CharterState.IN_FORCE.value, CharterState.REPLACED.value]


class CharterStateChoices(models.TextChoices):
    """The states of the library, in the words of the pages."""

    DRAFT = CharterState.DRAFT.value, _("projet")
    SIGNING = CharterState.SIGNING.value, _("projet, à la signature")
    IN_FORCE = CharterState.IN_FORCE.value, pgettext_lazy("charte", "en vigueur")
    REPLACED = CharterState.REPLACED.value, _("remplacée par un avenant")
    ENDED = CharterState.ENDED.value, _("terminée")
    ABANDONED = CharterState.ABANDONED.value, _("abandonnée avant signature")


class Charter(models.Model):
    """What a group of organisations agrees on, through its versions."""

    uuid = models.UUIDField(_("identifiant"), default=uuid4, unique=True, editable=False)
    title = models.CharField(_("titre"), max_length=160)
    alliance = models.ForeignKey(
        "alliances.Alliance",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="charters",
        verbose_name=_("alliance"),
    )
    invented = models.BooleanField(_("inventée pour une démonstration"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="charters_begun"
    )
    created_at = models.DateTimeField(_("commencée le"))

    class Meta:
        verbose_name = _("charte")
        verbose_name_plural = _("chartes")
        ordering = ("-created_at", "-pk")
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="positioning_charter_named"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("positioning:charter", args=[self.uuid])

    @property
    def stable_name(self) -> str:
        return f"charter:{self.uuid}"


class CharterVersion(models.Model):
    """One text of a charter; ``content`` is what is signed, frozen when it goes to signature.

    The state « ended » is never stored: ``ends_on`` is, and `state_on` tells it.
    """

    charter = models.ForeignKey(Charter, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(
        _("état"),
        max_length=12,
        choices=CharterStateChoices.choices,
        default=CharterState.DRAFT.value,
    )
    reason = models.TextField(_("motif de l’avenant"), blank=True)
    sections = models.JSONField(_("textes des sections"), default=dict)
    notice_days = models.PositiveSmallIntegerField(_("préavis en jours"), null=True, blank=True)
    review_on = models.DateField(_("à relire le"), null=True, blank=True)
    content = models.JSONField(_("texte figé"), null=True, blank=True)
    digest = models.CharField(_("empreinte SHA-256"), max_length=64, blank=True)
    frozen_at = models.DateTimeField(_("figé le"), null=True, blank=True)
    in_force_on = models.DateField(_("en vigueur depuis le"), null=True, blank=True)
    ends_on = models.DateField(_("terminée le"), null=True, blank=True)
    created_at = models.DateTimeField(_("commencée le"))

    class Meta:
        verbose_name = _("version d’une charte")
        verbose_name_plural = _("versions de chartes")
        ordering = ("charter", "number")
        constraints = [
            models.UniqueConstraint(
                fields=["charter", "number"], name="positioning_charter_version_once"
            ),
            models.UniqueConstraint(
                fields=["charter"],
                condition=Q(state__in=OPEN),
                name="positioning_charter_one_open",
            ),
            models.UniqueConstraint(
                fields=["charter"],
                condition=Q(state=CharterState.IN_FORCE.value),
                name="positioning_charter_one_in_force",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[*OPEN, *_WAS_IN_FORCE, CharterState.ABANDONED.value]),
                name="positioning_charter_state_known",
            ),
            models.CheckConstraint(
                condition=Q(number=1) | (Q(number__gt=1) & ~Q(reason="")),
                name="positioning_charter_amended_why",
            ),
            models.CheckConstraint(
                condition=Q(notice_days=None) | Q(notice_days__lte=LONGEST_NOTICE),
                name="positioning_charter_notice",
            ),
            models.CheckConstraint(
                condition=Q(
                    ("digest__regex", _DIGEST),
                    state__in=_FROZEN,
                    content__isnull=False,
                    frozen_at__isnull=False,
                )
                | (Q(digest="", content__isnull=True, frozen_at=None) & ~Q(state__in=_FROZEN)),
                name="positioning_charter_frozen_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_WAS_IN_FORCE, in_force_on__isnull=False)
                | (Q(in_force_on=None) & ~Q(state__in=_WAS_IN_FORCE)),
                name="positioning_charter_in_force_since",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(in_force_on__isnull=False),
                name="positioning_charter_ends_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charter} v{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("positioning:charter-version", args=[self.charter.uuid, self.number])

    @property
    def stable_name(self) -> str:
        return f"charter-version:{self.charter.uuid}:{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether it is still written or signed."""
        return self.state in OPEN

    def state_on(self, day: dt.date) -> CharterState:
        """Tell where it stands on a day, the day on which it ended being told by the calendar."""
        state = CharterState(self.state)
        over = self.ends_on is not None and self.ends_on <= day
        return CharterState.ENDED if state is CharterState.IN_FORCE and over else state


class CharterParty(models.Model):
    """An organisation that is to sign a version, under the name and the world it had."""

    version = models.ForeignKey(CharterVersion, models.CASCADE, related_name="parties")
    organisation = models.ForeignKey(
        "actors.Organisation",
        models.PROTECT,
        related_name="charter_parties",
        verbose_name=_("organisation"),
    )
    code = models.SlugField(_("identifiant"), max_length=120)
    name = models.CharField(_("nom"), max_length=200)
    world = models.CharField(_("monde"), max_length=20, choices=WorldChoices.choices)
    invited_at = models.DateTimeField(_("invitée le"))
    #: When the text changed after it had signed; empty again once it signs.
    cancelled_at = models.DateTimeField(_("signature annulée le"), null=True, blank=True)
    told_on = models.DateField(_("départ annoncé le"), null=True, blank=True)
    leaves_on = models.DateField(_("quitte la charte le"), null=True, blank=True)
    leaving_why = models.TextField(_("motif du départ"), blank=True)

    class Meta:
        verbose_name = _("partie d’une charte")
        verbose_name_plural = _("parties de chartes")
        ordering = ("version", "code", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "organisation"], name="positioning_charter_party_once"
            ),
            models.UniqueConstraint(
                fields=["version", "code"], name="positioning_charter_party_code_once"
            ),
            models.CheckConstraint(
                condition=Q(world__in=WorldChoices.values), name="positioning_charter_party_world"
            ),
            models.CheckConstraint(
                condition=Q(told_on=None, leaves_on=None, leaving_why="")
                | Q(told_on__isnull=False, leaves_on__isnull=False, leaves_on__gte=F("told_on")),
                name="positioning_charter_party_leaves_after_notice",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def stable_name(self) -> str:
        return f"charter-party:{self.version.charter.uuid}:{self.version.number}:{self.code}"


class CharterSignature(models.Model):
    """Who signed for a party, of what text, and whether it may be public with their name."""

    PERSONAL: ClassVar[tuple[str, ...]] = ("signatory", "capacity")

    party = models.OneToOneField(CharterParty, models.CASCADE, related_name="signature")
    digest = models.CharField(_("empreinte du texte signé"), max_length=64)
    signatory = models.CharField(_("signataire"), max_length=120)
    capacity = models.CharField(_("qualité"), max_length=120)
    agrees_public = models.BooleanField(_("accepte que la charte soit publique"), default=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="charter_signatures"
    )
    signed_at = models.DateTimeField(_("signée le"))

    class Meta:
        verbose_name = _("signature d’une charte")
        verbose_name_plural = _("signatures de chartes")
        ordering = ("party", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(("digest__regex", _DIGEST)), name="positioning_charter_signed_text"
            ),
            models.CheckConstraint(
                condition=~Q(signatory="") & ~Q(capacity=""),
                name="positioning_charter_signed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.signatory}, {self.capacity}"


class CharterComment(models.Model):
    """What a party proposes to change in a section, before it signs."""

    version = models.ForeignKey(CharterVersion, models.CASCADE, related_name="comments")
    section = models.SlugField(_("section"), max_length=60)
    organisation = models.ForeignKey(
        "actors.Organisation",
        models.PROTECT,
        related_name="charter_comments",
        verbose_name=_("au nom de"),
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="charter_comments"
    )
    text = models.TextField(_("proposition"))
    written_at = models.DateTimeField(_("écrite le"))
    settled_at = models.DateTimeField(_("traitée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("proposition sur une charte")
        verbose_name_plural = _("propositions sur des chartes")
        ordering = ("version", "written_at", "pk")
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="positioning_charter_comment_says"),
            models.CheckConstraint(
                condition=Q(settled_at=None) | Q(settled_at__gte=F("written_at")),
                name="positioning_charter_comment_settled_after",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]
