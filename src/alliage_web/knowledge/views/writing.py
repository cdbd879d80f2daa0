"""Writing an entry in the browser, and taking it from a draft to publication."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alliage.knowledge.consent import ConsentRefused
from alliage.knowledge.publication import TransitionNotAllowed
from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.knowledge import actions, queries
from alliage_web.knowledge.forms import EntryForm, NoteForm
from alliage_web.knowledge.models import EntryKind
from alliage_web.knowledge.queries.sheet_proposals import in_review
from alliage_web.ui.components import Crumb

from .detail import readable_entry
from .sheet_wording import refusal_in_words
from .wording import FIELDS, crumb

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.knowledge.models import Entry

_UNPROCESSABLE, _CONFLICT = 422, 409
_PLACES = ("territories",)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A field that two people wrote differently."""

    label: str
    theirs: str
    yours: str


@login_required
def new(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    asked = request.GET.get("type", "")
    form = EntryForm(
        request.POST if request.method == "POST" else None,
        kind=asked if asked in EntryKind.values else "",
    )
    if not _is_finished(request, form):
        return _show(request, form, title=_("Écrire un exemple ou une ressource"))
    try:
        entry = actions.create_entry(
            content=form.content,
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError as done:
        return redirect("knowledge:detail", done.target.removeprefix("entry:"))
    messages.success(
        request, _("Le brouillon est enregistré. Vous seul et la rédaction pouvez le lire.")
    )
    return redirect(entry)


@login_required
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    assert isinstance(request.user, User)
    entry = readable_entry(request, slug)
    if not request.user.has_perm("knowledge.change_entry", entry):
        raise PermissionDenied
    form = EntryForm(
        request.POST if request.method == "POST" else None,
        before=queries.content_of(entry),
        version=actions.version_of(entry),
    )
    title = _("Modifier « %(title)s »") % {"title": entry.display_title}
    if not _is_finished(request, form):
        return _show(request, form, title=title, entry=entry)
    try:
        actions.update_entry(
            entry=entry,
            content=form.content,
            version=form.cleaned_data["version"],
            by=request.user,
            at=timezone.now(),
        )
    except actions.EditConflictError as conflict:
        return _show_conflict(request, form, conflict.entry, title=title)
    messages.success(request, _("Vos modifications sont enregistrées."))
    return redirect(entry)


def _is_finished(request: HttpRequest, form: EntryForm) -> bool:
    """Tell a form sent to be saved from one that is still being written."""
    if request.method != "POST":
        return False
    if "add_place" in request.POST:
        form.keep_errors_of(*_PLACES)
        return False
    if "preview" in request.POST:
        form.keep_errors_of()
        return False
    return form.is_valid()


def _show_conflict(
    request: HttpRequest, form: EntryForm, entry: Entry, *, title: str
) -> HttpResponse:
    """Show both versions; what the person wrote stays in the form, to be sent again or not."""
    changes = form.content.changes_from(queries.content_of(entry))
    data = request.POST.copy()
    # Sent again, the form says that the person has seen the version of the other.
    data["version"] = actions.version_of(entry)
    again = EntryForm(data, before=queries.content_of(entry))
    again.full_clean()
    disagreements = [
        Disagreement(str(FIELDS[name]), _said(theirs), _said(yours))
        for name, (theirs, yours) in changes.items()
    ]
    return _show(
        request, again, title=title, entry=entry, disagreements=disagreements, status=_CONFLICT
    )


def _said(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _show(
    request: HttpRequest,
    form: EntryForm,
    *,
    title: str,
    entry: Entry | None = None,
    disagreements: list[Disagreement] | None = None,
    status: int = 200,
) -> HttpResponse:
    crumbs = [Crumb(_("Mes brouillons"), reverse("knowledge:drafts"))]
    if entry:
        crumbs.append(crumb(entry))
    context = {
        "form": form,
        "title": title,
        "entry": entry,
        "disagreements": disagreements or [],
        "is_conflict": status == _CONFLICT,
        "preview": str(form["body"].value() or ""),
        "previewed": "preview" in request.POST,
        "crumbs": [*crumbs, Crumb(_("Modifier") if entry else _("Écrire"))],
    }
    if form.errors and status == 200:
        status = _UNPROCESSABLE
    return render(request, "knowledge/form.html", context, status=status)


@require_safe
@login_required
def drafts(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    context = {
        "title": _("Ce que j’ai écrit"),
        "lines": queries.written_by(request.user),
        "may_review": request.user.has_perm("knowledge.review_entries"),
        "crumbs": [Crumb(_("Mon espace"), reverse("accounts:home")), Crumb(_("Mes brouillons"))],
    }
    return render(request, "knowledge/drafts.html", context)


@require_safe
@login_required
@permission_required("knowledge.review_entries", raise_exception=True)
def reviews(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("À relire"),
        "lines": queries.waiting_for_review(),
        "is_review": True,
        "sheets": in_review(),
        "crumbs": [Crumb(_("Mon espace"), reverse("accounts:home")), Crumb(_("À relire"))],
    }
    return render(request, "knowledge/drafts.html", context)


@require_POST
@login_required
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    entry = _decided_on(request, slug, "knowledge.submit_entry")
    return _decide(
        request,
        entry,
        actions.submit_entry,
        _("Votre texte est envoyé à la relecture. Vous serez lu par une autre personne que vous."),
    )


@require_POST
@login_required
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    entry = _decided_on(request, slug, "knowledge.withdraw_entry")
    return _decide(
        request, entry, actions.withdraw_entry, _("Votre texte est de nouveau un brouillon.")
    )


@require_POST
@login_required
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    entry = _decided_on(request, slug, "knowledge.review_entry")
    return _decide(
        request,
        entry,
        actions.publish_entry,
        _("Le texte est publié : tout le monde peut le lire."),
        version=request.POST.get("version", ""),
    )


@require_POST
@login_required
def send_back(request: HttpRequest, slug: str) -> HttpResponse:
    entry = _decided_on(request, slug, "knowledge.review_entry")
    return _decide_with_note(
        request,
        entry,
        actions.send_back_entry,
        title=_("Renvoyer « %(title)s »") % {"title": entry.display_title},
        button=_("Renvoyer avec cette remarque"),
        done=_("Le texte est renvoyé à la personne qui l’a écrit, avec votre remarque."),
    )


@require_POST
@login_required
def unpublish(request: HttpRequest, slug: str) -> HttpResponse:
    entry = _decided_on(request, slug, "knowledge.unpublish_entry")
    return _decide_with_note(
        request,
        entry,
        actions.unpublish_entry,
        title=_("Retirer « %(title)s » de la publication") % {"title": entry.display_title},
        button=_("Retirer de la publication"),
        done=_("Le texte n’est plus publié. Rien n’est perdu : c’est de nouveau un brouillon."),
    )


def _decided_on(request: HttpRequest, slug: str, permission: str) -> Entry:
    entry = readable_entry(request, slug)
    if not request.user.has_perm(permission, entry):
        raise PermissionDenied
    return entry


def _decide(
    request: HttpRequest, entry: Entry, action: Any, done: str, **values: str
) -> HttpResponse:
    """Take a decision; one that was taken already, by a double click or by another, is told."""
    try:
        entry = action(entry=entry, by=request.user, at=timezone.now(), **values)
    except TransitionNotAllowed:
        entry.refresh_from_db(fields=["state"])
        messages.info(
            request,
            _("Rien n’a changé : ce texte est déjà à l’état « %(state)s ».")
            % {"state": entry.get_state_display()},
        )
    except actions.EditConflictError:
        messages.warning(
            request, _("Le texte a changé depuis que vous l’avez lu. Relisez-le avant de publier.")
        )
    except ConsentRefused as refused:
        messages.warning(request, refusal_in_words(refused))
    else:
        messages.success(request, done)
    return redirect(entry)


def _decide_with_note(
    request: HttpRequest, entry: Entry, action: Any, *, title: str, button: str, done: str
) -> HttpResponse:
    """Take a decision that is explained; without a note, ask for it and keep the page."""
    form = NoteForm(request.POST)
    if form.is_valid():
        return _decide(request, entry, action, done, note=form.cleaned_data["note"])
    context = {
        "form": form if "note" in request.POST else NoteForm(),
        "entry": entry,
        "title": title,
        "button": button,
        "crumbs": [crumb(entry), Crumb(button)],
    }
    return render(request, "knowledge/note.html", context, status=_UNPROCESSABLE)
