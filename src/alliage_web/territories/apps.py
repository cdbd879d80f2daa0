from __future__ import annotations

from django.apps import AppConfig


class TerritoriesConfig(AppConfig):
    name = "alliage_web.territories"
    label = "territories"
    verbose_name = "Territoires"
