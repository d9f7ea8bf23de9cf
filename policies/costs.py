"""What a trade costs per unit, and what it promises per unit of risk, all costs included.

With entry e, stop s, targets t of weight w, distance d = |e - s|, fee f per side, stop slippage g
and funding F, all in quote per base unit::

    risk        = d + f·e + f·s + g + F
    reward/risk = (Σ w·|t - e| - f·e - f·Σ w·t - F) / risk

The entry is the executable one, never inferred from stop and target: a gate that infers it measures
its own assumption. Once the stop stands, both are straight lines in e, which is why a budget can be
turned into a size and a least reward/risk into a worst entry without trying.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from domain.numbers import BPS, ONE, ZERO, ceil_to_tick, floor_to_tick
from domain.snapshot import Funding
from policies.case import Case
from policies.facts import known


class Share(NamedTuple):
    """One take-profit as a share of the position."""

    price: Decimal
    """In quote, on the tick."""
    weight: Decimal
    """Share of the position; the weights of all sum to 1."""


class Costs(NamedTuple):
    """A plan's arithmetic per base unit, once its stop stands. All in quote unless said."""

    direction: Decimal
    stop: Decimal
    fee: Decimal
    """Per side, as a fraction."""
    stop_slippage: Decimal
    funding: Decimal
    """Funding until the horizon, as a fraction of the entry price; never negative."""

    @property
    def risk_slope(self) -> Decimal:
        """What one more of entry price adds to the risk."""
        return self.direction + self.fee + self.funding

    @property
    def risk_base(self) -> Decimal:
        """The part of the risk that does not depend on the entry price."""
        return (self.fee - self.direction) * self.stop + self.stop_slippage

    def risk(self, entry: Decimal) -> Decimal:
        """Loss when the stop fires: distance, both fees, slippage, funding."""
        return self.risk_slope * entry + self.risk_base

    def reward_risk(self, entry: Decimal, targets: Sequence[Share]) -> Decimal:
        """Net reward over net risk."""
        mean = mean_target(targets)
        gain = (self.direction - self.fee) * mean - self.risk_slope * entry
        return gain / self.risk(entry)

    def worst_entry(self, least: Decimal, targets: Sequence[Share]) -> Decimal | None:
        """The entry at which reward/risk is `least`; None where none is so (costs above 100 %)."""
        slope = (ONE + least) * self.risk_slope
        if not slope * self.direction > ZERO:
            return None
        mean = mean_target(targets)
        return ((self.direction - self.fee) * mean - least * self.risk_base) / slope

    def nearest_target(self, entry: Decimal, least: Decimal, tick: Decimal) -> Decimal | None:
        """The nearest price on the tick at which one target for all passes; None below 0."""
        wanted = least * self.risk(entry) + self.risk_slope * entry
        exact = wanted / (self.direction - self.fee)
        round_away = ceil_to_tick if self.direction > ZERO else floor_to_tick
        first = round_away(exact, tick)
        # The division may round by one unit in its 28th digit: then the next tick is the answer.
        for price in (first, first + self.direction * tick):
            if price > ZERO and self.reward_risk(entry, [Share(price, ONE)]) >= least:
                return price
        return None


def mean_target(targets: Sequence[Share]) -> Decimal:
    """Weighted mean of the targets, in quote."""
    if len(targets) == 1:
        return targets[0].price
    return sum((t.weight * t.price for t in targets), ZERO)


def costs_of(case: Case, stop: Decimal) -> Costs:
    """The plan's arithmetic with its stop at `stop`."""
    return Costs(
        direction=case.direction,
        stop=stop,
        fee=case.instrument.taker_fee_fraction,
        stop_slippage=stop_slippage(case, stop),
        funding=funding_fraction(case),
    )


def held_risk(case: Case, stop: Decimal, slippage: Decimal) -> Decimal:
    """Loss of what is held under the standing plan when a stop at `stop` fires, in quote.

    From its average entry, fees of both sides and the stop's slippage included; never negative: a
    profit that a stop beyond the entry would keep does not pay for other risk.
    """
    standing = case.standing
    if standing is None:
        return ZERO
    fees = case.instrument.taker_fee_fraction * (standing.entry_price + stop)
    per_unit = (standing.entry_price - stop) * case.direction + fees + slippage
    return standing.held * max(per_unit, ZERO)


def close_at(case: Case) -> datetime:
    """When the plan's horizon ends."""
    return case.decided_at + case.draft.horizon_bars * case.timeframe.delta


def stop_slippage(case: Case, stop: Decimal) -> Decimal:
    """Assumed adverse slippage when the stop fires, in quote per unit.

    max(`min_stop_slippage_bps` of the stop price, `stop_slippage_atr_ratio` x ATR14): a stop takes
    whatever price is there, and volatility is when it fires.
    """
    atr = known(case.market.atr) or ZERO
    least = abs(stop) * case.policy.min_stop_slippage_bps / BPS
    return max(least, atr * case.policy.stop_slippage_atr_ratio)


def funding_fraction(case: Case) -> Decimal:
    """Funding expected to be paid until the horizon ends, as a fraction of the entry price.

    Latest rate x payments due. A credit counts as 0: it may be gone tomorrow, and it must not pay
    for a worse plan.
    """
    funding = case.market.funding
    if case.spot or funding is None:
        return ZERO
    rate = funding.rate_fraction * case.direction
    if not rate > ZERO:
        return ZERO
    due = _payments_until(funding, close_at(case)) - _payments_until(funding, case.market.now)
    return rate * due


def _payments_until(funding: Funding, at: datetime) -> int:
    """Payments that fall due from the next known one up to `at`, inclusive."""
    if at < funding.next_at:
        return 0
    return (at - funding.next_at) // timedelta(hours=funding.interval_hours) + 1
