"""Merging two organisations: nothing is lost, whatever they hold and whatever points to them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.factories.actors import (
    AT,
    editor,
    geography,
    organisation,
    person,
    vocabulary,
)

from alliage.values.text import name_key
from alliage_web.actors import actions, queries
from alliage_web.actors.actions import CHOICES
from alliage_web.actors.models import Catalyst, HeldRole, Organisation
from alliage_web.alliances.models import Alliance, Party

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _base() -> None:
    geography()
    vocabulary()


def party(alliance: Alliance, member: Organisation) -> Party:
    return Party.objects.create(
        alliance=alliance, organisation=member, name=member.name, world=member.world
    )


def alliance(code: str) -> Alliance:
    return Alliance.objects.create(
        code=code, slug=code, title=code, summary=code, created_at=AT, updated_at=AT
    )


def merge(kept: Organisation, merged: Organisation, **choices: actions.Side) -> queries.Description:
    actions.merge_organisations(kept=kept, merged=merged, choices=choices, by=None, at=AT)
    return queries.describe(kept)


def test_what_points_to_the_merged_one_points_to_the_other() -> None:
    kept = organisation("Gerbe", roles=("expert",), domains=("health",))
    lost = organisation(
        "La Gerbe asso", roles=("expert", "funder"), domains=("health", "education")
    )
    child = organisation("Fille", parent=lost.slug)
    joined = party(alliance("a"), lost)
    told = merge(kept, lost)
    assert told.roles == ("expert", "funder")
    assert told.domains == ("education", "health")
    child.refresh_from_db()
    joined.refresh_from_db()
    assert (child.parent, joined.organisation) == (kept, kept)
    assert not HeldRole.objects.filter(organisation=lost).exists()


def test_both_may_be_parties_of_the_same_alliance() -> None:
    kept, lost = organisation("Une"), organisation("Deux")
    both = alliance("a")
    party(both, kept)
    party(both, lost)
    merge(kept, lost)
    assert Party.objects.filter(alliance=both, organisation=kept).count() == 2


def test_two_catalysts_become_one() -> None:
    kept = organisation(
        "Une",
        is_catalyst=True,
        roles=("catalyst",),
        functions=("support",),
        functions_reading="stated",
        catalyst_territories=("commune/94080",),
    )
    lost = organisation(
        "Deux",
        is_catalyst=True,
        roles=("catalyst",),
        functions=("support", "place"),
        catalyst_territories=("department/94",),
        catalyst_domains=("health",),
    )
    told = merge(kept, lost)
    assert Catalyst.objects.count() == 1
    assert told.functions == ("place", "support")
    assert told.functions_reading == "stated"
    assert told.catalyst_territories == ("commune/94080", "department/94")
    assert told.catalyst_domains == ("health",)


def test_the_only_catalyst_is_moved_whole() -> None:
    kept = organisation("Une")
    lost = organisation("Deux", is_catalyst=True, roles=("catalyst",), functions=("place",))
    told = merge(kept, lost)
    assert (told.is_catalyst, told.functions, told.roles) == (True, ("place",), ("catalyst",))


def test_values_are_chosen_field_by_field() -> None:
    kept = organisation(
        "Une", siren="732829320", seat="commune/94080", world_reading="stated", website=""
    )
    lost = organisation(
        "Deux",
        siren="219400801",
        world="company",
        profile="company",
        world_reading="derived",
        seat="commune/45208",
        website="https://deux.example",
    )
    told = merge(kept, lost, siren="merged", world="merged", website="merged", seat="kept")
    assert (told.siren, told.seat) == ("219400801", "commune/94080")
    assert (told.world, told.world_reading, told.profile) == ("company", "derived", "association")
    assert told.website == "https://deux.example"
    lost.refresh_from_db()
    # What was not chosen is still on the row that is left.
    assert (lost.siren, lost.name) == ("219400801", "Deux")


def test_its_names_become_other_names() -> None:
    kept = organisation("La Gerbe", aliases=("Gerbe",))
    lost = organisation("Association La Gerbe", acronym="ALG", aliases=("gerbe", "Épi"))
    told = merge(kept, lost)
    assert told.name == "La Gerbe"
    assert told.aliases == ("Gerbe", "Association La Gerbe", "ALG", "Épi")
    assert [item.value for item in queries.suggest("épi")] == ["la-gerbe"]


def test_the_name_that_is_not_chosen_is_an_other_name() -> None:
    told = merge(organisation("Une"), organisation("Deux"), name="merged")
    assert (told.name, told.aliases) == ("Deux", ("Une",))


def test_an_organisation_never_ends_up_above_itself() -> None:
    lost = organisation("Ville")
    kept = organisation("CCAS", parent=lost.slug)
    assert merge(kept, lost).parent is None

    top = organisation("Haut")
    middle = organisation("Milieu", parent=top.slug)
    low = organisation("Bas", parent=middle.slug)
    assert merge(low, top).parent is None
    assert queries.describe(middle).parent == low.slug


def test_merging_again_leads_to_the_last_one(client: Client) -> None:
    one, two, three = organisation("Une"), organisation("Deux"), organisation("Trois")
    merge(two, one)
    merge(three, two)
    one.refresh_from_db()
    assert one.merged_into == three
    response = client.get(one.get_absolute_url())
    assert (response.status_code, response.headers["Location"]) == (301, "/acteurs/trois/")
    kinds = [(line.kind, line.target) for line in queries.history_of(three)]
    assert ("organisation.created", "organisation:une") in kinds
    assert ("organisation.merged", "organisation:deux") in kinds
    assert len(kinds) == 7


def test_what_cannot_be_merged() -> None:
    one, two = organisation("Une"), organisation("Deux")
    with pytest.raises(actions.MergeError, match="into itself"):
        merge(one, one)
    merge(one, two)
    with pytest.raises(actions.MergeError, match="already merged"):
        merge(one, two)


def test_a_merge_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = organisation("Une"), organisation("Deux", roles=("funder",))

    def broken(**_event: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("alliage_web.actors.actions.merging.record", broken)
    with pytest.raises(RuntimeError):
        merge(one, two)
    two.refresh_from_db()
    assert two.merged_into is None
    assert queries.describe(two).roles == ("funder",)


def _sides(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.sampled_from(values), unique=True, max_size=len(values)).map(
        lambda chosen: tuple(sorted(chosen))
    )


_organisations = st.fixed_dictionaries(
    {
        "acronym": st.sampled_from(["", "ABC", "XYZ"]),
        "aliases": _sides(["Premier nom", "Deuxième nom", "premier  nom"]),
        "legal_form": st.sampled_from(["", "SAS", "association"]),
        "seat": st.sampled_from([None, "commune/94080", "commune/45208"]),
        "territories": _sides(["commune/94080", "commune/94067", "department/45"]),
        "domains": _sides(["health", "education"]),
        "roles": _sides(["funder", "expert", "publisher"]),
        "is_catalyst": st.booleans(),
        "functions": _sides(["support", "place"]),
        "catalyst_territories": _sides(["commune/94080", "department/94"]),
        "catalyst_domains": _sides(["health", "education"]),
    }
)
_SETS = (
    *("territories", "domains", "roles", "functions", "catalyst_territories"),
    "catalyst_domains",
)


class _Undo(Exception):
    """Leaves the transaction of one example."""


def _made(name: str, siren: str | None, fields: dict[str, Any]) -> Organisation:
    if not fields["is_catalyst"]:
        fields = fields | {"functions": (), "catalyst_territories": (), "catalyst_domains": ()}
    return organisation(name, siren=siren, **fields)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    one=_organisations,
    two=_organisations,
    children=st.lists(st.sampled_from([0, 1]), max_size=3),
    parties=st.lists(st.tuples(st.sampled_from([0, 1]), st.sampled_from("abc")), max_size=4),
    choices=st.dictionaries(st.sampled_from(CHOICES), st.sampled_from(["kept", "merged"])),
)
def test_nothing_is_lost(
    one: dict[str, Any],
    two: dict[str, Any],
    children: list[int],
    parties: list[tuple[int, str]],
    choices: dict[str, actions.Side],
) -> None:
    with suppress(_Undo), transaction.atomic():
        pair = _made("Une", "732829320", one), _made("Deux", "219400801", two)
        before = [queries.describe(item) for item in pair]
        for rank, owner in enumerate(children):
            organisation(f"Fille {rank}", parent=pair[owner].slug)
        alliances = {code: alliance(code) for code in "abc"}
        joined = [party(alliances[code], pair[owner]).pk for owner, code in parties]

        kept, merged = pair
        actions.merge_organisations(kept=kept, merged=merged, choices=choices, by=None, at=AT)
        after = queries.describe(kept)

        for name in _SETS:
            union = {*getattr(before[0], name), *getattr(before[1], name)}
            assert set(getattr(after, name)) == union, name
        assert after.is_catalyst == (before[0].is_catalyst or before[1].is_catalyst)
        known = {name_key(name) for name in after.names}
        for told in before:
            assert {name_key(name) for name in told.names} <= known
        for name in CHOICES:
            side = 1 if choices.get(name) == "merged" else 0
            assert getattr(after, name) == getattr(before[side], name), name
        left = queries.describe(merged)
        for name in CHOICES:
            assert getattr(left, name) == getattr(before[1], name), name
        assert queries.active().filter(parent=kept).count() == len(children)
        assert list(
            Party.objects.filter(organisation=kept).order_by("pk").values_list("pk", flat=True)
        ) == sorted(joined)
        # Only its own line of history and its new address still know the merged one.
        assert queries.pointers_to(merged) == []
        targets = {line.target for line in queries.history_of(kept)}
        assert targets == {"organisation:une", "organisation:deux"}
        raise _Undo


def test_an_editor_compares_then_merges(client: Client) -> None:
    client.force_login(editor())
    organisation("Ville de Vincennes", seat="commune/94080", siren="219400801")
    organisation("Mairie de Vincennes", seat="commune/94067", legal_form="commune")
    address = reverse("actors:merge", args=["ville-de-vincennes"])
    first = client.get(address).content.decode()
    assert '<a href="?other=mairie-de-vincennes">' in first
    second = client.get(address, {"other_text": "Mairie de Vincennes"}).content.decode()
    assert "étape 2 sur 2" in second
    assert "Saint-Mandé" in second
    assert 'name="legal_form" value="merged"' in second
    assert 'name="profile"' not in second
    response = client.post(
        f"{address}?other=mairie-de-vincennes", {"seat": "merged", "legal_form": "merged"}
    )
    assert response.headers["Location"] == "/acteurs/ville-de-vincennes/"
    told = queries.describe(Organisation.objects.get(slug="ville-de-vincennes"))
    assert (told.seat, told.legal_form, told.siren) == ("commune/94067", "commune", "219400801")
    page = client.get("/acteurs/ville-de-vincennes/historique/").content.decode()
    assert "Mairie de Vincennes" in page
    assert "Fusion : une autre fiche a rejoint celle-ci" in page
    assert "Dominique" in page


def test_a_merge_sent_twice_is_done_once(client: Client) -> None:
    client.force_login(editor())
    organisation("Une")
    organisation("Deux")
    address = f"{reverse('actors:merge', args=['une'])}?other=deux"
    assert client.post(address).headers["Location"] == "/acteurs/une/"
    assert client.post(address).headers["Location"] == "/acteurs/une/"
    assert Organisation.objects.filter(merged_into__isnull=False).count() == 1


def test_an_organisation_is_not_compared_with_itself(client: Client) -> None:
    client.force_login(editor())
    organisation("Une")
    text = client.get(reverse("actors:merge", args=["une"]), {"other": "une"}).content.decode()
    assert "C’est la même fiche" in text


def test_an_organisation_and_the_one_it_depends_on_are_told_apart(client: Client) -> None:
    client.force_login(editor())
    organisation("Ville")
    organisation("CCAS", parent="ville")
    text = client.get(reverse("actors:merge", args=["ville"]), {"other": "ccas"}).content.decode()
    assert "L’une dépend de l’autre" in text
    assert 'name="parent"' not in text


def test_only_editors_merge(client: Client) -> None:
    author = person()
    organisation("Une", by=author)
    organisation("Deux", by=author)
    address = f"{reverse('actors:merge', args=['une'])}?other=deux"
    assert client.get(address).status_code == 302
    client.force_login(author)
    assert client.get(address).status_code == 403
    assert client.post(address).status_code == 403
    assert not Organisation.objects.filter(merged_into__isnull=False).exists()
    assert "fusionner" not in client.get("/acteurs/une/").content.decode()
