"""The API keeps the promises of its description, whatever it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.factories import fuzzing
from tests.factories.fuzzing import Tally
from tests.factories.fuzzing_api import fuzz_api

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

#: Shared between the routes, so that the suite stays short.
REQUESTS = 100


@pytest.mark.django_db
def test_the_api_answers_as_it_is_described(settings: Settings, tmp_path: Path) -> None:
    for name, value in fuzzing.quiet_settings(tmp_path).items():
        setattr(settings, name, value)
    settings.ALLOWED_HOSTS = ["*"]
    platform = fuzzing.explore(fuzzing.sample(), only="api:")
    tally = Tally()
    statuses = fuzz_api(platform, REQUESTS, tally)
    assert tally.requests >= REQUESTS // 2
    assert {200, 401, 404, 422} <= set(statuses)
