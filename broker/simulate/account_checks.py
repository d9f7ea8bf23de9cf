"""L1 to L5: the account, recomputed with fractions from the executions alone."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any

from broker.simulate.facts import Check, Facts, Traded, verdict
from domain.instrument import split_symbol

ROUNDING = Fraction(1, 10**9)
"""A cost that is divided keeps so many places at least; the rest stays with what is open."""
_OVER = {"filled", "cancelled", "expired", "rejected", "denied", "lost"}


def cash_adds_up(facts: Facts) -> Check:
    """L1, of each currency by itself."""
    faults, checked = [], 0
    for told in facts.document["ledger"]["purses"]:
        wanted = _money(facts, told)
        checked += len(wanted)
        faults += [
            f"{told['quote']} {name} is {told[name]}, the executions say {float(value)!r}"
            for name, value in wanted.items()
            if Fraction(told[name]) != value
        ]
    if not facts.document["replayed_equal"]:
        faults.append("the log replayed from zero is another ledger")
    rule = (
        "cash = capital + deposits - what was paid + what was had - fees - funding, and equity "
        "adds value"
    )
    return verdict("L1", rule, faults, checked)


def _money(facts: Facts, told: dict[str, Any]) -> dict[str, Fraction]:
    """What a purse should hold, from what happened in its currency."""
    currency = told["quote"]
    spent = fees = Fraction(0)
    for e in facts.executions:
        if split_symbol(e.symbol)[1] == currency:
            spent += e.way * e.quantity * e.price
            fees += 0 if e.in_base else e.fee
    paid = [p for p in facts.document["funding"] if split_symbol(p["symbol"])[1] == currency]
    funding = sum((Fraction(p["amount"]) for p in paid), Fraction(0))
    brought = [d for d in facts.document["deposits"] if d["currency"] == currency]
    deposits = sum((Fraction(d["amount"]) for d in brought), Fraction(0))
    held = _held_in(facts, currency)
    costs = {p["symbol"]: Fraction(p["cost"]) for p in held}
    margined = sum((c for s, c in costs.items() if _is_perpetual(facts, s)), Fraction(0))
    begun = Fraction(facts.script.account.money[currency])
    wanted = {
        "capital": begun,
        "net_deposits": deposits,
        "cash": begun + deposits - spent + margined - fees - funding,
        "realised": sum(costs.values(), Fraction(0)) - spent,
        "fees": fees,
        "funding": funding,
    }
    if told["equity"] is not None:
        wanted["equity"] = wanted["cash"] + sum((_value(facts, p) for p in held), Fraction(0))
    return wanted


def _held_in(facts: Facts, currency: str) -> list[dict[str, str]]:
    positions = facts.document["ledger"]["positions"]
    return [p for p in positions if split_symbol(p["symbol"])[1] == currency]


def positions_are_sums(facts: Facts) -> Check:
    """L2: and an average price changes only when something is added."""
    held: dict[str, Fraction] = {}
    costs: dict[str, Fraction] = {}
    for e in facts.executions:
        was, cost = held.get(e.symbol, Fraction(0)), costs.get(e.symbol, Fraction(0))
        held[e.symbol], costs[e.symbol] = _after(was, cost, e)
    told = {p["symbol"]: p for p in facts.document["ledger"]["positions"]}
    faults = []
    for symbol in sorted({*told, *(s for s, q in held.items() if q)}):
        quantity = Fraction(told[symbol]["quantity"]) if symbol in told else Fraction(0)
        if quantity != held.get(symbol, Fraction(0)):
            faults.append(f"{symbol}: {float(quantity)!r} held, its executions sum to another")
        elif abs(Fraction(told[symbol]["cost"]) - costs[symbol]) > ROUNDING:
            faults.append(f"{symbol}: cost is {told[symbol]['cost']}, was expected otherwise")
    rule = "a position is the sum of its executions; its average changes only by adding"
    return verdict("L2", rule, faults, len(held))


def fills_add_up(facts: Facts) -> Check:
    """L3."""
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for e in facts.executions:
        if not e.forced:
            sums[e.order] += e.quantity
    faults = [
        f"order {o.order}: filled {float(o.filled)} of {float(o.quantity)}"
        for o in facts.orders.values()
        if not 0 <= o.filled <= o.quantity and o.status != "rejected"
    ]
    faults += [
        f"order {o.order}: filled {float(o.filled)}, its executions do not sum to it"
        for o in facts.orders.values()
        if sums.get(o.order, 0) != o.filled and not o.order.startswith("liquidation-")
    ]
    names = [row["trade_id"] for row in facts.document["executions"]]
    if len(set(names)) < len(names):
        faults.append("a trade id stands twice")
    faults += [f"nobody sent order {name}" for name in sums if name not in facts.orders]
    rule = "0 <= filled <= quantity, filled is the sum of executions, each trade is told once"
    return verdict("L3", rule, faults, len(facts.orders))


def fees_are_rates(facts: Facts) -> Check:
    """L4."""
    terms, faults = facts.script.terms, []
    for e in facts.executions:
        row = facts.script.instruments[e.symbol]
        rate = Fraction(row.named(e.symbol).taker_fee_fraction)
        dearer = Fraction(terms.liquidation_fee_fraction) if e.forced else 0
        in_base = row.kind == "spot" and e.side == "buy" and terms.buy_fee_currency == "base"
        wanted = (rate + dearer) * e.quantity * (1 if in_base else e.price)
        if e.fee != wanted or e.in_base != in_base:
            faults.append(f"execution {e.row}: fee {float(e.fee)!r}, expected {float(wanted)!r}")
    rule = "fee = rate x notional, or rate x quantity where it is taken in base"
    return verdict("L4", rule, faults, len(facts.executions))


def nothing_stays_locked(facts: Facts) -> Check:
    """L5."""
    faults = []
    for told in facts.document["ledger"]["purses"]:
        if told["equity"] is not None and not _locked_right(facts, told):
            faults.append(
                f"locked {told['locked']} and free {told['free']} {told['quote']} are not the "
                "equity"
            )
    held: dict[str, Fraction] = {}
    for e in facts.executions:
        held[e.symbol] = held.get(e.symbol, Fraction(0)) + e.moved
        if held[e.symbol] < 0 and not _is_perpetual(facts, e.symbol):
            faults.append(f"execution {e.row} sold {e.symbol} that was not held")
    working = [o for o in facts.orders.values() if o.status not in _OVER]
    faults += [
        f"order {o.order} works and nothing of it is left"
        for o in working
        if o.filled >= o.quantity
    ]
    rule = (
        "locked >= 0, free + locked = equity, spot is never sold short, what ended ties up nothing"
    )
    return verdict("L5", rule, faults, 1 + len(facts.executions))


def _locked_right(facts: Facts, told: dict[str, Any]) -> bool:
    locked, free = Fraction(told["locked"]), Fraction(told["free"])
    leverage = Fraction(facts.script.terms.leverage_ratio)
    wanted = sum(
        (
            abs(Fraction(p["quantity"]) * Fraction(p["mark"]))
            / (leverage if _is_perpetual(facts, p["symbol"]) else 1)
            for p in _held_in(facts, told["quote"])
        ),
        Fraction(0),
    )
    near = abs(locked - wanted) <= ROUNDING
    return locked >= 0 and near and locked + free == Fraction(told["equity"])


def _after(was: Fraction, cost: Fraction, e: Traded) -> tuple[Fraction, Fraction]:
    """Quantity and cost after an execution: adding adds, closing takes its share off."""
    now = was + e.moved
    if was == 0 or (was > 0) == (e.moved > 0):
        return now, cost + e.way * e.quantity * e.price
    if now == 0 or (now > 0) != (was > 0):
        return now, now * e.price
    return now, cost * now / was


def _is_perpetual(facts: Facts, symbol: str) -> bool:
    return facts.script.instruments[symbol].kind == "perpetual"


def _value(facts: Facts, position: dict[str, str]) -> Fraction:
    value = Fraction(position["quantity"]) * Fraction(position["mark"])
    perpetual = _is_perpetual(facts, position["symbol"])
    return value - Fraction(position["cost"]) if perpetual else value
