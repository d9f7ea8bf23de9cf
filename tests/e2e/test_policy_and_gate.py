"""The policy and gate commands, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policies.evidence import EVIDENCE_RULES
from policies.exits import EXIT_RULES
from policies.presets import PRESETS
from policies.rulebook import RULES
from policies.settings import Policy
from tests.e2e.command import plangate

SHORT = {
    "plan": {
        "side": "long",
        "targets": [{"price": 7600}],
        "invalidation": 7380,
        "confidence": 0.7,
    },
    "market": {"last": 7485, "atr": 60},
}


def write(folder: Path, document: object, name: str = "case.json") -> str:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return str(path)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_policy_is_written_checked_and_used(tmp_path, preset):
    wrote = plangate(tmp_path, "policy", "init", "--preset", preset)
    assert wrote.code == 0, wrote.err
    text = (tmp_path / "policy.toml").read_text("utf-8")
    assert all(f"\n{key} = " in text for key in Policy.model_fields)
    checked = plangate(tmp_path, "policy", "check", "policy.toml", "--json").document
    named = plangate(tmp_path, "policy", "check", preset, "--json").document
    assert checked == named
    again = plangate(tmp_path, "policy", "init")
    assert again.code == 2
    assert "--force" in again.err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("max_risk = 1", "unknown key 'max_risk'"),
        ("risk_per_trade_pct = 1", "did you mean 'risk_per_trade_fraction'?"),
        ("risk_per_trade_fraction = 1", "above 0 and at most 0.02"),
        ("min_reward_risk_ratio = nan", "of at least 1 and at most 10"),
        ("max_open_positions_count = 2.5", "a whole number"),
        ('stop_mode = "loose"', '"widen" or "strict"'),
        ('blackouts = ["tomorrow"]', "a list of windows"),
    ],
)
def test_a_wrong_policy_refuses_to_start_and_names_the_key(tmp_path, line, words):
    (tmp_path / "p.toml").write_text(line + "\n", "utf-8")
    for command in (["policy", "check", "p.toml"], ["run", "--policy", "p.toml"]):
        ran = plangate(tmp_path, *command)
        assert ran.code == 2
        assert line.split(" ")[0] in ran.err
        assert words in ran.err
        assert "Traceback" not in ran.err


def test_explain_lists_each_limit_with_all_there_is_to_know(tmp_path):
    document = plangate(tmp_path, "policy", "explain", "aggressive", "--json").document
    assert [limit["key"] for limit in document["limits"]] == list(Policy.model_fields)
    rules = [rule for limit in document["limits"] for rule in limit["rules"]]
    assert all(rule["formula"] and rule["where"] and rule["test"] for rule in rules)
    codes = {rule["code"] for rule in [*rules, *document["without_limit"]]}
    assert codes == {rule.code for rule in (*RULES, *EXIT_RULES, *EVIDENCE_RULES)}
    shown = plangate(tmp_path, "policy", "explain", "--key", "drawdown").out
    assert "max_drawdown_fraction = 0.1" in shown
    assert "has not fired in this state folder" in shown


def test_explain_says_when_a_limit_last_fired_and_on_what(tmp_path):
    ran = plangate(
        tmp_path, "run", "--market", "box", "--from", "2019-04-05", "--to", "2019-04-08",
        "--session", "one", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    document = plangate(tmp_path, "policy", "explain", "--json").document
    by_key = {limit["key"]: limit["rules"][0]["last_fired"] for limit in document["limits"]}
    fired = by_key["min_reward_risk_ratio"]
    assert fired["denials"] >= 1
    assert fired["session"] == "one"
    assert "net reward/risk" in fired["sentence"]
    shown = plangate(tmp_path, "policy", "explain", "--key", "reward").out
    assert fired["run_id"] in shown
    return_to_the_gate(tmp_path, fired["run_id"])


def return_to_the_gate(home: Path, run: str) -> None:
    """The recorded case gives the recorded verdict, and the plan that would pass does."""
    case = plangate(home, "gate", "case", run, "--version", "1")
    assert case.code == 0, case.err
    path = write(home, case.out)
    verdict = plangate(home, "gate", "check", path, "--json", "--nearest", "near.json")
    assert verdict.code == 5
    assert "RR_BELOW_MIN" in verdict.document["codes"]
    recorded = plangate(home, "traces", "show", run, "--json").document
    reviewed = next(e for e in recorded["events"] if e["kind"] == "reviewed")
    assert verdict.document["findings"] == reviewed["findings"]
    assert verdict.document["nearest"] == reviewed["nearest"]
    assert plangate(home, "gate", "check", "near.json").code == 0


@pytest.mark.parametrize("policy", [None, *PRESETS])
def test_the_selftest_holds(tmp_path, policy):
    words = [] if policy is None else ["--policy", policy]
    ran = plangate(tmp_path, "gate", "selftest", *words)
    assert ran.code == 0, ran.out
    assert "controls hold" in ran.out
    assert all(rule.code in ran.out for rule in RULES)


def test_the_nearest_plan_passes_when_it_is_fed_back(tmp_path):
    path = write(tmp_path, SHORT)
    denied = plangate(tmp_path, "gate", "check", path, "--nearest", "near.json")
    assert denied.code == 5
    assert "Would pass" in denied.out
    assert plangate(tmp_path, "gate", "check", "near.json").code == 0
    halted = write(tmp_path, {**SHORT, "account": {"trading_state": "halted"}}, "halted.json")
    hopeless = plangate(tmp_path, "gate", "check", halted, "--nearest", "none.json")
    assert "No change of the plan would pass: TRADING_HALTED." in hopeless.out
    assert not (tmp_path / "none.json").exists()


def test_a_case_is_judged_under_the_policy_that_is_named(tmp_path):
    path = write(tmp_path, {**SHORT, "policy": {"min_reward_risk_ratio": 1}})
    lenient = plangate(tmp_path, "gate", "check", path, "--policy", "aggressive", "--json").document
    strict = plangate(
        tmp_path, "gate", "check", path, "--policy", "conservative", "--json"
    ).document
    limits = {r["code"]: r["limit"] for r in strict["findings"]}
    assert limits["RR_BELOW_MIN"] == ">= 1"  # what the case says itself stands
    assert limits["MAX_DRAWDOWN"] == "< 0.06"
    assert {r["code"]: r["limit"] for r in lenient["findings"]}["MAX_DRAWDOWN"] == "< 0.25"


def test_a_run_without_a_kept_case_says_so(tmp_path):
    ran = plangate(tmp_path, "gate", "case", "20190101T0000Z-none")
    assert ran.code == 6
    assert "plangate traces list" in ran.err


MALFORMED = {
    "NaN": (SHORT | {"market": {"last": 7485, "atr": "@"}}, "NaN", "NUMBER_INVALID"),
    "400 digits": (SHORT | {"market": {"last": 7485, "atr": "@"}}, "1" * 400, "NUMBER_INVALID"),
    "infinity": (SHORT | {"market": {"last": 7485, "atr": "@"}}, "1e999", "NUMBER_INVALID"),
    "Arabic digits": (SHORT | {"market": {"last": 7485, "atr": "@"}}, "٦٠", "SCHEMA_INVALID"),
    "in quotes": (SHORT | {"market": {"last": 7485, "atr": "@"}}, '"60"', "NUMBER_INVALID"),
    "twice": (SHORT | {"comment": "@"}, '"a", "comment": "b"', "DUPLICATE_KEY"),
    "unknown": (SHORT | {"leverage": "@"}, "5", "UNKNOWN_FIELD"),
    "look-alike": (
        SHORT | {"instrument": {"symbol": "@"}, "allowed_symbols": ["BTC/USD"]},
        '"ВTC/USD"',
        "UNKNOWN_SYMBOL",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_gets_its_code_and_no_traceback(tmp_path, name):
    document, raw, code = MALFORMED[name]
    path = write(tmp_path, json.dumps(document, ensure_ascii=False).replace('"@"', raw))
    ran = plangate(tmp_path, "gate", "check", path, "--json")
    assert ran.code == 5, ran.err
    assert code in ran.document["codes"]
    assert ran.err == ""
