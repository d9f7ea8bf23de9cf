"""One session's journal: every write is one transaction, every step goes through the life cycle.

The account is kept in memory as a fold and rebuilt from the rows on opening; after every write it
equals its replay. Writing the same thing twice changes nothing, because ids are content.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from domain.finding import Finding
from domain.instrument import InstrumentKind
from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import Deposit, Fill, Order, Position
from journal.batch import Batch
from journal.continuing import continued, require_continuable, require_unused
from journal.ledger import Ledger
from journal.paths import PathBar
from journal.peaks import Peaks
from journal.plan_writing import PlanWriter
from journal.rows import to_row
from journal.send_checks import denials
from journal.tables import (
    DECISIONS,
    EQUITY,
    OPERATOR_ACTS,
    PRICE_PATHS,
    PURSES,
    SESSIONS,
    TRADES,
)
from policies.trading_state import StateEntry
from traces.database import Database
from traces.upsert import put


class Journal(PlanWriter):
    """Writes one session's record, and keeps its account."""

    def __init__(self, database: Database, session: str) -> None:
        super().__init__(database, session)
        self._ledger: Ledger | None = None
        self._peaks = Peaks(self)
        self._opened = False
        self._sequence = 0
        self.mismatches: tuple[str, ...] = ()
        """Where the venue and this record disagree, as of the last comparison."""

    def open_session(
        self,
        config: Mapping[str, Any],
        kinds: Mapping[str, InstrumentKind],
        capital: Mapping[str, Decimal],
        *,
        alone: bool = True,
    ) -> None:
        """Create the session, or go on with it.

        Args:
            config: What must stay the same, JSON-able; `to` may move on, `description` is words.
            kinds: Spot or perpetual, per symbol.
            capital: Starting money of each currency.
            alone: Take the right to write from whoever has it; False only looks on.

        Raises:
            StateError: the name belongs to a session with another configuration, or to decisions
                that another state folder made.
        """
        whole = {**config, "kinds": dict(kinds)}
        mine = SESSIONS.c.name == self.session
        with self._write("session") as connection:
            stored = connection.execute(select(SESSIONS.c.config).where(mine)).scalar_one_or_none()
            if stored is not None:
                require_continuable(self.session, stored, whole)
                whole = continued(stored, whole)
                connection.execute(update(SESSIONS).where(mine).values(config=whole))
            else:
                require_unused(connection, self.session)
                number = connection.execute(select(func.count()).select_from(SESSIONS)).scalar_one()
                newest = connection.execute(select(func.max(OPERATOR_ACTS.c.sequence)))
                row = {
                    "name": self.session,
                    "number": number + 1,
                    "config": whole,
                    "obeyed": newest.scalar_one() or 0,
                }
                connection.execute(insert(SESSIONS).values(**row))
                for currency, amount in capital.items():
                    purse = {"session": self.session, "currency": currency, "capital": amount}
                    connection.execute(insert(PURSES).values(**purse))
        if alone:
            self._take_fence()
        self._ledger = self.replayed()
        self._opened = True
        self._sequence = len(self.entries())

    def ledger(self) -> Ledger:
        """The account as it stands."""
        if self._ledger is None:
            self._ledger = self.replayed()
        return self._ledger

    @property
    def kept(self) -> Ledger | None:
        """The account as it was kept change by change in this process; None when only read."""
        return self._ledger if self._opened else None

    def peak_equity(self, currency: str) -> Decimal:
        """The highest value recorded of a purse, starting money included.

        Only a new high moves it, and deposits and withdrawals, whole. An operator who resumes after
        a halt begins anew: what was lost before counts no more.
        """
        return self._peaks.of(self.ledger().purses[currency])

    def position(self, symbol: str) -> Position | None:
        """What is held of a symbol."""
        return self.ledger().positions.get(symbol)

    def commit_exit(self, order: Order) -> None:
        """Commit the intent to close a position; a repetition changes nothing.

        By the word of a run it replaces what that run had meant before; a deadline's or an
        operator's close replaces nothing.
        """
        with self._write() as connection:
            if order.reason == "exit":
                self._withdraw(connection, order.run_id, set())
            self._insert_orders(connection, [order])

    def begin_entry(self, order: Order, now: datetime) -> tuple[Finding, ...]:
        """Mark an entry as being sent, unless somebody has said stop since it was reviewed.

        What is found in the same transaction denies it, and is returned.
        """
        with self._write() as connection:
            found = denials(connection, self.session, self.database.home, now)
            if found:
                self._deny(connection, order, [finding.code for finding in found])
            else:
                self._step_order(connection, order.client_order_id, OrderStatus.SENDING)
        return found

    def deny_at_send(self, order: Order, codes: Sequence[str]) -> None:
        """The gate denied an entry on fresh data: it is not sent.

        A plan of which nothing has filled is over with it; one that is open goes on as it was.
        """
        with self._write() as connection:
            self._deny(connection, order, codes)

    def step(self, order: Order, status: OrderStatus, plan: PlanStatus | None = None) -> None:
        """One order, and with it its plan, takes one step."""
        with self._write() as connection:
            self._step_order(connection, order.client_order_id, status)
            if plan is not None:
                self._step_plan(connection, order.plan_id, plan)

    def apply(self, batch: Batch) -> None:
        """Apply what the venue did, whole or not at all; entries that are known are left out."""
        ledger, sequence = self.ledger(), self._sequence
        kinds = self.config()["kinds"] if batch.entries else {}
        with self._write() as connection:
            for order in batch.orders:
                self._put_order(connection, order)
            for plan_id, status in batch.plans:
                self._step_plan(connection, plan_id, status)
            for entry in batch.entries:
                if self._insert_entry(connection, entry, sequence):
                    sequence += 1
                    ledger = ledger.apply(entry, kinds)
            for trade in batch.trades:
                self._touched.add("trades")
                put(connection, TRADES, to_row(self.session, trade))
                if any(isinstance(e, Fill) and e.plan_id == trade.plan_id for e in batch.entries):
                    self._walk_anew(connection, trade.plan_id)
        self._ledger, self._sequence = ledger, sequence

    def keep_path(
        self, plan_id: str, path: Sequence[PathBar], *, anew: bool = False, done: bool = False
    ) -> None:
        """Keep buckets of a price path.

        Not durable: what a power cut takes is read from the market again.

        Args:
            plan_id: Whose path.
            path: New buckets, and those that went on.
            anew: Nothing that was kept before counts.
            done: The position is closed, and nothing follows.
        """
        mine = (PRICE_PATHS.c.session == self.session) & (PRICE_PATHS.c.plan_id == plan_id)
        with self._write(durable=False) as connection:
            if anew:
                connection.execute(delete(PRICE_PATHS).where(mine))
            for bar in path:
                key = {"session": self.session, "plan_id": plan_id}
                put(connection, PRICE_PATHS, {**key, **asdict(bar)})
            if done:
                self._update_plan(connection, plan_id, path_done=True)

    def record_decision(
        self, run_id: str, slot: datetime, symbol: str, outcome: str, document: dict[str, Any]
    ) -> None:
        """Keep a decision; the last word on a run counts."""
        values = {"slot": slot, "symbol": symbol, "outcome": outcome, "document": document}
        with self._write() as connection:
            put(connection, DECISIONS, {"session": self.session, "run_id": run_id, **values})
            self._withdraw(connection, run_id, set(document["orders"]))

    def record_equity(
        self, at: datetime, equity: Mapping[str, Decimal], change: StateEntry | None = None
    ) -> None:
        """Keep each purse's value at a moment, and with it the change of state it calls for."""
        purses = self.ledger().purses
        with self._write("equity") as connection:
            for currency, value in equity.items():
                purse = purses[currency]
                row = {"session": self.session, "currency": currency, "at": at, "equity": value}
                money = {"cash": purse.cash, "net_deposits": purse.net_deposits}
                put(connection, EQUITY, {**row, **money})
            if change is not None:
                self._insert_state(connection, change)
        self._peaks.saw(at, equity, purses)

    def obey(
        self, sequence: int, orders: Sequence[Order] = (), deposit: Deposit | None = None
    ) -> None:
        """An operator's word is carried out: with it, the orders or the money it calls for."""
        mine, booked = SESSIONS.c.name == self.session, False
        with self._write("session") as connection:
            self._insert_orders(connection, orders)
            if deposit is not None:
                booked = self._insert_entry(connection, deposit, self._sequence)
            connection.execute(update(SESSIONS).where(mine).values(obeyed=sequence))
        if deposit is not None and booked:
            self._ledger, self._sequence = self.ledger().apply_deposit(deposit), self._sequence + 1

    def record_state(self, entry: StateEntry) -> None:
        """Append a change of what the session may do."""
        with self._write() as connection:
            self._insert_state(connection, entry)
