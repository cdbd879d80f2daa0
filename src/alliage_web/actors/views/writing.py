"""Describing an organisation, and changing what is said of it."""

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
from alliage_web.actors import actions, queries
from alliage_web.actors.forms import OrganisationForm
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.queries import HistoryLine, ReadableChange, readable
from alliage_web.ui.components import Crumb

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.actors.models import Organisation

_PLACES = ("territories", "catalyst_territories")


@login_required
def new(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = OrganisationForm(request.POST or None)
    candidates: list[queries.Candidate] = []
    if _is_adding_a_place(request):
        form.keep_errors_of(*_PLACES)
    elif form.is_bound:
        # Sent twice, the form would find a duplicate: the organisation it has just made.
        made = form.already_made
        if made:
            return redirect("site:organisation", made)
        if form.is_valid():
            candidates = _candidates(request, form)
            response = None if candidates else _create(request, form)
            if response:
                return response
    context = {
        "form": form,
        "candidates": [(item, queries.reason_in_words(item)) for item in candidates],
        "seen": " ".join(candidate.card.slug for candidate in candidates),
        "crumbs": [Crumb(_("Acteurs"), reverse("actors:index")), Crumb(_("Ajouter"))],
    }
    return render(request, "actors/new.html", context)


def _candidates(request: HttpRequest, form: OrganisationForm) -> list[queries.Candidate]:
    """Give the likely duplicates, unless the person has seen them all and says they are others."""
    found = queries.near_same_name(form.description)
    seen = set(request.POST.get("different_from", "").split())
    return [] if all(candidate.card.slug in seen for candidate in found) else found


def _create(request: HttpRequest, form: OrganisationForm) -> HttpResponse | None:
    assert isinstance(request.user, User)
    try:
        organisation = actions.create_organisation(
            description=form.description,
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError as done:
        return redirect("site:organisation", done.target.removeprefix("organisation:"))
    except actions.SameIdentifierError as error:
        # Another person recorded it since the form was checked.
        form.add_twins(error.twins)
        return None
    messages.success(request, _("L’organisation est enregistrée."))
    return redirect(organisation)


@login_required
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    assert isinstance(request.user, User)
    organisation = found(slug)
    if not request.user.has_perm("actors.change_organisation", organisation):
        raise PermissionDenied
    before = queries.describe(organisation)
    form = OrganisationForm(
        request.POST or None,
        before=before,
        besides=organisation.pk,
        version=actions.version_of(organisation),
    )
    conflict: list[ReadableChange] = []
    if _is_adding_a_place(request):
        form.keep_errors_of(*_PLACES)
    elif form.is_valid():
        try:
            _change(request, form, organisation)
        except actions.EditConflictError as error:
            conflict = _differences(error.present, form.description)
            # Sent again, the form says that the person has seen what the other wrote.
            data = request.POST.copy()
            data["version"] = error.version
            form = OrganisationForm(data, before=before, besides=organisation.pk)
        else:
            if form.is_valid():
                messages.success(request, _("Les modifications sont enregistrées."))
                return redirect(organisation)
    context = {
        "form": form,
        "conflict": conflict,
        "organisation": organisation,
        "crumbs": [
            Crumb(_("Acteurs"), reverse("actors:index")),
            Crumb(organisation.name, organisation.get_absolute_url()),
            Crumb(_("Modifier")),
        ],
    }
    return render(request, "actors/edit.html", context)


def _change(request: HttpRequest, form: OrganisationForm, organisation: Organisation) -> None:
    """Write the form, or put on it what only the tables could tell."""
    assert isinstance(request.user, User)
    try:
        actions.change_organisation(
            organisation=organisation,
            description=form.description,
            by=request.user,
            at=timezone.now(),
            version=form.cleaned_data["version"],
        )
    except actions.ParentCircleError:
        form.add_error(
            "parent",
            _("Cette organisation est elle-même, ou dépend d’elle : choisissez-en une autre."),
        )
    except actions.SameIdentifierError as error:
        form.add_twins(error.twins)


def _differences(present: queries.Description, yours: queries.Description) -> list[ReadableChange]:
    """Say field by field what another person wrote, and what this one is about to write."""
    line = HistoryLine(timezone.now(), None, "", yours.changes_from(present))
    (readable_line,) = readable([line], kinds={}, fields=queries.FIELD_LABELS)
    return list(readable_line.changes)


@login_required
def history(request: HttpRequest, slug: str) -> HttpResponse:
    organisation = found(slug)
    context = {
        "organisation": organisation,
        "merged_from": queries.merged_from(organisation),
        "history": readable(
            queries.history_of(organisation), kinds=queries.EVENTS, fields=queries.FIELD_LABELS
        ),
        "crumbs": [
            Crumb(_("Acteurs"), reverse("actors:index")),
            Crumb(organisation.name, organisation.get_absolute_url()),
            Crumb(_("Historique")),
        ],
    }
    return render(request, "actors/history.html", context)


def found(slug: str) -> Organisation:
    """Give the organisation of an address; a merged one has no page to write on."""
    organisation = queries.by_slug(slug)
    if organisation is None or organisation.merged_into_id is not None:
        raise Http404(
            _("Aucune organisation « %(slug)s ». Cherchez-la dans l’annuaire.") % {"slug": slug}
        )
    return organisation


def _is_adding_a_place(request: HttpRequest) -> bool:
    return request.method == "POST" and "add_place" in request.POST
