"""The studies, their waves and their questions, for everyone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.values import french
from alliage_web.observatory import permissions
from alliage_web.observatory.documents import questionnaires
from alliage_web.observatory.documents.charts import drawn
from alliage_web.observatory.documents.series_charts import chart_of
from alliage_web.observatory.queries import catalogue, figures, releases, series
from alliage_web.ui.components import Crumb, KeyFigure

from .figures import may
from .home import home_crumb

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.observatory.queries.catalogue import StudyRow, WaveRow

#: What the home page opens with: acting together, what alliances do, the state of the territory.
HEADLINES = ("s030", "s037", "s001")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Open the observatory: what is known, of when, and where to go."""
    told = [figure for code in HEADLINES if (figure := figures.figure(code))]
    context = {
        "headlines": [
            KeyFigure(
                label=one.label,
                value=one.text,
                source=_("document, marge n/a"),
                as_of=one.wave_label,
                href=one.url,
            )
            for one in told
        ],
        "overview": catalogue.overview(),
        "figures_count": figures.published_count(),
        "releases": releases.published(current=True),
        "prepares": may(request, permissions.SEE_PIPELINE),
        "crumbs": [Crumb(_("Observatoire"))],
    }
    return render(request, "observatory/index.html", context)


@require_safe
def studies(request: HttpRequest) -> HttpResponse:
    """Show the programmes, their studies and their waves."""
    context = {
        "programmes": catalogue.programmes(),
        "writes": may(request, permissions.WRITE_CATALOGUE),
        "crumbs": [home_crumb(), Crumb(_("Études"))],
    }
    return render(request, "observatory/studies.html", context)


@require_safe
def study(request: HttpRequest, study: str) -> HttpResponse:
    """Show a study and its waves."""
    found = study_or_404(study)
    context = {
        "study": found,
        "writes": may(request, permissions.WRITE_CATALOGUE),
        "crumbs": [home_crumb(), studies_crumb(), Crumb(found.label)],
    }
    return render(request, "observatory/study.html", context)


@require_safe
def wave(request: HttpRequest, study: str, wave: str) -> HttpResponse:
    """Show a wave: when, of whom, how many, what was asked, what was published."""
    found = wave_or_404(study, wave)
    selection = figures.Selection(study=study, wave=wave)
    context = {
        "wave": found,
        "fieldwork": fieldwork_of(found),
        "asked": catalogue.asked_in(study, wave),
        "figures_count": len(figures.figures(selection)),
        "releases": releases.published(study=study, wave=wave),
        "writes": may(request, permissions.WRITE_CATALOGUE),
        "crumbs": wave_crumbs(found),
    }
    return render(request, "observatory/wave.html", context)


@require_safe
def questions(request: HttpRequest) -> HttpResponse:
    """Show every question."""
    context = {
        "questions": catalogue.questions(),
        "writes": may(request, permissions.WRITE_CATALOGUE),
        "crumbs": [home_crumb(), Crumb(_("Questions"))],
    }
    return render(request, "observatory/questions.html", context)


@require_safe
def question(request: HttpRequest, question: str) -> HttpResponse:
    """Show a question: its answers, and its figures from wave to wave."""
    found = catalogue.question(question)
    if found is None:
        raise Http404
    followed = series.followed(found)
    charts = [chart_of(found, one) for one in followed]
    others = [one for one in figures.figures_of_question(question) if one.group or not one.wave]
    context = {
        "question": found,
        "followed": [
            (one, drawn(chart) if chart else None)
            for one, chart in zip(followed, charts, strict=True)
        ],
        "others": others,
        "writes": may(request, permissions.WRITE_CATALOGUE),
        "crumbs": [home_crumb(), questions_crumb(), Crumb(found.label)],
    }
    return render(request, "observatory/question.html", context)


@require_safe
def questionnaire(_request: HttpRequest, study: str, wave: str) -> HttpResponse:
    """Send the questionnaire of a wave as DDI-Codebook."""
    found = wave_or_404(study, wave)
    asked = catalogue.asked_in(study, wave)
    if not asked:
        raise Http404
    return questionnaires.ddi_file(found, asked)


def study_or_404(code: str) -> StudyRow:
    """Return a study."""
    found = catalogue.study(code)
    if found is None:
        raise Http404
    return found


def wave_or_404(study: str, code: str) -> WaveRow:
    """Return a wave."""
    found = catalogue.wave(study, code)
    if found is None:
        raise Http404
    return found


def fieldwork_of(wave: WaveRow) -> str:
    """Write when people were asked; empty where it is not known."""
    if not wave.first:
        return ""
    last = wave.last if wave.last != wave.first else None
    if last is None:
        return french.partial_date(wave.first, language=_language())
    return french.period(wave.first, last, language=_language())


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "fr"


def studies_crumb() -> Crumb:
    """Return the crumb of the list of studies."""
    return Crumb(_("Études"), reverse("observatory:studies"))


def questions_crumb() -> Crumb:
    """Return the crumb of the list of questions."""
    return Crumb(_("Questions"), reverse("observatory:questions"))


def wave_crumbs(wave: WaveRow, *after: Crumb) -> list[Crumb]:
    """Return the crumbs that lead to a wave, and to a page under it."""
    study_url = reverse("observatory:study", args=[wave.study])
    return [
        home_crumb(),
        studies_crumb(),
        Crumb(wave.study_label, study_url),
        Crumb(wave.label, wave.url if after else ""),
        *after,
    ]
