"""What should guard a position, whatever happened before."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from broker.exits import target_quantities, wanted_exits, withdrawn
from broker.outbox import PAPER_ACCOUNT
from domain.instrument import Instrument
from domain.lifecycle import OrderStatus, PlanStatus
from domain.orders import Fill, Leg, Order, Position
from domain.verdict import TargetLeg
from journal.reading import StoredPlan
from tests.broker.venue import SYMBOL, D, H, T, VenueSource, approved, close_of, exits_of

ON = VenueSource({}).instrument(SYMBOL)
TWO = [("105", "1"), ("120", "2")]


def stored(targets: list[tuple[str, str]] = TWO) -> StoredPlan:
    plan, verdict = approved(targets=targets)
    bracket = verdict.bracket
    return StoredPlan(plan, bracket, PlanStatus.OPEN, T, bracket.close_at, bracket.risk_amount)


def bought(quantity: str, fee: str = "0") -> list[Fill]:
    """What a plan's entry came to; a fee is taken in base."""
    plan_id, price = stored().plan.plan_id, D(100)
    return [
        Fill("t", "e", plan_id, SYMBOL, "entry", "buy", D(quantity), price, D(fee), T, price, D(0),
             fee_currency="base")
    ]  # fmt: skip


def wanted(orders: list[Order], held: str, fee: str = "0") -> dict[str, tuple[Decimal, str]]:
    found = wanted_exits(stored(), orders, bought(held, fee), ON, T + H, PAPER_ACCOUNT)
    return {o.leg: (o.quantity, o.status.value) for o in found}


def working(held: str = "3") -> dict[Leg, Order]:
    """The exits of a position of `held`, at the venue."""
    share = D(held) / 3
    found = {o.leg: o for o in exits_of(*approved(targets=TWO))}
    return {
        leg: replace(o, quantity=o.quantity * share).placed(o.quantity * share, o.price)
        for leg, o in found.items()
    }


def test_a_new_position_gets_a_stop_for_all_and_targets_by_share() -> None:
    assert wanted([], "3") == {
        "stop": (D(3), "pending"), "target_1": (D(1), "pending"), "target_2": (D(2), "pending"),
    }  # fmt: skip
    assert wanted([], "0.3") == {
        "stop": (D("0.3"), "pending"),
        "target_1": (D("0.1"), "pending"),
        "target_2": (D("0.2"), "pending"),
    }


def test_less_than_a_step_is_guarded_by_nothing_whoever_asks() -> None:
    assert wanted([], "2.001", fee="0.002001") == {
        "stop": (D("1.998"), "pending"),
        "target_1": (D("0.666"), "pending"),
        "target_2": (D("1.332"), "pending"),
    }


def test_what_stands_as_it_should_is_left_alone() -> None:
    assert wanted(list(working().values()), "3") == {}


@pytest.mark.parametrize(
    ("filled", "held", "expected"),
    [
        ({}, "6", {"stop": "6", "target_1": "2", "target_2": "4"}),
        ({}, "1.5", {"stop": "1.5", "target_1": "0.5", "target_2": "1"}),
        ({"target_1": "0.4"}, "2.6", {"stop": "2.6"}),
        ({"target_1": "1"}, "2", {"stop": "2"}),
        ({"stop": "0.6"}, "2.4", {"target_1": "0.8", "target_2": "1.6"}),
        ({"stop": "0.6", "target_1": "0.9"}, "1.5", {"stop": "2.1", "target_1": None}),
    ],
)
def test_exits_follow_what_is_held(
    filled: dict[Leg, str], held: str, expected: dict[str, str | None]
) -> None:
    orders = working()
    for leg, quantity in filled.items():
        done = D(quantity) == orders[leg].quantity
        status = OrderStatus.FILLED if done else OrderStatus.WORKING
        orders[leg] = replace(orders[leg], filled=D(quantity), status=status)
    found = wanted(list(orders.values()), held)
    for leg, wanted_quantity in expected.items():
        if wanted_quantity is None:
            assert found[leg][1] == "cancelling"
        else:
            assert found[leg] == (D(wanted_quantity), "working")
    left = {leg: found.get(leg, (o.quantity, o.status.value)) for leg, o in orders.items()}
    rests = [left[leg][0] - o.filled for leg, o in orders.items() if left[leg][1] == "working"]
    targets = sum(rests[1:], D(0))
    assert targets <= D(held)


def test_a_dead_stop_is_replaced_under_a_new_name_where_it_stood_last() -> None:
    moved = replace(working()["stop"], price=D(99), status=OrderStatus.CANCELLED)
    (new,) = [
        o
        for o in wanted_exits(stored(), [moved], bought("3"), ON, T + H, "paper")
        if o.leg == "stop"
    ]
    assert new.client_order_id != moved.client_order_id
    assert (new.price, new.quantity, new.status) == (D(99), D(3), OrderStatus.PENDING)


def test_targets_of_an_earlier_version_go_once_the_venue_has_said_what_became_of_them() -> None:
    exits = working()
    stop, one, two = (exits[leg] for leg in ("stop", "target_1", "target_2"))
    one, two = (replace(o, run_id="an earlier one") for o in (one, two))
    pending = replace(one, status=OrderStatus.PENDING)
    question = replace(two, status=OrderStatus.SENDING)
    assert wanted([stop, pending, question], "3") == {"target_1": (D(1), "cancelled")}
    dead = replace(one, status=OrderStatus.CANCELLED)
    assert wanted([stop, dead, question], "3") == {}
    assert wanted([stop, dead, two], "3") == {"target_2": (D(2), "cancelling")}
    gone = replace(two, status=OrderStatus.CANCELLED)
    assert wanted([stop, dead, gone], "3") == {
        "target_1": (D(1), "pending"), "target_2": (D(2), "pending"),
    }  # fmt: skip


def test_a_close_that_is_under_way_is_kept_at_what_is_held() -> None:
    position = Position(SYMBOL, D(3), D(300), T, stored().plan.plan_id)
    close = close_of(position, T, run="run").placed(D(3), None)
    part = replace(close, filled=D("0.5"))
    found = wanted_exits(stored(), [*working().values(), part], bought("2"), ON, T + H, "paper")
    assert {o.leg: o.quantity for o in found}["close"] == D("2.5")


def test_what_was_not_sent_is_cancelled_and_what_works_is_taken_back() -> None:
    order = working()["stop"]
    by_status = {s: replace(order, status=s) for s in OrderStatus}
    found = withdrawn(list(by_status.values()))
    assert [o.status.value for o in found] == ["cancelled", "cancelling"]


def legs(*words: str) -> list[TargetLeg]:
    return [TargetLeg(D(w.split("x")[1]), D(w.split("x")[0])) for w in words]


@pytest.mark.parametrize(
    ("targets", "total", "parts"),
    [
        (["1x105", "2x120"], "3", ["1", "2"]),
        (["1x105", "2x120"], "1", ["0.333", "0.667"]),
        (["1x105", "1x110", "1x120"], "1", ["0.333", "0.333", "0.334"]),
        # the farther is worth less than the least order of 5: it goes to the nearer
        (["1x105", "1x110"], "0.08", ["0.08", "0"]),
        (["3x105", "1x110"], "0.15", ["0.15", "0"]),
        # two that are too small make one that is not, or go on to the next
        (["2x105", "1x110", "1x120"], "0.16", ["0.08", "0.08", "0"]),
        (["8x105", "1x110", "1x120"], "0.2", ["0.2", "0", "0"]),
        # below the least quantity
        (["1x10500", "1x11000"], "0.015", ["0.015", "0"]),
        (["1x105"], "0.001", ["0.001"]),
    ],
)
def test_a_target_that_is_too_small_to_be_sent_goes_to_the_nearer_one(
    targets: list[str], total: str, parts: list[str]
) -> None:
    on: Instrument = replace(ON, min_notional=D(5), min_quantity=D("0.01"))
    found = target_quantities(legs(*targets), D(total), on)
    assert found == [D(part) for part in parts]
    assert sum(found, D(0)) == D(total)
