"""Every number that the gate holds a plan against, and the direction in which it is tighter."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from policies.exits import EXIT_RULES
from policies.settings import WORDS, Policy

MANAGED = frozenset(key for rule in EXIT_RULES for key in rule.limits)
"""How an open position is managed: neither tighter nor looser, and nothing the gate asks."""
NUMBERS = [name for name in Policy.model_fields if name not in WORDS | MANAGED]
TIGHTER_WHEN_HIGHER = {
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
TIGHTER: dict[str, Literal[1, -1]] = {
    name: 1 if name in TIGHTER_WHEN_HIGHER else -1 for name in NUMBERS
}
"""1 where more is tighter, -1 where less is."""


def is_tighter(name: str, one: Decimal | int, other: Decimal | int) -> bool:
    """Whether `one` allows less than `other`."""
    return (one - other) * TIGHTER[name] > 0


def hard_range(name: str) -> tuple[Decimal, Decimal]:
    """Lowest and highest value that the schema takes, an open end moved in by a millionth."""
    low = high = Decimal(0)
    for part in Policy.model_fields[name].metadata:
        if hasattr(part, "gt"):
            low = Decimal(part.gt) + Decimal("0.000001")
        if hasattr(part, "ge"):
            low = Decimal(part.ge)
        if hasattr(part, "lt"):
            high = Decimal(part.lt) - Decimal("0.000001")
        if hasattr(part, "le"):
            high = Decimal(part.le)
    return low, high
