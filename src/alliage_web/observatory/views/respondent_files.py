"""A file of respondents: receiving it, telling what it answers, computing, destroying it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliage.observatory.respondents.anomalies import TREATMENTS, Treatment, UntreatedError
from alliage.observatory.respondents.specification_drafts import drafted
from alliage.observatory.states import FILE, FileDecision, FileState
from alliage.observatory.synthetic.population import read_margins
from alliage.survey import SurveyError
from alliage.values.datafiles import data_directory
from alliage.values.lives import DecisionRefusedError
from alliage.values.yaml_files import InvalidFilesError
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.queries import history
from alliage_web.observatory.actions import releases as release_actions
from alliage_web.observatory.actions import respondent_files as file_actions
from alliage_web.observatory.forms.pipeline import (
    MOST_ROWS,
    ColumnsForm,
    DestroyForm,
    DraftForm,
    RespondentsForm,
    SpecificationForm,
    TreatmentsForm,
)
from alliage_web.observatory.models import Wave
from alliage_web.observatory.permissions import (
    READ_RESPONDENTS,
    SEE_PIPELINE,
    WRITE_RELEASES,
)
from alliage_web.observatory.queries import releases as release_queries
from alliage_web.observatory.queries import respondent_files as file_queries
from alliage_web.observatory.queries.anomaly_wording import (
    KINDS,
    TREATED,
    anomaly_in_words,
)
from alliage_web.observatory.queries.wording import (
    identifier_in_words,
    pipeline_history_in_words,
    problem_in_words,
    refusal_in_words,
)
from alliage_web.ui.components import Crumb

from .pipeline import crumbs_of, here, person_who
from .refusals import REFUSALS, sentences_of

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from alliage.observatory.respondents.anomalies import Anomaly
    from alliage_web.accounts.models import User
    from alliage_web.observatory.models import RespondentFile

_UNPROCESSABLE = 422
_RECEIVED, _CODED = "recu", "code"
_FEW = 5


def _file_or_404(uuid: UUID) -> RespondentFile:
    found = file_queries.find_file(uuid)
    if found is None:
        raise Http404(_("Ce fichier de répondants n’existe pas."))
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest, study: str, wave: str) -> HttpResponse:
    """Receive a file of respondents."""
    user = person_who(request, READ_RESPONDENTS)
    here = Wave.objects.filter(study__code=study, code=wave).select_related("study").first()
    if here is None:
        raise Http404(_("Cette vague n’existe pas."))
    today = timezone.localdate()
    form = RespondentsForm(
        request.POST or None,
        request.FILES or None,
        today=today,
        latest=file_actions.latest_destruction(here, received=today),
    )
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            try:
                file = _received(form, here, user)
            except AlreadyDoneError as done:
                return redirect("observatory:respondents", done.target.partition(":")[2])
            if file is not None:
                messages.success(
                    request, _("Le fichier est reçu. Dites ce que ses colonnes disent.")
                )
                return redirect("observatory:respondents", file.uuid)
    context = {"form": form, "wave": here, "crumbs": crumbs_of(Crumb(_("Déposer un fichier")))}
    return render(request, "observatory/pipeline_receive.html", context, status=status)


def _received(form: RespondentsForm, wave: Wave, user: User) -> RespondentFile | None:
    """Keep a file, or write on the form why it is refused."""
    upload = form.cleaned_data["file"]
    name = PurePath(upload.name or "").name
    with tempfile.TemporaryDirectory(prefix="alliage-") as folder:
        path = Path(folder) / f"respondents{PurePath(name).suffix.lower()}"
        with path.open("wb") as content:
            for chunk in upload.chunks():
                content.write(chunk)
        try:
            return file_actions.receive_file(
                wave=wave,
                path=path,
                name=name,
                encoding=form.cleaned_data["encoding"],
                drop=form.cleaned_data["drop"],
                destroy_on=form.cleaned_data["destroy_on"],
                most_rows=MOST_ROWS,
                by=user,
                at=timezone.now(),
                submission=form.cleaned_data["submission"],
            )
        except SurveyError as error:
            form.add_error("file", refusal_in_words(error))
        except file_actions.DestructionDateError:
            # Midnight went by since the form was read.
            form.add_error("destroy_on", _("Ce jour est passé. Choisissez-en un à venir."))
        except file_actions.TooManyRowsError as error:
            form.add_error(
                "file",
                _(
                    "Ce fichier a %(rows)s lignes : la page en lit %(most)s au plus. Utilisez la "
                    "commande import_wave, qui fait la même chose."
                )
                % {"rows": error.rows, "most": error.most},
            )
        except file_actions.IdentifiersError as error:
            told = " ; ".join(identifier_in_words(one) for one in error.found)
            form.add_error(
                "drop",
                _(
                    "Rien n’est gardé : des colonnes semblent nommer des personnes. %(columns)s. "
                    "Écrivez ici celles qui sont à écarter, ou retirez-les du fichier, puis "
                    "choisissez de nouveau le fichier."
                )
                % {"columns": told},
            )
    return None


@login_required
@require_safe
def respondents(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show what is known of a file, and what remains to be told; none of its rows."""
    user = person_who(request, SEE_PIPELINE)
    file = _file_or_404(uuid)
    state = FileState(file.state)
    context = {
        "file": file,
        "answered": [one for one in file_queries.columns_of(file) if one.target],
        "kept": [one for one in file_queries.columns_of(file) if one.keep_as],
        "releases": release_queries.releases_of_file(file),
        "history": pipeline_history_in_words(history(file.stable_name)),
        "may_read": user.has_perm(READ_RESPONDENTS, here()),
        "may_compute": user.has_perm(WRITE_RELEASES, here())
        and FILE.allows(state, FileDecision.COMPUTE),
        "is_destroyed": state is FileState.DESTROYED,
        "crumbs": crumbs_of(Crumb(file.name)),
    }
    return render(request, "observatory/pipeline_file.html", context)


def _opened(request: HttpRequest, uuid: UUID) -> tuple[User, RespondentFile]:
    """Return a file whose rows are still there, to who may read them."""
    user = person_who(request, READ_RESPONDENTS)
    file = _file_or_404(uuid)
    if file.state == FileState.DESTROYED.value:
        raise Http404(_("Ce fichier de répondants a été détruit."))
    return user, file


def _file_crumbs(file: RespondentFile, step: str) -> list[Crumb]:
    address = reverse("observatory:respondents", args=[file.uuid])
    return crumbs_of(Crumb(file.name, address), Crumb(step))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def questions(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell which column answers which question."""
    user, file = _opened(request, uuid)
    try:
        columns = file_queries.columns_of(file) or file_queries.guess(file)
    except REFUSALS as error:
        for sentence in sentences_of(error)[:_FEW]:
            messages.error(request, sentence)
        return redirect("observatory:respondents", file.uuid)
    targets = file_queries.targets(file.wave)
    form = ColumnsForm(request.POST or None, file=file, columns=columns, targets=targets)
    if request.method == "POST" and form.is_valid() and _is_mapped(request, form, file, user):
        return redirect("observatory:respondents-anomalies", file.uuid)
    status = _UNPROCESSABLE if request.method == "POST" else 200
    context = {
        "form": form,
        "file": file,
        "targets": targets,
        "guessed": not file.mapping,
        "crumbs": _file_crumbs(file, _("Colonnes et questions")),
    }
    return render(request, "observatory/pipeline_questions.html", context, status=status)


def _is_mapped(request: HttpRequest, form: ColumnsForm, file: RespondentFile, user: User) -> bool:
    """Keep which column answers which question, or write on the form why it is refused."""
    try:
        file_actions.map_columns(
            file=file,
            columns=form.columns(),
            by=user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        return True
    except REFUSALS as error:
        for sentence in sentences_of(error):
            form.add_error(None, sentence)
        return False
    messages.success(request, _("La correspondance est enregistrée."))
    return True


@dataclass(frozen=True, slots=True)
class AnomalyLine:
    """Anomalies of one kind in one column."""

    kind: str
    column: str
    count: int
    rows: str
    sentence: str
    blocks: bool


def _anomaly_lines(anomalies: tuple[Anomaly, ...]) -> list[AnomalyLine]:
    lines = []
    for one in anomalies:
        rows = [int(row) + 1 for row in one.rows[:_FEW]]
        shown = ", ".join(map(str, rows)) + ("…" if len(one.rows) > _FEW else "")
        lines.append(
            AnomalyLine(
                kind=str(KINDS[one.kind]),
                column=one.column or "",
                count=len(one.rows),
                rows=shown,
                sentence=anomaly_in_words(one),
                blocks=one.is_blocking,
            )
        )
    return lines


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def anomalies(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show what is strange in the file, and choose what is done with each kind."""
    user, file = _opened(request, uuid)
    if not file.mapping:
        messages.info(request, _("Dites d’abord à quelle question répond chaque colonne."))
        return redirect("observatory:respondents-questions", file.uuid)
    try:
        screening = file_queries.screened(file, file_queries.coded_table(file))
    except REFUSALS as error:
        # The questionnaire of the wave may have changed since.
        for sentence in sentences_of(error)[:_FEW]:
            messages.error(request, sentence)
        return redirect("observatory:respondents-questions", file.uuid)
    kinds = list(dict.fromkeys(one.kind for one in screening.anomalies))
    treatable = [kind for kind in kinds if TREATMENTS[kind]]
    form = TreatmentsForm(
        request.POST or None,
        kinds=[
            (kind, str(KINDS[kind]), [(one, str(TREATED[one])) for one in TREATMENTS[kind]])
            for kind in treatable
        ],
        told=file_queries.treatments_of(file),
    )
    if request.method == "POST" and form.is_valid():
        try:
            file_actions.treat_anomalies(
                file=file,
                treatments={kind: Treatment(form.cleaned_data[kind.value]) for kind in treatable},
                by=user,
                at=timezone.now(),
                submission=form.cleaned_data["submission"],
            )
        except AlreadyDoneError:
            pass
        else:
            messages.success(request, _("Le traitement des anomalies est enregistré."))
        return redirect("observatory:respondents-specification", file.uuid)
    context = {
        "form": form,
        "file": file,
        "lines": _anomaly_lines(screening.anomalies),
        "crumbs": _file_crumbs(file, _("Anomalies")),
    }
    status = _UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "observatory/pipeline_anomalies.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def specification(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell the design, the margins and the tables."""
    user, file = _opened(request, uuid)
    if not file.mapping:
        messages.info(request, _("Dites d’abord à quelle question répond chaque colonne."))
        return redirect("observatory:respondents-questions", file.uuid)
    columns = file_queries.columns_of(file)
    kept = [one.keep_as for one in columns if one.keep_as]
    if request.method != "POST":
        draft = DraftForm(request.GET if "draft" in request.GET else None, columns=kept)
        text = file.specification
        if draft.is_bound and draft.is_valid():
            text = _drafted(file, draft)
        form = SpecificationForm(initial={"specification": text, "checks": file.checks})
        return _show_specification(request, file, form, draft)
    form = SpecificationForm(request.POST)
    if form.is_valid() and _is_described(form, file, user):
        messages.success(request, _("La spécification est enregistrée : tout peut être calculé."))
        return redirect("observatory:respondents", file.uuid)
    return _show_specification(request, file, form, DraftForm(columns=kept), status=_UNPROCESSABLE)


def _is_described(form: SpecificationForm, file: RespondentFile, user: User) -> bool:
    """Keep a specification, or write on the form why it is refused."""
    try:
        file_actions.describe_file(
            file=file,
            specification=form.cleaned_data["specification"],
            checks=form.cleaned_data["checks"],
            by=user,
            at=timezone.now(),
            submission=form.cleaned_data["submission"],
        )
    except AlreadyDoneError:
        return True
    except InvalidFilesError as error:
        for problem in error.problems:
            field = "checks" if problem.file == file_queries.CHECKS else "specification"
            form.add_error(field, problem_in_words(problem))
    except REFUSALS as error:
        for sentence in sentences_of(error):
            form.add_error("specification", sentence)
    return not form.errors


def _drafted(file: RespondentFile, draft: DraftForm) -> str:
    chosen = draft.cleaned_data
    answered = {one.target for one in file_queries.columns_of(file)}
    targets = [one for one in file_queries.targets(file.wave) if one.name in answered]
    crossed = [one.strip() for one in chosen["crossed"].split(",") if one.strip()]
    margins = None
    if chosen["margins"]:
        adults = read_margins(data_directory() / "observatory" / "demo" / "margins.csv")
        margins = {
            " * ".join(names): {" * ".join(level): int(total) for level, total in totals.items()}
            for names, totals in adults.margins().items()
        }
    return drafted(
        # A specification is read by machines too: it does not follow the language of the page.
        title=f"{file.wave.study.label_fr}, {file.wave.label_fr}",
        targets=targets,
        weights=chosen["weights"],
        strata=chosen["strata"],
        breakdowns=[*chosen["breakdowns"], *crossed],
        margins=margins,
    )


def _show_specification(
    request: HttpRequest,
    file: RespondentFile,
    form: SpecificationForm,
    draft: DraftForm,
    *,
    status: int = 200,
) -> HttpResponse:
    columns = file_queries.columns_of(file)
    context = {
        "form": form,
        "draft": draft,
        "file": file,
        "answered": [one.target for one in columns if one.target],
        "kept": [one.keep_as for one in columns if one.keep_as],
        "crumbs": _file_crumbs(file, _("Plan de sondage, marges et tableaux")),
    }
    return render(request, "observatory/pipeline_specification.html", context, status=status)


@login_required
@require_POST
def compute(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Compute a draft of a release."""
    user = person_who(request, WRITE_RELEASES)
    file = _file_or_404(uuid)
    try:
        release = release_actions.compute(file=file, by=user, at=timezone.now())
    except DecisionRefusedError:
        messages.error(request, _("Ce fichier n’est pas encore décrit, ou il a été détruit."))
    except release_actions.OutdatedError:
        messages.error(
            request, _("Une publication de la vague est parue pendant le calcul. Recommencez.")
        )
    except REFUSALS as error:
        for sentence in sentences_of(error)[:_FEW]:
            messages.error(request, _("Rien n’est calculé. %(why)s") % {"why": sentence})
        if isinstance(error, UntreatedError):
            return redirect("observatory:respondents-anomalies", file.uuid)
    else:
        messages.success(request, _("Le brouillon est calculé. Relisez-le avant de le soumettre."))
        return redirect("observatory:release-draft", release.uuid)
    return redirect("observatory:respondents", file.uuid)


@login_required
@require_POST
def download(request: HttpRequest, uuid: UUID, content: str) -> HttpResponseBase:
    """Give the respondents to a researcher; that it was done is recorded."""
    user, file = _opened(request, uuid)
    path = {_RECEIVED: file.received_path, _CODED: file.coded_path}.get(content, "")
    if not path or not default_storage.exists(path):
        raise Http404(_("Ce contenu n’est pas gardé."))
    file_actions.note_download(file=file, content=content, by=user, at=timezone.now())
    name = file.name if content == _RECEIVED else f"{PurePath(file.name).stem}.parquet"
    return FileResponse(
        default_storage.open(path),
        as_attachment=True,
        filename=name,
        content_type="application/octet-stream",
        headers={
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-store",
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def destroy(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Destroy the rows of a file before their date."""
    user, file = _opened(request, uuid)
    form = DestroyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            file_actions.destroy_file(
                file=file,
                by=user,
                at=timezone.now(),
                submission=form.cleaned_data["submission"],
            )
        except (AlreadyDoneError, DecisionRefusedError):
            messages.info(request, _("Ce fichier était déjà détruit."))
        else:
            messages.success(
                request,
                _("Le fichier est détruit. Son empreinte et ce qui en a été calculé restent."),
            )
        return redirect("observatory:respondents", file.uuid)
    context = {
        "form": form,
        "title": _("Détruire le fichier de répondants"),
        "lede": _(
            "Les réponses disparaissent de la plateforme. Les publications qui en viennent "
            "restent, et rien ne pourra plus en être calculé."
        ),
        "button": _("Détruire le fichier"),
        "danger": True,
        "back": reverse("observatory:respondents", args=[file.uuid]),
        "eyebrow": f"{file.wave} · {file.name}",
        "crumbs": _file_crumbs(file, _("Détruire")),
    }
    status = _UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "observatory/pipeline_form.html", context, status=status)
