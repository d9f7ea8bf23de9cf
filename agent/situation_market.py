"""What kind of market it is, its newest path and its company, as sections of the prompt."""

from __future__ import annotations

from collections.abc import Sequence

from agent.sections import Section
from agent.tables import ABSENT, cells, lines, number
from domain.candles import Timeframe
from domain.snapshot import Bar, BookRank, Features, RecentSeries, Regime, SymbolState, Universe

_PATHS = ("close", "rsi_14", "macd_histogram", "atr_14", "volume")
"""The most telling first."""
_IN_CANDLES = frozenset({"close", "volume"})
"""Of the decision timeframe, the table of candles shows them already."""
_PATH_DIGITS = 4
_PRICE_DIGITS = 6
_CANDLE_DIGITS = 12
"""Prices of candles are shown whole."""
_IN_PRICE = ("ema_", "bollinger_", "vwap_", "atr_")
_TELLING = (
    "atr_14",
    "rsi_14",
    "ema_20",
    "ema_50",
    "adx_14",
    "macd_histogram",
    "vwap_24",
    "bollinger_upper",
    "bollinger_lower",
    "realised_volatility",
    "volume_trend",
)
"""Indicators that stay longest; the others follow as the snapshot names them."""
_SHOWN_ELSEWHERE = frozenset({"timeframe", "known_at", "bars", "close"})
INDICATORS = (
    *_TELLING,
    *(n for n in Features.model_fields if n not in _SHOWN_ELSEWHERE and n not in _TELLING),
)


def candles_section(bars: Sequence[Bar], timeframe: Timeframe) -> Section:
    """One line a candle, led by the day and time of its open; of days, the month and day."""
    shown = "%d %H:%M" if timeframe.seconds < Timeframe.D1.seconds else "%m-%d"
    rows = [
        (
            b.open_time.strftime(shown),
            *(number(price, _CANDLE_DIGITS) for price in (b.open, b.high, b.low, b.close)),
            number(b.volume, _PATH_DIGITS),
        )
        for b in bars
    ]
    head = cells(("time", "open", "high", "low", "close", "volume"))
    return Section("candles", lines(rows), head, oldest_first=True)


def features_section(features: Sequence[Features]) -> Section:
    """One line an indicator, one column a timeframe; what no timeframe has is not shown."""
    rows = [
        (name, *(number(getattr(of, name), shown_digits(name)) for of in features))
        for name in INDICATORS
        if any(getattr(of, name) is not None for of in features)
    ]
    head = cells(("indicator", *(of.timeframe.value for of in features)))
    return Section("features", lines(rows), head)


def recent_section(series: Sequence[RecentSeries]) -> Section:
    """One line for each series of each timeframe, oldest value first."""
    rows = [
        f"{of.timeframe} {name}: "
        + " ".join(number(v, shown_digits(name)) for v in getattr(of, name))
        for name in _PATHS
        for position, of in enumerate(series)
        if (position or name not in _IN_CANDLES) and any(v is not None for v in getattr(of, name))
    ]
    return Section("recent", tuple(rows))


def regime_section(regime: Regime, longer: Sequence[Regime]) -> Section:
    """Advice and breadth, then a table with a column for each timeframe."""
    shown = (regime, *longer)
    columns = cells(("", *(of.timeframe.value if of.timeframe else "decision" for of in shown)))
    rows = [
        ("volatility", *map(_volatility, shown)),
        ("trend", *(of.trend or ABSENT for of in shown)),
        ("VWAP slope bps/bar", *(number(of.vwap_slope_bps, _PATH_DIGITS) for of in shown)),
        ("Bollinger width percentile", *map(_squeeze, shown)),
        ("volume", *(of.volume or ABSENT for of in shown)),
        ("liquidity", *(of.liquidity or ABSENT for of in shown)),
    ]
    advice = "; ".join(regime.sit_out_reasons) if regime.sit_out else "no"
    breadth = number(regime.breadth_fraction, _PATH_DIGITS)
    return Section("regime", lines(rows), f"Sit out: {advice}\nBreadth: {breadth}\n{columns}")


def universe_section(universe: Universe | None) -> Section:
    """A line for each symbol, the first and then those that moved most: how it goes with it."""
    if universe is None:
        return Section("universe", (), empty="one symbol only")
    first = universe.correlations[0] if universe.correlations else ()
    rows = [
        (
            state.symbol,
            number(state.change_24_fraction, _PATH_DIGITS),
            number(state.rsi_14, _PATH_DIGITS),
            ABSENT if state.above_ema_50 is None else "yes" if state.above_ema_50 else "no",
            number(first[row] if first else None, 2),
        )
        for row, state in _by_move(universe)
    ]
    head = ("symbol", "change over 24 candles", "rsi_14", "above EMA 50", "correlation with first")
    dispersion = number(universe.dispersion_fraction, _PATH_DIGITS)
    related = number(universe.mean_correlation, 2)
    said = f"Dispersion {dispersion}, mean correlation of all pairs {related}"
    return Section("universe", lines(rows), cells(head), said)


def rank_words(rank: BookRank | None) -> str:
    """After the book's line."""
    if rank is None:
        return ""
    return (
        f"; spread percentile {number(rank.spread_percentile, 2)}, depth percentile "
        f"{number(rank.depth_percentile, 2)} among {rank.among_count} {rank.among}"
    )


def _by_move(universe: Universe) -> list[tuple[int, SymbolState]]:
    first, *others = enumerate(universe.symbols)
    others.sort(key=lambda each: -abs(each[1].change_24_fraction or 0.0))
    return [first, *others]


def shown_digits(name: str) -> int:
    """Significant digits of an indicator in the situation; levels are made of those in quote."""
    return _PRICE_DIGITS if name == "close" or name.startswith(_IN_PRICE) else _PATH_DIGITS


def _volatility(of: Regime) -> str:
    return f"{of.volatility or ABSENT} ({number(of.volatility_percentile, 2)})"


def _squeeze(of: Regime) -> str:
    return number(of.bandwidth_percentile, 2) + (" squeeze" if of.squeeze else "")
