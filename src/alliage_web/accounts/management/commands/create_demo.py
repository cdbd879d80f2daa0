"""Create the demonstration accounts."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from alliage_web.accounts.actions import set_up_account
from alliage_web.accounts.checks import DOMAIN, MARK, is_demonstration, is_marked
from alliage_web.accounts.models import PLATFORM, Role, User
from alliage_web.audit.actions import record

_FUND = "fund:odd17"
#: The story of the demonstration happens over these months: its people were there.
_SINCE = dt.timedelta(days=400)
_TOWN = "organisation:ville-de-vincennes"


class _Account(NamedTuple):
    word: str
    name: str
    roles: tuple[tuple[Role, str] | tuple[Role, str, str], ...]
    organisations: tuple[str, ...] = ()


ACCOUNTS = (
    _Account(
        "alix", "Alix, administration", ((Role.ADMINISTRATOR, PLATFORM), (Role.EDITOR, PLATFORM))
    ),
    _Account("dominique", "Dominique, rédaction", ((Role.EDITOR, PLATFORM),)),
    _Account(
        "camille",
        "Camille, catalyse en Val-de-Marne",
        ((Role.CATALYST, "territory:department/94"),),
    ),
    _Account("sacha", "Sacha, gestion du fonds", ((Role.FUND_OFFICER, _FUND),)),
    _Account("morgan", "Morgan, gestion du fonds", ((Role.FUND_OFFICER, _FUND),)),
    *(
        _Account(word, f"{word.capitalize()}, instruction", ((Role.REVIEWER, _FUND),))
        for word in ("charlie", "eden", "yael")
    ),
    *(
        _Account(word, f"{word.capitalize()}, comité", ((Role.COMMITTEE_MEMBER, _FUND),))
        for word in ("robin", "swann", "ange")
    ),
    _Account("claude", "Claude, audit du fonds", ((Role.FUND_AUDITOR, _FUND),)),
    *(
        _Account(word, f"{word.capitalize()}, recherche", ((Role.RESEARCHER, "observatory"),))
        for word in ("noa", "jessy")
    ),
    _Account(
        "maxime",
        "Maxime, partie prenante",
        ((Role.PARTY_MEMBER, "alliance:agir-ensemble-en-territoire", _TOWN),),
        (_TOWN,),
    ),
    _Account("lou", "Lou, lecture du fonds", ((Role.READER, _FUND),)),
)


class Command(BaseCommand):
    help = (
        "Create the demonstration accounts with passwords drawn at random, printed once. Refused "
        "in production and beside real accounts. With --renew, existing accounts get new passwords."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--renew", action="store_true", help="draw new passwords for existing accounts"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        self._refuse()
        now = timezone.now()
        since = now - _SINCE
        if not is_marked():
            record(kind="platform.demonstration", target=MARK, by=None, at=now)
        existing = set(User.objects.filter(email__endswith=DOMAIN).values_list("email", flat=True))
        for account in ACCOUNTS:
            email = f"{account.word}{DOMAIN}"
            if email in existing and not options["renew"]:
                self.stdout.write(f"{email}: exists, password unchanged (--renew draws a new one)")
                continue
            password = secrets.token_urlsafe(9)
            set_up_account(
                email=email,
                name=f"{account.name} (démonstration)",
                password=password,
                roles=account.roles,
                organisations=account.organisations,
                at=since,
            )
            self.stdout.write(f"{email}  password: {password}")

    def _refuse(self) -> None:
        if settings.PRODUCTION:
            msg = "Demonstration accounts are refused in production. Set ALLIAGE_MODE=demo."
            raise CommandError(msg)
        real = User.objects.filter(is_active=True).exclude(email__endswith=DOMAIN).count()
        if settings.ALLIAGE_DEMO and real and not is_demonstration():
            msg = (
                f"This database holds {real} accounts that are not of a demonstration: printed "
                "passwords would open it. Give the demonstration its own database, with another "
                "ALLIAGE_VAR or DATABASE_URL."
            )
            raise CommandError(msg)
