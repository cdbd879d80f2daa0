"""The referentials and the sources, read by all and written by editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.queries import history, readable
from alliage_web.ui.components import Crumb

from . import actions, queries
from .forms import NewTermForm, TermForm
from .models import Scheme, Term

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_KINDS = {
    "case_sheet": gettext_lazy("Fiche retour d’expérience"),
    "proceedings": gettext_lazy("Actes de colloque"),
    "presentation": gettext_lazy("Présentation"),
    "resolution": gettext_lazy("Résolution"),
    "external": gettext_lazy("Page publique extérieure"),
}
_EVENTS = {
    "term.added": gettext_lazy("Ajout du terme"),
    "term.changed": gettext_lazy("Modification"),
}


def index(request: HttpRequest) -> HttpResponse:
    referentials = queries.referentials()
    context = {
        "referentials": referentials,
        "terms_count": sum(referential.count for referential in referentials),
        "may_change": request.user.has_perm("vocabulary.change_term"),
        "crumbs": [Crumb(_("Référentiels"))],
    }
    return render(request, "vocabulary/index.html", context)


def sources(request: HttpRequest) -> HttpResponse:
    listed = [(source, _KINDS.get(source.kind, source.kind)) for source in queries.sources()]
    context = {
        "documents": [pair for pair in listed if not pair[0].is_external],
        "complements": [pair for pair in listed if pair[0].is_external],
        "crumbs": [Crumb(_("Sources"))],
    }
    return render(request, "vocabulary/sources.html", context)


@login_required
@permission_required("vocabulary.change_term", raise_exception=True)
def edit(request: HttpRequest, scheme: str, code: str) -> HttpResponse:
    term = _term(scheme, code)
    form = TermForm(request.POST or None, instance=term)
    if form.is_valid():
        assert isinstance(request.user, User)
        # The form has already written the new words on the instance: the action compares with
        # what the database holds.
        actions.change_term(
            term=_term(scheme, code),
            values=form.cleaned_data,
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, _("Le terme est enregistré."))
        return redirect(_address(term))
    context = {
        "form": form,
        "term": _term(scheme, code),
        "history": readable(
            history(term.stable_name),
            kinds=_EVENTS,
            fields={field.name: field.label for field in form},
        ),
        "crumbs": [Crumb(_("Référentiels"), reverse("vocabulary:index")), Crumb(_("Modifier"))],
    }
    return render(request, "vocabulary/edit.html", context)


@login_required
@permission_required("vocabulary.add_term", raise_exception=True)
def new(request: HttpRequest, scheme: str) -> HttpResponse:
    if scheme not in queries.OPEN_SCHEMES:
        raise Http404(
            _("Ce référentiel est fermé : ses termes se modifient mais ne s’ajoutent pas.")
        )
    form = NewTermForm(request.POST or None)
    if form.is_valid():
        assert isinstance(request.user, User)
        try:
            term = actions.add_term(
                scheme=scheme,
                values=form.texts,
                by=request.user,
                at=timezone.now(),
                submission=form.cleaned_data["submission"],
            )
        except AlreadyDoneError:
            return redirect(f"{reverse('vocabulary:index')}#{scheme}")
        messages.success(request, _("Le terme est ajouté."))
        return redirect(_address(term))
    context = {
        "form": form,
        "scheme_label": Scheme(scheme).label,
        "crumbs": [Crumb(_("Référentiels"), reverse("vocabulary:index")), Crumb(_("Ajouter"))],
    }
    return render(request, "vocabulary/new.html", context)


def _term(scheme: str, code: str) -> Term:
    term = queries.term(scheme, code)
    if term is None:
        raise Http404(
            _("Aucun terme « %(code)s » dans ce référentiel. Choisissez-le dans la liste.")
            % {"code": code}
        )
    return term


def _address(term: Term) -> str:
    anchor = term.scheme if term.broader_id else f"{term.scheme}-{term.code}"
    return f"{reverse('vocabulary:index')}#{anchor}"
