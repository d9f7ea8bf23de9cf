"""A journal with one approved plan, and a dispatcher on a market that can be moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from broker.dispatcher import Dispatched, Dispatcher
from broker.follower import Follower
from broker.outbox import entry_order
from broker.protocol import Broker
from broker.review import GateReview, Review
from domain.candles import Timeframe
from domain.clock import FixedClock
from domain.numbers import to_decimal
from domain.orders import Order
from domain.plan import Target, TradePlan
from domain.verdict import Approved, Denied
from journal.books import Journal
from journal.standing import AccountReader
from market.observe import Observer
from policies.case import case_of
from policies.facts import market_facts
from policies.gate import review
from policies.settings import Policy
from tests.broker.house import paper
from tests.broker.venue import (
    OTHER,
    SYMBOL,
    TICK,
    D,
    H,
    T,
    VenueSource,
    draft,
    open_journal,
    plan_of,
)
from tests.market.handmade import walk

BARS = 700
NOW = T + BARS * H
POLICY = Policy()
SERIES = walk(BARS)
LAST = to_decimal(round(float(SERIES.close[-1]), 1))


class Desk:
    """A journal with one approved plan, and a dispatcher on a market that can be moved."""

    def __init__(self, folder: Path, venue: Broker | None = None, policy: Policy = POLICY) -> None:
        self.book = open_journal(folder, kind="spot")
        self.source = VenueSource({SYMBOL: SERIES, OTHER: walk(BARS, seed=5)}, kind="spot")
        self.observer = Observer(self.source, Timeframe.H1, [SYMBOL, OTHER])
        self.policy = policy
        self.told: list[Dispatched] = []
        self.venue = venue or paper(self.book, self.source)
        self.follower = Follower(self.book, self.venue, self.source, lambda _: None)
        self.dispatcher = self.made_dispatcher(NOW)

    async def decide(self, entry: Decimal | None = None) -> Approved:
        """The gate's word at the decision."""
        self.plan = decided_plan(entry, self.policy)
        verdict = await gate(self.book, self.observer, self.plan, self.policy)
        assert isinstance(verdict, Approved), [f.sentence for f in verdict.failed]
        return verdict

    async def commit(self, share: str = "1", entry: Decimal | None = None) -> Order:
        """Commit the plan at a share of the size that the gate allowed."""
        verdict = await self.decide(entry)
        bracket = replace(verdict.bracket, quantity=verdict.bracket.quantity * D(share))
        order = entry_order(self.plan, bracket, TICK, NOW, "paper")
        self.book.commit_plan(self.plan, Approved(bracket, verdict.findings), [order])
        return order

    def made_dispatcher(self, now: datetime) -> Dispatcher:
        """A dispatcher of this desk, at `now`."""
        clock, gate = FixedClock(now), self.gate(now)
        return Dispatcher(self.book, self.venue, self.follower, gate, clock, self.told.append)

    def gate(self, now: datetime) -> Review:
        """The gate as it is asked at send."""
        return GateReview(
            self.book,
            self.source,
            self.observer,
            self.policy,
            FixedClock(now),
            [SYMBOL, OTHER],
            Timeframe.H1,
        )

    async def dispatch(self) -> None:
        await self.dispatcher.dispatch()

    def status(self) -> tuple[str, str]:
        (order,) = [o for o in self.book.orders() if o.plan_id == self.plan.plan_id]
        return order.status.value, self.book.stored_plan(self.plan.plan_id).status.value


def decided_plan(entry: Decimal | None = None, policy: Policy = POLICY) -> TradePlan:
    levels = {
        "entry": entry,
        "targets": (Target(price=LAST * D("1.06")),),
        "invalidation": LAST * D("0.985"),
    }
    return plan_of(draft(**levels), at=NOW, price=LAST, policy=policy.policy_hash)


async def gate(
    book: Journal, observer: Observer, plan: TradePlan, policy: Policy
) -> Approved | Denied:
    snapshot = await observer.snapshot(plan.symbol, NOW)
    return review(
        case_of(
            plan,
            observer.source.instrument(plan.symbol),
            (SYMBOL, OTHER),
            market_facts(snapshot, NOW, 0.0),
            AccountReader(book, policy, Timeframe.H1, observer.source.instrument).facts(
                plan.symbol, {}, NOW, exclude_runs={"run"}
            ),
            policy,
            plan.version,
        )
    )


def codes(told: Sequence[Dispatched]) -> tuple[str, ...]:
    (one,) = told
    assert one.verdict is not None
    return one.verdict.codes
