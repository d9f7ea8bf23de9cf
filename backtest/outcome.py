"""What a walk came to: money, drawdown and exposure, and two walks held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from backtest.resampling import Interval, interval, interval_of_sum
from domain.instrument import quote_of
from domain.trade import ClosedTrade
from journal.books import Journal
from journal.metrics import EquityPoint, performance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Held:
    """From when to when something was held, and what it was worth when it was entered."""

    since: datetime
    until: datetime | None
    """None: it is held still."""
    notional: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """One purse at the end of a walk, in its currency; fractions are of what it began with."""

    currency: str
    capital: float
    net: float
    """Gained or lost, what is held still at its newest price."""
    net_interval: Interval | None
    return_fraction: float | None
    max_drawdown_fraction: float | None
    drawdown_interval: Interval | None
    trades_count: int
    win_fraction: float | None
    mean_r: float | None
    open_count: int
    """Positions that are held still."""
    exposure_fraction: float | None
    """Mean of what was held over what the purse was worth, at the moments of deciding."""
    held_fraction: float | None
    """Share of these moments at which anything was held."""
    earned: tuple[float, ...]
    """Gained or lost from each moment of deciding to the next."""


def outcome_of(journal: Journal, currency: str) -> Outcome:
    """What one purse came to."""
    points = journal.equity_points(currency)
    trades = [t for t in journal.trades() if quote_of(t.symbol) == currency]
    summary = performance(points, trades, 1.0)
    still = journal.ledger().held(currency)
    held = [
        *(_of_trade(trade) for trade in trades),
        *(Held(p.opened_at, None, float(abs(p.quantity) * p.entry_price)) for p in still.values()),
    ]
    earned = [float(after.earned - before.earned) for before, after in pairwise(points)]
    capital = float(journal.capital()[currency])
    shares = [_share(point, held) for point in points]
    return Outcome(
        currency=currency,
        capital=capital,
        net=sum(earned),
        net_interval=interval_of_sum(earned),
        return_fraction=summary.total_return_fraction,
        max_drawdown_fraction=summary.max_drawdown_fraction,
        drawdown_interval=interval(earned, lambda table: _drawdowns(table, capital)),
        trades_count=len(trades),
        win_fraction=summary.win_fraction,
        mean_r=summary.mean_r,
        open_count=len(still),
        exposure_fraction=sum(shares) / len(shares) if shares else None,
        held_fraction=sum(share > 0 for share in shares) / len(shares) if shares else None,
        earned=tuple(earned),
    )


def difference(was: Outcome, now: Outcome) -> tuple[float, Interval | None]:
    """What the second earned more than the first, moment by moment, and how sure that is.

    Both lived through the same moments, so it is their differences that are drawn: what the market
    did to both alike says nothing about the policies.
    """
    apart = [b - a for a, b in zip(was.earned, now.earned, strict=True)]
    return sum(apart), interval_of_sum(apart)


def _of_trade(trade: ClosedTrade) -> Held:
    return Held(trade.opened_at, trade.closed_at, float(trade.quantity * trade.entry_price))


def _share(point: EquityPoint, held: Sequence[Held]) -> float:
    worth = sum(
        one.notional
        for one in held
        if one.since <= point.at and (one.until is None or point.at < one.until)
    )
    return worth / float(point.equity) if point.equity > 0 else 0.0


def _drawdowns(earned: NDArray[np.float64], capital: float) -> NDArray[np.float64]:
    """The largest fall of each resampled path. Shape (resamples,)."""
    import numpy as np

    paths = capital + np.cumsum(earned, axis=1)
    peaks = np.maximum(np.maximum.accumulate(paths, axis=1), capital)
    falls: NDArray[np.float64] = (1 - paths / peaks).max(axis=1)
    return falls
