"""The addresses of the explorer."""

from __future__ import annotations

from django.urls import path

from alliage_web.observatory.views import explorer

patterns = [
    path("explorer/", explorer.explorer, name="explorer"),
    path("explorer/integrer/", explorer.explorer_embed, name="explorer-embed"),
    path("explorer/fichier.<str:extension>", explorer.explorer_file, name="explorer-file"),
]
