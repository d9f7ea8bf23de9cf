"""A paper session: time goes on, fills happen, decisions are made, intents are sent.

The order within a slot is always the same: first the paper venue catches up to the slot, then each
symbol is decided, then the clock moves past the candle's close and the dispatcher sends what was
committed, at the first price after the decision. A session that stops anywhere goes on from the
journal: slots that were decided are skipped, bars that were filled on are not filled on again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from app.diary import Diary
from app.lookout import Lookout
from app.price_watch import PriceWatch
from app.slots import LIVE_SETTLE, next_live_slot
from app.spending import RAISED_BY
from broker.executor import Executor
from broker.patience import patiently
from domain.clock import FixedClock
from domain.errors import MARKET_FAILURES, OverBudget, Unreachable
from domain.lifecycle import LIVE
from graph.context import RunContext
from graph.identity import run_id
from journal.standing import state_change
from market.protocol import NoticingSource

ORDER_DELAY = timedelta(seconds=1)
"""In replay, orders are sent this long after the decision's candle closed."""

LIVE_POLL_S = 10.0
"""How often open positions are checked between live decisions."""

LIVE_WATCH_S = 3.0
"""How often they are, and an operator's word is looked for, while a model thinks."""

RECONCILE_EVERY = timedelta(seconds=30)
"""How often a live session compares its record with the venue."""

MAX_OUTAGES_COUNT = 3
"""A replay stops after this many decisions in a row without a model; a live session goes on."""


class Decider(Protocol):
    """Makes one decision: `graph.run.Runner`, or a person stepping through."""

    async def decide(self, symbol: str, slot: datetime) -> dict[str, Any]:
        """Decide and record; returns the run's final state."""
        ...


Progress = Callable[[datetime, dict[str, Any]], None]
"""Called after each decision with its slot and final state."""


@dataclass
class Session:
    """The loop over slots, for one wired context."""

    context: RunContext
    runner: Decider
    executor: Executor
    resumed_at: datetime
    """The venue has come so far; slots before it are decided."""
    unfinished: datetime | None
    """Where the venue was going when the session's last process died."""
    diary: Diary
    every: int
    limit: int | None
    """At most so many decisions in this call; None for no limit."""
    progress: Progress
    trouble: Callable[[str], None]
    """Told what went wrong and will be tried again."""
    notice: Callable[[str], None]
    """Told what a person should know of, once."""
    faulty: bool = False
    """Faults are injected: a replay compares with the venue as often as a live session does."""
    watch_s: float = LIVE_WATCH_S
    reconciled_at: datetime | None = None
    made: int = 0
    outages: int = 0
    capped: bool = False
    """A cap on money was reached, and it was said."""

    def __post_init__(self) -> None:
        context = self.context
        self._prices = PriceWatch(
            context.source,
            lambda: context.journal.orders(*LIVE),
            context.clock.now,
            self.notice,
        )
        self._lookout = Lookout(
            context.source,
            context.journal,
            self._prices,
            context.clock.now,
            self.trouble,
            self.notice,
        )

    async def replay(self, slots: Iterable[datetime], end: datetime) -> None:
        """Decide at each slot, then let the venue run to `end`."""
        clock = self.context.clock
        if not isinstance(clock, FixedClock):
            raise TypeError("a replay needs a clock that it can move")
        await self._asked(self.executor.reconcile, self.resumed_at)
        if self.unfinished is not None:
            clock.advance_to(self.unfinished)
            await self._asked(self.executor.advance, self.unfinished)
        for slot in slots:
            if slot < (self.unfinished or self.resumed_at):
                continue
            if self._used_up():
                return
            clock.advance_to(slot)
            if self.faulty:
                await self._asked(self.executor.reconcile, slot)
            await self._asked(self.executor.advance, slot)
            await self._asked(self.executor.manage, slot)
            self._say()
            self.diary.write_lines()
            await self._decide_all(slot)
            clock.advance_to(slot + ORDER_DELAY)
            await patiently(self.executor.dispatch)
            await self.record_equity(slot)
            await asyncio.sleep(0)
        clock.advance_to(end)
        await self._asked(self.executor.advance, end)
        if self.faulty:
            await self._asked(self.executor.reconcile, end)
            await self._asked(self.executor.advance, end)
            self._say()
        await self.record_equity(end)
        self.diary.write_lines()

    async def _asked(self, act: Callable[[datetime], Awaitable[object]], at: datetime) -> None:
        """In a replay a venue is silent only on purpose: it is asked until it answers."""
        await patiently(lambda: act(at))

    async def live(self) -> None:
        """Decide now and at every coming slot, until cancelled."""
        clock, timeframe = self.context.clock, self.context.timeframe
        await self._prices.begin(self.context.symbols)
        while True:
            await self._guarded(self._reconcile, clock.now())
            await self._advance(clock.now())
            await self._guarded(self.executor.manage, clock.now())
            self.diary.write_lines()
            await self._decide_watching(clock.now())
            await self._send_out()
            await self._guarded(self.record_equity, clock.now())
            if self._used_up():
                return
            slot = next_live_slot(timeframe, self.every, clock.now())
            await self._wait_until(slot + LIVE_SETTLE)

    async def _send_out(self) -> None:
        """Send what is pending and fill market orders on the book; what fails stays pending."""
        await self._guarded(self.executor.settle, self.context.clock.now())

    async def _reconcile(self, now: datetime) -> None:
        await self.executor.reconcile(now)
        self.reconciled_at = now

    async def _wait_until(self, moment: datetime) -> None:
        while (left_s := (moment - self.context.clock.now()).total_seconds()) > 0:
            await self._prices.pause(min(LIVE_POLL_S, left_s))
            await self._look_after()
            await self._send_out()

    async def _look_after(self) -> None:
        """Keep deadlines, obey an operator, follow the venue; nothing is opened."""
        now = self.context.clock.now()
        if self.reconciled_at is None or now - self.reconciled_at >= RECONCILE_EVERY:
            await self._guarded(self._reconcile, now)
        await self._advance(now)

    async def _advance(self, now: datetime) -> None:
        """Follow the venue; where that fails, see what of what is held can still be watched."""
        try:
            await self.executor.advance(now)
        except MARKET_FAILURES as error:
            await self._lookout.lost(error)
        else:
            self._lookout.found()
        self._say()

    async def _decide_watching(self, slot: datetime) -> None:
        """Decide, while what is open is looked after: a model may take minutes to answer."""
        decided = asyncio.Event()

        async def watch() -> None:
            while not decided.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(decided.wait(), self.watch_s)
                if not decided.is_set():
                    await self._look_after()

        watching = asyncio.create_task(watch())
        try:
            await self._decide_all(slot)
            decided.set()
            await watching  # what it is doing is done before anything is sent
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    async def _guarded(self, action: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """A venue that does not answer must not end an unattended session: say it, retry."""
        try:
            await action(*arguments)
        except MARKET_FAILURES as error:
            self._lookout.tell(error)
        self._say()

    def _say(self) -> None:
        source = self.context.source
        told = source.notices() if isinstance(source, NoticingSource) else []
        of_models = (*self.context.planner.notices(), *self.context.opinions.notices())
        for words in (*self.executor.notices(), *of_models, *told):
            self.notice(words)

    async def _decide_all(self, slot: datetime) -> None:
        for symbol in self.context.symbols:
            if self._used_up() or self.context.journal.decided(run_id(self.context, symbol, slot)):
                continue
            final = await self.runner.decide(symbol, slot)
            self.made += 1
            self.diary.decided(final["run_id"])
            self.progress(slot, final)
            self._say()
            self._count_outage(final)

    def _count_outage(self, final: dict[str, Any]) -> None:
        codes = final["codes"]
        if "MODEL_REFUSED" in codes:
            self.trouble(final["reason"])
        self._tell_of_money(final)
        broke = "MONEY_CAP" in codes
        self.outages = self.outages + 1 if broke or "MODEL_UNAVAILABLE" in codes else 0
        if not self.context.replay or self.outages < MAX_OUTAGES_COUNT:
            return
        if broke:
            raise OverBudget(
                f"{final['reason']}; the same command goes on with another one: {RAISED_BY}"
            )
        raise Unreachable(
            f"the model did not answer {self.outages} times in a row: {final['reason']}"
        )

    def _tell_of_money(self, final: dict[str, Any]) -> None:
        """Say once that a cap on money is reached, until a model was asked to the end again."""
        capped = "MONEY_CAP" in final["codes"]
        if capped and not self.capped:
            self.notice(f"MONEY_CAP: {final['reason']}; what is held is looked after; {RAISED_BY}")
        self.capped = capped or (self.capped and not final["model_calls"])

    def _used_up(self) -> bool:
        return self.limit is not None and self.made >= self.limit

    async def record_equity(self, at: datetime) -> None:
        """Value the account at `at`, keep the point, and change the state if it calls for that."""
        journal = self.context.journal
        marks = await self.executor.marks(at)
        equity = journal.ledger().equities(marks)
        change = state_change(journal, equity, self.context.policy, at)
        journal.record_equity(at, equity, change)
        if change is not None:
            self.notice(f"{change.state.value}: {change.reason}")
