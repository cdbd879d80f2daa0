"""The files of a fund as a table, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from alliage_web.fund.queries.pipeline import lines_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from django.db.models import QuerySet

    from alliage.fund.follow_up.stages import Stage
    from alliage_web.fund.models import FileStay
    from alliage_web.fund.queries.pipeline import FileLine

    Row = list[str | Decimal]


def rows_of(
    rows: QuerySet[FileStay], *, targets: Mapping[Stage, int], now: dt.datetime
) -> Iterator[Row]:
    """Give the header, then a line for each file; what is not known is an empty cell."""
    yield [
        _("Dossier"),
        _("Alliance"),
        _("Appel"),
        _("Volet"),
        _("Année"),
        _("Étape"),
        _("Depuis le"),
        _("Jours"),
        _("Délai en jours"),
        _("Demandé en euros"),
        _("Attribué en euros"),
        _("Versé en euros"),
        _("Attendu le"),
        _("Quoi"),
    ]
    for line in lines_of(rows, targets=targets, now=now):
        yield _row(line)


def _row(line: FileLine) -> Row:
    stay = line.stay
    call = stay.application.call if stay.application else None
    strand = stay.agreement.strand if stay.agreement else call and call.strand
    year = stay.agreement.year if stay.agreement else None
    return [
        stay.file,
        line.alliance.display_title if line.alliance else "",
        call.title if call else "",
        str(strand) if strand else "",
        str(year) if year else "",
        str(stay.get_stage_display()),
        stay.entered_at.date().isoformat(),
        str(line.age),
        "" if line.target is None else str(line.target),
        "" if line.asked is None else line.asked,
        line.awarded,
        line.paid,
        line.next.on.isoformat() if line.next else "",
        line.next.what if line.next else "",
    ]
