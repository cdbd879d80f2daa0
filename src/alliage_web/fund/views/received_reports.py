"""Reports as a fund waits for them, reads them and decides; their indicators."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from alliage.fund.reporting.indicators import IndicatorError
from alliage.fund.states import REPORT, ReportState
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.fund import permissions, queries
from alliage_web.fund.actions import indicators as indicator_actions
from alliage_web.fund.actions import reports as actions
from alliage_web.fund.actions.report_obligations import ReportClosedError, change_obligation
from alliage_web.fund.documents.reports import quantity, share_in_words
from alliage_web.fund.forms.reports import (
    DecisionForm,
    IndicatorForm,
    MeasurementForm,
    ObligationForm,
    PeriodForm,
)
from alliage_web.fund.models import SideChoices
from alliage_web.fund.queries import agreements as agreements_found
from alliage_web.fund.queries import reports as found
from alliage_web.fund.queries.agreement_wording import label
from alliage_web.fund.queries.report_wording import REFUSALS, TAGS, refusal_in_words
from alliage_web.ui.components import Crumb

from .agreements import crumb, fund_seen, seen
from .agreements import crumbs as agreement_crumbs
from .reports import by, document, file_of, line_of, period_in_words, read, uncovered

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from django.utils.functional import _StrPromise

    from alliage_web.fund.models import Agreement, Indicator, ReportObligation

PER_PAGE = 50
_UNPROCESSABLE = 422
_FILTERS: Mapping[str, _StrPromise] = {
    "a-lire": gettext_lazy("À lire"),
    "en-retard": gettext_lazy("En retard"),
    "a-venir": gettext_lazy("À venir"),
    "acceptes": gettext_lazy("Acceptés"),
}
#: The decisions of an officer, by the word in the address.
_DECISIONS: Mapping[str, str] = {
    "accepter": "accept",
    "faire-completer": "ask_to_complete",
    "ne-plus-demander": "waive",
    "demander-de-nouveau": "ask_again",
}


@login_required
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponse:
    """List the reports that a fund waits for or received."""
    fund = fund_seen(request, code, permissions.SEE_REPORTS)
    today = timezone.localdate()
    choice = request.GET.get("choix", "")
    choice = choice if choice in _FILTERS else ""
    counts = found.counts_of_fund(fund, today)
    page = Paginator(found.obligations_of_fund(fund, choice, today), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "fund": fund,
        "filters": [(name, words, counts[name]) for name, words in _FILTERS.items()],
        "choice": choice,
        "page": page,
        "lines": [_fund_line(row, today) for row in page.object_list],
        "crumbs": [
            Crumb(_("Fonds"), reverse("fund:index")),
            Crumb(fund.name, fund.get_absolute_url()),
            Crumb(_("Rapports")),
        ],
    }
    return render(request, "fund/reports_of_fund.html", context)


def _fund_line(row: ReportObligation, today: Any) -> tuple[ReportObligation, bool, str, str]:
    late = found.is_late(row, today)
    href = reverse(
        "fund:report-asked", args=[row.agreement.fund.code, row.agreement.reference, row.code]
    )
    return row, late, "danger" if late else TAGS.get(row.state, ""), href


def _asked(request: HttpRequest, code: str, reference: str, asked: str) -> ReportObligation:
    """Return what an agreement asks to the people of the fund, and to who owes it."""
    fund = queries.find(code)
    agreement = agreements_found.find_agreement(fund, reference) if fund else None
    row = found.find_obligation(agreement, asked) if agreement else None
    if row is None or not (
        request.user.has_perm(permissions.SEE_REPORTS, row.agreement.fund)
        or request.user.has_perm(permissions.OWE_REPORT, row)
    ):
        raise Http404(_("Ce rapport n’existe pas, ou vous n’y avez pas accès."))
    return row


def _handled(request: HttpRequest, code: str, reference: str, asked: str) -> ReportObligation:
    row = _asked(request, code, reference, asked)
    if not request.user.has_perm(permissions.HANDLE_REPORTS, row.agreement.fund):
        raise PermissionDenied
    return row


def _address(row: ReportObligation) -> str:
    return reverse(
        "fund:report-asked", args=[row.agreement.fund.code, row.agreement.reference, row.code]
    )


def _crumbs(request: HttpRequest, row: ReportObligation, *more: Crumb) -> list[Crumb]:
    here = Crumb(str(row), _address(row) if more else "")
    if request.user.has_perm(permissions.SEE_REPORTS, row.agreement.fund):
        return agreement_crumbs(row.agreement.fund, crumb(row.agreement), here, *more)
    return [Crumb(_("Mes rapports"), reverse("fund:reports")), here, *more]


@login_required
@require_safe
def asked(request: HttpRequest, code: str, reference: str, asked: str) -> HttpResponse:
    """Show a report that an agreement asks, what was received of it, and what may be decided."""
    row = _asked(request, code, reference, asked)
    handles = request.user.has_perm(permissions.HANDLE_REPORTS, row.agreement.fund)
    owes = request.user.has_perm(permissions.OWE_REPORT, row)
    delivery = found.last_delivery(row)
    missing = set(delivery.content["missing"]) if delivery else set()
    context = {
        "fund": row.agreement.fund,
        "agreement": row.agreement,
        "obligation": row,
        "line": line_of(request, row, timezone.localdate()),
        "period": period_in_words(row),
        "owes": owes,
        "may_write": owes and row.report is not None and ReportState(row.state) in found.OPEN,
        "sees_agreement": request.user.has_perm(permissions.SEE_AGREEMENTS, row.agreement.fund)
        or request.user.has_perm(permissions.RECEIVE_AGREEMENTS, row.agreement.receiver),
        "delivery": delivery,
        "deliveries": row.deliveries.select_related("by").order_by("number"),
        "missing": [line["text"] for line in delivery.content["promises"] if line["key"] in missing]
        if delivery
        else [],
        "decisions": _decisions(row) if handles else [],
        "may_change": handles and ReportState(row.state) in found.OPEN,
        **(read(delivery.content) if delivery else {}),
        "crumbs": _crumbs(request, row),
    }
    return render(request, "fund/report_asked.html", context)


def _decisions(row: ReportObligation) -> list[tuple[str, str]]:
    words = {verb: word for word, verb in _DECISIONS.items()}
    return [
        (words[each.verb], label(each.label))
        for each in REPORT.possible(ReportState(row.state))
        if each.verb in words
    ]


def _form_page(
    request: HttpRequest,
    row: ReportObligation,
    form: Any,
    *,
    title: str,
    button: str,
    lede: str = "",
) -> HttpResponse:
    context = {
        "title": title,
        "lede": lede,
        "form": form,
        "button": button,
        "back": _address(row),
        "crumbs": _crumbs(request, row, Crumb(title)),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/report_form.html", context, status=status)


@login_required
def begin(request: HttpRequest, code: str, reference: str, asked: str) -> HttpResponse:
    """Begin the report that an agreement asks, or join the one that tells of the same period."""
    row = _asked(request, code, reference, asked)
    if not request.user.has_perm(permissions.OWE_REPORT, row):
        raise PermissionDenied
    if row.report is not None:
        return redirect(row.report)
    alliance = row.agreement.alliance
    about = alliance.display_title if alliance else row.agreement.receiver.name
    initial = {
        "title": _("%(report)s, %(about)s") % {"report": str(row).capitalize(), "about": about},
        "first": row.period_first,
        "last": row.period_last,
    }
    form = PeriodForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            report = actions.begin_report(
                obligation=row,
                title=data["title"],
                first=data["first"],
                last=data["last"],
                submission=data["submission"],
                **by(request),
            )
        except AlreadyDoneError as done:
            return redirect("fund:report", done.target.removeprefix("report:"))
        except ReportClosedError:
            messages.info(request, _("Ce rapport est déjà commencé, remis ou plus demandé."))
            return redirect(_address(row))
        except actions.PeriodNotCoveredError as error:
            form.add_error("last", uncovered(error))
        else:
            messages.success(
                request, _("Le rapport est commencé. Tout s’enregistre à mesure que vous écrivez.")
            )
            return redirect(report)
    return _form_page(
        request,
        row,
        form,
        title=_("Commencer le rapport"),
        lede=_(
            "Il s’écrit une seule fois : tout fonds qui demande cette période pour la même action "
            "pourra le recevoir."
        ),
        button=_("Commencer"),
    )


@login_required
def decide(request: HttpRequest, code: str, reference: str, asked: str, verb: str) -> HttpResponse:
    """Accept a report, ask to complete it, or ask for it no longer."""
    row = _handled(request, code, reference, asked)
    if verb not in _DECISIONS:
        raise Http404(_("Cette décision n’existe pas."))
    today = timezone.localdate()
    form = DecisionForm(
        request.POST if request.method == "POST" else None, verb=_DECISIONS[verb], today=today
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            actions.decide(
                obligation=row,
                verb=_DECISIONS[verb],
                reason=data["reason"],
                complete_by=data.get("complete_by"),
                on=today,
                submission=data["submission"],
                **by(request),
            )
        except AlreadyDoneError:
            return redirect(_address(row))
        except REFUSALS as error:
            form.add_error(None, refusal_in_words(error))
        else:
            messages.success(request, _("La décision est enregistrée."))
            return redirect(_address(row))
    titles = {each.verb: label(each.label) for each in REPORT.transitions}
    lede = ""
    if verb == "accepter" and row.condition:
        lede = _("L’acceptation remplit la condition « %(condition)s ».") % {
            "condition": row.condition.label
        }
    return _form_page(
        request, row, form, title=titles[_DECISIONS[verb]], button=_("Décider"), lede=lede
    )


@login_required
def change(request: HttpRequest, code: str, reference: str, asked: str) -> HttpResponse:
    """Change by when a report is due, and what it tells of."""
    row = _handled(request, code, reference, asked)
    initial = {
        "due_on": row.due_on,
        "period_first": row.period_first,
        "period_last": row.period_last,
    }
    form = ObligationForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_obligation(obligation=row, **form.cleaned_data, **by(request))
        except AlreadyDoneError:
            return redirect(_address(row))
        except ReportClosedError:
            form.add_error(None, _("Ce rapport est remis, accepté ou plus demandé."))
        except REFUSALS as error:
            form.add_error(None, refusal_in_words(error))
        else:
            messages.success(request, _("La date du rapport est changée."))
            return redirect(_address(row))
    return _form_page(
        request, row, form, title=_("Changer la date du rapport"), button=_("Enregistrer")
    )


@login_required
@require_safe
def delivered_file(
    request: HttpRequest, code: str, reference: str, asked: str, number: int, extension: str
) -> HttpResponse:
    """Give what was delivered, as it was."""
    row = _asked(request, code, reference, asked)
    delivery = row.deliveries.filter(number=number).first()
    if delivery is None:
        raise Http404(_("Ce rapport n’a pas été remis sous ce numéro."))
    name = f"rapport-{row.agreement.reference}-{row.code}-{number}.{extension}"
    return file_of(delivery.content, name, digest=delivery.digest, number=number)


@login_required
@require_safe
def evidence(
    request: HttpRequest, code: str, reference: str, asked: str, number: int, file: UUID
) -> HttpResponseBase:
    """Give a proof that was delivered."""
    row = _asked(request, code, reference, asked)
    delivery = row.deliveries.select_related("report").filter(number=number).first()
    if delivery is None or str(file) not in found.evidence_of(delivery):
        raise Http404(_("Ce document n’est pas dans ce qui a été remis."))
    return document(delivery.report, file)


# ── Indicators ───────────────────────────────────────────────────────────────────────────────────


def _side(request: HttpRequest, agreement: Agreement) -> str:
    """Say for which party a person acts; empty when they only read."""
    if request.user.has_perm(permissions.MANAGE_AGREEMENTS, agreement.fund):
        return SideChoices.FUND.value
    if request.user.has_perm(permissions.RECEIVE_AGREEMENTS, agreement.receiver):
        return SideChoices.RECEIVER.value
    return ""


def _acting(request: HttpRequest, agreement: Agreement) -> str:
    side = _side(request, agreement)
    if not side:
        raise PermissionDenied
    return side


def _indicators_address(agreement: Agreement) -> str:
    return reverse("fund:indicators", args=[agreement.fund.code, agreement.reference])


def _indicator_crumbs(agreement: Agreement, *more: Crumb) -> list[Crumb]:
    here = Crumb(_("Indicateurs"), _indicators_address(agreement) if more else "")
    return agreement_crumbs(agreement.fund, crumb(agreement), here, *more)


@login_required
@require_safe
def indicators(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Show the indicators of an agreement: where each started, goes and stands."""
    agreement = seen(request, code, reference)
    side = _side(request, agreement)
    context = {
        "fund": agreement.fund,
        "agreement": agreement,
        "side": side,
        "lines": [_indicator_line(each) for each in found.indicators_of(agreement)],
        "crumbs": _indicator_crumbs(agreement),
    }
    return render(request, "fund/indicators.html", context)


def _indicator_line(each: found.IndicatorStanding) -> dict[str, Any]:
    row, progress = each.indicator, each.progress
    unit = row.unit
    return {
        "row": row,
        "baseline": quantity(str(row.baseline), unit) if row.baseline is not None else "",
        "target": quantity(str(row.target), unit),
        "last": quantity(str(progress.last.value), unit) if progress.last else "",
        "share": share_in_words(None if progress.share is None else str(progress.share)),
        # A bar shows the way from the baseline to the target, and no more.
        "bar": None
        if progress.share is None
        else int(min(max(progress.share, Decimal(0)), Decimal(1)) * 100),
        "reached": progress.reached.value,
        "behind": progress.behind.value,
        "expected": quantity(str(round(progress.expected, 2)), unit)
        if progress.expected is not None
        else "",
        "measurements": [
            (one, quantity(str(one.value), unit), one.indicator_id == row.pk)
            for one in each.measurements
        ],
    }


def _indicator_form(
    request: HttpRequest, agreement: Agreement, form: Any, *, title: str, lede: str = ""
) -> HttpResponse:
    context = {
        "title": title,
        "lede": lede,
        "form": form,
        "button": _("Enregistrer"),
        "back": _indicators_address(agreement),
        "crumbs": _indicator_crumbs(agreement, Crumb(title)),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/report_form.html", context, status=status)


@login_required
def new_indicator(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Propose an indicator for one's party; the other agrees to it."""
    agreement = seen(request, code, reference)
    side = _acting(request, agreement)
    form = IndicatorForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            indicator_actions.propose_indicator(
                agreement=agreement,
                values=form.said,
                side=side,
                submission=form.cleaned_data["submission"],
                **by(request),
            )
        except AlreadyDoneError:
            messages.info(request, _("Cet indicateur est déjà dans la convention."))
            return redirect(_indicators_address(agreement))
        except IndicatorError as error:
            form.add_error(None, refusal_in_words(error))
        else:
            messages.success(
                request, _("L’indicateur est proposé. L’autre partie dira si elle en convient.")
            )
            return redirect(_indicators_address(agreement))
    return _indicator_form(request, agreement, form, title=_("Proposer un indicateur"))


def _indicator(agreement: Agreement, uuid: UUID) -> Indicator:
    row = found.find_indicator(agreement, uuid)
    if row is None:
        raise Http404(_("Cet indicateur n’est pas dans cette convention."))
    return row


@login_required
@require_POST
def agree(request: HttpRequest, code: str, reference: str, uuid: UUID, verb: str) -> HttpResponse:
    """Agree to an indicator that the other party proposed, or remove a proposal."""
    agreement = seen(request, code, reference)
    side = _acting(request, agreement)
    row = _indicator(agreement, uuid)
    try:
        if verb == "convenir":
            indicator_actions.agree_to_indicator(indicator=row, side=side, **by(request))
            messages.success(request, _("L’indicateur est convenu : il est promis."))
        elif verb == "retirer":
            indicator_actions.remove_indicator(indicator=row, **by(request))
            messages.success(request, _("La proposition est retirée."))
        else:
            raise Http404(_("Cette décision n’existe pas."))
    except indicator_actions.SameSideError:
        messages.error(request, _("L’autre partie doit en convenir : vous l’avez proposé."))
    except indicator_actions.AgreedIndicatorError:
        messages.error(request, _("Les deux parties en sont convenues : il reste promis."))
    return redirect(_indicators_address(agreement))


@login_required
def measure(request: HttpRequest, code: str, reference: str, uuid: UUID) -> HttpResponse:
    """Write a measurement, or correct the one of the same day."""
    agreement = seen(request, code, reference)
    _acting(request, agreement)
    row = _indicator(agreement, uuid)
    day = request.GET.get("jour", "")
    before = next((one for one in row.measurements.all() if one.on.isoformat() == day), None)
    initial = (
        {"on": before.on, "value": f"{before.value:f}".replace(".", ","),
         "status": before.status, "source": before.source}
        if before
        else {}
    )  # fmt: skip
    form = MeasurementForm(
        request.POST if request.method == "POST" else None,
        today=timezone.localdate(),
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            indicator_actions.measure(
                indicator=row,
                on=data["on"],
                value=data["value"],
                status=data["status"],
                source=data["source"],
                submission=data["submission"],
                **by(request),
            )
        except AlreadyDoneError:
            return redirect(_indicators_address(agreement))
        messages.success(request, _("La mesure est enregistrée."))
        return redirect(_indicators_address(agreement))
    lede = _("En %(unit)s. Une mesure du même jour est corrigée : le journal garde l’ancienne.") % {
        "unit": row.unit
    }
    return _indicator_form(request, agreement, form, title=row.label, lede=lede)
