"""Laws of a session to which nothing happens any more: venue and journal are one."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from tests.properties.order_flow_rows import Picture, Row, holding, left, moved
from tests.properties.order_flow_terms import Market, ms


def judge_quiet(now: Picture, market: Market, working: Sequence[str]) -> None:
    """The laws of a session to which nothing happens any more: venue and journal are one.

    Raises:
        AssertionError: naming what differs.
    """
    ours = {f["trade_id"] for f in now.fills}
    assert ours == {f["trade_id"] for f in now.venue_fills}, "Q fills are not the venue's"
    paid = {(p["symbol"], int(p["at"]), Fraction(p["amount"])) for p in now.funding}
    theirs = {(p["symbol"], ms(p["at"]), Fraction(p["amount"])) for p in now.venue_funding}
    assert paid == theirs, "Q funding is not the venue's"
    booked = {d["deposit_id"] for d in now.deposits}
    assert booked == {d["deposit_id"] for d in now.venue_deposits}, "Q deposits are not the venue's"
    unsettled = {"pending", "sending", "cancelling"}
    waiting = [(o["leg"], o["status"]) for o in now.orders.values() if o["status"] in unsettled]
    assert not waiting, f"Q orders without an end: {waiting}"
    live = {n for n, o in now.orders.items() if o["status"] == "working"}
    assert live == set(working), f"Q working here {len(live)}, at the venue {len(working)}"
    for name, resting in now.venue_orders.items():
        _same_order(now.orders[name], resting)
    assert not any("disagree" in s["reason"] for s in now.states), "Q halted by a disagreement"
    _guarded(now, market)
    _trades(now)


def _same_order(order: Row, resting: Row) -> None:
    ends = {"cancelled": {"cancelled", "expired"}}
    expected = ends.get(resting["status"], {resting["status"]})
    assert order["status"] in expected, f"Q {order['leg']} {order['status']}, {resting['status']}"
    theirs = resting["order"]
    assert Fraction(order["filled"]) == Fraction(theirs["filled"]), "Q filled otherwise"
    if resting["status"] == "working":
        assert Fraction(order["quantity"]) == Fraction(theirs["quantity"]), "Q another quantity"
        assert (order["price"] is None) == (theirs["price"] is None)
        if order["price"] is not None:
            assert Fraction(order["price"]) == Fraction(theirs["price"]), "Q another price"


def _guarded(now: Picture, market: Market) -> None:
    for name in now.plans:
        orders = now.of_plan(name)
        fills = [f for f in now.fills if f["plan_id"] == name]
        size = holding(fills, market.step)
        guards = [o for o in orders if o["leg"] in {"stop", "close"} and o["status"] == "working"]
        assert not size or any(left(o) == size for o in guards), "Q held without a stop"
    for plan in now.plans.values():
        assert plan["status"] != "approved", "Q a plan that is neither sent nor ended"


def _trades(now: Picture) -> None:
    left_of = {f["plan_id"] for f in now.fills if f["leg"] != "entry"}
    closed = {n for n, p in now.plans.items() if p["status"] == "closed"} & left_of
    assert set(now.trades) == closed, "Q trades are not the closed plans"
    for name, trade in now.trades.items():
        fills = sorted((f for f in now.fills if f["plan_id"] == name), key=lambda f: int(f["at"]))
        entered = [f for f in fills if f["leg"] == "entry"]
        left_by = [f for f in fills if f["leg"] != "entry"]
        bought, sold = abs(sum(map(moved, entered))), abs(sum(map(moved, left_by)))
        fees = sum(
            Fraction(f["fee"]) * (Fraction(f["price"]) if f["fee_currency"] == "base" else 1)
            for f in fills
        )
        assert Fraction(trade["fees"]) == fees, "Q a trade's fees"
        assert Fraction(trade["quantity"]) == sold, "Q a trade's quantity"
        first, last = int(fills[0]["at"]), int(fills[-1]["at"])
        assert (int(trade["opened_at"]), int(trade["closed_at"])) == (first, last), "Q its moments"
        funding = sum(
            Fraction(p["amount"])
            for p in now.funding
            if p["symbol"] == trade["symbol"] and first < int(p["at"]) <= last
        )
        assert Fraction(trade["funding"]) == funding, "Q a trade's funding"
        if bought == sold:
            paid = sum(Fraction(f["price"]) * Fraction(f["quantity"]) for f in entered)
            had = sum(Fraction(f["price"]) * Fraction(f["quantity"]) for f in left_by)
            gross = had - paid if trade["side"] == "long" else paid - had
            if sum(Fraction(f["quantity"]) for f in entered) == sold:
                assert Fraction(trade["gross"]) == gross, "Q a trade's profit"
