"""The page of an entry: an example tells its alliance, a resource says where it is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.knowledge.publication import TRANSITIONS, Decision, PublicationState
from alliage.values.french import partial_date, period
from alliage_web.alliances.queries import story as tell
from alliage_web.audit.queries import history, readable
from alliage_web.knowledge import actions, queries
from alliage_web.knowledge.models import Entry, EntryKind, EntryState
from alliage_web.territories.queries import facts_of
from alliage_web.ui.components import Crumb, Definition, TimelineEvent

from .wording import EVENTS, FIELDS, differences, reasons

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.alliances.queries import AllianceStory

#: Who may take a decision is a permission of the same name.
_PERMISSIONS = {
    Decision.SUBMIT: "knowledge.submit_entry",
    Decision.WITHDRAW: "knowledge.withdraw_entry",
    Decision.SEND_BACK: "knowledge.review_entry",
    Decision.PUBLISH: "knowledge.review_entry",
    Decision.UNPUBLISH: "knowledge.unpublish_entry",
}
_MOMENTS = 6


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    entry = readable_entry(request, slug)
    context = {
        "entry": entry,
        "version": actions.version_of(entry),
        "decisions": decisions(request, entry),
        "may_change": request.user.has_perm("knowledge.change_entry", entry),
        "history": _history(request, entry),
        "crumbs": [_parent(entry), Crumb(entry.display_title)],
    }
    if entry.kind == EntryKind.EXAMPLE:
        context |= _example(entry)
        return render(request, "knowledge/example.html", context)
    context["facts"] = _facts(entry)
    return render(request, "knowledge/resource.html", context)


def readable_entry(request: HttpRequest, slug: str) -> Entry:
    """Give the entry of an address to who may read it; to others it does not exist."""
    entry = queries.find(slug)
    if entry is None or not request.user.has_perm("knowledge.view_entry", entry):
        raise Http404(_("Aucun exemple ni ressource n’a cette adresse. Cherchez dans les listes."))
    return entry


def decisions(request: HttpRequest, entry: Entry) -> dict[str, bool]:
    """Say which decisions the person may take now, by their codes."""
    possible = TRANSITIONS[PublicationState(entry.state)]
    return {
        decision.value: request.user.has_perm(permission, entry)
        for decision, permission in _PERMISSIONS.items()
        if decision in possible
    }


def _parent(entry: Entry) -> Crumb:
    if entry.kind == EntryKind.EXAMPLE:
        return Crumb(_("Exemples inspirants"), reverse("knowledge:index"))
    return Crumb(_("Ressources"), reverse("knowledge:library"))


def _history(request: HttpRequest, entry: Entry) -> list[Any]:
    """Show who wrote what to signed-in people only."""
    if not request.user.is_authenticated:
        return []
    return readable(history(actions.target_of(entry)), kinds=EVENTS, fields=FIELDS)


def _example(entry: Entry) -> dict[str, Any]:
    story = tell(id=entry.alliance_id) if entry.alliance_id else None
    places = story.places if story else tuple(facts_of(_own_places(entry)).values())
    comparable = queries.comparable_to(entry) if entry.state == EntryState.PUBLISHED else []
    return {
        "story": story,
        "places": places,
        "domains": _domains(entry, story),
        "span": period(story.started or None, story.ended or None) if story else "",
        "moments": _moments(story) if story else [],
        "comparable": [
            (found, reasons(found.found), differences(found.found)) for found in comparable
        ],
    }


def _own_places(entry: Entry) -> list[int]:
    return list(entry.territories.order_by("pk").values_list("pk", flat=True))


def _domains(entry: Entry, story: AllianceStory | None) -> list[str]:
    own = [term.label for term in entry.terms.order_by("order", "pk") if term.scheme == "domain"]
    told = [item.label for item in story.domains] if story else []
    return list(dict.fromkeys([*told, *own]))


def _moments(story: AllianceStory) -> list[TimelineEvent]:
    """Choose the moments that tell the story in short: those set apart, then the first ones."""
    ranked = sorted(enumerate(story.timeline), key=lambda pair: (not pair[1].boxed, pair[0]))
    chosen = [moment for _rank, moment in sorted(ranked[:_MOMENTS])]
    return [
        TimelineEvent(
            when=period(moment.start, moment.end or None, moment.precision)
            if moment.end
            else partial_date(moment.start, moment.precision),
            title=moment.text,
            kind=_("prévu") if moment.planned else "",
            citation=moment.source,
            approximate=moment.precision == "approximate",
        )
        for moment in chosen
    ]


def _facts(entry: Entry) -> list[Definition]:
    """Give what is known of a resource; a date that is unknown says so."""
    span = (
        period(entry.date, entry.date_end)
        if entry.date_end
        else (partial_date(entry.date) if entry.date else "")
    )
    facts = [
        Definition(_("Type"), entry.get_kind_display()),
        Definition(_("Date"), span),
        Definition(_("Éditeur"), entry.publisher),
    ]
    if entry.kind == EntryKind.EVENT:
        facts.append(Definition(_("Lieu"), entry.place))
    terms = entry.terms.order_by("scheme", "order", "pk")
    domains = [term.label for term in terms if term.scheme == "domain"]
    objectives = [term.label for term in terms if term.scheme == "objective"]
    if domains:
        facts.append(Definition(_("Domaines"), ", ".join(domains)))
    if objectives:
        facts.append(Definition(_("Objectifs"), ", ".join(objectives)))
    return facts
