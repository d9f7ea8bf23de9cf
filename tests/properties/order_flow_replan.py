"""A change of the plan that stands, as the machine draws it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.instrument import Instrument
from domain.verdict import Approved
from journal.books import Journal
from journal.reading import StoredPlan
from tests.broker.changes import act_on, commit_change
from tests.properties.order_flow_wish import Wanted, Wish, wanted


def commit_wish(
    book: Journal,
    stands: StoredPlan,
    wish: Wish,
    add: bool,
    run: str,
    last: Decimal,
    at: datetime,
    on: Instrument,
) -> list[str]:
    """Another entry, other levels or an addition, as the plan's state allows; the orders of it."""
    act = act_on(book, stands, add=add)
    drawn = replace(wish, symbol=stands.plan.symbol, long=stands.bracket.side == "long")
    made = wanted(drawn, run, last, at)
    stop = _no_farther(stands, made, act != "replace")
    verdict = Approved(replace(made.verdict.bracket, stop_price=stop), ())
    return commit_change(book, stands, (made.plan, verdict), act, on, at, made.seen)


def _no_farther(stands: StoredPlan, made: Wanted, held: bool) -> Decimal:
    """The stop that was drawn, where something is held no farther than the one that works."""
    drawn, works = made.verdict.bracket.stop_price, stands.bracket.stop_price
    if not held:
        return drawn
    return max(drawn, works) if stands.bracket.side == "long" else min(drawn, works)
