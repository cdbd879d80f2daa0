"""The part of an organisation in an alliance, written by those who act for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from alliage_web.accounts.models import User
from alliage_web.actors.queries import by_slug
from alliage_web.alliances import actions, queries
from alliage_web.alliances.forms import PartForms
from alliage_web.alliances.permissions import may
from alliage_web.ui.components import Crumb

from .editing import Disagreement

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.actors.models import Organisation
    from alliage_web.alliances.models import Alliance
    from alliage_web.alliances.queries import Part, Row

_CONFLICT, _UNPROCESSABLE = 409, 422


@login_required
def edit(request: HttpRequest, slug: str, organisation: str) -> HttpResponse:
    alliance, actor = queries.find(slug), by_slug(organisation)
    if alliance is None or actor is None:
        raise Http404(_("Aucune alliance n’a cette adresse. Cherchez-la dans la liste."))
    if actor.merged_into is not None:
        return redirect("alliances:part", slug, actor.merged_into.slug, permanent=True)
    part = queries.part_of(alliance, actor.slug)
    if not may(request.user, "alliances.change_part", part):
        raise PermissionDenied
    return _edit(request, part, alliance, actor)


def _edit(
    request: HttpRequest, part: Part, alliance: Alliance, actor: Organisation
) -> HttpResponse:
    rows = _rows(part, actor)
    form = PartForms(
        request.POST if request.method == "POST" else None,
        rows=rows,
        version=actions.version_of_part(rows),
    )
    if request.method != "POST" or not form.is_valid():
        return _show(request, form, alliance, actor)
    assert isinstance(request.user, User)
    try:
        actions.update_part(
            part=part,
            rows=form.said(),
            version=form.version,
            by=request.user,
            at=timezone.now(),
        )
    except actions.PartConflictError as conflict:
        return _show_conflict(request, form, conflict.present, alliance, actor)
    messages.success(request, _("La part de « %(name)s » est enregistrée.") % {"name": actor.name})
    return redirect(alliance)


def _rows(part: Part, actor: Organisation) -> list[Row]:
    rows = queries.rows_of_part(part)
    if not rows:
        raise Http404(
            _("%(name)s n’est pas, ou n’est plus, partie prenante de cette alliance.")
            % {"name": actor.name}
        )
    return rows


def _show_conflict(
    request: HttpRequest,
    form: PartForms,
    present: list[Row],
    alliance: Alliance,
    actor: Organisation,
) -> HttpResponse:
    """Show both versions; what the person wrote stays in the form, to be sent again or not."""
    data = request.POST.copy()
    # Sent again, the form says that the person has seen the version of the other.
    data["version"] = version = actions.version_of_part(present)
    again = PartForms(data, rows=present, version=version)
    disagreements = [
        Disagreement(label, theirs, yours) for label, theirs, yours in form.differences(present)
    ]
    return _show(request, again, alliance, actor, conflict=True, disagreements=disagreements)


def _show(
    request: HttpRequest,
    form: PartForms,
    alliance: Alliance,
    actor: Organisation,
    *,
    conflict: bool = False,
    disagreements: list[Disagreement] | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "alliance": alliance,
        "organisation": actor,
        "conflict": conflict,
        "disagreements": disagreements or [],
        "faults": form.faults,
        "crumbs": [
            Crumb(_("Alliances"), reverse("alliances:index")),
            Crumb(alliance.display_title, alliance.get_absolute_url()),
            Crumb(_("Sa part")),
        ],
    }
    status = _UNPROCESSABLE if form.faults else 200
    return render(request, "alliances/part.html", context, status=_CONFLICT if conflict else status)
