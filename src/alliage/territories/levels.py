"""The levels of the French territorial hierarchy."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """A level of territory; ``PERIMETER`` is a project's own set of communes."""

    COUNTRY = "country"
    REGION = "region"
    DEPARTMENT = "department"
    EPCI = "epci"
    EPT = "ept"
    COMMUNE = "commune"
    ARRONDISSEMENT = "arrondissement"
    PERIMETER = "perimeter"
