"""Reads plans' versions, and which plan of an instrument stands."""

from __future__ import annotations

from domain.lifecycle import PlanStatus
from domain.orders import Order
from journal.plan_tables import PLAN_VERSIONS
from journal.reading import JournalReader, StoredPlan, stored_plan_of


class PlanReader(JournalReader):
    """One session's record, and the versions of its plans."""

    def versions(self, plan_id: str) -> list[StoredPlan]:
        """A plan's approved versions as they were approved, the first one first."""

        def load() -> list[StoredPlan]:
            status = self.stored_plan(plan_id).status
            mine = self._mine(PLAN_VERSIONS).where(PLAN_VERSIONS.c.plan_id == plan_id)
            rows = self._rows(mine.order_by(PLAN_VERSIONS.c.version))
            return [stored_plan_of({**row, "status": status}) for row in rows]

        return self._remember("plans", ("versions", plan_id), load)

    def newest_version(self, plan_id: str) -> int:
        """The highest version of a plan that was approved, sent or not."""
        return max((v.plan.version for v in self.versions(plan_id)), default=1)

    def version_of(self, order: Order) -> StoredPlan:
        """The version of its plan that asked for an order."""
        head = self.stored_plan(order.plan_id)
        if head.plan.run_id == order.run_id:
            return head
        return next(v for v in self.versions(order.plan_id) if v.plan.run_id == order.run_id)

    def standing_plan(self, symbol: str) -> StoredPlan | None:
        """The plan of a symbol that a replan would change; one that is being closed is none."""
        stands = self.plans(PlanStatus.APPROVED, PlanStatus.WORKING, PlanStatus.OPEN)
        return next((stored for stored in stands if stored.plan.symbol == symbol), None)
