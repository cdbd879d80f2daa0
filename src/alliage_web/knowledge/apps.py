from __future__ import annotations

from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    name = "alliage_web.knowledge"
    label = "knowledge"
    verbose_name = "Connaissances"
