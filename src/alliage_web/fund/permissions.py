"""Who may see and fill the workspace of a fund, and read its trail.

The public page of a fund is for everyone. Auditors see all that its officers see, and write
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules
from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import Role
from alliage_web.accounts.permissions import (
    ADMINISTERS,
    Ground,
    grant,
    holds_here,
    is_administrator,
)
from alliage_web.accounts.queries import organisations_of, roles_at
from alliage_web.alliances.queries import facilitated_by

from .queries.acting import organisations_acted_for
from .queries.applications import party_names
from .queries.report_promises import who_reports
from .queries.reviews import reads_as_member, reads_as_reviewer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User

    from .queries.applications import Part

SEE_WORKSPACE = "fund.see_workspace"
WRITE_WORKSPACE = "fund.write_workspace"
READ_TRAIL = "fund.read_trail"
INVITE = "fund.invite"
WRITE_SUPPORTS = "fund.write_supports"
TELL_SUPPORTS = "fund.tell_supports"

_OFFICER = Ground(holds_here(Role.FUND_OFFICER), _("gère le fonds"))
_REVIEWER = Ground(holds_here(Role.REVIEWER), _("instruit les dossiers du fonds"))
_COMMITTEE = Ground(holds_here(Role.COMMITTEE_MEMBER), _("siège au comité du fonds"))
_AUDITOR = Ground(holds_here(Role.FUND_AUDITOR), _("audite le fonds"))
_READER = Ground(holds_here(Role.READER), _("lit l’espace de travail du fonds"))

grant(
    SEE_WORKSPACE,
    label=_("Voir l’espace de travail du fonds"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER, _REVIEWER, _COMMITTEE, _AUDITOR, _READER],
)
grant(
    WRITE_WORKSPACE,
    label=_("Ajouter des documents à l’espace de travail du fonds"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER],
)
grant(
    READ_TRAIL,
    label=_("Lire le journal du fonds"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER, _AUDITOR],
)
grant(
    INVITE,
    label=_("Inviter des instructeurs, des membres du comité et des lecteurs"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER],
)


@rules.predicate
def acts_for(user: User | AnonymousUser, target: Any = None) -> bool:
    """Tell whether a person acts for an organisation, as its member or as its party member."""
    return target is not None and target.stable_name in organisations_acted_for(user)


_ACTS_FOR_IT = Ground(acts_for, _("appartient à l’organisation, ou agit pour elle"))

grant(
    WRITE_SUPPORTS,
    label=_("Tenir le livre des soutiens du fonds, importer des aides"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER],
)
grant(
    TELL_SUPPORTS,
    label=_("Déclarer, confirmer ou contester ce que l’organisation donne et reçoit"),
    about="organisation",
    grounds=[_ACTS_FOR_IT],
)


# What others gave an alliance: its parties declare it, and the fund, which keeps the book, answers.

DECLARE_RAISED = "fund.declare_raised"

# Calls and applications. An application is that of the organisations that apply: a person acts for
# one by belonging to it, or as its party member in the alliance. The fund reads what was sent, and
# nothing of a draft.

MANAGE_CALLS = "fund.manage_calls"
SEE_APPLICATIONS = "fund.see_applications"
BEGIN_APPLICATION = "fund.begin_application"
SEE_APPLICATION = "fund.see_application"
WRITE_APPLICATION = "fund.write_application"
WRITE_PART = "fund.write_application_part"
LEAD_APPLICATION = "fund.lead_application"
HANDLE_APPLICATION = "fund.handle_application"


def may_write_part(user: User | AnonymousUser, part: Part) -> bool:
    """Ask what a person may about a part, which is no row of its own."""
    allowed: bool = rules.has_perm(WRITE_PART, user, part)
    return allowed


def _acts_among(user: User | AnonymousUser, application: Any, applicants: Iterable[Any]) -> bool:
    acted_for = organisations_acted_for(user, alliance=application.alliance.stable_name)
    return any(part.organisation.stable_name in acted_for for part in applicants)


@rules.predicate
def acts_for_a_party(user: User | AnonymousUser, target: Any = None) -> bool:
    """Tell whether a person acts for a party of an alliance."""
    # Most people act for no organisation: no party is read for them.
    if target is None or not organisations_acted_for(user):
        return False
    acted_for = organisations_acted_for(user, alliance=target.stable_name)
    return not acted_for.isdisjoint(party_names(target))


@rules.predicate
def applies(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and _acts_among(user, target, target.everyone)


@rules.predicate
def leads(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and _acts_among(user, target, target.everyone[:1])


@rules.predicate
def answers_for_it(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and _acts_among(user, target.application, [target.applicant])


def may_tell(user: User | AnonymousUser, target: Any) -> bool:
    """Tell whether a person may make the sheet of a file: an officer, or who facilitates it."""
    keeps = Role.FUND_OFFICER in roles_at(user, target.fund.stable_name)
    return keeps or target.alliance_id in facilitated_by(user)


@rules.predicate
def facilitates_the_alliance(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and target.alliance_id in facilitated_by(user)


def _receives(*roles: Role) -> Any:
    """Make the predicate « holds one of these roles at the fund to which it was sent »."""

    @rules.predicate(f"receives:{'|'.join(roles)}")
    def receives(user: User | AnonymousUser, target: Any = None) -> bool:
        return (
            target is not None
            and target.was_sent
            and bool({*roles} & roles_at(user, target.fund.stable_name))
        )

    return receives


@rules.predicate
def administers_and_was_sent(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and target.was_sent and is_administrator.test(user, target)


@rules.predicate
def reviews_it(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and reads_as_reviewer(user, target)


@rules.predicate
def sits_on_it(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and reads_as_member(user, target)


_REVIEWS = Ground(reviews_it, _("instruit ce dossier"))
_SITS = Ground(
    sits_on_it, _("siège au comité devant lequel le dossier est venu, sans intérêt qui l’empêche")
)
_APPLIES = Ground(applies, _("agit pour une organisation qui demande"))
_LEADS = Ground(leads, _("agit pour le chef de file du dossier"))
_FACILITATES = Ground(facilitates_the_alliance, _("anime un périmètre où agit l’alliance"))
_HANDLES = Ground(_receives(Role.FUND_OFFICER), _("gère le fonds auquel le dossier a été envoyé"))
_AUDITS = Ground(_receives(Role.FUND_AUDITOR), _("audite le fonds auquel le dossier a été envoyé"))
_ADMINISTERS_SENT = Ground(
    administers_and_was_sent, _("administre la plateforme, une fois le dossier envoyé")
)

grant(
    MANAGE_CALLS,
    label=_("Préparer, annoncer, prolonger et clore les appels du fonds"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER],
)
grant(
    SEE_APPLICATIONS,
    label=_("Voir la liste des dossiers envoyés au fonds"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER, _AUDITOR],
)
grant(
    BEGIN_APPLICATION,
    label=_("Commencer un dossier pour l’alliance"),
    about="alliance",
    grounds=[Ground(acts_for_a_party, _("agit pour une partie prenante de l’alliance"))],
)
grant(
    DECLARE_RAISED,
    label=_("Déclarer à un fonds ce que l’alliance a levé d’autre"),
    about="alliance",
    grounds=[Ground(acts_for_a_party, _("agit pour une partie prenante de l’alliance"))],
)
grant(
    SEE_APPLICATION,
    label=_("Lire un dossier"),
    about="application",
    grounds=[
        _APPLIES,
        _FACILITATES,
        _HANDLES,
        _AUDITS,
        _ADMINISTERS_SENT,
        _REVIEWS,
        _SITS,
    ],
)
grant(
    WRITE_APPLICATION,
    label=_("Écrire les parties communes d’un dossier"),
    about="application",
    grounds=[_APPLIES],
)
grant(
    WRITE_PART,
    label=_("Écrire et signer la part de son organisation dans un dossier"),
    about="application part",
    grounds=[Ground(answers_for_it, _("agit pour cette organisation"))],
)
grant(
    LEAD_APPLICATION,
    label=_("Envoyer, reprendre et retirer un dossier, choisir qui demande"),
    about="application",
    grounds=[_LEADS],
)
grant(
    HANDLE_APPLICATION,
    label=_("Traiter un dossier envoyé : recevabilité, questions, pièces"),
    about="application",
    grounds=[_HANDLES, _ADMINISTERS_SENT],
)

# Money.

SEE_BUDGET = "fund.see_budget"
MANAGE_BUDGET = "fund.manage_budget"

grant(
    SEE_BUDGET,
    label=_("Voir le budget et les écritures du fonds"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER, _COMMITTEE, _AUDITOR],
)
grant(
    MANAGE_BUDGET,
    label=_("Tenir le budget du fonds : dotation, contributions, enveloppes, clôtures"),
    about="fund",
    grounds=[_OFFICER],
)


# Agreements, payments and repayable advances. Whoever receives reads what is sent to signature and
# declares on the advances; that another person confirms a payment than the one who ordered it is
# told by the library, not here.

SEE_AGREEMENTS = "fund.see_agreements"
MANAGE_AGREEMENTS = "fund.manage_agreements"
CONFIRM_PAYMENTS = "fund.confirm_payments"
RECEIVE_AGREEMENTS = "fund.receive_agreements"

grant(
    SEE_AGREEMENTS,
    label=_("Voir les conventions, les versements et les avances du fonds"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER, _COMMITTEE, _AUDITOR],
)
grant(
    MANAGE_AGREEMENTS,
    label=_("Préparer, envoyer et modifier les conventions, ordonner les versements"),
    about="fund",
    grounds=[_OFFICER],
)
grant(
    CONFIRM_PAYMENTS,
    label=_("Confirmer les versements qu’une autre personne a ordonnés"),
    about="fund",
    grounds=[_OFFICER],
)
grant(
    RECEIVE_AGREEMENTS,
    label=_("Lire les conventions que l’organisation reçoit, déclarer sur ses avances"),
    about="organisation",
    grounds=[_ACTS_FOR_IT],
)

# Instruction and committee. Reviews are blind until all are in: what each person reads of them is
# decided by the library. Who stepped back, or is barred, reads nothing.

SEE_INSTRUCTION = "fund.see_instruction"
REVIEW = "fund.review"
ASSIGN_REVIEWERS = "fund.assign_reviewers"
SEE_REVIEWS = "fund.see_reviews"
WRITE_REVIEW = "fund.write_review"
SEE_COMMITTEE = "fund.see_committee"
HOLD_COMMITTEE = "fund.hold_committee"


@rules.predicate
def is_its_reviewer(user: User | AnonymousUser, target: Any = None) -> bool:
    return (
        target is not None
        and target.reviewer_id == user.pk
        and Role.REVIEWER in roles_at(user, target.panel.application.fund.stable_name)
    )


grant(
    SEE_INSTRUCTION,
    label=_("Voir la liste des dossiers en instruction et qui les instruit"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER, _AUDITOR],
)
grant(
    REVIEW,
    label=_("Instruire des dossiers du fonds, tenir son profil d’instruction"),
    about="fund",
    grounds=[_REVIEWER],
)
grant(
    ASSIGN_REVIEWERS,
    label=_("Confier les dossiers du fonds à des instructeurs"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER],
)
grant(
    SEE_REVIEWS,
    label=_("Suivre l’instruction d’un dossier, lire ses avis une fois tous remis"),
    about="application",
    grounds=[_HANDLES, _AUDITS, _ADMINISTERS_SENT, _REVIEWS, _SITS],
)
grant(
    WRITE_REVIEW,
    label=_("Écrire et remettre un avis"),
    about="review",
    grounds=[Ground(is_its_reviewer, _("a reçu le dossier à instruire"))],
)
grant(
    SEE_COMMITTEE,
    label=_("Voir les séances du comité, leurs décisions et leurs procès-verbaux"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER, _COMMITTEE, _AUDITOR],
)
grant(
    HOLD_COMMITTEE,
    label=_("Préparer les séances du comité, inscrire présences, déports et décisions"),
    about="fund",
    grounds=[_OFFICER],
)

# The cockpit. It shows files with their sums and dates, and no answer nor review of any of them.

SEE_COCKPIT = "fund.see_cockpit"
SET_DELAYS = "fund.set_delays"

grant(
    SEE_COCKPIT,
    label=_("Voir le pilotage du fonds : étapes, délais, montants des dossiers"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER, _COMMITTEE, _AUDITOR],
)
grant(
    SET_DELAYS,
    label=_("Fixer les délais que le fonds se donne à chaque étape"),
    about="fund",
    grounds=[_OFFICER],
)

# Reports. A report is that of the parties who write it: a fund reads what it received, frozen, and
# nothing of a draft. Its catalysts read it while it is written.

SEE_REPORTS = "fund.see_reports"
HANDLE_REPORTS = "fund.handle_reports"
SEE_REPORT = "fund.see_report"
WRITE_REPORT = "fund.write_report"
SIGN_REPORT_PART = "fund.sign_report_part"
OWE_REPORT = "fund.owe_report"


def _acts_for_one(user: User | AnonymousUser, alliance: Any, organisations: Iterable[Any]) -> bool:
    """Tell whether a person acts for one of them in an alliance, or belongs to it."""
    # Without alliance nobody acts in one: belonging to the organisation is needed.
    if alliance is None:
        acted_for = organisations_of(user)
    else:
        acted_for = organisations_acted_for(user, alliance=alliance.stable_name)
    return any(each.stable_name in acted_for for each in organisations)


@rules.predicate
def writes_report(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and _acts_for_one(
        user, target.alliance, [part.organisation for part in target.parts.all()]
    )


@rules.predicate
def signs_report_part(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and _acts_for_one(user, target.report.alliance, [target.organisation])


@rules.predicate
def owes_report(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and _acts_for_one(
        user, target.agreement.alliance, who_reports(target.agreement)
    )


@rules.predicate
def facilitates_the_report(user: User | AnonymousUser, target: Any = None) -> bool:
    return (
        target is not None
        and target.alliance_id is not None
        and target.alliance_id in facilitated_by(user)
    )


_WRITES_REPORT = Ground(writes_report, _("agit pour une organisation qui rend compte"))

grant(
    SEE_REPORTS,
    label=_("Voir les rapports que le fonds attend et ceux qu’il a reçus"),
    about="fund",
    grounds=[ADMINISTERS, _OFFICER, _COMMITTEE, _AUDITOR],
)
grant(
    HANDLE_REPORTS,
    label=_("Accepter un rapport, le faire compléter, en changer la date"),
    about="fund",
    grounds=[_OFFICER],
)
grant(
    SEE_REPORT,
    label=_("Lire un rapport en cours d’écriture"),
    about="report",
    grounds=[
        _WRITES_REPORT,
        Ground(facilitates_the_report, _("anime un périmètre où agit l’alliance")),
    ],
)
grant(
    WRITE_REPORT,
    label=_("Écrire un rapport et le remettre"),
    about="report",
    grounds=[_WRITES_REPORT],
)
grant(
    SIGN_REPORT_PART,
    label=_("Écrire et signer la part de son organisation dans un rapport"),
    about="report part",
    grounds=[Ground(signs_report_part, _("agit pour cette organisation"))],
)
grant(
    OWE_REPORT,
    label=_("Commencer un rapport qu’une convention demande"),
    about="report obligation",
    grounds=[Ground(owes_report, _("agit pour le bénéficiaire, ou pour qui a demandé avec lui"))],
)
