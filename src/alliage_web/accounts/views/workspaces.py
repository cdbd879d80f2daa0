"""Workspaces: who works at a place, and who may see or do what there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliage_web.accounts import permissions, queries
from alliage_web.accounts.forms.roles import AskForm
from alliage_web.accounts.models import PLATFORM, User
from alliage_web.audit.queries import events, lines_of
from alliage_web.ui.components import Card, Crumb

from . import words

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse

    from alliage_web.accounts.models import Delegation, Invitation, Membership, RoleHolding
    from alliage_web.accounts.permissions import Access, Grant, Reason
    from alliage_web.accounts.queries import Place, Standing

_HISTORY = 30
_VISITOR, _SIGNED_IN = "visiteur", "connecte"
_OUT_OF_CHOICES = 422


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role held, as a workspace lists it."""

    holding: RoleHolding
    organisation: str
    since: str
    until: str
    replaced_by: tuple[str, ...]
    is_own: bool
    may_change: bool


@dataclass(frozen=True, slots=True)
class MemberLine:
    membership: Membership
    since: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class InvitationLine:
    invitation: Invitation
    thing: str
    organisation: str
    sent: str
    until: str
    is_expired: bool
    may_change: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading of the page of access, and the lines under it."""

    title: str
    general: str
    lines: tuple[tuple[str, tuple[words.Because, ...]], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to « may this person …? »."""

    kind: str
    title: str
    because: tuple[words.Because, ...]
    grounds: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


def seen_place(request: HttpRequest, name: str) -> Place:
    """Find a place whose workspace the person may see; the others do not exist for them."""
    where = queries.place(name)
    if where is None or not permissions.may_see_place(request.user, where.name):
        raise Http404(_("Cet espace n’existe pas, ou il n’est pas ouvert à votre compte."))
    return where


def crumbs_at(where: Place, *more: str) -> list[Crumb]:
    """Return the way to a page of a workspace."""
    here = reverse("workspaces:detail", args=[where.name])
    steps = [Crumb(_("Mes espaces"), reverse("workspaces:index"))]
    if not more:
        return [*steps, Crumb(where.title)]
    return [*steps, Crumb(where.title, here), *(Crumb(step) for step in more)]


def cards_of(names: Iterable[str], user: User) -> list[Card]:
    """Return a card for each place whose workspace a person may see."""
    cards = []
    for name in names:
        where = queries.place(name)
        if where is None or not permissions.may_see_place(user, where.name):
            continue
        held = [queries.role_label(role) for role in sorted(queries.roles_at(user, name))]
        if name in queries.organisations_of(user):
            held.insert(0, _("Membre"))
        cards.append(
            Card(
                title=where.title,
                href=reverse("workspaces:detail", args=[where.name]),
                eyebrow=words.kind_label(where.name),
                tags=tuple(held),
            )
        )
    return cards


def own_places(user: User) -> list[str]:
    """Return the stable names of the places where a person holds a role or belongs."""
    held = (one.place for one in queries.holdings_of(user))
    return sorted({*held, *queries.organisations_of(user)})


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    mine = own_places(request.user)
    others: list[str] = []
    if permissions.is_administrator.test(request.user):
        others = [name for name in (PLATFORM, *queries.places_in_use()) if name not in mine]
    context = {
        "cards": cards_of(mine, request.user),
        "others": cards_of(dict.fromkeys(others), request.user),
        "crumbs": [Crumb(_("Mon espace"), reverse("accounts:home")), Crumb(_("Mes espaces"))],
    }
    return render(request, "accounts/workspaces.html", context)


@require_safe
@login_required
def detail(request: HttpRequest, name: str) -> HttpResponse:
    assert isinstance(request.user, User)
    where = seen_place(request, name)
    if where.name != name:
        return redirect("workspaces:detail", where.name, permanent=True)
    at = timezone.now()
    gives = permissions.gives(request.user, where)
    chosen = events(targets=[where.name]).filter(kind__in=words.EVENTS)[:_HISTORY]
    members = queries.members_at(where.name) if where.kind == "organisation" else []
    context = {
        "where": where,
        "kind_label": words.kind_label(where.name),
        "roles": [
            _role_line(one, request.user, gives) for one in queries.standing_at(where.name, at)
        ],
        "members": [
            MemberLine(one, words.day(one.since), one.user_id == request.user.pk) for one in members
        ],
        "may_remove_members": permissions.MEMBER in gives,
        "is_organisation": where.kind == "organisation",
        "invitations": _invitation_lines(where, gives, at) if gives else [],
        "gives": gives,
        "may_give_directly": permissions.is_administrator.test(request.user),
        "documents_url": _documents_url(where.name),
        "answers_url": _answers_url(request.user, where),
        "history": words.story(lines_of(chosen, with_personal=bool(gives))),
        "crumbs": crumbs_at(where),
    }
    return render(request, "accounts/workspace.html", context)


def _documents_url(name: str) -> str:
    """Return where the documents of a place are; they belong to an app that stands above."""
    try:
        return reverse("files:documents", args=[name])
    except NoReverseMatch:
        return ""


def _answers_url(user: User, where: Place) -> str:
    """Return where answers about a place are read together, by who may; an app above has them."""
    if not user.has_perm("positioning.read_collective", where.object):
        return ""
    if where.kind != "territory":
        return reverse("positioning:collective-index")
    return reverse("positioning:collective", args=[where.object.level, where.object.code])


def _role_line(standing: Standing, user: User, gives: tuple[str, ...]) -> RoleLine:
    holding = standing.holding
    return RoleLine(
        holding=holding,
        organisation=words.title_of(holding.organisation) if holding.organisation else "",
        since=words.day(holding.granted_at),
        until=words.last_day(holding.expires_at) if holding.expires_at else "",
        replaced_by=tuple(_replaced(one) for one in standing.delegations),
        is_own=holding.user_id == user.pk,
        may_change=holding.role in gives,
    )


def _replaced(delegation: Delegation) -> str:
    return _("Remplacement par %(name)s du %(first)s au %(last)s") % {
        "name": delegation.delegate,
        "first": words.day(delegation.starts_at),
        "last": words.last_day(delegation.ends_at),
    }


def _invitation_lines(
    where: Place, gives: tuple[str, ...], at: dt.datetime
) -> list[InvitationLine]:
    return [
        InvitationLine(
            invitation=one,
            thing=words.thing(one.role),
            organisation=words.title_of(one.organisation) if one.organisation else "",
            sent=words.day(one.created_at),
            until=words.last_day(one.expires_at),
            is_expired=one.state(at) == "expired",
            may_change=one.role in gives,
        )
        for one in queries.waiting_at(where.name, at)
    ]


@require_safe
@login_required
def access(request: HttpRequest, name: str) -> HttpResponse:
    where = seen_place(request, name)
    at = timezone.now()
    found = permissions.who_may(where, at)
    by_person = request.GET.get("par") == "personne"
    people = permissions.candidates(where, at)
    form = AskForm(
        request.GET if "qui" in request.GET else None,
        people=[
            *((str(person.pk), str(person)) for person in people),
            (_SIGNED_IN, _("Une autre personne, connectée à son compte")),
            (_VISITOR, _("Quelqu’un qui n’est pas connecté")),
        ],
        permissions=[(one.granted.permission, str(one.granted.label)) for one in found],
    )
    answer = _answer(form, where, found, people, at) if form.is_valid() else None
    context = {
        "where": where,
        "entries": _by_person(found, where) if by_person else _by_permission(found, where),
        "general": _general(found) if by_person else [],
        "by_person": by_person,
        "form": form,
        "answer": answer,
        "crumbs": crumbs_at(where, _("Qui peut voir ou faire quoi")),
    }
    status = _OUT_OF_CHOICES if form.is_bound and answer is None else 200
    return render(request, "accounts/access.html", context, status=status)


def _by_permission(found: tuple[Access, ...], where: Place) -> list[Entry]:
    return [
        Entry(
            title=str(one.granted.label),
            general=_everyone(one),
            lines=tuple((str(has.person), _because(has.reasons, where)) for has in one.people),
        )
        for one in found
    ]


def _by_person(found: tuple[Access, ...], where: Place) -> list[Entry]:
    people: dict[int, tuple[str, list[tuple[str, tuple[words.Because, ...]]]]] = {}
    for one in found:
        for has in one.people:
            _name, lines = people.setdefault(has.person.pk, (str(has.person), []))
            lines.append((str(one.granted.label), _because(has.reasons, where)))
    ordered = sorted(people.values(), key=lambda entry: entry[0].casefold())
    return [Entry(title=title, general="", lines=tuple(lines)) for title, lines in ordered]


def _general(found: tuple[Access, ...]) -> list[tuple[str, str]]:
    return [(str(one.granted.label), said) for one in found if (said := _everyone(one))]


def _everyone(one: Access) -> str:
    if one.everyone:
        return _("Tout le monde, même sans compte.")
    return _("Toute personne connectée à son compte.") if one.signed_in else ""


def _because(reasons: tuple[Reason, ...], where: Place) -> tuple[words.Because, ...]:
    return tuple(words.because(reason, where.name) for reason in reasons)


def _answer(
    form: AskForm, where: Place, found: tuple[Access, ...], people: list[User], at: dt.datetime
) -> Answer:
    asked = form.cleaned_data["qui"]
    one = next(one for one in found if one.granted.permission == form.cleaned_data["droit"])
    person = next((person for person in people if str(person.pk) == asked), None)
    name = str(person) if person else dict(form.fields["qui"].choices)[asked]  # type: ignore[attr-defined]
    label = str(one.granted.label)
    if _may(one, asked, person):
        reasons = permissions.reasons_of(person, one.granted, where) if person else ()
        return Answer(
            kind="ok",
            title=_("Oui. %(name)s : « %(label)s ».") % {"name": name, "label": label},
            because=_because(reasons, where)
            or (words.Because(_everyone(one) or _("C’est le cas de tous."), ()),),
        )
    return Answer(
        kind="info",
        title=_("Non. %(name)s ne peut pas : « %(label)s ».") % {"name": name, "label": label},
        because=(),
        grounds=tuple(str(ground.sentence) for ground in one.granted.grounds),
        roles=_enough(one.granted, where, at),
    )


def _may(one: Access, asked: str, person: User | None) -> bool:
    if person is not None:
        return one.says_yes(person)
    return one.everyone or (asked == _SIGNED_IN and one.signed_in)


def _enough(granted: Grant, where: Place, at: dt.datetime) -> tuple[str, ...]:
    """Say which role would be enough, and who can give it."""
    sentences = []
    for role in permissions.enabling_roles(granted, where):
        there = where if role in permissions.held_at_kind(where.kind) else queries.place(PLATFORM)
        givers = permissions.people_who_give(role, there, at) if there else []
        sentences.append(
            _("%(role)s : ce rôle est donné par %(names)s.")
            % {
                "role": words.thing(role),
                "names": ", ".join(map(str, givers)) or _("l’administration de la plateforme"),
            }
        )
    return tuple(sentences)
