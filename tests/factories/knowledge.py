"""Entries of the knowledge base, and a search that can be asked for them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.factories.alliances import AT, LATER

from alliage.alliances.vocabulary import World
from alliage.knowledge import live_file, live_sheet
from alliage.knowledge.sheet_facts import PartyFacts, SheetFacts
from alliage_web.knowledge import actions
from alliage_web.knowledge.models import Entry, EntryState, SheetConsent, SheetProposal
from alliage_web.knowledge.queries import Asked, EntryContent, Found, search

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from numpy.typing import NDArray

    from alliage_web.accounts.models import User
    from alliage_web.alliances.models import Alliance
    from alliage_web.fund.models import Fund

LATEST = LATER + dt.timedelta(hours=1)
EVERY_KIND = ("example", "tool", "publication", "event", "alliance", "organisation")


def content(title: str = "Une épicerie partagée", **more: Any) -> EntryContent:
    values: dict[str, Any] = {"kind": "example", "summary": f"{title}, en bref.", "body": "Récit."}
    return EntryContent(title=title, **values | more)


def draft(title: str = "Une épicerie partagée", *, by: User | None = None, **more: Any) -> Entry:
    return actions.create_entry(content=content(title, **more), by=by, at=AT)


def published(title: str, **more: Any) -> Entry:
    """Write an entry as a load does: published, and by nobody."""
    entry = draft(title, **more)
    entry.state, entry.published_at = EntryState.PUBLISHED, AT
    entry.save()
    return entry


def titles(text: str, kinds: tuple[str, ...] = EVERY_KIND, **more: Any) -> list[str]:
    """Search, and give the titles found in their order."""
    from alliage_web.knowledge.models import SearchDocument

    found = look_for(text, kinds, **more)
    names = dict(SearchDocument.objects.values_list("pk", "heading"))
    return [names[key] for key in found.keys]


def look_for(text: str, kinds: tuple[str, ...] = EVERY_KIND, **more: Any) -> Found:
    facets = more.pop("facets", ())
    return search(Asked(text, kinds, **more), facets=facets)


class WordsEmbedder:
    """A model that puts texts near when they speak of the same of a few subjects."""

    name = "test/words"
    dimension = 3
    _SUBJECTS = (
        ("isolement", "solitude", "esseul", "visite"),
        ("emploi", "travail", "chômage", "embauche"),
        ("ferme", "potager", "légume", "jardin"),
    )

    def __init__(self) -> None:
        self.read: list[str] = []

    def query(self, text: str) -> NDArray[np.float32]:
        return self._vector(text)

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.read += texts
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> NDArray[np.float32]:
        lower = text.lower()
        counts = [sum(word in lower for word in words) for words in self._SUBJECTS]
        vector = np.array(counts, dtype=np.float32) + 0.01
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def write_sheet(fund: Fund, alliance: Alliance, uuid: UUID, *, by: User | None) -> SheetProposal:
    """Write a sheet of an alliance that names its one party, of which the consent is asked."""
    party = alliance.parties.select_related("organisation").get()
    assert party.organisation is not None
    facts = SheetFacts(
        alliance.title,
        "",
        "Une alliance.",
        parties=(PartyFacts(party.name, World(party.world), slug=party.organisation.slug),),
    )
    sheet = live_file.draft(
        live_file.LiveFile(fund.name, "le-fonds", facts, f"Page de « {alliance.title} »")
    )
    digest = live_sheet.digest(sheet)
    proposal = SheetProposal.objects.create(
        uuid=uuid, fund=fund, alliance=alliance, content=sheet.model_dump(mode="json"),
        digest=digest, state="asked", created_by=by, created_at=AT, updated_at=AT, asked_at=AT,
    )  # fmt: skip
    for code, name, organisation in (
        (SheetConsent.FUND, fund.name, fund.organisation),
        ("party-1", party.name, party.organisation),
    ):
        SheetConsent.objects.create(
            proposal=proposal, party=code, name=name, organisation=organisation
        )
    return proposal
