"""Writing an entry, having it reviewed, and publishing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.test import Client
from tests.factories.actors import editor, person
from tests.factories.alliances import AT, LATER, alliance, world
from tests.factories.knowledge import content, draft, published

from alliage.knowledge.publication import TransitionNotAllowed
from alliage_web.accounts.models import Role
from alliage_web.audit.actions import AlreadyDoneError
from alliage_web.audit.models import Event
from alliage_web.knowledge import actions
from alliage_web.knowledge.models import Entry, EntryState
from alliage_web.knowledge.queries import content_of

if TYPE_CHECKING:
    from alliage_web.accounts.models import User

pytestmark = pytest.mark.django_db
NEW = "/exemples/nouveau/"
FILLED = {
    "kind": "example",
    "title": "Une épicerie partagée",
    "summary": "Trois communes rouvrent leur épicerie.",
    "body": "# Le besoin\n\nPlus de **commerce**.",
}


@pytest.fixture(autouse=True)
def _by_words(settings: Any) -> None:
    settings.ALLIAGE_SEMANTIC = False


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def go(entry: Entry, state: EntryState) -> Entry:
    """Take a draft to a state."""
    author = entry.author
    assert author is not None
    if state != EntryState.DRAFT:
        entry = actions.submit_entry(entry=entry, by=author, at=AT)
    if state == EntryState.PUBLISHED:
        entry = actions.publish_entry(
            entry=entry, version=actions.version_of(entry), by=editor("Relectrice"), at=LATER
        )
    return entry


# Writing


def test_a_draft_is_written_and_read_back() -> None:
    world()
    told = alliance("Passerelles")
    client = signed_in(person("Camille"))
    answer = client.post(
        NEW,
        FILLED
        | {
            "alliance": told.code, "territories": ["commune/94080"], "domains": ["health"],
            "objectives": ["innovate"], "sdgs": ["4"], "date": "novembre 2022",
            "date_end": "03/2023", "url": "example.org/page", "publisher": "La Gazette",
            "submission": uuid4(),
        },
    )  # fmt: skip
    entry = Entry.objects.get()
    assert answer["Location"] == f"/exemples/{entry.slug}/"
    assert entry.slug == "une-epicerie-partagee"
    assert (entry.state, str(entry.author)) == ("draft", "Camille")
    found = content_of(entry)
    assert (found.date, found.date_end, found.url) == (
        "2022-11",
        "2023-03",
        "https://example.org/page",
    )
    assert found.terms == ("domain/health", "objective/innovate", "sdg/4")
    assert (found.territories, found.alliance) == (("commune/94080",), told.code)
    event = Event.objects.get(target="entry:une-epicerie-partagee")
    assert event.kind == "entry.created"
    assert event.changes["title"] == [None, "Une épicerie partagée"]


def test_the_form_shows_what_was_written_and_changes_only_what_changed() -> None:
    world()
    author = person("Camille")
    entry = draft(
        by=author, terms=("domain/health", "impact_nature/confidence"),
        territories=("commune/94080",), date="2022",
    )  # fmt: skip
    client = signed_in(author)
    address = f"/exemples/{entry.slug}/modifier/"
    page = client.get(address).content.decode()
    assert 'value="health" ' in page
    assert "Vincennes" in page
    data = FILLED | {
        "title": entry.title, "summary": "Autre résumé.", "body": "Récit.", "date": "2022",
        "domains": ["health"], "territories": ["commune/94080"],
        "version": actions.version_of(entry),
    }  # fmt: skip
    assert client.post(address, data).status_code == 302
    event = Event.objects.filter(kind="entry.changed").get()
    assert event.changes == {"summary": ["Une épicerie partagée, en bref.", "Autre résumé."]}
    # A classification that the form does not show is not lost.
    entry.refresh_from_db()
    assert content_of(entry).terms == ("domain/health", "impact_nature/confidence")


def test_two_texts_of_the_same_title_have_their_own_addresses() -> None:
    first, second, third = draft(), draft(), draft("Nouveau")
    assert (first.slug, second.slug) == ("une-epicerie-partagee", "une-epicerie-partagee-2")
    assert third.slug == "nouveau-2"


def test_a_form_sent_twice_makes_one_draft() -> None:
    client = signed_in(person("Camille"))
    token = uuid4()
    answers = [client.post(NEW, FILLED | {"submission": token}) for _ in range(2)]
    assert Entry.objects.count() == 1
    assert {answer["Location"] for answer in answers} == {"/exemples/une-epicerie-partagee/"}
    with pytest.raises(AlreadyDoneError):
        actions.create_entry(content=content(), by=None, at=AT, submission=token)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": ""}, "obligatoire"),
        ({"title": "x" * 201}, "200"),
        ({"kind": "film"}, "film"),
        ({"date": "bientôt"}, "n’est pas une date"),
        ({"date": "été 2020"}, "trop vague"),
        ({"date": "2022", "date_end": "2020"}, "avant le début"),
        ({"date_end": "2020"}, "demande une date de début"),
        ({"url": "javascript:alert(1)"}, "URL"),
        ({"domains": ["nowhere"]}, "nowhere"),
        ({"body": ""}, "Racontez l’exemple"),
        ({"alliance": "Zorglub"}, "Aucune alliance ne s’appelle « Zorglub »"),
        ({"territories": ["Zorglub"]}, "« Zorglub » n’a pas été trouvé"),
    ],
)
@pytest.mark.one_engine
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    change: dict[str, Any], message: str
) -> None:
    world()
    client = signed_in(person("Camille"))
    answer = client.post(NEW, FILLED | {"source": "Une source rare"} | change)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert message in page.replace("&#x27;", "’")
    assert "Une source rare" in page
    assert not Entry.objects.exists()


def test_an_alliance_may_be_named_by_its_title() -> None:
    world()
    told = alliance("Passerelles")
    alliance("Passerelles et chemins")
    client = signed_in(person("Camille"))
    client.post(NEW, FILLED | {"alliance_text": "Passerelles"})
    assert Entry.objects.get().alliance == told
    answer = client.post(NEW, FILLED | {"alliance_text": "Passer"})
    assert "Écrivez le titre entier" in answer.content.decode()


def test_a_resource_needs_no_text() -> None:
    client = signed_in(person("Camille"))
    assert client.post(NEW, FILLED | {"kind": "tool", "body": ""}).status_code == 302


def test_the_preview_writes_nothing_and_cleans_the_text() -> None:
    client = signed_in(person("Camille"))
    text = "# Titre\n\n<script>alert(1)</script> [x](javascript:alert(1)) **gras**"
    answer = client.post(NEW, FILLED | {"body": text, "title": "", "preview": "1"})
    page = answer.content.decode()
    preview = page[page.index('id="apercu"') : page.index('id="partie-classement"')]
    assert answer.status_code == 200
    assert "<strong>gras</strong>" in preview
    assert "<script>" not in preview
    assert 'href="javascript' not in preview
    assert "obligatoire" not in page
    assert not Entry.objects.exists()


def test_a_territory_is_added_without_saving() -> None:
    world()
    client = signed_in(person("Camille"))
    data = FILLED | {"title": "", "territories_add_text": "Vincennes", "add_place": "territories"}
    answer = client.post(NEW, data)
    assert answer.status_code == 200
    assert 'value="commune/94080" checked' in answer.content.decode()
    assert not Entry.objects.exists()


def test_the_kind_may_be_chosen_by_the_link() -> None:
    page = signed_in(person("Camille")).get(NEW + "?type=event").content.decode()
    assert '<option value="event" selected>' in page


def test_two_people_who_write_at_once_see_both_versions() -> None:
    author, other = person("Camille"), editor()
    entry = draft(by=author)
    address = f"/exemples/{entry.slug}/modifier/"
    seen = actions.version_of(entry)
    actions.update_entry(
        entry=entry, content=content(summary="De l’éditrice."), version=seen, by=other, at=LATER
    )
    mine = FILLED | {"summary": "De l’autrice.", "version": seen}
    client = signed_in(author)
    answer = client.post(address, mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "De l’éditrice." in page
    assert "De l’autrice." in page
    entry.refresh_from_db()
    assert entry.summary == "De l’éditrice."
    # Sent again with the version that the page now holds, it is written.
    again = client.post(address, mine | {"version": actions.version_of(entry)})
    assert again.status_code == 302
    entry.refresh_from_db()
    assert entry.summary == "De l’autrice."


def test_saving_without_a_change_writes_nothing() -> None:
    author = person("Camille")
    entry = draft(by=author)
    actions.update_entry(
        entry=entry, content=content(), version=actions.version_of(entry), by=author, at=LATER
    )
    entry.refresh_from_db()
    assert entry.updated_at == AT
    assert not Event.objects.filter(kind="entry.changed").exists()


# Who may


@pytest.mark.one_engine
@pytest.mark.parametrize("state", [EntryState.DRAFT, EntryState.IN_REVIEW])
def test_what_is_not_published_exists_for_its_author_and_the_editors_only(
    state: EntryState,
) -> None:
    author = person("Camille")
    entry = go(draft(by=author), state)
    addresses = [f"/exemples/{entry.slug}/{page}" for page in ("", "fiche/", "fiche.pdf")]
    for address in addresses:
        assert Client().get(address).status_code == 404
        assert signed_in(person(f"Autre{address}")).get(address).status_code == 404
    for user in (author, editor()):
        assert signed_in(user).get(addresses[0]).status_code == 200


def test_writing_asks_to_sign_in() -> None:
    entry = published("Un potager")
    for page in ("nouveau", "mes-brouillons", "a-relire", "un-potager/modifier"):
        answer = Client().get(f"/exemples/{page}/")
        assert answer["Location"].startswith("/compte/connexion/?next=")
    assert Client().post(f"/exemples/{entry.slug}/depublier/").status_code == 302
    entry.refresh_from_db()
    assert entry.state == "published"


@pytest.mark.parametrize(
    ("state", "who", "allowed"),
    [
        ("draft", "author", "modifier soumettre"),
        ("draft", "editor", "modifier soumettre"),
        ("in_review", "author", "reprendre"),
        ("in_review", "editor", "modifier publier renvoyer"),
        ("in_review", "author and editor", "modifier reprendre"),
        ("in_review", "author and administrator", "modifier reprendre publier renvoyer"),
        ("published", "author", ""),
        ("published", "editor", "modifier depublier"),
        ("published", "stranger", ""),
    ],
)
@pytest.mark.one_engine
def test_each_person_is_offered_what_they_may_do_and_nothing_else(
    state: str, who: str, allowed: str
) -> None:
    roles = {"author and editor": [Role.EDITOR], "author and administrator": [Role.ADMINISTRATOR]}
    author = person("Camille", *roles.get(who, []))
    entry = go(draft(by=author), EntryState(state))
    user = author if who.startswith("author") else {"editor": editor, "stranger": person}[who]("X")
    client = signed_in(user)
    page = client.get(f"/exemples/{entry.slug}/").content.decode()
    every = ["modifier", "soumettre", "reprendre", "publier", "renvoyer", "depublier"]
    offered = {name for name in every if f"/exemples/{entry.slug}/{name}/" in page}
    assert offered == set(allowed.split())
    for name in set(every) - offered - {"modifier"}:
        answer = client.post(f"/exemples/{entry.slug}/{name}/", {"note": "x", "version": "y"})
        # Refused, or told that nothing changed: never done.
        assert answer.status_code in {302, 403}
    if "modifier" not in offered:
        assert client.get(f"/exemples/{entry.slug}/modifier/").status_code == 403
    entry.refresh_from_db()
    assert entry.state == state


# From a draft to publication


def test_a_text_goes_from_its_author_to_the_public() -> None:
    author, reviewer = person("Camille"), editor()
    entry = draft(by=author)
    writing, reading = signed_in(author), signed_in(reviewer)
    address = f"/exemples/{entry.slug}/"
    writing.post(f"{address}soumettre/")
    assert entry.title in reading.get("/exemples/a-relire/").content.decode()
    reading.post(f"{address}renvoyer/", {"note": "Dites qui a payé."})
    entry.refresh_from_db()
    assert (entry.state, entry.review_note) == ("draft", "Dites qui a payé.")
    for page in (address, "/exemples/mes-brouillons/"):
        assert "Dites qui a payé." in writing.get(page).content.decode()
    writing.post(f"{address}soumettre/")
    entry.refresh_from_db()
    reading.post(f"{address}publier/", {"version": actions.version_of(entry)})
    entry.refresh_from_db()
    assert (entry.state, entry.reviewer, entry.review_note) == ("published", reviewer, "")
    assert entry.published_at is not None
    assert Client().get(address).status_code == 200
    reading.post(f"{address}depublier/", {"note": "Vieilli."})
    entry.refresh_from_db()
    assert entry.state == "draft"
    assert Entry.objects.filter(published_at=None).exists()
    assert Client().get(address).status_code == 404
    kinds = [event.kind for event in Event.objects.filter(target=f"entry:{entry.slug}")]
    assert kinds[::-1] == [
        "entry.created", "entry.submitted", "entry.sent_back", "entry.submitted",
        "entry.published", "entry.unpublished",
    ]  # fmt: skip


def test_a_decision_taken_twice_is_told_and_changes_nothing() -> None:
    author = person("Camille")
    entry = draft(by=author)
    client = signed_in(author)
    address = f"/exemples/{entry.slug}/soumettre/"
    client.post(address)
    answer = client.post(address, follow=True)
    assert "déjà à l’état « En relecture »" in answer.content.decode()
    assert Event.objects.filter(kind="entry.submitted").count() == 1


def test_what_changed_since_it_was_read_is_not_published() -> None:
    entry = go(draft(by=person("Camille")), EntryState.IN_REVIEW)
    read = actions.version_of(entry)
    actions.update_entry(
        entry=entry, content=content(summary="Autre."), version=read, by=editor("Autre"), at=LATER
    )
    answer = signed_in(editor()).post(
        f"/exemples/{entry.slug}/publier/", {"version": read}, follow=True
    )
    assert "Relisez-le avant de publier" in answer.content.decode()
    entry.refresh_from_db()
    assert entry.state == "in_review"


def test_a_text_is_sent_back_with_a_note_or_not_at_all() -> None:
    entry = go(draft(by=person("Camille")), EntryState.IN_REVIEW)
    client = signed_in(editor())
    asked = client.post(f"/exemples/{entry.slug}/renvoyer/")
    assert "Votre remarque" in asked.content.decode()
    empty = client.post(f"/exemples/{entry.slug}/renvoyer/", {"note": " "})
    assert "Dites pourquoi" in empty.content.decode()
    entry.refresh_from_db()
    assert entry.state == "in_review"


def test_an_action_refuses_what_the_table_refuses() -> None:
    entry = draft(by=person("Camille"))
    with pytest.raises(TransitionNotAllowed):
        actions.publish_entry(entry=entry, version=actions.version_of(entry), by=editor(), at=AT)
    entry.refresh_from_db()
    assert entry.state == "draft"


def test_the_lists_of_work_say_what_to_do_when_they_are_empty() -> None:
    assert "rien écrit" in signed_in(person()).get("/exemples/mes-brouillons/").content.decode()
    assert "Rien n’attend" in signed_in(editor()).get("/exemples/a-relire/").content.decode()
    assert signed_in(person("Autre")).get("/exemples/a-relire/").status_code == 403


def test_the_history_is_in_words_and_for_signed_in_people() -> None:
    author = person("Camille")
    entry = go(draft(by=author), EntryState.IN_REVIEW)
    address = f"/exemples/{entry.slug}/historique/"
    assert Client().get(address).status_code == 302
    page = signed_in(author).get(address).content.decode()
    assert "Envoi à la relecture" in page
    assert "En relecture" in page
    assert "in_review" not in page


def test_the_own_space_leads_to_the_lists_of_work() -> None:
    page = signed_in(person()).get("/compte/").content.decode()
    assert "/exemples/mes-brouillons/" in page
    assert "/exemples/a-relire/" not in page
    assert "/exemples/a-relire/" in signed_in(editor()).get("/compte/").content.decode()
