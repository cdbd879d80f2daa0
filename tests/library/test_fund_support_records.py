"""Books of supports as files: what ships holds to the euro, and a wrong file says where."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from alliage.alliances.records import load_alliances
from alliage.alliances.vocabulary import AmountStatus, Lever
from alliage.fund.support.support_records import BookRecord, load_books
from alliage.fund.support.supports import (
    Book,
    InKind,
    Receiver,
    SupportError,
    SupportProblem,
    Time,
    by_lever,
    by_receiver,
    totals,
)
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import InvalidFilesError

if TYPE_CHECKING:
    from pathlib import Path


def shipped() -> BookRecord:
    (book,) = load_books(data_directory() / "fund" / "supports")
    return book


def test_the_shipped_history_holds_to_the_euro() -> None:
    book = Book(tuple(one.support for one in shipped().supports))
    found = totals(book.counted)
    assert found.granted.cash == Decimal(42_000)
    assert found.conditional.cash == Decimal(10_000)
    levers = by_lever(book)
    assert levers[Lever.DIRECT_FUNDING].granted.cash == 25_000
    assert levers[Lever.ENGINEERING_INPUT].granted.cash == 17_000
    assert found.granted.not_valued == 14


def test_the_shipped_history_says_what_the_alliances_say() -> None:
    """The book and the stories of the alliances come from the same sentences: they may not part."""
    alliances = load_alliances(data_directory() / "alliances")
    above = {one.id: one.part_of for one in alliances if one.part_of}
    told: dict[tuple[str, AmountStatus], Decimal] = defaultdict(Decimal)
    for one in alliances:
        for support in one.levers.values():
            for amount in support.amounts:
                if not amount.part_of_parent:
                    told[above.get(one.id, one.id), amount.status] += amount.eur
    book = Book(tuple(one.support for one in shipped().supports))
    kept = {}
    for alliance, found in by_receiver(book, part_of=above).items():
        kept[alliance, AmountStatus.GRANTED] = found.granted.cash
        kept[alliance, AmountStatus.CONDITIONAL] = found.conditional.cash
    assert {key: eur for key, eur in kept.items() if eur} == dict(told)


def test_every_support_of_the_history_names_its_source() -> None:
    book = shipped()
    assert all(one.source for one in book.supports)
    assert all(one.source for one in book.raised)


PLAIN = """\
fund: f
supports:
  - code: a
    giver: g
    alliance: al
    lever: data
    description: d
    value: VALUE
    reading: stated
    source: s
"""


def write(folder: Path, value: str, more: str = "") -> Path:
    text = PLAIN.replace("VALUE", value) + more
    (folder / "f.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{cash: 10, in_kind: 5}", "cash, in_kind"),
        ("{}", "nothing"),
        ("{in_kind: 5}", "Add `method:`"),
        ("{cash: 5, method: declared}", "Remove `method:`"),
        ("{hours: 5, rate: 12}", "Add `rate_source:`"),
        ("{cash: -5}", "cash"),
        ("{cash: 5.123}", "cash"),
    ],
)
def test_a_value_has_one_nature_and_all_that_it_needs(
    tmp_path: Path, value: str, said: str
) -> None:
    with pytest.raises(InvalidFilesError) as refused:
        load_books(write(tmp_path, value))
    assert said in str(refused.value)
    assert "f.yaml: supports, entry 1" in str(refused.value)


def test_kind_and_time_are_read(tmp_path: Path) -> None:
    (book,) = load_books(write(tmp_path, "{in_kind: 5, method: declared}"))
    assert isinstance(book.supports[0].support.value, InKind)
    (book,) = load_books(write(tmp_path, "{hours: 2.5, rate: 12.02, rate_source: décret}"))
    value = book.supports[0].support.value
    assert isinstance(value, Time)
    assert value.amount == Decimal("30.05")


def test_supports_that_do_not_hold_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFilesError, match=r"f\.yaml: supports: .*twice"):
        load_books(
            write(
                tmp_path, "{cash: 5}", PLAIN.split("supports:\n")[1].replace("VALUE", "{cash: 5}")
            )
        )


def test_an_end_needs_a_beginning(tmp_path: Path) -> None:
    with pytest.raises(InvalidFilesError, match="without `first:`"):
        load_books(write(tmp_path, "{cash: 5}", "    last: '2021'\n"))


def test_a_support_to_nobody_is_refused() -> None:
    with pytest.raises(SupportError) as refused:
        Receiver()
    assert refused.value.problem is SupportProblem.RECEIVER


def test_a_selection_counts_a_detail_alone_and_never_beside_its_whole() -> None:
    supports = [one.support for one in shipped().supports]
    details = [one for one in supports if one.part_of == "pemb"]
    whole = [one for one in supports if one.id == "pemb"]
    assert totals(Book.of_selection(details).counted).granted.cash == Decimal(10_000)
    assert totals(Book.of_selection([*details, *whole]).counted).granted.cash == Decimal(10_000)
    assert totals(Book.of_selection(details[:1]).counted).granted.cash == Decimal(3_000)
