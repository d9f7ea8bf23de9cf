"""An order book where the source has none: an assumption, documented, and always called modelled.

The gate's spread, depth and slippage rules must run in a replay over candles too, or the rules that
were tried are not the rules that run live. What candles say about a book is their range and their
volume, so that is what it is made of::

    spread = 2 % of the median (high - low) / close of the last 24 closed candles, at least 1 bps
    depth  = 5 % of the median volume of the last 24 closed candles, per side within 20 bps of mid,
             laid on 10 levels of equal quantity from the best price outward

On the shipped BTC hours of 2018 and 2019 that is 1.1 bps and 14 BTC in the median, and 8 bps in the
wildest hours. Medians, so that one wild candle does not change them. Where the median volume is 0
nobody trades: no book, and no book denies.

The best prices are rounded to ticks away from the mid, all other levels towards it, so that the
depth lies inside the 20 bps it is promised in.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

import numpy as np

from domain.book import Level, OrderBook
from domain.candles import Candles
from domain.numbers import BPS, ONE, ZERO, ceil_to_tick, floor_to_tick, to_decimal

if TYPE_CHECKING:
    from domain.candles import Floats

LOOKBACK_BARS = 24
SPREAD_RANGE_FRACTION = Decimal("0.02")
"""Spread as a share of a candle's range."""
MIN_SPREAD_BPS = ONE
DEPTH_VOLUME_FRACTION = Decimal("0.05")
"""Depth on one side as a share of a candle's volume."""
DEPTH_BPS = Decimal(20)
"""How far from the mid that depth reaches."""
LEVELS_COUNT = 10
_QUANTUM = Decimal("1e-8")


def modelled_book(candles: Candles, tick: Decimal, mid: Decimal, at: datetime) -> OrderBook | None:
    """The book assumed around `mid`, known at `at`; None where nothing trades.

    Args:
        candles: closed ones; the newest 24 are used.
        tick: smallest price difference, in quote.
        mid: last price known, in quote.
        at: when that price was known.
    """
    newest = candles.last(LOOKBACK_BARS)
    if not len(newest):
        return None
    quantity = _level_quantity(newest)
    half = mid * _spread_bps(newest) / BPS / 2
    bid, ask = floor_to_tick(mid - half, tick), ceil_to_tick(mid + half, tick)
    if quantity <= ZERO or bid <= ZERO:
        return None
    reach = (bid + ask) / 2 * DEPTH_BPS / BPS
    deepest_bid = min(bid, ceil_to_tick((bid + ask) / 2 - reach, tick))
    deepest_ask = max(ask, floor_to_tick((bid + ask) / 2 + reach, tick))
    return OrderBook(
        at=at,
        origin="modelled",
        bids=_levels(bid, deepest_bid, tick, quantity),
        asks=_levels(ask, deepest_ask, tick, quantity),
    )


def modelled_history(candles: Candles) -> tuple[Floats, Floats]:
    """Spread in bps and depth per side in base of the book modelled at each candle.

    Both of shape (len - 23,), before ticks round them; empty where there are too few candles.
    """
    if len(candles) < LOOKBACK_BARS:
        return np.empty(0), np.empty(0)
    ranges = (candles.high - candles.low) / candles.close
    windows = np.lib.stride_tricks.sliding_window_view(
        np.stack([ranges, candles.volume]), LOOKBACK_BARS, axis=1
    )
    widths, volumes = np.median(windows, axis=2)
    spreads = widths * float(SPREAD_RANGE_FRACTION * BPS)
    return np.maximum(spreads, float(MIN_SPREAD_BPS)), volumes * float(DEPTH_VOLUME_FRACTION)


def _spread_bps(newest: Candles) -> Decimal:
    ranges = (newest.high - newest.low) / newest.close
    return max(MIN_SPREAD_BPS, to_decimal(float(np.median(ranges))) * SPREAD_RANGE_FRACTION * BPS)


def _level_quantity(newest: Candles) -> Decimal:
    """What one level holds, in base."""
    depth = to_decimal(float(np.median(newest.volume))) * DEPTH_VOLUME_FRACTION
    return (depth / LEVELS_COUNT).quantize(_QUANTUM, ROUND_DOWN)


def _levels(best: Decimal, deepest: Decimal, tick: Decimal, quantity: Decimal) -> tuple[Level, ...]:
    """Ten equal quantities from `best` to `deepest`; levels that meet on one tick are one level."""
    away = deepest - best
    to_tick = ceil_to_tick if away < ZERO else floor_to_tick
    held: dict[Decimal, Decimal] = {}
    for number in range(LEVELS_COUNT):
        price = to_tick(best + away * number / (LEVELS_COUNT - 1), tick)
        held[price] = held.get(price, ZERO) + quantity
    return tuple(Level(price, amount) for price, amount in held.items())
