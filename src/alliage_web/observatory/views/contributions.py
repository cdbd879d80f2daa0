"""Contributions to a debate: sending, moderating, withdrawing one's own, reporting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alliage.observatory.debate_states import (
    CONTRIBUTION,
    ContributionDecision,
    ContributionState,
)
from alliage.values.lives import DecisionRefusedError
from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.observatory import permissions
from alliage_web.observatory.actions import debates as actions
from alliage_web.observatory.forms.debates import (
    ContributionDecisionForm,
    ContributionForm,
    ContributionReportForm,
)
from alliage_web.observatory.queries import debates as queries

from .debates import crumbs, found, moderated

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from alliage_web.observatory.models import Contribution, Debate

_UNPROCESSABLE = 422


@login_required
def new(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send a contribution to an open debate."""
    assert isinstance(request.user, User)
    debate = found(uuid)
    if not request.user.has_perm(permissions.CONTRIBUTE, debate):
        raise PermissionDenied
    phase = debate.phase(timezone.localdate())
    if phase != "open":
        messages.info(
            request,
            _("La publication en débat a été retirée : il ne reçoit plus de contribution.")
            if phase == "stopped"
            else _("Ce débat ne reçoit pas de contribution aujourd’hui."),
        )
        return redirect(debate)
    form = ContributionForm(
        request.POST if request.method == "POST" else None,
        questions=debate.questions,
        organisations=queries.own_organisations(request.user),
        use_required_attribute=False,
    )
    if request.method == "POST" and form.is_valid() and _is_sent(request, form, debate):
        return redirect(debate)
    context = {"form": form, "debate": debate, "crumbs": crumbs(debate, _("Contribuer"))}
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "observatory/contribution_form.html", context, status=status)


def _is_sent(request: HttpRequest, form: ContributionForm, debate: Debate) -> bool:
    """Send what was written, or write on the form why it cannot be received."""
    assert isinstance(request.user, User)
    try:
        actions.contribute(
            debate=debate,
            values=form.values(),
            by=request.user,
            at=timezone.now(),
            day=timezone.localdate(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        messages.info(
            request, _("Cette contribution est déjà reçue : elle ne l’est pas deux fois.")
        )
        return True
    except actions.NotPublicError:
        form.add_error(
            None,
            _(
                "La publication en débat vient d’être retirée : il ne reçoit plus de "
                "contribution. Gardez votre texte."
            ),
        )
    except actions.DebateClosedError:
        form.add_error(None, _("Le débat vient de se fermer. Gardez votre texte."))
    except actions.DebateChangedError as changed:
        form.offer(changed.debate.questions)
        form.add_error(
            "question",
            _("Cette question n’est plus en débat. Choisissez-en une autre, ou aucune."),
        )
    except actions.TooManyContributionsError:
        form.add_error(
            None,
            _("Vous avez envoyé %(most)d contributions aujourd’hui. Revenez demain.")
            % {"most": actions.DAILY_LIMIT},
        )
    else:
        messages.success(
            request,
            _("Votre contribution est reçue. Elle est publiée quand la modération l’a lue."),
        )
    return not form.errors


@require_safe
@login_required
def moderate(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _queue(request, moderated(request, uuid))


def _queue(
    request: HttpRequest,
    debate: Debate,
    refused: tuple[Contribution, ContributionDecisionForm] | None = None,
) -> HttpResponse:
    """Show what waits; ``refused`` is the decision that could not be taken, with what was typed."""
    context = {
        "debate": debate,
        "waiting": [(one, *_choices(request, one, refused)) for one in queries.waiting(debate)],
        "set_aside": [(one, *_choices(request, one, refused)) for one in queries.set_aside(debate)],
        "crumbs": crumbs(debate, _("Modération")),
    }
    status = _UNPROCESSABLE if refused else 200
    return render(request, "observatory/debate_moderate.html", context, status=status)


def _choices(
    request: HttpRequest,
    one: Contribution,
    refused: tuple[Contribution, ContributionDecisionForm] | None,
) -> tuple[ContributionDecisionForm | None, list[str]]:
    """Return the form of a contribution, unless it is one's own, and what may be decided."""
    if not request.user.has_perm(permissions.DECIDE_CONTRIBUTION, one):
        return None, []
    possible = [
        decision.value
        for decision in CONTRIBUTION.transitions[ContributionState(one.state)]
        if decision is not ContributionDecision.WITHDRAW
    ]
    if refused and refused[0].pk == one.pk:
        return refused[1], possible
    return ContributionDecisionForm(auto_id=f"id_{one.uuid}_%s"), possible


@require_POST
@login_required
def decide(request: HttpRequest, uuid: UUID, contribution: UUID) -> HttpResponse:
    """Publish, refuse or remove a contribution, or leave a reported one as it is."""
    assert isinstance(request.user, User)
    debate = moderated(request, uuid)
    row = _of(debate, contribution)
    if not request.user.has_perm(permissions.DECIDE_CONTRIBUTION, row):
        raise PermissionDenied
    form = ContributionDecisionForm(request.POST, auto_id=f"id_{row.uuid}_%s")
    if not form.is_valid():
        return _queue(request, debate, (row, form))
    decision = form.cleaned_data["decision"]
    now = timezone.now()
    if decision == form.KEEP:
        actions.keep_contribution(contribution=row, by=request.user, at=now)
        messages.success(request, _("Le signalement est traité : la contribution reste publiée."))
    elif decision == ContributionDecision.WITHDRAW:
        raise PermissionDenied
    else:
        try:
            after = actions.decide_contribution(
                contribution=row,
                decision=ContributionDecision(decision),
                reason=form.cleaned_data["reason"].replace("\r\n", "\n"),
                by=request.user,
                at=now,
            )
        except DecisionRefusedError:
            messages.warning(
                request, _("La contribution a changé d’état entre-temps : relisez-la.")
            )
        else:
            messages.success(
                request,
                _("La contribution est publiée.")
                if after.state == ContributionState.PUBLISHED.value
                else _("La contribution n’est pas publiée. Son auteur lit votre motif."),
            )
    return redirect("observatory:debate-moderate", debate.uuid)


@login_required
def withdraw(request: HttpRequest, uuid: UUID, contribution: UUID) -> HttpResponse:
    """Take back one's own contribution: its text is erased."""
    assert isinstance(request.user, User)
    debate = found(uuid)
    row = _of(debate, contribution)
    # Whether a contribution exists is not told to others.
    if not request.user.has_perm(permissions.WITHDRAW_CONTRIBUTION, row):
        raise Http404
    if request.method == "POST":
        try:
            actions.decide_contribution(
                contribution=row,
                decision=ContributionDecision.WITHDRAW,
                by=request.user,
                at=timezone.now(),
            )
        except DecisionRefusedError:
            messages.info(request, _("Cette contribution était déjà retirée."))
        else:
            messages.success(request, _("Votre contribution est retirée, son texte est effacé."))
        return redirect(debate)
    context = {"debate": debate, "one": row, "crumbs": crumbs(debate, _("Retirer"))}
    return render(request, "observatory/contribution_withdraw.html", context)


@login_required
def report(request: HttpRequest, uuid: UUID, contribution: UUID) -> HttpResponse:
    """Say that a published contribution should be read again."""
    assert isinstance(request.user, User)
    debate = found(uuid)
    row = _of(debate, contribution)
    if row.state != ContributionState.PUBLISHED.value:
        raise Http404
    form = ContributionReportForm(
        request.POST if request.method == "POST" else None, use_required_attribute=False
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.report_contribution(
                contribution=row,
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=timezone.now(),
            )
        except DecisionRefusedError:
            messages.info(request, _("Cette contribution n’est plus publiée."))
        else:
            messages.success(request, _("Merci. La modération relira cette contribution."))
        return redirect(debate)
    context = {"debate": debate, "one": row, "form": form, "crumbs": crumbs(debate, _("Signaler"))}
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "observatory/contribution_report.html", context, status=status)


def _of(debate: Debate, uuid: UUID) -> Contribution:
    row = queries.find_contribution(debate, uuid)
    if row is None:
        raise Http404(_("Cette contribution n’existe pas, ou n’est pas publique."))
    return row
