"""Writing the book of supports: adding, changing, answering, loading the history."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction

from alliage.fund.support.supports import Book, SupportError, SupportProblem
from alliage_web.actors.queries import ids_by_slug
from alliage_web.alliances.queries import ids_by_code
from alliage_web.audit.actions import record, refuse_repeat
from alliage_web.fund.models import (
    AnswerChoices,
    Fund,
    NatureChoices,
    OriginChoices,
    Support,
)
from alliage_web.fund.queries.support_values import NAMES, SupportValues, values_of
from alliage_web.fund.queries.supports import all_supports, as_value

from .raised import load_raised

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from alliage.fund.support.support_records import BookRecord, SupportRecord
    from alliage_web.accounts.models import User

Changes = dict[str, list[Any]]


class SupportChangedError(Exception):
    """Somebody else changed the support since the form was opened."""

    def __init__(self, support: Support) -> None:
        self.support = support
        super().__init__(f"{support.stable_name} was changed since it was shown.")


class UnknownNamesError(ValueError):
    """A book names a fund, organisations or alliances that the platform does not hold."""

    def __init__(self, book: str, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(
            f"The book of « {book} » names what is not there: {', '.join(self.names)}. Load them "
            "first (alliage-web load-reference, load-funds, import-cases), or correct the file. "
            "Nothing was written."
        )


def version_of(support: Support) -> str:
    """Name the state in which a support is."""
    return support.updated_at.isoformat()


@transaction.atomic
def add_support(
    *,
    fund: Fund,
    values: SupportValues,
    origin: OriginChoices,
    by: User | None,
    at: dt.datetime,
    submission: UUID | None = None,
    code: str = "",
) -> Support:
    """Write a support in the book of a fund; the side that declares it has confirmed it.

    Raises
    ------
    SupportError
        The support cannot stand in the book: the library says why.
    AlreadyDoneError
        The form was received before.
    """
    refuse_repeat(submission)
    support = Support(fund=fund, origin=origin, created_at=at)
    support.code = code or str(support.uuid)
    _write(support, values, at=at)
    record(
        kind="support.added",
        target=support.stable_name,
        by=by,
        at=at,
        changes=_told({}, _words(support)) | {"fund": [None, fund.code]},
        submission=submission,
    )
    return support


@transaction.atomic
def change_support(
    *,
    support: Support,
    values: SupportValues,
    version: str,
    origin: OriginChoices,
    by: User | None,
    at: dt.datetime,
) -> bool:
    """Change a support as the person saw it; say whether anything was written.

    What a side had said of it no longer stands: it was about other words. A fund that changes what
    a side declared takes it up as its own.

    Raises
    ------
    SupportError
        The support cannot stand in the book so: the library says why.
    SupportChangedError
        Somebody else changed it meanwhile.
    """
    present = _locked(support)
    if version_of(present) != version:
        raise SupportChangedError(present)
    before = _words(present)
    changed = values_of(present) != values.kept
    if not changed and present.origin == origin:
        return False
    present.origin = origin
    if changed:
        present.giver_answer = present.receiver_answer = AnswerChoices.NONE
        present.giver_remark = present.receiver_remark = ""
    _write(present, values, at=at)
    record(
        kind="support.changed",
        target=present.stable_name,
        by=by,
        at=at,
        changes=_told(before, _words(present)),
    )
    return True


@transaction.atomic
def answer_support(
    *,
    support: Support,
    side: str,
    answer: AnswerChoices,
    remark: str,
    version: str,
    by: User,
    at: dt.datetime,
) -> None:
    """Say, for the side that gave or for the one that received, that a support is so, or is not.

    Raises
    ------
    SupportChangedError
        The support is no longer what the person saw.
    """
    present = _locked(support)
    if version_of(present) != version:
        raise SupportChangedError(present)
    before = _words(present)
    setattr(present, f"{side}_answer", answer)
    setattr(present, f"{side}_remark", remark)
    if before == _words(present):
        return
    present.updated_at = at
    present.save()
    record(
        kind="support.answered",
        target=present.stable_name,
        by=by,
        at=at,
        changes=_told(before, _words(present)),
    )


def _locked(support: Support) -> Support:
    # The details of a support and their whole are checked together: one at a time.
    Fund.objects.select_for_update().get(pk=support.fund_id)
    return all_supports().get(pk=support.pk)


def _write(support: Support, values: SupportValues, *, at: dt.datetime) -> None:
    kept = values.kept
    for name in NAMES:
        setattr(support, name, getattr(kept, name))
    if support.origin == OriginChoices.GIVER:
        support.giver_answer = AnswerChoices.CONFIRMED
    if support.origin == OriginChoices.RECEIVER:
        support.receiver_answer = AnswerChoices.CONFIRMED
    if support.origin == OriginChoices.AGREEMENT:
        # Both sides signed the agreement that says it.
        support.giver_answer = support.receiver_answer = AnswerChoices.CONFIRMED
    _check(support)
    support.updated_at = at
    support.save()


def _check(support: Support) -> None:
    """Let the library refuse a support that does not stand with its whole and its details."""
    own = as_value(support)
    if support.part_of_id and support.part_of and support.part_of.fund_id != support.fund_id:
        msg = f"« {own.id} » is part of a support of another book. Choose one of this book."
        raise SupportError(SupportProblem.UNKNOWN_WHOLE, msg, id=own.id)
    beside = [row for row in _family(support) if row.pk != support.pk]
    Book((own, *map(as_value, beside)))


def _family(support: Support) -> list[Support]:
    rows = list(all_supports().filter(part_of=support.pk)) if support.pk else []
    if support.part_of_id:
        rows += all_supports().filter(pk=support.part_of_id)
        rows += all_supports().filter(part_of=support.part_of_id)
        whole = next(row for row in rows if row.pk == support.part_of_id)
        if whole.part_of_id:
            # A detail of a detail is refused by its name: the book has to hold what it is part of.
            rows += all_supports().filter(pk=whole.part_of_id)
    return rows


def _words(support: Support) -> dict[str, Any]:
    """Give a row as the trail holds it: sides and whole by their names, the rest as JSON."""
    told: dict[str, Any] = {
        "giver": support.giver.slug if support.giver else support.giver_name,
        "alliance": support.alliance.code if support.alliance else "",
        "receiver": support.receiver.slug if support.receiver else support.receiver_name,
        "document": str(support.document.uuid) if support.document else "",
        "part_of": str(support.part_of.uuid) if support.part_of else "",
        "origin": str(support.origin),
    }
    plain = [name for name in NAMES if not name.endswith(("_id", "_name"))]
    for name in (*plain, "giver_answer", "giver_remark", "receiver_answer", "receiver_remark"):
        told[name] = _plain(getattr(support, name))
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value if value is None or isinstance(value, bool) else str(value)


_ABSENT = (None, "", "none")


def _told(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    return {
        name: [before.get(name), value]
        for name, value in after.items()
        if before.get(name) != value and not (before.get(name) is None and value in _ABSENT)
    }


@transaction.atomic
def load_book(*, book: BookRecord, by: User | None, at: dt.datetime) -> int:
    """Write the history of a fund as its file says; return how many supports were written.

    What people changed in the book since is theirs: it is left as it is.

    Raises
    ------
    UnknownNamesError
        The file names what the platform does not hold.
    """
    fund = Fund.objects.select_for_update().filter(code=book.fund).first()
    supports = book.supports
    slugs = {one.giver for one in supports} | {one.receiver for one in supports if one.receiver}
    codes = {one.alliance for one in supports if one.alliance}
    codes |= {one.alliance for one in book.raised}
    organisations, alliances = ids_by_slug(slugs), ids_by_code(codes)
    unknown = (slugs - organisations.keys()) | (codes - alliances.keys())
    if fund is None or unknown:
        raise UnknownNamesError(book.fund, unknown or {book.fund})
    present = {row.code: row for row in all_supports().filter(fund=fund)}
    written = 0
    # A whole comes before its details.
    for one in sorted(supports, key=lambda item: item.part_of is not None):
        values = _values_of(one, organisations, alliances, present)
        row = present.get(one.code)
        if row is None:
            present[one.code] = add_support(
                fund=fund, values=values, origin=OriginChoices.HISTORY, by=by, at=at, code=one.code
            )
            written += 1
        elif row.origin == OriginChoices.HISTORY:
            written += change_support(
                support=row, values=values, version=version_of(row),
                origin=OriginChoices.HISTORY, by=by, at=at,
            )  # fmt: skip
    load_raised(fund=fund, records=book.raised, alliances=alliances, by=by, at=at)
    return written


def _values_of(
    one: SupportRecord,
    organisations: Mapping[str, int],
    alliances: Mapping[str, int],
    present: Mapping[str, Support],
) -> SupportValues:
    value = one.value
    nature = next(
        nature
        for nature, given in (
            (NatureChoices.CASH, value.cash),
            (NatureChoices.IN_KIND, value.in_kind),
            (NatureChoices.TIME, value.hours),
            (NatureChoices.NOT_VALUED, value.not_valued),
        )
        if given is not None
    )
    return SupportValues(
        giver_id=organisations[one.giver],
        alliance_id=alliances[one.alliance] if one.alliance else None,
        receiver_id=organisations[one.receiver] if one.receiver else None,
        lever=one.lever.value,
        description=one.description,
        status=one.status.value,
        reading=one.reading.value,
        first=str(one.first or ""),
        last=str(one.last or ""),
        nature=nature.value,
        amount=value.cash or value.in_kind,
        method=str(value.method or ""),
        hours=value.hours,
        rate=value.rate,
        rate_source=value.rate_source or "",
        reason=str(value.not_valued or ""),
        source=one.source,
        note=one.note or "",
        part_of_id=present[one.part_of].pk if one.part_of else None,
    )
