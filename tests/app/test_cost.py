"""What models cost is the ledger's sum, whichever way it is cut."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from app.cost import cost_report
from app.cost_words import total_words
from domain.clock import FixedClock, parse_moment
from domain.spending import PROBE, Claim, Cost, SpendingCaps, Usage
from journal.spending import SpendingLedger
from traces.database import Database
from traces.tables import METADATA

D = Decimal
NOON = parse_moment("2026-11-22T12:00:00Z")


def call(
    database: Database,
    run_id: str,
    usd: str | None,
    *,
    settled: bool,
    days: int = 0,
    node: str = "plan",
) -> None:
    """A call with 100 tokens of prompt, 30 of them of a tool, whose answer takes half the money."""
    cost = None if usd is None else Cost(D(usd) / 2, D(usd) / 2)
    clock = FixedClock(NOON + timedelta(days=days))
    allowance = SpendingLedger(database, "s", SpendingCaps(), clock).allowance(
        run_id, "BTC/USD", node, 1
    )
    receipt = allowance.reserve(Claim("m", 100, 50, cost, {"ohlcv": 30}))
    if settled:
        receipt.settle(Usage(110, 50, 10, "provider"), cost)


def test_every_cut_sums_to_the_total_and_what_is_not_settled_counts(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "x.db", METADATA)
    call(database, "a", "0.3", settled=True)
    call(database, "a", "0.1", settled=False)
    call(database, "b", "0.2", settled=True, days=1)
    document = cost_report(database)
    for name in ("by_day", "by_symbol", "by_model", "by_node", "by_tool"):
        assert sum(D(row["usd"]) for row in document[name]) == D("0.6"), name
    assert [row["name"] for row in document["by_day"]] == ["2026-11-22", "2026-11-23"]
    assert {row["name"]: row["usd"] for row in document["by_tool"]} == {
        "ohlcv": "0.09",
        "(the rest of the prompt)": "0.21",
        "(answers)": "0.3",
    }
    assert (document["usd_per_decision"], document["usd_per_accepted_plan"]) == ("0.3", None)
    assert total_words(document) == (
        "0.6 USD for 3 calls of models, 1 of them not settled and at their worst; "
        "0.3 a decision (2), no plan accepted"
    )
    later = cost_report(database, "s", "btc/usd", NOON + timedelta(hours=13))
    assert later["total"]["usd"] == "0.2"
    assert cost_report(database, "s", "ETH/USD")["total"]["calls_count"] == 0


def test_a_probe_is_paid_and_is_no_decision(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "x.db", METADATA)
    call(database, "probe-s", "0.1", settled=True, node=PROBE)
    assert total_words(cost_report(database)) == (
        "0.1 USD for 1 calls of models; no decision, no plan accepted"
    )
    call(database, "a", "0.3", settled=True)
    document = cost_report(database)
    assert (document["total"]["usd"], document["decisions_count"]) == ("0.4", 1)
    assert [row["name"] for row in document["by_node"]] == ["plan", PROBE]


def test_a_sum_with_an_unknown_price_is_unknown(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "x.db", METADATA)
    call(database, "a", "0.3", settled=True)
    call(database, "a", None, settled=True)
    document = cost_report(database)
    assert (document["total"]["usd"], document["total"]["known_usd"]) == (None, "0.3")
    assert document["usd_per_decision"] is None
    assert total_words(document).startswith("unknown (1 calls without a price, 0.3 beside) USD")
