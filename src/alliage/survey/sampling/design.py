"""How a sample was drawn, and the rules that its errors follow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from alliage.survey.errors import SurveyError, SurveyProblem, listed


class LonelyUnit(StrEnum):
    """What the variance does with a stratum where one unit was drawn.

    ``CERTAINTY``: it was drawn for sure and adds nothing. ``ADJUST``: its total is held against
    zero, the mean of the linearised values. ``AVERAGE``: it adds what the others do on average.
    """

    FAIL = "fail"
    CERTAINTY = "certainty"
    ADJUST = "adjust"
    AVERAGE = "average"


class DfRule(StrEnum):
    """From what the degrees of freedom are counted.

    ``DOMAIN``: first-stage units minus strata, of those that hold respondents of the domain.
    ``DESIGN``: the same for the whole sample. For replicates, the rank of the weights minus one.
    """

    DOMAIN = "psu-strata"
    DESIGN = "design"


class ReplicateKind(StrEnum):
    """How replicate weights were made."""

    JK1 = "JK1"
    JKN = "JKn"
    BRR = "BRR"
    FAY = "Fay"
    BOOTSTRAP = "bootstrap"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicateColumns:
    """Replicate weights that came with the data.

    Attributes
    ----------
    columns
        The columns of weights.
    kind
        How they were made. It gives the scales where they follow from it.
    combined
        Whether they are whole weights; else they multiply the weight of the respondent.
    scale
        The factor of the sum of squares; needed for JKn and ``OTHER``.
    rscales
        The factor of each replicate; all 1 where it is empty.
    fay
        The coefficient of Fay, between 0 and 1.
    mse
        Whether squares are taken around the estimate; else around the mean of the replicates.
    """

    columns: tuple[str, ...]
    kind: ReplicateKind
    combined: bool = True
    scale: float | None = None
    rscales: tuple[float, ...] = ()
    fay: float = 0.0
    mse: bool = False

    def __post_init__(self) -> None:
        if self.kind not in tuple(ReplicateKind):
            msg = f"« {self.kind} » is no kind of replicates. Give {listed(ReplicateKind)}."
            raise SurveyError(SurveyProblem.REQUEST, msg, kind=self.kind)
        # A kind may be given by its word.
        object.__setattr__(self, "kind", ReplicateKind(self.kind))
        count = len(self.columns)
        if count < 2:
            msg = f"{count} replicate was given; two at least are needed. Name every column."
            raise SurveyError(SurveyProblem.REPLICATES, msg, count=count)
        if self.rscales and len(self.rscales) != count:
            msg = (
                f"There are {count} replicates and {len(self.rscales)} rscales. Give one for each."
            )
            raise SurveyError(SurveyProblem.REPLICATES, msg, count=count)
        needs = self.kind is ReplicateKind.OTHER or (
            self.kind is ReplicateKind.JKN and not self.rscales
        )
        if self.scale is None and needs:
            msg = (
                f"The scale of {self.kind} replicates does not follow from their number. "
                "Give `scale` or `rscales`, as the producer of the data documents them."
            )
            raise SurveyError(SurveyProblem.REPLICATES, msg, kind=self.kind)
        check_fay(self.fay)
        factors = (1.0 if self.scale is None else self.scale, *self.rscales)
        wrong = [each for each in factors if not 0 <= each < math.inf]
        if wrong or self.scale == 0 or (self.rscales and not any(self.rscales)):
            msg = (
                f"Replicates have the factors {listed(wrong) or 0}: their squares would not add up "
                "to a variance. Give `scale` above 0, and `rscales` of 0 or more."
            )
            raise SurveyError(SurveyProblem.REPLICATES, msg)

    @property
    def factor(self) -> float:
        """The scale that was given, else the one that the kind implies."""
        return (
            self.scale
            if self.scale is not None
            else implied_scale(self.kind, len(self.columns), self.fay)
        )


def implied_scale(kind: ReplicateKind, count: int, fay: float) -> float:
    """Return the factor of the sum of squares that a kind of replicates implies.

    Examples
    --------
    >>> implied_scale(ReplicateKind.BRR, 8, 0.0), implied_scale(ReplicateKind.FAY, 8, 0.5)
    (0.125, 0.5)
    """
    if kind is ReplicateKind.JK1:
        return (count - 1) / count
    if kind in {ReplicateKind.BRR, ReplicateKind.FAY}:
        return 1 / (count * (1 - fay) ** 2)
    return 1 / (count - 1) if kind is ReplicateKind.BOOTSTRAP else 1.0


def check_fay(fay: float) -> None:
    """Refuse a coefficient of Fay that is not in [0, 1)."""
    if not 0 <= fay < 1:
        msg = f"The coefficient of Fay is {fay}; it is 0 or more, and below 1."
        raise SurveyError(SurveyProblem.REPLICATES, msg, fay=fay)


Names: TypeAlias = str | tuple[str | None, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How a sample was drawn, by the names of its columns.

    Attributes
    ----------
    weights
        Design weights: the inverse of the probability to be drawn. Where it is ``None``, they
        come from ``fpc``, else every respondent counts for 1.
    strata
        The column of strata, or one for each stage.
    clusters
        The column of the units drawn, or one for each stage from the first on. ``None`` when
        respondents were drawn directly.
    fpc
        Numbers of units in the population of each stratum, or sampling fractions; one column
        for each stage. ``None``: drawn with replacement, or so few that it makes no difference.
        A stage counts only if the stages above it have one.
    nested
        Whether identifiers of clusters start again in each stratum. Else a cluster that stands
        in two strata is refused.
    replicates
        Replicate weights of the data. They then give the errors, and strata, clusters and fpc
        must not be given.
    lonely
        What to do with a stratum where a single unit was drawn.
    df
        A rule, or a number; ``math.inf`` for the normal distribution.

    Examples
    --------
    >>> design = Design(weights="pw", strata="stype", fpc="fpc")
    >>> design.stages
    1
    """

    weights: str | None = None
    strata: Names = None
    clusters: Names = None
    fpc: Names = None
    nested: bool = False
    replicates: ReplicateColumns | None = None
    lonely: LonelyUnit = LonelyUnit.FAIL
    df: DfRule | float = DfRule.DOMAIN

    def __post_init__(self) -> None:
        if self.lonely not in tuple(LonelyUnit):
            msg = f"« {self.lonely} » is no rule for a lonely unit. Give {listed(LonelyUnit)}."
            raise SurveyError(SurveyProblem.REQUEST, msg, lonely=self.lonely)
        # A rule may be given by its word.
        object.__setattr__(self, "lonely", LonelyUnit(self.lonely))
        if self.df in tuple(DfRule):
            object.__setattr__(self, "df", DfRule(str(self.df)))
        elif isinstance(self.df, str) or not self.df > 0:
            msg = (
                f"« {self.df} » degrees of freedom cannot be used. Give a number above 0, or a "
                f"rule: {listed(DfRule)}."
            )
            raise SurveyError(SurveyProblem.DEGREES_OF_FREEDOM, msg, df=self.df)
        drawn = [name for name in ("strata", "clusters", "fpc") if getattr(self, name) is not None]
        if self.replicates is not None and drawn:
            msg = (
                f"Replicate weights are given together with {listed(drawn)}: the replicates "
                "already hold the design. Remove one or the other."
            )
            raise SurveyError(SurveyProblem.REPLICATES, msg, given=listed(drawn))

    @property
    def stages(self) -> int:
        """How many stages the design names."""
        return max(1, *(len(per_stage(each)) for each in (self.strata, self.clusters, self.fpc)))

    def columns(self) -> tuple[str, ...]:
        """Return every column that the design names, once."""
        replicates = self.replicates.columns if self.replicates else ()
        named = (
            self.weights,
            *per_stage(self.strata),
            *per_stage(self.clusters),
            *per_stage(self.fpc),
            *replicates,
        )
        return tuple(dict.fromkeys(name for name in named if name is not None))


def per_stage(names: Names) -> tuple[str | None, ...]:
    """Return one name for each stage.

    Examples
    --------
    >>> per_stage("region"), per_stage(("district", "school")), per_stage(None)
    (('region',), ('district', 'school'), ())
    """
    if names is None:
        return ()
    return (names,) if isinstance(names, str) else tuple(names)
