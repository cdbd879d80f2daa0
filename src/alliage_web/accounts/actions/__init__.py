"""Writes about people, the roles that they hold, and how they came to hold them."""

from __future__ import annotations

from .accounts import set_up_account
from .delegations import (
    LONGEST,
    NOT_DELEGATED,
    DelegationFault,
    DelegationRefusedError,
    delegate_role,
    end_delegation,
)
from .invitations import (
    DAILY_LIMIT,
    VALID_FOR,
    InvitationFault,
    InvitationRefusedError,
    InvitationsRefusedError,
    Issued,
    TooManyInvitationsError,
    accept_invitation,
    cancel_invitation,
    deliver,
    invite,
    resend_invitation,
    why_refused,
)
from .memberships import join_organisation, leave_organisation
from .moving import move_people
from .roles import (
    LastAdministratorError,
    RoleRefusedError,
    change_role_end,
    give_role,
    keep_an_administrator,
    take_role,
)

__all__ = [
    "DAILY_LIMIT",
    "LONGEST",
    "NOT_DELEGATED",
    "VALID_FOR",
    "DelegationFault",
    "DelegationRefusedError",
    "InvitationFault",
    "InvitationRefusedError",
    "InvitationsRefusedError",
    "Issued",
    "LastAdministratorError",
    "RoleRefusedError",
    "TooManyInvitationsError",
    "accept_invitation",
    "cancel_invitation",
    "change_role_end",
    "delegate_role",
    "deliver",
    "end_delegation",
    "give_role",
    "invite",
    "join_organisation",
    "keep_an_administrator",
    "leave_organisation",
    "move_people",
    "resend_invitation",
    "set_up_account",
    "take_role",
    "why_refused",
]
