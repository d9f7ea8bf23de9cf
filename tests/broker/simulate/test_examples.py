"""Every example against its picture, and against numbers that were worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from broker.simulate.events import Restart
from tests.broker.simulate.gallery import NAMES, PICTURES, example, picture, result_of, script_of

D = Decimal

# Per script its fills in order: bar, order, quantity, price. Each price follows from the bars in
# the file and the rule in its description; where a sum is needed it stands here.
FILLS: dict[str, list[tuple[int, str, str, str]]] = {
    "stop-gapped": [(0, "in", "1", "100"), (1, "stop", "1", str(D("92") - D("0.5")))],
    "limit-gapped": [(1, "in", "1", "96")],
    "ambiguous-bar": [(0, "entry", "1", "100"), (1, "stop", "1", str(D("95") - D("0.2")))],
    "open-decides": [(0, "entry", "1", "100"), (1, "target_1", "1", "112")],
    "entry-and-stop-in-one-bar": [(0, "entry", "2", "98"), (0, "stop", "2", "95")],
    "target-only-later": [(0, "entry", "1", "98"), (1, "target_1", "1", "104")],
    "target-in-the-bar-of-a-market-entry": [(0, "entry", "1", "100"), (0, "target_1", "1", "110")],
    "volume-share": [
        (0, "large", "1", "100"),
        (1, "large", "1", "101"),
        (2, "large", "0.5", "102"),
    ],
    "three-targets": [
        (0, "entry", "1", "100"),
        (1, "target_1", "0.5", "103"),
        (2, "target_2", "0.3", "107"),  # gapped: better than its 106
        (3, "target_3", "0.2", "110"),
    ],
    "target-then-stop": [
        (0, "entry", "2", "100"),
        (1, "target_1", "1", "104"),
        (2, "stop", "1", str(D("95") - D("0.3"))),
    ],
    "stop-limit-beyond": [(0, "in", "1", "100"), (2, "guard", "1", "94")],
    "reduce-only": [(0, "in", "1", "100"), (1, "big", "1", "105")],
    "base-fee-dust": [(0, "entry", "1", "100"), (1, "target_1", "0.99", "110")],
    "zero-volume": [(1, "in", "1", "100")],
    # 99.5 + 10 p - 1000 = 0.05 p, so p = 900.5 / 9.95 = 90.5025..., up to the tick.
    "liquidation": [(0, "in", "10", "100"), (1, "liquidation", "10", "90.6")],
    "funding-once": [(0, "in", "1", "100")],
    "funding-after-the-stamp": [(1, "in", "2", "100")],
    "downtime": [
        (1, "entry", "2", "98"),
        (2, "target_1", "1", "103"),
        (4, "stop", "1", str(D("95") - D("0.1"))),
    ],
    "restart-in-the-middle-of-a-bar": [(0, "entry", "2", "98"), (0, "stop", "2", "95")],
    "cancel-of-a-partly-filled-entry": [(0, "in", "1", "99")],  # a tenth of 10
    "entry-expires-in-part": [(0, "entry", "1", "99"), (2, "target_1", "1", "105")],
    "entry-expires": [],
    "two-symbols": [
        (0, "entry", "1", "100"),
        (0, "entry", "10", "50"),
        (1, "target_1", "1", "105"),
        (2, "stop", "10", str(D("52.5") + D("0.05"))),
    ],
    "same-send-twice": [(0, "in", "1", "100")],
    "slippage-clamped": [(0, "in", "1", "101")],  # 105 wanted, the bar's high is 101
    "from-the-book": [
        (1, "in", "2", str((D("100.1") + D("100.3")) / 2)),
        (1, "out", "1", "99.9"),
    ],
    "time-exit": [(0, "entry", "1", "100"), (2, "close", "1", str(D("101.5") - D("0.1")))],
    "amended-stop": [(0, "in", "1", "100"), (2, "stop", "1", "97.5")],
    "refused": [(0, "in", "1", "100")],
    "short-gapped": [(0, "entry", "2", "100"), (1, "stop", "2", str(D("107") + D("0.2")))],
    # Those in FAULTLESS come to what they come to without the fault.
    "fault-lost-reply": [(0, "entry", "1", "100"), (1, "target_1", "1", "110")],
    "fault-no-answer": [(0, "in", "1", "100")],
    "fault-duplicate": [(0, "entry", "1", "100"), (1, "target_1", "1", "110")],
    "fault-out-of-order": [
        (0, "entry", "1", "99"),
        (1, "entry", "1", "99"),
        (2, "target_1", "2", "105"),
    ],
    "fault-outage": [(0, "entry", "1", "100"), (1, "stop", "1", "95")],
    "fault-hidden": [(1, "entry", "1", "98"), (2, "target_1", "1", "103")],
    "fault-late": [(0, "entry", "2", "98"), (2, "stop", "2", "94.5")],
    "fault-partial-cancel": [(0, "entry", "1", "99"), (1, "target_1", "1", "105")],
    "fault-rejected-stop": [(0, "entry", "1", "100"), (0, "close", "1", "100")],
    "fault-cancel-race": [(1, "in", "1", "98")],
    "deposit": [(1, "in", "4", "100")],
    "two-currencies": [
        (1, "btc", "10", "200"),
        (1, "eth", "10", "100"),
        (2, "out", "10", "205"),
    ],
}
FAULTLESS = (
    "fault-lost-reply",
    "fault-no-answer",
    "fault-duplicate",
    "fault-out-of-order",
    "fault-outage",
    "fault-hidden",
)

# Cash at the end: capital - bought + sold - fees - funding (spot), capital + profit - fees -
# funding (perpetual). Fees are 0.001 of spot and 0.0005 of perpetual notional.
CASH: dict[str, Decimal] = {
    "deposit": 300 + 200 - 400 - D("0.4") - D(50),
    "stop-gapped": 10_000 - 100 + D("91.5") - D("0.1") - D("0.0915"),
    "limit-gapped": 10_000 - 96 - D("0.096"),
    "ambiguous-bar": 10_000 - D("5.2") - D("0.1") - D("0.0948"),
    "entry-and-stop-in-one-bar": 10_000 - 2 * 3 - D("0.098") - D("0.095"),
    "volume-share": 10_000 - (100 + 101 + 51) - D("0.252"),
    "three-targets": 10_000
    + D("1.5")
    + D("2.1")
    + 2
    - D("0.1")
    - D("0.0515")
    - D("0.0321")
    - D("0.022"),
    "stop-limit-beyond": 10_000 - 100 + 94 - D("0.1") - D("0.094"),
    # The buy's fee of 0.001 came off the coin: 0.999 held, 0.99 sold; only the sale pays in quote.
    "base-fee-dust": 10_000 - 100 + D("108.9") - D("0.1089"),
    # 0.05 of 1000, then 9.4 x 10 lost, then (0.0005 + 0.005) x 906.
    "liquidation": 100 - D("0.5") - 94 - D("4.983"),
    # 0.0001 x 101 paid at the close of bar 1, 0.0002 x 103 received at that of bar 3.
    "funding-once": 10_000 - D("0.05") - D("0.0101") + D("0.0206"),
    # A short of 2 at a rate of 0.01 is paid 2, once.
    "funding-after-the-stamp": 10_000 - D("0.1") + 2,
    "downtime": 10_000 + 5 - D("3.1") - D("0.098") - D("0.0515") - D("0.04745"),
    "entry-expires": D(10_000),
    "two-symbols": 10_000 + 5 - D("0.05") - D("0.0525") - D("25.5") - D("0.25") - D("0.26275"),
    "from-the-book": 10_000 - D("0.3") - D("0.1002") - D("0.04995"),
    "time-exit": 10_000 + D("1.4") - D("0.05") - D("0.0507"),
    "short-gapped": 10_000 - 2 * D("7.2") - D("0.1") - D("0.1072"),
}

# Plan, why it was closed, net over the planned risk.
TRADES: dict[str, list[tuple[str, str, Decimal]]] = {
    "ambiguous-bar": [("long", "stop", D("-5.3948") / 5)],
    "open-decides": [("long", "target", (12 - D("0.1") - D("0.112")) / 5)],
    "entry-and-stop-in-one-bar": [("dip", "stop", D("-6.193") / 6)],
    "target-only-later": [("dip", "target", (6 - D("0.049") - D("0.052")) / 3)],
    "three-targets": [("three", "target", D("5.3944") / 5)],
    "target-then-stop": [
        ("half", "stop", (4 - D("5.3") - D("0.1") - D("0.052") - D("0.04735")) / 10)
    ],
    # 99 of the 100 paid were for what was sold; the dust is no part of the trade.
    "base-fee-dust": [("dust", "target", (D("108.9") - 99 - D("0.1") - D("0.1089")) / 5)],
    "downtime": [("sleeper", "stop", (5 - D("3.1") - D("0.19695")) / 6)],
    "entry-expires-in-part": [("third", "target", (6 - D("0.0495") - D("0.0525")) / 12)],
    "two-symbols": [
        ("btc", "target", (5 - D("0.1025")) / 5),
        ("eth", "stop", (D("-25.5") - D("0.51275")) / 25),
    ],
    "time-exit": [("short-lived", "time", (D("1.4") - D("0.1007")) / 5)],
    "short-gapped": [("short", "stop", D("-14.6072") / 10)],
}


def test_there_is_a_worked_number_for_every_example() -> None:
    assert set(FILLS) == set(NAMES)
    assert {path.stem for path in PICTURES.glob("*.json")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_result_is_its_picture(name: str) -> None:
    kept = (PICTURES / f"{name}.json").read_text(encoding="utf-8")
    assert picture(example(name)) == kept


@pytest.mark.parametrize("name", NAMES)
def test_fills_are_what_the_bars_say(name: str) -> None:
    assert fills(example(name)) == FILLS[name]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("fault-")])
def test_each_fault_that_is_written_down_happens(name: str) -> None:
    script, document = script_of(name), example(name)
    written = {row.fault for row in script.faults}
    assert {row["fault"] for row in document["faults"]} == written
    calm = result_of(script.model_copy(update={"faults": ()}))
    same = fills(calm) == fills(document) and calm["ledger"] == document["ledger"]
    assert same == (name in FAULTLESS)


@pytest.mark.parametrize("name", CASH)
def test_cash_is_what_the_fills_leave(name: str) -> None:
    assert D(example(name)["ledger"]["cash"]) == CASH[name]


@pytest.mark.parametrize("name", TRADES)
def test_trades_are_counted_in_planned_risk(name: str) -> None:
    trades = [(t["plan"], t["close_reason"], D(t["r_multiple"])) for t in example(name)["trades"]]
    assert trades == [(p, why, round(r, 12).normalize()) for p, why, r in TRADES[name]]


@pytest.mark.parametrize("name", NAMES)
def test_everything_holds_and_says_what_it_was_held_against(name: str) -> None:
    document = example(name)
    assert document["replayed_equal"]
    assert [row["code"] for row in document["invariants"] if not row["holds"]] == []
    assert document["description"]


def test_every_invariant_is_held_against_something_somewhere() -> None:
    counts = {row["code"]: 0 for row in example(NAMES[0])["invariants"]}
    for name in NAMES:
        for row in example(name)["invariants"]:
            counts[row["code"]] += row["checked"]
    assert min(counts.values()) > 0
    assert list(counts) == ["L1", "L2", "L3", "L4", "L5", "F1", "F2", "F3", "F4", "F5", "B1"]


def test_what_became_of_orders_and_answers() -> None:
    assert states("reduce-only") == {
        "in": "filled", "big": "cancelled", "stop": "cancelled", "late": "rejected",
    }  # fmt: skip
    assert states("entry-expires") == {"entry": "expired"}
    assert states("entry-expires-in-part")["entry"] == "expired"
    assert states("cancel-of-a-partly-filled-entry") == {"in": "cancelled"}
    assert states("liquidation") == {"in": "filled", "stop": "cancelled"}
    assert [a["reason"] for a in example("refused")["answers"]] == [
        "quantity 0.005 is below the least of 0.01",
        "0 BTC held, 1 sold",
        "there is nothing to reduce",
        "",
        "no working order 'in'",
        "no working order 'in'",
    ]
    assert [a["accepted"] for a in example("same-send-twice")["answers"]] == [True, True, True]
    assert example("slippage-clamped")["executions"][0]["clamped"]
    dust = example("base-fee-dust")["ledger"]["positions"]
    assert [(p["quantity"], p["mark"]) for p in dust] == [("0.009", "110")]
    assert [(p["at"][11:16], p["amount"]) for p in example("funding-once")["funding"]] == [
        ("02:00", "0.0101"),
        ("04:00", "-0.0206"),
    ]


def test_a_stop_always_closes_what_is_held() -> None:
    guards = [(g["held"], g["stopped"]) for g in example("three-targets")["guards"]]
    assert guards == [("1", "1"), ("0.5", "0.5"), ("0.2", "0.2"), ("0", "0")]


@pytest.mark.parametrize("name", ["downtime", "restart-in-the-middle-of-a-bar"])
def test_without_the_interruption_it_comes_to_the_same(name: str) -> None:
    script = script_of(name)
    plans = tuple(event for event in script.events if event.do == "plan")
    assert len(plans) < len(script.events)
    assert outcome(result_of(script.model_copy(update={"events": plans}))) == outcome(example(name))


@pytest.mark.parametrize("heard", [True, False])
@pytest.mark.parametrize(
    ("name", "count"), [("three-targets", 2), ("downtime", 3), ("two-symbols", 1)]
)
def test_a_death_at_any_news_changes_nothing(name: str, count: int, heard: bool) -> None:
    script = script_of(name)
    plans = tuple(event for event in script.events if event.do == "plan")
    dies = Restart(do="restart", at=script.ends_at.isoformat(), after_news=count, heard=heard)
    document = result_of(script.model_copy(update={"events": (*plans, dies)}))
    assert document["restarts"][0]["interrupted"]
    assert outcome(document) == outcome(example(name))


@pytest.mark.parametrize("name", ["three-targets", "entry-expires-in-part", "two-symbols"])
def test_later_bars_change_no_earlier_fill(name: str) -> None:
    script = script_of(name)
    for bars in (1, 2):
        cut = {symbol: rows[:bars] for symbol, rows in script.bars.items()}
        document = result_of(script.model_copy(update={"bars": cut}))
        known = FILLS[name][: len(document["executions"])]
        assert fills(document) == known
        assert all(bar >= bars for bar, *_ in FILLS[name][len(known) :])


def fills(document: dict[str, Any]) -> list[tuple[int, str, str, str]]:
    return [
        (
            int(e["at"][11:13]),
            e["leg"] or e["order"].partition("-")[0],
            e["quantity"],
            e["price"],
        )
        for e in document["executions"]
    ]


def states(name: str) -> dict[str, str]:
    orders = [o for o in example(name)["orders"] if o["leg"] in {None, "entry"}]
    return {o["leg"] or o["order"]: o["status"] for o in orders}


def outcome(document: dict[str, Any]) -> dict[str, Any]:
    """Without what tells of the interruption itself."""
    told = {"description", "restarts", "notices", "guards", "invariants"}
    return {key: value for key, value in document.items() if key not in told}
