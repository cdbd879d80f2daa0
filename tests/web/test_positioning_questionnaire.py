"""The questionnaire: one question a page, kept on the device alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.models import Session
from django.core import signing
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from tests.factories.actors import geography, vocabulary

from alliage.alliances.vocabulary import World
from alliage.positioning.questionnaire import questionnaire
from alliage_web.actors.models import SizeChoices
from alliage_web.audit.models import Event
from alliage_web.positioning.forms.questionnaire import WhoForm
from alliage_web.positioning.models import ResultGroup, SavedResult
from alliage_web.positioning.queries import filling
from alliage_web.positioning.queries.filling import (
    DAYS_ON_DEVICE,
    PASSED,
    UNSEEN,
    Filling,
    Unreadable,
    UnreadableFillingError,
    as_cookie,
    from_cookie,
    questions,
    start,
)
from alliage_web.positioning.views.device import COOKIE

if TYPE_CHECKING:
    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
COUNT = 24
LONGEST_COOKIE = 4096


def page(name: str, *args: Any) -> str:
    return reverse(f"positioning:{name}", args=args)


def begin(client: Client, **more: Any) -> Response:
    return client.post(page("index"), {"world": "association", **more})


def held(client: Client) -> Filling:
    return from_cookie(client.cookies[COOKIE].value)


def answer(client: Client, number: int, given: Any) -> Response:
    return client.post(page("question", number), {"answer": given})


def messages_of(response: Response) -> str:
    return " ".join(str(one) for one in response.context["messages"])


# ---- Beginning ---------------------------------------------------------------------------------


def test_the_first_page_says_how_long_it_takes_and_what_the_tool_is_worth(client: Client) -> None:
    shown = client.get(page("index")).content.decode()
    assert "24 questions, environ 5 minutes" in shown
    assert "Outil de dialogue, non validé" in shown
    assert "Rien n’est gardé sur nos serveurs" in shown


def test_beginning_needs_a_world_and_says_so(client: Client) -> None:
    response = client.post(page("index"), {"size": "large"})
    assert response.status_code == 422
    assert "Dites de quel monde vous répondez" in response.content.decode()
    assert COOKIE not in client.cookies


def test_an_unknown_commune_is_said_and_nothing_is_guessed(client: Client) -> None:
    geography()
    response = begin(client, territory_text="Nulle-Part-sur-Rien")
    assert response.status_code == 422
    assert "n’a pas été trouvé" in response.content.decode()
    assert begin(client, territory_text="Vincennes").status_code == 302
    assert held(client).territory == "commune/94080"


def test_nobody_answers_from_a_world_that_says_nothing() -> None:
    form = WhoForm({"world": "other"})
    assert not form.is_valid()


# ---- Answering ---------------------------------------------------------------------------------


def test_the_whole_questionnaire_is_answered_without_a_row_on_the_server(client: Client) -> None:
    assert begin(client)["Location"] == page("question", 1)
    for number in range(1, COUNT + 1):
        shown = client.get(page("question", number)).content.decode()
        assert f"Question {number} sur {COUNT}" in shown
        given = {23: "12", 24: "Une mairie : du temps"}.get(number, "1")
        onward = answer(client, number, given)["Location"]
        assert onward == (page("question", number + 1) if number < COUNT else page("result"))
    done = held(client)
    assert done.next_number is None
    assert (done.hours, done.partner) == (12, "Une mairie : du temps")
    assert client.get(page("result")).status_code == 200
    for model in (SavedResult, ResultGroup, Session, Event):
        assert not model.objects.exists()


def test_a_question_without_answer_is_asked_again_with_a_linked_error(client: Client) -> None:
    begin(client)
    response = client.post(page("question", 1), {})
    shown = response.content.decode()
    assert response.status_code == 422
    assert "Choisissez une réponse" in shown
    assert 'aria-describedby="id_answer_error"' in shown
    assert shown.count("data-focus") == 1, "only the summary of the errors takes the focus"
    assert answer(client, 1, "7").status_code == 422
    assert held(client).marks == UNSEEN * COUNT


def test_how_to_answer_is_said_once_in_each_part(client: Client) -> None:
    begin(client)
    pages = [client.get(page("question", one)).content.decode() for one in range(1, COUNT + 1)]
    for sentence, number in (("pas de bonne réponse", 1), ("Répondez sur des faits", 7)):
        assert [one for one, shown in enumerate(pages, 1) if sentence in shown] == [number]


def test_the_focus_goes_to_the_question(client: Client) -> None:
    begin(client)
    shown = client.get(page("question", 1)).content.decode()
    assert re.search(r"<h1[^>]*data-focus", shown)


def test_an_answer_is_shown_again_and_may_be_changed(client: Client) -> None:
    begin(client)
    answer(client, 7, "2")
    assert re.search(r'value="2"[^>]*checked', client.get(page("question", 7)).content.decode())
    answer(client, 7, PASSED)
    assert held(client).marks[6] == PASSED
    assert page("question", 6) in client.get(page("question", 7)).content.decode()


def test_words_are_those_of_the_world(client: Client) -> None:
    begin(client, world="citizen")
    assert "action de terrain" in client.get(page("question", 7)).content.decode()
    begin(client, world="foundation")
    assert "action de terrain" not in client.get(page("question", 7)).content.decode()


def test_a_proof_may_be_told_of_a_fact_and_goes_with_it(client: Client) -> None:
    begin(client)
    assert "Un écrit peut le montrer" not in client.get(page("question", 1)).content.decode()
    for told, proofs in (("2", {"other_worlds"}), ("0", set()), (PASSED, set())):
        client.post(page("question", 7), {"answer": told, "proved": "on"})
        assert filling.answers(held(client)).proofs == proofs
    client.post(page("question", 7), {"answer": "2", "proved": "on"})
    shown = client.get(page("question", 7)).content.decode()
    assert re.search(r'name="proved"[^>]*checked', shown)
    answer(client, 7, "2")
    assert filling.answers(held(client)).proofs == set()


def test_the_need_in_mind_is_one_of_the_vocabulary(client: Client) -> None:
    vocabulary()
    refused = begin(client, domain="alchemy")
    assert refused.status_code == 422
    assert COOKIE not in client.cookies
    begin(client, domain="education")
    assert held(client).domain == "education"


def test_the_commune_and_the_need_change_and_the_answers_stay(client: Client) -> None:
    geography()
    vocabulary()
    begin(client)
    answer(client, 1, "0")
    before = held(client)
    assert "Dire votre commune" in client.get(page("result")).content.decode()
    refused = client.post(page("around"), {"territory_text": "Nulle-Part-sur-Rien"})
    assert refused.status_code == 422
    assert "n’a pas été trouvé" in refused.content.decode()
    assert held(client) == before
    onward = client.post(page("around"), {"territory_text": "Vincennes", "domain": "education"})
    assert onward["Location"] == f"{page('result')}#orientation"
    after = held(client)
    assert (after.territory, after.domain) == ("commune/94080", "education")
    assert (after.marks, after.seed) == (before.marks, before.seed)
    shown = client.get(page("result")).content.decode()
    assert "autour de Vincennes" in shown.replace("\xa0", " ")
    assert "Changer de commune ou de besoin" in shown


def test_a_need_or_a_commune_that_are_no_more_are_left_out(client: Client) -> None:
    client.cookies[COOKIE] = as_cookie(
        start(world=World.COMPANY, territory="commune/00000", domain="alchemy")
    )
    shown = client.get(page("result"))
    assert shown.status_code == 200
    assert "Sans commune connue" in shown.content.decode()


def test_a_program_that_sends_form_after_form_leaves_nothing(client: Client) -> None:
    for number in range(30):
        assert client.post(page("index"), {}).status_code == 422
        begin(client)
        answer(client, 1 + number % COUNT, "0")
    client.cookies.clear()
    for number in range(1, COUNT + 1):
        assert client.post(page("question", number), {"answer": "0"}).status_code == 302
    for model in (SavedResult, ResultGroup, Session, Event):
        assert not model.objects.exists()


def test_context_may_be_left_empty_and_refuses_what_cannot_be(client: Client) -> None:
    begin(client)
    assert answer(client, 23, "").status_code == 302
    assert held(client).hours is None
    assert answer(client, 23, "0").status_code == 302
    assert held(client).hours == 0
    for wrong in ("-1", "401", "beaucoup"):
        assert answer(client, 23, wrong).status_code == 422
    assert answer(client, 24, "x" * 601).status_code == 422


def test_the_longest_answers_fit_in_a_cookie(client: Client) -> None:
    begin(client, size=SizeChoices.INTERMEDIATE.value)
    odd = "".join(chr(0x1F300 + (place * 37) % 700) for place in range(600))
    assert answer(client, 24, odd).status_code == 302
    assert len(client.cookies[COOKIE].value) + len(COOKIE) < LONGEST_COOKIE
    assert held(client).partner == odd


def test_a_number_out_of_the_questionnaire_is_said(client: Client) -> None:
    begin(client)
    for number in (0, COUNT + 1, 9999):
        response = client.get(page("question", number))
        assert response.status_code == 404
        assert f"la question {COUNT}" in response.content.decode()


# ---- The device --------------------------------------------------------------------------------


def test_the_cookie_is_signed_and_out_of_the_reach_of_scripts(client: Client) -> None:
    begin(client)
    cookie = client.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == DAYS_ON_DEVICE * 24 * 3600
    assert cookie["path"] == page("index")


def test_what_was_begun_is_taken_up_again(client: Client) -> None:
    begin(client)
    assert "Reprendre" not in client.get(page("index")).content.decode()
    for number in (1, 2, 3):
        answer(client, number, "0")
    assert "Reprendre à la question 4" in client.get(page("index")).content.decode()


def test_the_device_forgets_when_asked(client: Client) -> None:
    begin(client)
    answer(client, 1, "0")
    response = client.post(page("erase-from-device"), follow=True)
    assert "effacées de cet appareil" in messages_of(response)
    assert client.cookies[COOKIE].value == ""


@pytest.mark.parametrize("name", ["question", "result", "result-file", "around", "keep"])
@pytest.mark.parametrize(
    ("cookie", "said"),
    [
        (None, "ne garde pas de réponses"),
        ("rien de lisible", "abîmées"),
        ("e30:1x:zz", "abîmées"),
    ],
)
def test_a_device_that_holds_nothing_readable_starts_again(
    client: Client, name: str, cookie: str | None, said: str
) -> None:
    if cookie is not None:
        client.cookies[COOKIE] = cookie
    response = client.get(page(name, *([1] if name == "question" else [])), follow=True)
    assert response.redirect_chain[0][0] == page("index")
    assert said in messages_of(response)
    assert client.cookies[COOKIE].value == ""


def test_a_letter_changed_in_the_cookie_is_seen(client: Client) -> None:
    begin(client)
    kept = client.cookies[COOKIE].value
    other = "A" if kept[5] != "A" else "B"
    with pytest.raises(UnreadableFillingError) as refusal:
        from_cookie(kept[:5] + other + kept[6:])
    assert refusal.value.why is Unreadable.ALTERED


def test_answers_of_another_version_or_too_old_are_not_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client)
    kept = client.cookies[COOKIE].value
    newer = questionnaire().model_copy(update={"version": 2})
    with monkeypatch.context() as patched:
        patched.setattr(filling, "questionnaire", lambda: newer)
        with pytest.raises(UnreadableFillingError) as refusal:
            from_cookie(kept)
        assert refusal.value.why is Unreadable.OTHER_VERSION
    monkeypatch.setattr(filling, "DAYS_ON_DEVICE", -1)
    with pytest.raises(UnreadableFillingError) as refusal:
        from_cookie(kept)
    assert refusal.value.why is Unreadable.EXPIRED


@pytest.mark.parametrize(
    "change",
    [
        {"a": "0" * 23}, {"a": "9" * 24}, {"w": "other"}, {"w": "martian"}, {"z": "huge"},
        {"s": "x"}, {"h": "douze"}, {"e": [16]}, {"e": None},
    ],
)  # fmt: skip
def test_what_no_longer_fits_is_not_read(change: dict[str, Any]) -> None:
    kept = as_cookie(start(world=World.COMPANY))
    told = signing.loads(kept, salt=filling._SALT, serializer=filling._Compact)
    altered = signing.dumps({**told, **change}, salt=filling._SALT, serializer=filling._Compact)
    with pytest.raises(UnreadableFillingError) as refusal:
        from_cookie(altered)
    assert refusal.value.why is Unreadable.OTHER_VERSION


@given(
    seed=st.integers(0, 2**32 - 1),
    marks=st.lists(st.sampled_from("012x-"), min_size=22, max_size=22),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=600),
    hours=st.none() | st.integers(0, 400),
    proofs=st.frozensets(st.sampled_from([one.code for one in questionnaire().behaviours])),
)
def test_a_cookie_gives_back_what_was_written(
    seed: int, marks: list[str], text: str, hours: int | None, proofs: frozenset[str]
) -> None:
    one = Filling(
        version=1, seed=seed, world=World.COMPANY, size="", territory="commune/94080",
        domain="social_inclusion", marks="".join(marks) + "v-", proofs=proofs, hours=hours,
        partner=text,
    )  # fmt: skip
    assert from_cookie(as_cookie(one)) == one
    assert len(as_cookie(one)) < LONGEST_COOKIE


@given(seed=st.integers(0, 2**32 - 1))
def test_each_person_is_asked_everything_once(seed: int) -> None:
    asked = questions(seed)
    assert [one.number for one in asked] == list(range(1, COUNT + 1))
    assert sorted(one.place for one in asked) == list(range(COUNT))
    assert {one.doors for one in asked[:6]} == set(questionnaire().comparisons)


def test_the_order_differs_from_one_person_to_the_next() -> None:
    orders = {tuple(one.place for one in questions(seed)[:6]) for seed in range(200)}
    turned = sum(one.turned for seed in range(200) for one in questions(seed)[:6])
    assert len(orders) > 100
    assert 500 < turned < 700, "either door is read first about as often"


def test_an_answer_counts_for_the_same_door_whichever_is_read_first() -> None:
    """The value sent names the door, not the place on the page."""
    for seed in range(20):
        one = Filling(
            version=1, seed=seed, world=World.COMPANY, size="", territory="", marks="-" * COUNT
        )
        for question in questions(seed)[:6]:
            one = one.marked(question, "0")
        assert set(filling.answers(one).comparisons.values()) == {0}


def test_nothing_of_a_person_is_kept_by_a_shared_memory(client: Client) -> None:
    begin(client)
    for name, args in (("question", [1]), ("result", []), ("index", []), ("keep", [])):
        response = client.get(page(name, *args))
        assert "no-store" in response["Cache-Control"]
        assert response.cookies, "a page that gives a cookie is never one of the kept pages"
        assert ("X-Robots-Tag" in response) is (name != "index")
