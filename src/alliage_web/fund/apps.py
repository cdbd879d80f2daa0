from __future__ import annotations

from django.apps import AppConfig


class FundConfig(AppConfig):
    name = "alliage_web.fund"
    label = "fund"
    verbose_name = "Fonds"

    def ready(self) -> None:
        from alliage_web.accounts.queries import register_kind

        # The permissions register themselves when their module is read.
        from . import permissions  # noqa: F401
        from .queries.place_kinds import FUND

        register_kind(FUND)
