"""What a script must say to be played, and what is said of one that does not."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from app.cli.main import exit_code
from broker.simulate.reading import read_script, script_schema
from broker.simulate.world import source_of
from domain.errors import PlangateError

SHORT: dict[str, Any] = {
    "description": "one order",
    "instruments": {"BTC/USDT": {}},
    "bars": {"BTC/USDT": [[0, 100, 101, 99, 100, 50]]},
    "events": [{"at": 0, "do": "send", "order": "in", "side": "buy", "quantity": 1}],
}


def changed(**sections: Any) -> dict[str, Any]:
    return {**SHORT, **sections}


def rows(*bars: list[Any]) -> dict[str, Any]:
    return {"bars": {"BTC/USDT": list(bars)}}


def event(**fields: Any) -> dict[str, Any]:
    return changed(events=[{"at": 0, **fields}])


WRONG: dict[str, tuple[object, int, str]] = {
    "NaN": (json.dumps(SHORT).replace("101", "NaN"), 2, "NaN is not a number we accept"),
    "huge": (json.dumps(SHORT).replace("101", "1e400"), 2, "out of bounds"),
    "twice": ('{"description": "a", "description": "b"}', 2, "'description' stands twice"),
    "not JSON": ("bars", 2, "not JSON"),
    "a list": ("[]", 2, "a JSON object"),
    "unknown field": (changed(leverage=5), 2, "unknown field leverage with the value 5"),
    "no bars": ({k: v for k, v in SHORT.items() if k != "bars"}, 2, "bars is missing"),
    "number in quotes": (changed(account={"capital": "1000"}), 2, "account.capital is '1000'"),
    "money said twice": (
        changed(account={"quote": "EUR", "purses": {"EUR": 1}}),
        2,
        "give one or the other",
    ),
    "quoted in nothing it has": (
        changed(account={"purses": {"EUR": 1, "USD": 1}}),
        2,
        "expected in the account's 'EUR' or 'USD'",
    ),
    "money it has not": (
        event(do="deposit", amount=1, currency="EUR"),
        2,
        "the account has no 'EUR'",
    ),
    "which money": (
        {
            **event(do="deposit", amount=1),
            "account": {"purses": {"EUR": 1, "USDT": 1}},
        },
        2,
        "currency is needed",
    ),
    "no money": (event(do="deposit", amount=0), 2, "other than 0"),
    "too exact": (changed(**rows([0, 100.0000000000001234, 101, 99, 100, 1])), 2, "15 digits"),
    "unsorted": (
        changed(**rows([1, 100, 101, 99, 100, 1], [0, 100, 101, 99, 100, 1])),
        3,
        "candle 2 (2024-01-01T00:00:00Z): unsorted",
    ),
    "same bar twice": (
        changed(**rows([0, 100, 101, 99, 100, 1], [0, 100, 101, 99, 100, 1])),
        3,
        "duplicate",
    ),
    "high below low": (
        changed(**rows([0, 100, 99, 101, 100, 1])),
        3,
        "high 99.0 is below low 101.0",
    ),
    "price of nothing": (changed(**rows([0, 0, 101, 0, 100, 1])), 3, "expected above 0"),
    "between two bars": (changed(**rows([0.5, 100, 101, 99, 100, 1])), 3, "is no multiple of 1h"),
    "no moment": (changed(**rows(["noon", 100, 101, 99, 100, 1])), 2, "'noon' was expected to be"),
    "a fault of no order": (
        changed(faults=[{"fault": "late", "order": "out"}]),
        2,
        "faults.0: no order 'out' is sent",
    ),
    "a fault of no plan": (
        changed(faults=[{"fault": "late", "plan": "p"}]),
        2,
        "there is no plan 'p'",
    ),
    "no such fault": (changed(faults=[{"fault": "bad luck"}]), 2, "faults.0.fault is 'bad luck'"),
    "a call of its own": (
        changed(faults=[{"fault": "late", "call": "send"}]),
        2,
        "late has a call of its own",
    ),
    "a leg of no plan": (
        changed(faults=[{"fault": "late", "leg": "stop"}]),
        2,
        "leg was expected with a plan",
    ),
    "order and plan": (
        changed(faults=[{"fault": "late", "order": "in", "plan": "p"}]),
        2,
        "order or plan, one of the two",
    ),
    "never": (changed(faults=[{"fault": "late", "nth": 0}]), 2, "faults.0.nth is 0"),
    "no such event": (event(do="wish"), 2, "'wish'"),
    "limit without a price": (
        event(do="send", order="a", side="buy", kind="limit", quantity=1),
        2,
        "to have a price",
    ),
    "stop-limit without a limit": (
        event(do="send", order="a", side="buy", kind="stop_limit", quantity=1, price=1),
        2,
        "to have a limit_price",
    ),
    "market with a price": (
        event(do="send", order="a", side="buy", quantity=1, price=5),
        2,
        "to have no price",
    ),
    "quantity of nothing": (
        event(do="send", order="a", side="buy", quantity=0),
        2,
        "quantity is 0",
    ),
    "amends what was never sent": (
        event(do="amend", order="a", price=5),
        2,
        "no order 'a' was sent",
    ),
    "stop on the wrong side": (
        event(
            do="plan",
            plan="a",
            side="long",
            quantity=1,
            entry=100,
            stop=101,
            targets=[{"price": 110}],
        ),
        2,
        "stop 101 was expected on the losing side",
    ),
    "targets that do not sum": (
        event(
            do="plan",
            plan="a",
            side="long",
            quantity=2,
            entry=100,
            stop=95,
            targets=[{"price": 110, "quantity": 1}],
        ),
        2,
        "target quantities sum to 1, was expected 2",
    ),
    "no price of a plan": (
        event(do="plan", plan="a", side="long", quantity=1, stop=95, targets=[{"price": 110}]),
        2,
        "entry or decision_price",
    ),
    "events out of order": (
        changed(events=[{"at": 2, "do": "advance"}, {"at": 1, "do": "advance"}]),
        2,
        "events.1 is at 2024-01-01T01:00:00Z, was expected at or after 2024-01-01T02:00:00Z",
    ),
    "down for no time": (event(do="downtime", until=0), 2, "until was expected to be after at"),
    "two masters": (
        changed(
            events=[
                *SHORT["events"],
                {
                    "at": 0,
                    "do": "plan",
                    "plan": "a",
                    "side": "long",
                    "quantity": 1,
                    "entry": 100,
                    "stop": 95,
                    "targets": [{"price": 110}],
                },
            ]
        ),
        2,
        "make it two scripts",
    ),
    "funding of spot": (changed(funding={"BTC/USDT": [[1, 0.001]]}), 2, "spot pays none"),
    "bars of another": (changed(instruments={"BTC/USDT": {}, "ETH/USDT": {}}), 2, "['ETH/USDT']"),
    "two currencies": (
        changed(
            instruments={"BTC/USDT": {}, "ETH/EUR": {}},
            bars=dict.fromkeys(("BTC/USDT", "ETH/EUR"), SHORT["bars"]["BTC/USDT"]),
        ),
        2,
        "was expected in the account's 'USDT'",
    ),
    "no symbol": (
        changed(instruments={"BTC": {}}, bars={"BTC": SHORT["bars"]["BTC/USDT"]}),
        2,
        "BASE/QUOTE",
    ),
    "book upside down": (
        changed(books={"BTC/USDT": [{"at": 0, "bids": [[99, 1]], "asks": [[102, 1], [101, 1]]}]}),
        3,
        "asks from the lowest up",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_script_is_refused_in_one_clear_line(name: str) -> None:
    document, code, words = WRONG[name]
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(PlangateError) as refused:
        asyncio.run(source_of(read_script(text, "script.json")))
    assert exit_code(refused.value) == code
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_only_the_first_complaints_are_told() -> None:
    with pytest.raises(PlangateError, match="and 2 more"):
        read_script(json.dumps({**SHORT, **{f"k{i}": i for i in range(7)}}), "script.json")


def test_the_schema_describes_every_field() -> None:
    schema = script_schema()
    assert set(schema["properties"]) >= {"instruments", "bars", "events", "funding", "books"}
    events = schema["properties"]["events"]["items"]["discriminator"]["mapping"]
    assert set(events) == {
        "send", "amend", "cancel", "plan", "advance", "restart", "downtime", "deposit",
    }  # fmt: skip
    assert schema["properties"]["events"]["description"]
