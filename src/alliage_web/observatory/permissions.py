"""Who may work on the waves of the observatory; what is published is for everyone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import rules
from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.models import Role
from alliage_web.accounts.permissions import (
    ADMINISTERS,
    SIGNED_IN,
    Ground,
    grant,
    holds_here,
    is_signed_in,
)
from alliage_web.accounts.queries import roles_at
from alliage_web.accounts.queries.own_places import OBSERVATORY, Whole

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User

SEE_PIPELINE: Final = "observatory.see_pipeline"
READ_RESPONDENTS: Final = "observatory.read_respondents"
WRITE_RELEASES: Final = "observatory.write_releases"
REVIEW_RELEASE: Final = "observatory.review_release"

_RESEARCHES = Ground(holds_here(Role.RESEARCHER), _("fait de la recherche à l’observatoire"))


@rules.predicate
def reads_again(user: User | AnonymousUser, target: Any = None) -> bool:
    """Tell whether a researcher neither computed nor submitted a release."""
    return (
        target is not None
        and Role.RESEARCHER in roles_at(user, OBSERVATORY)
        and user.pk not in {target.computed_by_id, target.submitted_by_id}
    )


grant(
    SEE_PIPELINE,
    label=_("Voir les vagues en préparation, les brouillons et leurs rapports"),
    about="observatory",
    grounds=[ADMINISTERS, _RESEARCHES],
)
# Who administers the platform keeps it running; the answers of people are not theirs to read.
grant(
    READ_RESPONDENTS,
    label=_("Déposer, décrire, télécharger et détruire un fichier de répondants"),
    about="observatory",
    grounds=[_RESEARCHES],
)
grant(
    WRITE_RELEASES,
    label=_("Calculer, soumettre, abandonner et retirer une publication"),
    about="observatory",
    grounds=[_RESEARCHES],
)
grant(
    REVIEW_RELEASE,
    label=_("Relire une publication : l’approuver ou la renvoyer"),
    about="release",
    grounds=[
        Ground(
            reads_again,
            _("fait de la recherche à l’observatoire, et n’a ni calculé ni soumis la publication"),
        )
    ],
)


# Debates on a release, in a territory. Moderators read who wrote; nobody else does.

OPEN_DEBATE: Final = "observatory.open_debate"
MODERATE_DEBATE: Final = "observatory.moderate_debate"
CONTRIBUTE: Final = "observatory.contribute"
DECIDE_CONTRIBUTION: Final = "observatory.decide_contribution"
WITHDRAW_CONTRIBUTION: Final = "observatory.withdraw_contribution"


@rules.predicate
def researches(user: User | AnonymousUser, _target: Any = None) -> bool:
    return Role.RESEARCHER in roles_at(user, OBSERVATORY)


@rules.predicate
def catalyses_its_territory(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and Role.CATALYST in roles_at(user, target.territory.stable_name)


@rules.predicate
def moderates_what_another_wrote(user: User | AnonymousUser, target: Any = None) -> bool:
    """Tell whether a person moderates the debate of a contribution that is not their own."""
    return (
        target is not None
        and user.pk != target.author_id
        and bool(rules.has_perm(MODERATE_DEBATE, user, target.debate))
    )


@rules.predicate
def wrote_it(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and is_signed_in.test(user) and user.pk == target.author_id


_ANY_RESEARCH = Ground(researches, _("fait de la recherche à l’observatoire"))

grant(
    OPEN_DEBATE,
    label=_("Ouvrir un débat de l’observatoire sur ce territoire"),
    about="territory",
    grounds=[
        ADMINISTERS,
        _ANY_RESEARCH,
        Ground(holds_here(Role.CATALYST), _("est catalyseur de ce territoire")),
    ],
)
grant(
    MODERATE_DEBATE,
    label=_("Modifier un débat, modérer ses contributions et en écrire la synthèse"),
    about="debate",
    grounds=[
        ADMINISTERS,
        _ANY_RESEARCH,
        Ground(catalyses_its_territory, _("est catalyseur du territoire du débat")),
    ],
)
grant(
    CONTRIBUTE,
    label=_("Contribuer à un débat ouvert, signaler une contribution"),
    about="debate",
    grounds=[SIGNED_IN],
)
grant(
    DECIDE_CONTRIBUTION,
    label=_("Publier, refuser ou retirer une contribution"),
    about="contribution",
    grounds=[
        Ground(
            moderates_what_another_wrote,
            _("modère le débat, et n’a pas écrit la contribution"),
        )
    ],
)
grant(
    WITHDRAW_CONTRIBUTION,
    label=_("Retirer sa contribution"),
    about="contribution",
    grounds=[Ground(wrote_it, _("a écrit la contribution"))],
)

# The catalogue: studies, waves and questions, and the figures that are kept inside.

WRITE_CATALOGUE: Final = "observatory.write_catalogue"
SEE_WITHHELD: Final = "observatory.see_withheld"

grant(
    WRITE_CATALOGUE,
    label=_("Décrire les études, les vagues et leurs questions"),
    about="observatory",
    grounds=[_RESEARCHES],
)
grant(
    SEE_WITHHELD,
    label=_("Lire les chiffres de documents qui ne sont pas publiés, et pourquoi"),
    about="observatory",
    grounds=[ADMINISTERS, _RESEARCHES],
)


def may_here(user: User | AnonymousUser, permission: str) -> bool:
    """Tell whether a person may do something at the observatory, which is no row."""
    allowed: bool = rules.has_perm(permission, user, Whole(OBSERVATORY))
    return allowed
