"""What experts and interviews said of the questionnaire: data, since no answer tells it.

See ``docs/algorithms/positioning-validation.md``.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from alliage.alliances.records import CODE, Part
from alliage.alliances.vocabulary import World
from alliage.values.yaml_files import read_record

if TYPE_CHECKING:
    from alliage.positioning.questionnaire import Questionnaire

DEFAULT_FIELDWORK: Final = Path(__file__).parent / "fieldwork.yaml"

#: Cognitive interviews of each world. Source: Willis (2005), Cognitive Interviewing.
INTERVIEWS: Final = 10
#: « Other » is no world that answers.
_WORLDS: Final = tuple(world for world in World if world is not World.OTHER)

_Mark = Annotated[int, Field(ge=1, le=4)]


class Fieldwork(Part):
    """The marks of experts and the interviews held, for a version of the questionnaire."""

    version: Annotated[int, Field(gt=0)]
    relevance: dict[Annotated[str, Field(pattern=CODE)], tuple[_Mark, ...]]
    interviews: dict[World, Annotated[int, Field(ge=0)]]

    @property
    def fewest_interviews(self) -> int:
        """The interviews of the world that has the fewest.

        Examples
        --------
        >>> Fieldwork(version=1, relevance={}, interviews={World.CITIZEN: 12}).fewest_interviews
        0
        """
        return min(self.interviews.get(world, 0) for world in _WORLDS)

    @property
    def has_interviews(self) -> bool:
        """Whether enough interviews were held in each world."""
        return self.fewest_interviews >= INTERVIEWS

    def is_about(self, asked: Questionnaire) -> bool:
        """Tell whether these words were the ones that were judged."""
        return self.version == asked.version


@functools.cache
def fieldwork() -> Fieldwork:
    """Return what was done so far.

    Raises
    ------
    InvalidFilesError
        With every problem of the file and its place.

    Examples
    --------
    >>> fieldwork().has_interviews
    False
    """
    return read_record(DEFAULT_FIELDWORK, Fieldwork)
