from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("preferences/", include("alliage_web.ui.urls")),
    path("compte/", include("alliage_web.accounts.urls")),
    path("", include("alliage_web.vocabulary.urls")),
    path("", include("alliage_web.territories.urls")),
    path("", include("alliage_web.actors.urls")),
    path("", include("alliage_web.alliances.urls")),
    path("", include("alliage_web.knowledge.urls")),
    # Last: its addresses end with a free word, which would hide those of the apps above.
    path("", include("alliage_web.site.urls")),
]

handler404 = "alliage_web.site.views.errors.page_not_found"
