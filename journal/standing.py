"""How the account stands before the gate: what it is worth, holds, works, traded and may do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, localcontext

from domain.candles import Timeframe
from domain.instrument import Instrument, quote_of
from domain.lifecycle import LIVE, OrderStatus, TradingState
from domain.numbers import ONE, ZERO
from domain.orders import Order, live_stop
from domain.plan import TradePlan
from journal.books import Journal
from journal.held import all_held
from journal.ledger import EXACT
from journal.metrics import EquityPoint
from journal.operator import killed
from journal.rows import Approval
from journal.trades import lost_so_far
from policies.case import draft_hash
from policies.facts import AccountFacts, Exit, Held, Standing, WorkingEntry
from policies.settings import Policy
from policies.sizing import USUAL_TRADES
from policies.trading_state import StateEntry, next_state

_MINUTE = timedelta(seconds=60)


@dataclass(frozen=True)
class AccountReader:
    """Reads how the account stands to a plan, off the session's record."""

    journal: Journal
    policy: Policy
    """How far back to look, and at which leverage margin is reckoned."""
    timeframe: Timeframe
    """Of the bars that the policy counts."""
    instrument: Callable[[str], Instrument]
    """By symbol: what is held below its step is dust and no position."""

    def facts(
        self,
        symbol: str,
        marks: Mapping[str, Decimal],
        now: datetime,
        *,
        exclude_runs: Collection[str] = (),
        answered: Collection[str] = (),
    ) -> AccountFacts:
        """The account at `now`, valued at `marks`, as it stands to a plan for `symbol`.

        Money is that of the purse which the symbol is paid from, and so is what is held and worked;
        what other purses hold and work only counts. Free is equity less what is tied up: all of a
        spot position's value, and a perpetual's value over the leverage that margin is reckoned at.

        Args:
            symbol: The instrument under decision.
            marks: Newest price per held or worked symbol, in quote.
            now: The moment; the trading day began at its UTC midnight.
            exclude_runs: The run under decision, interrupted, stepped back or being sent, and the
                run whose plan it changes: what they committed does not count against it.
            answered: Half-sent orders that the venue has just said it never had: no question.
        """
        journal, policy, timeframe = self.journal, self.policy, self.timeframe
        ledger, orders, currency = journal.ledger(), journal.orders(*LIVE), quote_of(symbol)
        held, dust = all_held(journal, ledger.held(currency), orders, marks, self.instrument)
        others = [o for o in orders if o.run_id not in exclude_runs]
        entries = [o for o in others if o.leg == "entry"]
        working = tuple(_working_entry(journal, o, marks) for o in _quoted_in(currency, entries))
        equity, start = ledger.equity(currency, marks), _day_start(journal, currency, now)
        approved = [a for a in _approved(journal, now) if a.run_id not in exclude_runs]
        today = [a.symbol for a in approved if a.at >= _midnight(now)]
        margin, kinds = policy.margin_leverage_ratio, journal.config()["kinds"]
        return AccountFacts(
            equity=equity,
            free=equity - _tied([*held, *dust], working, kinds, margin),
            day_start_equity=start.equity,
            peak_equity=max(journal.peak_equity(currency), equity),
            net_deposits_today=_deposited_since(journal, currency, start),
            leverage_ratio=margin if kinds.get(symbol) == "perpetual" else Decimal(1),
            trading_state=journal.trading_state(now),
            kill_switch=killed(journal.database, journal.session),
            reconciled=_is_reconciled(journal, orders, answered),
            positions=tuple(held),
            working_entries=working,
            positions_elsewhere=len(ledger.positions)
            + len(entries)
            - len([*held, *dust, *working]),
            trades_today=len(today),
            trades_today_symbol=today.count(symbol),
            open_orders=len(others),
            orders_last_minute=_orders_of_the_minute(journal, now, exclude_runs),
            recent_exits=_recent_exits(journal, now, policy, timeframe),
            recent_notionals=tuple(journal.newest_notionals(USUAL_TRADES, currency)),
            recent_drafts=_recent_drafts(journal, approved, symbol, now, timeframe),
        )


def standing_facts(journal: Journal, plan: TradePlan) -> Standing | None:
    """The plan that a version changes, as it stands without that version; None for a new plan."""
    if plan.act == "open":
        return None
    stored = journal.stored_plan(plan.plan_id)
    before = [v.plan for v in journal.versions(plan.plan_id) if v.plan.version < plan.version]
    position = journal.position(plan.symbol)
    held = position if position is not None and position.plan_id == plan.plan_id else None
    stop = live_stop(journal.plan_orders(plan.plan_id))
    lost = lost_so_far(journal.plan_fills(plan.plan_id))
    return Standing(
        risk_amount=max(stored.risk_amount - lost, ZERO),
        replans_count=max(0, len(before) - 1),
        scale_ins_count=sum(1 for earlier in before if earlier.act == "scale_in"),
        held=ZERO if held is None else abs(held.quantity),
        entry_price=ZERO if held is None else held.entry_price,
        stop_price=None if stop is None else stop.price,
    )


def state_change(
    journal: Journal, equity: Mapping[str, Decimal], policy: Policy, now: datetime
) -> StateEntry | None:
    """The change of state that each purse's equity calls for; None when there is none.

    A limit that is met in one purse holds for the whole session, and the sterner of two counts. A
    purse from which everything was withdrawn has nothing to lose.
    """
    current, changes = journal.state_entry(), []
    for currency, value in sorted(equity.items()):
        peak = max(journal.peak_equity(currency), value)
        if value == peak == ZERO:
            continue
        start = _day_start(journal, currency, now)
        change = next_state(
            current,
            equity=value,
            day_start_equity=start.equity,
            net_deposits_today=_deposited_since(journal, currency, start),
            peak_equity=peak,
            policy=policy,
            now=now,
        )
        if change is not None:
            named = f"{currency}: {change.reason}" if len(equity) > 1 else change.reason
            changes.append(replace(change, reason=named))
    halts = [change for change in changes if change.state is TradingState.HALTED]
    return next(iter(halts or changes), None)


def _day_start(journal: Journal, currency: str, now: datetime) -> EquityPoint:
    """The newest value recorded up to the last UTC midnight; the starting money without one.

    A point of this very moment does not count: a session resumed at midnight decides as one that
    was never stopped.
    """
    midnight = _midnight(now)
    before = journal.equity_before(currency, min(midnight, now - timedelta(milliseconds=1)))
    return before or EquityPoint(midnight, journal.ledger().purses[currency].capital)


def _deposited_since(journal: Journal, currency: str, point: EquityPoint) -> Decimal:
    with localcontext(EXACT):
        return journal.ledger().purses[currency].net_deposits - point.net_deposits


def working_entries(journal: Journal) -> list[Order]:
    """Entry orders that may still fill."""
    return [o for o in journal.orders(*LIVE) if o.leg == "entry"]


def exposed_symbols(journal: Journal) -> set[str]:
    """Symbols that are held or have a working entry."""
    return set(journal.ledger().positions) | {o.symbol for o in working_entries(journal)}


def _working_entry(journal: Journal, order: Order, marks: Mapping[str, Decimal]) -> WorkingEntry:
    price = marks[order.symbol] if order.price is None else order.price
    risk = journal.plan_terms(order.plan_id).risk_amount
    return WorkingEntry(order.symbol, order.side, order.quantity * price, risk)


def _is_reconciled(journal: Journal, orders: Sequence[Order], answered: Collection[str]) -> bool:
    sending = {o.client_order_id for o in orders if o.status == OrderStatus.SENDING}
    return sending <= set(answered) and not journal.mismatches


def _recent_drafts(
    journal: Journal,
    approved: Sequence[Approval],
    symbol: str,
    now: datetime,
    timeframe: Timeframe,
) -> tuple[str, ...]:
    """Of plans for the symbol that were approved within the last bar."""
    bar_ago = now - timeframe.delta
    found = [a.plan_id for a in approved if a.symbol == symbol and bar_ago < a.at <= now]
    return tuple(draft_hash(journal.stored_plan(plan_id).plan.draft) for plan_id in found)


def _quoted_in(currency: str, orders: Sequence[Order]) -> list[Order]:
    return [order for order in orders if quote_of(order.symbol) == currency]


def _tied(
    held: Sequence[Held],
    working: Sequence[WorkingEntry],
    kinds: Mapping[str, str],
    leverage: Decimal,
) -> Decimal:
    """What positions and working entries tie up."""
    exposures: list[Held | WorkingEntry] = [*held, *working]
    shares = (leverage if kinds[e.symbol] == "perpetual" else ONE for e in exposures)
    values = zip(exposures, shares, strict=True)
    return sum((abs(e.value) / share for e, share in values), ZERO)


def _approved(journal: Journal, now: datetime) -> list[Approval]:
    """Approvals of today and of the longest bar before it.

    This and the two below ask from a midnight on, so that within a day the journal has the answer
    at hand until something is written that changes it.
    """
    return journal.approvals(_midnight(now) - Timeframe.D1.delta)


def _orders_of_the_minute(journal: Journal, now: datetime, exclude_runs: Collection[str]) -> int:
    made = journal.orders_made(_midnight(now) - _MINUTE)
    return sum(1 for o in made if now - _MINUTE < o.at <= now and o.run_id not in exclude_runs)


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
