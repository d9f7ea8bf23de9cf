"""How wide and how deep a book is beside others of its own kind.

A rank needs a history, and whose history that is makes the number. A modelled book is ranked among
the books modelled at each of the last 300 candles, which is as causal and as repeatable as an
indicator. A venue's books are kept by nobody: they are ranked among those that this process saw at
its own decisions, at least 30; a restart begins anew. The two are never mixed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import numpy as np

from domain.book import OrderBook
from domain.candles import Candles
from domain.snapshot import BookRank
from market.features import WARMUP_BARS
from market.modelled_book import LOOKBACK_BARS, modelled_history

MIN_LOOKS = 30
KEPT_LOOKS = 500
WITHIN_BPS = Decimal(20)


class BookLooks:
    """The venue's books that one observer saw, newest last; spread in bps, depth in base."""

    def __init__(self) -> None:
        self._looks: dict[str, deque[tuple[datetime, float, float]]] = {}

    def rank(self, symbol: str, as_of: datetime, book: OrderBook) -> BookRank | None:
        """The book's rank among the earlier ones; it is kept for later ones."""
        measured = _measured(book)
        if measured is None:
            return None
        looks = self._looks.setdefault(symbol, deque(maxlen=KEPT_LOOKS))
        earlier = [look for look in looks if look[0] < as_of]
        if not looks or looks[-1][0] < as_of:
            looks.append((as_of, *measured))
        if len(earlier) < MIN_LOOKS:
            return None
        return _rank(measured, [look[1] for look in earlier], [look[2] for look in earlier], "seen")


def modelled_rank(candles: Candles) -> BookRank | None:
    """The rank of the book modelled now among those of the last 300 candles."""
    spreads, depths = modelled_history(candles.last(WARMUP_BARS + LOOKBACK_BARS - 1))
    if len(spreads) < WARMUP_BARS:
        return None
    now = (float(spreads[-1]), float(depths[-1]))
    return _rank(now, spreads.tolist(), depths.tolist(), "modelled")


def _measured(book: OrderBook) -> tuple[float, float] | None:
    spread = book.spread_bps
    if spread is None:
        return None
    return float(spread), float(min(book.depth("buy", WITHIN_BPS), book.depth("sell", WITHIN_BPS)))


def _rank(
    now: tuple[float, float], spreads: Sequence[float], depths: Sequence[float], among: str
) -> BookRank:
    spread, depth = now
    return BookRank(
        spread_percentile=float(np.mean(np.asarray(spreads) <= spread)),
        depth_percentile=float(np.mean(np.asarray(depths) <= depth)),
        among_count=len(spreads),
        among="modelled" if among == "modelled" else "seen",
    )
