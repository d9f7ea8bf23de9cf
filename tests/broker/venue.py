"""A market of a few hand-made bars, approved plans for it, and a journal for their fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import numpy as np
from typing_extensions import override

import journal.tables
from broker.closing import close_order
from broker.exits import exit_order
from broker.outbox import PAPER_ACCOUNT, entry_order
from domain.book import OrderBook
from domain.candles import Candles, Series, Timeframe
from domain.instrument import Instrument, InstrumentKind
from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import TARGET_LEGS, CloseReason, Leg, Order, Position
from domain.plan import PlanDraft, Side, Target, TradePlan, make_plan
from domain.verdict import Approved, Bracket, TargetLeg
from journal.batch import Batch
from journal.books import Journal
from market.protocol import FundingStamp, SourceInfo, Tick
from tests.market.handmade import START, HandSource, series
from tests.places import place_in
from traces.database import Database
from traces.tables import METADATA

assert journal.tables.SESSIONS.metadata is METADATA

D = Decimal
H = timedelta(hours=1)
T = START
SYMBOL = "BTC/USDT"
OTHER = "ETH/USDT"
TICK = D("0.1")
HUNDRED = D(100)
CALM = (100, 101, 99, 100, 10)
"""A bar (open, high, low, close, volume) that touches neither stop nor target."""

Row = tuple[float, float, float, float, float]


def bars(rows: Sequence[Row]) -> Series:
    """Hourly bars from `T` on."""
    table = np.array(rows, dtype=float).reshape(-1, 5)
    names = ("open", "high", "low", "close", "volume")
    return series(**{name: table[:, column] for column, name in enumerate(names)})


class VenueSource(HandSource):
    """Hand-made candles that orders fill on, with funding, and a price that can be set."""

    def __init__(
        self,
        data: dict[str, Series],
        *,
        kind: InstrumentKind = "perpetual",
        stamps: Sequence[FundingStamp] = (),
        inactive: frozenset[str] = frozenset(),
        live: bool = False,
        book: OrderBook | None = None,
    ) -> None:
        super().__init__({(s, Timeframe.H1): d for s, d in data.items()}, book=book)
        self._data = data
        self.kind = kind
        self.stamps = stamps
        self.inactive = inactive
        self.spoken: dict[str, Decimal | None] = {}
        """Prices that override the candles'; None where no price is known."""
        self.asked_for_bars: list[str] = []
        origin: Literal["live", "recorded"] = "live" if live else "recorded"
        offers = self._info.offers
        self._info = SourceInfo("hand", origin, "by hand", offers, Timeframe.H1, None, None)

    @override
    def instrument(self, symbol: str) -> Instrument:
        """Tick 0.1, step and least quantity 0.001, fee 0.001."""
        step, base = D("0.001"), symbol.partition("/")[0]
        made = Instrument(symbol, base, "USDT", self.kind, TICK, step, step, D(1))
        return replace(made, active=symbol not in self.inactive)

    @override
    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        if symbol in self.spoken:
            price = self.spoken[symbol]
            return None if price is None else Tick(price, as_of)
        if not self._data:
            return None
        return await super().tick(symbol, as_of)

    @override
    async def bars_after(self, symbol: str, after: datetime, until: datetime) -> Candles:
        self.asked_for_bars.append(symbol)
        return (
            Candles.whole(self.data.get((symbol, Timeframe.H1), bars([]))).until(until).since(after)
        )

    @override
    async def funding_stamps(
        self, symbol: str, after: datetime, until: datetime
    ) -> Sequence[FundingStamp]:
        return [s for s in self.stamps if after < s.at <= until]


def draft(side: Side = "long", entry: Decimal | None = None, **changes: Any) -> PlanDraft:
    """A draft around a price of 100."""
    fields: dict[str, Any] = {
        "side": side,
        "entry": entry,
        "targets": (Target(price=D(110) if side == "long" else D(90)),),
        "invalidation": D(95) if side == "long" else D(105),
        "horizon_bars": 5,
        "thesis": "a test",
        "confidence": D("0.7"),
    }
    return PlanDraft(**(fields | changes))


def plan_of(
    the_draft: PlanDraft,
    *,
    run: str = "run",
    symbol: str = SYMBOL,
    at: datetime = T,
    price: Decimal = HUNDRED,
    policy: str = "h",
) -> TradePlan:
    """A draft in its place."""
    return make_plan(
        the_draft,
        version=1,
        run_id=run,
        symbol=symbol,
        as_of=at,
        timeframe=Timeframe.H1,
        decision_price=price,
        model="hand",
        prompt_hash="p",
        policy_hash=policy,
    )


def approved(
    *,
    side: Side = "long",
    entry: str | None = None,
    stop: str | None = None,
    targets: Sequence[tuple[str, str]] | None = None,
    run: str = "run",
    symbol: str = SYMBOL,
    at: datetime = T,
    open_for: timedelta = 50 * H,
    rests_for: timedelta = H,
    invalid_if: Sequence[str] = (),
) -> tuple[TradePlan, Approved]:
    """A plan around 100 with stop 95 and target 110, or mirrored; slippage of the stop 0.5."""
    limit = None if entry is None else D(entry)
    wanted = draft(side, limit).model_copy(update={"invalid_if": tuple(invalid_if)})
    plan = plan_of(wanted, run=run, symbol=symbol, at=at)
    legs = targets or [("110" if side == "long" else "90", "1")]
    quantity = sum((D(q) for _, q in legs), D(0))
    bracket = Bracket(
        symbol=symbol,
        side=side,
        entry_kind="market" if limit is None else "limit",
        entry_price=limit or D(100),
        quantity=quantity,
        stop_price=D(stop or ("95" if side == "long" else "105")),
        targets=tuple(TargetLeg(D(p), D(q)) for p, q in legs),
        expires_at=at + rests_for,
        close_at=at + open_for,
        risk_per_unit=D(6),
        risk_amount=D(6) * quantity,
        reward_risk=D(2),
        stop_slippage=D("0.5"),
        entry_slippage_bps=D(0),
        sizing=(),
        book_origin=None,
    )
    return plan, Approved(bracket, ())


def open_journal(
    folder: Path,
    *,
    name: str = "s",
    kind: InstrumentKind = "perpetual",
    **config: Any,
) -> Journal:
    """The session's journal in this folder, made or opened again."""
    book = Journal(Database.open(place_in(folder), METADATA), name)
    kinds: dict[str, InstrumentKind] = {SYMBOL: kind, OTHER: kind}
    book.open_session({"to": None, **config}, kinds, {"USDT": D(10_000)})
    return book


def commit(book: Journal, plan: TradePlan, verdict: Approved) -> Order:
    """Commit the plan with its entry; not sent."""
    order = entry_order(plan, verdict.bracket, TICK, plan.as_of, PAPER_ACCOUNT)
    book.commit_plan(plan, verdict, [order])
    return order


def work(book: Journal, plan: TradePlan, verdict: Approved) -> Order:
    """Commit the plan and write down that the venue accepted its entry."""
    order = commit(book, plan, verdict)
    book.step(order, OrderStatus.SENDING)
    placed = order.placed(order.quantity, order.price)
    book.apply(Batch([placed], [(plan.plan_id, PlanStatus.WORKING)]))
    return placed


def close_of(
    position: Position,
    at: datetime,
    *,
    reason: CloseReason = "exit",
    run: str = "later",
    orders: Sequence[Order] = (),
    slippage: str = "0",
) -> Order:
    """The order that closes a position of this market."""
    on = VenueSource({}).instrument(position.symbol)
    order = close_order(position, orders, on, reason, at, run, PAPER_ACCOUNT, Decimal(slippage))
    assert order is not None
    return order


def exits_of(plan: TradePlan, verdict: Approved) -> list[Order]:
    """Stop and targets of a filled plan as the venue has accepted them."""
    bracket = verdict.bracket
    legs: list[tuple[Leg, Decimal, Decimal]] = [
        ("stop", bracket.quantity, bracket.stop_price),
        *((leg, t.quantity, t.price) for leg, t in zip(TARGET_LEGS, bracket.targets, strict=False)),
    ]
    return [
        exit_order(plan, bracket, leg, quantity, price, plan.as_of, PAPER_ACCOUNT).placed(
            quantity, price
        )
        for leg, quantity, price in legs
    ]
