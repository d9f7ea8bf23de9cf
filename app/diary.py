"""Writes what happens to orders, outside the graph, into the trace of the run that decided them.

And one telemetry line a decision, once its orders have met the market: inputs, decision, verdict,
what was wanted and what was filled.
"""

from __future__ import annotations

from pathlib import Path

from broker.booking import Booked
from broker.chance import Fault
from broker.dispatcher import Dispatched
from broker.invalidation import Invalidated
from domain.numbers import plain
from domain.orders import Fill, Order
from domain.strict_json import exact
from policies.case_document import case_document
from policies.document import verdict_document
from traces import events
from traces.order_events import FaultInjected, Filled, OrderChanged, PlanInvalidated
from traces.recorder import Recorder
from traces.telemetry import append_line, decision_line


class Diary:
    """Listens to dispatcher and venue."""

    def __init__(self, recorder: Recorder, telemetry: Path) -> None:
        self._recorder = recorder
        self._telemetry = telemetry
        self._decided: list[str] = []

    def decided(self, run_id: str) -> None:
        """A decision was made; its line is written when its orders have met the market."""
        self._decided.append(run_id)

    def write_lines(self) -> None:
        """Write the telemetry lines that are due."""
        store = self._recorder.store
        for run_id in self._decided:
            line = decision_line(store.session, run_id, store.events(run_id))
            append_line(self._telemetry, line)
        self._decided.clear()

    def dispatched(self, news: Dispatched) -> None:
        """An intent was sent, or denied on fresh data."""
        order = news.order
        if news.verdict is not None:
            document = verdict_document(news.verdict)
            self._recorder.record(
                order.run_id,
                "send",
                events.Reviewed(
                    plan_id=order.plan_id,
                    version=0,
                    approved=news.verdict.approved,
                    codes=list(news.verdict.codes),
                    findings=document["findings"],
                    bracket=document["bracket"],
                    stage="send",
                    case=self._case(news),
                ),
            )
        self._step(order, news.status.value, news.reason or None)
        self._recorder.flush()

    def _case(self, news: Dispatched) -> str | None:
        if news.case is None:
            return None
        return self._recorder.blob(exact(case_document(news.case)))

    def booked(self, news: Booked) -> None:
        """The venue filled orders, or they ended otherwise."""
        for order, fill in news.fills:
            self._recorder.record(order.run_id, "venue", _filled(fill))
        for order, status in news.steps:
            self._step(order, status.value, order.reason)
        self._recorder.flush()

    def invalidated(self, news: Invalidated) -> None:
        """A plan is left because a condition that it names has come true."""
        plan, reading = news.stored.plan, news.reading
        self._recorder.record(
            plan.run_id,
            "guard",
            PlanInvalidated(
                plan_id=plan.plan_id,
                condition=reading.condition,
                measured=None if reading.measured is None else plain(reading.measured),
                at=news.at,
            ),
        )
        self._recorder.flush()

    def faulted(self, fault: Fault, run_id: str) -> None:
        """A fault was injected on purpose."""
        self._recorder.record(
            run_id,
            "venue",
            FaultInjected(
                fault=fault.fault,
                call=fault.call,
                client_order_id=fault.order,
                at=fault.at,
            ),
        )
        self._recorder.flush()

    def _step(self, order: Order, status: str, reason: str | None) -> None:
        self._recorder.record(
            order.run_id,
            "venue",
            OrderChanged(
                client_order_id=order.client_order_id,
                leg=order.leg,
                status=status,
                reason=reason,
            ),
        )


def _filled(fill: Fill) -> Filled:
    return Filled(
        client_order_id=fill.client_order_id,
        leg=fill.leg,
        side=fill.side,
        quantity=plain(fill.quantity),
        price=plain(fill.price),
        fee=plain(fill.fee),
        expected_price=plain(fill.expected_price),
        slippage_bps=plain(fill.slippage_bps, 2),
        at=fill.at,
    )
