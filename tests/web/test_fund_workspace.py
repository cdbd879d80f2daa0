"""Funds: what documents say of them, the alliances that they support, their trail."""

from __future__ import annotations

import datetime as dt
import io
import shutil
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from tests.factories.alliances import shipped, shipped_world
from tests.factories.people import somebody

from alliage.values.datafiles import data_directory
from alliage_web.accounts.actions import give_role
from alliage_web.accounts.models import Role
from alliage_web.accounts.queries import place
from alliage_web.actors.actions import merge_organisations
from alliage_web.actors.models import Organisation
from alliage_web.alliances.actions import load_records
from alliage_web.alliances.models import Alliance
from alliage_web.audit.models import Event
from alliage_web.audit.queries import history
from alliage_web.fund.models import Fund
from alliage_web.fund.queries import page_of

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def odd17() -> Fund:
    """The fund that ships, with the organisations and the alliances that it names."""
    shipped_world()
    for slug in ("le-rameau", "fondation-totalenergies"):
        if not Organisation.objects.filter(slug=slug).exists():
            _organisation(slug)
    load_records(records=shipped(), by=None, at=AT)
    call_command("load_funds", verbosity=0)
    return Fund.objects.get(code="odd17")


def _organisation(slug: str) -> Organisation:
    return Organisation.objects.create(
        slug=slug, name=slug, name_key=slug, world="other", profile="support_body",
        created_at=AT, updated_at=AT,
    )  # fmt: skip


def test_a_second_load_writes_nothing(odd17: Fund) -> None:
    events = Event.objects.count()
    said = io.StringIO()
    call_command("load_funds", stdout=said)
    assert "already there" in said.getvalue()
    assert Event.objects.count() == events
    assert Fund.objects.get().updated_at == odd17.updated_at


def test_a_load_writes_what_changed_and_keeps_the_trail(odd17: Fund, tmp_path: Path) -> None:
    text = (data_directory() / "fund" / "odd17.yaml").read_text(encoding="utf-8")
    (tmp_path / "odd17.yaml").write_text(text.replace("name: Fonds ODD17", "name: Fonds ODD 17"))
    call_command("load_funds", tmp_path, verbosity=0)
    assert Fund.objects.get().name == "Fonds ODD 17"
    assert history(odd17.stable_name)[0].changes == {"name": ["Fonds ODD17", "Fonds ODD 17"]}


def test_a_load_follows_the_organisations_that_were_merged(odd17: Fund) -> None:
    kept = _organisation("total-fondation")
    merge_organisations(
        kept=kept,
        merged=Organisation.objects.get(slug="fondation-totalenergies"),
        choices={},
        by=None,
        at=AT,
    )
    events = Event.objects.count()
    call_command("load_funds", verbosity=0)
    assert Event.objects.count() == events
    assert kept in page_of(odd17).founders


def test_a_file_that_names_unknown_organisations_loads_nothing() -> None:
    with pytest.raises(CommandError, match=r"le-rameau.*load-reference"):
        call_command("load_funds", verbosity=0)
    assert not Fund.objects.exists()


def test_a_wrong_file_says_where_it_is_wrong(tmp_path: Path) -> None:
    shutil.copy(data_directory() / "fund" / "odd17.yaml", tmp_path / "b.yaml")
    wrong = (tmp_path / "b.yaml").read_text(encoding="utf-8").replace("eur: 2000000", "eur: -1")
    (tmp_path / "b.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(CommandError, match=r"b\.yaml: endowment, entry 1, eur"):
        call_command("load_funds", tmp_path, verbosity=0)


def test_the_page_shows_statements_side_by_side_and_never_adds_them(
    odd17: Fund, client: Client
) -> None:
    text = client.get(odd17.get_absolute_url()).content.decode()
    for amount in ("2\xa0M€", "1,5\xa0M€", "3\xa0M€"):
        assert amount in text.replace("\u202f", "\xa0")
    assert "6,5" not in text
    assert "3,5" not in text
    assert "annoncée" in text
    assert "complément extérieur" in text


def test_the_amounts_of_the_alliances_are_counted_once(odd17: Fund) -> None:
    page = page_of(odd17)
    assert page.granted == Decimal(42_000)
    assert page.conditional == Decimal(10_000)
    assert len(page.alliances) == 9


def test_an_alliance_without_a_known_amount_says_so(odd17: Fund, client: Client) -> None:
    text = client.get(odd17.get_absolute_url()).content.decode()
    page = Alliance.objects.get(code="fonds_rural").get_absolute_url()
    line = text.split(page)[1].split("</tr>")[0]
    assert "non connu" in line


@pytest.mark.one_engine
def test_the_page_of_a_fund_reads_little(
    odd17: Fund, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(10):
        client.get(odd17.get_absolute_url())


def test_a_fund_that_does_not_exist_is_not_found(client: Client) -> None:
    assert client.get(reverse("fund:detail", args=["autre"])).status_code == 404
    assert place("fund:autre") is None


def test_the_list_says_what_to_do_while_it_is_empty(client: Client) -> None:
    assert "load-funds" in client.get(reverse("fund:index")).content.decode()


@pytest.mark.parametrize(
    ("role", "sees", "writes", "reads_trail"),
    [
        (Role.FUND_OFFICER, True, True, True),
        (Role.FUND_AUDITOR, True, False, True),
        (Role.REVIEWER, True, False, False),
        (Role.COMMITTEE_MEMBER, True, False, False),
        (Role.READER, True, False, False),
    ],
)
@pytest.mark.one_engine
def test_what_each_role_of_the_fund_sees_and_writes(
    odd17: Fund, role: Role, sees: bool, writes: bool, reads_trail: bool
) -> None:
    person = somebody("Alex", (role, odd17.stable_name))
    assert person.has_perm("fund.see_workspace", odd17) is sees
    assert person.has_perm("fund.write_workspace", odd17) is writes
    assert person.has_perm("fund.read_trail", odd17) is reads_trail


@pytest.mark.one_engine
def test_an_auditor_reads_what_is_written_at_the_fund_and_nothing_of_others(
    odd17: Fund, client: Client
) -> None:
    other = Fund.objects.create(
        code="autre", name="Autre", organisation=odd17.organisation, created_at=AT, updated_at=AT
    )
    reader = somebody("Robin")
    administrator = somebody("Alix", (Role.ADMINISTRATOR, "platform"))
    for fund in (odd17, other):
        give_role(user=reader, role=Role.READER, place=fund.stable_name, by=administrator, at=AT)
    client.force_login(somebody("Charlie", (Role.FUND_AUDITOR, odd17.stable_name)))
    text = client.get(reverse("fund:trail", args=["odd17"])).content.decode()
    assert text.count("Rôle donné") == 1
    assert "Robin" in text
    assert "Fiche du fonds chargée" in text
    assert client.get(reverse("fund:trail", args=["autre"])).status_code == 403


@pytest.mark.one_engine
def test_only_those_who_may_are_shown_the_way_to_the_workspace(odd17: Fund, client: Client) -> None:
    page = odd17.get_absolute_url()
    assert "Espace du fonds" not in client.get(page).content.decode()
    client.force_login(somebody("Charlie", (Role.FUND_AUDITOR, odd17.stable_name)))
    text = client.get(page).content.decode()
    assert "Espace du fonds" in text
    assert "Journal du fonds" in text
