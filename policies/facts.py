"""The market and the account at the moment of a check: what the rules measure.

Everything that can be missing is None, and a rule that needs it must deny when it is. Nothing here
comes from a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from domain.book import OrderBook, OrderSide
from domain.lifecycle import TradingState
from domain.numbers import ZERO, to_decimal
from domain.snapshot import Funding, Snapshot, VenueStatus


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """The market at the moment of the check, which may be later than the decision."""

    now: datetime
    last: Decimal | None
    """Last price known, in quote."""
    last_at: datetime | None
    book: OrderBook | None
    atr: Decimal | None
    """ATR14 of the decision timeframe on closed candles, in quote."""
    realised_volatility: Decimal | None
    """Annualised, as a fraction."""
    candle_known_at: datetime | None
    """Close time of the newest closed candle of the decision timeframe."""
    history_bars: int
    """Closed candles behind the indicators."""
    funding: Funding | None
    last_close: Decimal | None
    """Close of the newest closed candle, in quote."""
    turnover_24h: Decimal | None
    """Value traded over the last 24 h, in quote."""
    gap_bars: int | None
    """Candles missing in the window behind the indicators."""
    venue_status: VenueStatus | None
    clock_skew_s: Decimal | None
    """Our clock minus the venue's, in seconds."""
    clock_jump_s: Decimal | None
    """Recent step of our wall clock against its monotonic one, in seconds."""
    correlations: Mapping[str, Decimal] = field(default_factory=dict)
    """Per other symbol: correlation of 4 h returns over 30 days; a symbol not named is unknown."""


@dataclass(frozen=True, slots=True)
class Held:
    """One open position, for exposure."""

    symbol: str
    quantity: Decimal
    """Signed, in base."""
    mark: Decimal
    """Price it is valued at, in quote."""
    open_risk: Decimal | None
    """What is lost from here if its stop fires, costs included, in quote; None without a stop."""

    @property
    def value(self) -> Decimal:
        """Signed value, in quote."""
        return self.quantity * self.mark


@dataclass(frozen=True, slots=True)
class WorkingEntry:
    """One entry order that may still fill, counted at full size."""

    symbol: str
    side: OrderSide
    notional: Decimal
    """In quote, not negative."""
    open_risk: Decimal | None
    """What is lost if it fills and its stop fires, in quote; None when unknown."""

    @property
    def value(self) -> Decimal:
        """Signed value, in quote."""
        return self.notional if self.side == "buy" else -self.notional


@dataclass(frozen=True, slots=True)
class Exit:
    """One position that was closed."""

    symbol: str
    at: datetime
    stopped: bool
    """Whether its stop closed it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan that a replan changes, as it stands. Prices and money in quote."""

    risk_amount: Decimal
    """Loss at the stop that it was approved with, less what parts of it have lost already: the
    budget of all its versions."""
    replans_count: int = 0
    """Versions approved after the first."""
    scale_ins_count: int = 0
    """How many of them added to the position."""
    held: Decimal = ZERO
    """What is held under it, unsigned, in base; 0 before its entry has filled."""
    entry_price: Decimal = ZERO
    """Average over the fills; 0 before the first."""
    stop_price: Decimal | None = None
    """Where its stop works; None where none does."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The account at the moment of the check. Money in quote."""

    equity: Decimal
    """Cash plus the value of what is held."""
    free: Decimal
    """What is not tied up in positions and working entries."""
    day_start_equity: Decimal
    """Newest equity known at the last UTC midnight."""
    peak_equity: Decimal
    """Highest equity ever recorded, deposits and withdrawals since added; it never moves down
    because a limit was met."""
    leverage_ratio: Decimal
    """Leverage at which the venue reckons this instrument's margin; 1 for spot."""
    trading_state: TradingState | None
    """None when it cannot be read."""
    kill_switch: bool | None
    """True when tripped, None when it cannot be read."""
    reconciled: bool | None
    """False while an order's fate at the venue is a question."""
    net_deposits_today: Decimal = ZERO
    """Deposits less withdrawals since UTC midnight."""
    positions: tuple[Held, ...] = ()
    working_entries: tuple[WorkingEntry, ...] = ()
    positions_elsewhere: int = 0
    """Positions and working entries in other currencies: they count, their money is apart."""
    trades_today: int = 0
    """Entries approved since UTC midnight."""
    trades_today_symbol: int = 0
    """The same for this instrument."""
    open_orders: int = 0
    """Orders of any kind that may still be sent or fill, those that are being taken back too."""
    orders_last_minute: int = 0
    """Orders of any kind made in the last 60 s."""
    recent_exits: tuple[Exit, ...] = ()
    """Positions closed lately, in any order; as far back as the policy's longest window."""
    recent_notionals: tuple[Decimal, ...] = ()
    """Entry values of the newest closed trades, at most 20, in quote."""
    recent_drafts: tuple[str, ...] = ()
    """Content hashes of the drafts approved for this instrument within the last bar."""

    @property
    def gross(self) -> Decimal:
        """Absolute value of positions and working entries, in quote."""
        if not (self.positions or self.working_entries):
            return ZERO
        held = sum((abs(p.value) for p in self.positions), ZERO)
        return held + sum((w.notional for w in self.working_entries), ZERO)

    def gross_of(self, symbol: str) -> Decimal:
        """The same for one symbol."""
        held = sum((abs(p.value) for p in self.positions if p.symbol == symbol), ZERO)
        working = (w.notional for w in self.working_entries if w.symbol == symbol)
        return held + sum(working, ZERO)


def known(value: Decimal | None) -> Decimal | None:
    """`value`, or None where it is missing, NaN or infinite: the three that a rule must deny on."""
    return value if value is not None and value.is_finite() else None


def market_facts(snapshot: Snapshot, now: datetime, clock_jump_s: float) -> MarketFacts:
    """What the gate needs of a snapshot, floats turned into `Decimal` here and nowhere else."""
    features = snapshot.decision_features
    return MarketFacts(
        now=now,
        last=snapshot.last,
        last_at=snapshot.last_at,
        book=snapshot.book,
        atr=_decimal(features.atr_14 if features else None),
        realised_volatility=_decimal(features.realised_volatility if features else None),
        candle_known_at=features.known_at if features else None,
        history_bars=features.bars if features else 0,
        funding=snapshot.funding,
        last_close=_decimal(features.close if features else None),
        turnover_24h=_decimal(snapshot.turnover_24h),
        gap_bars=snapshot.gap_bars,
        venue_status=snapshot.venue_status,
        clock_skew_s=_decimal(snapshot.clock_skew_s),
        clock_jump_s=_decimal(clock_jump_s),
        correlations={name: to_decimal(rho) for name, rho in snapshot.correlations.items()},
    )


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else to_decimal(value)
