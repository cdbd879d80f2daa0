"""Keeping the search index: what changed is indexed again, and everything can be made anew."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from threading import local
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import connection, transaction
from modelsearch.backends import get_search_backend
from modelsearch.models import IndexEntry

from alliage.knowledge.text import tokens
from alliage.values.text import fold
from alliage_web.knowledge.models import LINE, SearchDocument, SearchState, SearchWord
from alliage_web.knowledge.queries.indexable import drafts, entry_targets_of
from alliage_web.knowledge.queries.meaning import embedder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from django.db.models import QuerySet

    from alliage.knowledge.embedding import Embedder
    from alliage_web.audit.models import Event
    from alliage_web.knowledge.queries.indexable import Draft

    Progress = Callable[[int], object]

_BATCH = 1000
_PASSAGES = 16
#: What is longer is no word.
_LONGEST_WORD = 80
#: A request reads the meaning of what it changed; the work of a load is left to its command.
_PASSAGES_IN_A_REQUEST = 10
_INDEXED = frozenset({"entry", "alliance", "organisation", "term"})

_log = logging.getLogger(__name__)


def _silent(_count: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """What bringing the index up to date did, in documents."""

    written: int
    removed: int
    unchanged: int

    @property
    def changed_nothing(self) -> bool:
        return not self.written and not self.removed


@dataclass(slots=True)
class _Kept:
    """What a refresh gathers on its way: meanings already read, and words met."""

    meanings: dict[str, bytes] = field(default_factory=dict)
    words: Counter[str] = field(default_factory=Counter)


@transaction.atomic
def refresh(
    targets: Collection[str] | None = None, *, anew: bool = False, progress: Progress = _silent
) -> Refresh:
    """Bring the documents of some targets up to date, or all of them.

    ``anew`` makes the whole index again, and only keeps the meaning of the passages that have not
    changed. ``progress`` is told how many documents were read since it was last told.
    """
    state = _lock()
    kept = _Kept()
    concerned = SearchDocument.objects.all()
    if targets is not None:
        concerned = concerned.filter(target__in=targets)
    if anew:
        kept.meanings = _meanings(concerned)
        _empty()
    known = dict(concerned.values_list("target", "digest"))
    seen, written = _write_changed(drafts(targets), known, kept, progress)
    gone = known.keys() - seen
    SearchDocument.objects.filter(target__in=gone).delete()
    _learn(kept.words, anew=anew)
    if written or gone or anew:
        state.version = uuid4()
        state.save(update_fields=["version"])
    if targets is None:
        _measure()
    return Refresh(written, len(gone), len(seen) - written)


def _lock() -> SearchState:
    """Let one process at a time change the index."""
    SearchState.objects.get_or_create(pk=1, defaults={"version": uuid4()})
    return SearchState.objects.select_for_update().get(pk=1)


def _empty() -> None:
    get_search_backend().reset_indexes()
    # The rows of the index are gone: nothing is left for the collector to follow.
    SearchDocument.objects.all()._raw_delete(connection.alias)  # noqa: SLF001
    SearchWord.objects.all().delete()


@transaction.atomic
def index_again() -> None:
    """Make the index of words again from the documents as they are: none is written again."""
    _lock()
    backend = get_search_backend()
    backend.reset_indexes()
    found = SearchDocument.objects.order_by("pk").iterator(chunk_size=_BATCH)
    while documents := list(islice(found, _BATCH)):
        backend.add_bulk(SearchDocument, documents)
    _measure()


def _write_changed(
    found: Iterable[Draft], known: dict[str, str], kept: _Kept, progress: Progress
) -> tuple[set[str], int]:
    seen: set[str] = set()
    batch: list[Draft] = []
    written = reported = 0
    for draft in found:
        seen.add(draft.target)
        if known.get(draft.target) != draft.digest:
            batch.append(draft)
        if len(batch) == _BATCH:
            written += _write(batch, kept)
            batch = []
            progress(len(seen) - reported)
            reported = len(seen)
    written += _write(batch, kept)
    progress(len(seen) - reported)
    return seen, written


def _write(batch: list[Draft], kept: _Kept) -> int:
    if not batch:
        return 0
    before = SearchDocument.objects.filter(target__in=[draft.target for draft in batch])
    kept.meanings |= _meanings(before)
    before.delete()
    documents = SearchDocument.objects.bulk_create([_document(draft, kept) for draft in batch])
    get_search_backend().add_bulk(SearchDocument, documents)
    return len(documents)


def _meanings(documents: QuerySet[SearchDocument]) -> dict[str, bytes]:
    rows = documents.exclude(vector=None).values_list("passage_digest", "vector")
    return {digest: bytes(vector) for digest, vector in rows if vector is not None}


def _document(draft: Draft, kept: _Kept) -> SearchDocument:
    words: set[str] = set()
    lines = [_stems(line, words) for line in (draft.heading, *draft.text.split("\n"))]
    kept.words.update(words)
    digest = draft.passage_digest if draft.passage else ""
    return SearchDocument(
        target=draft.target,
        kind=draft.kind,
        url=draft.url,
        heading=draft.heading,
        heading_en=draft.heading_en,
        summary=draft.summary,
        summary_en=draft.summary_en,
        text=draft.text,
        passage=draft.passage,
        heading_stems=lines[0],
        # The words of the other language can be searched too; they correct nobody's French.
        stems=LINE.join(
            [*lines, _stems(f"{draft.heading_en} {draft.summary_en} {draft.labels}", set())]
        ),
        facets=list(draft.facets),
        date=draft.date,
        sort_key=fold(draft.heading)[:200],
        digest=draft.digest,
        passage_digest=digest,
        vector=kept.meanings.get(digest),
    )


def _stems(text: str, words: set[str]) -> str:
    """Give the stems of a text as ``analyse`` does, and gather its words on the way."""
    stems = []
    for token in tokens(text):
        if not token.is_stop_word:
            stems.append(token.stem)
            if token.folded.isalpha() and len(token.folded) <= _LONGEST_WORD:
                words.add(text[token.start : token.end].lower()[:_LONGEST_WORD])
    return " ".join(stems)


def _learn(words: Counter[str], *, anew: bool) -> None:
    """Add words to those that corrections are chosen from.

    Between two rebuilds a word is only added: its number of documents ranks suggestions, and a
    word that nothing holds any more is seen at once, for its correction finds nothing.
    """
    known: set[str] = set()
    if not anew:
        known = set(SearchWord.objects.filter(word__in=words).values_list("word", flat=True))
    SearchWord.objects.bulk_create(
        [
            SearchWord(word=word, documents=count)
            for word, count in sorted(words.items())
            if word not in known
        ],
        batch_size=_BATCH,
    )


def _measure() -> None:
    """Tell the database how the tables look: without it, SQLite reads them in a bad order."""
    with connection.cursor() as cursor:
        for table in (IndexEntry, SearchDocument):
            cursor.execute(f"ANALYZE {table._meta.db_table}")  # noqa: SLF001


def read_meanings(
    targets: Collection[str] | None = None,
    *,
    limit: int | None = None,
    progress: Progress = _silent,
) -> int:
    """Read the meaning of the passages that have none yet, a few at a time.

    Each step is written at once: an interrupted run goes on where it stopped. Without a model
    nothing is done. Return the number of passages read.
    """
    model = embedder()
    if model is None:
        return 0
    _forget_other_models(model.name)
    missing = _without_meaning()
    if targets is not None:
        missing = missing.filter(target__in=targets)
    digests = list(missing.values_list("passage_digest", flat=True).distinct()[:limit])
    for start in range(0, len(digests), _PASSAGES):
        _read_passages(model, digests[start : start + _PASSAGES])
        progress(len(digests[start : start + _PASSAGES]))
    return len(digests)


def _without_meaning() -> QuerySet[SearchDocument]:
    """Give the documents whose passage was not read, in the order of their passages."""
    missing = SearchDocument.objects.filter(vector=None).exclude(passage_digest="")
    return missing.order_by("passage_digest")


@transaction.atomic
def _read_passages(model: Embedder, digests: list[str]) -> None:
    """Read some passages: an alliance and its example have the same, which is read once."""
    state = _lock()
    documents = list(SearchDocument.objects.filter(passage_digest__in=digests))
    passages = {document.passage_digest: document.passage for document in documents}
    vectors = dict(zip(passages, model.passages(list(passages.values())), strict=True))
    for document in documents:
        document.vector = vectors[document.passage_digest].astype("<f4").tobytes()
    SearchDocument.objects.bulk_update(documents, ["vector"])
    state.version = uuid4()
    state.save(update_fields=["version"])


def missing_meanings() -> int:
    """Count the passages whose meaning remains to be read."""
    if embedder() is None:
        return 0
    return _without_meaning().values("passage_digest").distinct().count()


@transaction.atomic
def _forget_other_models(name: str) -> None:
    """Vectors of different models must never be compared."""
    state = _lock()
    if state.embedder != name:
        SearchDocument.objects.exclude(vector=None).update(vector=None)
        state.embedder, state.version = name, uuid4()
        state.save(update_fields=["embedder", "version"])


class _Pending(local):
    """Targets written by the transactions of a thread, to index once they are committed."""

    def __init__(self) -> None:
        self.targets: set[str] = set()
        self.paused = False


_pending = _Pending()


@contextmanager
def paused() -> Iterator[None]:
    """Index nothing meanwhile: a command that writes much refreshes everything at its end."""
    _pending.paused = True
    try:
        yield
    finally:
        _pending.paused = False


def follow_trail(*, instance: Event, **_signal: Any) -> None:
    """Index what an event of the trail tells of, when its transaction is committed.

    Every action ends by recording an event that names what it wrote: the receiver needs to know
    none of the tables of the apps below. Targets of a transaction that is rolled back stay and are
    indexed with the next ones, which changes nothing in the index.
    """
    if not _pending.paused and instance.target.partition(":")[0] in _INDEXED:
        _pending.targets.add(instance.target)
        transaction.on_commit(_index_pending, robust=True)


def _index_pending() -> None:
    targets, _pending.targets = _pending.targets, set()
    if not targets:
        return
    targets.update(entry_targets_of(targets))
    # The label of a term is in the text of every document that it classifies.
    relabelled = any(target.startswith("term:") for target in targets)
    refresh(None if relabelled else targets)
    read_meanings(targets, limit=_PASSAGES_IN_A_REQUEST)
