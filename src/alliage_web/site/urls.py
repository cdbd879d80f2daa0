from __future__ import annotations

from django.urls import path

from .views import about, alliance, home, journal, organisation, search, territory

app_name = "site"

urlpatterns = [
    path("", home.home, name="home"),
    path("recherche/", search.search, name="search"),
    path("a-propos/", about.about, name="about"),
    path("accessibilite/", about.accessibility, name="accessibility"),
    path("donnees-personnelles/", about.personal_data, name="personal-data"),
    path(
        "donnees-personnelles.<str:extension>",
        about.personal_data_file,
        name="personal-data-file",
    ),
    path("journal/", journal.journal, name="journal"),
    path("journal/export.jsonl", journal.export, name="journal-export"),
    path("territoires/<str:level>/<str:code>/", territory.territory, name="territory"),
    path("acteurs/<slug:slug>/", organisation.organisation, name="organisation"),
    path("alliances/<slug:slug>/", alliance.alliance, name="alliance"),
]
