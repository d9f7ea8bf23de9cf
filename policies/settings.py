"""The policy: every limit the gate enforces, with its unit in its name and a hard ceiling in code.

One frozen object is loaded from the operator's file, hashed, and fixed for a run; it is never read
from state, memory or anything a model wrote. A key that is unknown, misspelt, NaN or outside its
hard range refuses to start. The rule text in the model's prompt is made from this same object.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from domain.clock import parse_moment
from domain.numbers import plain
from domain.strict_json import content_hash


class Window(NamedTuple):
    """A stretch of time; the end does not belong to it."""

    start: datetime
    end: datetime


def window(text: str) -> Window:
    """`2026-01-28T18:45:00Z/2026-01-28T20:00:00Z` as moments.

    Raises:
        ValueError: it is not two moments, the first before the second.
    """
    start, slash, end = text.partition("/")
    if not slash:
        raise ValueError(f"{text!r} was expected to be two moments with a slash between")
    found = Window(parse_moment(start), parse_moment(end))
    if not found.start < found.end:
        raise ValueError(f"{text!r} was expected to begin before it ends")
    return found


def _is_window(text: str) -> str:
    window(text)
    return text


Blackout = Annotated[str, AfterValidator(_is_window)]
Fraction = Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False)]


WORDS = frozenset(
    {"symbols", "sides", "blackouts", "required_tools", "evidence", "stop_mode", "majors"}
)
"""The keys whose values are not numbers."""


class Policy(BaseModel):
    """Limits on what may be opened. Exits are never limited."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    symbols: Annotated[tuple[str, ...], Field(max_length=1000)] = ()
    """Exact symbols that may be opened, of those the session was started with; empty allows all
    of them."""
    sides: Annotated[tuple[Literal["long", "short"], ...], Field(min_length=1)] = ("long", "short")
    """Sides that may be opened; spot instruments are long only in any case."""
    blackouts: Annotated[tuple[Blackout, ...], Field(max_length=1000)] = ()
    """Windows such as "2026-01-28T18:45:00Z/2026-01-28T20:00:00Z" in which nothing is opened."""
    required_tools: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    """Tools that must have answered in the run before anything is opened."""
    evidence: Literal["required", "off"] = "required"
    """`required`: each price of a plan names where it comes from, and code finds it there; `off`
    takes a model's numbers as they are."""

    risk_per_trade_fraction: Annotated[Decimal, Field(gt=0, le=Decimal("0.02"))] = Decimal("0.01")
    """Share of equity that may be lost at the stop, all costs included (ceiling 0.02)."""
    max_open_risk_fraction: Annotated[Decimal, Field(gt=0, le=Decimal("0.2"))] = Decimal("0.04")
    """Share of equity that may be lost if every stop fires, working entries included."""
    volatility_target_fraction: Annotated[Decimal, Field(gt=0, le=2)] = Decimal("0.40")
    """Annualised volatility above which the risk budget shrinks in proportion."""
    min_reward_risk_ratio: Annotated[Decimal, Field(ge=1, le=10)] = Decimal("1.5")
    """Least net reward over net risk, after fees, slippage and funding (floor 1)."""
    min_confidence_fraction: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.6")
    """Least confidence of a plan; may only block, never enlarge."""
    full_size_confidence_fraction: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.6")
    """Confidence below which the risk budget shrinks in proportion."""

    stop_mode: Literal["widen", "strict"] = "widen"
    """`widen` moves a stop that is too tight away from the entry; `strict` denies the plan."""
    min_stop_atr_ratio: Annotated[Decimal, Field(ge=Decimal("0.5"), le=4)] = Decimal("1.0")
    """The stop lies at least this many ATR14 from the entry."""
    max_stop_atr_ratio: Annotated[Decimal, Field(ge=Decimal("0.5"), le=10)] = Decimal("4.0")
    """A stop farther than this many ATR14 is denied."""
    max_stop_fraction: Annotated[Decimal, Field(gt=0, le=Decimal("0.2"))] = Decimal("0.10")
    """A stop farther than this share of the entry price is denied."""
    min_stop_spread_ratio: Annotated[Decimal, Field(ge=1, le=20)] = Decimal("3")
    """The stop lies at least this many spreads from the entry."""
    min_stop_slippage_bps: Annotated[Decimal, Field(ge=0, le=100)] = Decimal("2")
    """Assumed slippage of a stop, at least."""
    stop_slippage_atr_ratio: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.05")
    """Assumed slippage of a stop in ATR14; the larger of the two holds."""
    min_liquidation_stop_ratio: Annotated[Decimal, Field(ge=1, le=10)] = Decimal("1.5")
    """Liquidation lies at least this many stop distances from the entry, plus 1 ATR14."""

    max_symbol_notional_fraction: Annotated[Decimal, Field(gt=0, le=2)] = Decimal("0.25")
    """Position value in one symbol over equity."""
    max_gross_exposure_fraction: Annotated[Decimal, Field(gt=0, le=3)] = Decimal("1.5")
    """Sum of absolute position values and working entries over equity."""
    max_net_exposure_fraction: Annotated[Decimal, Field(gt=0, le=3)] = Decimal("1.0")
    """Long less short over equity, either sign; working entries add and never relieve."""
    max_correlated_exposure_fraction: Annotated[Decimal, Field(gt=0, le=3)] = Decimal("0.5")
    """Long less short over equity among symbols that move together (correlation >= 0.7)."""
    max_leverage_ratio: Annotated[Decimal, Field(ge=1, le=5)] = Decimal("2")
    """Gross notional over equity on perpetuals (ceiling 5); spot is always 1."""
    max_position_leverage_ratio: Annotated[Decimal, Field(ge=1, le=5)] = Decimal("3")
    """Leverage at which one position's margin may be reckoned (ceiling 5)."""
    min_free_margin_fraction: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal("0.2")
    """Share of equity that stays free after the order."""
    max_open_positions_count: Annotated[int, Field(ge=1, le=50)] = 5
    """Open positions, working entries included."""
    max_open_orders_count: Annotated[int, Field(ge=1, le=200)] = 20
    """Orders of any kind that are pending or working, this entry included."""

    max_trades_day_count: Annotated[int, Field(ge=1, le=200)] = 10
    """Entries approved per UTC day, all symbols."""
    max_trades_day_symbol_count: Annotated[int, Field(ge=1, le=200)] = 3
    """Entries approved per UTC day and symbol."""
    max_entry_age_bars: Annotated[int, Field(ge=1, le=48)] = 1
    """Candles after which an unfilled entry is taken back."""
    max_replans_count: Annotated[int, Field(ge=0, le=20)] = 3
    """How often a plan that stands may be changed; its stop and its risk only ever shrink."""
    max_scale_ins_count: Annotated[int, Field(ge=0, le=5)] = 0
    """How many of those changes may add to an open position, within the plan's first risk."""
    max_orders_minute_count: Annotated[int, Field(ge=1, le=100)] = 10
    """Orders of any kind made within 60 s, this entry included."""
    cooldown_bars: Annotated[int, Field(ge=0, le=100)] = 2
    """Candles after a closed position before the symbol is opened again."""
    cooldown_after_stop_bars: Annotated[int, Field(ge=0, le=100)] = 5
    """The same when its stop closed it."""
    loss_streak_count: Annotated[int, Field(ge=1, le=50)] = 4
    """Stops within the window that call for a pause, all symbols."""
    loss_streak_window_bars: Annotated[int, Field(ge=1, le=500)] = 24
    """Candles that the stops are counted over."""
    loss_streak_pause_bars: Annotated[int, Field(ge=1, le=500)] = 4
    """Candles without entries after the last of them."""
    max_daily_loss_fraction: Annotated[Decimal, Field(gt=0, le=Decimal("0.2"))] = Decimal("0.03")
    """Loss of equity since UTC midnight at which nothing is opened until the next day."""
    max_drawdown_fraction: Annotated[Decimal, Field(gt=0, le=Decimal("0.5"))] = Decimal("0.10")
    """Fall of equity from its peak at which nothing is opened until an operator resumes."""

    majors: Annotated[tuple[str, ...], Field(max_length=100)] = ("BTC", "ETH")
    """Base assets that `max_spread_bps` holds for."""
    max_spread_bps: Annotated[Decimal, Field(gt=0, le=100)] = Decimal("10")
    """Widest spread to enter on, for the majors."""
    max_spread_minor_bps: Annotated[Decimal, Field(gt=0, le=100)] = Decimal("30")
    """Widest spread to enter on, for everything else."""
    max_entry_slippage_bps: Annotated[Decimal, Field(gt=0, le=100)] = Decimal("15")
    """Most that walking the book may cost against its mid."""
    max_depth_fraction: Fraction = Decimal("0.10")
    """Largest share of the depth within 20 bps that an entry may take."""
    max_turnover_fraction: Annotated[Decimal, Field(gt=0, le=Decimal("0.05"))] = Decimal("0.01")
    """Largest share of the last 24 h's turnover that an entry may be."""
    max_usual_size_ratio: Annotated[Decimal, Field(ge=1, le=20)] = Decimal("3")
    """Largest entry over the median of the last 20 trades, once there are 20."""
    max_collar_fraction: Annotated[Decimal, Field(gt=0, le=Decimal("0.05"))] = Decimal("0.02")
    """Farthest that an order price may lie from the reference price."""
    max_collar_atr_ratio: Annotated[Decimal, Field(gt=0, le=10)] = Decimal("2")
    """The same in ATR14; the smaller of the two holds."""
    max_decision_slippage_bps: Annotated[Decimal, Field(gt=0, le=200)] = Decimal("30")
    """Most that the price may move, either way, between decision and order."""
    max_decision_slippage_atr_ratio: Annotated[Decimal, Field(gt=0, le=2)] = Decimal("0.25")
    """The same in ATR14; the smaller of the two holds."""
    max_funding_rate_8h_fraction: Annotated[Decimal, Field(gt=0, le=Decimal("0.02"))] = Decimal(
        "0.003"
    )
    """Absolute funding rate per 8 hours above which nothing is opened."""
    max_funding_cost_stop_fraction: Fraction = Decimal("0.25")
    """Expected funding over the horizon, as a share of the stop distance."""

    max_quote_age_s: Annotated[Decimal, Field(gt=0, le=300)] = Decimal("10")
    """Oldest quote or book to enter on."""
    max_candle_age_bars: Annotated[Decimal, Field(ge=1, le=5)] = Decimal("1.5")
    """Age of the newest closed candle since its close, in bars of its own timeframe."""
    max_funding_age_h: Annotated[Decimal, Field(gt=0, le=48)] = Decimal("9")
    """Oldest funding rate to open a perpetual on."""
    max_clock_skew_s: Annotated[Decimal, Field(gt=0, le=10)] = Decimal("2")
    """Most that our clock may differ from the venue's, run ahead of data, or have stepped."""
    min_history_bars: Annotated[int, Field(ge=50, le=5000)] = 300
    """Closed candles needed before volatility is trusted."""
    max_gap_bars: Annotated[int, Field(ge=0, le=100)] = 0
    """Candles that may be missing in the window behind the indicators."""

    breakeven_after_r_ratio: Annotated[Decimal, Field(ge=0, le=10)] = Decimal("0")
    """Way in the plan's favour, over its stop distance, after which the stop goes to where nothing
    is lost; 0 leaves it."""
    trail_after_r_ratio: Annotated[Decimal, Field(ge=0, le=10)] = Decimal("1")
    """The same, after which the stop trails."""
    trail_atr_ratio: Annotated[Decimal, Field(ge=0, le=20)] = Decimal("0")
    """Distance of a trailing stop from the best price of a closed candle, in ATR14; 0 is none."""
    trail_fraction: Annotated[Decimal, Field(ge=0, le=Decimal("0.5"))] = Decimal("0")
    """The same as a fraction of that price; with both, the wider one holds; 0 is none."""
    stale_after_bars: Annotated[int, Field(ge=0, le=500)] = 0
    """Candles after which a position that has come nowhere is closed, half as many for a plan of
    less than full_size_confidence_fraction; 0 waits for the horizon."""
    stale_below_r_ratio: Annotated[Decimal, Field(ge=0, le=10)] = Decimal("0.5")
    """Nowhere: its best way so far, over its stop distance, is shorter than this."""

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_numbers(cls, value: object, info: ValidationInfo) -> object:
        if info.field_name not in WORDS and isinstance(value, str | bool):
            raise ValueError("not a number")
        return value

    @model_validator(mode="after")
    def _stop_band_is_open(self) -> Policy:
        if self.max_stop_atr_ratio <= self.min_stop_atr_ratio:
            raise ValueError(
                f"max_stop_atr_ratio {self.max_stop_atr_ratio} was expected above "
                f"min_stop_atr_ratio {self.min_stop_atr_ratio}"
            )
        return self

    @property
    def margin_leverage_ratio(self) -> Decimal:
        """Leverage at which a paper account reckons a perpetual's margin."""
        return min(self.max_leverage_ratio, self.max_position_leverage_ratio)

    @cached_property
    def policy_hash(self) -> str:
        """Content hash of every limit, 0.1 and 0.10 alike; travels with each plan."""
        values = self.model_dump().items()
        return content_hash(
            {key: plain(value) if isinstance(value, Decimal) else value for key, value in values}
        )


DEFAULTS = Policy()
"""The preset `balanced`."""
