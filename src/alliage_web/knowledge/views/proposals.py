"""Sheets made from the files of a fund: preparing, asking, reviewing, publishing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from alliage.knowledge import live_sheet
from alliage.knowledge.consent import (
    PROPOSAL,
    ConsentProblem,
    ConsentRefused,
    ProposalDecision,
    ProposalState,
)
from alliage.knowledge.live_file import draft
from alliage_web.accounts.models import User
from alliage_web.audit.queries import history
from alliage_web.fund import permissions as fund_permissions
from alliage_web.fund import queries as funds
from alliage_web.fund.queries.agreements import agreement_of, find_agreement
from alliage_web.fund.queries.applications import find_application
from alliage_web.knowledge import actions, documents
from alliage_web.knowledge import permissions as own
from alliage_web.knowledge.forms import NoteForm, PassagesForm, TakeOutForm
from alliage_web.knowledge.models import EntryState, SheetProposal
from alliage_web.knowledge.queries import sheet_proposals as queries
from alliage_web.knowledge.queries.live_file import live_file
from alliage_web.ui.components import Crumb

from .sheet_wording import RUBRICS, fact_in_words, history_in_words, refusal_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from django.http import HttpRequest
    from django.utils.functional import _StrPromise

    from alliage_web.fund.models import Agreement, Application, Fund
    from alliage_web.knowledge.models import SheetConsent

_UNPROCESSABLE, _CONFLICT = 422, 409
_TAGS: Mapping[str, str] = {
    ProposalState.ASKED: "accent",
    ProposalState.IN_REVIEW: "warning",
    ProposalState.PUBLISHED: "ok",
}
#: The decisions that are taken by one button, by the word in the address.
VERBS: Mapping[str, ProposalDecision] = {
    "demander": ProposalDecision.ASK,
    "soumettre": ProposalDecision.SUBMIT,
    "publier": ProposalDecision.PUBLISH,
    "renvoyer": ProposalDecision.SEND_BACK,
    "abandonner": ProposalDecision.ABANDON,
}
_PERMISSIONS: Mapping[ProposalDecision, str] = {
    ProposalDecision.EDIT: own.PREPARE_SHEET,
    ProposalDecision.ASK: own.PREPARE_SHEET,
    ProposalDecision.SUBMIT: own.PREPARE_SHEET,
    ProposalDecision.ABANDON: own.PREPARE_SHEET,
    ProposalDecision.PUBLISH: own.REVIEW_SHEET,
    ProposalDecision.SEND_BACK: own.REVIEW_SHEET,
}
_DONE: Mapping[ProposalDecision, _StrPromise] = {
    ProposalDecision.ASK: gettext_lazy(
        "Les accords sont demandés. Chaque partie reçoit un message ; sans réponse de sa part, la "
        "fiche ne paraît pas."
    ),
    ProposalDecision.SUBMIT: gettext_lazy(
        "La fiche est envoyée à la rédaction. Une autre personne que vous la relira."
    ),
    ProposalDecision.PUBLISH: gettext_lazy("La fiche est publiée : tout le monde peut la lire."),
    ProposalDecision.ABANDON: gettext_lazy("La fiche est abandonnée. Le dossier ne change pas."),
    ProposalDecision.SEND_BACK: gettext_lazy("La fiche est renvoyée avec votre remarque."),
}


# ── Who sees what ─────────────────────────────────────────────────────────────────────────────────


def seen(request: HttpRequest, uuid: UUID) -> SheetProposal:
    """Give a sheet to who may see it; to others it does not exist."""
    proposal = queries.find_proposal(uuid)
    if proposal is None or not request.user.has_perm(own.SEE_SHEET, proposal):
        raise Http404(_("Cette fiche n’existe pas, ou vous n’y avez pas accès."))
    return proposal


def crumbs(proposal: SheetProposal, *more: Crumb) -> list[Crumb]:
    here = Crumb(proposal.alliance.display_title, proposal.get_absolute_url() if more else "")
    return [Crumb(_("Fiches tirées des dossiers"), reverse("knowledge:proposals")), here, *more]


def _prepared(request: HttpRequest, uuid: UUID, decision: ProposalDecision) -> SheetProposal:
    proposal = seen(request, uuid)
    if not request.user.has_perm(_PERMISSIONS[decision], proposal):
        raise PermissionDenied
    return proposal


# ── The list ──────────────────────────────────────────────────────────────────────────────────────


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show what waits for the answer of a person, and the sheets of the funds that they keep."""
    assert isinstance(request.user, User)
    kept = [
        (fund, _lines(fund)) for fund in funds.all_funds() if own.keeps_fund(request.user, fund)
    ]
    context = {
        "asked": queries.asked_of(request.user),
        "reviews": queries.in_review() if request.user.has_perm("knowledge.review_entries") else [],
        "kept": kept,
        "crumbs": [
            Crumb(_("Mon espace"), reverse("accounts:home")),
            Crumb(_("Fiches tirées des dossiers")),
        ],
    }
    return render(request, "knowledge/proposals.html", context)


def _lines(fund: Fund) -> list[tuple[SheetProposal, str, int, int]]:
    found = []
    for row in queries.proposals_of(fund):
        consents = list(row.consents.all())
        given = sum(each.state == "given" and each.digest == row.digest for each in consents)
        asked = sum(each.state != "removed" for each in consents)
        found.append((row, _TAGS.get(row.state, ""), given, asked))
    return found


# ── Preparing ─────────────────────────────────────────────────────────────────────────────────────


@login_required
def new_from_agreement(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    fund = funds.find(code)
    agreement = find_agreement(fund, reference) if fund else None
    if fund is None or agreement is None:
        raise Http404(_("Cette convention n’existe pas, ou vous n’y avez pas accès."))
    return _new(request, fund, agreement.application, agreement)


@login_required
def new_from_application(request: HttpRequest, reference: str) -> HttpResponse:
    application = find_application(reference)
    if application is None or not application.was_sent:
        raise Http404(_("Ce dossier n’existe pas, ou n’a pas été envoyé au fonds."))
    return _new(request, application.fund, application, agreement_of(application))


def _new(
    request: HttpRequest,
    fund: Fund,
    application: Application | None,
    agreement: Agreement | None,
) -> HttpResponse:
    assert isinstance(request.user, User)
    alliance = agreement.alliance if agreement else None
    if alliance is None and application is not None:
        alliance = application.alliance
    if alliance is None:
        raise Http404(_("Cette convention ne soutient pas une alliance : elle n’a pas de fiche."))
    wanted = SheetProposal(fund=fund, alliance=alliance, created_by=request.user)
    if not request.user.has_perm(own.PREPARE_SHEET, wanted):
        raise Http404(_("Cette page n’existe pas, ou vous n’y avez pas accès."))
    existing = queries.open_proposal(fund, alliance)
    if existing is not None:
        messages.info(request, _("Une fiche de cette alliance est déjà en préparation : la voici."))
        return redirect(existing)
    sees_money = request.user.has_perm(fund_permissions.SEE_AGREEMENTS, fund)
    sheet = draft(
        live_file(
            fund,
            alliance.pk,
            on=timezone.localdate(),
            common=documents.boilerplate(),
            application=application,
            agreement=agreement,
            tells_decision=request.user.has_perm(fund_permissions.SEE_COMMITTEE, fund),
            tells_money=sees_money,
        )
    )
    if request.method == "POST":
        try:
            proposal = actions.prepare_sheet(
                fund=fund,
                alliance=alliance,
                content=sheet,
                agreement=agreement if sees_money else None,
                application=application,
                by=request.user,
                at=timezone.now(),
            )
        except actions.SheetOpenError as open_one:
            return redirect(open_one.proposal)
        messages.success(
            request, _("La fiche est préparée. Relisez-la avant de demander les accords.")
        )
        return redirect(proposal)
    context = {
        "alliance": alliance,
        "fund": fund,
        "sheet": documents.live_tree(sheet),
        "named": live_sheet.named_parties(sheet),
        "sees_money": sees_money,
        "crumbs": [
            Crumb(_("Fiches tirées des dossiers"), reverse("knowledge:proposals")),
            Crumb(alliance.display_title),
        ],
    }
    return render(request, "knowledge/proposal_new.html", context)


# ── One sheet ─────────────────────────────────────────────────────────────────────────────────────


@require_safe
@login_required
def detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show a sheet, where each text comes from, what it changes, and who consents."""
    proposal = seen(request, uuid)
    sheet = queries.sheet_content(proposal)
    lines = queries.board(proposal)
    may_prepare = request.user.has_perm(own.PREPARE_SHEET, proposal)
    context = {
        "proposal": proposal,
        "tag": _TAGS.get(proposal.state, ""),
        "lines": [
            (
                line,
                _label_of(sheet, line.consent.passage),
                request.user.has_perm(own.ANSWER_SHEET, line.consent),
                may_prepare
                and not line.consent.is_fund
                and not line.is_removed
                and ProposalDecision.EDIT in PROPOSAL[ProposalState(proposal.state)],
            )
            for line in lines
        ],
        # Whoever is only asked reads what each answers, not why nor by whom.
        "sees_answers": may_prepare or request.user.has_perm("knowledge.review_entries"),
        "missing": sum(not (line.is_given or line.is_removed) for line in lines),
        "rubrics": _by_rubric(sheet),
        "differences": _differences(proposal, sheet),
        "example": queries.existing_example(proposal.alliance_id),
        "decisions": _decisions(request, proposal, all_given=not queries.missing(proposal)),
        "history": history_in_words(history(proposal.stable_name)),
        "crumbs": crumbs(proposal),
    }
    return render(request, "knowledge/proposal.html", context)


def _decisions(
    request: HttpRequest, proposal: SheetProposal, *, all_given: bool
) -> dict[str, bool]:
    """Say which decisions the person may take now, by their codes."""
    possible = PROPOSAL[ProposalState(proposal.state)]
    found = {
        decision.value: request.user.has_perm(permission, proposal)
        for decision, permission in _PERMISSIONS.items()
        if decision in possible
    }
    if not all_given:
        found.pop(ProposalDecision.SUBMIT.value, None)
    if proposal.state == ProposalState.ASKED.value and not queries.waits_to_be_told(proposal):
        found.pop(ProposalDecision.ASK.value, None)
    return found


def _by_rubric(
    sheet: live_sheet.LiveSheet,
) -> list[tuple[str, list[tuple[str, live_sheet.Passage]]]]:
    """Gather the passages of each rubric, each with the word or the fact that goes before it."""
    return [
        (str(RUBRICS[rubric]), [(each.label or fact_in_words(each), each) for each in found])
        for rubric in live_sheet.Rubric
        if (found := sheet.of(rubric)) and rubric is not live_sheet.Rubric.OBJECTIVE
    ]


def _label_of(sheet: live_sheet.LiveSheet, code: str) -> str:
    """Name the passage that a party asks to change; empty for the whole sheet."""
    passage = next((each for each in sheet.passages if each.code == code), None)
    return f"{RUBRICS[passage.rubric]} « {passage.text[:80]} »" if passage else ""


def _differences(
    proposal: SheetProposal, sheet: live_sheet.LiveSheet
) -> tuple[live_sheet.Difference, ...]:
    """Compare with what the public reads today; nothing to compare, nothing is shown."""
    example = queries.existing_example(proposal.alliance_id)
    is_out = example is not None and example.state == EntryState.PUBLISHED
    if not is_out or proposal.state == ProposalState.PUBLISHED.value:
        return ()
    published = documents.sheet_of(proposal.alliance.slug)
    return live_sheet.differences(published, documents.live_tree(sheet)) if published else ()


@require_safe
@login_required
def page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show the sheet as the public would read it."""
    proposal = seen(request, uuid)
    context = {
        "sheet": documents.live_tree(queries.sheet_content(proposal)),
        "pdf_url": reverse("knowledge:proposal-pdf", args=[proposal.uuid]),
        "crumbs": crumbs(proposal, Crumb(_("La page"))),
    }
    return render(request, "knowledge/sheet.html", context)


@require_safe
@login_required
def pdf(request: HttpRequest, uuid: UUID) -> HttpResponse:
    proposal = seen(request, uuid)
    printed = documents.sheet_pdf(documents.live_tree(queries.sheet_content(proposal)))
    response = HttpResponse(printed, content_type="application/pdf")
    name = f"fiche-{proposal.alliance.slug}-{proposal.digest[:8]}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


@login_required
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    assert isinstance(request.user, User)
    proposal = _prepared(request, uuid, ProposalDecision.EDIT)
    sheet = queries.sheet_content(proposal)
    form = PassagesForm(request.POST or None, sheet=sheet, digest=proposal.digest)
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            try:
                actions.edit_sheet(
                    proposal=proposal,
                    texts=form.texts,
                    read=form.cleaned_data["read"],
                    by=request.user,
                    at=timezone.now(),
                )
            except ConsentRefused as refused:
                if refused.problem is ConsentProblem.OTHER_CONTENT:
                    # Sent again, the form says that the person has seen what somebody else wrote.
                    data = request.POST.copy()
                    data["read"] = proposal.digest
                    form = PassagesForm(data, sheet=sheet, digest=proposal.digest)
                form.add_error(None, refusal_in_words(refused))
                status = _CONFLICT
            else:
                messages.success(
                    request, _("La fiche est corrigée. Les accords déjà donnés sont à redemander.")
                )
                return redirect(proposal)
    context = {
        "proposal": proposal,
        "form": form,
        "groups": _groups(form, sheet),
        "answered": proposal.consents.exclude(state="waiting").exclude(state="removed").count(),
        "crumbs": crumbs(proposal, Crumb(_("Corriger"))),
    }
    return render(request, "knowledge/proposal_edit.html", context, status=status)


def _groups(form: PassagesForm, sheet: live_sheet.LiveSheet) -> list[tuple[str, list[Any]]]:
    """Put the fields under their rubrics; each is named by its word or its fact, else its rank."""
    groups = []
    for rubric in live_sheet.Rubric:
        passages = [each for each in sheet.of(rubric) if f"text-{each.code}" in form.fields]
        fields = []
        for rank, passage in enumerate(passages, start=1):
            field = form[f"text-{passage.code}"]
            several = f" {rank}" if len(passages) > 1 else ""
            field.label = passage.label or fact_in_words(passage) or f"{RUBRICS[rubric]}{several}"
            fields.append(field)
        if fields:
            groups.append((str(RUBRICS[rubric]), fields))
    return groups


@require_POST
@login_required
def decide(request: HttpRequest, uuid: UUID, verb: str) -> HttpResponse:
    """Take a decision on a sheet; one that was taken already is told."""
    if verb not in VERBS:
        raise Http404(_("Cette décision n’existe pas."))
    decision = VERBS[verb]
    proposal = _prepared(request, uuid, decision)
    form = NoteForm(request.POST)
    if decision is ProposalDecision.SEND_BACK and not form.is_valid():
        return _ask_note(request, proposal, form)
    try:
        _take(request, proposal, decision, form)
    except ConsentRefused as refused:
        messages.warning(request, refusal_in_words(refused, proposal))
    else:
        messages.success(request, str(_DONE[decision]))
    return redirect(proposal)


def _take(
    request: HttpRequest, proposal: SheetProposal, decision: ProposalDecision, form: NoteForm
) -> None:
    assert isinstance(request.user, User)
    who: dict[str, Any] = {"proposal": proposal, "by": request.user, "at": timezone.now()}
    read = request.POST.get("read", "")
    match decision:
        case ProposalDecision.ASK:
            actions.ask_consents(read=read, **who)
        case ProposalDecision.SUBMIT:
            actions.submit_sheet(**who)
        case ProposalDecision.SEND_BACK:
            actions.send_sheet_back(note=form.cleaned_data["note"], **who)
        case ProposalDecision.ABANDON:
            actions.abandon_sheet(**who)
        case _:
            entry = proposal.entry
            is_out = entry is not None and entry.state == EntryState.PUBLISHED
            # Nobody publishes the example that they wrote, with a sheet no more than without.
            if not is_out and not request.user.has_perm("knowledge.review_entry", entry):
                raise PermissionDenied
            actions.publish_sheet(read=read, **who)


def _ask_note(request: HttpRequest, proposal: SheetProposal, form: NoteForm) -> HttpResponse:
    context = {
        "form": form if "note" in request.POST else NoteForm(),
        "entry": proposal,
        "title": _("Renvoyer la fiche « %(title)s »") % {"title": proposal.alliance.display_title},
        "button": _("Renvoyer avec cette remarque"),
        "crumbs": crumbs(proposal, Crumb(_("Renvoyer"))),
    }
    return render(request, "knowledge/note.html", context, status=_UNPROCESSABLE)


@login_required
def take_out(request: HttpRequest, uuid: UUID, party: str) -> HttpResponse:
    """Take the name of a party out of the sheet, after showing what would be written instead."""
    assert isinstance(request.user, User)
    proposal = _prepared(request, uuid, ProposalDecision.EDIT)
    consent = queries.find_consent(proposal.uuid, party)
    if consent is None or consent.is_fund:
        raise Http404(_("La fiche ne demande pas d’accord à cette partie."))
    form = TakeOutForm(
        request.POST or None,
        initial={"read": proposal.digest, "names": "\n".join(_other_names(consent))},
    )
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            try:
                actions.take_party_out(
                    consent=consent,
                    names=form.all_names,
                    read=form.cleaned_data["read"],
                    by=request.user,
                    at=timezone.now(),
                )
            except (ConsentRefused, live_sheet.UnknownPassageError) as refused:
                messages.warning(request, refusal_in_words(refused, proposal))
            else:
                messages.success(
                    request, _("Le nom n’est plus dans la fiche. Redemandez les accords.")
                )
            return redirect(proposal)
    context = {
        "proposal": proposal,
        "consent": consent,
        "form": form,
        "crumbs": crumbs(proposal, Crumb(_("Ôter un nom"))),
    }
    return render(request, "knowledge/proposal_take_out.html", context, status=status)


def _other_names(consent: SheetConsent) -> list[str]:
    row = consent.organisation
    return [] if row is None else [name for name in (row.acronym, *row.aliases) if name]
