"""Reading the territories. Unless said otherwise, figures are those of the current vintage."""

from __future__ import annotations

from .codes import CodeReading, read_commune_codes
from .containment import communes_in, containing_ids, ids_inside, inside_ids, regions_of
from .facts import TerritoryFacts, facts_of
from .finding import Suggestion, by_codes, identify, resolve, successors, suggest
from .listings import (
    alliances_by_department,
    collectivities,
    figures,
    intercommunal_bodies_in,
    perimeters,
)
from .places import Link, Place, arrondissements_of, link, place
from .shapes import Box, Shape, shape_of, shapes_around, shapes_in
from .sizes import ids_of_size_class, profile_of, size_class_profiles
from .vintages import communes_count, current_vintage, is_loaded

__all__ = [
    "Box",
    "CodeReading",
    "Link",
    "Place",
    "Shape",
    "Suggestion",
    "TerritoryFacts",
    "alliances_by_department",
    "arrondissements_of",
    "by_codes",
    "collectivities",
    "communes_count",
    "communes_in",
    "containing_ids",
    "current_vintage",
    "facts_of",
    "figures",
    "identify",
    "ids_inside",
    "ids_of_size_class",
    "inside_ids",
    "intercommunal_bodies_in",
    "is_loaded",
    "link",
    "perimeters",
    "place",
    "profile_of",
    "read_commune_codes",
    "regions_of",
    "resolve",
    "shape_of",
    "shapes_around",
    "shapes_in",
    "size_class_profiles",
    "successors",
    "suggest",
]
