"""Merging two records of the same organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from alliage_web.accounts.models import User
from alliage_web.actors import actions, queries
from alliage_web.actors.forms import ChooseOrganisationForm
from alliage_web.ui.components import Crumb

from .writing import found

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.actors.models import Organisation


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """A field on which the two records differ, and the value that is kept unless told."""

    name: str
    label: str
    kept: str
    merged: str
    default: Literal["kept", "merged"]


@login_required
@permission_required("actors.merge_organisation", raise_exception=True)
def merge(request: HttpRequest, slug: str) -> HttpResponse:
    kept = found(slug)
    form = ChooseOrganisationForm(request.GET or None, besides=kept.pk)
    crumbs = [
        Crumb(_("Acteurs"), reverse("actors:index")),
        Crumb(kept.name, kept.get_absolute_url()),
        Crumb(_("Fusionner")),
    ]
    if not form.is_valid():
        if request.method == "POST":
            # The form was sent twice: the other record has already joined this one.
            return redirect(kept)
        candidates = queries.near_same_name(queries.describe(kept), besides=kept.pk)
        context = {
            "organisation": kept,
            "form": form,
            "candidates": [(item, queries.reason_in_words(item)) for item in candidates],
            "crumbs": crumbs,
        }
        return render(request, "actors/merge_choose.html", context)
    merged = found(form.cleaned_data["other"])
    if request.method == "POST":
        return _merge(request, kept, merged)
    context = {
        "kept": kept,
        "merged": merged,
        "choices": _choices(kept, merged),
        "links": queries.pointers_to(merged),
        "obstacles": queries.obstacles(kept, merged),
        "related": kept.pk == merged.parent_id or merged.pk == kept.parent_id,
        "crumbs": crumbs,
    }
    return render(request, "actors/merge_compare.html", context)


def _merge(request: HttpRequest, kept: Organisation, merged: Organisation) -> HttpResponse:
    assert isinstance(request.user, User)
    sides: dict[str, actions.Side] = {
        choice.name: "merged" if request.POST.get(choice.name) == "merged" else "kept"
        for choice in _choices(kept, merged)
    }
    try:
        survivor = actions.merge_organisations(
            kept=kept, merged=merged, choices=sides, by=request.user, at=timezone.now()
        )
    except actions.MergeError:
        # The page says what stands in the way, or that the other record has joined another one.
        return redirect(request.get_full_path())
    messages.success(
        request,
        _("« %(merged)s » a rejoint « %(kept)s ». Son ancienne adresse mène ici.")
        % {"merged": merged.name, "kept": survivor.name},
    )
    return redirect(survivor)


def _choices(kept: Organisation, merged: Organisation) -> list[FieldChoice]:
    both = {kept.slug, merged.slug}
    here, there = queries.describe(kept), queries.describe(merged)
    rows = []
    for name in actions.CHOICES:
        # An organisation that depends on the other one will not depend on itself.
        if name == "parent" and {here.parent, there.parent} & both:
            continue
        if getattr(here, name) != getattr(there, name):
            shown = queries.shown_value(kept, name), queries.shown_value(merged, name)
            rows.append(
                FieldChoice(
                    name=name,
                    label=str(queries.FIELD_LABELS[name]),
                    kept=shown[0],
                    merged=shown[1],
                    default="kept" if shown[0] else "merged",
                )
            )
    return rows
