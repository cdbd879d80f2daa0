"""A charter on paper: a project until all have signed, then with its signatures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from alliage.positioning.charter import CharterState
from alliage_web.actors.models import WorldChoices
from alliage_web.positioning.models import CharterStateChoices
from alliage_web.positioning.queries.charters import content_of, signature_of
from alliage_web.positioning.queries.charters_wording import notice_told
from alliage_web.ui.printing import print_pdf

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.positioning.models import CharterParty, CharterVersion

_TEMPLATE = Path(__file__).parents[1] / "typst" / "charter.typ"
#: A printer would overrun its line with a whole fingerprint.
_HALF = 32


def facts_of(version: CharterVersion) -> list[tuple[str, str]]:
    """Return what a charter says in figures and days, in words; nothing of what is not said."""
    facts = []
    if version.in_force_on is not None:
        facts.append((_("En vigueur depuis le"), _day(version.in_force_on)))
    if version.ends_on is not None:
        facts.append((_("Fin, moins de deux mondes restant"), _day(version.ends_on)))
    if version.notice_days is not None:
        facts.append((_("Pour partir"), notice_told(version.notice_days)))
    if version.review_on is not None:
        facts.append((_("À relire le"), _day(version.review_on)))
    return facts


def charter_pdf(version: CharterVersion, *, day: dt.date) -> bytes:
    """Print a version as it stands on a day; its words are French, as they were signed."""
    with translation.override("fr"):
        return print_pdf(_TEMPLATE, it=_told(version, day))


def _told(version: CharterVersion, day: dt.date) -> dict[str, Any]:
    state = version.state_on(day)
    content = content_of(version)
    invented = (
        _("Charte inventée pour une démonstration : elle n’engage personne.")
        if version.charter.invented
        else ""
    )
    return {
        "title": content["title"],
        "eyebrow": _("Charte du faire alliance"),
        "version": _("Version %(number)d, %(state)s")
        % {"number": version.number, "state": CharterStateChoices(state.value).label},
        "warnings": [one for one in (_project(state), invented) if one],
        "running": " · ".join(one for one in (_running(state), invented) if one),
        "facts": [list(fact) for fact in facts_of(version)],
        "parties": [[one["name"], _world(one["world"])] for one in content["parties"]],
        "sections": [[one["title"], one["text"].split("\n")] for one in content["sections"]],
        "signatures": [
            {"name": row.name, "lines": _signed(row, day)} for row in version.parties.all()
        ],
        "fingerprint": [version.digest[:_HALF], version.digest[_HALF:]] if version.digest else [],
        "footer": _("Alliage · charte %(uuid)s, version %(number)d · imprimée le %(day)s")
        % {"uuid": version.charter.uuid, "number": version.number, "day": _day(day)},
    }


def _project(state: CharterState) -> str:
    if state is CharterState.DRAFT:
        return _("PROJET : ce texte peut encore changer, personne ne l’a signé.")
    if state is CharterState.SIGNING:
        return _("PROJET : il n’engage personne tant que toutes les parties n’ont pas signé.")
    if state is CharterState.ABANDONED:
        return _("PROJET ABANDONNÉ : il n’a engagé personne.")
    if state is CharterState.REPLACED:
        return _("Remplacée par un avenant : ce texte n’est plus en vigueur.")
    if state is CharterState.ENDED:
        return _("Terminée : moins de deux mondes y restent.")
    return ""


def _running(state: CharterState) -> str:
    """Say at the top of each page what is not in force."""
    if state in {CharterState.DRAFT, CharterState.SIGNING}:
        return _("PROJET")
    return "" if state is CharterState.IN_FORCE else CharterStateChoices(state.value).label.upper()


def _signed(row: CharterParty, day: dt.date) -> list[str]:
    signature = signature_of(row)
    if signature is None:
        return [_("N’a pas signé.")]
    lines = [
        _("%(name)s, %(capacity)s") % {"name": signature.signatory, "capacity": signature.capacity},
        _("Signé le %(day)s, sur Alliage, pour ce texte et son empreinte.")
        % {"day": _day(timezone.localdate(signature.signed_at))},
    ]
    if row.leaves_on is not None:
        words = (
            _("A quitté la charte le %(day)s.")
            if row.leaves_on <= day
            else _("Quitte la charte le %(day)s.")
        )
        lines.append(words % {"day": _day(row.leaves_on)})
    return lines


def _world(code: str) -> str:
    return str(WorldChoices(code).label)


def _day(day: dt.date) -> str:
    return date_format(day, "j F Y")
