"""The API asked with whatever its description allows, and with what it forbids.

Schemathesis draws the requests from the description and checks every answer against it: status,
media type, shape, values refused or accepted as promised, methods that do not exist.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from schemathesis import Case
    from tests.factories.fuzzing import Platform, Tally


@contextmanager
def _one_connection() -> Iterator[None]:
    """Keep the connection from one request to the next, as the client of Django's tests does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


@_one_connection()
def fuzz_api(platform: Platform, requests: int, tally: Tally) -> dict[int, int]:
    """Ask every route of the API; return how many answers had each status."""
    schema = schemathesis.openapi.from_wsgi(reverse("api:openapi"), get_wsgi_application())
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    known = _known_parts(platform)
    statuses: dict[int, int] = defaultdict(int)
    # A route without parameters forbids nothing.
    asked = [
        (operation, mode)
        for operation in operations
        for mode in GenerationMode
        if mode is GenerationMode.POSITIVE or operation.query
    ]
    for operation, mode in asked:
        drawn = operation.as_strategy(generation_mode=mode)
        _each(max(2, requests // len(asked)), drawn, known, partial(_check, tally, statuses))
    return statuses


def _known_parts(platform: Platform) -> Mapping[str, list[dict[str, str]]]:
    """Give, for each route of the API, parts of addresses that lead to something."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for address in platform.opened:
        _app, _colon, name = address.route.name.partition("api:")
        if name and address.parts:
            found[name.replace("-", "_")].append(dict(address.parts))
    return found


def _each(
    count: int,
    drawn: st.SearchStrategy[Case[Any]],
    known: Mapping[str, list[dict[str, str]]],
    check: Any,
) -> None:
    def checked(data: st.DataObject) -> None:
        case = data.draw(drawn)
        parts = known.get(case.operation.definition.raw["operationId"])
        # Half of the requests ask for something that is there: a drawn name never is.
        if parts and data.draw(st.booleans()):
            case.path_parameters = dict(data.draw(st.sampled_from(parts)))
        check(case)

    bounded = settings(
        deadline=None, database=None, phases=[Phase.generate],
        max_examples=count, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    # The same at each run, and others on each database.
    bounded(seed(connection.vendor)(given(st.data())(checked)))()


def _check(tally: Tally, statuses: dict[int, int], case: Case[Any]) -> None:
    tally.requests += 1
    with tally.watching(case.as_curl_command()):
        # The WSGI client reads what it receives as it is.
        response = case.call(headers={"Accept-Encoding": "identity"})
        statuses[response.status_code] += 1
        tally.refused += response.status_code >= 400
        tally.accepted += response.status_code < 400
        case.validate_response(response)
