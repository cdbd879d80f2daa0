"""Organisations that stand as two in a document of a fund, and so are not merged into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from alliage.fund.states import AgreementState, ApplicationState
from alliage_web.actors.queries import Obstacle
from alliage_web.fund.models import Agreement, Application, Report, Support

from .applications import WRITTEN_IN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alliage_web.actors.models import Organisation


def obstacles(kept: Organisation, merged: Organisation) -> Iterator[Obstacle]:
    """Give the applications, reports, supports and agreements in which two organisations meet.

    Each writes and signs its part of an application or a report, a gift has two sides, and so has
    an agreement: to make one of the two would lose answers, or write what cannot be.
    """
    yield from _applications(kept, merged)
    yield from _reports(kept, merged)
    sides = Q(giver=kept, receiver=merged) | Q(giver=merged, receiver=kept)
    for support in Support.objects.filter(sides).select_related("fund").order_by("fund", "code"):
        yield Obstacle(
            _("Soutien %(code)s du livre de %(fund)s : l’une y donne à l’autre.")
            % {"code": support.code, "fund": support.fund.name},
            _(
                "Si c’est une erreur, demandez au fonds de corriger qui donne ou qui reçoit, puis "
                "fusionnez."
            ),
        )
    sides = Q(payer=kept, receiver=merged) | Q(payer=merged, receiver=kept)
    met = Agreement.objects.filter(sides).select_related("fund").order_by("fund", "reference")
    for agreement in met:
        yield Obstacle(
            _("Convention %(reference)s de %(fund)s : l’une y paie l’autre.")
            % {"reference": agreement.reference, "fund": agreement.fund.name},
            _("Elle n’est pas encore signée : demandez au fonds d’en corriger les parties.")
            if agreement.state in _NOT_SIGNED
            else _("Ce sont deux organisations en droit : gardez les deux fiches."),
        )


def _reports(kept: Organisation, merged: Organisation) -> Iterator[Obstacle]:
    both = Report.objects.filter(parts__organisation=kept).filter(parts__organisation=merged)
    for row in both.order_by("pk"):
        yield Obstacle(
            _("Rapport « %(title)s » : chacune y écrit et signe sa part.") % {"title": row.title},
            _("Chacune y figure en son nom. Gardez les deux fiches."),
        )


_NOT_SIGNED = {AgreementState.PREPARED.value, AgreementState.OUT_FOR_SIGNATURE.value}


def _applications(kept: Organisation, merged: Organisation) -> Iterator[Obstacle]:
    both = Application.objects.filter(applicants__organisation=kept)
    for row in both.filter(applicants__organisation=merged).order_by("reference"):
        state = ApplicationState(row.state)
        if state in WRITTEN_IN:
            remedy = _(
                "Demandez au chef de file de retirer l’une des deux du dossier, puis fusionnez : "
                "chacune a ses réponses, que lui seul peut reprendre."
            )
        elif state is ApplicationState.SENT:
            remedy = _(
                "Il est envoyé. Si elles n’en font qu’une, le chef de file peut le reprendre tant "
                "que l’appel est ouvert, et en retirer une."
            )
        else:
            remedy = _(
                "Il ne change plus : chacune y figure en son nom. Gardez les deux fiches ; l’une "
                "peut dire qu’elle dépend de l’autre."
            )
        yield Obstacle(
            _("Dossier %(reference)s : toutes deux y demandent.") % {"reference": row.reference},
            remedy,
        )
