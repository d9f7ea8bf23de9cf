"""From a plan to the orders that would be placed: entry, stop, targets, size, and when it ends.

Prices are rounded to the tick first and everything else is reckoned from the rounded prices.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.book import OrderBook
from domain.numbers import BPS, ZERO, ceil_to_tick, floor_to_tick
from domain.verdict import Bracket, Finding
from policies.case import Case
from policies.costs import Share, close_at, reward_risk, risk_per_unit, stop_slippage
from policies.findings import unknown
from policies.sizing import Sizing, size_position, split_targets
from policies.stop import place_stop

WALKS = 2
"""Size decides the price of walking the book and the price decides the size: settled in two turns,
and never in our favour, since the size only shrinks."""


@dataclass(frozen=True, slots=True)
class _Sized:
    stop: Decimal
    risk: Decimal
    sizing: Sizing


def build_bracket(case: Case) -> Bracket | Finding:
    """The bracket of a plan, or the failed finding that says why there is none.

    A market entry is priced by walking the book for the sized quantity; a limit entry at its limit,
    or by walking when it would take liquidity at once. The entry is never inferred from the plan's
    own stop and target.
    """
    book = case.market.book
    if book is None or not (book.bids and book.asks):
        return unknown("DEPTH_INSUFFICIENT", "order book", "two sides", "base")
    price = first = _first_price(case, book)
    sized = _size(case, first)
    if sized is None:
        return unknown("VOL_UNAVAILABLE", "volatility", "> 0", "quote")
    quantity, takes = sized.sizing.quantity, _takes(case, book)
    for _ in range(WALKS if takes else 0):
        price = _walked(case, book, quantity, first)
        sized = _size(case, price) or sized
        quantity = min(quantity, sized.sizing.quantity)
    return _assemble(case, book, price, sized, quantity, takes)


def limit_price(case: Case) -> Decimal | None:
    """The plan's limit on the tick, never beyond what the model said; None for a market entry."""
    if case.draft.entry is None:
        return None
    round_back = floor_to_tick if case.draft.side == "long" else ceil_to_tick
    return round_back(case.draft.entry, case.instrument.price_tick)


def target_shares(case: Case) -> tuple[Share, ...]:
    """The plan's targets, nearest to the entry first, rounded to the tick toward the entry."""
    tick, long = case.instrument.price_tick, case.draft.side == "long"
    round_in = floor_to_tick if long else ceil_to_tick
    shares = [Share(round_in(t.price, tick), t.weight) for t in case.draft.targets]
    return tuple(sorted(shares, key=lambda share: share.price, reverse=not long))


def _assemble(
    case: Case, book: OrderBook, price: Decimal, sized: _Sized, quantity: Decimal, takes: bool
) -> Bracket:
    shares, legs = split_targets(target_shares(case), case.instrument, price, quantity)
    return Bracket(
        symbol=case.instrument.symbol,
        side=case.draft.side,
        entry_kind="market" if case.draft.entry is None else "limit",
        entry_price=price,
        quantity=quantity,
        stop_price=sized.stop,
        targets=legs,
        expires_at=case.decided_at + case.timeframe.delta,
        close_at=close_at(case),
        risk_per_unit=sized.risk,
        risk_amount=sized.risk * quantity,
        reward_risk=reward_risk(case, price, sized.risk, shares),
        stop_slippage=stop_slippage(case, sized.stop),
        entry_slippage_bps=_slippage_bps(case, book, price) if takes else ZERO,
        sizing=sized.sizing.steps,
        book_origin=book.origin,
    )


def _size(case: Case, price: Decimal) -> _Sized | None:
    stop = place_stop(case, price)
    if stop is None:
        return None
    risk = risk_per_unit(case, price, stop)
    sizing = size_position(case, price, risk)
    return None if sizing is None else _Sized(stop, risk, sizing)


def _takes(case: Case, book: OrderBook) -> bool:
    """True for a market entry and for a limit that reaches the other side of the book."""
    limit = limit_price(case)
    best = book.side(case.entry_side)[0].price
    return limit is None or (limit - best) * case.direction >= ZERO


def _first_price(case: Case, book: OrderBook) -> Decimal:
    """Best price of the book for an entry that takes, else the limit."""
    limit = limit_price(case)
    if limit is None or _takes(case, book):
        return book.side(case.entry_side)[0].price
    return limit


def _walked(case: Case, book: OrderBook, quantity: Decimal, first: Decimal) -> Decimal:
    """Average price of taking `quantity`; `first` for none, and never worse than the limit."""
    walk = book.walk(case.entry_side, quantity) if quantity > ZERO else None
    price, limit = (first if walk is None else walk.vwap), limit_price(case)
    if limit is None or (limit - price) * case.direction >= ZERO:
        return price
    return limit


def _slippage_bps(case: Case, book: OrderBook, price: Decimal) -> Decimal:
    mid = (book.bids[0].price + book.asks[0].price) / 2
    return (price / mid - 1) * case.direction * BPS
