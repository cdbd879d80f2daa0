"""The list of alliances: what is chosen, what it keeps, and how many each choice would keep."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Concat, Substr
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alliage.territories.levels import Level
from alliage_web.actors.models import INVENTED, WorldChoices
from alliage_web.alliances.models import (
    Alliance,
    AllianceTerm,
    AllianceTerritory,
    Party,
    StageChoices,
)

from .cards import matching

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The whole country stands beside its regions: many alliances have a national scope.
COUNTRY = "FR"
TERM_FACETS = ("objective", "domain", "sdg")
PLACE_FACETS = ("region", "department")
FACETS = (*TERM_FACETS, *PLACE_FACETS, "world", "stage", "year")
SORTS: Mapping[str, tuple[str, ...]] = {
    "title": ("text_key", "pk"),
    "started": ("-started", "text_key", "pk"),
    "updated": ("-updated_at", "text_key", "pk"),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """What a reader chose: values add up inside a facet, facets narrow one another."""

    text: str = ""
    objective: tuple[str, ...] = ()
    domain: tuple[str, ...] = ()
    sdg: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    world: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    year: tuple[str, ...] = ()

    def chosen(self, facet: str) -> tuple[str, ...]:
        values: tuple[str, ...] = getattr(self, facet)
        return values

    def without(self, facet: str) -> Selection:
        """Return the same choices with one facet left open."""
        return replace(self, **cast("dict[str, Any]", {facet: ()}))

    @property
    def is_empty(self) -> bool:
        return self == Selection()


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet and how many alliances it would keep, given the other facets."""

    value: str
    label: str
    count: int
    selected: bool


def selected(selection: Selection) -> QuerySet[Alliance]:
    """Return the alliances that a selection keeps, in no order."""
    found = matching(selection.text).exclude(source=INVENTED).order_by()
    for facet in TERM_FACETS:
        if selection.chosen(facet):
            terms = AllianceTerm.objects.filter(
                term__scheme=facet, term__code__in=selection.chosen(facet)
            )
            found = found.filter(pk__in=terms.order_by().values("alliance"))
    for facet in PLACE_FACETS:
        if selection.chosen(facet):
            places = _located(facet).filter(place_code__in=selection.chosen(facet))
            found = found.filter(pk__in=places.values("alliance"))
    if selection.world:
        parties = Party.objects.filter(world__in=selection.world).order_by()
        found = found.filter(pk__in=parties.values("alliance"))
    if selection.stage:
        found = found.filter(stage__in=selection.stage)
    if selection.year:
        found = found.filter(_active_in(selection.year))
    return found


def listed(selection: Selection, sort: str) -> QuerySet[Alliance]:
    """Return the alliances that a selection keeps, in an order of `SORTS`."""
    return selected(selection).order_by(*SORTS[sort])


def _located(facet: str) -> QuerySet[Any]:
    """Give the places of alliances with the code and name of their region or department.

    A perimeter is where its communes are; a place above the level asked for has none.
    """
    own = Level.REGION if facet == "region" else Level.DEPARTMENT
    direct = f"territory__snapshots__{facet}"
    through = f"territory__perimeter__communes__snapshots__{facet}"
    current = Q(territory__snapshots__vintage__is_current=True) | Q(
        territory__perimeter__communes__snapshots__vintage__is_current=True
    )
    country = [When(territory__level=Level.COUNTRY, then=Value(COUNTRY))]
    return (
        AllianceTerritory.objects.filter(current | Q(territory__level=Level.COUNTRY))
        .annotate(
            place_code=Coalesce(
                _when(own, "code"),
                f"{direct}__code",
                f"{through}__code",
                Case(*country if facet == "region" else [], output_field=CharField()),
            ),
            place_name=Coalesce(
                _when(own, "name"), f"{direct}__name", f"{through}__name", Value("")
            ),
        )
        .exclude(place_code=None)
        .order_by()
    )


def _when(level: Level, column: str) -> Case:
    return Case(
        When(territory__level=level, then=F(f"territory__{column}")), output_field=CharField()
    )


def _active_in(years: Iterable[str]) -> Q:
    """Keep what had started by the end of a year, and had not ended before it."""
    found = Q(pk=None)
    for year in years:
        following = str(int(year) + 1)
        found |= Q(started__gt="", started__lt=following) & (Q(ended="") | Q(ended__gte=year))
    return found


def choices(selection: Selection, *, this_year: int) -> dict[str, list[Choice]]:
    """Return the choices of every facet, each counted under the choices of the others.

    One query. A choice that nothing has any more under the other facets is there with 0.
    """
    rows = _all_counts(selection)
    found = {
        facet: [(value, label, count) for name, value, label, _rank, count in rows if name == facet]
        for facet in FACETS
    }
    found["region"] = [(v, name or _("France entière"), n) for v, name, n in found["region"]]
    found["world"] = _labelled(found["world"], WorldChoices)
    found["stage"] = _labelled(found["stage"], StageChoices)
    found["year"] = _years([(value, count) for value, _label, count in found["year"]], this_year)
    return {facet: _mark(options, selection.chosen(facet)) for facet, options in found.items()}


Option = tuple[str, str, int]


def _all_counts(selection: Selection) -> list[tuple[str, str, str, int, int]]:
    language = "en" if (get_language() or "").startswith("en") else "fr"
    parts = [
        *(_term_counts(facet, selection, language) for facet in TERM_FACETS),
        *(_place_counts(facet, selection) for facet in PLACE_FACETS),
        _counts(Party.objects.all(), "world", F("world"), selection),
        _counts(Alliance.objects.exclude(stage=""), "stage", F("stage"), selection),
        _counts(Alliance.objects.exclude(started=""), "year", _SPAN, selection),
    ]
    rows = parts[0].union(*parts[1:], all=True)
    return sorted(rows, key=lambda row: (row[0], row[3], row[2], row[1]))


_SPAN = Concat(Substr("started", 1, 4), Value("/"), Substr("ended", 1, 4))


def _term_counts(facet: str, selection: Selection, language: str) -> QuerySet[Any, Any]:
    terms = AllianceTerm.objects.filter(term__scheme=facet)
    label, rank = F(f"term__label_{language}"), F("term__order")
    return _counts(terms, facet, F("term__code"), selection, label=label, rank=rank)


def _place_counts(facet: str, selection: Selection) -> QuerySet[Any, Any]:
    return _counts(_located(facet), facet, F("place_code"), selection, label=F("place_name"))


def _counts(
    rows: QuerySet[Any],
    facet: str,
    value: Any,
    selection: Selection,
    *,
    label: Any = Value(""),  # noqa: B008 - an expression is never changed
    rank: Any = Value(0),  # noqa: B008
) -> QuerySet[Any, Any]:
    """Count the alliances of each value among those that the other facets keep."""
    alliance = "pk" if rows.model is Alliance else "alliance"
    kept = Q(**{f"{alliance}__in": selected(selection.without(facet)).values("pk")})
    counted: QuerySet[Any, Any] = (
        rows.order_by()
        .annotate(
            facet=Value(facet, output_field=CharField()),
            facet_value=value,
            facet_label=label,
            facet_rank=rank,
        )
        .values("facet", "facet_value", "facet_label", "facet_rank")
        .annotate(facet_count=Count(alliance, filter=kept, distinct=True))
        .values_list("facet", "facet_value", "facet_label", "facet_rank", "facet_count")
    )
    return counted


def _labelled(options: list[Option], labels: Any) -> list[Option]:
    """Give choices their labels, in the order of the vocabulary."""
    counts = {value: count for value, _label, count in options}
    return [
        (value, str(label), counts[value]) for value, label in labels.choices if value in counts
    ]


def _years(spans: list[tuple[str, int]], this_year: int) -> list[Option]:
    """Count the alliances active in each year, the latest first."""
    first = min((int(span[:4]) for span, _count in spans), default=this_year + 1)
    return [
        (str(year), str(year), sum(count for span, count in spans if _during(year, span)))
        for year in range(this_year, first - 1, -1)
    ]


def _during(year: int, span: str) -> bool:
    start, _slash, end = span.partition("/")
    return int(start) <= year and (not end or year <= int(end))


def _mark(options: list[Option], values: tuple[str, ...]) -> list[Choice]:
    """Mark what is chosen; a value that no alliance has is there too, so that it can be removed."""
    known = [Choice(value, label, count, value in values) for value, label, count in options]
    there = {choice.value for choice in known}
    return known + [
        Choice(value, value, 0, selected=True) for value in values if value not in there
    ]
