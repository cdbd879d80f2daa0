"""The budget of a fund: the endowment in force, the contributions, the envelopes, the years."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from alliage.fund.money import endowment
from alliage.fund.money.endowment import BudgetProblem, BudgetRefused, TransferDecision
from alliage.fund.money.ledger import LedgerProblem, Posting, PostingKind, PostingRefused
from alliage_web.accounts.models import User
from alliage_web.actors.queries import by_slug
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.fund import actions, permissions, queries
from alliage_web.fund.forms.budget import (
    OPERATION_FORMS,
    ClosingForm,
    DeclarationForm,
    FunderForm,
    PromiseForm,
    TransferForm,
)
from alliage_web.fund.models import AccountChoices, PostingKindChoices, Strand
from alliage_web.fund.queries import budget as budgets
from alliage_web.fund.queries.ledger import to_carry
from alliage_web.fund.queries.ledger_wording import refusal_in_words
from alliage_web.fund.queries.statements import coded_statements
from alliage_web.ui.charts import Bar, BarChart
from alliage_web.ui.components import Cell, Column, Crumb, DataTable
from alliage_web.ui.templatetags.ui import euros

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse
    from django.utils.functional import _StrPromise

    from alliage_web.fund.forms.budget import OperationForm
    from alliage_web.fund.models import Fund
    from alliage_web.fund.queries.budget import BudgetPage, Figure

_UNPROCESSABLE = 422
#: What each operation written by hand does, in a sentence below its title.
_LEDES: Mapping[PostingKind, _StrPromise] = {
    PostingKind.PROMISE: gettext_lazy("Ce qu’une organisation promet de donner au fonds."),
    PostingKind.PROMISE_DECREASE: gettext_lazy("Ce qu’un financeur ne donnera finalement pas."),
    PostingKind.CALL: gettext_lazy("Ce que le fonds demande à un financeur de verser maintenant."),
    PostingKind.RECEIPT: gettext_lazy("Ce qu’un financeur a versé : l’argent est à la banque."),
    PostingKind.ALLOTMENT: gettext_lazy(
        "Ce que la dotation en vigueur donne à un volet pour une année."
    ),
    PostingKind.ALLOTMENT_WITHDRAWAL: gettext_lazy(
        "Ce qui revient d’une enveloppe à la dotation, pour être donné ailleurs."
    ),
    PostingKind.TRANSFER: gettext_lazy(
        "Ce qui passe d’une enveloppe à une autre, avec qui l’a décidé."
    ),
}
#: The field of a form beside which a refusal is shown; the others stand above the form.
_FIELDS: Mapping[str, str] = {
    LedgerProblem.AMOUNT: "amount",
    LedgerProblem.NOT_ENOUGH: "amount",
    LedgerProblem.YEAR_CLOSED: "booked_on",
    LedgerProblem.ENVELOPE_CLOSED: "year",
    LedgerProblem.YEAR_NOT_OVER: "booked_on",
    LedgerProblem.YEAR_ORDER: "year",
    LedgerProblem.REVERSAL_TOO_EARLY: "booked_on",
    LedgerProblem.SAME_ENVELOPE: "to_strand",
    BudgetProblem.SAME_ENVELOPE: "to_strand",
    BudgetProblem.OUT_OF_ORDER: "booked_on",
    BudgetProblem.NOT_THE_DECIDER: "decided_by",
    BudgetProblem.AMOUNT: "amount",
}


@require_safe
@login_required
def budget(request: HttpRequest, code: str) -> HttpResponse:
    """Show where the money of a fund stands."""
    fund = fund_for(request, code, permissions.SEE_BUDGET)
    page = budgets.page_of(fund)
    context = {
        "fund": fund,
        "page": page,
        "may_manage": request.user.has_perm(permissions.MANAGE_BUDGET, fund),
        "chart": waterfall_chart(page),
        "crumbs": [*crumbs(fund), Crumb(_("Budget"))],
    }
    return render(request, "fund/budget.html", context)


def waterfall_chart(page: BudgetPage) -> BarChart:
    """Draw what becomes of the money, from the endowment to the payments."""
    fund, steps = page.fund, page.waterfall
    bars = [
        (_("Dotation en vigueur"), steps.endowment, ("endowment",)),
        (_("Avances revenues"), steps.recycled, ("recycled",)),
        (_("Mis dans des enveloppes"), steps.allotted, _ENVELOPE),
        (_("Attribué à des dossiers"), steps.awarded, _ENVELOPE[1:]),
        (_("Engagé par convention"), steps.committed, _ENVELOPE[2:]),
        (_("Versé"), steps.paid, _ENVELOPE[3:]),
    ]
    return BarChart(
        title=_("De la dotation aux versements"),
        unit=_("Euros"),
        bars=tuple(
            Bar(
                label=label,
                value=float(amount),
                text=euros(amount, "full"),
                href=budgets.ledger_url(fund, accounts=accounts),
            )
            for label, amount, accounts in bars
            if amount or accounts != ("recycled",)
        ),
        note=_(
            "Les enveloppes viennent de la dotation et des avances revenues ; chaque étape "
            "suivante est une part de celle d’avant."
        ),
    )


_ENVELOPE = ("available", "reserved", "committed", "paid")


def _status(form: Form) -> int:
    return _UNPROCESSABLE if form.errors else 200


@login_required
def declare(request: HttpRequest, code: str, statement: str) -> HttpResponse:
    """Declare a statement on the endowment in force, once read again and confirmed."""
    fund = fund_for(request, code, permissions.MANAGE_BUDGET)
    said = coded_statements(fund).get(statement)
    if said is None:
        raise Http404(_("Cet énoncé n’est pas dans la fiche du fonds. Revenez au budget."))
    form = DeclarationForm(request.POST or None, today=timezone.localdate())

    def write() -> str:
        choice = actions.declare_in_force(
            fund=fund,
            statement=statement,
            decided_by=form.cleaned_data["decided_by"],
            key=_key("endowment", form),
            **form.header,
            **_by(request, form),
        )
        return choice.posting.get_absolute_url()

    if request.method == "POST" and form.is_valid():
        address = written(fund, form, write)
        if address:
            messages.success(request, _("L’énoncé est en vigueur."))
            return redirect("fund:budget", fund.code)
    page = budgets.page_of(fund)
    context = {
        "fund": fund,
        "form": form,
        "said": said,
        "page": page,
        "title": _("Mettre un énoncé en vigueur"),
        "crumbs": [*crumbs(fund, budget=True), Crumb(_("Mettre en vigueur"))],
    }
    return render(request, "fund/budget_declare.html", context, status=_status(form))


@login_required
def operate(request: HttpRequest, code: str, operation: str) -> HttpResponse:
    """Write an operation of the budget: a contribution, an envelope, a transfer."""
    fund = fund_for(request, code, permissions.MANAGE_BUDGET)
    kind = next((each for each in OPERATION_FORMS if each.value == operation), None)
    if kind is None:
        raise Http404(_("Cette opération n’existe pas. Revenez au budget du fonds."))
    strands, funders = list(budgets.strands_of(fund)), list(budgets.funders_of(fund))
    made = OPERATION_FORMS[kind]
    form = made(
        request.POST or None,
        initial=_asked(request),
        today=timezone.localdate(),
        strands=strands,
        funders=funders,
    )
    if request.method == "POST" and form.is_valid():
        address = written(fund, form, lambda: _operate(request, fund, kind, form))
        if address:
            messages.success(request, _("L’opération est écrite."))
            return redirect("fund:budget", fund.code)
    label = PostingKindChoices(kind.value).label
    context = {
        "fund": fund,
        "form": form,
        "title": label,
        "lede": _LEDES[kind],
        "missing": _missing(made, strands, bool(funders)),
        "situation": _situation(budgets.page_of(fund), made),
        "crumbs": [*crumbs(fund, budget=True), Crumb(label)],
    }
    return render(request, "fund/budget_operation.html", context, status=_status(form))


def _asked(request: HttpRequest) -> dict[str, str]:
    """Give the fields that the link to the form names already."""
    names = ("funder", "strand", "year", "to_strand", "to_year")
    return {name: request.GET[name] for name in names if name in request.GET}


def _operate(request: HttpRequest, fund: Fund, kind: PostingKind, form: OperationForm) -> str:
    key, amount = _key(kind.value, form), form.cleaned_data["amount"]
    by = _by(request, form)
    if isinstance(form, PromiseForm):
        organisation = by_slug(form.cleaned_data["organisation"])
        assert organisation is not None
        row = actions.promise(
            fund=fund, organisation=organisation, amount=amount, key=key, **form.header, **by
        )
        return row.get_absolute_url()
    if isinstance(form, TransferForm):
        decision = TransferDecision(
            origin=form.about["envelope"],
            target=form.about["to_envelope"],
            amount=amount,
            decided_by=form.decider,
            decided_on=form.header["booked_on"],
            reason=form.header["reason"],
            reference=form.header["reference"],
        )
        posting = endowment.transfer(budgets.budget_of(fund), decision, key=key)
    else:
        posting = Posting(
            key=key, fund=fund.code, kind=kind, amount=amount, **form.header, **form.about
        )
    return actions.post(fund=fund, postings=(posting,), **by)[0].get_absolute_url()


def _missing(made: type[OperationForm], strands: list[Strand], has_funders: bool) -> str:  # noqa: FBT001
    """Say what must be there first; an empty text when nothing is missing."""
    if made is FunderForm and not has_funders:
        return _("Aucun financeur n’a encore promis. Enregistrez d’abord une promesse.")
    if made not in {FunderForm, PromiseForm} and not strands:
        return _("Ce fonds n’a pas de volet. Ajoutez-en un dans son fichier, puis chargez-le.")
    return ""


def _situation(page: BudgetPage, made: type[OperationForm]) -> DataTable:
    """Show what can be moved, beside the form."""
    if made in {FunderForm, PromiseForm}:
        return DataTable(
            caption=_("Où en sont les contributions"),
            columns=(
                Column(_("Financeur")),
                Column(_("Promis"), numeric=True),
                Column(_("Appelé"), numeric=True),
                Column(_("Reçu"), numeric=True),
            ),
            rows=tuple(
                (str(line.funder), *map(_cell, (line.promised, line.called, line.received)))
                for line in page.funders
            ),
        )
    rows = [
        (f"{strand.strand} {line.year}", _cell(line.available))
        for strand in page.strands
        for line in strand.lines
        if not line.is_closed
    ]
    return DataTable(
        caption=_("Ce qui est disponible"),
        columns=(Column(_("Enveloppe")), Column(_("Disponible"), numeric=True)),
        rows=((_("Hors enveloppe"), _cell(page.unallotted)), *rows),
    )


def _cell(figure: Figure) -> Cell:
    return Cell(euros(figure.eur, "full"), figure.href)


@login_required
def close_year(request: HttpRequest, code: str) -> HttpResponse:
    """Close a year: what it still holds is carried forward, and nothing is written in it again."""
    fund = fund_for(request, code, permissions.MANAGE_BUDGET)
    page = budgets.page_of(fund)
    year = _next_year(page)
    form = ClosingForm(request.POST or None, initial={"year": year}, today=timezone.localdate())

    def write() -> str:
        rows = actions.close_year(
            fund=fund,
            year=form.cleaned_data["year"],
            key=_key("closing", form),
            **form.header,
            **_by(request, form),
        )
        return rows[-1].get_absolute_url()

    if request.method == "POST" and form.is_valid() and written(fund, form, write):
        messages.success(
            request, _("L’année %(year)s est close.") % {"year": form.cleaned_data["year"]}
        )
        return redirect("fund:budget", fund.code)
    context = {
        "fund": fund,
        "form": form,
        "year": year,
        "carried": _carried(fund, year),
        "crumbs": [*crumbs(fund, budget=True), Crumb(_("Clore une année"))],
    }
    return render(request, "fund/budget_close.html", context, status=_status(form))


def _next_year(page: BudgetPage) -> int | None:
    if page.closed_through is not None:
        return page.closed_through + 1
    years = [line.year for strand in page.strands for line in strand.lines if line.year]
    return min(years, default=None)


def _carried(fund: Fund, year: int | None) -> DataTable | None:
    """Show what the closing of a year would carry to the next one."""
    if year is None:
        return None
    names = {row.code: str(row) for row in budgets.strands_of(fund)}
    rows = tuple(
        (
            f"{names[account.envelope.strand]} {account.envelope.year}",
            str(AccountChoices(account.code.value).label),
            account.file,
            euros(eur, "full"),
        )
        for account, eur in to_carry(fund, year)
        if account.envelope
    )
    return DataTable(
        caption=_("Ce qui serait reporté de %(year)s à %(next)s")
        % {"year": year, "next": year + 1},
        columns=(
            Column(_("Enveloppe")),
            Column(_("Compte")),
            Column(_("Dossier")),
            Column(_("Montant"), numeric=True),
        ),
        rows=rows,
    )


@require_safe
@login_required
def trial_balance(request: HttpRequest, code: str) -> HttpResponse:
    """Show every account with the side on which it stands."""
    fund = fund_for(request, code, permissions.SEE_BUDGET)
    context = {
        "fund": fund,
        "registers": budgets.trial_balance_of(fund),
        "crumbs": [*crumbs(fund, budget=True), Crumb(_("Balance"))],
    }
    return render(request, "fund/ledger_balance.html", context)


# What the pages of money share.


def fund_for(request: HttpRequest, code: str, permission: str) -> Fund:
    """Return a fund to whoever may do this there.

    Raises
    ------
    Http404
        If there is no such fund.
    PermissionDenied
        If the person may not.
    """
    fund = queries.find(code)
    if fund is None:
        raise Http404(_("Aucun fonds n’a cette adresse. Cherchez-le dans la liste des fonds."))
    if not request.user.has_perm(permission, fund):
        raise PermissionDenied
    return fund


def crumbs(fund: Fund, *, budget: bool = False) -> list[Crumb]:
    found = [Crumb(_("Fonds"), reverse("fund:index")), Crumb(fund.name, fund.get_absolute_url())]
    if budget:
        found.append(Crumb(_("Budget"), reverse("fund:budget", args=[fund.code])))
    return found


def written(fund: Fund, form: Form, write: Callable[[], str]) -> str:
    """Write and give the address of what was written; an empty text when it was refused.

    The form then says why, and what would be possible. One that was received before leads to what
    it made then.
    """
    try:
        return write()
    except AlreadyDoneError:
        return reverse("fund:ledger", args=[fund.code])
    except (PostingRefused, BudgetRefused) as refusal:
        field = _FIELDS.get(refusal.problem)
        names = {row.code: str(row) for row in budgets.strands_of(fund)} | {
            row.code: str(row) for row in budgets.funders_of(fund)
        }
        form.add_error(field if field in form.fields else None, refusal_in_words(refusal, names))
        return ""


def _key(name: str, form: Form) -> str:
    """Make the key of a posting from the token of its form: sent twice, it is written once."""
    return f"{name}:{form.cleaned_data['submission'] or uuid4()}"


def _by(request: HttpRequest, form: Form) -> dict[str, Any]:
    assert isinstance(request.user, User)
    return {
        "by": request.user,
        "at": timezone.now(),
        "submission": form.cleaned_data["submission"],
    }
