"""A session that anything can happen to: bars, faults, an operator, the death of its process."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from typing_extensions import override

from broker.dispatcher import Dispatcher
from broker.executor import Executor
from broker.exits import withdrawn
from broker.faults import Faults, FaultyBroker
from broker.follower import Follower
from broker.guard import Guard
from broker.outbox import PAPER_ACCOUNT, entry_order
from broker.paper.terms import PaperTerms
from broker.paper.venue import PaperBroker
from broker.reconciler import Reconciler
from broker.review import GateReview, Review, Reviewed
from domain.candles import Timeframe
from domain.clock import Clock, FixedClock, to_ms
from domain.errors import Unreachable
from domain.finding import Stated
from domain.instrument import Instrument, InstrumentKind
from domain.lifecycle import OrderStatus, PlanStatus, TradingState
from domain.orders import Order
from domain.verdict import Approved, Denied
from journal.batch import Batch
from journal.books import Journal
from journal.operator import ActName, killed, record_act
from journal.reading import StoredPlan
from market.observe import Observer
from market.protocol import FundingStamp, Tick
from policies.settings import Policy
from policies.trading_state import StateEntry
from tests.broker.venue import OTHER, SYMBOL, TICK, D, H, Row, T, VenueSource, bars, draft, plan_of
from tests.properties.order_flow_laws import Account, Market, judge, judge_quiet
from tests.properties.order_flow_rows import Picture, look
from traces.database import Database
from traces.tables import METADATA

KINDS: dict[str, InstrumentKind] = {SYMBOL: "spot", OTHER: "perpetual"}
CAPITAL = D(10_000)
STEP = D("0.001")
CALM = Faults()


class Died(BaseException):
    """The process is no more."""


class MortalBroker(FaultyBroker):
    """Faults, and after so many words with the venue the death of whoever asks."""

    words_left: int | None = None

    @override
    def _reach(self) -> None:
        self._die()
        super()._reach()

    @override
    def _answer(self) -> None:
        self._die()
        super()._answer()

    def _die(self) -> None:
        if self.words_left is not None:
            self.words_left -= 1
            if self.words_left < 0:
                self.words_left = None
                raise Died


class GrowingSource(VenueSource):
    """A spot and a perpetual whose bars are made as time goes on."""

    def __init__(self) -> None:
        super().__init__({})
        self.rows: dict[str, list[Row]] = {SYMBOL: [], OTHER: []}
        self.paid: list[FundingStamp] = []

    @override
    def instrument(self, symbol: str) -> Instrument:
        return replace(super().instrument(symbol), kind=KINDS[symbol])

    def add(self, symbol: str, row: Row) -> None:
        self.rows[symbol].append(row)
        self.data[symbol, Timeframe.H1] = bars(self.rows[symbol])

    @override
    async def tick(self, symbol: str, as_of: datetime) -> Tick | None:
        rows = self.rows[symbol]
        return Tick(D(str(rows[-1][3])), as_of) if rows else Tick(D(100), as_of)

    @override
    async def funding_stamps(
        self, symbol: str, after: datetime, until: datetime
    ) -> Sequence[FundingStamp]:
        stamps = self.paid if KINDS[symbol] == "perpetual" else []
        return [s for s in stamps if after < s.at <= until]


class OpenReview(Review):
    """The gate's answer is yes, unless somebody said stop: its rules have a proof of their own."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    @override
    async def review(self, stored: StoredPlan, answered: Collection[str]) -> Reviewed:
        halted = self._journal.trading_state(self._clock.now()) != TradingState.ACTIVE
        if halted or killed(self._journal.database, self._journal.session):
            said = Stated("TRADING_HALTED", False, "stopped", "active", "Trading is stopped.")
            return Reviewed(Denied((said,)), None)
        return Reviewed(Approved(stored.bracket, ()), None)


@dataclass(frozen=True)
class Wish:
    """A plan as the machine draws it; prices in ticks from the last close."""

    symbol: str
    long: bool
    entry_ticks: int | None
    stop_ticks: int
    target_ticks: Sequence[int]
    quantities: Sequence[int]
    """Of each target, in steps."""
    expiry_bars: int
    horizon_bars: int
    slippage_ticks: int = 3


@cache
def _template() -> Path:
    """An empty database, made once."""
    path = Path(tempfile.mkdtemp(prefix="plangate-machine-")) / "journal.db"
    Database.open(path, METADATA).close()
    return path


class World:
    """A session's folder, its market, and whichever process runs it."""

    def __init__(self, faults: Faults, seed: int, *, base_fees: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="plangate-machine-"))
        self.path = self.folder / "journal.db"
        shutil.copy(_template(), self.path)
        self.faults, self.seed, self.base_fees = faults, seed, base_fees
        self.source = GrowingSource()
        self.hours = 0
        self.starts = 0
        self.wishes = 0
        self.closes = {SYMBOL: D(100), OTHER: D(100)}
        self.before: Picture | None = None
        self.loop = asyncio.new_event_loop()
        self._open()

    def _open(self) -> None:
        self.starts += 1
        self.clock = FixedClock(self.now)
        self.book = Journal(Database.open(self.path, METADATA), "s")
        self.book.open_session({"to": None}, KINDS, CAPITAL, "USDT")
        terms = PaperTerms(buy_fee_currency="base" if self.base_fees else "quote")
        paper = PaperBroker(
            self.book.database, "s", self.source, (SYMBOL, OTHER), CAPITAL, "USDT", T, self.clock,
            terms, self.book.fence,
        )  # fmt: skip
        self.venue = MortalBroker(paper, self.faults, self.seed + self.starts)
        policy, observer = Policy(), Observer(self.source, Timeframe.H1, (SYMBOL, OTHER))
        self.follower = Follower(self.book, self.venue, self.source, lambda _: None)
        self.dispatcher = self._dispatcher(OpenReview(self.book, self.clock))
        self.executor = Executor(
            self.book,
            self.venue,
            self.follower,
            self.dispatcher,
            Reconciler(self.book, self.venue, self.follower),
            Guard(self.book, self.source, observer, policy, Timeframe.H1),
            self.source,
        )
        self.unfinished = paper.unfinished

    def _dispatcher(self, review: Review) -> Dispatcher:
        return Dispatcher(self.book, self.venue, self.follower, review, self.clock, lambda _: None)

    def _gate(self) -> Review:
        observer = Observer(self.source, Timeframe.H1, (SYMBOL, OTHER))
        return GateReview(
            self.book, self.source, observer, Policy(), self.clock, (SYMBOL, OTHER), Timeframe.H1
        )

    @property
    def now(self) -> datetime:
        return T + self.hours * H

    def close(self) -> None:
        self.book.database.close()
        self.loop.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, act: Coroutine[Any, Any, object]) -> None:
        """Do something; a venue out of reach ends it, a death is followed by another start."""
        try:
            self.loop.run_until_complete(act)
        except Unreachable:
            pass
        except Died:
            self.restart()

    def restart(self) -> None:
        """A new process: it reconciles and finishes what was under way, as a session does."""
        self.book.database.close()
        self._open()
        self.run(self._begin())

    async def _begin(self) -> None:
        await self.executor.reconcile(self.now)
        if self.unfinished is not None:
            await self.executor.advance(self.unfinished)
        await self.executor.advance(self.now)

    def advance(self, rows: dict[str, Row], rate: Decimal | None = None) -> None:
        """An hour goes by."""
        for symbol, row in rows.items():
            self.source.add(symbol, row)
            self.closes[symbol] = D(str(row[3]))
        self.hours += 1
        if rate is not None:
            self.source.paid.append(FundingStamp(self.now - H / 2, rate))
        self.clock.advance_to(self.now)
        self.run(self._advance())

    async def _advance(self) -> None:
        await self.executor.advance(self.now)
        await self.executor.dispatch()

    def free(self, symbol: str) -> bool:
        """Whether no plan is under way in a symbol: the gate allows one at a time."""
        live = (PlanStatus.APPROVED, PlanStatus.WORKING, PlanStatus.OPEN, PlanStatus.CLOSING)
        return all(stored.plan.symbol != symbol for stored in self.book.plans(*live))

    def submit(self, wish: Wish, *, gated: bool) -> None:
        """Commit a plan as the graph's last node does, then send what waits."""
        self.wishes += 1
        last, sign = self.closes[wish.symbol], 1 if wish.long else -1
        limit = None if wish.entry_ticks is None else last + wish.entry_ticks * TICK
        entry = limit or last
        targets = [
            (entry + sign * ticks * TICK, steps * STEP)
            for ticks, steps in zip(wish.target_ticks, wish.quantities, strict=False)
        ]
        side = "long" if wish.long else "short"
        stop = entry - sign * wish.stop_ticks * TICK
        plan = plan_of(
            draft("long" if wish.long else "short", limit), run=f"run{self.wishes}",
            symbol=wish.symbol, at=self.now, price=last,
        )  # fmt: skip
        verdict = _approved(plan.symbol, side, limit, entry, stop, targets, wish, self.now)
        order = entry_order(plan, verdict.bracket, TICK, self.now, PAPER_ACCOUNT)
        self.book.commit_plan(plan, verdict, [order])
        dispatcher = self._dispatcher(self._gate()) if gated else self.dispatcher
        self.run(dispatcher.dispatch())

    def take_back(self) -> None:
        """Every entry that works is to be no more."""
        entries = [o for o in self.book.orders(OrderStatus.WORKING) if o.leg == "entry"]
        self._change(withdrawn(entries))

    def raise_stops(self, ticks: int) -> None:
        """Every stop nearer to the market."""
        stops = [o for o in self.book.orders(OrderStatus.WORKING) if o.leg == "stop"]
        moved = [
            replace(o, price=o.price + ticks * TICK * (1 if o.side == "sell" else -1))
            for o in stops
            if o.price is not None
        ]
        self._change(moved)

    def _change(self, orders: Sequence[Order]) -> None:
        if orders:
            self.book.apply(Batch(orders))
            for order in orders:
                self.follower.guard(order.plan_id, self.now)
            self.run(self.executor.dispatch())

    def say(self, act: ActName) -> None:
        """An operator's word."""
        record_act(self.book.database, "s", act, "the machine", self.now)
        self.run(self._settle())

    async def _settle(self) -> None:
        await self.executor.settle(self.now)

    def halt(self, state: TradingState) -> None:
        """Stop or resume entries."""
        self.book.record_state(StateEntry(state, self.now, None, "the machine"))

    def reconcile(self) -> None:
        self.run(self.executor.reconcile(self.now))

    def poll(self) -> None:
        self.run(self._settle())

    def market(self) -> Market:
        table = {
            symbol: {
                to_ms(T + hour * H): tuple(Fraction(str(v)) for v in row)
                for hour, row in enumerate(rows)
            }
            for symbol, rows in self.source.rows.items()
        }
        return Market(
            table,  # type: ignore[arg-type]  # rows have five numbers
            {s: str(k) for s, k in KINDS.items()},
            Fraction(TICK),
            Fraction(STEP),
            Fraction("0.001"),
            Fraction("0.1"),
            self.base_fees,
        )

    def account(self) -> Account:
        ledger = self.book.ledger()
        held = {s: (Fraction(p.quantity), Fraction(p.cost)) for s, p in ledger.positions.items()}
        return Account(Fraction(ledger.cash), held)

    def judge(self) -> None:
        """Every law, now."""
        picture = look(self.path)
        judge(picture, self.before, self.account(), self.market())
        assert self.book.replayed() == self.book.ledger(), "L1 the account is not its replay"
        self.before = picture

    def settle_down(self) -> None:
        """Faults stop, a few calm bars go by, and everything must agree."""
        self.faults = self.venue.faults = CALM
        for _ in range(8):
            rows: dict[str, Row] = {
                s: (float(p), float(p), float(p), float(p), 1000.0) for s, p in self.closes.items()
            }
            self.advance(rows)
            self.poll()
            self.reconcile()
            self.judge()
        working = self.loop.run_until_complete(self.venue.broker.working())
        judge_quiet(look(self.path), self.market(), [o.client_order_id for o in working])


def _approved(
    symbol: str,
    side: Any,
    limit: Decimal | None,
    entry: Decimal,
    stop: Decimal,
    targets: Sequence[tuple[Decimal, Decimal]],
    wish: Wish,
    at: datetime,
) -> Approved:
    from domain.verdict import Bracket, TargetLeg

    quantity = sum((q for _, q in targets), D(0))
    bracket = Bracket(
        symbol=symbol,
        side=side,
        entry_kind="market" if limit is None else "limit",
        entry_price=entry,
        quantity=quantity,
        stop_price=stop,
        targets=tuple(TargetLeg(p, q) for p, q in targets),
        expires_at=at + wish.expiry_bars * H,
        close_at=at + wish.horizon_bars * H - timedelta(minutes=10),
        risk_per_unit=D(1),
        risk_amount=quantity,
        reward_risk=D(2),
        stop_slippage=wish.slippage_ticks * TICK,
        entry_slippage_bps=D(0),
        sizing=(),
        book_origin=None,
    )
    return Approved(bracket, ())
