"""What the rules planner does with a denial: mend what an honest change can mend, else give up.

- Net reward/risk too low (`RR_BELOW_MIN`): the target moves out to what the critique's own numbers
  require, plus a small margin, but never farther than 5 ATR 14 from the entry: beyond that the
  target would serve the ratio and not the chart.
- Walking the book too dear (`SLIPPAGE_LIMIT`): a limit order at the last close.
- Anything else: no trade, naming the codes.
"""

from __future__ import annotations

from typing import Any

from agent.rules_reading import Denial, Facts, number
from agent.rules_setups import equation, named, price

MAX_REACH_ATR = 5.0
MARGIN_FRACTION = 0.02
"""On top of the missing reward: the executor rounds targets to the tick toward the entry, and a
farther target pays more fee."""

_MENDABLE = {"RR_BELOW_MIN", "SLIPPAGE_LIMIT"}


def revised(denial: Denial, facts: Facts) -> dict[str, Any] | str:
    """The arguments of the next proposal, or the reason to give up."""
    codes = set(denial.limits)
    if not codes <= _MENDABLE:
        return f"denied by {', '.join(sorted(codes))}, which no change of this plan would mend"
    arguments, sources = dict(denial.proposal), list(denial.proposal.get("numbers", ()))
    if "RR_BELOW_MIN" in codes:
        target = _farther_target(denial, facts)
        if isinstance(target, str):
            return target
        moved = {float(t["price"]) for t in denial.proposal.get("targets", ())}
        sources = [one for one in sources if number(one.partition(" ")[0]) not in moved]
        arguments["targets"] = [{"price": price(target)}]
        sources.append(equation(price(target), _farther_from(denial)))
    if "SLIPPAGE_LIMIT" in codes:
        if not facts.candles or arguments.get("entry") is not None:
            return "denied by SLIPPAGE_LIMIT with nothing left to change"
        arguments["entry"] = price(facts.candles[-1].close)
        sources.append(equation(arguments["entry"], named("{ohlcv} close", facts)))
    thesis = str(denial.proposal.get("thesis", ""))[:1900]
    arguments["numbers"] = sources
    arguments["thesis"] = f"{thesis} Revised after {', '.join(sorted(codes))}."
    return arguments


def _farther_from(denial: Denial) -> str:
    """Where the farther target comes from: the gate's own figures of that denial."""
    gate, side = denial.result_id, (denial.bracket or {}).get("side")
    missing = f"({gate} limits.RR_BELOW_MIN - {gate} reward_risk) * {gate} risk_per_unit"
    return f"{gate} target_1 {'+' if side == 'long' else '-'} {1 + MARGIN_FRACTION} * {missing}"


def _farther_target(denial: Denial, facts: Facts) -> float | str:
    """The target that the critique's numbers ask for, or why it is out of reach."""
    bracket, targets = denial.bracket or {}, (denial.bracket or {}).get("targets")
    given = (
        denial.limits["RR_BELOW_MIN"].removeprefix(">=").strip(),
        targets[-1] if isinstance(targets, list) and targets else None,
        *(bracket.get(name) for name in ("entry", "risk_per_unit", "reward_risk")),
        facts.now("atr_14"),
    )
    known = [value for value in map(number, given) if value is not None]
    if len(known) < len(given):
        return "denied by RR_BELOW_MIN, without the numbers that would mend it"
    limit, old, entry, risk, ratio, atr = known
    missing = (limit - ratio) * risk * (1 + MARGIN_FRACTION)
    target = old + missing if bracket.get("side") == "long" else old - missing
    reach = abs(target - entry) / atr if atr > 0 else float("inf")
    if reach > MAX_REACH_ATR or target <= 0:
        return (
            f"denied by RR_BELOW_MIN; the target would have to lie {reach:.1f} ATR 14 away, and "
            f"beyond {MAX_REACH_ATR:g} it would serve the ratio, not the chart"
        )
    return target
