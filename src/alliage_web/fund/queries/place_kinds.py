"""Funds as places where roles are held."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import Place, PlaceKind

from .funds import find


def _find(code: str) -> Place | None:
    fund = find(code)
    if fund is None:
        return None
    return Place(name=fund.stable_name, title=fund.name, url=fund.get_absolute_url(), object=fund)


FUND = PlaceKind(
    code="fund",
    label=_("Fonds"),
    find=_find,
    see="fund.see_workspace",
    write="fund.write_workspace",
    give="fund.invite",
    given=(Role.REVIEWER, Role.COMMITTEE_MEMBER, Role.READER),
)
