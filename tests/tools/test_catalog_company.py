"""The tools about flow, company and what comes next, read as the model reads them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from typing_extensions import override

from domain.candles import Candles, Timeframe
from domain.clock import FixedClock, iso
from domain.errors import Unreachable
from market.protocol import Liquidation, MarketTrade, SourceInfo
from market.sources.recorded import RecordedMarket
from policies.settings import DEFAULTS
from tests.domain.test_trading_hours import HOURS
from tests.tools.shop import AS_OF, HOUR, Shop, asked, data_of, refusal_of, request_to
from tests.tools.test_catalog import rows_of
from tools.catalog.breadth import breadth
from tools.catalog.calendar import calendar
from tools.catalog.correlation import correlation
from tools.catalog.open_interest import open_interest
from tools.catalog.order_book import order_book
from tools.catalog.position import position
from tools.catalog.trades import trades
from tools.catalog.what_if import what_if
from tools.desk import Desk
from tools.limits import ToolLimit, ToolLimits

NAMES = ("BTC/USDT", "ETH/USDT", "SOL/USDT")


class Patchy(Shop):
    """Answers for some symbols and questions; hangs or fails on others."""

    def __init__(self, *, hangs: str = "", fails: str = "") -> None:
        super().__init__(perpetual=True, with_book=True)
        self.hangs, self.fails = hangs, fails

    async def _trouble(self, what: str) -> None:
        if what == self.hangs:
            await asyncio.sleep(60)
        if what == self.fails:
            raise Unreachable(f"{what}: nobody there")

    @override
    async def candles(
        self, symbol: str, timeframe: Timeframe, as_of: datetime, bars: int
    ) -> Candles:
        await self._trouble(symbol)
        return await super().candles(symbol, timeframe, as_of, bars)

    @override
    async def trades(self, symbol: str, as_of: datetime, limit: int) -> Sequence[MarketTrade]:
        await self._trouble("trades")
        return await super().trades(symbol, as_of, limit)

    @override
    async def open_interest(self, symbol: str, as_of: datetime) -> Decimal | None:
        await self._trouble("then" if as_of < AS_OF else "now")
        return await super().open_interest(symbol, as_of)


class Busy(Shop):
    """Ten trades, one a second."""

    @override
    async def trades(self, symbol: str, as_of: datetime, limit: int) -> Sequence[MarketTrade]:
        return [
            MarketTrade(
                as_of - timedelta(seconds=10 - n),
                Decimal(100 + n),
                Decimal(n + 1),
                "buy" if n % 2 else "sell",
            )
            for n in range(10)
        ]


async def test_trades_are_split_by_aggressor_and_in_slices_of_time():
    data = await data_of(trades, await request_to(Busy(with_book=True)))
    assert (data["trades_count"], data["buy_base"], data["sell_base"]) == (10, 30, 25)
    assert data["buy_share"] == pytest.approx(30 / 55, rel=1e-6)
    slices = data["slices"]["rows"]
    assert [row[1:] for row in slices[:2]] == [[2, 2, 1, 101], [2, 4, 3, 103]]
    assert len(slices) == 5
    assert [row[2] for row in data["largest"]["rows"]] == [10, 9, 8]


class Forced(Busy):
    """Two longs and a short were closed by force; one that fails does not say so."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__(with_book=True)
        self.fails = fails

    @property
    @override
    def info(self) -> SourceInfo:
        known = super().info
        return replace(known, offers=known.offers | {"liquidations"})

    async def liquidations(self, symbol: str, as_of: datetime, limit: int) -> Sequence[Liquidation]:
        if self.fails:
            raise Unreachable(f"nobody there for {symbol}")
        sides: tuple[Literal["sell", "buy"], ...] = ("sell", "sell", "buy")
        return [
            Liquidation(as_of - timedelta(seconds=3 - n), Decimal(100), Decimal(n + 1), side)
            for n, side in enumerate(sides)
        ][-limit:]


async def test_forced_closes_are_told_beside_the_trades_by_the_side_that_was_closed():
    data = await data_of(trades, await request_to(Forced()))
    assert data["liquidated"] == {
        "count": 3,
        "from": iso(AS_OF - timedelta(seconds=3)),
        "to": iso(AS_OF - timedelta(seconds=1)),
        "longs_base": 3,
        "shorts_base": 3,
    }
    assert "missing" not in data


async def test_trades_stand_where_forced_closes_cannot_be_had():
    data = await data_of(trades, await request_to(Forced(fails=True)))
    assert (data["trades_count"], data["partial"]) == (10, True)
    assert data["missing"] == ["liquidations: nobody there for BTC/USDT"]
    assert "liquidated" not in data


@pytest.mark.parametrize("tool", [trades, open_interest])
async def test_flow_that_a_source_does_not_have_is_not_offered(tool: Any):
    code, sentence = await refusal_of(tool, await request_to(Shop()))
    assert (code, sentence.startswith("shop offers no")) == ("NOT_OFFERED", True)


async def test_open_interest_shows_how_it_changed():
    data = await data_of(open_interest, await request_to(Shop(perpetual=True)))
    assert data["now_base"] == 1234.5
    rows = rows_of(data["before"])
    assert {age: row["change"] for age, row in rows.items()} == {1: 0, 4: 0, 24: 0}
    assert data["missing"] == []


async def test_correlation_is_a_triangle_over_the_sessions_symbols():
    data = await data_of(correlation, await request_to(Shop(), *NAMES))
    assert data["columns"] == ["symbol", "BTC/USDT", "ETH/USDT"]
    assert [len(row) for row in data["rows"]] == [1, 2, 3]
    assert all(0.5 < value <= 1 for row in data["rows"] for value in row[1:])


async def test_breadth_counts_and_dispersion_is_the_spread_of_returns():
    source = Shop()
    data = await data_of(breadth, await request_to(source, *NAMES), bars=24)
    returns = [row[1] for row in data["rows"]]
    mean = sum(returns) / 3
    assert data["dispersion"] == pytest.approx((sum((r - mean) ** 2 for r in returns) / 2) ** 0.5)
    assert data["rising"] == pytest.approx(sum(r > 0 for r in returns) / 3, rel=1e-6)
    base = source.market("BTC/USDT").base.close
    assert returns[0] == pytest.approx(base[899] / base[875] - 1, rel=1e-6)


@pytest.mark.parametrize("tool", [correlation, breadth])
async def test_one_symbol_has_no_company(tool: Any):
    code, _ = await refusal_of(tool, await request_to(Shop()))
    assert code == "NOT_OFFERED"


@pytest.mark.parametrize(
    ("tool", "source", "gap"),
    [
        (correlation, Patchy(fails="SOL/USDT"), "SOL/USDT: SOL/USDT: nobody there"),
        (breadth, Patchy(hangs="ETH/USDT"), "ETH/USDT: did not come in time"),
        (order_book, Patchy(hangs="trades"), "trades: did not come in time"),
        (order_book, Patchy(fails="now"), "open interest: now: nobody there"),
        (open_interest, Patchy(fails="then"), "24 h ago: then: nobody there"),
    ],
)
async def test_a_part_that_cannot_be_had_is_named_and_the_rest_is_told(
    tool: Any, source: Patchy, gap: str
):
    limits = ToolLimits(default=ToolLimit(max_latency_s=1))
    told = await asked(
        Desk([tool], limits, FixedClock(AS_OF)), await request_to(source, *NAMES), tool
    )
    data = json.loads(told.content)
    assert told.partial is data["partial"] is True
    assert gap in data["missing"]


async def test_the_calendar_tells_what_comes_next_in_order():
    source = Shop(perpetual=True)
    soon = AS_OF + timedelta(hours=3)
    window = f"{iso(soon)}/{iso(soon + HOUR)}"
    policy = DEFAULTS.model_copy(update={"blackouts": (window, "2020-01-01/2020-01-02")})
    request = replace(await request_to(source, *NAMES[:2]), policy=policy)
    data = await data_of(calendar, request)
    assert data["venue"] == "open"
    rows = data["rows"]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    events = {(row[2], row[3]) for row in rows}
    assert events == {
        ("candle closes", "1h"),
        ("candle closes", "4h"),
        ("candle closes", "1d"),
        ("funding is paid", "BTC/USDT"),
        ("funding is paid", "ETH/USDT"),
        ("blackout begins", window),
    }
    assert all(row[1] > 0 for row in rows)


class Floor(Shop):
    """Markets with trading hours, but for BTC."""

    @override
    def load(self, symbol: str) -> RecordedMarket:
        market = super().load(symbol)
        hours = None if symbol.startswith("BTC") else HOURS
        return replace(market, instrument=replace(market.instrument, hours=hours))


async def test_the_calendar_tells_trading_hours_holidays_and_half_days():
    data = await data_of(calendar, await request_to(Floor(), "AAPL/USD", "MSFT/USD", "BTC/USD"))
    told = [(row[0][5:16], *row[2:]) for row in data["rows"] if "trading" in row[2]]
    both = "AAPL/USD, MSFT/USD"
    assert told == [
        ("02-07T14:30", "trading opens", both),
        ("02-07T21:00", "trading closes", both),
        ("02-08T18:00", "trading closes early", both),
        ("02-09T05:00", "no trading on this day", both),
    ]


async def test_without_a_session_there_is_no_position_and_no_what_if():
    request = await request_to(Shop())
    assert (await refusal_of(position, request))[0] == "NOT_OFFERED"
    code, _ = await refusal_of(what_if, request, target=1.0, invalidation=2.0)
    assert code == "NOT_OFFERED"
