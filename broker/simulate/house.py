"""Plans on the way that every approved plan goes: journal, outbox, dispatcher, follower, executor.

Only the gate is left out, which needs a market's history and has a command of its own; and stops
are not moved, which needs the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from typing_extensions import override

from broker.dispatcher import Dispatcher
from broker.executor import Executor
from broker.follower import Follower
from broker.guard import Guard
from broker.outbox import PAPER_ACCOUNT, entry_order
from broker.patience import patiently
from broker.protocol import Broker
from broker.reconciler import Reconciler
from broker.simulate.events import Event, Plan, Transfer
from broker.simulate.stage import Deposited, OrderState, PlanState, Record, Stage, World
from broker.simulate.ungated import NoReview
from broker.treasury import Treasury
from domain.candles import Timeframe
from domain.errors import ConfigError
from domain.lifecycle import PLAN_STEPS
from domain.numbers import ONE, ZERO, floor_to_step
from domain.orders import Order
from domain.plan import PlanDraft, Target, TradePlan, make_plan
from domain.verdict import Approved, Bracket, TargetLeg
from journal.books import Journal
from journal.operator import record_act
from market.observe import Observer
from policies.settings import Policy

_WEIGHT = Decimal("0.000001")


class HouseStage(Stage):
    """Carries plans out."""

    def __init__(self, world: World, broker: Broker, treasury: Treasury, journal: Journal) -> None:
        self._world = world
        self._journal = journal
        source, timeframe = world.source, world.script.timeframe
        symbols, policy = tuple(world.script.instruments), Policy()
        observer = Observer(source, timeframe, symbols)
        follower = Follower(journal, broker, source, lambda _: None)
        dispatcher = Dispatcher(journal, broker, follower, NoReview(), world.clock, lambda _: None)
        reconciler = Reconciler(journal, broker, follower)
        guard = Guard(journal, source, observer, policy, timeframe)
        self._executor = Executor(
            journal, broker, follower, dispatcher, reconciler, guard, source, treasury=treasury
        )

    @override
    async def begin(self, cursor: datetime, unfinished: datetime | None) -> None:
        """Reconcile with the venue, as every start does."""
        await patiently(lambda: self._executor.reconcile(cursor))
        if unfinished is not None:
            await self._advance(unfinished)
        self._say()

    @override
    async def go(self, until: datetime) -> None:
        """Follow the venue, deadline after deadline."""
        await self._advance(until)
        self._say()

    @override
    async def do(self, event: Event, at: datetime) -> None:
        """Commit the plan and send its entry, or say to the session that money comes or goes."""
        if isinstance(event, Transfer):
            money = (self._world.script.currency_of(event), event.amount)
            record_act(
                self._journal.database,
                self._journal.session,
                "deposit",
                "written in a script",
                at,
                money=money,
            )
            await self._advance(at)
            self._say()
        if not isinstance(event, Plan):
            return
        script = self._world.script
        on = self._world.source.instrument(script.symbol_of(event))
        self._require_one_side(event, on.symbol)
        legs = _legs(event, on.quantity_step)
        plan = _plan(event, legs, on.symbol, at, script.timeframe)
        delta = script.timeframe.delta
        distance = abs(event.price - event.stop)
        bracket = Bracket(
            symbol=on.symbol,
            side=event.side,
            entry_kind="market" if event.entry is None else "limit",
            entry_price=event.price,
            quantity=event.quantity,
            stop_price=event.stop,
            targets=tuple(legs),
            expires_at=at + event.expires_after_bars * delta,
            close_at=at + event.horizon_bars * delta,
            risk_per_unit=distance,
            risk_amount=event.risk_amount or distance * event.quantity,
            reward_risk=abs(event.targets[0].price - event.price) / distance,
            stop_slippage=event.stop_slippage,
            entry_slippage_bps=event.entry_slippage_bps,
            sizing=(),
            book_origin=None,
        )
        order = entry_order(plan, bracket, on.price_tick, at, PAPER_ACCOUNT)
        self._journal.commit_plan(plan, Approved(bracket, ()), [order])
        await patiently(lambda: self._executor.settle(at))
        self._say()

    @override
    async def record(self, broker: Broker) -> Record:
        """The journal's account, orders, plans and trades."""
        journal = self._journal
        ledger, replayed = journal.ledger(), journal.replayed()
        held = {symbol: p.quantity for symbol, p in ledger.positions.items()}
        equal = replayed == ledger and held == dict(await broker.positions())
        plans = journal.plans()
        names = {stored.plan.plan_id: stored.plan.run_id for stored in plans}
        sent = list(self._world.watch.sent)
        last = len(sent)
        orders = sorted(
            journal.orders(),
            key=lambda o: sent.index(o.client_order_id) if o.client_order_id in sent else last,
        )
        return Record(
            ledger,
            equal,
            [await _state(broker, order, names[order.plan_id]) for order in orders],
            {o.client_order_id: (names[o.plan_id], o.leg) for o in orders},
            [PlanState(s.plan.run_id, s.status.value, s.risk_amount) for s in plans],
            [(names[trade.plan_id], trade) for trade in journal.trades()],
            [Deposited(d.at, d.currency, d.amount) for d in journal.deposits()],
        )

    async def _advance(self, until: datetime) -> None:
        await patiently(lambda: self._executor.advance(until))

    def _require_one_side(self, event: Plan, symbol: str) -> None:
        """Two opposite plans would net to a position that is neither's: the gate allows none."""
        for stored in self._journal.plans():
            opposite = stored.bracket.side != event.side and stored.plan.symbol == symbol
            if opposite and PLAN_STEPS[stored.status]:
                raise ConfigError(
                    f"plan {event.plan!r} is {event.side} in {symbol} while plan "
                    f"{stored.plan.run_id!r} is {stored.bracket.side} there and not over: an "
                    "account holds one side of a symbol at a time; let the first one end before"
                )

    def _say(self) -> None:
        self._world.notices.extend(self._executor.notices())


def _legs(event: Plan, step: Decimal) -> list[TargetLeg]:
    """Targets with quantities; what weights leave over goes to the last."""
    parts = [
        row.quantity or floor_to_step(event.quantity * (row.weight or ONE), step)
        for row in event.targets
    ]
    parts[-1] += event.quantity - sum(parts, ZERO)
    return [TargetLeg(row.price, part) for row, part in zip(event.targets, parts, strict=True)]


def _plan(
    event: Plan, legs: Sequence[TargetLeg], symbol: str, at: datetime, timeframe: Timeframe
) -> TradePlan:
    weights = [max(_WEIGHT, (leg.quantity / event.quantity).quantize(_WEIGHT)) for leg in legs]
    weights[-1] = ONE - sum(weights[:-1], ZERO)
    draft = PlanDraft(
        side=event.side,
        entry=event.entry,
        targets=tuple(
            Target(price=leg.price, weight=weight)
            for leg, weight in zip(legs, weights, strict=True)
        ),
        invalidation=event.stop,
        horizon_bars=event.horizon_bars,
        thesis="written in a script",
        confidence=ONE,
    )
    return make_plan(
        draft,
        version=1,
        run_id=event.plan,
        symbol=symbol,
        as_of=at,
        timeframe=timeframe,
        decision_price=event.price,
        model="script",
        prompt_hash="",
        policy_hash="",
    )


async def _state(broker: Broker, order: Order, plan: str) -> OrderState:
    found = await broker.find(order.client_order_id)
    return OrderState(
        order=order.client_order_id,
        plan=plan,
        leg=order.leg,
        symbol=order.symbol,
        side=order.side,
        kind=order.kind,
        reduce_only=order.reduce_only,
        created_at=order.created_at,
        quantity=found.quantity if found else order.quantity,
        price=found.price if found else order.price,
        limit_price=order.limit_price,
        slippage=order.slippage,
        filled=order.filled,
        status=order.status.value,
        reason=(found.reason if found else "") or order.reason or "",
    )
