"""An agreement as a PDF, and its payments as the files that a bank reads."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst
from django.utils import translation
from django.utils.translation import gettext as _

from alliage.fund.law.legal_rules import shipped_rules
from alliage.fund.money.payment_orders import (
    Batch,
    PaymentOrder,
    credit_transfers,
    payment_list,
)
from alliage.values.french import euros, partial_date
from alliage_web.fund.models import SignatoryChoices
from alliage_web.fund.queries import agreements as queries

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from alliage.fund.money.bank_details import BankAccount
    from alliage_web.fund.models import AgreementVersion
    from alliage_web.fund.models import PaymentOrder as OrderRow

_APP = Path(__file__).parents[1]
_TEMPLATE = _APP / "typst" / "agreement.typ"
_FONT_PACKAGES = ("font_source_sans_pro", "font_source_serif_pro")


def agreement_pdf(version: AgreementVersion) -> bytes:
    """Print a version of an agreement, in French: frozen terms carry their digest."""
    with translation.override("fr"):
        told = _told(version)
    inputs = {"agreement": json.dumps(told)}
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[*map(_folder, _FONT_PACKAGES)])
    compiler = typst.Compiler(input=str(_TEMPLATE), root=str(_APP), font_paths=fonts)
    printed = compiler.compile(format="pdf", sys_inputs=inputs)
    assert isinstance(printed, bytes)
    return printed


def _folder(package: str) -> str:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        msg = f"The package {package} is missing. Install alliage[web] to print agreements."
        raise RuntimeError(msg)
    return str(Path(spec.origin).parent / "files")


def _told(version: AgreementVersion) -> dict[str, Any]:
    agreement = version.agreement
    title = _("Convention %(reference)s") % {"reference": agreement.reference}
    if version.number > 1:
        title = _("%(title)s, avenant %(number)s") % {
            "title": title,
            "number": version.number - 1,
        }
    digest = version.digest or _("aucune : termes en préparation")
    return {
        "eyebrow": agreement.fund.name,
        "title": title,
        "draft": "" if version.frozen_at else _("Projet : ces termes ne sont pas figés."),
        "footer": _("%(title)s. Empreinte des termes : %(digest)s")
        % {"title": title, "digest": digest},
        "sections": list(_sections(version)),
        "signatures": {"title": _("Signatures"), "parties": list(_signatures(version))},
    }


def _sections(version: AgreementVersion) -> Iterable[dict[str, Any]]:
    agreement = version.agreement
    yield _section(_("Entre"), [_party(agreement, "payer"), _party(agreement, "receiver")])
    if version.reason:
        yield _section(_("Pourquoi cet avenant"), _paragraphs(version.reason))
    yield _section(_("Objet"), _paragraphs(version.objective))
    yield _section(
        _("Montant et versements"),
        [_("Le montant est de %(amount)s.") % {"amount": euros(version.eur, full=True)}],
        [
            (_("Échéance"), False),
            (_("Quand"), False),
            (_("Dont retenue"), True),
            (_("Montant"), True),
        ],
        [
            [
                row.title,
                _when(row),
                euros(row.held_back, full=True) if row.held_back else "–",
                euros(row.eur, full=True),
            ]
            for row in queries.instalments_of(version)
        ],
    )
    if release := [each.label for each in version.release.all()]:
        yield _section(_("Ce qui libère la retenue"), release)
    if agreement.is_advance:
        yield _section(_("Avance remboursable"), _advance(agreement))
    if version.clauses:
        yield _section(_("Engagements et conditions"), _paragraphs(version.clauses))
    if asked := list(_asked(agreement.legal_path)):
        yield _section(_("Ce que le droit ou le fonds demande"), asked)


def _section(
    title: str,
    paragraphs: list[str],
    columns: Iterable[tuple[str, bool]] = (),
    rows: Iterable[list[str]] = (),
) -> dict[str, Any]:
    return {
        "title": title,
        "paragraphs": paragraphs,
        "columns": [{"label": label, "numeric": numeric} for label, numeric in columns],
        "rows": list(rows),
    }


def _paragraphs(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def _party(agreement: Any, side: str) -> str:
    kinds = {each.code: each.label_fr for each in shipped_rules().kinds}
    organisation, kind = getattr(agreement, side), getattr(agreement, f"{side}_kind")
    role = _("le payeur") if side == "payer" else _("le bénéficiaire")
    return f"{organisation.name}, {role}. {kinds.get(kind, kind)}."


def _when(row: Any) -> str:
    parts = [_("à partir du %(day)s") % {"day": partial_date(row.due_on)}] if row.due_on else []
    parts += [f"{each.get_kind_display()} : {each.label}" for each in row.conditions.all()]
    return " ; ".join(parts)


def _advance(agreement: Any) -> list[str]:
    return [
        _(
            "L’avance n’est remboursée que si la mission réussit. Les critères de succès, fixés "
            "avant le versement, sont :"
        ),
        *_paragraphs(agreement.advance.criteria),
        _(
            "Le succès ou l’échec est déclaré par les deux parties, puis vérifié %(months)s mois "
            "après. Si les faits ne concordent pas, le comité tranche. Le remboursement est sans "
            "intérêt."
        )
        % {"months": agreement.advance.check_after_months},
    ]


def _asked(kept: Mapping[str, Any] | None) -> Iterable[str]:
    """Give the requirements that were found when the terms were sent, each with its source."""
    rules = {rule.id: rule for rule in shipped_rules().requirements}
    for finding in (kept or {}).get("findings", ()):
        rule = rules.get(finding["rule"])
        if rule is not None and finding["weight"] == "asks":
            source = f"{rule.source}, {rule.article}" if rule.article else rule.source
            yield f"{' '.join(rule.why_fr.split())} ({source})"


def _signatures(version: AgreementVersion) -> Iterable[dict[str, str]]:
    signed = {row.party: row for row in version.signatures.all()}
    for party, organisation in (
        (SignatoryChoices.PAYER, version.agreement.payer),
        (SignatoryChoices.RECEIVER, version.agreement.receiver),
    ):
        row = signed.get(party.value)
        yield {
            "name": organisation.name,
            "role": str(party.label),
            "signed": _("Signée le %(day)s par %(name)s. Document signé : %(digest)s")
            % {
                "day": partial_date(row.signed_on),
                "name": row.signatory or _("une personne dont le nom a été effacé"),
                "digest": row.sha256,
            }
            if row
            else "",
        }


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
