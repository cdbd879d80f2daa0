from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "alliage_web.site"
    label = "site"
    verbose_name = "Site"

    def ready(self) -> None:
        # The permissions register themselves when their module is read.
        from . import permissions  # noqa: F401
