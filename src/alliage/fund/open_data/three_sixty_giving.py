"""Grants in the 360Giving Data Standard 1.4.3: a package written, a package read as a preview.

The standard says what every country can say of a grant. What only French law asks for stands in an
object named ``scdl``, with the names of the columns of SCDL « Subventions », which other readers
ignore. The choice of identifiers is explained in ``docs/adr/0018-identifiers-in-open-data.md``.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from pydantic import ValidationError

from alliage.fund.open_data._three_sixty_entries import (
    CURRENCY,
    INSTANT_FORM,
    Entry,
    GrantEntry,
    problem_of,
)
from alliage.fund.open_data.grants import (
    Accepted,
    Grant,
    GrantError,
    GrantFault,
    GrantStatus,
    Individual,
    LeftOut,
    Organisation,
    Payment,
    Place,
    Preview,
    Problem,
    Programme,
    Recipient,
    is_web_address,
    part_of,
    share_of,
    without_identity,
)
from alliage.fund.open_data.scdl_subventions import NATURE_WORDS
from alliage.values.codes import InvalidCodeError, siren, siret
from alliage.values.money import ZERO, total
from alliage.values.yaml_files import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alliage.fund.open_data._three_sixty_entries import (
        ClassificationEntry,
        DisbursementEntry,
        LocationEntry,
        OrganizationEntry,
    )

#: The version of the standard, as packages write it.
VERSION: Final = "1.4"
MAX_BYTES: Final = 20 * 1024 * 1024

#: What the standard asks to write in the place of the name of a person.
INDIVIDUAL_NAME: Final = "Individual Recipient"
STATUS_VOCABULARY: Final = "Alliage grant status"

_WHOLE_PREFIX = "360G-"
_PREFIX = re.compile(r"360G-[A-Za-z0-9_]+")
_OWN_ID = re.compile(r"[A-Za-z0-9_.-]+")
_ORGANISATION_MARK = "org"
_INDIVIDUAL_MARK = "IND"
# Written by Alliage: a number that is not well formed is an error of the file.
_OFFICIAL_LISTS: Mapping[str, str] = {"FR-SIREN": "siren", "FR-SIRET": "siret", "FR-RNA": "rna"}
# Written by others for the same numbers, with or without the five digits of a place.
_OTHER_LISTS = ("FR-RCS", "FR-INSEE", "FR-SIRENE")
_OWN_ID_FORM = "letters without accents, digits, points, hyphens and underscores"
_IDENTIFIER_FORMS = ("a SIREN", "a SIRET", "an RNA number", f"an identifier of {_OWN_ID_FORM}")


class Individuals(StrEnum):
    """What becomes of the grants to persons."""

    LEAVE_OUT = "leave_out"
    PSEUDONYMISE = "pseudonymise"


@dataclass(frozen=True, slots=True)
class Publication:
    """How grants are published.

    Attributes
    ----------
    prefix
        The prefix that 360Giving gave to the publisher, « 360G-… ».
    publisher
        Who publishes.
    title, description, identifier
        What the package is, and its lasting name among those of the publisher.
    website, licence, download_url, access_url
        Web addresses: of the publisher, of the licence, of the file, of the page about it.
    individuals
        Grants to persons are left out, or published without what tells who they are.

    Raises
    ------
    GrantError
        If the prefix or a web address is not well formed, or the publisher has no identifier.
    """

    prefix: str
    publisher: Organisation
    title: str
    description: str = ""
    identifier: str = ""
    website: str = ""
    licence: str = ""
    download_url: str = ""
    access_url: str = ""
    individuals: Individuals = Individuals.LEAVE_OUT

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            allowed = ("360G- and letters without accents or digits",)
            raise GrantError(GrantFault.IDENTIFIER, "prefix", self.prefix, allowed)
        for field in ("website", "licence", "download_url", "access_url"):
            text = getattr(self, field)
            if text and not is_web_address(text):
                raise GrantError(GrantFault.URL, field, text)
        organisation_id(self.publisher, prefix=self.prefix)


@dataclass(frozen=True, slots=True)
class GrantPackage:
    """A file to publish: its text, how many grants it holds, and those left out."""

    text: str
    count: int
    left_out: tuple[LeftOut, ...]


class PackageFault(StrEnum):
    """Why a whole file cannot be read, or written, as a package."""

    TOO_LARGE = "too_large"
    ENCODING = "encoding"
    NOT_JSON = "not_json"
    NO_GRANT = "no_grant"


_MESSAGES: Mapping[PackageFault, str] = {
    PackageFault.TOO_LARGE: (
        "The file weighs {value} bytes, {limit} at most are read. Split it into several packages."
    ),
    PackageFault.ENCODING: "The file is not in UTF-8. Save it as JSON in UTF-8.",
    PackageFault.NOT_JSON: "The file is not JSON that can be read: {value}. Export it again.",
    PackageFault.NO_GRANT: (
        "There is no grant: the standard asks for an object with a list « grants » that holds at "
        "least one. Give a package of grants."
    ),
}


class GrantPackageError(ValueError):
    """The file as a whole is not a package.

    Attributes
    ----------
    fault
        Why.
    value, limit
        What was found, and what is allowed.
    left_out
        Where a package would be empty, the grants that were given and why each is left out.
    """

    def __init__(
        self,
        fault: PackageFault,
        *,
        value: object = "",
        limit: object = "",
        left_out: tuple[LeftOut, ...] = (),
    ) -> None:
        self.fault = fault
        self.value = value
        self.limit = limit
        self.left_out = left_out
        super().__init__(_MESSAGES[fault].format(value=value, limit=limit))


def organisation_id(organisation: Organisation, *, prefix: str) -> str:
    """Give an organisation the identifier under which open data knows it.

    Parameters
    ----------
    organisation : Organisation
        The organisation.
    prefix : str
        The prefix of the publisher, for an organisation that has no official number.

    Returns
    -------
    str
        ``FR-SIREN-…``, else ``FR-RNA-…``, else that of another register, else ``<prefix>-org-…``.

    Raises
    ------
    GrantError
        If nothing identifies it, or its own identifier has other characters than letters without
        accents, digits, points, hyphens and underscores.

    Source: 360Giving Data Standard, *Organisation identifiers*.

    Examples
    --------
    >>> organisation_id(Organisation("Ville", siret="21750001600019"), prefix="360G-odd17")
    'FR-SIREN-217500016'
    >>> organisation_id(Organisation("Collectif", own_id="42"), prefix="360G-odd17")
    '360G-odd17-org-42'
    """
    if organisation.siren:
        return f"FR-SIREN-{organisation.siren}"
    if organisation.rna:
        return f"FR-RNA-{organisation.rna}"
    if organisation.other_id:
        return organisation.other_id
    marked = f"{prefix}-{_ORGANISATION_MARK}"
    return _own("id", organisation.own_id, marked, _IDENTIFIER_FORMS)


def write_package(
    grants: Iterable[Grant], publication: Publication, *, issued_at: dt.datetime
) -> GrantPackage:
    """Write grants as a package in JSON.

    Parameters
    ----------
    grants : iterable of Grant
        The grants to publish.
    publication : Publication
        Who publishes them, and how.
    issued_at : datetime
        The instant of the publication, with its time zone.

    Returns
    -------
    GrantPackage
        The text, to be encoded in UTF-8, and the grants that were left out, each with the reason.

    Raises
    ------
    GrantPackageError
        If no grant is left to write: the standard knows no empty package.
    GrantError
        If the instant has no time zone.

    Source: 360Giving Data Standard 1.4.3.

    Examples
    --------
    >>> from alliage.values.money import euros
    >>> fund = Organisation("Fonds", siren="217500016")
    >>> grant = Grant(
    ...     id="2026-014",
    ...     title="Passerelles",
    ...     description="Vers l’emploi",
    ...     funder=fund,
    ...     amount=euros("17000.50"),
    ...     awarded_on=dt.date(2026, 3, 2),
    ...     recipients=(Recipient(Organisation("Club", rna="W751234567")),),
    ... )
    >>> publication = Publication("360G-odd17", fund, "Fonds : aides")
    >>> noon = dt.datetime(2026, 4, 1, 12, tzinfo=dt.UTC)
    >>> text = write_package([grant], publication, issued_at=noon).text
    >>> json.loads(text)["grants"][0]["id"]
    '360G-odd17-2026-014'
    """
    written: list[dict[str, Any]] = []
    left_out: list[LeftOut] = []
    seen: set[str] = set()
    for index, grant in enumerate(grants, start=1):
        try:
            entry = _grant_entry(grant, publication)
            _once(entry["id"], seen)
        except GrantError as error:
            problem = Problem(index, error.field, error.fault, error.value, error.allowed)
            left_out.append(LeftOut(grant.id, problem))
            continue
        written.append(entry)
    if not written:
        raise GrantPackageError(PackageFault.NO_GRANT, left_out=tuple(left_out))
    package = _metadata(publication, issued_at) | {"grants": written}
    text = json.dumps(package, ensure_ascii=False, indent=1) + "\n"
    return GrantPackage(text, len(written), tuple(left_out))


def read_package(data: bytes, *, prefix: str) -> Preview[Grant]:
    """Read a package, and say what it would bring.

    Parameters
    ----------
    data : bytes
        JSON in UTF-8.
    prefix : str
        The prefix of those who read: the identifiers that it starts are theirs, and come back
        without it. Others stay whole.

    Returns
    -------
    Preview
        The grants that hold, counted from 1 in the file, every problem, and the fields that are
        not read. The name of a person is never kept.

    Raises
    ------
    GrantPackageError
        If the file as a whole is not a package.

    Source: 360Giving Data Standard 1.4.3.

    Examples
    --------
    >>> data = b'{"grants": [{"id": "360G-x-1", "currency": "GBP"}]}'
    >>> preview = read_package(data, prefix="360G-odd17")
    >>> preview.accepted, str(preview.problems[0])
    ((), '1, title: it is missing. Give it.')
    """
    accepted: list[Accepted[Grant]] = []
    problems: list[Problem] = []
    ignored: dict[str, None] = {}
    seen: set[str] = set()
    for index, entry in enumerate(_entries(data), start=1):
        try:
            record = GrantEntry.model_validate(entry)
            grant = _grant_of(record, prefix)
            _once(grant.id, seen)
        except ValidationError as error:
            problems += [problem_of(index, details) for details in error.errors(include_url=False)]
            continue
        except GrantError as error:
            problems.append(Problem(index, error.field, error.fault, error.value, error.allowed))
            continue
        accepted.append(Accepted(index, grant))
        ignored.update(dict.fromkeys(_ignored(entry, record)))
    return Preview(tuple(accepted), tuple(problems), tuple(ignored))


def _once(identifier: str, seen: set[str]) -> None:
    if identifier in seen:
        raise GrantError(GrantFault.REPEATED, "id", identifier)
    seen.add(identifier)


# --- Writing ---


def _own(field: str, text: str, prefix: str, allowed: tuple[str, ...] = (_OWN_ID_FORM,)) -> str:
    if not _OWN_ID.fullmatch(text):
        raise GrantError(GrantFault.IDENTIFIER, field, text, allowed)
    return f"{prefix}-{text}"


def _metadata(publication: Publication, issued_at: dt.datetime) -> dict[str, Any]:
    if issued_at.tzinfo is None:
        raise GrantError(GrantFault.DATE, "issued", issued_at, (INSTANT_FORM,))
    publisher = {
        "identifier": organisation_id(publication.publisher, prefix=publication.prefix),
        "name": publication.publisher.name,
        "website": publication.website,
    }
    return _known(
        {
            "version": VERSION,
            "title": publication.title,
            "description": publication.description,
            "issued": _instant_text(issued_at),
            "modified": _instant_text(issued_at),
            "identifier": publication.identifier,
            "publisher": _known(publisher),
            "downloadURL": publication.download_url,
            "accessURL": publication.access_url,
            "license": publication.licence,
        }
    )


def _grant_entry(whole: Grant, publication: Publication) -> dict[str, Any]:
    if whole.individual is not None and publication.individuals is Individuals.LEAVE_OUT:
        raise GrantError(GrantFault.INDIVIDUAL, "recipientIndividual")
    grant = without_identity(whole)
    prefix = publication.prefix
    own = not grant.id.startswith(_WHOLE_PREFIX)
    dates = _known({"startDate": _text(grant.starts), "endDate": _text(grant.ends)})
    status = [{"vocabulary": STATUS_VOCABULARY, "code": grant.status}] if grant.status else None
    entry = {
        "id": _own("id", grant.id, prefix) if own else grant.id,
        "title": grant.title,
        "description": grant.description,
        "currency": CURRENCY,
        "amountAwarded": _number(grant.amount),
        "amountDisbursed": _disbursed(grant.payments),
        "awardDate": grant.awarded_on.isoformat(),
        "url": grant.url,
        "plannedDates": [dates] if dates else None,
        "recipientIndividual": _individual(grant.individual, prefix),
        "recipientOrganization": [
            _recipient(rank, recipient, grant, prefix)
            for rank, recipient in enumerate(grant.recipients, start=1)
        ]
        or None,
        "fundingOrganization": [_organisation("fundingOrganization", 1, grant.funder, prefix)],
        "beneficiaryLocation": [_location(found) for found in grant.places] or None,
        "grantProgramme": [
            _known({"code": programme.code, "title": programme.title})
            for programme in grant.programmes
        ]
        or None,
        "fromOpenCall": _YES_NO[grant.from_open_call],
        "classifications": status,
        "commitmentTransaction": _commitment(grant),
        "disbursementTransaction": _disbursements(grant.payments),
        "scdl": _scdl(grant),
        "dateModified": _instant_text(grant.modified_at) if grant.modified_at else None,
    }
    return _known(entry)


def _known(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what is not known; an empty list is known: there is none."""
    return {name: value for name, value in entry.items() if value not in (None, "", {})}


def _number(amount: Decimal) -> int | float:
    # A binary float of an amount below 10^12 is written by Python with the digits of the amount.
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _text(value: object) -> str:
    return "" if value is None else str(value)


_YES_NO: Mapping[bool | None, str] = {True: "Yes", False: "No", None: ""}
_OUI_NON: Mapping[bool | None, str] = {True: "oui", False: "non", None: ""}


def _instant_text(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _individual(individual: Individual | None, prefix: str) -> dict[str, str] | None:
    if individual is None:
        return None
    own = not individual.pseudonym.startswith(_WHOLE_PREFIX)
    marked = f"{prefix}-{_INDIVIDUAL_MARK}"
    code = (
        _own("recipientIndividual", individual.pseudonym, marked) if own else individual.pseudonym
    )
    return {"id": code, "name": INDIVIDUAL_NAME}


def _organisation(
    field: str, rank: int, organisation: Organisation, prefix: str, share: str = ""
) -> dict[str, Any]:
    where = place((field, rank - 1, "id"))
    try:
        identifier = organisation_id(organisation, prefix=prefix)
    except GrantError as error:
        raise GrantError(error.fault, where, error.value, error.allowed) from error
    scdl = {
        "siret": organisation.siret,
        "rna": organisation.rna if organisation.siren else None,
        "pourcentageSubvention": share,
    }
    return _known({"id": identifier, "name": organisation.name, "scdl": _known(scdl)})


def _recipient(rank: int, recipient: Recipient, grant: Grant, prefix: str) -> dict[str, Any]:
    field = "recipientOrganization"
    share = ""
    # A text: a share may need more digits than a number of JSON keeps everywhere.
    if recipient.amount is not None and grant.amount > ZERO:
        share = f"{share_of(recipient.amount, grant.amount):f}"
    return _organisation(field, rank, recipient.organisation, prefix, share)


def _location(found: Place) -> dict[str, str]:
    return _known(
        {
            "name": found.name,
            "countryCode": found.country,
            "geoCode": found.code,
            "geoCodeType": found.code_type,
        }
    )


def _commitment(grant: Grant) -> list[dict[str, Any]] | None:
    if not grant.agreement_reference and grant.agreed_on is None:
        return None
    commitment = {
        "id": grant.agreement_reference,
        "transactionDate": _text(grant.agreed_on),
        "currency": CURRENCY,
        "value": _number(grant.amount),
    }
    return [_known(commitment)]


def _disbursed(payments: Sequence[Payment] | None) -> int | float | None:
    return None if payments is None else _number(total(payment.amount for payment in payments))


def _disbursements(payments: Sequence[Payment] | None) -> list[dict[str, Any]] | None:
    if payments is None:
        return None
    return [
        _known(
            {
                "id": payment.reference,
                "transactionDate": payment.paid_on.isoformat(),
                "currency": CURRENCY,
                "value": _number(payment.amount),
            }
        )
        for payment in payments
    ]


def _scdl(grant: Grant) -> dict[str, str]:
    return _known(
        {
            "referenceDecision": grant.decision_reference,
            "nature": NATURE_WORDS.get(grant.natures, ""),
            "conditionsVersement": grant.payment_conditions,
            "datesPeriodeVersement": _text(grant.payment_period),
            "notificationUE": _OUI_NON[grant.de_minimis],
        }
    )


# --- Reading ---


def _entries(data: bytes) -> list[Any]:
    if len(data) > MAX_BYTES:
        raise GrantPackageError(PackageFault.TOO_LARGE, value=len(data), limit=MAX_BYTES)
    try:
        content = json.loads(
            data.decode("utf-8-sig"),
            # Exact decimals: an amount never goes through a binary float.
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_no_repeated_name,
        )
    except UnicodeDecodeError as error:
        raise GrantPackageError(PackageFault.ENCODING) from error
    except RecursionError as error:
        raise GrantPackageError(PackageFault.NOT_JSON, value="it is nested too deep") from error
    except (ValueError, DecimalException) as error:
        raise GrantPackageError(PackageFault.NOT_JSON, value=error) from error
    entries = content.get("grants") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise GrantPackageError(PackageFault.NO_GRANT)
    return entries


def _no_constant(name: str) -> NoReturn:
    msg = f"« {name} » is not a number"
    raise ValueError(msg)


def _no_repeated_name(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Python keeps the last of two equal names in silence: a fact would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        msg = f"« {repeated} » is written twice in an object"
        raise ValueError(msg)
    return found


def _grant_of(record: GrantEntry, prefix: str) -> Grant:
    commitment = _one("commitmentTransaction", record.commitment_transaction)
    dates = _one("plannedDates", record.planned_dates)
    funder = _one("fundingOrganization", record.funding_organization)
    if funder is None:
        raise GrantError(GrantFault.MISSING, "fundingOrganization")
    try:
        return Grant(
            id=_without(f"{prefix}-", record.id),
            title=record.title,
            description=record.description,
            funder=_organisation_of("fundingOrganization", 1, funder, prefix),
            amount=record.amount_awarded,
            awarded_on=record.award_date,
            recipients=_recipients_of(record, prefix),
            individual=_individual_of(record, prefix),
            starts=dates.start_date if dates else None,
            ends=dates.end_date if dates else None,
            places=tuple(map(_place_of, record.beneficiary_location)),
            programmes=tuple(
                Programme(found.code, found.title or "") for found in record.grant_programme
            ),
            from_open_call=record.from_open_call,
            natures=record.scdl.natures,
            decision_reference=record.scdl.decision_reference,
            agreement_reference=commitment.id if commitment else "",
            agreed_on=commitment.transaction_date if commitment else None,
            payments=_payments_of(record.disbursement_transaction),
            payment_conditions=record.scdl.payment_conditions,
            payment_period=record.scdl.payment_period,
            de_minimis=record.scdl.de_minimis,
            url=record.url or "",
            status=_status_of(record.classifications),
            modified_at=record.date_modified,
        )
    except GrantError as error:
        field = _FIELDS.get(error.field, error.field)
        raise GrantError(error.fault, field, error.value, error.allowed) from error


# What the attributes of a grant that only the whole grant can refuse are called in the standard.
_FIELDS: Mapping[str, str] = {
    "recipients": "recipientOrganization",
    "ends": "plannedDates",
    "places": "beneficiaryLocation",
    "programmes": "grantProgramme",
}

_EntryT = TypeVar("_EntryT", bound=Entry)


def _one(field: str, entries: Sequence[_EntryT]) -> _EntryT | None:
    """Take the only entry of a list: keeping the first of several would read half of the grant."""
    if len(entries) > 1:
        raise GrantError(GrantFault.SEVERAL, field)
    return entries[0] if entries else None


def _without(start: str, text: str) -> str:
    """Take our own prefix away from an identifier that we could have written."""
    rest = text.removeprefix(start)
    return rest if rest != text and _OWN_ID.fullmatch(rest) else text


def _numbers_of(identifier: str, prefix: str) -> dict[str, str]:
    for code, number in _OFFICIAL_LISTS.items():
        if identifier.startswith(f"{code}-"):
            return {number: identifier.removeprefix(f"{code}-")}
    for code in _OTHER_LISTS:
        if identifier.startswith(f"{code}-"):
            for number, check in (("siren", siren), ("siret", siret)):
                try:
                    return {number: check(identifier.removeprefix(f"{code}-"))}
                except InvalidCodeError:
                    continue
    own = _without(f"{prefix}-{_ORGANISATION_MARK}-", identifier)
    return {"own_id": own} if own != identifier else {"other_id": identifier}


def _organisation_of(field: str, rank: int, entry: OrganizationEntry, prefix: str) -> Organisation:
    numbers: dict[str, Any] = _numbers_of(entry.id, prefix)
    for name in ("siret", "rna"):
        text = getattr(entry.scdl, name)
        if text:
            numbers.setdefault(name, text)
    try:
        return Organisation(entry.name, **numbers)
    except GrantError as error:
        where = place((field, rank - 1, "id"))
        raise GrantError(error.fault, where, error.value, error.allowed) from error


def _recipients_of(record: GrantEntry, prefix: str) -> tuple[Recipient, ...]:
    if (record.recipient_organization is None) == (record.recipient_individual is None):
        raise GrantError(GrantFault.RECIPIENT, "recipientOrganization")
    found: list[Recipient] = []
    for rank, entry in enumerate(record.recipient_organization or (), start=1):
        share = entry.scdl.share
        amount = None if share is None else part_of(share, record.amount_awarded)
        organisation = _organisation_of("recipientOrganization", rank, entry, prefix)
        found.append(Recipient(organisation, amount))
    return tuple(found)


def _individual_of(record: GrantEntry, prefix: str) -> Individual | None:
    person = record.recipient_individual
    if person is None:
        return None
    return Individual(_without(f"{prefix}-{_INDIVIDUAL_MARK}-", person.id))


def _place_of(entry: LocationEntry) -> Place:
    return Place(
        entry.name or "", entry.geo_code or "", entry.geo_code_type or "", entry.country_code or ""
    )


def _payments_of(entries: Sequence[DisbursementEntry] | None) -> tuple[Payment, ...] | None:
    if entries is None:
        return None
    return tuple(Payment(entry.transaction_date, entry.value, entry.id) for entry in entries)


def _status_of(entries: Iterable[ClassificationEntry]) -> GrantStatus | None:
    stated = [entry for entry in entries if entry.vocabulary == STATUS_VOCABULARY]
    found = _one("classifications", stated)
    if found is None:
        return None
    try:
        return GrantStatus(found.code)
    except ValueError as error:
        raise GrantError(
            GrantFault.NOT_ALLOWED, "classifications", found.code, tuple(GrantStatus)
        ) from error


def _ignored(entry: Any, record: GrantEntry) -> Iterator[str]:
    if record.disbursement_transaction is None and record.amount_disbursed is not None:
        yield "amountDisbursed"
    if any(found.vocabulary != STATUS_VOCABULARY for found in record.classifications):
        yield "classifications"
    yield from _not_read(entry, record)


def _not_read(entry: Any, read: object, path: str = "") -> Iterator[str]:
    """Name the fields of an entry that its shape does not have."""
    if isinstance(read, Entry):
        known = {field.alias: name for name, field in type(read).model_fields.items()}
        for name, value in entry.items():
            if name in known:
                yield from _not_read(value, getattr(read, known[name]), f"{path}{name}.")
            else:
                yield path + name
    elif isinstance(read, list):
        for value, part in zip(entry, read, strict=True):
            yield from _not_read(value, part, path)
