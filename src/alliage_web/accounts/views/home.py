"""A person's own space: what waits for them, where they work, what they can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage_web.accounts import queries
from alliage_web.accounts.models import User

from . import words
from .roles import lent_line
from .workspaces import cards_of, own_places

if TYPE_CHECKING:
    import datetime as dt

    from django.http import HttpRequest, HttpResponse

_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for the person, and where to see to it."""

    sentence: str
    href: str
    action: str


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    at = timezone.now()
    context = {
        "waiting": [
            *_invitations(request.user, at),
            *_ending(request.user, at),
            *_replacing(request.user, at),
        ],
        "cards": cards_of(own_places(request.user), request.user),
    }
    return render(request, "accounts/home.html", context)


def _invitations(user: User, at: dt.datetime) -> list[Waiting]:
    return [
        Waiting(
            sentence=_("%(inviter)s vous invite : « %(thing)s », %(place)s.")
            % {
                "inviter": invitation.invited_by or _("L’administration de la plateforme"),
                "thing": words.thing(invitation.role),
                "place": words.title_of(invitation.place),
            },
            href=reverse("accounts:own-invitation", args=[invitation.pk]),
            action=_("Voir l’invitation"),
        )
        for invitation in queries.waiting_for(user, at)
    ]


def _ending(user: User, at: dt.datetime) -> list[Waiting]:
    return [
        Waiting(
            sentence=_("Votre rôle « %(role)s », %(place)s, finit le %(day)s.")
            % {
                "role": held.label,
                "place": words.title_of(held.place),
                "day": words.last_day(held.until),
            },
            href=reverse("accounts:roles"),
            action=_("Voir mes rôles"),
        )
        for held in queries.holdings_of(user)
        if held.until and not held.lent_by and held.until - at < _SOON
    ]


def _replacing(user: User, at: dt.datetime) -> list[Waiting]:
    return [
        Waiting(
            sentence=lent_line(delegation).sentence,
            href=reverse("accounts:roles"),
            action=_("Voir mes rôles"),
        )
        for delegation in queries.received_by(user, at)
    ]
