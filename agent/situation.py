"""A snapshot and an account as the model reads them: compact tables, absent is `-`, never 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from agent.sections import Section
from agent.situation_account import (
    StandingPlan,
    account_section,
    denial_section,
    plan_words,
    position_words,
)
from agent.situation_market import (
    candles_section,
    features_section,
    rank_words,
    recent_section,
    regime_section,
    universe_section,
)
from agent.situation_memory import memory_section
from agent.tables import ABSENT, number
from domain.book import OrderBook
from domain.clock import iso
from domain.numbers import plain
from domain.orders import Position
from domain.snapshot import BookRank, Funding, Provenance, Snapshot
from journal.last_denial import LastDenial
from journal.memory import TradingMemory
from policies.facts import AccountFacts
from policies.settings import DEFAULTS, Policy

_BOOK_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that the model is told of one moment."""

    snapshot: Snapshot
    account: AccountFacts
    position: Position | None = None
    """What is held in this instrument; None when flat."""
    plan: StandingPlan | None = None
    """The plan that stands for it; None without one."""
    memory: TradingMemory | None = None
    """What the session has behind it; None where there is no session."""
    denial: LastDenial | None = None
    """Why the newest plan for it was denied; None where it was not."""
    policy: Policy = DEFAULTS
    """Whose limits the pace is held against."""


def standing_values(of: Situation) -> Mapping[str, str]:
    """The placeholders of `prompts/situation.md` that are no section: they always stand."""
    snapshot = of.snapshot
    return {
        "symbol": snapshot.symbol,
        "kind": snapshot.kind,
        "as_of": iso(snapshot.as_of),
        "timeframe": snapshot.timeframe.value,
        "last": plain(snapshot.last),
        "last_at": iso(snapshot.last_at),
        "position": position_words(of.position, snapshot.last),
        "plan": plan_words(of.plan),
        "book_origin": f" ({snapshot.book.origin})" if snapshot.book else "",
    }


def situation_sections(of: Situation) -> list[Section]:
    """The other placeholders, each a section that may give way, in the order of the prompt."""
    snapshot = of.snapshot
    return [
        denial_section(of.denial),
        account_section(of.account),
        memory_section(of.memory, of.account, of.policy),
        candles_section(snapshot.bars, snapshot.timeframe),
        features_section(snapshot.features),
        recent_section(snapshot.recent),
        regime_section(snapshot.regime, snapshot.longer_regimes),
        universe_section(snapshot.universe),
        Section("book", _book(snapshot.book, snapshot.book_rank)),
        Section("funding", _funding(snapshot.funding, snapshot.open_interest)),
        Section("quality", tuple(f"- {flag}" for flag in snapshot.quality), empty="none"),
        Section("missing", tuple(f"- {what}" for what in snapshot.missing), empty="nothing"),
        Section("provenance", _provenance(snapshot.provenance)),
    ]


def _provenance(provenance: Mapping[str, Provenance]) -> tuple[str, ...]:
    """One line for all data of one source that became known together."""

    def origin(item: tuple[str, Provenance]) -> tuple[str, str, str]:
        return item[1].source, item[1].origin, iso(item[1].known_at)

    together = groupby(sorted(provenance.items(), key=lambda item: (origin(item), item[0])), origin)
    return tuple(
        f"{source} ({kind}), known at {at}: {', '.join(name for name, _ in items)}"
        for (source, kind, at), items in together
    )


def _book(book: OrderBook | None, rank: BookRank | None) -> tuple[str, ...]:
    if book is None or book.bid is None or book.ask is None:
        return ()
    depth_bid, depth_ask = (book.depth(side, Decimal(20)) for side in ("sell", "buy"))
    return (
        f"bid {plain(book.bid)}, ask {plain(book.ask)}, spread {_short(book.spread_bps)} bps; "
        f"within 20 bps of the mid: {_short(depth_bid)} bid, {_short(depth_ask)} asked (base); "
        f"imbalance {_short(book.imbalance)}{rank_words(rank)}",
    )


def _funding(funding: Funding | None, open_interest: Decimal | None) -> tuple[str, ...]:
    held = "-" if open_interest is None else number(float(open_interest), 8)
    if funding is None:
        return (f"funding {ABSENT}, open interest {held} (base)",)
    recent = " ".join(plain(rate) for rate in funding.recent_rates) or ABSENT
    return (
        f"funding {plain(funding.rate_fraction)} of notional per {funding.interval_hours} h, longs "
        f"pay shorts when positive; next at {iso(funding.next_at)}",
        f"open interest {held} (base)",
        f"recent rates, oldest first: {recent}",
    )


def _short(value: Decimal | None) -> str:
    return ABSENT if value is None else number(float(value), _BOOK_DIGITS)
