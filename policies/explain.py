"""The policy as the model reads it: short lines, made from the very object the gate enforces.

Only what the model can act on. Limits of the account and of the venue are left out: a model that
knows them can do nothing about them, and a denial names them when they bind.
"""

from __future__ import annotations

from decimal import Decimal

from domain.instrument import Instrument
from domain.numbers import plain
from policies.settings import Policy


def rules_text(policy: Policy, instrument: Instrument) -> str:
    """The rules for plans on this instrument, one line each."""
    sides = [s for s in policy.sides if not (instrument.kind == "spot" and s == "short")]
    fee_bps = instrument.taker_fee_fraction * 10_000
    lines = [
        f"- You may open: {' or '.join(sides) or 'nothing'} ({instrument.symbol}, "
        f"{instrument.kind}). Prices are in {instrument.quote}, the tick is "
        f"{plain(instrument.price_tick)}.",
        "- Long: invalidation < entry < every target. Short: every target < entry < invalidation.",
        _stop_line(policy),
        f"- A stop farther than {plain(policy.max_stop_atr_ratio)} ATR14 or "
        f"{_percent(policy.max_stop_fraction)} of the entry price is denied.",
        f"- Net reward/risk, after costs, must be at least {plain(policy.min_reward_risk_ratio)}: "
        "(targets - entry - costs) / (entry - stop + costs), weighted over the targets.",
        f"- Costs: fee {plain(fee_bps)} bps per side; stop slippage at least "
        f"{plain(policy.min_stop_slippage_bps)} bps and "
        f"{plain(policy.stop_slippage_atr_ratio)} ATR14.",
        "- The entry is what the order book would really cost now, or your limit price.",
        f"- Spread at most {plain(_spread_limit(policy, instrument))} bps; entering at the "
        f"market may cost at most {plain(policy.max_entry_slippage_bps)} bps against the mid.",
        f"- A limit price lies within {_percent(policy.max_collar_fraction)} and "
        f"{plain(policy.max_collar_atr_ratio)} ATR14 of the market.",
        f"- Confidence below {plain(policy.min_confidence_fraction)} is denied"
        f"{_shrinking(policy)}; more confidence never buys more size.",
        *_numbers(policy),
        *_required(policy),
        "- One plan per symbol: with a position or a working entry nothing more is opened; what "
        "stands can be changed or closed.",
        _replan_line(policy),
        f"- An unfilled entry is cancelled after {_bars(policy.max_entry_age_bars)}; the position "
        "is closed after horizon_bars.",
    ]
    if instrument.kind == "perpetual":
        lines.append(
            "- Expected funding until the horizon may be at most "
            f"{_percent(policy.max_funding_cost_stop_fraction)} of the stop distance; nothing is "
            f"opened above {_percent(policy.max_funding_rate_8h_fraction)} per 8 h, either sign."
        )
    return "\n".join(lines)


def _replan_line(policy: Policy) -> str:
    adding = (
        f"at most {policy.max_scale_ins_count} of them may add to the position, within its first "
        "risk"
        if policy.max_scale_ins_count
        else "none may add to a position"
    )
    return (
        f"- A plan may be changed {policy.max_replans_count} times; its stop never moves away from "
        f"the price and its risk never grows; {adding}."
    )


def _bars(count: int) -> str:
    return "1 bar" if count == 1 else f"{count} bars"


def _stop_line(policy: Policy) -> str:
    least = plain(policy.min_stop_atr_ratio)
    if policy.stop_mode == "strict":
        return f"- The stop is your invalidation; closer than {least} ATR14 to the entry is denied."
    return (
        f"- The stop is placed at your invalidation, or at {least} ATR14 from the entry where that "
        "is farther."
    )


def _spread_limit(policy: Policy, instrument: Instrument) -> Decimal:
    major = instrument.base in policy.majors
    return policy.max_spread_bps if major else policy.max_spread_minor_bps


def _shrinking(policy: Policy) -> str:
    if policy.full_size_confidence_fraction <= policy.min_confidence_fraction:
        return ""
    return f", below {plain(policy.full_size_confidence_fraction)} it shrinks the size"


def _numbers(policy: Policy) -> tuple[str, ...]:
    if policy.evidence == "off":
        return ()
    return (
        "- Code recomputes every price of a plan from `numbers`; a wrong or missing one goes back "
        "once, the second time nothing is opened.",
    )


def _required(policy: Policy) -> list[str]:
    if not policy.required_tools:
        return []
    return [f"- Before any plan, call: {', '.join(policy.required_tools)}."]


def _percent(fraction: Decimal) -> str:
    return f"{plain(fraction * 100)} %"
