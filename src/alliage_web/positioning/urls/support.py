"""The address of those who may help."""

from __future__ import annotations

from django.urls import path

from alliage_web.positioning.views import support

patterns = [
    path("appuis/", support.support, name="support"),
]
