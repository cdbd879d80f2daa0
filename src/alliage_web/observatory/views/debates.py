"""Debates: the list, a debate, opening and correcting one, its synthesis, its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.observatory import permissions
from alliage_web.observatory.actions import debates as actions
from alliage_web.observatory.documents.debates import contributions_csv
from alliage_web.observatory.forms.debates import DebateForm, SynthesisForm, initial_of
from alliage_web.observatory.queries import debates as queries
from alliage_web.observatory.queries.releases import published
from alliage_web.territories.queries import resolve
from alliage_web.ui.components import Crumb

from .home import home_crumb

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

    from alliage_web.observatory.models import Contribution, Debate

_PAGE_SIZE: Final = 20
_CONTRIBUTIONS: Final = 50
_UNPROCESSABLE, _CONFLICT = 422, 409


@dataclass(frozen=True, slots=True)
class Line:
    """A debate in the list."""

    debate: Debate
    phase: str
    waiting: int


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    page = Paginator(queries.debates(), _PAGE_SIZE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    today = timezone.localdate()
    moderated = [one for one in shown if request.user.has_perm(permissions.MODERATE_DEBATE, one)]
    waiting = queries.waiting_by_debate(moderated) if moderated else {}
    context = {
        "page": page,
        "lines": [Line(one, one.phase(today), waiting.get(one.pk, 0)) for one in shown],
        "moderates": bool(moderated),
        "may_open": _may_open_somewhere(request),
        "crumbs": [home_crumb(), Crumb(_("Débats"))],
    }
    return render(request, "observatory/debates.html", context)


@require_safe
def detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    debate = found(uuid)
    shown = queries.published_contributions(debate)
    page = Paginator(shown, _CONTRIBUTIONS).get_page(request.GET.get("page"))
    moderates = request.user.has_perm(permissions.MODERATE_DEBATE, debate)
    context = {
        "debate": debate,
        "phase": debate.phase(timezone.localdate()),
        "page": page,
        "groups": _by_question(debate, list(page.object_list)),
        "counts": queries.counts_by_world(debate),
        "total": page.paginator.count,
        "own": queries.own_contributions(debate, request.user),
        "moderates": moderates,
        "waiting": queries.waiting(debate).count() if moderates else 0,
        "history": queries.history_of_debate(debate) if moderates else None,
        "crumbs": crumbs(debate),
    }
    return render(request, "observatory/debate.html", context)


@dataclass(frozen=True, slots=True)
class Group:
    """The contributions that answer a question; of rank 0, those that answer none."""

    rank: int
    question: str
    contributions: list[Contribution]


def _by_question(debate: Debate, contributions: list[Contribution]) -> list[Group]:
    groups = [Group(rank, text, []) for rank, text in enumerate(debate.questions, start=1)]
    free = Group(0, "", [])
    for one in contributions:
        (groups[one.question - 1] if one.question else free).contributions.append(one)
    return [group for group in (*groups, free) if group.contributions]


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Open a debate, on a territory where the person may: the answer depends on it alone."""
    assert isinstance(request.user, User)
    form = DebateForm(
        request.POST if request.method == "POST" else None,
        releases=published(current=True),
        initial={"release": request.GET.get("publication", "")},
        use_required_attribute=False,
    )
    if request.method != "POST" or not form.is_valid():
        return _edit_page(request, form, None)
    territory = resolve(*form.cleaned_data["territory"].split("/", 1))
    assert territory is not None, "the field gives a territory that exists"
    if not request.user.has_perm(permissions.OPEN_DEBATE, territory):
        form.add_error(
            "territory",
            _("Vous n’ouvrez de débat que sur les territoires dont vous êtes catalyseur."),
        )
        return _edit_page(request, form, None)
    try:
        debate = actions.open_debate(
            release=form.cleaned_data["release"],
            territory_id=territory.pk,
            values=form.values(),
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError as done:
        messages.info(request, _("Ce débat est déjà préparé : il ne l’est pas deux fois."))
        return redirect("observatory:debate", done.target.partition(":")[2])
    except actions.NotPublicError:
        form.add_error(
            "release", _("Cette publication n’est plus publique. Choisissez-en une autre.")
        )
        return _edit_page(request, form, None)
    messages.success(request, _("Le débat est préparé : sa page est publique."))
    return redirect(debate)


@login_required
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    assert isinstance(request.user, User)
    debate = moderated(request, uuid)
    form = DebateForm(
        request.POST if request.method == "POST" else None,
        debate=debate,
        initial=initial_of(debate),
        use_required_attribute=False,
    )
    if request.method != "POST" or not form.is_valid():
        return _edit_page(request, form, debate)
    try:
        actions.change_debate(
            debate=debate,
            values=form.values(),
            version=form.cleaned_data["version"] or 0,
            by=request.user,
            at=timezone.now(),
        )
    except actions.QuestionsAnsweredError as refusal:
        form.add_error(
            "questions",
            _(
                "Des contributions répondent aux questions 1 à %(fixed)d : gardez-les telles "
                "quelles, dans leur ordre, et ajoutez les autres à la suite."
            )
            % {"fixed": refusal.fixed},
        )
        return _edit_page(request, form, debate)
    except actions.DebateChangedError as changed:
        data = request.POST.copy()
        data["version"] = str(changed.debate.version)
        again = DebateForm(data, debate=changed.debate)
        return _edit_page(request, again, changed.debate, conflict=True)
    messages.success(request, _("Le débat est enregistré."))
    return redirect(debate)


def _edit_page(
    request: HttpRequest, form: DebateForm, debate: Debate | None, *, conflict: bool = False
) -> HttpResponse:
    title = _("Modifier le débat") if debate else _("Ouvrir un débat")
    context = {
        "form": form,
        "debate": debate,
        "title": title,
        "conflict": conflict,
        "crumbs": crumbs(debate, title),
    }
    status = _CONFLICT if conflict else _UNPROCESSABLE if form.errors else 200
    return render(request, "observatory/debate_form.html", context, status=status)


@login_required
def synthesis(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Write what came out of a debate."""
    assert isinstance(request.user, User)
    debate = moderated(request, uuid)
    form = SynthesisForm(
        request.POST if request.method == "POST" else None,
        initial={"text": debate.synthesis, "version": debate.version},
        use_required_attribute=False,
    )
    conflict = False
    if request.method == "POST" and form.is_valid():
        try:
            actions.write_synthesis(
                debate=debate,
                text=form.cleaned_data["text"].replace("\r\n", "\n"),
                version=form.cleaned_data["version"],
                by=request.user,
                at=timezone.now(),
            )
        except actions.DebateChangedError as changed:
            data = request.POST.copy()
            data["version"] = str(changed.debate.version)
            debate, form, conflict = changed.debate, SynthesisForm(data), True
        else:
            messages.success(request, _("La synthèse est enregistrée."))
            return redirect(debate)
    context = {
        "form": form,
        "debate": debate,
        "conflict": conflict,
        "crumbs": crumbs(debate, _("Synthèse")),
    }
    status = _CONFLICT if conflict else _UNPROCESSABLE if form.errors else 200
    return render(request, "observatory/debate_synthesis.html", context, status=status)


@require_safe
def contributions_file(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give the published contributions as CSV; ``bom=0`` leaves out the mark of spreadsheets."""
    debate = found(uuid)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"alliage-debat-{debate.uuid}-{timezone.localdate().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    if request.GET.get("bom") != "0":
        response.write("\N{ZERO WIDTH NO-BREAK SPACE}")
    response.write(contributions_csv(debate))
    return response


def found(uuid: UUID) -> Debate:
    """Return a debate that everybody reads, or answer that there is none."""
    debate = queries.find_debate(uuid)
    if debate is None:
        raise Http404(_("Aucun débat n’a cette adresse. Cherchez-le dans la liste des débats."))
    return debate


def moderated(request: HttpRequest, uuid: UUID) -> Debate:
    """Return a debate that the person moderates, or refuse."""
    debate = found(uuid)
    if not request.user.has_perm(permissions.MODERATE_DEBATE, debate):
        raise PermissionDenied
    return debate


def crumbs(debate: Debate | None, *last: str) -> list[Crumb]:
    steps = [home_crumb(), Crumb(_("Débats"), reverse("observatory:debates"))]
    if debate is not None:
        steps.append(Crumb(debate.title, debate.get_absolute_url() if last else ""))
    return [*steps, *(Crumb(step) for step in last)]


def _may_open_somewhere(request: HttpRequest) -> bool:
    user: Any = request.user
    return user.has_perm(permissions.OPEN_DEBATE) or queries.catalyses_somewhere(user)
