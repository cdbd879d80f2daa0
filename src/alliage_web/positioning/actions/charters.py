"""Charters from their first line to the departure of a party.

The trail keeps what was decided and which sections changed, never their words nor who signed: the
charter holds them, and a project that is given up leaves nothing to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from alliage.alliances.vocabulary import World
from alliage.positioning import charter as library
from alliage.positioning.charter import (
    CHARTER,
    Asked,
    CharterDecision,
    CharterState,
    Member,
    guide,
)
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.positioning.models import (
    Charter,
    CharterComment,
    CharterParty,
    CharterSignature,
    CharterVersion,
)
from alliage_web.positioning.queries import charters as queries

from .charter_messages import tell, tell_party

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from uuid import UUID

    from alliage.positioning.charter import Missing, Section
    from alliage_web.accounts.models import User
    from alliage_web.actors.models import Organisation
    from alliage_web.alliances.models import Alliance

#: More organisations than this no longer write one text together.
MOST_PARTIES: Final = 40


class SectionChangedError(Exception):
    """Somebody else changed the section since it was shown; ``version`` is what it is now."""

    def __init__(self, version: CharterVersion, section: Section) -> None:
        self.version, self.section = version, section
        super().__init__(f"Section « {section.code} » of {version} was changed since it was shown.")


class SignaturesAtStakeError(Exception):
    """The version went to signature since it was shown: a change would cancel signatures."""

    def __init__(self, version: CharterVersion) -> None:
        self.version = version
        super().__init__(f"{version} is out for signature. Say that signatures are cancelled.")


class NotReadyError(Exception):
    """The text is not complete; ``missing`` says what it lacks."""

    def __init__(self, missing: tuple[Missing, ...]) -> None:
        self.missing = missing
        super().__init__(f"The charter lacks {len(missing)} things before it can be signed.")


class TextChangedError(Exception):
    """What was read is not what is to be signed."""


class AlreadySignedError(Exception):
    """The party signed this version before."""


class AlreadyPartyError(Exception):
    """The organisation is a party already."""


class TooManyPartiesError(Exception):
    """The charter has `MOST_PARTIES` parties."""


class BoundPartyError(Exception):
    """A party of the charter in force leaves it by its own rule, never by an amendment."""


class LastPartyError(Exception):
    """Nobody would be left: the project is given up instead."""


class CharterEndedError(Exception):
    """The charter ended: another one is written instead."""


class AlreadyLeavingError(Exception):
    """The party has said before that it leaves."""


@dataclass(frozen=True, slots=True)
class SectionValues:
    """What a person wrote in a section; the numbers that it does not ask stay None."""

    text: str
    notice_days: int | None = None
    review_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class SignatureValues:
    """Who signs, as what, and whether the charter may be public with that."""

    signatory: str
    capacity: str
    agrees_public: bool


# ---- Writing ------------------------------------------------------------------------------------


@transaction.atomic
def begin_charter(
    *,
    title: str,
    organisation: Organisation,
    by: User | None,
    at: dt.datetime,
    alliance: Alliance | None = None,
    submission: UUID | None = None,
    invented: bool = False,
) -> Charter:
    """Begin a charter, of which an organisation is the first party.

    Raises
    ------
    AlreadyDoneError
        The form was received before.
    """
    refuse_repeat(submission)
    charter = Charter.objects.create(
        title=title, alliance=alliance, invented=invented, created_by=by, created_at=at
    )
    version = CharterVersion.objects.create(charter=charter, number=1, created_at=at)
    _enter(version, organisation, at)
    record(
        kind="charter.begun",
        target=charter.stable_name,
        by=by,
        at=at,
        changes={
            "title": [None, title],
            "alliance": [None, alliance.stable_name if alliance else None],
            "party": [None, organisation.stable_name],
        },
        submission=submission,
    )
    return charter


@transaction.atomic
def write_section(
    *,
    version: CharterVersion,
    section: Section,
    values: SectionValues,
    seen: str,
    by: User | None,
    at: dt.datetime,
    on: dt.date,
    cancelling: bool = False,
) -> bool:
    """Write a section as the person saw it; False when nothing changed.

    ``cancelling`` says that the person knows that signatures already given are cancelled.

    Raises
    ------
    SectionChangedError
        Somebody else changed it meanwhile.
    SignaturesAtStakeError
        The version went to signature, and the person was not told.
    DecisionRefusedError
        The version is no longer written.
    CharterEndedError
        The charter ended.
    """
    row = _locked(version, on)
    wanted = _values(section, values)
    # Sent twice, or the same words from two people: nothing to do.
    if all(_present(row, section)[name] == value for name, value in wanted.items()):
        _check_written(row)
        return False
    if queries.seen(row, section) != seen:
        raise SectionChangedError(row, section)
    _change_text(row, by=by, at=at, cancelling=cancelling)
    row.sections = {**row.sections, section.code: wanted["text"]}
    row.notice_days = wanted.get("notice_days", row.notice_days)
    row.review_on = wanted.get("review_on", row.review_on)
    row.save()
    _told(row, "written", by, at, section=[None, section.code])
    return True


def _values(section: Section, values: SectionValues) -> dict[str, Any]:
    wanted: dict[str, Any] = {"text": values.text.strip()}
    if section.asks is Asked.NOTICE_DAYS:
        wanted["notice_days"] = values.notice_days
    elif section.asks is Asked.REVIEW_ON:
        wanted["review_on"] = values.review_on
    return wanted


def _present(version: CharterVersion, section: Section) -> dict[str, Any]:
    return {
        "text": version.sections.get(section.code, ""),
        "notice_days": version.notice_days,
        "review_on": version.review_on,
    }


@transaction.atomic
def present_charter(
    *,
    version: CharterVersion,
    title: str,
    alliance: Alliance | None,
    by: User,
    at: dt.datetime,
    on: dt.date,
    cancelling: bool = False,
) -> None:
    """Change the alliance of a charter and, until it first comes in force, its title.

    Raises
    ------
    SignaturesAtStakeError, DecisionRefusedError, CharterEndedError
        As `write_section` says, of a change of title.
    """
    row = _locked(version, on)
    charter = row.charter
    before = (charter.title, charter.alliance and charter.alliance.stable_name)
    if title != charter.title:
        # What was in force under a name keeps it: the table refuses.
        if row.number > 1:
            CHARTER.after(CharterState.IN_FORCE, CharterDecision.WRITE)
        _change_text(row, by=by, at=at, cancelling=cancelling)
    charter.title, charter.alliance = title, alliance
    after = (charter.title, alliance.stable_name if alliance else None)
    if before == after:
        return
    charter.save(update_fields=["title", "alliance"])
    record(
        kind="charter.presented",
        target=charter.stable_name,
        by=by,
        at=at,
        changes={
            name: [old, new]
            for name, old, new in zip(("title", "alliance"), before, after, strict=True)
            if old != new
        },
    )


@transaction.atomic
def invite_party(
    *,
    version: CharterVersion,
    organisation: Organisation,
    by: User | None,
    at: dt.datetime,
    on: dt.date,
    cancelling: bool = False,
) -> CharterParty:
    """Invite an organisation: who acts for it reads, proposes and writes; it is told.

    Raises
    ------
    AlreadyPartyError, TooManyPartiesError
        It is a party already, or there are too many.
    SignaturesAtStakeError, DecisionRefusedError, CharterEndedError
        As `write_section` says.
    """
    row = _locked(version, on)
    _check_written(row)
    if row.parties.filter(organisation=organisation).exists():
        raise AlreadyPartyError
    if row.parties.count() >= MOST_PARTIES:
        raise TooManyPartiesError
    _change_text(row, by=by, at=at, cancelling=cancelling)
    party = _enter(row, organisation, at)
    _told(row, "invited", by, at, party=[None, organisation.stable_name])
    tell_party(party, "invited", at=at)
    return party


@transaction.atomic
def remove_party(
    *,
    version: CharterVersion,
    party: CharterParty,
    by: User,
    at: dt.datetime,
    on: dt.date,
    cancelling: bool = False,
) -> None:
    """Take an organisation out of a text that is being written: it declines, or was a mistake.

    Raises
    ------
    BoundPartyError
        It is bound by the charter in force, which it leaves by its rule.
    LastPartyError
        It is the only one.
    SignaturesAtStakeError, DecisionRefusedError, CharterEndedError
        As `write_section` says.
    """
    row = _locked(version, on)
    _check_written(row)
    held = queries.in_force(row.charter)
    bound = held is not None and held.parties.filter(
        organisation=party.organisation_id, leaves_on=None
    )
    if bound and bound.exists():
        raise BoundPartyError
    if row.parties.count() == 1:
        raise LastPartyError
    _take_out(row, party, by=by, at=at, cancelling=cancelling)


def _take_out(
    version: CharterVersion,
    party: CharterParty,
    *,
    by: User | None,
    at: dt.datetime,
    cancelling: bool,
) -> None:
    leaving = version.parties.select_related("organisation", "version__charter__alliance")
    row = leaving.get(pk=party.pk)
    told_too = queries.people_of_party(row, at)
    _change_text(version, by=by, at=at, cancelling=cancelling)
    row.delete()
    _told(version, "removed", by, at, party=[row.organisation.stable_name, None])
    tell(version, "removed", at=at, also=told_too, party=row.name)


@transaction.atomic
def comment(
    *,
    version: CharterVersion,
    section: Section,
    organisation: Organisation,
    text: str,
    by: User | None,
    at: dt.datetime,
    on: dt.date,
    submission: UUID | None = None,
) -> CharterComment:
    """Propose a change to a section, for a party.

    Raises
    ------
    AlreadyDoneError
        The form was received before.
    DecisionRefusedError, CharterEndedError
        The version is no longer written.
    """
    refuse_repeat(submission)
    row = _locked(version, on)
    _check_written(row)
    made = CharterComment.objects.create(
        version=row,
        section=section.code,
        organisation=organisation,
        author=by,
        text=text,
        written_at=at,
    )
    record(
        kind="charter.commented",
        target=row.charter.stable_name,
        by=by,
        at=at,
        changes={
            "version": [None, row.number],
            "section": [None, section.code],
            "party": [None, organisation.stable_name],
        },
        submission=submission,
    )
    return made


@transaction.atomic
def settle_comment(*, comment: CharterComment, by: User, at: dt.datetime) -> None:
    """Say that a proposal was dealt with; said twice, it counts once."""
    found = CharterComment.objects.select_for_update(of=("self",)).select_related(
        "version__charter"
    )
    row = found.get(pk=comment.pk)
    if row.settled_at is not None:
        return
    row.settled_at = at
    row.save(update_fields=["settled_at"])
    _told(row.version, "settled", by, at, section=[None, row.section])


# ---- Signing ------------------------------------------------------------------------------------


@transaction.atomic
def open_for_signature(
    *, version: CharterVersion, by: User | None, at: dt.datetime, on: dt.date
) -> None:
    """Freeze a complete text, and ask its parties to sign it; said twice, it counts once.

    Raises
    ------
    NotReadyError
        The text lacks something.
    DecisionRefusedError, CharterEndedError
        The version is no longer written.
    """
    row = _locked(version, on)
    if row.state == CharterState.SIGNING.value:
        return
    state = CHARTER.after(CharterState(row.state), CharterDecision.OPEN_FOR_SIGNATURE)
    lacks = queries.missing_of(row, on)
    if lacks:
        raise NotReadyError(lacks)
    row.content = library.frozen(queries.text_of(row), guide())
    row.digest = library.fingerprint(row.content)
    row.state, row.frozen_at = state.value, at
    row.save()
    _told(row, "opened", by, at, digest=[None, row.digest])
    tell(row, "opened", at=at)


@transaction.atomic
def sign(
    *,
    party: CharterParty,
    digest: str,
    values: SignatureValues,
    by: User | None,
    at: dt.datetime,
    on: dt.date,
    submission: UUID | None = None,
) -> CharterVersion:
    """Sign for a party the text that was read; the last signature puts it in force.

    Raises
    ------
    AlreadyDoneError
        The form was received before.
    AlreadySignedError
        The party signed before.
    TextChangedError
        The text is not the one that was read, or not the one that was frozen.
    DecisionRefusedError, CharterEndedError
        The version is not to be signed.
    """
    refuse_repeat(submission)
    row = _locked(party.version, on)
    found = [one for one in row.parties.all() if one.pk == party.pk]
    if not found:
        raise TextChangedError
    # Who read a text that was taken back since hears that it changed.
    if row.state == CharterState.DRAFT.value:
        raise TextChangedError
    CHARTER.after(CharterState(row.state), CharterDecision.SIGN)
    signing = found[0]
    if queries.signature_of(signing) is not None:
        raise AlreadySignedError
    if digest != row.digest or not queries.is_whole(row):
        raise TextChangedError
    CharterSignature.objects.create(
        party=signing,
        digest=row.digest,
        signatory=values.signatory,
        capacity=values.capacity,
        agrees_public=values.agrees_public,
        signed_by=by,
        signed_at=at,
    )
    signing.cancelled_at = None
    signing.save(update_fields=["cancelled_at"])
    record(
        kind="charter.signed",
        target=row.charter.stable_name,
        by=by,
        at=at,
        changes={
            "version": [None, row.number],
            "party": [None, signing.organisation.stable_name],
            "digest": [None, row.digest],
            "agrees_public": [None, values.agrees_public],
        },
        submission=submission,
    )
    # Whoever else acts for the organisation learns who committed it.
    tell_party(signing, "signed", at=at, who=values.signatory, capacity=values.capacity)
    if not row.parties.filter(signature=None).exists():
        _put_in_force(row, by=by, at=at, on=on)
    return row


def _put_in_force(
    version: CharterVersion, *, by: User | None, at: dt.datetime, on: dt.date
) -> None:
    also: list[str] = []
    former = queries.in_force(version.charter)
    if former is not None:
        also = queries.people_of(former, at)
        state = CHARTER.after(CharterState(former.state), CharterDecision.REPLACE)
        former.state = state.value
        former.save(update_fields=["state"])
    version.state = CHARTER.after(CharterState(version.state), CharterDecision.SIGN_LAST).value
    version.in_force_on = on
    version.save(update_fields=["state", "in_force_on"])
    _told(version, "in_force", by, at, digest=[None, version.digest])
    tell(version, "in_force", at=at, also=also)


@transaction.atomic
def set_publicity(*, party: CharterParty, agrees: bool, by: User, at: dt.datetime) -> None:
    """Let a party that signed say again whether the charter may be public."""
    row = CharterSignature.objects.select_for_update().filter(party=party).first()
    if row is None or row.agrees_public == agrees:
        return
    row.agrees_public = agrees
    row.save(update_fields=["agrees_public"])
    record(
        kind="charter.publicity",
        target=party.version.charter.stable_name,
        by=by,
        at=at,
        changes={
            "version": [None, party.version.number],
            "party": [None, party.organisation.stable_name],
            "agrees_public": [not agrees, agrees],
        },
    )


# ---- Afterwards ---------------------------------------------------------------------------------


@transaction.atomic
def leave(
    *, party: CharterParty, why: str, by: User | None, at: dt.datetime, on: dt.date
) -> CharterVersion:
    """Say that a party leaves by the rule of the charter; the others are told.

    It is bound until the end of its notice. The charter goes on among the others while they come
    from two worlds, and ends otherwise on the day of the departure. An amendment that is being
    written goes on without it.

    Raises
    ------
    AlreadyLeavingError
        It was said before.
    DecisionRefusedError, CharterEndedError
        The version is not in force.
    """
    row = _locked(party.version, on)
    CHARTER.after(row.state_on(on), CharterDecision.LEAVE)
    leaving = row.parties.get(pk=party.pk)
    if leaving.leaves_on is not None:
        raise AlreadyLeavingError
    leaving.told_on, leaving.leaving_why = on, why
    leaving.leaves_on = library.leaves_on(on, row.notice_days or 0)
    leaving.save(update_fields=["told_on", "leaves_on", "leaving_why"])
    everybody = CharterParty.objects.filter(version=row)
    members = [Member(World(one.world), one.leaves_on) for one in everybody]
    row.ends_on = library.ends_on(members)
    row.save(update_fields=["ends_on"])
    _told(
        row,
        "left",
        by,
        at,
        party=[None, leaving.organisation.stable_name],
        leaves_on=[None, leaving.leaves_on.isoformat()],
        ends_on=[None, row.ends_on and row.ends_on.isoformat()],
    )
    tell(row, "left", at=at, party=leaving.name, leaves_on=leaving.leaves_on, ends_on=row.ends_on)
    amendment = queries.open_version(row.charter)
    if amendment is not None:
        there = amendment.parties.filter(organisation=leaving.organisation_id).first()
        if there is not None and amendment.parties.count() > 1:
            _take_out(amendment, there, by=by, at=at, cancelling=True)
    return row


@transaction.atomic
def amend(
    *,
    version: CharterVersion,
    reason: str,
    by: User | None,
    at: dt.datetime,
    on: dt.date,
    submission: UUID | None = None,
) -> CharterVersion:
    """Begin a new version from the one in force, which stays so until all have signed the new one.

    An amendment that is already being written is given back: there is one at a time.

    Raises
    ------
    AlreadyDoneError
        The form was received before.
    DecisionRefusedError, CharterEndedError
        The version is not in force.
    """
    refuse_repeat(submission)
    row = _locked(version, on)
    CHARTER.after(CharterState(row.state), CharterDecision.REPLACE)
    waiting = queries.open_version(row.charter)
    if waiting is not None:
        return waiting
    last: int = row.charter.versions.order_by("-number").values_list("number", flat=True)[0]
    made = CharterVersion.objects.create(
        charter=row.charter,
        number=last + 1,
        reason=reason,
        sections=row.sections,
        notice_days=row.notice_days,
        review_on=row.review_on,
        created_at=at,
    )
    for one in row.parties.select_related("organisation").filter(leaves_on=None):
        _enter(made, one.organisation, at)
    record(
        kind="charter.amended",
        target=row.charter.stable_name,
        by=by,
        at=at,
        changes={"version": [row.number, made.number], "reason": [None, reason]},
        submission=submission,
    )
    tell(made, "amended", at=at, reason=reason)
    return made


@transaction.atomic
def abandon(*, version: CharterVersion, by: User, at: dt.datetime) -> None:
    """Give up a text before all have signed; its signatures go, and all are told.

    Raises
    ------
    DecisionRefusedError
        The version is no longer written or signed.
    """
    row = _locked(version)
    before = row.state
    if before == CharterState.ABANDONED.value:
        return
    row.state = CHARTER.after(CharterState(before), CharterDecision.ABANDON).value
    _thaw(row)
    row.save()
    CharterSignature.objects.filter(party__version=row).delete()
    _told(row, "abandoned", by, at, state=[before, row.state])
    tell(row, "abandoned", at=at)


# ---- Parts --------------------------------------------------------------------------------------


def _locked(version: CharterVersion, on: dt.date | None = None) -> CharterVersion:
    """Lock a charter whole: what is decided of a version depends on the others.

    Raises
    ------
    CharterEndedError
        If the charter ended before the day ``on``.
    """
    Charter.objects.select_for_update(no_key=True).get(pk=version.charter_id)
    row = queries.versions().get(pk=version.pk)
    held = queries.in_force(row.charter) if on else None
    if held is not None and on is not None and held.state_on(on) is CharterState.ENDED:
        raise CharterEndedError
    return row


def _check_written(version: CharterVersion) -> None:
    decision = (
        CharterDecision.CHANGE_TEXT
        if version.state == CharterState.SIGNING.value
        else CharterDecision.WRITE
    )
    CHARTER.after(CharterState(version.state), decision)


def _change_text(
    version: CharterVersion, *, by: User | None, at: dt.datetime, cancelling: bool
) -> None:
    """Let the text be changed: what was out for signature is a project again, and all are told."""
    _check_written(version)
    if version.state != CharterState.SIGNING.value:
        return
    if not cancelling:
        raise SignaturesAtStakeError(version)
    signed = queries.signed(version)
    version.state = CHARTER.after(CharterState.SIGNING, CharterDecision.CHANGE_TEXT).value
    before = version.digest
    _thaw(version)
    version.save()
    CharterSignature.objects.filter(party__in=signed).delete()
    CharterParty.objects.filter(pk__in=[one.pk for one in signed]).update(cancelled_at=at)
    names = [one.organisation.stable_name for one in signed]
    _told(version, "cancelled", by, at, digest=[before, None], parties=[names, []])
    tell(version, "cancelled", at=at, names=[one.name for one in signed])


def _thaw(version: CharterVersion) -> None:
    version.content, version.digest, version.frozen_at = None, "", None


def _enter(version: CharterVersion, organisation: Organisation, at: dt.datetime) -> CharterParty:
    return CharterParty.objects.create(
        version=version,
        organisation=organisation,
        code=organisation.slug,
        name=organisation.name,
        world=organisation.world,
        invited_at=at,
    )


def _told(
    version: CharterVersion, what: str, by: User | None, at: dt.datetime, **changes: Sequence[Any]
) -> None:
    record(
        kind=f"charter.{what}",
        target=version.charter.stable_name,
        by=by,
        at=at,
        changes={"version": [None, version.number], **changes},
    )
