"""Every code fires just outside its edge and passes just inside; nothing passes unmeasured."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal, localcontext

import pytest

from domain.book import Level, OrderBook
from domain.plan import Target
from domain.verdict import Approved, Bracket, Denied, Finding
from policies.bracket import build_bracket
from policies.case import Case
from policies.facts import Held, WorkingEntry
from policies.gate import RULES, OnBracket, OnCase, review
from tests.policies.cases import NOW, D, ago, book, draft, edit, make_case

NAN = Decimal("NaN")
HELD = Held("ETH/USDT", D(1), D(100))
STEP = timedelta(microseconds=1000)
SPOT = {"instrument__kind": "spot", "market__funding": None}


def thin(quantity: str) -> OrderBook:
    """Asks beyond the best cost 40 bps more."""
    return OrderBook(
        at=NOW,
        origin="venue",
        bids=(Level(D(9999), D(200)),),
        asks=(Level(D(10001), D(quantity)), Level(D("10019.9"), D(200))),
    )


EDGES = [
    ("NUMBER_INVALID", {"decision_price": D("9990")}, {"decision_price": D("1e12")}),
    ("NUMBER_INVALID", {}, {"draft__invalidation": NAN}),
    ("NUMBER_INVALID", {}, {"account__free": D("Infinity")}),
    ("NUMBER_INVALID", {"draft__entry": D(9990)}, {"draft__entry": D(0)}),
    ("UNKNOWN_SYMBOL", {}, {"instrument__symbol": "ВTC/USDT"}),
    ("UNKNOWN_SYMBOL", {"policy__symbols": ("BTC/USDT",)}, {"policy__symbols": ("ETH/USDT",)}),
    ("UNKNOWN_SYMBOL", {}, {"allowed_symbols": ()}),
    ("SYMBOL_NOT_TRADABLE", {"instrument__active": True}, {"instrument__active": False}),
    ("SIDE_NOT_ALLOWED", {"policy__sides": ("long",)}, {"policy__sides": ("short",)}),
    ("SIDE_NOT_ALLOWED", {"draft": draft("short")}, {"draft": draft("short"), **SPOT}),
    ("SIDE_NOT_ALLOWED", SPOT, {**SPOT, "policy__sides": ("short",)}),
    ("PLAN_EXPIRED", {"decided_at": ago(3600)}, {"decided_at": ago(3600) - STEP}),
    (
        "DUPLICATE_INTENT",
        {"account__positions": (HELD,)},
        {"account__positions": (replace(HELD, symbol="BTC/USDT"),)},
    ),
    (
        "DUPLICATE_INTENT",
        {"account__working_entries": (WorkingEntry("ETH/USDT", "buy", D(10)),)},
        {"account__working_entries": (WorkingEntry("BTC/USDT", "buy", D(10)),)},
    ),
    ("CLOCK_SKEW", {"market__last_at": ago(-2)}, {"market__last_at": ago(-2) + STEP}),
    ("CLOCK_SKEW", {"market__book__at": ago(-2)}, {"market__book__at": ago(-2) + STEP}),
    ("CLOCK_SKEW", {"decided_at": ago(-2)}, {"decided_at": ago(-2) + STEP}),
    ("CLOCK_SKEW", {}, {"market__candle_known_at": ago(-3)}),
    ("CLOCK_SKEW", {}, {"market__funding__known_at": ago(-3)}),
    ("STALE_DATA", {"market__last_at": ago(10)}, {"market__last_at": ago(10) - STEP}),
    ("STALE_DATA", {}, {"market__last_at": None}),
    ("STALE_DATA", {}, {"market__last": None}),
    ("STALE_DATA", {"market__book__at": ago(10)}, {"market__book__at": ago(10) - STEP}),
    ("STALE_DATA", {}, {"market__book": None}),
    (
        "STALE_DATA",
        {"market__candle_known_at": ago(5400)},
        {"market__candle_known_at": ago(5400) - STEP},
    ),
    ("STALE_DATA", {}, {"market__candle_known_at": None}),
    (
        "STALE_DATA",
        {"market__funding__known_at": ago(9 * 3600)},
        {"market__funding__known_at": ago(9 * 3600) - STEP},
    ),
    ("STALE_DATA", SPOT, {"market__funding": None}),
    ("VOL_UNAVAILABLE", {"market__history_bars": 300}, {"market__history_bars": 299}),
    ("VOL_UNAVAILABLE", {}, {"market__atr": None}),
    ("VOL_UNAVAILABLE", {}, {"market__atr": D(0)}),
    ("VOL_UNAVAILABLE", {}, {"market__atr": NAN}),
    ("VOL_UNAVAILABLE", {}, {"market__realised_volatility": None}),
    (
        "VOL_UNAVAILABLE",
        {"market__realised_volatility": D(0)},
        {"market__realised_volatility": D("-0.1")},
    ),
    ("BOOK_CROSSED", {"market__book": book("9999.9")}, {"market__book": book("10001")}),
    ("BOOK_CROSSED", {}, {"market__book__bids": ()}),
    (
        "SPREAD_TOO_WIDE",
        {"market__book": book("9995", "10005")},
        {"market__book": book("9994.9", "10005")},
    ),
    ("SPREAD_TOO_WIDE", {}, {"market__book": None}),
    ("DECISION_SLIPPAGE", {"market__last": D(10_025)}, {"market__last": D("10025.1")}),
    ("DECISION_SLIPPAGE", {"market__last": D(9_975)}, {"market__last": D("9974.9")}),
    (
        "DECISION_SLIPPAGE",
        {"market__last": D(10_030), "market__atr": D(120)},
        {"market__last": D("10030.1"), "market__atr": D(121)},
    ),
    ("DECISION_SLIPPAGE", {}, {"market__book": book("10029", "10031")}),
    ("DECISION_SLIPPAGE", {}, {"market__last": None}),
    ("STOP_WRONG_SIDE", {"draft__invalidation": D("10000.9")}, {"draft__invalidation": D(10_001)}),
    (
        "STOP_WRONG_SIDE",
        {"draft": draft("short", invalidation=D("9999.1"))},
        {"draft": draft("short", invalidation=D(9_999))},
    ),
    (
        "TARGET_WRONG_SIDE",
        {"draft__targets": (Target(price=D("10001.1")),)},
        {"draft__targets": (Target(price=D(10_001)),)},
    ),
    (
        "TARGET_WRONG_SIDE",
        {},
        {
            "draft__targets": (
                Target(price=D(12_000), weight=D("0.9")),
                Target(price=D(9_990), weight=D("0.1")),
            )
        },
    ),
    ("STOP_TOO_WIDE", {"draft__invalidation": D(9_601)}, {"draft__invalidation": D("9600.9")}),
    (
        "STOP_TOO_WIDE",
        {"market__atr": D(500), "draft__invalidation": D("9000.9")},
        {"market__atr": D(500), "draft__invalidation": D("9000.8")},
    ),
    ("FUNDING_COST_LIMIT", {}, {"market__funding__rate_fraction": D("0.0031")}),
    (
        "FUNDING_COST_LIMIT",
        {"market__funding__rate_fraction": D("-0.003")},
        {"market__funding__rate_fraction": D("-0.0030001")},
    ),
    ("FUNDING_COST_LIMIT", SPOT, {"market__funding": None}),
    (
        "FUNDING_COST_LIMIT",
        {"draft__horizon_bars": 19, "market__funding__rate_fraction": D("0.0025")},
        {"draft__horizon_bars": 20, "market__funding__rate_fraction": D("0.0026")},
    ),
    ("DEPTH_INSUFFICIENT", {}, {"market__book": book(quantity="0.009")}),
    ("DEPTH_INSUFFICIENT", {}, {"market__book__asks": ()}),
    ("DEPTH_INSUFFICIENT", {}, {"market__book": book("9900", "10100")}),
    ("SLIPPAGE_LIMIT", {"market__book": thin("0.9")}, {"market__book": thin("0.1")}),
    (
        "QTY_BELOW_MIN",
        {"instrument__min_quantity": D("2.499")},
        {"instrument__min_quantity": D("2.5")},
    ),
    ("QTY_BELOW_MIN", {}, {"account__free": D(0)}),
    (
        "MIN_NOTIONAL",
        {"instrument__min_notional": D("24992.499")},
        {"instrument__min_notional": D("24992.5")},
    ),
    (
        "QTY_ABOVE_MAX",
        {"instrument__max_quantity": D("2.499")},
        {"instrument__max_quantity": D("2.498")},
    ),
    (
        "SYMBOL_NOTIONAL_LIMIT",
        {"account__positions": (Held("BTC/USDT", D(-1), D(25_000)),)},
        {"account__positions": (Held("BTC/USDT", D(-1), D(25_001)),)},
    ),
    (
        "GROSS_EXPOSURE_LIMIT",
        {"account__positions": (Held("ETH/USDT", D(1), D(150_000)),)},
        {"account__positions": (Held("ETH/USDT", D(1), D(150_001)),)},
    ),
    (
        "LEVERAGE_LIMIT",
        {"account__positions": (Held("ETH/USDT", D(1), D(200_000)),)},
        {"account__positions": (Held("ETH/USDT", D(1), D(200_001)),)},
    ),
    (
        "LEVERAGE_LIMIT",
        {**SPOT, "account__positions": (Held("ETH/USDT", D(1), D(100_000)),)},
        {**SPOT, "account__positions": (Held("ETH/USDT", D(1), D(100_001)),)},
    ),
    ("LEVERAGE_LIMIT", {}, {"account__equity": D(0)}),
    ("RISK_PER_TRADE", {}, {"account__equity": D(-1)}),
    (
        "MAX_OPEN_POSITIONS",
        {"account__positions": (HELD,) * 4},
        {"account__positions": (HELD,) * 5},
    ),
    ("MAX_TRADES_DAY", {"account__trades_today": 9}, {"account__trades_today": 10}),
    ("MAX_TRADES_DAY", {"account__trades_today_symbol": 2}, {"account__trades_today_symbol": 3}),
    (
        "DAILY_LOSS_LIMIT",
        {"account__equity": D("97000.01")},
        {"account__equity": D(97_000)},
    ),
    ("DAILY_LOSS_LIMIT", {}, {"account__day_start_equity": D(0)}),
    ("CONFIDENCE_LOW", {"draft__confidence": D("0.6")}, {"draft__confidence": D("0.599")}),
]


@pytest.mark.parametrize(("code", "inside", "outside"), EDGES)
def test_a_code_passes_just_inside_its_edge_and_fires_just_outside(code, inside, outside):
    assert code not in review(make_case(**inside)).codes
    assert code in review(make_case(**outside)).codes


BRACKET_EDGES = [
    ("STOP_TOO_TIGHT", {"stop_price": D(9_901)}, {"stop_price": D("9901.1")}),
    ("RISK_PER_TRADE", {"quantity": D("4.589")}, {"quantity": D("4.590")}),
    ("RR_BELOW_MIN", {"reward_risk": D("1.5")}, {"reward_risk": D("1.4999999")}),
    ("SLIPPAGE_LIMIT", {"entry_slippage_bps": D(15)}, {"entry_slippage_bps": D("15.01")}),
    ("DEPTH_INSUFFICIENT", {"quantity": D(20)}, {"quantity": D("20.001")}),
    ("SYMBOL_NOTIONAL_LIMIT", {"quantity": D("2.499")}, {"quantity": D("2.5")}),
    ("GROSS_EXPOSURE_LIMIT", {"quantity": D("14.998")}, {"quantity": D(15)}),
    ("LEVERAGE_LIMIT", {"quantity": D("19.998")}, {"quantity": D(20)}),
    ("STOP_WRONG_SIDE", {"stop_price": D(10_000)}, {"stop_price": D(10_001)}),
    ("FUNDING_COST_LIMIT", {}, {"stop_price": D(10_001)}),
]


@pytest.mark.parametrize(("code", "inside", "outside"), BRACKET_EDGES)
def test_a_bracket_from_elsewhere_is_judged_as_strictly(code, inside, outside):
    case = make_case()
    assert code not in _codes_on(case, replace(_bracket(case), **inside))
    assert code in _codes_on(case, replace(_bracket(case), **outside))


@pytest.mark.parametrize("atr", [None, NAN, D(0)])
def test_a_bracket_without_volatility_is_denied(atr):
    case = make_case()
    codes = _codes_on(edit(case, market__atr=atr), _bracket(case))
    assert "STOP_TOO_WIDE" in codes
    assert "RISK_PER_TRADE" in _codes_on(
        edit(case, market__realised_volatility=None), _bracket(case)
    )


def test_every_code_of_the_gate_is_in_the_edge_tables():
    seen = {finding.code for finding in review(make_case()).findings}
    assert seen == {row[0] for row in EDGES + BRACKET_EDGES}


def test_the_plain_case_is_approved_with_all_findings_and_the_bracket():
    verdict = review(make_case())
    assert isinstance(verdict, Approved)
    assert len(verdict.findings) == len(RULES)
    assert all(finding.passed for finding in verdict.findings)
    assert verdict.bracket.quantity == D("2.499")
    assert verdict.bracket.stop_price == D(9_800)


def test_a_denied_plan_keeps_every_finding_and_its_bracket():
    verdict = review(make_case(draft__confidence=D(0), account__trades_today=50))
    assert isinstance(verdict, Denied)
    assert verdict.codes == ("MAX_TRADES_DAY", "CONFIDENCE_LOW")
    assert len(verdict.findings) == len(RULES)
    assert verdict.bracket is not None


def test_without_a_bracket_the_reason_is_a_finding_and_nothing_is_claimed_unmeasured():
    verdict = review(make_case(market__atr=None))
    assert isinstance(verdict, Denied)
    assert verdict.bracket is None
    assert verdict.codes == ("VOL_UNAVAILABLE", "DECISION_SLIPPAGE")
    assert "RR_BELOW_MIN" not in {finding.code for finding in verdict.findings}


def test_an_exception_in_a_control_denies():
    def broken(_case: Case) -> Finding:
        raise KeyError("gone")

    verdict = review(make_case(), (*RULES, OnCase(broken)))
    assert verdict.codes == ("CONTROL_ERROR",)
    assert "broken" in verdict.findings[-1].sentence


def test_an_exception_in_a_control_on_the_bracket_denies():
    def broken(_case: Case, _bracket: Bracket) -> Finding:
        raise ZeroDivisionError

    assert review(make_case(), [OnBracket(broken)]).codes == ("CONTROL_ERROR",)


def test_an_exception_while_building_the_bracket_denies_without_any_other_rule():
    verdict = review(make_case(instrument__quantity_step=D(0)), ())
    assert verdict.codes == ("CONTROL_ERROR",)
    assert "build_bracket" in verdict.findings[0].sentence


def test_a_moment_without_time_zone_denies():
    naive = datetime(2024, 3, 5, 12)  # noqa: DTZ001 - the mistake under test
    assert "CONTROL_ERROR" in review(make_case(market__now=naive)).codes


@pytest.mark.parametrize(
    "path",
    [
        "market__last",
        "market__atr",
        "market__realised_volatility",
        "account__equity",
        "account__day_start_equity",
        "draft__confidence",
        "decision_price",
        "market__funding__rate_fraction",
        "instrument__min_notional",
        "instrument__taker_fee_fraction",
    ],
)
@pytest.mark.parametrize("value", [NAN, D("sNaN"), D("Infinity"), D("-Infinity")])
def test_no_number_that_is_none_is_ever_approved(path, value):
    assert not review(make_case(**{path: value})).approved


def test_a_book_with_a_broken_level_denies():
    broken = (Level(NAN, D(200)),)
    assert not review(make_case(market__book__asks=broken)).approved


def test_a_modelled_book_is_named_in_finding_and_sentence():
    verdict = review(make_case(market__book__origin="modelled"))
    modelled = {finding.code for finding in verdict.findings if finding.modelled}
    assert modelled >= {"SPREAD_TOO_WIDE", "SLIPPAGE_LIMIT", "DEPTH_INSUFFICIENT", "RR_BELOW_MIN"}
    assert all("modelled" in f.sentence for f in verdict.findings if f.modelled)
    assert not any(finding.modelled for finding in review(make_case()).findings)


def test_a_callers_decimal_context_changes_nothing():
    expected = review(make_case())
    with localcontext() as context:
        context.prec = 5
        assert review(make_case()) == expected


def test_the_gate_and_its_document_door_import_nothing_heavy():
    code = (
        "import sys, policies.gate, policies.document, policies.explain\n"
        "print({m.split('.')[0] for m in sys.modules} & {'pandas', 'langchain_core', 'langgraph',"
        " 'sqlalchemy', 'sqlmodel', 'ccxt', 'talib', 'matplotlib'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def _bracket(case: Case) -> Bracket:
    bracket = build_bracket(case)
    assert isinstance(bracket, Bracket)
    return bracket


def _codes_on(case: Case, bracket: Bracket) -> set[str]:
    findings = [rule.check(case, bracket) for rule in RULES if isinstance(rule, OnBracket)]
    return {finding.code for finding in findings if not finding.passed}
