"""The person who is signed in."""

from __future__ import annotations

import datetime as dt

from ninja import Schema
from pydantic import Field

from .common import Known, Text, _


class HeldRole(Schema):
    """A role that the person holds now."""

    role: Text
    label: Text
    place: Text = Field(description=_("où il est tenu ; « platform » : toute la plateforme"))
    organisation: Known = Field(description=_("au nom de quelle organisation"))
    since: dt.datetime
    until: dt.datetime | None
    lent_by: Known = Field(description=_("la personne absente qui a confié ce rôle"))


class Me(Schema):
    """Who is signed in, and the roles held now."""

    name: Text
    email: Text
    roles: list[HeldRole]
