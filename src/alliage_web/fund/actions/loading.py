"""Loading what public documents say of a fund."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction

from alliage_web.actors.queries import ids_by_slug
from alliage_web.audit.actions import record as record_event
from alliage_web.fund.models import EndowmentStatement, Fund, Strand

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from alliage.fund.records import EndowmentStatement as StatementRecord
    from alliage.fund.records import FundRecord, StrandRecord
    from alliage_web.accounts.models import User

Changes = dict[str, list[Any]]

_FIELDS = ("name", "founded", "summary_fr", "summary_en", "source")
_STRAND = ("code", "name_fr", "name_en", "source")
_STATED = ("claim_fr", "claim_en", "eur", "years", "stated_on", "status", "reading", "source")


class UnknownOrganisationsError(ValueError):
    """A fund names organisations that the directory does not hold."""

    def __init__(self, fund: str, slugs: Iterable[str]) -> None:
        self.slugs = tuple(sorted(slugs))
        names = ", ".join(self.slugs)
        super().__init__(
            f"The fund « {fund} » names organisations that are not in the directory: {names}. "
            "Load them first (alliage-web load-reference), or correct the file. Nothing was "
            "written."
        )


@transaction.atomic
def load_fund(*, record: FundRecord, by: User | None, at: dt.datetime) -> tuple[Fund, bool]:
    """Write a fund as its file says; give it back, and whether anything was written.

    Raises
    ------
    UnknownOrganisationsError
        The file names an organisation that the directory does not hold.
    """
    keys = ids_by_slug({record.organisation, *record.founders})
    if unknown := {record.organisation, *record.founders} - keys.keys():
        raise UnknownOrganisationsError(record.code, unknown)
    fund = Fund.objects.select_for_update().filter(code=record.code).first()
    changes = _changes(fund, record, keys)
    if fund is not None and not changes:
        return fund, False
    fund = fund or Fund(code=record.code, created_at=at)
    for name in _FIELDS:
        setattr(fund, name, str(getattr(record, name)))
    fund.organisation_id = keys[record.organisation]
    fund.updated_at = at
    fund.save()
    fund.founders.set(keys[slug] for slug in record.founders)
    fund.endowment.all().delete()
    EndowmentStatement.objects.bulk_create(
        EndowmentStatement(fund=fund, order=rank, **said)
        for rank, said in enumerate(_stated(record.endowment))
    )
    _write_strands(fund, record)
    record_event(kind="fund.loaded", target=fund.stable_name, by=by, at=at, changes=changes)
    return fund, True


def _changes(fund: Fund | None, record: FundRecord, keys: Mapping[str, int]) -> Changes:
    """Give what the file changes; organisations are compared by key, and told by address."""
    changes: Changes = {}
    for name in _FIELDS:
        before, after = getattr(fund, name, None), str(getattr(record, name))
        if before != after:
            changes[name] = [before, after]
    slug = fund.organisation.slug if fund else None
    if fund is None or fund.organisation_id != keys[record.organisation]:
        changes["organisation"] = [slug, record.organisation]
    founders = dict(fund.founders.values_list("pk", "slug")) if fund else {}
    if founders.keys() != {keys[slug] for slug in record.founders}:
        changes["founders"] = [sorted(founders.values()), sorted(record.founders)]
    said = _stated(fund.endowment.order_by("order", "pk")) if fund else []
    if said != _stated(record.endowment):
        changes["endowment"] = [said, _stated(record.endowment)]
    strands = [_strand(row) for row in _strands_told(fund, record)]
    if strands != [_strand(each) for each in record.strands]:
        changes["strands"] = [
            [name["name_fr"] for name in strands],
            [each.name_fr for each in record.strands],
        ]
    return changes


def _strands_told(fund: Fund | None, record: FundRecord) -> list[Strand]:
    """Return the strands of a fund that its file names: those it no longer names stay."""
    if fund is None:
        return []
    named = {each.code for each in record.strands}
    return list(Strand.objects.filter(fund=fund, code__in=named).order_by("order", "pk"))


def _strand(strand: Strand | StrandRecord) -> dict[str, str]:
    return {name: str(getattr(strand, name)) for name in _STRAND}


def _write_strands(fund: Fund, record: FundRecord) -> None:
    for rank, each in enumerate(record.strands):
        values = {"order": rank, "name_fr": each.name_fr, "name_en": each.name_en}
        Strand.objects.update_or_create(
            fund=fund, code=each.code, defaults={**values, "source": each.source}
        )


def _stated(statements: Iterable[EndowmentStatement | StatementRecord]) -> list[dict[str, Any]]:
    """Give statements as the trail holds them: the same from the file and from the table."""
    return [{name: _plain(getattr(said, name)) for name in _STATED} for said in statements]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value if value is None or isinstance(value, int) else str(value)
