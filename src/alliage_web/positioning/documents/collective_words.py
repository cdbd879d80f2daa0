"""What those who agreed answered together, in tables: the page and the file tell the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from alliage.positioning.collective import Answer, Topic
from alliage.positioning.questionnaire import questionnaire
from alliage.survey.protection.disclosure import TOTAL
from alliage.values.cells import write_csv
from alliage_web.positioning.queries.collective import Breakdown
from alliage_web.ui.components import Cell, Column, DataTable

from .result_words import door_name, question_of, step_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage.positioning.collective import Asked, Table
    from alliage_web.positioning.queries.collective import Collective

#: Codes, so that programs read the same in every language.
_HEADER = (
    *("territory", "territory_label", "breakdown", "group", "group_label", "question", "door"),
    *("answer", "answer_label", "people", "count", "status", "rounding_margin", "formed_on"),
    *("base", "notice"),
)


def breakdown_label(breakdown: Breakdown) -> str:
    """Return what the tables are broken down by."""
    return {
        Breakdown.TERRITORY: _("Par territoire"),
        Breakdown.WORLD: _("Par monde"),
        Breakdown.SIZE: _("Par taille"),
    }[breakdown]


def sections(found: Collective, links: Mapping[str, str]) -> list[tuple[str, list[DataTable]]]:
    """Return the tables under their titles: what is preferred, then each door.

    ``links`` are the addresses of the groups that may be opened, by code.
    """
    tables = {one.question.code: one for one in found.tables}
    names = {door.code: door_name(door) for door in questionnaire().doors}
    return [
        (
            _("Portes préférées"),
            [
                _table(tables[str(Topic.DOOR)], found, links),
                _table(tables[str(Topic.DOUBT)], found, links),
            ],
        ),
        *(
            (
                name,
                [
                    _table(tables[f"{topic}:{code}"], found, links)
                    for topic in (Topic.STEP, Topic.BLOCKING)
                ],
            )
            for code, name in names.items()
        ),
    ]


def _table(one: Table, found: Collective, links: Mapping[str, str]) -> DataTable:
    if one.question.topic in {Topic.DOOR, Topic.BLOCKING}:
        return _by_answer(one, found)
    return DataTable(
        caption=_caption(one.question),
        columns=(
            Column(_first_column(found.breakdown)),
            Column(_("Personnes"), numeric=True),
            *(
                Column(answer_label(one.question, answer), numeric=True)
                for answer in one.question.answers
            ),
            Column(_("Arrondi, à ± près"), numeric=True),
        ),
        rows=tuple(
            (
                Cell(group_label(found, line.group), links.get(line.group, "")),
                str(line.people),
                *(_count(line.counts[answer]) for answer in one.question.answers),
                str(line.margin),
            )
            for line in one.lines
        ),
        note=_note(one.question),
    )


def _by_answer(one: Table, found: Collective) -> DataTable:
    """Return the same, lines and columns exchanged: these answers are told in many words."""
    return DataTable(
        caption=_caption(one.question),
        columns=(
            Column(_("Porte") if one.question.topic is Topic.DOOR else _("Fait")),
            *(Column(group_label(found, line.group), numeric=True) for line in one.lines),
        ),
        rows=(
            *(
                (
                    answer_label(one.question, answer),
                    *(_count(line.counts[answer]) for line in one.lines),
                )
                for answer in one.question.answers
            ),
            (_("Personnes"), *(str(line.people) for line in one.lines)),
            (_("Arrondi, à ± près"), *(str(line.margin) for line in one.lines)),
        ),
        note=_note(one.question),
    )


def _caption(asked: Asked) -> str:
    said = {
        Topic.DOOR: _("Quelle porte les comparaisons désignent"),
        Topic.DOUBT: _("Réponses à clarifier en entretien"),
        Topic.STEP: _("Étape où l’on en est"),
        Topic.BLOCKING: _("Le premier fait qui retient de l’étape suivante"),
    }[asked.topic]
    if not asked.door:
        return said
    names = {door.code: door_name(door) for door in questionnaire().doors}
    return f"{said} · {names[asked.door]}"


def _note(asked: Asked) -> str:
    if asked.topic is Topic.DOOR:
        return _(
            "« À clarifier » : les comparaisons tournent en rond ou hésitent trop ; aucune porte "
            "n’est choisie à leur place."
        )
    if asked.topic is Topic.DOUBT:
        return _("Une contradiction : deux faits déclarés qui ne peuvent pas être vrais ensemble.")
    return ""


def _first_column(breakdown: Breakdown) -> str:
    return {
        Breakdown.TERRITORY: _("Territoire"),
        Breakdown.WORLD: _("Monde"),
        Breakdown.SIZE: _("Taille"),
    }[breakdown]


def answer_label(asked: Asked, answer: str) -> str:
    """Return an answer in words."""
    if answer == Answer.UNKNOWN:
        return _("Ne sait pas")
    if asked.topic is Topic.DOOR:
        doors = {door.code: door_name(door) for door in questionnaire().doors}
        return doors.get(answer) or (
            _("Deux portes ou plus") if answer == Answer.SEVERAL else _("À clarifier")
        )
    if asked.topic is Topic.DOUBT:
        return _("Se contredit") if answer == Answer.CONTRADICTION else _("Ne se contredit pas")
    if asked.topic is Topic.STEP:
        name = step_name(int(answer))
        return name[:1].upper() + name[1:]
    if answer == Answer.NOTHING:
        return _("Rien : dernière étape")
    return question_of(next(one for one in questionnaire().behaviours if one.code == answer))


def group_label(found: Collective, code: str) -> str:
    """Return the name of a line."""
    if code == TOTAL:
        return _("Ensemble")
    if code:
        return found.groups[code].label
    return {
        Breakdown.TERRITORY: _("Non précisé"),
        Breakdown.WORLD: _("Monde non précisé"),
        Breakdown.SIZE: _("Taille non précisée"),
    }[found.breakdown]


def _count(value: int | None) -> str:
    return _("masqué") if value is None else str(value)


def collective_csv(found: Collective, notice: str) -> str:
    """Write the protected tables, one line for each count; what is masked has no figure."""
    where = found.territory
    base = _("personnes qui ont répondu d’elles-mêmes et accepté d’être comptées")
    rows: list[Sequence[str]] = [_HEADER]
    for one in found.tables:
        asked = one.question
        rows += (
            (
                f"{where.level}/{where.code}",
                where.name,
                found.breakdown.value,
                line.group,
                group_label(found, line.group),
                str(asked.topic),
                asked.door,
                answer,
                answer_label(asked, answer),
                str(line.people),
                "" if count is None else str(count),
                "masked" if count is None else "shown",
                str(line.margin),
                found.formed_on.isoformat() if found.formed_on else "",
                base,
                notice,
            )
            for line in one.lines
            for answer, count in line.counts.items()
        )
    return write_csv(rows)
