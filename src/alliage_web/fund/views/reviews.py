"""The instruction: what a fund instructs, who reviews, reviews, declared interests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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

from alliage.fund.instruction.assignment import Dimension
from alliage.fund.instruction.interests import UnexplainedRecusal
from alliage.fund.instruction.scoring import AlreadySentError, InvalidReviewError
from alliage.fund.states import ApplicationState, TransitionNotAllowed
from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.fund import permissions
from alliage_web.fund.actions import reviews as actions
from alliage_web.fund.forms.reviews import (
    AssignForm,
    InterestForm,
    ProfileForm,
    ReleaseForm,
    ReviewForm,
    StepBackForm,
)
from alliage_web.fund.queries import reviews as queries
from alliage_web.fund.queries.application_wording import told
from alliage_web.fund.queries.applications import find_application
from alliage_web.fund.queries.committee import asked_by
from alliage_web.fund.queries.instruction_wording import (
    KNOCK_OUTS,
    THIRD,
    VERDICTS,
    review_problem_in_words,
)
from alliage_web.fund.queries.interests import Interests, is_barred, key_of_person
from alliage_web.fund.queries.review_panels import (
    first_summary,
    grid_of,
    panel_of,
    seated,
    summary_of,
    wanted_reviews,
    who_left,
)
from alliage_web.territories.queries import figures
from alliage_web.ui.components import Crumb
from alliage_web.ui.templatetags.ui import number, percent
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import terms

from .budget import fund_for
from .calls import crumbs_of

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

    from alliage.fund.instruction.assignment import Proposal, Shortage
    from alliage.fund.instruction.scoring import Grid, Summary
    from alliage_web.fund.models import Application, Fund, Review

_UNPROCESSABLE, _CONFLICT = 422, 409
_DIMENSIONS = {
    Dimension.LEVER: gettext_lazy("leviers"),
    Dimension.THEME: gettext_lazy("domaines"),
    Dimension.TERRITORY: gettext_lazy("territoire"),
    Dimension.WORLD: gettext_lazy("mondes"),
}


def _instruction_crumbs(fund: Fund, *more: Crumb) -> list[Crumb]:
    here = reverse("fund:instruction", args=[fund.code]) if more else ""
    return [*crumbs_of(fund), Crumb(_("Instruction"), here), *more]


@require_safe
@login_required
def index(request: HttpRequest, code: str) -> HttpResponse:
    """List what a fund instructs, and who reviews for it."""
    fund = fund_for(request, code, permissions.SEE_INSTRUCTION)
    reviewers = queries.reviewers_of(fund, timezone.now())
    loads, profiles = queries.loads_of(reviewers), queries.profiles_of(fund)
    context = {
        "fund": fund,
        "lines": queries.instruction_lines(queries.under_instruction(fund)),
        "reviewers": [
            {
                "person": person,
                "load": loads[person.pk],
                "capacity": profile.capacity if profile else queries.CAPACITY,
                "known": bool(profile and profile.competences),
            }
            for person in reviewers
            for profile in [profiles.get(person.pk)]
        ],
        "may_assign": request.user.has_perm(permissions.ASSIGN_REVIEWERS, fund),
        "crumbs": _instruction_crumbs(fund),
    }
    return render(request, "fund/reviews.html", context)


@login_required
def proposal(request: HttpRequest, code: str) -> HttpResponse:
    """Show who the library would choose; a person accepts each line or not."""
    fund = fund_for(request, code, permissions.ASSIGN_REVIEWERS)
    now = timezone.now()
    chosen = [
        one
        for one in queries.under_instruction(fund)
        if ApplicationState(one.state) in {ApplicationState.SENT, ApplicationState.UNDER_REVIEW}
    ]
    panels = queries.Panels(fund, chosen, now)
    if request.method == "POST":
        return _accept(request, fund, panels)
    found = panels.proposal()
    context = {
        "fund": fund,
        "lines": [_proposed(panels, one) for one in found.proposals if not one.kept],
        "shortages": [_shortage(panels, one) for one in found.shortages],
        "crumbs": _instruction_crumbs(fund, Crumb(_("Répartition proposée"))),
    }
    return render(request, "fund/reviews_proposal.html", context)


def _proposed(panels: queries.Panels, one: Proposal) -> dict[str, Any]:
    application = panels.applications[one.application]
    person = panels.people[key_of_person(one.person)]
    interests = panels.interests.told(person, application, on=panels.on)
    return {
        "key": f"{one.application}/{person.pk}",
        "application": application,
        "person": person,
        "points": one.points,
        "load": one.load,
        "shared": [str(_DIMENSIONS[dimension]) for dimension in one.shared],
        "interests": interests,
    }


def _shortage(panels: queries.Panels, one: Shortage) -> dict[str, Any]:
    return {
        "application": panels.applications[one.application],
        "lacking": one.lacking,
        "refusals": [
            {
                "person": panels.people[key_of_person(each.person)],
                "why": queries.WHY_NOT[each.why],
            }
            for each in one.refusals
        ],
    }


def _accept(request: HttpRequest, fund: Fund, panels: queries.Panels) -> HttpResponse:
    assert isinstance(request.user, User)
    given = 0
    for key in request.POST.getlist("choice"):
        reference, _slash, person = key.partition("/")
        application = panels.applications.get(reference)
        reviewer = panels.people.get(int(person)) if person.isdigit() else None
        if application is None or reviewer is None:
            continue
        try:
            actions.assign_reviewer(
                application=application, reviewer=reviewer, by=request.user, at=timezone.now()
            )
        except actions.EnoughReviewersError:
            continue
        except (actions.AssignmentRefusedError, TransitionNotAllowed) as refusal:
            messages.warning(request, _refused(refusal, reviewer, application))
        else:
            given += 1
    if given:
        messages.success(
            request, _("Dossiers confiés : %(count)s. Chaque personne est prévenue.")
            % {"count": given},
        )  # fmt: skip
    return redirect("fund:instruction", fund.code)


def _barred_by(reviewer: User, application: Application) -> str:
    """Say by which interests a person is barred, and who may review instead; else nothing."""
    found = Interests([reviewer], [application])
    told = found.told(reviewer, application, on=timezone.localdate())
    chains = [
        f"{one.label} ({_(' ; ').join(step.rstrip('.') for step in one.chain)})"
        for one in told.conflicts
        if one.bars
    ]
    if not chains:
        return ""
    return _("%(interests)s Choisissez une personne que rien n’empêche.") % {
        "interests": " ".join(f"{chain}." for chain in chains)
    }


def _refused(refusal: Exception, reviewer: User, application: Application) -> str:
    if isinstance(refusal, actions.AssignmentRefusedError):
        said = _("%(reference)s ne peut pas être confié à %(person)s : %(why)s.") % {
            "reference": application.reference,
            "person": reviewer,
            "why": queries.WHY_NOT[refusal.why],
        }
        return f"{said} {_barred_by(reviewer, application)}".rstrip()
    if isinstance(refusal, actions.EnoughReviewersError):
        return _(
            "%(reference)s a déjà ses %(count)s instructeurs. Un troisième avis se demande quand "
            "les deux premiers sont remis et divergent."
        ) % {"reference": application.reference, "count": refusal.wanted}
    return _("%(reference)s est « %(state)s » : personne n’y est désigné dans cet état.") % {
        "reference": application.reference,
        "state": application.get_state_display(),
    }


@login_required
def profile(request: HttpRequest, code: str, person: int) -> HttpResponse:
    """Write what a reviewer knows: the person, or an officer of the fund."""
    fund = fund_for(request, code, permissions.SEE_WORKSPACE)
    reviewers = {one.pk: one for one in queries.reviewers_of(fund, timezone.now())}
    who = reviewers.get(person)
    own = request.user.pk == person and request.user.has_perm(permissions.REVIEW, fund)
    if who is None or not (own or request.user.has_perm(permissions.ASSIGN_REVIEWERS, fund)):
        raise Http404(_("Cette personne n’instruit pas pour ce fonds."))
    row = queries.profiles_of(fund).get(person)
    form = ProfileForm(
        request.POST if request.method == "POST" else None,
        initial={"capacity": row.capacity, **row.competences}
        if row
        else {"capacity": queries.CAPACITY},
        themes=[(term.code, term.label) for term in terms(Scheme.DOMAIN)],
        regions=[(f"region:{shot.territory.code}", shot.name) for shot in figures(level="region")],
    )
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        actions.write_profile(
            fund=fund,
            person=who,
            capacity=form.cleaned_data["capacity"],
            competences=form.competences(),
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, _("Le profil est enregistré."))
        return redirect("fund:reviews" if own else reverse("fund:instruction", args=[fund.code]))
    context = {
        "fund": fund,
        "who": who,
        "own": own,
        "form": form,
        "crumbs": [*crumbs_of(fund), Crumb(_("Profil d’instruction"))],
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/review_profile.html", context, status=status)


# One application.


def _followed(request: HttpRequest, reference: str, permission: str) -> Application:
    application = find_application(reference)
    if application is None or not request.user.has_perm(permission, application):
        raise Http404(_("Ce dossier n’existe pas, ou vous n’y avez pas accès."))
    return application


@login_required
def instruction_of(request: HttpRequest, reference: str) -> HttpResponse:
    """Follow the instruction of an application: who reviews, and what all may read by now."""
    application = _followed(request, reference, permissions.SEE_REVIEWS)
    assert isinstance(request.user, User)
    now = timezone.now()
    barred = is_barred(request.user, application, on=timezone.localdate(now))
    if queries.is_recused(request.user, application, barred=barred):
        raise Http404(_("Ce dossier n’existe pas, ou vous n’y avez pas accès."))
    may_assign = request.user.has_perm(permissions.ASSIGN_REVIEWERS, application.fund)
    form = None
    if may_assign and ApplicationState(application.state) in queries.ASSIGNED_IN:
        form = _assign_form(request, application)
        if request.method == "POST" and _assigned(request, application, form):
            return redirect("fund:instruction-of", application.reference)
    panel = panel_of(application)
    rows = seated(panel)
    seen = queries.seen_by(request.user, application, panel, recused=False)
    # Whoever has a review to send reads no sum of those of others.
    own_pending = any(row.reviewer_id == request.user.pk and not row.sent_at for row in rows)
    summary = None if own_pending else summary_of(panel, rows) or first_summary(panel, rows)
    is_officer = request.user.has_perm(permissions.SEE_INSTRUCTION, application.fund)
    context = {
        "application": application,
        "asked": asked_by(application, timezone.localdate(now)),
        "panel": panel,
        "grid": panel.grid if panel else None,
        "seats": seen,
        "left": who_left(panel) if is_officer else [],
        "interests": _interests(application, rows) if is_officer else [],
        "wanted": wanted_reviews(panel, rows),
        "summary": _summary(grid_of(panel), summary) if panel and summary else None,
        "form": form,
        "may_assign": may_assign,
        "may_handle": request.user.has_perm(permissions.HANDLE_APPLICATION, application),
        "crumbs": _crumbs(request, application, Crumb(_("Instruction"))),
    }
    status = _UNPROCESSABLE if form is not None and form.errors else 200
    return render(request, "fund/review_panel.html", context, status=status)


def _crumbs(request: HttpRequest, application: Application, *more: Crumb) -> list[Crumb]:
    fund = application.fund
    steps = crumbs_of(fund)
    if request.user.has_perm(permissions.SEE_INSTRUCTION, fund):
        steps = _instruction_crumbs(fund, Crumb(""))[:-1]
    return [*steps, Crumb(application.reference, application.get_absolute_url()), *more]


def _assign_form(request: HttpRequest, application: Application) -> AssignForm:
    now = timezone.now()
    busy = {row.reviewer_id for row in seated(panel_of(application))}
    people = [one for one in queries.reviewers_of(application.fund, now) if one.pk not in busy]
    found = Interests(people, [application])
    loads, on = queries.loads_of(people), timezone.localdate(now)
    return AssignForm(
        request.POST if request.method == "POST" else None,
        people=[
            (
                str(person.pk),
                _("%(person)s (%(interests)s ; avis en cours : %(load)s)")
                % {
                    "person": person,
                    "interests": found.told(person, application, on=on).label.lower(),
                    "load": loads[person.pk],
                },
            )
            for person in people
        ],
    )


def _assigned(request: HttpRequest, application: Application, form: AssignForm) -> bool:
    if not form.is_valid():
        return False
    assert isinstance(request.user, User)
    now = timezone.now()
    reviewers = {one.pk: one for one in queries.reviewers_of(application.fund, now)}
    reviewer = reviewers[int(form.cleaned_data["reviewer"])]
    try:
        actions.assign_reviewer(
            application=application,
            reviewer=reviewer,
            by=request.user,
            at=now,
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        return True
    except (
        actions.AssignmentRefusedError,
        actions.EnoughReviewersError,
        TransitionNotAllowed,
    ) as refusal:
        form.add_error(None, _refused(refusal, reviewer, application))
        return False
    messages.success(
        request, _("Le dossier est confié à %(person)s, qui en est prévenu·e.")
        % {"person": reviewer},
    )  # fmt: skip
    return True


def _interests(application: Application, rows: list[Review]) -> list[Any]:
    people = [row.reviewer for row in rows]
    found = Interests(people, [application])
    on = timezone.localdate()
    return [found.told(person, application, on=on) for person in people]


def _summary(grid: Grid, summary: Summary) -> dict[str, Any]:
    criteria = {criterion.code: criterion for criterion in grid.criteria}
    return {
        "score": _points(summary.score),
        "lowest": _points(summary.lowest),
        "highest": _points(summary.highest),
        "covered": percent(float(summary.covered)),
        "all_covered": summary.covered == 1,
        "disagreement": number(float(summary.disagreement), 2)
        if summary.disagreement is not None
        else "",
        "threshold": number(float(grid.disagreement.index), 2),
        "verdict": VERDICTS[summary.verdict],
        "third": [THIRD[reason] for reason in summary.third_review],
        "criteria": [
            {
                "label": told(criteria[one.criterion], "label"),
                "weight": criteria[one.criterion].weight,
                "notes": [points for _who, points in one.notes],
                "mean": number(float(one.mean), 1) if one.mean is not None else "",
                "minimum": criteria[one.criterion].minimum,
                "in_disagreement": one.in_disagreement,
                "below": one.below_minimum,
                "knock_out": KNOCK_OUTS.get(one.knock_out, "") if one.knock_out else "",
            }
            for one in summary.criteria
        ],
    }


def _points(score: Any) -> str:
    return number(float(score), 1) if score is not None else ""


@login_required
def interests(request: HttpRequest, reference: str) -> HttpResponse:
    """State an interest in an application, or that there is none."""
    application = find_application(reference)
    if application is None or not _takes_part(request, application):
        raise Http404(_("Ce dossier n’existe pas, ou vous n’y avez pas accès."))
    assert isinstance(request.user, User)
    now = timezone.now()
    form = InterestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.state_interest(
                application=application,
                person=request.user,
                severity=form.stated,
                explanation=form.cleaned_data["explanation"],
                at=now,
                submission=form.cleaned_data["submission"],
            )
        except AlreadyDoneError:
            messages.info(request, _("Cette déclaration est déjà reçue."))
        else:
            messages.success(request, _("Votre déclaration est enregistrée."))
        if form.stated == "bars":
            return redirect("accounts:home")
        return redirect("fund:interests", application.reference)
    found = Interests([request.user], [application])
    context = {
        "application": application,
        "found": found.told(request.user, application, on=timezone.localdate(now)),
        "form": form,
        "crumbs": [
            *crumbs_of(application.fund),
            Crumb(application.reference),
            Crumb(_("Mes intérêts")),
        ],
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/interests.html", context, status=status)


def _takes_part(request: HttpRequest, application: Application) -> bool:
    """Tell whether a person may be asked of this application: reviewer, or member who reads it."""
    return queries.reads_as_reviewer(request.user, application) or queries.reads_as_member(
        request.user, application
    )


# A review.


@require_safe
@login_required
def own(request: HttpRequest) -> HttpResponse:
    """List the reviews that a person has to give, then those given."""
    assert isinstance(request.user, User)
    rows = [
        row
        for row in queries.reviews_of(request.user)
        if request.user.has_perm(permissions.WRITE_REVIEW, row)
    ]
    context = {
        "to_give": [row for row in rows if row.sent_at is None],
        "given": [row for row in rows if row.sent_at is not None],
        "funds": queries.funds_reviewed_by(request.user),
        "crumbs": [Crumb(_("Mon espace"), reverse("accounts:home")), Crumb(_("Mes avis"))],
    }
    return render(request, "fund/review_list.html", context)


def _own_review(request: HttpRequest, uuid: UUID) -> Review:
    row = queries.find_review(uuid)
    if row is None or not request.user.has_perm(permissions.WRITE_REVIEW, row) or row.left_at:
        raise Http404(_("Cet avis n’existe pas, ou il n’est pas à vous."))
    return row


@dataclass(slots=True)
class _Shown:
    """The review as the page shows it after what was asked."""

    row: Review
    form: ReviewForm
    changed: bool = False
    not_kept: bool = False
    status: int = 200


@login_required
def review(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Write a review; what is typed is kept as it comes, and sent when it is whole."""
    row = _own_review(request, uuid)
    assert isinstance(request.user, User)
    application, grid = row.panel.application, grid_of(row.panel)
    form = ReviewForm(
        request.POST if request.method == "POST" else None,
        grid=grid,
        notes=row.notes,
        initial={"base": actions.version_of_review(row), "opinion": row.opinion},
    )
    shown = _Shown(row, form)
    if request.method == "POST":
        answer = _received(request, shown, grid)
        if answer is not None:
            return answer
    found = Interests([request.user], [application])
    context = {
        "review": shown.row,
        "application": application,
        "grid": row.panel.grid,
        "form": shown.form,
        "parts": shown.form.parts(),
        "changed": shown.changed,
        "not_kept": shown.not_kept,
        "may_write": shown.row.sent_at is None
        and ApplicationState(application.state) is actions.WRITTEN_IN,
        "seen": _own_seat(request.user, shown.row),
        "interests": found.told(request.user, application, on=timezone.localdate()),
        "crumbs": [
            Crumb(_("Mon espace"), reverse("accounts:home")),
            Crumb(_("Mes avis"), reverse("fund:reviews")),
            Crumb(application.reference),
        ],
    }
    # htmx shows the state of the draft of an answer that says that all is well, and of no other.
    status = 200 if request.headers.get("HX-Request") else shown.status
    return render(request, "fund/review.html", context, status=status)


def _received(request: HttpRequest, shown: _Shown, grid: Grid) -> HttpResponse | None:
    """Keep or send what was typed; None when the page is shown again."""
    row, form = shown.row, shown.form
    if not form.is_valid():
        shown.not_kept, shown.status = True, _UNPROCESSABLE
        return None
    sending = "send" in request.POST
    try:
        saved = _written(form, row, sending=sending)
    except InvalidReviewError as error:
        shown.status = _UNPROCESSABLE
        shown.row, shown.form = _shown_again(request, row, grid)
        for problem in error.problems:
            field = f"comment_{problem.criterion}" if problem.criterion else "opinion"
            shown.form.add_error(field, review_problem_in_words(problem))
        return None
    except (actions.DraftChangedError, TransitionNotAllowed):
        shown.changed, shown.status = True, _CONFLICT
        return None
    except (AlreadySentError, AlreadyDoneError):
        messages.info(request, _("Cet avis est déjà remis : il ne change plus."))
        return redirect("fund:review", row.uuid)
    if sending:
        messages.success(request, _("Votre avis est remis. Merci."))
        return redirect("fund:instruction-of", row.panel.application.reference)
    if "keep" in request.POST:
        messages.success(request, _("Brouillon enregistré."))
        return redirect("fund:review", row.uuid)
    shown.row, shown.form = _shown_again(request, saved, grid)
    return None


def _written(form: ReviewForm, row: Review, *, sending: bool) -> Review:
    data = form.cleaned_data
    if sending:
        # The draft is kept even when it cannot be sent yet.
        saved = actions.save_draft(
            review=row, notes=form.notes(), opinion=data["opinion"], base=data["base"],
            at=timezone.now(),
        )  # fmt: skip
        return actions.send_review(
            review=saved,
            notes=form.notes(),
            opinion=data["opinion"],
            base=actions.version_of_review(saved),
            at=timezone.now(),
            submission=data["submission"],
        )
    return actions.save_draft(
        review=row, notes=form.notes(), opinion=data["opinion"], base=data["base"],
        at=timezone.now(),
    )  # fmt: skip


def _shown_again(request: HttpRequest, row: Review, grid: Grid) -> tuple[Review, ReviewForm]:
    """Show what was typed with the version that the draft has now."""
    fresh = queries.find_review(row.uuid)
    assert fresh is not None
    data = request.POST.copy()
    data["base"] = actions.version_of_review(fresh)
    form = ReviewForm(data, grid=grid, notes=fresh.notes)
    form.is_valid()
    return fresh, form


def _own_seat(user: User, row: Review) -> Any:
    if row.sent_at is None:
        return None
    seats = queries.seen_by(user, row.panel.application, row.panel, recused=False)
    return next((seat for seat in seats if seat.row.pk == row.pk), None)


@login_required
def step_back(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Step back from an application that was given to review."""
    row = _own_review(request, uuid)
    assert isinstance(request.user, User)
    application = row.panel.application
    form = StepBackForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.step_back(
                review=row,
                explanation=form.cleaned_data["explanation"],
                by=request.user,
                at=timezone.now(),
            )
        except UnexplainedRecusal:
            form.add_error(
                "explanation",
                _(
                    "Aucun intérêt n’est connu de la plateforme : dites en quelques mots pourquoi "
                    "vous vous déportez."
                ),
            )
        except AlreadySentError:
            messages.info(request, _("Votre avis est remis : signalez l’intérêt au fonds."))
            return redirect("fund:review", row.uuid)
        else:
            messages.success(request, _("Votre déport est enregistré. Le dossier vous est retiré."))
            return redirect("accounts:home")
    found = Interests([request.user], [application])
    context = {
        "application": application,
        "review": row,
        "found": found.told(request.user, application, on=timezone.localdate()),
        "form": form,
        "crumbs": [
            Crumb(_("Mes avis"), reverse("fund:reviews")),
            Crumb(application.reference, row.get_absolute_url()),
            Crumb(_("Me déporter")),
        ],
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/review_step_back.html", context, status=status)


@login_required
def release(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take an application back from a reviewer who has not sent."""
    row = queries.find_review(uuid)
    if row is None or not request.user.has_perm(
        permissions.SEE_INSTRUCTION, row.panel.application.fund
    ):
        raise Http404(_("Cet avis n’existe pas, ou vous n’y avez pas accès."))
    application = row.panel.application
    if not request.user.has_perm(permissions.ASSIGN_REVIEWERS, application.fund):
        raise PermissionDenied
    assert isinstance(request.user, User)
    form = ReleaseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.release_reviewer(
                review=row,
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=timezone.now(),
            )
        except AlreadySentError:
            messages.warning(request, _("Cet avis est remis : il reste au dossier."))
        else:
            messages.success(request, _("Le dossier est repris. Choisissez une autre personne."))
        return redirect("fund:instruction-of", application.reference)
    context = {
        "application": application,
        "review": row,
        "form": form,
        "crumbs": _crumbs(
            request,
            application,
            Crumb(_("Instruction"), reverse("fund:instruction-of", args=[application.reference])),
            Crumb(_("Reprendre le dossier")),
        ),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/review_release.html", context, status=status)
