"""Costs are exact, dated, and unknown where they are unknown."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agent.prices import NOTHING, Price, cost_of, price_list, worst_of
from domain.spending import Cost, Usage

USAGE = Usage(input_tokens=1000, output_tokens=50, cached_tokens=400, source="provider")


def cost_usd(price: Price | None, usage: Usage) -> Decimal | None:
    cost = cost_of(price, usage)
    return cost and cost.usd


@pytest.mark.parametrize(
    ("model", "cost"),
    [
        ("gpt-4o", "0.0025"),
        ("gpt-4o-2024-08-06", "0.0025"),
        ("gpt-5-nano", "0.000052"),
        ("o4-mini", "0.00099"),
    ],
)
def test_a_call_costs_what_the_list_says(model: str, cost: str) -> None:
    assert cost_usd(price_list()[model], USAGE) == Decimal(cost)


@pytest.mark.parametrize("model", ["qwen2.5", "gpt-4o-2024-05-13", "openai:gpt-4o", ""])
def test_a_price_that_is_not_listed_is_unknown_and_not_zero(model: str) -> None:
    assert cost_usd(price_list().get(model), USAGE) is None


def test_rules_cost_exactly_nothing() -> None:
    assert cost_usd(NOTHING, Usage(0, 0, 0, "provider")) == 0


def test_what_was_thought_has_a_price_of_its_own_where_one_is_named() -> None:
    usage = Usage(0, 100, 0, "provider", reasoning_tokens=40)
    price = Price(Decimal(1), Decimal(1), Decimal(2))
    assert cost_usd(price, usage) == Decimal("0.0002")
    dearer = Price(Decimal(1), Decimal(1), Decimal(2), Decimal(5))
    assert cost_usd(dearer, usage) == Decimal("0.00032")


def test_cached_input_never_costs_more_than_fresh_input() -> None:
    for name, price in price_list().items():
        assert 0 < price.cached <= price.input < price.output, name


def test_the_worst_case_takes_every_token_at_the_dearest_of_its_side() -> None:
    dear_cache = Price(Decimal(1), Decimal(3), Decimal(2), Decimal(5))
    assert worst_of(dear_cache, 1000, 100) == Cost(Decimal("0.003"), Decimal("0.0005"))
    assert worst_of(None, 1000, 100) is None
