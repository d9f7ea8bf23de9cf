"""What a session's record lists: orders, positions, trades and plans as documents, newest last.

Nothing here asks a market: a price that the record does not hold is left out, never made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from app.document import plain_record, trade_record
from domain.clock import iso
from domain.errors import ConfigError, StateError
from domain.instrument import quote_of
from domain.lifecycle import LIVE, PLAN_STEPS, OrderStatus, PlanStatus
from domain.numbers import plain
from domain.orders import TARGET_LEGS, Leg, Order
from domain.trade import ClosedTrade
from journal.books import Journal
from journal.reading import StoredPlan
from journal.trade_facts import TradeFacts, facts_of

_T = TypeVar("_T")

LEGS: tuple[Leg, ...] = ("entry", "stop", *TARGET_LEGS, "reduce", "close")
"""The order in which orders of one moment are shown."""

OPEN_PLANS = tuple(status for status, after in PLAN_STEPS.items() if after)
"""Plans that may still change."""


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Which of them to list."""

    symbol: str | None = None
    status: str | None = None
    is_open: bool = False
    """Only what may still change."""
    since: datetime | None = None
    limit: int = 30
    """At most so many, the newest."""

    def of(
        self,
        items: Iterable[_T],
        symbol: Callable[[_T], str],
        at: Callable[[_T], datetime],
        fits: Callable[[_T], bool] = lambda _: True,
    ) -> tuple[list[_T], int]:
        """The newest that match, and how many earlier ones match as well."""
        found = [
            item
            for item in items
            if (self.symbol is None or symbol(item).casefold() == self.symbol.casefold())
            and (self.since is None or at(item) >= self.since)
            and fits(item)
        ]
        return found[-self.limit :], max(0, len(found) - self.limit)


def orders_document(journal: Journal, wanted: ListFilter) -> dict[str, Any]:
    """Orders in the order they were made."""
    _require_status(wanted, OrderStatus)
    found, earlier = wanted.of(
        by_leg(journal.orders()),
        lambda order: order.symbol,
        lambda order: order.created_at,
        lambda order: (
            wanted.status in {None, order.status.value}
            and (not wanted.is_open or order.status in LIVE)
        ),
    )
    return listed(journal, "orders", [order_record(order) for order in found], earlier)


def by_leg(orders: Iterable[Order]) -> list[Order]:
    """As they were made, those of one moment in the order of `LEGS`."""
    return sorted(orders, key=lambda order: (order.created_at, LEGS.index(order.leg)))


def order_record(order: Order) -> dict[str, Any]:
    """An order with what follows from it."""
    return {
        **plain_record(order),
        "remaining": plain(order.remaining),
        "venue_differs": order.placed_quantity is not None
        and order.status in LIVE
        and not order.is_placed_as_wanted,
    }


def plans_document(journal: Journal, wanted: ListFilter) -> dict[str, Any]:
    """Committed plans in the order they were approved."""
    _require_status(wanted, PlanStatus)
    found, earlier = wanted.of(
        journal.plans(),
        lambda stored: stored.plan.symbol,
        lambda stored: stored.approved_at,
        lambda stored: (
            wanted.status in {None, stored.status.value}
            and (not wanted.is_open or stored.status in OPEN_PLANS)
        ),
    )
    return listed(journal, "plans", [plan_record(stored) for stored in found], earlier)


def plan_record(stored: StoredPlan) -> dict[str, Any]:
    """A committed plan: what it wants and where it stands."""
    plan, bracket = stored.plan, stored.bracket
    return {
        "plan_id": plan.plan_id,
        "run_id": plan.run_id,
        "version": plan.version,
        "revises": plan.revises,
        "symbol": plan.symbol,
        "status": stored.status.value,
        "side": bracket.side,
        "entry_kind": bracket.entry_kind,
        "entry_price": plain(bracket.entry_price),
        "stop_price": plain(bracket.stop_price),
        "targets": [
            {"price": plain(t.price), "quantity": plain(t.quantity)} for t in bracket.targets
        ],
        "quantity": plain(bracket.quantity),
        "risk_amount": plain(stored.risk_amount),
        "reward_risk": plain(bracket.reward_risk, 4),
        "approved_at": iso(stored.approved_at),
        "close_at": iso(stored.close_at),
        "model": plan.model,
        "thesis": plan.draft.thesis,
    }


def trades_document(journal: Journal, wanted: ListFilter) -> dict[str, Any]:
    """Closed trades in the order they closed."""
    found, earlier = wanted.of(
        journal.trades(), lambda trade: trade.symbol, lambda trade: trade.closed_at
    )
    facts = facts_of(journal, found)
    records = [closed_record(trade, of) for trade, of in zip(found, facts, strict=True)]
    return listed(journal, "trades", records, earlier)


def closed_record(trade: ClosedTrade, facts: TradeFacts) -> dict[str, Any]:
    """A closed trade with what it used, and how the price and its fills went."""
    went = facts.excursions
    return {
        **trade_record(trade),
        "held_s": facts.held_s,
        "slippage_bps": _figure(facts.slippage_bps, 2),
        "entry_slippage_bps": _figure(facts.entry_slippage_bps, 2),
        "exit_slippage_bps": _figure(facts.exit_slippage_bps, 2),
        "mae": _figure(went and went.mae, 8),
        "mfe": _figure(went and went.mfe, 8),
        "mae_r": _figure(went and went.mae_r, 4),
        "mfe_r": _figure(went and went.mfe_r, 4),
        "equity_at_entry": plain(facts.equity_at_entry),
        "return_on_equity_fraction": _figure(facts.return_on_equity_fraction, 8),
        "notional": _figure(facts.notional, 8),
        "margin_used": _figure(facts.margin_used, 8),
        "leverage_ratio": _figure(facts.leverage_ratio, 4),
        "exposure_ratio": _figure(facts.exposure_ratio, 4),
    }


def _figure(value: Decimal | None, digits: int) -> str | None:
    return None if value is None else plain(value, digits)


def only(what: str, prefix: str, names: Sequence[str], session: str) -> str:
    """The one name that begins with `prefix`.

    Raises:
        StateError: none does, or several do; naming near ones.
    """
    found = [name for name in names if name == prefix] or [
        name for name in names if prefix and name.startswith(prefix)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        named = ", ".join(found[:6]) + (", ..." if len(found) > 6 else "")
        raise StateError(
            f"{len(found)} {what}s of session {session!r} begin with {prefix!r}: {named}"
        )
    from difflib import get_close_matches

    near = get_close_matches(prefix, [n[: max(len(prefix), 4)] for n in names], n=3, cutoff=0.5)
    offers = [name for name in names if any(name.startswith(start) for start in near)]
    offer = f"did you mean {' or '.join(offers[:3])}? " if offers else ""
    raise StateError(
        f"no {what} of session {session!r} begins with {prefix!r}; {offer}"
        f"see: plangate {what}s --session {session}"
    )


def _require_status(wanted: ListFilter, known: type[OrderStatus] | type[PlanStatus]) -> None:
    names = [status.value for status in known]
    if wanted.status is not None and wanted.status not in names:
        raise ConfigError(
            f"--status {wanted.status!r} was expected to be one of {', '.join(names)}"
        )


def listed(
    journal: Journal, what: str, records: list[dict[str, Any]], earlier: int
) -> dict[str, Any]:
    """The frame of every list."""
    currencies = list(journal.capital())
    return {
        "schema": f"plangate.{what}/1",
        "session": journal.session,
        "currency": currencies[0] if len(currencies) == 1 else None,
        what: [{**record, "currency": quote_of(record["symbol"])} for record in records],
        "earlier_count": earlier,
    }
