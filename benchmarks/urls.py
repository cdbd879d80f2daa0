"""The addresses of the platform, and bare pages to compare them with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.template import engines
from django.urls import path

from alliage_web.config.urls import urlpatterns as platform

if TYPE_CHECKING:
    from django.http import HttpRequest


BARE = engines["django"].from_string(
    "<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1>"
)


def bare(request: HttpRequest) -> HttpResponse:
    """Answer with one heading: what Django and the middleware cost alone."""
    return HttpResponse(BARE.render({"title": "Bare"}, request))


def empty(request: HttpRequest) -> HttpResponse:
    """Answer with the base template and nothing in it: what any page here costs at least."""
    return render(request, "ui/base.html")


urlpatterns = [path("bare/", bare), path("empty/", empty), *platform]
