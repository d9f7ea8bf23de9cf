"""The only way out of a node: what it asks of the world, and what it writes into the journal.

Each question goes through the node's `graph.reads.Reads`, which notes the answer, or in a replay
answers from what was noted. Nodes ask nobody past it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeVar

from langchain_core.messages import BaseMessage

from agent.asking import Reply
from agent.ballots import Ballot
from agent.chart import chart_of, levels_of
from agent.chart_drawing import draw
from agent.picture import base64_of
from agent.planner import Planner
from agent.situation_account import StandingPlan
from agent.tokens import TokenCount
from agent.voting import Vote, ask_all
from broker.marks import marks
from domain.clock import iso, parse_moment
from domain.errors import DataError
from domain.instrument import Instrument
from domain.orders import Fill, Order, Position, live_stop
from domain.plan import TradePlan
from domain.snapshot import Snapshot
from graph.context import RunContext
from graph.state import RunState
from journal.books import Journal
from journal.last_denial import LastDenial, last_denial
from journal.memory import TradingMemory, trading_memory
from journal.reading import StoredPlan
from journal.recent import Asked
from journal.standing import AccountReader, standing_facts
from market.observe import Look
from policies.facts import AccountFacts, Standing
from tools.protocol import Spent, ToolAnswer, ToolCall, ToolRequest

T = TypeVar("T")
Counter = Literal["tiktoken", "estimate"]


class Drawn(NamedTuple):
    """A chart for the models that see."""

    picture: str
    """Blob hash of the PNG's base64 text."""
    size_bytes: int
    candles_count: int
    levels: list[str]


class World:
    """What one call of a node asks."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._reads = context.reads
        self._look: Look | None = None

    # The journal.

    def position(self, symbol: str) -> Position | None:
        """What is held."""
        return self._reads.known(
            f"position {symbol}", Position | None, lambda: self._context.journal.position(symbol)
        )

    def stored_standing_plan(self, symbol: str) -> StoredPlan | None:
        """The plan of an instrument that an answer could change."""
        return self._reads.known(
            f"standing plan {symbol}",
            StoredPlan | None,
            lambda: self._context.journal.standing_plan(symbol),
        )

    def standing_plan(self, symbol: str) -> StandingPlan | None:
        """The same as the model is told of it."""
        stored = self.stored_standing_plan(symbol)
        if stored is None:
            return None
        stop = live_stop(self.plan_orders(stored.plan.plan_id))
        price = None if stop is None else stop.price
        return StandingPlan(stored.plan, stored.bracket, stored.status.value, price)

    def stored_plan(self, plan_id: str) -> StoredPlan:
        """A committed plan."""
        return self._reads.known(
            f"plan {plan_id}", StoredPlan, lambda: self._context.journal.stored_plan(plan_id)
        )

    def versions(self, plan_id: str) -> list[StoredPlan]:
        """Every version of it."""
        return self._reads.known(
            f"versions of {plan_id}",
            list[StoredPlan],
            lambda: self._context.journal.versions(plan_id),
        )

    def plan_orders(self, plan_id: str) -> list[Order]:
        """Its orders."""
        return self._reads.known(
            f"orders of {plan_id}", list[Order], lambda: self._context.journal.plan_orders(plan_id)
        )

    def plan_fills(self, plan_id: str) -> list[Fill]:
        """Its fills."""
        return self._reads.known(
            f"fills of {plan_id}", list[Fill], lambda: self._context.journal.plan_fills(plan_id)
        )

    def standing_facts(self, plan: TradePlan) -> Standing | None:
        """How the plan that a version changes stands; None for a new plan."""
        if plan.act == "open":
            return None
        return self._reads.known(
            f"standing of {plan.plan_id}",
            Standing | None,
            lambda: standing_facts(self._context.journal, plan),
        )

    def memory(self, symbol: str) -> TradingMemory:
        """What the session looks back on."""
        return self._reads.known(
            f"memory {symbol}", TradingMemory, lambda: trading_memory(self._context.journal, symbol)
        )

    def last_denial(self, symbol: str, before: datetime) -> LastDenial | None:
        """Why the newest plan was denied, if it was."""
        return self._reads.known(
            f"last denial {symbol}",
            LastDenial | None,
            lambda: last_denial(self._context.journal, symbol, before),
        )

    def last_asked(self, symbol: str, before: datetime, most: int) -> Asked | None:
        """The newest decision at which a model was asked."""
        return self._reads.known(
            f"last asked {symbol}",
            Asked | None,
            lambda: self._context.journal.last_asked(symbol, before, most),
        )

    def has_decided(self) -> bool:
        """Whether the session has made any decision."""
        journal = self._context.journal
        return self._reads.known("has decided", bool, lambda: bool(journal.decisions_count()))

    def write(self, act: str, kind: Any, do: Callable[[Journal], T]) -> T:
        """Write into the journal; `act` names it, and `kind` is the type of what comes of it."""
        return self._reads.act(act, kind, lambda: do(self._context.journal))

    # The market.

    def market(self) -> str:
        """The source's name."""
        return self._reads.known("market", str, lambda: self._context.source.info.name)

    def instrument(self, symbol: str) -> Instrument:
        """Units, steps and fees."""
        return self._reads.known(
            f"instrument {symbol}", Instrument, lambda: self._context.source.instrument(symbol)
        )

    async def snapshot(self, symbol: str, at: datetime) -> Snapshot:
        """What is known of the market as of a moment.

        Raises:
            DataError: it cannot be seen, or the source answered with what was not known then.
            Unreachable: no answer.
            AccessRefused: the source says no.
        """

        async def ask() -> Snapshot:
            self._look = await self._context.observer.look(symbol, at)
            return self._look.snapshot

        return await self._reads.seen(f"snapshot {symbol} {iso(at)}", Snapshot, ask)

    async def chart(self, position: Position | None, plan: StandingPlan | None) -> Drawn:
        """A picture of the candles that the snapshot rests on, which was asked for before."""

        async def ask() -> Drawn:
            look = self._look
            assert look is not None  # noqa: S101  # a snapshot was asked for
            chart = chart_of(look.snapshot.symbol, look.candles, levels_of(position, plan))
            png = await asyncio.to_thread(draw, chart)
            kept = self._context.recorder.picture(base64_of(png))
            return Drawn(kept, len(png), len(chart.close), [one.name for one in chart.levels])

        return await self._reads.seen("chart", Drawn, ask)

    async def account(
        self, now: datetime, known: Snapshot, state: RunState, replanned: str | None = None
    ) -> AccountFacts:
        """The account at `now` as the gate and the model see it, the run's own intents aside.

        `replanned` is the run whose plan is to be changed: its intents do not count either.

        Raises:
            DataError: something held has no price.
        """
        context = self._context

        async def ask() -> AccountFacts:
            prices = await marks(context.journal, context.source, now, known)
            account = AccountReader(
                context.journal, context.policy, context.timeframe, context.source.instrument
            )
            runs = {state["run_id"], replanned or state["run_id"]}
            try:
                return account.facts(state["symbol"], prices, now, exclude_runs=runs)
            except KeyError as error:  # a fill that was told while the prices were asked for
                raise DataError(f"no price is known yet of {error}, which just filled") from error

        return await self._reads.seen("account", AccountFacts, ask)

    # Time.

    def now(self, state: RunState) -> datetime:
        """The moment a check is made at: later than `as_of` only when time is real."""
        as_of, context = parse_moment(state["as_of"]), self._context
        if context.replay:
            return as_of
        return self._reads.known("now", datetime, lambda: max(as_of, context.clock.now()))

    def clock_jump_s(self) -> float:
        """How far the clock was set lately."""
        return self._reads.known("clock jump", float, lambda: self._context.clock.jump_s())

    def elapsed_s(self, run_id: str) -> float:
        """Wall seconds since the run began."""
        return self._reads.counted(
            "elapsed", float, lambda: self._context.stopwatch.elapsed_s(run_id)
        )

    # Models and tools.

    def tool_names(self) -> tuple[str, ...]:
        """What the model may ask for data."""
        return self._reads.counted("tools", tuple[str, ...], lambda: self._context.desk.names)

    def prompt_size(
        self, messages: Sequence[BaseMessage], offers: Sequence[str], planner: Planner | None = None
    ) -> TokenCount:
        """Tokens of a prompt to the session's model, or to that of a voter."""
        asked = planner or self._context.planner

        def ask() -> tuple[int, Counter]:
            count = asked.count(messages, offers)
            return count.tokens, count.source

        return TokenCount(*self._reads.counted("prompt size", tuple[int, Counter], ask))

    def text_size(self, text: str) -> int:
        """Tokens of a text by itself."""
        return self._reads.counted("text size", int, lambda: self._context.planner.count_text(text))

    def tools_text(self, offers: Sequence[str], planner: Planner | None = None) -> str:
        """Schemas of the tools that are offered, as they are sent."""
        asked = planner or self._context.planner
        return self._reads.counted("tool schemas", str, lambda: asked.tools_text(offers))

    async def reply(self, messages: Sequence[BaseMessage], left_s: float, state: RunState) -> Reply:
        """The model's next message; see `agent.planner.Planner.ask` for what is raised."""
        context = self._context

        async def ask() -> Reply:
            allowance = context.allowance(state, "plan")
            return await context.planner.ask(
                messages, timeout_s=left_s, allowance=allowance, offers=state["offers"]
            )

        return await self._reads.said("reply", None, ask)

    async def tool_answers(
        self, calls: Sequence[ToolCall], request: ToolRequest, spent: Spent
    ) -> list[ToolAnswer]:
        """What the desk answers to the calls of one turn."""
        return await self._reads.said(
            "tool answers", calls, lambda: self._context.desk.answer(calls, request, spent)
        )

    async def votes(self, asked: Sequence[Ballot], within_s: float, state: RunState) -> list[Vote]:
        """What everybody else would do.

        Raises:
            OverBudget: there is not the money for all.
        """
        context = self._context

        async def ask() -> list[Vote]:
            return await ask_all(asked, within_s, context.allowance(state, "consult"))

        return await self._reads.said("votes", asked, ask)
