"""Roles, reasons and refusals in the words of the pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from alliage.values.french import partial_date
from alliage_web.accounts.actions import DelegationFault, InvitationFault
from alliage_web.accounts.models import Role, User
from alliage_web.accounts.queries import MEMBER, kind_of, place, role_label
from alliage_web.audit.queries import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alliage_web.accounts.permissions import Reason
    from alliage_web.accounts.queries import Held
    from alliage_web.audit.queries import HistoryLine, ReadableLine

#: What is written about people at a place; the rest of its story is on its own page.
EVENTS: Mapping[str, Any] = {
    "role.given": gettext_lazy("Rôle donné"),
    "role.end-changed": gettext_lazy("Fin d’un rôle changée"),
    "role.taken": gettext_lazy("Rôle retiré"),
    "role.left": gettext_lazy("Rôle quitté"),
    "member.joined": gettext_lazy("Arrivée d’un membre"),
    "member.left": gettext_lazy("Départ d’un membre"),
    "invitation.sent": gettext_lazy("Invitation envoyée"),
    "invitation.sent-again": gettext_lazy("Invitation renvoyée"),
    "invitation.cancelled": gettext_lazy("Invitation annulée"),
    "invitation.accepted": gettext_lazy("Invitation acceptée"),
    "delegation.created": gettext_lazy("Remplacement prévu"),
    "delegation.ended": gettext_lazy("Remplacement arrêté"),
    "place.people-moved": gettext_lazy("Arrivée des personnes d’une fiche fusionnée"),
    "file.added": gettext_lazy("Document ajouté"),
    "file.removed": gettext_lazy("Document retiré"),
}
FIELDS: Mapping[str, Any] = {
    "person": gettext_lazy("Personne"),
    "role": gettext_lazy("Rôle"),
    "organisation": gettext_lazy("Pour l’organisation"),
    "expires_at": gettext_lazy("Jusqu’au"),
    "invitation": gettext_lazy("Invitation"),
    "given_by": gettext_lazy("Donné par"),
    "delegate": gettext_lazy("Remplacé par"),
    "starts_at": gettext_lazy("À partir du"),
    "ends_at": gettext_lazy("Jusqu’au"),
    "email": gettext_lazy("Adresse électronique"),
    "title": gettext_lazy("Titre"),
    "name": gettext_lazy("Nom"),
}
#: What each role lets its holder do, in a sentence that follows « vous pourrez ».
PURPOSES: Mapping[str, Any] = {
    Role.ADMINISTRATOR: gettext_lazy(
        "tout voir et tout modifier, donner et retirer les rôles, lire le journal"
    ),
    Role.FUND_OFFICER: gettext_lazy(
        "gérer le fonds, son espace et les personnes qui y travaillent"
    ),
    Role.REVIEWER: gettext_lazy("instruire les dossiers du fonds"),
    Role.COMMITTEE_MEMBER: gettext_lazy("siéger au comité du fonds"),
    Role.FUND_AUDITOR: gettext_lazy("tout lire du fonds, sans rien y écrire"),
    Role.CATALYST: gettext_lazy("animer et modifier les alliances du territoire"),
    Role.PARTY_MEMBER: gettext_lazy("écrire la part de votre organisation dans l’alliance"),
    Role.RESEARCHER: gettext_lazy("travailler sur les données de l’observatoire"),
    Role.EDITOR: gettext_lazy("relire, corriger et publier les exemples et les fiches"),
    Role.READER: gettext_lazy("lire l’espace de travail et ses documents, sans rien y écrire"),
    MEMBER: gettext_lazy("travailler dans l’espace de l’organisation et y inviter vos collègues"),
}
REFUSALS: Mapping[InvitationFault, tuple[Any, Any]] = {
    InvitationFault.EXPIRED: (
        gettext_lazy("Cette invitation a expiré"),
        gettext_lazy("Une invitation vaut quatorze jours. Demandez qu’on vous la renvoie."),
    ),
    InvitationFault.CANCELLED: (
        gettext_lazy("Cette invitation a été annulée"),
        gettext_lazy("Si c’est une erreur, écrivez à la personne qui vous a invité·e."),
    ),
    InvitationFault.USED: (
        gettext_lazy("Cette invitation a déjà servi"),
        gettext_lazy(
            "Une invitation sert une seule fois. Si vous l’avez acceptée avec un autre compte, "
            "connectez-vous avec celui-là ; sinon, prévenez la personne qui vous a invité·e."
        ),
    ),
    InvitationFault.OVER: (
        gettext_lazy("Ce rôle ne peut plus être tenu jusqu’à la date prévue"),
        gettext_lazy("Demandez une nouvelle invitation, avec une autre date de fin."),
    ),
    InvitationFault.GIVER: (
        gettext_lazy("La personne qui vous invitait ne peut plus donner ce rôle"),
        gettext_lazy(
            "Elle n’a plus le rôle qui le lui permettait. Demandez une nouvelle invitation à une "
            "autre personne de cet espace, ou à l’administration de la plateforme."
        ),
    ),
    InvitationFault.GONE: (
        gettext_lazy("Ce à quoi vous étiez invité·e n’existe plus"),
        gettext_lazy("Écrivez à la personne qui vous a invité·e."),
    ),
    InvitationFault.SOON: (
        gettext_lazy("Cette invitation est partie il y a moins d’une heure"),
        gettext_lazy("Laissez au message le temps d’arriver, puis renvoyez-la."),
    ),
}
DELEGATION_FAULTS: Mapping[DelegationFault, tuple[str, Any]] = {
    DelegationFault.ENDED: ("holding", gettext_lazy("Vous ne tenez plus ce rôle.")),
    DelegationFault.NOT_DELEGATED: ("holding", gettext_lazy("Ce rôle ne se confie pas.")),
    DelegationFault.SELF: ("email", gettext_lazy("C’est vous. Choisissez une autre personne.")),
    DelegationFault.CLOSED: (
        "email",
        gettext_lazy("Ce compte est fermé. Choisissez une autre personne."),
    ),
    DelegationFault.HOLDS: (
        "email",
        gettext_lazy("Cette personne tient déjà ce rôle : elle n’a pas besoin de vous remplacer."),
    ),
    DelegationFault.ORGANISATION: (
        "email",
        gettext_lazy(
            "Ce rôle agit pour votre organisation. Choisissez quelqu’un qui en est membre, ou "
            "invitez d’abord cette personne dans l’organisation."
        ),
    ),
    DelegationFault.DATES: ("last_day", gettext_lazy("La fin doit venir après le début.")),
    DelegationFault.LONG: (
        "last_day",
        gettext_lazy("Trois mois au plus. Au-delà, demandez que le rôle soit donné."),
    ),
    DelegationFault.BEYOND: (
        "last_day",
        gettext_lazy("Votre rôle finit avant. Choisissez une date qui ne le dépasse pas."),
    ),
    DelegationFault.TWICE: (
        "email",
        gettext_lazy("Cette personne vous remplace déjà dans ce rôle à ces dates."),
    ),
}


def day(moment: dt.datetime) -> str:
    """Write the day of a moment."""
    return _day(timezone.localtime(moment))


def last_day(moment: dt.datetime) -> str:
    """Write until when, included: what ends at midnight ends with the day before."""
    local = timezone.localtime(moment)
    if local.time() == dt.time(0):
        return day(moment - dt.timedelta(seconds=1))
    return f"{_day(local)}, {local:%H:%M}"


def _day(local: dt.datetime) -> str:
    language = "en" if (get_language() or "").startswith("en") else "fr"
    return partial_date(local.date(), language=language)


def title_of(name: str) -> str:
    """Name a place; one that is no more keeps its stable name."""
    found = place(name)
    return found.title if found else name


def thing(role: str) -> str:
    """Name what is given: a role, or belonging to an organisation."""
    return role_label(role) if role else _("Membre de l’organisation")


def kind_label(name: str) -> str:
    kind = kind_of(name)
    return str(kind.label) if kind else ""


@dataclass(frozen=True, slots=True)
class Because:
    """Why somebody may, as a page writes it."""

    sentence: str
    details: tuple[str, ...]


def because(reason: Reason, here: str) -> Because:
    """Put a reason in words, with the roles and memberships that make it true."""
    details = [_held(held, here) for held in reason.held]
    details += [
        _("Membre de %(organisation)s depuis le %(day)s")
        % {"organisation": title_of(one.organisation), "day": day(one.since)}
        for one in reason.memberships
    ]
    return Because(str(reason.ground.sentence), tuple(details))


def _held(held: Held, here: str) -> str:
    parts = [_("Rôle « %(role)s »") % {"role": held.label}]
    if held.place != here:
        parts.append(title_of(held.place))
    if held.organisation:
        parts.append(_("pour %(organisation)s") % {"organisation": title_of(held.organisation)})
    if held.lent_by:
        parts.append(_("en remplaçant %(name)s") % {"name": held.lent_by})
    elif held.given_by:
        parts.append(_("donné par %(name)s") % {"name": held.given_by})
    else:
        parts.append(_("donné par une commande"))
    parts.append(_("depuis le %(day)s") % {"day": day(held.since)})
    if held.until:
        parts.append(_("jusqu’au %(day)s") % {"day": last_day(held.until)})
    return ", ".join(parts)


def in_words(lines: Iterable[HistoryLine]) -> list[HistoryLine]:
    """Write the names of people and places where the trail keeps numbers and stable names."""
    kept = list(lines)
    names = _names(kept)
    return [
        replace(
            line,
            changes={
                field: [_word(field, value, names) for value in pair]
                for field, pair in line.changes.items()
            },
        )
        for line in kept
    ]


def story(lines: Iterable[HistoryLine]) -> list[ReadableLine]:
    """Put what changed at a place in words, each line with whom and what it is about."""
    written = in_words(lines)
    told = readable(written, kinds=EVENTS, fields=FIELDS)
    return [
        replace(line, label=_headline(line.label, of))
        for line, of in zip(told, written, strict=True)
    ]


def _headline(label: str, line: HistoryLine) -> str:
    """Add to what happened the person, or the address invited, and the role."""
    said = []
    for pair in (
        line.changes.get("person") or line.personal.get("email"),
        line.changes.get("role"),
        line.changes.get("title") or line.changes.get("name"),
    ):
        before, after = pair or (None, None)
        if after or before:
            said.append(str(after or before))
    return (
        _("%(event)s : %(about)s") % {"event": label, "about": ", ".join(said)} if said else label
    )


def _names(lines: Iterable[HistoryLine]) -> dict[str, str]:
    named = {
        str(value)
        for line in lines
        for pair in line.changes.values()
        for value in pair
        if str(value).startswith("person:")
    }
    people = User.objects.filter(pk__in=[name.removeprefix("person:") for name in named])
    return {person.stable_name: str(person) for person in people}


def _word(field: str, value: Any, names: Mapping[str, str]) -> Any:
    if value is None:
        return None
    if field in {"expires_at", "starts_at", "ends_at"}:
        moment = dt.datetime.fromisoformat(str(value))
        return day(moment) if field == "starts_at" else last_day(moment)
    if field == "role":
        return thing("" if value == "member" else str(value))
    if field == "organisation":
        return title_of(str(value))
    if field == "invitation":
        return _("n° %(number)s") % {"number": str(value).rpartition(":")[2]}
    return names.get(str(value), value)
