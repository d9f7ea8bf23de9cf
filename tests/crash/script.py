"""A short paper session with everything in it, which any process can go on with from anywhere.

An entry filled in part, a stop that fires, targets, a plan closed at its horizon, an entry that
expires, funding. Real journal, paper venue, dispatcher and executor on one file.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from broker.outbox import PAPER_ACCOUNT, entry_order
from broker.paper.terms import PaperTerms
from broker.paper.venue import PaperBroker
from domain.lifecycle import OrderStatus
from market.protocol import FundingStamp
from tests.broker.house import House
from tests.broker.venue import (
    OTHER,
    SYMBOL,
    TICK,
    D,
    H,
    Row,
    T,
    VenueSource,
    approved,
    bars,
)
from tests.properties.order_flow_doubles import OpenReview

FIRST: tuple[Row, ...] = (
    (100, 101, 99, 100, 0.6),  # a market entry of 1 fills in part, the rest expires
    (100, 101, 99, 100, 10),
    (100, 103.5, 99.5, 103, 10),  # the first target
    (103, 104, 94, 95, 10),  # the stop takes the rest
    (95, 96, 94, 95, 10),  # a second plan, short, comes in
    (95, 96, 92, 93, 10),
    (93, 94, 92, 93, 10),  # closed at its horizon
    (93, 94, 92, 93, 10),  # a limit that nobody meets
    (93, 94, 92, 93, 10),  # it expires
)
SECOND: tuple[Row, ...] = (
    (100, 101, 99, 100, 10),
    (100, 112, 99, 111, 0.3),  # gets away in thin trade: part of a target
    (111, 112, 110, 111, 10),
    *(((111, 112, 110, 111, 10),) * 6),
)
STAMPS = (
    FundingStamp(T + 2.5 * H, Decimal("0.0001")),
    FundingStamp(T + 5.5 * H, Decimal("-0.0002")),
)
HOURS = len(FIRST)
Marked = Callable[[str], None]


@dataclass(frozen=True)
class Planned:
    """A plan of the script and the hour in which it is decided."""

    hour: int
    values: dict[str, Any]


def _planned() -> list[Planned]:
    targets = [("103", "0.4"), ("110", "0.6")]
    return [
        Planned(0, {"run": "one", "targets": targets, "open_for": 6 * H}),
        Planned(0, {"run": "two", "symbol": OTHER, "targets": [("110", "0.5")]}),
        Planned(4, {"run": "three", "side": "short", "targets": [("80", "0.7")], "stop": "105"}),
        Planned(7, {"run": "four", "entry": "50", "targets": [("60", "1")], "stop": "45"}),
    ]


PLANNED = _planned()


class Script:
    """One process of the session, on whatever file the last one left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        data = {SYMBOL: bars(FIRST), OTHER: bars(SECOND)}
        source, terms = VenueSource(data, stamps=STAMPS), PaperTerms(Decimal(1))
        self.house = House(folder, source, terms=terms, review=OpenReview)

    async def play(self) -> None:
        """What `app.session` does in a replay, with decisions by hand."""
        house, venue = self.house, self.house.venue
        assert isinstance(venue, PaperBroker)
        resumed, unfinished = venue.cursor, venue.unfinished
        await house.executor.reconcile(resumed)
        if unfinished is not None:
            house.clock.advance_to(unfinished)
            await house.executor.advance(unfinished)
        for hour in range(HOURS):
            slot = T + hour * H
            if slot < (unfinished or resumed):
                continue
            house.clock.advance_to(slot)
            await house.executor.advance(slot)
            self._decide(hour)
            house.clock.advance_to(slot + timedelta(seconds=1))
            await house.executor.dispatch()
        house.clock.advance_to(T + HOURS * H)
        await house.executor.advance(T + HOURS * H)
        await house.executor.reconcile(T + HOURS * H)

    def _decide(self, hour: int) -> None:
        for planned in PLANNED:
            run = planned.values["run"]
            if planned.hour == hour and not self.house.book.decided(run):
                at = T + hour * H
                plan, verdict = approved(**{"at": at, "open_for": 3 * H, **planned.values})
                order = entry_order(plan, verdict.bracket, TICK, at, PAPER_ACCOUNT)
                self.house.book.commit_plan(plan, verdict, [order])
                document = {"orders": [order.client_order_id]}
                self.house.book.record_decision(run, at, plan.symbol, "submitted", document)

    def close(self) -> None:
        self.house.book.database.close()


def run(folder: Path) -> None:
    """Open the session and bring it to its end."""
    script = Script(folder)
    try:
        asyncio.run(script.play())
    finally:
        script.close()


def outcome(folder: Path) -> dict[str, Any]:
    """Every row that there is to show for it, digit for digit, the venue's own log first."""
    connection = sqlite3.connect(folder / "plangate.sqlite")
    connection.row_factory = sqlite3.Row
    try:
        found: dict[str, Any] = {
            name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}" ORDER BY {by}')]  # noqa: S608
            for name, by in (
                ("paper_log", "sequence"),
                ("paper_order", "client_order_id"),
                ("paper_venue", "session"),
                ("fill", "sequence"),
                ("funding_payment", "sequence"),
                ("order", "client_order_id"),
                ("plan", "plan_id"),
                ("trade", "plan_id"),
                ("decision", "run_id"),
                ("trading_state", "sequence"),
            )
        }
    finally:
        connection.close()
    return found


def lost_and_doubled(folder: Path) -> tuple[list[str], list[str]]:
    """Judged by the venue's log alone: intents that it never had, and what it filled too often."""
    found = outcome(folder)
    unsent = {OrderStatus.DENIED.value, OrderStatus.CANCELLED.value, OrderStatus.EXPIRED.value}
    theirs = {row["client_order_id"] for row in found["paper_order"]}
    lost = [
        row["client_order_id"]
        for row in found["order"]
        if row["client_order_id"] not in theirs and row["status"] not in unsent
    ]
    filled: dict[str, Decimal] = {}
    for row in found["paper_log"]:
        body = json.loads(row["body"])
        if row["kind"] == "fill":
            name = body["client_order_id"]
            filled[name] = filled.get(name, D(0)) + D(body["quantity"])
    asked = {row["client_order_id"]: D(row["quantity"]) for row in found["order"]}
    doubled = [name for name, total in filled.items() if total > asked.get(name, D(0))]
    return lost, doubled
