"""Agreements: the list, preparing, sending, signing, amending, ending, and their PDF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from alliage.fund.law.legal_path import LegalOutcome, Weight
from alliage.fund.law.legal_rules import shipped_parameters, shipped_rules
from alliage.fund.money.instalments import TermsRefused
from alliage.fund.states import (
    AGREEMENT,
    INSTALMENT,
    AgreementState,
    InstalmentState,
    Label,
)
from alliage.values.money import total
from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.queries import history
from alliage_web.files.queries import document as find_document
from alliage_web.files.queries import documents_of
from alliage_web.fund import permissions, queries
from alliage_web.fund.actions import agreements as actions
from alliage_web.fund.documents.agreements import agreement_pdf
from alliage_web.fund.forms.agreements import (
    InstalmentRows,
    PartiesForm,
    ReasonForm,
    SignatureForm,
    TermsForm,
    instalment_initial,
    parties_initial,
    terms_initial,
)
from alliage_web.fund.forms.legal_facts import facts_initial
from alliage_web.fund.models import AgreementKind
from alliage_web.fund.queries import agreements as found
from alliage_web.fund.queries.agreement_wording import (
    LEGAL_FACTS,
    REFUSALS,
    label,
    refusal_in_words,
)
from alliage_web.fund.queries.application_facts import legal_kind_of, legal_paths
from alliage_web.fund.queries.applications import Content
from alliage_web.fund.queries.budget import strands_of
from alliage_web.fund.queries.follow_up import still_reserved
from alliage_web.fund.queries.legal_facts import latest_of
from alliage_web.fund.queries.reports import obligations_of
from alliage_web.ui.components import Crumb
from alliage_web.ui.templatetags.ui import euros

from .agreement_follow_up import follow_up_context
from .reports import line_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from django.utils.functional import _StrPromise

    from alliage.fund.law.legal_path import Finding, LegalPath
    from alliage_web.fund.models import (
        Agreement,
        AgreementVersion,
        Applicant,
        Application,
        Fund,
    )

PER_PAGE = 50
_UNPROCESSABLE = 422

_OUTCOMES: Mapping[LegalOutcome, tuple[str, _StrPromise]] = {
    LegalOutcome.ALLOWED: ("ok", gettext_lazy("Le chemin est ouvert")),
    LegalOutcome.ALLOWED_WITH_CONDITIONS: (
        "ok",
        gettext_lazy("Le chemin est ouvert, sous conditions"),
    ),
    LegalOutcome.BLOCKED: ("danger", gettext_lazy("Le chemin est fermé")),
    LegalOutcome.CANNOT_TELL: ("warning", gettext_lazy("On ne peut pas encore le dire")),
}
_WEIGHTS: Mapping[Weight, tuple[str, _StrPromise]] = {
    Weight.OPENS: ("ok", gettext_lazy("ouvre")),
    Weight.ASKS: ("accent", gettext_lazy("demande")),
    Weight.BLOCKS: ("danger", gettext_lazy("bloque")),
    Weight.CANNOT_TELL: ("warning", gettext_lazy("à savoir")),
}
#: The decisions that an officer takes by a form; what each needs is read from the facts.
_DECISIONS = ("abandon", "suspend", "end", "terminate")
#: The states in which terms are written: the first ones, or an amendment.
_WRITABLE = frozenset({AgreementState.PREPARED, *found.IN_FORCE, AgreementState.SUSPENDED})
_TAGS: Mapping[str, str] = {
    AgreementState.SIGNED: "ok",
    AgreementState.AMENDED: "ok",
    AgreementState.OUT_FOR_SIGNATURE: "accent",
    AgreementState.SUSPENDED: "warning",
    AgreementState.TERMINATED: "danger",
}
_INSTALMENT_TAGS: Mapping[InstalmentState, str] = {
    InstalmentState.PAID: "ok",
    InstalmentState.DUE: "accent",
    InstalmentState.ORDERED: "accent",
    InstalmentState.PARTLY_PAID: "warning",
    InstalmentState.HELD: "warning",
}


# ── Who sees what ────────────────────────────────────────────────────────────────────────────────


def fund_seen(request: HttpRequest, code: str, permission: str) -> Fund:
    """Return a fund to whoever may; to the others it has no such page."""
    fund = queries.find(code)
    if fund is None or not request.user.has_perm(permission, fund):
        raise Http404(_("Cette page n’existe pas, ou vous n’y avez pas accès."))
    return fund


def seen(request: HttpRequest, code: str, reference: str) -> Agreement:
    """Return an agreement to the people of the fund, and to those of who receives once sent."""
    fund = queries.find(code)
    agreement = found.find_agreement(fund, reference) if fund else None
    if agreement is None or not _may_see(request, agreement):
        raise Http404(_("Cette convention n’existe pas, ou vous n’y avez pas accès."))
    return agreement


def _may_see(request: HttpRequest, agreement: Agreement) -> bool:
    if request.user.has_perm(permissions.SEE_AGREEMENTS, agreement.fund):
        return True
    return agreement.state != AgreementState.PREPARED and request.user.has_perm(
        permissions.RECEIVE_AGREEMENTS, agreement.receiver
    )


def managed(request: HttpRequest, code: str, reference: str) -> Agreement:
    """Return an agreement to whoever may manage it."""
    agreement = seen(request, code, reference)
    if not request.user.has_perm(permissions.MANAGE_AGREEMENTS, agreement.fund):
        raise PermissionDenied
    return agreement


def by(request: HttpRequest) -> dict[str, Any]:
    """Give who acts, and when."""
    assert isinstance(request.user, User)
    return {"by": request.user, "at": timezone.now()}


def crumbs(fund: Fund, *more: Crumb) -> list[Crumb]:
    return [
        Crumb(_("Fonds"), reverse("fund:index")),
        Crumb(fund.name, fund.get_absolute_url()),
        Crumb(_("Conventions"), reverse("fund:agreements", args=[fund.code])),
        *more,
    ]


def crumb(agreement: Agreement) -> Crumb:
    return Crumb(agreement.reference, agreement.get_absolute_url())


# ── The list and the page ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """An agreement in the list; its amount is that of its last version."""

    agreement: Agreement
    amount: Any
    paid: Any
    tag: str


@login_required
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponse:
    fund = fund_seen(request, code, permissions.SEE_AGREEMENTS)
    page = Paginator(found.agreements_of(fund), PER_PAGE).get_page(request.GET.get("page"))
    lines = [_line(row) for row in page.object_list]
    context = {
        "fund": fund,
        "page": page,
        "lines": lines,
        "may_manage": request.user.has_perm(permissions.MANAGE_AGREEMENTS, fund),
        "waiting": found.waiting_orders(fund).count(),
        "to_prepare": found.awaiting_agreement(fund),
        "crumbs": crumbs(fund),
    }
    return render(request, "fund/agreements.html", context)


def _line(agreement: Agreement) -> AgreementLine:
    last = list(agreement.versions.all())[-1]
    return AgreementLine(
        agreement, last.eur, found.kept_of(agreement), _TAGS.get(agreement.state, "")
    )


@login_required
@require_safe
def detail(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    agreement = seen(request, code, reference)
    last, current = found.last_version(agreement), found.version_in_force(agreement)
    today = timezone.localdate()
    lines = found.lines_of(agreement, today)
    manages = request.user.has_perm(permissions.MANAGE_AGREEMENTS, agreement.fund)
    people = request.user.has_perm(permissions.SEE_AGREEMENTS, agreement.fund)
    context = {
        **follow_up_context(request, agreement, today),
        "fund": agreement.fund,
        "agreement": agreement,
        "tag": _TAGS.get(agreement.state, ""),
        "version": last,
        "current": current,
        "is_draft": last.frozen_at is None and AgreementState(agreement.state) in _WRITABLE,
        "is_out": last.frozen_at is not None and last.in_force_on is None,
        "rows": found.instalments_of(last) if not lines else [],
        "lines": [(line, label(INSTALMENT.states[line.state]), _INSTALMENT_TAGS.get(line.state, ""))
                  for line in lines],
        "paid": total(line.balance.paid for line in lines),
        "left": total(line.balance.left for line in lines),
        "conditions": agreement.conditions.select_related("recorded_by"),
        "versions": agreement.versions.prefetch_related("signatures"),
        "movements": agreement.movements.select_related("order__ordered_by", "recorded_by"),
        "instalment_names": {row.code: row.title for row in found.instalments_of(last)},
        "legal": _legal(found.path_of(agreement, last.eur, today)),
        "documents": documents_of(agreement.stable_name),
        "reports": [line_of(request, row, today) for row in obligations_of(agreement)],
        "history": queries.history_in_words(history(agreement.stable_name)) if people else [],
        "may_manage": manages,
        "may_confirm": request.user.has_perm(permissions.CONFIRM_PAYMENTS, agreement.fund),
        "decisions": _decisions(agreement) if manages else [],
        "may_amend": agreement.state != AgreementState.PREPARED
        and AgreementState(agreement.state) in _WRITABLE,
        "crumbs": crumbs(agreement.fund, Crumb(agreement.reference)),
    }  # fmt: skip
    return render(request, "fund/agreement.html", context)


def _decisions(agreement: Agreement) -> list[tuple[str, str]]:
    possible = AGREEMENT.possible(AgreementState(agreement.state))
    return [(each.verb, label(each.label)) for each in possible if each.verb in _DECISIONS]


@dataclass(frozen=True, slots=True)
class LegalFinding:
    """A legal rule in words, with its source, its article and the days on which it holds."""

    weight: str
    tag: str
    why: str
    source: str
    article: str
    since: Any
    missing: str
    basis: str


@dataclass(frozen=True, slots=True)
class LegalWords:
    """A legal path in words."""

    outcome: str
    tag: str
    is_open: bool
    findings: list[LegalFinding]
    instead: list[str]
    missing: list[str]
    room: Any
    ceiling: Any
    threshold: Any
    notice: str


_BASES: Mapping[str, _StrPromise] = {
    "law": gettext_lazy("loi"),
    "fund_reading": gettext_lazy("lecture du fonds"),
    "observation": gettext_lazy("constat"),
}


def _legal(path: LegalPath) -> LegalWords:
    tag, outcome = _OUTCOMES[path.outcome]
    today = timezone.localdate()
    parameters, rules = shipped_parameters(), shipped_rules()
    return LegalWords(
        outcome=str(outcome),
        tag=tag,
        is_open=found.path_is_open(path),
        findings=[_finding(each) for each in path.findings],
        instead=[_text(each.label_fr, each.label_en) for each in path.instead],
        missing=[str(LEGAL_FACTS.get(name, name)) for name in path.missing],
        room=path.de_minimis.room if path.de_minimis else None,
        ceiling=parameters.de_minimis_ceiling.on(today),
        threshold=parameters.written_agreement_threshold.on(today),
        notice=_text(rules.notice_fr, rules.notice_en),
    )


def _text(fr: str, en: str) -> str:
    return " ".join(label(Label(fr, en)).split())


def _finding(finding: Finding) -> LegalFinding:
    tag, weight = _WEIGHTS[finding.weight]
    rule = finding.rule
    return LegalFinding(
        weight=str(weight),
        tag=tag,
        why=_text(rule.why_fr, rule.why_en)
        if rule
        else _("Aucune lecture de ce couple payeur, bénéficiaire n’est écrite : demandez un avis."),
        source=rule.source if rule else "",
        article=(rule.article or "") if rule else "",
        since=rule.from_ if rule else None,
        missing=", ".join(str(LEGAL_FACTS.get(name, name)) for name in finding.missing),
        basis=str(_BASES[rule.basis.value]) if rule else "",
    )


# ── Preparing and amending ───────────────────────────────────────────────────────────────────────


@login_required
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Prepare an agreement, from an accepted application or directly."""
    fund = fund_seen(request, code, permissions.MANAGE_AGREEMENTS)
    application = _application(request, fund)
    data, typed = _sent(request)
    strands = list(strands_of(fund))
    parties = PartiesForm(data, fund=fund, strands=strands, initial=typed or _from(application))
    terms = TermsForm(data, is_amendment=False, initial=typed or _terms_from(application))
    rows = InstalmentRows(_posted(request))
    if data is not None and all([parties.is_valid(), terms.is_valid(), rows.is_valid()]):
        try:
            agreement = actions.prepare(
                fund=fund,
                kind=parties.cleaned_data["kind"],
                parties=parties.parties,
                terms=terms.terms(rows.values),
                application=application,
                submission=parties.cleaned_data["submission"],
                **parties.about,
                **by(request),
            )
        except AlreadyDoneError:
            return redirect("fund:agreements", fund.code)
        except (TermsRefused, actions.OneInstalmentError) as error:
            _refuse(terms, error)
        else:
            messages.success(request, _("La convention est préparée. Relisez-la, puis envoyez-la."))
            return redirect(agreement)
    return _editor(request, fund, _("Préparer une convention"), parties, terms, rows)


def _application(request: HttpRequest, fund: Fund) -> Application | None:
    reference = request.GET.get("dossier", "")
    if not reference:
        return None
    # A name that no row can have is not asked of the database, which may refuse its characters.
    application = found.accepted_application(fund, reference) if reference.isprintable() else None
    if application is None:
        raise Http404(_("Aucun dossier accepté n’a ce numéro."))
    return application


def _from(application: Application | None) -> dict[str, Any]:
    today = timezone.localdate()
    if application is None:
        return {"kind": AgreementKind.GRANT.value, "year": today.year}
    part = _receiver(application)
    strand = getattr(application.call, "strand", None)
    stated = latest_of([part]).get(part.pk)
    return {
        **(facts_initial(stated) if stated else {}),
        "kind": AgreementKind.GRANT.value,
        "year": today.year,
        "receiver": part.organisation.slug,
        "receiver_kind": (stated.receiver_kind if stated else "")
        or legal_kind_of(part.organisation)
        or "",
        "alliance": application.alliance.code,
        "strand": strand.code if strand else "",
    }


def _receiver(application: Application) -> Applicant:
    """Choose who receives: the only applicant that asks for money, else the lead."""
    paths = legal_paths(Content(application), timezone.localdate())
    return paths[0].applicant if len(paths) == 1 else application.everyone[0]


def _terms_from(application: Application | None) -> dict[str, Any]:
    if application is None:
        return {}
    awarded = found.awarded_to(application)
    return {"amount": str(awarded).replace(".", ",")} if awarded else {}


@login_required
def edit(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Change what is being prepared: all of it before the first signature, or an amendment."""
    agreement = managed(request, code, reference)
    last = found.last_version(agreement)
    if agreement.state == AgreementState.PREPARED:
        return _edit_first(request, agreement, last)
    return _edit_amendment(request, agreement, last)


def _edit_first(
    request: HttpRequest, agreement: Agreement, version: AgreementVersion
) -> HttpResponse:
    fund = agreement.fund
    data, typed = _sent(request)
    parties = PartiesForm(
        data, fund=fund, strands=strands_of(fund), initial=typed or parties_initial(agreement)
    )
    del parties.fields["kind"], parties.fields["alliance"]
    terms = TermsForm(
        data,
        is_amendment=False,
        is_advance=agreement.is_advance,
        initial=typed or terms_initial(version),
    )
    rows = _rows(request, version)
    if data is not None and all([parties.is_valid(), terms.is_valid(), rows.is_valid()]):
        try:
            actions.change(
                agreement=agreement,
                parties=parties.parties,
                strand=parties.strands[parties.cleaned_data["strand"]],
                year=parties.cleaned_data["year"],
                terms=terms.terms(rows.values),
                **by(request),
            )
        except (TermsRefused, actions.OneInstalmentError, actions.FrozenTermsError) as error:
            _refuse(terms, error)
        else:
            messages.success(request, _("La convention est enregistrée."))
            return redirect(agreement)
    title = _("Modifier la convention %(reference)s") % {"reference": agreement.reference}
    return _editor(request, fund, title, parties, terms, rows, agreement)


def _edit_amendment(
    request: HttpRequest, agreement: Agreement, last: AgreementVersion
) -> HttpResponse:
    if last.frozen_at is not None and last.in_force_on is None:
        messages.warning(request, _("Ces termes sont à la signature : rappelez-les d’abord."))
        return redirect(agreement)
    data, typed = _sent(request)
    initial = terms_initial(last) | ({"reason": ""} if last.frozen_at else {})
    terms = TermsForm(data, is_amendment=True, initial=typed or initial)
    rows = _rows(request, last)
    if data is not None and all([terms.is_valid(), rows.is_valid()]):
        try:
            actions.write_terms(
                agreement=agreement,
                terms=terms.terms(rows.values),
                reason=terms.cleaned_data["reason"],
                **by(request),
            )
        except (TermsRefused, actions.OneInstalmentError, actions.FrozenTermsError) as error:
            _refuse(terms, error)
        else:
            messages.success(request, _("L’avenant est enregistré. Envoyez-le à la signature."))
            return redirect(agreement)
    title = _("Avenant à la convention %(reference)s") % {"reference": agreement.reference}
    return _editor(request, agreement.fund, title, None, terms, rows, agreement)


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _sent(request: HttpRequest) -> tuple[Any, dict[str, Any] | None]:
    """Give what is to be read, and what was typed when one more instalment is asked for."""
    if request.method != "POST":
        return None, None
    if "add" in request.POST:
        return None, dict(request.POST.items())
    return request.POST, None


def _rows(request: HttpRequest, version: AgreementVersion) -> InstalmentRows:
    return InstalmentRows(
        _posted(request), initial=[instalment_initial(row) for row in found.instalments_of(version)]
    )


def _refuse(form: TermsForm, error: Exception) -> None:
    if isinstance(error, actions.OneInstalmentError):
        form.add_error(None, _("Une avance se verse en une fois : gardez une seule échéance."))
    elif isinstance(error, actions.FrozenTermsError):
        form.add_error(
            None, _("Ces termes sont partis à la signature entre-temps. Rappelez-les d’abord.")
        )
    else:
        form.add_error(None, refusal_in_words(error))


def _editor(
    request: HttpRequest,
    fund: Fund,
    title: str,
    parties: PartiesForm | None,
    terms: TermsForm,
    rows: InstalmentRows,
    agreement: Agreement | None = None,
) -> HttpResponse:
    wrong = bool((parties and parties.errors) or terms.errors) or (
        rows.formset.is_bound and not rows.is_valid()
    )
    more = [crumb(agreement), Crumb(_("Modifier"))] if agreement else [Crumb(title)]
    context = {
        "fund": fund,
        "agreement": agreement,
        "title": title,
        "parties": parties,
        "terms": terms,
        "rows": rows.formset,
        "crumbs": crumbs(fund, *more),
    }
    status = _UNPROCESSABLE if wrong else 200
    return render(request, "fund/agreement_form.html", context, status=status)


# ── Deciding ─────────────────────────────────────────────────────────────────────────────────────


@login_required
def send(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Freeze the terms and send them to signature, once read again."""
    agreement = managed(request, code, reference)
    version = found.last_version(agreement)
    today = timezone.localdate()
    refusal = ""
    if request.method == "POST":
        try:
            actions.send_for_signature(agreement=agreement, on=today, **by(request))
        except REFUSALS as error:
            refusal = refusal_in_words(error)
        except actions.FrozenTermsError:
            messages.info(request, _("Ces termes sont déjà à la signature."))
            return redirect(agreement)
        else:
            messages.success(
                request, _("Les termes sont figés. Imprimez-les, puis enregistrez les signatures.")
            )
            return redirect(agreement)
    context = {
        "fund": agreement.fund,
        "agreement": agreement,
        "version": version,
        "rows": found.instalments_of(version),
        "legal": _legal(found.path_of(agreement, version.eur, today)),
        "refusal": refusal,
        "crumbs": crumbs(agreement.fund, crumb(agreement), Crumb(_("Envoyer à la signature"))),
    }
    status = _UNPROCESSABLE if refusal else 200
    return render(request, "fund/agreement_send.html", context, status=status)


@login_required
def recall(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Take terms back from signature while nobody signed."""
    agreement = managed(request, code, reference)
    if request.method == "POST":
        try:
            actions.recall(agreement=agreement, **by(request))
        except REFUSALS as error:
            messages.warning(request, refusal_in_words(error))
        else:
            messages.success(request, _("Les termes sont rappelés : ils peuvent se corriger."))
        return redirect(agreement)
    context = {
        "fund": agreement.fund,
        "title": _("Rappeler les termes pour correction ?"),
        "lines": [
            _("Personne ne doit les avoir signés. L’empreinte actuelle ne vaudra plus rien.")
        ],
        "button": _("Rappeler"),
        "back": agreement.get_absolute_url(),
        "crumbs": crumbs(agreement.fund, crumb(agreement), Crumb(_("Rappeler"))),
    }
    return render(request, "fund/agreement_action.html", context)


@login_required
def decide(request: HttpRequest, code: str, reference: str, verb: str) -> HttpResponse:
    """Abandon, suspend, end or terminate an agreement, with a reason."""
    agreement = managed(request, code, reference)
    labels = {each.verb: label(each.label) for each in AGREEMENT.transitions}
    if verb not in _DECISIONS:
        raise Http404(_("Cette décision n’existe pas."))
    if verb == "end":
        return redirect("fund:closing", code, reference)
    today = timezone.localdate()
    form = ReasonForm(request.POST or None, today=today, needs_notice=verb == "terminate")
    if request.method == "POST" and form.is_valid():
        try:
            actions.decide(
                agreement=agreement,
                verb=verb,
                reason=form.cleaned_data["reason"],
                on=today,
                notice_given_on=form.cleaned_data.get("notice_given_on"),
                **by(request),
            )
        except actions.OrdersWaitingError:
            form.add_error(
                None,
                _("Un ordre attend la banque : confirmez-le, ou constatez d’abord son rejet."),
            )
        except REFUSALS as error:
            form.add_error(None, refusal_in_words(error))
        else:
            messages.success(request, _("La décision est enregistrée."))
            return redirect(agreement)
    reserved = still_reserved(agreement) if verb == "abandon" else 0
    lede = (
        _(
            "%(amount)s restent réservés à son dossier, pour une autre convention. Ils reviennent "
            "à l’enveloppe si le dossier est retiré ou devient caduc."
        )
        % {"amount": euros(reserved, "full")}
        if reserved
        else ""
    )
    return form_page(request, agreement, form, title=labels[verb], button=labels[verb], lede=lede)


@login_required
def sign(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Record the signature of a party with the signed document."""
    agreement = managed(request, code, reference)
    version = found.last_version(agreement)
    form = SignatureForm(request.POST or None, request.FILES or None, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            version = actions.sign_with_document(
                agreement=agreement,
                party=data["party"],
                signatory=data["signatory"],
                function=data["function"],
                signed_on=data["signed_on"],
                upload=form.upload,
                content=data["file"],
                submission=data["submission"],
                **by(request),
            )
        except AlreadyDoneError:
            return redirect(agreement)
        except actions.AlreadySignedError:
            form.add_error("party", _("Cette partie a déjà signé cette version."))
        except actions.TermsChangedError:
            form.add_error(
                None,
                _("Les termes enregistrés ne sont plus ceux qui ont été figés. Rappelez-les."),
            )
        except REFUSALS as error:
            form.add_error(None, refusal_in_words(error))
        else:
            messages.success(request, _("La signature est enregistrée."))
            return redirect(agreement)
    lede = _("Version %(number)s, empreinte %(digest)s.") % {
        "number": version.number,
        "digest": version.digest[:16] or "–",
    }
    return form_page(
        request,
        agreement,
        form,
        title=_("Enregistrer une signature"),
        button=_("Enregistrer la signature"),
        lede=lede,
    )


def form_page(
    request: HttpRequest,
    agreement: Agreement,
    form: Any,
    *,
    title: str,
    button: str,
    lede: str = "",
    facts: Any = (),
) -> HttpResponse:
    """Show a form about an agreement, again with its errors if it has some."""
    context = {
        "fund": agreement.fund,
        "agreement": agreement,
        "form": form,
        "title": title,
        "lede": lede,
        "facts": facts,
        "button": button,
        "back": agreement.get_absolute_url(),
        "crumbs": crumbs(agreement.fund, crumb(agreement), Crumb(title)),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/agreement_action.html", context, status=status)


# ── Documents ────────────────────────────────────────────────────────────────────────────────────


@login_required
@require_safe
def pdf(request: HttpRequest, code: str, reference: str, number: int) -> HttpResponse:
    """Print a version; who receives sees those that went to signature."""
    agreement = seen(request, code, reference)
    version = agreement.versions.filter(number=number).first()
    people = request.user.has_perm(permissions.SEE_AGREEMENTS, agreement.fund)
    if version is None or not (version.frozen_at or people):
        raise Http404(_("Cette version n’existe pas."))
    name = f"convention-{agreement.reference}-v{number}.pdf"
    return HttpResponse(
        agreement_pdf(version),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


@login_required
@require_safe
def download(request: HttpRequest, code: str, reference: str, uuid: UUID) -> HttpResponseBase:
    """Give a signed document to save."""
    agreement = seen(request, code, reference)
    document = find_document(place=agreement.stable_name, uuid=uuid)
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
