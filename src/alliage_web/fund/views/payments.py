"""Instalments: conditions met, orders, payments confirmed by somebody else, returns, bank files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_safe

from alliage.fund.money.payment_orders import PaymentOrderError
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.fund import permissions
from alliage_web.fund.actions import instalments as actions
from alliage_web.fund.documents.agreements import payment_csv, payment_file
from alliage_web.fund.forms.agreements import (
    BankFileForm,
    ConditionForm,
    ConfirmForm,
    OrderForm,
    ReturnForm,
)
from alliage_web.fund.queries import agreements as found
from alliage_web.fund.queries.agreement_wording import REFUSALS, refusal_in_words
from alliage_web.ui.components import Crumb
from alliage_web.ui.templatetags.ui import euros, partial_date

from .agreements import by, crumbs, form_page, fund_seen, managed, seen

if TYPE_CHECKING:
    from django.http import HttpRequest

    from alliage_web.fund.models import Agreement, Fund, PaymentOrder
    from alliage_web.fund.queries.agreements import InstalmentLine

_UNPROCESSABLE = 422


@login_required
def condition(request: HttpRequest, code: str, reference: str, pk: int) -> HttpResponse:
    """Record that a condition is met, with its proof."""
    agreement = managed(request, code, reference)
    row = agreement.conditions.filter(pk=pk).first()
    if row is None:
        raise Http404(_("Cette condition n’est pas dans cette convention."))
    form = ConditionForm(request.POST or None, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            fresh = actions.meet_condition(
                condition=row,
                met_on=data["met_on"],
                evidence=data["evidence"],
                submission=data["submission"],
                **by(request),
            )
        except AlreadyDoneError:
            return redirect(agreement)
        if fresh:
            messages.success(request, _("La condition est remplie."))
        else:
            messages.info(request, _("Cette condition était déjà constatée : rien ne change."))
        return redirect(agreement)
    title = _("Constater : %(condition)s") % {"condition": row.label}
    return form_page(request, agreement, form, title=title, button=_("Constater"))


@login_required
def order(request: HttpRequest, code: str, reference: str, instalment: str) -> HttpResponse:
    """Order the payment of an instalment, in whole or in part."""
    agreement = managed(request, code, reference)
    today = timezone.localdate()
    line = _line(agreement, instalment)
    initial = {
        "amount": str(line.balance.payable).replace(".", ",") if line.balance.payable else "",
        "reason": f"{agreement.reference} {line.row.title}"[:140],
    }
    form = OrderForm(request.POST or None, initial=initial, today=today)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            actions.order_payment(
                agreement=agreement,
                instalment=instalment,
                amount=data["amount"],
                execute_on=data["execute_on"],
                reason=data["reason"],
                bank_details_checked=data["bank_details_checked"],
                submission=data["submission"],
                **by(request),
            )
        except AlreadyDoneError:
            return redirect(agreement)
        except REFUSALS as error:
            form.add_error(None, refusal_in_words(error, agreement))
        else:
            messages.success(
                request, _("Le versement est ordonné. Une autre personne le confirmera.")
            )
            return redirect(agreement)
    return form_page(
        request,
        agreement,
        form,
        title=_("Ordonner : %(instalment)s") % {"instalment": line.row.title},
        button=_("Ordonner le versement"),
        lede=_("Une autre personne que vous confirmera ce que la banque a versé."),
        facts=_standing(line),
    )


def _line(agreement: Agreement, instalment: str) -> InstalmentLine:
    lines = found.lines_of(agreement, timezone.localdate())
    for line in lines:
        if line.row.code == instalment:
            return line
    raise Http404(_("Cette échéance n’est pas dans la version en vigueur."))


def _standing(line: InstalmentLine) -> list[tuple[str, str]]:
    balance = line.balance
    facts = [
        (_("Montant de l’échéance"), euros(line.row.eur, "full")),
        (_("Déjà versé"), euros(balance.paid, "full")),
        (_("Payable aujourd’hui"), euros(balance.payable, "full")),
    ]
    waits = [row.label for row in line.missing]
    if balance.not_before:
        waits.append(partial_date(balance.not_before))
    if waits:
        facts.append((_("Elle attend"), " ; ".join(waits)))
    if line.release_missing:
        facts.append(
            (_("La retenue attend"), " ; ".join(row.label for row in line.release_missing))
        )
    return facts


@login_required
def give_back(request: HttpRequest, code: str, reference: str, instalment: str) -> HttpResponse:
    """Record money that came back."""
    agreement = managed(request, code, reference)
    line = _line(agreement, instalment)
    form = ReturnForm(request.POST or None, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            actions.record_return(
                agreement=agreement,
                instalment=instalment,
                amount=data["amount"],
                returned_on=data["returned_on"],
                cause=data["cause"],
                submission=data["submission"],
                **by(request),
            )
        except AlreadyDoneError:
            return redirect(agreement)
        except actions.AdvanceReturnError:
            form.add_error(
                None, _("Une avance versée revient par des remboursements, sur sa propre page.")
            )
        except REFUSALS as error:
            form.add_error(None, refusal_in_words(error, agreement))
        else:
            messages.success(request, _("Le retour est enregistré."))
            return redirect(agreement)
    return form_page(
        request,
        agreement,
        form,
        title=_("Argent revenu : %(instalment)s") % {"instalment": line.row.title},
        button=_("Enregistrer le retour"),
        facts=_standing(line),
    )


@login_required
def confirm(request: HttpRequest, code: str, reference: str, key: str) -> HttpResponse:
    """Record what the bank did of an order; who ordered it may not."""
    agreement = seen(request, code, reference)
    if not request.user.has_perm(permissions.CONFIRM_PAYMENTS, agreement.fund):
        raise PermissionDenied
    row = agreement.orders.filter(key=key).select_related("agreement__fund", "ordered_by").first()
    if row is None:
        raise Http404(_("Cet ordre n’existe pas."))
    form = ConfirmForm(request.POST or None, order=row, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        try:
            _settle(request, row, form)
        except AlreadyDoneError:
            messages.info(request, _("Cet ordre est déjà réglé : rien n’est versé deux fois."))
            return redirect(agreement)
        except actions.OrderedBySamePersonError:
            form.add_error(
                None,
                _("Vous avez ordonné ce versement : une autre personne doit le confirmer."),
            )
        except REFUSALS as error:
            form.add_error(None, refusal_in_words(error, agreement))
        else:
            messages.success(request, _("C’est enregistré."))
            return redirect(agreement)
    facts = [
        (_("Ordre"), row.key),
        (_("Montant ordonné"), euros(row.eur, "full")),
        (_("À exécuter le"), partial_date(row.execute_on)),
        (_("Ordonné par"), str(row.ordered_by or _("une personne effacée"))),
    ]
    return form_page(
        request,
        agreement,
        form,
        title=_("Confirmer un versement"),
        button=_("Enregistrer"),
        facts=facts,
    )


def _settle(request: HttpRequest, row: PaymentOrder, form: ConfirmForm) -> None:
    data = form.cleaned_data
    if data["answer"] == "rejected":
        actions.reject_order(order=row, **by(request))
    else:
        actions.confirm_payment(
            order=row, amount=data["amount"], paid_on=data["paid_on"], **by(request)
        )


@login_required
@require_safe
def waiting(request: HttpRequest, code: str) -> HttpResponse:
    """Show the orders that nobody settled, with the files that they make."""
    fund = fund_seen(request, code, permissions.SEE_AGREEMENTS)
    return _waiting_page(request, fund, BankFileForm(orders=list(found.waiting_orders(fund))))


def _waiting_page(request: HttpRequest, fund: Fund, form: BankFileForm) -> HttpResponse:
    orders = list(form.orders.values())
    context = {
        "fund": fund,
        "orders": orders,
        "form": form,
        "may_confirm": request.user.has_perm(permissions.CONFIRM_PAYMENTS, fund),
        "crumbs": crumbs(fund, Crumb(_("Ordres à régler"))),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/agreement_orders.html", context, status=status)


@login_required
@require_safe
def orders_csv(request: HttpRequest, code: str) -> HttpResponse:
    """List the orders that wait, without any bank detail."""
    fund = fund_seen(request, code, permissions.SEE_AGREEMENTS)
    text = payment_csv(found.waiting_orders(fund))
    return _file(text.encode(), "ordres.csv", "text/csv; charset=utf-8")


@sensitive_post_parameters()
@sensitive_variables()
@login_required
def orders_file(request: HttpRequest, code: str) -> HttpResponse:
    """Write the file for the bank; the bank details that it needs are kept nowhere."""
    fund = fund_seen(request, code, permissions.CONFIRM_PAYMENTS)
    if request.method != "POST":
        return redirect("fund:payment-orders", fund.code)
    rows = list(found.waiting_orders(fund))
    form = BankFileForm(request.POST, orders=rows)
    if form.is_valid() and form.debtor is not None:
        try:
            data = payment_file(rows, form.accounts, form.debtor, at=timezone.now())
        except PaymentOrderError as error:
            form.add_error(None, refusal_in_words(error))
        else:
            return _file(data, "virements.xml", "application/xml")
    return _waiting_page(request, fund, form)


def _file(data: bytes, name: str, media_type: str) -> HttpResponse:
    headers: dict[str, Any] = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(data, content_type=media_type, headers=headers)
