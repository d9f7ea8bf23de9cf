"""Where a plan stands, by what became of its entries."""

from __future__ import annotations

from collections.abc import Sequence

from domain.lifecycle import AT_THE_VENUE, LIVE, OrderStatus, PlanStatus
from domain.orders import Fill, Order

_UNFILLED: dict[OrderStatus, PlanStatus] = {
    OrderStatus.CANCELLED: PlanStatus.CANCELLED,
    OrderStatus.EXPIRED: PlanStatus.EXPIRED,
}
"""What becomes of a plan whose entry ended so, unfilled; any other end is a failure."""


def steps_of(
    status: PlanStatus, entries: Sequence[Order], fills: Sequence[Fill]
) -> list[PlanStatus]:
    """The steps a plan takes now through approved, working and open, or to its end unfilled.

    Args:
        status: Where it stands.
        entries: Its entries, oldest first; without any there is nothing to follow.
        fills: Its executions.
    """
    if not entries:
        return []
    steps: list[PlanStatus] = []
    if status == PlanStatus.APPROVED and (fills or entries[-1].status in AT_THE_VENUE):
        steps.append(PlanStatus.WORKING)
    if not fills and not any(entry.status in LIVE for entry in entries):
        steps.append(_UNFILLED.get(entries[-1].status, PlanStatus.FAILED))
    if fills and PlanStatus.WORKING in {status, *steps}:
        steps.append(PlanStatus.OPEN)
    return steps
