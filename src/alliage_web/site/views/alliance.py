"""The page of an alliance: it tells who, why, when, with what support and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import render
from django.template.defaultfilters import capfirst
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliage.alliances.vocabulary import AmountStatus
from alliage.territories.levels import Level
from alliage_web.alliances import queries as alliances
from alliage_web.alliances.permissions import may
from alliage_web.alliances.queries.wording import history_in_words
from alliage_web.audit.queries import history
from alliage_web.fund.queries.acting import organisations_acted_for
from alliage_web.fund.queries.supports import supports_of_alliance
from alliage_web.knowledge import queries as knowledge
from alliage_web.positioning.queries.charters import charters_of_alliance
from alliage_web.ui.components import Cell, Column, Crumb, DataTable, TimelineEvent
from alliage_web.ui.maps import FranceMap, MapPoint, apart
from alliage_web.ui.templatetags.ui import euros, number, partial_date, period

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.alliances.queries import AllianceStory
    from alliage_web.alliances.queries.story import DivergenceOfAlliance, Moment, Told
    from alliage_web.audit.queries import ReadableLine

_MANY_PLACES = 5
_YEAR_UNITS = frozenset({"année", "an", "year"})
_EURO_UNITS = frozenset({"euros", "euro", "€"})


@dataclass(frozen=True, slots=True)
class Divergence:
    """Statements side by side, and the words of their range if they have one."""

    story: DivergenceOfAlliance
    range: str


def alliance(request: HttpRequest, slug: str) -> HttpResponse:
    story = alliances.story(slug=slug)
    if story is None:
        raise Http404(_("Aucune alliance n’a cette adresse. Cherchez-la dans la liste."))
    context = {
        "story": story,
        "answer": _answer(story),
        "span": period(story.started, story.ended) if story.started or story.ended else "",
        "events": [_event(moment) for moment in story.timeline],
        "perspectives": _by_level(story.perspectives),
        "divergences": [Divergence(item, _range(item)) for item in story.divergences],
        "totals": _totals(story),
        "supports": supports_of_alliance(story.id, request.user),
        "charters": charters_of_alliance(story.id, request.user, timezone.localdate()),
        "map": _map(story),
        # Every published example has its sheet.
        "example": knowledge.example_slug(story.id),
        "may_edit": may(request.user, "alliances.change_alliance", story),
        "own_parts": _own_parts(request, story),
        "may_begin_charter": _acts_in(request, story),
        "may_see_workspace": may(request.user, "alliances.see_workspace", story),
        "history": _history(request, story),
        "crumbs": [Crumb(_("Alliances"), reverse("alliances:index")), Crumb(story.title)],
    }
    return render(request, "site/alliance.html", context)


def _answer(story: AllianceStory) -> str:
    """Say in one sentence since when, how many, of how many worlds, and where."""
    if not story.parties:
        return ""
    start, end = story.started, story.ended
    said = {"they_act": _they_act(story, past=bool(end)), "where": _where(story)}
    if not start and not end:
        return capfirst(_("%(they_act)s%(where)s.") % said)
    if start and end:
        first, last = partial_date(start), partial_date(end)
        if first == last:
            return _("En %(year)s, %(they_act)s%(where)s.") % {**said, "year": first}
        said |= {"first": first, "last": last}
        return _("Entre %(first)s et %(last)s, %(they_act)s%(where)s.") % said
    return _("%(span)s, %(they_act)s%(where)s.") % {**said, "span": capfirst(period(start, end))}


def _they_act(story: AllianceStory, *, past: bool) -> str:
    """Count the parties and their worlds, and say that they act together, or did."""
    count = len(story.parties)
    worlds = ngettext("d’un seul monde", "de %(n)s mondes", len(story.worlds))
    sentence = (
        ngettext(
            "%(n)s partie prenante %(worlds)s a fait alliance",
            "%(n)s parties prenantes %(worlds)s ont fait alliance",
            count,
        )
        if past
        else ngettext(
            "%(n)s partie prenante %(worlds)s fait alliance",
            "%(n)s parties prenantes %(worlds)s font alliance",
            count,
        )
    )
    return sentence % {"n": number(count), "worlds": worlds % {"n": len(story.worlds)}}


def _where(story: AllianceStory) -> str:
    """Name the territories, or count them when they are many."""
    places = [place for place in story.places if place.level != Level.COUNTRY]
    if not places:
        return _(" à l’échelle du pays") if story.places else ""
    if len(places) > _MANY_PLACES:
        return _(" sur %(n)s territoires") % {"n": number(len(places))}
    names = get_text_list([place.name for place in places], _("et"))
    return ngettext(" sur ce territoire : %(names)s", " sur ces territoires : %(names)s",
                    len(places)) % {"names": names}  # fmt: skip


def _event(moment: Moment) -> TimelineEvent:
    precision = moment.precision
    when = (
        period(moment.start, moment.end, precision, precision)
        if moment.end
        else partial_date(moment.start, precision)
    )
    kinds = [_("prévu")] if moment.planned else []
    if moment.boxed:
        kinds.append(_("temps fort"))
    return TimelineEvent(
        when=when,
        title=moment.text,
        kind=", ".join(kinds),
        citation=moment.source,
        approximate=precision == "approximate",
    )


def _by_level(perspectives: tuple[Told, ...]) -> list[tuple[str, list[Told]]]:
    ordered = sorted(perspectives, key=lambda item: _LEVELS.index(item.level))
    return [
        (label, list(items)) for label, items in groupby(ordered, key=lambda item: item.level_label)
    ]


_LEVELS = ("project", "local", "other_territories")


def _range(divergence: DivergenceOfAlliance) -> str:
    """Write the lowest and the highest value that sources state."""
    found = divergence.range
    if found is None:
        return ""
    low, high = found.lowest, found.highest
    if found.unit in _YEAR_UNITS:
        return f"{low:f}–{high:f}".replace(".00", "")
    if found.unit in _EURO_UNITS:
        return _("de %(low)s à %(high)s") % {"low": euros(low), "high": euros(high)}
    said = {"low": number(low), "high": number(high), "unit": found.unit}
    return _("de %(low)s à %(high)s %(unit)s") % said


@dataclass(frozen=True, slots=True)
class Totals:
    """The support added up, what is granted apart from what is conditional."""

    granted: str
    granted_in_parent: str
    conditional: str
    shown_below: tuple[tuple[str, str, str], ...]
    beside: tuple[tuple[str, str, str], ...]


def _totals(story: AllianceStory) -> Totals | None:
    """Add up the support; say which euros another page shows too, and which it has beside."""
    granted = story.totals.get(AmountStatus.GRANTED)
    conditional = story.totals.get(AmountStatus.CONDITIONAL)
    paid = [item for item in story.components if item.granted]
    if not (granted or conditional or paid):
        return None
    return Totals(
        granted=euros(granted.eur) if granted else "",
        granted_in_parent=euros(granted.counted_in_parent)
        if granted and granted.counted_in_parent
        else "",
        conditional=euros(conditional.eur) if conditional else "",
        shown_below=tuple(
            (item.title, item.url, euros(item.granted_counted_above))
            for item in paid
            if item.granted_counted_above
        ),
        beside=tuple(
            (item.title, item.url, euros(more))
            for item in paid
            if (more := (item.granted or 0) - (item.granted_counted_above or 0))
        ),
    )


def _map(story: AllianceStory) -> FranceMap | None:
    places = [place for place in story.places if place.level != Level.COUNTRY]
    located = [place for place in places if place.x is not None and place.y is not None]
    if not located:
        return None
    return FranceMap(
        id="carte-alliance",
        title=_("Où agit cette alliance"),
        description="",
        points=apart(
            [
                MapPoint(
                    x=place.x or 0, y=place.y or 0, label=place.name, href=place.url,
                    text=place.level_label,
                )
                for place in located
            ]
        ),
        table=DataTable(
            caption=_("Territoires de l’alliance"),
            columns=(
                Column(_("Territoire")),
                Column(_("Niveau")),
                Column(_("Habitants"), numeric=True),
            ),
            rows=tuple(
                (Cell(place.name, place.url), place.level_label, number(place.population))
                for place in places
            ),
            source=_("INSEE, populations de référence de l’édition en vigueur"),
        ),
        source=_("Fond de carte IGN et INSEE, Licence Ouverte 2.0"),
    )  # fmt: skip


def _own_parts(request: HttpRequest, story: AllianceStory) -> frozenset[str]:
    """Name the organisations whose part the person may write, and nothing else of the page."""
    user = request.user
    if not user.is_authenticated or may(user, "alliances.change_alliance", story):
        return frozenset()
    slugs = {party.organisation_slug for party in story.parties} - {""}
    return frozenset(
        slug for slug in slugs if may(user, "alliances.change_part", alliances.part_of(story, slug))
    )


def _acts_in(request: HttpRequest, story: AllianceStory) -> bool:
    """Tell whether the person acts in the alliance for one of its parties."""
    acted_for = organisations_acted_for(request.user, alliance=story.stable_name)
    names = {f"organisation:{party.organisation_slug}" for party in story.parties}
    return not acted_for.isdisjoint(names)


def _history(request: HttpRequest, story: AllianceStory) -> list[ReadableLine] | None:
    """Give what was written, to a person who is signed in and asks for it."""
    if not request.user.is_authenticated or "historique" not in request.GET:
        return None
    return history_in_words(history(story.stable_name))
