"""The addresses of perceived and recorded dynamics."""

from __future__ import annotations

from django.urls import path

from alliage_web.observatory.views import dynamics

patterns = [
    path("dynamiques/", dynamics.index, name="dynamics"),
    path("dynamiques.csv", dynamics.table_file, name="dynamics-file"),
]
