"""What the gate wants to know of candles beside the indicators: turnover, gaps, company.

Pure functions of closed candles. What cannot be said is None, and the gate denies on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from domain.candles import Candles, Timeframe
from domain.clock import from_ms, to_ms
from domain.quality import LOST
from domain.trading_hours import TradingHours
from market.features import WARMUP_BARS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from domain.candles import Floats, Stamps

_DAY_MS = 86_400_000
CORRELATION_TIMEFRAME = Timeframe.H4
CORRELATION_DAYS = 30
CORRELATION_BARS = CORRELATION_DAYS * _DAY_MS // CORRELATION_TIMEFRAME.ms + 1
"""Closes behind 30 days of returns."""
MIN_RETURNS = 60
"""Common returns below which a correlation is luck: its standard error at 60 is 0.13 around 0."""
STILL = 1e-12
"""Standard deviation of log returns at or below which nothing but rounding moved."""


def turnover_24h(candles: Candles) -> float | None:
    """Value traded in the 24 h up to the newest close, in quote: typical price times volume.

    A candle that is missing in between counts as nothing traded. None where the first candle opens
    later than 24 h before the newest close.
    """
    if not len(candles):
        return None
    opens = candles.open_ms
    begins_ms = int(opens[-1]) + candles.timeframe.ms - _DAY_MS
    if int(opens[0]) > begins_ms:
        return None
    first = int(np.searchsorted(opens, begins_ms))
    typical = (candles.high[first:] + candles.low[first:] + candles.close[first:]) / 3
    return float((typical * candles.volume[first:]).sum())


def missing_between(opens: Stamps, step: int, hours: TradingHours | None) -> Stamps:
    """How many candles are missing after each but the last, shape (n - 1,).

    Between two days of a venue with hours nothing is: it was closed, and which days were holidays
    cannot be known later.
    """
    missing: Stamps = np.diff(opens) // step - 1
    if hours is not None:
        for row in np.flatnonzero(missing).tolist():
            earlier, later = from_ms(int(opens[row])), from_ms(int(opens[row + 1]))
            if not hours.one_day(earlier, later):
                missing[row] = 0
    return missing


def gap_bars(candles: Candles, as_of: datetime, hours: TradingHours | None = None) -> int | None:
    """Candles missing among the newest 300; None without a candle.

    Counted are those between the first and the last of them, and those after the last that were
    answered by `as_of` and could not be believed.
    """
    opens, step = candles.open_ms[-WARMUP_BARS:], candles.timeframe.ms
    if not len(opens):
        return None
    last, known_ms = int(opens[-1]), to_ms(as_of) - step
    lost = {
        stamp // step
        for flaw in candles.series.flaws
        if flaw.defect in LOST
        for stamp in flaw.at_ms[np.searchsorted(flaw.at_ms, last + step) :].tolist()
        if stamp <= known_ms
    }
    return int(missing_between(opens, step, hours).sum()) + len(lost)


def correlations(symbol: str, company: Mapping[str, Candles]) -> dict[str, float]:
    """Per other symbol the Pearson correlation of its log returns with those of `symbol`, -1 to 1.

    Over the 30 days up to the newest candle of `symbol`, of candles that both have; a return over
    a gap is none of this timeframe and is left out. So is a symbol with fewer than 60 common
    returns, or a price that does not move. Rounded to six decimals, so that it is the same on every
    machine.

    Args:
        symbol: one of the company.
        company: closed 4h candles per symbol; may be empty.
    """
    others = [name for name, candles in company.items() if name != symbol and len(candles)]
    if not others or not len(company[symbol]):
        return {}
    stamps, own = company[symbol].open_ms[-CORRELATION_BARS:], _logs(company[symbol])
    begins_ms = int(stamps[-1]) - CORRELATION_DAYS * _DAY_MS
    whole = (stamps[1:] - stamps[:-1] == CORRELATION_TIMEFRAME.ms) & (stamps[:-1] >= begins_ms)
    logs = np.stack([_at(stamps, company[name]) for name in others])
    found = _pearson((own[1:] - own[:-1])[whole], (logs[:, 1:] - logs[:, :-1])[:, whole])
    return {
        name: round(value, 6)
        for name, value in zip(others, found.tolist(), strict=True)
        if value == value  # only NaN differs from itself
    }


def _logs(candles: Candles) -> Floats:
    logs: Floats = np.log(candles.close[-CORRELATION_BARS:])
    return logs


def _at(stamps: Stamps, candles: Candles) -> Floats:
    """Logarithms of the closes of the candles that open at `stamps`; NaN where there is none."""
    opens, logs = candles.open_ms[-CORRELATION_BARS:], _logs(candles)
    if np.array_equal(stamps, opens):
        return logs
    rows = np.minimum(np.searchsorted(opens, stamps), len(opens) - 1)
    return np.where(opens[rows] == stamps, logs[rows], np.nan)


def _pearson(own: Floats, others: Floats) -> Floats:
    """Correlation of `own`, shape (n,), with each row of `others`, shape (k, n), where both are.

    NaN for a row with too few returns, or where one of the two does not move. Sums only, no matrix
    product: its last digits would depend on the machine.
    """
    there = np.isfinite(others)
    count = np.maximum(there.sum(axis=1), 1)
    x, y = _centred(np.where(there, own, 0.0), there, count), _centred(others, there, count)
    spread_x, spread_y = np.sqrt((x * x).sum(axis=1)), np.sqrt((y * y).sum(axis=1))
    moved = np.minimum(spread_x, spread_y) > STILL * np.sqrt(count)
    known = moved & (count >= MIN_RETURNS)
    spread = np.where(known, spread_x * spread_y, np.nan)
    found: Floats = np.clip((x * y).sum(axis=1) / spread, -1.0, 1.0)
    return found


def _centred(values: Floats, there: NDArray[np.bool_], count: NDArray[np.int64]) -> Floats:
    """Each row less its mean; 0 where it is not there."""
    kept = np.where(there, values, 0.0)
    centred: Floats = np.where(there, kept - (kept.sum(axis=1) / count)[:, None], 0.0)
    return centred
