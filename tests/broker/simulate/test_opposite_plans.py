"""Two opposite plans on one symbol: refused in words, unless the first one is over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from broker.simulate.reading import read_script
from domain.errors import ConfigError
from tests.broker.simulate.gallery import result_of


def plan(name: str, side: str, at: int) -> dict[str, Any]:
    stop, target = (95, 110) if side == "long" else (105, 90)
    return {
        "at": at, "do": "plan", "plan": name, "side": side, "quantity": 1, "decision_price": 100,
        "horizon_bars": 2, "stop_slippage": 0.1, "stop": stop, "targets": [{"price": target}],
    }  # fmt: skip


def script(*events: dict[str, Any]) -> dict[str, Any]:
    bars = [[hour, 100, 101, 99, 100, 50] for hour in range(8)]
    text = json.dumps(
        {
            "description": "two plans",
            "instruments": {"BTC/USDT": {"kind": "perpetual"}},
            "bars": {"BTC/USDT": bars},
            "events": events,
        }
    )
    return result_of(read_script(text, "script.json"))


@pytest.mark.parametrize("sides", [("long", "short"), ("short", "long")])
@pytest.mark.parametrize("at", [0, 1])
def test_a_plan_against_one_that_is_not_over_is_refused(sides: tuple[str, str], at: int) -> None:
    with pytest.raises(ConfigError) as refused:
        script(plan("one", sides[0], 0), plan("two", sides[1], at))
    words = str(refused.value)
    assert "plan 'two' is" in words
    assert "while plan 'one' is" in words


def test_one_after_the_other_is_played() -> None:
    result = script(plan("one", "long", 0), plan("two", "short", 4))
    assert [p["status"] for p in result["plans"]] == ["closed", "closed"]
