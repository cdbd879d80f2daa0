from __future__ import annotations

from django.urls import path

from .views import funds

app_name = "fund"

urlpatterns = [
    path("fonds/", funds.index, name="index"),
    path("fonds/<slug:code>/", funds.detail, name="detail"),
    path("fonds/<slug:code>/journal/", funds.trail, name="trail"),
]
