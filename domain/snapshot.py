"""The market as of one moment: everything a decision may know, and where each datum comes from.

A snapshot is built by `market.observe`, stored once by content hash, shown to the model in parts
and read by the gate. Absent is None, never 0.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

from domain.book import OrderBook
from domain.candles import Timeframe
from domain.quality import QualityFlag

Origin = Literal["recorded", "synthetic", "live"]
VolatilityBucket = Literal["low", "normal", "high", "extreme"]
Trend = Literal["up", "down", "range"]
Liquidity = Literal["thin", "normal", "deep"]
VolumeTrend = Literal["rising", "steady", "falling"]
VenueStatus = Literal["open", "closed", "maintenance"]
"""`closed`: outside trading hours; `maintenance`: the venue takes no orders."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Provenance(_Value):
    """Where one datum comes from and how old it is."""

    source: str
    """The source's name, such as `box` or `ccxt:binanceusdm`."""
    origin: Origin
    """`recorded` history, `synthetic` (made up, seeded) or `live`."""
    known_at: datetime
    """When the datum became known; never after the snapshot's `as_of`."""


class Bar(_Value):
    """One closed candle; prices in quote, volume in base."""

    open_time: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float


class Features(_Value):
    """Indicators of one timeframe at its newest closed candle; None while warming up."""

    timeframe: Timeframe
    bars: int
    """Closed candles the values rest on."""
    known_at: datetime
    """Close time of the newest candle used."""
    close: float
    """Last close, in quote."""
    ema_20: float | None = None
    """Exponential moving average over 20 bars, in quote."""
    ema_50: float | None = None
    """Exponential moving average over 50 bars, in quote."""
    rsi_7: float | None = None
    """Relative strength index over 7 bars, 0 to 100 (Wilder)."""
    rsi_14: float | None = None
    """Relative strength index over 14 bars, 0 to 100 (Wilder)."""
    macd: float | None = None
    """EMA 12 minus EMA 26, in quote."""
    macd_signal: float | None = None
    """EMA 9 of the MACD, in quote."""
    macd_histogram: float | None = None
    """MACD minus its signal, in quote."""
    atr_14: float | None = None
    """Average true range over 14 bars, in quote (Wilder)."""
    adx_14: float | None = None
    """Average directional index over 14 bars, 0 to 100 (Wilder)."""
    bollinger_upper: float | None = None
    """20-bar mean plus 2 standard deviations, in quote."""
    bollinger_middle: float | None = None
    """20-bar mean, in quote."""
    bollinger_lower: float | None = None
    """20-bar mean minus 2 standard deviations, in quote."""
    stochastic_k: float | None = None
    """Slow stochastic %K (14, 3), 0 to 100."""
    stochastic_d: float | None = None
    """3-bar mean of %K, 0 to 100."""
    obv_change_20: float | None = None
    """On-balance volume now minus 20 bars ago, in base; an unchanged close adds nothing."""
    vwap_24: float | None = None
    """Volume-weighted typical price of the last 24 bars, in quote."""
    realised_volatility: float | None = None
    """Standard deviation of log returns over 30 days (at least 50 bars), annualised fraction."""
    volume_trend: float | None = None
    """Mean volume of the last 5 bars over that of the last 20; 1 is unchanged."""


class RecentSeries(_Value):
    """The newest ten closed candles of one timeframe, oldest first; None while warming up."""

    timeframe: Timeframe
    close: tuple[float | None, ...]
    """In quote."""
    volume: tuple[float | None, ...]
    """In base."""
    rsi_14: tuple[float | None, ...]
    """0 to 100."""
    macd_histogram: tuple[float | None, ...]
    """In quote."""
    atr_14: tuple[float | None, ...]
    """In quote."""


class SymbolState(_Value):
    """One symbol of the session at the newest closed candle of the decision timeframe."""

    symbol: str
    close: float | None = None
    """In quote."""
    change_24_fraction: float | None = None
    """Close over the close 24 candles before, less 1."""
    rsi_14: float | None = None
    """0 to 100."""
    above_ema_50: bool | None = None
    """Whether it closes above its EMA 50."""


class Universe(_Value):
    """The session's symbols side by side, the one under decision first."""

    symbols: tuple[SymbolState, ...]
    dispersion_fraction: float | None
    """Sample standard deviation of the symbols' 24-candle changes; None with fewer than three."""
    mean_correlation: float | None
    """Mean over all pairs of the correlation matrix; None where no pair is known."""
    correlations: tuple[tuple[float | None, ...], ...]
    """Per two symbols the correlation of 4 h log returns over 30 days; empty where none is."""


class BookRank(_Value):
    """Where a book's spread and depth stand among other books of its kind."""

    spread_percentile: float
    """Share of them that are as narrow or narrower, 0 to 1."""
    depth_percentile: float
    """Share of them that hold as little or less within 20 bps on the thinner side, 0 to 1."""
    among_count: int
    """How many they are."""
    among: Literal["modelled", "seen"]
    """`modelled`: at the last 300 candles; `seen`: at this process's earlier decisions."""


class Regime(_Value):
    """What kind of market this is, and whether to stay out of it."""

    volatility: VolatilityBucket | None
    """ATR/price of now among its own history: low < 25 %, normal < 75 %, high < 95 %, extreme."""
    volatility_percentile: float | None
    """The share of that history at or below now, 0 to 1."""
    trend: Trend | None
    """`up` or `down` when ADX >= 20 and the EMAs and VWAP slope agree, else `range`."""
    adx_14: float | None
    """Trend strength, 0 to 100."""
    vwap_slope_bps: float | None
    """Change of the 24-bar VWAP per bar over the last 6 bars, in bps."""
    liquidity: Liquidity | None
    """Last 24 bars' volume among its own history: thin < 20 %, deep > 80 %."""
    timeframe: Timeframe | None = None
    """Of the candles it was read off."""
    bandwidth_percentile: float | None = None
    """Bollinger bandwidth, (upper - lower) / middle, of now among its own history, 0 to 1."""
    squeeze: bool | None = None
    """True when that is in the lowest tenth: volatility is compressed."""
    volume: VolumeTrend | None = None
    """Mean volume of 5 bars over that of 20: rising > 1.25, falling < 0.8, else steady."""
    breadth_fraction: float | None = None
    """Share of the session's symbols above their EMA 50; None with a single symbol."""
    sit_out: bool = False
    """True when the deterministic rules advise against any entry."""
    sit_out_reasons: tuple[str, ...] = ()
    """Why, one sentence each."""


class Funding(_Value):
    """Funding of a perpetual; positive rates are paid by longs to shorts."""

    rate_fraction: Decimal
    """Latest known rate per interval, as a fraction of notional."""
    interval_hours: int
    """Hours between two payments."""
    known_at: datetime
    """Stamp of the latest known rate."""
    next_at: datetime
    """When the next payment falls due."""
    recent_rates: tuple[Decimal, ...] = ()
    """Up to 12 latest rates, oldest first."""


class Snapshot(_Value):
    """Everything known about one instrument as of one moment."""

    symbol: str
    kind: Literal["spot", "perpetual"]
    as_of: datetime
    """The decision's moment; nothing in here was known later."""
    timeframe: Timeframe
    """The timeframe decisions are made on."""
    last: Decimal
    """Last traded price known, in quote."""
    last_at: datetime
    """When that price was known."""
    book: OrderBook | None
    """Order book, venue's own or modelled; None when neither exists."""
    bars: tuple[Bar, ...]
    """The newest closed candles of the decision timeframe, oldest first, at most 24."""
    features: tuple[Features, ...]
    """One entry per timeframe, the decision timeframe first."""
    regime: Regime
    longer_regimes: tuple[Regime, ...] = ()
    """The same on the longer timeframes, without advice: percentiles among their last 200 bars."""
    recent: tuple[RecentSeries, ...] = ()
    """One entry per timeframe, the decision timeframe first."""
    universe: Universe | None = None
    """None with a single symbol."""
    book_rank: BookRank | None = None
    """None without a book, or with too few others to rank it among."""
    funding: Funding | None = None
    """None for spot and where the source has none."""
    open_interest: Decimal | None = None
    """Open contracts in base; None where the source has none."""
    turnover_24h: float | None = None
    """Value traded over the last 24 h of closed candles, in quote; None where they do not reach."""
    gap_bars: int | None = None
    """Candles missing among the newest 300 of the decision timeframe."""
    correlations: dict[str, float] = {}
    """Per other symbol of the session: correlation of 4 h log returns over 30 days. Absent where
    too few returns are common."""
    venue_status: VenueStatus | None = None
    """Whether the venue takes orders; None when it did not say."""
    clock_skew_s: float | None = None
    """Our clock minus the venue's, in seconds; 0 in a replay, None when the venue did not say."""
    quality: tuple[QualityFlag, ...] = ()
    """What was wrong with the data of this snapshot, mended or not."""
    missing: tuple[str, ...] = ()
    """What is absent and why, such as `1d features: warming up, 120 of 300 bars`."""
    provenance: dict[str, Provenance]
    """Per datum (`candles.1h`, `book`, `funding` ...): source, origin, age."""

    @property
    def decision_features(self) -> Features | None:
        """Features of the decision timeframe."""
        return self.features[0] if self.features else None
