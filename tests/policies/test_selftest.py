"""Every control is moved across its edge: it passes just inside and fires just outside."""

from __future__ import annotations

import inspect
from decimal import Decimal
from functools import cache

import pytest

from policies.evidence import EVIDENCE_RULES
from policies.exits import EXIT_RULES
from policies.limits import TEST, explained, without_limit
from policies.policy_file import preset
from policies.presets import PRESETS
from policies.probe_list import PROBES
from policies.rulebook import RULES
from policies.selftest import selftest
from policies.settings import DEFAULTS, Policy

D = Decimal
NAMES = [rule.check.__name__ for rule in RULES]


@cache
def rows_under(name):
    return list(selftest(preset(name)))


@pytest.mark.parametrize("name", NAMES)
def test_each_rule_passes_inside_its_edge_and_fires_outside(name):
    """`policy explain` names this test once a rule."""
    (row,) = [row for row in rows_under("balanced") if row.rule == name]
    assert row.result == "holds"
    assert row.inside != row.outside or row.limit not in {row.inside, row.outside}


@pytest.mark.parametrize("name", PRESETS)
def test_every_control_holds_under_every_preset(name):
    rows = rows_under(name)
    assert [row for row in rows if row.result != "holds"] == []
    assert len(rows) == len(RULES) + 6  # five of the door, and a rule that breaks


def test_every_rule_has_one_probe_and_one_name():
    assert set(PROBES) == {rule.check for rule in RULES}
    assert len(set(NAMES)) == len(RULES)


def test_the_edge_lies_where_the_limit_says():
    edges = {row.rule: row for row in rows_under("balanced")}
    assert edges["confidence_is_sufficient"].inside == "0.6"
    assert edges["confidence_is_sufficient"].outside == "0.599"
    assert edges["quote_is_fresh"].inside == "10"
    assert edges["symbol_notional_is_within_limit"].inside == "0.25"
    assert edges["daily_loss_is_bearable"].outside == "0.03"


EXTREMES = {
    "loosest": {"min_confidence_fraction": 0, "cooldown_after_stop_bars": 0, "sides": ("short",)},
    "tightest": {
        "min_confidence_fraction": 1,
        "max_position_leverage_ratio": 1,
        "max_depth_fraction": D("0.001"),
        "risk_per_trade_fraction": D("0.0001"),
        "stop_mode": "strict",
        "symbols": ("DOGE/USDT",),
        "required_tools": ("ohlcv", "regime"),
    },
}


@pytest.mark.parametrize("name", EXTREMES)
def test_no_policy_breaks_a_rule_though_it_may_switch_one_off(name):
    rows = list(selftest(Policy(**EXTREMES[name])))
    assert [row for row in rows if row.result == "broken"] == []
    off = {row.rule for row in rows if row.result == "off"}
    loose = {"confidence_is_sufficient", "symbol_has_cooled_down"}
    assert off == (loose if name == "loosest" else set())


def test_every_key_of_the_policy_is_enforced_by_a_rule_that_names_it():
    limits = explained(DEFAULTS)
    assert [limit.key for limit in limits] == list(Policy.model_fields)
    assert [limit.key for limit in limits if not limit.rules] == []
    named = {key for rule in (*RULES, *EXIT_RULES, *EVIDENCE_RULES) for key in rule.limits}
    assert named == set(Policy.model_fields)


def test_what_is_explained_says_value_range_formula_place_and_test():
    by_key = {limit.key: limit for limit in explained(preset("conservative"))}
    limit = by_key["min_reward_risk_ratio"]
    assert (limit.value, limit.allowed) == ("2", "of at least 1 and at most 10")
    (rule,) = limit.rules
    assert rule.code == "RR_BELOW_MIN"
    assert rule.where == "policies.rules.reward.reward_is_worth_the_risk"
    assert rule.formula.startswith("net reward / net risk >=")
    assert rule.test == f"{TEST}[reward_is_worth_the_risk]"
    for enforced in [*without_limit(), *(rule for item in by_key.values() for rule in item.rules)]:
        assert enforced.formula, enforced.where


def test_the_named_tests_exist(request):
    path, name = TEST.split("::")
    assert (request.config.rootpath / path).samefile(__file__)
    assert name in globals()


@pytest.mark.parametrize("rule", [*RULES, *EXIT_RULES], ids=lambda rule: rule.check.__name__)
def test_each_rule_says_its_code_its_formula_its_reason_and_its_source(rule):
    doc = " ".join((inspect.getdoc(rule.check) or "").split())
    assert doc.startswith(f"`{rule.code}`: ")
    assert "Reason: " in doc
    assert "Source: " in doc
    assert [key for key in rule.limits if key not in doc] == []
