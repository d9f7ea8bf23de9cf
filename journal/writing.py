"""The statements behind the journal's acts: rows in, steps through the life cycle, one transaction.

`journal.books` says what belongs into one transaction; this says how it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from domain.lifecycle import LIVE, OrderStatus, PlanStatus, order_step, plan_step
from domain.orders import Deposit, Fill, FundingPayment, Order
from journal.fence import Fence, take_fence
from journal.ledger import Entry
from journal.plan_tables import PLAN_VERSIONS
from journal.reading import Part
from journal.rows import from_row, to_row
from journal.tables import (
    DEPOSITS,
    FILLS,
    FUNDING,
    ORDERS,
    PLANS,
    PRICE_PATHS,
    TRADING_STATES,
)
from journal.walked import WalkReader
from policies.trading_state import StateEntry
from traces.database import Database
from traces.upsert import keep

_TABLES = {Fill: FILLS, FundingPayment: FUNDING, Deposit: DEPOSITS}
_WITHOUT_ENTRY = {
    PlanStatus.APPROVED: PlanStatus.REJECTED,
    PlanStatus.WORKING: PlanStatus.CANCELLED,
}
"""What becomes of a plan whose entry is denied at send; one that is open goes on as it was."""


class JournalWriter(WalkReader):
    """Writes one session's rows, and remembers which parts of the record to read anew."""

    def __init__(self, database: Database, session: str) -> None:
        super().__init__(database, session)
        self._touched: set[Part] = set()
        """What the transaction at hand has written."""
        self.fence: Fence | None = None
        """The right to write, once taken; before that, only new things are added."""

    @contextmanager
    def _write(self, *parts: Part, durable: bool = True) -> Iterator[Connection]:
        """One transaction; the parts it writes are read anew after it."""
        self._touched = set(parts)
        with self.database.begin(durable=durable) as connection:
            if self.fence is not None:
                self.fence.require(connection)
            yield connection
        for part in self._touched:
            self._known.pop(part, None)

    def _take_fence(self) -> None:
        """From now on this process writes the session, and any other that did may not."""
        self.fence = take_fence(self.database, self.session)

    def _insert_orders(self, connection: Connection, orders: Sequence[Order]) -> None:
        for order in orders:
            self._touched.add("orders")
            keep(connection, ORDERS, to_row(self.session, order))

    def _put_order(self, connection: Connection, order: Order) -> None:
        """Insert an order, or bring the one of its name to where it stands now."""
        mine = (ORDERS.c.session == self.session) & (
            ORDERS.c.client_order_id == order.client_order_id
        )
        current = connection.execute(select(ORDERS.c.status).where(mine)).scalar_one_or_none()
        if current is None:
            self._insert_orders(connection, [order])
            return
        if current != order.status:
            order_step(OrderStatus(current), order.status)
        self._touched.add("orders")
        connection.execute(update(ORDERS).where(mine).values(**to_row(self.session, order)))

    def _insert_entry(self, connection: Connection, entry: Entry, sequence: int) -> bool:
        table = _TABLES[type(entry)]
        row = {**to_row(self.session, entry), "sequence": sequence}
        return keep(connection, table, row)

    def _insert_state(self, connection: Connection, entry: StateEntry) -> None:
        mine = TRADING_STATES.c.session == self.session
        count = connection.execute(select(func.count()).where(mine)).scalar_one()
        row = {**to_row(self.session, entry), "sequence": count + 1}
        connection.execute(insert(TRADING_STATES).values(**row))

    def _step_order(self, connection: Connection, name: str, status: OrderStatus) -> None:
        mine = (ORDERS.c.session == self.session) & (ORDERS.c.client_order_id == name)
        current = connection.execute(select(ORDERS.c.status).where(mine)).scalar_one()
        if current != status:
            order_step(OrderStatus(current), status)
            self._touched.add("orders")
            connection.execute(update(ORDERS).where(mine).values(status=status))

    def _step_plan(self, connection: Connection, plan_id: str, status: PlanStatus) -> None:
        mine = (PLANS.c.session == self.session) & (PLANS.c.plan_id == plan_id)
        current = connection.execute(select(PLANS.c.status).where(mine)).scalar_one()
        if current != status:
            plan_step(PlanStatus(current), status)
            self._touched.add("plans")
            connection.execute(update(PLANS).where(mine).values(status=status))

    def _deny(self, connection: Connection, order: Order, codes: Sequence[str]) -> None:
        self._step_order(connection, order.client_order_id, OrderStatus.DENIED)
        mine = (PLANS.c.session == self.session) & (PLANS.c.plan_id == order.plan_id)
        stood = PlanStatus(connection.execute(select(PLANS.c.status).where(mine)).scalar_one())
        if stood in _WITHOUT_ENTRY:
            self._step_plan(connection, order.plan_id, _WITHOUT_ENTRY[stood])
        self._update_plan(connection, order.plan_id, send_codes=list(codes))

    def _update_order(self, connection: Connection, name: str, **values: Any) -> None:
        self._touched.add("orders")
        mine = (ORDERS.c.session == self.session) & (ORDERS.c.client_order_id == name)
        connection.execute(update(ORDERS).where(mine).values(**values))

    def _update_plan(self, connection: Connection, plan_id: str, **values: Any) -> None:
        self._touched.add("plans")
        mine = (PLANS.c.session == self.session) & (PLANS.c.plan_id == plan_id)
        connection.execute(update(PLANS).where(mine).values(**values))

    def _walk_anew(self, connection: Connection, plan_id: str) -> None:
        """A fill was told after a trade's price path was done: it is kept again, from the entry."""
        mine = (PLANS.c.session == self.session) & (PLANS.c.plan_id == plan_id)
        reopened = update(PLANS).where(mine, PLANS.c.path_done.is_(True)).values(path_done=False)
        if connection.execute(reopened).rowcount:
            self._touched.add("plans")
            path = (PRICE_PATHS.c.session == self.session) & (PRICE_PATHS.c.plan_id == plan_id)
            connection.execute(delete(PRICE_PATHS).where(path))

    def _withdraw(self, connection: Connection, run_id: str, standing: set[str]) -> None:
        """Take back the run's unsent intents that do not stand, and the plans whose entries go.

        Intents of a run are its entry and its exit, whole or in part. What guards or ends a
        position that it opened (stop, targets, the close at a deadline) bears its name too, and is
        not taken back.

        They are deleted, not cancelled: nobody outside ever knew them (the trace does), and the
        same plan may be committed again.
        """
        unsent = (
            (ORDERS.c.session == self.session)
            & (ORDERS.c.run_id == run_id)
            & ORDERS.c.client_order_id.not_in(standing)
            & (ORDERS.c.status == OrderStatus.PENDING)
            & (
                (ORDERS.c.leg == "entry")
                | (ORDERS.c.leg.in_(("close", "reduce")) & (ORDERS.c.reason == "exit"))
            )
        )
        rows = connection.execute(select(ORDERS).where(unsent)).mappings().all()
        if rows:
            connection.execute(delete(ORDERS).where(unsent))
        for row in rows:
            self._touched |= {"orders", "plans", "terms"}
            if row["leg"] == "entry":
                self._withdraw_version(connection, run_id, row["plan_id"])

    def _withdraw_version(self, connection: Connection, run_id: str, plan_id: str) -> None:
        """A version whose entry was taken back goes, and with its only version the plan.

        One that is the head of a plan which stood before stays: it was about to be sent, and what
        the plan holds is guarded by it.
        """
        mine, version = (
            (table.c.session == self.session) & (table.c.plan_id == plan_id)
            for table in (PLANS, PLAN_VERSIONS)
        )
        others = select(PLAN_VERSIONS.c.version).where(version, PLAN_VERSIONS.c.run_id != run_id)
        own = select(PLANS.c.plan_id).where(mine, PLANS.c.run_id == run_id)
        alone = connection.execute(others).first() is None
        if alone or connection.execute(own).first() is None:
            written = version & (PLAN_VERSIONS.c.run_id == run_id)
            connection.execute(delete(PLAN_VERSIONS).where(written))
        if alone:
            connection.execute(delete(PLANS).where(mine, PLANS.c.run_id == run_id))
        else:
            self._end_without_entry(connection, plan_id)

    def _end_without_entry(self, connection: Connection, plan_id: str) -> None:
        """A plan that holds nothing and whose last entry was taken back is over."""
        mine = (PLANS.c.session == self.session) & (PLANS.c.plan_id == plan_id)
        status = connection.execute(select(PLANS.c.status).where(mine)).scalar_one_or_none()
        unfilled = status in {PlanStatus.APPROVED, PlanStatus.WORKING}
        if unfilled and not self._entries(connection, plan_id):
            self._step_plan(connection, plan_id, PlanStatus.CANCELLED)

    def _entries(self, connection: Connection, plan_id: str) -> list[Order]:
        """Entries of a plan that may still fill, read in the transaction at hand."""
        live = (ORDERS.c.session == self.session) & (ORDERS.c.plan_id == plan_id)
        live &= (ORDERS.c.leg == "entry") & ORDERS.c.status.in_(LIVE)
        rows = connection.execute(select(ORDERS).where(live)).mappings().all()
        return [from_row(Order, dict(row)) for row in rows]
