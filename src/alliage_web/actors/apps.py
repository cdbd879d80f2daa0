from __future__ import annotations

from django.apps import AppConfig


class ActorsConfig(AppConfig):
    name = "alliage_web.actors"
    label = "actors"
    verbose_name = "Acteurs"
