"""Sheets drafted from live files: what they say, who is asked, and who may answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from alliage.knowledge.consent import (
    CONSENT,
    Consent,
    ConsentDecision,
    ConsentState,
    ProposalState,
    missing_consents,
)
from alliage.knowledge.live_sheet import LiveSheet, PartyFact, named_parties
from alliage_web.accounts.models import Role, User
from alliage_web.accounts.queries import members_at, standing_at
from alliage_web.actors.queries import ids_by_slug
from alliage_web.alliances.queries import contents
from alliage_web.fund.queries.acting import organisations_acted_for
from alliage_web.knowledge.models import Entry, EntryKind, EntryState, SheetConsent, SheetProposal
from alliage_web.ui.rows import only

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable
    from uuid import UUID

    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from alliage_web.alliances.models import Alliance
    from alliage_web.fund.models import Fund

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OPEN = (ProposalState.DRAFT.value, ProposalState.ASKED.value, ProposalState.IN_REVIEW.value)


def sheet_content(proposal: SheetProposal) -> LiveSheet:
    """Read what a proposed sheet says."""
    return LiveSheet.model_validate(proposal.content)


def published_sheet(alliance_id: int) -> LiveSheet | None:
    """Return the sheet of an alliance that was made from its file and is published."""
    row = SheetProposal.objects.filter(
        alliance=alliance_id, state=ProposalState.PUBLISHED.value
    ).first()
    return sheet_content(row) if row else None


def sheet_texts(entries: Iterable[int]) -> dict[int, str]:
    """Give what the published sheets of entries say, for the search, by entry."""
    rows = SheetProposal.objects.filter(
        entry__in=list(entries), state=ProposalState.PUBLISHED.value
    )
    return {
        row.entry_id: "\n".join(passage.text for passage in sheet_content(row).passages)
        for row in rows
        if row.entry_id is not None
    }


def taken_out_of(entry: Entry) -> frozenset[str]:
    """Name the parties that are no longer named by the published sheet of an example."""
    rows = SheetConsent.objects.filter(
        proposal__entry=entry,
        proposal__state=ProposalState.PUBLISHED.value,
        state=ConsentState.REMOVED.value,
    )
    return frozenset(rows.values_list("name", flat=True))


def reviewed_sheet(entry: Entry) -> SheetProposal | None:
    """Return the proposed sheet that goes to the public with an entry, if it has one."""
    return _with_names(
        SheetProposal.objects.filter(entry=entry, state=ProposalState.IN_REVIEW.value)
    ).first()


def _with_names(rows: QuerySet[SheetProposal]) -> QuerySet[SheetProposal]:
    return rows.select_related(
        "fund__organisation", "alliance", "agreement", "application", "entry", "created_by"
    )


def find_proposal(uuid: UUID) -> SheetProposal | None:
    return only(_with_names(SheetProposal.objects.filter(uuid=uuid)))


def sheets_named(names: Collection[str]) -> QuerySet[SheetProposal]:
    """Return sheets by the ends of their stable names; what is no identifier names none."""
    known = [name for name in names if _UUID.fullmatch(name)]
    return SheetProposal.objects.select_related("alliance").filter(uuid__in=known)


def open_proposal(fund: Fund, alliance: Alliance) -> SheetProposal | None:
    """Return the sheet of an alliance that is being prepared with a fund."""
    rows = SheetProposal.objects.filter(fund=fund, alliance=alliance, state__in=OPEN)
    return _with_names(rows).first()


def existing_example(alliance_id: int) -> Entry | None:
    """Return the example that tells an alliance: a published one rather than another."""
    rows = Entry.objects.filter(kind=EntryKind.EXAMPLE, alliance=alliance_id).order_by("pk")
    return rows.filter(state=EntryState.PUBLISHED).first() or rows.first()


def proposals_of(fund: Fund) -> QuerySet[SheetProposal]:
    """Return the sheets prepared with a fund, those that are open first."""
    rows = SheetProposal.objects.filter(fund=fund).prefetch_related("consents")
    return _with_names(rows).order_by("-updated_at", "-pk")


def in_review() -> list[SheetProposal]:
    """Return the sheets that wait for an editor, the first sent first."""
    rows = SheetProposal.objects.filter(state=ProposalState.IN_REVIEW.value)
    return list(_with_names(rows).order_by("updated_at", "pk"))


def consents_of(proposal: SheetProposal) -> list[SheetConsent]:
    """Return the consents that a sheet needs, that of the fund first, in the order of the sheet."""
    rows = proposal.consents.select_related("organisation", "answered_by")
    return sorted(rows, key=lambda row: (not row.is_fund, row.pk))


def library_consents(rows: list[SheetConsent]) -> list[Consent]:
    return [Consent(row.party, ConsentState(row.state), row.digest) for row in rows]


def needed_parties(sheet: LiveSheet) -> list[str]:
    """Name all those whose consent a content needs: the fund, and the parties that it names."""
    return [SheetConsent.FUND, *(passage.code for passage in named_parties(sheet))]


def missing(proposal: SheetProposal) -> tuple[str, ...]:
    """Return the parties that did not consent to what the sheet says now."""
    rows = list(proposal.consents.all())
    return missing_consents(
        needed_parties(sheet_content(proposal)), library_consents(rows), proposal.digest
    )


def organisation_ids(sheet: LiveSheet) -> dict[str, int]:
    """Give the organisations of the directory that a sheet names, by passage."""
    slugs = {
        passage.code: passage.fact.slug
        for passage in named_parties(sheet)
        if isinstance(passage.fact, PartyFact) and passage.fact.slug
    }
    known = ids_by_slug(slugs.values())
    return {code: known[slug] for code, slug in slugs.items() if slug in known}


def people_asked(consent: SheetConsent, at: dt.datetime) -> list[User]:
    """Return the people who may answer for a party, by name: none, and nobody can."""
    proposal = consent.proposal
    found: dict[int, User] = {}
    if consent.is_fund:
        for standing in standing_at(proposal.fund.stable_name, at):
            if standing.holding.role == Role.FUND_OFFICER:
                found[standing.holding.user.pk] = standing.holding.user
    elif consent.organisation is not None:
        name = consent.organisation.stable_name
        found = {each.user.pk: each.user for each in members_at(name)}
        for standing in standing_at(proposal.alliance.stable_name, at):
            if standing.holding.organisation == name:
                found[standing.holding.user.pk] = standing.holding.user
    return sorted(found.values(), key=lambda person: (person.name, person.pk))


def waits_to_be_told(proposal: SheetProposal) -> bool:
    """Tell whether somebody who may answer was not told of what the sheet says now."""
    now = timezone.now()
    rows = proposal.consents.select_related("organisation").exclude(told_digest=proposal.digest)
    for row in rows.filter(state=ConsentState.WAITING.value):
        row.proposal = proposal
        if people_asked(row, now):
            return True
    return False


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """A party on the board: what it answered, and what stands in the way of an answer."""

    consent: SheetConsent
    is_to_this_content: bool
    people: int
    left: str
    is_listed: bool
    possible: frozenset[ConsentDecision]

    @property
    def is_given(self) -> bool:
        return self.consent.state == ConsentState.GIVEN.value and self.is_to_this_content

    @property
    def is_removed(self) -> bool:
        return self.consent.state == ConsentState.REMOVED.value


def board(proposal: SheetProposal) -> list[ConsentLine]:
    """Say of each party where its consent stands, and whether it left or nobody can answer."""
    now = timezone.now()
    told = contents([proposal.alliance_id], sections=("parties",))[proposal.alliance_id]
    left = {row["organisation"]: row["left"] for row in told.sections["parties"] if row["left"]}
    lines = []
    for row in consents_of(proposal):
        row.proposal = proposal
        slug = row.organisation.slug if row.organisation else ""
        lines.append(
            ConsentLine(
                consent=row,
                is_to_this_content=row.digest == proposal.digest,
                people=len(people_asked(row, now)),
                left=left.get(slug, "") if slug else "",
                is_listed=row.is_fund or row.organisation_id is not None,
                possible=frozenset(CONSENT[ConsentState(row.state)]),
            )
        )
    return lines


def find_consent(uuid: UUID, party: str) -> SheetConsent | None:
    rows = SheetConsent.objects.select_related(
        "proposal__fund__organisation", "proposal__alliance", "organisation", "answered_by"
    )
    return only(rows.filter(proposal__uuid=uuid, party=party))


def asked_of(user: User | AnonymousUser) -> list[SheetConsent]:
    """Return the answers that wait for the organisations of a person, the first asked first."""
    slugs = {name.partition(":")[2] for name in organisations_acted_for(user)}
    if not slugs:
        return []
    rows = SheetConsent.objects.filter(
        Q(organisation__slug__in=slugs),
        proposal__state=ProposalState.ASKED.value,
        state=ConsentState.WAITING.value,
    )
    return list(
        rows.select_related("proposal__fund", "proposal__alliance", "organisation").order_by(
            "proposal__asked_at", "pk"
        )
    )
