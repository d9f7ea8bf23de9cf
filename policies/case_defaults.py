"""From a case document to a case: what was left out is filled in, what is null stays missing."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from domain.book import Level, OrderBook
from domain.instrument import Instrument, split_symbol
from domain.numbers import BPS, ceil_to_tick, floor_to_tick
from domain.plan import PlanDraft
from domain.snapshot import Funding
from policies.case import AccountFacts, Case, Held, MarketFacts, WorkingEntry
from policies.case_model import (
    DEFAULT_NOW,
    AccountSection,
    CaseDocument,
    FundingSection,
    InstrumentSection,
    MarketSection,
)
from policies.settings import parse_policy

_DEFAULT_DEPTH = Decimal(1000)
_TAKER_FEES = {"spot": Decimal("0.001"), "perpetual": Decimal("0.0005")}


def to_case(document: CaseDocument) -> Case:
    """The case that a document describes.

    Raises:
        ConfigError: the `policy` section has an unknown key or a value out of its range.
    """
    plan, last = document.plan, document.last
    now = document.market.now or plan.decided_at or DEFAULT_NOW
    instrument = _instrument(document.instrument)
    allowed = document.allowed_symbols
    return Case(
        draft=PlanDraft(**{name: getattr(plan, name) for name in PlanDraft.model_fields}),
        decided_at=plan.decided_at or now,
        decision_price=plan.decision_price or last,
        timeframe=plan.timeframe,
        instrument=instrument,
        allowed_symbols=(instrument.symbol,) if allowed is None else allowed,
        market=_market(document.market, now, last, instrument),
        account=_account(document.account),
        policy=parse_policy(document.policy, where="policy of the case"),
    )


def _instrument(section: InstrumentSection) -> Instrument:
    try:
        base, quote = split_symbol(section.symbol)
    except ValueError:
        base = quote = section.symbol  # no name of a market, so no allowlist of a session has it
    fee = section.taker_fee_fraction
    return Instrument(
        symbol=section.symbol,
        base=base,
        quote=quote,
        kind=section.kind,
        price_tick=section.price_tick,
        quantity_step=section.quantity_step,
        min_quantity=section.min_quantity,
        min_notional=section.min_notional,
        max_quantity=section.max_quantity,
        taker_fee_fraction=_TAKER_FEES[section.kind] if fee is None else fee,
        active=section.active,
    )


def _market(
    section: MarketSection, now: datetime, last: Decimal, instrument: Instrument
) -> MarketFacts:
    given = section.model_fields_set
    return MarketFacts(
        now=now,
        last=last,
        last_at=section.last_at if "last_at" in given else now,
        book=_book(section, now) if "book" in given else _assumed_book(now, last, instrument),
        atr=section.atr,
        realised_volatility=section.realised_volatility,
        candle_known_at=section.candle_known_at if "candle_known_at" in given else now,
        history_bars=section.history_bars,
        funding=_funding(section, now, instrument),
    )


def _book(section: MarketSection, now: datetime) -> OrderBook | None:
    book = section.book
    if book is None:
        return None
    return OrderBook(
        at=book.at or now,
        origin=book.origin,
        bids=tuple(Level(*row) for row in book.bids),
        asks=tuple(Level(*row) for row in book.asks),
    )


def _assumed_book(now: datetime, last: Decimal, instrument: Instrument) -> OrderBook:
    """1000 base each side, 1 bps from the last price but at least a tick, called modelled."""
    tick = instrument.price_tick
    half = max(last / BPS, tick)
    return OrderBook(
        at=now,
        origin="modelled",
        bids=(Level(floor_to_tick(last - half, tick), _DEFAULT_DEPTH),),
        asks=(Level(ceil_to_tick(last + half, tick), _DEFAULT_DEPTH),),
    )


def _funding(section: MarketSection, now: datetime, instrument: Instrument) -> Funding | None:
    assumed = "funding" not in section.model_fields_set and instrument.kind == "perpetual"
    rate = FundingSection() if assumed else section.funding
    if rate is None:
        return None
    known_at = rate.known_at or now
    return Funding(
        rate_fraction=rate.rate_fraction,
        interval_hours=rate.interval_hours,
        known_at=known_at,
        next_at=rate.next_at or known_at + timedelta(hours=rate.interval_hours),
    )


def _account(section: AccountSection) -> AccountFacts:
    start = section.day_start_equity
    return AccountFacts(
        equity=section.equity,
        free=section.equity if section.free is None else section.free,
        day_start_equity=section.equity if start is None else start,
        positions=tuple(Held(p.symbol, p.quantity, p.mark) for p in section.positions),
        working_entries=tuple(
            WorkingEntry(w.symbol, w.side, w.notional) for w in section.working_entries
        ),
        trades_today=section.trades_today,
        trades_today_symbol=section.trades_today_symbol,
    )
