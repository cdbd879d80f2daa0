from __future__ import annotations

from django.apps import AppConfig


class AlliancesConfig(AppConfig):
    name = "alliage_web.alliances"
    label = "alliances"
    verbose_name = "Alliances"

    def ready(self) -> None:
        from alliage_web.accounts.queries import register_kind

        # The permissions register themselves when their module is read.
        from . import permissions  # noqa: F401
        from .queries.place_kinds import ALLIANCE

        register_kind(ALLIANCE)
