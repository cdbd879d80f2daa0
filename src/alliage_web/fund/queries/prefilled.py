"""What the platform already knows of an alliance and of its parties, as answers to a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alliage.fund.applications.answer_values import AnswerError, is_empty, read_answer
from alliage.fund.applications.answers import Answers
from alliage.fund.applications.form_specification import FilledBy
from alliage_web.alliances.queries import contents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alliage.fund.applications.form_specification import Question
    from alliage_web.fund.models import Applicant

    from .applications import Content


def prefilled(content: Content) -> Answers:
    """Return answers that come from the pages of the alliance and of the organisations.

    They are found by the codes of questions: ``project_title``, ``summary``, ``stage``,
    ``started``, ``need``, ``where``, and of each party ``organisation`` and ``brings``. What its
    question would refuse, such as a text that is too long, is left to be written.
    """
    alliance = content.application.alliance
    known = contents([alliance.pk], sections=("parties", "territories"))[alliance.pk]
    places = known.sections["territories"]
    shared = {
        "project_title": alliance.title,
        "summary": alliance.summary,
        "stage": alliance.stage,
        "started": alliance.started,
        "need": alliance.why,
        "where": f"{places[0]['level']}:{places[0]['code']}" if places else "",
    }
    by_party = {
        part.code: {
            "organisation": part.organisation.slug,
            "brings": _brought(part, known.sections["parties"]),
        }
        for part in content.parts
    }
    return Answers(
        _fitting(content, shared, each_party=False),
        {code: _fitting(content, own, each_party=True) for code, own in by_party.items()},
    )


def _brought(part: Applicant, rows: list[dict[str, Any]]) -> str:
    own = [row["brings"] for row in rows if row["organisation"] == part.organisation.slug]
    return "\n".join(text for text in own if text)


def _fitting(content: Content, known: Mapping[str, str], *, each_party: bool) -> dict[str, object]:
    asked = {
        question.code: question
        for section, question in content.form.questions()
        if (section.filled_by is FilledBy.EACH_PARTY) is each_party
    }
    return {
        code: text
        for code, text in known.items()
        if code in asked and not is_empty(text) and _is_read(asked[code], text)
    }


def _is_read(question: Question, text: str) -> bool:
    try:
        read_answer(question, text)
    except AnswerError:
        return False
    return True
