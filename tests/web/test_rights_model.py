"""What people may, compared with a plain model of the rules, for any set of what they hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.factories.applications import write_application
from tests.factories.knowledge import write_sheet
from tests.factories.people import SINCE, entrust, fresh, give, somebody

from alliage_web.accounts.models import HELD_AT, Membership, Role, User
from alliage_web.accounts.permissions import grants, reasons
from alliage_web.accounts.queries.own_places import Whole
from alliage_web.actors.models import Organisation
from alliage_web.alliances.models import Alliance, AllianceTerritory, Party
from alliage_web.alliances.queries import Part, part_of
from alliage_web.fund.actions.applications import begin_application
from alliage_web.fund.models import (
    Agreement,
    Application,
    Fund,
    Report,
    ReportObligation,
    ReportPart,
    Review,
    ReviewPanel,
    Strand,
)
from alliage_web.fund.queries.applications import Part as ApplicationPart
from alliage_web.knowledge.models import Entry, EntryState
from alliage_web.knowledge.queries.sheet_proposals import consents_of
from alliage_web.observatory.models import Contribution, Debate, Release
from alliage_web.positioning.actions.charters import begin_charter
from alliage_web.territories.models import Perimeter, Snapshot, Territory, Vintage

if TYPE_CHECKING:
    from tests.factories.people import Holding

    from alliage_web.positioning.models import CharterVersion

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]

ORGANISATIONS = ("o1", "o2")
FUNDS = ("f1", "f2")
#: The territories of each alliance.
ALLIANCES = {"a1": {"commune/C1"}, "a2": {"department/D2"}, "a3": {"perimeter/p"}, "a4": set()}
#: What lies wholly within each territory.
WITHIN: Mapping[str, set[str]] = {
    "commune/C1": {"commune/C1"},
    "department/D1": {"department/D1", "commune/C1"},
    "department/D2": {"department/D2", "commune/C2"},
    "perimeter/p": {"perimeter/p", "commune/C1", "commune/C2"},
    "region/R": {
        *("region/R", "department/D1", "department/D2", "commune/C1", "commune/C2", "perimeter/p"),
    },
}
PLACES: Mapping[str, tuple[str, ...]] = {
    "platform": ("platform",),
    "observatory": ("observatory",),
    "fund": tuple(f"fund:{code}" for code in FUNDS),
    "alliance": tuple(f"alliance:{code}" for code in ALLIANCES),
    "organisation": tuple(f"organisation:{code}" for code in ORGANISATIONS),
    "territory": tuple(f"territory:{code}" for code in WITHIN),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is so of a person: roles held now, organisations, and whether the account is open."""

    holdings: frozenset[tuple[str, str, str]]
    organisations: frozenset[str]
    open: bool = True
    signed_in: bool = True
    created: bool = False
    """Whether they made the object that is asked about."""

    @property
    def present(self) -> bool:
        return self.signed_in and self.open

    def holds(self, role: Role, place: str = "platform") -> bool:
        return self.present and any(held[:2] == (role, place) for held in self.holdings)

    @property
    def administers(self) -> bool:
        return self.holds(Role.ADMINISTRATOR)

    @property
    def edits(self) -> bool:
        return self.administers or self.holds(Role.EDITOR)

    @property
    def made_it(self) -> bool:
        return self.present and self.created

    def belongs(self, name: str) -> bool:
        return self.present and name in self.organisations

    def facilitates(self, alliance: str) -> bool:
        return any(
            self.holds(Role.CATALYST, f"territory:{code}") and within & ALLIANCES[alliance]
            for code, within in WITHIN.items()
        )

    def acts_in(self, alliance: str, organisation: str) -> bool:
        held = (Role.PARTY_MEMBER, f"alliance:{alliance}", f"organisation:{organisation}")
        return self.present and held in self.holdings


Rule = Callable[[Facts, Any], bool]


def _alliance(facts: Facts, it: Any) -> bool:
    return facts.edits or facts.made_it or facts.facilitates(it.slug)


def _alliance_workspace(facts: Facts, it: Any) -> bool:
    return _alliance(facts, it) or facts.holds(Role.PARTY_MEMBER, it.stable_name)


def _organisation_workspace(facts: Facts, it: Any) -> bool:
    return facts.edits or facts.made_it or facts.belongs(it.stable_name)


def _territory_workspace(facts: Facts, it: Any) -> bool:
    return facts.administers or facts.holds(Role.CATALYST, it.stable_name)


def _fund(*roles: Role) -> Rule:
    return lambda facts, it: (
        facts.administers or any(facts.holds(role, it.stable_name) for role in roles)
    )


def _signed_in(facts: Facts, _it: Any) -> bool:
    return facts.present


def _edits(facts: Facts, _it: Any) -> bool:
    return facts.edits


def _applies(facts: Facts, alliance: str) -> bool:
    """Tell whether a person acts for « o1 », the one party of each alliance and the applicant."""
    return facts.belongs("organisation:o1") or facts.acts_in(alliance, "o1")


def _signs(facts: Facts, charter: Any) -> bool:
    """Tell whether a person acts for « o1 » in a charter: in its alliance, or by belonging."""
    if charter.alliance is None:
        return facts.belongs("organisation:o1")
    return _applies(facts, charter.alliance.slug)


def _speaks_for_it(facts: Facts, it: Any) -> bool:
    """Tell whether a person belongs to an organisation, or acts for it in any alliance."""
    acting = any(
        role == Role.PARTY_MEMBER and name == it.stable_name
        for role, _place, name in facts.holdings
    )
    return facts.belongs(it.stable_name) or (facts.present and acting)


def _administers(facts: Facts, _it: Any) -> bool:
    return facts.administers


def _keeps(facts: Facts, it: Any) -> bool:
    """Tell whether a person keeps the fund of a sheet, or facilitates its alliance."""
    return facts.holds(Role.FUND_OFFICER, it.fund.stable_name) or facts.facilitates(
        it.alliance.slug
    )


def _researches(facts: Facts, _it: Any) -> bool:
    return facts.holds(Role.RESEARCHER, "observatory")


def _debates(facts: Facts, territory: Any) -> bool:
    """Tell whether a person opens and moderates the debates of a territory."""
    return (
        facts.administers
        or facts.holds(Role.RESEARCHER, "observatory")
        or facts.holds(Role.CATALYST, territory.stable_name)
    )


MODEL: Mapping[str, Rule] = {
    "accounts.give_any_role": _administers,
    "accounts.erase_people": _administers,
    "accounts.see_platform": _edits,
    "accounts.write_platform": _administers,
    "accounts.see_observatory": lambda facts, _: (
        facts.administers
        or facts.holds(Role.RESEARCHER, "observatory")
        or facts.holds(Role.READER, "observatory")
    ),
    "accounts.write_observatory": lambda facts, _: (
        facts.administers or facts.holds(Role.RESEARCHER, "observatory")
    ),
    "audit.read_trail": _administers,
    "actors.manage_contacts": _organisation_workspace,
    "actors.add_organisation": _signed_in,
    "actors.change_organisation": lambda facts, _: facts.edits or facts.made_it,
    "actors.merge_organisation": _edits,
    "actors.see_workspace": lambda facts, it: (
        _organisation_workspace(facts, it) or facts.holds(Role.READER, it.stable_name)
    ),
    "actors.write_workspace": _organisation_workspace,
    "actors.invite": lambda facts, it: facts.administers or facts.belongs(it.stable_name),
    "alliances.add_alliance": _signed_in,
    "alliances.change_alliance": _alliance,
    "alliances.change_part": lambda facts, it: (
        facts.edits
        or facts.made_it
        or facts.facilitates(it.stable_name.partition(":")[2])
        or facts.acts_in(it.stable_name.partition(":")[2], it.slug)
    ),
    "alliances.see_workspace": lambda facts, it: (
        _alliance_workspace(facts, it) or facts.holds(Role.READER, it.stable_name)
    ),
    "alliances.write_workspace": _alliance_workspace,
    "alliances.invite": lambda facts, it: (
        facts.administers or facts.made_it or facts.facilitates(it.slug)
    ),
    "fund.see_workspace": _fund(
        *(Role.FUND_OFFICER, Role.REVIEWER, Role.COMMITTEE_MEMBER, Role.FUND_AUDITOR),
        Role.READER,
    ),
    "fund.write_workspace": _fund(Role.FUND_OFFICER),
    "fund.read_trail": _fund(Role.FUND_OFFICER, Role.FUND_AUDITOR),
    "fund.invite": _fund(Role.FUND_OFFICER),
    "fund.see_agreements": _fund(Role.FUND_OFFICER, Role.COMMITTEE_MEMBER, Role.FUND_AUDITOR),
    "fund.manage_agreements": lambda facts, it: facts.holds(Role.FUND_OFFICER, it.stable_name),
    "fund.confirm_payments": lambda facts, it: facts.holds(Role.FUND_OFFICER, it.stable_name),
    "fund.receive_agreements": _speaks_for_it,
    "fund.see_reports": _fund(Role.FUND_OFFICER, Role.COMMITTEE_MEMBER, Role.FUND_AUDITOR),
    "fund.handle_reports": lambda facts, it: facts.holds(Role.FUND_OFFICER, it.stable_name),
    "fund.see_report": lambda facts, it: (
        _applies(facts, it.alliance.slug) or facts.facilitates(it.alliance.slug)
    ),
    "fund.write_report": lambda facts, it: _applies(facts, it.alliance.slug),
    "fund.sign_report_part": lambda facts, it: _applies(facts, it.report.alliance.slug),
    "fund.owe_report": lambda facts, it: _applies(facts, it.agreement.alliance.slug),
    "fund.see_budget": _fund(Role.FUND_OFFICER, Role.COMMITTEE_MEMBER, Role.FUND_AUDITOR),
    "fund.see_cockpit": _fund(Role.FUND_OFFICER, Role.COMMITTEE_MEMBER, Role.FUND_AUDITOR),
    "fund.set_delays": lambda facts, it: facts.holds(Role.FUND_OFFICER, it.stable_name),
    "fund.manage_budget": lambda facts, it: facts.holds(Role.FUND_OFFICER, it.stable_name),
    "fund.manage_calls": _fund(Role.FUND_OFFICER),
    "fund.see_applications": _fund(Role.FUND_OFFICER, Role.FUND_AUDITOR),
    "fund.begin_application": lambda facts, it: _applies(facts, it.slug),
    "fund.declare_raised": lambda facts, it: _applies(facts, it.slug),
    "fund.see_application": lambda facts, it: (
        _applies(facts, it.alliance.slug)
        or facts.facilitates(it.alliance.slug)
        or (it.was_sent and _fund(Role.FUND_OFFICER, Role.FUND_AUDITOR)(facts, it.fund))
    ),
    "fund.write_application": lambda facts, it: _applies(facts, it.alliance.slug),
    "fund.write_application_part": lambda facts, it: _applies(facts, it.application.alliance.slug),
    "fund.lead_application": lambda facts, it: _applies(facts, it.alliance.slug),
    "fund.handle_application": lambda facts, it: (
        it.was_sent and _fund(Role.FUND_OFFICER)(facts, it.fund)
    ),
    "fund.write_supports": _fund(Role.FUND_OFFICER),
    "fund.tell_supports": _speaks_for_it,
    "fund.see_instruction": _fund(Role.FUND_OFFICER, Role.FUND_AUDITOR),
    "fund.review": lambda facts, it: facts.holds(Role.REVIEWER, it.stable_name),
    # Whoever « made » a review of the model was given it: see ``_asked``.
    "fund.write_review": lambda facts, it: (
        facts.made_it and facts.holds(Role.REVIEWER, it.panel.application.fund.stable_name)
    ),
    "fund.assign_reviewers": _fund(Role.FUND_OFFICER),
    # Nobody was given these applications to review, and no meeting had them on its agenda.
    "fund.see_reviews": lambda facts, it: (
        it.was_sent and _fund(Role.FUND_OFFICER, Role.FUND_AUDITOR)(facts, it.fund)
    ),
    "fund.see_committee": _fund(Role.FUND_OFFICER, Role.COMMITTEE_MEMBER, Role.FUND_AUDITOR),
    "fund.hold_committee": lambda facts, it: facts.holds(Role.FUND_OFFICER, it.stable_name),
    "observatory.see_pipeline": lambda facts, _: (
        facts.administers or facts.holds(Role.RESEARCHER, "observatory")
    ),
    "observatory.read_respondents": _researches,
    "observatory.write_releases": _researches,
    "observatory.review_release": lambda facts, it: _researches(facts, it) and not facts.made_it,
    "observatory.write_catalogue": _researches,
    "observatory.see_withheld": lambda facts, _: (
        facts.administers or facts.holds(Role.RESEARCHER, "observatory")
    ),
    "observatory.open_debate": _debates,
    "observatory.moderate_debate": lambda facts, it: _debates(facts, it.territory),
    "observatory.contribute": _signed_in,
    "observatory.decide_contribution": lambda facts, it: (
        _debates(facts, it.debate.territory) and not facts.made_it
    ),
    "observatory.withdraw_contribution": lambda facts, _: facts.made_it,
    "positioning.read_collective": lambda facts, it: (
        facts.holds(Role.RESEARCHER, "observatory") or facts.holds(Role.CATALYST, it.stable_name)
    ),
    "positioning.begin_charter": _speaks_for_it,
    "positioning.read_charter": lambda facts, it: _signs(facts, it.charter),
    "positioning.write_charter": lambda facts, it: _signs(facts, it.charter),
    "positioning.answer_charter": lambda facts, it: _signs(facts, it.version.charter),
    "positioning.attach_charter": lambda facts, it: (
        _alliance(facts, it) or _applies(facts, it.slug)
    ),
    "territories.add_perimeter": _signed_in,
    "territories.change_perimeter": lambda facts, _: facts.edits or facts.made_it,
    "territories.see_workspace": _territory_workspace,
    "territories.write_workspace": _territory_workspace,
    "vocabulary.add_term": _edits,
    "vocabulary.change_term": _edits,
    "knowledge.add_entry": _signed_in,
    "knowledge.view_entry": lambda facts, it: (
        it.state == EntryState.PUBLISHED or facts.edits or facts.made_it
    ),
    "knowledge.change_entry": lambda facts, it: (
        facts.edits or (facts.made_it and it.state == EntryState.DRAFT)
    ),
    "knowledge.submit_entry": lambda facts, _: facts.edits or facts.made_it,
    "knowledge.withdraw_entry": lambda facts, _: facts.made_it,
    "knowledge.review_entry": lambda facts, _: (
        facts.administers or (facts.edits and not facts.made_it)
    ),
    "knowledge.unpublish_entry": _edits,
    "knowledge.review_entries": _edits,
    "knowledge.prepare_sheet": _keeps,
    "knowledge.see_sheet": lambda facts, it: (
        _keeps(facts, it) or facts.edits or _applies(facts, it.alliance.slug)
    ),
    "knowledge.review_sheet": lambda facts, _: (
        facts.administers or (facts.edits and not facts.made_it)
    ),
    "knowledge.answer_sheet": lambda facts, it: (
        facts.holds(Role.FUND_OFFICER, it.proposal.fund.stable_name)
        if it.is_fund
        else _applies(facts, it.proposal.alliance.slug)
    ),
}


@pytest.fixture
def objects() -> dict[str, list[Any]]:
    """What permissions are asked about, by what they say that they are about."""
    vintage = Vintage.objects.create(year=2026, is_current=True)
    made: dict[str, Territory] = {}
    for address in WITHIN.keys() | {"commune/C2"}:
        level, _, code = address.partition("/")
        made[address] = Territory.objects.create(level=level, code=code, name=code)
    above = {"commune/C1": "department/D1", "commune/C2": "department/D2"}
    for address, territory in made.items():
        if territory.level == "perimeter":
            continue
        inside = {"region": made["region/R"]} if territory.level != "region" else {}
        if address in above:
            inside["department"] = made[above[address]]
        Snapshot.objects.create(
            vintage=vintage, territory=territory, name=territory.name, name_key="x", **inside
        )
    perimeter = Perimeter.objects.create(territory=made["perimeter/p"], kind="basin")
    perimeter.communes.set([made["commune/C1"], made["commune/C2"]])
    organisations = [
        Organisation.objects.create(
            slug=slug, name=slug, name_key=slug, world="other", profile="catalyst",
            created_at=SINCE, updated_at=SINCE,
        )
        for slug in ORGANISATIONS
    ]  # fmt: skip
    alliances = []
    for slug, places in ALLIANCES.items():
        alliance = Alliance.objects.create(
            code=slug, slug=slug, title=slug, created_at=SINCE, updated_at=SINCE
        )
        alliances.append(alliance)
        Party.objects.create(
            alliance=alliance, organisation=organisations[0], name="o1", world="other"
        )
        for address in places:
            AllianceTerritory.objects.create(alliance=alliance, territory=made[address])
    funds = [
        Fund.objects.create(
            code=code, name=code, organisation=organisations[0], created_at=SINCE, updated_at=SINCE
        )
        for code in FUNDS
    ]
    reports = [_report(funds[0], each, organisations) for each in alliances[:2]]
    sheets = [write_sheet(funds[0], each, uuid4(), by=None) for each in alliances[:2]]
    applications = _applications(funds[0], alliances)
    debates = [
        Debate(uuid=UUID(int=number), territory=territory)
        for number, territory in enumerate(made.values())
    ]
    drafts = [_charter(organisations[0], each) for each in (*alliances[:2], None)]
    entries = [Entry(kind="tool", slug=state.value, title="x", state=state) for state in EntryState]
    return {
        "alliance": alliances,
        "organisation": organisations,
        "fund": funds,
        "territory": [made[address] for address in WITHIN],
        "perimeter": [perimeter],
        "entry": entries,
        "application": applications,
        "application part": [
            ApplicationPart(each, part) for each in applications for part in each.everyone
        ],
        "review": [
            Review(uuid=UUID(int=each.pk), panel=ReviewPanel(application=each))
            for each in applications
        ],
        "observatory": [Whole("observatory")],
        "release": [Release(uuid=UUID(int=1))],
        "debate": debates,
        "contribution": [Contribution(uuid=each.uuid, debate=each) for each in debates],
        "report": reports,
        "report part": [part for report in reports for part in report.parts.all()],
        "report obligation": [each for report in reports for each in report.obligations.all()],
        "charter version": drafts,
        "charter party": [row for one in drafts for row in one.parties.all()],
        "sheet": sheets,
        "sheet consent": [row for sheet in sheets for row in consents_of(sheet)],
    }


def _report(fund: Fund, alliance: Alliance, organisations: list[Organisation]) -> Report:
    """Write a report of « o1 » in an alliance, that an agreement asks for."""
    strand, _made = Strand.objects.get_or_create(fund=fund, code="volet", name_fr="Volet")
    agreement = Agreement.objects.create(
        fund=fund, reference=alliance.slug, kind="grant", alliance=alliance, strand=strand,
        year=2026, payer=organisations[1], receiver=organisations[0], state="signed",
        legal_path={}, created_at=SINCE, updated_at=SINCE,
    )  # fmt: skip
    report = Report.objects.create(
        alliance=alliance, organisation=organisations[0], title="x", period_first=SINCE.date(),
        period_last=SINCE.date(), created_at=SINCE, updated_at=SINCE,
    )  # fmt: skip
    ReportPart.objects.create(report=report, organisation=organisations[0], code="o1")
    ReportObligation.objects.create(
        agreement=agreement, code="x", kind="final", basis="unknown", report=report,
        created_at=SINCE,
    )  # fmt: skip
    return report


def _charter(organisation: Organisation, alliance: Alliance | None) -> CharterVersion:
    """Begin a charter of « o1 », in an alliance or in none."""
    made = begin_charter(title="x", organisation=organisation, alliance=alliance, by=None, at=SINCE)
    return made.versions.select_related("charter__alliance").get()


def _applications(fund: Fund, alliances: list[Alliance]) -> list[Application]:
    """Write a draft of an alliance, and an application that another sent."""
    write_application(fund, alliances[0])
    call = fund.calls.get()
    begin_application(
        call=call, alliance=alliances[1], lead=Organisation.objects.get(slug="o1"),
        others=[], by=None, at=SINCE,
    )  # fmt: skip
    Application.objects.filter(alliance=alliances[1]).update(state="sent", sent_at=SINCE)
    return list(Application.objects.select_related("fund", "alliance").order_by("pk"))


def _every_holding() -> list[Holding]:
    """Give every role at every place where it is held."""
    pairs: list[Holding] = []
    for role in Role:
        for place in (place for kind in HELD_AT[role] for place in PLACES[kind]):
            if role is Role.PARTY_MEMBER:
                pairs += [(role, place, f"organisation:{slug}") for slug in ORGANISATIONS]
            else:
                pairs.append((role, place))
    return pairs


_HELD = st.sampled_from(_every_holding())
_HOW = st.sampled_from(["held", "lent", "ended", "lent by a closed account"])
_LIVES = st.fixed_dictionaries(
    {
        "holdings": st.dictionaries(_HELD, _HOW, max_size=5),
        "organisations": st.sets(st.sampled_from(ORGANISATIONS)),
        "open": st.booleans() | st.just(True),
        "created": st.booleans(),
    }
)


def _live(life: Mapping[str, Any]) -> tuple[User, Facts]:
    """Write a person, and say what is so of them."""
    person = somebody("Camille")
    for number, (held, how) in enumerate(life["holdings"].items()):
        if how == "held":
            give(person, *held)
        elif how == "ended":
            give(person, *held, until=SINCE + dt.timedelta(days=1))
        else:
            other = somebody(f"Other {number}")
            entrust(give(other, *held), person)
            User.objects.filter(pk=other.pk).update(is_active=how == "lent")
    names = {f"organisation:{slug}" for slug in life["organisations"]}
    for name in names:
        Membership.objects.create(user=person, organisation=name, since=SINCE)
    User.objects.filter(pk=person.pk).update(is_active=life["open"])
    facts = Facts(
        holdings=frozenset(
            (*held, "")[:3] for held, how in life["holdings"].items() if how in {"held", "lent"}
        ),
        organisations=frozenset(names),
        open=life["open"],
        created=life["created"],
    )
    return fresh(person), facts


#: What names, of each kind of object, the person whose work it is.
_MADE_BY = {
    **dict.fromkeys(("alliance", "organisation", "perimeter", "sheet"), "created_by_id"),
    "entry": "author_id",
    "review": "reviewer_id",
    "contribution": "author_id",
    "release": "computed_by_id",
}


def _asked(objects: Mapping[str, list[Any]], created_by: int | None) -> Iterator[tuple[str, Any]]:
    """Give every permission with everything it may be asked about."""
    for granted in grants():
        if granted.about == "platform":
            yield granted.permission, None
        for it in objects.get(granted.about, ()):
            if granted.about in _MADE_BY:
                setattr(it, _MADE_BY[granted.about], created_by)
            if granted.permission == "alliances.change_part":
                for slug in ORGANISATIONS:
                    yield granted.permission, part_of(it, slug)
            else:
                yield granted.permission, it


def _rights(
    user: User | AnonymousUser, objects: Mapping[str, list[Any]], created_by: int | None
) -> set[tuple[str, str]]:
    return {
        (permission, _name(it))
        for permission, it in _asked(objects, created_by)
        if user.has_perm(permission, it)
    }


def _name(it: Any) -> str:
    """Name what was asked about; a part is that of one organisation in an alliance."""
    named = getattr(it, "stable_name", "")
    return f"{named} {it.organisation}" if isinstance(it, Part) else named


_EXAMPLES = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _check(person: User, facts: Facts, objects: Mapping[str, list[Any]]) -> None:
    """Compare every right of a person with the model."""
    for permission, it in _asked(objects, person.pk if facts.created else None):
        found = person.has_perm(permission, it)
        assert found == bool(reasons(person, permission, it)), permission
        assert found == MODEL[permission](facts, it), (permission, _name(it), facts)


@pytest.mark.parametrize("role", Role)
def test_each_role_alone_gives_at_each_place_what_the_model_says(
    objects: dict[str, list[Any]], role: Role
) -> None:
    held = [holding for holding in _every_holding() if holding[0] == role]
    for number, holding in enumerate(held):
        person = somebody(f"Camille {number}", holding)
        _check(person, Facts(frozenset({(*holding, "")[:3]}), frozenset()), objects)


def test_belonging_and_having_made_it_give_what_the_model_says(
    objects: dict[str, list[Any]],
) -> None:
    for slug in ORGANISATIONS:
        name = f"organisation:{slug}"
        person = somebody(f"Member of {slug}", member_of=[name])
        _check(person, Facts(frozenset(), frozenset({name})), objects)
    _check(somebody("Maker"), Facts(frozenset(), frozenset(), created=True), objects)
    _check(somebody("Newcomer"), Facts(frozenset(), frozenset()), objects)


@given(life=_LIVES)
@_EXAMPLES
def test_people_may_what_the_model_says_and_nothing_else(
    objects: dict[str, list[Any]], life: dict[str, Any]
) -> None:
    with transaction.atomic():
        _check(*_live(life), objects)
        transaction.set_rollback(True)


@given(life=_LIVES, more=_HELD)
@_EXAMPLES
def test_a_role_adds_rights_only_and_takes_them_back_exactly(
    objects: dict[str, list[Any]], life: dict[str, Any], more: Holding
) -> None:
    life["holdings"].pop(more, None)
    with transaction.atomic():
        person, _facts = _live(life)
        maker = person.pk if life["created"] else None
        before = _rights(person, objects, maker)
        holding = give(person, *more)
        assert before <= _rights(fresh(person), objects, maker)
        holding.delete()
        assert _rights(fresh(person), objects, maker) == before
        transaction.set_rollback(True)


def test_every_permission_is_told_by_the_model_and_asked_about_something(
    objects: dict[str, list[Any]],
) -> None:
    assert {item.permission for item in grants()} == set(MODEL)
    assert {permission for permission, _it in _asked(objects, None)} == set(MODEL)


def test_a_visitor_may_only_read_what_is_published(objects: dict[str, list[Any]]) -> None:
    published = {("knowledge.view_entry", f"entry:{EntryState.PUBLISHED.value}")}
    assert _rights(AnonymousUser(), objects, None) == published


def test_what_nobody_made_is_nobodys_work(objects: dict[str, list[Any]]) -> None:
    newcomer = somebody("Lou")
    assert not any(newcomer.has_perm("alliances.change_alliance", it) for it in objects["alliance"])
