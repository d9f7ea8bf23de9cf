"""The rules in force, in the order that findings are told, each with its code and its limits.

What is listed here is what the gate runs, what `policy explain` explains, and what `gate selftest`
shows firing: one list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from domain.finding import Finding
from domain.verdict import Bracket
from policies.case import Case
from policies.rules import (
    account,
    clock,
    collar,
    exposure,
    freshness,
    funding,
    integrity,
    invalidation,
    levels,
    liquidation,
    liquidity,
    pace,
    quote,
    replan,
    reward,
    risk,
    send,
    size,
    standing,
    venue,
    volatility,
)


@dataclass(frozen=True, slots=True)
class OnCase:
    """A rule that needs the case alone, so it can judge where no bracket could be built."""

    code: str
    check: Callable[[Case], Finding]
    limits: tuple[str, ...] = ()
    """Keys of the policy that it enforces."""


@dataclass(frozen=True, slots=True)
class OnBracket:
    """A rule on the bracket; without one there is nothing to measure, and the plan is denied."""

    code: str
    check: Callable[[Case, Bracket], Finding]
    limits: tuple[str, ...] = ()
    """Keys of the policy that it enforces."""


Rule = OnCase | OnBracket

RULES: tuple[Rule, ...] = (
    OnCase("NUMBER_INVALID", integrity.numbers_are_valid),
    OnCase("UNKNOWN_SYMBOL", integrity.symbol_is_known, ("symbols",)),
    OnCase("SYMBOL_NOT_TRADABLE", integrity.symbol_is_tradable),
    OnCase("SIDE_NOT_ALLOWED", integrity.side_is_allowed, ("sides",)),
    OnCase("DUPLICATE_INTENT", integrity.symbol_is_free),
    OnCase("DUPLICATE_INTENT", integrity.draft_is_new),
    OnCase("PLAN_EXPIRED", standing.plan_is_current, ("max_entry_age_bars",)),
    OnCase("PLAN_SUPERSEDED", standing.plan_is_the_head),
    OnCase("POLICY_CHANGED", standing.policy_is_the_same),
    OnCase("REPLAN_LIMIT", replan.replans_are_few, ("max_replans_count",)),
    OnCase("SCALE_IN_LIMIT", replan.scale_ins_are_few, ("max_scale_ins_count",)),
    OnCase("EVIDENCE_MISSING", standing.evidence_stands),
    OnCase("EVIDENCE_MISSING", standing.required_tools_answered, ("required_tools",)),
    OnCase("INVALIDATED", invalidation.no_condition_holds),
    OnCase("CLOCK_SKEW", clock.nothing_is_from_the_future, ("max_clock_skew_s",)),
    OnCase("CLOCK_SKEW", clock.clock_agrees_with_the_venue, ("max_clock_skew_s",)),
    OnCase("CLOCK_SKEW", clock.clock_has_not_jumped, ("max_clock_skew_s",)),
    OnCase("STALE_DATA", freshness.quote_is_fresh, ("max_quote_age_s",)),
    OnCase("STALE_DATA", freshness.book_is_fresh, ("max_quote_age_s",)),
    OnCase("STALE_DATA", freshness.candle_is_fresh, ("max_candle_age_bars",)),
    OnCase("STALE_DATA", freshness.funding_is_fresh, ("max_funding_age_h",)),
    OnCase("VOL_UNAVAILABLE", volatility.volatility_is_known, ("min_history_bars",)),
    OnCase("DATA_GAP", volatility.history_has_no_gap, ("max_gap_bars",)),
    OnCase("BOOK_CROSSED", quote.book_is_not_crossed),
    OnCase(
        "SPREAD_TOO_WIDE",
        quote.spread_is_narrow,
        ("max_spread_bps", "max_spread_minor_bps", "majors"),
    ),
    OnCase(
        "DECISION_SLIPPAGE",
        quote.price_has_not_moved,
        ("max_decision_slippage_bps", "max_decision_slippage_atr_ratio"),
    ),
    OnBracket(
        "PRICE_COLLAR",
        collar.price_is_within_the_collar,
        ("max_collar_fraction", "max_collar_atr_ratio"),
    ),
    OnBracket("PRICE_COLLAR", collar.price_is_within_the_venues_band),
    OnBracket("STOP_WRONG_SIDE", levels.stop_is_on_its_side),
    OnBracket("TARGET_WRONG_SIDE", levels.targets_are_on_their_side),
    OnBracket(
        "STOP_TOO_TIGHT",
        levels.stop_is_beyond_noise,
        ("min_stop_atr_ratio", "min_stop_spread_ratio", "stop_mode"),
    ),
    OnBracket("STOP_TOO_WIDE", levels.stop_is_within_atr, ("max_stop_atr_ratio",)),
    OnBracket("STOP_TOO_WIDE", levels.stop_is_within_price, ("max_stop_fraction",)),
    OnBracket(
        "RR_BELOW_MIN",
        reward.reward_is_worth_the_risk,
        ("min_reward_risk_ratio", "min_stop_slippage_bps", "stop_slippage_atr_ratio"),
    ),
    OnBracket(
        "RISK_PER_TRADE",
        risk.risk_is_within_budget,
        ("risk_per_trade_fraction", "volatility_target_fraction", "full_size_confidence_fraction"),
    ),
    OnBracket("REPLAN_RISK_INCREASE", replan.replan_keeps_the_risk),
    OnBracket("REPLAN_RISK_INCREASE", replan.replan_keeps_the_stop),
    OnBracket("OPEN_RISK_LIMIT", risk.open_risk_is_bearable, ("max_open_risk_fraction",)),
    OnCase(
        "FUNDING_COST_LIMIT", funding.funding_rate_is_bearable, ("max_funding_rate_8h_fraction",)
    ),
    OnBracket(
        "FUNDING_COST_LIMIT", funding.funding_cost_is_bearable, ("max_funding_cost_stop_fraction",)
    ),
    OnBracket(
        "LIQUIDATION_TOO_CLOSE", liquidation.liquidation_is_far, ("min_liquidation_stop_ratio",)
    ),
    OnBracket("DEPTH_INSUFFICIENT", liquidity.depth_is_sufficient, ("max_depth_fraction",)),
    OnBracket("SLIPPAGE_LIMIT", liquidity.slippage_is_bearable, ("max_entry_slippage_bps",)),
    OnBracket("FAT_FINGER", liquidity.share_of_turnover_is_small, ("max_turnover_fraction",)),
    OnBracket("FAT_FINGER", liquidity.size_is_usual, ("max_usual_size_ratio",)),
    OnBracket("PRECISION", size.numbers_are_on_the_grid),
    OnBracket("QTY_BELOW_MIN", size.quantity_is_above_minimum),
    OnBracket("MIN_NOTIONAL", size.notional_is_above_minimum),
    OnBracket("QTY_ABOVE_MAX", size.quantity_is_below_maximum),
    OnBracket(
        "SYMBOL_NOTIONAL_LIMIT",
        exposure.symbol_notional_is_within_limit,
        ("max_symbol_notional_fraction",),
    ),
    OnBracket(
        "GROSS_EXPOSURE_LIMIT",
        exposure.gross_exposure_is_within_limit,
        ("max_gross_exposure_fraction",),
    ),
    OnBracket(
        "NET_EXPOSURE_LIMIT", exposure.net_exposure_is_within_limit, ("max_net_exposure_fraction",)
    ),
    OnBracket(
        "CORRELATED_EXPOSURE",
        exposure.correlated_exposure_is_within_limit,
        ("max_correlated_exposure_fraction",),
    ),
    OnBracket("LEVERAGE_LIMIT", exposure.leverage_is_within_limit, ("max_leverage_ratio",)),
    OnCase(
        "LEVERAGE_LIMIT",
        exposure.position_leverage_is_within_limit,
        ("max_position_leverage_ratio",),
    ),
    OnBracket("INSUFFICIENT_MARGIN", exposure.free_margin_is_left, ("min_free_margin_fraction",)),
    OnCase("MAX_OPEN_POSITIONS", account.positions_are_few, ("max_open_positions_count",)),
    OnCase("MAX_OPEN_ORDERS", account.orders_are_few, ("max_open_orders_count",)),
    OnCase("MAX_TRADES_DAY", pace.trades_of_the_day_are_few, ("max_trades_day_count",)),
    OnCase("MAX_TRADES_DAY", pace.trades_of_the_symbol_are_few, ("max_trades_day_symbol_count",)),
    OnCase("MAX_ORDERS_MINUTE", pace.orders_of_the_minute_are_few, ("max_orders_minute_count",)),
    OnCase("COOLDOWN", pace.symbol_has_cooled_down, ("cooldown_bars", "cooldown_after_stop_bars")),
    OnCase(
        "LOSS_STREAK",
        pace.stops_are_no_streak,
        ("loss_streak_count", "loss_streak_window_bars", "loss_streak_pause_bars"),
    ),
    OnCase("DAILY_LOSS_LIMIT", account.daily_loss_is_bearable, ("max_daily_loss_fraction",)),
    OnCase("MAX_DRAWDOWN", account.drawdown_is_bearable, ("max_drawdown_fraction",)),
    OnCase("CONFIDENCE_LOW", standing.confidence_is_sufficient, ("min_confidence_fraction",)),
    OnCase("MARKET_CLOSED", venue.market_is_open),
    OnCase("VENUE_MAINTENANCE", venue.venue_is_up),
    OnCase("NEWS_BLACKOUT", venue.no_blackout, ("blackouts",)),
    OnCase("KILL_SWITCH", send.kill_switch_is_off),
    OnCase(
        "TRADING_HALTED",
        send.trading_is_active,
        ("max_daily_loss_fraction", "max_drawdown_fraction"),
    ),
    OnCase("NOT_RECONCILED", send.orders_are_reconciled),
)
"""Integrity, data, price, risk, size, exposure, account, send; the first that fails is primary."""
