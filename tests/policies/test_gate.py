"""What the gate does with its rules: all are asked, all findings kept, and a broken one denies."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_UP, localcontext

import pytest

from domain.book import Level
from domain.finding import Finding, Stated
from domain.verdict import Approved, Bracket, Denied, TargetLeg
from policies.bracket import build_bracket
from policies.case import Case
from policies.document import verdict_document
from policies.gate import review
from policies.nearest import advised
from policies.rulebook import RULES, OnBracket, OnCase
from tests.policies.cases import D, edit, make_case
from tests.policies.edges import INFINITY, NAN

# A bracket from elsewhere: entry 10 001, stop 9 800, quantity 2.499, one target at 10 600.
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
    ("PRECISION", {}, {"stop_price": D("9800.05")}),
    ("PRECISION", {}, {"targets": (TargetLeg(D(10_600), D("2.4")),)}),
    ("PRECISION", {}, {"targets": (TargetLeg(D("10600.01"), D("2.499")),)}),
    (
        "PRECISION",
        {"targets": (TargetLeg(D(10_500), D("1.499")), TargetLeg(D(10_600), D(1)))},
        {"targets": (TargetLeg(D(10_500), D("1.4995")), TargetLeg(D(10_600), D("0.9995")))},
    ),
]


@pytest.mark.parametrize(("code", "inside", "outside"), BRACKET_EDGES)
def test_a_bracket_from_elsewhere_is_judged_as_strictly(code, inside, outside):
    case = make_case()
    assert code not in _codes_on(case, replace(_bracket(case), **inside))
    assert code in _codes_on(case, replace(_bracket(case), **outside))


@pytest.mark.parametrize("atr", [None, NAN, INFINITY, D(0), D(-1)])
def test_a_bracket_without_volatility_is_denied(atr):
    case = make_case()
    codes = _codes_on(edit(case, market__atr=atr), _bracket(case))
    assert {"STOP_TOO_WIDE", "STOP_TOO_TIGHT", "LIQUIDATION_TOO_CLOSE"} <= codes
    unsized = edit(case, market__realised_volatility=None)
    assert "RISK_PER_TRADE" in _codes_on(unsized, _bracket(case))


@pytest.mark.parametrize("field", ["entry_price", "quantity", "stop_price", "reward_risk"])
@pytest.mark.parametrize("value", [NAN, D("sNaN"), INFINITY])
def test_a_bracket_with_a_number_that_is_none_is_denied(field, value):
    case = make_case()
    rules = [OnBracket("X", lambda c, b, rule=rule: rule.check(c, replace(b, **{field: value})))
             for rule in RULES if isinstance(rule, OnBracket)]  # fmt: skip
    assert not review(case, rules).approved


def test_a_bracket_from_elsewhere_without_a_market_is_denied():
    case = make_case()
    bare = edit(case, market__book=None, market__last_close=None, market__funding=None)
    found = _codes_on(bare, _bracket(case))
    assert {"DEPTH_INSUFFICIENT", "PRICE_COLLAR", "FUNDING_COST_LIMIT"} <= found
    free = edit(case, market__last=D(0), market__last_close=D(0))
    bands = [rule for rule in RULES if rule.code == "PRICE_COLLAR"]
    for broken in (bare, free):
        banded = edit(broken, instrument__min_price_ratio=D("0.5"))
        assert [rule.check(banded, _bracket(case)).passed for rule in bands] == [False, False]


def test_the_plain_case_is_approved_with_all_findings_and_the_bracket():
    verdict = review(make_case())
    assert isinstance(verdict, Approved)
    assert len(verdict.findings) == len(RULES) == 72
    assert all(finding.passed for finding in verdict.findings)
    assert verdict.bracket.quantity == D("2.499")
    assert verdict.bracket.stop_price == D(9_800)
    assert (verdict.codes, verdict.nearest) == ((), None)


def test_a_denied_plan_keeps_every_finding_and_its_bracket():
    verdict = review(make_case(draft__confidence=D("0.5"), account__trades_today=50))
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
    no_asks = review(make_case(market__book__asks=()))
    assert (no_asks.bracket, no_asks.findings[-1].code) == (None, "DEPTH_INSUFFICIENT")


def test_an_exception_in_a_control_denies():
    def broken(_case: Case) -> Finding:
        raise KeyError("gone")

    verdict = review(make_case(), (*RULES, OnCase("X", broken)))
    assert verdict.codes == ("CONTROL_ERROR",)
    assert "broken could not answer (KeyError: 'gone')" in verdict.findings[-1].sentence


def test_an_exception_in_the_arithmetic_denies():
    verdict = review(make_case(instrument__price_tick=D(0)))
    assert isinstance(verdict, Denied)
    assert verdict.bracket is None
    assert {"NUMBER_INVALID", "CONTROL_ERROR"} <= set(verdict.codes)
    assert "build_bracket" in verdict.findings[-1].sentence


@pytest.mark.parametrize("answer", [None, 1, "yes", object()])
def test_only_a_proven_true_passes(answer):
    def vague(_case: Case) -> Finding:
        return make_finding(answer)

    assert not review(make_case(), (*RULES, OnCase("X", vague))).approved


def make_finding(passed) -> Finding:
    from domain.finding import Stated

    return Stated("X", passed, "", "", "")


def test_a_moment_without_time_zone_denies():
    naive = datetime(2024, 3, 5, 12)  # noqa: DTZ001 - the mistake under test
    assert "CONTROL_ERROR" in review(make_case(market__now=naive)).codes


def test_a_book_with_a_broken_level_denies():
    broken = (Level(NAN, D(200)),)
    assert not review(make_case(market__book__asks=broken)).approved


def test_a_modelled_book_is_named_in_finding_and_sentence():
    verdict = review(make_case(market__book__origin="modelled"))
    modelled = {finding.code for finding in verdict.findings if finding.modelled}
    assert modelled >= {"SPREAD_TOO_WIDE", "SLIPPAGE_LIMIT", "DEPTH_INSUFFICIENT", "RR_BELOW_MIN"}
    assert all("modelled" in f.sentence for f in verdict.findings if f.modelled)
    assert not any(finding.modelled for finding in review(make_case()).findings)


@pytest.mark.parametrize(
    "case",
    [
        make_case(),
        make_case(account__equity=D("97345.678")),
        make_case(draft__invalidation=D("9612.3")),
    ],
)
def test_a_callers_decimal_context_changes_no_word_of_the_verdict(case):
    expected = verdict_document(advised(case, review(case)))
    with localcontext() as context:
        context.prec, context.rounding = 5, ROUND_UP
        assert verdict_document(advised(case, review(case))) == expected


def test_the_gate_and_its_document_door_import_nothing_heavy():
    code = (
        "import sys, policies.gate, policies.document, policies.explain, policies.nearest\n"
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


def test_a_broken_control_says_so_in_a_finding_of_its_own():
    finding = review(make_case(instrument__price_tick=D(0))).findings[-1]
    assert finding == Stated(
        "CONTROL_ERROR",
        False,
        "DivisionByZero",
        "an answer",
        "The control build_bracket could not answer (DivisionByZero: [<class "
        "'decimal.DivisionByZero'>]); what cannot be checked is denied.",
    )


def test_a_reason_that_a_rule_gave_already_is_not_told_twice():
    for missing in ({"market__atr": None}, {"market__realised_volatility": None}):
        findings = review(make_case(**missing)).findings
        assert [finding.code for finding in findings].count("VOL_UNAVAILABLE") == 1


def test_a_venue_that_is_closed_is_not_under_maintenance_too():
    assert review(make_case(market__venue_status="closed")).codes == ("MARKET_CLOSED",)
