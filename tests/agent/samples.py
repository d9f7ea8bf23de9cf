"""Values that the tests of this room share: one market, one plan, one denial."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from langchain_core.messages import AIMessage

from domain.book import Level, OrderBook
from domain.candles import Timeframe
from domain.finding import Finding, Stated
from domain.lifecycle import TradingState
from domain.quality import Defect, QualityFlag
from domain.snapshot import (
    Bar,
    BookRank,
    Features,
    Funding,
    Provenance,
    RecentSeries,
    Regime,
    Snapshot,
    SymbolState,
    Universe,
)
from domain.verdict import Bracket, Denied, TargetLeg
from policies.facts import AccountFacts, Held, WorkingEntry

AS_OF = datetime(2024, 3, 5, 12, tzinfo=UTC)

PLAN: dict[str, Any] = {
    "side": "long",
    "targets": [{"price": 110}],
    "invalidation": 90.5,
    "horizon_bars": 12,
    "thesis": "the range broke",
    "evidence": ["ohlcv#1"],
    "confidence": 0.7,
}


def said(*calls: tuple[str, str], **kwargs: Any) -> AIMessage:
    """A model's message with raw argument texts beside LangChain's own reading, as it arrives."""
    texts = {f"c{index}": text for index, (_, text) in enumerate(calls)}
    readable, broken = [], []
    for (name, text), call_id in zip(calls, texts, strict=True):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            broken.append({"name": name, "args": text, "id": call_id, "error": "unreadable"})
        else:
            arguments = value if isinstance(value, dict) else {}
            readable.append({"name": name, "args": arguments, "id": call_id})
    return AIMessage(
        kwargs.pop("content", ""),
        tool_calls=readable,
        invalid_tool_calls=broken,
        additional_kwargs={"raw_arguments": texts, **kwargs.pop("additional", {})},
        response_metadata=kwargs,
    )


def bracket(**changes: Any) -> Bracket:
    """A long that was judged."""
    judged = Bracket(
        symbol="BTC/USDT",
        side="long",
        entry_kind="market",
        entry_price=Decimal("100.12345678901"),
        quantity=Decimal("1.5"),
        stop_price=Decimal("95"),
        targets=(TargetLeg(Decimal("103"), Decimal("1.5")),),
        expires_at=AS_OF + timedelta(hours=1),
        close_at=AS_OF + timedelta(hours=12),
        risk_per_unit=Decimal("5.4"),
        risk_amount=Decimal("8.1"),
        reward_risk=Decimal("0.5"),
        stop_slippage=Decimal("0.1"),
        entry_slippage_bps=Decimal("1"),
        sizing=(),
        book_origin="venue",
    )
    return replace(judged, **changes)


def finding(
    code: str, measured: str = "0.5", limit: str = ">= 1.5", *, passed: bool = False
) -> Finding:
    """A finding that denied, or passed."""
    sentence = f"{code} is {measured}, the limit is {limit}."
    return Stated(code, passed, measured, limit, sentence, "ratio")


def denied(*codes: str) -> Denied:
    """A denial by these codes, with one finding that passed among them."""
    passed = finding("SPREAD_TOO_WIDE", "1", "<= 10", passed=True)
    return Denied((passed, *(finding(code) for code in codes)), bracket())


def _path(timeframe: Timeframe, rsi: float | None) -> RecentSeries:
    steps = range(10)
    return RecentSeries(
        timeframe=timeframe,
        close=tuple(64000.5 + n for n in steps),
        volume=tuple(12.3456 + n for n in steps),
        rsi_14=tuple(None if rsi is None else rsi + n for n in steps),
        macd_histogram=tuple(-0.00012345 * n for n in steps),
        atr_14=(None,) * 10,
    )


def snapshot() -> Snapshot:
    """A synthetic perpetual with everything but open interest, written by hand."""
    bars = tuple(
        Bar(
            open_time=AS_OF - timedelta(hours=3 - n),
            open=64000.5 + n,
            high=64100.25 + n,
            low=63900 + n,
            close=64050 + n,
            volume=12.3456789,
        )
        for n in range(3)
    )
    features = (
        Features(
            timeframe=Timeframe.H1,
            bars=400,
            known_at=AS_OF,
            close=64052,
            ema_20=63990.123456,
            rsi_14=55.5,
            atr_14=210.0,
            macd=-0.00012345678,
        ),
        Features(timeframe=Timeframe.H4, bars=120, known_at=AS_OF, close=64052),
    )
    known = Provenance(source="synthetic", origin="synthetic", known_at=AS_OF)
    return Snapshot(
        symbol="BTC/USDT",
        kind="perpetual",
        as_of=AS_OF,
        timeframe=Timeframe.H1,
        last=Decimal("64052.1"),
        last_at=AS_OF,
        book=OrderBook(
            at=AS_OF,
            origin="synthetic",
            bids=(Level(Decimal("64052"), Decimal("2")),),
            asks=(Level(Decimal("64052.2"), Decimal("1")),),
        ),
        bars=bars,
        features=features,
        regime=Regime(
            volatility="extreme",
            volatility_percentile=0.97,
            trend="up",
            adx_14=31.5,
            vwap_slope_bps=2.25,
            liquidity="normal",
            sit_out=True,
            sit_out_reasons=("Volatility is extreme.",),
            timeframe=Timeframe.H1,
            bandwidth_percentile=0.04,
            squeeze=True,
            volume="rising",
        ),
        longer_regimes=(
            Regime(
                timeframe=Timeframe.H4,
                volatility=None,
                volatility_percentile=None,
                trend=None,
                adx_14=None,
                vwap_slope_bps=-0.4,
                liquidity="thin",
            ),
        ),
        recent=(_path(Timeframe.H1, rsi=50.123), _path(Timeframe.H4, rsi=None)),
        universe=Universe(
            symbols=(
                SymbolState(
                    symbol="BTC/USDT",
                    close=64052,
                    change_24_fraction=0.0123456,
                    rsi_14=55.5,
                    above_ema_50=True,
                ),
                SymbolState(symbol="ETH/USDT"),
            ),
            dispersion_fraction=None,
            mean_correlation=0.8,
            correlations=((1.0, 0.8), (0.8, 1.0)),
        ),
        book_rank=BookRank(
            spread_percentile=0.25, depth_percentile=0.5, among_count=40, among="seen"
        ),
        funding=Funding(
            rate_fraction=Decimal("0.0001"),
            interval_hours=8,
            known_at=AS_OF - timedelta(hours=4),
            next_at=AS_OF + timedelta(hours=4),
            recent_rates=(Decimal("0.00005"), Decimal("0.0001")),
        ),
        quality=(
            QualityFlag(
                datum="candles.1h",
                defect=Defect.GAP,
                treatment="kept",
                count=2,
                first_at=AS_OF - timedelta(hours=30),
                last_at=AS_OF - timedelta(hours=29),
            ),
        ),
        missing=("4h features: warming up, 120 of 300 bars",),
        provenance={"candles.1h": known, "book": known},
    )


ACCOUNT = AccountFacts(
    equity=Decimal("10000.5"),
    free=Decimal("7000"),
    day_start_equity=Decimal("10100"),
    peak_equity=Decimal("10100"),
    leverage_ratio=Decimal(2),
    trading_state=TradingState.ACTIVE,
    kill_switch=False,
    reconciled=True,
    positions=(Held("BTC/USDT", Decimal("-0.02"), Decimal("64052.1"), Decimal("12.5")),),
    working_entries=(WorkingEntry("ETH/USDT", "buy", Decimal("500"), Decimal("5")),),
    trades_today=2,
    trades_today_symbol=1,
)
