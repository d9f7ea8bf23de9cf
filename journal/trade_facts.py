"""What there is to say of a closed trade beside its money: excursions, margin, slippage, time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.instrument import quote_of
from domain.numbers import ZERO
from domain.orders import Fill
from domain.trade import ClosedTrade
from journal.metrics import EquityPoint
from journal.paths import Excursions, PathBar, excursions
from journal.walked import WalkReader


@dataclass(frozen=True, slots=True)
class TradeFacts:
    """One closed trade against what it used and what was expected; None is not known."""

    held_s: int
    excursions: Excursions | None
    """None where no price path was kept to its end."""
    equity_at_entry: Decimal
    """The newest value recorded up to the entry, in quote."""
    notional: Decimal
    """Value at the entry, in quote."""
    leverage_ratio: Decimal | None
    """Value over margin, as the policy reckoned with; None for plans older than 0.3."""
    slippage_bps: Decimal | None
    """Mean cost against the expected price over all fills, weighted by value."""
    entry_slippage_bps: Decimal | None
    exit_slippage_bps: Decimal | None
    net: Decimal
    """The trade's, in quote."""

    @property
    def return_on_equity_fraction(self) -> Decimal | None:
        """`net` over the equity at entry."""
        return self.net / self.equity_at_entry if self.equity_at_entry > ZERO else None

    @property
    def margin_used(self) -> Decimal | None:
        """What the position tied up: its value over the leverage; all of it for spot."""
        return None if self.leverage_ratio is None else self.notional / self.leverage_ratio

    @property
    def exposure_ratio(self) -> Decimal | None:
        """Value at the entry over the equity then: the leverage of the account."""
        return self.notional / self.equity_at_entry if self.equity_at_entry > ZERO else None


def trade_facts(
    trade: ClosedTrade,
    fills: Sequence[Fill],
    path: Sequence[PathBar],
    equity_at_entry: Decimal,
    leverage_ratio: Decimal | None,
) -> TradeFacts:
    """The facts of one trade.

    Args:
        trade: The trade.
        fills: All of its plan's.
        path: Its price path, whole; empty where none was kept.
        equity_at_entry: What the account was worth.
        leverage_ratio: Value over margin at the entry; 1 for spot.
    """
    return TradeFacts(
        held_s=int((trade.closed_at - trade.opened_at).total_seconds()),
        excursions=excursions(trade, path),
        equity_at_entry=equity_at_entry,
        notional=trade.quantity * trade.entry_price,
        leverage_ratio=leverage_ratio,
        slippage_bps=mean_slippage(fills),
        entry_slippage_bps=mean_slippage([f for f in fills if f.leg == "entry"]),
        exit_slippage_bps=mean_slippage([f for f in fills if f.leg != "entry"]),
        net=trade.net,
    )


def mean_slippage(fills: Sequence[Fill]) -> Decimal | None:
    """Mean cost against the expected price in bps, weighted by value; None without a fill."""
    value = sum((f.quantity * f.price for f in fills), ZERO)
    if not value:
        return None
    return sum((f.slippage_bps * f.quantity * f.price for f in fills), ZERO) / value


def facts_of(journal: WalkReader, trades: Sequence[ClosedTrade]) -> list[TradeFacts]:
    """The facts of each trade, read at once."""
    fills: dict[str, list[Fill]] = {}
    for fill in journal.fills():
        fills.setdefault(fill.plan_id, []).append(fill)
    paths, leverages, capital = journal.whole_paths(), journal.entry_leverages(), journal.capital()
    points = {currency: journal.equity_points(currency) for currency in capital}
    return [
        trade_facts(
            trade,
            fills.get(trade.plan_id, []),
            paths.get(trade.plan_id, []),
            _equity_at(points[quote_of(trade.symbol)], trade, capital[quote_of(trade.symbol)]),
            leverages.get(trade.plan_id),
        )
        for trade in trades
    ]


def _equity_at(points: Sequence[EquityPoint], trade: ClosedTrade, capital: Decimal) -> Decimal:
    before = bisect_right(points, trade.opened_at, key=lambda point: point.at)
    return points[before - 1].equity if before else capital
