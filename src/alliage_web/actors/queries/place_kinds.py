"""Organisations as places where roles are held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import MEMBER, Place, PlaceKind

from .lookups import by_slug

if TYPE_CHECKING:
    from alliage_web.actors.models import Organisation


def place_of(organisation: Organisation) -> Place:
    return Place(
        name=organisation.stable_name,
        title=organisation.name,
        url=organisation.get_absolute_url(),
        object=organisation,
    )


def _find(slug: str) -> Place | None:
    """Find an organisation; one that was merged is the one that it became."""
    organisation = by_slug(slug)
    if organisation is None:
        return None
    while organisation.merged_into is not None:
        organisation = organisation.merged_into
    return place_of(organisation)


ORGANISATION = PlaceKind(
    code="organisation",
    label=_("Organisation"),
    find=_find,
    see="actors.see_workspace",
    write="actors.write_workspace",
    give="actors.invite",
    given=(MEMBER, Role.READER),
)
