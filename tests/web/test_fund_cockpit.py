"""The cockpit: files by stage, how long they stay, money and leverage, and who sees them."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import openpyxl
import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories import fund as made
from tests.factories.applications import applying, sent
from tests.factories.fund import BOOKED, agreement, funded, paid, signed
from tests.factories.instruction import instructed
from tests.factories.people import SINCE, somebody
from tests.factories.workplaces import FUND

from alliage.fund.follow_up.stages import Stage
from alliage.fund.money.instalments import ReturnCause
from alliage.values.money import euros
from alliage_web.accounts.models import Role
from alliage_web.alliances.models import Alliance, AllianceTerritory
from alliage_web.audit.models import Event
from alliage_web.fund.actions import agreements as agreement_actions
from alliage_web.fund.actions import instalments
from alliage_web.fund.actions.application_handling import decide
from alliage_web.fund.actions.applications import take_back, withdraw
from alliage_web.fund.actions.stages import set_targets
from alliage_web.fund.models import (
    Application,
    Call,
    FileStay,
    FormVersion,
    Fund,
    Review,
    ReviewGrid,
    ReviewPanel,
    StageTarget,
)
from alliage_web.fund.queries import pipeline as files
from alliage_web.fund.queries.ageing import ageing
from alliage_web.fund.queries.pipeline import PipelineFilters
from alliage_web.territories.models import Snapshot, Territory, Vintage
from alliage_web.ui.charts import Layer, StackedBar, StackedChart

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.accounts.models import User

pytestmark = pytest.mark.django_db
OFFICER = (Role.FUND_OFFICER, FUND)
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
NAMES = ("cockpit", "pipeline", "ageing")


def _url(name: str, *arguments: Any, **query: str) -> str:
    found = reverse(f"fund:{name}", args=["fonds", *arguments])
    return found + (
        "?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else ""
    )


def _stages(file: str) -> list[tuple[str, int | None]]:
    rows = FileStay.objects.filter(file=file).order_by("entered_at", "pk")
    return list(rows.values_list("stage", "days"))


def _alliance(code: str) -> Alliance:
    return Alliance.objects.create(
        code=code, slug=code, title=code, created_at=SINCE, updated_at=SINCE
    )


def _many(fund: Fund, count: int, *, state: str = "sent", days: int = 10) -> list[Application]:
    """Write applications that were sent some days ago, each a day later than the one before."""
    form = FormVersion.objects.filter(fund=fund).first() or FormVersion.objects.create(
        fund=fund, code="f", version=1, title_fr="F", title_en="F", text="", created_at=SINCE
    )
    call = Call.objects.filter(fund=fund).first() or Call.objects.create(
        fund=fund, code="appel", title_fr="Appel", summary_fr="Un appel.", kind="rolling",
        form=form, created_at=SINCE, updated_at=SINCE,
    )  # fmt: skip
    first, rows = Application.objects.count(), []
    for number in range(first, first + count):
        at = NOW - dt.timedelta(days=days + number)
        rows.append(
            Application.objects.create(
                reference=f"D-{number:03}",
                fund=fund,
                call=call,
                form=form,
                state=state,
                alliance=_alliance(f"alliance-{number}"),
                begun_at=at,
                sent_at=at,
                updated_at=at,
                asked_cents=None if number % 2 else 100_000,
            )
        )
    return rows


# The stages follow what is written.


def test_a_draft_is_no_file_and_an_application_passes_its_stages() -> None:
    world = applying()
    row = sent(world)
    at = row.updated_at
    assert _stages(row.reference) == [("received", None)]
    assert row.asked_cents is not None
    later = at + dt.timedelta(days=12, hours=3)
    decide(
        application=row, verb="ask_to_complete", by=world.officer, at=later,
        reason="Une pièce", complete_by=later.date(),
    )  # fmt: skip
    assert _stages(row.reference) == [("received", 12), ("to_complete", None)]
    withdraw(
        application=row, reason="", by=world.lead, at=later + dt.timedelta(days=2)
    )  # fmt: skip
    assert _stages(row.reference)[-2:] == [("to_complete", 2), ("withdrawn", None)]


def test_what_is_taken_back_is_no_file_any_more_and_comes_again() -> None:
    world = applying()
    row = sent(world)
    take_back(application=row, by=world.lead, at=row.updated_at + dt.timedelta(days=1))
    assert _stages(row.reference) == [("received", 1)]
    assert not FileStay.objects.filter(left_at=None).exists()


def test_an_agreement_made_from_nothing_is_a_file_until_it_is_paid_and_closed() -> None:
    fund = funded(100)
    officer, payer = somebody("Officer", OFFICER), somebody("Payer", OFFICER)
    row = agreement(fund, officer)
    assert _stages(row.reference)[-1][0] == "to_agree"
    row = signed(row, officer)
    assert _stages(row.reference)[-1][0] == "to_pay"
    paid(row, 20, officer, payer)
    assert _stages(row.reference)[-1][0] == "to_pay"
    paid(row, 40, officer, payer)
    assert _stages(row.reference)[-1][0] == "to_close"
    instalments.record_return(
        agreement=row, instalment="t1", amount=euros(10), returned_on=BOOKED,
        cause=ReturnCause.UNDUE, by=officer, at=SINCE + dt.timedelta(days=5),
    )  # fmt: skip
    assert [stage for stage, _days in _stages(row.reference)][-3:] == [
        "to_pay", "to_close", "to_pay",
    ]  # fmt: skip
    assert _stages(row.reference)[-2][1] == 5


def test_an_accepted_application_waits_for_its_agreement_and_again_when_it_is_abandoned() -> None:
    fund = funded(100)
    officer = somebody("Officer", OFFICER)
    (application,) = _many(fund, 1, state="accepted")
    row = agreement(fund, officer)
    row.application = application
    row.save()
    agreement_actions.send_for_signature(agreement=row, by=officer, at=NOW, on=BOOKED)
    stay = FileStay.objects.get(file=application.reference, left_at=None)
    assert (stay.stage, stay.agreement) == ("to_sign", row)
    agreement_actions.decide(
        agreement=row, verb="abandon", reason="Un doublon", by=officer, at=NOW, on=BOOKED
    )
    stay = FileStay.objects.get(file=application.reference, left_at=None)
    assert (stay.stage, stay.agreement) == ("to_agree", None)


def test_the_database_holds_the_rules_of_the_stays() -> None:
    fund = funded(100)
    (row,) = _many(fund, 1)
    good = {"fund": fund, "file": "x", "application": row, "stage": "review", "entered_at": NOW}
    for wrong in (
        {"stage": "?"},
        {"application": None},
        {"file": row.reference},
        {"left_at": NOW},
        {"days": 3},
        {"left_at": NOW - dt.timedelta(days=1), "days": 0},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            FileStay.objects.create(**{**good, **wrong})
    for wrong_target in ({"stage": "closed", "days": 3}, {"stage": "review", "days": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            StageTarget.objects.create(fund=fund, **wrong_target)


# What the board, the list and the ages say.


def test_columns_count_add_up_and_show_the_oldest_first() -> None:
    fund = funded(100)
    _many(fund, 7)
    _many(fund, 2, state="refused")
    found = files.pipeline(fund, PipelineFilters(), now=NOW, oldest=3)
    received = found.columns[0]
    assert (received.stage, received.count, received.asking, received.unknown) == (
        Stage.RECEIVED, 7, 4, 3,
    )  # fmt: skip
    assert received.asked == euros(4000)
    assert [line.stay.file for line in received.lines] == ["D-006", "D-005", "D-004"]
    assert [line.age for line in received.lines] == [16, 15, 14]
    assert (found.open, found.files) == (7, 9)
    assert received.late is None
    assert sum(each.count for each in found.columns) == 7


def test_a_file_is_late_a_day_after_the_delay_and_only_where_there_is_one() -> None:
    fund = funded(100)
    _many(fund, 6)
    set_targets(fund=fund, days={Stage.RECEIVED: 12}, by=somebody("O", OFFICER), at=NOW)
    found = files.pipeline(fund, PipelineFilters(), now=NOW, oldest=10).columns
    assert found[0].late == 3
    assert [line.is_late for line in found[0].lines] == [True, True, True, False, False, False]
    assert found[1].late is None
    late = files.standing(fund, PipelineFilters(late=True), targets={Stage.RECEIVED: 12}, now=NOW)
    assert late.count() == 3
    (age,) = [each for each in ageing(fund, now=NOW) if each.stage is Stage.RECEIVED]
    assert (age.late, age.ended_late, age.time.going_on) == (3, 0, 6)
    assert age.ages == (0, 6, 0, 0, 0)


def test_money_of_a_file_is_that_of_the_ledger() -> None:
    fund = funded(100)
    officer, payer = somebody("Officer", OFFICER), somebody("Payer", OFFICER)
    row = signed(agreement(fund, officer), officer)
    paid(row, 20, officer, payer)
    column = next(
        each
        for each in files.pipeline(fund, PipelineFilters(), now=NOW, oldest=5).columns
        if each.stage is Stage.TO_PAY
    )
    (line,) = column.lines
    assert column.awarded == line.awarded == euros(60)
    assert line.paid == euros(20)
    assert line.asked is None
    assert line.opens_agreement
    assert line.next is not None
    assert (line.next.on, line.next.is_past) == (BOOKED, True)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (PipelineFilters(), 3),
        (PipelineFilters(stage="to_pay"), 1),
        (PipelineFilters(call="appel"), 2),
        (PipelineFilters(call="autre"), 0),
        (PipelineFilters(strand=made.STRANDS[1]), 1),
        (PipelineFilters(year=2026), 3),
        (PipelineFilters(year=2025), 0),
        (PipelineFilters(reviewer=0), 0),
    ],
)
def test_filters_keep_what_they_say(filters: PipelineFilters, expected: int) -> None:
    fund = funded(100)
    officer = somebody("Officer", OFFICER)
    signed(agreement(fund, officer), officer)
    _many(fund, 2)
    found = files.pipeline(fund, filters, now=NOW)
    assert found.files == expected
    assert files.standing(fund, filters, targets={}, now=NOW).count() == expected


def test_a_file_is_found_by_who_reviews_it() -> None:
    world = instructed()
    grid = ReviewGrid.objects.create(
        fund=world.world.fund, code="g", version=1, title_fr="G", title_en="G", text="",
        digest="0" * 64, created_at=SINCE,
    )  # fmt: skip
    panel = ReviewPanel.objects.create(application=world.application, grid=grid, opened_at=SINCE)
    reviewer = world.reviewers[0]
    Review.objects.create(panel=panel, reviewer=reviewer, assigned_at=SINCE)
    found = files.pipeline(world.world.fund, PipelineFilters(reviewer=reviewer.pk), now=NOW)
    assert found.files == 1
    choices = files.choices_of(world.world.fund)["reviewer"]
    assert [choice.value for choice in choices] == [str(reviewer.pk)]


# The pages.


@pytest.fixture
def officer(client: Client) -> User:
    user = somebody("Sacha", OFFICER)
    client.force_login(user)
    return user


@pytest.mark.parametrize(
    ("role", "sees", "sets"),
    [
        (Role.FUND_OFFICER, True, True),
        (Role.FUND_AUDITOR, True, False),
        (Role.COMMITTEE_MEMBER, True, False),
        (Role.REVIEWER, False, False),
        (Role.READER, False, False),
    ],
)
@pytest.mark.one_engine
def test_who_decides_or_audits_sees_and_officers_set_the_delays(
    client: Client, role: Role, sees: bool, sets: bool
) -> None:
    fund = funded(100)
    _many(fund, 2)
    client.force_login(somebody("Lou", (role, FUND)))
    for address in (*map(_url, NAMES), _url("pipeline-export", "csv")):
        assert client.get(address).status_code == (200 if sees else 403)
    assert client.get(_url("delays")).status_code == (200 if sets else 403)
    if sees:
        page = client.get(_url("cockpit")).content.decode()
        assert "D-001" in page
        # Who sits on the committee reads the applications brought before it, not all of them.
        opens = reverse("fund:application", args=["D-001"]) in page
        assert opens is (role is not Role.COMMITTEE_MEMBER)


def test_who_is_not_signed_in_is_led_to_sign_in(client: Client) -> None:
    funded(100)
    for name in (*NAMES, "delays"):
        response = client.get(_url(name))
        assert response.status_code == 302
        assert "connexion" in response["Location"]


@pytest.mark.usefixtures("officer")
def test_the_pages_of_a_fund_without_anything_say_so(client: Client) -> None:
    made.fund_with_strands()
    assert "Aucun dossier n’est en cours" in client.get(_url("cockpit")).content.decode()
    assert "Aucun dossier" in client.get(_url("pipeline")).content.decode()
    assert "Aucun dossier n’est encore arrivé" in client.get(_url("ageing")).content.decode()


@pytest.mark.usefixtures("officer")
@time_machine.travel(NOW, tick=False)
def test_the_list_is_ordered_paginated_and_exported(client: Client) -> None:
    fund = funded(100)
    _many(fund, 53)
    first = client.get(_url("pipeline")).content.decode()
    assert "D-052" in first
    assert "D-000" not in first
    second = client.get(_url("pipeline", page="2")).content.decode()
    assert "D-000" in second
    assert "D-052" in client.get(_url("pipeline", page="2", ordre="recents")).content.decode()
    content = client.get(_url("pipeline-export", "csv", etape="received")).content
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 54
    assert rows[1][0] == "D-052"
    assert rows[1][5:8] == ["reçu", "2026-09-20", "62"]
    assert rows[1][9] == "1000,00"
    assert rows[2][9] == ""
    book = openpyxl.load_workbook(io.BytesIO(client.get(_url("pipeline-export", "xlsx")).content))
    assert book.active is not None
    assert book.active.max_row == 54
    assert client.get(_url("pipeline-export", "pdf")).status_code == 404


@pytest.mark.usefixtures("officer")
def test_what_is_no_choice_is_ignored(client: Client) -> None:
    fund = funded(100)
    _many(fund, 2)
    response = client.get(
        _url("pipeline", etape="x", appel="%00", annee="12e", instructeur="9" * 30, ordre="?")
    )
    assert response.status_code == 200
    assert response.context["filters"].is_empty


@pytest.mark.usefixtures("officer")
def test_delays_are_written_once_in_the_trail_and_may_be_taken_away(client: Client) -> None:
    fund = funded(100)
    token = str(uuid4())
    sent_form = {"submission": token, "received": "10", "review": "60"}
    for _again in range(2):
        response = client.post(_url("delays"), sent_form)
        assert response.status_code == 302
    assert files.targets_of(fund) == {Stage.RECEIVED: 10, Stage.REVIEW: 60}
    event = Event.objects.get(kind="fund.delays-set")
    assert event.changes == {"delay_received": [None, 10], "delay_review": [None, 60]}
    client.post(_url("delays"), {"submission": str(uuid4()), "review": "60"})
    assert files.targets_of(fund) == {Stage.REVIEW: 60}
    wrong = client.post(_url("delays"), {"submission": str(uuid4()), "review": "-3"})
    assert wrong.status_code == 422
    assert 'value="-3"' in wrong.content.decode()
    assert files.targets_of(fund) == {Stage.REVIEW: 60}


@time_machine.travel(NOW, tick=False)
def test_the_cockpit_says_what_is_late_and_leads_to_the_records(
    client: Client, officer: User
) -> None:
    fund = funded(100)
    _many(fund, 6)
    payer = somebody("Payer", OFFICER)
    row = signed(agreement(fund, officer), officer)
    paid(row, 20, officer, payer)
    set_targets(fund=fund, days={Stage.RECEIVED: 12}, by=officer, at=NOW)
    response = client.get(_url("cockpit"))
    page = response.content.decode()
    assert response.context["late"] == 3
    assert _url("pipeline", retard="1") in page
    assert f"{_url('ledger')}?account=paid&amp;strand={made.STRANDS[1]}&amp;year=2026" in page
    assert row.get_absolute_url() in page
    assert response.context["page"].waterfall.paid == euros(20)
    english = client.get(_url("cockpit"), headers={"Accept-Language": "en"})
    assert english.status_code == 200


@pytest.mark.one_engine
def test_the_number_of_queries_does_not_grow_with_the_files(client: Client, officer: User) -> None:
    fund = funded(500, endowment=5000)

    def asked() -> dict[str, int]:
        counts = {}
        for name in NAMES:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(_url(name)).status_code == 200
            counts[name] = len(queries)
        return counts

    _many(fund, 3)
    signed(agreement(fund, officer), officer)
    few = asked()
    _many(fund, 20)
    for _number in range(3):
        signed(agreement(fund, officer), officer)
    assert asked() == few
    assert few["cockpit"] <= 60


# The portfolio by group.


def _placed(code: str, *departments: str) -> Alliance:
    """Write an alliance that acts in departments of one region."""
    vintage = Vintage.objects.get_or_create(year=2026, is_current=True)[0]
    region = _territory(vintage, "region", "11", None)
    row = _alliance(code)
    for department in departments:
        place = _territory(vintage, "department", department, region)
        AllianceTerritory.objects.create(alliance=row, territory=place)
    return row


def _territory(vintage: Vintage, level: str, code: str, region: Territory | None) -> Territory:
    row = Territory.objects.get_or_create(level=level, code=code, name=f"Lieu {code}")[0]
    Snapshot.objects.get_or_create(
        vintage=vintage, territory=row,
        defaults={"name": row.name, "name_key": code, "region": region},
    )  # fmt: skip
    return row


def _group(response: Any, dimension: str, value: str) -> Any:
    (table,) = [
        each for each in response.context["breakdowns"] if each.breakdown.dimension == dimension
    ]
    (group,) = [each for each in table.breakdown.groups if each.value == value]
    return table.breakdown, group


def test_groups_count_whole_say_when_they_overlap_and_keep_what_is_unknown(client: Client) -> None:
    fund = funded(100)
    both, one = _placed("deux", "94", "75"), _placed("une", "94")
    made.support(fund, alliance_id=both.pk, amount=euros(1000))
    made.support(fund, alliance_id=one.pk, amount=euros(200))
    made.support(fund, amount=euros(30))
    made.support(fund, alliance_id=one.pk, nature="in_kind", method="market_price", amount=euros(7))
    page = client.get(_url("portfolio"))
    found, valley = _group(page, "departement", "94")
    assert found.overlaps
    assert valley.alliances == 2
    assert valley.totals.granted.cash == euros(1200)
    assert valley.totals.granted.in_kind == euros(7)
    assert _group(page, "departement", "75")[1].totals.granted.cash == euros(1000)
    assert _group(page, "departement", "inconnu")[1].totals.granted.cash == euros(30)
    region, whole = _group(page, "region", "11")
    assert whole.totals.granted.cash == euros(1200)
    assert not region.overlaps
    assert "Ces groupes se recoupent" in page.content.decode()
    detail = client.get(valley.href)
    assert detail.context["totals"].granted == valley.totals.granted
    assert detail.context["page"].paginator.count == 3
    unknown = client.get(_group(page, "departement", "inconnu")[1].href)
    assert unknown.context["page"].paginator.count == 1
    for wrong in (("departement", "13"), ("couleur", "94")):
        assert client.get(_url("portfolio-group", *wrong)).status_code == 404


@pytest.mark.one_engine
def test_the_ledger_of_the_groups_is_for_who_may_see_the_budget(client: Client) -> None:
    fund = funded(100)
    officer, payer = somebody("Officer", OFFICER), somebody("Payer", OFFICER)
    row = signed(agreement(fund, officer), officer)
    paid(row, 20, officer, payer)
    address = _url("portfolio-group", "monde", "association")
    page = client.get(_url("portfolio"))
    assert not page.context["sees_ledger"]
    assert all(
        group.money is None
        for table in page.context["breakdowns"]
        for group in table.breakdown.groups
    )
    public = client.get(address)
    assert not public.context["files"]
    assert _url("ledger") not in public.content.decode()
    client.force_login(officer)
    group = _group(client.get(_url("portfolio")), "monde", "association")[1]
    assert (group.money.files, group.money.awarded, group.money.paid) == (1, euros(60), euros(20))
    detail = client.get(address)
    assert detail.context["money"] == group.money
    assert f"{_url('ledger')}?file={row.reference}" in detail.content.decode()


# The chart of parts.


def _chart(*values: tuple[float, ...]) -> StackedChart:
    bars = tuple(
        StackedBar(str(rank), each, tuple(map(str, each)), text=str(sum(each)))
        for rank, each in enumerate(values)
    )
    return StackedChart("Titre", (Layer("a", "one"), Layer("b", "two")), bars)


def test_parts_are_put_end_to_end_on_one_scale() -> None:
    drawn = _chart((1, 3), (2, 0)).drawn
    assert [(start, length) for _layer, start, length in drawn[0][1]] == [(0, 25), (25, 75)]
    assert [(start, length) for _layer, start, length in drawn[1][1]] == [(0, 50), (50, 0)]
    table = _chart((1, 3)).table
    assert [[cell.text for cell, _column in line] for line in table.lines] == [["0", "1", "3", "4"]]


def test_parts_of_nothing_have_no_length_and_none_may_be_below_zero() -> None:
    assert [length for _layer, _start, length in _chart((0, 0)).drawn[0][1]] == [0, 0]
    with pytest.raises(ValueError, match="below zero"):
        _ = _chart((1, -1)).drawn
