"""What the trail keeps of a fund, in the words of the interface."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from alliage_web.audit.queries import readable

from . import (
    agreement_wording,
    application_wording,
    follow_up_wording,
    instruction_wording,
    ledger_wording,
    report_wording,
    stage_wording,
    support_wording,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.utils.functional import _StrPromise

    from alliage_web.audit.queries import HistoryLine, ReadableLine

EVENTS: Mapping[str, _StrPromise] = {
    "fund.loaded": _("Fiche du fonds chargée"),
    **agreement_wording.EVENTS,
    **ledger_wording.EVENTS,
    **support_wording.EVENTS,
    **application_wording.EVENTS,
    **instruction_wording.EVENTS,
    **report_wording.EVENTS,
    **follow_up_wording.EVENTS,
    **stage_wording.EVENTS,
}
FIELDS: Mapping[str, _StrPromise] = {
    **report_wording.FIELDS,
    **follow_up_wording.FIELDS,
    **stage_wording.FIELDS,
    **agreement_wording.FIELDS,
    **instruction_wording.FIELDS,
    **application_wording.FIELDS,
    **ledger_wording.FIELDS,
    **support_wording.FIELDS,
    "name": _("Nom"),
    "organisation": _("Organisation"),
    "founded": _("Création"),
    "founders": _("Fondateurs"),
    "summary_fr": _("Présentation"),
    "summary_en": _("Présentation en anglais"),
    "source": _("Source"),
    "endowment": _("Énoncés sur la dotation"),
}


def history_in_words(
    lines: Iterable[HistoryLine],
    *,
    kinds: Mapping[str, _StrPromise] | None = None,
    fields: Mapping[str, _StrPromise] | None = None,
) -> list[ReadableLine]:
    """Put what was written on a fund in words; ``kinds`` and ``fields`` say those of others."""
    return readable(
        [_told(line) for line in lines],
        kinds={**(kinds or {}), **EVENTS},
        fields={**(fields or {}), **FIELDS},
    )


def _told(line: HistoryLine) -> HistoryLine:
    """Tell statements on the endowment by their sentences, and codes by their words."""
    line = ledger_wording.told_in_words(support_wording.told_in_words(line))
    if "endowment" not in line.changes:
        return line
    told = [[said["claim_fr"] for said in side or ()] for side in line.changes["endowment"]]
    return replace(line, changes={**line.changes, "endowment": told})
