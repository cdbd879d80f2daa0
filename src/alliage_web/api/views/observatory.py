"""What the observatory publishes: figures that documents state, and releases computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import P, PathEx, Query, Router

from alliage.observatory.releases.parts import PartKind
from alliage_web.api.schemas.common import Listing, Problem, _
from alliage_web.api.schemas.observatory import (
    FigureFilters,
    PublishedFigure,
    ReleaseHead,
    Releases,
    ReleaseTable,
    TableAsked,
)
from alliage_web.observatory.queries import figures as documents
from alliage_web.observatory.queries import releases as computed

from .paging import page_of
from .problems import NotThereError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alliage_web.observatory.queries.releases import PublishedRelease

router = Router(tags=["observatory"])
ReleaseId = PathEx[UUID, P(description=_("identifiant de la publication"))]
QuestionCode = PathEx[str, P(description=_("code de la question"))]


@router.get(
    "/figures",
    url_name="figures",
    summary=_("Les chiffres que publient les documents, chacun avec sa source"),
    response={200: Listing[PublishedFigure], 404: Problem, 422: Problem},
)
def figures(request: HttpRequest, asked: Query[FigureFilters]) -> dict[str, Any]:
    selection = documents.Selection(
        population=asked.population or "",
        theme=asked.theme or "",
        study=asked.study or "",
        wave=asked.wave or "",
    )
    found = documents.figures(selection)

    def read(start: int, end: int) -> Iterable[Any]:
        return found[start:end]

    return page_of(request, asked, len(found), read)


@router.get(
    "/releases",
    url_name="releases",
    summary=_("Les vagues publiées par la plateforme"),
    response=Releases,
)
def releases(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001
    return {"items": computed.published()}


@router.get(
    "/releases/{release}",
    url_name="release",
    summary=_("Une publication : ses questions, ses croisements, sa provenance"),
    response={200: ReleaseHead, 404: Problem},
)
def release(request: HttpRequest, release: ReleaseId) -> dict[str, Any]:  # noqa: ARG001
    found = _release(release)
    return {"release": found, "content": computed.content(found.uuid, PartKind.HEAD)}


@router.get(
    "/releases/{release}/tables/{question}",
    url_name="release-table",
    summary=_("Une question par un croisement, avec erreurs, bases et lettres"),
    response={200: ReleaseTable, 404: Problem, 422: Problem},
)
def release_table(
    request: HttpRequest,  # noqa: ARG001
    release: ReleaseId,
    question: QuestionCode,
    asked: Query[TableAsked],
) -> dict[str, Any]:
    found = _release(release)
    content = computed.content(found.uuid, PartKind.TABLE, question, asked.breakdown)
    if content is None:
        head = computed.head(found.uuid)
        questions = ", ".join(one.code for one in head.questions)
        breakdowns = ", ".join(f"« {one.code} »" for one in head.breakdowns)
        raise NotThereError(
            detail=f"The release has no table of « {question} » by « {asked.breakdown} ».",
            fix=f"Ask for one of these questions: {questions}; by one of: {breakdowns}.",
        )
    return {
        "release": found.uuid,
        "synthetic": found.synthetic,
        "question": question,
        "breakdown": asked.breakdown,
        "content": content,
    }


def _release(uuid: UUID) -> PublishedRelease:
    found = computed.release_of(uuid)
    if found is None:
        raise NotThereError(
            detail=f"No release that may be read is called {uuid}.",
            fix="Ask for one of those of /releases.",
        )
    return found
