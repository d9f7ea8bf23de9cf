"""One case that passes every rule, and a way to change one thing about it."""

from __future__ import annotations

from dataclasses import is_dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from domain.book import Level, OrderBook
from domain.candles import Timeframe
from domain.instrument import Instrument
from domain.lifecycle import TradingState
from domain.plan import PlanDraft, Target
from domain.snapshot import Funding
from policies.case import Case
from policies.facts import AccountFacts, MarketFacts
from policies.settings import Policy

D = Decimal
NOW = datetime(2024, 3, 5, 12, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def book(bid: str = "9999", ask: str = "10001", quantity: str = "200") -> OrderBook:
    return OrderBook(
        at=NOW,
        origin="venue",
        bids=(Level(D(bid), D(quantity)),),
        asks=(Level(D(ask), D(quantity)),),
    )


def draft(side: str = "long", **changes: Any) -> PlanDraft:
    long = side == "long"
    fields: dict[str, Any] = {
        "side": side,
        "targets": (Target(price=D(10_600 if long else 9_400)),),
        "invalidation": D(9_800 if long else 10_200),
        "horizon_bars": 12,
        "thesis": "a test",
        "confidence": D("0.7"),
    }
    return PlanDraft(**(fields | changes))


def make_case(side: str = "long", **changes: Any) -> Case:
    """A perpetual: entry 10 001 (long) or 9 999 (short), ATR 100, equity 100 000.

    `changes` are paths with `__` for a dot, such as `market__atr=None`.
    """
    case = Case(
        draft=draft(side),
        decided_at=NOW,
        decision_price=D(10_000),
        timeframe=Timeframe.H1,
        instrument=Instrument(
            symbol="BTC/USDT",
            base="BTC",
            quote="USDT",
            kind="perpetual",
            price_tick=D("0.1"),
            quantity_step=D("0.001"),
            min_quantity=D("0.001"),
            min_notional=D(5),
            taker_fee_fraction=D("0.0005"),
        ),
        allowed_symbols=("BTC/USDT", "ETH/USDT"),
        market=MarketFacts(
            now=NOW,
            last=D(10_000),
            last_at=NOW,
            book=book(),
            atr=D(100),
            realised_volatility=D("0.4"),
            candle_known_at=NOW,
            history_bars=300,
            last_close=D(10_000),
            turnover_24h=D(1_000_000_000),
            gap_bars=0,
            venue_status="open",
            clock_skew_s=D(0),
            clock_jump_s=D(0),
            funding=Funding(
                rate_fraction=D("0.0001"),
                interval_hours=8,
                known_at=ago(4 * 3600),
                next_at=NOW + timedelta(hours=4),
            ),
        ),
        account=AccountFacts(
            equity=D(100_000),
            free=D(100_000),
            day_start_equity=D(100_000),
            peak_equity=D(100_000),
            leverage_ratio=D(2),
            trading_state=TradingState.ACTIVE,
            kill_switch=False,
            reconciled=True,
        ),
        policy=Policy(),
        version=1,
        head_version=1,
        plan_policy_hash=Policy().policy_hash,
    )
    if "plan_policy_hash" in changes:
        return edit(case, **changes)
    case = edit(case, **changes)
    return edit(case, plan_policy_hash=case.policy.policy_hash)


def edit(case: Case, **changes: Any) -> Case:
    for path, value in changes.items():
        case = _set(case, path.split("__"), value)
    return case


def _set(whole: Any, path: list[str], value: Any) -> Any:
    name, rest = path[0], path[1:]
    part = _set(getattr(whole, name), rest, value) if rest else value
    if isinstance(whole, BaseModel):
        return whole.model_copy(update={name: part})
    assert is_dataclass(whole)
    return replace(whole, **{name: part})
