from __future__ import annotations

from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "alliage_web.files"
    label = "files"
    verbose_name = "Documents"

    def ready(self) -> None:
        from alliage_web.accounts.queries.retention import Duty, register_duty

        from .actions import discard
        from .queries import due_removals

        # The bytes of what was removed go with the other rules of the register of processing.
        register_duty("removed-files", Duty(due_removals, lambda at: discard(now=at)))
