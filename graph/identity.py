"""A run's name: the same inputs always give the same id, so a repeated run is recognised."""

from __future__ import annotations

from datetime import datetime

from domain.strict_json import content_hash
from graph.context import RunContext
from graph.world import World

GRAPH_VERSION = "2"
"""Counted up when the same inputs may lead to another decision."""


def run_id(context: RunContext, symbol: str, as_of: datetime) -> str:
    """Slot, symbol and a hash of what decides, such as `20190512T1400Z-btcusd-324ce260`.

    Hashed are graph, policy, prompt, model, market, timeframe, symbols, caps, who else is
    asked, and attention.

    The slot is the candle boundary that `as_of` lies at or after: live, a decision is made some
    seconds later.

    The session's name and the data's place are no part of it: two sessions that decide alike name
    their runs alike.
    """
    shape = [
        GRAPH_VERSION,
        context.policy.policy_hash,
        context.prompt_hash,
        context.planner.model_name,
        World(context).market().partition(":")[0],
        context.timeframe.value,
        list(context.symbols),
        context.caps.model_dump(mode="json"),
        *([context.opinions.shape] if context.opinions.wanted else []),
        *([context.attention.model_dump(mode="json")] if context.attention.sleeps else []),
    ]
    slot = context.timeframe.floor(as_of)
    name = "".join(c for c in symbol if c.isalnum()).lower()
    return f"{slot:%Y%m%dT%H%MZ}-{name}-{content_hash(shape)[:8]}"
