"""The published contributions of a debate as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from alliage.values.cells import write_csv
from alliage_web.observatory.queries.debates import published_contributions

if TYPE_CHECKING:
    from alliage_web.observatory.models import Debate


def contributions_csv(debate: Debate) -> str:
    """Return the published contributions as CSV: nothing in it names their authors."""
    columns = (
        *(_("contribution"), _("reçue le"), _("monde"), _("organisation"), _("question")),
        *(_("texte"), _("débat"), _("territoire"), _("données de la publication")),
    )
    told = _("synthétiques") if debate.release.synthetic else _("d’enquête")
    if debate.has_lost_its_release:
        told = f"{told} ; {_('publication retirée')}"
    rows = (
        (
            str(one.uuid),
            one.received_at.date().isoformat(),
            one.get_world_display(),
            one.organisation.name if one.organisation else "",
            debate.questions[one.question - 1] if one.question else "",
            one.text,
            debate.title,
            debate.territory.name,
            f"{told} ; {_('débat et contributions inventés')}" if debate.invented else told,
        )
        for one in published_contributions(debate)
    )
    return write_csv([columns, *rows])
