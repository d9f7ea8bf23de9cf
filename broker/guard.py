"""Manages open positions once a cycle: moves stops, closes what has come nowhere.

Only closed candles and the newest price are looked at. Where these cannot be had, everything stays
as it is: the stop is at the venue, and nothing here is needed for it to fire.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from broker.closing import close_order
from broker.outbox import PAPER_ACCOUNT
from domain.candles import Timeframe
from domain.clock import to_ms
from domain.errors import MARKET_FAILURES
from domain.lifecycle import PlanStatus
from domain.numbers import to_decimal
from domain.orders import Order, Position, live_stop
from journal.batch import Batch
from journal.books import Journal
from journal.reading import StoredPlan
from market.observe import Observer
from market.protocol import MarketSource
from policies.exits import OpenPosition, is_stale, manages, moved_stop
from policies.facts import market_facts
from policies.settings import Policy


class Guard:
    """Looks after what is held."""

    def __init__(
        self,
        journal: Journal,
        source: MarketSource,
        observer: Observer,
        policy: Policy,
        timeframe: Timeframe,
        account: str = PAPER_ACCOUNT,
    ) -> None:
        self._journal = journal
        self._source = source
        self._observer = observer
        self._policy = policy
        self._timeframe = timeframe
        self._account = account

    async def manage(self, now: datetime) -> None:
        """Commit what the policy calls for now."""
        if manages(self._policy):
            for stored in self._journal.plans(PlanStatus.OPEN):
                await self._manage(stored, now)

    async def _manage(self, stored: StoredPlan, now: datetime) -> None:
        position = self._journal.position(stored.plan.symbol)
        orders = self._journal.plan_orders(stored.plan.plan_id)
        stop = live_stop(orders)
        if position is None or stop is None or stop.price is None:
            return
        try:
            held = await self._seen(stored, position, stop, stop.price, now)
        except MARKET_FAILURES:
            return
        if is_stale(held, self._policy):
            run_id, slippage = stored.plan.run_id, stored.bracket.stop_slippage
            on = self._source.instrument(stored.plan.symbol)
            order = close_order(position, orders, on, "stale", now, run_id, self._account, slippage)
            if order is not None:
                self._journal.commit_exit(order)
        elif move := moved_stop(held, self._policy):
            self._journal.apply(Batch([replace(stop, price=move.price, reason=move.reason)]))

    async def _seen(
        self,
        stored: StoredPlan,
        position: Position,
        stop: Order,
        price: Decimal,
        now: datetime,
    ) -> OpenPosition:
        plan, bracket = stored.plan, stored.bracket
        snapshot = await self._observer.snapshot(plan.symbol, now)
        market = market_facts(snapshot, now, 0.0)
        # Dust of an earlier plan makes a position older than its plan.
        opened_at = max(position.opened_at, stored.approved_at)
        first_ms = to_ms(self._timeframe.floor(opened_at)) + self._timeframe.seconds * 1000
        count = max(0, (to_ms(now) - first_ms) // (self._timeframe.seconds * 1000))
        candles = await self._source.candles(plan.symbol, self._timeframe, now, int(count) or 1)
        since = candles.open_ms >= first_ms
        prices = (candles.high if bracket.side == "long" else candles.low)[since]
        best = None
        if len(prices):
            best = to_decimal(float(prices.max() if bracket.side == "long" else prices.min()))
        on = self._source.instrument(plan.symbol)
        rate, way = on.taker_fee_fraction, 1 if bracket.side == "long" else -1
        # Both fees where a stop breaks even, not where this one is: moved, it would move again.
        costs = (2 * rate * position.entry_price + stop.slippage) / (1 - rate * way)
        return OpenPosition(
            side=bracket.side,
            entry_price=position.entry_price,
            planned_stop=self._first_stop(stored),
            stop=price,
            best=best,
            bars=len(prices),
            last=snapshot.last,
            atr=market.atr,
            costs=costs,
            tick=on.price_tick,
            confidence_fraction=plan.draft.confidence,
        )

    def _first_stop(self, stored: StoredPlan) -> Decimal:
        """Where the plan's stop lay before it was given new levels: R is measured by it."""
        if stored.plan.act in {"open", "replace"}:
            return stored.bracket.stop_price
        versions = self._journal.versions(stored.plan.plan_id)
        entered = [v for v in versions if v.plan.act in {"open", "replace"}]
        return entered[-1].bracket.stop_price
