"""What kind of market it is, its newest path and its company, as the model reads them."""

from __future__ import annotations

from collections.abc import Sequence

from agent.tables import ABSENT, number, table
from domain.snapshot import BookRank, RecentSeries, Regime, SymbolState, Universe

_PATHS = ("close", "volume", "rsi_14", "macd_histogram", "atr_14")
_IN_CANDLES = frozenset({"close", "volume"})
"""Of the decision timeframe, the table of candles shows them already."""
SHOWN_SYMBOLS = 12
_PATH_DIGITS = 4
_PRICE_DIGITS = 6


def recent_table(series: Sequence[RecentSeries]) -> str:
    """One line for each series of each timeframe, oldest value first."""
    lines = [
        f"{of.timeframe} {name}: " + " ".join(number(v, _digits(name)) for v in getattr(of, name))
        for position, of in enumerate(series)
        for name in _PATHS
        if (position or name not in _IN_CANDLES) and any(v is not None for v in getattr(of, name))
    ]
    return "\n".join(lines) or ABSENT


def regime_lines(regime: Regime, longer: Sequence[Regime]) -> str:
    """A table with a column for each timeframe, then breadth and the advice."""
    shown = (regime, *longer)
    head = ("", *(of.timeframe.value if of.timeframe else "decision" for of in shown))
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
    return f"{table(head, rows)}\nBreadth: {breadth}\nSit out: {advice}"


def universe_table(universe: Universe | None) -> str:
    """A line for each symbol: its move, and how it goes with the first one."""
    if universe is None:
        return "one symbol only"
    first = universe.correlations[0] if universe.correlations else ()
    rows = [
        (
            state.symbol,
            number(state.change_24_fraction, _PATH_DIGITS),
            number(state.rsi_14, _PATH_DIGITS),
            ABSENT if state.above_ema_50 is None else "yes" if state.above_ema_50 else "no",
            number(first[row] if first else None, 2),
        )
        for row, state in _shown(universe)
    ]
    head = ("symbol", "change over 24 candles", "rsi_14", "above EMA 50", "correlation with first")
    more = len(universe.symbols) - len(rows)
    left_out = f"\n{more} more that moved less" if more else ""
    dispersion = number(universe.dispersion_fraction, _PATH_DIGITS)
    related = number(universe.mean_correlation, 2)
    said = f"Dispersion {dispersion}, mean correlation of all pairs {related}"
    return f"{table(head, rows)}{left_out}\n{said}"


def rank_words(rank: BookRank | None) -> str:
    """After the book's line."""
    if rank is None:
        return ""
    return (
        f"; spread percentile {number(rank.spread_percentile, 2)}, depth percentile "
        f"{number(rank.depth_percentile, 2)} among {rank.among_count} {rank.among}"
    )


def _shown(universe: Universe) -> list[tuple[int, SymbolState]]:
    """The first symbol, then those that moved most."""
    first, *others = enumerate(universe.symbols)
    others.sort(key=lambda each: -abs(each[1].change_24_fraction or 0.0))
    return [first, *others[: SHOWN_SYMBOLS - 1]]


def _digits(name: str) -> int:
    return _PRICE_DIGITS if name == "close" else _PATH_DIGITS


def _volatility(of: Regime) -> str:
    return f"{of.volatility or ABSENT} ({number(of.volatility_percentile, 2)})"


def _squeeze(of: Regime) -> str:
    return number(of.bandwidth_percentile, 2) + (" squeeze" if of.squeeze else "")
