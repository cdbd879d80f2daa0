"""What a fund of repayable advances may expect: the money that comes back is lent again.

A forecast speaks of expectations, where a mission may be a fraction: its figures are floats, in
euros.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from alliage.values.money import ZERO, Euros, euros

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The exact distribution of losses needs the square of the number of advances.
LARGEST_PORTFOLIO = 1_000
LONGEST_FORECAST = 100


class ForecastProblem(StrEnum):
    """Why a forecast cannot be made."""

    AMOUNT = "amount"
    PROBABILITY = "probability"
    NEVER_LOSES = "never_loses"
    CORRELATION = "correlation"
    YEARS = "years"
    PORTFOLIO = "portfolio"
    COUNTS = "counts"


class ForecastError(ValueError):
    """A forecast cannot be made as asked.

    Attributes
    ----------
    problem
        What is wrong.
    values
        The facts of the refusal, by name, as text: what was given and what is possible.
    """

    def __init__(self, problem: ForecastProblem, message: str, **values: object) -> None:
        self.problem = problem
        self.values = {name: str(value) for name, value in values.items()}
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class AdvanceParameters:
    """What a forecast of repayable advances depends on.

    Attributes
    ----------
    capital
        Money of the fund at the start, in euros.
    advance
        One advance, in euros.
    success
        Probability that a mission succeeds, from 0 to 1.
    repaid_if_success
        Probability that the advance of a mission that succeeded is repaid, from 0 to 1.
    lag
        Years between an advance and its repayment. With 0 the money comes back at the end of the
        year of the advance: it is never lent twice in one year.
    years
        Length of the forecast.
    overhead
        Yearly running costs, as a share of the capital at the start.
    fresh_money
        Money that comes in each year, the first included, in euros.
    icc
        Intraclass correlation of success between missions, from 0 to less than 1.
    whole_missions
        Lend whole advances only and keep the rest in cash, or (default) reason on averages.

    Raises
    ------
    ForecastError
        If a value is out of its bounds, or if nothing is ever lost (``success`` and
        ``repaid_if_success`` both 1): the money would turn for ever, and no figure would be finite.
    """

    capital: Euros
    advance: Euros
    success: float
    repaid_if_success: float
    lag: int
    years: int = 10
    overhead: float = 0.0
    fresh_money: Euros = ZERO
    icc: float = 0.0
    whole_missions: bool = False

    def __post_init__(self) -> None:
        for name in ("capital", "advance", "fresh_money"):
            object.__setattr__(self, name, euros(getattr(self, name)))
        if not ZERO < self.advance <= self.capital or self.fresh_money < 0:
            msg = (
                f"An advance of {self.advance} € out of {self.capital} €, with {self.fresh_money} "
                "€ a year, is not possible. Give an advance above 0 and up to the capital, and "
                "fresh money of 0 or more."
            )
            values = {"advance": self.advance, "capital": self.capital, "fresh": self.fresh_money}
            raise ForecastError(ForecastProblem.AMOUNT, msg, **values)
        for name in ("success", "repaid_if_success", "overhead"):
            _check_probability(name, getattr(self, name))
        _check_correlation(self.icc)
        _check_years(self.lag, self.years)
        if self.reflow >= 1:
            msg = (
                "Every advance would be repaid: the money would turn for ever. Give a success or "
                "a repayment below 1."
            )
            raise ForecastError(ForecastProblem.NEVER_LOSES, msg, reflow=self.reflow)

    @property
    def reflow(self) -> float:
        """The share of the money lent that is expected to come back, named rho in the formulas."""
        return self.success * self.repaid_if_success

    @property
    def portfolio(self) -> int:
        """How many whole advances the capital allows at once."""
        return int(self.capital // self.advance)


def _check_probability(name: str, value: float) -> None:
    # Written so that « not a number » is refused too.
    if not 0 <= value <= 1:
        msg = f"{name} is {value}. Give a number from 0 to 1."
        raise ForecastError(ForecastProblem.PROBABILITY, msg, name=name, value=value)


def _check_correlation(icc: float) -> None:
    if not 0 <= icc < 1:
        msg = f"The correlation is {icc}. Give a number from 0 to less than 1."
        raise ForecastError(ForecastProblem.CORRELATION, msg, value=icc)


def _check_years(lag: int, years: int) -> None:
    if not (0 <= lag <= LONGEST_FORECAST and 1 <= years <= LONGEST_FORECAST):
        msg = (
            f"A lag of {lag} over {years} years is not possible. Give a lag from 0 to "
            f"{LONGEST_FORECAST} and from 1 to {LONGEST_FORECAST} years."
        )
        values = {"lag": lag, "years": years, "longest": LONGEST_FORECAST}
        raise ForecastError(ForecastProblem.YEARS, msg, **values)


@dataclass(frozen=True, slots=True)
class Recycling:
    """What repayment changes, cycle after cycle (one cycle: lent, then repaid or lost).

    Attributes
    ----------
    reflow
        Share of the money lent that is expected to come back.
    expected_loss
        Euros lost on average by advance.
    multiplier
        How many times each euro is lent on average before it is lost.
    half_life
        Cycles after which half of the capital is left; 0 if nothing comes back.
    missions_as_grants
        Missions that the capital pays if nothing comes back.
    missions_in_the_long_run
        Missions that it pays in all, however long that takes; unknown (``None``) where money
        comes in or running costs go out each year: the forecast answers then.
    lasting_missions
        Missions a year that yearly money can pay for ever once the capital is spent: ``None``
        where yearly money does not exceed running costs.
    replenishment
        Euros to bring in at each cycle for the capital to stay what it is.
    """

    reflow: float
    expected_loss: float
    multiplier: float
    half_life: float
    missions_as_grants: float
    missions_in_the_long_run: float | None
    lasting_missions: float | None
    replenishment: float


def recycling(parameters: AdvanceParameters) -> Recycling:
    """Say what repayment changes for the fund.

    Parameters
    ----------
    parameters : AdvanceParameters
        The capital, the advance, the chances of success and of repayment.

    Returns
    -------
    Recycling
        The expected loss, the multiplier and the missions that follow from them.

    Source: geometric series of the money that comes back; the steady state of the cash equation.

    Examples
    --------
    >>> found = recycling(AdvanceParameters(euros(1_000_000), euros(30_000), 0.7, 0.9, lag=2))
    >>> round(found.multiplier, 4), round(found.missions_in_the_long_run, 2)
    (2.7027, 90.09)
    """
    reflow, advance = parameters.reflow, float(parameters.advance)
    missions = float(parameters.capital) / advance
    yearly = float(parameters.fresh_money) - parameters.overhead * float(parameters.capital)
    closed = not parameters.fresh_money and not parameters.overhead
    return Recycling(
        reflow=reflow,
        expected_loss=advance * (1 - reflow),
        multiplier=1 / (1 - reflow),
        half_life=math.log(0.5) / math.log(reflow) if reflow else 0.0,
        missions_as_grants=missions,
        missions_in_the_long_run=missions / (1 - reflow) if closed else None,
        lasting_missions=yearly / (advance * (1 - reflow)) if yearly > 0 else None,
        replenishment=float(parameters.capital) * (1 - reflow),
    )


@dataclass(frozen=True, slots=True)
class ForecastYear:
    """One year of the fund, on average; euros as floats.

    ``opening + repaid + fresh_money - overhead - lent`` is ``closing``, except for a lag of 0:
    what comes back at the end of the year is in ``repaid`` and ``closing``, and was not lent.

    Attributes
    ----------
    year
        1 for the first.
    opening, repaid, fresh_money
        Money there at the start, come back, and new.
    overhead
        Running costs that were paid; ``unpaid`` is what the cash did not allow.
    missions, lent
        Advances paid this year, and their amount.
    closing
        Cash at the end of the year, never below zero.
    missions_so_far, grants_so_far
        Missions since the start; and with the same money given as grants that never come back.
    """

    year: int
    opening: float
    repaid: float
    fresh_money: float
    overhead: float
    unpaid: float
    missions: float
    lent: float
    closing: float
    missions_so_far: float
    grants_so_far: float


@dataclass(frozen=True, slots=True)
class LossDistribution:
    """How much a portfolio of equal advances may lose.

    Attributes
    ----------
    advance
        One advance, in euros.
    probabilities
        Probability that none, one, two… of the advances are lost; they add up to 1.
    """

    advance: Euros
    probabilities: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Expected loss, in euros."""
        return self._mean_lost() * float(self.advance)

    @property
    def standard_deviation(self) -> float:
        """Standard deviation of the loss, in euros."""
        mean = self._mean_lost()
        spread = math.fsum(
            chance * (lost - mean) ** 2 for lost, chance in enumerate(self.probabilities)
        )
        return math.sqrt(spread) * float(self.advance)

    def value_at_risk(self, level: float = 0.95) -> Euros:
        """Return the smallest loss that is not exceeded with at least this probability.

        Parameters
        ----------
        level : float
            The probability, above 0 and below 1.

        Returns
        -------
        Decimal
            Euros: a whole number of advances.

        Raises
        ------
        ForecastError
            If the level is out of its bounds.
        """
        if not 0 < level < 1:
            msg = f"The level is {level}. Give a number between 0 and 1, such as 0.95."
            raise ForecastError(ForecastProblem.PROBABILITY, msg, name="level", value=level)
        reached = 0.0
        for lost, chance in enumerate(self.probabilities):
            reached += chance
            # A sum of probabilities that is the level up to its last bit has reached it.
            if reached >= level - 1e-12:
                return self.advance * lost
        return self.advance * (len(self.probabilities) - 1)

    def _mean_lost(self) -> float:
        return math.fsum(lost * chance for lost, chance in enumerate(self.probabilities))


def loss_distribution(
    number: int, advance: Euros, *, success: float, repaid_if_success: float, icc: float = 0.0
) -> LossDistribution:
    """Compute exactly how much a portfolio of advances may lose.

    The number of missions that succeed is beta-binomial: they share consultancies and years, so
    they fail together. Whether a success is repaid is independent from one mission to another.

    Parameters
    ----------
    number : int
        Advances of the portfolio, from 1 to ``LARGEST_PORTFOLIO``.
    advance : Decimal
        One advance, in euros.
    success, repaid_if_success : float
        Probabilities, from 0 to 1.
    icc : float
        Intraclass correlation of success, from 0 (independent) to less than 1.

    Returns
    -------
    LossDistribution
        The probability of each number of advances lost.

    Raises
    ------
    ForecastError
        If a value is out of its bounds.

    Source: Skellam 1948, *Journal of the Royal Statistical Society B* 10 (beta-binomial),
    parametrised by its mean and its intraclass correlation; then binomial thinning.

    Examples
    --------
    >>> loss = loss_distribution(33, euros(30_000), success=0.7, repaid_if_success=0.9, icc=0.1)
    >>> round(loss.mean), round(loss.standard_deviation), loss.value_at_risk(0.95)
    (366300, 151952, Decimal('630000.00'))
    """
    if not 1 <= number <= LARGEST_PORTFOLIO:
        msg = f"A portfolio of {number} advances. Give from 1 to {LARGEST_PORTFOLIO} advances."
        values = {"number": number, "largest": LARGEST_PORTFOLIO}
        raise ForecastError(ForecastProblem.PORTFOLIO, msg, **values)
    _check_probability("success", success)
    _check_probability("repaid_if_success", repaid_if_success)
    _check_correlation(icc)
    repaid = np.zeros(number + 1)
    for successes, chance in enumerate(_beta_binomial(number, success, icc)):
        repaid[: successes + 1] += chance * _beta_binomial(successes, repaid_if_success, 0.0)
    lost = repaid[::-1] / repaid.sum()
    return LossDistribution(euros(advance), tuple(lost.tolist()))


def _beta_binomial(number: int, mean: float, icc: float) -> NDArray[np.floating]:
    """Probabilities of 0 to ``number`` successes; binomial where ``icc`` is 0.

    Written with the product that the ratio of beta functions stands for: beta functions lose their
    digits where the correlation is small, and are not defined where it is zero.
    """
    ratio = icc / (1 - icc)
    steps = ratio * np.arange(number)
    factorials = _log_products(np.arange(1.0, number + 1))
    successes = _log_products(mean + steps)
    failures = _log_products(1 - mean + steps)[::-1]
    chosen = factorials[-1] - factorials - factorials[::-1]
    logs = chosen + successes + failures - _log_products(1 + steps)[-1]
    probabilities: NDArray[np.floating] = np.exp(logs)
    return probabilities


def _log_products(factors: NDArray[np.floating]) -> NDArray[np.floating]:
    # A probability of exactly 0 or 1 makes a factor zero: its logarithm is minus infinity.
    with np.errstate(divide="ignore"):
        return np.concatenate([[0.0], np.cumsum(np.log(factors))])


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a fund of repayable advances may expect.

    Attributes
    ----------
    parameters
        What was asked.
    recycling
        The figures that do not depend on the year.
    years
        The cash, year by year.
    loss
        The loss on the advances that the capital allows at once; ``None`` where they are more
        than ``LARGEST_PORTFOLIO``.
    """

    parameters: AdvanceParameters
    recycling: Recycling
    years: tuple[ForecastYear, ...]
    loss: LossDistribution | None


def simulate(parameters: AdvanceParameters) -> Forecast:
    """Forecast the cash and the missions of a fund of repayable advances.

    Each year the fund pays its running costs, then lends all the cash that it has.

    Parameters
    ----------
    parameters : AdvanceParameters
        The fund and its chances.

    Returns
    -------
    Forecast
        Year by year, with the long run and the risk.

    Examples
    --------
    >>> forecast = simulate(AdvanceParameters(euros(1_000_000), euros(30_000), 0.7, 0.9, lag=2))
    >>> round(forecast.years[-1].missions_so_far, 2)
    81.15
    """
    loss = None
    if parameters.portfolio <= LARGEST_PORTFOLIO:
        loss = loss_distribution(
            parameters.portfolio,
            parameters.advance,
            success=parameters.success,
            repaid_if_success=parameters.repaid_if_success,
            icc=parameters.icc,
        )
    return Forecast(parameters, recycling(parameters), _cash(parameters), loss)


def _cash(parameters: AdvanceParameters) -> tuple[ForecastYear, ...]:
    given = _Till(parameters, reflow=0.0)
    lent = _Till(parameters, reflow=parameters.reflow)
    rows = []
    for year in range(1, parameters.years + 1):
        opening = lent.cash
        given.turn()
        repaid, paid, missions = lent.turn()
        due = parameters.overhead * float(parameters.capital)
        rows.append(
            ForecastYear(
                year=year,
                opening=opening,
                repaid=repaid,
                fresh_money=float(parameters.fresh_money),
                overhead=paid,
                unpaid=due - paid,
                missions=missions,
                lent=lent.lent[-1],
                closing=lent.cash,
                missions_so_far=math.fsum(lent.lent) / float(parameters.advance),
                grants_so_far=math.fsum(given.lent) / float(parameters.advance),
            )
        )
    return tuple(rows)


class _Till:
    """The cash of the fund, turned one year at a time."""

    def __init__(self, parameters: AdvanceParameters, *, reflow: float) -> None:
        self._parameters, self._reflow = parameters, reflow
        self.cash = float(parameters.capital)
        self.lent: list[float] = []

    def turn(self) -> tuple[float, float, float]:
        """Run one year: money repaid, running costs paid, missions."""
        parameters, advance = self._parameters, float(self._parameters.advance)
        back = len(self.lent) - parameters.lag
        repaid = self._reflow * self.lent[back] if parameters.lag and back >= 0 else 0.0
        available = self.cash + repaid + float(parameters.fresh_money)
        paid = min(parameters.overhead * float(parameters.capital), available)
        missions = (available - paid) / advance
        if parameters.whole_missions:
            # The tolerance keeps a sum that is a whole number of advances up to its last bit.
            missions = math.floor(missions + 1e-9)
        lent = min(missions * advance, available - paid)
        self.lent.append(lent)
        if not parameters.lag:
            repaid = self._reflow * lent
            available += repaid
        self.cash = available - paid - lent
        return repaid, paid, missions


@dataclass(frozen=True, slots=True)
class Count:
    """Successes among a number of missions.

    Raises
    ------
    ForecastError
        If there are more successes than missions, or one is negative.
    """

    successes: int
    missions: int

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.missions:
            msg = (
                f"{self.successes} successes among {self.missions} missions. "
                "Give from 0 to as many successes as there are missions."
            )
            values = {"successes": self.successes, "missions": self.missions}
            raise ForecastError(ForecastProblem.COUNTS, msg, **values)


@dataclass(frozen=True, slots=True)
class IncentiveIndex:
    """Declared success compared with audited success; never shown without its two counts.

    Attributes
    ----------
    value
        1 where both agree; above, success is declared more often than it is found; below, it is
        found more often than declared. ``None`` where nothing was audited, nothing was declared,
        or the audit found no success at all.
    declared, audited
        The counts behind it.
    """

    value: float | None
    declared: Count
    audited: Count


def incentive_index(declared: Count, audited: Count) -> IncentiveIndex:
    """Compare the success that is declared with the success that is audited.

    Parameters
    ----------
    declared : Count
        Missions whose outcome both sides declared.
    audited : Count
        Missions that somebody else checked.

    Returns
    -------
    IncentiveIndex
        The ratio of both shares, and what it stands on.

    Examples
    --------
    >>> incentive_index(Count(28, 40), Count(6, 10)).value
    1.1666666666666667
    >>> incentive_index(Count(28, 40), Count(0, 0)).value is None
    True
    """
    value = None
    if declared.missions and audited.successes:
        value = declared.successes * audited.missions / (declared.missions * audited.successes)
    return IncentiveIndex(value, declared, audited)
