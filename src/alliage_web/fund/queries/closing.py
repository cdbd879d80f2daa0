"""The end of an agreement: what it needs, read from the facts, and its final account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from alliage.fund.money.ledger import PostingKind
from alliage.fund.reporting.obligations import ReportKind
from alliage.fund.states import AgreementState, Guard, ReportState
from alliage.values.money import ZERO, Euros, total
from alliage_web.fund.models import OrderState, Posting, ReportObligation

from . import agreements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage_web.fund.models import Agreement

#: A final report that the fund no longer asks for, with a reason, stands in the way of nothing.
_SETTLED = frozenset({ReportState.ACCEPTED, ReportState.WAIVED})


def report_guards(agreement: Agreement) -> set[Guard]:
    """Find whether the final report is accepted; one that nobody derived yet is not."""
    settled = ReportObligation.objects.filter(
        agreement=agreement, kind=ReportKind.FINAL.value, state__in=_SETTLED
    )
    return {Guard.FINAL_REPORT_ACCEPTED} if settled.exists() else set()


@dataclass(frozen=True, slots=True)
class ClosingStep:
    """Something that the end of an agreement needs; ``remedies`` are what to do, with links."""

    guard: Guard
    is_met: bool
    sentence: str
    remedies: tuple[tuple[str, str], ...] = ()


def closing_steps(agreement: Agreement) -> tuple[ClosingStep, ...]:
    """Say what the end of an agreement needs, and how to mend what is missing."""
    holds = agreements.ending_guards(agreement) | report_guards(agreement)
    return (
        ClosingStep(
            Guard.INSTALMENTS_SETTLED,
            Guard.INSTALMENTS_SETTLED in holds,
            _("Chaque échéance est versée, annulée ou rendue, et aucun ordre n’attend la banque."),
            tuple(_unsettled(agreement)),
        ),
        ClosingStep(
            Guard.FINAL_REPORT_ACCEPTED,
            Guard.FINAL_REPORT_ACCEPTED in holds,
            _("Le rapport final est accepté, ou le fonds ne le demande plus et dit pourquoi."),
            ((_("Voir les rapports demandés"), f"{agreement.get_absolute_url()}#rapports"),),
        ),
        ClosingStep(
            Guard.ADVANCES_SETTLED,
            Guard.ADVANCES_SETTLED in holds,
            _("Aucune avance n’est en cours."),
            (
                (
                    _("Constater ce que devient l’avance"),
                    reverse("fund:advance", args=[agreement.fund.code, agreement.reference]),
                ),
            )
            if agreement.is_advance
            else (),
        ),
    )


def _unsettled(agreement: Agreement) -> Iterable[tuple[str, str]]:
    code, reference = agreement.fund.code, agreement.reference
    for order in agreement.orders.filter(state=OrderState.ORDERED).order_by("pk"):
        yield (
            _("Confirmer ou rejeter l’ordre %(key)s") % {"key": order.key},
            reverse("fund:payment-confirm", args=[code, reference, order.key]),
        )
    yield (
        _("Voir ce que chaque échéance attend"),
        f"{agreement.get_absolute_url()}#echeances",
    )
    yield (
        _("Retirer par un avenant ce qui ne sera pas versé"),
        reverse("fund:agreement-edit", args=[code, reference]),
    )


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A figure of the final account, with the postings that make it."""

    code: str
    label: str
    amount: Euros
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class FinalAccount:
    """What an agreement cost its fund, from the award to what came back.

    ``awarded`` is what was paid, released, and what is still reserved or committed.
    """

    lines: tuple[AccountLine, ...]
    left: Euros
    """What is still reserved or committed."""

    def amount(self, code: str) -> Euros:
        """Return a figure by its code; zero where nothing was written."""
        return total(line.amount for line in self.lines if line.code == code)

    @property
    def adds_up(self) -> bool:
        """Whether the award is what was paid, what was released and what is left."""
        spent = self.amount("paid") + self.amount("released") + self.left
        return self.amount("awarded") == spent


_LINES: tuple[tuple[str, tuple[PostingKind, ...]], ...] = (
    ("awarded", (PostingKind.AWARD,)),
    ("committed", (PostingKind.COMMITMENT,)),
    ("paid", (PostingKind.PAYMENT, PostingKind.ADVANCE_PAYMENT)),
    ("returned", (PostingKind.RETURN,)),
    ("repaid", (PostingKind.REPAYMENT,)),
    ("given_up", (PostingKind.WAIVER, PostingKind.WRITE_OFF)),
    ("released", (PostingKind.AWARD_RELEASE, PostingKind.DECOMMITMENT)),
)
_ADVANCES = frozenset({"repaid", "given_up"})


def _labels() -> dict[str, str]:
    return {
        "awarded": _("Attribué"),
        "committed": _("Engagé"),
        "paid": _("Versé"),
        "returned": _("Rendu"),
        "repaid": _("Remboursé"),
        "given_up": _("Remis ou perdu"),
        "released": _("Revenu à l’enveloppe sans être versé"),
    }


def final_account(agreement: Agreement) -> FinalAccount:
    """Add up the postings of the file of an agreement, figure by figure; a reversal takes off."""
    rows = list(
        Posting.objects.filter(fund=agreement.fund_id, file=agreement.file)
        .select_related("fund", "envelope__strand")
        .order_by("number")
    )
    labels = _labels()
    lines = []
    for code, kinds in _LINES:
        if code in _ADVANCES and not agreement.is_advance:
            continue
        own = tuple(row for row in rows if PostingKind(row.kind) in kinds)
        amount = total(-row.eur if row.reverses_id else row.eur for row in own)
        lines.append(AccountLine(code, labels[code], amount, own))
    return FinalAccount(tuple(lines), _left(rows))


def _left(rows: Iterable[Posting]) -> Euros:
    """Return what postings leave reserved or committed."""
    left = ZERO
    for row in rows:
        amount = -row.eur if row.reverses_id else row.eur
        kind = PostingKind(row.kind)
        if kind is PostingKind.AWARD:
            left += amount
        elif kind in _SPENT:
            left -= amount
    return left


_SPENT = frozenset(
    {
        PostingKind.PAYMENT,
        PostingKind.ADVANCE_PAYMENT,
        PostingKind.AWARD_RELEASE,
        PostingKind.DECOMMITMENT,
    }
)
#: The states in which an agreement may be ended, or is over.
CLOSABLE = agreements.SIGNED - {AgreementState.SUSPENDED}
