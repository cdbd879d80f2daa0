"""Whom to see and what to read after a positioning, and why: examples, support bodies, distances.

Reasons, and what is to be checked, are codes with values: the page turns each into a sentence in
the language of the reader. See ``docs/algorithms/positioning-orientation.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

from pydantic import Field, model_validator

from alliage.alliances.records import CODE, SLUG, Part
from alliage.alliances.vocabulary import Reading, Stage, World
from alliage.positioning.questionnaire import questionnaire
from alliage.territories.levels import Level
from alliage.values.datafiles import data_directory
from alliage.values.yaml_files import Fault, FaultyRecordError, Problem, read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from alliage.knowledge.comparable import Situation

ItemT = TypeVar("ItemT")

_Code = Annotated[str, Field(pattern=CODE)]
_Sentence = Annotated[str, Field(min_length=1, max_length=500)]
_Name = Annotated[str, Field(min_length=1, max_length=120)]
_Url = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=400)]

#: What catalysts do that serves each door. Chosen, not measured.
FUNCTIONS_OF_DOORS: Mapping[str, tuple[str, ...]] = {
    "performance_engagement": ("territorial_dialogue", "support"),
    "balance_socioeconomic_models": ("support", "place_management"),
    "innovate": ("collective_experiments", "support"),
    "co_construct_locally": ("territorial_dialogue", "place_management"),
}

#: From this step, what to do comes before what to read.
FIRST_STEP_OF_TOOLS = 1

#: The stage of an alliance that resembles each step.
_STAGE_OF_STEP = (Stage.EMERGENCE, Stage.EMERGENCE, Stage.MODELLING, Stage.DEPLOYMENT)

#: Circles in kilometres, drawn one after the other until something lies in one.
CATALYST_CIRCLES = (50, 100, 200)
SITE_CIRCLES = (10, 25, 50)


# Support bodies as data


class SupportProblem(Problem):
    """What is wrong in a file of support bodies."""

    REPEATED = "repeated", "« %(code)s » stands twice. Give each support body its own code."
    UNKNOWN_DOOR = "unknown_door", "« %(door)s » is no door. Write one of: %(doors)s."
    PLACELESS = (
        "placeless",
        "a perimeter of the level « %(level)s » %(fact)s. Name codes, but for the country.",
    )


class Help(StrEnum):
    """What a support body brings."""

    GUIDANCE = "guidance"
    SUPPORT = "support"
    INCUBATION = "incubation"
    ENGINEERING = "engineering"
    FUNDING = "funding"
    NETWORK = "network"


#: What helps somebody pay for something.
MONEY = frozenset({Help.FUNDING, Help.ENGINEERING})


class Perimeter(Part):
    """Where a support body works: the country, or territories of one level by their codes."""

    level: Level
    codes: tuple[Annotated[str, Field(min_length=1, max_length=60)], ...] = ()

    @model_validator(mode="after")
    def _named(self) -> Perimeter:
        if (self.level is Level.COUNTRY) == bool(self.codes):
            fact = "names codes" if self.codes else "names no code"
            raise FaultyRecordError(
                Fault(SupportProblem.PLACELESS, {"level": self.level.value, "fact": fact})
            )
        return self


class Complement(Part):
    """A fact from outside the documents, which nobody has verified yet: shown as such."""

    fact_fr: _Sentence
    fact_en: _Sentence
    publisher: _Name
    url: _Url
    source: _Sentence


class SupportBody(Part):
    """Somebody to turn to. What is ``None`` is not stated by the documents: neither no nor yes."""

    code: _Code
    name_fr: _Name
    name_en: _Name
    helps: Annotated[tuple[Help, ...], Field(min_length=1)]
    does_fr: _Sentence
    does_en: _Sentence
    doors: Annotated[tuple[_Code, ...], Field(min_length=1)]
    worlds: Annotated[tuple[World, ...], Field(min_length=1)] | None
    worlds_reading: Reading | None = None
    perimeter: Perimeter | None
    where_fr: _Sentence | None = None
    where_en: _Sentence | None = None
    conditions_fr: _Sentence | None
    conditions_en: _Sentence | None
    organisations: tuple[Annotated[str, Field(pattern=SLUG)], ...] = ()
    url: _Url | None
    complements: tuple[Complement, ...] = ()
    source: _Sentence


class SupportBodies(Part):
    """A file of support bodies."""

    licence: _Sentence
    attribution: _Sentence
    bodies: tuple[SupportBody, ...]

    @model_validator(mode="after")
    def _holds_together(self) -> SupportBodies:
        codes = [one.code for one in self.bodies]
        doors = [door.code for door in questionnaire().doors]
        faults = [
            Fault(SupportProblem.REPEATED, {"code": code}, ("bodies", place, "code"))
            for place, code in enumerate(codes)
            if code in codes[:place]
        ] + [
            Fault(
                SupportProblem.UNKNOWN_DOOR,
                {"door": door, "doors": ", ".join(doors)},
                ("bodies", place, "doors"),
            )
            for place, one in enumerate(self.bodies)
            for door in one.doors
            if door not in doors
        ]
        if faults:
            raise FaultyRecordError(*faults)
        return self


def read_support_bodies(path: Path | None = None) -> tuple[SupportBody, ...]:
    """Read support bodies from a YAML file.

    Parameters
    ----------
    path
        The file; that which ships with Alliage if it is left out.

    Raises
    ------
    InvalidFilesError
        With every problem and its place.

    Examples
    --------
    >>> "dla" in {one.code for one in read_support_bodies()}
    True
    """
    file = path or data_directory() / "support" / "bodies.yaml"
    return read_record(file, SupportBodies).bodies


# What is wished for


@dataclass(frozen=True, slots=True)
class Wish:
    """What is known of whom is oriented; what is empty or ``None`` is not known.

    Attributes
    ----------
    doors
        The doors that fit, the most probable first.
    world
        The world of whom is oriented.
    size
        The size class of the territory.
    places
        The level and code of the territory and of those that contain it.
    domains
        Themes, by their codes.
    step
        The step in the first door.
    """

    doors: tuple[str, ...] = ()
    world: World | None = None
    size: str = ""
    places: frozenset[tuple[str, str]] = frozenset()
    domains: frozenset[str] = frozenset()
    step: int | None = None


class Why(StrEnum):
    """Why something is recommended."""

    #: values: doors that it serves.
    DOOR = "door"
    #: values: the world, which it is for, or which takes part.
    WORLD = "world"
    #: values: domains in common.
    DOMAIN = "domain"
    #: values: the size class.
    SAME_SIZE = "same_size"
    #: It works in the whole country.
    EVERYWHERE = "everywhere"
    #: values: the territory, as level and code, where it works.
    HERE = "here"


class Check(StrEnum):
    """What to check before copying an example, or before knocking at a door."""

    #: values: size classes there.
    OTHER_SIZE = "other_size"
    #: The size of its territory is not known, or it covers a department or more.
    SIZE_UNKNOWN = "size_unknown"
    #: values: worlds that took part, where that of whom is oriented is not among them.
    WORLD_ABSENT = "world_absent"
    #: values: worlds that took part, beside that of whom is oriented.
    WORLDS_BESIDE = "worlds_beside"
    #: Who took part is not known.
    WORLDS_UNKNOWN = "worlds_unknown"
    #: values: stage there, further than the step.
    FURTHER = "further"
    #: No domain is in common.
    OTHER_DOMAIN = "other_domain"
    #: The documents do not say for whom it is.
    AUDIENCE_NOT_STATED = "audience_not_stated"
    #: The documents do not say where it works.
    PERIMETER_NOT_STATED = "perimeter_not_stated"
    #: The documents do not say on what conditions.
    CONDITIONS_NOT_STATED = "conditions_not_stated"
    #: A fact comes from outside the documents.
    TO_VERIFY = "to_verify"


@dataclass(frozen=True, slots=True)
class Told(Generic[ItemT]):
    """A code and the values to put in its sentence."""

    code: ItemT
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice(Generic[ItemT]):
    """Something recommended, why, and what to check."""

    item: ItemT
    why: tuple[Told[Why], ...]
    checks: tuple[Told[Check], ...]


# Support bodies


def suited_bodies(bodies: Iterable[SupportBody], wish: Wish) -> tuple[Choice[SupportBody], ...]:
    """Return the support bodies that may help, those that serve most doors first.

    A body is left out only where the documents say that it is for other worlds or other places, or
    where it serves none of the doors wished: what they do not say is to be checked.

    Parameters
    ----------
    bodies
        The support bodies that are known.
    wish
        What is known of whom is oriented; without a door, every door counts.

    Examples
    --------
    >>> wish = Wish(doors=("innovate",), world=World.ASSOCIATION)
    >>> found = suited_bodies(read_support_bodies(), wish)
    >>> "fonds_i" in {choice.item.code for choice in found}
    True
    """
    kept = [one for one in bodies if _serves(one, wish) and _works_there(one, wish)]
    order = sorted(
        kept,
        key=lambda one: (
            -len(set(one.doors) & set(wish.doors)),
            one.worlds is None,
            one.perimeter is None,
            one.code,
        ),
    )
    return tuple(
        Choice(one, tuple(_why_body(one, wish)), tuple(_checks_of_body(one))) for one in order
    )


def _serves(body: SupportBody, wish: Wish) -> bool:
    for_it = body.worlds is None or wish.world is None or wish.world in body.worlds
    return for_it and (not wish.doors or bool(set(body.doors) & set(wish.doors)))


def _works_there(body: SupportBody, wish: Wish) -> bool:
    where = body.perimeter
    if where is None or where.level is Level.COUNTRY or not wish.places:
        return True
    return bool(_shared_places(where, wish))


def _shared_places(where: Perimeter, wish: Wish) -> list[str]:
    return [code for code in where.codes if (where.level.value, code) in wish.places]


def _why_body(body: SupportBody, wish: Wish) -> Iterator[Told[Why]]:
    doors = tuple(door for door in wish.doors if door in body.doors)
    if doors:
        yield Told(Why.DOOR, doors)
    if wish.world is not None and body.worlds is not None:
        yield Told(Why.WORLD, (wish.world.value,))
    if body.perimeter is not None:
        if body.perimeter.level is Level.COUNTRY:
            yield Told(Why.EVERYWHERE)
        elif shared := _shared_places(body.perimeter, wish):
            yield Told(Why.HERE, tuple(f"{body.perimeter.level}/{code}" for code in shared))


def _checks_of_body(body: SupportBody) -> Iterator[Told[Check]]:
    if body.worlds is None:
        yield Told(Check.AUDIENCE_NOT_STATED)
    if body.perimeter is None:
        yield Told(Check.PERIMETER_NOT_STATED)
    if body.conditions_fr is None:
        yield Told(Check.CONDITIONS_NOT_STATED)
    if body.complements:
        yield Told(Check.TO_VERIFY)


# Examples


def suited_examples(
    examples: Iterable[Situation], wish: Wish, *, limit: int = 2
) -> tuple[Choice[Situation], ...]:
    """Return examples of the same need, those of a comparable territory first.

    The need is the door, and the domains where some are wished: examples of the door alone then
    follow, and it is said.

    Parameters
    ----------
    examples
        The published examples.
    wish
        What is known of whom is oriented. Without a door nothing is recommended.
    limit
        Examples at most; two parts of one alliance are never both recommended.

    Examples
    --------
    >>> from alliage.knowledge.comparable import Situation
    >>> doors, large, small = frozenset({"innovate"}), frozenset({"large"}), frozenset({"tpt"})
    >>> examples = [
    ...     Situation(key, frozenset(), doors, sizes) for key, sizes in [("a", large), ("b", small)]
    ... ]
    >>> found = suited_examples(examples, Wish(doors=("innovate",), size="tpt"))
    >>> [choice.item.key for choice in found], found[0].why[1].values
    (['b', 'a'], ('tpt',))
    """
    same_door = [one for one in examples if one.objectives & set(wish.doors)]
    order = sorted(same_door, key=lambda one: _order_of_example(one, wish))
    chosen: list[Situation] = []
    for one in order:
        if not one.family or one.family not in {other.family for other in chosen}:
            chosen.append(one)
    return tuple(
        Choice(one, tuple(_why_example(one, wish)), tuple(_checks_of_example(one, wish)))
        for one in chosen[:limit]
    )


def _order_of_example(one: Situation, wish: Wish) -> tuple[bool, bool, int, bool, int, str]:
    doors = [place for place, door in enumerate(wish.doors) if door in one.objectives]
    return (
        bool(wish.domains) and not one.domains & wish.domains,
        bool(wish.size) and wish.size not in one.sizes,
        -len(one.domains & wish.domains),
        wish.world is not None and wish.world.value not in one.worlds,
        doors[0],
        one.key,
    )


def _why_example(one: Situation, wish: Wish) -> Iterator[Told[Why]]:
    yield Told(Why.DOOR, tuple(door for door in wish.doors if door in one.objectives))
    if domains := one.domains & wish.domains:
        yield Told(Why.DOMAIN, tuple(sorted(domains)))
    if wish.size and wish.size in one.sizes:
        yield Told(Why.SAME_SIZE, (wish.size,))
    if wish.world is not None and wish.world.value in one.worlds:
        yield Told(Why.WORLD, (wish.world.value,))


def _checks_of_example(one: Situation, wish: Wish) -> Iterator[Told[Check]]:
    if wish.domains and not one.domains & wish.domains:
        yield Told(Check.OTHER_DOMAIN)
    if not one.sizes:
        yield Told(Check.SIZE_UNKNOWN)
    elif wish.size and wish.size not in one.sizes:
        yield Told(Check.OTHER_SIZE, tuple(sorted(one.sizes)))
    yield from _checks_of_worlds(one, wish)
    if one.stage and wish.step is not None:
        stages = list(Stage)
        if stages.index(Stage(one.stage)) > stages.index(_STAGE_OF_STEP[wish.step]):
            yield Told(Check.FURTHER, (one.stage,))


def _checks_of_worlds(one: Situation, wish: Wish) -> Iterator[Told[Check]]:
    if not one.worlds:
        yield Told(Check.WORLDS_UNKNOWN)
        return
    own = {wish.world.value} if wish.world else set()
    if own and not own & one.worlds:
        yield Told(Check.WORLD_ABSENT, tuple(sorted(one.worlds)))
    elif beside := one.worlds - own - {World.OTHER.value}:
        yield Told(Check.WORLDS_BESIDE, tuple(sorted(beside)))


# Distances


@dataclass(frozen=True, slots=True)
class Nearest(Generic[ItemT]):
    """What lies in the first circle that is not empty.

    Attributes
    ----------
    found
        Each with its distance in kilometres, the nearest first.
    circle
        The circle in kilometres; ``None`` if all are beyond the last.
    empty
        The largest circle where nothing lies; ``None`` if the first has something.
    """

    found: tuple[tuple[float, ItemT], ...]
    circle: int | None
    empty: int | None


def nearest(
    measured: Sequence[tuple[float, ItemT]], circles: Sequence[int], *, limit: int
) -> Nearest[ItemT]:
    """Return what is nearest, and in which circle: nothing near leads to the next wider one.

    Parameters
    ----------
    measured
        Each with its distance in kilometres, the nearest first.
    circles
        Radii in kilometres, the smallest first.
    limit
        How many at most.

    Examples
    --------
    >>> nearest([(32.0, "a"), (48.5, "b"), (70.0, "c")], (10, 25, 50), limit=5)
    Nearest(found=((32.0, 'a'), (48.5, 'b')), circle=50, empty=25)
    >>> nearest([(320.0, "a")], (10, 25, 50), limit=5)
    Nearest(found=((320.0, 'a'),), circle=None, empty=50)
    """
    empty = None
    for circle in circles:
        within = tuple(pair for pair in measured if pair[0] <= circle)[:limit]
        if within:
            return Nearest(within, circle, empty)
        empty = circle
    return Nearest(tuple(measured[:limit]), None, empty)
