"""Answering for an organisation about the sheet that names it: one page, readable on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from alliage.knowledge import live_sheet
from alliage.knowledge.consent import (
    CONSENT,
    ConsentDecision,
    ConsentRefused,
    ConsentState,
    ProposalState,
)
from alliage.values.text import fold
from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.knowledge import actions, documents
from alliage_web.knowledge import permissions as own
from alliage_web.knowledge.forms import AnswerForm
from alliage_web.knowledge.queries import sheet_proposals as queries
from alliage_web.ui.components import Crumb

from .proposals import crumbs
from .sheet_wording import RUBRICS, fact_in_words, refusal_in_words

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

    from alliage_web.knowledge.models import SheetConsent

_UNPROCESSABLE = 422
_ANSWERS = (
    ConsentDecision.GIVE,
    ConsentDecision.ASK_CHANGE,
    ConsentDecision.REFUSE,
    ConsentDecision.WITHDRAW,
)


@login_required
def answer(request: HttpRequest, uuid: UUID, party: str) -> HttpResponse:
    """Show the sheet to a party, what it says of it, and take its answer."""
    assert isinstance(request.user, User)
    consent = queries.find_consent(uuid, party)
    if consent is None or not request.user.has_perm(own.ANSWER_SHEET, consent):
        raise Http404(_("Cette fiche n’existe pas, ou votre accord n’y est pas demandé."))
    proposal = consent.proposal
    sheet = queries.sheet_content(proposal)
    forms = _forms(request, consent, sheet)
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        sent = next((form for form in forms.values() if form.is_bound), None)
        if sent is None:
            messages.info(request, _("Rien n’a changé : cette réponse n’est plus possible ici."))
            return redirect(request.path)
        if sent.is_valid():
            try:
                actions.answer_sheet(
                    consent=consent,
                    decision=sent.answers,
                    read=sent.cleaned_data["read"],
                    remark=sent.cleaned_data.get("remark", ""),
                    passage=sent.cleaned_data.get("passage", ""),
                    by=request.user,
                    at=timezone.now(),
                    submission=sent.cleaned_data["submission"],
                )
            except AlreadyDoneError:
                messages.info(request, _("Votre réponse était déjà enregistrée."))
                return redirect(request.path)
            except ConsentRefused as refused:
                messages.warning(request, refusal_in_words(refused, proposal))
                return redirect(request.path)
            messages.success(request, _done(sent.answers))
            return redirect(request.path)
    context = {
        "consent": consent,
        "proposal": proposal,
        "sheet": documents.live_tree(sheet),
        "about": _about(consent, sheet),
        "forms": forms,
        "is_to_this_content": consent.digest == proposal.digest,
        "crumbs": [*crumbs(proposal)[:1], Crumb(proposal.alliance.display_title)],
    }
    return render(request, "knowledge/consent.html", context, status=status)


def _done(decision: ConsentDecision) -> str:
    match decision:
        case ConsentDecision.GIVE:
            return _("Merci : votre accord est enregistré, sur ce contenu exactement.")
        case ConsentDecision.WITHDRAW:
            return _("Votre accord est retiré : la fiche ne paraît pas sans lui.")
        case ConsentDecision.REFUSE:
            return _("Votre refus est enregistré : la fiche ne paraîtra pas ainsi.")
    return _("Votre demande est transmise. Votre accord vous sera redemandé après correction.")


def _forms(
    request: HttpRequest, consent: SheetConsent, sheet: live_sheet.LiveSheet
) -> dict[str, AnswerForm]:
    """Give a form for each answer that is possible now; the one that was sent holds its words."""
    proposal = consent.proposal
    possible = set(CONSENT[ConsentState(consent.state)]) & set(_ANSWERS)
    if proposal.state != ProposalState.ASKED.value:
        possible &= {ConsentDecision.WITHDRAW}
    passages = [
        (each.code, f"{RUBRICS[each.rubric]} : {each.text[:70]}")
        for each in sheet.passages
        if each.rubric is not live_sheet.Rubric.OBJECTIVE
    ]
    asked = request.POST.get("decision") if request.method == "POST" else None
    return {
        decision.value: AnswerForm(
            request.POST if decision.value == asked else None,
            decision=decision,
            passages=passages,
            digest=proposal.digest,
        )
        for decision in _ANSWERS
        if decision in possible
    }


def _about(
    consent: SheetConsent, sheet: live_sheet.LiveSheet
) -> list[tuple[str, str, live_sheet.Passage]]:
    """Find the passages that name a party, in their order."""
    name = fold(consent.name)
    return [
        (str(RUBRICS[each.rubric]), each.label or fact_in_words(each), each)
        for each in sheet.passages
        if each.code == consent.party or name in fold(f"{each.label or ''} {each.text}")
    ]
