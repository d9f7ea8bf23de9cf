"""A session that anything can happen to: bars, faults, an operator, the death of its process."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from broker.exits import withdrawn
from broker.fault_rates import Faults
from domain.candles import Timeframe
from domain.clock import to_ms
from domain.errors import Unreachable
from domain.lifecycle import OrderStatus, PlanStatus, TradingState
from domain.orders import Order
from journal.batch import Batch
from journal.operator import ActName, record_act
from journal.standing import AccountReader
from market.protocol import FundingStamp
from policies.settings import Policy
from policies.trading_state import StateEntry
from tests.broker.venue import OTHER, SYMBOL, TICK, D, H, Row, T
from tests.places import scratch
from tests.properties.order_flow_doubles import KINDS, Died, GrowingSource, SetClock
from tests.properties.order_flow_laws import judge
from tests.properties.order_flow_process import Process, new_journal
from tests.properties.order_flow_quiet_laws import judge_quiet
from tests.properties.order_flow_replan import commit_wish
from tests.properties.order_flow_rows import Picture, look
from tests.properties.order_flow_terms import Account, Market
from tests.properties.order_flow_wish import STEP, Wish, wanted

CALM = Faults()
POLICY = Policy()


class Setting(NamedTuple):
    """What a session is begun with."""

    faults: Faults
    seed: int
    base_fees: bool
    live: bool
    """An exchange, and a clock that may be set wrong; else a replay."""


class World:
    """A session's folder, its market, and whichever process runs it."""

    def __init__(self, setting: Setting) -> None:
        self.folder = scratch()
        self.path = self.folder / "journal.db"
        new_journal(self.path)
        self.setting, self.faults = setting, setting.faults
        self.clock = SetClock(T)
        self.source = GrowingSource(self.clock, live=setting.live)
        self.hours = 0
        self.starts = 0
        self.wishes = 0
        self.closes = {SYMBOL: D(100), OTHER: D(100)}
        self.acts: list[tuple[str, tuple[Any, ...]]] = []
        """Everything that was done to it, so that it can be done again."""
        self.before: Picture | None = None
        self.eyes = sqlite3.connect(self.path)
        self.judged_version = 0
        self.loop = asyncio.new_event_loop()
        self.process = self._open()

    def _open(self) -> Process:
        self.starts += 1
        return Process(
            self.path,
            self.source,
            self.clock,
            self.faults,
            self.setting.seed + self.starts,
            base_fees=self.setting.base_fees,
        )

    def do(self, act: str, *arguments: Any) -> None:
        """One of the acts below, by name."""
        self.acts.append((act, arguments))
        getattr(self, act)(*arguments)

    @property
    def now(self) -> datetime:
        """The moment as the session's clock tells it."""
        return self.clock.now()

    def close(self) -> None:
        self.process.close()
        self.eyes.close()
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
        self.process.close()
        self.process = self._open()
        self.run(self._begin())

    async def _begin(self) -> None:
        await self.process.executor.reconcile(self.now)
        if self.process.unfinished is not None:
            await self.process.executor.advance(self.process.unfinished)
        await self.process.executor.advance(self.now)

    def advance(self, rows: dict[str, Row], rate: Decimal | None = None) -> None:
        """An hour goes by."""
        for symbol, row in rows.items():
            if len(self.source.rows[symbol]) == self.hours:
                self.source.add(symbol, row)
            self.closes[symbol] = D(str(row[3]))
        self.hours += 1
        self.clock.pass_by(H)
        if rate is not None:
            self.source.pay(FundingStamp(self.clock.true - H / 2, rate))
        self.run(self._advance())

    def set_clock(self, off: timedelta) -> None:
        """Somebody sets the clock, right or wrong."""
        self.clock.set_wrong_by(off)

    def die_within(self, words: int, act: str, *arguments: Any) -> None:
        """An act in which the process dies, so many words with the venue later."""
        self.process.venue.words_left = words
        getattr(self, act)(*arguments)
        self.process.venue.words_left = None

    async def _advance(self) -> None:
        await self.process.executor.advance(self.now)
        await self.process.executor.dispatch()

    def _free(self, symbol: str) -> bool:
        """Whether no plan is under way in a symbol: the gate allows one at a time."""
        live = (PlanStatus.APPROVED, PlanStatus.WORKING, PlanStatus.OPEN, PlanStatus.CLOSING)
        return all(stored.plan.symbol != symbol for stored in self.process.book.plans(*live))

    def submit(self, wish: Wish, gate: str = "open") -> None:
        """Commit a plan as the graph's last node does, then send what waits.

        In another symbol where the one wished for is taken; spot is never sold short.
        """
        symbols = [s for s in (wish.symbol, SYMBOL, OTHER) if self._free(s)]
        if not symbols:
            return
        symbol = symbols[0]
        wish = replace(wish, symbol=symbol, long=wish.long or KINDS[symbol] == "spot")
        self.wishes += 1
        book, run = self.process.book, f"run{self.wishes}"
        made = wanted(wish, run, self.closes[symbol], self.now)
        book.commit_plan(made.plan, made.verdict, [made.order], entry=made.seen)
        document = {"orders": [made.order.client_order_id]}
        book.record_decision(run, self.now, symbol, "submitted", document)
        dispatcher = self.process.gated if gate == "real" else self.process.dispatcher
        self.run(dispatcher.dispatch())

    def replan(self, wish: Wish, add: bool) -> None:
        """Change the oldest plan that stands, as the graph's last node does, then send."""
        book = self.process.book
        standing = [s for s in (book.standing_plan(name) for name in (SYMBOL, OTHER)) if s]
        if not standing:
            return
        self.wishes += 1
        run, symbol = f"run{self.wishes}", standing[0].plan.symbol
        on = self.source.instrument(symbol)
        last, now = self.closes[symbol], self.now
        orders = commit_wish(book, standing[0], wish, add, run, last, now, on)
        book.record_decision(run, now, symbol, "replan", {"orders": orders})
        self.run(self.process.dispatcher.dispatch())

    def take_back(self) -> None:
        """Every entry that works is to be no more."""
        entries = [o for o in self.process.book.orders(OrderStatus.WORKING) if o.leg == "entry"]
        self._change(withdrawn(entries))

    def raise_stops(self, ticks: int) -> None:
        """Every stop nearer to the market."""
        stops = [o for o in self.process.book.orders(OrderStatus.WORKING) if o.leg == "stop"]
        moved = [
            replace(o, price=o.price + ticks * TICK * (1 if o.side == "sell" else -1))
            for o in stops
            if o.price is not None
        ]
        self._change(moved)

    def _change(self, orders: Sequence[Order]) -> None:
        if orders:
            self.process.book.apply(Batch(orders))
            for order in orders:
                self.process.follower.guard(order.plan_id, self.now)
            self.run(self.process.executor.dispatch())

    def say(self, act: ActName) -> None:
        """An operator's word."""
        record_act(self.process.book.database, "s", act, "the machine", self.now)
        self.run(self._settle())

    def move_money(self, amount: str) -> None:
        """An operator brings money in or takes it out."""
        money = "USDT", D(amount)
        book = self.process.book
        record_act(book.database, "s", "deposit", "the machine", self.now, money=money)
        self.run(self._settle())

    async def _settle(self) -> None:
        await self.process.executor.settle(self.now)

    def halt(self, state: TradingState) -> None:
        """Stop or resume entries."""
        self.process.book.record_state(StateEntry(state, self.now, None, "the machine"))

    def reconcile(self) -> None:
        self.run(self.process.executor.reconcile(self.now))

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
            self.setting.base_fees,
            to_ms(self.clock.true),
            {s: Fraction(p) for s, p in self.closes.items()},
            self.setting.live,
            Fraction(POLICY.margin_leverage_ratio),
        )

    def account(self) -> Account:
        book = self.process.book
        ledger = book.ledger()
        held = {s: (Fraction(p.quantity), Fraction(p.cost)) for s, p in ledger.positions.items()}
        facts = AccountReader(book, POLICY, Timeframe.H1, self.source.instrument).facts(
            SYMBOL, self.closes, self.now
        )
        return Account(
            Fraction(ledger.purses["USDT"].cash), held, Fraction(facts.equity), Fraction(facts.free)
        )

    def judge(self) -> None:
        """Every law, now; where nothing was written since, there is nothing to judge."""
        version = self.eyes.execute("PRAGMA data_version").fetchone()[0]
        if version == self.judged_version:
            return
        self.judged_version = version
        picture, book = look(self.path), self.process.book
        judge(picture, self.before, self.account(), self.market())
        assert book.replayed() == book.ledger(), "L1 the account is not its replay"
        self.before = picture

    def settle_down(self) -> None:
        """Faults stop, a few calm bars go by, and everything must agree."""
        self.faults = self.process.venue.faults = CALM
        self.set_clock(timedelta(0))
        for _ in range(8):
            rows: dict[str, Row] = {
                s: (float(p), float(p), float(p), float(p), 1000.0) for s, p in self.closes.items()
            }
            self.advance(rows)
            self.poll()
            self.reconcile()
            self.judge()
        working = self.loop.run_until_complete(self.process.venue.broker.working())
        judge_quiet(look(self.path), self.market(), [o.client_order_id for o in working])
