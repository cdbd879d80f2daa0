"""Grants as open data: what a fund can publish of its book, and what a file of others brings."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from alliage.alliances.vocabulary import AmountStatus, Reading
from alliage.fund.open_data.grants import (
    Grant,
    GrantError,
    GrantFault,
    LeftOut,
    Nature,
    Organisation,
    Period,
    Problem,
    Recipient,
    part_of,
)
from alliage.fund.open_data.scdl_subventions import read_subventions
from alliage.fund.open_data.three_sixty_giving import read_package
from alliage.fund.support.valuation import InKindMethod
from alliage.values.dates import PartialDate
from alliage.values.money import ZERO, euros
from alliage_web.actors.queries import ids_by_official_number
from alliage_web.fund.models import Fund, NatureChoices, OriginChoices, Support

from .support_values import SupportValues
from .supports import PUBLIC, all_supports

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alliage.fund.open_data.scdl_subventions import Subvention
    from alliage.values.money import Euros
    from alliage_web.actors.models import Organisation as OrganisationRow

_LONGEST_NAME = 200
_LONGEST_CODE = 300
_NATURES = {NatureChoices.CASH: Nature.CASH, NatureChoices.IN_KIND: Nature.IN_KIND}


def prefix_of(fund: Fund) -> str:
    """Return the beginning of the identifiers of a fund: 360Giving has to attribute it."""
    return f"360G-{''.join(letter for letter in fund.code if letter.isalnum())}"


@dataclass(frozen=True, slots=True)
class PublishedGrants:
    """The grants that can be values of the open data, and those that lack something for that.

    ``left_out`` names a support by its identifier. ``other`` counts what is no grant: time given,
    supports without an amount, conditional amounts.
    """

    grants: tuple[Grant, ...]
    left_out: tuple[LeftOut, ...]
    other: int
    descriptions: dict[str, Support]


def published_grants(fund: Fund) -> PublishedGrants:
    """Read what a fund granted, in one query; a detail is published in its whole."""
    rows = list(
        all_supports()
        .filter(PUBLIC, fund=fund, giver=fund.organisation_id, part_of=None)
        .order_by("awarded_on", "pk")
    )
    grants, left_out, other = [], [], 0
    for row in rows:
        if row.status != AmountStatus.GRANTED or row.nature not in _NATURES:
            other += 1
            continue
        needed = {"awarded_on": row.awarded_on, "recipients": row.party_label}
        if missing := [name for name, value in needed.items() if not value]:
            left_out += [
                LeftOut(str(row.uuid), Problem(0, name, GrantFault.MISSING)) for name in missing
            ]
            continue
        try:
            grants.append(_grant_of(row))
        except GrantError as error:
            problem = Problem(0, error.field, error.fault, error.value, error.allowed)
            left_out.append(LeftOut(str(row.uuid), problem))
    return PublishedGrants(
        tuple(grants), tuple(left_out), other, {str(row.uuid): row for row in rows}
    )


def _grant_of(row: Support) -> Grant:
    assert row.giver is not None
    assert row.amount is not None
    assert row.awarded_on is not None
    return Grant(
        id=str(row.uuid),
        title=row.description,
        description=row.note or row.description,
        funder=organisation_of(row.giver),
        amount=euros(row.amount),
        awarded_on=row.awarded_on,
        recipients=(Recipient(_recipient(row)),),
        starts=PartialDate.parse(row.first) if row.first else None,
        ends=PartialDate.parse(row.last) if row.last else None,
        natures=frozenset({_NATURES[NatureChoices(row.nature)]}),
        decision_reference=row.decision_reference,
        agreed_on=row.agreed_on,
        payment_conditions=row.payment_conditions,
        payment_period=Period(row.paid_from, row.paid_until) if row.paid_from else None,
        de_minimis=row.de_minimis,
        modified_at=row.updated_at,
    )


def organisation_of(row: OrganisationRow) -> Organisation:
    """Give an organisation of the directory as open data know it."""
    return Organisation(row.name, siren=row.siren, siret=row.siret, rna=row.rna, own_id=row.slug)


def _recipient(row: Support) -> Organisation:
    if row.receiver is not None:
        return organisation_of(row.receiver)
    identifier = row.receiver_identifier
    known = {"FR-SIREN-": "siren", "FR-RNA-": "rna"}
    for start, name in known.items():
        if identifier.startswith(start):
            numbers = {name: identifier.removeprefix(start)}
            return Organisation(row.receiver_name, own_id=str(row.uuid), **numbers)
    return Organisation(row.receiver_name, own_id=str(row.uuid), other_id=identifier)


class Format(StrEnum):
    """The formats that are read."""

    THREE_SIXTY = "360giving"
    SCDL = "scdl"


class ImportFault(StrEnum):
    """Why a grant that its format accepts cannot be written in the book."""

    INDIVIDUAL = "individual"
    NO_SHARE = "no_share"
    ZERO = "zero"
    MIXED = "mixed"
    LONG_NAME = "long_name"
    SELF = "self"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What keeps a row out: where, and a fault of its format or of the book."""

    index: int
    field: str
    fault: GrantFault | ImportFault
    value: str = ""
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A support that a row of a file would add."""

    index: int
    code: str
    giver: str
    receiver: str
    values: SupportValues


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What a file would bring to a book, before anything is written."""

    format: Format
    drafts: tuple[Draft, ...]
    already_there: int
    own: int
    """Grants of the fund itself, which the book has otherwise."""
    problems: tuple[RowProblem, ...]
    ignored: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Name what would be written: a preview that another write made stale has another one."""
        return sha256("\n".join(draft.code for draft in self.drafts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Read:
    """A row of either format, as far as the book needs it."""

    index: int
    code: str
    giver: Organisation
    receiver: Organisation
    amount: Euros
    natures: frozenset[Nature]
    common: dict[str, Any]


def plan_import(fund: Fund, data: bytes, *, name: str, lever: str) -> ImportPlan:
    """Read a file of grants, and say what it would add to a book.

    Raises
    ------
    GrantPackageError, TableError
        The file as a whole cannot be read.
    """
    is_package = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}
    problems: list[RowProblem] = []
    if is_package:
        package = read_package(data, prefix=prefix_of(fund))
        rows = list(_rows_of_grants(package.accepted, problems))
        found, ignored = package.problems, package.ignored
    else:
        table = read_subventions(data)
        rows = list(_rows_of_subventions(table.accepted, name))
        found, ignored = table.problems, table.ignored
    problems += [
        RowProblem(one.index, one.field, one.fault, one.value, one.allowed) for one in found
    ]
    keys = _known(rows)
    drafts, own = [], 0
    for row in rows:
        if _key(row.giver, keys) == fund.organisation_id:
            own += 1
        elif problem := _refused(row, keys):
            problems.append(problem)
        else:
            origin = OriginChoices.THREE_SIXTY if is_package else OriginChoices.SCDL
            code = f"{origin}:{row.code}"
            code = code if len(code) <= _LONGEST_CODE else _digest(code)
            drafts.append(
                Draft(row.index, code, row.giver.name, row.receiver.name, _values(row, keys, lever))
            )
    there = _present(fund, [draft.code for draft in drafts])
    return ImportPlan(
        format=Format.THREE_SIXTY if is_package else Format.SCDL,
        drafts=tuple(draft for draft in drafts if draft.code not in there),
        already_there=sum(draft.code in there for draft in drafts),
        own=own,
        problems=tuple(sorted(problems, key=lambda one: (one.index, one.field))),
        ignored=ignored,
    )


def _present(fund: Fund, codes: Sequence[str]) -> set[str]:
    if not codes:
        return set()
    imported = Support.objects.filter(
        fund=fund, origin__in=(OriginChoices.THREE_SIXTY, OriginChoices.SCDL)
    )
    return set(imported.values_list("code", flat=True)) & set(codes)


def _rows_of_grants(accepted: Iterable[Any], problems: list[RowProblem]) -> Iterator[_Read]:
    for one in accepted:
        grant: Grant = one.value
        if grant.individual is not None:
            problems.append(RowProblem(one.index, "recipientIndividual", ImportFault.INDIVIDUAL))
            continue
        alone = len(grant.recipients) == 1
        if not alone and any(part.amount is None for part in grant.recipients):
            problems.append(RowProblem(one.index, "recipientOrganization", ImportFault.NO_SHARE))
            continue
        dated = grant.starts is not None and grant.ends is not None
        for rank, recipient in enumerate(grant.recipients):
            yield _Read(
                index=one.index,
                code=grant.id if alone else f"{grant.id}#{rank + 1}",
                giver=grant.funder,
                receiver=recipient.organisation,
                amount=grant.amount if alone else recipient.amount or ZERO,
                natures=grant.natures or frozenset({Nature.CASH}),
                common={
                    "description": _told(grant),
                    "first": str(grant.starts if dated else grant.awarded_on),
                    "last": str(grant.ends if dated else grant.awarded_on),
                    "source": f"360Giving, {grant.id}"[:300],
                    "note": grant.url,
                    "awarded_on": grant.awarded_on,
                    "agreed_on": grant.agreed_on,
                    "decision_reference": grant.decision_reference[:100],
                    "de_minimis": grant.de_minimis,
                },
            )


def _told(grant: Grant) -> str:
    if grant.description in {grant.title, ""}:
        return grant.title
    return f"{grant.title} : {grant.description}"


def _rows_of_subventions(accepted: Iterable[Any], name: str) -> Iterator[_Read]:
    counted: Counter[str] = Counter()
    for one in accepted:
        row: Subvention = one.value
        # The format has no identifier: the same content is the same grant, unless it stands twice.
        key = _digest(json.dumps(_content(row), sort_keys=True))
        counted[key] += 1
        rank = counted[key]
        yield _Read(
            index=one.index,
            code=key if rank == 1 else f"{key}#{rank}",
            giver=Organisation(row.grantor_name, siret=row.grantor_siret),
            receiver=Organisation(
                row.recipient_name, siret=row.recipient_siret, rna=row.recipient_rna
            ),
            amount=part_of(row.share, row.amount),
            natures=row.natures,
            common={
                "description": row.purpose,
                "first": str(row.agreed_on),
                "last": str(row.agreed_on),
                "source": f"SCDL, {name}, ligne {one.index}"[:300],
                "agreed_on": row.agreed_on,
                "decision_reference": row.decision_reference[:100],
                "payment_conditions": row.payment_conditions,
                "paid_from": row.payment_period.first,
                "paid_until": row.payment_period.last,
                "de_minimis": row.de_minimis,
            },
        )


def _content(row: Subvention) -> list[str]:
    return [
        row.grantor_siret, str(row.agreed_on), row.recipient_siret or "", row.recipient_rna or "",
        row.recipient_name, row.purpose, str(row.amount), str(row.share), row.decision_reference,
        ",".join(sorted(row.natures)), str(row.payment_period),
    ]  # fmt: skip


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _refused(row: _Read, keys: dict[str, int]) -> RowProblem | None:
    told = (row.giver.name, row.receiver.name, *map(str, row.common.values()))
    if any("\x00" in text for text in told):
        return RowProblem(row.index, "", ImportFault.CONTROL)
    if _identity(row.giver, keys) == _identity(row.receiver, keys):
        return RowProblem(row.index, "recipient", ImportFault.SELF, row.receiver.name[:60])
    for field, side in (("funder", row.giver), ("recipient", row.receiver)):
        if len(side.name) > _LONGEST_NAME:
            return RowProblem(row.index, field, ImportFault.LONG_NAME, side.name[:60])
    if row.amount == ZERO:
        return RowProblem(row.index, "amount", ImportFault.ZERO, str(row.amount))
    if len(row.natures) > 1:
        return RowProblem(row.index, "nature", ImportFault.MIXED)
    return None


def _known(rows: Iterable[_Read]) -> dict[str, int]:
    numbers = {
        number
        for row in rows
        for side in (row.giver, row.receiver)
        for number in (side.siren, side.rna)
        if number
    }
    return ids_by_official_number(numbers)


def _key(side: Organisation, keys: dict[str, int]) -> int | None:
    return keys.get(side.siren or "") or keys.get(side.rna or "")


def _identity(side: Organisation, keys: dict[str, int]) -> object:
    return _key(side, keys) or _identifier(side) or side.name


def _identifier(side: Organisation) -> str:
    if side.siren:
        return f"FR-SIREN-{side.siren}"
    return f"FR-RNA-{side.rna}" if side.rna else side.other_id[:100]


def _values(row: _Read, keys: dict[str, int], lever: str) -> SupportValues:
    """Say a row as a support; a side that the directory does not have keeps its name and number."""
    sides: dict[str, Any] = {}
    for name, side in (("giver", row.giver), ("receiver", row.receiver)):
        key = _key(side, keys)
        sides[f"{name}_id"] = key
        sides[f"{name}_name"] = "" if key else side.name
        sides[f"{name}_identifier"] = "" if key else _identifier(side)
    cash = row.natures == frozenset({Nature.CASH})
    return SupportValues(
        lever=lever,
        reading=Reading.EXTERNAL.value,
        nature=(NatureChoices.CASH if cash else NatureChoices.IN_KIND).value,
        method="" if cash else InKindMethod.DECLARED.value,
        amount=row.amount,
        **sides,
        **row.common,
    )
