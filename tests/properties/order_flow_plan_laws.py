"""Laws of brackets and plans: B1 to B5."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction

from tests.properties.order_flow_rows import (
    LIVE,
    PLAN_ENDS,
    Picture,
    Row,
    holding,
    left,
    left_of,
)
from tests.properties.order_flow_terms import Market


def judge_bracket(plan: Row, now: Picture, market: Market) -> None:
    orders, name = now.of_plan(plan["plan_id"]), plan["plan_id"]
    fills = [f for f in now.fills if f["plan_id"] == name]
    holds = holding(fills, market.step)
    exits = [o for o in orders if o["leg"] != "entry"]
    assert all(o["reduce_only"] for o in exits), "B1 an exit that is not reduce-only"
    stops = [o for o in exits if o["leg"] == "stop"]
    live = [o for o in stops if o["status"] in LIVE and o["status"] != "cancelling"]
    if plan["status"] in {"open", "closing"} and holds:
        if not any(o["status"] == "rejected" for o in stops):
            assert len(live) == 1, f"B1 {len(live)} stops of a position"
        for stop in live:
            assert left(stop) == holds, f"B1 stop of {left(stop)} for {holds} held"
        _targets(exits, holds, plan["run_id"])
    elif plan["status"] == "closed":
        assert not holds, "B3 closed with a position"
        assert -left_of(fills) <= _dust(plan, now), "B3 closed, and sold what was not its own"
        assert not [o for o in orders if o["status"] in {"pending", "working"}], (
            "B3 closed, working"
        )
    elif plan["status"] in PLAN_ENDS:
        assert not fills, f"B3 {plan['status']} with fills"
        assert not [o for o in orders if o["status"] in LIVE], f"B3 {plan['status']}, working"
    else:
        assert not fills or plan["status"] in {"open", "closing"}, f"B3 {plan['status']} and filled"


def _dust(plan: Row, now: Picture) -> Fraction:
    """What the other plans of a symbol that are closed have left, as far as none of them sold it.

    An account has one position of a symbol (L2) and less of it than was bought (L4): an exit that
    the venue fills while it is taken back may sell what earlier plans could not.
    """
    others = {
        n
        for n, p in now.plans.items()
        if p["status"] == "closed" and p["symbol"] == plan["symbol"] and n != plan["plan_id"]
    }
    return sum((left_of([f for f in now.fills if f["plan_id"] == n]) for n in others), Fraction(0))


def _targets(exits: Sequence[Row], holds: Fraction, head: str) -> None:
    """Never more than is held, and those of the head as much.

    One of an earlier version that is half sent is unknown until a query answers (design, 7):
    before that it can neither be taken back nor followed by those of the head.
    """
    targets = [o for o in exits if o["leg"].startswith("target")]
    waiting = sum((left(o) for o in targets if o["status"] in LIVE - {"cancelling"}), Fraction(0))
    assert waiting <= holds, f"B2 targets of {waiting} for {holds} held"
    legs = {o["leg"]: o for o in targets if o["run_id"] == head}
    last = legs[max(legs)] if legs else None
    if last is not None and last["status"] in LIVE - {"cancelling"}:
        assert waiting == holds, f"B2 targets of {waiting} for {holds} held"


def judge_origins(now: Picture) -> None:
    assert set(now.venue_orders) <= set(now.orders), "B5 an order at the venue without an intent"
    for name, order in now.orders.items():
        plan = now.plans[order["plan_id"]]
        made = [v for v in now.versions[order["plan_id"]] if v["run_id"] == order["run_id"]]
        entered = [v for v in now.versions[order["plan_id"]] if v["entry"] is not None]
        version = next((v for v in made if v["entry"] is not None), entered[0])
        body = json.loads(version["body"])
        assert plan["symbol"] == order["symbol"], "B5 an order of another symbol than its plan"
        assert body["policy_hash"], "B5 a plan without its policy"
        seen = json.loads(version["entry"])
        assert seen["policy_hash"] == body["policy_hash"], "B5 decided under another policy"
        same = Fraction(seen["decision_price"]) == Fraction(body["decision_price"])
        assert same, "B5 decided at another price"
        if order["leg"] == "entry":
            decided = json.loads(now.decisions[order["run_id"]]["document"])
            assert decided["orders"] == [name], "B5 an entry that no decision names"
        denied = order["status"] in {"denied", "pending"}
        assert not (denied and name in now.venue_orders), "B5 denied and sent"
    assert {f["client_order_id"] for f in now.fills} <= set(now.orders), "B5 a fill of nothing"


def judge_history(now: Picture, before: Picture) -> None:
    old = before.venue_fills
    assert now.venue_fills[: len(old)] == old, "F6 a past fill changed"
    assert now.fills[: len(before.fills)] == before.fills, "L3 a booked fill changed"
    for name, order in before.orders.items():
        if order["leg"] == "stop" and Fraction(order["price"]) != Fraction(
            now.orders[name]["price"]
        ):
            rose = Fraction(now.orders[name]["price"]) > Fraction(order["price"])
            assert rose == (order["side"] == "sell"), "B2 a stop moved back"
