"""The grants of a fund as open data, and its portfolio as a workbook."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import openpyxl
from django.http import HttpResponse
from django.utils.translation import gettext as _
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from alliage.fund.open_data.grants import GrantError, Problem
from alliage.fund.open_data.scdl_subventions import SubventionsFile, write_subventions
from alliage.fund.open_data.three_sixty_giving import (
    GrantPackage,
    GrantPackageError,
    Publication,
    write_package,
)
from alliage.values.cells import neutralise
from alliage_web.alliances.models import LeverChoices
from alliage_web.fund.queries.open_data import organisation_of, prefix_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from alliage_web.fund.models import Fund, Support
    from alliage_web.fund.queries.open_data import PublishedGrants
    from alliage_web.fund.queries.portfolio import Portfolio

LICENCE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """The package of a fund, or why there is none: the standard knows no empty package."""

    package: GrantPackage | None
    problem: Problem | None = None


def package_of(
    fund: Fund, published: PublishedGrants, *, issued_at: dt.datetime, download_url: str = ""
) -> PackageFile:
    """Write the grants of a fund by the 360Giving standard."""
    try:
        publication = Publication(
            prefix=prefix_of(fund),
            publisher=organisation_of(fund.organisation),
            title=_("Aides de « %(name)s »") % {"name": fund.name},
            description=fund.summary,
            identifier=f"{prefix_of(fund)}-grants",
            licence=LICENCE,
            download_url=download_url,
        )
        return PackageFile(write_package(published.grants, publication, issued_at=issued_at))
    except GrantError as error:
        problem = Problem(0, error.field, error.fault, error.value, error.allowed)
        return PackageFile(None, problem)
    except GrantPackageError:
        return PackageFile(None)


def subventions_of(published: PublishedGrants) -> SubventionsFile:
    """Write the grants of a fund by the SCDL schema; French SIRET are needed on both sides."""
    return write_subventions(published.grants)


def json_response(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_response(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text.encode(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def portfolio_workbook(fund: Fund, found: Portfolio) -> HttpResponse:
    """Write the portfolio: its supports with their sources, then what they add up to."""
    book = openpyxl.Workbook(write_only=True)
    _sheet(book, _("soutiens"), _support_rows(found.rows), widths=[40, 28, 28, 20, 44, 14, 12])
    _sheet(book, _("totaux"), list(_total_rows(found)), widths=[44, 16, 16, 16, 16, 18])
    stream = io.BytesIO()
    book.save(stream)
    response = HttpResponse(stream.getvalue(), content_type=_XLSX)
    response["Content-Disposition"] = f'attachment; filename="portefeuille-{fund.code}.xlsx"'
    return response


def _support_rows(rows: Sequence[Support]) -> list[list[Any]]:
    header = [
        _("Identifiant"), _("Qui donne"), _("Alliance"), _("Qui reçoit"), _("Ce qui est donné"),
        _("Levier"), _("Nature"), _("Montant en euros"), _("Statut"), _("Lecture"), _("Début"),
        _("Fin"), _("Compris dans"), _("Source"), _("À savoir"),
    ]  # fmt: skip
    return [header] + [
        [
            str(row.uuid),
            row.giver_label,
            row.alliance.display_title if row.alliance else "",
            row.party_label,
            row.description,
            row.get_lever_display(),
            row.get_nature_display(),
            # An amount that is not known is an empty cell, which no sum counts.
            row.amount,
            row.get_status_display(),
            row.get_reading_display(),
            row.first,
            row.last,
            str(row.part_of.uuid) if row.part_of else "",
            row.source,
            row.note,
        ]
        for row in rows
    ]


def _total_rows(found: Portfolio) -> Iterable[list[Any]]:
    header = [
        _("Argent"), _("Nature"), _("Temps"), _("Sans montant"), _("Sous condition, argent"),
    ]  # fmt: skip

    def line(label: str, totals: Any) -> list[Any]:
        granted = totals.granted
        return [
            label, granted.cash, granted.in_kind, granted.time, granted.not_valued,
            totals.conditional.cash,
        ]  # fmt: skip

    yield [_("Ensemble (accordé)"), *header]
    yield line(_("Tous les soutiens, chacun compté une fois"), found.sums.totals)
    yield [_("Par levier"), *header]
    for lever, totals in found.sums.levers.items():
        yield line(str(LeverChoices(lever).label), totals)
    yield [_("Par alliance"), *header]
    for one in found.alliances:
        yield line(one.party.name, one.totals)


def _sheet(book: Any, title: str, rows: Iterable[Sequence[Any]], *, widths: Sequence[int]) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "B2"
    for rank, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(rank)].width = width
    for number, row in enumerate(rows, start=1):
        line = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=_cell(value))  # type: ignore[arg-type]
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            if number == 1:
                cell.font = Font(bold=True)
            line.append(cell)
        sheet.append(line)


def _cell(value: Decimal | str | int | None) -> Decimal | str | int | None:
    # Amounts stay numbers, which a spreadsheet adds; texts may not run as formulas.
    return neutralise(value) if isinstance(value, str) else value
