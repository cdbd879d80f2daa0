"""Describing an alliance, and changing what is said of it."""

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

from alliage_web.accounts.models import User
from alliage_web.alliances import actions, queries
from alliage_web.alliances.forms import AllianceForms
from alliage_web.alliances.forms.alliance import TERM_FIELDS
from alliage_web.alliances.forms.rows import ROW_FORMS
from alliage_web.alliances.queries.contents import differences
from alliage_web.alliances.queries.wording import field_label, value_in_words
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.ui.components import Crumb
from alliage_web.vocabulary.queries import by_scheme

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.alliances.models import Alliance
    from alliage_web.alliances.queries import Content

_UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A field that two people wrote differently."""

    label: str
    theirs: str
    yours: str


@login_required
def new(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    if request.method == "POST" and not _adding(request) and form.is_valid():
        return _create(request, form)
    return _show(request, form, title=_("Décrire une alliance"))


def _create(request: HttpRequest, form: AllianceForms) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        alliance = actions.create_alliance(
            content=form.content(),
            by=request.user,
            at=timezone.now(),
            submission=form.submission,
        )
    except AlreadyDoneError as done:
        return redirect("site:alliance", done.target.removeprefix("alliance:"))
    messages.success(
        request, _("L’alliance est enregistrée. Vous pouvez la compléter à tout moment.")
    )
    return redirect(alliance)


@login_required
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    alliance = queries.find(slug)
    if alliance is None:
        raise Http404(_("Aucune alliance n’a cette adresse. Cherchez-la dans la liste."))
    if not request.user.has_perm("alliances.change_alliance", alliance):
        raise PermissionDenied
    present = queries.content(alliance)
    form = _form(request, alliance, present)
    title = _("Modifier « %(title)s »") % {"title": alliance.display_title}
    if request.method != "POST" or _adding(request) or not form.is_valid():
        return _show(request, form, title=title, alliance=alliance)
    try:
        _update(request, form, alliance)
    except actions.EditConflictError as conflict:
        return _show_conflict(request, form, conflict, title=title)
    messages.success(request, _("Vos modifications sont enregistrées."))
    return redirect(alliance)


def _update(request: HttpRequest, form: AllianceForms, alliance: Alliance) -> None:
    assert isinstance(request.user, User)
    actions.update_alliance(
        alliance=alliance,
        content=form.content(),
        version=form.version,
        by=request.user,
        at=timezone.now(),
    )


def _form(
    request: HttpRequest, alliance: Alliance | None = None, present: Content | None = None
) -> AllianceForms:
    return AllianceForms(
        request.POST if request.method == "POST" else None,
        terms=by_scheme(*TERM_FIELDS.values()),
        present=present,
        code=alliance.code if alliance else "",
        version=actions.version_of(alliance) if alliance else "",
        adding=_adding(request),
    )


def _adding(request: HttpRequest) -> str:
    """Name the list to which a row is to be added, if that is what the person asked."""
    asked = request.POST.get("add", "")
    return asked if asked in ROW_FORMS else ""


def _show_conflict(
    request: HttpRequest,
    form: AllianceForms,
    conflict: actions.EditConflictError,
    *,
    title: str,
) -> HttpResponse:
    """Show both versions; what the person wrote stays in the form, to be sent again or not."""
    yours = form.content()
    names = differences(conflict.present, yours)
    disagreements = [
        Disagreement(
            field_label(name),
            _said(conflict.present, name),
            _said(yours, name),
        )
        for name in names
    ]
    # Sent again, the form says that the person has seen the version of the other.
    data = request.POST.copy()
    data["version"] = actions.version_of(conflict.alliance)
    again = AllianceForms(
        data,
        terms=by_scheme(*TERM_FIELDS.values()),
        present=conflict.present,
        code=conflict.alliance.code,
    )
    return _show(
        request,
        again,
        title=title,
        alliance=conflict.alliance,
        disagreements=disagreements,
        conflict=True,
    )


def _said(content: Content, name: str) -> str:
    value = content.fields[name] if name in content.fields else content.sections.get(name, [])
    return str(value_in_words(value))


def _show(
    request: HttpRequest,
    form: AllianceForms,
    *,
    title: str,
    alliance: Alliance | None = None,
    disagreements: list[Disagreement] | None = None,
    conflict: bool = False,
) -> HttpResponse:
    faults = form.faults if form.data is not None else []
    crumbs = [Crumb(_("Alliances"), reverse("alliances:index"))]
    if alliance:
        crumbs.append(Crumb(alliance.display_title, alliance.get_absolute_url()))
    context = {
        "form": form,
        "title": title,
        "alliance": alliance,
        "faults": faults,
        "conflict": conflict,
        "disagreements": disagreements or [],
        "added": _adding(request),
        "crumbs": [*crumbs, Crumb(_("Modifier") if alliance else _("Décrire une alliance"))],
    }
    status = _UNPROCESSABLE if faults else 200
    if conflict:
        status = 409
    return render(request, "alliances/form.html", context, status=status)
