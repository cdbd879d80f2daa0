"""What the platform knows of an application: facts for rules, payments for the legal path."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from alliage.alliances.import_cells import PlaceCell
from alliage.alliances.vocabulary import Lever, Stage, World
from alliage.fund.applications.answer_values import Answer, AnswerError, read_answer
from alliage.fund.applications.application_budget import BudgetError, amounts, totals
from alliage.fund.applications.eligibility import ApplicationFacts, Identifier, age_in_months
from alliage.fund.applications.form_specification import FilledBy, QuestionKind
from alliage.fund.law.de_minimis import DeMinimisAid
from alliage.fund.law.legal_path import LegalPath, Payment, legal_path
from alliage.fund.law.legal_rules import shipped_parameters, shipped_rules
from alliage.values.dates import PartialDate
from alliage.values.money import euros
from alliage_web.alliances.queries import contents
from alliage_web.fund.models import euros_of
from alliage_web.territories.queries import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alliage.fund.applications.answers import Answers, Applicants
    from alliage.fund.applications.application_budget import Budget, BudgetTotals
    from alliage.fund.applications.form_specification import Form
    from alliage.values.money import Euros
    from alliage_web.actors.models import Organisation
    from alliage_web.fund.models import Applicant, Application, LegalStatement

    class Content(Protocol):
        """An application, as far as its facts go: see `alliage_web.fund.queries.applications`."""

        application: Application
        form: Form
        parts: tuple[Applicant, ...]

        @property
        def applicants(self) -> Applicants: ...
        @property
        def answers(self) -> Answers: ...
        @property
        def budget(self) -> Budget | None: ...
        @property
        def lead(self) -> Applicant: ...
        @property
        def legal_statements(self) -> Mapping[int, LegalStatement]: ...
        def visible(self, party: str) -> frozenset[str]: ...


#: The kinds of the legal rules that a world tells by itself. A foundation may be a « fonds de
#: dotation », and an academic body of several kinds: they are not guessed.
_KIND_OF_WORLD = {
    World.LOCAL_AUTHORITY: "local_authority",
    World.COMPANY: "company",
    World.ASSOCIATION: "association",
    World.STATE_SERVICE: "state",
}
_KIND_OF_FORM = {
    "fonds de dotation": "endowment_fund",
    "fondation": "foundation",
    "groupement d’intérêt public": "public_interest_group",
    "groupement d'intérêt public": "public_interest_group",
    "établissement public": "public_establishment",
    "association": "association",
}


def legal_kind_of(organisation: Organisation) -> str | None:
    """Return the kind of an organisation in the legal rules; None when it cannot be told."""
    form = organisation.legal_form.lower()
    told = next((kind for words, kind in _KIND_OF_FORM.items() if words in form), None)
    return told or _KIND_OF_WORLD.get(World(organisation.world))


def readable_answers(content: Content, party: str) -> dict[str, Answer]:
    """Return the answers that a party sees and that can be read, by question."""
    visible = content.visible(party)
    own = content.answers.by_party.get(party, {})
    found: dict[str, Answer] = {}
    for section, question in content.form.questions():
        source = own if section.filled_by is FilledBy.EACH_PARTY else content.answers.shared
        if question.code not in visible:
            continue
        try:
            value = read_answer(question, source.get(question.code))
        except AnswerError:
            continue
        if value is not None:
            found[question.code] = value
    return found


def facts_of(content: Content, on: dt.date) -> ApplicationFacts:
    """Return what is known of an application on a day; what is not known is None.

    Answers are read by the codes of their questions: ``stage``, ``levers``, ``where``,
    ``amount_asked``, ``duration_months``. What the form does not ask comes from the alliance.
    """
    said = readable_answers(content, content.applicants.lead)
    alliance = contents(
        [content.application.alliance_id], sections=("parties", "terms", "territories")
    )[content.application.alliance_id]
    parties = [row for row in alliance.sections["parties"] if not row["left"]]
    terms = alliance.sections["terms"]
    lead = content.lead.organisation
    kinds = [legal_kind_of(part.organisation) for part in content.parts]
    sums = _totals(content)
    asked = said.get("amount_asked")
    started = alliance.fields["started"]
    stage = str(said.get("stage") or alliance.fields["stage"])
    months = said.get("duration_months")
    levers = said.get("levers")
    known_kinds = tuple(kind for kind in kinds if kind is not None)
    return ApplicationFacts(
        worlds=tuple(World(row["world"]) for row in parties),
        parties=len(parties),
        lead_world=World(lead.world),
        lead_kind=legal_kind_of(lead),
        party_kinds=known_kinds if len(known_kinds) == len(kinds) else None,
        lead_identifiers=_identifiers(lead),
        alliance_age_months=age_in_months(PartialDate.parse(started), on) if started else None,
        stage=Stage(stage) if stage in set(Stage) else None,
        levers=_codes(levers, Lever) if levers is not None else None,
        objectives=tuple(row["code"] for row in terms if row["scheme"] == "objective"),
        domains=tuple(row["code"] for row in terms if row["scheme"] == "domain"),
        territories=_territories(said.get("where"), alliance.sections["territories"]),
        amount_asked=asked if isinstance(asked, Decimal) else (sums.asked if sums else None),
        share_asked=sums.share_asked if sums else None,
        own_share=sums.own_share if sums else None,
        duration_months=int(months) if isinstance(months, Decimal) else None,
        declarations=_declared(content),
    )


def _codes(value: object, vocabulary: type[Lever]) -> tuple[Lever, ...]:
    codes = value if isinstance(value, tuple) else ()
    known = {member.value for member in vocabulary}
    return tuple(vocabulary(code) for code in codes if code in known)


def _identifiers(organisation: Organisation) -> tuple[Identifier, ...]:
    held = {Identifier.SIREN: organisation.siren, Identifier.RNA: organisation.rna}
    return tuple(identifier for identifier, number in held.items() if number)


def _totals(content: Content) -> BudgetTotals | None:
    if content.budget is None:
        return None
    try:
        return totals(content.budget)
    except BudgetError:
        return None


def _territories(
    chosen: Answer | None, rows: Sequence[Mapping[str, Any]]
) -> tuple[frozenset[str], ...] | None:
    places = [(row["level"], row["code"]) for row in rows]
    if isinstance(chosen, PlaceCell):
        places = [(chosen.level.value, chosen.code)]
    found = tuple(codes for level, code in places if (codes := _with_containers(level, code)))
    return found or None


def _with_containers(level: str, code: str) -> frozenset[str]:
    here = place(level, code)
    if here is None:
        return frozenset()
    return frozenset({f"{level}:{code}", *(f"{each.level}:{each.code}" for each in here.groupings)})


def _declared(content: Content) -> tuple[str, ...]:
    """Return the declarations that everyone who is asked ticked."""
    asked = [
        question.code
        for _section, question in content.form.questions()
        if question.kind is QuestionKind.DECLARATION
    ]
    said = [readable_answers(content, party) for party in content.applicants.everyone]
    return tuple(code for code in asked if all(answers.get(code) is True for answers in said))


@dataclass(frozen=True, slots=True)
class ReceiverPath:
    """What the legal rules say of paying one applicant. None: the amount is not known yet."""

    applicant: Applicant
    amount: Euros | None
    path: LegalPath | None


def legal_paths(content: Content, on: dt.date) -> tuple[ReceiverPath, ...]:
    """Say, for each applicant that would receive money, what the legal rules find.

    The payer is « a private fund whose legal form is not stated »: documents say no more of it.
    """
    said = {party: readable_answers(content, party) for party in content.applicants.everyone}
    by_party = _asked_by_party(content)
    receivers = [
        part
        for part in content.parts
        if by_party.get(part.code) or said[part.code].get("receives_money") is True
    ]
    found = []
    for part in receivers:
        amount = by_party.get(part.code)
        whole = said[part.code].get("amount_asked")
        if amount is None and len(receivers) == 1 and isinstance(whole, Decimal):
            amount = whole
        path = None
        if amount:
            path = legal_path(
                _payment(content, part, amount, on, said[part.code]),
                shipped_rules(),
                shipped_parameters(),
            )
        found.append(ReceiverPath(part, amount, path))
    return tuple(found)


def _payment(
    content: Content, part: Applicant, amount: Euros, on: dt.date, said: Mapping[str, Answer]
) -> Payment:
    stated = content.legal_statements.get(part.pk)
    kind = (stated.receiver_kind if stated else "") or legal_kind_of(part.organisation)
    aids = _aids(part.code, said)
    if stated is not None and stated.de_minimis is not None:
        aids = tuple(
            DeMinimisAid(part.code, dt.date.fromisoformat(aid["on"]), euros(aid["eur"]), aid["by"])
            for aid in stated.de_minimis
        )
    before = stated.granted_before_cents if stated else None
    return Payment(
        payer_kind=legal_kind_of(content.application.fund.organisation) or "private_fund",
        receiver_kind=kind,
        beneficiary_kind=(stated.beneficiary_kind if stated else "") or kind,
        amount=amount,
        on=on,
        granted_before_this_year=None if before is None else euros_of(before),
        public_resources=stated.public_resources if stated else None,
        economic_activity=stated.economic_activity if stated else None,
        general_interest=stated.general_interest if stated else None,
        passed_on=stated.passed_on if stated else None,
        undertakings=frozenset({part.code}),
        de_minimis_aids=aids,
        # Nobody pays public money to an endowment fund on a derogation that is not known.
        ministerial_derogation=stated.ministerial_derogation if stated else None,
    )


def _aids(party: str, said: Mapping[str, Answer]) -> tuple[DeMinimisAid, ...] | None:
    stated = said.get("other_public_aid")
    if stated is False:
        return ()
    rows = said.get("aids")
    if stated is None or not isinstance(rows, tuple):
        return None
    return tuple(_aid(party, row) for row in _rows(rows))


def _rows(rows: Iterable[object]) -> Iterable[Mapping[str, Any]]:
    return [row for row in rows if isinstance(row, dict) and {"granted_on", "amount"} <= row.keys()]


def _aid(party: str, row: Mapping[str, Any]) -> DeMinimisAid:
    return DeMinimisAid(party, row["granted_on"], row["amount"], str(row.get("granted_by", "")))


def _asked_by_party(content: Content) -> dict[str, Euros]:
    if content.budget is None:
        return {}
    try:
        found = amounts(content.budget)
    except BudgetError:
        return {}
    asked: dict[str, Euros] = {}
    for line in content.budget.resources:
        amount = found[line.code]
        if line.asked and amount:
            asked[line.party] = asked.get(line.party, Decimal(0)) + amount
    return asked
