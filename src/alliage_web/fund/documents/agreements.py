"""An agreement as a PDF, and its payments as the files that a bank reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from alliage.fund.law.legal_rules import shipped_rules
from alliage.fund.money.instalments import ConditionKind
from alliage.fund.money.payment_orders import (
    Batch,
    PaymentOrder,
    credit_transfers,
    payment_list,
)
from alliage.fund.reporting.obligations import final_report_due
from alliage.values.french import euros, partial_date
from alliage.values.money import total
from alliage_web.actors.models import INVENTED
from alliage_web.fund.models import SignatoryChoices
from alliage_web.fund.queries import agreements as queries
from alliage_web.ui.printing import print_pdf

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from alliage.fund.money.bank_details import BankAccount
    from alliage_web.fund.models import AgreementVersion
    from alliage_web.fund.models import PaymentOrder as OrderRow

_TEMPLATE = Path(__file__).parents[1] / "typst" / "agreement.typ"


def agreement_pdf(version: AgreementVersion) -> bytes:
    """Print a version of an agreement, in French: frozen terms carry their digest."""
    with translation.override("fr"):
        told = told_agreement(version)
    return print_pdf(_TEMPLATE, it=told)


def told_agreement(version: AgreementVersion) -> dict[str, Any]:
    """Say a version in words: the parties, what is agreed, what was signed."""
    agreement = version.agreement
    title = _("Convention %(reference)s") % {"reference": agreement.reference}
    if version.number > 1:
        title = _("%(title)s, avenant %(number)s") % {
            "title": title,
            "number": version.number - 1,
        }
    digest = version.digest or _("aucune, termes en préparation")
    return {
        "eyebrow": agreement.fund.name,
        "title": title,
        "notices": list(_notices(version)),
        "facts": list(_facts(version)),
        "footer": _("%(title)s, version %(number)s. Empreinte des termes (SHA-256) : %(digest)s")
        % {"title": title, "number": version.number, "digest": digest},
        "sections": [
            section | {"title": _article(rank, section["title"])}
            for rank, section in enumerate(_sections(version), start=1)
        ],
        "signatures": {
            "title": _("Signatures"),
            "lede": _("Fait en deux exemplaires, un pour chaque partie."),
            "parties": list(_signatures(version)),
        },
    }


def _article(rank: int, title: str) -> str:
    return _("Article %(rank)s. %(title)s") % {"rank": rank, "title": title}


def _notices(version: AgreementVersion) -> Iterable[str]:
    if not version.frozen_at:
        yield _("Projet : ces termes ne sont pas figés.")
    agreement = version.agreement
    if INVENTED in {agreement.receiver.source, agreement.alliance and agreement.alliance.source}:
        yield _("Convention inventée pour la démonstration : elle n’engage personne.")


def _facts(version: AgreementVersion) -> Iterable[list[Any]]:
    agreement = version.agreement
    yield [_("Entre le payeur"), _party(agreement, "payer")]
    yield [_("et le bénéficiaire"), _party(agreement, "receiver")]
    if agreement.alliance:
        yield [_("Alliance"), agreement.alliance.title]
    if agreement.application:
        yield [_("Dossier"), agreement.application.reference]
    yield [_("Montant"), euros(version.eur, full=True)]
    if version.ends_on:
        yield [_("Fin de l’action"), partial_date(version.ends_on)]


def _party(agreement: Any, side: str) -> list[str]:
    kinds = {each.code: each.label_fr for each in shipped_rules().kinds}
    organisation, kind = getattr(agreement, side), getattr(agreement, f"{side}_kind")
    numbers = [
        f"{name} {value}"
        for name, value in (("SIREN", organisation.siren), ("RNA", organisation.rna))
        if value
    ]
    told = [organisation.name, _(", ").join([kinds.get(kind, kind), *numbers])]
    if organisation.seat:
        told.append(_("siège : %(place)s") % {"place": organisation.seat.name})
    return told


def _sections(version: AgreementVersion) -> Iterable[dict[str, Any]]:
    agreement = version.agreement
    if version.reason:
        yield _section(_("Pourquoi cet avenant"), _paragraphs(version.reason))
    yield _section(_("Objet"), _paragraphs(version.objective))
    yield _schedule(version)
    if release := [each.label for each in version.release.all()]:
        yield _section(
            _("Ce qui libère la retenue"),
            [_("La retenue est versée quand toutes ces conditions sont remplies :")],
            release,
        )
    yield _reports(version)
    if agreement.is_advance:
        yield _section(_("Remboursement de l’avance"), *_advance(agreement))
    yield _returns()
    if version.ends_on:
        yield _section(
            _("Durée"),
            [_("L’action prend fin le %(day)s.") % {"day": partial_date(version.ends_on)}],
        )
    if version.clauses:
        yield _section(_("Engagements et conditions"), [], _paragraphs(version.clauses))
    if asked := list(_asked(agreement.legal_path)):
        yield _section(_("Ce que le droit ou le fonds demande"), [], asked)


def _section(
    title: str,
    paragraphs: list[str],
    items: Iterable[str] = (),
    columns: Iterable[str] = (),
    rows: Iterable[list[Any]] = (),
) -> dict[str, Any]:
    return {
        "title": title,
        "paragraphs": paragraphs,
        "items": list(items),
        "columns": list(columns),
        "rows": list(rows),
    }


def _schedule(version: AgreementVersion) -> dict[str, Any]:
    rows = queries.instalments_of(version)
    held_back = total(row.held_back for row in rows)
    return _section(
        _("Montant et versements"),
        [
            _("Le montant est de %(amount)s.") % {"amount": euros(version.eur, full=True)},
            _(
                "Une échéance est payable à partir de sa date, si elle en a une, et quand toutes "
                "ses conditions sont remplies."
            ),
        ],
        columns=[_("Échéance"), _("Quand"), _("Dont retenue"), _("Montant")],
        rows=[
            *(
                [
                    row.title,
                    _when(row),
                    euros(row.held_back, full=True) if row.held_back else "–",
                    euros(row.eur, full=True),
                ]
                for row in rows
            ),
            [
                _("Total"),
                "",
                euros(held_back, full=True) if held_back else "–",
                euros(version.eur, full=True),
            ],
        ],
    )


def _when(row: Any) -> list[str]:
    parts = [_("à partir du %(day)s") % {"day": partial_date(row.due_on)}] if row.due_on else []
    return [*parts, *(f"{each.get_kind_display()} : {each.label}" for each in row.conditions.all())]


def _reports(version: AgreementVersion) -> dict[str, Any]:
    """Say which reports are due: those that an instalment waits for, and the final one."""
    waited = [each for row in queries.instalments_of(version) for each in row.conditions.all()]
    asked = dict.fromkeys(
        each.label
        for each in (*waited, *version.release.all())
        if each.kind == ConditionKind.REPORT_ACCEPTED.value
    )
    read_on = timezone.localdate(version.frozen_at) if version.frozen_at else timezone.localdate()
    if version.ends_on:
        final = _("Un rapport final est dû au plus tard le %(day)s.") % {
            "day": partial_date(final_report_due(version.ends_on, read_on))
        }
    else:
        final = _("Un rapport final est dû après la fin de l’action, à une date que le fonds fixe.")
    return _section(
        _("Rendre compte"),
        [
            _(
                "Le bénéficiaire dit ce qui a été fait, pas fait, ou n’est pas encore connu, et ce "
                "que l’argent a payé. Ce que les rapports précédents disent n’est pas redemandé."
            ),
            final,
            *([_("Un versement attend que soient acceptés :")] if asked else []),
        ],
        asked,
    )


def _advance(agreement: Any) -> tuple[list[str], list[str]]:
    return [
        _(
            "Le succès ou l’échec est déclaré par les deux parties, puis vérifié %(months)s mois "
            "après. Si les faits ne concordent pas, le comité tranche. Le remboursement est sans "
            "intérêt."
        )
        % {"months": agreement.advance.check_after_months},
        _(
            "L’avance n’est remboursée que si la mission réussit. Les critères de succès, fixés "
            "avant le versement, sont :"
        ),
    ], _paragraphs(agreement.advance.criteria)


def _returns() -> dict[str, Any]:
    return _section(
        _("Ce qui revient au payeur"),
        [
            _(
                "Ce qui est reçu sans être dû est rendu au payeur (code civil, article 1302-1). "
                "Ce qui revient est inscrit avec sa cause, et reste visible des deux parties."
            )
        ],
    )


def _paragraphs(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def _asked(kept: Mapping[str, Any] | None) -> Iterable[str]:
    """Give the requirements that were found when the terms were sent, each with its source."""
    rules = {rule.id: rule for rule in shipped_rules().requirements}
    for finding in (kept or {}).get("findings", ()):
        rule = rules.get(finding["rule"])
        if rule is not None and finding["weight"] == "asks":
            source = f"{rule.source}, {rule.article}" if rule.article else rule.source
            yield f"{' '.join(rule.why_fr.split())} ({source})"


def _signatures(version: AgreementVersion) -> Iterable[dict[str, Any]]:
    signed = {row.party: row for row in version.signatures.all()}
    for party, organisation in (
        (SignatoryChoices.PAYER, version.agreement.payer),
        (SignatoryChoices.RECEIVER, version.agreement.receiver),
    ):
        row = signed.get(party.value)
        yield {
            "name": organisation.name,
            "role": str(party.label),
            "signed": _signed(row) if row else [],
            "blank": [_("Nom et qualité"), _("Le"), _("Signature")],
        }


def _signed(row: Any) -> list[str]:
    name = row.signatory or _("une personne dont le nom a été effacé")
    return [
        _("Signée le %(day)s") % {"day": partial_date(row.signed_on)},
        _("%(name)s, %(function)s") % {"name": name, "function": row.function}
        if row.function
        else name,
        _("Document signé, empreinte SHA-256 :"),
        # Cut where a line of the block ends: a printer would else overrun it.
        *(row.sha256[start : start + 32] for start in range(0, 64, 32)),
    ]


def payment_csv(rows: Iterable[OrderRow]) -> str:
    """List the orders that wait, without any bank detail."""
    return payment_list([_order(row, None) for row in rows])


def payment_file(
    rows: Iterable[OrderRow],
    accounts: Mapping[int, BankAccount],
    debtor: BankAccount,
    *,
    at: dt.datetime,
) -> bytes:
    """Write the orders whose account is given as the file that a bank executes.

    Raises
    ------
    PaymentOrderError
        If the orders cannot be written.
    """
    orders = tuple(_order(row, accounts[row.pk]) for row in rows if row.pk in accounts)
    message = f"ALLIAGE-{at:%Y%m%d%H%M%S}"
    return credit_transfers(
        [Batch(debtor, orders)], initiator=debtor.holder, message_id=message, created_at=at
    )


def _order(row: OrderRow, account: BankAccount | None) -> PaymentOrder:
    return PaymentOrder(
        key=row.key,
        beneficiary=row.agreement.receiver.name,
        amount=row.eur,
        execute_on=row.execute_on,
        reason=row.reason,
        account=account,
    )
