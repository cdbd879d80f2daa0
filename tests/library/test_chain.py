"""A chain of digests: any change made to it is found, and the place is told."""

from __future__ import annotations

import copy
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from alliage.safekeeping.chain import (
    START,
    Fault,
    UnreadableLine,
    commitment,
    digest_of,
    read_lines,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_NUMBER = 2**53 - 1
Chain = list[dict[str, Any]]

numbers = st.integers(-LARGEST_NUMBER, LARGEST_NUMBER) | st.floats(
    -LARGEST_NUMBER, LARGEST_NUMBER, allow_nan=False
)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
contents = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["alliance.created", "alliance.updated", "person.invited"]),
        "target": st.sampled_from(["alliance:pemb", "alliance:rebond", "person:12"]),
        "changes": st.dictionaries(st.text(max_size=5), json_values, max_size=2),
        "personal": st.dictionaries(
            st.sampled_from(["email", "name"]), st.lists(json_values, min_size=2, max_size=2)
        ),
    }
)


def chain_of(told: list[dict[str, Any]]) -> Chain:
    chain: Chain = []
    head = START
    for position, content in enumerate(told, start=1):
        personal = {
            name: {
                "about": "person:12",
                "commitment": commitment(f"{position:032x}", value),
                "salt": f"{position:032x}",
                "value": value,
            }
            for name, value in content["personal"].items()
        }
        link = {**content, "personal": personal, "position": position, "previous": head}
        head = link["digest"] = digest_of(link)
        chain.append(link)
    return chain


chains = st.lists(contents, min_size=1, max_size=6).map(chain_of)


def faults(chain: Chain, **options: Any) -> set[Fault]:
    return {found.fault for found in verify(chain, **options).breaks}


# The published form


def test_what_is_hashed_is_the_canonical_form_of_the_standard() -> None:
    # RFC 8785, sections 3.2.2 and 3.2.3: numbers, escapes, and names in the order of UTF-16.
    written = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/","\U0001f600":1,"\ufb33":2}'
    )
    value = {
        "\ufb33": 2,
        "\U0001f600": 1,
        "numbers": [333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert commitment("", value) == sha256(written.encode()).hexdigest()


@given(json_values)
def test_a_value_read_again_has_the_same_digest(value: Any) -> None:
    assert commitment("00", json.loads(json.dumps(value))) == commitment("00", value)


@pytest.mark.parametrize(
    "value",
    [2**53, -(2**53), float("inf"), float("nan"), {1: "a"}, {"day": object()}, [b"x"], "\ud800"],
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        commitment("00", {"value": value})


# Whole chains


@given(chains)
def test_a_chain_is_whole_and_its_last_digest_is_its_head(chain: Chain) -> None:
    verdict = verify(chain, expect=chain[0]["digest"])
    assert verdict.is_whole
    assert (verdict.count, verdict.head, verdict.anchor) == (len(chain), chain[-1]["digest"], 1)


@given(chains)
def test_a_chain_stays_whole_when_personal_values_are_erased_or_left_out(chain: Chain) -> None:
    erased, left_out = copy.deepcopy(chain), copy.deepcopy(chain)
    for link in erased:
        for kept in link["personal"].values():
            kept["salt"] = kept["value"] = None
    for link in left_out:
        for kept in link["personal"].values():
            del kept["salt"], kept["value"]
    assert verify(erased).is_whole
    assert verify(left_out).is_whole
    assert verify(erased).head == verify(chain).head == verify(left_out).head


@given(chains)
def test_a_file_says_what_the_chain_said(chain: Chain) -> None:
    lines = [json.dumps(link) for link in chain]
    assert list(read_lines(lines)) == chain
    assert verify(read_lines([line.encode() for line in lines])).is_whole


# Broken chains


@given(chains, st.data())
def test_any_change_of_what_is_sealed_is_found(chain: Chain, data: st.DataObject) -> None:
    head = chain[-1]["digest"]
    link = data.draw(st.sampled_from(chain))
    name = data.draw(st.sampled_from(["kind", "target", "changes", "previous", "digest"]))
    other = data.draw(json_values.filter(lambda value: value != link[name]))
    link[name] = "f" * 64 if name in {"previous", "digest"} else other
    # A digest that is changed with the content is found by what follows, or by the anchor.
    if data.draw(st.booleans()) and name not in {"previous", "digest"}:
        link["digest"] = digest_of(link)
    verdict = verify(chain, expect=head)
    assert {Fault.ALTERED, Fault.PREVIOUS, Fault.ANCHOR} & {b.fault for b in verdict.breaks}


@given(chains.filter(lambda chain: len(chain) > 1), st.data())
def test_any_removal_is_found(chain: Chain, data: st.DataObject) -> None:
    head = chain[-1]["digest"]
    start = data.draw(st.integers(0, len(chain) - 1))
    stop = data.draw(st.integers(start + 1, len(chain)))
    cut = chain[:start] + chain[stop:]
    assert {Fault.MISSING, Fault.ANCHOR} & faults(cut, expect=head)
    if stop < len(chain):
        assert faults(cut) == {Fault.MISSING}


@given(chains.filter(lambda chain: len(chain) > 1), st.data())
def test_any_exchange_is_found(chain: Chain, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(chain) - 2))
    second = data.draw(st.integers(first + 1, len(chain) - 1))
    chain[first], chain[second] = chain[second], chain[first]
    assert Fault.REPEATED in faults(chain)
    # So is the exchange of contents under positions that stay in order.
    for index in (first, second):
        chain[index]["position"] = index + 1
    assert Fault.ALTERED in faults(chain)


@given(chains, contents, st.data())
def test_any_insertion_is_found(chain: Chain, content: dict[str, Any], data: st.DataObject) -> None:
    head = chain[-1]["digest"]
    place = data.draw(st.integers(0, len(chain)))
    previous = chain[place - 1]["digest"] if place else START
    forged = {**content, "personal": {}, "position": place + 1, "previous": previous}
    forged["digest"] = digest_of(forged)
    inserted = [*chain[:place], forged, *chain[place:]]
    if place < len(chain):
        assert Fault.REPEATED in faults(inserted)
    # Renumbering what follows does not hide it, and at the end the digest noted before still
    # stands: something was added, nothing changed.
    for position, link in enumerate(inserted, start=1):
        link["position"] = position
    verdict = verify(inserted, expect=head)
    assert verdict.is_whole == (place == len(chain))


@given(chains, st.data())
def test_a_chain_made_anew_is_found_by_a_digest_noted_before(
    chain: Chain, data: st.DataObject
) -> None:
    head = chain[-1]["digest"]
    told = [
        {
            "kind": link["kind"],
            "target": link["target"],
            "changes": link["changes"],
            "personal": {name: kept["value"] for name, kept in link["personal"].items()},
        }
        for link in chain
    ]
    data.draw(st.sampled_from(told))["kind"] = "alliance.removed"
    anew = chain_of(told)
    assert verify(anew).is_whole
    assert faults(anew, expect=head) == {Fault.ANCHOR}


def _change_value(kept: dict[str, Any]) -> None:
    kept["value"] = ["before", "forged"]


def _change_salt(kept: dict[str, Any]) -> None:
    kept["salt"] = "ff" * 16


def _drop_salt(kept: dict[str, Any]) -> None:
    kept["salt"] = None


def _spoil_salt(kept: dict[str, Any]) -> None:
    kept["salt"] = "no bytes"


@pytest.mark.parametrize("change", [_change_value, _change_salt, _drop_salt, _spoil_salt])
def test_a_personal_value_that_was_changed_is_found(
    change: Callable[[dict[str, Any]], None],
) -> None:
    chain = chain_of([person(f"lou{number}@example.org") for number in range(3)])
    change(chain[1]["personal"]["email"])
    (found,) = verify(chain).breaks
    assert (found.fault, found.position) == (Fault.PERSONAL, 2)
    assert "« email »" in str(found)


def test_a_commitment_or_a_person_that_was_changed_is_found() -> None:
    for name, value in (("commitment", "0" * 64), ("about", "person:13")):
        chain = chain_of([person("lou@example.org")])
        chain[0]["personal"]["email"][name] = value
        assert Fault.ALTERED in faults(chain)


def person(email: str) -> dict[str, Any]:
    return {
        "kind": "person.invited",
        "target": "person:12",
        "changes": {},
        "personal": {"email": [None, email]},
    }


def test_each_break_is_told_once_with_its_place() -> None:
    chain = chain_of([person(f"lou{number}@example.org") for number in range(9)])
    chain[2]["kind"] = "person.removed"
    del chain[5:7]
    assert [str(found) for found in verify(chain).breaks] == [
        "position 3: its content is not the one that was sealed",
        "position 8: the positions 6 to 7 are missing",
    ]


def test_an_extract_may_lack_positions_but_no_record_may_be_changed() -> None:
    chain = chain_of([person(f"lou{number}@example.org") for number in range(9)])
    kept = [chain[1], chain[2], chain[6]]
    assert verify(kept, extract=True).is_whole
    kept[1]["previous"] = "f" * 64
    kept[1]["digest"] = digest_of(kept[1])
    assert faults(kept, extract=True) == {Fault.PREVIOUS}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "cannot be read"),
        ("[1]", "not a JSON object"),
        ("{}", "« position » is missing"),
        ('{"position": true, "previous": "", "digest": ""}', "« position » is missing or"),
        ('{"position": 1, "previous": "", "digest": 3}', "« digest » is missing or"),
        ('{"position": 1, "position": 2, "previous": "", "digest": ""}', "written twice"),
        ('{"position": 1, "previous": "", "digest": "", "personal": {"a": 1}}', "« personal »"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_a_line_that_holds_no_record_is_told_by_its_number(line: str, reason: str) -> None:
    (first, second) = read_lines([json.dumps(chain_of([person("a")])[0]), "", line])
    assert not isinstance(first, UnreadableLine)
    assert isinstance(second, UnreadableLine)
    assert second.line == 3
    assert reason in second.reason
    (found,) = verify([first, second]).breaks
    assert found.fault == Fault.UNREADABLE
    assert str(found).startswith("line 3: ")


@given(st.binary(max_size=60))
def test_a_file_of_anything_is_answered_by_breaks(content: bytes) -> None:
    verify(read_lines(content.split(b"\n")))


@given(
    st.dictionaries(st.sampled_from(["position", "previous", "digest", "personal"]), json_values)
)
def test_a_line_of_any_json_is_answered_by_breaks(link: dict[str, Any]) -> None:
    assert not verify(read_lines([json.dumps(link)])).is_whole


def test_many_breaks_are_counted_and_the_first_are_kept() -> None:
    chain = chain_of([person("a")] * 1500)
    for link in chain:
        link["kind"] = "person.removed"
    verdict = verify(chain)
    assert (verdict.faults, len(verdict.breaks)) == (1500, 1000)
