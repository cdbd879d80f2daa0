"""Questionnaires of self-positioning, filled and kept, for tests."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from alliage.alliances.vocabulary import World
from alliage.positioning.charter import guide
from alliage_web.actors.models import Organisation
from alliage_web.positioning.actions import charters
from alliage_web.positioning.actions import results as actions
from alliage_web.positioning.models import Charter
from alliage_web.positioning.queries.charters import find_version, seen
from alliage_web.positioning.queries.filling import Filling

if TYPE_CHECKING:
    from uuid import UUID

    from alliage_web.accounts.models import User
    from alliage_web.alliances.models import Alliance
    from alliage_web.positioning.models import (
        CharterComment,
        CharterVersion,
        ResultGroup,
        SavedResult,
    )

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def filled(compared: str = "000000", levels: str = "1" * 16, **more: Any) -> Filling:
    """Fill a questionnaire: a mark for each comparison and each behaviour, in their order."""
    told = {
        "version": 1, "seed": 5, "world": World.ASSOCIATION, "size": "", "territory": "",
        "marks": compared + levels + "xx", **more,
    }  # fmt: skip
    return Filling(**told)


def kept_result(token: str, one: Filling | None = None, **more: Any) -> SavedResult:
    """Keep a result under a link."""
    return actions.keep_result(filling=one or filled(), token=token, at=AT, **more)


def result_group(result: SavedResult, token: str, name: str = "Un groupe") -> ResultGroup:
    """Open a group with a result in it."""
    return actions.open_group(result=result, name=name, label="", token=token, at=AT)


# Charters

#: Two worlds: who writes the charters of the tests.
TOWN, CLUB = "ville", "club"
WRITTEN_ON = AT.date()


def organisation(slug: str, world: str = "association") -> Organisation:
    """Write an organisation of a world, unless it is there."""
    found, _made = Organisation.objects.get_or_create(
        slug=slug,
        defaults={
            "name": f"{slug.capitalize()} d’ici", "name_key": slug, "world": world,
            "profile": "association", "created_at": AT, "updated_at": AT,
        },
    )  # fmt: skip
    return found


def charter_draft(
    *others: Organisation,
    first: Organisation | None = None,
    title: str = "La charte du port",
    alliance: Alliance | None = None,
) -> CharterVersion:
    """Begin a charter of a town and a club, or of others; its first text is empty."""
    made = charters.begin_charter(
        title=title, organisation=first or organisation(TOWN, "local_authority"),
        alliance=alliance, by=None, at=AT,
    )  # fmt: skip
    version = made.versions.get()
    for other in others or (organisation(CLUB),):
        charters.invite_party(version=version, organisation=other, by=None, at=AT, on=WRITTEN_ON)
    return as_stored(version)


def as_stored(version: CharterVersion) -> CharterVersion:
    """Read a version again."""
    found = find_version(version.charter.uuid, version.number)
    assert found is not None
    return found


def charter_filled(version: CharterVersion, notice_days: int = 30) -> CharterVersion:
    """Write every required section of a charter."""
    for section in guide().sections:
        if not section.required:
            continue
        charters.write_section(
            version=version, section=section,
            values=charters.SectionValues(
                f"Nous écrivons : {section.code}.", notice_days, dt.date(2099, 1, 1)
            ),
            seen=seen(as_stored(version), section), by=None, at=AT, on=WRITTEN_ON,
            cancelling=True,
        )  # fmt: skip
    return as_stored(version)


def charter_opened(version: CharterVersion | None = None) -> CharterVersion:
    """Fill a charter and open it to signature."""
    filled_one = charter_filled(version or charter_draft())
    charters.open_for_signature(version=filled_one, by=None, at=AT, on=WRITTEN_ON)
    return as_stored(filled_one)


def charter_sign(
    version: CharterVersion, slug: str, *, public: bool = True, by: User | None = None
) -> CharterVersion:
    """Sign a charter for one of its parties."""
    party = version.parties.get(organisation__slug=slug)
    charters.sign(
        party=party, digest=version.digest,
        values=charters.SignatureValues("Ada Martin", "présidente", public),
        by=by, at=AT, on=WRITTEN_ON,
    )  # fmt: skip
    return as_stored(version)


def charter_in_force(
    version: CharterVersion | None = None, *, public: bool = True
) -> CharterVersion:
    """Let every party of a charter sign."""
    opened = charter_opened(version)
    for party in opened.parties.all():
        charter_sign(opened, party.organisation.slug, public=public)
    return as_stored(opened)


def sample_charter(uuid: UUID, first: Organisation, alliance: Alliance) -> CharterComment:
    """Write a charter in force and its amendment, out for signature, with a proposal on it.

    Its first party is ``first``; the other is of another world.
    """
    other = organisation("autre-monde", "local_authority")
    version = charter_draft(other, first=first, alliance=alliance)
    Charter.objects.filter(pk=version.charter_id).update(uuid=uuid)
    version.charter.uuid = uuid
    in_force = charter_in_force(version, public=False)
    amendment = charters.amend(
        version=in_force, reason="Un avenant.", by=None, at=AT, on=WRITTEN_ON
    )
    charters.open_for_signature(version=amendment, by=None, at=AT, on=WRITTEN_ON)
    return charters.comment(
        version=amendment, section=guide().sections[0], organisation=first,
        text="Une proposition.", by=None, at=AT, on=WRITTEN_ON,
    )  # fmt: skip
