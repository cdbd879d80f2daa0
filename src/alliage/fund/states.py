"""Lives of a call, an application, an agreement, an instalment, an advance and a report.

Each is one table. ``docs/reference/fund-states.md`` is generated from the six.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

StateT = TypeVar("StateT", bound=StrEnum)


class Label(NamedTuple):
    """What people read, in French and in English."""

    fr: str
    en: str


class Role(StrEnum):
    """Who takes a decision; the platform's permissions say who holds a role."""

    LEAD_APPLICANT = "lead_applicant"
    HOLDER = "holder"
    FUND_OFFICER = "fund_officer"
    COMMITTEE = "committee"
    SIGNATORIES = "signatories"
    PAYER = "payer"
    HOLDER_AND_FUND = "holder_and_fund"
    CLOCK = "clock"


ROLES: Final[Mapping[Role, Label]] = {
    Role.LEAD_APPLICANT: Label("le chef de file du dossier", "the lead of the application"),
    Role.HOLDER: Label("le porteur de projet", "the project holder"),
    Role.FUND_OFFICER: Label("une personne chargée du fonds", "a fund officer"),
    Role.COMMITTEE: Label("le comité", "the committee"),
    Role.SIGNATORIES: Label("les signataires des deux parties", "the signatories of both parties"),
    Role.PAYER: Label(
        "la personne qui paie, autre que celle qui a ordonné",
        "the person who pays, other than the one who ordered",
    ),
    Role.HOLDER_AND_FUND: Label(
        "le porteur et le fonds, l’un et l’autre", "the holder and the fund, both"
    ),
    Role.CLOCK: Label("le calendrier", "the calendar"),
}


class Guard(StrEnum):
    """What must be true for a decision to be taken."""

    CALL_COMPLETE = "call_complete"
    OPENING_REACHED = "opening_reached"
    DEADLINE_PASSED = "deadline_passed"
    REVIEW_NOT_STARTED = "review_not_started"
    LATER_DEADLINE = "later_deadline"
    ALL_DECIDED = "all_decided"
    REASON_WRITTEN = "reason_written"
    CALL_OPEN = "call_open"
    CALL_CLOSED = "call_closed"
    FORM_COMPLETE = "form_complete"
    PARTS_SIGNED = "parts_signed"
    MISSING_LISTED = "missing_listed"
    COMPLETION_DATE_PASSED = "completion_date_passed"
    RULE_NOT_MET = "rule_not_met"
    RULES_MET = "rules_met"
    REVIEWERS_ASSIGNED = "reviewers_assigned"
    REVIEWS_IN = "reviews_in"
    DISAGREEMENT_SETTLED = "disagreement_settled"
    QUORUM_MET = "quorum_met"
    NO_INTERESTED_VOTE = "no_interested_vote"
    AMOUNT_AVAILABLE = "amount_available"
    LEGAL_PATH_ALLOWED = "legal_path_allowed"
    CONDITIONS_WRITTEN = "conditions_written"
    QUESTIONS_ANSWERED = "questions_answered"
    DOCUMENTS_RECEIVED = "documents_received"
    DOCUMENTS_DATE_PASSED = "documents_date_passed"
    SIGNATURE_DATE_PASSED = "signature_date_passed"
    NO_SIGNED_AGREEMENT = "no_signed_agreement"
    SCHEDULE_COMPLETE = "schedule_complete"
    APPLICATION_ACCEPTED = "application_accepted"
    NOBODY_SIGNED = "nobody_signed"
    ALL_SIGNED = "all_signed"
    PAID_RESPECTED = "paid_respected"
    INSTALMENTS_SETTLED = "instalments_settled"
    FINAL_REPORT_ACCEPTED = "final_report_accepted"
    ADVANCES_SETTLED = "advances_settled"
    NOTICE_SENT = "notice_sent"
    DUE_DATE_REACHED = "due_date_reached"
    CONDITIONS_MET = "conditions_met"
    AGREEMENT_IN_FORCE = "agreement_in_force"
    AGREEMENT_SUSPENDED = "agreement_suspended"
    BANK_DETAILS_CHECKED = "bank_details_checked"
    PROMISES_ANSWERED = "promises_answered"
    BANK_CONFIRMED_ALL = "bank_confirmed_all"
    BANK_CONFIRMED_PART = "bank_confirmed_part"
    BANK_REJECTED = "bank_rejected"
    TERMS_AMENDED = "terms_amended"
    ALL_RETURNED = "all_returned"
    CRITERIA_SIGNED = "criteria_signed"
    AGREEMENT_SIGNED = "agreement_signed"
    ROADMAP_DELIVERED = "roadmap_delivered"
    BOTH_DECLARED = "both_declared"
    TWELVE_MONTHS_PASSED = "twelve_months_passed"
    CRITERIA_MET = "criteria_met"
    CRITERIA_NOT_MET = "criteria_not_met"
    REPAYMENT_SCHEDULED = "repayment_scheduled"
    NOTHING_OUTSTANDING = "nothing_outstanding"
    VISIT_DAY_REACHED = "visit_day_reached"
    ACCOUNT_WRITTEN = "account_written"


GUARDS: Final[Mapping[Guard, Label]] = {
    Guard.CALL_COMPLETE: Label(
        "le règlement, le formulaire, la grille et l’enveloppe de l’appel sont fixés",
        "the rules, the form, the grid and the envelope of the call are set",
    ),
    Guard.OPENING_REACHED: Label("la date d’ouverture est atteinte", "the opening date is reached"),
    Guard.DEADLINE_PASSED: Label("la date limite est passée", "the deadline has passed"),
    Guard.REVIEW_NOT_STARTED: Label("l’instruction n’a pas commencé", "the review has not started"),
    Guard.LATER_DEADLINE: Label(
        "une date limite plus tardive est publiée", "a later deadline is published"
    ),
    Guard.ALL_DECIDED: Label(
        "tous les dossiers ont reçu une décision", "every application has its decision"
    ),
    Guard.REASON_WRITTEN: Label("le motif est écrit", "the reason is written"),
    Guard.CALL_OPEN: Label("l’appel est ouvert", "the call is open"),
    Guard.CALL_CLOSED: Label("l’appel est clos", "the call is closed"),
    Guard.FORM_COMPLETE: Label(
        "toutes les réponses obligatoires sont données", "every required answer is given"
    ),
    Guard.PARTS_SIGNED: Label(
        "chaque partie prenante a signé sa part", "each party has signed its part"
    ),
    Guard.MISSING_LISTED: Label("ce qui manque est écrit", "what is missing is written"),
    Guard.COMPLETION_DATE_PASSED: Label(
        "la date donnée pour compléter est passée", "the date given to complete has passed"
    ),
    Guard.RULE_NOT_MET: Label(
        "une règle au moins n’est pas remplie", "at least one rule is not met"
    ),
    Guard.RULES_MET: Label("toutes les règles sont remplies", "every rule is met"),
    Guard.REVIEWERS_ASSIGNED: Label(
        "deux instructeurs indépendants sont désignés", "two independent reviewers are assigned"
    ),
    Guard.REVIEWS_IN: Label("les deux avis sont remis", "both reviews are in"),
    Guard.DISAGREEMENT_SETTLED: Label(
        "les avis concordent, ou un troisième est remis",
        "the reviews agree, or a third one is in",
    ),
    Guard.QUORUM_MET: Label("le quorum est atteint", "the quorum is met"),
    Guard.NO_INTERESTED_VOTE: Label(
        "aucun membre intéressé n’a pris part", "no interested member took part"
    ),
    Guard.AMOUNT_AVAILABLE: Label("l’enveloppe porte le montant", "the envelope holds the amount"),
    Guard.LEGAL_PATH_ALLOWED: Label(
        "le chemin juridique du payeur au bénéficiaire est admis",
        "the legal path from payer to receiver is allowed",
    ),
    Guard.CONDITIONS_WRITTEN: Label(
        "les pièces demandées et leur date sont écrites",
        "the documents asked for and their date are written",
    ),
    Guard.QUESTIONS_ANSWERED: Label(
        "les questions du comité ont leur réponse, ou leur délai est passé",
        "the questions of the committee are answered, or their time is over",
    ),
    Guard.DOCUMENTS_RECEIVED: Label(
        "les pièces demandées sont reçues", "the documents asked for are received"
    ),
    Guard.DOCUMENTS_DATE_PASSED: Label(
        "la date donnée pour les pièces est passée", "the date given for the documents has passed"
    ),
    Guard.SIGNATURE_DATE_PASSED: Label(
        "la date donnée pour signer est passée", "the date given to sign has passed"
    ),
    Guard.NO_SIGNED_AGREEMENT: Label("aucune convention n’est signée", "no agreement is signed"),
    Guard.SCHEDULE_COMPLETE: Label(
        "les tranches font le montant de la convention, au centime",
        "the instalments make the amount of the agreement, to the cent",
    ),
    Guard.APPLICATION_ACCEPTED: Label(
        "le dossier est accepté sans réserve", "the application is accepted without reserve"
    ),
    Guard.NOBODY_SIGNED: Label("personne n’a encore signé", "nobody has signed yet"),
    Guard.ALL_SIGNED: Label("toutes les parties ont signé", "every party has signed"),
    Guard.PAID_RESPECTED: Label(
        "les nouveaux termes respectent ce qui est déjà payé",
        "the new terms respect what is already paid",
    ),
    Guard.INSTALMENTS_SETTLED: Label(
        "chaque tranche est payée, annulée ou rendue",
        "every instalment is paid, cancelled or returned",
    ),
    Guard.FINAL_REPORT_ACCEPTED: Label(
        "le rapport final est accepté", "the final report is accepted"
    ),
    Guard.ADVANCES_SETTLED: Label("aucune avance n’est en cours", "no advance is outstanding"),
    Guard.NOTICE_SENT: Label(
        "le préavis de la convention est donné", "the notice that the agreement asks for is given"
    ),
    Guard.DUE_DATE_REACHED: Label(
        "la date de la tranche est atteinte", "the date of the instalment is reached"
    ),
    Guard.CONDITIONS_MET: Label(
        "les conditions de la tranche sont remplies", "the conditions of the instalment are met"
    ),
    Guard.AGREEMENT_IN_FORCE: Label("la convention est en vigueur", "the agreement is in force"),
    Guard.AGREEMENT_SUSPENDED: Label("la convention est suspendue", "the agreement is suspended"),
    Guard.BANK_DETAILS_CHECKED: Label(
        "les coordonnées bancaires sont vérifiées", "the bank details are checked"
    ),
    Guard.PROMISES_ANSWERED: Label(
        "chaque promesse a sa réponse, même « pas encore connu »",
        "every promise has its answer, be it « not known yet »",
    ),
    Guard.BANK_CONFIRMED_ALL: Label(
        "la banque confirme le reste dû en entier", "the bank confirms all that was left to pay"
    ),
    Guard.BANK_CONFIRMED_PART: Label(
        "la banque confirme une partie du reste dû", "the bank confirms a part of what was left"
    ),
    Guard.BANK_REJECTED: Label("la banque rejette l’ordre", "the bank rejects the order"),
    Guard.TERMS_AMENDED: Label("un avenant le prévoit", "an amendment says so"),
    Guard.ALL_RETURNED: Label("tout ce qui était payé est rendu", "all that was paid is returned"),
    Guard.CRITERIA_SIGNED: Label(
        "les critères de succès sont écrits et signés des deux côtés",
        "the criteria of success are written and signed by both sides",
    ),
    Guard.AGREEMENT_SIGNED: Label("la convention est signée", "the agreement is signed"),
    Guard.ROADMAP_DELIVERED: Label(
        "la feuille de route est remise au porteur", "the roadmap is delivered to the holder"
    ),
    Guard.BOTH_DECLARED: Label(
        "le porteur et le fonds l’ont déclaré, chacun par sa signature",
        "the holder and the fund declared it, each with its signature",
    ),
    Guard.TWELVE_MONTHS_PASSED: Label(
        "douze mois ont passé depuis la déclaration", "twelve months passed since the declaration"
    ),
    Guard.CRITERIA_MET: Label(
        "les critères fixés d’avance sont remplis", "the criteria fixed beforehand are met"
    ),
    Guard.CRITERIA_NOT_MET: Label(
        "les critères fixés d’avance ne sont pas remplis",
        "the criteria fixed beforehand are not met",
    ),
    Guard.REPAYMENT_SCHEDULED: Label(
        "l’échéancier du remboursement est écrit", "the schedule of the repayment is written"
    ),
    Guard.NOTHING_OUTSTANDING: Label("plus rien n’est dû", "nothing is outstanding any more"),
    Guard.VISIT_DAY_REACHED: Label(
        "le jour de la visite est venu", "the day of the visit has come"
    ),
    Guard.ACCOUNT_WRITTEN: Label("un compte rendu est écrit", "an account is written"),
}


@dataclass(frozen=True, slots=True)
class Transition(Generic[StateT]):
    """A decision: from a state to another, by whom, and what must be true."""

    verb: str
    origin: StateT
    target: StateT
    by: Role
    guards: tuple[Guard, ...]
    label: Label


@dataclass(frozen=True, slots=True)
class Life(Generic[StateT]):
    """The table of one kind of object: its states, the first one, its transitions."""

    name: Label
    initial: StateT
    states: Mapping[StateT, Label]
    transitions: tuple[Transition[StateT], ...]

    def possible(self, state: StateT) -> tuple[Transition[StateT], ...]:
        """Return the decisions that a state admits, in the order of the table."""
        return tuple(each for each in self.transitions if each.origin == state)


class TransitionNotAllowed(ValueError):
    """The decision may not be taken in the current state.

    Attributes
    ----------
    current, verb
        The state, and the decision that was asked for.
    allowed
        The decisions that this state admits.
    """

    def __init__(self, life: Life[StateT], current: StateT, verb: str) -> None:
        self.current, self.verb = current, verb
        self.allowed = tuple(each.verb for each in life.possible(current))
        shown = ", ".join(self.allowed) or "none, this state is final"
        super().__init__(
            f"Cannot {verb} the {life.name.en} that is {current}. Allowed in this state: {shown}."
        )


class GuardNotMet(ValueError):
    """The decision may be taken in this state, but something that it needs is not true.

    Attributes
    ----------
    verb
        The decision that was asked for.
    missing
        What must become true first.
    """

    def __init__(self, life: Life[StateT], verb: str, missing: tuple[Guard, ...]) -> None:
        self.verb, self.missing = verb, missing
        shown = "; ".join(GUARDS[guard].en for guard in missing)
        super().__init__(f"Cannot {verb} the {life.name.en} until: {shown}.")


def follow(
    life: Life[StateT], current: StateT, verb: str, *, holds: Collection[Guard] = ()
) -> StateT:
    """Return the state that follows a decision, or say why it may not be taken.

    Parameters
    ----------
    life : Life
        The table of the object.
    current : StateT
        Where the object stands.
    verb : str
        What someone decides.
    holds : collection of Guard
        What was found to be true; what is unknown is not in it.

    Returns
    -------
    StateT
        Where the object goes.

    Raises
    ------
    TransitionNotAllowed
        If the state does not admit the decision; the error lists those that it admits.
    GuardNotMet
        If something that the decision needs does not hold; the error lists it.

    Examples
    --------
    >>> follow(CALL, CallState.OPEN, "close", holds={Guard.DEADLINE_PASSED})
    <CallState.CLOSED: 'closed'>
    >>> follow(CALL, CallState.OPEN, "close")
    Traceback (most recent call last):
        ...
    alliage.fund.states.GuardNotMet: Cannot close the call until: the deadline has passed.
    >>> follow(CALL, CallState.COMPLETED, "extend")
    Traceback (most recent call last):
        ...
    alliage.fund.states.TransitionNotAllowed: Cannot extend the call that is completed. \
Allowed in this state: none, this state is final.
    """
    for transition in life.possible(current):
        if transition.verb == verb:
            missing = tuple(guard for guard in transition.guards if guard not in holds)
            if missing:
                raise GuardNotMet(life, verb, missing)
            return transition.target
    raise TransitionNotAllowed(life, current, verb)


def _from(
    origins: Sequence[StateT],
    verb: str,
    target: StateT,
    by: Role,
    guards: Sequence[Guard],
    label: tuple[str, str],
) -> tuple[Transition[StateT], ...]:
    return tuple(
        Transition(verb, origin, target, by, tuple(guards), Label(*label)) for origin in origins
    )


class CallState(StrEnum):
    """Where a call stands."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    OPEN = "open"
    CLOSED = "closed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


_C = CallState
_OFFICER = Role.FUND_OFFICER

CALL: Final = Life(
    Label("appel", "call"),
    _C.DRAFT,
    {
        _C.DRAFT: Label("en préparation", "draft"),
        _C.ANNOUNCED: Label("annoncé", "announced"),
        _C.OPEN: Label("ouvert", "open"),
        _C.CLOSED: Label("clos", "closed"),
        _C.COMPLETED: Label("achevé", "completed"),
        _C.CANCELLED: Label("annulé", "cancelled"),
    },
    (
        *_from([_C.DRAFT], "announce", _C.ANNOUNCED, _OFFICER, [Guard.CALL_COMPLETE],
               ("Annoncer l’appel", "Announce the call")),
        *_from([_C.ANNOUNCED], "open", _C.OPEN, Role.CLOCK, [Guard.OPENING_REACHED],
               ("Ouvrir l’appel", "Open the call")),
        *_from([_C.ANNOUNCED], "take_back", _C.DRAFT, _OFFICER, [Guard.REASON_WRITTEN],
               ("Reprendre l’appel", "Take the call back")),
        *_from([_C.OPEN], "close", _C.CLOSED, Role.CLOCK, [Guard.DEADLINE_PASSED],
               ("Clore l’appel à sa date", "Close the call at its date")),
        *_from([_C.OPEN], "close_early", _C.CLOSED, _OFFICER, [Guard.REASON_WRITTEN],
               ("Clore un appel au fil de l’eau", "Close a rolling call")),
        *_from([_C.CLOSED], "extend", _C.OPEN, _OFFICER,
               [Guard.LATER_DEADLINE, Guard.REVIEW_NOT_STARTED, Guard.REASON_WRITTEN],
               ("Prolonger l’appel", "Extend the call")),
        *_from([_C.CLOSED], "complete", _C.COMPLETED, _OFFICER, [Guard.ALL_DECIDED],
               ("Achever l’appel", "Complete the call")),
        *_from([_C.ANNOUNCED, _C.OPEN, _C.CLOSED], "cancel", _C.CANCELLED, _OFFICER,
               [Guard.REVIEW_NOT_STARTED, Guard.REASON_WRITTEN],
               ("Annuler l’appel", "Cancel the call")),
    ),
)  # fmt: skip


class ApplicationState(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    SENT = "sent"
    TO_COMPLETE = "to_complete"
    UNDER_REVIEW = "under_review"
    TO_COMMITTEE = "to_committee"
    ADJOURNED = "adjourned"
    ACCEPTED_SUBJECT_TO_DOCUMENTS = "accepted_subject_to_documents"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    INELIGIBLE = "ineligible"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


_A = ApplicationState
_COMMITTEE = (Guard.QUORUM_MET, Guard.NO_INTERESTED_VOTE, Guard.REASON_WRITTEN)
_MONEY = (Guard.AMOUNT_AVAILABLE, Guard.LEGAL_PATH_ALLOWED)

APPLICATION: Final = Life(
    Label("dossier", "application"),
    _A.DRAFT,
    {
        _A.DRAFT: Label("brouillon", "draft"),
        _A.SENT: Label("envoyé", "sent"),
        _A.TO_COMPLETE: Label("à compléter", "to complete"),
        _A.UNDER_REVIEW: Label("en instruction", "under review"),
        _A.TO_COMMITTEE: Label("présenté au comité", "before the committee"),
        _A.ADJOURNED: Label("ajourné", "adjourned"),
        _A.ACCEPTED_SUBJECT_TO_DOCUMENTS: Label(
            "accepté sous réserve de pièces", "accepted subject to documents"
        ),
        _A.ACCEPTED: Label("accepté", "accepted"),
        _A.REFUSED: Label("refusé", "refused"),
        _A.INELIGIBLE: Label("inéligible", "ineligible"),
        _A.WITHDRAWN: Label("retiré", "withdrawn"),
        _A.LAPSED: Label("caduc", "lapsed"),
    },
    (
        *_from([_A.DRAFT], "send", _A.SENT, Role.LEAD_APPLICANT,
               [Guard.CALL_OPEN, Guard.FORM_COMPLETE, Guard.PARTS_SIGNED],
               ("Envoyer le dossier", "Send the application")),
        *_from([_A.DRAFT], "lapse", _A.LAPSED, Role.CLOCK, [Guard.CALL_CLOSED],
               ("Constater que le dossier n’a pas été envoyé", "Record that it was not sent")),
        *_from([_A.SENT], "take_back", _A.DRAFT, Role.LEAD_APPLICANT,
               [Guard.CALL_OPEN, Guard.REVIEW_NOT_STARTED],
               ("Reprendre le dossier", "Take the application back")),
        *_from([_A.SENT], "ask_to_complete", _A.TO_COMPLETE, _OFFICER, [Guard.MISSING_LISTED],
               ("Demander de compléter", "Ask to complete")),
        *_from([_A.TO_COMPLETE], "complete", _A.SENT, Role.LEAD_APPLICANT,
               [Guard.FORM_COMPLETE, Guard.PARTS_SIGNED],
               ("Renvoyer le dossier complété", "Send the completed application")),
        *_from([_A.TO_COMPLETE], "lapse", _A.LAPSED, Role.CLOCK, [Guard.COMPLETION_DATE_PASSED],
               ("Constater que le dossier n’a pas été complété",
                "Record that it was not completed")),
        *_from([_A.SENT, _A.UNDER_REVIEW], "declare_ineligible", _A.INELIGIBLE, _OFFICER,
               [Guard.RULE_NOT_MET, Guard.REASON_WRITTEN],
               ("Déclarer inéligible", "Declare ineligible")),
        *_from([_A.INELIGIBLE], "restore", _A.SENT, _OFFICER,
               [Guard.RULES_MET, Guard.REASON_WRITTEN],
               ("Rétablir après recours", "Restore after an appeal")),
        *_from([_A.SENT], "start_review", _A.UNDER_REVIEW, _OFFICER,
               [Guard.RULES_MET, Guard.REVIEWERS_ASSIGNED],
               ("Commencer l’instruction", "Start the review")),
        *_from([_A.UNDER_REVIEW], "present", _A.TO_COMMITTEE, _OFFICER,
               [Guard.REVIEWS_IN, Guard.DISAGREEMENT_SETTLED],
               ("Présenter au comité", "Bring before the committee")),
        *_from([_A.TO_COMMITTEE], "accept", _A.ACCEPTED, Role.COMMITTEE,
               [*_COMMITTEE, *_MONEY],
               ("Accepter, en tout ou en partie", "Accept, in whole or in part")),
        *_from([_A.TO_COMMITTEE], "accept_subject_to_documents",
               _A.ACCEPTED_SUBJECT_TO_DOCUMENTS, Role.COMMITTEE,
               [*_COMMITTEE, *_MONEY, Guard.CONDITIONS_WRITTEN],
               ("Accepter sous réserve de pièces", "Accept subject to documents")),
        *_from([_A.TO_COMMITTEE], "adjourn", _A.ADJOURNED, Role.COMMITTEE, _COMMITTEE,
               ("Ajourner", "Adjourn")),
        *_from([_A.TO_COMMITTEE], "refuse", _A.REFUSED, Role.COMMITTEE, _COMMITTEE,
               ("Refuser", "Refuse")),
        *_from([_A.ADJOURNED], "present", _A.TO_COMMITTEE, _OFFICER, [Guard.QUESTIONS_ANSWERED],
               ("Présenter de nouveau au comité", "Bring before the committee again")),
        *_from([_A.ADJOURNED], "review_again", _A.UNDER_REVIEW, _OFFICER,
               [Guard.REVIEWERS_ASSIGNED],
               ("Instruire de nouveau", "Review again")),
        *_from([_A.ACCEPTED_SUBJECT_TO_DOCUMENTS], "lift_conditions", _A.ACCEPTED, _OFFICER,
               [Guard.DOCUMENTS_RECEIVED],
               ("Lever les réserves", "Lift the conditions")),
        *_from([_A.ACCEPTED_SUBJECT_TO_DOCUMENTS], "lapse", _A.LAPSED, Role.CLOCK,
               [Guard.DOCUMENTS_DATE_PASSED],
               ("Constater que les pièces ne sont pas venues",
                "Record that the documents did not come")),
        *_from([_A.ACCEPTED], "lapse", _A.LAPSED, Role.CLOCK,
               [Guard.SIGNATURE_DATE_PASSED, Guard.NO_SIGNED_AGREEMENT],
               ("Constater que la convention n’est pas signée",
                "Record that the agreement was not signed")),
        *_from([_A.DRAFT, _A.SENT, _A.TO_COMPLETE, _A.UNDER_REVIEW, _A.TO_COMMITTEE,
                _A.ADJOURNED],
               "withdraw", _A.WITHDRAWN, Role.LEAD_APPLICANT, [],
               ("Retirer le dossier", "Withdraw the application")),
        *_from([_A.ACCEPTED_SUBJECT_TO_DOCUMENTS, _A.ACCEPTED], "withdraw", _A.WITHDRAWN,
               Role.LEAD_APPLICANT, [Guard.NO_SIGNED_AGREEMENT],
               ("Retirer le dossier", "Withdraw the application")),
    ),
)  # fmt: skip


class AgreementState(StrEnum):
    """Where an agreement stands."""

    PREPARED = "prepared"
    OUT_FOR_SIGNATURE = "out_for_signature"
    SIGNED = "signed"
    AMENDED = "amended"
    SUSPENDED = "suspended"
    ENDED = "ended"
    TERMINATED = "terminated"
    ABANDONED = "abandoned"


_G = AgreementState
_IN_FORCE = (_G.SIGNED, _G.AMENDED)

AGREEMENT: Final = Life(
    Label("convention", "agreement"),
    _G.PREPARED,
    {
        _G.PREPARED: Label("préparée", "prepared"),
        _G.OUT_FOR_SIGNATURE: Label("à la signature", "out for signature"),
        _G.SIGNED: Label("signée", "signed"),
        _G.AMENDED: Label("modifiée par avenant", "amended"),
        _G.SUSPENDED: Label("suspendue", "suspended"),
        _G.ENDED: Label("terminée", "ended"),
        _G.TERMINATED: Label("résiliée", "terminated"),
        _G.ABANDONED: Label("abandonnée avant signature", "abandoned before signature"),
    },
    (
        *_from([_G.PREPARED], "send_for_signature", _G.OUT_FOR_SIGNATURE, _OFFICER,
               [Guard.APPLICATION_ACCEPTED, Guard.LEGAL_PATH_ALLOWED, Guard.SCHEDULE_COMPLETE],
               ("Envoyer à la signature", "Send for signature")),
        *_from([_G.OUT_FOR_SIGNATURE], "recall", _G.PREPARED, _OFFICER, [Guard.NOBODY_SIGNED],
               ("Rappeler pour correction", "Recall to correct")),
        *_from([_G.OUT_FOR_SIGNATURE], "sign", _G.SIGNED, Role.SIGNATORIES, [Guard.ALL_SIGNED],
               ("Signer la convention", "Sign the agreement")),
        *_from([_G.PREPARED, _G.OUT_FOR_SIGNATURE], "abandon", _G.ABANDONED, _OFFICER,
               [Guard.REASON_WRITTEN],
               ("Abandonner la convention", "Abandon the agreement")),
        *_from(_IN_FORCE, "amend", _G.AMENDED, Role.SIGNATORIES,
               [Guard.ALL_SIGNED, Guard.SCHEDULE_COMPLETE, Guard.PAID_RESPECTED],
               ("Signer un avenant", "Sign an amendment")),
        *_from(_IN_FORCE, "suspend", _G.SUSPENDED, _OFFICER, [Guard.REASON_WRITTEN],
               ("Suspendre", "Suspend")),
        # What was due meanwhile takes new dates: a suspension is ended by an amendment.
        *_from([_G.SUSPENDED], "resume", _G.AMENDED, Role.SIGNATORIES,
               [Guard.ALL_SIGNED, Guard.SCHEDULE_COMPLETE, Guard.PAID_RESPECTED],
               ("Reprendre par un avenant", "Resume by an amendment")),
        *_from(_IN_FORCE, "end", _G.ENDED, _OFFICER,
               [Guard.INSTALMENTS_SETTLED, Guard.FINAL_REPORT_ACCEPTED, Guard.ADVANCES_SETTLED],
               ("Clore la convention", "End the agreement")),
        *_from([*_IN_FORCE, _G.SUSPENDED], "terminate", _G.TERMINATED, _OFFICER,
               [Guard.REASON_WRITTEN, Guard.NOTICE_SENT],
               ("Résilier", "Terminate")),
    ),
)  # fmt: skip


class InstalmentState(StrEnum):
    """Where an instalment stands."""

    PLANNED = "planned"
    DUE = "due"
    HELD = "held"
    ORDERED = "ordered"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    RETURNED = "returned"
    CANCELLED = "cancelled"


_I = InstalmentState

INSTALMENT: Final = Life(
    Label("tranche", "instalment"),
    _I.PLANNED,
    {
        _I.PLANNED: Label("prévue", "planned"),
        _I.DUE: Label("à payer", "due"),
        _I.HELD: Label("retenue", "held"),
        _I.ORDERED: Label("ordonnée", "ordered"),
        _I.PARTLY_PAID: Label("payée en partie", "partly paid"),
        _I.PAID: Label("payée", "paid"),
        _I.RETURNED: Label("rendue", "returned"),
        _I.CANCELLED: Label("annulée", "cancelled"),
    },
    (
        *_from([_I.PLANNED], "fall_due", _I.DUE, Role.CLOCK,
               [Guard.AGREEMENT_IN_FORCE, Guard.DUE_DATE_REACHED, Guard.CONDITIONS_MET],
               ("Constater que la tranche est à payer", "Record that the instalment is due")),
        *_from([_I.DUE, _I.PARTLY_PAID], "order", _I.ORDERED, _OFFICER,
               [Guard.AGREEMENT_IN_FORCE, Guard.CONDITIONS_MET, Guard.BANK_DETAILS_CHECKED],
               ("Ordonner le versement", "Order the payment")),
        *_from([_I.ORDERED], "confirm", _I.PAID, Role.PAYER, [Guard.BANK_CONFIRMED_ALL],
               ("Confirmer le versement", "Confirm the payment")),
        *_from([_I.ORDERED], "confirm_part", _I.PARTLY_PAID, Role.PAYER,
               [Guard.BANK_CONFIRMED_PART],
               ("Confirmer un versement partiel", "Confirm a partial payment")),
        *_from([_I.ORDERED], "reject", _I.DUE, Role.PAYER, [Guard.BANK_REJECTED],
               ("Constater le rejet de la banque", "Record the rejection by the bank")),
        *_from([_I.DUE], "hold", _I.HELD, _OFFICER,
               [Guard.AGREEMENT_SUSPENDED],
               ("Retenir la tranche", "Hold the instalment")),
        *_from([_I.HELD], "release", _I.DUE, _OFFICER,
               [Guard.AGREEMENT_IN_FORCE, Guard.CONDITIONS_MET],
               ("Libérer la tranche", "Release the instalment")),
        *_from([_I.PARTLY_PAID], "settle", _I.PAID, _OFFICER,
               [Guard.TERMS_AMENDED, Guard.PAID_RESPECTED],
               ("Ramener la tranche à ce qui est payé",
                "Bring the instalment down to what is paid")),
        *_from([_I.PLANNED, _I.DUE, _I.HELD], "cancel", _I.CANCELLED, _OFFICER,
               [Guard.TERMS_AMENDED],
               ("Annuler la tranche", "Cancel the instalment")),
        *_from([_I.PAID, _I.PARTLY_PAID], "record_return", _I.RETURNED, _OFFICER,
               [Guard.ALL_RETURNED],
               ("Constater que tout est rendu", "Record that all is returned")),
    ),
)  # fmt: skip


class AdvanceState(StrEnum):
    """Where a repayable advance stands."""

    PREPARED = "prepared"
    CRITERIA_FIXED = "criteria_fixed"
    ROADMAP_TO_APPROVE = "roadmap_to_approve"
    ROADMAP_APPROVED = "roadmap_approved"
    SUCCESS_DECLARED = "success_declared"
    CHECKED = "checked"
    DUE = "due"
    REPAID = "repaid"
    WAIVED = "waived"
    WRITTEN_OFF = "written_off"
    ABANDONED = "abandoned"


_R = AdvanceState

ADVANCE: Final = Life(
    Label("avance remboursable", "repayable advance"),
    _R.PREPARED,
    {
        _R.PREPARED: Label("préparée", "prepared"),
        _R.CRITERIA_FIXED: Label("critères de succès fixés d’avance", "criteria fixed ex ante"),
        _R.ROADMAP_TO_APPROVE: Label("feuille de route à approuver", "roadmap to approve"),
        _R.ROADMAP_APPROVED: Label("feuille de route approuvée", "roadmap approved"),
        _R.SUCCESS_DECLARED: Label("succès déclaré des deux côtés", "success declared by both"),
        _R.CHECKED: Label("succès vérifié à douze mois", "success checked at 12 months"),
        _R.DUE: Label("remboursement dû", "repayment due"),
        _R.REPAID: Label("remboursée", "repaid"),
        _R.WAIVED: Label("remboursement non dû", "repayment waived"),
        _R.WRITTEN_OFF: Label("passée en perte", "written off"),
        _R.ABANDONED: Label("abandonnée avant versement", "abandoned before payment"),
    },
    (
        *_from([_R.PREPARED], "fix_criteria", _R.CRITERIA_FIXED, Role.HOLDER_AND_FUND,
               [Guard.CRITERIA_SIGNED],
               ("Fixer les critères de succès", "Fix the criteria of success")),
        *_from([_R.PREPARED, _R.CRITERIA_FIXED], "abandon", _R.ABANDONED, _OFFICER,
               [Guard.REASON_WRITTEN],
               ("Abandonner l’avance", "Abandon the advance")),
        *_from([_R.CRITERIA_FIXED], "pay", _R.ROADMAP_TO_APPROVE, Role.PAYER,
               [Guard.AGREEMENT_SIGNED, Guard.BANK_CONFIRMED_ALL],
               ("Verser l’avance", "Pay the advance")),
        *_from([_R.ROADMAP_TO_APPROVE], "approve_roadmap", _R.ROADMAP_APPROVED, Role.HOLDER,
               [Guard.ROADMAP_DELIVERED],
               ("Approuver la feuille de route", "Approve the roadmap")),
        *_from([_R.ROADMAP_APPROVED], "declare_success", _R.SUCCESS_DECLARED,
               Role.HOLDER_AND_FUND, [Guard.BOTH_DECLARED],
               ("Déclarer le succès", "Declare the success")),
        *_from([_R.ROADMAP_TO_APPROVE, _R.ROADMAP_APPROVED], "record_failure", _R.WAIVED,
               Role.COMMITTEE, [Guard.CRITERIA_NOT_MET, Guard.REASON_WRITTEN],
               ("Constater l’échec", "Record the failure")),
        *_from([_R.SUCCESS_DECLARED], "confirm_success", _R.CHECKED, _OFFICER,
               [Guard.TWELVE_MONTHS_PASSED, Guard.CRITERIA_MET],
               ("Confirmer le succès à douze mois", "Confirm the success at 12 months")),
        *_from([_R.SUCCESS_DECLARED], "record_failure", _R.WAIVED, Role.COMMITTEE,
               [Guard.TWELVE_MONTHS_PASSED, Guard.CRITERIA_NOT_MET, Guard.REASON_WRITTEN],
               ("Constater l’échec à douze mois", "Record the failure at 12 months")),
        *_from([_R.ROADMAP_TO_APPROVE, _R.ROADMAP_APPROVED, _R.SUCCESS_DECLARED],
               "rule_success", _R.CHECKED, Role.COMMITTEE, [*_COMMITTEE],
               ("Trancher un désaccord : le succès est retenu",
                "Settle a dispute: the success is held")),
        *_from([_R.CHECKED], "ask_repayment", _R.DUE, _OFFICER, [Guard.REPAYMENT_SCHEDULED],
               ("Demander le remboursement", "Ask for the repayment")),
        *_from([_R.DUE], "record_repayment", _R.REPAID, _OFFICER, [Guard.NOTHING_OUTSTANDING],
               ("Constater le remboursement", "Record the repayment")),
        *_from([_R.DUE], "waive", _R.WAIVED, Role.COMMITTEE, [*_COMMITTEE],
               ("Renoncer au remboursement", "Waive the repayment")),
        *_from([_R.DUE], "write_off", _R.WRITTEN_OFF, Role.COMMITTEE, [*_COMMITTEE],
               ("Passer en perte", "Write off")),
    ),
)  # fmt: skip


class ReportState(StrEnum):
    """Where a report that an agreement asks for stands, for that agreement alone."""

    TO_DO = "to_do"
    DELIVERED = "delivered"
    TO_COMPLETE = "to_complete"
    ACCEPTED = "accepted"
    WAIVED = "waived"


_P = ReportState

REPORT: Final = Life(
    Label("rapport demandé", "report asked for"),
    _P.TO_DO,
    {
        _P.TO_DO: Label("à faire", "to do"),
        _P.DELIVERED: Label("remis", "delivered"),
        _P.TO_COMPLETE: Label("à compléter", "to complete"),
        _P.ACCEPTED: Label("accepté", "accepted"),
        _P.WAIVED: Label("n’est plus demandé", "no longer asked for"),
    },
    (
        *_from([_P.TO_DO, _P.TO_COMPLETE], "deliver", _P.DELIVERED, Role.HOLDER,
               [Guard.PARTS_SIGNED],
               ("Remettre le rapport", "Deliver the report")),
        *_from([_P.DELIVERED], "ask_to_complete", _P.TO_COMPLETE, _OFFICER,
               [Guard.MISSING_LISTED],
               ("Demander de compléter", "Ask to complete")),
        *_from([_P.DELIVERED], "accept", _P.ACCEPTED, _OFFICER, [Guard.PROMISES_ANSWERED],
               ("Accepter le rapport", "Accept the report")),
        *_from([_P.TO_DO, _P.TO_COMPLETE], "waive", _P.WAIVED, _OFFICER, [Guard.REASON_WRITTEN],
               ("Ne plus le demander", "Ask for it no longer")),
        *_from([_P.WAIVED], "ask_again", _P.TO_DO, _OFFICER, [Guard.REASON_WRITTEN],
               ("Le demander de nouveau", "Ask for it again")),
    ),
)  # fmt: skip


class VisitState(StrEnum):
    """Where a visit stands."""

    PLANNED = "planned"
    MADE = "made"
    CANCELLED = "cancelled"


_V = VisitState

VISIT: Final = Life(
    Label("visite", "visit"),
    _V.PLANNED,
    {
        _V.PLANNED: Label("prévue", "planned"),
        _V.MADE: Label("faite", "made"),
        _V.CANCELLED: Label("annulée", "cancelled"),
    },
    (
        *_from([_V.PLANNED], "move", _V.PLANNED, _OFFICER, [],
               ("Changer le jour de la visite", "Move the visit to another day")),
        *_from([_V.PLANNED], "record", _V.MADE, _OFFICER,
               [Guard.VISIT_DAY_REACHED, Guard.ACCOUNT_WRITTEN],
               ("Rendre compte de la visite", "Record the visit")),
        *_from([_V.PLANNED], "cancel", _V.CANCELLED, _OFFICER, [Guard.REASON_WRITTEN],
               ("Annuler la visite", "Cancel the visit")),
        # What was shared stays shared: a mistake is corrected in sight of who read it.
        *_from([_V.MADE], "correct", _V.MADE, _OFFICER, [Guard.ACCOUNT_WRITTEN],
               ("Corriger le compte rendu", "Correct the account")),
    ),
)  # fmt: skip


def document() -> str:
    """Write the page of the documentation that shows the tables.

    Returns
    -------
    str
        Markdown with a Mermaid diagram for each table.

    Examples
    --------
    >>> print(document().splitlines()[0])
    # States of the fund
    """
    lines = [
        "# States of the fund",
        "",
        "Generated from `src/alliage/fund/states.py` by",
        "`python -m alliage.fund.states > docs/reference/fund-states.md`;",
        "a test fails when this page is stale.",
        "",
        "A decision is taken in a state that admits it, by who may take it, when all that it",
        "needs is known to be true: what is unknown is not true. The permissions of the platform",
        "say who holds each role.",
        "",
    ]
    lines += _section(CALL)
    lines += _section(APPLICATION)
    lines += _section(AGREEMENT)
    lines += _section(INSTALMENT)
    lines += _section(ADVANCE)
    lines += _section(VISIT)
    lines += _section(REPORT)
    lines += [
        "## What must be true",
        "",
        "| code | in French | in English |",
        "| --- | --- | --- |",
    ]
    lines += [f"| `{guard}` | {label.fr} | {label.en} |" for guard, label in GUARDS.items()]
    return "\n".join([*lines, ""])


def _section(life: Life[StateT]) -> Iterator[str]:
    yield f"## {life.name.en.capitalize()} (« {life.name.fr} »)"
    yield from ("", "```mermaid", "stateDiagram-v2", f"    [*] --> {life.initial}")
    for each in life.transitions:
        yield f"    {each.origin} --> {each.target}: {each.verb}"
    for state in life.states:
        if not life.possible(state):
            yield f"    {state} --> [*]"
    yield from ("```", "", "| state | in French | in English |", "| --- | --- | --- |")
    for state, label in life.states.items():
        yield f"| `{state}` | {label.fr} | {label.en} |"
    yield from (
        "",
        "| in state | decision | in French | in English | taken by | needs | then |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    )
    for each in life.transitions:
        needs = ", ".join(f"`{guard}`" for guard in each.guards) or "nothing more"
        yield (
            f"| `{each.origin}` | `{each.verb}` | {each.label.fr} | {each.label.en} "
            f"| {ROLES[each.by].en} | {needs} | `{each.target}` |"
        )
    yield ""


if __name__ == "__main__":
    sys.stdout.write(document())
