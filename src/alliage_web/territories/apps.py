from __future__ import annotations

from django.apps import AppConfig


class TerritoriesConfig(AppConfig):
    name = "alliage_web.territories"
    label = "territories"
    verbose_name = "Territoires"

    def ready(self) -> None:
        from alliage_web.accounts.queries import register_kind

        # The permissions register themselves when their module is read.
        from . import permissions  # noqa: F401
        from .queries.place_kinds import TERRITORY

        register_kind(TERRITORY)
