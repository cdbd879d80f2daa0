"""People who sign in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.core.management.base import CommandError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        if not email:
            msg = "A person needs an e-mail address to sign in."
            raise ValueError(msg)
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *_args: object, **_fields: object) -> User:
        """Refuse: nobody has every power here, and roles are given by name.

        Raises
        ------
        CommandError
            It says which command to use instead.
        """
        msg = (
            "createsuperuser is replaced: roles are the only power here. Use "
            "« alliage-web create-administrator EMAIL --name NAME »."
        )
        raise CommandError(msg)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person, known by e-mail address.

    What a person may do comes from the roles that they hold, and from nothing else: the flags and
    the groups of Django stay empty. A person who asked to be erased keeps this row, without name
    or address, so that what they wrote still has one author.
    """

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("adresse électronique"), unique=True)
    name = models.CharField(_("nom affiché"), max_length=120)
    warned_at = models.DateTimeField(
        _("prévenue de l’effacement le"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("d’un compte qui ne sert plus"),
    )
    erased_at = models.DateTimeField(_("effacée le"), null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("personne")
        verbose_name_plural = _("personnes")
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_unique"),
            models.CheckConstraint(
                condition=models.Q(is_superuser=False, is_staff=False),
                name="accounts_roles_are_the_only_power",
            ),
            models.CheckConstraint(
                condition=models.Q(erased_at=None) | models.Q(is_active=False),
                name="accounts_erased_is_closed",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @property
    def stable_name(self) -> str:
        """The name of this person in the trail."""
        return f"person:{self.pk}"

    @cached_property
    def own_holdings(self) -> tuple[Any, ...]:
        """The roles held now in their own name (``RoleHolding``), read once for each loaded person.

        The clock is read here: a permission is asked for the moment of the request, and a role
        that ended a second ago gives nothing.
        """
        return tuple(self.role_holdings.now(timezone.now()))

    @cached_property
    def delegations_received(self) -> tuple[Any, ...]:
        """What others entrust for now (``Delegation``), read once for each loaded person."""
        return tuple(self.delegations.now(timezone.now()))

    @cached_property
    def read_once(self) -> dict[str, Any]:
        """What the apps above read about this person, kept as long as this object."""
        return {}

    @cached_property
    def belongs_to(self) -> tuple[Any, ...]:
        """The organisations of the person (``Membership``), read once for each loaded person."""
        return tuple(self.memberships.all())
