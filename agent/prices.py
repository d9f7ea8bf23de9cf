"""What a call costs, from a dated price list that ships with us (`prices.toml`).

A model that is not in the list has an unknown price, which is None and never 0. The rules planner
costs exactly 0: no model is called.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

from domain.numbers import ZERO

RULES = "rules"
"""Name of the planner that is no language model."""

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int
    """Part of the input that the provider had cached."""
    source: Literal["provider", "tiktoken", "estimate"]
    """Who counted; `provider` also for the rules planner's exact zero."""
    reasoning_tokens: int = 0
    """Part of the output that the model thought with and did not show."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: Decimal
    cached: Decimal
    """For input tokens that the provider had cached."""
    output: Decimal
    reasoning: Decimal | None = None
    """For output tokens that are thought and not shown; None: as the others."""


NOTHING = Price(ZERO, ZERO, ZERO)
"""What the rules planner costs."""


def cost_usd(price: Price | None, usage: Usage) -> Decimal | None:
    """What a call cost in US dollars; None where the price is unknown."""
    if price is None:
        return None
    fresh = usage.input_tokens - usage.cached_tokens
    thought = price.output if price.reasoning is None else price.reasoning
    shown = usage.output_tokens - usage.reasoning_tokens
    total = (
        fresh * price.input
        + usage.cached_tokens * price.cached
        + shown * price.output
        + usage.reasoning_tokens * thought
    )
    return total / _MILLION


@cache
def price_list() -> dict[str, Price]:
    """Every model whose price is known, dated names included."""
    raw = tomllib.loads(files("agent").joinpath("prices.toml").read_text(encoding="utf-8"))
    prices = {
        name: Price(Decimal(row["input"]), Decimal(row["cached"]), Decimal(row["output"]))
        for name, row in raw["models"].items()
    }
    return prices | {name: prices[of] for name, of in raw["same_as"].items()}
