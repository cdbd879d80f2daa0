"""Charters: who reads, writes, signs and leaves one, and what a change of text costs."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from tests.factories.pdf import reader, words
from tests.factories.people import somebody
from tests.factories.positioning import (
    AT,
    CLUB,
    TOWN,
    WRITTEN_ON,
    as_stored,
    charter_draft,
    charter_filled,
    charter_in_force,
    charter_opened,
    charter_sign,
    organisation,
)
from tests.factories.workplaces import alliance as write_alliance

from alliage.positioning.charter import CharterState, fingerprint, guide
from alliage_web.accounts.actions.erasing import erase_person
from alliage_web.accounts.models import Role, User
from alliage_web.actors.actions import MergeError, merge_organisations
from alliage_web.audit.models import Event
from alliage_web.positioning.actions import charters as actions
from alliage_web.positioning.models import (
    Charter,
    CharterComment,
    CharterParty,
    CharterSignature,
    CharterVersion,
)
from alliage_web.positioning.queries import charters as queries

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django.fixtures import (
        DjangoAssertNumQueries,
        DjangoCaptureOnCommitCallbacks,
        Settings,
    )

pytestmark = pytest.mark.django_db
SECRET = "Nous partageons le quai"
LATER = dt.date(2099, 1, 1)


@pytest.fixture
def draft() -> CharterVersion:
    return charter_draft()


@pytest.fixture
def ada() -> User:
    """Somebody who acts for the town."""
    organisation(TOWN, "local_authority")
    return somebody("Ada", member_of=[f"organisation:{TOWN}"])


@pytest.fixture
def bob() -> User:
    """Somebody who acts for the club."""
    organisation(CLUB)
    return somebody("Bob", member_of=[f"organisation:{CLUB}"])


@pytest.fixture
def sent(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Callable[..., Any]:
    """Do something, and return who was written to, by subject."""

    def doing(act: Callable[[], Any]) -> dict[str, set[str]]:
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            act()
        found: dict[str, set[str]] = {}
        for one in mail.outbox:
            found.setdefault(str(one.subject), set()).update(one.to)
        return found

    return doing


def at(version: CharterVersion, name: str, *more: Any) -> str:
    return reverse(f"positioning:{name}", args=[version.charter.uuid, version.number, *more])


def kinds(version: CharterVersion) -> list[str]:
    target = version.charter.stable_name
    return list(Event.objects.filter(target=target).order_by("pk").values_list("kind", flat=True))


def write(
    client: Client, version: CharterVersion, code: str = "purpose", **typed: Any
) -> tuple[Any, dict[str, Any]]:
    """Open the page of a section, and send its form; give the answer and what was sent."""
    address = at(version, "charter-section", code)
    form = client.get(address).context["form"]
    data = {
        "seen": form.initial["seen"], "cancelling": "on" if form.initial["cancelling"] else "",
        "text": SECRET, **typed,
    }  # fmt: skip
    return client.post(address, data), data


# ---- Beginning ---------------------------------------------------------------------------------


def test_who_acts_for_an_organisation_begins_a_charter_once(client: Client, ada: User) -> None:
    client.force_login(ada)
    page = reverse("positioning:charter-new")
    token = client.get(page).context["form"].initial["submission"]
    typed = {"title": "Le quai", "organisation": TOWN, "submission": token}
    first, again = client.post(page, typed), client.post(page, typed)
    made = Charter.objects.get(title="Le quai")
    assert first["Location"] == at(made.versions.get(), "charter-parties")
    assert again["Location"] == made.get_absolute_url()
    assert [row.organisation.slug for row in made.versions.get().parties.all()] == [TOWN]
    assert made.created_by == ada


def test_a_charter_is_not_begun_for_others(client: Client, ada: User) -> None:
    client.force_login(ada)
    typed = {"title": "Le quai", "organisation": CLUB}
    assert client.post(reverse("positioning:charter-new"), typed).status_code == 422
    client.force_login(somebody("Lou"))
    page = client.get(reverse("positioning:charter-new"))
    assert "n’agit encore pour aucune" in page.text
    assert client.post(reverse("positioning:charter-new"), typed).status_code == 200
    assert not Charter.objects.filter(title="Le quai").exists()


def test_a_party_member_acts_in_the_charters_of_the_alliance_alone(client: Client) -> None:
    club = organisation(CLUB)
    alliance = write_alliance(party=club)
    person = somebody("Zoé", (Role.PARTY_MEMBER, alliance.stable_name, club.stable_name))
    client.force_login(person)
    page = reverse("positioning:charter-new")
    typed = {"title": "Le quai", "organisation": CLUB}
    refused = client.post(page, typed)
    assert refused.status_code == 422
    assert "choisissez cette" in refused.text
    assert client.post(page, {**typed, "alliance": alliance.slug}).status_code == 302
    made = Charter.objects.get()
    assert made.alliance == alliance
    assert client.get(made.get_absolute_url()).status_code == 200
    elsewhere = charter_draft(club)
    assert client.get(elsewhere.get_absolute_url()).status_code == 404


# ---- Reading -----------------------------------------------------------------------------------


@pytest.mark.one_engine
def test_a_project_is_read_of_its_parties_alone(
    client: Client, draft: CharterVersion, ada: User, bob: User
) -> None:
    opened = charter_opened(draft)
    others = [
        somebody("Editor", (Role.EDITOR, "platform")),
        somebody("Administrator", (Role.ADMINISTRATOR, "platform")),
        somebody("Lou"),
    ]
    addresses = [
        opened.charter.get_absolute_url(),
        opened.get_absolute_url(),
        at(opened, "charter-file"),
    ]
    writing = [
        at(opened, "charter-section", "purpose"), at(opened, "charter-parties"),
        at(opened, "charter-open"), at(opened, "charter-sign", CLUB),
    ]  # fmt: skip
    for address in (*addresses, *writing):
        assert client.get(address)["Location"].startswith("/compte/connexion/")
    for person in (ada, bob):
        client.force_login(person)
        assert all(client.get(address).status_code == 200 for address in addresses)
    for person in others:
        client.force_login(person)
        for address in (*addresses, *writing):
            assert client.get(address).status_code == 404
        assert "La charte du port" not in client.get(reverse("positioning:charters")).text


def test_a_charter_is_public_once_all_have_signed_and_all_chose_so(
    client: Client, draft: CharterVersion, ada: User
) -> None:
    opened = charter_opened(draft)
    listing = reverse("positioning:charters")
    charter_sign(opened, TOWN)
    assert "La charte du port" not in client.get(listing).text
    in_force = charter_sign(opened, CLUB, public=False)
    assert in_force.state == CharterState.IN_FORCE.value
    assert client.get(in_force.charter.get_absolute_url()).status_code == 302
    assert "La charte du port" not in client.get(listing).text

    bob = somebody("Bob", member_of=[f"organisation:{CLUB}"])
    client.force_login(bob)
    client.post(at(in_force, "charter-publicity", CLUB), {"agrees": "yes"})
    client.logout()
    page = client.get(in_force.charter.get_absolute_url())
    assert page.status_code == 200
    for said in ("Ada Martin", "présidente", "Nous écrivons : decision.", in_force.digest):
        assert said in page.text
    for kept in ("Historique", "Quitter", "Ne plus l’accepter"):
        assert kept not in page.text
    assert "La charte du port" in client.get(listing).text
    assert client.get(at(in_force, "charter-file")).status_code == 200

    client.force_login(ada)
    client.post(at(in_force, "charter-publicity", TOWN), {"agrees": "no"})
    client.logout()
    assert client.get(in_force.charter.get_absolute_url()).status_code == 302


@pytest.mark.one_engine
def test_who_is_not_a_party_chooses_nothing_for_it(
    client: Client, draft: CharterVersion, ada: User
) -> None:
    in_force = charter_in_force(draft)
    client.force_login(ada)
    for name in ("charter-publicity", "charter-sign", "charter-leave"):
        assert client.post(at(in_force, name, CLUB), {"agrees": "no"}).status_code == 404
    assert all(one.agrees_public for one in CharterSignature.objects.all())


# ---- Writing -----------------------------------------------------------------------------------


def test_a_section_tells_why_it_matters_and_leads_to_the_next(
    client: Client, draft: CharterVersion, ada: User
) -> None:
    client.force_login(ada)
    page = client.get(at(draft, "charter-section", "purpose"))
    first, second = guide().sections[:2]
    assert first.title_fr in page.text
    assert all(one.split(",")[0] in page.text for one in first.decide_fr)
    answer, _sent = write(client, draft)
    assert answer["Location"] == at(draft, "charter-section", second.code)
    assert as_stored(draft).sections == {"purpose": SECRET}
    assert SECRET in client.get(draft.get_absolute_url()).text
    last = guide().sections[-1].code
    answer, _sent = write(client, draft, last, review_on="2099-01-01")
    assert answer["Location"] == draft.get_absolute_url()
    assert as_stored(draft).review_on == LATER


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("code", "typed", "said"),
    [
        ("purpose", {"text": " "}, "passez à une autre"),
        ("exit", {"notice_days": ""}, "combien de jours"),
        ("exit", {"notice_days": "366"}, "365"),
        ("review", {"review_on": "2020-01-01"}, "Ce jour est passé"),
        ("purpose", {"text": "x" * 8001}, "8000"),
    ],
)
def test_what_is_wrong_in_a_section_is_told_and_nothing_typed_is_lost(
    client: Client, draft: CharterVersion, ada: User, code: str, typed: dict[str, str], said: str
) -> None:
    client.force_login(ada)
    answer, _sent = write(client, draft, code, **{"text": SECRET, **typed})
    assert answer.status_code == 422
    assert said in answer.text.replace("\u202f", "").replace("\xa0", "")
    assert typed.get("text", SECRET).strip() in answer.text
    assert as_stored(draft).sections == {}


def test_two_people_who_write_one_section_both_see_what_the_other_wrote(
    client: Client, draft: CharterVersion, ada: User, bob: User
) -> None:
    client.force_login(ada)
    form = client.get(at(draft, "charter-section", "purpose")).context["form"]
    client.force_login(bob)
    write(client, draft, text="Le texte de Bob")
    client.force_login(ada)
    address = at(draft, "charter-section", "purpose")
    typed = {"seen": form.initial["seen"], "text": "Le texte d’Ada"}
    answer = client.post(address, typed)
    assert answer.status_code == 409
    assert "Le texte de Bob" in answer.text
    assert "Le texte d’Ada" in answer.text
    assert as_stored(draft).sections["purpose"] == "Le texte de Bob"
    again = answer.context["form"]["seen"].value()
    assert client.post(address, {**typed, "seen": again}).status_code == 302
    assert as_stored(draft).sections["purpose"] == "Le texte d’Ada"


def test_the_same_words_sent_twice_are_written_once(
    client: Client, draft: CharterVersion, ada: User
) -> None:
    client.force_login(ada)
    _answer, typed = write(client, draft)
    again = client.post(at(draft, "charter-section", "purpose"), typed)
    assert again.status_code == 302
    assert kinds(draft).count("charter.written") == 1


def test_an_address_that_names_no_section_or_party_is_not_found(
    client: Client, draft: CharterVersion, ada: User
) -> None:
    client.force_login(ada)
    for address in (
        at(draft, "charter-section", "nothing"),
        at(draft, "charter-sign", "nobody"),
        reverse("positioning:charter", args=[uuid4()]),
        reverse("positioning:charter-version", args=[draft.charter.uuid, 9]),
    ):
        assert client.get(address).status_code == 404
    assert client.post(at(draft, "charter-settle", 10**9)).status_code == 404


# ---- Parties -----------------------------------------------------------------------------------


def test_an_organisation_is_invited_and_told(
    client: Client, draft: CharterVersion, ada: User, sent: Callable[..., Any]
) -> None:
    firm = organisation("usine", "company")
    cleo = somebody("Cléo", member_of=[firm.stable_name])
    client.force_login(ada)
    page = at(draft, "charter-parties")
    told = sent(lambda: client.post(page, {"organisation": firm.slug}))
    assert told == {"Charte « La charte du port » : invitation": {cleo.email}}
    again = client.post(page, {"organisation": firm.slug})
    assert again.status_code == 422
    assert "déjà partie" in again.text
    assert client.post(page, {"organisation": "Personne"}).status_code == 422
    assert "Personne n’agit encore pour elle" in client.get(page).text
    client.force_login(cleo)
    assert client.get(draft.get_absolute_url()).status_code == 200


def test_an_invited_organisation_may_decline(
    client: Client, draft: CharterVersion, ada: User, bob: User, sent: Callable[..., Any]
) -> None:
    client.force_login(bob)
    address = at(draft, "charter-remove", CLUB)
    assert "Ne pas faire partie" in client.get(address).text
    told = sent(lambda: client.post(address))
    assert set().union(*told.values()) == {ada.email, bob.email}
    assert client.get(draft.get_absolute_url()).status_code == 404
    client.force_login(ada)
    client.post(at(draft, "charter-remove", TOWN))
    assert [row.organisation.slug for row in as_stored(draft).parties.all()] == [TOWN]


def test_a_charter_has_room_for_some_parties(
    draft: CharterVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_PARTIES", 2)
    with pytest.raises(actions.TooManyPartiesError):
        actions.invite_party(
            version=draft, organisation=organisation("usine"), by=None, at=AT, on=WRITTEN_ON
        )


# ---- Proposals ---------------------------------------------------------------------------------


def test_a_proposal_changes_no_text_and_cancels_no_signature(
    client: Client, draft: CharterVersion, ada: User, bob: User
) -> None:
    opened = charter_sign(charter_opened(draft), TOWN)
    client.force_login(bob)
    page = at(opened, "charter-section", "purpose")
    form = client.get(page).context["comment_form"]
    typed = {
        "proposal-organisation": CLUB, "proposal-text": "Dire aussi les quais.",
        "proposal-submission": form.initial["submission"],
    }  # fmt: skip
    address = at(opened, "charter-comment", "purpose")
    for _time in range(2):
        assert client.post(address, typed).status_code == 302
    row = CharterComment.objects.get()
    assert (row.author, row.organisation.slug) == (bob, CLUB)
    assert as_stored(opened).state == CharterState.SIGNING.value
    assert CharterSignature.objects.count() == 1
    assert client.post(address, {"proposal-text": ""}).status_code == 422
    assert client.post(address, {**typed, "proposal-organisation": TOWN}).status_code == 422
    client.force_login(ada)
    assert "Dire aussi les quais." in client.get(page).text
    client.post(at(opened, "charter-settle", row.pk))
    assert "traitée" in client.get(page).text
    row.refresh_from_db()
    assert row.settled_at is not None


# ---- Signing -----------------------------------------------------------------------------------


def test_what_a_charter_lacks_is_told_before_it_goes_to_signature(
    client: Client, draft: CharterVersion, ada: User
) -> None:
    client.force_login(ada)
    answer = client.post(at(draft, "charter-open"))
    assert answer.status_code == 422
    for section in guide().sections:
        assert (at(draft, "charter-section", section.code) in answer.text) is section.required
    assert as_stored(draft).state == CharterState.DRAFT.value


def test_a_charter_of_one_world_does_not_go_to_signature(client: Client, ada: User) -> None:
    alone = charter_filled(charter_draft(organisation("bourg", "local_authority")))
    client.force_login(ada)
    answer = client.post(at(alone, "charter-open"))
    assert answer.status_code == 422
    assert "deux mondes" in answer.text


def test_all_sign_the_same_text_and_it_is_in_force(
    client: Client, draft: CharterVersion, ada: User, bob: User, sent: Callable[..., Any]
) -> None:
    charter_filled(draft)
    client.force_login(ada)
    told = sent(lambda: client.post(at(draft, "charter-open")))
    assert told == {"Charte « La charte du port » : à signer": {ada.email, bob.email}}
    opened = as_stored(draft)
    assert opened.digest == fingerprint(opened.content or {})
    for person, slug in ((ada, TOWN), (bob, CLUB)):
        client.force_login(person)
        page = at(opened, "charter-sign", slug)
        shown = client.get(page)
        assert "Nous écrivons : exit." in shown.text
        assert opened.digest in shown.text
        typed = {
            "digest": opened.digest, "signatory": person.name, "capacity": "maire",
            "submission": shown.context["form"].initial["submission"],
        }  # fmt: skip
        assert client.post(page, typed).status_code == 422
        typed["commits"] = "on"
        assert client.post(page, typed).status_code == 302
        assert client.post(page, typed).status_code == 302
        assert client.get(page).status_code == 302
    done = as_stored(opened)
    assert done.state == CharterState.IN_FORCE.value
    assert done.in_force_on == timezone.localdate()
    assert CharterSignature.objects.count() == 2
    assert {one.digest for one in CharterSignature.objects.all()} == {opened.digest}
    assert kinds(done)[-3:] == ["charter.signed", "charter.signed", "charter.in_force"]
    said = str(list(Event.objects.values_list("changes", flat=True)))
    assert "maire" not in said
    assert "Nous écrivons" not in said


def test_a_change_of_text_cancels_signatures_says_so_and_tells_them(
    client: Client, draft: CharterVersion, ada: User, bob: User, sent: Callable[..., Any]
) -> None:
    opened = charter_sign(charter_opened(draft), CLUB)
    client.force_login(ada)
    page = client.get(at(opened, "charter-section", "purpose"))
    assert "1 partie a signé : Club d’ici" in page.text.replace("\xa0", " ")
    told = sent(lambda: write(client, opened))
    assert told == {
        "Charte « La charte du port » : le texte a changé, les signatures sont annulées": {
            ada.email, bob.email,
        }
    }  # fmt: skip
    changed = as_stored(opened)
    assert changed.state == CharterState.DRAFT.value
    assert (changed.digest, changed.content, changed.frozen_at) == ("", None, None)
    assert not CharterSignature.objects.exists()
    assert changed.parties.get(organisation__slug=CLUB).cancelled_at is not None
    assert "Signature annulée" in client.get(changed.get_absolute_url()).text
    assert "charter.cancelled" in kinds(changed)
    # Signed again, nothing says any more that it was cancelled.
    actions.open_for_signature(version=changed, by=ada, at=AT, on=WRITTEN_ON)
    again = charter_sign(as_stored(changed), CLUB)
    assert again.parties.get(organisation__slug=CLUB).cancelled_at is None
    assert again.digest != opened.digest


def test_who_did_not_know_that_signatures_were_given_is_asked_first(
    client: Client, draft: CharterVersion, ada: User
) -> None:
    filled = charter_filled(draft)
    client.force_login(ada)
    address = at(filled, "charter-section", "purpose")
    form = client.get(address).context["form"]
    charter_sign(charter_opened(filled), CLUB)
    typed = {"seen": form.initial["seen"], "text": SECRET}
    answer = client.post(address, typed)
    assert answer.status_code == 409
    assert "annule sa signature" in answer.text
    assert SECRET in answer.text
    assert CharterSignature.objects.exists()
    knowing = answer.context["form"]["cancelling"].value()
    assert client.post(address, {**typed, "cancelling": knowing}).status_code == 302
    assert not CharterSignature.objects.exists()
    signed = charter_sign(charter_opened(as_stored(filled)), TOWN)
    organisation("usine", "company")
    for name, arguments, more in (
        ("charter-parties", [], {"organisation": "usine"}),
        ("charter-remove", [CLUB], {}),
        ("charter-present", [], {"title": "Autre"}),
    ):
        answer = client.post(at(signed, name, *arguments), more)
        assert answer.status_code == 409
        assert as_stored(signed).state == CharterState.SIGNING.value
        knowing = answer.context["form"]["cancelling"].value()
    assert client.post(at(signed, name), {**more, "cancelling": knowing}).status_code == 302
    assert as_stored(signed).state == CharterState.DRAFT.value


def test_what_was_read_is_what_is_signed(client: Client, draft: CharterVersion, ada: User) -> None:
    opened = charter_opened(draft)
    client.force_login(ada)
    typed = {
        "digest": opened.digest, "signatory": "Ada", "capacity": "maire", "commits": "on",
    }  # fmt: skip
    page = at(opened, "charter-sign", TOWN)
    write(client, opened)
    answer = client.post(page, typed, follow=True)
    assert "rien n’est signé" in answer.text
    actions.open_for_signature(version=opened, by=ada, at=AT, on=WRITTEN_ON)
    assert as_stored(opened).digest != opened.digest
    answer = client.post(page, typed, follow=True)
    assert "rien n’est signé" in answer.text
    assert not CharterSignature.objects.exists()


def test_a_text_that_was_touched_in_the_database_is_signed_by_nobody(
    draft: CharterVersion,
) -> None:
    opened = charter_opened(draft)
    content = {**(opened.content or {}), "title": "Une autre charte"}
    CharterVersion.objects.filter(pk=opened.pk).update(content=content)
    with pytest.raises(actions.TextChangedError):
        charter_sign(as_stored(opened), TOWN)


def test_a_signed_text_does_not_change_with_the_directory(
    client: Client, draft: CharterVersion, ada: User
) -> None:
    in_force = charter_in_force(draft)
    organisation(CLUB).__class__.objects.filter(slug=CLUB).update(name="Un autre nom")
    client.force_login(ada)
    page = client.get(in_force.get_absolute_url())
    assert "Club d’ici" in page.text
    assert queries.is_whole(as_stored(in_force))
    for name, arguments in (
        ("charter-section", ["purpose"]), ("charter-parties", []), ("charter-open", []),
        ("charter-remove", [CLUB]), ("charter-abandon", []),
    ):  # fmt: skip
        client.post(at(in_force, name, *arguments), {"seen": "x", "text": SECRET})
    with pytest.raises(Exception, match="Cannot"):
        actions.write_section(
            version=in_force, section=guide().sections[0],
            values=actions.SectionValues(SECRET),
            seen=queries.seen(in_force, guide().sections[0]),
            by=ada, at=AT, on=WRITTEN_ON, cancelling=True,
        )  # fmt: skip
    assert as_stored(in_force).content == in_force.content
    assert as_stored(in_force).state == CharterState.IN_FORCE.value
    assert as_stored(in_force).parties.count() == 2


def test_whoever_acts_for_a_party_learns_who_signed_for_it(
    draft: CharterVersion, ada: User, sent: Callable[..., Any]
) -> None:
    opened = charter_opened(draft)
    fellow = somebody("Fanny", member_of=[f"organisation:{TOWN}"])
    told = sent(lambda: charter_sign(opened, TOWN, by=ada))
    subject = "Charte « La charte du port » : signée pour votre organisation"
    assert told == {subject: {ada.email, fellow.email}}
    assert "Ada Martin, présidente, a signé" in mail.outbox[0].body


# ---- Leaving -----------------------------------------------------------------------------------


def test_a_party_leaves_by_the_rule_and_the_others_are_told(
    client: Client, ada: User, sent: Callable[..., Any]
) -> None:
    firm = organisation("usine", "company")
    in_force = charter_in_force(charter_draft(organisation(CLUB), firm))
    cleo = somebody("Cléo", member_of=[firm.stable_name])
    client.force_login(cleo)
    page = at(in_force, "charter-leave", firm.slug)
    assert "préavis de 30" in client.get(page).text
    assert client.post(page, {}).status_code == 422
    told = sent(lambda: client.post(page, {"sure": "on", "why": "Nous fermons."}))
    assert told == {"Charte « La charte du port » : départ d’une partie": {ada.email, cleo.email}}
    assert "Elle continue entre les autres." in mail.outbox[0].body
    row = as_stored(in_force).parties.get(organisation=firm)
    assert row.leaves_on == timezone.localdate() + dt.timedelta(days=30)
    after = as_stored(in_force)
    assert after.ends_on is None
    assert after.state_on(dt.date(2100, 1, 1)) is CharterState.IN_FORCE
    client.post(page, {"sure": "on"})
    assert kinds(after).count("charter.left") == 1
    client.force_login(ada)
    assert "Nous fermons." in client.get(after.get_absolute_url()).text
    client.logout()
    public = client.get(after.get_absolute_url()).text
    assert "Nous fermons." not in public
    assert "Quitte la charte" in public


def test_a_charter_ends_when_fewer_than_two_worlds_stay(
    client: Client, draft: CharterVersion, ada: User, bob: User
) -> None:
    in_force = charter_in_force(draft)
    party = in_force.parties.get(organisation__slug=CLUB)
    today = timezone.localdate()
    actions.leave(party=party, why="", by=bob, at=AT, on=today - dt.timedelta(days=29))
    after = as_stored(in_force)
    assert after.ends_on == today + dt.timedelta(days=1)
    client.force_login(ada)
    assert "La charte va se terminer" in client.get(after.get_absolute_url()).text
    CharterVersion.objects.filter(pk=after.pk).update(ends_on=today)
    page = client.get(after.get_absolute_url())
    assert "moins de deux mondes y restaient" in page.text
    assert "Proposer un avenant" not in page.text
    for address in (
        at(after, "charter-leave", TOWN),
        reverse("positioning:charter-amend", args=[after.charter.uuid]),
    ):
        client.post(address, {"sure": "on", "reason": "Continuer", "why": ""})
    assert after.charter.versions.count() == 1
    assert as_stored(after).parties.get(organisation__slug=TOWN).leaves_on is None
    with pytest.raises(actions.CharterEndedError):
        actions.amend(version=after, reason="x", by=ada, at=AT, on=today)


# ---- Amendments --------------------------------------------------------------------------------


def amended(client: Client, version: CharterVersion, reason: str = "Le port change.") -> Any:
    page = reverse("positioning:charter-amend", args=[version.charter.uuid])
    client.post(page, {"reason": reason})
    return queries.open_version(version.charter)


def test_an_amendment_leaves_the_former_in_force_until_all_have_signed(
    client: Client, draft: CharterVersion, ada: User, bob: User, sent: Callable[..., Any]
) -> None:
    first = charter_in_force(draft)
    client.force_login(ada)
    page = reverse("positioning:charter-amend", args=[first.charter.uuid])
    assert client.post(page, {"reason": ""}).status_code == 422
    told = sent(lambda: client.post(page, {"reason": "Le port change."}))
    assert told == {"Charte « La charte du port » : avenant proposé": {ada.email, bob.email}}
    second = queries.open_version(first.charter)
    assert second is not None
    assert (second.number, second.sections) == (2, first.sections)
    client.post(page, {"reason": "Encore."})
    assert first.charter.versions.count() == 2
    write(client, second)
    assert "Un avenant est en cours" in client.get(first.charter.get_absolute_url()).text
    actions.open_for_signature(version=second, by=ada, at=AT, on=WRITTEN_ON)
    charter_sign(as_stored(second), TOWN)
    assert as_stored(first).state == CharterState.IN_FORCE.value
    charter_sign(as_stored(second), CLUB)
    assert as_stored(first).state == CharterState.REPLACED.value
    assert as_stored(second).state == CharterState.IN_FORCE.value
    shown = client.get(first.charter.get_absolute_url())
    assert SECRET in shown.text
    client.logout()
    assert client.get(first.get_absolute_url()).status_code == 302


def test_an_amendment_puts_nobody_out(client: Client, draft: CharterVersion, ada: User) -> None:
    first = charter_in_force(draft)
    client.force_login(ada)
    second = amended(client, first)
    answer = client.post(at(second, "charter-remove", CLUB), {}, follow=True)
    assert "liée par la charte en vigueur" in answer.text
    assert as_stored(second).parties.count() == 2
    firm = organisation("usine", "company")
    client.post(at(second, "charter-parties"), {"organisation": firm.slug})
    cleo = somebody("Cléo", member_of=[firm.stable_name])
    client.force_login(cleo)
    # Who is invited reads what is amended, and writes only the amendment.
    assert client.get(first.get_absolute_url()).status_code == 200
    first.refresh_from_db()
    CharterSignature.objects.update(agrees_public=False)
    assert client.get(first.get_absolute_url()).status_code == 200
    assert client.post(at(first, "charter-present"), {"title": "x"}).status_code == 403
    assert client.post(at(second, "charter-remove", firm.slug)).status_code == 302
    assert client.get(first.get_absolute_url()).status_code == 404


def test_who_leaves_is_no_longer_asked_to_sign_the_amendment(
    client: Client, ada: User, bob: User
) -> None:
    firm = organisation("usine", "company")
    first = charter_in_force(charter_draft(organisation(CLUB), firm))
    client.force_login(ada)
    second = amended(client, first)
    actions.open_for_signature(version=second, by=ada, at=AT, on=WRITTEN_ON)
    charter_sign(as_stored(second), TOWN)
    actions.leave(
        party=first.parties.get(organisation__slug=CLUB), why="", by=bob, at=AT, on=WRITTEN_ON
    )
    after = as_stored(second)
    assert after.state == CharterState.DRAFT.value
    assert {row.organisation.slug for row in after.parties.all()} == {TOWN, "usine"}
    assert not CharterSignature.objects.filter(party__version=second).exists()
    # The club reads what it signed, and nothing of what comes after.
    client.force_login(bob)
    assert client.get(first.get_absolute_url()).status_code == 200
    assert client.get(second.get_absolute_url()).status_code == 404
    assert "Historique" not in client.get(first.get_absolute_url()).text
    assert client.post(reverse("positioning:charter-amend", args=[first.charter.uuid]),
                       {"reason": "x"}).status_code == 403  # fmt: skip


def test_a_project_is_given_up_and_all_are_told(
    client: Client, draft: CharterVersion, ada: User, bob: User, sent: Callable[..., Any]
) -> None:
    opened = charter_sign(charter_opened(draft), CLUB)
    client.force_login(ada)
    told = sent(lambda: client.post(at(opened, "charter-abandon")))
    assert told == {"Charte « La charte du port » : projet abandonné": {ada.email, bob.email}}
    after = as_stored(opened)
    assert after.state == CharterState.ABANDONED.value
    assert not CharterSignature.objects.exists()
    page = client.get(after.get_absolute_url())
    assert "a été abandonné" in page.text
    assert client.get(at(after, "charter-section", "purpose")).status_code == 302


# ---- Title, alliance ---------------------------------------------------------------------------


def test_a_charter_is_shown_on_the_page_of_its_alliance(client: Client, ada: User) -> None:
    club = organisation(CLUB)
    alliance = write_alliance(party=club)
    version = charter_draft(club)
    bob = somebody("Bob", member_of=[club.stable_name])
    page = alliance.get_absolute_url()
    client.force_login(ada)
    typed = {"title": "Le quai", "alliance": "alliance"}
    answer = client.post(at(version, "charter-present"), typed)
    assert answer.status_code == 302
    assert as_stored(version).charter.alliance is None
    assert as_stored(version).charter.title == "Le quai"
    client.force_login(bob)
    client.post(at(version, "charter-present"), typed)
    assert as_stored(version).charter.alliance == alliance
    assert "Le quai" in client.get(page).text
    client.force_login(ada)
    assert "Le quai" in client.get(page).text
    client.force_login(somebody("Lou"))
    assert "Le quai" not in client.get(page).text
    charter_in_force(as_stored(version))
    client.logout()
    assert "Le quai" in client.get(page).text


def test_what_was_in_force_under_a_title_keeps_it(
    client: Client, draft: CharterVersion, ada: User
) -> None:
    first = charter_in_force(draft)
    client.force_login(ada)
    assert "title" not in client.get(at(first, "charter-present")).context["form"].fields
    second = amended(client, first)
    client.post(at(second, "charter-present"), {"title": "Autre"})
    assert as_stored(second).charter.title == "La charte du port"


# ---- Paper -------------------------------------------------------------------------------------


@pytest.mark.one_engine
def test_the_paper_says_project_until_all_have_signed(
    client: Client, draft: CharterVersion, ada: User
) -> None:
    opened = charter_sign(charter_opened(draft), CLUB)
    client.force_login(ada)
    project = client.get(at(opened, "charter-file")).content
    said = " ".join(words(project).replace("\xa0", " ").split())
    assert "PROJET" in said
    assert "N’a pas signé." in said
    assert opened.digest in said.replace(" ", "")
    charter_sign(opened, TOWN)
    answer = client.get(at(opened, "charter-file"))
    assert answer["Content-Type"] == "application/pdf"
    signed = reader(answer.content)
    assert signed.root_object["/MarkInfo"]["/Marked"]  # type: ignore[index]
    said = " ".join(words(answer.content).replace("\xa0", " ").split())
    assert "PROJET" not in said
    assert "Ada Martin, présidente" in said
    assert "Nous écrivons : governance." in said
    assert "inventée" not in said


@pytest.mark.one_engine
@pytest.mark.parametrize("text", ['#panic("x")', "\\ $x$ *gras* <label>", "🙂 " * 50, "x" * 3000])
def test_nothing_that_people_write_is_evaluated_on_paper(
    client: Client, draft: CharterVersion, ada: User, text: str
) -> None:
    client.force_login(ada)
    write(client, draft, text=text)
    assert client.get(at(draft, "charter-file")).content.startswith(b"%PDF")
    assert escape(text.strip()[:20]) in client.get(draft.get_absolute_url()).text


# ---- Around ------------------------------------------------------------------------------------


@pytest.mark.one_engine
def test_the_list_asks_the_same_number_of_queries_whatever_it_shows(
    client: Client, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(4):
        charter_in_force(charter_draft())
    client.force_login(ada)
    client.get(reverse("positioning:charters"))
    with django_assert_max_num_queries(22):
        page = client.get(reverse("positioning:charters"))
    assert len(page.context["own"]) == 4
    with django_assert_max_num_queries(30):
        client.get(page.context["own"][0].version.get_absolute_url())


def test_an_erased_person_leaves_the_signature_of_the_organisation(
    client: Client, draft: CharterVersion, ada: User, bob: User
) -> None:
    opened = charter_sign(charter_opened(draft), TOWN, by=ada)
    actions.comment(
        version=opened, section=guide().sections[0], organisation=organisation(TOWN),
        text="Une proposition", by=ada, at=AT, on=WRITTEN_ON,
    )  # fmt: skip
    erase_person(user=ada, by=bob, at=AT)
    signature = CharterSignature.objects.get()
    assert signature.signatory == "Ada Martin"
    client.force_login(bob)
    page = client.get(at(opened, "charter-section", "purpose"))
    assert "Une proposition" in page.text
    assert ">Ada<" not in page.text


def test_two_parties_of_a_charter_are_not_merged(draft: CharterVersion) -> None:
    def merge() -> None:
        merge_organisations(
            kept=organisation(TOWN), merged=organisation(CLUB), choices={}, by=None, at=AT
        )

    with pytest.raises(MergeError):
        merge()
    in_force = charter_in_force(draft)
    with pytest.raises(MergeError):
        merge()
    merge_organisations(
        kept=organisation("commune"), merged=organisation(TOWN), choices={}, by=None, at=AT
    )
    after = as_stored(in_force)
    assert {row.organisation.slug for row in after.parties.all()} == {"commune", CLUB}
    assert queries.is_whole(after)


@pytest.mark.usefixtures("draft")
def test_the_trail_names_charters(client: Client) -> None:
    client.force_login(somebody("Alix", (Role.ADMINISTRATOR, "platform")))
    page = client.get(reverse("site:journal"))
    assert "La charte du port" in page.text
    assert "Charte commencée" in page.text


def test_the_pages_of_self_positioning_lead_to_charters(client: Client) -> None:
    assert reverse("positioning:charters") in client.get(reverse("positioning:index")).text


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (Charter, {"title": ""}),
        (CharterVersion, {"state": "ended"}),
        (CharterVersion, {"state": "signing"}),
        (CharterVersion, {"digest": "0" * 64}),
        (CharterVersion, {"content": {}}),
        (CharterVersion, {"notice_days": 366}),
        (CharterVersion, {"in_force_on": LATER}),
        (CharterVersion, {"ends_on": LATER}),
        (CharterVersion, {"number": 2}),
        (CharterParty, {"world": "moon"}),
        (CharterParty, {"leaves_on": LATER}),
        (CharterParty, {"told_on": LATER}),
        (CharterParty, {"told_on": LATER, "leaves_on": WRITTEN_ON}),
        (CharterParty, {"leaving_why": "x"}),
        (CharterParty, {"code": "same"}),
    ],
)
@pytest.mark.usefixtures("draft")
def test_the_database_refuses_impossible_charters(model: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**wrong)


def test_the_database_refuses_impossible_versions(draft: CharterVersion) -> None:
    first = charter_in_force(draft)
    for wrong in ({"state": "draft"}, {"digest": "x" * 64}, {"in_force_on": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CharterVersion.objects.update(**wrong)
    common = {"charter": first.charter, "created_at": AT, "reason": "x"}
    with pytest.raises(IntegrityError), transaction.atomic():
        CharterVersion.objects.create(number=1, **common)
    with pytest.raises(IntegrityError), transaction.atomic():
        CharterVersion.objects.create(number=2, **{**common, "reason": ""})
    CharterVersion.objects.create(number=2, **common)
    with pytest.raises(IntegrityError), transaction.atomic():
        CharterVersion.objects.create(number=3, **common)
    with pytest.raises(IntegrityError), transaction.atomic():
        CharterVersion.objects.filter(number=2).update(
            state="in_force", digest=first.digest, content={}, frozen_at=AT, in_force_on=LATER
        )


def test_the_database_refuses_impossible_signatures_and_proposals(draft: CharterVersion) -> None:
    opened = charter_sign(charter_opened(draft), TOWN)
    for wrong in ({"digest": "x"}, {"signatory": ""}, {"capacity": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CharterSignature.objects.update(**wrong)
    row = actions.comment(
        version=opened, section=guide().sections[0], organisation=organisation(TOWN),
        text="x", by=None, at=AT, on=WRITTEN_ON,
    )  # fmt: skip
    for more in ({"text": ""}, {"settled_at": row.written_at - dt.timedelta(days=1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CharterComment.objects.update(**more)


def test_invented_charters_are_of_the_demonstration_alone(settings: Settings) -> None:
    settings.ALLIAGE_DEMO = False
    with pytest.raises(CommandError, match="refused"):
        call_command("create_demo_charter")
    settings.ALLIAGE_DEMO = True
    with pytest.raises(CommandError, match="create_demo_applications"):
        call_command("create_demo_charter")


@pytest.mark.one_engine
def test_invented_charters_say_so_everywhere(client: Client, settings: Settings) -> None:
    from alliage_web.actors.models import INVENTED
    from alliage_web.alliances.models import Alliance, Party

    settings.ALLIAGE_DEMO = True
    for name in ("Les cuisines du plateau", "La halte du canal"):
        made = Alliance.objects.create(
            code=name[:5], slug=name[4:8].strip(), title=name, source=INVENTED, created_at=AT,
            updated_at=AT,
        )  # fmt: skip
        for slug, world in ((TOWN, "local_authority"), (CLUB, "association")):
            Party.objects.create(
                alliance=made, organisation=organisation(slug, world), name=slug, world=world
            )
    for _time in range(2):
        call_command("create_demo_charter", stdout=StringIO())
    assert Charter.objects.filter(invented=True).count() == 2
    states = set(CharterVersion.objects.values_list("state", flat=True))
    assert states == {"in_force", "signing"}
    public = queries.public_versions().get()
    listing = client.get(reverse("positioning:charters")).text
    assert "inventée" in listing
    assert "Charte inventée" in client.get(public.get_absolute_url()).text
    assert "elle n’engage personne" in words(client.get(at(public, "charter-file")).content)
    assert not mail.outbox
