from __future__ import annotations

from django.apps import AppConfig


class ObservatoryConfig(AppConfig):
    name = "alliage_web.observatory"
    label = "observatory"
    verbose_name = "Observatoire"

    def ready(self) -> None:
        from alliage_web.accounts.queries.retention import Duty, register_duty

        # The permissions register themselves when their module is read.
        from . import permissions  # noqa: F401
        from .actions.respondent_files import destroy_expired
        from .queries.respondent_files import due_destructions

        # Respondents go with the other rules of the register of processing.
        register_duty(
            "expired-respondents", Duty(due_destructions, lambda at: destroy_expired(at=at))
        )
