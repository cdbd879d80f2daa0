"""The waves that are being prepared: what waits, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage_web.accounts.models import User
from alliage_web.accounts.queries import place
from alliage_web.accounts.queries.own_places import OBSERVATORY
from alliage_web.observatory.permissions import (
    READ_RESPONDENTS,
    SEE_PIPELINE,
)
from alliage_web.observatory.queries import releases as release_queries
from alliage_web.observatory.queries import respondent_files as file_queries
from alliage_web.ui.components import Crumb

from .home import home_crumb

if TYPE_CHECKING:
    from django.http import HttpRequest


def here() -> Any:
    found = place(OBSERVATORY)
    assert found is not None
    return found.object


def person_who(request: HttpRequest, permission: str) -> User:
    """Return who asks, if they may; what a person may not see does not exist for them."""
    assert isinstance(request.user, User)
    if not request.user.has_perm(permission, here()):
        if request.user.has_perm(SEE_PIPELINE, here()):
            raise PermissionDenied
        raise Http404(_("Cette page n’existe pas, ou vous n’y avez pas accès."))
    return request.user


def crumbs_of(*more: Crumb) -> list[Crumb]:
    return [
        home_crumb(),
        Crumb(_("Vagues en préparation"), reverse("observatory:pipeline") if more else ""),
        *more,
    ]


@login_required
@require_safe
def pipeline(request: HttpRequest) -> HttpResponse:
    """Show what waits: files to describe, drafts, releases to review."""
    user = person_who(request, SEE_PIPELINE)
    context = {
        "files": file_queries.every_file(),
        "releases": release_queries.in_preparation(),
        "waves": release_queries.every_wave(),
        "may_receive": user.has_perm(READ_RESPONDENTS, here()),
        "today": timezone.localdate(),
        "crumbs": crumbs_of(),
    }
    return render(request, "observatory/pipeline.html", context)
