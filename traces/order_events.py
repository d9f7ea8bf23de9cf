"""What can happen to a run's orders after it has ended, and to the plan that they are of."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from traces.happening import Happening


class OrderChanged(Happening):
    """An order took a step of its life cycle."""

    kind: Literal["order_changed"] = "order_changed"
    client_order_id: str
    leg: str
    status: str
    reason: str | None


class Filled(Happening):
    """An execution: what was wanted and what was had."""

    kind: Literal["filled"] = "filled"
    client_order_id: str
    leg: str
    side: str
    quantity: str
    price: str
    fee: str
    expected_price: str
    slippage_bps: str
    at: datetime


class PlanInvalidated(Happening):
    """A condition under which the plan is wrong came true: its position or entry is left."""

    kind: Literal["plan_invalidated"] = "plan_invalidated"
    plan_id: str
    condition: str
    """As the plan said it."""
    measured: str | None
    """What was read, in the condition's unit."""
    at: datetime
    """On the session's clock."""


class FaultInjected(Happening):
    """The paper venue was made worse on purpose, as the session asked for."""

    kind: Literal["fault_injected"] = "fault_injected"
    fault: str
    """Its name, as `--faults` takes it."""
    call: str
    """What it befell: `send`, `find`, `news` and so on."""
    client_order_id: str
    """Empty where it befell no order of its own."""
    at: datetime | None
    """On the session's clock."""
