"""A report on paper and as a workbook, for a fund of the platform or for any other funder."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from alliage.fund.reporting.promises import PromiseKind
from alliage.values.cells import neutralise
from alliage.values.french import number, partial_date
from alliage_web.accounts.queries import names_of
from alliage_web.fund.models import MeasurementStatusChoices, OutcomeChoices
from alliage_web.fund.queries.application_wording import NATURES, is_english, money
from alliage_web.fund.queries.report_wording import KINDS, TEXT_LABELS
from alliage_web.ui.printing import print_pdf

from .ledger import FORBIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WIDTHS = (28, 60, 18, 60, 16, 16, 40)

_TEMPLATE = Path(__file__).parents[1] / "typst" / "report.typ"


def report_pdf(content: Mapping[str, Any], *, digest: str = "", number: int | None = None) -> bytes:
    """Print what was delivered, or a whole report, in French."""
    with translation.override("fr"):
        told = told_report(content, digest=digest, number=number)
    return print_pdf(_TEMPLATE, it=told)


def told_report(
    content: Mapping[str, Any], *, digest: str = "", number: int | None = None
) -> dict[str, Any]:
    """Say a report in words: its facts, its texts, then each promise under its kind."""
    first, last = content["period"]
    facts = [
        [_("Période"), _("du %(first)s au %(last)s") % {"first": day(first), "last": day(last)}]
    ]
    if content.get("agreement"):
        facts.append([_("Convention"), content["agreement"]])
    if number:
        facts.append([_("Remise"), _("n° %(number)s") % {"number": number}])
    if content["missing"]:
        facts.append([_("Promesses sans réponse"), str(len(content["missing"]))])
    return {
        "eyebrow": _("Rapport"),
        "title": content["title"],
        "facts": facts,
        "texts": [
            [str(TEXT_LABELS[key]), paragraphs(text)]
            for key, text in content["texts"].items()
            if text
        ],
        "parts_title": _("Ce que dit chaque organisation"),
        "parts": _parts(content),
        "kinds": [
            [str(label), [_line(line) for line in lines]]
            for kind, label in KINDS.items()
            if (lines := _of(content, kind))
        ],
        "spending_title": _("Prévu et dépensé"),
        "spending_head": [_("Nature"), _("Prévu"), _("Dépensé")],
        "spending": [nature_line(each) for each in content["spending"]],
        "indicators_title": _("Mesures"),
        "indicators": [_indicator(each) for each in content["indicators"]],
        "footer": _("%(title)s. Empreinte du contenu (SHA-256) : %(digest)s")
        % {"title": content["title"], "digest": digest}
        if digest
        else content["title"],
    }


def _of(content: Mapping[str, Any], kind: PromiseKind) -> list[Mapping[str, Any]]:
    return [line for line in content["promises"] if line["kind"] == kind.value]


def _parts(content: Mapping[str, Any]) -> list[list[Any]]:
    keys = [
        int(part["signed_by"].partition(":")[2]) for part in content["parts"] if part["signed_by"]
    ]
    people = {f"user:{key}": name for key, name in names_of(keys).items()}
    said = []
    for part in content["parts"]:
        lines = paragraphs(part["text"]) or [_("Rien n’est écrit.")]
        if part["signed_at"]:
            signed = _("Signée le %(day)s par %(who)s.") % {
                "day": day(part["signed_at"][:10]),
                "who": people.get(part["signed_by"], _("une personne effacée")),
            }
            lines = [*lines, signed]
        said.append([part["name"], lines])
    return said


def _line(line: Mapping[str, Any]) -> list[Any]:
    return [line["text"], outcome_in_words(line), promise_details(line)]


def outcome_in_words(line: Mapping[str, Any]) -> str:
    """Say what became of a promise: « sans réponse » is no outcome."""
    said = str(OutcomeChoices(line["outcome"]).label) if line["outcome"] else ""
    if line["measured"]:
        return _("mesuré")
    if line["spent"] is not None:
        spent = _("%(amount)s dépensés") % {"amount": money(line["spent"])}
        return f"{spent}, {said}" if said else spent
    return said or _("sans réponse")


def promise_details(line: Mapping[str, Any]) -> list[str]:
    """Give what surrounds a promise: its date, its sign, its plan, what is said, the proofs."""
    found = []
    if line["by_when"]:
        found.append(_("Pour le %(day)s.") % {"day": day(line["by_when"])})
    if line["sign"]:
        found.append(_("À quoi on le verra : %(sign)s") % {"sign": line["sign"]})
    if line["kind"] == PromiseKind.BUDGET.value:
        planned = money(line["planned"]) if line["planned"] is not None else _("non chiffré")
        nature = str(NATURES[line["nature"]])
        found.append(_("%(nature)s, prévu : %(amount)s") % {"nature": nature, "amount": planned})
    if line["settled"]:
        found.append(_("Repris d’un rapport précédent."))
    found += paragraphs(line["said"])
    found += [_("Preuve : %(name)s") % {"name": file["name"]} for file in line["files"]]
    return found


def nature_line(each: Mapping[str, Any]) -> list[str]:
    """Say a nature of the budget; what nobody knows is told, and never zero."""
    planned = money(each["planned"]) if each["planned"] is not None else _("non chiffré")
    spent = money(each["spent"]) if each["spent"] is not None else _("pas encore connu")
    if each["not_known"] and each["spent"] is not None:
        unknown = ngettext(
            "%(n)s ligne pas encore connue", "%(n)s lignes pas encore connues", each["not_known"]
        ) % {"n": each["not_known"]}
        spent = f"{spent}, {unknown}"
    return [str(NATURES[each["nature"]]), planned, spent]


def _indicator(each: Mapping[str, Any]) -> list[Any]:
    lines = [
        _("Départ : %(value)s") % {"value": _based(each)},
        _("Cible : %(value)s le %(day)s")
        % {"value": quantity(each["target"], each["unit"]), "day": day(each["target_on"])},
        _("Chemin parcouru : %(share)s") % {"share": share_in_words(each["share"])},
    ]
    lines += [
        _("%(day)s : %(value)s (%(status)s, %(source)s)")
        % {
            "day": day(one["on"]),
            "value": quantity(one["value"], each["unit"]),
            "status": MeasurementStatusChoices(one["status"]).label,
            "source": one["source"],
        }
        for one in each["measurements"]
    ]
    return [each["label"], lines]


def _based(each: Mapping[str, Any]) -> str:
    if each["baseline"] is None:
        return _("non connu")
    return _("%(value)s le %(day)s (%(source)s)") % {
        "value": quantity(each["baseline"], each["unit"]),
        "day": day(each["baseline_on"]),
        "source": each["baseline_source"],
    }


def quantity(value: str, unit: str) -> str:
    """Write a value with its unit, without the zeros that nobody wrote."""
    plain = Decimal(value).normalize()
    return f"{number(plain + 0 if plain == plain.to_integral() else plain)} {unit}"


def share_in_words(share: str | None) -> str:
    """Write the way that is made; « n/a » where it cannot be told."""
    if share is None:
        return _("n/a")
    return f"{number(round(Decimal(share) * 100))} %"


def day(text: str) -> str:
    return partial_date(text, language="en" if is_english() else "fr")


def paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.splitlines() if part.strip()]


def report_xlsx(content: Mapping[str, Any]) -> bytes:
    """Write a workbook: the promises and their answers, the budget by nature, the measures."""
    book: Any = openpyxl.Workbook()
    book.remove(book.active)
    _sheet(
        book,
        _("promesses"),
        [
            [_("Nature"), _("Promesse"), _("Où en est-on"), _("Ce qui en est dit"),
             _("Prévu en euros"), _("Dépensé en euros"), _("Preuves")],
            *(
                [
                    str(KINDS[PromiseKind(line["kind"])]),
                    line["text"],
                    str(OutcomeChoices(line["outcome"]).label) if line["outcome"] else "",
                    line["said"],
                    None if line["planned"] is None else Decimal(line["planned"]),
                    None if line["spent"] is None else Decimal(line["spent"]),
                    ", ".join(file["name"] for file in line["files"]),
                ]
                for line in content["promises"]
            ),
        ],
    )  # fmt: skip
    _sheet(
        book,
        _("textes"),
        [
            [_("Partie"), _("Texte")],
            *([str(TEXT_LABELS[key]), text] for key, text in content["texts"].items()),
            *([part["name"], part["text"]] for part in content["parts"]),
        ],
    )
    _sheet(
        book,
        _("budget"),
        [
            [_("Nature"), _("Prévu"), _("Dépensé")],
            *(nature_line(each) for each in content["spending"]),
        ],
    )
    _sheet(
        book,
        _("mesures"),
        [
            [_("Indicateur"), _("Unité"), _("Jour"), _("Valeur"), _("Statut"), _("Source")],
            *(
                [each["label"], each["unit"], one["on"], Decimal(one["value"]),
                 str(MeasurementStatusChoices(one["status"]).label), one["source"]]
                for each in content["indicators"]
                for one in each["measurements"]
            ),
        ],
    )  # fmt: skip
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _sheet(book: Any, title: str, rows: Iterable[Sequence[str | Decimal | None]]) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for rank, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(rank)].width = width
    for row_number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            is_text = isinstance(value, str)
            safe = FORBIDDEN.sub("", neutralise(value)) if is_text else value  # type: ignore[arg-type]
            cell = sheet.cell(row=row_number, column=column, value=safe)
            if row_number == 1:
                cell.font = Font(bold=True)
