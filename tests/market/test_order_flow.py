"""Depth, flow and liquidations: the arithmetic, and what an exchange gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from domain.book import Level, OrderBook
from market.order_flow import depth_profile, liquidation_flow, trade_flow
from market.protocol import Liquidation, LiquidationSource, MarketTrade
from market.sources.exchange_client import ExchangeClient
from market.sources.exchange_flow import liquidations
from tests.market.test_exchange_source import BTC, NOW, exchange

AT = datetime(2025, 3, 1, tzinfo=UTC)


def levels(*rows: tuple[str, str]) -> tuple[Level, ...]:
    return tuple(Level(Decimal(price), Decimal(quantity)) for price, quantity in rows)


def test_depth_and_imbalance_at_each_distance_and_where_the_book_ends() -> None:
    book = OrderBook(
        at=AT,
        origin="venue",
        bids=levels(("999.5", "3"), ("999", "1"), ("997", "6")),
        asks=levels(("1000.5", "1"), ("1001", "1"), ("1004", "2")),
    )
    near, mid, far = depth_profile(book, (Decimal(5), Decimal(30), Decimal(50)))
    assert (near.bids, near.asks, near.imbalance, near.is_whole) == (3, 1, Decimal("0.5"), True)
    assert (mid.bids, mid.asks, mid.is_whole) == (10, 2, True)
    assert (far.bids, far.asks, far.is_whole) == (10, 4, False)


def test_a_book_without_a_side_has_no_profile_and_an_empty_distance_no_imbalance() -> None:
    empty = OrderBook(at=AT, origin="venue", bids=(), asks=levels(("10", "1")))
    assert depth_profile(empty, (Decimal(5),)) == ()
    wide = OrderBook(at=AT, origin="venue", bids=levels(("9", "1")), asks=levels(("11", "1")))
    assert depth_profile(wide, (Decimal(5),))[0].imbalance is None


def test_trades_are_split_by_who_crossed_the_spread() -> None:
    rows = (("buy", "100", "2"), ("sell", "101", "1"), ("buy", "102", "1"))
    trades = [
        MarketTrade(
            AT + timedelta(seconds=n),
            Decimal(price),
            Decimal(quantity),
            "buy" if side == "buy" else "sell",
        )
        for n, (side, price, quantity) in enumerate(rows)
    ]
    flow = trade_flow(trades)
    assert flow is not None
    assert (flow.bought, flow.sold, flow.buy_fraction) == (3, 1, Decimal("0.75"))
    assert (flow.vwap, flow.trades_count) == (Decimal("100.75"), 3)
    assert (flow.first_at, flow.last_at) == (AT, AT + timedelta(seconds=2))
    assert trade_flow([]) is None


def test_liquidations_are_told_by_the_side_that_was_closed() -> None:
    found = [
        Liquidation(AT, Decimal(9), Decimal(5), "sell"),
        Liquidation(AT + timedelta(seconds=9), Decimal(9), Decimal(2), "buy"),
    ]
    flow = liquidation_flow(found)
    assert flow is not None
    assert (flow.longs, flow.shorts, flow.count) == (5, 2, 2)
    assert flow.last_at - flow.first_at == timedelta(seconds=9)
    assert liquidation_flow([]) is None


async def test_an_exchange_that_tells_no_liquidations_has_none() -> None:
    async with exchange() as (_, source):
        assert isinstance(source, LiquidationSource)
        assert await source.liquidations(BTC, NOW, 10) == ()


async def test_liquidations_of_an_exchange_that_tells_them_are_in_base_and_of_the_past() -> None:
    rows = [
        {"timestamp": 1_700_000_000_000 + n, "price": 100.0, "contracts": 5.0, "side": side}
        for n, side in ((2, "buy"), (1, "sell"), (9, "sell"))
    ]

    class Tells(ExchangeClient):
        async def call(self, method: str, *arguments: object, **_: object) -> object:
            assert (method, arguments[0]) == ("fetch_liquidations", BTC)
            return [*rows, {"timestamp": None}]

    market = {"symbol": BTC, "swap": True, "contractSize": 0.01}
    as_of = datetime.fromtimestamp(1_700_000_000.002, UTC)
    found = await liquidations(Tells("x", None), market, as_of, 10)
    assert [(each.order_side, each.quantity) for each in found] == [
        ("sell", Decimal("0.05")),
        ("buy", Decimal("0.05")),
    ]
