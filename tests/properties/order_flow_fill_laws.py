"""Laws of the venue's fills: F1 to F6, against the bars that filled them."""

from __future__ import annotations

import json
from collections import defaultdict
from fractions import Fraction

from tests.properties.order_flow_rows import Picture, Row
from tests.properties.order_flow_terms import Market, ms


def judge_price(fill: Row, now: Picture, before: Picture | None, market: Market) -> None:
    resting = now.venue_orders[fill["client_order_id"]]
    order, at = resting["order"], ms(fill["at"])
    opened, high, low, _, volume = market.bars[fill["symbol"]][at]
    price, buys = Fraction(fill["price"]), fill["side"] == "buy"
    assert volume > 0, "F5 filled without volume"
    assert low <= price <= high, f"F1 {fill['leg']} at {float(price)} outside its bar"
    assert at >= ms(resting["since"]), "F3 filled on data from before it was taken"
    if not market.live:  # there the clock may have been wrong when it was made
        assert at >= ms(order["created_at"]), "F3 filled on data from before it was made"
    if before is not None:
        assert at >= _cursor(before), "F3 filled on data that was played before"
    if order["kind"] == "limit":
        limit = Fraction(order["price"])
        assert price <= limit if buys else price >= limit, "F1 worse than its limit"
        through = opened <= limit if buys else opened >= limit
        seen_open = ms(resting["since"]) < at or resting["phase"] == 0
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


def judge_cursor(now: Picture, market: Market) -> None:
    """The venue has not passed a bar by that it never saw, whatever its clock says."""
    cursor = _cursor(now)
    ahead_s = (cursor - market.now) / 1000
    assert cursor <= market.now, f"F6 the venue is {ahead_s} s ahead of the market"


def _cursor(picture: Picture) -> int:
    return ms(json.loads(picture.cursor)[0])


def judge_volume(now: Picture, market: Market) -> None:
    used: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    for fill in now.venue_fills:
        used[fill["symbol"], ms(fill["at"])] += Fraction(fill["quantity"])
    for (symbol, at), quantity in used.items():
        most = market.bars[symbol][at][4] * market.share
        assert quantity <= most, f"F5 {float(quantity)} of a bar that gave {float(most)}"


def judge_sequence(now: Picture, market: Market) -> None:
    taken: set[tuple[str, int]] = set()
    moments = [ms(f["at"]) for f in now.venue_fills]
    assert moments == sorted(moments), "F6 the venue went back in time"
    for fill in now.venue_fills:
        key = fill["symbol"], ms(fill["at"])
        at_open = Fraction(fill["price"]) == market.bars[key[0]][key[1]][0]
        if fill["leg"].startswith("target") and not at_open:
            taken.add(key)
        assert fill["leg"] != "stop" or key not in taken, "F4 a target before the stop in one bar"
