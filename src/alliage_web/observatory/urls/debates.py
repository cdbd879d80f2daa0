"""The addresses of debates."""

from __future__ import annotations

from django.urls import path

from alliage_web.observatory.views import contributions, debates

_DEBATE = "debats/<uuid:uuid>/"
_CONTRIBUTION = f"{_DEBATE}contributions/<uuid:contribution>/"

patterns = [
    path("debats/", debates.index, name="debates"),
    path("debats/nouveau/", debates.new, name="debate-new"),
    path(_DEBATE, debates.detail, name="debate"),
    path(f"{_DEBATE}modifier/", debates.edit, name="debate-edit"),
    path(f"{_DEBATE}synthese/", debates.synthesis, name="debate-synthesis"),
    path(f"{_DEBATE}contributions.csv", debates.contributions_file, name="debate-file"),
    path(f"{_DEBATE}contribuer/", contributions.new, name="contribution-new"),
    path(f"{_DEBATE}moderation/", contributions.moderate, name="debate-moderate"),
    path(f"{_CONTRIBUTION}decision/", contributions.decide, name="contribution-decide"),
    path(f"{_CONTRIBUTION}retirer/", contributions.withdraw, name="contribution-withdraw"),
    path(f"{_CONTRIBUTION}signaler/", contributions.report, name="contribution-report"),
]
