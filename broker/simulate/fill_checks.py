"""F1, F2, F3 and F5: each price and size of a fill, worked out anew from its bar.

An order that was made by the house at a bar's own open may have been made inside that bar, after
its entry filled there; for such a one both readings of the bar are allowed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import datetime
from fractions import Fraction

from broker.simulate.facts import Bar, Check, Facts, Placed, Traded, verdict
from domain.clock import parse_moment


def inside_the_bar(facts: Facts) -> Check:
    """F1."""
    faults = []
    for e, order, bar in _on_bars(facts):
        clamped = facts.document["executions"][e.row]["clamped"]
        if not bar.low <= e.price <= bar.high:
            faults.append(f"execution {e.row}: {float(e.price)} lies outside its bar")
        if clamped and e.price not in {bar.low, bar.high}:
            faults.append(f"execution {e.row}: clamped, and at no edge of its bar")
        limit = None if order is None else _limit(facts, order, bar.open_at)
        if limit is not None and (e.price - limit) * e.way > 0:
            faults.append(f"execution {e.row}: {float(e.price)} is worse than {float(limit)}")
    rule = "low <= price <= high with slippage in it, and never worse than the limit"
    return verdict("F1", rule, faults, len(_on_bars(facts)))


def gaps_fill_at_the_open(facts: Facts) -> Check:
    """F2: and everything else at its own price."""
    faults, checked = [], 0
    for e, order, bar in _on_bars(facts):
        if order is None:
            continue
        checked += 1
        wanted = _prices(facts, order, bar)
        if e.price not in wanted:
            said = " or ".join(str(float(price)) for price in sorted(wanted))
            faults.append(f"execution {e.row}: at {float(e.price)}, the bar says {said}")
    rule = "what a bar gapped through fills at its open, anything else at its own price"
    return verdict("F2", rule, faults, checked)


def only_what_came_after(facts: Facts) -> Check:
    """F3."""
    until = parse_moment(facts.document["until"])
    taken_back = {
        a["order"]: parse_moment(a["at"])
        for a in facts.document["answers"]
        if a["act"] == "cancel" and a["accepted"]
    }
    faults = []
    for e in facts.executions:
        order = facts.orders.get(e.order)
        if order is not None and e.at < order.created_at:
            faults.append(f"execution {e.row} is older than its order")
        if e.at >= taken_back.get(e.order, until + facts.script.timeframe.delta):
            faults.append(f"execution {e.row} came after its order was taken back")
        on_bar = facts.bar(e) is not None and not _from_a_book(facts, e)
        if on_bar and e.at + facts.script.timeframe.delta > until:
            faults.append(f"execution {e.row} is on a bar that is not closed")
    rule = "an order fills on bars that open after it was taken, and closed ones alone"
    return verdict("F3", rule, faults, len(facts.executions))


def a_share_of_the_volume(facts: Facts) -> Check:
    """F5."""
    used: dict[tuple[str, datetime], Fraction] = defaultdict(Fraction)
    faults = []
    for e, order, bar in _on_bars(facts):
        if bar.volume == 0:
            faults.append(f"execution {e.row} is on a bar without volume")
        if order is not None:
            used[e.symbol, e.at] += e.quantity
    for (symbol, at), quantity in used.items():
        if quantity > share_of(facts, symbol, facts.bars[symbol, at]):
            faults.append(f"{symbol} at {at:%Y-%m-%d %H:%M}: more than its share of the volume")
    rule = "all fills of a bar together are at most the share of its volume; none has no fill"
    return verdict("F5", rule, faults, len(used))


def share_of(facts: Facts, symbol: str, bar: Bar) -> Fraction:
    """How much of a bar is ours, in whole steps."""
    step = Fraction(facts.script.instruments[symbol].quantity_step)
    share = Fraction(facts.script.terms.volume_share_fraction) * bar.volume
    return math.floor(share / step) * step


def reaches(order: Placed, bar: Bar, price: Fraction) -> bool:
    """Whether a bar comes to the trigger of a stop."""
    return bar.volume > 0 and (bar.high >= price if order.way > 0 else bar.low <= price)


def _on_bars(facts: Facts) -> list[tuple[Traded, Placed | None, Bar]]:
    """Executions with their order, None for a liquidation, and their bar."""
    found = []
    for e in facts.executions:
        bar = facts.bar(e)
        if bar is not None and not _from_a_book(facts, e):
            found.append((e, facts.orders.get(e.order) if not e.forced else None, bar))
    return found


def _from_a_book(facts: Facts, e: Traded) -> bool:
    order = facts.orders.get(e.order)
    return bool(facts.script.books) and order is not None and order.kind == "market"


def _limit(facts: Facts, order: Placed, at: datetime) -> Fraction | None:
    return facts.price_at(order, at) if order.kind == "limit" else order.limit_price


def _prices(facts: Facts, order: Placed, bar: Bar) -> set[Fraction]:
    """Prices at which an order may fill in a bar."""
    price = facts.price_at(order, bar.open_at)
    if order.kind == "market" or price is None:
        return {_slipped(facts, order, bar, bar.open)}
    inside = order.created_at == bar.open_at and order.plan is not None and order.leg != "entry"
    if order.kind == "limit":
        return _limit_prices(order, bar, price, inside=inside)
    triggered = any(
        order.created_at <= b.open_at < bar.open_at
        and reaches(order, b, facts.price_at(order, b.open_at) or price)
        for b in facts.bars_of(order.symbol)
    )
    if triggered and order.limit_price is not None:
        return _limit_prices(order, bar, order.limit_price, inside=False)
    if triggered:
        return {_slipped(facts, order, bar, bar.open)}
    gapped = (bar.open - price) * order.way >= 0
    at_open = {_capped(order, _slipped(facts, order, bar, bar.open))} if gapped else set()
    at_price = {_capped(order, _slipped(facts, order, bar, price))}
    return at_open | at_price if inside else at_open or at_price


def _limit_prices(order: Placed, bar: Bar, limit: Fraction, *, inside: bool) -> set[Fraction]:
    better = (bar.open - limit) * order.way <= 0
    if not better:
        return {limit}
    return {bar.open, limit} if inside else {bar.open}


def _capped(order: Placed, price: Fraction) -> Fraction:
    """Never beyond a stop-limit's limit."""
    if order.limit_price is None:
        return price
    return min(price, order.limit_price) if order.way > 0 else max(price, order.limit_price)


def _slipped(facts: Facts, order: Placed, bar: Bar, price: Fraction) -> Fraction:
    """Worse by the slippage, away from us to the tick, within the bar."""
    tick = Fraction(facts.script.instruments[order.symbol].price_tick)
    if order.way > 0:
        return min(math.ceil((price + order.slippage) / tick) * tick, bar.high)
    return max(math.floor((price - order.slippage) / tick) * tick, bar.low)
