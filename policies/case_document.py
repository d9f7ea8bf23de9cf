"""A case as the JSON that `read_case` reads back: what the gate saw, complete and exact.

Nothing is left to a default, so that the file means the same to every version that reads it.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from domain.book import OrderBook
from domain.clock import iso
from domain.snapshot import Funding
from domain.strict_json import Json
from policies.case import Case
from policies.facts import AccountFacts, MarketFacts
from policies.settings import Policy


def case_document(case: Case) -> dict[str, Json]:
    """The case as JSON values with `Decimal` for numbers; write it with `strict_json.exact`."""
    return {
        "plan": _plan(case),
        "instrument": _instrument(case),
        "market": _market(case.market),
        "account": _account(case.account),
        "standing": None if case.standing is None else asdict(case.standing),
        "policy": policy_document(case.policy),
        "quantity": case.quantity,
        "readings": [asdict(reading) for reading in case.readings],
        "tool_results": [
            {"result_id": e.result_id, "tool": e.tool, "ok": e.ok, "as_of": iso(e.as_of)}
            for e in case.evidence
        ],
        "allowed_symbols": list(case.allowed_symbols),
    }


def policy_document(policy: Policy) -> dict[str, Json]:
    """Every limit by its name, numbers as numbers."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in policy.model_dump().items()
    }


def _plan(case: Case) -> dict[str, Json]:
    draft = case.draft
    return {
        "side": draft.side,
        "entry": draft.entry,
        "targets": [{"price": t.price, "weight": t.weight} for t in draft.targets],
        "invalidation": draft.invalidation,
        "invalid_if": list(draft.invalid_if),
        "horizon_bars": draft.horizon_bars,
        "thesis": draft.thesis,
        "evidence": list(draft.evidence),
        "numbers": list(draft.numbers),
        "confidence": draft.confidence,
        "decided_at": iso(case.decided_at),
        "decision_price": case.decision_price,
        "timeframe": case.timeframe.value,
        "version": case.version,
        "head_version": case.head_version,
        "policy_hash": case.plan_policy_hash,
    }


def _instrument(case: Case) -> dict[str, Json]:
    instrument = case.instrument
    names = (
        "symbol",
        "kind",
        "price_tick",
        "quantity_step",
        "min_quantity",
        "min_notional",
        "max_quantity",
        "taker_fee_fraction",
        "maintenance_margin_fraction",
        "min_price_ratio",
        "max_price_ratio",
        "active",
    )
    return {name: getattr(instrument, name) for name in names}


def _market(market: MarketFacts) -> dict[str, Json]:
    return {
        "now": iso(market.now),
        "last": market.last,
        "last_at": _iso(market.last_at),
        "book": _book(market.book),
        "atr": market.atr,
        "realised_volatility": market.realised_volatility,
        "candle_known_at": _iso(market.candle_known_at),
        "history_bars": market.history_bars,
        "funding": _funding(market.funding),
        "last_close": market.last_close,
        "turnover_24h": market.turnover_24h,
        "gap_bars": market.gap_bars,
        "venue_status": market.venue_status,
        "clock_skew_s": market.clock_skew_s,
        "clock_jump_s": market.clock_jump_s,
        "correlations": dict(market.correlations),
    }


def _book(book: OrderBook | None) -> Json:
    if book is None:
        return None
    return {
        "at": iso(book.at),
        "origin": book.origin,
        "bids": [[*level] for level in book.bids],
        "asks": [[*level] for level in book.asks],
    }


def _funding(funding: Funding | None) -> Json:
    if funding is None:
        return None
    return {
        "rate_fraction": funding.rate_fraction,
        "interval_hours": funding.interval_hours,
        "known_at": iso(funding.known_at),
        "next_at": iso(funding.next_at),
    }


def _account(account: AccountFacts) -> dict[str, Json]:
    state = account.trading_state
    return {
        "equity": account.equity,
        "free": account.free,
        "day_start_equity": account.day_start_equity,
        "peak_equity": account.peak_equity,
        "leverage_ratio": account.leverage_ratio,
        "trading_state": None if state is None else state.value,
        "kill_switch": account.kill_switch,
        "reconciled": account.reconciled,
        "net_deposits_today": account.net_deposits_today,
        "positions": [
            {"symbol": p.symbol, "quantity": p.quantity, "mark": p.mark, "open_risk": p.open_risk}
            for p in account.positions
        ],
        "working_entries": [
            {"symbol": w.symbol, "side": w.side, "notional": w.notional, "open_risk": w.open_risk}
            for w in account.working_entries
        ],
        "positions_elsewhere": account.positions_elsewhere,
        "trades_today": account.trades_today,
        "trades_today_symbol": account.trades_today_symbol,
        "open_orders": account.open_orders,
        "orders_last_minute": account.orders_last_minute,
        "recent_exits": [
            {"symbol": e.symbol, "at": iso(e.at), "stopped": e.stopped}
            for e in account.recent_exits
        ],
        "recent_notionals": list(account.recent_notionals),
        "recent_drafts": list(account.recent_drafts),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else iso(at)
