from __future__ import annotations

from django.apps import AppConfig


class AlliancesConfig(AppConfig):
    name = "alliage_web.alliances"
    label = "alliances"
    verbose_name = "Alliances"
