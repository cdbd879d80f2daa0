from __future__ import annotations

from django.apps import AppConfig


class ActorsConfig(AppConfig):
    name = "alliage_web.actors"
    label = "actors"
    verbose_name = "Acteurs"

    def ready(self) -> None:
        from alliage_web.accounts.queries import register_kind

        # The permissions register themselves when their module is read.
        from . import permissions  # noqa: F401
        from .queries.place_kinds import ORGANISATION

        register_kind(ORGANISATION)
