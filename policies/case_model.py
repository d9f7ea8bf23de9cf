"""The JSON form of a case: what may stand in the file, what may be left out, what is assumed then.

The docstring under each field is also its description in the JSON Schema. Only the plan, an ATR and
one price have to be given; everything else has a default that is sound, so that a short file asks
one question. A null says "missing", and what is missing denies.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from domain.book import BookOrigin, OrderSide
from domain.candles import Timeframe
from domain.clock import parse_moment
from domain.instrument import InstrumentKind
from domain.plan import PlanDraft

DEFAULT_NOW = datetime(2024, 1, 1, tzinfo=UTC)
"""Times only matter against each other; where the file gives none, this is now."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Moments lie between the two, so that adding a horizon to one can never leave the calendar."""


def _count(value: Any) -> Any:
    whole = isinstance(value, Decimal) and value == value.to_integral_value()
    return int(value) if whole else value


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        moment = parse_moment(value)
    except OverflowError:  # its offset leads out of the calendar
        moment = None
    if moment is None or not EARLIEST <= moment < LATEST:
        raise ValueError(f"moment {value!r} was expected from {EARLIEST.year} to {LATEST.year - 1}")
    return moment


def _timeframe(value: Any) -> Any:
    return Timeframe(value) if isinstance(value, str) else value


Number = Annotated[
    Decimal,
    Field(gt=Decimal("-1e12"), lt=Decimal("1e12"), allow_inf_nan=False),
    WithJsonSchema({"type": "number"}),
]
Positive = Annotated[
    Decimal,
    Field(gt=0, lt=Decimal("1e12"), allow_inf_nan=False),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
NotNegative = Annotated[
    Decimal,
    Field(ge=0, lt=Decimal("1e12"), allow_inf_nan=False),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
Count = Annotated[int, BeforeValidator(_count), Field(ge=0, le=1_000_000)]
Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
Bars = Annotated[
    Timeframe,
    BeforeValidator(_timeframe),
    WithJsonSchema({"type": "string", "enum": [t.value for t in Timeframe]}),
]
Name = Annotated[str, Field(min_length=1, max_length=64)]


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True
    )


class PlanSection(PlanDraft):
    """What the model proposed, and when."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    horizon_bars: Annotated[int, BeforeValidator(_count), Field(ge=1, le=500)] = 24
    """Candles of the decision timeframe after which the position is closed in any case."""
    thesis: Annotated[str, Field(min_length=1, max_length=2000)] = "none given"
    """Why, in plain words."""
    decided_at: Moment | None = None
    """When the plan was made; now when left out."""
    decision_price: Positive | None = None
    """Price the plan was made at, in quote; `market.last` when left out."""
    timeframe: Bars = Timeframe.H1
    """Length of a bar."""


class InstrumentSection(_Section):
    """What is to be traded."""

    symbol: Name = "BTC/USD"
    """BASE/QUOTE."""
    kind: InstrumentKind = "spot"
    """`spot` or `perpetual`."""
    price_tick: Positive = Decimal("0.01")
    """Smallest price difference, in quote."""
    quantity_step: Positive = Decimal("0.0001")
    """Smallest quantity difference, in base."""
    min_quantity: NotNegative = Decimal("0.0002")
    """Smallest order, in base."""
    min_notional: NotNegative = Decimal(10)
    """Smallest order value, in quote."""
    max_quantity: Positive | None = None
    """Largest order, in base; null where the venue states none."""
    taker_fee_fraction: NotNegative | None = None
    """Fee per side; 0.001 for spot and 0.0005 for a perpetual when left out."""
    active: bool = True
    """False when listed but not traded."""


LevelRow = tuple[Positive, Positive]


class BookSection(_Section):
    """Order book; each level is [price in quote, quantity in base]."""

    at: Moment | None = None
    """When it was so; now when left out."""
    origin: BookOrigin = "venue"
    """`venue`, `synthetic` or `modelled`."""
    bids: Annotated[tuple[LevelRow, ...], Field(max_length=500)]
    """From the highest down."""
    asks: Annotated[tuple[LevelRow, ...], Field(max_length=500)]
    """From the lowest up."""


class FundingSection(_Section):
    """Funding of a perpetual."""

    rate_fraction: Number = Decimal("0.0001")
    """Latest rate per interval; positive is paid by longs."""
    interval_hours: Annotated[int, BeforeValidator(_count), Field(ge=1, le=24)] = 8
    """Hours between two payments."""
    known_at: Moment | None = None
    """Stamp of that rate; now when left out."""
    next_at: Moment | None = None
    """Next payment; one interval after `known_at` when left out."""


class MarketSection(_Section):
    """The market at the moment of the check."""

    now: Moment | None = None
    """The moment; `plan.decided_at` when left out."""
    last: Positive | None = None
    """Last price, in quote; `plan.decision_price` when left out."""
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


class PositionRow(_Section):
    """One open position."""

    symbol: Name
    quantity: Number
    """Signed, in base."""
    mark: Positive
    """Price it is valued at, in quote."""


class WorkingRow(_Section):
    """One entry order that may still fill."""

    symbol: Name
    side: OrderSide
    notional: NotNegative
    """In quote."""


class AccountSection(_Section):
    """The account at the moment of the check, in quote."""

    equity: Number = Decimal(10_000)
    """Cash plus the value of what is held."""
    free: Number | None = None
    """What is not tied up; equity when left out."""
    day_start_equity: Number | None = None
    """Equity at the last UTC midnight; equity when left out."""
    positions: Annotated[tuple[PositionRow, ...], Field(max_length=100)] = ()
    """Open positions."""
    working_entries: Annotated[tuple[WorkingRow, ...], Field(max_length=100)] = ()
    """Entries that may still fill."""
    trades_today: Count = 0
    """Entries approved since UTC midnight."""
    trades_today_symbol: Count = 0
    """The same in this symbol."""


class CaseDocument(_Section):
    """One plan before the gate, for `plangate gate check`."""

    comment: Annotated[str, Field(max_length=2000)] = ""
    """For people; not judged."""
    plan: PlanSection
    instrument: InstrumentSection = InstrumentSection()
    market: MarketSection
    account: AccountSection = AccountSection()
    policy: dict[str, Any] = {}
    """Limits that differ from the defaults, by their names in the policy file."""
    allowed_symbols: Annotated[tuple[Name, ...], Field(max_length=100)] | None = None
    """Symbols that may be opened; the instrument's own when left out."""

    @model_validator(mode="after")
    def _has_a_price(self) -> CaseDocument:
        if self.market.last is None and self.plan.decision_price is None:
            raise ValueError("market.last or plan.decision_price, one of the two is needed")
        return self

    @property
    def last(self) -> Decimal:
        """Last price, which is the decision's where the market gives none."""
        return self.market.last or self.plan.decision_price or Decimal(0)
