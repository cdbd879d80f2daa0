"""The grants of the funds, in the two public formats, as whole files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from alliage_web.fund.documents import open_data
from alliage_web.fund.queries import find
from alliage_web.fund.queries.open_data import published_grants

from . import problems
from .service import read_only

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from alliage_web.fund.models import Fund

_EMPTY_FIX = (
    "Open the page « Données ouvertes » of the fund: it says what each grant lacks. The CSV file "
    "exists even when it is empty."
)


def _no_fund(code: str) -> HttpResponse:
    return problems.not_found(
        f"No fund is called « {code} ».", "Look for it in the list of the funds, at /fonds/."
    )


@read_only
def grants_json(request: HttpRequest, code: str) -> HttpResponse:
    """Give a 360Giving package."""
    fund: Fund | None = find(code)
    if fund is None:
        return _no_fund(code)
    found = open_data.package_of(
        fund,
        published_grants(fund),
        issued_at=timezone.now(),
        download_url=request.build_absolute_uri(),
    )
    if found.package is None:
        return problems.not_found("No grant of this fund can be published yet.", _EMPTY_FIX)
    return open_data.json_response(found.package.text, f"aides-{fund.code}.json")


@read_only
def grants_csv(request: HttpRequest, code: str) -> HttpResponse:  # noqa: ARG001
    """Give an SCDL « Subventions » table."""
    fund: Fund | None = find(code)
    if fund is None:
        return _no_fund(code)
    found = open_data.subventions_of(published_grants(fund))
    return open_data.csv_response(found.text, f"aides-{fund.code}.csv")
