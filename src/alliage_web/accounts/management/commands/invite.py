"""Invite somebody from the command line."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.urls import reverse
from django.utils import timezone

from alliage_web.accounts import actions
from alliage_web.accounts.actions.erasure_messages import home_address
from alliage_web.accounts.models import PLATFORM, Role
from alliage_web.accounts.permissions import held_at_kind
from alliage_web.accounts.queries import MEMBER, place

if TYPE_CHECKING:
    from alliage_web.accounts.queries import Place

_MEMBER = "member"


class Command(BaseCommand):
    help = (
        "Invite somebody to a role, or to belong to an organisation (--role member): sends the "
        "message and prints its link."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--role", required=True, choices=[_MEMBER, *Role.values])
        parser.add_argument(
            "--place",
            default=PLATFORM,
            help="stable name of the place, such as fund:odd17 or organisation:acteur; platform",
        )
        parser.add_argument(
            "--organisation", default="", help="for a party member: organisation:<its address>"
        )
        parser.add_argument(
            "--until", type=dt.date.fromisoformat, help="last day of the role: YYYY-MM-DD"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        email = options["email"].strip()
        where = _place(options["place"])
        role = _role(options["role"], where)
        organisation = _organisation(role, options["organisation"], where)
        try:
            validate_email(email)
            issued = actions.invite(
                emails=[email],
                role=role,
                place=where.name,
                organisation=organisation,
                role_expires_at=_end(options["until"]),
                by=None,
                at=timezone.now(),
            )
        except ValidationError as error:
            msg = f"« {email} » is not an e-mail address. Give one such as alix@example.org."
            raise CommandError(msg) from error
        except actions.InvitationsRefusedError as error:
            msg = f"{email}: already there, or invited already. Nothing was sent."
            raise CommandError(msg) from error
        self._deliver(email, issued)

    def _deliver(self, email: str, issued: list[actions.Issued]) -> None:
        def link(token: str) -> str:
            return home_address() + reverse("accounts:invitation-link", args=[token])

        failed = actions.deliver(issued, link=link)
        for one in issued:
            self.stdout.write(f"{email} is invited, for fourteen days:\n{link(one.token)}")
        if failed:
            self.stderr.write("The message could not leave: hand this link over yourself.")


def _place(name: str) -> Place:
    where = place(name)
    if where is None:
        msg = (
            f"No place is named « {name} ». Give platform, observatory, or a kind and an address: "
            "fund:odd17, alliance:…, organisation:…, territory:department/94."
        )
        raise CommandError(msg)
    return where


def _role(role: str, where: Place) -> str:
    chosen = MEMBER if role == _MEMBER else role
    possible = held_at_kind(where.kind)
    if chosen not in possible:
        allowed = ", ".join(one or _MEMBER for one in possible)
        msg = f"{role} is not held at {where.name}. There are: {allowed}."
        raise CommandError(msg)
    return chosen


def _organisation(role: str, name: str, where: Place) -> str:
    if role != Role.PARTY_MEMBER:
        if name:
            msg = f"--organisation is for party_member only, not for {role or _MEMBER}."
            raise CommandError(msg)
        return ""
    found = place(name)
    if found is None or found.kind != "organisation":
        msg = (
            f"A party member at {where.name} acts for an organisation: give --organisation "
            "organisation:<its address>."
        )
        raise CommandError(msg)
    return found.name


def _end(day: dt.date | None) -> dt.datetime | None:
    if day is None:
        return None
    if day < timezone.localdate():
        msg = f"{day.isoformat()} is past. Give a day to come."
        raise CommandError(msg)
    midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(0))
    return timezone.make_aware(midnight)
