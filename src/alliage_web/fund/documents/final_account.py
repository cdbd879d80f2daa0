"""The final account of an agreement on paper: figures, their postings, what is left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.translation import gettext as _

from alliage.values.french import euros, partial_date
from alliage_web.fund.queries.agreements import version_in_force
from alliage_web.fund.queries.closing import closing_steps, final_account
from alliage_web.ui.printing import print_pdf

if TYPE_CHECKING:
    import datetime as dt

    from alliage_web.fund.models import Agreement, Posting

_TEMPLATE = Path(__file__).parents[1] / "typst" / "final_account.typ"


def final_account_pdf(agreement: Agreement, *, on: dt.date) -> bytes:
    """Print the account of an agreement as it is on a day, in French."""
    with translation.override("fr"):
        told = told_account(agreement, on=on)
    return print_pdf(_TEMPLATE, it=told)


def told_account(agreement: Agreement, *, on: dt.date) -> dict[str, Any]:
    """Say the account in words: what the agreement is, its figures, what its end still needs."""
    account = final_account(agreement)
    version = version_in_force(agreement)
    title = _("Compte final de la convention %(reference)s") % {"reference": agreement.reference}
    application = agreement.application
    invented = application is not None and application.call.is_demonstration
    return {
        "eyebrow": agreement.fund.name,
        "title": title,
        "notice": _("Exemple inventé pour la démonstration.") if invented else "",
        "facts": [
            [_("Payeur"), agreement.payer.name],
            [_("Bénéficiaire"), agreement.receiver.name],
            [_("Objet"), version.objective if version else ""],
            [_("Montant convenu"), euros(version.eur, full=True) if version else "–"],
            [_("État"), str(agreement.get_state_display())],
            *([[_("Motif"), agreement.reason]] if agreement.reason else []),
        ],
        "columns": [_("Chiffre"), _("Écritures"), _("Montant")],
        "figures": [
            [line.label, _numbers(line.postings), euros(line.amount, full=True)]
            for line in account.lines
        ],
        "left": [_("Encore réservé ou engagé"), "", euros(account.left, full=True)],
        "reading": _(
            "L’attribution est ce qui est versé, ce qui est revenu à l’enveloppe et ce qui y est "
            "encore réservé ou engagé."
        ),
        "heading": _("Ce que la clôture demande"),
        "steps": [
            [step.sentence, _("oui") if step.is_met else _("pas encore")]
            for step in closing_steps(agreement)
        ],
        "postings_heading": _("Écritures"),
        "postings": [
            _posting(row)
            for row in sorted(
                {row.pk: row for line in account.lines for row in line.postings}.values(),
                key=lambda row: row.number,
            )
        ],
        "posting_columns": [_("N°"), _("Jour"), _("Opération"), _("Montant")],
        "footer": _("%(title)s, au %(day)s") % {"title": title, "day": partial_date(on)},
    }


def _numbers(postings: tuple[Posting, ...]) -> str:
    return ", ".join(str(row.number) for row in postings) or "–"


def _posting(row: Posting) -> list[str]:
    amount = -row.eur if row.reverses_id else row.eur
    return [
        str(row.number),
        partial_date(row.booked_on),
        f"{row.get_kind_display()} · {row.reason}",
        euros(amount, full=True),
    ]
