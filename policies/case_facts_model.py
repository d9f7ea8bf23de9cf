"""The JSON form of a case's facts: the market and the account. A null says "missing"."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from domain.book import BookOrigin, OrderSide
from domain.snapshot import VenueStatus
from policies.case_fields import (
    NOT_NULL,
    Count,
    Moment,
    Name,
    NotNegative,
    Number,
    Positive,
    Section,
    whole,
)

TradingStateName = Literal["active", "reducing", "halted"]
Correlation = Annotated[
    Decimal,
    Field(ge=-1, le=1, allow_inf_nan=False),
    WithJsonSchema({"type": "number", "minimum": -1, "maximum": 1}),
]
LevelRow = tuple[Positive, Positive]


class BookSection(Section):
    """Order book; each level is [price in quote, quantity in base]."""

    at: Annotated[Moment | None, NOT_NULL] = None
    """When it was so; now when left out."""
    origin: BookOrigin = "venue"
    """`venue`, `synthetic` or `modelled`."""
    bids: Annotated[tuple[LevelRow, ...], Field(max_length=500)]
    """From the highest down."""
    asks: Annotated[tuple[LevelRow, ...], Field(max_length=500)]
    """From the lowest up."""


class FundingSection(Section):
    """Funding of a perpetual."""

    rate_fraction: Number = Decimal("0.0001")
    """Latest rate per interval; positive is paid by longs."""
    interval_hours: Annotated[int, BeforeValidator(whole), Field(ge=1, le=24)] = 8
    """Hours between two payments."""
    known_at: Annotated[Moment | None, NOT_NULL] = None
    """Stamp of that rate; now when left out."""
    next_at: Annotated[Moment | None, NOT_NULL] = None
    """Next payment; one interval after `known_at` when left out."""


class MarketSection(Section):
    """The market at the moment of the check."""

    now: Annotated[Moment | None, NOT_NULL] = None
    """The moment; `plan.decided_at` when left out."""
    last: Positive | None = None
    """Last price, in quote; `plan.decision_price` when left out, missing when null."""
    last_at: Moment | None = None
    """When it was known; now when left out, missing when null."""
    book: BookSection | None = None
    """When left out: 1000 base each side, 1 bps from `last`, modelled; missing when null."""
    atr: NotNegative | None = None
    """ATR14 of the decision timeframe, in quote. Not assumed: missing when left out."""
    realised_volatility: NotNegative | None = Decimal("0.4")
    """Annualised, as a fraction."""
    candle_known_at: Moment | None = None
    """Close of the newest closed candle; now when left out, missing when null."""
    history_bars: Count = 500
    """Closed candles behind the indicators."""
    funding: FundingSection | None = None
    """For a perpetual, when left out: 0.0001 per 8 h; missing when null."""
    last_close: Positive | None = None
    """Close of the newest closed candle, in quote; `last` when left out, missing when null."""
    turnover_24h: NotNegative | None = Decimal(1_000_000_000)
    """Value traded over the last 24 h, in quote."""
    gap_bars: Count | None = 0
    """Candles missing in the window behind the indicators."""
    venue_status: VenueStatus | None = "open"
    """`open`, `closed` or `maintenance`."""
    clock_skew_s: Number | None = Decimal(0)
    """Our clock minus the venue's, in seconds."""
    clock_jump_s: Number | None = Decimal(0)
    """Recent step of our wall clock against its monotonic one, in seconds."""
    correlations: Annotated[dict[Name, Correlation], Field(max_length=100, default_factory=dict)]
    """Per other symbol: correlation of 4 h returns over 30 days; what is not named is unknown."""


class PositionRow(Section):
    """One open position."""

    symbol: Name
    quantity: Number
    """Signed, in base."""
    mark: Positive
    """Price it is valued at, in quote."""
    open_risk: NotNegative | None = Decimal(0)
    """What is lost from here if its stop fires, in quote; null without a stop."""


class WorkingRow(Section):
    """One entry order that may still fill."""

    symbol: Name
    side: OrderSide
    notional: NotNegative
    """In quote."""
    open_risk: NotNegative | None = Decimal(0)
    """What is lost if it fills and its stop fires, in quote; null when unknown."""


class ExitRow(Section):
    """One position that was closed."""

    symbol: Name
    at: Moment
    stopped: bool = False
    """Whether its stop closed it."""


class StandingSection(Section):
    """The plan that this one is a new version of, as it stands."""

    risk_amount: NotNegative
    """Loss at the stop that it was approved with, in quote."""
    replans_count: Count = 0
    """Versions approved after the first."""
    scale_ins_count: Count = 0
    """How many of them added to the position."""
    held: NotNegative = Decimal(0)
    """What is held under it, unsigned, in base."""
    entry_price: NotNegative = Decimal(0)
    """Average over its fills, in quote; 0 before the first."""
    stop_price: Positive | None = None
    """Where its stop works, in quote; null where none does."""


class AccountSection(Section):
    """The account at the moment of the check, in quote."""

    equity: Number = Decimal(10_000)
    """Cash plus the value of what is held."""
    free: Annotated[Number | None, NOT_NULL] = None
    """What is not tied up; equity when left out."""
    day_start_equity: Annotated[Number | None, NOT_NULL] = None
    """Equity at the last UTC midnight; equity when left out."""
    positions: Annotated[tuple[PositionRow, ...], Field(max_length=100)] = ()
    """Open positions."""
    working_entries: Annotated[tuple[WorkingRow, ...], Field(max_length=100)] = ()
    """Entries that may still fill."""
    positions_elsewhere: Count = 0
    """Positions and working entries in other currencies; they count, their money is apart."""
    trades_today: Count = 0
    """Entries approved since UTC midnight."""
    trades_today_symbol: Count = 0
    """The same in this symbol."""
    peak_equity: Annotated[Number | None, NOT_NULL] = None
    """Highest equity ever recorded; equity when left out."""
    net_deposits_today: Number = Decimal(0)
    """Deposits less withdrawals since UTC midnight."""
    leverage_ratio: Positive = Decimal(1)
    """Leverage at which the venue reckons this instrument's margin."""
    trading_state: TradingStateName | None = "active"
    """`active`, `reducing` or `halted`; null when it cannot be read."""
    kill_switch: bool | None = False
    """True when tripped, null when it cannot be read."""
    reconciled: bool | None = True
    """False while an order's fate at the venue is a question."""
    open_orders: Count = 0
    """Orders of any kind that are pending or working."""
    orders_last_minute: Count = 0
    """Orders of any kind made in the last 60 s."""
    recent_exits: Annotated[tuple[ExitRow, ...], Field(max_length=1000)] = ()
    """Positions closed lately."""
    recent_notionals: Annotated[tuple[NotNegative, ...], Field(max_length=20)] = ()
    """Entry values of the newest closed trades, in quote."""
    recent_drafts: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    """Content hashes of the drafts approved for this instrument within the last bar."""
