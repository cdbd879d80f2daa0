"""A result on a sheet, to take to a meeting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from alliage_web.ui.printing import print_pdf

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.positioning.queries.orientation import Orientation
    from alliage_web.positioning.queries.orientation_words import Line
    from alliage_web.ui.components import DataTable

    from .result_words import ToldDoor, ToldResult

_TEMPLATE = Path(__file__).parents[1] / "typst" / "result.typ"


def result_sheet(
    said: ToldResult,
    orientation: Orientation,
    *,
    context: tuple[tuple[str, str], ...],
    version: int,
    day: dt.date,
) -> bytes:
    """Print a result, then whom to see and what to read, in the language of the page."""
    blocks = [
        *([{"kind": "warning", "text": said.partial}] if said.partial else []),
        *([{"kind": "text", "text": said.to_do}] if said.to_do else []),
        *(block for door in said.doors for block in _door(door)),
        *_warm_up(said.warm_up),
        *_contradictions(said.contradictions),
        *_context(context),
        _table(said.table),
        {"kind": "text", "text": said.note},
        *_orientation(orientation),
    ]
    return print_pdf(
        _TEMPLATE,
        it={
            "language": translation.get_language() or "fr",
            "eyebrow": _("Se situer pour faire alliance"),
            "title": said.title,
            "lede": said.lede,
            "status": said.status,
            "blocks": blocks,
            "footer": _("Questionnaire, version %(version)d · répondu ou gardé le %(day)s")
            % {"version": version, "day": date_format(day, "j F Y")},
        },
    )


def _door(door: ToldDoor) -> list[dict[str, Any]]:
    lines = [f"{door.intention}. {door.step}"]
    if door.action:
        lines.append(_("Prochaine action : %(action)s") % {"action": door.action})
    if door.blocking:
        lines.append(
            _(
                "Ce qui retient de l’étape suivante : %(question)s Aujourd’hui : %(today)s. "
                "À viser : %(aim)s."
            )
            % {"question": door.blocking, "today": door.today, "aim": door.aim}
        )
    title = f"{door.name} · {door.chances}"
    return [{"kind": "heading", "text": title}, *({"kind": "text", "text": one} for one in lines)]


def _warm_up(text: str) -> list[dict[str, Any]]:
    if not text:
        return []
    return [
        {"kind": "heading", "text": _("Pour s’échauffer")},
        {"kind": "text", "text": text},
    ]


def _contradictions(reasons: tuple[str, ...]) -> list[dict[str, Any]]:
    if not reasons:
        return []
    return [
        {"kind": "heading", "text": _("À clarifier en entretien")},
        *({"kind": "text", "text": f"{one}."} for one in reasons),
    ]


def _context(told: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    if not told:
        return []
    return [
        {"kind": "heading", "text": _("Ce que vous avez dit pour la suite")},
        *({"kind": "text", "text": f"{label} : {text}"} for label, text in told),
    ]


def _orientation(found: Orientation) -> list[dict[str, Any]]:
    title = (
        _("Pour avancer, autour de %(place)s") % {"place": found.place}
        if found.place
        else _("Pour avancer")
    )
    blocks: list[dict[str, Any]] = [{"kind": "page", "text": title}]
    if found.place_told:
        blocks.append({"kind": "text", "text": found.place_told})
    for part in found.parts:
        blocks.append({"kind": "heading", "text": part.title})
        blocks.append({"kind": "text", "text": part.told})
        blocks += [_line(line) for line in part.lines]
    return blocks


def _line(line: Line) -> dict[str, Any]:
    facts = " · ".join(f"{label} : {text}" for label, text in line.facts)
    unverified = [
        _("Source extérieure, à vérifier : %(fact)s (%(publisher)s)")
        % {"fact": fact, "publisher": publisher}
        for fact, publisher, _address in line.unverified
    ]
    checks = [_("À vérifier : %(check)s") % {"check": check} for check in line.checks]
    return {
        "kind": "line",
        "title": line.title,
        "texts": [line.summary, line.why, facts, *unverified, *checks],
    }


def _table(table: DataTable) -> dict[str, Any]:
    return {
        "kind": "table",
        "caption": str(table.caption),
        "columns": [[str(column.label), column.numeric] for column in table.columns],
        "rows": [[str(cell) for cell in row] for row in table.rows],
        "note": str(table.note),
    }
