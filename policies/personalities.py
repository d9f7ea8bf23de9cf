"""Ways to look at a market, and the limits that each brings along: they tighten, and never loosen.

What a personality is told is a part of the prompt (`agent/prompts/personalities`); words bind
nobody, so each brings limits too, and the gate enforces them on the whole session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from domain.errors import ConfigError
from policies.settings import Policy
from policies.tightening import tightened

PERSONALITIES: Mapping[str, Mapping[str, Decimal | int]] = {
    "conservative": {
        "risk_per_trade_fraction": Decimal("0.005"),
        "max_open_risk_fraction": Decimal("0.015"),
        "min_reward_risk_ratio": Decimal(2),
        "min_confidence_fraction": Decimal("0.7"),
        "max_stop_atr_ratio": Decimal(3),
        "max_symbol_notional_fraction": Decimal("0.15"),
        "max_trades_day_symbol_count": 1,
    },
    "aggressive": {"max_stop_atr_ratio": Decimal("2.5")},
    "contrarian": {
        "risk_per_trade_fraction": Decimal("0.005"),
        "min_reward_risk_ratio": Decimal(2),
    },
    "trend": {"max_trades_day_symbol_count": 2, "cooldown_after_stop_bars": 8},
}
"""By name: the limits in whose favour it gives up something. Against the trend less is risked for
more; who looks for many trades pays with near stops; who follows a trend waits after a stop."""


def require_personality(name: str) -> str:
    """The name, if it is one.

    Raises:
        ConfigError: it is none.
    """
    if name not in PERSONALITIES:
        raise ConfigError(f"no personality {name!r}; there are {', '.join(PERSONALITIES)}")
    return name


def policy_with(policy: Policy, names: Iterable[str]) -> Policy:
    """The policy, tightened by everyone's limits.

    Raises:
        ConfigError: no such personality, or limits that contradict the policy's.
    """
    for name in names:
        limits = PERSONALITIES[require_personality(name)]
        policy = tightened(policy, limits, f"personality {name!r} under this policy")
    return policy
