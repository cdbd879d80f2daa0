"""What the trail keeps of an alliance, in the words of the interface."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext_lazy

from alliage_web.alliances.models import Alliance
from alliage_web.audit.queries import readable
from alliage_web.vocabulary.models import Scheme

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.utils.functional import _StrPromise

    from alliage_web.audit.queries import HistoryLine, ReadableLine

EVENTS: Mapping[str, _StrPromise] = {
    "alliance.created": gettext_lazy("Alliance décrite"),
    "alliance.updated": gettext_lazy("Alliance modifiée"),
    "personal-data.removed": gettext_lazy("Données d’une personne retirées d’un texte"),
}

_SECTIONS: Mapping[str, _StrPromise] = {
    "personal_data": gettext_lazy("Champs concernés"),
    "terms": gettext_lazy("Classement"),
    "territories": gettext_lazy("Territoires"),
    "parties": gettext_lazy("Parties prenantes"),
    "timeline": gettext_lazy("Chronologie"),
    "outcomes": gettext_lazy("Résultats"),
    "supports": gettext_lazy("Soutiens"),
    "lessons": gettext_lazy("Enseignements"),
    "perspectives": gettext_lazy("Perspectives"),
    "divergences": gettext_lazy("Sources qui divergent"),
    "private_fund_to_public_authority": gettext_lazy("Fonds privé et autorité publique"),
    "stage_reading": gettext_lazy("Lecture de l’étape"),
    "stage_reason": gettext_lazy("Raison de l’étape"),
}


def field_label(name: str) -> str:
    """Name a field or a list of an alliance."""
    if name in _SECTIONS:
        return str(_SECTIONS[name])
    try:
        field = Alliance._meta.get_field(name)  # noqa: SLF001 - Django's own door
    except FieldDoesNotExist:
        # The trail outlives the fields that it tells of.
        return name
    return str(getattr(field, "verbose_name", name)).capitalize()


def history_in_words(lines: Iterable[HistoryLine]) -> list[ReadableLine]:
    """Put what was written on an alliance in words."""
    shown = [
        replace(
            line,
            changes={
                name: [value_in_words(side) for side in pair] for name, pair in line.changes.items()
            },
        )
        for line in lines
    ]
    names = {name for line in shown for name in line.changes}
    labels = {name: field_label(name) for name in names}
    return readable(shown, kinds=EVENTS, fields=labels)


def value_in_words(value: Any) -> Any:
    """Write a value of an alliance as a text; a list of rows is one line a row."""
    if isinstance(value, list):
        return " ; ".join(
            _row_in_words(row) if isinstance(row, dict) else str(row) for row in value
        )
    return value


_SAID_FIRST = ("lever", "scheme", "level", "code", "start", "name", "subject", "eur", "text",
               "value", "unit", "role", "note")  # fmt: skip


def _row_in_words(row: Mapping[str, Any]) -> str:
    """Name a row by what a reader knows it by."""
    said = [str(row[key]) for key in _SAID_FIRST if row.get(key) not in (None, "", False)]
    if "scheme" in row:
        said[0] = str(Scheme(row["scheme"]).label)
    return " ".join(said)
