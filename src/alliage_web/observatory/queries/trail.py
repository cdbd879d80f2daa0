"""What the trail tells of the observatory: its events and fields in words, its objects by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from alliage_web.audit.queries import readable
from alliage_web.observatory.models import (
    Debate,
    Question,
    Release,
    RespondentFile,
    Study,
    Wave,
)

from . import catalogue_wording, wording

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from alliage_web.audit.queries import HistoryLine, ReadableLine

EVENTS: Mapping[str, Any] = {**catalogue_wording.EVENTS, **wording.EVENTS}
_FIELDS: Mapping[str, Any] = {**catalogue_wording.FIELDS, **wording.FIELDS}


def told(lines: Iterable[HistoryLine]) -> list[ReadableLine]:
    """Put events of the observatory in words."""
    return readable(lines, kinds=EVENTS, fields=_FIELDS)


def _uuids(names: Collection[str]) -> list[UUID]:
    found = []
    for name in names:
        try:
            found.append(UUID(name))
        except ValueError:
            continue
    return found


def _waves(names: Collection[str]) -> Iterable[Any]:
    pairs = [name.split(":")[:2] for name in names if ":" in name]
    rows = Wave.objects.select_related("study").filter(study__code__in=[one for one, _ in pairs])
    return [row for row in rows if [row.study.code, row.code] in pairs]


#: How the objects of a family are found by the end of their stable names.
FINDERS: Mapping[str, Callable[[Collection[str]], Iterable[Any]]] = {
    "study": lambda codes: Study.objects.filter(code__in=codes),
    "wave": _waves,
    "survey-question": lambda codes: Question.objects.filter(code__in=codes),
    "respondents": lambda names: RespondentFile.objects.filter(uuid__in=_uuids(names)),
    "release": lambda names: Release.objects.select_related("wave__study").filter(
        uuid__in=_uuids(names)
    ),
    "debate": lambda names: Debate.objects.filter(uuid__in=_uuids(names)),
}
