"""The oracle finds what is wrong with a verdict: a code too few or too many, a wrong figure."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from policies.document import read_case, verdict_document
from policies.gate import review
from tests.oracle.judge import violations

CASES = sorted((Path(__file__).parents[2] / "examples" / "cases").glob("*.json"))
LONG, SHORT = "approved-long", "approved-short-perpetual"


def judged(name: str, **policy: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """An example, with limits put into it after the gate has judged it, and the gate's verdict."""
    text = next(p for p in CASES if p.stem == name).read_text(encoding="utf-8")
    document = json.loads(text, parse_float=Fraction)
    document.setdefault("policy", {}).update(policy)
    return document, verdict_document(review(read_case(text)))


@pytest.mark.parametrize("name", [path.stem for path in CASES])
def test_nothing_is_wrong_with_the_examples(name):
    assert violations(*judged(name)) == []


@pytest.mark.parametrize("name", [LONG, SHORT])
@pytest.mark.parametrize(
    ("key", "limit", "code"),
    [
        ("risk_per_trade_fraction", "0.001", "RISK_PER_TRADE"),
        ("max_open_risk_fraction", "0.001", "OPEN_RISK_LIMIT"),
        ("min_reward_risk_ratio", "4", "RR_BELOW_MIN"),
        ("min_confidence_fraction", "0.9", "CONFIDENCE_LOW"),
        ("max_stop_atr_ratio", "1.2", "STOP_TOO_WIDE"),
        ("max_symbol_notional_fraction", "0.1", "SYMBOL_NOTIONAL_LIMIT"),
        ("max_gross_exposure_fraction", "0.1", "GROSS_EXPOSURE_LIMIT"),
        ("max_net_exposure_fraction", "0.1", "NET_EXPOSURE_LIMIT"),
        ("max_correlated_exposure_fraction", "0.1", "CORRELATED_EXPOSURE"),
        ("min_free_margin_fraction", "0.9", "INSUFFICIENT_MARGIN"),
        ("max_depth_fraction", "0.0001", "DEPTH_INSUFFICIENT"),
        ("max_turnover_fraction", "0.000000001", "FAT_FINGER"),
        ("max_spread_bps", "0.1", "SPREAD_TOO_WIDE"),
        ("min_history_bars", "501", "VOL_UNAVAILABLE"),
        ("max_collar_fraction", "0.00001", "PRICE_COLLAR"),
        ("sides", [], "SIDE_NOT_ALLOWED"),
        ("symbols", ["XRP/USD"], "UNKNOWN_SYMBOL"),
        ("required_tools", ["ohlcv"], "EVIDENCE_MISSING"),
        ("blackouts", ["2023-12-31/2024-12-31"], "NEWS_BLACKOUT"),
    ],
)
def test_an_approval_that_breaks_a_limit_is_found(name, key, limit, code):
    found = violations(*judged(name, **{key: limit}))
    assert [row for row in found if row.startswith(f"MISSED {code}")], found


def test_a_denial_without_cause_is_found():
    document, verdict = judged("daily-loss", max_daily_loss_fraction="0.2")
    assert violations(document, verdict) == ["UNFOUNDED DAILY_LOSS_LIMIT"]


def test_a_code_that_is_left_out_of_a_denial_is_found():
    document, verdict = judged("stale-quote", min_confidence_fraction="0.9")
    assert [row.partition(":")[0] for row in violations(document, verdict)] == [
        "MISSED CONFIDENCE_LOW"
    ]


@pytest.mark.parametrize(
    "figure",
    [
        "entry_price",
        "quantity",
        "notional",
        "stop_price",
        "risk_per_unit",
        "risk_amount",
        "reward_risk",
        "stop_slippage",
        "entry_slippage_bps",
        "least_quantity",
    ],
)
def test_a_figure_that_is_off_in_its_17th_digit_is_found(figure):
    document, verdict = judged(LONG)
    stated = Fraction(verdict["bracket"][figure])
    off = stated * (1 + Fraction(1, 10**17))
    verdict["bracket"][figure] = off
    found = violations(document, verdict)
    assert any(row.startswith(f"MISSTATED {figure}") for row in found), found


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("expires_at", "2024-01-01T01:00:01Z"),
        ("close_at", "2024-01-02T00:00:00.000001Z"),
        ("side", "short"),
        ("entry_kind", "limit"),
        ("targets", [{"price": "7800", "quantity": "0.3338"}]),
        ("targets", [{"price": "7800.01", "quantity": "0.3339"}]),
    ],
)
def test_a_bracket_that_is_not_the_plans_is_found(key, value):
    document, verdict = judged(LONG)
    verdict["bracket"][key] = value
    assert any(row.startswith("MISSTATED") for row in violations(document, verdict))
