"""Debates on a release: who opens, contributes, moderates, reports, and what everybody reads."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from tests.factories.debates import demo_release, place, write_contribution, write_debate
from tests.factories.people import somebody

from alliage_web.accounts.actions.erasing import erase_person
from alliage_web.accounts.models import Role, User
from alliage_web.actors.models import Organisation
from alliage_web.audit.models import Event
from alliage_web.observatory.actions.debates import (
    DAILY_LIMIT,
    ContributionValues,
    DebateChangedError,
    contribute,
)
from alliage_web.observatory.models import Contribution, ContributionReport, Debate, Release

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries, Settings

    from alliage_web.territories.models import Territory

pytestmark = pytest.mark.django_db
SECRET = "Transports à revoir"


@pytest.fixture
def release() -> Release:
    return demo_release()


@pytest.fixture
def territory() -> Territory:
    return place()


@pytest.fixture
def debate(release: Release, territory: Territory) -> Debate:
    return write_debate(release, territory)


@pytest.fixture
def noa() -> User:
    return somebody("Noa", (Role.RESEARCHER, "observatory"))


@pytest.fixture
def ada() -> User:
    return somebody("Ada")


def page(name: str, *args: Any) -> str:
    return reverse(f"observatory:{name}", args=args)


def typed(release: Release, /, **more: Any) -> dict[str, Any]:
    written = {
        "release": str(release.uuid), "territory": "department/94", "title": "Débattons",
        "presentation": "", "questions": "Que voyez-vous ?\n\nQue faire ?",
        "opens_on": "2026-11-01", "closes_on": "2026-12-01",
    }  # fmt: skip
    return {**written, **more}


def contributed(**more: Any) -> dict[str, Any]:
    return {"question": "1", "text": SECRET, "world": "citizen", **more}


def test_a_question_that_was_removed_is_not_answered(debate: Debate, ada: User) -> None:
    """The page of the debate would have nowhere to show the answer."""
    last = len(debate.questions)
    Debate.objects.filter(pk=debate.pk).update(questions=debate.questions[:-1])
    values = ContributionValues(world="citizen", organisation_id=None, question=last, text="Non.")
    at = timezone.now()
    with pytest.raises(DebateChangedError):
        contribute(debate=debate, values=values, by=ada, at=at, day=debate.opens_on)
    assert not Contribution.objects.exists()


def test_what_was_typed_is_kept_where_the_question_was_removed_meanwhile(
    client: Client, debate: Debate, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(ada)
    shown = debate.questions
    Debate.objects.filter(pk=debate.pk).update(questions=shown[:-1])
    # The page was asked before the question was removed, the form sent after.
    monkeypatch.setattr("alliage_web.observatory.views.contributions.found", lambda _uuid: debate)
    address = page("contribution-new", debate.uuid)
    answer = client.post(address, contributed(question=str(len(shown)), text="Mon avis."))
    assert answer.status_code == 422
    assert "n’est plus en débat" in answer.text
    assert "Mon avis." in answer.text
    assert not Contribution.objects.exists()
    offered = answer.context["form"].fields["question"].choices
    assert [code for code, _text in offered] == [*map(str, range(1, len(shown))), ""]


# ---- Opening and correcting --------------------------------------------------------------------


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("holding", "allowed"),
    [
        ((Role.RESEARCHER, "observatory"), True),
        ((Role.ADMINISTRATOR, "platform"), True),
        ((Role.CATALYST, "territory:department/94"), True),
        ((Role.CATALYST, "territory:department/93"), False),
        ((Role.EDITOR, "platform"), False),
    ],
)
def test_who_opens_a_debate(
    client: Client, release: Release, territory: Territory, holding: Any, allowed: bool
) -> None:
    place("department", "93", "Seine-Saint-Denis")
    client.force_login(somebody("Somebody", holding))
    response = client.post(page("debate-new"), typed(release))
    assert Debate.objects.exists() is allowed
    if allowed:
        debate = Debate.objects.get()
        assert debate.questions == ["Que voyez-vous ?", "Que faire ?"]
        assert debate.territory == territory
        assert response.status_code == 302
        client.logout()
        assert "Débattons" in client.get(page("debates")).text
    else:
        assert response.status_code in {403, 422}


@pytest.mark.one_engine
def test_signed_out_people_are_led_to_sign_in(client: Client, debate: Debate) -> None:
    for name in ("contribution-new", "debate-moderate", "debate-edit", "debate-synthesis"):
        response = client.get(page(name, debate.uuid))
        assert response.status_code == 302
        assert "suite" in response["Location"] or "next" in response["Location"]


def test_the_same_form_sent_twice_opens_one_debate(
    client: Client, release: Release, territory: Territory, noa: User
) -> None:
    client.force_login(noa)
    form = client.get(page("debate-new")).context["form"]
    sent = typed(
        release,
        territory=f"department/{territory.code}",
        submission=str(form.initial["submission"]),
    )
    client.post(page("debate-new"), sent)
    again = client.post(page("debate-new"), sent, follow=True)
    assert "il ne l’est pas deux fois" in again.text
    assert Debate.objects.count() == 1


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"closes_on": "2026-10-01"}, "finirait avant de commencer"),
        ({"questions": "\n".join("x" * 3 for _ in range(11))}, "11 questions"),
        ({"questions": "x" * 301}, "dépasse 300"),
        ({"release": ""}, "de quelle publication"),
        ({"territory": ""}, "sur quel territoire"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    client: Client,
    release: Release,
    territory: Territory,
    noa: User,
    wrong: dict[str, str],
    said: str,
) -> None:
    assert territory.pk
    client.force_login(noa)
    response = client.post(page("debate-new"), typed(release, **wrong))
    assert response.status_code == 422
    assert said in response.text
    assert "Débattons" in response.text
    assert not Debate.objects.exists()


def test_a_release_that_was_withdrawn_is_not_put_to_debate(
    client: Client, release: Release, territory: Territory, noa: User
) -> None:
    assert territory.pk
    client.force_login(noa)
    Release.objects.filter(pk=release.pk).update(
        state="withdrawn",
        withdrawn_for="x",
        withdrawn_at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC),
    )
    assert client.post(page("debate-new"), typed(release)).status_code == 422
    assert not Debate.objects.exists()


def test_two_people_who_correct_a_debate_see_one_another(
    client: Client, debate: Debate, noa: User
) -> None:
    client.force_login(noa)
    first = {**typed(debate.release), "version": "0", "title": "Premier"}
    assert client.post(page("debate-edit", debate.uuid), first).status_code == 302
    second = client.post(page("debate-edit", debate.uuid), {**first, "title": "Second"})
    assert second.status_code == 409
    assert "Second" in second.text
    debate.refresh_from_db()
    assert debate.title == "Premier"
    again = {**first, "title": "Second", "version": "1"}
    assert client.post(page("debate-edit", debate.uuid), again).status_code == 302


def test_a_question_that_is_answered_keeps_its_place(
    client: Client, debate: Debate, noa: User
) -> None:
    write_contribution(debate, question=1)
    client.force_login(noa)
    sent = {**typed(debate.release), "version": "0", "questions": "Que faire ensemble ?"}
    response = client.post(page("debate-edit", debate.uuid), sent)
    assert response.status_code == 422
    assert "répondent aux questions 1 à 1" in response.text
    sent["questions"] = "Que voyez-vous ?\nUne autre"
    assert client.post(page("debate-edit", debate.uuid), sent).status_code == 302


# ---- Contributing ------------------------------------------------------------------------------


def test_a_contribution_is_published_once_a_moderator_read_it(
    client: Client, debate: Debate, ada: User, noa: User
) -> None:
    client.force_login(ada)
    response = client.post(page("contribution-new", debate.uuid), contributed(), follow=True)
    assert "la modération l’a lue" in response.text
    assert SECRET in response.text
    assert "En attente de modération" in response.text
    row = Contribution.objects.get()
    client.logout()
    assert SECRET not in client.get(debate.get_absolute_url()).text
    client.force_login(noa)
    queue = client.get(page("debate-moderate", debate.uuid)).text
    assert SECRET in queue
    assert "Ada" in queue
    client.post(page("contribution-decide", debate.uuid, row.uuid), {"decision": "publish"})
    client.logout()
    shown = client.get(debate.get_absolute_url()).text
    assert SECRET in shown
    assert "Ada" not in shown
    assert "1 contribution publiée" in shown
    events = Event.objects.filter(target=row.stable_name).order_by("pk")
    told = list(events.values_list("kind", "changes"))
    assert [kind for kind, _changes in told] == ["contribution.received", "contribution.published"]
    assert SECRET not in str(told)


def test_a_refusal_says_why_to_its_author_alone(
    client: Client, debate: Debate, ada: User, noa: User
) -> None:
    row = write_contribution(debate, ada)
    client.force_login(noa)
    address = page("contribution-decide", debate.uuid, row.uuid)
    without = client.post(address, {"decision": "refuse", "reason": ""})
    assert without.status_code == 422
    assert "pourquoi sa contribution" in without.text
    client.post(address, {"decision": "refuse", "reason": "Nomme une personne privée."})
    row.refresh_from_db()
    assert (row.state, row.reason) == ("refused", "Nomme une personne privée.")
    client.force_login(somebody("Bob"))
    assert "personne privée." not in client.get(debate.get_absolute_url()).text.split("Règles")[0]
    client.force_login(ada)
    assert "Nomme une personne privée." in client.get(debate.get_absolute_url()).text
    client.force_login(noa)
    client.post(address, {"decision": "publish"})
    row.refresh_from_db()
    assert (row.state, row.reason, row.set_aside_at) == ("published", "", None)


def test_who_wrote_a_contribution_does_not_moderate_it(
    client: Client, debate: Debate, noa: User
) -> None:
    row = write_contribution(debate, noa)
    client.force_login(noa)
    queue = client.get(page("debate-moderate", debate.uuid))
    assert "une autre personne la modère" in queue.text
    address = page("contribution-decide", debate.uuid, row.uuid)
    assert client.post(address, {"decision": "publish"}).status_code == 403
    row.refresh_from_db()
    assert row.state == "received"


@pytest.mark.one_engine
def test_moderating_is_for_moderators(client: Client, debate: Debate, ada: User) -> None:
    row = write_contribution(debate)
    elsewhere = somebody("Eve", (Role.CATALYST, "territory:department/93"))
    here = somebody("Ida", (Role.CATALYST, "territory:department/94"))
    address = page("contribution-decide", debate.uuid, row.uuid)
    for person, status in ((ada, 403), (elsewhere, 403), (here, 200)):
        client.force_login(person)
        assert client.get(page("debate-moderate", debate.uuid)).status_code == status
        if status == 403:
            assert client.post(address, {"decision": "publish"}).status_code == 403
    # Nobody withdraws what another wrote, moderators included.
    assert client.post(address, {"decision": "withdraw"}).status_code == 403
    row.refresh_from_db()
    assert row.state == "received"


def test_an_author_withdraws_and_the_text_is_gone(
    client: Client, debate: Debate, ada: User, noa: User
) -> None:
    row = write_contribution(debate, ada, state="published", text=SECRET)
    address = page("contribution-withdraw", debate.uuid, row.uuid)
    client.force_login(noa)
    assert client.post(address).status_code == 404
    client.force_login(ada)
    assert SECRET in client.get(address).text
    client.post(address)
    row.refresh_from_db()
    assert (row.state, row.text) == ("withdrawn", "")
    assert row.set_aside_at is not None
    assert "déjà retirée" in client.post(address, follow=True).text


def test_a_closed_debate_receives_nothing(client: Client, debate: Debate, ada: User) -> None:
    today = timezone.localdate()
    debate.opens_on, debate.closes_on = today - dt.timedelta(days=9), today - dt.timedelta(days=2)
    debate.save()
    client.force_login(ada)
    response = client.post(page("contribution-new", debate.uuid), contributed(), follow=True)
    assert "ne reçoit pas de contribution" in response.text
    assert not Contribution.objects.exists()
    assert "Clos le" in client.get(debate.get_absolute_url()).text


def withdrawn(release: Release) -> None:
    Release.objects.filter(pk=release.pk).update(
        state="withdrawn",
        withdrawn_for="Une erreur de pondération.",
        withdrawn_at=timezone.now(),
    )


def test_a_debate_stops_when_its_release_is_withdrawn(
    client: Client, debate: Debate, ada: User
) -> None:
    write_contribution(debate, ada, state="published", text=SECRET)
    withdrawn(debate.release)
    shown = client.get(debate.get_absolute_url()).text
    assert "La publication en débat a été retirée" in shown
    assert "Arrêté" in shown
    assert SECRET in shown
    new = page("contribution-new", debate.uuid)
    assert new not in shown
    listed = client.get(page("debates")).text
    assert "Arrêté" in listed
    assert "retirée" in listed
    assert "publication retirée" in client.get(page("debate-file", debate.uuid)).content.decode()
    client.force_login(ada)
    events = Event.objects.count()
    for answer in (client.get(new, follow=True), client.post(new, contributed(), follow=True)):
        assert "ne reçoit plus de contribution" in answer.text
    assert Contribution.objects.count() == 1
    assert Event.objects.count() == events


def test_what_was_received_before_is_still_moderated(
    client: Client, debate: Debate, ada: User, noa: User
) -> None:
    row = write_contribution(debate, ada)
    withdrawn(debate.release)
    client.force_login(noa)
    assert "a été retirée" in client.get(page("debate-moderate", debate.uuid)).text
    client.post(page("contribution-decide", debate.uuid, row.uuid), {"decision": "publish"})
    row.refresh_from_db()
    assert row.state == "published"
    client.force_login(ada)
    client.post(page("contribution-withdraw", debate.uuid, row.uuid))
    row.refresh_from_db()
    assert row.state == "withdrawn"


def test_what_was_typed_is_kept_where_the_release_was_withdrawn_meanwhile(
    client: Client, debate: Debate, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(ada)
    assert not debate.has_lost_its_release
    withdrawn(debate.release)
    # The page was asked before the release was withdrawn, the form sent after.
    monkeypatch.setattr("alliage_web.observatory.views.contributions.found", lambda _uuid: debate)
    answer = client.post(page("contribution-new", debate.uuid), contributed(text="Mon avis."))
    assert answer.status_code == 422
    assert "vient d’être retirée" in answer.text
    assert "Mon avis." in answer.text
    assert not Contribution.objects.exists()


@pytest.mark.parametrize(
    ("days", "state", "expected"),
    [
        (-1, "published", "upcoming"),
        (0, "published", "open"),
        (5, "published", "open"),
        (6, "published", "closed"),
        (-1, "withdrawn", "stopped"),
        (5, "withdrawn", "stopped"),
        (6, "withdrawn", "closed"),
    ],
)
def test_a_debate_is_open_between_its_dates_while_its_release_is_public(
    days: int, state: str, expected: str
) -> None:
    first = dt.date(2026, 11, 1)
    debate = Debate(
        release=Release(state=state), opens_on=first, closes_on=first + dt.timedelta(days=5)
    )
    assert debate.phase(first + dt.timedelta(days=days)) == expected


def test_a_contribution_sent_twice_is_received_once(
    client: Client, debate: Debate, ada: User
) -> None:
    client.force_login(ada)
    form = client.get(page("contribution-new", debate.uuid)).context["form"]
    sent = contributed(submission=str(form.initial["submission"]))
    for _time in range(2):
        client.post(page("contribution-new", debate.uuid), sent)
    assert Contribution.objects.count() == 1


def test_a_day_has_a_limit(client: Client, debate: Debate, ada: User) -> None:
    now = timezone.now()
    for _time in range(DAILY_LIMIT):
        write_contribution(debate, ada, received_at=now)
    client.force_login(ada)
    response = client.post(page("contribution-new", debate.uuid), contributed())
    assert response.status_code == 422
    assert f"{DAILY_LIMIT} contributions" in response.text
    assert SECRET in response.text
    assert Contribution.objects.count() == DAILY_LIMIT


@pytest.mark.one_engine
def test_one_speaks_only_for_an_organisation_of_ones_own(client: Client, debate: Debate) -> None:
    for slug, name in (("marais", "Les Amis du marais"), ("autre", "Autre")):
        Organisation.objects.create(
            slug=slug, name=name, world="association", created_at=debate.created_at,
            updated_at=debate.created_at,
        )  # fmt: skip
    client.force_login(somebody("Lea", member_of=["organisation:marais"]))
    form = client.get(page("contribution-new", debate.uuid))
    assert "Les Amis du marais" in form.text
    refused = client.post(page("contribution-new", debate.uuid), contributed(organisation="autre"))
    assert refused.status_code == 422
    client.post(page("contribution-new", debate.uuid), contributed(organisation="marais"))
    organisation = Contribution.objects.get().organisation
    assert organisation is not None
    assert organisation.slug == "marais"


# ---- Reporting ---------------------------------------------------------------------------------


def test_what_is_reported_is_read_again(
    client: Client, debate: Debate, ada: User, noa: User
) -> None:
    row = write_contribution(debate, somebody("Bob"), state="published")
    address = page("contribution-report", debate.uuid, row.uuid)
    client.force_login(ada)
    assert client.post(address, {"reason": ""}).status_code == 422
    for _time in range(2):
        client.post(address, {"reason": "Une adresse y figure."})
    assert ContributionReport.objects.count() == 1
    client.force_login(noa)
    assert "Une adresse y figure." in client.get(page("debate-moderate", debate.uuid)).text
    decide = page("contribution-decide", debate.uuid, row.uuid)
    client.post(decide, {"decision": "keep"})
    assert "Une adresse y figure." not in client.get(page("debate-moderate", debate.uuid)).text
    row.refresh_from_db()
    assert row.state == "published"
    client.force_login(ada)
    client.post(address, {"reason": "Elle y est encore."})
    client.force_login(noa)
    client.post(decide, {"decision": "remove", "reason": "Une adresse privée."})
    row.refresh_from_db()
    assert row.state == "refused"
    assert not row.reports.filter(settled_at=None).exists()


def test_what_is_not_published_cannot_be_reported(
    client: Client, debate: Debate, ada: User
) -> None:
    row = write_contribution(debate)
    client.force_login(ada)
    address = page("contribution-report", debate.uuid, row.uuid)
    assert client.get(address).status_code == 404


# ---- Reading -----------------------------------------------------------------------------------


@pytest.mark.one_engine
def test_what_everybody_reads_says_what_is_invented(client: Client, debate: Debate) -> None:
    shown = client.get(debate.get_absolute_url()).text
    assert "Données synthétiques" in shown
    assert "Aucune contribution n’est publiée" in shown
    debate.invented = True
    debate.save()
    assert (
        "Ce débat et ses contributions sont inventés" in client.get(debate.get_absolute_url()).text
    )
    assert "inventé" in client.get(page("debates")).text


def test_counts_by_world_and_file_hold_published_contributions_without_names(
    client: Client, debate: Debate, ada: User
) -> None:
    write_contribution(debate, ada, state="published", question=1, text="=1+1")
    write_contribution(debate, ada, state="published", world="company")
    write_contribution(debate, ada, text="En attente")
    shown = client.get(debate.get_absolute_url())
    counts = {one.world: one.count for one in shown.context["counts"]}
    assert counts["citizen"] == counts["company"] == 1
    assert sum(counts.values()) == 2
    assert len(counts) == 7
    text = client.get(page("debate-file", debate.uuid)).content.decode("utf-8-sig")
    assert len(text.splitlines()) == 3
    assert "Ada" not in text
    assert "En attente" not in text
    assert "synthétiques" in text
    assert ";=1+1" not in text
    assert "Que voyez-vous ?" in text


def test_a_synthesis_is_shown_on_the_debate(
    client: Client, debate: Debate, noa: User, ada: User
) -> None:
    address = page("debate-synthesis", debate.uuid)
    client.force_login(ada)
    assert client.post(address, {"text": "x", "version": "0"}).status_code == 403
    client.force_login(noa)
    client.post(address, {"text": "Trois mondes **s’accordent**.", "version": "0"})
    assert (
        "Trois mondes <strong>s’accordent</strong>." in client.get(debate.get_absolute_url()).text
    )
    assert "s’accordent" in client.get(page("release", debate.release.uuid)).text
    assert client.post(address, {"text": "Autre", "version": "0"}).status_code == 409
    client.post(address, {"text": "", "version": "1"})
    debate.refresh_from_db()
    assert (debate.synthesis, debate.synthesised_at) == ("", None)


def test_an_unknown_debate_is_not_found(client: Client) -> None:
    missing = "00000000-0000-0000-0000-000000000001"
    assert client.get(page("debate", missing)).status_code == 404
    assert "Aucun débat n’est ouvert" in client.get(page("debates")).text


@pytest.mark.one_engine
def test_a_list_of_debates_asks_as_much_for_many_as_for_one(
    client: Client,
    release: Release,
    noa: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for rank in range(8):
        one = write_debate(release, place("department", f"{rank:02d}", f"D{rank}"))
        write_contribution(one)
    client.force_login(noa)
    with django_assert_max_num_queries(16):
        shown = client.get(page("debates"))
    assert len(shown.context["lines"]) == 8


@pytest.mark.one_engine
def test_a_debate_asks_as_much_for_many_contributions_as_for_few(
    client: Client, debate: Debate, noa: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for rank in range(12):
        write_contribution(debate, somebody(f"P{rank}"), state="published")
        write_contribution(debate, somebody(f"Q{rank}"))
    with django_assert_max_num_queries(12):
        client.get(debate.get_absolute_url())
    client.force_login(noa)
    with django_assert_max_num_queries(20):
        client.get(page("debate-moderate", debate.uuid))


# ---- People and invariants ---------------------------------------------------------------------


def test_erasing_a_person_keeps_their_contribution_without_them(
    client: Client, debate: Debate, ada: User, noa: User
) -> None:
    organisation = Organisation.objects.create(
        slug="marais", name="Les Amis du marais", world="association",
        created_at=debate.created_at, updated_at=debate.created_at,
    )  # fmt: skip
    row = write_contribution(debate, ada, state="published", text=SECRET, organisation=organisation)
    ContributionReport.objects.create(
        contribution=row, person=ada, reason="x", reported_at=debate.created_at
    )
    erase_person(user=ada, by=noa, at=debate.created_at)
    client.force_login(noa)
    assert SECRET in client.get(debate.get_absolute_url()).text
    assert not ContributionReport.objects.exists()
    row.refresh_from_db()
    assert "Ada" not in str(row.author)
    assert row.organisation is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "gone"},
        {"world": "other"},
        {"text": ""},
        {"state": "withdrawn", "set_aside_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
        {"state": "refused", "set_aside_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
        {"reason": "x"},
        {"state": "refused", "reason": "x"},
        {"set_aside_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
        {"question": 0},
    ],
)
def test_the_database_refuses_impossible_contributions(
    debate: Debate, wrong: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        write_contribution(debate, **wrong)


@pytest.mark.parametrize("wrong", [{"closes_on": dt.date(2020, 1, 1)}, {"synthesis": "x"}])
def test_the_database_refuses_impossible_debates(debate: Debate, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Debate.objects.filter(pk=debate.pk).update(**wrong)


def test_the_database_refuses_impossible_reports(debate: Debate, ada: User) -> None:
    row = write_contribution(debate, state="published")
    values = {"contribution": row, "person": ada, "reported_at": debate.created_at}
    with pytest.raises(IntegrityError), transaction.atomic():
        ContributionReport.objects.create(**values, reason="")
    ContributionReport.objects.create(**values, reason="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        ContributionReport.objects.create(**values, reason="y")


def test_the_demonstration_has_an_invented_debate_once(
    release: Release, settings: Settings, client: Client
) -> None:
    settings.ALLIAGE_DEMO, settings.PRODUCTION = False, False
    with pytest.raises(CommandError, match="outside a demonstration"):
        call_command("create_demo_debate")
    settings.ALLIAGE_DEMO = True
    with pytest.raises(CommandError, match="load_territories"):
        call_command("create_demo_debate")
    place("region", "53", "Bretagne")
    for _time in range(2):
        call_command("create_demo_debate", stdout=StringIO())
    debate = Debate.objects.get()
    assert (debate.release, debate.invented) == (release, True)
    states = Contribution.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["published", "published", "received"]
    assert "Débat de démonstration" in client.get(debate.get_absolute_url()).text
