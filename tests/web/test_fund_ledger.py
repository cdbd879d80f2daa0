"""The ledger: what its actions write, and what the database refuses whoever writes."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from tests.factories.fund import (
    STRANDS,
    fund_with_strands,
    funded,
    ledger_unlocked,
    post,
    posting,
)
from tests.factories.people import SINCE
from tests.factories.workplaces import organisation

from alliage.fund.money.ledger import (
    Account,
    AccountCode,
    LedgerProblem,
    PostingKind,
    PostingRefused,
)
from alliage.values.datafiles import data_directory
from alliage.values.money import euros
from alliage_web.actors.actions import merge_organisations
from alliage_web.audit.models import Event
from alliage_web.fund import actions
from alliage_web.fund.models import (
    Envelope,
    Fund,
    Funder,
    Movement,
    Posting,
    RunningBalance,
    Strand,
)
from alliage_web.fund.queries import budget as budgets
from alliage_web.fund.queries import ledger as written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.db.models import Model
    from pytest_django.fixtures import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

K = PostingKind
A = AccountCode


def _balance(fund: Fund, code: AccountCode, **about: Any) -> RunningBalance:
    return RunningBalance.objects.get(fund=fund, code=code.value, **about)


def _spent() -> Fund:
    """Write a ledger with a file that was paid, partly as an advance, and a promise."""
    fund = funded(100)
    post(
        fund,
        posting(K.AWARD, 60, envelope=2026, file="a"),
        posting(K.COMMITMENT, 50, envelope=2026, file="a"),
        posting(K.PAYMENT, 20, envelope=2026, file="a"),
        posting(K.ADVANCE_PAYMENT, 10, envelope=2026, file="a", advance="x"),
        posting(K.PROMISE, 70, funder="mecene"),
    )
    return fund


# Actions.


def test_a_posting_is_written_with_its_movements_and_told_in_the_trail() -> None:
    fund = _spent()
    [row] = post(fund, posting(K.PAYMENT, "5.25", envelope=2026, file="a"))
    assert (row.number, row.eur) == (8, euros("5.25"))
    moved = [(m.debit.code, m.credit.code, m.cents) for m in row.movements.all()]
    assert moved == [("paid", "committed", 525), ("grants", "cash", 525)]
    assert _balance(fund, A.CASH).eur == euros("-35.25")
    assert _balance(fund, A.COMMITTED).eur == euros("14.75")
    event = Event.objects.get(target="posting:fonds:8")
    assert event.changes["amount"] == [None, "5.25"]
    assert "reason" not in event.changes


def test_the_same_key_is_written_once_and_another_content_refused() -> None:
    fund = funded(100)
    first = posting(K.AWARD, 10, envelope=2026, file="a")
    [row] = post(fund, first)
    assert post(fund, first) == (row,)
    assert post(fund, first, first) == (row,)
    with pytest.raises(PostingRefused) as caught:
        post(fund, replace(first, amount=euros(11)))
    assert caught.value.problem is LedgerProblem.KEY_REUSED
    assert Event.objects.filter(kind="ledger.posted").count() == 3


def test_all_postings_are_written_or_none() -> None:
    fund = funded(100)
    with pytest.raises(PostingRefused):
        post(
            fund,
            posting(K.AWARD, 60, envelope=2026, file="a"),
            posting(K.AWARD, 60, envelope=2026, file="b"),
        )
    assert Posting.objects.count() == 2


@pytest.mark.parametrize(
    "asked",
    [
        posting(K.ALLOTMENT, 1, envelope=("inconnu", 2026)),
        posting(K.PROMISE, 1, funder="inconnu"),
    ],
)
def test_a_name_that_the_fund_does_not_have_is_refused(asked: Any) -> None:
    fund = funded(100)
    with pytest.raises(actions.UnknownNameError, match="inconnu"):
        post(fund, asked)
    assert Posting.objects.count() == 2


def test_a_reversal_sent_again_says_the_same_or_is_refused() -> None:
    fund = funded(100)
    asked = posting(K.AWARD, 10, envelope=2026, file="a")
    post(fund, asked)
    header: dict[str, Any] = {
        "fund": fund, "original": asked.key, "key": "undo", "booked_on": dt.date(2026, 4, 1),
        "by": None, "at": SINCE,
    }  # fmt: skip
    first = actions.reverse(reason="Erreur", **header)
    assert actions.reverse(reason="Erreur", **header) == first
    with pytest.raises(PostingRefused) as caught:
        actions.reverse(reason="Autre", **header)
    assert caught.value.problem is LedgerProblem.KEY_REUSED
    assert _balance(fund, A.AVAILABLE).eur == euros(100)


def test_what_a_closed_envelope_held_is_undone_in_the_one_that_carries_it_on() -> None:
    fund = funded(100, year=2025)
    asked = posting(K.AWARD, 10, envelope=2025, file="a", booked_on=dt.date(2025, 5, 1))
    post(fund, asked)
    closing: dict[str, Any] = {
        "fund": fund, "year": 2025, "key": "close", "booked_on": dt.date(2026, 3, 2),
        "reason": "r", "by": None, "at": SINCE,
    }  # fmt: skip
    closed = actions.close_year(**closing)
    assert actions.close_year(**closing) == closed[-1:]
    undone = actions.reverse(
        fund=fund, original=asked.key, key="undo", booked_on=dt.date(2026, 4, 1), reason="r",
        by=None, at=SINCE,
    )  # fmt: skip
    assert str(undone.envelope) == "Territoires 2026"
    assert _balance(fund, A.AVAILABLE, envelope__year=2026).eur == euros(100)
    assert written.verify(fund).is_right


def test_a_funder_stays_the_same_when_its_organisation_is_known_by_another_name() -> None:
    fund = fund_with_strands()
    other = organisation("autre")
    Funder.objects.update(organisation=other)
    actions.promise(
        fund=fund, organisation=other, amount=euros(5), key="p", booked_on=dt.date(2026, 3, 2),
        reason="r", by=None, at=SINCE,
    )  # fmt: skip
    assert Funder.objects.count() == 1
    assert _balance(fund, A.CONTRIBUTIONS, funder__code="mecene").eur == euros(5)


def test_a_posting_reads_only_what_it_touches(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    fund = _spent()
    for rank in range(30):
        post(fund, posting(K.AWARD, "0.10", envelope=2026, file=f"autre-{rank}"))
    asked = posting(K.PAYMENT, 1, envelope=2026, file="a")
    known = written.known(written.memory(fund, (asked.key,)), fund, written.touched_by((asked,)))
    assert {account.file for account in known.accounts} == {"", "a"}
    with django_assert_max_num_queries(25):
        post(fund, asked)


# What the database refuses, whoever writes.


def _raw(fund: Fund, kind: PostingKind = K.AWARD, cents: int = 100, **about: Any) -> Posting:
    """Write the row of a posting without the actions; the movements are still to come."""
    values = {
        "number": written.last_number(fund) + 1, "key": "raw", "reason": "raw",
        "booked_on": dt.date(2026, 5, 1), "envelope": Envelope.objects.first(), "file": "a",
        "written_at": SINCE,
    }  # fmt: skip
    return Posting.objects.create(fund=fund, kind=kind.value, cents=cents, **values | about)


def _move(row: Posting, debit: RunningBalance, credit: RunningBalance, **about: Any) -> None:
    values = {"rank": 0, "cents": row.cents} | about
    Movement.objects.create(posting=row, debit=debit, credit=credit, **values)


def _new(fund: Fund, code: AccountCode, **about: Any) -> RunningBalance:
    return RunningBalance.objects.create(fund=fund, code=code.value, **about)


def _other_fund() -> Fund:
    acting = organisation("ailleurs")
    return Fund.objects.create(
        code="autre", name="Autre", organisation=acting, created_at=SINCE, updated_at=SINCE
    )


def _envelope_below_zero(fund: Fund) -> None:
    row = _raw(fund, cents=4001)
    _move(row, _balance(fund, A.RESERVED), _balance(fund, A.AVAILABLE))


def _committed_beyond_awarded(fund: Fund) -> None:
    row = _raw(fund, K.COMMITMENT, cents=1001)
    _move(row, _balance(fund, A.COMMITTED), _balance(fund, A.RESERVED))


def _paid_beyond_committed(fund: Fund) -> None:
    row = _raw(fund, K.PAYMENT, cents=2001)
    _move(row, _balance(fund, A.PAID), _balance(fund, A.COMMITTED))


def _advance_below_zero(fund: Fund) -> None:
    row = _raw(fund, K.REPAYMENT, cents=1001, envelope=None, advance="x")
    _move(row, _balance(fund, A.CASH), _balance(fund, A.ADVANCES))


def _given_back_beyond_paid(fund: Fund) -> None:
    row = _raw(fund, K.RETURN, cents=3001)
    _move(row, _balance(fund, A.COMMITTED), _balance(fund, A.PAID))


def _called_beyond_promised(fund: Fund) -> None:
    funder = Funder.objects.get()
    row = _raw(fund, K.CALL, cents=7001, envelope=None, file="", funder=funder)
    _move(row, _new(fund, A.TO_RECEIVE, funder=funder), _balance(fund, A.TO_CALL))


def _gap(fund: Fund) -> None:
    _raw(fund, number=written.last_number(fund) + 2)


def _same_key(fund: Fund) -> None:
    _raw(fund, key=Posting.objects.order_by("number")[0].key)


def _envelope_of_another_fund(fund: Fund) -> None:
    strand = Strand.objects.create(fund=_other_fund(), code="s", name_fr="S")
    _raw(fund, envelope=Envelope.objects.create(strand=strand, year=2026))


def _funder_of_another_fund(fund: Fund) -> None:
    acting = organisation("autre-mecene")
    funder = Funder.objects.create(fund=_other_fund(), code="m", organisation=acting)
    _raw(fund, K.CALL, envelope=None, file="", funder=funder)


def _year_with_money(fund: Fund) -> None:
    _raw(fund, K.YEAR_CLOSING, cents=0, year=2026, envelope=None, file="")


def _years_out_of_order(fund: Fund) -> None:
    for year in (2010, 2012):
        _raw(fund, K.YEAR_CLOSING, cents=0, year=year, envelope=None, file="", key=f"close-{year}")


def _in_a_closed_year(fund: Fund) -> None:
    _raw(fund, K.YEAR_CLOSING, cents=0, year=2020, envelope=None, file="", key="close")
    _raw(fund, booked_on=dt.date(2020, 12, 31))


def _in_a_closed_envelope(fund: Fund) -> None:
    _raw(fund, K.YEAR_CLOSING, cents=0, year=2020, envelope=None, file="", key="close")
    strand = Strand.objects.get(code=STRANDS[0])
    _raw(fund, envelope=Envelope.objects.create(strand=strand, year=2020))


def _reversed_twice(fund: Fund) -> None:
    first = Posting.objects.get(fund=fund, number=3)
    for key in ("one", "two"):
        _raw(fund, cents=first.cents, reverses=first, key=key)


def _reversal_of_another_amount(fund: Fund) -> None:
    _raw(fund, cents=1, reverses=Posting.objects.get(fund=fund, number=3))


def _no_amount(fund: Fund) -> None:
    _raw(fund, cents=0)


def _no_reason(fund: Fund) -> None:
    _raw(fund, reason="")


def _unknown_kind(fund: Fund) -> None:
    with connection.cursor() as cursor:
        row = _raw(fund, key="fine")
        cursor.execute(
            "INSERT INTO fund_posting (fund_id, number, key, kind, booked_on, reason, reference,"
            " cents, file, advance, written_at) VALUES (%s, %s, 'k', 'gift', '2026-05-01', 'r', '',"
            " 1, '', '', '2026-05-01')",
            [fund.pk, row.number + 1],
        )


def _another_amount(fund: Fund) -> None:
    row = _raw(fund)
    _move(row, _balance(fund, A.RESERVED), _balance(fund, A.AVAILABLE), cents=99)


def _to_an_earlier_posting(fund: Fund) -> None:
    row = Posting.objects.get(fund=fund, number=3)
    _move(row, _balance(fund, A.RESERVED), _balance(fund, A.AVAILABLE), rank=1)


def _to_itself(fund: Fund) -> None:
    row = _raw(fund)
    _move(row, _balance(fund, A.RESERVED), _balance(fund, A.RESERVED))


def _between_registers(fund: Fund) -> None:
    row = _raw(fund)
    _move(row, _balance(fund, A.CASH), _balance(fund, A.AVAILABLE))


def _of_another_file(fund: Fund) -> None:
    row = _raw(fund)
    other = _new(fund, A.RESERVED, envelope=row.envelope, file="b")
    _move(row, other, _balance(fund, A.AVAILABLE))


def _of_another_envelope(fund: Fund) -> None:
    row = _raw(fund, K.ALLOTMENT, file="")
    strand = Strand.objects.get(code=STRANDS[0])
    other = _new(fund, A.AVAILABLE, envelope=Envelope.objects.create(strand=strand, year=2026))
    _move(row, other, _balance(fund, A.UNALLOTTED))


def _balance_from_nothing(fund: Fund) -> None:
    _new(fund, A.RESERVED, envelope=Envelope.objects.first(), file="b", cents=5)


def _balance_twice(fund: Fund) -> None:
    _new(fund, A.CASH)


def _balance_against_the_chart(fund: Fund) -> None:
    _new(fund, A.AVAILABLE, envelope=Envelope.objects.first(), file="b")


def _renamed(statement: str) -> Callable[[Fund], None]:
    def rename(_fund: Fund) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return rename


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        (_envelope_below_zero, "fund_balance_not_below_zero"),
        (_committed_beyond_awarded, "fund_balance_not_below_zero"),
        (_paid_beyond_committed, "fund_balance_not_below_zero"),
        (_advance_below_zero, "fund_balance_not_below_zero"),
        (_called_beyond_promised, "fund_balance_not_below_zero"),
        (_given_back_beyond_paid, "cannot give back more"),
        (_gap, "without a gap"),
        (_same_key, "fund_posting_key_once|append-only"),
        (_envelope_of_another_fund, "of another fund"),
        (_funder_of_another_fund, "of another fund"),
        (_year_with_money, "still holds money"),
        (_years_out_of_order, "in order"),
        (_in_a_closed_year, "year is closed"),
        (_in_a_closed_envelope, "envelope is closed"),
        (_reversed_twice, "reverses_id|append-only"),
        (_reversal_of_another_amount, "repeats what it reverses"),
        (_no_amount, "fund_posting_has_an_amount"),
        (_no_reason, "fund_posting_has_a_reason"),
        (_unknown_kind, "fund_posting_kind_known"),
        (_another_amount, "of the amount of its posting"),
        (_to_an_earlier_posting, "of the amount of its posting"),
        (_to_itself, "fund_movement_between_two"),
        (_between_registers, "each register balances alone"),
        (_of_another_file, "what its posting is about"),
        (_of_another_envelope, "what its posting is about"),
        (_balance_from_nothing, "balances follow the movements"),
        (_balance_twice, "fund_balance_once|append-only"),
        (_balance_against_the_chart, "fund_balance_follows_the_chart"),
        (_renamed("UPDATE fund_strand SET code = 'x'"), "for ever"),
        (_renamed("UPDATE fund_envelope SET year = 2030"), "for ever"),
        (_renamed("UPDATE fund_funder SET code = 'x'"), "for ever"),
        (_renamed("UPDATE fund_posting SET reason = 'x'"), "append-only"),
        (_renamed("UPDATE fund_movement SET cents = 1"), "append-only"),
        (_renamed("UPDATE fund_runningbalance SET cents = cents - 1"), "follow the movements"),
        (_renamed("DELETE FROM fund_posting"), "append-only"),
        (_renamed("DELETE FROM fund_movement"), "append-only"),
        (_renamed("DELETE FROM fund_runningbalance"), "append-only"),
    ],
)
def test_the_database_holds_the_rules(attempt: Callable[[Fund], None], why: str) -> None:
    fund = _spent()
    before = list(Posting.objects.values()), list(RunningBalance.objects.values())
    with pytest.raises(IntegrityError, match=why), transaction.atomic():
        attempt(fund)
    assert before == (list(Posting.objects.values()), list(RunningBalance.objects.values()))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has OR REPLACE")
@pytest.mark.parametrize("model", [Posting, Movement, RunningBalance])
def test_rows_are_not_replaced(model: type[Model]) -> None:
    """What removes a row without asking the triggers of removal is refused when it is added."""
    _spent()
    table = model._meta.db_table
    columns = [f'"{field.column}"' for field in model._meta.concrete_fields]
    # The number is the next one, so that the key alone is that of another posting.
    values = [f"{column} + 1" if column == '"number"' else column for column in columns]
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) "  # noqa: S608
            f"SELECT {', '.join(values)} FROM {table} ORDER BY id DESC LIMIT 1"
        )


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has TRUNCATE")
def test_tables_are_not_emptied() -> None:
    _spent()
    with connection.cursor() as cursor:
        # What waits to be checked at the end of the transaction would refuse it first.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute("TRUNCATE fund_movement")


def test_money_rendered_in_a_later_year_may_exceed_what_was_paid_there() -> None:
    fund = funded(100, year=2025)
    about = {"file": "a", "booked_on": dt.date(2025, 5, 1)}
    post(
        fund,
        posting(K.AWARD, 50, envelope=2025, **about),
        posting(K.COMMITMENT, 50, envelope=2025, **about),
        posting(K.PAYMENT, 50, envelope=2025, **about),
    )
    actions.close_year(
        fund=fund, year=2025, key="close", booked_on=dt.date(2026, 1, 2), reason="r", by=None,
        at=SINCE,
    )  # fmt: skip
    post(fund, posting(K.RETURN, 20, envelope=2026, file="a"))
    assert _balance(fund, A.PAID, envelope__year=2026).eur == euros(-20)
    with pytest.raises(PostingRefused):
        post(fund, posting(K.RETURN, 31, envelope=2026, file="a"))
    assert written.verify(fund).is_right


# Verifying.


def _verify(*arguments: str) -> str:
    said = io.StringIO()
    call_command("ledger", "verify", *arguments, stdout=said, stderr=said)
    return said.getvalue()


def test_a_ledger_that_adds_up_is_verified() -> None:
    _spent()
    assert "fonds: 7 postings, 9 movements, 11 accounts" in _verify("fonds")
    assert "every figure adds up" in _verify()


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE fund_runningbalance SET cents = 1 WHERE code = 'available'", "available"),
        ("UPDATE fund_posting SET cents = cents + 1 WHERE number = 4", "movements of posting 4"),
        ("UPDATE fund_movement SET cents = cents + 1 WHERE rank = 1", "movements of posting 5"),
        ("DELETE FROM fund_movement WHERE rank = 1", "movements of posting 5"),
        ("UPDATE fund_posting SET kind = 'payment' WHERE number = 3", "cannot be replayed"),
        ("UPDATE fund_posting SET number = 9 WHERE number = 7", "posting 9 comes after 6"),
    ],
)
def test_a_ledger_that_was_tampered_with_is_told(tampering: str, said: str) -> None:
    _spent()
    with ledger_unlocked(), connection.cursor() as cursor:
        cursor.execute(tampering)
    found = io.StringIO()
    with pytest.raises(CommandError, match="is not what its postings make"):
        call_command("ledger", "verify", "fonds", stdout=found, stderr=found)
    assert said in found.getvalue()


def test_an_unknown_fund_is_not_verified() -> None:
    with pytest.raises(CommandError, match="Choose among: none yet"):
        _verify("aucun")


# The demonstration.


def test_an_invented_budget_is_refused_outside_a_demonstration() -> None:
    with override_settings(ALLIAGE_DEMO=False), pytest.raises(CommandError, match="refused"):
        call_command("create_demo_budget")


@pytest.mark.one_engine
def test_the_budget_of_the_demonstration_says_that_it_is_invented() -> None:
    for slug in ("fonds-odd17", "le-rameau", "fondation-totalenergies"):
        organisation(slug)
    call_command("load_funds", verbosity=0)
    for _twice in range(2):
        with override_settings(ALLIAGE_DEMO=True, PRODUCTION=False):
            call_command("create_demo_budget", stdout=io.StringIO())
    fund = Fund.objects.get(code="odd17")
    rows = list(Posting.objects.filter(fund=fund))
    assert all("Démonstration" in row.reason or "démonstration" in row.reason for row in rows)
    assert all(row.key.startswith("demo:") for row in rows)
    assert written.summed_book(fund).balance(Account(A.ENDOWMENT)) == euros(1_500_000)
    assert written.closed_through(fund) == 2025
    assert written.verify(fund).is_right


def test_the_strands_of_a_fund_are_those_of_its_file(tmp_path: Path) -> None:
    for slug in ("fonds-odd17", "le-rameau", "fondation-totalenergies"):
        organisation(slug)
    call_command("load_funds", verbosity=0)
    fund = Fund.objects.get(code="odd17")
    assert [row.code for row in budgets.strands_of(fund)] == [
        "socle-de-connaissances", "co-construction-territoriale", "dispositifs-et-deploiement",
    ]  # fmt: skip
    text = (data_directory() / "fund" / "odd17.yaml").read_text(encoding="utf-8")
    renamed = text.replace("name_fr: Co-construction territoriale", "name_fr: Co-construction")
    (tmp_path / "odd17.yaml").write_text(renamed, encoding="utf-8")
    call_command("load_funds", tmp_path, verbosity=0)
    assert [str(row) for row in budgets.strands_of(fund)][1] == "Co-construction"
    change = Event.objects.filter(kind="fund.loaded").latest("pk").changes
    assert change["strands"][1][1] == "Co-construction"
    call_command("load_funds", tmp_path, verbosity=0)
    assert Event.objects.filter(kind="fund.loaded").count() == 2


def test_a_funder_follows_its_organisation_when_it_is_merged() -> None:
    fund = fund_with_strands()
    kept = organisation("autre")
    merge_organisations(
        kept=kept, merged=Funder.objects.get().organisation, choices={}, by=None, at=SINCE
    )
    assert [str(row) for row in budgets.funders_of(fund)] == [str(kept)]
