"""A snapshot and an account as the model reads them: compact tables, absent is `-`, never 0."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from agent.situation_market import rank_words, recent_table, regime_lines, universe_table
from agent.tables import ABSENT, number, table
from domain.book import OrderBook
from domain.clock import iso
from domain.numbers import plain
from domain.orders import Position
from domain.outside_text import one_line
from domain.plan import TradePlan
from domain.snapshot import Bar, BookRank, Features, Funding, Provenance, Snapshot
from domain.verdict import Bracket
from policies.facts import AccountFacts

SHOWN_THESIS_CHARACTERS = 300
"""Of the standing plan's thesis."""


class StandingPlan(NamedTuple):
    """The plan of the instrument that an answer could change."""

    plan: TradePlan
    bracket: Bracket
    status: str
    stop_price: Decimal | None
    """Where its stop works; None before a fill."""


_INDICATORS = tuple(n for n in Features.model_fields if n not in {"timeframe", "known_at"})


def situation_values(
    snapshot: Snapshot,
    account: AccountFacts,
    position: Position | None,
    plan: StandingPlan | None = None,
) -> dict[str, str]:
    """Every placeholder of `prompts/situation.md`."""
    book = snapshot.book
    return {
        "symbol": snapshot.symbol,
        "kind": snapshot.kind,
        "as_of": iso(snapshot.as_of),
        "timeframe": snapshot.timeframe.value,
        "last": plain(snapshot.last),
        "last_at": iso(snapshot.last_at),
        "position": _position(position, snapshot.last),
        "plan": _plan(plan),
        "provenance": _provenance(snapshot.provenance),
        "candles": _candles(snapshot.bars),
        "features": _features(snapshot.features),
        "recent": recent_table(snapshot.recent),
        "regime": regime_lines(snapshot.regime, snapshot.longer_regimes),
        "universe": universe_table(snapshot.universe),
        "book_origin": f" ({book.origin})" if book else "",
        "book": _book(book, snapshot.book_rank),
        "funding": _funding(snapshot.funding, snapshot.open_interest),
        "account": _account(account),
        "quality": "\n".join(f"- {flag}" for flag in snapshot.quality) or "none",
        "missing": "\n".join(f"- {what}" for what in snapshot.missing) or "nothing",
    }


def _position(position: Position | None, last: Decimal) -> str:
    if position is None:
        return "none"
    return (
        f"{position.side} {plain(abs(position.quantity))} since {iso(position.opened_at)}, "
        f"entered at {_short(position.entry_price)}, profit now "
        f"{_short(position.unrealised(last))} before costs"
    )


def _plan(stands: StandingPlan | None) -> str:
    if stands is None:
        return "none"
    draft, bracket = stands.plan.draft, stands.bracket
    entry = "at the market" if draft.entry is None else f"limit {plain(draft.entry)}"
    stop = bracket.stop_price if stands.stop_price is None else stands.stop_price
    targets = ", ".join(f"{plain(t.price)} ({plain(t.quantity)})" for t in bracket.targets)
    thesis = one_line(draft.thesis, SHOWN_THESIS_CHARACTERS)
    return (
        f"version {stands.plan.version}, {stands.status}: {bracket.side}, entry {entry}, stop "
        f"{plain(stop)}, targets {targets}, closed at {iso(bracket.close_at)} at the latest; its "
        f"thesis was {json.dumps(thesis, ensure_ascii=False)}"
    )


def _provenance(provenance: dict[str, Provenance]) -> str:
    rows = [(n, p.source, p.origin, iso(p.known_at)) for n, p in sorted(provenance.items())]
    return table(("datum", "source", "origin", "known at"), rows)


def _candles(bars: Sequence[Bar]) -> str:
    rows = [
        (
            iso(b.open_time),
            *(number(price, digits=12) for price in (b.open, b.high, b.low, b.close)),
            number(b.volume),
        )
        for b in bars
    ]
    return table(("time", "open", "high", "low", "close", "volume"), rows)


def _features(features: Sequence[Features]) -> str:
    rows = [
        (name, *(number(getattr(of, name)) for of in features))
        for name in _INDICATORS
        if any(getattr(of, name) is not None for of in features)
    ]
    return table(("indicator", *(of.timeframe.value for of in features)), rows)


def _book(book: OrderBook | None, rank: BookRank | None) -> str:
    if book is None or book.bid is None or book.ask is None:
        return ABSENT
    depth_bid, depth_ask = (book.depth(side, Decimal(20)) for side in ("sell", "buy"))
    return (
        f"bid {plain(book.bid)}, ask {plain(book.ask)}, spread {_short(book.spread_bps)} bps; "
        f"within 20 bps of the mid: {_short(depth_bid)} bid, {_short(depth_ask)} asked (base); "
        f"imbalance {_short(book.imbalance)}{rank_words(rank)}"
    )


def _funding(funding: Funding | None, open_interest: Decimal | None) -> str:
    held = f"open interest {_short(open_interest)} (base)"
    if funding is None:
        return f"funding {ABSENT}, {held}"
    recent = ", ".join(plain(rate) for rate in funding.recent_rates) or ABSENT
    return (
        f"funding {plain(funding.rate_fraction)} of notional per {funding.interval_hours} h, longs "
        f"pay shorts when positive; next at {iso(funding.next_at)}; recent, oldest first: {recent}"
        f"\n{held}"
    )


def _account(account: AccountFacts) -> str:
    held = [
        f"{h.symbol} {plain(h.quantity)} (worth {_short(abs(h.value))})" for h in account.positions
    ]
    working = [f"{w.symbol} {w.side} {_short(w.notional)}" for w in account.working_entries]
    count = account.positions_elsewhere
    elsewhere = f"; positions and entries in other currencies: {count}" if count else ""
    return (
        f"equity {_short(account.equity)}, free {_short(account.free)}, at midnight "
        f"{_short(account.day_start_equity)}; positions: {', '.join(held) or 'none'}; working "
        f"entries: {', '.join(working) or 'none'}; entries today: {account.trades_today}, of this "
        f"instrument {account.trades_today_symbol}{elsewhere}"
    )


def _short(value: Decimal | None) -> str:
    return ABSENT if value is None else number(float(value), digits=8)
