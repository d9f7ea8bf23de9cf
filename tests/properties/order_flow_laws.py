"""The laws of ledger, fills and brackets, judged on rows with arithmetic of its own.

Numbered as in the design: L ledger, F fills, B brackets and plans. Nothing of `broker` or `journal`
is used: what they compute is what is judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from tests.properties.order_flow_rows import (
    LIVE,
    ORDER_ENDS,
    PLAN_ENDS,
    Picture,
    Row,
    floored,
    held,
    left,
    moved,
)

PLAN_PATHS = {
    "approved": {"working", "open", "closing", *PLAN_ENDS},
    "working": {"open", "closing", "closed", "cancelled", "expired", "failed"},
    "open": {"closing", "closed"},
    "closing": {"closed"},
}
ORDER_PATHS = {
    "pending": {"sending", "working", "cancelling", *ORDER_ENDS},
    "sending": {"working", "cancelling", *ORDER_ENDS},
    "working": {"cancelling", "filled", "cancelled", "expired", "rejected"},
    "cancelling": {"filled", "cancelled", "expired", "rejected"},
}
NEAR = Fraction(1, 10**9)

Bar = tuple[Fraction, Fraction, Fraction, Fraction, Fraction]
"""Open, high, low, close, volume."""


@dataclass(frozen=True)
class Market:
    """What the judge knows of the market; bars by symbol and open in milliseconds."""

    bars: Mapping[str, Mapping[int, Bar]]
    kinds: Mapping[str, str]
    tick: Fraction
    step: Fraction
    fee: Fraction
    share: Fraction
    base_fees: bool


@dataclass(frozen=True)
class Account:
    """What the process under test says that it has."""

    cash: Fraction
    positions: Mapping[str, tuple[Fraction, Fraction]]
    """Signed quantity and cost."""


def judge(now: Picture, before: Picture | None, account: Account, market: Market) -> None:
    """Every law that holds at every moment.

    Raises:
        AssertionError: naming the law.
    """
    _ledger(now, account, market)
    _orders_and_fills(now, market)
    for fill in now.venue_fills[len(before.venue_fills) if before else 0 :]:
        _price(fill, now, before, market)
    _volume(now, market)
    _sequence_in_a_bar(now, market)
    for plan in now.plans.values():
        _bracket(plan, now, market)
    _origins(now)
    if before is not None:
        _history(now, before)


def _ledger(now: Picture, account: Account, market: Market) -> None:
    cash, fees = Fraction(now.capital), Fraction(0)
    for fill in now.fills:
        paid = Fraction(fill["price"]) * Fraction(fill["quantity"])
        cash += -paid if fill["side"] == "buy" else paid
        if fill["fee_currency"] == "quote":
            fees += Fraction(fill["fee"])
    cash -= fees + sum(Fraction(p["amount"]) for p in now.funding)
    for symbol, (_, cost) in account.positions.items():
        if market.kinds[symbol] == "perpetual":
            cash += cost
    assert cash == account.cash, f"L1 cash {float(account.cash)} was expected {float(cash)}"
    quantities = {symbol: q for symbol, (q, _) in account.positions.items()}
    assert quantities == held(now.fills), "L2 position is not the sum of its fills"
    for symbol, (quantity, cost) in account.positions.items():
        expected = _average([f for f in now.fills if f["symbol"] == symbol]) * quantity
        assert abs(cost - expected) < NEAR, "L2 the average moved by something else than adding"
        assert market.kinds[symbol] == "perpetual" or quantity > 0, "L5 sold more than was held"


def _average(fills: Sequence[Row]) -> Fraction:
    quantity = average = Fraction(0)
    for fill in fills:
        change = moved(fill)
        if quantity * change >= 0:
            paid = Fraction(fill["quantity"]) * Fraction(fill["price"])
            cost = average * quantity + (paid if fill["side"] == "buy" else -paid)
            average = cost / (quantity + change)
        elif abs(change) > abs(quantity):
            average = Fraction(fill["price"])
        quantity += change
    return average


def _orders_and_fills(now: Picture, market: Market) -> None:
    told: dict[str, Fraction] = defaultdict(Fraction)
    venue = {f["trade_id"]: f for f in now.venue_fills}
    assert len(venue) == len(now.venue_fills), "L3 a trade id twice at the venue"
    for fill in now.fills:
        told[fill["client_order_id"]] += Fraction(fill["quantity"])
        theirs = venue[fill["trade_id"]]
        for name in ("quantity", "price", "fee"):
            assert Fraction(fill[name]) == Fraction(theirs[name]), f"L3 {name} is not the venue's"
        for name in ("client_order_id", "symbol", "side", "fee_currency"):
            assert fill[name] == theirs[name], f"L3 {name} is not the venue's"
    for name, order in now.orders.items():
        filled = Fraction(order["filled"])
        assert filled == told[name], f"L3 {order['leg']} filled {filled}, its fills {told[name]}"
        assert filled >= 0, "L3 filled below nothing"
        if name in now.venue_orders:
            asked = now.venue_orders[name]["order"]
            assert filled <= Fraction(asked["filled"]), "L3 filled more than the venue filled"
            assert Fraction(asked["filled"]) <= Fraction(asked["quantity"]), "L3 overfilled"
    for fill in now.venue_fills:
        in_base = fill["fee_currency"] == "base"
        worth = Fraction(fill["quantity"]) * (1 if in_base else Fraction(fill["price"]))
        assert Fraction(fill["fee"]) == market.fee * worth, "L4 fee is not rate times notional"
        spot_buy = market.kinds[fill["symbol"]] == "spot" and fill["side"] == "buy"
        assert in_base == (market.base_fees and spot_buy), "L4 fee in the wrong currency"


def _price(fill: Row, now: Picture, before: Picture | None, market: Market) -> None:
    resting = now.venue_orders[fill["client_order_id"]]
    order, at = resting["order"], _ms(fill["at"])
    opened, high, low, _, volume = market.bars[fill["symbol"]][at]
    price, buys = Fraction(fill["price"]), fill["side"] == "buy"
    assert volume > 0, "F5 filled without volume"
    assert low <= price <= high, f"F1 {fill['leg']} at {float(price)} outside its bar"
    assert at >= _ms(resting["since"]), "F3 filled on data from before it was taken"
    assert at >= _ms(order["created_at"]), "F3 filled on data from before it was made"
    if order["kind"] == "limit":
        limit = Fraction(order["price"])
        assert price <= limit if buys else price >= limit, "F1 worse than its limit"
        through = opened <= limit if buys else opened >= limit
        seen_open = _ms(resting["since"]) < at or resting["phase"] == 0
        if through and seen_open:
            assert price == opened, "F2 a limit that was gapped through fills at the open"
    elif order["kind"] == "stop":
        earlier = before.venue_orders.get(fill["client_order_id"]) if before else None
        if earlier is None or Fraction(earlier["order"]["price"]) == Fraction(order["price"]):
            _stop_price(order, price, (opened, high, low), market.tick, buys=buys)


def _stop_price(
    order: Row, price: Fraction, bar: tuple[Fraction, Fraction, Fraction], tick: Fraction, *,
    buys: bool,
) -> None:  # fmt: skip
    opened, high, low = bar
    trigger, slip = Fraction(order["price"]), Fraction(order["slippage"])

    def slipped(base: Fraction) -> Fraction:
        if buys:
            return min(-((-(base + slip)) // tick) * tick, high)
        return max((base - slip) // tick * tick, low)

    gapped = opened >= trigger if buys else opened <= trigger
    allowed = {slipped(opened)}
    if not gapped:  # inside the bar, or the rest of one that was set off before
        allowed.add(slipped(trigger))
    assert price in allowed, f"F2 stop {float(trigger)} filled at {float(price)}"


def _volume(now: Picture, market: Market) -> None:
    used: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    for fill in now.venue_fills:
        used[fill["symbol"], _ms(fill["at"])] += Fraction(fill["quantity"])
    for (symbol, at), quantity in used.items():
        most = market.bars[symbol][at][4] * market.share
        assert quantity <= most, f"F5 {float(quantity)} of a bar that gave {float(most)}"


def _sequence_in_a_bar(now: Picture, market: Market) -> None:
    taken: set[tuple[str, int]] = set()
    moments = [_ms(f["at"]) for f in now.venue_fills]
    assert moments == sorted(moments), "F6 the venue went back in time"
    for fill in now.venue_fills:
        key = fill["symbol"], _ms(fill["at"])
        at_open = Fraction(fill["price"]) == market.bars[key[0]][key[1]][0]
        if fill["leg"].startswith("target") and not at_open:
            taken.add(key)
        assert fill["leg"] != "stop" or key not in taken, "F4 a target before the stop in one bar"


def _bracket(plan: Row, now: Picture, market: Market) -> None:
    orders, name = now.of_plan(plan["plan_id"]), plan["plan_id"]
    fills = [f for f in now.fills if f["plan_id"] == name]
    holds = floored(sum((moved(f) for f in fills), Fraction(0)), market.step)
    exits = [o for o in orders if o["leg"] != "entry"]
    assert all(o["reduce_only"] for o in exits), "B1 an exit that is not reduce-only"
    stops = [o for o in exits if o["leg"] == "stop"]
    live = [o for o in stops if o["status"] in LIVE and o["status"] != "cancelling"]
    if plan["status"] in {"open", "closing"} and holds:
        if not any(o["status"] == "rejected" for o in stops):
            assert len(live) == 1, f"B1 {len(live)} stops of a position"
        for stop in live:
            assert left(stop) == holds, f"B1 stop of {left(stop)} for {holds} held"
        _targets(exits, holds)
    elif plan["status"] == "closed":
        assert not holds, "B3 closed with a position"
        assert not [o for o in orders if o["status"] in {"pending", "working"}], (
            "B3 closed, working"
        )
    elif plan["status"] in PLAN_ENDS:
        assert not fills, f"B3 {plan['status']} with fills"
        assert not [o for o in orders if o["status"] in LIVE], f"B3 {plan['status']}, working"
    else:
        assert not fills or plan["status"] in {"open", "closing"}, f"B3 {plan['status']} and filled"


def _targets(exits: Sequence[Row], holds: Fraction) -> None:
    targets = [o for o in exits if o["leg"].startswith("target")]
    waiting = sum((left(o) for o in targets if o["status"] in LIVE - {"cancelling"}), Fraction(0))
    assert waiting <= holds, f"B2 targets of {waiting} for {holds} held"
    legs = {o["leg"]: o for o in targets}
    last = legs[max(legs)] if legs else None
    if last is not None and last["status"] in LIVE - {"cancelling"}:
        assert waiting == holds, f"B2 targets of {waiting} for {holds} held"


def _origins(now: Picture) -> None:
    assert set(now.venue_orders) <= set(now.orders), "B5 an order at the venue without an intent"
    for order in now.orders.values():
        plan = now.plans[order["plan_id"]]
        assert plan["symbol"] == order["symbol"], "B5 an order of another symbol than its plan"
        assert '"policy_hash"' in plan["body"], "B5 a plan without its policy"
    for order in now.orders.values():
        denied = order["status"] in {"denied", "pending"}
        assert not (denied and order["client_order_id"] in now.venue_orders), "B5 denied and sent"
    assert {f["client_order_id"] for f in now.fills} <= set(now.orders), "B5 a fill of nothing"


def _history(now: Picture, before: Picture) -> None:
    old = before.venue_fills
    assert now.venue_fills[: len(old)] == old, "F6 a past fill changed"
    assert now.fills[: len(before.fills)] == before.fills, "L3 a booked fill changed"
    for name, plan in before.plans.items():
        was, new = plan["status"], now.plans[name]["status"]
        assert was == new or new in PLAN_PATHS.get(was, ()), f"B3 plan from {was} to {new}"
    for name, order in before.orders.items():
        was, new = order["status"], now.orders[name]["status"]
        assert was == new or new in ORDER_PATHS.get(was, ()), f"B3 order from {was} to {new}"
        if order["leg"] == "stop" and Fraction(order["price"]) != Fraction(
            now.orders[name]["price"]
        ):
            rose = Fraction(now.orders[name]["price"]) > Fraction(order["price"])
            assert rose == (order["side"] == "sell"), "B2 a stop moved back"


def judge_quiet(now: Picture, market: Market, working: Sequence[str]) -> None:
    """The laws of a session to which nothing happens any more: venue and journal are one.

    Raises:
        AssertionError: naming what differs.
    """
    ours = {f["trade_id"] for f in now.fills}
    assert ours == {f["trade_id"] for f in now.venue_fills}, "Q fills are not the venue's"
    paid = {(p["symbol"], int(p["at"]), Fraction(p["amount"])) for p in now.funding}
    theirs = {(p["symbol"], _ms(p["at"]), Fraction(p["amount"])) for p in now.venue_funding}
    assert paid == theirs, "Q funding is not the venue's"
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
        size = floored(sum((moved(f) for f in fills), Fraction(0)), market.step)
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


def _ms(moment: str) -> int:
    at = datetime.fromisoformat(moment)
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
