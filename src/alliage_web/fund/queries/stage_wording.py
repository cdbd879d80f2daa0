"""What the trail keeps of the delays of a fund, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from alliage.fund.follow_up.stages import OPEN
from alliage_web.fund.models import StageChoices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

EVENTS: Mapping[str, Any] = {"fund.delays-set": _("Délais du fonds fixés")}
FIELDS: Mapping[str, Any] = {
    f"delay_{stage.value}": format_lazy(
        _("Délai en jours, étape « {stage} »"), stage=StageChoices(stage.value).label
    )
    for stage in OPEN
}
