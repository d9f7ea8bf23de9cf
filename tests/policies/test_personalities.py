"""Personalities and their limits: words for the model, tighter limits for the gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import ConfigError
from policies.personalities import PERSONALITIES, policy_with
from policies.policy_file import parse_policy, preset
from policies.presets import PRESETS
from policies.settings import DEFAULTS, Policy
from policies.tightening import NUMBERS, is_tighter

PROMPTS = Path(__file__).parents[2] / "agent" / "prompts" / "personalities"


def test_each_has_limits_and_is_told_something() -> None:
    assert {path.stem for path in PROMPTS.glob("*.md")} == set(PERSONALITIES)


@pytest.mark.parametrize("base", PRESETS)
@pytest.mark.parametrize("name", PERSONALITIES)
def test_no_limit_is_ever_loosened(name: str, base: str) -> None:
    policy = preset(base)
    found = policy_with(policy, [name])
    for key in Policy.model_fields:
        before, after = getattr(policy, key), getattr(found, key)
        assert before == after or (key in NUMBERS and is_tighter(key, after, before)), key


def test_each_tightens_the_defaults_and_all_together_hold() -> None:
    alone = [policy_with(DEFAULTS, [name]) for name in PERSONALITIES]
    assert all(policy != DEFAULTS for policy in alone)
    together = policy_with(DEFAULTS, PERSONALITIES)
    assert together == policy_with(DEFAULTS, reversed(PERSONALITIES))
    assert together == policy_with(together, PERSONALITIES)
    for key in NUMBERS:
        assert not any(is_tighter(key, getattr(p, key), getattr(together, key)) for p in alone), key


def test_nobody_at_the_table_leaves_the_policy_as_it_is() -> None:
    assert policy_with(DEFAULTS, []) is DEFAULTS


def test_limits_that_contradict_the_policy_refuse_to_start() -> None:
    wide = parse_policy({"min_stop_atr_ratio": 3, "max_stop_atr_ratio": 4}, where="the test")
    with pytest.raises(ConfigError, match="personality 'aggressive' under this policy"):
        policy_with(wide, ["aggressive"])


def test_a_name_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match="no personality 'bold'; there are conservative, aggress"):
        policy_with(DEFAULTS, ["bold"])
