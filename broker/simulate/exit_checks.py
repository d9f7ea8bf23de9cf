"""F4 and B1: what comes first inside a bar, and how what is held is guarded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from broker.simulate.facts import Bar, Check, Facts, Placed, Traded, verdict
from broker.simulate.fill_checks import reaches, share_of
from domain.clock import parse_moment


def stop_before_target(facts: Facts) -> Check:
    """F4."""
    faults, checked = [], 0
    for target in facts.executions:
        order, bar = facts.orders.get(target.order), facts.bar(target)
        if order is None or bar is None or not (order.reduce_only and order.kind == "limit"):
            continue
        checked += 1
        if target.price == bar.open:
            continue
        if _entered_inside(facts, order, bar):
            faults.append(f"execution {target.row}: a target in the bar that its entry filled in")
        for stop in _stops(facts, target, bar):
            rows = [e.row for e in facts.executions if e.order == stop.order and e.at == target.at]
            if not rows or min(rows) > target.row:
                faults.append(f"execution {target.row}: a target before the stop of its bar")
    for entry in facts.executions:
        checked += 1
        faults += _unstopped(facts, entry)
    rule = "stop before target in one bar; entry before stop, both in one bar; target only later"
    return verdict("F4", rule, faults, checked)


def what_is_held_is_guarded(facts: Facts) -> Check:
    """B1."""
    faults = list(_turned(facts))
    checked = sum(1 for e in facts.executions if _reduces(facts, e))
    for order in facts.orders.values():
        if order.plan is not None and (order.leg != "entry") != order.reduce_only:
            faults.append(f"order {order.order}: an exit that is not reduce-only")
    for guard in facts.document["guards"]:
        checked += 1
        if Fraction(guard["stopped"]) != _sellable(facts, guard["symbol"], guard["held"]):
            faults.append(f"{guard['held']} {guard['symbol']} held, stops close {guard['stopped']}")
    rule = "exits only reduce; after each fill the working stops close what is held"
    return verdict("B1", rule, faults, checked)


def _stops(facts: Facts, target: Traded, bar: Bar) -> Iterator[Placed]:
    """Stops that worked beside a target when its bar opened, and that the bar reached."""
    taken_back = {
        a["order"]: parse_moment(a["at"])
        for a in facts.document["answers"]
        if a["act"] == "cancel" and a["accepted"]
    }
    for order in facts.orders.values():
        beside = order.symbol == target.symbol and order.way == target.way and order.reduce_only
        if not beside or order.kind != "stop" or order.created_at > bar.open_at:
            continue
        if order.plan is not None and order.created_at == bar.open_at:  # made inside it, perhaps
            continue
        price = facts.price_at(order, bar.open_at)
        gone = taken_back.get(order.order, bar.open_at) < bar.open_at or _is_over(facts, order, bar)
        if price is not None and not gone and reaches(order, bar, price):
            yield order


def _is_over(facts: Facts, order: Placed, bar: Bar) -> bool:
    """Whether it had filled whole, or its position was gone, before the bar."""
    held = sum(
        (e.moved for e in facts.executions if e.symbol == order.symbol and e.at < bar.open_at),
        Fraction(0),
    )
    mine = [e for e in facts.executions if e.order == order.order]
    done = order.status == "filled" and bool(mine) and all(e.at < bar.open_at for e in mine)
    return done or held * order.way >= 0 or order.status == "rejected"


def _entered_inside(facts: Facts, order: Placed, bar: Bar) -> bool:
    """Whether all that a target closes was entered inside this bar, after its open."""
    if order.plan is None:
        return False
    mine = {o.order for o in facts.orders.values() if o.plan == order.plan and o.leg == "entry"}
    entries = [e for e in facts.executions if e.order in mine]
    return bool(entries) and all(e.at == bar.open_at and e.price != bar.open for e in entries)


def _unstopped(facts: Facts, entry: Traded) -> Iterator[str]:
    """A plan's entry whose bar reached its stop, which did not fill there."""
    order, bar = facts.orders.get(entry.order), facts.bar(entry)
    if order is None or bar is None or order.plan is None or order.leg != "entry":
        return
    for stop in facts.orders.values():
        if stop.plan != order.plan or stop.leg != "stop" or stop.price is None:
            continue
        rows = [e.row for e in facts.executions if e.order == stop.order and e.at == entry.at]
        used = sum(
            (e.quantity for e in facts.executions if (e.symbol, e.at) == (entry.symbol, entry.at)),
            Fraction(0),
        )
        if rows and min(rows) < entry.row and stop.created_at == entry.at:
            yield f"execution {entry.row}: a stop before its own entry"
        free = used < share_of(facts, entry.symbol, bar)
        if reaches(stop, bar, stop.price) and not rows and free:
            yield f"execution {entry.row}: its bar reached the stop, which did not fill"


def _reduces(facts: Facts, e: Traded) -> bool:
    order = facts.orders.get(e.order)
    return e.forced or (order is not None and order.reduce_only)


def _turned(facts: Facts) -> Iterator[str]:
    """Reduce-only executions that did not reduce."""
    held: dict[str, Fraction] = {}
    for e in facts.executions:
        was = held.get(e.symbol, Fraction(0))
        held[e.symbol] = was + e.moved
        if _reduces(facts, e) and not (was * e.way < 0 and abs(e.moved) <= abs(was)):
            yield f"execution {e.row} was to reduce {float(was)!r} {e.symbol} and did not"


def _sellable(facts: Facts, symbol: str, held: str) -> Fraction:
    step = Fraction(facts.script.instruments[symbol].quantity_step)
    return math.floor(abs(Fraction(held)) / step) * step
