"""From a plan to the orders that would be placed: entry, stop, targets, size, and when it ends.

Prices are rounded to the tick first and everything else is reckoned from the rounded prices.
"""

from __future__ import annotations

from domain.finding import Finding, Stated
from domain.numbers import ONE, ZERO, ceil_to_tick, floor_to_tick, plain
from domain.verdict import Bracket
from policies.case import Case
from policies.costs import Costs, Share, close_at, costs_of
from policies.findings import unknown
from policies.pricing import Entry, price_entry, slippage_bps
from policies.sizing import Sized, size_position, smallest_order
from policies.stop import place_stop


def build_bracket(case: Case) -> Bracket | Finding:
    """The bracket of a plan, or the failed finding that says why there is none.

    The entry is priced for the quantity that was found, and never for less than the venue's
    smallest order, so that the rules measure something that could be sent.
    """
    book = case.market.book
    if book is None or not (book.bids and book.asks):
        return unknown("DEPTH_INSUFFICIENT", "order book with two sides", ">", ZERO, "base")
    entry, shares = price_entry(case, book), target_shares(case)
    for name, price in (("entry", entry.touch), ("target", min(share.price for share in shares))):
        if not price > ZERO:
            tick = plain(case.instrument.price_tick)
            sentence = f"The {name} is {plain(price)} on the tick {tick}, which is no price."
            return Stated("PRECISION", False, plain(price), "> 0", sentence, "price")
    stop = place_stop(case, entry.touch)
    if stop is None:
        return unknown("VOL_UNAVAILABLE", "ATR14", ">", ZERO, "quote")
    costs = costs_of(case, stop)
    sized = size_position(case, entry, costs, shares)
    if sized is None:
        return unknown("VOL_UNAVAILABLE", "realised volatility", ">=", ZERO, "fraction")
    return _assemble(case, entry, costs, sized)


def target_shares(case: Case) -> tuple[Share, ...]:
    """The plan's targets, nearest to the entry first, rounded to the tick toward the entry."""
    tick, long = case.instrument.price_tick, case.draft.side == "long"
    round_in = floor_to_tick if long else ceil_to_tick
    targets = case.draft.targets
    if len(targets) == 1:
        return (Share(round_in(targets[0].price, tick), ONE),)
    shares = [Share(round_in(t.price, tick), t.weight) for t in targets]
    return tuple(sorted(shares, key=lambda share: share.price, reverse=not long))


def _assemble(case: Case, entry: Entry, costs: Costs, sized: Sized) -> Bracket:
    least = smallest_order(case, min(entry.touch, sized.shares[0].price))
    price = entry.price(max(sized.quantity, least))
    risk = costs.risk(price)
    return Bracket(
        symbol=case.instrument.symbol,
        side=case.draft.side,
        entry_kind="market" if case.draft.entry is None else "limit",
        entry_price=price,
        quantity=sized.quantity,
        stop_price=costs.stop,
        targets=sized.legs,
        expires_at=case.decided_at + case.policy.max_entry_age_bars * case.timeframe.delta,
        close_at=close_at(case),
        risk_per_unit=risk,
        risk_amount=risk * sized.quantity,
        reward_risk=costs.reward_risk(price, sized.shares),
        stop_slippage=costs.stop_slippage,
        entry_slippage_bps=slippage_bps(case, entry, price),
        sizing=sized.steps,
        book_origin=entry.origin,
        least_quantity=least,
    )
