"""Finding a territory: by its code, by a former code, by what someone typed."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Case, F, Q, Value, When

from alliage.territories.levels import Level
from alliage.values.text import name_key
from alliage_web.territories.models import LevelChoices, SearchKey, Succession, Territory

from .facts import TerritoryFacts, facts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

# « Saint-Denis 93 », « Saint-Denis (93) »: a name, then the beginning of a code.
_NAME_AND_PLACE = re.compile(r"(?P<name>.*[a-z].*) (?P<place>\d{2,5}|2[ab]\d{0,3})")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A territory that a typed text may mean. ``value`` is what a form sends back."""

    territory_id: int
    level: str
    level_label: str
    code: str
    name: str
    context: str
    url: str
    latitude: float | None
    longitude: float | None

    @property
    def value(self) -> str:
        """The level and the code: ``commune/94080``."""
        return f"{self.level}/{self.code}"


def resolve(level: str, code: str) -> Territory | None:
    """Return the territory of a level and code, whether or not the current vintage has it."""
    if not code.isprintable():
        # PostgreSQL refuses a text with a null character; no code has one.
        return None
    return Territory.objects.filter(level=level, code=code).first()


def by_codes(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Territory]:
    """Return the territories of many (level, code); those that do not exist are absent."""
    codes: dict[str, set[str]] = defaultdict(set)
    for level, code in pairs:
        codes[level].add(code)
    if not codes:
        return {}
    wanted = Q(pk=None)
    for level, of_level in codes.items():
        wanted |= Q(level=level, code__in=of_level)
    return {(found.level, found.code): found for found in Territory.objects.filter(wanted)}


def successors(code: str) -> list[Succession]:
    """Return where a former commune code leads in the current vintage, by successor."""
    if not code.isprintable():
        return []
    return list(
        Succession.objects.filter(vintage__is_current=True, code=code)
        .select_related("successor")
        .order_by("successor__code", "pk")
    )


def suggest(text: str, *, levels: Iterable[str] | None = None, limit: int = 10) -> list[Suggestion]:
    """Return the territories that a text may mean, the whole name first, then the most populated.

    A name may be begun at any word; accents, hyphens and « st » do not matter. Postal and INSEE
    codes may be begun too, and a name may be followed by that of its department: « st denis 93 ».
    """
    key = name_key(text)
    if not key:
        return []
    keys = (
        SearchKey.objects.filter(Q(vintage__is_current=True) | Q(vintage=None))
        .filter(_meant_by(key))
        .annotate(rank=_rank_of(key), is_grouping=~Q(level=Level.COMMUNE))
        .order_by("rank", F("population").desc(nulls_last=True), "is_grouping", "key", "pk")
    )
    if levels is not None:
        keys = keys.filter(level__in=[str(level) for level in levels])
    # Several keys of one territory may match: « Saint » begins « Saint-Maur » and its end.
    ids = list(dict.fromkeys(keys.values_list("territory_id", flat=True)[: 4 * limit]))[:limit]
    facts = facts_of(ids)
    return [_suggestion(facts[found]) for found in ids if found in facts]


def identify(text: str, *, levels: Iterable[str] | None = None) -> list[Suggestion]:
    """Return the territories that a form field means: one if it is clear, several if it is not.

    The field holds what the autocomplete chose (``commune/94080``) or, without JavaScript, what was
    typed: a code or a name, with its department if other territories have the same.
    """
    level, _slash, code = text.strip().partition("/")
    allowed = LevelChoices.values if levels is None else [str(item) for item in levels]
    if code and level in allowed:
        territory = resolve(level, code)
        return [
            _suggestion(facts) for facts in facts_of([territory.pk] if territory else []).values()
        ]
    found = suggest(text, levels=levels, limit=20)
    key = name_key(text)
    exact = [item for item in found if key in {name_key(item.name), item.code.lower()}]
    match = _NAME_AND_PLACE.fullmatch(key)
    if match and not exact:
        exact = [
            item
            for item in found
            if name_key(item.name) == match["name"] and item.code.lower().startswith(match["place"])
        ]
    return exact or found


def _meant_by(key: str) -> Q:
    if len(key) == 1:
        return Q(key=key)
    meant = _starting_with(key)
    match = _NAME_AND_PLACE.fullmatch(key)
    if match:
        place = match["place"].upper()
        meant |= _starting_with(match["name"]) & Q(territory__code__startswith=place)
    return meant


def _starting_with(beginning: str) -> Q:
    if connection.vendor == "sqlite":
        # SQLite compares bytes: a range uses the index, which LIKE with an escape does not.
        return Q(key__gte=beginning, key__lt=beginning + "\N{REPLACEMENT CHARACTER}")
    return Q(key__startswith=beginning)


def _rank_of(key: str) -> Case:
    match = _NAME_AND_PLACE.fullmatch(key)
    exact = Q(key=key) | (Q(key=match["name"]) if match else Q(pk=None))
    return Case(When(exact, is_whole=True, then=Value(0)), default=Value(1))


def _suggestion(facts: TerritoryFacts) -> Suggestion:
    return Suggestion(
        territory_id=facts.territory_id,
        level=facts.level,
        level_label=facts.level_label,
        code=facts.code,
        name=facts.name,
        context=facts.context,
        url=facts.url,
        latitude=facts.latitude,
        longitude=facts.longitude,
    )
