"""The addresses of results: that of the device, those of private links, and those of groups."""

from __future__ import annotations

from django.urls import path

from alliage_web.positioning.views import results

_KEPT = "r/<str:token>/"

patterns = [
    path("resultat/", results.result, name="result"),
    path("resultat/resultat.pdf", results.result_file, name="result-file"),
    path("resultat/autour/", results.around, name="around"),
    path("garder/", results.keep, name="keep"),
    path(_KEPT, results.kept, name="kept"),
    path(f"{_KEPT}resultat.pdf", results.kept_file, name="kept-file"),
    path(f"{_KEPT}effacer/", results.erase, name="erase"),
    path(f"{_KEPT}accord/", results.consent, name="consent"),
    path(f"{_KEPT}comparer/", results.compare, name="compare"),
    path(f"{_KEPT}groupe/", results.group, name="group"),
    path(f"{_KEPT}groupe/lien/", results.renew_link, name="renew-group-link"),
    path(f"{_KEPT}groupe/quitter/", results.leave, name="leave-group"),
    path("groupe/<str:token>/", results.join, name="join"),
]
