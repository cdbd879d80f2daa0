"""The addresses of the cockpit."""

from __future__ import annotations

from django.urls import path

from alliage_web.fund.views import cockpit

patterns = [
    path("fonds/<slug:code>/pilotage/", cockpit.cockpit, name="cockpit"),
    path("fonds/<slug:code>/pilotage/dossiers/", cockpit.pipeline, name="pipeline"),
    path(
        "fonds/<slug:code>/pilotage/dossiers/dossiers.<str:extension>",
        cockpit.pipeline_export,
        name="pipeline-export",
    ),
    path("fonds/<slug:code>/pilotage/delais/", cockpit.ageing, name="ageing"),
    path("fonds/<slug:code>/pilotage/delais/fixer/", cockpit.set_delays, name="delays"),
]
