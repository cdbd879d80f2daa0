"""Reading charters: who acts in one, what a version says, which are public, what waits for whom."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Prefetch, Q

from alliage.alliances.vocabulary import World
from alliage.positioning import charter as library
from alliage.positioning.charter import CharterState, CharterText, guide
from alliage_web.accounts.queries import members_at, organisations_of, standing_at
from alliage_web.actors.queries import names_by_slug
from alliage_web.alliances.models import Alliance
from alliage_web.alliances.queries import facilitated_by
from alliage_web.audit.queries import history, readable
from alliage_web.fund.queries.acting import organisations_acted_for
from alliage_web.positioning.models import (
    Charter,
    CharterComment,
    CharterParty,
    CharterSignature,
    CharterStateChoices,
    CharterVersion,
)
from alliage_web.positioning.models.charters import OPEN
from alliage_web.ui.rows import only

from .charters_wording import EVENTS, FIELDS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable
    from uuid import UUID

    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from alliage.positioning.charter import Missing, Section
    from alliage_web.accounts.models import User
    from alliage_web.audit.queries import ReadableLine


# ---- Who acts -----------------------------------------------------------------------------------


def acted_for(user: User | AnonymousUser, charter: Charter) -> frozenset[str]:
    """Return the stable names of the organisations for which a person acts in a charter.

    Whoever belongs to an organisation acts for it. A party member of the alliance of the charter
    acts for one there too; a party member of another alliance does not.
    """
    if charter.alliance is None:
        return organisations_of(user)
    return organisations_acted_for(user, alliance=charter.alliance.stable_name)


def may_speak_for(user: User | AnonymousUser, organisation: str, alliance: Alliance | None) -> bool:
    """Tell whether a person acts for an organisation in a charter of an alliance, or of none."""
    if alliance is None:
        return organisation in organisations_of(user)
    return organisation in organisations_acted_for(user, alliance=alliance.stable_name)


def own_parties(user: User | AnonymousUser, version: CharterVersion) -> list[CharterParty]:
    """Return the parties of a version for which a person acts."""
    names = acted_for(user, version.charter)
    if not names:
        return []
    return [row for row in version.parties.all() if row.organisation.stable_name in names]


def readers_of(version: CharterVersion) -> frozenset[str]:
    """Return the stable names of the parties of a version, and of the later ones.

    Who is invited to an amendment reads what it amends; who left reads what it had signed.
    """
    rows = CharterParty.objects.filter(
        version__charter=version.charter_id, version__number__gte=version.number
    )
    slugs = rows.order_by().values_list("organisation__slug", flat=True).distinct()
    return frozenset(f"organisation:{slug}" for slug in slugs)


def own_organisations(user: User | AnonymousUser, names: Collection[str] = ()) -> dict[str, str]:
    """Return the names of the organisations for which a person acts somewhere, by address."""
    found = names or organisations_acted_for(user)
    return names_by_slug(name.partition(":")[2] for name in found)


def own_alliances(user: User) -> list[Alliance]:
    """Return the alliances that a person may know enough to attach a charter to one of them."""
    slugs = [name.partition(":")[2] for name in organisations_acted_for(user)]
    held = Q(pk__in=facilitated_by(user)) | Q(created_by=user.pk)
    rows = Alliance.objects.filter(Q(parties__organisation__slug__in=slugs) | held)
    return list(rows.distinct().order_by("title", "pk"))


def people_of(version: CharterVersion, at: dt.datetime) -> list[str]:
    """Return the addresses of all who act for a party of a version, in order."""
    names = {row.organisation.stable_name for row in version.parties.all()}
    return sorted(_acting_for(names, version.charter, at))


def _acting_for(names: Iterable[str], charter: Charter, at: dt.datetime) -> set[str]:
    wanted = set(names)
    found = {member.user.email for name in wanted for member in members_at(name)}
    if charter.alliance is not None:
        found |= {
            one.holding.user.email
            for one in standing_at(charter.alliance.stable_name, at)
            if one.holding.organisation in wanted
        }
    return found


def people_of_party(party: CharterParty, at: dt.datetime) -> list[str]:
    """Return the addresses of all who act for one party, in order."""
    found = _acting_for([party.organisation.stable_name], party.version.charter, at)
    return sorted(found)


# ---- Versions -----------------------------------------------------------------------------------


def versions() -> QuerySet[CharterVersion]:
    """Return versions with what a page shows of them."""
    parties = CharterParty.objects.select_related("organisation", "signature").order_by("code")
    return CharterVersion.objects.select_related("charter__alliance").prefetch_related(
        Prefetch("parties", parties)
    )


def find_version(uuid: UUID, number: int | None = None) -> CharterVersion | None:
    """Return a version; without number the one in force, else the latest."""
    rows = versions().filter(charter__uuid=uuid)
    if number is not None:
        return only(rows.filter(number=number))
    in_force = rows.filter(state=CharterState.IN_FORCE.value).first()
    return in_force or rows.order_by("-number").first()


def in_force(charter: Charter) -> CharterVersion | None:
    return versions().filter(charter=charter, state=CharterState.IN_FORCE.value).first()


def open_version(charter: Charter) -> CharterVersion | None:
    """Return the version that is written or signed, if there is one."""
    return versions().filter(charter=charter, state__in=OPEN).first()


def text_of(version: CharterVersion) -> CharterText:
    """Return what a version says so far, for the library."""
    return CharterText(
        charter=str(version.charter.uuid),
        number=version.number,
        title=version.charter.title,
        parties=tuple(
            library.Party(row.code, row.name, World(row.world)) for row in version.parties.all()
        ),
        sections=version.sections,
        notice_days=version.notice_days,
        review_on=version.review_on,
    )


def missing_of(version: CharterVersion, day: dt.date) -> tuple[Missing, ...]:
    return library.missing(text_of(version), guide(), on=day)


def content_of(version: CharterVersion) -> dict[str, Any]:
    """Return the text as it is signed: what was frozen, or what would be."""
    return version.content or library.frozen(text_of(version), guide())


def is_whole(version: CharterVersion) -> bool:
    """Tell whether what is stored is what was frozen: nobody signs anything else."""
    content = version.content
    return content is not None and library.fingerprint(content) == version.digest


def seen(version: CharterVersion, section: Section) -> str:
    """Name the state of a section: a form gives it back, and two people do not overwrite."""
    held: list[Any] = [version.sections.get(section.code, "")]
    if section.asks is library.Asked.NOTICE_DAYS:
        held.append(version.notice_days)
    elif section.asks is library.Asked.REVIEW_ON:
        held.append(version.review_on and version.review_on.isoformat())
    return hashlib.sha256(json.dumps(held).encode()).hexdigest()


def signature_of(party: CharterParty) -> CharterSignature | None:
    return getattr(party, "signature", None)


def signed(version: CharterVersion) -> list[CharterParty]:
    """Return the parties that have signed a version."""
    return [row for row in version.parties.all() if signature_of(row) is not None]


def is_public(version: CharterVersion) -> bool:
    """Tell whether everybody reads a version: it came in force, and all chose so as they signed."""
    if version.state != CharterState.IN_FORCE.value:
        return False
    given = [signature_of(row) for row in version.parties.all()]
    return bool(given) and all(one is not None and one.agrees_public for one in given)


def public_versions() -> QuerySet[CharterVersion]:
    """Return what everybody reads, the latest in force first."""
    silent = CharterParty.objects.filter(version=OuterRef("pk")).exclude(
        signature__agrees_public=True
    )
    rows = versions().filter(state=CharterState.IN_FORCE.value)
    return rows.exclude(Exists(silent)).order_by("-in_force_on", "-pk")


# ---- Lists --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnCharter:
    """A version in which a person acts, and the parties whose signature waits for them."""

    version: CharterVersion
    state: CharterState
    waiting: tuple[CharterParty, ...] = ()

    @property
    def label(self) -> str:
        return str(CharterStateChoices(self.state.value).label)


def own_charters(user: User | AnonymousUser, day: dt.date) -> list[OwnCharter]:
    """Return, for each charter in which a person acts, what is open in it, else the last."""
    names = organisations_acted_for(user)
    if not names:
        return []
    slugs = [name.partition(":")[2] for name in names]
    rows = versions().filter(parties__organisation__slug__in=slugs).distinct()
    best: dict[int, CharterVersion] = {}
    for version in rows.order_by("charter__created_at", "charter", "number"):
        held = best.get(version.charter_id)
        if own_parties(user, version) and (held is None or _comes_before(version, held)):
            best[version.charter_id] = version
    found = []
    for version in reversed(best.values()):
        waits = version.state == CharterState.SIGNING.value
        found.append(
            OwnCharter(
                version,
                version.state_on(day),
                tuple(
                    row
                    for row in (own_parties(user, version) if waits else ())
                    if signature_of(row) is None
                ),
            )
        )
    return found


def _comes_before(version: CharterVersion, held: CharterVersion) -> bool:
    """Tell whether a later version is shown rather than an earlier one: not if it was given up."""
    return version.state != CharterState.ABANDONED.value or held.state == version.state


def charters_of_alliance(
    alliance: int, user: User | AnonymousUser, day: dt.date
) -> list[OwnCharter]:
    """Return the charters of an alliance that a person may read: public ones, and theirs."""
    shown: dict[int, CharterVersion] = {}
    for version in versions().filter(charter__alliance=alliance).order_by("charter", "number"):
        held = shown.get(version.charter_id)
        readable_here = is_public(version) or bool(own_parties(user, version))
        if readable_here and (held is None or _comes_before(version, held)):
            shown[version.charter_id] = version
    return [OwnCharter(version, version.state_on(day)) for version in shown.values()]


def other_versions(version: CharterVersion) -> list[CharterVersion]:
    """Return the other versions of a charter, the latest first."""
    rows = versions().filter(charter=version.charter_id).exclude(pk=version.pk)
    return list(rows.order_by("-number"))


# ---- Comments -----------------------------------------------------------------------------------


def comments(version: CharterVersion, section: str = "") -> QuerySet[CharterComment]:
    """Return what parties proposed, what waits first."""
    rows = version.comments.select_related("organisation", "author")
    if section:
        rows = rows.filter(section=section)
    return rows.order_by("settled_at", "written_at", "pk")


def waiting_comments(version: CharterVersion) -> dict[str, int]:
    """Return how many proposals wait in each section."""
    found: dict[str, int] = {}
    rows = version.comments.filter(settled_at=None).order_by()
    for code in rows.values_list("section", flat=True):
        found[code] = found.get(code, 0) + 1
    return found


def find_comment(version: CharterVersion, pk: int) -> CharterComment | None:
    return version.comments.filter(pk=pk).first()


# ---- The trail ----------------------------------------------------------------------------------


def history_of_charter(charter: Charter) -> list[ReadableLine]:
    return readable(history(charter.stable_name), kinds=EVENTS, fields=FIELDS)
