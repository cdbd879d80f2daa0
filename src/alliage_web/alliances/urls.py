from __future__ import annotations

from django.urls import path

from .views import editing, imports, listing, parts

app_name = "alliances"

# The words that stand where the address of an alliance could are in ``RESERVED_SLUGS``.
urlpatterns = [
    path("alliances/", listing.index, name="index"),
    path("alliances/suggestions/", listing.suggest, name="suggest"),
    path("alliances/exporter/alliances.<str:extension>", listing.export, name="export"),
    path("alliances/importer/", imports.upload, name="import"),
    path("alliances/importer/confirmer/", imports.confirm, name="import-confirm"),
    path("alliances/importer/modele.<str:extension>", imports.template, name="import-template"),
    path("alliances/nouvelle/", editing.new, name="new"),
    path("alliances/<slug:slug>/modifier/", editing.edit, name="edit"),
    path("alliances/<slug:slug>/parties/<slug:organisation>/", parts.edit, name="part"),
]
