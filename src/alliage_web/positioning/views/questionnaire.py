"""The questionnaire, one question a page; nothing of it is kept on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alliage.positioning.questionnaire import questionnaire
from alliage_web.positioning.documents.result_words import tool_status
from alliage_web.positioning.forms.questionnaire import QuestionForm, WhoForm
from alliage_web.positioning.queries.collective import reads_some
from alliage_web.positioning.queries.filling import (
    UnreadableFillingError,
    asked_count,
    questions,
    start,
)
from alliage_web.positioning.queries.results import group_of
from alliage_web.ui.components import Crumb

from . import device
from .device import private, unshared

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.positioning.queries.filling import Question

_UNPROCESSABLE = 422


@unshared
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Say what the tool can and cannot tell, and begin."""
    form = WhoForm(
        request.POST if request.method == "POST" else None,
        initial={"group": request.GET.get("groupe", "")[:64]},
        use_required_attribute=False,
    )
    if form.is_valid():
        filling = start(**form.who)
        response = redirect("positioning:question", 1)
        return device.write(request, response, filling)
    held = device.read_or_none(request)
    secret = form["group"].value() or ""
    asked = questionnaire()
    context = {
        "form": form,
        "minutes": asked.minutes,
        "count": asked_count(),
        "tool_status": tool_status(),
        "reads_collective": reads_some(request.user),
        "held": held if held and held.begun else None,
        "group": group_of(secret, timezone.localdate()) if secret else None,
    }
    status = _UNPROCESSABLE if form.errors else 200
    return render(request, "positioning/index.html", context, status=status)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, number: int) -> HttpResponse:
    """Ask a question, and keep its answer on the device."""
    try:
        filling = device.read(request)
    except UnreadableFillingError as refusal:
        return device.start_again(request, refusal.why)
    every = questions(filling.seed)
    if not 1 <= number <= len(every):
        raise Http404(
            _("Le questionnaire va de la question 1 à la question %(count)d.")
            % {"count": len(every)}
        )
    asked = every[number - 1]
    form = QuestionForm(
        request.POST if request.method == "POST" else None, question=asked, filling=filling
    )
    if form.is_valid():
        filling = form.filled()
        going_on = (
            redirect("positioning:question", number + 1)
            if number < len(every)
            else redirect("positioning:result")
        )
        return device.write(request, going_on, filling)
    context = {
        "form": form,
        "title": form.title,
        "number": number,
        "count": len(every),
        "part": _part(asked),
        "note": _note(asked),
        "back": reverse("positioning:question", args=[number - 1]) if number > 1 else "",
        "may_see_result": filling.begun,
        "crumbs": [Crumb(_("Se situer"), reverse("positioning:index")), Crumb(_("Questionnaire"))],
    }
    status = _UNPROCESSABLE if form.errors else 200
    page = render(request, "positioning/question.html", context, status=status)
    return device.write(request, page, filling)


@private
@require_POST
def erase_from_device(request: HttpRequest) -> HttpResponse:
    """Have the device forget the answers."""
    messages.success(
        request, _("Vos réponses sont effacées de cet appareil. Rien n’était sur le serveur.")
    )
    return device.forget(redirect("positioning:index"))


def _part(asked: Question) -> str:
    if asked.doors:
        return _("Ce que vous cherchez")
    if asked.behaviour:
        return _("Ces douze derniers mois")
    return _("Pour la suite")


def _note(asked: Question) -> str:
    """Return how to answer, with the first question of each part only: it is read once."""
    if asked.number == 1:
        return _(
            "Il n’y a pas de bonne réponse : les deux sont de bonnes raisons de faire alliance."
        )
    if asked.behaviour == questionnaire().behaviours[0]:
        return _("Répondez sur des faits, pas sur des projets.")
    return ""
