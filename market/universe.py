"""The session's symbols side by side: who moved how far, how far apart, and how much together.

Everything here is of closed candles of one moment; a symbol whose data does not reach says None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from domain.candles import Candles
from domain.snapshot import SymbolState, Universe
from market.facts import CORRELATION_DAYS, CORRELATION_TIMEFRAME, MIN_RETURNS, STILL
from market.features import closes_above, feature_table

if TYPE_CHECKING:
    from domain.candles import Floats

CHANGE_BARS = 24
"""Candles over which a symbol's change is told."""
MIN_SYMBOLS = 3
"""Fewer returns than this have no spread worth a number."""


def universe(windows: Mapping[str, Candles], company: Mapping[str, Candles]) -> Universe | None:
    """The symbols as of one moment; None for a single one.

    Args:
        windows: closed candles of the decision timeframe, per symbol.
        company: closed 4h candles per symbol; empty where correlations cannot be.
    """
    if len(windows) < 2:
        return None
    states = tuple(_state(name, candles) for name, candles in windows.items())
    matrix = correlation_matrix(list(windows), company)
    return Universe(
        symbols=states,
        dispersion_fraction=dispersion([state.change_24_fraction for state in states]),
        mean_correlation=_mean_pair(matrix),
        correlations=matrix,
    )


def correlation_matrix(
    symbols: Sequence[str], company: Mapping[str, Candles]
) -> tuple[tuple[float | None, ...], ...]:
    """Pearson correlation of the 4h log returns of each two symbols over 30 days, -1 to 1.

    Of a pair the returns count that both have; with fewer than 60 of them, or a price that does not
    move, the pair is None. Rounded to six decimals. Rows and columns in the order of `symbols`.
    """
    if not any(len(candles) for candles in company.values()):
        return ()
    returns = _returns(symbols, company)
    there = np.isfinite(returns)
    x, m = np.where(there, returns, 0.0), there.astype(np.float64)
    # Sums without a matrix product, whose last digits would depend on the machine.
    count, product = _sums(m, m), _sums(x, x)
    mean_x, squares = _sums(x, m), _sums(x * x, m)
    with np.errstate(all="ignore"):
        covariance = product - mean_x * mean_x.T / count
        spread = squares - mean_x * mean_x / count
        found = covariance / np.sqrt(spread * spread.T)
        moved = np.minimum(spread, spread.T) > (STILL * STILL) * count
    known = (count >= MIN_RETURNS) & moved
    rows = np.where(known, np.clip(found, -1.0, 1.0), np.nan).tolist()
    return tuple(tuple(None if v != v else round(v, 6) for v in row) for row in rows)


def _state(symbol: str, candles: Candles) -> SymbolState:
    if not len(candles):
        return SymbolState(symbol=symbol)
    change = None
    if len(candles) > CHANGE_BARS:
        change = float(candles.close[-1] / candles.close[-1 - CHANGE_BARS] - 1)
    return SymbolState(
        symbol=symbol,
        close=float(candles.close[-1]),
        change_24_fraction=change,
        rsi_14=feature_table(candles.series).at("rsi_14", candles.stop - 1),
        above_ema_50=closes_above(candles, "ema_50"),
    )


def dispersion(changes: Sequence[float | None]) -> float | None:
    """Sample standard deviation of what is known of the symbols' returns; None of fewer than 3."""
    known = [change for change in changes if change is not None]
    return float(np.std(known, ddof=1)) if len(known) >= MIN_SYMBOLS else None


def _mean_pair(matrix: Sequence[Sequence[float | None]]) -> float | None:
    pairs = [v for n, row in enumerate(matrix) for v in row[:n] if v is not None]
    return round(sum(pairs) / len(pairs), 6) if pairs else None


def _returns(symbols: Sequence[str], company: Mapping[str, Candles]) -> Floats:
    """4h log returns on one grid of 30 days, shape (symbols, returns); NaN where there is none."""
    step = CORRELATION_TIMEFRAME.ms
    last = max(int(candles.open_ms[-1]) for candles in company.values() if len(candles))
    count = CORRELATION_DAYS * 86_400_000 // step + 1
    first = last - (count - 1) * step
    logs = np.full((len(symbols), count), np.nan)
    for row, name in enumerate(symbols):
        candles = company.get(name)
        if candles is not None and len(candles):
            newest = candles.last(count)
            cells = (newest.open_ms - first) // step
            logs[row, cells[cells >= 0]] = np.log(newest.close[cells >= 0])
    returns: Floats = logs[:, 1:] - logs[:, :-1]
    return returns


def _sums(one: Floats, other: Floats) -> Floats:
    """Sum over the last axis of the products of each two rows, shape (k, k)."""
    sums: Floats = np.einsum("in,jn->ij", one, other)
    return sums
