"""The addresses of what those who agreed answered together, and of the validation."""

from __future__ import annotations

from django.urls import path

from alliage_web.positioning.views import collective

_PLACE = "ensemble/<str:level>/<str:code>/"

patterns = [
    path("ensemble/", collective.collective_index, name="collective-index"),
    path(_PLACE, collective.collective, name="collective"),
    path(f"{_PLACE}reponses.csv", collective.collective_file, name="collective-csv"),
    path("validation/", collective.validation, name="validation"),
]
