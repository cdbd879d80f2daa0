"""Answers counted together: who reads them, who is in them, what the checks say."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from tests.factories.actors import geography, organisation
from tests.factories.alliances import alliance
from tests.factories.pdf import words
from tests.factories.people import somebody
from tests.factories.positioning import filled

from alliage.positioning.questionnaire import questionnaire
from alliage.positioning.validation import fieldwork as library
from alliage.positioning.validation.fieldwork import Fieldwork
from alliage.positioning.validation.verdict import Check, Outcome
from alliage_web.accounts.models import Role
from alliage_web.alliances.models import Alliance, Party
from alliage_web.audit.models import Event
from alliage_web.knowledge.models import Entry
from alliage_web.positioning.actions import results as actions
from alliage_web.positioning.actions.packets import form_packets
from alliage_web.positioning.documents.result_words import tool_status
from alliage_web.positioning.models import WORLDS, Packet, ResultGroup, SavedResult
from alliage_web.positioning.queries.collective import (
    Breakdown,
    breakdowns_of,
    collective,
    is_time_to_form,
    next_quarter,
    people_waiting,
    quarter_of,
    whole_packets,
)
from alliage_web.positioning.queries.filling import as_cookie
from alliage_web.positioning.queries.results import digest_of
from alliage_web.positioning.queries.validation import is_tool_validated, validation_status
from alliage_web.positioning.views.device import COOKIE
from alliage_web.territories.models import Perimeter, Territory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries, Settings

    from alliage_web.accounts.models import User

pytestmark = pytest.mark.django_db
BEHAVIOURS = [one.code for one in questionnaire().behaviours]
AT = timezone.now() - dt.timedelta(days=2)


def today() -> dt.date:
    return timezone.localdate()


def kept(count: int, **more: Any) -> list[SavedResult]:
    """Keep results whose authors agreed; all prefer the first door, on the second step."""
    told = {
        "questionnaire_version": questionnaire().version,
        "answers": {"comparisons": [0] * 6, "levels": dict.fromkeys(BEHAVIOURS, 1), "variants": {}},
        "world": "association",
        "consent_collective": True,
        "consented_at": AT,
        "created_at": AT,
        "expires_on": today() + dt.timedelta(days=500),
    } | more
    return SavedResult.objects.bulk_create(
        SavedResult(token_sha256=digest_of(str(uuid4())), **told) for _one in range(count)
    )


def form(day: dt.date | None = None, **more: Any) -> list[Packet]:
    return form_packets(day=day or today(), at=timezone.now(), **more)


def place(level: str, code: str) -> Territory:
    return Territory.objects.get(level=level, code=code)


def read(
    level: str = "country", code: str = "FR", by: Breakdown = Breakdown.WORLD, **more: Any
) -> dict[str, tuple[int, dict[str, int | None]]]:
    """Return the lines of the table of doors, by group."""
    found = collective(place(level, code), by, today(), **({"invented": False} | more))
    return {line.group: (line.people, dict(line.counts)) for line in found.tables[0].lines}


def people_in(level: str = "country", code: str = "FR") -> int:
    return collective(place(level, code), Breakdown.WORLD, today(), invented=False).people


def address(name: str, level: str = "department", code: str = "94") -> str:
    return reverse(f"positioning:{name}", args=[level, code])


@pytest.fixture(autouse=True)
def _places() -> None:
    geography()
    Territory.objects.get_or_create(level="country", code="FR", defaults={"name": "France"})


@pytest.fixture
def catalyst() -> User:
    return somebody("Camille", (Role.CATALYST, "territory:department/94"))


@pytest.fixture
def researcher() -> User:
    return somebody("Noa", (Role.RESEARCHER, "observatory"))


# Who is counted


def test_twelve_who_agreed_are_counted_on_their_territory() -> None:
    kept(12, territory=place("commune", "94080"))
    assert people_in() == 0
    assert len(form()) == 1
    assert read("department", "94")["total"] == (12, read()["total"][1])
    assert read()["association"][1]["performance_engagement"] == 12


def test_eleven_are_not_counted() -> None:
    kept(11)
    assert form() == []
    assert people_in() == 0


def test_refusals_expired_results_and_other_versions_are_never_counted() -> None:
    kept(6)
    kept(12, consent_collective=False, consented_at=None)
    kept(12, expires_on=today())
    kept(12, questionnaire_version=questionnaire().version + 1)
    kept(12, invented=True)
    assert form() == []
    assert len(people_waiting(today(), invented=False)) == 6


def test_who_answered_twice_is_counted_once() -> None:
    first = kept(12)
    for one in first:
        kept(1, earlier=one)
    assert len(people_waiting(today(), invented=False)) == 12


def test_withdrawing_removes_at_the_next_reading_and_takes_the_packet_along() -> None:
    kept(24)
    form()
    one = SavedResult.objects.exclude(packet=None)[0]
    assert people_in() == 24
    actions.set_consent(result=one, agreed=False, at=timezone.now())
    assert people_in() == 12
    actions.set_consent(result=one, agreed=True, at=timezone.now())
    assert people_in() == 24


def test_erasing_removes_at_the_next_reading_and_leaves_nothing() -> None:
    kept(12)
    form()
    actions.erase_result(result=SavedResult.objects.all()[0], at=timezone.now())
    assert people_in() == 0
    assert SavedResult.objects.count() == 11
    assert not whole_packets(today(), invented=False).exists()


def test_a_result_that_expires_leaves() -> None:
    kept(12)
    form()
    SavedResult.objects.filter(pk=SavedResult.objects.all()[0].pk).update(expires_on=today())
    assert people_in() == 0


def test_those_whose_packet_broke_come_back_one_by_eleven_who_are_new() -> None:
    """Otherwise the eleven and one who is new would differ from before by two people."""
    first = kept(12)
    form()
    actions.erase_result(result=SavedResult.objects.all()[0], at=timezone.now())
    kept(1)
    assert form() == []
    kept(10)
    assert len(form()) == 1
    assert people_in() == 12
    held = whole_packets(today(), invented=False).get()
    assert held.members.filter(pk__in=[one.pk for one in first]).count() == 1


def test_a_packet_tells_only_what_its_twelve_people_share() -> None:
    here = place("commune", "94080")
    kept(6, territory=here, world="company", size="tpo")
    kept(6, territory=here, world="citizen")
    form()
    packet = Packet.objects.get()
    assert packet.territory is not None
    assert (packet.territory.level, packet.world, packet.size) == ("department", "", "")
    assert read("department", "94")[""][0] == 12
    assert read("department", "94", Breakdown.SIZE)[""][0] == 12


def test_a_territory_is_broken_down_by_its_parts() -> None:
    kept(12, territory=place("commune", "94080"))
    kept(12, world="citizen")
    form()
    found = read(by=Breakdown.TERRITORY)
    region = place("department", "94").snapshots.get().region
    assert region is not None
    assert {code: people for code, (people, _counts) in found.items()} == {
        "total": 24, f"region/{region.code}": 12, "": 12,
    }  # fmt: skip
    assert set(read("region", region.code, Breakdown.TERRITORY)) == {"total", "department/94"}


def test_a_perimeter_counts_the_packets_that_lie_wholly_in_it() -> None:
    kept(12, territory=place("commune", "94080"))
    form()
    drawn = Territory.objects.create(level="perimeter", code="p", name="P")
    perimeter = Perimeter.objects.create(territory=drawn, kind="basin")
    perimeter.communes.set([place("commune", "94080")])
    assert people_in("perimeter", "p") == 0
    assert Breakdown.TERRITORY in breakdowns_of(drawn)
    assert Breakdown.TERRITORY not in breakdowns_of(place("commune", "94080"))


def test_invented_answers_are_read_apart() -> None:
    kept(12)
    kept(24, invented=True)
    form()
    form(invented=True)
    assert people_in() == 12
    assert read(invented=True)["total"][0] == 24
    assert set(Packet.objects.values_list("invented", flat=True)) == {True, False}


def test_a_withdrawn_person_is_in_no_figure_of_any_breakdown() -> None:
    """A reading never holds part of a packet: all that leaves is twelve people."""
    here = place("commune", "94080")
    for world, _label in WORLDS[:3]:
        kept(13, territory=here, world=world, size="pmo")
    form()
    before = {by: read(by=by)["total"][0] for by in Breakdown}
    one = SavedResult.objects.exclude(packet=None)[0]
    actions.set_consent(result=one, agreed=False, at=timezone.now())
    after = {by: read(by=by) for by in Breakdown}
    assert set(before.values()) == {36}
    for found in after.values():
        assert found["total"][0] == 24
        assert all(people in {12, 24} for people, _counts in found.values())


# When


def test_packets_are_formed_once_a_quarter() -> None:
    kept(12)
    told = io.StringIO()
    call_command("form_positioning_packets", stdout=told)
    assert "1 packets are formed" in told.getvalue()
    kept(12)
    told = io.StringIO()
    call_command("form_positioning_packets", stdout=told)
    assert "Done this quarter already" in told.getvalue()
    assert Packet.objects.count() == 1
    Packet.objects.update(formed_on=quarter_of(today()) - dt.timedelta(days=1))
    call_command("form_positioning_packets", stdout=io.StringIO())
    assert Packet.objects.count() == 2
    assert Event.objects.filter(kind="positioning.packets-formed").count() == 2


def test_too_few_people_are_told_by_the_command() -> None:
    kept(3)
    told = io.StringIO()
    call_command("form_positioning_packets", stdout=told)
    assert "Fewer than twelve" in told.getvalue()
    assert is_time_to_form(today())


@pytest.mark.parametrize(
    ("day", "first", "following"),
    [
        ("2026-01-01", "2026-01-01", "2026-04-01"),
        ("2026-11-22", "2026-10-01", "2027-01-01"),
        ("2026-06-30", "2026-04-01", "2026-07-01"),
    ],
)
def test_quarters(day: str, first: str, following: str) -> None:
    asked = dt.date.fromisoformat(day)
    assert quarter_of(asked).isoformat() == first
    assert next_quarter(asked).isoformat() == following


def test_the_trail_names_no_packet_and_nobody() -> None:
    kept(12)
    form()
    event = Event.objects.get(kind="positioning.packets-formed")
    assert event.target == "platform"
    assert str(Packet.objects.get().uuid) not in str(event.changes)


# The pages


def test_a_catalyst_reads_their_territory_and_no_other(client: Client, catalyst: User) -> None:
    kept(12, territory=place("commune", "94080"))
    form()
    client.force_login(catalyst)
    page = client.get(address("collective"))
    assert "12 personnes comptées" in page.content.decode()
    assert "elles ne représentent qu’elles" in page.content.decode()
    assert "non validé" in page.content.decode()
    assert client.get(address("collective", "commune", "94080")).status_code == 404
    assert client.get(address("collective", "country", "FR")).status_code == 404
    assert client.get(address("collective-csv", "country", "FR")).status_code == 404
    assert (
        address("collective")
        in client.get(reverse("positioning:collective-index")).content.decode()
    )


def test_a_researcher_reads_every_territory(client: Client, researcher: User) -> None:
    client.force_login(researcher)
    for where in (("country", "FR"), ("department", "94"), ("commune", "94080")):
        page = client.get(address("collective", *where))
        assert page.status_code == 200
        assert "Personne n’est encore compté ici" in page.content.decode()
    assert client.get(address("collective", "department", "00")).status_code == 404


@pytest.mark.parametrize(
    "role", [(Role.ADMINISTRATOR, "platform"), (Role.READER, "observatory"), None]
)
def test_others_read_nothing(client: Client, role: tuple[Role, str] | None) -> None:
    client.force_login(somebody("Alix", *([role] if role else [])))
    for name in ("collective", "collective-csv"):
        assert client.get(address(name)).status_code == 404
    index = client.get(reverse("positioning:collective-index"))
    assert "Aucun territoire" in index.content.decode()


def test_visitors_are_led_to_sign_in(client: Client) -> None:
    for where in (address("collective"), reverse("positioning:collective-index")):
        assert client.get(where).status_code == 302


@pytest.mark.one_engine
@pytest.mark.parametrize("by", ["", "monde", "taille", "territoire", "monde&par=taille", "x' or 1"])
def test_breakdowns_are_fixed(client: Client, researcher: User, by: str) -> None:
    kept(24, territory=place("commune", "94080"))
    form()
    client.force_login(researcher)
    page = client.get(f"{address('collective')}?par={by}")
    assert page.status_code == 200
    assert page.content.decode().count('aria-current="page"') >= 1


def test_the_file_holds_the_protected_tables_only(client: Client, researcher: User) -> None:
    kept(20)
    few = SavedResult.objects.first()
    assert few is not None
    few.answers = {**few.answers, "comparisons": [2] * 6}
    few.save()
    kept(4)
    form()
    client.force_login(researcher)
    answer = client.get(f"{address('collective-csv', 'country', 'FR')}?par=monde")
    assert "noindex" in answer["X-Robots-Tag"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert {row["question"] for row in rows} == {"door", "doubt", "step", "blocking"}
    for row in rows:
        assert row["status"] == ("masked" if row["count"] == "" else "shown")
        assert row["count"] in {"", "0"} or int(row["count"]) >= 12
    doors = {row["answer"]: row for row in rows if row["question"] == "door"}
    assert doors["co_construct_locally"]["status"] == "masked"
    assert doors["performance_engagement"]["status"] == "masked"
    assert {row["notice"] for row in rows} == {""}


def test_a_demonstration_reads_invented_answers_marked_everywhere(
    client: Client, researcher: User, settings: Settings
) -> None:
    kept(12, territory=place("commune", "94080"))
    kept(24, invented=True, territory=place("commune", "94080"))
    form()
    form(invented=True)
    client.force_login(researcher)
    real = client.get(address("collective")).content.decode()
    assert "12 personnes comptées" in real
    assert "inventées" not in real
    settings.ALLIAGE_DEMO = True
    page = client.get(address("collective")).content.decode()
    assert "24 personnes comptées" in page
    assert page.count("données inventées") >= 6
    assert "inventées" in client.get(address("collective-csv")).content.decode()
    assert "inventées" in client.get(reverse("positioning:collective-index")).content.decode()


def test_the_number_of_queries_does_not_grow(
    client: Client, researcher: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    kept(36, territory=place("commune", "94080"))
    kept(36)
    form()
    client.force_login(researcher)
    with django_assert_max_num_queries(20):
        client.get(address("collective", "country", "FR"))


def test_the_workspaces_and_the_first_page_lead_there(
    client: Client, catalyst: User, researcher: User
) -> None:
    client.force_login(catalyst)
    workspace = client.get(reverse("workspaces:detail", args=["territory:department/94"]))
    assert address("collective") in workspace.content.decode()
    index = reverse("positioning:collective-index")
    assert index in client.get(reverse("positioning:index")).content.decode()
    assert index in client.get(reverse("observatory:index")).content.decode()
    client.force_login(researcher)
    workspace = client.get(reverse("workspaces:detail", args=["observatory"]))
    assert index in workspace.content.decode()
    client.force_login(somebody("Lou", (Role.READER, "observatory")))
    workspace = client.get(reverse("workspaces:detail", args=["observatory"]))
    assert index not in workspace.content.decode()
    assert index not in client.get(reverse("positioning:index")).content.decode()


# Constraints


@pytest.mark.parametrize("field", ["world", "size"])
def test_a_packet_tells_what_is_known(field: str) -> None:
    told = {"questionnaire_version": 1, "formed_on": today()}
    Packet.objects.create(**told)
    with pytest.raises(IntegrityError), transaction.atomic():
        Packet.objects.create(**told, **{field: "martian"})


# The checks


@pytest.fixture
def _field_work(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Suppose that the experts and the interviews are done."""
    done = Fieldwork.model_validate(
        {
            "version": questionnaire().version,
            "relevance": {code: [4, 4, 3, 4, 4, 3] for code in BEHAVIOURS},
            "interviews": {code: 10 for code, _label in WORLDS},
        }
    )
    monkeypatch.setattr(library, "fieldwork", lambda: done)
    monkeypatch.setattr("alliage_web.positioning.queries.validation.fieldwork", lambda: done)
    cache.clear()
    yield
    cache.clear()


def answers_that_pass(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Invent answers of a questionnaire that measures well, the most able first."""
    drawn = np.random.Generator(np.random.PCG64(seed))
    far = np.sort(drawn.normal(0, 1, count))[::-1, None] * 1.6
    levels = np.digitize(
        far + drawn.normal(0, 0.6, (count, 16)) + np.tile([0.9, 0.3, -0.3, -0.9], 4),
        (-1, 0.2, 1.5),
    )
    return [
        {
            "comparisons": [0] * 6,
            "levels": dict(zip(BEHAVIOURS, row, strict=True)),
            "variants": {},
        }
        for row in levels.tolist()
    ]


def a_good_pilot() -> None:
    """Keep what every check needs: people, retests, two informants, alliances a year after."""
    long_ago = timezone.now() - dt.timedelta(days=450)
    acting, idle = organisation("agissante"), organisation("tranquille")
    _verified(acting, (long_ago + dt.timedelta(days=60)).date())
    rows = kept(360, created_at=long_ago)
    for rank, (row, answers) in enumerate(zip(rows, answers_that_pass(360), strict=True)):
        row.answers = answers
        row.world = WORLDS[rank % len(WORLDS)][0]
        row.size = ("tpo", "pmo")[rank // 7 % 2]
        row.organisation = acting if rank < 60 else idle if rank >= 300 else None
    groups = [
        ResultGroup.objects.create(
            name="x", token_sha256=digest_of(f"g{rank}"), created_at=long_ago, expires_on=today()
        )
        for rank in range(40)
    ]
    # The neighbours of the list are as able as one another.
    for rank in range(80):
        rows[rank * 4 + rank % 2].group = groups[rank // 2]
    for rank in range(0, 80, 2):
        rows[rank * 4].answers = rows[(rank + 1) * 4 + 1].answers
    SavedResult.objects.bulk_update(rows, ["answers", "world", "size", "organisation", "group"])
    for row in rows[::6]:
        kept(1, earlier=row, created_at=long_ago + dt.timedelta(days=20), answers=row.answers)


def _verified(who: Any, day: dt.date) -> Alliance:
    made = alliance("verifiee", started=day.isoformat())
    Party.objects.create(alliance=made, organisation=who, name=who.name, world="association")
    Entry.objects.create(
        kind="example", slug="verifiee", title="x", summary="x", alliance=made, state="published",
        created_at=AT, updated_at=AT, published_at=AT,
    )  # fmt: skip
    return made


def outcomes(check: Check) -> set[Outcome]:
    return {one.outcome for one in validation_status().findings if one.check is check}


def test_without_answers_nothing_passes_and_nothing_fails(client: Client) -> None:
    status = validation_status()
    assert {one.outcome for one in status.findings} == {Outcome.NOT_YET}
    assert (status.people, status.interviews, status.validated) == (0, 0, False)
    page = client.get(reverse("positioning:validation")).content.decode()
    assert "non validé" in page
    assert page.count("pas encore fait (0)") == 8
    assert "300 personnes" in page


@pytest.mark.usefixtures("_field_work")
def test_when_every_check_passes_the_status_changes_everywhere(client: Client) -> None:
    assert tool_status() == "Outil de dialogue, non validé"
    a_good_pilot()
    status = validation_status()
    assert [one for one in status.findings if one.outcome is not Outcome.PASSES] == []
    assert status.people == 360
    assert status.validated
    assert tool_status() == "Outil dont tous les contrôles passent"
    for name in ("index", "validation"):
        page = client.get(reverse(f"positioning:{name}")).content.decode()
        assert "Outil dont tous les contrôles passent" in page
        assert "non validé" not in page
    client.cookies[COOKIE] = as_cookie(filled())
    result = client.get(reverse("positioning:result")).content.decode()
    assert "Outil dont tous les contrôles passent" in result
    assert "non validé" not in result
    sheet = words(client.get(reverse("positioning:result-file")).content)
    assert "Outil dont tous les contrôles passent" in sheet


def test_answers_alone_do_not_validate() -> None:
    """The experts and the interviews are missing: as shipped, the tool is for dialogue."""
    cache.clear()
    a_good_pilot()
    assert outcomes(Check.CONTENT) == {Outcome.NOT_YET}
    assert outcomes(Check.OMEGA) == {Outcome.PASSES}
    assert not validation_status().validated
    assert tool_status() == "Outil de dialogue, non validé"
    cache.clear()


@pytest.mark.usefixtures("_field_work")
def test_invented_answers_refusals_and_other_versions_validate_nothing() -> None:
    a_good_pilot()
    for change in (
        {"invented": True},
        {"consent_collective": False, "consented_at": None},
        {"questionnaire_version": questionnaire().version + 1},
        {"expires_on": today()},
    ):
        with transaction.atomic():
            SavedResult.objects.update(**change)
            assert validation_status().people == 0
            assert not is_tool_validated()
            transaction.set_rollback(True)
    assert is_tool_validated()


@pytest.mark.usefixtures("_field_work")
def test_a_withdrawal_is_read_at_once() -> None:
    rows = kept(2)
    assert validation_status().people == 2
    actions.set_consent(result=rows[0], agreed=False, at=timezone.now())
    assert validation_status().people == 1


def test_no_query_is_made_while_experts_are_missing(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(0):
        assert not is_tool_validated()


@pytest.mark.parametrize(("days", "pairs"), [(13, 0), (14, 1), (28, 1), (29, 0)])
def test_a_retest_is_two_to_four_weeks_after(days: int, pairs: int) -> None:
    cache.clear()
    (first,) = kept(1)
    kept(1, earlier=first, created_at=AT + dt.timedelta(days=days))
    found = {one.people for one in validation_status().findings if one.check is Check.RETEST}
    assert found == {pairs}
    assert validation_status().people == 1


@pytest.mark.parametrize(
    ("started", "people"),
    [("after", 1), ("before", 1), ("vague", 0), ("undated", 0), ("late", 1)],
)
def test_an_alliance_is_looked_for_in_the_year_that_follows(started: str, people: int) -> None:
    cache.clear()
    since = dt.datetime(2024, 6, 10, 12, tzinfo=dt.UTC)
    who = organisation("qui-repond")
    kept(1, organisation=who, created_at=since)
    kept(1, organisation=who, created_at=timezone.now())
    made = _verified(who, dt.date(2024, 8, 1))
    dates = {"after": "2024-08", "before": "2023", "vague": "2024", "undated": "", "late": "2026"}
    Alliance.objects.filter(pk=made.pk).update(started=dates[started])
    found = {one.people for one in validation_status().findings if one.check is Check.CRITERION}
    assert found == {people}


# The demonstration


def test_the_demonstration_is_invented_once(settings: Settings) -> None:
    settings.ALLIAGE_DEMO = True
    told = io.StringIO()
    call_command("create_demo_positioning", stdout=told)
    assert told.getvalue().count("/se-situer/r/") == 3
    assert SavedResult.objects.filter(invented=True, consent_collective=True).count() == 400
    assert not SavedResult.objects.filter(invented=False).exists()
    assert whole_packets(today(), invented=True).count() >= 30
    assert ResultGroup.objects.get().results.count() == 3
    told = io.StringIO()
    call_command("create_demo_positioning", stdout=told)
    assert "left as they are" in told.getvalue()
    assert SavedResult.objects.count() == 400
    assert validation_status().people == 0


def test_the_demonstration_is_refused_elsewhere(settings: Settings) -> None:
    settings.ALLIAGE_DEMO = False
    with pytest.raises(CommandError, match="refused outside a demonstration"):
        call_command("create_demo_positioning")
