"""The addresses of profiles, of collisions and of what is refused of smaller places."""

from __future__ import annotations

from django.urls import path

from alliage_web.observatory.views import collisions, places, profiles

_REGION = "profils/regions/<slug:code>/"
_POPULATION = "profils/populations/<slug:code>/"
_FRAGILITY = "profils/fragilites/<slug:code>/"

patterns = [
    path("profils/", profiles.index, name="profiles"),
    path(_REGION, profiles.region, name="profile-region"),
    path(f"{_REGION}profil.pdf", profiles.region_file, name="profile-region-sheet"),
    path(
        "profils/regions-officielles/<slug:code>/",
        profiles.official_region,
        name="profile-official-region",
    ),
    path(_POPULATION, profiles.population, name="profile-population"),
    path(f"{_POPULATION}profil.pdf", profiles.population_file, name="profile-population-sheet"),
    path(_FRAGILITY, profiles.fragility, name="profile-fragility"),
    path(f"{_FRAGILITY}profil.pdf", profiles.fragility_file, name="profile-fragility-sheet"),
    path("collisions/", collisions.collisions, name="collisions"),
    path("collisions/<slug:code>/", collisions.collisions, name="collisions-group"),
    path("communes/<slug:code>/", places.commune, name="commune"),
    path("territoires/<str:level>/<str:code>/", places.place, name="place"),
]
