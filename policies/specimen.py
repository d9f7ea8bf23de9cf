"""A specimen: one sound case under any policy, and a way to change one thing about it.

Made up, and called so: a market at 10 000 with an ATR14 of 100, an account of a million, a small
order. The gate's self-test moves one number of it at a time across a limit.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.book import Level, OrderBook
from domain.candles import Timeframe
from domain.instrument import Instrument
from domain.lifecycle import TradingState
from domain.numbers import ONE, ZERO
from domain.plan import Evidence, PlanDraft, Target
from domain.snapshot import Funding
from policies.case import Case
from policies.facts import AccountFacts, MarketFacts
from policies.settings import Policy

NOW = datetime(2024, 1, 1, 12, tzinfo=UTC)
MID = Decimal(10_000)
ATR = Decimal(100)
EQUITY = Decimal(1_000_000)
SYMBOL = "BTC/USDT"
OTHER = "XRP/USDT"
_TICK = Decimal("0.01")


def specimen(policy: Policy) -> Case:
    """A plan on the first side that the policy allows, well within every limit that can be met."""
    policy = policy.model_copy(update={"symbols": (), "blackouts": ()})
    sign = ONE if policy.sides[0] == "long" else -ONE
    stop_away = max(ATR * policy.min_stop_atr_ratio, ONE)
    return Case(
        draft=PlanDraft(
            side=policy.sides[0],
            targets=(Target(price=MID + sign * 50 * ATR),),
            invalidation=MID - sign * stop_away,
            horizon_bars=1,
            thesis="a specimen",
            evidence=tuple(f"{name}#1" for name in policy.required_tools[:16]),
            confidence=ONE,
        ),
        decided_at=NOW,
        decision_price=MID,
        timeframe=Timeframe.H1,
        instrument=Instrument(
            symbol=SYMBOL,
            base="BTC",
            quote="USDT",
            kind="perpetual",
            price_tick=_TICK,
            quantity_step=Decimal("0.000001"),
            min_quantity=Decimal("0.000001"),
            min_notional=Decimal("0.01"),
            taker_fee_fraction=Decimal("0.0005"),
        ),
        allowed_symbols=(SYMBOL,),
        market=_market(),
        account=AccountFacts(
            equity=EQUITY,
            free=EQUITY,
            day_start_equity=EQUITY,
            peak_equity=EQUITY,
            leverage_ratio=ONE,
            trading_state=TradingState.ACTIVE,
            kill_switch=False,
            reconciled=True,
        ),
        policy=policy,
        version=1,
        head_version=1,
        plan_policy_hash=policy.policy_hash,
        evidence=tuple(
            Evidence(result_id=f"{name}#1", tool=name, ok=True, as_of=NOW)
            for name in policy.required_tools
        ),
        quantity=Decimal("0.01"),
    )


def _market() -> MarketFacts:
    return MarketFacts(
        now=NOW,
        last=MID,
        last_at=NOW,
        book=book(_TICK),
        atr=ATR,
        realised_volatility=Decimal("0.01"),
        candle_known_at=NOW,
        history_bars=100_000,
        funding=Funding(
            rate_fraction=ZERO,
            interval_hours=8,
            known_at=NOW,
            next_at=NOW + timedelta(hours=8),
        ),
        last_close=MID,
        turnover_24h=Decimal("1e11"),
        gap_bars=0,
        venue_status="open",
        clock_skew_s=ZERO,
        clock_jump_s=ZERO,
        correlations={OTHER: ZERO},
    )


def book(half: Decimal, quantity: Decimal = Decimal(1_000_000)) -> OrderBook:
    """One level a side, `half` from the mid."""
    return OrderBook(
        at=NOW,
        origin="synthetic",
        bids=(Level(MID - half, quantity),),
        asks=(Level(MID + half, quantity),),
    )


def draft(case: Case, **changes: Any) -> Case:
    """The case with another draft."""
    return replace(case, draft=case.draft.model_copy(update=changes))


def market(case: Case, **changes: Any) -> Case:
    """The case with other market facts."""
    return replace(case, market=replace(case.market, **changes))


def account(case: Case, **changes: Any) -> Case:
    """The case with other account facts."""
    return replace(case, account=replace(case.account, **changes))


def instrument(case: Case, **changes: Any) -> Case:
    """The case with another instrument."""
    return replace(case, instrument=replace(case.instrument, **changes))


def governed(case: Case, **changes: Any) -> Case:
    """The case under the policy with other limits, the plan made under it too."""
    policy = case.policy.model_copy(update=changes)
    return replace(case, policy=policy, plan_policy_hash=policy.policy_hash)
