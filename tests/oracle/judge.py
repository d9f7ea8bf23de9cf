"""The oracle: holds a verdict against its own reckoning of the same case document.

It shares no code with the gate and works in `Fraction`, so nothing is rounded. It is two-sided: an
approval has to violate no control, a denial has to violate exactly the controls it names. Written
from the controls' formulae; where the gate and the oracle differ, one of them has misread them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from tests.oracle.legs import legs_of, misplaced_legs, shares_of
from tests.oracle.limits import CODES, DOOR_CODES
from tests.oracle.placing import Placed, placing_violations
from tests.oracle.pricing import Pricing, bracket_of
from tests.oracle.reading import Document, ceil, floor, moment, read
from tests.oracle.standing import standing_violations

KNOWN = CODES | DOOR_CODES
DIGITS = 18
FINEST = 10**16
TOLERANCE = Fraction(1, 10**18)
"""Stated figures may differ by this much of themselves: they are written to 28 digits."""

Reasons = dict[str, list[str]]
"""Why each code is violated."""


def violations(
    case_document: Document, verdict_document: dict[str, Any], policy_hash: str | None = None
) -> list[str]:
    """Everything in which the verdict differs from the oracle's own, in words; empty when nothing.

    Args:
        case_document: The parsed case; numbers as text, `int`, `Decimal` or `Fraction`, not float.
        verdict_document: What `plangate gate check --json` writes of the verdict.
        policy_hash: Hash of the judging policy; without it every stated hash is another one.
    """
    case = read(case_document)
    case.policy_hash = policy_hash
    said = frozenset(verdict_document["codes"])
    found = [f"UNHEARD-OF CODE {code}" for code in sorted(said - KNOWN)]
    if (verdict_document["verdict"] == "approved") == bool(said):
        found.append(f"verdict {verdict_document['verdict']} with the codes {sorted(said)}")
    pricing = Pricing(case)
    if pricing.disordered:  # what a walk of it costs is nobody's to say, so it is denied
        return found if "BOOK_CROSSED" in said else [*found, "MISSED BOOK_CROSSED: out of order"]
    stated = verdict_document["bracket"]
    if (stated is not None) != pricing.possible:
        return [*found, "a bracket is stated" if stated else "no bracket is stated"]
    own: Reasons = defaultdict(list)
    for code, reason in (*standing_violations(case), *_too_long(case)):
        own[code].append(reason)
    if stated is None:
        own = {k: v for k, v in own.items() if k in said or not v[0].startswith("unknown")}
        return found + _differences(own, said)
    return found + _about_bracket(case, pricing, bracket_of(stated), own, said)


def _about_bracket(
    case: SimpleNamespace,
    pricing: Pricing,
    bracket: SimpleNamespace,
    own: Reasons,
    said: frozenset[str],
) -> list[str]:
    found = []
    if _unwritable(bracket.quantity):  # no order can say it, so no limit on it is worth a digit
        if "PRECISION" in said:
            return [row for row in _differences(own, said) if row.startswith("MISSED")]
        found.append("MISSED PRECISION: too many digits")
    placed = _placed(case, pricing, bracket)
    for code, reason in placing_violations(placed):
        own[code].append(reason)
    found += [*_differences(own, said), *_misstatements(placed, bracket)]
    return found if said or case.quantity is not None else [*found, *_undersized(placed)]


def _undersized(placed: Placed) -> list[str]:
    """An approved size that the executor chose is the largest: one step more breaks a limit."""
    step, pricing = placed.case.instrument.step, placed.pricing
    quantity = placed.quantity + max(step, ceil(placed.quantity / FINEST, step))
    more = placed._replace(
        entry=pricing.entry(max(quantity, pricing.least)),
        quantity=quantity,
        judged=max(quantity, pricing.least),
        legs=legs_of([[share] for share in placed.shares], quantity, step),
    )
    return [] if any(placing_violations(more)) else [f"UNDERSIZED: {quantity} would pass"]


def _differences(own: Reasons, said: frozenset[str]) -> list[str]:
    missed = [f"MISSED {code}: {own[code]}" for code in sorted(own.keys() - said)]
    return missed + [f"UNFOUNDED {code}" for code in sorted((said & KNOWN) - own.keys())]


def _placed(case: SimpleNamespace, pricing: Pricing, bracket: SimpleNamespace) -> Placed:
    judged = max(bracket.quantity, pricing.least)
    return Placed(
        case=case,
        pricing=pricing,
        entry=pricing.entry(judged),
        stop=bracket.stop_price,
        quantity=bracket.quantity,
        judged=judged,
        legs=bracket.legs,
        shares=shares_of(bracket.legs, pricing.targets, bracket.quantity, case.instrument.step),
    )


def _misstatements(placed: Placed, bracket: SimpleNamespace) -> list[str]:
    case, pricing, entry, stop = placed.case, placed.pricing, placed.entry, placed.stop
    risk = placed.risk
    reward = pricing.reward_per_unit(entry, placed.shares)
    figures = {
        "entry_price": entry,
        "notional": entry * placed.quantity,
        "stop_price": stop if pricing.stop is None else pricing.stop,
        "risk_per_unit": risk,
        "risk_amount": risk * placed.quantity,
        "reward_risk": reward / risk if risk else Fraction(0),
        "stop_slippage": pricing.stop_slippage(stop),
        "entry_slippage_bps": pricing.slippage_bps(entry),
        "least_quantity": pricing.least,
        "quantity": _quantity(case, bracket),
    }
    offered = sum(quantity for _, quantity in pricing.levels)
    books = f"{float(placed.judged / offered):.3g}" if offered else "0"
    wrong = [
        f"MISSTATED {name}: {getattr(bracket, name)} instead of {value} at {books} books"
        for name, value in figures.items()
        if abs(getattr(bracket, name) - value) > TOLERANCE * abs(value)
    ]
    plan = case.plan
    words = {
        "symbol": (bracket.symbol, case.instrument.symbol),
        "side": (bracket.side, plan.side),
        "entry_kind": (bracket.entry_kind, "market" if plan.entry is None else "limit"),
        "book_origin": (bracket.book_origin, case.market.book.origin),
        "expires_at": (
            moment(bracket.expires_at),
            plan.decided_at + case.policy.max_entry_age_bars * plan.bar,
        ),
        "close_at": (moment(bracket.close_at), plan.decided_at + plan.horizon_bars * plan.bar),
    }
    wrong += [f"MISSTATED {k}: {a!r} instead of {b!r}" for k, (a, b) in words.items() if a != b]
    return wrong + misplaced_legs(placed)


def _quantity(case: SimpleNamespace, bracket: SimpleNamespace) -> Fraction:
    """A fixed size stands as it is; else the smallest bound decides, rounded down.

    Of a step finer than a size can be written with, the digits beyond the 17th may be left off. A
    bound that falls exactly on a step is reckoned from a rounded average price, so the gate may
    stay a step inside it.
    """
    if case.quantity is not None:
        return case.quantity
    step, bound = case.instrument.step, max(Fraction(0), min(bracket.bounds))
    own = floor(bound, step)
    written = Fraction(0) <= own - bracket.quantity < own / FINEST
    inside = bound == own and bracket.quantity == own - step
    return bracket.quantity if written or inside else own


def _too_long(case: SimpleNamespace) -> Iterator[tuple[str, str]]:
    """Facts that prices and sizes are reckoned in: as short as the plan's own numbers."""
    instrument, account = case.instrument, case.account
    decision = case.plan.decision_price
    for value in (decision, instrument.tick, instrument.step, account.leverage):
        if value is not None and _unwritable(value):
            yield "NUMBER_INVALID", f"{float(value)} has more than {DIGITS} digits"


def _unwritable(quantity: Fraction) -> bool:
    """Whether it has more than the 18 digits that a number may have."""
    digits = str(abs(quantity.numerator) * 10**48 // quantity.denominator)
    return len(digits.rstrip("0")) > DIGITS
