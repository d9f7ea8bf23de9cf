"""A grid of policies: every combination, each limit by the beginning of its name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backtest.grid import combinations, read_grid
from domain.errors import ConfigError
from policies.settings import DEFAULTS, Policy


def test_every_combination_is_a_policy() -> None:
    found = combinations(DEFAULTS, read_grid("min_reward_risk=1.2, 2; cooldown_bars=0,3"))
    pairs = [(policy.min_reward_risk_ratio, policy.cooldown_bars) for _, policy in found]
    low, high = Decimal("1.2"), Decimal(2)
    assert pairs == [(low, 0), (low, 3), (high, 0), (high, 3)]
    assert found[0][0] == {"min_reward_risk_ratio": "1.2", "cooldown_bars": "0"}
    assert {policy.max_leverage_ratio for _, policy in found} == {DEFAULTS.max_leverage_ratio}


_TEN = ",".join(map(str, range(10)))
_LARGE = ";".join(f"{name}={_TEN}" for name in list(Policy.model_fields)[:30])
"""More than any machine could write down."""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no limit"),
        ("min_reward_risk", "was expected to look like"),
        ("min_reward_risk=", "was expected to look like"),
        ("min_reward_risk=1;min_reward_risk_ratio=2", "each limit once"),
        ("max=1", "begin so"),
        ("nonsense=1", "no limit of the policy"),
        (f"cooldown_bars={','.join(map(str, range(201)))}", "201 combinations"),
        (_LARGE, r"10{30} combinations"),
    ],
)
def test_what_is_no_grid_is_refused_with_what_was_expected(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read_grid(text)


def test_a_value_that_a_limit_does_not_allow_names_the_trial() -> None:
    with pytest.raises(ConfigError, match="--grid min_reward_risk_ratio=-1"):
        combinations(DEFAULTS, read_grid("min_reward_risk=-1"))
