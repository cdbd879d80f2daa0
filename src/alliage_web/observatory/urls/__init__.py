"""The addresses of the observatory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import catalogue, debates, dynamics, explorer, pipeline, profiles

if TYPE_CHECKING:
    from django.urls import URLPattern

app_name = "observatory"

urlpatterns: list[URLPattern] = [
    *catalogue.patterns,
    *dynamics.patterns,
    *debates.patterns,
    *explorer.patterns,
    *pipeline.patterns,
    *profiles.patterns,
]
