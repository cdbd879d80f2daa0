"""The referentials and the documents that facts are cited from."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import P, PathEx, Router

from alliage_web.api.schemas.common import Problem, _
from alliage_web.api.schemas.terms import Referential, Referentials, Sources
from alliage_web.vocabulary import queries
from alliage_web.vocabulary.models import Scheme

from .problems import NotThereError

router = Router(tags=["terms"])
SchemeName = PathEx[str, P(description=_("nom du référentiel"))]


@router.get(
    "/terms",
    url_name="terms",
    summary=_("Tous les référentiels : objectifs, domaines, fonctions…"),
    response=Referentials,
)
def terms(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001
    return {"items": queries.referentials()}


@router.get(
    "/terms/{scheme}",
    url_name="scheme",
    summary=_("Un référentiel et ses termes"),
    response={200: Referential, 404: Problem},
)
def scheme(request: HttpRequest, scheme: SchemeName) -> Any:  # noqa: ARG001
    for referential in queries.referentials():
        if referential.scheme == scheme:
            return referential
    raise NotThereError(
        detail=f"No referential is called « {scheme} ».",
        fix=f"Ask for one of: {', '.join(Scheme.values)}.",
    )


@router.get(
    "/sources",
    url_name="sources",
    summary=_("Les documents que citent les champs « source »"),
    response=Sources,
)
def sources(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001
    return {"items": queries.sources()}
