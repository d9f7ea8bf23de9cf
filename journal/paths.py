"""The way the price went while a trade was open: how far against it, and how far for it.

A bar does not say what came first in it, so it is read cautiously. In the bar of the entry only the
adverse end, the close and the prices paid count: its favourable end may lie before the entry. In
the bar of the exit only the prices paid count: its ends may lie after it. The bars in between count
whole, also where a part of the position was opened or closed in them.

MAE, maximum adverse excursion, and MFE, maximum favourable excursion, are John Sweeney's words
("Campaign Trading", 1997).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from domain.candles import Timeframe
from domain.numbers import ZERO
from domain.plan import Side
from domain.trade import ClosedTrade


@dataclass(frozen=True, slots=True)
class PathBar:
    """High, low and close of a stretch of time, in quote."""

    at: datetime
    """Where it begins."""
    until: datetime
    """What happened before this moment is in it."""
    high: Decimal
    low: Decimal
    close: Decimal


class Excursions(NamedTuple):
    """How far the price went, never negative: per unit in quote, and in planned risk."""

    mae: Decimal
    """Against the trade."""
    mfe: Decimal
    """For it."""
    mae_r: Decimal | None
    """`mae` on the largest size held, over the planned risk; None without a planned risk."""
    mfe_r: Decimal | None


def excursions(trade: ClosedTrade, path: Sequence[PathBar]) -> Excursions | None:
    """How far the price went from a trade's average entry; None where no path was kept."""
    if not path:
        return None
    above = max(ZERO, max(bar.high for bar in path) - trade.entry_price)
    below = max(ZERO, trade.entry_price - min(bar.low for bar in path))
    mae, mfe = (below, above) if trade.side == "long" else (above, below)
    if trade.risk_amount <= ZERO:
        return Excursions(mae, mfe, None, None)
    risk_per_unit = trade.risk_amount / trade.quantity
    return Excursions(mae, mfe, mae / risk_per_unit, mfe / risk_per_unit)


def bar_of_entry(bar: PathBar, side: Side, paid: Sequence[Decimal]) -> PathBar:
    """What counts of the bar in which a position was opened at these prices."""
    adverse = bar.low if side == "long" else bar.high
    counted = (adverse, bar.close, *paid)
    return PathBar(bar.at, bar.until, max(counted), min(counted), bar.close)


def bar_of_exit(at: datetime, until: datetime, paid: Sequence[Decimal]) -> PathBar:
    """What counts of the bar in which it was closed; `paid` in the order of time."""
    return PathBar(at, until, max(paid), min(paid), paid[-1])


def bucketed(bars: Sequence[PathBar], timeframe: Timeframe, begun: PathBar | None) -> list[PathBar]:
    """Bars put together into the buckets of a timeframe, oldest first.

    Args:
        bars: Oldest first, each within one bucket.
        timeframe: Length of a bucket.
        begun: The last bucket so far; it goes on where the first bar falls into it.
    """
    buckets = [] if begun is None else [begun]
    for bar in bars:
        at = timeframe.floor(bar.at)
        if buckets and buckets[-1].at == at:
            last = buckets.pop()
            high, low = max(last.high, bar.high), min(last.low, bar.low)
            buckets.append(PathBar(at, bar.until, high, low, bar.close))
        else:
            buckets.append(PathBar(at, bar.until, bar.high, bar.low, bar.close))
    return buckets


def path_bar(row: Mapping[str, Any]) -> PathBar:
    """The bucket that a row holds."""
    return PathBar(**{field.name: row[field.name] for field in fields(PathBar)})
