"""Order book and public trades of the synthetic market, each a function of seed and moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import numpy as np

from domain.book import Level, OrderBook
from domain.candles import Series
from domain.clock import from_ms, to_ms
from domain.instrument import Instrument
from domain.numbers import BPS, ZERO, ceil_to_tick, floor_to_step, floor_to_tick, to_decimal
from market.protocol import MarketTrade

LEVELS = 20
_HALF_SPREAD_BPS = (0.5, 2.0)
"""Range that half the spread is drawn from."""
_STEP_BPS = Decimal(1)
"""Distance of one level to the next."""
_LEVEL_NOTIONAL = 40_000.0
"""Mean value of a level, in quote."""
_MINUTE_MS = 60_000
_PER_MINUTE = 12
"""Trades in every minute."""
_TRADE_NOTIONAL = 3_000.0
"""Mean value of a trade, in quote."""


def make_book(
    seed: int, key: int, instrument: Instrument, price: Decimal, at: datetime
) -> OrderBook:
    """Twenty levels a side around `price`, farther ones thicker."""
    draw = np.random.default_rng([seed, key, 5, to_ms(at)])
    half = to_decimal(float(draw.uniform(*_HALF_SPREAD_BPS)))
    notionals = draw.exponential(_LEVEL_NOTIONAL, (2, LEVELS)) * (1 + np.arange(LEVELS) / 10)
    sizes = [[_quantity(float(n), price, instrument) for n in side] for side in notionals]
    tick, bids, asks = instrument.price_tick, [], []
    for level in range(LEVELS):
        distance = price * (half + _STEP_BPS * level) / BPS
        bid = floor_to_tick(price - distance, tick) - tick * level
        ask = ceil_to_tick(price + distance, tick) + tick * level
        if bid > ZERO:
            bids.append(Level(bid, sizes[0][level]))
        asks.append(Level(ask, sizes[1][level]))
    return OrderBook(at=at, origin="synthetic", bids=tuple(bids), asks=tuple(asks))


def make_trades(
    seed: int, key: int, instrument: Instrument, base: Series, at: datetime, limit: int
) -> Sequence[MarketTrade]:
    """The newest `limit` trades at or before `at`, oldest first.

    Priced within half a spread of the open of the candle they fall into, which is all that is known
    of a forming candle. Their sum is not the candle's volume.
    """
    now_ms, first_ms = to_ms(at), int(base.open_ms[0])
    minute = min(now_ms, int(base.open_ms[-1]) + base.timeframe.ms - 1) // _MINUTE_MS
    newest_first: list[MarketTrade] = []
    while len(newest_first) < limit and minute * _MINUTE_MS >= first_ms:
        of_minute = _trades_of_minute(seed, key, instrument, base, minute)
        newest_first += [trade for trade in reversed(of_minute) if to_ms(trade.at) <= now_ms]
        minute -= 1
    return newest_first[: max(0, limit)][::-1]


def _trades_of_minute(
    seed: int, key: int, instrument: Instrument, base: Series, minute: int
) -> list[MarketTrade]:
    start = minute * _MINUTE_MS
    row = int(np.searchsorted(base.open_ms, start, side="right")) - 1
    price = to_decimal(float(base.open[row]))
    draw = np.random.default_rng([seed, key, 6, minute])
    offsets = np.sort(draw.integers(1, _MINUTE_MS, _PER_MINUTE))
    notionals = draw.exponential(_TRADE_NOTIONAL, _PER_MINUTE)
    buys = draw.random(_PER_MINUTE) < 0.5
    half = price * to_decimal(float(draw.uniform(*_HALF_SPREAD_BPS))) / BPS
    bid = floor_to_tick(price - half, instrument.price_tick)
    ask = ceil_to_tick(price + half, instrument.price_tick)
    return [
        MarketTrade(
            at=from_ms(start + int(offset)),
            price=ask if buy else bid,
            quantity=_quantity(float(notional), price, instrument),
            aggressor="buy" if buy else "sell",
        )
        for offset, notional, buy in zip(offsets, notionals, buys, strict=True)
    ]


def _quantity(notional: float, price: Decimal, instrument: Instrument) -> Decimal:
    """A size in base on the instrument's step, at least one step."""
    step = instrument.quantity_step
    return max(step, floor_to_step(to_decimal(notional) / price, step))
