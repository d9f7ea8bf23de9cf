"""A plan's life in one document: drafts and why they changed, bracket, orders, fills, trade.

The journal says what stands; the traces of the runs that made the orders say how it came to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.document import plain_record
from app.listing import closed_record, order_record, plan_record
from domain.clock import iso
from domain.instrument import quote_of
from domain.numbers import plain
from domain.orders import Fill, FundingPayment
from journal.books import Journal
from journal.reading import StoredPlan
from journal.trade_facts import facts_of
from traces import events as ev
from traces.opinion_events import VotesCounted
from traces.order_events import OrderChanged
from traces.store import Recorded, TraceStore

_TOLD = ("side", "entry", "targets", "invalidation", "horizon_bars", "confidence", "thesis")
"""What of a draft is compared between two versions, in this order."""


def plan_document(journal: Journal, plan_id: str) -> dict[str, Any]:
    """Everything that is known of one committed plan."""
    stored = journal.stored_plan(plan_id)
    orders, fills = journal.plan_orders(plan_id), journal.plan_fills(plan_id)
    stored_versions = journal.versions(plan_id)
    deciding = [version.plan.run_id for version in stored_versions]
    runs = _runs(journal, [*deciding, *(o.run_id for o in orders)])
    trade = next((t for t in journal.trades() if t.plan_id == plan_id), None)
    return {
        "schema": "plangate.plan/1",
        "session": journal.session,
        "currency": quote_of(stored.plan.symbol),
        "plan": plan_record(stored),
        "entry": stored.entry,
        "versions": versions([runs[run_id] for run_id in deciding]),
        "approved_versions": [_approved_record(version) for version in stored_versions],
        "at_send": _at_send(runs[stored.plan.run_id], plan_id),
        "orders": [
            {
                **order_record(order),
                "steps": _steps(runs[order.run_id], order.client_order_id),
                "fills": _fills(fills, order.client_order_id),
            }
            for order in orders
        ],
        "funding": [plain_record(p) for p in _payments(journal, stored.plan.symbol, fills, trade)],
        "trade": None if trade is None else closed_record(trade, *facts_of(journal, [trade])),
    }


def _approved_record(version: StoredPlan) -> dict[str, Any]:
    """What an approved version did, and what it would lose at its stop."""
    bracket = version.bracket
    return {
        "version": version.plan.version,
        "act": version.plan.act,
        "run_id": version.plan.run_id,
        "approved_at": iso(version.approved_at),
        "quantity": plain(bracket.quantity),
        "stop_price": plain(bracket.stop_price),
        "risk_amount": plain(version.risk_amount),
        "close_at": iso(version.close_at),
    }


def order_document(journal: Journal, client_order_id: str) -> dict[str, Any]:
    """One order with its steps and fills."""
    order = next(o for o in journal.orders() if o.client_order_id == client_order_id)
    runs = _runs(journal, [order.run_id])
    fills = journal.plan_fills(order.plan_id)
    return {
        "schema": "plangate.order/1",
        "session": journal.session,
        "currency": quote_of(order.symbol),
        "order": {
            **order_record(order),
            "steps": _steps(runs[order.run_id], client_order_id),
            "fills": _fills(fills, client_order_id),
        },
    }


def trade_document(journal: Journal, plan_id: str) -> dict[str, Any]:
    """One closed trade with its fills and funding."""
    trade = next(t for t in journal.trades() if t.plan_id == plan_id)
    fills = journal.plan_fills(plan_id)
    return {
        "schema": "plangate.trade/1",
        "session": journal.session,
        "currency": quote_of(trade.symbol),
        "trade": closed_record(trade, *facts_of(journal, [trade])),
        "entry": journal.stored_plan(plan_id).entry,
        "fills": [plain_record(fill) for fill in fills],
        "funding": [plain_record(p) for p in _payments(journal, trade.symbol, fills, trade)],
    }


def versions(runs: Sequence[Sequence[Recorded]]) -> list[dict[str, Any]]:
    """The drafts of a plan in order: each with its verdict and what it changed of the one before.

    The first run opened the plan, each further one changed it. A draft that could not be read as a
    plan is no version; the trace has it.
    """
    found: list[dict[str, Any]] = []
    for recorded in runs:
        found += _drafts(recorded, found[-1] if found else None)
    return found


def _drafts(recorded: Sequence[Recorded], stood: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Those of one run; a decision that was interrupted counts from its last beginning.

    `stood` is the version that the run found, None for the run that opened the plan.
    """
    found: list[dict[str, Any]] = []
    draft: dict[str, Any] = {}
    for item in recorded:
        event = item.event
        if isinstance(event, ev.RunStarted):
            found.clear()
        elif isinstance(event, ev.AnswerParsed) and event.answer in {"plan", "replan"}:
            side = {"side": stood["draft"].get("side")} if stood else {}
            draft = {**side, **(event.body or {})}
        elif isinstance(event, VotesCounted):
            draft = {**draft, **(event.body or {})}
            if found:
                found[-1]["opinions"] = event.sentence
        elif isinstance(event, ev.Reviewed) and event.stage == "review":
            before = found[-1] if found else stood
            found.append(
                {
                    "version": event.version,
                    "plan_id": event.plan_id,
                    "approved": event.approved,
                    "codes": event.codes,
                    "why": [f["sentence"] for f in event.findings if not f["passed"]],
                    "nearest": event.nearest["sentence"] if event.nearest else None,
                    "draft": draft,
                    "changed": _changes(before["draft"], draft) if before else [],
                    "because_of": before["codes"] if before else [],
                    "opinions": None,
                }
            )
    return found


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"field": name, "from": before.get(name), "to": after.get(name)}
        for name in _TOLD
        if before.get(name) != after.get(name)
    ]


def _at_send(recorded: Sequence[Recorded], plan_id: str) -> dict[str, Any] | None:
    """The gate's last word on fresh data; None when it was not asked."""
    sent = [
        item.event
        for item in recorded
        if isinstance(item.event, ev.Reviewed)
        and item.event.stage == "send"
        and item.event.plan_id == plan_id
    ]
    if not sent:
        return None
    event = sent[-1]
    return {
        "approved": event.approved,
        "codes": event.codes,
        "why": [f["sentence"] for f in event.findings if not f["passed"]],
    }


def _steps(recorded: Sequence[Recorded], client_order_id: str) -> list[dict[str, Any]]:
    """What the trace says of an order; `recorded_at` is the machine's time, not the market's."""
    return [
        {
            "status": item.event.status,
            "reason": item.event.reason,
            "recorded_at": iso(item.at),
        }
        for item in recorded
        if isinstance(item.event, OrderChanged) and item.event.client_order_id == client_order_id
    ]


def _fills(fills: Sequence[Fill], client_order_id: str) -> list[dict[str, Any]]:
    return [plain_record(fill) for fill in fills if fill.client_order_id == client_order_id]


def _payments(
    journal: Journal, symbol: str, fills: Sequence[Fill], trade: object
) -> list[FundingPayment]:
    """Funding while the plan's position was open."""
    if not fills:
        return []
    first, last = fills[0].at, fills[-1].at
    return [
        payment
        for payment in journal.funding_payments()
        if payment.symbol == symbol and first < payment.at and (trade is None or payment.at <= last)
    ]


def _runs(journal: Journal, names: Sequence[str]) -> dict[str, list[Recorded]]:
    store = TraceStore(journal.database, journal.session)
    return {name: store.events(name) for name in dict.fromkeys(names)}
