"""Is this a plan at all, for something that may be opened, and said once?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from domain.numbers import ZERO, plain
from domain.verdict import Finding, Stated
from policies.case import Case, draft_hash

LARGEST = Decimal("1e12")
_DUPLICATE = "DUPLICATE_INTENT"


def numbers_are_valid(case: Case) -> Finding:
    """`NUMBER_INVALID`: every price, step and amount is finite, 0 < x < 1e12.

    The doors refuse such numbers already; the gate does not trust that a door was used. Equity,
    free margin, fee and the venue's minima may be 0 or negative, but have to be finite. Reason: NaN
    compares false with everything, so that a check written the other way round would pass it.
    """
    broken = [
        f"{name} {value}"
        for name, value in _positive(case)
        if not (value.is_finite() and ZERO < value < LARGEST)
    ]
    broken += [
        f"{name} {value}"
        for name, value in _finite(case)
        if not (value.is_finite() and -LARGEST < value < LARGEST)
    ]
    if broken:
        sentence = f"Not a number to trade on: {', '.join(broken)}."
        return Stated("NUMBER_INVALID", False, broken[0], "0 < x < 1e12", sentence)
    return Stated("NUMBER_INVALID", True, "finite", "0 < x < 1e12", "All numbers are finite.")


def _positive(case: Case) -> Iterator[tuple[str, Decimal]]:
    draft, instrument = case.draft, case.instrument
    yield "decision price", case.decision_price
    yield "invalidation", draft.invalidation
    for target in draft.targets:
        yield "target", target.price
    yield "price tick", instrument.price_tick
    yield "quantity step", instrument.quantity_step
    yield "leverage", case.account.leverage_ratio
    if draft.entry is not None:
        yield "entry", draft.entry
    if case.quantity is not None:
        yield "quantity", case.quantity


def _finite(case: Case) -> Iterator[tuple[str, Decimal]]:
    account, instrument = case.account, case.instrument
    yield "equity", account.equity
    yield "free margin", account.free
    yield "equity at midnight", account.day_start_equity
    yield "peak equity", account.peak_equity
    yield "net deposits", account.net_deposits_today
    yield "least quantity", instrument.min_quantity
    yield "least notional", instrument.min_notional
    yield "fee", instrument.taker_fee_fraction
    yield "maintenance margin", instrument.maintenance_margin_fraction
    for position in account.positions:
        yield f"value of {position.symbol}", position.value
    for entry in account.working_entries:
        yield f"entry in {entry.symbol}", entry.notional


def symbol_is_known(case: Case) -> Finding:
    """`UNKNOWN_SYMBOL`: the symbol is one of the session's and, where named, of `symbols`.

    Matched exactly: look-alike letters of another alphabet are another symbol. Reason: a name that
    came out of a text (news, a tool, a memory) must not open a market that nobody chose.
    """
    named, symbol = case.policy.symbols, case.instrument.symbol
    allowed = tuple(s for s in case.allowed_symbols if not named or s in named)
    known, names = symbol in allowed, ", ".join(allowed) or "none"
    word = "one" if known else "none"
    sentence = f"{symbol} is {word} of the symbols that may be opened: {names}."
    return Stated("UNKNOWN_SYMBOL", known, symbol, f"one of {names}", sentence)


def symbol_is_tradable(case: Case) -> Finding:
    """`SYMBOL_NOT_TRADABLE`: the venue trades the instrument now (its `active` flag).

    Reason: an order for a halted or delisted instrument waits, and fills when nobody expects it.
    """
    active, symbol = case.instrument.active, case.instrument.symbol
    sentence = f"{symbol} is {'traded' if active else 'listed but not traded'} at its venue."
    found = "active" if active else "inactive"
    return Stated("SYMBOL_NOT_TRADABLE", active is True, found, "active", sentence)


def side_is_allowed(case: Case) -> Finding:
    """`SIDE_NOT_ALLOWED`: side is one of `sides` (long and short); spot is long only.

    Reason: what is not held cannot be sold on spot.
    """
    side = case.draft.side
    allowed = tuple(s for s in case.policy.sides if not (case.spot and s == "short"))
    names = ", ".join(allowed) or "none"
    where = f"on {case.instrument.kind} {case.instrument.symbol}"
    sentence = f"Side {side} {where}; allowed there: {names}."
    return Stated("SIDE_NOT_ALLOWED", side in allowed, side, names, sentence)


def symbol_is_free(case: Case) -> Finding:
    """`DUPLICATE_INTENT`: no position and no working entry in this symbol; count, 0.

    One plan per symbol: a second one would double the risk of the first, or fight it.
    """
    symbol, account = case.instrument.symbol, case.account
    held = [f"a position of {plain(p.quantity)}" for p in account.positions if p.symbol == symbol]
    held += [f"a working {w.side} entry" for w in account.working_entries if w.symbol == symbol]
    has = " and ".join(held) if held else "neither a position nor a working entry"
    sentence = f"{symbol} has {has}; one plan per symbol is open at a time."
    return Stated(_DUPLICATE, not held, str(len(held)), "== 0", sentence, "count")


def draft_is_new(case: Case) -> Finding:
    """`DUPLICATE_INTENT`: the same prices were not approved for this symbol within the last bar.

    Compared by content hash of side, entry, targets, invalidation and horizon. Reason: a planner
    that repeats itself says nothing new, and a retry must not become a second trade.
    """
    recent = case.account.recent_drafts
    repeated = bool(recent) and draft_hash(case.draft) in recent
    found = "repeated" if repeated else "new"
    sentence = f"The draft is {found} for {case.instrument.symbol} within the last bar."
    return Stated(_DUPLICATE, not repeated, found, "new", sentence)
