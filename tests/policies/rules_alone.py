"""Each rule asked by itself, with a bracket from elsewhere: what it says where the gate stops.

A case without volatility has no bracket, so that no rule on one is ever asked about it; a rule has
to deny all the same, in its own words. Renewed with the gallery.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.finding import Finding
from domain.plan import Target
from domain.verdict import Bracket, SizeStep, TargetLeg
from policies.arithmetic import gate_arithmetic
from policies.bracket import build_bracket
from policies.case import Case, draft_hash
from policies.conditions import Reading
from policies.gate import review
from policies.rulebook import RULES, OnCase
from tests.policies.cases import NOW, D, ago, draft, make_case
from tests.policies.edges import NAN, SPOT, XRP, Changes, exits, rows

MODELLED = {"market__book__origin": "modelled"}
LATER = NOW + timedelta(seconds=10)
BROKE = {"account__equity": D(0), "account__day_start_equity": D(0), "account__peak_equity": D(0)}

FACTS: dict[str, Changes] = {
    "spot": SPOT,
    "no book, moved": {"market__book": None, "market__last": D(10_100)},
    "moved": {"market__last": D(10_100)},
    "no asks": {**MODELLED, "market__book__asks": ()},
    "out of order": {**MODELLED, "market__book__asks": rows(10_002, 10_001)},
    "crossed": {**MODELLED, "market__book__bids": rows(10_002)},
    "old book": {**MODELLED, "market__book__at": ago(60)},
    "no ATR": {"market__atr": None},
    "an ATR of nothing": {"market__atr": D(0)},
    "no volatility": {"market__realised_volatility": None},
    "volatility below nothing": {"market__realised_volatility": D("-0.1")},
    "no equity": BROKE,
    "no reference, a band": {"market__last_close": None, "instrument__max_price_ratio": D(2)},
    "no reference, a floor": {"market__last_close": None, "instrument__min_price_ratio": D("0.5")},
    "below the band": {"instrument__min_price_ratio": D("1.1")},
    "above the band": {"instrument__max_price_ratio": D("0.9")},
    "within the floor": {"instrument__min_price_ratio": D("0.9")},
    "a limit beyond both": {"draft__entry": D(9_000), "instrument__min_price_ratio": D("0.95")},
    "no funding": {"market__funding": None},
    "a payment too far away": {"market__funding__next_at": NOW + timedelta(hours=9)},
    "no newest version": {"head_version": None},
    "newest version older": {"version": 2, "head_version": 1},
    "an old plan": {"decided_at": NOW - timedelta(days=2, microseconds=500_000)},
    "repeated": {"account__recent_drafts": (draft_hash(draft()),)},
    "two made up": {"draft__evidence": ("ohlcv#1", "book#2")},
    "wrong already, and unreadable": {
        "draft__invalid_if": ("price above 1", "price above 2", "price above 3"),
        "readings": (
            Reading("price above 1", D(5), holds=True),
            Reading("price above 2", None, holds=True),
            Reading("price above 3", None, holds=None),
        ),
    },
    "two not asked": {"policy__required_tools": ("regime", "funding")},
    "another symbol": XRP,
    "no symbol": {"allowed_symbols": ()},
    "no side": {**SPOT, "policy__sides": ("short",)},
    "quote of later": {"market__last_at": LATER},
    "book of later": {"market__book__at": LATER},
    "candle of later": {"market__candle_known_at": LATER},
    "funding of later": {"market__funding__known_at": LATER},
    "closed": {"market__venue_status": "closed"},
    "several exits": {
        "account__recent_exits": (
            *exits(0, symbol="ETH/USDT"),
            *exits(1, stopped=False),
            *exits(3),
            *exits(1.5, stopped=False),
        )
    },
    "an entry of nothing": {"draft__entry": D("0.05")},
    "a target of nothing": {"draft__targets": (Target(price=D("0.05")),)},
    "no number anywhere": {
        "decision_price": D(0),
        "quantity": D(-1),
        "draft__invalidation": NAN,
        "draft__entry": D(0),
        "draft__targets": (Target.model_construct(price=D(0), weight=D(1)),),
        **dict.fromkeys(("instrument__price_tick", "instrument__quantity_step"), D(0)),
        **{f"instrument__min_{name}": D(-1) for name in ("quantity", "notional")},
        "instrument__taker_fee_fraction": NAN,
        "instrument__maintenance_margin_fraction": D("1e12"),
        "account__leverage_ratio": D(0),
        **{
            f"account__{name}": NAN
            for name in (
                "equity free day_start_equity peak_equity net_deposits_today".split()  # noqa: SIM905
            )
        },
        "account__trades_today": -1,
        "account__trades_today_symbol": -1,
        "account__open_orders": -1,
        "account__orders_last_minute": -1,
    },
}
"""What is otherwise in the case; the bracket is the plain long's."""

SIZES = (SizeStep("depth", D("0.0000001234567")), SizeStep("margin", D(3)))
BRACKETS: dict[str, dict[str, Any]] = {
    "off the grid": {
        "stop_price": D("9800.05"),
        "quantity": D("2.4999999999999999999"),
        "targets": (TargetLeg(D("10600.01"), D("0.0005")), TargetLeg(D(10_700), D(1))),
    },
    "stop above": {"stop_price": D("10001.5"), "entry_price": D("10000.123456789")},
    "target below": {"entry_price": D("10600.123456789")},
    "too small": {"targets": (TargetLeg(D(10_600), D("0.0001")),), "sizing": SIZES},
    "nothing": {
        "targets": (TargetLeg(D(10_600), D(0)),),
        "sizing": (SizeStep("margin", D("0.000")),),
    },
    "too wide": {"stop_price": D("8800.1")},
}
"""What is otherwise in the bracket; the case is the plain long."""
SHORTS: dict[str, dict[str, Any]] = {
    "short, stop below": {"stop_price": D(9_000)},
    "short, target above": {"entry_price": D(9_300)},
}


def pictures() -> dict[str, dict[str, Any]]:
    """Per case the findings that differ from those of the plain one, by rule."""
    long, short = make_case(), make_case("short")
    shown = {name: _asked(make_case(**changes), _bracket(long)) for name, changes in FACTS.items()}
    for plain, changed in ((long, BRACKETS), (short, SHORTS)):
        for name, changes in changed.items():
            shown[name] = _asked(plain, replace(_bracket(plain), **changes))
    sound = _asked(long, _bracket(long))
    told = {
        name: {rule: said for rule, said in found.items() if said != sound.get(rule)}
        for name, found in shown.items()
    }
    told["plain"] = sound
    return json.loads(json.dumps(told, default=str))  # type: ignore[no-any-return]


def _bracket(case: Case) -> Bracket:
    bracket = build_bracket(case)
    assert isinstance(bracket, Bracket)
    return bracket


def _asked(case: Case, bracket: Bracket) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with gate_arithmetic():
        for rule in RULES:
            try:
                said = rule.check(case) if isinstance(rule, OnCase) else rule.check(case, bracket)
            except Exception as error:  # noqa: BLE001 - the gate denies on it
                found[rule.check.__name__] = type(error).__name__
                continue
            found[rule.check.__name__] = _fields(said)
        found["build_bracket"] = _built(case)
    found["codes"] = review(case).codes
    return found


def _built(case: Case) -> Any:
    try:
        built = build_bracket(case)
    except Exception as error:  # noqa: BLE001 - the gate denies on it
        return type(error).__name__
    return None if isinstance(built, Bracket) else _fields(built)


def _fields(finding: Finding) -> dict[str, Any]:
    return {**finding._asdict(), "sentence": finding.sentence}
