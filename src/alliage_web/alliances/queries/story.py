"""The whole story of an alliance as one value: its page, its example and its sheet tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, CharField, DecimalField, F, Q, Sum, Value
from django.db.models.functions import Cast

from alliage.alliances.divergences import ValueRange, stated_range
from alliage.alliances.support import Amount, SupportTotal, support_totals
from alliage.alliances.vocabulary import AmountStatus, Lever, World
from alliage_web.alliances.models import (
    Alliance,
    AllianceTerm,
    AllianceTerritory,
    AmountStatusChoices,
    Assertion,
    Lesson,
    LeverChoices,
    Outcome,
    OutcomeStatusChoices,
    Party,
    Perspective,
    PerspectiveLevel,
    Support,
    TimelineEvent,
)
from alliage_web.territories.queries import facts_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping
    from decimal import Decimal

_WORLDS = [world.value for world in World]
#: Reserves read before their figure: « plus de 110 jeunes », but « 100 acteurs (une centaine) ».
_BEFORE_FIGURE = frozenset(
    {"environ", "plus de", "près de", "moins de", "au moins", "au plus", "jusqu’à", "presque"}
)


@dataclass(frozen=True, slots=True)
class Classified:
    """A term under which the alliance stands: said by a source, or derived with a reason."""

    scheme: str
    code: str
    label: str
    definition: str
    reading: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class PlaceOfAlliance:
    """A territory where the alliance acts. Figures are None when they are unknown."""

    territory_id: int
    level: str
    level_label: str
    code: str
    name: str
    context: str
    note: str
    population: int | None
    population_year: int | None
    size_class: str
    x: float | None
    y: float | None
    latitude: float | None
    longitude: float | None
    url: str


@dataclass(frozen=True, slots=True)
class PartyOfAlliance:
    """Who takes part; a group that no register names has no organisation."""

    name: str
    organisation_id: int | None
    organisation_slug: str
    organisation_name: str
    world: str
    world_label: str
    profile: str
    profile_label: str
    role: str
    brings: str
    entered: str
    left: str
    source: str
    url: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A date of the alliance, as precisely as it is known."""

    start: str
    end: str
    precision: str
    planned: bool
    text: str
    boxed: bool
    source: str


@dataclass(frozen=True, slots=True)
class OutcomeOfAlliance:
    """What came of it. A figure goes with its unit, its status and its source."""

    text: str
    value: Decimal | None
    qualifier: str
    unit: str
    status: str
    status_label: str
    as_of: str
    source: str

    @property
    def is_reserved_before(self) -> bool:
        """Tell whether the reserve is read before the figure."""
        return self.qualifier.lower() in _BEFORE_FIGURE


@dataclass(frozen=True, slots=True)
class AmountOfSupport:
    eur: Decimal
    first_year: int | None
    last_year: int | None
    purpose: str
    status: str
    status_label: str
    reading: str
    part_of_parent: bool
    source: str


@dataclass(frozen=True, slots=True)
class SupportOfAlliance:
    """What one lever brought. ``na``: the source says that it was not used."""

    lever: str
    lever_label: str
    text: str
    na: bool
    na_text: str
    amounts: tuple[AmountOfSupport, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A lesson or a perspective; ``level`` is that of a perspective."""

    text: str
    source: str
    level: str = ""
    level_label: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one source says."""

    claim: str
    value: Decimal | None
    unit: str
    stated_on: str
    source: str


@dataclass(frozen=True, slots=True)
class DivergenceOfAlliance:
    """Statements that do not agree, side by side, with their range when they have one."""

    code: str
    subject: str
    reading: str
    assertions: tuple[Statement, ...]
    range: ValueRange | None


@dataclass(frozen=True, slots=True)
class Relative:
    """An alliance above or below; money granted to it, and what of it is counted above too."""

    id: int
    code: str
    slug: str
    title: str
    kind: str
    url: str
    granted: Decimal | None = None
    granted_counted_above: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AllianceStory:
    """Everything that is known of an alliance. Empty texts and None are unknown."""

    id: int
    code: str
    slug: str
    title: str
    title_fr: str
    title_en: str
    kind: str
    stage: str
    stage_label: str
    stage_reading: str
    stage_reason: str
    started: str
    ended: str
    summary: str
    summary_fr: str
    summary_en: str
    why: str
    reusable: str
    territory_note: str
    private_fund_to_public_authority: bool
    notes: tuple[str, ...]
    source: str
    created_by_id: int | None
    created_at: dt.datetime
    updated_at: dt.datetime
    url: str
    classification: tuple[Classified, ...]
    places: tuple[PlaceOfAlliance, ...]
    parties: tuple[PartyOfAlliance, ...]
    timeline: tuple[Moment, ...]
    outcomes: tuple[OutcomeOfAlliance, ...]
    supports: tuple[SupportOfAlliance, ...]
    lessons: tuple[Told, ...]
    perspectives: tuple[Told, ...]
    divergences: tuple[DivergenceOfAlliance, ...]
    parent: Relative | None
    components: tuple[Relative, ...]

    @property
    def stable_name(self) -> str:
        """The name of this alliance in the trail and in the roles held there."""
        return f"alliance:{self.slug}"

    def terms(self, scheme: str) -> tuple[Classified, ...]:
        """Return the terms of one scheme, in their order."""
        return tuple(item for item in self.classification if item.scheme == scheme)

    @property
    def objectives(self) -> tuple[Classified, ...]:
        return self.terms("objective")

    @property
    def impact_natures(self) -> tuple[Classified, ...]:
        return self.terms("impact_nature")

    @property
    def domains(self) -> tuple[Classified, ...]:
        return self.terms("domain")

    @property
    def sdgs(self) -> tuple[Classified, ...]:
        return self.terms("sdg")

    @property
    def sdg_targets(self) -> tuple[Classified, ...]:
        return self.terms("sdg_target")

    @property
    def worlds(self) -> tuple[str, ...]:
        """The worlds of the parties, in the order of the vocabulary."""
        found = {party.world for party in self.parties}
        return tuple(world for world in _WORLDS if world in found)

    @property
    def size_classes(self) -> tuple[str, ...]:
        """The size classes of the territories, each once, in the order of the territories."""
        found = (place.size_class for place in self.places if place.size_class)
        return tuple(dict.fromkeys(found))

    @property
    def totals(self) -> dict[AmountStatus, SupportTotal]:
        """Support granted and support under condition, never added together."""
        return support_totals(
            Amount(amount.eur, AmountStatus(amount.status), amount.part_of_parent)
            for support in self.supports
            for amount in support.amounts
        )


def story(*, slug: str | None = None, id: int | None = None) -> AllianceStory | None:  # noqa: A002 - reads as the address does
    """Tell an alliance, found by its address or its key, in a constant number of queries."""
    chosen = Q(slug=slug) if slug is not None else Q(pk=id)
    alliance = Alliance.objects.select_related("part_of").filter(chosen).first()
    if alliance is None:
        return None
    key = alliance.pk
    timeline, outcomes, lessons, perspectives = _told(key)
    return AllianceStory(
        id=key,
        code=alliance.code,
        slug=alliance.slug,
        title=alliance.display_title,
        title_fr=alliance.title,
        title_en=alliance.title_en,
        kind=alliance.display_kind,
        stage=alliance.stage,
        stage_label=str(alliance.get_stage_display()),
        stage_reading=alliance.stage_reading,
        stage_reason=alliance.stage_reason,
        started=alliance.started,
        ended=alliance.ended,
        summary=alliance.display_summary,
        summary_fr=alliance.summary,
        summary_en=alliance.summary_en,
        why=alliance.why,
        reusable=alliance.reusable,
        territory_note=alliance.territory_note,
        private_fund_to_public_authority=alliance.private_fund_to_public_authority,
        notes=tuple(alliance.notes),
        source=alliance.source,
        created_by_id=alliance.created_by_id,
        created_at=alliance.created_at,
        updated_at=alliance.updated_at,
        url=alliance.get_absolute_url(),
        classification=_classification(key),
        places=_places(key),
        parties=_parties(key),
        timeline=timeline,
        outcomes=outcomes,
        supports=supports_of([key]).get(key, ()),
        lessons=lessons,
        perspectives=perspectives,
        divergences=_divergences(key),
        parent=_relative(alliance.part_of) if alliance.part_of else None,
        components=_components(key),
    )


def _classification(key: int) -> tuple[Classified, ...]:
    found = AllianceTerm.objects.filter(alliance=key).select_related("term")
    return tuple(
        Classified(
            scheme=item.term.scheme,
            code=item.term.code,
            label=item.term.label,
            definition=item.term.definition,
            reading=item.reading,
            reason=item.reason,
            source=item.source,
        )
        for item in found.order_by("term__scheme", "term__order", "pk")
    )


def _places(key: int) -> tuple[PlaceOfAlliance, ...]:
    found = list(
        AllianceTerritory.objects.filter(alliance=key).select_related("territory").order_by("pk")
    )
    facts = facts_of(place.territory_id for place in found)
    return tuple(_place(place, facts.get(place.territory_id)) for place in found)


def _place(place: AllianceTerritory, facts: Any) -> PlaceOfAlliance:
    """Describe a place; a territory that the current vintage no longer has keeps its name."""
    return PlaceOfAlliance(
        territory_id=place.territory_id,
        level=place.territory.level,
        level_label=str(place.territory.get_level_display()),
        code=place.territory.code,
        name=facts.name if facts else place.territory.name,
        context=facts.context if facts else "",
        note=place.note,
        population=facts.population if facts else None,
        population_year=facts.population_year if facts else None,
        size_class=facts.size_class if facts else "",
        x=facts.x if facts else None,
        y=facts.y if facts else None,
        latitude=facts.latitude if facts else None,
        longitude=facts.longitude if facts else None,
        url=place.territory.get_absolute_url(),
    )


def _parties(key: int) -> tuple[PartyOfAlliance, ...]:
    found = Party.objects.filter(alliance=key).select_related("organisation")
    return tuple(
        PartyOfAlliance(
            name=party.name,
            organisation_id=party.organisation_id,
            organisation_slug=party.organisation.slug if party.organisation else "",
            organisation_name=party.organisation.name if party.organisation else "",
            world=party.world,
            world_label=str(party.get_world_display()),
            profile=party.profile,
            profile_label=str(party.get_profile_display()) if party.profile else "",
            role=party.role,
            brings=party.brings,
            entered=party.entered,
            left=party.left,
            source=party.source,
            url=party.organisation.get_absolute_url() if party.organisation else "",
        )
        for party in found.order_by("order", "pk")
    )


Sentences = tuple[
    tuple[Moment, ...], tuple[OutcomeOfAlliance, ...], tuple[Told, ...], tuple[Told, ...]
]
_NO_TEXT = Cast(Value(""), CharField())
_NO = Cast(Value(0), BooleanField())
#: The columns that the four tables share once they are read together; each fills its own.
_COLUMNS: Mapping[str, Any] = {
    "code": _NO_TEXT,
    "first": _NO_TEXT,
    "last": _NO_TEXT,
    "flag": _NO,
    "mark": _NO,
    "figure": Cast(Value(None), DecimalField(max_digits=16, decimal_places=2)),
    "reserve": _NO_TEXT,
    "measure": _NO_TEXT,
}


def _told(key: int) -> Sentences:
    """Read the four lists of sentences in one query: dates, outcomes, lessons, perspectives."""
    parts = (
        _sentences(TimelineEvent, key, code="precision", first="start", last="end", flag="planned",
                   mark="boxed"),
        _sentences(Outcome, key, code="status", first="as_of", figure="value", reserve="qualifier",
                   measure="unit"),
        _sentences(Lesson, key),
        _sentences(Perspective, key, code="level"),
    )  # fmt: skip
    rows: dict[str, list[dict[str, Any]]] = {
        model.__name__: [] for model in (TimelineEvent, Outcome, Lesson, Perspective)
    }
    for row in parts[0].union(*parts[1:], all=True):
        rows[row["table"]].append(row)
    for name, found in rows.items():
        dated = name == TimelineEvent.__name__
        found.sort(key=lambda row: (row["first"] if dated else "", row["rank"], row["pk"]))
    return (
        tuple(_moment(row) for row in rows["TimelineEvent"]),
        tuple(_outcome(row) for row in rows["Outcome"]),
        tuple(Told(row["said"], row["cited"]) for row in rows["Lesson"]),
        tuple(_perspective(row) for row in rows["Perspective"]),
    )


def _sentences(model: Any, key: int, **columns: str) -> Any:
    filled = {**_COLUMNS, **{name: F(column) for name, column in columns.items()}}
    return (
        model._default_manager.filter(alliance=key)  # noqa: SLF001
        .order_by()
        .annotate(
            table=Value(model.__name__, output_field=CharField()),
            rank=F("order"),
            said=F("text"),
            cited=F("source"),
            **filled,
        )
        .values("table", "pk", "rank", "said", "cited", *_COLUMNS)
    )


def _moment(row: dict[str, Any]) -> Moment:
    return Moment(
        start=row["first"],
        end=row["last"],
        precision=row["code"],
        planned=bool(row["flag"]),
        text=row["said"],
        boxed=bool(row["mark"]),
        source=row["cited"],
    )


def _outcome(row: dict[str, Any]) -> OutcomeOfAlliance:
    return OutcomeOfAlliance(
        text=row["said"],
        value=row["figure"],
        qualifier=row["reserve"],
        unit=row["measure"],
        status=row["code"],
        status_label=str(OutcomeStatusChoices(row["code"]).label),
        as_of=row["first"],
        source=row["cited"],
    )


def _perspective(row: dict[str, Any]) -> Told:
    level = PerspectiveLevel(row["code"])
    return Told(row["said"], row["cited"], level.value, str(level.label))


def supports_of(keys: Collection[int]) -> dict[int, tuple[SupportOfAlliance, ...]]:
    """Read the supports of alliances and their amounts in one query, in the order of the levers."""
    rows = Support.objects.filter(alliance__in=keys).order_by("pk", "amounts__pk").values(
        "alliance_id", "lever", "text", "na", "na_text", *(f"amounts__{name}" for name in _AMOUNT)
    )  # fmt: skip
    found: dict[int, dict[str, tuple[dict[str, Any], list[AmountOfSupport]]]] = {}
    for row in rows:
        of_alliance = found.setdefault(row["alliance_id"], {})
        _, amounts = of_alliance.setdefault(row["lever"], (row, []))
        if row["amounts__eur"] is not None:
            amounts.append(_amount(row))
    return {
        key: tuple(_support(lever, *levers[lever]) for lever in Lever if lever in levers)
        for key, levers in found.items()
    }


def _support(
    lever: Lever, row: dict[str, Any], amounts: list[AmountOfSupport]
) -> SupportOfAlliance:
    return SupportOfAlliance(
        lever=lever.value,
        lever_label=str(LeverChoices(lever.value).label),
        text=row["text"],
        na=row["na"],
        na_text=row["na_text"],
        amounts=tuple(amounts),
    )


_AMOUNT = ("eur", "first_year", "last_year", "purpose", "status", "reading", "part_of_parent",
           "source")  # fmt: skip


def _amount(row: dict[str, Any]) -> AmountOfSupport:
    values = {name: row[f"amounts__{name}"] for name in _AMOUNT}
    return AmountOfSupport(**values, status_label=str(AmountStatusChoices(values["status"]).label))


def _divergences(key: int) -> tuple[DivergenceOfAlliance, ...]:
    statements = Assertion.objects.filter(divergence__alliance=key).select_related("divergence")
    found: dict[int, list[Assertion]] = {}
    for statement in statements.order_by("divergence__code", "divergence", "order", "pk"):
        found.setdefault(statement.divergence_id, []).append(statement)
    return tuple(_divergence(group) for group in found.values())


def _divergence(statements: list[Assertion]) -> DivergenceOfAlliance:
    divergence = statements[0].divergence
    return DivergenceOfAlliance(
        code=divergence.code,
        subject=divergence.subject,
        reading=divergence.reading,
        assertions=tuple(
            Statement(item.claim, item.value, item.unit, item.stated_on, item.source)
            for item in statements
        ),
        range=stated_range((item.value, item.unit) for item in statements),
    )


def _relative(alliance: Any) -> Relative:
    return Relative(
        id=alliance.pk,
        code=alliance.code,
        slug=alliance.slug,
        title=alliance.display_title,
        kind=alliance.display_kind,
        url=alliance.get_absolute_url(),
        granted=getattr(alliance, "granted", None),
        granted_counted_above=getattr(alliance, "granted_counted_above", None),
    )


def _components(key: int) -> tuple[Relative, ...]:
    granted = Q(supports__amounts__status=AmountStatus.GRANTED.value)
    counted = granted & Q(supports__amounts__part_of_parent=True)
    found = Alliance.objects.filter(part_of=key).annotate(
        granted=Sum("supports__amounts__eur", filter=granted),
        granted_counted_above=Sum("supports__amounts__eur", filter=counted),
    )
    return tuple(_relative(alliance) for alliance in found.order_by("started", "text_key", "pk"))
