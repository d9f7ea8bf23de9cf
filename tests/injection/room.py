"""One decision about an injected text, in a session of its own, through the real graph.

The sessions of a test share database, candles and clock, and nothing else: each has its journal,
its traces, its desk and, where an order came of it, its paper venue, to which the order is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

from agent.models import NamedModel
from agent.planner import Planner
from app.clock import SystemClock
from app.session import ORDER_DELAY
from app.wire import Wired
from broker.dispatcher import Dispatcher
from broker.follower import Follower
from broker.paper.venue import PaperBroker
from broker.review import GateReview
from domain.clock import FixedClock
from domain.lifecycle import OrderStatus, PlanStatus
from domain.plan import Target
from graph.context import RunContext
from graph.run import Runner
from journal.batch import Batch
from journal.books import Journal
from journal.spending import SpendingLedger
from market.feeds.protocol import NO_FEEDS
from tests.broker.venue import H, draft, exits_of, plan_of, work
from tests.broker.venue import approved as verdict_of
from tests.graph.room import SLOT
from tests.injection.channels import Placed
from tests.injection.obedient import ObedientModel
from tests.journal.hand import fill
from tools.desk import Desk
from tools.limits import ToolLimits
from tools.standard import feed_tools, standard_tools
from traces.recorder import Recorder
from traces.redact import Redactor
from traces.store import TraceStore

D = Decimal
SYMBOL = "BTC/USD"
CAPITAL = D(10_000)
HELD = D("0.2")
"""Base; bought at the close, with its stop at 5120."""


@dataclass
class Decided:
    """What came of one case."""

    context: RunContext
    final: dict[str, Any]
    heard: str | None
    """The wish that the model read; None where none reached it."""


class Current:
    """The context of the case under decision, so that the graph is built once for all of them."""

    def __init__(self) -> None:
        self.of: RunContext | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.of, name)


class Attacked:
    """Decides about one text after the other."""

    def __init__(self, wired: Wired, redactor: Redactor) -> None:
        assert isinstance(wired.context.clock, FixedClock)
        wired.context.clock.advance_to(SLOT + ORDER_DELAY)
        self._wired = wired
        self._redactor = redactor
        self._current = Current()
        self._runner = Runner(cast("RunContext", self._current), None)
        self._planners: dict[frozenset[str], tuple[Planner, ObedientModel]] = {}

    @property
    def prompts(self) -> set[str]:
        """All that the model was told."""
        return {text for _, model in self._planners.values() for text in model.seen}

    @property
    def outside(self) -> set[str]:
        """Of that, what was not its own words."""
        return {text for _, model in self._planners.values() for text in model.outside}

    async def decide(
        self, name: str, placed: Placed, *, holding: bool, heeds: bool = True
    ) -> Decided:
        """The decision of session `name`, and what was ordered sent to its venue."""
        context = self._context(name, placed)
        if holding or placed.thesis is not None:
            # A step of the graph keeps nothing that was not redacted, a plan's reasons neither.
            _hold(context.journal, context.recorder.clean(placed.thesis or "The range broke."))
        planner, model = self._planner(context.desk)
        model.begin(placed.own, heeds=heeds)
        self._current.of = context = replace(context, planner=planner)
        final = await self._runner.decide(SYMBOL, SLOT)
        if any(order.leg == "entry" for order in context.journal.orders(OrderStatus.PENDING)):
            await self._send(context)
        return Decided(context, final, model.heard)

    def _context(self, name: str, placed: Placed) -> RunContext:
        base = self._wired.context
        database = base.journal.database
        journal = Journal(database, name)
        journal.open_session(base.journal.config(), {SYMBOL: "spot"}, {"USD": CAPITAL}, alone=False)
        feeds = placed.feeds or NO_FEEDS
        tools = [*standard_tools(), *feed_tools(feeds), *placed.tools]
        return replace(
            base,
            journal=journal,
            recorder=Recorder(TraceStore(database, name), self._redactor, SystemClock()),
            desk=Desk(tools, ToolLimits(), base.clock),
            spending=SpendingLedger(database, name, base.spending.caps, SystemClock()),
            feeds=feeds,
            source=placed.source(base.source),
        )

    def _planner(self, desk: Desk) -> tuple[Planner, ObedientModel]:
        key = frozenset(desk.names)
        if key not in self._planners:
            model = ObedientModel()
            self._planners[key] = Planner([NamedModel("obedient", model)], desk.schemas), model
        return self._planners[key]

    async def _send(self, context: RunContext) -> None:
        journal, source, clock = context.journal, self._wired.context.source, context.clock
        venue = PaperBroker(
            journal.database, journal.session, source, (SYMBOL,), {"USD": CAPITAL}, SLOT, clock
        )
        follower = Follower(journal, venue, source, lambda _: None)
        review = GateReview(
            journal, source, context.observer, context.policy, clock, (SYMBOL,), context.timeframe
        )
        await Dispatcher(journal, venue, follower, review, clock, lambda _: None).dispatch()


def _hold(journal: Journal, thesis: str) -> None:
    """A plan of an earlier decision, and the position that came of it."""
    at = SLOT - 2 * H
    made = draft(
        targets=(Target(price=D(5300)),), invalidation=D(5120), horizon_bars=24, thesis=thesis
    )
    plan = plan_of(made, run="earlier", symbol=SYMBOL, at=at, price=D(5150))
    _, verdict = verdict_of(
        symbol=SYMBOL, run="earlier", at=at, stop="5120", targets=[("5300", str(HELD))]
    )
    bracket = replace(
        verdict.bracket, entry_price=D(5150), risk_per_unit=D(41), risk_amount=41 * HELD
    )
    approval = replace(verdict, bracket=bracket)
    order = work(journal, plan, approval)
    bought = replace(
        fill("buy", HELD, "5150", symbol=SYMBOL),
        plan_id=plan.plan_id,
        client_order_id=order.client_order_id,
        at=at,
    )
    done = replace(order, status=OrderStatus.FILLED, filled=HELD)
    exits = exits_of(plan, approval)
    journal.apply(Batch([done, *exits], [(plan.plan_id, PlanStatus.OPEN)], [bought]))
