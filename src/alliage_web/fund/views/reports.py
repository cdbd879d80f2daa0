"""Reports: what one owes, writing once, signing, delivering to each fund that asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from alliage.fund.conditions import Truth
from alliage.fund.reporting.promises import Outcome, PromiseKind
from alliage.fund.states import ReportState
from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.files.actions import add_file, remove_file
from alliage_web.files.forms import AddFileForm
from alliage_web.files.queries import document as find_document
from alliage_web.fund import permissions
from alliage_web.fund.actions import reminders as reminding
from alliage_web.fund.actions import reports as actions
from alliage_web.fund.actions.report_obligations import ReportClosedError
from alliage_web.fund.documents.reports import (
    nature_line,
    outcome_in_words,
    promise_details,
    report_pdf,
    report_xlsx,
    told_report,
)
from alliage_web.fund.forms.reports import AnswersForm, PartForm, RecipientsForm, ReminderForm
from alliage_web.fund.queries import reports as found
from alliage_web.fund.queries.reminders import choice_of
from alliage_web.fund.queries.report_wording import (
    KINDS,
    REFUSALS,
    TAGS,
    TEXT_LABELS,
    refusal_in_words,
)
from alliage_web.ui.components import Crumb
from alliage_web.ui.templatetags.ui import partial_date

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from django.utils.functional import _StrPromise

    from alliage_web.fund.models import Report, ReportObligation, ReportPart

_UNPROCESSABLE, _TOO_LARGE, _CONFLICT = 422, 413, 409
#: The pages of a report, by the word in the address; the parts come after.
_SECTIONS: Mapping[str, tuple[PromiseKind, ...]] = {
    "promesses": (
        PromiseKind.OBJECTIVE,
        PromiseKind.STEP,
        PromiseKind.LEVER,
        PromiseKind.CONDITION,
        PromiseKind.INDICATOR,
    ),
    "budget": (PromiseKind.BUDGET,),
}

_TITLES: Mapping[str, _StrPromise] = {
    "recit": gettext_lazy("Le récit"),
    "promesses": gettext_lazy("Ce qui était promis"),
    "budget": gettext_lazy("Le budget"),
}


@dataclass(frozen=True, slots=True)
class ObligationLine:
    """A report that is asked, as a list shows it."""

    row: ReportObligation
    is_late: bool
    tag: str
    href: str
    may_begin: bool = False


def line_of(request: HttpRequest, row: ReportObligation, today: Any) -> ObligationLine:
    late = found.is_late(row, today)
    return ObligationLine(
        row,
        late,
        "danger" if late else TAGS.get(row.state, ""),
        reverse(
            "fund:report-asked", args=[row.agreement.fund.code, row.agreement.reference, row.code]
        ),
        row.state == ReportState.TO_DO
        and row.report_id is None
        and request.user.has_perm(permissions.OWE_REPORT, row),
    )


def by(request: HttpRequest) -> dict[str, Any]:
    """Give who acts, and when."""
    assert isinstance(request.user, User)
    return {"by": request.user, "at": timezone.now()}


def crumbs(report: Report | None = None, *more: Crumb) -> list[Crumb]:
    own = [Crumb(_("Mes rapports"), reverse("fund:reports"))]
    if report is not None:
        own.append(Crumb(report.title, report.get_absolute_url() if more else ""))
    return [*own, *more]


def report_or_404(request: HttpRequest, uuid: UUID, permission: str) -> Report:
    """Find a report that the person may read or write; for all others there is none."""
    report = found.find_report(uuid)
    if report is None or not request.user.has_perm(permission, report):
        raise Http404(_("Ce rapport n’existe pas, ou vous n’y avez pas accès."))
    return report


# ── What I owe ───────────────────────────────────────────────────────────────────────────────────


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the reports of the organisations for which a person acts: to write, then the others."""
    assert isinstance(request.user, User)
    today = timezone.localdate()
    rows = [
        line_of(request, row, today)
        for row in found.owed_by(request.user)
        if request.user.has_perm(permissions.OWE_REPORT, row)
    ]
    waiting = [line for line in rows if ReportState(line.row.state) in found.OPEN]
    context = {
        "waiting": waiting,
        "others": [line for line in rows if line not in waiting],
        "crumbs": [Crumb(_("Mes rapports"))],
    }
    return render(request, "fund/reports.html", context)


@login_required
def reminder_choice(request: HttpRequest) -> HttpResponse:
    """Choose whether the weekly reminder is sent, and in which language."""
    assert isinstance(request.user, User)
    known = choice_of(request.user)
    initial = {
        "wanted": known.wanted if known else True,
        "language": known.language if known else "fr",
    }
    form = ReminderForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        reminding.choose_reminders(
            user=request.user,
            wanted=form.cleaned_data["wanted"],
            language=form.cleaned_data["language"],
            at=timezone.now(),
        )
        messages.success(request, _("Votre choix est enregistré."))
        return redirect("fund:reminder-choice")
    context = {
        "form": form,
        "title": _("Le rappel de la semaine"),
        "lede": _(
            "Un seul message par semaine rassemble ce qui vous attend : rapports, pièces, "
            "questions, signatures. Il ne part pas quand rien ne vous attend."
        ),
        "button": _("Enregistrer"),
        "back": reverse("fund:reports"),
        "crumbs": crumbs(None, Crumb(_("Le rappel de la semaine"))),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/report_form.html", context, status=status)


# ── The report ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Section:
    """A page of the report that is written, and how much of it is answered."""

    code: str
    title: str
    href: str
    answered: int
    asked: int
    may_write: bool = True

    @property
    def is_complete(self) -> bool:
        return self.answered == self.asked


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of the report, and where its signature stands."""

    row: ReportPart
    href: str
    has_signed: bool
    was_signed: bool
    may_sign: bool
    is_empty: bool


@dataclass(frozen=True, slots=True)
class RecipientLine:
    """A fund to which the report is delivered, and what its agreement still lacks."""

    row: ReportObligation
    line: ObligationLine
    missing: int
    may_deliver: bool


def _sections(draft: found.Draft) -> list[Section]:
    missing = {promise.key for promise in draft.missing()}
    texts = sum(bool(draft.rows.get(key) and draft.rows[key].text) for key in found.TEXTS)
    sections = [
        Section(
            "recit", str(_TITLES["recit"]), _address(draft.report, "recit"), texts, len(found.TEXTS)
        )
    ]
    for code, kinds in _SECTIONS.items():
        asked = [
            each.promise.key
            for each in draft.questions
            if each.promise.kind in kinds and each.settled is None
        ]
        if asked:
            done = sum(key not in missing for key in asked)
            sections.append(
                Section(code, str(_TITLES[code]), _address(draft.report, code), done, len(asked))
            )
    return sections


def _address(report: Report, section: str) -> str:
    return reverse("fund:report-section", args=[report.uuid, section])


@login_required
@require_safe
def detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show a report: what is left to write, who signed, to whom it goes."""
    report = report_or_404(request, uuid, permissions.SEE_REPORT)
    draft = found.Draft(report)
    writes = request.user.has_perm(permissions.WRITE_REPORT, report)
    today = timezone.localdate()
    context = {
        "report": report,
        "is_open": draft.is_open,
        "may_write": writes and draft.is_open,
        "sections": _sections(draft),
        "parts": _parts(request, draft),
        "recipients": [
            RecipientLine(
                row,
                line_of(request, row, today),
                len(draft.missing(row.agreement)),
                writes and ReportState(row.state) in found.OPEN,
            )
            for row in draft.obligations
        ],
        "unsigned": len(draft.unsigned),
        "missing": draft.missing(),
        "settled": [each for each in draft.questions if each.settled is not None],
        "spending": [nature_line(each) for each in draft.whole()["spending"]],
        "crumbs": crumbs(report),
    }
    return render(request, "fund/report.html", context)


def _parts(request: HttpRequest, draft: found.Draft) -> list[PartLine]:
    return [
        PartLine(
            part,
            _address(draft.report, f"part-{part.code}"),
            draft.has_signed(part),
            bool(part.signed_digest),
            draft.is_open and request.user.has_perm(permissions.SIGN_REPORT_PART, part),
            not part.text,
        )
        for part in draft.parts
    ]


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────


@login_required
def section(request: HttpRequest, uuid: UUID, section: str) -> HttpResponse:
    """Write a page of the report: everything is kept as it is typed."""
    report = report_or_404(request, uuid, permissions.WRITE_REPORT)
    if section.startswith("part-"):
        return _part(request, report, section.removeprefix("part-"))
    draft = found.Draft(report)
    keys = _keys(draft, section)
    posted = request.POST if request.method == "POST" else None
    form = AnswersForm(posted, draft=draft, keys=keys)
    saved_at = None
    if posted is not None:
        form.is_valid()
        try:
            conflicts = actions.write_answers(report=report, values=form.values(), **by(request))
        except ReportClosedError:
            return _closed(request, report)
        if not conflicts and not form.errors:
            if posted.get("next"):
                return redirect(_next(draft, section))
            if not request.htmx:  # type: ignore[attr-defined]
                messages.success(request, _("Tout est enregistré."))
                return redirect(_address(report, section))
        saved_at = timezone.localtime()
        # What was typed stays in the page, beside what is stored now.
        form.draft = found.Draft(report)
        form.conflicts = conflicts
    context = {
        "report": report,
        "title": str(_TITLES[section]),
        "section": section,
        "form": form,
        "groups": _groups(form),
        "saved_at": saved_at,
        "conflicts": form.conflicts,
        "spending": [nature_line(each) for each in found.Draft(report).whole()["spending"]]
        if section == "budget"
        else [],
        "sections": _sections(found.Draft(report)),
        "parts": _parts(request, draft),
        "crumbs": crumbs(report, Crumb(str(_TITLES[section]))),
    }
    status = _CONFLICT if form.conflicts else _UNPROCESSABLE if form.errors else 200
    # htmx swaps only what succeeds: the state of the page says what is to be corrected.
    if request.htmx:  # type: ignore[attr-defined]
        status = 200
    return render(request, "fund/report_section.html", context, status=status)


def _keys(draft: found.Draft, section: str) -> list[str]:
    if section == "recit":
        return list(found.TEXTS)
    if section not in _SECTIONS:
        raise Http404(_("Ce rapport n’a pas cette page."))
    kinds = _SECTIONS[section]
    return [each.promise.key for each in draft.questions if each.promise.kind in kinds]


def _groups(form: AnswersForm) -> list[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for item in form.items:
        kind = item.question.promise.kind if item.question else None
        groups.setdefault(str(KINDS[kind]) if kind else "", []).append(item)
    return list(groups.items())


def _next(draft: found.Draft, section: str) -> str:
    order = [each.code for each in _sections(draft)]
    following = order[order.index(section) + 1 :] if section in order else []
    return _address(draft.report, following[0]) if following else draft.report.get_absolute_url()


def _closed(request: HttpRequest, report: Report) -> HttpResponse:
    messages.error(
        request, _("Ce rapport est remis : il ne s’écrit plus, sauf si un fonds le fait compléter.")
    )
    return redirect(report)


def _part_or_404(request: HttpRequest, report: Report, code: str) -> ReportPart:
    part = report.parts.select_related("report__alliance", "organisation").filter(code=code).first()
    if part is None or not request.user.has_perm(permissions.SIGN_REPORT_PART, part):
        raise Http404(_("Cette part n’existe pas, ou vous n’agissez pas pour cette organisation."))
    return part


def _part(request: HttpRequest, report: Report, code: str) -> HttpResponse:
    part = _part_or_404(request, report, code)
    posted = request.POST if request.method == "POST" else None
    form = PartForm(posted, initial={"text": part.text, "base": part.text})
    theirs = None
    if posted is not None and form.is_valid():
        data = form.cleaned_data
        try:
            theirs = actions.write_part(
                part=part, text=data["text"], base=data["base"], **by(request)
            )
        except ReportClosedError:
            return _closed(request, report)
        if theirs is None:
            messages.success(request, _("La part de votre organisation est enregistrée."))
            return redirect(report)
        form = PartForm(initial={"text": data["text"], "base": theirs.text})
    context = {
        "report": report,
        "title": part.organisation.name,
        "lede": _("Ce que votre organisation a fait, en son nom. Elle le signera ensuite."),
        "theirs": theirs,
        "form": form,
        "button": _("Enregistrer ma version") if theirs else _("Enregistrer"),
        "back": report.get_absolute_url(),
        "crumbs": crumbs(report, Crumb(part.organisation.name)),
    }
    status = _CONFLICT if theirs else _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/report_form.html", context, status=status)


# ── Proofs ───────────────────────────────────────────────────────────────────────────────────────


@login_required
def attach(request: HttpRequest, uuid: UUID, key: str) -> HttpResponse:
    """Attach a document to an answer, as a proof."""
    report = report_or_404(request, uuid, permissions.WRITE_REPORT)
    draft = found.Draft(report)
    asked = {each.promise.key: each.promise for each in draft.questions if each.settled is None}
    if key not in asked:
        raise Http404(_("Cette promesse n’est pas dans ce rapport."))
    if not draft.is_open:
        return _closed(request, report)
    code = "budget" if asked[key].kind is PromiseKind.BUDGET else "promesses"
    form = AddFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            file = add_file(
                place=report.stable_name,
                title=form.cleaned_data["title"],
                upload=form.upload,
                content=form.cleaned_data["file"],
                submission=form.cleaned_data["submission"],
                **by(request),
            )
        except AlreadyDoneError:
            return redirect(_address(report, code))
        added = {"uuid": str(file.uuid), "name": file.name, "sha256": file.sha256}
        actions.change_files(report=report, key=key, added=added, **by(request))
        messages.success(request, _("« %(title)s » est ajouté.") % {"title": str(file)})
        return redirect(_address(report, code))
    context = {
        "report": report,
        "title": _("Ajouter une preuve"),
        "lede": asked[key].text,
        "form": form,
        "button": _("Ajouter"),
        "back": _address(report, code),
        "crumbs": crumbs(report, Crumb(_("Ajouter une preuve"))),
    }
    status = 200
    if form.errors:
        status = _TOO_LARGE if form.too_large else _UNPROCESSABLE
    return render(request, "fund/report_form.html", context, status=status)


@login_required
@require_POST
def detach(request: HttpRequest, uuid: UUID, key: str, file: UUID) -> HttpResponse:
    """Take a proof away from an answer; what was delivered keeps its own."""
    report = report_or_404(request, uuid, permissions.WRITE_REPORT)
    try:
        actions.change_files(report=report, key=key, removed=file, **by(request))
    except ReportClosedError:
        return _closed(request, report)
    if not _was_delivered(report, file):
        remove_file(place=report.stable_name, uuid=file, **by(request))
    messages.success(request, _("La preuve est retirée."))
    code = "budget" if key.startswith(PromiseKind.BUDGET.value) else "promesses"
    return redirect(_address(report, code))


def _was_delivered(report: Report, file: UUID) -> bool:
    return any(str(file) in found.evidence_of(each) for each in report.deliveries.all())


@login_required
@require_safe
def download(request: HttpRequest, uuid: UUID, file: UUID) -> HttpResponseBase:
    """Give a proof to those who write the report."""
    report = report_or_404(request, uuid, permissions.SEE_REPORT)
    return document(report, file)


def document(report: Report, file: UUID) -> HttpResponseBase:
    """Answer with a document of a report, to save."""
    row = find_document(place=report.stable_name, uuid=file)
    if row is None or not default_storage.exists(row.path):
        raise Http404(_("Ce document n’existe pas, ou il a été retiré."))
    return FileResponse(
        default_storage.open(row.path),
        as_attachment=True,
        filename=row.name,
        content_type=row.media_type,
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-store",
        },
    )


# ── Signing and delivering ───────────────────────────────────────────────────────────────────────


@login_required
def sign(request: HttpRequest, uuid: UUID, part: str) -> HttpResponse:
    """Read the report whole, then sign the part of an organisation."""
    report = report_or_404(request, uuid, permissions.WRITE_REPORT)
    row = _part_or_404(request, report, part)
    draft = found.Draft(report)
    if request.method == "POST":
        try:
            signed = actions.sign_part(
                part=row, digest=request.POST.get("digest", ""), **by(request)
            )
        except ReportClosedError:
            return _closed(request, report)
        if signed:
            messages.success(request, _("La part est signée."))
            return redirect(report)
        messages.warning(
            request, _("Le rapport a changé pendant que vous le lisiez : relisez-le, puis signez.")
        )
        return redirect("fund:report-sign", report.uuid, part)
    context = {
        "report": report,
        "part": row,
        "digest": draft.digest_for(row),
        "is_open": draft.is_open,
        **read(draft.whole()),
        "crumbs": crumbs(report, Crumb(_("Signer"))),
    }
    return render(request, "fund/report_sign.html", context)


def read(content: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the template that reads a report needs."""
    said = told_report(content)
    missing = set(content["missing"])
    return {
        "content": content,
        "texts": [(TEXT_LABELS[key], text) for key, text in content["texts"].items() if text],
        "kinds": [
            (label, lines)
            for kind, label in KINDS.items()
            if (
                lines := [
                    {
                        "text": line["text"],
                        "outcome": outcome_in_words(line),
                        "tag": "warning"
                        if line["key"] in missing
                        else _OUTCOME_TAGS.get(line["outcome"], ""),
                        "details": promise_details(line),
                        "files": line["files"],
                    }
                    for line in content["promises"]
                    if line["kind"] == kind.value
                ]
            )
        ],
        "natures": said["spending"],
        "measures": said["indicators"],
    }


_OUTCOME_TAGS = {Outcome.DONE.value: "ok", Outcome.NOT_DONE.value: "danger"}


@login_required
def recipients(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Choose to which agreements a report is delivered: one report for several funders."""
    report = report_or_404(request, uuid, permissions.WRITE_REPORT)
    draft = found.Draft(report)
    known = [
        each
        for each in found.recipients_of(draft)
        if each.is_chosen or request.user.has_perm(permissions.OWE_REPORT, each.obligation)
    ]
    fixed = {str(each.obligation.pk) for each in known if each.obligation.state != "to_do"}
    choices = [(str(each.obligation.pk), _recipient(each)) for each in known]
    form = RecipientsForm(
        request.POST if request.method == "POST" else None,
        choices=choices,
        fixed=fixed,
        initial={"recipients": [str(each.obligation.pk) for each in known if each.is_chosen]},
    )
    if request.method == "POST" and form.is_valid():
        wanted = {*form.cleaned_data["recipients"], *fixed}
        chosen = [each.obligation for each in known if str(each.obligation.pk) in wanted]
        try:
            actions.choose_recipients(report=report, obligations=chosen, **by(request))
        except actions.PeriodNotCoveredError as error:
            form.add_error("recipients", uncovered(error))
        else:
            messages.success(request, _("Les destinataires sont choisis."))
            return redirect(report)
    context = {
        "report": report,
        "title": _("À qui ce rapport est remis"),
        "lede": _(
            "Il s’écrit une fois. Chaque fonds reçoit ce que sa convention demande, et décide seul."
        ),
        "form": form,
        "button": _("Enregistrer"),
        "back": report.get_absolute_url(),
        "crumbs": crumbs(report, Crumb(_("Destinataires"))),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "fund/report_form.html", context, status=status)


def _recipient(each: found.Recipient) -> str:
    row = each.obligation
    said = _("%(fund)s, convention %(reference)s : %(report)s") % {
        "fund": row.agreement.fund.name,
        "reference": row.agreement.reference,
        "report": row,
    }
    if each.covers is Truth.FALSE:
        return _("%(said)s (il demande une autre période : %(period)s)") % {
            "said": said,
            "period": period_in_words(row),
        }
    if row.state != ReportState.TO_DO:
        return _("%(said)s (%(state)s)") % {"said": said, "state": row.get_state_display()}
    return said


def period_in_words(row: Report | ReportObligation) -> str:
    if row.period_first is None or row.period_last is None:
        return _("période à fixer")
    return _("du %(first)s au %(last)s") % {
        "first": partial_date(row.period_first),
        "last": partial_date(row.period_last),
    }


def uncovered(error: actions.PeriodNotCoveredError) -> str:
    """Say which days a fund asks about that the report does not tell of."""
    return _(
        "« %(report)s » demande %(asked)s, et ce rapport parle %(told)s. Commencez un rapport de "
        "toute la période, ou demandez au fonds de changer la sienne."
    ) % {
        "report": error.obligation,
        "asked": period_in_words(error.obligation),
        "told": period_in_words(error.report),
    }


@login_required
def deliver(request: HttpRequest, uuid: UUID, obligation: int) -> HttpResponse:
    """Read what a fund will receive, then deliver it: it is frozen."""
    report = report_or_404(request, uuid, permissions.WRITE_REPORT)
    draft = found.Draft(report)
    row = next((each for each in draft.obligations if each.pk == obligation), None)
    if row is None:
        raise Http404(_("Ce rapport n’est pas remis à cette convention."))
    if request.method == "POST":
        try:
            actions.deliver(obligation=row, **by(request))
        except REFUSALS as error:
            messages.error(request, refusal_in_words(error))
        except actions.PeriodNotCoveredError as error:
            messages.error(request, uncovered(error))
        else:
            messages.success(
                request,
                _("Le rapport est remis à %(fund)s, figé tel quel.")
                % {"fund": row.agreement.fund.name},
            )
        return redirect(report)
    names = {promise.key: promise.text for promise in draft.promises}
    content = draft.content_for(row)
    context = {
        "report": report,
        "obligation": row,
        "unsigned": draft.unsigned,
        "missing": [names[key] for key in content["missing"]],
        **read(content),
        "crumbs": crumbs(report, Crumb(_("Remettre"))),
    }
    return render(request, "fund/report_deliver.html", context)


@login_required
@require_safe
def whole_file(request: HttpRequest, uuid: UUID, extension: str) -> HttpResponse:
    """Give the whole report, for a funder outside the platform."""
    report = report_or_404(request, uuid, permissions.SEE_REPORT)
    content = found.Draft(report).whole()
    return file_of(content, f"rapport-{report.period_last:%Y-%m-%d}.{extension}")


_MEDIA = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def file_of(
    content: Mapping[str, Any], name: str, *, digest: str = "", number: int | None = None
) -> HttpResponse:
    """Answer with a report as a file to save."""
    extension = name.rpartition(".")[2]
    if extension not in _MEDIA:
        raise Http404(_("Ce format n’existe pas : pdf ou xlsx."))
    written = (
        report_pdf(content, digest=digest, number=number)
        if extension == "pdf"
        else report_xlsx(content)
    )
    return HttpResponse(
        written,
        content_type=_MEDIA[extension],
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )
