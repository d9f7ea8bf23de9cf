"""Every rule on prices and sizes at its edge: code, changes just inside, changes just outside.

Sizes are fixed with `quantity`, so that the limit itself is met and not the executor's obedience to
it. `REST` rests at 10 000: its risk is 200 + 5 + 4.9 + 5 + 2 = 216.9 per base.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain.book import Level, OrderBook
from domain.plan import Target
from policies.facts import Held, WorkingEntry
from tests.policies.cases import NOW, D, book, draft
from tests.policies.edges import INFINITY, NAN, SPOT, Changes, Row, stands

LEVERED = {
    "account__leverage_ratio": D(20),
    "instrument__maintenance_margin_fraction": D("0.01"),
}
REST: Changes = {"draft__entry": D(10_000)}
ONE: Changes = {**REST, "quantity": D(1)}
RICH: Changes = {
    **ONE,
    "account__equity": D(1_000_000),
    "account__free": D(1_000_000),
    "account__day_start_equity": D(1_000_000),
    "account__peak_equity": D(1_000_000),
    "policy__max_scale_ins_count": 1,
}
HOLDS = stands(held=D(1), risk_amount=D("431.8"))
"""One base bought at 10 000: 214.9 at risk, and 216.9 with one more at `REST`."""
STRICT = {"policy__stop_mode": "strict"}


def held(value: int | str, symbol: str = "ETH/USDT", risk: Any = 0) -> Changes:
    """A position of this value, negative for a short."""
    sign = -1 if D(value) < 0 else 1
    risk = risk if risk is None else D(risk)
    return {"account__positions": (Held(symbol, D(sign), abs(D(value)), risk),)}


def working(side: str, value: int) -> Changes:
    return {"account__working_entries": (WorkingEntry("ETH/USDT", side, D(value), D(0)),)}


def thin(quantity: str) -> OrderBook:
    """1 of these and 1 of the next cost 15 bps more than the mid."""
    return OrderBook(
        at=NOW,
        origin="venue",
        bids=(Level(D(9999), D(200)),),
        asks=(Level(D(10_001), D(quantity)), Level(D(10_029), D(200))),
    )


def targets(*rows: tuple[str, str]) -> Changes:
    return {"draft__targets": tuple(Target(price=D(price), weight=D(w)) for price, w in rows)}


TIGHT = {**STRICT, "market__book": book("9980", "10020"), "market__atr": D(50)}

PRICES: list[Row] = [
    ("PRICE_COLLAR", {"draft__entry": D(9_800)}, {"draft__entry": D("9799.9")}),
    (
        "PRICE_COLLAR",
        {"draft__entry": D(9_900), "market__atr": D(50)},
        {"draft__entry": D("9899.9"), "market__atr": D(50)},
    ),
    (
        "PRICE_COLLAR",
        {"draft": draft("short", entry=D(10_200)), "market__atr": D(500)},
        {"draft": draft("short", entry=D("10200.1")), "market__atr": D(500)},
    ),
    (
        "PRICE_COLLAR",
        {"market__book": book("10198", "10200")},
        {"market__book": book("10198", "10200.1")},
    ),
    ("PRICE_COLLAR", {"market__last_close": D(1)}, {"market__last_close": None}),
    (
        "PRICE_COLLAR",
        {"instrument__max_price_ratio": D("1.0001")},
        {"instrument__max_price_ratio": D("1.00009")},
    ),
    (
        "PRICE_COLLAR",
        {"draft": draft("short"), "instrument__min_price_ratio": D("0.9999")},
        {"draft": draft("short"), "instrument__min_price_ratio": D("0.99991")},
    ),
    ("STOP_WRONG_SIDE", {"draft__invalidation": D("10000.9")}, {"draft__invalidation": D(10_001)}),
    (
        "STOP_WRONG_SIDE",
        {"draft": draft("short", invalidation=D("9999.1"))},
        {"draft": draft("short", invalidation=D(9_999))},
    ),
    ("TARGET_WRONG_SIDE", targets(("10001.1", "1")), targets(("10001.09", "1"))),
    (
        "TARGET_WRONG_SIDE",
        targets(("12000", "0.9"), ("10001.1", "0.1")),
        targets(("12000", "0.9"), ("10001", "0.1")),
    ),
    (
        "STOP_TOO_TIGHT",
        {**STRICT, "draft__invalidation": D(9_901)},
        {**STRICT, "draft__invalidation": D("9901.1")},
    ),
    (
        "STOP_TOO_TIGHT",
        {**TIGHT, "draft__invalidation": D(9_900)},
        {**TIGHT, "draft__invalidation": D("9900.1")},
    ),
    ("STOP_TOO_WIDE", {"draft__invalidation": D(9_601)}, {"draft__invalidation": D("9600.9")}),
    (
        "STOP_TOO_WIDE",
        {"market__atr": D(500), "draft__invalidation": D("9000.9")},
        {"market__atr": D(500), "draft__invalidation": D("9000.8")},
    ),
    ("RR_BELOW_MIN", targets(("10340.1", "1")), targets(("10340", "1"))),
    (
        "RR_BELOW_MIN",
        targets(("10240.1", "0.5"), ("10440.1", "0.5")),
        targets(("10240.1", "0.5"), ("10439.9", "0.5")),
    ),
    (
        "FUNDING_COST_LIMIT",
        {**REST, "market__funding__rate_fraction": D("0.0025")},
        {**REST, "market__funding__rate_fraction": D("0.00250001")},
    ),
    (
        "LIQUIDATION_TOO_CLOSE",
        {**REST, **LEVERED},
        {**REST, **LEVERED, "instrument__maintenance_margin_fraction": D("0.01001")},
    ),
]

SIZES: list[Row] = [
    (
        "RISK_PER_TRADE",
        {**REST, "account__equity": D(108_450), "quantity": D(5)},
        {**REST, "account__equity": D(108_450), "quantity": D("5.001")},
    ),
    (
        "REPLAN_RISK_INCREASE",
        {**RICH, "quantity": D(5), "standing": stands(risk_amount=D("1084.5"))},
        {**RICH, "quantity": D("5.001"), "standing": stands(risk_amount=D("1084.5"))},
    ),
    (
        "REPLAN_RISK_INCREASE",
        {**RICH, "standing": HOLDS},
        {**RICH, "standing": replace(HOLDS, entry_price=D("10000.1"))},
    ),
    (
        "REPLAN_RISK_INCREASE",
        {**RICH, "standing": stands(held=D(1), stop_price=D(9800))},
        {**RICH, "standing": stands(held=D(1), stop_price=D("9800.1"))},
    ),
    ("REPLAN_RISK_INCREASE", RICH, {**RICH, "standing": stands(held=D(1), stop_price=None)}),
    ("REPLAN_RISK_INCREASE", RICH, {**RICH, "standing": stands(risk_amount=NAN)}),
    ("OPEN_RISK_LIMIT", {**ONE, **held(100, risk="3783.1")}, {**ONE, **held(100, risk="3783.2")}),
    ("OPEN_RISK_LIMIT", ONE, {**ONE, **held(100, risk=None)}),
    ("OPEN_RISK_LIMIT", ONE, {**ONE, **held(100, risk=NAN)}),
    ("OPEN_RISK_LIMIT", ONE, {**ONE, **held(100, risk=INFINITY)}),
    ("OPEN_RISK_LIMIT", ONE, {**ONE, **held(100, risk="-0.01")}),
    ("DEPTH_INSUFFICIENT", {"quantity": D(20)}, {"quantity": D("20.001")}),
    ("DEPTH_INSUFFICIENT", {}, {"market__book": book(quantity="0.009")}),
    ("DEPTH_INSUFFICIENT", {}, {"market__book": book("9900", "10100")}),
    ("DEPTH_INSUFFICIENT", {}, {"market__book__asks": ()}),
    (
        "SLIPPAGE_LIMIT",
        {"market__book": thin("1"), "quantity": D(2)},
        {"market__book": thin("1"), "quantity": D("2.001")},
    ),
    (
        "SLIPPAGE_LIMIT",
        {"market__book": book("9985", "10015")},
        {"market__book": book("9985", "10015.1")},
    ),
    (
        "FAT_FINGER",
        {**ONE, "market__turnover_24h": D(1_000_000)},
        {**ONE, "market__turnover_24h": D(999_999)},
    ),
    ("FAT_FINGER", ONE, {**ONE, "market__turnover_24h": D(0)}),
    (
        "FAT_FINGER",
        {**REST, "quantity": D("0.9"), "account__recent_notionals": (D(3_000),) * 20},
        {**REST, "quantity": D("0.901"), "account__recent_notionals": (D(3_000),) * 20},
    ),
    (
        "FAT_FINGER",
        {**ONE, "account__recent_notionals": (D(0),) * 19},
        {**ONE, "account__recent_notionals": (D(0),) * 20},
    ),
    ("PRECISION", ONE, {**ONE, "quantity": D("1.0005")}),
    (
        "PRECISION",
        {**ONE, "instrument__quantity_step": D("1e-17"), "quantity": D("1.12345678901234567")},
        {**ONE, "instrument__quantity_step": D("1e-18"), "quantity": D("1.123456789012345678")},
    ),
    (
        "QTY_BELOW_MIN",
        {"quantity": D("2.499"), "instrument__min_quantity": D("2.499")},
        {"quantity": D("2.499"), "instrument__min_quantity": D("2.5")},
    ),
    ("QTY_BELOW_MIN", {}, {"account__free": D(0)}),
    (
        "MIN_NOTIONAL",
        {**ONE, "instrument__min_notional": D(10_000)},
        {**ONE, "instrument__min_notional": D("10000.1")},
    ),
    (
        "QTY_ABOVE_MAX",
        {**ONE, "instrument__max_quantity": D(1)},
        {**ONE, "instrument__max_quantity": D("0.999")},
    ),
    ("SYMBOL_NOTIONAL_LIMIT", {**REST, "quantity": D("2.5")}, {**REST, "quantity": D("2.501")}),
    (
        "SYMBOL_NOTIONAL_LIMIT",
        {**ONE, **held(-15_000, "BTC/USDT")},
        {**ONE, **held(-15_001, "BTC/USDT")},
    ),
    ("GROSS_EXPOSURE_LIMIT", {**ONE, **held(-140_000)}, {**ONE, **held(-140_001)}),
    ("NET_EXPOSURE_LIMIT", {**ONE, **held(90_000)}, {**ONE, **held(90_001)}),
    ("NET_EXPOSURE_LIMIT", {**ONE, **held(-110_000)}, {**ONE, **held(-110_001)}),
    (
        "NET_EXPOSURE_LIMIT",
        {**ONE, **held(60_000), **working("buy", 30_000)},
        {**ONE, **held(90_001), **working("sell", 30_000)},
    ),
    (
        "CORRELATED_EXPOSURE",
        {**ONE, **held(40_000), "market__correlations": {"ETH/USDT": D("0.7")}},
        {**ONE, **held(40_001), "market__correlations": {"ETH/USDT": D("0.7")}},
    ),
    (
        "CORRELATED_EXPOSURE",
        {**ONE, **held(90_000), "market__correlations": {"ETH/USDT": D("0.69")}},
        {**ONE, **held(90_000), "market__correlations": {"ETH/USDT": NAN}},
    ),
    ("CORRELATED_EXPOSURE", {**ONE, **held(-40_000)}, {**ONE, **held(-40_001)}),
    ("CORRELATED_EXPOSURE", {**ONE, **working("sell", 40_000)}, {**ONE, **working("sell", 40_001)}),
    ("LEVERAGE_LIMIT", {**ONE, **held(190_000)}, {**ONE, **held(190_001)}),
    ("LEVERAGE_LIMIT", {**SPOT, **ONE, **held(90_000)}, {**SPOT, **ONE, **held(90_001)}),
    (
        "INSUFFICIENT_MARGIN",
        {**ONE, "account__free": D(25_005)},
        {**ONE, "account__free": D("25004.9")},
    ),
]

LIMITED = (
    "SYMBOL_NOTIONAL_LIMIT",
    "GROSS_EXPOSURE_LIMIT",
    "NET_EXPOSURE_LIMIT",
    "CORRELATED_EXPOSURE",
    "LEVERAGE_LIMIT",
    "INSUFFICIENT_MARGIN",
    "RISK_PER_TRADE",
    "OPEN_RISK_LIMIT",
)
WITHOUT_EQUITY: list[Row] = [
    (code, ONE, {**ONE, "account__equity": equity}) for code in LIMITED for equity in (D(0), D(-1))
]

ON_ORDERS = PRICES + SIZES + WITHOUT_EQUITY
