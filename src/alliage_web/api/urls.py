from __future__ import annotations

from django.urls import URLPattern, path, re_path

from .views import documentation, funds, service

app_name = "api"


def _routes() -> list[URLPattern]:
    """Give the routes of the API, each with a name; the root of Ninja is not one."""
    routes = []
    for route in service.api.urls[0]:
        if isinstance(route, URLPattern) and route.name != "api-root":
            route.callback = service.read_only(route.callback)
            routes.append(route)
    return routes


urlpatterns = [
    path("", documentation.documentation, name="documentation"),
    path("v1/openapi.json", service.openapi, name="openapi"),
    *(path("v1/" + str(route.pattern), route.callback, name=route.name) for route in _routes()),
    # Files in formats of others, which the description of our own answers does not hold.
    path("v1/funds/<slug:code>/grants.json", funds.grants_json, name="grants-json"),
    path("v1/funds/<slug:code>/grants.csv", funds.grants_csv, name="grants-csv"),
    # What no route has answered, in the shape of the other refusals.
    re_path(r"^v1/", service.unknown, name="unknown"),
]
