"""The documents and the budget of an application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alliage.fund.applications.answer_values import AnswerError, Fault, read_answer
from alliage.fund.applications.budget_rows import FIGURES, SIDES, read_budget
from alliage.fund.applications.form_specification import FilledBy, Question, QuestionKind
from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.files.actions import add_file, remove_file
from alliage_web.files.forms import AddFileForm
from alliage_web.files.queries import document as find_document
from alliage_web.fund import permissions
from alliage_web.fund.actions import application_handling
from alliage_web.fund.actions import applications as actions
from alliage_web.fund.forms.application_form import CELLS, typed_budget
from alliage_web.fund.models import RequestedDocument
from alliage_web.fund.queries.application_reading import files_of, table_of
from alliage_web.fund.queries.application_wording import (
    CATEGORIES,
    NATURES,
    ORIGINS,
    fault_in_words,
    told,
)
from alliage_web.fund.queries.applications import Content
from alliage_web.ui.components import Crumb

from .applications import (
    application_or_404,
    crumbs,
    may_write,
    section_address,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from alliage.fund.applications.form_specification import Section

_UNPROCESSABLE, _TOO_LARGE, _CONFLICT = 422, 413, 409


def _question_or_404(content: Content, code: str, kind: QuestionKind) -> tuple[Section, Question]:
    for section, question in content.form.questions():
        if question.code == code and question.kind is kind:
            return section, question
    raise Http404(_("Cette question n’existe pas."))


def _owner(content: Content, section: Section, party: str) -> str:
    """Name the applicant whose answer it is; the lead holds what all share."""
    if section.filled_by is not FilledBy.EACH_PARTY:
        return ""
    if content.part(party) is None:
        raise Http404(_("Cette organisation ne demande pas."))
    return party


@login_required
def attach(request: HttpRequest, reference: str, question: str, party: str) -> HttpResponse:
    """Attach a document to a question: it is checked, kept private, then listed in the answer."""
    application = application_or_404(request, reference)
    content = Content(application)
    section, asked = _question_or_404(content, question, QuestionKind.ATTACHMENT)
    owner = _owner(content, section, party)
    if not may_write(request, content, section, owner):
        raise Http404(_("Ce dossier n’existe pas, ou vous n’y avez pas accès."))
    form = AddFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        refusal = _attached(request, content, section, asked, owner, form)
        if not refusal:
            return redirect(
                f"{section_address(application, section.code, owner)}#question-{question}"
            )
        form.add_error("file", refusal)
    context = {
        "application": application,
        "question": {"label": told(asked, "label"), "help": told(asked, "help")},
        "extensions": ", ".join(asked.extensions),
        "limit": asked.max_megabytes,
        "form": form,
        "back": section_address(application, section.code, owner),
        "crumbs": crumbs(application, Crumb(told(asked, "label"))),
    }
    status = 200
    if form.errors:
        status = _TOO_LARGE if form.too_large else _UNPROCESSABLE
    return render(request, "fund/application_attach.html", context, status=status)


def _attached(
    request: HttpRequest,
    content: Content,
    section: Section,
    question: Question,
    owner: str,
    form: AddFileForm,
) -> str:
    """Keep a document and its place in the answer; give back why not."""
    assert isinstance(request.user, User)
    raw = list(content.raw(section, owner).get(question.code) or [])
    upload = form.upload
    entry: dict[str, Any] = {"name": upload.name, "size": upload.size, "digest": ""}
    try:
        read_answer(question, [*raw, entry])
    except AnswerError as error:
        return " ".join(fault_in_words(fault, question) for fault in error.faults)
    now = timezone.now()
    try:
        file = add_file(
            place=content.application.stable_name,
            title=form.cleaned_data["title"],
            upload=upload,
            content=form.cleaned_data["file"],
            by=request.user,
            at=now,
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        return ""
    entry |= {"uuid": str(file.uuid), "digest": file.sha256}
    actions.change_files(
        application=content.application,
        section=section,
        party=owner,
        question=question.code,
        added=entry,
        by=request.user,
        at=now,
    )
    messages.success(request, _("« %(title)s » est ajouté.") % {"title": str(file)})
    return ""


@login_required
@require_POST
def detach(
    request: HttpRequest, reference: str, question: str, party: str, uuid: UUID
) -> HttpResponse:
    application = application_or_404(request, reference)
    content = Content(application)
    section, _asked = _question_or_404(content, question, QuestionKind.ATTACHMENT)
    owner = _owner(content, section, party)
    if not may_write(request, content, section, owner):
        raise Http404(_("Ce dossier n’existe pas, ou vous n’y avez pas accès."))
    assert isinstance(request.user, User)
    now = timezone.now()
    held = {item.uuid for item in files_of(content.raw(section, owner).get(question))}
    if uuid in held:
        actions.change_files(
            application=application,
            section=section,
            party=owner,
            question=question,
            removed=str(uuid),
            by=request.user,
            at=now,
        )
        # What was sent stays with what was sent: only a document that no sending holds goes.
        if application.sent_at is None:
            remove_file(place=application.stable_name, uuid=uuid, by=request.user, at=now)
        messages.success(request, _("Le document est retiré."))
    return redirect(section_address(application, section.code, owner))


@login_required
@require_safe
def download(request: HttpRequest, reference: str, uuid: UUID) -> HttpResponseBase:
    """Give a document to save, to whoever may read the application."""
    application = application_or_404(request, reference)
    document = find_document(place=application.stable_name, uuid=uuid)
    if document is None or not default_storage.exists(document.path):
        raise Http404(_("Ce document n’existe pas, ou il a été retiré."))
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


@login_required
def requested(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Give a document that the fund asked for."""
    application = application_or_404(request, reference)
    document = RequestedDocument.objects.filter(application=application, pk=pk).first()
    if document is None or not request.user.has_perm(permissions.WRITE_APPLICATION, application):
        raise Http404(_("Ce document n’est pas demandé."))
    form = AddFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        now = timezone.now()
        try:
            file = add_file(
                place=application.stable_name,
                title=form.cleaned_data["title"] or document.label[:200],
                upload=form.upload,
                content=form.cleaned_data["file"],
                by=request.user,
                at=now,
                submission=form.cleaned_data["submission"],
            )
            application_handling.receive_document(
                document=document, file=file.uuid, by=request.user, at=now
            )
        except AlreadyDoneError:
            return redirect(application)
        messages.success(request, _("La pièce est transmise au fonds."))
        return redirect(application)
    context = {
        "application": application,
        "question": {"label": document.label, "help": ""},
        "form": form,
        "back": application.get_absolute_url(),
        "crumbs": crumbs(application, Crumb(document.label)),
    }
    status = 200
    if form.errors:
        status = _TOO_LARGE if form.too_large else _UNPROCESSABLE
    return render(request, "fund/application_attach.html", context, status=status)


@login_required
def budget(request: HttpRequest, reference: str, question: str) -> HttpResponse:
    """Write a budget line by line; it is computed at each saving."""
    application = application_or_404(request, reference)
    content = Content(application)
    section, asked = _question_or_404(content, question, QuestionKind.BUDGET)
    if not may_write(request, content, section, ""):
        return redirect("fund:application-read", reference)
    raw: Mapping[str, Any] = content.raw(section, "").get(question) or {}
    base = actions.digest_of_answer(raw or None)
    conflict, adding = "", request.POST.get("add", "")
    status = 200
    if request.method == "POST":
        assert isinstance(request.user, User)
        typed: Mapping[str, Any] = typed_budget(request.POST)
        if not any(typed.values()):
            typed = {}
        try:
            content = actions.save_answers(
                application=application,
                section=section,
                party="",
                answers={question: typed},
                base={question: request.POST.get("base", "")},
                by=request.user,
                at=timezone.now(),
            )
        except actions.AnswerConflictError:
            conflict, status = "yes", _CONFLICT
        except actions.NotWritableError:
            messages.warning(request, _("Le dossier a été envoyé : son budget ne change plus."))
            return redirect(application)
        # What was typed stays in the form, whether it could be kept or not.
        raw = typed
        base = actions.digest_of_answer(
            Content(actions.fresh(application)).raw(section, "").get(question)
        )
        if not conflict and "done" in request.POST:
            return redirect(f"{section_address(application, section.code)}#question-{question}")
    faults = _budget_faults(raw, content)
    context = {
        **standing(request, content, timezone.now()),
        "question": {"label": told(asked, "label"), "help": told(asked, "help")},
        "base": base,
        "sides": [
            {
                "code": side,
                "lines": _lines(
                    raw.get(side) or [], side, faults, blanks=2 if adding == side else 1
                ),
            }
            for side in SIDES
        ],
        "parties": list(content.names.items()),
        "categories": [
            (code, label)
            for code, label in CATEGORIES.items()
            if not content.call.categories or code in content.call.categories
        ],
        "natures": list(NATURES.items()),
        "origins": list(ORIGINS.items()),
        "table": None if faults or not raw else _table(raw, content),
        "faults": [said for sentences in faults.values() for said in sentences],
        "conflict": conflict,
        "saved_at": timezone.localtime() if request.method == "POST" and not conflict else None,
        "back": f"{section_address(application, section.code)}#question-{question}",
        "crumbs": crumbs(application, Crumb(told(asked, "label"))),
    }
    return render(request, "fund/application_budget.html", context, status=status)


def _table(raw: Mapping[str, Any], content: Content) -> Any:
    read = read_budget(raw, content.applicants.everyone)
    return table_of(read, content.ceilings, content.names)


def _budget_faults(
    raw: Mapping[str, Any], content: Content
) -> dict[tuple[str, int, str], list[str]]:
    """Say what cannot be read, by side, row and cell."""
    try:
        read_budget(raw, content.applicants.everyone)
    except AnswerError as error:
        found: dict[tuple[str, int, str], list[str]] = {}
        for fault in error.faults:
            side, _dot, cell = fault.column.partition(".")
            found.setdefault((side, fault.row or 0, cell), []).append(_said(fault, cell))
        return found
    return {}


def _said(fault: Fault, cell: str) -> str:
    if cell in FIGURES and not fault.allowed and fault.fault.value == "type":
        return _(
            "Écrivez un montant, ou une quantité et son prix, ou une part et ses lignes : un seul "
            "des trois, en entier."
        )
    return fault_in_words(fault)


def _lines(
    rows: Sequence[Mapping[str, str]],
    side: str,
    faults: Mapping[tuple[str, int, str], Sequence[str]],
    *,
    blanks: int,
) -> list[dict[str, Any]]:
    """Give the rows of a side, with a blank one to go on writing."""
    given = [*rows, *({} for _n in range(blanks))]
    return [
        {
            "rank": rank,
            "code": row.get("code", ""),
            "names": {name: f"{side}-{rank}-{name}" for name in CELLS[side]},
            "cells": {name: row.get(name, "") for name in CELLS[side]},
            "errors": {
                name: " ".join(faults.get((side, rank + 1, name), ())) for name in CELLS[side]
            },
            "is_new": not row,
            "is_computed": any(row.get(name) for name in FIGURES[1:]),
        }
        for rank, row in enumerate(given)
    ]
