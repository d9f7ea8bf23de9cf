"""Tools over a chain of exchanges: each answer says which of them gave it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from langchain_core.tools import BaseTool
from typing_extensions import override

from domain.candles import Candles, Timeframe
from domain.errors import Unreachable
from market.protocol import MarketTrade
from market.sources.chain import ChainSource
from tests.tools.shop import AS_OF, Shop, data_of
from tools.catalog.correlation import correlation
from tools.catalog.funding import funding
from tools.catalog.ohlcv import ohlcv
from tools.catalog.open_interest import open_interest
from tools.catalog.order_book import order_book
from tools.catalog.regime import regime
from tools.catalog.trades import trades
from tools.protocol import ToolRequest

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
HOME, OTHER = "ccxt:one", "ccxt:two"


class Half(Shop):
    """A shop that gives candles and books, and no trades."""

    @override
    async def trades(self, symbol: str, as_of: datetime, limit: int) -> Sequence[MarketTrade]:
        raise Unreachable("one is tired")


class Away(Shop):
    """A shop that gives no candles of ETH."""

    @override
    async def candles(
        self, symbol: str, timeframe: Timeframe, as_of: datetime, bars: int
    ) -> Candles:
        if symbol == ETH:
            raise Unreachable("one is tired")
        return await super().candles(symbol, timeframe, as_of, bars)


async def told(tool: BaseTool, home: Shop) -> dict[str, Any]:
    """The answer of a tool over a chain of this home and one standby that has everything."""
    standby = Shop(perpetual=True, with_book=True)
    chain = ChainSource([home, standby], [HOME, OTHER])
    await chain.open([BTC, ETH])
    return await data_of(tool, ToolRequest(chain, BTC, (BTC, ETH), "1h", AS_OF))


async def test_home_is_named_and_not_the_chain() -> None:
    for tool in (ohlcv, trades, funding, open_interest, order_book, regime, correlation):
        data = await told(tool, Shop(perpetual=True, with_book=True))
        assert data["source"] == HOME, tool.name


async def test_the_exchange_that_stood_in_is_named() -> None:
    data = await told(trades, Half(perpetual=True, with_book=True))
    assert data["source"] == OTHER


async def test_where_several_gave_each_is_named_with_what_it_gave() -> None:
    data = await told(order_book, Half(perpetual=True, with_book=True))
    assert data["source"] == (
        f"{HOME}: book of {BTC}; {OTHER}: trades of {BTC}, open_interest of {BTC}"
    )
    data = await told(correlation, Away(perpetual=True, with_book=True))
    assert data["source"] == f"{HOME}: candles.4h of {BTC}; {OTHER}: candles.4h of {ETH}"
