"""Whether a decision is worth a call of the model, said by code from what has happened since.

A cycle in which nothing happened is quiet: it costs no call, and the trace says why. What wakes is
the first look, the heartbeat, an answer that failed, a price that moved, another regime, another
position or plan, and a condition that a plan or the model itself named. What cannot be known wakes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from domain.numbers import plain, to_decimal
from domain.snapshot import Snapshot
from graph.context import RunContext
from graph.world import World
from policies.conditions import readings

WakeCode = Literal[
    "FIRST", "HEARTBEAT", "RETRY", "POSITION", "CONDITION", "REGIME", "PRICE", "QUIET"
]
QUIET: WakeCode = "QUIET"


class Waking(NamedTuple):
    """Whether the model is asked, and why."""

    code: WakeCode
    sentence: str

    @property
    def asks(self) -> bool:
        """Whether the model is asked."""
        return self.code != QUIET


def sight(context: RunContext, snapshot: Snapshot) -> dict[str, Any]:
    """What a later cycle is compared with, JSON-able; kept with each decision that was asked."""
    of, features = snapshot.regime, snapshot.decision_features
    return {
        "price": plain(snapshot.last),
        "atr": None if features is None else features.atr_14,
        "regime": {
            "trend": of.trend,
            "volatility": of.volatility,
            "squeeze": of.squeeze,
            "sit out": of.sit_out,
        },
        "position": _position(context, snapshot.symbol),
    }


def waking(context: RunContext, snapshot: Snapshot, seen: Mapping[str, Any]) -> Waking:
    """Why the model is asked about this snapshot, or that it is not.

    Args:
        context: The session.
        snapshot: The market now.
        seen: What it and the account look like, from `sight`.
    """
    symbol, every = snapshot.symbol, context.attention.heartbeat_count
    last = World(context).last_asked(symbol, snapshot.as_of, every)
    if last is None:
        return Waking("FIRST", f"{symbol} was never asked about in the last {every} decisions")
    if last.document["outcome"] == "failed":
        return Waking("RETRY", f"the last answer failed: {', '.join(last.document['codes'])}")
    if last.quiet_count + 1 >= every:
        return Waking("HEARTBEAT", f"{last.quiet_count} quiet decisions, every {every}th is asked")
    before, asked_at = last.document["seen"], last.document["as_of"]
    return (
        _other_position(before, seen)
        or _condition(context, snapshot, last.document["wake_if"])
        or _other_regime(before["regime"], seen["regime"])
        or _moved(before, seen, context.attention.move_atr_ratio, asked_at)
        or Waking(QUIET, _nothing(before, seen, asked_at, every - last.quiet_count - 1))
    )


def _position(context: RunContext, symbol: str) -> str:
    world = World(context)
    position, plan = world.position(symbol), world.standing_plan(symbol)
    held = "flat" if position is None else f"{position.side} {plain(abs(position.quantity))}"
    if plan is None:
        return held
    return f"{held}, plan {plan.plan.plan_id[:12]} version {plan.plan.version} {plan.status}"


def _other_position(before: Mapping[str, Any], seen: Mapping[str, Any]) -> Waking | None:
    was, now = before["position"], seen["position"]
    return None if was == now else Waking("POSITION", f"was {was}, is {now}")


def _condition(context: RunContext, snapshot: Snapshot, asked: Sequence[str]) -> Waking | None:
    stands = World(context).standing_plan(snapshot.symbol)
    named = (*asked, *(stands.plan.draft.invalid_if if stands else ()))
    held = next((each for each in readings(named, snapshot) if each.holds), None)
    return None if held is None else Waking("CONDITION", f"{held.condition!r} holds")


def _other_regime(before: Mapping[str, Any], now: Mapping[str, Any]) -> Waking | None:
    changed = [
        f"{name} was {was}, is {now[name]}" for name, was in before.items() if was != now[name]
    ]
    return Waking("REGIME", "; ".join(changed)) if changed else None


def _moved(
    before: Mapping[str, Any], seen: Mapping[str, Any], limit: float, asked_at: str
) -> Waking | None:
    way = _way(before, seen)
    if way is None:
        return Waking("PRICE", "how far the price has moved cannot be known without an ATR")
    if way < limit:
        return None
    return Waking(
        "PRICE",
        f"the price went from {before['price']} to {seen['price']} since {asked_at}: "
        f"{way:.2f} ATR, {limit:g} wakes",
    )


def _way(before: Mapping[str, Any], seen: Mapping[str, Any]) -> float | None:
    """How far the price is from where it was, in the ATR of then."""
    atr = before["atr"]
    if not atr:
        return None
    return abs(float(to_decimal(seen["price"]) - to_decimal(before["price"]))) / float(atr)


def _nothing(before: Mapping[str, Any], seen: Mapping[str, Any], asked_at: str, left: int) -> str:
    return (
        f"nothing happened since {asked_at}: the price moved {_way(before, seen):.2f} ATR, regime "
        f"and position are the same; asked again in {left} decisions at the latest"
    )
