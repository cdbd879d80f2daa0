"""Who may write, read before publication, review and publish.

A draft is read by its author and by editors, and by nobody else. An author writes a draft, sends it
to review and takes it back; what is in review or published is in the hands of the editors. Nobody
publishes what they wrote, save an administrator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules
from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import Role
from alliage_web.accounts.permissions import (
    ADMINISTERS,
    EDITS,
    SIGNED_IN,
    Ground,
    grant,
    is_editor,
)
from alliage_web.accounts.queries import roles_at
from alliage_web.fund.permissions import facilitates_the_alliance
from alliage_web.fund.queries.acting import organisations_acted_for

from .models import EntryState
from .queries.sheet_proposals import consents_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Fund

    from .models import Entry, SheetConsent, SheetProposal


@rules.predicate
def is_author(user: User | AnonymousUser, entry: Entry | None = None) -> bool:
    return entry is not None and user.is_active and entry.author_id == user.pk


@rules.predicate
def is_draft(_user: User | AnonymousUser, entry: Entry | None = None) -> bool:
    return entry is not None and entry.state == EntryState.DRAFT


@rules.predicate
def is_published(_user: User | AnonymousUser, entry: Entry | None = None) -> bool:
    return entry is not None and entry.state == EntryState.PUBLISHED


_AUTHOR = Ground(is_author, _("a écrit la fiche"))

grant(
    "knowledge.add_entry",
    label=_("Écrire un exemple, un outil, une publication ou un événement"),
    about="platform",
    grounds=[SIGNED_IN],
)
grant(
    "knowledge.view_entry",
    label=_("Lire la fiche"),
    about="entry",
    grounds=[Ground(is_published, _("comme tout le monde : la fiche est publiée")), EDITS, _AUTHOR],
)
grant(
    "knowledge.change_entry",
    label=_("Modifier la fiche"),
    about="entry",
    grounds=[EDITS, Ground(is_author & is_draft, _("a écrit la fiche, qui est un brouillon"))],
)
grant(
    "knowledge.submit_entry",
    label=_("Envoyer la fiche en relecture"),
    about="entry",
    grounds=[_AUTHOR, EDITS],
)
grant(
    "knowledge.withdraw_entry",
    label=_("Reprendre la fiche envoyée en relecture"),
    about="entry",
    grounds=[_AUTHOR],
)
grant(
    "knowledge.review_entry",
    label=_("Publier la fiche, ou la renvoyer à son auteur"),
    about="entry",
    grounds=[
        ADMINISTERS,
        Ground(
            is_editor & ~is_author,
            _("tient la rédaction de la plateforme sans avoir écrit la fiche"),
        ),
    ],
)
grant(
    "knowledge.unpublish_entry",
    label=_("Retirer la fiche de ce qui est publié"),
    about="entry",
    grounds=[EDITS],
)
grant(
    "knowledge.review_entries",
    label=_("Voir les fiches à relire"),
    about="platform",
    grounds=[EDITS],
)


# Sheets made from the file of an alliance at a fund. Whoever prepares one reads nothing of the file
# that they could not read there; whoever is named answers for the organisation they act for.

PREPARE_SHEET = "knowledge.prepare_sheet"
SEE_SHEET = "knowledge.see_sheet"
ANSWER_SHEET = "knowledge.answer_sheet"
REVIEW_SHEET = "knowledge.review_sheet"


def keeps_fund(user: User | AnonymousUser, fund: Fund) -> bool:
    """Tell whether a person is an officer of a fund."""
    return Role.FUND_OFFICER in roles_at(user, fund.stable_name)


@rules.predicate
def keeps_its_fund(user: User | AnonymousUser, target: Any = None) -> bool:
    """Tell whether a person is an officer of the fund of a sheet."""
    return target is not None and keeps_fund(user, target.fund)


@rules.predicate
def prepared_it(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and user.is_active and target.created_by_id == user.pk


@rules.predicate
def is_asked_about_it(user: User | AnonymousUser, target: Any = None) -> bool:
    """Tell whether a person acts for a party of which the consent was asked."""
    if target is None or target.pk is None or not organisations_acted_for(user):
        return False
    return any(_answers(user, target, row) for row in consents_of(target))


@rules.predicate
def answers_for_the_party(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and _answers(user, target.proposal, target)


def _answers(user: User | AnonymousUser, proposal: SheetProposal, consent: SheetConsent) -> bool:
    if consent.is_fund or consent.organisation is None:
        return False
    here = organisations_acted_for(user, alliance=proposal.alliance.stable_name)
    return consent.organisation.stable_name in here


@rules.predicate
def answers_for_the_fund(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and target.is_fund and keeps_its_fund.test(user, target.proposal)


_KEEPS = Ground(keeps_its_fund, _("gère le fonds dont le dossier est raconté"))
_FACILITATES = Ground(facilitates_the_alliance, _("anime un périmètre où agit l’alliance"))
_NOT_PREPARER = Ground(
    is_editor & ~prepared_it, _("tient la rédaction de la plateforme sans avoir préparé la fiche")
)

grant(
    PREPARE_SHEET,
    label=_("Préparer une fiche depuis un dossier, la corriger, demander les accords"),
    about="sheet",
    grounds=[_KEEPS, _FACILITATES],
)
grant(
    SEE_SHEET,
    label=_("Lire une fiche en préparation et les accords qui la concernent"),
    about="sheet",
    grounds=[
        _KEEPS,
        _FACILITATES,
        EDITS,
        Ground(is_asked_about_it, _("agit pour une organisation que la fiche nomme")),
    ],
)
grant(
    ANSWER_SHEET,
    label=_("Donner, refuser ou retirer l’accord de son organisation sur une fiche"),
    about="sheet consent",
    grounds=[
        Ground(answers_for_the_party, _("agit pour cette organisation")),
        Ground(answers_for_the_fund, _("gère le fonds dont le dossier est raconté")),
    ],
)
grant(
    REVIEW_SHEET,
    label=_("Publier une fiche tirée d’un dossier, ou la renvoyer"),
    about="sheet",
    grounds=[ADMINISTERS, _NOT_PREPARER],
)
