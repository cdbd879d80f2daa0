"""Drawing and changing a project's own perimeter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from alliage.territories.levels import Level
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.territories import actions, permissions, queries
from alliage_web.territories.forms import PerimeterForm
from alliage_web.territories.models import Perimeter
from alliage_web.ui.components import Crumb

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.territories.queries import Suggestion

ADD = "ajouter"


@dataclass(frozen=True, slots=True)
class Adding:
    """What came of « Ajouter »: a sentence, and the communes to choose from if several match."""

    text: str
    choices: tuple[Suggestion, ...] = ()


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Draw a perimeter."""
    if not request.user.has_perm(permissions.ADD_PERIMETER):
        raise PermissionDenied
    if request.method != "POST":
        return _show(request, PerimeterForm())
    if ADD in request.POST:
        return _add(request)
    form = PerimeterForm(request.POST)
    if not form.is_valid():
        return _show(request, form)
    assert request.user.is_authenticated
    try:
        perimeter = actions.create_perimeter(
            **form.perimeter_values(),
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError as error:
        _kind, _colon, address = error.target.partition(":")
        return redirect("site:territory", *address.split("/", 1))
    messages.success(request, _("Le périmètre « %(name)s » est créé.") % {"name": perimeter})
    return redirect(perimeter.territory)


@login_required
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a perimeter."""
    territory = queries.resolve(Level.PERIMETER, code)
    perimeter = Perimeter.objects.filter(territory=territory).first() if territory else None
    if territory is None or perimeter is None:
        raise Http404(_("Aucun périmètre n’a cette adresse."))
    if not request.user.has_perm(permissions.CHANGE_PERIMETER, perimeter):
        raise PermissionDenied
    if request.method != "POST":
        initial = {
            "name": territory.name,
            "kind": perimeter.kind,
            "description": perimeter.description,
            "codes": "\n".join(
                f"{commune.code} {commune.name}"
                for commune in perimeter.communes.order_by("name", "pk")
            ),
        }
        return _show(request, PerimeterForm(initial=initial), perimeter)
    if ADD in request.POST:
        return _add(request, perimeter)
    form = PerimeterForm(request.POST)
    if not form.is_valid():
        return _show(request, form, perimeter)
    assert request.user.is_authenticated
    actions.edit_perimeter(
        perimeter=perimeter, **form.perimeter_values(), by=request.user, at=timezone.now()
    )
    messages.success(request, _("Les modifications sont enregistrées."))
    return redirect(territory)


def _add(request: HttpRequest, perimeter: Perimeter | None = None) -> HttpResponse:
    """Add the chosen commune to the list and show the form again, nothing else being checked."""
    data = request.POST
    text = (data[ADD] or data.get("add") or data.get("add_text") or "").strip()[:200]
    found = queries.identify(text, levels=[Level.COMMUNE]) if text else []
    codes = data.get("codes", "").rstrip()
    if len(found) == 1:
        codes = f"{codes}\n{found[0].code} {found[0].name}".lstrip()
    values = {name: data.get(name, "") for name in ("name", "kind", "description", "submission")}
    form = PerimeterForm(initial={**values, "codes": codes})
    return _show(request, form, perimeter, adding=_outcome(text, found))


def _outcome(text: str, found: list[Suggestion]) -> Adding:
    if len(found) == 1:
        return Adding(
            _("%(name)s (%(code)s) est ajoutée à la liste. Pensez à enregistrer.")
            % {"name": found[0].name, "code": found[0].code}
        )
    if found:
        return Adding(
            _("« %(text)s » peut désigner plusieurs communes. Laquelle ajouter ?") % {"text": text},
            tuple(found),
        )
    if text:
        return Adding(
            _(
                "Aucune commune ne répond à « %(text)s ». Essayez un nom plus court, un code "
                "postal ou un code INSEE."
            )
            % {"text": text}
        )
    return Adding(_("Écrivez le nom ou le code d’une commune avant d’ajouter."))


def _show(
    request: HttpRequest,
    form: PerimeterForm,
    perimeter: Perimeter | None = None,
    adding: Adding | None = None,
) -> HttpResponse:
    crumbs = [Crumb(_("Territoires"), reverse("territories:index"))]
    if perimeter:
        crumbs += [Crumb(str(perimeter), perimeter.territory.get_absolute_url())]
    crumbs += [Crumb(_("Modifier") if perimeter else _("Nouveau périmètre"))]
    return render(
        request,
        "territories/perimeter_form.html",
        {"form": form, "perimeter": perimeter, "adding": adding, "crumbs": crumbs},
    )
