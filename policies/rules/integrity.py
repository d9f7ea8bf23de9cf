"""Is this a plan at all, for something that may be opened, and said once?"""

from __future__ import annotations

from decimal import Decimal

from domain.finding import Finding, Stated
from domain.numbers import ONE, ZERO, plain
from domain.strict_json import MAX_DIGITS
from policies.case import Case, draft_hash

LARGEST = Decimal("1e12")
_DUPLICATE = "DUPLICATE_INTENT"


def numbers_are_valid(case: Case) -> Finding:
    """`NUMBER_INVALID`: every number of the plan, its instrument and the account is finite.

    Prices, steps, leverage and size: 0 < x < 1e12, of at most 18 digits; fee,
    margin, minima and counts: not negative; money: |x| < 1e12. The doors refuse other numbers
    already; the gate does not trust that a door was used. Market facts are held against None and
    NaN by the rules that read them. Reason: NaN compares false with everything, so that a check
    written the other way round would pass it. Source: own; SQLite stores NaN as NULL and a float
    loses digits.
    """
    broken = [f"{name} {value}" for name, value in _amounts(case) if not _is_amount(value)]
    for name, value in _prices(case):
        if not (_is_amount(value) and value > ZERO and _is_short(value)):
            broken.append(f"{name} {value}")
    for name, value in _not_negative(case):
        if not (_is_amount(value) and value >= ZERO):
            broken.append(f"{name} {value}")
    if broken:
        sentence = f"Not a number to trade on: {', '.join(broken)}."
        return Stated("NUMBER_INVALID", False, broken[0], "0 < x < 1e12", sentence)
    return Stated("NUMBER_INVALID", True, "finite", "0 < x < 1e12", "All numbers are finite.")


def _is_amount(value: Decimal) -> bool:
    return value.is_finite() and -LARGEST < value < LARGEST


def _is_short(value: Decimal) -> bool:
    return len(value.as_tuple().digits) <= MAX_DIGITS


def _prices(case: Case) -> tuple[tuple[str, Decimal], ...]:
    draft, instrument = case.draft, case.instrument
    return (
        ("decision price", case.decision_price),
        ("invalidation", draft.invalidation),
        *(("target", target.price) for target in draft.targets),
        ("price tick", instrument.price_tick),
        ("quantity step", instrument.quantity_step),
        ("leverage", case.account.leverage_ratio),
        ("entry", ONE if draft.entry is None else draft.entry),
        ("quantity", ONE if case.quantity is None else case.quantity),
    )


def _amounts(case: Case) -> tuple[tuple[str, Decimal], ...]:
    account = case.account
    return (
        ("equity", account.equity),
        ("free margin", account.free),
        ("equity at midnight", account.day_start_equity),
        ("peak equity", account.peak_equity),
        ("net deposits", account.net_deposits_today),
        *((f"value of {p.symbol}", p.value) for p in account.positions),
        *((f"entry in {w.symbol}", w.notional) for w in account.working_entries),
    )


def _not_negative(case: Case) -> tuple[tuple[str, Decimal], ...]:
    account, instrument = case.account, case.instrument
    return (
        ("least quantity", instrument.min_quantity),
        ("least notional", instrument.min_notional),
        ("fee", instrument.taker_fee_fraction),
        ("maintenance margin", instrument.maintenance_margin_fraction),
        ("number of entries today", Decimal(account.trades_today)),
        ("number of entries today in the symbol", Decimal(account.trades_today_symbol)),
        ("number of positions in other currencies", Decimal(account.positions_elsewhere)),
        ("number of open orders", Decimal(account.open_orders)),
        ("number of orders within a minute", Decimal(account.orders_last_minute)),
    )


def symbol_is_known(case: Case) -> Finding:
    """`UNKNOWN_SYMBOL`: the symbol is one of the session's and, where named, of `symbols`.

    Matched exactly: look-alike letters of another alphabet are another symbol. Reason: a name that
    came out of a text (news, a tool, a memory) must not open a market that nobody chose. Source:
    Lean's NonTradableSecurity, made exact: no near miss is corrected.
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
    Source: Lean's NonTradableSecurity.
    """
    active, symbol = case.instrument.active, case.instrument.symbol
    sentence = f"{symbol} is {'traded' if active else 'listed but not traded'} at its venue."
    found = "active" if active else "inactive"
    return Stated("SYMBOL_NOT_TRADABLE", active is True, found, "active", sentence)


def side_is_allowed(case: Case) -> Finding:
    """`SIDE_NOT_ALLOWED`: side is one of `sides` (long and short); spot is long only.

    Reason: what is not held cannot be sold on spot. Source: own.
    """
    side = case.draft.side
    allowed = tuple(s for s in case.policy.sides if not (case.spot and s == "short"))
    names = ", ".join(allowed) or "none"
    where = f"on {case.instrument.kind} {case.instrument.symbol}"
    sentence = f"Side {side} {where}; allowed there: {names}."
    return Stated("SIDE_NOT_ALLOWED", side in allowed, side, names, sentence)


def symbol_is_free(case: Case) -> Finding:
    """`DUPLICATE_INTENT`: no position and no working entry in this symbol; count, 0.

    One plan per symbol: a second one would double the risk of the first, or fight it. Reason: two
    plans for one symbol would share a position, and neither its stop nor its risk would be its
    own. A replan changes the plan that stands: the position is its own then. Source: EU 2017/589
    (RTS 6), article 15: repeated automated execution.
    """
    symbol, account = case.instrument.symbol, case.account
    own = case.standing is not None and case.standing.held > ZERO
    held = [
        f"a position of {plain(p.quantity)}"
        for p in account.positions
        if p.symbol == symbol and not own
    ]
    held += [f"a working {w.side} entry" for w in account.working_entries if w.symbol == symbol]
    has = " and ".join(held) if held else "neither a position nor a working entry"
    sentence = f"{symbol} has {has}; one plan per symbol is open at a time."
    return Stated(_DUPLICATE, not held, str(len(held)), "== 0", sentence, "count")


def draft_is_new(case: Case) -> Finding:
    """`DUPLICATE_INTENT`: the same prices were not approved for this symbol within the last bar.

    Compared by content hash of side, entry, targets, invalidation and horizon. Reason: a planner
    that repeats itself says nothing new, and a retry must not become a second trade. Source: EU
    2017/589 (RTS 6), article 15: repeated automated execution.
    """
    recent = case.account.recent_drafts
    repeated = bool(recent) and draft_hash(case.draft) in recent
    found = "repeated" if repeated else "new"
    sentence = f"The draft is {found} for {case.instrument.symbol} within the last bar."
    return Stated(_DUPLICATE, not repeated, found, "new", sentence)
