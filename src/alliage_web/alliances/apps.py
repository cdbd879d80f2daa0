from __future__ import annotations

from django.apps import AppConfig


class AlliancesConfig(AppConfig):
    name = "alliage_web.alliances"
    label = "alliances"
    verbose_name = "Alliances"

    def ready(self) -> None:
        # The rules are known once they are imported, whichever page comes first.
        from . import permissions  # noqa: F401
