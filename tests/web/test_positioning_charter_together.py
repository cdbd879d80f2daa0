"""People who write and sign one charter at the same moment."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.factories.positioning import (
    AT,
    CLUB,
    TOWN,
    WRITTEN_ON,
    as_stored,
    charter_draft,
    charter_opened,
    charter_sign,
)
from tests.factories.threads import alone, database_on_disk, together

from alliage.positioning.charter import CharterState, guide
from alliage_web.audit.models import Event
from alliage_web.positioning.actions import charters as actions
from alliage_web.positioning.models import CharterSignature, CharterVersion
from alliage_web.positioning.queries import charters as queries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3


@pytest.fixture(autouse=True)
def _on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database_on_disk(tmp_path, monkeypatch)


def _opened() -> CharterVersion:
    return alone(charter_opened)


def _signs(version: CharterVersion, slug: str) -> Callable[[], object]:
    return lambda: charter_sign(version, slug)


def _writes(version: CharterVersion, text: str, seen: str) -> Callable[[], bool]:
    return lambda: actions.write_section(
        version=version, section=guide().sections[0], values=actions.SectionValues(text),
        seen=seen, by=None, at=AT, on=WRITTEN_ON, cancelling=True,
    )  # fmt: skip


def test_the_last_two_to_sign_at_once_put_the_charter_in_force_once() -> None:
    for _round in range(ROUNDS):
        version = _opened()
        results = together(_signs(version, TOWN), _signs(version, CLUB))
        assert not [one for one in results if isinstance(one, Exception)]
        after = alone(partial(as_stored, version))
        assert after.state == CharterState.IN_FORCE.value
        assert len(alone(partial(queries.signed, after))) == 2
        told = Event.objects.filter(target=version.charter.stable_name, kind="charter.in_force")
        assert alone(told.count) == 1


def test_a_party_that_signs_twice_at_once_signs_once() -> None:
    version = _opened()
    results = together(_signs(version, TOWN), _signs(version, TOWN))
    refused = [one for one in results if isinstance(one, Exception)]
    assert [type(one) for one in refused] == [actions.AlreadySignedError]
    assert alone(CharterSignature.objects.count) == 1


def test_nobody_ends_up_having_signed_a_text_that_was_changed_meanwhile() -> None:
    for _round in range(ROUNDS):
        version = _opened()
        seen = queries.seen(version, guide().sections[0])
        signed, written = together(_signs(version, TOWN), _writes(version, "Un autre texte.", seen))
        assert written is True
        assert isinstance(signed, actions.TextChangedError | CharterVersion)
        after = alone(partial(as_stored, version))
        assert after.state == CharterState.DRAFT.value
        signatures = CharterSignature.objects.filter(party__version=after.pk)
        assert alone(signatures.count) == 0


def test_two_people_who_write_a_section_at_once_do_not_overwrite() -> None:
    for _round in range(ROUNDS):
        version = alone(charter_draft)
        seen = queries.seen(version, guide().sections[0])
        results = together(
            _writes(version, "Le texte d’Ada.", seen), _writes(version, "Le texte de Bob.", seen)
        )
        assert results.count(True) == 1
        refused = next(one for one in results if one is not True)
        assert isinstance(refused, actions.SectionChangedError)
        kept = alone(partial(as_stored, version)).sections
        assert refused.version.sections == kept
