from __future__ import annotations

from dataclasses import replace

import pytest

from broker.costs import fee, funding_payment, slippage_bps
from broker.exits import exit_order
from broker.outbox import entry_order, entry_slippage, liquidation_order
from broker.protocol import Execution
from domain.lifecycle import OrderStatus
from domain.orders import Position
from tests.broker.venue import SYMBOL, TICK, D, H, T, VenueSource, approved, close_of, exits_of

HELD = Position(SYMBOL, D(2), D(200), T, "plan")


def test_a_fee_is_the_rate_times_the_notional() -> None:
    assert fee(VenueSource({}).instrument(SYMBOL), D("0.5"), D(100)) == D("0.05")


def test_slippage_is_positive_when_it_is_worse_than_wanted() -> None:
    assert slippage_bps("buy", D(101), D(100)) == slippage_bps("sell", D(99), D(100)) == D(100)
    assert slippage_bps("buy", D(99), D(100)) == slippage_bps("sell", D(101), D(100)) == D(-100)
    assert slippage_bps("buy", D(1), D(0)) == 0


@pytest.mark.parametrize(
    ("quantity", "rate", "amount"),
    [("2", "0.0001", "0.02"), ("-2", "0.0001", "-0.02"), ("2", "-0.0001", "-0.02")],
)
def test_longs_pay_shorts_when_the_rate_is_positive(quantity: str, rate: str, amount: str) -> None:
    paid = funding_payment(replace(HELD, quantity=D(quantity)), T, D(rate), D(100))
    assert paid.amount == D(amount)


def test_a_limit_is_rounded_to_the_cheap_side_and_a_market_entry_carries_its_slippage() -> None:
    plan, verdict = approved(entry="99.97")
    buy = entry_order(plan, verdict.bracket, TICK, T, "paper")
    assert (buy.kind, buy.side, buy.price, buy.slippage) == ("limit", "buy", D("99.9"), 0)
    plan, verdict = approved(entry="99.93", side="short")
    sell = entry_order(plan, verdict.bracket, TICK, T, "paper")
    assert (sell.side, sell.price) == ("sell", D(100))
    plan, verdict = approved()
    walked = replace(verdict.bracket, entry_slippage_bps=D(5))
    market = entry_order(plan, walked, TICK, T, "paper")
    assert (market.kind, market.price) == ("market", None)
    assert market.slippage == entry_slippage(walked) == D("0.05")
    assert market.expires_at == T + H


def test_the_same_decision_names_the_same_orders_and_another_account_others() -> None:
    plan, verdict = approved(targets=[("105", "1"), ("110", "1")])
    legs = [
        entry_order(plan, verdict.bracket, TICK, T, "paper"),
        *exits_of(plan, verdict),
        exit_order(plan, verdict.bracket, "stop", D(2), D(95), T, "paper", 1),
        first := close_of(HELD, T, run="run"),
        close_of(HELD, T, run="run", orders=[replace(first, status=OrderStatus.REJECTED)]),
    ]
    names = [o.client_order_id for o in legs]
    assert len(set(names)) == len(legs) == 7
    assert close_of(HELD, T + H, run="other").client_order_id == first.client_order_id
    later = exit_order(plan, verdict.bracket, "target_2", D(9), D(9), T + 9 * H, "paper")
    assert later.client_order_id == names[3]
    elsewhere = entry_order(plan, verdict.bracket, TICK, T, "other")
    assert elsewhere.client_order_id not in names


def test_an_exit_only_reduces_and_only_the_stop_slips() -> None:
    plan, verdict = approved(side="short", targets=[("95", "0.4"), ("90", "0.6")])
    stop, *targets = [
        exit_order(plan, verdict.bracket, leg, D("0.4"), D(price), T, "paper")
        for leg, price in (("stop", 105), ("target_1", 95), ("target_2", 90))
    ]
    assert (stop.kind, stop.quantity, stop.price, stop.reason) == ("stop", D("0.4"), D(105), "stop")
    assert stop.slippage == verdict.bracket.stop_slippage
    assert [(o.kind, o.leg, o.price, o.slippage, o.reason) for o in targets] == [
        ("limit", "target_1", D(95), 0, "target"),
        ("limit", "target_2", D(90), 0, "target"),
    ]
    for order in (stop, *targets):
        assert (order.side, order.reduce_only, order.status) == ("buy", True, OrderStatus.PENDING)


def test_a_liquidation_is_an_order_of_the_venues_own_for_the_plan_that_held() -> None:
    forced = Execution("v1", "liq", SYMBOL, "sell", D(2), D(50), D(1), "quote", T + H, forced=True)
    order = liquidation_order(HELD, forced)
    assert (order.client_order_id, order.plan_id, order.leg) == ("liq", "plan", "close")
    assert (order.quantity, order.side, order.created_at) == (D(2), "sell", T + H)
    assert (order.reason, order.reduce_only) == ("liquidation", True)


@pytest.mark.parametrize(("quantity", "side"), [("2", "sell"), ("-2", "buy")])
def test_a_position_is_closed_whole_by_the_other_side(quantity: str, side: str) -> None:
    order = close_of(
        replace(HELD, quantity=D(quantity)), T, reason="time", run="run", slippage="0.5"
    )
    assert (order.side, order.quantity, order.reduce_only) == (side, D(2), True)
    assert (order.status, order.reason, order.slippage) == (OrderStatus.PENDING, "time", D("0.5"))
