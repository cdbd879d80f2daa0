"""The story of the demonstration: each state is told, all is marked, and nothing is counted."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from tests.factories.workplaces import organisation

from alliage.fund.states import APPLICATION, ApplicationState
from alliage_web.accounts.models import User
from alliage_web.actors import queries as actors
from alliage_web.actors.models import Organisation
from alliage_web.alliances import queries as alliances
from alliage_web.alliances.models import Alliance
from alliage_web.audit.models import Event
from alliage_web.fund.management.demonstration.alliances import (
    CANAL,
    FOREST,
    GARDEN,
    MARSH,
    PLATEAU,
)
from alliage_web.fund.management.demonstration.dossiers import (
    BARGEES,
    ROUNDS,
    SUNDAY_STOP,
    find_dossier,
)
from alliage_web.fund.models import (
    Agreement,
    AgreementSignature,
    Application,
    CommitteeRecusal,
    Fund,
    Meeting,
    Minutes,
    OriginChoices,
    PaymentOrder,
    RepayableAdvance,
    Report,
    Support,
)
from alliage_web.fund.queries.application_wording import EVENTS
from alliage_web.fund.queries.applications import Content
from alliage_web.fund.queries.committee import legal_outcome
from alliage_web.fund.queries.follow_up import follow
from alliage_web.fund.queries.open_data import published_grants
from alliage_web.fund.queries.portfolio import portfolio
from alliage_web.knowledge.actions.indexing import refresh
from alliage_web.knowledge.models import SearchDocument, SheetProposal
from alliage_web.territories.models import Territory

if TYPE_CHECKING:
    from django.test import Client

# On one engine: the actions that tell the story are tested on both.
pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]

CHAPTERS = (
    "create_demo_budget",
    "create_demo_applications",
    "create_demo_instruction",
    "create_demo_agreements",
    "create_demo_follow_up",
    "create_demo_sheet",
)
#: The organisations that the fund that ships names.
REAL = ("fonds-odd17", "le-rameau", "fondation-totalenergies")


def _tell() -> None:
    with override_settings(ALLIAGE_DEMO=True, PRODUCTION=False):
        for chapter in ("create_demo", *CHAPTERS):
            call_command(chapter, stdout=io.StringIO())


@pytest.fixture(scope="module")
def told(written_once: None) -> None:  # noqa: ARG001 - keeps the rows for all the tests
    """Write the fund that ships and the whole story."""
    for slug in REAL:
        organisation(slug)
    call_command("load_funds", verbosity=0)
    for code in {one.commune for one in (MARSH, CANAL, PLATEAU, FOREST, GARDEN)}:
        Territory.objects.create(level="commune", code=code, name=f"Commune {code}")
    _tell()


@pytest.fixture
def fund(told: None, db: None) -> Fund:  # noqa: ARG001
    return Fund.objects.get(code="odd17")


@pytest.mark.usefixtures("fund")
def test_a_second_run_changes_nothing() -> None:
    events = Event.objects.count()
    _tell()
    assert Event.objects.count() == events


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_story_is_refused_outside_a_demonstration(chapter: str) -> None:
    with override_settings(ALLIAGE_DEMO=False), pytest.raises(CommandError, match="refused"):
        call_command(chapter)


@pytest.mark.usefixtures("fund")
def test_a_chapter_that_lacks_its_people_says_what_to_run() -> None:
    User.objects.filter(email="sacha@demo.example").update(email="autre@demo.example")
    with (
        override_settings(ALLIAGE_DEMO=True, PRODUCTION=False),
        pytest.raises(CommandError, match="start-demo"),
    ):
        call_command("create_demo_instruction")


def test_every_state_of_an_application_is_told_but_the_lapsed_one(fund: Fund) -> None:
    told = set(Application.objects.filter(fund=fund).values_list("state", flat=True))
    assert told == {state.value for state in ApplicationState} - {ApplicationState.LAPSED.value}
    assert {f"application.{each.verb}" for each in APPLICATION.transitions} <= set(EVENTS)


def test_the_committee_met_twice_and_meets_again(fund: Fund) -> None:
    first, second, coming = Meeting.objects.filter(fund=fund).order_by("number")
    assert Minutes.objects.filter(meeting__in=[first, second]).count() == 2
    assert not Minutes.objects.filter(meeting=coming).exists()
    assert coming.items.count() == 2
    # The recusals follow from what is known: nobody explained anything.
    assert {row.reason for row in CommitteeRecusal.objects.all()} == {"conflict"}


def test_the_legal_path_was_decided_on_established_facts(fund: Fund) -> None:
    row = find_dossier(fund, BARGEES)
    assert row.sent_at is not None
    assert legal_outcome(Content(row), row.sent_at.date()).value.startswith("allowed")
    decided = row.agenda_items.get().decision
    assert decided.legal_outcome.startswith("allowed")
    assert not decided.legal_note


def test_reviews_are_in_waiting_or_left(fund: Fund) -> None:
    panel = find_dossier(fund, ROUNDS).review_panels.get()
    assert sorted(
        (row.sent_at is not None, row.left_at is not None) for row in panel.reviews.all()
    ) == [(False, False), (False, True), (True, False)]


def test_payments_were_confirmed_by_another_officer(fund: Fund) -> None:
    orders = PaymentOrder.objects.filter(agreement__fund=fund)
    assert {row.state for row in orders} == {"paid", "partly_paid"}
    assert all(row.settled_by != row.ordered_by for row in orders)
    assert RepayableAdvance.objects.get().statements.count() == 3
    states = set(Agreement.objects.values_list("state", flat=True))
    assert "out_for_signature" in states
    assert AgreementSignature.objects.count() == 7


def test_a_report_served_two_agreements_and_one_of_them_ended(fund: Fund) -> None:
    [report] = Report.objects.all()
    assert report.obligations.filter(state="accepted").count() == 2
    ended = Agreement.objects.get(state="ended")
    assert ended in {row.agreement for row in report.obligations.all()}
    late = Agreement.objects.get(
        application=find_dossier(fund, SUNDAY_STOP), obligations__kind="intermediate"
    )
    told = follow(late, timezone.localdate())
    assert "report_late" in {one.rule.id for one in told.warnings}
    assert {visit.state for visit in late.visits.all()} == {"made", "planned"}


@pytest.mark.usefixtures("fund")
def test_the_sheet_waits_for_one_consent_and_is_not_published() -> None:
    [proposal] = SheetProposal.objects.all()
    assert sorted(row.state for row in proposal.consents.all()) == ["given"] * 3 + ["waiting"]
    assert proposal.entry is None


@pytest.mark.usefixtures("fund")
def test_all_that_is_invented_says_so() -> None:
    assert all("inventé" in row.title for row in Alliance.objects.all())
    written = Organisation.objects.exclude(slug__in=REAL)
    assert all("invent" in row.name for row in written)
    assert all(row.call.is_demonstration for row in Application.objects.all())
    assert User.objects.exclude(email__endswith="@demo.example").count() == 0


def test_nothing_invented_is_in_public_lists_totals_or_open_data(
    fund: Fund, client: Client
) -> None:
    refresh()
    assert Support.objects.filter(origin=OriginChoices.AGREEMENT).count() == 3
    assert portfolio(fund).rows == ()
    assert published_grants(fund).grants == ()
    assert alliances.count() == 0
    assert actors.counts().organisations == 3
    assert list(alliances.map_points()) == []
    assert not SearchDocument.objects.filter(heading__icontains="invent").exists()
    for name in ("site:home", "alliances:index", "actors:index"):
        page = client.get(reverse(name)).content.decode()
        assert "inventé" not in page, name
    for name in ("fund:supports", "fund:portfolio", "fund:reciprocity"):
        page = client.get(reverse(name, args=[fund.code])).content.decode()
        assert "inventé" not in page.replace("budget inventé", ""), name


def test_who_works_at_the_fund_reads_the_invented_supports_apart(
    fund: Fund, client: Client
) -> None:
    client.force_login(User.objects.get(email="sacha@demo.example"))
    page = client.get(reverse("fund:supports", args=[fund.code]))
    assert len(page.context["made_up"]) == 3
    assert page.context["sums"].totals.granted.cash == Decimal(0)
    assert "3 soutiens inventés pour la démonstration" in page.content.decode()
