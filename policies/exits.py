"""What becomes of the exits of an open position, cycle by cycle, without any model.

A stop only ever moves toward the price: what was planned to be at risk is never enlarged. Only
candles that have closed since the entry's own count, so that nothing is moved by a price from
before the entry. Every rule is off by default: none of them is known to pay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from domain.numbers import ZERO, ceil_to_tick, floor_to_tick
from domain.plan import Side
from policies.arithmetic import gate_arithmetic
from policies.facts import known
from policies.settings import Policy

StopReason = Literal["breakeven", "trailing"]


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """A position as its exits are reckoned from. Prices in quote."""

    side: Side
    entry_price: Decimal
    """Average over the entry's fills."""
    planned_stop: Decimal
    """Where the stop was approved; its distance from the entry is one R."""
    stop: Decimal
    """Where the stop stands."""
    best: Decimal | None
    """Best price of the candles that opened after the entry's and have closed; None before one."""
    bars: int
    """How many those are."""
    last: Decimal
    """Newest price."""
    atr: Decimal | None
    """ATR14 of the decision timeframe; None where it is not known."""
    costs: Decimal
    """Fees of both sides and the stop's slippage, in quote per unit."""
    tick: Decimal
    confidence_fraction: Decimal

    @property
    def direction(self) -> int:
        """1 for a long, -1 for a short."""
        return 1 if self.side == "long" else -1

    @property
    def way_r(self) -> Decimal | None:
        """How far it has come its way at best, in R; None before a candle has closed."""
        distance = abs(self.entry_price - self.planned_stop)
        if self.best is None or not distance > ZERO:
            return None
        return (self.best - self.entry_price) * self.direction / distance


class StopMove(NamedTuple):
    """A stop's new price."""

    price: Decimal
    reason: StopReason


class ExitRule(NamedTuple):
    """One way in which an open position is managed, and the keys of the policy that set it."""

    code: str
    check: Callable[[OpenPosition, Policy], object]
    limits: tuple[str, ...]


def breakeven_stop(held: OpenPosition, policy: Policy) -> StopMove | None:
    """`BREAKEVEN`: best way >= breakeven_after_r_ratio R: stop = e + costs x direction.

    Costs are both fees and the stop's slippage, so that nothing is lost there, unless the price
    gaps. Reason: what was won is not given back; it lowers the share of losers and of winners
    alike. Source: a habit of traders; no evidence that it pays.
    """
    way = held.way_r
    if not policy.breakeven_after_r_ratio or way is None or way < policy.breakeven_after_r_ratio:
        return None
    price = _outward(held, held.entry_price + held.costs * held.direction)
    return StopMove(price, "breakeven")


def trailing_stop(held: OpenPosition, policy: Policy) -> StopMove | None:
    """`TRAILING`: best way >= trail_after_r_ratio R: stop = best - max(k ATR, f best) x direction.

    ATR is ATR14, k is trail_atr_ratio, f trail_fraction. Reason: a move is followed without a
    forecast of its end. Source: Chandelier exit (C. Le Beau), on closed candles. Without an ATR
    a stop that trails by it stays where it is.
    """
    way, best = held.way_r, held.best
    if not (policy.trail_atr_ratio or policy.trail_fraction) or best is None or way is None:
        return None
    atr = known(held.atr)
    if way < policy.trail_after_r_ratio or (policy.trail_atr_ratio and not (atr and atr > ZERO)):
        return None
    distance = max(policy.trail_atr_ratio * (atr or ZERO), policy.trail_fraction * best)
    price = _inward(held, best - distance * held.direction)
    return StopMove(price, "trailing")


def is_stale(held: OpenPosition, policy: Policy) -> bool:
    """`STALE`: bars since the entry >= stale_after_bars and best way < stale_below_r_ratio R.

    Half the bars for a plan whose confidence is below full_size_confidence_fraction. Reason: the
    plan's cause is spent, and the position keeps others out. Source: own; a time stop that asks.
    """
    bars = Decimal(policy.stale_after_bars)
    if held.confidence_fraction < policy.full_size_confidence_fraction:
        bars /= 2
    way = held.way_r
    old = bool(bars) and held.bars >= bars
    return old and way is not None and way < policy.stale_below_r_ratio


EXIT_RULES = (
    ExitRule("BREAKEVEN", breakeven_stop, ("breakeven_after_r_ratio",)),
    ExitRule(
        "TRAILING", trailing_stop, ("trail_after_r_ratio", "trail_atr_ratio", "trail_fraction")
    ),
    ExitRule("STALE", is_stale, ("stale_after_bars", "stale_below_r_ratio")),
)


def manages(policy: Policy) -> bool:
    """Whether any rule is on."""
    return bool(
        policy.breakeven_after_r_ratio
        or policy.trail_atr_ratio
        or policy.trail_fraction
        or policy.stale_after_bars
    )


def moved_stop(held: OpenPosition, policy: Policy) -> StopMove | None:
    """The tightest stop that a rule calls for; None where it is no tighter than the one there is.

    One beyond the newest price could only fire at once: it is not placed.
    """
    with gate_arithmetic():
        found = [breakeven_stop(held, policy), trailing_stop(held, policy)]
        moves = [m for m in found if m is not None and m.price.is_finite()]
        sign = held.direction
        moves = [m for m in moves if m.price * sign > held.stop * sign]
        moves = [m for m in moves if m.price * sign < held.last * sign]
        return max(moves, key=lambda m: m.price * sign, default=None)


def _outward(held: OpenPosition, price: Decimal) -> Decimal:
    """On the tick, toward profit."""
    rounded = ceil_to_tick if held.direction > 0 else floor_to_tick
    return rounded(price, held.tick)


def _inward(held: OpenPosition, price: Decimal) -> Decimal:
    """On the tick, toward the stop that was planned."""
    rounded = floor_to_tick if held.direction > 0 else ceil_to_tick
    return rounded(price, held.tick)
