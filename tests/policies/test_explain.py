"""The prompt's rules come from the object the gate enforces."""

from __future__ import annotations

from policies.explain import rules_text
from policies.settings import Policy
from tests.policies.cases import D, make_case

PERPETUAL = make_case().instrument
SPOT = make_case(instrument__kind="spot").instrument


def test_the_rules_are_ten_to_twenty_short_lines():
    for instrument in (SPOT, PERPETUAL):
        lines = rules_text(Policy(), instrument).splitlines()
        assert 10 <= len(lines) <= 20
        assert all(line.startswith("- ") and len(line) < 200 for line in lines)


def test_a_changed_limit_changes_the_text():
    changed = Policy(min_reward_risk_ratio=D("2.25"), max_stop_atr_ratio=D("3.5"))
    text = rules_text(changed, SPOT)
    assert "at least 2.25" in text
    assert "farther than 3.5 ATR14" in text


def test_spot_is_long_only_and_says_nothing_of_funding():
    assert "You may open: long (BTC/USDT, spot)" in rules_text(Policy(), SPOT)
    assert "funding" not in rules_text(Policy(), SPOT)
    assert "long or short" in rules_text(Policy(), PERPETUAL)
    assert "funding" in rules_text(Policy(), PERPETUAL)


def test_a_policy_that_allows_nothing_here_says_so():
    assert "You may open: nothing" in rules_text(Policy(sides=("short",)), SPOT)


def test_what_a_policy_asks_beyond_the_defaults_is_said_too():
    policy = Policy(
        stop_mode="strict",
        full_size_confidence_fraction=D("0.9"),
        required_tools=("ohlcv", "regime"),
        majors=("XRP",),
    )
    text = rules_text(policy, SPOT)
    assert "closer than 1 ATR14 to the entry is denied" in text
    assert "below 0.9 it shrinks the size" in text
    assert "- Before any plan, call: ohlcv, regime." in text
    assert "Spread at most 30 bps" in text
    plain = rules_text(Policy(), SPOT)
    assert "shrinks the size" not in plain
    assert "Before any plan" not in plain
    assert "Spread at most 10 bps" in plain
