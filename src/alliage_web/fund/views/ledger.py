"""The postings of a fund: the list, one posting, its reversal, the export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.fund.money.ledger import AccountCode, PostingKind
from alliage_web.accounts.models import User
from alliage_web.audit.queries import history
from alliage_web.fund import actions, permissions, queries
from alliage_web.fund.documents import ledger as documents
from alliage_web.fund.forms.budget import ReversalForm
from alliage_web.fund.models import AccountChoices, PostingKindChoices
from alliage_web.fund.queries import budget as budgets
from alliage_web.fund.queries.budget import Selection
from alliage_web.ui.components import Crumb

from .budget import crumbs, fund_for, written

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, QueryDict

    from alliage_web.fund.models import Fund, Posting

_UNPROCESSABLE = 422
POSTINGS_PER_PAGE = 50
_LONGEST = 90


@require_safe
@login_required
def listing(request: HttpRequest, code: str) -> HttpResponse:
    """Show the postings that are looked for, latest first, and what they make."""
    fund = fund_for(request, code, permissions.SEE_BUDGET)
    selection = selection_of(request.GET)
    found = budgets.selected(fund, selection)
    page = Paginator(found, POSTINGS_PER_PAGE).get_page(request.GET.get("page"))
    postings = list(page.object_list)
    changed = budgets.effects(fund, selection, postings)
    context = {
        "fund": fund,
        "page": page,
        "lines": [(row, changed.get(row.pk)) for row in postings],
        "shows_effects": bool(selection.accounts or selection.kinds),
        "selection": selection,
        "sum": budgets.sum_of(fund, selection),
        "accounts": _options(AccountChoices.choices, selection.accounts),
        "kinds": _options(PostingKindChoices.choices, selection.kinds),
        "strands": _options(
            [(row.code, str(row)) for row in budgets.strands_of(fund)], (selection.strand,)
        ),
        "funders": _options(
            [(row.code, str(row)) for row in budgets.funders_of(fund)], (selection.funder,)
        ),
        "export_query": selection.query,
        "crumbs": [*crumbs(fund, budget=True), Crumb(_("Écritures"))],
    }
    return render(request, "fund/ledger_list.html", context)


def _options(choices: Any, chosen: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    return [(code, str(label), code in chosen) for code, label in choices]


def selection_of(data: QueryDict) -> Selection:
    """Read what is looked for from an address; what means nothing is left out."""
    year = data.get("year", "")
    return Selection(
        accounts=_known(data.getlist("account"), {each.value for each in AccountCode}),
        strand=_text(data, "strand"),
        year=int(year) if year.isascii() and year.isdecimal() and len(year) == 4 else None,
        file=_text(data, "file"),
        funder=_text(data, "funder"),
        kinds=_known(data.getlist("kind"), {each.value for each in PostingKind}),
    )


def _known(values: list[str], allowed: set[str]) -> tuple[str, ...]:
    return tuple(value for value in dict.fromkeys(values) if value in allowed)


def _text(data: QueryDict, name: str) -> str:
    text = data.get(name, "").strip()
    # PostgreSQL refuses a text with a null character; no name has one.
    return text if text.isprintable() and len(text) <= _LONGEST else ""


@require_safe
@login_required
def posting(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show a posting, what it moved and who wrote it."""
    fund = fund_for(request, code, permissions.SEE_BUDGET)
    row = _posting(fund, number)
    context = {
        "fund": fund,
        "posting": row,
        "movements": budgets.movements_of(row),
        "history": queries.history_in_words(history(row.stable_name)),
        "may_reverse": request.user.has_perm(permissions.MANAGE_BUDGET, fund)
        and budgets.may_be_reversed(row),
        "crumbs": [*crumbs(fund, budget=True), _ledger_crumb(fund), Crumb(str(number))],
    }
    return render(request, "fund/ledger_posting.html", context)


@login_required
def reverse_posting(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Undo a posting by writing its contrary."""
    fund = fund_for(request, code, permissions.MANAGE_BUDGET)
    row = _posting(fund, number)
    form = ReversalForm(request.POST or None, today=timezone.localdate())

    def write() -> str:
        assert isinstance(request.user, User)
        undoing = actions.reverse(
            fund=fund,
            original=row.key,
            key=f"reversal:{form.cleaned_data['submission'] or uuid4()}",
            **form.header,
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
        return undoing.get_absolute_url()

    if request.method == "POST" and form.is_valid():
        address = written(fund, form, write)
        if address:
            messages.success(request, _("L’écriture est annulée."))
            return redirect(address)
    context = {
        "fund": fund,
        "posting": row,
        "form": form,
        "movements": budgets.movements_of(row),
        "crumbs": [
            *crumbs(fund, budget=True),
            _ledger_crumb(fund),
            Crumb(str(number), row.get_absolute_url()),
            Crumb(_("Annuler")),
        ],
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/ledger_reverse.html", context, status=status)


@require_safe
@login_required
def export(request: HttpRequest, code: str, extension: str) -> HttpResponse:
    """Give the postings that are looked for as a file, the first first."""
    fund = fund_for(request, code, permissions.SEE_BUDGET)
    if extension not in documents.WRITERS:
        raise Http404(_("Ce format n’existe pas. Choisissez CSV ou XLSX."))
    rows = documents.rows_of(fund, selection_of(request.GET))
    content = documents.WRITERS[extension](rows)
    return documents.attachment(content, f"ecritures-{fund.code}.{extension}")


def _ledger_crumb(fund: Fund) -> Crumb:
    return Crumb(_("Écritures"), budgets.ledger_url(fund))


def _posting(fund: Fund, number: int) -> Posting:
    row = budgets.posting_page(fund, number)
    if row is None:
        raise Http404(_("Aucune écriture n’a ce numéro. Cherchez-la dans la liste."))
    return row
