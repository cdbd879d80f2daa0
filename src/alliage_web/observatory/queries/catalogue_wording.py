"""What the trail keeps of the catalogue, and what a questionnaire would change, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.observatory.studies.questionnaires import Aspect, DescriptionProblem
from alliage_web.audit.queries import readable
from alliage_web.observatory.models import AskedQuestion, Question, Study, Wave

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.utils.functional import _StrPromise

    from alliage.observatory.studies.questionnaires import Refused
    from alliage_web.audit.queries import HistoryLine, ReadableLine

EVENTS: Mapping[str, _StrPromise] = {
    "observatory.programme_loaded": gettext_lazy("Programme chargé d’un fichier"),
    "observatory.study_loaded": gettext_lazy("Étude chargée d’un fichier"),
    "observatory.wave_loaded": gettext_lazy("Vague chargée d’un fichier"),
    "observatory.question_loaded": gettext_lazy("Question chargée d’un fichier"),
    "observatory.asked_loaded": gettext_lazy("Question posée chargée d’un fichier"),
    "observatory.figures_loaded": gettext_lazy("Chiffres de documents chargés"),
    "observatory.study_added": gettext_lazy("Étude décrite"),
    "observatory.study_changed": gettext_lazy("Étude modifiée"),
    "observatory.wave_added": gettext_lazy("Vague décrite"),
    "observatory.wave_changed": gettext_lazy("Vague modifiée"),
    "observatory.question_added": gettext_lazy("Question décrite"),
    "observatory.question_changed": gettext_lazy("Question modifiée"),
    "observatory.asked_added": gettext_lazy("Question ajoutée à une vague"),
    "observatory.asked_changed": gettext_lazy("Question d’une vague modifiée"),
    "observatory.questionnaire_imported": gettext_lazy("Questionnaire importé"),
}


def _labels() -> dict[str, Any]:
    """Name the fields as the tables do."""
    return {
        field.name: field.verbose_name
        for model in (Study, Wave, Question, AskedQuestion)
        for field in model._meta.get_fields()  # noqa: SLF001 - documented API of Django
        if hasattr(field, "verbose_name")
    }


FIELDS: Mapping[str, Any] = {
    **_labels(),
    "first_year": gettext_lazy("première année"),
    "last_year": gettext_lazy("dernière année"),
    "aim_fr": gettext_lazy("objet"),
    "aim_en": gettext_lazy("objet en anglais"),
    "figures": gettext_lazy("chiffres"),
    "asked": gettext_lazy("questions posées"),
}

ASPECTS: Mapping[Aspect, _StrPromise] = {
    Aspect.WORDING: gettext_lazy("la formulation"),
    Aspect.UNIVERSE: gettext_lazy("les personnes interrogées"),
    Aspect.ITEMS: gettext_lazy("les points"),
    Aspect.ANSWERS: gettext_lazy("les réponses"),
}


def history_in_words(lines: Iterable[HistoryLine]) -> list[ReadableLine]:
    """Put what was written on the catalogue in words."""
    return readable(lines, kinds=EVENTS, fields=FIELDS)


def refusal(refused: Refused) -> str:
    """Say why a variable of a questionnaire cannot be taken, and what to do."""
    sentences = {
        DescriptionProblem.NAME: _(
            "Son nom ne peut devenir un identifiant : renommez-la, sans accent ni signe."
        ),
        DescriptionProblem.TWICE: _(
            "Une autre variable donne aussi « %(question)s » : renommez l’une des deux."
        ),
        DescriptionProblem.UNEVEN: _(
            "Les points de « %(question)s » ont les mêmes réponses, sauf celui-ci : corrigez-les."
        ),
        DescriptionProblem.KIND: _(
            "La question « %(question)s » existe sous une autre forme : renommez la variable."
        ),
        DescriptionProblem.ANSWER: _(
            "Le code de réponse « %(answer)s » est répété, ou n’est pas fait de lettres, de "
            "chiffres, de « _ », de « . » et de « - », 40 au plus : corrigez-le."
        ),
    }
    facts = {"question": refused.question, "answer": refused.answer}
    return sentences[refused.problem] % facts
