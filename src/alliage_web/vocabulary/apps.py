from __future__ import annotations

from django.apps import AppConfig
from django.core.signals import request_finished, request_started


class VocabularyConfig(AppConfig):
    name = "alliage_web.vocabulary"
    label = "vocabulary"
    verbose_name = "Référentiels"

    def ready(self) -> None:
        from alliage_web.ui.citations import register_labels

        # The permissions register themselves when their module is read.
        from . import permissions  # noqa: F401
        from .queries import finish_request, source_labels, start_request

        register_labels(source_labels)
        request_started.connect(start_request, dispatch_uid="vocabulary.start_request")
        request_finished.connect(finish_request, dispatch_uid="vocabulary.finish_request")
