"""What plangate answers: its paper venue alone, and with a session's hands and journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from typing_extensions import override

from broker.paper.terms import PaperTerms
from broker.paper.venue import PaperBroker
from broker.protocol import Execution
from domain.clock import FixedClock
from domain.instrument import Instrument
from domain.lifecycle import OrderStatus
from domain.numbers import to_decimal
from domain.orders import Leg, Order
from domain.plan import TradePlan
from domain.verdict import Approved
from tests.broker.house import House
from tests.broker.venue import OTHER, SYMBOL, H, T, VenueSource, approved, bars
from tests.parity.task import FEE, Case, Signal, Trade
from traces.database import Database
from traces.tables import METADATA

WHOLE = PaperTerms(volume_share_fraction=Decimal(1))
TICK = Decimal("0.005")


class TaskSource(VenueSource):
    """A perpetual on the half cent, so that stops lie on a tick."""

    @override
    def instrument(self, symbol: str) -> Instrument:
        made = super().instrument(symbol)
        return replace(made, price_tick=TICK, taker_fee_fraction=FEE)


async def played(case: Case, folder: Path, slippage: Decimal = Decimal(0)) -> list[Execution]:
    """Every execution of a case, in order; exits follow the entry's fill at once.

    Args:
        case: The task.
        folder: Where the venue's tables are.
        slippage: Assumed of stops, in quote per unit.
    """
    source = TaskSource({SYMBOL: bars(case.rows)})
    database = Database.open(folder / "venue.db", METADATA)
    clock, capital = FixedClock(T), Decimal(10**9)
    venue = PaperBroker(database, "parity", source, (SYMBOL,), {"USDT": capital}, T, clock, WHOLE)
    told: list[Execution] = []
    signal: Signal | None = None
    for bar in [*sorted(case.signals), len(case.rows)]:
        while (news := await venue.news(T + (bar + 1) * H)) is not None:
            told += news.executions
            opened = [e for e in news.executions if e.client_order_id.endswith("entry")]
            if opened and signal is not None:
                await _guard(venue, opened[0], signal, slippage)
        if bar in case.signals and not await venue.positions() and not await venue.working():
            signal = case.signals[bar]
            await venue.send(_entry(bar, signal))
    database.close()
    return told


def trades(told: Sequence[Execution]) -> list[Trade]:
    """Round trips, from flat to flat; prices are means over their fills."""
    found: list[Trade] = []
    open_fills: list[Execution] = []
    for execution in told:
        open_fills.append(execution)
        if not sum(e.quantity if e.side == "buy" else -e.quantity for e in open_fills):
            found.append(_round_trip(open_fills))
            open_fills = []
    return found


def _round_trip(fills: Sequence[Execution]) -> Trade:
    entries = [e for e in fills if e.side == fills[0].side]
    exits = [e for e in fills if e.side != fills[0].side]
    return Trade(
        (fills[0].at - T) // H,
        (fills[-1].at - T) // H,
        1 if fills[0].side == "buy" else -1,
        _mean_price(entries),
        _mean_price(exits),
        sum((e.fee for e in fills), Decimal(0)),
    )


def _mean_price(fills: Sequence[Execution]) -> Decimal:
    worth = sum((e.quantity * e.price for e in fills), Decimal(0))
    return worth / sum((e.quantity for e in fills), Decimal(0))


async def in_a_session(case: Case, folder: Path) -> list[Trade]:
    """Closed trades of the journal, the same signals sent as approved plans."""
    house = House(folder, TaskSource({SYMBOL: bars(case.rows), OTHER: bars(case.rows)}))
    for bar, signal in sorted(case.signals.items()):
        await house.advance(bar + 1)
        if not house.held():
            await house.work(*_plan(bar, signal))
    await house.advance(len(case.rows))
    return [
        Trade(
            (t.opened_at - T) // H,
            (t.closed_at - T) // H,
            1 if t.side == "long" else -1,
            t.entry_price,
            t.exit_price,
            t.fees,
        )
        for t in house.book.trades()
    ]


def _plan(bar: int, signal: Signal) -> tuple[TradePlan, Approved]:
    plan, verdict = approved(
        side="long" if signal.side > 0 else "short",
        stop=str(signal.stop),
        targets=[(str(signal.target), str(signal.size))],
        run=f"bar {bar}",
        at=T + (bar + 1) * H,
        open_for=10**6 * H,
    )
    bracket = replace(verdict.bracket, stop_slippage=Decimal(0))
    return plan, replace(verdict, bracket=bracket)


async def _guard(venue: PaperBroker, entry: Execution, signal: Signal, slippage: Decimal) -> None:
    name = entry.client_order_id.removesuffix("entry")
    stop = _order(name, "stop", signal, entry)
    for order in (replace(stop, slippage=slippage), _order(name, "target_1", signal, entry)):
        if await venue.find(order.client_order_id) is not None:
            held = abs((await venue.positions())[SYMBOL])
            await venue.amend(replace(order, quantity=held))
        else:
            await venue.send(order)


def _entry(bar: int, signal: Signal) -> Order:
    return Order(
        client_order_id=f"{bar}-entry",
        plan_id=f"{bar}-",
        run_id="",
        symbol=SYMBOL,
        leg="entry",
        side="buy" if signal.side > 0 else "sell",
        kind="market" if signal.limit is None else "limit",
        quantity=Decimal(signal.size),
        price=None if signal.limit is None else to_decimal(signal.limit),
        reduce_only=False,
        created_at=T + (bar + 1) * H,
        status=OrderStatus.SENDING,
    )


def _order(name: str, leg: Leg, signal: Signal, entry: Execution) -> Order:
    stop = leg == "stop"
    return Order(
        client_order_id=f"{name}{leg}",
        plan_id=name,
        run_id="",
        symbol=SYMBOL,
        leg=leg,
        side="sell" if signal.side > 0 else "buy",
        kind="stop" if stop else "limit",
        quantity=entry.quantity,
        price=to_decimal(signal.stop if stop else signal.target),
        reduce_only=True,
        created_at=entry.at,
        status=OrderStatus.SENDING,
    )
