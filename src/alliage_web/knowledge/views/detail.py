"""The page of an entry: an example tells its alliance, a resource says where it is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage.knowledge.publication import TRANSITIONS, Decision, PublicationState
from alliage_web.alliances.queries import story as tell
from alliage_web.audit.queries import history as history_of
from alliage_web.knowledge import actions, queries
from alliage_web.knowledge.models import Entry, EntryKind, EntryState
from alliage_web.knowledge.queries.sheet_proposals import taken_out_of
from alliage_web.territories.queries import facts_of
from alliage_web.ui.components import Crumb, Definition, TimelineEvent
from alliage_web.ui.templatetags.ui import partial_date, period

from .wording import crumb, differences, history_in_words, reasons

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
        "crumbs": [_parent(entry), crumb(entry, is_last=True)],
    }
    if entry.kind == EntryKind.EXAMPLE:
        context |= _example(entry)
        return render(request, "knowledge/example.html", context)
    context["facts"] = _facts(entry)
    return render(request, "knowledge/resource.html", context)


@require_safe
@login_required
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who wrote what, to signed-in people."""
    entry = readable_entry(request, slug)
    context = {
        "entry": entry,
        "history": history_in_words(history_of(entry.stable_name)),
        "crumbs": [_parent(entry), crumb(entry), Crumb(_("Historique"))],
    }
    return render(request, "knowledge/history.html", context)


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


def _example(entry: Entry) -> dict[str, Any]:
    story = tell(id=entry.alliance_id) if entry.alliance_id else None
    unnamed = taken_out_of(entry) if story else frozenset()
    places = story.places if story else tuple(facts_of(_own_places(entry)).values())
    return {
        "story": story,
        "parties": [each for each in story.parties if each.name not in unnamed] if story else [],
        "places": places,
        "domains": _domains(entry, story),
        "span": period(story.started or None, story.ended or None) if story else "",
        "moments": _moments(story) if story else [],
        "comparable": _comparable(entry) if entry.state == EntryState.PUBLISHED else [],
    }


def _comparable(entry: Entry) -> list[tuple[queries.ComparableExample, str, str]]:
    index = queries.catalogue()
    labels = queries.labels(index)
    return [
        (other, reasons(other.found, labels), differences(other.found, labels))
        for other in queries.comparable_to(entry, index)
    ]


def _own_places(entry: Entry) -> list[int]:
    return list(entry.territories.order_by("pk").values_list("pk", flat=True))


def _domains(entry: Entry, story: AllianceStory | None) -> list[str]:
    terms = entry.terms.order_by("order", "pk") if entry.has_terms else ()  # type: ignore[attr-defined]
    own = [term.label for term in terms if term.scheme == "domain"]
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
