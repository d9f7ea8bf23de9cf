"""A short paper session with everything in it, which any process can go on with from anywhere.

An entry filled in part, a stop that fires, targets, a plan closed at its horizon, an entry that
expires, funding; an entry that is replaced, new levels while it still fills, more of a position and
less of it. Real journal, paper venue, dispatcher and executor on one file.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from broker.paper.terms import PaperTerms
from broker.paper.venue import PaperBroker
from domain.lifecycle import OrderStatus
from market.protocol import FundingStamp
from tests.broker.changes import act_on, commit_change, commit_reduction
from tests.broker.house import House
from tests.broker.venue import (
    OTHER,
    SYMBOL,
    D,
    H,
    Row,
    T,
    VenueSource,
    approved,
    bars,
    commit,
)
from tests.crash.rows import Rows, rows
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
    (111, 112, 110, 111, 10),  # a limit below it
    (111, 112, 110, 111, 0.4),  # replaced by a nearer one, which fills in part
    (111, 112, 110, 111, 10),  # new levels while the rest of it fills
    (111, 112, 110, 111, 10),  # more of it
    (111, 112, 110, 111, 10),  # and half of it sold
    (111, 117, 111, 116, 10),  # the target takes what is left
)
STAMPS = (
    FundingStamp(T + 2.5 * H, Decimal("0.0001")),
    FundingStamp(T + 5.5 * H, Decimal("-0.0002")),
)
HOURS = len(FIRST)


@dataclass(frozen=True)
class Planned:
    """A plan of the script, and the hour in which it is decided."""

    hour: int
    run: str
    values: dict[str, Any]
    symbol: str = SYMBOL
    replan: bool = False
    """Whether it changes the plan that stands."""
    add: bool = False
    fraction: Decimal | None = None
    """The share of what is held that is sold; None where it is no exit."""


def _planned() -> list[Planned]:
    targets = [("103", "0.4"), ("110", "0.6")]
    short = {"side": "short", "targets": [("80", "0.7")]}
    limit = {"open_for": 6 * H, "rests_for": 3 * H, "stop": "105", "targets": [("116", "0.6")]}
    halves = [("114", "0.3"), ("116", "0.3")]
    return [
        Planned(0, "one", {"targets": targets, "open_for": 6 * H}),
        Planned(0, "two", {"targets": [("110", "0.5")]}, OTHER),
        Planned(3, "limit", limit | {"entry": "109"}, OTHER),
        Planned(4, "nearer", limit | {"entry": "110.5"}, OTHER, replan=True),
        Planned(4, "three", short | {"stop": "105"}),
        Planned(5, "levels", limit | {"stop": "107", "targets": halves}, OTHER, replan=True),
        Planned(5, "tighter", short | {"stop": "100", "open_for": 2 * H}, replan=True),
        Planned(6, "more", limit | {"stop": "108", "targets": [("116", "0.4")]}, OTHER, True, True),
        Planned(7, "half", {}, OTHER, fraction=D("0.5")),
        Planned(7, "four", {"entry": "50", "targets": [("60", "1")], "stop": "45"}),
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
        at, book = T + hour * H, self.house.book
        for planned in PLANNED:
            if planned.hour == hour and not book.decided(planned.run):
                document = {"orders": self._commit(planned, at)}
                book.record_decision(planned.run, at, planned.symbol, "submitted", document)

    def _commit(self, planned: Planned, at: datetime) -> list[str]:
        book, symbol, run = self.house.book, planned.symbol, planned.run
        on = self.house.source.instrument(symbol)
        if planned.fraction is not None:
            return commit_reduction(book, symbol, planned.fraction, on, at, run)
        values = {"at": at, "open_for": 3 * H, "run": run, "symbol": symbol, **planned.values}
        made = approved(**values)
        if planned.replan:
            stands = book.standing_plan(symbol)
            assert stands is not None, f"{run}: no plan of {symbol} stands"
            act = act_on(book, stands, add=planned.add)
            return commit_change(book, stands, made, act, on, at)
        return [commit(book, *made).client_order_id]

    def close(self) -> None:
        self.house.book.database.close()


def run(folder: Path) -> None:
    """Open the session and bring it to its end."""
    script = Script(folder)
    try:
        asyncio.run(script.play())
    finally:
        script.close()


def outcome(folder: Path) -> Rows:
    """Every row that there is to show for it, digit for digit."""
    return rows(folder / "plangate.sqlite")


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
