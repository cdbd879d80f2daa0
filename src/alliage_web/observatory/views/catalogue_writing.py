"""Pages by which researchers describe studies, waves and questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from alliage.survey import SurveyError
from alliage_web.accounts.models import User
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.queries import history
from alliage_web.observatory import permissions
from alliage_web.observatory.actions import catalogue as actions
from alliage_web.observatory.documents.questionnaires import read_questionnaire
from alliage_web.observatory.forms.catalogue import (
    AskedForm,
    ConfirmQuestionnaireForm,
    QuestionForm,
    QuestionnaireFileForm,
    StudyForm,
    WaveForm,
    initial_of,
)
from alliage_web.observatory.queries import catalogue
from alliage_web.observatory.queries.catalogue_wording import ASPECTS, history_in_words, refusal
from alliage_web.ui.components import Crumb

from .catalogue import (
    questions_crumb,
    studies_crumb,
    study_or_404,
    wave_crumbs,
    wave_or_404,
)
from .figures import may
from .home import home_crumb

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

    from alliage.observatory.studies.questionnaires import Proposal
    from alliage_web.observatory.queries.catalogue import WaveRow

_UNPROCESSABLE = 422


@login_required
def add_study(request: HttpRequest) -> HttpResponse:
    """Describe a new study."""
    _require_researcher(request)
    form = StudyForm(request.POST or None)

    def write() -> str:
        row = actions.add_study(values=form.values, **_by(request, form))
        return row.get_absolute_url()

    crumbs = [home_crumb(), studies_crumb(), Crumb(_("Décrire une étude"))]
    return _page(request, form, write, title=_("Décrire une étude"), crumbs=crumbs)


@login_required
def edit_study(request: HttpRequest, study: str) -> HttpResponse:
    """Change what is said of a study."""
    _require_researcher(request)
    row = catalogue.study_row(study)
    if row is None:
        raise Http404
    form = StudyForm(
        request.POST or None, initial=initial_of(row, _names(StudyForm, "code", "programme"))
    )
    form.freeze("code", "programme")

    def write() -> str:
        actions.change_study(code=study, values=form.values, **_who(request))
        return row.get_absolute_url()

    crumbs = [
        home_crumb(),
        studies_crumb(),
        Crumb(row.label, row.get_absolute_url()),
        Crumb(_("Modifier")),
    ]
    return _page(
        request, form, write, title=_("Modifier l’étude"), crumbs=crumbs, about=row.stable_name
    )


@login_required
def add_wave(request: HttpRequest, study: str) -> HttpResponse:
    """Describe a new wave."""
    _require_researcher(request)
    found = study_or_404(study)
    form = WaveForm(request.POST or None)

    def write() -> str:
        row = actions.add_wave(study=study, values=form.values, **_by(request, form))
        return row.get_absolute_url()

    crumbs = [
        home_crumb(),
        studies_crumb(),
        Crumb(found.label, found.url),
        Crumb(_("Décrire une vague")),
    ]
    return _page(request, form, write, title=_("Décrire une vague"), crumbs=crumbs)


@login_required
def edit_wave(request: HttpRequest, study: str, wave: str) -> HttpResponse:
    """Change what is said of a wave."""
    _require_researcher(request)
    found = wave_or_404(study, wave)
    row = catalogue.wave_row(found.id)
    form = WaveForm(request.POST or None, initial=initial_of(row, _names(WaveForm, "code")))
    form.freeze("code")

    def write() -> str:
        actions.change_wave(wave=found.id, values=form.values, **_who(request))
        return found.url

    return _page(
        request,
        form,
        write,
        title=_("Modifier la vague"),
        crumbs=wave_crumbs(found, Crumb(_("Modifier"))),
        about=row.stable_name,
    )


@login_required
def add_question(request: HttpRequest) -> HttpResponse:
    """Describe a new question."""
    _require_researcher(request)
    form = QuestionForm(request.POST or None)

    def write() -> str:
        row = actions.add_question(values=form.values, **_by(request, form))
        return row.get_absolute_url()

    crumbs = [home_crumb(), questions_crumb(), Crumb(_("Décrire une question"))]
    return _page(request, form, write, title=_("Décrire une question"), crumbs=crumbs)


@login_required
def edit_question(request: HttpRequest, question: str) -> HttpResponse:
    """Change what is said of a question."""
    _require_researcher(request)
    row = catalogue.question_row(question)
    if row is None:
        raise Http404
    form = QuestionForm(request.POST or None, initial=initial_of(row, _names(QuestionForm, "code")))
    form.freeze("code")

    def write() -> str:
        actions.change_question(code=question, values=form.values, **_who(request))
        return row.get_absolute_url()

    crumbs = [
        home_crumb(),
        questions_crumb(),
        Crumb(row.label, row.get_absolute_url()),
        Crumb(_("Modifier")),
    ]
    return _page(
        request, form, write, title=_("Modifier la question"), crumbs=crumbs, about=row.stable_name
    )


@login_required
def ask(request: HttpRequest, study: str, wave: str) -> HttpResponse:
    """Say that a wave asks a question."""
    _require_researcher(request)
    found = wave_or_404(study, wave)
    form = AskedForm(request.POST or None, unasked=catalogue.unasked_by(found.id))

    def write() -> str:
        values = form.values
        question = values.pop("question").code
        actions.ask(wave=found.id, question=question, values=values, **_by(request, form))
        return found.url

    crumbs = wave_crumbs(found, Crumb(_("Ajouter une question")))
    return _page(request, form, write, title=_("Ajouter une question"), crumbs=crumbs)


@login_required
def edit_asked(request: HttpRequest, study: str, wave: str, question: str) -> HttpResponse:
    """Change what is said of a question in a wave."""
    _require_researcher(request)
    found = wave_or_404(study, wave)
    row = catalogue.asked_row(found.id, question)
    if row is None:
        raise Http404
    form = AskedForm(request.POST or None, initial=initial_of(row, _names(AskedForm, "question")))
    form.freeze("question")

    def write() -> str:
        actions.change_asked(wave=found.id, question=question, values=form.values, **_who(request))
        return found.url

    return _page(
        request,
        form,
        write,
        title=_("« %(question)s » dans cette vague") % {"question": row.question.label},
        crumbs=wave_crumbs(found, Crumb(row.question.label)),
        about=row.stable_name,
    )


@login_required
def import_questionnaire(request: HttpRequest, study: str, wave: str) -> HttpResponse:
    """Take a questionnaire from a DDI file: first what would change, then what is written."""
    _require_researcher(request)
    found = wave_or_404(study, wave)
    if "content" in request.POST:
        return _confirm(request, found)
    form = QuestionnaireFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        content = file.read()
        proposal = _proposal(found, content, file.name, form, field="file")
        if proposal is not None:
            told = {"content": content.decode("utf-8", "replace")}
            confirm = ConfirmQuestionnaireForm(initial=told)
            return _preview(request, found, proposal, confirm)
    context = {
        "wave": found,
        "form": form,
        "crumbs": wave_crumbs(found, Crumb(_("Importer un questionnaire"))),
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "observatory/questionnaire_import.html", context, status=status)


def _confirm(request: HttpRequest, wave: WaveRow) -> HttpResponse:
    form = ConfirmQuestionnaireForm(request.POST)
    content = request.POST["content"].encode()
    proposal = _proposal(wave, content, "questionnaire.xml", form, field=None)
    if proposal is None or proposal.refused or not form.is_valid():
        return _preview(request, wave, proposal, form, status=_UNPROCESSABLE)
    try:
        actions.import_questionnaire(
            wave=wave.id,
            proposal=proposal,
            theme=form.cleaned_data["theme"],
            source=form.cleaned_data["source"],
            **_by(request, form),
        )
    except AlreadyDoneError:
        return redirect(wave.url)
    messages.success(request, _("Le questionnaire est enregistré."))
    return redirect(wave.url)


def _proposal(
    wave: WaveRow, content: bytes, name: str, form: Form, *, field: str | None
) -> Proposal | None:
    try:
        return read_questionnaire(
            content, name, catalogue.asked_in(wave.study, wave.code), catalogue.questions()
        )
    except SurveyError:
        form.add_error(
            field,
            _(
                "Ce fichier n’est pas une description DDI-Codebook lisible : il faut du XML avec "
                "les variables (dataDscr). Exportez-le de nouveau."
            ),
        )
        return None


def _preview(
    request: HttpRequest,
    wave: WaveRow,
    proposal: Proposal | None,
    form: ConfirmQuestionnaireForm,
    *,
    status: int = 200,
) -> HttpResponse:
    asked = {one.question.code: one.question for one in catalogue.asked_in(wave.study, wave.code)}
    questions = proposal.questions if proposal else ()
    named = {one.question.code for one in questions}
    context = {
        "wave": wave,
        "form": form,
        "proposal": proposal,
        "lines": [
            (
                one,
                one.question.code in asked,
                [str(ASPECTS[aspect]) for aspect in one.differs],
            )
            for one in questions
        ],
        "refused": [(one.variable, refusal(one)) for one in (proposal.refused if proposal else ())],
        "absent": [question for code, question in asked.items() if code not in named],
        "crumbs": wave_crumbs(wave, Crumb(_("Importer un questionnaire"))),
    }
    return render(request, "observatory/questionnaire_preview.html", context, status=status)


def _page(
    request: HttpRequest,
    form: Form,
    write: Callable[[], str],
    *,
    title: str,
    crumbs: list[Crumb],
    about: str = "",
) -> HttpResponse:
    """Show a form; write what it says where it is sent and nothing is wrong."""
    if request.method == "POST" and form.is_valid():
        try:
            address = write()
        except AlreadyDoneError:
            return redirect(_back(crumbs))
        except actions.CodeTakenError as error:
            field = "code" if "code" in form.fields else None
            form.add_error(
                field,
                _("« %(code)s » est déjà pris. Choisissez un autre identifiant.")
                % {"code": error.code},
            )
        else:
            messages.success(request, _("C’est enregistré."))
            return redirect(address)
    context = {
        "form": form,
        "title": title,
        "crumbs": crumbs,
        "back": _back(crumbs),
        "history": history_in_words(history(about)) if about else [],
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "observatory/catalogue_form.html", context, status=status)


def _back(crumbs: list[Crumb]) -> str:
    addresses = [crumb.href for crumb in crumbs if crumb.href]
    return addresses[-1] if addresses else reverse("observatory:studies")


def _names(form: type[Form], *without: str) -> list[str]:
    return [name for name in form.base_fields if name not in {"submission", *without}]


def _require_researcher(request: HttpRequest) -> None:
    if not may(request, permissions.WRITE_CATALOGUE):
        raise Http404


def _who(request: HttpRequest) -> dict[str, Any]:
    assert isinstance(request.user, User)
    return {"by": request.user, "at": timezone.now()}


def _by(request: HttpRequest, form: Form) -> dict[str, Any]:
    return {**_who(request), "submission": form.cleaned_data["submission"]}
