from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("preferences/", include("alliage_web.ui.urls")),
    # Before the workspaces: a place in an address may hold slashes.
    path("espaces/", include("alliage_web.files.urls")),
    path("compte/", include("alliage_web.accounts.sign_in_urls")),
    path("compte/", include("alliage_web.accounts.urls")),
    path("espaces/", include("alliage_web.accounts.workspace_urls")),
    path("api/", include("alliage_web.api.urls")),
    path("", include("alliage_web.vocabulary.urls")),
    path("", include("alliage_web.territories.urls")),
    path("", include("alliage_web.actors.urls")),
    path("", include("alliage_web.alliances.urls")),
    path("", include("alliage_web.fund.urls")),
    path("", include("alliage_web.knowledge.urls")),
    path("observatoire/", include("alliage_web.observatory.urls")),
    path("se-situer/", include("alliage_web.positioning.urls")),
    # Last: its addresses end with a free word, which would hide those of the apps above.
    path("", include("alliage_web.site.urls")),
]

handler429 = "alliage_web.accounts.views.sign_in.too_many_requests"
handler400 = "alliage_web.site.views.errors.bad_request"
handler403 = "alliage_web.site.views.errors.permission_denied"
handler404 = "alliage_web.site.views.errors.page_not_found"
handler500 = "alliage_web.site.views.errors.server_error"
