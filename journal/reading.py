"""Reads one session's record; what a report needs, without the right to change anything."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Select, Table, func, select

from domain.lifecycle import OrderStatus, PlanStatus, TradingState
from domain.orders import Deposit, Fill, FundingPayment, Order
from domain.plan import TradePlan
from domain.trade import ClosedTrade
from domain.verdict import Bracket
from journal.ledger import Entry, Ledger, replay
from journal.metrics import EquityPoint
from journal.operator import Act, acts_since
from journal.rows import Terms, from_row
from journal.tables import (
    DECISIONS,
    DEPOSITS,
    EQUITY,
    FILLS,
    FUNDING,
    ORDERS,
    PLANS,
    PURSES,
    SESSIONS,
    TRADES,
    TRADING_STATES,
)
from policies.trading_state import StateEntry, state_at
from traces.database import Database

_T = TypeVar("_T")

BRACKET: TypeAdapter[Bracket] = TypeAdapter(Bracket)
"""Reads and writes a bracket as JSON values."""


Part = Literal["session", "orders", "plans", "terms", "trades", "equity"]
"""What is read again once it was written: a part of the record. `terms` are plans' brackets."""


class StoredPlan(NamedTuple):
    """A committed plan and where it stands."""

    plan: TradePlan
    bracket: Bracket
    status: PlanStatus
    approved_at: datetime
    close_at: datetime
    risk_amount: Decimal
    """Planned loss at the stop, in quote."""
    entry: dict[str, Any] | None = None
    """What was known when it was decided (`journal.entry`); None for plans older than that."""


def session_names(database: Database) -> list[str]:
    """Every session, in the order of creation."""
    with database.read() as connection:
        statement = select(SESSIONS.c.name).order_by(SESSIONS.c.number)
        return list(connection.execute(statement).scalars())


class JournalReader:
    """One session's record."""

    def __init__(self, database: Database, session: str) -> None:
        self.database = database
        self.session = session
        self._known: dict[Part, dict[Hashable, Any]] = {}
        """What was read of each part since it was last written."""
        self._days: dict[str, dict[date, EquityPoint]] = {}
        """By currency, the last value of each day; a day that is over never changes."""

    def config(self) -> dict[str, Any]:
        """What the session was started with."""
        config: dict[str, Any] = self._session().config
        return config

    def capital(self) -> dict[str, Decimal]:
        """What the session began with, by currency."""

        def load() -> dict[str, Decimal]:
            rows = self._rows(self._mine(PURSES).order_by(PURSES.c.currency))
            return {row["currency"]: row["capital"] for row in rows}

        return self._remember("session", "capital", load)

    def decided(self, run_id: str) -> bool:
        """Whether a decision was recorded."""
        statement = self._mine(DECISIONS).where(DECISIONS.c.run_id == run_id)
        return bool(self._rows(statement))

    def decisions(self) -> list[dict[str, Any]]:
        """Every decision's document, in the order of time."""
        statement = self._mine(DECISIONS).order_by(DECISIONS.c.slot, DECISIONS.c.run_id)
        return [row["document"] for row in self._rows(statement)]

    def orders(self, *statuses: OrderStatus) -> list[Order]:
        """Orders in these statuses, or all of them, oldest first."""

        def load() -> list[Order]:
            chosen = [ORDERS.c.status.in_(statuses)] if statuses else []
            # Sorted here: asked to sort, SQLite walks all orders by age instead of the few open.
            found = [from_row(Order, row) for row in self._rows(self._mine(ORDERS).where(*chosen))]
            return sorted(found, key=lambda o: (o.created_at, o.client_order_id))

        return self._remember("orders", statuses, load)

    def order(self, client_order_id: str) -> Order | None:
        """One order."""
        named = self._mine(ORDERS).where(ORDERS.c.client_order_id == client_order_id)
        return next((from_row(Order, row) for row in self._rows(named)), None)

    def plan_orders(self, plan_id: str) -> list[Order]:
        """Every order of one plan, oldest first."""
        rows = self._rows(self._mine(ORDERS).where(ORDERS.c.plan_id == plan_id))
        found = [from_row(Order, row) for row in rows]
        return sorted(found, key=lambda o: (o.created_at, o.client_order_id))

    def plan_fills(self, plan_id: str) -> list[Fill]:
        """Executions of one plan, in the order they were applied."""
        mine = self._mine(FILLS).where(FILLS.c.plan_id == plan_id).order_by(FILLS.c.sequence)
        return [from_row(Fill, row) for row in self._rows(mine)]

    def has_fill(self, trade_id: str) -> bool:
        """Whether an execution is booked."""
        return bool(self._rows(self._mine(FILLS).where(FILLS.c.trade_id == trade_id)))

    def plans(self, *statuses: PlanStatus) -> list[StoredPlan]:
        """Committed plans in these statuses, or all of them, oldest first."""

        def load() -> list[StoredPlan]:
            chosen = [PLANS.c.status.in_(statuses)] if statuses else []
            ordered = (
                self._mine(PLANS).where(*chosen).order_by(PLANS.c.approved_at, PLANS.c.plan_id)
            )
            return [stored_plan_of(row) for row in self._rows(ordered)]

        return self._remember("plans", ("in", *statuses), load)

    def stored_plan(self, plan_id: str) -> StoredPlan:
        """A committed plan."""
        return self._remember("plans", plan_id, lambda: self._load_plan(plan_id))

    def plan_terms(self, plan_id: str) -> Terms:
        """A committed plan's bracket and risk; read anew only when a plan was sized anew."""

        def load() -> Terms:
            stored = self._load_plan(plan_id)
            return Terms(stored.bracket, stored.risk_amount)

        return self._remember("terms", plan_id, load)

    def _load_plan(self, plan_id: str) -> StoredPlan:
        (row,) = self._rows(self._mine(PLANS).where(PLANS.c.plan_id == plan_id))
        return stored_plan_of(row)

    def denied_at_send(self) -> list[list[str]]:
        """Codes of each plan that the gate denied at send."""
        statement = self._mine(PLANS).order_by(PLANS.c.approved_at)
        return [row["send_codes"] for row in self._rows(statement) if row["send_codes"]]

    def entries(self) -> list[Entry]:
        """Fills, funding and deposits in the order they were applied."""
        filled, paid, brought = (
            self._rows(self._mine(table)) for table in (FILLS, FUNDING, DEPOSITS)
        )
        found: list[tuple[int, Entry]] = [
            *((r["sequence"], from_row(Fill, r)) for r in filled),
            *((r["sequence"], from_row(FundingPayment, r)) for r in paid),
            *((r["sequence"], from_row(Deposit, r)) for r in brought),
        ]
        return [entry for _, entry in sorted(found, key=lambda item: item[0])]

    def fills(self) -> list[Fill]:
        """Executions in order."""
        return [e for e in self.entries() if isinstance(e, Fill)]

    def funding_payments(self) -> list[FundingPayment]:
        """Funding in order."""
        return [e for e in self.entries() if isinstance(e, FundingPayment)]

    def deposits(self) -> list[Deposit]:
        """Deposits and withdrawals in order."""
        return [e for e in self.entries() if isinstance(e, Deposit)]

    def trades(self) -> list[ClosedTrade]:
        """Closed round trips, in the order they closed."""

        def load() -> list[ClosedTrade]:
            statement = self._mine(TRADES).order_by(TRADES.c.closed_at, TRADES.c.plan_id)
            return [from_row(ClosedTrade, row) for row in self._rows(statement)]

        return self._remember("trades", "all", load)

    def equity_points(self, currency: str) -> list[EquityPoint]:
        """A purse's value over time."""
        chosen = (
            select(EQUITY.c.at, EQUITY.c.equity, EQUITY.c.net_deposits)
            .where(EQUITY.c.session == self.session, EQUITY.c.currency == currency)
            .order_by(EQUITY.c.at)
        )
        return self._tuples(EquityPoint, chosen)

    def valued_at(self) -> datetime | None:
        """When the account was valued last."""
        newest = select(func.max(EQUITY.c.at)).where(EQUITY.c.session == self.session)
        with self.database.read() as connection:
            at: datetime | None = connection.execute(newest).scalar_one()
        return at

    def replayed(self) -> Ledger:
        """The account from zero: every fill, payment and deposit applied anew."""
        return replay(self.capital(), self.entries(), self.config()["kinds"])

    def trading_states(self) -> list[StateEntry]:
        """Every change of what the session may do, oldest first."""
        rows = self._rows(self._mine(TRADING_STATES).order_by(TRADING_STATES.c.sequence))
        return [from_row(StateEntry, row) for row in rows]

    def state_entry(self) -> StateEntry | None:
        """The newest of them, read anew each time: an operator's word comes from elsewhere."""
        statement = self._mine(TRADING_STATES).order_by(TRADING_STATES.c.sequence.desc()).limit(1)
        return next((from_row(StateEntry, row) for row in self._rows(statement)), None)

    def resumed_at(self) -> datetime | None:
        """When an operator last resumed the session after a loss, in the session's own time.

        A halt for a disagreement with the venue says nothing about money, and nor does its end.
        """
        states = self.trading_states()
        ended = [
            new.at
            for old, new in pairwise(states)
            if new.state is TradingState.ACTIVE and old.is_about_money
        ]
        return ended[-1] if ended else None

    def acts(self) -> list[Act]:
        """What an operator said and the session has not carried out, oldest first."""
        mine = select(SESSIONS.c.obeyed).where(SESSIONS.c.name == self.session)
        with self.database.read() as connection:
            obeyed = connection.execute(mine).scalar_one()
        return acts_since(self.database, self.session, obeyed)

    def trading_state(self, now: datetime) -> TradingState:
        """What the session may do."""
        return state_at(self.state_entry(), now)

    def _mine(self, table: Table) -> Select[Any]:
        return select(table).where(table.c.session == self.session)

    def _rows(self, statement: Select[Any]) -> list[dict[str, Any]]:
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def _tuples(self, make: Callable[..., _T], statement: Select[Any]) -> list[_T]:
        with self.database.read() as connection:
            return [make(*row) for row in connection.execute(statement)]

    def _session(self) -> Any:
        return self._remember("session", "session", self._load_session)

    def _load_session(self) -> Any:
        with self.database.read() as connection:
            statement = select(SESSIONS).where(SESSIONS.c.name == self.session)
            return connection.execute(statement).one()

    def _remember(self, part: Part, key: Hashable, load: Callable[[], _T]) -> _T:
        """What `load` reads of a part, read once between two writes of that part."""
        kept = self._known.setdefault(part, {})
        if key not in kept:
            kept[key] = load()
        known: _T = kept[key]
        return known


def stored_plan_of(row: dict[str, Any]) -> StoredPlan:
    """The plan that a row holds."""
    return StoredPlan(
        TradePlan.model_validate(row["body"]),
        BRACKET.validate_python(row["bracket"]),
        PlanStatus(row["status"]),
        row["approved_at"],
        row["close_at"],
        row["risk_amount"],
        row["entry"],
    )
