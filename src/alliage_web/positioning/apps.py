from __future__ import annotations

from django.apps import AppConfig


class PositioningConfig(AppConfig):
    name = "alliage_web.positioning"
    label = "positioning"
    verbose_name = "Se situer"

    def ready(self) -> None:
        from alliage_web.actors.queries import register_obstacles

        # The permissions register themselves when their module is read.
        from . import permissions  # noqa: F401
        from .queries.charter_mergers import obstacles

        register_obstacles(obstacles)
