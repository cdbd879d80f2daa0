"""360Giving: what is written is accepted by the official schema, and read back the same.

The official schemas are not part of the project. Where the variable ``ALLIAGE_OFFICIAL_SCHEMAS``
names a folder that holds them, every package that the tests write is judged by them.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliage.fund.open_data.grants import (
    Grant,
    GrantError,
    GrantFault,
    GrantStatus,
    Individual,
    Nature,
    Organisation,
    Payment,
    Period,
    Place,
    Preview,
    Programme,
    Recipient,
    part_of,
    share_of,
    without_identity,
)
from alliage.fund.open_data.three_sixty_giving import (
    GrantPackageError,
    Individuals,
    PackageFault,
    Publication,
    organisation_id,
    read_package,
    write_package,
)
from alliage.values.dates import PartialDate
from alliage.values.money import LARGEST, euros, total

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "360G-odd17"
NOON = dt.datetime(2026, 4, 1, 12, tzinfo=dt.UTC)
FUND = Organisation("Fonds Exemple", siret="21750001600019")
CLUB = Organisation("Club", siren="732829320", siret="73282932000074", rna="W751234567")
CHOIR = Organisation("Chorale", rna="W2A1000123")
GROUP = Organisation("Collectif", own_id="42")
PUBLICATION = Publication(
    PREFIX,
    FUND,
    "Fonds Exemple : aides",
    description="Les aides versées depuis 2014.",
    identifier="aides-2026",
    website="https://example.org/",
    licence="https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    download_url="https://example.org/aides.json",
    access_url="https://example.org/aides",
)
OPEN = replace(PUBLICATION, individuals=Individuals.PSEUDONYMISE)

SCHEMAS = os.environ.get("ALLIAGE_OFFICIAL_SCHEMAS", "")


@cache
def validator() -> jsonschema_rs.Draft202012Validator:
    folder = Path(SCHEMAS)
    item = json.loads((folder / "360-giving-schema-1.4.3.json").read_text(encoding="utf-8"))
    package = json.loads(
        (folder / "360-giving-package-schema-1.4.3.json").read_text(encoding="utf-8")
    )
    # The package of 1.4.3 still refers to the address of the grants of 1.4.2.
    named = package["properties"]["grants"]["items"]["$ref"]
    # They are written for Draft 2020-12, under an address that validators do not know.
    for schema in (item, package):
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    registry = jsonschema_rs.Registry([(named, {**item, "$id": named}), (item["$id"], item)])
    return jsonschema_rs.Draft202012Validator(package, registry=registry, validate_formats=True)


def rejections(text: str) -> list[str]:
    """What the official schema says of a text; nothing where there is no schema."""
    if not SCHEMAS:
        return []
    return [error.message for error in validator().iter_errors(json.loads(text))]


def make(**changes: Any) -> Grant:
    fields: dict[str, Any] = {
        "id": "2026-014",
        "title": "Passerelles",
        "description": "Vers l’emploi",
        "funder": FUND,
        "amount": euros("17000.50"),
        "awarded_on": dt.date(2026, 3, 2),
        "recipients": (Recipient(CLUB),),
        **changes,
    }
    return Grant(**fields)


FULL = make(
    recipients=(
        Recipient(CLUB, euros("10000.17")),
        Recipient(CHOIR, euros("7000.00")),
        Recipient(GROUP, euros("0.33")),
    ),
    starts=PartialDate(2026, 5),
    ends=PartialDate(2027),
    places=(Place("Vincennes", "94080", "COM"), Place(code="94", code_type="DEP")),
    programmes=(Programme("volet-1", "Volet 1"), Programme(title="Appel 2026")),
    from_open_call=True,
    natures=frozenset(Nature),
    decision_reference="CA-2026-3",
    agreement_reference="C-14",
    agreed_on=dt.date(2026, 3, 14),
    payments=(
        Payment(dt.date(2026, 4, 1), euros("5000"), "pay-1"),
        Payment(dt.date(2026, 9, 1), euros("-0.50")),
    ),
    payment_conditions="échelonné",
    payment_period=Period(dt.date(2026, 4, 1), dt.date(2027, 4, 1)),
    de_minimis=False,
    url="https://example.org/aides/2026-014?lang=fr#haut",
    status=GrantStatus.AGREED,
    modified_at=NOON,
)


def written(*grants: Grant, publication: Publication = PUBLICATION) -> dict[str, Any]:
    text = write_package(grants, publication, issued_at=NOON).text
    assert rejections(text) == []
    found: dict[str, Any] = json.loads(text)
    return found


def read(package: object, prefix: str = PREFIX) -> Preview[Grant]:
    return read_package(json.dumps(package, ensure_ascii=False).encode(), prefix=prefix)


def test_a_whole_grant_is_written_with_the_names_of_the_standard() -> None:
    package = written(FULL)
    entry = package.pop("grants")[0]
    assert package == {
        "version": "1.4",
        "title": "Fonds Exemple : aides",
        "description": "Les aides versées depuis 2014.",
        "issued": "2026-04-01T12:00:00Z",
        "modified": "2026-04-01T12:00:00Z",
        "identifier": "aides-2026",
        "publisher": {
            "identifier": "FR-SIREN-217500016",
            "name": "Fonds Exemple",
            "website": "https://example.org/",
        },
        "downloadURL": "https://example.org/aides.json",
        "accessURL": "https://example.org/aides",
        "license": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    }
    assert entry["id"] == "360G-odd17-2026-014"
    assert (entry["currency"], entry["amountAwarded"]) == ("EUR", 17000.5)
    assert (entry["awardDate"], entry["dateModified"]) == ("2026-03-02", "2026-04-01T12:00:00Z")
    assert [found["id"] for found in entry["recipientOrganization"]] == [
        "FR-SIREN-732829320", "FR-RNA-W2A1000123", "360G-odd17-org-42",
    ]  # fmt: skip
    assert entry["recipientOrganization"][0]["scdl"]["siret"] == "73282932000074"
    assert entry["fundingOrganization"][0]["id"] == "FR-SIREN-217500016"
    assert "recipientIndividual" not in entry
    assert entry["beneficiaryLocation"][0] == {
        "name": "Vincennes", "countryCode": "FR", "geoCode": "94080", "geoCodeType": "COM",
    }  # fmt: skip
    assert entry["plannedDates"] == [{"startDate": "2026-05", "endDate": "2027"}]
    assert entry["amountDisbursed"] == 4999.5
    assert [found["value"] for found in entry["disbursementTransaction"]] == [5000, -0.5]
    assert entry["fromOpenCall"] == "Yes"
    assert entry["scdl"]["nature"] == "aide en numéraire;aide en nature"


def test_what_is_unknown_is_absent_and_nothing_paid_is_zero() -> None:
    entry = written(make())["grants"][0]
    assert set(entry) == {
        "id", "title", "description", "currency", "amountAwarded", "awardDate",
        "recipientOrganization", "fundingOrganization",
    }  # fmt: skip
    nothing = written(make(payments=()))["grants"][0]
    assert (nothing["amountDisbursed"], nothing["disbursementTransaction"]) == (0, [])
    assert [item.value.payments for item in read(written(make())).accepted] == [None]
    assert [item.value.payments for item in read(written(make(payments=()))).accepted] == [()]


def test_a_whole_grant_comes_back_the_same() -> None:
    preview = read(written(FULL, make(id="2")))
    assert preview.problems == ()
    assert preview.ignored == ()
    assert [(item.index, item.value) for item in preview.accepted] == [
        (1, FULL),
        (2, make(id="2")),
    ]


def test_a_grant_to_a_person_is_left_out_by_default() -> None:
    person = make(id="p", title="Permis de Lou Martin", recipients=(), individual=Individual("q7"))
    package = write_package([person, FULL], PUBLICATION, issued_at=NOON)
    assert package.count == 1
    assert [(left.grant, left.problem.fault) for left in package.left_out] == [
        ("p", GrantFault.INDIVIDUAL)
    ]
    assert "Lou" not in package.text


def test_a_grant_to_a_person_may_be_published_without_who_it_is() -> None:
    person = make(
        title="Permis de Lou Martin",
        description="Lou Martin, 19 ans, de Vincennes",
        recipients=(),
        individual=Individual("q7x"),
        places=(Place("Vincennes", "94080", "COM"), Place("chez Lou"), Place(code="94080",
                code_type="COM")),
        programmes=(Programme("mob", "Mobilité"),),
        payments=(Payment(dt.date(2026, 4, 1), euros(1), "virement Lou"),),
        agreement_reference="lou-1",
        decision_reference="lou-2",
        url="https://example.org/lou",
    )  # fmt: skip
    text = write_package([person], OPEN, issued_at=NOON).text
    assert rejections(text) == []
    assert "lou" not in text.lower()
    assert "Vincennes" not in text
    entry = json.loads(text)["grants"][0]
    assert entry["recipientIndividual"] == {
        "id": "360G-odd17-IND-q7x",
        "name": "Individual Recipient",
    }
    assert entry["description"] == "Mobilité"
    assert [found["geoCode"] for found in entry["beneficiaryLocation"]] == ["94"]
    preview = read(json.loads(text))
    assert [item.value for item in preview.accepted] == [without_identity(person)]


def test_the_name_of_a_person_is_never_kept_nor_repeated() -> None:
    package = written(make(recipients=(), individual=Individual("q7")), publication=OPEN)
    package["grants"][0]["recipientIndividual"]["name"] = "Lou Martin"
    assert "Lou" not in repr(read(package))
    package["grants"][0]["recipientIndividual"]["name"] = ["Lou Martin"]
    preview = read(package)
    assert "Lou" not in repr(preview)
    assert [(p.field, p.fault) for p in preview.problems] == [
        ("recipientIndividual, name", GrantFault.TYPE)
    ]


@pytest.mark.parametrize(
    ("changes", "field", "fault"),
    [
        ({"id": "2026/014"}, "id", GrantFault.IDENTIFIER),
        ({"id": "dossier 14"}, "id", GrantFault.IDENTIFIER),
        (
            {"recipients": (Recipient(CLUB), Recipient(Organisation("Inconnu")))},
            "recipientOrganization, entry 2, id",
            GrantFault.IDENTIFIER,
        ),
        ({"funder": Organisation("Fonds")}, "fundingOrganization, entry 1, id",
         GrantFault.IDENTIFIER),
        ({"id": "good"}, "id", GrantFault.REPEATED),
    ],
)  # fmt: skip
def test_a_grant_that_the_standard_cannot_hold_is_left_out_and_named(
    changes: dict[str, Any], field: str, fault: GrantFault
) -> None:
    package = write_package([make(id="good"), make(**changes)], PUBLICATION, issued_at=NOON)
    assert package.count == 1
    found = [(left.problem.index, left.problem.field, left.problem.fault)
             for left in package.left_out]  # fmt: skip
    assert found == [(2, field, fault)]


def test_an_empty_package_is_not_one() -> None:
    with pytest.raises(GrantPackageError) as caught:
        write_package([], PUBLICATION, issued_at=NOON)
    assert caught.value.fault is PackageFault.NO_GRANT
    person = make(recipients=(), individual=Individual("q7"))
    with pytest.raises(GrantPackageError) as caught:
        write_package([person], PUBLICATION, issued_at=NOON)
    assert [left.problem.fault for left in caught.value.left_out] == [GrantFault.INDIVIDUAL]


def test_settings_that_cannot_be_published_are_refused() -> None:
    for changes, fault in (
        ({"prefix": "odd17"}, GrantFault.IDENTIFIER),
        ({"prefix": "360G-odd 17"}, GrantFault.IDENTIFIER),
        ({"website": "example.org"}, GrantFault.URL),
        ({"publisher": Organisation("Fonds")}, GrantFault.IDENTIFIER),
    ):
        with pytest.raises(GrantError) as caught:
            replace(PUBLICATION, **changes)
        assert caught.value.fault is fault
    with pytest.raises(GrantError):
        write_package([FULL], PUBLICATION, issued_at=NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("FR-SIREN-732829320", Organisation("X", siren="732829320")),
        ("FR-SIRET-73282932000074", Organisation("X", siret="73282932000074")),
        ("FR-RNA-W751234567", Organisation("X", rna="W751234567")),
        ("FR-RCS-732829320", Organisation("X", siren="732829320")),
        ("FR-INSEE-73282932000074", Organisation("X", siret="73282932000074")),
        ("FR-RCS-732829321", Organisation("X", other_id="FR-RCS-732829321")),
        ("GB-CHC-1164883", Organisation("X", other_id="GB-CHC-1164883")),
        ("360G-other-org-42", Organisation("X", other_id="360G-other-org-42")),
        ("360G-odd17-org-42", Organisation("X", own_id="42")),
    ],
)
def test_identifiers_of_organisations_are_understood(
    identifier: str, expected: Organisation
) -> None:
    package = written(make())
    package["grants"][0]["recipientOrganization"] = [{"id": identifier, "name": "X"}]
    assert [item.value.recipients[0].organisation for item in read(package).accepted] == [expected]


def change(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda entry: entry.update(fields)


def drop(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda entry: entry.pop(name)


ORG = {"id": "FR-SIREN-732829320", "name": "Club"}

#: A change of a good entry, the problem, and whether the official schema sees it too.
WRONG: list[tuple[Callable[[dict[str, Any]], Any], str, GrantFault, bool]] = [
    (drop("title"), "title", GrantFault.MISSING, True),
    (drop("awardDate"), "awardDate", GrantFault.MISSING, True),
    (drop("fundingOrganization"), "fundingOrganization", GrantFault.MISSING, True),
    (drop("recipientOrganization"), "recipientOrganization", GrantFault.RECIPIENT, True),
    (
        change(recipientIndividual={"id": "1", "name": "Individual Recipient"}),
        "recipientOrganization",
        GrantFault.RECIPIENT,
        True,
    ),
    (change(recipientOrganization=[]), "recipientOrganization", GrantFault.RECIPIENT, True),
    (change(fundingOrganization=[]), "fundingOrganization", GrantFault.MISSING, True),
    (change(title=3), "title", GrantFault.TYPE, True),
    (change(title=" "), "title", GrantFault.MISSING, False),
    (change(recipientOrganization=ORG), "recipientOrganization", GrantFault.TYPE, True),
    (
        change(recipientOrganization=[ORG, {"name": "Club"}]),
        "recipientOrganization, entry 2, id",
        GrantFault.MISSING,
        True,
    ),
    (
        change(recipientOrganization=[{"id": "FR-SIREN-732829321", "name": "Club"}]),
        "recipientOrganization, entry 1, id",
        GrantFault.IDENTIFIER,
        False,
    ),
    (
        change(recipientOrganization=[{**ORG, "scdl": {"pourcentageSubvention": "1.5"}}]),
        "recipientOrganization, entry 1, scdl, pourcentageSubvention",
        GrantFault.SHARE,
        False,
    ),
    (
        change(recipientOrganization=[{**ORG, "scdl": {"pourcentageSubvention": "0.5"}}]),
        "recipientOrganization",
        GrantFault.SHARE,
        False,
    ),
    (change(currency="EURO"), "currency", GrantFault.CURRENCY, True),
    (change(currency="GBP"), "currency", GrantFault.CURRENCY, False),
    (change(amountAwarded="17000"), "amountAwarded", GrantFault.TYPE, True),
    (change(amountAwarded=True), "amountAwarded", GrantFault.TYPE, True),
    (change(amountAwarded=0.005), "amountAwarded", GrantFault.AMOUNT, False),
    (change(amountAwarded=-1), "amountAwarded", GrantFault.AMOUNT, False),
    (change(amountAwarded=10**40), "amountAwarded", GrantFault.AMOUNT, False),
    (change(awardDate="02/03/2026"), "awardDate", GrantFault.DATE, True),
    (change(awardDate="2026-02-30"), "awardDate", GrantFault.DATE, False),
    # Without a zone, an instant is not one.
    (change(awardDate="2026-03-02T12:00:00"), "awardDate", GrantFault.DATE, True),
    (change(dateModified="2026-03-02"), "dateModified", GrantFault.DATE, True),
    (change(dateModified="2026-03-02T12:00:00"), "dateModified", GrantFault.DATE, True),
    (
        change(plannedDates=[{"startDate": "mai 2026"}]),
        "plannedDates, entry 1, startDate",
        GrantFault.DATE,
        True,
    ),
    (
        change(plannedDates=[{"startDate": "2026-05", "endDate": "2026-04"}]),
        "plannedDates",
        GrantFault.PERIOD,
        False,
    ),
    (
        change(plannedDates=[{"startDate": "2026"}, {"startDate": "2028"}]),
        "plannedDates",
        GrantFault.SEVERAL,
        False,
    ),
    (
        change(fundingOrganization=[ORG, ORG]),
        "fundingOrganization",
        GrantFault.SEVERAL,
        False,
    ),
    (change(url="aides/14"), "url", GrantFault.URL, True),
    (change(fromOpenCall="yes"), "fromOpenCall", GrantFault.NOT_ALLOWED, True),
    (
        change(disbursementTransaction=[{"value": 5}]),
        "disbursementTransaction, entry 1, transactionDate",
        GrantFault.MISSING,
        False,
    ),
    (
        change(disbursementTransaction=[{"transactionDate": "2026", "value": 5}]),
        "disbursementTransaction, entry 1, transactionDate",
        GrantFault.DATE,
        True,
    ),
    (
        change(beneficiaryLocation=[{"name": "Vincennes", "countryCode": "France"}]),
        "beneficiaryLocation, entry 1, countryCode",
        GrantFault.NOT_ALLOWED,
        True,
    ),
    (change(beneficiaryLocation=[{}]), "beneficiaryLocation", GrantFault.MISSING, False),
    (change(scdl={"nature": "prêt"}), "scdl, nature", GrantFault.NOT_ALLOWED, False),
    (
        change(scdl={"datesPeriodeVersement": "2026-05-01/2026-04-01"}),
        "scdl, datesPeriodeVersement",
        GrantFault.PERIOD,
        False,
    ),
    (
        change(classifications=[{"vocabulary": "Alliage grant status", "code": "open"}]),
        "classifications",
        GrantFault.NOT_ALLOWED,
        False,
    ),
    (
        change(
            classifications=[
                {"vocabulary": "Alliage grant status", "code": "agreed"},
                {"vocabulary": "Alliage grant status", "code": "completed"},
            ]
        ),
        "classifications",
        GrantFault.SEVERAL,
        False,
    ),
]


@pytest.mark.parametrize(("damage", "field", "fault", "_seen"), WRONG)
def test_what_is_wrong_is_named_and_the_other_grants_are_read(
    damage: Callable[[dict[str, Any]], Any],
    field: str,
    fault: GrantFault,
    _seen: bool,
) -> None:
    package = written(make(id="1"), make(id="2"), make(id="3"))
    damage(package["grants"][1])
    preview = read(package)
    assert [(p.index, p.field, p.fault) for p in preview.problems] == [(2, field, fault)]
    assert [item.index for item in preview.accepted] == [1, 3]
    assert preview.problems[0].remedy.endswith(".")
    assert "{" not in preview.problems[0].remedy


@pytest.mark.skipif(not SCHEMAS, reason="ALLIAGE_OFFICIAL_SCHEMAS names no folder")
def test_the_official_schema_agrees_or_says_less() -> None:
    for damage, field, fault, seen in WRONG:
        package = written(make())
        damage(package["grants"][0])
        assert bool(rejections(json.dumps(package))) is seen, (field, fault)


def test_every_problem_of_a_grant_is_named() -> None:
    package = written(make())
    package["grants"][0].update(title=3, awardDate="hier", amountAwarded="x")
    assert {problem.field for problem in read(package).problems} == {
        "title", "awardDate", "amountAwarded",
    }  # fmt: skip


def test_an_identifier_twice_is_a_problem() -> None:
    package = written(make())
    package["grants"].append(package["grants"][0] | {"title": "Autre"})
    preview = read(package)
    assert [(p.index, p.fault) for p in preview.problems] == [(2, GrantFault.REPEATED)]


def test_fields_that_are_not_read_are_named() -> None:
    package = written(make())
    package["grants"][0] |= {
        "amountAppliedFor": 20000,
        "amountDisbursed": 5,
        "plannedDates": [{"startDate": "2026", "duration": 12}],
        "classifications": [{"vocabulary": "ICNPO", "code": "4"}],
    }
    package["grants"][0]["recipientOrganization"][0]["charityNumber"] = "1"
    preview = read(package)
    assert preview.problems == ()
    assert set(preview.ignored) == {
        "amountAppliedFor", "amountDisbursed", "plannedDates.duration", "classifications",
        "recipientOrganization.charityNumber",
    }  # fmt: skip


def test_days_may_be_written_as_instants() -> None:
    package = written(make())
    package["grants"][0]["awardDate"] = "2026-03-02T23:30:00-05:00"
    assert read(package).accepted[0].value.awarded_on == dt.date(2026, 3, 2)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", PackageFault.NOT_JSON),
        (b"id;title", PackageFault.NOT_JSON),
        (b'{"grants": [{"amountAwarded": NaN}]}', PackageFault.NOT_JSON),
        (b'{"grants": [{"id": "1", "id": "2"}]}', PackageFault.NOT_JSON),
        (b'{"grants": [1e99999999999999999999]}', PackageFault.NOT_JSON),
        (b"[" * 100_000, PackageFault.NOT_JSON),
        ("{\"grants\": [{\"title\": \"Été\"}]}".encode("cp1252"), PackageFault.ENCODING),
        (b"[]", PackageFault.NO_GRANT),
        (b"{}", PackageFault.NO_GRANT),
        (b'{"grants": []}', PackageFault.NO_GRANT),
        (b'{"grants": {}}', PackageFault.NO_GRANT),
        (b" " * (20 * 1024 * 1024 + 1), PackageFault.TOO_LARGE),
    ],
    ids=range(12),
)  # fmt: skip
def test_a_file_that_is_not_a_package_is_refused_whole(data: bytes, fault: PackageFault) -> None:
    with pytest.raises(GrantPackageError) as caught:
        read_package(data, prefix=PREFIX)
    assert caught.value.fault is fault


def test_an_entry_that_is_not_an_object_is_a_problem() -> None:
    package = written(make())
    package["grants"].insert(0, "x")
    preview = read(package)
    assert [(p.index, p.field, p.fault) for p in preview.problems] == [
        (1, "grant", GrantFault.TYPE)
    ]
    assert len(preview.accepted) == 1


CENTS = st.integers(0, int(LARGEST * 100)).map(lambda cents: euros(Decimal(cents).scaleb(-2)))
PARTS = st.integers(0, 10**12).map(lambda cents: euros(Decimal(cents).scaleb(-2)))
CODES = st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True)
TEXTS = st.text(min_size=1, max_size=30).filter(str.strip)
DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1))
PARTIALS = st.builds(PartialDate, st.integers(1900, 2200), st.none() | st.integers(1, 12))
INSTANTS = st.datetimes(
    dt.datetime(1990, 1, 1), dt.datetime(2200, 1, 1),  # noqa: DTZ001 - the zone is drawn
    timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=5, minutes=45))]),
)  # fmt: skip
ORGANISATIONS = st.sampled_from([FUND, CLUB, CHOIR, GROUP]) | st.one_of(
    st.builds(Organisation, TEXTS, own_id=CODES),
    st.builds(Organisation, TEXTS, other_id=CODES.map("GB-CHC-{}".format)),
)


@st.composite
def grants(draw: st.DrawFn, number: int) -> Grant:
    person = draw(st.booleans())
    amounts = draw(st.lists(PARTS, min_size=1, max_size=4))
    whole = total(amounts)
    shared = not person and whole > 0 and draw(st.booleans())
    recipients = tuple(
        Recipient(draw(ORGANISATIONS), amount if shared else None) for amount in amounts
    )
    starts, ends = draw(st.none() | PARTIALS), draw(st.none() | PARTIALS)
    first, last = sorted([draw(DAYS), draw(DAYS)])
    return make(
        id=f"{number}.{draw(CODES)}",
        title=draw(TEXTS),
        description=draw(TEXTS),
        funder=draw(ORGANISATIONS),
        amount=whole if shared else draw(CENTS),
        awarded_on=draw(DAYS),
        recipients=() if person else recipients,
        individual=draw(st.builds(Individual, CODES)) if person else None,
        starts=starts,
        ends=ends if starts and ends and ends.year > starts.year else None,
        places=tuple(draw(st.lists(st.builds(
            Place, TEXTS, CODES, st.sampled_from(["", "COM", "DEP", "REG"]),
            st.sampled_from(["FR", "", "BE"])), max_size=2))),
        programmes=tuple(draw(st.lists(st.builds(Programme, st.just("") | CODES, TEXTS),
                                       max_size=2))),
        from_open_call=draw(st.none() | st.booleans()),
        natures=draw(st.frozensets(st.sampled_from(Nature))),
        decision_reference=draw(st.just("") | TEXTS),
        agreement_reference=draw(st.just("") | TEXTS),
        agreed_on=draw(st.none() | DAYS),
        payments=draw(st.none() | st.lists(
            st.builds(Payment, DAYS, PARTS, st.just("") | TEXTS), max_size=3).map(tuple)),
        payment_conditions=draw(st.just("") | TEXTS),
        payment_period=draw(st.none() | st.sampled_from([Period(first), Period(first, last)])),
        de_minimis=draw(st.none() | st.booleans()),
        url=draw(st.sampled_from(["", "https://example.org/a%20b?c=d&e=f"])),
        status=draw(st.none() | st.sampled_from(GrantStatus)),
        modified_at=draw(st.none() | INSTANTS),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 3))
def test_what_is_written_is_valid_and_comes_back_the_same(data: st.DataObject, count: int) -> None:
    drawn = [data.draw(grants(number)) for number in range(count)]
    package = write_package(drawn, OPEN, issued_at=NOON)
    assert package.left_out == ()
    assert rejections(package.text) == []
    preview = read_package(package.text.encode(), prefix=PREFIX)
    assert preview.problems == ()
    assert preview.ignored == ()
    assert [item.value for item in preview.accepted] == [without_identity(one) for one in drawn]


@given(CENTS)
def test_an_amount_is_written_with_its_own_digits(amount: Decimal) -> None:
    text = write_package([make(amount=amount)], PUBLICATION, issued_at=NOON).text
    entry = json.loads(text, parse_float=Decimal, parse_int=Decimal)["grants"][0]
    assert entry["amountAwarded"] == amount


@given(CENTS.filter(bool), st.integers(0, 10**18))
def test_a_share_gives_its_part_back_to_the_cent(whole: Decimal, seed: int) -> None:
    part = euros(Decimal(seed % (int(whole * 100) + 1)).scaleb(-2))
    share = share_of(part, whole)
    assert 0 <= share <= 1
    assert part_of(share, whole) == part


def test_an_organisation_that_nothing_identifies_has_no_identifier() -> None:
    with pytest.raises(GrantError) as caught:
        organisation_id(Organisation("X", own_id="à 42"), prefix=PREFIX)
    assert caught.value.fault is GrantFault.IDENTIFIER


@pytest.mark.parametrize(
    ("changes", "field", "fault"),
    [
        ({"title": " "}, "title", GrantFault.MISSING),
        ({"amount": Decimal("0.001")}, "amount", GrantFault.AMOUNT),
        ({"amount": euros(-1)}, "amount", GrantFault.AMOUNT),
        ({"recipients": ()}, "recipients", GrantFault.RECIPIENT),
        ({"individual": Individual("q")}, "recipients", GrantFault.RECIPIENT),
        ({"recipients": (Recipient(CLUB, euros(1)),)}, "recipients", GrantFault.SHARE),
        (
            {"recipients": (Recipient(CLUB, euros(17001)), Recipient(CHOIR))},
            "recipients",
            GrantFault.SHARE,
        ),
        (
            {"starts": PartialDate(2026, 5), "ends": PartialDate(2026, 4)},
            "ends",
            GrantFault.PERIOD,
        ),
        ({"url": "javascript:alert(1)"}, "url", GrantFault.URL),
        ({"url": "https://[::1/"}, "url", GrantFault.URL),
        ({"url": "https://a:b@:99999999/"}, "url", GrantFault.URL),
        ({"modified_at": NOON.replace(tzinfo=None)}, "modified_at", GrantFault.DATE),
    ],
)
def test_a_grant_that_contradicts_itself_is_not_made(
    changes: dict[str, Any], field: str, fault: GrantFault
) -> None:
    with pytest.raises(GrantError) as caught:
        make(**changes)
    assert (caught.value.field, caught.value.fault) == (field, fault)


def test_a_year_may_end_what_begins_in_one_of_its_months() -> None:
    assert make(starts=PartialDate(2026, 5), ends=PartialDate(2026)).ends == PartialDate(2026)


def test_a_siret_of_another_siren_is_refused() -> None:
    with pytest.raises(GrantError) as caught:
        Organisation("X", siren="217500016", siret="73282932000074")
    assert caught.value.field == "siret"
