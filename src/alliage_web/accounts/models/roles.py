"""Roles, held somewhere: on the platform, in a fund, an alliance, an organisation, a territory.

A place is known by its stable name, such as ``fund:odd17`` or ``territory:department/94``: the apps
that own the places stand above this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .people import User

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

PLATFORM: Final = "platform"


class Role(models.TextChoices):
    """What a person may do beyond what every signed-in person may."""

    ADMINISTRATOR = "administrator", _("Administration de la plateforme")
    FUND_OFFICER = "fund_officer", _("Gestion du fonds")
    REVIEWER = "reviewer", _("Instruction des dossiers")
    COMMITTEE_MEMBER = "committee_member", _("Membre du comité")
    FUND_AUDITOR = "fund_auditor", _("Audit du fonds")
    CATALYST = "catalyst", _("Catalyse d’un périmètre")
    PARTY_MEMBER = "party_member", _("Partie prenante d’une alliance")
    RESEARCHER = "researcher", _("Recherche (observatoire)")
    EDITOR = "editor", _("Rédaction et publication")
    READER = "reader", _("Lecture")


#: The kinds of places where each role is held: the words before the colon of their stable names.
HELD_AT: Final[Mapping[Role, tuple[str, ...]]] = {
    Role.ADMINISTRATOR: (PLATFORM,),
    Role.FUND_OFFICER: ("fund",),
    Role.REVIEWER: ("fund",),
    Role.COMMITTEE_MEMBER: ("fund",),
    Role.FUND_AUDITOR: ("fund",),
    Role.CATALYST: ("territory",),
    Role.PARTY_MEMBER: ("alliance",),
    Role.RESEARCHER: ("observatory",),
    Role.EDITOR: (PLATFORM,),
    Role.READER: ("fund", "alliance", "organisation", "observatory"),
}
#: Kinds of which there is one place only, whose stable name is the kind itself.
_SINGLE: Final = frozenset({PLATFORM, "observatory"})


def _role_is_held_where_it_may() -> Q:
    condition = Q(pk__in=())
    for role, kinds in HELD_AT.items():
        for kind in kinds:
            place = Q(place=kind) if kind in _SINGLE else Q(place__startswith=f"{kind}:")
            condition |= Q(role=role.value) & place
    return condition


def _party_member_acts_for_an_organisation() -> Q:
    party_member = Q(role=Role.PARTY_MEMBER.value)
    return (party_member & Q(organisation__startswith="organisation:")) | (
        ~party_member & Q(organisation="")
    )


class _Place(models.Model):
    """A role at a place, for an organisation where the role acts for one."""

    role = models.CharField(_("rôle"), max_length=20, choices=Role.choices)
    place = models.CharField(
        _("lieu"), max_length=150, default=PLATFORM, help_text=_("nom stable du lieu")
    )
    organisation = models.CharField(
        _("pour l’organisation"), max_length=150, blank=True, help_text=_("nom stable")
    )

    class Meta:
        abstract = True


class HoldingQuerySet(models.QuerySet["RoleHolding"]):
    def now(self, at: dt.datetime) -> HoldingQuerySet:
        """Keep the holdings that have not ended, each with who gave it."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at)).select_related("granted_by")


class RoleHolding(_Place):
    """A person holds a role somewhere, for ever or until a moment."""

    user = models.ForeignKey(User, models.CASCADE, related_name="role_holdings")
    granted_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="roles_granted"
    )
    granted_at = models.DateTimeField(_("donné le"))
    expires_at = models.DateTimeField(_("jusqu’au"), null=True, blank=True)

    objects: ClassVar[models.Manager[RoleHolding]] = HoldingQuerySet.as_manager()

    class Meta:
        verbose_name = _("rôle tenu")
        verbose_name_plural = _("rôles tenus")
        ordering = ("user", "place", "role", "organisation", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "place", "organisation"], name="accounts_role_held_once"
            ),
            models.CheckConstraint(
                condition=_role_is_held_where_it_may(), name="accounts_role_at_its_place"
            ),
            models.CheckConstraint(
                condition=_party_member_acts_for_an_organisation(),
                name="accounts_party_member_for_an_organisation",
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("granted_at")),
                name="accounts_role_ends_after_it_begins",
            ),
        ]
        indexes = [models.Index(fields=["place", "role"], name="accounts_role_place")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.place}"


class Membership(models.Model):
    """A person belongs to an organisation."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organisation = models.CharField(_("organisation"), max_length=150, help_text=_("nom stable"))
    since = models.DateTimeField(_("depuis"))

    class Meta:
        verbose_name = _("appartenance")
        verbose_name_plural = _("appartenances")
        ordering = ("user", "organisation", "pk")
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation"], name="accounts_member_once"),
            models.CheckConstraint(
                condition=Q(organisation__startswith="organisation:"),
                name="accounts_member_of_an_organisation",
            ),
        ]
        indexes = [models.Index(fields=["organisation"], name="accounts_members")]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation}"


class DelegationQuerySet(models.QuerySet["Delegation"]):
    def now(self, at: dt.datetime) -> DelegationQuerySet:
        """Keep the delegations under way, of roles that their holders still hold."""
        return self.filter(
            Q(holding__expires_at=None) | Q(holding__expires_at__gt=at),
            starts_at__lte=at,
            ends_at__gt=at,
            holding__user__is_active=True,
        ).select_related("holding__user", "holding__granted_by")


class Delegation(models.Model):
    """A person entrusts one of their roles to another while they are away.

    What was received is not passed on: only a holding is delegated.
    """

    holding = models.ForeignKey(RoleHolding, models.CASCADE, related_name="delegations")
    delegate = models.ForeignKey(User, models.CASCADE, related_name="delegations")
    starts_at = models.DateTimeField(_("du"))
    ends_at = models.DateTimeField(_("au"))
    created_at = models.DateTimeField(_("créée le"))

    objects: ClassVar[models.Manager[Delegation]] = DelegationQuerySet.as_manager()

    class Meta:
        verbose_name = _("délégation")
        verbose_name_plural = _("délégations")
        ordering = ("-ends_at", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="accounts_delegation_dates"
            ),
            models.UniqueConstraint(
                fields=["holding", "delegate", "starts_at"], name="accounts_delegation_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holding} → {self.delegate}"


class Invitation(models.Model):
    """Somebody is invited by e-mail: to a role, or to an organisation when the role is empty.

    The link holds a secret of which only the digest is kept.
    """

    email = models.EmailField(_("adresse électronique"))
    role = models.CharField(_("rôle"), max_length=20, choices=Role.choices, blank=True)
    place = models.CharField(_("lieu"), max_length=150)
    organisation = models.CharField(_("organisation"), max_length=150, blank=True)
    role_expires_at = models.DateTimeField(_("rôle tenu jusqu’au"), null=True, blank=True)
    message = models.TextField(_("message"), blank=True, max_length=1000)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="invitations_sent"
    )
    created_at = models.DateTimeField(_("envoyée le"))
    expires_at = models.DateTimeField(_("valable jusqu’au"))
    accepted_at = models.DateTimeField(_("acceptée le"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="invitations_accepted"
    )
    cancelled_at = models.DateTimeField(_("annulée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-created_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="accounts_invitation_dates"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(cancelled_at=None),
                name="accounts_invitation_one_end",
            ),
            models.CheckConstraint(
                condition=~Q(role="") | Q(place__startswith="organisation:"),
                name="accounts_invitation_invites_to_something",
            ),
        ]
        indexes = [models.Index(fields=["place"], name="accounts_invitation_place")]

    def __str__(self) -> str:
        return f"{self.email} · {self.get_role_display() or self.place}"

    def state(self, at: dt.datetime) -> str:
        """Say how it stands at a moment: accepted, cancelled, expired or waiting."""
        if self.accepted_at is not None:
            return "accepted"
        if self.cancelled_at is not None:
            return "cancelled"
        return "expired" if self.expires_at <= at else "waiting"
