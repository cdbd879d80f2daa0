"""Whom to turn to, without answering the questionnaire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.alliances.vocabulary import World
from alliage.positioning.orientation import Wish
from alliage_web.positioning.forms.support import SupportForm
from alliage_web.positioning.queries.orientation import body_lines, oriented
from alliage_web.territories.queries import resolve
from alliage_web.ui.components import Crumb

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe
def support(request: HttpRequest) -> HttpResponse:
    """Show who may help; what is asked narrows it, and a mistake in it is told."""
    asked = any(request.GET.get(name) for name in SupportForm.base_fields)
    form = SupportForm(request.GET if asked else None)
    context: dict[str, object] = {
        "form": form,
        "crumbs": [
            Crumb(_("Se situer"), reverse("positioning:index")),
            Crumb(_("Trouver de l’aide")),
        ],
    }
    if asked:
        form.is_valid()
        said = form.cleaned_data
        place = form.place
        context["orientation"] = oriented(
            doors=(said["door"],) if said.get("door") else (),
            world=World(said["world"]) if said.get("world") else None,
            domains=frozenset({said["domain"]} if said.get("domain") else ()),
            territory=resolve(place.level, place.code) if place else None,
        )
    else:
        context["bodies"] = body_lines(Wish(), None)
    return render(request, "positioning/support.html", context)
