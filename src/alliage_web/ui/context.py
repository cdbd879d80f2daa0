"""What every page shows around its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from alliage import __version__
from alliage_web.ui.views import THEMES

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import _StrPromise

SITE_NAME = "Alliage"


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A section of the site."""

    label: str | _StrPromise
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Chrome:
    """The header and the footer."""

    site_name: str
    navigation: tuple[NavigationItem, ...]
    footer: tuple[NavigationItem, ...]
    demo: bool
    version: str
    theme: str
    path: str
    """The address of the page with its query, to come back to after a choice."""
    home_url: str = "/"
    search_url: str = "/recherche/"
    account_url: str = "/compte/"
    sign_in_url: str = "/compte/connexion/"
    sign_out_url: str = "/compte/deconnexion/"


# Addresses rather than URL names: the pages belong to apps that stand above this one.
_SECTIONS: tuple[tuple[_StrPromise, str], ...] = (
    (_("Territoires"), "/territoires/"),
    (_("Acteurs"), "/acteurs/"),
    (_("Alliances"), "/alliances/"),
    (_("Exemples"), "/exemples/"),
    (_("Observatoire"), "/observatoire/"),
    (_("Se situer"), "/se-situer/"),
)
_FOOTER: tuple[tuple[_StrPromise, str], ...] = (
    (_("À propos et méthode"), "/a-propos/"),
    (_("Sources des données"), "/sources/"),
    (_("Fonds"), "/fonds/"),
    (_("Données pour programmes (API)"), "/api/"),
    (_("Accessibilité"), "/accessibilite/"),
    (_("Données personnelles"), "/donnees-personnelles/"),
)


def chrome(request: HttpRequest) -> dict[str, Chrome]:
    """Give the templates the surroundings of the page."""
    theme = request.COOKIES.get("theme", "")
    return {
        "chrome": Chrome(
            site_name=SITE_NAME,
            navigation=_items(_SECTIONS, request.path),
            footer=_items(_FOOTER, request.path),
            demo=bool(getattr(settings, "ALLIAGE_DEMO", False)),
            version=__version__,
            theme=theme if theme in THEMES else "auto",
            path=request.get_full_path(),
        )
    }


def _items(pages: tuple[tuple[_StrPromise, str], ...], path: str) -> tuple[NavigationItem, ...]:
    return tuple(
        NavigationItem(label=label, href=href, current=path.startswith(href))
        for label, href in pages
    )
