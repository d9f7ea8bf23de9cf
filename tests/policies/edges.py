"""Every rule on the facts at its edge: code, changes just inside, changes just outside."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.book import Level
from domain.lifecycle import TradingState
from domain.plan import Evidence
from policies.case import draft_hash
from policies.conditions import Reading
from policies.facts import Exit, Held, Standing, WorkingEntry
from policies.settings import Policy
from tests.policies.cases import NOW, D, ago, book, draft

Changes = dict[str, Any]
Row = tuple[str, Changes, Changes]

NAN = Decimal("NaN")
INFINITY = Decimal("Infinity")
MS = timedelta(milliseconds=1)
HELD = Held("ETH/USDT", D(1), D(100), D(1))
SPOT = {"instrument__kind": "spot", "market__funding": None, "account__leverage_ratio": D(1)}
XRP = {"instrument__symbol": "XRP/USDT", "instrument__base": "XRP"}
BAR = 3600


def answered(as_of=NOW, tool="ohlcv", **changes: Any) -> Evidence:
    return Evidence(
        **{"result_id": f"{tool}#1", "tool": tool, "ok": True, "as_of": as_of} | changes
    )


def exits(*bars: float, symbol: str = "BTC/USDT", stopped: bool = True) -> tuple[Exit, ...]:
    """One exit so many bars ago each."""
    return tuple(Exit(symbol, ago(age * BAR), stopped) for age in bars)


def rows(*prices: int) -> tuple[Level, ...]:
    return tuple(Level(D(price), D(200)) for price in prices)


def moment(seconds: float) -> str:
    return ago(-seconds).isoformat()


def stands(**changes: Any) -> Standing:
    """A plan that this one changes; nothing is held under it unless said."""
    held = {"entry_price": D(10_000), "stop_price": D(9_000)}
    return Standing(**{"risk_amount": D(1_000_000), **held} | changes)


def wary(holds: bool | None) -> Changes:
    """A plan with a condition that stands so."""
    measured = None if holds is None else D("0.0004")
    return {**WARY, "readings": (Reading("funding above 0.05 %", measured, holds),)}


ADDED = stands(held=D("0.01"), scale_ins_count=1)
CITED = {"draft__evidence": ("ohlcv#1",)}
WARY = {"draft__invalid_if": ("funding above 0.05 %",)}
NEEDS = {"policy__required_tools": ("ohlcv", "regime")}
BOTH = (answered(), answered(tool="regime"))

INTEGRITY: list[Row] = [
    ("NUMBER_INVALID", {"decision_price": D("9990")}, {"decision_price": D("1e12")}),
    ("NUMBER_INVALID", {"draft__entry": D(9990)}, {"draft__entry": D(0)}),
    (
        "NUMBER_INVALID",
        {"draft__invalidation": D("9800.12345678901234")},
        {"draft__invalidation": D("9800.123456789012345")},
    ),
    ("NUMBER_INVALID", {"account__free": D("-1e11")}, {"account__free": D("-1e12")}),
    ("NUMBER_INVALID", {"quantity": D("0.001")}, {"quantity": D(0)}),
    ("NUMBER_INVALID", {}, {"account__leverage_ratio": D(0)}),
    ("UNKNOWN_SYMBOL", {}, {"instrument__symbol": "ВTC/USDT", "instrument__base": "ВTC"}),
    ("UNKNOWN_SYMBOL", {"policy__symbols": ("BTC/USDT",)}, {"policy__symbols": ("ETH/USDT",)}),
    ("UNKNOWN_SYMBOL", {}, {"allowed_symbols": ()}),
    ("UNKNOWN_SYMBOL", {}, {"allowed_symbols": ("ETH/USDT",), "policy__symbols": ("BTC/USDT",)}),
    ("SYMBOL_NOT_TRADABLE", {"instrument__active": True}, {"instrument__active": False}),
    ("SYMBOL_NOT_TRADABLE", {}, {"instrument__active": None}),
    ("SIDE_NOT_ALLOWED", {"policy__sides": ("long",)}, {"policy__sides": ("short",)}),
    ("SIDE_NOT_ALLOWED", {"draft": draft("short")}, {"draft": draft("short"), **SPOT}),
    ("SIDE_NOT_ALLOWED", SPOT, {**SPOT, "policy__sides": ("short",)}),
    (
        "DUPLICATE_INTENT",
        {"account__positions": (HELD,)},
        {"account__positions": (replace(HELD, symbol="BTC/USDT"),)},
    ),
    (
        "DUPLICATE_INTENT",
        {"account__working_entries": (WorkingEntry("ETH/USDT", "buy", D(10), D(1)),)},
        {"account__working_entries": (WorkingEntry("BTC/USDT", "buy", D(10), D(1)),)},
    ),
    (
        "DUPLICATE_INTENT",
        {"account__recent_drafts": (draft_hash(draft(invalidation=D("9799.9"))),)},
        {"account__recent_drafts": (draft_hash(draft(thesis="said otherwise")),)},
    ),
]

STANDING: list[Row] = [
    ("PLAN_EXPIRED", {"decided_at": ago(BAR)}, {"decided_at": ago(BAR) - MS}),
    ("PLAN_SUPERSEDED", {"version": 2, "head_version": 2}, {"version": 2, "head_version": 3}),
    ("PLAN_SUPERSEDED", {}, {"head_version": None}),
    ("POLICY_CHANGED", {"plan_policy_hash": Policy().policy_hash}, {"plan_policy_hash": "other"}),
    ("REPLAN_LIMIT", {"standing": stands(replans_count=2)}, {"standing": stands(replans_count=3)}),
    (
        "REPLAN_LIMIT",
        {"standing": stands(), "policy__max_replans_count": 1},
        {"standing": stands(), "policy__max_replans_count": 0},
    ),
    ("SCALE_IN_LIMIT", {"standing": stands()}, {"standing": stands(held=D("0.01"))}),
    (
        "SCALE_IN_LIMIT",
        {"standing": ADDED, "policy__max_scale_ins_count": 2},
        {"standing": ADDED, "policy__max_scale_ins_count": 1},
    ),
    ("EVIDENCE_MISSING", {**CITED, "evidence": (answered(),)}, CITED),
    (
        "EVIDENCE_MISSING",
        {**CITED, "evidence": (answered(),)},
        {**CITED, "evidence": (answered(ok=False),)},
    ),
    (
        "EVIDENCE_MISSING",
        {**CITED, "evidence": (answered(NOW),)},
        {**CITED, "evidence": (answered(NOW - MS),)},
    ),
    ("EVIDENCE_MISSING", {**NEEDS, "evidence": BOTH}, {**NEEDS, "evidence": BOTH[:1]}),
    (
        "EVIDENCE_MISSING",
        {**NEEDS, "evidence": BOTH},
        {**NEEDS, "evidence": (BOTH[0], answered(tool="regime", ok=False))},
    ),
    (
        "EVIDENCE_MISSING",
        {**NEEDS, "evidence": BOTH},
        {**NEEDS, "evidence": (BOTH[0], answered(NOW - MS, "regime"))},
    ),
    ("INVALIDATED", wary(False), {**WARY, "readings": ()}),
    ("INVALIDATED", wary(False), wary(True)),
    ("INVALIDATED", wary(False), wary(None)),
    ("CONFIDENCE_LOW", {"draft__confidence": D("0.6")}, {"draft__confidence": D("0.599")}),
]

CLOCK: list[Row] = [
    ("CLOCK_SKEW", {"market__last_at": ago(-2)}, {"market__last_at": ago(-2) + MS}),
    ("CLOCK_SKEW", {"market__book__at": ago(-2)}, {"market__book__at": ago(-2) + MS}),
    ("CLOCK_SKEW", {"decided_at": ago(-2)}, {"decided_at": ago(-2) + MS}),
    ("CLOCK_SKEW", {}, {"market__candle_known_at": ago(-2) + MS}),
    ("CLOCK_SKEW", {}, {"market__funding__known_at": ago(-2) + MS}),
    ("CLOCK_SKEW", {"market__clock_skew_s": D(2)}, {"market__clock_skew_s": D("2.001")}),
    ("CLOCK_SKEW", {"market__clock_skew_s": D(-2)}, {"market__clock_skew_s": D("-2.001")}),
    ("CLOCK_SKEW", {"market__clock_jump_s": D(2)}, {"market__clock_jump_s": D("2.001")}),
    ("CLOCK_SKEW", {"market__clock_jump_s": D(-2)}, {"market__clock_jump_s": D("-2.001")}),
]

DATA: list[Row] = [
    ("STALE_DATA", {"market__last_at": ago(10)}, {"market__last_at": ago(10) - MS}),
    ("STALE_DATA", {"market__book__at": ago(10)}, {"market__book__at": ago(10) - MS}),
    (
        "STALE_DATA",
        {"market__candle_known_at": ago(5400)},
        {"market__candle_known_at": ago(5400) - MS},
    ),
    (
        "STALE_DATA",
        {"market__funding__known_at": ago(9 * BAR)},
        {"market__funding__known_at": ago(9 * BAR) - MS},
    ),
    (
        "STALE_DATA",
        {"market__funding__next_at": ago(-8 * BAR)},
        {"market__funding__next_at": ago(-8 * BAR) + MS},
    ),
    ("STALE_DATA", SPOT, {"market__funding": None}),
    ("VOL_UNAVAILABLE", {"market__history_bars": 300}, {"market__history_bars": 299}),
    ("VOL_UNAVAILABLE", {"market__atr": D("0.1")}, {"market__atr": D(0)}),
    (
        "VOL_UNAVAILABLE",
        {"market__realised_volatility": D(0)},
        {"market__realised_volatility": D("-0.1")},
    ),
    ("DATA_GAP", {"market__gap_bars": 0}, {"market__gap_bars": 1}),
    (
        "DATA_GAP",
        {"policy__max_gap_bars": 2, "market__gap_bars": 2},
        {"policy__max_gap_bars": 2, "market__gap_bars": 3},
    ),
    ("BOOK_CROSSED", {"market__book": book("9999.9")}, {"market__book": book("10001")}),
    ("BOOK_CROSSED", {}, {"market__book__bids": ()}),
    (
        "BOOK_CROSSED",
        {"market__book__asks": rows(10_001, 10_001)},
        {"market__book__asks": rows(10_001, 10_000)},
    ),
    (
        "BOOK_CROSSED",
        {"market__book__bids": rows(9_999, 9_999)},
        {"market__book__bids": rows(9_998, 9_999)},
    ),
    (
        "SPREAD_TOO_WIDE",
        {"market__book": book("9995", "10005")},
        {"market__book": book("9994.9", "10005")},
    ),
    (
        "SPREAD_TOO_WIDE",
        {**XRP, "market__book": book("9985", "10015")},
        {**XRP, "market__book": book("9984.9", "10015")},
    ),
    ("DECISION_SLIPPAGE", {"market__last": D(10_025)}, {"market__last": D("10025.1")}),
    ("DECISION_SLIPPAGE", {"market__last": D(9_975)}, {"market__last": D("9974.9")}),
    (
        "DECISION_SLIPPAGE",
        {"market__last": D(10_030), "market__atr": D(120)},
        {"market__last": D("10030.1"), "market__atr": D(121)},
    ),
    (
        "DECISION_SLIPPAGE",
        {"market__book": book("10024", "10026")},
        {"market__book": book("10024.1", "10026.1")},
    ),
    (
        "FUNDING_COST_LIMIT",
        {"market__funding__rate_fraction": D("-0.003")},
        {"market__funding__rate_fraction": D("-0.0030001")},
    ),
    (
        "FUNDING_COST_LIMIT",
        {"market__funding__rate_fraction": D("0.0015"), "market__funding__interval_hours": 4},
        {"market__funding__rate_fraction": D("0.0016"), "market__funding__interval_hours": 4},
    ),
]

ACCOUNT: list[Row] = [
    ("LEVERAGE_LIMIT", {"account__leverage_ratio": D(3)}, {"account__leverage_ratio": D("3.01")}),
    (
        "LEVERAGE_LIMIT",
        {**SPOT, "account__leverage_ratio": D(1)},
        {**SPOT, "account__leverage_ratio": D("1.01")},
    ),
    (
        "MAX_OPEN_POSITIONS",
        {"account__positions": (HELD,) * 4},
        {"account__positions": (HELD,) * 5},
    ),
    (
        "MAX_OPEN_POSITIONS",
        {"account__positions": (HELD,) * 4},
        {
            "account__positions": (HELD,) * 4,
            "account__working_entries": (WorkingEntry("XRP/USDT", "buy", D(1), D(1)),),
        },
    ),
    ("MAX_OPEN_ORDERS", {"account__open_orders": 19}, {"account__open_orders": 20}),
    ("MAX_TRADES_DAY", {"account__trades_today": 9}, {"account__trades_today": 10}),
    ("MAX_TRADES_DAY", {"account__trades_today_symbol": 2}, {"account__trades_today_symbol": 3}),
    ("MAX_ORDERS_MINUTE", {"account__orders_last_minute": 9}, {"account__orders_last_minute": 10}),
    (
        "COOLDOWN",
        {"account__recent_exits": exits(2, stopped=False)},
        {"account__recent_exits": exits(1.999, stopped=False)},
    ),
    ("COOLDOWN", {"account__recent_exits": exits(5)}, {"account__recent_exits": exits(4.999)}),
    (
        "COOLDOWN",
        {"account__recent_exits": exits(1, symbol="ETH/USDT")},
        {"account__recent_exits": exits(9, 1)},
    ),
    (
        "LOSS_STREAK",
        {"account__recent_exits": exits(4, 5, 6, 7, symbol="ETH/USDT")},
        {"account__recent_exits": exits(3.999, 5, 6, 7, symbol="ETH/USDT")},
    ),
    (
        "LOSS_STREAK",
        {"account__recent_exits": exits(1, 2, 3)},
        {"account__recent_exits": exits(1, 2, 3, 4)},
    ),
    (
        "LOSS_STREAK",
        {"account__recent_exits": exits(1, 2, 3, 25.001)},
        {"account__recent_exits": exits(1, 2, 3, 25)},
    ),
    (
        "LOSS_STREAK",
        {"account__recent_exits": exits(1, 2, 3) + exits(1, stopped=False)},
        {"account__recent_exits": exits(1, 2, 3) + exits(1)},
    ),
    ("DAILY_LOSS_LIMIT", {"account__equity": D("97000.01")}, {"account__equity": D(97_000)}),
    (
        "DAILY_LOSS_LIMIT",
        {"account__net_deposits_today": D("2999.99")},
        {"account__net_deposits_today": D(3000)},
    ),
    ("DAILY_LOSS_LIMIT", {}, {"account__day_start_equity": D(0)}),
    (
        "MAX_DRAWDOWN",
        {"account__equity": D("90000.01")},
        {"account__equity": D(90_000)},
    ),
    ("MAX_DRAWDOWN", {}, {"account__equity": D(0), "account__peak_equity": D(0)}),
]

SEND: list[Row] = [
    ("MARKET_CLOSED", {"market__venue_status": "open"}, {"market__venue_status": "closed"}),
    ("VENUE_MAINTENANCE", {}, {"market__venue_status": "maintenance"}),
    (
        "NEWS_BLACKOUT",
        {"policy__blackouts": (f"{moment(1)}/{moment(60)}", f"{moment(-60)}/{moment(0)}")},
        {"policy__blackouts": (f"{moment(0)}/{moment(60)}",)},
    ),
    ("NEWS_BLACKOUT", {}, {"policy__blackouts": (f"{moment(-60)}/{moment(0.001)}",)}),
    ("KILL_SWITCH", {"account__kill_switch": False}, {"account__kill_switch": True}),
    ("KILL_SWITCH", {}, {"account__kill_switch": None}),
    ("TRADING_HALTED", {}, {"account__trading_state": TradingState.REDUCING}),
    ("TRADING_HALTED", {}, {"account__trading_state": TradingState.HALTED}),
    ("TRADING_HALTED", {}, {"account__trading_state": None}),
    ("NOT_RECONCILED", {"account__reconciled": True}, {"account__reconciled": False}),
    ("NOT_RECONCILED", {}, {"account__reconciled": None}),
]

ON_FACTS = INTEGRITY + STANDING + CLOCK + DATA + ACCOUNT + SEND
