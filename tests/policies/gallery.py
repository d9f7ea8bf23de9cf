"""A gallery of case files, each shown whole: what the gate says of it, word for word.

Renew after a meant change with: python -m tests.policies.gallery
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from domain.verdict import Denied
from policies.case_document import case_document
from policies.document import read_case, read_verdict, verdict_document
from policies.gate import review
from policies.nearest import advised
from tests.policies.rules_alone import pictures

ALONE = Path(__file__).parents[1] / "snapshots" / "gate-rules.json"
WALL = Path(__file__).parents[1] / "snapshots" / "gate"
NOW = "2024-03-05T12:00:00Z"
BOOK = {
    "at": NOW,
    "bids": [[9999, 0.5], [9998, 2], [9990, 200]],
    "asks": [[10001, 0.5], [10002, 2], [10010, 200]],
}
LONG = {
    "side": "long",
    "targets": [{"price": 10600}],
    "invalidation": 9800,
    "horizon_bars": 12,
    "confidence": 0.7,
    "decided_at": NOW,
    "decision_price": 10000,
}
SHORT = {**LONG, "side": "short", "targets": [{"price": 9400}], "invalidation": 10200}
THREE = [
    {"price": 10900, "weight": 0.2},
    {"price": 10300, "weight": 0.5},
    {"price": 10600, "weight": 0.3},
]


def of(plan: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """A case on a perpetual with a book of three levels a side."""
    market = {"now": NOW, "last": 10000, "atr": 100, "book": BOOK, **sections.pop("market", {})}
    instrument = {
        "symbol": "BTC/USDT",
        "kind": "perpetual",
        "price_tick": 0.1,
        "quantity_step": 0.001,
        **sections.pop("instrument", {}),
    }
    account = {"equity": 100000, **sections.pop("account", {})}
    return {
        "plan": plan,
        "instrument": instrument,
        "market": market,
        "account": account,
        **sections,
    }


FULL = of(
    {
        **LONG,
        "entry": 9990,
        "targets": THREE,
        "evidence": ["ohlcv#1"],
        "version": 2,
        "head_version": 3,
        "policy_hash": "another",
        "thesis": "everything is said",
    },
    comment="every field of a case file",
    quantity=0.25,
    instrument={
        "active": False,
        "max_quantity": 0.2,
        "min_price_ratio": 0.9995,
        "max_price_ratio": 1.5,
        "maintenance_margin_fraction": 0.01,
        "taker_fee_fraction": 0.0004,
    },
    market={
        "last_at": "2024-03-05T11:59:00Z",
        "realised_volatility": 0.8,
        "candle_known_at": "2024-03-05T10:00:00Z",
        "history_bars": 250,
        "gap_bars": 2,
        "last_close": 9950,
        "turnover_24h": 100000,
        "funding": {
            "rate_fraction": 0.004,
            "interval_hours": 4,
            "known_at": "2024-03-05T00:00:00Z",
            "next_at": "2024-03-05T16:00:00Z",
        },
        "correlations": {"ETH/USDT": 0.9},
        "venue_status": "maintenance",
        "clock_skew_s": 2.5,
        "clock_jump_s": -3,
    },
    account={
        "free": 5000,
        "day_start_equity": 105000,
        "peak_equity": 120000,
        "net_deposits_today": 1000,
        "leverage_ratio": 4,
        "trading_state": "reducing",
        "kill_switch": True,
        "reconciled": False,
        "positions": [
            {"symbol": "ETH/USDT", "quantity": 20, "mark": 3000, "open_risk": 3000},
            {"symbol": "BTC/USDT", "quantity": 6, "mark": 10000, "open_risk": None},
        ],
        "working_entries": [
            {"symbol": "SOL/USDT", "side": "sell", "notional": 60000, "open_risk": 500},
            {"symbol": "BTC/USDT", "side": "buy", "notional": 50000, "open_risk": 600},
        ],
        "trades_today": 10,
        "trades_today_symbol": 3,
        "open_orders": 20,
        "orders_last_minute": 10,
        "recent_exits": [
            {"symbol": "BTC/USDT", "at": "2024-03-05T11:00:00Z", "stopped": True},
            *[{"symbol": "ETH/USDT", "at": "2024-03-05T10:00:00Z", "stopped": True}] * 3,
        ],
        "recent_notionals": [100] * 20,
        "recent_drafts": ["none of ours"],
    },
    policy={
        "symbols": ["ETH/USDT"],
        "sides": ["short"],
        "blackouts": ["2024-03-05T11:00:00Z/2024-03-05T13:00:00Z"],
        "required_tools": ["regime"],
        "min_confidence_fraction": 0.9,
        "stop_mode": "strict",
    },
    tool_results=[{"result_id": "ohlcv#1", "tool": "ohlcv", "ok": False, "as_of": NOW}],
    allowed_symbols=["BTC/USDT", "ETH/USDT"],
)

CASES: dict[str, dict[str, Any]] = {
    "long": of({**LONG, "evidence": ["ohlcv#1"]}),
    "short": of(SHORT),
    "three-targets": of({**LONG, "targets": THREE}),
    "everything-wrong": FULL,
    "nothing-known": of(
        LONG,
        market={
            "last_at": None,
            "book": None,
            "atr": None,
            "realised_volatility": None,
            "candle_known_at": None,
            "funding": None,
            "last_close": None,
            "turnover_24h": None,
            "gap_bars": None,
            "venue_status": None,
            "clock_skew_s": None,
            "clock_jump_s": None,
        },
        account={"equity": 0, "trading_state": None, "kill_switch": None, "reconciled": None},
    ),
    "spot": of(LONG, instrument={"kind": "spot", "symbol": "SOL/USDT"}, market={"funding": None}),
    "reward-too-low": of({**LONG, "targets": [{"price": 10200}]}),
    "reward-too-low-short": of({**SHORT, "targets": [{"price": 9800}]}),
    "reward-too-low-of-three": of(
        {**LONG, "targets": [{**t, "price": t["price"] - 200} for t in THREE]}
    ),
    "reward-of-a-limit": of({**LONG, "entry": 9990, "targets": [{"price": 10200}]}),
    "target-behind": of({**LONG, "targets": [{"price": 9900}]}),
    "stop-too-wide": of({**LONG, "invalidation": 9500, "targets": [{"price": 11500}]}),
    "stop-on-the-wrong-side": of({**SHORT, "invalidation": 9900}),
    "stop-too-tight": of({**LONG, "invalidation": 9950}, policy={"stop_mode": "strict"}),
    "wide-and-poor": of({**LONG, "invalidation": 9500, "targets": [{"price": 10020}]}),
    "limit-too-far": of({**LONG, "entry": 9700, "invalidation": 9500}),
    "funding-too-dear": of(
        {**LONG, "horizon_bars": 100, "targets": [{"price": 12000}]},
        market={"funding": {"rate_fraction": 0.0025, "known_at": NOW}},
    ),
    "evidence-made-up": of(
        {**LONG, "evidence": ["ohlcv#1", "funding#9"]},
        tool_results=[{"result_id": "ohlcv#1", "tool": "ohlcv"}],
    ),
    "wrong-already": of(
        {**LONG, "invalid_if": ["price below 10100", "4h close below 9 000", "spread above 5 bps"]},
        readings=[
            {"condition": "price below 10100", "measured": 10000, "holds": True},
            {"condition": "4h close below 9000", "holds": None},
            {"condition": "spread above 5 bps", "measured": 0.0002, "holds": False},
        ],
    ),
    "too-small": of(LONG, account={"equity": 100}, instrument={"min_notional": 100}),
    "thin-book": of(LONG, market={"book": {**BOOK, "asks": [[10001, 0.3], [10019, 200]]}}),
    "touch-too-dear": of(
        LONG, market={"book": {**BOOK, "bids": [[9980, 200]], "asks": [[10020, 200]]}}
    ),
    "given-size": of(LONG, quantity=3),
    "given-size-of-a-poor-plan": of({**LONG, "targets": [{"price": 10200}]}, quantity=3),
    "halted": of(LONG, account={"trading_state": "halted"}),
    "wrong-in-the-file": {"plan": {**LONG, "leverage": 5, "side": "up"}, "market": {"last": "x"}},
    "no-invalidation": of({k: v for k, v in LONG.items() if k != "invalidation"}),
}


WHOLE = {"three-targets", "everything-wrong", "nothing-known"}
"""Shown with the case as it was read and every finding; of the others only what failed."""


def shown(name: str) -> str:
    """What the gate says of a case, as text."""
    case = read_case(json.dumps(CASES[name]))
    if isinstance(case, Denied):
        return json.dumps(verdict_document(case), indent=1, ensure_ascii=False) + "\n"
    verdict = verdict_document(advised(case, review(case)))
    assert verdict_document(read_verdict(verdict)) == verdict
    picture: dict[str, Any] = {"verdict": verdict}
    if name in WHOLE:
        picture["case"] = json.loads(json.dumps(case_document(case), default=str))
    else:
        verdict["findings"] = [f for f in verdict["findings"] if not f["passed"]]
    return json.dumps(picture, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every picture anew."""
    WALL.mkdir(parents=True, exist_ok=True)
    for name in CASES:
        (WALL / f"{name}.json").write_text(shown(name), encoding="utf-8")
    alone = json.dumps(pictures(), indent=1, ensure_ascii=False)
    ALONE.write_text(alone + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
