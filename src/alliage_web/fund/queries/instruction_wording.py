"""Instruction and committee in the words of the interface: refusals, decisions, events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliage.fund.instruction.combinations import ChoiceProblemCode, ObstacleCode
from alliage.fund.instruction.committee import DecisionProblemCode, Field
from alliage.fund.instruction.scoring import KnockOut, ReviewProblemCode, ThirdReviewReason, Verdict
from alliage.fund.law.legal_path import LegalOutcome
from alliage.values.money import euros

from .application_wording import money

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.utils.functional import _StrPromise

    from alliage.fund.instruction.combinations import ChoiceProblem, Obstacle
    from alliage.fund.instruction.committee import DecisionProblem
    from alliage.fund.instruction.scoring import Grid, ReviewProblem

EVENTS: Mapping[str, _StrPromise] = {
    "grid.added": gettext_lazy("Grille d’instruction ajoutée"),
    "reviewer.profile": gettext_lazy("Profil d’instruction écrit"),
    "review.assigned": gettext_lazy("Dossier confié à un instructeur"),
    "review.released": gettext_lazy("Dossier repris à un instructeur"),
    "review.recused": gettext_lazy("Déport d’un instructeur"),
    "review.sent": gettext_lazy("Avis remis"),
    "interest.stated": gettext_lazy("Déclaration d’intérêt"),
    "committee.rules": gettext_lazy("Règles du comité modifiées"),
    "meeting.planned": gettext_lazy("Séance du comité prévue"),
    "meeting.agenda": gettext_lazy("Ordre du jour modifié"),
    "meeting.attendance": gettext_lazy("Présences inscrites"),
    "committee.recused": gettext_lazy("Déport d’un membre du comité"),
    "committee.decided": gettext_lazy("Décision du comité"),
    "minutes.closed": gettext_lazy("Procès-verbal arrêté"),
}
FIELDS: Mapping[str, _StrPromise] = {
    "grid": gettext_lazy("Grille"),
    "fund": gettext_lazy("Fonds"),
    "capacity": gettext_lazy("Avis à la fois"),
    "application": gettext_lazy("Dossier"),
    "reviewer": gettext_lazy("Instruit par"),
    "standing": gettext_lazy("Intérêts constatés"),
    "left_why": gettext_lazy("Motif du départ"),
    "explanation": gettext_lazy("Explication"),
    "severity": gettext_lazy("Ce que l’intérêt demande"),
    "held_on": gettext_lazy("Date de la séance"),
    "place": gettext_lazy("Lieu"),
    "agenda": gettext_lazy("Ordre du jour"),
    "present": gettext_lazy("Présents"),
    "chair": gettext_lazy("Préside"),
    "person": gettext_lazy("Personne"),
    "decision": gettext_lazy("Décision"),
    "quorum_share": gettext_lazy("Part des membres présents"),
    "quorum_strictly": gettext_lazy("Strictement plus que cette part"),
    "quorum_number": gettext_lazy("Nombre de présents au moins"),
    "quorum_base": gettext_lazy("Part prise sur"),
    "mode": gettext_lazy("Manière de décider"),
    "majority": gettext_lazy("Majorité"),
    "majority_base": gettext_lazy("Majorité prise sur"),
    "casting_vote": gettext_lazy("En cas de partage"),
    "names_votes": gettext_lazy("Votes nommés au procès-verbal"),
}

VERDICTS: Mapping[Verdict, _StrPromise] = {
    Verdict.REACHES: gettext_lazy("Les minima de la grille sont atteints."),
    Verdict.BELOW: gettext_lazy("Un minimum de la grille au moins n’est pas atteint."),
    Verdict.DISPUTED: gettext_lazy(
        "Un critère qui peut décider seul partage les instructeurs : au comité de trancher."
    ),
    Verdict.UNKNOWN: gettext_lazy("Un critère n’a reçu aucune note : on ne peut pas conclure."),
}
THIRD: Mapping[ThirdReviewReason, _StrPromise] = {
    ThirdReviewReason.INDEX: gettext_lazy("les notes s’écartent au-delà du seuil de la grille"),
    ThirdReviewReason.KNOCK_OUT: gettext_lazy(
        "un critère qui peut décider seul partage les instructeurs"
    ),
    ThirdReviewReason.OPINIONS: gettext_lazy("un avis est favorable, l’autre défavorable"),
}
KNOCK_OUTS: Mapping[KnockOut, _StrPromise] = {
    KnockOut.YES: gettext_lazy("rédhibitoire"),
    KnockOut.DISPUTED: gettext_lazy("rédhibitoire selon certains"),
    KnockOut.UNKNOWN: gettext_lazy("sans note"),
}
_REVIEW: Mapping[ReviewProblemCode, _StrPromise] = {
    ReviewProblemCode.NOTE_MISSING: gettext_lazy(
        "Donnez une note, ou dites que vous ne pouvez pas noter et pourquoi."
    ),
    ReviewProblemCode.COMMENT_MISSING: gettext_lazy(
        "Écrivez ce qui fonde votre note : le comité doit pouvoir comprendre."
    ),
    ReviewProblemCode.OUT_OF_SCALE: gettext_lazy("Choisissez un niveau de la grille."),
    ReviewProblemCode.NOT_IN_GRID: gettext_lazy("Ce critère n’est pas dans la grille."),
    ReviewProblemCode.OPINION_MISSING: gettext_lazy(
        "Concluez : favorable, réservé ou défavorable."
    ),
}
MOTION: Mapping[Field, _StrPromise] = {
    Field.AMOUNT: gettext_lazy("Montant accordé"),
    Field.REASONS: gettext_lazy("Motifs"),
    Field.CONDITIONS: gettext_lazy("Conditions"),
    Field.DOCUMENTS: gettext_lazy("Pièces demandées"),
    Field.DOCUMENTS_DUE_ON: gettext_lazy("Pièces attendues avant la fin du"),
    Field.QUESTIONS: gettext_lazy("Questions"),
    Field.RESUME_ON: gettext_lazy("Reprise le"),
}
LEGAL: Mapping[LegalOutcome, _StrPromise] = {
    LegalOutcome.ALLOWED: gettext_lazy("admis"),
    LegalOutcome.ALLOWED_WITH_CONDITIONS: gettext_lazy("admis sous conditions"),
    LegalOutcome.BLOCKED: gettext_lazy("interdit par une règle"),
    LegalOutcome.CANNOT_TELL: gettext_lazy("les règles ne peuvent pas le dire encore"),
}
#: What a meeting does not admit, by the codes of `MeetingFault`.
MEETING: Mapping[str, _StrPromise] = {
    "closed": gettext_lazy("Le procès-verbal de cette séance est arrêté : il ne change plus."),
    "decided": gettext_lazy(
        "Une décision est déjà prise dans une séance ouverte : la date, les présences et les "
        "règles ne changent plus jusqu’au procès-verbal. Une personne qui s’en va se déporte des "
        "dossiers qui restent."
    ),
    "chair": gettext_lazy(
        "Dites d’abord qui est présent et qui préside : qui préside doit être là."
    ),
    "asks": gettext_lazy(
        "Ce dossier ne dit aucun montant : le comité ne peut pas en accorder. Posez la question "
        "aux demandeurs."
    ),
    "agenda": gettext_lazy(
        "Ce dossier n’est pas devant le comité, ou il est déjà à l’ordre du jour d’une autre "
        "séance ouverte."
    ),
    "item": gettext_lazy(
        "Ce dossier est décidé, ou quelqu’un s’en est déporté dans cette séance : il y reste."
    ),
    "votes": gettext_lazy(
        "Un membre et la personne qui le remplace ne siègent pas ensemble. Gardez l’un des deux."
    ),
}


def review_problem_in_words(problem: ReviewProblem) -> str:
    return str(_REVIEW[problem.code])


def labels_of_grid(grid: Grid, told: Callable[[object, str], str]) -> dict[str, str]:
    """Return the names of the criteria by their codes."""
    return {criterion.code: told(criterion, "label") for criterion in grid.criteria}


def decision_problem_in_words(problem: DecisionProblem, names: Mapping[str, str]) -> str:
    """Say what stands in the way of a decision, and what would be possible."""
    code = problem.code
    who = names.get(problem.subject, problem.subject)
    field = str(MOTION.get(Field(problem.subject), "")) if problem.subject in set(Field) else ""
    told = {
        "who": who,
        "field": field,
        "subject": problem.subject,
        "allowed": ", ".join(names.get(each, each) for each in problem.allowed),
    }
    if code is DecisionProblemCode.AMOUNT_ABOVE_AVAILABLE:
        told |= {"subject": _euros(problem.subject), "allowed": _euros(problem.allowed[0])}
    if code is DecisionProblemCode.AMOUNT_OUT_OF_BOUNDS:
        told["subject"] = _euros(problem.subject)
    if code is DecisionProblemCode.FIELD_NOT_ALLOWED:
        told["allowed"] = ", ".join(str(MOTION[Field(each)]) for each in problem.allowed)
    return str(_DECISION[code]) % told


_DECISION: Mapping[DecisionProblemCode, _StrPromise] = {
    DecisionProblemCode.NOT_ON_AGENDA: gettext_lazy(
        "Ce dossier n’est pas à l’ordre du jour. Ajoutez-le d’abord."
    ),
    DecisionProblemCode.FIELD_MISSING: gettext_lazy("Il manque « %(field)s » à cette décision."),
    DecisionProblemCode.FIELD_NOT_ALLOWED: gettext_lazy(
        "« %(field)s » ne va pas avec cette décision, qui dit seulement : %(allowed)s. Videz ce "
        "champ, ou choisissez une autre décision."
    ),
    DecisionProblemCode.AMOUNT_OUT_OF_BOUNDS: gettext_lazy(
        "%(subject)s ne va pas avec cette décision. « Accepter le montant demandé » accorde ce "
        "qui est demandé ; un montant réduit est au-dessus de zéro et au-dessous de la demande."
    ),
    DecisionProblemCode.AMOUNT_ABOVE_AVAILABLE: gettext_lazy(
        "L’enveloppe n’a plus que %(allowed)s : %(subject)s n’y tiennent pas. Réduisez le montant, "
        "ou faites d’abord un virement vers cette enveloppe."
    ),
    DecisionProblemCode.DATE_NOT_AFTER_MEETING: gettext_lazy(
        "« %(field)s » : choisissez un jour après la séance."
    ),
    DecisionProblemCode.NO_QUORUM: gettext_lazy(
        "Le quorum n’est pas atteint pour ce dossier : membres comptés, %(subject)s ; il en faut "
        "au moins %(allowed)s. Laissez ce dossier à une autre séance."
    ),
    DecisionProblemCode.NOBODY_PRESIDES: gettext_lazy(
        "%(who)s ne peut pas présider pour ce dossier. Peuvent présider : %(allowed)s."
    ),
    DecisionProblemCode.NOT_EXAMINED: gettext_lazy(
        "Les intérêts de %(who)s n’ont pas été examinés pour ce dossier."
    ),
    DecisionProblemCode.BARRED_NOT_RECUSED: gettext_lazy(
        "Un intérêt connu empêche %(who)s de prendre part. Inscrivez son déport."
    ),
    DecisionProblemCode.RECUSED_VOTED: gettext_lazy(
        "%(who)s se déporte et ne vote pas. Retirez son vote."
    ),
    DecisionProblemCode.VOTER_NOT_PRESENT: gettext_lazy(
        "%(who)s n’est pas présent·e. Retirez son vote, ou corrigez les présences."
    ),
    DecisionProblemCode.VOTE_MISSING: gettext_lazy(
        "Le vote de %(who)s manque. S’abstenir est un vote."
    ),
    DecisionProblemCode.NOT_ADOPTED: gettext_lazy(
        "La proposition n’est pas adoptée : %(subject)s pour, %(allowed)s contre. Mettez-en une "
        "autre aux voix, ou ajournez."
    ),
}


def _euros(text: str) -> str:
    return money(euros(text))


def choice_problem_in_words(problem: ChoiceProblem, names: Mapping[str, str]) -> str:
    """Say why a choice cannot be decided as it stands."""
    return str(_CHOICE[problem.code]) % {
        "subject": names.get(problem.subject, problem.subject),
        "amount": money(problem.amount),
        "limit": money(problem.limit),
    }


_CHOICE: Mapping[ChoiceProblemCode, _StrPromise] = {
    ChoiceProblemCode.ENVELOPE_EXCEEDED: gettext_lazy(
        "%(subject)s : ce choix prend %(amount)s, l’enveloppe a %(limit)s."
    ),
    ChoiceProblemCode.ABOVE_ASKED: gettext_lazy(
        "%(subject)s : %(amount)s dépassent les %(limit)s demandés."
    ),
    ChoiceProblemCode.BELOW_LEAST: gettext_lazy(
        "%(subject)s : %(amount)s sont au-dessous des %(limit)s que l’appel accorde au moins."
    ),
}


def obstacle_in_words(obstacle: Obstacle, names: Mapping[str, str]) -> str:
    """Say why no choice follows the rule of a suggestion."""
    targets = ", ".join(names.get(f"{one.dimension}:{one.code}", one.code)
                        for one in obstacle.targets)  # fmt: skip
    if obstacle.code is ObstacleCode.NOBODY_COVERS:
        return _("Trop peu de dossiers couvrent : %(targets)s.") % {"targets": targets}
    if obstacle.code is ObstacleCode.REQUIRED_EXCEED:
        assert obstacle.needed is not None
        assert obstacle.available is not None
        return _(
            "Les dossiers cochés demandent %(needed)s de « %(envelope)s », qui a %(available)s."
        ) % {
            "needed": money(obstacle.needed),
            "envelope": names.get(obstacle.envelope or "", obstacle.envelope or ""),
            "available": money(obstacle.available),
        }
    return _(
        "Tout ne tient pas ensemble. Le plus possible est couvert en renonçant à : %(targets)s."
    ) % {"targets": targets}
