"""The two places that are one of a kind: the platform as a whole, and the observatory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import PLATFORM

from .places import Place, PlaceKind

OBSERVATORY: Final = "observatory"
#: The app of the observatory stands above this one: its home is known by its address.
_URLS: Final = {PLATFORM: "/", OBSERVATORY: "/observatoire/"}
_TITLES: Final = {PLATFORM: _("La plateforme"), OBSERVATORY: _("L’observatoire")}


@dataclass(frozen=True, slots=True)
class Whole:
    """What the permissions of such a place are asked about."""

    stable_name: str


def _find(name: str, code: str) -> Place | None:
    # These names have nothing after them.
    if code:
        return None
    return Place(name=name, title=str(_TITLES[name]), url=_URLS[name], object=Whole(name))


PLATFORM_KIND = PlaceKind(
    code=PLATFORM,
    label=_("Plateforme"),
    find=lambda code: _find(PLATFORM, code),
    see="accounts.see_platform",
    write="accounts.write_platform",
)
OBSERVATORY_KIND = PlaceKind(
    code=OBSERVATORY,
    label=_("Observatoire"),
    find=lambda code: _find(OBSERVATORY, code),
    see="accounts.see_observatory",
    write="accounts.write_observatory",
)
