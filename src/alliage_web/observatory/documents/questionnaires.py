"""The questionnaire of a wave as DDI-Codebook, sent and received."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.http import HttpResponse

from alliage.observatory.studies.catalogue import QuestionKind
from alliage.observatory.studies.questionnaires import AskedQuestion, Proposal, ddi_of, proposal_of
from alliage.survey import read_ddi

from .charts import synthetic_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage_web.observatory.queries.catalogue import AskedRow, QuestionRow, WaveRow


def ddi_file(wave: WaveRow, asked: Iterable[AskedRow]) -> HttpResponse:
    """Return the questionnaire of a wave as a file; invented respondents are told in its title."""
    title = f"{wave.study_label}, {wave.label}"
    if wave.synthetic:
        title = f"{title} ({synthetic_words()})"
    response = HttpResponse(
        ddi_of(title, map(as_asked, asked)), content_type="application/xml; charset=utf-8"
    )
    name = f"questionnaire-{wave.study}-{wave.code}.xml"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Robots-Tag"] = "noindex"
    return response


def read_questionnaire(
    content: bytes, name: str, asked: Iterable[AskedRow], questions: Iterable[QuestionRow]
) -> Proposal:
    """Compare a DDI document with what a wave asks, and with the other questions.

    Raises
    ------
    alliage.survey.SurveyError
        If it is not DDI, or describes no variable.
    """
    known = {one.code: as_known(one) for one in questions}
    known |= {one.question.code: as_asked(one) for one in asked}
    # The survey engine reads files: the document is one for the time of reading.
    with TemporaryDirectory() as folder:
        path = Path(folder) / (Path(name).name or "questionnaire.xml")
        path.write_bytes(content)
        return proposal_of(read_ddi(path), tuple(known.values()))


def as_asked(row: AskedRow) -> AskedQuestion:
    """Return a question as a wave asks it; its short name stands where the wording is unknown."""
    return AskedQuestion(
        code=row.question.code,
        wording=row.wording or row.question.label,
        kind=QuestionKind(row.question.kind),
        ordered=row.question.ordered,
        items=tuple((one.code, one.label) for one in row.items),
        answers=tuple((one.code, one.label) for one in row.answers),
        no_answer=tuple((one.code, one.label) for one in row.question.no_answer),
        universe=row.universe,
    )


def as_known(row: QuestionRow) -> AskedQuestion:
    """Return a question of the catalogue, which this wave does not ask yet."""
    return AskedQuestion(
        code=row.code,
        wording=row.label,
        kind=QuestionKind(row.kind),
        ordered=row.ordered,
        items=tuple((one.code, one.label) for one in row.items),
        answers=tuple((one.code, one.label) for one in row.answers),
        no_answer=tuple((one.code, one.label) for one in row.no_answer),
    )
