"""Territories as places where roles are held."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.queries import Place, PlaceKind

from .finding import resolve


def _find(address: str) -> Place | None:
    level, _slash, code = address.partition("/")
    territory = resolve(level, code)
    if territory is None:
        return None
    return Place(
        name=territory.stable_name,
        title=territory.name,
        url=territory.get_absolute_url(),
        object=territory,
    )


TERRITORY = PlaceKind(
    code="territory",
    label=_("Territoire"),
    find=_find,
    see="territories.see_workspace",
    write="territories.write_workspace",
)
