"""Who holds which role where, and what is done with personal data."""

from __future__ import annotations

from .holdings import (
    Held,
    entrusted,
    held,
    holding_only,
    holdings_of,
    organisations_of,
    people_who_hold,
    role_label,
    roles_at,
    roles_of,
    with_holdings,
)
from .invitations import (
    addresses_of,
    digest_of,
    invitation_numbered,
    invitation_of,
    is_address_of,
    waiting_at,
    waiting_for,
)
from .places import MEMBER, Place, PlaceKind, kind_of, place, place_kinds, register_kind
from .register import Processing, processing_register
from .standing import (
    Standing,
    known_to,
    members_at,
    own_standing,
    places_in_use,
    received_by,
    standing_at,
)
from .ties import Belonging, Replacement, Ties, names_of, ties_of

__all__ = [
    "MEMBER",
    "Belonging",
    "Held",
    "Place",
    "PlaceKind",
    "Processing",
    "Replacement",
    "Standing",
    "Ties",
    "addresses_of",
    "digest_of",
    "entrusted",
    "held",
    "holding_only",
    "holdings_of",
    "invitation_numbered",
    "invitation_of",
    "is_address_of",
    "kind_of",
    "known_to",
    "members_at",
    "names_of",
    "organisations_of",
    "own_standing",
    "people_who_hold",
    "place",
    "place_kinds",
    "places_in_use",
    "processing_register",
    "received_by",
    "register_kind",
    "role_label",
    "roles_at",
    "roles_of",
    "standing_at",
    "ties_of",
    "waiting_at",
    "waiting_for",
    "with_holdings",
]
