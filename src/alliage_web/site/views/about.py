"""The pages that say what the platform is, how it counts and what it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from alliage_web.accounts.queries import processing_register
from alliage_web.territories.queries import current_vintage

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def about(request: HttpRequest) -> HttpResponse:
    return render(request, "site/about.html", {"vintage": current_vintage()})


def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "site/accessibility.html")


def personal_data(request: HttpRequest) -> HttpResponse:
    return render(request, "site/personal_data.html", {"register": processing_register()})
