"""The page that documents the API, made from its own description."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from alliage_web.ui.components import Column, Crumb, DataTable

from .service import description

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

_TOPICS = {
    "territories": gettext_lazy("Territoires"),
    "organisations": gettext_lazy("Acteurs"),
    "alliances": gettext_lazy("Alliances"),
    "entries": gettext_lazy("Exemples et ressources"),
    "terms": gettext_lazy("Référentiels et sources"),
    "observatory": gettext_lazy("Observatoire"),
    "me": gettext_lazy("Personne connectée"),
}
_TYPES = {
    "string": gettext_lazy("texte"),
    "integer": gettext_lazy("nombre entier"),
    "number": gettext_lazy("nombre"),
    "boolean": gettext_lazy("vrai ou faux"),
    "null": "null",
}
#: What the examples ask for; these are in the data that the platform ships with.
_IN_PATH = {
    "/territories/": {"level": "commune", "code": "94080"},
    "/organisations/": {"slug": "le-rameau"},
    "/alliances/": {"slug": "agir-ensemble-en-territoire"},
    "/entries/": {"slug": "agir-ensemble-en-territoire"},
    "/terms/": {"scheme": "objective"},
    # Drawn at random on each platform: `/releases` tells those that are there.
    "/releases/": {"release": "ID", "question": "fragility"},
}
_IN_QUERY = {
    "/territories": {"q": "vincennes", "level": "commune"},
    "/organisations": {"world": "association", "page_size": "5"},
    "/alliances": {"domain": "education", "sort": "started"},
    "/figures": {"population": "citizen", "theme": "fragility"},
    "/entries": {"q": "décrochage scolaire", "kind": "example"},
}


@dataclass(frozen=True, slots=True)
class Route:
    """A route as the page shows it."""

    id: str
    path: str
    summary: str
    example: str
    parameters: DataTable | None
    shape: str
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    id: str
    label: str
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape of answer and the table of its fields."""

    name: str
    fields: DataTable


@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    schema = description()
    context = {
        "topics": _topics(request, schema),
        "shapes": [
            Shape(name, _fields(name, shape))
            for name, shape in sorted(schema["components"]["schemas"].items())
            if "properties" in shape
        ],
        "version": schema["info"]["version"],
        "crumbs": [Crumb(_("API"))],
    }
    return render(request, "api/documentation.html", context)


def _topics(request: HttpRequest, schema: dict[str, Any]) -> list[Topic]:
    routes: dict[str, list[Route]] = {}
    for path, methods in schema["paths"].items():
        operation = methods["get"]
        (tag,) = operation["tags"]
        routes.setdefault(tag, []).append(_route(request, path, operation))
    return [Topic(tag, str(label), tuple(routes[tag])) for tag, label in _TOPICS.items()]


def _route(request: HttpRequest, path: str, operation: dict[str, Any]) -> Route:
    return Route(
        id=operation["operationId"],
        path=path,
        summary=str(operation["summary"]),
        example=_example(request, path),
        parameters=_parameters(operation),
        shape=_names(operation["responses"][200]["content"]["application/json"]["schema"]),
        refusals=tuple(str(status) for status in operation["responses"] if status >= 400),
    )


def _example(request: HttpRequest, path: str) -> str:
    """Write the command that asks for a route of this very platform."""
    short = path.removeprefix("/api/v1")
    topic = "/" + short.split("/")[1] + "/"
    query = _IN_QUERY.get(short)
    asked = path.format(**_IN_PATH.get(topic, {})) + (f"?{urlencode(query)}" if query else "")
    return f"curl {shlex.quote(request.build_absolute_uri(asked))}"


def _parameters(operation: dict[str, Any]) -> DataTable | None:
    rows = tuple(
        (
            parameter["name"],
            _kind(parameter["schema"]),
            _("oui") if parameter["required"] else _("non"),
            str(parameter["description"]),
        )
        for parameter in operation["parameters"]
    )
    if not rows:
        return None
    columns = (
        *(Column(_("Paramètre")), Column(_("Valeurs")), Column(_("Obligatoire"))),
        Column(_("Sens")),
    )
    return DataTable(caption=_("Paramètres"), columns=columns, rows=rows)


def _fields(name: str, shape: dict[str, Any]) -> DataTable:
    return DataTable(
        caption=_("Champs de %(name)s") % {"name": name},
        columns=(Column(_("Champ")), Column(_("Type")), Column(_("Sens"))),
        rows=tuple(
            (field, _kind(details), str(details.get("description", "")))
            for field, details in shape["properties"].items()
        ),
    )


def _kind(schema: dict[str, Any]) -> str:
    """Say in words what a value may be."""
    return _(" ou ").join(dict.fromkeys(_kinds(schema)))


def _kinds(schema: dict[str, Any]) -> Iterator[str]:
    if "enum" in schema or "const" in schema:
        yield ", ".join(map(str, schema.get("enum") or [schema["const"]]))
    elif "$ref" in schema:
        yield schema["$ref"].rpartition("/")[2]
    elif schema.get("type") == "array":
        yield _("liste : %(kind)s") % {"kind": _kind(schema["items"])}
    elif parts := schema.get("anyOf") or schema.get("allOf"):
        for part in parts:
            yield from _kinds(part)
    else:
        yield str(_TYPES.get(schema.get("type", ""), _("valeur")))


def _names(schema: dict[str, Any]) -> str:
    return _kind(schema) if "$ref" in schema else str(schema.get("title", ""))
