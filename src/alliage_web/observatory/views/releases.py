"""Releases: their review, reserved to researchers, and the page that everybody reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliage.observatory.releases.values import CellStatus
from alliage.observatory.states import RELEASE, ReleaseDecision, ReleaseState, SamePersonError
from alliage.values.lives import DecisionRefusedError
from alliage_web.audit.queries import history
from alliage_web.observatory.actions import releases as release_actions
from alliage_web.observatory.documents import sentences
from alliage_web.observatory.forms.pipeline import ReasonForm
from alliage_web.observatory.models.catalogue import in_language
from alliage_web.observatory.permissions import (
    REVIEW_RELEASE,
    SEE_PIPELINE,
    WRITE_RELEASES,
)
from alliage_web.observatory.queries import releases as release_queries
from alliage_web.observatory.queries.anomaly_wording import report_in_words
from alliage_web.observatory.queries.debates import debates_on
from alliage_web.observatory.queries.wording import (
    computing_in_words,
    pipeline_history_in_words,
)
from alliage_web.ui.components import Crumb

from .home import home_crumb
from .pipeline import crumbs_of, here, person_who

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.http import HttpRequest

    from alliage.observatory.releases.values import Cell, Measure
    from alliage_web.observatory.models import Release

_UNPROCESSABLE = 422


def _release_or_404(uuid: UUID) -> Release:
    found = release_queries.any_release(uuid)
    if found is None:
        raise Http404(_("Cette publication n’existe pas."))
    return found


@login_required
@require_safe
def draft(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show a release to researchers before and after it is public, and what may be decided."""
    user = person_who(request, SEE_PIPELINE)
    release = _release_or_404(uuid)
    state = ReleaseState(release.state)
    writes = user.has_perm(WRITE_RELEASES, here())
    reviews = user.has_perm(REVIEW_RELEASE, release)

    def may(decision: ReleaseDecision, allowed: bool) -> bool:  # noqa: FBT001
        return allowed and RELEASE.allows(state, decision)

    shown = state is not ReleaseState.DISCARDED
    context: dict[str, Any] = {
        "release": release,
        "head": release_queries.head(release.uuid) if shown else None,
        "may": {
            "submit": may(ReleaseDecision.SUBMIT, writes),
            "take_back": may(ReleaseDecision.TAKE_BACK, writes),
            "discard": may(ReleaseDecision.DISCARD, writes),
            "approve": may(ReleaseDecision.APPROVE, reviews),
            "send_back": may(ReleaseDecision.SEND_BACK, reviews),
            "withdraw": may(ReleaseDecision.WITHDRAW, writes),
        },
        "waits_for_another": state is ReleaseState.IN_REVIEW and writes and not reviews,
        "history": pipeline_history_in_words(history(release.stable_name)),
        "crumbs": crumbs_of(Crumb(_("Publication"))),
    }
    if shown:
        context |= _preview(request, release)
        head = release_queries.head(release.uuid)
        context["computing"] = computing_in_words(head)
        context["margins"] = [
            (*sentences.margin_labels(one, head), one) for one in head.weighting.margins
        ]
    return render(request, "observatory/pipeline_release.html", context)


def _figure(cell: Cell, measure: Measure) -> str:
    """Write a figure with its margin, as the explorer does; or why there is none."""
    if not cell.is_shown or cell.value is None:
        return sentences.unseen_words(cell)
    margin = sentences.margin_of(cell)
    reach = _("n/a") if margin is None else sentences.reach(margin, measure.unit)
    return f"{sentences.written(cell.value, measure.unit)} ± {reach}"


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row of a table, its figures in words."""

    label: str
    cells: tuple[str, ...]


def _preview(request: HttpRequest, release: Release) -> dict[str, Any]:
    """Return one table of a release, the one that is asked for or the first."""
    head = release_queries.head(release.uuid)
    asked = {one.code: one for one in head.questions}
    cuts = {one.code: one for one in head.breakdowns}
    question = asked.get(request.GET.get("question", "")) or head.questions[0]
    breakdown = cuts.get(request.GET.get("croisement", "")) or head.breakdowns[0]
    table = release_queries.table(release.uuid, question.code, breakdown.code)
    # A battery has many rows: one item is read at a time.
    items = {one.item: sentences.item_label(one) for one in question.measures}
    item = request.GET.get("point", "")
    item = item if item in items else next(iter(items))
    shown = [
        (measure, cells)
        for measure, cells in zip(question.measures, table.rows if table else (), strict=False)
        if measure.item == item
    ]
    groups = breakdown.groups
    return {
        "questions": [(one.code, in_language(*one.labels)) for one in head.questions],
        "breakdowns": [(one.code, in_language(*one.labels)) for one in head.breakdowns],
        "question": question,
        "title": in_language(*question.labels),
        "breakdown": breakdown,
        "items": [(code, label) for code, label in items.items() if code],
        "item": item,
        "groups": [in_language(*one.labels) for one in groups],
        "rows": [
            PreviewRow(
                sentences.row_label(measure), tuple(_figure(cell, measure) for cell in cells)
            )
            for measure, cells in shown
        ],
        "bases": [
            sentences.bases([cells[place] for _measure, cells in shown])
            for place in range(len(groups))
        ]
        if shown
        else [],
        "hidden": sum(
            cell.status is CellStatus.HIDDEN for _measure, cells in shown for cell in cells
        ),
        "report": report_in_words(release.report),
        "parts": len(release_queries.part_lines(release.uuid)),
    }


@login_required
@require_POST
def decide(request: HttpRequest, uuid: UUID, verb: str) -> HttpResponse:
    """Take a decision that needs no reason."""
    taken: dict[str, tuple[Callable[..., Release], str, str]] = {
        "soumettre": (
            release_actions.submit,
            WRITE_RELEASES,
            _("La publication attend la relecture d’une autre personne."),
        ),
        "reprendre": (
            release_actions.take_back,
            WRITE_RELEASES,
            _("La publication est de nouveau un brouillon."),
        ),
        "abandonner": (
            release_actions.discard,
            WRITE_RELEASES,
            _("Le brouillon est abandonné : ses chiffres sont effacés."),
        ),
        "approuver": (
            release_actions.approve,
            REVIEW_RELEASE,
            _("La publication est parue. Plus rien ne la change."),
        ),
    }
    if verb not in taken:
        raise Http404(_("Cette décision n’existe pas."))
    action, permission, done = taken[verb]
    user = person_who(request, SEE_PIPELINE)
    release = _release_or_404(uuid)
    if not user.has_perm(permission, release if permission == REVIEW_RELEASE else here()):
        raise PermissionDenied
    try:
        action(release=release, by=user, at=timezone.now())
    except DecisionRefusedError:
        messages.info(request, _("Cette décision n’est plus possible dans l’état actuel."))
    except SamePersonError:
        messages.error(request, _("Qui a calculé ou soumis une publication ne la relit pas."))
    except release_actions.OutdatedError as error:
        messages.error(
            request,
            _(
                "La publication n° %(number)s est parue depuis ce calcul. Celle-ci n’est pas "
                "protégée contre elle : calculez-la de nouveau."
            )
            % {"number": error.number},
        )
    except release_actions.AlteredError:
        messages.error(
            request,
            _("Les parties gardées ne sont pas celles qui ont été calculées : rien n’est publié."),
        )
    else:
        messages.success(request, done)
    return redirect("observatory:release-draft", release.uuid)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def send_back(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send a release back with what is wrong with it."""
    return _with_reason(
        request,
        uuid,
        permission=REVIEW_RELEASE,
        action=release_actions.send_back,
        title=_("Renvoyer la publication"),
        lede=_("Elle redevient un brouillon. Dites ce qui est à corriger."),
        button=_("Renvoyer"),
        done=_("La publication est renvoyée."),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Withdraw a release that is public."""
    return _with_reason(
        request,
        uuid,
        permission=WRITE_RELEASES,
        action=release_actions.withdraw,
        title=_("Retirer la publication"),
        lede=_(
            "Ses chiffres ne sont plus montrés ; sa page dit qu’elle est retirée, et pourquoi. "
            "Les débats qui portent sur elle s’arrêtent. C’est définitif."
        ),
        button=_("Retirer la publication"),
        done=_("La publication est retirée."),
    )


def _with_reason(
    request: HttpRequest,
    uuid: UUID,
    *,
    permission: str,
    action: Callable[..., Release],
    title: str,
    lede: str,
    button: str,
    done: str,
) -> HttpResponse:
    user = person_who(request, SEE_PIPELINE)
    release = _release_or_404(uuid)
    if not user.has_perm(permission, release if permission == REVIEW_RELEASE else here()):
        raise PermissionDenied
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            action(
                release=release,
                reason=form.cleaned_data["reason"],
                by=user,
                at=timezone.now(),
            )
        except DecisionRefusedError:
            messages.info(request, _("Cette décision n’est plus possible dans l’état actuel."))
        except SamePersonError:
            messages.error(request, _("Qui a calculé ou soumis une publication ne la relit pas."))
        else:
            messages.success(request, done)
        return redirect("observatory:release-draft", release.uuid)
    context = {
        "form": form,
        "title": title,
        "lede": lede,
        "button": button,
        "danger": permission == WRITE_RELEASES,
        "back": reverse("observatory:release-draft", args=[release.uuid]),
        "eyebrow": str(release.wave),
        "crumbs": crumbs_of(
            Crumb(_("Publication"), reverse("observatory:release-draft", args=[release.uuid])),
            Crumb(title),
        ),
    }
    status = _UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "observatory/pipeline_form.html", context, status=status)


# What everybody reads.


def _public_or_404(uuid: UUID) -> Release:
    found = release_queries.public_row(uuid)
    if found is None:
        raise Http404(_("Cette publication n’existe pas."))
    return found


@require_safe
def release(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show where a release comes from, its fingerprint and its parts."""
    row = _public_or_404(uuid)
    is_withdrawn = row.state == ReleaseState.WITHDRAWN.value
    head = release_queries.head(row.uuid)
    wave = row.wave
    context: dict[str, Any] = {
        "release": row,
        "head": head,
        "computing": computing_in_words(head),
        "is_withdrawn": is_withdrawn,
        "later": None if is_withdrawn else release_queries.superseded_by(row),
        "check": release_queries.checked(row),
        "lines": [] if is_withdrawn else release_queries.part_lines(row.uuid),
        "debates": debates_on(row.uuid),
        "crumbs": [
            home_crumb(),
            Crumb(str(wave), wave.get_absolute_url()),
            Crumb(_("Publication n° %(number)s") % {"number": row.number}),
        ],
    }
    return render(request, "observatory/release.html", context)


@require_safe
def release_part(_request: HttpRequest, uuid: UUID, part: int) -> HttpResponse:
    """Give a part, byte for byte as its fingerprint is of."""
    row = _public_or_404(uuid)
    text = release_queries.part_text(row.uuid, part)
    if text is None or row.state == ReleaseState.WITHDRAWN.value:
        raise Http404(_("Cette partie n’existe pas, ou sa publication est retirée."))
    headers = {"Content-Disposition": f'inline; filename="{_file_name(row)}-partie-{part}.json"'}
    return HttpResponse(text, content_type="application/json", headers=headers)


def _file_name(row: Release) -> str:
    """Return how a file of a release is called; that of invented respondents says so."""
    name = f"publication-{row.wave.study.code}-{row.wave.code}-{row.number}"
    return f"{name}-synthetique" if row.synthetic else name


@require_safe
def release_parts(_request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give every part of a release with its fingerprint."""
    row = _public_or_404(uuid)
    if row.state == ReleaseState.WITHDRAWN.value:
        raise Http404(_("Cette publication est retirée : ses chiffres ne sont plus donnés."))
    return HttpResponse(
        release_queries.whole_text(row),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{_file_name(row)}.json"'},
    )
