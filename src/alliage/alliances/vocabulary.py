"""The closed vocabulary of alliances: codes that the rules depend on.

Labels shown to people are translated by the platform; the open lists that an editor may change
(fragilities, goals and targets, functions of catalysts) are data, see ``data/reference``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class World(StrEnum):
    """The world an actor belongs to; an alliance joins several."""

    LOCAL_AUTHORITY = "local_authority"
    COMPANY = "company"
    ASSOCIATION = "association"
    FOUNDATION = "foundation"
    ACADEMIC = "academic"
    STATE_SERVICE = "state_service"
    CITIZEN = "citizen"
    OTHER = "other"


class Profile(StrEnum):
    """The finer profile of an actor, as the studies of the Observatoire name them."""

    CITIZEN = "citizen"
    LOCAL_ELECTED = "local_elected"
    LOCAL_AUTHORITY = "local_authority"
    STATE_SERVICE = "state_service"
    COMPANY = "company"
    ASSOCIATION = "association"
    FOUNDATION = "foundation"
    ACADEMIC = "academic"
    INVESTOR = "investor"
    SUPPORT_BODY = "support_body"
    CATALYST = "catalyst"
    SOCIAL_PROTECTION_GROUP = "social_protection_group"
    FAITH_COMMUNITY = "faith_community"
    NETWORK_HEAD = "network_head"


WORLD_OF_PROFILE: Mapping[Profile, World] = {
    Profile.CITIZEN: World.CITIZEN,
    Profile.LOCAL_ELECTED: World.LOCAL_AUTHORITY,
    Profile.LOCAL_AUTHORITY: World.LOCAL_AUTHORITY,
    Profile.STATE_SERVICE: World.STATE_SERVICE,
    Profile.COMPANY: World.COMPANY,
    Profile.ASSOCIATION: World.ASSOCIATION,
    Profile.FOUNDATION: World.FOUNDATION,
    Profile.ACADEMIC: World.ACADEMIC,
    # The documents give these profiles no world: an organisation's own record may say more.
    Profile.INVESTOR: World.OTHER,
    Profile.SUPPORT_BODY: World.OTHER,
    Profile.CATALYST: World.OTHER,
    Profile.SOCIAL_PROTECTION_GROUP: World.OTHER,
    Profile.FAITH_COMMUNITY: World.OTHER,
    Profile.NETWORK_HEAD: World.OTHER,
}


class Stage(StrEnum):
    """How far an alliance has come."""

    EMERGENCE = "emergence"
    MODELLING = "modelling"
    DEPLOYMENT = "deployment"


class Lever(StrEnum):
    """The seven levers of support, in the fixed order of the case sheets."""

    DATA = "data"
    TOOLS_RESOURCES = "tools_resources"
    NETWORKS = "networks"
    ENGINEERING_INPUT = "engineering_input"
    GOVERNANCE_DIALOGUE = "governance_dialogue"
    DIRECT_FUNDING = "direct_funding"
    PROMOTION = "promotion"


class OutcomeStatus(StrEnum):
    """What is known of an outcome, strongest first."""

    OBSERVED = "observed"
    DECLARED = "declared"
    ESTIMATED = "estimated"
    IN_PROGRESS = "in_progress"
    PLANNED = "planned"
    ANNOUNCED = "announced"
    CONDITIONAL = "conditional"


class AmountStatus(StrEnum):
    """What is known of an amount of support."""

    GRANTED = "granted"
    CONDITIONAL = "conditional"


class Reading(StrEnum):
    """How a fact was read in its source."""

    STATED = "stated"
    DERIVED = "derived"
    EXTERNAL = "external"


class OrganisationRole(StrEnum):
    """What an organisation does in the field, beside its world."""

    FUNDER = "funder"
    PROJECT_HOLDER = "project_holder"
    NETWORK_HEAD = "network_head"
    CATALYST = "catalyst"
    EXPERT = "expert"
    OBSERVER = "observer"
    PUBLIC_AUTHORITY = "public_authority"
    PUBLISHER = "publisher"


class OrganisationSize(StrEnum):
    """Size of an organisation by its staff.

    The source documents name the four sizes and give no bounds. The bounds are those of decree
    2008-1354, article 3, on staff alone: under 10, under 250, under 5,000, and above.
    """

    VERY_SMALL = "tpo"
    SMALL_MEDIUM = "pmo"
    INTERMEDIATE = "oti"
    LARGE = "large"
