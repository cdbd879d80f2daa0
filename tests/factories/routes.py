"""Every address of the platform, with objects to put in those that name one.

Addresses are found by walking the URL resolver: a new one appears by itself. One that takes a
parameter needs a sample in ``SAMPLES``, or the error says so.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.factories.applications import write_application
from tests.factories.debates import demo_release, write_contribution, write_debate
from tests.factories.fund import (
    raised,
    write_agreement,
    write_money,
    write_support,
    write_visit,
)
from tests.factories.instruction import write_meeting
from tests.factories.knowledge import write_sheet
from tests.factories.observatory import ask, figure, question, wave
from tests.factories.observatory_release_values import release_values
from tests.factories.observatory_releases import write_pipeline
from tests.factories.people import SINCE, entrust, give, somebody
from tests.factories.positioning import kept_result, result_group, sample_charter
from tests.factories.reports import ASKED, write_report
from tests.factories.reports import SAMPLE as REPORT_SAMPLE

from alliage_web.accounts.models import Invitation, Membership, Role
from alliage_web.actors.models import Contact, Organisation
from alliage_web.alliances.models import Alliance, AllianceTerritory, Party
from alliage_web.files.models import StoredFile
from alliage_web.fund.models import Fund
from alliage_web.knowledge.models import Entry, EntryState
from alliage_web.observatory.models import Wave
from alliage_web.territories.models import Perimeter, Snapshot, Territory, Vintage
from alliage_web.vocabulary.models import Scheme, Term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alliage_web.accounts.models import User


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """An address by its name, with the names of its parameters."""

    name: str
    parameters: tuple[str, ...]

    @property
    def space(self) -> str:
        """The namespace of the app; empty for the names of the sign-in pages."""
        return self.name.rpartition(":")[0]


@dataclass(frozen=True, slots=True)
class Case:
    """An address to ask for, and its title: two cases of a route name different objects."""

    title: str
    route: Route
    address: str


@contextmanager
def refusals_unlogged() -> Iterator[None]:
    """Log nothing within: where thousands of requests are refused, logging takes most of the time.

    ``logging.disable`` also empties what loggers remember of their levels, before and after: a
    logger first used within would else stay silent for the tests that follow.
    """
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def routes() -> list[Route]:
    """Find every route of the platform, by name."""
    return sorted(set(_walk(get_resolver().url_patterns)))


def _walk(patterns: list[Any], namespace: str = "") -> Iterator[Route]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            names = filter(None, (namespace, pattern.namespace))
            yield from _walk(pattern.url_patterns, ":".join(names))
        elif isinstance(pattern, URLPattern):
            assert pattern.name, f"{pattern.pattern} has no name: give it one."
            name = f"{namespace}:{pattern.name}" if namespace else pattern.name
            yield Route(name, tuple(pattern.pattern.regex.groupindex))


_Sample = dict[str, Any]
Samples = Mapping[str, Mapping[str, _Sample]]
_ALLIANCE: _Sample = {"slug": "alliance"}
_ACTOR: _Sample = {"slug": "acteur"}
_COMMUNE: _Sample = {"level": "commune", "code": "94080"}
_DEPARTMENT: _Sample = {"level": "department", "code": "94"}
_TERM: _Sample = {"scheme": "catalyst_function", "code": "dialogue"}
_CSV: _Sample = {"extension": "csv"}
#: A call and a draft of the alliance; the form is the one that ships.
_APPLICATION: _Sample = {
    "code": "fonds", "call": "essai", "form": "alliance_application", "version": 1,
    "reference": "FONDS-2020-00001", "section": "party", "party": "acteur",
    "question": "attachments", "rule": "three_worlds", "verb": "close_early",
}  # fmt: skip
#: An advance that was agreed, with an order that waits.
_AGREEMENT: _Sample = {
    "code": "fonds", "reference": "convention", "instalment": "t1", "key": "ord-sample",
    "number": 1, "verb": "suspend", "name": "roadmap", "pk": 0, "uuid": uuid.UUID(int=1),
}  # fmt: skip

#: A sheet made from the application, of which the fund and the party are asked.
_SHEET: _Sample = {
    "uuid": uuid.UUID(int=2), "party": "party-1", "verb": "demander", "code": "fonds",
    "reference": "FONDS-2020-00001",
}  # fmt: skip

#: The report that the agreement asks for, delivered once, and its indicator.
_REPORT: _Sample = {
    "code": "fonds", "reference": "convention", "asked": ASKED, "uuid": REPORT_SAMPLE,
    "section": "part-acteur", "part": "acteur", "key": "step:unknown", "obligation": 7,
    "file": uuid.UUID(int=1), "extension": "xlsx", "number": 1, "verb": "faire-completer",
}  # fmt: skip

#: A charter in force, and its amendment which is to be signed.
_CHARTER: _Sample = {
    "uuid": uuid.UUID(int=1), "section": "purpose", "party": "acteur", "proposal": 0,
}  # fmt: skip

#: The parameters of each route, or of each app as « app: », over those of any as « : ». Several
#: samples, each under a title, ask a route several times.
SAMPLES: Samples = {
    ":": {
        "": {
            **_TERM,
            **_COMMUNE,
            **_CSV,
            "uuid": uuid.UUID(int=1),
            # No row has this number: pages of a row that one owns have a sample of their own.
            "pk": 0,
            "key": "unknown",
            "token": "unknown",
            "uidb36": "1",
            "provider_id": "unknown",
        }
    },
    "actors:": {"": _ACTOR},
    "alliances:": {"": {**_ALLIANCE, **_CSV, "organisation": "acteur"}},
    "api:": {"": _ALLIANCE},
    "api:organisation": {"": _ACTOR},
    "api:entry": {"published": {"slug": "exemple"}, "draft": {"slug": "brouillon"}},
    "api:release": {"": {"release": uuid.UUID(int=2)}},
    "api:release-table": {"": {"release": uuid.UUID(int=2), "question": "fragility"}},
    "api:grants-json": {"": {"code": "fonds"}},
    "api:grants-csv": {"": {"code": "fonds"}},
    "fund:": {"": {**_APPLICATION, "number": 1, "person": 0}},
    "fund:portfolio-group": {"": {"code": "fonds", "dimension": "monde", "value": "inconnu"}},
    "fund:pipeline-export": {"": {"code": "fonds", **_CSV}},
    "fund:grid-version": {"": {"code": "fonds", "grid": "default", "version": 1}},
    **{
        f"fund:{name}": {"": {"code": "fonds", "raised": "sample"}}
        for name in ("raised-resource", "raised-edit", "raised-remove", "raised-answer")
    },
    "fund:declare": {"": {"code": "fonds", "statement": "2022"}},
    "fund:operate": {"": {"code": "fonds", "operation": "allotment"}},
    "fund:ledger-export": {"": {"code": "fonds", **_CSV}},
    "fund:posting": {"": {"code": "fonds", "number": 1}},
    "fund:reverse": {"": {"code": "fonds", "number": 1}},
    "fund:application-decision": {"": {**_APPLICATION, "verb": "ask_to_complete"}},
    "fund:application-section": {"": {**_APPLICATION, "section": "alliance"}},
    "fund:application-budget": {"": {**_APPLICATION, "question": "plan"}},
    **{
        f"fund:{name}": {"": _AGREEMENT}
        for name in (
            "agreement",
            "agreement-edit",
            "agreement-send",
            "agreement-recall",
            "agreement-sign",
            "agreement-decide",
            "agreement-pdf",
            "agreement-document",
            "agreement-condition",
            "payment-order",
            "payment-return",
            "payment-confirm",
            "advance",
            "advance-fact",
            "agreement-activity",
            "visit-new",
            "visit-follow-up",
            "visit-attach",
            "closing",
            "final-account",
            "renewal",
        )
    },
    **{
        f"fund:{name}": {"": _REPORT}
        for name in (
            "report",
            "report-section",
            "report-attach",
            "report-detach",
            "report-document",
            "report-sign",
            "report-recipients",
            "report-deliver",
            "report-file",
            "report-asked",
            "report-begin",
            "report-change",
            "report-decide",
            "report-delivered",
            "report-evidence",
            "indicators",
            "indicator-new",
            "indicator-measure",
            "indicator-decide",
        )
    },
    "fund:visit": {"": _AGREEMENT},
    "fund:visit-follow-up-done": {"": _AGREEMENT},
    "fund:visit-document": {"": {**_AGREEMENT, "document": uuid.UUID(int=1)}},
    "fund:visit-act": {"": {**_AGREEMENT, "verb": "correct"}},
    "fund:warning": {"": {**_AGREEMENT, "rule": "report_late"}},
    "fund:advance-act": {"": {**_AGREEMENT, "verb": "repayment"}},
    "knowledge:": {"published": {"slug": "exemple"}, "draft": {"slug": "brouillon"}},
    **{
        f"knowledge:{name}": {"": _SHEET}
        for name in (
            "proposal",
            "proposal-page",
            "proposal-pdf",
            "proposal-edit",
            "proposal-decide",
            "proposal-of-application",
            "consent",
            "consent-take-out",
        )
    },
    "knowledge:proposal-of-agreement": {"": {**_SHEET, "reference": "convention"}},
    "observatory:": {
        "": {
            "study": "etude",
            "wave": "2022",
            "question": "utilite",
            "figure": "chiffre",
        }
    },
    **{
        f"observatory:{name}": {"": {"uuid": uuid.UUID(int=1), "contribution": uuid.UUID(int=1)}}
        for name in (
            "debate",
            "debate-edit",
            "debate-synthesis",
            "debate-file",
            "debate-moderate",
            "contribution-new",
            "contribution-decide",
            "contribution-withdraw",
            "contribution-report",
        )
    },
    "observatory:respondents-receive": {"": {"study": "impact_citizens", "wave": "demo"}},
    "observatory:respondents-download": {"": {"uuid": uuid.UUID(int=1), "content": "code"}},
    "observatory:release-decide": {"": {"uuid": uuid.UUID(int=1), "verb": "soumettre"}},
    "observatory:release": {"": {"uuid": uuid.UUID(int=2)}},
    "observatory:release-parts": {"": {"uuid": uuid.UUID(int=2)}},
    "observatory:release-part": {"": {"uuid": uuid.UUID(int=2), "part": 0}},
    **{
        f"observatory:{name}": {"": {"code": code}}
        for name, code in (
            ("profile-region", "bretagne"),
            ("profile-region-sheet", "bretagne"),
            ("profile-official-region", "06"),
            ("profile-population", "company"),
            ("profile-population-sheet", "company"),
            ("profile-fragility", "poverty"),
            ("profile-fragility-sheet", "poverty"),
            ("collisions-group", "bretagne"),
        )
    },
    "positioning:": {"": {"token": "un-lien-de-resultat", "number": 1, **_DEPARTMENT}},
    **{
        f"positioning:charter{name}": {"": {**_CHARTER, "number": number}}
        for number, names in (
            (1, ("", "-amend", "-version", "-file", "-publicity", "-leave")),
            (
                2,
                (
                    "-present",
                    "-section",
                    "-comment",
                    "-settle",
                    "-parties",
                    "-open",
                    "-abandon",
                    "-remove",
                    "-sign",
                ),
            ),
        )
        for name in names
    },
    "site:": {"": {**_COMMUNE, **_ALLIANCE}},
    "site:organisation": {"": _ACTOR},
    "territories:": {"": _DEPARTMENT},
    "territories:perimeter-edit": {"": {"code": "bassin"}},
    "vocabulary:": {"": _TERM},
}
#: The workspaces, by kind of place, for routes that take a kind and a code.
PLACES: Mapping[str, str] = {
    "platform": "",
    "observatory": "",
    "alliance": "alliance",
    "organisation": "acteur",
    "territory": "department/94",
    "fund": "fonds",
}
#: Where roles that are held elsewhere are held: places of the same kinds, that no route names.
ELSEWHERE: Mapping[str, str] = {
    "alliance": "autre-alliance",
    "organisation": "autre-acteur",
    "territory": "department/45",
    "fund": "autre-fonds",
}


def name_of(kind: str, places: Mapping[str, str] = PLACES) -> str:
    """Give the stable name of the place of a kind."""
    return f"{kind}:{places[kind]}" if places[kind] else kind


def document_of(kind: str) -> uuid.UUID:
    """Give the identifier of the document in the workspace of the place of a kind."""
    return uuid.uuid5(uuid.NAMESPACE_URL, kind)


def cases(samples: Samples = SAMPLES) -> Iterator[Case]:
    """Give every address to ask for; a route that names an entry or a place is asked for each."""
    for route in routes():
        for title, own in _samples(route, samples).items():
            sample = {**samples[":"][""], **own}
            missing = [name for name in route.parameters if name not in sample]
            assert not missing, (
                f"{route.name} takes {', '.join(missing)}: add a sample to SAMPLES in "
                "tests/factories/routes.py, under its name or that of its app."
            )
            chosen = {name: sample[name] for name in route.parameters}
            shown = f"{route.name} ({title})" if title else route.name
            yield Case(shown, route, reverse(route.name, kwargs=chosen))


def _samples(route: Route, samples: Samples) -> Mapping[str, _Sample]:
    if route.name in samples:
        return samples[route.name]
    if {"place", "name"} & set(route.parameters):
        return {
            kind: {"place": name_of(kind), "name": name_of(kind), "uuid": document_of(kind)}
            for kind in PLACES
        }
    return samples.get(f"{route.space}:", {"": {}}) if route.parameters else {"": {}}


def sample_objects(author: User) -> Samples:
    """Write what the samples name, made by ``author``, and its like elsewhere, made by nobody.

    Returned are the samples, completed with what has no name but a number.
    """
    vintage = Vintage.objects.create(year=2026, is_current=True)
    for commune, department in (("94080", "94"), ("45208", "45")):
        above = _territory(vintage, "department", department)
        _territory(vintage, "commune", commune, department=above)
    drawn = Territory.objects.create(level="perimeter", code="bassin", name="Bassin")
    perimeter = Perimeter.objects.create(territory=drawn, kind="basin", created_by=author)
    perimeter.communes.set(Territory.objects.filter(code="94080"))
    Term.objects.create(
        scheme=Scheme.CATALYST_FUNCTION, code="dialogue", label_fr="Dialogue", label_en="Dialogue"
    )
    for who, organisation, alliance, commune, fund in (
        (author, "acteur", "alliance", "94080", "fonds"),
        (None, "autre-acteur", "autre-alliance", "45208", "autre-fonds"),
    ):
        actor = _organisation(organisation, who)
        made = _alliance(alliance, who)
        AllianceTerritory.objects.create(
            alliance=made, territory=Territory.objects.get(level="commune", code=commune)
        )
        Party.objects.create(
            alliance=made, organisation=actor, name=actor.name, world="association"
        )
        write_money(
            Fund.objects.create(
                code=fund, name=fund, organisation=actor, created_at=SINCE, updated_at=SINCE
            )
        )
    write_application(Fund.objects.get(code="fonds"), Alliance.objects.get(slug="alliance"))
    write_meeting(Fund.objects.get(code="fonds"))
    write_support(Fund.objects.get(code="fonds"), SAMPLES[":"][""]["uuid"])
    raised(
        Alliance.objects.get(slug="alliance"), Fund.objects.get(code="fonds"), code="sample",
        origin="receiver", answer="none",
    )  # fmt: skip
    write_agreement(
        Fund.objects.get(code="fonds"),
        payer=Organisation.objects.get(slug="autre-acteur"),
        receiver=Organisation.objects.get(slug="acteur"),
    )
    write_report(Fund.objects.get(code="fonds"), Alliance.objects.get(slug="alliance"))
    write_visit(Fund.objects.get(code="fonds"), SAMPLES[":"][""]["uuid"])
    for slug, kind, state, published in (
        ("exemple", "example", EntryState.PUBLISHED, SINCE),
        ("brouillon", "tool", EntryState.DRAFT, None),
    ):
        Entry.objects.create(
            kind=kind, slug=slug, title=slug, summary="Une fiche.", author=author, state=state,
            alliance=Alliance.objects.get(slug="alliance") if kind == "example" else None,
            created_at=SINCE, updated_at=SINCE, published_at=published,
        )  # fmt: skip
    write_sheet(
        Fund.objects.get(code="fonds"),
        Alliance.objects.get(slug="alliance"),
        _SHEET["uuid"],
        by=author,
    )
    write_contribution(
        write_debate(
            demo_release(),
            Territory.objects.get(level="department", code="94"),
            uuid=SAMPLES["observatory:debate"][""]["uuid"],
        ),
        author,
        uuid=SAMPLES["observatory:debate"][""]["contribution"],
        state="published",
    )
    write_pipeline(
        Wave.objects.get(synthetic=True),
        replace(release_values(), covariances=(), rankings=(), networks=()),
        file=uuid.UUID(int=1),
        draft=uuid.UUID(int=1),
        public=uuid.UUID(int=2),
        by=author,
    )
    ask(wave(), question())
    figure()
    token = SAMPLES["positioning:"][""]["token"]
    result_group(kept_result(token), token)
    sample_charter(
        _CHARTER["uuid"],
        Organisation.objects.get(slug="acteur"),
        Alliance.objects.get(slug="alliance"),
    )
    for kind in PLACES:
        _document(kind)
    return {**SAMPLES, **_things_of(author), **_things_of_somebody_else()}


def _document(kind: str) -> None:
    file = StoredFile.objects.create(
        uuid=document_of(kind), place=name_of(kind), name="note.txt", media_type="text/plain",
        size=4, sha256="0" * 64, added_at=SINCE,
    )  # fmt: skip
    default_storage.save(file.path, ContentFile(b"Note"))


def _things_of(author: User) -> Samples:
    """Write what the author holds in their own name, at places that no other sample names."""
    organisation = name_of("organisation", ELSEWHERE)
    membership = Membership.objects.create(user=author, organisation=organisation, since=SINCE)
    holding = give(author, Role.READER, name_of("fund", ELSEWHERE))
    delegation = entrust(holding, somebody("Replacing the author"))
    invitation = _invitation(author.email, Role.READER, name_of("fund", ELSEWHERE))
    return {
        "accounts:leave-organisation": {"": {"pk": membership.pk}},
        "accounts:leave-role": {"": {"pk": holding.pk}},
        "accounts:end-delegation": {"": {"pk": delegation.pk}},
        "accounts:own-invitation": {"": {"pk": invitation.pk}},
    }


#: A role that is held at each kind of place, by somebody who is not asked about.
_HELD: Mapping[str, Role] = {
    "platform": Role.EDITOR,
    "observatory": Role.RESEARCHER,
    "alliance": Role.READER,
    "organisation": Role.READER,
    "territory": Role.CATALYST,
    "fund": Role.REVIEWER,
}


def _things_of_somebody_else() -> Samples:
    """Write what somebody else holds at each place, and how those who manage it name that."""
    other = somebody("Somebody else")
    holdings, invitations = {}, {}
    for kind, role in _HELD.items():
        name = name_of(kind)
        holdings[kind] = {"name": name, "pk": give(other, role, name).pk}
        sent = _invitation(f"invited.{kind}@example.org", role, name)
        invitations[kind] = {"name": name, "pk": sent.pk}
    organisation = name_of("organisation")
    membership = Membership.objects.create(user=other, organisation=organisation, since=SINCE)
    contact = Contact.objects.create(
        organisation=Organisation.objects.get(slug=PLACES["organisation"]), name="Contact",
        created_at=SINCE, renewed_at=SINCE,
    )  # fmt: skip
    own = {"": {**_ACTOR, "pk": contact.pk}}
    return {
        "accounts:erase-person": {"": {"pk": other.pk}},
        "actors:contact-edit": own,
        "actors:contact-remove": own,
        "workspaces:change-end": holdings,
        "workspaces:take": holdings,
        "workspaces:cancel": invitations,
        "workspaces:resend": invitations,
        "workspaces:remove-member": {"": {"name": organisation, "pk": membership.pk}},
    }


def _invitation(email: str, role: Role, place: str) -> Invitation:
    return Invitation.objects.create(
        email=email, role=role, place=place, created_at=SINCE,
        expires_at=SINCE + dt.timedelta(days=36_500),
        token_digest=sha256(email.encode()).hexdigest(),
    )  # fmt: skip


def _territory(
    vintage: Vintage, level: str, code: str, department: Territory | None = None
) -> Territory:
    territory = Territory.objects.create(level=level, code=code, name=f"{level} {code}")
    Snapshot.objects.create(
        vintage=vintage, territory=territory, name=territory.name, name_key="x", population=1,
        department=department,
    )  # fmt: skip
    return territory


def _organisation(slug: str, by: User | None) -> Organisation:
    return Organisation.objects.create(
        slug=slug, name=slug, name_key=slug, world="association", profile="association",
        created_by=by, created_at=SINCE, updated_at=SINCE,
    )  # fmt: skip


def _alliance(slug: str, by: User | None) -> Alliance:
    return Alliance.objects.create(
        code=slug.replace("-", "_"), slug=slug, title=slug, summary="Une alliance.",
        created_by=by, created_at=SINCE, updated_at=SINCE,
    )  # fmt: skip
