"""Loading the studies and the figures that ship with the platform.

Fields that a person wrote here are left as they are, whatever the files say.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models, transaction
from pydantic import BaseModel

from alliage_web.accounts.queries.own_places import OBSERVATORY
from alliage_web.audit.actions import record as record_event
from alliage_web.audit.queries import changed_by_people
from alliage_web.observatory.models import (
    AskedQuestion,
    Disagreement,
    Programme,
    PublishedFigure,
    Question,
    Study,
    Wave,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alliage.observatory.studies.catalogue import AskedRecord, Catalogue, WaveRecord
    from alliage.observatory.studies.figures import FigureRecord, Figures

_EVENTS: dict[type[models.Model], str] = {
    Programme: "observatory.programme_loaded",
    Study: "observatory.study_loaded",
    Wave: "observatory.wave_loaded",
    Question: "observatory.question_loaded",
    AskedQuestion: "observatory.asked_loaded",
}

_Row = TypeVar("_Row", Programme, Study, Wave, Question, AskedQuestion)

_PROGRAMME = ("label_fr", "label_en", "first_year", "last_year", "aim_fr", "aim_en", "source")
_STUDY = ("population", "label_fr", "label_en", "summary_fr", "summary_en", "source")
_WAVE = (
    *("year", "label_fr", "label_en", "synthetic", "sample_size", "institute", "source"),
    *("design_fr", "design_en", "weighting_fr", "weighting_en", "note_fr", "note_en"),
)
_QUESTION = (
    *("theme", "kind", "ordered", "label_fr", "label_en", "about_fr", "about_en"),
    *("lowest", "highest", "items", "answers", "no_answer", "complete", "source"),
)
_ASKED = (
    *("number", "wording_fr", "wording_en", "universe_fr", "universe_en", "items", "answers"),
    *("comparability", "breaks", "reason_fr", "reason_en", "source"),
)
_FIGURE = (
    *("theme", "population", "label_fr", "label_en", "statistic", "item", "level", "group"),
    *("value", "low", "high", "answer", "unit", "operator", "reading", "note_fr", "note_en"),
    "source",
)
_DISAGREEMENT = ("title_fr", "title_en", "statements", "reading_fr", "reading_en")


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows a load wrote; zero the second time."""

    catalogue: int
    figures: int


@transaction.atomic
def load_observatory(*, catalogue: Catalogue, figures: Figures, at: dt.datetime) -> Loaded:
    """Write studies and figures as their files say; what the files no longer name stays."""
    load = _Load(at)
    programmes = {
        one.code: load.row(Programme, {"code": one.code}, _values(one, _PROGRAMME))
        for one in catalogue.programmes
    }
    questions = {
        one.code: load.row(Question, {"code": one.code}, {**_values(one, _QUESTION), "order": rank})
        for rank, one in enumerate(catalogue.questions)
    }
    waves: dict[tuple[str, str], Wave] = {}
    for one in catalogue.studies:
        values = {**_values(one, _STUDY), "programme": programmes[one.programme]}
        study = load.row(Study, {"code": one.code}, values)
        for told in one.waves:
            wave = load.row(Wave, {"study": study, "code": told.code}, _wave(told))
            waves[one.code, told.code] = wave
            for rank, asked in enumerate(told.asked):
                key = {"wave": wave, "question": questions[asked.question]}
                load.row(AskedQuestion, key, {**_asked(asked), "order": rank})
    return Loaded(load.written, _load_figures(figures, questions, waves, at))


class _Load:
    def __init__(self, at: dt.datetime) -> None:
        self.at = at
        self.written = 0
        self._touched = {
            name: fields
            for prefix in ("study:", "wave:", "survey-question:")
            for name, fields in changed_by_people(prefix).items()
        }

    def row(self, kind: type[_Row], key: Mapping[str, Any], values: Mapping[str, Any]) -> _Row:
        """Create a row or bring it to what the file says; record what changed."""
        row: _Row = kind.objects.select_for_update().filter(**key).first() or kind(**key)
        kept = self._touched.get(row.stable_name, frozenset())
        changes = {}
        for name, after in values.items():
            before = getattr(row, name, None)
            if name not in kept and (not row.pk or before != after):
                setattr(row, name, after)
                changes[name] = [_plain(before) if row.pk else None, _plain(after)]
        if changes:
            row.save()
            self.written += 1
            record_event(
                kind=_EVENTS[kind],
                target=row.stable_name,
                by=None,
                at=self.at,
                changes=changes,
            )
        return row


def _load_figures(
    figures: Figures,
    questions: Mapping[str, Question],
    waves: Mapping[tuple[str, str], Wave],
    at: dt.datetime,
) -> int:
    told = {
        row.code: row for row in PublishedFigure.objects.prefetch_related("disagreements").all()
    }
    disagreements, written = _load_disagreements(figures)
    for rank, one in enumerate(figures.figures):
        values = _figure(one, questions, waves) | {"order": rank}
        known = {code: disagreements[code] for code in one.disagreements}
        row = told.get(one.code) or PublishedFigure(code=one.code)
        linked = {each.code for each in row.disagreements.all()} if row.pk else set()
        if (
            row.pk
            and linked == known.keys()
            and all(getattr(row, n) == v for n, v in values.items())
        ):
            continue
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
        row.disagreements.set(known.values())
        written.append(one.code)
    if written:
        # Nobody writes figures on a page: the trail names those that the file changed.
        changes = {"figures": [None, sorted(written)]}
        record_event(
            kind="observatory.figures_loaded", target=OBSERVATORY, by=None, at=at, changes=changes
        )
    return len(written)


def _load_disagreements(figures: Figures) -> tuple[dict[str, Disagreement], list[str]]:
    rows, written = {}, []
    for rank, one in enumerate(figures.disagreements):
        values = _values(one, _DISAGREEMENT) | {"order": rank}
        row = Disagreement.objects.filter(code=one.code).first() or Disagreement(code=one.code)
        if not row.pk or any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            row.save()
            written.append(one.code)
        rows[one.code] = row
    return rows, written


def _figure(
    one: FigureRecord,
    questions: Mapping[str, Question],
    waves: Mapping[tuple[str, str], Wave],
) -> dict[str, Any]:
    kept = one.withheld
    return _values(one, _FIGURE) | {
        "population": one.population.value if one.population else "",
        "question": questions[one.question] if one.question else None,
        "wave": waves[one.study, one.wave] if one.wave else None,
        "withheld": kept.category.value if kept else "",
        "withheld_reason_fr": kept.reason_fr if kept else "",
        "withheld_reason_en": kept.reason_en if kept else "",
    }


def _wave(told: WaveRecord) -> dict[str, Any]:
    said = told.fieldwork
    return _values(told, _WAVE) | {
        "fieldwork_first": said.first,
        "fieldwork_last": said.last,
        "fieldwork_precision": said.precision.value if said.precision else "",
        "fieldwork_said_fr": said.said_fr,
        "fieldwork_said_en": said.said_en,
    }


def _asked(asked: AskedRecord) -> dict[str, Any]:
    return _values(asked, _ASKED)


def _values(record: BaseModel, names: Iterable[str]) -> dict[str, Any]:
    return {name: _column(getattr(record, name)) for name in names}


def _column(value: Any) -> Any:
    """Return a value as a column holds it: codes for choices, lists for what has several."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_column(one) for one in value]
    return value.model_dump() if isinstance(value, BaseModel) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | dt.date):
        return str(value)
    if isinstance(value, models.Model):
        return str(getattr(value, "code", value.pk))
    return value
