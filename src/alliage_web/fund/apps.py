from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_save


class FundConfig(AppConfig):
    name = "alliage_web.fund"
    label = "fund"
    verbose_name = "Fonds"

    def ready(self) -> None:
        from alliage_web.accounts.queries import register_kind
        from alliage_web.actors.queries import register_obstacles

        # The permissions register themselves when their module is read.
        from . import permissions  # noqa: F401
        from .actions.stages import FOLLOWED, follow_stage
        from .queries.mergers import obstacles
        from .queries.place_kinds import FUND

        register_kind(FUND)
        register_obstacles(obstacles)

        # Whatever decides on a file or pays it, the stage follows what was written.
        for sender in FOLLOWED:
            post_save.connect(follow_stage, sender=sender, dispatch_uid=f"fund.{sender}.stage")
