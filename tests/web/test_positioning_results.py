"""Results: read, kept under a private link, compared, side by side, erased."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from tests.factories.actors import geography, organisation
from tests.factories.pdf import reader, words
from tests.factories.people import somebody
from tests.factories.positioning import AT, filled
from tests.factories.rough_input import NASTY

from alliage.alliances.vocabulary import World
from alliage.positioning.questionnaire import questionnaire
from alliage_web.accounts.actions.retention import apply_retention
from alliage_web.audit.models import Event
from alliage_web.positioning.actions import results as actions
from alliage_web.positioning.models import ResultGroup, SavedResult
from alliage_web.positioning.queries import results as queries
from alliage_web.positioning.queries.filling import as_cookie, questions
from alliage_web.positioning.views.device import COOKIE

if TYPE_CHECKING:
    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Response
    from pytest_django.fixtures import DjangoAssertNumQueries

    from alliage_web.positioning.queries.filling import Filling

pytestmark = pytest.mark.django_db
FIRST = "000000"
BEHAVIOURS = [one.code for one in questionnaire().behaviours]


def page(name: str, *args: Any) -> str:
    return reverse(f"positioning:{name}", args=args)


def on_device(client: Client, one: Filling) -> Client:
    client.cookies[COOKIE] = as_cookie(one)
    return client


def shown(client: Client, one: Filling) -> str:
    return on_device(client, one).get(page("result")).content.decode()


def title(page_text: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page_text, re.DOTALL)
    assert found
    return " ".join(found[1].replace("\xa0", " ").replace("\u202f", " ").split())


def link_of(client: Client, address: str) -> str:
    """Return the secret that a form would send."""
    text = client.get(address).content.decode()
    found = re.search(r'name="link" value="([^"]+)"', text)
    assert found
    return found[1]


def keep(client: Client, one: Filling | None = None, **more: Any) -> str:
    """Keep a result as a person does; return the secret of its link."""
    on_device(client, one or filled())
    response = client.post(page("keep"), {"link": link_of(client, page("keep")), **more})
    assert response.status_code == 302, response.content.decode()
    return str(response["Location"]).rstrip("/").rpartition("/")[2]


def saved(token: str) -> SavedResult:
    found = queries.result_of(token, timezone.localdate())
    assert found
    return found


def said(response: Response) -> str:
    return " ".join(str(one) for one in response.context["messages"])


# ---- What a result says ------------------------------------------------------------------------


def test_a_clear_door_comes_first_with_its_chances_and_the_next_action(client: Client) -> None:
    text = shown(client, filled(FIRST))
    assert title(text) == "Votre porte : Performance et engagement"
    assert "environ 6 chances sur 10" in text
    assert "Étape 2 sur 4" in text.replace("\xa0", " ")
    action = questionnaire().behaviours[0].next_fr[1]
    assert action.split(",")[0] in text.replace("\xa0", " ").replace("\u202f", " ")
    assert "Outil de dialogue, non validé" in text
    assert text.index("<h1") < text.index("La prochaine action") < text.index("<table")


def test_two_doors_are_shown_where_none_stands_out(client: Client) -> None:
    text = shown(client, filled("100000"))
    assert title(text).startswith("Deux portes possibles")
    assert text.count("La prochaine action") == 2


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        (("111111", "1" * 16), "6 « autant »"),
        (("xxxxxx", "1" * 16), "6 sans réponse"),
        (("------", "-" * 16), "Aucune question"),
        (("xxxxxx", "x" * 16), "Aucune question"),
        # P over M, M over I, I over T, T over P: two triads turn round.
        (("002000", "1" * 16), "tournent en rond"),
    ],
)
def test_no_door_is_ever_picked_at_random(
    client: Client, marks: tuple[str, str], expected: str
) -> None:
    text = shown(client, filled(*marks)).replace("\xa0", " ").replace("\u202f", " ")
    assert expected in text
    assert title(text) in {"Aucune porte ne se dégage", "Rien ne peut encore être dit"}
    assert "Que faire maintenant" in text
    assert "La prochaine action" not in text
    assert "non départagée" in text


def test_half_a_questionnaire_says_what_it_leaves_out(client: Client) -> None:
    text = shown(client, filled(FIRST, "1---" + "-" * 12)).replace("\xa0", " ")
    assert "15 questions sur 22 sont sans réponse" in text
    assert "Étape non connue" in text
    assert "Reprendre à la question 8" in text


def test_contradictions_are_told_and_nothing_is_corrected(client: Client) -> None:
    levels = "0" + "1" * 7 + "2" + "1" * 7
    text = shown(client, filled(FIRST, levels))
    assert "À clarifier en entretien" in text
    assert "aucune action avec un autre monde" in text.replace("\xa0", " ")
    assert "des réponses se contredisent" in text


def test_what_was_said_for_the_next_is_told_again(client: Client) -> None:
    text = shown(client, filled(hours=1, partner="Une entreprise\net deux matinées"))
    assert "1 heure par mois" in text.replace("\xa0", " ")
    assert "Une entreprise<br>et deux matinées" in text
    assert "pour la suite" not in shown(client, filled())
    sheet = on_device(client, filled(hours=3, partner="Une entreprise")).get(page("result-file"))
    assert "3 heures par mois" in words(sheet.content)


def test_proofs_are_counted_and_change_no_step(client: Client) -> None:
    proofs = frozenset({"other_worlds", "own_benefit"})
    without, with_them = (
        shown(client, one).replace("\xa0", " ").replace("\u202f", " ")
        for one in (filled(), filled(proofs=proofs))
    )
    assert "4 sur 4, dont 2 par un écrit" in with_them
    assert "par un écrit" not in without
    assert without.count("2, pratiquer") == with_them.count("2, pratiquer") == 4
    token = keep(client, filled(proofs=proofs, domain="education"))
    assert saved(token).answers["proofs"] == ["other_worlds", "own_benefit"]
    assert saved(token).answers["domain"] == "education"
    assert queries.answers_of(saved(token)).proofs == proofs


def test_who_has_not_acted_yet_is_offered_to_warm_up(client: Client) -> None:
    text = shown(client, filled("222000", "0" + "1" * 15))
    assert "Pour s’échauffer" in text


def test_the_last_step_has_no_action_and_says_so(client: Client) -> None:
    text = shown(client, filled(FIRST, "3" * 16))
    assert "C’est la dernière" in text
    assert "La prochaine action" not in text


def test_the_result_is_in_english_too(client: Client) -> None:
    with translation.override("en"):
        client.cookies["django_language"] = "en"
        text = on_device(client, filled()).get(page("result"), headers={"Accept-Language": "en"})
    assert questionnaire().doors[0].name_en in text.content.decode()


def test_the_sheet_is_a_tagged_pdf_that_says_the_same(client: Client) -> None:
    response = on_device(client, filled()).get(page("result-file"))
    assert response["Content-Type"] == "application/pdf"
    content = response.content
    assert "Performance et engagement" in words(content)
    assert "non validé" in words(content)
    assert b"/StructTreeRoot" in content
    assert reader(content).get_num_pages() == 2, "the result, then whom to see"
    assert "Qui peut financer quoi" in words(content)
    assert not SavedResult.objects.exists()


@pytest.mark.one_engine
@pytest.mark.parametrize("marks", ["111111", "xxxxxx", "002000", "222000"])
def test_every_result_prints(client: Client, marks: str) -> None:
    one = filled(marks, "0" + "3" * 15)
    assert on_device(client, one).get(page("result-file")).content.startswith(b"%PDF")


# ---- Keeping -----------------------------------------------------------------------------------


def test_a_result_is_kept_under_a_link_of_which_only_a_digest_stays(client: Client) -> None:
    vintage = geography()
    one = filled(
        territory="commune/94080", size="large", hours=6, partner="Une mairie", world=World.CITIZEN
    )
    token = keep(client, one)
    row = saved(token)
    assert len(token) >= 43, "256 bits"
    assert token not in str(vars(row))
    assert row.territory is not None
    assert row.territory.code == "94080"
    assert (row.world, row.size, row.hours, row.wished_partner) == (
        "citizen", "large", 6, "Une mairie",
    )  # fmt: skip
    assert row.answers["comparisons"] == [0] * 6
    assert row.answers["levels"] == dict.fromkeys(BEHAVIOURS, 1)
    assert row.answers["variants"]["other_worlds"] == "citizen"
    assert "designed_together" not in row.answers["variants"]
    assert not row.consent_collective
    assert row.expires_on > timezone.localdate() + dt.timedelta(days=725)
    assert vintage.is_current


def test_what_is_kept_says_the_same_as_the_device(client: Client) -> None:
    token = keep(client)
    response = client.get(page("kept", token))
    text = response.content.decode()
    assert title(text) == "Votre porte : Performance et engagement"
    assert page("kept", token) in text
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]
    assert client.get(page("kept-file", token)).content.startswith(b"%PDF")


def test_a_form_sent_twice_keeps_one_result_and_leads_to_it(client: Client) -> None:
    on_device(client, filled())
    sent = {"link": link_of(client, page("keep"))}
    first, second = (client.post(page("keep"), sent) for _time in range(2))
    assert first["Location"] == second["Location"]
    assert SavedResult.objects.count() == 1
    assert Event.objects.filter(kind="positioning.kept").count() == 1


def test_the_trail_holds_no_answer_and_no_link(client: Client) -> None:
    token = keep(client, filled(partner="Une mairie"), consent_collective="on")
    event = Event.objects.get(kind="positioning.kept")
    told = f"{event.changes}{event.target}{event.request_line}{event.by}"
    assert token not in told
    assert "mairie" not in told
    assert event.changes == {}


def test_nobody_chooses_the_secret_of_a_link(client: Client) -> None:
    on_device(client, filled())
    response = client.post(page("keep"), {"link": "aaaa"})
    assert response.status_code == 422
    assert "ouverte il y a trop longtemps" in response.content.decode()
    assert not SavedResult.objects.exists()


def test_a_program_that_fills_everything_is_refused(client: Client) -> None:
    on_device(client, filled())
    sent = {"link": link_of(client, page("keep")), "site": "https://example.org"}
    response = client.post(page("keep"), sent)
    assert response.status_code == 422
    assert "doit rester vide" in response.content.decode()
    assert not SavedResult.objects.exists()


def test_links_are_limited_from_one_place_of_the_network(client: Client, settings: Any) -> None:
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = {"positioning_link": "2/h/ip"}
    for _time in range(2):
        keep(client)
    on_device(client, filled())
    response = client.post(page("keep"), {"link": link_of(client, page("keep"))})
    assert response.status_code == 429
    assert "réessayez dans une heure" in response.content.decode()
    assert SavedResult.objects.count() == 2
    cache.clear()


def test_only_who_belongs_to_an_organisation_answers_for_it(client: Client) -> None:
    mine, other = organisation("Les Jardins"), organisation("La Ruche")
    lou = somebody("Lou", member_of=[mine.stable_name])
    client.force_login(lou)
    token = keep(client, organisation=mine.slug)
    assert saved(token).organisation == mine
    on_device(client, filled())
    sent = {"link": link_of(client, page("keep")), "organisation": other.slug}
    assert client.post(page("keep"), sent).status_code == 422
    client.logout()
    assert (
        "Au nom d’une organisation"
        not in on_device(client, filled()).get(page("keep")).content.decode()
    )


@pytest.mark.parametrize("name", ["kept", "kept-file", "erase", "compare", "group", "join"])
def test_a_link_that_is_not_whole_says_what_to_do(client: Client, name: str) -> None:
    token = keep(client)
    response = client.get(page(name, token[:-1] + ("A" if token[-1] != "A" else "B")))
    assert response.status_code == 404
    assert "Ce lien n’ouvre rien" in response.content.decode()


@pytest.mark.parametrize("name", ["consent", "leave-group", "renew-group-link", "erase"])
def test_a_link_that_is_not_whole_changes_nothing(client: Client, name: str) -> None:
    assert client.post(page(name, "nothing")).status_code == 404


def test_a_result_is_erased_by_who_has_the_link(client: Client) -> None:
    token = keep(client)
    assert SavedResult.objects.count() == 1
    assert "Effacer ce résultat ?" in client.get(page("erase", token)).content.decode()
    assert SavedResult.objects.count() == 1, "reading the page erases nothing"
    response = client.post(page("erase", token), follow=True)
    assert "est effacé" in said(response)
    assert not SavedResult.objects.exists()
    assert client.get(page("kept", token)).status_code == 404


def test_consent_is_given_and_taken_back_with_its_date(client: Client) -> None:
    token = keep(client)
    today = timezone.localdate()
    client.post(page("consent", token), {"agreed": "yes"})
    assert saved(token).consented_at is not None
    assert list(queries.agreed_to_count(today)) == [saved(token)]
    client.post(page("consent", token), {"agreed": "no"})
    assert saved(token).consented_at is None
    assert not queries.agreed_to_count(today).exists()
    agreed = keep(client, consent_collective="on")
    assert saved(agreed).consent_collective


def test_a_result_opens_nothing_after_its_time_and_goes(client: Client) -> None:
    token = keep(client)
    row = saved(token)
    row.expires_on = timezone.localdate()
    row.save()
    assert client.get(page("kept", token)).status_code == 404
    row.created_at = timezone.now() - dt.timedelta(days=740)
    row.save()
    list(apply_retention(at=timezone.now()))
    assert not SavedResult.objects.exists()


# ---- Comparing ---------------------------------------------------------------------------------


def test_earlier_answers_are_compared_the_differences_first(client: Client) -> None:
    before = keep(client, filled(levels="1" * 16))
    SavedResult.objects.update(created_at=AT)
    now = keep(client, filled(levels="1" * 6 + "3" + "1" * 8 + "x"))
    address = f"https://exemple.fr{page('kept', before)}"
    response = client.post(page("compare", now), {"address": address}, follow=True)
    text = response.content.decode().replace("\xa0", " ").replace("\u202f", " ")
    assert saved(now).earlier == saved(before)
    assert "2 questions ont changé" in text
    cost, rules = (text.index(one) for one in ("coût complet", "règles de décision"))
    assert cost < rules < text.index("Portes et étapes")
    assert "2 niveaux d’écart" in text
    today = date_format(timezone.localdate(), "j F Y")
    assert text.index("Le 21 novembre 2026") < text.index(f"Le {today}")


def test_a_wrong_earlier_link_is_said(client: Client) -> None:
    token = keep(client)
    for address, sentence in (
        ("", "Collez le lien"),
        ("https://exemple.fr/rien", "Aucun résultat"),
        (page("kept", token), "C’est le lien de cette page"),
    ):
        response = client.post(page("compare", token), {"address": address})
        assert response.status_code == 422
        assert sentence in response.content.decode()
    assert saved(token).earlier is None


def test_answers_to_another_version_are_compared_and_it_is_said(client: Client) -> None:
    before, now = keep(client), keep(client)
    row = saved(before)
    row.questionnaire_version = 0
    row.answers["levels"]["asked_no_more"] = 2
    row.save()
    client.post(page("compare", now), {"address": before})
    assert "versions différentes" in client.get(page("compare", now)).content.decode()
    assert "Le questionnaire a changé depuis" in client.get(page("kept", before)).content.decode()


# ---- In a group --------------------------------------------------------------------------------


def open_group(client: Client, token: str, **more: Any) -> str:
    sent = {
        "which": "open", "name": "Les Jardins", "label": "direction",
        "link": link_of(client, page("group", token)), **more,
    }  # fmt: skip
    response = client.post(page("group", token), sent)
    assert response.status_code == 302, response.content.decode()
    return str(response["Location"]).rpartition("lien=")[2]


def join(client: Client, token: str, group: str, label: str = "") -> Response:
    sent = {"which": "join", "address": page("join", group), "label": label}
    return client.post(page("group", token), sent)


def test_several_people_read_their_differences_and_no_average(client: Client) -> None:
    first = keep(client, filled(levels="0" * 16))
    group = open_group(client, first)
    assert "il faut deux réponses" in client.get(page("group", first)).content.decode()
    second = keep(client, filled("222222", levels="0" * 6 + "3" + "0" * 9))
    assert join(client, second, group).status_code == 302
    text = client.get(page("group", second)).content.decode().replace("\xa0", " ")
    assert "2 personnes, 1 question" in text
    assert "direction" in text
    assert "Réponse 2 (vous)" in text
    assert "3 niveaux d’écart" in text
    assert text.index("Les différences d’abord") < text.index("Portes et étapes")


def test_the_link_of_a_group_shows_no_answer(client: Client) -> None:
    first = keep(client, filled(levels="3" * 16))
    group = open_group(client, first)
    text = client.get(page("join", group)).content.decode()
    assert "Les Jardins" in text
    assert "direction" not in text
    assert questionnaire().behaviours[0].anchors_fr[3] not in text
    assert client.get(page("kept", group)).status_code == 404, "it opens no result"


def test_who_comes_by_the_link_joins_only_if_they_say_so(client: Client) -> None:
    group = open_group(client, keep(client))
    client.cookies.pop(COOKIE)
    assert "Les Jardins" in client.get(page("index"), {"groupe": group}).content.decode()
    client.post(page("index"), {"world": "company", "group": group})
    assert "Les Jardins" in client.get(page("keep")).content.decode()
    alone = keep(client, filled(group=group))
    assert saved(alone).group is None
    joined = keep(client, filled(group=group), join="on", label="atelier")
    assert saved(joined).label == "atelier"
    assert saved(joined).group is not None


def test_the_link_of_a_group_is_shown_once_and_may_be_made_again(client: Client) -> None:
    first = keep(client)
    lost = open_group(client, first)
    address = page("group", first)
    told = client.get(address, {"lien": lost}).content.decode()
    assert page("join", lost) in told
    assert page("join", lost) not in client.get(address).content.decode()
    assert "à donner aux autres" not in client.get(address, {"lien": "x"}).content.decode()
    sent = {"link": link_of(client, address)}
    response = client.post(page("renew-group-link", first), sent)
    again = str(response["Location"]).rpartition("lien=")[2]
    assert client.post(page("renew-group-link", first), sent)["Location"] == response["Location"]
    assert Event.objects.filter(kind="positioning.group-link-renewed").count() == 1
    assert page("join", again) in client.get(response["Location"]).content.decode()
    assert client.get(page("join", lost)).status_code == 404
    assert client.get(page("join", again)).status_code == 200
    assert saved(first).group is not None


def test_a_link_is_made_again_only_by_a_member_and_by_a_form_of_ours(client: Client) -> None:
    alone = keep(client)
    assert client.post(page("renew-group-link", alone), {})["Location"] == page("group", alone)
    assert client.post(page("renew-group-link", "nothing"), {}).status_code == 404
    first = keep(client)
    group = open_group(client, first)
    response = client.post(page("renew-group-link", first), {"link": "aaaa"}, follow=True)
    assert "ouverte il y a trop longtemps" in said(response)
    assert client.get(page("join", group)).status_code == 200


def test_who_is_wished_for_is_read_by_nobody_else_of_the_group(client: Client) -> None:
    first = keep(client, filled(partner="Une mairie voisine", hours=7))
    text = client.get(page("kept", first)).content.decode().replace("\xa0", " ")
    assert "Une mairie voisine" in text
    assert "7 heures par mois" in text
    second = keep(client)
    join(client, second, open_group(client, first))
    assert "mairie voisine" not in client.get(page("group", second)).content.decode()


def test_a_group_opened_twice_by_the_same_form_is_one(client: Client) -> None:
    token = keep(client)
    sent = {"which": "open", "name": "x", "link": link_of(client, page("group", token))}
    first, second = (client.post(page("group", token), sent) for _time in range(2))
    assert first["Location"] == second["Location"]
    assert ResultGroup.objects.count() == 1


def test_a_group_goes_with_its_last_answers(client: Client) -> None:
    first = keep(client)
    group = open_group(client, first)
    second = keep(client)
    join(client, second, group)
    client.post(page("leave-group", first))
    assert saved(first).group is None
    assert saved(first).label == ""
    assert ResultGroup.objects.exists()
    client.post(page("erase", second))
    assert not ResultGroup.objects.exists()
    assert client.get(page("join", group)).status_code == 404


def test_a_group_has_room_for_so_many(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "LARGEST_GROUP", 1)
    group = open_group(client, keep(client))
    late = keep(client)
    response = join(client, late, group)
    assert response.status_code == 422
    assert "ouvrez-en un autre" in response.content.decode()
    through_link = keep(client, filled(group=group), join="on")
    assert saved(through_link).group is None


def test_a_group_needs_a_name_and_a_link_that_exists(client: Client) -> None:
    token = keep(client)
    sent = {"which": "open", "name": "", "link": link_of(client, page("group", token))}
    response = client.post(page("group", token), sent)
    assert response.status_code == 422
    assert "Donnez un nom" in response.content.decode()
    response = join(client, token, "nothing")
    assert "Aucun groupe n’a ce lien" in response.content.decode()


@pytest.mark.one_engine
def test_a_group_of_many_is_read_in_few_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first = keep(client)
    group = open_group(client, first)
    for _person in range(4):
        join(client, keep(client), group)
    with django_assert_max_num_queries(8):
        client.get(page("group", first))


# ---- The tables --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"world": "other"}, {"size": "huge"}, {"token_sha256": "short"},
        {"consent_collective": True}, {"consented_at": AT}, {"hours": 1000},
    ],
)  # fmt: skip
def test_the_table_refuses_what_cannot_be(wrong: dict[str, Any]) -> None:
    row = actions.keep_result(filling=filled(), token="t", at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedResult.objects.filter(pk=row.pk).update(**wrong)


def test_no_result_is_its_own_earlier_one() -> None:
    row = actions.keep_result(filling=filled(), token="t", at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedResult.objects.filter(pk=row.pk).update(earlier=row)


@pytest.mark.parametrize("wrong", [{"name": ""}, {"token_sha256": "Z" * 64}])
def test_a_group_has_a_name_and_a_digest(wrong: dict[str, Any]) -> None:
    ResultGroup.objects.create(name="x", token_sha256="0" * 64, created_at=AT, expires_on=AT.date())
    with pytest.raises(IntegrityError), transaction.atomic():
        ResultGroup.objects.update(**wrong)


@pytest.mark.parametrize(
    ("kept", "over"),
    [
        ((2026, 11, 21), (2028, 11, 21)),
        ((2024, 2, 29), (2026, 2, 28)),
        ((2026, 1, 31), (2028, 1, 31)),
    ],
)
def test_a_result_is_kept_for_two_years(kept: tuple[int, ...], over: tuple[int, ...]) -> None:
    at = dt.datetime(*kept, 12, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]
    assert actions.last_day(at) == dt.date(*over)


def test_marks_are_kept_in_the_order_of_the_questionnaire_whatever_the_order_asked() -> None:
    one = filled("012x01", levels="0123" * 4)
    row = actions.keep_result(filling=one, token="t", at=AT)
    assert row.answers["comparisons"] == [0, 1, 2, 3, 0, 1]
    assert [row.answers["levels"][code] for code in BEHAVIOURS] == [0, 1, 2, 3] * 4
    assert len(questions(one.seed)) == 24


# ---- Rough input -------------------------------------------------------------------------------

#: A browser sends no half of a character. One in three: the sweep of every form sends them all.
ROUGH = [text for text in NASTY if text.encode("utf-8", "ignore").decode() == text][::3]


@pytest.mark.parametrize("number", range(0, len(ROUGH), 8))
def test_nothing_that_is_sent_breaks_a_page(client: Client, number: int) -> None:
    """Every address is asked for, and sent, texts that break programs not told of them."""
    token = keep(client)
    for text in ROUGH[number : number + 8]:
        answers = [
            client.post(page("index"), {"world": text, "territory_text": text, "group": text}),
            client.get(page("index"), {"groupe": text}),
            client.get(page("join", token + text.replace("/", "")[:200])),
            client.post(page("compare", token), {"address": text}),
            client.post(page("consent", token), {"agreed": text}),
            client.post(page("renew-group-link", token), {"link": text}),
            client.get(page("group", token), {"lien": text}),
            on_device(client, filled()).post(
                page("around"), {"domain": text, "territory_text": text}
            ),
            *(
                client.post(
                    page("group", token),
                    {"which": which, "name": text, "label": text, "address": text, "link": text},
                )
                for which in ("open", "join", text)
            ),
            *(
                on_device(client, filled()).post(page("question", place), {"answer": text})
                for place in (1, 7, 23, 24)
            ),
            on_device(client, filled()).post(page("keep"), {"link": text, "label": text}),
            client.get(page("result"), headers={"Cookie": f"{COOKIE}={quote(text[:3000])}"}),
        ]
        assert {answer.status_code for answer in answers} <= {200, 302, 404, 422}
    assert SavedResult.objects.count() == 1
