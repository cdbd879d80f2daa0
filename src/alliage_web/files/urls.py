"""The documents of a place, beside the other pages of its workspace."""

from __future__ import annotations

from django.urls import path, register_converter

from alliage_web.accounts.workspace_urls import WorkspaceConverter

from . import views

register_converter(WorkspaceConverter, "place")

app_name = "files"

urlpatterns = [
    path("<place:place>/documents/", views.documents, name="documents"),
    path("<place:place>/documents/<uuid:uuid>/", views.download, name="download"),
    path("<place:place>/documents/<uuid:uuid>/retirer/", views.remove, name="remove"),
]
