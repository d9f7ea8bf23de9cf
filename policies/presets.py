"""Three policies to start from: the defaults, tighter, and looser; all within the hard ceilings.

A preset names only what differs from the defaults. They are starting points for paper trading, not
advice: none of them makes a plan profitable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "conservative": {
        "sides": ("long",),
        "risk_per_trade_fraction": 0.005,
        "max_open_risk_fraction": 0.015,
        "volatility_target_fraction": 0.25,
        "min_reward_risk_ratio": 2,
        "min_confidence_fraction": 0.7,
        "full_size_confidence_fraction": 0.9,
        "max_stop_atr_ratio": 3,
        "max_stop_fraction": 0.06,
        "max_symbol_notional_fraction": 0.15,
        "max_gross_exposure_fraction": 0.6,
        "max_net_exposure_fraction": 0.5,
        "max_correlated_exposure_fraction": 0.3,
        "max_leverage_ratio": 1,
        "max_position_leverage_ratio": 1,
        "min_free_margin_fraction": 0.4,
        "max_open_positions_count": 3,
        "max_trades_day_count": 4,
        "max_trades_day_symbol_count": 1,
        "cooldown_bars": 4,
        "cooldown_after_stop_bars": 12,
        "loss_streak_count": 3,
        "loss_streak_pause_bars": 12,
        "max_daily_loss_fraction": 0.015,
        "max_drawdown_fraction": 0.06,
        "max_spread_bps": 5,
        "max_spread_minor_bps": 15,
        "max_entry_slippage_bps": 8,
        "max_depth_fraction": 0.05,
        "max_turnover_fraction": 0.005,
        "max_decision_slippage_bps": 15,
        "max_funding_cost_stop_fraction": 0.15,
        "breakeven_after_r_ratio": 1.5,
        "stale_after_bars": 48,
    },
    "balanced": {},
    "aggressive": {
        "risk_per_trade_fraction": 0.02,
        "max_open_risk_fraction": 0.08,
        "volatility_target_fraction": 0.80,
        "min_reward_risk_ratio": 1.2,
        "min_confidence_fraction": 0.5,
        "full_size_confidence_fraction": 0.5,
        "max_stop_atr_ratio": 6,
        "max_symbol_notional_fraction": 0.75,
        "max_gross_exposure_fraction": 3,
        "max_net_exposure_fraction": 2.5,
        "max_correlated_exposure_fraction": 1.5,
        "max_leverage_ratio": 4,
        "max_position_leverage_ratio": 4,
        "min_free_margin_fraction": 0.1,
        "max_open_positions_count": 10,
        "max_open_orders_count": 50,
        "max_trades_day_count": 30,
        "max_trades_day_symbol_count": 8,
        "max_orders_minute_count": 20,
        "cooldown_bars": 1,
        "cooldown_after_stop_bars": 2,
        "max_daily_loss_fraction": 0.06,
        "max_drawdown_fraction": 0.25,
        "max_entry_slippage_bps": 25,
    },
}
"""By name, what differs from the defaults."""
