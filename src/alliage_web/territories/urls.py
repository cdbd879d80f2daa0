from __future__ import annotations

from django.urls import path

from .views import contents, index, perimeters, suggestions

app_name = "territories"

urlpatterns = [
    path("territoires/", index.index, name="index"),
    path("territoires/suggestions/", suggestions.suggest, name="suggest"),
    path("territoires/perimetres/nouveau/", perimeters.new, name="perimeter-new"),
    path("territoires/perimetres/<slug:code>/modifier/", perimeters.edit, name="perimeter-edit"),
    path("territoires/<str:level>/<str:code>/communes/", contents.communes, name="communes"),
    path(
        "territoires/<str:level>/<str:code>/intercommunalites/",
        contents.intercommunal_bodies,
        name="intercommunal-bodies",
    ),
]
