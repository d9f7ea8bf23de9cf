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

from domain.numbers import ZERO
from domain.spending import Cost, Usage

RULES = "rules"
"""Name of the planner that is no language model."""

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: Decimal
    cached: Decimal
    """For input tokens that the provider had cached."""
    output: Decimal
    reasoning: Decimal | None = None
    """For output tokens that are thought and not shown; None: as the others."""

    @property
    def thought(self) -> Decimal:
        """What a token costs that is thought and not shown."""
        return self.output if self.reasoning is None else self.reasoning


NOTHING = Price(ZERO, ZERO, ZERO)
"""What the rules planner costs."""


def cost_of(price: Price | None, usage: Usage) -> Cost | None:
    """What a call cost; None where the price is unknown."""
    if price is None:
        return None
    fresh = usage.input_tokens - usage.cached_tokens
    shown = usage.output_tokens - usage.reasoning_tokens
    return Cost(
        (fresh * price.input + usage.cached_tokens * price.cached) / _MILLION,
        (shown * price.output + usage.reasoning_tokens * price.thought) / _MILLION,
    )


def worst_of(price: Price | None, prompt_tokens: int, answer_tokens: int) -> Cost | None:
    """The most that a call may cost: no token cheaper than the dearest of its side."""
    if price is None:
        return None
    return Cost(
        prompt_tokens * max(price.input, price.cached) / _MILLION,
        answer_tokens * max(price.output, price.thought) / _MILLION,
    )


@cache
def price_list() -> dict[str, Price]:
    """Every model whose price is known, dated names included."""
    raw = tomllib.loads(files("agent").joinpath("prices.toml").read_text(encoding="utf-8"))
    prices = {
        name: Price(Decimal(row["input"]), Decimal(row["cached"]), Decimal(row["output"]))
        for name, row in raw["models"].items()
    }
    return prices | {name: prices[of] for name, of in raw["same_as"].items()}
