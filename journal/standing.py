"""How the account stands before the gate: what it is worth, holds, works, traded and may do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from domain.candles import Timeframe
from domain.lifecycle import LIVE, OrderStatus
from domain.numbers import ZERO
from domain.orders import Order, Position
from journal.books import Journal
from journal.operator import killed
from journal.rows import Approval
from policies.case import draft_hash
from policies.facts import AccountFacts, Exit, Held, WorkingEntry
from policies.settings import Policy
from policies.sizing import USUAL_TRADES
from policies.trading_state import StateEntry, next_state

_MINUTE = timedelta(seconds=60)


def account_facts(
    journal: Journal,
    marks: Mapping[str, Decimal],
    now: datetime,
    symbol: str,
    policy: Policy,
    timeframe: Timeframe,
    *,
    exclude_run: str | None = None,
    answered: Collection[str] = (),
) -> AccountFacts:
    """The account at `now`, valued at `marks`.

    Free money is equity less what positions and working entries tie up: all of a spot position's
    value, and a perpetual's value over the leverage that margin is reckoned at.

    Args:
        journal: The session's record.
        marks: Newest price per held or worked symbol, in quote.
        now: The moment; the trading day began at its UTC midnight.
        symbol: The instrument under decision.
        policy: Says how far back to look, and at which leverage margin is reckoned.
        timeframe: Length of the bars that the policy counts.
        exclude_run: The run under decision: what it committed before does not count against it,
            whether it was interrupted, stepped back, or is being sent.
        answered: Client ids of half-sent orders that the venue has just been asked about: it never
            had them, so they are no question any more.
    """
    ledger, orders = journal.ledger(), journal.orders(*LIVE)
    held = tuple(_held(orders, journal, p, marks) for _, p in sorted(ledger.positions.items()))
    others = [o for o in orders if o.run_id != exclude_run]
    working = tuple(_working_entry(journal, o, marks) for o in others if o.leg == "entry")
    exposures: list[Held | WorkingEntry] = [*held, *working]
    equity = ledger.equity(marks)
    approved = [a for a in _approved(journal, now) if a.run_id != exclude_run]
    today = [a for a in approved if a.at >= _midnight(now)]
    margin, kinds = policy.margin_leverage_ratio, journal.config()["kinds"]
    sending = {o.client_order_id for o in orders if o.status == OrderStatus.SENDING}
    bar_ago = now - timeframe.delta
    drafts = [a.plan_id for a in approved if a.symbol == symbol and bar_ago < a.at <= now]
    return AccountFacts(
        equity=equity,
        free=equity - sum((_tied(e, kinds, margin) for e in exposures), ZERO),
        day_start_equity=day_start_equity(journal, now),
        peak_equity=max(journal.peak_equity(), equity),
        leverage_ratio=margin if kinds.get(symbol) == "perpetual" else Decimal(1),
        trading_state=journal.trading_state(now),
        kill_switch=killed(journal.database, journal.session),
        reconciled=sending <= set(answered) and not journal.mismatches,
        positions=held,
        working_entries=working,
        trades_today=len(today),
        trades_today_symbol=sum(1 for a in today if a.symbol == symbol),
        open_orders=len(others),
        orders_last_minute=_orders_of_the_minute(journal, now, exclude_run),
        recent_exits=_recent_exits(journal, now, policy, timeframe),
        recent_notionals=tuple(journal.newest_notionals(USUAL_TRADES)),
        recent_drafts=tuple(draft_hash(journal.stored_plan(p).plan.draft) for p in drafts),
    )


def day_start_equity(journal: Journal, now: datetime) -> Decimal:
    """The newest value recorded up to the last UTC midnight; the starting money without one.

    A point of this very moment does not count: a session resumed at midnight decides as one that
    was never stopped.
    """
    before = journal.equity_before(min(_midnight(now), now - timedelta(milliseconds=1)))
    return journal.ledger().capital if before is None else before


def state_change(
    journal: Journal, equity: Decimal, policy: Policy, now: datetime
) -> StateEntry | None:
    """The change of state that this equity calls for; None when there is none."""
    return next_state(
        journal.state_entry(),
        equity=equity,
        day_start_equity=day_start_equity(journal, now),
        net_deposits_today=ZERO,  # a paper account keeps what it began with
        peak_equity=max(journal.peak_equity(), equity),
        policy=policy,
        now=now,
    )


def working_entries(journal: Journal) -> list[Order]:
    """Entry orders that may still fill."""
    return [o for o in journal.orders(*LIVE) if o.leg == "entry"]


def exposed_symbols(journal: Journal) -> set[str]:
    """Symbols that are held or have a working entry."""
    return set(journal.ledger().positions) | {o.symbol for o in working_entries(journal)}


def _held(
    orders: Sequence[Order], journal: Journal, position: Position, marks: Mapping[str, Decimal]
) -> Held:
    """A position with what is lost from its mark if its stop fires.

    The risk is unknown unless working stops cover all that is held; where there are several, the
    farthest is taken to close it all.
    """
    name, quantity, mark = position.symbol, abs(position.quantity), marks[position.symbol]
    stops = [
        o
        for o in orders
        if o.status == OrderStatus.WORKING and o.leg == "stop" and o.symbol == name
    ]
    risk = None
    priced = all(o.price is not None for o in stops)
    if stops and priced and sum((o.quantity for o in stops), ZERO) >= quantity:
        risk = quantity * max(_loss_per_unit(journal, o, position, mark) for o in stops)
    return Held(name, position.quantity, mark, risk)


def _loss_per_unit(journal: Journal, stop: Order, held: Position, mark: Decimal) -> Decimal:
    price = ZERO if stop.price is None else stop.price
    away = mark - price if held.side == "long" else price - mark
    bracket = journal.plan_terms(stop.plan_id).bracket
    costs = bracket.risk_per_unit - abs(bracket.entry_price - bracket.stop_price)
    return max(ZERO, away) + max(ZERO, costs)


def _working_entry(journal: Journal, order: Order, marks: Mapping[str, Decimal]) -> WorkingEntry:
    price = marks[order.symbol] if order.price is None else order.price
    risk = journal.plan_terms(order.plan_id).risk_amount
    return WorkingEntry(order.symbol, order.side, order.quantity * price, risk)


def _tied(exposure: Held | WorkingEntry, kinds: Mapping[str, str], leverage: Decimal) -> Decimal:
    value = abs(exposure.value)
    return value / leverage if kinds[exposure.symbol] == "perpetual" else value


def _approved(journal: Journal, now: datetime) -> list[Approval]:
    """Approvals of today and of the longest bar before it.

    This and the two below ask from a midnight on, so that within a day the journal has the answer
    at hand until something is written that changes it.
    """
    return journal.approvals(_midnight(now) - Timeframe.D1.delta)


def _orders_of_the_minute(journal: Journal, now: datetime, exclude_run: str | None) -> int:
    made = journal.orders_made(_midnight(now) - _MINUTE)
    return sum(1 for o in made if now - _MINUTE < o.at <= now and o.run_id != exclude_run)


def _recent_exits(
    journal: Journal, now: datetime, policy: Policy, timeframe: Timeframe
) -> tuple[Exit, ...]:
    """As far back as any rule on closed positions looks: a pause follows its window."""
    bars = max(
        policy.cooldown_bars,
        policy.cooldown_after_stop_bars,
        policy.loss_streak_window_bars + policy.loss_streak_pause_bars,
    )
    back = bars * timeframe.delta
    return tuple(e for e in journal.exits(_midnight(now) - back) if e.at >= now - back)


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
