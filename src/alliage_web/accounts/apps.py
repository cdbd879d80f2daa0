from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "alliage_web.accounts"
    label = "accounts"
    verbose_name = "Comptes"

    def ready(self) -> None:
        # The permissions register themselves when their module is read.
        from . import (  # noqa: F401
            checks,
            permissions,
            signals,
        )
        from .queries import register_kind
        from .queries.own_places import OBSERVATORY_KIND, PLATFORM_KIND

        register_kind(PLATFORM_KIND)
        register_kind(OBSERVATORY_KIND)
