"""Why the newest plan was denied: by the gate, or as it was to be sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.verdict import Denied
from journal.last_denial import LastDenial, last_denial
from policies.document import verdict_document
from tests.agent.samples import finding
from tests.broker.venue import OTHER, SYMBOL, H, T, approved, commit, open_journal

pytestmark = pytest.mark.usefixtures("each_database")


def decided(plan: str, verdict: Any, *orders: str) -> dict[str, Any]:
    version = {"plan_id": plan, "draft": {"side": "long"}, "verdict": verdict_document(verdict)}
    return {"orders": list(orders), "versions": [version]}


def test_only_the_newest_plan_of_the_symbol_counts(tmp_path: Path) -> None:
    book = open_journal(tmp_path)
    assert last_denial(book, SYMBOL, T) is None
    denied = Denied((finding("RR_BELOW_MIN"), finding("SPREAD_TOO_WIDE", passed=True)))
    book.record_decision("one", T, SYMBOL, "denied", decided("p", denied))
    book.record_decision("two", T + H, SYMBOL, "no_trade", {"orders": [], "versions": []})
    said = LastDenial(
        T, "long", ("RR_BELOW_MIN",), ("RR_BELOW_MIN is 0.5, the limit is >= 1.5.",), None
    )
    assert last_denial(book, SYMBOL, T + 2 * H) == said
    assert last_denial(book, SYMBOL, T) is None
    assert last_denial(book, OTHER, T + 2 * H) is None


def test_a_plan_that_was_denied_at_send_counts_and_one_that_was_sent_does_not(
    tmp_path: Path,
) -> None:
    book = open_journal(tmp_path)
    plan, verdict = approved()
    order = commit(book, plan, verdict)
    book.record_decision(
        "run", T, SYMBOL, "approved", decided(plan.plan_id, verdict, order.client_order_id)
    )
    assert last_denial(book, SYMBOL, T + H) is None
    book.deny_at_send(order, ["STALE_DATA"])
    assert last_denial(book, SYMBOL, T + H) == LastDenial(T, "long", ("STALE_DATA",), (), None)
