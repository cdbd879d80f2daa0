"""The facts that the legal rules need of an application, as its officers established them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alliage_web.fund.models import LegalStatement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage_web.fund.models import Applicant

#: What is stated of a payment; an agreement has the same columns.
FACTS = (
    "receiver_kind",
    "beneficiary_kind",
    "passed_on",
    "general_interest",
    "public_resources",
    "economic_activity",
    "ministerial_derogation",
    "granted_before_cents",
    "de_minimis",
)


def latest_of(applicants: Iterable[Applicant]) -> dict[int, LegalStatement]:
    """Return the statement that counts for each applicant that has one, in one query."""
    rows = LegalStatement.objects.filter(applicant__in=[part.pk for part in applicants])
    return {row.applicant_id: row for row in rows.select_related("stated_by").order_by("pk")}
