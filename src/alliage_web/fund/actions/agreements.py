"""Preparing, sending, signing, amending and ending agreements."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.text import slugify

from alliage.fund.money import instalments as library
from alliage.fund.money import ledger
from alliage.fund.money.ledger import AccountCode, PostingKind
from alliage.fund.states import (
    AGREEMENT,
    AdvanceState,
    AgreementState,
    ApplicationState,
    Guard,
    TransitionNotAllowed,
    follow,
)
from alliage.values.money import ZERO, total
from alliage_web.audit.actions import AlreadyDoneError, record, refuse_repeat
from alliage_web.files import actions as files
from alliage_web.fund.actions import advances
from alliage_web.fund.actions import ledger as books
from alliage_web.fund.actions.agreement_supports import follow_agreement
from alliage_web.fund.actions.money_back import release_award
from alliage_web.fund.actions.report_obligations import derive_reports
from alliage_web.fund.models import (
    Agreement,
    AgreementCondition,
    AgreementInstalment,
    AgreementKind,
    AgreementSignature,
    AgreementVersion,
    Fund,
    OrderState,
    RepayableAdvance,
)
from alliage_web.fund.queries import agreements as queries
from alliage_web.fund.queries.closing import report_guards

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from django.core.files.base import File

    from alliage.fund.money.instalments import Terms
    from alliage.safekeeping.uploads import Upload
    from alliage.values.money import Euros
    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Application, Strand


_CODE_LENGTH = 50
#: The states in which an amendment is written and signed.
_AMENDABLE = frozenset({*queries.IN_FORCE, AgreementState.SUSPENDED})


class FrozenTermsError(Exception):
    """The terms went to signature: an amendment changes them."""

    def __init__(self, version: AgreementVersion) -> None:
        self.version = version
        super().__init__(
            f"{version} is frozen. Recall it if nobody signed, or write an amendment once in force."
        )


class TermsChangedError(Exception):
    """What is stored is not what was frozen: nobody may sign it."""

    def __init__(self, version: AgreementVersion) -> None:
        self.version = version
        super().__init__(f"{version} differs from what was frozen. Recall it and send it again.")


class AlreadySignedError(Exception):
    """The party signed this version before."""

    def __init__(self, party: str) -> None:
        self.party = party
        super().__init__(f"{party} signed this version before.")


class OrdersWaitingError(Exception):
    """An agreement does not end while the bank has an order to execute."""


class OneInstalmentError(Exception):
    """A repayable advance is paid at once: its criteria are fixed before all of it."""


@dataclass(frozen=True, slots=True)
class ConditionValues:
    """What an instalment waits for, as a person wrote it."""

    kind: str
    label: str

    @property
    def code(self) -> str:
        """The same for the same words; long labels, and those without letters, take a digest."""
        plain = slugify(self.label)
        if plain and len(plain) <= _CODE_LENGTH:
            return plain
        return f"{plain[:_CODE_LENGTH]}-{sha256(self.label.encode()).hexdigest()[:8]}".strip("-")


@dataclass(frozen=True, slots=True)
class InstalmentValues:
    """An instalment as a person wrote it; without code it is a new one."""

    title: str
    amount: Euros
    due_on: dt.date | None = None
    conditions: tuple[ConditionValues, ...] = ()
    held_back: Euros = ZERO
    code: str = ""


@dataclass(frozen=True, slots=True)
class TermsValues:
    """The terms of a version as a person wrote them."""

    objective: str
    amount: Euros
    instalments: tuple[InstalmentValues, ...]
    clauses: str = ""
    ends_on: dt.date | None = None
    release: tuple[ConditionValues, ...] = ()
    criteria: str = ""
    check_after_months: int = 12


@dataclass(frozen=True, slots=True)
class Parties:
    """Who pays, who receives and what is known of both."""

    payer: Any
    receiver: Any
    payer_kind: str
    receiver_kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def prepare(
    *,
    fund: Fund,
    kind: str,
    strand: Strand,
    year: int,
    parties: Parties,
    terms: TermsValues,
    by: User | None,
    at: dt.datetime,
    reference: str = "",
    application: Application | None = None,
    alliance: Any = None,
    submission: UUID | None = None,
) -> Agreement:
    """Write an agreement that is being prepared, from an application or without one.

    Raises
    ------
    TermsRefused
        If the instalments do not make an agreement.
    OneInstalmentError
        If a repayable advance would be paid in several times.
    AlreadyDoneError
        If the form was received before, or the application has an agreement.
    """
    books.begin(fund)
    refuse_repeat(submission)
    if application and (made := queries.agreement_of(application)):
        raise AlreadyDoneError(made.stable_name)
    agreement = Agreement.objects.create(
        fund=fund,
        reference=reference or queries.next_reference(fund, at.year),
        kind=kind,
        application=application,
        alliance=application.alliance if application else alliance,
        strand=strand,
        year=year,
        payer=parties.payer,
        payer_kind=parties.payer_kind,
        receiver=parties.receiver,
        receiver_kind=parties.receiver_kind,
        created_by=by,
        created_at=at,
        updated_at=at,
        **parties.facts,
    )
    if kind == AgreementKind.ADVANCE:
        RepayableAdvance.objects.create(
            agreement=agreement,
            criteria=terms.criteria,
            check_after_months=terms.check_after_months,
        )
    _write_version(agreement, 1, terms, reason="")
    record(
        kind="agreement.prepared",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={
            "fund": [None, fund.code],
            "agreement_kind": [None, kind],
            "application": [None, application.reference if application else None],
            "payer": [None, parties.payer.stable_name],
            "receiver": [None, parties.receiver.stable_name],
            "amount": [None, str(terms.amount)],
        },
        submission=submission,
    )
    return agreement


@transaction.atomic
def change_parties(
    *, agreement: Agreement, parties: Parties, strand: Strand, year: int, by: User, at: dt.datetime
) -> None:
    """Correct who pays, who receives and the legal facts, before the terms go to signature.

    Raises
    ------
    FrozenTermsError
        If the terms went to signature.
    """
    agreement = locked(agreement)
    if agreement.state != AgreementState.PREPARED:
        raise FrozenTermsError(queries.last_version(agreement))
    agreement.payer, agreement.receiver = parties.payer, parties.receiver
    agreement.payer_kind, agreement.receiver_kind = parties.payer_kind, parties.receiver_kind
    agreement.strand, agreement.year = strand, year
    for name, value in parties.facts.items():
        setattr(agreement, name, value)
    agreement.updated_at = at
    agreement.save()
    record(
        kind="agreement.parties_changed",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={
            "payer": [None, parties.payer.stable_name],
            "receiver": [None, parties.receiver.stable_name],
        },
    )


@transaction.atomic
def change(
    *,
    agreement: Agreement,
    parties: Parties,
    strand: Strand,
    year: int,
    terms: TermsValues,
    by: User,
    at: dt.datetime,
) -> None:
    """Correct the parties and the terms together, before they go to signature.

    Raises
    ------
    FrozenTermsError, TermsRefused, OneInstalmentError
        As `change_parties` and `write_terms` say.
    """
    change_parties(agreement=agreement, parties=parties, strand=strand, year=year, by=by, at=at)
    write_terms(agreement=agreement, terms=terms, by=by, at=at)


@transaction.atomic
def write_terms(
    *,
    agreement: Agreement,
    terms: TermsValues,
    by: User | None,
    at: dt.datetime,
    reason: str = "",
) -> AgreementVersion:
    """Write the terms that are being prepared: those of the first version, or of an amendment.

    Raises
    ------
    FrozenTermsError
        If the last version is frozen and not in force.
    TermsRefused
        If they make no terms, or do not respect what is already paid.
    """
    agreement = locked(agreement)
    last = queries.last_version(agreement)
    state = AgreementState(agreement.state)
    if state is not AgreementState.PREPARED and state not in _AMENDABLE:
        raise FrozenTermsError(last)
    if last.frozen_at is None:
        number, reason = last.number, reason or last.reason
        last.delete()
    elif last.in_force_on is None:
        raise FrozenTermsError(last)
    else:
        number = last.number + 1
    version = _write_version(agreement, number, terms, reason=reason)
    _check_amendment(agreement, version)
    advance = getattr(agreement, "advance", None)
    if advance and number == 1:
        advance.criteria = terms.criteria
        advance.check_after_months = terms.check_after_months
        advance.save()
    agreement.updated_at = at
    agreement.save(update_fields=["updated_at"])
    record(
        kind="agreement.terms_written",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={"version": [None, number], "amount": [str(last.eur), str(terms.amount)]},
    )
    return version


def _write_version(
    agreement: Agreement, number: int, values: TermsValues, *, reason: str
) -> AgreementVersion:
    if agreement.is_advance and len(values.instalments) != 1:
        raise OneInstalmentError
    version = AgreementVersion.objects.create(
        agreement=agreement,
        number=number,
        objective=values.objective,
        clauses=values.clauses,
        cents=cents(values.amount),
        reason=reason,
        ends_on=values.ends_on,
    )
    version.release.set(_conditions(agreement, values.release))
    taken = {each.code for each in values.instalments if each.code} | set(
        AgreementInstalment.objects.filter(version__agreement=agreement).values_list(
            "code", flat=True
        )
    )
    for rank, each in enumerate(values.instalments, start=1):
        code = each.code or _free_code(taken)
        taken.add(code)
        row = AgreementInstalment.objects.create(
            version=version,
            rank=rank,
            code=code,
            title=each.title,
            cents=cents(each.amount),
            held_back_cents=cents(each.held_back),
            due_on=each.due_on,
        )
        row.conditions.set(_conditions(agreement, each.conditions))
    # The library refuses what makes no terms; the transaction then leaves nothing.
    queries.terms_of(version)
    return version


def _free_code(taken: set[str]) -> str:
    rank = 1
    while f"t{rank}" in taken:
        rank += 1
    return f"t{rank}"


def _conditions(
    agreement: Agreement, values: Iterable[ConditionValues]
) -> list[AgreementCondition]:
    return [
        AgreementCondition.objects.get_or_create(
            agreement=agreement, kind=each.kind, code=each.code, defaults={"label": each.label}
        )[0]
        for each in values
    ]


def _check_amendment(agreement: Agreement, version: AgreementVersion) -> Terms | None:
    """Ask the library whether a version may follow the one in force; give the terms before."""
    current = queries.version_in_force(agreement)
    if current is None or current.number == version.number:
        return None
    before = queries.terms_of(current)
    library.amend(
        before, queries.terms_of(version), queries.movements_of(agreement), reason=version.reason
    )
    return before


@transaction.atomic
def send_for_signature(*, agreement: Agreement, by: User, at: dt.datetime, on: dt.date) -> None:
    """Freeze the terms, once the legal path is open; the first version or an amendment.

    Raises
    ------
    GuardNotMet
        If something that the sending needs is not true.
    TransitionNotAllowed
        If the agreement is not being prepared.
    """
    agreement = locked(agreement)
    version = queries.last_version(agreement)
    if version.frozen_at is not None:
        raise FrozenTermsError(version)
    path = queries.path_of(agreement, version.eur, on)
    holds = {Guard.SCHEDULE_COMPLETE}
    if queries.path_is_open(path):
        holds.add(Guard.LEGAL_PATH_ALLOWED)
    application = agreement.application
    if application is None or application.state == ApplicationState.ACCEPTED:
        holds.add(Guard.APPLICATION_ACCEPTED)
    queries.terms_of(version)
    if version.number == 1:
        _move(agreement, "send_for_signature", holds)
    else:
        # An amendment goes to signature under the same rules, and the agreement stays in force.
        if AgreementState(agreement.state) not in _AMENDABLE:
            raise TransitionNotAllowed(AGREEMENT, AgreementState(agreement.state), "amend")
        follow(AGREEMENT, AgreementState.PREPARED, "send_for_signature", holds=holds)
        _check_amendment(agreement, version)
    version.frozen_at = at
    version.digest = queries.digest_of(version)
    version.save(update_fields=["frozen_at", "digest"])
    agreement.legal_path = queries.told_of(path, on)
    agreement.updated_at = at
    agreement.save()
    record(
        kind="agreement.sent",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={
            "version": [None, version.number],
            "digest": [None, version.digest],
            "legal_outcome": [None, path.outcome.value],
        },
    )


@transaction.atomic
def recall(*, agreement: Agreement, by: User, at: dt.datetime) -> None:
    """Take back a version that nobody signed, to correct it.

    Raises
    ------
    GuardNotMet
        If somebody signed.
    TransitionNotAllowed
        If nothing is out for signature.
    """
    agreement = locked(agreement)
    version = queries.last_version(agreement)
    holds = set() if version.signatures.exists() else {Guard.NOBODY_SIGNED}
    if version.number == 1:
        _move(agreement, "recall", holds)
        agreement.save()
    elif version.frozen_at is not None and version.in_force_on is None:
        follow(AGREEMENT, AgreementState.OUT_FOR_SIGNATURE, "recall", holds=holds)
    else:
        follow(AGREEMENT, AgreementState(agreement.state), "recall")
    version.frozen_at, version.digest = None, ""
    version.save(update_fields=["frozen_at", "digest"])
    record(
        kind="agreement.recalled",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={"version": [version.number, None]},
    )


@dataclass(frozen=True, slots=True)
class SignatureValues:
    """Who signed, when, and the signed document as the files keep it."""

    party: str
    signatory: str
    function: str
    signed_on: dt.date
    document: UUID
    sha256: str


@transaction.atomic
def sign_with_document(
    *,
    agreement: Agreement,
    party: str,
    signatory: str,
    function: str,
    signed_on: dt.date,
    upload: Upload,
    content: File[bytes],
    by: User,
    at: dt.datetime,
    submission: UUID | None = None,
) -> AgreementVersion:
    """Keep the signed document, and record the signature with its digest.

    If the signature is refused the document is not kept: `discard` removes its bytes.

    Raises
    ------
    TermsChangedError, AlreadySignedError, TransitionNotAllowed, PostingRefused
        As `sign` says.
    AlreadyDoneError
        If the form was received before.
    """
    file = files.add_file(
        place=agreement.stable_name,
        title="",
        upload=upload,
        content=content,
        by=by,
        at=at,
        submission=submission,
    )
    values = SignatureValues(party, signatory, function, signed_on, file.uuid, file.sha256)
    return sign(agreement=agreement, values=values, by=by, at=at)


@transaction.atomic
def sign(
    *,
    agreement: Agreement,
    values: SignatureValues,
    by: User,
    at: dt.datetime,
) -> AgreementVersion:
    """Record the signature of a party; the second one puts the terms in force and commits them.

    Raises
    ------
    TermsChangedError
        If what is stored is not what was frozen.
    AlreadySignedError
        If this party signed before.
    TransitionNotAllowed
        If nothing is out for signature.
    PostingRefused
        If the envelope does not hold the money: nothing is written.
    """
    books.begin(agreement.fund)
    agreement = locked(agreement)
    version = queries.last_version(agreement)
    if version.frozen_at is None or version.in_force_on is not None:
        follow(AGREEMENT, AgreementState.PREPARED, "sign")
    if queries.digest_of(version) != version.digest:
        raise TermsChangedError(version)
    if version.signatures.filter(party=values.party).exists():
        raise AlreadySignedError(values.party)
    signature = AgreementSignature.objects.create(
        version=version,
        party=values.party,
        signatory=values.signatory,
        function=values.function,
        signed_on=values.signed_on,
        document=values.document,
        sha256=values.sha256,
        recorded_by=by,
        recorded_at=at,
    )
    record(
        kind="agreement.signed",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={
            "version": [None, version.number],
            "party": [None, values.party],
            "signed_on": [None, values.signed_on.isoformat()],
            "sha256": [None, values.sha256],
        },
        personal={"signatory": [None, values.signatory]},
        about=f"agreement-signature:{signature.pk}",
    )
    if queries.is_signed_by_all(version):
        _put_in_force(agreement, version, by=by, at=at)
    return version


def _put_in_force(
    agreement: Agreement, version: AgreementVersion, *, by: User, at: dt.datetime
) -> None:
    signed = max(version.signatures.values_list("signed_on", flat=True))
    before = _check_amendment(agreement, version)
    difference = version.eur - (before.amount if before else ZERO)
    reason = f"Signature, version {version.number}"
    key = f"{agreement.stable_name}:v{version.number}"
    postings = _commitment(agreement, difference, key=key, on=signed, reason=reason)
    if postings:
        books.write(agreement.fund, postings, by=by, at=at)
    version.in_force_on = signed
    version.save(update_fields=["in_force_on"])
    holds = {Guard.ALL_SIGNED, Guard.SCHEDULE_COMPLETE, Guard.PAID_RESPECTED}
    verb = "sign" if version.number == 1 else "amend"
    if agreement.state == AgreementState.SUSPENDED:
        verb = "resume"
    _move(agreement, verb, holds)
    agreement.updated_at = at
    agreement.save()
    # What was awarded and is not agreed serves another file: an amendment asks the envelope again.
    release_award(
        fund=agreement.fund,
        file=agreement.file,
        key=key,
        reason="Signature pour moins que l’attribution",
        reference=agreement.reference,
        by=by,
        at=at,
        on=signed,
    )
    follow_agreement(agreement=agreement, by=by, at=at)
    derive_reports(agreement=agreement, by=by, at=at)
    if version.number == 1 and agreement.is_advance:
        advances.fix_criteria(agreement=agreement, on=signed, by=by, at=at)


def _commitment(
    agreement: Agreement, difference: Euros, *, key: str, on: dt.date, reason: str
) -> list[ledger.Posting]:
    """Give what the ledger follows: an award where none was made, then the commitment."""
    if not difference:
        return []

    def posting(kind: PostingKind, amount: Euros, envelope: ledger.Envelope, tail: str) -> Any:
        return ledger.Posting(
            key=f"{key}:{tail}",
            fund=agreement.fund.code,
            kind=kind,
            booked_on=on,
            reason=reason,
            reference=agreement.reference,
            amount=amount,
            envelope=envelope,
            file=agreement.file,
        )

    if difference < 0:
        return [
            posting(PostingKind.DECOMMITMENT, amount, envelope, f"less:{rank}")
            for rank, (envelope, amount) in enumerate(
                take(queries.held_by_file(agreement, AccountCode.COMMITTED), -difference, agreement)
            )
        ]
    reserved = queries.held_by_file(agreement, AccountCode.RESERVED)
    missing = difference - total(amount for _envelope, amount in reserved)
    postings = []
    # A committee awarded what an application gets; an agreement made directly awards by itself.
    awards = agreement.application is None or queries.version_in_force(agreement) is not None
    if missing > 0 and awards:
        envelope = queries.open_envelope(agreement)
        postings.append(posting(PostingKind.AWARD, missing, envelope, "award"))
        reserved = _added(reserved, envelope, missing)
    postings += [
        posting(PostingKind.COMMITMENT, amount, envelope, f"commit:{rank}")
        for rank, (envelope, amount) in enumerate(take(reserved, difference, agreement))
    ]
    return postings


def _added(
    held: Sequence[tuple[ledger.Envelope, Euros]], envelope: ledger.Envelope, amount: Euros
) -> list[tuple[ledger.Envelope, Euros]]:
    sums = dict(held)
    sums[envelope] = sums.get(envelope, ZERO) + amount
    return list(sums.items())


def take(
    held: Sequence[tuple[ledger.Envelope, Euros]], amount: Euros, agreement: Agreement
) -> list[tuple[ledger.Envelope, Euros]]:
    """Take an amount from envelopes in order; what is missing is asked of the last one.

    The library then refuses, and says what that envelope holds.
    """
    taken = []
    for envelope, available in held:
        part = min(available, amount)
        if part > 0:
            taken.append((envelope, part))
            amount -= part
    if amount > 0:
        envelope, part = taken.pop() if taken else (queries.open_envelope(agreement), ZERO)
        taken.append((envelope, part + amount))
    return taken


@transaction.atomic
def decide(
    *,
    agreement: Agreement,
    verb: str,
    reason: str,
    by: User | None,
    at: dt.datetime,
    on: dt.date,
    notice_given_on: dt.date | None = None,
) -> None:
    """Abandon, suspend, end or terminate an agreement; what stays committed is freed at its end.

    What the decision needs is read from the facts; ``notice_given_on`` is the day on which the
    notice of a termination was given. The award of an application outlives an agreement that is
    abandoned: another one may be made of it, until the application lapses or is withdrawn.

    Raises
    ------
    GuardNotMet
        If something that the decision needs is not true.
    TransitionNotAllowed
        If the state does not admit the decision.
    OrdersWaitingError
        If an order waits for the bank.
    """
    books.begin(agreement.fund)
    agreement = locked(agreement)
    holds = {*queries.ending_guards(agreement), *report_guards(agreement)}
    if reason.strip():
        holds.add(Guard.REASON_WRITTEN)
    if notice_given_on is not None and notice_given_on <= on:
        holds.add(Guard.NOTICE_SENT)
    before = agreement.state
    _move(agreement, verb, holds)
    ends = agreement.state in {AgreementState.ENDED, AgreementState.TERMINATED}
    if ends and agreement.orders.filter(state=OrderState.ORDERED).exists():
        raise OrdersWaitingError
    agreement.reason, agreement.updated_at = reason, at
    if agreement.state == AgreementState.TERMINATED:
        agreement.notice_given_on = notice_given_on
    agreement.save()
    if ends:
        free(agreement, key=f"{agreement.stable_name}:{agreement.state}", by=by, at=at, on=on)
        follow_agreement(agreement=agreement, by=by, at=at)
    advance = getattr(agreement, "advance", None)
    if agreement.state == AgreementState.ABANDONED and advance:
        advance.state = AdvanceState.ABANDONED.value
        advance.save(update_fields=["state"])
    record(
        kind="agreement.decided",
        target=agreement.stable_name,
        by=by,
        at=at,
        changes={"state": [before, agreement.state]}
        | (
            {"notice_given_on": [None, notice_given_on.isoformat()]}
            if agreement.notice_given_on and notice_given_on
            else {}
        ),
    )


def free(agreement: Agreement, *, key: str, by: User | None, at: dt.datetime, on: dt.date) -> None:
    """Give all that is still committed or reserved back to the envelope; the caller has begun."""
    held = queries.held_by_file(agreement, AccountCode.COMMITTED)
    whole = total(amount for _envelope, amount in held)
    reason = "Fin de la convention"
    postings = _commitment(agreement, -whole, key=key, on=on, reason=reason)
    if postings:
        books.write(agreement.fund, postings, by=by, at=at)
    release_award(
        fund=agreement.fund,
        file=agreement.file,
        key=key,
        reason=reason,
        reference=agreement.reference,
        by=by,
        at=at,
        on=on,
    )


def locked(agreement: Agreement) -> Agreement:
    return Agreement.objects.select_for_update(of=("self",), no_key=True).get(pk=agreement.pk)


def _move(agreement: Agreement, verb: str, holds: Iterable[Guard]) -> None:
    state = AgreementState(agreement.state)
    agreement.state = follow(AGREEMENT, state, verb, holds=set(holds)).value


def cents(amount: Euros) -> int:
    return int(amount.scaleb(2))
