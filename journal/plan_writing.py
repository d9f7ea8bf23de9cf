"""Plans and their versions: committed whole, never changed, one of them the head.

The plan's row is the plan as it stands; each version that was approved has a row of its own. A
version that enters becomes the head when its entry is sent, and not before: until the entry that it
replaces is confirmed dead, a fill of that one stands under the version that asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from domain.lifecycle import TAKEN_BACK, PlanStatus
from domain.orders import Order
from domain.plan import TradePlan
from domain.verdict import Approved, Bracket
from journal.plan_tables import PLAN_VERSIONS
from journal.reading import BRACKET
from journal.tables import PLANS
from journal.writing import JournalWriter
from traces.upsert import keep, put


class PlanWriter(JournalWriter):
    """Writes plans, versions and their intents."""

    def commit_plan(
        self,
        plan: TradePlan,
        verdict: Approved,
        orders: Sequence[Order],
        *,
        entry: Mapping[str, Any] | None = None,
    ) -> None:
        """Commit an approved plan with its intents; a repetition changes nothing.

        Intents of another plan of the same run that were not sent yet are taken back: a run that
        was stepped back and went another way means its last word. `entry` is what was known when
        it was decided (`journal.entry`).
        """
        version = _version(self.session, plan, verdict.bracket, entry)
        row = {
            **version,
            "symbol": plan.symbol,
            "status": PlanStatus.APPROVED,
            "send_codes": [],
            "path_done": False,
        }
        with self._write("plans") as connection:
            self._withdraw(connection, plan.run_id, {o.client_order_id for o in orders})
            keep(connection, PLANS, row)
            keep(connection, PLAN_VERSIONS, version)
            self._insert_orders(connection, orders)

    def commit_entry(
        self,
        plan: TradePlan,
        verdict: Approved,
        order: Order,
        *,
        entry: Mapping[str, Any] | None = None,
    ) -> None:
        """Commit a version that enters anew or adds; its plan's other entries are taken back."""
        version = _version(self.session, plan, verdict.bracket, entry)
        with self._write("plans") as connection:
            self._insert_orders(connection, [order])  # first: a plan without an entry is over
            self._withdraw(connection, plan.run_id, {order.client_order_id})
            self._take_back(connection, plan.plan_id, order.client_order_id)
            put(connection, PLAN_VERSIONS, version)

    def commit_levels(self, plan: TradePlan, verdict: Approved, orders: Sequence[Order]) -> None:
        """Commit new levels of an open position: the head at once, with the exits as they follow.

        What the plan risked stays what it was approved with: the trade is measured by it.
        """
        version = _version(self.session, plan, verdict.bracket, None)
        with self._write("plans", "terms") as connection:
            self._withdraw(connection, plan.run_id, {o.client_order_id for o in orders})
            put(connection, PLAN_VERSIONS, version)
            self._make_head(connection, plan, verdict.bracket)
            for order in orders:
                self._put_order(connection, order)

    def commit_cancel(self, plan_id: str, close: Order | None = None) -> list[str]:
        """Take back a plan's entries; returns their names. An unsent plan is over with them.

        `close` is for what an entry that the venue may have fills nevertheless.
        """
        with self._write() as connection:
            names = self._take_back(connection, plan_id, None)
            self._insert_orders(connection, [] if close is None else [close])
            self._end_without_entry(connection, plan_id)
        return names

    def resize(self, plan: TradePlan, bracket: Bracket, order: Order) -> None:
        """Before sending: bracket and entry as the gate sized them now; the version is the head."""
        with self._write("terms") as connection:
            self._update_order(
                connection,
                order.client_order_id,
                quantity=order.quantity,
                price=order.price,
                slippage=order.slippage,
            )
            if plan.act != "scale_in":
                self._update_plan(connection, plan.plan_id, risk_amount=bracket.risk_amount)
            self._make_head(connection, plan, bracket)

    def _make_head(self, connection: Connection, plan: TradePlan, bracket: Bracket) -> None:
        self._update_plan(
            connection,
            plan.plan_id,
            version=plan.version,
            run_id=plan.run_id,
            close_at=bracket.close_at,
            body=plan.model_dump(mode="json"),
            bracket=BRACKET.dump_python(bracket, mode="json"),
        )

    def _take_back(self, connection: Connection, plan_id: str, but: str | None) -> list[str]:
        others = [o for o in self._entries(connection, plan_id) if o.client_order_id != but]
        for order in others:
            if order.status in TAKEN_BACK:
                self._put_order(connection, replace(order, status=TAKEN_BACK[order.status]))
        return [order.client_order_id for order in others]


def _version(
    session: str, plan: TradePlan, bracket: Bracket, entry: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What of a version is never changed."""
    return {
        "session": session,
        "plan_id": plan.plan_id,
        "version": plan.version,
        "run_id": plan.run_id,
        "approved_at": plan.as_of,
        "close_at": bracket.close_at,
        "risk_amount": bracket.risk_amount,
        "body": plan.model_dump(mode="json"),
        "bracket": BRACKET.dump_python(bracket, mode="json"),
        "entry": entry,
    }
