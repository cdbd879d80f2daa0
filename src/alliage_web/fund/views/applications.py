"""An application, as those who apply write, sign and send it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alliage.fund.applications.answers import SignatureError, SignatureState, carry_over
from alliage.fund.applications.deadlines import Phase, phase
from alliage.fund.applications.form_specification import FilledBy
from alliage.fund.conditions import Truth
from alliage.fund.states import (
    APPLICATION,
    ApplicationState,
    CallState,
    Guard,
    GuardNotMet,
    TransitionNotAllowed,
)
from alliage_web.accounts.models import User
from alliage_web.actors.queries import by_slug
from alliage_web.alliances.queries import find as find_alliance
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.queries import events, lines_of
from alliage_web.fund import permissions, queries
from alliage_web.fund.actions import application_handling
from alliage_web.fund.actions import applications as actions
from alliage_web.fund.forms.application_form import SectionForm, bases, typed_answers
from alliage_web.fund.forms.applications import (
    AnswerForm,
    BeginForm,
    DeclineForm,
    ReasonForm,
    SendForm,
)
from alliage_web.fund.models import Application, ApplicationQuestion
from alliage_web.fund.queries.agreements import find_agreement
from alliage_web.fund.queries.application_reading import sections_read
from alliage_web.fund.queries.application_wording import (
    LATE,
    fact_in_words,
    fault_in_words,
    guards_in_words,
    told,
)
from alliage_web.fund.queries.applications import (
    Content,
    Part,
    applications_of,
    find_application,
    last_sent,
)
from alliage_web.fund.queries.applying import Applying, applying_for, places_of
from alliage_web.fund.queries.calls import find_call, form_of, open_calls, period_of, state_of
from alliage_web.ui.components import Crumb

from .application_standing import fund_context
from .calls import changes_between, crumbs_of, dates_of, fund_or_404

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from alliage.fund.applications.answers import AnswerProblem
    from alliage.fund.applications.eligibility import Eligibility
    from alliage.fund.applications.form_specification import Section
    from alliage_web.fund.models import Agreement, Applicant, Call

_UNPROCESSABLE, _CONFLICT = 422, 409


@dataclass(frozen=True, slots=True)
class Step:
    """A section in the list of what is to be filled."""

    title: str
    href: str
    who: str
    is_complete: bool
    answered: int
    required: int
    faulty: int
    is_current: bool
    may_write: bool


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule of the call, and what the platform found."""

    why: str
    remedy: str
    truth: str
    found: tuple[str, ...]
    missing: str
    judged: str = ""


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """Where the signature of an applicant stands."""

    part: Applicant
    state: str
    label: str
    by: str
    at: dt.datetime | None
    may_sign: bool


def application_or_404(request: HttpRequest, reference: str) -> Application:
    """Find an application that the person may read; for all others there is none."""
    found = find_application(reference)
    if found is None or not request.user.has_perm(permissions.SEE_APPLICATION, found):
        raise Http404(_("Ce dossier n’existe pas, ou vous n’y avez pas accès."))
    return found


def crumbs(application: Application, *more: Crumb) -> list[Crumb]:
    call = application.call
    return [
        *crumbs_of(call.fund),
        Crumb(call.title, call.get_absolute_url()),
        Crumb(application.reference, application.get_absolute_url() if more else ""),
        *more,
    ]


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the applications of a person: those of their organisations and of their alliances."""
    assert isinstance(request.user, User)
    organisations, alliances = places_of(request.user)
    lines = [
        line
        for line in applications_of(request.user, sorted(organisations), sorted(alliances))
        if request.user.has_perm(permissions.SEE_APPLICATION, line.application)
    ]
    context = {"lines": lines, "crumbs": [Crumb(_("Mes dossiers"))]}
    return render(request, "fund/applications.html", context)


@login_required
def begin(request: HttpRequest, code: str, call: str) -> HttpResponse:
    """Choose for which alliance, and with whom, one applies; then begin a draft."""
    fund = fund_or_404(code)
    found = find_call(fund, call)
    now = timezone.now()
    if found is None or found.state == CallState.DRAFT.value:
        raise Http404(_("Aucun appel n’a cette adresse. Cherchez-le dans la liste du fonds."))
    if state_of(found, now) is not CallState.OPEN:
        messages.info(request, _("Cet appel n’est pas ouvert : aucun dossier ne s’y commence."))
        return redirect(found)
    return _begin(request, found, now, source=None)


@login_required
def copy(request: HttpRequest, reference: str) -> HttpResponse:
    """Begin a new draft with the answers of an application, for a call that is open."""
    source = application_or_404(request, reference)
    if not request.user.has_perm(permissions.WRITE_APPLICATION, source):
        raise Http404(_("Ce dossier n’existe pas, ou vous n’y avez pas accès."))
    now = timezone.now()
    calls = open_calls(source.fund, now)
    chosen = request.POST.get("call") or request.GET.get("appel") or ""
    call = next((each for each in calls if each.code == chosen), None)
    if call is None:
        context = {
            "application": source,
            "calls": calls,
            "crumbs": crumbs(source, Crumb(_("Copier"))),
        }
        return render(request, "fund/application_copy.html", context)
    return _begin(request, call, now, source=source)


def _begin(
    request: HttpRequest, call: Call, now: dt.datetime, *, source: Application | None
) -> HttpResponse:
    assert isinstance(request.user, User)
    choices = applying_for(request.user)
    slug = request.POST.get("alliance") or request.GET.get("alliance") or ""
    if source is not None:
        slug = source.alliance.slug
    chosen = next((each for each in choices if each.slug == slug), None)
    if chosen is None and len(choices) == 1:
        chosen = choices[0]
    form = BeginForm(
        request.POST if request.method == "POST" and chosen else None,
        applying=chosen,
        initial=_copied(source, chosen),
        use_required_attribute=False,
    )
    if request.method == "POST" and chosen is not None and form.is_valid():
        return _created(request, call, chosen, form, now, source)
    context = {
        "call": call,
        "source": source,
        "choices": choices,
        "chosen": chosen,
        "form": form,
        "dates": dates_of(call, now),
        "crumbs": [
            *crumbs_of(call.fund),
            Crumb(call.title, call.get_absolute_url()),
            Crumb(_("Commencer un dossier")),
        ],
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/application_begin.html", context, status=status)


def _renewed(request: HttpRequest, call: Call) -> Agreement | None:
    """Return the agreement that the address says to renew, to who received it from this fund."""
    reference = request.GET.get("renouvelle", "")
    agreement = (
        find_agreement(call.fund, reference) if reference and reference.isprintable() else None
    )
    if agreement is None or not request.user.has_perm(
        permissions.RECEIVE_AGREEMENTS, agreement.receiver
    ):
        return None
    return agreement


def _copied(source: Application | None, chosen: Applying | None) -> dict[str, Any]:
    if source is None or chosen is None:
        return {}
    known = {slug for slug, _name in chosen.parties}
    everyone = [part.organisation.slug for part in source.everyone]
    return {"lead": everyone[0], "others": [slug for slug in everyone[1:] if slug in known]}


def _created(
    request: HttpRequest,
    call: Call,
    chosen: Applying,
    form: BeginForm,
    now: dt.datetime,
    source: Application | None,
) -> HttpResponse:
    assert isinstance(request.user, User)
    alliance = find_alliance(chosen.slug)
    lead = by_slug(form.cleaned_data["lead"])
    others = [by_slug(slug) for slug in form.cleaned_data["others"]]
    assert alliance is not None
    assert lead is not None
    try:
        application = actions.begin_application(
            call=call,
            alliance=alliance,
            lead=lead,
            others=[each for each in others if each is not None],
            by=request.user,
            at=now,
            submission=form.cleaned_data["submission"],
            copied_from=source,
            renews=_renewed(request, call),
        )
    except AlreadyDoneError as done:
        return redirect("fund:application", done.target.removeprefix("application:"))
    except GuardNotMet:
        messages.info(request, _("Cet appel n’est pas ouvert : aucun dossier ne s’y commence."))
        return redirect(call)
    messages.success(
        request,
        _("Le dossier %(reference)s est commencé. Tout s’enregistre à mesure que vous écrivez.")
        % {"reference": application.reference},
    )
    return redirect(application)


@login_required
@require_safe
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """Show where an application stands: to its applicants, and to the fund once it is sent."""
    application = application_or_404(request, reference)
    now = timezone.now()
    content = _as_seen(request, application)
    steps = steps_of(request, content)
    unfinished = [step.href for step in steps if step.may_write and not step.is_complete]
    context = {
        "resume": unfinished[0] if unfinished else "",
        **standing(request, content, now),
        **fund_context(request, content, now),
        "problems": problems_in_words(content, content.readiness.problems),
        "questions": list(
            application.questions.select_related("asked_by", "answered_by").order_by("pk")
        ),
        "documents": list(application.requested_documents.select_related("received_by")),
        "answer_form": AnswerForm(),
        "sent": last_sent(application),
        "history": queries.history_in_words(
            lines_of(events(targets=[application.stable_name])[:50])
        ),
        "crumbs": crumbs(application),
    }
    return render(request, "fund/application.html", context)


@login_required
@require_safe
def read(request: HttpRequest, reference: str) -> HttpResponse:
    """Show an application whole, to read it or print it."""
    application = application_or_404(request, reference)
    content = _as_seen(request, application)
    context = {
        "application": application,
        "sections": sections_read(content),
        # As pairs: a template would take a question whose code is « items » for the method.
        "set_aside": list(application.set_aside.get("shared", {}).items()),
        "crumbs": crumbs(application, Crumb(_("Lire le dossier"))),
    }
    return render(request, "fund/application_read.html", context)


def _as_seen(request: HttpRequest, application: Application) -> Content:
    """Read an application as it is for its authors, and as it was sent for the fund."""
    if request.user.has_perm(permissions.WRITE_APPLICATION, application):
        return Content(application)
    return Content(application, sent=last_sent(application) if application.was_sent else None)


def standing(request: HttpRequest, content: Content, now: dt.datetime) -> dict[str, Any]:
    """Give what every page of a draft shows beside it."""
    application, call = content.application, content.call
    user = request.user
    admission = content.admission(now)
    over = state_of(call, now) in {CallState.CANCELLED, CallState.COMPLETED}
    is_draft = application.state == ApplicationState.DRAFT.value
    return {
        "application": application,
        "content": content,
        "call": call,
        "dates": dates_of(call, now),
        "is_written": content.is_written,
        "is_late": is_draft and not over and not admission.may_send,
        "late": LATE[admission.reason] if admission.reason else "",
        "in_grace": is_draft and admission.in_grace,
        "call_is_over": over,
        "call_is_closed": phase(period_of(call), now) is Phase.CLOSED,
        "steps": steps_of(request, content),
        "signatures": signatures_of(request, content),
        "eligibility": rules_in_words(content.eligibility(now.date()), content),
        "newer": content.newer_form(),
        "may_write": content.is_written
        and user.has_perm(permissions.WRITE_APPLICATION, application),
        "may_lead": user.has_perm(permissions.LEAD_APPLICATION, application),
        "may_handle": user.has_perm(permissions.HANDLE_APPLICATION, application),
        "may_tell": application.was_sent and permissions.may_tell(user, application),
        "may_apply": user.has_perm(permissions.WRITE_APPLICATION, application),
        "may_take_back": Guard.CALL_OPEN in content.guards(now)
        and application.state == ApplicationState.SENT.value,
        "may_withdraw": any(
            each.verb == "withdraw" and not each.guards
            for each in APPLICATION.possible(ApplicationState(application.state))
        ),
        "is_ready": content.readiness.is_ready,
    }


def steps_of(
    request: HttpRequest, content: Content, current: tuple[str, str] = ("", "")
) -> list[Step]:
    titles = {section.code: section for section in content.form.sections}
    found = []
    for done in content.completion:
        section = titles[done.section]
        each = section.filled_by is FilledBy.EACH_PARTY
        party = done.party if each and done.party else ""
        found.append(
            Step(
                title=told(section, "title"),
                href=section_address(content.application, section.code, party),
                who=content.names.get(party, ""),
                is_complete=done.is_complete,
                answered=done.answered,
                required=done.required,
                faulty=done.faulty,
                is_current=current == (section.code, party),
                may_write=may_write(request, content, section, party),
            )
        )
    return found


def section_address(application: Application, section: str, party: str = "") -> str:
    if party:
        return reverse("fund:application-part", args=[application.reference, section, party])
    return reverse("fund:application-section", args=[application.reference, section])


def may_write(request: HttpRequest, content: Content, section: Section, party: str) -> bool:
    """Tell whether a person writes a section: all together, the lead, or each its own part."""
    if not content.is_written:
        return False
    user, application = request.user, content.application
    if section.filled_by is FilledBy.TOGETHER:
        return user.has_perm(permissions.WRITE_APPLICATION, application)
    if section.filled_by is FilledBy.LEAD:
        return user.has_perm(permissions.LEAD_APPLICATION, application)
    part = content.part(party)
    return part is not None and permissions.may_write_part(user, Part(application, part))


def signatures_of(request: HttpRequest, content: Content) -> list[SignatureLine]:
    labels = {
        SignatureState.MISSING: _("signature attendue"),
        SignatureState.CANCELLED: _("signature annulée par une modification"),
        SignatureState.SIGNED: _("signé"),
    }
    last = {row.party: row for row in content.sign_offs}
    found = []
    for part in content.parts:
        state = content.signature_states[part.code]
        row = last.get(part.code)
        declined = part.declined_at is not None and state is not SignatureState.SIGNED
        found.append(
            SignatureLine(
                part=part,
                state="declined" if declined else state.value,
                label=_("refuse de signer") if declined else labels[state],
                by=str(row.by or "") if row else "",
                at=row.at if row else None,
                may_sign=content.is_written
                and permissions.may_write_part(request.user, Part(content.application, part)),
            )
        )
    return found


def rules_in_words(found: Eligibility | None, content: Content) -> dict[str, Any] | None:
    """Say what each rule gives; None when the call sets none."""
    if found is None:
        return None
    lines = []
    for result in found.results:
        known = tuple(fact_in_words(name, value) for name, value in result.found)
        missing = [fact_in_words(name, None) for name in result.missing]
        judgement = content.judgements.get(result.rule.id)
        lines.append(
            {
                "id": result.rule.id,
                "line": RuleLine(
                    told(result.rule, "why"),
                    told(result.rule, "remedy"),
                    result.truth.value,
                    known,
                    _(" ; ").join(missing),
                    judgement.reason if judgement else "",
                ),
                "is_unknown": result.truth is Truth.UNKNOWN,
            }
        )
    return {"verdict": found.verdict.value, "lines": lines}


def problems_in_words(content: Content, problems: Sequence[AnswerProblem]) -> list[dict[str, str]]:
    """Say what is missing, each with the address of its question."""
    questions = {question.code: question for _section, question in content.form.questions()}
    sections = {section.code: section for section in content.form.sections}
    told_problems: dict[str, dict[str, str]] = {}
    for problem in problems:
        section = sections[problem.section]
        each = section.filled_by is FilledBy.EACH_PARTY
        party = problem.party if each and problem.party else ""
        address = section_address(content.application, section.code, party)
        href = f"{address}#question-{problem.question}"
        sentence = fault_in_words(problem.fault, questions[problem.question])
        if href in told_problems:
            told_problems[href]["sentence"] += f" {sentence}"
            continue
        told_problems[href] = {
            "label": told(questions[problem.question], "label"),
            "who": content.names.get(party, ""),
            "sentence": sentence,
            "href": href,
        }
    return list(told_problems.values())


@login_required
def section(request: HttpRequest, reference: str, section: str, party: str = "") -> HttpResponse:
    """Fill a section. With JavaScript each change is saved by itself, and the rest follows."""
    application = application_or_404(request, reference)
    content = Content(application)
    wanted = _section_or_404(content, section, party)
    if not may_write(request, content, wanted, party):
        if request.method == "POST" and request.user.has_perm(
            permissions.WRITE_APPLICATION, application
        ):
            return _too_late_to_write(request, application)
        return redirect("fund:application-read", reference)
    if request.method != "POST":
        form = SectionForm(content, wanted, party)
        return _show_section(request, content, wanted, party, form)
    assert isinstance(request.user, User)
    typed = typed_answers(request.POST, wanted)
    adding = request.POST.get("add", "")
    try:
        content = actions.save_answers(
            application=application,
            section=wanted,
            party=party,
            answers=typed,
            base=bases(request.POST),
            by=request.user,
            at=timezone.now(),
        )
    except actions.AnswerConflictError as conflict:
        return _show_conflict(request, content, wanted, party, typed, conflict)
    except actions.NotWritableError:
        return _too_late_to_write(request, application)
    shown = set(bases(request.POST))
    form = SectionForm(content, wanted, party, adding=adding, was_shown=shown)
    if adding or request.headers.get("HX-Request"):
        return _show_section(request, content, wanted, party, form, saved=True)
    if form.errors or form.told_problems:
        messages.info(request, _("C’est enregistré. Des réponses sont à corriger avant l’envoi."))
        return redirect(request.path)
    messages.success(request, _("C’est enregistré."))
    following = _following(content, wanted, party, request)
    return redirect(following if "next" in request.POST else request.path)


def _following(content: Content, section: Section, party: str, request: HttpRequest) -> str:
    """Give the address of the next section that the person writes, else that of the application."""
    steps = [step for step in steps_of(request, content, (section.code, party)) if step.may_write]
    rank = next((number for number, step in enumerate(steps) if step.is_current), len(steps))
    return steps[rank + 1].href if rank + 1 < len(steps) else content.application.get_absolute_url()


def _section_or_404(content: Content, code: str, party: str) -> Section:
    found = content.section(code)
    each = found is not None and found.filled_by is FilledBy.EACH_PARTY
    if found is None or (each and content.part(party) is None) or (not each and party):
        raise Http404(_("Cette partie du formulaire n’existe pas."))
    return found


def _show_section(
    request: HttpRequest,
    content: Content,
    section: Section,
    party: str,
    form: SectionForm,
    *,
    saved: bool = False,
    conflicts: Sequence[dict[str, str]] = (),
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    context = {
        **standing(request, content, now),
        "section": section,
        "title": told(section, "title"),
        "party": party,
        "party_name": content.names.get(party, ""),
        "form": form,
        "owner": party or content.lead.code,
        "saved_at": timezone.localtime(now) if saved else None,
        "conflicts": conflicts,
        "steps": steps_of(request, content, (section.code, party)),
        "crumbs": crumbs(content.application, Crumb(told(section, "title"))),
    }
    return render(request, "fund/application_section.html", context, status=status)


def _show_conflict(
    request: HttpRequest,
    content: Content,
    section: Section,
    party: str,
    typed: dict[str, Any],
    conflict: actions.AnswerConflictError,
) -> HttpResponse:
    """Show both versions; what the person typed stays in the form, to be sent again or not."""
    questions = {question.code: question for question in section.questions}
    content = Content(actions.fresh(content.application))
    # Sent again, the form says that the person has seen what the other wrote.
    base = {code: actions.digest_of_answer(content.raw(section, party).get(code)) for code in typed}
    form = SectionForm(content, section, party, typed=typed, base=base)
    conflicts = [
        {
            "label": told(questions[code], "label"),
            "theirs": _plain(theirs),
            "yours": _plain(typed.get(code)),
        }
        for code, theirs in conflict.present.items()
    ]
    # What htmx swaps has to be read as an answer that came.
    status = 200 if request.headers.get("HX-Request") else _CONFLICT
    return _show_section(request, content, section, party, form, conflicts=conflicts, status=status)


def _plain(raw: Any) -> str:
    if isinstance(raw, list):
        rows = [
            " · ".join(map(str, item.values())) if isinstance(item, dict) else str(item)
            for item in raw
        ]
        return "\n".join(rows)
    return str(raw or "")


def _too_late_to_write(request: HttpRequest, application: Application) -> HttpResponse:
    """Say that an application was sent meanwhile, with what was typed, so that it can be kept."""
    context = {
        "application": application,
        "typed": [
            (name.removeprefix("q-"), value)
            for name, values in request.POST.lists()
            if name.startswith("q-")
            for value in values
            if value
        ],
        "crumbs": crumbs(application, Crumb(_("Réponse non enregistrée"))),
    }
    return render(request, "fund/application_closed.html", context, status=_CONFLICT)


@login_required
def sign(request: HttpRequest, reference: str, party: str) -> HttpResponse:
    """Sign a part, or say why one does not."""
    application = application_or_404(request, reference)
    content = Content(application)
    part = content.part(party)
    if part is None or not permissions.may_write_part(request.user, Part(application, part)):
        raise Http404(_("Ce dossier n’existe pas, ou vous n’y avez pas accès."))
    if not content.is_written:
        messages.info(request, _("Ce dossier a été envoyé : il n’est plus à signer."))
        return redirect(application)
    refuses = "refuse" in request.POST
    form = DeclineForm(request.POST if refuses else None, use_required_attribute=False)
    assert isinstance(request.user, User)
    problems: Sequence[AnswerProblem] = ()
    if request.method == "POST" and not refuses:
        try:
            actions.sign(application=application, party=party, by=request.user, at=timezone.now())
        except SignatureError as error:
            problems = error.problems
        else:
            messages.success(request, _("La part est signée."))
            return redirect(application)
    elif refuses and form.is_valid():
        actions.decline(
            application=application,
            party=party,
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, _("Le refus et son motif sont transmis au chef de file."))
        return redirect(application)
    owner = (None, party)
    missing = problems or [each for each in content.readiness.problems if each.party in owner]
    context = {
        **standing(request, content, timezone.now()),
        "part": part,
        "form": form,
        "problems": problems_in_words(content, missing),
        "sections": [
            each
            for each in sections_read(content)
            if not each.party or each.party == part.organisation.name
        ],
        "crumbs": crumbs(application, Crumb(_("Signer"))),
    }
    status = _UNPROCESSABLE if problems or form.errors else 200
    return render(request, "fund/application_sign.html", context, status=status)


@login_required
def applicants(request: HttpRequest, reference: str) -> HttpResponse:
    """Choose who applies: add another party of the alliance, leave one out."""
    application = _led(request, reference)
    content = Content(application)
    if not content.is_written:
        return redirect(application)
    parties = Applying.of(application.alliance).parties
    held = {part.organisation.slug for part in content.parts}
    others = [(slug, name) for slug, name in parties if slug not in held]
    assert isinstance(request.user, User)
    if request.method == "POST":
        if request.POST.get("leave_out"):
            _leave_out(request, application, content)
        elif request.POST.get("organisation") in dict(others):
            organisation = by_slug(request.POST["organisation"])
            assert organisation is not None
            actions.add_applicant(
                application=application,
                organisation=organisation,
                by=request.user,
                at=timezone.now(),
            )
            messages.success(request, _("« %(name)s » demande aussi.") % {"name": organisation})
        return redirect("fund:application-applicants", reference)
    context = {
        **standing(request, content, timezone.now()),
        "others": others,
        "crumbs": crumbs(application, Crumb(_("Qui demande"))),
    }
    return render(request, "fund/application_applicants.html", context)


def _leave_out(request: HttpRequest, application: Application, content: Content) -> None:
    assert isinstance(request.user, User)
    party = request.POST["leave_out"]
    name = content.names.get(party, party)
    try:
        actions.leave_out(application=application, party=party, by=request.user, at=timezone.now())
    except actions.ApplicantError:
        messages.warning(request, _("Le chef de file reste dans le dossier."))
    else:
        messages.success(request, _("« %(name)s » ne demande plus.") % {"name": name})


def _led(request: HttpRequest, reference: str) -> Application:
    application = application_or_404(request, reference)
    if not request.user.has_perm(permissions.LEAD_APPLICATION, application):
        raise Http404(_("Ce dossier n’existe pas, ou vous n’y avez pas accès."))
    return application


@login_required
def send(request: HttpRequest, reference: str) -> HttpResponse:
    """Check all that is needed, then send."""
    application = _led(request, reference)
    content = Content(application)
    now = timezone.now()
    form = SendForm(request.POST if request.method == "POST" else None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            actions.send(
                application=application,
                by=request.user,
                at=now,
                submission=form.cleaned_data["submission"],
            )
        except AlreadyDoneError:
            return redirect(application)
        except GuardNotMet as error:
            refusal = guards_in_words(error.missing)
        except TransitionNotAllowed:
            messages.info(request, _("Ce dossier a déjà été envoyé."))
            return redirect(application)
        else:
            messages.success(
                request,
                _("Le dossier %(reference)s est envoyé. Chaque signataire en est prévenu.")
                % {"reference": application.reference},
            )
            return redirect(application)
    if not content.is_written:
        return redirect(application)
    context = {
        **standing(request, content, now),
        "form": form,
        "refusal": refusal,
        "problems": problems_in_words(content, content.readiness.problems),
        "crumbs": crumbs(application, Crumb(_("Envoyer"))),
    }
    status = _UNPROCESSABLE if refusal else 200
    return render(request, "fund/application_send.html", context, status=status)


@login_required
def change_state(request: HttpRequest, reference: str, verb: str) -> HttpResponse:
    """Take a sent application back, or withdraw it: the person is asked to confirm."""
    application = _led(request, reference)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            if verb == "reprendre":
                actions.take_back(application=application, by=request.user, at=timezone.now())
            else:
                actions.withdraw(
                    application=application,
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                    at=timezone.now(),
                )
        except GuardNotMet as error:
            refusal = guards_in_words(error.missing)
        except TransitionNotAllowed:
            refusal = _("Le dossier est « %(state)s » : ce n’est plus possible.") % {
                "state": application.get_state_display()
            }
        else:
            messages.success(
                request,
                _("Le dossier est repris : vous pouvez le modifier, puis l’envoyer de nouveau.")
                if verb == "reprendre"
                else _("Le dossier est retiré. Ses réponses sont gardées."),
            )
            return redirect(application)
    context = {
        "application": application,
        "verb": verb,
        "form": form,
        "refusal": refusal,
        "crumbs": crumbs(
            application, Crumb(_("Reprendre") if verb == "reprendre" else _("Retirer"))
        ),
    }
    status = _UNPROCESSABLE if refusal else 200
    return render(request, "fund/application_state.html", context, status=status)


@login_required
def version(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what a newer version of the form changes and would set aside, then move to it."""
    application = _led(request, reference)
    content = Content(application)
    newer = content.newer_form()
    if newer is None:
        messages.info(request, _("Ce dossier suit déjà la dernière version du formulaire."))
        return redirect(application)
    after = form_of(newer)
    if request.method == "POST":
        assert isinstance(request.user, User)
        actions.move_to_version(
            application=application, version=newer, by=request.user, at=timezone.now()
        )
        messages.success(request, _("Le dossier suit la nouvelle version du formulaire."))
        return redirect(application)
    carried = carry_over(content.answers, content.form, after)
    labels = {
        question.code: told(question, "label")
        for form in (content.form, after)
        for _section, question in form.questions()
    }
    aside = [
        *carried.set_aside.shared,
        *(code for own in carried.set_aside.by_party.values() for code in own),
    ]
    context = {
        "application": application,
        "newer": newer,
        "changes": changes_between(content.form, after),
        "set_aside": [labels.get(code, code) for code in dict.fromkeys(aside)],
        "to_check": [labels.get(code, code) for code in carried.to_check],
        "crumbs": crumbs(application, Crumb(_("Nouvelle version du formulaire"))),
    }
    return render(request, "fund/application_version.html", context)


@login_required
@require_POST
def answer(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Answer a question of the fund."""
    application = application_or_404(request, reference)
    if not request.user.has_perm(permissions.WRITE_APPLICATION, application):
        raise Http404(_("Ce dossier n’existe pas, ou vous n’y avez pas accès."))
    question = ApplicationQuestion.objects.filter(application=application, pk=pk).first()
    if question is None:
        raise Http404(_("Cette question n’existe pas."))
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Écrivez une réponse, puis envoyez-la."))
        return redirect(application)
    assert isinstance(request.user, User)
    if application_handling.answer(
        question=question, text=form.cleaned_data["text"], by=request.user, at=timezone.now()
    ):
        messages.success(request, _("La réponse est transmise au fonds."))
    else:
        messages.info(request, _("Quelqu’un d’autre a déjà répondu à cette question."))
    return redirect(application)
