"""What a session's model wanted, plan by plan, and what became of it: orders, fills, the trade.

A model says no quantity; the executor's stands where a plan was approved, and nowhere else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.journal_choice import JournalChoice
from domain.clock import iso
from domain.instrument import quote_of
from domain.numbers import ZERO, plain
from domain.orders import Fill
from journal.books import Journal
from journal.reading import StoredPlan
from journal.tables import PLANS

Row = dict[str, Any]


def signals(journal: Journal, chosen: JournalChoice) -> list[Row]:
    """One row for each version of a plan that was proposed, oldest first; None is not known.

    Prices, quantities and money are exact text, in the instrument's units; the rest plain values.
    """
    plans = {stored.plan.plan_id: stored for stored in journal.plans()}
    fills: defaultdict[str, list[Fill]] = defaultdict(list)
    for fill in journal.fills():
        if fill.leg == "entry":
            fills[fill.plan_id].append(fill)
    trades = {trade.plan_id: trade for trade in journal.trades()}
    refused = _denied_at_send(journal)
    rows: list[Row] = []
    opened: set[str] = set()
    for decision in journal.decisions():
        if not chosen.has(decision):
            continue
        for version in decision["versions"]:
            row = {"session": journal.session, **_wanted(decision, version)}
            plan = plans.get(version["plan_id"])
            if row["approved"] and plan is not None and version["plan_id"] not in opened:
                opened.add(version["plan_id"])
                row |= _had(plan, fills[version["plan_id"]])
                row["send_codes"] = " ".join(refused.get(version["plan_id"], ()))
                trade = trades.get(version["plan_id"])
                if trade is not None:
                    row |= {"net": plain(trade.net), "r_multiple": plain(trade.r_multiple, 4)}
            rows.append(row)
    return rows


def _denied_at_send(journal: Journal) -> dict[str, list[str]]:
    """By plan the codes of those that the gate denied on fresh data."""
    statement = select(PLANS.c.plan_id, PLANS.c.send_codes).where(
        PLANS.c.session == journal.session
    )
    with journal.database.read() as connection:
        return {row.plan_id: row.send_codes for row in connection.execute(statement)}


COLUMNS = (
    *("session", "as_of", "symbol", "run_id", "plan_id", "version", "side", "entry"),
    *("invalidation", "targets", "horizon_bars", "confidence", "decision_price", "approved"),
    *("codes", "send_codes", "status", "wanted_quantity", "wanted_price", "stop_price"),
    *("reward_risk", "risk_amount", "filled_quantity", "filled_price", "expected_price"),
    *("slippage_bps", "fee", "filled_at", "fill_s", "net", "r_multiple", "thesis"),
)


def _wanted(decision: Row, version: Row) -> Row:
    """What was proposed and what the gate said to it."""
    draft, verdict = version["draft"], version["verdict"]
    bracket = verdict["bracket"] or {}
    approved = not verdict["codes"]
    told: Row = dict.fromkeys(COLUMNS[1:])
    told |= {name: draft.get(name) for name in _DRAFTED}
    told |= {
        "as_of": decision["as_of"],
        "symbol": decision["symbol"],
        "run_id": decision["run_id"],
        "plan_id": version["plan_id"],
        "version": version["version"],
        "decision_price": version["decision_price"],
        "targets": " ".join(target["price"] for target in draft.get("targets") or []),
        "side": draft.get("side") or bracket.get("side"),
        "approved": approved,
        "codes": " ".join(verdict["codes"]),
        "wanted_price": bracket.get("entry_price"),
        "stop_price": bracket.get("stop_price"),
        "reward_risk": bracket.get("reward_risk"),
    }
    sized = {"wanted_quantity": bracket.get("quantity"), "risk_amount": bracket.get("risk_amount")}
    return told | (sized if approved else {})


_DRAFTED = ("entry", "invalidation", "horizon_bars", "confidence", "thesis")


def _had(plan: StoredPlan, fills: Sequence[Fill]) -> Row:
    """What the market gave, entry alone: its exits are the trade's."""
    row: Row = {"status": plan.status.value}
    if not fills:
        return row
    quantity = sum((fill.quantity for fill in fills), ZERO)
    fees = (f.fee if f.fee_currency == "quote" else f.fee * f.price for f in fills)

    def mean(values: Iterable[Decimal]) -> str:
        pairs = zip(values, fills, strict=True)
        return plain(sum((value * fill.quantity for value, fill in pairs), ZERO) / quantity, 8)

    return row | {
        "filled_quantity": plain(quantity),
        "filled_price": mean(fill.price for fill in fills),
        "expected_price": mean(fill.expected_price for fill in fills),
        "slippage_bps": mean(fill.slippage_bps for fill in fills),
        "fee": plain(sum(fees, ZERO)),
        "filled_at": iso(fills[-1].at),
        "fill_s": (fills[-1].at - plan.approved_at).total_seconds(),
    }


def wanted_document(journal: Journal, chosen: JournalChoice) -> Row:
    """What was wanted against what was had, with sums."""
    rows = signals(journal, chosen)
    return {
        "schema": "plangate.traces.wanted/1",
        "session": journal.session,
        "wanted": rows,
        "sums": _sums(rows),
    }


def _sums(rows: Sequence[Row]) -> Row:
    """Over all; slippage is weighted by what was filled, money is by quote currency."""
    approved = [row for row in rows if row["approved"]]
    filled = [row for row in approved if row["filled_quantity"] is not None]
    codes = Counter(code for row in rows for code in row["codes"].split())
    quotes = sorted({_quote(row) for row in approved})
    return {
        "proposed_count": len(rows),
        "denied_count": len(rows) - len(approved),
        "approved_count": len(approved),
        "denied_at_send_count": sum(bool(row["send_codes"]) for row in approved),
        "filled_count": len(filled),
        "codes": dict(codes.most_common()),
        "by_currency": {quote: _in(quote, approved, filled) for quote in quotes},
    }


def _in(quote: str, approved: Sequence[Row], filled: Sequence[Row]) -> Row:
    wanted = [row for row in approved if _quote(row) == quote and row["wanted_quantity"]]
    had = [row for row in filled if _quote(row) == quote]
    value = sum((_notional(row, "filled") for row in had), ZERO)
    slipped = sum((_notional(row, "filled") * Decimal(row["slippage_bps"]) for row in had), ZERO)
    return {
        "wanted_notional": plain(sum((_notional(row, "wanted") for row in wanted), ZERO), 8),
        "filled_notional": plain(value, 8),
        "slippage_bps": plain(slipped / value, 4) if value else None,
        "fees": plain(sum((Decimal(row["fee"]) for row in had), ZERO)),
    }


def _notional(row: Row, kind: str) -> Decimal:
    return Decimal(row[f"{kind}_quantity"]) * Decimal(row[f"{kind}_price"])


def _quote(row: Row) -> str:
    return quote_of(row["symbol"])
