"""What every page of the observatory begins with."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from alliage_web.ui.components import Crumb


def home_crumb() -> Crumb:
    """Return the first crumb of every page of the observatory."""
    return Crumb(_("Observatoire"), reverse("observatory:index"))
