"""Create the first administrator, or one more."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from alliage_web.accounts.actions import give_role, set_up_account
from alliage_web.accounts.actions.erasure_messages import home_address
from alliage_web.accounts.models import PLATFORM, Role, User


class Command(BaseCommand):
    help = (
        "Create an account that administers the platform, and print the link by which its holder "
        "chooses a password: good once, for two hours. An account that exists is given the role "
        "and keeps its password."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--name", default="", help="the name that others see")

    def handle(self, *_args: Any, **options: Any) -> None:
        email, name = options["email"].strip().lower(), options["name"].strip()
        _check(email)
        user = User.objects.filter(email=email).first()
        if user is not None:
            _give(user)
            self.stdout.write(f"{email} has an account: it administers the platform from now on.")
            return
        if not name:
            msg = f"{email} has no account yet: give --name, the name that others see."
            raise CommandError(msg)
        user = set_up_account(
            email=email,
            name=name,
            password=None,
            roles=[(Role.ADMINISTRATOR, PLATFORM)],
            at=timezone.now(),
        )
        link = _link_of(user)
        self.stdout.write(f"{email} administers the platform. To choose a password, open:\n{link}")
        if not _sent(user, link):
            self.stderr.write("The message with this link could not leave: hand it over yourself.")


def _check(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        msg = f"« {email} » is not an e-mail address. Give one such as alix@example.org."
        raise CommandError(msg) from error


def _give(user: User) -> None:
    if not user.is_active:
        msg = f"The account {user.email} is closed: it cannot hold a role. Use another address."
        raise CommandError(msg)
    give_role(user=user, role=Role.ADMINISTRATOR, place=PLATFORM, by=None, at=timezone.now())


def _link_of(user: User) -> str:
    key = default_token_generator.make_token(user)
    path = reverse(
        "account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key}
    )
    return home_address() + path


def _sent(user: User, link: str) -> bool:
    context = {"name": user.name, "link": link}
    subject = render_to_string("accounts/email/administrator_subject.txt", context)
    text = render_to_string("accounts/email/administrator.txt", context)
    try:
        send_mail(" ".join(subject.split()), text, None, [user.email])
    except OSError:
        return False
    return True
