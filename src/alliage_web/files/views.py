"""The documents of a place: the list, adding, reading, removing.

Whoever may not see a workspace gets the answer of what does not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from alliage_web.accounts.models import User
from alliage_web.accounts.permissions import may_see_place, may_write_place
from alliage_web.accounts.queries import place as find_place
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.ui.components import Crumb

from . import actions, queries
from .forms import AddFileForm

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from alliage_web.accounts.queries import Place

_UNPROCESSABLE = 422
_TOO_LARGE = 413


def _place_or_404(request: HttpRequest, name: str) -> Place:
    assert isinstance(request.user, User)
    found = find_place(name) if may_see_place(request.user, name) else None
    if found is None:
        raise Http404(_("Cet espace n’existe pas, ou vous n’y avez pas accès."))
    return found


def _refuse_writing(request: HttpRequest, name: str) -> None:
    assert isinstance(request.user, User)
    if not may_write_place(request.user, name):
        raise PermissionDenied


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def documents(request: HttpRequest, place: str) -> HttpResponse:
    here = _place_or_404(request, place)
    if request.method != "POST":
        return _listing(request, here, AddFileForm())
    _refuse_writing(request, place)
    form = AddFileForm(request.POST, request.FILES)
    if not form.is_valid():
        status = _TOO_LARGE if form.too_large else _UNPROCESSABLE
        return _listing(request, here, form, status=status)
    try:
        assert isinstance(request.user, User)
        file = actions.add_file(
            place=place,
            title=form.cleaned_data["title"],
            upload=form.upload,
            content=form.cleaned_data["file"],
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        messages.info(request, _("Ce document a déjà été reçu : il n’est pas ajouté deux fois."))
    else:
        messages.success(request, _("« %(title)s » est ajouté.") % {"title": str(file)})
    return redirect("files:documents", place=place)


def _listing(
    request: HttpRequest, here: Place, form: AddFileForm, *, status: int = 200
) -> HttpResponse:
    assert isinstance(request.user, User)
    context = {
        "place": here,
        "documents": queries.documents_of(here.name),
        "history": queries.history_of(here.name),
        "form": form,
        "may_write": may_write_place(request.user, here.name),
        "crumbs": _crumbs(here),
    }
    return render(request, "files/documents.html", context, status=status)


@login_required
@require_safe
def download(request: HttpRequest, place: str, uuid: UUID) -> HttpResponseBase:
    """Give a document to save; nothing of it runs in the pages of the platform."""
    _place_or_404(request, place)
    document = _document_or_404(place, uuid)
    if not default_storage.exists(document.path):
        raise Http404(
            _("Le contenu de ce document manque. Prévenez l’administration de la plateforme.")
        )
    return FileResponse(
        default_storage.open(document.path),
        as_attachment=True,
        filename=document.name,
        content_type=document.media_type,
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-store",
        },
    )


def _document_or_404(place: str, uuid: UUID) -> queries.Document:
    document = queries.document(place=place, uuid=uuid)
    if document is None:
        raise Http404(_("Ce document n’existe pas, ou il a été retiré."))
    return document


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, place: str, uuid: UUID) -> HttpResponse:
    here = _place_or_404(request, place)
    _refuse_writing(request, place)
    if request.method == "POST":
        assert isinstance(request.user, User)
        if actions.remove_file(place=place, uuid=uuid, by=request.user, at=timezone.now()):
            messages.success(request, _("Le document est retiré."))
        else:
            messages.info(request, _("Ce document avait déjà été retiré."))
        return redirect("files:documents", place=place)
    document = _document_or_404(place, uuid)
    context = {
        "place": here,
        "document": document,
        "crumbs": _crumbs(here, _("Retirer")),
    }
    return render(request, "files/remove.html", context)


def _crumbs(here: Place, *more: str) -> list[Crumb]:
    address = reverse("files:documents", args=[here.name]) if more else ""
    return [
        Crumb(_("Mes espaces"), reverse("workspaces:index")),
        Crumb(here.title, reverse("workspaces:detail", args=[here.name])),
        Crumb(_("Documents"), address),
        *(Crumb(step) for step in more),
    ]
