"""The default set of tools."""

from __future__ import annotations

from langchain_core.tools import BaseTool

from market.feeds.protocol import Feeds
from tools.catalog.breadth import breadth
from tools.catalog.calendar import calendar
from tools.catalog.correlation import correlation
from tools.catalog.cross_asset import cross_asset
from tools.catalog.funding import funding
from tools.catalog.indicators import indicators
from tools.catalog.news import news
from tools.catalog.ohlcv import ohlcv
from tools.catalog.open_interest import open_interest
from tools.catalog.order_book import order_book
from tools.catalog.position import position
from tools.catalog.regime import regime
from tools.catalog.sentiment import sentiment
from tools.catalog.trades import trades
from tools.catalog.what_if import what_if

FEED_TOOLS = (news, sentiment)
"""Of our own, those that a session has only with feeds behind them."""


def standard_tools() -> list[BaseTool]:
    """The tools every session has, in the order that the model sees them."""
    return [
        *(ohlcv, indicators, regime, order_book, trades, funding, open_interest),
        *(cross_asset, correlation, breadth, calendar, position, what_if),
    ]


def feed_tools(feeds: Feeds) -> list[BaseTool]:
    """The tools of the session's feeds: one that could only say no is not shown."""
    return [
        tool
        for tool, behind in zip(FEED_TOOLS, (feeds.news, feeds.sentiment), strict=True)
        if behind
    ]
