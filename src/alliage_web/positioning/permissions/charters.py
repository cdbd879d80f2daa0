"""Who may read, write and sign a charter: those who act for its parties, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import rules
from django.utils.translation import gettext_lazy as _

from alliage_web.accounts.permissions import CREATED, EDITS, Ground, grant
from alliage_web.accounts.queries import holdings_of, organisations_of
from alliage_web.alliances.permissions import facilitates
from alliage_web.fund.permissions import acts_for, acts_for_a_party
from alliage_web.positioning.queries.charters import acted_for, own_parties, readers_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from alliage_web.accounts.models import User

BEGIN_CHARTER: Final = "positioning.begin_charter"
READ_CHARTER: Final = "positioning.read_charter"
WRITE_CHARTER: Final = "positioning.write_charter"
ANSWER_CHARTER: Final = "positioning.answer_charter"
ATTACH_CHARTER: Final = "positioning.attach_charter"


@rules.predicate
def acts_for_a_reader(user: User | AnonymousUser, target: Any = None) -> bool:
    """Tell whether a person acts for a party of a version, or of a later one."""
    if target is None or not (organisations_of(user) or holdings_of(user)):
        return False
    names = acted_for(user, target.charter)
    return bool(names) and not names.isdisjoint(readers_of(target))


@rules.predicate
def acts_for_a_bound_party(user: User | AnonymousUser, target: Any = None) -> bool:
    """Tell whether a person acts for a party that has not said that it leaves."""
    return target is not None and any(row.leaves_on is None for row in own_parties(user, target))


@rules.predicate
def acts_for_this_party(user: User | AnonymousUser, target: Any = None) -> bool:
    return target is not None and target.organisation.stable_name in acted_for(
        user, target.version.charter
    )


grant(
    BEGIN_CHARTER,
    label=_("Commencer une charte au nom de l’organisation"),
    about="organisation",
    grounds=[Ground(acts_for, _("appartient à l’organisation, ou agit pour elle"))],
)
grant(
    READ_CHARTER,
    label=_("Lire une charte qui n’est pas publique"),
    about="charter version",
    grounds=[
        Ground(
            acts_for_a_reader,
            _("agit pour une partie de cette version ou d’une version suivante"),
        )
    ],
)
grant(
    WRITE_CHARTER,
    label=_("Écrire une charte, inviter des parties, l’ouvrir à la signature"),
    about="charter version",
    grounds=[
        Ground(acts_for_a_bound_party, _("agit pour une partie de la charte qui ne la quitte pas"))
    ],
)
grant(
    ANSWER_CHARTER,
    label=_("Proposer, signer, décliner ou quitter une charte au nom d’une partie"),
    about="charter party",
    grounds=[Ground(acts_for_this_party, _("agit pour cette partie"))],
)
grant(
    ATTACH_CHARTER,
    label=_("Rattacher une charte à l’alliance"),
    about="alliance",
    grounds=[
        EDITS,
        CREATED,
        Ground(facilitates, _("anime un périmètre où agit l’alliance")),
        Ground(acts_for_a_party, _("agit pour une partie prenante de l’alliance")),
    ],
)
