from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "alliage_web.site"
    label = "site"
    verbose_name = "Site"
