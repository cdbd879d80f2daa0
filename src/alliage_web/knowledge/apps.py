from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_save


class KnowledgeConfig(AppConfig):
    name = "alliage_web.knowledge"
    label = "knowledge"
    verbose_name = "Connaissances"

    def ready(self) -> None:
        # The permissions register themselves when their module is read.
        from . import permissions  # noqa: F401
        from .actions.indexing import follow_trail

        # The apps below may not import this one: the search follows the trail that they leave.
        post_save.connect(follow_trail, sender="audit.Event", dispatch_uid="knowledge.follow_trail")
