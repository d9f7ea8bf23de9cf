"""Entry, stop, targets and costs from first principles: what the bracket has to be.

Formulae (e entry, s stop, t target, f fee, g slippage of the stop, F funding, all per unit)::

    e  VWAP of walking the book for the quantity; what a limit does not take rests at the limit
    d  |e - s|
    risk   d + f*e + f*s + g + F
    reward sum(w_i * gain to t_i) - f*e - f*sum(w_i * t_i) - F
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from types import SimpleNamespace
from typing import Any, NamedTuple

from tests.oracle.reading import ceil, floor

BPS = 10_000


Targets = list[tuple[Fraction, Fraction]]
"""Price and weight, nearest first."""


class Leg(NamedTuple):
    """One target of a bracket."""

    price: Fraction
    quantity: Fraction


class Pricing:
    """What a case says about prices, for whatever quantity."""

    def __init__(self, case: SimpleNamespace) -> None:
        self.case = case
        self.direction = case.plan.direction
        self.long = self.direction > 0

    @cached_property
    def possible(self) -> bool:
        """Whether there is enough to price a bracket by."""
        market = self.case.market
        two_sided = market.book is not None and bool(market.book.bids and market.book.asks)
        known = two_sided and bool(market.atr) and market.volatility is not None
        return known and not self.vanished

    @cached_property
    def disordered(self) -> bool:
        """Whether the book's levels do not lead away from its best prices."""
        book = self.case.market.book
        if book is None:
            return False
        bids, asks = [-price for price, _ in book.bids], [price for price, _ in book.asks]
        return bids != sorted(bids) or asks != sorted(asks)

    @cached_property
    def vanished(self) -> bool:
        """Whether a price rounds to nothing, on a tick as large as itself."""
        return min(self.touch, self.targets[0][0], self.targets[-1][0]) <= 0

    @property
    def mid(self) -> Fraction:
        book = self.case.market.book
        return (book.bids[0][0] + book.asks[0][0]) / 2

    @property
    def spread(self) -> Fraction:
        book = self.case.market.book
        return book.asks[0][0] - book.bids[0][0]

    @cached_property
    def limit(self) -> Fraction | None:
        """The limit price, rounded so that it never pays more."""
        entry, tick = self.case.plan.entry, self.case.instrument.tick
        if entry is None:
            return None
        return floor(entry, tick) if self.long else ceil(entry, tick)

    @cached_property
    def levels(self) -> list[tuple[Fraction, Fraction]]:
        """The levels that the entry takes before it rests."""
        book, taken = self.case.market.book, []
        for price, quantity in book.asks if self.long else book.bids:
            if self.limit is not None and (price - self.limit) * self.direction > 0:
                break
            taken.append((price, quantity))
        return taken

    @property
    def touch(self) -> Fraction:
        """The first price of the entry."""
        return self.levels[0][0] if self.levels else self.limit

    def entry(self, quantity: Fraction) -> Fraction:
        """Average price of the entry; a market order beyond the book is priced by all of it."""
        paid, left = Fraction(0), quantity
        for price, size in self.levels:
            taken = min(size, left)
            paid, left = paid + taken * price, left - taken
        if self.limit is not None:
            return (paid + left * self.limit) / quantity
        return paid / (quantity - left)

    @cached_property
    def stop(self) -> Fraction | None:
        """The stop; None where the formula gives none (a strict stop on the wrong side)."""
        case, policy = self.case, self.case.policy
        own = (self.touch - case.plan.invalidation) * self.direction
        noise = [
            policy.min_stop_atr_ratio * case.market.atr,
            policy.min_stop_spread_ratio * self.spread,
        ]
        if policy.stop_mode == "strict":
            if own <= 0:
                return None
            distance = own
        else:
            distance = max([own, *noise] if own > 0 else noise)
        bare = self.touch - distance * self.direction
        return floor(bare, case.instrument.tick) if self.long else ceil(bare, case.instrument.tick)

    @cached_property
    def targets(self) -> Targets:
        """Rounded price and weight of each target, nearest first."""
        tick = self.case.instrument.tick
        rounded = [
            (floor(price, tick) if self.long else ceil(price, tick), weight)
            for price, weight in self.case.plan.targets
        ]
        return sorted(rounded, key=lambda t: t[0] * self.direction)

    @cached_property
    def least(self) -> Fraction:
        """The venue's smallest order."""
        i = self.case.instrument
        worth = min(self.touch, self.targets[0][0])
        return max(i.min_quantity, i.step, ceil(i.min_notional / worth, i.step))

    def stop_slippage(self, stop: Fraction) -> Fraction:
        policy = self.case.policy
        return max(
            policy.min_stop_slippage_bps * abs(stop) / BPS,
            policy.stop_slippage_atr_ratio * self.case.market.atr,
        )

    @cached_property
    def funding_fraction(self) -> Fraction | None:
        """Funding over the horizon as a share of the entry value; None when it is unknown."""
        case = self.case
        if not case.instrument.perpetual:
            return Fraction(0)
        funding = case.market.funding
        if funding is None:
            return None
        end = case.plan.decided_at + case.plan.horizon_bars * case.plan.bar
        first = max(0, (case.market.now - funding.next_at) // funding.interval + 1)
        count = max(0, (end - funding.next_at) // funding.interval + 1 - first)
        return max(Fraction(0), funding.rate * self.direction) * count

    def risk_per_unit(self, entry: Fraction, stop: Fraction) -> Fraction:
        fee = self.case.instrument.fee
        funding = (self.funding_fraction or 0) * entry
        return abs(entry - stop) + fee * (entry + stop) + self.stop_slippage(stop) + funding

    def reward_per_unit(self, entry: Fraction, shares: Targets) -> Fraction:
        """Gain of the targets by their shares (price, weight), less costs."""
        fee = self.case.instrument.fee
        out = sum(price * weight for price, weight in shares)
        gain = (out - entry) * self.direction
        return gain - fee * (entry + out) - (self.funding_fraction or 0) * entry

    def slippage_bps(self, entry: Fraction) -> Fraction:
        """Cost of the entry against the mid; what takes no level costs nothing."""
        return (entry - self.mid) * self.direction / self.mid * BPS if self.levels else Fraction(0)

    def depth(self) -> Fraction:
        """What lies within 20 bps of the mid, on the thinner side: in by one, out by one."""
        book, reach = self.case.market.book, self.mid * 20 / BPS
        sides = (book.bids, book.asks)
        return min(
            sum((q for price, q in side if abs(price - self.mid) <= reach), Fraction(0))
            for side in sides
        )


def bracket_of(document: dict[str, Any]) -> SimpleNamespace:
    """The bracket of a verdict document, in exact numbers."""
    figures = [
        "entry_price",
        "quantity",
        "notional",
        "stop_price",
        "risk_per_unit",
        "risk_amount",
        "reward_risk",
        "stop_slippage",
        "entry_slippage_bps",
        "least_quantity",
    ]
    return SimpleNamespace(
        **{name: Fraction(document[name]) for name in figures},
        legs=[Leg(Fraction(t["price"]), Fraction(t["quantity"])) for t in document["targets"]],
        bounds=[Fraction(step["quantity"]) for step in document["sizing"]],
        **{name: document[name] for name in ("symbol", "side", "entry_kind", "book_origin")},
        **{name: document[name] for name in ("expires_at", "close_at")},
    )
