"""Which way each limit is tighter, and a policy that is made tighter and never looser."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from policies.exits import EXIT_RULES
from policies.policy_file import parse_policy
from policies.settings import WORDS, Policy

MANAGED = frozenset(key for rule in EXIT_RULES for key in rule.limits)
"""How an open position is managed: neither tighter nor looser, and nothing the gate asks."""
NUMBERS = tuple(name for name in Policy.model_fields if name not in WORDS | MANAGED)
"""The limits that a plan is held against."""
TIGHTER_WHEN_HIGHER = frozenset(
    {
        "min_reward_risk_ratio",
        "min_confidence_fraction",
        "full_size_confidence_fraction",
        "min_stop_atr_ratio",
        "min_stop_spread_ratio",
        "min_stop_slippage_bps",
        "stop_slippage_atr_ratio",
        "min_liquidation_stop_ratio",
        "min_free_margin_fraction",
        "cooldown_bars",
        "cooldown_after_stop_bars",
        "loss_streak_window_bars",
        "loss_streak_pause_bars",
        "min_history_bars",
    }
)
TIGHTER: Mapping[str, Literal[1, -1]] = {
    name: 1 if name in TIGHTER_WHEN_HIGHER else -1 for name in NUMBERS
}
"""1 where more is tighter, -1 where less is."""


def is_tighter(name: str, one: Decimal | int, other: Decimal | int) -> bool:
    """Whether `one` allows less than `other`."""
    return (one - other) * TIGHTER[name] > 0


def tightened(policy: Policy, limits: Mapping[str, Decimal | int], where: str) -> Policy:
    """The policy with those of `limits` that are tighter than its own; the others stay its own.

    Args:
        policy: What was asked for.
        limits: By key, of `NUMBERS`.
        where: Names their source in complaints.

    Raises:
        ConfigError: together they contradict each other.
    """
    tighter = {
        name: limit
        for name, limit in limits.items()
        if is_tighter(name, limit, getattr(policy, name))
    }
    return parse_policy({**policy.model_dump(), **tighter}, where=where) if tighter else policy
