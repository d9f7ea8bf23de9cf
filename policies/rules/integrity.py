"""Is this a plan at all, for something that may be opened, said once and not too long ago?"""

from __future__ import annotations

from decimal import Decimal

from domain.numbers import ZERO, plain
from domain.verdict import Finding
from policies.case import Case
from policies.findings import compare, stated

LARGEST = Decimal("1e12")


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
        if not (value.is_finite() and abs(value) < LARGEST)
    ]
    sentence = (
        f"Not a number to trade on: {', '.join(broken)}." if broken else "All numbers are finite."
    )
    measured = broken[0] if broken else "finite"
    return stated("NUMBER_INVALID", not broken, measured, "0 < x < 1e12", sentence)


def _positive(case: Case) -> list[tuple[str, Decimal]]:
    draft, instrument = case.draft, case.instrument
    named = [
        ("decision price", case.decision_price),
        ("invalidation", draft.invalidation),
        *(("target", target.price) for target in draft.targets),
        ("price tick", instrument.price_tick),
        ("quantity step", instrument.quantity_step),
    ]
    return named if draft.entry is None else [*named, ("entry", draft.entry)]


def _finite(case: Case) -> list[tuple[str, Decimal]]:
    account, instrument = case.account, case.instrument
    return [
        ("equity", account.equity),
        ("free margin", account.free),
        ("least quantity", instrument.min_quantity),
        ("least notional", instrument.min_notional),
        ("fee", instrument.taker_fee_fraction),
    ]


def symbol_is_known(case: Case) -> Finding:
    """`UNKNOWN_SYMBOL`: the symbol is one of `symbols`, else of the session's; matched exactly.

    Look-alike letters of another alphabet are another symbol. Reason: a name that came out of a
    text (news, a tool, a memory) must not open a market that nobody chose.
    """
    allowed = case.policy.symbols or case.allowed_symbols
    symbol, known = case.instrument.symbol, case.instrument.symbol in allowed
    names = ", ".join(allowed) or "none"
    sentence = (
        f"{symbol} is {'one' if known else 'none'} of the symbols that may be opened: {names}."
    )
    return stated("UNKNOWN_SYMBOL", known, symbol, f"one of {names}", sentence)


def symbol_is_tradable(case: Case) -> Finding:
    """`SYMBOL_NOT_TRADABLE`: the venue trades the instrument now (its `active` flag).

    Reason: an order for a halted or delisted instrument waits, and fills when nobody expects it.
    """
    active, symbol = case.instrument.active, case.instrument.symbol
    sentence = f"{symbol} is {'traded' if active else 'listed but not traded'} at its venue."
    return stated(
        "SYMBOL_NOT_TRADABLE", active, "active" if active else "inactive", "active", sentence
    )


def side_is_allowed(case: Case) -> Finding:
    """`SIDE_NOT_ALLOWED`: side is one of `sides` (long and short); spot is long only.

    Reason: what is not held cannot be sold on spot.
    """
    side, spot = case.draft.side, case.instrument.kind == "spot"
    allowed = tuple(s for s in case.policy.sides if not (spot and s == "short"))
    names = ", ".join(allowed) or "none"
    where = f"on {case.instrument.kind} {case.instrument.symbol}"
    sentence = f"Side {side} {where}; allowed there: {names}."
    return stated("SIDE_NOT_ALLOWED", side in allowed, side, names, sentence)


def plan_is_current(case: Case) -> Finding:
    """`PLAN_EXPIRED`: now - decided_at <= 1 bar of the decision timeframe, in seconds.

    Reason: a plan answers the candle it saw; when the next one has closed, it is asked again.
    """
    age = Decimal(str((case.market.now - case.decided_at).total_seconds()))
    limit = Decimal(case.timeframe.seconds)
    return compare("PLAN_EXPIRED", "age of the plan", age, "<=", limit, "s")


def intent_is_new(case: Case) -> Finding:
    """`DUPLICATE_INTENT`: no position and no working entry in this symbol; count, 0.

    One plan per symbol: a second one would double the risk of the first, or fight it.
    """
    symbol = case.instrument.symbol
    held = [
        f"a position of {plain(p.quantity)}" for p in case.account.positions if p.symbol == symbol
    ]
    held += [
        f"a working {w.side} entry" for w in case.account.working_entries if w.symbol == symbol
    ]
    has = " and ".join(held) if held else "neither a position nor a working entry"
    sentence = f"{symbol} has {has}; one plan per symbol is open at a time."
    finding = stated("DUPLICATE_INTENT", not held, str(len(held)), "== 0", sentence)
    return Finding(finding.code, finding.passed, finding.measured, finding.limit, "count", sentence)
