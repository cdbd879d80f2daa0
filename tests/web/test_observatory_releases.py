"""A release: computed, reviewed by a second person, published, and never changed since."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785
from django.core.files.storage import default_storage
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from tests.factories.observatory_release_values import release_values
from tests.factories.observatory_releases import (
    PUBLISHED_AT,
    asked_wave,
    computed_release,
    described_file,
)
from tests.factories.people import somebody

from alliage.observatory.releases.parts import UnreadablePartError, assembled
from alliage.observatory.releases.values import MarginFit
from alliage.observatory.states import SamePersonError
from alliage.observatory.tabulation.tabulation import tabulate
from alliage.values.lives import DecisionRefusedError
from alliage_web.accounts.models import Role, User
from alliage_web.accounts.queries.own_places import OBSERVATORY
from alliage_web.audit.models import Event
from alliage_web.observatory.actions import releases as actions
from alliage_web.observatory.actions.respondent_files import destroy_file
from alliage_web.observatory.documents.sentences import margin_labels
from alliage_web.observatory.models import Release, ReleasePart, Wave
from alliage_web.observatory.queries import releases as queries

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

LATER = PUBLISHED_AT + dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute the same tables once for the whole module: what is tested here comes after."""

    def kept(study: Any, *, about: Any, former: Any) -> Any:
        key = (about.specification_sha256, about.synthetic, len(former))
        if key not in _COMPUTED:
            _COMPUTED[key] = tabulate(study, about=about, former=former)
        return _COMPUTED[key]

    monkeypatch.setattr(actions, "tabulate", kept)


_COMPUTED: dict[tuple[str, bool, int], Any] = {}


@pytest.fixture
def ada() -> User:
    return somebody("Ada", (Role.RESEARCHER, OBSERVATORY))


@pytest.fixture
def bob() -> User:
    return somebody("Bob", (Role.RESEARCHER, OBSERVATORY))


@pytest.fixture
def wave() -> Wave:
    return asked_wave()


@pytest.fixture
def draft(wave: Wave, tmp_path: Path, ada: User) -> Release:
    return computed_release(wave, tmp_path, by=ada)


def publish(release: Release, ada: User, bob: User) -> Release:
    release = actions.submit(release=release, by=ada, at=LATER)
    return actions.approve(release=release, by=bob, at=LATER)


def test_a_draft_holds_every_question_by_every_breakdown(draft: Release) -> None:
    head = queries.head(draft.uuid)
    assert [one.code for one in head.questions] == ["health", "fragility", "acts"]
    assert {"", "region", "sex"} <= {one.code for one in head.breakdowns}
    assert head.weighting.respondents == 240
    assert head.weighting.population == pytest.approx(1000)
    table = queries.table(draft.uuid, "health", "region")
    assert table is not None
    assert any(cell.is_shown for row in table.rows for cell in row)
    assert queries.ranking(draft.uuid, "fragility") is not None
    assert queries.covariance(draft.uuid, "health", "region") is not None


def test_a_part_that_was_read_is_not_asked_again(
    draft: Release, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        queries.table(draft.uuid, "health", "sex")
    with django_assert_num_queries(0):
        queries.table(draft.uuid, "health", "sex")


@pytest.mark.one_engine
def test_a_draft_is_nobodys_to_read_but_researchers(client: Client, draft: Release) -> None:
    assert queries.published() == ()
    assert queries.release_of(draft.uuid) is None
    assert client.get(reverse("observatory:release", args=[draft.uuid])).status_code == 404


def test_a_second_person_publishes(draft: Release, ada: User, bob: User, wave: Wave) -> None:
    release = publish(draft, ada, bob)
    found = queries.latest_release("impact_citizens", "2022")
    assert found is not None
    assert (found.uuid, found.number, found.superseded) == (draft.uuid, 1, False)
    assert release.published_at == LATER
    kinds = list(
        Event.objects.filter(target=release.stable_name)
        .order_by("pk")
        .values_list("kind", flat=True)
    )
    assert kinds == ["release.computed", "release.submitted", "release.published"]
    assert wave.releases.get().reviewed_by == bob


@pytest.mark.parametrize("decision", ["approve", "send_back"])
def test_who_computed_or_submitted_does_not_review(
    draft: Release, ada: User, bob: User, decision: str
) -> None:
    # Bob submits what Ada computed: neither of them is a second person.
    release = actions.submit(release=draft, by=bob, at=LATER)
    given = {"reason": "?"} if decision == "send_back" else {}
    for person in (ada, bob):
        with pytest.raises(SamePersonError):
            getattr(actions, decision)(release=release, by=person, at=LATER, **given)
    release.refresh_from_db()
    assert (release.state, release.number) == ("in_review", None)


def test_what_was_sent_back_is_submitted_again(draft: Release, ada: User, bob: User) -> None:
    release = actions.submit(release=draft, by=ada, at=LATER)
    release = actions.send_back(release=release, reason="Une marge manque.", by=bob, at=LATER)
    assert (release.state, release.sent_back_for) == ("draft", "Une marge manque.")
    release = actions.submit(release=release, by=ada, at=LATER)
    assert release.sent_back_for == ""
    assert actions.take_back(release=release, by=ada, at=LATER).state == "draft"


def test_a_draft_is_not_published_without_review(draft: Release, bob: User) -> None:
    with pytest.raises(DecisionRefusedError):
        actions.approve(release=draft, by=bob, at=LATER)


def test_a_later_release_supersedes_and_the_former_stays_readable(
    client: Client, draft: Release, ada: User, bob: User
) -> None:
    first = publish(draft, ada, bob)
    assert first.file is not None
    second = publish(actions.compute(file=first.file, by=ada, at=LATER), ada, bob)
    assert (second.number, second.follows) == (2, 1)
    assert [one.number for one in queries.published(current=True)] == [2]
    assert [one.superseded for one in queries.published()] == [False, True]
    page = client.get(reverse("observatory:release", args=[first.uuid]))
    assert page.status_code == 200
    assert reverse("observatory:release", args=[second.uuid]) in page.content.decode()


def test_a_release_that_was_not_protected_against_another_is_refused(
    draft: Release, ada: User, bob: User
) -> None:
    assert draft.file is not None
    other = actions.compute(file=draft.file, by=ada, at=LATER)
    publish(draft, ada, bob)
    other = actions.submit(release=other, by=ada, at=LATER)
    with pytest.raises(actions.OutdatedError):
        actions.approve(release=other, by=bob, at=LATER)
    other.refresh_from_db()
    assert (other.state, other.number) == ("in_review", None)


def test_a_withdrawn_release_says_why_and_shows_nothing(
    client: Client, draft: Release, ada: User, bob: User
) -> None:
    release = publish(draft, ada, bob)
    part = release.parts.first()
    assert part is not None
    actions.withdraw(release=release, reason="Poids faux.", by=bob, at=LATER)
    assert queries.published() == ()
    assert queries.release_of(release.uuid) is None
    page = client.get(reverse("observatory:release", args=[release.uuid]))
    assert page.status_code == 200
    assert "Poids faux." in page.content.decode()
    for name, args in (("release-parts", []), ("release-part", [part.pk])):
        address = reverse(f"observatory:{name}", args=[release.uuid, *args])
        assert client.get(address).status_code == 404
    # Its figures were seen: the next release is protected against them.
    assert len(queries.former_releases(release.wave_id)) == 1
    assert release.parts.count() > 0


def test_a_discarded_draft_loses_its_figures(draft: Release, ada: User) -> None:
    release = actions.discard(release=draft, by=ada, at=LATER)
    assert (release.state, release.parts.count()) == ("discarded", 0)
    with pytest.raises(UnreadablePartError):
        assembled(queries.stored_parts(release.uuid))


@pytest.mark.one_engine
def test_anybody_checks_the_fingerprint(
    client: Client, draft: Release, ada: User, bob: User
) -> None:
    release = publish(draft, ada, bob)
    answer = client.get(reverse("observatory:release-parts", args=[release.uuid]))
    told = json.loads(answer.content)
    lines = []
    for part in told["parts"]:
        sha256 = hashlib.sha256(rfc8785.dumps(part["content"])).hexdigest()
        assert sha256 == part["sha256"]
        lines.append([part["kind"], part["question"], part["breakdown"], part["group"], sha256])
    found = hashlib.sha256(rfc8785.dumps(sorted(lines))).hexdigest()
    assert found == told["fingerprint"] == release.fingerprint
    part = release.parts.get(kind="head")
    alone = client.get(reverse("observatory:release-part", args=[release.uuid, part.pk]))
    assert hashlib.sha256(alone.content).hexdigest() == part.sha256


@pytest.mark.parametrize(
    "change",
    [
        {"number": 5},
        {"fingerprint": "0" * 64},
        {"synthetic": True},
        {"report": {"a": 1}},
        {"specification": "?"},
        {"state": "draft", "number": None, "published_at": None},
        {"state": "in_review"},
    ],
)
def test_the_database_keeps_what_is_public(
    draft: Release, ada: User, bob: User, change: dict[str, object]
) -> None:
    release = publish(draft, ada, bob)
    with pytest.raises(DatabaseError), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(**change)


def test_the_database_keeps_the_parts(draft: Release, ada: User, bob: User) -> None:
    part = draft.parts.first()
    assert part is not None
    # Of a draft too: another release is computed.
    with pytest.raises(DatabaseError), transaction.atomic():
        ReleasePart.objects.filter(pk=part.pk).update(content="{}")
    release = publish(draft, ada, bob)
    with pytest.raises(DatabaseError), transaction.atomic():
        ReleasePart.objects.filter(pk=part.pk).delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Release.objects.filter(pk=release.pk).delete()
    actions.withdraw(release=release, reason="Faux.", by=bob, at=LATER)
    for change in ({"withdrawn_for": "Autre."}, {"state": "published", "withdrawn_for": ""}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Release.objects.filter(pk=release.pk).update(**change)


def test_who_made_a_public_release_can_be_erased(draft: Release, ada: User, bob: User) -> None:
    release = publish(draft, ada, bob)
    Release.objects.filter(pk=release.pk).update(computed_by=None, reviewed_by=None)
    release.refresh_from_db()
    assert release.computed_by is None


@pytest.mark.parametrize(
    "change",
    [
        {"state": "unknown"},
        {"state": "published"},
        {"number": 1},
        {"withdrawn_for": "?"},
        {"state": "in_review"},
    ],
)
def test_the_database_refuses_impossible_releases(
    draft: Release, change: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.filter(pk=draft.pk).update(**change)


def test_a_number_and_a_part_are_given_once(draft: Release, ada: User, bob: User) -> None:
    release = publish(draft, ada, bob)
    assert release.file is not None
    other = actions.compute(file=release.file, by=ada, at=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.filter(pk=other.pk).update(
            state="published", number=1, published_at=LATER, submitted_at=LATER
        )
    part = other.parts.first()
    assert part is not None
    for kind in (part.kind, "unknown"):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReleasePart.objects.create(
                release=other,
                kind=kind,
                question=part.question,
                breakdown=part.breakdown,
                group=part.group,
                content="{}",
                sha256="0",
            )


def test_a_release_outlives_its_respondents(
    client: Client, draft: Release, ada: User, bob: User
) -> None:
    release = publish(draft, ada, bob)
    assert release.file is not None
    destroy_file(file=release.file, by=ada, at=LATER)
    assert client.get(reverse("observatory:release", args=[release.uuid])).status_code == 200
    with pytest.raises(DecisionRefusedError):
        actions.compute(file=release.file, by=ada, at=LATER)


@pytest.mark.one_engine
def test_the_draft_of_a_synthetic_wave_says_so_everywhere(
    client: Client, tmp_path: Path, ada: User, bob: User
) -> None:
    where = asked_wave(synthetic=True)
    release = publish(computed_release(where, tmp_path, by=ada), ada, bob)
    assert queries.head(release.uuid).synthetic
    assert json.loads(
        client.get(reverse("observatory:release-parts", args=[release.uuid])).content
    )["synthetic"]
    pages = [reverse("observatory:release", args=[release.uuid])]
    client.force_login(ada)
    pages += [
        reverse("observatory:release-draft", args=[release.uuid]),
        reverse("observatory:respondents", args=[release.file.uuid]) if release.file else "",
    ]
    for address in pages:
        assert "Données synthétiques" in client.get(address).content.decode(), address
    files = [
        reverse("observatory:release-parts", args=[release.uuid]),
        reverse("observatory:release-part", args=[release.uuid, release.parts.first().pk]),  # type: ignore[union-attr]
    ]
    for address in files:
        assert "-synthetique" in client.get(address)["Content-Disposition"], address


@pytest.mark.one_engine
def test_a_reviewer_reads_figures_as_they_would_be_shown(
    client: Client, draft: Release, ada: User
) -> None:
    client.force_login(ada)
    address = reverse("observatory:release-draft", args=[draft.uuid])
    shown = client.get(address, {"question": "fragility", "croisement": "region"})
    items = dict(shown.context["items"])
    assert items
    # Names, not codes; and a base under each column.
    assert all(label[0].isupper() for label in items.values())
    assert len(shown.context["bases"]) == len(shown.context["groups"])
    assert any(base.isdigit() for base in shown.context["bases"])
    figures = [cell for row in shown.context["rows"] for cell in row.cells]
    assert any("± " in cell for cell in figures)
    assert ("« s »" in shown.content.decode()) is bool(shown.context["hidden"])
    # Margins too are named.
    labels = {one.code: one.labels[0] for one in queries.head(draft.uuid).breakdowns}
    groups = {group for one in queries.head(draft.uuid).breakdowns for group in one.groups}
    told = {(margin, category) for margin, category, _fit in shown.context["margins"]}
    names = {one.labels[0] for one in groups if one.code in {"woman", "man"}}
    assert told == {(labels["sex"], name) for name in names}


def test_a_crossed_margin_is_named_variable_by_variable() -> None:
    head = release_values().head

    def named(margin: str, category: str) -> tuple[str, str]:
        return margin_labels(MarginFit(margin, category, 1.0, 1.0, 1.0), head)

    assert named("region × age", "bretagne, 18_24")[1] == "Bretagne, 18-24 ans"
    # A variable, or a category, that the release does not cut by keeps its code.
    assert named("region × size", "bretagne, lt_2000")[1] == "Bretagne, lt_2000"
    assert named("region × size", "bretagne, lt_2000")[0].endswith(" × size")
    assert named("region", "oui, bien sûr")[1] == "oui, bien sûr"
    assert named("population", "") == ("population", "")


@pytest.mark.one_engine
def test_the_public_page_leads_to_the_tables(
    client: Client, draft: Release, ada: User, bob: User
) -> None:
    release = publish(draft, ada, bob)
    shown = client.get(reverse("observatory:release", args=[release.uuid])).content.decode()
    wave = f"{release.wave.study.code}:{release.wave.code}"
    assert f'{reverse("observatory:explorer")}?vague={wave}"' in shown
    assert "95\N{NO-BREAK SPACE}%" in shown


@pytest.mark.one_engine
def test_researchers_find_their_work_from_the_home_of_the_observatory(
    client: Client, ada: User
) -> None:
    work = reverse("observatory:pipeline")
    home = reverse("observatory:index")
    assert work not in client.get(home).content.decode()
    client.force_login(ada)
    assert work in client.get(home).content.decode()
    assert home in client.get(work).content.decode().split("<h1>")[0].split("breadcrumb")[-1]


def test_contents_are_in_private_storage_and_no_table_holds_a_row(
    wave: Wave, tmp_path: Path, ada: User
) -> None:
    file = described_file(wave, tmp_path, by=ada)
    assert default_storage.exists(file.coded_path)
    assert "R17" not in json.dumps(file.columns) + json.dumps(file.mapping)
