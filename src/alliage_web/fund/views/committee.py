"""The committee: its rules, its meetings, what a choice would do, decisions, minutes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alliage.fund.instruction.combinations import (
    Dimension,
    NoSuggestionError,
    SuggestionRule,
    Target,
)
from alliage.fund.instruction.committee import (
    DecisionNotPossible,
    DecisionProblemCode,
    Field,
    IncompleteMinutesError,
    quorum,
)
from alliage.fund.instruction.interests import UnexplainedRecusal
from alliage.fund.money.ledger import PostingRefused
from alliage.fund.states import GuardNotMet, TransitionNotAllowed
from alliage.values.money import Euros, MoneyError, euros
from alliage_web.accounts.models import User
from alliage_web.actors.models import WorldChoices
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.fund import permissions
from alliage_web.fund.actions import committee as actions
from alliage_web.fund.documents.minutes import minutes_pdf, told_minutes
from alliage_web.fund.forms.committee import (
    AgendaForm,
    AttendanceForm,
    DecisionForm,
    MinutesForm,
    PlanForm,
    RulesForm,
)
from alliage_web.fund.forms.reviews import StepBackForm
from alliage_web.fund.queries import committee as queries
from alliage_web.fund.queries.application_facts import legal_paths
from alliage_web.fund.queries.application_wording import guards_in_words, money
from alliage_web.fund.queries.applications import Content
from alliage_web.fund.queries.budget import strands_of
from alliage_web.fund.queries.instruction_wording import (
    LEGAL,
    MEETING,
    choice_problem_in_words,
    decision_problem_in_words,
    obstacle_in_words,
)
from alliage_web.fund.queries.interests import Interests, is_barred, person_id
from alliage_web.fund.queries.ledger_wording import refusal_in_words
from alliage_web.fund.queries.review_panels import panel_of, seated, summary_of
from alliage_web.fund.queries.reviews import is_recused
from alliage_web.territories.queries import place
from alliage_web.ui.components import Crumb
from alliage_web.ui.templatetags.ui import number as in_figures
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import terms

from .agreement_follow_up import renewed_in_words
from .application_standing import path_in_words
from .budget import fund_for
from .calls import crumbs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

    from alliage.fund.instruction.combinations import Picture
    from alliage.fund.instruction.committee import DecisionProblem
    from alliage_web.fund.models import AgendaItem, Application, Fund, Meeting
    from alliage_web.fund.queries.committee import Choice

_UNPROCESSABLE = 422
#: The field of the form beside which a problem of a decision is shown; the others stand above.
_FIELDS: Mapping[str, str] = {
    DecisionProblemCode.AMOUNT_OUT_OF_BOUNDS: "amount",
    DecisionProblemCode.AMOUNT_ABOVE_AVAILABLE: "amount",
    DecisionProblemCode.NOBODY_PRESIDES: "presiding",
}
_MOTION: frozenset[str] = frozenset(
    {
        Field.AMOUNT, Field.REASONS, Field.CONDITIONS, Field.DOCUMENTS, Field.DOCUMENTS_DUE_ON,
        Field.QUESTIONS, Field.RESUME_ON,
    }
)  # fmt: skip


def _crumbs(fund: Fund, *more: Crumb) -> list[Crumb]:
    here = reverse("fund:committee", args=[fund.code]) if more else ""
    return [*crumbs_of(fund), Crumb(_("Comité"), here), *more]


def _title(meeting: Meeting) -> str:
    return _("Séance n° %(number)s") % {"number": meeting.number}


@require_safe
@login_required
def index(request: HttpRequest, code: str) -> HttpResponse:
    """List the meetings of the committee, its rules, and what waits for it."""
    fund = fund_for(request, code, permissions.SEE_COMMITTEE)
    waiting = queries.waiting_for_committee(fund)
    context = {
        "fund": fund,
        "meetings": queries.meetings_of(fund),
        "rules": queries.committee_of(fund),
        "waiting": _readable(request, waiting),
        "may_hold": request.user.has_perm(permissions.HOLD_COMMITTEE, fund),
        "crumbs": _crumbs(fund),
    }
    return render(request, "fund/committee.html", context)


def _readable(request: HttpRequest, applications: list[Application]) -> list[Application]:
    """Leave out the applications of which a member may read nothing."""
    return [one for one in applications if request.user.has_perm(permissions.SEE_APPLICATION, one)]


@login_required
def rules(request: HttpRequest, code: str) -> HttpResponse:
    fund = fund_for(request, code, permissions.HOLD_COMMITTEE)
    form = RulesForm(
        request.POST if request.method == "POST" else None, instance=queries.committee_of(fund)
    )
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            actions.write_rules(
                fund=fund, rules=form.cleaned_data, by=request.user, at=timezone.now()
            )
        except actions.MeetingError as refusal:
            form.add_error(None, str(MEETING[refusal.fault]))
        else:
            messages.success(request, _("Les règles du comité sont enregistrées."))
            return redirect("fund:committee", fund.code)
    context = {"fund": fund, "form": form, "crumbs": _crumbs(fund, Crumb(_("Règles")))}
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/committee_rules.html", context, status=status)


@login_required
def plan(request: HttpRequest, code: str) -> HttpResponse:
    fund = fund_for(request, code, permissions.HOLD_COMMITTEE)
    form = PlanForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            meeting = actions.plan_meeting(
                fund=fund,
                held_on=form.cleaned_data["held_on"],
                place=form.cleaned_data["place"],
                by=request.user,
                at=timezone.now(),
                submission=form.cleaned_data["submission"],
            )
        except AlreadyDoneError:
            return redirect("fund:committee", fund.code)
        return redirect(meeting)
    context = {"fund": fund, "form": form, "crumbs": _crumbs(fund, Crumb(_("Nouvelle séance")))}
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/committee_plan.html", context, status=status)


def _meeting_or_404(
    request: HttpRequest, code: str, number: int, permission: str
) -> tuple[Fund, Meeting]:
    fund = fund_for(request, code, permission)
    found = queries.find_meeting(fund, number)
    if found is None:
        raise Http404(_("Cette séance n’existe pas."))
    return fund, found


@require_safe
@login_required
def meeting(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show a meeting: who is there, the agenda, the decisions, the minutes."""
    fund, found = _meeting_or_404(request, code, number, permissions.SEE_COMMITTEE)
    items = queries.items_of(found)
    refused = [
        item for item in items if hasattr(item, "decision") and item.decision.kind == "refuse"
    ]
    context = {
        "fund": fund,
        "meeting": found,
        "title": _title(found),
        "attendances": queries.attendances_of(found),
        "items": [_line(request, item) for item in items],
        "refused": len(refused),
        "minutes": queries.minutes_of(found),
        "quorum": _quorum(found, items),
        "may_hold": request.user.has_perm(permissions.HOLD_COMMITTEE, fund),
        "crumbs": _crumbs(fund, Crumb(_title(found))),
    }
    return render(request, "fund/committee_meeting.html", context)


def _line(request: HttpRequest, item: AgendaItem) -> dict[str, Any]:
    # A member who stepped back reads the decision, and nothing of the application.
    application = item.application
    application.fund = item.meeting.fund
    everyone = sorted(application.applicants.all(), key=lambda part: (not part.is_lead, part.pk))
    return {
        "item": item,
        "decision": getattr(item, "decision", None),
        "lead": everyone[0].organisation.name if everyone else "",
        "may_read": request.user.has_perm(permissions.SEE_APPLICATION, application),
        "recusals": list(item.recusals.all()),
    }


def _quorum(meeting: Meeting, items: list[AgendaItem]) -> Any:
    try:
        known = queries.library_meeting(meeting, items)
    except ValueError:
        return None
    return quorum(queries.rules_of_committee(queries.committee_of(meeting.fund)).quorum, known)


@login_required
def agenda(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Choose the applications that come before a meeting."""
    fund, found = _meeting_or_404(request, code, number, permissions.HOLD_COMMITTEE)
    items = queries.items_of(found)
    here = {item.application_id for item in items}
    elsewhere = queries.on_an_open_agenda(fund) - here
    waiting = {
        one.reference: one for one in queries.waiting_for_committee(fund) if one.pk not in elsewhere
    } | {item.application.reference: item.application for item in items}
    form = AgendaForm(
        request.POST if request.method == "POST" else None,
        choices=[
            (reference, f"{reference}, {one.alliance.display_title}")
            for reference, one in waiting.items()
        ],
        initial={"applications": [item.application.reference for item in items]},
    )
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        chosen = [waiting[reference] for reference in form.cleaned_data["applications"]]
        try:
            actions.put_on_agenda(meeting=found, chosen=chosen, by=request.user, at=timezone.now())
        except actions.MeetingError as refusal:
            form.add_error(None, str(MEETING[refusal.fault]))
        else:
            messages.success(request, _("L’ordre du jour est enregistré."))
            return redirect(found)
    context = {
        "fund": fund,
        "meeting": found,
        "form": form,
        "title": _("Ordre du jour"),
        "empty": not waiting,
        "crumbs": _crumbs(
            fund, Crumb(_title(found), found.get_absolute_url()), Crumb(_("Ordre du jour"))
        ),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/committee_agenda.html", context, status=status)


@login_required
def attendance(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Write who is there and who presides."""
    fund, found = _meeting_or_404(request, code, number, permissions.HOLD_COMMITTEE)
    rows = queries.attendances_of(found)
    form = AttendanceForm(
        request.POST if request.method == "POST" else None,
        rows=rows,
        initial={
            "present": [str(row.person_id) for row in rows if row.is_present],
            "chair": str(found.chair_id or ""),
            "guests": found.guests,
        },
    )
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        people = {str(row.person_id): row.person for row in rows}
        try:
            actions.record_attendance(
                meeting=found,
                present=[int(key) for key in form.cleaned_data["present"]],
                chair=people.get(form.cleaned_data["chair"]),
                guests=form.cleaned_data["guests"],
                by=request.user,
                at=timezone.now(),
            )
        except actions.MeetingError as refusal:
            form.add_error(
                "chair" if refusal.fault is actions.MeetingFault.CHAIR else None,
                str(MEETING[refusal.fault]),
            )
        else:
            messages.success(request, _("Les présences sont enregistrées."))
            return redirect(found)
    context = {
        "fund": fund,
        "meeting": found,
        "form": form,
        "title": _("Présences"),
        "empty": not rows,
        "crumbs": _crumbs(
            fund, Crumb(_title(found), found.get_absolute_url()), Crumb(_("Présences"))
        ),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/committee_attendance.html", context, status=status)


# An item of the agenda.


def _item_or_404(
    request: HttpRequest, code: str, number: int, reference: str, permission: str
) -> tuple[Fund, AgendaItem]:
    fund, found = _meeting_or_404(request, code, number, permission)
    one = queries.find_item(found, reference)
    if one is None:
        raise Http404(_("Ce dossier n’est pas à l’ordre du jour de cette séance."))
    one.meeting = found
    assert isinstance(request.user, User)
    barred = is_barred(request.user, one.application, on=found.held_on)
    if is_recused(request.user, one.application, barred=barred):
        raise Http404(_("Un intérêt vous tient à l’écart de ce dossier."))
    return fund, one


@login_required
def item(request: HttpRequest, code: str, number: int, reference: str) -> HttpResponse:
    """Deliberate on an application: interests, who steps back, votes and decision."""
    fund, one = _item_or_404(request, code, number, reference, permissions.SEE_COMMITTEE)
    may_hold = request.user.has_perm(permissions.HOLD_COMMITTEE, fund)
    decided = getattr(one, "decision", None)
    if request.method == "POST" and decided is not None:
        messages.info(request, _("Ce dossier est déjà décidé : rien n’est écrit deux fois."))
        return redirect(one.meeting)
    closed = queries.minutes_of(one.meeting) is not None
    recusals = list(one.recusals.select_related("person").order_by("pk"))
    away = {row.person_id for row in recusals}
    present = [row.person for row in queries.attendances_of(one.meeting) if row.is_present]
    voters = [person for person in present if person.pk not in away]
    form = None
    if may_hold and decided is None and not closed and one.meeting.chair:
        form = DecisionForm(
            request.POST if request.method == "POST" else None,
            item=one,
            voters=voters,
            able=voters,
            initial={"year": one.meeting.held_on.year},
        )
        if request.method == "POST" and _decided(request, one, form):
            return redirect(one.meeting)
    found = Interests(present, [one.application])
    told = [found.told(person, one.application, on=one.meeting.held_on) for person in present]
    panel = panel_of(one.application)
    summary = summary_of(panel, seated(panel))
    strand = one.application.call.strand
    content = Content(one.application)
    context = {
        "fund": fund,
        "item": one,
        "meeting": one.meeting,
        "title": _title(one.meeting),
        "decision": decided,
        "recusals": recusals,
        "people": [
            {"told": each, "is_away": each.person.pk in away, "form": StepBackForm()}
            for each in told
        ],
        "summary": summary,
        "score": in_figures(float(summary.score), 1)
        if summary and summary.score is not None
        else "",
        "strand": strand,
        "available": queries.available_in(fund, strand.code, one.meeting.held_on.year)
        if strand
        else None,
        "legal": LEGAL[queries.legal_outcome(content, one.meeting.held_on)],
        "paths": [
            path_in_words(each, content) for each in legal_paths(content, one.meeting.held_on)
        ],
        "may_handle": request.user.has_perm(permissions.HANDLE_APPLICATION, one.application),
        "renewed": renewed_in_words(request, one.application, timezone.localdate()),
        "form": form,
        "may_hold": may_hold and decided is None and not closed,
        "own_key": request.user.pk,
        "crumbs": _crumbs(
            fund,
            Crumb(_title(one.meeting), one.meeting.get_absolute_url()),
            Crumb(one.application.reference),
        ),
    }
    status = _UNPROCESSABLE if form is not None and form.errors else 200
    return render(request, "fund/committee_item.html", context, status=status)


def _score(points: Fraction | None) -> str:
    return in_figures(float(points), 1) if points is not None else ""


def _decided(request: HttpRequest, one: AgendaItem, form: DecisionForm) -> bool:
    """Take the decision; what is refused is told beside what was typed."""
    if not form.is_valid():
        return False
    assert isinstance(request.user, User)
    people = {str(person.pk): person for person in form.voters}
    try:
        actions.take_decision(
            item=one,
            motion=form.motion(),
            votes=form.votes(),
            presiding=people.get(form.cleaned_data["presiding"]),
            year=form.cleaned_data["year"],
            legal_note=form.cleaned_data["legal_note"],
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        return True
    except (
        DecisionNotPossible,
        actions.LegalPathError,
        actions.MeetingError,
        PostingRefused,
        GuardNotMet,
        TransitionNotAllowed,
    ) as refusal:
        _refuse(form, refusal)
        return False
    messages.success(request, _("La décision est enregistrée. Les signataires en sont prévenus."))
    return True


def _refuse(form: DecisionForm, refusal: Exception) -> None:
    """Say in the form why a decision is refused, and what would be possible."""
    match refusal:
        case DecisionNotPossible():
            names = {person_id(person): str(person) for person in form.voters}
            for problem in refusal.problems:
                _tell(form, problem, names)
        case actions.LegalPathError():
            form.add_error("legal_note", _legal(refusal))
        case actions.MeetingError():
            form.add_error(None, str(MEETING[refusal.fault]))
        case PostingRefused():
            form.add_error("amount", refusal_in_words(refusal))
        case GuardNotMet():
            form.add_error(None, guards_in_words(refusal.missing))
        case _:
            form.add_error(None, _("Ce dossier n’est plus devant le comité : rechargez la page."))


def _tell(form: DecisionForm, problem: DecisionProblem, names: Mapping[str, str]) -> None:
    field: str | None = _FIELDS.get(problem.code)
    if problem.subject in _MOTION:
        field = problem.subject
    if problem.code is DecisionProblemCode.VOTE_MISSING:
        field = f"vote_{problem.subject.partition(':')[2]}"
    form.add_error(
        field if field in form.fields else None, decision_problem_in_words(problem, names)
    )


def _legal(refusal: actions.LegalPathError) -> str:
    if refusal.outcome.value == "blocked":
        return _(
            "Une règle de droit interdit ce paiement. La page du dossier dit laquelle, et par "
            "quelle voie il serait possible. Refusez, ou ajournez pour changer de bénéficiaire."
        )
    return _(
        "Les règles ne peuvent pas dire si ce paiement est admis. Écrivez ce que le comité "
        "constate, ou ajournez pour l’établir."
    )


@login_required
@require_POST
def recuse(
    request: HttpRequest, code: str, number: int, reference: str, person: int
) -> HttpResponse:
    """Write that a member steps back: the secretary, or the member."""
    fund, one = _item_or_404(request, code, number, reference, permissions.SEE_COMMITTEE)
    if request.user.pk != person and not request.user.has_perm(permissions.HOLD_COMMITTEE, fund):
        raise PermissionDenied
    rows = {row.person_id: row.person for row in queries.attendances_of(one.meeting)}
    if person not in rows:
        raise Http404(_("Cette personne n’est pas membre du comité dans cette séance."))
    assert isinstance(request.user, User)
    try:
        actions.recuse_member(
            item=one,
            person=rows[person],
            explanation=request.POST.get("explanation", "")[:2000],
            by=request.user,
            at=timezone.now(),
        )
    except UnexplainedRecusal:
        messages.warning(
            request,
            _("Aucun intérêt n’est connu : dites en quelques mots pourquoi cette personne se "
              "déporte."),
        )  # fmt: skip
    except actions.MeetingError as refusal:
        messages.warning(request, str(MEETING[refusal.fault]))
    else:
        messages.success(
            request, _("Le déport de %(person)s est enregistré.") % {"person": rows[person]}
        )
    return redirect(one.meeting if request.user.pk == person else one)


# What a choice would do.


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address of the page asks for."""

    chosen: tuple[str, ...]
    amounts: Mapping[str, Euros]
    faults: Mapping[str, str]
    targets: tuple[Target, ...]
    suggests: bool


@require_safe
@login_required
def simulate(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a choice of applications and amounts would do; nothing is written."""
    fund = fund_for(request, code, permissions.SEE_COMMITTEE)
    on = timezone.localdate()
    choice = queries.choice_of(fund, _readable(request, queries.waiting_for_committee(fund)), on)
    names = _names(fund, choice)
    asked = _asked(request, choice)
    picture = choice.picture(asked.amounts, asked.targets) if choice.candidates else None
    suggestions, obstacles = _suggested(choice, asked, names)
    context = {
        "fund": fund,
        "lines": [
            {
                "facts": one,
                "score": _score(one.candidate.points),
                "envelope": names[one.candidate.envelope],
                "is_chosen": one.application.reference in asked.chosen,
                "typed": request.GET.get(f"montant-{one.application.reference}", ""),
                "fault": asked.faults.get(one.application.reference, ""),
                "covers": sorted(
                    names[f"{dimension}:{code}"]
                    for dimension, codes in one.candidate.covers.items()
                    for code in codes
                ),
            }
            for one in choice.candidates
        ],
        "left_out": choice.left_out,
        "picture": picture,
        "balances": [
            {"label": names[one.envelope], "balance": one} for one in picture.balances
        ] if picture else [],
        "coverage": _coverage(picture, names) if picture else [],
        "problems": [choice_problem_in_words(one, names) for one in picture.problems]
        if picture
        else [],
        "targets": [
            {"key": key, "label": names[key], "is_wanted": key in request.GET.getlist("cible")}
            for key in _targets(choice)
        ],
        "suggestions": suggestions,
        "obstacles": obstacles,
        "asks": asked.suggests,
        "crumbs": _crumbs(fund, Crumb(_("Simuler un choix"))),
    }  # fmt: skip
    return render(request, "fund/committee_simulation.html", context)


def _asked(request: HttpRequest, choice: Choice) -> _Asked:
    known = {one.application.reference: one for one in choice.candidates}
    chosen = tuple(ref for ref in request.GET.getlist("dossier") if ref in known)
    amounts: dict[str, Euros] = {}
    faults = {}
    for reference in chosen:
        typed = request.GET.get(f"montant-{reference}", "").strip()
        cleaned = "".join(typed.split()).replace("€", "").replace(",", ".")
        try:
            amounts[reference] = euros(cleaned) if cleaned else known[reference].asked
        except MoneyError:
            faults[reference] = _("« %(typed)s » n’est pas un montant.") % {"typed": typed}
            amounts[reference] = known[reference].asked
    targets = tuple(
        Target(Dimension(dimension), code)
        for key in request.GET.getlist("cible")
        if key in _targets(choice)
        for dimension, _colon, code in [key.partition(":")]
    )
    return _Asked(chosen, amounts, faults, targets, "suggestion" in request.GET)


def _targets(choice: Choice) -> list[str]:
    """List what can be wanted: what a candidate covers, the objectives first."""
    order = [Dimension.OBJECTIVE, Dimension.WORLD, Dimension.TERRITORY]
    found = {
        (order.index(dimension), f"{dimension}:{code}")
        for one in choice.candidates
        for dimension, codes in one.candidate.covers.items()
        for code in codes
    }
    return [key for _rank, key in sorted(found)]


def _names(fund: Fund, choice: Choice) -> dict[str, str]:
    """Name envelopes, applications and what they cover, by their codes."""
    strands = {strand.code: strand.name for strand in strands_of(fund)}
    names = {
        key: f"{strands.get(key.partition(':')[0], key)} {key.partition(':')[2]}"
        for key in choice.envelopes
    }
    names |= {one.application.reference: one.application.reference for one in choice.candidates}
    names |= {f"{Dimension.WORLD}:{code}": str(label) for code, label in WorldChoices.choices}
    names |= {f"{Dimension.OBJECTIVE}:{term.code}": term.label for term in terms(Scheme.OBJECTIVE)}
    for key in _targets(choice):
        if key not in names:
            level, _colon, code = key.partition(":")[2].partition(":")
            here = place(level, code) if code else None
            names[key] = here.name if here else key.partition(":")[2]
    return names


def _coverage(picture: Picture, names: Mapping[str, str]) -> list[dict[str, Any]]:
    labels = {
        Dimension.OBJECTIVE: _("Objectif"),
        Dimension.WORLD: _("Monde"),
        Dimension.TERRITORY: _("Territoire"),
    }
    return [
        {
            "dimension": labels.get(one.dimension, ""),
            "label": names.get(f"{one.dimension}:{one.code}", one.code),
            "count": len(one.applications),
            "candidates": one.candidates,
            "wanted": one.wanted,
            "is_met": one.is_met,
        }
        for one in picture.coverage
    ]


def _suggested(
    choice: Choice, asked: _Asked, names: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[str]]:
    if not asked.suggests or not choice.candidates:
        return [], []
    rule = SuggestionRule(targets=asked.targets, required=frozenset(asked.chosen))
    try:
        found = choice.suggestion(rule)
    except NoSuggestionError as error:
        return [], [obstacle_in_words(one, names) for one in error.obstacles]
    return [
        {
            "amounts": [
                {"reference": reference, "amount": money(amount)}
                for reference, amount in picture.amounts.items()
            ],
            "points": in_figures(float(picture.points or Fraction(0)), 1),
            "reduced": money(picture.reduced) if picture.reduced else "",
            "query": "&".join(
                f"dossier={reference}&montant-{reference}={amount}"
                for reference, amount in picture.amounts.items()
            ),
        }
        for picture in found.choices
    ], []


# Minutes.


@login_required
def minutes(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Read the minutes, or close them."""
    fund, found = _meeting_or_404(request, code, number, permissions.SEE_COMMITTEE)
    closed = queries.minutes_of(found)
    may_hold = request.user.has_perm(permissions.HOLD_COMMITTEE, fund)
    if closed is None and not may_hold:
        raise Http404(_("Le procès-verbal de cette séance n’est pas arrêté."))
    form = None
    if closed is None:
        form = MinutesForm(
            request.POST if request.method == "POST" else None,
            undecided={
                one.application.reference: f"{one.application.reference}, "
                f"{one.application.alliance.display_title}"
                for one in queries.items_of(found)
                if not hasattr(one, "decision")
            },
        )
        if request.method == "POST" and _closed(request, found, form):
            return redirect("fund:minutes", fund.code, found.number)
    context = {
        "fund": fund,
        "meeting": found,
        "title": _title(found),
        "minutes": closed,
        "told": told_minutes(closed) if closed else None,
        "form": form,
        "crumbs": _crumbs(
            fund, Crumb(_title(found), found.get_absolute_url()), Crumb(_("Procès-verbal"))
        ),
    }
    status = _UNPROCESSABLE if form is not None and form.errors else 200
    return render(request, "fund/committee_minutes.html", context, status=status)


def _closed(request: HttpRequest, found: Meeting, form: MinutesForm) -> bool:
    if not form.is_valid():
        return False
    assert isinstance(request.user, User)
    try:
        actions.close_minutes(
            meeting=found,
            without_decision=form.reasons(),
            by=request.user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        return True
    except IncompleteMinutesError:
        form.add_error(None, _("L’ordre du jour a changé. Dites pourquoi pour chaque dossier."))
        return False
    except actions.MeetingError as refusal:
        form.add_error(None, str(MEETING[refusal.fault]))
        return False
    messages.success(request, _("Le procès-verbal est arrêté. Son empreinte le fige."))
    return True


@require_safe
@login_required
def minutes_file(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Give the minutes as a PDF."""
    fund, found = _meeting_or_404(request, code, number, permissions.SEE_COMMITTEE)
    closed = queries.minutes_of(found)
    if closed is None:
        raise Http404(_("Le procès-verbal de cette séance n’est pas arrêté."))
    name = f"pv-{fund.code}-{found.number}.pdf"
    return HttpResponse(
        minutes_pdf(closed),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )
