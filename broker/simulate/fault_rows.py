"""Faults that a script names, each at its exact place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import override

from broker.chance import Act, Call, Chance, FaultName
from broker.fault_rates import Faults
from domain.orders import Leg, Order
from policies.case_fields import NOT_NULL, Name, Section, whole

UNANSWERED: frozenset[FaultName] = frozenset({"lost-request", "lost-reply", "outage"})
"""What can befall any call."""
QUIET = Faults(outage_calls_count=0)
"""Rows say themselves how many calls an outage takes."""
HIDING = replace(QUIET, hidden_answers_count=2, settles_within=timedelta(minutes=1))
"""A hidden order is not shown in two answers; a venue that does so says that it takes a minute."""

Times = Annotated[int, BeforeValidator(whole), Field(ge=1, le=100)]


class FaultRow(Section):
    """One thing that goes wrong on purpose."""

    fault: FaultName
    """As `plangate run --faults` names it."""
    call: Annotated[Call | None, NOT_NULL] = None
    """What it befalls, of `lost-request`, `lost-reply` and `outage`; any call when left out."""
    order: Annotated[Name | None, NOT_NULL] = None
    """Client id of the order that it befalls; any when left out."""
    plan: Annotated[Name | None, NOT_NULL] = None
    """The plan whose orders it befalls; any when left out."""
    leg: Annotated[Leg | None, NOT_NULL] = None
    """Of the plan: `entry`, `stop`, `target_1` and so on, or `close`."""
    nth: Times = 1
    """Which of the times that it could happen, counted from 1."""
    times: Times = 1
    """How often in a row from then on."""

    @model_validator(mode="after")
    def _is_of_one_piece(self) -> FaultRow:
        if self.call is not None and self.fault not in UNANSWERED:
            raise ValueError(f"{self.fault} has a call of its own; leave `call` out")
        if self.leg is not None and self.plan is None:
            raise ValueError("leg was expected with a plan")
        if self.order is not None and self.plan is not None:
            raise ValueError("order or plan, one of the two was expected")
        return self


class Written(Chance):
    """No chance at all: what the rows say, counted over all lives of the process.

    Args:
        rows: Of the script.
        sent: Every order that was sent, by client id.
    """

    def __init__(self, rows: tuple[FaultRow, ...], sent: Mapping[str, Order]) -> None:
        self._rows = rows
        self._sent = sent
        self._seen = [0] * len(rows)

    @property
    def faults(self) -> Faults:
        """What the venue says of itself."""
        return HIDING if any(row.fault == "hidden" for row in self._rows) else QUIET

    @override
    def happens(self, fault: FaultName, share: float, act: Act) -> bool:
        """Whether a row's turn has come."""
        found = False
        for number, row in enumerate(self._rows):
            if row.fault == fault and self._is_of(row, act):
                self._seen[number] += 1
                found |= row.nth <= self._seen[number] < row.nth + row.times
        return found

    @override
    def fated(self, fault: FaultName, share: float, act: Act) -> bool:
        """The same."""
        return self.happens(fault, share, act)

    def _is_of(self, row: FaultRow, act: Act) -> bool:
        if row.call is not None and row.call != act.call:
            return False
        if row.order is not None:
            return row.order in act.orders
        if row.plan is None:
            return True
        mine = [self._sent[name] for name in act.orders if name in self._sent]
        return any(o.run_id == row.plan and row.leg in (None, o.leg) for o in mine)
