"""Performance of a session: statistics in float, None where undefined, never infinity.

Sharpe and Sortino are computed on the returns between equity points with a risk-free rate of zero
and annualised by the square root of the points per year. The standard error of the Sharpe ratio is
Lo's for independent returns, sqrt((1 + SR²/2) / n) per period (A. W. Lo, "The Statistics of Sharpe
Ratios", Financial Analysts Journal 58(4), 2002).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from itertools import pairwise
from statistics import fmean, pstdev, stdev
from typing import NamedTuple

from domain.numbers import ZERO
from domain.trade import ClosedTrade
from journal.ledger import EXACT


class EquityPoint(NamedTuple):
    """A purse's value at one moment, in its currency."""

    at: datetime
    equity: Decimal
    net_deposits: Decimal = ZERO
    """Deposits less withdrawals that are in it."""

    @property
    def earned(self) -> Decimal:
        """What it would be without them: what it began with, and what was gained or lost."""
        with localcontext(EXACT):
            return self.equity - self.net_deposits


@dataclass(frozen=True, slots=True)
class Performance:
    """What a session came to; fractions of capital, R in units of planned risk."""

    total_return_fraction: float | None
    max_drawdown_fraction: float | None
    """Largest fall of equity from a peak, as a positive fraction."""
    sharpe_ratio: float | None
    sharpe_standard_error: float | None
    sortino_ratio: float | None
    returns_count: int
    """Periods behind the ratios."""
    trades_count: int
    win_fraction: float | None
    profit_factor_ratio: float | None
    """Sum of gains over sum of losses; None without a loss."""
    mean_r: float | None
    best_r: float | None
    worst_r: float | None
    net: float
    """Sum over closed trades after all costs, in quote."""


def performance(
    points: Sequence[EquityPoint], trades: Sequence[ClosedTrade], points_per_year: float
) -> Performance:
    """Statistics of one purse's equity points (oldest first) and closed trades.

    Deposits and withdrawals are no gains or losses: a period's return leaves out what came within
    it, the whole return is that of all periods in a row, and the peak moves with what comes.
    """
    equity, paid_in = [float(p.equity) for p in points], [float(p.net_deposits) for p in points]
    flows = [b - a for a, b in pairwise(paid_in)]
    moves = [(a, b - flow) for (a, b), flow in zip(pairwise(equity), flows, strict=True)]
    returns = [b / a - 1 for a, b in moves if a > 0]
    sharpe, error = _sharpe(returns, points_per_year)
    nets = [float(t.net) for t in trades]
    multiples = [float(t.r_multiple) for t in trades if t.risk_amount > 0]
    gains = sum(n for n in nets if n > 0)
    losses = -sum(n for n in nets if n < 0)
    return Performance(
        total_return_fraction=_linked(returns) if any(flows) else _total_return(equity),
        max_drawdown_fraction=max(drawdowns(equity, paid_in), default=None),
        sharpe_ratio=sharpe,
        sharpe_standard_error=error,
        sortino_ratio=_sortino(returns, points_per_year),
        returns_count=len(returns),
        trades_count=len(trades),
        win_fraction=sum(n > 0 for n in nets) / len(nets) if nets else None,
        profit_factor_ratio=gains / losses if losses > 0 else None,
        mean_r=fmean(multiples) if multiples else None,
        best_r=max(multiples, default=None),
        worst_r=min(multiples, default=None),
        net=sum(nets),
    )


def drawdowns(equity: Sequence[float], paid_in: Sequence[float]) -> list[float]:
    """How far equity lies below its peak so far, per point, as a positive fraction; 0 at a high.

    A deposit moves the peak as it moves equity: neither is a gain or a loss.
    """
    best, falls = -math.inf, []
    for value, paid in zip(equity, paid_in, strict=True):
        best = max(best, value - paid)
        peak = best + paid
        falls.append(max(0.0, 1 - value / peak) if peak > 0 else 0.0)
    return falls


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean, and how many values it is of."""

    value: float | None
    count: int


def mean(values: Iterable[float | Decimal | None]) -> Mean:
    """The mean of what is known."""
    known = [float(v) for v in values if v is not None]
    return Mean(fmean(known) if known else None, len(known))


@dataclass(frozen=True, slots=True)
class Reason:
    """Trades that were closed for one reason."""

    reason: str
    trades_count: int
    win_fraction: float
    mean_r: float | None
    net: float
    """In quote."""


def by_reason(trades: Sequence[ClosedTrade]) -> list[Reason]:
    """Closed trades by why their last part was closed, the most frequent first."""
    groups: dict[str, list[ClosedTrade]] = {}
    for trade in trades:
        groups.setdefault(trade.close_reason, []).append(trade)
    return [
        Reason(
            reason,
            len(group),
            sum(t.net > 0 for t in group) / len(group),
            mean(t.r_multiple for t in group if t.risk_amount > 0).value,
            float(sum(t.net for t in group)),
        )
        for reason, group in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _total_return(equity: Sequence[float]) -> float | None:
    return equity[-1] / equity[0] - 1 if len(equity) > 1 and equity[0] > 0 else None


def _linked(returns: Sequence[float]) -> float:
    """What a sum would have come to that nothing was added to or taken from."""
    return math.prod(1 + each for each in returns) - 1


def _sharpe(returns: Sequence[float], per_year: float) -> tuple[float | None, float | None]:
    if len(returns) < 2 or (spread := stdev(returns)) == 0:
        return None, None
    ratio = fmean(returns) / spread
    error = math.sqrt((1 + ratio * ratio / 2) / len(returns))
    return ratio * math.sqrt(per_year), error * math.sqrt(per_year)


def _sortino(returns: Sequence[float], per_year: float) -> float | None:
    if len(returns) < 2:
        return None
    downside = pstdev([min(r, 0.0) for r in returns], 0.0)
    return fmean(returns) / downside * math.sqrt(per_year) if downside > 0 else None
