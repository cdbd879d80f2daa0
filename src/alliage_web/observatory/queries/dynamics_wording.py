"""What can be said of a territory, in words and colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from alliage.observatory.reading.dynamics import Dynamics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

LABELS: Mapping[Dynamics, _StrPromise] = {
    Dynamics.UNDER_THE_RADAR: _("sous les radars"),
    Dynamics.PROMISE: _("promesse"),
    Dynamics.ALIGNED_ACTIVE: _("aligné, actif"),
    Dynamics.ALIGNED_WEAK: _("aligné, faible"),
    Dynamics.UNDECIDED: _("indécis"),
}
MEANINGS: Mapping[Dynamics, _StrPromise] = {
    Dynamics.UNDER_THE_RADAR: _("plus d’alliances recensées que les habitants n’en perçoivent"),
    Dynamics.PROMISE: _("plus de dynamique perçue que d’alliances recensées"),
    Dynamics.ALIGNED_ACTIVE: _("les deux s’accordent, au-dessus de la médiane"),
    Dynamics.ALIGNED_WEAK: _("les deux s’accordent, au-dessous de la médiane"),
    Dynamics.UNDECIDED: _("les chiffres ne permettent pas de trancher"),
}
#: The classes of the stylesheet of the page.
STYLES: Mapping[Dynamics, str] = {one: f"dynamics-{one.value}" for one in Dynamics}
NOT_COMPARED = "na"
