"""How synthetic prices and funding come about.

A market-wide regime (calm, up, down, volatile) changes every few days and sets drift and volatility
for all symbols; each symbol's log returns mix the market's noise with its own. Every random
stream is seeded by (seed, symbol, purpose) and drawn in time order, so a longer history begins with
the shorter one. The numbers are chosen to look like a crypto market, not fitted to one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from domain.candles import Series, Timeframe
from domain.clock import to_ms
from domain.instrument import Instrument
from domain.numbers import to_decimal
from market.sources.funding import FundingHistory, funding_history

if TYPE_CHECKING:
    from domain.candles import Floats, Stamps

BASE_TIMEFRAME = Timeframe.M5
_STEPS = 4
"""Price steps inside a candle; they make its high and low."""
_BLOCK_BARS = 48
"""Regimes may change every four hours."""
_STAY = 0.97
"""Chance that a regime lasts another block: five days on average."""
_VOLATILITY = np.array([0.35, 0.50, 0.60, 1.10])
"""Annualised, of calm, up, down, volatile."""
_DRIFT = np.array([0.0, 3.0, -3.0, 0.0])
"""Annualised log return of the same."""
_LOADING = 0.8
"""Share of the market's noise in a symbol's: correlation of two symbols is its square."""
_KNOWN_PRICES = {"BTC": 42_000.0, "ETH": 2_300.0, "SOL": 100.0, "XRP": 0.6, "BNB": 310.0}
_FUNDING_BARS = 96
"""Eight hours."""


@dataclass(frozen=True, slots=True)
class Paths:
    """What one symbol's candles and funding are made from."""

    open_ms: Stamps
    """Shape (n,)."""
    prices: Floats
    """Price after each step inside each candle, shape (n, steps)."""
    first: float
    """Price before the first step."""
    turnover: Floats
    """Traded value per candle in quote, shape (n,)."""
    funding: Floats
    """Funding rate per eight hours as a fraction, shape (ceil(n / 96),)."""


def scale(price: float) -> int:
    """Power of ten of a price: 4 for 42,000."""
    return math.floor(math.log10(price))


def first_price(key: int, base: str) -> float:
    """Where a symbol starts: near the real one for a few names, else somewhere from 1 to 1,000."""
    return _KNOWN_PRICES.get(base) or float(round(10 ** ((key % 3000) / 1000), 3))


def make_paths(seed: int, key: int, base: str, starts_at: datetime, days: int) -> Paths:
    """Prices, turnover and funding of one symbol over `days` days."""
    bars = days * (Timeframe.D1.ms // BASE_TIMEFRAME.ms)
    regime = np.repeat(_regimes(seed, math.ceil(bars / _BLOCK_BARS)), _BLOCK_BARS)[:bars]
    common = _stream(seed, 0, 1).standard_normal((bars, _STEPS))
    own = _stream(seed, key, 2).standard_normal((bars, _STEPS))
    noise = _LOADING * common + math.sqrt(1 - _LOADING**2) * own
    liveliness = 0.9 + (key % 7) / 10
    per_year = BASE_TIMEFRAME.bars_per_year * _STEPS
    volatility = _VOLATILITY[regime] * liveliness
    drift = (_DRIFT[regime] - volatility**2 / 2) / per_year
    steps = drift[:, None] + noise * (volatility / math.sqrt(per_year))[:, None]
    first = first_price(key, base)
    prices = first * np.exp(np.cumsum(steps.ravel())).reshape(bars, _STEPS)
    moves = np.abs(steps.sum(axis=1)) / (volatility / math.sqrt(BASE_TIMEFRAME.bars_per_year))
    activity = np.exp(0.5 * _stream(seed, key, 3).standard_normal(bars))
    opens = to_ms(starts_at) + np.arange(bars, dtype=np.int64) * BASE_TIMEFRAME.ms
    return Paths(
        open_ms=opens,
        prices=prices,
        first=first,
        turnover=2e6 * activity * (0.5 + moves) * _hour_of_day(opens) * volatility,
        funding=_funding(seed, key, regime[::_FUNDING_BARS]),
    )


def candles_of(paths: Paths, instrument: Instrument) -> Series:
    """Candles on the instrument's tick; each opens where the one before it closed."""
    digits = -int(instrument.price_tick.adjusted())
    prices = np.maximum(np.round(paths.prices, digits), float(instrument.price_tick))
    close = np.ascontiguousarray(prices[:, -1])
    opens = np.concatenate([[round(paths.first, digits)], close[:-1]])
    volume_digits = -int(instrument.quantity_step.adjusted())
    return Series(
        timeframe=BASE_TIMEFRAME,
        open_ms=paths.open_ms,
        open=opens,
        high=np.maximum(opens, prices.max(axis=1)),
        low=np.minimum(opens, prices.min(axis=1)),
        close=close,
        volume=np.round(paths.turnover / close, volume_digits),
    )


def funding_of(paths: Paths) -> FundingHistory:
    """One payment every eight hours, from the first candle on."""
    stamps = paths.open_ms[::_FUNDING_BARS]
    return funding_history(stamps, [to_decimal(float(rate)) for rate in paths.funding])


def _stream(seed: int, key: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng([seed, key, purpose])


def _regimes(seed: int, blocks: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Regime number per block, shape (blocks,); one sequence for all symbols of a seed."""
    draws = _stream(seed, 0, 0).random((blocks, 2))
    regimes = np.zeros(blocks, np.intp)
    for block in range(1, blocks):
        stays = draws[block, 0] < _STAY
        regimes[block] = regimes[block - 1] if stays else int(draws[block, 1] * len(_VOLATILITY))
    return regimes


def _hour_of_day(open_ms: Stamps) -> Floats:
    """Busier in the afternoon, UTC: between 0.6 and 1.4."""
    hours = open_ms % Timeframe.D1.ms / 3_600_000
    busy: Floats = 1 + 0.4 * np.sin((hours - 9) / 24 * 2 * np.pi)
    return busy


def _funding(seed: int, key: int, regime: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Floats:
    """0.01 % and more in rising markets, less and negative in falling ones."""
    tilt = np.array([0.0, 0.0002, -0.0003, 0.0])[regime]
    noise = 0.00008 * _stream(seed, key, 4).standard_normal(len(regime))
    rates: Floats = np.clip(0.0001 + tilt + noise, -0.003, 0.003)
    return np.round(rates, 8)
