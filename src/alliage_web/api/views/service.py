"""The API as a whole: its routes put together, read-only, described by OpenAPI."""

from __future__ import annotations

from functools import cache, wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import conditional_page
from ninja import NinjaAPI
from ninja.renderers import JSONRenderer
from ninja.responses import Response

from alliage import __version__
from alliage_web.api.schemas.common import _

from . import alliances, entries, observatory, organisations, people, problems, terms, territories

if TYPE_CHECKING:
    from collections.abc import Callable

    from ninja.operation import Operation

    View = Callable[..., HttpResponse]

PREFIX = "/api/v1"


class _Json(JSONRenderer):
    """French is written as it is: lighter, and readable in a terminal."""

    json_dumps_params = {"ensure_ascii": False}


class _Api(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.url_name.replace("-", "_")


api = _Api(
    title="Alliage",
    version=__version__,
    description=_(
        "Ce que montrent les pages publiques d’Alliage, en lecture seule. Un chiffre porte sa "
        "source et la façon dont il est connu ; ce qui n’est pas connu vaut null."
    ),
    urls_namespace="api",
    renderer=_Json(),
    openapi_url=None,
    docs_url=None,
)
for _topic in (territories, organisations, alliances, entries, observatory, terms, people):
    api.add_router("", _topic.router)
problems.install(api)


#: The parts of addresses that are one word of a few.
_ENUMERATIONS = {"level": _("niveau du territoire")}


@cache
def description() -> dict[str, Any]:
    """Describe every route as OpenAPI does; refusals have their own media type.

    Made once for a process: its texts are put in the language of the reader when they are sent.
    """
    schema: dict[str, Any] = api.get_openapi_schema(path_prefix=PREFIX)
    for shape in schema["components"]["schemas"].values():
        # The comments of the code, in another language than the rest.
        shape.pop("description", None)
    for methods in schema["paths"].values():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                _describe(parameter)
            for status, response in operation["responses"].items():
                if status >= HTTPStatus.BAD_REQUEST:
                    (content,) = response["content"].values()
                    response["content"] = {problems.MEDIA_TYPE: content}
    return schema


def _describe(parameter: dict[str, Any]) -> None:
    """Describe a parameter once; Ninja gives an enumeration the comment of its class."""
    schema = parameter["schema"]
    schema.pop("description", None)
    schema.get("items", {}).pop("description", None)
    if parameter["in"] == "path" and "enum" in schema:
        parameter["description"] = _ENUMERATIONS[parameter["name"]]


def read_only(view: View) -> View:
    """Serve GET and HEAD, say so to other methods, and answer 304 to who has the answer."""

    @csrf_exempt
    @conditional_page
    @wraps(view)
    def served(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        method = request.method
        if method not in {"GET", "HEAD"}:
            return problems.method_not_allowed(str(method))
        # Ninja knows the methods that routes name; the server leaves the body of HEAD out.
        request.method = "GET"
        try:
            return view(request, *args, **kwargs)
        finally:
            request.method = method

    return served


@read_only
def openapi(_request: HttpRequest) -> HttpResponse:
    return Response(description(), json_dumps_params=_Json.json_dumps_params)


@read_only
def unknown(request: HttpRequest) -> HttpResponse:
    return problems.not_found(f"There is no route at {request.path}.")
