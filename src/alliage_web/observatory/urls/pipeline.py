"""The work on waves, reserved to researchers, and the public page of each release."""

from __future__ import annotations

from django.urls import path

from alliage_web.observatory.views import pipeline, releases
from alliage_web.observatory.views import respondent_files as files

_FILE = "travail/fichiers/<uuid:uuid>"
_DRAFT = "travail/publications/<uuid:uuid>"

patterns = [
    path("travail/", pipeline.pipeline, name="pipeline"),
    path("travail/deposer/<slug:study>/<slug:wave>/", files.receive, name="respondents-receive"),
    path(f"{_FILE}/", files.respondents, name="respondents"),
    path(f"{_FILE}/questions/", files.questions, name="respondents-questions"),
    path(f"{_FILE}/anomalies/", files.anomalies, name="respondents-anomalies"),
    path(f"{_FILE}/specification/", files.specification, name="respondents-specification"),
    path(f"{_FILE}/calculer/", files.compute, name="respondents-compute"),
    path(f"{_FILE}/telecharger/<slug:content>/", files.download, name="respondents-download"),
    path(f"{_FILE}/detruire/", files.destroy, name="respondents-destroy"),
    path(f"{_DRAFT}/", releases.draft, name="release-draft"),
    path(f"{_DRAFT}/decider/<slug:verb>/", releases.decide, name="release-decide"),
    path(f"{_DRAFT}/renvoyer/", releases.send_back, name="release-send-back"),
    path(f"{_DRAFT}/retirer/", releases.withdraw, name="release-withdraw"),
    path("publications/<uuid:uuid>/", releases.release, name="release"),
    path("publications/<uuid:uuid>/parties.json", releases.release_parts, name="release-parts"),
    path(
        "publications/<uuid:uuid>/parties/<int:part>.json",
        releases.release_part,
        name="release-part",
    ),
]
