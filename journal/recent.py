"""What the gate asks of the past: counts and sums of a few columns, not whole rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from operator import mul
from typing import Any, NamedTuple

from sqlalchemy import func, select

from domain.candles import Timeframe
from domain.instrument import quote_of
from domain.lifecycle import PlanStatus
from domain.plan import TradePlan
from journal.metrics import EquityPoint
from journal.plan_reading import PlanReader
from journal.plan_tables import PLAN_VERSIONS
from journal.rows import Approval, Made
from journal.tables import DECISIONS, EQUITY, ORDERS, PLANS, TRADES
from policies.facts import Exit


class Asked(NamedTuple):
    """A decision at which a model was asked."""

    document: dict[str, Any]
    quiet_count: int
    """Decisions on the symbol since, at which it was not."""


class RecentReader(PlanReader):
    """One session's record, and what of it counts against the next plan."""

    def orders_made(self, since: datetime) -> list[Made]:
        """When orders were made, and by whom, from a moment on."""

        def load() -> list[Made]:
            mine = ORDERS.c.session == self.session
            statement = select(ORDERS.c.created_at, ORDERS.c.run_id).where(mine)
            statement = statement.where(ORDERS.c.created_at >= since).order_by(ORDERS.c.created_at)
            return self._tuples(Made, statement)

        return self._remember("orders", ("made", since), load)

    def last_asked(self, symbol: str, before: datetime, most: int) -> Asked | None:
        """The newest decision on a symbol that was not quiet, among the last `most` of them."""
        table = DECISIONS.c
        newest = (
            select(table.outcome, table.document)
            .where(table.session == self.session, table.symbol == symbol, table.slot < before)
            .order_by(table.slot.desc())
            .limit(most)
        )
        with self.database.read() as connection:
            rows = connection.execute(newest).all()
        asked = ((n, row.document) for n, row in enumerate(rows) if row.outcome != "quiet")
        return next((Asked(document, n) for n, document in asked), None)

    def head_version(self, plan: TradePlan) -> int | None:
        """The newest version, of its run or of the plan it changes; None without one."""
        table = PLAN_VERSIONS.c
        either = (table.run_id == plan.run_id) | (table.plan_id == plan.plan_id)
        with self.database.read() as connection:
            newest: int | None = connection.execute(
                select(func.max(table.version)).where(table.session == self.session, either)
            ).scalar_one()
        return newest

    def equity_before(self, currency: str, at: datetime) -> EquityPoint | None:
        """The newest recorded value of a purse at or before `at`."""

        def load() -> EquityPoint | None:
            newest = (
                select(EQUITY.c.at, EQUITY.c.equity, EQUITY.c.net_deposits)
                .where(EQUITY.c.session == self.session, EQUITY.c.currency == currency)
                .where(EQUITY.c.at <= at)
                .order_by(EQUITY.c.at.desc())
                .limit(1)
            )
            return next(iter(self._tuples(EquityPoint, newest)), None)

        return self._remember("equity", (currency, at), load)

    def daily_equity(self, currency: str) -> list[EquityPoint]:
        """A purse's last recorded value of each UTC day, oldest first; past days are read once."""
        known = self._days.setdefault(currency, {})
        chosen = (
            select(EQUITY.c.at, EQUITY.c.equity, EQUITY.c.net_deposits)
            .where(EQUITY.c.session == self.session, EQUITY.c.currency == currency)
            .order_by(EQUITY.c.at)
        )
        if known:
            newest = known[max(known)].at
            chosen = chosen.where(EQUITY.c.at >= Timeframe.D1.floor(newest))
        for point in self._tuples(EquityPoint, chosen):
            known[point.at.date()] = point
        return list(known.values())

    def decisions_count(self) -> int:
        """How many decisions were recorded."""
        mine = select(func.count()).where(DECISIONS.c.session == self.session)
        with self.database.read() as connection:
            count: int = connection.execute(mine).scalar_one()
        return count

    def exits(self, since: datetime) -> list[Exit]:
        """Positions closed from a moment on, oldest first."""

        def load() -> list[Exit]:
            stopped = TRADES.c.close_reason == "stop"
            statement = (
                select(TRADES.c.symbol, TRADES.c.closed_at, stopped)
                .where(TRADES.c.session == self.session, TRADES.c.closed_at >= since)
                .order_by(TRADES.c.closed_at, TRADES.c.plan_id)
            )
            return self._tuples(Exit, statement)

        return self._remember("trades", ("exits", since), load)

    def newest_notionals(self, count: int, currency: str) -> list[Decimal]:
        """Entry values of the newest closed trades in a currency, newest first."""
        symbols = [s for s in self.config()["kinds"] if quote_of(s) == currency]

        def load() -> list[Decimal]:
            statement = (
                select(TRADES.c.quantity, TRADES.c.entry_price)
                .where(TRADES.c.session == self.session, TRADES.c.symbol.in_(symbols))
                .order_by(TRADES.c.closed_at.desc(), TRADES.c.plan_id)
                .limit(count)
            )
            return self._tuples(mul, statement)

        return self._remember("trades", ("notionals", count, currency), load)

    def approvals(self, since: datetime) -> list[Approval]:
        """Plans approved from a moment on; those denied at send or taken back do not count."""

        def load() -> list[Approval]:
            statement = (
                select(PLANS.c.approved_at, PLANS.c.symbol, PLANS.c.run_id, PLANS.c.plan_id)
                .where(PLANS.c.session == self.session, PLANS.c.approved_at >= since)
                .where(PLANS.c.status.not_in([PlanStatus.REJECTED, PlanStatus.CANCELLED]))
                .order_by(PLANS.c.approved_at, PLANS.c.plan_id)
            )
            return self._tuples(Approval, statement)

        return self._remember("plans", ("approvals", since), load)
