"""From a case document to a case: what was left out is filled in, what is null stays missing."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from pydantic import BaseModel

from domain.book import Level, OrderBook
from domain.instrument import Instrument, split_symbol
from domain.lifecycle import TradingState
from domain.numbers import BPS, ceil_to_tick, floor_to_tick
from domain.plan import Evidence, PlanDraft
from domain.snapshot import Funding
from policies.case import Case
from policies.case_facts_model import (
    AccountSection,
    FundingSection,
    MarketSection,
    StandingSection,
)
from policies.case_fields import DEFAULT_NOW
from policies.case_model import CaseDocument, InstrumentSection
from policies.conditions import Reading
from policies.facts import AccountFacts, Exit, Held, MarketFacts, Standing, WorkingEntry
from policies.policy_file import parse_policy
from policies.settings import Policy

_DEFAULT_DEPTH = Decimal(1000)
_TAKER_FEES = {"spot": Decimal("0.001"), "perpetual": Decimal("0.0005")}


_T = TypeVar("_T")


def to_case(document: CaseDocument, base: Policy) -> Case:
    """The case that a document describes; `base` holds what its `policy` section does not name.

    Raises:
        ConfigError: the `policy` section has an unknown key or a value out of its range.
    """
    plan, last = document.plan, document.last
    now = document.market.now or plan.decided_at or DEFAULT_NOW
    decided_at = plan.decided_at or now
    instrument = _instrument(document.instrument)
    allowed, policy = document.allowed_symbols, _policy(document, base)
    return Case(
        draft=PlanDraft(**{name: getattr(plan, name) for name in PlanDraft.model_fields}),
        decided_at=decided_at,
        decision_price=plan.decision_price or last,
        timeframe=plan.timeframe,
        instrument=instrument,
        allowed_symbols=(instrument.symbol,) if allowed is None else allowed,
        market=_market(document.market, now, last, instrument),
        account=_account(document.account),
        policy=policy,
        version=plan.version,
        head_version=_given(plan, "head_version", plan.version),
        plan_policy_hash=plan.policy_hash or policy.policy_hash,
        evidence=_evidence(document, decided_at),
        standing=_standing(document.standing),
        readings=_readings(document),
        quantity=document.quantity,
    )


def _readings(document: CaseDocument) -> tuple[Reading, ...]:
    if document.readings is None:
        return tuple(Reading(text, None, holds=False) for text in document.plan.invalid_if)
    return tuple(Reading(r.condition, r.measured, r.holds) for r in document.readings)


def _standing(section: StandingSection | None) -> Standing | None:
    return None if section is None else Standing(**section.model_dump())


def _given(section: BaseModel, name: str, instead: _T) -> _T | None:
    """The field where the file has it, null included; `instead` where it was left out."""
    return getattr(section, name) if name in section.model_fields_set else instead


def _policy(document: CaseDocument, base: Policy) -> Policy:
    """The base policy, with what the file says otherwise."""
    whole = {name: getattr(base, name) for name in base.model_fields_set} | document.policy
    return parse_policy(whole, where="policy of the case")


def _evidence(document: CaseDocument, decided_at: datetime) -> tuple[Evidence, ...]:
    if document.tool_results is None:
        cited = document.plan.evidence
        return tuple(
            Evidence(result_id=name, tool=name.partition("#")[0], ok=True, as_of=decided_at)
            for name in cited
        )
    return tuple(
        Evidence(result_id=r.result_id, tool=r.tool, ok=r.ok, as_of=r.as_of or decided_at)
        for r in document.tool_results
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
        maintenance_margin_fraction=section.maintenance_margin_fraction,
        min_price_ratio=section.min_price_ratio,
        max_price_ratio=section.max_price_ratio,
        active=section.active,
    )


def _market(
    section: MarketSection, now: datetime, last: Decimal, instrument: Instrument
) -> MarketFacts:
    given = section.model_fields_set
    return MarketFacts(
        now=now,
        last=_given(section, "last", last),
        last_at=_given(section, "last_at", now),
        book=_book(section, now) if "book" in given else _assumed_book(now, last, instrument),
        atr=section.atr,
        realised_volatility=section.realised_volatility,
        candle_known_at=_given(section, "candle_known_at", now),
        history_bars=section.history_bars,
        funding=_funding(section, now, instrument),
        last_close=_given(section, "last_close", last),
        turnover_24h=section.turnover_24h,
        gap_bars=section.gap_bars,
        venue_status=section.venue_status,
        clock_skew_s=section.clock_skew_s,
        clock_jump_s=section.clock_jump_s,
        correlations=section.correlations,
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
    start, state, peak = section.day_start_equity, section.trading_state, section.peak_equity
    return AccountFacts(
        equity=section.equity,
        free=section.equity if section.free is None else section.free,
        day_start_equity=section.equity if start is None else start,
        peak_equity=section.equity if peak is None else peak,
        leverage_ratio=section.leverage_ratio,
        trading_state=None if state is None else TradingState(state),
        kill_switch=section.kill_switch,
        reconciled=section.reconciled,
        net_deposits_today=section.net_deposits_today,
        positions=tuple(Held(p.symbol, p.quantity, p.mark, p.open_risk) for p in section.positions),
        working_entries=tuple(
            WorkingEntry(w.symbol, w.side, w.notional, w.open_risk) for w in section.working_entries
        ),
        positions_elsewhere=section.positions_elsewhere,
        trades_today=section.trades_today,
        trades_today_symbol=section.trades_today_symbol,
        open_orders=section.open_orders,
        orders_last_minute=section.orders_last_minute,
        recent_exits=tuple(Exit(e.symbol, e.at, e.stopped) for e in section.recent_exits),
        recent_notionals=section.recent_notionals,
        recent_drafts=section.recent_drafts,
    )
