"""Importing alliances: a file, its preview with every problem, then the confirmation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from alliage.alliances.tabular import COLUMNS, Existing
from alliage.values.tables import TableError, read_table
from alliage_web.accounts.models import User
from alliage_web.alliances import actions, documents
from alliage_web.alliances.forms import ConfirmForm, UploadForm, Waiting
from alliage_web.alliances.queries.tabular import ImportPlan, plan_import
from alliage_web.alliances.queries.wording import field_label
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.queries import target_of
from alliage_web.ui.components import Crumb

from .wording import problem_in_words, table_error_in_words

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage.values.tables import Table

_UNPROCESSABLE = 422
_SHOWN_PROBLEMS = 200
_SHOWN_ROWS = 200


@login_required
def upload(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read()
        try:
            table = read_table(content)
        except TableError as error:
            form.add_error("file", table_error_in_words(error))
        else:
            return _preview(request, content, table, Existing(form.cleaned_data["existing"]))
    context = {
        "form": form,
        "columns": [(column, documents.MEANINGS[column.name]) for column in COLUMNS],
        "crumbs": _crumbs(),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "alliances/import.html", context, status=status)


def _preview(
    request: HttpRequest, content: bytes, table: Table, existing: Existing
) -> HttpResponse:
    assert isinstance(request.user, User)
    plan = plan_import(table, existing=existing, user=request.user)
    if plan.problems:
        return _show(request, plan, None)
    documents.discard_old(now=timezone.now())
    waiting = Waiting(
        file=documents.keep(content),
        user=request.user.pk,
        existing=existing.value,
        seen=plan.fingerprint,
        submission=str(uuid4()),
    )
    return _show(request, plan, waiting)


def _show(
    request: HttpRequest, plan: ImportPlan, waiting: Waiting | None, *, changed: bool = False
) -> HttpResponse:
    # A row that would change nothing is counted, not shown.
    acting = [item for item in plan.alliances if item.changed or not item.exists]
    context = {
        "plan": plan,
        "token": waiting.sign() if waiting else "",
        "changed": changed,
        "problems": [
            (problem, problem_in_words(problem)) for problem in plan.problems[:_SHOWN_PROBLEMS]
        ],
        "more_problems": max(len(plan.problems) - _SHOWN_PROBLEMS, 0),
        "rows": [
            (item, [field_label(name) for name in item.changed]) for item in acting[:_SHOWN_ROWS]
        ],
        "more_rows": max(len(acting) - _SHOWN_ROWS, 0),
        "nothing_to_do": not plan.problems and not plan.created and not plan.updated,
        "crumbs": _crumbs(_("Aperçu")),
    }
    status = _UNPROCESSABLE if plan.problems else 200
    return render(request, "alliances/import_preview.html", context, status=status)


@login_required
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return _send_again(request, str(form.errors["token"][0]))
    waiting: Waiting = form.cleaned_data["token"]
    if waiting.user != request.user.pk:
        raise PermissionDenied
    content = documents.kept(waiting.file)
    if content is not None:
        return _write(request, waiting, content)
    if target_of(UUID(waiting.submission)):
        return _done(request)
    return _send_again(
        request, _("Ce fichier n’est plus gardé : un aperçu l’est un jour. Envoyez-le à nouveau.")
    )


def _write(request: HttpRequest, waiting: Waiting, content: bytes) -> HttpResponse:
    assert isinstance(request.user, User)
    table, existing = read_table(content), Existing(waiting.existing)
    try:
        plan = actions.import_alliances(
            table=table,
            existing=existing,
            seen=waiting.seen,
            by=request.user,
            at=timezone.now(),
            submission=UUID(waiting.submission),
        )
    except AlreadyDoneError:
        return _done(request)
    except (actions.ImportRefusedError, actions.ImportChangedError, actions.AlreadyThereError):
        # The base is no longer what the person saw: nothing is written before they see it.
        plan = plan_import(table, existing=existing, user=request.user)
        waiting = replace(waiting, seen=plan.fingerprint)
        return _show(request, plan, None if plan.problems else waiting, changed=True)
    documents.discard(waiting.file)
    messages.success(request, _told(plan))
    return redirect("alliances:index")


def _told(plan: ImportPlan) -> str:
    created = ngettext("%(n)s alliance créée", "%(n)s alliances créées", plan.created)
    updated = ngettext("%(n)s mise à jour", "%(n)s mises à jour", plan.updated)
    same = ngettext("%(n)s inchangée", "%(n)s inchangées", plan.unchanged)
    return _("Import terminé : %(created)s, %(updated)s, %(same)s.") % {
        "created": created % {"n": plan.created},
        "updated": updated % {"n": plan.updated},
        "same": same % {"n": plan.unchanged},
    }


def _done(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("Cet import a déjà été fait : rien n’a été écrit une seconde fois."))
    return redirect("alliances:index")


def _send_again(request: HttpRequest, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("alliances:import")


@require_safe
def template(_request: HttpRequest, extension: str) -> HttpResponse:
    """Give the empty table that an import fills."""
    if extension not in documents.WRITERS:
        raise Http404(_("Ce format n’existe pas. Choisissez CSV ou XLSX."))
    name = f"modele-alliances.{extension}"
    return documents.attachment(documents.template(extension), name)


def _crumbs(*more: str) -> list[Crumb]:
    crumbs = [
        Crumb(_("Alliances"), reverse("alliances:index")),
        Crumb(_("Importer"), reverse("alliances:import")),
    ]
    return [*crumbs, *(Crumb(label) for label in more)]
