"""Reads price paths, and what else a closed trade is measured by."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select

from domain.lifecycle import PlanStatus
from journal.paths import PathBar, path_bar
from journal.recent import RecentReader
from journal.tables import PLANS, PRICE_PATHS


class Unwalked(NamedTuple):
    """A plan that opened a position and whose price path goes on."""

    plan_id: str
    symbol: str
    closed: bool
    """The position is closed, and the rest of its path is still to be kept."""


class WalkReader(RecentReader):
    """One session's record, and the ways that prices went."""

    def unwalked(self) -> list[Unwalked]:
        """Plans whose price path is not kept to its end, oldest first."""

        def load() -> list[Unwalked]:
            closed = PLANS.c.status == PlanStatus.CLOSED
            statement = (
                select(PLANS.c.plan_id, PLANS.c.symbol, closed)
                .where(PLANS.c.session == self.session, PLANS.c.path_done.is_(False))
                .where(PLANS.c.status.in_([PlanStatus.OPEN, PlanStatus.CLOSING, PlanStatus.CLOSED]))
                .order_by(PLANS.c.approved_at, PLANS.c.plan_id)
            )
            return self._tuples(Unwalked, statement)

        return self._remember("plans", "unwalked", load)

    def path(self, plan_id: str) -> list[PathBar]:
        """A plan's price path so far, oldest first."""
        mine = self._mine(PRICE_PATHS).where(PRICE_PATHS.c.plan_id == plan_id)
        return [path_bar(row) for row in self._rows(mine.order_by(PRICE_PATHS.c.at))]

    def whole_paths(self) -> dict[str, list[PathBar]]:
        """Price paths that are kept to their end, by plan."""
        done = select(PLANS.c.plan_id).where(
            PLANS.c.session == self.session, PLANS.c.path_done.is_(True)
        )
        mine = self._mine(PRICE_PATHS).where(PRICE_PATHS.c.plan_id.in_(done))
        paths: dict[str, list[PathBar]] = {}
        for row in self._rows(mine.order_by(PRICE_PATHS.c.plan_id, PRICE_PATHS.c.at)):
            paths.setdefault(row["plan_id"], []).append(path_bar(row))
        return paths

    def entry_leverages(self) -> dict[str, Decimal]:
        """Value over margin that each plan was reckoned with, where that is known."""
        statement = select(PLANS.c.plan_id, PLANS.c.entry).where(PLANS.c.session == self.session)
        found = self._tuples(lambda plan_id, entry: (plan_id, entry), statement)
        return {plan_id: Decimal(entry["leverage_ratio"]) for plan_id, entry in found if entry}
