"""The person who is signed in, by the session of the pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import holdings_of
from alliage_web.api.schemas.common import Problem, _
from alliage_web.api.schemas.people import Me

from .problems import SignInRequiredError

router = Router(tags=["me"])


@router.get(
    "/me",
    url_name="me",
    summary=_("La personne connectée et les rôles qu’elle tient maintenant"),
    response={200: Me, 401: Problem},
)
def me(request: HttpRequest) -> dict[str, Any]:
    user = request.user
    if not user.is_authenticated or not user.is_active:
        raise SignInRequiredError
    return {
        "name": user.name,
        "email": user.email,
        "roles": [
            {
                "role": held.role,
                "label": Role(held.role).label,
                "place": held.place,
                "organisation": held.organisation,
                "since": held.since,
                "until": held.until,
                "lent_by": str(held.lent_by or ""),
            }
            for held in holdings_of(user)
        ],
    }
