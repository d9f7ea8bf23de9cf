"""What a database of a session holds, read with plain SQL: nothing here knows broker or journal."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

Row = dict[str, Any]

TABLES = (
    *("purse", "decision", "plan", "order", "fill", "funding_payment", "trade", "trading_state"),
    *("plan_version", "deposit", "operator_act", "paper_venue"),
)
NOTE_STEPS = """
CREATE TABLE noted_step (number INTEGER PRIMARY KEY, kind TEXT, name TEXT, was TEXT, new TEXT);
CREATE TRIGGER plan_begun AFTER INSERT ON plan BEGIN
    INSERT INTO noted_step (kind, name, was, new) VALUES ('plan', new.plan_id, '', new.status);
END;
CREATE TRIGGER plan_stepped AFTER UPDATE ON plan WHEN old.status <> new.status BEGIN
    INSERT INTO noted_step (kind, name, was, new)
    VALUES ('plan', new.plan_id, old.status, new.status);
END;
CREATE TRIGGER order_begun AFTER INSERT ON "order" BEGIN
    INSERT INTO noted_step (kind, name, was, new)
    VALUES ('order', new.client_order_id, '', new.status);
END;
CREATE TRIGGER order_stepped AFTER UPDATE ON "order" WHEN old.status <> new.status BEGIN
    INSERT INTO noted_step (kind, name, was, new)
    VALUES ('order', new.client_order_id, old.status, new.status);
END;
"""
LIVE = {"pending", "sending", "working", "cancelling"}
PLAN_ENDS = {"rejected", "closed", "expired", "cancelled", "failed"}
ORDER_ENDS = {"filled", "cancelled", "denied", "rejected", "expired", "lost"}


class Picture(NamedTuple):
    """Every row of a session, as text where it is money."""

    plans: dict[str, Row]
    orders: dict[str, Row]
    fills: list[Row]
    """In the order of application."""
    funding: list[Row]
    trades: dict[str, Row]
    states: list[Row]
    capital: str
    venue_orders: dict[str, Row]
    venue_fills: list[Row]
    """The venue's own log."""
    venue_funding: list[Row]
    versions: dict[str, list[Row]]
    """Of each plan, in order."""
    deposits: list[Row]
    venue_deposits: list[Row]
    asked: dict[str, Row]
    """An operator's words on money, by the name that the deposit has to have."""
    decisions: dict[str, Row]
    steps: list[Row]
    """Each change of a plan's or order's status, one by one."""
    cursor: str
    """The venue has played everything before it."""

    def of_plan(self, plan_id: str) -> list[Row]:
        """A plan's orders, oldest first."""
        found = [o for o in self.orders.values() if o["plan_id"] == plan_id]
        return sorted(found, key=lambda o: o["created_at"])


def note_steps(path: Path) -> None:
    """From now on the database itself writes down every step of plans and orders."""
    connection = sqlite3.connect(path)
    connection.executescript(NOTE_STEPS)
    connection.close()


def dump(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table; an index of words has none of its own."""
    connection = sqlite3.connect(path)
    try:
        names = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'trace_words%'"
        ).fetchall()
        return {n: connection.execute(f'SELECT * FROM "{n}"').fetchall() for (n,) in names}  # noqa: S608
    finally:
        connection.close()


def _noted(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """What the machine's triggers noted; nothing in a database that has none."""
    named = "SELECT 1 FROM sqlite_schema WHERE name = 'noted_step'"
    if connection.execute(named).fetchone() is None:
        return []
    return [dict(r) for r in connection.execute("SELECT * FROM noted_step")]


def look(path: Path) -> Picture:
    """The rows as they are committed now."""
    connection = sqlite3.connect(path, timeout=10)
    connection.row_factory = sqlite3.Row
    try:
        found = {t: [dict(r) for r in connection.execute(f'SELECT * FROM "{t}"')] for t in TABLES}  # noqa: S608
        found["noted_step"] = _noted(connection)
        venue = [
            {**json.loads(r["body"]), "name": r["client_order_id"], "kept_as": r["status"]}
            for r in connection.execute("SELECT * FROM paper_order")
        ]
        log = list(connection.execute("SELECT kind, body FROM paper_log ORDER BY sequence"))
    finally:
        connection.close()
    fills = sorted(found["fill"], key=lambda r: int(r["sequence"]))
    funding = sorted(found["funding_payment"], key=lambda r: int(r["sequence"]))
    return Picture(
        {r["plan_id"]: r for r in found["plan"]},
        {r["client_order_id"]: r for r in found["order"]},
        fills,
        funding,
        {r["plan_id"]: r for r in found["trade"]},
        found["trading_state"],
        found["purse"][0]["capital"],
        {r["name"]: r for r in venue},
        [json.loads(r["body"]) for r in log if r["kind"] == "fill"],
        [json.loads(r["body"]) for r in log if r["kind"] == "funding"],
        {
            r["plan_id"]: [v for v in found["plan_version"] if v["plan_id"] == r["plan_id"]]
            for r in found["plan"]
        },
        found["deposit"],
        [json.loads(r["body"]) for r in log if r["kind"] == "deposit"],
        {f"operator-{r['sequence']}": r for r in found["operator_act"] if r["act"] == "deposit"},
        {r["run_id"]: r for r in found["decision"]},
        found["noted_step"],
        found["paper_venue"][0]["place"],
    )


def moved(fill: Row) -> Fraction:
    """What a fill adds to the position, signed."""
    quantity = Fraction(fill["quantity"])
    signed = quantity if fill["side"] == "buy" else -quantity
    return signed - Fraction(fill["fee"]) if fill["fee_currency"] == "base" else signed


def held(fills: list[Row]) -> dict[str, Fraction]:
    """Signed quantity per symbol that is not flat."""
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for fill in fills:
        sums[fill["symbol"]] += moved(fill)
    return {symbol: quantity for symbol, quantity in sums.items() if quantity}


def left_of(fills: list[Row]) -> Fraction:
    """What a plan's fills have left on the side of its entry; below nothing, it sold others'."""
    entered = sum(moved(f) for f in fills if f["leg"] == "entry")
    left_over = sum((moved(f) for f in fills), Fraction(0))
    return left_over if entered >= 0 else -left_over


def holding(fills: list[Row], step: Fraction) -> Fraction:
    """Whole steps of what a plan holds, without sign."""
    return max(left_of(fills), Fraction(0)) // step * step


def left(order: Row) -> Fraction:
    """What of an order is not filled."""
    return Fraction(order["quantity"]) - Fraction(order["filled"])
