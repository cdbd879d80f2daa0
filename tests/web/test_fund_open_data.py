"""Open data of a fund: what is published is valid, what is imported is whole, or not at all."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.factories.fund import support
from tests.factories.people import somebody
from tests.factories.workplaces import fund as workplace
from tests.factories.workplaces import organisation

from alliage.fund.open_data.grants import GrantFault
from alliage.fund.open_data.scdl_subventions import COLUMNS, read_subventions
from alliage.fund.open_data.three_sixty_giving import PackageFault, read_package
from alliage_web.accounts.models import Role
from alliage_web.audit.queries import history
from alliage_web.fund.models import Fund, OriginChoices, Support
from alliage_web.fund.queries.open_data import ImportFault, plan_import
from alliage_web.fund.queries.open_data_wording import FAULTS, PACKAGE_FAULTS

if TYPE_CHECKING:
    from django.test import Client

    from alliage_web.accounts.models import User
    from alliage_web.actors.models import Organisation

pytestmark = pytest.mark.django_db

#: A folder with the official schemas, which are not part of the project.
SCHEMAS = os.environ.get("ALLIAGE_OFFICIAL_SCHEMAS", "")
CITY, CLUB = "21750001600019", "73282932000074"
DAY = dt.date(2026, 3, 14)
ACTS: dict[str, Any] = {
    "awarded_on": dt.date(2026, 3, 2),
    "agreed_on": DAY,
    "payment_conditions": "unique",
    "paid_from": dt.date(2026, 4, 1),
    "de_minimis": False,
}


@pytest.fixture
def fund() -> Fund:
    found = workplace()
    _numbered(found.organisation, CITY)
    return found


@pytest.fixture
def officer(fund: Fund) -> User:
    return somebody("Camille", (Role.FUND_OFFICER, fund.stable_name))


def _numbered(found: Organisation, siret: str) -> Organisation:
    found.siren, found.siret = siret[:9], siret
    found.save()
    return found


def published(fund: Fund, **more: Any) -> Support:
    club = _numbered(organisation("club"), CLUB)
    return support(fund, receiver_id=club.pk, **{**ACTS, **more})


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


# What is published.


def package_problems(text: str) -> list[str]:
    """What the official schema says of a package; nothing where there is no schema."""
    if not SCHEMAS:
        return []
    folder = Path(SCHEMAS)
    item = json.loads((folder / "360-giving-schema-1.4.3.json").read_text(encoding="utf-8"))
    whole = json.loads((folder / "360-giving-package-schema-1.4.3.json").read_text("utf-8"))
    named = whole["properties"]["grants"]["items"]["$ref"]
    for schema in (item, whole):
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    registry = jsonschema_rs.Registry([(named, {**item, "$id": named}), (item["$id"], item)])
    validator = jsonschema_rs.Draft202012Validator(whole, registry=registry, validate_formats=True)
    return [str(error) for error in validator.iter_errors(json.loads(text))]


@pytest.mark.one_engine
@pytest.mark.parametrize("name", ["fund:grants-json", "api:grants-json"])
def test_the_package_is_valid_and_read_back_whole(fund: Fund, client: Client, name: str) -> None:
    row = published(fund, amount=Decimal("17000.50"))
    answer = client.get(reverse(name, args=[fund.code]))
    assert answer.headers["Content-Type"].startswith("application/json")
    text = answer.content.decode()
    preview = read_package(answer.content, prefix="360G-fonds")
    assert preview.problems == ()
    (one,) = preview.accepted
    assert (one.value.id, one.value.amount) == (str(row.uuid), Decimal("17000.50"))
    assert one.value.recipients[0].organisation.siren == CLUB[:9]
    assert package_problems(text) == []


@pytest.mark.parametrize("name", ["fund:grants-csv", "api:grants-csv"])
def test_the_table_is_valid_and_read_back_whole(fund: Fund, client: Client, name: str) -> None:
    published(fund)
    answer = client.get(reverse(name, args=[fund.code]))
    assert answer.headers["Content-Type"].startswith("text/csv")
    preview = read_subventions(answer.content)
    assert preview.problems == ()
    (one,) = preview.accepted
    assert one.value.amount == Decimal(10_000)
    assert (one.value.grantor_siret, one.value.recipient_siret) == (CITY, CLUB)


@pytest.mark.one_engine
def test_the_table_exists_while_it_is_empty_and_the_package_does_not(
    fund: Fund, client: Client
) -> None:
    rows = list(
        csv.reader(
            io.StringIO(client.get(f"/api/v1/funds/{fund.code}/grants.csv").content.decode()),
            delimiter=";",
        )
    )
    assert [len(row) for row in rows] == [len(COLUMNS)]
    answer = client.get(f"/api/v1/funds/{fund.code}/grants.json")
    assert answer.status_code == 404
    assert "Données ouvertes" in answer.json()["fix"]
    assert client.get(reverse("fund:grants-json", args=[fund.code])).status_code == 404
    assert client.get("/api/v1/funds/autre/grants.json").status_code == 404
    assert client.get("/api/v1/funds/autre/grants.csv").status_code == 404


def test_the_api_of_files_is_read_only(fund: Fund, client: Client) -> None:
    assert client.post(f"/api/v1/funds/{fund.code}/grants.csv").status_code == 405


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("without", "said"),
    [
        ({"awarded_on": None}, "date de la décision"),
        ({"receiver_id": None, "receiver_name": "Un collectif"}, "SIRET ou numéro RNA"),
        ({"agreed_on": None}, "date de la convention"),
        ({"payment_conditions": ""}, "conditions de versement"),
        ({"paid_from": None}, "période de versement"),
        ({"de_minimis": None}, "aide « de minimis », oui ou non"),
    ],
)
def test_a_grant_that_lacks_something_is_left_out_and_the_page_says_what(
    fund: Fund, client: Client, without: dict[str, Any], said: str
) -> None:
    row = published(fund)
    for name, value in without.items():
        setattr(row, name, value)
    row.save()
    text = plain(client.get(reverse("fund:open-data", args=[fund.code])).content.decode())
    assert said in text
    assert row.get_absolute_url() in text
    found = read_subventions(client.get(reverse("fund:grants-csv", args=[fund.code])).content)
    assert found.accepted == ()


def test_what_is_no_grant_is_counted_apart_and_never_published(fund: Fund, client: Client) -> None:
    published(fund)
    support(fund, nature="not_valued", reason="not_stated", **ACTS)
    support(fund, status="conditional", first="", last="", **ACTS)
    support(fund, origin="giver", **ACTS)
    whole = support(fund, nature="in_kind", method="declared", amount=Decimal(50), **ACTS)
    support(
        fund, nature="in_kind", method="declared", amount=Decimal(20), part_of_id=whole.pk, **ACTS
    )
    package = client.get(reverse("fund:grants-json", args=[fund.code])).json()
    amounts = sorted(grant["amountAwarded"] for grant in package["grants"])
    assert amounts == [50, 10_000]
    text = plain(client.get(reverse("fund:open-data", args=[fund.code])).content.decode())
    assert "(2 soutiens)" in text


# What is imported.


def grant(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"360G-other-{number}",
        "title": "Passerelles",
        "description": "Vers l’emploi",
        "currency": "EUR",
        "amountAwarded": 1200.5,
        "awardDate": "2025-05-02",
        "fundingOrganization": [{"id": "FR-SIREN-732829320", "name": "Fondation Club"}],
        "recipientOrganization": [{"id": "FR-RNA-W751234567", "name": "Chorale"}],
        **more,
    }


def package(*grants: dict[str, Any]) -> bytes:
    return json.dumps({"grants": list(grants or (grant(),))}).encode()


def table(**more: str) -> bytes:
    row = {
        "nomAttribuant": "Fondation Club",
        "idAttribuant": CLUB,
        "dateConvention": "2025-05-02",
        "nomBeneficiaire": "Chorale",
        "rnaBeneficiaire": "W751234567",
        "objet": "Passerelles",
        "montant": "1200.50",
        "nature": "aide en numéraire",
        "conditionsVersement": "unique",
        "datesPeriodeVersement": "2025-06-01",
        "notificationUE": "non",
        "pourcentageSubvention": "1",
        **more,
    }
    return f"{';'.join(row)}\n{';'.join(row.values())}\n".encode()


def plan(fund: Fund, data: bytes) -> Any:
    return plan_import(fund, data, name="aides.csv", lever="networks")


@pytest.mark.parametrize(("data", "origin"), [(package(), "360giving"), (table(), "scdl")])
def test_a_file_is_previewed_then_written_once(
    fund: Fund, officer: User, client: Client, data: bytes, origin: str
) -> None:
    club = _numbered(organisation("club"), CLUB)
    client.force_login(officer)
    address = reverse("fund:grants-import", args=[fund.code])

    def send() -> Any:
        file = SimpleUploadedFile("aides.dat", data)
        return client.post(address, {"file": file, "lever": "networks"})

    preview = send()
    assert "1 soutien serait inscrit" in plain(preview.content.decode())
    assert not Support.objects.exists()
    token = {"token": preview.context["token"]}
    confirm = reverse("fund:grants-import-confirm", args=[fund.code])
    for _twice in range(2):
        assert client.post(confirm, token).status_code == 302
    row = Support.objects.get()
    assert (row.origin, row.lever, row.reading) == (origin, "networks", "external")
    assert (row.giver, row.receiver, row.receiver_name) == (club, None, "Chorale")
    assert row.receiver_identifier == "FR-RNA-W751234567"
    assert row.amount == Decimal("1200.50")
    assert origin == "scdl" or "360G-other-1" in row.source
    assert history(fund.stable_name)[0].changes["created"] == [None, 1]
    again = send()
    assert "n’y a rien à écrire" in plain(again.content.decode())
    assert Support.objects.count() == 1
    # It stands in the book with its origin, and never in what the fund itself gave.
    shown = plain(client.get(reverse("fund:supports", args=[fund.code])).content.decode())
    assert "Chorale" in shown
    assert client.get(f"/api/v1/funds/{fund.code}/grants.json").status_code == 404


def test_rows_that_do_not_hold_stay_out_whole_and_are_named(fund: Fund) -> None:
    person = grant(2, recipientIndividual={"id": "360G-x-p1", "name": "Lou Martin"})
    del person["recipientOrganization"]
    two = [{"id": "FR-RNA-W751234567", "name": "A"}, {"id": "FR-RNA-W751234568", "name": "B"}]
    found = plan(
        fund,
        package(
            grant(1),
            person,
            grant(3, currency="GBP"),
            grant(4, amountAwarded=0),
            grant(5, recipientOrganization=two),
        ),
    )
    assert [draft.index for draft in found.drafts] == [1]
    assert {(one.index, one.fault) for one in found.problems} == {
        (2, ImportFault.INDIVIDUAL),
        (3, GrantFault.CURRENCY),
        (4, ImportFault.ZERO),
        (5, ImportFault.NO_SHARE),
    }
    assert not any("Lou" in str(one) for one in found.drafts)


def test_a_grant_to_oneself_or_with_a_null_character_stays_out(fund: Fund) -> None:
    same = [{"id": "FR-SIREN-732829320", "name": "Fondation Club"}]
    found = plan(
        fund, package(grant(1, recipientOrganization=same), grant(2, title="Passe\x00relles"))
    )
    assert not found.drafts
    assert {one.index for one in found.problems} == {1, 2}
    assert found.problems[0].fault is ImportFault.SELF


def test_cash_and_kind_together_stay_out(fund: Fund) -> None:
    found = plan(
        fund, table(nature="aide en numéraire;aide en nature").replace(b"raire;aide", b"raire;aide")
    )
    assert not found.drafts
    found = plan(fund, table(nature='"aide en numéraire;aide en nature"'))
    assert [one.fault for one in found.problems] == [ImportFault.MIXED]


def test_what_is_in_kind_says_that_its_value_was_declared(fund: Fund) -> None:
    (draft,) = plan(fund, table(nature="aide en nature")).drafts
    assert (draft.values.nature, draft.values.method) == ("in_kind", "declared")


def test_the_same_row_twice_in_a_table_is_two_grants(fund: Fund) -> None:
    text = table()
    found = plan(fund, text + text.splitlines()[1] + b"\n")
    assert len({draft.code for draft in found.drafts}) == 2


def test_the_grants_of_the_fund_itself_are_not_taken_again(fund: Fund, client: Client) -> None:
    published(fund)
    data = client.get(reverse("fund:grants-json", args=[fund.code])).content
    found = plan(fund, data)
    assert (found.drafts, found.own) == ((), 1)


def test_a_share_gives_each_recipient_its_part(fund: Fund) -> None:
    (draft,) = plan(fund, table(pourcentageSubvention="0.5")).drafts
    assert draft.values.amount == Decimal("600.25")


def test_a_book_that_changed_since_the_preview_is_shown_again(
    fund: Fund, officer: User, client: Client
) -> None:
    client.force_login(officer)
    address = reverse("fund:grants-import", args=[fund.code])
    confirm = reverse("fund:grants-import-confirm", args=[fund.code])
    tokens = [
        client.post(
            address, {"file": SimpleUploadedFile("a.json", package()), "lever": "data"}
        ).context["token"]
        for _twice in range(2)
    ]
    assert client.post(confirm, {"token": tokens[0]}).status_code == 302
    late = client.post(confirm, {"token": tokens[1]})
    assert "Le livre a changé" in plain(late.content.decode())
    assert Support.objects.count() == 1


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"grants": []}', "aucune aide"),
        (b"{", "JSON lisible"),
        (b"", "vide"),
        (b"a;b\n1;2\n", "Ajoutez-la"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    fund: Fund, officer: User, client: Client, data: bytes, said: str
) -> None:
    client.force_login(officer)
    answer = client.post(
        reverse("fund:grants-import", args=[fund.code]),
        {"file": SimpleUploadedFile("a.dat", data), "lever": "data"},
    )
    assert answer.status_code == 422
    assert said in plain(answer.content.decode())


def test_only_officers_import_and_a_preview_is_for_who_made_it(
    fund: Fund, officer: User, client: Client
) -> None:
    address = reverse("fund:grants-import", args=[fund.code])
    confirm = reverse("fund:grants-import-confirm", args=[fund.code])
    assert client.get(address).status_code == 302
    client.force_login(somebody("Alex", (Role.FUND_AUDITOR, fund.stable_name)))
    assert client.get(address).status_code == 403
    client.force_login(officer)
    file = {"file": SimpleUploadedFile("a.json", package()), "lever": "data"}
    token = client.post(address, file).context["token"]
    client.force_login(somebody("Dominique", (Role.FUND_OFFICER, fund.stable_name)))
    assert client.post(confirm, {"token": token}).status_code == 403
    assert client.post(confirm, {"token": "faux"}).status_code == 302
    assert not Support.objects.exists()


def test_every_fault_has_its_words() -> None:
    assert set(FAULTS) == {*GrantFault, *ImportFault}
    assert set(PACKAGE_FAULTS) == set(PackageFault)
    assert {OriginChoices.THREE_SIXTY.value, OriginChoices.SCDL.value} == {"360giving", "scdl"}
