"""Each invariant fires on a result in which it does not hold: a check that cannot fail is none."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from broker.simulate.checks import checked
from tests.broker.simulate.gallery import example, script_of

Change = tuple[str, str, list[tuple[str, int, str, Any]]]

# Script, code that must fire, and what is changed: section, row (-1 for none), field, value.
BROKEN: dict[str, Change] = {
    "cash": ("stop-gapped", "L1", [("purses", 0, "cash", "9991.3086")]),
    "equity": ("funding-once", "L1", [("purses", 0, "equity", "10002.96")]),
    "realised": ("liquidation", "L1", [("purses", 0, "realised", "-93")]),
    "fees": ("stop-gapped", "L1", [("purses", 0, "fees", "0")]),
    "funding": ("funding-once", "L1", [("funding", 0, "amount", "0.0102")]),
    "replay": ("stop-gapped", "L1", [("", -1, "replayed_equal", False)]),
    "position": ("volume-share", "L2", [("executions", 1, "quantity", "0.9")]),
    "filled twice": ("stop-gapped", "L3", [("executions", 1, "quantity", "2")]),
    "filled too much": ("stop-gapped", "L3", [("orders", 0, "quantity", "0.5")]),
    "told twice": (
        "volume-share",
        "L3",
        [("executions", 1, "trade_id", "same"), ("executions", 2, "trade_id", "same")],
    ),
    "nobody's": ("stop-gapped", "L3", [("executions", 1, "order", "other")]),
    "fee": ("stop-gapped", "L4", [("executions", 1, "fee", "0.0914")]),
    "fee's currency": ("base-fee-dust", "L4", [("executions", 0, "fee_currency", "quote")]),
    "liquidation's fee": ("liquidation", "L4", [("executions", 1, "fee", "0.453")]),
    "locked": ("volume-share", "L5", [("purses", 0, "locked", "0")]),
    "free": ("volume-share", "L5", [("purses", 0, "free", "1")]),
    "works when filled": ("stop-gapped", "L5", [("orders", 1, "status", "working")]),
    "sold short": ("stop-gapped", "L5", [("executions", 1, "quantity", "2")]),
    "below the bar": ("stop-gapped", "F1", [("executions", 1, "price", "89.9")]),
    "worse than the limit": ("target-only-later", "F1", [("executions", 1, "price", "103.9")]),
    "worse than the stop's limit": (
        "stop-limit-beyond",
        "F1",
        [("executions", 1, "price", "93.9")],
    ),
    "clamped inside": ("slippage-clamped", "F1", [("executions", 0, "price", "100.5")]),
    "stop at its trigger": ("short-gapped", "F2", [("executions", 1, "price", "106")]),
    "limit at its price": ("open-decides", "F2", [("executions", 1, "price", "110")]),
    "market inside": ("zero-volume", "F2", [("executions", 0, "price", "100.5")]),
    "as before it was amended": ("amended-stop", "F2", [("executions", 1, "price", "98")]),
    "older than its order": (
        "funding-after-the-stamp",
        "F3",
        [("orders", 0, "created_at", "2024-01-01T02:00:00Z")],
    ),
    "after it was taken back": (
        "cancel-of-a-partly-filled-entry",
        "F3",
        [("executions", 0, "at", "2024-01-01T01:00:00Z")],
    ),
    "on an open bar": ("zero-volume", "F3", [("", -1, "until", "2024-01-01T01:30:00Z")]),
    "target in the entry's bar": (
        "target-only-later",
        "F4",
        [("executions", 1, "at", "2024-01-01T00:00:00Z")],
    ),
    "target before stop": (
        "ambiguous-bar",
        "F4",
        [
            ("executions", 1, "order", "@target_1"),
            ("executions", 1, "price", "110"),
        ],
    ),
    "stop left out": (
        "entry-and-stop-in-one-bar",
        "F4",
        [("executions", 1, "at", "2024-01-01T01:00:00Z")],
    ),
    "too much of a bar": ("volume-share", "F5", [("executions", 1, "quantity", "1.001")]),
    "without volume": ("zero-volume", "F5", [("executions", 0, "at", "2024-01-01T00:00:00Z")]),
    "turned": ("reduce-only", "B1", [("executions", 1, "quantity", "2")]),
    "added": ("reduce-only", "B1", [("executions", 1, "side", "buy")]),
    "an exit that opens": ("three-targets", "B1", [("orders", 1, "reduce_only", False)]),
    "unguarded": ("three-targets", "B1", [("guards", 1, "stopped", "0.2")]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_result_that_is_wrong_is_found_out(name: str) -> None:
    script, code, changes = BROKEN[name]
    document = deepcopy(example(script))
    for section, row, field, value in changes:
        if str(value).startswith("@"):
            legs = {order["leg"]: order["order"] for order in document["orders"]}
            value = legs[value[1:]]
        places = {"purses": document["ledger"]["purses"], "": document}
        place = places.get(section) or document[section]
        (place if row < 0 else place[row])[field] = value
    found = {check.code: check for check in checked(script_of(script), document)}
    assert not found[code].holds, name
    assert found[code].sentence
