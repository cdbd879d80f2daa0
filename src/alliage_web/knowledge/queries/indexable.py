"""What the search may find, read from the tables of this app and of those below it.

A draft is made of what public pages say: nothing that is not published is ever in one.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.functions import Coalesce

from alliage.territories.levels import Level
from alliage_web.actors import queries as actors
from alliage_web.alliances import queries as alliances
from alliage_web.knowledge.models import DocumentKind, Entry, EntryKind, EntryState
from alliage_web.territories.queries import facts_of
from alliage_web.ui.markdown import plain
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import by_scheme

from .sheet_proposals import sheet_texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from django.db.models import QuerySet

    from alliage_web.actors.models import Organisation
    from alliage_web.alliances.models import Alliance
    from alliage_web.alliances.queries import Content

#: The value of the facet of regions for what concerns the whole country.
COUNTRY = "FR"

#: Facets that are terms: the name in the address, and the referential.
TERM_FACETS: Mapping[str, Scheme] = {
    "domaine": Scheme.DOMAIN,
    "objectif": Scheme.OBJECTIVE,
    "odd": Scheme.SDG,
}

_CHUNK = 500
#: Territories so large that their size tells nothing.
_BEYOND_SIZE = frozenset({Level.COUNTRY.value, Level.REGION.value, Level.DEPARTMENT.value})
_GROUPINGS = frozenset({Level.EPCI.value, Level.EPT.value, Level.PERIMETER.value})
#: The meaning of a document is read from its beginning: a model forgets what is further.
_PASSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Draft:
    """A document before it is written in the index. ``facets`` are « name:value »."""

    target: str
    kind: str
    url: str
    heading: str
    heading_en: str
    summary: str
    summary_en: str
    text: str
    #: Names of terms in both languages: searched, and shown as facets rather than as text.
    labels: str
    passage: str
    facets: tuple[str, ...]
    date: str = ""

    @property
    def digest(self) -> str:
        """Tell this draft from any other."""
        return _digest(
            self.target, self.kind, self.url, self.heading, self.heading_en, self.summary,
            self.summary_en, self.text, self.labels, self.passage, *self.facets, self.date,
        )  # fmt: skip

    @property
    def passage_digest(self) -> str:
        """Tell when the meaning has to be read again."""
        return _digest(self.passage)


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def drafts(targets: Collection[str] | None = None) -> Iterator[Draft]:
    """Read the documents named by some targets of the trail, or all of them.

    A target that has no public page any more gives nothing.
    """
    labels = _Labels.read()
    yield from _of_entries(_named("entry", targets), labels)
    yield from _of_alliances(_named("alliance", targets), labels)
    yield from _of_organisations(_named("organisation", targets))


def entry_targets_of(alliance_targets: Collection[str]) -> list[str]:
    """Name the entries that tell some alliances: their documents hold the same words."""
    slugs = _named("alliance", alliance_targets) or []
    told = Entry.objects.filter(alliance__slug__in=slugs).order_by("pk")
    return [f"entry:{slug}" for slug in told.values_list("slug", flat=True)]


def _named(prefix: str, targets: Collection[str] | None) -> list[str] | None:
    if targets is None:
        return None
    parts = (target.partition(":") for target in targets)
    return [name for kind, _colon, name in parts if kind == prefix]


@dataclass(frozen=True, slots=True)
class _Labels:
    """The words of the terms, which may be searched too."""

    terms: Mapping[tuple[str, str], str]

    @classmethod
    def read(cls) -> _Labels:
        found = by_scheme(*TERM_FACETS.values())
        return cls(
            {
                (scheme, term.code): f"{term.label_fr} {term.label_en}"
                for scheme, terms in found.items()
                for term in terms
            }
        )

    def of(self, codes: Iterable[tuple[str, str]]) -> str:
        return " ; ".join(self.terms[pair] for pair in codes if pair in self.terms)


# Entries of the knowledge base


def _of_entries(slugs: list[str] | None, labels: _Labels) -> Iterator[Draft]:
    published = Entry.objects.filter(state=EntryState.PUBLISHED).order_by("pk")
    if slugs is not None:
        published = published.filter(slug__in=slugs)
    keys = list(published.values_list("pk", flat=True))
    for start in range(0, len(keys), _CHUNK):
        chunk = Entry.objects.filter(pk__in=keys[start : start + _CHUNK])
        entries = list(chunk.select_related("alliance").prefetch_related("terms").order_by("pk"))
        told = alliances.contents({entry.alliance_id for entry in entries if entry.alliance_id})
        places = _places_of(entries)
        sheets = sheet_texts(entry.pk for entry in entries)
        for entry in entries:
            content = told.get(entry.alliance_id or 0)
            place, sheet = places.get(entry.pk, _Places()), sheets.get(entry.pk, "")
            yield _entry_draft(entry, content, place, labels, sheet)


def _entry_draft(
    entry: Entry, content: Content | None, places: _Places, labels: _Labels, sheet: str
) -> Draft:
    codes = {(term.scheme, term.code) for term in entry.terms.all()}
    date = entry.date
    story = ""
    if content is not None:
        codes |= {(row["scheme"], row["code"]) for row in content.sections["terms"]}
        date = content.fields["started"] or date
        story = _story_text(content)
    body = plain(entry.body)
    place = ", ".join(places.names)
    text = _lines(entry.summary, body, story, sheet, place, entry.publisher, entry.place)
    return Draft(
        target=entry.stable_name,
        kind=entry.kind,
        url=entry.get_absolute_url(),
        heading=entry.title,
        heading_en=entry.title_en,
        summary=entry.summary,
        summary_en=entry.summary_en,
        text=text,
        labels=labels.of(sorted(codes)),
        passage=_passage(entry.title, entry.summary, body or story),
        facets=tuple(_entry_facets(entry, codes, content, places, date)),
        date=date,
    )


def _entry_facets(
    entry: Entry,
    codes: set[tuple[str, str]],
    content: Content | None,
    places: _Places,
    date: str,
) -> Iterator[str]:
    yield from (f"{facet}:{code}" for facet, code in _term_facets(sorted(codes)))
    yield from (f"taille:{size}" for size in sorted(places.sizes))
    yield from (f"ampleur:{size}" for size in sorted(places.widest_sizes))
    yield from (f"region:{code}" for code in sorted(places.regions))
    if content is not None and entry.alliance is not None:
        worlds = {row["world"] for row in content.sections["parties"]}
        yield from (f"monde:{world}" for world in sorted(worlds))
        if content.fields["stage"]:
            yield f"etape:{content.fields['stage']}"
        yield f"famille:{content.fields['part_of'] or entry.alliance.code}"
    if date:
        yield f"annee:{date[:4]}"
    if entry.publisher:
        yield f"editeur:{entry.publisher}"


def _term_facets(codes: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    facets = {scheme.value: facet for facet, scheme in TERM_FACETS.items()}
    return ((facets[scheme], code) for scheme, code in codes if scheme in facets)


@dataclass(slots=True)
class _Places:
    """Where an entry is: names, regions and size classes of its territories.

    ``widest_sizes`` are those that say how large the whole is: of an intercommunality rather than
    of its communes too, and of nothing when it covers a department or more.
    """

    names: tuple[str, ...] = ()
    regions: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()
    widest_sizes: frozenset[str] = frozenset()


def _places_of(entries: Iterable[Entry]) -> dict[int, _Places]:
    """Locate entries by their own territories and by those of the alliance that they tell."""
    keys = [entry.pk for entry in entries]
    found: dict[int, list[_Place]] = defaultdict(list)
    for path in ("territories", "alliance__territories"):
        for key, *place in _located(keys, path):
            found[key].append(_Place(*place))
    # The size of a perimeter is not stored: it follows from its communes.
    perimeters = {
        place.territory
        for places in found.values()
        for place in places
        if place.level == Level.PERIMETER
    }
    sizes = {pk: facts.size_class for pk, facts in facts_of(perimeters).items()}
    return {key: _gathered(places, sizes) for key, places in found.items()}


def _gathered(places: list[_Place], perimeters: Mapping[int, str]) -> _Places:
    sizes = [
        (place.level, perimeters.get(place.territory, place.size))
        for place in places
        if place.level not in _BEYOND_SIZE
    ]
    grouped = {size for level, size in sizes if level in _GROUPINGS}
    is_vast = any(place.level in _BEYOND_SIZE for place in places)
    return _Places(
        names=tuple(dict.fromkeys(place.name for place in places)),
        regions=frozenset(place.region for place in places if place.region),
        sizes=frozenset(size for _level, size in sizes if size),
        widest_sizes=frozenset()
        if is_vast
        else frozenset(size for _level, size in sizes if size and size in (grouped or {size})),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    territory: int
    level: str
    name: str
    size: str | None
    region: str | None


def _located(keys: list[int], path: str) -> QuerySet[Any, Any]:
    """Give each territory of entries with its size and its region.

    A perimeter is where its communes are: it comes once for each of their regions.
    """
    perimeter = f"{path}__perimeter__communes__snapshots"
    current = (
        Q(**{f"{path}__snapshots__vintage__is_current": True})
        | Q(**{f"{perimeter}__vintage__is_current": True})
        | Q(**{f"{path}__level": Level.COUNTRY})
    )
    itself = Case(
        When(Q(**{f"{path}__level": Level.COUNTRY}), then=Value(COUNTRY)),
        When(Q(**{f"{path}__level": Level.REGION}), then=F(f"{path}__code")),
        output_field=CharField(),
    )
    region = Coalesce(itself, f"{path}__snapshots__region__code", f"{perimeter}__region__code")
    found = Entry.objects.filter(current, pk__in=keys).annotate(region_code=region).order_by()
    return found.values_list(
        "pk", path, f"{path}__level", f"{path}__name", f"{path}__snapshots__size_class",
        "region_code",
    ).distinct()  # fmt: skip


# Alliances


def _of_alliances(slugs: list[str] | None, labels: _Labels) -> Iterator[Draft]:
    rows = alliances.listed(alliances.Selection(), "title")
    if slugs is not None:
        rows = rows.filter(slug__in=slugs)
    found = list(rows)
    for start in range(0, len(found), _CHUNK):
        chunk = found[start : start + _CHUNK]
        told = alliances.contents([alliance.pk for alliance in chunk])
        for alliance in chunk:
            yield _alliance_draft(alliance, told[alliance.pk], labels)


def _alliance_draft(alliance: Alliance, content: Content, labels: _Labels) -> Draft:
    codes = sorted((row["scheme"], row["code"]) for row in content.sections["terms"])
    worlds = sorted({row["world"] for row in content.sections["parties"]})
    story = _story_text(content)
    return Draft(
        target=alliance.stable_name,
        kind=DocumentKind.ALLIANCE,
        url=alliance.get_absolute_url(),
        heading=alliance.title,
        heading_en=alliance.title_en,
        summary=alliance.summary,
        summary_en=alliance.summary_en,
        text=_lines(alliance.summary, story),
        labels=labels.of(codes),
        passage=_passage(alliance.title, alliance.summary, story),
        facets=(
            *(f"{facet}:{code}" for facet, code in _term_facets(codes)),
            *(f"monde:{world}" for world in worlds),
        ),
        date=alliance.started,
    )


def _story_text(content: Content) -> str:
    """Put together what the page of an alliance says, in its order."""
    fields, sections = content.fields, content.sections
    parties = (
        " : ".join(part for part in (row["name"], row["role"], row["brings"]) if part)
        for row in sections["parties"]
    )
    return _lines(
        plain(fields["why"]),
        *parties,
        *(row["text"] for row in sections["timeline"]),
        *(row["text"] or row["na_text"] for row in sections["supports"]),
        *(row["text"] for row in sections["outcomes"]),
        *(row["text"] for row in sections["lessons"]),
        plain(fields["reusable"]),
        *(row["text"] for row in sections["perspectives"]),
        fields["kind"],
        fields["territory_note"],
    )


# Organisations


def _of_organisations(slugs: list[str] | None) -> Iterator[Draft]:
    rows = actors.listed()
    if slugs is not None:
        rows = rows.filter(slug__in=slugs)
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), _CHUNK):
        chunk = actors.listed().filter(pk__in=keys[start : start + _CHUNK])
        for organisation in actors.with_relations(chunk):
            yield _organisation_draft(organisation)


def _organisation_draft(organisation: Organisation) -> Draft:
    names = [organisation.acronym, *organisation.aliases]
    domains = (f"{term.label_fr} {term.label_en}" for term in organisation.domains.all())
    places = [*filter(None, [organisation.seat]), *organisation.territories.all()]
    return Draft(
        target=organisation.stable_name,
        kind=DocumentKind.ORGANISATION,
        url=organisation.get_absolute_url(),
        heading=organisation.name,
        heading_en="",
        summary=organisation.summary_fr,
        summary_en=organisation.summary_en,
        text=_lines(
            organisation.summary_fr,
            ", ".join(filter(None, names)),
            str(organisation.get_world_display()),
            ", ".join(dict.fromkeys(place.name for place in places)),
        ),
        labels=" ; ".join(domains),
        # An organisation is looked for by its name: it has no need that a meaning would meet.
        passage="",
        facets=(
            f"monde:{organisation.world}",
            *(f"domaine:{term.code}" for term in organisation.domains.all()),
        ),
    )


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _passage(title: str, *parts: str) -> str:
    return _lines(title, *parts)[:_PASSAGE_LENGTH]


#: The kinds of documents that hold entries of the base.
ENTRY_KINDS = tuple(kind.value for kind in EntryKind)
