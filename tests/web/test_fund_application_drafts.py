"""Drafts: filled section by section by several, saved as they are typed, never lost."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.factories.applications import Applying, applying, draft, filled, sent

from alliage_web.files.models import StoredFile
from alliage_web.fund.actions import applications as actions
from alliage_web.fund.actions.calls import add_form_version
from alliage_web.fund.models import Application
from alliage_web.fund.queries.applications import Content
from alliage_web.fund.queries.calls import default_form_text

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def world() -> Applying:
    return applying()


def _address(application: Application, section: str, party: str = "") -> str:
    if party:
        return reverse("fund:application-part", args=[application.reference, section, party])
    return reverse("fund:application-section", args=[application.reference, section])


def _typed(page: str) -> dict[str, Any]:
    """Read the bases that a page sends back with the form."""
    return dict(re.findall(r'name="(base-[a-z_]+)" value="([0-9a-f]+)"', page))


def _fresh(application: Application) -> Application:
    return Application.objects.get(pk=application.pk)


def test_what_is_typed_is_kept_as_it_is_and_said_to_be_corrected(
    world: Applying, client: Client
) -> None:
    application = draft(world)
    client.force_login(world.lead)
    address = _address(application, "alliance")
    page = client.get(address).text
    page = client.post(address, {**_typed(page), "q-stage": "modelling"}, follow=True).text
    data = {**_typed(page), "q-stage": "modelling", "q-started": "un jour de mai"}
    page = client.post(address, data, follow=True).text
    assert _fresh(application).shared["started"] == "un jour de mai"
    assert "« un jour de mai » n’est pas une date." in page
    assert 'value="un jour de mai"' in page


def test_a_question_is_shown_once_its_condition_holds(world: Applying, client: Client) -> None:
    application = draft(world)
    client.force_login(world.lead)
    address = _address(application, "support")
    page = client.get(address).text
    assert "q-engineering_need" not in page
    page = client.post(
        address, {**_typed(page), "q-levers": ["engineering_input"]}, follow=True
    ).text
    assert "q-engineering_need" in page


def test_a_change_saves_by_itself_and_brings_the_questions_that_it_shows(
    world: Applying, client: Client
) -> None:
    application = draft(world)
    client.force_login(world.lead)
    address = _address(application, "support")
    data = {**_typed(client.get(address).text), "q-levers": ["engineering_input"]}
    answer = client.post(address, data, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Enregistré à" in answer.text
    assert re.search(r'id="question-engineering_need" hx-swap-oob="true"', answer.text)
    assert not re.search(r'id="question-levers" hx-swap-oob', answer.text)
    assert _fresh(application).shared["levers"] == ["engineering_input"]


def test_an_answer_that_is_hidden_comes_back_with_its_question(world: Applying) -> None:
    application = filled(draft(world))
    content = Content(_fresh(application))
    section = content.section("support")
    assert section is not None
    for levers in (["data"], ["engineering_input"]):
        present = _fresh(application).shared.get("levers")
        actions.save_answers(
            application=application, section=section, party="", answers={"levers": levers},
            base={"levers": actions.digest_of_answer(present)}, by=world.lead, at=AT,
        )  # fmt: skip
        shown = "engineering_need" in Content(_fresh(application)).visible("ville")
        assert shown is (levers != ["data"])
        assert _fresh(application).shared["engineering_need"] == "Une étude."


def test_two_people_who_write_different_answers_both_keep_them(
    world: Applying, client: Client
) -> None:
    application = draft(world)
    address = _address(application, "alliance")
    client.force_login(world.lead)
    first = _typed(client.get(address).text)
    client.force_login(world.partner)
    second = _typed(client.get(address).text)
    same = {"q-project_title": "Le marais", "q-summary": "Le marais revit."}
    client.post(address, {**second, **same, "q-why_together": "À deux."})
    client.force_login(world.lead)
    client.post(address, {**first, **same, "q-need": "Des riverains isolés."})
    shared = _fresh(application).shared
    assert (shared["need"], shared["why_together"]) == ("Des riverains isolés.", "À deux.")


def test_two_people_who_write_the_same_answer_compare_before_one_wins(
    world: Applying, client: Client
) -> None:
    application = draft(world)
    address = _address(application, "alliance")
    client.force_login(world.lead)
    base = _typed(client.get(address).text)
    client.force_login(world.partner)
    client.post(address, {**base, "q-need": "Sa version."})
    client.force_login(world.lead)
    answer = client.post(address, {**base, "q-need": "Ma version."})
    assert answer.status_code == 409
    assert "Sa version." in answer.text
    assert "Ma version." in answer.text
    assert _fresh(application).shared["need"] == "Sa version."
    client.post(address, {**_typed(answer.text), "q-need": "Ma version."})
    assert _fresh(application).shared["need"] == "Ma version."


def test_each_writes_where_it_may(world: Applying, client: Client) -> None:
    application = draft(world)
    client.force_login(world.partner)
    assert client.get(_address(application, "alliance")).status_code == 200
    # The support that is asked is the lead's, and the part of another is the other's.
    for address in (_address(application, "support"), _address(application, "party", "ville")):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].endswith("/lire/")
    assert client.get(_address(application, "party", "club")).status_code == 200
    assert client.get(_address(application, "party", "inconnu")).status_code == 404
    assert client.get(_address(application, "party")).status_code == 404
    assert client.get(_address(application, "unknown")).status_code == 404


def test_after_the_deadline_the_draft_is_kept_and_cannot_be_sent(
    world: Applying, client: Client
) -> None:
    application = filled(draft(world))
    for party, person in (("ville", world.lead), ("club", world.partner)):
        actions.sign(application=application, party=party, by=person, at=AT)
    world.call.kind, world.call.closes = "dated", "2026-02-01T12:00"
    world.call.save()
    client.force_login(world.lead)
    address = _address(application, "alliance")
    page = client.get(address).text
    assert "Ce dossier ne peut plus être envoyé" in page
    client.post(address, {**_typed(page), "q-need": "Écrit après."})
    assert _fresh(application).shared["need"] == "Écrit après."
    answer = client.post(reverse("fund:application-send", args=[application.reference]))
    assert answer.status_code == 422
    assert _fresh(application).state == "draft"


def test_what_is_typed_when_the_application_is_already_sent_is_given_back(
    world: Applying, client: Client
) -> None:
    application = draft(world)
    client.force_login(world.lead)
    address = _address(application, "alliance")
    data = _typed(client.get(address).text)
    Application.objects.filter(pk=application.pk).update(state="sent", sent_at=AT)
    answer = client.post(address, {**data, "q-need": "Une heure de travail."})
    assert answer.status_code == 409
    assert "Une heure de travail." in answer.text
    assert "need" not in _fresh(application).shared


def test_a_budget_is_typed_computed_and_balanced(world: Applying, client: Client) -> None:
    application = draft(world)
    client.force_login(world.lead)
    Application.objects.update(shared={"levers": ["engineering_input"]})
    address = reverse("fund:application-budget", args=[application.reference, "plan"])
    base = dict(re.findall(r'name="(base)" value="([0-9a-f]+)"', client.get(address).text))
    line = {"party": "club", "nature": "cash"}
    data = {
        **{f"expenses-0-{name}": value for name, value in line.items()},
        "expenses-0-label": "Étude", "expenses-0-category": "services",
        "expenses-0-quantity": "10", "expenses-0-unit_price": "600",
        **{f"resources-0-{name}": value for name, value in line.items()},
        "resources-0-label": "Le fonds", "resources-0-origin": "asked",
        "resources-0-amount": "5 000",
    }  # fmt: skip
    page = client.post(address, {**base, **data}).text
    assert "L’écart est de 1 000 €" in page.replace("\u202f", " ").replace("\xa0", " ")
    kept = _fresh(application).shared["plan"]
    assert (kept["expenses"][0]["code"], kept["resources"][0]["code"]) == ("D1", "R1")
    # What cannot be read is kept and named, and nothing is computed from it.
    base = dict(re.findall(r'name="(base)" value="([0-9a-f]+)"', page))
    data |= {"expenses-0-code": "D1", "resources-0-code": "R1", "resources-0-amount": "5.000,00"}
    page = client.post(address, {**base, **data}).text
    assert "« 5.000,00 » n’est pas un nombre." in page
    assert 'value="5.000,00"' in page
    stale = client.post(address, {"base": "0", **data, "resources-0-amount": "7"})
    assert stale.status_code == 409
    assert _fresh(application).shared["plan"]["resources"][0]["amount"] == "5.000,00"


def test_documents_are_private_and_checked(world: Applying, client: Client) -> None:
    application = draft(world)
    address = reverse(
        "fund:application-attach", args=[application.reference, "attachments", "ville"]
    )
    client.force_login(world.partner)
    assert client.get(address).status_code == 404
    client.force_login(world.lead)
    refused = client.post(address, {"file": SimpleUploadedFile("note.txt", b"Une note.")})
    assert refused.status_code == 422
    assert "n’est pas d’un type accepté ici" in refused.text
    assert not StoredFile.objects.exists()
    pdf = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
    client.post(address, {"file": SimpleUploadedFile("plan.pdf", pdf)})
    [kept] = _fresh(application).shared["attachments"]
    file = StoredFile.objects.get()
    assert (kept["name"], kept["digest"], kept["uuid"]) == (
        "plan.pdf", file.sha256, str(file.uuid),
    )  # fmt: skip
    given = reverse("fund:application-file", args=[application.reference, file.uuid])
    assert b"".join(client.get(given).streaming_content) == pdf  # type: ignore[attr-defined]
    client.force_login(world.officer)
    assert client.get(given).status_code == 404
    client.force_login(world.lead)
    client.post(
        reverse(
            "fund:application-detach",
            args=[application.reference, "attachments", "ville", file.uuid],
        )
    )
    assert "attachments" not in _fresh(application).shared
    assert client.get(given).status_code == 404


def test_a_newer_form_changes_nothing_until_the_lead_asks(world: Applying, client: Client) -> None:
    application = filled(draft(world))
    text = default_form_text().replace("version: 1", "version: 2", 1)
    newer = text.replace("- code: need\n", "- code: fragility\n")
    add_form_version(fund=world.fund, text=newer, by=world.officer, at=AT)
    assert Content(_fresh(application)).form.version == 1
    client.force_login(world.lead)
    address = reverse("fund:application-version", args=[application.reference])
    page = client.get(address).text
    assert page.count("À quelle fragilité répondez-vous") >= 2
    assert _fresh(application).form.version == 1
    client.post(address)
    moved = _fresh(application)
    assert moved.form.version == 2
    assert moved.set_aside["shared"] == {"need": "Des riverains isolés."}
    assert "Des riverains isolés." in client.get(
        reverse("fund:application-read", args=[application.reference])
    ).text  # fmt: skip


def test_what_is_set_aside_is_read_whatever_its_question_is_called(
    world: Applying, client: Client
) -> None:
    application = draft(world)
    application.set_aside = {"shared": {"items": ["levier"], "need": "Des riverains isolés."}}
    application.save()
    client.force_login(world.lead)
    page = client.get(reverse("fund:application-read", args=[application.reference]))
    assert "levier" in page.text
    assert "Des riverains isolés." in page.text


def test_the_rules_follow_what_is_typed(world: Applying, client: Client) -> None:
    application = draft(world)
    client.force_login(world.lead)
    address = _address(application, "support")
    page = client.get(address).text
    assert "à voir" in page
    data = {**_typed(page), "q-levers": ["direct_funding"]}
    page = client.post(address, data, follow=True).text
    page = client.post(address, {**_typed(page), "q-levers": ["direct_funding"],
                                 "q-amount_asked": "20 000"}, follow=True).text  # fmt: skip
    assert "non remplie" in page
    assert "Demandez moins." in page


def test_a_sent_application_is_read_only_for_all(world: Applying, client: Client) -> None:
    application = sent(world)
    client.force_login(world.lead)
    for section in ("alliance", "support"):
        assert client.get(_address(application, section)).status_code == 302
    with pytest.raises(actions.NotWritableError):
        actions.sign(application=application, party="ville", by=world.lead, at=AT)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "<script>alert(1)</script>", "x" * 60_000])
def test_rough_text_is_kept_without_harm(world: Applying, client: Client, text: str) -> None:
    application = draft(world)
    client.force_login(world.lead)
    address = _address(application, "alliance")
    data = _typed(client.get(address).text)
    sendable = text.encode("utf-8", "ignore").decode()
    page = client.post(address, {**data, "q-need": sendable}, follow=True)
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text
    assert "\x00" not in _fresh(application).shared.get("need", "")
