"""The commune codes that a form receives, and what each means."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage.territories.levels import Level
from alliage.values.codes import InvalidCodeError, commune_code
from alliage_web.territories.models import Snapshot, Succession, Territory

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class CodeReading:
    """What a commune code means: a commune, or else what to say of it."""

    code: str
    commune: Territory | None = None
    successors: tuple[Territory, ...] = ()
    is_malformed: bool = False


def read_commune_codes(codes: Iterable[str]) -> dict[str, CodeReading]:
    """Return what each text means as the INSEE code of a commune of the current vintage."""
    given = list(dict.fromkeys(codes))
    formed = {text: code for text in given if (code := _commune_code(text))}
    rows = Snapshot.objects.filter(
        vintage__is_current=True,
        territory__level=Level.COMMUNE,
        territory__code__in=set(formed.values()),
    ).select_related("territory")
    communes = {row.territory.code: row.territory for row in rows}
    former: dict[str, list[Territory]] = defaultdict(list)
    for row in Succession.objects.filter(
        vintage__is_current=True, code__in=set(formed.values()) - set(communes)
    ).select_related("successor"):
        former[row.code].append(row.successor)
    return {
        text: CodeReading(
            code=formed.get(text, text),
            commune=communes.get(formed.get(text, "")),
            successors=tuple(former.get(formed.get(text, ""), ())),
            is_malformed=text not in formed,
        )
        for text in given
    }


def _commune_code(text: str) -> str | None:
    try:
        return commune_code(text)
    except InvalidCodeError:
        return None
