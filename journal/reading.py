"""Reads one session's record; what a report needs, without the right to change anything."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Select, Table, func, select

from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import Fill, FundingPayment, Order
from domain.plan import TradePlan
from domain.trade import ClosedTrade
from domain.verdict import Bracket
from journal.ledger import Entry, Ledger, replay
from journal.metrics import EquityPoint
from journal.rows import from_row
from journal.tables import DECISIONS, EQUITY, FILLS, FUNDING, ORDERS, PLANS, SESSIONS, TRADES
from traces.database import Database

_T = TypeVar("_T")

BRACKET: TypeAdapter[Bracket] = TypeAdapter(Bracket)
"""Reads and writes a bracket as JSON values."""


class StoredPlan(NamedTuple):
    """A committed plan and where it stands."""

    plan: TradePlan
    bracket: Bracket
    status: PlanStatus
    approved_at: datetime
    close_at: datetime
    risk_amount: Decimal
    """Planned loss at the stop, in quote."""


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
        self._known: dict[Hashable, Any] = {}
        """What was read since the last write of this session."""

    def config(self) -> dict[str, Any]:
        """What the session was started with."""
        config: dict[str, Any] = self._session().config
        return config

    def cursor(self) -> datetime:
        """The venue has processed everything up to here."""
        at: datetime = self._session().cursor
        return at

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
        statement = self._mine(ORDERS).order_by(ORDERS.c.created_at, ORDERS.c.client_order_id)
        if statuses:
            statement = statement.where(ORDERS.c.status.in_(statuses))
        return self._remember(
            ("orders", *statuses),
            lambda: [from_row(Order, row) for row in self._rows(statement)],
        )

    def stored_plan(self, plan_id: str) -> StoredPlan:
        """A committed plan."""
        (row,) = self._rows(self._mine(PLANS).where(PLANS.c.plan_id == plan_id))
        return StoredPlan(
            TradePlan.model_validate(row["body"]),
            BRACKET.validate_python(row["bracket"]),
            PlanStatus(row["status"]),
            row["approved_at"],
            row["close_at"],
            row["risk_amount"],
        )

    def denied_at_send(self) -> list[list[str]]:
        """Codes of each plan that the gate denied at send."""
        statement = self._mine(PLANS).order_by(PLANS.c.approved_at)
        return [row["send_codes"] for row in self._rows(statement) if row["send_codes"]]

    def entries(self) -> list[Entry]:
        """Fills and funding in the order they were applied."""
        fills = [(r["sequence"], from_row(Fill, r)) for r in self._rows(self._mine(FILLS))]
        paid = [
            (r["sequence"], from_row(FundingPayment, r)) for r in self._rows(self._mine(FUNDING))
        ]
        ordered: list[tuple[int, Entry]] = sorted([*fills, *paid], key=lambda item: item[0])
        return [entry for _, entry in ordered]

    def fills(self, plan_id: str | None = None) -> list[Fill]:
        """Executions in order, of one plan or of all."""
        return [e for e in self.entries() if isinstance(e, Fill) and plan_id in {None, e.plan_id}]

    def funding_payments(self) -> list[FundingPayment]:
        """Funding in order."""
        return [e for e in self.entries() if isinstance(e, FundingPayment)]

    def trades(self) -> list[ClosedTrade]:
        """Closed round trips, in the order they closed."""
        statement = self._mine(TRADES).order_by(TRADES.c.closed_at, TRADES.c.plan_id)
        return [from_row(ClosedTrade, row) for row in self._rows(statement)]

    def equity_points(self) -> list[EquityPoint]:
        """The account's value over time."""
        statement = self._mine(EQUITY).order_by(EQUITY.c.at)
        return [EquityPoint(row["at"], row["equity"]) for row in self._rows(statement)]

    def replayed(self) -> Ledger:
        """The account from zero: every fill and payment applied anew."""
        row = self._session()
        return replay(row.quote, row.capital, self.entries(), row.config["kinds"])

    def equity_before(self, at: datetime) -> Decimal | None:
        """The newest recorded value at or before `at`."""
        statement = (
            self._mine(EQUITY).where(EQUITY.c.at <= at).order_by(EQUITY.c.at.desc()).limit(1)
        )
        return next((row["equity"] for row in self._rows(statement)), None)

    def approvals_since(self, at: datetime, exclude_run: str | None) -> Mapping[str, int]:
        """Plans approved since `at` per symbol; those denied at send do not count."""
        statement = (
            select(PLANS.c.symbol, func.count())
            .where(
                PLANS.c.session == self.session,
                PLANS.c.approved_at >= at,
                PLANS.c.run_id != (exclude_run or ""),
                PLANS.c.status.not_in([PlanStatus.REJECTED, PlanStatus.CANCELLED]),
            )
            .group_by(PLANS.c.symbol)
        )
        with self.database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def _mine(self, table: Table) -> Select[Any]:
        return select(table).where(table.c.session == self.session)

    def _rows(self, statement: Select[Any]) -> list[dict[str, Any]]:
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def _session(self) -> Any:
        return self._remember("session", self._load_session)

    def _load_session(self) -> Any:
        with self.database.read() as connection:
            statement = select(SESSIONS).where(SESSIONS.c.name == self.session)
            return connection.execute(statement).one()

    def _remember(self, key: Hashable, load: Callable[[], _T]) -> _T:
        """What `load` reads, read once between two writes."""
        if key not in self._known:
            self._known[key] = load()
        known: _T = self._known[key]
        return known
